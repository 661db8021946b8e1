/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A workshop for tests of the workers: a world with an event loop, tasks and workers, wired as the daemon wires them.
 */
#ifndef WORKSHOP_H
#define WORKSHOP_H

#include "world.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <time.h>

#include "core/task.h"
#include "plugin/worker.h"

struct workshop {
	struct world *w;
	struct event_base *base;
	struct tasks *tasks;
	struct workers *workers;
	char program[PATH_MAX];
	int turns;
	const char *until; /* SQL that answers 1 when the loop is to stop; NULL: never */
};

static inline int64_t ask_number(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t n = NONE;

	must(engine_prepare(store_engine(w->store), sql, false, &q, &problem), &problem);
	if (engine_step(store_engine(w->store), q, &problem) > 0)
		n = engine_int(q, 0);
	engine_reset(q);
	return n;
}

static inline void workshop_committed(void *data)
{
	struct workshop *s = data;
	const struct work *work;
	size_t count = store_work(s->w->store, &work);

	s->turns++;
	for (size_t i = 0; i < count; i++)
		workers_begin(s->workers, &work[i]);
	workers_look(s->workers);
	if (s->until && ask_number(s->w, s->until) == 1)
		event_base_loopbreak(s->base);
}

static inline void workshop_failed(void *data, const struct problem *problem)
{
	(void)data;
	fail_msg("%s", problem->text);
}

/* The program beside the tests' directory. */
static inline void real_worker(char out[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(n > 0);
	self[n] = 0;
	snprintf(out, PATH_MAX, "%.3900s/../mentorship-worker", dirname(self));
}

static inline struct workshop *workshop_open(struct world *w, const char *program)
{
	struct workshop *s = calloc(1, sizeof *s);
	struct workers_setup setup = { .store = w->store,
		.settings = w->settings,
		.committed = workshop_committed,
		.failed = workshop_failed,
		.data = s,
		.program = s->program };
	struct problem problem = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (program)
		snprintf(s->program, sizeof s->program, "%s", program);
	else
		real_worker(s->program);
	s->w = w;
	setup.base = s->base = event_base_new();
	setup.tasks = s->tasks = tasks_new(100);
	s->workers = workers_new(&setup);
	must(workers_start(s->workers, &problem), &problem);
	return s;
}

static inline void workshop_close(struct workshop *s)
{
	workers_free(s->workers);
	tasks_free(s->tasks);
	event_base_free(s->base);
	free(s);
}

/* Until nothing is left to do. */
static inline void workshop_run(struct workshop *s)
{
	time_t end = time(NULL) + 60;

	while (workers_busy(s->workers)) {
		struct timeval tick = { 0, 100000 };

		event_base_loopexit(s->base, &tick);
		event_base_loop(s->base, EVLOOP_ONCE);
		if (time(NULL) > end)
			fail_msg("the workers did not come to an end");
	}
}

/* Until the statement answers 1; work goes on with the next workshop_run. */
static inline void workshop_run_until(struct workshop *s, const char *sql)
{
	s->until = sql;
	while (ask_number(s->w, sql) != 1) {
		assert_true(workers_busy(s->workers) > 0);
		event_base_loop(s->base, EVLOOP_ONCE);
	}
	s->until = NULL;
}

/* A call as the bus makes it: what it asked for is begun, with a task. Returns the task's id, or 0. */
static inline int64_t ask_for(struct workshop *s, struct caller *caller, const struct entity *e, int64_t id, const char *verb,
	const struct arg *args, size_t count)
{
	struct problem problem = { 0 };
	const struct work *work;

	must(perform(s->w, caller, e, id, verb, args, count), &s->w->call.problem);
	for (size_t i = 0; i < store_work(s->w->store, &work); i++)
		assert_non_null(task_new(s->tasks, work[i].task, work[i].kind, &work[i].starter, ":1.7", 0));
	workshop_committed(s);
	(void)problem;
	return s->w->call.task;
}

static inline char *ask_text(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	char *text = NULL;

	must(engine_prepare(store_engine(w->store), sql, false, &q, &problem), &problem);
	if (engine_step(store_engine(w->store), q, &problem) > 0)
		text = arena_copy(&w->arena, engine_text(q, 0));
	engine_reset(q);
	return text;
}

/* ---- a small program to match ---- */

static inline void trait(struct workshop *s, struct cast *c, int64_t participant_id, const char *kind, const char *name, const char *side)
{
	create(s->w, &c->ada, &trait_entity,
		ARGS(P("participant", path(s->w, &participant_entity, participant_id)), T("kind", kind), T("name", name), T("side", side)));
}

static inline void free_on(struct workshop *s, struct cast *c, int64_t participant_id, const char *weekday, int64_t start, int64_t end)
{
	create(s->w, &c->ada, &availability_entity,
		ARGS(P("participant", path(s->w, &participant_entity, participant_id)), T("weekday", weekday), N("start", start),
			N("end", end)));
}

struct people {
	int64_t mentors[2], mentees[3], persons[5];
};

static inline struct people people(struct workshop *s, struct cast *c)
{
	static const char *const given[] = { "Max", "Mia", "Tim", "Tea", "Tom" };
	struct people p;

	must(perform(s->w, &c->ada, &program_entity, c->program, "Open", NULL, 0), &s->w->call.problem);
	for (int i = 0; i < 5; i++) {
		int64_t id;

		p.persons[i] = person(s->w, &c->root, given[i], "Test");
		id = participant(s->w, c, p.persons[i], i < 2 ? "mentor" : "mentee", 1);
		*(i < 2 ? &p.mentors[i] : &p.mentees[i - 2]) = id;
		trait(s, c, id, "language", "German", "offered");
		free_on(s, c, id, "monday", 600, 900);
	}
	trait(s, c, p.mentors[0], "skill", "Chess", "offered");
	trait(s, c, p.mentors[1], "skill", "Physics", "offered");
	trait(s, c, p.mentees[0], "skill", "physics", "sought");
	trait(s, c, p.mentees[1], "skill", "chess", "sought");
	return p;
}

static inline int64_t run_new(struct workshop *s, struct cast *c, int64_t *ret_task)
{
	*ret_task = ask_for(s, &c->ada, &match_run_entity, 0, "Create", ARGS(P("program", path(s->w, &program_entity, c->program))));
	return s->w->call.object;
}

static inline void must_be(struct workshop *s, int64_t run, const char *state)
{
	struct world *w = s->w;
	char *is = ask_text(w, arena_print(&w->arena, "SELECT state FROM match_run WHERE id = %lld", (long long)run));

	if (strcmp(is, state))
		fail_msg("the run is %s: %s", is,
			ask_text(w, arena_print(&w->arena, "SELECT problem FROM match_run WHERE id = %lld", (long long)run)));
}

#endif
