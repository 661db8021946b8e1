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
	return (struct schedule){ .rule = own, .start = start, .zone = in, .policy = RUN_EACH_MISSED };
}

/* A row of the schedule as the runner keeps it: one nominal time that waits. */
struct line {
	struct due next;
	bool more;
};

static struct line begin(const struct schedule *schedule, int64_t after)
{
	struct line line;

	line.more = schedule_next(schedule, after, &line.next);
	return line;
}

struct ran {
	struct due run[ROOM];
	size_t n;
	int looks;
};

/* Looks at what waits until nothing is due any more; notes what ran. */
static void go(const struct schedule *schedule, struct line *line, int64_t now, struct ran *ran)
{
	ran->n = 0;
	ran->looks = 0;
	while (line->more) {
		struct due next, waited = line->next;
		bool more;
		enum verdict verdict = catchup(schedule, waited.nominal, now, &next, &more);

		if (verdict == VERDICT_WAITS) {
			assert_true(more && next.nominal == waited.nominal && next.instant > now);
			return;
		}
		assert_true(!more || next.nominal > waited.nominal);
		if (verdict == VERDICT_RUNS) {
			assert_true(ran->n < ROOM);
			ran->run[ran->n++] = schedule_due(schedule, waited.nominal);
		}
		line->next = next;
		line->more = more;
		ran->looks++;
	}
}

static void the_policies_after_a_week_off(void **state)
{
	struct rrule daily = rule("FREQ=DAILY");
	struct schedule s = each(&daily, local("2026-06-01T09:00"), zone("Europe/Berlin"));
	int64_t last = local("2026-06-03T09:00"), now = instant("2026-06-10T12:00:00Z");
	struct line line;
	static struct ran ran;

	(void)state;
	s.policy = RUN_ONCE_LATE;
	line = begin(&s, last);
	go(&s, &line, now, &ran);
	assert_int_equal(ran.n, 1);
	assert_int_equal(ran.run[0].nominal, local("2026-06-10T09:00"));
	assert_int_equal(ran.run[0].instant, instant("2026-06-10T07:00:00Z"));
	assert_int_equal(line.next.instant, instant("2026-06-11T07:00:00Z"));
	s.policy = RUN_EACH_MISSED;
	line = begin(&s, last);
	go(&s, &line, now, &ran);
	assert_int_equal(ran.n, 7);
	assert_int_equal(ran.run[0].nominal, local("2026-06-04T09:00"));
	s.late_max = 2 * DAY;
	line = begin(&s, last);
	go(&s, &line, now, &ran);
	assert_int_equal(ran.n, 2);
	assert_int_equal(ran.run[0].nominal, local("2026-06-09T09:00"));
	s.policy = SKIP_MISSED;
	s.late_max = 0;
	line = begin(&s, last);
	go(&s, &line, now, &ran);
	assert_int_equal(ran.n, 0);
	assert_int_equal(line.next.nominal, local("2026-06-11T09:00"));
	line = begin(&s, last);
	go(&s, &line, instant("2026-06-04T07:05:00Z"), &ran);
	assert_int_equal(ran.n, 1);
	line = begin(&s, last);
	go(&s, &line, instant("2026-06-04T07:05:01Z"), &ran);
	assert_int_equal(ran.n, 0);
	s.policy = RUN_ONCE_LATE;
	s.late_max = HOUR;
	line = begin(&s, last);
	go(&s, &line, now, &ran);
	assert_int_equal(ran.n, 0);
	assert_int_equal(line.next.nominal, local("2026-06-11T09:00"));
	line = begin(&s, last);
	go(&s, &line, instant("2026-06-04T06:59:59Z"), &ran);
	assert_int_equal(ran.n, 0);
	assert_int_equal(line.next.nominal, local("2026-06-04T09:00"));
}

