/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All pairs at the prices of a solution: one whose worth is above its two prices could improve the result and joins the list, at
 * most ADDED of a mentee. If there is none, the prices prove the optimum over all pairs, not only the listed ones.
 *
 * Most pairs are passed over by a comparison in numbers of half the size: mentors' prices are taken above where the mentee's own
 * lies, in steps of STEP, and cut off where no score reaches, so that it comes out as with the whole numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "match/pairs.h"

enum {
	ADDED = 20,
	STRIDE = 64, /* pairs that are looked at together before each of them is */
	ROWS = 4
};
#define STEP ((int64_t)1 << 29)

struct found {
	int64_t gain;
	packed pair;
};

struct price_share {
	struct found *found; /* ADDED for each mentee that has any, best first */
	int32_t *counts, used, room;
	int32_t *where;           /* of each mentee: position in counts plus 1 */
	int32_t rows[ROWS][TILE]; /* mentors' prices above minus so many steps: */
	int64_t steps[ROWS];
	bool made[ROWS]; /* in this tile */
};

struct pricing {
	const struct prepared *in;
	const struct match_solution *solution;
};

/* More to gain, then the higher score, then the earlier mentor. */
static bool better(const struct found *a, const struct found *b)
{
	return a->gain > b->gain || (a->gain == b->gain && a->pair < b->pair);
}

static struct found *list_of(struct price_share *mine, int32_t mentee, int32_t **ret_count)
{
	if (!mine->where[mentee]) {
		if (mine->used == mine->room) {
			mine->room = mine->room ? 2 * mine->room : 64;
			mine->found = realloc(mine->found, (size_t)mine->room * ADDED * sizeof *mine->found);
			mine->counts = realloc(mine->counts, (size_t)mine->room * sizeof *mine->counts);
			if (!mine->found || !mine->counts)
				abort();
		}
		mine->counts[mine->used] = 0;
		mine->where[mentee] = ++mine->used;
	}
	*ret_count = &mine->counts[mine->where[mentee] - 1];
	return mine->found + (size_t)(mine->where[mentee] - 1) * ADDED;
}

static void keep(struct price_share *mine, int32_t mentee, struct found item)
{
	int32_t *count, at;
	struct found *list = list_of(mine, mentee, &count);

	for (at = *count; at > 0 && better(&item, &list[at - 1]); at--)
		if (at < ADDED)
			list[at] = list[at - 1];
	if (at == ADDED)
		return;
	list[at] = item;
	*count += *count < ADDED;
}

/* What the mentee's worth with a mentor must be above, beside the price of the mentor. */
static int64_t price_of(const struct pricing *p, int32_t mentee)
{
	return p->solution->mentee_price[mentee] - (p->in->mentees[mentee].from->marked ? 2 * MATCH_UNIT : MATCH_UNIT);
}

static int64_t cut(int64_t price)
{
	return price > 2 * STEP ? 2 * STEP : price < -2 * STEP ? -2 * STEP : price;
}

static const int32_t *row_of(const struct pricing *p, struct price_share *mine, const struct match_facts *tile, int64_t steps)
{
	int32_t at = (int32_t)((uint64_t)steps % ROWS);

	if (mine->made[at] && mine->steps[at] == steps)
		return mine->rows[at];
	mine->made[at] = true;
	mine->steps[at] = steps;
	for (int32_t j = 0; j < tile->count; j++)
		mine->rows[at][j] = (int32_t)cut(p->solution->mentor_price[tile->from + j] + steps * STEP);
	return mine->rows[at];
}

static bool any_above(const int32_t *restrict scores, const int32_t *restrict prices, int32_t price)
{
	int32_t any = 0;

	for (int32_t j = 0; j < STRIDE; j++)
		any |= scores[j] - prices[j] > price;
	return any;
}

static void look_closer(const struct pricing *p, struct look_share *share, int32_t mentee, const int32_t *scores, int32_t first)
{
	const struct match_facts *tile = &share->summing.facts;
	int64_t price = price_of(p, mentee);

	for (int32_t j = first; j < first + STRIDE && j < tile->count; j++) {
		int64_t gain = scores[j] - p->solution->mentor_price[tile->from + j] - price;

		if (scores[j] >= 0 && p->in->left[tile->from + j] > 0 && gain > 0)
			keep(share->own, mentee, (struct found){ gain, pack(mentee, tile->from + j, scores[j]) });
	}
}

static void keep_priced(void *context, struct look_share *share, int32_t mentee, const int32_t *scores)
{
	const struct pricing *p = context;
	int64_t price = price_of(p, mentee), steps = price >= 0 ? price / STEP : -((STEP - 1 - price) / STEP);
	const int32_t *prices = row_of(p, share->own, &share->summing.facts, steps);
	int32_t above = (int32_t)(price - steps * STEP);

	for (int32_t first = 0; first < share->summing.facts.count; first += STRIDE)
		if (any_above(scores + first, prices + first, above))
			look_closer(p, share, mentee, scores, first);
}

static void begin_tile(void *context, struct look_share *share)
{
	struct price_share *mine = share->own;

	(void)context;
	memset(mine->made, 0, sizeof mine->made);
}

static void gather(const struct price_share *mine, struct pairs *pairs)
{
	for (int32_t i = 0; i < mine->used; i++)
		for (int32_t k = 0; k < mine->counts[i]; k++)
			match_pair_add(pairs, mine->found[(size_t)i * ADDED + (size_t)k].pair);
}

int match_price(struct scorer *scorer, const struct rows *rows, const struct match_watch *watch, struct solved *out, struct pairs *pairs)
{
	struct arena arena = { 0 };
	struct pricing pricing = { rows->in, &out->solution };
	struct looking look = { rows, watch, "proving", keep_priced, begin_tile, &pricing, .count = match_look_shares(rows->in) };
	struct price_share *own = arena_new(&arena, (size_t)look.count * sizeof *own);
	int r;

	look.shares = arena_new(&arena, (size_t)look.count * sizeof *look.shares);
	for (int32_t i = 0; i < look.count; i++) {
		own[i].where = arena_new(&arena, ((size_t)rows->in->mentee_count + 1) * sizeof *own[i].where);
		look.shares[i].own = &own[i];
	}
	r = match_look(&look, scorer, &out->cells, &out->eligible);
	for (int32_t i = 0; i < look.count; i++) {
		gather(&own[i], pairs);
		free(own[i].found);
		free(own[i].counts);
	}
	arena_free(&arena);
	return r;
}
