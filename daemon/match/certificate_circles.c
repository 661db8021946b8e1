/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What shows that circles are right, looked at anew: this shares no code with what found them.
 *
 * Groups are counted through. The bound is this arithmetic: in each slot at
 * most so many can be placed (numbers alone); whoever is placed in a slot is
 * worth one unit and so many half points there at most; if for each such place
 * the prices of person and slot reach that worth, and none is negative, then
 * nobody can have more than all persons' prices and each slot's price times its
 * places. Where everything was tried, the result itself is the bound; it must
 * not be above the one of the prices, and that is all that can be looked at
 * without trying everything again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "match/circles.h"

__extension__ typedef __int128 wide;

static int fail(struct problem *problem, const char *what, long long at)
{
	return problem_set(problem, E_INVALID, NULL, "The result does not hold: %s (at %lld).", what, at);
}

static bool bit(const uint64_t *words, size_t row, int32_t columns, int32_t column)
{
	size_t width = ((size_t)columns + 63) / 64;

	return (words[row * width + (size_t)column / 64] & (uint64_t)1 << (column & 63)) != 0;
}

/* --- the groups ----------------------------------------------------------------------------------------- */

/* -1: two are in it who must stay apart. */
static int64_t score_between(const struct match_circles_input *in, const int32_t *group_of, int32_t group)
{
	int64_t sum = 0;

	for (int64_t i = 0; i < in->pair_count; i++)
		if (group_of[in->pairs[i].one] == group && group_of[in->pairs[i].other] == group) {
			if (in->pairs[i].score == MATCH_CIRCLE_APART)
				return -1;
			sum += in->pairs[i].score;
		}
	return sum;
}

static int check_group(
	const struct match_circles_input *in, const struct match_circle *circle, int32_t group, int32_t *group_of, struct problem *problem)
{
	if (circle->slot < 0 || circle->slot >= in->slots)
		return fail(problem, "a group has no slot", group);
	if (circle->count < in->size_least || circle->count > in->size_most)
		return fail(problem, "a group is too small or too large", group);
	for (int32_t i = 0; i < circle->count; i++) {
		int32_t person = circle->people[i];

		if (person < 0 || person >= in->people || (i > 0 && person <= circle->people[i - 1]) || group_of[person] >= 0)
			return fail(problem, "somebody is in two groups, or does not exist", person);
		if (!bit(in->free, (size_t)person, in->slots, circle->slot))
			return fail(problem, "somebody is not free in the slot of the group", person);
		group_of[person] = group;
	}
	for (int32_t rule = 0; rule < in->rule_count; rule++) {
		int32_t count = 0;

		for (int32_t i = 0; i < circle->count; i++)
			count += bit(in->counted, (size_t)circle->people[i], in->rule_count, rule);
		if (count < in->rules[rule].least || count > in->rules[rule].most)
			return fail(problem, "a group breaks a rule", group);
	}
	return 0;
}

static int check_groups(const struct match_circles_input *in, const struct match_circles *out, int32_t *group_of, struct problem *problem)
{
	int64_t placed = 0, total = 0;

	if (out->group_count < 0 || (in->groups_most > 0 && out->group_count > in->groups_most))
		return fail(problem, "there are more groups than allowed", out->group_count);
	for (int32_t group = 0; group < out->group_count; group++) {
		const struct match_circle *circle = &out->groups[group];
		int64_t own;
		int r = check_group(in, circle, group, group_of, problem);

		if (r < 0)
			return r;
		own = score_between(in, group_of, group);
		if (own < 0)
			return fail(problem, "two who must stay apart are in one group", group);
		for (int32_t i = 0; in->liking && i < circle->count; i++)
			own += in->liking[(int64_t)circle->people[i] * in->slots + circle->slot];
		if (own != circle->total)
			return fail(problem, "the total of a group is another", group);
		placed += circle->count;
		total += own;
	}
	if (placed != out->placed || total != out->total)
		return fail(problem, "so many are placed, or their total, is another", placed);
	return 0;
}

static int check_left(
	const struct match_circles_input *in, const struct match_circles *out, const int32_t *group_of, struct problem *problem)
{
	int32_t at = 0;

	for (int32_t person = 0; person < in->people; person++)
		if (group_of[person] < 0 && (at >= out->left_count || out->left[at++].person != person))
			return fail(problem, "somebody is in no group and not said to be left out", person);
	return at == out->left_count ? 0 : fail(problem, "somebody is said to be left out twice, or is in a group", at);
}

