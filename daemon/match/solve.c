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
#include <string.h>

#include "match/internal.h"

enum {
	BEST = 50,
	RANDOM = 50,
	ADDED = 20
};
static const int64_t all_pairs = 4194304;

/* A pair as one number: by mentee, then falling score, then mentor. 18 + 20 + 18 bits. */
typedef uint64_t packed;
_Static_assert(MATCH_SCORE_MAX < 1 << 20 && MATCH_PEOPLE_MAX <= 1 << 18, "a pair must fit its bits");

struct pairs {
	packed *list;
	size_t count, room;
};

static packed pack(int32_t mentee, int32_t mentor, int32_t score)
{
	return (uint64_t)mentee << 38 | (uint64_t)(MATCH_SCORE_MAX - score) << 18 | (uint64_t)mentor;
}

static int32_t mentee_in(packed pair)
{
	return (int32_t)(pair >> 38);
}

static int32_t mentor_in(packed pair)
{
	return (int32_t)(pair & 0x3ffff);
}

static int32_t score_in(packed pair)
{
	return MATCH_SCORE_MAX - (int32_t)(pair >> 18 & 0xfffff);
}

static void add_pair(struct pairs *pairs, packed pair)
{
	if (pairs->count == pairs->room) {
		pairs->room = pairs->room ? 2 * pairs->room : 1024;
		pairs->list = realloc(pairs->list, pairs->room * sizeof *pairs->list);
		if (!pairs->list)
			abort();
	}
	pairs->list[pairs->count++] = pair;
}

static int by_number(const void *a, const void *b)
{
	packed one = *(const packed *)a, other = *(const packed *)b;

	return (one > other) - (one < other);
}

static void sort_pairs(struct pairs *pairs)
{
	size_t kept = 0;

	if (pairs->count > 0)
		qsort(pairs->list, pairs->count, sizeof *pairs->list, by_number);
	for (size_t i = 0; i < pairs->count; i++)
		if (kept == 0 || pairs->list[kept - 1] != pairs->list[i])
			pairs->list[kept++] = pairs->list[i];
	pairs->count = kept;
}

/* --- looking at all pairs ---------------------------------------------------------------------------- */

struct look {
	struct scorer *scorer;
	const struct match_watch *watch;
	struct solved *out;
	struct pairs *pairs;
	int32_t *scores;    /* of one mentee */
	struct pairs *best; /* of each mentor, a heap with the worst on top; NULL when all are kept */
};

typedef void look_at(struct look *, int32_t mentee, int32_t allowed);

static bool takes_part(const struct prepared *in, int32_t mentee)
{
	return in->locked[mentee] < 0 && in->mentees[mentee].from->places > 0;
}

static int look_all(struct look *look, look_at *at, const char *phase)
{
	const struct prepared *in = look->scorer->in;

	look->out->eligible = look->out->cells = 0;
	for (int32_t mentee = 0; mentee < in->mentee_count; mentee++) {
		int32_t allowed;

		if (mentee % 16 == 0) {
			if (stop_asked(look->watch))
				return E_CANCELLED;
			tell(look->watch, (double)mentee / in->mentee_count, phase);
		}
		if (!takes_part(in, mentee))
			continue;
		allowed = match_score_all(look->scorer, mentee, look->scores);
		look->out->cells += in->mentor_count;
		look->out->eligible += allowed;
		at(look, mentee, allowed);
	}
	return 0;
}

static void keep_all(struct look *look, int32_t mentee, int32_t allowed)
{
	(void)allowed;
	for (int32_t mentor = 0; mentor < look->scorer->in->mentor_count; mentor++)
		if (look->scores[mentor] >= 0)
			add_pair(look->pairs, pack(mentee, mentor, look->scores[mentor]));
}

/* --- the shortlist ----------------------------------------------------------------------------------- */

/* For a mentor a pair is worse the lower its score, then the later its mentee. */
static bool worse(packed a, packed b)
{
	return score_in(a) < score_in(b) || (score_in(a) == score_in(b) && a > b);
}

static void keep_best(struct pairs *heap, packed pair)
{
	size_t at;

	if (heap->count < BEST) {
		add_pair(heap, pair);
		for (at = heap->count - 1; at > 0 && worse(pair, heap->list[(at - 1) / 2]); at = (at - 1) / 2)
			heap->list[at] = heap->list[(at - 1) / 2];
		heap->list[at] = pair;
		return;
	}
	if (!worse(heap->list[0], pair))
		return;
	at = 0;
	for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
		if (child + 1 < heap->count && worse(heap->list[child + 1], heap->list[child]))
			child++;
		if (!worse(heap->list[child], pair))
			break;
		heap->list[at] = heap->list[child];
		at = child;
	}
	heap->list[at] = pair;
}

