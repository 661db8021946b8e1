/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/date.h"
#include "core/field.h"
#include "core/log.h"
#include "core/settings.h"
#include "core/zone.h"
#include "rrule.h"

enum { TURN_JOBS = 20, ATTEMPTS = 5, WEEK = 7 * DAY, BACK_OFF = 60 };

struct scheduler {
	struct scheduler_setup setup;
	struct event *timer, *now;
	int fd;
	int64_t next;                 /* instant that the timer stands at; NONE: none */
	int64_t wall, boot;           /* both clocks when last looked at */
	bool leapt;
};

/* A row of job that is due, as far as running it needs. */
struct due_job {
	struct scheduler *scheduler;
	int64_t id, subject, due, cursor, attempts, nominal;
	char kind[64], zone[64];
	const struct job *job;
	bool only_look;
};

static const struct caller job_caller = { .way = BY_JOB, .login = NONE, .person = NONE };

static int64_t clock_seconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec;
}

/* ---- kinds ---- */

static const struct job *kind_named(const char *name)
{
	for (int i = 0; entities[i]; i++)
		for (const struct job *j = entities[i]->jobs; j && j->name; j++)
			if (!strcmp(j->name, name))
				return j;
	return NULL;
}

static const struct zone *zone_named(struct scheduler *s, const char *name)
{
	const struct zone *zone;

	return zones_get(store_zones(s->setup.store), name, &zone, NULL) ? zone_utc() : zone;
}

/* ---- rows ---- */

static int row_statement(struct scheduler *s, const char *sql, struct stmt **ret, struct problem *problem)
{
	return engine_prepare(store_engine(s->setup.store), sql, true, ret, problem);
}

/* The next occurrence of a standing kind after a local time. */
static int plan_rule(struct call *call, struct scheduler *s, const struct job *job, int64_t after_local)
{
	const struct zone *zone = zone_of(call, NULL);
	struct rrule_iterator *it = arena_new(call->arena, sizeof *it);
	struct rrule rule;
	int64_t local, instant;
	int r = rrule_parse(job->rule, &rule, &call->problem);

	(void)s;
	if (r)
		return r;
	rrule_begin_after(it, &rule, local_make(&(struct civil){ 2020, 1, 1, 0, 0, 0 }), zone, after_local);
	if (!rrule_step(it, &local))
		return 0;
	zone_instant(zone, local, &instant);
	return plan(call, job->name, 0, instant, zone_name(zone));
}

static int plan_missing(struct call *call, void *data)
{
	int r = 0;

	for (int i = 0; entities[i] && !r; i++)
		for (const struct job *j = entities[i]->jobs; j && j->name && !r; j++) {
			struct stmt *q;

			if (!j->rule)
				continue;
			r = row_statement(data, "SELECT 1 FROM \"job\" WHERE \"kind\" = ?1 AND \"subject\" = 0 AND \"state\" IN ('waiting', 'running', 'failed')", &q,
			                  &call->problem);
			if (r)
				break;
			engine_bind_text(q, 1, j->name);
			r = engine_step(store_engine(call->store), q, &call->problem);
			engine_reset(q);
			r = r > 0 ? 0 : r < 0 ? r : plan_rule(call, data, j, zone_local(zone_of(call, NULL), call->now));
		}
	return r;
}

/* ---- zone data that changed ---- */

