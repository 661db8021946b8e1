/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The solver with all its aims, on plain graphs: one level after the other.
 *
 * The first level is solved on all pairs. What its prices leave open decides
 * the next: only pairs where the two prices just reach the worth can be in a
 * best matching, who has a price above 0 must be placed, a mentor whose price
 * is above 0 must be full, one whose price is below 0 must not get more than
 * its least. Every matching that keeps to that is a best one, so each level
 * chooses among the best ones of all levels before.
 */
#include <stdlib.h>
#include <string.h>

#include "match/transport.h"

/* What a mentee must be placed for: more than any mentor's least, so that a locked pair never gives way to one. */
#define MUST_PLACE (2 * MATCH_MUST)

/*
 * What a pair counts at a level is multiplied by this for the solver, so that it can bid with steps that are parts of one. Prices are
 * made whole again, a mentee's up and a mentor's down: whatever two prices reached or just reached, they do so still.
 */
#define PARTS 64

/* --- what comes in ----------------------------------------------------------------------------------- */

static int wrong_graph(struct problem *problem, const char *field, long long at, const char *what)
{
	return problem_set(problem, E_INVALID, field, "%s (at position %lld).", what, at);
}

static bool has_edge(const struct match_graph *graph, int32_t mentee, int32_t mentor)
{
	int64_t e = graph->start[mentee];

	while (e < graph->start[mentee + 1] && graph->edges[e].mentor != mentor)
		e++;
	return e < graph->start[mentee + 1];
}

static int check_locks(const struct match_graph *graph, struct problem *problem)
{
	int32_t *locks = calloc((size_t)graph->mentors + 1, sizeof *locks);
	int r = 0;

	if (!locks)
		abort();
	for (int32_t i = 0; r == 0 && graph->locked && i < graph->mentees; i++) {
		int32_t mentor = graph->locked[i];

		if (mentor == -1)
			continue;
		if (mentor < 0 || mentor >= graph->mentors || !has_edge(graph, i, mentor))
			r = wrong_graph(problem, "locks", i, "The locked pair of this mentee is none of its pairs");
		else if (++locks[mentor] > graph->places[mentor])
			r = wrong_graph(problem, "locks", mentor, "This mentor has more locked pairs than places");
	}
	free(locks);
	return r;
}

static int check_mentor(const struct match_graph *graph, int32_t mentor, struct problem *problem)
{
	if (graph->places[mentor] < 0 || graph->places[mentor] > MATCH_PLACES_MAX)
		return wrong_graph(problem, "places", mentor, "The places of this mentor are not between 0 and 10000");
	if (graph->least && (graph->least[mentor] < 0 || graph->least[mentor] > graph->places[mentor]))
		return wrong_graph(problem, "least", mentor, "The least of this mentor is not between 0 and its places");
	return 0;
}

static int check_edges(const struct match_graph *graph, int32_t mentee, int32_t *seen, struct problem *problem)
{
	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		const struct match_edge *edge = &graph->edges[e], *before = edge - 1;

		if (edge->mentor < 0 || edge->mentor >= graph->mentors)
			return wrong_graph(problem, "pairs", mentee, "A pair of this mentee names no mentor");
		if (seen[edge->mentor] == mentee + 1)
			return wrong_graph(problem, "pairs", mentee, "A mentor stands in the pairs of this mentee twice");
		seen[edge->mentor] = mentee + 1;
		if (edge->score < 0 || edge->score > MATCH_SCORE_MAX)
			return wrong_graph(problem, "pairs", mentee, "A score of this mentee is not between 0 and 1000000");
		if (e > graph->start[mentee] &&
			(before->score < edge->score || (before->score == edge->score && before->mentor >= edge->mentor)))
			return wrong_graph(
				problem, "pairs", mentee, "The pairs of this mentee do not stand by falling score and rising mentor");
	}
	return 0;
}

static int check_mentees(const struct match_graph *graph, struct problem *problem)
{
	int32_t *seen = calloc((size_t)graph->mentors + 1, sizeof *seen);
	int r = 0;

	if (!seen)
		abort();
	for (int32_t i = 0; r == 0 && i < graph->mentees; i++) {
		if (graph->start[i + 1] < graph->start[i])
			r = wrong_graph(problem, "pairs", i, "The pairs of this mentee end before they start");
		else if (graph->kept && (graph->kept[i] < -1 || graph->kept[i] >= graph->mentors))
			r = wrong_graph(problem, "kept", i, "The mentor that this mentee had is none of the mentors");
		else
			r = check_edges(graph, i, seen, problem);
	}
	free(seen);
	return r;
}

