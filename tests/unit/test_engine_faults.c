/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A failing disk: each write and each sync fails once, and from then on, for all of them.
 *
 * Whatever was acknowledged is there afterwards; whatever failed was told; a turn whose write failed left nothing. After
 * a failed sync the engine says that the process must end, and the test does as the daemon would: it stops there. Disks that are
 * full or read-only are real ones, mounted in a namespace of the test's own.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "../faults/fault_vfs.h"
#include "store/seal.h"
#include "temporary.h"

enum {
	TURNS = 24,
	ROWS = 3,
	SKIPPED = 77
};

static struct problem problem;

struct outcome {
	bool acknowledged[TURNS];
	int reported;
	bool sync_failed;
};

static struct engine *open_or_fail(const char *directory)
{
	struct engine *engine;

	if (engine_open(directory, "m.db", true, &engine, &problem) < 0)
		fail_msg("%s", problem.text);
	return engine;
}

static int put_row(struct engine *engine, int turn)
{
	static const char sql[] = "INSERT INTO t (turn, filler) VALUES (?1, hex(zeroblob(1500)))";
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, &problem);

	if (code < 0)
		return code;
	engine_bind_int(stmt, 1, turn);
	return engine_step(engine, stmt, &problem);
}

static int one_turn(struct engine *engine, int turn)
{
	int code = engine_begin(engine, &problem);

	for (int row = 0; row < ROWS && code == 0; row++) {
		if ((code = engine_savepoint(engine, &problem)) == 0 && (code = put_row(engine, turn)) == 0)
			code = engine_release(engine, &problem);
	}
	if (code < 0)
		engine_rollback(engine);
	return code < 0 ? code : engine_commit(engine, &problem);
}

static void work(struct engine *engine, struct outcome *outcome)
{
	for (int turn = 0; turn < TURNS && !engine_sync_failed(engine); turn++) {
		outcome->acknowledged[turn] = one_turn(engine, turn) == 0;
		outcome->reported += !outcome->acknowledged[turn];
		if (turn % 6 == 5 && !engine_sync_failed(engine))
			outcome->reported += engine_checkpoint(engine, turn % 12 == 11, &problem) < 0;
	}
	outcome->sync_failed = engine_sync_failed(engine);
}

static int64_t rows_of(struct engine *engine, int turn)
{
	static const char sql[] = "SELECT count(*) FROM t WHERE turn = ?1";
	struct stmt *stmt;
	int64_t count;

	assert_int_equal(engine_prepare(engine, sql, true, &stmt, &problem), 0);
	engine_bind_int(stmt, 1, turn);
	assert_int_equal(engine_step(engine, stmt, &problem), 1);
	count = engine_int(stmt, 0);
	engine_reset(stmt);
	return count;
}

/* One run with a fault behind `passing` operations; false when the run ended before it came. */
static bool run_with_fault(int passing, int kind, bool stays)
{
	char *directory = temporary_new();
	struct engine *engine = open_or_fail(directory);
	struct outcome outcome = { 0 };
	bool fired;

	assert_int_equal(engine_run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, turn INTEGER, filler TEXT) STRICT", &problem), 0);
	fault_arm(passing, kind, stays);
	work(engine, &outcome);
	fired = fault.fired > 0;
	engine_close(engine);
	fault_disarm();
	assert_true(fired == (outcome.reported > 0));
	assert_true(outcome.sync_failed == (fired && kind == FAULT_SYNC));
	engine = open_or_fail(directory);
	for (int turn = 0; turn < TURNS; turn++) {
		int64_t rows = rows_of(engine, turn);

		if (outcome.acknowledged[turn])
			assert_int_equal(rows, ROWS);
		else if (rows && (!outcome.sync_failed || rows != ROWS))
			fail_msg("fault %d of kind %d: %d rows of a failed turn", passing, kind, (int)rows);
	}
	assert_int_equal(engine_quick_check(engine, &problem), 0);
	engine_close(engine);
	temporary_free(directory);
	return fired;
}

