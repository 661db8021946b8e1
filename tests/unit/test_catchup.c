/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Catching up: named cases at the edges, and thousands of random ones against a
 * plain model that walks every nominal time from the start and knows no shortcut.
 */
#include "core/date.h"
#include "core/zone.h"
#include "schedule/catchup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum {
	ROOM = 4096
};

static struct zones *zones;
static const char *const zone_names[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia",
	"Pacific/Kiritimati" };

static const struct zone *zone(const char *name)
{
	const struct zone *ret = NULL;

	assert_int_equal(zones_get(zones, name, &ret, NULL), 0);
	return ret;
}

static struct rrule rule(const char *text)
{
	struct rrule ret;
	struct problem problem;

	if (rrule_parse(text, &ret, &problem) < 0)
		fail_msg("%s", problem.text);
	return ret;
}

static int64_t local(const char *text)
{
	int64_t value = 0;

	assert_int_equal(local_parse(text, &value, NULL), 0);
	return value;
}

static int64_t instant(const char *text)
{
	int64_t value = 0;

	assert_int_equal(instant_parse(text, &value, NULL), 0);
	return value;
}

static struct schedule each(const struct rrule *own, int64_t start, const struct zone *in)
{
	return (struct schedule){ .rule = own, .start = start, .zone = in, .policy = CATCHUP_EACH, .max_late = INT64_MIN };
}

static struct catchup_answer plan(const struct schedule *schedule, int64_t last, int64_t now)
{
	static struct due run[ROOM];
	struct catchup_answer answer;

	catchup_plan(schedule, last, INT64_MIN, now, run, ROOM, &answer);
	return answer;
}

static void the_policies_after_a_week_off(void **state)
{
	struct rrule daily = rule("FREQ=DAILY");
	struct schedule s = each(&daily, local("2026-06-01T09:00"), zone("Europe/Berlin"));
	int64_t last = local("2026-06-03T09:00"), now = instant("2026-06-10T12:00:00Z");
	struct catchup_answer a;

	(void)state;
	s.policy = CATCHUP_ONCE;
	a = plan(&s, last, now);
	assert_int_equal(a.n_run, 1);
	assert_int_equal(a.run[0].nominal, local("2026-06-10T09:00"));
	assert_int_equal(a.run[0].instant, instant("2026-06-10T07:00:00Z"));
	assert_int_equal(a.passed, 6);
	assert_int_equal(a.last, a.run[0].nominal);
	assert_int_equal(a.next.instant, instant("2026-06-11T07:00:00Z"));
	s.policy = CATCHUP_EACH;
	a = plan(&s, last, now);
	assert_int_equal(a.n_run, 7);
	assert_int_equal(a.run[0].nominal, local("2026-06-04T09:00"));
	assert_int_equal(a.passed, 0);
	s.max_late = 2 * DAY;
	a = plan(&s, last, now);
	assert_int_equal(a.n_run, 2);
	assert_int_equal(a.passed, 5);
	s.policy = CATCHUP_SKIP;
	s.max_late = INT64_MIN;
	a = plan(&s, last, now);
	assert_int_equal(a.n_run, 0);
	assert_int_equal(a.passed, 7);
	assert_int_equal(a.last, local("2026-06-10T09:00"));
	a = plan(&s, last, instant("2026-06-04T07:00:01Z"));
	assert_int_equal(a.n_run, 1);
	s.policy = CATCHUP_ONCE;
	s.max_late = HOUR;
	a = plan(&s, last, now);
	assert_int_equal(a.n_run, 0);
	assert_int_equal(a.passed, 7);
	a = plan(&s, last, instant("2026-06-04T06:59:59Z"));
	assert_int_equal(a.n_run, 0);
	assert_int_equal(a.last, last);
	assert_int_equal(a.next.nominal, local("2026-06-04T09:00"));
}

