/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How groups of mentees fare in a run: what is told by groups that were given in confidence, what by traits that staff read.
 */
#include <inttypes.h>

#include "workshop.h"

enum {
	MENTEES = 44,
	MENTORS = 6,
	PLACES = 4
};

struct school {
	int64_t mentees[MENTEES], persons[MENTEES];
};

static void give_group(struct workshop *s, struct cast *c, const struct school *of, int at, const char *group)
{
	struct world *w = s->w;
	const char *user = arena_print(&w->arena, "user%d", at);
	struct caller self;

	create(w, &c->root, &login_entity, ARGS(P("person", path(w, &person_entity, of->persons[at])), T("user_name", user)));
	self = caller_of(w, (uint32_t)(1100 + at), user);
	create(w, &self, &group_membership_entity,
		ARGS(P("participant", path(w, &participant_entity, of->mentees[at])), T("group", group)));
}

/* 24 places for 44 mentees who are all alike; every second one gives a group, three more another. All are of age. */
static void school(struct workshop *s, struct cast *c, struct school *ret)
{
	struct world *w = s->w;

	must(perform(w, &c->ada, &program_entity, c->program, "Open", NULL, 0), &w->call.problem);
	for (int i = 0; i < MENTEES + MENTORS; i++) {
		int64_t who = person(w, &c->root, arena_print(&w->arena, "Given%d", i), "Test");
		int64_t id = participant(w, c, who, i < MENTEES ? "mentee" : "mentor", i < MENTEES ? 1 : PLACES);

		trait(s, c, id, "language", "German", "offered");
		free_on(s, c, id, "monday", 600, 900);
		if (i >= MENTEES)
			continue;
		ret->mentees[i] = id;
		ret->persons[i] = who;
		trait(s, c, id, "site", i < 3 ? "North" : "South", "offered");
		if (i % 2 == 0 || i < 6)
			give_group(s, c, ret, i, i == 0 ? "FIRST generation" : i % 2 == 0 ? "First generation" : "Commuters");
	}
}

static int64_t proposed(struct workshop *s, struct cast *c)
{
	int64_t task, run = run_new(s, c, &task);

	workshop_run(s);
	must_be(s, run, "proposed");
	return run;
}

static const char *lines_of(struct workshop *s, int64_t task)
{
	const struct task *t = task_find(s->tasks, task);

	if (t->state != TASK_DONE)
		return NULL;
	for (size_t i = 0; i < t->result_count; i++)
		if (!strcmp(t->results[i].name, "lines"))
			return t->results[i].value.text;
	fail_msg("there are no lines");
	return NULL;
}

static const char *fairness(struct workshop *s, struct cast *c, int64_t run, const char *by)
{
	int64_t task = by ? ask_for(s, &c->ada, &match_run_entity, run, "Fairness", ARGS(T("by", by)))
			  : ask_for(s, &c->ada, &match_run_entity, run, "Fairness", NULL, 0);

	workshop_run(s);
	return lines_of(s, task);
}

static void must_say(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text ? text : "nothing");
}

static void by_groups(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct school k;
	int64_t run;
	const char *told;

	school(s, &c, &k);
	run = proposed(s, &c);
	told = fairness(s, &c, run, NULL);
	must_say(told, "All: 44 mentees, 20 unplaced (45 %; 95 % interval 32 to 60 %), mean score of the placed");
	must_say(told,
		"\nfirst generation: 22 mentees, 10 unplaced (45 %; 95 % interval 27 to 65 %), mean score not shown: it would tell of few");
	must_say(told, "\nGroups of fewer than 5 mentees, or of all but so few, are not shown.");
	assert_null(strstr(told, "ommuters"));
	assert_string_equal(ask_text(s->w, "SELECT groups FROM match_run"), told);
	/* Told once: whoever gives a group afterwards shows in no second report of this run. */
	give_group(s, &c, &k, 7, "First generation");
	assert_string_equal(fairness(s, &c, run, NULL), told);
	workshop_close(s);
}

/* A second run that leaves one mentee out would tell, beside the first, what that one belongs to. */
static void not_by_difference(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct school k;
	int64_t task, run;

	school(s, &c, &k);
	run = proposed(s, &c);
	assert_non_null(fairness(s, &c, run, NULL));
	run = proposed(s, &c); /* the same again: the same report */
	assert_non_null(fairness(s, &c, run, NULL));
	must(perform(s->w, &c.ada, &participant_entity, k.mentees[30], "Pause", NULL, 0), &s->w->call.problem);
	run = proposed(s, &c);
	task = ask_for(s, &c.ada, &match_run_entity, run, "Fairness", NULL, 0);
	workshop_run(s);
	assert_null(lines_of(s, task));
	assert_non_null(strstr(task_find(s->tasks, task)->problem.text, "differs from it by fewer than 5 mentees"));
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM match_run WHERE groups IS NOT NULL"), 2);
	/* nor one in which the same people are asked, but two of them change places */
	must(perform(s->w, &c.ada, &participant_entity, k.mentees[30], "Resume", NULL, 0), &s->w->call.problem);
	task = ask_for(s, &c.ada, &match_run_entity, 0, "Create",
		ARGS(P("program", path(s->w, &program_entity, c.program)),
			T("changes",
				arena_print(&s->w->arena, "mark %lld = yes",
					(long long)ask_number(s->w, "SELECT max(participant) FROM unplaced WHERE run = 1")))));
	run = s->w->call.object;
	workshop_run(s);
	must_be(s, run, "proposed");
	task = ask_for(s, &c.ada, &match_run_entity, run, "Fairness", NULL, 0);
	workshop_run(s);
	assert_null(lines_of(s, task));
	workshop_close(s);
}

static void by_traits(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct school k;
	int64_t run;
	const char *told;

	school(s, &c, &k);
	run = proposed(s, &c);
	told = fairness(s, &c, run, "site");
	must_say(told, "\nNorth: 3 mentees, ");
	must_say(told, "\nSouth: 41 mentees, ");
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM match_run WHERE groups IS NOT NULL"), 0);
	must_say(fairness(s, &c, run, "department"), "\nNobody of them has said what they belong to.");
	assert_int_equal(perform(s->w, &c.ada, &match_run_entity, run, "Fairness", ARGS(T("by", "skill"))), E_INVALID);
	assert_int_equal(perform(s->w, &c.ben, &match_run_entity, run, "Fairness", NULL, 0), E_NOTFOUND);
	workshop_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(by_groups, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_by_difference, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_traits, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
