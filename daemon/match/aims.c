/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The solver with all its aims, on plain graphs.
 */
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"

static int wrong_graph(struct problem *problem, const char *field, long long at, const char *what)
{
	return problem_set(problem, E_INVALID, field, "%s (at position %lld).", what, at);
}

static int check_edges(const struct match_graph *graph, int32_t mentee, struct problem *problem)
{
	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		const struct match_edge *edge = &graph->edges[e], *before = edge - 1;

		if (edge->mentor < 0 || edge->mentor >= graph->mentors)
			return wrong_graph(problem, "pairs", mentee, "A pair of this mentee names no mentor");
		if (edge->score < 0 || edge->score > MATCH_SCORE_MAX)
			return wrong_graph(problem, "pairs", mentee, "A score of this mentee is not between 0 and 1000000");
		if (e > graph->start[mentee] &&
			(before->score < edge->score || (before->score == edge->score && before->mentor >= edge->mentor)))
			return wrong_graph(
				problem, "pairs", mentee, "The pairs of this mentee do not stand by falling score and rising mentor");
	}
	return 0;
}

int match_graph_check(const struct match_graph *graph, struct problem *problem)
{
	if (graph->mentees < 0 || graph->mentees > MATCH_PEOPLE_MAX || graph->mentors < 0 || graph->mentors > MATCH_PEOPLE_MAX)
		return problem_set(problem, E_INVALID, NULL, "A side has at most %d people.", MATCH_PEOPLE_MAX);
	for (int32_t j = 0; j < graph->mentors; j++)
		if (graph->places[j] < 0 || graph->places[j] > MATCH_PLACES_MAX)
			return wrong_graph(problem, "places", j, "The places of this mentor are not between 0 and 10000");
	for (int32_t i = 0; i < graph->mentees; i++) {
		int r = graph->start[i + 1] < graph->start[i]
			? wrong_graph(problem, "pairs", i, "The pairs of this mentee end before they start")
			: check_edges(graph, i, problem);

		if (r < 0)
			return r;
	}
	return 0;
}

int match_solve_graph(const struct match_graph *graph, enum match_aim aim, const int64_t *warm, const struct match_watch *watch,
	struct match_answer *answer, struct problem *problem)
{
	size_t mentees = (size_t)graph->mentees + 1, mentors = (size_t)graph->mentors + 1;
	struct match_solution solution = { 0 };
	int r;

	(void)warm;
	*answer = (struct match_answer){ .levels = 1, .arena = calloc(1, sizeof *answer->arena) };
	if (!answer->arena)
		abort();
	if (aim != MATCH_AIM_OPTIMAL || graph->least || graph->locked)
		return problem_set(problem, E_INVALID, NULL, "Only the largest number of mentees, then the largest total, is solved yet.");
	solution.mentor_of = arena_new(answer->arena, mentees * sizeof *solution.mentor_of);
	solution.mentee_price = arena_new(answer->arena, mentees * sizeof *solution.mentee_price);
	solution.mentor_price = arena_new(answer->arena, mentors * sizeof *solution.mentor_price);
	r = match_optimal(graph, &solution, watch);
	if (r < 0)
		return problem_set(problem, r, NULL, "The run was cancelled.");
	if (match_check(graph, &solution, problem) < 0)
		return problem->code = E_UNAVAILABLE;
	for (int32_t i = 0; i < graph->mentees; i++)
		for (int64_t e = graph->start[i]; e < graph->start[i + 1]; e++)
			if (graph->edges[e].mentor == solution.mentor_of[i]) {
				answer->placed++;
				answer->total += graph->edges[e].score;
				answer->kept += graph->kept && graph->kept[i] == solution.mentor_of[i];
				answer->bands[graph->edges[e].score == MATCH_SCORE_MAX
						? MATCH_BANDS - 1
						: graph->edges[e].score * MATCH_BANDS / MATCH_SCORE_MAX]++;
			}
	answer->mentor_of = solution.mentor_of;
	answer->mentee_price = solution.mentee_price;
	answer->mentor_price = solution.mentor_price;
	return 0;
}

int match_answer_check(const struct match_graph *graph, enum match_aim aim, const struct match_answer *answer, struct problem *problem)
{
	(void)graph;
	(void)answer;
	return problem_set(problem, E_INVALID, NULL, "Answers of aim %d are not checked yet.", aim);
}

void match_answer_free(struct match_answer *answer)
{
	if (answer->arena)
		arena_free(answer->arena);
	free(answer->arena);
	*answer = (struct match_answer){ 0 };
}
