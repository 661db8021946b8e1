/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers that crash, hang or answer nonsense, by programs in their place (tests/fakes/misbehaving_worker.py): each time the run fails
 * with a sentence, nothing of the answer stays, the process is gone, and the store goes on serving.
 */
#include "workshop.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

enum {
	SECONDS = 3
};

static void fakes_make(struct world *w)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/fakes", w->directory);
	mkdir(path, 0700);
	w->settings->worker.seconds = SECONDS;
}

/* The path of a fake of that name. */
static const char *fake(struct world *w, const char *name)
{
	const char *source = getenv("MENTORSHIP_SOURCE");
	char *path = arena_print(&w->arena, "%s/fakes/%s", w->directory, name);

	symlink(arena_print(&w->arena, "%s/tests/fakes/misbehaving_worker.py", source ? source : "."), path);
	assert_int_equal(access(path, X_OK), 0);
	return path;
}

static void tell_people(struct world *w, const struct people *p, int64_t stranger)
{
	FILE *file = fopen(arena_print(&w->arena, "%s/fakes/people", w->directory), "w");

	assert_non_null(file);
	fprintf(file, "{\"mentors\": [%lld, %lld], \"mentees\": [%lld, %lld, %lld], \"stranger\": %lld}", (long long)p->mentors[0],
		(long long)p->mentors[1], (long long)p->mentees[0], (long long)p->mentees[1], (long long)p->mentees[2],
		(long long)stranger);
	fclose(file);
}

/* A mentor of another program. */
static int64_t stranger(struct world *w, struct cast *c)
{
	int64_t program = create(w, &c->ada, &program_entity,
		ARGS(T("key", "other"), T("title", "Another"), T("starts", "2026-01-10"), T("ends", "2026-12-20")));

	return create(w, &c->ada, &participant_entity,
		ARGS(P("program", path(w, &program_entity, program)), P("person", path(w, &person_entity, c->ben_id)),
			T("role", "mentor")));
}

static int children(void)
{
	int count = 0;

	for (int i = 0; i < 50; i++) { /* the last ones are being reaped */
		char path[64], text[4096] = "";
		FILE *file;

		snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
		file = fopen(path, "r");
		if (!file)
			return 0;
		count = fgets(text, sizeof text, file) ? (int)strlen(text) : 0;
		fclose(file);
		if (!count)
			break;
		usleep(100000);
	}
	return count;
}

struct misbehaviour {
	const char *name;
	int code;
	const char *text;
};

static const struct misbehaviour misbehaviours[] = {
	{ "exits", E_UNAVAILABLE, "ended unexpectedly" },
	{ "fails", E_UNAVAILABLE, "ended unexpectedly" },
	{ "cut", E_UNAVAILABLE, "ended unexpectedly" },
	{ "dies_midway", E_UNAVAILABLE, "ended unexpectedly" },
	{ "closes_but_lives", E_UNAVAILABLE, "ended unexpectedly" },
	{ "child_holds_the_link", E_UNAVAILABLE, "ended unexpectedly" },
	{ "hangs", E_UNAVAILABLE, "more than 3 seconds" },
	{ "flood", E_UNAVAILABLE, "more than 3 seconds" },
	{ "garbage", E_INVALID, "no frame" },
	{ "too_long", E_INVALID, "no frame" },
	{ "too_many_cells", E_INVALID, "no frame" },
	{ "no_word", E_INVALID, "no word" },
	{ "unknown_word", E_INVALID, "not one of its words" },
	{ "many", E_INVALID, "" },
	{ "wrong_id", E_INVALID, "participant" },
	{ "other_program", E_INVALID, "participant" },
	{ "sides_swapped", E_INVALID, "participant" },
	{ "negative_score", E_INVALID, "range" },
	{ "huge_score", E_INVALID, "range" },
	{ "no_number", E_INVALID, "number" },
	{ "few_cells", E_INVALID, "cells" },
	{ "not_utf8", E_INVALID, "characters" },
	{ "control", E_INVALID, "characters" },
	{ "bidirectional", E_INVALID, "characters" },
	{ "long_text", E_INVALID, "too long" },
	{ "bad_alternative", E_INVALID, "participant" },
	{ "pair_twice", E_INVALID, "twice" },
	{ "two_mentors", E_INVALID, "two mentors" },
	{ "too_full", E_INVALID, "places" },
	{ "wrong_count", E_INVALID, "add up" },
	{ "wrong_total", E_INVALID, "add up" },
	{ "beyond_bound", E_INVALID, "add up" },
	{ "no_hash", E_INVALID, "hash" },
	{ "unplaced_stranger", E_INVALID, "participant" },
	{ "unplaced_by_stranger", E_INVALID, "participant" },
	{ "objected", E_INVALID, "must not be" },
	{ "progress_nan", E_INVALID, "progress" },
};