static void a_clock_set_back_runs_nothing_again(void **state)
{
	struct rrule hourly = rule("FREQ=HOURLY");
	struct schedule s = each(&hourly, local("2026-06-01T00:00"), zone_utc());
	struct catchup_answer a = plan(&s, INT64_MIN, instant("2026-06-01T10:30:00Z"));

	(void)state;
	assert_int_equal(a.n_run, 11);
	a = plan(&s, a.last, instant("2026-06-01T03:00:00Z"));
	assert_int_equal(a.n_run, 0);
	assert_int_equal(a.next.nominal, local("2026-06-01T11:00"));
	a = plan(&s, a.last, instant("2026-05-01T00:00:00Z"));
	assert_int_equal(a.n_run, 0);
	assert_int_equal(a.last, local("2026-06-01T10:00"));
	a = plan(&s, a.last, instant("2026-06-01T12:00:00Z"));
	assert_int_equal(a.n_run, 2);
}

static void a_full_array_is_answered_in_slices(void **state)
{
	struct rrule hourly = rule("FREQ=HOURLY;COUNT=25");
	struct schedule s = each(&hourly, 0, zone_utc());
	struct due run[10];
	struct catchup_answer a = { .last = INT64_MIN, .more = true };
	int64_t expected = 0;

	(void)state;
	for (int slice = 0; a.more; slice++) {
		catchup_plan(&s, a.last, INT64_MIN, 30 * DAY, run, 10, &a);
		assert_int_equal(a.n_run, slice < 2 ? 10 : 5);
		for (size_t i = 0; i < a.n_run; i++, expected += HOUR)
			assert_int_equal(a.run[i].nominal, expected);
		assert_int_equal(a.has_next, a.more);
	}
	assert_int_equal(expected, 25 * HOUR);
}

static void one_time_alone(void **state)
{
	struct schedule s = { .start = 1000, .zone = zone_utc(), .policy = CATCHUP_ONCE, .max_late = INT64_MIN };
	struct catchup_answer a = plan(&s, INT64_MIN, 999);

	(void)state;
	assert_int_equal(a.n_run, 0);
	assert_true(a.has_next);
	assert_int_equal(a.next.instant, 1000);
	a = plan(&s, INT64_MIN, 1000);
	assert_int_equal(a.n_run, 1);
	assert_false(a.has_next);
	a = plan(&s, a.last, 5000);
	assert_int_equal(a.n_run, 0);
	assert_false(a.has_next);
}

static void a_new_schedule_does_not_make_up_for_its_past(void **state)
{
	struct rrule daily = rule("FREQ=DAILY");
	struct schedule s = each(&daily, 0, zone_utc());
	struct due run[8];
	struct catchup_answer a;

	(void)state;
	catchup_plan(&s, INT64_MIN, 20000LL * DAY - 5, 20002LL * DAY + 5, run, 8, &a);
	assert_int_equal(a.n_run, 3);
	assert_int_equal(a.run[0].nominal, 20000LL * DAY);
	assert_int_equal(a.passed, CATCHUP_PASSED_MAX);
}

static void holidays_are_skipped_or_moved_past(void **state)
{
	struct day_range closed[] = { { local_day(local("2026-12-21T00:00")), local_day(local("2027-01-03T00:00")) } };
	struct rrule weekly = rule("FREQ=WEEKLY;BYDAY=WE");
	struct schedule s = each(&weekly, local("2026-12-02T15:00"), zone("Europe/Berlin"));
	int64_t last = local("2026-12-16T15:00");
	struct catchup_answer a;
	struct due due;

	(void)state;
	s.closed = closed;
	s.n_closed = 1;
	s.closed_rule = CLOSED_SKIPS;
	assert_true(schedule_next(&s, last, &due));
	assert_int_equal(due.nominal, local("2027-01-06T15:00"));
	s.closed_rule = CLOSED_MOVES;
	assert_true(schedule_next(&s, last, &due));
	assert_int_equal(due.nominal, local("2026-12-23T15:00"));
	assert_int_equal(due.local, local("2027-01-04T15:00"));
	assert_int_equal(due.instant, instant("2027-01-04T14:00:00Z"));
	a = plan(&s, last, instant("2027-01-04T13:59:59Z"));
	assert_int_equal(a.n_run, 0);
	a = plan(&s, last, instant("2027-01-04T14:00:00Z"));
	assert_int_equal(a.n_run, 2);
	assert_int_equal(a.next.nominal, local("2027-01-06T15:00"));
	s.closed_rule = CLOSED_RUNS;
	assert_true(schedule_next(&s, last, &due));
	assert_int_equal(due.local, local("2026-12-23T15:00"));
}