static void all_faults(int kind)
{
	for (int stays = 0; stays < 2; stays++) {
		int passing = 0;

		while (run_with_fault(passing, kind, stays))
			passing += kind == FAULT_SYNC || passing < 30 ? 1 : 7;
		assert_true(passing > 20);
	}
}

static void test_failing_writes(void **state)
{
	(void)state;
	all_faults(FAULT_WRITE);
}

static void test_failing_syncs(void **state)
{
	(void)state;
	all_faults(FAULT_SYNC);
}

static void test_full_writes(void **state)
{
	(void)state;
	all_faults(FAULT_FULL);
}

/* ---- copies and keys on a failing disk ---- */

static void test_backup_faults(void **state)
{
	char *directory = temporary_new();
	struct engine *engine = open_or_fail(directory), *copy;
	bool fired = true;

	(void)state;
	assert_int_equal(engine_run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, turn INTEGER, filler TEXT) STRICT", &problem), 0);
	for (int turn = 0; turn < TURNS; turn++)
		assert_int_equal(one_turn(engine, turn), 0);
	for (int passing = 0; fired; passing++) {
		int code;

		unlink(in(directory, "copy.db"));
		fault_arm(passing, FAULT_WRITE, true);
		code = engine_backup(engine, in(directory, "copy.db"), &problem);
		fired = fault.fired > 0;
		fault_disarm();
		assert_true(fired == (code < 0));
		assert_true(fired == (access(in(directory, "copy.db"), F_OK) != 0));
		assert_int_not_equal(access(in(directory, "copy.db.part"), F_OK), 0);
	}
	engine_close(engine);
	assert_int_equal(engine_open(directory, "copy.db", false, &copy, &problem), 0);
	assert_int_equal(rows_of(copy, TURNS - 1), ROWS);
	engine_close(copy);
	temporary_free(directory);
}

static void put_credential(const char *directory)
{
	char key[32];

	memset(key, 'k', sizeof key);
	file_write(in(directory, "sealing-key"), key, sizeof key);
}

/* A value that was sealed opens after a restart, whatever failed; what failed was told. */
static bool seal_with_fault(int passing, int kind)
{
	char *directory = temporary_new();
	struct arena arena = { 0 };
	struct seal *seal;
	void *sealed[8] = { 0 };
	size_t sizes[8];
	int told = 0;
	bool fired;

	put_credential(directory);
	assert_int_equal(seal_new(directory, directory, &seal, &problem), 0);
	fault_arm(passing, kind, false);
	for (int i = 0; i < 8 && !seal_sync_failed(seal); i++)
		told += seal_shut(seal, &arena, i + 1, "person", i + 1, "birth_date", "2010-02-03", &sealed[i], &sizes[i], &problem) < 0;
	fired = fault.fired > 0;
	seal_free(seal);
	fault_disarm();
	assert_true(fired == (told > 0));
	assert_int_equal(seal_new(directory, directory, &seal, &problem), 0);
	for (int i = 0; i < 8; i++) {
		char *text;

		if (!sealed[i])
			continue;
		assert_int_equal(seal_open(seal, &arena, i + 1, "person", i + 1, "birth_date", sealed[i], sizes[i], &text, &problem), 0);
		assert_string_equal(text, "2010-02-03");
	}
	seal_free(seal);
	arena_free(&arena);
	temporary_free(directory);
	return fired;
}

static void test_seal_faults(void **state)
{
	static const int kinds[] = { FAULT_WRITE, FAULT_SYNC, FAULT_FULL };

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		int passing = 0;

		while (seal_with_fault(passing, kinds[kind]))
			passing++;
		assert_true(passing > 10);
	}
}

/* ---- real disks ---- */

static void check(bool good, int line)
{
	if (good)
		return;
	fprintf(stderr, "test_engine_faults.c:%d: not so; last problem: %s\n", line, problem.text);
	_exit(1);
}
#define CHECK(condition) check(condition, __LINE__)

