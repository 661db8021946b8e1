/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dates and times as plain numbers.
 *
 * A date is the days since 1970-01-01, a local time the seconds since
 * 1970-01-01T00:00:00 read off a clock on the wall (no zone: 'floating'), an
 * instant the seconds since then in UTC. All three are int64_t in the proleptic
 * Gregorian calendar, and INT64_MIN is 'no value' everywhere. Text holds the
 * years 0001 to 9999 only; the arithmetic is exact for +-10^15 days.
 *
 * Rules: whoever is born on 29 February comes of age on 1 March in a common
 * year (the day before, they have not lived the whole year); a month added to
 * the 31st ends on the last day of a shorter month.
 */
#ifndef MENTORSHIP_DATE_H
#define MENTORSHIP_DATE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

#define DATE_MIN (-719162LL) /* 0001-01-01 */
#define DATE_MAX 2932896LL   /* 9999-12-31 */

enum {
	MONDAY,
	TUESDAY,
	WEDNESDAY,
	THURSDAY,
	FRIDAY,
	SATURDAY,
	SUNDAY
};
enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 86400
};

/* A date and time of day taken apart; month 1-12, day 1-31, hour 0-23. */
struct civil {
	int64_t year;
	int month, day, hour, minute, second;
};

/* ---- the calendar ---- */
bool date_is_leap(int64_t year);
int date_month_days(int64_t year, int month); /* 28-31 */
bool date_is_valid(int64_t year, int month, int day);
int64_t date_make(int64_t year, int month, int day);   /* of a valid date; days */
void date_split(int64_t days, struct civil *ret);      /* the time of day becomes 0 */
int date_weekday(int64_t days);                        /* MONDAY 0 ... SUNDAY 6 */
const char *date_weekday_name(int weekday);            /* "Monday"; never NULL for 0-6 */
int64_t date_add_months(int64_t days, int64_t months); /* clamps to the last day of the month */
int64_t date_add_years(int64_t days, int64_t years);   /* 29 February becomes 1 March in a common year */
/* Whole years from one date to another: the age, on `to`, of somebody born on `from`; negative if `to` is earlier. */
int64_t date_years(int64_t from, int64_t to);

/* ---- local times ---- */
int64_t local_make(const struct civil *);
void local_split(int64_t local, struct civil *ret);
int64_t local_day(int64_t local);  /* the date, rounded down */
int64_t local_time(int64_t local); /* seconds into that day, 0-86399 */

/* ---- text. Parsers take the whole string, write on success only, and return 0 or E_INVALID; a second of 60 (a leap
 * second) is read as 59. `problem` may be NULL; its field stays "" for the caller to fill. ---- */
int date_parse(const char *text, int64_t *ret_days, struct problem *);       /* 2026-12-01 */
int local_parse(const char *text, int64_t *ret_local, struct problem *);     /* 2026-12-01T14:00[:00], or a space for T */
int instant_parse(const char *text, int64_t *ret_instant, struct problem *); /* as above, then Z, +01, +0100 or +01:00 */

#define DATE_TEXT 80 /* room for each of the following, zone name included */

/* Printers return `out`; what has no value or lies outside the years 1-9999 is "". */
char *date_print(int64_t days, char out[static DATE_TEXT]);                                   /* 2026-12-01 */
char *local_print(int64_t local, char out[static DATE_TEXT]);                                 /* 2026-12-01T14:00:00 */
char *instant_print(int64_t instant, char out[static DATE_TEXT]);                             /* 2026-12-01T13:00:00Z */
char *instant_print_offset(int64_t instant, const struct zone *, char out[static DATE_TEXT]); /* 2026-12-01T14:00:00+01:00 */
/* For people: 2026-12-01 14:00 Europe/Berlin. Seconds where they are not 0; the offset where the hour comes twice. */
char *instant_show(int64_t instant, const struct zone *, char out[static DATE_TEXT]);

/* ---- closed days: an array of ranges, both ends closed, sorted by `from`, apart from each other (closed_sort makes it so) ---- */
struct day_range {
	int64_t from, to;
};

/* Sorts, drops empty ranges (to < from), merges those that touch; returns the new number. */
size_t closed_sort(struct day_range *, size_t n);
bool closed_on(const struct day_range *, size_t n, int64_t day);
/* The range that holds the day, NULL if the day is open. */
const struct day_range *closed_range(const struct day_range *, size_t n, int64_t day);
/* The day itself if it is open, else the first open day after it. */
int64_t closed_move(const struct day_range *, size_t n, int64_t day);
/* Open days of [from, to): how long somebody was silent. 0 if to <= from. */
int64_t closed_count_open(const struct day_range *, size_t n, int64_t from, int64_t to);

#endif
