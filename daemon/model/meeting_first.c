/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first meeting, which an introduction proposes: half an hour in which both said that they have time, each in the own zone, within two
 * weeks. Somebody who said nothing is taken to have time on working days. Where there is no such time, or neither said
 * anything, it is four in the afternoon of the next working day, by the mentor's clock. A group with a time of the week begins at that time.
 * Never on a day on which meetings pause.
 */
#include "core/date.h"
#include "core/zone.h"
#include "model.h"

enum {
	AFTER_DAYS = 3,   /* at the earliest so many days after the start */
	WITHIN_DAYS = 14, /* in which a common time is looked for */
	USUAL_HOUR = 16,
	SECONDS = 30 * 60,
	ROUND = 15 * 60,
	FROM = 8 * 60, /* minutes of a working day for whom nothing is known of */
	TO = 20 * 60,
	WORKING_DAYS = 5,
	SPANS = 100,
	GROUP_WEEKS = 26 /* in which an open day is looked for */
};

struct side_of {
	const struct zone *zone;
	struct {
		int64_t weekday, start, end; /* minutes of the local day */
	} spans[SPANS];
	int count;
	bool said;
};

static int see_span(struct call *call, void *record, void *data)
{
	const struct availability *a = record;
	struct side_of *side = data;

	(void)call;
	if (side->count == SPANS)
		return 0;
	side->spans[side->count].weekday = a->weekday;
	side->spans[side->count].start = a->start;
	side->spans[side->count++].end = a->end;
	return 0;
}

static int side_read(struct call *call, const struct match *match, const struct program *program, int64_t which, struct side_of *ret)
{
	const char *zone = NULL;
	int64_t participant = NONE, person = NONE;
	/* a side of several goes by the first of them */
	int r = ask(call,
		"SELECT min(\"participant\") FROM \"match_member\" WHERE \"match\" = ?1 AND \"side\" = CASE ?2 WHEN 0 THEN 'mentor' ELSE 'mentee' END",
		VALUES(match->id, which), &participant);

	if (!r)
		r = ask(call, "SELECT \"person\" FROM \"participant\" WHERE \"id\" = ?1", VALUES(participant), &person);
	if (!r)
		r = zone_for(call, person, program, &zone);
	if (!r)
		r = each(call, &availability_entity, see_span, ret, "\"participant\" = ?1", VALUES(participant));
	ret->zone = zone_of(call, zone);
	ret->said = ret->count > 0;
	for (int64_t day = 0; !ret->said && day < WORKING_DAYS; day++) {
		ret->spans[ret->count].weekday = day;
		ret->spans[ret->count].start = FROM;
		ret->spans[ret->count++].end = TO;
	}
	return r;
}

static void span_instants(const struct side_of *side, int i, int64_t day, int64_t *from, int64_t *to)
{
	zone_instant(side->zone, day * DAY + side->spans[i].start * 60, from);
	zone_instant(side->zone, day * DAY + side->spans[i].end * 60, to);
}

/* The earliest time on that day of the mentor's in which both have half an hour; NONE: there is none. */
static int64_t common_time(const struct side_of *mentor, const struct side_of *mentee, int64_t day)
{
	int64_t best = NONE;

	for (int i = 0; i < mentor->count; i++)
		for (int j = 0; j < mentee->count; j++)
			for (int64_t other = day - 1; other <= day + 1; other++) {
				int64_t from, to, begins, ends;

				if (mentor->spans[i].weekday != date_weekday(day) || mentee->spans[j].weekday != date_weekday(other))
					continue;
				span_instants(mentor, i, day, &from, &to);
				span_instants(mentee, j, other, &begins, &ends);
				from = ((begins > from ? begins : from) + ROUND - 1) / ROUND * ROUND;
				to = ends < to ? ends : to;
				if (from + SECONDS <= to && (best == NONE || from < best))
					best = from;
			}
	return best;
}

/* The next working day that is open for meetings. */
static int working_day(struct call *call, const struct match *match, int64_t day, int64_t *ret)
{
	int r = 0;

	for (*ret = NONE; !r && *ret != day;) {
		day += date_weekday(day) < WORKING_DAYS ? 0 : 7 - date_weekday(day);
		*ret = day;
		r = open_day(call, match->program, day, PAUSED_MEETINGS, &day);
	}
	return r;
}

static int find_time(struct call *call, const struct match *match, const struct side_of *mentor, const struct side_of *mentee, int64_t *ret)
{
	int64_t first = local_day(zone_local(mentor->zone, call->now)) + AFTER_DAYS, open;
	int r = 0;

	*ret = NONE;
	for (int64_t day = first; !r && *ret == NONE && (mentor->said || mentee->said) && day < first + WITHIN_DAYS; day++) {
		r = open_day(call, match->program, day, PAUSED_MEETINGS, &open);
		if (open == day)
			*ret = common_time(mentor, mentee, day);
	}
	if (r || *ret != NONE)
		return r;
	r = working_day(call, match, first, &open);
	zone_instant(mentor->zone, open * DAY + USUAL_HOUR * HOUR, ret);
	return r;
}

/* The first of the group's days that is open. */
static int group_time(struct call *call, const struct match *match, const struct program *program, int64_t *ret)
{
	const struct zone *zone = zone_of(call, program->zone);
	int64_t day = local_day(zone_local(zone, call->now)) + AFTER_DAYS, open = NONE;
	int r = 0;

	day += (match->weekday - date_weekday(day) + 7) % 7;
	for (int weeks = 0; !r && weeks < GROUP_WEEKS; weeks++, day += 7) {
		r = open_day(call, match->program, day, PAUSED_MEETINGS, &open);
		if (open == day)
			break;
	}
	zone_instant(zone, day * DAY + match->start * MINUTE, ret);
	return r;
}

int meeting_first(struct call *call, const struct match *match)
{
	struct side_of *mentor = arena_new(call->arena, sizeof *mentor), *mentee = arena_new(call->arena, sizeof *mentee);
	struct program *program;
	struct meeting *meeting;
	int64_t at;
	int r = load(call, &program_entity, match->program, (void **)&program);

	if (!r)
		r = side_read(call, match, program, SIDE_MENTOR, mentor);
	if (!r)
		r = side_read(call, match, program, SIDE_MENTEE, mentee);
	if (!r)
		r = match->weekday == NONE ? find_time(call, match, mentor, mentee, &at) : group_time(call, match, program, &at);
	if (r)
		return r;
	meeting = fresh(call, &meeting_entity);
	meeting->program = match->program;
	meeting->match = match->id;
	meeting->start = at;
	meeting->first = 1;
	meeting->changed_at = call->now;
	return add(call, &meeting_entity, meeting);
}
