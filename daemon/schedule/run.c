/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One job: judged by its kind's catch-up policy, run, and written back with what comes next, in one savepoint.
 *
 * A nominal time that is passed over stays as a row 'skipped', and the one that is to run instead gets a row of its own. So
 * each row is one nominal time and says what became of it.
 */
#include "inner.h"

#include "core/log.h"

enum {
	ATTEMPTS = 5,
	BACK_OFF = 60
};

/* Its instant stands in the row as it was computed; anything else was written by a later try or by Retry. */
static bool is_first_look(const struct row *row)
{
	return !row->attempts && !row->cursor && !row->running && row->due <= row->instant;
}

int row_judge(struct call *call, const struct row *row, enum verdict *ret, struct due *ret_next, bool *ret_more)
{
	struct schedule schedule;
	int r = row_schedule(call, row->job, row->zone, row->nominal, &schedule);

	*ret = VERDICT_RUNS;
	*ret_more = false;
	if (r || !is_first_look(row))
		return r;
	*ret = catchup(&schedule, row->nominal, call->now, ret_next, ret_more);
	return 0;
}

/* A standing kind goes on with the first nominal time after one that is over. */
static int go_on(struct call *call, const struct row *row, int64_t after)
{
	return row->job->rule ? standing_next(call, row->scheduler, row->job, after) : 0;
}

static int pass_over(struct call *call, const struct row *row, const struct due *next, bool more)
{
	int r = row_write(call, row, "skipped", row->due, NULL);

	return r || !more ? r : go_on(call, row, next->nominal - 1);
}

static int run(struct call *call, struct row *row)
{
	int r = row->job->run(call, row->subject, row->instant, &row->cursor);

	if (r < 0)
		return r;
	if (r > 0) {
		row->attempts = 0; /* it comes on */
		return row_write(call, row, "running", row->due, NULL);
	}
	r = row_write(call, row, "done", row->due, NULL);
	return r ? r : go_on(call, row, row->nominal);
}

int row_carry_out(struct call *call, struct row *row, bool only_look)
{
	enum verdict verdict;
	struct due next;
	bool more;
	int r = row_judge(call, row, &verdict, &next, &more);

	if (r)
		return r;
	call->caller->job = row->job->name;
	if (verdict == VERDICT_WAITS)
		return row_write(call, row, "waiting", next.instant, NULL);
	if (verdict == VERDICT_PASSES)
		return pass_over(call, row, &next, more);
	if (!only_look || !(row->job->flags & OUTSIDE))
		return run(call, row);
	r = row_write(call, row, "done", row->due, NULL);
	return r ? r : go_on(call, row, row->nominal);
}

/* ---- as a piece of a turn ---- */

static int try(struct call *call, void *data)
{
	return row_carry_out(call, data, false);
}

struct failure {
	struct row *row;
	int code;
};

/* A standing kind that is given up this time is tried at its next one. */
static int note_failure(struct call *call, void *data)
{
	const struct failure *f = data;
	bool given_up = ++f->row->attempts >= ATTEMPTS;
	int r = row_write(call, f->row,
		given_up                  ? "failed"
			: f->row->running ? "running"
					  : "waiting",
		call->now + ((int64_t)BACK_OFF << f->row->attempts), error_name(f->code));

	return r || !given_up || !f->row->job ? r : go_on(call, f->row, f->row->nominal);
}

int row_run(struct scheduler *s, struct row *row, struct problem *problem)
{
	struct row before = *row;
	struct failure failure = { &before, E_UNAVAILABLE };
	int r;

	if (row->job)
		failure.code = store_do(s->setup.store, &schedule_caller, try, row, problem);
	if (failure.code >= 0)
		return 0;
	if (store_lost(s->setup.store))
		return failure.code;
	r = store_do(s->setup.store, &schedule_caller, note_failure, &failure, problem);
	log_event(EVENT_JOB_FAILED, &(struct log_facts){ .job = before.kind, .object = before.subject, .code = failure.code });
	return r < 0 ? r : 0;
}
