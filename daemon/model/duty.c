/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Duties: who works for a program, or for all of them, as what and from when to when. Only an admin appoints and ends.
 *
 * A duty is what makes somebody staff: the statement `grants` is the one place that says so, with its limits of time.
 */
#include "core/date.h"
#include "model.h"

static const char *const states[] = { "appointed", "ended", NULL };
static const char *const duties[] = { "coordinator", "safeguarding lead", "data-protection officer", "interviewer", "observer", "auditor",
	NULL };
enum {
	APPOINTED,
	ENDED
};
struct duty {
	int64_t id, version, program, person;
	char *name;
	int64_t duty, from, to, state;
};

static const struct field fields[] = { ID_AND_VERSION(struct duty, .anchor = NO_ANCHOR),
	{ AS_INT(struct duty, program, LINK, MEMBER), .flags = FROZEN | LISTED | ADMIN_READS | OWN | LEADS, .to = "program",
		.anchor = AT_PROGRAM, .label = "Program (none: all)" },
	{ AS_INT(struct duty, person, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | ADMIN_READS | OWN | LEADS, .to = "person",
		.anchor = AT_PERSON, .label = "Person" },
	{ AS_TEXT(struct duty, name, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LABEL | LISTED | ADMIN_READS | OWN | ERASED,
		.copies = "person.name", .label = "Name" },
	{ AS_INT(struct duty, duty, CHOICE, MEMBER), .flags = REQUIRED | FROZEN | LISTED | ADMIN_READS | OWN, .choices = duties,
		.label = "Duty" },
	{ AS_INT(struct duty, from, DATE, STAFF), .flags = FROZEN | LISTED | ADMIN_READS | OWN, .label = "From" },
	{ AS_INT(struct duty, to, DATE, STAFF), .flags = LISTED | ADMIN_READS | OWN, .label = "To" },
	{ AS_INT(struct duty, state, CHOICE, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED | ADMIN_READS | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct duty, 0);

static int check(struct call *call, const void *record)
{
	const struct duty *duty = record;

	if (duty->from != NONE && duty->to != NONE && duty->to < duty->from)
		return fail(call, E_INVALID, "to", "must not lie before the first day");
	return 0;
}

/* In force on the day ?3: what grants say too. Somebody suspended coordinates nothing. */
#define IN_FORCE \
	"d.\"duty\" = 'coordinator' AND d.\"state\" = 'appointed' AND (d.\"from\" IS NULL OR d.\"from\" <= ?3) AND (d.\"to\" IS NULL OR " \
	"d.\"to\" >= ?3) AND (d.\"program\" = p.\"id\" OR d.\"program\" IS NULL) AND " \
	"(SELECT o.\"state\" FROM \"person\" o WHERE o.\"id\" = d.\"person\") = 'active'"

int coordinator_stays(struct call *call, int64_t person, int64_t duty)
{
	int64_t program;
	int r = ask(call,
		"SELECT p.\"id\" FROM \"program\" p WHERE p.\"state\" IN ('running', 'closing') AND EXISTS (SELECT 1 FROM \"duty\" d WHERE "
		"d.\"person\" = ?1 AND (d.\"id\" = ?2 OR ?2 IS NULL) AND " IN_FORCE ") AND NOT EXISTS (SELECT 1 FROM \"duty\" d WHERE "
		"(d.\"person\" <> ?1 OR d.\"id\" <> ?2) AND " IN_FORCE ") LIMIT 1",
		VALUES(person, duty, call->now / DAY), &program);

	return r || program == NONE
		? r
		: fail(call, E_STATE, NULL,
			  "program %lld runs and would have no coordinator left; have another appointed first (an admin "
			  "creates a duty), or close the program",
			  (long long)program);
}

static int duty_end(struct call *call, const void *was, void *now)
{
	struct duty *duty = now;

	(void)was;
	duty->to = today(call);
	return call->roles == SYSTEM ? 0 : coordinator_stays(call, duty->person, duty->id);
}

static const struct verb verbs[] = { { "Create", ADMIN, 0, KEEP, "*", NULL, "Appoint", ON_COLLECTION, MANAGE, NULL, 0 },
	{ "End", ADMIN, IN(APPOINTED), IN(ENDED), NULL, duty_end, "End the duty", 0, MANAGE, NULL, 0 }, { 0 } };

/* The last rows end a kept sight on the day on which a later duty begins. Somebody suspended does no duty. */
#define ACTIVE "(SELECT \"state\" FROM \"person\" WHERE \"id\" = ?1) = 'active' AND "
static const char grants[] =
	"SELECT 'program', \"program\", \"duty\", (\"to\" + 1) * 86400 FROM \"duty\" WHERE " ACTIVE
	"\"person\" = ?1 AND \"state\" = 'appointed' AND "
	"(\"from\" IS NULL OR \"from\" * 86400 <= ?2) AND (\"to\" IS NULL OR (\"to\" + 1) * 86400 > ?2) "
	"UNION ALL SELECT 'program', p.\"id\", 'confidant', (d.\"to\" + 1) * 86400 FROM \"duty\" d JOIN \"program\" p ON (p.\"id\" = d.\"program\" OR "
	"d.\"program\" IS NULL) WHERE " ACTIVE
	"d.\"person\" = ?1 AND d.\"state\" = 'appointed' AND d.\"duty\" = 'coordinator' AND p.\"confidentiality\" = 'coordinators' "
	"AND (d.\"from\" IS NULL OR d.\"from\" * 86400 <= ?2) AND (d.\"to\" IS NULL OR (d.\"to\" + 1) * 86400 > ?2) "
	"UNION ALL SELECT 'program', 0, '', \"from\" * 86400 FROM \"duty\" WHERE \"person\" = ?1 AND \"state\" = 'appointed' AND \"from\" * 86400 > ?2";

const struct entity duty_entity = { .name = "duty",
	.collection = "duties",
	.size = sizeof(struct duty),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.grants = grants,
	.retention = WITH_PERSON,
	.label = "Duty",
	.help = "What somebody does for a program, from when to when.",
	.order = "name" };
