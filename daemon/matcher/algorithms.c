/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of algorithms, and running one.
 */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/text.h"
#include "matcher/matcher.h"

enum {
	PAIRED = MATCH_HAS_PAIRS | MATCH_HAS_LEAST | MATCH_HAS_MARKED | MATCH_HAS_LOCKS,
	CHOSEN = MATCH_HAS_PAIRS | MATCH_HAS_LISTS | MATCH_HAS_LOCKS,
};

static const char scores[] = "lines 'pair' with scores", views[] = "lines 'prefers', or lines 'pair' from whose scores the lists follow",
		  groups[] = "lines 'person', 'slot', 'free' and 'size'";

const struct algorithm matcher_algorithms[] = { { "optimal", "most mentees, then the largest total",
							"maximum cardinality, then maximum weight; dual prices", FAMILY_AIM,
							MATCH_AIM_OPTIMAL, MATCH_HAS_PAIRS, PAIRED, 0, scores },
	{ "fair", "most mentees, then the fewest pairs with the lowest scores", "lexicographic by bands of the score; dual prices",
		FAMILY_AIM, MATCH_AIM_FAIR, MATCH_HAS_PAIRS, PAIRED, 0, scores },
	{ "minimal-change", "most mentees, then the most pairs as before (lines 'kept')",
		"maximum cardinality, then kept pairs, then weight; dual prices", FAMILY_AIM, MATCH_AIM_CHANGE_LITTLE, MATCH_HAS_PAIRS,
		PAIRED | MATCH_HAS_KEPT, 0, scores },
	{ "stable-mentee", "stable, the best for each mentee", "deferred acceptance (Gale and Shapley), mentees offer", FAMILY_STABLE,
		MATCH_STABLE_MENTEES, MATCH_HAS_PAIRS | MATCH_HAS_LISTS, CHOSEN, MATCH_HAS_LEAST, views },
	{ "stable-mentor", "stable, the best for each mentor", "deferred acceptance (Gale and Shapley), mentors offer", FAMILY_STABLE,
		MATCH_STABLE_MENTORS, MATCH_HAS_PAIRS | MATCH_HAS_LISTS, CHOSEN, MATCH_HAS_LEAST, views },
	{ "stable-ties", "stable with ties, at least two thirds of the most that can be placed (Kiraly)",
		"3/2-approximation of the largest weakly stable matching (Kiraly 2013)", FAMILY_STABLE, MATCH_STABLE_TIES,
		MATCH_HAS_PAIRS | MATCH_HAS_LISTS, CHOSEN, MATCH_HAS_LEAST, views },
	{ "circles", "groups that meet when all are free",
		"up to 16 people all groupings, else large neighbourhood search; bound by a transportation relaxation", FAMILY_CIRCLES, 0,
		MATCH_HAS_PEOPLE, MATCH_HAS_PEOPLE, 0, groups },
	{ 0 } };

static const struct {
	unsigned has;
	const char *word;
} parts[] = { { MATCH_HAS_PAIRS, "pair" }, { MATCH_HAS_LISTS, "prefers" }, { MATCH_HAS_LEAST, "least" }, { MATCH_HAS_MARKED, "marked" },
	{ MATCH_HAS_LOCKS, "lock" }, { MATCH_HAS_KEPT, "kept" }, { MATCH_HAS_PEOPLE, "person" } };

const struct algorithm *matcher_algorithm(const char *name)
{
	for (const struct algorithm *a = matcher_algorithms; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

json_t *matcher_ignored(const struct algorithm *a, const struct match_instance *in)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (in->has & parts[i].has & ~a->reads)
			json_array_append_new(list, json_string(parts[i].word));
	return list;
}

int matcher_suits(const struct algorithm *a, const struct match_instance *in, struct problem *problem)
{
	if (!(in->has & a->needs))
		return problem_set(problem, E_INVALID, NULL, "The algorithm '%s' needs %s, and there are none.", a->name, a->needed);
	if (in->has & a->refuses)
		return problem_set(problem, E_INVALID, NULL,
			"The algorithm '%s' cannot keep 'least=' of a mentor; leave it out, or take another algorithm.", a->name);
	return 0;
}

/* Which mentors want more than can come, by their names. */
static int tell_stuck(const struct match_instance *in, const struct match_answer *answer, struct problem *problem)
{
	struct buffer names = { 0 };
	int r;

	for (int32_t i = 0; i < answer->stuck_count && i < 10; i++)
		buffer_print(&names, "%s%s", i ? ", " : "", in->mentors[answer->stuck[i]]);
	r = problem_set(problem, E_INVALID, NULL, "%s%s must have %lld mentees at least, and only %lld could come to any of them.",
		buffer_string(&names), answer->stuck_count > 10 ? " and others" : "", (long long)answer->stuck_least,
		(long long)answer->stuck_mentees);
	buffer_free(&names);
	return r;
}

static int run_aim(const struct algorithm *a, const struct match_instance *in, json_t **ret, bool *ret_no_way, struct problem *problem)
{
	struct match_answer answer;
	int r = match_graph_check(&in->graph, problem);

	if (r < 0)
		return r;
	r = match_solve_graph(&in->graph, (enum match_aim)a->which, NULL, NULL, &answer, problem);
	*ret_no_way = r == E_INVALID;
	if (r == 0)
		*ret = write_answer(a, in, &answer);
	else if (answer.stuck_count > 0)
		tell_stuck(in, &answer, problem);
	match_answer_free(&answer);
	return r;
}

static int run_stable(const struct algorithm *a, const struct match_instance *in, json_t **ret, struct problem *problem)
{
	int32_t *mentor_of = calloc((size_t)in->graph.mentees + 1, sizeof *mentor_of);
	int r;

	if (!mentor_of)
		abort();
	r = match_stable(&in->choices, (enum match_stability)a->which, mentor_of, NULL);
	if (r == 0 && match_stable_check(&in->choices, mentor_of, problem) < 0)
		r = E_UNAVAILABLE;
	if (r == 0)
		*ret = write_stable(a, in, mentor_of);
	free(mentor_of);
	return r;
}

static int run_circles(const struct algorithm *a, const struct match_instance *in, uint64_t seed, json_t **ret, struct problem *problem)
{
	struct match_circles_input input = in->circles;
	struct match_circles out;
	int r;

	input.seed = seed;
	r = match_circles(&input, NULL, &out, problem);
	if (r < 0)
		return r;
	*ret = write_circles(a, in, seed, &out);
	match_circles_free(&out);
	return 0;
}

int matcher_run(
	const struct algorithm *a, const struct match_instance *in, uint64_t seed, json_t **ret, bool *ret_no_way, struct problem *problem)
{
	int r = matcher_suits(a, in, problem);

	*ret_no_way = false;
	if (r < 0)
		return r;
	if (a->family == FAMILY_AIM)
		return run_aim(a, in, ret, ret_no_way, problem);
	return a->family == FAMILY_STABLE ? run_stable(a, in, ret, problem) : run_circles(a, in, seed, ret, problem);
}
