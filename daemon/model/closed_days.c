/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Closed days: holidays of a program, or of the whole institution. What falls due on one moves to the next open day, and
 * silence is counted in open days.
 */
#include "core/date.h"
#include "model.h"

static const char *const pauses[] = { "everything", "check-ins", "meetings", NULL };

struct closed_days {
	int64_t id, version, program, from, to;
	char *name;
	int64_t pauses;
};

static const struct field fields[] = { ID_AND_VERSION(struct closed_days, .anchor = NO_ANCHOR),
	{ AS_INT(struct closed_days, program, LINK, MEMBER), .flags = FROZEN | LISTED | LEADS, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program (none: the institution)" },
	{ AS_INT(struct closed_days, from, DATE, PUBLIC), .flags = REQUIRED | SORTED | LISTED | KEY, .label = "From" },
	{ AS_INT(struct closed_days, to, DATE, PUBLIC), .flags = REQUIRED | LISTED, .label = "To" },
	{ AS_TEXT(struct closed_days, name, PUBLIC), .flags = REQUIRED | HAS_MIN | HAS_MAX | LISTED | LABEL | SORTED, .min = 1, .max = 120,
		.label = "Name" },
	{ AS_INT(struct closed_days, pauses, CHOICE, PUBLIC), .choices = pauses, .starts = true, .label = "What pauses" }, { 0 } };
COVERS(fields, struct closed_days, 0);

/* All who take part in the program are its members. */
static const unsigned readers[SEALED] = {
	[PUBLIC] = ~(unsigned)SYSTEM,
	[MEMBER] = MENTEE | MENTOR | PARTICIPANT | GUARDIAN | COORDINATOR | OBSERVER | SAFEGUARDING | PROTECTION | CONFIDANT,
	[PAIR] = 0,
	[STAFF] = COORDINATOR | CONFIDANT,
};

static int check(struct call *call, const void *record)
{
	const struct closed_days *days = record;

	if (days->to < days->from)
		return fail(call, E_INVALID, "to", "must not lie before the first day");
	return days->to - days->from > 366 ? fail(call, E_INVALID, "to", "a year at most at a time") : 0;
}

static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", NULL, "Add closed days", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR, 0, KEEP, NULL, NULL, "Remove", REMOVES | DESTRUCTIVE, NULL, NULL, 0 }, { 0 } };

const struct entity closed_days_entity = { .name = "closed_days",
	.collection = "closed_days",
	.size = sizeof(struct closed_days),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.readers = readers,
	.retention = WITH_RECORD,
	.label = "Closed days",
	.help = "Days on which a program or the institution rests.",
	.order = "from" };
