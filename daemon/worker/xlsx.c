/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Office Open XML workbooks (.xlsx) as texts of cells: a package of XML parts, of which the list of sheets, the shared strings, the formats
 * of numbers and the wanted sheets are read, and nothing else: no macro, no link, no picture.
 *
 * The XML comes from strangers: it is read by libxml2 as a stream, without network, with libxml2's own limits, and a part that declares
 * anything (a document type, and so entities) is refused. A formula counts for the value that was stored beside it.
 */
#include <libxml/xmlreader.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/date.h"
#include "core/text.h"
#include "sheet.h"
#include "zipfile.h"

enum {
	XLSX_STRINGS = 1000000,
	XLSX_STYLES = 65536,
	XLSX_ROWS = 1048576,
	EPOCH_1900 = -25569, /* what a spreadsheet counts from, seen from 1970-01-01 */
	EPOCH_1904 = -24107
};

struct xlsx {
	struct book *book;
	struct arena *arena;
	struct zipfile *zip;
	size_t *string_at;
	size_t string_count, string_size;
	struct buffer text; /* the shared strings, each with its NUL */
	bool *is_date;      /* by style */
	size_t style_count;
	bool from_1904, failed;
	struct {
		struct sheet *sheet;
		const char *id;
	} listed[SHEETS];
	size_t listed_count;
};

static void say(struct xlsx *x, const char *part, const char *what)
{
	roster_say(x->book->roster, 0, &(struct place){ x->book->file, 0, 0, NULL }, "%s%s%s", part ? part : "", part ? ": " : "", what);
	x->failed = true;
}

/* ---- XML ---- */

struct part {
	struct xlsx *x;
	const char *name;
	char *data;
	xmlTextReader *reader;
};

static void quiet(void *context, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr where)
{
	(void)context;
	(void)message;
	(void)severity;
	(void)where;
}

/* False: it is not there, or cannot be read (told unless `optional`). */
static bool part_open(struct part *part, struct xlsx *x, const char *name, bool optional)
{
	struct problem problem = { 0 };
	ptrdiff_t at = zipfile_find(x->zip, name);
	size_t size;

	*part = (struct part){ .x = x, .name = name };
	if (at < 0) {
		if (!optional)
			say(x, name, "is not in the file; it is damaged, or no spreadsheet");
		return false;
	}
	if (zipfile_read(x->zip, (size_t)at, &part->data, &size, &problem)) {
		say(x, NULL, problem.text);
		return false;
	}
	part->reader = xmlReaderForMemory(part->data, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!part->reader)
		abort();
	xmlTextReaderSetErrorHandler(part->reader, quiet, NULL);
	return true;
}

static void part_close(struct part *part)
{
	if (part->reader)
		xmlFreeTextReader(part->reader);
	free(part->data);
}

/* The next node: true, or false at the end and after what was told. */
static bool part_next(struct part *part)
{
	int rc = part->x->failed ? 0 : xmlTextReaderRead(part->reader), type = xmlTextReaderNodeType(part->reader);

	if (rc < 0)
		say(part->x, part->name, "is no whole XML; save the file again with the program that made it");
	else if (rc && (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE))
		say(part->x, part->name,
			"declares a document type, as no spreadsheet does; save the file again with a spreadsheet program");
	return rc > 0 && !part->x->failed;
}

static bool begins(const struct part *part, const char *name)
{
	return xmlTextReaderNodeType(part->reader) == XML_READER_TYPE_ELEMENT &&
		!strcmp((const char *)xmlTextReaderConstLocalName(part->reader), name);
}

/* An element that is empty ends where it begins. */
static bool ends(const struct part *part, const char *name)
{
	int type = xmlTextReaderNodeType(part->reader);

	return (type == XML_READER_TYPE_END_ELEMENT || (type == XML_READER_TYPE_ELEMENT && xmlTextReaderIsEmptyElement(part->reader))) &&
		!strcmp((const char *)xmlTextReaderConstLocalName(part->reader), name);
}

/* Looks an attribute up by its local name; NULL if it is not there. In the arena. */
static char *attribute(const struct part *part, const char *name)
{
	char *ret = NULL;

	for (int r = xmlTextReaderMoveToFirstAttribute(part->reader); r == 1 && !ret; r = xmlTextReaderMoveToNextAttribute(part->reader))
		if (!strcmp((const char *)xmlTextReaderConstLocalName(part->reader), name))
			ret = arena_copy(part->x->arena, (const char *)xmlTextReaderConstValue(part->reader));
	xmlTextReaderMoveToElement(part->reader);
	return ret;
}

