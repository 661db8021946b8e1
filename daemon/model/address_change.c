/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of an address: proposed by the person, by staff or by a file, and in force once somebody confirmed it from the new address.
 *
 * Whoever has an address gets the links to it, and acts by them; so nobody's word alone moves it. The new address is asked by a link of
 * its own, the old one is told, and may object: before the change that is its end; afterwards mail to the person stops, at both addresses, and
 * staff decide which of the two counts. A link at the old address never brings an address back by itself: a mailbox that was lost would then
 * take back whom it was lost to. With the change open links end, and what binds is not asked for three days.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/date.h"
#include "model.h"

static const char *const states[] = { "proposed", "in force", "withdrawn", "expired", "objected", "taken back", NULL };
static const char *const origins[] = { "the person", "staff", "a file", NULL };

enum {
	BY_PERSON,
	BY_STAFF,
	BY_FILE,
	WAITS = 7 * 86400, /* for its confirmation */
	RESTS = 72 * 3600, /* what binds, after it */
	A_DAY_AT_MOST = 3  /* by the person: each one is a mail to an address that nobody has looked at */
};

#define KEPT HAS_MAX | OWN | ERASED, .max = 254, .retention = WITH_PERSON
static const struct field fields[] = { ID_AND_VERSION(struct address_change, .anchor = NO_ANCHOR),
	{ AS_INT(struct address_change, program, LINK, STAFF), .flags = FROZEN | LISTED | OWN, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program whose staff look after it" },
	{ AS_INT(struct address_change, person, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | OWN, .to = "person",
		.anchor = AT_PERSON, .label = "Whose" },
	{ AS_TEXT(struct address_change, old, STAFF), .flags = BY_VERB | MAIL | KEPT, .label = "Address until then" },
	{ AS_TEXT(struct address_change, new, STAFF), .flags = REQUIRED | FROZEN | MAIL | LISTED | KEPT, .label = "New address" },
	{ AS_INT(struct address_change, origin, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | OWN, .choices = origins, .starts = true,
		.label = "Proposed by" },
	{ AS_INT(struct address_change, proposed_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .starts = true,
		.label = "Proposed" },
	{ AS_INT(struct address_change, expires_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | OWN, .starts = true,
		.label = "Can be confirmed until" },
	{ AS_INT(struct address_change, in_force_at, INSTANT, STAFF), .flags = BY_VERB | OWN, .label = "In force since" },
	{ AS_INT(struct address_change, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ AS_INT(struct address_change, state_since, INSTANT, STAFF), .flags = BY_VERB | OWN, .label = "In this state since" }, { 0 } };
COVERS(fields, struct address_change, 0);

static bool same_address(const char *a, const char *b)
{
	return a && b ? !strcasecmp(a, b) : a == b;
}

int address_used(struct call *call, int64_t person, bool *ret)
{
	int64_t used;
	int r = ask(call,
		"SELECT EXISTS (SELECT 1 FROM \"invitation\" WHERE \"person\" = ?1) OR EXISTS (SELECT 1 FROM \"message\" WHERE \"person\" = ?1 AND "
		"\"state\" IN ('sending', 'sent', 'failed')) OR EXISTS (SELECT 1 FROM \"address_change\" WHERE \"person\" = ?1)",
		VALUES(person), &used);

	*ret = !r && used == 1;
	return r;
}

int address_rests(struct call *call, int64_t person, int64_t *ret)
{
	int r = ask(call, "SELECT max(\"in_force_at\") FROM \"address_change\" WHERE \"person\" = ?1", VALUES(person), ret);

	*ret = r || *ret == NONE ? NONE : *ret + RESTS;
	return r;
}

char *address_hidden(struct arena *arena, const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at ? arena_print(arena, "%.*s***%s", *address & 0x80 ? 0 : 1, address, at) : NULL;
}

/* ---- proposing ---- */

static int withdraw_one(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &address_change_entity, ((const struct address_change *)record)->id, "Withdraw", NULL, 0);
}

static const char waiting_ones[] = "\"person\" = ?1 AND \"state\" = 'proposed'";

/* Whose staff see it: the program that was named, else one in which the person takes part, first one that the caller coordinates. */
static int find_program(struct call *call, struct address_change *change)
{
	if (change->program != NONE)
		return 0;
	return ask(call,
		"SELECT p.\"program\" FROM \"participant\" p WHERE p.\"person\" = ?1 AND p.\"state\" NOT IN ('rejected', 'withdrawn') ORDER BY "
		"EXISTS (SELECT 1 FROM \"duty\" d WHERE d.\"program\" = p.\"program\" AND d.\"person\" = ?2 AND d.\"duty\" = 'coordinator' AND "
		"d.\"state\" = 'appointed') DESC, p.\"id\" DESC LIMIT 1",
		VALUES(change->person, call->caller->person), &change->program);
}

/* Staff of one program propose for those who are in it, or are a guardian there. */
static int belongs(struct call *call, const struct address_change *change)
{
	int64_t there = 1;
	int r = 0;

	if (change->program != NONE && call->caller->person != change->person)
		r = ask(call,
			"SELECT EXISTS (SELECT 1 FROM \"participant\" WHERE \"program\" = ?1 AND \"person\" = ?2) OR EXISTS (SELECT 1 FROM "
			"\"guardianship\" WHERE \"program\" = ?1 AND \"guardian\" = ?2)",
			VALUES(change->program, change->person), &there);
	return r || there ? r : fail(call, E_STATE, "person", "this person has no part in that program");
}

static int not_too_often(struct call *call, const struct address_change *change)
{
	int64_t count = 0;
	int r = 0;

	if (change->origin == BY_PERSON)
		r = ask(call,
			"SELECT count(*) FROM \"address_change\" WHERE \"person\" = ?1 AND \"origin\" = 'the person' AND \"proposed_at\" > ?2",
			VALUES(change->person, call->now - DAY), &count);
	return r || count < A_DAY_AT_MOST
		? r
		: fail(call, E_LIMIT, "new", "%d addresses were proposed within a day; try again tomorrow", A_DAY_AT_MOST);
}

static int propose(struct call *call, const void *was, void *now)
{
	struct address_change *change = now;
	struct person *person;
	int64_t objected = 0;
	int r = load(call, &person_entity, change->person, (void **)&person);

	(void)was;
	if (r)
		return r;
	if (person->state == PERSON_ERASED)
		return fail(call, E_STATE, "person", "this person is erased");
	if (same_address(person->email, change->new))
		return fail(call, E_STATE, "new", "this is the address already");
	r = ask(call, "SELECT count(*) FROM \"address_change\" WHERE \"person\" = ?1 AND \"state\" = 'objected'", VALUES(change->person),
		&objected);
	if (!r && objected)
		r = fail(call, E_STATE, "person",
			"the old address objected to the last change; first decide which of the two counts (TakeBack, Uphold)");
	change->origin = call->caller->way == BY_WORKER                                  ? BY_FILE
		: call->caller->person != NONE && call->caller->person == change->person ? BY_PERSON
											 : BY_STAFF;
	if (!r)
		r = belongs(call, change);
	if (!r)
		r = find_program(call, change);
	if (!r)
		r = not_too_often(call, change);
	if (!r)
		r = each(call, &address_change_entity, withdraw_one, NULL, waiting_ones, VALUES(change->person));
	change->old = person->email;
	change->proposed_at = call->now;
	change->expires_at = call->now + WAITS;
	return r;
}

struct looking {
	const char *new;
	bool found;
};

static int see_waiting(struct call *call, void *record, void *data)
{
	struct looking *looking = data;

	(void)call;
	looking->found |= same_address(((const struct address_change *)record)->new, looking->new);
	return 0;
}

int address_propose(struct call *call, const struct person *person, char *new)
{
	struct looking looking = { new, false };
	struct address_change *change;
	int r = each(call, &address_change_entity, see_waiting, &looking, waiting_ones, VALUES(person->id));

	if (r || looking.found)
		return r;
	change = fresh(call, &address_change_entity);
	change->person = person->id;
	change->new = new;
	r = propose(call, NULL, change);
	if (!r)
		r = add(call, &address_change_entity, change);
	if (r && !strcmp(call->problem.field, "new"))
		snprintf(call->problem.field, sizeof call->problem.field, "email");
	return r;
}

/* ---- what becomes of it ---- */

static int set_address(struct call *call, int64_t person, const char *address)
{
	struct arg email = { "email", { .type = V_TEXT, .text = address } };

	return perform_also(call, &person_entity, person, "Readdress", &email, 1);
}

/* No login and no staff can do what the mailbox has to show. */
static int only_by_link(struct call *call, const struct address_change *change, const char *purpose, const char *where)
{
	bool by_it;
	int r = by_link_of(call, purpose, change->id, &by_it);

	return r || by_it ? r
			  : fail(call, E_STATE, NULL, "this is done by the link in the mail to the %s address, and in no other way", where);
}

static int confirm(struct call *call, const void *was, void *now)
{
	struct address_change *change = now;
	struct person *person;
	int r = only_by_link(call, was, "address-confirm", "new");

	if (!r)
		r = load(call, &person_entity, change->person, (void **)&person);
	if (r)
		return r;
	if (call->now >= change->expires_at)
		return fail(call, E_STATE, "expires_at", "the time for it is over; propose it again");
	if (!same_address(person->email, change->old))
		return fail(call, E_STATE, "old", "the address was changed in another way meanwhile; propose it again");
	change->in_force_at = call->now;
	return set_address(call, change->person, change->new);
}

/* Before the change its end; afterwards nothing goes to either until staff have looked. */
static int object(struct call *call, const void *was, void *now)
{
	struct address_change *change = now;
	struct person *person;
	int r = only_by_link(call, was, "address-objection", "old");

	if (!r)
		r = tell_staff(call, "address-objected", change->program, NONE, &address_change_entity, change->id, NONE);
	if (!r)
		r = load(call, &person_entity, change->person, (void **)&person);
	if (r)
		return r;
	if (change->state == ADDRESS_PROPOSED) {
		change->state = ADDRESS_WITHDRAWN;
		return 0;
	}
	change->state = ADDRESS_OBJECTED;
	return same_address(person->email, change->new) ? perform_also(call, &person_entity, person->id, "PauseMail", NULL, 0) : 0;
}

static int take_back(struct call *call, const void *was, void *now)
{
	struct address_change *change = now;
	struct arg none = { "email", { .type = V_TEXT, .text = "" } };

	(void)was;
	change->in_force_at = call->now;
	return change->old ? set_address(call, change->person, change->old)
			   : perform_also(call, &person_entity, change->person, "Readdress", &none, 1);
}

static int uphold(struct call *call, const void *was, void *now)
{
	(void)was;
	return perform_also(call, &person_entity, ((const struct address_change *)now)->person, "TryMail", NULL, 0);
}

static int changed(struct call *call, const void *before, const void *after)
{
	const struct address_change *was = before, *now = after;
	int r = 0;

	if (!now)
		return 0;
	if (!was) {
		r = tell(call, "address-change", now->person, NONE, NONE, &address_change_entity, now->id, NONE);
		if (!r && now->old)
			r = tell(call, "address-changing", now->person, NONE, NONE, &address_change_entity, now->id, NONE);
		return r ? r : plan(call, "address change expires", now->id, now->expires_at, NULL);
	}
	if (was->state == ADDRESS_PROPOSED && now->state != ADDRESS_PROPOSED)
		r = unplan(call, "address change expires", now->id);
	if (!r && was->state == ADDRESS_PROPOSED && now->state == ADDRESS_IN_FORCE && now->old)
		r = tell(call, "address-changed", now->person, NONE, NONE, &address_change_entity, now->id, NONE);
	return r;
}

static int expire(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct address_change *change;
	int r = load(call, &address_change_entity, subject, (void **)&change);

	(void)nominal;
	(void)cursor;
	return r || change->state != ADDRESS_PROPOSED ? r : perform_also(call, &address_change_entity, subject, "Expire", NULL, 0);
}

#define S(x) IN(ADDRESS_##x)
static const struct verb verbs[] = { { "Create", COORDINATOR | SELF, 0, KEEP, "program person new", propose, "Propose another address",
					     ON_COLLECTION, NULL, NULL, 0 },
	{ "Confirm", SELF, S(PROPOSED), S(IN_FORCE), NULL, confirm, "It is the person's (by the link that went there)", 0, NULL, NULL, 0 },
	{ "Withdraw", COORDINATOR | SELF, S(PROPOSED), S(WITHDRAWN), NULL, NULL, "It is not to change", 0, NULL, NULL, 0 },
	{ "Object", SELF, S(PROPOSED) | S(IN_FORCE), S(WITHDRAWN) | S(OBJECTED), NULL, object,
		"The old address knows nothing of it (by the link that went there)", 0, NULL, NULL, 0 },
	{ "TakeBack", COORDINATOR, S(OBJECTED), S(TAKEN_BACK), NULL, take_back, "The old address counts again", NEEDS_REASON, NULL, NULL,
		0 },
	{ "Uphold", COORDINATOR, S(OBJECTED), S(IN_FORCE), NULL, uphold, "The new address counts all the same", NEEDS_REASON, NULL, NULL,
		0 },
	{ "Expire", SYSTEM, S(PROPOSED), S(EXPIRED), NULL, NULL, "Nobody confirmed it", 0, NULL, NULL, 0 }, { 0 } };

static const struct job jobs[] = {
	{ "address change expires", NULL, RUN_ONCE_LATE, 0, expire, "An address that nobody confirmed", 0, "address_change" }, { 0 }
};

static const struct waiting waiting[] = { { "address to confirm", SELF, "t.\"state\" = 'proposed'", "t.\"proposed_at\"",
						  "t.\"expires_at\"" },
	{ "address not confirmed yet", COORDINATOR, "t.\"state\" = 'proposed'", "t.\"proposed_at\"", "t.\"expires_at\"" },
	{ "address objected to", COORDINATOR, "t.\"state\" = 'objected'", "t.\"state_since\"", NULL }, { 0 } };

const struct entity address_change_entity = { .name = "address_change",
	.collection = "address_changes",
	.size = sizeof(struct address_change),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.changed = changed,
	.retention = WITH_PERSON,
	.label = "Change of address",
	.help = "Another mail address for somebody: proposed, and in force once it was confirmed from there.",
	.order = "proposed_at",
	.waiting = waiting };
