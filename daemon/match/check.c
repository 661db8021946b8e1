/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checker: believes nothing that a solver says and shares no code with it.
 *
 * Any matching is worth at most the sum of all mentees' prices and of each
 * mentor's price times its places, if no price is negative and for each pair
 * the two prices reach its worth. A matching that is worth that much is
 * therefore a best one. That is all there is to check.
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
