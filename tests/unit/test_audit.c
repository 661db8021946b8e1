/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit chain: every way to tamper with a record is found, erasing is not tampering, and erased values are gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "core/entity.h"
#include "store/audit.h"
#include "store/store.h"
#include "temporary.h"
/* Behind core/call.h, whose fail() is a function: cmocka's is a macro. */
#include <cmocka.h>

/* As the entity audit_record makes it. */
static const char table[] =
	"CREATE TABLE \"audit_record\" (\"id\" INTEGER PRIMARY KEY, \"version\" INTEGER NOT NULL, \"time\" INTEGER, "
	"\"uid\" INTEGER, \"person\" INTEGER, \"for_person\" INTEGER, \"way\" TEXT, \"verb\" TEXT, \"entity\" TEXT, \"record\" INTEGER, "
	"\"fields\" TEXT, \"reason\" TEXT, \"program\" INTEGER, \"match\" INTEGER, \"about\" INTEGER, \"what\" TEXT, \"commitment\" TEXT, "
	"\"chain\" TEXT, \"salt\" TEXT, \"detail\" TEXT) STRICT";
static struct problem problem;

enum {
	RECORDS = 40
};

struct place {
	char *directory;
	struct engine *engine;
	struct audit_head head;
};

static void run(struct engine *engine, const char *sql)
{
	if (engine_run(engine, sql, &problem) < 0)
		fail_msg("%s: %s", sql, problem.text);
}

/* Persons 1, 2, 3 in turn; at 1000, 1001, ... */
static void append(struct place *place, int i)
{
	struct audit_entry entry = {
		.time = 1000 + i,
		.uid = 1000,
		.person = i % 2 ? 5 : NONE,
		.for_person = NONE,
		.way = "bus",
		.verb = "Update",
		.entity = "person",
		.id = 1 + i % 3,
		.fields = "name email",
		.detail = "name=plantedword\nemail=a@b\n",
		.reason = i % 4 ? NULL : "plantedword asked for it",
		.program = NONE,
		.match = NONE,
		.about = 1 + i % 3,
		.what = "Changed",
	};

	if (audit_append(place->engine, &place->head, &entry, &problem) < 0)
		fail_msg("%s", problem.text);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	place->directory = temporary_new();
	assert_int_equal(engine_open(place->directory, "m.db", true, &place->engine, &problem), 0);
	run(place->engine, table);
	assert_int_equal(audit_load(place->engine, &place->head, &problem), 0);
	assert_int_equal(place->head.seq, 0);
	for (int i = 0; i < RECORDS; i++)
		append(place, i);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	engine_close(place->engine);
	temporary_free(place->directory);
	free(place);
	return 0;
}

static struct audit_report verify(struct place *place, const struct audit_head *remembered)
{
	struct audit_report report;

	if (audit_verify(place->engine, remembered, &report, &problem) < 0)
		fail_msg("%s", problem.text);
	return report;
}

static void whole(struct place *place)
{
	struct audit_report report = verify(place, &place->head);

	if (report.first_bad)
		fail_msg("record %d: %s", (int)report.first_bad, report.what);
	assert_int_equal(report.records, place->head.seq);
}

static void test_whole(void **state)
{
	struct place *place = *state;
	struct audit_head loaded;

	whole(place);
	assert_int_equal(audit_load(place->engine, &loaded, &problem), 0);
	assert_int_equal(loaded.seq, RECORDS);
	assert_memory_equal(loaded.chain, place->head.chain, 32);
	place->head = loaded;
	append(place, RECORDS);
	whole(place);
}

/* Twin records have other salts, so other commitments: equal values do not show. */
static void test_salted(void **state)
{
	struct place *place = *state;
	struct stmt *stmt;

	assert_int_equal(engine_prepare(place->engine, "SELECT count(DISTINCT commitment), count(DISTINCT salt) FROM audit_record", true,
				 &stmt, &problem),
		0);
	assert_int_equal(engine_step(place->engine, stmt, &problem), 1);
	assert_int_equal(engine_int(stmt, 0), RECORDS);
	assert_int_equal(engine_int(stmt, 1), RECORDS);
	engine_reset(stmt);
}

