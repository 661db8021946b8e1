/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exact optimum for mentees of one place and mentors of several.
 *
 * A pair is worth w = MATCH_UNIT + score, so the largest sum places the most
 * mentees first. Most graphs are done by a few bids of everybody and a path
 * for each who is left. Where many want the same, such paths grow with the
 * size of the whole; then bids with a step find prices that are nearly
 * right, the step falls to next to nothing, and paths do the rest.
 */
#include <string.h>

#include "match/transport.h"

enum {
	BIDS = 6,  /* of everybody, before paths */
	PATHS = 1, /* so many looks at each pair before bidding with steps */
	FALL = 3,  /* bits that a step loses each time, down to: */
	STEP = 4
};

/* --- pairs ------------------------------------------------------------------------------------------- */

void match_put(struct transport *t, int32_t mentee, int32_t mentor, int64_t worth)
{
	int32_t at = t->taken[mentor]++;

	t->members[t->member_start[mentor] + at].mentee = mentee;
	t->mate[mentee] = mentor;
	t->slot[mentee] = at;
	t->worth[mentee] = worth;
}

void match_take(struct transport *t, int32_t mentee)
{
	int32_t mentor = t->mate[mentee], last;

	if (mentor < 0)
		return;
	last = t->members[t->member_start[mentor] + --t->taken[mentor]].mentee;
	t->members[t->member_start[mentor] + t->slot[mentee]].mentee = last;
	t->slot[last] = t->slot[mentee];
	t->mate[mentee] = -1;
}

void match_find_floor(struct transport *t)
{
	t->floor = INT64_MAX / 4;
	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++)
		if (t->price[mentor] < t->floor)
			t->floor = t->price[mentor];
}

void match_need_back(struct transport *t)
{
	const struct match_stage *stage = t->stage;
	int64_t edges = stage->start[stage->mentees], *fill;
	struct arena scratch = { 0 };

	if (t->back)
		return;
	t->back_start = arena_new(&t->back_arena, ((size_t)stage->mentors + 2) * sizeof *t->back_start);
	t->back = arena_room(&t->back_arena, ((size_t)edges + 1) * sizeof *t->back);
	fill = arena_new(&scratch, ((size_t)stage->mentors + 1) * sizeof *fill);
	for (int64_t e = 0; e < edges; e++)
		t->back_start[stage->edges[e].mentor + 1]++;
	for (int32_t j = 0; j < stage->mentors; j++)
		t->back_start[j + 1] += t->back_start[j];
	memcpy(fill, t->back_start, (size_t)stage->mentors * sizeof *fill);
	for (int32_t i = 0; i < stage->mentees; i++)
		for (int64_t e = stage->start[i]; e < stage->start[i + 1]; e++)
			t->back[fill[stage->edges[e].mentor]++] = (struct comer){ i, stage->edges[e].score };
	arena_free(&scratch);
}

void match_forget_back(struct transport *t)
{
	arena_free(&t->back_arena);
	t->back_start = NULL;
	t->back = NULL;
}

/* --- the whole ------------------------------------------------------------------------------------- */

/* More than anybody would pay: mentors without places have this price. */
static int64_t highest_worth(const struct match_stage *stage)
{
	int64_t highest = 0;

	for (int32_t mentee = 0; mentee < stage->mentees; mentee++)
		if (stage->base[mentee] > highest)
			highest = stage->base[mentee];
	return highest + MATCH_SCORE_MAX;
}

void match_lay_out(struct transport *t)
{
	const struct match_stage *stage = t->stage;
	size_t mentors = (size_t)stage->mentors + 1;
	int64_t *start = arena_new(t->arena, mentors * sizeof *start), members = 0;
	struct member *list;

	for (int32_t mentor = 0; mentor < stage->mentors; mentor++) {
		int32_t places = t->roomy ? 2 * stage->places[mentor] + 8 : stage->places[mentor];

		start[mentor] = members;
		members += (places < stage->mentees ? places : stage->mentees) + 1;
	}
	start[stage->mentors] = members;
	list = arena_new(t->arena, (size_t)(members + 1) * sizeof *list);
	for (int32_t mentor = 0; mentor < stage->mentors; mentor++)
		if (t->taken[mentor] > 0)
			memcpy(list + start[mentor], t->members + t->member_start[mentor], (size_t)t->taken[mentor] * sizeof *list);
	t->member_start = start;
	t->members = list;
}

void match_transport_make(struct transport *t)
{
	size_t mentees = (size_t)t->stage->mentees + 1;

	t->slot = arena_new(t->arena, mentees * sizeof *t->slot);
	t->worth = arena_new(t->arena, mentees * sizeof *t->worth);
	t->taken = arena_new(t->arena, ((size_t)t->stage->mentors + 1) * sizeof *t->taken);
	match_lay_out(t);
}

void match_transport_free(struct transport *t)
{
	arena_free(&t->back_arena);
	arena_free(t->arena);
}