/* --- the bound ------------------------------------------------------------------------------------------ */

struct look {
	const struct match_circles_input *in;
	const struct match_circles *out;
	struct arena arena;
	bool *barred;               /* people whom a rule allows in no group */
	int32_t *counted, *surplus; /* scratch: by rule, by family */
	int32_t *friend, *score;    /* with whom a person has a score, by falling score */
	int64_t *first;
};

/* Of the people free in a slot (-1: of all), how many can meet. */
static int32_t can_meet(struct look *l, int32_t slot)
{
	const struct match_circles_input *in = l->in;
	int32_t people = 0, best = 0;

	memset(l->counted, 0, ((size_t)in->rule_count + 1) * sizeof *l->counted);
	for (int32_t person = 0; person < in->people; person++) {
		if (l->barred[person] || (slot >= 0 && !bit(in->free, (size_t)person, in->slots, slot)))
			continue;
		people++;
		for (int32_t rule = 0; rule < in->rule_count; rule++)
			l->counted[rule] += bit(in->counted, (size_t)person, in->rule_count, rule);
	}
	for (int32_t groups = 1; groups * in->size_least <= people && (in->groups_most == 0 || groups <= in->groups_most); groups++) {
		int32_t worst = 0, meet;
		bool possible = true;

		memset(l->surplus, 0, MATCH_CIRCLE_RULES_MAX * sizeof *l->surplus);
		for (int32_t rule = 0; rule < in->rule_count; rule++) {
			int64_t over = l->counted[rule] - (int64_t)groups * in->rules[rule].most;
			int32_t *surplus = &l->surplus[in->rules[rule].family];

			possible = possible && (int64_t)groups * in->rules[rule].least <= l->counted[rule];
			*surplus += over > 0 ? (int32_t)over : 0;
			worst = *surplus > worst ? *surplus : worst;
		}
		meet = people - worst < groups * in->size_most ? people - worst : groups * in->size_most;
		if (possible && meet >= groups * in->size_least && meet > best)
			best = meet;
	}
	return best;
}

/* Friends by falling score: a pass for each of the scores, from the highest. */
static void order_friends(struct look *l)
{
	const struct match_circles_input *in = l->in;
	int64_t *place = arena_new(&l->arena, ((size_t)in->people + 1) * sizeof *place), *start, *order, known = 0;

	start = arena_new(&l->arena, (MATCH_CIRCLE_SCORE_MAX + 2) * sizeof *start);
	order = arena_new(&l->arena, ((size_t)in->pair_count + 1) * sizeof *order);
	for (int64_t i = 0; i < in->pair_count; i++) {
		if (in->pairs[i].score < 0)
			continue;
		known++;
		start[MATCH_CIRCLE_SCORE_MAX - in->pairs[i].score + 1]++;
		l->first[in->pairs[i].one + 1]++;
		l->first[in->pairs[i].other + 1]++;
	}
	for (int32_t score = 0; score <= MATCH_CIRCLE_SCORE_MAX; score++)
		start[score + 1] += start[score];
	for (int64_t i = 0; i < in->pair_count; i++)
		if (in->pairs[i].score >= 0)
			order[start[MATCH_CIRCLE_SCORE_MAX - in->pairs[i].score]++] = i;
	for (int32_t person = 0; person < in->people; person++) {
		l->first[person + 1] += l->first[person];
		place[person] = l->first[person];
	}
	for (int64_t i = 0; i < known; i++) {
		const struct match_circle_pair *pair = &in->pairs[order[i]];

		l->friend[place[pair->one]] = pair->other;
		l->score[place[pair->one]++] = pair->score;
		l->friend[place[pair->other]] = pair->one;
		l->score[place[pair->other]++] = pair->score;
	}
}

static int64_t worth_there(const struct look *l, int32_t person, int32_t slot)
{
	const struct match_circles_input *in = l->in;
	int64_t worth = in->liking ? 2 * (int64_t)in->liking[(int64_t)person * in->slots + slot] : 0;
	int32_t company = 1;

	for (int64_t i = l->first[person]; i < l->first[person + 1] && company < in->size_most; i++)
		if (bit(in->free, (size_t)l->friend[i], in -> slots, slot)) {
			worth += l->score[i];
			company++;
		}
	return worth;
}

