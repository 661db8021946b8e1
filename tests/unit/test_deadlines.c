/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ends by itself, and on which day: links, proposed addresses, consents, and guardianships when the minor comes of age; and that
 * nothing waits for what was settled before.
 */
#include "clockwork.h"

static int64_t waiting_jobs(struct world *w, const char *kind)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM job WHERE kind = '%s' AND state = 'waiting' AND subject <> 0", kind);
	return number(w, sql);
}

static int64_t proposed(struct world *w, struct cast *c, const char *address)
{
	return create(w, &c->cleo, &address_change_entity, ARGS(P("person", path(w, &person_entity, c->cleo_id)), T("new", address)));
}

static void an_address_that_nobody_confirms(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct clockwork clock = start(w);
	int64_t id = proposed(w, &c, "one@example.net");

	assert_int_equal(waiting_jobs(w, "address change expires"), 1);
	must(perform(w, &c.cleo, &address_change_entity, id, "Withdraw", NULL, 0), &w->call.problem);
	assert_int_equal(waiting_jobs(w, "address change expires"), 0);
	proposed(w, &c, "two@example.net");
	advance(w, &clock, "2026-01-07T23:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM address_change WHERE state = 'proposed'"), 1);
	advance(w, &clock, "2026-01-08T01:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM address_change WHERE state = 'expired'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM address_change WHERE state = 'withdrawn'"), 1);
	stop(&clock);
}

static int64_t consent_until(struct world *w, struct cast *c, const char *purpose, const char *ends)
{
	int64_t id = create(w, &c->ada, &consent_entity,
		ARGS(P("program", path(w, &program_entity, c->program)), P("person", path(w, &person_entity, c->cleo_id)),
			P("giver", path(w, &person_entity, c->cleo_id)), T("purpose", purpose), T("ends", ends)));

	must(perform(w, &c->cleo, &consent_entity, id, "Give", NULL, 0), &w->call.problem);
	return id;
}

static void a_consent_with_a_last_day(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct clockwork clock = start(w);

	consent_until(w, &c, "photo", "2026-01-05");
	assert_int_equal(waiting_jobs(w, "consent expiring"), 1);
	must(perform(w, &c.cleo, &consent_entity, consent_until(w, &c, "testimonial", "2026-01-05"), "Withdraw", NULL, 0),
		&w->call.problem);
	assert_int_equal(waiting_jobs(w, "consent expiring"), 1);
	advance(w, &clock, "2026-01-05T23:59:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE state = 'given'"), 1);
	advance(w, &clock, "2026-01-06T00:01:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE state = 'expired' AND purpose = 'photo'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE state = 'withdrawn'"), 1);
	stop(&clock);
}

static void a_guardianship_ends_with_the_minority(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct clockwork clock = start(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2008-01-05")));

	create(w, &c.ada, &guardianship_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("minor", path(w, &person_entity, young)),
			P("guardian", path(w, &person_entity, c.ben_id)), T("source", "registration")));
	advance(w, &clock, "2026-01-04T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM guardianship WHERE state = 'claimed'"), 1);
	advance(w, &clock, "2026-01-06T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM guardianship WHERE state = 'ended'"), 1);
	stop(&clock);
}

static int make_link(struct call *call, void *data)
{
	char token[TOKEN_SIZE];

	return link_for(call, purpose_named("check-in"), *(int64_t *)data, 1, NONE, 1, NONE, token);
}

static void a_link_that_nobody_uses(void **state)
{
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };
	struct world *w = *state;
	struct problem problem = { 0 };
	struct cast c = cast(w);
	struct clockwork clock = start(w);
	char path[160];
	FILE *key;

	snprintf(path, sizeof path, "%s/link-key", w->credentials);
	key = fopen(path, "w");
	assert_non_null(key);
	fputs("0123456789abcdef0123456789abcdef", key);
	fclose(key);
	must(store_turn_begin(w->store, &problem), &problem);
	must(store_do(w->store, &daemon, make_link, &c.cleo_id, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	advance(w, &clock, "2026-01-14T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM invitation WHERE state = 'sent'"), 1);
	advance(w, &clock, "2026-01-16T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM invitation WHERE state = 'expired'"), 1);
	stop(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(an_address_that_nobody_confirms, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_consent_with_a_last_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_guardianship_ends_with_the_minority, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_link_that_nobody_uses, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
