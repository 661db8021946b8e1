/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store as the ways in see it: turns, calls, reads through the one gate, and what a committed turn has to say.
 *
 *   store_turn_begin -> any number of store_perform, store_read, store_list -> store_turn_commit -> replies, signals, work
 *
 * If store_turn_commit fails, or store_lost is true, no call of the turn was applied: all of them, reads too, are
 * answered with that error, and memory (audit head, queues) is back at the turn's start by itself.
 */
#ifndef MENTORSHIP_STORE_H
#define MENTORSHIP_STORE_H

#include "core/call.h"
#include "engine.h"

struct store_paths {
	const char *state;       /* directory 0700: mentorship.db, keys.db, erasures, lock */
	const char *backups;     /* directory 0700 */
	const char *credentials; /* directory with sealing-key and link-key, or NULL: sealing is unavailable */
};
struct clock;

/* Opens or makes the database: header, migration (with a backup before), erasures replayed, installation looked at.
 * `simulated` NONE: the real clock; else a new database is made for a simulated clock that stands there (an old one
 * must have been made so, and goes on from its own time). */
int store_open(const struct store_paths *, const struct settings *, int64_t simulated, struct store **ret, struct problem *);
void store_close(struct store *);
void store_settings(struct store *, const struct settings *); /* after a reload */

int64_t store_now(struct store *); /* wall clock, seconds UTC, simulated where so */
bool store_simulated(struct store *);
int store_advance(struct store *, int64_t until, struct problem *); /* simulated only; E_INVALID backwards; persisted at the next commit */
/* A note that the store keeps under a name: what it was before (cut to `size`, "" if none) and, unless NULL, what it is from now on.
 * Inside a turn. */
int store_note(struct store *, const char *key, char *ret_before, size_t size, const char *value, struct problem *);
bool store_held(struct store *); /* mail and jobs wait for Resume: restored, copied, or the clock leapt */
struct engine *store_engine(struct store *);
struct zones *store_zones(struct store *);

/* ---- turns ---- */
int store_turn_begin(struct store *, struct problem *); /* lazy: the write transaction starts with the first write */
int store_turn_commit(struct store *, struct problem *);
bool store_lost(struct store *);
/* Whether a committed turn has changed anything since this was asked last. */
bool store_wrote(struct store *);
/* A sync failed: nobody knows what is on the disk, so the process must end. To be asked after every failed commit or checkpoint. */
bool store_sync_failed(struct store *);
/* After a commit: finishes erasures by a truncating checkpoint. E_STORE: a sync failed, the process must end. */
int store_settle(struct store *, struct problem *);

/* One verb (Create, Update and all others) in a savepoint of its own: order of refusal, idempotency, version, state, dry run,
 * audit, outbox, jobs. 0 or the error in call->problem. Needs call->{arena, caller, entity, verb, id, args, options, path_body}. */
int store_perform(struct store *, struct call *);
/* The daemon's own work inside the turn, as the given caller (BY_JOB, BY_WORKER, BY_DAEMON): `run` gets a call without entity or verb, in a
 * savepoint of its own; a negative answer of it undoes all of it. Returns what it answered, or why nothing could be done. */
int store_do(struct store *, const struct caller *, int (*run)(struct call *, void *), void *data, struct problem *);
/* For what only reads, and costs half: no savepoint, and the turn counts as one that wrote nothing. What writes all the same loses the turn:
 * E_STORE. */
int store_look(struct store *, const struct caller *, int (*run)(struct call *, void *), void *data, struct problem *);
/* store_do at another time, and undone at its end whatever it answers: what would happen. */
int store_suppose(struct store *, const struct caller *, int64_t now, int (*run)(struct call *, void *), void *data, struct problem *);
/* True if polkit must be asked before store_perform (the caller is not admin, no grant gives a role of the verb, and the verb names an action). */
bool store_needs_polkit(struct store *, struct caller *, const struct entity *, const struct verb *, int64_t id);

/* Every role that the caller holds over something. */
int store_roles(struct store *, struct caller *, unsigned *ret_mask, struct problem *);

/* ---- reads: what leaves, leaves through these ---- */
/* Gets rows after the gate. `shown[i]` false: the caller may not read fields[i] (only store_read has such; lists refuse instead). Columns
 * of the statement stand in the order of the fields. Return non-zero to stop. */