static void years_of_downtime_take_no_time(void **state)
{
	struct rrule fast = rule("FREQ=SECONDLY");
	struct schedule s = { .rule = &fast, .start = 0, .zone = zone("Europe/Berlin"), .policy = CATCHUP_ONCE, .max_late = INT64_MIN };
	struct catchup_answer a = plan(&s, 1000, instant("2026-06-10T12:00:00Z"));

	(void)state;
	assert_int_equal(a.n_run, 1);
	assert_int_equal(a.run[0].nominal, local("2026-06-10T14:00"));
	assert_int_equal(a.passed, CATCHUP_PASSED_MAX);
	s.policy = CATCHUP_EACH;
	s.max_late = 9;
	a = plan(&s, 1000, instant("2026-06-10T12:00:00Z"));
	assert_int_equal(a.n_run, 10);
	assert_int_equal(a.last, local("2026-06-10T14:00"));
}

/* ---- the model ---- */

static bool on_closed(const struct schedule *s, int64_t day)
{
	for (size_t i = 0; i < s->n_closed; i++)
		if (day >= s->closed[i].from && day <= s->closed[i].to)
			return true;
	return false;
}

/* All nominal times up to a bound, with their due instants; what is not due holds up what comes after it. */
static size_t model_list(const struct schedule *s, int64_t upto, struct due *list)
{
	struct rrule_iterator it;
	size_t n = 0;
	int64_t nominal;

	rrule_begin(&it, s->rule, s->start, s->zone);
	while (rrule_step(&it, &nominal) && nominal <= upto) {
		struct due due = { nominal, nominal, 0 };

		if (s->closed_rule == CLOSED_SKIPS && on_closed(s, local_day(nominal)))
			continue;
		while (s->closed_rule == CLOSED_MOVES && on_closed(s, local_day(due.local)))
			due.local += DAY;
		zone_instant(s->zone, due.local, &due.instant);
		assert_true(n < ROOM);
		list[n++] = due;
	}
	return n;
}

static struct catchup_answer model(const struct schedule *s, const struct due *list, size_t n, int64_t last, int64_t now, struct due *run)
{
	struct catchup_answer a = { .run = run, .last = last };
	size_t begin = 0, end;

	while (begin < n && list[begin].nominal <= last)
		begin++;
	for (end = begin; end < n && list[end].instant <= now;)
		end++;
	for (size_t i = begin; i < end; i++) {
		int64_t grace = s->max_late != INT64_MIN ? s->max_late : s->policy == CATCHUP_SKIP ? CATCHUP_GRACE
												   : INT64_MAX;

		a.last = list[i].nominal;
		if (now - list[i].instant > grace || (s->policy == CATCHUP_ONCE && i + 1 < end))
			a.passed++;
		else
			run[a.n_run++] = list[i];
	}
	a.passed = a.passed > CATCHUP_PASSED_MAX ? CATCHUP_PASSED_MAX : a.passed;
	a.has_next = end < n;
	if (a.has_next)
		a.next = list[end];
	return a;
}

static uint32_t seed = 20261129;

static int64_t dice(int64_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (int64_t)(seed >> 8) % sides;
}

static const char *const rules[] = { "FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=30", "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,15,30", "FREQ=DAILY",
	"FREQ=MINUTELY;INTERVAL=35;BYHOUR=0,1,2,3", "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=2;BYMINUTE=30", "FREQ=DAILY;BYHOUR=9,15;COUNT=40",
	"FREQ=DAILY;INTERVAL=3;BYHOUR=23", "FREQ=HOURLY;INTERVAL=5;UNTIL=20261101T000000Z" };

/* Changes of the clock of each of the six zones, where there were any. */
static const char *const moments[] = { "2027-03-28T00:00", "2026-10-25T00:00", "2026-03-08T00:00", "2026-11-01T00:00", "2026-10-04T00:00",
	"2026-04-05T00:00", "2011-12-30T00:00", "1994-12-31T00:00" };

static struct schedule random_schedule(struct rrule *own, struct day_range *closed)
{
	struct schedule s = { .rule = own, .max_late = INT64_MIN, .closed = closed };
	int64_t near_change = local(moments[dice(sizeof moments / sizeof *moments)]);

