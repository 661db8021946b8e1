/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run that makes groups, from the people to the rows: who sits with whom, when, and how well each mentee and the mentors suit.
 *
 * The groups are found, checked and bounded in circles.c; here they become participants again. Points of groups are thousandths of
 * scores, so totals are given back in thousands.
 */
#include <stdlib.h>

#include "match/circles_run.h"
#include "match/explain.h"

enum {
	THOUSAND = MATCH_SCORE_MAX / MATCH_CIRCLE_SCORE_MAX
};

static int32_t score_of_two(const struct gathered *g, int32_t one, int32_t other)
{
	const struct member *a = &g->members[one], *b = &g->members[other];

	return a->is_mentor ? match_pair_score(g->scorer, b->at, a->at) : match_pair_score(g->scorer, a->at, b->at);
}

/* Of a mentee also what speaks for the mentor of the group who suits it best. */
static void make_seat(
	const struct gathered *g, struct explain *x, const struct match_circle *circle, int32_t number, struct match_seat *out)
{
	int64_t sum = 0;
	int32_t count = 0, best = -1, best_score = -1;

	*out = (struct match_seat){ .participant = member_person(g, number)->from->id, .is_mentor = g->members[number].is_mentor };
	for (int32_t i = 0; i < circle->count; i++) {
		int32_t other = circle->people[i], score;

		if (g->members[other].is_mentor == out->is_mentor)
			continue;
		score = score_of_two(g, number, other);
		sum += score;
		count++;
		if (score > best_score) {
			best = other;
			best_score = score;
		}
	}
	out->score = (int32_t)(sum / count);
	if (out->is_mentor)
		return;
	out->mentor = member_person(g, best)->from->id;
	match_shares_of(x, g->members[number].at, g->members[best].at, &out->shares, &out->share_count);
}

static void make_group(const struct gathered *g, struct explain *x, const struct match_circle *circle, struct match_group *out)
{
	struct match_seat *seats = arena_new(x->arena, ((size_t)circle->count + 1) * sizeof *seats);
	int64_t sum = 0;
	int32_t mentees = 0;

	for (int32_t i = 0; i < circle->count; i++) {
		make_seat(g, x, circle, circle->people[i], &seats[i]);
		mentees += !seats[i].is_mentor;
		sum += seats[i].is_mentor ? 0 : seats[i].score;
	}
	*out = (struct match_group){ .from = g->minutes ? g->from[circle->slot] : 0,
		.minutes = g->minutes,
		.score = (int32_t)(sum / mentees),
		.total = circle->total * THOUSAND,
		.seats = seats,
		.seat_count = (size_t)circle->count };
}

static int by_score(const void *a, const void *b)
{
	return *(const int32_t *)a - *(const int32_t *)b;
}

static void add_figures(const struct gathered *g, const struct match_circles *circles, struct match_result *result)
{
	int32_t *scores = arena_new(g->arena, ((size_t)circles->placed + 1) * sizeof *scores), count = 0;

	for (size_t i = 0; i < result->group_count; i++)
		for (size_t k = 0; k < result->groups[i].seat_count; k++)
			if (!result->groups[i].seats[k].is_mentor)
				scores[count++] = result->groups[i].seats[k].score;
	qsort(scores, (size_t)count, sizeof *scores, by_score);
	result->lowest = scores[0];
	result->median = scores[count / 2];
	for (int32_t i = 0; i < g->circles.people; i++)
		result->places += g->members[i].is_mentor;
	result->placed = circles->placed;
	result->total = circles->total * THOUSAND;
	result->bound_placed = circles->bound_placed;
	result->bound_total = circles->bound_total * THOUSAND;
	result->tried_all = circles->tried_all;
	result->cells = (int64_t)g->scorer->in->mentee_count * g->scorer->in->mentor_count;
	result->eligible = g->eligible;
	result->rounds = 1;
}

static int write_result(
	const struct gathered *g, const struct match_circles *circles, const struct match_watch *watch, struct match_result *result)
{
	struct explain x = { .scorer = g->scorer, .watch = watch, .arena = result->arena, .scratch = g->arena };
	struct match_group *groups = arena_new(result->arena, ((size_t)circles->group_count + 1) * sizeof *groups);

	for (int32_t i = 0; i < circles->group_count; i++)
		make_group(g, &x, &circles->groups[i], &groups[i]);
	result->groups = groups;
	result->group_count = (size_t)circles->group_count;
	add_figures(g, circles, result);
	match_add_warnings(&x, result);
	return match_explain_left(g, circles, result, watch);
}

int match_run_circles(struct scorer *scorer, const struct match_watch *watch, struct match_result *result, struct problem *problem)
{
	struct arena arena = { 0 };
	struct match_circles circles;
	struct gathered g;
	int r = match_gather_circles(scorer, &arena, watch, &g, problem);

	if (r == 0)
		r = match_circles(&g.circles, watch, &circles, problem);
	if (r == 0) {
		r = write_result(&g, &circles, watch, result);
		match_circles_free(&circles);
		tell(watch, 1, "done");
	}
	arena_free(&arena);
	return r;
}
