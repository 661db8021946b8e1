/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recurrence rules: the whole RRULE of RFC 5545, iterated in floating local time.
 *
 * A rule is a plain struct without pointers, so it is copied and forgotten
 * freely. A start (DTSTART, local seconds as in core/date.h) goes with it; what
 * the rule leaves open (time of day, day of the month, weekday) is taken from
 * the start, a weekday also beside BYWEEKNO alone. Choices where the RFC leaves one:
 *
 * - The start is an occurrence only if it matches the rule.
 * - An UNTIL that is a date includes that day; one in UTC needs the zone, and
 *   without one is read as local time.
 * - A second of 60 is 59. Weeks of BYWEEKNO are cut at the calendar year, which
 *   is the period that INTERVAL and BYSETPOS count.
 *
 * Nothing runs for ever: occurrences end with the year 9999, and a rule is given
 * up after 400 years' worth of periods in a row without one, as many as the
 * calendar takes to repeat; so a daily or slower rule that is given up has none.
 * A faster rule is given up after RRULE_PATIENCE steps, where a day, month or
 * hour that does not match is passed over in one step.
 */
#ifndef MENTORSHIP_RRULE_H
#define MENTORSHIP_RRULE_H

#include "arena.h"
#include "date.h"
#include "zone.h"

enum {
	RRULE_PATIENCE = 200000
};

enum frequency {
	SECONDLY,
	MINUTELY,
	HOURLY,
	DAILY,
	WEEKLY,
	MONTHLY,
	YEARLY
};

/* Sets of small numbers. A signed set holds n at bit n, -n at bit n of the second array; a part not given is empty. */
struct signed_set {
	uint64_t plus[6], minus[6];
}; /* 1-366 */

struct rrule {
	enum frequency frequency;
	int64_t interval; /* at least 1 */
	int64_t count;    /* 0: no limit */
	int64_t until;    /* local, or an instant if until_utc; INT64_MIN: no limit */
	bool until_utc, until_date;
	int week_start; /* MONDAY ... */
	uint64_t seconds, minutes, hours, months;
	struct signed_set yeardays, monthdays, weeks, positions;
	unsigned weekdays; /* bits of plain weekdays */
	struct {
		uint64_t plus, minus;
	} nth[7]; /* bits 1-53: the nth, the nth last such weekday */
};

/* An iteration under way: big (about 10 kB), plain, to be kept on the stack or in a struct. */
struct rrule_iterator {
	struct rrule rule;
	int64_t start;
	const struct zone *zone; /* for an UNTIL in UTC; may be NULL */
	int64_t period;          /* number of the year, month, week, ... second at which it stands */
	int64_t found;           /* occurrences so far, where COUNT limits them */
	int64_t after;           /* nothing up to here is given */
	unsigned parts;          /* which parts that choose days are given */
	bool ended;
	/* the set of this period: days x hours x minutes x seconds, of which BYSETPOS picks some */
	int64_t days[366];
	uint8_t hours[24], minutes[60], seconds[60];
	int n_days, n_hours, n_minutes, n_seconds;
	int64_t picks[732];
	int n_picks;       /* -1: all */
	int64_t total, at; /* size of the set (or of the picks); the next element */
};

/* "FREQ=WEEKLY;BYDAY=TU,TH", with or without "RRULE:" before it, in any order and case. 0 or E_INVALID: the problem's
 * field is the part ("BYDAY"; "" for the whole), its text says why and how to mend it. Writes on success only. */
int rrule_parse(const char *text, struct rrule *ret, struct problem *);
/* The same rule in one canonical form. */
char *rrule_print(struct arena *, const struct rrule *);

void rrule_begin(struct rrule_iterator *, const struct rrule *, int64_t start, const struct zone *);
/* As rrule_begin, but only occurrences strictly after a local time are given. Without COUNT it jumps there. */
void rrule_begin_after(struct rrule_iterator *, const struct rrule *, int64_t start, const struct zone *, int64_t after);
/* The next occurrence; false when there is no more. */
bool rrule_step(struct rrule_iterator *, int64_t *ret_local);

/* The first occurrence strictly after a local time, the last one up to and including it; false if there is none. */
bool rrule_next(const struct rrule *, int64_t start, const struct zone *, int64_t after, int64_t *ret_local);
bool rrule_last(const struct rrule *, int64_t start, const struct zone *, int64_t upto, int64_t *ret_local);

#endif
