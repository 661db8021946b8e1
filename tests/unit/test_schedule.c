/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler over a real store and a simulated clock: check-ins at the right local hour across a change of clocks and a
 * holiday, one occasion each, late ones, failures, preview, erasure, retention.
 */
#include "clockwork.h"

#include <time.h>

static void check_ins_keep_their_local_hour(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",
		"UTC" };
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	struct stmt *q;
	struct problem problem = { 0 };
	int64_t mentor, seen = 0;
	int r;

	running(w, &c);
	create(w, &c.ada, &closed_days_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), T("from", "2026-04-01"), T("to", "2026-04-08"),
			T("name", "Easter")));
	mentor = participant(w, &c, c.ben_id, "mentor", 10);
	for (int i = 0; i < 6; i++)
		pair(w, &c, mentor, zones[i], zones[i]);
	clockwork = start(w);
	advance(w, &clockwork, "2027-02-21T00:00:00Z");
	/* every check-in: hour of the policy in the mentee's zone, an open day, one week apart in the first month */
	must(engine_prepare(store_engine(w->store),
		     "SELECT c.\"due\", p.\"zone\", pr.\"check_in_hour\", c.\"state\" FROM \"check_in\" c JOIN \"person\" p ON p.\"id\" = "
		     "c.\"person\" JOIN \"program\" pr ON pr.\"id\" = c.\"program\"",
		     false, &q, &problem),
		&problem);
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
	must(perform_with(w, &c.ada, &check_in_entity, check_in, "Answer", ARGS(N("rating", 4)),
		     (struct options){ .version = NONE, .for_person = person }),
		&w->call.problem);
	assert_int_equal(perform_with(w, &c.ada, &check_in_entity, check_in, "Answer", ARGS(N("rating", 4)),
				 (struct options){ .version = NONE, .for_person = person }),
		E_STATE);
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
	match = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	clockwork = start(w);
	advance(w, &clockwork, "2026-02-01T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"match\" WHERE \"state\" = 'declined' AND \"close_reason\" = 'no answer'"), 1);
	assert_int_equal(number(w, "SELECT max(\"priority\") FROM \"participant\""), 1);
	assert_int_equal(perform(w, &c.cleo, &match_entity, match, "Accept", NULL, 0), E_NOTFOUND);
	stop(&clockwork);
}

static void an_offer_waits_for_closed_days_entered_late(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t mentor, mentee, match;

	running(w, &c);
	mentor = participant(w, &c, c.ben_id, "mentor", 1);
	mentee = participant(w, &c, c.cleo_id, "mentee", 1);
	match = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT \"answer_until\" FROM \"match\""), instant_of("2026-01-08T20:00:00Z"));
	create(w, &c.ada, &closed_days_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), T("from", "2026-01-08"), T("to", "2026-01-11"), T("name", "Snow")));
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-12T19:59:59Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"match\" WHERE \"state\" = 'offered'"), 1);
	assert_int_equal(number(w, "SELECT \"answer_until\" FROM \"match\""), instant_of("2026-01-12T20:00:00Z"));
	advance(w, &clockwork, "2026-01-12T20:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"match\" WHERE \"state\" = 'declined'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'offer-unanswered'"), 1);
	stop(&clockwork);
}

struct told {
	int count;
	char first[60];
};

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
	bool more;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	store_audit_head(w->store, &seq, head);
	jobs = number(w, "SELECT sum(\"version\") FROM \"job\"");
	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(clockwork.scheduler, &(struct preview_bounds){ store_now(w->store) + 30 * DAY, 500, 5000, INT64_MAX },
		     tell_me, &told, &more, &problem),
		&problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_true(told.count > 100); /* four standing jobs a day, and what check-ins bring */
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
	id = create(w, &c.ada, &person_entity,
		ARGS(T("given_name", "Plantedword"), T("family_name", "Soandso"), T("email", "plantedword@example.org"),
			T("birth_date", "1999-09-09")));
	participant(w, &c, id, "mentor", 2);
	assert_true(planted(w, "Plantedword"));
	must(perform_with(w, &c.ada, &person_entity, id, "Erase", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked" }),
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
	struct cast c;

	running(w, &c);
	clockwork = start(w);
	force(w,
		"INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") "
		"VALUES (1, 'check-in due', 4711, '2026-01-01T00:00:00', 'UTC', 1767225600, 0, 0, 'waiting')");
	advance(w, &clockwork, "2026-01-03T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'failed' AND \"attempts\" = 5"), 1);
	assert_true(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done'") >= 1);
	stop(&clockwork);
}

