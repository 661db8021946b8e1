/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One pass over the bytes: a row is cut into cells, and each cell's raw bytes are checked where they stand, so that a
 * position in an error is a position in the file. A quote in the wrong place ends the reading: where the next row
 * begins would be a guess. All other faults spoil their own row only.
 */
#include "csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "words.h"

enum {
	LOOK_ROWS = 20
}; /* rows that are looked at to find the separator */

static int refuse(struct csv *csv, int code, int64_t row, int column, const char *format, ...) __attribute__((format(printf, 5, 6)));

static int refuse(struct csv *csv, int code, int64_t row, int column, const char *format, ...)
{
	va_list ap;

	csv->problem.row = row;
	csv->problem.column = column;
	va_start(ap, format);
	vsnprintf(csv->problem.text, sizeof csv->problem.text, format, ap);
	va_end(ap);
	return code;
}

/* ---- finding the separator ---- */

/* Counts the cells of the row at `at` as if `separator` were the one; moves `at` behind its line end. */
static int look_row(const char **at, const char *end, char separator)
{
	const char *p = *at;
	int cells = 1, begins = 1, quoted = 0;

	for (; p < end; p++) {
		if (quoted) {
			if (*p == '"' && p + 1 < end && p[1] == '"')
				p++;
			else if (*p == '"')
				quoted = 0;
		} else if (*p == '"' && begins) {
			quoted = 1;
		} else if (*p == '\r' || *p == '\n') {
			break;
		} else if (*p == separator) {
			cells++;
			begins = 1;
			continue;
		}
		begins = 0;
	}
	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	*at = p;
	return cells;
}

/* How well a separator fits: rows of the header's length count, and among equals the larger number of cells. */
static int look_at(const char *at, const char *end, char separator)
{
	int header = look_row(&at, end, separator), same = 0, rows = 0;

	if (header < 2)
		return 0;
	for (; rows < LOOK_ROWS && at < end; rows++)
		same += look_row(&at, end, separator) == header;
	return same * 100000 / (rows ? rows : 1) + header;
}

static char find_separator(const char *at, const char *end)
{
	static const char known[] = { ',', ';', '\t' };
	char best = ',';
	int most = 0;

	for (size_t i = 0; i < sizeof known; i++) {
		int fit = look_at(at, end, known[i]);

		if (fit > most) {
			most = fit;
			best = known[i];
		}
	}
	return best;
}

/* Some spreadsheets write a first line `sep=;`. It is a row to them, so it is one to us. */
static void read_separator_line(struct csv *csv)
{
	const char *p = csv->at;

	if (csv->end - p < 5 || strncasecmp(p, "sep=", 4) || !strchr(";,\t", p[4]) || !p[4])
		return;
	if (csv->end - p > 5 && p[5] != '\r' && p[5] != '\n')
		return;
	csv->separator = p[4];
	p += 5;
	if (p < csv->end && *p == '\r')
		p++;
	if (p < csv->end && *p == '\n')
		p++;
	csv->at = p;
	csv->row = 1;
}

int csv_open(struct csv *csv, const char *data, size_t size, char separator)
{
	memset(csv, 0, sizeof *csv);
	if (size > CSV_BYTES)
		return refuse(csv, E_LIMIT, 0, 0,
			"the file has %zu bytes, more than %d MiB; split it into parts that each "
			"begin with the header",
			size, CSV_BYTES >> 20);
	if (size >= 2 && (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2)))
		return refuse(csv, E_INVALID, 0, 0,
			"the file is UTF-16 ('Unicode text'); save it as 'CSV UTF-8', or convert "
			"it with: iconv -f UTF-16 -t UTF-8");
	if (size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
		data += 3;
		size -= 3;
	}
	if (!size)
		return refuse(csv, E_INVALID, 0, 0, "the file is empty; its first row must name the columns");
	csv->start = csv->at = data;
	csv->end = data + size;
	read_separator_line(csv);
	if (separator || !csv->separator)
		csv->separator = separator ? separator : find_separator(csv->at, csv->end);
	csv->cells = calloc(CSV_COLUMNS, sizeof *csv->cells);
	csv->places = calloc(CSV_COLUMNS, sizeof *csv->places);
	if (!csv->cells || !csv->places)
		abort();
	return 0;
}

void csv_close(struct csv *csv)
{
	if (csv->text.data)
		explicit_bzero(csv->text.data, csv->text.size);
	buffer_free(&csv->text);
	free(csv->cells);
	free(csv->places);
	for (int i = 0; i < csv->columns; i++)
		free(csv->folded[i]);
	free(csv->folded);
	free(csv->headers);
	free(csv->header_text);
	memset(csv, 0, sizeof *csv);
}

/* ---- what a cell may hold ---- */

