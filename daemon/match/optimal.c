/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exact optimum for mentees of one place and mentors of several.
 *
 * A pair is worth w = MATCH_UNIT + score, so the largest sum places the most
 * mentees first. Every mentor has a price v, which only ever rises and is 0
 * while a place is free; a mentee's price is u = w - v of its own mentor. What
 * holds all the time: no placed mentee would gain more elsewhere (w - v <= u).
 *
 * First mentees bid: each takes the mentor where it gains most. Once a mentor
 * is full, the one of its mentees that leaves at the lowest price (its limit:
 * where its second choice is as good) goes, and the price rises to that limit.
 * Who bid in vain a few times is left for the second step: a shortest path
 * over what the exchanges cost, to a free place or to a mentee that goes
 * without one, then prices rise along the path. A mentee's edges stand by
 * falling score, so a scan ends at the first edge that could not win even at
 * the lowest price of all.
 */
#include <string.h>

#include "match/internal.h"

enum {
	BIDS = 6
};

struct member {
	int32_t mentee;
	int64_t limit;
};

struct state {
	const struct match_graph *graph;
	int64_t *price;         /* of mentors */
	int64_t floor;          /* no mentor with places has a lower price; found now and then */
	int32_t *mate, *slot;   /* of mentees: mentor or -1, position in its members */
	int64_t *worth;         /* of mentees: w of the pair they are in */
	int64_t *member_start;  /* of mentors, into members */
	struct member *members; /* while bidding a heap by limit */
	int32_t *taken, *room;
	/* of the shortest paths */
	int64_t *distance;             /* of mentors; INT64_MAX: not reached */
	int32_t *via, *heap, *heap_at; /* the mentee that would come; binary heap of mentors; position or -1 */
	int32_t *touched, *final;
	int32_t heap_count, touched_count, final_count;
};

static int64_t worth_of(const struct match_graph *graph, int32_t mentee, int32_t score)
{
	return (graph->marked && graph->marked[mentee] ? 2 : 1) * MATCH_UNIT + score;
}

/* --- bidding ---------------------------------------------------------------------------------------- */

struct choice {
	int32_t mentor;
	int64_t worth, gain, second;
};

/* The best mentor for a mentee at these prices, and what it would gain from the next best (nothing: 0). */
static struct choice choose(const struct state *s, int32_t mentee)
{
	const struct match_graph *graph = s->graph;
	struct choice best = { .mentor = -1 };

	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		int32_t mentor = graph->edges[e].mentor;
		int64_t worth = worth_of(graph, mentee, graph->edges[e].score), gain = worth - s->price[mentor];

		if (worth <= best.second)
			break;
		if (s->room[mentor] == 0 || gain <= best.second)
			continue;
		if (gain > best.gain) {
			best.second = best.gain;
			best.gain = gain;
			best.mentor = mentor;
			best.worth = worth;
		} else {
			best.second = gain;
		}
	}
	return best;
}

static bool leaves_first(const struct member *a, const struct member *b)
{
	return a->limit < b->limit || (a->limit == b->limit && a->mentee > b->mentee);
}

