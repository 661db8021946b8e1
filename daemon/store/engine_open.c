/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening and closing the engine's files.
 *
 * The order is: directory, lock, header (engine_header.c), and only then SQLite. A new database is filled under another
 * name and renamed when it is whole, so that a short or empty file under the real name is always damage. Flags and
 * pragmas are set here once; what SQLite keeps inside the file (WAL, page size, application id) at its making.
 */
#include "engine_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/entity.h"

void engine_configure(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_URI, 0);
}

static int set_flags(struct engine *engine, struct problem *problem)
{
	static const struct {
		int flag, on;
	} flags[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof flags / sizeof *flags && rc == SQLITE_OK; i++)
		rc = sqlite3_db_config(engine->db, flags[i].flag, flags[i].on, NULL);
	return rc == SQLITE_OK ? 0 : engine_failed(engine, rc, problem);
}

static struct engine *engine_new(void)
{
	struct engine *engine = calloc(1, sizeof *engine);

	if (!engine)
		abort();
	engine->lock = -1;
	return engine;
}

/* Opens the file; nothing of it is read yet. */
static int connect_to(struct engine *engine, const char *path, int flags, struct problem *problem)
{
	int rc, code;

	engine_configure();
	rc = sqlite3_open_v2(path, &engine->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (!engine->db)
		abort();
	if (rc != SQLITE_OK)
		return engine_explain(engine->db, rc, path, problem);
	if ((code = set_flags(engine, problem)) < 0)
		return code;
	return engine_run(engine,
		"PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; "
		"PRAGMA mmap_size = 0; PRAGMA cache_size = -8000",
		problem);
}

static const char *const main_mode = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216";
static const char *const side_mode = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA";

static int one_number(struct engine *engine, const char *sql, int64_t *ret, struct problem *problem)
{
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	if (code < 0 || (code = engine_step(engine, stmt, problem)) < 0)
		return code;
	*ret = code ? engine_int(stmt, 0) : NONE;
	engine_reset(stmt);
	return 0;
}

/* The header may lag behind the log, so what it said is asked again; reading the schema makes SQLite look at the file. */
static int look_again(struct engine *engine, const struct engine_kind *kind, struct problem *problem)
{
	static const char sql_schema[] = "PRAGMA user_version", sql_id[] = "PRAGMA application_id",
			  sql_read[] = "SELECT count(*) FROM sqlite_schema";
	int64_t schema = 0, id = 0, tables;
	int code;

	if ((code = one_number(engine, sql_read, &tables, problem)) < 0 || (code = one_number(engine, sql_schema, &schema, problem)) < 0 ||
		(code = one_number(engine, sql_id, &id, problem)) < 0)
		return code;
	if (sqlite3_db_readonly(engine->db, "main") == 1)
		return engine_explain(engine->db, SQLITE_READONLY, engine_name(engine->db), problem);
	if (id != kind->application_id || schema > kind->schema)
		return problem_set(problem, E_STORE, NULL,
			"%s was written by a newer or another program (schema %lld, this one knows %u); "
			"install that, or put an older backup in its place: mentorshipd --restore NAME",
			engine_name(engine->db), (long long)schema, (unsigned)kind->schema);
	return 0;
}

/* Touches the new file first, so that SQLite finds it with our mode. */
int engine_make_file(const char *path, struct problem *problem)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), rc, error;

	if (fd < 0)
		return problem_set(problem,
			errno == EROFS                               ? E_READONLY
				: errno == ENOSPC || errno == EDQUOT ? E_FULL
								     : E_STORE,
			NULL, "%s cannot be made: %s", path, strerror(errno));
	rc = fchmod(fd, 0600);
	error = errno;
	close(fd);
	return rc < 0 ? problem_set(problem, E_STORE, NULL, "the mode of %s cannot be set: %s", path, strerror(error)) : 0;
}

static int fill_new(const char *path, const struct engine_kind *kind, struct problem *problem)
{
	struct engine *engine = engine_new();
	char sql[200];
	int code;

	snprintf(sql, sizeof sql,
		"PRAGMA page_size = 4096; PRAGMA auto_vacuum = NONE; PRAGMA encoding = 'UTF-8'; PRAGMA application_id = %u; "
		"PRAGMA user_version = 0",
		(unsigned)kind->application_id);
	if (!(code = connect_to(engine, path, SQLITE_OPEN_READWRITE, problem)) && !(code = engine_run(engine, sql, problem)))
		code = engine_run(engine, kind->wal ? main_mode : side_mode, problem);
	if (!code && kind->wal && (code = engine_checkpoint(engine, true, problem)) > 0)
		code = problem_set(problem, E_BUSY, NULL, "%s is in use by another program", path);
	engine_close(engine);
	return code ? code : engine_fsync(path, problem);
}

