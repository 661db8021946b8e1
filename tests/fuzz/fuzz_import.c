/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Feeds anything to the readers of foreign files: a first byte chooses what the rest is (a plain CSV, a form read with a
 * fixed mapping, a form read with the mapping proposed for it, a mapping and a form, a OneRoster file, a ZIP). Beside
 * memory errors it checks what a caller relies on: no row after a problem, rows of known entities in their order, a
 * proposal that can be read again and is written as it was, the same rows from the same bytes.
 */
#include "fuzz.h"
#include "worker/import.h"
#include "worker/mapping.h"

static const char form_mapping[] =
	"mapping 1\nformat form\nrole mentee\ncolumn \"m\" -> email\ncolumn \"n\" -> full_name\n"
	"column \"a\" -> availability\ncolumn \"l\" -> trait language, split \",;\"\ncolumn \"s\" -> trait skill sought, split \",\"\n"
	"column \"w\" -> wish, split \";\"\ncolumn \"o\" -> objection, split \";\"\ncolumn \"c\" -> capacity\ncolumn \"z\" -> zone\n"
	"column \"p\" -> trait skill, named \"P\"\ncolumn \"b\" -> birth_date\nword availability \"am\" -> \"8-12\"\n";
static const char set_mapping[] = "mapping 1\nformat oneroster\njoin mentor role teacher\njoin mentee role student, grade \"9\"\n"
				  "join mentee class \"c\"\ntrait grade\ntrait org\n";

struct seen {
	int kind;
	int64_t rows;
	uint64_t sum;
};

static int on_row(void *context, const char *entity, const char *file, int64_t line, const struct import_cell *cells, size_t count)
{
	static const char *const order[] = { "person", "participant", "trait", "availability", "wish", "objection", NULL };
	struct seen *seen = context;
	int kind = 0;

	(void)file;
	while (order[kind] && strcmp(order[kind], entity))
		kind++;
	check(order[kind] && kind >= seen->kind, "the order of entities");
	check(line > 1 && count > 0, "a row's place or cells");
	seen->kind = kind;
	seen->rows++;
	for (size_t i = 0; i < count; i++) {
		check(*cells[i].value, "an empty value");
		for (const char *c = cells[i].value; *c; c++)
			seen->sum = seen->sum * 31 + (unsigned char)*c;
	}
	return 0;
}

static void run(const char *format, const char *mapping, const struct import_file *files, size_t count)
{
	const struct import_request request = { .format = format, .mapping = mapping, .entity = "person", .files = files, .count = count };
	struct seen first = { 0 }, second = { 0 };
	struct import_sink sink = { .context = &first, .row = on_row };
	struct import_result result;
	struct problem problem = { 0 };
	int rc = import_run(&request, &sink, &result, &problem);

	check((rc < 0) == (result.problems > 0), "an answer that fits the problems");
	check(!result.problems || !first.rows, "no row beside a problem");
	check(result.rows == first.rows, "the count of rows");
	sink.context = &second;
	import_run(&request, &sink, &result, &problem);
	check(first.sum == second.sum && first.rows == second.rows, "the same rows again");
}

static void round_trip(const char *text)
{
	struct buffer once = { 0 }, twice = { 0 };
	struct mapping mapping;

	if (mapping_read(&mapping, text, NULL, NULL))
		return;
	mapping_write(&mapping, &once);
	mapping_free(&mapping);
	check(!mapping_read(&mapping, buffer_string(&once), NULL, NULL), "a written mapping can be read");
	mapping_write(&mapping, &twice);
	mapping_free(&mapping);
	check(!strcmp(buffer_string(&once), buffer_string(&twice)), "a mapping written twice");
	buffer_free(&once);
	buffer_free(&twice);
}

static void propose_and_run(const struct import_file *file)
{
	const struct import_request request = { .format = "form", .files = file, .count = 1 };
	struct mapping mapping;
	struct problem problem;
	char *text;

	if (import_propose(&request, &text, &problem))
		return;
	check(!mapping_read(&mapping, text, NULL, NULL), "a proposal can be read");
	mapping_free(&mapping);
	round_trip(text);
	run("form", text, file, 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "users.csv", "classes.csv", "enrollments.csv", "manifest.csv", "roles.csv", "orgs.csv" };
	static const char users[] = "sourcedId,givenName,familyName,role,grades\nu,A,B,student,9\nv,C,D,teacher,\n";
	struct import_file files[2] = { { .name = "x.csv", .fd = -1, .role = "mentee" },
		{ .name = "users.csv", .fd = -1, .data = users, .size = sizeof users - 1 } };
	char *text;

	if (size < 2)
		return 0;
	text = text_of(data + 1, size - 1);
	files[0].data = (const char *)data + 1;
	files[0].size = size - 1;
	switch (*data % 6) {
	case 0: run("csv", NULL, files, 1); break;
	case 1: run("form", form_mapping, files, 1); break;
	case 2: propose_and_run(&files[0]); break;
	case 3: round_trip(text); break;
	case 4:
		files[0].name = names[data[1] % 6];
		files[0].data++;
		files[0].size--;
		run("oneroster", set_mapping, files, data[1] % 6 ? 2 : 1);
		break;
	default: run("form", form_mapping, files, 1 + (size > 64)); break;
	}
	free(text);
	return 0;
}
