/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dates and times as plain numbers (see date.h).
 *
 * The calendar is counted in eras of 400 years, which have 146,097 days each,
 * and in years that begin on 1 March: then the leap day is the last one, and
 * the first day of month m (0 is March) is (153 m + 2) / 5. Nothing here asks
 * the C library about time: its functions follow $TZ and the locale.
 */
#include "date.h"
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ERA_YEARS = 400,
	ERA_DAYS = 146097,
	EPOCH = 719468
}; /* EPOCH: days from 0000-03-01 to 1970-01-01 */

#define NO_VALUE INT64_MIN

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

bool date_is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int date_month_days(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && date_is_leap(year) ? 29 : days[month - 1];
}

bool date_is_valid(int64_t year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= date_month_days(year, month);
}

int64_t date_make(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = floor_div(y, ERA_YEARS), of_era = y - era * ERA_YEARS;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
}

void date_split(int64_t days, struct civil *ret)
{
	int64_t shifted = days + EPOCH, era = floor_div(shifted, ERA_DAYS), day = shifted - era * ERA_DAYS;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	*ret = (struct civil){
		.day = (int)(of_year - (153 * month + 2) / 5 + 1),
		.month = (int)(month < 10 ? month + 3 : month - 9),
	};
	ret->year = year + era * ERA_YEARS + (ret->month <= 2);
}

int date_weekday(int64_t days)
{
	int64_t weekday = (days % 7 + THURSDAY) % 7; /* 1970-01-01 was a Thursday */

	return (int)(weekday < 0 ? weekday + 7 : weekday);
}