/* ---- late, once each ---- */

static void a_week_off_is_caught_up_as_each_kind_says(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-01T12:00:00Z");
	stop(&clockwork);
	sleep_until(w, "2026-02-03T12:00:00Z");
	clockwork = start(w);
	advance(w, &clockwork, "2026-02-03T12:00:01Z");
	/* check-ins each (Wednesdays at 9: 7, 14, 21, 28 January); of the reminders only those that still make sense */
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 4);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-due'"), 4);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'check-in reminder' AND \"state\" = 'done'"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'check-in reminder' AND \"state\" = 'skipped'"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'check-in escalation' AND \"state\" = 'done'"), 3);
	/* standing kinds once, for the latest time; each row says what became of it */
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'skipped'"), 1);
	assert_int_equal(number(w,
				 "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done' AND "
				 "\"nominal\" = '2026-02-03T03:30:00'"),
		1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done'"), 2);
	assert_int_equal(number(w,
				 "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'waiting' AND "
				 "\"nominal\" = '2026-02-04T03:30:00'"),
		1);
	stop(&clockwork);
}

static void a_standing_kind_that_fails_goes_on_the_next_day(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t id;

	running(w, &c);
	clockwork = start(w);
	force(w, "ALTER TABLE \"replay\" RENAME TO \"elsewhere\"");
	advance(w, &clockwork, "2026-01-02T00:00:00Z");
	assert_int_equal(
		number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'failed' AND \"attempts\" = 5"), 1);
	force(w, "ALTER TABLE \"elsewhere\" RENAME TO \"replay\"");
	advance(w, &clockwork, "2026-01-03T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done'"), 1);
	/* asked for again it runs, however late, and brings no second line of successors */
	id = number(w, "SELECT \"id\" FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'failed'");
	must(perform(w, &c.root, &job_entity, id, "Retry", NULL, 0), &w->call.problem);
	advance(w, &clockwork, "2026-01-03T00:00:01Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done'"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" IN ('waiting', 'running')"), 1);
	stop(&clockwork);
}

/* ---- turns ---- */

struct watch {
	struct world *w;
	int64_t done;
	int turns, most;
};

static void count_turn(void *data)
{
	struct watch *watch = data;
	int64_t done = number(watch->w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'done'");

	watch->turns++;
	if (done - watch->done > watch->most)
		watch->most = (int)(done - watch->done);
	watch->done = done;
}

static struct clockwork start_watched(struct world *w, struct watch *watch)
{
	struct clockwork c = { .base = event_base_new() };
	struct scheduler_setup setup = { c.base, w->store, w->settings, count_turn, broken, watch };
	struct problem problem = { 0 };

	watch->w = w;
	c.scheduler = scheduler_new(&setup);
	must(scheduler_start(c.scheduler, &problem), &problem);
	return c;
}

static void a_burst_goes_in_bounded_turns(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct watch watch = { 0 };
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start_watched(w, &watch);
	advance(w, &clockwork, "2026-01-08T00:00:00Z");
	force(w,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", "
		"\"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") SELECT 1, 'check-in overdue', (SELECT \"id\" FROM \"check_in\"), "
		"strftime('%Y-%m-%dT%H:%M:%S', 1767830400 + i, 'unixepoch'), 'UTC', 1767830400 + i, 0, 0, 'waiting' FROM n");
	sleep_until(w, "2026-01-08T03:00:00Z");
	watch = (struct watch){ .w = w, .done = number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'done'") };
	advance(w, &clockwork, "2026-01-08T03:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'check-in overdue' AND \"state\" = 'done'"), 10000);
	assert_true(watch.turns >= 500);
	assert_true(watch.most <= 20);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'running'"), 0);
	stop(&clockwork);
}

static void a_job_over_many_goes_in_slices_that_a_kill_does_not_lose(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct problem problem = { 0 };
	struct cast c;
	int64_t jobs = 0, slices = 0;

	running(w, &c);
	for (int i = 0; i < 450; i++)
		create(w, &c.ada, &person_entity, ARGS(T("given_name", "Someone"), T("family_name", "Else")));
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-01T03:09:59Z");
	while (number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'coming of age' AND \"state\" = 'done'") == 0) {
		/* after each slice another process takes over */
		stop(&clockwork);
		reopen(w);
		clockwork = start(w);
		scheduler_advance(clockwork.scheduler, instant_of("2026-01-01T03:10:00Z"), &jobs, &problem);
		slices += number(
			w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'coming of age' AND \"state\" = 'running' AND \"cursor\" > 0");
		scheduler_advance(clockwork.scheduler, instant_of("2026-01-01T03:10:00Z"), &jobs, &problem);
	}
	assert_true(slices >= 2);
	assert_int_equal(number(w, "SELECT \"version\" FROM \"job\" WHERE \"kind\" = 'coming of age' AND \"state\" = 'done'"), 5);
	stop(&clockwork);
}

