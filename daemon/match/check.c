/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checker: believes nothing that a solver says and shares no code with it.
 *
 * Any matching is worth at most the sum of all mentees' prices and of each
 * mentor's price times its places, if no price is negative and for each pair
 * the two prices reach its worth. A matching that is worth that much is
 * therefore a best one. That is all there is to check.
 *
 * With several levels a worth, a price and a bound are rows of numbers, and
 * what counts is the first level where two rows differ. All of the above holds
 * for rows as it does for numbers. A mentor that must have some mentees may
 * have a price below 0; it counts for its least then. A mentee that must be
 * placed (its pair is locked, and it has no other) may have any price.
 */
#include "match/match.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;

static int64_t worth(const struct match_graph *graph, int32_t mentee, int64_t edge)
{
	return (graph->marked && graph->marked[mentee] ? 2 : 1) * MATCH_UNIT + graph->edges[edge].score;
}

static int fail(struct problem *problem, const char *what, long long mentee, long long mentor)
{
	return problem_set(problem, E_INVALID, NULL, "The result does not hold: %s (mentee %lld, mentor %lld).", what, mentee, mentor);
}

/* Adds up the worth of the pairs and counts who is where; all pairs must be edges. */
static int check_pairs(
	const struct match_graph *graph, const struct match_solution *s, int32_t *taken, wide *ret_value, struct problem *problem)
{
	*ret_value = 0;
	for (int32_t mentee = 0; mentee < graph->mentees; mentee++) {
		int32_t mentor = s->mentor_of[mentee];
		int64_t e = graph->start[mentee];

		if (mentor == -1)
			continue;
		while (e < graph->start[mentee + 1] && graph->edges[e].mentor != mentor)
			e++;
		if (e == graph->start[mentee + 1])
			return fail(problem, "a pair is not an allowed one", mentee, mentor);
		if (++taken[mentor] > graph->places[mentor])
			return fail(problem, "a mentor has more mentees than places", mentee, mentor);
		*ret_value += worth(graph, mentee, e);
	}
	return 0;
}

static int check_prices(const struct match_graph *graph, const struct match_solution *s, wide *ret_bound, struct problem *problem)
{
	*ret_bound = 0;
	for (int32_t mentor = 0; mentor < graph->mentors; mentor++) {
		if (s->mentor_price[mentor] < 0)
			return fail(problem, "a price is negative", -1, mentor);
		*ret_bound += (wide)s->mentor_price[mentor] * graph->places[mentor];
	}
	for (int32_t mentee = 0; mentee < graph->mentees; mentee++) {
		if (s->mentee_price[mentee] < 0)
			return fail(problem, "a price is negative", mentee, -1);
		*ret_bound += s->mentee_price[mentee];
		for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++)
			if ((wide)s->mentee_price[mentee] + s->mentor_price[graph->edges[e].mentor] < worth(graph, mentee, e))
				return fail(problem, "two prices do not reach the worth of their pair", mentee, graph->edges[e].mentor);
	}
	return 0;
}

int match_check(const struct match_graph *graph, const struct match_solution *s, struct problem *problem)
{
	int32_t *taken = calloc((size_t)graph->mentors + 1, sizeof *taken);
	wide value, bound;
	int r;

	if (!taken)
		abort();
	r = check_pairs(graph, s, taken, &value, problem);
	free(taken);
	if (r == 0)
		r = check_prices(graph, s, &bound, problem);
	if (r == 0 && (value != s->value || value != bound))
		r = fail(problem, "the value is not the proven bound", -1, -1);
	return r;
}

/* --- rows -------------------------------------------------------------------------------------------- */

struct rows {
	const struct match_graph *graph;
	enum match_aim aim;
	const struct match_answer *answer;
};

static int64_t counts_at(const struct rows *rows, int32_t mentee, const struct match_edge *edge, int32_t level)
{
	const struct match_graph *graph = rows->graph;
	int64_t placed = level > 0 ? 0 : graph->marked && graph->marked[mentee] ? 2 * MATCH_UNIT : MATCH_UNIT;

	if (rows->aim == MATCH_AIM_FAIR && level < MATCH_BANDS) {
		int64_t from = (int64_t)level * MATCH_SCORE_MAX / MATCH_BANDS, to = from + MATCH_SCORE_MAX / MATCH_BANDS;

		return placed - (edge->score >= from && (edge->score < to || to == MATCH_SCORE_MAX));
	}
	if (rows->aim == MATCH_AIM_CHANGE_LITTLE && level == 0)
		return placed + (graph->kept && graph->kept[mentee] == edge->mentor);
	return placed + edge->score;
}

