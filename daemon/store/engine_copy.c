/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Work over the whole file: the check of every page, and the copy.
 *
 * Both go in steps, so that turns of the daemon fit in between and no snapshot stays open meanwhile. A copy is written
 * under a temporary name and gets its own when it is whole: copied by the backup API (which follows what this
 * connection writes meanwhile), turned into one file without a log, checked, synced, renamed.
 */
#include "engine_inside.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/entity.h"

enum {
	STEP_PAGES = 1024, /* of a copy: 4 MiB */
	SMALL_PAGES = 4096 /* a file that is checked in one go, its list of free pages too */
};

/* ---- the check ---- */

static int check_one(struct engine *engine, const char *sql, struct problem *problem)
{
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, false, &stmt, problem);

	if (code < 0 || (code = engine_step(engine, stmt, problem)) < 0)
		return code;
	if (code && strcmp(engine_text(stmt, 0), "ok"))
		code = problem_set(problem, E_STORE, NULL,
			"%s is damaged (%s); stop the daemon and put a backup in its place: "
			"mentorshipd --restore NAME",
			engine_name(engine->db), engine_text(stmt, 0));
	engine_reset(stmt);
	return code < 0 ? code : 0;
}

static int page_count(struct engine *engine, int64_t *ret, struct problem *problem)
{
	static const char sql[] = "PRAGMA page_count";
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	if (code < 0 || (code = engine_step(engine, stmt, problem)) < 0)
		return code;
	*ret = code ? engine_int(stmt, 0) : 0;
	engine_reset(stmt);
	return 0;
}

/* Moves check_at to the next table: 1, or 0 behind the last one. */
static int next_table(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name > ?1 ORDER BY name LIMIT 1";
	char before[sizeof engine->check_at];
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	memcpy(before, engine->check_at, sizeof before);
	engine_bind_text(stmt, 1, before);
	if ((code = engine_step(engine, stmt, problem)) > 0)
		snprintf(engine->check_at, sizeof engine->check_at, "%s", engine_text(stmt, 0));
	engine_reset(stmt);
	return code;
}

static int check_table(struct engine *engine, struct problem *problem)
{
	char *sql = sqlite3_mprintf("PRAGMA quick_check(\"%w\")", engine->check_at);
	int code;

	if (!sql)
		abort();
	code = check_one(engine, sql, problem);
	sqlite3_free(sql);
	return code;
}

int engine_quick_check(struct engine *engine, struct problem *problem)
{
	int64_t pages = 0;
	int code = 0;

	if (!*engine->check_at) {
		if ((code = page_count(engine, &pages, problem)) < 0)
			return code;
		if (pages <= SMALL_PAGES)
			return check_one(engine, "PRAGMA quick_check", problem);
	}
	if ((code = next_table(engine, problem)) > 0 && (code = check_table(engine, problem)) == 0)
		return 1;
	*engine->check_at = '\0';
	return code;
}

/* ---- the copy ---- */

struct copy {
	struct engine *from, *to;
	sqlite3_backup *backup; /* NULL once everything is copied */
	char *path, *partial;
};

void engine_copy_free(struct copy *copy)
{
	if (!copy)
		return;
	sqlite3_backup_finish(copy->backup);
	engine_close(copy->to);
	engine_discard(copy->partial);
	free(copy->partial);
	free(copy->path);
	free(copy);
}

static int copy_start(struct copy *copy, struct problem *problem)
{
	int code;

	engine_discard(copy->partial);
	if ((code = engine_make_file(copy->partial, problem)) < 0 ||
		(code = engine_connect(copy->partial, SQLITE_OPEN_READWRITE, &copy->to, problem)) < 0 ||
		(code = engine_run(copy->to, "PRAGMA synchronous = OFF", problem)) < 0)
		return code;
	copy->backup = sqlite3_backup_init(copy->to->db, "main", copy->from->db, "main");
	return copy->backup ? 0 : engine_failed(copy->to, sqlite3_extended_errcode(copy->to->db), problem);
}

int engine_copy_begin(struct engine *engine, const char *path, struct copy **ret, struct problem *problem)
{
	struct copy *copy = calloc(1, sizeof *copy);
	int code;

	if (!copy || !(copy->path = strdup(path)) || asprintf(&copy->partial, "%s.part", path) < 0)
		abort();
	copy->from = engine;
	if ((code = copy_start(copy, problem)) < 0) {
		engine_copy_free(copy);
		return code;
	}
	*ret = copy;
	return 0;
}

/* Some pages; at the last ones the copy becomes one file: the header that was copied promises a log. */
static int copy_pages(struct copy *copy, struct problem *problem)
{
	int rc = sqlite3_backup_step(copy->backup, STEP_PAGES);

	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return 1;
	if (rc != SQLITE_DONE)
		return engine_failed(copy->to, rc, problem);
	rc = sqlite3_backup_finish(copy->backup);
	copy->backup = NULL;
	if (rc != SQLITE_OK)
		return engine_failed(copy->to, rc, problem);
	return engine_run(copy->to, "PRAGMA journal_mode = DELETE", problem) < 0 ? problem->code : 1;
}

static int copy_publish(struct copy *copy, struct problem *problem)
{
	char *directory = strdup(copy->path);
	int code;

	if (!directory)
		abort();
	engine_close(copy->to);
	copy->to = NULL;
	if (!(code = engine_fsync(copy->partial, problem))) {
		if (rename(copy->partial, copy->path) < 0)
			code = problem_set(problem, E_STORE, NULL, "%s cannot be renamed: %s", copy->partial, strerror(errno));
		else
			code = engine_fsync(dirname(directory), problem);
	}
	free(directory);
	return code;
}

int engine_copy_step(struct copy *copy, struct problem *problem)
{
	int code;

	if (copy->backup)
		return copy_pages(copy, problem);
	if ((code = engine_quick_check(copy->to, problem)) != 0)
		return code;
	return copy_publish(copy, problem);
}

int engine_backup(struct engine *engine, const char *path, struct problem *problem)
{
	struct copy *copy;
	int code = engine_copy_begin(engine, path, &copy, problem);

	if (code < 0)
		return code;
	do {
		code = engine_copy_step(copy, problem);
	} while (code > 0);
	engine_copy_free(copy);
	return code;
}