static int check_prices(struct look *l, wide *ret_bound, struct problem *problem)
{
	const struct match_circles_input *in = l->in;
	const struct match_circles *out = l->out;
	int32_t *meet = arena_new(&l->arena, ((size_t)in->slots + 1) * sizeof *meet);

	*ret_bound = 0;
	for (int32_t slot = 0; slot < in->slots; slot++) {
		meet[slot] = can_meet(l, slot);
		if (out->slot_price[slot] < 0)
			return fail(problem, "the price of a slot is negative", slot);
		*ret_bound += (wide)meet[slot] * out->slot_price[slot];
	}
	for (int32_t person = 0; person < in->people; person++) {
		if (out->person_price[person] < 0)
			return fail(problem, "the price of somebody is negative", person);
		*ret_bound += out->person_price[person];
		for (int32_t slot = 0; slot < in->slots && !l->barred[person]; slot++)
			if (meet[slot] > 0 && bit(in->free, (size_t)person, in->slots, slot) &&
				(wide)out->person_price[person] + out->slot_price[slot] < MATCH_UNIT + worth_there(l, person, slot))
				return fail(problem, "two prices do not reach the worth of a place", person);
	}
	return 0;
}

/* No grouping adds more of the total for each person than this. */
static int64_t most_of_one(const struct match_circles_input *in)
{
	int64_t liking = 0, score = 0;

	for (int64_t i = 0; in->liking && i < (int64_t)in->people * in->slots; i++)
		if (in->liking[i] > liking)
			liking = in->liking[i];
	for (int64_t i = 0; i < in->pair_count; i++)
		if (in->pairs[i].score > score)
			score = in->pairs[i].score;
	return liking + (score * (in->size_most - 1) + 1) / 2;
}

static int check_bound(struct look *l, struct problem *problem)
{
	const struct match_circles *out = l->out;
	int32_t all = can_meet(l, -1);
	int64_t placed, total;
	wide bound;
	int r = check_prices(l, &bound, problem);

	if (r < 0)
		return r;
	placed = (int64_t)(bound / MATCH_UNIT);
	total = (int64_t)(bound % MATCH_UNIT) / 2;
	if (all < placed) {
		placed = all;
		total = all * most_of_one(l->in);
	}
	if (out->tried_all && (out->bound_placed != out->placed || out->bound_total != out->total))
		return fail(problem, "the bound is not the result, though everything was tried", out->bound_placed);
	if (!out->tried_all && (out->bound_placed != placed || out->bound_total != total))
		return fail(problem, "the bound does not follow from the prices", out->bound_placed);
	if (out->placed > placed || (out->placed == placed && out->total > total))
		return fail(problem, "the result is above the bound of the prices", out->placed);
	return 0;
}

int match_circles_check(const struct match_circles_input *in, const struct match_circles *out, struct problem *problem)
{
	size_t people = (size_t)in->people + 1, friends = 2 * (size_t)in->pair_count + 1;
	struct look l = { .in = in, .out = out };
	int32_t *group_of = arena_new(&l.arena, people * sizeof *group_of);
	int r;

	l.barred = arena_new(&l.arena, people);
	l.counted = arena_new(&l.arena, ((size_t)in->rule_count + 1) * sizeof *l.counted);
	l.surplus = arena_new(&l.arena, MATCH_CIRCLE_RULES_MAX * sizeof *l.surplus);
	l.first = arena_new(&l.arena, (people + 1) * sizeof *l.first);
	l.friend = arena_new(&l.arena, friends * sizeof *l.friend);
	l.score = arena_new(&l.arena, friends * sizeof *l.score);
	for (int32_t person = 0; person < in->people; person++) {
		group_of[person] = -1;
		for (int32_t rule = 0; rule < in->rule_count; rule++)
			if (in->rules[rule].most == 0 && bit(in->counted, (size_t)person, in->rule_count, rule))
				l.barred[person] = true;
	}
	order_friends(&l);
	r = check_groups(in, out, group_of, problem);
	if (r == 0)
		r = check_left(in, out, group_of, problem);
	if (r == 0)
		r = check_bound(&l, problem);
	arena_free(&l.arena);
	return r;
}
