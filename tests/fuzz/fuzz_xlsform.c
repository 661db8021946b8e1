/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Feeds anything to the reader of questionnaires: a first byte chooses what the rest is (the file itself, a sheet's XML, the shared
 * strings, the styles, the list of sheets; each of these in a workbook that is good otherwise, and packed anew, so that no sum stands
 * in the way) and whether questions are left out. Beside memory errors it checks what the daemon relies on: no row after a problem, an
 * instrument first and then items, texts, scales; an item once, conditions that can be compiled in that order; the same rows again.
 */
#include <zip.h>

#include "core/text.h"
#include "fuzz.h"
#include "questionnaire/questionnaire.h"
#include "worker/import.h"

static const char rels[] =
	"<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"s.xml\"/><Relationship Id=\"r2\" Type=\"x/sharedStrings\" "
	"Target=\"t.xml\"/><Relationship Id=\"r3\" Type=\"x/styles\" Target=\"y.xml\"/><Relationship Id=\"r4\" Type=\"x/worksheet\" "
	"Target=\"c.xml\"/></Relationships>";
static const char workbook[] =
	"<workbook><sheets><sheet name=\"survey\" id=\"r1\"/><sheet name=\"choices\" id=\"r4\"/></sheets></workbook>";
static const char sheet[] =
	"<worksheet><sheetData><row r=\"1\"><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c><c t=\"s\"><v>3</v></c></row>"
	"<row r=\"2\"><c t=\"s\"><v>4</v></c><c t=\"s\"><v>5</v></c><c s=\"1\"><v>46357</v></c></row></sheetData></worksheet>";
static const char strings[] = "<sst><si><t>type</t></si><si><t>name</t></si><si><t>label</t></si><si><t>relevant</t></si>"
			      "<si><t>select_one l</t></si><si><r><t>a</t></r></si></sst>";
static const char choices[] = "<worksheet><sheetData><row><c t=\"str\"><v>list_name</v></c><c t=\"s\"><v>1</v></c></row>"
			      "<row><c t=\"str\"><v>l</v></c><c><v>1</v></c></row></sheetData></worksheet>";
static const char styles[] = "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";

static const struct {
	const char *name, *good;
} parts[] = {
	{ "xl/s.xml", sheet },
	{ "xl/t.xml", strings },
	{ "xl/y.xml", styles },
	{ "xl/workbook.xml", workbook },
	{ "xl/_rels/workbook.xml.rels", rels },
	{ "xl/c.xml", choices },
};
enum {
	PARTS = sizeof parts / sizeof *parts,
	ITEMS = 600
};

/* A workbook with one part that came from outside; the caller frees it. */
static char *packed(size_t which, const char *data, size_t size, size_t *ret_size)
{
	zip_source_t *out = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *zip = zip_open_from_source(out, ZIP_CREATE, NULL);
	zip_stat_t stat;
	char *file;

	check(zip != NULL, "a ZIP");
	zip_source_keep(out);
	for (size_t i = 0; i < PARTS; i++) {
		zip_source_t *part = i == which ? zip_source_buffer(zip, data, size, 0)
						: zip_source_buffer(zip, parts[i].good, strlen(parts[i].good), 0);
		zip_int64_t at = zip_file_add(zip, parts[i].name, part, 0);

		check(at >= 0, "a part");
		zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0);
	}
	check(!zip_close(zip) && !zip_source_stat(out, &stat) && !zip_source_open(out), "a whole ZIP");
	file = malloc(stat.size + 1);
	check(file && zip_source_read(out, file, stat.size) == (zip_int64_t)stat.size, "its bytes");
	zip_source_close(out);
	zip_source_free(out);
	*ret_size = stat.size;
	return file;
}

struct seen {
	int kind;
	int64_t rows;
	uint64_t sum;
	struct arena arena;
	struct form_item items[ITEMS];
	size_t count;
};

static const char *cell_of(const struct import_cell *cells, size_t count, const char *field)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(cells[i].field, field))
			return cells[i].value;
	return NULL;
}

static int on_row(void *context, const char *entity, const char *file, int64_t line, const struct import_cell *cells, size_t count)
{
	static const char *const order[] = { "instrument", "item", "item_text", "scale", NULL };
	struct seen *seen = context;
	int kind = 0;

	(void)file;
	while (order[kind] && strcmp(order[kind], entity) != 0)
		kind++;
	check(order[kind] && kind >= seen->kind && (kind > 0) == (seen->rows > 0), "the order of entities");
	check(line > 0 && count > 1, "a row's place or cells");
	seen->kind = kind;
	seen->rows++;
	for (size_t i = 0; i < count; i++) {
		check(*cells[i].value && !text_check(cells[i].value, strlen(cells[i].value), TEXT_LINES, &(struct problem){ 0 }),
			"a plain value");
		for (const char *c = cells[i].value; *c; c++)
			seen->sum = seen->sum * 31 + (unsigned char)*c;
	}
	if (kind == 1) {
		check(seen->count < ITEMS, "not too many items");
		seen->items[seen->count++] = (struct form_item){ .name = arena_copy(&seen->arena, cell_of(cells, count, "name")),
			.relevant = arena_copy(&seen->arena, cell_of(cells, count, "relevant")) };
	}
	return 0;
}

/* What waits for something waits for what was asked before it. */
static void check_conditions(struct seen *seen)
{
	struct form form = { .items = seen->items };

	for (size_t i = 0; i < seen->count; i++) {
		const struct condition *condition;
		struct problem problem = { 0 };
		size_t at;

		check(seen->items[i].name && form_item_named(&form, seen->items[i].name) < 0, "a name, and a new one");
		check(!seen->items[i].relevant || !condition_read(&seen->arena, &form, seen->items[i].relevant, &condition, &at, &problem),
			"a condition about what came before");
		form.item_count++;
	}
}

static void run(const char *data, size_t size, int leave_out)
{
	const struct import_file file = { .name = "x.xlsx", .fd = -1, .data = data, .size = size };
	const struct import_request request = { .format = "xlsform", .files = &file, .count = 1, .leave_out = leave_out };
	struct seen *first = calloc(1, sizeof *first), *second = calloc(1, sizeof *second);
	struct import_sink sink = { .context = first, .row = on_row };
	struct import_result result;
	struct problem problem = { 0 };
	int rc;

	check(first && second, "memory");
	rc = import_run(&request, &sink, &result, &problem);
	check((rc < 0) == (result.problems > 0), "an answer that fits the problems");
	check(!result.problems || !first->rows, "no row beside a problem");
	check(result.rows == first->rows, "the count of rows");
	check_conditions(first);
	sink.context = second;
	import_run(&request, &sink, &result, &problem);
	check(first->sum == second->sum && first->rows == second->rows, "the same rows again");
	arena_free(&first->arena);
	arena_free(&second->arena);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t which, length;
	char *file;

	if (size < 2)
		return 0;
	which = data[0] / 2 % (PARTS + 1);
	if (which == PARTS) {
		run((const char *)data + 1, size - 1, data[0] & 1);
		return 0;
	}
	file = packed(which, (const char *)data + 1, size - 1, &length);
	run(file, length, data[0] & 1);
	free(file);
	return 0;
}
