/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many paths at once, for a level where most pairs count the same.
 *
 * There thousands of mentees look for another place, and each search of one
 * would look at much of the graph. Instead prices rise until somebody among
 * them has a way that costs nothing. Of such ways the shortest are taken, by
 * a look at each pair for all of them, until there is none, and prices rise
 * again: flows of E. A. Dinic (Soviet Math. Dokl. 11, 1970) within prices.
 * Ways to mentors with fewer than their least come first: such a mentor would
 * have to fetch somebody later.
 */
#include "match/transport.h"

enum {
	LOOKS = 64 /* at each pair; what is left then is for single paths */
};

/* A mentee on a way, the pair it looks at, and whether that pair's mentor is on the way, too. */
struct step {
	int32_t mentee;
	bool reached;
	int64_t gain, edge;
};

struct flow {
	struct transport *t;
	int32_t *waiting, count; /* where ways begin: mentees without a place that would gain from one, or */
	bool leaving;            /* who could leave, where somebody must come to others */
	int32_t *few;            /* mentors with fewer than their least whose price is not yet the lowest */
	int32_t *layer, last;    /* of mentors: how many moves away, 0: none of use; how long the shortest way is */
	int32_t *queue, reached; /* mentors by layer */
	int32_t *next;           /* of mentors: the member to be looked at next */
	struct step *way;
	int32_t length;
	bool needed; /* for now ways end only where somebody must come */
};

static void wait_for_places(struct flow *w)
{
	w->count = 0;
	for (int32_t mentee = 0; mentee < w->t->stage->mentees; mentee++)
		if (w->t->mate[mentee] < 0 && match_best_of(w->t, mentee).mentor >= 0)
			w->waiting[w->count++] = mentee;
}

static bool could_leave(const struct transport *t, int32_t mentee)
{
	int32_t mentor = t->mate[mentee];

	return mentor < 0 || (t->price[mentor] == 0 && t->taken[mentor] > least_of(t->stage, mentor));
}

/* How many mentors need somebody. */
static int32_t wait_to_leave(struct flow *w)
{
	const struct transport *t = w->t;
	int32_t few = 0;

	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++)
		if (t->taken[mentor] < least_of(t->stage, mentor) && wants_more(t, mentor))
			w->few[few++] = mentor;
	w->count = 0;
	for (int32_t mentee = 0; few > 0 && mentee < t->stage->mentees; mentee++)
		if (could_leave(t, mentee))
			w->waiting[w->count++] = mentee;
	return few;
}

/* What somebody who waits gains, wherever that is. */
static int64_t gain_of_waiting(const struct flow *w, int32_t mentee)
{
	return w->leaving ? gain_of(w->t, mentee) : match_best_of(w->t, mentee).gain;
}

/* Whether a way may end at a mentor. */
static bool takes_more(const struct flow *w, int32_t mentor)
{
	const struct transport *t = w->t;

	if (t->taken[mentor] < least_of(t->stage, mentor))
		return true;
	return !w->needed && t->taken[mentor] < t->stage->places[mentor] && t->price[mentor] == 0;
}

/* Whether it may end with a member that goes without. */
static bool goes(const struct flow *w, int32_t member)
{
	return !w->needed && gain_of(w->t, member) == 0;
}

/* From this pair of the mentee on, the first with a mentor of the layer at which it would gain as much; INT64_MAX: none. */
static int64_t find_pair(struct flow *w, int32_t mentee, int64_t gain, int64_t edge, int32_t layer)
{
	struct transport *t = w->t;

	for (; edge < t->stage->start[mentee + 1]; edge++) {
		int32_t mentor = t->stage->edges[edge].mentor;
		int64_t worth = worth_at(t, mentee, t->stage->edges[edge].score);

		t->steps++;
		if (worth - t->floor < gain)
			break;
		if (w->layer[mentor] == layer && worth - t->price[mentor] == gain)
			return edge;
	}
	return INT64_MAX;
}

/* --- how far everybody is ---------------------------------------------------------------------------- */

static void reach_from(struct flow *w, int32_t mentee, int64_t gain, int32_t layer)
{
	struct transport *t = w->t;
	int64_t edge = find_pair(w, mentee, gain, t->stage->start[mentee], 0);

	for (; edge < INT64_MAX; edge = find_pair(w, mentee, gain, edge + 1, 0)) {
		int32_t mentor = t->stage->edges[edge].mentor;

		w->layer[mentor] = layer;
		w->next[mentor] = 0;
		w->queue[w->reached++] = mentor;
		if (takes_more(w, mentor))
			w->last = layer;
	}
}

static void reach_members(struct flow *w, int32_t mentor)
{
	struct transport *t = w->t;

	for (int32_t at = 0; at < t->taken[mentor] && w->layer[mentor] < w->last; at++) {
		int32_t member = t->members[t->member_start[mentor] + at].mentee;

		if (goes(w, member))
			w->last = w->layer[mentor];
		else
			reach_from(w, member, gain_of(t, member), w->layer[mentor] + 1);
	}
}

