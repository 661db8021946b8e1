/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of job: what is due, what is written back, what waits for standing kinds, and what changed zone data does to it.
 *
 * A row keeps a nominal local time, its zone and the instant computed from both. The instant is computed anew when the
 * row is looked at, and for all waiting rows at start, once a day and at a reload, when zone data may have changed on the disk: in slices
 * beside other turns, for a row that is due later than it says is put right when it is looked at.
 */
#include "inner.h"

#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "core/log.h"

enum {
	ZONE_SLICE = 500,
	TRIES = 1000
};

const struct caller schedule_caller = { .way = BY_JOB, .login = NONE, .person = NONE };

static const struct job *job_named(const char *name)
{
	for (int i = 0; entities[i]; i++)
		for (const struct job *j = entities[i]->jobs; j && j->name; j++)
			if (!strcmp(j->name, name))
				return j;
	return NULL;
}

/* ---- reading ---- */

static int statement(struct scheduler *s, const char *sql, struct stmt **ret, struct problem *problem)
{
	return engine_prepare(store_engine(s->setup.store), sql, true, ret, problem);
}

/* False: the zone or the local time cannot be read, and the stored instant counts. */
static bool place(struct scheduler *s, const char *nominal, const char *zone, struct row *row)
{
	struct zones *zones = store_zones(s->setup.store);

	if (zones_get(zones, zone, &row->zone, NULL)) {
		if (zones_miss(zones, zone)) /* the name of a person's zone is data */
			log_event(EVENT_RUNTIME_ERROR,
				&(struct log_facts){ .entity = "job", .object = row->id, .field = "zone", .code = E_UNAVAILABLE });
	} else if (!local_parse(nominal, &row->nominal, NULL)) {
		zone_instant(row->zone, row->nominal, &row->instant);
		return true;
	}
	row->zone = zone_utc();
	row->nominal = row->instant = row->due;
	return false;
}

#define COLUMNS "\"id\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\""

static void row_read(struct scheduler *s, struct stmt *q, struct row *row)
{
	*row = (struct row){ .scheduler = s,
		.id = engine_int(q, 0),
		.subject = engine_int(q, 2),
		.due = engine_int(q, 5),
		.cursor = engine_int(q, 6),
		.attempts = engine_int(q, 7),
		.running = !strcmp(engine_text(q, 8), "running") };
	snprintf(row->kind, sizeof row->kind, "%s", engine_text(q, 1));
	snprintf(row->zone_text, sizeof row->zone_text, "%s", engine_text(q, 4));
	row->job = job_named(row->kind);
	place(s, engine_text(q, 3), row->zone_text, row);
}

static bool waits_for_resume(const struct scheduler *s, const struct row *row)
{
	return s->leapt && row->job && row->job->flags & DESTROYS;
}

int rows_due(struct scheduler *s, int64_t upto, struct row *rows, int room, int *ret_count, struct problem *problem)
{
	/* two arms in the order of their index, merged: nothing is sorted, however many are due */
	static const char sql[] = "SELECT " COLUMNS " FROM \"job\" WHERE \"state\" = 'waiting' AND \"due\" <= ?1 UNION ALL "
				  "SELECT " COLUMNS " FROM \"job\" WHERE \"state\" = 'running' AND \"due\" <= ?1 ORDER BY \"due\", \"id\"";
	struct stmt *q;
	int r = statement(s, sql, &q, problem);

	*ret_count = 0;
	if (r)
		return r;
	engine_bind_int(q, 1, upto);
	while (*ret_count < room && (r = engine_step(store_engine(s->setup.store), q, problem)) > 0) {
		row_read(s, q, &rows[*ret_count]);
		*ret_count += !waits_for_resume(s, &rows[*ret_count]);
	}
	engine_reset(q);
	return r < 0 ? r : 0;
}

/* ---- writing ---- */

int row_write(struct call *call, const struct row *row, const char *state, int64_t due, const char *problem)
{
	bool over = *state == 'd' || *state == 's';
	struct stmt *q;
	int r = statement(row->scheduler,
		"UPDATE \"job\" SET \"state\" = ?1, \"due\" = ?2, \"cursor\" = ?3, \"attempts\" = ?4, \"problem\" = ?5, "
		"\"done_at\" = ?6, \"version\" = \"version\" + 1 WHERE \"id\" = ?7",
		&q, &call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, state);
	engine_bind_int(q, 2, due);
	engine_bind_int(q, 3, row->cursor);
	engine_bind_int(q, 4, row->attempts);
	engine_bind_text(q, 5, problem);
	engine_bind_int(q, 6, over ? call->now : NONE);
	engine_bind_int(q, 7, row->id);
	return engine_step(store_engine(call->store), q, &call->problem);
}

/* ---- standing kinds ---- */

int row_schedule(struct call *call, const struct job *job, const struct zone *zone, int64_t nominal, struct schedule *ret)
{
	struct rrule *rule;
	int r;

	*ret = (struct schedule){ .start = nominal, .zone = zone, .policy = job->catch_up, .late_max = job->late_max };
	if (!job->rule)
		return 0;
	rule = arena_new(call->arena, sizeof *rule);
	r = rrule_parse(job->rule, rule, &call->problem);
	ret->rule = rule;
	ret->start = local_make(&(struct civil){ 2020, 1, 1, 0, 0, 0 });
	return r;
}

