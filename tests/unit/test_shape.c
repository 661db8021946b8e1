/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables that contradict themselves are refused: each rule of shapes_check is broken once, in a small model of this file's own
 * (the real one has to pass at every start), and one complaint names the row and what is wrong with it.
 */
#include "core/entity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct owner {
	int64_t id, version;
	char *name;
};
static const struct field owner_fields[] = {
	ID_AND_VERSION(struct owner, .anchor = AT_PERSON),
	{ AS_TEXT(struct owner, name, PUBLIC), .flags = REQUIRED | LABEL | SORTED, .label = "Name" },
	{ 0 },
};

struct gadget {
	int64_t id, version, owner;
	char *name, *secret;
	int64_t weight, state;
};
enum {
	ID,
	VERSION,
	OWNER,
	NAME,
	SECRET,
	WEIGHT,
	STATE,
	FIELDS
};
static const char *const states[] = { "new", "used", NULL };
static const struct field good_fields[FIELDS + 1] = {
	ID_AND_VERSION(struct gadget, .unit = NULL),
	{ AS_INT(struct gadget, owner, LINK, MEMBER), .flags = REQUIRED, .to = "owner", .label = "Owner", .anchor = AT_PERSON },
	{ AS_TEXT(struct gadget, name, PUBLIC), .flags = REQUIRED | LABEL | SORTED, .label = "Name", .copies = "owner.name" },
	{ AS_SEALED(struct gadget, secret, TEXT), .label = "Secret" },
	{ AS_INT(struct gadget, weight, NUMBER, STAFF), .label = "Weight" },
	{ AS_INT(struct gadget, state, CHOICE, MEMBER), .choices = states, .starts = true, .label = "State" },
	{ 0 },
};
COVERS(good_fields, struct gadget, 0);
enum {
	CREATE,
	USE,
	VERBS
};
static const struct verb good_verbs[VERBS + 1] = {
	{ .name = "Create", .who = COORDINATOR, .takes = "*", .label = "Make", .flags = ON_COLLECTION },
	{ .name = "Use", .who = COORDINATOR, .from = IN(0), .to = IN(1), .takes = "weight", .label = "Use" },
	{ 0 },
};

static struct field fields[FIELDS + 1];
static struct verb verbs[VERBS + 1];
static struct entity gadget;
static const struct entity owner = {
	.name = "owner", .collection = "owners", .size = sizeof(struct owner), .fields = owner_fields, .label = "Owner"
};
const struct entity *const entities[] = { &owner, &gadget, NULL };

static char complaints[1000];

static void tell(const char *entity, const char *what)
{
	size_t at = strlen(complaints);

	snprintf(complaints + at, sizeof complaints - at, "%s %s\n", entity, what);
}

static int check(void)
{
	*complaints = 0;
	return shapes_check(tell);
}

static void start(void)
{
	memcpy(fields, good_fields, sizeof fields);
	memcpy(verbs, good_verbs, sizeof verbs);
	gadget = (struct entity){ .name = "gadget",
		.collection = "gadgets",
		.size = sizeof(struct gadget),
		.fields = fields,
		.verbs = verbs,
		.unique = "name owner; weight",
		.order = "name",
		.through = "owner",
		.label = "Gadget" };
}

/* Exactly one complaint, this one. */
static void refused(const char *what)
{
	char line[200];
	int count = check();

	snprintf(line, sizeof line, "gadget %s\n", what);
	assert_string_equal(complaints, line);
	assert_int_equal(count, 1);
	start();
	assert_int_equal(check(), 0);
}

static void test_the_tables_that_are_whole(void **state)
{
	(void)state;
	start();
	assert_int_equal(check(), 0);
	assert_string_equal(complaints, "");
	assert_ptr_equal(shape_named("gadget")->links[OWNER], &owner);
	assert_int_equal(shape_named("owner")->copied, 1 << 2);
}

