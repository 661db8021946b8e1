/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Participants: a person in a program, as mentor or mentee.
 *
 * Accept goes straight to ready while no check or module is open. Places are counted, never kept: taken are the
 * matches accepted, active, paused or closing; an offer takes none. When a participant leaves, their pairs are ended one by one
 * and the other sides are ready again with priority in the next run.
 */
#include <string.h>

#include "model.h"

static const char *const states[] = { "applied", "screening", "accepted", "training", "ready", "completed", "waitlisted", "paused",
	"rejected", "withdrawn", NULL };
static const char *const roles[] = { "mentor", "mentee", NULL };

#define TAKEN \
	"(SELECT count(*) FROM \"match_member\" mm JOIN \"match\" ma ON ma.\"id\" = mm.\"match\" WHERE mm.\"participant\" = t.\"id\" " \
	"AND ma.\"state\" IN (" MATCH_TAKING "))"
static const struct field fields[] = { ID_AND_VERSION(struct participant, .anchor = NO_ANCHOR),
	{ AS_INT(struct participant, program, LINK, MEMBER), .flags = REQUIRED | FROZEN | KEY | OWN | LEADS, .to = "program",
		.anchor = AT_PROGRAM, .label = "Program" },
	{ AS_INT(struct participant, person, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | KEY | OWN | LEADS, .to = "person",
		.anchor = AT_PERSON, .label = "Person" },
	{ AS_TEXT(struct participant, name, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LABEL | LISTED | ERASED | OWN,
		.copies = "person.name", .retention = AFTER_PROGRAM, .label = "Name" },
	{ AS_INT(struct participant, role, CHOICE, MEMBER), .flags = REQUIRED | FROZEN | SORTED | LISTED | KEY | OWN, .choices = roles,
		.label = "Role" },
	{ AS_INT(struct participant, capacity, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | OWN | OWN_SET, .max = 50,
		.starts = true, .initial = 1, .label = "Places" },
	{ AS_TEXT(struct participant, motivation, STAFF), .flags = HAS_MAX | LINES | ERASED | OWN | OWN_SET, .max = 4000,
		.retention = AFTER_PROGRAM, .label = "Motivation" },
	{ AS_TEXT(struct participant, leave_reason, STAFF), .flags = BY_VERB | LINES | HAS_MAX | OWN | ERASED, .max = 1000,
		.retention = AFTER_PROGRAM, .label = "Why they left" },
	{ AS_INT(struct participant, priority, NUMBER, STAFF), .flags = BY_VERB | REQUIRED, .starts = true,
		.label = "First in the next run" },
	{ AS_INT(struct participant, paused_in, CHOICE, STAFF), .flags = BY_VERB | HIDDEN, .choices = states,
		.label = "State before the pause" },
	{ AS_INT(struct participant, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ AS_INT(struct participant, state_since, INSTANT, STAFF), .flags = BY_VERB | OWN, .label = "In this state since" },
	{ .name = "taken", .kind = NUMBER, .privacy = STAFF, .flags = LISTED | OWN, .computed = TAKEN, .label = "Places taken" },
	{ .name = "free",
		.kind = NUMBER,
		.privacy = STAFF,
		.flags = OWN,
		.computed = "(t.\"capacity\" - " TAKEN ")",
		.label = "Places free" },
	{ 0 } };
COVERS(fields, struct participant, 2);

/* Names of others are for staff and for the other side of a match; a member of the program alone sees none. */
static const unsigned readers[SEALED] = {
	[PUBLIC] = ANYONE,
	[MEMBER] = MENTEE | MENTOR | GUARDIAN | COORDINATOR | OBSERVER | SAFEGUARDING | PROTECTION | CONFIDANT,
	[PAIR] = MENTEE | MENTOR | CONFIDANT,
	[STAFF] = COORDINATOR | CONFIDANT,
};

static int check(struct call *call, const void *record)
{
	const struct participant *p = record;

	if (p->role == SIDE_MENTEE && p->capacity > 1)
		return fail(call, E_INVALID, "capacity", "a mentee has one place");
	return 0;
}

static int participant_apply(struct call *call, const void *was, void *now)
{
	struct program *program;
	struct person *person;
	int r = load(call, &program_entity, ((struct participant *)now)->program, (void **)&program);

	(void)was;
	if (!r)
		r = load(call, &person_entity, ((struct participant *)now)->person, (void **)&person);
	if (r)
		return r;
	if (person->state != PERSON_ACTIVE)
		return fail(call, E_STATE, "person", "this person is not active");
	if (program->state == PROGRAM_CLOSED || program->state == PROGRAM_ARCHIVED || program->state == PROGRAM_CLOSING)
		return fail(call, E_STATE, "program", "the program takes nobody any more");
	if (program->state == PROGRAM_DRAFT && !(call->roles & COORDINATOR) && call->caller->way == BY_BUS)
		return fail(call, E_STATE, "program", "the program is not open yet");
	return 0;
}

static int participant_accept(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	((struct participant *)now)->state = PARTICIPANT_READY;
	return 0;
}

struct leaving {
	const char *word;
	int64_t participant;
};

static int end_match(struct call *call, void *record, void *data)
{
	const struct match *match = record;
	const struct leaving *leaving = data;
	struct arg reason = { "close_reason", { .type = V_TEXT, .text = leaving->word } };

	if (match->state == MATCH_PROPOSED || match->state == MATCH_OFFERED)
		return perform_also(call, &match_entity, match->id, "Withdraw", NULL, 0);
	return perform_also(call, &match_entity, match->id, "End", &reason, 1);
}

int participant_leaves(struct call *call, const struct participant *p, const char *word)
{
	struct leaving leaving = { word, p->id };

	return each(call, &match_entity, end_match, &leaving,
		"\"id\" IN (SELECT \"match\" FROM \"match_member\" WHERE \"participant\" = ?1) "
		"AND \"state\" IN ('proposed', 'offered', " MATCH_TAKING ")",
		VALUES(p->id));
}

static int participant_withdraw(struct call *call, const void *was, void *now)
{
	struct participant *p = now;

	(void)was;
	p->leave_reason = reason_given(call);
	return participant_leaves(call, p, p->role == SIDE_MENTOR ? "mentor left" : "mentee left");
}

static int participant_readmit(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	((struct participant *)now)->leave_reason = NULL;
	return 0;
}

static int participant_pause(struct call *call, const void *was, void *now)
{
	(void)call;
	((struct participant *)now)->paused_in = ((const struct participant *)was)->state;
	return 0;
}

/* A pause is no way past what stands open: they go on where they stopped, and not without a consent that was taken back. */
static int participant_resume(struct call *call, const void *was, void *now)
{
	struct participant *p = now;
	struct person *person;
	int64_t took_back = 0;
	int r = load(call, &person_entity, p->person, (void **)&person);

	(void)was;
	if (!r)
		r = ask(call, "SELECT " TOOK_BACK("?1", "?2"), VALUES(p->program, p->person), &took_back);
	if (r)
		return r;
	if (person->state != PERSON_ACTIVE)
		return fail(call, E_STATE, "person", "this person is not active");
	if (took_back)
		return fail(call, E_STATE, "person", "the consent to take part was taken back or has ended; ask for it anew");
	p->state = p->paused_in == NONE ? PARTICIPANT_ACCEPTED : p->paused_in;
	p->paused_in = NONE;
	return 0;
}

static int participant_prioritise(struct call *call, const void *was, void *now)
{
	(void)call;
	((struct participant *)now)->priority = ((const struct participant *)was)->priority + 1;
	return 0;
}

static int participant_served(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	((struct participant *)now)->priority = 0;
	return 0;
}

#define S(x) IN(PARTICIPANT_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR | SELF, 0, KEEP, "*", participant_apply, "Apply", ON_COLLECTION, NULL, NULL,
					     0 },
	{ "Update", COORDINATOR | SELF, S(APPLIED) | S(SCREENING) | S(ACCEPTED) | S(TRAINING) | S(READY) | S(WAITLISTED) | S(PAUSED), KEEP,
		"*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Screen", COORDINATOR, S(APPLIED) | S(WAITLISTED), S(SCREENING), NULL, NULL, "Look into the application", 0, NULL, NULL, 0 },
	{ "Accept", COORDINATOR, S(APPLIED) | S(SCREENING) | S(WAITLISTED), S(ACCEPTED) | S(TRAINING) | S(READY), NULL, participant_accept,
		"Accept", 0, NULL, NULL, 0 },
	{ "Waitlist", COORDINATOR, S(APPLIED) | S(SCREENING), S(WAITLISTED), NULL, NULL, "Put on the waiting list", 0, NULL, NULL, 0 },
	{ "Reject", COORDINATOR, S(APPLIED) | S(SCREENING) | S(WAITLISTED), S(REJECTED), NULL, NULL, "Reject", NEEDS_REASON, NULL, NULL,
		0 },
	{ "Withdraw", COORDINATOR | SELF, S(APPLIED) | S(SCREENING) | S(ACCEPTED) | S(TRAINING) | S(READY) | S(WAITLISTED) | S(PAUSED),
		S(WITHDRAWN), NULL, participant_withdraw, "Leave", DESTRUCTIVE | FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Readmit", COORDINATOR, S(WITHDRAWN) | S(REJECTED), S(APPLIED), NULL, participant_readmit, "Readmit", 0, NULL, NULL, 0 },
	{ "Pause", COORDINATOR | SELF, S(ACCEPTED) | S(TRAINING) | S(READY), S(PAUSED), NULL, participant_pause, "Pause", FOR_SOMEBODY,
		NULL, NULL, 0 },
	{ "Resume", COORDINATOR | SELF, S(PAUSED), S(ACCEPTED) | S(TRAINING) | S(READY), NULL, participant_resume, "Go on", FOR_SOMEBODY,
		NULL, NULL, 0 },
	{ "Complete", COORDINATOR, S(READY), S(COMPLETED), NULL, NULL, "Has completed", 0, NULL, NULL, 0 },
	{ "Prioritise", SYSTEM, 0, KEEP, NULL, participant_prioritise, "First in the next run", 0, NULL, NULL, 0 },
	{ "Served", SYSTEM, 0, KEEP, NULL, participant_served, "Has a match", 0, NULL, NULL, 0 }, { 0 } };

static const char grants[] = "SELECT 'program', \"program\", 'participant', NULL FROM \"participant\" WHERE \"person\" = ?1 AND "
			     "\"state\" IN ('accepted', 'training', 'ready', 'paused') AND ?2 IS NOT NULL";

#define NOW_READY \
	"t.\"state\" = 'ready' AND t.\"role\" = 'mentee' AND NOT EXISTS (SELECT 1 FROM \"match_member\" mm JOIN \"match\" ma ON " \
	"ma.\"id\" = mm.\"match\" WHERE mm.\"participant\" = t.\"id\" AND ma.\"state\" IN ('proposed', 'offered', " MATCH_TAKING \
	", 'completed'))"
/* Since they are ready, or since the last match of theirs came to nothing. */
#define READY_SINCE \
	"max(t.\"state_since\", coalesce((SELECT max(ma.\"state_since\") FROM \"match_member\" mm JOIN \"match\" ma ON " \
	"ma.\"id\" = mm.\"match\" WHERE mm.\"participant\" = t.\"id\"), 0))"
static const struct waiting waiting[] = { { "application to decide", COORDINATOR, "t.\"state\" IN ('applied', 'screening')",
						  "t.\"state_since\"", NULL },
	{ "mentee without mentor", COORDINATOR, NOW_READY, READY_SINCE, NULL },
	/* who cannot be matched before they and a guardian agreed */
	{ "minor without consents", COORDINATOR, "t.\"state\" = 'ready' AND " MINOR_LACKS("t.\"program\"", "t.\"person\""),
		"t.\"state_since\"", NULL },
	{ 0 } };

const struct entity participant_entity = { .name = "participant",
	.collection = "participants",
	.size = sizeof(struct participant),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.unique = "program person role",
	.grants = grants,
	.readers = readers,
	.retention = AFTER_PROGRAM,
	.label = "Participant",
	.help = "A person in a program, as mentor or mentee.",
	.order = "name",
	.waiting = waiting };
