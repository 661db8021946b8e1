/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pairs that solving starts from: all of a small run; of a large one each mentee's best, each mentor's best and some drawn by
 * the seed.
 *
 * The best of a person are the same whoever looks first: heaps keep them by a total order, and those that several threads
 * found for one mentor are put into one heap at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "match/pairs.h"

enum {
	RANDOM = 50,
	STRIDE = 32 /* pairs that are looked at together before each of them is */
};

struct short_share {
	struct pairs drawn;
	struct heap *of_mentors;
	int32_t least[TILE]; /* a lower score is of no use to the mentor of the tile */
};

struct shortlisting {
	const struct prepared *in;
	struct heap *of_mentees;
};

static void *room(size_t count, size_t size)
{
	void *p = calloc(count + 1, size);

	if (!p)
		abort();
	return p;
}

static void keep_all(void *context, struct look_share *share, int32_t mentee, const int32_t *scores)
{
	(void)context;
	for (int32_t j = 0; j < share->summing.facts.count; j++)
		if (scores[j] >= 0)
			match_pair_add(share->own, pack(mentee, share->summing.facts.from + j, scores[j]));
}

int match_all_pairs(
	struct scorer *scorer, const struct rows *rows, const struct match_watch *watch, struct solved *out, struct pairs *pairs)
{
	struct looking look = { rows, watch, "scoring", keep_all, .count = match_look_shares(rows->in) };
	struct pairs *found = room((size_t)look.count, sizeof *found);
	int r;

	look.shares = room((size_t)look.count, sizeof *look.shares);
	for (int32_t i = 0; i < look.count; i++)
		look.shares[i].own = &found[i];
	r = match_look(&look, scorer, &out->cells, &out->eligible);
	for (int32_t i = 0; i < look.count; i++) {
		match_pairs_add(pairs, found[i].list, found[i].count);
		free(found[i].list);
	}
	free(found);
	free(look.shares);
	return r;
}

/* --- the shortlist ----------------------------------------------------------------------------------- */

/* splitmix64: numbers from the seed and the record id alone. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Each is drawn anew in every tile: that takes less than keeping them. */
static void keep_drawn(const struct prepared *in, struct look_share *share, int32_t mentee, const int32_t *scores)
{
	uint64_t state = in->input->seed ^ ((uint64_t)in->mentees[mentee].from->id * 0x9e3779b97f4a7c15u);
	const struct match_facts *tile = &share->summing.facts;

	for (int i = in->kept ? -1 : 0; i < RANDOM; i++) { /* a pair of before is on the list */
		int32_t mentor = i < 0 ? in->kept[mentee] : (int32_t)(next_random(&state) % (uint64_t)in->mentor_count),
			at = mentor - tile->from;

		if (at >= 0 && at < tile->count && scores[at] >= 0)
			match_pair_add(&((struct short_share *)share->own)->drawn, pack(mentee, mentor, scores[at]));
	}
}

static bool any_of_use(const int32_t *restrict scores, const int32_t *restrict least, int32_t own_least)
{
	int32_t any = 0;

	for (int32_t j = 0; j < STRIDE; j++)
		any |= (scores[j] >= own_least) | (scores[j] >= least[j]);
	return any;
}

static void keep_best(void *context, struct look_share *share, int32_t mentee, const int32_t *scores)
{
	const struct shortlisting *list = context;
	struct short_share *mine = share->own;
	struct heap *own = &list->of_mentees[mentee];
	int32_t from = share->summing.facts.from;

	for (int32_t first = 0; first < share->summing.facts.count; first += STRIDE) {
		if (!any_of_use(scores + first, mine->least + first, heap_least(own)))
			continue;
		for (int32_t j = first; j < first + STRIDE && j < share->summing.facts.count; j++) {
			if (scores[j] < 0 || list->in->left[from + j] == 0)
				continue;
			if (scores[j] >= heap_least(own))
				match_heap_add(own, pack(mentee, from + j, scores[j]));
			if (scores[j] < mine->least[j])
				continue;
			match_heap_add(&mine->of_mentors[from + j], pack(mentee, from + j, scores[j]));
			mine->least[j] = heap_least(&mine->of_mentors[from + j]);
		}
	}
	keep_drawn(list->in, share, mentee, scores);
}

static void begin_tile(void *context, struct look_share *share)
{
	(void)context;
	memset(((struct short_share *)share->own)->least, 0, sizeof((struct short_share *)share->own)->least);
}

/* What the shares found, into the list. */
static void gather(const struct shortlisting *list, struct short_share *shares, int32_t count, struct pairs *pairs)
{
	for (int32_t i = 0; i < list->in->mentee_count; i++)
		match_pairs_add(pairs, list->of_mentees[i].list, (size_t)list->of_mentees[i].count);
	for (int32_t j = 0; j < list->in->mentor_count; j++) {
		struct heap *best = &shares[0].of_mentors[j];

		for (int32_t i = 1; i < count; i++)
			for (int32_t k = 0; k < shares[i].of_mentors[j].count; k++)
				match_heap_add(best, shares[i].of_mentors[j].list[k]);
		match_pairs_add(pairs, best->list, (size_t)best->count);
	}
	for (int32_t i = 0; i < count; i++)
		match_pairs_add(pairs, shares[i].drawn.list, shares[i].drawn.count);
}

int match_shortlist(
	struct scorer *scorer, const struct rows *rows, const struct match_watch *watch, struct solved *out, struct pairs *pairs)
{
	const struct prepared *in = rows->in;
	struct shortlisting list = { in, room((size_t)in->mentee_count, sizeof *list.of_mentees) };
	struct looking look = { rows, watch, "scoring", keep_best, begin_tile, &list, .count = match_look_shares(in) };
	struct short_share *own = room((size_t)look.count, sizeof *own);
	int r;

	look.shares = room((size_t)look.count, sizeof *look.shares);
	for (int32_t i = 0; i < look.count; i++) {
		own[i].of_mentors = room((size_t)in->mentor_count, sizeof *own[i].of_mentors);
		look.shares[i].own = &own[i];
	}
	r = match_look(&look, scorer, &out->cells, &out->eligible);
	if (r == 0)
		gather(&list, own, look.count, pairs);
	for (int32_t i = 0; i < look.count; i++) {
		free(own[i].of_mentors);
		free(own[i].drawn.list);
	}
	free(own);
	free(look.shares);
	free(list.of_mentees);
	return r;
}
