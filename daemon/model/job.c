/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs: the schedule, one row for each thing that is to happen. (kind, subject, nominal local time, zone) is unique: what was done
 * is never done twice. Rows are written by plan and by the scheduler; nobody changes them over the bus but an admin who retries a
 * failed one. The standing jobs of the house stand here too.
 */
#include "model.h"

static const char *const states[] = { "waiting", "running", "done", "failed", "withdrawn", "skipped", NULL };
enum {
	WAITING,
	RUNNING,
	DONE,
	FAILED,
	WITHDRAWN,
	SKIPPED
};

struct job_row {
	int64_t id, version;
	char *kind;
	int64_t subject;
	char *nominal, *zone;
	int64_t due, cursor, attempts;
	char *problem;
	int64_t done_at, state;
};

#define A ADMIN_READS
static const struct field fields[] = { ID_AND_VERSION(struct job_row, .anchor = NO_ANCHOR),
	{ AS_TEXT(struct job_row, kind, STAFF), .flags = REQUIRED | BY_VERB | LISTED | A, .label = "Kind" },
	{ AS_INT(struct job_row, subject, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | LISTED | A, .starts = true, .label = "Subject" },
	{ AS_TEXT(struct job_row, nominal, STAFF), .flags = REQUIRED | BY_VERB | LISTED | A, .label = "Nominal local time" },
	{ AS_TEXT(struct job_row, zone, STAFF), .flags = REQUIRED | BY_VERB | LISTED | A, .label = "Zone" },
	{ AS_INT(struct job_row, due, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | A, .label = "Due" },
	{ AS_INT(struct job_row, cursor, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | A, .starts = true, .label = "Cursor" },
	{ AS_INT(struct job_row, attempts, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | A, .starts = true, .label = "Attempts" },
	{ AS_TEXT(struct job_row, problem, STAFF), .flags = BY_VERB | A, .label = "Last error" },
	{ AS_INT(struct job_row, done_at, INSTANT, STAFF), .flags = BY_VERB | A, .label = "Done" },
	{ AS_INT(struct job_row, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | A, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct job_row, 0);

static const unsigned readers[SEALED] = { [PUBLIC] = ANYONE, [MEMBER] = 0, [PAIR] = 0, [STAFF] = AUDITOR };

static int retry(struct call *call, const void *was, void *now)
{
	struct job_row *job = now;

	(void)was;
	job->due = call->now;
	job->attempts = 0;
	job->problem = NULL;
	return 0;
}

static const struct verb verbs[] = { { "Retry", ADMIN, IN(FAILED), IN(WAITING), NULL, retry, "Try again", 0, MANAGE, NULL, 0 },
	{ "Note", SYSTEM, 0, IN(WAITING) | IN(RUNNING) | IN(DONE) | IN(FAILED) | IN(WITHDRAWN) | IN(SKIPPED), NULL, NULL,
		"The scheduler's own entries", 0, NULL, NULL, 0 },
	{ 0 } };

/* ---- the standing jobs of the house ---- */

static int retention(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)subject;
	(void)nominal;
	return keep_no_longer(call, cursor);
}

static int backup(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)subject;
	(void)nominal;
	(void)cursor;
	return begin_work(call, "backup", 0);
}

static int database_check(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)subject;
	(void)nominal;
	(void)cursor;
	return begin_work(call, "database check", 0);
}

static int checkpoint(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	(void)subject;
	(void)nominal;
	(void)cursor;
	return begin_work(call, "checkpoint", 0);
}

static const struct job jobs[] = { { "retention", "FREQ=DAILY;BYHOUR=3;BYMINUTE=30;BYSECOND=0", RUN_ONCE_LATE, 0, retention,
					   "Retention and erasure", OUTSIDE | DESTROYS, NULL },
	{ "backup", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0", RUN_ONCE_LATE, 0, backup, "Backup", OUTSIDE, NULL },
	{ "database check", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=4;BYMINUTE=0;BYSECOND=0", RUN_ONCE_LATE, 0, database_check, "Database check",
		OUTSIDE, NULL },
	{ "checkpoint", "FREQ=DAILY;BYHOUR=1;BYMINUTE=0;BYSECOND=0", RUN_ONCE_LATE, 0, checkpoint, "Checkpoint", OUTSIDE, NULL }, { 0 } };

const struct entity job_entity = { .name = "job",
	.collection = "jobs",
	.size = sizeof(struct job_row),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.readers = readers,
	.unique = "kind subject nominal zone; state due id" /* the second is the scheduler's index of what is due next */,
	.flags = QUIET,
	.retention = AS_JOB,
	.label = "Job",
	.help = "Something that happens at a time.",
	.order = "due" };