int match_graph_check(const struct match_graph *graph, struct problem *problem)
{
	int r = 0;

	if (graph->mentees < 0 || graph->mentees > MATCH_PEOPLE_MAX || graph->mentors < 0 || graph->mentors > MATCH_PEOPLE_MAX)
		return problem_set(problem, E_INVALID, NULL, "A side has at most %d people.", MATCH_PEOPLE_MAX);
	for (int32_t j = 0; r == 0 && j < graph->mentors; j++)
		r = check_mentor(graph, j, problem);
	if (r == 0 && graph->start[0] != 0)
		r = wrong_graph(problem, "pairs", 0, "The pairs of the first mentee do not start at 0");
	if (r == 0)
		r = check_mentees(graph, problem);
	return r == 0 ? check_locks(graph, problem) : r;
}

/* --- the levels -------------------------------------------------------------------------------------- */

static int32_t levels_of(enum match_aim aim)
{
	return aim == MATCH_AIM_FAIR ? MATCH_BANDS + 1 : aim == MATCH_AIM_CHANGE_LITTLE ? 2 : 1;
}

struct levels {
	const struct match_graph *graph;
	enum match_aim aim;
	int32_t level, count;
	int64_t *start;                 /* of each mentee, into: */
	const struct match_edge *alive; /* pairs that may still be, with their scores: the graph's, or */
	struct match_edge *own;
	struct match_edge *edges; /* the same with what they count at this level */
	bool *must;               /* mentees that must be placed */
	int32_t *least, *places;
	int64_t *base;
	int32_t *mentor_of;
	int64_t *mentee_price, *mentor_price; /* rows */
};

static bool counts_score(const struct levels *l)
{
	return l->level == l->count - 1;
}

static int32_t counts(const struct levels *l, int32_t mentee, const struct match_edge *edge)
{
	if (counts_score(l))
		return edge->score;
	if (l->aim == MATCH_AIM_FAIR)
		return -(match_band_of(edge->score) == l->level);
	return l->graph->kept && l->graph->kept[mentee] == edge->mentor;
}

static int64_t unit_of(const struct levels *l, int32_t mentee)
{
	if (l->level > 0)
		return 0;
	return l->graph->marked && l->graph->marked[mentee] ? 2 * MATCH_UNIT : MATCH_UNIT;
}

static int64_t parts_of(const struct levels *l)
{
	return l->level == 0 || counts_score(l) ? 1 : PARTS;
}

static int64_t whole_up(int64_t price, int64_t parts)
{
	return price > 0 ? (price + parts - 1) / parts : -(-price / parts);
}

static int64_t whole_down(int64_t price, int64_t parts)
{
	return -whole_up(-price, parts);
}

/* A level counts one amount or nothing (the score stands in order already): what counts more stands first. */
static void count_pairs(struct levels *l)
{
	int32_t most = l->aim == MATCH_AIM_FAIR ? 0 : 1, parts = (int32_t)parts_of(l);

	for (int32_t i = 0; i < l->graph->mentees; i++) {
		int64_t first = l->start[i], end = l->start[i + 1], last = end;

		for (int64_t e = l->start[i]; e < end; e++) {
			int32_t amount = counts(l, i, &l->alive[e]);

			l->edges[amount == most ? first++ : --last] = (struct match_edge){ l->alive[e].mentor, amount * parts };
		}
	}
}

/* Nobody is in the band of this level: no price is needed to prove that nobody must be. */
static bool all_at_best(const struct levels *l)
{
	if (l->level == 0 || l->aim != MATCH_AIM_FAIR || counts_score(l))
		return false;
	for (int32_t i = 0; i < l->graph->mentees; i++)
		for (int64_t e = l->start[i]; l->mentor_of[i] >= 0 && e < l->start[i + 1]; e++)
			if (l->alive[e].mentor == l->mentor_of[i]) {
				if (counts(l, i, &l->alive[e]) < 0)
					return false;
				break;
			}
	return true;
}

static void keep(struct levels *l, int64_t at, const struct match_edge *edge)
{
	if (l->own)
		l->own[at] = *edge;
}

