/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Consents, and who may give them for a minor.
 *
 * Each purpose is asked alone, of one giver: of the person, and for a minor of a guardian, too. A consent counts with evidence only: the
 * link that was answered, the login, or what staff wrote down of a paper. A guardian's contact never comes from the minor: staff enter it,
 * and somebody of the staff who is neither of the two verifies it. Before that a guardian is asked for nothing. When the minor comes of
 * age guardianships end, and the own consent is what counts.
 *
 * One that holds until a day ends with that day where the person lives. Two weeks before, whoever gave it is asked whether they renew it,
 * for as long as it was given for. When a consent to take part is taken back or ends, or for a minor was that of somebody who is guardian no
 * more, their pairs pause, and what is offered is withdrawn, in the same call: nobody has to be there for that. An adult pauses as a
 * participant, too. Going on is a coordinator's decision.
 *
 * A consent to share one's address that comes after the introduction tells the other side the address then.
 */
#include "core/date.h"
#include "core/settings.h"
#include "core/zone.h"
#include "model.h"
#include "page_words.h"

#define OF_PERSON "\"program\" = ?1 AND \"id\" IN (SELECT \"match\" FROM \"match_member\" WHERE \"person\" = ?2) AND \"state\" "

static int pairs_pause(struct call *call, int64_t program, int64_t person)
{
	int64_t lacks;
	int r = ask(call, "SELECT " PART_LACKS("?1", "?2"), VALUES(program, person), &lacks);

	if (r || !lacks)
		return r;
	r = perform_each(call, &match_entity, "Interrupt", OF_PERSON "= 'active'", VALUES(program, person));
	if (!r)
		r = perform_each(call, &match_entity, "Withdraw", OF_PERSON "IN ('proposed', 'offered')", VALUES(program, person));
	/* of a minor, who stays ready, the agenda shows which consents are missing */
	return r ? r
		 : perform_each(call, &participant_entity, "Pause",
			   "\"program\" = ?1 AND \"person\" = ?2 AND \"state\" IN ('accepted', 'training', 'ready') AND \"person\" IN "
			   "(SELECT \"id\" FROM \"person\" WHERE NOT \"minor\")",
			   VALUES(program, person));
}

/* ---- guardianship ---- */

static const char *const guard_states[] = { "claimed", "verified", "ended", NULL };
static const char *const relations[] = { "parent", "legal guardian", "foster parent", "other", NULL };
static const char *const sources[] = { "registration", "school records", "the guardian", NULL };