static int fix_due(struct call *call, void *data)
{
	struct scheduler *s = data;
	struct { int64_t id, due; } *rows = arena_new(call->arena, 10000 * sizeof *rows);
	struct stmt *q;
	int64_t after = 0;
	int r, count;

	do {
		count = 0;
		r = row_statement(s, "SELECT \"id\", \"nominal\", \"zone\", \"due\" FROM \"job\" WHERE \"id\" > ?1 AND \"state\" = 'waiting' AND \"attempts\" = 0 "
		                  "AND \"zone\" <> 'UTC' ORDER BY \"id\" LIMIT 10000", &q, &call->problem);
		if (r)
			return r;
		engine_bind_int(q, 1, after);
		while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0) {
			int64_t local, instant;

			after = engine_int(q, 0);
			if (local_parse(engine_text(q, 1), &local, NULL))
				continue;
			zone_instant(zone_named(s, engine_text(q, 2)), local, &instant);
			if (instant != engine_int(q, 3)) {
				rows[count].id = after;
				rows[count++].due = instant;
			}
		}
		for (int i = 0; i < count && r >= 0; i++) {
			r = row_statement(s, "UPDATE \"job\" SET \"due\" = ?1 WHERE \"id\" = ?2", &q, &call->problem);
			if (r)
				return r;
			engine_bind_int(q, 1, rows[i].due);
			engine_bind_int(q, 2, rows[i].id);
			r = engine_step(store_engine(call->store), q, &call->problem);
		}
	} while (r >= 0 && count == 10000);
	return r;
}

/* A hash over the zone data that waiting jobs stand on. */
static int zones_stamp(struct scheduler *s, char out[24], struct problem *problem)
{
	uint64_t stamp = 0;
	struct stmt *q;
	int r = row_statement(s, "SELECT DISTINCT \"zone\" FROM \"job\" WHERE \"state\" = 'waiting' ORDER BY 1", &q, problem);

	if (r)
		return r;
	while ((r = engine_step(store_engine(s->setup.store), q, problem)) > 0)
		stamp = stamp * 1000003 + zone_stamp(zone_named(s, engine_text(q, 0)));
	snprintf(out, 24, "%llx", (unsigned long long)stamp);
	return r;
}

static int follow_zone_data(struct scheduler *s, struct problem *problem)
{
	char now[24], before[24] = "";
	int r = zones_stamp(s, now, problem);

	if (!r)
		r = store_note(s->setup.store, "zone_stamp", before, sizeof before, now, problem);
	if (r || !strcmp(now, before))
		return r;
	return store_do(s->setup.store, &job_caller, fix_due, s, problem);
}

/* ---- one job ---- */

static int write_row(struct call *call, const struct due_job *due, const char *state, int64_t when, const char *problem)
{
	struct stmt *q;
	int r = row_statement(due->scheduler, "UPDATE \"job\" SET \"state\" = ?1, \"due\" = ?2, \"cursor\" = ?3, \"attempts\" = ?4, \"problem\" = ?5, \"done_at\" = ?6, "
	                      "\"version\" = \"version\" + 1 WHERE \"id\" = ?7", &q, &call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, state);
	engine_bind_int(q, 2, when);
	engine_bind_int(q, 3, due->cursor);
	engine_bind_int(q, 4, due->attempts);
	engine_bind_text(q, 5, problem);
	engine_bind_int(q, 6, *state == 'd' || *state == 's' ? call->now : NONE);
	engine_bind_int(q, 7, due->id);
	return engine_step(store_engine(call->store), q, &call->problem);
}

static bool too_late(const struct due_job *due, int64_t now)
{
	if (due->attempts || due->cursor)
		return false;
	if (due->job->catch_up == SKIP_MISSED && now - due->due > (due->job->late_max ? due->job->late_max : 300))
		return true;
	return due->job->late_max && now - due->due > due->job->late_max;
}

/* Runs the job, or skips it, and writes its row and its next occurrence: all of it or nothing. */
static int carry_out(struct call *call, void *data)
{
	struct due_job *due = data;
	const struct job *job = due->job;
	const struct zone *zone = zone_named(due->scheduler, due->zone);
	int64_t after = zone_local(zone, due->nominal);
	bool skip = too_late(due, call->now);
	int r;

	call->caller->job = job->name;
	r = skip ? 0 : job->run(call, due->subject, due->nominal, &due->cursor);
	if (r < 0)
		return r;
	if (r > 0)
		return write_row(call, due, "running", due->due, NULL);
	r = write_row(call, due, skip ? "skipped" : "done", due->due, NULL);
	if (r || !job->rule)
		return r;
	if (job->catch_up != RUN_EACH_MISSED && zone_local(zone, call->now) > after)
		after = zone_local(zone, call->now);
	return plan_rule(call, due->scheduler, job, after);
}

