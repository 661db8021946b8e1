/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was passed is first copied into memory, whole: a descriptor may be of a file that somebody else still writes to,
 * so one that is no regular file, or changes its size meanwhile, is refused, and nothing is ever mapped. ZIP files become
 * the tables in them. Then the format's reader fills the roster, and only a roster without problems is handed out.
 */
#include "import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "form.h"
#include "mapping.h"
#include "oneroster.h"
#include "roster.h"
#include "words.h"
#include "xlsform.h"
#include "zipfile.h"

struct input {
	const char *name;
	const char *data;
	size_t size;
	char *owned; /* the data, if it is ours to free */
};

struct run {
	const struct import_request *request;
	const struct import_sink *sink; /* the caller's */
	struct import_sink own;         /* what the readers get: it keeps the first problem */
	struct roster roster;
	struct arena arena; /* names */
	struct input *tables;
	size_t count;
	struct problem first;
	struct buffer mapping; /* of the mappings that lie in a ZIP beside its tables */
	struct xlsform form;
};

/* ---- what readers say goes through here ---- */

static int on_row(void *context, const char *entity, const char *file, int64_t line, const struct import_cell *cells, size_t count)
{
	struct run *run = context;

	return run->sink->row(run->sink->context, entity, file, line, cells, count);
}

static int on_problem(void *context, const struct import_problem *problem)
{
	struct run *run = context;
	char where[160] = "";

	if (problem->column)
		snprintf(where, sizeof where, ", column %d (%.60s)", problem->column, problem->header ? problem->header : "no name");
	if (!problem->notice && !run->first.code)
		problem_set(&run->first, E_INVALID, "file", "%.80s, row %lld%s: %s", problem->file, (long long)problem->row, where,
			problem->text);
	return run->sink->problem ? run->sink->problem(run->sink->context, problem) : 0;
}

static void refuse(struct run *run, const char *file, const char *text)
{
	roster_say(&run->roster, 0, &(struct place){ file, 0, 0, NULL }, "%s", text);
}

static int tell_file(struct run *run, const char *name, int64_t read, int64_t taken, int64_t left_out)
{
	int rc = run->sink->file ? run->sink->file(run->sink->context, name, read, taken, left_out) : 0;

	if (rc < 0 && !run->roster.failed)
		run->roster.failed = rc;
	return rc;
}

/* ---- descriptors ---- */

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "this is a directory; pass the files in it, or a ZIP of them";
	if (S_ISFIFO(mode))
		return "this is a pipe; save it to a file and pass that";
	if (S_ISSOCK(mode))
		return "this is a socket; pass a file";
	return S_ISREG(mode) ? NULL : "this is no regular file; pass a file";
}