static const struct field guard_fields[] = { ID_AND_VERSION(struct guardianship, .anchor = NO_ANCHOR),
	{ AS_INT(struct guardianship, program, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct guardianship, minor, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "person", .anchor = AT_PERSON,
		.label = "Minor" },
	{ AS_INT(struct guardianship, guardian, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | INDEXED, .to = "person",
		.label = "Guardian" },
	{ AS_INT(struct guardianship, relation, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = relations, .starts = true,
		.label = "Relation" },
	{ AS_INT(struct guardianship, source, CHOICE, STAFF), .flags = REQUIRED | FROZEN, .choices = sources,
		.label = "Where the contact comes from" },
	{ AS_TEXT(struct guardianship, verified_how, STAFF), .flags = BY_VERB | HAS_MAX | ERASED, .max = 400, .retention = AFTER_PROGRAM,
		.label = "How it was verified" },
	{ AS_INT(struct guardianship, verified_by, NUMBER, STAFF), .flags = BY_VERB, .label = "Verified by the person with the number" },
	{ AS_INT(struct guardianship, entered_at, INSTANT, STAFF), .flags = BY_VERB, .label = "Entered" },
	{ AS_INT(struct guardianship, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = guard_states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(guard_fields, struct guardianship, 0);

static int guard_check(struct call *call, const void *record)
{
	const struct guardianship *g = record;

	return g->minor == g->guardian ? fail(call, E_INVALID, "guardian", "nobody is their own guardian") : 0;
}

static int guard_create(struct call *call, const void *was, void *now)
{
	struct guardianship *g = now;
	struct person *minor;
	int r = load(call, &person_entity, g->minor, (void **)&minor);

	(void)was;
	g->entered_at = call->now;
	if (r)
		return r;
	return minor->minor ? 0 : fail(call, E_STATE, "minor", "this person is of age and needs no guardian");
}

static int guard_verify(struct call *call, const void *was, void *now)
{
	struct guardianship *g = now;

	(void)was;
	if (!g->verified_how || !*g->verified_how)
		return fail(
			call, E_INVALID, "verified_how", "say how it was verified, such as a call at the number in the school's records");
	if (call->caller->person == g->guardian || call->caller->person == g->minor)
		return fail(call, E_DENIED, NULL, "somebody else of the staff verifies this");
	g->verified_by = call->caller->person;
	return tell(call, "guardian-told", g->guardian, g->program, NONE, &guardianship_entity, g->id, NONE);
}

static int guard_changed(struct call *call, const void *was, const void *now)
{
	const struct guardianship *g = now;

	return was && g && g->state == GUARDIANSHIP_ENDED ? pairs_pause(call, g->program, g->minor) : 0;
}

int guardians_end(struct call *call, int64_t minor)
{
	return perform_each(call, &guardianship_entity, "End", "\"minor\" = ?1 AND \"state\" <> 'ended'", VALUES(minor));
}

#define G(x) IN(GUARDIANSHIP_##x)
static const struct verb guard_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", guard_create, "Enter a guardian", ON_COLLECTION, NULL,
						   NULL, 0 },
	{ "Verify", COORDINATOR | SAFEGUARDING, G(CLAIMED), G(VERIFIED), "verified_how", guard_verify, "It is true", 0, NULL, NULL, 0 },
	{ "End", COORDINATOR | SAFEGUARDING | SYSTEM, G(CLAIMED) | G(VERIFIED), G(ENDED), NULL, NULL, "It holds no more", 0, NULL, NULL,
		0 },
	{ 0 } };

/* Whoever looks after the safety of minors knows who their guardians are. */
static const unsigned guard_readers[SEALED] = { [STAFF] = COORDINATOR | SAFEGUARDING | PROTECTION };

static const struct waiting guard_waiting[] = {
	{ "guardian to verify", COORDINATOR | SAFEGUARDING, "t.\"state\" = 'claimed'", "t.\"entered_at\"", NULL }, { 0 }
};

const struct entity guardianship_entity = { .name = "guardianship",
	.collection = "guardianships",
	.size = sizeof(struct guardianship),
	.fields = guard_fields,
	.verbs = guard_verbs,
	.check = guard_check,
	.changed = guard_changed,
	.readers = guard_readers,
	.unique = "program minor guardian",
	.retention = AFTER_PROGRAM,
	.label = "Guardianship",
	.help = "Who may consent for a minor, once it was verified.",
	.order = "state",
	.waiting = guard_waiting };

/* ---- consent ---- */

static const char *const states[] = { "asked", "given", "refused", "withdrawn", "expired", NULL };
static const char *const ways[] = { "link", "login", "paper or by mouth", NULL };
enum {
	TO_TAKE_PART,
	TO_SHARE_CONTACT
};
const char *const consent_purposes[] = { "take part", "share contact", "evaluation", "academic data", "testimonial", "photo", "recognition",
	NULL };

static const struct field fields[] = { ID_AND_VERSION(struct consent, .anchor = NO_ANCHOR),
	{ AS_INT(struct consent, program, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | OWN, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct consent, person, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "person", .label = "Whose" },
	{ AS_INT(struct consent, giver, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Who is asked" },
	{ AS_INT(struct consent, purpose, CHOICE, STAFF), .flags = REQUIRED | FROZEN | LISTED | OWN, .choices = consent_purposes,
		.label = "To what" },
	{ AS_TEXT(struct consent, wording, STAFF), .flags = FROZEN | LINES | HAS_MAX | OWN | ERASED, .max = 4000,
		.retention = AFTER_PROGRAM, .label = "What it says" },
	{ AS_INT(struct consent, ends, DATE, STAFF), .flags = OWN, .label = "Holds until" },
	{ AS_INT(struct consent, days, NUMBER, STAFF), .flags = BY_VERB | OWN, .unit = "days", .label = "Given for" },
	{ AS_INT(struct consent, way, CHOICE, STAFF), .flags = BY_VERB | OWN, .choices = ways, .label = "How" },
	{ AS_TEXT(struct consent, evidence, STAFF), .flags = BY_VERB | HAS_MAX | OWN | ERASED, .max = 400, .retention = AFTER_PROGRAM,
		.label = "Evidence" },
	{ AS_INT(struct consent, asked_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | OWN, .starts = true, .label = "Asked" },
	{ AS_INT(struct consent, answered_at, INSTANT, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Answered" },
	{ AS_INT(struct consent, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct consent, 0);

/* ---- until when ---- */

enum {
	ASKED_AHEAD = 14 /* days before its end from which on a consent can be renewed */
};

static int zone_of_whose(struct call *call, const struct consent *consent, const char **ret)
{
	struct program *program;
	int r = load(call, &program_entity, consent->program, (void **)&program);

	return r ? r : zone_for(call, consent->person, program, ret);
}

/* The start of a day where the person lives. */
static int day_begins(struct call *call, const struct consent *consent, int64_t day, const char **ret_zone, int64_t *ret)
{
	int r = zone_of_whose(call, consent, ret_zone);

	if (!r)
		zone_instant(zone_of(call, *ret_zone), day * DAY, ret);
	return r;
}

int consent_over(struct call *call, const struct consent *consent, int64_t *ret)
{
	const char *zone;

	*ret = NONE;
	return consent->ends == NONE ? 0 : day_begins(call, consent, consent->ends + 1, &zone, ret);
}

int consent_renewable(struct call *call, const struct consent *consent, int64_t *ret_until)
{
	const char *zone;
	int64_t from, over;
	int r;

	*ret_until = NONE;
	if (consent->state != CONSENT_GIVEN || consent->ends == NONE || consent->days == NONE)
		return 0;
	r = day_begins(call, consent, consent->ends + 1 - ASKED_AHEAD, &zone, &from);
	if (!r)
		r = consent_over(call, consent, &over);
	if (!r && call->now >= from && call->now < over)
		*ret_until = consent->ends + consent->days;
	return r;
}

/* What is to happen while it holds: whoever gave it is asked once whether they renew it, where there is time for that; then it ends. */
static int plan_end(struct call *call, const struct consent *consent)
{
	const char *zone;
	int64_t ahead, over;
	int r = unplan(call, "consent ending", consent->id);

	if (!r)
		r = unplan(call, "consent expiring", consent->id);
	if (r || consent->state != CONSENT_GIVEN || consent->ends == NONE)
		return r;
	r = day_begins(call, consent, consent->ends + 1, &zone, &over);
	if (!r)
		r = plan(call, "consent expiring", consent->id, over, zone);
	if (!r)
		r = day_begins(call, consent, consent->ends + 1 - ASKED_AHEAD, &zone, &ahead);
	return r || ahead <= call->now ? r : plan(call, "consent ending", consent->id, ahead, zone);
}

/* ---- asking and answering ---- */

struct asking {
	const struct consent *consent;
	bool already;
};

static int see_same(struct call *call, void *record, void *data)
{
	const struct consent *other = record;
	struct asking *asking = data;

	(void)call;
	asking->already |= other->purpose == asking->consent->purpose;
	return 0;
}

static int ask_it(struct call *call, const void *was, void *now)
{
	struct consent *consent = now;
	struct asking asking = { consent, false };
	int64_t verified = 1;
	int r = each(call, &consent_entity, see_same, &asking,
		"\"program\" = ?1 AND \"person\" = ?2 AND \"giver\" = ?3 AND \"state\" IN ('asked', 'given')",
		VALUES(consent->program, consent->person, consent->giver));

	(void)was;
	if (!r && consent->ends != NONE && consent->ends < today(call))
		return fail(call, E_INVALID, "ends", "must not lie in the past");
	if (!r && asking.already)
		return fail(call, E_STATE, "purpose", "this is asked already, or was given");
	if (!r && consent->giver != consent->person)
		r = ask(call, "SELECT count(*) FROM \"guardianship\" WHERE \"minor\" = ?1 AND \"guardian\" = ?2 AND \"state\" = 'verified'",
			VALUES(consent->person, consent->giver), &verified);
	if (r)
		return r;
	if (!verified)
		return fail(call, E_STATE, "giver",
			"a consent is given by the person, or by a guardian who was verified; verify the guardianship first");
	consent->asked_at = call->now;
	return 0;
}

static int answered(struct call *call, struct consent *consent)
{
	bool own = call->options.for_person == NONE;

	if (!own && (!consent->evidence || !*consent->evidence))
		return fail(call, E_INVALID, "evidence",
			"say what there is of it, such as where the signed paper lies: without evidence it does not count");
	consent->way = !own ? CONSENT_OTHERWISE : call->caller->way == BY_LINK ? CONSENT_BY_LINK : CONSENT_BY_LOGIN;
	if (own)
		consent->evidence = arena_copy(
			call->arena, consent->way == CONSENT_BY_LINK ? "by the link in our mail" : "by the own login");
	consent->answered_at = call->now;
	return 0;
}

static int give(struct call *call, const void *was, void *now)
{
	struct consent *consent = now;
	const char *zone;
	int64_t verified = 1;
	int r = zone_of_whose(call, consent, &zone);

	(void)was;
	if (!r && consent->giver != consent->person)
		r = ask(call, "SELECT count(*) FROM \"guardianship\" WHERE \"minor\" = ?1 AND \"guardian\" = ?2 AND \"state\" = 'verified'",
			VALUES(consent->person, consent->giver), &verified);
	if (r)
		return r;
	if (!verified)
		return fail(call, E_STATE, "giver", "the guardianship has ended");
	if (consent->ends != NONE) {
		consent->days = consent->ends + 1 - today_in(call, zone);
		if (consent->days <= 0)
			return fail(call, E_STATE, "ends", "the time for which this was asked is over");
	}
	return answered(call, consent);
}

/* For as long again as it was given for, from its end on. */
static int renew(struct call *call, const void *was, void *now)
{
	struct consent *consent = now;
	int64_t until;
	int r = consent_renewable(call, was, &until);

	if (r)
		return r;
	if (until == NONE)
		return fail(call, E_STATE, "ends",
			consent->ends == NONE ? "this has no end, so there is nothing to renew"
					      : "this can be renewed in the last 14 days before its end");
	consent->ends = until;
	return answered(call, consent);
}

static int refuse(struct call *call, const void *was, void *now)
{
	(void)was;
	return answered(call, now);
}

static int withdraw(struct call *call, const void *was, void *now)
{
	(void)was;
	return answered(call, now);
}

/* ---- an address that may be told from now on ---- */

static int tell_address(struct call *call, void *record, void *data)
{
	const struct match_member *other = record;
	const struct consent *consent = data;

	return tell(call, "match-address", other->person, consent->program, other->match, &match_entity, other->match, consent->id);
}

/* Whose introduction has left without it. What has not left yet will have it, and of or to a minor nothing is told. */
static int address_allowed(struct call *call, struct consent *consent)
{
	struct program *program;
	int r = load(call, &program_entity, consent->program, (void **)&program);

	return r || program->contact != CONTACT_ADDRESSES
		? r
		: each(call, &match_member_entity, tell_address, consent,
			  "\"person\" <> ?2 AND \"match\" IN (SELECT ma.\"id\" FROM \"match\" ma JOIN \"match_member\" own ON own.\"match\" = "
			  "ma.\"id\" WHERE own.\"person\" = ?2 AND ma.\"program\" = ?1 AND ma.\"state\" = 'active') AND NOT EXISTS (SELECT 1 FROM "
			  "\"person\" pe WHERE pe.\"id\" IN (?2, \"match_member\".\"person\") AND pe.\"minor\") AND EXISTS (SELECT 1 FROM "
			  "\"message\" me WHERE me.\"person\" = \"match_member\".\"person\" AND me.\"template_name\" = 'match-started' AND "
			  "me.\"about_id\" = \"match_member\".\"match\" AND me.\"state\" IN ('sending', 'sent'))",
			  VALUES(consent->program, consent->person));
}

static int again(struct call *call, const void *was, void *now)
{
	const struct consent *consent = was;

	(void)now;
	return tell(call, "consent-asked", consent->giver, consent->program, NONE, &consent_entity, consent->id, call->now);
}

static int changed(struct call *call, const void *before, const void *after)
{
	const struct consent *was = before, *now = after;
	struct consent shared;
	int r = 0;

	if (!now)
		return 0;
	if (!was)
		return tell(call, "consent-asked", now->giver, now->program, NONE, &consent_entity, now->id, NONE);
	if (was->state != now->state || was->ends != now->ends)
		r = plan_end(call, now);
	if (r || was->state == now->state)
		return r;
	shared = *now;
	if (now->state == CONSENT_GIVEN && now->purpose == TO_SHARE_CONTACT)
		return address_allowed(call, &shared);
	/* staff end what rests on it, and talk with whose it was */
	if (now->state == CONSENT_WITHDRAWN || now->state == CONSENT_EXPIRED)
		r = tell_staff(call, now->state == CONSENT_WITHDRAWN ? "consent-withdrawn" : "consent-expired", now->program, NONE,
			&consent_entity, now->id, call->now);
	return !r && was->state == CONSENT_GIVEN && now->purpose == TO_TAKE_PART ? pairs_pause(call, now->program, now->person) : r;
}

int consent_ask_contact(struct call *call, const struct program *program, int64_t person_id)
{
	struct consent *consent = fresh(call, &consent_entity);
	struct person *person;
	const char *language;
	int64_t before;
	int r = load(call, &person_entity, person_id, (void **)&person);

	if (r || program->contact != CONTACT_ADDRESSES || person->minor || !person->email)
		return r;
	r = ask(call,
		"SELECT count(*) FROM \"consent\" WHERE \"program\" = ?1 AND \"person\" = ?2 AND \"purpose\" = 'share contact' AND "
		"\"state\" <> 'expired'",
		VALUES(program->id, person_id), &before);
	if (r || before)
		return r;
	language = language_of(call, person);
	consent->program = program->id;
	consent->person = consent->giver = person_id;
	consent->purpose = TO_SHARE_CONTACT;
	consent->wording = arena_copy(call->arena, page_word(language, CONSENT_ADDRESS));
	consent->asked_at = call->now;
	return add(call, &consent_entity, consent);
}

/* ---- jobs ---- */

/* A job of before, which fell due where the institution is; or one whose person has moved since: it ends when it is over there. 1: later. */
static int too_early(struct call *call, const char *kind, const struct consent *consent, int64_t day)
{
	const char *zone;
	int64_t at;
	int r = day_begins(call, consent, day, &zone, &at);

	if (r || at <= call->now)
		return r;
	r = plan(call, kind, consent->id, at, zone);
	return r ? r : 1;
}

static int expire(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct consent *consent;
	int r = load(call, &consent_entity, subject, (void **)&consent);

	(void)nominal;
	(void)cursor;
	if (r || consent->state != CONSENT_GIVEN || consent->ends == NONE)
		return r;
	r = too_early(call, "consent expiring", consent, consent->ends + 1);
	if (r)
		return r < 0 ? r : 0;
	return perform_also(call, &consent_entity, subject, "Expire", NULL, 0);
}

static int ending(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct consent *consent;
	int64_t until;
	int r = load(call, &consent_entity, subject, (void **)&consent);

	(void)nominal;
	(void)cursor;
	if (!r)
		r = consent_renewable(call, consent, &until);
	return r || until == NONE
		? r
		: tell(call, "consent-ending", consent->giver, consent->program, NONE, &consent_entity, consent->id, consent->ends);
}

#define S(x) IN(CONSENT_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", ask_it, "Ask for a consent", ON_COLLECTION, NULL, NULL, 0 },
	{ "Give", SELF, S(ASKED) | S(REFUSED), S(GIVEN), "evidence", give, "Agree", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Refuse", SELF, S(ASKED), S(REFUSED), "evidence", refuse, "Do not agree", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Withdraw", SELF, S(GIVEN), S(WITHDRAWN), "evidence", withdraw, "Take it back", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Renew", SELF, S(GIVEN), KEEP, "evidence", renew, "Let it hold for as long again", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Remind", COORDINATOR, S(ASKED), KEEP, NULL, again, "Ask again, with a new link", 0, NULL, NULL, 0 },
	{ "Expire", SYSTEM, S(GIVEN), S(EXPIRED), NULL, NULL, "Its time is over", 0, NULL, NULL, 0 }, { 0 } };

static const struct job jobs[] = { { "consent expiring", NULL, RUN_ONCE_LATE, 0, expire, "A consent ends", 0, "consent" },
	{ "consent ending", NULL, RUN_ONCE_LATE, ASKED_AHEAD *DAY, ending, "A consent is to be renewed", 0, "consent" }, { 0 } };

static const struct waiting waiting[] = { { "consent to answer", SELF, "t.\"state\" = 'asked'", "t.\"asked_at\"", NULL },
	/* whoever does not answer about their address shares none, and nobody has to do anything */
	{ "consent not answered yet", COORDINATOR,
		"t.\"state\" = 'asked' AND t.\"purpose\" <> 'share contact' AND t.\"asked_at\" <= ?1 - 3 * 86400", "t.\"asked_at\"", NULL },
	{ 0 } };

const struct entity consent_entity = { .name = "consent",
	.collection = "consents",
	.size = sizeof(struct consent),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.changed = changed,
	.flags = RANDOM_ID,
	.retention = AFTER_PROGRAM,
	.label = "Consent",
	.help = "Who agreed to what; for a minor a guardian is asked, too.",
	.order = "state",
	.waiting = waiting };