struct failure { struct due_job *due; int code; };

static int note_failure(struct call *call, void *data)
{
	const struct failure *f = data;

	f->due->attempts++;
	return write_row(call, f->due, f->due->attempts >= ATTEMPTS ? "failed" : "waiting",
	                 call->now + ((int64_t)BACK_OFF << f->due->attempts), error_name(f->code));
}

/* A job that cannot be done is undone, tried again later, and given up after some attempts; others go on. */
static int run_job(struct scheduler *s, struct due_job *due, struct problem *problem)
{
	struct due_job before = *due;
	struct failure failure = { &before, 0 };
	int r;

	if (!due->job)
		failure.code = E_UNAVAILABLE;
	else
		failure.code = store_do(s->setup.store, &job_caller, carry_out, due, problem);
	if (failure.code >= 0 || store_lost(s->setup.store))
		return failure.code;
	r = store_do(s->setup.store, &job_caller, note_failure, &failure, problem);
	log_event(EVENT_JOB_FAILED, &(struct log_facts){ .job = before.kind, .object = before.subject, .code = failure.code });
	return r;
}

/* ---- what is due ---- */

static bool waits_for_resume(const struct scheduler *s, const char *kind)
{
	return s->leapt && (!strcmp(kind, "retention") || !strcmp(kind, "erasure"));
}

static void read_due(struct scheduler *s, struct stmt *q, struct due_job *due)
{
	int64_t local;

	*due = (struct due_job){ .scheduler = s, .id = engine_int(q, 0), .subject = engine_int(q, 2), .due = engine_int(q, 5),
	                         .cursor = engine_int(q, 6), .attempts = engine_int(q, 7) };
	snprintf(due->kind, sizeof due->kind, "%s", engine_text(q, 1));
	snprintf(due->zone, sizeof due->zone, "%s", engine_text(q, 4));
	due->job = kind_named(due->kind);
	due->nominal = due->due;
	if (!local_parse(engine_text(q, 3), &local, NULL))
		zone_instant(zone_named(s, due->zone), local, &due->nominal);
}

/* At most `room` jobs due at `now`, earliest first. */
static int find_due(struct scheduler *s, int64_t now, struct due_job *jobs, int room, int *ret_count, struct problem *problem)
{
	struct stmt *q;
	int r = row_statement(s, "SELECT \"id\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\" FROM \"job\" WHERE "
	                      "\"state\" IN ('waiting', 'running') AND \"due\" <= ?1 ORDER BY \"due\", \"id\" LIMIT ?2", &q, problem);

	*ret_count = 0;
	if (r)
		return r;
	engine_bind_int(q, 1, now);
	engine_bind_int(q, 2, room + 4);
	while (*ret_count < room && (r = engine_step(store_engine(s->setup.store), q, problem)) > 0)
		if (!waits_for_resume(s, engine_text(q, 1)))
			read_due(s, q, &jobs[(*ret_count)++]);
	engine_reset(q);
	return r < 0 ? r : 0;
}

int64_t scheduler_next(struct scheduler *s)
{
	struct problem problem;
	struct stmt *q;
	int64_t next = NONE;

	if (row_statement(s, "SELECT min(\"due\") FROM \"job\" WHERE \"state\" IN ('waiting', 'running') AND NOT (?1 AND \"kind\" IN ('retention', 'erasure'))",
	                  &q, &problem))
		return NONE;
	engine_bind_int(q, 1, s->leapt);
	if (engine_step(store_engine(s->setup.store), q, &problem) > 0)
		next = engine_int(q, 0);
	engine_reset(q);
	return next;
}

