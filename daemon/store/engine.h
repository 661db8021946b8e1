/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: all that the daemon asks of SQLite, narrow and careful.
 *
 * WAL with synchronous=FULL, one connection, no threads. After every failed statement the transaction may be gone
 * (SQLITE_FULL, I/O and memory errors end it whole); engine_lost() says so, and then nothing of the turn counts.
 * Statements are prepared once and kept, found by the address of their SQL text where it is a constant, and by
 * its words where it was composed. The engine never logs: it returns.
 */
#ifndef MENTORSHIP_ENGINE_H
#define MENTORSHIP_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

struct engine;
struct stmt;

enum {
	ENGINE_APPLICATION_ID = 0x4d454e54
}; /* "MENT" */
/* The newest schema that this program knows (user_version of the file; 0: no tables yet). Raised with each numbered step. */
enum {
	ENGINE_SCHEMA = 3
};

/* Opens `directory`/`file` (created 0600 when absent and `create`), after looking at its header: a foreign, newer or damaged file is
 * refused untouched, with the restore command in the problem. Takes the lock (flock on a file beside it): E_BUSY if another holds it.
 * The caller owns *ret and frees it with engine_close. */
int engine_open(const char *directory, const char *file, bool create, struct engine **ret, struct problem *);
/* The same database for reading only, without lock or header duties: the worker's way. */
int engine_open_reader(const char *directory, const char *file, struct engine **ret, struct problem *);
/* A small database of its own beside it, such as keys.db: one file and no log (journal_mode=DELETE, synchronous=EXTRA: a commit is on
 * the disk with the removal of the journal). No lock is taken: the holder of the main one's lock opens it. Absent: made. */
int engine_open_side(const char *directory, const char *file, uint32_t application_id, struct engine **ret, struct problem *);
/* Never checkpoints: its errors would be hidden. Whoever stops calls engine_checkpoint before. */
void engine_close(struct engine *);

/* A kept statement, reset and with no bindings; valid until the next engine_prepare with the same text. `constant`: the text outlives
 * the engine and is found by address. */
int engine_prepare(struct engine *, const char *sql, bool constant, struct stmt **ret, struct problem *);
void engine_bind_int(struct stmt *, int index, int64_t);       /* NONE binds NULL */
void engine_bind_real(struct stmt *, int index, double);       /* NaN binds NULL */
void engine_bind_text(struct stmt *, int index, const char *); /* NULL binds NULL; must outlive the step */
void engine_bind_blob(struct stmt *, int index, const void *, size_t);
void engine_bind_null(struct stmt *, int index);
/* 1: a row; 0: done (reset); negative: error, reset. */
int engine_step(struct engine *, struct stmt *, struct problem *);
void engine_reset(struct stmt *);
bool engine_is_null(struct stmt *, int column);
int64_t engine_int(struct stmt *, int column);      /* NONE for NULL */
double engine_real(struct stmt *, int column);      /* NaN for NULL */
const char *engine_text(struct stmt *, int column); /* NULL for NULL; valid until the next step or reset */
const void *engine_blob(struct stmt *, int column, size_t *ret_size);
int engine_column_count(struct stmt *);

/* One statement without rows or values: schema steps, pragmas. */
int engine_run(struct engine *, const char *sql, struct problem *);
int64_t engine_changes(struct engine *);
int64_t engine_last_id(struct engine *);
/* Grows with each row written and with each savepoint undone: what was read at the same number still stands. */
int64_t engine_written(struct engine *);

/* A transaction that reads, many times cheaper than reads of their own, and takes the write lock with its first write: one process
 * writes, so that never fails for another writer. Ended by engine_commit or engine_rollback. */
int engine_begin_lazy(struct engine *, struct problem *);
/* Transactions: begin takes the write lock (BEGIN IMMEDIATE). Savepoints nest. engine_lost: the transaction that was begun has been
 * ended by an error; all of it is undone. Until rollback, commit (which fails) or begin every statement is refused with that error. */
int engine_begin(struct engine *, struct problem *);
int engine_commit(struct engine *, struct problem *); /* on failure it is rolled back */
void engine_rollback(struct engine *);
int engine_savepoint(struct engine *, struct problem *);
int engine_release(struct engine *, struct problem *);
int engine_undo(struct engine *, struct problem *); /* ROLLBACK TO and RELEASE */
bool engine_lost(struct engine *);
bool engine_in_transaction(struct engine *);
/* A sync failed, at a commit or a checkpoint: nobody knows what is on the disk. The process must end (and finds out at its next start). */
bool engine_sync_failed(struct engine *);

/* Registers a C function in SQL: `run` gets `argument` and integer arguments (NONE for NULL), gives an integer. */
int engine_function(struct engine *, const char *name, int arguments, int64_t (*run)(void *argument, int count, const int64_t *values),
	void *argument, struct problem *);

/* Moves the WAL into the database. `truncate`: and empties it (needed after Erase). 1: not all of it, a reader still looks at an
 * old state; later again. A failed sync is E_STORE, and engine_sync_failed is true: the process must end. */
int engine_checkpoint(struct engine *, bool truncate, struct problem *);
int64_t engine_wal_pages(struct engine *); /* pages written since the last checkpoint */
/* One step of a check of the whole file, a table at a time: 1 more to do, 0 done and whole, negative: damaged or failed. */
int engine_quick_check(struct engine *, struct problem *);
/* Copies the database by the backup API to `path` (made 0600, under a temporary name, checked by quick_check, fsynced, renamed). */
int engine_backup(struct engine *, const char *path, struct problem *);
/* The same in steps of some milliseconds, with turns in between; what they write gets into the copy. */
struct copy;
int engine_copy_begin(struct engine *, const char *path, struct copy **ret, struct problem *);
int engine_copy_step(struct copy *, struct problem *); /* 1: more to do, 0: the file has its name, negative: failed */
void engine_copy_free(struct copy *);                  /* at any time; before engine_close */

#endif
