/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A scheduler over a world, for tests: start, stop, move the simulated clock; pairs that are active.
 */
#ifndef CLOCKWORK_H
#define CLOCKWORK_H

#include "world.h"

#include "core/date.h"
#include "core/zone.h"
#include "schedule/schedule.h"

static inline void nothing(void *data)
{
	(void)data;
}

static inline void broken(void *data, const struct problem *problem)
{
	(void)data;
	fail_msg("%s", problem->text);
}

struct clockwork {
	struct event_base *base;
	struct scheduler *scheduler;
};

static inline struct clockwork start(struct world *w)
{
	struct clockwork c = { .base = event_base_new() };
	struct scheduler_setup setup = { c.base, w->store, w->settings, nothing, broken, NULL };
	struct problem problem = { 0 };

	c.scheduler = scheduler_new(&setup);
	must(scheduler_start(c.scheduler, &problem), &problem);
	return c;
}

static inline void stop(struct clockwork *c)
{
	scheduler_free(c->scheduler);
	event_base_free(c->base);
}

static inline int64_t instant_of(const char *text)
{
	struct problem problem = { 0 };
	int64_t instant;

	must(instant_parse(text, &instant, &problem), &problem);
	return instant;
}

/* Runs what falls due until then, each at its own time; how many jobs that were. */
static inline int64_t advance(struct world *w, struct clockwork *c, const char *until)
{
	struct problem problem = { 0 };
	int64_t instant = instant_of(until), jobs = 0;
	int r;

	(void)w;
	while ((r = scheduler_advance(c->scheduler, instant, &jobs, &problem)) > 0)
		;
	must(r, &problem);
	return jobs;
}

static inline int64_t number(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t n;

	must(engine_prepare(store_engine(w->store), sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(store_engine(w->store), q, &problem), 1);
	n = engine_int(q, 0);
	engine_reset(q);
	return n;
}

/* SQL of a test's own, outside the verbs. */
static inline void force(struct world *w, const char *sql)
{
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(engine_run(store_engine(w->store), sql, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
}

/* The clock goes on while nobody looks after the jobs: downtime. */
static inline void sleep_until(struct world *w, const char *until)
{
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_advance(w->store, instant_of(until), &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
}

static inline void reopen(struct world *w)
{
	store_close(w->store);
	open_store(w);
}

/* A pair that is active, with a mentor of c->ben_id; the mentee lives in the zone. */
static inline int64_t pair_make(struct world *w, struct cast *c, int64_t mentor, const char *zone, const char *name, int64_t *ret_mentee)
{
	int64_t mentee_person = create(
		w, &c->ada, &person_entity, ARGS(T("given_name", name), T("family_name", "Mentee"), T("zone", zone)));
	int64_t mentee = participant(w, c, mentee_person, "mentee", 1), match;
	struct options for_mentee = { .version = NONE, .for_person = mentee_person },
		       for_ben = { .version = NONE, .for_person = c->ben_id };

	match = create(w, &c->ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c->program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c->ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	must(perform_with(w, &c->ada, &match_entity, match, "Accept", NULL, 0, for_ben), &w->call.problem);
	must(perform_with(w, &c->ada, &match_entity, match, "Accept", NULL, 0, for_mentee), &w->call.problem);
	must(perform(w, &c->ada, &match_entity, match, "Start", NULL, 0), &w->call.problem);
	*ret_mentee = mentee_person;
	return match;
}

static inline int64_t pair(struct world *w, struct cast *c, int64_t mentor, const char *zone, const char *name)
{
	int64_t mentee;

	return pair_make(w, c, mentor, zone, name, &mentee);
}

static inline void running(struct world *w, struct cast *c)
{
	w->settings->people.minors = 0;
	*c = cast(w);
	must(perform(w, &c->ada, &program_entity, c->program, "Open", NULL, 0), &w->call.problem);
}

#endif
