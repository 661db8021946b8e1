/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a matching stands on, gathered: from the database in one short read transaction, from the daemon what only it can open.
 */
#ifndef MENTORSHIP_MATCH_INPUT_H
#define MENTORSHIP_MATCH_INPUT_H

#include "core/arena.h"
#include "core/zone.h"
#include "match/match.h"
#include "store/engine.h"

/* All of it lives in the arena and in `input`. */
struct gathering {
	struct arena arena;
	struct engine *engine;
	struct zones *zones;
	const char *zone;                /* the institution's */
	int64_t program, now, from;      /* the run that this one starts from; 0: none */
	const struct match_lock *placed; /* pairs that that one made; of groups the mentor is 0 */
	size_t placed_count;
	struct match_input input;
	size_t supposed; /* the last so many mentors there are not */
};

/* Reads everything but objections and ages, and ends the transaction. */
int gather_database(struct gathering *, struct problem *);
/* Frames "objection PERSON PERSON", "age PERSON YEARS", "group PARTICIPANT NUMBER" and "salt NUMBER NUMBER" from a descriptor. */
int gather_sealed(struct gathering *, int fd, struct problem *);
/* What a run supposes (core/what_if.h): places, mentors, locks and marks; changes of criteria are in the recipe's lines already. */
int gather_changes(struct gathering *, const char *changes, struct problem *);
/* Which of the supposed mentors this is, from 1; 0: none of them. */
int supposed_mentor(const struct gathering *, int64_t id);
/* Lines "criterion TAB hard|weight TAB weight TAB name=value ...". E_INVALID names the line. */
int gather_recipe(struct gathering *, const char *lines, struct problem *);

#endif
