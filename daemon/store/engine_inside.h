/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the engine share: kinds of database files, the look at a header, the lock. Included by engine*.c,
 * seal.c and backup.c alone; everybody else includes engine.h.
 */
#ifndef MENTORSHIP_ENGINE_INSIDE_H
#define MENTORSHIP_ENGINE_INSIDE_H

#include <sqlite3.h>
#include "engine.h"

enum {
	BUCKETS = 128
};

struct constant {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct composed {
	struct composed *next; /* in its bucket */
	struct composed *newer, *older;
	uint64_t hash;
	sqlite3_stmt *stmt;
};

struct engine {
	sqlite3 *db;
	int lock; /* -1: none */
	bool begun, lost, sync_failed;
	struct problem loss;
	int64_t wal_pages;
	int64_t undone;             /* savepoints so far */
	struct constant *constants; /* a power of two of places, at most half of them taken */
	size_t constant_room, constant_count;
	struct composed *buckets[BUCKETS];
	struct composed *newest, *oldest;
	int composed_count;
	struct function *functions;
	char check_at[128]; /* the table that a running quick_check saw last */
};

struct function {
	struct function *next;
	int64_t (*run)(void *, int, const int64_t *);
	void *argument;
};

struct engine_kind {
	uint32_t application_id;
	uint32_t schema; /* the newest that is known */
	bool wal;
};
extern const struct engine_kind engine_main_kind;

/* Is the directory there, ours and closed to others? 0, or a problem with the command that mends it. */
int engine_directory(const char *directory, struct problem *);
/* flock on `directory`/lock. The caller closes *ret. E_BUSY if another process holds it. */
int engine_lock(const char *directory, int *ret, struct problem *);
/* Reads the header of a database that SQLite has not opened in this process, and closes it again. 0: ours and whole as far as a
 * header tells; 1: absent; else refused (E_STORE), untouched. */
int engine_look(const char *directory, const char *file, const struct engine_kind *, struct problem *);
/* Does what is left of a restore that was killed behind its decision (engine_restore.c). Under the lock, before engine_look. */
int engine_finish_restore(const char *directory, const char *file, struct problem *);
/* Keeps a file and its log as damaged-TIME-file. */
int engine_move_aside(const char *directory, const char *file, int64_t time, struct problem *);
/* fsync of a file or directory by its path. Not for a database that SQLite has open: closing drops its locks. */
int engine_fsync(const char *path, struct problem *);
/* "directory/file" + suffix, owned by the caller. */
char *engine_path(const char *directory, const char *file, const char *suffix);

/* Once before anything of SQLite: no threads, no statistics, no URIs. */
void engine_configure(void);
/* A file opened without a look, with our flags and small settings. Also on failure *ret is closed with engine_close. */
int engine_connect(const char *path, int flags, struct engine **ret, struct problem *);
/* Makes an empty file of mode 0600; E_STORE if it is there. */
int engine_make_file(const char *path, struct problem *);
/* Removes a file with its log and journal. */
void engine_discard(const char *path);
/* The path of the file, for sentences. */
const char *engine_name(sqlite3 *);
/* Ends all statements before the connection closes. */
void engine_finalize(struct engine *);
/* Writes what a result code of SQLite means for the caller; notes a lost transaction. Returns the code of ours. */
int engine_failed(struct engine *, int rc, struct problem *);
/* The same for a connection that is no engine. */
int engine_explain(sqlite3 *, int rc, const char *what, struct problem *);

#endif
