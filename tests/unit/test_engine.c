/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine against the real SQLite: what is refused and left untouched, what errors mean, lost transactions, what stays of erased text,
 * and commits that outlive kill -9. Failing writes and syncs are test_engine_faults.c.
 */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include "core/entity.h"
#include "store/engine.h"
#include "temporary.h"

static const char table[] =
	"CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, weight REAL, boss INTEGER REFERENCES person) STRICT";
static struct problem problem;

struct place {
	char *directory;
	struct engine *engine;
};

static void run(struct engine *engine, const char *sql)
{
	if (engine_run(engine, sql, &problem) < 0)
		fail_msg("%s: %s", sql, problem.text);
}

static int64_t number(struct engine *engine, const char *sql)
{
	struct stmt *stmt;
	int64_t value;

	assert_int_equal(engine_prepare(engine, sql, false, &stmt, &problem), 0);
	assert_int_equal(engine_step(engine, stmt, &problem), 1);
	value = engine_int(stmt, 0);
	engine_reset(stmt);
	return value;
}

static int insert(struct engine *engine, const char *name)
{
	static const char sql[] = "INSERT INTO person (name) VALUES (?1)";
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, &problem);

	if (code < 0)
		return code;
	engine_bind_text(stmt, 1, name);
	return engine_step(engine, stmt, &problem);
}

static struct engine *reopen(const char *directory)
{
	struct engine *engine;