/* splitmix64: numbers from the seed and the record id alone. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void keep_shortlist(struct look *look, int32_t mentee, int32_t allowed)
{
	const struct prepared *in = look->scorer->in;
	uint64_t state = in->input->seed ^ ((uint64_t)in->mentees[mentee].from->id * 0x9e3779b97f4a7c15u);
	struct pairs own = { 0 };

	for (int32_t mentor = 0; mentor < in->mentor_count; mentor++)
		if (look->scores[mentor] >= 0 && in->left[mentor] > 0) {
			keep_best(&look->best[mentor], pack(mentee, mentor, look->scores[mentor]));
			keep_best(&own, pack(mentee, mentor, look->scores[mentor]));
		}
	for (size_t i = 0; i < own.count; i++)
		add_pair(look->pairs, own.list[i]);
	for (int i = 0; i < RANDOM && allowed > 0; i++) {
		int32_t mentor = (int32_t)(next_random(&state) % (uint64_t)in->mentor_count);

		if (look->scores[mentor] >= 0)
			add_pair(look->pairs, pack(mentee, mentor, look->scores[mentor]));
	}
	free(own.list);
}

static int make_shortlist(struct look *look)
{
	int32_t mentors = look->scorer->in->mentor_count;
	int r;

	look->best = calloc((size_t)mentors + 1, sizeof *look->best);
	if (!look->best)
		abort();
	r = look_all(look, keep_shortlist, "scoring");
	for (int32_t mentor = 0; mentor < mentors; mentor++) {
		for (size_t i = 0; r == 0 && i < look->best[mentor].count; i++)
			add_pair(look->pairs, look->best[mentor].list[i]);
		free(look->best[mentor].list);
	}
	free(look->best);
	return r;
}

/* --- solving and pricing ------------------------------------------------------------------------------ */

/* Pairs that the prices show to be worth adding, the most promising of each mentee. */
static void keep_priced(struct look *look, int32_t mentee, int32_t allowed)
{
	const struct prepared *in = look->scorer->in;
	const struct match_solution *solution = &look->out->solution;
	int64_t unit = in->mentees[mentee].from->marked ? 2 * MATCH_UNIT : MATCH_UNIT;
	struct {
		int64_t gain;
		int32_t mentor;
	} kept[ADDED], item;
	int count = 0, at;

	(void)allowed;
	for (int32_t mentor = 0; mentor < in->mentor_count; mentor++) {
		item.mentor = mentor;
		item.gain = unit + look->scores[mentor] - solution->mentee_price[mentee] - solution->mentor_price[mentor];
		if (look->scores[mentor] < 0 || in->left[mentor] == 0 || item.gain <= 0)
			continue;
		for (at = count; at > 0 && kept[at - 1].gain < item.gain; at--)
			if (at < ADDED)
				kept[at] = kept[at - 1];
		if (at == ADDED)
			continue;
		kept[at] = item;
		count += count < ADDED;
	}
	for (int i = 0; i < count; i++)
		add_pair(look->pairs, pack(mentee, kept[i].mentor, look->scores[kept[i].mentor]));
}

static void make_graph(const struct prepared *in, struct pairs *pairs, struct arena *arena, struct match_graph *graph)
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
		.marked = marked };
}

static int solve_pairs(struct look *look, struct arena *arena, struct problem *problem)
{
	struct solved *out = look->out;
	int r;

	sort_pairs(look->pairs);
	make_graph(look->scorer->in, look->pairs, arena, &out->graph);
	r = out->rounds++ ? match_optimal_again(&out->graph, &out->solution, look->watch)
			  : match_optimal(&out->graph, &out->solution, look->watch);
	if (r < 0)
		return r;
	if (match_check(&out->graph, &out->solution, problem) < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL,
			"The matching did not pass its own check, so nothing is proposed; please report this.");
	return 0;
}

static int solve_rounds(struct look *look, struct arena *arena, struct problem *problem)
{
	struct arena round = { 0 };
	size_t before = 0;
	int r = look->out->shortlisted ? make_shortlist(look) : look_all(look, keep_all, "scoring");

	if (r == 0 && (look->out->stable || (!look->out->shortlisted && look->out->aim != MATCH_AIM_OPTIMAL))) {
		sort_pairs(look->pairs);
		make_graph(look->scorer->in, look->pairs, arena, &look->out->graph);
		look->out->rounds = 1;
		return 0;
	}
	if (r == 0 && !look->out->shortlisted)
		return solve_pairs(look, arena, problem);
	while (r == 0) {
		r = solve_pairs(look, &round, problem);
		before = look->pairs->count;
		if (r == 0)
			r = look_all(look, keep_priced, "proving");
		if (r == 0 && look->pairs->count == before) {
			make_graph(look->scorer->in, look->pairs, arena, &look->out->graph);
			break;
		}
		arena_free(&round);
	}
	arena_free(&round);
	return r;
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
	struct pairs pairs = { 0 };
	struct look look = { .scorer = scorer, .watch = watch, .out = out, .pairs = &pairs };
	int r;

	*out = (struct solved){ .levels = 1,
		.stable = in->input->algorithm == MATCH_STABLE,
		.aim = in->input->algorithm == MATCH_FAIR ? MATCH_AIM_FAIR : MATCH_AIM_OPTIMAL,
		.shortlisted = (int64_t)in->mentee_count * in->mentor_count > most };
	out->solution.mentor_of = arena_new(arena, mentees * sizeof *out->solution.mentor_of);
	out->solution.mentee_price = arena_new(arena, mentees * sizeof *out->solution.mentee_price);
	out->solution.mentor_price = arena_new(arena, mentors * sizeof *out->solution.mentor_price);
	look.scores = arena_new(arena, mentors * sizeof *look.scores);
	r = solve_rounds(&look, arena, problem);
	free(pairs.list);
	if (r == 0 && out->aim != MATCH_AIM_OPTIMAL)
		r = solve_aim(out, arena, watch, problem);
	if (r == 0 && out->stable)
		r = match_solve_stable(scorer, arena, out, watch, problem);
	if (r == E_CANCELLED)
		problem_set(problem, r, NULL, "The run was cancelled.");
	return r;
}