static void test_tampering(void **state)
{
	static const struct {
		const char *sql;
		int first_bad;
	} ways[] = {
		{ "UPDATE audit_record SET time = time + 1 WHERE id = 7", 7 },
		{ "UPDATE audit_record SET uid = 0 WHERE id = 7", 7 },
		{ "UPDATE audit_record SET uid = NULL WHERE id = 7", 7 },
		{ "UPDATE audit_record SET person = 6 WHERE id = 8", 8 },
		{ "UPDATE audit_record SET for_person = 6 WHERE id = 8", 8 },
		{ "UPDATE audit_record SET way = 'job' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET verb = 'Create' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET entity = 'program' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET record = 2 WHERE id = 7", 7 },
		{ "UPDATE audit_record SET fields = 'name' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET fields = NULL WHERE id = 7", 7 },
		{ "UPDATE audit_record SET program = 1 WHERE id = 7", 7 },
		{ "UPDATE audit_record SET match = 1 WHERE id = 7", 7 },
		{ "UPDATE audit_record SET about = 9 WHERE id = 7", 7 },
		{ "UPDATE audit_record SET what = 'Added' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET reason = 'another' WHERE id = 5", 5 },
		{ "UPDATE audit_record SET reason = NULL WHERE id = 5", 5 },
		{ "UPDATE audit_record SET detail = 'name=x' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET detail = NULL WHERE id = 7", 7 },
		{ "UPDATE audit_record SET detail = '' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET salt = NULL WHERE id = 7", 7 },
		{ "UPDATE audit_record SET salt = NULL, detail = NULL, reason = NULL WHERE id = 7", 7 },
		{ "UPDATE audit_record SET salt = NULL, detail = NULL, reason = NULL WHERE id = 40", 40 },
		{ "UPDATE audit_record SET salt = substr(salt, 1, 30) || 'zz' WHERE id = 7", 7 },
		{ "UPDATE audit_record SET commitment = chain WHERE id = 7", 7 },
		{ "UPDATE audit_record SET chain = commitment WHERE id = 40", 40 },
		{ "UPDATE audit_record SET way = 'bu', verb = 'sUpdate' WHERE id = 7", 7 },
		{ "DELETE FROM audit_record WHERE id = 1", 1 },
		{ "DELETE FROM audit_record WHERE id = 7", 7 },
		{ "DELETE FROM audit_record WHERE id = 40", 40 },
		{ "DELETE FROM audit_record WHERE id > 20", 21 },
		{ "DELETE FROM audit_record", 1 },
		{ "DELETE FROM audit_record WHERE id = 7; UPDATE audit_record SET id = id - 1 WHERE id > 7", 7 },
		{ "UPDATE audit_record SET id = 1000 WHERE id = 7; UPDATE audit_record SET id = 7 WHERE id = 8; "
		  "UPDATE audit_record SET id = 8 WHERE id = 1000",
			7 },
		{ "INSERT INTO audit_record SELECT id + 1, version, time, uid, person, for_person, way, verb, entity, record, "
		  "fields, reason, program, match, about, what, commitment, chain, salt, detail FROM audit_record WHERE id = 40",
			41 },
	};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct audit_report report;

		assert_int_equal(engine_begin(place->engine, &problem), 0);
		run(place->engine, ways[i].sql);
		report = verify(place, &place->head);
		if (report.first_bad != ways[i].first_bad)
			fail_msg("%s: found %d (%s)", ways[i].sql, (int)report.first_bad, report.what);
		assert_true(*report.what);
		engine_rollback(place->engine);
	}
	whole(place);
}

/* Who writes the whole chain anew is found by a head that stands elsewhere. */
static void test_written_anew(void **state)
{
	struct place *place = *state, forged = *place;
	struct audit_head remembered = place->head;

	run(place->engine, "DELETE FROM audit_record");
	forged.head = (struct audit_head){ 0 };
	for (int i = 0; i < RECORDS + 5; i++)
		append(&forged, i);
	assert_int_equal(verify(place, NULL).first_bad, 0);
	assert_int_equal(verify(place, &remembered).first_bad, RECORDS);
}

/* ---- erasing ---- */

static void erase(struct place *place, int64_t person, int limit, int expected_calls)
{
	int calls = 0, code;

	assert_int_equal(engine_begin(place->engine, &problem), 0);
	do {
		code = audit_erase(place->engine, &place->head, person, 2000, limit, &problem);
		calls++;
	} while (code > 0);
	assert_int_equal(code, 0);
	assert_int_equal(calls, expected_calls);
	assert_int_equal(engine_commit(place->engine, &problem), 0);
}