/* ---- the turn ---- */

static int turn(struct scheduler *s, int *ret_count, struct problem *problem)
{
	struct due_job jobs[TURN_JOBS];
	int64_t start = clock_seconds(CLOCK_MONOTONIC);
	int r = store_turn_begin(s->setup.store, problem), end;

	if (!r)
		r = find_due(s, store_now(s->setup.store), jobs, TURN_JOBS, ret_count, problem);
	for (int i = 0; i < *ret_count && r >= 0 && clock_seconds(CLOCK_MONOTONIC) <= start; i++)
		r = run_job(s, &jobs[i], problem);
	end = store_turn_commit(s->setup.store, problem);
	if (end)
		return end;
	if (*ret_count)
		s->setup.committed(s->setup.data);
	return store_settle(s->setup.store, problem);
}

static void arm(struct scheduler *s)
{
	struct itimerspec at = { 0 };

	s->next = store_held(s->setup.store) || store_simulated(s->setup.store) ? NONE : scheduler_next(s);
	if (s->next != NONE)
		at.it_value.tv_sec = s->next > 0 ? s->next : 1;
	timerfd_settime(s->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
}

static void again_soon(struct scheduler *s)
{
	event_active(s->now, EV_TIMEOUT, 1);
}

static void on_due(evutil_socket_t fd, short what, void *data)
{
	struct scheduler *s = data;
	struct problem problem = { 0 };
	int count = 0, r;

	(void)fd;
	(void)what;
	if (store_held(s->setup.store) || store_simulated(s->setup.store))
		return;
	r = turn(s, &count, &problem);
	if (r < 0) {
		log_event(EVENT_STORE_FAILED, &(struct log_facts){ .code = r });
		if (r == E_STORE)
			s->setup.failed(s->setup.data, &problem);
		else {
			struct timeval pause = { 5, 0 };

			event_add(s->now, &pause);
		}
		return;
	}
	if (count)
		again_soon(s);
	else
		arm(s);
}

/* The wall clock against the one that never leaps; both count while the machine sleeps. */
static void look_for_leap(struct scheduler *s)
{
	int64_t wall = clock_seconds(CLOCK_REALTIME), boot = clock_seconds(CLOCK_BOOTTIME);
	int64_t leap = (wall - s->wall) - (boot - s->boot);

	s->wall = wall;
	s->boot = boot;
	if (leap > WEEK || leap < -WEEK) {
		s->leapt = true;
		log_event(EVENT_CLOCK_LEAPT, &(struct log_facts){ .number = leap, .has = LOG_HAS_NUMBER });
	}
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	struct scheduler *s = data;
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof times) < 0 && errno != ECANCELED && errno != EAGAIN)
		log_event(EVENT_RUNTIME_ERROR, &(struct log_facts){ .error = errno });
	look_for_leap(s);
	on_due(fd, what, data);
}

/* ---- interface ---- */

struct scheduler *scheduler_new(const struct scheduler_setup *setup)
{
	struct scheduler *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->setup = *setup;
	s->next = NONE;
	s->wall = clock_seconds(CLOCK_REALTIME);
	s->boot = clock_seconds(CLOCK_BOOTTIME);
	s->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	s->timer = event_new(setup->base, s->fd, EV_READ | EV_PERSIST, on_timer, s);
	s->now = event_new(setup->base, -1, 0, on_due, s);
	if (s->fd < 0 || !s->timer || !s->now || event_add(s->timer, NULL))
		abort();
	return s;
}

void scheduler_free(struct scheduler *s)
{
	if (!s)
		return;
	event_free(s->timer);
	event_free(s->now);
	close(s->fd);
	free(s);
}

void scheduler_settings(struct scheduler *s, const struct settings *settings)
{
	s->setup.settings = settings;
}

