/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sheet.h"

#include <string.h>
#include <strings.h>

#include "csv.h"

void book_init(struct book *book, struct roster *roster, const char *file)
{
	*book = (struct book){ .roster = roster, .file = file };
	book->sheets = arena_new(&roster->arena, SHEETS * sizeof *book->sheets);
}

struct sheet *book_find(const struct book *book, const char *name)
{
	for (size_t i = 0; i < book->count; i++)
		if (!strcasecmp(book->sheets[i].name, name))
			return &book->sheets[i];
	return NULL;
}

struct sheet *book_sheet(struct book *book, const char *name, size_t length)
{
	struct arena *arena = &book->roster->arena;
	char *copy = arena_copy_n(arena, name, length > 100 ? 100 : length);
	struct sheet *sheet = book_find(book, copy);

	if (sheet)
		return sheet;
	if (book->count == SHEETS) {
		roster_say(book->roster, 0, &(struct place){ book->file, 0, 0, NULL }, "the file has more than %d sheets", SHEETS);
		return NULL;
	}
	if (text_check(copy, strlen(copy), 0, &(struct problem){ 0 }))
		copy = arena_copy(arena, "?");
	sheet = &book->sheets[book->count++];
	sheet->name = copy;
	sheet->where = arena_print(arena, "%s, sheet %s", book->file, copy);
	return sheet;
}

struct place sheet_place(const struct sheet *sheet, int64_t row, int column, const char *header)
{
	return (struct place){ sheet->where, row, column, header };
}

static struct sheet_row *row_of(struct book *book, struct sheet *sheet, int64_t number)
{
	struct sheet_row *more;

	if (sheet->count && sheet->rows[sheet->count - 1].number == number)
		return &sheet->rows[sheet->count - 1];
	if (sheet->count == sheet->size) {
		sheet->size = 2 * sheet->size + 64;
		more = arena_new(&book->roster->arena, sheet->size * sizeof *more);
		if (sheet->count)
			memcpy(more, sheet->rows, sheet->count * sizeof *more);
		sheet->rows = more;
	}
	sheet->rows[sheet->count] = (struct sheet_row){ .number = number };
	return &sheet->rows[sheet->count++];
}

/* Cells of a row have room for a power of two. */
static void keep_cell(struct arena *arena, struct sheet_row *row, int column, const char *text)
{
	struct sheet_cell *more;

	if (!(row->count & (row->count - 1))) {
		more = arena_new(arena, (row->count ? 2 * row->count : 1) * sizeof *more);
		if (row->count)
			memcpy(more, row->cells, row->count * sizeof *more);
		row->cells = more;
	}
	row->cells[row->count++] = (struct sheet_cell){ column, text };
}

static bool too_much(struct book *book, const struct sheet *sheet, int64_t row, int column, size_t length)
{
	struct place place = sheet_place(sheet, row, column, NULL);

	if (book->over)
		return true;
	book->over = ++book->cells > SHEET_CELLS || (book->bytes += length + 1) > SHEET_BYTES;
	if (book->over)
		roster_say(book->roster, 0, &place, "up to here the file has more than a form can hold (%d cells, %d MiB of text)",
			SHEET_CELLS, SHEET_BYTES >> 20);
	else if (length > SHEET_CELL || column > SHEET_COLUMNS)
		roster_say(book->roster, 0, &place,
			column > SHEET_COLUMNS ? "there are more than %d columns" : "the cell has more than %d bytes",
			column > SHEET_COLUMNS ? SHEET_COLUMNS : SHEET_CELL);
	return book->over || length > SHEET_CELL || column > SHEET_COLUMNS;
}

/* Blanks of any kind go from both ends. */
static void trim(const char **text, size_t *length)
{
	for (;;) {
		if (*length && strchr(" \t\r\n", **text))
			++*text, --*length;
		else if (*length > 1 && !memcmp(*text, "\xc2\xa0", 2))
			*text += 2, *length -= 2;
		else
			break;
	}
	for (;;) {
		if (*length && strchr(" \t\r\n", (*text)[*length - 1]))
			--*length;
		else if (*length > 1 && !memcmp(*text + *length - 2, "\xc2\xa0", 2))
			*length -= 2;
		else
			break;
	}
}

void book_add(struct book *book, struct sheet *sheet, int64_t row, int column, const char *text, size_t length)
{
	struct problem why = { 0 };
	struct place place = sheet_place(sheet, row, column, NULL);
	char *copy, *out;

	trim(&text, &length);
	if (!length || too_much(book, sheet, row, column, length))
		return;
	copy = out = arena_copy_n(&book->roster->arena, text, length);
	for (size_t i = 0; i < length; i++) {
		if (copy[i] == '\r' && i + 1 < length && copy[i + 1] == '\n')
			continue;
		*out++ = copy[i] == '\r' ? '\n' : copy[i] == '\t' ? ' ' : copy[i];
	}
	if (text_check(copy, (size_t)(out - copy), TEXT_LINES, &why)) {
		roster_say(book->roster, 0, &place, "%s", why.text);
		return;
	}
	*out = 0;
	keep_cell(&book->roster->arena, row_of(book, sheet, row), column, copy);
}

const char *row_cell(const struct sheet_row *row, int column)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i].column == column)
			return row->cells[i].text;
	return NULL;
}

/* ---- the flat CSV ---- */

static void csv_row(struct book *book, struct sheet **sheet, const struct csv *csv)
{
	const char *name = csv->cells[0];
	size_t length = strlen(name);

	trim(&name, &length);
	if (length) {
		*sheet = book_sheet(book, name, length);
		if (*sheet)
			(*sheet)->read = true;
		for (int i = 1; i < csv->count; i++)
			if (csv->cells[i][strspn(csv->cells[i], " \t")])
				roster_say(book->roster, 0, &(struct place){ book->file, csv->row, i + 1, NULL },
					"beside the name of a sheet ('%.60s') nothing stands; in this kind of CSV the first column holds the names "
					"of sheets only, and rows begin in the second",
					name);
	} else if (!*sheet) {
		roster_say(book->roster, 0, &(struct place){ book->file, csv->row, 1, NULL },
			"the file begins without the name of a sheet; write 'survey' alone into its first row");
	} else {
		for (int i = 1; i < csv->count; i++)
			book_add(book, *sheet, csv->row, i + 1, csv->cells[i], strlen(csv->cells[i]));
	}
}

void book_read_csv(struct book *book, const char *data, size_t size)
{
	struct sheet *sheet = NULL;
	struct csv csv;
	int rc = csv_open(&csv, data, size, 0);

	while (!rc && !book->over && book->roster->result->problems < IMPORT_PROBLEMS) {
		int got = csv_next(&csv);

		if (got == CSV_ROW)
			csv_row(book, &sheet, &csv);
		else if (got == CSV_BAD)
			roster_say(book->roster, 0, &(struct place){ book->file, csv.problem.row, csv.problem.column, NULL }, "%s",
				csv.problem.text);
		else if (got <= 0) {
			rc = got;
			break;
		}
	}
	if (rc < 0)
		roster_say(
			book->roster, 0, &(struct place){ book->file, csv.problem.row, csv.problem.column, NULL }, "%s", csv.problem.text);
	csv_close(&csv);
}
