/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A matching from the asking to the proposal, by the real worker in its sandbox, over a real database.
 */
#include <inttypes.h>

#include "workshop.h"

static int64_t mentor_of(struct workshop *s, int64_t run, int64_t mentee)
{
	return ask_number(s->w,
		arena_print(
			&s->w->arena, "SELECT mentor FROM run_pair WHERE run = %lld AND mentee = %lld", (long long)run, (long long)mentee));
}

/* ---- what could have been, for people ---- */

struct instead {
	struct reader reader;
	char *text;
	bool shown;
};

static int keep_text(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct instead *instead = (struct instead *)reader;

	(void)shape;
	(void)fields;
	(void)count;
	instead->shown = shown[0];
	snprintf(instead->text, 2000, "%s", engine_text(q, 0) ? engine_text(q, 0) : "");
	return 0;
}

/* The lines "mentor 7 250000 would cost ..." with the name of whom the number is, behind the same gate. */
static void told_with_names(struct world *w, struct cast *c, const char *lines)
{
	int field = field_index(shape_of(&run_pair_entity), "instead");
	struct instead instead = { { keep_text }, arena_new(&w->arena, 2000), false };
	int64_t pair = ask_number(w, "SELECT id FROM run_pair ORDER BY mentee LIMIT 1"), id, score;
	char side[8], cost[200], *wanted;

	w->call = (struct call){ .arena = &w->arena, .caller = &c->ada, .now = store_now(w->store) };
	must(store_read(w->store, &w->call, &run_pair_entity, pair, &field, 1, &instead.reader), &w->call.problem);
	assert_true(instead.shown);
	assert_int_equal(sscanf(lines, "%7s %" SCNd64 " %" SCNd64 " %199[^\n]", side, &id, &score, cost), 4);
	wanted = arena_print(&w->arena, "%s as %s (score %" PRId64 "): %s",
		ask_text(w, arena_print(&w->arena, "SELECT name FROM participant WHERE id = %" PRId64, id)), side, score, cost);
	assert_int_equal(strncmp(instead.text, wanted, strlen(wanted)), 0);
	assert_non_null(strstr(cost, "would"));
	assert_true(strspn(instead.text + strlen(wanted), "\n") == (strchr(lines, '\n') != NULL));
	w->call.caller = &c->ben;
	assert_int_equal(store_read(w->store, &w->call, &run_pair_entity, pair, &field, 1, &instead.reader), E_NOTFOUND);
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
	told_with_names(s->w, &c, text);
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
	struct problem problem = { 0 };
	int64_t task, run;

	people(s, &c);
	/* no line can be saved so, but an older program may have saved one */
	must(engine_run(store_engine(s->w->store),
		     "UPDATE recipe_line SET criterion = 'shoe size' WHERE id = (SELECT min(id) FROM recipe_line)", &problem),
		&problem);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_non_null(strstr(ask_text(s->w, "SELECT problem FROM match_run"), "shoe size"));
	workshop_close(s);
}

/* What is wrong with a line is said when it is saved, new or changed: the field, the criterion, the range. */
static void a_line_is_checked_when_saved(void **state)
{
	static const struct {
		const char *criterion, *use;
		double weight;
		const char *parameters, *field, *says;
	} lines[] = { { "shoe size", "weight", 1, "", "criterion", "no criterion shoe size; there are traits, interests" },
		{ "not_with", "hard", 1, "", "criterion", "always holds" }, { "interests", "hard", 1, "", "use", "only have a weight" },
		{ "site", "weight", 0, "", "weight", "above 0 and at most 1000" },
		{ "traits", "weight", 1, "at_least=40", "parameters",
			"at_least of traits (Needed as a hard rule) takes a whole number between 1 and 20" },
		{ "traits", "weight", 1, "enough=2.5", "parameters", "whole number between 1 and 20" },
		{ "traits", "weight", 1, "enogh=2", "parameters", "traits has no parameter enogh; it has at_least (1 to 20), enough" },
		{ "site", "weight", 1, "least=1", "parameters", "site has no parameter least, and no other" },
		{ "year", "weight", 1, "least", "parameters", "name=value" },
		{ "year", "weight", 1, "least=one", "parameters", "no number" },
		{ "year", "hard", 1, "least=3 most=2", "parameters", "least is above the most" } };
	struct world *w = *state;
	struct cast c = cast(w);
	const char *recipe = path(w, &recipe_entity, ask_number(w, "SELECT id FROM recipe"));
	int64_t line;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_int_equal(
			perform(w, &c.ada, &recipe_line_entity, 0, "Create",
				ARGS(P("recipe", recipe), T("criterion", lines[i].criterion), T("use", lines[i].use),
					{ "weight", { .type = V_REAL, .real = lines[i].weight } }, T("parameters", lines[i].parameters))),
			E_INVALID);
		assert_string_equal(w->call.problem.field, lines[i].field);
		if (!strstr(w->call.problem.text, lines[i].says))
			fail_msg("%s", w->call.problem.text);
	}
	line = create(w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", recipe), T("criterion", "age"), T("use", "hard"), T("parameters", "least=2  most=9")));
	assert_int_equal(perform(w, &c.ada, &recipe_line_entity, line, "Update", ARGS(T("parameters", "least=200"))), E_INVALID);
	assert_string_equal(w->call.problem.field, "parameters");
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
		cmocka_unit_test_setup_teardown(a_line_is_checked_when_saved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
