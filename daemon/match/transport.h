/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the solver share: one level of an aim, as mentees of one
 * place and mentors of several, and where the solving stands.
 *
 * Every mentor has a price v, the same for all its places, and who is with it
 * gains worth - v. What must be is worth MATCH_MUST more than anything else
 * could be: a mentee that must be placed has it in its base, and a mentor that
 * must get `least` mentees has a price of -MATCH_MUST until it has them. So
 * prices are
 *	v = -MATCH_MUST        with fewer than `least` mentees,
 *	-MATCH_MUST <= v <= 0  with exactly `least`,
 *	v = 0                  with more, and places left,
 *	v >= 0                 with no place left.
 * An optimum is where that holds, and no mentee would gain more with another
 * mentor or (0) without.
 */
#ifndef MENTORSHIP_MATCH_TRANSPORT_H
#define MENTORSHIP_MATCH_TRANSPORT_H

#include "core/arena.h"
#include "match/internal.h"

#define MATCH_MUST ((int64_t)1 << 57)
/* A base may be MATCH_MUST and two units, a price as much again and MATCH_MUST: half of an int64_t. */
_Static_assert(MATCH_PEOPLE_MAX <= 1 << 17, "all that is not a must, two units a mentee, must stay below MATCH_MUST");

struct match_stage {
	int32_t mentees, mentors;
	const int64_t *start;
	const struct match_edge *edges; /* of each mentee by falling score; a pair's worth is base + score */
	const int64_t *base;            /* of each mentee */
	const int32_t *places;
	const int32_t *least; /* or NULL */
	bool filled;          /* all that must be can be, and no base has units: there are only scores to quarrel about */
};

struct member {
	int32_t mentee;
	int64_t limit; /* while bidding: the price at which it would leave */
};
struct comer {
	int32_t mentee, score;
};

struct search; /* of path.c */
struct transport {
	const struct match_stage *stage;
	const struct match_watch *watch;
	struct arena *arena;
	int32_t mask;           /* of the scores that count for now: all bits, or none */
	int64_t *price;         /* of mentors; without any place: more than anybody would pay */
	int64_t floor;          /* no mentor with places has a lower price */
	int32_t *mate, *slot;   /* of mentees: mentor or -1, position in its members */
	int64_t *worth;         /* of mentees: of the pair they are in */
	int64_t *member_start;  /* of mentors, into members */
	struct member *members; /* while bidding a heap by limit */
	int32_t *taken;
	bool roomy;              /* members have room for places that mentors may get later */
	struct arena back_arena; /* of: */
	int64_t *back_start;     /* of mentors: who could come, by index; NULL until match_need_back */
	struct comer *back;
	struct search *search; /* NULL until the first */
	int64_t steps;         /* pairs looked at */
};

/* The best mentor for a mentee at these prices, and what it would gain from the next best (nothing: 0). */
struct match_best {
	int32_t mentor;
	int64_t worth, gain, second;
};
struct match_best match_best_of(struct transport *, int32_t mentee);

static inline int32_t least_of(const struct match_stage *stage, int32_t mentor)
{
	return stage->least ? stage->least[mentor] : 0;
}

/* How many a mentor takes at its price. */
static inline int32_t room_of(const struct transport *t, int32_t mentor)
{
	return t->price[mentor] < 0 ? t->stage->least[mentor] : t->stage->places[mentor];
}

/* Whether a price is too high for so few mentees. */
static inline bool wants_more(const struct transport *t, int32_t mentor)
{
	if (t->taken[mentor] < least_of(t->stage, mentor))
		return t->price[mentor] > -MATCH_MUST;
	return t->taken[mentor] < t->stage->places[mentor] && t->price[mentor] > 0;
}

static inline int64_t worth_at(const struct transport *t, int32_t mentee, int32_t score)
{
	return t->stage->base[mentee] + (score & t->mask);
}

static inline int64_t gain_of(const struct transport *t, int32_t mentee)
{
	return t->mate[mentee] < 0 ? 0 : t->worth[mentee] - t->price[t->mate[mentee]];
}

void match_put(struct transport *, int32_t mentee, int32_t mentor, int64_t worth);
void match_take(struct transport *, int32_t mentee);
void match_find_floor(struct transport *);
void match_need_back(struct transport *);
void match_forget_back(struct transport *);

/* optimal.c: room for all, in the arena; stage, arena, price and mate are there. */
void match_transport_make(struct transport *);
void match_transport_free(struct transport *);
/* New room for members after places changed; whoever is with a mentor stays. */
void match_lay_out(struct transport *);
/* From nothing (`warm`: from the pairs and prices that are there) to the optimum. 0 or E_CANCELLED. */
int match_transport_solve(struct transport *, bool warm);
/* The same by bids with a falling step, whatever prices and pairs there are. */
int match_bid_by_steps(struct transport *);

/* bid.c: everybody without a place bids, `most` times at most; who bid in vain stays without. */
int match_bid(struct transport *, int64_t step, int32_t most);
/* Mentors whose price is too high lower it. */
int match_unbid(struct transport *, int64_t step);

/* path.c: from any prices, pairs that are not at their best come apart and others that are get made. */
void match_settle(struct transport *);
/* From there to the exact optimum; 1 if that takes more than so many steps. */
int match_paths(struct transport *, int64_t most);
/* Prices rise by as little as it takes until one of these, who have no place and would gain, gets one, or stays without, for nothing. */
void match_raise(struct transport *, const int32_t *mentees, int32_t count);
/* And they fall until one of these mentors, whose prices are too high, could fetch somebody, or does well with who is there. */
void match_lower(struct transport *, const int32_t *mentors, int32_t count);
/* One of its paths, if this mentee is without a place; those of a mentor whose price is too high. `floor` must hold. */
void match_mend_mentee(struct transport *, int32_t mentee);
void match_mend_mentor(struct transport *, int32_t mentor);

/* flow.c: many paths at once. What is left after long is for match_paths. */
int match_flow(struct transport *);

/* The whole; `warm`: start from the pairs and prices that are in the arrays. 0 or E_CANCELLED. */
int match_stage_solve(const struct match_stage *, bool warm, int32_t *mentor_of, int64_t *mentee_price, int64_t *mentor_price,
	const struct match_watch *);

#endif
