/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bound for circles: what could be placed if only numbers counted.
 *
 * In a slot with k groups at most k times the largest size meet; of those whom
 * a rule counts at most k times its most; and k groups need k times each least.
 * The best k gives the places of the slot. Each person then takes a place in a
 * slot where it is free, worth twice its liking of the slot and the scores with
 * the best company it could have there (each score is counted by both: hence
 * half points). match_optimal fills the places for the most people and then the
 * largest worth. Every real grouping is such a filling, and worth no less in it.
 */
#include <stdlib.h>

#include "match/circles_inside.h"

struct numbers { /* of some people */
	int32_t people;
	int32_t *counted; /* by each rule */
};

static int32_t most_groups(const struct match_circles_input *in, const struct numbers *n)
{
	int32_t most = n->people / in->size_least;

	if (in->groups_most > 0 && in->groups_most < most)
		most = in->groups_most;
	for (int32_t rule = 0; rule < in->rule_count; rule++)
		if (in->rules[rule].least > 0 && n->counted[rule] / in->rules[rule].least < most)
			most = n->counted[rule] / in->rules[rule].least;
	return most;
}

/* How many of them k groups can take. `spare`: scratch for each family, of which no person is counted twice. */
static int32_t taken_by(const struct match_circles_input *in, const struct numbers *n, int32_t k, int32_t *spare)
{
	int32_t fits = n->people;

	for (int32_t rule = 0; rule < in->rule_count; rule++)
		spare[in->rules[rule].family] = 0;
	for (int32_t rule = 0; rule < in->rule_count; rule++) {
		int64_t most = (int64_t)k * in->rules[rule].most;
		int32_t *left = &spare[in->rules[rule].family];

		if (n->counted[rule] > most)
			*left += n->counted[rule] - (int32_t)most;
		if (n->people - *left < fits)
			fits = n->people - *left;
	}
	return (int64_t)k * in->size_most < fits ? k * in->size_most : fits;
}

static int32_t places_for(const struct match_circles_input *in, const struct numbers *n, int32_t *spare)
{
	int32_t best = 0;

	for (int32_t k = most_groups(in, n); k > 0; k--) {
		int32_t taken = taken_by(in, n, k, spare);

		if (taken > best && (int64_t)taken >= (int64_t)k * in->size_least)
			best = taken;
	}
	return best;
}

static void count(const struct match_circles_input *in, struct numbers *n, int32_t person)
{
	n->people++;
	for (int32_t rule = 0; rule < in->rule_count; rule++)
		n->counted[rule] += counted_by(in, person, rule);
}

static void clear(const struct match_circles_input *in, struct numbers *n)
{
	n->people = 0;
	for (int32_t rule = 0; rule < in->rule_count; rule++)
		n->counted[rule] = 0;
}

/* Nobody whom a rule counts of which there may be none can be placed. */
static bool shut_out(const struct match_circles_input *in, int32_t person)
{
	for (int32_t rule = 0; rule < in->rule_count; rule++)
		if (in->rules[rule].most == 0 && counted_by(in, person, rule))
			return true;
	return false;
}

/* --- company --------------------------------------------------------------------------------------- */

struct friend
{
	int32_t person, score;
};

static int by_score(const void *a, const void *b)
{
	const struct friend *one = a, *other = b;

	return one->score != other->score ? other->score - one->score : one->person - other->person;
}

/* Those with whom a person has a score, the best first. */
static int32_t friends_of(const struct ring *ring, int32_t person, struct friend *friends)
{
	int32_t count_of = 0;

	if (!ring->scores)
		return 0;
	for (int32_t other = 0; other < ring->in->people; other++)
		if (score_of(ring, person, other) > 0)
			friends[count_of++] = (struct friend){ other, score_of(ring, person, other) };
	if (count_of > 1)
		qsort(friends, (size_t)count_of, sizeof *friends, by_score);
	return count_of;
}

static int32_t worth_at(const struct match_circles_input *in, int32_t person, int32_t slot, const struct friend *friends, int32_t count_of)
{
	int32_t worth = 2 * liking_of(in, person, slot), company = in->size_most - 1;

	for (int32_t i = 0; i < count_of && company > 0; i++)
		if (free_in(in, friends[i].person, slot)) {
			worth += friends[i].score;
			company--;
		}
	return worth;
}

_Static_assert(2 * MATCH_CIRCLE_SCORE_MAX + (MATCH_CIRCLE_SIZE_MAX - 1) * MATCH_CIRCLE_SCORE_MAX <= MATCH_SCORE_MAX, "a worth is a score");