static int refuse_bytes(struct csv *csv, int64_t row, int column, const char *at)
{
	unsigned byte = (unsigned char)*at;

	return refuse(csv, CSV_BAD, row, column,
		"byte %zu (0x%02X) is not UTF-8; was the file saved as Latin-1 or "
		"Windows-1252? Save it as 'CSV UTF-8', or convert it with: iconv -f WINDOWS-1252 -t UTF-8 OLD.csv > NEW.csv",
		(size_t)(at - csv->start) + 1, byte);
}

static int refuse_point(struct csv *csv, int64_t row, int column, uint32_t point)
{
	if (!point)
		return refuse(csv, CSV_BAD, row, column,
			"holds a NUL character; the file may be UTF-16, or no text at all. "
			"Save it as 'CSV UTF-8'");
	if (point == 0xfeff)
		return refuse(csv, CSV_BAD, row, column,
			"holds a byte-order mark (U+FEFF), as files that were joined do; "
			"delete it");
	return refuse(csv, CSV_BAD, row, column,
		"holds the invisible control character U+%04X, which can make text read "
		"other than it is; delete it (typing the cell anew does)",
		(unsigned)point);
}

/* 0 or CSV_BAD. */
static int check_cell(struct csv *csv, int64_t row, int column, const char *at, const char *end)
{
	while (at < end) {
		unsigned char c = (unsigned char)*at;
		uint32_t point;
		int length;

		if (c >= 0x20 && c < 0x7f) {
			at++;
			continue;
		}
		length = text_decode(at, (size_t)(end - at), &point);
		if (!length)
			return refuse_bytes(csv, row, column, at);
		if (text_refused(point) && point != '\n' && point != '\r' && point != '\t')
			return refuse_point(csv, row, column, point);
		at += length;
	}
	return 0;
}

/* ---- rows ---- */

/* Line ends inside quotes become one line feed each, whatever wrote them. */
static void add_line_end(struct csv *csv, const char **at)
{
	if (**at == '\r' && *at + 1 < csv->end && (*at)[1] == '\n')
		++*at;
	buffer_char(&csv->text, '\n');
}

/* Reads a cell that begins with a quote; `at` stands behind the closing one. */
static int read_quoted(struct csv *csv, const char **at, int64_t row, int column)
{
	const char *p = *at + 1;

	for (; p < csv->end; p++) {
		if (p - *at > CSV_CELL)
			return refuse(csv, E_LIMIT, row, column,
				"the quote that opens this cell is not closed within %d KiB; close "
				"it, or double it if it is meant as text",
				CSV_CELL >> 10);
		if (*p == '\r' || *p == '\n') {
			add_line_end(csv, &p);
		} else if (*p != '"') {
			buffer_char(&csv->text, *p);
		} else if (p + 1 < csv->end && p[1] == '"') {
			buffer_char(&csv->text, '"');
			p++;
		} else {
			*at = p + 1;
			return 0;
		}
	}
	return refuse(csv, E_INVALID, row, column,
		"the file ends inside the quotes that open in this cell; it seems to be cut "
		"off: export it again");
}

static int read_plain(struct csv *csv, const char **at, int64_t row, int column)
{
	const char *p = *at;

	for (; p < csv->end && *p != csv->separator && *p != '\r' && *p != '\n'; p++) {
		if (*p == '"')
			return refuse(csv, E_INVALID, row, column,
				"a quote stands inside a cell that is not quoted; quote the whole "
				"cell and double the quotes in it");
		if (p - *at >= CSV_CELL)
			return refuse(csv, E_LIMIT, row, column, "the cell is longer than %d KiB; shorten it", CSV_CELL >> 10);
	}
	buffer_add(&csv->text, *at, (size_t)(p - *at));
	*at = p;
	return 0;
}

/* Reads one cell and checks it: 0, CSV_BAD or negative. `at` stands at what follows it. */
static int read_cell(struct csv *csv, const char **at, int64_t row, int column)
{
	const char *from = *at;
	int rc = from < csv->end && *from == '"' ? read_quoted(csv, at, row, column) : read_plain(csv, at, row, column);

	if (rc < 0)
		return rc;
	if (*at < csv->end && **at != csv->separator && **at != '\r' && **at != '\n')
		return refuse(csv, E_INVALID, row, column,
			"something follows the closing quote; double the quotes that are meant "
			"as text");
	buffer_char(&csv->text, '\0');
	return check_cell(csv, row, column, from, *at);
}

static const char *line_end(const char *at, const char *end)
{
	if (at < end && *at == '\r')
		return at + 1 + (at + 1 < end && at[1] == '\n');
	return at < end && *at == '\n' ? at + 1 : at;
}

static void end_row(struct csv *csv, const char *at)
{
	csv->last_ends = at < csv->end;
	csv->at = line_end(at, csv->end);
	for (int i = 0; i < csv->count; i++)
		csv->cells[i] = csv->text.data + csv->places[i];
}

