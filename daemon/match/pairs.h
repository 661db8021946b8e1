/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pairs as numbers, and the lists of them that a solution is looked for in (pairs.c); what a look at all pairs adds to them.
 */
#ifndef MENTORSHIP_MATCH_PAIRS_H
#define MENTORSHIP_MATCH_PAIRS_H

#include "match/rows.h"

/* A pair as one number: by mentee, then falling score, then mentor. 18 + 20 + 18 bits. */
typedef uint64_t packed;
_Static_assert(MATCH_SCORE_MAX < 1 << 20 && MATCH_PEOPLE_MAX <= 1 << 18, "a pair must fit its bits");

struct pairs {
	packed *list;
	size_t count, room;
};

static inline packed pack(int32_t mentee, int32_t mentor, int32_t score)
{
	return (uint64_t)mentee << 38 | (uint64_t)(MATCH_SCORE_MAX - score) << 18 | (uint64_t)mentor;
}

static inline int32_t mentee_in(packed pair)
{
	return (int32_t)(pair >> 38);
}

static inline int32_t mentor_in(packed pair)
{
	return (int32_t)(pair & 0x3ffff);
}

static inline int32_t score_in(packed pair)
{
	return MATCH_SCORE_MAX - (int32_t)(pair >> 18 & 0xfffff);
}

void match_pair_add(struct pairs *, packed);
void match_pairs_add(struct pairs *, const packed *, size_t count);
/* In order, each once; mentees are below so many. */
void match_pairs_sort(struct pairs *, int32_t mentees);

/* The best pairs of a person, a heap with the worst on top. For a mentor a pair is worse the lower its score, then the later its mentee. */
enum {
	BEST = 50
};
struct heap {
	packed list[BEST];
	int32_t count;
};
void match_heap_add(struct heap *, packed);
/* A pair with a lower score would not stay. */
static inline int32_t heap_least(const struct heap *heap)
{
	return heap->count < BEST ? 0 : score_in(heap->list[0]);
}

/* shortlist.c: fills the list with what a large run starts from; E_CANCELLED. */
int match_shortlist(struct scorer *, const struct rows *, const struct match_watch *, struct solved *, struct pairs *);
/* All pairs; E_CANCELLED. */
int match_all_pairs(struct scorer *, const struct rows *, const struct match_watch *, struct solved *, struct pairs *);
/* pricing.c: adds pairs that the prices show to be worth it; if none are, the prices prove the optimum. E_CANCELLED. */
int match_price(struct scorer *, const struct rows *, const struct match_watch *, struct solved *, struct pairs *);

#endif
