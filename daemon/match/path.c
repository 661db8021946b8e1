/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shortest paths: the exact optimum from any prices, near ones or not.
 *
 * What holds all the time: no mentee would gain more elsewhere than where it
 * is. What may be missing: a mentee without a place that would gain, and a
 * mentor whose price is too high for its few mentees. Each such one is mended
 * by one search over what exchanges cost at these prices: a mentee moves along
 * the cheapest chain to a mentor that can take one more, or to one who goes
 * without; a mentor fetches along the cheapest chain a mentee from one that
 * can do without, or who waits. Then the prices on the way rise (fall) by
 * what the chain was cheaper, and all still holds.
 *
 * A mentee's pairs stand by falling score, so a scan ends at the first that
 * could not win even at the lowest price of all.
 */
#include "match/transport.h"

struct search {
	struct transport *t;
	int64_t *distance;       /* of mentors; INT64_MAX: not reached */
	int32_t *via;            /* the mentee that would move to it (from it, when fetched) */
	int32_t *to;             /* when fetched: where that mentee would move */
	int32_t *heap, *heap_at; /* binary heap of mentors; position or -1 */
	int64_t *worth;          /* of the pair that the move would make */
	int32_t *touched, *final;
	int32_t heap_count, touched_count, final_count;
	int64_t bound;        /* the cheapest end found so far costs this: */
	int64_t ending_worth; /* of a mentee that is fetched from nowhere, with `end` */
	int32_t end, ending;  /* a mentor, or -1; a mentee that goes without (is fetched), or -1 */
};

static struct search *search_of(struct transport *t)
{
	size_t mentors = (size_t)t->stage->mentors + 1;
	struct search *s = t->search;

	if (s)
		return s;
	t->search = s = arena_new(t->arena, sizeof *s);
	s->t = t;
	s->distance = arena_new(t->arena, mentors * sizeof *s->distance);
	s->via = arena_new(t->arena, mentors * sizeof *s->via);
	s->to = arena_new(t->arena, mentors * sizeof *s->to);
	s->worth = arena_new(t->arena, mentors * sizeof *s->worth);
	s->heap = arena_new(t->arena, mentors * sizeof *s->heap);
	s->heap_at = arena_new(t->arena, mentors * sizeof *s->heap_at);
	s->touched = arena_new(t->arena, mentors * sizeof *s->touched);
	s->final = arena_new(t->arena, mentors * sizeof *s->final);
	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++) {
		s->distance[mentor] = INT64_MAX;
		s->heap_at[mentor] = -1;
	}
	return s;
}

static void search_begin(struct search *s, int64_t bound)
{
	for (int32_t i = 0; i < s->touched_count; i++) {
		s->distance[s->touched[i]] = INT64_MAX;
		s->heap_at[s->touched[i]] = -1;
	}
	s->heap_count = s->touched_count = s->final_count = 0;
	s->bound = bound;
	s->end = s->ending = -1;
}

/* --- the heap ---------------------------------------------------------------------------------------- */

static void heap_set(struct search *s, int32_t at, int32_t mentor)
{
	s->heap[at] = mentor;
	s->heap_at[mentor] = at;
}

static bool nearer(const struct search *s, int32_t a, int32_t b)
{
	return s->distance[a] < s->distance[b] || (s->distance[a] == s->distance[b] && a < b);
}

static void heap_up(struct search *s, int32_t mentor)
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

static int32_t heap_pop(struct search *s)
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

static void reach(struct search *s, int32_t mentor, int64_t distance, int32_t via, int64_t worth)
{
	if (s->distance[mentor] == INT64_MAX)
		s->touched[s->touched_count++] = mentor;
	s->distance[mentor] = distance;
	s->via[mentor] = via;
	s->worth[mentor] = worth;
}

/* --- a mentee without a place ------------------------------------------------------------------------- */

/* What it costs, beside the way, to end at a mentor that takes one more; below 0: it cannot. */
static int64_t end_cost(const struct transport *t, int32_t mentor)
{
	if (t->taken[mentor] < least_of(t->stage, mentor))
		return 0;
	if (t->taken[mentor] == t->stage->places[mentor])
		return -1;
	return t->price[mentor] < 0 ? -t->price[mentor] : 0;
}

