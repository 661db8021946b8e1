/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From scores to a proven optimum over all pairs.
 *
 * A small run keeps every allowed pair. A large one starts from a shortlist:
 * each mentee's best, each mentor's best and some drawn by the seed. After each
 * solution all pairs are looked at again: one whose worth is above its two
 * prices could improve the result and joins the list. When a whole look adds
 * none, the prices prove the optimum over all pairs, not only the listed ones.
 *
 * Other aims begin where all pairs prove how many can be placed: they are solved on the pairs that this took (all of a small run's).
 *
 * Locked pairs are outside: their mentees have no edges here and their mentors
 * fewer places.
 */
#include <stdlib.h>

#include "match/pairs.h"

static const int64_t all_pairs = 4194304;

struct solving {
	struct scorer *scorer;
	const struct match_watch *watch;
	struct solved *out;
	struct rows rows;
	struct pairs pairs;
};

static void make_graph(const struct prepared *in, const struct pairs *pairs, struct arena *arena, struct match_graph *graph)
{
	struct match_edge *edges = arena_new(arena, (pairs->count + 1) * sizeof *edges);
	int64_t *start = arena_new(arena, ((size_t)in->mentee_count + 2) * sizeof *start);
	bool *marked = arena_new(arena, (size_t)in->mentee_count + 1);

	for (size_t i = 0; i < pairs->count; i++) {
		edges[i] = (struct match_edge){ mentor_in(pairs->list[i]), score_in(pairs->list[i]) };
		start[mentee_in(pairs->list[i]) + 1]++;
	}
	for (int32_t i = 0; i < in->mentee_count; i++) {
		start[i + 1] += start[i];
		marked[i] = in->mentees[i].from->marked;
	}
	*graph = (struct match_graph){ .mentees = in->mentee_count,
		.mentors = in->mentor_count,
		.start = start,
		.edges = edges,
		.places = in->left,
		.marked = marked,
		.kept = in->kept };
}

static int must_hold(const struct solved *out, struct problem *problem)
{
	if (match_check(&out->graph, &out->solution, problem) == 0)
		return 0;
	return problem_set(
		problem, E_UNAVAILABLE, NULL, "The matching did not pass its own check, so nothing is proposed; please report this.");
}

static int solve_pairs(struct solving *s, struct arena *arena, struct problem *problem)
{
	int r;

	make_graph(s->scorer->in, &s->pairs, arena, &s->out->graph);
	r = match_optimal(&s->out->graph, &s->out->solution, s->watch);
	s->out->rounds = 1;
	return r < 0 ? r : must_hold(s->out, problem);
}

/* A solution of the pairs there are, and what all pairs say of it. */
static int solve_round(
	struct solving *s, struct match_live **live, const struct match_touched *touched, struct arena *arena, struct problem *problem)
{
	struct solved *out = s->out;
	int r;

	make_graph(s->scorer->in, &s->pairs, arena, &out->graph);
	r = *live ? match_live_again(*live, &out->graph, touched, s->watch) : match_live_new(&out->graph, s->watch, live);
	if (r < 0)
		return r;
	match_live_read(*live, &out->solution);
	out->rounds++;
	r = must_hold(out, problem);
	return r < 0 ? r : match_price(s->scorer, &s->rows, s->watch, out, &s->pairs);
}

/* The mentees whose pairs stand from there on; a look at all pairs adds those of one mentee together. */
static struct match_touched mentees_from(const struct pairs *pairs, size_t first, struct arena *arena)
{
	int32_t *mentees = arena_new(arena, (pairs->count - first) * sizeof *mentees), count = 0;

	for (size_t i = first; i < pairs->count; i++)
		if (count == 0 || mentees[count - 1] != mentee_in(pairs->list[i]))
			mentees[count++] = mentee_in(pairs->list[i]);
	return (struct match_touched){ .mentees = mentees, .mentee_count = count, .paired = true };
}

/* Until a look at all pairs adds none; the last graph stays. */
static int solve_rounds(struct solving *s, struct arena *arena, struct problem *problem)
{
	struct match_live *live = NULL;
	struct match_touched touched = { 0 };
	struct arena added = { 0 };
	int r;

	for (;;) {
		struct arena round = { 0 };
		size_t before = s->pairs.count;

		r = solve_round(s, &live, &touched, &round, problem);
		arena_free(&round);
		arena_free(&added);
		if (r < 0 || s->pairs.count == before)
			break;
		touched = mentees_from(&s->pairs, before, &added);
		match_pairs_sort(&s->pairs, s->scorer->in->mentee_count);
	}
	match_live_free(live);
	if (r == 0)
		make_graph(s->scorer->in, &s->pairs, arena, &s->out->graph);
	return r;
}

static int solve_all(struct solving *s, struct arena *arena, struct problem *problem)
{
	struct solved *out = s->out;
	int r;

	match_rows_make(&s->rows, s->scorer->in, s->scorer->plan, arena);
	r = out->shortlisted ? match_shortlist(s->scorer, &s->rows, s->watch, out, &s->pairs)
			     : match_all_pairs(s->scorer, &s->rows, s->watch, out, &s->pairs);
	if (r < 0)
		return r;
	match_pairs_sort(&s->pairs, s->scorer->in->mentee_count);
	if (out->stable || (!out->shortlisted && out->aim != MATCH_AIM_OPTIMAL)) {
		make_graph(s->scorer->in, &s->pairs, arena, &out->graph);
		out->rounds = 1;
		return 0;
	}
	return out->shortlisted ? solve_rounds(s, arena, problem) : solve_pairs(s, arena, problem);
}

/* The pairs are there; what counts is another aim. */
static int solve_aim(struct solved *out, struct arena *arena, const struct match_watch *watch, struct problem *problem)
{
	struct match_answer answer;
	size_t mentees = (size_t)out->graph.mentees, mentors = (size_t)out->graph.mentors;
	int r = match_solve_graph(&out->graph, out->aim, NULL, watch, &answer, problem);

	if (r == 0) {
		size_t levels = (size_t)(out->levels = answer.levels);

		out->solution.mentee_price = arena_new(arena, (levels * mentees + 1) * sizeof *out->solution.mentee_price);
		out->solution.mentor_price = arena_new(arena, (levels * mentors + 1) * sizeof *out->solution.mentor_price);
		for (size_t i = 0; i < mentees; i++)
			out->solution.mentor_of[i] = answer.mentor_of[i];
		for (size_t i = 0; i < levels * mentees; i++)
			out->solution.mentee_price[i] = answer.mentee_price[i];
		for (size_t i = 0; i < levels * mentors; i++)
			out->solution.mentor_price[i] = answer.mentor_price[i];
	}
	match_answer_free(&answer);
	return r;
}

int match_solve(struct scorer *scorer, const struct match_watch *watch, struct arena *arena, struct solved *out, struct problem *problem)
{
	const struct prepared *in = scorer->in;
	int64_t most = in->input->all_pairs ? in->input->all_pairs : all_pairs;
	size_t mentees = (size_t)in->mentee_count + 1, mentors = (size_t)in->mentor_count + 1;
	struct solving solving = { .scorer = scorer, .watch = watch, .out = out };
	int r;

	*out = (struct solved){ .levels = 1,
		.stable = in->input->algorithm == MATCH_STABLE || in->input->algorithm == MATCH_STABLE_FOR_MENTORS,
		.offers = in->input->algorithm == MATCH_STABLE ? MATCH_STABLE_TIES : MATCH_STABLE_MENTORS,
		.aim = in->input->algorithm == MATCH_FAIR ? MATCH_AIM_FAIR
			: in->kept                        ? MATCH_AIM_CHANGE_LITTLE
							  : MATCH_AIM_OPTIMAL,
		.shortlisted = (int64_t)in->mentee_count * in->mentor_count > most };
	out->solution.mentor_of = arena_new(arena, mentees * sizeof *out->solution.mentor_of);
	out->solution.mentee_price = arena_new(arena, mentees * sizeof *out->solution.mentee_price);
	out->solution.mentor_price = arena_new(arena, mentors * sizeof *out->solution.mentor_price);
	r = solve_all(&solving, arena, problem);
	free(solving.pairs.list);
	if (r == 0 && out->aim != MATCH_AIM_OPTIMAL)
		r = solve_aim(out, arena, watch, problem);
	if (r == 0 && out->stable)
		r = match_solve_stable(scorer, arena, out, watch, problem);
	if (r == E_CANCELLED)
		problem_set(problem, r, NULL, "The run was cancelled.");
	return r;
}
