/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verify: does the chain hold from the first record to the last?
 *
 * Records are walked in order, each hash computed again. A changed or reordered record gives another hash, a removed
 * one leaves a gap; a cut-off end shows against a head that was remembered elsewhere. Where the salt is gone the
 * commitment is taken as it stands, and the number waits in a sorted list until a later record of an erasure names it:
 * who is left at the end was emptied by somebody else. The first fault ends the walk.
 */
#include "audit_inside.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store.h"

struct audit_check {
	struct engine *engine;
	struct audit_head head, remembered;
	int64_t erased;
	int64_t *waiting; /* erased, not yet named by an erasure: ascending, negative once it is */
	size_t count, room;
};

struct audit_check *audit_check_new(struct engine *engine, const struct audit_head *remembered)
{
	struct audit_check *check = calloc(1, sizeof *check);

	if (!check)
		abort();
	check->engine = engine;
	if (remembered)
		check->remembered = *remembered;
	return check;
}

void audit_check_free(struct audit_check *check)
{
	if (!check)
		return;
	free(check->waiting);
	free(check);
}

static int bad(struct audit_report *report, int64_t seq, const char *what)
{
	report->first_bad = seq;
	snprintf(report->what, sizeof report->what, "%s", what);
	return 0;
}

static void wait_for_erasure(struct audit_check *check, int64_t seq)
{
	check->waiting = heap_grown(check->waiting, check->count, &check->room, sizeof *check->waiting);
	check->waiting[check->count++] = seq;
	check->erased++;
}

static void named(struct audit_check *check, int64_t first, int64_t last)
{
	size_t low = 0, high = check->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (llabs(check->waiting[middle]) < first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < check->count && llabs(check->waiting[low]) <= last; low++)
		check->waiting[low] = -llabs(check->waiting[low]);
}

/* "3 7-9", as audit.c wrote it; false if it is anything else. */
static bool read_list(struct audit_check *check, const char *list)
{
	while (list && *list) {
		char *end;
		int64_t first = strtoll(list, &end, 10), last = first;

		if (end == list)
			return false;
		if (*end == '-') {
			list = end + 1;
			last = strtoll(list, &end, 10);
			if (end == list)
				return false;
		}
		if (first < 1 || last < first || last > check->head.seq || (*end && *end != ' '))
			return false;
		named(check, first, last);
		list = *end ? end + 1 : end;
	}
	return true;
}

static bool is_erasure(const struct audit_entry *entry)
{
	return entry->entity && !strcmp(entry->entity, "audit_record") && entry->verb &&
		(!strcmp(entry->verb, "Erase") || !strcmp(entry->verb, "Expire"));
}

/* In the order of the statement in audit_check_step. */
static void read_entry(struct stmt *stmt, struct audit_entry *entry)
{
	*entry = (struct audit_entry){
		.time = engine_int(stmt, 1),
		.uid = engine_int(stmt, 2),
		.person = engine_int(stmt, 3),
		.for_person = engine_int(stmt, 4),
		.way = engine_text(stmt, 5),
		.verb = engine_text(stmt, 6),
		.entity = engine_text(stmt, 7),
		.id = engine_int(stmt, 8),
		.fields = engine_text(stmt, 9),
		.reason = engine_text(stmt, 10),
		.program = engine_int(stmt, 11),
		.match = engine_int(stmt, 12),
		.about = engine_int(stmt, 13),
		.what = engine_text(stmt, 14),
		.detail = engine_text(stmt, 15),
	};
}

/* The commitment that stands there, if it is the one of the values, or the values were erased. NULL, or what is wrong. */
static const char *look_at_values(
	struct audit_check *check, struct stmt *stmt, const struct audit_entry *entry, unsigned char commitment[32])
{
	unsigned char salt[AUDIT_SALT], computed[32];
	const char *salt_hex = engine_text(stmt, 18);

	if (!audit_unhex(engine_text(stmt, 16), commitment, 32))
		return "its commitment is damaged";
	if (!salt_hex) {
		if (entry->detail || entry->reason)
			return "its values stand without their salt";
		wait_for_erasure(check, engine_int(stmt, 0));
		return NULL;
	}
	if (!audit_unhex(salt_hex, salt, sizeof salt))
		return "its salt is damaged";
	audit_commitment(salt, entry->detail, entry->reason, computed);
	return memcmp(computed, commitment, 32) ? "its values were changed" : NULL;
}

/* One record; NULL, or what is wrong with it. */
static const char *look_at(struct audit_check *check, struct stmt *stmt)
{
	unsigned char commitment[32], chain[32];
	struct audit_entry entry;
	const char *wrong;

	if (engine_int(stmt, 0) != check->head.seq + 1)
		return "it was removed";
	read_entry(stmt, &entry);
	if ((wrong = look_at_values(check, stmt, &entry, commitment)))
		return wrong;
	audit_link(&check->head, &entry, commitment);
	if (!audit_unhex(engine_text(stmt, 17), chain, 32) || memcmp(chain, check->head.chain, 32))
		return "it was changed, or is not where it was written";
	if (check->head.seq == check->remembered.seq && memcmp(chain, check->remembered.chain, 32))
		return "the chain up to it was written anew: a head that was noted elsewhere differs";
	if (is_erasure(&entry) && !read_list(check, entry.fields))
		return "its list of erased records is damaged";
	return NULL;
}

static int finish(struct audit_check *check, struct audit_report *report)
{
	if (check->head.seq < check->remembered.seq)
		return bad(report, check->head.seq + 1, "it and what followed were cut off: a head that was noted elsewhere is further on");
	for (size_t i = 0; i < check->count; i++)
		if (check->waiting[i] > 0)
			return bad(report, check->waiting[i], "its values were removed, and no erasure names it");
	return 0;
}

int audit_check_step(struct audit_check *check, int rows, struct audit_report *report, struct problem *problem)
{
	static const char sql[] =
		"SELECT \"id\", \"time\", \"uid\", \"person\", \"for_person\", \"way\", \"verb\", \"entity\", \"record\", "
		"\"fields\", \"reason\", \"program\", \"match\", \"about\", \"what\", \"detail\", \"commitment\", \"chain\", \"salt\" "
		"FROM \"audit_record\" WHERE \"id\" > ?1 ORDER BY \"id\"";
	const char *wrong = NULL;
	struct stmt *stmt;
	int code = engine_prepare(check->engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	memset(report, 0, sizeof *report);
	engine_bind_int(stmt, 1, check->head.seq);
	while (rows-- > 0 && (code = engine_step(check->engine, stmt, problem)) > 0) {
		int64_t seq = check->head.seq + 1;

		if ((wrong = look_at(check, stmt))) {
			code = bad(report, seq, wrong);
			break;
		}
	}
	engine_reset(stmt);
	report->records = check->head.seq;
	report->erased = check->erased;
	sodium_bin2hex(report->head, sizeof report->head, check->head.chain, sizeof check->head.chain);
	return code || wrong ? code : finish(check, report);
}

int audit_verify(struct engine *engine, const struct audit_head *remembered, struct audit_report *report, struct problem *problem)
{
	struct audit_check *check = audit_check_new(engine, remembered);
	int code;

	do {
		code = audit_check_step(check, 4096, report, problem);
	} while (code > 0);
	audit_check_free(check);
	return code;
}