/* ---- preview ---- */

struct list {
	char kinds[600][40];
	int64_t due[600];
	int count;
};

static int note(void *data, const struct scheduled *one)
{
	struct list *list = data;

	snprintf(list->kinds[list->count], 40, "%s", one->kind);
	list->due[list->count++] = one->due;
	return 0;
}

static int listed(const struct list *list, const char *kind)
{
	int n = 0;

	for (int i = 0; i < list->count; i++)
		n += !strcmp(list->kinds[i], kind);
	return n;
}

static void a_preview_names_what_then_happens(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct problem problem = { 0 };
	static struct list list;
	struct cast c;
	bool more;

	list.count = 0;
	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "America/New_York", "Cleo");
	clockwork = start(w);
	/* a job that cannot be done is named and left */
	force(w,
		"INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") "
		"VALUES (1, 'check-in due', 4711, '2026-01-02T00:00:00', 'UTC', 1767312000, 0, 0, 'waiting')");
	sleep_until(w, "2026-01-04T00:00:00Z");
	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(clockwork.scheduler, &(struct preview_bounds){ instant_of("2026-01-20T00:00:00Z"), 500, 5000, INT64_MAX },
		     note, &list, &more, &problem),
		&problem);
	must(store_turn_commit(w->store, &problem), &problem);
	for (int i = 1; i < list.count; i++)
		assert_true(list.due[i] >= list.due[i - 1]);
	/* the three daily ones that were missed count once */
	assert_int_equal(listed(&list, "retention"), 17);
	assert_int_equal(listed(&list, "check-in due"), 3);
	advance(w, &clockwork, "2026-01-20T00:00:00Z");
	assert_int_equal(listed(&list, "check-in due"), 1 + number(w, "SELECT count(*) FROM \"check_in\""));
	assert_int_equal(
		listed(&list, "check-in escalation"), number(w, "SELECT count(*) FROM \"check_in\" WHERE \"state\" = 'escalated'"));
	assert_int_equal(
		listed(&list, "retention"), number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'done'"));
	stop(&clockwork);
}

