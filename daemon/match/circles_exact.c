/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The best groups of a few people, by trying everything.
 *
 * For each set of people: can it be one group, in which slot is it worth most?
 * Then for each set: what can be had of it at best? Its first person is left
 * out, or is in one of the groups that are within the set. With n people that
 * are 3^n / 3 looks. A limit of groups makes a table for each number of them.
 */
#include <stdlib.h>

#include "match/circles_inside.h"

struct table {
	const struct ring *ring;
	int64_t *worth;   /* of each set as one group; -1: it cannot be one */
	int16_t *slot;    /* where */
	int64_t *best;    /* of each set, for each number of groups */
	uint32_t *chosen; /* the group of the first person in it; 0: left out */
	uint32_t sets;
	int32_t layers;
};

static const int64_t one_more = (int64_t)1 << 32; /* person placed */

static bool keeps_rules(const struct match_circles_input *in, uint32_t set)
{
	for (int32_t rule = 0; rule < in->rule_count; rule++) {
		int32_t count = 0;

		for (int32_t person = 0; person < in->people; person++)
			count += (set >> person & 1) && counted_by(in, person, rule);
		if (count < in->rules[rule].least || count > in->rules[rule].most)
			return false;
	}
	return true;
}

static bool gets_on(const struct ring *ring, uint32_t set)
{
	for (int32_t one = 0; ring->apart && set >> one; one++)
		for (int32_t other = 0; (set >> one & 1) && other < one; other++)
			if ((set >> other & 1) && are_apart(ring, one, other))
				return false;
	return true;
}

/* How much its people like the slot, or -1 if one of them cannot come. */
static int64_t liking_in(const struct match_circles_input *in, uint32_t set, int32_t slot)
{
	int64_t sum = 0;

	for (int32_t person = 0; person < in->people; person++)
		if (set >> person & 1) {
			if (!free_in(in, person, slot))
				return -1;
			sum += liking_of(in, person, slot);
		}
	return sum;
}

static void weigh(struct table *t, uint32_t set)
{
	const struct match_circles_input *in = t->ring->in;
	int32_t size = __builtin_popcount(set);
	int64_t together = 0, best = -1;

	t->worth[set] = -1;
	if (size < in->size_least || size > in->size_most || !keeps_rules(in, set) || !gets_on(t->ring, set))
		return;
	for (int32_t slot = 0; slot < in->slots; slot++) {
		int64_t liking = liking_in(in, set, slot);

		if (liking > best) {
			best = liking;
			t->slot[set] = (int16_t)slot;
		}
	}
	if (best < 0)
		return;
	for (int32_t one = 0; one < in->people; one++)
		for (int32_t other = one + 1; other < in->people; other++)
			if ((set >> one & 1) && (set >> other & 1))
				together += score_of(t->ring, one, other);
	t->worth[set] = size * one_more + best + together;
}

/* `before`: what the rest of a set can be worth; that of one group less, or without a limit the very table. */
static void fill(struct table *t, int64_t *best, const int64_t *before, uint32_t *chosen)
{
	for (uint32_t set = 1; set < t->sets; set++) {
		uint32_t first = set & -set, others = set ^ first;

		best[set] = best[others];
		chosen[set] = 0;
		for (uint32_t part = others;; part = (part - 1) & others) {
			uint32_t group = part | first;

			if (t->worth[group] >= 0 && t->worth[group] + before[set ^ group] > best[set]) {
				best[set] = t->worth[group] + before[set ^ group];
				chosen[set] = group;
			}
			if (part == 0)
				break;
		}
	}
}

static void read_out(const struct table *t, struct grouping *out)
{
	uint32_t set = t->sets - 1;
	int32_t layer = t->layers - 1;

	out->groups = 0;
	for (int32_t person = 0; person < t->ring->in->people; person++)
		out->group_of[person] = -1;
	while (set) {
		uint32_t group = t->chosen[(size_t)layer * t->sets + set];

		for (int32_t person = 0; group >> person; person++)
			if (group >> person & 1)
				out->group_of[person] = out->groups;
		if (group)
			out->slot[out->groups++] = t->slot[group];
		set ^= group ? group : set & -set;
		layer -= group && t->layers > 1;
	}
}

void circles_try_all(const struct ring *ring, struct grouping *out)
{
	const struct match_circles_input *in = ring->in;
	int32_t possible = in->people / in->size_least;
	struct arena arena = { 0 };
	struct table t = { .ring = ring, .sets = 1u << in->people, .layers = 1 };

	if (in->groups_most > 0 && in->groups_most < possible)
		t.layers = in->groups_most + 1;
	t.worth = arena_new(&arena, t.sets * sizeof *t.worth);
	t.slot = arena_new(&arena, t.sets * sizeof *t.slot);
	t.best = arena_new(&arena, (size_t)t.layers * t.sets * sizeof *t.best);
	t.chosen = arena_new(&arena, (size_t)t.layers * t.sets * sizeof *t.chosen);
	for (uint32_t set = 0; set < t.sets; set++)
		weigh(&t, set);
	if (t.layers == 1)
		fill(&t, t.best, t.best, t.chosen);
	for (int32_t layer = 1; layer < t.layers; layer++) /* none of layer 0 is worth anything: all zero */
		fill(&t, t.best + (size_t)layer * t.sets, t.best + (size_t)(layer - 1) * t.sets, t.chosen + (size_t)layer * t.sets);
	read_out(&t, out);
	out->placed = t.best[(size_t)t.layers * t.sets - 1] / one_more;
	out->total = t.best[(size_t)t.layers * t.sets - 1] % one_more;
	arena_free(&arena);
}