const char *date_weekday_name(int weekday)
{
	static const char *const names[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

	return names[weekday];
}

int64_t date_add_months(int64_t days, int64_t months)
{
	struct civil c;
	int64_t month, year;
	int last;

	date_split(days, &c);
	month = c.year * 12 + c.month - 1 + months;
	year = floor_div(month, 12);
	c.month = (int)(month - year * 12) + 1;
	last = date_month_days(year, c.month);
	return date_make(year, c.month, c.day < last ? c.day : last);
}

int64_t date_add_years(int64_t days, int64_t years)
{
	struct civil c;

	date_split(days, &c);
	if (c.month == 2 && c.day == 29 && !date_is_leap(c.year + years))
		return date_make(c.year + years, 3, 1);
	return date_make(c.year + years, c.month, c.day);
}

int64_t date_years(int64_t from, int64_t to)
{
	struct civil a, b;

	if (to < from)
		return -date_years(to, from);
	date_split(from, &a);
	date_split(to, &b);
	return b.year - a.year - (date_add_years(from, b.year - a.year) > to);
}

int64_t local_make(const struct civil *c)
{
	return date_make(c->year, c->month, c->day) * DAY + c->hour * HOUR + c->minute * MINUTE + c->second;
}

int64_t local_day(int64_t local)
{
	return floor_div(local, DAY);
}

int64_t local_time(int64_t local)
{
	return local - local_day(local) * DAY;
}

void local_split(int64_t local, struct civil *ret)
{
	int time = (int)local_time(local);

	date_split(local_day(local), ret);
	ret->hour = time / HOUR;
	ret->minute = time % HOUR / MINUTE;
	ret->second = time % MINUTE;
}

/* ---- reading ---- */

static int invalid(struct problem *problem, const char *text, const char *what)
{
	struct problem unused;

	return problem_set(problem ? problem : &unused, E_INVALID, NULL, "'%.60s' %s", text, what);
}

/* Exactly `digits` digits; false and nothing moved if there are not. */
static bool take_digits(const char **at, int digits, int *ret)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*at += digits;
	*ret = value;
	return true;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* 0: not of this form; 1: read; -1: of this form, but no such day. */
static int take_date(const char **at, int64_t *ret_days)
{
	const char *p = *at;
	int year, month, day;

	if (!take_digits(&p, 4, &year) || !take(&p, '-') || !take_digits(&p, 2, &month) || !take(&p, '-') || !take_digits(&p, 2, &day))
		return 0;
	if (year < 1 || !date_is_valid(year, month, day))
		return -1;
	*ret_days = date_make(year, month, day);
	*at = p;
	return 1;
}

static int take_time(const char **at, int64_t *ret_seconds)
{
	const char *p = *at;
	int hour, minute, second = 0;

	if (!take_digits(&p, 2, &hour) || !take(&p, ':') || !take_digits(&p, 2, &minute))
		return 0;
	if (take(&p, ':') && !take_digits(&p, 2, &second))
		return 0;
	if (hour > 23 || minute > 59 || second > 60)
		return -1;
	*ret_seconds = hour * HOUR + minute * MINUTE + (second == 60 ? 59 : second);
	*at = p;
	return 1;
}

/* Z, +01, +0100, +01:00; at most 23:59. */
static bool take_offset(const char **at, int64_t *ret_offset)
{
	const char *p = *at;
	int hour, minute = 0, sign = *p == '-' ? -1 : 1;

	*ret_offset = 0;
	if (take(at, 'Z') || take(at, 'z'))
		return true;
	if (!take(&p, '+') && !take(&p, '-'))
		return false;
	if (!take_digits(&p, 2, &hour))
		return false;
	if (take(&p, ':') ? !take_digits(&p, 2, &minute) : *p && !take_digits(&p, 2, &minute))
		return false;
	if (hour > 23 || minute > 59)
		return false;
	*ret_offset = sign * (hour * HOUR + minute * MINUTE);
	*at = p;
	return true;
}

int date_parse(const char *text, int64_t *ret_days, struct problem *problem)
{
	const char *at = text;
	int64_t days;
	int found = take_date(&at, &days);

	if (found < 0)
		return invalid(problem, text, "is no day of the calendar; check month and day");
	if (!found || *at)
		return invalid(problem, text, "is not a date; write YEAR-MONTH-DAY, as in 2026-12-01");
	*ret_days = days;
	return 0;
}

/* The date and time at the head of a text; `*at` is left behind them. */
static int take_local(const char *text, const char **at, int64_t *ret_local, struct problem *problem)
{
	int64_t days, seconds;
	int found = take_date(at, &days);

	if (found < 0)
		return invalid(problem, text, "is no day of the calendar; check month and day");
	if (!found || (!take(at, 'T') && !take(at, 't') && !take(at, ' ')))
		return invalid(problem, text, "is not a time; write YEAR-MONTH-DAYTHOUR:MINUTE, as in 2026-12-01T14:00");
	found = take_time(at, &seconds);
	if (found < 0)
		return invalid(problem, text, "has no such time of day; hours are 00 to 23, minutes 00 to 59");
	if (!found)
		return invalid(problem, text, "has no time of day; write it as in 2026-12-01T14:00");
	*ret_local = days * DAY + seconds;
	return 0;
}

int local_parse(const char *text, int64_t *ret_local, struct problem *problem)
{
	const char *at = text;
	int64_t local;
	int r = take_local(text, &at, &local, problem);

	if (r < 0)
		return r;
	if (*at)
		return invalid(problem, text, "has something after the time; a local time ends with its minutes or seconds");
	*ret_local = local;
	return 0;
}

int instant_parse(const char *text, int64_t *ret_instant, struct problem *problem)
{
	const char *at = text;
	int64_t local, offset;
	int r = take_local(text, &at, &local, problem);

	if (r < 0)
		return r;
	if (!take_offset(&at, &offset) || *at)
		return invalid(problem, text, "does not say which zone; end it with Z (UTC) or an offset, as in 2026-12-01T14:00+01:00");
	*ret_instant = local - offset;
	return 0;
}

/* ---- writing ---- */

static bool printable(int64_t local)
{
	return local >= DATE_MIN * DAY && local < (DATE_MAX + 1) * DAY;
}

char *date_print(int64_t days, char out[static DATE_TEXT])
{
	struct civil c;

	*out = '\0';
	if (days < DATE_MIN || days > DATE_MAX)
		return out;
	date_split(days, &c);
	snprintf(out, DATE_TEXT, "%04d-%02d-%02d", (int)c.year, c.month, c.day);
	return out;
}

char *local_print(int64_t local, char out[static DATE_TEXT])
{
	struct civil c;

	*out = '\0';
	if (!printable(local))
		return out;
	local_split(local, &c);
	snprintf(out, DATE_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)c.year, c.month, c.day, c.hour, c.minute, c.second);
	return out;
}

