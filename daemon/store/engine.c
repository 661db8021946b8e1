/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's connection, its statements and its transactions (see engine.h; opening is in engine_open.c, the
 * look before it in engine_header.c, copies and checks of the whole file in engine_copy.c).
 *
 * A struct stmt is SQLite's own statement under another name: binding, stepping and reading columns are one call.
 * Kept statements of constant SQL are found by the address of the text in an open hash table; composed ones by hash and
 * text among the COMPOSED last used. Every result code goes through engine_failed, the one place that decides what
 * it means, whether the transaction is gone, and whether a sync failed.
 *
 * A lost transaction is remembered until its end: a statement run meanwhile would commit alone, so it is refused.
 */
#include "engine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/entity.h"
#include "engine_inside.h"

enum {
	COMPOSED = 64,
	CONSTANTS = 256
};

/* ---- errors ---- */

/* "UNIQUE constraint failed: person.email, person.x" -> "email", and so for "cannot store TEXT value in REAL column person.weight";
 * other forms give "". */
static void constraint_column(sqlite3 *db, char column[64])
{
	const char *dot = strchr(sqlite3_errmsg(db), '.');
	size_t length = dot ? strcspn(dot + 1, ", ") : 0;

	if (length >= 64)
		length = 0;
	memcpy(column, dot ? dot + 1 : "", length);
	column[length] = '\0';
}

static int explain_constraint(sqlite3 *db, int rc, struct problem *problem)
{
	char column[64];

	constraint_column(db, column);
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID: return problem_set(problem, E_CONFLICT, column, "is taken: another record has the same");
	case SQLITE_CONSTRAINT_NOTNULL: return problem_set(problem, E_INVALID, column, "is required");
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return problem_set(
			problem, E_INVALID, NULL, "a link names a record that is not there, or the record is still named by others");
	case SQLITE_CONSTRAINT_DATATYPE: return problem_set(problem, E_INVALID, column, "has the wrong type");
	default: return problem_set(problem, E_INVALID, column, "breaks a rule of the database (%s)", sqlite3_errmsg(db));
	}
}

/* What the operating system said last about the log or journal, else about the file; sqlite3_system_errno knows nothing of commits. */
static int system_error(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	int error = 0;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK && file && file->pMethods)
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
	if (!error)
		sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	return error ? error : sqlite3_system_errno(db);
}

/* What the operating system said decides where SQLite only knows 'input/output error'. */
static int explain_io(sqlite3 *db, const char *what, struct problem *problem)
{
	int error = system_error(db);
	const char *cause = error ? strerror(error) : "no cause given";

	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return problem_set(problem, E_FULL, NULL, "%s cannot grow: %s; make room on its disk", what, cause);
	if (error == EROFS)
		return problem_set(problem, E_READONLY, NULL, "%s cannot be written: %s; mount its disk for writing", what, cause);
	return problem_set(problem, E_STORE, NULL, "%s cannot be read or written: %s (SQLite %d); look at the disk", what, cause,
		sqlite3_extended_errcode(db));
}

int engine_explain(sqlite3 *db, int rc, const char *what, struct problem *problem)
{
	switch (rc & 0xff) {
	case SQLITE_NOMEM: abort();
	case SQLITE_FULL:
		return problem_set(problem, E_FULL, NULL, "there is no room left for %s; make room on its disk, then try again", what);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return problem_set(
			problem, E_READONLY, NULL, "%s cannot be written; see that its file, directory and disk are writable", what);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return problem_set(problem, E_STORE, NULL,
			"%s is damaged; stop the daemon and put a backup in its place: "
			"mentorshipd --restore NAME",
			what);
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return problem_set(problem, E_BUSY, NULL, "%s is in use by another program; try again", what);
	case SQLITE_CONSTRAINT: return explain_constraint(db, rc, problem);
	case SQLITE_TOOBIG: return problem_set(problem, E_LIMIT, NULL, "a value is too large for %s", what);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		if (rc == SQLITE_IOERR_NOMEM)
			abort();
		return explain_io(db, what, problem);
	default: return problem_set(problem, E_STORE, NULL, "%s: %s (SQLite %d)", what, sqlite3_errmsg(db), rc);
	}
}

const char *engine_name(sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");

	return path && *path ? path : "the database";
}