/* A mentee that is reached at `base` (distance and own gain) offers itself to its mentors. */
static void offer(struct search *s, int32_t mentee, int64_t base)
{
	struct transport *t = s->t;
	const struct match_stage *stage = t->stage;
	int64_t own = stage->base[mentee], e;

	for (e = stage->start[mentee]; e < stage->start[mentee + 1]; e++) {
		int32_t mentor = stage->edges[e].mentor;
		int64_t worth = own + (stage->edges[e].score & t->mask), distance = base - worth + t->price[mentor], end;

		if (base - worth + t->floor >= s->bound)
			break;
		if (distance >= s->bound || distance >= s->distance[mentor])
			continue;
		reach(s, mentor, distance, mentee, worth);
		end = end_cost(t, mentor);
		if (end >= 0 && distance + end < s->bound) {
			s->bound = distance + end;
			s->end = mentor;
			s->ending = -1;
		}
		if (end != 0)
			heap_up(s, mentor);
	}
	t->steps += e - stage->start[mentee];
}

/* All mentees of a mentor are reached with it, for nothing. */
static void offer_members(struct search *s, int32_t mentor)
{
	const struct transport *t = s->t;
	const struct member *members = t->members + t->member_start[mentor];
	int64_t distance = s->distance[mentor] - t->price[mentor];

	for (int32_t at = 0; at < t->taken[mentor]; at++) {
		int32_t mentee = members[at].mentee;
		int64_t base = distance + t->worth[mentee];

		if (base < s->bound) {
			s->bound = base;
			s->end = mentor;
			s->ending = mentee;
		}
		offer(s, mentee, base);
	}
}

/* Moves everybody along the way, from its end back to the mentee that came new. */
static void move_along(struct search *s, int32_t newcomer)
{
	struct transport *t = s->t;
	int32_t mentor = s->end;

	if (s->ending >= 0)
		match_take(t, s->ending);
	while (mentor >= 0) {
		int32_t mentee = s->via[mentor], before = t->mate[mentee];

		if (before >= 0)
			match_take(t, mentee);
		match_put(t, mentee, mentor, s->worth[mentor]);
		mentor = mentee == newcomer ? -1 : before;
	}
}

/* From who offered itself to the nearest end, whose way costs nothing at the prices that stand then. */
static void search_on(struct search *s)
{
	while (s->heap_count > 0) {
		int32_t mentor = heap_pop(s);

		if (s->distance[mentor] >= s->bound)
			break;
		s->final[s->final_count++] = mentor;
		offer_members(s, mentor);
	}
	for (int32_t i = 0; i < s->final_count; i++)
		s->t->price[s->final[i]] += s->bound - s->distance[s->final[i]];
}

static void place(struct search *s, int32_t mentee)
{
	struct match_best best = match_best_of(s->t, mentee);

	if (best.mentor < 0)
		return;
	search_begin(s, best.gain);
	offer(s, mentee, best.gain);
	search_on(s);
	move_along(s, mentee);
}

void match_raise(struct transport *t, const int32_t *mentees, int32_t count)
{
	struct search *s = search_of(t);
	int64_t least = INT64_MAX;

	for (int32_t i = 0; i < count; i++) {
		struct match_best best = match_best_of(t, mentees[i]);

		if (best.gain < least)
			least = best.gain;
	}
	search_begin(s, least);
	for (int32_t i = 0; i < count; i++)
		offer(s, mentees[i], match_best_of(t, mentees[i]).gain);
	search_on(s);
}

/* --- a mentor whose price is too high ------------------------------------------------------------------- */

/* What it costs, beside the way, to stay with so many mentees: its price falls to what it must be then. */
static int64_t stay_cost(const struct transport *t, int32_t mentor, int32_t mentees)
{
	return t->price[mentor] + (mentees < least_of(t->stage, mentor) ? MATCH_MUST : 0);
}

/* A mentor that is reached asks all who could come. */
static void ask(struct search *s, int32_t mentor)
{
	struct transport *t = s->t;
	int64_t base = s->distance[mentor] + t->price[mentor], end = t->back_start[mentor + 1];

	for (int64_t k = t->back_start[mentor]; k < end; k++) {
		int32_t mentee = t->back[k].mentee, from = t->mate[mentee];
		int64_t worth = worth_at(t, mentee, t->back[k].score), distance = base + gain_of(t, mentee) - worth, stay = 0;

		if (from == mentor || distance >= s->bound || (from >= 0 && distance >= s->distance[from]))
			continue;
		if (from >= 0) {
			reach(s, from, distance, mentee, worth);
			s->to[from] = mentor;
			heap_up(s, from);
			stay = stay_cost(t, from, t->taken[from] - 1);
		}
		if (distance + stay < s->bound) {
			s->bound = distance + stay;
			s->end = from >= 0 ? from : mentor;
			s->ending = from >= 0 ? -1 : mentee;
			s->ending_worth = worth;
		}
	}
	t->steps += end - t->back_start[mentor];
}