char *instant_print(int64_t instant, char out[static DATE_TEXT])
{
	if (*local_print(instant, out))
		strcat(out, "Z");
	return out;
}

/* "+01:00"; seconds, which zones had before standard time, are kept where there are any. */
static void offset_print(int32_t offset, char *out, size_t size)
{
	int seconds = abs(offset);
	int length = snprintf(out, size, "%c%02d:%02d", offset < 0 ? '-' : '+', seconds / HOUR, seconds % HOUR / MINUTE);

	if (seconds % MINUTE)
		snprintf(out + length, size - (size_t)length, ":%02d", seconds % MINUTE);
}

char *instant_print_offset(int64_t instant, const struct zone *zone, char out[static DATE_TEXT])
{
	size_t length;

	*out = '\0';
	if (instant == NO_VALUE)
		return out;
	length = strlen(local_print(zone_local(zone, instant), out));
	if (length)
		offset_print(zone_offset(zone, instant), out + length, DATE_TEXT - length);
	return out;
}

char *instant_show(int64_t instant, const struct zone *zone, char out[static DATE_TEXT])
{
	char offset[16] = "";
	int64_t local, first;
	size_t length;

	*out = '\0';
	if (instant == NO_VALUE)
		return out;
	local = zone_local(zone, instant);
	if (!*local_print(local, out))
		return out;
	out[10] = ' ';
	length = local % MINUTE ? 19 : 16;
	if (zone_instant(zone, local, &first) == ZONE_OVERLAP)
		offset_print(zone_offset(zone, instant), offset, sizeof offset);
	snprintf(out + length, DATE_TEXT - length, "%s %s", offset, zone_name(zone));
	return out;
}

/* ---- closed days ---- */

static int compare_ranges(const void *a, const void *b)
{
	const struct day_range *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

size_t closed_sort(struct day_range *ranges, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(ranges, n, sizeof *ranges, compare_ranges);
	for (size_t i = 0; i < n; i++) {
		if (ranges[i].to < ranges[i].from)
			continue;
		if (kept && ranges[i].from - 1 <= ranges[kept - 1].to) {
			if (ranges[i].to > ranges[kept - 1].to)
				ranges[kept - 1].to = ranges[i].to;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	return kept;
}

const struct day_range *closed_range(const struct day_range *ranges, size_t n, int64_t day)
{
	size_t low = 0, high = n;

	while (low < high) { /* the first range that ends on or after the day */
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].to < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && ranges[low].from <= day ? &ranges[low] : NULL;
}

bool closed_on(const struct day_range *ranges, size_t n, int64_t day)
{
	return closed_range(ranges, n, day);
}

int64_t closed_move(const struct day_range *ranges, size_t n, int64_t day)
{
	const struct day_range *range = closed_range(ranges, n, day);

	return range ? range->to + 1 : day;
}

int64_t closed_count_open(const struct day_range *ranges, size_t n, int64_t from, int64_t to)
{
	int64_t open = to > from ? to - from : 0;

	for (size_t i = 0; i < n; i++) {
		int64_t first = ranges[i].from > from ? ranges[i].from : from;
		int64_t end = ranges[i].to < to ? ranges[i].to + 1 : to;

		if (first < end)
			open -= end - first;
	}
	return open;
}
