/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The preview: plays the schedule forward, each job at its own time, inside a savepoint that is undone at the end.
 *
 * So what jobs plan and cancel shows too. What has effects outside the database is named and not tried; a job that cannot be done
 * is named and left. All of it holds the loop, and nothing of it is kept: so it ends when it has cost enough, and says so.
 */
#include "inner.h"

#include <time.h>

#include "core/date.h"

struct preview {
	struct scheduler *s;
	const struct preview_bounds *bounds;
	int64_t began, shown, played;
	bool enough, cut;
	int (*seen)(void *, const struct scheduled *);
	void *data;
};

static int64_t clock_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static bool is_enough(const struct preview *p)
{
	return p->enough || p->shown >= p->bounds->shown || p->played >= p->bounds->played || clock_usec() - p->began >= p->bounds->usec;
}

static int show(struct preview *p, const struct row *row)
{
	char nominal[DATE_TEXT];
	struct scheduled one = { row->kind, NULL, row->subject, row->due, local_print(row->nominal, nominal), zone_name(row->zone) };
	int r;

	if (row->job->subject)
		one.entity = shape_named(row->job->subject)->entity;
	r = p->seen(p->data, &one);
	p->enough = r > 0;
	p->shown++;
	return r < 0 ? r : 0;
}

/* What a failure has changed is undone; the row is out of the way. */
static int attempt(struct call *call, struct row *row)
{
	struct engine *engine = store_engine(call->store);
	struct row before = *row;
	int r = engine_savepoint(engine, &call->problem);

	if (r)
		return r;
	r = row_carry_out(call, row, true);
	if (r >= 0 || engine_lost(engine))
		return r < 0 ? r : engine_release(engine, &call->problem);
	r = engine_undo(engine, &call->problem);
	return r ? r : row_write(call, &before, "failed", row->due, NULL);
}

static int step(struct call *call, struct preview *p, struct row *row)
{
	enum verdict verdict = VERDICT_RUNS;
	struct due next;
	bool more;
	int r = 0;

	if (!row->job)
		return row_write(call, row, "failed", row->due, NULL);
	if (row->due > call->now)
		call->now = row->due;
	r = row_judge(call, row, &verdict, &next, &more);
	if (!r && verdict == VERDICT_RUNS && !row->running)
		r = show(p, row);
	return r ? r : attempt(call, row);
}

static int play(struct call *call, void *data)
{
	struct preview *p = data;
	struct row row;
	int count = 1, r = 0;

	while (!r && count) {
		r = rows_due(p->s, p->bounds->until, &row, 1, &count, &call->problem);
		if (r || !count)
			break;
		if (is_enough(p)) {
			p->cut = true;
			break;
		}
		p->played++;
		r = step(call, p, &row);
	}
	return r;
}

int scheduler_preview(struct scheduler *s, const struct preview_bounds *bounds, int (*seen)(void *, const struct scheduled *), void *data,
	bool *ret_more, struct problem *problem)
{
	struct preview preview = { s, bounds, clock_usec(), 0, 0, false, false, seen, data };
	int r = store_suppose(s->setup.store, &schedule_caller, store_now(s->setup.store), play, &preview, problem);

	*ret_more = preview.cut;
	return r < 0 ? r : 0;
}
