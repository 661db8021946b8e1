/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Check-ins: how is it going, asked of the mentee at the program's weekday and hour in the mentee's own zone.
 *
 * due -> answered, or due -> overdue -> escalated (and answered all the same). Closer together in the first month. What would
 * fall on a closed day moves to the next open one, and silence is counted in open days. The next one is planned when the former
 * falls due, from the weekday that it was meant for, so that a holiday never shifts the rest. While a pair pauses nobody waits for
 * an answer: what follows up on silence is counted anew from the day on which it goes on.
 *
 * Asked are the items of the form that the program named when it fell due (check_in_form.c), or, of a program that names none, two questions:
 * the rating and the flags themselves.
 */
#include "core/date.h"
#include "core/zone.h"
#include "survey.h"

static const char *const states[] = { "due", "answered", "overdue", "escalated", NULL };
static const char *const sides[] = { "mentor", "mentee", NULL };
enum {
	FIRST_MONTH = 28,
	NEAR_DAYS = 3
};
enum follow_up {
	REMINDER,
	OVERDUE,
	ESCALATION
};
static const char *const follow_ups[] = { "check-in reminder", "check-in overdue", "check-in escalation" };

static const struct field fields[] = { ID_AND_VERSION(struct check_in, .anchor = NO_ANCHOR),
	{ AS_INT(struct check_in, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct check_in, match, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | OWN | LEADS, .to = "match",
		.anchor = AT_MATCH, .label = "Match" },
	{ .name = "name",
		.kind = TEXT,
		.privacy = MEMBER,
		.flags = LABEL,
		.computed = NAMES_OF_MATCH("t.\"match\""),
		.label = "Mentor and mentee" },
	{ AS_INT(struct check_in, participant, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | OWN | LEADS, .to = "participant",
		.label = "Who is asked" },
	{ AS_INT(struct check_in, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Person" },
	{ AS_INT(struct check_in, side, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .choices = sides, .label = "Side" },
	{ AS_INT(struct check_in, due, INSTANT, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .label = "Due" },
	{ AS_INT(struct check_in, form, LINK, STAFF), .flags = BY_VERB | OWN, .to = "instrument", .label = "Form (none: two questions)" },
	{ AS_INT(struct check_in, rating, NUMBER, STAFF), .flags = BY_VERB | LISTED | HAS_MIN | HAS_MAX | OWN, .min = 1, .max = 5,
		.label = "How is it going (1 to 5)" },
	{ AS_WORDS(struct check_in, flags, STAFF), .flags = BY_VERB | LISTED | HAS_MAX | OWN | ERASED, .max = 500,
		.retention = AFTER_PROGRAM, .label = "Flags" },
	{ AS_INT(struct check_in, answered_at, INSTANT, STAFF), .flags = BY_VERB | OWN, .label = "Answered" },
	{ AS_INT(struct check_in, acknowledged_at, INSTANT, STAFF), .flags = BY_VERB, .label = "Staff have looked at it" },
	{ AS_INT(struct check_in, acknowledged_by, NUMBER, STAFF), .flags = BY_VERB, .label = "The person with the number did" },
	{ AS_INT(struct check_in, state, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct check_in, 1);

int check_in_pause(struct call *call, int64_t id)
{
	int r = 0;

	for (int i = REMINDER; i <= ESCALATION && !r; i++)
		r = unplan(call, follow_ups[i], id);
	return r;
}

/* No more jobs; and a reminder that has not left yet does not leave. */
static int stop_asking(struct call *call, int64_t id)
{
	int r = check_in_pause(call, id);

	return r ? r
		 : perform_each(call, &message_entity, "Suppress",
			   "\"person\" = (SELECT \"person\" FROM \"check_in\" WHERE \"id\" = ?1) AND "
			   "\"state\" IN ('queued', 'held') AND \"template_name\" = 'check-in-reminder' AND \"about_id\" = ?1",
			   VALUES(id));
}

int check_in_drop(struct call *call, int64_t id)
{
	return stop_asking(call, id);
}

static int answer_it(struct call *call, const void *was, void *now)
{
	const struct given_answers *given = call->arguments;
	struct check_in *check_in = now;
	int r = 0;

	(void)was;
	if (check_in->form != NONE && (!given->answers || check_in->rating != NONE || check_in->flags))
		return fail(
			call, E_INVALID, "answers", "this check-in asks a form: give its answers alone; rating and flags come from them");
	if (check_in->form == NONE && given->answers)
		return fail(call, E_INVALID, "answers", "this check-in asks no form: give rating and flags");
	if (check_in->form == NONE && check_in->rating == NONE)
		return fail(call, E_INVALID, "rating", "say how it is going, from 1 (badly) to 5 (very well)");
	if (check_in->form != NONE)
		r = check_in_take(call, check_in, given->answers, false);
	check_in->answered_at = call->now;
	check_in->acknowledged_at = check_in->acknowledged_by = NONE; /* of an answer that came late nobody has seen anything yet */
	return r ? r : stop_asking(call, check_in->id);
}

/* What comes of it is a talk, a pause or a concern; here it only leaves the agenda. The audit has a reason, if one was given. */
static int acknowledge(struct call *call, const void *was, void *now)
{
	struct check_in *check_in = now;

	(void)was;
	if (check_in->acknowledged_at != NONE)
		return fail(call, E_STATE, "acknowledged_at", "somebody has looked at it already");
	check_in->acknowledged_at = call->now;
	check_in->acknowledged_by = call->caller->person;
	return 0;
}

static int keep_draft(struct call *call, const void *was, void *now)
{
	const struct given_answers *given = call->arguments;
	struct check_in *check_in = now;

	(void)was;
	if (check_in->form == NONE)
		return fail(call, E_STATE, "form", "this check-in asks no form, so there is nothing to keep: answer it in one go");
	return check_in_take(call, check_in, given->answers ? given->answers : "", true);
}

static const struct field answering_fields[] = { { AS_WORDS(struct given_answers, answers, STAFF), .flags = HAS_MAX, .max = FORM_ANSWERS,
							 .label = "Answers to the form (name=value; \\n is a line feed)" },
	{ 0 } };

#define S(x) IN(CHECK_IN_##x)
#define OPEN S(DUE) | S(OVERDUE) | S(ESCALATED)
static const struct verb verbs[] = { { "Answer", SELF, OPEN, S(ANSWERED), "rating flags", answer_it, "Answer", FOR_SOMEBODY, NULL,
					     answering_fields, sizeof(struct given_answers) },
	{ "Keep", SELF, OPEN, KEEP, NULL, keep_draft, "Keep answers for later", NO_KEY, NULL, answering_fields,
		sizeof(struct given_answers) },
	{ "Acknowledge", COORDINATOR, S(ANSWERED) | S(ESCALATED), KEEP, NULL, acknowledge, "I have looked at it", 0, NULL, NULL, 0 },
	{ "Lapse", SYSTEM, S(DUE), S(OVERDUE), NULL, NULL, "Was not answered in time", 0, NULL, NULL, 0 },
	{ "Escalate", SYSTEM, S(OVERDUE), S(ESCALATED), NULL, NULL, "Somebody has to look", 0, NULL, NULL, 0 }, { 0 } };

/* ---- when ---- */

/* The first day from `day` on that has the program's weekday. */
static int64_t on_weekday(int64_t day, int64_t weekday)
{
	return day + (weekday - date_weekday(day) + 7) % 7;
}

static int plan_at(
	struct call *call, const struct match_member *member, const struct match *match, const struct program *program, int64_t day)
{
	const char *zone;
	int64_t at;
	int r = zone_for(call, member->person, program, &zone);

	if (!r)
		r = open_instant(call, match->program, day, program->check_in_hour, zone, &at);
	if (r || (match->ends != NONE && local_day(zone_local(zone_of(call, zone), at)) > match->ends))
		return r;
	return plan(call, "check-in due", member->id, at, zone);
}

int check_in_first(struct call *call, const struct match_member *member, const struct match *match)
{
	struct program *program;
	const char *zone;
	int64_t day, waiting;
	int r = load(call, &program_entity, match->program, (void **)&program);

	if (r || !program->check_in_weeks)
		return r;
	r = ask(call, "SELECT count(*) FROM \"job\" WHERE \"kind\" = 'check-in due' AND \"subject\" = ?1 AND \"state\" = 'waiting'",
		VALUES(member->id), &waiting);
	if (!r)
		r = zone_for(call, member->person, program, &zone);
	if (r || waiting)
		return r;
	day = local_day(zone_local(zone_of(call, zone), call->now)) + 7 * program->check_in_first_weeks - 6;
	return plan_at(call, member, match, program, on_weekday(day, program->check_in_weekday));
}

/* From the day on which one fell due to the day for which the next is meant. */
static int64_t next_day(const struct program *program, const struct match *match, int64_t due_day, int64_t started_day)
{
	int64_t meant = on_weekday(due_day - 6, program->check_in_weekday);
	int64_t weeks = meant - started_day < FIRST_MONTH ? program->check_in_first_weeks : program->check_in_weeks;

	(void)match;
	return meant + 7 * weeks;
}

static int add_open_days(struct call *call, const struct program *program, int64_t from, int64_t days, const char *zone, int64_t *ret)
{
	int64_t day = from, at;
	int r = 0;

	for (int64_t i = 0; i < days && !r; i++) {
		r = open_instant(call, program->id, day + 1, program->check_in_hour, zone, &at);
		day = local_day(zone_local(zone_of(call, zone), at));
	}
	return r ? r : open_instant(call, program->id, day, program->check_in_hour, zone, ret);
}

/* When the policy of today wants it, of a check-in that fell due on a day; NONE: not at all. */
static int follow_up_instant(
	struct call *call, const struct program *program, enum follow_up which, int64_t day, const char *zone, int64_t *ret)
{
	const int64_t days[] = { program->reminder_days, program->overdue_days, program->escalation_days };

	*ret = NONE;
	return days[which] == NONE ? 0 : add_open_days(call, program, day, days[which], zone, ret);
}

/* From one of them on. */
static int plan_follow_ups(
	struct call *call, enum follow_up first, int64_t id, const struct program *program, int64_t day, const char *zone)
{
	int r = 0;

	for (int i = first; i <= ESCALATION && !r; i++) {
		int64_t at;

		r = follow_up_instant(call, program, (enum follow_up)i, day, zone, &at);
		if (!r && at != NONE)
			r = plan(call, follow_ups[i], id, at, zone);
	}
	return r;
}

int check_in_go_on(struct call *call, const struct check_in *check_in)
{
	struct program *program;
	const char *zone;
	int r = load(call, &program_entity, check_in->program, (void **)&program);

	if (!r)
		r = zone_for(call, check_in->person, program, &zone);
	return r ? r
		 : plan_follow_ups(call, check_in->state == CHECK_IN_OVERDUE ? ESCALATION : REMINDER, check_in->id, program,
			   local_day(zone_local(zone_of(call, zone), call->now)), zone);
}

static int ask_now(struct call *call, const struct match_member *member, const struct match *match, const struct program *program,
	int64_t due, int64_t day, const char *zone)
{
	struct check_in *check_in = fresh(call, &check_in_entity);
	int r;

	check_in->match = match->id;
	check_in->participant = member->participant;
	check_in->side = member->side;
	check_in->due = due;
	check_in->form = program->check_in_form;
	r = add(call, &check_in_entity, check_in);
	if (!r)
		r = tell(call, "check-in-due", member->person, match->program, match->id, &check_in_entity, check_in->id, NONE);
	return r ? r : plan_follow_ups(call, REMINDER, check_in->id, program, day, zone);
}

/* ---- jobs ---- */

/* Closed days may have been entered since it was planned: then it comes on the next open day. 1: it was put off. */
static int put_off(struct call *call, const struct match_member *member, const struct program *program, int64_t nominal, const char *zone)
{
	int64_t day = local_day(zone_local(zone_of(call, zone), nominal)), at;
	int r = open_instant(call, program->id, day, program->check_in_hour, zone, &at);

	if (r || local_day(zone_local(zone_of(call, zone), at)) == day)
		return r;
	r = plan(call, "check-in due", member->id, at, zone);
	return r ? r : 1;
}

/* Planned when the mentee lived in another zone, or the policy named another weekday: it comes on that day if it is near, and not twice
 * within days. Where closed days moved it, it stays. 1: it was put off. */
static int put_right(struct call *call, const struct match_member *member, const struct match *match, const struct program *program,
	int64_t day, const char *zone)
{
	int64_t wanted = on_weekday(day, program->check_in_weekday), at;
	int r;

	if (wanted == day || wanted - day > NEAR_DAYS)
		return 0;
	r = open_instant(call, program->id, wanted - 7, program->check_in_hour, zone, &at);
	if (r || local_day(zone_local(zone_of(call, zone), at)) == day)
		return r;
	r = plan_at(call, member, match, program, wanted);
	return r ? r : 1;
}

static int due(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct match_member *member;
	struct match *match;
	struct program *program;
	const char *zone;
	int64_t day;
	int r = load(call, &match_member_entity, subject, (void **)&member);

	(void)cursor;
	if (!r)
		r = load(call, &match_entity, member->match, (void **)&match);
	if (!r)
		r = load(call, &program_entity, member->program, (void **)&program);
	if (!r)
		r = zone_for(call, member->person, program, &zone);
	if (r || (match->state != MATCH_ACTIVE && match->state != MATCH_PAUSED))
		return r;
	day = local_day(zone_local(zone_of(call, zone), nominal));
	if (match->ends != NONE && day > match->ends)
		return 0; /* its end was moved forward meanwhile; moved back, it is planned anew */
	r = put_off(call, member, program, nominal, zone);
	if (!r)
		r = put_right(call, member, match, program, day, zone);
	if (r)
		return r < 0 ? r : 0;
	if (match->state == MATCH_ACTIVE)
		r = ask_now(call, member, match, program, nominal, day, zone);
	if (r || !program->check_in_weeks)
		return r;
	return plan_at(
		call, member, match, program, next_day(program, match, day, local_day(zone_local(zone_of(call, zone), match->started))));
}

/* What the follow-ups of a check-in look at first. 1: by today's policy and closed days it is not time, and it was planned anew. */
static int look(struct call *call, enum follow_up which, int64_t id, int64_t nominal, struct check_in **ret, struct match **ret_match)
{
	struct program *program;
	const char *zone;
	int64_t at;
	int r = load(call, &check_in_entity, id, (void **)ret);

	if (!r)
		r = load(call, &match_entity, (*ret)->match, (void **)ret_match);
	if (!r)
		r = load(call, &program_entity, (*ret)->program, (void **)&program);
	if (!r)
		r = zone_for(call, (*ret)->person, program, &zone);
	if (!r)
		r = follow_up_instant(call, program, which, local_day(zone_local(zone_of(call, zone), (*ret)->due)), zone, &at);
	if (r || (at != NONE && at <= nominal))
		return r;
	r = at == NONE ? 0 : plan(call, follow_ups[which], id, at, zone);
	return r ? r : 1;
}

static int remind(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct check_in *check_in;
	struct match *match;
	int r = look(call, REMINDER, subject, nominal, &check_in, &match);

	(void)cursor;
	if (r)
		return r < 0 ? r : 0;
	if (check_in->state == CHECK_IN_ANSWERED || match->state != MATCH_ACTIVE)
		return 0;
	return tell(call, "check-in-reminder", check_in->person, check_in->program, check_in->match, &check_in_entity, check_in->id, NONE);
}

static int overdue(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct check_in *check_in;
	struct match *match;
	int r = look(call, OVERDUE, subject, nominal, &check_in, &match);

	(void)cursor;
	if (r)
		return r < 0 ? r : 0;
	if (check_in->state != CHECK_IN_DUE || match->state == MATCH_PAUSED)
		return 0;
	return perform_also(call, &check_in_entity, subject, "Lapse", NULL, 0);
}

static int escalate(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct check_in *check_in;
	struct match *match;
	struct person *person;
	int r = look(call, ESCALATION, subject, nominal, &check_in, &match);

	(void)cursor;
	if (r)
		return r < 0 ? r : 0;
	if (check_in->state == CHECK_IN_ANSWERED || check_in->state == CHECK_IN_ESCALATED || match->state == MATCH_PAUSED)
		return 0;
	if (check_in->state == CHECK_IN_DUE)
		r = perform_also(call, &check_in_entity, subject, "Lapse", NULL, 0);
	if (!r)
		r = load(call, &person_entity, check_in->person, (void **)&person);
	if (!r && !person_hears(person)) /* not silence: nobody has asked them; staff see both the check-in and that no mail goes */
		return 0;
	if (!r)
		r = perform_also(call, &check_in_entity, subject, "Escalate", NULL, 0);
	return r ? r : tell_staff(call, "check-in-escalated", check_in->program, check_in->match, &check_in_entity, check_in->id, NONE);
}

static const struct job jobs[] = { { "check-in due", NULL, RUN_EACH_MISSED, 0, due, "A check-in falls due", 0, "match_member" },
	{ "check-in reminder", NULL, RUN_ONCE_LATE, 14 * DAY, remind, "Reminder of a check-in", 0, "check_in" },
	{ "check-in overdue", NULL, RUN_ONCE_LATE, 0, overdue, "A check-in is overdue", 0, "check_in" },
	{ "check-in escalation", NULL, RUN_ONCE_LATE, 0, escalate, "A check-in is escalated", 0, "check_in" }, { 0 } };

/* Of a pair that ended or pauses nothing waits; nor does what is well, or what somebody has looked at. */
#define UNSEEN " AND t.\"acknowledged_at\" IS NULL"
#define MET " AND EXISTS (SELECT 1 FROM \"match\" ma WHERE ma.\"id\" = t.\"match\" AND ma.\"state\" = 'active')"
static const struct waiting waiting[] = { { "check-in to answer", SELF, "t.\"state\" IN ('due', 'overdue', 'escalated')" MET, "t.\"due\"",
						  NULL },
	{ "check-in overdue", COORDINATOR, "t.\"state\" = 'overdue'" MET, "t.\"due\"", NULL },
	{ "check-in escalated", COORDINATOR, "t.\"state\" = 'escalated'" UNSEEN MET, "t.\"due\"", NULL },
	{ "check-in with a flag", COORDINATOR, "t.\"state\" = 'answered' AND (t.\"rating\" <= 2 OR t.\"flags\" <> 'we_met')" UNSEEN,
		"t.\"answered_at\"", NULL },
	{ 0 } };

const struct entity check_in_entity = { .name = "check_in",
	.collection = "check_ins",
	.size = sizeof(struct check_in),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.unique = "match participant due",
	.retention = AFTER_PROGRAM,
	.label = "Check-in",
	.called = CALLED_AS_MATCH("t.\"match\""),
	.help = "How is it going, asked at a rhythm.",
	.order = "due",
	.waiting = waiting };
