/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one path, from a call to its row: who may, in which order it is refused, what is written beside, what goes back.
 * A real database in a directory of the test's own; callers as the bus would make them, from uids with logins.
 */
#include "world.h"

/* ---- tests ---- */

static void first_steps(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	const struct change *changes;

	assert_true(c.ada.person == c.ada_id);
	assert_int_equal(store_committed(w->store, &changes), 3 + 8); /* program twice, recipe and its lines */
	/* an account made anew under the name is nobody */
	assert_true(caller_of(w, 1009, "ada").person == NONE);
	assert_true(caller_of(w, 1001, "eve").person == NONE);
	/* uid below the range binds nothing */
	assert_true(caller_of(w, 999, "ben").person == NONE);
}

static void refusals_in_order(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	/* hidden and absent alike: Cleo sees no person but herself */
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.ben_id, "Update", ARGS(T("zone", "UTC"))), E_NOTFOUND);
	assert_int_equal(perform(w, &c.cleo, &person_entity, 4711, "Update", ARGS(T("zone", "UTC"))), E_NOTFOUND);
	/* role before fields before version before state */
	assert_int_equal(perform(w, &c.cleo, &program_entity, c.program, "Start", ARGS(T("nonsense", "x"))), E_DENIED);
	assert_int_equal(perform_with(w, &c.ada, &program_entity, c.program, "Open", ARGS(T("nonsense", "x")),
				 (struct options){ .version = 99, .for_person = NONE }),
		E_INVALID);
	assert_int_equal(
		perform_with(w, &c.ada, &program_entity, c.program, "Open", NULL, 0, (struct options){ .version = 99, .for_person = NONE }),
		E_CONFLICT);
	assert_int_equal(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), E_STATE);
	/* self sets only what is hers */
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.cleo_id, "Update", ARGS(T("zone", "Asia/Kolkata"))), 0);
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.cleo_id, "Update", ARGS(T("email", "c@example.org"))), E_DENIED);
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.cleo_id, "Update", ARGS(T("zone", "Mars/Base"))), E_INVALID);
}

static void keys_and_dry_runs(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct options keyed = { .version = NONE, .for_person = NONE, .key = "k1" },
		       dry = { .version = NONE, .for_person = NONE, .dry_run = true };
	int64_t seq, after, first;
	char head[65];

	assert_int_equal(
		perform_with(w, &c.ada, &person_entity, 0, "Create", ARGS(T("given_name", "Dee"), T("family_name", "Dee")), keyed), 0);
	first = w->call.object;
	assert_int_equal(
		perform_with(w, &c.ada, &person_entity, 0, "Create", ARGS(T("given_name", "Dee"), T("family_name", "Dee")), keyed), 0);
	assert_true(w->call.replayed);
	assert_int_equal(w->call.object, first);
	store_audit_head(w->store, &seq, head);
	assert_int_equal(
		perform_with(w, &c.ada, &person_entity, 0, "Create", ARGS(T("given_name", "Eve"), T("family_name", "Eve")), dry), 0);
	store_audit_head(w->store, &after, head);
	assert_int_equal(seq, after);
	assert_int_equal(perform(w, &c.ada, &person_entity, w->call.object, "Update", ARGS(T("zone", "UTC"))), E_NOTFOUND);
	/* a dry run passes the same gate */
	assert_int_equal(perform_with(w, &c.cleo, &person_entity, 0, "Create", ARGS(T("given_name", "Eve"), T("family_name", "Eve")), dry),
		E_DENIED);
}

static void one_place_two_acceptances(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 1), one = participant(w, &c, c.cleo_id, "mentee", 1), two, first, second;
	int64_t dora = person(w, &c.root, "Dora", "Second");

	two = participant(w, &c, dora, "mentee", 1);
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	first = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, one))));
	second = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, two))));
	/* a proposed match is nobody's but staff's */
	assert_int_equal(perform(w, &c.cleo, &match_entity, first, "Accept", NULL, 0), E_NOTFOUND);
	must(perform(w, &c.ada, &match_entity, first, "Offer", NULL, 0), &w->call.problem);
	assert_int_equal(w->call.messages, 2);
	must(perform(w, &c.ada, &match_entity, second, "Offer", NULL, 0), &w->call.problem);
	must(perform(w, &c.cleo, &match_entity, first, "Accept", NULL, 0), &w->call.problem);
	must(perform(w, &c.ben, &match_entity, first, "Accept", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, second, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = dora }),
		&w->call.problem);
	assert_int_equal(perform(w, &c.ben, &match_entity, second, "Accept", NULL, 0), E_CONFLICT);
	/* nobody may enter an answer for somebody who could not give it */
	assert_int_equal(perform_with(w, &c.ada, &match_entity, second, "Accept", NULL, 0,
				 (struct options){ .version = NONE, .for_person = c.cleo_id }),
		E_DENIED);
	must(perform(w, &c.ada, &match_entity, first, "Start", NULL, 0), &w->call.problem);
	assert_true(w->call.jobs > 0);
}