static void tried(struct world *w, struct cast *c, const struct misbehaviour *m)
{
	struct workshop *s = workshop_open(w, fake(w, m->name));
	struct timespec before, after;
	int64_t task, run = run_new(s, c, &task);
	const struct task *seen;

	clock_gettime(CLOCK_MONOTONIC, &before);
	workshop_run(s);
	clock_gettime(CLOCK_MONOTONIC, &after);
	seen = task_find(s->tasks, task);
	if (seen->state != TASK_FAILED || seen->problem.code != m->code || !strstr(seen->problem.text, m->text))
		fail_msg("%s: the task is %s: %d %s", m->name, task_states[seen->state], seen->problem.code, seen->problem.text);
	must_be(s, run, "failed");
	assert_string_equal(
		ask_text(w, arena_print(&w->arena, "SELECT problem FROM match_run WHERE id = %lld", (long long)run)), seen->problem.text);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair") + ask_number(w, "SELECT count(*) FROM unplaced"), 0);
	assert_true(after.tv_sec - before.tv_sec <= SECONDS + 3);
	must(perform(w, &c->ada, &person_entity, c->ben_id, "Update", ARGS(T("zone", "UTC"))), &w->call.problem);
	workshop_close(s);
	if (children())
		fail_msg("%s: a process was left", m->name);
}

static void misbehaving(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct cast c = cast(w);
	struct people p = people(s, &c);
	struct caller tea;

	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, p.persons[3])), T("user_name", "tea")));
	tea = caller_of(w, 1010, "tea");
	create(w, &tea, &objection_entity, ARGS(P("participant", path(w, &participant_entity, p.mentees[1])), N("other", p.persons[0])));
	workshop_close(s);
	fakes_make(w);
	tell_people(w, &p, stranger(w, &c));
	for (size_t i = 0; i < sizeof misbehaviours / sizeof *misbehaviours; i++)
		tried(w, &c, &misbehaviours[i]);
}

/* That what is refused above is refused for what it is, and not because nothing passes. */
static void honest(void **state)
{
	struct world *w = *state;
	struct workshop *s;
	struct cast c = cast(w);
	struct people p;
	int64_t task, run;

	fakes_make(w);
	s = workshop_open(w, fake(w, "honest"));
	p = people(s, &c);
	tell_people(w, &p, 0);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair"), 1);
	workshop_close(s);
}

static void no_program(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, "/nonexistent/mentorship-worker");
	struct cast c = cast(w);
	int64_t task, run;

	people(s, &c);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_non_null(strstr(task_find(s->tasks, task)->problem.text, "could not be started"));
	workshop_close(s);
}

/* Five descriptors of its own, the log, and two names: nothing else of the daemon is there. */
static void inherits_nothing(void **state)
{
	static const char script[] =
		"import json, sys\n"
		"told = json.load(open(sys.argv[1]))\n"
		"fds = told['fds']\n"
		"assert sorted(fds) == ['0', '1', '2', '3', '4', '5'], fds\n"
		"assert fds['0'] == fds['1'] == '/dev/null', fds\n"
		"assert fds['3'].startswith('socket:') and 'worker-input' in fds['4'] and fds['5'] == sys.argv[2], fds\n"
		"assert int(told['flags']['5'], 8) & 0o10000000, told['flags']\n"
		"assert set(told['environment']) <= {'LANG', 'TZDIR', 'LC_CTYPE'}, told['environment']\n"
		"assert told['group']\n"
		"assert told['first'][0] == 'match', told['first']\n";
	struct world *w = *state;
	struct workshop *s;
	struct cast c = cast(w);
	int64_t task;
	FILE *file;

	fakes_make(w);
	setenv("SECRET", "of the daemon", 1);
	assert_true(fcntl(open("/dev/zero", O_RDONLY), F_DUPFD, 40) >= 40); /* left open without O_CLOEXEC */
	s = workshop_open(w, fake(w, "tells"));
	people(s, &c);
	run_new(s, &c, &task);
	workshop_run(s);
	assert_int_equal(task_find(s->tasks, task)->problem.code, E_UNAVAILABLE);
	assert_string_equal(task_find(s->tasks, task)->problem.text, "told");
	workshop_close(s);
	file = fopen(arena_print(&w->arena, "%s/check.py", w->directory), "w");
	fputs(script, file);
	fclose(file);
	assert_int_equal(
		system(arena_print(&w->arena, "/usr/bin/python3 %s/check.py %s/fakes/told %s", w->directory, w->directory, w->directory)),
		0);
}

/* It has what its limit lets it have, addresses too, and is stopped at what is more, with a sentence that says which setting it was. */
static void runs_away(void **state)
{
	struct world *w = *state;
	struct workshop *s;
	struct cast c = cast(w);
	char program[PATH_MAX];
	int64_t task, run;

	real_worker(program);
	w->settings->worker.memory = 64;
	s = workshop_open(w, arena_print(&w->arena, "%s/fakes/runaway", dirname(program)));
	people(s, &c);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_string_equal(task_find(s->tasks, task)->problem.text,
		"the worker needed more than 64 MiB of memory and was ended; a smaller task may do, or more memory (worker.memory)");
	workshop_close(s);
}

