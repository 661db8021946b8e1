/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of imports share: a sink that writes down all that it is told, one line each, so that a test compares
 * text; files from tests/unit/data; and running an import from memory.
 */
#ifndef IMPORT_TEST_H
#define IMPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text.h"
#include "worker/import.h"

struct told {
	struct buffer rows, problems, files;
	struct import_result result;
	struct problem problem;
	int rc;
	int64_t stop_after; /* rows after which the sink refuses; 0: never */
};

static inline int told_row(void *context, const char *entity, const char *file, int64_t line, const struct import_cell *cells, size_t count)
{
	struct told *told = context;

	buffer_print(&told->rows, "%s %s:%d", entity, file, (int)line);
	for (size_t i = 0; i < count; i++)
		buffer_print(&told->rows, " %s=%s", cells[i].field, cells[i].value);
	buffer_char(&told->rows, '\n');
	return told->stop_after && --told->stop_after == 0 ? E_FULL : 0;
}

static inline int told_problem(void *context, const struct import_problem *problem)
{
	struct told *told = context;

	buffer_print(&told->problems, "%s %s:%d:%d %s: %s\n", problem->notice ? "notice" : "problem", problem->file, (int)problem->row,
		problem->column, problem->header ? problem->header : "-", problem->text);
	return 0;
}

static inline int told_file(void *context, const char *file, int64_t read, int64_t taken, int64_t left_out)
{
	struct told *told = context;

	buffer_print(&told->files, "%s %d %d %d\n", file, (int)read, (int)taken, (int)left_out);
	return 0;
}

static inline void told_free(struct told *told)
{
	buffer_free(&told->rows);
	buffer_free(&told->problems);
	buffer_free(&told->files);
	memset(told, 0, sizeof *told);
}

static inline const char *told_rows(const struct told *told)
{
	return buffer_string(&told->rows);
}

static inline const char *told_problems(const struct told *told)
{
	return buffer_string(&told->problems);
}

static inline void told_import(struct told *told, const struct import_request *request)
{
	const struct import_sink sink = { told, told_row, told_problem, told_file };

	told->rc = import_run(request, &sink, &told->result, &told->problem);
}

/* A form from memory, with its mapping. */
static inline void told_form(struct told *told, const char *mapping, const char *text)
{
	const struct import_file file = { .name = "form.csv", .fd = -1, .data = text, .size = strlen(text) };
	const struct import_request request = { .format = "form", .mapping = mapping, .files = &file, .count = 1 };

	told_import(told, &request);
}

#define assert_holds(text, part) \
	do { \
		if (!strstr((text), (part))) \
			fail_msg("'%s' is not in:\n%s", (part), (text)); \
	} while (0)
#define assert_lacks(text, part) \
	do { \
		if (strstr((text), (part))) \
			fail_msg("'%s' is in:\n%s", (part), (text)); \
	} while (0)

/* The folder of the sources: told by the test runner, or found from where this file was compiled. */
static inline void source_path(char *path, size_t size, const char *name)
{
	const char *source = getenv("MENTORSHIP_SOURCE");
	const char *end = strstr(__FILE__, "tests/unit/");

	if (source)
		snprintf(path, size, "%s/%s", source, name);
	else
		snprintf(path, size, "%.*s%s", end ? (int)(end - __FILE__) : 0, __FILE__, name);
}

static inline char *file_text(const char *path, size_t *ret_size)
{
	FILE *in = fopen(path, "rb");
	char *text;
	long size;

	if (!in)
		fail_msg("cannot open %s", path);
	fseek(in, 0, SEEK_END);
	size = ftell(in);
	rewind(in);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, in), size);
	fclose(in);
	if (ret_size)
		*ret_size = (size_t)size;
	return text;
}

static inline char *source_text(const char *name, size_t *ret_size)
{
	char path[4096];

	source_path(path, sizeof path, name);
	return file_text(path, ret_size);
}

#endif
