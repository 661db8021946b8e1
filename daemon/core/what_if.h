/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run is to suppose: lines "WHAT = VALUE", for whoever checks them when they are said (model) and whoever supposes it (worker).
 *
 *     traits = very important          a weight: words, or a number above 0 (with parameters behind it: = 5 enough=2)
 *     language = must at_least=2       a hard rule
 *     age = out                        no such line
 *     places 17 = 4                    this mentor has so many free places
 *     mentor 3 = Python, chess         one more mentor with so many places, who offers these skills; a kind may stand before one:
 *                                      language: German, site: North. Of what is not said nothing is known.
 *     mentor 3 = like 17, chess        one more mentor with all that mentor 17 has: traits, times, languages, age; and what stands behind
 *     lock 12 = 17                     this mentee stays with this mentor
 *     mark 12 = yes                    this mentee is placed first
 *     keep placed = yes                who has a place in the run that this one starts from gets one before others
 *     keep pairs = yes                 as many of that run's pairs as can be stay, with as many mentees placed as without
 *
 * Numbers are those of participants. A semicolon ends a line, too.
 */
#ifndef MENTORSHIP_WHAT_IF_H
#define MENTORSHIP_WHAT_IF_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"

enum what_kind {
	WHAT_CRITERION,
	WHAT_PLACES,
	WHAT_MENTOR,
	WHAT_LOCK,
	WHAT_MARK,
	WHAT_KEEP,
	WHAT_KEEP_PAIRS
};
struct what_if {
	enum what_kind kind;
	const char *criterion; /* of WHAT_CRITERION */
	const char *value;     /* what stands behind the '=', without spaces around it */
	int64_t one, other;    /* places: mentor, places. mentor: 0, places. lock: mentee, mentor. mark: mentee */
	int use;               /* of WHAT_CRITERION: 'h' hard, 'w' weight, 'o' out */
	double weight;
	const char *parameters; /* of WHAT_CRITERION */
};

/* Of a WHAT_MENTOR: the mentor that it is like, 0: none; and what stands behind. E_INVALID: 'like' without a number. */
int what_if_like(const struct what_if *, int64_t *ret_mentor, const char **ret_rest);

/* All lines, in the arena. E_INVALID (field "changes") names the line and what it should be. `text` may be NULL. */
int what_if_read(struct arena *, const char *text, struct what_if **ret_list, size_t *ret_count, struct problem *);

/* Importance in words. Their weight; 0: that is no such word. "must" is a rule: INFINITY. */
double importance_weight(const char *word);

#endif
