/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit chain: what was done, by whom, to what; provable afterwards, erasable in its values.
 *
 *   commitment = BLAKE2b-256(key = salt, detail)
 *   chain      = BLAKE2b-256(previous chain, seq, time, caller, verb, object, names of fields, commitment)
 *
 * Salt and detail stand in the same row, outside the chain: erasing clears them, and is itself a record that lists
 * which. Ids only; sealed values never. The head is in memory during a turn and goes back with it.
 */
#ifndef MENTORSHIP_AUDIT_H
#define MENTORSHIP_AUDIT_H

#include "core/call.h"
#include "engine.h"

struct audit_head { int64_t seq; unsigned char chain[32]; };

/* Reads the newest record; seq 0 and zeros in an empty database. */
int audit_load(struct engine *, struct audit_head *, struct problem *);
/* Appends one record and moves the head. `caller` is "uid:1000 person:7", made of ids; `for_person` NONE or whose answer it was;
 * `fields` names, separated by a space; `detail` "name=value" lines or NULL; program, match, person are the row's anchors (NONE if absent). */
struct audit_entry {
	int64_t time, uid, person, for_person;
	const char *way, *verb, *entity;
	int64_t id;
	const char *fields, *detail, *reason;
	int64_t program, match, about;    /* about: the person anchor */
	const char *what;                 /* Added, Changed, Removed, or NULL: nothing to signal */
};
int audit_append(struct engine *, struct audit_head *, const struct audit_entry *, struct problem *);
/* Clears salt and detail of at most `limit` records about a person, appending the record that lists the seqs. 1: there are more. */
int audit_erase(struct engine *, struct audit_head *, int64_t person, int64_t time, int limit, struct problem *);

#endif
