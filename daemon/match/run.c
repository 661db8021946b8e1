/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run from beginning to end: prepare, solve, check, explain.
 *
 * What is only needed on the way lives in one arena and goes with it; the
 * result has an arena of its own. Nothing is written to the caller's result
 * unless the run succeeded.
 */
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"

int match_algorithm_named(const char *word, enum match_algorithm *ret)
{
	static const char *const words[MATCH_ALGORITHMS] = { [MATCH_OPTIMAL] = "optimal",
		[MATCH_FAIR] = "fair",
		[MATCH_STABLE] = "stable",
		[MATCH_CIRCLES] = "circles",
		[MATCH_STABLE_FOR_MENTORS] = "stable for mentors" };

	for (int i = 0; i < MATCH_ALGORITHMS; i++)
		if (strcmp(words[i], word) == 0) {
			*ret = (enum match_algorithm)i;
			return 0;
		}
	return E_NOTFOUND;
}

static int run_in(const struct match_input *in, const struct match_watch *watch, struct arena *scratch, struct match_result *result,
	struct problem *problem)
{
	struct prepared prepared;
	struct plan plan;
	struct scorer scorer;
	struct solved solved;
	int r = match_begin(in, scratch, &prepared, &plan, problem);

	if (r < 0)
		return r;
	match_hash(&prepared, &plan, result->input_hash);
	match_scorer_make(&scorer, &prepared, &plan, scratch);
	if (in->algorithm == MATCH_CIRCLES)
		return match_run_circles(&scorer, watch, result, problem);
	r = match_solve(&scorer, watch, scratch, &solved, problem);
	return r < 0 ? r : match_reasons(&scorer, &solved, watch, result, problem);
}

int match_run(const struct match_input *in, const struct match_watch *watch, struct match_result **ret_result, struct problem *problem)
{
	struct match_result *result = calloc(1, sizeof *result);
	struct arena scratch = { 0 };
	int r;

	if (!result)
		abort();
	result->arena = calloc(1, sizeof *result->arena);
	if (!result->arena)
		abort();
	r = run_in(in, watch, &scratch, result, problem);
	arena_free(&scratch);
	if (r < 0)
		match_result_free(result);
	else
		*ret_result = result;
	return r;
}

void match_result_free(struct match_result *result)
{
	if (!result)
		return;
	arena_free(result->arena);
	free(result->arena);
	free(result);
}

int match_input_hash(const struct match_input *in, unsigned char ret_hash[32], struct problem *problem)
{
	struct arena scratch = { 0 };
	struct prepared prepared;
	struct plan plan;
	int r = match_begin(in, &scratch, &prepared, &plan, problem);

	if (r == 0)
		match_hash(&prepared, &plan, ret_hash);
	arena_free(&scratch);
	return r;
}