static void sealed_is_disclosed_only(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	const struct arg fields = { "fields", { .type = V_WORDS, .text = "birth_date" } };

	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1,
				 (struct options){ .version = NONE, .for_person = NONE, .reason = "curious" }),
		E_DENIED);
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	assert_int_equal(perform(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1), E_INVALID);
	must(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked by Ben" }),
		&w->call.problem);
	assert_int_equal(w->call.result_count, 1);
	assert_string_equal(w->call.results[0].value.text, "1990-02-03");
	/* her own record: she is no officer there */
	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ada_id, "Disclose", &fields, 1,
				 (struct options){ .version = NONE, .for_person = NONE, .reason = "mine" }),
		E_DENIED);
}

static void verified_audit(void **state)
{
	struct world *w = *state;
	struct audit_report report = { 0 };
	struct problem problem = { 0 };
	int64_t cursor = 0;
	int r;

	cast(w);
	while ((r = store_verify_audit(w->store, &cursor, &report, &problem)) > 0)
		;
	must(r, &problem);
	assert_int_equal(report.first_bad, 0);
	assert_true(report.records > 8);
}

struct taken {
	struct reader reader;
	int rows;
	char last[100];
};

static int take(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct taken *taken = (struct taken *)reader;

	(void)shape;
	(void)fields;
	(void)shown;
	taken->rows++;
	snprintf(taken->last, sizeof taken->last, "%s", engine_text(q, count - 1) ? engine_text(q, count - 1) : "");
	return 0;
}

static int list(struct world *w, struct caller *caller, const struct entity *e, const char *const *fields, size_t count, uint32_t limit,
	const char *cursor, struct taken *taken, const char **next)
{
	struct list_query query = { .fields = fields, .field_count = count, .limit = limit, .cursor = cursor };

	*taken = (struct taken){ .reader = { take } };
	w->call = (struct call){
		.arena = &w->arena, .caller = caller, .now = store_now(w->store), .options = { .version = NONE, .for_person = NONE }
	};
	return store_list(w->store, &w->call, e, &query, &taken->reader, next);
}

