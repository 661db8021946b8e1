/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Circles: groups of people who meet at one time of the week, arrays in, arrays out.
 *
 * A group has between `size_least` and `size_most` people, all free in the
 * group's slot, no two of whom must stay apart, and keeps to every rule: between
 * `least` and `most` of those for whom the rule counts ("one mentor at least",
 * "two of one department at most"). First as many people as possible are placed; then the total is the
 * largest: each one's liking of the slot, and the score of each two who are in
 * one group.
 *
 * Up to `exact_most` people everything is tried, and the result is the best.
 * For more it is the best that a search found; beside it stands a bound that
 * no grouping can exceed: people are spread over slots as if a slot's groups
 * were limited by its numbers only, whoever must stay apart (match_optimal, whose prices prove it). The
 * gap between them is stated. If they meet, the result is the best, too.
 *
 * The search draws from the seed and counts its steps, never the time: the same
 * input gives the same groups everywhere.
 */
#ifndef MENTORSHIP_CIRCLES_H
#define MENTORSHIP_CIRCLES_H

#include "match/match.h"

enum {
	MATCH_CIRCLE_PEOPLE_MAX = 4096,
	MATCH_CIRCLE_SLOTS_MAX = 512,
	MATCH_CIRCLE_SIZE_MAX = 64,
	MATCH_CIRCLE_RULES_MAX = 256,
	MATCH_CIRCLE_SCORE_MAX = 1000, /* of two people, and of a slot for one */
	MATCH_CIRCLE_APART = -1,       /* instead of the score of two people: they must not be in one group */
	MATCH_CIRCLE_EXACT = 16        /* people; more would take too long to try everything */
};

struct match_circle_rule {
	int32_t family; /* rules of one family count nobody twice (the values of one attribute) */
	int32_t least, most;
	const char *text; /* whom it counts, for sentences: "level=beginner" */
};

struct match_circle_pair {
	int32_t one, other, score;
};

struct match_circles_input {
	int32_t people, slots;
	const uint64_t *free;  /* of each person (slots + 63) / 64 words: bit s % 64 of word s / 64 */
	const int32_t *liking; /* of each person `slots` scores, 0..MATCH_CIRCLE_SCORE_MAX; NULL: all 0 */
	const struct match_circle_pair *pairs;
	int64_t pair_count; /* no two people twice; 0 for those not listed; MATCH_CIRCLE_APART for those who must not be together */
	int32_t size_least, size_most;
	int32_t groups_most; /* 0: as many as there can be */
	const struct match_circle_rule *rules;
	int32_t rule_count;
	const uint64_t *counted; /* of each person (rule_count + 63) / 64 words: whether the rule counts it */
	int32_t exact_most;      /* 0: MATCH_CIRCLE_EXACT; at most that */
	uint64_t seed;
};

struct match_circle {
	int32_t slot, count;
	const int32_t *people; /* rising */
	int64_t total;
};

struct match_circle_left {
	int32_t person;
	const char *text; /* one sentence: why it is in no group */
};

struct match_circles {
	const struct match_circle *groups; /* by their first person */
	int32_t group_count;
	const struct match_circle_left *left; /* by person */
	int32_t left_count;
	int64_t placed, total;
	int64_t bound_placed, bound_total; /* no grouping places more, nor has a larger total if it places as many */
	bool tried_all;                    /* the bound is by trying everything; else by the prices below */
	/* The relaxation: prices of people and slots, in units of MATCH_UNIT and half points. */
	const int64_t *person_price, *slot_price;
	struct arena *arena; /* owner of all of the above; private */
};

/* 0 and a result to be freed with match_circles_free; E_INVALID, with what is wrong; E_CANCELLED. `watch` may be NULL. */
int match_circles(const struct match_circles_input *, const struct match_watch *, struct match_circles *, struct problem *);
void match_circles_free(struct match_circles *);
/*
 * 0 if the groups keep to everything and have that total, and the bound follows from the prices or, where everything was tried, is no
 * more than follows; else E_INVALID. Shares no code with what found them.
 */
int match_circles_check(const struct match_circles_input *, const struct match_circles *, struct problem *);

#endif