/* Reads exactly the stated size; NULL and a reason otherwise. */
static char *read_descriptor(int fd, size_t *ret_size, const char **ret_why)
{
	struct stat stat;
	size_t done = 0, size;
	ssize_t got = 0;
	char *data;

	*ret_why = fstat(fd, &stat) < 0 ? "the descriptor is not open; pass a file" : kind_of(stat.st_mode);
	if (!*ret_why && stat.st_size > CSV_BYTES)
		*ret_why = "the file is larger than 64 MiB; split it";
	if (*ret_why)
		return NULL;
	size = (size_t)stat.st_size;
	data = malloc(size + 1);
	if (!data)
		abort();
	while (done <= size && (got = pread(fd, data + done, size + 1 - done, (off_t)done)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		done += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		*ret_why = "the file cannot be read; is it open for reading?";
	else if (done != size)
		*ret_why = "the file changed while it was read; pass it again when it is finished";
	if (*ret_why) {
		free(data);
		return NULL;
	}
	*ret_size = size;
	return data;
}

/* ---- tables ---- */

static void add_table(struct run *run, const char *name, const char *data, size_t size, char *owned)
{
	run->tables[run->count++] = (struct input){ arena_copy(&run->arena, name), data, size, owned };
}

static bool is_mapping(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcasecmp(dot, ".mapping");
}

/* Is a file in a ZIP one that this format reads? */
static bool is_wanted(const struct run *run, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (is_mapping(name))
		return !run->request->mapping && strcmp(run->request->format, "csv") != 0;
	if (!strcmp(run->request->format, "oneroster"))
		return oneroster_reads(name);
	return dot && (!strcasecmp(dot, ".csv") || !strcasecmp(dot, ".tsv") || !strcasecmp(dot, ".txt"));
}

static void add_unpacked(struct run *run, const char *name, char *data, size_t size)
{
	if (!is_mapping(name)) {
		add_table(run, name, data, size, data);
		return;
	}
	if (memchr(data, 0, size))
		refuse(run, name, "the mapping is no plain text");
	buffer_add(&run->mapping, data, size);
	buffer_char(&run->mapping, '\n');
	free(data);
}

static void add_zip(struct run *run, const char *name, const char *data, size_t size)
{
	struct zipfile *zip = NULL;
	struct problem problem;
	int rc = zipfile_open(&zip, data, size, &problem);

	for (size_t i = 0; rc >= 0 && i < zipfile_count(zip); i++) {
		const char *inside = zipfile_name(zip, i);
		struct place here = { inside, 0, 0, NULL };
		char *unpacked;
		size_t length;

		if (!is_wanted(run, inside)) {
			roster_say(&run->roster, 1, &here, "this file of the ZIP is not read");
			continue;
		}
		if (run->count == IMPORT_FILES) {
			refuse(run, name, "too many files; pass at most 200");
			break;
		}
		rc = zipfile_read(zip, i, &unpacked, &length, &problem);
		if (rc >= 0)
			add_unpacked(run, inside, unpacked, length);
	}
	if (rc < 0)
		refuse(run, name, problem.text);
	zipfile_free(zip);
}

static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static void add_file(struct run *run, const struct import_file *file)
{
	const char *name = base_name(file->name), *data = file->data, *why = NULL;
	size_t size = file->size;
	char *owned = NULL;

	if (file->fd >= 0)
		data = owned = read_descriptor(file->fd, &size, &why);
	if (why) {
		refuse(run, name, why);
	} else if (data && zipfile_is(data, size) && strcmp(run->request->format, "xlsform") != 0) {
		add_zip(run, name, data, size);
		free(owned);
	} else if (run->count < IMPORT_FILES) {
		add_table(run, name, data ? data : "", size, owned);
	} else {
		refuse(run, name, "too many files; pass at most 200");
		free(owned);
	}
}

/* Passwords may have passed through here: what is freed is wiped. */
static void free_tables(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		if (run->tables[i].owned)
			explicit_bzero(run->tables[i].owned, run->tables[i].size);
		free(run->tables[i].owned);
	}
	free(run->tables);
	buffer_free(&run->mapping);
	arena_free(&run->arena);
}

/* ---- the formats ---- */

static void on_mapping(void *context, int line, const char *text)
{
	struct run *run = context;

	roster_say(&run->roster, 0, &(struct place){ "mapping", line, 0, NULL }, "%s", text);
}

static const struct mapping_section *section_for(struct run *run, const struct mapping *mapping, const char *name)
{
	const struct mapping_section *section = mapping_for(mapping, name);

	if (!section) {
		refuse(run, name, "no section of the mapping is for this file; write the file's name into one: file \"NAME.csv\"");
		return NULL;
	}
	if (strcmp(section->format, run->request->format)) {
		refuse(run, "mapping", "the mapping is of another format than the import; change its line 'format', or the import's");
		return NULL;
	}
	return section;
}

static void run_form(struct run *run, const struct mapping *mapping)
{
	for (size_t i = 0; i < run->count; i++) {
		const struct input *table = &run->tables[i];
		const struct mapping_section *section = section_for(run, mapping, table->name);
		struct form_counts counts;

		if (!section)
			continue;
		form_read(&run->roster, section, table->name, table->data, table->size, &counts);
		tell_file(run, table->name, counts.read, counts.taken, counts.left_out);
	}
}

static void run_oneroster(struct run *run, const struct mapping *mapping)
{
	const struct mapping_section *section = section_for(run, mapping, "users.csv");
	struct oneroster_file *files = calloc(run->count + 1, sizeof *files);

	if (!files)
		abort();
	for (size_t i = 0; i < run->count; i++)
		files[i] = (struct oneroster_file){ .name = run->tables[i].name, .data = run->tables[i].data, .size = run->tables[i].size };
	if (section)
		oneroster_read(&run->roster, section, files, run->count);
	for (size_t i = 0; section && i < run->count; i++) {
		if (files[i].used)
			tell_file(run, files[i].name, files[i].read, files[i].taken, files[i].left_out);
		else if (!oneroster_reads(files[i].name))
			roster_say(&run->roster, 1, &(struct place){ files[i].name, 0, 0, NULL }, "this file is not read");
	}
	free(files);
}

static void run_mapped(struct run *run)
{
	const char *text = run->request->mapping ? run->request->mapping : run->mapping.data;
	struct mapping mapping;

	if (!text) {
		refuse(run, "mapping", "a mapping is needed; have one proposed, look it through and pass it");
		return;
	}
	if (mapping_read(&mapping, text, on_mapping, run))
		return;
	if (!strcmp(run->request->format, "form"))
		run_form(run, &mapping);
	else
		run_oneroster(run, &mapping);
	roster_finish(&run->roster);
	mapping_free(&mapping);
}

/* ---- the plain CSV of one entity ---- */

static void csv_said(struct run *run, const struct input *table, const struct csv *csv)
{
	const struct csv_problem *problem = &csv->problem;

	roster_say(&run->roster, 0,
		&(struct place){ table->name, problem->row, problem->column,
			problem->column > 0 && problem->column <= csv->columns ? csv->headers[problem->column - 1] : NULL },
		"%s", problem->text);
}

static bool is_field(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return *name >= 'a' && *name <= 'z' && !name[length] && length < 64;
}

static void check_fields(struct run *run, const struct input *table, const struct csv *csv)
{
	for (int i = 0; i < csv->columns; i++) {
		struct place here = { table->name, 1, i + 1, csv->headers[i] };

		if (words_secret(words_fold(&run->arena, csv->headers[i], strlen(csv->headers[i]))))
			roster_say(&run->roster, 0, &here,
				"the column seems to hold passwords, which are never taken; delete it from the file");
		else if (!is_field(csv->headers[i]))
			roster_say(&run->roster, 0, &here,
				"'%.80s' is no name of a field; write the names as in given_name, or import the file "
				"as a form with a mapping",
				csv->headers[i]);
	}
}

/* One row with its empty cells left out. */
static int emit_row(struct run *run, const struct input *table, const struct csv *csv)
{
	struct import_cell cells[CSV_COLUMNS];
	size_t count = 0;
	int rc;

	for (int i = 0; i < csv->count; i++)
		if (*csv->cells[i])
			cells[count++] = (struct import_cell){ csv->headers[i], csv->cells[i] };
	if (!count)
		return 0;
	rc = on_row(run, run->request->entity, table->name, csv->row, cells, count);
	if (rc >= 0)
		run->roster.result->rows++;
	return rc;
}

/* Twice over each file: once to check all of it, and only then, if nothing was wrong anywhere, to hand its rows out. */
static int pass_csv(struct run *run, const struct input *table, bool emit)
{
	struct csv csv;
	int64_t read = 0;
	int rc = csv_open(&csv, table->data, table->size, 0), sent = 0;

	if (!rc)
		rc = csv_header(&csv);
	if (!rc && !emit)
		check_fields(run, table, &csv);
	while (!rc && sent >= 0) {
		int got = csv_next(&csv);

		read += got > 0;
		if (got == CSV_ROW && emit)
			sent = emit_row(run, table, &csv);
		else if (got == CSV_BAD)
			csv_said(run, table, &csv);
		else if (got <= 0) {
			rc = got;
			break;
		}
	}
	if (rc < 0)
		csv_said(run, table, &csv);
	csv_close(&csv);
	if (!emit)
		tell_file(run, table->name, read, read, 0);
	return sent;
}

static void check_csv(struct run *run)
{
	if (!run->request->entity || !*run->request->entity)
		refuse(run, "", "which entity the rows are of is not said; give it, as in entity=person");
	for (size_t i = 0; i < run->count; i++)
		pass_csv(run, &run->tables[i], false);
}

static int emit_csv(struct run *run)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < run->count; i++)
		rc = pass_csv(run, &run->tables[i], true);
	return rc;
}