static void levels_make(struct levels *l, const struct match_graph *graph, enum match_aim aim, struct arena *arena, struct arena *result)
{
	size_t mentees = (size_t)graph->mentees + 1, mentors = (size_t)graph->mentors + 1, edges = (size_t)graph->start[graph->mentees] + 1;
	int64_t at = 0;

	*l = (struct levels){ .graph = graph, .aim = aim, .count = levels_of(aim) };
	l->start = arena_new(arena, (mentees + 1) * sizeof *l->start);
	l->own = l->count > 1 || graph->locked ? arena_new(arena, edges * sizeof *l->own) : NULL;
	l->alive = l->own ? l->own : graph->edges;
	l->edges = l->count > 1 ? arena_new(arena, edges * sizeof *l->edges) : NULL;
	l->must = arena_new(arena, mentees);
	l->least = arena_new(arena, mentors * sizeof *l->least);
	l->places = arena_new(arena, mentors * sizeof *l->places);
	l->base = arena_new(arena, mentees * sizeof *l->base);
	l->mentor_of = arena_new(result, mentees * sizeof *l->mentor_of);
	l->mentee_price = arena_new(result, (size_t)l->count * mentees * sizeof *l->mentee_price);
	l->mentor_price = arena_new(result, (size_t)l->count * mentors * sizeof *l->mentor_price);
	for (int32_t i = 0; i < graph->mentees; i++) {
		l->must[i] = graph->locked && graph->locked[i] >= 0;
		l->start[i] = at;
		for (int64_t e = graph->start[i]; e < graph->start[i + 1]; e++)
			if (!l->must[i] || graph->edges[e].mentor == graph->locked[i])
				keep(l, at++, &graph->edges[e]);
	}
	l->start[graph->mentees] = at;
	for (int32_t j = 0; j < graph->mentors; j++) {
		l->places[j] = graph->places[j];
		l->least[j] = graph->least ? graph->least[j] : 0;
	}
}

/* Only what this level's prices leave open stays for the next. */
static void narrow(struct levels *l, int64_t *mentee_price, const int64_t *mentor_price)
{
	int64_t at = 0, from = 0;

	for (int32_t i = 0; i < l->graph->mentees; i++) {
		int64_t end = l->start[i + 1];

		l->start[i] = at;
		for (int64_t e = from; e < end; e++)
			if (mentee_price[i] + mentor_price[l->alive[e].mentor] == unit_of(l, i) + counts(l, i, &l->alive[e]))
				keep(l, at++, &l->alive[e]);
		l->must[i] = l->must[i] || mentee_price[i] > 0;
		from = end;
	}
	l->start[l->graph->mentees] = at;
	for (int32_t j = 0; j < l->graph->mentors; j++) {
		if (mentor_price[j] > 0)
			l->least[j] = l->places[j];
		else if (mentor_price[j] < 0)
			l->places[j] = l->least[j];
	}
}

/* --- a least that cannot be --------------------------------------------------------------------------- */

/*
 * From a mentor with too few: all who could come to it are with mentors that have just their least, and so on. Together they
 * must have more than can come to any of them.
 */
static void find_stuck(const struct levels *l, const struct match_graph *graph, int32_t first, struct match_answer *answer)
{
	int32_t *stuck = arena_new(answer->arena, ((size_t)graph->mentors + 1) * sizeof *stuck);
	struct arena scratch = { 0 };
	bool *in = arena_new(&scratch, (size_t)graph->mentors + 1), *comes = arena_new(&scratch, (size_t)graph->mentees + 1), more = true;

	in[first] = true;
	while (more) {
		more = false;
		for (int32_t i = 0; i < graph->mentees; i++) {
			for (int64_t e = l->start[i]; e < l->start[i + 1] && !comes[i]; e++)
				comes[i] = in[l->alive[e].mentor];
			if (comes[i] && l->mentor_of[i] >= 0 && !in[l->mentor_of[i]])
				more = in[l->mentor_of[i]] = true;
		}
	}
	for (int32_t i = 0; i < graph->mentees; i++)
		answer->stuck_mentees += comes[i];
	for (int32_t j = 0; j < graph->mentors; j++)
		if (in[j]) {
			stuck[answer->stuck_count++] = j;
			answer->stuck_least += graph->least[j];
		}
	answer->stuck = stuck;
	arena_free(&scratch);
}

static int check_least(const struct levels *l, const struct match_graph *graph, struct match_answer *answer, struct problem *problem)
{
	int32_t *taken, first = -1;

	if (!graph->least)
		return 0;
	taken = calloc((size_t)graph->mentors + 1, sizeof *taken);
	if (!taken)
		abort();
	for (int32_t i = 0; i < graph->mentees; i++)
		if (l->mentor_of[i] >= 0)
			taken[l->mentor_of[i]]++;
	for (int32_t j = graph->mentors - 1; j >= 0; j--)
		if (taken[j] < graph->least[j])
			first = j;
	free(taken);
	if (first < 0)
		return 0;
	find_stuck(l, graph, first, answer);
	return problem_set(problem, E_INVALID, "least",
		"%d mentors, the first at position %d, must have %lld mentees at least, and only %lld could come to any of them.",
		answer->stuck_count, answer->stuck[0], (long long)answer->stuck_least, (long long)answer->stuck_mentees);
}