int scheduler_start(struct scheduler *s, struct problem *problem)
{
	int r = store_turn_begin(s->setup.store, problem), end;

	if (!r)
		r = store_do(s->setup.store, &job_caller, plan_missing, s, problem);
	if (!r)
		r = follow_zone_data(s, problem);
	end = store_turn_commit(s->setup.store, problem);
	arm(s);
	return r < 0 ? r : end;
}

void scheduler_look(struct scheduler *s)
{
	int64_t next;

	if (store_held(s->setup.store) || store_simulated(s->setup.store))
		return;
	next = scheduler_next(s);
	if (next != s->next)
		arm(s);
}

void scheduler_resumed(struct scheduler *s)
{
	s->leapt = false;
	arm(s);
}

bool scheduler_leapt(const struct scheduler *s)
{
	return s->leapt;
}

/* ---- the simulated clock ---- */

int scheduler_advance(struct scheduler *s, int64_t until, int64_t *ret_jobs, struct problem *problem)
{
	int64_t next = store_held(s->setup.store) ? NONE : scheduler_next(s);
	int count = 0, r = store_turn_begin(s->setup.store, problem), end;

	if (!r)
		r = store_advance(s->setup.store, next != NONE && next < until ? (next > store_now(s->setup.store) ? next : store_now(s->setup.store)) : until,
		                  problem);
	if (!r && next != NONE && next <= until) {
		struct due_job jobs[TURN_JOBS];

		r = find_due(s, store_now(s->setup.store), jobs, TURN_JOBS, &count, problem);
		for (int i = 0; i < count && r >= 0; i++)
			r = run_job(s, &jobs[i], problem);
	}
	end = store_turn_commit(s->setup.store, problem);
	if (r < 0 || end)
		return r < 0 ? r : end;
	*ret_jobs += count;
	s->setup.committed(s->setup.data);
	r = store_settle(s->setup.store, problem);
	return r < 0 ? r : next != NONE && next <= until;
}

/* ---- preview ---- */

struct preview {
	struct scheduler *s;
	int64_t until;
	uint32_t limit, given;
	int (*seen)(void *, const struct scheduled *);
	void *data;
};

static int show(struct preview *p, const struct due_job *due)
{
	char nominal[DATE_TEXT];
	struct scheduled one = { due->kind, NULL, due->subject, due->due, NULL, due->zone };

	if (due->job && due->job->subject)
		one.entity = shape_named(due->job->subject)->entity;
	one.nominal = local_print(zone_local(zone_named(p->s, due->zone), due->nominal), nominal);
	p->given++;
	return p->seen(p->data, &one);
}

/* Plays the schedule forward inside a transaction that is thrown away. */
static int play(struct call *call, void *data)
{
	struct preview *p = data;
	int64_t now = call->now, next;
	int r = 0;

	while (!r && p->given < p->limit && (next = scheduler_next(p->s)) != NONE && next <= p->until) {
		struct due_job due;
		int count;

		call->now = next > now ? next : now;
		r = find_due(p->s, call->now, &due, 1, &count, &call->problem);
		if (r || !count)
			break;
		if (!due.cursor)
			r = show(p, &due);
		if (!r && due.job && (due.job->outside || due.job->rule)) {
			r = write_row(call, &due, "done", due.due, NULL);
			if (!r && due.job->rule)
				r = plan_rule(call, p->s, due.job, zone_local(zone_named(p->s, due.zone), due.nominal));
		} else if (!r && due.job)
			r = carry_out(call, &due);
	}
	return r;
}

int scheduler_preview(struct scheduler *s, int64_t until, uint32_t limit, int (*seen)(void *, const struct scheduled *), void *data,
                      struct problem *problem)
{
	struct preview preview = { s, until, limit && limit < 500 ? limit : 500, 0, seen, data };
	int r = store_suppose(s->setup.store, &job_caller, store_now(s->setup.store), play, &preview, problem);

	return r < 0 ? r : 0;
}
