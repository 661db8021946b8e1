/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Circles from beginning to end: is the input one, the bound, the groups, and a
 * sentence for each who is in none.
 */
#include "match/circles.h"

#include <stdlib.h>

#include "match/internal.h"
#include "match/circles_inside.h"

/* --- what comes in ------------------------------------------------------------------------------------ */

static int check_rules(const struct match_circles_input *in, struct problem *problem)
{
	if (in->rule_count < 0 || in->rule_count > MATCH_CIRCLE_RULES_MAX)
		return problem_set(problem, E_INVALID, "rules", "There are at most %d rules.", MATCH_CIRCLE_RULES_MAX);
	for (int32_t rule = 0; rule < in->rule_count; rule++) {
		const struct match_circle_rule *at = &in->rules[rule];

		if (at->least < 0 || at->most < at->least || at->family < 0 || at->family >= MATCH_CIRCLE_RULES_MAX)
			return problem_set(problem, E_INVALID, "rules", "Rule '%s': 0 <= least <= most must hold.", at->text);
	}
	return 0;
}

static int check_scores(const struct match_circles_input *in, struct problem *problem)
{
	for (int64_t i = 0; in->liking && i < (int64_t)in->people * in->slots; i++)
		if (in->liking[i] < 0 || in->liking[i] > MATCH_CIRCLE_SCORE_MAX)
			return problem_set(problem, E_INVALID, "liking", "A score is between 0 and %d.", MATCH_CIRCLE_SCORE_MAX);
	for (int64_t i = 0; i < in->pair_count; i++) {
		const struct match_circle_pair *pair = &in->pairs[i];

		if (pair->one < 0 || pair->one >= in->people || pair->other < 0 || pair->other >= in->people || pair->one == pair->other)
			return problem_set(problem, E_INVALID, "pairs", "A score is one of two people.");
		if (pair->score != MATCH_CIRCLE_APART && (pair->score < 0 || pair->score > MATCH_CIRCLE_SCORE_MAX))
			return problem_set(problem, E_INVALID, "pairs", "A score is between 0 and %d.", MATCH_CIRCLE_SCORE_MAX);
	}
	return 0;
}

static int check_input(const struct match_circles_input *in, struct problem *problem)
{
	int r;

	if (in->people < 0 || in->people > MATCH_CIRCLE_PEOPLE_MAX)
		return problem_set(problem, E_INVALID, "people", "Groups are made of at most %d people.", MATCH_CIRCLE_PEOPLE_MAX);
	if (in->slots < 0 || in->slots > MATCH_CIRCLE_SLOTS_MAX)
		return problem_set(problem, E_INVALID, "slots", "There are at most %d slots.", MATCH_CIRCLE_SLOTS_MAX);
	if (in->size_least < 2 || in->size_most < in->size_least || in->size_most > MATCH_CIRCLE_SIZE_MAX)
		return problem_set(problem, E_INVALID, "size", "A group has from 2 to %d people, the least first.", MATCH_CIRCLE_SIZE_MAX);
	if (in->groups_most < 0)
		return problem_set(problem, E_INVALID, "groups", "The number of groups cannot be negative.");
	r = check_rules(in, problem);
	return r < 0 ? r : check_scores(in, problem);
}

static void spread_scores(struct ring *ring)
{
	const struct match_circles_input *in = ring->in;
	size_t people = (size_t)in->people;
	int16_t *scores;

	if (in->pair_count == 0)
		return;
	scores = arena_new(ring->arena, people * people * sizeof *scores);
	for (int64_t i = 0; i < in->pair_count; i++) {
		const struct match_circle_pair *pair = &in->pairs[i];

		scores[(size_t)pair->one * people + (size_t)pair->other] = (int16_t)pair->score;
		scores[(size_t)pair->other * people + (size_t)pair->one] = (int16_t)pair->score;
		ring->apart = ring->apart || pair->score == MATCH_CIRCLE_APART;
	}
	ring->scores = scores;
}

/* --- who is left out, and why --------------------------------------------------------------------------- */

struct chances {                              /* of one person, over its slots */
	int32_t free, company, ruled, groups; /* slots; with enough others; where a group could keep the rules; groups that meet in them */
	const struct match_circle_rule *missing; /* too few of these are free in one of its slots */
};

static void look_at_slot(const struct match_circles_input *in, int32_t slot, struct chances *chances)
{
	int32_t count = 0;

	for (int32_t other = 0; other < in->people; other++)
		count += free_in(in, other, slot);
	chances->free++;
	if (count < in->size_least)
		return;
	chances->company++;
	for (int32_t rule = 0; rule < in->rule_count; rule++) {
		int32_t counted = 0;

		for (int32_t other = 0; other < in->people && in->rules[rule].least > 0; other++)
			counted += free_in(in, other, slot) && counted_by(in, other, rule);
		if (counted < in->rules[rule].least) {
			chances->missing = &in->rules[rule];
			return;
		}
	}
	chances->ruled++;
}

static const struct match_circle_rule *shutting_out(const struct match_circles_input *in, int32_t person)
{
	for (int32_t rule = 0; rule < in->rule_count; rule++)
		if (in->rules[rule].most == 0 && counted_by(in, person, rule))
			return &in->rules[rule];
	return NULL;
}

