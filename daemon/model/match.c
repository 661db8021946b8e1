/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Matches: a mentor and a mentee who are put together, from the proposal to the good or early end.
 *
 * Each side is a row of match member; Accept and Decline are verbs of the match that write the member of whoever answers. An
 * offer takes no place: whether one is free is asked again in the transaction of the last acceptance, so of two at
 * once exactly one wins. Nobody learns who declined. A silent offer moves on to the best alternative that the run recorded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "core/zone.h"
#include "model.h"

static const char *const states[] = { "proposed", "offered", "accepted", "active", "paused", "closing", "completed", "declined",
	"ended_early", NULL };
static const char *const kinds[] = { "one-to-one", "group", "circle", NULL };
static const char *const origins[] = { "run", "by hand", "alternative", NULL };
static const char *const close_reasons[] = { "goals reached", "time is over", "declined", "no answer", "withdrawn", "mentor left",
	"mentee left", "no contact", "did not fit", "moved away", "rematch", "program closed", "other", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct match, .anchor = AT_MATCH),
	{ AS_INT(struct match, program, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ .name = "name",
		.kind = TEXT,
		.privacy = MEMBER,
		.flags = LABEL,
		.computed = NAMES_OF_MATCH("t.\"id\""),
		.label = "Mentor and mentee" },
	{ AS_INT(struct match, kind, CHOICE, MEMBER), .flags = REQUIRED | FROZEN, .choices = kinds, .starts = true, .label = "Kind" },
	{ AS_INT(struct match, origin, CHOICE, STAFF), .flags = BY_VERB | LISTED, .choices = origins, .label = "Origin" },
	{ AS_INT(struct match, run, LINK, STAFF), .flags = BY_VERB, .to = "match_run", .label = "Run" },
	{ AS_INT(struct match, score, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Score" },
	{ AS_INT(struct match, weekday, CHOICE, MEMBER), .flags = BY_VERB, .choices = weekday_words,
		.label = "Of a group: the weekday on which it meets" },
	{ AS_INT(struct match, start, NUMBER, MEMBER), .flags = BY_VERB, .unit = "minutes of the day", .label = "From" },
	{ AS_INT(struct match, minutes, NUMBER, MEMBER), .flags = BY_VERB, .unit = "minutes", .label = "How long it meets" },
	{ .name = "meets", .kind = TEXT, .privacy = MEMBER, .computed = MEETS_OF_ROW, .label = "When it meets, by the program's clock" },
	{ AS_TEXT(struct match, explanation, STAFF), .flags = BY_VERB | LINES | ERASED, .retention = AFTER_PROGRAM, .label = "Reasons" },
	{ AS_TEXT(struct match, sentence, MEMBER), .flags = BY_VERB | ERASED, .retention = AFTER_PROGRAM, .label = "What the two share" },
	{ AS_INT(struct match, offered_at, INSTANT, MEMBER), .flags = BY_VERB, .label = "Offered" },
	{ AS_INT(struct match, answer_until, INSTANT, MEMBER), .flags = BY_VERB, .label = "To be answered by" },
	{ AS_INT(struct match, started, INSTANT, MEMBER), .flags = BY_VERB | LISTED, .label = "Started" },
	{ AS_INT(struct match, ends, DATE, MEMBER), .flags = BY_VERB, .label = "Ends" },
	{ AS_INT(struct match, close_reason, CHOICE, STAFF), .flags = BY_VERB, .choices = close_reasons, .label = "Why it ended" },
	{ AS_TEXT(struct match, close_note, STAFF), .flags = BY_VERB | LINES | HAS_MAX | ERASED, .max = 4000, .retention = AFTER_PROGRAM,
		.label = "Note on the end" },
	{ AS_INT(struct match, state, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ AS_INT(struct match, state_since, INSTANT, MEMBER), .flags = BY_VERB, .label = "In this state since" }, { 0 } };
COVERS(fields, struct match, 2);

/* ---- places ---- */

static int places(struct call *call, const struct participant *p, int64_t *ret_free)
{
	int64_t taken;
	int r = ask(call,
		"SELECT count(*) FROM \"match_member\" mm JOIN \"match\" ma ON ma.\"id\" = mm.\"match\" WHERE mm.\"participant\" = ?1 AND "
		"ma.\"state\" IN (" MATCH_TAKING ")",
		VALUES(p->id), &taken);

	*ret_free = (p->capacity == NONE ? 0 : p->capacity) - taken;
	return r;
}

static int member_has_place(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	struct participant *p;
	int64_t free;
	int r = load(call, &participant_entity, member->participant, (void **)&p);

	(void)data;
	if (!r)
		r = places(call, p, &free);
	if (r)
		return r;
	if (p->state != PARTICIPANT_READY)
		return fail(call, E_STATE, "state", "the %s is not ready any more", p->role == SIDE_MENTOR ? "mentor" : "mentee");
	if (free > 0)
		return 0;
	return p->role == SIDE_MENTOR
		? fail(call, E_CONFLICT, "state",
			  "this mentor's last place was taken by another match a moment ago; it cannot be accepted any more")
		: fail(call, E_CONFLICT, "state", "this mentee has a mentor already; it cannot be accepted any more");
}

static int member_served(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &participant_entity, ((struct match_member *)record)->participant, "Served", NULL, 0);
}

static int member_first_next(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;

	(void)data;
	return member->side == SIDE_MENTEE ? perform_also(call, &participant_entity, member->participant, "Prioritise", NULL, 0) : 0;
}

static int members(struct call *call, int64_t match, int (*seen)(struct call *, void *, void *), void *data)
{
	return each(call, &match_member_entity, seen, data, "\"match\" = ?1", VALUES(match));
}

/* ---- Create ---- */

struct sides {
	int64_t mentor, mentee;
};
static const struct field side_arguments[] = { { AS_INT(struct sides, mentor, LINK, MEMBER), .flags = REQUIRED, .to = "participant",
						       .label = "Mentor" },
	{ AS_INT(struct sides, mentee, LINK, MEMBER), .flags = REQUIRED, .to = "participant", .label = "Mentee" }, { 0 } };

static int side_check(struct call *call, const struct match *match, int64_t id, int side, const char *name)
{
	struct participant *p;
	int64_t lacks;
	int r = load(call, &participant_entity, id, (void **)&p);

	if (r == E_NOTFOUND || (!r && p->program != match->program))
		return fail(call, E_NOTFOUND, name, "there is no such participant in this program");
	if (r)
		return r;
	if (p->role != side)
		return fail(call, E_INVALID, name, "this participant is a %s", side == SIDE_MENTOR ? "mentee" : "mentor");
	if (p->state != PARTICIPANT_READY)
		return fail(call, E_STATE, name, "this participant is not ready");
	r = ask(call, "SELECT " PART_LACKS("?1", "?2"), VALUES(p->program, p->person), &lacks);
	if (!r && lacks)
		return fail(call, E_STATE, name,
			"consents to take part are missing: the person's own, and for a minor that of a verified guardian");
	return r;
}

static int match_create(struct call *call, const void *was, void *now)
{
	const struct sides *sides = call->arguments;
	struct match *match = now;
	struct participant *mentor, *mentee;
	int64_t twin;
	int r = side_check(call, match, sides->mentor, SIDE_MENTOR, "mentor");

	(void)was;
	match->origin = 1;
	if (!r)
		r = side_check(call, match, sides->mentee, SIDE_MENTEE, "mentee");
	if (!r)
		r = load(call, &participant_entity, sides->mentor, (void **)&mentor);
	if (!r)
		r = load(call, &participant_entity, sides->mentee, (void **)&mentee);
	if (r)
		return r;
	if (mentor->person == mentee->person)
		return fail(call, E_INVALID, "mentee", "nobody is matched with themself");
	r = ask(call,
		"SELECT ma.\"id\" FROM \"match\" ma JOIN \"match_member\" a ON a.\"match\" = ma.\"id\" JOIN \"match_member\" b ON b.\"match\" = ma.\"id\" "
		"WHERE a.\"participant\" = ?1 AND b.\"participant\" = ?2 AND ma.\"state\" IN ('proposed', 'offered', " MATCH_TAKING ")",
		VALUES(sides->mentor, sides->mentee), &twin);
	return !r && twin != NONE ? fail(call, E_CONFLICT, "mentee", "these two have match %" PRId64 " already", twin) : r;
}

static int add_member(struct call *call, int64_t match, int64_t participant, int side)
{
	struct match_member *member = fresh(call, &match_member_entity);

	member->match = match;
	member->participant = participant;
	member->side = side;
	return add(call, &match_member_entity, member);
}

/* A match made by hand gets its members from the arguments of Create; those of a run are added by the run. */
static int changed(struct call *call, const void *was, const void *now)
{
	const struct sides *sides = call->arguments;
	const struct match *match = now;
	int r;

	if (was || !match || match->origin != 1)
		return 0;
	r = add_member(call, match->id, sides->mentor, SIDE_MENTOR);
	if (!r)
		r = add_member(call, match->id, sides->mentee, SIDE_MENTEE);
	return r ? r : plan(call, "match looked at", match->id, call->now, NULL);
}

/* ---- offer and answers ---- */

/* The side that answers before the other is asked, -1 if both are asked at once. */
static int64_t first_side(const struct program *program)
{
	if (program->offer_order == OFFER_MENTOR_FIRST)
		return SIDE_MENTOR;
	return program->offer_order == OFFER_MENTEE_FIRST ? SIDE_MENTEE : -1;
}

struct telling {
	const struct match *match;
	int64_t side;
};

/* Who has not answered yet and whose turn it is. */
static int tell_offer(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	const struct telling *telling = data;
	const struct match *match = telling->match;

	if (member->answer != NONE || (telling->side >= 0 && member->side != telling->side))
		return 0;
	return tell(call, "match-offered", member->person, match->program, match->id, &match_entity, match->id, match->version);
}

static int look_for_objections(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	int r = objections_in_match(call, subject);

	(void)nominal;
	(void)cursor;
	return r == E_NOTFOUND ? 0 : r;
}

static int match_offer(struct call *call, const void *was, void *now)
{
	struct match *match = now;
	struct program *program;
	int64_t day;
	int r = load(call, &program_entity, match->program, (void **)&program);

	(void)was;
	if (!r)
		r = members(call, match->id, member_has_place, NULL);
	if (r)
		return r;
	match->offered_at = call->now;
	day = local_day(zone_local(zone_of(call, program->zone), call->now)) + (program->offer_days == NONE ? 7 : program->offer_days);
	r = open_instant(call, match->program, day, 20, program->zone, &match->answer_until);
	if (!r)
		r = plan(call, "offer unanswered", match->id, match->answer_until, program->zone);
	if (!r)
		r = plan(call, "match looked at", match->id, call->now, NULL);
	return r ? r : members(call, match->id, tell_offer, &(struct telling){ match, first_side(program) });
}

struct answers {
	int64_t person;
	struct match_member *own;
	int64_t first; /* the side that answers before the other, or -1 */
	int open, open_first;
};

static int look_at_answer(struct call *call, void *record, void *data)
{
	struct match_member *member = record;
	struct answers *answers = data;

	(void)call;
	if (member->person == answers->person && !answers->own)
		answers->own = member;
	else if (member->answer == NONE) {
		answers->open++;
		answers->open_first += member->side == answers->first;
	}
	return 0;
}

static int write_answer(struct call *call, struct match_member *member, int64_t answer)
{
	struct match_member now = *member;

	now.answer = answer;
	now.answered_at = call->now;
	if (answer == ANSWER_DECLINED)
		now.answer_reason = reason_given(call);
	return save(call, &match_member_entity, member, &now);
}

static int order_allows(struct call *call, const struct answers *answers)
{
	if (!answers->open_first || answers->own->side == answers->first)
		return 0;
	return fail(call, E_STATE, "state", "the %s is asked first; your turn comes when they accepted",
		answers->first == SIDE_MENTOR ? "mentor" : "mentee");
}

static int match_accept(struct call *call, const void *was, void *now)
{
	struct match *match = now;
	struct answers answers = { .person = acting_person(call) };
	struct program *program;
	int r = load(call, &program_entity, match->program, (void **)&program);

	(void)was;
	if (r)
		return r;
	answers.first = first_side(program);
	r = members(call, match->id, look_at_answer, &answers);
	if (r)
		return r;
	if (!answers.own)
		return fail(call, E_DENIED, NULL, "only the two sides answer an offer");
	r = order_allows(call, &answers);
	if (!r && !answers.open)
		r = members(call, match->id, member_has_place, NULL);
	if (!r)
		r = write_answer(call, answers.own, ANSWER_ACCEPTED);
	if (!r)
		r = consent_ask_contact(call, program, answers.own->person);
	if (!r && answers.open && !answers.open_first && answers.own->side == answers.first)
		return members(call, match->id, tell_offer, &(struct telling){ match, -1 });
	if (r || answers.open)
		return r;
	match->state = MATCH_ACCEPTED;
	r = unplan(call, "offer unanswered", match->id);
	if (!r)
		r = members(call, match->id, member_served, NULL);
	return r ? r : tell_staff(call, "match-accepted", match->program, match->id, &match_entity, match->id, NONE);
}

static int ends(struct call *call, struct match *match, int reason);

static int match_decline(struct call *call, const void *was, void *now)
{
	struct match *match = now;
	struct answers answers = { .person = acting_person(call), .first = -1 };
	int r = members(call, match->id, look_at_answer, &answers);

	(void)was;
	if (r)
		return r;
	if (!answers.own)
		return fail(call, E_DENIED, NULL, "only the two sides answer an offer");
	r = write_answer(call, answers.own, ANSWER_DECLINED);
	if (!r)
		r = tell_staff(call, "match-declined", match->program, match->id, &match_entity, match->id, NONE);
	return r ? r : ends(call, match, 2);
}

/* ---- running ---- */

static int plan_check_in(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;

	return member->side == SIDE_MENTEE ? check_in_first(call, member, data) : 0;
}

static int tell_guardian(struct call *call, void *record, void *data)
{
	const struct match *match = data;

	return tell(call, "guardian-introduced", ((const struct guardianship *)record)->guardian, match->program, match->id, &match_entity,
		match->id, NONE);
}

/* Of a minor the guardians are told, too: who it is, where they meet, how to object. */
static int tell_start(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	const struct match *match = data;
	int r = tell(call, "match-started", member->person, match->program, match->id, &match_entity, match->id, NONE);

	return r
		? r
		: each(call, &guardianship_entity, tell_guardian, data,
			  "\"program\" = ?1 AND \"minor\" = ?2 AND \"state\" = 'verified' AND \"minor\" IN (SELECT \"id\" FROM \"person\" WHERE "
			  "\"minor\")",
			  VALUES(match->program, member->person));
}

/* A hard rule: no pair begins or goes on with a minor whose consents to take part are not all there, nor with who took theirs back. */
static int takes_part(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	int64_t lacks;
	int r = ask(call, "SELECT " PART_LACKS("?1", "?2"), VALUES(member->program, member->person), &lacks);

	(void)data;
	return !r && lacks ? fail(call, E_STATE, "state",
				     "consents of the %s to take part are missing: their own, and for a minor that of a verified guardian",
				     member->side == SIDE_MENTOR ? "mentor" : "mentee")
			   : r;
}

/* What a minor or a guardian said is settled first, by the safeguarding lead. */
static int unobjected(struct call *call, int64_t match)
{
	int64_t since;
	int r = match_objected(call, match, &since);

	return !r && since != NONE
		? fail(call, E_STATE, "state",
			  "this pair is objected to; the safeguarding lead resolves or closes that concern before it goes on")
		: r;
}

static int match_start(struct call *call, const void *was, void *now)
{
	struct match *match = now;
	struct program *program;
	int r = load(call, &program_entity, match->program, (void **)&program);

	(void)was;
	if (!r)
		r = members(call, match->id, takes_part, NULL);
	if (!r)
		r = unobjected(call, match->id);
	if (r)
		return r;
	if (program->state != PROGRAM_OPEN && program->state != PROGRAM_RUNNING)
		return fail(call, E_STATE, "program", "the program is not running");
	match->started = call->now;
	if (match->ends == NONE)
		match->ends = program->ends;
	r = members(call, match->id, plan_check_in, match);
	if (!r)
		r = meeting_first(call, match);
	return r ? r : members(call, match->id, tell_start, match);
}

static int stop_check_in(struct call *call, void *record, void *data)
{
	(void)data;
	return unplan(call, "check-in due", ((struct match_member *)record)->id);
}

static int drop_check_in(struct call *call, void *record, void *data)
{
	(void)data;
	return check_in_drop(call, ((struct check_in *)record)->id);
}

static int pause_check_in(struct call *call, void *record, void *data)
{
	(void)data;
	return check_in_pause(call, ((struct check_in *)record)->id);
}

static int go_on_check_in(struct call *call, void *record, void *data)
{
	(void)data;
	return check_in_go_on(call, record);
}

struct saying {
	const struct match *match;
	const char *what;
};

static int say_it(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	const struct saying *saying = data;
	const struct match *match = saying->match;

	return tell(call, saying->what, member->person, match->program, match->id, &match_entity, match->id, match->version);
}

/* Both hear that it pauses and nothing of why. Where it is about safety, staff may talk to them first (`untold`). */
struct quiet_pause {
	int64_t untold;
};
static const struct field pausing_arguments[] = {
	{ AS_INT(struct quiet_pause, untold, YESNO, STAFF), .label = "No mail: staff talk to the two themselves" }, { 0 }
};

static int match_pause(struct call *call, const void *was, void *now)
{
	const struct quiet_pause *pausing = call->arguments;
	const struct match *match = now;
	int r = each(call, &check_in_entity, pause_check_in, NULL, "\"match\" = ?1 AND \"state\" IN ('due', 'overdue')", VALUES(match->id));

	(void)was;
	return r || pausing->untold ? r : members(call, match->id, say_it, &(struct saying){ match, "match-paused" });
}

static int match_resume(struct call *call, const void *was, void *now)
{
	const struct match *match = now;
	int r = members(call, match->id, takes_part, NULL);

	(void)was;
	if (!r)
		r = unobjected(call, match->id);
	if (!r)
		r = each(call, &check_in_entity, go_on_check_in, NULL, "\"match\" = ?1 AND \"state\" IN ('due', 'overdue')",
			VALUES(match->id));
	return r ? r : members(call, match->id, say_it, &(struct saying){ match, "match-resumed" });
}

/* However a match ends: no more check-ins, no more reminders, and nothing left to object to; where it ended before its time the mentee is
 * first in the next run. */
static int ends(struct call *call, struct match *match, int reason)
{
	int r = members(call, match->id, stop_check_in, NULL);

	match->close_reason = reason;
	if (!r)
		r = unplan(call, "offer unanswered", match->id);
	if (!r)
		r = each(call, &check_in_entity, drop_check_in, NULL, "\"match\" = ?1 AND \"state\" IN ('due', 'overdue')",
			VALUES(match->id));
	if (!r)
		r = meetings_drop(call, match->id);
	if (!r)
		r = perform_each(call, &invitation_entity, "End",
			"\"purpose\" = 'match-objection' AND \"subject\" = ?1 AND \"state\" IN ('sent', 'opened') AND \"person\" IN (SELECT "
			"\"person\" FROM \"match_member\" WHERE \"match\" = ?1 UNION SELECT g.\"guardian\" FROM \"guardianship\" g JOIN "
			"\"match_member\" mm ON mm.\"person\" = g.\"minor\" WHERE mm.\"match\" = ?1)",
			VALUES(match->id));
	return r || reason < 2 ? r : members(call, match->id, member_first_next, NULL);
}

struct closing {
	int64_t close_reason;
	char *close_note;
};
static const struct field closing_arguments[] = { { AS_INT(struct closing, close_reason, CHOICE, STAFF), .flags = REQUIRED,
							  .choices = close_reasons, .label = "Why it ends" },
	{ AS_TEXT(struct closing, close_note, STAFF), .flags = LINES | HAS_MAX, .max = 4000, .label = "Note" }, { 0 } };

static int match_close(struct call *call, const void *was, void *now)
{
	const struct closing *closing = call->arguments;
	struct match *match = now;

	(void)was;
	match->close_note = closing->close_note;
	return ends(call, match, (int)closing->close_reason);
}

/* Whoever has read of the offer hears that it is off; whoever takes it away by leaving knows. */
static int tell_withdrawn(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	const struct match *match = data;
	int64_t told = 0;
	int r = ask(call,
		"SELECT count(*) FROM \"message\" WHERE \"person\" = ?1 AND \"template_name\" = 'match-offered' AND \"about_id\" = ?2 AND "
		"\"state\" IN ('sending', 'sent')",
		VALUES(member->person, match->id), &told);

	return r || !told || member->person == acting_person(call)
		? r
		: tell(call, "match-withdrawn", member->person, match->program, match->id, &match_entity, match->id, NONE);
}

static int match_withdraw(struct call *call, const void *was, void *now)
{
	struct match *match = now;
	int r = ((const struct match *)was)->state == MATCH_OFFERED ? members(call, match->id, tell_withdrawn, match) : 0;

	return r ? r : ends(call, match, 4);
}

static int match_lapse(struct call *call, const void *was, void *now)
{
	(void)was;
	return ends(call, now, 3);
}

static int match_rematch(struct call *call, const void *was, void *now)
{
	(void)was;
	return ends(call, now, 10);
}

struct extend {
	int64_t until;
};
static const struct field extend_arguments[] = { { AS_INT(struct extend, until, DATE, MEMBER), .flags = REQUIRED, .label = "New last day" },
	{ 0 } };

/* Check-ins follow the match's end by themselves: the next one is planned when the former falls due. */
static int match_extend(struct call *call, const void *was, void *now)
{
	const struct extend *extend = call->arguments;
	struct match *match = now;

	(void)was;
	if (extend->until < today(call))
		return fail(call, E_INVALID, "until", "must not lie in the past");
	match->ends = extend->until;
	return members(call, match->id, plan_check_in, match);
}

#define S(x) IN(MATCH_##x)
#define RUNNING (S(ACCEPTED) | S(ACTIVE) | S(PAUSED))
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "program kind", match_create, "Match two by hand", ON_COLLECTION,
					     NULL, side_arguments, sizeof(struct sides) },
	{ "Offer", COORDINATOR, S(PROPOSED), S(OFFERED), NULL, match_offer, "Offer it to both sides", 0, NULL, NULL, 0 },
	{ "Accept", MENTOR | MENTEE, S(OFFERED), S(OFFERED) | S(ACCEPTED), NULL, match_accept, "Accept", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Decline", MENTOR | MENTEE, S(OFFERED), S(DECLINED), NULL, match_decline, "Decline", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Withdraw", COORDINATOR | SAFEGUARDING, S(PROPOSED) | S(OFFERED), S(DECLINED), NULL, match_withdraw, "Withdraw the offer", 0,
		NULL, NULL, 0 },
	{ "Lapse", SYSTEM, S(OFFERED), S(DECLINED), NULL, match_lapse, "Nobody answered", 0, NULL, NULL, 0 },
	{ "Start", COORDINATOR, S(ACCEPTED), S(ACTIVE), NULL, match_start, "Start", 0, NULL, NULL, 0 },
	{ "Pause", COORDINATOR | SAFEGUARDING, S(ACTIVE), S(PAUSED), NULL, match_pause, "Pause", NEEDS_REASON, NULL, pausing_arguments,
		sizeof(struct quiet_pause) },
	{ "Interrupt", SYSTEM, S(ACTIVE), S(PAUSED), NULL, match_pause, "A consent to take part is missing, or somebody objects", 0, NULL,
		pausing_arguments, sizeof(struct quiet_pause) },
	{ "Resume", COORDINATOR, S(PAUSED), S(ACTIVE), NULL, match_resume, "Go on", 0, NULL, NULL, 0 },
	{ "Extend", COORDINATOR, S(ACTIVE) | S(PAUSED), KEEP, NULL, match_extend, "Move the last day", 0, NULL, extend_arguments,
		sizeof(struct extend) },
	{ "Close", COORDINATOR, S(ACTIVE) | S(PAUSED), S(CLOSING), NULL, match_close, "Close", 0, NULL, closing_arguments,
		sizeof(struct closing) },
	{ "Complete", COORDINATOR, S(CLOSING), S(COMPLETED), NULL, NULL, "The closing talk was held", 0, NULL, NULL, 0 },
	{ "End", COORDINATOR, RUNNING | S(CLOSING), S(ENDED_EARLY), NULL, match_close, "End early", DESTRUCTIVE, NULL, closing_arguments,
		sizeof(struct closing) },
	{ "Rematch", COORDINATOR, RUNNING, S(ENDED_EARLY), NULL, match_rematch, "End, and match the mentee anew", NEEDS_REASON, NULL, NULL,
		0 },
	{ 0 } };