static int by_worth(const void *a, const void *b)
{
	const struct match_edge *one = a, *other = b;

	return one->score != other->score ? other->score - one->score : one->mentor - other->mentor;
}

/* Edges from each person to the slots with places where it is free. */
static void make_graph(const struct ring *ring, const struct relaxed *out, struct match_graph *graph, struct arena *arena)
{
	const struct match_circles_input *in = ring->in;
	struct friend *friends = arena_new(arena, ((size_t)in->people + 1) * sizeof *friends);
	int64_t *start = arena_new(arena, ((size_t)in->people + 1) * sizeof *start), edges = 0;
	struct match_edge *list;

	for (int32_t person = 0; person < in->people; person++)
		for (int32_t slot = 0; slot < in->slots; slot++)
			edges += free_in(in, person, slot);
	list = arena_new(arena, ((size_t)edges + 1) * sizeof *list);
	edges = 0;
	for (int32_t person = 0; person < in->people; person++) {
		int32_t count_of = friends_of(ring, person, friends);

		for (int32_t slot = 0; slot < in->slots && !shut_out(in, person); slot++)
			if (free_in(in, person, slot) && out->slot_places[slot] > 0)
				list[edges++] = (struct match_edge){ slot, worth_at(in, person, slot, friends, count_of) };
		start[person + 1] = edges;
		if (edges - start[person] > 1)
			qsort(list + start[person], (size_t)(edges - start[person]), sizeof *list, by_worth);
	}
	*graph = (struct match_graph){
		.mentees = in->people, .mentors = in->slots, .start = start, .edges = list, .places = out->slot_places
	};
}

static void count_places(const struct match_circles_input *in, struct relaxed *out, int64_t *ret_all, struct arena *arena)
{
	struct numbers n = { 0, arena_new(arena, ((size_t)in->rule_count + 1) * sizeof *n.counted) };
	int32_t *spare = arena_new(arena, (MATCH_CIRCLE_RULES_MAX + 1) * sizeof *spare);

	for (int32_t slot = 0; slot < in->slots; slot++) {
		clear(in, &n);
		for (int32_t person = 0; person < in->people; person++)
			if (free_in(in, person, slot) && !shut_out(in, person))
				count(in, &n, person);
		out->slot_places[slot] = places_for(in, &n, spare);
	}
	clear(in, &n);
	for (int32_t person = 0; person < in->people; person++)
		if (!shut_out(in, person))
			count(in, &n, person);
	*ret_all = places_for(in, &n, spare);
}

/* More than anybody can add to the total: the best slot, and half the score with the best of each company. */
static int64_t dearest(const struct ring *ring)
{
	const struct match_circles_input *in = ring->in;
	int32_t liking = 0, score = 0;

	for (int64_t i = 0; in->liking && i < (int64_t)in->people * in->slots; i++)
		liking = in->liking[i] > liking ? in->liking[i] : liking;
	for (int64_t i = 0; i < in->pair_count; i++)
		score = in->pairs[i].score > score ? in->pairs[i].score : score;
	return liking + ((int64_t)(in->size_most - 1) * score + 1) / 2;
}

int circles_relax(const struct ring *ring, struct relaxed *out)
{
	const struct match_circles_input *in = ring->in;
	struct arena arena = { 0 };
	struct match_graph graph;
	struct match_solution solution;
	int64_t all, half_points;
	int r;

	out->slot_places = arena_new(ring->arena, ((size_t)in->slots + 1) * sizeof *out->slot_places);
	out->slot_of = arena_new(ring->arena, ((size_t)in->people + 1) * sizeof *out->slot_of);
	out->person_price = arena_new(ring->arena, ((size_t)in->people + 1) * sizeof *out->person_price);
	out->slot_price = arena_new(ring->arena, ((size_t)in->slots + 1) * sizeof *out->slot_price);
	count_places(in, out, &all, &arena);
	make_graph(ring, out, &graph, &arena);
	solution = (struct match_solution){ out->slot_of, out->person_price, out->slot_price, 0 };
	r = match_optimal(&graph, &solution, ring->watch);
	arena_free(&arena);
	if (r < 0)
		return r;
	match_unpack(solution.value, &out->placed, &half_points);
	out->total = half_points / 2;
	if (all < out->placed) { /* the prices say nothing of the total of fewer people */
		out->placed = all;
		out->total = all * dearest(ring);
	}
	return 0;
}