	*own = rule(rules[dice(sizeof rules / sizeof *rules)]);
	s.zone = zone(zone_names[dice(6)]);
	s.start = near_change - dice(9 * DAY) / 60 * 60;
	s.policy = (enum catchup)dice(3);
	s.closed_rule = (enum closed_rule)dice(3);
	if (dice(2))
		s.max_late = dice(4) ? dice(3 * DAY) : 0;
	for (int i = 0; i < 3; i++) {
		int64_t from = local_day(s.start) + dice(25);

		closed[i] = (struct day_range){ from, from + dice(5) };
	}
	s.n_closed = closed_sort(closed, (size_t)dice(4));
	return s;
}

static bool same_due(const struct due *a, const struct due *b)
{
	return a->nominal == b->nominal && a->local == b->local && a->instant == b->instant;
}

static void same_answer(const struct catchup_answer *a, const struct catchup_answer *b)
{
	assert_int_equal(a->n_run, b->n_run);
	for (size_t i = 0; i < a->n_run; i++)
		assert_true(same_due(&a->run[i], &b->run[i]));
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->passed, b->passed);
	assert_int_equal(a->has_next, b->has_next);
	if (a->has_next)
		assert_true(same_due(&a->next, &b->next));
	assert_false(a->more);
}

/* The clock goes on by small and large steps, now and then back, and now and then just to the next due instant. */
static void random_schedules_match_the_model(void **state)
{
	static struct due list[ROOM], run[ROOM];
	int64_t total = 0;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		struct rrule own;
		struct day_range closed[3];
		struct schedule s = random_schedule(&own, closed);
		int64_t now = s.start - DAY, last = INT64_MIN, stop = s.start + 25 * DAY;
		size_t n = model_list(&s, s.start + 60 * DAY, list);

		while (now < stop) {
			struct catchup_answer ours = plan(&s, last, now), theirs = model(&s, list, n, last, now, run);

			same_answer(&ours, &theirs);
			assert_true(!ours.has_next || ours.next.instant > now);
			total += (int64_t)ours.n_run;
			last = ours.last;
			if (dice(2) && ours.has_next && ours.next.instant < stop)
				now = ours.next.instant - dice(2);
			else
				now += dice(8) ? dice(DAY) : -dice(2 * DAY) + dice(6 * DAY);
			now++;
		}
	}
	assert_true(total > 50000);
}

/* What counts in the end: over a year of six zones each nominal time runs once, in order, never before its instant. */
static void each_nominal_time_runs_once(void **state)
{
	struct rrule own = rule("FREQ=MINUTELY;INTERVAL=30");

	(void)state;
	for (size_t z = 0; z < sizeof zone_names / sizeof *zone_names; z++) {
		struct schedule s = each(&own, local("2026-03-01T00:00"), zone(zone_names[z]));
		int64_t expected = s.start, last = INT64_MIN, now = s.start - DAY, end = now + 300LL * DAY;

		while (now < end) {
			struct catchup_answer a = plan(&s, last, now);

			for (size_t i = 0; i < a.n_run; i++, expected += 30 * MINUTE) {
				assert_int_equal(a.run[i].nominal, expected);
				assert_true(a.run[i].instant <= now);
			}
			last = a.last;
			now += dice(5) ? dice(3 * HOUR) : dice(20) ? -dice(DAY)
								   : dice(10 * DAY);
		}
		assert_true(expected > zone_local(s.zone, end) - 20 * DAY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policies_after_a_week_off),
		cmocka_unit_test(a_clock_set_back_runs_nothing_again),
		cmocka_unit_test(a_full_array_is_answered_in_slices),
		cmocka_unit_test(one_time_alone),
		cmocka_unit_test(a_new_schedule_does_not_make_up_for_its_past),
		cmocka_unit_test(holidays_are_skipped_or_moved_past),
		cmocka_unit_test(years_of_downtime_take_no_time),
		cmocka_unit_test(random_schedules_match_the_model),
		cmocka_unit_test(each_nominal_time_runs_once),
	};
	int r;

	zones = zones_new(NULL);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	zones_free(zones);
	return r;
}
