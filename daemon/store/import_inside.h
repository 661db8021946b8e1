/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of imports share: import_staged.c (rows into the table and out of it), import_rows.c (reading them), import.c (what
 * they mean here: checked, taken, undone).
 */
#ifndef MENTORSHIP_IMPORT_INSIDE_H
#define MENTORSHIP_IMPORT_INSIDE_H

#include "import.h"
#include "internal.h"
#include "model/model.h"

/* A staged row on its way: what it says, and what it means here. */
struct row {
	int64_t line;
	const struct shape *shape;
	const char *source;
	char *cells;        /* field, unit separator, value, record separator, ... */
	const char *effect; /* create, change, same; known: changed, and told as created (identity_is_sealed); erased */
	int64_t record, version;
	char *was;
	bool waits; /* while checking: a link's target is new in this import too */
};

struct importing {
	struct call *call;
	struct import_work *state;
	const struct import *import;
};

/* What is sealed lies so in a cell, too, in hex: under the key of a person, or of the import (-id). */
int import_shut(struct call *, int64_t key, int64_t line, const char *field, const char *value, char **ret);
int import_open(struct call *, int64_t key, int64_t line, const char *field, char **value);

/* The next IMPORT_SLICE rows behind (before) the one last looked at; into the call's arena. */
int import_rows(struct importing *, bool backwards, struct row *rows, int *ret_count);
/* Reads a row's cells over the record; *ret_given: bits of the fields that it has. */
int import_cells(struct importing *, struct row *, void *record, uint64_t *ret_given);
/* The person whom a KEY column names, as far as the caller may know; NONE if there is none. */
int import_person(struct call *, const char *column, const char *key, int64_t *ret);

#endif
