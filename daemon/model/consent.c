/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Consents, and who may give them for a minor.
 *
 * Each purpose is asked alone, of one giver: of the person, and for a minor of a guardian, too. A consent counts with evidence only: the
 * link that was answered, the login, or what staff wrote down of a paper. A guardian's contact never comes from the minor: staff enter it,
 * and somebody of the staff who is neither of the two verifies it. Before that a guardian is asked for nothing. When the minor comes of
 * age guardianships end, and the own consent is what counts.
 */
#include "core/date.h"
#include "core/zone.h"
#include "model.h"

/* ---- guardianship ---- */

static const char *const guard_states[] = { "claimed", "verified", "ended", NULL };
static const char *const relations[] = { "parent", "legal guardian", "foster parent", "other", NULL };
static const char *const sources[] = { "registration", "school records", "the guardian", NULL };

static const struct field guard_fields[] = { ID_AND_VERSION(struct guardianship, .anchor = NO_ANCHOR),
	{ AS_INT(struct guardianship, program, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct guardianship, minor, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "person", .anchor = AT_PERSON,
		.label = "Minor" },
	{ AS_INT(struct guardianship, guardian, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED, .to = "person", .label = "Guardian" },
	{ AS_INT(struct guardianship, relation, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = relations, .starts = true,
		.label = "Relation" },
	{ AS_INT(struct guardianship, source, CHOICE, STAFF), .flags = REQUIRED | FROZEN, .choices = sources,
		.label = "Where the contact comes from" },
	{ AS_TEXT(struct guardianship, verified_how, STAFF), .flags = BY_VERB | HAS_MAX | ERASED, .max = 400, .retention = AFTER_PROGRAM,
		.label = "How it was verified" },
	{ AS_INT(struct guardianship, verified_by, NUMBER, STAFF), .flags = BY_VERB, .label = "Verified by the person with the number" },
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
	const struct guardianship *g = now;
	struct person *minor;
	int r = load(call, &person_entity, g->minor, (void **)&minor);

	(void)was;
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

static int end_guard(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &guardianship_entity, *(int64_t *)record, "End", NULL, 0);
}

int guardians_end(struct call *call, int64_t minor)
{
	return each(call, &guardianship_entity, end_guard, NULL, "\"minor\" = ?1 AND \"state\" <> 'ended'", VALUES(minor));
}

#define G(x) IN(GUARDIANSHIP_##x)
static const struct verb guard_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", guard_create, "Enter a guardian", ON_COLLECTION, NULL,
						   NULL, 0 },
	{ "Verify", COORDINATOR | SAFEGUARDING, G(CLAIMED), G(VERIFIED), "verified_how", guard_verify, "It is true", 0, NULL, NULL, 0 },
	{ "End", COORDINATOR | SAFEGUARDING | SYSTEM, G(CLAIMED) | G(VERIFIED), G(ENDED), NULL, NULL, "It holds no more", 0, NULL, NULL,
		0 },
	{ 0 } };

const struct entity guardianship_entity = { .name = "guardianship",
	.collection = "guardianships",
	.size = sizeof(struct guardianship),
	.fields = guard_fields,
	.verbs = guard_verbs,
	.check = guard_check,
	.unique = "program minor guardian",
	.retention = AFTER_PROGRAM,
	.label = "Guardianship",
	.help = "Who may consent for a minor, once it was verified.",
	.order = "state" };

/* ---- consent ---- */

static const char *const states[] = { "asked", "given", "refused", "withdrawn", "expired", NULL };
static const char *const ways[] = { "link", "login", "paper or by mouth", NULL };
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
	{ AS_INT(struct consent, way, CHOICE, STAFF), .flags = BY_VERB | OWN, .choices = ways, .label = "How" },
	{ AS_TEXT(struct consent, evidence, STAFF), .flags = BY_VERB | HAS_MAX | OWN | ERASED, .max = 400, .retention = AFTER_PROGRAM,
		.label = "Evidence" },
	{ AS_INT(struct consent, asked_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | OWN, .starts = true, .label = "Asked" },
	{ AS_INT(struct consent, answered_at, INSTANT, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Answered" },
	{ AS_INT(struct consent, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct consent, 0);

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
	struct person *person;
	int r = load(call, &person_entity, consent->person, (void **)&person);
	int64_t verified = 1;

	(void)was;
	if (!r && consent->giver != consent->person)
		r = ask(call, "SELECT count(*) FROM \"guardianship\" WHERE \"minor\" = ?1 AND \"guardian\" = ?2 AND \"state\" = 'verified'",
			VALUES(consent->person, consent->giver), &verified);
	if (r)
		return r;
	if (!verified)
		return fail(call, E_STATE, "giver", "the guardianship has ended");
	if (consent->ends != NONE && consent->ends < today(call))
		return fail(call, E_STATE, "ends", "the time for which this was asked is over");
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

static int again(struct call *call, const void *was, void *now)
{
	const struct consent *consent = was;

	(void)now;
	return tell(call, "consent-asked", consent->giver, consent->program, NONE, &consent_entity, consent->id, call->now);
}

static int changed(struct call *call, const void *before, const void *after)
{
	const struct consent *was = before, *now = after;
	int64_t at;
	int r = 0;

	if (!now)
		return 0;
	if (!was)
		return tell(call, "consent-asked", now->giver, now->program, NONE, &consent_entity, now->id, NONE);
	if (was->state == now->state)
		return 0;
	if (now->state == CONSENT_GIVEN && now->ends != NONE) {
		at = (now->ends + 1) * 86400;
		r = plan(call, "consent expiring", now->id, at, NULL);
	} else if (was->state == CONSENT_GIVEN)
		r = unplan(call, "consent expiring", now->id);
	if (!r && now->state == CONSENT_WITHDRAWN) /* staff end what rests on it, and talk with who took it back */
		r = tell_staff(call, "consent-withdrawn", now->program, NONE, &consent_entity, now->id, call->now);
	return r;
}

static int expire(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct consent *consent;
	int r = load(call, &consent_entity, subject, (void **)&consent);

	(void)nominal;
	(void)cursor;
	return r || consent->state != CONSENT_GIVEN ? r : perform_also(call, &consent_entity, subject, "Expire", NULL, 0);
}

#define S(x) IN(CONSENT_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", ask_it, "Ask for a consent", ON_COLLECTION, NULL, NULL, 0 },
	{ "Give", SELF, S(ASKED) | S(REFUSED), S(GIVEN), "evidence", give, "Agree", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Refuse", SELF, S(ASKED), S(REFUSED), "evidence", refuse, "Do not agree", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Withdraw", SELF, S(GIVEN), S(WITHDRAWN), "evidence", withdraw, "Take it back", FOR_SOMEBODY, NULL, NULL, 0 },
	{ "Remind", COORDINATOR, S(ASKED), KEEP, NULL, again, "Ask again, with a new link", 0, NULL, NULL, 0 },
	{ "Expire", SYSTEM, S(GIVEN), S(EXPIRED), NULL, NULL, "Its time is over", 0, NULL, NULL, 0 }, { 0 } };

static const struct job jobs[] = { { "consent expiring", NULL, RUN_ONCE_LATE, 0, expire, "A consent ends", 0, "consent" }, { 0 } };

static const struct waiting waiting[] = { { "consent to answer", SELF, "t.\"state\" = 'asked'", "t.\"asked_at\"", NULL }, { 0 } };

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
