/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recurrence rules: the numbers of events that others expect (recur.txt of
 * libical, read where it lies and skipped where it is absent), named dates, what
 * the header promises where the RFC leaves a choice, the printed form, and
 * refusals that name their part. tests/scenario/test_rrule_peer.py compares
 * thousands of random rules.
 */
#include "core/arena.h"
#include "core/date.h"
#include "core/zone.h"
#include "core/rrule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

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

/* ---- the events of libical ---- */

struct event {
	char rule[512], exrule[2][512], start[64], zone[64], exdate[64];
	int exrules, expected;
};

/* 20020402T114500[Z] */
static int64_t stamp(const char *text)
{
	struct civil c = { 0 };
	int year;

	assert_int_equal(sscanf(text, "%4d%2d%2dT%2d%2d%2d", &year, &c.month, &c.day, &c.hour, &c.minute, &c.second), 6);
	c.year = year;
	return local_make(&c);
}

/* One unfolded line: NAME[;TZID=...]:VALUE. True at the end of an event. */
static bool take_line(const char *line, struct event *event)
{
	const char *value = strchr(line, ':') ? strchr(line, ':') + 1 : "", *tzid = strstr(line, "TZID=");

	if (!strncmp(line, "BEGIN:VEVENT", 12))
		*event = (struct event){ .expected = -1 };
	else if (!strncmp(line, "RRULE", 5))
		snprintf(event->rule, sizeof event->rule, "%s", value);
	else if (!strncmp(line, "EXRULE", 6) && event->exrules < 2)
		snprintf(event->exrule[event->exrules++], sizeof event->exrule[0], "%s", value);
	else if (!strncmp(line, "EXDATE", 6))
		snprintf(event->exdate, sizeof event->exdate, "%s", value);
	else if (!strncmp(line, "X-EXPECT-NUMEVENTS", 18))
		event->expected = atoi(value);
	else if (!strncmp(line, "DTSTART", 7)) {
		snprintf(event->start, sizeof event->start, "%s", value);
		snprintf(event->zone, sizeof event->zone, "%.*s", tzid ? (int)strcspn(tzid + 5, ":") : 3, tzid ? tzid + 5 : "UTC");
	}
	return !strncmp(line, "END:VEVENT", 10);
}

static bool occurs(const char *text, int64_t start, const struct zone *zone, int64_t at)
{
	struct rrule own = rule(text);
	int64_t found;

	return rrule_next(&own, start, zone, at - 1, &found) && found == at;
}

static void check_event(const struct event *event, struct zones *zones)
{
	struct rrule own = rule(event->rule);
	const struct zone *zone = NULL;
	struct rrule_iterator it;
	int64_t at, start = stamp(event->start);
	int n = 0;

	assert_int_equal(zones_get(zones, event->zone, &zone, NULL), 0);
	rrule_begin(&it, &own, start, zone);
	while (rrule_step(&it, &at)) {
		bool out = *event->exdate && at == stamp(event->exdate);

		for (int i = 0; i < event->exrules; i++) {
			int64_t first = start; /* an EXRULE begins with its own first match, as the rule does */

			out = out || occurs(event->exrule[i], first, zone, at);
		}
		n += !out;
	}
	if (n != event->expected)
		fail_msg("%s from %s: %d events, not %d", event->rule, event->start, n, event->expected);
}

static FILE *open_shared(const char *name)
{
	char path[4096], source[] = __FILE__;
	const char *folder = getenv("MENTORSHIP_SHARED");

	for (int up = 0; up < 3 && strrchr(source, '/'); up++)
		*strrchr(source, '/') = '\0'; /* tests/unit/test_rrule.c */
	if (folder)
		snprintf(path, sizeof path, "%s/%s", folder, name);
	else
		snprintf(path, sizeof path, "%s/../shared/%s", source, name);
	return fopen(path, "r");
}