/* Whether there is a way. */
static bool spread(struct flow *w)
{
	for (int32_t i = 0; i < w->reached; i++)
		w->layer[w->queue[i]] = 0;
	w->reached = 0;
	w->last = INT32_MAX;
	for (int32_t i = 0; i < w->count; i++)
		reach_from(w, w->waiting[i], gain_of_waiting(w, w->waiting[i]), 1);
	for (int32_t i = 0; i < w->reached && w->layer[w->queue[i]] < w->last; i++)
		reach_members(w, w->queue[i]);
	return w->last < INT32_MAX;
}

/* --- the shortest ways ------------------------------------------------------------------------------- */

static void push(struct flow *w, int32_t mentee, int64_t gain)
{
	w->way[w->length++] = (struct step){ .mentee = mentee, .gain = gain, .edge = w->t->stage->start[mentee] };
}

/* From the end of the way to its beginning everybody moves; another one stands then where the mover stood. */
static void move_all(struct flow *w, int32_t leaver)
{
	struct transport *t = w->t;

	if (leaver >= 0)
		match_take(t, leaver);
	while (w->length > 0) {
		const struct step *step = &w->way[--w->length];
		const struct match_edge *edge = &t->stage->edges[step->edge];

		w->next[edge->mentor] -= w->next[edge->mentor] > 0;
		match_take(t, step->mentee);
		match_put(t, step->mentee, edge->mentor, worth_at(t, step->mentee, edge->score));
	}
}

static void look_for_mentor(struct flow *w, struct step *step)
{
	step->edge = find_pair(w, step->mentee, step->gain, step->edge, w->length);
	step->reached = step->edge < INT64_MAX;
	if (!step->reached)
		w->length--;
	else if (takes_more(w, w->t->stage->edges[step->edge].mentor))
		move_all(w, -1);
}

static void look_for_member(struct flow *w, struct step *step)
{
	struct transport *t = w->t;
	int32_t mentor = t->stage->edges[step->edge].mentor, member;

	if (w->next[mentor] == t->taken[mentor]) {
		w->layer[mentor] = 0;
		step->reached = false;
		return;
	}
	member = t->members[t->member_start[mentor] + w->next[mentor]++].mentee;
	if (goes(w, member))
		move_all(w, member);
	else if (w->layer[mentor] < w->last)
		push(w, member, gain_of(t, member));
}

static void take_ways(struct flow *w)
{
	for (int32_t i = 0; i < w->count; i++) {
		if (w->leaving && !could_leave(w->t, w->waiting[i]))
			continue;
		push(w, w->waiting[i], gain_of_waiting(w, w->waiting[i]));
		while (w->length > 0) {
			struct step *step = &w->way[w->length - 1];

			if (step->reached)
				look_for_member(w, step);
			else
				look_for_mentor(w, step);
		}
	}
}

static int place_all(struct flow *w, int64_t limit)
{
	struct transport *t = w->t;

	w->needed = t->stage->least;
	for (wait_for_places(w); w->count > 0 && t->steps < limit; wait_for_places(w)) {
		if (stop_asked(t->watch))
			return E_CANCELLED;
		match_find_floor(t);
		if (spread(w)) {
			take_ways(w);
			continue;
		}
		if (!w->needed)
			match_raise(t, w->waiting, w->count);
		w->needed = !w->needed && t->stage->least;
	}
	return 0;
}

static int fill_all(struct flow *w, int64_t limit)
{
	struct transport *t = w->t;
	int32_t few;

	w->needed = w->leaving = true;
	while ((few = wait_to_leave(w)) > 0 && t->steps < limit) {
		if (stop_asked(t->watch))
			return E_CANCELLED;
		match_find_floor(t);
		if (spread(w))
			take_ways(w);
		else
			match_lower(t, w->few, few);
	}
	return 0;
}

int match_flow(struct transport *t)
{
	struct arena arena = { 0 };
	size_t mentors = (size_t)t->stage->mentors + 2;
	int64_t limit = t->steps + LOOKS * t->stage->start[t->stage->mentees];
	struct flow w = { .t = t,
		.waiting = arena_new(&arena, ((size_t)t->stage->mentees + 1) * sizeof *w.waiting),
		.few = arena_new(&arena, mentors * sizeof *w.few),
		.layer = arena_new(&arena, mentors * sizeof *w.layer),
		.queue = arena_new(&arena, mentors * sizeof *w.queue),
		.next = arena_new(&arena, mentors * sizeof *w.next),
		.way = arena_new(&arena, mentors * sizeof *w.way) };
	int r = place_all(&w, limit);

	if (r == 0)
		r = fill_all(&w, limit);
	arena_free(&arena);
	return r;
}
