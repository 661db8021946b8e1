/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making, listing and aging backups; restoring one (see backup.h).
 *
 * Names are checked before they meet a path. A restore copies the backup beside the database and checks the copy, so
 * that what was checked is what will be used; the decision is one rename (engine_restore.c).
 */
#include "backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "beside.h"
#include "engine_inside.h"

/* ---- names ---- */

int backup_name_check(const char *name, struct problem *problem)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (!*name || *name == '.' || name[strspn(name, good)] || strlen(name) >= BACKUP_NAME)
		return problem_set(problem, E_INVALID, "name",
			"a backup is given by its name alone, such as mentorship-20261123T201500Z.db, "
			"not by a path");
	return 0;
}

/* The time in a name that backup_begin made; false for other files. */
static bool name_time(const char *name, int64_t *ret)
{
	struct tm tm = { 0 };
	int end = 0;

	if (sscanf(name, "mentorship-%4d%2d%2dT%2d%2d%2dZ%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		    &end) != 6 ||
		end != 27)
		return false;
	if (name[end] == '-')
		end += 1 + (int)strspn(name + end + 1, "0123456789");
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ret = timegm(&tm);
	return !strcmp(name + end, ".db");
}

static void make_name(const char *directory, int64_t now, char ret[BACKUP_NAME])
{
	struct tm tm;
	bool taken = true;

	gmtime_r(&(time_t){ now }, &tm);
	for (int i = 1; taken; i++) {
		char number[16] = "", *path;

		if (i > 1)
			snprintf(number, sizeof number, "-%d", i);
		snprintf(ret, BACKUP_NAME, "mentorship-%04d%02d%02dT%02d%02d%02dZ%s.db", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			tm.tm_hour, tm.tm_min, tm.tm_sec, number);
		path = engine_path(directory, ret, "");
		taken = access(path, F_OK) == 0;
		free(path);
	}
}

/* ---- making ---- */

struct backup {
	struct seal *seal;
	struct backup_paths paths;
	struct copy *copy;
	char name[BACKUP_NAME];
};

/* What a killed backup left. */
static void remove_partial(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *at = strstr(entry->d_name, ".db.part");

		if (at && !strncmp(entry->d_name, "mentorship-", 11))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

static int ready_directory(const char *directory, struct problem *problem)
{
	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return problem_set(problem,
			errno == EROFS            ? E_READONLY
				: errno == ENOSPC ? E_FULL
						  : E_STORE,
			NULL, "the backup directory %s cannot be made: %s", directory, strerror(errno));
	return engine_directory(directory, problem);
}

int backup_begin(struct engine *engine, struct seal *seal, const struct backup_paths *paths, int64_t now, struct backup **ret,
	struct problem *problem)
{
	struct backup *backup;
	char *path;
	int code = ready_directory(paths->backups, problem);

	if (code < 0)
		return code;
	if (!(backup = calloc(1, sizeof *backup)))
		abort();
	backup->seal = seal;
	backup->paths = *paths;
	remove_partial(paths->backups);
	make_name(paths->backups, now, backup->name);
	path = engine_path(paths->backups, backup->name, "");
	code = engine_copy_begin(engine, path, &backup->copy, problem);
	free(path);
	if (code < 0) {
		backup_free(backup);
		return code;
	}
	*ret = backup;
	return 0;
}

/* The keys come last: a backup without the newest keys is no use, one with newer keys is. */
int backup_step(struct backup *backup, struct problem *problem)
{
	int code = engine_copy_step(backup->copy, problem);

	return code ? code : backup_beside(backup->seal, &backup->paths, problem);
}

const char *backup_name(const struct backup *backup)
{
	return backup->name;
}

void backup_free(struct backup *backup)
{
	if (!backup)
		return;
	engine_copy_free(backup->copy);
	free(backup);
}

int backup_make(struct engine *engine, struct seal *seal, const struct backup_paths *paths, int64_t now, char ret_name[BACKUP_NAME],
	struct problem *problem)
{
	struct backup *backup;
	int code = backup_begin(engine, seal, paths, now, &backup, problem);

	if (code < 0)
		return code;
	do {
		code = backup_step(backup, problem);
	} while (code > 0);
	if (!code)
		memcpy(ret_name, backup->name, BACKUP_NAME);
	backup_free(backup);
	return code;
}

int backup_beside(struct seal *seal, const struct backup_paths *paths, struct problem *problem)
{
	char *keys = engine_path(paths->backups, "keys.db", "");
	int code = seal ? seal_backup(seal, keys, problem) : 0;

	free(keys);
	if (!code)
		code = beside_copy(paths->state, "erasures", paths->backups, "erasures", problem);
	return code < 0 ? code : 0;
}

/* ---- listing and aging ---- */

struct listed {
	char name[BACKUP_NAME];
	int64_t time;
};

static int compare(const void *a, const void *b)
{
	const struct listed *left = a, *right = b;

	return left->time != right->time ? (left->time < right->time ? -1 : 1) : strverscmp(left->name, right->name);
}

static int read_names(const char *backups, struct listed **ret, size_t *ret_count, struct problem *problem)
{
	DIR *dir = opendir(backups);
	struct listed *list = NULL;
	struct dirent *entry;
	size_t count = 0;
	int64_t at;

	if (!dir)
		return problem_set(problem, errno == ENOENT ? E_NOTFOUND : E_STORE, NULL, "the backup directory %s cannot be read: %s",
			backups, strerror(errno));
	while ((entry = readdir(dir))) {
		if (strlen(entry->d_name) >= BACKUP_NAME || !name_time(entry->d_name, &at))
			continue;
		if (!(list = reallocarray(list, count + 1, sizeof *list)))
			abort();
		list[count].time = at;
		memcpy(list[count++].name, entry->d_name, strlen(entry->d_name) + 1);
	}
	closedir(dir);
	if (count)
		qsort(list, count, sizeof *list, compare);
	*ret = list;
	*ret_count = count;
	return 0;
}

int backup_each(const char *backups, int (*seen)(void *, const char *, int64_t), void *data, struct problem *problem)
{
	struct listed *list;
	size_t count;
	int code = read_names(backups, &list, &count, problem);

	if (code < 0)
		return code;
	for (size_t i = 0; i < count && !code; i++)
		code = seen(data, list[i].name, list[i].time);
	free(list);
	return code;
}

int backup_prune(const char *backups, int64_t now, int64_t days, int *ret_removed, struct problem *problem)
{
	struct listed *list;
	size_t count;
	int code = read_names(backups, &list, &count, problem);

	if (code < 0)
		return code;
	if (ret_removed)
		*ret_removed = 0;
	for (size_t i = 0; i + 1 < count && !code; i++) {
		char *path = engine_path(backups, list[i].name, "");

		if (list[i].time < now - days * 86400) {
			if (unlink(path) < 0 && errno != ENOENT)
				code = problem_set(problem, errno == EROFS ? E_READONLY : E_STORE, NULL,
					"the old backup %s cannot be removed: %s", list[i].name, strerror(errno));
			else if (ret_removed)
				++*ret_removed;
		}
		free(path);
	}
	free(list);
	return code;
}

int backup_head(const char *backups, const char *name, struct audit_head *head, struct problem *problem)
{
	struct engine *engine;
	char *path;
	int code;

	if ((code = backup_name_check(name, problem)) < 0)
		return code;
	path = engine_path(backups, name, "");
	if (!(code = engine_connect(path, SQLITE_OPEN_READONLY, &engine, problem)))
		code = audit_load(engine, head, problem);
	engine_close(engine);
	free(path);
	return code;
}

/* ---- restoring ---- */

static int check_whole(const char *path, struct problem *problem)
{
	struct engine *engine;
	int code = engine_connect(path, SQLITE_OPEN_READWRITE, &engine, problem);

	if (!code)
		code = engine_run(engine, "PRAGMA journal_mode = DELETE", problem);
	if (!code)
		do {
			code = engine_quick_check(engine, problem);
		} while (code > 0);
	engine_close(engine);
	return code;
}

static int missing(const struct backup_paths *paths, const char *name, struct problem *problem)
{
	struct listed *list = NULL;
	size_t count = 0;
	struct problem ignored;

	read_names(paths->backups, &list, &count, &ignored);
	problem_set(problem, E_NOTFOUND, "name", "there is no backup %s in %s; the newest one is %s", name, paths->backups,
		count ? list[count - 1].name : "(none at all)");
	free(list);
	return E_NOTFOUND;
}

/* keys.db of the state directory is newer than the copy, so it stays, unless it is missing or damaged. */
static int restore_keys(const struct backup_paths *paths, struct problem *problem)
{
	static const struct engine_kind kind = { SEAL_APPLICATION_ID, 1, false };
	struct problem ignored;
	int code;

	if (engine_look(paths->state, "keys.db", &kind, &ignored) == 0)
		return 0;
	code = engine_look(paths->backups, "keys.db", &kind, problem);
	if (code)
		return code > 0 ? 0 : code;
	if ((code = engine_move_aside(paths->state, "keys.db", time(NULL), problem)) < 0)
		return code;
	return beside_copy(paths->backups, "keys.db", paths->state, "keys.db", problem);
}

static int restore_erasures(const struct backup_paths *paths, struct problem *problem)
{
	char *path = engine_path(paths->state, "erasures", "");
	int code = access(path, F_OK) == 0 ? 0 : beside_copy(paths->backups, "erasures", paths->state, "erasures", problem);

	free(path);
	return code < 0 ? code : 0;
}

/* Everything beside the database first: with the old database that does no harm but to hold its mail. */
static int restore(const struct backup_paths *paths, const char *name, const char *ready, const char *restored, struct problem *problem)
{
	char installation[INSTALLATION];
	int code;

	if ((code = beside_copy(paths->backups, name, paths->state, "mentorship.db.restoring", problem)) < 0 ||
		(code = check_whole(ready, problem)) < 0 || (code = engine_fsync(ready, problem)) < 0 ||
		(code = restore_keys(paths, problem)) < 0 || (code = restore_erasures(paths, problem)) < 0 ||
		(code = installation_new(paths->state, installation, problem)) < 0)
		return code;
	if (rename(ready, restored) < 0)
		return problem_set(problem, E_STORE, NULL, "%s cannot be renamed: %s", ready, strerror(errno));
	if ((code = engine_fsync(paths->state, problem)) < 0)
		return code;
	return engine_finish_restore(paths->state, "mentorship.db", problem);
}

int backup_restore(const struct backup_paths *paths, const char *name, struct problem *problem)
{
	char *ready = engine_path(paths->state, "mentorship.db", ".restoring");
	char *restored = engine_path(paths->state, "mentorship.db", ".restored");
	int lock = -1, code;

	if (!(code = backup_name_check(name, problem)) && !(code = engine_directory(paths->state, problem)) &&
		!(code = engine_lock(paths->state, &lock, problem)) &&
		!(code = engine_finish_restore(paths->state, "mentorship.db", problem)) &&
		!(code = engine_look(paths->backups, name, &engine_main_kind, problem)))
		code = restore(paths, name, ready, restored, problem);
	else if (code > 0)
		code = missing(paths, name, problem);
	engine_discard(ready);
	if (lock >= 0)
		close(lock);
	free(restored);
	free(ready);
	return code;
}