/* ---- an offer that nobody answered ---- */

/* The first alternative of the run that may still be, with a free place, in lines "mentor ID SCORE", best first; NONE if there is none. */
static int alternative(struct call *call, const struct match *match, int64_t mentee, int64_t *ret, int64_t *ret_score)
{
	struct participant *own;
	struct run_pair *pair;
	int64_t id;
	int r;

	*ret = NONE;
	if (match->run == NONE || match->kind != KIND_PAIR)
		return 0;
	r = ask(call, "SELECT \"id\" FROM \"run_pair\" WHERE \"run\" = ?1 AND \"mentee\" = ?2", VALUES(match->run, mentee), &id);
	if (r || id == NONE)
		return r;
	r = load(call, &run_pair_entity, id, (void **)&pair);
	if (!r)
		r = load(call, &participant_entity, mentee, (void **)&own);
	for (const char *line = r ? NULL : pair->alternatives; line && *line && !r;
		line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "") {
		int64_t other, score, free, before;
		struct participant *p;
		bool objected = true;

		if (sscanf(line, "mentor %" SCNd64 " %" SCNd64, &other, &score) != 2)
			continue;
		r = load(call, &participant_entity, other, (void **)&p);
		if (!r)
			r = places(call, p, &free);
		if (!r)
			r = ask(call,
				"SELECT count(*) FROM \"match_member\" a JOIN \"match_member\" b ON b.\"match\" = a.\"match\" WHERE a.\"participant\" = ?1 AND "
				"b.\"participant\" = ?2",
				VALUES(other, mentee), &before);
		if (!r && p->state == PARTICIPANT_READY && free > 0 && !before)
			r = objection_between(call, match->program, p->person, own->person, &objected);
		if (!r && !objected) {
			*ret = other;
			*ret_score = score;
			return 0;
		}
	}
	return r;
}

