/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates: the calendar against a plain count of days, text there and back, ages, closed days, and times as people write them. */
#include "core/date.h"
#include "core/when.h"
#include "core/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void every_day_of_ten_thousand_years(void **state)
{
	int64_t day = DATE_MIN;
	int weekday = MONDAY; /* 0001-01-01 */

	(void)state;
	for (int64_t year = 1; year <= 9999; year++)
		for (int month = 1; month <= 12; month++)
			for (int d = 1; d <= date_month_days(year, month); d++, day++) {
				struct civil c;

				date_split(day, &c);
				if (date_make(year, month, d) != day || c.year != year || c.month != month || c.day != d ||
					date_weekday(day) != weekday)
					fail_msg("%d-%d-%d", (int)year, month, d);
				weekday = (weekday + 1) % 7;
			}
	assert_int_equal(day, DATE_MAX + 1);
	assert_int_equal(date_make(1970, 1, 1), 0);
	assert_int_equal(date_make(2000, 3, 1), 11017);
	assert_int_equal(date_make(-400, 1, 1), date_make(0, 1, 1) - 146097);
}

static int64_t day_of(const char *text)
{
	int64_t day = 0;
	struct problem problem;

	if (date_parse(text, &day, &problem) < 0)
		fail_msg("%s", problem.text);
	return day;
}

static void dates_are_read_and_printed(void **state)
{
	static const char *const bad[] = { "", "2026", "2026-2-01", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-01-32", "0000-01-01", "2026-01-01 ", " 2026-01-01", "2026-01-01T10:00", "+026-01-01", "20260101" };
	char out[DATE_TEXT];
	int64_t unset = 77;

	(void)state;
	assert_string_equal(date_print(day_of("2026-12-01"), out), "2026-12-01");
	assert_string_equal(date_print(day_of("0001-01-01"), out), "0001-01-01");
	assert_string_equal(date_print(day_of("9999-12-31"), out), "9999-12-31");
	assert_string_equal(date_print(INT64_MIN, out), "");
	assert_string_equal(date_print(DATE_MAX + 1, out), "");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct problem problem = { 0 };

		assert_int_equal(date_parse(bad[i], &unset, &problem), E_INVALID);
		assert_int_equal(problem.code, E_INVALID);
		assert_non_null(strstr(problem.text, bad[i]));
	}
	assert_int_equal(date_parse("nonsense", &unset, NULL), E_INVALID);
	assert_int_equal(unset, 77);
}

static void times_are_read_and_printed(void **state)
{
	static const struct {
		const char *text;
		int64_t instant;
	} good[] = {
		{ "1970-01-01T00:00Z", 0 },
		{ "1970-01-01T01:00+01:00", 0 },
		{ "1969-12-31T19:00:00-0500", 0 },
		{ "1970-01-01 05:30:01+05:30", 1 },
		{ "2026-12-01T13:00:00Z", 1796130000 },
		{ "2016-12-31T23:59:60Z", 1483228799 },
		{ "1970-01-01t02:00+02", 0 },
	};
	static const char *const bad[] = { "1970-01-01T00:00", "1970-01-01Z", "1970-01-01T24:00Z", "1970-01-01T00:60Z",
		"1970-01-01T00:00:61Z", "1970-01-01T0:00Z", "1970-01-01T00:00+1", "1970-01-01T00:00+24:00", "1970-01-01T00:00Zx",
		"1970-01-01T00:00:Z", "1970-02-30T00:00Z" };
	char out[DATE_TEXT];
	int64_t value = 5;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(instant_parse(good[i].text, &value, NULL), 0);
		assert_int_equal(value, good[i].instant);
	}
	value = 5;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(instant_parse(bad[i], &value, NULL), E_INVALID);
	assert_int_equal(local_parse("1970-01-01T00:00Z", &value, NULL), E_INVALID);
	assert_int_equal(value, 5);
	assert_int_equal(local_parse("1969-12-31T23:59:58", &value, NULL), 0);
	assert_int_equal(value, -2);
	assert_string_equal(local_print(-2, out), "1969-12-31T23:59:58");
	assert_string_equal(instant_print(1796130000, out), "2026-12-01T13:00:00Z");
	assert_string_equal(instant_print(INT64_MIN, out), "");
	assert_string_equal(instant_print(INT64_MAX, out), "");
	assert_string_equal(instant_print_offset(INT64_MIN, zone_utc(), out), "");
	assert_string_equal(instant_show(INT64_MAX, zone_utc(), out), "");
	assert_string_equal(instant_show(0, zone_utc(), out), "1970-01-01 00:00 UTC");
	assert_string_equal(instant_show(7, zone_utc(), out), "1970-01-01 00:00:07 UTC");
}