int engine_failed(struct engine *engine, int rc, struct problem *problem)
{
	int code = engine_explain(engine->db, rc, engine_name(engine->db), problem);

	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
		engine->sync_failed = true;
	if (engine->begun && !engine->lost && sqlite3_get_autocommit(engine->db)) {
		engine->lost = true;
		engine->loss = *problem;
	}
	return code;
}

static int refuse_lost(struct engine *engine, struct problem *problem)
{
	*problem = engine->loss;
	return engine->loss.code;
}

/* ---- kept statements ---- */

static size_t place_of(const struct engine *engine, const char *sql)
{
	size_t mask = engine->constant_room - 1;
	size_t at = (size_t)(((uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & mask;

	while (engine->constants[at].sql && engine->constants[at].sql != sql)
		at = (at + 1) & mask;
	return at;
}

static void constants_grow(struct engine *engine)
{
	struct constant *old = engine->constants;
	size_t count = engine->constant_room;

	engine->constant_room = count ? 2 * count : CONSTANTS;
	engine->constants = calloc(engine->constant_room, sizeof *old);
	if (!engine->constants)
		abort();
	for (size_t i = 0; i < count; i++)
		if (old[i].sql)
			engine->constants[place_of(engine, old[i].sql)] = old[i];
	free(old);
}

static int compile(struct engine *engine, const char *sql, sqlite3_stmt **ret, struct problem *problem)
{
	int rc = sqlite3_prepare_v3(engine->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);

	if (rc != SQLITE_OK)
		return engine_failed(engine, rc, problem);
	if (!*ret)
		return problem_set(problem, E_STORE, NULL, "an empty statement was prepared");
	return 0;
}

static int find_constant(struct engine *engine, const char *sql, sqlite3_stmt **ret, struct problem *problem)
{
	size_t at;
	int code;

	if (!engine->constants)
		constants_grow(engine);
	at = place_of(engine, sql);
	if ((*ret = engine->constants[at].stmt))
		return 0;
	if ((code = compile(engine, sql, ret, problem)) < 0)
		return code;
	if (2 * (engine->constant_count + 1) > engine->constant_room) {
		constants_grow(engine);
		at = place_of(engine, sql);
	}
	engine->constants[at] = (struct constant){ sql, *ret };
	engine->constant_count++;
	return 0;
}

static void composed_unlink(struct engine *engine, struct composed *entry)
{
	*(entry->newer ? &entry->newer->older : &engine->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &engine->oldest) = entry->newer;
}

static void composed_link(struct engine *engine, struct composed *entry)
{
	entry->newer = NULL;
	entry->older = engine->newest;
	*(engine->newest ? &engine->newest->newer : &engine->oldest) = entry;
	engine->newest = entry;
}

static void composed_drop(struct engine *engine, struct composed *entry)
{
	struct composed **at = &engine->buckets[entry->hash % BUCKETS];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	composed_unlink(engine, entry);
	sqlite3_finalize(entry->stmt);
	free(entry);
	engine->composed_count--;
}

/* The oldest that nobody is stepping through makes room. */
static void composed_make_room(struct engine *engine)
{
	struct composed *entry = engine->oldest;

	while (entry && sqlite3_stmt_busy(entry->stmt))
		entry = entry->newer;
	if (entry)
		composed_drop(engine, entry);
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static int find_composed(struct engine *engine, const char *sql, sqlite3_stmt **ret, struct problem *problem)
{
	uint64_t hash = hash_text(sql);
	struct composed *entry = engine->buckets[hash % BUCKETS];
	int code;

	while (entry && (entry->hash != hash || strcmp(sqlite3_sql(entry->stmt), sql)))
		entry = entry->next;
	if (!entry) {
		if ((code = compile(engine, sql, ret, problem)) < 0)
			return code;
		if (engine->composed_count >= COMPOSED)
			composed_make_room(engine);
		if (!(entry = calloc(1, sizeof *entry)))
			abort();
		entry->hash = hash;
		entry->stmt = *ret;
		entry->next = engine->buckets[hash % BUCKETS];
		engine->buckets[hash % BUCKETS] = entry;
		engine->composed_count++;
	} else {
		composed_unlink(engine, entry);
	}
	composed_link(engine, entry);
	*ret = entry->stmt;
	return 0;
}

int engine_prepare(struct engine *engine, const char *sql, bool constant, struct stmt **ret, struct problem *problem)
{
	sqlite3_stmt *stmt = NULL;
	int code;

	if (engine->lost)
		return refuse_lost(engine, problem);
	code = constant ? find_constant(engine, sql, &stmt, problem) : find_composed(engine, sql, &stmt, problem);
	if (code < 0)
		return code;
	if (sqlite3_stmt_busy(stmt)) /* else it stands at its start: whoever steps to the end resets */
		sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	*ret = (struct stmt *)stmt;
	return 0;
}

/* ---- binding, stepping, reading ---- */

static sqlite3_stmt *inner(struct stmt *stmt)
{
	return (sqlite3_stmt *)stmt;
}

/* A wrong index is a mistake in the program; carrying on would write a row with a hole. */
static void bound(int rc)
{
	if (rc != SQLITE_OK)
		abort();
}

void engine_bind_int(struct stmt *stmt, int index, int64_t value)
{
	bound(value == NONE ? sqlite3_bind_null(inner(stmt), index) : sqlite3_bind_int64(inner(stmt), index, value));
}

void engine_bind_real(struct stmt *stmt, int index, double value)
{
	bound(isnan(value) ? sqlite3_bind_null(inner(stmt), index) : sqlite3_bind_double(inner(stmt), index, value));
}

void engine_bind_text(struct stmt *stmt, int index, const char *text)
{
	bound(sqlite3_bind_text(inner(stmt), index, text, -1, SQLITE_STATIC));
}

void engine_bind_blob(struct stmt *stmt, int index, const void *data, size_t size)
{
	bound(sqlite3_bind_blob64(inner(stmt), index, data, size, SQLITE_STATIC));
}

void engine_bind_null(struct stmt *stmt, int index)
{
	bound(sqlite3_bind_null(inner(stmt), index));
}

int engine_step(struct engine *engine, struct stmt *stmt, struct problem *problem)
{
	int rc, code;

	if (engine->lost)
		return refuse_lost(engine, problem);
	rc = sqlite3_step(inner(stmt));
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE) {
		sqlite3_reset(inner(stmt));
		return 0;
	}
	code = engine_failed(engine, rc, problem);
	sqlite3_reset(inner(stmt));
	return code;
}

void engine_reset(struct stmt *stmt)
{
	sqlite3_reset(inner(stmt));
}

bool engine_is_null(struct stmt *stmt, int column)
{
	return sqlite3_column_type(inner(stmt), column) == SQLITE_NULL;
}

int64_t engine_int(struct stmt *stmt, int column)
{
	int64_t value = sqlite3_column_int64(inner(stmt), column);

	return value || !engine_is_null(stmt, column) ? value : NONE;
}

double engine_real(struct stmt *stmt, int column)
{
	return engine_is_null(stmt, column) ? NAN : sqlite3_column_double(inner(stmt), column);
}

const char *engine_text(struct stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(inner(stmt), column);

	if (!text && !engine_is_null(stmt, column))
		abort();
	return text;
}

const void *engine_blob(struct stmt *stmt, int column, size_t *ret_size)
{
	const void *data = sqlite3_column_blob(inner(stmt), column);

	*ret_size = (size_t)sqlite3_column_bytes(inner(stmt), column);
	return data;
}

int engine_column_count(struct stmt *stmt)
{
	return sqlite3_column_count(inner(stmt));
}

int engine_run(struct engine *engine, const char *sql, struct problem *problem)
{
	int rc;

	if (engine->lost)
		return refuse_lost(engine, problem);
	rc = sqlite3_exec(engine->db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : engine_failed(engine, rc, problem);
}

int64_t engine_changes(struct engine *engine)
{
	return sqlite3_changes64(engine->db);
}

int64_t engine_last_id(struct engine *engine)
{
	return sqlite3_last_insert_rowid(engine->db);
}

int64_t engine_written(struct engine *engine)
{
	return sqlite3_total_changes64(engine->db) + engine->undone;
}

/* ---- transactions ---- */

static int run_kept(struct engine *engine, const char *sql, struct problem *problem)
{
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	return code < 0 ? code : engine_step(engine, stmt, problem);
}

static int begin(struct engine *engine, const char *sql, struct problem *problem)
{
	int code;

	engine->lost = false;
	code = run_kept(engine, sql, problem);
	engine->begun = code == 0;
	return code;
}

int engine_begin(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "BEGIN IMMEDIATE";

	return begin(engine, sql, problem);
}

int engine_begin_lazy(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "BEGIN DEFERRED";

	return begin(engine, sql, problem);
}

int engine_commit(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "COMMIT";
	int code = run_kept(engine, sql, problem);

	if (code < 0)
		engine_rollback(engine);
	engine->begun = engine->lost = false;
	return code;
}

void engine_rollback(struct engine *engine)
{
	static const char sql[] = "ROLLBACK";
	struct problem ignored;

	engine->begun = engine->lost = false;
	/* A rollback that SQLite reports as failed has still ended the transaction, or was ended before. */
	if (!sqlite3_get_autocommit(engine->db))
		run_kept(engine, sql, &ignored);
}

int engine_savepoint(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "SAVEPOINT s";

	if (!engine->lost && sqlite3_get_autocommit(engine->db))
		return problem_set(problem, E_STORE, NULL, "a savepoint outside a transaction would commit by itself");
	return run_kept(engine, sql, problem);
}

int engine_release(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "RELEASE s";

	return run_kept(engine, sql, problem);
}

int engine_undo(struct engine *engine, struct problem *problem)
{
	static const char sql[] = "ROLLBACK TO s";
	int code;

	engine->undone++;
	code = run_kept(engine, sql, problem);

	return code < 0 ? code : engine_release(engine, problem);
}

bool engine_lost(struct engine *engine)
{
	return engine->lost;
}

bool engine_in_transaction(struct engine *engine)
{
	return !sqlite3_get_autocommit(engine->db);
}

bool engine_sync_failed(struct engine *engine)
{
	return engine->sync_failed;
}

/* ---- functions ---- */

enum {
	ARGUMENTS = 8
};

static void call_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
	struct function *function = sqlite3_user_data(context);
	int64_t values[ARGUMENTS];

	for (int i = 0; i < count; i++)
		values[i] = sqlite3_value_type(arguments[i]) == SQLITE_NULL ? NONE : sqlite3_value_int64(arguments[i]);
	int64_t result = function->run(function->argument, count, values);
	if (result == NONE)
		sqlite3_result_null(context);
	else
		sqlite3_result_int64(context, result);
}

int engine_function(struct engine *engine, const char *name, int arguments,
	int64_t (*run)(void *argument, int count, const int64_t *values), void *argument, struct problem *problem)
{
	struct function *function;
	int rc;

	if (arguments < 0 || arguments > ARGUMENTS)
		return problem_set(problem, E_STORE, NULL, "the function %s has more than %d arguments", name, ARGUMENTS);
	if (!(function = calloc(1, sizeof *function)))
		abort();
	*function = (struct function){ engine->functions, run, argument };
	engine->functions = function;
	rc = sqlite3_create_function_v2(
		engine->db, name, arguments, SQLITE_UTF8 | SQLITE_DIRECTONLY, function, call_function, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : engine_failed(engine, rc, problem);
}

/* ---- the log ---- */

int64_t engine_wal_pages(struct engine *engine)
{
	return engine->wal_pages;
}

/* SQLite cuts the log and leaves it to chance when the disk learns of it: after a power cut the old frames would be back. */
static int sync_log(struct engine *engine, struct problem *problem)
{
	sqlite3_file *log = NULL;
	int rc = sqlite3_file_control(engine->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (rc == SQLITE_OK && log && log->pMethods)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
	return rc == SQLITE_OK ? 0 : engine_failed(engine, rc, problem);
}

int engine_checkpoint(struct engine *engine, bool truncate, struct problem *problem)
{
	int pages = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(
		engine->db, "main", truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

	if (rc == SQLITE_BUSY)
		return 1;
	if (rc != SQLITE_OK)
		return engine_failed(engine, rc, problem);
	if (pages > moved)
		return 1;
	engine->wal_pages = 0;
	return truncate ? sync_log(engine, problem) : 0;
}

void engine_finalize(struct engine *engine)
{
	for (size_t i = 0; i < engine->constant_room; i++)
		sqlite3_finalize(engine->constants[i].stmt);
	while (engine->newest)
		composed_drop(engine, engine->newest);
	free(engine->constants);
	while (engine->functions) {
		struct function *function = engine->functions;

		engine->functions = function->next;
		free(function);
	}
}