static int mentee_of(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;

	(void)call;
	if (member->side == SIDE_MENTEE)
		*(int64_t *)data = member->participant;
	return 0;
}

static int move_on(struct call *call, const struct match *match)
{
	struct match *next = fresh(call, &match_entity);
	int64_t mentee = NONE, mentor, score;
	int r = members(call, match->id, mentee_of, &mentee);

	if (!r)
		r = alternative(call, match, mentee, &mentor, &score);
	if (r || mentor == NONE)
		return r;
	next->program = match->program;
	next->run = match->run;
	next->origin = 2;
	next->score = score;
	r = add(call, &match_entity, next);
	if (!r)
		r = add_member(call, next->id, mentor, SIDE_MENTOR);
	if (!r)
		r = add_member(call, next->id, mentee, SIDE_MENTEE);
	return r ? r : perform_also(call, &match_entity, next->id, "Offer", NULL, 0);
}

/* Closed days may have been entered since it was offered: then there is time until the next open one. 1: it was put off. */
static int put_off(struct call *call, const struct match *match, int64_t nominal)
{
	struct match later = *match;
	struct program *program;
	int64_t day;
	int r = load(call, &program_entity, match->program, (void **)&program);

	if (r)
		return r;
	day = local_day(zone_local(zone_of(call, program->zone), nominal));
	r = open_instant(call, match->program, day, 20, program->zone, &later.answer_until);
	if (r || local_day(zone_local(zone_of(call, program->zone), later.answer_until)) == day)
		return r;
	r = save(call, &match_entity, match, &later);
	if (!r)
		r = plan(call, "offer unanswered", match->id, later.answer_until, program->zone);
	return r ? r : 1;
}