/* Cuts the row at csv->at. A bad cell does not end it: the next row must be found. */
static int read_row(struct csv *csv)
{
	const char *at = csv->at;
	int bad = 0;

	buffer_clear(&csv->text);
	csv->count = 0;
	for (;;) {
		struct csv_problem first = csv->problem;
		int rc;

		if (csv->count == CSV_COLUMNS)
			return refuse(
				csv, E_LIMIT, csv->row, 0, "the row has more than %d cells; is this the right separator?", CSV_COLUMNS);
		csv->places[csv->count++] = csv->text.length;
		rc = read_cell(csv, &at, csv->row, csv->count);
		if (rc < 0)
			return rc;
		if (bad && rc)
			csv->problem = first;
		bad = bad || rc;
		if (at == csv->end || *at != csv->separator)
			break;
		at++;
	}
	end_row(csv, at);
	return bad ? CSV_BAD : CSV_ROW;
}

/* Steps over one blank line, if there is one. */
static int skip_blank(struct csv *csv)
{
	if (csv->at == csv->end || (*csv->at != '\r' && *csv->at != '\n'))
		return 0;
	csv->at = line_end(csv->at, csv->end);
	csv->row++;
	return 1;
}

static int check_length(struct csv *csv)
{
	if (!csv->columns || csv->count == csv->columns)
		return CSV_ROW;
	if (csv->count > csv->columns)
		return refuse(csv, CSV_BAD, csv->row, csv->columns + 1,
			"the row has %d cells where the header has %d; a cell "
			"that holds the separator must stand in quotes",
			csv->count, csv->columns);
	return refuse(csv, CSV_BAD, csv->row, csv->count, "the row has %d cells where the header has %d%s", csv->count, csv->columns,
		csv->at == csv->end && !csv->last_ends ? " and ends with the file: it seems to be cut off; export "
							 "it again"
						       : "; add what is missing, if only as separators");
}

int csv_next(struct csv *csv)
{
	int rc;

	while (skip_blank(csv))
		;
	if (csv->at == csv->end)
		return CSV_END;
	csv->row++;
	if (++csv->rows > CSV_ROWS + 1)
		return refuse(csv, E_LIMIT, csv->row, 0,
			"the file has more than %d rows; split it into parts that each begin with "
			"the header",
			CSV_ROWS);
	rc = read_row(csv);
	return rc == CSV_ROW ? check_length(csv) : rc;
}

/* ---- the header ---- */

static char *trim(char *text)
{
	size_t length;

	for (;;) {
		if (*text == ' ' || *text == '\t' || *text == '\n')
			text++;
		else if (!strncmp(text, "\xc2\xa0", 2))
			text += 2;
		else
			break;
	}
	for (length = strlen(text); length; text[length] = 0) {
		if (strchr(" \t\n", text[length - 1]))
			length--;
		else if (length > 1 && !memcmp(text + length - 2, "\xc2\xa0", 2))
			length -= 2;
		else
			break;
	}
	return text;
}

/* As mappings compare the names of columns. */
static char *folded(const char *name)
{
	struct arena arena = { 0 };
	char *text = strdup(words_fold(&arena, name, strlen(name)));

	if (!text)
		abort();
	arena_free(&arena);
	return text;
}

static void keep_header(struct csv *csv)
{
	csv->headers = calloc((size_t)csv->count, sizeof *csv->headers);
	csv->folded = calloc((size_t)csv->count, sizeof *csv->folded);
	csv->header_text = malloc(csv->text.length);
	if (!csv->headers || !csv->folded || !csv->header_text)
		abort();
	memcpy(csv->header_text, csv->text.data, csv->text.length);
	for (int i = 0; i < csv->count; i++) {
		csv->headers[i] = trim(csv->header_text + csv->places[i]);
		csv->folded[i] = folded(csv->headers[i]);
	}
	csv->columns = csv->count;
}

int csv_header(struct csv *csv)
{
	int rc = csv_next(csv), named = 0;

	if (rc == CSV_END)
		return refuse(csv, E_INVALID, 0, 0, "the file holds blank lines only; its first row must name the columns");
	if (rc == CSV_BAD)
		return E_INVALID;
	if (rc < 0)
		return rc;
	keep_header(csv);
	for (int i = 0; i < csv->columns; i++) {
		named |= *csv->headers[i] != 0;
		for (int j = 0; *csv->headers[i] && j < i; j++)
			if (!strcmp(csv->folded[i], csv->folded[j]))
				return refuse(csv, E_INVALID, csv->row, i + 1,
					"the column '%.100s' comes twice (also as column %d); give "
					"one of them another name",
					csv->headers[i], j + 1);
	}
	return named ? 0 : refuse(csv, E_INVALID, csv->row, 0, "the first row names no column; write the columns' names there");
}

int csv_find(const struct csv *csv, const char *name)
{
	char *wanted = folded(name);
	int found = -1;

	for (int i = 0; i < csv->columns && found < 0; i++)
		if (!strcmp(csv->folded[i], wanted))
			found = i;
	free(wanted);
	return found;
}