/* The same of what is short, and read a million times: nothing is kept. NULL: it is not there, or too long to be right. */
static const char *short_attribute(const struct part *part, const char *name, char out[static 32])
{
	const char *ret = NULL;

	for (int r = xmlTextReaderMoveToFirstAttribute(part->reader); r == 1 && !ret; r = xmlTextReaderMoveToNextAttribute(part->reader))
		if (!strcmp((const char *)xmlTextReaderConstLocalName(part->reader), name) &&
			snprintf(out, 32, "%s", (const char *)xmlTextReaderConstValue(part->reader)) < 32)
			ret = out;
	xmlTextReaderMoveToElement(part->reader);
	return ret;
}

static long number_of(const char *text, long otherwise)
{
	char *end;
	long number = text ? strtol(text, &end, 10) : otherwise;

	return text && (*end || end == text || number < 0) ? otherwise : number;
}

/* What stands between tags is text where it is that of a <t> or <v>; pronunciations (<rPh>) are none. */
struct gathering {
	struct buffer text;
	bool in_text, aside;
};

static void gather(struct gathering *g, const struct part *part)
{
	int type = xmlTextReaderNodeType(part->reader);
	const xmlChar *value = xmlTextReaderConstValue(part->reader);

	if (begins(part, "rPh"))
		g->aside = true;
	if (begins(part, "t") || begins(part, "v"))
		g->in_text = !xmlTextReaderIsEmptyElement(part->reader);
	else if (type == XML_READER_TYPE_END_ELEMENT)
		g->in_text = false;
	if (ends(part, "rPh"))
		g->aside = false;
	if (g->in_text && !g->aside && value &&
		(type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE ||
			type == XML_READER_TYPE_WHITESPACE))
		buffer_text(&g->text, (const char *)value);
}

/* Characters that XML cannot hold are written _x000D_. */
static void unescape(struct buffer *text)
{
	char *out = text->data;

	for (const char *p = text->data; p && *p;) {
		unsigned point;
		int used = 0;

		if (*p == '_' && sscanf(p, "_x%4x_%n", &point, &used) == 1 && used == 7 && point < 0x80) {
			if (point == '\n' || point >= ' ')
				*out++ = (char)point;
			p += 7;
		} else
			*out++ = *p++;
	}
	if (text->data) {
		*out = 0;
		text->length = (size_t)(out - text->data);
	}
}

/* ---- the parts around the sheets ---- */

static void read_strings(struct xlsx *x, const char *name)
{
	struct gathering g = { 0 };
	struct part part;

	if (!part_open(&part, x, name, true))
		return;
	while (part_next(&part)) {
		if (begins(&part, "si"))
			buffer_clear(&g.text);
		gather(&g, &part);
		if (!ends(&part, "si"))
			continue;
		if (x->string_count == XLSX_STRINGS) {
			say(x, name, "holds more texts than a form has");
			break;
		}
		if (x->string_count == x->string_size) {
			x->string_size = 2 * x->string_size + 1024;
			x->string_at = realloc(x->string_at, x->string_size * sizeof *x->string_at);
			if (!x->string_at)
				abort();
		}
		unescape(&g.text);
		x->string_at[x->string_count++] = x->text.length;
		buffer_add(&x->text, buffer_string(&g.text), g.text.length + 1);
	}
	buffer_free(&g.text);
	part_close(&part);
}

/* Does a format of numbers show days? What stands in quotes, brackets and behind a backslash does not count. */
static bool shows_days(const char *format)
{
	for (const char *p = format; p && *p; p++) {
		if (*p == '"' && strchr(p + 1, '"'))
			p = strchr(p + 1, '"');
		else if (*p == '[' && strchr(p, ']'))
			p = strchr(p, ']');
		else if (*p == '\\' && p[1])
			p++;
		else if (strchr("yYdD", *p))
			return true;
	}
	return false;
}

static bool is_built_in_date(long id)
{
	return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
}

static void read_styles(struct xlsx *x, const char *name)
{
	static const char *const end_of_list = "cellXfs";
	bool in_list = false;
	struct textmap formats = { 0 };
	struct part part;

	if (!part_open(&part, x, name, true))
		return;
	x->is_date = arena_new(x->arena, XLSX_STYLES);
	while (part_next(&part)) {
		if (begins(&part, "numFmt") && shows_days(attribute(&part, "formatCode"))) {
			char *id = attribute(&part, "numFmtId");

			if (id)
				textmap_add(&formats, id, 1);
		}
		in_list = (in_list || begins(&part, end_of_list)) && !ends(&part, end_of_list);
		if (in_list && begins(&part, "xf") && x->style_count < XLSX_STYLES) {
			char *id = attribute(&part, "numFmtId");

			x->is_date[x->style_count++] = id && (is_built_in_date(number_of(id, -1)) || textmap_find(&formats, id) == 1);
		}
	}
	textmap_free(&formats);
	part_close(&part);
}

