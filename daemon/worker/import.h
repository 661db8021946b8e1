/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a school's own files to rows that the daemon can take: one function for all formats.
 *
 * Everything is read and checked before the first row leaves, so a file with a problem gives no rows at all. Rows carry
 * names of entities and fields and texts only; what they may do is the daemon's to decide. Links are given as keys: a
 * person's key is the external id, or the mail address (in small letters) where there is no external id; a participant's
 * is the person's key, '/' and the role. A field without a value is left out. The same files give the same rows in the
 * same order: all persons, all participants, then traits, availability, wishes, objections.
 *
 * A form in XLSForm gives one instrument, its items, their texts in other languages, its scales; a text names its item by name, the others
 * their instrument by key.
 *
 * Columns that hold passwords are never read into anything that leaves, error texts included.
 */
#ifndef MENTORSHIP_IMPORT_H
#define MENTORSHIP_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum {
	IMPORT_PROBLEMS = 100,
	IMPORT_FILES = 200,
	IMPORT_CELLS = 512
};

struct import_cell {
	const char *field;
	const char *value;
};

struct import_file {
	const char *name; /* as its owner knows it, such as "mentors.csv"; shown in problems */
	int fd;           /* a regular file open for reading, read from its start; -1: data and size hold it */
	const char *data;
	size_t size;
	const char *role; /* "mentor" or "mentee" where the caller knows it, else NULL (then its name may say it); used by import_propose */
};

struct import_problem {
	int notice;         /* 1: worth knowing, nothing is refused; 0: the import as a whole is refused */
	const char *file;   /* a file's name, or "mapping" */
	int64_t row;        /* as a spreadsheet counts, the header being 1; the line of a mapping; 0: the whole file */
	int column;         /* from 1; 0: the whole row */
	const char *header; /* the column's name, or NULL */
	const char *text;   /* what is wrong and how to mend it, as a clause: small first letter, no full stop */
};

struct import_sink {
	void *context;
	/* A row to take. Negative ends the import and is what import_run returns. `line` is the row as above. */
	int (*row)(void *context, const char *entity, const char *file, int64_t line, const struct import_cell *cells, size_t count);
	/* At most IMPORT_PROBLEMS problems and as many notices are told; may be NULL. */
	int (*problem)(void *context, const struct import_problem *);
	/* Once a file: rows read, rows that gave something, rows left out by the mapping or a status; may be NULL. */
	int (*file)(void *context, const char *file, int64_t read, int64_t taken, int64_t left_out);
};

struct import_request {
	const char *format;              /* "oneroster", "form", "csv" or "xlsform" */
	const char *mapping;             /* the mapping's text; NULL: the .mapping files in the ZIP. Needed but for csv */
	const char *entity;              /* csv only: the entity that each row is of */
	const char *key;                 /* xlsform only: the key of the instrument, NULL: as the file says */
	int leave_out;                   /* xlsform only: a question whose condition is not understood is left out */
	const struct import_file *files; /* CSV files, or ZIP files of them */
	size_t count;
};

struct import_result {
	int64_t rows; /* that left */
	int64_t persons, participants;
	int64_t problems, notices; /* all of them, told or only counted */
};

/* 0 when everything was read and every row has left; E_INVALID with a summary in `problem` when there was any problem,
 * and then no row has left; or what a callback answered. `result` is filled in any case. The request's format or entity
 * may come from outside; its files' names should be plain text. */
int import_run(const struct import_request *, const struct import_sink *, struct import_result *, struct problem *);

/* Makes a mapping to look through and correct: for forms, from each file's header and a first look at its cells (without
 * a word of what the cells hold). The caller frees *ret_text. The request's mapping is not looked at. */
int import_propose(const struct import_request *, char **ret_text, struct problem *);

#endif
