/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Group memberships: what people say they belong to (a first generation at university, a community), each given by the person alone
 * and sealed. Read by the criteria 'same:group' and 'different:group', which get numbers for words, by the report on fairness, and by
 * nobody else: a row shows to its author and the data-protection officer only.
 */
#include <string.h>

#include "model.h"

struct group_membership {
	int64_t id, version, program, participant, person;
	char *group;
};

static const struct field fields[] = { ID_AND_VERSION(struct group_membership, .anchor = NO_ANCHOR),
	{ AS_INT(struct group_membership, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct group_membership, participant, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS | OWN,
		.to = "participant", .label = "Participant" },
	{ AS_INT(struct group_membership, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Person" },
	{ AS_SEALED(struct group_membership, group, TEXT), .flags = FROZEN | ERASED | HAS_MIN | HAS_MAX, .min = 1, .max = 120,
		.retention = AFTER_PROGRAM, .label = "Group" },
	{ 0 } };
COVERS(fields, struct group_membership, 0);

static const unsigned readers[SEALED] = { [PUBLIC] = ANYONE, [MEMBER] = PROTECTION, [PAIR] = 0, [STAFF] = PROTECTION };

enum {
	GROUPS_MOST = 20
};

static int create(struct call *call, const void *was, void *now)
{
	const struct group_membership *one = now;
	int64_t count;
	int r;

	(void)was;
	if (!one->group || !*one->group)
		return fail(call, E_INVALID, "group", "say which group");
	r = ask(call, "SELECT count(*) FROM \"group_membership\" WHERE \"participant\" = ?1", VALUES(one->participant), &count);
	return !r && count >= GROUPS_MOST
		? fail(call, E_LIMIT, "participant", "a participant gives at most %d groups; remove one first", GROUPS_MOST)
		: r;
}

struct disclose {
	char *fields;
};
static const struct field disclose_arguments[] = {
	{ AS_WORDS(struct disclose, fields, MEMBER), .flags = REQUIRED, .label = "Sealed fields to read" }, { 0 }
};

static int disclose_group(struct call *call, const void *was, void *now)
{
	const struct group_membership *one = was;

	(void)now;
	return disclose(call, &group_membership_entity, one->id, one->person, ((const struct disclose *)call->arguments)->fields);
}

static const struct verb verbs[] = { { "Create", SELF, 0, KEEP, "*", create, "Give a group", ON_COLLECTION, NULL, NULL, 0 },
	{ "Remove", SELF | PROTECTION, 0, KEEP, NULL, NULL, "Take back", REMOVES, NULL, NULL, 0 },
	{ "Disclose", PROTECTION, 0, KEEP, NULL, disclose_group, "Read sealed fields", NEEDS_REASON | NO_KEY | ANSWERS, NULL,
		disclose_arguments, sizeof(struct disclose) },
	{ 0 } };

const struct entity group_membership_entity = {
	.name = "group_membership",
	.collection = "group_memberships",
	.size = sizeof(struct group_membership),
	.fields = fields,
	.verbs = verbs,
	.readers = readers,
	.flags = RANDOM_ID,
	.retention = AFTER_PROGRAM,
	.label = "Group membership",
	.help = "A group that a participant says they belong to; sealed, and used by 'same:group', 'different:group' and the report on fairness only."
};
