/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kinds of work, one row each, and how the cells of a stranger's frame are read.
 *
 * Every cell is checked before anything is done with it: there, a number in its range, UTF-8 without control characters, not too
 * long. A frame that does not pass ends the work; nothing of its slice stays.
 */
#include "inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "model/model.h"
#include "store/backup.h"

const struct work_kind *kind_named(const char *name)
{
	for (int i = 0; work_kinds[i]; i++)
		if (!strcmp(work_kinds[i]->name, name))
			return work_kinds[i];
	return NULL;
}

/* ---- cells ---- */

int refuse(struct call *call, const char *what)
{
	return fail(call, E_INVALID, NULL, "the worker's answer cannot be true (%s), so none of it was used; look into the log", what);
}

int cell_number(struct call *call, const struct frame *frame, size_t at, int64_t least, int64_t most, int64_t *ret)
{
	if (at >= frame->count || !frame_number(frame->cells[at], ret))
		return refuse(call, "a number is none");
	return *ret < least || *ret > most ? refuse(call, "a number is out of its range") : 0;
}

int cell_text(struct call *call, const struct frame *frame, size_t at, size_t most, bool lines, char **ret)
{
	static char nothing[] = "";
	size_t length;

	if (at >= frame->count)
		return refuse(call, "a cell is missing");
	*ret = frame->cells[at] ? frame->cells[at] : nothing;
	length = strlen(*ret);
	if (length > most)
		return refuse(call, "a text is too long");
	return text_check(*ret, length, lines ? TEXT_LINES : 0, &(struct problem){ 0 })
		? refuse(call, "a text has characters that no text has")
		: 0;
}

int common_frame(struct call *call, struct piece *piece, const struct frame *frame, double from, double to)
{
	const char *word = frame->cells[0];
	char *text, *end;
	double part;
	int64_t code;
	int r;

	if (!strcmp(word, "progress")) {
		if (frame->count != 2 || !frame->cells[1])
			return refuse(call, "a progress is none");
		part = strtod(frame->cells[1], &end);
		if (*end || !(part >= 0 && part <= 1))
			return refuse(call, "a progress is none");
		task_progress(piece->workers->setup.tasks, piece->task, from + part * (to - from));
		return 1;
	}
	if (strcmp(word, "fail"))
		return 0;
	if (frame->count != 3)
		return refuse(call, "a failure has no reason");
	r = cell_number(call, frame, 1, E_LAST, -1, &code);
	if (!r)
		r = cell_text(call, frame, 2, sizeof call->problem.text - 1, false, &text);
	/* only what a worker may say: never that the store failed */
	return r ? r : fail(call, code == E_INVALID ? E_CONFLICT : E_UNAVAILABLE, NULL, "%s", text);
}

/* ---- work of the database itself: no worker, no turn ---- */

static int backup_outside(struct piece *piece, struct problem *problem)
{
	struct store *store = piece->workers->setup.store;
	struct backup *backup = piece->own;
	int r;

	if (!backup) {
		r = store_backup_begin(store, &backup, problem);
		piece->own = backup;
		if (r)
			log_event(EVENT_BACKUP_FAILED, &(struct log_facts){ .code = r });
		return r ? r : 1;
	}
	r = store_backup_step(store, backup, problem);
	if (r < 0)
		log_event(EVENT_BACKUP_FAILED, &(struct log_facts){ .code = r });
	if (!r) {
		log_event(EVENT_BACKUP_MADE, NULL);
		task_result(
			piece->workers->setup.tasks, piece->task, "name", (struct value){ .type = V_TEXT, .text = backup_name(backup) });
	}
	return r;
}

static void backup_forget(struct piece *piece)
{
	backup_free(piece->own);
}

static int check_outside(struct piece *piece, struct problem *problem)
{
	int r = engine_quick_check(store_engine(piece->workers->setup.store), problem);

	if (r < 0)
		log_event(EVENT_CHECK_FAILED, &(struct log_facts){ .code = r });
	return r;
}

/* A reader that holds an old state back is no failure: the next commit asks again. */
static int checkpoint_outside(struct piece *piece, struct problem *problem)
{
	int r = engine_checkpoint(store_engine(piece->workers->setup.store), false, problem);

	return r < 0 ? r : 0;
}

const struct work_kind backup_kind = { .name = "backup", .outside = backup_outside, .forget = backup_forget };
const struct work_kind check_kind = { .name = "database check", .outside = check_outside };
const struct work_kind checkpoint_kind = { .name = "checkpoint", .outside = checkpoint_outside };

const struct work_kind *const work_kinds[] = { &match_kind, &preview_kind, &explain_kind, &outlook_kind, &compare_kind, &fairness_kind,
	&import_kind, &proposal_kind, &backup_kind, &check_kind, &checkpoint_kind, NULL };
