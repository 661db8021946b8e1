/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler over a real store and a simulated clock: check-ins at the right local hour across a change of clocks and a
 * holiday, one occasion each, late ones, failures, preview, erasure, retention.
 */
#include "world.h"

#include "core/date.h"
#include "core/zone.h"
#include "schedule/schedule.h"

static void nothing(void *data)
{
	(void)data;
}

static void broken(void *data, const struct problem *problem)
{
	(void)data;
	fail_msg("%s", problem->text);
}

struct clockwork { struct event_base *base; struct scheduler *scheduler; };

static struct clockwork start(struct world *w)
{
	struct clockwork c = { .base = event_base_new() };
	struct scheduler_setup setup = { c.base, w->store, w->settings, nothing, broken, NULL };
	struct problem problem = { 0 };

	c.scheduler = scheduler_new(&setup);
	must(scheduler_start(c.scheduler, &problem), &problem);
	return c;
}

static void stop(struct clockwork *c)
{
	scheduler_free(c->scheduler);
	event_base_free(c->base);
}

static int64_t advance(struct world *w, struct clockwork *c, const char *until)
{
	struct problem problem = { 0 };
	int64_t instant, jobs = 0;
	int r;

	(void)w;
	must(instant_parse(until, &instant, &problem), &problem);
	while ((r = scheduler_advance(c->scheduler, instant, &jobs, &problem)) > 0)
		;
	must(r, &problem);
	return jobs;
}

static int64_t number(struct world *w, const char *sql)
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

/* A pair that is active; the mentee lives in the zone. */
static int64_t pair(struct world *w, struct cast *c, int64_t mentor, const char *zone, const char *name)
{
	int64_t mentee_person = create(w, &c->ada, &person_entity, ARGS(T("given_name", name), T("family_name", "Mentee"), T("zone", zone)));
	int64_t mentee = participant(w, c, mentee_person, "mentee", 1), match;
	struct options for_mentee = { .version = NONE, .for_person = mentee_person }, for_ben = { .version = NONE, .for_person = c->ben_id };

	match = create(w, &c->ada, &match_entity, ARGS(P("program", path(w, &program_entity, c->program)),
	               P("mentor", path(w, &participant_entity, mentor)), P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c->ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	must(perform_with(w, &c->ada, &match_entity, match, "Accept", NULL, 0, for_ben), &w->call.problem);
	must(perform_with(w, &c->ada, &match_entity, match, "Accept", NULL, 0, for_mentee), &w->call.problem);
	must(perform(w, &c->ada, &match_entity, match, "Start", NULL, 0), &w->call.problem);
	return match;
}

static void running(struct world *w, struct cast *c)
{
	w->settings->people.minors = 0;
	*c = cast(w);
	must(perform(w, &c->ada, &program_entity, c->program, "Open", NULL, 0), &w->call.problem);
}

static void check_ins_keep_their_local_hour(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC" };
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	struct stmt *q;
	struct problem problem = { 0 };
	int64_t mentor, seen = 0;
	int r;

	running(w, &c);
	create(w, &c.ada, &closed_days_entity, ARGS(P("program", path(w, &program_entity, c.program)), T("from", "2026-04-01"), T("to", "2026-04-08"),
	       T("name", "Easter")));
	mentor = participant(w, &c, c.ben_id, "mentor", 10);
	for (int i = 0; i < 6; i++)
		pair(w, &c, mentor, zones[i], zones[i]);
	clockwork = start(w);
	advance(w, &clockwork, "2027-02-21T00:00:00Z");
	/* every check-in: hour of the policy in the mentee's zone, an open day, one week apart in the first month */
	must(engine_prepare(store_engine(w->store), "SELECT c.\"due\", p.\"zone\", pr.\"check_in_hour\", c.\"state\" FROM \"check_in\" c JOIN \"person\" p ON p.\"id\" = "
	                    "c.\"person\" JOIN \"program\" pr ON pr.\"id\" = c.\"program\"", false, &q, &problem), &problem);
	while ((r = engine_step(store_engine(w->store), q, &problem)) > 0) {
		const struct zone *zone;
		char text[DATE_TEXT];
		int64_t local;

		must(zones_get(store_zones(w->store), engine_text(q, 1), &zone, &problem), &problem);
		local = zone_local(zone, engine_int(q, 0));
		assert_int_equal(local_time(local), engine_int(q, 2) * HOUR);
		local_print(local, text);
		assert_false(!strncmp(text, "2026-04-0", 9) && text[9] >= '1' && text[9] <= '8');
		assert_string_equal(engine_text(q, 3), "escalated");
		seen++;
	}
	assert_int_equal(r, 0);
	/* five in the first month, then every two weeks until the program's last day */
	assert_int_equal(seen, 6 * 27);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-due'"), seen);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder'"), seen);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-escalated'"), seen);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'failed'"), 0);
	stop(&clockwork);
}