static void cancelled(void **state)
{
	struct world *w = *state;
	struct workshop *s;
	struct cast c = cast(w);
	struct problem problem = { 0 };
	int64_t task, run;

	fakes_make(w);
	w->settings->worker.seconds = 60;
	s = workshop_open(w, fake(w, "hangs"));
	people(s, &c);
	/* by the task */
	run = run_new(s, &c, &task);
	for (int i = 0; i < 20; i++)
		event_base_loop(s->base, EVLOOP_NONBLOCK);
	must(task_cancel(s->tasks, task, &problem), &problem);
	workshop_run(s);
	must_be(s, run, "cancelled");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_CANCELLED);
	/* before it began */
	run = run_new(s, &c, &task);
	must(task_cancel(s->tasks, task, &problem), &problem);
	workshop_run(s);
	must_be(s, run, "cancelled");
	/* by the run's own verb */
	run = run_new(s, &c, &task);
	for (int i = 0; i < 20; i++)
		event_base_loop(s->base, EVLOOP_NONBLOCK);
	ask_for(s, &c.ada, &match_run_entity, run, "Cancel", NULL, 0);
	workshop_run(s);
	must_be(s, run, "cancelled");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_CANCELLED);
	workshop_close(s);
	assert_int_equal(children(), 0);
}

/* Two at once, the third when one has ended. */
static void queues(void **state)
{
	struct world *w = *state;
	struct workshop *s;
	struct cast c = cast(w);
	int64_t task, runs[3];

	fakes_make(w);
	s = workshop_open(w, fake(w, "hangs"));
	people(s, &c);
	for (int i = 0; i < 3; i++) {
		int64_t program = create(w, &c.ada, &program_entity,
			ARGS(T("key", arena_print(&w->arena, "p%d", i)), T("title", "Another"), T("starter", "new-staff"),
				T("starts", "2026-01-10"), T("ends", "2026-12-20")));

		must(perform(w, &c.ada, &program_entity, program, "Open", NULL, 0), &w->call.problem);
		task = ask_for(s, &c.ada, &match_run_entity, 0, "Create", ARGS(P("program", path(w, &program_entity, program))));
		runs[i] = w->call.object;
	}
	for (int i = 0; i < 50; i++)
		event_base_loop(s->base, EVLOOP_NONBLOCK);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM match_run WHERE state = 'running'"), 2);
	must_be(s, runs[2], "queued");
	workshop_run(s);
	for (int i = 0; i < 3; i++)
		must_be(s, runs[i], "failed");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_FAILED);
	workshop_close(s);
}

/* Another's turn comes soon although a worker sends as fast as it can. */
static void others_are_served(void **state)
{
	struct world *w = *state;
	struct workshop *s;
	struct cast c = cast(w);
	int64_t task, longest = 0;

	fakes_make(w);
	s = workshop_open(w, fake(w, "flood"));
	people(s, &c);
	run_new(s, &c, &task);
	while (workers_busy(s->workers)) {
		struct timespec before, after;
		int64_t took;

		clock_gettime(CLOCK_MONOTONIC, &before);
		event_base_loop(s->base, EVLOOP_ONCE);
		clock_gettime(CLOCK_MONOTONIC, &after);
		took = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
		if (took > longest && s->turns > 3)
			longest = took;
	}
	if (longest > 500) /* the interpreter's start is waited for in one round */
		fail_msg("a round of the loop took %lld ms", (long long)longest);
	workshop_close(s);
}

static void work_of_the_database(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct caller root = caller_of(w, 0, "root");
	struct problem problem = { 0 };
	DIR *directory;
	int found = 0;
	static const char *const kinds[] = { "backup", "database check", "checkpoint", "nonsense" };

	for (int i = 0; i < 4; i++) {
		assert_non_null(task_new(s->tasks, 10 + i, kinds[i], &root, NULL, 0));
		workers_begin(s->workers, &(struct work){ .kind = kinds[i], .task = 10 + i, .starter = root });
	}
	workshop_run(s);
	for (int i = 0; i < 4; i++)
		assert_int_equal(task_find(s->tasks, 10 + i)->state, i < 3 ? TASK_DONE : TASK_FAILED);
	directory = opendir(w->backups);
	for (const struct dirent *entry; (entry = readdir(directory));)
		found += strstr(entry->d_name, task_find(s->tasks, 10)->results[0].value.text) != NULL;
	closedir(directory);
	assert_true(found >= 1);
	(void)problem;
	workshop_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(honest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(misbehaving, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(inherits_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(runs_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cancelled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(queues, set_up, tear_down),
		cmocka_unit_test_setup_teardown(others_are_served, set_up, tear_down),
		cmocka_unit_test_setup_teardown(work_of_the_database, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