/* ---- a questionnaire ---- */

static void run_xlsform(struct run *run)
{
	const struct input *table = &run->tables[0];

	if (run->count == 1)
		xlsform_read(&run->form, &run->roster, run->request, table->name, table->data, table->size);
	else
		refuse(run, "", "a form is one file; pass it alone");
}

/* ---- the whole ---- */

static bool is_format(const char *format)
{
	return format && (!strcmp(format, "form") || !strcmp(format, "oneroster") || !strcmp(format, "csv") || !strcmp(format, "xlsform"));
}

static void gather(struct run *run, const struct import_request *request, const struct import_sink *sink, struct import_result *result)
{
	memset(run, 0, sizeof *run);
	memset(result, 0, sizeof *result);
	run->request = request;
	run->sink = sink;
	run->own = (struct import_sink){ run, on_row, on_problem, NULL };
	roster_init(&run->roster, &run->own, result);
	run->tables = calloc(IMPORT_FILES, sizeof *run->tables);
	if (!run->tables)
		abort();
	if (!is_format(request->format)) {
		refuse(run, "", "the format is not known; it is form, oneroster, csv or xlsform");
		return;
	}
	if (!request->count || request->count > IMPORT_FILES)
		refuse(run, "", request->count ? "too many files; pass at most 200" : "no file was passed; pass at least one");
	for (size_t i = 0; i < request->count && request->count <= IMPORT_FILES; i++)
		add_file(run, &request->files[i]);
}