static int64_t mentee_at(const struct rows *rows, int32_t mentee, int32_t level)
{
	return rows->answer->mentee_price[(int64_t)level * rows->graph->mentees + mentee];
}

static int64_t mentor_at(const struct rows *rows, int32_t mentor, int32_t level)
{
	return rows->answer->mentor_price[(int64_t)level * rows->graph->mentors + mentor];
}

static bool must(const struct rows *rows, int32_t mentee)
{
	return rows->graph->locked && rows->graph->locked[mentee] >= 0;
}

/* Whether two prices reach what the pair is worth. */
static bool reach(const struct rows *rows, int32_t mentee, const struct match_edge *edge)
{
	for (int32_t level = 0; level < rows->answer->levels; level++) {
		wide over = (wide)mentee_at(rows, mentee, level) + mentor_at(rows, edge->mentor, level) -
			counts_at(rows, mentee, edge, level);

		if (over != 0)
			return over > 0;
	}
	return true;
}

/* The pairs add up in `sum`, what the mentee's price adds is taken off. */
static int check_mentee(const struct rows *rows, int32_t mentee, int32_t *taken, wide *sum, struct problem *problem)
{
	const struct match_graph *graph = rows->graph;
	int32_t mentor = rows->answer->mentor_of[mentee], levels = rows->answer->levels, first = 0;
	bool found = mentor == -1;

	if (must(rows, mentee) && mentor != graph->locked[mentee])
		return fail(problem, "a locked pair is not made", mentee, graph->locked[mentee]);
	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		const struct match_edge *edge = &graph->edges[e];

		if (edge->mentor == mentor) {
			found = true;
			if (++taken[mentor] > graph->places[mentor])
				return fail(problem, "a mentor has more mentees than places", mentee, mentor);
			for (int32_t level = 0; level < levels; level++)
				sum[level] += counts_at(rows, mentee, edge, level);
		}
		if ((!must(rows, mentee) || edge->mentor == mentor) && !reach(rows, mentee, edge))
			return fail(problem, "two prices do not reach the worth of their pair", mentee, edge->mentor);
	}
	if (!found)
		return fail(problem, "a pair is not an allowed one", mentee, mentor);
	while (first < levels && mentee_at(rows, mentee, first) == 0)
		first++;
	if (!must(rows, mentee) && first < levels && mentee_at(rows, mentee, first) < 0)
		return fail(problem, "a price is negative", mentee, -1);
	for (int32_t level = 0; level < levels; level++)
		sum[level] -= mentee_at(rows, mentee, level);
	return 0;
}

static int check_mentor(const struct rows *rows, int32_t mentor, int32_t taken, wide *sum, struct problem *problem)
{
	int32_t least = rows->graph->least ? rows->graph->least[mentor] : 0, levels = rows->answer->levels, first = 0, counted;

	if (taken < least)
		return fail(problem, "a mentor has fewer mentees than its least", -1, mentor);
	while (first < levels && mentor_at(rows, mentor, first) == 0)
		first++;
	counted = first < levels && mentor_at(rows, mentor, first) < 0 ? least : rows->graph->places[mentor];
	for (int32_t level = 0; level < levels; level++)
		sum[level] -= (wide)mentor_at(rows, mentor, level) * counted;
	return 0;
}

int match_answer_check(const struct match_graph *graph, enum match_aim aim, const struct match_answer *answer, struct problem *problem)
{
	static const int32_t levels[MATCH_AIMS] = {
		[MATCH_AIM_OPTIMAL] = 1, [MATCH_AIM_FAIR] = MATCH_BANDS + 1, [MATCH_AIM_CHANGE_LITTLE] = 2
	};
	struct rows rows = { graph, aim, answer };
	wide sum[MATCH_LEVELS_MAX] = { 0 };
	int32_t *taken;
	int r = 0;

	if (aim >= MATCH_AIMS || answer->levels != levels[aim])
		return fail(problem, "the prices are not those of the aim", -1, -1);
	taken = calloc((size_t)graph->mentors + 1, sizeof *taken);
	if (!taken)
		abort();
	for (int32_t i = 0; r == 0 && i < graph->mentees; i++)
		r = check_mentee(&rows, i, taken, sum, problem);
	for (int32_t j = 0; r == 0 && j < graph->mentors; j++)
		r = check_mentor(&rows, j, taken[j], sum, problem);
	for (int32_t level = 0; r == 0 && level < answer->levels; level++)
		if (sum[level] != 0)
			r = fail(problem, "the value is not the proven bound", -1, -1);
	free(taken);
	return r;
}
