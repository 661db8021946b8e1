/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Backups and the way back: names, aging, what lies beside, and a restore that is killed at each of its steps.
 *
 * The program has its own rename, unlink, fsync and write in front of the system's: each counts down, and the one at zero is a
 * kill -9 before it happens. A fork for each number shows every place where a restore can stop.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "core/entity.h"
#include "store/backup.h"
#include "temporary.h"
#include <cmocka.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct problem problem;
static int countdown = -1;

static void tick(void)
{
	if (countdown >= 0 && countdown-- == 0)
		kill(getpid(), SIGKILL);
}

int rename(const char *from, const char *to)
{
	tick();
	return (int)syscall(SYS_rename, from, to);
}

int unlink(const char *path)
{
	tick();
	return (int)syscall(SYS_unlink, path);
}

int fsync(int fd)
{
	tick();
	return (int)syscall(SYS_fsync, fd);
}

ssize_t write(int fd, const void *data, size_t size)
{
	tick();
	return syscall(SYS_write, fd, data, size);
}

struct place {
	char *directory, *backups;
	struct backup_paths paths;
	struct engine *engine;
	struct seal *seal;
};

static void run(struct engine *engine, const char *sql)
{
	if (engine_run(engine, sql, &problem) < 0)
		fail_msg("%s: %s", sql, problem.text);
}

static void open_all(struct place *place)
{
	if (engine_open(place->directory, "mentorship.db", true, &place->engine, &problem) < 0 ||
		seal_new(place->directory, place->directory, &place->seal, &problem) < 0)
		fail_msg("%s", problem.text);
}

static void close_all(struct place *place)
{
	engine_close(place->engine);
	seal_free(place->seal);
	place->engine = NULL;
	place->seal = NULL;
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	place->directory = temporary_new();
	place->backups = strdup(in(place->directory, "backup"));
	place->paths = (struct backup_paths){ place->directory, place->backups };
	file_write(in(place->directory, "sealing-key"), "0123456789abcdef0123456789ABCDEF", 32);
	open_all(place);
	run(place->engine, "CREATE TABLE t (word TEXT) STRICT; INSERT INTO t VALUES ('old')");
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	close_all(place);
	free(place->backups);
	temporary_free(place->directory);
	free(place);
	return 0;
}

static char *word(struct engine *engine)
{
	static char found[32];
	struct stmt *stmt;

	assert_int_equal(engine_prepare(engine, "SELECT group_concat(word, ' ') FROM t", true, &stmt, &problem), 0);
	assert_int_equal(engine_step(engine, stmt, &problem), 1);
	snprintf(found, sizeof found, "%s", engine_text(stmt, 0));
	engine_reset(stmt);
	return found;
}

/* 2026-11-23 20:15:00 UTC */
enum {
	NOW = 1795464900
};

static void make(struct place *place, int64_t now, char name[BACKUP_NAME])
{
	if (backup_make(place->engine, place->seal, &place->paths, now, name, &problem) < 0)
		fail_msg("%s", problem.text);
}

/* ---- names, aging ---- */

