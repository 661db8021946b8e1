/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon writes about itself: audit records, disclosures, imports.
 *
 * Audit records are written by store/audit.c alone; commitment, chain, salt and detail are bookkeeping that no property
 * shows. A disclosure is who read which sealed field of whom and why; the person sees it.
 */
#include "core/settings.h"
#include "model.h"

static const struct verb no_verbs[] = { { 0 } };

struct audit_record {
	int64_t id, version, time, uid, person, for_person;
	char *way, *verb, *entity;
	int64_t record;
	char *fields, *reason;
	int64_t program, match, about;
	char *what, *commitment, *chain, *salt, *detail;
};

static const struct field audit_fields[] = { ID_AND_VERSION(struct audit_record, .anchor = NO_ANCHOR),
	{ AS_INT(struct audit_record, time, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .label = "Time" },
	{ AS_INT(struct audit_record, uid, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Caller's uid" },
	{ AS_INT(struct audit_record, person, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Caller's person" },
	{ AS_INT(struct audit_record, for_person, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Entered for" },
	{ AS_TEXT(struct audit_record, way, STAFF), .flags = BY_VERB | LISTED, .label = "Way in" },
	{ AS_TEXT(struct audit_record, verb, STAFF), .flags = BY_VERB | LISTED, .label = "Verb" },
	{ AS_TEXT(struct audit_record, entity, STAFF), .flags = BY_VERB | LISTED, .label = "Kind of object" },
	{ AS_INT(struct audit_record, record, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Number of the object" },
	{ AS_TEXT(struct audit_record, fields, STAFF), .flags = BY_VERB | LISTED, .label = "Changed fields" },
	{ AS_TEXT(struct audit_record, reason, STAFF), .flags = BY_VERB | ERASED, .retention = AS_AUDIT, .label = "Reason" },
	{ AS_INT(struct audit_record, program, NUMBER, STAFF), .flags = BY_VERB | HIDDEN, .label = "Program" },
	{ AS_INT(struct audit_record, match, NUMBER, STAFF), .flags = BY_VERB | HIDDEN, .label = "Match" },
	{ AS_INT(struct audit_record, about, NUMBER, STAFF), .flags = BY_VERB | HIDDEN | INDEXED, .label = "About the person" },
	{ AS_TEXT(struct audit_record, what, STAFF), .flags = BY_VERB | HIDDEN, .label = "Signal" },
	{ AS_TEXT(struct audit_record, commitment, STAFF), .flags = BY_VERB | HIDDEN, .label = "Commitment" },
	{ AS_TEXT(struct audit_record, chain, STAFF), .flags = BY_VERB | HIDDEN, .label = "Chain" },
	{ AS_TEXT(struct audit_record, salt, STAFF), .flags = BY_VERB | HIDDEN, .label = "Salt" },
	{ AS_TEXT(struct audit_record, detail, STAFF), .flags = BY_VERB | HIDDEN, .label = "Detail" }, { 0 } };
COVERS(audit_fields, struct audit_record, 0);

static const unsigned audit_readers[SEALED] = {
	[PUBLIC] = ANYONE, [MEMBER] = AUDITOR | PROTECTION, [PAIR] = 0, [STAFF] = AUDITOR | PROTECTION
};

const struct entity audit_record_entity = { .name = "audit_record",
	.collection = "audit_records",
	.size = sizeof(struct audit_record),
	.fields = audit_fields,
	.verbs = no_verbs,
	.readers = audit_readers,
	.flags = QUIET | NOT_ERASED,
	.retention = AS_AUDIT,
	.label = "Audit record",
	.help = "What was done, by whom, to what; chained, so that a change shows." };

/* ---- disclosures ---- */

struct disclosure {
	int64_t id, version, person, reader;
	char *entity;
	int64_t record;
	char *fields, *reason;
	int64_t time;
};

static const struct field disclosure_fields[] = { ID_AND_VERSION(struct disclosure, .anchor = NO_ANCHOR),
	{ AS_INT(struct disclosure, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | OWN | LEADS, .to = "person",
		.anchor = AT_PERSON, .label = "Whose" },
	{ AS_INT(struct disclosure, reader, LINK, MEMBER), .flags = BY_VERB | LISTED | OWN, .to = "person", .label = "Who read" },
	{ AS_TEXT(struct disclosure, entity, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .label = "Kind of object" },
	{ AS_INT(struct disclosure, record, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .label = "Number of the object" },
	{ AS_WORDS(struct disclosure, fields, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .label = "Fields" },
	{ AS_TEXT(struct disclosure, reason, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN | LINES | HAS_MAX | ERASED, .max = 2000,
		.retention = AS_AUDIT, .label = "Reason" },
	{ AS_INT(struct disclosure, time, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .label = "Time" }, { 0 } };
COVERS(disclosure_fields, struct disclosure, 0);

static const unsigned disclosure_readers[SEALED] = {
	[PUBLIC] = ANYONE, [MEMBER] = AUDITOR | PROTECTION, [PAIR] = 0, [STAFF] = AUDITOR | PROTECTION
};

const struct entity disclosure_entity = { .name = "disclosure",
	.collection = "disclosures",
	.size = sizeof(struct disclosure),
	.fields = disclosure_fields,
	.verbs = no_verbs,
	.readers = disclosure_readers,
	.retention = AS_AUDIT,
	.label = "Disclosure",
	.help = "Who read which sealed field of whom, and why.",
	.order = "time" };

/* ---- imports ---- */

static const char *const states[] = { "reading", "checking", "ready", "refused", "taking", "taken", "undoing", "undone", "failed", NULL };
static const char *const formats[] = { "csv", "form", "oneroster", "xlsform", NULL };

static const struct field import_fields[] = { ID_AND_VERSION(struct import, .anchor = NO_ANCHOR),
	{ AS_INT(struct import, program, LINK, MEMBER), .flags = BY_VERB | LISTED | LEADS, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct import, format, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .choices = formats, .label = "Format" },
	{ AS_TEXT(struct import, entity, STAFF), .flags = BY_VERB, .label = "Kind of rows (csv)" },
	{ AS_TEXT(struct import, role, STAFF), .flags = BY_VERB, .label = "Role (form)" },
	{ AS_TEXT(struct import, name, STAFF), .flags = BY_VERB | LISTED | HAS_MAX, .max = 200, .label = "File" },
	{ AS_TEXT(struct import, mapping, STAFF), .flags = BY_VERB | HAS_MAX | LINES, .max = 60000, .label = "Mapping" },
	{ AS_INT(struct import, take, YESNO, STAFF), .flags = BY_VERB, .label = "Taken when it can be" },
	{ AS_INT(struct import, uid, NUMBER, STAFF), .flags = BY_VERB, .label = "Imported by the uid" },
	{ AS_INT(struct import, author, LINK, STAFF), .flags = BY_VERB, .to = "person", .label = "Imported by" },
	{ AS_INT(struct import, rows, NUMBER, STAFF), .flags = BY_VERB | LISTED, .starts = true, .label = "Rows" },
	{ AS_INT(struct import, created, NUMBER, STAFF), .flags = BY_VERB | LISTED, .starts = true, .label = "New" },
	{ AS_INT(struct import, changed, NUMBER, STAFF), .flags = BY_VERB | LISTED, .starts = true, .label = "Changed" },
	{ AS_INT(struct import, unchanged, NUMBER, STAFF), .flags = BY_VERB, .starts = true, .label = "As they were" },
	{ AS_INT(struct import, problems, NUMBER, STAFF), .flags = BY_VERB | LISTED, .starts = true, .label = "Problems" },
	{ AS_TEXT(struct import, problem, STAFF), .flags = BY_VERB | LINES | ERASED, .retention = AS_JOB, .label = "The first problems" },
	{ AS_INT(struct import, task, NUMBER, STAFF), .flags = BY_VERB | HIDDEN, .label = "Task" },
	{ AS_INT(struct import, time, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .label = "Time" },
	{ AS_INT(struct import, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(import_fields, struct import, 0);

static int import_take(struct call *call, const void *was, void *now)
{
	(void)was;
	return begin_work(call, "import", ((struct import *)now)->id);
}

/* Rows as they were are kept no longer than jobs: half of them would be half an undo. */
static int import_undo(struct call *call, const void *was, void *now)
{
	int64_t days = settings_of(call)->retention.job_days;

	if (((const struct import *)was)->time < call->now - days * 86400)
		return fail(call, E_STATE, "state", "it was taken more than %lld days ago; what was there before is kept no longer",
			(long long)days);
	return import_take(call, was, now);
}

#define S(x) IN(IMPORT_##x)
static const struct verb import_verbs[] = { { "Take", COORDINATOR, S(READY), S(TAKING), NULL, import_take, "Take it whole", LONG, NULL,
						    NULL, 0 },
	{ "Undo", COORDINATOR, S(TAKEN), S(UNDOING), NULL, import_undo, "Undo it; what was edited since is kept", LONG | DESTRUCTIVE, NULL,
		NULL, 0 },
	{ "Note", SYSTEM, 0, S(READING) | S(CHECKING) | S(READY) | S(REFUSED) | S(TAKING) | S(TAKEN) | S(UNDOING) | S(UNDONE) | S(FAILED),
		"rows created changed unchanged problems problem state", NULL, "The import's own progress", 0, NULL, NULL, 0 },
	{ 0 } };

const struct entity import_entity = { .name = "import",
	.collection = "imports",
	.size = sizeof(struct import),
	.fields = import_fields,
	.verbs = import_verbs,
	.retention = AS_JOB,
	.label = "Import",
	.help = "A file that was read: shown first, taken whole or not at all, undone as a batch.",
	.order = "time" };