static void answered_is_not_reminded(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t check_in, person;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-09T00:00:00Z");
	check_in = number(w, "SELECT \"id\" FROM \"check_in\"");
	person = number(w, "SELECT \"person\" FROM \"check_in\"");
	must(perform_with(w, &c.ada, &check_in_entity, check_in, "Answer", ARGS(N("rating", 4)), (struct options){ .version = NONE, .for_person = person }),
	     &w->call.problem);
	assert_int_equal(perform_with(w, &c.ada, &check_in_entity, check_in, "Answer", ARGS(N("rating", 4)),
	                              (struct options){ .version = NONE, .for_person = person }), E_STATE);
	advance(w, &clockwork, "2026-01-12T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder'"), 0);
	stop(&clockwork);
}

static void silence_moves_on(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t mentor, mentee, match;

	running(w, &c);
	mentor = participant(w, &c, c.ben_id, "mentor", 1);
	mentee = participant(w, &c, c.cleo_id, "mentee", 1);
	match = create(w, &c.ada, &match_entity, ARGS(P("program", path(w, &program_entity, c.program)),
	               P("mentor", path(w, &participant_entity, mentor)), P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	clockwork = start(w);
	advance(w, &clockwork, "2026-02-01T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"match\" WHERE \"state\" = 'declined' AND \"close_reason\" = 'no answer'"), 1);
	assert_int_equal(number(w, "SELECT max(\"priority\") FROM \"participant\""), 1);
	assert_int_equal(perform(w, &c.cleo, &match_entity, match, "Accept", NULL, 0), E_NOTFOUND);
	stop(&clockwork);
}

struct told { int count; char first[60]; };

static int tell_me(void *data, const struct scheduled *one)
{
	struct told *told = data;

	if (!told->count++)
		snprintf(told->first, sizeof told->first, "%s", one->kind);
	return 0;
}

static void preview_changes_nothing(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct problem problem = { 0 };
	struct told told = { 0 };
	struct cast c;
	int64_t seq, after, jobs;
	char head[65];

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	store_audit_head(w->store, &seq, head);
	jobs = number(w, "SELECT sum(\"version\") FROM \"job\"");
	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(clockwork.scheduler, store_now(w->store) + 30 * DAY, 500, tell_me, &told, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_true(told.count > 100);         /* four standing jobs a day, and what check-ins bring */
	store_audit_head(w->store, &after, head);
	assert_int_equal(seq, after);
	assert_int_equal(number(w, "SELECT sum(\"version\") FROM \"job\""), jobs);
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 0);
	stop(&clockwork);
}

/* Is the word anywhere in the files of the directory? */
static bool planted(struct world *w, const char *word)
{
	char command[200];

	snprintf(command, sizeof command, "grep -rla %s %s", word, w->directory);
	return system(command) == 0;
}

static void erasure_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct problem problem = { 0 };
	struct audit_report report = { 0 };
	struct cast c;
	int64_t id, cursor = 0;
	const char *name;
	int r;

	running(w, &c);
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	id = create(w, &c.ada, &person_entity, ARGS(T("given_name", "Plantedword"), T("family_name", "Soandso"), T("email", "plantedword@example.org"),
	            T("birth_date", "1999-09-09")));
	participant(w, &c, id, "mentor", 2);
	assert_true(planted(w, "Plantedword"));
	must(perform_with(w, &c.ada, &person_entity, id, "Erase", NULL, 0, (struct options){ .version = NONE, .for_person = NONE, .reason = "asked" }),
	     &w->call.problem);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-02T00:00:00Z");
	assert_false(planted(w, "Plantedword"));
	assert_false(planted(w, "plantedword@example.org"));
	assert_int_equal(number(w, "SELECT count(*) FROM \"person\" WHERE \"state\" = 'erased' AND \"erased_at\" IS NOT NULL"), 1);
	must(store_backup(w->store, &name, &problem), &problem);
	assert_false(planted(w, "lantedword"));
	while ((r = store_verify_audit(w->store, &cursor, &report, &problem)) > 0)
		;
	must(r, &problem);
	assert_int_equal(report.first_bad, 0);
	assert_true(report.erased > 0);
	stop(&clockwork);
}

static void a_failing_job_is_given_up_and_others_run(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct problem problem = { 0 };
	struct cast c;

	running(w, &c);
	clockwork = start(w);
	must(store_turn_begin(w->store, &problem), &problem);
	must(engine_run(store_engine(w->store), "INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") "
	                "VALUES (1, 'check-in due', 4711, '2026-01-01T00:00:00', 'UTC', 1767225600, 0, 0, 'waiting')", &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	advance(w, &clockwork, "2026-01-03T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'failed' AND \"attempts\" = 5"), 1);
	assert_true(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done'") >= 1);
	stop(&clockwork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(check_ins_keep_their_local_hour, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answered_is_not_reminded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_moves_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(preview_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(erasure_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failing_job_is_given_up_and_others_run, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