static void sift_up(struct state *s, int32_t mentor, int32_t at)
{
	struct member *heap = s->members + s->member_start[mentor], item = heap[at];

	while (at > 0 && leaves_first(&item, &heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = item;
}

static void sift_down(struct state *s, int32_t mentor)
{
	struct member *heap = s->members + s->member_start[mentor], item = heap[0];
	int32_t count = s->taken[mentor], at = 0;

	for (int32_t child = 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && leaves_first(&heap[child + 1], &heap[child]))
			child++;
		if (!leaves_first(&heap[child], &item))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = item;
}

/* The price at which a member would leave now: prices elsewhere may have risen since it came. */
static int64_t limit_now(const struct state *s, int32_t mentee, int32_t mentor)
{
	const struct match_graph *graph = s->graph;
	int64_t other = 0;

	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		int32_t next = graph->edges[e].mentor;
		int64_t worth = worth_of(graph, mentee, graph->edges[e].score);

		if (worth <= other)
			break;
		if (next != mentor && s->room[next] > 0 && worth - s->price[next] > other)
			other = worth - s->price[next];
	}
	return s->worth[mentee] - other;
}

/* A full mentor's heap holds one too many: raises the price until somebody leaves, and returns who. */
static int32_t push_out(struct state *s, int32_t mentor)
{
	struct member *heap = s->members + s->member_start[mentor];

	for (;;) {
		int32_t mentee = heap[0].mentee;
		int64_t limit = limit_now(s, mentee, mentor);

		if (limit > heap[0].limit) {
			heap[0].limit = limit;
			sift_down(s, mentor);
			continue;
		}
		if (limit > s->price[mentor])
			s->price[mentor] = limit;
		heap[0] = heap[--s->taken[mentor]];
		if (s->taken[mentor] > 0)
			sift_down(s, mentor);
		s->mate[mentee] = -1;
		return mentee;
	}
}

/* Places a mentee where it gains most; returns who lost the place by it, or -1. */
static int32_t bid(struct state *s, int32_t mentee)
{
	struct choice best = choose(s, mentee);
	int32_t mentor = best.mentor;

	if (mentor < 0)
		return -1;
	s->mate[mentee] = mentor;
	s->worth[mentee] = best.worth;
	s->members[s->member_start[mentor] + s->taken[mentor]] = (struct member){ mentee, best.worth - best.second };
	sift_up(s, mentor, s->taken[mentor]++);
	return s->taken[mentor] > s->room[mentor] ? push_out(s, mentor) : -1;
}

static void bid_all(struct state *s, struct arena *arena)
{
	unsigned char *bids = arena_new(arena, (size_t)s->graph->mentees + 1);

	for (int32_t first = 0; first < s->graph->mentees; first++) {
		int32_t mentee = first;

		while (mentee >= 0 && bids[mentee] < BIDS) {
			bids[mentee]++;
			mentee = bid(s, mentee);
		}
	}
}

static void number_members(struct state *s)
{
	for (int32_t mentor = 0; mentor < s->graph->mentors; mentor++)
		for (int32_t at = 0; at < s->taken[mentor]; at++)
			s->slot[s->members[s->member_start[mentor] + at].mentee] = at;
}

/* --- shortest augmenting paths ----------------------------------------------------------------------- */

static void heap_set(struct state *s, int32_t at, int32_t mentor)
{
	s->heap[at] = mentor;
	s->heap_at[mentor] = at;
}

static bool nearer(const struct state *s, int32_t a, int32_t b)
{
	return s->distance[a] < s->distance[b] || (s->distance[a] == s->distance[b] && a < b);
}

static void heap_up(struct state *s, int32_t mentor)
{
	int32_t at = s->heap_at[mentor];

	if (at < 0)
		at = s->heap_count++;
	while (at > 0 && nearer(s, mentor, s->heap[(at - 1) / 2])) {
		heap_set(s, at, s->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_set(s, at, mentor);
}

static int32_t heap_pop(struct state *s)
{
	int32_t top = s->heap[0], last = s->heap[--s->heap_count], at = 0;

	s->heap_at[top] = -1;
	if (s->heap_count == 0)
		return top;
	for (int32_t child = 1; child < s->heap_count; child = 2 * at + 1) {
		if (child + 1 < s->heap_count && nearer(s, s->heap[child + 1], s->heap[child]))
			child++;
		if (!nearer(s, s->heap[child], last))
			break;
		heap_set(s, at, s->heap[child]);
		at = child;
	}
	heap_set(s, at, last);
	return top;
}

struct path {
	int64_t bound; /* the cheapest end found so far costs this */
	int32_t free;  /* a mentor with a free place, or -1: */
	int32_t loser; /* the mentee that goes without a place */
};

/* A mentee that is reached at `base` (distance and own price) offers itself to its mentors. */
static void scan(struct state *s, struct path *path, int32_t mentee, int64_t base)
{
	const struct match_graph *graph = s->graph;

	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		int32_t mentor = graph->edges[e].mentor;
		int64_t worth = worth_of(graph, mentee, graph->edges[e].score);
		int64_t reach = base - worth + s->price[mentor];

		if (base - worth + s->floor >= path->bound)
			break;
		if (s->room[mentor] == 0 || reach >= path->bound || reach >= s->distance[mentor])
			continue;
		if (s->distance[mentor] == INT64_MAX)
			s->touched[s->touched_count++] = mentor;
		s->distance[mentor] = reach;
		s->via[mentor] = mentee;
		if (s->taken[mentor] < s->room[mentor]) {
			path->bound = reach;
			path->free = mentor;
		} else {
			heap_up(s, mentor);
		}
	}
}

/* All mentees of a mentor are reached with it, for nothing. */
static void scan_members(struct state *s, struct path *path, int32_t mentor)
{
	const struct member *members = s->members + s->member_start[mentor];
	int64_t distance = s->distance[mentor];

	for (int32_t at = 0; at < s->taken[mentor]; at++) {
		int32_t mentee = members[at].mentee;
		int64_t base = distance + s->worth[mentee] - s->price[mentor];

		if (base < path->bound) {
			path->bound = base;
			path->free = -1;
			path->loser = mentee;
		}
		scan(s, path, mentee, base);
	}
}

static struct path search(struct state *s, int32_t mentee, int64_t price)
{
	struct path path = { .bound = price, .free = -1, .loser = mentee };

	s->heap_count = s->touched_count = s->final_count = 0;
	scan(s, &path, mentee, price);
	while (s->heap_count > 0) {
		int32_t mentor = heap_pop(s);

		if (s->distance[mentor] >= path.bound)
			break;
		s->final[s->final_count++] = mentor;
		scan_members(s, &path, mentor);
	}
	return path;
}

static int64_t score_at(const struct match_graph *graph, int32_t mentee, int32_t mentor)
{
	int64_t e = graph->start[mentee];

	while (graph->edges[e].mentor != mentor)
		e++;
	return worth_of(graph, mentee, graph->edges[e].score);
}

/* Moves everybody along the path, from its end back to the mentee that came new. */
static void move_along(struct state *s, const struct path *path, int32_t newcomer)
{
	int32_t mentor = path->free, at;

	if (mentor < 0 && path->loser == newcomer)
		return;
	if (mentor >= 0) {
		at = s->taken[mentor]++;
	} else {
		mentor = s->mate[path->loser];
		at = s->slot[path->loser];
		s->mate[path->loser] = -1;
	}
	for (;;) {
		int32_t mentee = s->via[mentor], before = s->mate[mentee], vacated = s->slot[mentee];

		s->members[s->member_start[mentor] + at].mentee = mentee;
		s->mate[mentee] = mentor;
		s->slot[mentee] = at;
		s->worth[mentee] = score_at(s->graph, mentee, mentor);
		if (mentee == newcomer)
			return;
		mentor = before;
		at = vacated;
	}
}

static void augment(struct state *s, int32_t mentee)
{
	struct choice best = choose(s, mentee);
	struct path path;

	if (best.mentor < 0)
		return;
	path = search(s, mentee, best.gain);
	for (int32_t i = 0; i < s->final_count; i++)
		s->price[s->final[i]] += path.bound - s->distance[s->final[i]];
	move_along(s, &path, mentee);
	for (int32_t i = 0; i < s->touched_count; i++) {
		s->distance[s->touched[i]] = INT64_MAX;
		s->heap_at[s->touched[i]] = -1;
	}
}

static void find_floor(struct state *s)
{
	s->floor = INT64_MAX;
	for (int32_t mentor = 0; mentor < s->graph->mentors; mentor++)
		if (s->room[mentor] > 0 && s->price[mentor] < s->floor)
			s->floor = s->price[mentor];
}

static int augment_all(struct state *s, const struct match_watch *watch)
{
	for (int32_t mentee = 0; mentee < s->graph->mentees; mentee++) {
		if (mentee % 64 == 0) {
			if (stop_asked(watch))
				return E_CANCELLED;
			tell(watch, (double)mentee / s->graph->mentees, "solving");
			find_floor(s);
		}
		if (s->mate[mentee] < 0)
			augment(s, mentee);
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------------- */

static void state_make(struct state *s, const struct match_graph *graph, struct match_solution *out, struct arena *arena)
{
	size_t mentees = (size_t)graph->mentees + 1, mentors = (size_t)graph->mentors + 1;
	int64_t members = 0;

	*s = (struct state){ .graph = graph, .price = out->mentor_price, .mate = out->mentor_of };
	s->slot = arena_new(arena, mentees * sizeof *s->slot);
	s->worth = arena_new(arena, mentees * sizeof *s->worth);
	s->member_start = arena_new(arena, mentors * sizeof *s->member_start);
	s->taken = arena_new(arena, mentors * sizeof *s->taken);
	s->room = arena_new(arena, mentors * sizeof *s->room);
	s->distance = arena_new(arena, mentors * sizeof *s->distance);
	s->via = arena_new(arena, mentors * sizeof *s->via);
	s->heap = arena_new(arena, mentors * sizeof *s->heap);
	s->heap_at = arena_new(arena, mentors * sizeof *s->heap_at);
	s->touched = arena_new(arena, mentors * sizeof *s->touched);
	s->final = arena_new(arena, mentors * sizeof *s->final);
	for (int64_t e = 0; e < graph->start[graph->mentees]; e++)
		s->room[graph->edges[e].mentor]++;
	for (int32_t mentor = 0; mentor < graph->mentors; mentor++) {
		s->member_start[mentor] = members;
		members += s->room[mentor] + 1;
		if (s->room[mentor] > graph->places[mentor])
			s->room[mentor] = graph->places[mentor];
		s->price[mentor] = 0;
		s->distance[mentor] = INT64_MAX;
		s->heap_at[mentor] = -1;
	}
	s->members = arena_new(arena, (size_t)(members + 1) * sizeof *s->members);
	for (int32_t mentee = 0; mentee < graph->mentees; mentee++)
		s->mate[mentee] = -1;
}

/* Prices of mentees, and of mentors without any place: those must only not tempt anybody. */
static void finish(struct state *s, struct match_solution *out)
{
	const struct match_graph *graph = s->graph;

	out->value = 0;
	for (int32_t mentee = 0; mentee < graph->mentees; mentee++) {
		bool placed = s->mate[mentee] >= 0;

		out->mentee_price[mentee] = placed ? s->worth[mentee] - s->price[s->mate[mentee]] : 0;
		out->value += placed ? s->worth[mentee] : 0;
	}
	for (int32_t mentee = 0; mentee < graph->mentees; mentee++) {
		for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
			int32_t mentor = graph->edges[e].mentor;
			int64_t least = worth_of(graph, mentee, graph->edges[e].score) - out->mentee_price[mentee];

			if (s->room[mentor] == 0 && s->price[mentor] < least)
				s->price[mentor] = least;
		}
	}
}

int match_optimal(const struct match_graph *graph, struct match_solution *out, const struct match_watch *watch)
{
	struct arena arena = { 0 };
	struct state s;
	int r;

	state_make(&s, graph, out, &arena);
	bid_all(&s, &arena);
	number_members(&s);
	r = augment_all(&s, watch);
	if (r == 0)
		finish(&s, out);
	arena_free(&arena);
	return r;
}

void match_unpack(int64_t value, int64_t *ret_count, int64_t *ret_total)
{
	*ret_count = value / MATCH_UNIT;
	*ret_total = value % MATCH_UNIT;
}
