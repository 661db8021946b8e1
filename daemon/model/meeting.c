/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Meetings of a pair: who meets when and where, and whether each comes.
 *
 * Either side or the coordinators plan and move them; each change raises the sequence, under which calendars take it. The mails about one
 * carry it for calendars, naming their own reader alone. An introduction carries a first one as a proposal: on an open day, in an hour in
 * which both said that they have time, else at four in the afternoon. A meeting that begins takes no answers any more, and one of a pair
 * that ends is called off.
 */
#include "core/date.h"
#include "core/zone.h"
#include "model.h"

static const char *const states[] = { "planned", "held", "missed", "cancelled", NULL };
static const char *const formats[] = { "in person", "online", "by phone", NULL };
static const char *const comes[] = { "yes", "no", NULL };

enum {
	REMIND_SECONDS = 24 * 3600,
	FIRST_DAYS = 3,    /* at the earliest so many days after the start */
	FIRST_WITHIN = 14, /* days in which a common hour is looked for */
	FIRST_HOUR = 16,
	FIRST_MINUTES = 30
};

static const struct field fields[] = { ID_AND_VERSION(struct meeting, .anchor = NO_ANCHOR),
	{ AS_INT(struct meeting, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct meeting, match, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "match", .anchor = AT_MATCH,
		.label = "Match" },
	{ .name = "name",
		.kind = TEXT,
		.privacy = MEMBER,
		.flags = LABEL,
		.computed = NAMES_OF_MATCH("t.\"match\""),
		.label = "Mentor and mentee" },
	{ AS_TEXT(struct meeting, title, MEMBER), .flags = HAS_MAX | LISTED | ERASED, .max = 200, .retention = AFTER_PROGRAM,
		.label = "What it is about" },
	{ AS_INT(struct meeting, start, INSTANT, MEMBER), .flags = REQUIRED | SORTED | LISTED, .label = "Begins" },
	{ AS_INT(struct meeting, minutes, NUMBER, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED, .min = 5, .max = 1440,
		.starts = true, .initial = FIRST_MINUTES, .unit = "minutes", .label = "Takes" },
	{ AS_INT(struct meeting, format, CHOICE, MEMBER), .flags = LISTED, .choices = formats, .starts = true, .label = "Format" },
	{ AS_TEXT(struct meeting, place, MEMBER), .flags = HAS_MAX | LISTED | ERASED, .max = 300, .retention = AFTER_PROGRAM,
		.label = "Place, or link" },
	{ AS_TEXT(struct meeting, notes, PAIR), .flags = LINES | HAS_MAX | ERASED, .max = 4000, .retention = AFTER_PROGRAM,
		.label = "Notes that both read" },
	{ AS_INT(struct meeting, first, YESNO, MEMBER), .flags = BY_VERB, .label = "Proposed with the introduction" },
	{ AS_INT(struct meeting, sequence, NUMBER, MEMBER), .flags = REQUIRED | BY_VERB, .starts = true, .label = "Changes so far" },
	{ AS_INT(struct meeting, changed_at, INSTANT, MEMBER), .flags = REQUIRED | BY_VERB, .starts = true, .label = "Changed last" },
	{ AS_INT(struct meeting, mentor_comes, CHOICE, MEMBER), .flags = BY_VERB | LISTED, .choices = comes, .label = "Mentor comes" },
	{ AS_INT(struct meeting, mentee_comes, CHOICE, MEMBER), .flags = BY_VERB | LISTED, .choices = comes, .label = "Mentee comes" },
	{ AS_INT(struct meeting, state, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(fields, struct meeting, 1);

static int check(struct call *call, const void *record)
{
	const struct meeting *meeting = record;

	if (meeting->state == MEETING_PLANNED && meeting->changed_at == call->now && meeting->start <= call->now)
		return fail(call, E_INVALID, "start", "a meeting is planned before it begins; give a time to come");
	return 0;
}

struct noting {
	int64_t held;
};
static const struct field noting_arguments[] = { { AS_INT(struct noting, held, YESNO, MEMBER), .label = "It took place already" }, { 0 } };

/* One that took place without having been planned here. */
static int note_held(struct call *call, struct meeting *meeting, const struct match *match)
{
	if (meeting->start > call->now)
		return fail(call, E_INVALID, "start", "what took place lies in the past; without `held` it is planned");
	if (match->started != NONE && meeting->start < match->started - DAY)
		return fail(call, E_INVALID, "start", "the two were no pair yet");
	meeting->state = MEETING_HELD;
	return 0;
}

static int create(struct call *call, const void *was, void *now)
{
	const struct noting *noting = call->entity == &meeting_entity ? call->arguments : NULL;
	struct meeting *meeting = now;
	struct match *match;
	int r = load(call, &match_entity, meeting->match, (void **)&match);

	(void)was;
	if (r)
		return r;
	if (match->state != MATCH_ACTIVE)
		return fail(call, E_STATE, "match", "the two work together no more, or not yet; only a match under way has meetings");
	meeting->program = match->program;
	meeting->changed_at = call->now;
	return noting && noting->held ? note_held(call, meeting, match) : 0;
}

static int move(struct call *call, const void *was, void *now)
{
	struct meeting *meeting = now;

	(void)was;
	meeting->sequence++;
	meeting->changed_at = call->now;
	meeting->mentor_comes = meeting->mentee_comes = NONE;
	return 0;
}

static int call_off(struct call *call, const void *was, void *now)
{
	struct meeting *meeting = now;

	(void)was;
	meeting->sequence++;
	meeting->changed_at = call->now;
	return 0;
}

static int see_side(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	int64_t *side = data;

	if (member->person == acting_person(call))
		*side = member->side;
	return 0;
}

static int say_whether(struct call *call, struct meeting *meeting, int64_t answer)
{
	int64_t side = NONE;
	int r = each(call, &match_member_entity, see_side, &side, "\"match\" = ?1", VALUES(meeting->match));

	if (r)
		return r;
	if (side == NONE)
		return fail(call, E_DENIED, NULL, "only the two sides say whether they come");
	if (meeting->start <= call->now)
		return fail(call, E_STATE, "start", "the meeting has begun already");
	*(side == SIDE_MENTOR ? &meeting->mentor_comes : &meeting->mentee_comes) = answer;
	return 0;
}

static int accept(struct call *call, const void *was, void *now)
{
	(void)was;
	return say_whether(call, now, MEETING_YES);
}

static int decline(struct call *call, const void *was, void *now)
{
	(void)was;
	return say_whether(call, now, MEETING_NO);
}

static int held(struct call *call, const void *was, void *now)
{
	const struct meeting *meeting = now;

	(void)was;
	return meeting->start > call->now ? fail(call, E_STATE, "start", "the meeting has not begun yet") : 0;
}

#define S(x) IN(MEETING_##x)
#define BOTH (MENTOR | MENTEE)
static const struct verb verbs[] = { { "Create", BOTH | COORDINATOR, 0, KEEP, "match title start minutes format place notes", create,
					     "Plan a meeting, or note one that took place", ON_COLLECTION, NULL, noting_arguments,
					     sizeof(struct noting) },
	{ "Move", BOTH | COORDINATOR, S(PLANNED), KEEP, "title start minutes format place", move, "Another time, place or subject", 0, NULL,
		NULL, 0 },
	{ "Accept", BOTH, S(PLANNED), KEEP, NULL, accept, "I come", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Decline", BOTH, S(PLANNED), KEEP, NULL, decline, "I do not come", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Note", BOTH, 0, KEEP, "notes", NULL, "Write notes that both read", 0, NULL, NULL, 0 },
	{ "Hold", BOTH | COORDINATOR, S(PLANNED) | S(MISSED), S(HELD), "notes", held, "It took place", 0, NULL, NULL, 0 },
	{ "Miss", BOTH | COORDINATOR, S(PLANNED) | S(HELD), S(MISSED), NULL, held, "It did not take place", 0, NULL, NULL, 0 },
	{ "Cancel", BOTH | COORDINATOR | SYSTEM, S(PLANNED), S(CANCELLED), NULL, call_off, "Call it off", 0, NULL, NULL, 0 }, { 0 } };

/* ---- who is told ---- */

struct telling {
	const struct meeting *meeting;
	const char *what;
};

static int tell_side(struct call *call, void *record, void *data)
{
	const struct telling *telling = data;
	const struct meeting *meeting = telling->meeting;

	return tell(call, telling->what, ((const struct match_member *)record)->person, meeting->program, meeting->match, &meeting_entity,
		meeting->id, meeting->sequence ? meeting->sequence : NONE);
}

static int tell_both(struct call *call, const struct meeting *meeting, const char *what)
{
	return each(call, &match_member_entity, tell_side, &(struct telling){ meeting, what }, "\"match\" = ?1", VALUES(meeting->match));
}

static int plan_reminder(struct call *call, const struct meeting *meeting)
{
	int64_t at = meeting->start - REMIND_SECONDS;

	return at > call->now + 3600 ? plan(call, "meeting reminder", meeting->id, at, NULL) : 0;
}

static int changed(struct call *call, const void *before, const void *after)
{
	const struct meeting *was = before, *now = after;
	int r = 0;

	if (!now || (was && was->sequence == now->sequence))
		return was && (!now || now->state != was->state) ? unplan(call, "meeting reminder", was->id) : 0;
	if (was)
		r = unplan(call, "meeting reminder", now->id);
	if (!r && now->state == MEETING_PLANNED)
		r = plan_reminder(call, now);
	if (r || (!was && (now->first || now->state == MEETING_HELD)))
		return r; /* the introduction carries it, or it is over */
	return tell_both(call, now, now->state == MEETING_CANCELLED ? "meeting-cancelled" : was ? "meeting-changed" : "meeting-invited");
}

static int remind(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct meeting *meeting;
	int r = load(call, &meeting_entity, subject, (void **)&meeting);

	(void)nominal;
	(void)cursor;
	if (r || meeting->state != MEETING_PLANNED || meeting->start <= call->now)
		return r;
	return tell_both(call, meeting, "meeting-reminder");
}

/* ---- the first ---- */

/* The hour of that weekday from which both have half an hour; NONE if there is none, or their clocks differ. */
static int common_hour(struct call *call, const struct match *match, int64_t weekday, int64_t *ret)
{
	return ask(call,
		"SELECT min((max(a.\"start\", b.\"start\") + 59) / 60) FROM \"availability\" a JOIN \"availability\" b ON b.\"weekday\" = "
		"a.\"weekday\" JOIN \"match_member\" m ON m.\"participant\" = a.\"participant\" AND m.\"side\" = 'mentor' JOIN "
		"\"match_member\" n ON n.\"participant\" = b.\"participant\" AND n.\"side\" = 'mentee' JOIN \"person\" p ON p.\"id\" = "
		"m.\"person\" JOIN \"person\" q ON q.\"id\" = n.\"person\" WHERE m.\"match\" = ?1 AND n.\"match\" = ?1 AND a.\"weekday\" = "
		"CASE ?2 WHEN 0 THEN 'monday' WHEN 1 THEN 'tuesday' WHEN 2 THEN 'wednesday' WHEN 3 THEN 'thursday' WHEN 4 THEN 'friday' "
		"WHEN 5 THEN 'saturday' ELSE 'sunday' END "
		"AND p.\"zone\" IS q.\"zone\" AND (max(a.\"start\", b.\"start\") + 59) / 60 * 60 + 30 <= min(a.\"end\", b.\"end\")",
		VALUES(match->id, weekday), ret);
}

int meeting_first(struct call *call, const struct match *match)
{
	struct program *program;
	struct meeting *meeting;
	const char *zone;
	int64_t today, day, hour = NONE, at, mentor;
	int r = load(call, &program_entity, match->program, (void **)&program);

	if (!r)
		r = ask(call, "SELECT \"person\" FROM \"match_member\" WHERE \"match\" = ?1 AND \"side\" = 'mentor'", VALUES(match->id),
			&mentor);
	if (!r)
		r = zone_for(call, mentor, program, &zone);
	if (r)
		return r;
	today = local_day(zone_local(zone_of(call, zone), call->now));
	for (day = today + FIRST_DAYS; !r && hour == NONE && day < today + FIRST_DAYS + FIRST_WITHIN; day++)
		r = common_hour(call, match, date_weekday(day), &hour);
	day = hour == NONE ? today + FIRST_DAYS : day - 1;
	if (!r)
		r = open_instant(call, match->program, day, hour == NONE ? FIRST_HOUR : hour, zone, &at);
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

static int drop(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &meeting_entity, ((const struct meeting *)record)->id, "Cancel", NULL, 0);
}

int meetings_drop(struct call *call, int64_t match)
{
	return each(
		call, &meeting_entity, drop, NULL, "\"match\" = ?1 AND \"state\" = 'planned' AND \"start\" > ?2", VALUES(match, call->now));
}

static const struct job jobs[] = { { "meeting reminder", NULL, RUN_ONCE_LATE, 0, remind, "A meeting is near", 0, "meeting" }, { 0 } };

const struct entity meeting_entity = { .name = "meeting",
	.collection = "meetings",
	.size = sizeof(struct meeting),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.called = CALLED_AS_MATCH("t.\"match\""),
	.jobs = jobs,
	.changed = changed,
	.retention = AFTER_PROGRAM,
	.label = "Meeting",
	.help = "When and where a pair meets, and whether each comes.",
	.order = "start" };
