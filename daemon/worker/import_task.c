/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/entity.h"
#include "import.h"
#include "link.h"
#include "sandbox.h"

enum {
	WORD,
	FORMAT,
	MAPPING,
	ENTITY,
	ROLE,
	NAME,
	KEY_GIVEN,
	LEAVE_OUT,
	CELLS
};

static const char *number(char out[24], int64_t n)
{
	snprintf(out, 24, "%lld", (long long)n);
	return out;
}

static int on_row(void *context, const char *entity, const char *file, int64_t line, const struct import_cell *cells, size_t count)
{
	const char *frame[4 + 2 * IMPORT_CELLS] = { "row", entity, file };
	char text[24];

	(void)context;
	frame[3] = number(text, line);
	for (size_t i = 0; i < count; i++) {
		frame[4 + 2 * i] = cells[i].field;
		frame[5 + 2 * i] = cells[i].value;
	}
	link_send(frame, 4 + 2 * count);
	return 0;
}

static int on_problem(void *context, const struct import_problem *problem)
{
	char row[24], column[24];

	(void)context;
	SEND("problem", problem->notice ? "1" : "0", problem->file, number(row, problem->row), number(column, problem->column),
		problem->header, problem->text);
	return 0;
}

static int begin(const struct frame *first, struct import_file *file, struct import_request *request, struct problem *problem)
{
	if (first->count != CELLS || !first->cells[FORMAT] || !first->cells[NAME])
		return problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions");
	*file = (struct import_file){ .name = first->cells[NAME], .fd = INPUT_FD, .role = first->cells[ROLE] };
	*request = (struct import_request){ .format = first->cells[FORMAT],
		.mapping = first->cells[MAPPING],
		.entity = first->cells[ENTITY],
		.key = first->cells[KEY_GIVEN],
		.leave_out = first->cells[LEAVE_OUT] != NULL,
		.files = file,
		.count = 1 };
	return sandbox_enter(-1, problem);
}

int import_task(const struct frame *first, struct problem *problem)
{
	struct import_sink sink = { .row = on_row, .problem = on_problem };
	struct import_file file;
	struct import_request request;
	struct import_result result = { 0 };
	char rows[24], problems[24];
	int r = begin(first, &file, &request, problem);

	if (r)
		return r;
	r = import_run(&request, &sink, &result, problem);
	if (r < 0 && (r != E_INVALID || !result.problems))
		return r;
	SEND("done", number(rows, r ? 0 : result.rows), number(problems, result.problems));
	return 0;
}

int propose_task(const struct frame *first, struct problem *problem)
{
	struct import_file file;
	struct import_request request;
	char *text;
	int r = begin(first, &file, &request, problem);

	if (!r)
		r = import_propose(&request, &text, problem);
	if (r)
		return r;
	SEND("mapping", text);
	free(text);
	return 0;
}