static int summary(const struct run *run, struct problem *problem)
{
	int64_t count = run->roster.result->problems;

	if (count == 1)
		*problem = run->first;
	else
		problem_set(
			problem, E_INVALID, "file", "%lld problems, nothing is taken; the first: %s", (long long)count, run->first.text);
	return E_INVALID;
}

int import_run(const struct import_request *request, const struct import_sink *sink, struct import_result *result, struct problem *problem)
{
	struct run run;
	bool plain, form;
	int rc;

	gather(&run, request, sink, result);
	plain = is_format(request->format) && !strcmp(request->format, "csv");
	form = is_format(request->format) && !strcmp(request->format, "xlsform");
	if (!result->problems && plain)
		check_csv(&run);
	else if (!result->problems && form)
		run_xlsform(&run);
	else if (!result->problems)
		run_mapped(&run);
	if (run.roster.failed)
		rc = run.roster.failed;
	else if (result->problems)
		rc = summary(&run, problem);
	else
		rc = plain ? emit_csv(&run) : form ? xlsform_emit(&run.form, &run.own) : roster_emit(&run.roster);
	xlsform_free(&run.form);
	roster_free(&run.roster);
	free_tables(&run);
	return rc < 0 ? rc : 0;
}

/* What the caller says, else what the file's name says: 'mentees-2026.csv' holds mentees. */
static const char *role_of(const struct import_request *request, const char *name)
{
	for (size_t i = 0; i < request->count; i++)
		if (request->files[i].role && (request->count == 1 || !strcmp(base_name(request->files[i].name), name)))
			return request->files[i].role;
	if (strcasestr(name, "mentee"))
		return "mentee";
	return strcasestr(name, "mentor") ? "mentor" : NULL;
}

static const char oneroster_proposal[] =
	"mapping 1\n"
	"format oneroster\n"
	"# Who joins, and as what: the first line that fits a user decides; who fits none stays out.\n"
	"# Conditions: role, grade, class (title, code or sourcedId), org; separated by commas, all must hold.\n"
	"join mentor role teacher\n"
	"join mentee role student\n";

int import_propose(const struct import_request *request, char **ret_text, struct problem *problem)
{
	const struct import_sink nobody = { 0 };
	struct import_result result;
	struct buffer text = { 0 };
	struct run run;
	int rc = 0;

	gather(&run, request, &nobody, &result);
	if (result.problems)
		rc = summary(&run, problem);
	else if (!strcmp(request->format, "csv") || !strcmp(request->format, "xlsform"))
		rc = problem_set(problem, E_INVALID, "format", "a file of this format needs no mapping: its header names the fields");
	else if (!strcmp(request->format, "oneroster"))
		buffer_text(&text, oneroster_proposal);
	for (size_t i = 0; !rc && !strcmp(request->format, "form") && i < run.count; i++) {
		if (i)
			buffer_char(&text, '\n');
		rc = form_propose(
			&text, run.tables[i].name, role_of(request, run.tables[i].name), run.tables[i].data, run.tables[i].size, problem);
	}
	buffer_char(&text, '\0');
	if (!rc)
		*ret_text = text.data;
	else
		buffer_free(&text);
	roster_free(&run.roster);
	free_tables(&run);
	return rc;
}
