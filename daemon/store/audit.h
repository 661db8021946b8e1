/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit chain: what was done, by whom, to what; provable afterwards, erasable in its values.
 *
 *   commitment = BLAKE2b-256(key = salt, detail, reason)
 *   chain      = BLAKE2b-256(previous chain, seq, time, caller, verb, object, names of fields, anchors, commitment)
 *
 * Salt, detail and reason (free text, so it may name somebody) stand in the same row, outside the chain: erasing clears
 * them, and is itself a record whose `fields` list which ("3 7-9"). Ids only; sealed values never. The head is in
 * memory during a turn and goes back with it.
 */
#ifndef MENTORSHIP_AUDIT_H
#define MENTORSHIP_AUDIT_H

#include "core/call.h"
#include "engine.h"

struct audit_head {
	int64_t seq;
	unsigned char chain[32];
};

/* Reads the newest record; seq 0 and zeros in an empty database. */
int audit_load(struct engine *, struct audit_head *, struct problem *);
/* Appends one record and moves the head. `caller` is "uid:1000 person:7", made of ids; `for_person` NONE or whose answer it was;
 * `fields` names, separated by a space; `detail` "name=value" lines or NULL; program, match, person are the row's
 * anchors (NONE if absent). */
struct audit_entry {
	int64_t time, uid, person, for_person;
	const char *way, *verb, *entity;
	int64_t id;
	const char *fields, *detail, *reason;
	int64_t program, match, about; /* about: the person anchor */
	const char *what;              /* Added, Changed, Removed, or NULL: nothing to signal */
};
int audit_append(struct engine *, struct audit_head *, const struct audit_entry *, struct problem *);
/* Clears salt and detail of at most `limit` records about a person, appending the record that lists the seqs. 1: there are more. */
int audit_erase(struct engine *, struct audit_head *, int64_t person, int64_t time, int limit, struct problem *);

/* The same for records older than `before`, when their retention is over. *cursor: where the last call stopped, 0 at first; kept by
 * the caller for ever (records up to it are done). 1: there are more. */
int audit_expire(struct engine *, struct audit_head *, int64_t before, int64_t *cursor, int64_t time, int limit, struct problem *);

/* Verify, in slices. `remembered` may be NULL: a head from the journal or a backup, against which a cut-off end shows. Whoever starts one
 * owns it; audit_check_free at any time. */
struct audit_report; /* store.h */
struct audit_check;
struct audit_check *audit_check_new(struct engine *, const struct audit_head *remembered);
/* Looks at `rows` records more. 1: more to do; 0: done, and the report says what was found; negative: could not be read. The last step
 * looks at the whole list of erased records once more. */
int audit_check_step(struct audit_check *, int rows, struct audit_report *, struct problem *);
void audit_check_free(struct audit_check *);
/* All of it at once: small databases, tests, the look after a restore. */
int audit_verify(struct engine *, const struct audit_head *remembered, struct audit_report *, struct problem *);

#endif
