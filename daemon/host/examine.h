/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin's file, looked at before any code of it runs.
 *
 * The constructors of a shared object run inside dlopen, so whatever is to be refused has to be seen in its bytes: who may write
 * the file, whether it is whole, what its note says. The note is the input of a stranger: every offset is checked against the size
 * of the file. What was examined is what is loaded: the open descriptor goes to dlopen, never the name again.
 */
#ifndef MENTORSHIP_HOST_EXAMINE_H
#define MENTORSHIP_HOST_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/error.h"

enum {
	PLUGIN_NAME_MOST = 32,
	PLUGIN_FILE_BYTES = 64 << 20
};

struct plugin_note {
	uint32_t abi, minor, size, capabilities;
};

struct plugin_file {
	int fd; /* owned; -1 once it is loaded */
	struct plugin_note note;
};

/* A small letter, then small letters, digits, '-'; at most 32. */
bool plugin_name_valid(const char *name);

/* May this file or directory be relied on? It belongs to root (`development`: or to the own user) and nobody else may write it.
 * `path` is for the sentence. E_DENIED. */
int trust_check(const struct stat *, const char *path, bool development, struct problem *);

/* Reads the note out of the bytes of a whole file. E_INVALID: no shared object of this machine, not whole, no note. */
int note_read(const unsigned char *bytes, size_t size, struct plugin_note *ret, struct problem *);
/* Does this host take a plugin of that note? E_INVALID: another ABI, a newer minor version, a size or capability unknown. */
int note_check(const struct plugin_note *, struct problem *);
/* The smallest and largest size of struct mentorship_plugin that an ABI's minor version has; 0 if this host knows none. */
uint32_t note_size(uint32_t abi, uint32_t minor);

/* Opens NAME.so in the directory and examines it; 0 with an open file for plugin_load or plugin_file_close. */
int plugin_file_examine(const char *directory, const char *name, bool development, struct plugin_file *ret, struct problem *);
void plugin_file_close(struct plugin_file *);

#endif
