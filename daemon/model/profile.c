/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Profiles: what participants bring to a matching. Four small entities of one participant each: trait, availability, wish,
 * objection. Who a participant is not to be matched with, and why, is sealed: rows show to their author and the safeguarding lead
 * only, the worker gets ids and nothing else.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define OF_PARTICIPANT(S) \
	{ AS_INT(S, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM, .label = "Program" }, \
		{ AS_INT(S, participant, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | KEY | LEADS | OWN, .to = "participant", \
			.label = "Participant" }, \
	{ \
		AS_INT(S, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "person", .anchor = AT_PERSON, .label = "Person" \
	}

/* ---- trait ---- */

static const char *const trait_kinds[] = { "skill", "interest", "language", "field of study", "year of study", "department", "site",
	"value", "free", NULL };
static const char *const sides[] = { "offered", "sought", NULL };

static const struct field trait_fields[] = { ID_AND_VERSION(struct trait, .anchor = NO_ANCHOR), OF_PARTICIPANT(struct trait),
	{ AS_INT(struct trait, kind, CHOICE, STAFF), .flags = REQUIRED | FROZEN | LISTED | KEY | OWN, .choices = trait_kinds,
		.label = "Kind" },
	{ AS_TEXT(struct trait, name, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED | KEY | OWN | ERASED,
		.min = 1, .max = 120, .retention = AFTER_PROGRAM, .label = "Name" },
	{ AS_INT(struct trait, level, NUMBER, STAFF), .flags = HAS_MIN | HAS_MAX | LISTED | OWN | OWN_SET, .max = 4,
		.label = "Level (0 to 4)" },
	{ AS_REAL(struct trait, number, STAFF), .flags = HAS_MIN | HAS_MAX | LISTED | OWN | OWN_SET, .min = -1000000000, .max = 1000000000,
		.label = "Number (of a free trait, such as hours a month)" },
	{ AS_INT(struct trait, side, CHOICE, STAFF), .flags = REQUIRED | FROZEN | LISTED | KEY | OWN, .choices = sides, .starts = true,
		.label = "Offered or sought" },
	{ 0 } };
COVERS(trait_fields, struct trait, 0);

static int trait_check(struct call *call, const void *record)
{
	const struct trait *trait = record;

	return !isnan(trait->number) && strcmp(trait_kinds[trait->kind], "free") != 0
		? fail(call, E_INVALID, "number", "only a free trait has a number; a skill has a level")
		: 0;
}

static const struct verb profile_verbs[] = { { "Create", COORDINATOR | SELF, 0, KEEP, "*", NULL, "Add", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR | SELF, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR | SELF, 0, KEEP, NULL, NULL, "Remove", REMOVES, NULL, NULL, 0 }, { 0 } };

const struct entity trait_entity = { .name = "trait",
	.collection = "traits",
	.size = sizeof(struct trait),
	.fields = trait_fields,
	.verbs = profile_verbs,
	.check = trait_check,
	.unique = "participant kind name side",
	.retention = AFTER_PROGRAM,
	.label = "Trait",
	.help = "Something that a participant offers or looks for.",
	.order = "name" };

/* ---- availability ---- */

const char *const weekday_words[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL };

static const struct field availability_fields[] = { ID_AND_VERSION(struct availability, .anchor = NO_ANCHOR),
	OF_PARTICIPANT(struct availability),
	{ AS_INT(struct availability, weekday, CHOICE, STAFF), .flags = REQUIRED | LISTED | KEY | OWN | OWN_SET, .choices = weekday_words,
		.label = "Weekday" },
	{ AS_INT(struct availability, start, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | KEY | OWN | OWN_SET,
		.max = 1439, .unit = "minutes of the day", .label = "From" },
	{ AS_INT(struct availability, end, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | OWN | OWN_SET, .min = 1,
		.max = 1440, .unit = "minutes of the day", .label = "To" },
	{ 0 } };
COVERS(availability_fields, struct availability, 0);

static int availability_check(struct call *call, const void *record)
{
	const struct availability *a = record;

	return a->end <= a->start ? fail(call, E_INVALID, "end", "must lie after the start; over midnight needs two rows") : 0;
}

const struct entity availability_entity = { .name = "availability",
	.collection = "availabilities",
	.size = sizeof(struct availability),
	.fields = availability_fields,
	.verbs = profile_verbs,
	.check = availability_check,
	.unique = "participant weekday start",
	.retention = AFTER_PROGRAM,
	.label = "Availability",
	.help = "A time of the week, in the person's own zone, at which a participant can meet." };

/* ---- wish ---- */

static const char *const stated[] = { "stated", "withdrawn", NULL };
enum {
	STATED,
	WITHDRAWN
};

struct wish {
	int64_t id, version, program, participant, person, other, rank, state;
};

static const struct field wish_fields[] = { ID_AND_VERSION(struct wish, .anchor = NO_ANCHOR), OF_PARTICIPANT(struct wish),
	{ AS_INT(struct wish, other, LINK, STAFF), .flags = REQUIRED | FROZEN | LISTED | KEY | OWN, .to = "participant", .label = "Whom" },
	{ AS_INT(struct wish, rank, NUMBER, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | OWN | OWN_SET, .min = 1, .max = 50,
		.starts = true, .initial = 1, .label = "Rank" },
	{ AS_INT(struct wish, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .choices = stated, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(wish_fields, struct wish, 0);

static int wish_check(struct call *call, const void *record)
{
	const struct wish *wish = record;
	struct participant *own, *other;
	int r = load(call, &participant_entity, wish->participant, (void **)&own);

	if (!r)
		r = load(call, &participant_entity, wish->other, (void **)&other);
	if (r)
		return r;
	return own->role == other->role ? fail(call, E_INVALID, "other", "a mentor wishes for a mentee, and a mentee for a mentor") : 0;
}

static const struct verb stated_verbs[] = { { "Create", COORDINATOR | SELF, 0, KEEP, "*", NULL, "State", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR | SELF, IN(STATED), KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Withdraw", COORDINATOR | SELF, IN(STATED), IN(WITHDRAWN), NULL, NULL, "Withdraw", FOR_SOMEBODY, NULL, NULL, 0 }, { 0 } };

const struct entity wish_entity = { .name = "wish",
	.collection = "wishes",
	.size = sizeof(struct wish),
	.fields = wish_fields,
	.verbs = stated_verbs,
	.check = wish_check,
	.unique = "participant other",
	.retention = AFTER_PROGRAM,
	.label = "Wish",
	.help = "Whom a participant would like to be matched with." };

/* ---- objection ---- */

struct objection {
	int64_t id, version, program, participant, person;
	char *other, *reason;
	int64_t state;
};

static const struct field objection_fields[] = { ID_AND_VERSION(struct objection, .anchor = NO_ANCHOR), OF_PARTICIPANT(struct objection),
	{ AS_SEALED(struct objection, other, NUMBER), .flags = FROZEN | ERASED, .to = "person", .retention = AFTER_PROGRAM,
		.label = "The other person's number" },
	{ AS_SEALED(struct objection, reason, TEXT), .flags = HAS_MAX | LINES | ERASED, .max = 4000, .retention = AFTER_PROGRAM,
		.label = "Reason" },
	{ AS_INT(struct objection, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .choices = stated, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(objection_fields, struct objection, 0);

static const unsigned objection_readers[SEALED] = { [PUBLIC] = ANYONE, [MEMBER] = SAFEGUARDING, [PAIR] = 0, [STAFF] = SAFEGUARDING };

static int objection_state(struct call *call, const void *was, void *now)
{
	struct objection *objection = now;

	(void)was;
	if (!objection->other || !*objection->other)
		return fail(call, E_INVALID, "other", "say whom: the number of that person");
	return 0;
}

/* The same objection, in force: the other's number is sealed, so each of the author's is opened. One that was withdrawn is stated anew. */
struct search {
	const char *other;
	int64_t id;
};

static int same_other(struct call *call, void *record, void *data)
{
	const struct objection *objection = record;
	struct search *search = data;
	char *other;
	int r = unseal(call, &objection_entity, objection->id, "other", &other);

	if (!r && other && !strcmp(other, search->other))
		search->id = objection->id;
	return r;
}

static int objection_find(struct call *call, const void *record, int64_t *ret_id)
{
	const struct objection *objection = record;
	struct search search = { objection->other, NONE };
	int r = !objection->other ? 0
				  : each(call, &objection_entity, same_other, &search, "\"participant\" = ?1 AND \"state\" = 'stated'",
					    VALUES(objection->participant));

	*ret_id = search.id;
	return r;
}

/* Who named whom in 'not with', either way. */
struct between {
	int64_t one, other;
	bool found;
};

static int is_between(struct call *call, void *record, void *data)
{
	const struct objection *objection = record;
	struct between *between = data;
	char *text;
	int64_t whom = objection->person == between->one ? between->other : between->one;
	int r = unseal(call, &objection_entity, objection->id, "other", &text);

	if (!r && text && !strcmp(text, arena_print(call->arena, "%lld", (long long)whom)))
		between->found = true;
	return r;
}

int objection_between(struct call *call, int64_t program, int64_t one, int64_t other, bool *ret)
{
	struct between between = { one, other, false };
	int r = each(call, &objection_entity, is_between, &between, "\"program\" = ?1 AND \"person\" IN (?2, ?3) AND \"state\" = 'stated'",
		VALUES(program, one, other));

	*ret = between.found || r == E_UNAVAILABLE;
	return r == E_UNAVAILABLE ? 0 : r;
}

/* ---- a match in spite of it ---- */

/*
 * Who makes a match by hand may not know of objections, so nothing that they see may depend on one: not the answer, not when it comes. So a
 * job looks, at each match made by hand, each offer and each objection, whether there is anything to find or not; what it finds is told to the
 * safeguarding lead, who decides.
 */
static int is_in_match(struct call *call, void *record, void *data)
{
	const struct objection *objection = record;
	const struct match *match = data;
	int64_t whom, found = 0;
	char *text, *end;
	int r = unseal(call, &objection_entity, objection->id, "other", &text);

	if (r || !text)
		return r;
	whom = strtoll(text, &end, 10);
	r = *end ? 0
		 : ask(call, "SELECT count(*) FROM \"match_member\" WHERE \"match\" = ?1 AND \"person\" = ?2", VALUES(match->id, whom),
			   &found);
	return r || !found ? r : concern_of_objection(call, match->id, match->program, objection->person, whom);
}

int objections_in_match(struct call *call, int64_t id)
{
	struct match *match;
	int r = load(call, &match_entity, id, (void **)&match);

	if (r || match->state > MATCH_CLOSING)
		return r;
	return each(call, &objection_entity, is_in_match, match,
		"\"program\" = ?1 AND \"state\" = 'stated' AND \"person\" IN (SELECT \"person\" FROM \"match_member\" WHERE \"match\" = ?2)",
		VALUES(match->program, id));
}

static int look_at_match(struct call *call, void *record, void *data)
{
	(void)data;
	return objections_in_match(call, ((const struct match_member *)record)->match);
}

/* Those of who stated it: the other is named where it was looked up. */
static int look_at_stated(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	struct objection *objection;
	int r = load(call, &objection_entity, subject, (void **)&objection);

	(void)nominal;
	(void)cursor;
	if (r)
		return r == E_NOTFOUND ? 0 : r;
	return each(call, &match_member_entity, look_at_match, NULL, "\"program\" = ?1 AND \"person\" = ?2",
		VALUES(objection->program, objection->person));
}

static const struct job objection_jobs[] = {
	{ "objection stated", NULL, RUN_ONCE_LATE, 0, look_at_stated, "Matches of who objects to somebody", 0, "objection" }, { 0 }
};

static int objection_changed(struct call *call, const void *was, const void *now)
{
	const struct objection *objection = now;

	(void)was;
	return objection && objection->state == STATED ? plan(call, objection_jobs[0].name, objection->id, call->now, NULL) : 0;
}

struct disclose {
	char *fields;
};
static const struct field disclose_arguments[] = {
	{ AS_WORDS(struct disclose, fields, MEMBER), .flags = REQUIRED, .label = "Sealed fields to read" }, { 0 }
};

static int objection_disclose(struct call *call, const void *was, void *now)
{
	const struct objection *objection = was;

	(void)now;
	return disclose(call, &objection_entity, objection->id, objection->person, ((const struct disclose *)call->arguments)->fields);
}

static const struct verb objection_verbs[] = { { "Create", SELF | SAFEGUARDING, 0, KEEP, "*", objection_state, "State", ON_COLLECTION, NULL,
						       NULL, 0 },
	{ "Withdraw", SELF | SAFEGUARDING, IN(STATED), IN(WITHDRAWN), NULL, NULL, "Withdraw", 0, NULL, NULL, 0 },
	{ "Disclose", SAFEGUARDING | PROTECTION, 0, KEEP, NULL, objection_disclose, "Read sealed fields", NEEDS_REASON | NO_KEY | ANSWERS,
		NULL, disclose_arguments, sizeof(struct disclose) },
	{ 0 } };

const struct entity objection_entity = { .name = "objection",
	.collection = "objections",
	.size = sizeof(struct objection),
	.fields = objection_fields,
	.verbs = objection_verbs,
	.jobs = objection_jobs,
	.changed = objection_changed,
	.readers = objection_readers,
	.find = objection_find,
	.flags = RANDOM_ID,
	.retention = AFTER_PROGRAM,
	.label = "Objection",
	.help = "Whom a participant must not be matched with; sealed." };
