/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sheets as a spreadsheet program keeps them, whatever file they came in: rows of texts that know where they stood.
 *
 * A cell without a text is not kept, so a million blank rows cost nothing; what is kept has limits. Texts have passed text_check,
 * have plain line feeds and no blanks around them, and live in the arena.
 */
#ifndef MENTORSHIP_SHEET_H
#define MENTORSHIP_SHEET_H

#include "roster.h"

enum {
	SHEETS = 200,
	SHEET_COLUMNS = 1000,
	SHEET_CELLS = 200000, /* of a book */
	SHEET_BYTES = 32 << 20,
	SHEET_CELL = 32768 /* bytes of one */
};

struct sheet_cell {
	int column; /* from 1 */
	const char *text;
};
struct sheet_row {
	int64_t number; /* from 1, as the program shows it */
	struct sheet_cell *cells;
	size_t count;
};
struct sheet {
	const char *name, *where; /* where: "FILE, sheet NAME", for problems */
	struct sheet_row *rows;
	size_t count, size;
	bool read; /* false: nobody wanted it */
};
struct book {
	struct roster *roster; /* its arena, and who is told */
	const char *file;
	struct sheet *sheets;
	size_t count;
	size_t cells, bytes;
	bool over; /* a limit was reached and told */
};

void book_init(struct book *, struct roster *, const char *file);
/* The sheet of that name is made if there is none (letters' case does not count). NULL: too many, told. */
struct sheet *book_sheet(struct book *, const char *name, size_t length);
struct sheet *book_find(const struct book *, const char *name); /* NULL if it is not there */
/* Adds a cell behind those that are there. Blank ones are passed over; one that is no plain text, or too much, is told. */
void book_add(struct book *, struct sheet *, int64_t row, int column, const char *text, size_t length);
/* The text of a row in that column, or NULL. */
const char *row_cell(const struct sheet_row *, int column);
/* Where a cell stands; column 0: the row. `header`: what the column is called, or NULL. */
struct place sheet_place(const struct sheet *, int64_t row, int column, const char *header);

/* XLSForm's flat CSV: a sheet's name alone in the first column, its rows below it from the second. What is wrong is told. */
void book_read_csv(struct book *, const char *data, size_t size);
/* An Office Open XML workbook. `wanted` are the names of sheets to read, ended by NULL; where none of them is there, a sheet that is
 * alone is read. */
void book_read_xlsx(struct book *, const char *data, size_t size, const char *const *wanted);

#endif
