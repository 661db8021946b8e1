/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A matching from the asking to the proposal, by the real worker in its sandbox, over a real database.
 */
#include "workshop.h"

static int64_t mentor_of(struct workshop *s, int64_t run, int64_t mentee)
{
	return ask_number(s->w,
		arena_print(
			&s->w->arena, "SELECT mentor FROM run_pair WHERE run = %lld AND mentee = %lld", (long long)run, (long long)mentee));
}

static void a_matching(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	int64_t task, helper, run = run_new(s, &c, &task);
	char *text;

	assert_int_equal(task_find(s->tasks, task)->state, TASK_RUNNING);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_DONE);
	assert_int_equal(mentor_of(s, run, p.mentees[0]), p.mentors[1]);
	assert_int_equal(mentor_of(s, run, p.mentees[1]), p.mentors[0]);
	assert_int_equal(ask_number(s->w, "SELECT participant FROM unplaced"), p.mentees[2]);
	text = ask_text(s->w, "SELECT help FROM unplaced");
	assert_non_null(strstr(text, "this mentor"));
	assert_null(strpbrk(text, "#0123456789"));
	helper = ask_number(s->w, "SELECT mentor FROM unplaced");
	assert_true(helper == p.mentors[0] || helper == p.mentors[1]);
	text = ask_text(s->w, "SELECT alternatives FROM run_pair ORDER BY mentee LIMIT 1");
	assert_non_null(strstr(text, "mentor "));
	assert_non_null(strstr(ask_text(s->w, "SELECT reasons FROM run_pair ORDER BY mentee LIMIT 1"), "hysics"));
	assert_int_equal(strlen(ask_text(s->w, "SELECT input_hash FROM match_run")), 64);
	assert_int_equal(ask_number(s->w, "SELECT total FROM match_run"), ask_number(s->w, "SELECT bound FROM match_run"));
	workshop_close(s);
}

static void same_input_same_result(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t task, first, second;

	people(s, &c);
	first = run_new(s, &c, &task);
	workshop_run(s);
	must(perform(s->w, &c.ada, &match_run_entity, first, "Discard", NULL, 0), &s->w->call.problem);
	second = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, second, "proposed");
	assert_int_equal(ask_number(s->w, "SELECT count(DISTINCT input_hash) FROM match_run"), 1);
	assert_int_equal(ask_number(s->w, "SELECT count(DISTINCT mentor || ' ' || mentee || ' ' || score || reasons) FROM run_pair"), 2);
	workshop_close(s);
}

/* Tea (who seeks what Max offers) and Max must not meet; nobody reads why, and nobody may be matched on a guess. */
static void an_objection(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct cast c = cast(w);
	struct people p = people(s, &c);
	struct caller tea;
	struct store_paths paths = { w->directory, w->backups, NULL };
	struct problem problem = { 0 };
	int64_t task, run;

	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, p.persons[3])), T("user_name", "tea")));
	tea = caller_of(w, 1010, "tea");
	create(w, &tea, &objection_entity, ARGS(P("participant", path(w, &participant_entity, p.mentees[1])), N("other", p.persons[0])));
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_true(mentor_of(s, run, p.mentees[1]) != p.mentors[0]);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair WHERE instr(reasons || shares, 'not_with') > 0"), 0);
	must(perform(w, &c.ada, &match_run_entity, run, "Discard", NULL, 0), &w->call.problem);
	workshop_close(s);
	/* the same without the key */
	store_close(w->store);
	must(store_open(&paths, w->settings, 1767225600, &w->store, &problem), &problem);
	s = workshop_open(w, NULL);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_int_equal(task_find(s->tasks, task)->problem.code, E_UNAVAILABLE);
	workshop_close(s);
}

static void ages_when_asked_for(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t task, run, recipe;

	people(s, &c); /* all born on one day: nobody is ten years older */
	recipe = ask_number(s->w, "SELECT id FROM recipe");
	create(s->w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", path(s->w, &recipe_entity, recipe)), T("criterion", "age"), T("use", "hard"),
			T("parameters", "least=10")));
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(ask_number(s->w, "SELECT placed FROM match_run"), 0);
	workshop_close(s);
}

static void a_recipe_that_is_none(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t task, run;

	people(s, &c);
	create(s->w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", path(s->w, &recipe_entity, ask_number(s->w, "SELECT id FROM recipe"))), T("criterion", "shoe size"),
			T("use", "hard")));
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_non_null(strstr(ask_text(s->w, "SELECT problem FROM match_run"), "shoe size"));
	workshop_close(s);
}

/* Found running at start: begun again, with nothing left of the attempt before. */
static void killed_in_the_middle(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct cast c = cast(w);
	struct people p = people(s, &c);
	struct problem problem = { 0 };
	int64_t task, run = run_new(s, &c, &task);

	workshop_close(s); /* before the worker came to anything */
	must(engine_run(store_engine(w->store),
		     arena_print(&w->arena,
			     "UPDATE match_run SET state = 'running'; INSERT INTO run_pair (id, version, program, "
			     "run, mentor, mentee, score) VALUES (900, 1, %lld, %lld, %lld, %lld, 5)",
			     (long long)c.program, (long long)run, (long long)p.mentors[0], (long long)p.mentees[2]),
		     &problem),
		&problem);
	s = workshop_open(w, NULL);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair WHERE id = 900"), 0);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair"), 2);
	workshop_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_matching, set_up, tear_down),
		cmocka_unit_test_setup_teardown(same_input_same_result, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_objection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ages_when_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_recipe_that_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