static bool text_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* Who is not root becomes it in a user namespace; without the maps no file could be made on the tmpfs. */
static bool namespace_enter(void)
{
	char users[40], groups[40];

	snprintf(users, sizeof users, "0 %u 1", (unsigned)geteuid());
	snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
	if (!geteuid())
		return unshare(CLONE_NEWNS) == 0;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && text_put("/proc/self/uid_map", users) &&
		text_put("/proc/self/setgroups", "deny") && text_put("/proc/self/gid_map", groups);
}

/* Runs in a mount namespace of its own with a small tmpfs on `directory`. */
static void in_namespace(const char *directory, void (*body)(const char *))
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (!namespace_enter() || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("disk", directory, "tmpfs", 0, "size=400k,mode=700") < 0)
			_exit(SKIPPED);
		body(directory);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Full in the middle of a turn, room made, next turn; then restarted. */
static void full_disk(const char *directory)
{
	struct engine *engine;
	int turn = 0, code = 0;

	CHECK(!engine_open(directory, "m.db", true, &engine, &problem));
	CHECK(!engine_run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, turn INTEGER, filler TEXT) STRICT", &problem));
	file_write(in(directory, "ballast"), (char[40000]){ 0 }, 40000);
	while (turn < 1000 && (code = one_turn(engine, turn)) == 0)
		turn++;
	CHECK(code == E_FULL && turn > 0 && strstr(problem.text, "make room"));
	CHECK(rows_of(engine, turn) == 0 && rows_of(engine, turn - 1) == ROWS);
	unlink(in(directory, "ballast"));
	CHECK(one_turn(engine, 5000) == 0);
	engine_close(engine);
	CHECK(!engine_open(directory, "m.db", true, &engine, &problem));
	CHECK(rows_of(engine, turn) == 0 && rows_of(engine, turn - 1) == ROWS && rows_of(engine, 5000) == ROWS);
	engine_close(engine);
}

static void test_full_disk(void **state)
{
	char *directory = temporary_new();

	(void)state;
	in_namespace(directory, full_disk);
	temporary_free(directory);
}

static void readonly_disk(const char *directory)
{
	struct engine *engine;

	CHECK(!engine_open(directory, "m.db", true, &engine, &problem));
	CHECK(!engine_run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, turn INTEGER, filler TEXT) STRICT", &problem));
	CHECK(engine_checkpoint(engine, true, &problem) == 0);
	engine_close(engine);
	CHECK(!mount("disk", directory, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
	CHECK(engine_open(directory, "m.db", true, &engine, &problem) == E_READONLY && strstr(problem.text, directory));
	CHECK(!mount("disk", directory, "tmpfs", MS_REMOUNT, NULL));
	CHECK(!engine_open(directory, "m.db", true, &engine, &problem));
	CHECK(one_turn(engine, 1) == 0);
	engine_close(engine);
}

static void test_readonly_disk(void **state)
{
	char *directory = temporary_new();

	(void)state;
	in_namespace(directory, readonly_disk);
	temporary_free(directory);
}

/* A limit on file sizes shows as 'file too large', which SQLite calls an input/output error: it is StoreFull all the same. */
static void test_file_limit(void **state)
{
	char *directory = temporary_new();
	int status;
	pid_t child = fork();

	(void)state;
	if (!child) {
		struct rlimit limit = { 200000, 200000 };
		struct engine *engine;
		int turn = 0, code = 0;

		signal(SIGXFSZ, SIG_IGN);
		CHECK(!engine_open(directory, "m.db", true, &engine, &problem));
		CHECK(!engine_run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, turn INTEGER, filler TEXT) STRICT", &problem));
		CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
		while (turn < 1000 && (code = one_turn(engine, turn)) == 0)
			turn++;
		CHECK(code == E_FULL && turn > 0);
		CHECK(engine_checkpoint(engine, true, &problem) == 0);
		CHECK(one_turn(engine, turn) == 0 || problem.code == E_FULL);
		engine_close(engine);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	temporary_free(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failing_writes),
		cmocka_unit_test(test_failing_syncs),
		cmocka_unit_test(test_full_writes),
		cmocka_unit_test(test_backup_faults),
		cmocka_unit_test(test_seal_faults),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_readonly_disk),
		cmocka_unit_test(test_file_limit),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