struct reader {
	int (*row)(struct reader *, struct stmt *, const struct shape *, const int *fields, const bool *shown, int count);
};
/* One record, fields by index (NULL: all). E_NOTFOUND if absent or unseen alike. */
int store_read(struct store *, struct call *, const struct entity *, int64_t id, const int *fields, int count, struct reader *);
/* Does the caller see it at all? 0 or E_NOTFOUND. Sets call->roles. */
int store_sees(struct store *, struct call *, const struct entity *, int64_t id);
/* A hash of the roles that the caller holds and over what, and the instant at which they may be others (INT64_MAX: none is known). In a
 * turn. */
int store_sight(struct store *, struct caller *, uint64_t *ret_stamp, int64_t *ret_until, struct problem *);

enum operator{
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_IN,
	OP_PREFIX,
	OP_NONE,
	OP_CONTAINS
};
int operator_named(const char *); /* -1 if unknown */
struct filter {
	const char *field;
	int operator_;
	struct value value;
};
struct list_query {
	const struct filter *filters;
	size_t filter_count;
	const char *const *fields;
	size_t field_count;
	const char *order;  /* field, with '-' before it for descending; NULL or "": the entity's own */
	const char *cursor; /* "" or what a former list gave */
	uint32_t limit;     /* 1 .. limits.list_rows; 0: that */
};
/* Calls reader->row for each row. *ret_next: cursor in the arena, "" at the end. A reader that returns 1 stops there with a cursor (byte budget). */
int store_list(struct store *, struct call *, const struct entity *, const struct list_query *, struct reader *, const char **ret_next);
/* Objects of a collection (NULL: all that have a LABEL) whose label, key or external id begins so: each told to `seen`. */
int store_lookup(struct store *, struct call *, const struct entity *, const char *start, uint32_t limit,
	int (*seen)(void *, const struct entity *, int64_t id, const char *label), void *);
/* What waits for the caller, oldest first; `whose` is "me" or "program" side of it. */
struct agenda_item {
	const char *kind;
	const struct entity *entity;
	int64_t id;
	int64_t since, due;
	int64_t program, match;
	const char *label;
};
int store_agenda(struct store *, struct call *, int (*seen)(void *, const struct agenda_item *), void *);
/* Records changed after a sequence number that the caller may see, at most `limit`. */
int store_changes(struct store *, struct call *, int64_t after, uint32_t limit,
	int (*seen)(void *, int64_t seq, const struct entity *, int64_t id, const char *signal), void *, bool *ret_more);

/* ---- what a committed turn has to say; valid until the next store_turn_begin ---- */
enum happening {
	ADDED,
	CHANGED,
	REMOVED
};
struct change {
	const struct entity *entity;
	int64_t id, version, seq;
	enum happening what;
};
size_t store_committed(struct store *, const struct change **ret);
struct work {
	const char *kind;
	int64_t subject;
	int64_t about[2];
	int64_t task;
	struct caller starter;
};
size_t store_work(struct store *, const struct work **ret);

/* The caller of a uid whose user name was looked up (NULL: none found): finds the login, pins its uid at first use (a write of its
 * own in this turn). Never fails for want of a login: person is NONE then. */
int store_caller(struct store *, uint32_t uid, const char *user_name, struct caller *ret, struct problem *);

/* ---- audit, backup, restore ---- */
struct audit_report {
	int64_t records, first_bad;
	int64_t erased;
	char what[120];
	char head[65];
};
/* Looks at every record: changed, removed, reordered, cut off. 0 and report->first_bad 0 if whole. In slices: pass *cursor 0 first; 1: call again. */
int store_verify_audit(struct store *, int64_t *cursor, struct audit_report *, struct problem *);
void store_audit_head(struct store *, int64_t *ret_seq, char ret_hex[65]);
int store_backup(struct store *, const char **ret_name, struct problem *); /* name: "mentorship-20261123T201500Z.db" */
/* The same in steps of some milliseconds, with turns in between: 1 more to do, 0 done (and old ones removed). Name and end: backup_name and
 * backup_free (backup.h), before the store is closed. */
struct backup;
int store_backup_begin(struct store *, struct backup **ret, struct problem *);
int store_backup_step(struct store *, struct backup *, struct problem *);
const char *store_directory(const struct store *); /* of the database */
/* Offline: `mentorshipd --restore NAME`. */
int store_restore(const struct store_paths *, const char *name, struct problem *);
int store_resume(struct store *, struct problem *);
/* How many messages and jobs wait to go out, for who decides about Resume. */
int store_waiting(struct store *, int64_t *ret_messages, int64_t *ret_jobs, struct problem *);

/* ---- printed from the tables ---- */
int store_print(const char *what /* schema, docs, privacy */, void *file);

#endif