/* It holds the loop, so it is bounded in what it shows, plays and costs; and says when it was cut. */
static int64_t preview_count(struct world *w, struct clockwork *c, struct preview_bounds bounds, bool more_wanted)
{
	struct problem problem = { 0 };
	struct told told = { 0 };
	bool more;

	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(c->scheduler, &bounds, tell_me, &told, &more, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_int_equal(more, more_wanted);
	return told.count;
}

static void a_preview_ends_when_it_has_cost_enough(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct timespec began, ended;
	struct cast c;
	int64_t until, all, mentor, year;

	running(w, &c);
	clockwork = start(w);
	until = store_now(w->store) + 10 * DAY;
	all = preview_count(w, &clockwork, (struct preview_bounds){ until, 500, 5000, INT64_MAX }, false);
	assert_int_equal(all, 52); /* five a day, the check of a Sunday, and the program starts */
	assert_int_equal(preview_count(w, &clockwork, (struct preview_bounds){ until, all, 5000, INT64_MAX }, false), all);
	assert_int_equal(preview_count(w, &clockwork, (struct preview_bounds){ until, all - 1, 5000, INT64_MAX }, true), all - 1);
	assert_int_equal(preview_count(w, &clockwork, (struct preview_bounds){ until, 500, 7, INT64_MAX }, true), 7);
	assert_int_equal(preview_count(w, &clockwork, (struct preview_bounds){ until, 500, 5000, 0 }, true), 0);
	/* a year of many pairs */
	mentor = participant(w, &c, c.ben_id, "mentor", 50);
	for (int i = 0; i < 30; i++)
		pair(w, &c, mentor, "UTC", "Cleo");
	year = store_now(w->store) + 365 * DAY;
	clock_gettime(CLOCK_MONOTONIC, &began);
	preview_count(w, &clockwork, (struct preview_bounds){ year, INT64_MAX, INT64_MAX, 20000 }, true);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_true((ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000 < 300); /* a machine under load, too */
	stop(&clockwork);
}

/* ---- occasions ---- */

static void who_may_not_answer_yet_is_not_asked(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t mentor, mentee, match;
	struct options for_ben, for_cleo;

	running(w, &c);
	for_ben = (struct options){ .version = NONE, .for_person = c.ben_id };
	for_cleo = (struct options){ .version = NONE, .for_person = c.cleo_id };
	must(perform(w, &c.ada, &program_entity, c.program, "Update", ARGS(T("offer_order", "mentor first"))), &w->call.problem);
	mentor = participant(w, &c, c.ben_id, "mentor", 1);
	mentee = participant(w, &c, c.cleo_id, "mentee", 1);
	match = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'match-offered'"), 1);
	assert_int_equal(number(w, "SELECT \"person\" FROM \"message\" WHERE \"template_name\" = 'match-offered'"), c.ben_id);
	assert_int_equal(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, for_cleo), E_STATE);
	must(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, for_ben), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'match-offered'"), 2);
	/* offered again, as another match, it is another occasion for both */
	must(perform(w, &c.ada, &match_entity, match, "Withdraw", NULL, 0), &w->call.problem);
	match = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, for_ben), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'match-offered'"), 4);
	must(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, for_cleo), &w->call.problem);
}

static void a_changed_pair_is_a_new_occasion(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t mentor, mentee_person, mentee, match;

	running(w, &c);
	mentor = participant(w, &c, c.ben_id, "mentor", 3);
	match = pair(w, &c, mentor, "UTC", "Cleo");
	mentee = number(w, "SELECT \"participant\" FROM \"match_member\" WHERE \"side\" = 'mentee'");
	mentee_person = number(w, "SELECT \"person\" FROM \"match_member\" WHERE \"side\" = 'mentee'");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-09T12:00:00Z"); /* asked on the 7th, reminded on the 9th */
	assert_int_equal(
		number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder' AND \"state\" = 'queued'"), 1);
	must(perform_with(w, &c.ada, &match_entity, match, "Rematch", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked" }),
		&w->call.problem);
	/* of a pair that is over nobody is reminded, in the outbox neither */
	assert_int_equal(
		number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder' AND \"state\" = 'suppressed'"),
		1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" LIKE 'check-in%' AND \"state\" = 'waiting'"), 0);
	match = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = c.ben_id }),
		&w->call.problem);
	must(perform_with(
		     w, &c.ada, &match_entity, match, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = mentee_person }),
		&w->call.problem);
	must(perform(w, &c.ada, &match_entity, match, "Start", NULL, 0), &w->call.problem);
	advance(w, &clockwork, "2026-01-17T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-due'"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder'"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'match-started'"), 4);
	stop(&clockwork);
}

static void closed_days_entered_late_move_what_was_planned(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-08T00:00:00Z"); /* asked on the 7th; to be reminded on the 9th, again asked on the 14th */
	create(w, &c.ada, &closed_days_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), T("from", "2026-01-09"), T("to", "2026-01-15"), T("name", "Snow")));
	create(w, &c.ada, &closed_days_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), T("from", "2026-01-16"), T("to", "2026-01-16"),
			T("name", "No meetings"), T("pauses", "meetings")));
	advance(w, &clockwork, "2026-01-16T08:59:59Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\" WHERE \"state\" = 'due'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder'"), 0);
	advance(w, &clockwork, "2026-01-16T09:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 2);
	/* silence is counted in open days: the 8th, the 16th */
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'check-in-reminder'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\" WHERE \"state\" = 'due'"), 2);
	advance(w, &clockwork, "2026-01-18T09:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\" WHERE \"state\" = 'overdue'"), 1);
	/* the rest stays where it was meant to be */
	advance(w, &clockwork, "2026-01-21T09:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 3);
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\" WHERE \"state\" = 'escalated'"), 1);
	stop(&clockwork);
}

/* ---- what changes between planning and falling due ---- */

