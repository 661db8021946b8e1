/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings: what root may decide about this installation.
 *
 * Each setting is one row of settings_table (settings.c): its place in struct settings, kind, default, limits, unit and one
 * help sentence. Loading, checking, `show`, the shipped example and the manual page read that table; nothing else
 * repeats a name. Later files win: /usr/lib/mentorship/mentorship.conf, /etc/mentorship/mentorship.conf, then the
 * *.conf of mentorship.conf.d in /usr/lib, /run and /etc together, sorted by file name (of one name the last directory's
 * counts; a symbolic link to /dev/null masks it).
 *
 * A load fills a new struct and gives it out only when all of it is valid; the caller swaps and frees the old one. Secrets
 * are credentials and never settings, so findings may quote what a file says.
 */
#ifndef MENTORSHIP_SETTINGS_H
#define MENTORSHIP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"
#include "entity.h"
#include "text.h"

enum {
	SETTINGS_EX_CONFIG = 78
}; /* exit status of a program whose configuration is not valid */

struct setting_origin {
	const char *file;
	int line;
}; /* file NULL: the default; line 0: the environment */

/* Texts are owned by the struct. Numbers are int64_t, so are choices (index of the word) and yes/no (0 or 1). */
struct settings {
	struct {
		char *directory, *backup_directory;
	} store;
	struct {
		char *name, *zone, *language, *emergency;
	} institution;
	struct {
		int64_t minors, age_of_majority;
	} people;
	struct {
		int64_t uid_min, uid_max, lookup_timeout, lookup_keep, polkit_timeout;
	} identity;
	struct {
		int64_t calls_in_flight, calls_per_second, queue, message_bytes, reply_bytes, rows_per_list;
		int64_t subscriptions, tasks, file_bytes;
	} limits;
	struct {
		int64_t check_in_weekday; /* 0 is Monday */
		int64_t check_in_hour, reminder_days, overdue_days, escalation_days, offer_days, batch_hold;
	} schedule;
	struct {
		int64_t program_days, person_days, audit_days, message_days, job_days, backup_days;
	} retention;
	struct {
		char *path;
		int64_t memory, seconds;
	} worker;
	struct {
		char *load, *required, *host, *directory, *sockets;
	} plugins;
	struct {
		char *base_url, *domain, *reply_to, *redirect_all_to;
		int64_t settle, quiet_from, quiet_until, per_minute, per_hour;
	} mail;
	struct {
		int64_t level;
	} log; /* index of the word; +3 is the priority of syslog */

	struct setting_origin *origins; /* one for each row of settings_table */
	struct arena memory;
};

enum {
	SETTING_RELOADS = 1
}; /* struct setting.flags: a reload changes it; others wait for the next start */

struct setting {
	const char *name; /* "limits.queue": group and key in the file, member of the struct */
	enum kind kind;   /* TEXT, NUMBER, YESNO or CHOICE */
	size_t offset;
	int64_t initial, min, max; /* TEXT: length in characters */
	const char *initial_text;
	const char *environment; /* the variable that gives the default when it is set (the first of several paths) */
	const char *const *choices;
	int (*check)(const char *text, struct problem *); /* TEXT: NULL or a rule of its own */
	unsigned flags;
	const char *unit;
	const char *room; /* which room of the daemon reads it */
	const char *help;
};
extern const struct setting settings_table[]; /* ended by a row without a name */

struct settings_paths {
	const char *root; /* put before /usr, /run and /etc; NULL or "" for none */
	const char *path; /* NULL, or: a file, read alone; a directory, read like /etc/mentorship, alone */
};

/* What was found while loading: one line a finding, "FILE:LINE: error: SENTENCE" or "... warning: ...". { 0 } is empty. */
struct settings_report {
	struct buffer text;
	int errors, warnings;
	struct problem first; /* the first error */
};
void settings_report_free(struct settings_report *);

/* Reads, checks and merges. Returns 0 with *ret (for settings_free), or E_INVALID with the report telling all errors and
 * *ret untouched. Unknown settings are warnings. The files' bytes are tried in a child first, so that bad input can neither
 * stop nor end the caller; the call takes 3 s at most. May be called with only one thread. */
int settings_load(const struct settings_paths *, struct settings **ret, struct settings_report *);
/* The same for a running daemon: settings that do not reload keep their values of `now`, each change of one with a warning. */
int settings_reload(const struct settings_paths *, const struct settings *now, struct settings **ret, struct settings_report *);
/* All defaults, without files or environment; for tests and tools. Never NULL. */
struct settings *settings_defaults(void);
void settings_free(struct settings *);

/* Adds what can be said of the loaded plugins without running their code: their files, and the address of the web page. */
void settings_check_plugins(const struct settings *, const char *root, struct settings_report *);

/* The value of a row, as the files write it: 64, true, "text" (TEXT and CHOICE in quotes). */
void setting_print(const struct settings *, const struct setting *, struct buffer *);
/* One line a setting, sorted as the table: `limits.queue = 1024;`, with_origin adds `# FILE:LINE`, `# default`. */
void settings_show(const struct settings *, bool with_origin, FILE *);
/* The shipped mentorship.conf (everything in it is a comment), and mentorship.conf(5). */
void settings_print_example(FILE *);
void settings_print_manual(FILE *);

/* `mentorshipd --config WORD ...`: argv[0] is the word.
 *	check [--root DIR] [PATH]              findings on `err`; 0, or 78 when not valid
 *	show [--origin] [--root DIR] [PATH]    the values in force on `out`; 0 or 78
 *	example | manual                       prints them
 * Anything else: 2 and a sentence on `err`. */
int settings_command(int argc, char **argv, FILE *out, FILE *err);

#endif
