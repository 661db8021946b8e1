/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the circles share. */
#ifndef MENTORSHIP_CIRCLES_INSIDE_H
#define MENTORSHIP_CIRCLES_INSIDE_H

#include "core/arena.h"
#include "match/circles.h"

struct ring {
	const struct match_circles_input *in;
	const struct match_watch *watch;
	struct arena *arena;
	const int16_t *scores; /* of each two people; NULL: all 0 */
	bool apart;            /* some must not be in one group */
};

static inline bool free_in(const struct match_circles_input *in, int32_t person, int32_t slot)
{
	return in->free[(size_t)person * (size_t)((in->slots + 63) / 64) + (size_t)slot / 64] >> (slot % 64) & 1;
}

static inline bool counted_by(const struct match_circles_input *in, int32_t person, int32_t rule)
{
	return in->counted[(size_t)person * (size_t)((in->rule_count + 63) / 64) + (size_t)rule / 64] >> (rule % 64) & 1;
}

static inline int32_t liking_of(const struct match_circles_input *in, int32_t person, int32_t slot)
{
	return in->liking ? in->liking[(size_t)person * (size_t)in->slots + (size_t)slot] : 0;
}

static inline int32_t score_of(const struct ring *ring, int32_t one, int32_t other)
{
	return ring->scores ? ring->scores[(size_t)one * (size_t)ring->in->people + (size_t)other] : 0;
}

static inline bool are_apart(const struct ring *ring, int32_t one, int32_t other)
{
	return ring->apart && score_of(ring, one, other) == MATCH_CIRCLE_APART;
}

/* The bound: how many can meet in each slot, and in all. */
struct relaxed {
	int32_t *slot_places;
	int32_t *slot_of; /* of each person, in the relaxation; -1 */
	int64_t *person_price, *slot_price;
	int64_t placed, total;
};
int circles_relax(const struct ring *, struct relaxed *);

/* Groups as the searches have them: group_of and slot, -1 for nobody's. */
struct grouping {
	int32_t *group_of; /* of each person */
	int32_t *slot;     /* of each group; people / size_least groups at most */
	int32_t groups;
	int64_t placed, total;
};
void circles_try_all(const struct ring *, struct grouping *);
int circles_search(const struct ring *, const struct relaxed *, struct grouping *);

#endif
