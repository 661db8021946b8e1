/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Meetings of a pair: who meets when and where, whether each comes, and whether it was held.
 *
 * Either side or the coordinators plan and move them; each change raises the sequence, under which calendars take it. The mails about one
 * carry it for calendars, naming their own reader alone. Who cannot come, or comes after all, is told to the other side and to whoever
 * planned it. A meeting that begins takes no such answers any more. When it is over both are asked once whether it took place: somebody
 * says so, the daemon never guesses. One of a pair that ends is called off. The first is proposed in meeting_first.c, those
 * of a series in meeting_series.c.
 */
#include "core/date.h"
#include "model.h"

static const char *const states[] = { "planned", "held", "missed", "cancelled", NULL };
const char *const meeting_formats[] = { "in person", "online", "by phone", NULL };
static const char *const comes[] = { "yes", "no", NULL };

enum {
	REMIND_SECONDS = 24 * 3600,
	ASK_SECONDS = 3600, /* after its end */
	USUAL_MINUTES = 30
};

static const struct field fields[] = { ID_AND_VERSION(struct meeting, .anchor = NO_ANCHOR),
	{ AS_INT(struct meeting, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct meeting, match, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "match", .anchor = AT_MATCH,
		.label = "Match" },
	{ AS_INT(struct meeting, series, LINK, MEMBER), .flags = BY_VERB, .to = "meeting_series", .label = "One of the series" },
	{ .name = "name",
		.kind = TEXT,
		.privacy = MEMBER,
		.flags = LABEL,
		.computed = NAMES_OF_MATCH("t.\"match\""),
		.label = "Mentor and mentee" },
	{ AS_TEXT(struct meeting, title, MEMBER), .flags = HAS_MAX | LISTED | ERASED, .max = 200, .retention = AFTER_PROGRAM,
		.label = "What it is about" },
	{ AS_INT(struct meeting, start, INSTANT, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LISTED, .max = MEETING_LAST,
		.label = "Begins" },
	{ AS_INT(struct meeting, minutes, NUMBER, MEMBER), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED, .min = 5, .max = 1440,
		.starts = true, .initial = USUAL_MINUTES, .unit = "minutes", .label = "Takes" },
	{ AS_INT(struct meeting, format, CHOICE, MEMBER), .flags = LISTED, .choices = meeting_formats, .starts = true, .label = "Format" },
	{ AS_TEXT(struct meeting, place, MEMBER), .flags = HAS_MAX | LISTED | ERASED, .max = 300, .retention = AFTER_PROGRAM,
		.label = "Place, or link" },
	{ AS_TEXT(struct meeting, notes, PAIR), .flags = LINES | HAS_MAX | ERASED, .max = 4000, .retention = AFTER_PROGRAM,
		.label = "Notes that both read" },
	{ AS_INT(struct meeting, first, YESNO, MEMBER), .flags = BY_VERB, .label = "Proposed with the introduction" },
	{ AS_INT(struct meeting, planned_by, NUMBER, STAFF), .flags = BY_VERB, .label = "Planned by the person with the number" },
	{ AS_INT(struct meeting, sequence, NUMBER, MEMBER), .flags = REQUIRED | BY_VERB, .starts = true, .label = "Changes so far" },
	{ AS_INT(struct meeting, changed_at, INSTANT, MEMBER), .flags = REQUIRED | BY_VERB, .starts = true, .label = "Changed last" },
	{ AS_INT(struct meeting, mentor_comes, CHOICE, MEMBER), .flags = BY_VERB | LISTED, .choices = comes, .label = "Mentor comes" },
	{ AS_INT(struct meeting, mentee_comes, CHOICE, MEMBER), .flags = BY_VERB | LISTED, .choices = comes, .label = "Mentee comes" },
	{ AS_INT(struct meeting, mentor_came, CHOICE, MEMBER), .flags = BY_VERB, .choices = comes, .label = "Mentor was there" },
	{ AS_INT(struct meeting, mentee_came, CHOICE, MEMBER), .flags = BY_VERB, .choices = comes, .label = "Mentee was there" },
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
	meeting->mentor_came = meeting->mentee_came = MEETING_YES;
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
	meeting->planned_by = call->caller->person;
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

/* It has begun: who was there can be said. */
static int begun(struct call *call, const struct meeting *meeting)
{
	return meeting->start > call->now ? fail(call, E_STATE, "start", "the meeting has not begun yet") : 0;
}

static int held(struct call *call, const void *was, void *now)
{
	struct meeting *meeting = now;

	(void)was;
	meeting->mentor_came = meeting->mentee_came = MEETING_YES;
	return begun(call, meeting);
}

static int missed(struct call *call, const void *was, void *now)
{
	struct meeting *meeting = now;

	(void)was;
	if (meeting->mentor_came == MEETING_YES && meeting->mentee_came == MEETING_YES)
		return fail(call, E_INVALID, "mentor_came", "where both were there it took place: use Hold");
	return begun(call, meeting);
}

struct remembering {
	char *text;
};
static const struct field remembering_arguments[] = { { AS_TEXT(struct remembering, text, MEMBER),
							      .flags = REQUIRED | LINES | HAS_MIN | HAS_MAX, .min = 1, .max = 4000,
							      .label = "Note that its writer alone reads" },
	{ 0 } };

static int remember(struct call *call, const void *was, void *now)
{
	(void)now;
	return meeting_note_keep(call, was, ((const struct remembering *)call->arguments)->text);
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
	{ "Remember", BOTH, 0, KEEP, NULL, remember, "Write a note that you alone read", NO_KEY, NULL, remembering_arguments,
		sizeof(struct remembering) },
	{ "Hold", BOTH | COORDINATOR, S(PLANNED) | S(MISSED), S(HELD), "notes", held, "It took place", 0, NULL, NULL, 0 },
	{ "Miss", BOTH | COORDINATOR, S(PLANNED) | S(HELD), S(MISSED), "mentor_came mentee_came", missed, "It did not take place", 0, NULL,
		NULL, 0 },
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

/* ---- who cannot come, or comes after all ---- */

struct answering {
	const struct meeting *meeting;
	int64_t side;
};

static int tell_other(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	const struct answering *answering = data;
	const struct meeting *meeting = answering->meeting;

	return member->side == answering->side
		? 0
		: tell(call, "meeting-answered", member->person, meeting->program, meeting->match, &meeting_entity, meeting->id, call->now);
}

/* Whoever planned it hears of it, too: a coordinator as long as they are one. */
static int tell_planner(struct call *call, const struct meeting *meeting)
{
	int64_t coordinates = 0;
	int r = ask(call,
		"SELECT count(*) FROM \"duty\" WHERE \"person\" = ?1 AND \"duty\" = 'coordinator' AND \"state\" = 'appointed' AND (\"program\" IS NULL "
		"OR \"program\" = ?2) AND (\"from\" IS NULL OR \"from\" <= ?3) AND (\"to\" IS NULL OR \"to\" >= ?3)",
		VALUES(meeting->planned_by, meeting->program, call->now / DAY), &coordinates);

	if (r || !coordinates || meeting->planned_by == acting_person(call))
		return r;
	return tell(
		call, "meeting-answered", meeting->planned_by, meeting->program, meeting->match, &meeting_entity, meeting->id, call->now);
}

/* A yes where there was no answer is seen in the list and on the page; a mail of it would be one too many. */
static int tell_answer(struct call *call, const struct meeting *was, const struct meeting *now)
{
	bool mentor = was->mentor_comes != now->mentor_comes;
	int64_t before = mentor ? was->mentor_comes : was->mentee_comes, after = mentor ? now->mentor_comes : now->mentee_comes;
	struct answering answering = { now, mentor ? SIDE_MENTOR : SIDE_MENTEE };
	int r;

	if (before == after || (after != MEETING_NO && before != MEETING_NO))
		return 0;
	r = each(call, &match_member_entity, tell_other, &answering, "\"match\" = ?1", VALUES(now->match));
	return r ? r : tell_planner(call, now);
}

/* ---- before and after ---- */

static const char *const about_it[] = { "meeting reminder", "meeting over" };

static int plan_jobs(struct call *call, const struct meeting *meeting)
{
	int64_t at = meeting->start - REMIND_SECONDS;
	int r = at > call->now + 3600 ? plan(call, about_it[0], meeting->id, at, NULL) : 0;

	return r ? r : plan(call, about_it[1], meeting->id, meeting->start + meeting->minutes * 60 + ASK_SECONDS, NULL);
}

static int unplan_jobs(struct call *call, int64_t id)
{
	int r = unplan(call, about_it[0], id);

	return r ? r : unplan(call, about_it[1], id);
}

static int changed(struct call *call, const void *before, const void *after)
{
	const struct meeting *was = before, *now = after;
	int r = 0;

	if (was && (!now || now->state != was->state || now->sequence != was->sequence))
		r = unplan_jobs(call, was->id);
	if (r || !now)
		return r;
	if (was && was->sequence == now->sequence)
		return now->state == MEETING_PLANNED ? tell_answer(call, was, now) : 0;
	if (now->state == MEETING_PLANNED)
		r = plan_jobs(call, now);
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

/* Did it take place? Asked once; while the pair works together. */
static int ask_both(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct meeting *meeting;
	struct match *match;
	int r = load(call, &meeting_entity, subject, (void **)&meeting);

	(void)nominal;
	(void)cursor;
	if (!r)
		r = load(call, &match_entity, meeting->match, (void **)&match);
	if (r || meeting->state != MEETING_PLANNED || meeting->start > call->now || match->state != MATCH_ACTIVE)
		return r;
	return tell_both(call, meeting, "meeting-passed");
}

/* ---- the end of a match ---- */

static int drop(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &meeting_entity, ((const struct meeting *)record)->id, "Cancel", NULL, 0);
}

static int end_series(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &meeting_series_entity, ((const struct meeting_series *)record)->id, "End", NULL, 0);
}

int meetings_drop(struct call *call, int64_t match)
{
	int r = each(call, &meeting_series_entity, end_series, NULL, "\"match\" = ?1 AND \"state\" = 'running'", VALUES(match));

	return r ? r
		 : each(call, &meeting_entity, drop, NULL, "\"match\" = ?1 AND \"state\" = 'planned' AND \"start\" > ?2",
			   VALUES(match, call->now));
}

static const struct job jobs[] = { { "meeting reminder", NULL, RUN_ONCE_LATE, 0, remind, "A meeting is near", 0, "meeting" },
	{ "meeting over", NULL, RUN_ONCE_LATE, 14 * DAY, ask_both, "Whether a meeting took place is asked", 0, "meeting" }, { 0 } };

#define OF_A_PAIR(states) " AND EXISTS (SELECT 1 FROM \"match\" ma WHERE ma.\"id\" = t.\"match\" AND ma.\"state\" IN (" states "))"
#define TO_ANSWER(side) "t.\"state\" = 'planned' AND t.\"start\" > ?1 AND t.\"" side "_comes\" IS NULL" OF_A_PAIR("'active', 'paused'")
#define TO_LOG(seconds) \
	"t.\"state\" = 'planned' AND t.\"start\" + t.\"minutes\" * 60 + " seconds " <= ?1" OF_A_PAIR("'active', 'paused', 'closing'")
static const struct waiting waiting[] = { { "meeting to answer", MENTOR, TO_ANSWER("mentor"), "t.\"changed_at\"", "t.\"start\"" },
	{ "meeting to answer", MENTEE, TO_ANSWER("mentee"), "t.\"changed_at\"", "t.\"start\"" },
	{ "meeting to log", MENTOR | MENTEE, TO_LOG("0"), "t.\"start\"", NULL },
	/* whom the two have not told for a week */
	{ "meeting not logged", COORDINATOR, TO_LOG("604800"), "t.\"start\"", NULL },
	{ "meeting without somebody who comes", COORDINATOR,
		"t.\"state\" = 'planned' AND t.\"start\" > ?1 AND 'no' IN (t.\"mentor_comes\", t.\"mentee_comes\")", "t.\"changed_at\"",
		"t.\"start\"" },
	{ 0 } };

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
	.help = "When and where a pair meets, whether each comes, and whether it took place.",
	.order = "start",
	.waiting = waiting };
