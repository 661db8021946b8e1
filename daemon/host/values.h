/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What root's file says to one plugin: read, checked against the plugin's own table, kept until the host ends.
 *
 * The file is PLUGIN.conf, lines of `name = value;`. It is opened without following links, must belong to root, is scanned before
 * libconfig sees it (core/settings_file.h) and read once. A key that the table does not have is an error: a setting that is spelt wrong
 * must not be a default. A file that is not there is an empty one. Credentials are read here too, from the directory that systemd made.
 */
#ifndef MENTORSHIP_HOST_VALUES_H
#define MENTORSHIP_HOST_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include <mentorship-plugin.h>

enum {
	SETTINGS_MOST = 256,
	CREDENTIAL_BYTES = 64 << 10
};

struct value {
	const char *text;   /* never NULL */
	int64_t number;     /* NUMBER, YESNO, and the index of a CHOICE */
	const char *secret; /* CREDENTIAL: what it holds, or NULL */
};

struct values {
	const struct mentorship_setting *table; /* of the plugin; may be NULL */
	struct value *list;                     /* one for each row */
	int count;
	struct arena memory;
};

/* Is the table itself one that values can be checked against? E_INVALID: the plugin is wrong, not its file. */
int values_table_check(const struct mentorship_setting *, int *ret_count, struct problem *);
/* Reads file and credentials; `credentials` may be NULL. On errors nothing is to be freed. The field of a problem names the setting. */
int values_read(const struct mentorship_setting *, const char *file, const char *credentials, bool development, struct values *ret,
	struct problem *);
/* The row of that name, NULL if there is none. */
const struct value *values_find(const struct values *, const char *name);
void values_free(struct values *);

#endif