#define COUNT_OF(table, where) "SELECT count(*) FROM \"" table "\" WHERE " where
#define STATE_IS(word) COUNT_OF("check_in", "\"state\" = '" word "'")

static void for_reason(struct world *w, struct cast *c, int64_t match, const char *verb)
{
	must(perform_with(w, &c->ada, &match_entity, match, verb, NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "ill" }),
		&w->call.problem);
}

static void of_a_pair_that_pauses_nothing_is_overdue(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t match;

	running(w, &c);
	match = pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-08T12:00:00Z"); /* asked on the 7th */
	for_reason(w, &c, match, "Pause");
	advance(w, &clockwork, "2026-02-02T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	assert_int_equal(number(w, STATE_IS("due")), 1);
	assert_int_equal(number(w, COUNT_OF("message", "\"template_name\" IN ('check-in-reminder', 'check-in-escalated')")), 0);
	/* counted anew from the 2nd: two, four and seven days */
	for_reason(w, &c, match, "Resume");
	advance(w, &clockwork, "2026-02-04T08:59:59Z");
	assert_int_equal(number(w, COUNT_OF("message", "\"template_name\" = 'check-in-reminder'")), 0);
	advance(w, &clockwork, "2026-02-04T09:00:00Z");
	assert_int_equal(number(w, COUNT_OF("message", "\"template_name\" = 'check-in-reminder'")), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 2); /* and the rhythm was kept */
	advance(w, &clockwork, "2026-02-06T09:00:00Z");
	assert_int_equal(number(w, STATE_IS("overdue")), 1);
	for_reason(w, &c, match, "Pause"); /* once more, in the midst of it */
	advance(w, &clockwork, "2026-02-20T09:00:00Z");
	assert_int_equal(number(w, STATE_IS("overdue")), 1);
	for_reason(w, &c, match, "Resume");
	advance(w, &clockwork, "2026-02-27T08:59:59Z");
	assert_int_equal(number(w, STATE_IS("escalated")), 0);
	advance(w, &clockwork, "2026-02-27T09:00:00Z");
	assert_int_equal(number(w, STATE_IS("escalated")), 2);
	assert_int_equal(number(w, COUNT_OF("message", "\"template_name\" = 'check-in-reminder'")), 2);
	stop(&clockwork);
}

/* Who is asked by no mail has not been silent; what is overdue is there to be asked by mouth. */
static void who_gets_no_mail_is_not_escalated(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t mentor, one, other;

	running(w, &c);
	mentor = participant(w, &c, c.ben_id, "mentor", 2);
	pair_make(w, &c, mentor, "UTC", "Cleo", &one);
	pair_make(w, &c, mentor, "UTC", "Dora", &other);
	clockwork = start(w);
	must(perform(w, &c.ada, &person_entity, one, "StopMail", NULL, 0), &w->call.problem);
	advance(w, &clockwork, "2026-01-14T12:00:00Z"); /* asked on the 7th, escalated on the 14th */
	assert_int_equal(number(w, "SELECT \"person\" FROM \"check_in\" WHERE \"state\" = 'escalated'"), other);
	assert_int_equal(number(w, STATE_IS("escalated")), 1);
	assert_int_equal(number(w, STATE_IS("overdue")), 1);
	assert_int_equal(number(w, COUNT_OF("message", "\"template_name\" = 'check-in-escalated'")), 1);
	stop(&clockwork);
}

static void who_moves_is_not_asked_twice_in_a_day(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t mentee;

	running(w, &c);
	pair_make(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "Pacific/Apia", "Cleo", &mentee);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-05T12:00:00Z");
	assert_int_equal(number(w, "SELECT \"due\" FROM \"job\" WHERE \"kind\" = 'check-in due'"), instant_of("2026-01-06T20:00:00Z"));
	must(perform(w, &c.ada, &person_entity, mentee, "Update", ARGS(T("zone", "Pacific/Honolulu"))), &w->call.problem);
	/* on Wednesday there, not on Tuesday and on Wednesday */
	advance(w, &clockwork, "2026-01-07T18:59:59Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 0);
	advance(w, &clockwork, "2026-01-07T19:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	advance(w, &clockwork, "2026-01-14T19:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 2);
	assert_int_equal(number(w, "SELECT max(\"due\") FROM \"check_in\""), instant_of("2026-01-14T19:00:00Z"));
	/* another weekday that is near: that day; one that is far: asked now, and then on that day */
	must(perform_with(w, &c.ada, &program_entity, c.program, "Revise", ARGS(T("check_in_weekday", "friday")),
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked for" }),
		&w->call.problem);
	advance(w, &clockwork, "2026-01-28T19:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 3);
	assert_int_equal(number(w, "SELECT max(\"due\") FROM \"check_in\""), instant_of("2026-01-23T19:00:00Z"));
	stop(&clockwork);
}

static void nobody_is_asked_after_the_end(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;
	int64_t match;

	running(w, &c);
	match = pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-08T12:00:00Z");
	must(perform(w, &c.ada, &match_entity, match, "Extend", ARGS(T("until", "2026-01-13"))), &w->call.problem);
	advance(w, &clockwork, "2026-01-16T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	must(perform(w, &c.ada, &match_entity, match, "Extend", ARGS(T("until", "2026-03-01"))), &w->call.problem);
	advance(w, &clockwork, "2026-01-21T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 2);
	stop(&clockwork);
}

#define CLOSES "SELECT \"due\" FROM \"job\" WHERE \"kind\" = 'program close' AND \"state\" = 'waiting'"

static void a_program_opens_and_closes_on_its_days_of_today(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	clockwork = start(w);
	assert_int_equal(number(w, CLOSES), instant_of("2026-12-21T00:00:00Z"));
	must(perform(w, &c.ada, &program_entity, c.program, "Update", ARGS(T("ends", "2026-12-19"))), &w->call.problem);
	assert_int_equal(number(w, CLOSES), instant_of("2026-12-20T00:00:00Z"));
	must(perform(w, &c.ada, &program_entity, c.program, "Update", ARGS(T("zone", "Asia/Kolkata"))), &w->call.problem);
	assert_int_equal(number(w, CLOSES), instant_of("2026-12-19T18:30:00Z"));
	advance(w, &clockwork, "2026-01-09T18:29:59Z");
	assert_int_equal(number(w, COUNT_OF("program", "\"state\" = 'running'")), 0);
	advance(w, &clockwork, "2026-01-09T18:30:00Z");
	assert_int_equal(number(w, COUNT_OF("program", "\"state\" = 'running'")), 1);
	stop(&clockwork);
}

/* The clock leaps two weeks forward, what is due by it is done; then it is set right again. */
static void two_weeks_forward_and_back_lose_and_double_nothing(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-08T12:00:00Z");
	sleep_until(w, "2026-01-22T12:00:00Z");
	advance(w, &clockwork, "2026-01-22T12:00:01Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 3);
	stop(&clockwork);
	force(w, "UPDATE \"setting\" SET \"value\" = '1767873600' WHERE \"key\" = 'clock'");
	reopen(w);
	clockwork = start(w);
	assert_int_equal(store_now(w->store), instant_of("2026-01-08T12:00:00Z"));
	advance(w, &clockwork, "2026-01-28T12:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 4);
	assert_int_equal(number(w, "SELECT count(DISTINCT \"due\") FROM \"check_in\""), 4);
	assert_int_equal(number(w, COUNT_OF("message", "\"template_name\" = 'check-in-due'")), 4);
	assert_int_equal(number(w, COUNT_OF("job", "\"state\" IN ('failed', 'running')")), 0);
	/* and standing kinds have gone on every day */
	assert_true(number(w, COUNT_OF("job", "\"kind\" = 'retention' AND \"state\" = 'done'")) >= 20);
	stop(&clockwork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(check_ins_keep_their_local_hour, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answered_is_not_reminded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silence_moves_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_offer_waits_for_closed_days_entered_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(preview_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(erasure_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failing_job_is_given_up_and_others_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_week_off_is_caught_up_as_each_kind_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_standing_kind_that_fails_goes_on_the_next_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_burst_goes_in_bounded_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_job_over_many_goes_in_slices_that_a_kill_does_not_lose, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_preview_names_what_then_happens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_preview_ends_when_it_has_cost_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_may_not_answer_yet_is_not_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_changed_pair_is_a_new_occasion, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closed_days_entered_late_move_what_was_planned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_pair_that_pauses_nothing_is_overdue, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_gets_no_mail_is_not_escalated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_moves_is_not_asked_twice_in_a_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_is_asked_after_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_program_opens_and_closes_on_its_days_of_today, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_weeks_forward_and_back_lose_and_double_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