static void a_clock_set_back_runs_nothing_again(void **state)
{
	struct rrule hourly = rule("FREQ=HOURLY");
	struct schedule s = each(&hourly, local("2026-06-01T00:00"), zone_utc());
	struct line line = begin(&s, INT64_MIN);
	static struct ran ran;

	(void)state;
	go(&s, &line, instant("2026-06-01T10:30:00Z"), &ran);
	assert_int_equal(ran.n, 11);
	go(&s, &line, instant("2026-06-01T03:00:00Z"), &ran);
	assert_int_equal(ran.n, 0);
	assert_int_equal(line.next.nominal, local("2026-06-01T11:00"));
	go(&s, &line, instant("2026-05-01T00:00:00Z"), &ran);
	assert_int_equal(ran.n, 0);
	go(&s, &line, instant("2026-06-01T12:00:00Z"), &ran);
	assert_int_equal(ran.n, 2);
}

static void one_time_alone(void **state)
{
	struct schedule s = { .start = 1000, .zone = zone_utc(), .policy = RUN_ONCE_LATE };
	struct line line = begin(&s, INT64_MIN);
	static struct ran ran;

	(void)state;
	go(&s, &line, 999, &ran);
	assert_int_equal(ran.n, 0);
	assert_true(line.more);
	assert_int_equal(line.next.instant, 1000);
	go(&s, &line, 500000, &ran);
	assert_int_equal(ran.n, 1);
	assert_false(line.more);
	s.late_max = 10;
	line = begin(&s, INT64_MIN);
	go(&s, &line, 1011, &ran);
	assert_int_equal(ran.n, 0);
	assert_false(line.more);
}

static void years_of_downtime_take_no_time(void **state)
{
	struct rrule fast = rule("FREQ=SECONDLY");
	struct schedule s = { .rule = &fast, .start = 0, .zone = zone("Europe/Berlin"), .policy = RUN_ONCE_LATE };
	struct line line = begin(&s, 1000);
	static struct ran ran;

	(void)state;
	go(&s, &line, instant("2026-06-10T12:00:00Z"), &ran);
	assert_int_equal(ran.n, 1);
	assert_int_equal(ran.run[0].nominal, local("2026-06-10T14:00"));
	assert_int_equal(ran.looks, 2);
	s.policy = RUN_EACH_MISSED;
	s.late_max = 9;
	line = begin(&s, 1000);
	go(&s, &line, instant("2026-06-10T12:00:00Z"), &ran);
	assert_int_equal(ran.n, 10);
	assert_int_equal(ran.looks, 11);
	assert_int_equal(line.next.nominal, local("2026-06-10T14:00:01"));
}

/* The offset was another when the instant was computed: what is not due by today's data waits for its new instant. */
static void zone_data_that_changed_is_followed(void **state)
{
	struct rrule daily = rule("FREQ=DAILY");
	struct schedule s = each(&daily, local("2026-06-01T09:00"), zone("Europe/Berlin"));
	struct due next;
	bool more;

	(void)state;
	assert_int_equal(catchup(&s, local("2026-06-04T09:00"), instant("2026-06-04T06:00:00Z"), &next, &more), VERDICT_WAITS);
	assert_true(more);
	assert_int_equal(next.nominal, local("2026-06-04T09:00"));
	assert_int_equal(next.instant, instant("2026-06-04T07:00:00Z"));
}

/* ---- the model ---- */

/* All nominal times up to a bound, with their instants. */
static size_t model_list(const struct schedule *s, int64_t upto, struct due *list)
{
	struct rrule_iterator it;
	size_t n = 0;
	int64_t nominal;

	rrule_begin(&it, s->rule, s->start, s->zone);
	while (rrule_step(&it, &nominal) && nominal <= upto) {
		struct due due = { nominal, 0 };

		zone_instant(s->zone, nominal, &due.instant);
		assert_true(n < ROOM);
		list[n++] = due;
	}
	return n;
}

