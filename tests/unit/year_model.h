/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a year of schedules must bring, worked out by dates and by the C library's own time zones: no line of the daemon's calendar,
 * zones, recurrence or scheduler is used. Everything that happens is one line of text, so that what is missed and
 * what is double shows by comparing two sorted lists.
 */
#ifndef YEAR_MODEL_H
#define YEAR_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct lines {
	char **list;
	size_t count, room;
};

static inline void line_add(struct lines *lines, const char *text)
{
	if (lines->count == lines->room) {
		lines->room = lines->room ? 2 * lines->room : 1024;
		lines->list = realloc(lines->list, lines->room * sizeof *lines->list);
	}
	lines->list[lines->count++] = strdup(text);
}

static inline void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->list[i]);
	free(lines->list);
}

static inline int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Tells the first few differences of two lists; *ret_missed are in `expected` alone, *ret_more in `found` alone. */
static inline void lines_compare(struct lines *expected, struct lines *found, int *ret_missed, int *ret_more)
{
	size_t i = 0, j = 0;

	*ret_missed = *ret_more = 0;
	qsort(expected->list, expected->count, sizeof(char *), line_order);
	qsort(found->list, found->count, sizeof(char *), line_order);
	while (i < expected->count || j < found->count) {
		int order = i == expected->count ? 1 : j == found->count ? -1 : strcmp(expected->list[i], found->list[j]);

		if (!order) {
			i++;
			j++;
		} else if (order < 0) {
			if ((*ret_missed)++ < 10)
				fprintf(stderr, "missed: %s\n", expected->list[i]);
			i++;
		} else {
			if ((*ret_more)++ < 10)
				fprintf(stderr, "double or out of place: %s\n", found->list[j]);
			j++;
		}
	}
}

/* ---- zones, by the C library ---- */