	if (engine_open(directory, "m.db", true, &engine, &problem) < 0)
		fail_msg("%s", problem.text);
	return engine;
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	place->directory = temporary_new();
	place->engine = reopen(place->directory);
	run(place->engine, table);
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

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_new_database(void **state)
{
	struct place *place = *state;

	assert_int_equal(mode_of(in(place->directory, "m.db")), 0600);
	assert_int_equal(mode_of(in(place->directory, "m.db-wal")), 0600);
	assert_int_equal(mode_of(in(place->directory, "lock")), 0600);
	assert_int_equal(number(place->engine, "PRAGMA application_id"), ENGINE_APPLICATION_ID);
	assert_int_equal(number(place->engine, "PRAGMA synchronous"), 2);
	assert_int_equal(number(place->engine, "PRAGMA secure_delete"), 1);
	assert_int_equal(number(place->engine, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(place->engine, "PRAGMA trusted_schema"), 0);
	assert_int_equal(number(place->engine, "PRAGMA page_size"), 4096);
	assert_int_equal(number(place->engine, "PRAGMA wal_autocheckpoint"), 0);
	assert_int_not_equal(access(in(place->directory, "m.db.new"), F_OK), 0);
}

static void test_second_opener(void **state)
{
	struct place *place = *state;
	struct engine *second = NULL;

	assert_int_equal(engine_open(place->directory, "m.db", true, &second, &problem), E_BUSY);
	assert_non_null(strstr(problem.text, place->directory));
	assert_null(second);
	assert_int_equal(insert(place->engine, "still mine"), 0);
}

static void test_open_directory(void **state)
{
	char *directory = temporary_new();
	struct engine *engine;

	(void)state;
	chmod(directory, 0750);
	assert_int_equal(engine_open(directory, "m.db", true, &engine, &problem), E_DENIED);
	assert_non_null(strstr(problem.text, "chmod 700"));
	chmod(directory, 0700);
	assert_int_equal(engine_open(directory, "m.db", false, &engine, &problem), E_NOTFOUND);
	temporary_free(directory);
}

/* ---- refused, and untouched ---- */

static void refused(const char *directory, const char *what)
{
	size_t before, after;
	char *was = file_bytes(in(directory, "m.db"), &before), *is;
	struct engine *engine = NULL;

	assert_int_equal(engine_open(directory, "m.db", true, &engine, &problem), E_STORE);
	assert_null(engine);
	if (!strstr(problem.text, "m.db") || !strstr(problem.text, "mentorshipd --restore NAME") || !strstr(problem.text, what))
		fail_msg("unexpected: %s", problem.text);
	is = file_bytes(in(directory, "m.db"), &after);
	assert_int_equal(before, after);
	if (before)
		assert_memory_equal(was, is, before);
	free(was);
	free(is);
}

/* A database without a log, as a stop leaves it. */
static char *closed_database(void)
{
	char *directory = temporary_new();
	struct engine *engine = reopen(directory);

	run(engine, table);
	for (int i = 0; i < 500; i++) {
		char name[64];

		snprintf(name, sizeof name, "somebody with a long name, number %d", i);
		assert_int_equal(insert(engine, name), 0);
	}
	assert_int_equal(engine_checkpoint(engine, true, &problem), 0);
	engine_close(engine);
	return directory;
}

static void test_damaged(void **state)
{
	char *directory = closed_database(), *bytes, garbage[8192];
	size_t size;

	(void)state;
	bytes = file_bytes(in(directory, "m.db"), &size);
	file_write(in(directory, "m.db"), bytes, size - 4096);
	refused(directory, "its end is missing");
	file_write(in(directory, "m.db"), bytes, 50);
	refused(directory, "too short");
	file_write(in(directory, "m.db"), bytes, 0);
	refused(directory, "too short");
	memset(garbage, 'x', sizeof garbage);
	file_write(in(directory, "m.db"), garbage, sizeof garbage);
	refused(directory, "no database");
	bytes[16] = 3;
	file_write(in(directory, "m.db"), bytes, size);
	refused(directory, "no database");
	unlink(in(directory, "m.db"));
	file_write(in(directory, "m.db-wal"), garbage, sizeof garbage);
	refused(directory, "missing, but its log");
	free(bytes);
	temporary_free(directory);
}

static void test_damaged_inside(void **state)
{
	char *directory = closed_database(), *bytes;
	size_t size;

	(void)state;
	bytes = file_bytes(in(directory, "m.db"), &size);
	memset(bytes + 100, 'x', 3996);
	file_write(in(directory, "m.db"), bytes, size);
	refused(directory, "damaged");
	free(bytes);
	temporary_free(directory);
}

static void test_foreign_and_newer(void **state)
{
	char *directory = closed_database();
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(in(directory, "m.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	refused(directory, "newer");
	assert_int_equal(sqlite3_open(in(directory, "m.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 0; PRAGMA application_id = 7", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	refused(directory, "is a database of another program");
	temporary_free(directory);
}

/* The number stands in the log alone, where the header does not show it. */
static void test_newer_in_log(void **state)
{
	char *directory = closed_database();
	struct engine *engine = reopen(directory);

	(void)state;
	run(engine, "PRAGMA user_version = 99");
	engine_close(engine);
	refused(directory, "newer");
	temporary_free(directory);
}

static void test_not_a_file(void **state)
{
	char *directory = closed_database();

	(void)state;
	rename(in(directory, "m.db"), in(directory, "other.db"));
	mkdir(in(directory, "m.db"), 0700);
	refused(directory, "not a regular file");
	rmdir(in(directory, "m.db"));
	mkfifo(in(directory, "m.db"), 0600);
	struct engine *engine;
	assert_int_equal(engine_open(directory, "m.db", true, &engine, &problem), E_STORE);
	unlink(in(directory, "m.db"));
	assert_int_equal(symlink("other.db", in(directory, "m.db")), 0);
	refused(directory, "symbolic link");
	/* nor is anything new put in its place when there is no log that would tell of a database */
	unlink(in(directory, "m.db-wal"));
	refused(directory, "symbolic link");
	temporary_free(directory);
}

/* ---- values, statements, errors ---- */

static void test_values(void **state)
{
	struct place *place = *state;
	struct stmt *stmt;
	size_t size;

	assert_int_equal(engine_prepare(place->engine, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, 0", false, &stmt, &problem), 0);
	engine_bind_int(stmt, 1, NONE);
	engine_bind_int(stmt, 2, INT64_MAX);
	engine_bind_real(stmt, 3, NAN);
	engine_bind_real(stmt, 4, -0.5);
	engine_bind_text(stmt, 5, NULL);
	engine_bind_blob(stmt, 6, "a\0b", 3);
	assert_int_equal(engine_step(place->engine, stmt, &problem), 1);
	assert_true(engine_is_null(stmt, 0));
	assert_true(engine_int(stmt, 0) == NONE);
	assert_true(engine_int(stmt, 1) == INT64_MAX);
	assert_true(isnan(engine_real(stmt, 2)));
	assert_true(engine_real(stmt, 3) == -0.5);
	assert_null(engine_text(stmt, 4));
	assert_memory_equal(engine_blob(stmt, 5, &size), "a\0b", 3);
	assert_int_equal(size, 3);
	assert_int_equal(engine_int(stmt, 6), 0);
	assert_int_equal(engine_column_count(stmt), 7);
	assert_int_equal(engine_step(place->engine, stmt, &problem), 0);
	assert_int_equal(engine_prepare(place->engine, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, 0", false, &stmt, &problem), 0);
	assert_int_equal(engine_step(place->engine, stmt, &problem), 1);
	assert_true(engine_is_null(stmt, 1));
	engine_reset(stmt);
}

static void test_kept_statements(void **state)
{
	enum {
		MANY = 700
	};
	static char texts[MANY][32];
	struct place *place = *state;
	struct stmt *stmt, *again, *long_one;

	for (int i = 0; i < MANY; i++)
		snprintf(texts[i], sizeof texts[i], "SELECT %d", i);
	assert_int_equal(engine_prepare(place->engine, "SELECT 1 UNION ALL SELECT 2", false, &long_one, &problem), 0);
	assert_int_equal(engine_step(place->engine, long_one, &problem), 1);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < MANY; i++)
			for (int constant = 0; constant < 2; constant++) {
				assert_int_equal(engine_prepare(place->engine, texts[i], constant, &stmt, &problem), 0);
				assert_int_equal(engine_step(place->engine, stmt, &problem), 1);
				assert_int_equal(engine_int(stmt, 0), i);
				engine_reset(stmt);
				assert_int_equal(engine_prepare(place->engine, texts[i], constant, &again, &problem), 0);
				assert_ptr_equal(stmt, again);
			}
	/* The one that is being stepped through was not thrown out. */
	assert_int_equal(engine_step(place->engine, long_one, &problem), 1);
	assert_int_equal(engine_int(long_one, 0), 2);
	engine_reset(long_one);
}

static void test_constraints(void **state)
{
	struct place *place = *state;

	assert_int_equal(insert(place->engine, "Ann secretword"), 0);
	assert_int_equal(insert(place->engine, "Ann secretword"), E_CONFLICT);
	assert_string_equal(problem.field, "name");
	assert_null(strstr(problem.text, "secretword"));
	assert_int_equal(insert(place->engine, NULL), E_INVALID);
	assert_string_equal(problem.field, "name");
	assert_int_equal(engine_run(place->engine, "INSERT INTO person (name, boss) VALUES ('b', 77)", &problem), E_INVALID);
	assert_string_equal(problem.field, "");
	assert_int_equal(engine_run(place->engine, "INSERT INTO person (name, weight) VALUES ('b', 'heavy')", &problem), E_INVALID);
	assert_string_equal(problem.field, "weight");
	assert_int_equal(engine_run(place->engine, "INSERT INTO nowhere VALUES (1)", &problem), E_STORE);
	assert_int_equal(engine_run(place->engine, "SELECT \"nocolumn\"", &problem), E_STORE);
	assert_int_equal(number(place->engine, "SELECT count(*) FROM person"), 1);
}

static int64_t plus(void *argument, int count, const int64_t *values)
{
	*(int *)argument += 1;
	if (values[0] == NONE)
		return NONE;
	return values[0] + (count > 1 ? values[1] : 0);
}

static void test_function(void **state)
{
	struct place *place = *state;
	int calls = 0;

	assert_int_equal(engine_function(place->engine, "plus", 2, plus, &calls, &problem), 0);
	assert_int_equal(number(place->engine, "SELECT plus(40, 2)"), 42);
	assert_true(number(place->engine, "SELECT plus(NULL, 2)") == NONE);
	assert_int_equal(calls, 2);
}

static void test_reader(void **state)
{
	struct place *place = *state;
	struct engine *reader;

	assert_int_equal(insert(place->engine, "Ann"), 0);
	assert_int_equal(engine_open_reader(place->directory, "m.db", &reader, &problem), 0);
	assert_int_equal(number(reader, "SELECT count(*) FROM person"), 1);
	assert_int_equal(engine_run(reader, "DELETE FROM person", &problem), E_READONLY);
	assert_int_equal(engine_begin_lazy(reader, &problem), 0);
	assert_int_equal(number(reader, "SELECT count(*) FROM person"), 1);
	assert_int_equal(insert(place->engine, "Bob"), 0);
	assert_int_equal(engine_checkpoint(place->engine, false, &problem), 1);
	assert_int_equal(engine_checkpoint(place->engine, true, &problem), 1);
	assert_int_equal(number(reader, "SELECT count(*) FROM person"), 1);
	engine_rollback(reader);
	assert_int_equal(engine_checkpoint(place->engine, true, &problem), 0);
	assert_int_equal(engine_wal_pages(place->engine), 0);
	engine_close(reader);
}

/* ---- transactions ---- */

static void test_savepoints(void **state)
{
	struct place *place = *state;

	assert_int_equal(engine_savepoint(place->engine, &problem), E_STORE);
	assert_int_equal(engine_begin_lazy(place->engine, &problem), 0);
	assert_int_equal(engine_savepoint(place->engine, &problem), 0);
	assert_int_equal(insert(place->engine, "kept"), 0);
	assert_int_equal(engine_savepoint(place->engine, &problem), 0);
	assert_int_equal(insert(place->engine, "undone"), 0);
	assert_int_equal(engine_undo(place->engine, &problem), 0);
	assert_int_equal(insert(place->engine, "kept"), E_CONFLICT);
	assert_false(engine_lost(place->engine));
	assert_int_equal(engine_release(place->engine, &problem), 0);
	assert_true(engine_in_transaction(place->engine));
	assert_int_equal(engine_commit(place->engine, &problem), 0);
	assert_int_equal(number(place->engine, "SELECT count(*) FROM person"), 1);
	assert_int_equal(engine_begin(place->engine, &problem), 0);
	assert_int_equal(insert(place->engine, "rolled back"), 0);
	engine_rollback(place->engine);
	assert_int_equal(number(place->engine, "SELECT count(*) FROM person"), 1);
}

/* Fills until the store says that it is full; gives the number of names that went in. */
static int fill(struct engine *engine)
{
	char name[2000];
	int count = 0, code;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	do {
		snprintf(name, 20, "%d", count);
		name[strlen(name)] = ' ';
		code = insert(engine, name);
	} while (code == 0 && ++count < 100000);
	assert_int_equal(code, E_FULL);
	return count;
}

static void turn_is_lost(struct engine *engine, struct stmt *prepared)
{
	struct problem again;

	assert_true(engine_lost(engine));
	assert_int_equal(insert(engine, "would commit alone"), E_FULL);
	assert_int_equal(engine_step(engine, prepared, &again), E_FULL);
	assert_int_equal(engine_savepoint(engine, &again), E_FULL);
	assert_int_equal(engine_release(engine, &again), E_FULL);
	assert_int_equal(engine_undo(engine, &again), E_FULL);
	assert_int_equal(engine_run(engine, "INSERT INTO person (name) VALUES ('alone')", &again), E_FULL);
	assert_int_equal(engine_commit(engine, &again), E_FULL);
	assert_string_equal(again.text, problem.text);
	assert_false(engine_lost(engine));
	assert_false(engine_in_transaction(engine));
}

static void test_full_in_a_turn(void **state)
{
	struct place *place = *state;
	struct stmt *prepared;

	assert_int_equal(insert(place->engine, "before"), 0);
	assert_int_equal(
		engine_prepare(place->engine, "INSERT INTO person (name) VALUES ('prepared before')", true, &prepared, &problem), 0);
	run(place->engine, "PRAGMA max_page_count = 20");
	assert_int_equal(engine_begin(place->engine, &problem), 0);
	assert_int_equal(engine_savepoint(place->engine, &problem), 0);
	assert_int_equal(insert(place->engine, "first of the turn"), 0);
	assert_int_equal(engine_release(place->engine, &problem), 0);
	assert_int_equal(engine_savepoint(place->engine, &problem), 0);
	assert_true(fill(place->engine) > 1);
	turn_is_lost(place->engine, prepared);
	assert_int_equal(number(place->engine, "SELECT count(*) FROM person"), 1);
	run(place->engine, "PRAGMA max_page_count = 100000");
	assert_int_equal(engine_begin(place->engine, &problem), 0);
	assert_int_equal(insert(place->engine, "next turn"), 0);
	assert_int_equal(engine_commit(place->engine, &problem), 0);
	assert_int_equal(number(place->engine, "SELECT count(*) FROM person"), 2);
}

/* ---- what stays of erased text ---- */

static void test_erased_text(void **state)
{
	static const char word[] = "plantedword";
	struct place *place = *state;
	const char *database = in(place->directory, "m.db"), *log = in(place->directory, "m.db-wal");

	assert_int_equal(insert(place->engine, word), 0);
	assert_int_equal(engine_checkpoint(place->engine, true, &problem), 0);
	assert_true(file_has(database, word, sizeof word - 1));
	run(place->engine, "UPDATE person SET name = 'erased' WHERE name = 'plantedword'");
	assert_int_equal(insert(place->engine, "plantedword again"), 0);
	run(place->engine, "DELETE FROM person WHERE name LIKE 'plantedword%'");
	assert_true(file_has(database, word, sizeof word - 1) || file_has(log, word, sizeof word - 1));
	assert_int_equal(engine_checkpoint(place->engine, true, &problem), 0);
	assert_false(file_has(database, word, sizeof word - 1));
	assert_false(file_has(log, word, sizeof word - 1));
	assert_int_equal(engine_backup(place->engine, in(place->directory, "copy.db"), &problem), 0);
	assert_false(file_has(in(place->directory, "copy.db"), word, sizeof word - 1));
}

/* ---- copies and checks ---- */

static void test_backup(void **state)
{
	struct place *place = *state;
	struct engine *copy;

	for (int i = 0; i < 3000; i++) {
		char name[400];

		snprintf(name, sizeof name, "%-390d", i);
		assert_int_equal(insert(place->engine, name), 0);
	}
	assert_int_equal(engine_backup(place->engine, in(place->directory, "copy.db"), &problem), 0);
	assert_int_equal(mode_of(in(place->directory, "copy.db")), 0600);
	assert_int_not_equal(access(in(place->directory, "copy.db-wal"), F_OK), 0);
	assert_int_not_equal(access(in(place->directory, "copy.db.part"), F_OK), 0);
	engine_close(place->engine);
	assert_int_equal(engine_open(place->directory, "copy.db", false, &copy, &problem), 0);
	assert_int_equal(number(copy, "SELECT count(*) FROM person"), 3000);
	engine_close(copy);
	place->engine = reopen(place->directory);
}

/* What is written between two steps is in the copy, or the copy is of before: never half. */
static void test_backup_in_steps(void **state)
{
	struct place *place = *state;
	struct engine *copied;
	struct copy *copy;
	int steps = 0, code;
	char name[2000];

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(engine_begin(place->engine, &problem), 0);
	for (int i = 0; i < 10000; i++) {
		snprintf(name, 20, "%d", i);
		name[strlen(name)] = ' ';
		assert_int_equal(insert(place->engine, name), 0);
	}
	assert_int_equal(engine_commit(place->engine, &problem), 0);
	assert_int_equal(engine_copy_begin(place->engine, in(place->directory, "copy.db"), &copy, &problem), 0);
	while ((code = engine_copy_step(copy, &problem)) > 0 && ++steps < 1000)
		if (steps < 5)
			run(place->engine, "UPDATE person SET weight = coalesce(weight, 0) + 1");
	assert_int_equal(code, 0);
	assert_in_range(steps, 6, 999);
	engine_copy_free(copy);
	while ((code = engine_quick_check(place->engine, &problem)) > 0)
		;
	assert_int_equal(code, 0);
	engine_close(place->engine);
	assert_int_equal(engine_open(place->directory, "copy.db", false, &copied, &problem), 0);
	assert_int_equal(number(copied, "SELECT count(DISTINCT weight) FROM person"), 1);
	assert_int_equal(number(copied, "SELECT count(*) FROM person"), 10000);
	engine_close(copied);
	place->engine = reopen(place->directory);
}

static void test_quick_check(void **state)
{
	char *directory = closed_database(), *bytes;
	struct engine *engine;
	size_t size;

	(void)state;
	bytes = file_bytes(in(directory, "m.db"), &size);
	memset(bytes + size - 4096 + 100, 'x', 2000);
	file_write(in(directory, "m.db"), bytes, size);
	engine = reopen(directory);
	assert_int_equal(engine_quick_check(engine, &problem), E_STORE);
	assert_non_null(strstr(problem.text, "mentorshipd --restore NAME"));
	assert_int_equal(engine_backup(engine, in(directory, "copy.db"), &problem), E_STORE);
	assert_int_not_equal(access(in(directory, "copy.db"), F_OK), 0);
	assert_int_not_equal(access(in(directory, "copy.db.part"), F_OK), 0);
	engine_close(engine);
	free(bytes);
	temporary_free(directory);
}

/* ---- kill -9 ---- */

/* Commits one name after another, telling each number when its commit has returned. */
static void commit_for_ever(const char *directory, int out)
{
	struct engine *engine = reopen(directory);

	for (int i = (int)number(engine, "SELECT count(*) FROM person");; i++) {
		char name[20];

		snprintf(name, sizeof name, "%d", i);
		if (engine_begin(engine, &problem) || insert(engine, name) || engine_commit(engine, &problem) ||
			write(out, &i, sizeof i) != sizeof i)
			_exit(1);
		if (i % 50 == 49 && engine_checkpoint(engine, i % 100 == 99, &problem) < 0)
			_exit(1);
	}
}

static int killed_after(const char *directory, int commits)
{
	int ends[2], last = -1, seen = 0;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	if (!(child = fork())) {
		close(ends[0]);
		commit_for_ever(directory, ends[1]);
	}
	close(ends[1]);
	while (seen < commits && read(ends[0], &last, sizeof last) == sizeof last)
		seen++;
	kill(child, SIGKILL);
	while (read(ends[0], &last, sizeof last) == sizeof last)
		;
	waitpid(child, NULL, 0);
	close(ends[0]);
	assert_int_equal(seen, commits);
	return last;
}

static void test_kill(void **state)
{
	struct place *place = *state;

	engine_close(place->engine);
	for (int round = 0; round < 8; round++) {
		int last = killed_after(place->directory, 1 + 37 * round);
		int64_t count;

		place->engine = reopen(place->directory);
		count = number(place->engine, "SELECT count(*) FROM person");
		assert_in_range(count, last + 1, last + 2);
		assert_int_equal(engine_quick_check(place->engine, &problem), 0);
		engine_close(place->engine);
	}
	place->engine = reopen(place->directory);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_new_database),
		EACH(test_second_opener),
		cmocka_unit_test(test_open_directory),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_damaged_inside),
		cmocka_unit_test(test_foreign_and_newer),
		cmocka_unit_test(test_newer_in_log),
		cmocka_unit_test(test_not_a_file),
		EACH(test_values),
		EACH(test_kept_statements),
		EACH(test_constraints),
		EACH(test_function),
		EACH(test_reader),
		EACH(test_savepoints),
		EACH(test_full_in_a_turn),
		EACH(test_erased_text),
		EACH(test_backup),
		EACH(test_backup_in_steps),
		cmocka_unit_test(test_quick_check),
		EACH(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