static int offer_unanswered(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct match *match;
	int r = load(call, &match_entity, subject, (void **)&match);

	(void)cursor;
	if (r || match->state != MATCH_OFFERED)
		return r;
	r = put_off(call, match, nominal);
	if (r)
		return r < 0 ? r : 0;
	r = perform_also(call, &match_entity, subject, "Lapse", NULL, 0);
	if (!r)
		r = tell_staff(call, "offer-unanswered", match->program, match->id, &match_entity, match->id, NONE);
	return r ? r : move_on(call, match);
}

static const struct job jobs[] = { { "offer unanswered", NULL, RUN_ONCE_LATE, 0, offer_unanswered, "An offer was not answered", 0,
					   "match" },
	{ "match looked at", NULL, RUN_ONCE_LATE, 0, look_for_objections, "Whether somebody in a match objects to somebody in it", 0,
		"match" },
	{ 0 } };

static const struct waiting waiting[] = { { "match to offer", COORDINATOR, "t.\"state\" = 'proposed'", "t.\"state_since\"", NULL },
	{ "offer not answered yet", COORDINATOR, "t.\"state\" = 'offered'", "t.\"offered_at\"", "t.\"answer_until\"" },
	{ "match to start", COORDINATOR, "t.\"state\" = 'accepted'", "t.\"state_since\"", NULL },
	{ "match to complete", COORDINATOR, "t.\"state\" = 'closing'", "t.\"state_since\"", NULL },
	{ "pair without consents to take part", COORDINATOR,
		"t.\"state\" IN (" MATCH_TAKING
		") AND EXISTS (SELECT 1 FROM \"match_member\" mm WHERE mm.\"match\" = t.\"id\" AND " PART_LACKS(
			"t.\"program\"", "mm.\"person\"") ")",
		"t.\"state_since\"", NULL },
	{ "pair that is objected to", COORDINATOR,
		"t.\"state\" IN ('accepted', 'active', 'paused') AND EXISTS (SELECT 1 FROM \"concern\" co WHERE co.\"match\" = t.\"id\" AND "
		"co.\"objects\" AND co.\"state\" NOT IN ('resolved', 'closed'))",
		"t.\"state_since\"", NULL },
	/* none was held, and none is planned; whether one that was planned took place is the meeting's own line */
	{ "pair without a meeting", COORDINATOR,
		"t.\"state\" = 'active' AND NOT EXISTS (SELECT 1 FROM \"meeting\" me WHERE me.\"match\" = t.\"id\" AND me.\"state\" IN ('held', "
		"'planned'))",
		"t.\"started\"", NULL },
	{ 0 } };