static void test_fields(void **state)
{
	(void)state;
	start();
	fields[ID].name = "number";
	refused("number: the first field must be id");
	fields[VERSION].name = "edition";
	refused("edition: the second field must be version");
	fields[WEIGHT].label = NULL;
	refused("weight: has no label");
	fields[STATE].name = "object";
	verbs[USE].from = verbs[USE].to = 0;
	refused("object: clients give the record's own path this name");
	fields[SECRET].name = "messages";
	refused("messages: the answer of a verb uses this name, and sealed fields stand beside it");
	fields[WEIGHT].to = "owner";
	refused("weight: links to no known entity");
	fields[OWNER].privacy = SEALED;
	fields[OWNER].kind = TEXT;
	refused("owner: a sealed field cannot be listed, ordered, indexed or unique");
	fields[OWNER].flags |= ERASED;
	check();
	assert_non_null(strstr(complaints, "owner: a link cannot be erased or sealed"));
	start();
	fields[ID].privacy = STAFF;
	refused("id: an id is never closer than member");
	fields[WEIGHT].kind = CHOICE;
	refused("weight: a choice without words");
}

static void test_flags(void **state)
{
	static const unsigned shown[] = { INDEXED, LISTED, KEY };

	(void)state;
	start();
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		fields[SECRET].flags = shown[i];
		refused("secret: a sealed field cannot be listed, ordered, indexed or unique");
	}
	gadget.unique = "secret";
	refused("secret: a sealed field cannot be listed, ordered, indexed or unique");
	fields[WEIGHT].flags = SORTED;
	refused("weight: lists are ordered by required fields only");
	fields[WEIGHT].flags = INDEXED;
	fields[WEIGHT].computed = "1";
	refused("weight: a computed field is neither ordered nor required");
	fields[WEIGHT].flags = REQUIRED | ERASED;
	refused("weight: a required field that is erased must be text");
	fields[NAME].flags = LABEL;
	gadget.order = NULL;
	refused("name: a label is required, or computed");
	fields[NAME].flags = LABEL;
	fields[NAME].computed = "'gadget'";
	gadget.order = NULL;
	refused("name: `called` says how a computed label is looked up, and no other");
	fields[NAME].copies = "owner.nose";
	refused("name: copies an unknown field");
	fields[NAME].copies = "weight.name";
	refused("name: copies an unknown field");
	fields[NAME].copies = "owner";
	refused("name: copies an unknown field");
}

static void test_verbs_and_states(void **state)
{
	(void)state;
	start();
	verbs[USE].takes = "weight nose";
	refused("Use: takes an unknown field");
	verbs[USE].label = NULL;
	refused("Use: needs a label and somebody who may call it");
	verbs[USE].who = 0;
	refused("Use: needs a label and somebody who may call it");
	verbs[USE].flags = ON_COLLECTION;
	refused("Use: collections are uniform: their only verb is Create");
	verbs[USE].who |= ADMIN;
	refused("Use: an admin's verb names a polkit action");
	verbs[USE].flags = REMOVES;
	refused("secret: rows that are removed and have sealed fields have random ids");
	verbs[USE].to = KEEP;
	refused("used: a state that no verb reaches");
	verbs[USE].from = IN(2);
	refused("Use: names a state that is none");
	fields[STATE].starts = false;
	refused("new: a state that no verb reaches");
}

static void test_too_many_fields(void **state)
{
	static struct field many[MAX_FIELDS + 2];
	static char names[MAX_FIELDS + 2][32];

	(void)state;
	start();
	memcpy(many, good_fields, sizeof good_fields);
	for (int i = FIELDS; i <= MAX_FIELDS; i++) {
		many[i] = good_fields[WEIGHT];
		snprintf(names[i], sizeof names[i], "weight%d", i);
		many[i].name = names[i];
	}
	gadget.fields = many;
	refused("gadget: has more fields than MAX_FIELDS");
}

static void test_the_rest_of_an_entity(void **state)
{
	static const struct waiting wait = { .kind = "gadget to use", .who = COORDINATOR, .where = "1" };
	const struct waiting waits[] = { wait, { 0 } };

	(void)state;
	start();
	gadget.unique = "name nose";
	refused("unique: names an unknown field");
	gadget.order = "weight";
	refused("order: must be a sorted field");
	gadget.grants = "SELECT 1";
	fields[OWNER].anchor = NO_ANCHOR;
	refused("grants: a granting row belongs to a person");
	gadget.waiting = waits;
	refused("gadget to use: does not say what waits, or since when");
	gadget.through = "owner nobody";
	refused("through: names an unknown entity");
	gadget.through = "owner owner owner owner owner";
	refused("through: names too many entities");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_tables_that_are_whole),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_verbs_and_states),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_the_rest_of_an_entity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
