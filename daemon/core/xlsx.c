/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xlsx.h"

#include <stdio.h>
#include <string.h>

/* ---- the ZIP ---- */

static uint32_t checksum(const char *data, size_t size)
{
	uint32_t sum = 0xffffffff, of_byte[256];

	for (uint32_t byte = 0; byte < 256; byte++) {
		of_byte[byte] = byte;
		for (int bit = 0; bit < 8; bit++)
			of_byte[byte] = of_byte[byte] >> 1 ^ (of_byte[byte] & 1 ? 0xedb88320 : 0);
	}
	for (size_t i = 0; i < size; i++)
		sum = sum >> 8 ^ of_byte[(sum ^ (unsigned char)data[i]) & 0xff];
	return ~sum;
}

static void number(struct buffer *out, uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buffer_char(out, (char)(value >> 8 * i & 0xff));
}

/* What the part's own head and the list of contents say alike: version, names in UTF-8, stored, 1980-01-01, sum and sizes. */
static void describe(struct buffer *out, const char *name, const struct buffer *part, uint32_t sum)
{
	number(out, 20, 2);
	number(out, 0x0800, 2);
	number(out, 0, 2);
	number(out, 0, 2);
	number(out, 1 << 5 | 1, 2);
	number(out, sum, 4);
	number(out, (uint32_t)part->length, 4);
	number(out, (uint32_t)part->length, 4);
	number(out, (uint32_t)strlen(name), 2);
	number(out, 0, 2);
}

static void part_add(struct xlsx_writer *w, const char *name, struct buffer *part)
{
	uint32_t sum = checksum(buffer_string(part), part->length), offset = (uint32_t)w->zip.length;

	number(&w->zip, 0x04034b50, 4);
	describe(&w->zip, name, part, sum);
	buffer_text(&w->zip, name);
	buffer_add(&w->zip, buffer_string(part), part->length);
	number(&w->central, 0x02014b50, 4);
	number(&w->central, 20, 2);
	describe(&w->central, name, part, sum);
	for (int i = 0; i < 5; i++) /* no comment, first disk, no attributes */
		number(&w->central, 0, 2);
	number(&w->central, offset, 4);
	buffer_text(&w->central, name);
	w->parts++;
	buffer_free(part);
}

static void part_text(struct xlsx_writer *w, const char *name, const char *text)
{
	struct buffer part = { 0 };

	buffer_text(&part, text);
	part_add(w, name, &part);
}

/* ---- the workbook ---- */

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELATIONS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define SPREADSHEET "application/vnd.openxmlformats-officedocument.spreadsheetml."

static void sheet_end(struct xlsx_writer *w)
{
	char name[64];

	if (!w->sheets)
		return;
	buffer_text(&w->sheet, "</sheetData></worksheet>");
	snprintf(name, sizeof name, "xl/worksheets/sheet%d.xml", w->sheets);
	part_add(w, name, &w->sheet);
}

void xlsx_sheet(struct xlsx_writer *w, const char *name)
{
	sheet_end(w);
	w->sheets++;
	w->rows = 0;
	buffer_text(&w->list, "<sheet name=\"");
	encode_xml_attribute(&w->list, name);
	buffer_print(&w->list, "\" sheetId=\"%d\" r:id=\"rId%d\"/>", w->sheets, w->sheets);
	buffer_print(&w->relations, "<Relationship Id=\"rId%d\" Type=\"" RELATIONS "/worksheet\" Target=\"worksheets/sheet%d.xml\"/>",
		w->sheets, w->sheets);
	buffer_print(
		&w->types, "<Override PartName=\"/xl/worksheets/sheet%d.xml\" ContentType=\"" SPREADSHEET "worksheet+xml\"/>", w->sheets);
	buffer_text(&w->sheet,
		HEAD "<worksheet xmlns=\"" MAIN "\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" "
		     "activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetData>");
}

/* "BC" for 55 */
static void column_name(struct buffer *out, size_t column)
{
	if (column > 26)
		column_name(out, (column - 1) / 26);
	buffer_char(out, (char)('A' + (column - 1) % 26));
}

void xlsx_row(struct xlsx_writer *w, const char *const *cells, size_t count)
{
	buffer_print(&w->sheet, "<row r=\"%d\">", ++w->rows);
	for (size_t i = 0; i < count; i++) {
		if (!cells[i] || !*cells[i])
			continue;
		buffer_text(&w->sheet, "<c r=\"");
		column_name(&w->sheet, i + 1);
		buffer_print(&w->sheet, "%d\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", w->rows);
		encode_xml_text(&w->sheet, cells[i]);
		buffer_text(&w->sheet, "</t></is></c>");
	}
	buffer_text(&w->sheet, "</row>");
}

static void add_around(struct xlsx_writer *w)
{
	struct buffer part = { 0 };

	buffer_print(&part, HEAD "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" RELATIONS "\"><sheets>%s</sheets></workbook>",
		buffer_string(&w->list));
	part_add(w, "xl/workbook.xml", &part);
	buffer_print(&part,
		HEAD "<Relationships xmlns=\"" PACKAGE "relationships\">%s<Relationship Id=\"rId0\" Type=\"" RELATIONS
		     "/styles\" Target=\"styles.xml\"/></Relationships>",
		buffer_string(&w->relations));
	part_add(w, "xl/_rels/workbook.xml.rels", &part);
	part_text(w, "xl/styles.xml",
		HEAD "<styleSheet xmlns=\"" MAIN
		     "\"><fonts count=\"1\"><font/></fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/>"
		     "</fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders>"
		     "<cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"1\"><xf xfId=\"0\"/></cellXfs></styleSheet>");
	part_text(w, "_rels/.rels",
		HEAD "<Relationships xmlns=\"" PACKAGE "relationships\"><Relationship Id=\"rId1\" Type=\"" RELATIONS
		     "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
	buffer_print(&part,
		HEAD
		"<Types xmlns=\"" PACKAGE
		"content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
		"relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" "
		"ContentType=\"" SPREADSHEET "sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"" SPREADSHEET
		"styles+xml\"/>%s</Types>",
		buffer_string(&w->types));
	part_add(w, "[Content_Types].xml", &part);
}

void xlsx_end(struct xlsx_writer *w, struct buffer *out)
{
	sheet_end(w);
	add_around(w);
	buffer_add(out, buffer_string(&w->zip), w->zip.length);
	buffer_add(out, buffer_string(&w->central), w->central.length);
	number(out, 0x06054b50, 4);
	number(out, 0, 4);
	number(out, (uint32_t)w->parts, 2);
	number(out, (uint32_t)w->parts, 2);
	number(out, (uint32_t)w->central.length, 4);
	number(out, (uint32_t)w->zip.length, 4);
	number(out, 0, 2);
	buffer_free(&w->zip);
	buffer_free(&w->central);
	buffer_free(&w->list);
	buffer_free(&w->relations);
	buffer_free(&w->types);
	*w = (struct xlsx_writer){ 0 };
}