static void test_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../x.db", "/etc/passwd", "a/b", ".hidden", "a b", "a\n", "\xc3\xa9",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct place *place = *state;
	char first[BACKUP_NAME], second[BACKUP_NAME];
	struct stat st;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(backup_name_check(bad[i], &problem), E_INVALID);
	make(place, NOW, first);
	make(place, NOW, second);
	assert_string_equal(first, "mentorship-20261123T201500Z.db");
	assert_string_equal(second, "mentorship-20261123T201500Z-2.db");
	assert_int_equal(backup_name_check(second, &problem), 0);
	assert_int_equal(stat(in(place->backups, first), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(place->backups, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(access(in(place->backups, "keys.db"), F_OK), 0);
}

static int count_one(void *data, const char *name, int64_t time)
{
	int64_t *at = data;

	assert_true(time >= at[1]);
	assert_int_equal(backup_name_check(name, &problem), 0);
	at[0]++;
	at[1] = time;
	return 0;
}

static void test_prune(void **state)
{
	struct place *place = *state;
	int64_t seen[2] = { 0, 0 };
	char name[BACKUP_NAME];
	int removed;

	for (int day = 40; day >= 0; day -= 10)
		make(place, NOW - day * 86400, name);
	file_write(in(place->backups, "mentorship-20200101T000000Z.db.bak"), "x", 1);
	file_write(in(place->backups, "notes.txt"), "x", 1);
	assert_int_equal(backup_prune(place->backups, NOW, 30, &removed, &problem), 0);
	assert_int_equal(removed, 1);
	assert_int_equal(backup_each(place->backups, count_one, seen, &problem), 0);
	assert_int_equal(seen[0], 4);
	/* However old, the newest one stays; other files do too. */
	assert_int_equal(backup_prune(place->backups, NOW + 1000 * 86400LL, 30, &removed, &problem), 0);
	assert_int_equal(removed, 3);
	assert_int_equal(access(in(place->backups, name), F_OK), 0);
	assert_int_equal(access(in(place->backups, "notes.txt"), F_OK), 0);
	assert_int_equal(access(in(place->backups, "mentorship-20200101T000000Z.db.bak"), F_OK), 0);
}

static void test_stale_parts(void **state)
{
	struct place *place = *state;
	char name[BACKUP_NAME];

	make(place, NOW, name);
	file_write(in(place->backups, "mentorship-20200101T000000Z.db.part"), "x", 1);
	make(place, NOW, name);
	assert_int_equal(access(in(place->backups, "mentorship-20200101T000000Z.db.part"), F_OK), -1);
}

/* ---- restoring ---- */

static void test_restore(void **state)
{
	struct place *place = *state;
	char name[BACKUP_NAME], garbage[20000], before[INSTALLATION], after[INSTALLATION];
	struct engine *engine;

	assert_int_equal(installation_read(place->directory, before, &problem), 1);
	assert_int_equal(installation_new(place->directory, before, &problem), 0);
	make(place, NOW, name);
	run(place->engine, "UPDATE t SET word = 'newer'");
	assert_int_equal(backup_restore(&place->paths, name, &problem), E_BUSY);
	assert_string_equal(word(place->engine), "newer");
	close_all(place);
	memset(garbage, 'g', sizeof garbage);
	file_write(in(place->directory, "mentorship.db"), garbage, sizeof garbage);
	assert_int_equal(engine_open(place->directory, "mentorship.db", true, &engine, &problem), E_STORE);
	assert_non_null(strstr(problem.text, "--restore NAME"));
	assert_int_equal(backup_restore(&place->paths, name, &problem), 0);
	assert_int_equal(installation_read(place->directory, after, &problem), 0);
	assert_string_not_equal(before, after);
	open_all(place);
	assert_string_equal(word(place->engine), "old");
}

static int kept_files(const char *directory)
{
	char command[5000];
	FILE *pipe;
	int count = -1;

	snprintf(command, sizeof command, "ls %s | grep -c '^damaged-.*-mentorship.db$'", directory);
	pipe = popen(command, "re");
	assert_int_equal(fscanf(pipe, "%d", &count), 1);
	pclose(pipe);
	return count;
}

static void test_refused_restores(void **state)
{
	struct place *place = *state;
	char name[BACKUP_NAME], *bytes;
	size_t size;

	make(place, NOW, name);
	run(place->engine, "UPDATE t SET word = 'newer'");
	close_all(place);
	assert_int_equal(backup_restore(&place->paths, "../mentorship.db", &problem), E_INVALID);
	assert_int_equal(backup_restore(&place->paths, "mentorship-20000101T000000Z.db", &problem), E_NOTFOUND);
	assert_non_null(strstr(problem.text, name));
	assert_int_equal(backup_restore(&place->paths, "keys.db", &problem), E_STORE);
	bytes = file_bytes(in(place->backups, name), &size);
	file_write(in(place->backups, "short.db"), bytes, size - 4096);
	assert_int_equal(backup_restore(&place->paths, "short.db", &problem), E_STORE);
	memset(bytes + size - 4096, 'x', 4096);
	file_write(in(place->backups, "spoiled.db"), bytes, size);
	assert_int_equal(backup_restore(&place->paths, "spoiled.db", &problem), E_STORE);
	free(bytes);
	assert_int_equal(kept_files(place->directory), 0);
	assert_int_equal(access(in(place->directory, "mentorship.db.restoring"), F_OK), -1);
	open_all(place);
	assert_string_equal(word(place->engine), "newer");
}

/* Keys: those here are newer and stay; where they are gone or spoiled, the copy comes back. */
static void test_restore_keys(void **state)
{
	struct place *place = *state;
	struct arena arena = { 0 };
	char name[BACKUP_NAME], *text;
	void *one, *two;
	size_t one_size, two_size;

	assert_int_equal(seal_shut(place->seal, &arena, 1, "person", 1, "birth_date", "x", &one, &one_size, &problem), 0);
	assert_int_equal(seal_shut(place->seal, &arena, 2, "person", 2, "birth_date", "y", &two, &two_size, &problem), 0);
	make(place, NOW, name);
	assert_int_equal(seal_forget(place->seal, 1, &problem), 0);
	close_all(place);
	assert_int_equal(backup_restore(&place->paths, name, &problem), 0);
	open_all(place);
	assert_int_equal(seal_open(place->seal, &arena, 1, "person", 1, "birth_date", one, one_size, &text, &problem), E_NOTFOUND);
	assert_int_equal(backup_beside(place->seal, &place->paths, &problem), 0);
	close_all(place);
	file_write(in(place->directory, "keys.db"), "gone", 4);
	assert_int_equal(backup_restore(&place->paths, name, &problem), 0);
	open_all(place);
	assert_int_equal(seal_open(place->seal, &arena, 2, "person", 2, "birth_date", two, two_size, &text, &problem), 0);
	/* The copy was made anew after the key was forgotten, so it is not there either. */
	assert_int_equal(seal_open(place->seal, &arena, 1, "person", 1, "birth_date", one, one_size, &text, &problem), E_NOTFOUND);
	arena_free(&arena);
}

/* ---- killed at each step ---- */

/* The log holds the last commits of the present database: it must go with it, never into the new one. */
static void make_present(struct place *place, bool damaged)
{
	static const char garbage[16384] = "garbage";

	open_all(place);
	run(place->engine, "DELETE FROM t; INSERT INTO t VALUES ('present')");
	assert_int_equal(engine_checkpoint(place->engine, true, &problem), 0);
	run(place->engine, "INSERT INTO t VALUES ('in-log')");
	close_all(place);
	if (damaged)
		file_write(in(place->directory, "mentorship.db"), garbage, sizeof garbage);
}

/* True if the restore came to its end before the kill. */
static bool restore_killed(struct place *place, const char *name, int at)
{
	int status;
	pid_t child = fork();

	if (!child) {
		countdown = at;
		_exit(backup_restore(&place->paths, name, &problem) ? 1 : 0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFEXITED(status);
}

/* What a start finds: true for the restored one. */
static bool start(struct place *place, bool damaged)
{
	bool restored;

	if (engine_open(place->directory, "mentorship.db", true, &place->engine, &problem) < 0) {
		assert_true(damaged);
		assert_non_null(strstr(problem.text, "--restore NAME"));
		return false;
	}
	restored = !strcmp(word(place->engine), "old");
	if (!restored && (damaged || strcmp(word(place->engine), "present in-log")))
		fail_msg("neither the old nor the new database: %s", word(place->engine));
	engine_close(place->engine);
	place->engine = NULL;
	return restored;
}

static void killed_at_each_step(struct place *place, bool damaged)
{
	char name[BACKUP_NAME];
	int old = 0, new = 0;
	bool ended = false;

	make(place, NOW, name);
	close_all(place);
	for (int at = 0; !ended; at++) {
		make_present(place, damaged);
		ended = restore_killed(place, name, at);
		if (start(place, damaged)) {
			new ++;
		} else {
			assert_false(ended);
			old++;
			assert_int_equal(backup_restore(&place->paths, name, &problem), 0);
			assert_true(start(place, damaged));
		}
	}
	assert_in_range(old, 5, 200);
	assert_in_range(new, 4, 200);
	open_all(place);
}

static void test_killed_restore(void **state)
{
	killed_at_each_step(*state, false);
}

static void test_killed_restore_of_garbage(void **state)
{
	killed_at_each_step(*state, true);
}

/* ---- erasures, installation, head ---- */

struct notes {
	int count;
	int64_t ids[16];
};

static int note(void *data, const char *kind, int64_t id, int64_t time)
{
	struct notes *notes = data;

	assert_true(!strcmp(kind, "person") || !strcmp(kind, "link"));
	assert_int_equal(time, NOW);
	notes->ids[notes->count++] = id;
	return notes->count == 15 ? 9 : 0;
}

static void append_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "ae");

	fputs(text, file);
	fclose(file);
}

static void test_erasures(void **state)
{
	struct place *place = *state;
	const char *path = in(place->directory, "erasures");
	struct notes notes = { 0 };
	struct stat st;

	assert_int_equal(erasures_each(place->directory, note, &notes, &problem), 0);
	assert_int_equal(erasures_add(place->directory, "person", 12, NOW, &problem), 0);
	/* Cut off by a crash at each length: left out, and the next line is whole. */
	append_text(path, "person 34");
	assert_int_equal(erasures_each(place->directory, note, &notes, &problem), 0);
	assert_int_equal(notes.count, 1);
	assert_int_equal(erasures_add(place->directory, "link", INT64_MAX, NOW, &problem), 0);
	append_text(path, "person 77 1795464900 .");
	notes.count = 0;
	assert_int_equal(erasures_each(place->directory, note, &notes, &problem), 0);
	assert_int_equal(notes.count, 2);
	assert_int_equal(notes.ids[0], 12);
	assert_true(notes.ids[1] == INT64_MAX);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	append_text(path, "\nnonsense here .\n");
	assert_int_equal(erasures_each(place->directory, note, &notes, &problem), E_STORE);
}

/* The list goes along with backups, and comes back only where there is none. */
static void test_erasures_restored(void **state)
{
	struct place *place = *state;
	struct notes notes = { 0 };
	char name[BACKUP_NAME];

	assert_int_equal(erasures_add(place->directory, "person", 1, NOW, &problem), 0);
	make(place, NOW, name);
	assert_int_equal(erasures_add(place->directory, "person", 2, NOW, &problem), 0);
	close_all(place);
	assert_int_equal(backup_restore(&place->paths, name, &problem), 0);
	assert_int_equal(erasures_each(place->directory, note, &notes, &problem), 0);
	assert_int_equal(notes.count, 2);
	unlink(in(place->directory, "erasures"));
	assert_int_equal(backup_restore(&place->paths, name, &problem), 0);
	notes.count = 0;
	assert_int_equal(erasures_each(place->directory, note, &notes, &problem), 0);
	assert_int_equal(notes.count, 1);
	open_all(place);
}

static void test_installation(void **state)
{
	struct place *place = *state;
	char id[INSTALLATION], again[INSTALLATION], *bytes;
	size_t size;

	assert_int_equal(installation_new(place->directory, id, &problem), 0);
	assert_int_equal(installation_read(place->directory, again, &problem), 0);
	assert_string_equal(id, again);
	/* Copied, byte by byte: another installation. */
	bytes = file_bytes(in(place->directory, "installation"), &size);
	file_write(in(place->directory, "copied"), bytes, size);
	rename(in(place->directory, "copied"), in(place->directory, "installation"));
	free(bytes);
	assert_int_equal(installation_read(place->directory, again, &problem), 0);
	assert_string_not_equal(id, again);
	file_write(in(place->directory, "installation"), "x", 1);
	assert_int_equal(installation_read(place->directory, again, &problem), E_STORE);
}

static void test_head(void **state)
{
	struct place *place = *state;
	struct audit_entry entry = { .time = 1, .way = "bus", .verb = "Update", .entity = "person" };
	struct audit_head head = { 0 }, inside;
	char name[BACKUP_NAME];

	run(place->engine,
		"CREATE TABLE \"audit_record\" (\"id\" INTEGER PRIMARY KEY, \"version\", \"time\", \"uid\", \"person\", \"for_person\", "
		"\"way\", \"verb\", \"entity\", \"record\", \"fields\", \"reason\", \"program\", \"match\", \"about\", \"what\", \"commitment\", "
		"\"chain\", \"salt\", \"detail\")");
	assert_int_equal(audit_append(place->engine, &head, &entry, &problem), 0);
	make(place, NOW, name);
	assert_int_equal(audit_append(place->engine, &head, &entry, &problem), 0);
	assert_int_equal(backup_head(place->backups, name, &inside, &problem), 0);
	assert_int_equal(inside.seq, 1);
	assert_int_equal(backup_head(place->backups, "../mentorship.db", &inside, &problem), E_INVALID);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_names),
		EACH(test_prune),
		EACH(test_stale_parts),
		EACH(test_restore),
		EACH(test_refused_restores),
		EACH(test_restore_keys),
		EACH(test_killed_restore),
		EACH(test_killed_restore_of_garbage),
		EACH(test_erasures),
		EACH(test_erasures_restored),
		EACH(test_installation),
		EACH(test_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
