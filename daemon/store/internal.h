/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the store share: the one struct, and the pieces of the one path.
 *
 * store.c holds turns; perform.c the order of refusal; record.c columns and structs; sight.c who is what to a row;
 * list.c pages; schema.c tables from tables; outbox.c messages and jobs; privacy.c sealed values and erasure.
 */
#ifndef MENTORSHIP_STORE_INTERNAL_H
#define MENTORSHIP_STORE_INTERNAL_H

#include "audit.h"
#include "core/field.h"
#include "core/settings.h"
#include "core/zone.h"
#include "seal.h"
#include "store.h"

enum {
	SIGHTS = 64
}; /* callers whose sight is kept */

/* What is undone together when a call is refused: everything in memory that a savepoint cannot bring back. */
struct mark {
	struct audit_head head;
	size_t changes, work;
	bool forgot; /* a granting row changed: sights are stale */
};

struct store {
	struct engine *engine;
	struct seal *seal;
	struct problem sealing; /* why sealing is unavailable, if seal is NULL */
	struct store_paths paths;
	char *path_texts[3];
	const struct settings *settings;
	struct zones *zones;
	struct audit_head head;
	int64_t clock;      /* simulated: the time; NONE: the real clock */
	int64_t turn_clock; /* the clock at the turn's start, for going back */
	bool held;
	bool in_turn, writing, lost, wrote;
	struct problem loss;
	struct mark turn;
	struct change *changes;
	size_t change_count, change_room;
	struct work *work;
	size_t work_count, work_room;
	int64_t task_ids;
	struct sight *sights[SIGHTS];
	unsigned sight_at;
	uint64_t grants;     /* grows when a granting row changes */
	struct call *seeing; /* whose eyes the SQL function sight() uses */
	int64_t erased_wait; /* persons whose erasure waits for its checkpoint */
	unsigned char replay_key[32];
	struct audit_check *checking;
	char backup[64]; /* name of the newest one made */
	unsigned char link_key[32];
	bool has_link_key, link_key_read;
	struct template_memory *templates;
	struct kept_entry *kept;
	void *composed; /* SQL made once for each shape: record.c */
};

int store_pin(struct store *, struct caller *, struct problem *);
/* The turn's write transaction begins with its first write. */
int store_writing(struct store *, struct problem *);
struct mark store_mark(struct store *);
void store_back(struct store *, const struct mark *);

/* ---- slices.c ---- */
void kept_free(struct store *);

/* ---- record.c ---- */
int record_load(struct store *, struct arena *, const struct shape *, int64_t id, void **ret, struct problem *);
/* The same for a record that is only looked at: what was looked at since the last write is not read again. */
int record_peek(struct call *, const struct shape *, int64_t id, const void **ret);
int record_insert(struct call *, const struct shape *, void *record);
int record_update(struct call *, const struct shape *, const void *was, void *now, uint64_t fields);
int record_delete(struct call *, const struct shape *, int64_t id);
void record_read_row(struct arena *, const struct shape *, struct stmt *, void *record);
void record_forget(struct store *);
char **record_through(
	struct store *, const struct shape *); /* room for THROUGH_MAX statements, which sight.c composes; freed with the rest */
const char *record_columns(struct store *, const struct shape *); /* "id","version",... of the stored fields, sealed ones as NULL */
/* Whole rows in no order; `where` names its values ?1 ?2 ... */
int record_prepare_each(struct store *, const struct shape *, const char *where, struct stmt **ret, struct problem *);
/* Hand-written SQL (a string constant) with its numbers, kept prepared, before its first row. */
int question(struct call *, const char *sql, const int64_t *values, int count, struct stmt **ret);
void record_bind(struct stmt *, int at, const struct field *, const void *record);
int record_anchor(struct call *, const struct shape *, void *record);
int record_copies(struct call *, const struct shape *, void *record);
int64_t record_anchor_of(const struct shape *, enum anchor, const void *record);
uint64_t record_difference(const struct shape *, const void *was, const void *now);

/* ---- sight.c ---- */
struct sight *sight_of(struct store *, struct caller *, int64_t now, struct problem *);
unsigned sight_mask(const struct caller *, int64_t program, int64_t match, int64_t person);
unsigned sight_anywhere(const struct caller *); /* every role that the caller holds over something */
int sight_make(struct store *, int64_t person, int64_t now, struct sight **ret, struct problem *); /* not kept: sight_free */
void sight_free(struct sight *);
void sights_free(struct store *);
/* A granting row of these people has changed (NONE: of none): `grants` grows, and what is kept of others stays good. */
void sights_moved(struct store *, int64_t person, int64_t other);
void sight_call(struct buffer *, const struct shape *, const char *alias); /* "sight(...)" over a row */
int sight_register(struct store *, struct problem *);
/* The mask over a record that is loaded or about to be; reads `through` where a row has no program. */
int sight_record(struct call *, const struct caller *, const struct shape *, const void *record, unsigned *ret);
/* Appends an SQL condition that is true where the caller at store->seeing holds one of `need` over row `alias`. `matches`: they may
 * hold it over single matches too. */
void sight_condition(struct buffer *, const struct shape *, const char *alias, unsigned need, bool matches);
/* The entities that lead to a row without a program, one after another from *list on; NULL: no more. */
const struct shape *sight_through(const char **list);
/* Is each row of `via` itself led to by a row of an entity before it in the list? (A match member is a participant of the program, so
 * who holds a role over the program reaches the person already by way of the participant.) */
bool sight_led_before(const char *list, const struct shape *via);
/* Which field of a leading entity names the row: its anchor of the row's own kind. */
int sight_leading_field(const struct shape *, const struct shape *via);
struct grants {
	const int64_t *ids;
	const unsigned *masks;
	size_t count;
};
struct grants sight_grants(const struct caller *, enum anchor);
unsigned sight_all(const struct caller *);

/* ---- schema.c ---- */
int schema_bring(struct store *, bool fresh, struct problem *);
void schema_print(struct buffer *);
void sql_name(struct buffer *, const char *name); /* quoted */
int setting_get(struct store *, const char *key, struct arena *, char **ret, struct problem *);
int setting_put(struct store *, const char *key, const char *value, struct problem *);

/* ---- the rest ---- */
/* Rows of no person or match, linked to nobody's: nothing tells whom their texts are about. */
bool shape_of_nobody(const struct shape *);
int audit_change(struct call *, const struct shape *, const void *was, const void *now, uint64_t fields, enum happening);
void store_changed(struct store *, const struct entity *, int64_t id, int64_t version, enum happening);

#endif
