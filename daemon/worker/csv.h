/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading CSV as people's programs write it: RFC 4180 from memory, one row at a time.
 *
 * A byte-order mark is accepted, the separator (; , or tab) is found by looking at the first rows, a line ends in
 * CRLF, LF or CR. Everything else is refused with row, column and a way out, never guessed: text that is not UTF-8,
 * control and bidirectional characters, quotes in the wrong place, rows of another length than the header.
 *
 * Rows are counted as a spreadsheet shows them: the header is row 1, a blank line is a row, a quoted line feed starts
 * none. The reader copies each row into a buffer of its own; the file's bytes stay the caller's and must not change.
 */
#ifndef MENTORSHIP_CSV_H
#define MENTORSHIP_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

enum {
	CSV_BYTES = 64 << 20,
	CSV_COLUMNS = 512,
	CSV_CELL = 64 << 10,
	CSV_ROWS = 1000000
};

/* What csv_next answers beside the negative errors, after which a file cannot be read on. */
enum {
	CSV_END = 0,
	CSV_ROW = 1, /* cells and count hold a row */
	CSV_BAD = 2, /* this row is refused, problem says why; the next one can be read */
};

struct csv_problem {
	int64_t row;    /* 0: the file as a whole */
	int column;     /* from 1; 0: the row as a whole */
	char text[400]; /* what is wrong and how to mend it; names neither row nor column */
};

struct csv {
	int64_t row;                /* of the row read last */
	int count;                  /* cells of the row read last */
	char **cells;               /* count texts, valid until the next row */
	int columns;                /* cells of the header; 0 before csv_header */
	char **headers;             /* columns texts, trimmed, valid until csv_close; "" where the header has none */
	char separator;             /* ; , or tab */
	struct csv_problem problem; /* written with CSV_BAD and with every negative answer */
	/* the rest is the reader's own */
	const char *start, *at, *end;
	struct buffer text; /* the row's cells, each with its NUL */
	size_t *places;     /* where each begins in text */
	char *header_text, **folded;
	int64_t rows;  /* rows that held something */
	int last_ends; /* the row read last ended in a line end, not with the file */
};

/* Prepares reading; separator 0 finds it. Negative: too large, empty, or UTF-16. csv_close is needed in any case. */
int csv_open(struct csv *, const char *data, size_t size, char separator);
/* Reads the header. 0, or negative: no header, a name that comes twice, or anything that csv_next would refuse. */
int csv_header(struct csv *);
/* Reads the next row that is not blank: CSV_ROW, CSV_BAD, CSV_END or a negative error. */
int csv_next(struct csv *);
/* The column of that name (letters' case and outer spaces do not count), from 0; -1 if there is none. */
int csv_find(const struct csv *, const char *name);
void csv_close(struct csv *);

#endif