/* What runs of list[begin ...]; *ret_begin: the first that is not due, for it holds up what comes after it. */
static size_t model(
	const struct schedule *s, const struct due *list, size_t n, size_t begin_at, int64_t now, struct due *run, size_t *ret_begin)
{
	int64_t grace = s->late_max ? s->late_max : s->policy == SKIP_MISSED ? CATCHUP_GRACE : INT64_MAX;
	size_t end = begin_at, n_run = 0;

	while (end < n && list[end].instant <= now)
		end++;
	for (size_t i = begin_at; i < end; i++)
		if (now - list[i].instant <= grace && (s->policy != RUN_ONCE_LATE || i + 1 == end))
			run[n_run++] = list[i];
	*ret_begin = end;
	return n_run;
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

static struct schedule random_schedule(struct rrule *own)
{
	struct schedule s = { .rule = own };
	int64_t near_change = local(moments[dice(sizeof moments / sizeof *moments)]);

	*own = rule(rules[dice(sizeof rules / sizeof *rules)]);
	s.zone = zone(zone_names[dice(6)]);
	s.start = near_change - dice(9 * DAY) / 60 * 60;
	s.policy = (enum catch_up)dice(3);
	if (dice(2))
		s.late_max = dice(4) ? dice(3 * DAY) : 1;
	return s;
}

static void same(const struct due *a, const struct due *b)
{
	assert_int_equal(a->nominal, b->nominal);
	assert_int_equal(a->instant, b->instant);
}

/* The clock goes on by small and large steps, now and then back, and now and then just to the next due instant. */
static void random_schedules_match_the_model(void **state)
{
	static struct due list[ROOM], expected[ROOM];
	static struct ran ran;
	int64_t total = 0;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		struct rrule own;
		struct schedule s = random_schedule(&own);
		int64_t now = s.start - DAY, stop = s.start + 25 * DAY;
		size_t n = model_list(&s, s.start + 60 * DAY, list), at = 0;
		struct line line = begin(&s, INT64_MIN);

		while (now < stop) {
			size_t n_expected = model(&s, list, n, at, now, expected, &at);

			go(&s, &line, now, &ran);
			assert_int_equal(ran.n, n_expected);
			for (size_t i = 0; i < n_expected; i++)
				same(&ran.run[i], &expected[i]);
			assert_int_equal(line.more, at < n);
			if (at < n)
				same(&line.next, &list[at]);
			total += (int64_t)ran.n;
			if (dice(2) && line.more && line.next.instant < stop)
				now = line.next.instant - dice(2);
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
	static struct ran ran;

	(void)state;
	for (size_t z = 0; z < sizeof zone_names / sizeof *zone_names; z++) {
		struct schedule s = each(&own, local("2026-03-01T00:00"), zone(zone_names[z]));
		int64_t expected = s.start, now = s.start - DAY, end = now + 300LL * DAY;
		struct line line = begin(&s, INT64_MIN);

		while (now < end) {
			go(&s, &line, now, &ran);
			for (size_t i = 0; i < ran.n; i++, expected += 30 * MINUTE) {
				assert_int_equal(ran.run[i].nominal, expected);
				assert_true(ran.run[i].instant <= now);
			}
			now += dice(5) ? dice(3 * HOUR) : dice(20) ? -dice(DAY) : dice(10 * DAY);
		}
		assert_true(expected > zone_local(s.zone, end) - 20 * DAY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policies_after_a_week_off),
		cmocka_unit_test(a_clock_set_back_runs_nothing_again),
		cmocka_unit_test(one_time_alone),
		cmocka_unit_test(years_of_downtime_take_no_time),
		cmocka_unit_test(zone_data_that_changed_is_followed),
		cmocka_unit_test(random_schedules_match_the_model),
		cmocka_unit_test(each_nominal_time_runs_once),
	};
	int r;

	zones = zones_new(NULL);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	zones_free(zones);
	return r;
}