static void lists_show_what_is_seen(void **state)
{
	static const char *const name[] = { "id", "name" }, *const email[] = { "email" };
	struct world *w = *state;
	struct cast c = cast(w);
	struct taken taken;
	const char *next;

	participant(w, &c, c.ben_id, "mentor", 1);
	must(list(w, &c.ada, &person_entity, name, 2, 2, "", &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 2);
	assert_string_equal(taken.last, "Ben Mentor");
	assert_true(*next);
	must(list(w, &c.ada, &person_entity, name, 2, 2, next, &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 1);
	assert_string_equal(taken.last, "Cleo Mentee");
	assert_false(*next);
	must(list(w, &c.cleo, &person_entity, name, 2, 10, "", &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 1);
	/* a coordinator of all is no staff over herself: her own mail address is hers, the others' by her duty */
	must(list(w, &c.ada, &person_entity, email, 1, 10, "", &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 3);
	assert_int_equal(list(w, &c.ben, &participant_entity, (const char *const[]){ "priority" }, 1, 10, "", &taken, &next), E_DENIED);
}

/* A login counts for uids of the configured range alone: a service account or root of the same name is nobody, and pins nothing. */
static void uids_outside_the_range_are_nobody(void **state)
{
	struct world *w = *state;
	struct caller root = caller_of(w, 0, "root");
	static const uint32_t outside[] = { 0, 33, 999, 65001, UINT32_MAX };
	int64_t person_id = person(w, &root, "Dora", "Daemon");

	create(w, &root, &login_entity, ARGS(P("person", path(w, &person_entity, person_id)), T("user_name", "dora")));
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		assert_int_equal(caller_of(w, outside[i], "dora").person, NONE);
	assert_int_equal(caller_of(w, 1000, "dora").person, person_id);
	/* the first uid of the range that came is the one from now on */
	assert_int_equal(caller_of(w, 1001, "dora").person, NONE);
	assert_int_equal(caller_of(w, 1000, "dora").person, person_id);
}

/* A path that somebody kept never comes to name another row, not even over a restart. */
static void removed_ids_stay_unused(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t ids[3];

	for (int i = 0; i < 3; i++) {
		ids[i] = create(w, &c.ada, &closed_days_entity,
			ARGS(P("program", path(w, &program_entity, c.program)), T("from", "2026-03-01"), T("to", "2026-03-02"),
				T("name", "Spring")));
		must(perform(w, &c.ada, &closed_days_entity, ids[i], "Remove", NULL, 0), &w->call.problem);
		assert_true(i == 0 || ids[i] > ids[i - 1]);
		store_close(w->store);
		open_store(w);
	}
}

static void erased_and_kept_erased(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct options why = { .version = NONE, .for_person = NONE, .reason = "asked for" };

	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	participant(w, &c, c.ben_id, "mentor", 2);
	must(perform_with(w, &c.ada, &person_entity, c.ben_id, "Erase", NULL, 0, why), &w->call.problem);
	assert_int_equal(w->call.jobs, 1);
	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ben_id, "Erase", NULL, 0, why), E_STATE);
}

static int read_name(struct call *call, void *data)
{
	struct person *person;
	int r = load(call, &person_entity, *(int64_t *)data, (void **)&person);

	return r ? r : !strcmp(person->given_name, "Ben");
}

static int rename_him(struct call *call, void *data)
{
	struct person *was, now;
	int r = load(call, &person_entity, *(int64_t *)data, (void **)&was);

	now = *was;
	now.given_name = (char *)(uintptr_t) "Benno";
	return r ? r : save(call, &person_entity, was, &now);
}

static int in_a_turn(struct world *w,
	int (*way)(struct store *, const struct caller *, int (*)(struct call *, void *), void *, struct problem *),
	int (*run)(struct call *, void *), int64_t person, int *ret_commit)
{
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };
	struct problem problem = { 0 };
	int r;

	must(store_turn_begin(w->store, &problem), &problem);
	r = way(w->store, &daemon, run, &person, &problem);
	*ret_commit = store_turn_commit(w->store, &problem);
	return r;
}

/* What is there to read only leaves a turn that wrote nothing; if it writes all the same, nothing of the turn stands. */
static void who_looks_writes_nothing(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int committed;

	store_wrote(w->store);
	assert_int_equal(in_a_turn(w, store_look, read_name, c.ben_id, &committed), 1);
	assert_int_equal(committed, 0);
	assert_false(store_wrote(w->store));
	assert_int_equal(in_a_turn(w, store_look, rename_him, c.ben_id, &committed), E_STORE);
	assert_int_equal(committed, E_STORE);
	assert_int_equal(in_a_turn(w, store_look, read_name, c.ben_id, &committed), 1);
	assert_int_equal(in_a_turn(w, store_do, rename_him, c.ben_id, &committed), 0);
	assert_true(store_wrote(w->store));
	assert_int_equal(in_a_turn(w, store_look, read_name, c.ben_id, &committed), 0);
}

struct row_order {
	int64_t last;
	int count;
};

static int after_the_last(struct call *call, void *record, void *data)
{
	const struct person *person = record;
	struct row_order *order = data;

	(void)call;
	assert_true(person->id > order->last);
	order->last = person->id;
	order->count++;
	return 0;
}

static int see_by_name(struct call *call, void *data)
{
	return each(call, &person_entity, after_the_last, data, "\"family_name\" IN ('Abt', 'Maas', 'Zorn')", NULL, 0);
}

/* Whatever index the database goes by. */
static void each_goes_by_number(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct row_order order = { 0 };
	struct problem problem = { 0 };

	for (int i = 0; i < 100; i++)
		person(w, &c.root, "Somebody", i % 3 == 0 ? "Zorn" : i % 3 == 1 ? "Maas" : "Abt");
	must(do_in_turn(w, &by_link, see_by_name, &order, &problem), &problem);
	assert_int_equal(order.count, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_steps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_and_dry_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_place_two_acceptances, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sealed_is_disclosed_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(verified_audit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_show_what_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(uids_outside_the_range_are_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removed_ids_stay_unused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(erased_and_kept_erased, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_looks_writes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_goes_by_number, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