static void forget_pairs(struct transport *t)
{
	for (int32_t mentee = 0; mentee < t->stage->mentees; mentee++)
		t->mate[mentee] = -1;
	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++)
		t->taken[mentor] = 0;
}

static int64_t lowest_price(const struct transport *t, int32_t mentor)
{
	return least_of(t->stage, mentor) > 0 ? -MATCH_MUST : 0;
}

static void begin_cold(struct transport *t)
{
	int64_t highest = highest_worth(t->stage);

	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++)
		t->price[mentor] = t->stage->places[mentor] == 0 ? highest : lowest_price(t, mentor);
	forget_pairs(t);
}

/* Prices and pairs of another run: what does not fit this one is left out. */
static void begin_warm(struct transport *t)
{
	const struct match_stage *stage = t->stage;
	int64_t highest = highest_worth(stage);

	for (int32_t mentor = 0; mentor < stage->mentors; mentor++) {
		int64_t lowest = lowest_price(t, mentor);

		if (stage->places[mentor] == 0 || t->price[mentor] > highest)
			t->price[mentor] = highest;
		else if (t->price[mentor] < lowest)
			t->price[mentor] = lowest;
	}
	for (int32_t mentee = 0; mentee < stage->mentees; mentee++) {
		int32_t mentor = t->mate[mentee];
		int64_t e = stage->start[mentee], end = stage->start[mentee + 1];

		t->mate[mentee] = -1;
		if (mentor < 0 || mentor >= stage->mentors || t->taken[mentor] >= room_of(t, mentor))
			continue;
		while (e < end && stage->edges[e].mentor != mentor)
			e++;
		if (e < end)
			match_put(t, mentee, mentor, worth_at(t, mentee, stage->edges[e].score));
	}
	match_settle(t);
}

/* The difference between the highest and the lowest score. */
static int64_t score_range(const struct match_stage *stage)
{
	int32_t highest = 0, lowest = 0;

	for (int32_t mentee = 0; mentee < stage->mentees; mentee++) {
		int64_t from = stage->start[mentee], to = stage->start[mentee + 1];

		if (from < to && stage->edges[from].score > highest)
			highest = stage->edges[from].score;
		if (from < to && stage->edges[to - 1].score < lowest)
			lowest = stage->edges[to - 1].score;
	}
	return (int64_t)highest - lowest;
}

/* As if all scores were nothing: who can be placed at all. Its prices, whole units, leave only scores to quarrel about. */
static int count_first(struct transport *t)
{
	int r;

	t->mask = 0;
	begin_cold(t);
	r = match_bid(t, 0, BIDS);
	if (r == 0)
		r = match_paths(t, INT64_MAX);
	t->mask = -1;
	return r;
}

/* A coarse step leaves prices from which a finer one goes on; with the last one few pairs are not yet at their best. */
int match_bid_by_steps(struct transport *t)
{
	int r = t->stage->filled ? 0 : count_first(t);

	for (int64_t step = score_range(t->stage) >> 2; r == 0 && step >= STEP; step >>= FALL) {
		forget_pairs(t);
		r = match_bid(t, step, INT32_MAX);
		if (r == 0)
			r = match_unbid(t, step);
	}
	if (r < 0)
		return r;
	match_settle(t);
	return match_paths(t, INT64_MAX);
}

int match_transport_solve(struct transport *t, bool warm)
{
	int64_t most = PATHS * t->stage->start[t->stage->mentees];
	bool steps = score_range(t->stage) >> 2 >= STEP;
	int r = 0;

	if (warm) {
		begin_warm(t);
	} else {
		begin_cold(t);
		r = match_bid(t, 0, BIDS);
	}
	if (r == 0 && t->stage->filled)
		r = match_flow(t);
	if (r == 0)
		r = match_paths(t, steps ? most : INT64_MAX);
	return r == 1 ? match_bid_by_steps(t) : r;
}

int match_stage_solve(const struct match_stage *stage, bool warm, int32_t *mentor_of, int64_t *mentee_price, int64_t *mentor_price,
	const struct match_watch *watch)
{
	struct arena arena = { 0 };
	struct transport t = { .stage = stage, .watch = watch, .arena = &arena, .mask = -1, .price = mentor_price, .mate = mentor_of };
	int r;

	match_transport_make(&t);
	r = match_transport_solve(&t, warm);
	for (int32_t mentee = 0; mentee < stage->mentees; mentee++)
		mentee_price[mentee] = gain_of(&t, mentee);
	match_transport_free(&t);
	return r;
}

int match_optimal(const struct match_graph *graph, struct match_solution *out, const struct match_watch *watch)
{
	struct match_live *live;
	int r = match_live_new(graph, watch, &live);

	if (r == 0)
		match_live_read(live, out);
	match_live_free(live);
	return r;
}

void match_unpack(int64_t value, int64_t *ret_count, int64_t *ret_total)
{
	*ret_count = value / MATCH_UNIT;
	*ret_total = value % MATCH_UNIT;
}