static void as_many_events_as_libical_expects(void **state)
{
	FILE *file = open_shared("data/ical/libical/recur.txt");
	struct zones *zones;
	struct event event = { .expected = -1 };
	char line[512], whole[2048] = "";
	int events = 0;

	(void)state;
	if (!file) {
		print_message("skipped: no data/ical/libical/recur.txt beside the sources (set MENTORSHIP_SHARED)\n");
		skip();
	}
	zones = zones_new(NULL);
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line == ' ') {
			strncat(whole, line + 1, sizeof whole - strlen(whole) - 1);
			continue;
		}
		if (take_line(whole, &event)) {
			assert_true(event.expected >= 0);
			check_event(&event, zones);
			events++;
		}
		snprintf(whole, sizeof whole, "%s", line);
	}
	fclose(file);
	zones_free(zones);
	print_message("%d events\n", events);
	assert_true(events >= 50);
}

/* ---- named dates ---- */

static void check_dates(const char *text, const char *start, const char *expected)
{
	struct rrule own = rule(text);
	struct rrule_iterator it;
	char found[1024] = "", one[DATE_TEXT];
	int64_t at;

	rrule_begin(&it, &own, local(start), NULL);
	while (rrule_step(&it, &at) && strlen(found) < strlen(expected)) {
		local_print(at, one);
		if (*found)
			strcat(found, " ");
		strcat(found, at % DAY == local(start) % DAY ? (one[10] = '\0', one) : one);
	}
	if (strcmp(found, expected))
		fail_msg("%s from %s: %s, not %s", text, start, found, expected);
}

static void named_dates(void **state)
{
	(void)state;
	check_dates("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3;COUNT=3", "1997-09-04T09:00", "1997-09-04 1997-10-07 1997-11-06");
	check_dates(
		"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00", "1997-08-05 1997-08-10 1997-08-19 1997-08-24");
	check_dates(
		"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05T09:00", "1997-08-05 1997-08-17 1997-08-19 1997-08-31");
	check_dates("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15T09:00", "2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30");
	check_dates(
		"FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", "1997-01-01T09:00", "1997-01-01 1997-04-10 1997-07-19 2000-01-01");
	check_dates("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=2", "1997-05-12T09:00", "1997-05-12 1998-05-11");
	check_dates("FREQ=YEARLY;COUNT=3", "2024-02-29T10:00", "2024-02-29 2028-02-29 2032-02-29");
	check_dates("FREQ=YEARLY;COUNT=3", "2096-02-29T10:00", "2096-02-29 2104-02-29 2108-02-29");
	check_dates("FREQ=MONTHLY;COUNT=3", "2026-01-31T10:00", "2026-01-31 2026-03-31 2026-05-31");
	check_dates("FREQ=MINUTELY;INTERVAL=90;COUNT=3", "1997-09-02T09:00", "1997-09-02 1997-09-02T10:30:00 1997-09-02T12:00:00");
	check_dates("FREQ=DAILY;UNTIL=20261204", "2026-12-03T10:00", "2026-12-03 2026-12-04");
}