/* 1: a row of the standing kind waits or runs; *ret_nominal says which, NONE if it cannot be read. */
static int standing_row(struct call *call, struct scheduler *s, const struct job *job, int64_t *ret_nominal)
{
	struct stmt *q;
	int r = statement(s,
		"SELECT \"nominal\" FROM \"job\" WHERE \"kind\" = ?1 AND \"subject\" = 0 AND \"state\" IN ('waiting', 'running')", &q,
		&call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, job->name);
	r = engine_step(store_engine(call->store), q, &call->problem);
	if (r > 0 && local_parse(engine_text(q, 0), ret_nominal, NULL))
		*ret_nominal = NONE;
	engine_reset(q);
	return r;
}

/* 1: written; 0: this nominal time had its row already. */
static int insert(struct call *call, struct scheduler *s, const struct job *job, const struct zone *zone, const struct due *due)
{
	char nominal[DATE_TEXT];
	struct stmt *q;
	int64_t added;
	int r = statement(s,
		"INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") "
		"VALUES (1, ?1, 0, ?2, ?3, ?4, 0, 0, 'waiting') ON CONFLICT (\"kind\", \"subject\", \"nominal\", \"zone\") DO UPDATE SET "
		"\"state\" = 'waiting', \"due\" = excluded.\"due\", \"cursor\" = 0, \"attempts\" = 0 WHERE \"state\" = 'withdrawn'",
		&q, &call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, job->name);
	engine_bind_text(q, 2, local_print(due->nominal, nominal));
	engine_bind_text(q, 3, zone_name(zone));
	engine_bind_int(q, 4, due->instant);
	r = engine_step(store_engine(call->store), q, &call->problem);
	if (r)
		return r;
	added = engine_changes(store_engine(call->store));
	call->jobs += added;
	return added > 0;
}

/* Nominal times that had their row, before the clock was set back, are not written again. */
static int standing_write(struct call *call, struct scheduler *s, const struct job *job, int64_t after)
{
	const struct zone *zone = zone_of(call, NULL);
	struct schedule schedule;
	struct due due = { .nominal = after };
	int r = row_schedule(call, job, zone, 0, &schedule);

	for (int i = 0; i < TRIES && !r && schedule_next(&schedule, due.nominal, &due); i++)
		r = insert(call, s, job, zone, &due);
	return r < 0 ? r : 0;
}

int standing_next(struct call *call, struct scheduler *s, const struct job *job, int64_t after)
{
	int64_t nominal;
	int r = standing_row(call, s, job, &nominal);

	return r < 0 ? r : r ? 0 : standing_write(call, s, job, after);
}

/* Beyond the next time but one after now: only a clock that was set back brings that about. */
static int standing_is_far(struct call *call, const struct job *job, int64_t now, int64_t nominal, bool *ret)
{
	struct schedule schedule;
	struct due next;
	int r = row_schedule(call, job, zone_of(call, NULL), 0, &schedule);

	*ret = !r && nominal != NONE && schedule_next(&schedule, now, &next) && schedule_next(&schedule, next.nominal, &next) &&
		nominal > next.nominal + DAY; /* a day for another zone */
	return r;
}

static int standing_one(struct call *call, struct scheduler *s, const struct job *job)
{
	int64_t now = zone_local(zone_of(call, NULL), call->now), nominal;
	bool far = false;
	int r = standing_row(call, s, job, &nominal);

	if (r > 0)
		r = standing_is_far(call, job, now, nominal, &far);
	if (!r && far)
		r = unplan(call, job->name, 0);
	return r ? r : standing_next(call, s, job, now);
}

int standing_all(struct call *call, void *data)
{
	int r = 0;

	for (int i = 0; entities[i] && !r; i++)
		for (const struct job *j = entities[i]->jobs; j && j->name && !r; j++)
			if (j->rule)
				r = standing_one(call, data, j);
	return r;
}

/* ---- zone data that changed ---- */

struct moved {
	int64_t id, due;
};

static int move(struct call *call, struct scheduler *s, const struct moved *moved)
{
	struct stmt *q;
	int r = statement(s, "UPDATE \"job\" SET \"due\" = ?1, \"version\" = \"version\" + 1 WHERE \"id\" = ?2", &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, moved->due);
	engine_bind_int(q, 2, moved->id);
	return engine_step(store_engine(call->store), q, &call->problem);
}

static int gather_moved(struct call *call, struct scheduler *s, struct moved *moved, int *ret_moved, int *ret_rows)
{
	struct stmt *q;
	int r = statement(s,
		"SELECT \"id\", \"nominal\", \"zone\", \"due\" FROM \"job\" WHERE \"id\" > ?1 AND \"state\" = 'waiting' AND \"attempts\" = 0 "
		"ORDER BY \"id\" LIMIT ?2",
		&q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, s->zones_from);
	engine_bind_int(q, 2, ZONE_SLICE);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0) {
		struct row row = { .id = engine_int(q, 0), .due = engine_int(q, 3) };

		++*ret_rows;
		s->zones_from = row.id;
		if (place(s, engine_text(q, 1), engine_text(q, 2), &row) && row.instant != row.due)
			moved[(*ret_moved)++] = (struct moved){ s->zones_from, row.instant };
	}
	return r;
}

int zones_slice(struct call *call, void *data)
{
	struct scheduler *s = data;
	struct moved *moved = arena_new(call->arena, ZONE_SLICE * sizeof *moved);
	int count = 0, rows = 0, r = gather_moved(call, s, moved, &count, &rows);

	for (int i = 0; i < count && !r; i++)
		r = move(call, s, &moved[i]);
	if (rows < ZONE_SLICE)
		s->zones_from = NONE;
	return r;
}