static void ages_and_months(void **state)
{
	(void)state;
	assert_int_equal(date_years(day_of("2008-05-10"), day_of("2026-05-09")), 17);
	assert_int_equal(date_years(day_of("2008-05-10"), day_of("2026-05-10")), 18);
	assert_int_equal(date_years(day_of("2008-02-29"), day_of("2026-02-28")), 17);
	assert_int_equal(date_years(day_of("2008-02-29"), day_of("2026-03-01")), 18);
	assert_int_equal(date_years(day_of("2008-02-29"), day_of("2028-02-29")), 20);
	assert_int_equal(date_years(day_of("2008-02-29"), day_of("2008-02-29")), 0);
	assert_int_equal(date_years(day_of("2026-01-02"), day_of("2025-01-02")), -1);
	assert_int_equal(date_add_years(day_of("2008-02-29"), 18), day_of("2026-03-01"));
	assert_int_equal(date_add_months(day_of("2026-01-31"), 1), day_of("2026-02-28"));
	assert_int_equal(date_add_months(day_of("2026-01-31"), -14), day_of("2024-11-30"));
	assert_int_equal(date_add_months(day_of("2026-12-31"), 12), day_of("2027-12-31"));
}

static void closed_days_skip_move_and_count(void **state)
{
	struct day_range r[] = { { 30, 35 }, { 10, 12 }, { 13, 14 }, { 50, 40 }, { 33, 38 }, { 60, 60 } };
	size_t n = closed_sort(r, sizeof r / sizeof *r);

	(void)state;
	assert_int_equal(n, 3);
	for (int64_t day = 0; day < 70; day++) {
		bool closed = (day >= 10 && day <= 14) || (day >= 30 && day <= 38) || day == 60;
		int64_t open = 0, next = day;

		assert_int_equal(closed_on(r, n, day), closed);
		while (closed_on(r, n, next))
			next++;
		assert_int_equal(closed_move(r, n, day), next);
		for (int64_t d = 5; d < day; d++)
			open += !closed_on(r, n, d);
		assert_int_equal(closed_count_open(r, n, 5, day), open);
	}
	assert_int_equal(closed_sort(r, 0), 0);
	assert_int_equal(closed_move(NULL, 0, 9), 9);
	assert_int_equal(closed_count_open(NULL, 0, 9, 3), 0);
}

