/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What two have in common is said in the reader's language, from what both state at that moment, and of what one of them alone states nothing.
 */
#include "model/shared.h"

#include "store/internal.h"
#include "world.h"

struct two {
	struct cast c;
	int64_t mentor, mentee, match;
};

static struct two two(struct world *w)
{
	struct two t = { .c = cast(w) };

	t.mentor = participant(w, &t.c, t.c.ben_id, "mentor", 2);
	t.mentee = participant(w, &t.c, t.c.cleo_id, "mentee", 1);
	t.match = create(w, &t.c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, t.c.program)), P("mentor", path(w, &participant_entity, t.mentor)),
			P("mentee", path(w, &participant_entity, t.mentee))));
	return t;
}

static int64_t states(struct world *w, struct two *t, int64_t who, const char *kind, const char *name, const char *side)
{
	return create(w, &t->c.ada, &trait_entity,
		ARGS(P("participant", path(w, &participant_entity, who)), T("kind", kind), T("name", name), T("side", side)));
}

static const char *said(struct world *w, int64_t match, const char *language)
{
	struct problem problem = { 0 };
	const char *text;

	w->call.store = w->store;
	must(store_turn_begin(w->store, &problem), &problem);
	must(shared_said(&w->call, match, language, "Europe/Berlin", &text), &w->call.problem);
	must(store_turn_commit(w->store, &problem), &problem);
	return text;
}

static void test_nothing_is_said_of_nothing(void **state)
{
	struct two t = two(*state);

	assert_null(said(*state, t.match, "en"));
	states(*state, &t, t.mentee, "language", "English", "offered");
	states(*state, &t, t.mentor, "language", "German", "offered");
	states(*state, &t, t.mentor, "skill", "English", "offered"); /* the same word, another kind of thing */
	assert_null(said(*state, t.match, "en"));
}

static void test_in_the_language_of_the_reader(void **state)
{
	struct two t = two(*state);

	states(*state, &t, t.mentee, "skill", "python", "sought");
	states(*state, &t, t.mentor, "skill", "Python", "offered");
	states(*state, &t, t.mentee, "language", "English", "offered");
	states(*state, &t, t.mentor, "language", "English", "offered");
	states(*state, &t, t.mentee, "language", "Deutsch", "offered");
	states(*state, &t, t.mentor, "language", "Deutsch", "offered");
	assert_string_equal(said(*state, t.match, "en-GB"),
		"What you share: one of you can help the other with Python, and you both speak English and Deutsch.");
	assert_string_equal(said(*state, t.match, "de_AT"),
		"Was Sie verbindet: eine Seite kann der anderen helfen bei: Python, und Sie sprechen beide English und Deutsch.");
}

static void test_what_was_taken_back_is_not_told(void **state)
{
	struct world *w = *state;
	struct two t = two(w);
	int64_t gone;

	states(w, &t, t.mentee, "interest", "Chess", "offered");
	gone = states(w, &t, t.mentor, "interest", "chess", "offered");
	assert_string_equal(said(w, t.match, "en"), "What you share: you both care for chess.");
	must(perform(w, &t.c.ada, &trait_entity, gone, "Remove", NULL, 0), &w->call.problem);
	assert_null(said(w, t.match, "en"));
}

/* Who looks for a skill is helped by who offers it; two who look for it, or two who offer it, do not help each other. */
static void test_help_has_a_direction(void **state)
{
	struct two t = two(*state);

	states(*state, &t, t.mentee, "skill", "Writing", "sought");
	states(*state, &t, t.mentor, "skill", "Writing", "sought");
	states(*state, &t, t.mentee, "skill", "Maths", "offered");
	states(*state, &t, t.mentor, "skill", "Maths", "offered");
	assert_null(said(*state, t.match, "en"));
}

static void test_a_long_list_ends(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };
	struct two t = two(*state);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		states(*state, &t, t.mentee, "interest", names[i], "offered");
		states(*state, &t, t.mentor, "interest", names[i], "offered");
	}
	assert_string_equal(said(*state, t.match, "en"), "What you share: you both care for a, b, c, d and e.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_is_said_of_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_in_the_language_of_the_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_taken_back_is_not_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_help_has_a_direction, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_long_list_ends, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
