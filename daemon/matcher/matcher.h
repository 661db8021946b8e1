/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorship-match: the algorithms of daemon/match on instance files, without daemon and database.
 *
 * An algorithm is a row (algorithms.c): what an instance must hold for it, and how it runs. A result is JSON (write.c), and is read again and
 * verified (check.c) with the checkers of daemon/match, none of which solves anything.
 */
#ifndef MENTORSHIP_MATCHER_H
#define MENTORSHIP_MATCHER_H

#include <jansson.h>

#include "match/instance.h"

enum {
	MATCHER_DONE = 0,
	MATCHER_FAILS = 1, /* the result does not hold, or could not be written */
	MATCHER_USAGE = 2,
	MATCHER_INPUT = 3,  /* a file cannot be read, or is no instance, no result */
	MATCHER_NO_WAY = 4, /* locks and least numbers cannot be met */
};

enum family {
	FAMILY_AIM,
	FAMILY_STABLE,
	FAMILY_CIRCLES
};

struct algorithm {
	const char *name, *label, *method; /* method: as the literature calls it, for results */
	enum family family;
	int which;          /* an enum match_aim, an enum match_stability */
	unsigned needs;     /* MATCH_HAS_...: one of these at least */
	unsigned reads;     /* what it heeds; what else an instance has is named in the result as ignored */
	unsigned refuses;   /* what it cannot leave out without breaking a promise */
	const char *needed; /* in words */
};

extern const struct algorithm matcher_algorithms[];
const struct algorithm *matcher_algorithm(const char *name); /* or NULL */
/* What an instance has that an algorithm does not heed, as words. */
json_t *matcher_ignored(const struct algorithm *, const struct match_instance *);
/* Whether the instance has what the algorithm needs; E_INVALID if not. */
int matcher_suits(const struct algorithm *, const struct match_instance *, struct problem *);

/* Runs; 0 and the result. `ret_no_way`: it was refused because nothing meets locks and least numbers. */
int matcher_run(const struct algorithm *, const struct match_instance *, uint64_t seed, json_t **ret, bool *ret_no_way, struct problem *);
/* 0 if the result is one of this instance, and holds; E_INVALID, with what is wrong. */
int matcher_check(const json_t *result, const struct match_instance *, struct problem *);

/* --- the parts of results ------------------------------------------------------------------------------ */

json_t *write_head(const struct algorithm *, const struct match_instance *);
json_t *write_answer(const struct algorithm *, const struct match_instance *, const struct match_answer *);
json_t *write_stable(const struct algorithm *, const struct match_instance *, const int32_t *mentor_of);
json_t *write_circles(const struct algorithm *, const struct match_instance *, uint64_t seed, const struct match_circles *);

/* How many mentees at most a weakly stable matching places, told from this one. */
int64_t stable_bound(const struct match_instance *, enum match_stability, const int32_t *mentor_of);
/* The score of a pair, or -1 if no line 'pair' names it. */
int32_t score_of_pair(const struct match_instance *, int32_t mentee, int32_t mentor);

#endif