/* Now is Wednesday 2026-10-21 10:00 in Berlin; summer time ends on the 25th. */
static void written_times_are_understood(void **state)
{
	static const struct {
		const char *text, *shown;
	} good[] = {
		{ "now", "2026-10-21 10:00 Europe/Berlin" },
		{ "today", "2026-10-21 00:00 Europe/Berlin" },
		{ "2026-12-01", "2026-12-01 00:00 Europe/Berlin" },
		{ "2026-12-01 14:00", "2026-12-01 14:00 Europe/Berlin" },
		{ "2026-12-01 9:00", "2026-12-01 09:00 Europe/Berlin" },
		{ "2026-12-01T14:00", "2026-12-01 14:00 Europe/Berlin" },
		{ "2026-12-01 at 14:00:30", "2026-12-01 14:00:30 Europe/Berlin" },
		{ "2026-12-01T14:00Z", "2026-12-01 15:00 Europe/Berlin" },
		{ "2026-12-01 14:00-05:00", "2026-12-01 20:00 Europe/Berlin" },
		{ "2026-12-01 14:00 Europe/Berlin", "2026-12-01 14:00 Europe/Berlin" },
		{ "tomorrow 9:00", "2026-10-22 09:00 Europe/Berlin" },
		{ "Tomorrow", "2026-10-22 00:00 Europe/Berlin" },
		{ "yesterday at 9:00", "2026-10-20 09:00 Europe/Berlin" },
		{ "friday 14:30", "2026-10-23 14:30 Europe/Berlin" },
		{ "FRI, 14:30", "2026-10-23 14:30 Europe/Berlin" },
		{ "wednesday", "2026-10-21 00:00 Europe/Berlin" },
		{ "wed 11:00", "2026-10-21 11:00 Europe/Berlin" },
		{ "wed 10:00", "2026-10-28 10:00 Europe/Berlin" },
		{ "next wed", "2026-10-28 00:00 Europe/Berlin" },
		{ "next friday 8:00", "2026-10-23 08:00 Europe/Berlin" },
		{ "14:00", "2026-10-21 14:00 Europe/Berlin" },
		{ "at 14:00", "2026-10-21 14:00 Europe/Berlin" },
		{ "+3d", "2026-10-24 10:00 Europe/Berlin" },
		{ "+5d", "2026-10-26 10:00 Europe/Berlin" },
		{ "+120h", "2026-10-26 09:00 Europe/Berlin" },
		{ "-90min", "2026-10-21 08:30 Europe/Berlin" },
		{ "in 2 weeks", "2026-11-04 10:00 Europe/Berlin" },
		{ "in 2 weeks at 9:00", "2026-11-04 09:00 Europe/Berlin" },
		{ "+2 weeks 9:00", "2026-11-04 09:00 Europe/Berlin" },
		{ "3 days ago", "2026-10-18 10:00 Europe/Berlin" },
		{ "in 1 month", "2026-11-21 10:00 Europe/Berlin" },
		{ "-2y", "2024-10-21 10:00 Europe/Berlin" },
		{ "2026-10-25 02:30", "2026-10-25 02:30+02:00 Europe/Berlin" },
		{ "2026-10-25T02:30+01:00", "2026-10-25 02:30+01:00 Europe/Berlin" },
		{ "2026-10-25 02:30+01:00 Europe/Berlin", "2026-10-25 02:30+01:00 Europe/Berlin" },
		{ "2026-03-29 02:30", "2026-03-29 03:30 Europe/Berlin" },
		{ "3.4.2027", "2027-04-03 00:00 Europe/Berlin" },
		{ "03.04.2027 14:00", "2027-04-03 14:00 Europe/Berlin" },
		{ "3 April 2027", "2027-04-03 00:00 Europe/Berlin" },
		{ "3. Apr 2027, 9:00", "2027-04-03 09:00 Europe/Berlin" },
		{ "april 3, 2027 at 9:00", "2027-04-03 09:00 Europe/Berlin" },
		{ "29.2.2028", "2028-02-29 00:00 Europe/Berlin" },
	};
	static const struct {
		const char *text, *why;
	} clear[] = { { "3/4/2027", "either of two days" }, { "04/13/2027 9:00", "either of two days" },
		{ "2026-02-30", "no day of the calendar" }, { "31.2.2027", "no day of the calendar" },
		{ "1.13.2027", "no day of the calendar" }, { "30 february 2027", "no day of the calendar" },
		{ "29.2.2027 10:00", "no day of the calendar" } };
	static const char *const bad[] = { "", " ", "someday", "3.4.27", "3.4", "3 4 2027", "3 apri 2027", "april 2027", "3.4.2027.",
		"2026-12-01 25:00", "tomorrow 9", "friday the 13th", "+3", "+3m", "in weeks", "2 weeks", "tomorrow at", "at", "next",
		"next week", "+99999999999d", "+99999y", "9:00 tomorrow", "2026-12-01 14:00 Asia/Tokyo", "Europe/Berlin",
		"1 2 3 4 5 6 7 8 9", "now 9:00",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct zones *zones = zones_new(NULL);
	const struct zone *berlin;
	struct problem problem;
	struct when when;
	char out[DATE_TEXT];
	int64_t now, day;

	(void)state;
	assert_int_equal(zones_get(zones, "Europe/Berlin", &berlin, &problem), 0);
	assert_int_equal(instant_parse("2026-10-21T08:00Z", &now, NULL), 0);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		if (when_parse(good[i].text, berlin, now, &when, &problem) < 0)
			fail_msg("%s", problem.text);
		if (strcmp(instant_show(when.instant, berlin, out), good[i].shown))
			fail_msg("%s: %s, not %s", good[i].text, out, good[i].shown);
		assert_int_equal(zone_local(berlin, when.instant), when.local);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (when_parse(bad[i], berlin, now, &when, &problem) != E_INVALID)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(problem.text, "in 2 weeks"));
	}
	for (size_t i = 0; i < sizeof clear / sizeof *clear; i++) {
		assert_int_equal(when_parse(clear[i].text, berlin, now, &when, &problem), E_INVALID);
		if (!strstr(problem.text, clear[i].why))
			fail_msg("%s", problem.text);
	}
	assert_int_equal(when_parse("2026-03-29 02:30", berlin, now, &when, &problem), 0);
	assert_int_equal(when.answer, ZONE_GAP);
	assert_int_equal(when_parse_day("+3d", berlin, now, &day, &problem), 0);
	assert_int_equal(day, day_of("2026-10-24"));
	assert_int_equal(when_parse_day("friday", berlin, now, &day, &problem), 0);
	assert_int_equal(day, day_of("2026-10-23"));
	assert_int_equal(when_parse_day("friday 10:00", berlin, now, &day, &problem), E_INVALID);
	assert_int_equal(when_parse_day("+3h", berlin, now, &day, &problem), E_INVALID);
	assert_int_equal(when_parse_day("now", berlin, now, &day, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "day alone"));
	assert_string_equal(instant_print_offset(now, berlin, out), "2026-10-21T10:00:00+02:00");
	zones_free(zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_ten_thousand_years),
		cmocka_unit_test(dates_are_read_and_printed),
		cmocka_unit_test(times_are_read_and_printed),
		cmocka_unit_test(ages_and_months),
		cmocka_unit_test(closed_days_skip_move_and_count),
		cmocka_unit_test(written_times_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