static void test_erase(void **state)
{
	struct place *place = *state;
	struct audit_report report;
	struct stmt *stmt;

	erase(place, 2, 5, 3);
	whole(place);
	report = verify(place, NULL);
	assert_int_equal(report.erased, 13);
	assert_int_equal(report.records, RECORDS + 3);
	assert_int_equal(
		engine_prepare(place->engine, "SELECT fields, verb, record FROM audit_record WHERE id = 41", true, &stmt, &problem), 0);
	assert_int_equal(engine_step(place->engine, stmt, &problem), 1);
	assert_string_equal(engine_text(stmt, 0), "2 5 8 11 14");
	assert_string_equal(engine_text(stmt, 1), "Erase");
	assert_int_equal(engine_int(stmt, 2), 2);
	engine_reset(stmt);
	/* Again: nothing to do, no record about it. */
	erase(place, 2, 5, 1);
	assert_int_equal(place->head.seq, RECORDS + 3);
	/* An emptied record that no erasure names is still found, also beside those that are. */
	run(place->engine, "UPDATE audit_record SET salt = NULL, detail = NULL, reason = NULL WHERE id = 6");
	assert_int_equal(verify(place, &place->head).first_bad, 6);
}

static void test_erased_words(void **state)
{
	struct place *place = *state;

	for (int person = 1; person <= 3; person++)
		erase(place, person, 100, 1);
	assert_int_equal(engine_checkpoint(place->engine, true, &problem), 0);
	assert_false(file_has(in(place->directory, "m.db"), "plantedword", 11));
	assert_false(file_has(in(place->directory, "m.db-wal"), "plantedword", 11));
	whole(place);
	assert_int_equal(verify(place, NULL).erased, RECORDS);
}

/* The list of an erasure is in the chain: it cannot be widened afterwards. */
static void test_widened_list(void **state)
{
	struct place *place = *state;

	erase(place, 2, 100, 1);
	run(place->engine,
		"UPDATE audit_record SET salt = NULL, detail = NULL, reason = NULL WHERE id = 6; "
		"UPDATE audit_record SET fields = fields || ' 6' WHERE verb = 'Erase'");
	assert_int_equal(verify(place, NULL).first_bad, RECORDS + 1);
}

static void test_expire(void **state)
{
	struct place *place = *state;
	int64_t cursor = 0;

	erase(place, 2, 100, 1);
	assert_int_equal(audit_expire(place->engine, &place->head, 1020, &cursor, 2000, 10, &problem), 1);
	assert_int_equal(audit_expire(place->engine, &place->head, 1020, &cursor, 2000, 10, &problem), 0);
	assert_int_equal(cursor, 20);
	whole(place);
	assert_int_equal(verify(place, NULL).erased, 20 + 6);
	assert_int_equal(audit_expire(place->engine, &place->head, 1021, &cursor, 2000, 10, &problem), 0);
	assert_int_equal(cursor, 21);
	whole(place);
}

/* Records that are written, and erased, between two slices of a Verify do not confuse it. */
static void test_slices(void **state)
{
	struct place *place = *state;
	struct audit_check *check = audit_check_new(place->engine, &place->head);
	struct audit_report report;
	int steps = 0, code;

	while ((code = audit_check_step(check, 7, &report, &problem)) > 0) {
		if (steps == 2)
			erase(place, 1, 100, 1);
		if (steps++ < 10)
			append(place, steps);
	}
	audit_check_free(check);
	assert_int_equal(code, 0);
	assert_int_equal(report.first_bad, 0);
	assert_true(steps > 5);
	assert_int_equal(report.records, place->head.seq);
}

/* An append that fails moves nothing. */
static void test_failed_append(void **state)
{
	struct place *place = *state;
	struct audit_head before = place->head;
	struct audit_entry entry = { .time = 1, .way = "bus", .verb = "Update", .entity = "person" };

	assert_int_equal(engine_begin(place->engine, &problem), 0);
	run(place->engine, "ALTER TABLE audit_record RENAME TO elsewhere");
	assert_true(audit_append(place->engine, &place->head, &entry, &problem) < 0);
	engine_rollback(place->engine);
	assert_memory_equal(&before, &place->head, sizeof before);
	append(place, 0);
	whole(place);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_whole),
		EACH(test_salted),
		EACH(test_tampering),
		EACH(test_written_anew),
		EACH(test_erase),
		EACH(test_erased_words),
		EACH(test_widened_list),
		EACH(test_expire),
		EACH(test_slices),
		EACH(test_failed_append),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
