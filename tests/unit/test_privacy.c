/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept how long, and sealed values: retention after a program, coming of age, a lost or wrong key, what an export leaves out.
 */
#include "clockwork.h"

static int64_t count(struct world *w, const char *sql)
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

static void fields_go_when_a_program_is_long_over(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c = cast(w);
	int64_t id;

	id = create(w, &c.ada, &participant_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("person", path(w, &person_entity, c.ben_id)), T("role", "mentor"),
			T("motivation", "because of that word")));
	create(w, &c.ada, &trait_entity,
		ARGS(P("participant", path(w, &participant_entity, id)), T("kind", "skill"), T("name", "juggling"), T("side", "offered")));
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	clockwork = start(w);
	advance(w, &clockwork, "2027-01-05T00:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"program\" WHERE \"state\" = 'closed'"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM \"participant\" WHERE \"motivation\" IS NOT NULL"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM \"trait\""), 1);
	/* the policy keeps it for so many days after the end, then no longer */
	advance(w, &clockwork, "2032-01-05T00:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"participant\" WHERE \"motivation\" IS NOT NULL OR \"name\" <> '(erased)'"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM \"trait\""), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'failed'"), 0);
	stop(&clockwork);
}

static void minors_come_of_age(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c = cast(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2008-06-15")));
	int64_t unknown = create(w, &c.ada, &person_entity, ARGS(T("given_name", "Un"), T("family_name", "Known")));

	(void)young;
	(void)unknown;
	/* an unknown date counts as minor while the setting is on */
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"minor\""), 2);
	clockwork = start(w);
	advance(w, &clockwork, "2026-06-14T12:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"minor\""), 2);
	advance(w, &clockwork, "2026-06-16T12:00:00Z");
	assert_int_equal(count(w, "SELECT \"minor\" FROM \"person\" WHERE \"given_name\" = 'Young'"), 0);
	w->settings->people.minors = 0;
	advance(w, &clockwork, "2026-06-18T12:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"minor\""), 0);
	stop(&clockwork);
}

static void a_minor_is_not_matched_by_hand(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2012-06-15")));
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 1), mentee = participant(w, &c, young, "mentee", 1);

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	assert_int_equal(perform(w, &c.ada, &match_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
					 P("mentee", path(w, &participant_entity, mentee)))),
		E_STATE);
	assert_non_null(strstr(w->call.problem.text, "consent"));
}

static void replace_key(struct world *w, const char *hex)
{
	char file[160];
	FILE *key;

	snprintf(file, sizeof file, "%s/sealing-key", w->credentials);
	chmod(file, 0600);
	key = fopen(file, "w");
	assert_non_null(key);
	fputs(hex, key);
	fclose(key);
}

static void a_wrong_key_opens_and_shuts_nothing(void **state)
{
	const struct arg fields = { "fields", { .type = V_WORDS, .text = "birth_date" } };
	struct options why = { .version = NONE, .for_person = NONE, .reason = "asked" };
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t disclosed;

	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	store_close(w->store);
	replace_key(w, "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	open_store(w);
	c.ada = caller_of(w, 1001, "ada");
	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1, why), E_UNAVAILABLE);
	disclosed = count(w, "SELECT count(*) FROM \"disclosure\"");
	assert_int_equal(disclosed, 0);
	assert_int_equal(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("birth_date", "1991-01-01"))), E_UNAVAILABLE);
	/* all else goes on */
	assert_int_equal(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("zone", "UTC"))), 0);
	store_close(w->store);
	replace_key(w, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	open_store(w);
	c.ada = caller_of(w, 1001, "ada");
	must(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1, why), &w->call.problem);
	assert_string_equal(w->call.results[0].value.text, "1990-02-03");
	assert_int_equal(count(w, "SELECT count(*) FROM \"disclosure\""), 1);
}

static void an_export_says_that_something_is_left_out(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	char sealed[64];

	participant(w, &c, c.cleo_id, "mentee", 1);
	must(perform(w, &c.cleo, &person_entity, c.cleo_id, "Export", NULL, 0), &w->call.problem);
	assert_int_equal(w->call.result_count, 3);
	assert_string_equal(w->call.results[0].name, "data");
	assert_non_null(strstr(w->call.results[0].value.text, "given_name Cleo"));
	assert_null(strstr(w->call.results[0].value.text, "1990")); /* sealed: by Disclose, which records it */
	assert_string_equal(w->call.results[2].name, "by_disclose");
	snprintf(sealed, sizeof sealed, "person %lld birth_date", (long long)c.cleo_id);
	assert_string_equal(w->call.results[2].value.text, sealed);
	assert_string_equal(w->call.results[1].name, "left_out");
	assert_true(w->call.results[1].value.number > 0); /* `priority` is the staff's */
	assert_null(strstr(w->call.results[0].value.text, "priority"));
	/* nobody else's */
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.ben_id, "Export", NULL, 0), E_NOTFOUND);
	assert_int_equal(perform(w, &c.ada, &person_entity, c.cleo_id, "Export", NULL, 0), E_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fields_go_when_a_program_is_long_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(minors_come_of_age, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_minor_is_not_matched_by_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_key_opens_and_shuts_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_export_says_that_something_is_left_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
