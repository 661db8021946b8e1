/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ZIP files from strangers: what is in them, and each file's bytes, within limits.
 *
 * A ZIP is read from memory, so that nobody can change it meanwhile. Opening looks at the list of contents alone and
 * refuses what has no business in a set of tables: many entries, huge or wildly packed ones, encrypted ones, names that
 * are paths, the same name twice. One folder around all files is accepted, as programs that pack a folder make it; the
 * folders and marks that Macs add are passed over. A package (the ZIP that a spreadsheet is) has folders of its own and tables
 * that pack as tightly as blanks do: there names are whole paths, and only what is read is held against the limits.
 */
#ifndef MENTORSHIP_ZIPFILE_H
#define MENTORSHIP_ZIPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum {
	ZIPFILE_ENTRIES = 200,
	ZIPFILE_PARTS = 2000, /* of a package */
	ZIPFILE_ENTRY = 64 << 20,
	ZIPFILE_TOTAL = 256 << 20,
	ZIPFILE_RATIO = 200
};

struct zipfile;

/* Do these bytes begin as a ZIP does? */
bool zipfile_is(const void *data, size_t size);
/* `data` stays the caller's and must outlive the zipfile. E_INVALID or E_LIMIT with a problem, *ret untouched. */
int zipfile_open(struct zipfile **ret, const void *data, size_t size, struct problem *);
/* The same for a package. */
int zipfile_open_package(struct zipfile **ret, const void *data, size_t size, struct problem *);
size_t zipfile_count(const struct zipfile *);
/* The plain name of a file, without its folder; in a package the whole path. */
const char *zipfile_name(const struct zipfile *, size_t i);
/* Where that file is, whatever the case of its letters; -1 if it is not there. */
ptrdiff_t zipfile_find(const struct zipfile *, const char *name);
/* Unpacks a file; the caller frees *ret_data (never NULL on success). */
int zipfile_read(struct zipfile *, size_t i, char **ret_data, size_t *ret_size, struct problem *);
void zipfile_free(struct zipfile *);

#endif
