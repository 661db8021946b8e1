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
enum {
	COORDINATES
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

static int duty_end(struct call *call, const void *was, void *now)
{
	struct duty *duty = now;
	int64_t others, running;
	int r;

	(void)was;
	duty->to = today(call);
	if (duty->duty != COORDINATES || call->roles == SYSTEM) /* an erasure waits for nobody */
		return 0;
	/* running programs that only this duty coordinates */
	r = ask(call, "SELECT count(*) FROM \"program\" p WHERE p.\"state\" IN ('running', 'closing') AND (p.\"id\" = ?2 OR ?2 IS NULL)",
		VALUES(duty->id, duty->program), &running);
	if (!r)
		r = ask(call,
			"SELECT min((SELECT count(*) FROM \"duty\" d WHERE d.\"id\" <> ?1 AND d.\"duty\" = 'coordinator' AND d.\"state\" = 'appointed' "
			"AND (d.\"program\" = p.\"id\" OR d.\"program\" IS NULL))) FROM \"program\" p WHERE p.\"state\" IN ('running', 'closing') "
			"AND (p.\"id\" = ?2 OR ?2 IS NULL)",
			VALUES(duty->id, duty->program), &others);
	if (r)
		return r;
	return running > 0 && others == 0
		? fail(call, E_STATE, NULL, "a running program would have no coordinator left; appoint another first")
		: 0;
}

static const struct verb verbs[] = { { "Create", ADMIN, 0, KEEP, "*", NULL, "Appoint", ON_COLLECTION, MANAGE, NULL, 0 },
	{ "End", ADMIN, IN(APPOINTED), IN(ENDED), NULL, duty_end, "End the duty", 0, MANAGE, NULL, 0 }, { 0 } };

/* The last rows end a kept sight on the day on which a later duty begins. */
static const char grants[] =
	"SELECT 'program', \"program\", \"duty\", (\"to\" + 1) * 86400 FROM \"duty\" WHERE \"person\" = ?1 AND \"state\" = 'appointed' AND "
	"(\"from\" IS NULL OR \"from\" * 86400 <= ?2) AND (\"to\" IS NULL OR (\"to\" + 1) * 86400 > ?2) "
	"UNION ALL SELECT 'program', p.\"id\", 'confidant', (d.\"to\" + 1) * 86400 FROM \"duty\" d JOIN \"program\" p ON (p.\"id\" = d.\"program\" OR "
	"d.\"program\" IS NULL) WHERE d.\"person\" = ?1 AND d.\"state\" = 'appointed' AND d.\"duty\" = 'coordinator' AND p.\"confidentiality\" = 'coordinators' "
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