/* What the header promises where the RFC leaves a choice. */
static void choices_are_as_promised(void **state)
{
	(void)state;
	/* plain and numbered weekdays together: either will do */
	check_dates("FREQ=MONTHLY;BYDAY=WE,1FR;COUNT=6", "2026-07-01T10:00",
		"2026-07-01 2026-07-03 2026-07-08 2026-07-15 2026-07-22 2026-07-29");
	/* a week alone takes the start's weekday */
	check_dates("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "2026-05-13T10:00", "2026-05-13 2027-05-19");
	check_dates("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=TH;COUNT=2", "2026-01-01T10:00", "2026-12-31 2027-12-30");
	check_dates("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=SU;COUNT=1", "2026-01-01T10:00", "2026-01-04");
	/* two positions that name one element give it once */
	check_dates(
		"FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=1,-3,3;COUNT=4", "2026-11-30T10:00", "2026-11-30 2026-12-02 2026-12-07 2026-12-09");
	/* the start counts only if it matches */
	check_dates("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "2026-12-01T10:00", "2026-12-07 2026-12-14");
	/* second 60 is 59; both names of one second are one occurrence */
	check_dates("FREQ=DAILY;BYSECOND=59,60;COUNT=2", "2026-12-01T10:00:59", "2026-12-01 2026-12-02");
	check_dates("FREQ=DAILY;UNTIL=20261203T100000", "2026-12-02T10:00", "2026-12-02 2026-12-03");
	check_dates("FREQ=DAILY;UNTIL=20261203T095959", "2026-12-02T10:00", "2026-12-02");
	check_dates("FREQ=DAILY;UNTIL=20261101", "2026-12-02T10:00", "");
	check_dates("FREQ=YEARLY", "9998-12-02T10:00", "9998-12-02 9999-12-02");
	check_dates("FREQ=SECONDLY", "9999-12-31T23:59:58", "9999-12-31 9999-12-31T23:59:59");
}

static void until_in_utc_needs_the_zone(void **state)
{
	struct zones *zones = zones_new(NULL);
	const struct zone *zone;
	struct rrule own = rule("FREQ=HOURLY;UNTIL=20261025T003000Z"); /* 02:30 in Berlin, summer time, the first of two */
	int64_t start = local("2026-10-25T00:30"), at;

	(void)state;
	assert_int_equal(zones_get(zones, "Europe/Berlin", &zone, NULL), 0);
	assert_true(rrule_last(&own, start, zone, local("2027-01-01T00:00"), &at));
	assert_int_equal(at, local("2026-10-25T02:30"));
	assert_true(rrule_last(&own, start, NULL, local("2027-01-01T00:00"), &at));
	assert_int_equal(at, local("2026-10-25T00:30"));
	assert_false(rrule_next(&own, start, zone, local("2026-10-25T02:30"), &at));
	zones_free(zones);
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Rules that match nothing end; and soon, also where there are a billion periods before the year 9999. */
static void rules_that_never_match_end(void **state)
{
	static const char *const never[] = { "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=4", "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
		"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
		"FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=60",
		"FREQ=WEEKLY;BYMONTH=3;INTERVAL=1000;BYDAY=MO;BYSETPOS=2",
		"FREQ=YEARLY;BYHOUR=0,1,2;BYMINUTE=0,1;BYMONTH=2;BYMONTHDAY=30,31" };

	(void)state;
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		struct rrule own = rule(never[i]);
		double begin = seconds_now(), took;
		int64_t at;

		assert_false(rrule_next(&own, local("2026-01-01T00:00"), NULL, INT64_MIN, &at));
		assert_false(rrule_last(&own, local("2026-01-01T00:00"), NULL, local("9999-01-01T00:00"), &at));
		took = seconds_now() - begin;
		if (took > 2)
			fail_msg("%s took %.1f s", never[i], took);
	}
}

static void next_does_not_walk_from_the_start(void **state)
{
	static const char *const fast[] = { "FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=7", "FREQ=HOURLY;INTERVAL=5", "FREQ=DAILY;INTERVAL=3",
		"FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYDAY=MO,TU,WE,TH,FR,SA,SU" };
	int64_t start = local("1900-01-01T00:00"), at, before;
	double begin = seconds_now();

	(void)state;
	for (size_t i = 0; i < sizeof fast / sizeof *fast; i++) {
		struct rrule own = rule(fast[i]);

		for (int day = 0; day < 1000; day++) {
			int64_t after = local("2026-01-01T00:00") + day * DAY;

			assert_true(rrule_next(&own, start, NULL, after, &at));
			assert_true(at > after && at <= after + 4 * DAY);
			assert_true(rrule_last(&own, start, NULL, at - 1, &before));
			assert_true(before <= after && before > after - 4 * DAY);
		}
	}
	assert_true(seconds_now() - begin < 5);
}

static void nothing_lies_outside_the_calendar(void **state)
{
	struct rrule own = rule("FREQ=DAILY"), far = rule("FREQ=YEARLY;INTERVAL=999999999"), twice = rule("FREQ=MONTHLY;BYMONTHDAY=1,20");
	int64_t at;

	(void)state;
	assert_false(rrule_next(&own, INT64_MAX, NULL, INT64_MIN, &at));
	assert_false(rrule_next(&own, INT64_MIN, NULL, INT64_MIN, &at));
	assert_false(rrule_next(&own, 0, NULL, INT64_MAX, &at));
	assert_false(rrule_last(&own, 0, NULL, INT64_MIN, &at));
	assert_false(rrule_last(&twice, local("2026-12-10T10:00"), NULL, local("2026-12-15T10:00"), &at)); /* the 1st is before the start */
	assert_true(rrule_last(&own, 0, NULL, INT64_MAX, &at));
	assert_int_equal(local_day(at), DATE_MAX);
	assert_true(rrule_next(&far, 0, NULL, INT64_MIN, &at));
	assert_false(rrule_next(&far, 0, NULL, 0, &at));
}

/* ---- text ---- */

static void rules_are_printed_in_one_form(void **state)
{
	static const struct {
		const char *text, *printed;
	} forms[] = {
		{ "rrule:byday=tu,mo;freq=weekly;interval=1", "FREQ=WEEKLY;BYDAY=MO,TU" },
		{ "FREQ=MONTHLY;BYDAY=-1FR,2MO,+1MO,SU;WKST=MO", "FREQ=MONTHLY;BYDAY=1MO,2MO,-1FR,SU" },
		{ " FREQ=YEARLY;WKST=SU;BYSETPOS=-1,3;BYYEARDAY=-1,366,1,-366;COUNT=5;\n",
			"FREQ=YEARLY;COUNT=5;BYYEARDAY=1,366,-366,-1;BYSETPOS=3,-1;WKST=SU" },
		{ "FREQ=DAILY;UNTIL=20261224;INTERVAL=02", "FREQ=DAILY;UNTIL=20261224;INTERVAL=2" },
		{ "FREQ=DAILY;UNTIL=20261224T090000Z", "FREQ=DAILY;UNTIL=20261224T090000Z" },
		{ "FREQ=DAILY;UNTIL=00010101T235959", "FREQ=DAILY;UNTIL=00010101T235959" },
		{ "FREQ=SECONDLY;BYSECOND=60,0;BYMINUTE=59;BYHOUR=23,0;BYMONTHDAY=-31,31;BYMONTH=12,1",
			"FREQ=SECONDLY;BYMONTH=1,12;BYMONTHDAY=31,-31;BYHOUR=0,23;BYMINUTE=59;BYSECOND=0,59" },
		{ "FREQ=YEARLY;BYWEEKNO=53,-53,1;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=1,53,-53;BYDAY=MO" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct rrule own = rule(forms[i].text), again;
		char *printed = rrule_print(&arena, &own);

		assert_string_equal(printed, forms[i].printed);
		again = rule(printed);
		assert_string_equal(rrule_print(&arena, &again), printed);
	}
	arena_free(&arena);
}

/* Every value of every list at once: the longest rule that can be printed. */
static void the_longest_rule_is_printed_and_read(void **state)
{
	static const char *const days[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };
	struct arena arena = { 0 };
	char *text = arena_copy(&arena, "FREQ=YEARLY;BYYEARDAY=1"), *printed;
	struct rrule own;
	struct problem problem;

	(void)state;
	for (int i = 2; i <= 366; i++)
		text = arena_print(&arena, "%s,%d,-%d", text, i, i);
	own = rule(text);
	printed = rrule_print(&arena, &own);
	assert_int_equal(strlen(printed), strlen(text));
	for (int i = 0; i < 7; i++)
		for (int n = 1; n <= 53; n++)
			text = arena_print(&arena, "%s%s%d%s,-%d%s", text, i || n > 1 ? "," : ";BYDAY=", n, days[i], n, days[i]);
	own = rule(text);
	assert_int_equal(strlen(rrule_print(&arena, &own)), strlen(text));
	text = arena_print(&arena, "%s%*s", text, 9000, "x");
	assert_int_equal(rrule_parse(text, &own, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "longer"));
	arena_free(&arena);
}

static void refusals_name_their_part(void **state)
{
	static const struct {
		const char *text, *field, *says;
	} bad[] = {
		{ "", "", "empty" },
		{ "INTERVAL=2", "FREQ", "how often" },
		{ "FREQ=OFTEN", "FREQ", "YEARLY" },
		{ "FREQ=", "", "NAME=VALUE" },
		{ "FREQ=DAILY;FREQ=DAILY", "FREQ", "twice" },
		{ "FREQ=DAILY;;COUNT=1", "", "NAME=VALUE" },
		{ "FREQ=DAILY;X-ODD=1", "", "BYSETPOS" },
		{ "FREQ=DAILY;COUNT=0", "COUNT", "from 1" },
		{ "FREQ=DAILY;COUNT=-1", "COUNT", "from 1" },
		{ "FREQ=DAILY;COUNT=9999999", "COUNT", "1000000" },
		{ "FREQ=DAILY;INTERVAL=0", "INTERVAL", "from 1" },
		{ "FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL", "from 1" },
		{ "FREQ=DAILY;INTERVAL=1.5", "INTERVAL", "whole" },
		{ "FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT", "leave one" },
		{ "FREQ=DAILY;UNTIL=2026-01-01", "UNTIL", "20261224" },
		{ "FREQ=DAILY;UNTIL=20260230", "UNTIL", "no such day" },
		{ "FREQ=DAILY;UNTIL=20260101T250000", "UNTIL", "time of day" },
		{ "FREQ=DAILY;UNTIL=20260101T1000", "UNTIL", "local time" },
		{ "FREQ=DAILY;UNTIL=20260101T100000+", "UNTIL", "local time" },
		{ "FREQ=DAILY;BYHOUR=24", "BYHOUR", "0 to 23" },
		{ "FREQ=DAILY;BYHOUR=1,,2", "BYHOUR", "comma" },
		{ "FREQ=DAILY;BYHOUR=1,", "BYHOUR", "comma" },
		{ "FREQ=DAILY;BYHOUR=-1", "BYHOUR", "0 to 23" },
		{ "FREQ=DAILY;BYMINUTE=60", "BYMINUTE", "59" },
		{ "FREQ=DAILY;BYSECOND=61", "BYSECOND", "60" },
		{ "FREQ=DAILY;BYMONTH=0", "BYMONTH", "12" },
		{ "FREQ=DAILY;BYMONTH=13", "BYMONTH", "12" },
		{ "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "31" },
		{ "FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY", "31" },
		{ "FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "WEEKLY" },
		{ "FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY", "366" },
		{ "FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY", "MONTHLY" },
		{ "FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO", "YEARLY" },
		{ "FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO", "53" },
		{ "FREQ=WEEKLY;BYDAY=1MO", "BYDAY", "MONTHLY" },
		{ "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY", "BYWEEKNO" },
		{ "FREQ=WEEKLY;BYDAY=MON", "BYDAY", "MO, TU" },
		{ "FREQ=WEEKLY;BYDAY=M", "BYDAY", "MO, TU" },
		{ "FREQ=MONTHLY;BYDAY=0MO", "BYDAY", "53" },
		{ "FREQ=MONTHLY;BYDAY=54MO", "BYDAY", "53" },
		{ "FREQ=MONTHLY;BYDAY=-MO", "BYDAY", "53" },
		{ "FREQ=WEEKLY;WKST=1", "WKST", "MO" },
		{ "FREQ=WEEKLY;BYSETPOS=1", "BYSETPOS", "another" },
		{ "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS", "366" },
	};
	struct rrule untouched = rule("FREQ=YEARLY");

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct problem problem = { 0 };

		if (rrule_parse(bad[i].text, &untouched, &problem) != E_INVALID || problem.code != E_INVALID)
			fail_msg("taken: %s", bad[i].text);
		if (strcmp(problem.field, bad[i].field) || !strstr(problem.text, bad[i].says))
			fail_msg("%s: [%s] %s", bad[i].text, problem.field, problem.text);
	}
	assert_int_equal(untouched.frequency, YEARLY);
	assert_int_equal(rrule_parse("nonsense", &untouched, NULL), E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_events_as_libical_expects),
		cmocka_unit_test(named_dates),
		cmocka_unit_test(choices_are_as_promised),
		cmocka_unit_test(until_in_utc_needs_the_zone),
		cmocka_unit_test(rules_that_never_match_end),
		cmocka_unit_test(next_does_not_walk_from_the_start),
		cmocka_unit_test(nothing_lies_outside_the_calendar),
		cmocka_unit_test(rules_are_printed_in_one_form),
		cmocka_unit_test(the_longest_rule_is_printed_and_read),
		cmocka_unit_test(refusals_name_their_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