const struct entity match_entity = { .name = "match",
	.collection = "matches",
	.size = sizeof(struct match),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.changed = changed,
	.hidden_in = IN(MATCH_PROPOSED),
	.flags = GRANTS,
	.retention = AFTER_PROGRAM,
	.label = "Match",
	.called = CALLED_AS_MATCH("t.\"id\""),
	.help = "A mentor and a mentee who are put together.",
	.waiting = waiting };

/* ---- members ---- */

const char *const side_words[] = { "mentor", "mentee", NULL };
static const char *const answer_words[] = { "accepted", "declined", NULL };

static const struct field member_fields[] = { ID_AND_VERSION(struct match_member, .anchor = NO_ANCHOR),
	{ AS_INT(struct match_member, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct match_member, match, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | LEADS, .to = "match", .anchor = AT_MATCH,
		.label = "Match" },
	{ AS_INT(struct match_member, participant, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | LEADS, .to = "participant",
		.label = "Participant" },
	{ AS_INT(struct match_member, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "person", .anchor = AT_PERSON,
		.label = "Person" },
	{ AS_TEXT(struct match_member, name, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LABEL | LISTED | ERASED,
		.copies = "participant.name", .retention = AFTER_PROGRAM, .label = "Name" },
	{ AS_INT(struct match_member, side, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | LISTED, .choices = side_words, .label = "Side" },
	{ AS_INT(struct match_member, answer, CHOICE, STAFF), .flags = BY_VERB | LISTED | OWN, .choices = answer_words, .label = "Answer" },
	{ AS_INT(struct match_member, answered_at, INSTANT, STAFF), .flags = BY_VERB | OWN, .label = "Answered" },
	{ AS_TEXT(struct match_member, answer_reason, STAFF), .flags = BY_VERB | LINES | HAS_MAX | OWN | ERASED, .max = 1000,
		.retention = AFTER_PROGRAM, .label = "Why not" },
	{ AS_INT(struct match_member, change_asked, INSTANT, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Asked for somebody else" },
	{ AS_TEXT(struct match_member, change_reason, STAFF), .flags = BY_VERB | LINES | HAS_MAX | OWN | ERASED, .max = 2000,
		.retention = AFTER_PROGRAM, .label = "Why somebody else" },
	{ 0 } };
COVERS(member_fields, struct match_member, 0);

/* Only staff learn of it, not the other side. What becomes of it is Rematch, End, or a talk. */
static int ask_for_change(struct call *call, const void *was, void *now)
{
	struct match_member *member = now;
	struct match *match;
	int r = load(call, &match_entity, member->match, (void **)&match);

	(void)was;
	if (!r && match->state != MATCH_ACCEPTED && match->state != MATCH_ACTIVE && match->state != MATCH_PAUSED)
		r = fail(call, E_STATE, "match", "the two do not work together");
	if (!r && ((const struct match_member *)was)->change_asked != NONE)
		r = fail(call, E_STATE, "change_asked", "this was asked already, and the coordinators have not answered yet");
	member->change_asked = call->now;
	return r ? r : tell_staff(call, "change-asked", match->program, match->id, &match_entity, match->id, call->now);
}

static int answer_change(struct call *call, const void *was, void *now)
{
	struct match_member *member = now;

	(void)was;
	if (member->change_asked == NONE)
		return fail(call, E_STATE, "change_asked", "nobody else is asked for");
	member->change_asked = NONE;
	member->change_reason = NULL;
	return 0;
}

static const struct verb member_verbs[] = { { "AskForChange", SELF, 0, KEEP, "change_reason", ask_for_change, "Ask for somebody else",
						    FOR_SOMEBODY, NULL, NULL, 0 },
	{ "AnswerChange", COORDINATOR, 0, KEEP, NULL, answer_change, "It is talked over", NEEDS_REASON, NULL, NULL, 0 }, { 0 } };

/* The role lasts from the offer to the end of the match; the row stays, so that nobody is ever staff over an own match. */
static const char member_grants[] = "SELECT 'match', mm.\"match\", CASE WHEN ma.\"state\" IN ('offered', " MATCH_TAKING
				    ") THEN mm.\"side\" ELSE '' END, NULL FROM \"match_member\" mm "
				    "JOIN \"match\" ma ON ma.\"id\" = mm.\"match\" WHERE mm.\"person\" = ?1 AND ?2 IS NOT NULL";

static const struct waiting member_waiting[] = {
	{ "offer to answer", SELF,
		"t.\"answer\" IS NULL AND (SELECT ma.\"state\" FROM \"match\" ma WHERE ma.\"id\" = t.\"match\") = 'offered' AND "
		"NOT EXISTS (SELECT 1 FROM \"program\" p JOIN \"match_member\" o ON o.\"match\" = t.\"match\" WHERE p.\"id\" = t.\"program\" AND "
		"o.\"answer\" IS NULL AND o.\"side\" <> t.\"side\" AND p.\"offer_order\" = o.\"side\" || ' first')",
		"(SELECT ma.\"offered_at\" FROM \"match\" ma WHERE ma.\"id\" = t.\"match\")",
		"(SELECT ma.\"answer_until\" FROM \"match\" ma WHERE ma.\"id\" = t.\"match\")" },
	{ "somebody else is asked for", COORDINATOR,
		"t.\"change_asked\" IS NOT NULL AND (SELECT ma.\"state\" FROM \"match\" ma WHERE ma.\"id\" = t.\"match\") IN (" MATCH_TAKING
		")",
		"t.\"change_asked\"", NULL },
	{ 0 }
};

const struct entity match_member_entity = { .name = "match_member",
	.collection = "match_members",
	.size = sizeof(struct match_member),
	.fields = member_fields,
	.verbs = member_verbs,
	.unique = "match participant",
	.grants = member_grants,
	.retention = AFTER_PROGRAM,
	.label = "Match member",
	.help = "One side of a match, and its answer.",
	.order = "name",
	.waiting = member_waiting,
	.about = NAMES_OF_MATCH("t.\"match\"") };