static const char *why_left(const struct ring *ring, const struct grouping *g, int32_t person, struct arena *arena)
{
	const struct match_circles_input *in = ring->in;
	const struct match_circle_rule *shut = shutting_out(in, person);
	struct chances c = { 0 };

	for (int32_t slot = 0; slot < in->slots; slot++)
		if (free_in(in, person, slot))
			look_at_slot(in, slot, &c);
	for (int32_t group = 0; group < g->groups; group++)
		c.groups += free_in(in, person, g->slot[group]);
	if (c.free == 0)
		return "is free in none of the slots";
	if (shut)
		return arena_print(arena, "no group takes anybody with %s", shut->text);
	if (c.company == 0)
		return arena_print(arena, "is free in %d slot%s, in which fewer than %d people are free", c.free, c.free == 1 ? "" : "s",
			in->size_least);
	if (c.ruled == 0)
		return arena_print(arena, "each group needs %d with %s, and in no slot of this person so many are free", c.missing->least,
			c.missing->text);
	if (c.groups == 0)
		return arena_print(arena, "no group meets in its %d slot%s: who else is free there is needed in other groups%s", c.free,
			c.free == 1 ? "" : "s", in->groups_most ? ", and there are no more groups than allowed" : "");
	return arena_print(arena,
		"the %d group%s that meet%s when this person is free are full or may have nobody more like them, and too few others are left for one more",
		c.groups, c.groups == 1 ? "" : "s", c.groups == 1 ? "s" : "");
}

/* --- the result ------------------------------------------------------------------------------------------- */

static int64_t total_of(const struct ring *ring, const struct match_circle *circle)
{
	int64_t total = 0;

	for (int32_t i = 0; i < circle->count; i++) {
		total += liking_of(ring->in, circle->people[i], circle->slot);
		for (int32_t k = i + 1; k < circle->count; k++)
			total += score_of(ring, circle->people[i], circle->people[k]);
	}
	return total;
}

/* Groups by their first person: whoever is met first opens the next. */
static void write_groups(const struct ring *ring, const struct grouping *g, struct match_circles *out)
{
	const struct match_circles_input *in = ring->in;
	struct match_circle *groups = arena_new(out->arena, ((size_t)g->groups + 1) * sizeof *groups);
	int32_t *number = arena_new(ring->arena, ((size_t)g->groups + 1) * sizeof *number);

	for (int32_t person = 0; person < in->people; person++) {
		int32_t group = g->group_of[person];

		if (group < 0)
			continue;
		if (number[group] == 0) {
			number[group] = ++out->group_count;
			groups[number[group] - 1].slot = g->slot[group];
			groups[number[group] - 1].people = arena_new(out->arena, MATCH_CIRCLE_SIZE_MAX * sizeof(int32_t));
		}
		((int32_t *)groups[number[group] - 1].people)[groups[number[group] - 1].count++] = person;
	}
	for (int32_t group = 0; group < out->group_count; group++)
		groups[group].total = total_of(ring, &groups[group]);
	out->groups = groups;
}

static void write_left(const struct ring *ring, const struct grouping *g, struct match_circles *out)
{
	struct match_circle_left *left = arena_new(out->arena, ((size_t)ring->in->people + 1) * sizeof *left);

	for (int32_t person = 0; person < ring->in->people; person++)
		if (g->group_of[person] < 0)
			left[out->left_count++] = (struct match_circle_left){ person, why_left(ring, g, person, out->arena) };
	out->left = left;
}

static int run_in(struct ring *ring, struct match_circles *out)
{
	const struct match_circles_input *in = ring->in;
	int32_t exact = in->exact_most > 0 && in->exact_most < MATCH_CIRCLE_EXACT ? in->exact_most : MATCH_CIRCLE_EXACT;
	struct relaxed relaxed = { 0 };
	struct grouping g = { 0 };
	int r;

	spread_scores(ring);
	r = circles_relax(ring, &relaxed);
	if (r < 0)
		return r;
	g.group_of = arena_new(ring->arena, ((size_t)in->people + 1) * sizeof *g.group_of);
	g.slot = arena_new(ring->arena, ((size_t)(in->people / in->size_least) + 1) * sizeof *g.slot);
	out->tried_all = in->people <= exact;
	if (out->tried_all)
		circles_try_all(ring, &g);
	else
		r = circles_search(ring, &relaxed, &g);
	if (r < 0)
		return r;
	out->placed = g.placed;
	out->total = g.total;
	out->bound_placed = out->tried_all ? g.placed : relaxed.placed;
	out->bound_total = out->tried_all ? g.total : relaxed.total;
	write_groups(ring, &g, out);
	write_left(ring, &g, out);
	out->person_price = relaxed.person_price;
	out->slot_price = relaxed.slot_price;
	return 0;
}

int match_circles(const struct match_circles_input *in, const struct match_watch *watch, struct match_circles *out, struct problem *problem)
{
	struct ring ring = { .in = in, .watch = watch };
	int r;

	*out = (struct match_circles){ .arena = calloc(1, sizeof *out->arena) };
	if (!out->arena)
		abort();
	ring.arena = out->arena;
	r = check_input(in, problem);
	if (r == 0) {
		r = run_in(&ring, out);
		if (r == E_CANCELLED)
			problem_set(problem, r, NULL, "The run was cancelled.");
	}
	if (r == 0 && match_circles_check(in, out, problem) < 0)
		r = problem_set(problem, E_UNAVAILABLE, NULL,
			"The groups did not pass their own check, so nothing is proposed; please report this.");
	if (r < 0)
		match_circles_free(out);
	return r;
}

void match_circles_free(struct match_circles *out)
{
	if (out->arena)
		arena_free(out->arena);
	free(out->arena);
	*out = (struct match_circles){ 0 };
}