/* Moves everybody along the way, from its end to the mentor that wanted one. */
static void fetch_along(struct search *s, int32_t wanting)
{
	struct transport *t = s->t;
	int32_t mentor = s->end;

	if (s->ending >= 0)
		match_put(t, s->ending, mentor, s->ending_worth);
	while (mentor != wanting && mentor >= 0) {
		match_take(t, s->via[mentor]);
		match_put(t, s->via[mentor], s->to[mentor], s->worth[mentor]);
		mentor = s->to[mentor];
	}
}

/* As search_on, from the mentors that ask. */
static void ask_on(struct search *s)
{
	struct transport *t = s->t;

	while (s->heap_count > 0) {
		int32_t mentor = heap_pop(s);

		if (s->distance[mentor] >= s->bound)
			break;
		s->final[s->final_count++] = mentor;
		ask(s, mentor);
	}
	for (int32_t i = 0; i < s->final_count; i++) {
		int32_t mentor = s->final[i];

		t->price[mentor] -= s->bound - s->distance[mentor];
		if (t->price[mentor] < t->floor)
			t->floor = t->price[mentor];
	}
}

static void begin_asking(struct search *s, const int32_t *mentors, int32_t count)
{
	int64_t least = INT64_MAX;

	match_need_back(s->t);
	for (int32_t i = 0; i < count; i++) {
		int64_t stay = stay_cost(s->t, mentors[i], s->t->taken[mentors[i]]);

		least = stay < least ? stay : least;
	}
	search_begin(s, least);
	for (int32_t i = 0; i < count; i++) {
		reach(s, mentors[i], 0, -1, 0);
		heap_up(s, mentors[i]);
	}
}

static void fetch(struct search *s, int32_t wanting)
{
	begin_asking(s, &wanting, 1);
	ask_on(s);
	fetch_along(s, wanting);
}

void match_lower(struct transport *t, const int32_t *mentors, int32_t count)
{
	struct search *s = search_of(t);

	begin_asking(s, mentors, count);
	ask_on(s);
}

/* --- all of them ----------------------------------------------------------------------------------------- */

/* A mentee with nobody goes to the first of its best mentors that has room. */
static void settle_one(struct transport *t, int32_t mentee, const struct match_best *best)
{
	const struct match_stage *stage = t->stage;
	int64_t base = stage->base[mentee];

	for (int64_t e = stage->start[mentee]; e < stage->start[mentee + 1]; e++) {
		int32_t mentor = stage->edges[e].mentor;
		int64_t worth = base + (stage->edges[e].score & t->mask);

		if (worth - t->floor < best->gain)
			return;
		if (worth - t->price[mentor] < best->gain || t->taken[mentor] >= room_of(t, mentor))
			continue;
		match_put(t, mentee, mentor, worth);
		return;
	}
}

void match_settle(struct transport *t)
{
	match_find_floor(t);
	for (int32_t mentee = 0; mentee < t->stage->mentees; mentee++) {
		struct match_best best = match_best_of(t, mentee);

		if (t->mate[mentee] >= 0 && gain_of(t, mentee) < best.gain)
			match_take(t, mentee);
	}
	for (int32_t mentee = 0; mentee < t->stage->mentees; mentee++)
		if (t->mate[mentee] < 0) {
			struct match_best best = match_best_of(t, mentee);

			if (best.mentor >= 0)
				settle_one(t, mentee, &best);
		}
}

void match_mend_mentee(struct transport *t, int32_t mentee)
{
	if (t->mate[mentee] < 0)
		place(search_of(t), mentee);
}

void match_mend_mentor(struct transport *t, int32_t mentor)
{
	while (wants_more(t, mentor))
		fetch(search_of(t), mentor);
}

int match_paths(struct transport *t, int64_t most)
{
	int64_t limit = most < INT64_MAX - t->steps ? t->steps + most : INT64_MAX;
	int32_t people = t->stage->mentees + t->stage->mentors;

	for (int32_t at = 0; at < people; at++) {
		if (at % 64 == 0) {
			if (stop_asked(t->watch))
				return E_CANCELLED;
			tell(t->watch, (double)at / people, "solving");
			match_find_floor(t);
		}
		if (t->steps > limit)
			return 1;
		if (at < t->stage->mentees)
			match_mend_mentee(t, at);
		else
			match_mend_mentor(t, at - t->stage->mentees);
	}
	return 0;
}