/* The part that a relation of that id, or else of that type, leads to; "" where it is outside. NULL: none. */
static char *related(struct xlsx *x, const char *relations, const char *folder, const char *id, const char *type)
{
	struct part part;
	char *found = NULL;

	if (!part_open(&part, x, relations, true))
		return NULL;
	while (!found && part_next(&part)) {
		char *its, *target;
		size_t length;

		if (!begins(&part, "Relationship"))
			continue;
		its = attribute(&part, id ? "Id" : "Type");
		target = attribute(&part, "Target");
		length = its ? strlen(its) : 0;
		if (!its || !target || attribute(&part, "TargetMode"))
			continue;
		if (id ? !strcmp(its, id) : length >= strlen(type) && !strcmp(its + length - strlen(type), type))
			found = *target == '/' ? target + 1 : arena_print(x->arena, "%s%s", folder, target);
	}
	part_close(&part);
	return found;
}

static void read_workbook(struct xlsx *x, const char *name)
{
	struct part part;

	if (!part_open(&part, x, name, false))
		return;
	while (part_next(&part)) {
		char *text;

		if (begins(&part, "workbookPr")) {
			text = attribute(&part, "date1904");
			x->from_1904 = text && (!strcmp(text, "1") || !strcmp(text, "true"));
		}
		if (!begins(&part, "sheet") || !(text = attribute(&part, "name")))
			continue;
		if (x->listed_count == SHEETS) {
			say(x, NULL, "the file has too many sheets");
			break;
		}
		x->listed[x->listed_count].id = attribute(&part, "id");
		x->listed[x->listed_count++].sheet = book_sheet(x->book, text, strlen(text));
	}
	part_close(&part);
}

/* ---- a sheet ---- */

/* "BC12": column 55. 0: none is said. */
static int column_of(const char *reference)
{
	int column = 0;

	for (; reference && *reference >= 'A' && *reference <= 'Z' && column < 1 << 20; reference++)
		column = column * 26 + (*reference - 'A' + 1);
	return column;
}

struct cell {
	char type[32];
	long style;
	int64_t row;
	int column;
	bool formula;
};

/* As people would type it: 3, not 3.0; a day as a day. */
static void print_number(struct xlsx *x, const struct cell *cell, double number, char out[static DATE_TEXT])
{
	double days = floor(number) + (x->from_1904 ? EPOCH_1904 : EPOCH_1900);

	if (!x->from_1904 && number < 60) /* there was no 29th of February 1900, but in spreadsheets */
		days++;
	if (cell->style < (long)x->style_count && x->is_date[cell->style] && number >= 0 && days <= DATE_MAX) {
		if (number > floor(number))
			local_print((int64_t)days * 86400 + (int64_t)lround((number - floor(number)) * 86400), out);
		else
			date_print((int64_t)days, out);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, DATE_TEXT, "%.*g", digits, number);
		if (strtod(out, NULL) == number)
			break;
	}
}

static void keep_number(struct xlsx *x, struct sheet *sheet, const struct cell *cell, struct buffer *text)
{
	char out[DATE_TEXT], *end;
	double number = strtod(buffer_string(text), &end);

	if (*end || end == buffer_string(text) || !isfinite(number)) {
		book_add(x->book, sheet, cell->row, cell->column, buffer_string(text), text->length);
		return;
	}
	if (number == floor(number) && fabs(number) < 1e15 && !(cell->style < (long)x->style_count && x->is_date[cell->style]))
		snprintf(out, sizeof out, "%.0f", number);
	else
		print_number(x, cell, number, out);
	book_add(x->book, sheet, cell->row, cell->column, out, strlen(out));
}

