/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Meetings that repeat: every week, every second week, or by any rule of RFC 5545 that is not faster than a day.
 *
 * A series says when; each meeting of it is a row of its own (meeting.c), made two weeks ahead, with an invitation, a calendar entry and
 * answers of its own. So one of them is moved or called off like any other meeting. A series keeps its local time: the rule is followed by
 * the clock of its zone, over a change to summer time and back. Days on which meetings pause are left out. It ends with its match.
 *
 * Move changes all that is still to come: what is planned already moves to the next times of the new rule, one by one in their
 * order, and is called off where there are fewer of these. End calls off all that is to come.
 */
#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "core/rrule.h"
#include "core/zone.h"
#include "model.h"

static const char *const states[] = { "running", "ended", NULL };
enum {
	RUNNING,
	ENDED
};
enum {
	AHEAD = 14 * DAY,
	AT_ONCE = 20, /* rows made by one run */
	USUAL_MINUTES = 30
};

static const struct field fields[] = { ID_AND_VERSION(struct meeting_series, .anchor = NO_ANCHOR),
	{ AS_INT(struct meeting_series, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct meeting_series, match, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "match",
		.anchor = AT_MATCH, .label = "Match" },
	{ .name = "name",
		.kind = TEXT,
		.privacy = MEMBER,
		.flags = LABEL,
		.computed = NAMES_OF_MATCH("t.\"match\""),
		.label = "Mentor and mentee" },
	{ AS_TEXT(struct meeting_series, title, MEMBER), .flags = HAS_MAX | LISTED | ERASED, .max = 200, .retention = AFTER_PROGRAM,
		.label = "What they are about" },
	{ AS_TEXT(struct meeting_series, rule, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED, .min = 1, .max = 400,
		.starts = true, .initial_text = "weekly", .label = "How often (daily, weekly, biweekly, monthly, or an RRULE)" },
	{ AS_TEXT(struct meeting_series, zone, MEMBER), .flags = FROZEN | ZONE | HAS_MAX | ERASED, .max = 64, .retention = AFTER_PROGRAM,
		.label = "Time zone whose clock counts" },
	{ AS_INT(struct meeting_series, start, INSTANT, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LISTED,
		.max = MEETING_LAST, .label = "The first begins" },
	{ AS_INT(struct meeting_series, until, DATE, MEMBER), .flags = LISTED, .label = "Last day (none: as long as the match)" },
	{ AS_INT(struct meeting_series, minutes, NUMBER, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED, .min = 5, .max = 1440,
		.starts = true, .initial = USUAL_MINUTES, .unit = "minutes", .label = "Each takes" },
	{ AS_INT(struct meeting_series, format, CHOICE, MEMBER), .flags = LISTED, .choices = meeting_formats, .starts = true,
		.label = "Format" },
	{ AS_TEXT(struct meeting_series, place, MEMBER), .flags = HAS_MAX | LISTED | ERASED, .max = 300, .retention = AFTER_PROGRAM,
		.label = "Place, or link" },
	{ AS_INT(struct meeting_series, planned_by, NUMBER, STAFF), .flags = BY_VERB, .label = "Planned by the person with the number" },
	{ AS_INT(struct meeting_series, planned_to, INSTANT, MEMBER), .flags = BY_VERB, .label = "Planned up to" },
	{ AS_INT(struct meeting_series, state, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct meeting_series, 1);

/* ---- the rule ---- */

/* How people say it; a month has its nth weekday, because nobody meets on a Sunday for its being the 15th. */
static int rule_of_word(struct call *call, struct meeting_series *series, const struct zone *zone)
{
	static const char *const words[][2] = { { "daily", "FREQ=DAILY" }, { "weekly", "FREQ=WEEKLY" },
		{ "biweekly", "FREQ=WEEKLY;INTERVAL=2" }, { "monthly", "FREQ=MONTHLY" } };
	static const char days[] = "MOTUWETHFRSASU";
	int64_t day = local_day(zone_local(zone, series->start));
	struct civil c;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(series->rule, words[i][0]))
			series->rule = (char *)(uintptr_t)words[i][1];
	if (strcmp(series->rule, "FREQ=MONTHLY") != 0)
		return 0;
	local_split(day * DAY, &c);
	/* a fifth is not in each month: then it is the last */
	series->rule = arena_print(
		call->arena, "FREQ=MONTHLY;BYDAY=%d%.2s", c.day > 28 ? -1 : (c.day - 1) / 7 + 1, days + 2 * date_weekday(day));
	return 0;
}

static int rule_read(struct call *call, struct meeting_series *series, struct rrule *ret)
{
	const struct zone *zone = zone_of(call, series->zone);
	struct problem problem = { 0 };
	int r = rule_of_word(call, series, zone);

	if (!r && rrule_parse(series->rule, ret, &problem))
		return fail(call, E_INVALID, "rule", "daily, weekly, biweekly or monthly, or an RRULE: %s%s%s", problem.field,
			*problem.field ? ": " : "", problem.text);
	if (!r && (ret->frequency < DAILY || ret->hours || ret->minutes || ret->seconds))
		return fail(call, E_INVALID, "rule", "meetings repeat by days, at the time of the first: leave out the hours");
	if (!r && ret->count)
		return fail(call, E_INVALID, "rule", "say until which day (until), not how many");
	if (!r)
		series->rule = rrule_print(call->arena, ret);
	return r;
}

/* ---- which times are to come ---- */

struct times {
	const struct meeting_series *series;
	const struct zone *zone;
	int64_t last; /* day */
	struct rrule_iterator at;
};

static int times_begin(struct call *call, struct meeting_series *series, int64_t after, struct times **ret)
{
	struct times *times = arena_new(call->arena, sizeof *times);
	struct rrule rule;
	struct match *match;
	int r = rule_read(call, series, &rule);

	if (!r)
		r = load(call, &match_entity, series->match, (void **)&match);
	if (r)
		return r;
	times->series = series;
	times->zone = zone_of(call, series->zone);
	times->last = match->ends == NONE || (series->until != NONE && series->until < match->ends) ? series->until : match->ends;
	rrule_begin_after(&times->at, &rule, zone_local(times->zone, series->start), times->zone,
		after == NONE ? DATE_MIN * DAY : zone_local(times->zone, after));
	*ret = times;
	return 0;
}

/* The next on an open day; NONE: there is none before the end. */
static int times_next(struct call *call, struct times *times, int64_t *ret)
{
	int64_t local, open;
	int r = 0;

	*ret = NONE;
	while (!r && rrule_step(&times->at, &local)) {
		if (times->last != NONE && local_day(local) > times->last)
			return 0;
		r = open_day(call, times->series->program, local_day(local), PAUSED_MEETINGS, &open);
		if (r || open != local_day(local) || zone_instant(times->zone, local, ret) < 0 || *ret <= call->now)
			continue;
		return 0;
	}
	*ret = NONE;
	return r;
}

static int add_one(struct call *call, const struct meeting_series *series, int64_t at)
{
	struct meeting *meeting = fresh(call, &meeting_entity);

	meeting->program = series->program;
	meeting->match = series->match;
	meeting->series = series->id;
	meeting->title = series->title;
	meeting->start = at;
	meeting->minutes = series->minutes;
	meeting->format = series->format;
	meeting->place = series->place;
	meeting->planned_by = series->planned_by;
	meeting->changed_at = call->now;
	return add(call, &meeting_entity, meeting);
}

/* Rows for what begins within two weeks, and for the first in any case; and a job for the next. */
static int plan_ahead(struct call *call, struct meeting_series *series)
{
	struct times *times;
	int64_t at = NONE;
	int made = 0;
	int r = times_begin(call, series, series->planned_to, &times);

	while (!r && !(r = times_next(call, times, &at)) && at != NONE) {
		if (made == AT_ONCE || (at > call->now + AHEAD && series->planned_to != NONE))
			return plan(call, "meetings ahead", series->id, made == AT_ONCE ? call->now + 60 : at - AHEAD, NULL);
		r = add_one(call, series, at);
		series->planned_to = at;
		made++;
	}
	return r;
}

/* ---- verbs ---- */

static int some_to_come(struct call *call, struct meeting_series *series)
{
	struct times *times;
	int64_t at = NONE;
	int r = times_begin(call, series, NONE, &times);

	if (!r)
		r = times_next(call, times, &at);
	return r || at != NONE
		? r
		: fail(call, E_INVALID, "rule", "there is no such day before the end: look at the rule, the last day and the closed days");
}

static int create(struct call *call, const void *was, void *now)
{
	struct meeting_series *series = now;
	struct program *program;
	struct match *match;
	const char *zone;
	int r = load(call, &match_entity, series->match, (void **)&match);

	(void)was;
	if (!r)
		r = load(call, &program_entity, match->program, (void **)&program);
	if (r)
		return r;
	if (match->state != MATCH_ACTIVE)
		return fail(call, E_STATE, "match", "the two work together no more, or not yet; only a match under way has meetings");
	if (series->start <= call->now)
		return fail(call, E_INVALID, "start", "a meeting is planned before it begins; give a time to come");
	series->program = match->program;
	series->planned_by = call->caller->person;
	if (!series->zone) {
		zone = program->zone;
		if (call->caller->person != NONE)
			r = zone_for(call, call->caller->person, program, &zone);
		series->zone = zone && *zone ? arena_copy(call->arena, zone) : NULL; /* none: the institution's */
	}
	return r ? r : some_to_come(call, series);
}

static int changed(struct call *call, const void *was, const void *now)
{
	return was || !now ? 0 : plan(call, "meetings ahead", ((const struct meeting_series *)now)->id, call->now, NULL);
}

struct moving {
	struct meeting_series *series;
	struct times *times;
};

static int move_one(struct call *call, void *record, void *data)
{
	struct moving *moving = data;
	const struct meeting_series *series = moving->series;
	const struct meeting *meeting = record;
	struct arg args[5];
	int64_t at;
	int r = times_next(call, moving->times, &at);

	if (!r && at == NONE)
		return perform_also(call, &meeting_entity, meeting->id, "Cancel", NULL, 0);
	if (r)
		return r;
	moving->series->planned_to = at;
	args[0] = (struct arg){ "start", { .type = V_INT, .number = at } };
	args[1] = (struct arg){ "title", { .type = series->title ? V_TEXT : V_NONE, .text = series->title } };
	args[2] = (struct arg){ "minutes", { .type = V_INT, .number = series->minutes } };
	args[3] = (struct arg){ "format", { .type = V_TEXT, .text = meeting_formats[series->format] } };
	args[4] = (struct arg){ "place", { .type = series->place ? V_TEXT : V_NONE, .text = series->place } };
	return perform_also(call, &meeting_entity, meeting->id, "Move", args, 5);
}

static int move(struct call *call, const void *was, void *now)
{
	const struct meeting_series *old = was;
	struct moving moving = { now, NULL };
	int r;

	if (moving.series->start != old->start && moving.series->start <= call->now)
		return fail(call, E_INVALID, "start", "give a time to come for the first that is moved");
	r = some_to_come(call, now);
	if (!r)
		r = times_begin(call, now, call->now, &moving.times);
	moving.series->planned_to = NONE;
	if (!r)
		r = unplan(call, "meetings ahead", old->id);
	if (!r)
		r = each(call, &meeting_entity, move_one, &moving, "\"series\" = ?1 AND \"state\" = 'planned' AND \"start\" > ?2",
			VALUES(old->id, call->now));
	return r ? r : plan(call, "meetings ahead", old->id, call->now, NULL);
}

static int call_off_one(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &meeting_entity, ((const struct meeting *)record)->id, "Cancel", NULL, 0);
}

static int end(struct call *call, const void *was, void *now)
{
	int64_t id = ((const struct meeting_series *)now)->id;
	int r = unplan(call, "meetings ahead", id);

	(void)was;
	return r ? r
		 : each(call, &meeting_entity, call_off_one, NULL, "\"series\" = ?1 AND \"state\" = 'planned' AND \"start\" > ?2",
			   VALUES(id, call->now));
}

#define BOTH (MENTOR | MENTEE)
static const struct verb verbs[] = { { "Create", BOTH | COORDINATOR, 0, KEEP, "match title rule zone start until minutes format place",
					     create, "Plan meetings that repeat", ON_COLLECTION, NULL, NULL, 0 },
	{ "Move", BOTH | COORDINATOR, IN(RUNNING), KEEP, "title rule start until minutes format place", move, "Change all that are to come",
		0, NULL, NULL, 0 },
	{ "End", BOTH | COORDINATOR | SYSTEM, IN(RUNNING), IN(ENDED), NULL, end, "Call off all that are to come", DESTRUCTIVE, NULL, NULL,
		0 },
	{ 0 } };

/* While a pair pauses no more are planned; what was planned stays, for the two to call off or not. */
static int ahead(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct meeting_series *series, now;
	struct match *match;
	int r = load(call, &meeting_series_entity, subject, (void **)&series);

	(void)nominal;
	(void)cursor;
	if (!r)
		r = load(call, &match_entity, series->match, (void **)&match);
	if (r || series->state != RUNNING)
		return r;
	if (match->state != MATCH_ACTIVE)
		return plan(call, "meetings ahead", subject, call->now + DAY, NULL);
	now = *series;
	r = plan_ahead(call, &now);
	return r || now.planned_to == series->planned_to ? r : save(call, &meeting_series_entity, series, &now);
}

static const struct job jobs[] = {
	{ "meetings ahead", NULL, RUN_ONCE_LATE, 0, ahead, "The next meetings of a series are planned", 0, "meeting_series" }, { 0 }
};

const struct entity meeting_series_entity = { .name = "meeting_series",
	.collection = "meeting_series",
	.size = sizeof(struct meeting_series),
	.fields = fields,
	.verbs = verbs,
	.called = CALLED_AS_MATCH("t.\"match\""),
	.jobs = jobs,
	.changed = changed,
	.retention = AFTER_PROGRAM,
	.label = "Meeting series",
	.help = "When a pair meets again and again; each meeting is a row of its own, made two weeks ahead.",
	.order = "start" };
