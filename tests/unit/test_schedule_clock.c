/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler and what clocks do: a database that is held, a wall clock that leaps, zone data that changes under a running
 * process or before its start, and the timer on the real clock.
 */
#include "clockwork.h"
#include "core/log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define DONE(kind) "SELECT count(*) FROM \"job\" WHERE \"kind\" = '" kind "' AND \"state\" = 'done'"

/* ---- held, and resumed ---- */

static void resume(struct world *w, struct clockwork *c)
{
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_resume(w->store, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	scheduler_resumed(c->scheduler);
}

static void a_held_database_runs_nothing_until_resume(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "UTC", "Cleo");
	force(w, "UPDATE \"setting\" SET \"value\" = 'elsewhere' WHERE \"key\" = 'installation'");
	reopen(w);
	assert_true(store_held(w->store));
	clockwork = start(w);
	assert_int_equal(advance(w, &clockwork, "2026-01-08T00:00:00Z") > 1, 0);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'done'"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 0);
	resume(w, &clockwork);
	advance(w, &clockwork, "2026-01-08T00:00:01Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	assert_int_equal(number(w, DONE("retention")), 1);
	stop(&clockwork);
}

/* ---- leaps ---- */

static void after_a_leap_what_destroys_waits(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	clockwork = start(w);
	scheduler_clocks(clockwork.scheduler, 1000000, 5000);
	scheduler_resumed(clockwork.scheduler); /* that was a leap from the real clocks of this machine */
	/* a night asleep, a clock set right by days, a week off: no leap */
	scheduler_clocks(clockwork.scheduler, 1000000 + 8 * DAY, 5000 + 8 * DAY);
	assert_false(scheduler_leapt(clockwork.scheduler));
	scheduler_clocks(clockwork.scheduler, 1000000 + 15 * DAY, 5000 + 8 * DAY);
	assert_false(scheduler_leapt(clockwork.scheduler));
	scheduler_clocks(clockwork.scheduler, 1000000 + 22 * DAY + 61, 5000 + 8 * DAY + 60);
	assert_true(scheduler_leapt(clockwork.scheduler));
	must(perform_with(w, &c.ada, &person_entity, c.cleo_id, "Erase", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked" }),
		&w->call.problem);
	advance(w, &clockwork, "2026-01-03T00:00:00Z");
	assert_int_equal(number(w, DONE("retention")) + number(w, DONE("erasure")), 0);
	assert_int_equal(number(w, DONE("coming of age")), 2);
	/* another process does not forget it */
	stop(&clockwork);
	reopen(w);
	clockwork = start(w);
	assert_true(scheduler_leapt(clockwork.scheduler));
	advance(w, &clockwork, "2026-01-04T00:00:00Z");
	assert_int_equal(number(w, DONE("retention")) + number(w, DONE("erasure")), 0);
	scheduler_resumed(clockwork.scheduler);
	advance(w, &clockwork, "2026-01-04T00:00:01Z");
	assert_int_equal(number(w, DONE("retention")), 1);
	assert_int_equal(number(w, DONE("erasure")), 1);
	stop(&clockwork);
	reopen(w);
	clockwork = start(w);
	assert_false(scheduler_leapt(clockwork.scheduler));
	stop(&clockwork);
}

static void a_clock_set_back_does_not_end_standing_kinds(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-02T12:00:00Z");
	/* as it would be after days in a wrong future */
	force(w,
		"UPDATE \"job\" SET \"nominal\" = '2036-05-05T03:30:00', \"due\" = 2093484600 WHERE \"kind\" = 'retention' AND \"state\" = 'waiting'");
	stop(&clockwork);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-04T12:00:00Z");
	assert_int_equal(number(w, DONE("retention")), 4);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'waiting'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'withdrawn'"), 1);
	/* and rows that were done already are passed by: the clock goes back to where they stand */
	force(w, "DELETE FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'waiting'");
	force(w, "UPDATE \"setting\" SET \"value\" = '1767312000' WHERE \"key\" = 'clock'");
	stop(&clockwork);
	reopen(w);
	clockwork = start(w);
	assert_int_equal(number(w,
				 "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'retention' AND \"state\" = 'waiting' AND "
				 "\"nominal\" = '2026-01-05T03:30:00'"),
		1);
	stop(&clockwork);
}

/* ---- zone data ---- */

static char zone_data[64];

static __attribute__((format(printf, 1, 2))) void run_command(const char *format, ...)
{
	char command[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

static int set_up_zones(void **state)
{
	snprintf(zone_data, sizeof zone_data, "/tmp/mentorship-zones-XXXXXX");
	assert_non_null(mkdtemp(zone_data));
	run_command("mkdir %s/Europe && cp /usr/share/zoneinfo/Europe/Berlin %s/Europe/Berlin", zone_data, zone_data);
	setenv("TZDIR", zone_data, 1);
	return set_up(state);
}

static int tear_down_zones(void **state)
{
	unsetenv("TZDIR");
	run_command("rm -rf %s", zone_data);
	return tear_down(state);
}

/* Berlin keeps another time from now on. */
static void decree(const char *as)
{
	run_command("cp /usr/share/zoneinfo/%s %s/next", as, zone_data);
	run_command("mv %s/next %s/Europe/Berlin", zone_data, zone_data);
}

#define ASKED "SELECT \"due\" FROM \"job\" WHERE \"kind\" = 'check-in due' AND \"state\" = 'waiting'"

static void new_zone_data_moves_what_waits(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "Europe/Berlin", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-03T12:00:00Z");
	assert_int_equal(number(w, ASKED), instant_of("2026-01-07T08:00:00Z"));
	/* in a running process: seen within a day */
	decree("Asia/Kolkata");
	advance(w, &clockwork, "2026-01-04T12:00:00Z");
	assert_int_equal(number(w, ASKED), instant_of("2026-01-07T03:30:00Z"));
	/* between two processes: seen at start */
	stop(&clockwork);
	decree("America/New_York");
	reopen(w);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-04T12:00:01Z");
	assert_int_equal(number(w, ASKED), instant_of("2026-01-07T14:00:00Z"));
	advance(w, &clockwork, "2026-01-07T13:59:59Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 0);
	advance(w, &clockwork, "2026-01-07T14:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	stop(&clockwork);
}

/* Later by today's data than the row says: it is not run early, even before all rows were looked at. */
static void due_later_than_the_row_says(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "Europe/Berlin", "Cleo");
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-07T07:00:00Z");
	force(w, "UPDATE \"job\" SET \"due\" = \"due\" - 1800 WHERE \"kind\" = 'check-in due'");
	advance(w, &clockwork, "2026-01-07T07:59:59Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 0);
	advance(w, &clockwork, "2026-01-07T08:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	stop(&clockwork);
}

static void a_zone_that_is_gone_keeps_the_stored_time(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	running(w, &c);
	pair(w, &c, participant(w, &c, c.ben_id, "mentor", 1), "Europe/Berlin", "Cleo");
	run_command("rm %s/Europe/Berlin", zone_data);
	reopen(w);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-07T07:59:59Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 0);
	assert_int_equal(number(w, ASKED), instant_of("2026-01-07T08:00:00Z"));
	advance(w, &clockwork, "2026-01-07T08:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	stop(&clockwork);
}

/* How many times the log tells of a zone; it names records, not the zone. */
static int told_of_zones(int log)
{
	char text[20000];
	ssize_t length = pread(log, text, sizeof text - 1, 0);
	int count = 0;

	assert_true(length >= 0);
	text[length] = '\0';
	assert_null(strstr(text, "Kolkata"));
	for (const char *at = text; (at = strstr(at, "zone")); at++)
		count++;
	return count;
}

#define WANTED "SELECT count(*) FROM \"job\" WHERE \"zone\" = 'Asia/Kolkata'"

/* A mentee lives there, and another process begins that cannot read it. */
static void kolkata_is_lost(struct world *w, struct cast *c)
{
	running(w, c);
	run_command("mkdir %s/Asia && cp /usr/share/zoneinfo/Asia/Kolkata %s/Asia/Kolkata", zone_data, zone_data);
	pair(w, c, participant(w, c, c->ben_id, "mentor", 2), "Asia/Kolkata", "Cleo");
	run_command("mv %s/Asia/Kolkata %s/kept", zone_data, zone_data);
	reopen(w);
	c->ada = caller_of(w, 1001, "ada");
}

static void kolkata_is_back(void)
{
	run_command("cp %s/kept %s/Asia/Kolkata", zone_data, zone_data);
}

static void a_zone_that_comes_back_moves_what_waited_for_it(void **state)
{
	struct world *w = *state;
	int log = memfd_create("log", 0);
	struct clockwork clockwork;
	struct cast c;

	log_open(log);
	kolkata_is_lost(w, &c);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-07T03:30:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 1);
	/* nobody knows that zone: the hour is the institution's, and the rows say what was meant */
	assert_int_equal(number(w, ASKED), instant_of("2026-01-14T09:00:00Z"));
	assert_int_equal(number(w, WANTED " AND \"state\" = 'waiting' AND \"nominal\" LIKE '%T09:00:00'"), 4);
	assert_int_equal(told_of_zones(log), 1);
	stop(&clockwork);
	reopen(w);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-07T10:00:00Z");
	assert_int_equal(number(w, ASKED), instant_of("2026-01-14T09:00:00Z"));
	assert_int_equal(told_of_zones(log), 2); /* once for each process */
	kolkata_is_back();
	/* seen when the configuration is read again, else within a day */
	scheduler_settings(clockwork.scheduler, w->settings);
	advance(w, &clockwork, "2026-01-07T10:00:01Z");
	assert_int_equal(number(w, ASKED), instant_of("2026-01-14T03:30:00Z"));
	assert_int_equal(number(w, "SELECT \"due\" FROM \"job\" WHERE \"kind\" = 'check-in reminder' AND \"state\" = 'waiting'"),
		instant_of("2026-01-09T03:30:00Z"));
	advance(w, &clockwork, "2026-01-14T03:30:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM \"check_in\""), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"kind\" LIKE 'check-in%' AND \"zone\" <> 'Asia/Kolkata'"), 0);
	stop(&clockwork);
	log_open(-1);
	close(log);
}

/* It was read again for something else before anybody looked whether it is back. */
static void a_zone_that_came_back_by_itself_moves_the_rest_within_a_day(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c;

	kolkata_is_lost(w, &c);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-07T12:00:00Z");
	kolkata_is_back();
	person(w, &c.ada, "Dora", "Else");
	must(perform(w, &c.ada, &person_entity, w->call.object, "Update", ARGS(T("zone", "Asia/Kolkata"))), &w->call.problem);
	assert_int_equal(number(w, ASKED), instant_of("2026-01-14T09:00:00Z"));
	advance(w, &clockwork, "2026-01-08T12:00:00Z");
	assert_int_equal(number(w, ASKED), instant_of("2026-01-14T03:30:00Z"));
	stop(&clockwork);
}

static void without_the_zone_of_the_institution_nothing_starts(void **state)
{
	struct world *w = *state;
	struct clockwork c = { .base = event_base_new() };
	struct scheduler_setup setup = { c.base, w->store, w->settings, nothing, broken, NULL };
	struct problem problem = { 0 };
	char *zone = w->settings->institution.zone, nowhere[] = "Europe/Nowhere";

	w->settings->institution.zone = nowhere;
	c.scheduler = scheduler_new(&setup);
	assert_int_equal(scheduler_start(c.scheduler, &problem), E_INVALID);
	assert_string_equal(problem.field, "institution.zone");
	assert_non_null(strstr(problem.text, "Europe/Nowhere"));
	w->settings->institution.zone = zone;
	stop(&c);
}

/* ---- the timer ---- */

static void tired(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(data);
}

static void turn_over(struct clockwork *c, int milliseconds)
{
	event_base_once(c->base, -1, EV_TIMEOUT, tired, c->base, &(struct timeval){ milliseconds / 1000, milliseconds % 1000 * 1000 });
	event_base_dispatch(c->base);
}

static void plan_in(struct world *w, struct clockwork *c, int seconds)
{
	char sql[500];
	time_t due = time(NULL) + seconds;

	snprintf(sql, sizeof sql,
		"INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") "
		"VALUES (1, 'checkpoint', %ld, strftime('%%Y-%%m-%%dT%%H:%%M:%%S', %ld, 'unixepoch'), 'UTC', %ld, 0, 0, 'waiting')",
		(long)due, (long)due, (long)due);
	force(w, sql);
	scheduler_look(c->scheduler);
}

#define OURS "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'checkpoint' AND \"subject\" > 0 AND \"state\" = 'done'"

static void on_the_real_clock_the_timer_wakes(void **state)
{
	struct world *w = *state;
	struct store_paths paths = { w->directory, w->backups, w->credentials };
	struct problem problem = { 0 };
	struct clockwork clockwork;
	int64_t before;
	int tries = 40;

	store_close(w->store);
	run_command("rm %s/mentorship.db*", w->directory);
	must(store_open(&paths, w->settings, NONE, &w->store, &problem), &problem);
	clockwork = start(w);
	turn_over(&clockwork, 200);
	before = number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'done'");
	assert_int_equal(before, 0);
	plan_in(w, &clockwork, 0);
	turn_over(&clockwork, 300);
	assert_int_equal(number(w, OURS), 1);
	plan_in(w, &clockwork, 2);
	turn_over(&clockwork, 300);
	assert_int_equal(number(w, OURS), 1);
	while (number(w, OURS) == 1 && --tries)
		turn_over(&clockwork, 200);
	assert_int_equal(number(w, OURS), 2);
	/* the earliest is always the one that the timer stands at */
	plan_in(w, &clockwork, 100);
	plan_in(w, &clockwork, 1);
	assert_true(scheduler_next(clockwork.scheduler) <= time(NULL) + 1);
	for (tries = 40; number(w, OURS) == 2 && --tries;)
		turn_over(&clockwork, 200);
	assert_int_equal(number(w, OURS), 3);
	stop(&clockwork);
}

/* The clock is set while a burst of jobs is under way, so no timer tells of it: looked at before the next turn runs. */
static void a_leap_between_two_turns_is_seen_before_the_next(void **state)
{
	struct world *w = *state;
	struct store_paths paths = { w->directory, w->backups, w->credentials };
	struct problem problem = { 0 };
	struct clockwork clockwork;
	struct timespec boot;
	char sql[400];

	store_close(w->store);
	run_command("rm %s/mentorship.db*", w->directory);
	must(store_open(&paths, w->settings, NONE, &w->store, &problem), &problem);
	clockwork = start(w);
	turn_over(&clockwork, 200);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	scheduler_clocks(clockwork.scheduler, time(NULL) - 30 * DAY, boot.tv_sec);
	scheduler_resumed(clockwork.scheduler); /* its turn is next; and from here on the clock stands 30 days later */
	snprintf(sql, sizeof sql, "UPDATE \"job\" SET \"due\" = %ld WHERE \"kind\" = 'retention' AND \"state\" = 'waiting'",
		(long)time(NULL) - 1);
	force(w, sql);
	force(w, "UPDATE \"job\" SET \"attempts\" = 1 WHERE \"kind\" = 'retention' AND \"state\" = 'waiting'");
	turn_over(&clockwork, 300);
	assert_true(scheduler_leapt(clockwork.scheduler));
	assert_int_equal(number(w, DONE("retention")), 0);
	scheduler_resumed(clockwork.scheduler);
	turn_over(&clockwork, 300);
	assert_int_equal(number(w, DONE("retention")), 1);
	stop(&clockwork);
}

static void a_start_long_after_the_last_sign_of_life_waits(void **state)
{
	struct world *w = *state;
	struct store_paths paths = { w->directory, w->backups, w->credentials };
	struct problem problem = { 0 };
	struct clockwork clockwork;
	const char *const seen[] = { "- 604700", "- 604900", "+ 604900" };

	store_close(w->store);
	run_command("rm %s/mentorship.db*", w->directory);
	must(store_open(&paths, w->settings, NONE, &w->store, &problem), &problem);
	clockwork = start(w);
	turn_over(&clockwork, 200); /* notes that it lives */
	assert_false(scheduler_leapt(clockwork.scheduler));
	for (int i = 0; i < 3; i++) {
		char sql[200];

		stop(&clockwork);
		snprintf(sql, sizeof sql, "UPDATE \"setting\" SET \"value\" = strftime('%%s', 'now') %s WHERE \"key\" = 'clock_seen'",
			seen[i]);
		force(w, sql);
		clockwork = start(w);
		assert_int_equal(scheduler_leapt(clockwork.scheduler), i > 0);
		scheduler_resumed(clockwork.scheduler);
		assert_false(scheduler_leapt(clockwork.scheduler));
	}
	stop(&clockwork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_held_database_runs_nothing_until_resume, set_up, tear_down),
		cmocka_unit_test_setup_teardown(after_a_leap_what_destroys_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_clock_set_back_does_not_end_standing_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(new_zone_data_moves_what_waits, set_up_zones, tear_down_zones),
		cmocka_unit_test_setup_teardown(due_later_than_the_row_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_zone_that_is_gone_keeps_the_stored_time, set_up_zones, tear_down_zones),
		cmocka_unit_test_setup_teardown(a_zone_that_comes_back_moves_what_waited_for_it, set_up_zones, tear_down_zones),
		cmocka_unit_test_setup_teardown(a_zone_that_came_back_by_itself_moves_the_rest_within_a_day, set_up_zones, tear_down_zones),
		cmocka_unit_test_setup_teardown(without_the_zone_of_the_institution_nothing_starts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(on_the_real_clock_the_timer_wakes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_leap_between_two_turns_is_seen_before_the_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_start_long_after_the_last_sign_of_life_waits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