static void keep_cell(struct xlsx *x, struct sheet *sheet, const struct cell *cell, struct buffer *text)
{
	const char *type = *cell->type ? cell->type : "n", *value = buffer_string(text);
	struct place place = sheet_place(sheet, cell->row, cell->column, NULL);
	long at;

	if (cell->formula && !text->length && strcmp(type, "str") != 0)
		roster_say(x->book->roster, 0, &place,
			"there is a formula without a value; open the file in a spreadsheet program and save it, or type the value");
	if (!text->length)
		return;
	if (!strcmp(type, "s")) {
		at = number_of(value, -1);
		if (at < 0 || (size_t)at >= x->string_count)
			roster_say(x->book->roster, 0, &place, "the cell names a text that the file has not; save it again");
		else
			book_add(x->book, sheet, cell->row, cell->column, x->text.data + x->string_at[at],
				strlen(x->text.data + x->string_at[at]));
	} else if (!strcmp(type, "e")) {
		roster_say(x->book->roster, 0, &place, "the formula in it has no result (%.20s); mend it, or type the value", value);
	} else if (!strcmp(type, "b")) {
		book_add(x->book, sheet, cell->row, cell->column, *value == '1' || *value == 't' ? "TRUE" : "FALSE",
			*value == '1' || *value == 't' ? 4 : 5);
	} else if (!strcmp(type, "n")) {
		keep_number(x, sheet, cell, text);
	} else {
		unescape(text);
		book_add(x->book, sheet, cell->row, cell->column, buffer_string(text), text->length);
	}
}

static void read_sheet(struct xlsx *x, struct sheet *sheet, const char *name)
{
	struct gathering g = { 0 };
	struct cell cell = { 0 };
	int64_t row = 0, before = 0;
	struct part part;
	char text[32];

	if (!part_open(&part, x, name, false))
		return;
	sheet->read = true;
	while (!x->book->over && part_next(&part)) {
		if (begins(&part, "row")) {
			row = number_of(short_attribute(&part, "r", text), (long)before + 1);
			if (row <= before || row > XLSX_ROWS) {
				say(x, name, "its rows are out of order; save the file again");
				break;
			}
			before = row;
			cell = (struct cell){ .row = row };
		}
		if (begins(&part, "c")) {
			int column = column_of(short_attribute(&part, "r", text));

			if (!row || (column && column <= cell.column)) {
				say(x, name, "its cells are out of order; save the file again");
				break;
			}
			cell = (struct cell){ .row = row, .column = column ? column : cell.column + 1 };
			cell.style = number_of(short_attribute(&part, "s", text), 0);
			short_attribute(&part, "t", cell.type);
			buffer_clear(&g.text);
			g.in_text = g.aside = false;
		}
		cell.formula = cell.formula || begins(&part, "f");
		gather(&g, &part);
		if (ends(&part, "c"))
			keep_cell(x, sheet, &cell, &g.text);
	}
	buffer_free(&g.text);
	part_close(&part);
}

/* ---- the whole ---- */

static bool is_wanted(const struct xlsx *x, const char *name, const char *const *wanted)
{
	for (size_t i = 0; wanted[i]; i++)
		if (!strcasecmp(wanted[i], name))
			return true;
	return x->listed_count == 1;
}

static void read_all(struct xlsx *x, const char *const *wanted)
{
	char *workbook = related(x, "_rels/.rels", "", NULL, "/officeDocument"), *slash, *folder, *relations, *name;

	if (x->failed)
		return;
	if (!workbook)
		workbook = arena_copy(x->arena, "xl/workbook.xml");
	slash = strrchr(workbook, '/');
	folder = arena_copy_n(x->arena, workbook, slash ? (size_t)(slash - workbook) + 1 : 0);
	relations = arena_print(x->arena, "%s_rels/%s.rels", folder, slash ? slash + 1 : workbook);
	read_workbook(x, workbook);
	name = x->failed ? NULL : related(x, relations, folder, NULL, "/sharedStrings");
	if (name)
		read_strings(x, name);
	name = x->failed ? NULL : related(x, relations, folder, NULL, "/styles");
	if (name)
		read_styles(x, name);
	for (size_t i = 0; i < x->listed_count && !x->failed; i++) {
		struct sheet *sheet = x->listed[i].sheet;

		if (!sheet || sheet->read || !is_wanted(x, sheet->name, wanted))
			continue;
		name = x->listed[i].id ? related(x, relations, folder, x->listed[i].id, NULL) : NULL;
		if (name)
			read_sheet(x, sheet, name);
		else if (!x->failed)
			say(x, sheet->name, "the sheet is not in the file; save it again");
	}
}

void book_read_xlsx(struct book *book, const char *data, size_t size, const char *const *wanted)
{
	struct xlsx x = { .book = book, .arena = &book->roster->arena };
	struct problem problem = { 0 };

	if (zipfile_open_package(&x.zip, data, size, &problem)) {
		say(&x, NULL, problem.text);
		return;
	}
	if (zipfile_find(x.zip, "xl/vbaProject.bin") >= 0)
		roster_say(book->roster, 1, &(struct place){ book->file, 0, 0, NULL }, "the macros in the file are not looked at");
	read_all(&x, wanted);
	buffer_free(&x.text);
	free(x.string_at);
	zipfile_free(x.zip);
}