static inline void zone_set(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static inline int64_t offset_at(int64_t instant)
{
	time_t at = (time_t)instant;
	struct tm tm;

	localtime_r(&at, &tm);
	return tm.tm_gmtoff;
}

/* The instant of a local time in the zone that is set: the first of two; in a gap by the offset before it. */
static inline int64_t instant_in(int64_t local)
{
	int64_t before = local - offset_at(local - 86400), after = local - offset_at(local + 86400);

	if (before + offset_at(before) == local)
		return before;
	return after + offset_at(after) == local ? after : before;
}

static inline int64_t day_of(const char *date)
{
	struct tm tm = { 0 };

	sscanf(date, "%d-%d-%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return timegm(&tm) / 86400;
}

static inline int weekday_of(int64_t day) /* Monday 0 */
{
	return (int)((day + 3) % 7);
}

/* ---- people who answer, or do not ---- */

/* The noon in UTC at which a check-in is answered; INT64_MAX: never. */
static inline int64_t answered_when(int64_t match, int64_t due)
{
	uint64_t dice = ((uint64_t)match * 2654435761u + (uint64_t)due) * UINT64_C(6364136223846793005);
	int64_t from;

	dice = dice >> 33;
	if (dice % 10 < 4)
		return INT64_MAX;
	from = due + (int64_t)(dice / 10 % 12) * 86400;
	return (from - 43200 + 86399) / 86400 * 86400 + 43200;
}

/* ---- the policy and what it brings ---- */

struct policy {
	int64_t id, weeks, first_weeks, hour, reminder, overdue, escalation, starts, ends;
	int weekday;
	struct {
		int64_t from, to;
	} closed[4];
};

struct pairing {
	const struct policy *policy;
	int64_t match, mentee, started;
	const char *zone;
};

static inline int64_t open_from(const struct policy *p, int64_t day)
{
	for (int i = 0; i < 4; i++)
		if (p->closed[i].to && day >= p->closed[i].from && day <= p->closed[i].to) {
			day = p->closed[i].to + 1;
			i = -1;
		}
	return day;
}

static inline int64_t open_after(const struct policy *p, int64_t day, int64_t days)
{
	while (days-- > 0)
		day = open_from(p, day + 1);
	return instant_in(day * 86400 + p->hour * 3600);
}

#define LINE(...) (snprintf(text, sizeof text, __VA_ARGS__), line_add(lines, text))

static inline void follow_up(struct lines *lines, const struct pairing *pair, const char *kind, int64_t due, int64_t at, int64_t answered)
{
	char text[200];
	bool comes = at <= answered;

	LINE("job %s %ld %ld %ld %s %ld", kind, pair->match, due, at, comes ? "done" : "withdrawn", comes ? at : 0);
}

static inline void one_check_in(struct lines *lines, const struct pairing *pair, int64_t staff, int64_t day, int64_t due)
{
	const struct policy *p = pair->policy;
	int64_t answered = answered_when(pair->match, due), reminder = open_after(p, day, p->reminder);
	int64_t overdue = open_after(p, day, p->overdue), escalation = open_after(p, day, p->escalation);
	bool answers = answered != INT64_MAX;
	char text[200];

	LINE("check-in %ld %ld %s %ld", pair->match, due, answers ? "answered" : "escalated", answers ? answered : 0);
	LINE("job check-in due %ld %ld %ld done %ld", pair->match, due, due, due);
	LINE("message check-in-due %ld %ld %ld %ld queued", pair->mentee, pair->match, due, due);
	follow_up(lines, pair, "check-in reminder", due, reminder, answered);
	follow_up(lines, pair, "check-in overdue", due, overdue, answered);
	follow_up(lines, pair, "check-in escalation", due, escalation, answered);
	if (reminder <= answered)
		LINE("message check-in-reminder %ld %ld %ld %ld %s", pair->mentee, pair->match, due, reminder,
			answers ? "suppressed" : "queued");
	if (overdue <= answered)
		LINE("audit Lapse %ld %ld %ld", pair->match, due, overdue);
	if (escalation <= answered)
		LINE("audit Escalate %ld %ld %ld", pair->match, due, escalation);
	if (escalation <= answered)
		LINE("message check-in-escalated %ld %ld %ld %ld queued", staff, pair->match, due, escalation);
	if (answers)
		LINE("audit Answer %ld %ld %ld", pair->match, due, answered);
}

static inline void check_ins_of(struct lines *lines, const struct pairing *pair, int64_t staff)
{
	const struct policy *p = pair->policy;
	int64_t start_day, meant, day;

	zone_set(pair->zone);
	start_day = (pair->started + offset_at(pair->started)) / 86400;
	meant = start_day + 7 * p->first_weeks - 6;
	while (weekday_of(meant) != p->weekday)
		meant++;
	while ((day = open_from(p, meant)) <= p->ends) {
		one_check_in(lines, pair, staff, day, instant_in(day * 86400 + p->hour * 3600));
		for (meant = day; weekday_of(meant) != p->weekday;)
			meant--;
		meant += 7 * (meant - start_day < 28 ? p->first_weeks : p->weeks);
	}
}

/* Each day, or each Sunday, at its hour in the zone of the house, after a start and up to an end. */
static inline void standing_kind(
	struct lines *lines, const char *kind, int64_t seconds, bool sundays, const char *zone, int64_t start, int64_t end)
{
	char text[200], date[40];

	zone_set(zone);
	for (int64_t day = start / 86400 - 1; day <= end / 86400 + 1; day++) {
		int64_t local = day * 86400 + seconds, at = instant_in(local);
		time_t shown = (time_t)local;
		struct tm tm;

		if (at <= start || at > end || (sundays && weekday_of(day) != 6))
			continue;
		strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&shown, &tm));
		LINE("standing %s %s %ld done %ld", kind, date, at, at);
	}
}

static inline void program_of(struct lines *lines, const struct policy *p, const char *zone, int64_t staff)
{
	char text[200];

	zone_set(zone);
	LINE("program %ld Start %ld", p->id, instant_in(p->starts * 86400));
	LINE("program %ld Close %ld", p->id, instant_in((p->ends + 1) * 86400));
	LINE("message program-closes %ld %ld", staff, instant_in((p->ends + 1) * 86400));
}

#endif