/* Later levels start from the pairs of the one before and prices of 0: what counts little moves few of them. */
static int solve_level(struct levels *l, bool warm, struct match_answer *answer, const struct match_watch *watch, struct problem *problem)
{
	int64_t *mentee_price = l->mentee_price + (int64_t)l->level * l->graph->mentees;
	int64_t *mentor_price = l->mentor_price + (int64_t)l->level * l->graph->mentors;
	struct match_stage stage = { .mentees = l->graph->mentees,
		.mentors = l->graph->mentors,
		.start = l->start,
		.edges = counts_score(l) ? l->alive : l->edges,
		.base = l->base,
		.places = l->places,
		.least = l->least,
		.filled = l->level > 0 };
	int r;

	if (all_at_best(l)) {
		narrow(l, mentee_price, mentor_price);
		return 0;
	}
	if (!counts_score(l))
		count_pairs(l);
	for (int32_t i = 0; i < l->graph->mentees; i++)
		l->base[i] = unit_of(l, i) + (l->must[i] ? MUST_PLACE : 0);
	r = match_stage_solve(&stage, warm || l->level > 0, l->mentor_of, mentee_price, mentor_price, watch);
	if (r < 0)
		return problem_set(problem, r, NULL, "The run was cancelled.");
	for (int32_t i = 0; i < l->graph->mentees; i++)
		mentee_price[i] = whole_up(mentee_price[i] - (l->must[i] ? MUST_PLACE : 0), parts_of(l));
	for (int32_t j = 0; j < l->graph->mentors; j++)
		mentor_price[j] = whole_down(mentor_price[j], parts_of(l));
	if (l->level == 0)
		r = check_least(l, l->graph, answer, problem);
	if (r == 0 && l->level + 1 < l->count)
		narrow(l, mentee_price, mentor_price);
	return r;
}

/* --- the whole --------------------------------------------------------------------------------------- */

static void take_warm(struct levels *l, const struct match_answer *warm)
{
	memcpy(l->mentor_of, warm->mentor_of, (size_t)l->graph->mentees * sizeof *l->mentor_of);
	memcpy(l->mentor_price, warm->mentor_price, (size_t)l->graph->mentors * sizeof *l->mentor_price);
}

static int solve_levels(struct levels *l, bool warm, struct match_answer *answer, const struct match_watch *watch, struct problem *problem)
{
	int r = 0;

	for (l->level = 0; r == 0 && l->level < l->count; l->level++)
		r = solve_level(l, warm, answer, watch, problem);
	return r;
}

static void sum_up(const struct match_graph *graph, const int32_t *mentor_of, struct match_answer *answer)
{
	for (int32_t i = 0; i < graph->mentees; i++)
		for (int64_t e = graph->start[i]; e < graph->start[i + 1]; e++)
			if (graph->edges[e].mentor == mentor_of[i]) {
				answer->placed++;
				answer->total += graph->edges[e].score;
				answer->kept += graph->kept && graph->kept[i] == mentor_of[i];
				answer->bands[match_band_of(graph->edges[e].score)]++;
			}
}

int match_solve_graph(const struct match_graph *graph, enum match_aim aim, const struct match_answer *warm, const struct match_watch *watch,
	struct match_answer *answer, struct problem *problem)
{
	struct arena arena = { 0 };
	struct levels levels;
	int r;

	*answer = (struct match_answer){ .levels = levels_of(aim), .arena = calloc(1, sizeof *answer->arena) };
	if (!answer->arena)
		abort();
	levels_make(&levels, graph, aim, &arena, answer->arena);
	if (warm)
		take_warm(&levels, warm);
	r = solve_levels(&levels, warm, answer, watch, problem);
	arena_free(&arena);
	if (r < 0)
		return r;
	sum_up(graph, levels.mentor_of, answer);
	answer->mentor_of = levels.mentor_of;
	answer->mentee_price = levels.mentee_price;
	answer->mentor_price = levels.mentor_price;
	if (match_answer_check(graph, aim, answer, problem) < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL,
			"The matching did not pass its own check, so nothing is proposed; please report this.");
	return 0;
}

void match_answer_free(struct match_answer *answer)
{
	if (answer->arena)
		arena_free(answer->arena);
	free(answer->arena);
	*answer = (struct match_answer){ 0 };
}
