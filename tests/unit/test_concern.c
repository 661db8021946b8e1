/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whoever asks for help is heard: the safeguarding lead is told at once, whatever is held back; where nobody has that duty the coordinators
 * hear that one waits, and nothing of it; and whoever runs a program sees before that the duty is nobody's. It is told again until somebody
 * takes it up.
 */
#include "store/internal.h"

#include "clockwork.h"

static int64_t raised(struct world *w, struct cast *c, int64_t about)
{
	return create(w, &c->ada, &concern_entity,
		ARGS(P("program", path(w, &program_entity, c->program)), P("person", path(w, &person_entity, c->cleo_id)),
			N("about", about), T("text", "He shouts at me.")));
}

static int64_t count(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t number;

	must(engine_prepare(w->store->engine, sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(w->store->engine, q, &problem), 1);
	number = engine_int(q, 0);
	engine_reset(q);
	return number;
}

static void lead(struct world *w, struct cast *c, int64_t who)
{
	create(w, &c->root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, who)), T("duty", "safeguarding lead"),
			P("program", path(w, &program_entity, c->program))));
}

#define MESSAGES(template, state) "SELECT count(*) FROM \"message\" WHERE \"template_name\" = '" template "' AND \"state\" = '" state "'"

static void test_the_lead_is_told_though_mail_is_held(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	lead(w, &c, c.ben_id);
	must(perform(w, &c.ada, &program_entity, c.program, "HoldMail", NULL, 0), &w->call.problem);
	raised(w, &c, NONE);
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 1);
	assert_int_equal(count(w, MESSAGES("concern-unheard", "queued")), 0);
}

static void test_many_at_once_are_no_batch(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	lead(w, &c, c.ben_id);
	w->settings->schedule.batch_hold = 3;
	for (int i = 0; i < 6; i++)
		raised(w, &c, NONE);
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 6);
	assert_int_equal(count(w, MESSAGES("concern-opened", "held")), 0);
}

static void test_nobody_holds_it_back(void **state)
{
	static const char *const verbs[] = { "Hold", "Withdraw" };
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id;

	lead(w, &c, c.ben_id);
	raised(w, &c, NONE);
	id = count(w, "SELECT \"id\" FROM \"message\" WHERE \"template_name\" = 'concern-opened'");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(perform(w, &c.ada, &message_entity, id, verbs[i], NULL, 0), E_NOTFOUND);
	}
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 1);
}

static void test_without_a_lead_the_coordinators_hear_that_one_waits(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	raised(w, &c, NONE);
	assert_int_equal(count(w, MESSAGES("concern-unheard", "queued")), 1);
	assert_int_equal(count(w, "SELECT \"person\" FROM \"message\" WHERE \"template_name\" = 'concern-unheard'"), c.ada_id);
	/* that one waits is all they see */
	assert_int_equal(perform(w, &c.ada, &concern_entity, w->call.object, "Acknowledge", NULL, 0), E_NOTFOUND);
}

static void test_a_lead_whom_it_is_about_is_nobody(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	int64_t id;

	lead(w, &c, c.ben_id);
	id = raised(w, &c, c.ben_id);
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 0);
	assert_int_equal(count(w, MESSAGES("concern-unheard", "queued")), 1);
	/* nor is it there for them */
	assert_int_equal(waits(w, &c.ben, "concern to take up"), 0);
	assert_int_equal(perform(w, &c.ben, &concern_entity, id, "Acknowledge", NULL, 0), E_NOTFOUND);
	assert_int_equal(perform_with(w, &c.ben, &concern_entity, id, "Disclose", NULL, 0,
				 (struct options){ .version = NONE, .for_person = NONE, .reason = "to know" }),
		E_NOTFOUND);
	raised(w, &c, c.ada_id);
	assert_int_equal(waits(w, &c.ben, "concern to take up"), 1);
}

static void test_a_coordinator_whom_it_is_about_hears_nothing(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	raised(w, &c, c.ada_id);
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 0);
	assert_int_equal(count(w, MESSAGES("concern-unheard", "queued")), 0);
}

static int by_herself(struct world *w, struct cast *c)
{
	return perform(w, &c->cleo, &concern_entity, 0, "Create", ARGS(P("person", path(w, &person_entity, c->cleo_id))));
}

static void test_nobody_is_drowned_by_one(void **state)
{
	struct world *w = *state;
	struct problem problem = { 0 };
	struct cast c = cast(w);

	lead(w, &c, c.ben_id);
	for (int i = 0; i < 6; i++)
		must(by_herself(w, &c), &w->call.problem);
	assert_int_equal(by_herself(w, &c), E_LIMIT);
	assert_non_null(strstr(w->call.problem.text, "call for help at once"));
	raised(w, &c, NONE); /* what others see of her is another matter */
	must(store_turn_begin(w->store, &problem), &problem);
	must(store_advance(w->store, store_now(w->store) + 86400, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	must(by_herself(w, &c), &w->call.problem);
}

static void test_told_again_until_somebody_takes_it_up(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct clockwork clock = start(w);
	int64_t id;

	lead(w, &c, c.ben_id);
	id = raised(w, &c, NONE);
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 1);
	advance(w, &clock, "2026-01-01T23:59:00Z");
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 1);
	advance(w, &clock, "2026-01-02T00:01:00Z");
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 2);
	advance(w, &clock, "2026-01-03T00:02:00Z");
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 3);
	must(perform(w, &c.ben, &concern_entity, id, "Acknowledge", NULL, 0), &w->call.problem);
	advance(w, &clock, "2026-01-06T00:00:00Z");
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 3);
	create(w, &c.ada, &concern_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("person", path(w, &person_entity, c.cleo_id)),
			T("severity", "urgent")));
	advance(w, &clock, "2026-01-06T04:01:00Z"); /* what is urgent after four hours */
	assert_int_equal(count(w, MESSAGES("concern-opened", "queued")), 5);
	stop(&clock);
}

/* However many wait in one line of the agenda, no other is hidden by them. */
static void test_no_kind_hides_another(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	char family[16];

	for (int i = 0; i < 520; i++) {
		snprintf(family, sizeof family, "No%d", i);
		create(w, &c.ada, &participant_entity,
			ARGS(P("program", path(w, &program_entity, c.program)),
				P("person", path(w, &person_entity, person(w, &c.root, "Much", family))), T("role", "mentee")));
	}
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	assert_in_range(waits(w, &c.ada, "application to decide"), 400, 499);
	assert_int_equal(waits(w, &c.ada, "program without safeguarding lead"), 1);
}

/* Of a database from before there were objections to a pair. */
static void test_concerns_from_before_are_kept(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id;

	lead(w, &c, c.ben_id);
	id = raised(w, &c, NONE);
	force(w,
		"DROP INDEX concern_by_match_raised_at_id; ALTER TABLE concern DROP COLUMN \"match\"; ALTER TABLE concern DROP COLUMN objects");
	reopen(w);
	assert_int_equal(count(w, "SELECT count(*) FROM concern WHERE \"match\" IS NULL AND NOT objects AND state = 'open'"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM pragma_index_list('concern') WHERE name = 'concern_by_match_raised_at_id'"), 1);
	must(perform(w, &c.ben, &concern_entity, id, "Acknowledge", NULL, 0), &w->call.problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_lead_is_told_though_mail_is_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_at_once_are_no_batch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_holds_it_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_without_a_lead_the_coordinators_hear_that_one_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_kind_hides_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_lead_whom_it_is_about_is_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_coordinator_whom_it_is_about_hears_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_is_drowned_by_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_concerns_from_before_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_told_again_until_somebody_takes_it_up, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
