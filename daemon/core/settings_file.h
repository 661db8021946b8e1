/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration files before libconfig sees them; used by settings.c and its test only.
 *
 * libconfig 1.5 opens whatever it is named, leaves the process when an @include names a directory, reads 4294967296 as 0, takes
 * an unclosed comment for the end of the file, hangs in reading one long string, and compares each name with all before it
 * (60,000 settings: 17 s). So files are opened here, read once into memory, and their bytes scanned in linear time; only
 * what passes is handed on as a string.
 */
#ifndef MENTORSHIP_SETTINGS_FILE_H
#define MENTORSHIP_SETTINGS_FILE_H

#include "settings.h"

enum {
	CONFIG_FILES = 128,
	CONFIG_BYTES = 1 << 20,
	CONFIG_TOKENS = 4096,
	CONFIG_STRING = 4096,
	CONFIG_DEPTH = 8
};

struct config_file {
	char *path;  /* owned, as the reader knows it */
	char *bytes; /* owned, ended by a NUL that is not counted */
	size_t length;
};
struct config_files {
	struct config_file list[CONFIG_FILES];
	int count;
};

/* Finds and reads all files that count, later ones after those that they override. Whatever is wrong is told to the report
 * as an error and left out. The caller looks at report->errors and frees the files in any case. */
void config_files_read(const struct settings_paths *, struct config_files *, struct settings_report *);
void config_files_free(struct config_files *);

/* Is this text safe to hand to libconfig? 0, or E_INVALID with *ret_line. `text` ends in a NUL behind its length. */
int config_scan(const char *text, size_t length, int *ret_line, struct problem *);

/* What the child says about one file: text "" if it is fine. */
struct config_answer {
	int line;
	char text[96];
};

/* Calls parse(data, 0, &answer) ... parse(data, count - 1, ...) in a child that has two seconds of processor time and may take
 * `milliseconds`; count is at most CONFIG_FILES. Returns 0 with all answers; else E_UNAVAILABLE, with the index of the call that
 * did not come back in *ret_index. */
int config_try(void (*parse)(void *data, int index, struct config_answer *), void *data, int count, int milliseconds,
	struct config_answer *answers, int *ret_index);

/* Adds a finding. `file` NULL and line 0 are left out. */
void settings_found(struct settings_report *, bool error, const char *file, int line, const char *setting, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

#endif