void engine_discard(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		char *each = NULL;

		if (asprintf(&each, "%s%s", path, suffixes[i]) < 0)
			abort();
		unlink(each);
		free(each);
	}
}

/* A new database gets its name when it is whole: an empty or short file under that name is damage, not a beginning. */
static int create(const char *directory, const char *file, const struct engine_kind *kind, struct problem *problem)
{
	char *path = engine_path(directory, file, ""), *fresh = engine_path(directory, file, ".new");
	int code;

	engine_discard(fresh);
	if (!(code = engine_make_file(fresh, problem)) && !(code = fill_new(fresh, kind, problem)) && rename(fresh, path) < 0)
		code = problem_set(problem, E_STORE, NULL, "%s cannot be renamed: %s", fresh, strerror(errno));
	engine_discard(fresh);
	if (!code)
		code = engine_fsync(directory, problem);
	free(fresh);
	free(path);
	return code;
}

/* Takes the place of SQLite's own checkpointing, which hides failed syncs. */
static int committed(void *argument, sqlite3 *db, const char *name, int pages)
{
	struct engine *engine = argument;

	(void)db;
	(void)name;
	engine->wal_pages = pages;
	return SQLITE_OK;
}

/* A log that a killed process left may hold what was erased shortly before: nobody else would cut it. A reader that still
 * looks at an old state, or a disk without room, only puts that off. */
static int empty_log(struct engine *engine, const char *directory, const char *file, struct problem *problem)
{
	char *path = engine_path(directory, file, "-wal");
	struct stat st;
	int code = stat(path, &st) == 0 && st.st_size ? engine_checkpoint(engine, true, problem) : 0;

	free(path);
	return code == E_STORE ? code : 0;
}

static int open_kind(
	const char *directory, const char *file, const struct engine_kind *kind, bool make, struct engine *engine, struct problem *problem)
{
	int code = engine_look(directory, file, kind, problem);
	char *path;

	if (code > 0)
		code = make ? create(directory, file, kind, problem)
			    : problem_set(problem, E_NOTFOUND, NULL, "there is no %s in %s; put a backup there: mentorshipd --restore NAME",
				      file, directory);
	if (code < 0)
		return code;
	path = engine_path(directory, file, "");
	if (!(code = connect_to(engine, path, SQLITE_OPEN_READWRITE, problem)) && !(code = look_again(engine, kind, problem)))
		code = engine_run(engine, kind->wal ? main_mode : side_mode, problem);
	if (!code && kind->wal)
		sqlite3_wal_hook(engine->db, committed, engine);
	if (!code && kind->wal && make)
		code = empty_log(engine, directory, file, problem);
	free(path);
	return code;
}

int engine_connect(const char *path, int flags, struct engine **ret, struct problem *problem)
{
	*ret = engine_new();
	return connect_to(*ret, path, flags, problem);
}

int engine_open(const char *directory, const char *file, bool make, struct engine **ret, struct problem *problem)
{
	struct engine *engine = engine_new();
	int code;

	if ((code = engine_directory(directory, problem)) < 0 || (code = engine_lock(directory, &engine->lock, problem)) < 0 ||
		(code = engine_finish_restore(directory, file, problem)) < 0 ||
		(code = open_kind(directory, file, &engine_main_kind, make, engine, problem)) < 0) {
		engine_close(engine);
		return code;
	}
	*ret = engine;
	return 0;
}

int engine_open_side(const char *directory, const char *file, uint32_t application_id, struct engine **ret, struct problem *problem)
{
	struct engine_kind kind = { application_id, 1, false };
	struct engine *engine = engine_new();
	int code;

	if ((code = engine_directory(directory, problem)) < 0 || (code = open_kind(directory, file, &kind, true, engine, problem)) < 0) {
		engine_close(engine);
		return code;
	}
	*ret = engine;
	return 0;
}

int engine_open_reader(const char *directory, const char *file, struct engine **ret, struct problem *problem)
{
	struct engine *engine = engine_new();
	char *path = engine_path(directory, file, "");
	int code = connect_to(engine, path, SQLITE_OPEN_READONLY, problem);

	free(path);
	if (!code)
		code = engine_run(engine, "PRAGMA query_only = ON", problem);
	if (code < 0) {
		engine_close(engine);
		return code;
	}
	/* A reader is a process of its own and may wait while the daemon recovers or restarts the log. */
	sqlite3_busy_timeout(engine->db, 2000);
	*ret = engine;
	return 0;
}

void engine_close(struct engine *engine)
{
	if (!engine)
		return;
	/* Functions are freed behind the statements that name them; the connection calls none of them any more. */
	engine_finalize(engine);
	if (sqlite3_close(engine->db) != SQLITE_OK)
		abort();
	if (engine->lock >= 0)
		close(engine->lock);
	free(engine);
}
