/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bidding: prices that are nearly right, quickly.
 *
 * Each mentee takes the mentor where it gains most. Once a mentor is full, the
 * one of its mentees that leaves at the lowest price (its limit: where its
 * second choice is as good) goes, and the price rises to that limit. With a
 * step above 0 everybody pays up to a step more than it must, which ends
 * quarrels that would go on in small sums; what is reached is wrong by at most
 * a step a pair, and a smaller step goes on from its prices.
 *
 * Prices that an earlier, coarser round raised may be too high: a mentor that
 * stayed with places lowers its price until a mentee gains a step by coming.
 */
#include "match/transport.h"

struct match_best match_best_of(struct transport *t, int32_t mentee)
{
	const struct match_stage *stage = t->stage;
	struct match_best best = { .mentor = -1 };
	int64_t base = stage->base[mentee], e;

	for (e = stage->start[mentee]; e < stage->start[mentee + 1]; e++) {
		int32_t mentor = stage->edges[e].mentor;
		int64_t worth = base + (stage->edges[e].score & t->mask), gain = worth - t->price[mentor];

		if (worth - t->floor <= best.second)
			break;
		if (gain <= best.second)
			continue;
		if (gain > best.gain) {
			best = (struct match_best){ mentor, worth, gain, best.gain };
		} else {
			best.second = gain;
		}
	}
	t->steps += e - stage->start[mentee];
	return best;
}

/* --- mentees bid ------------------------------------------------------------------------------------- */

static bool leaves_first(const struct member *a, const struct member *b)
{
	return a->limit < b->limit || (a->limit == b->limit && a->mentee > b->mentee);
}

static void sift_up(struct member *heap, int32_t at)
{
	struct member item = heap[at];

	while (at > 0 && leaves_first(&item, &heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = item;
}

static void sift_down(struct member *heap, int32_t count)
{
	struct member item = heap[0];
	int32_t at = 0;

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
static int64_t limit_now(struct transport *t, int32_t mentee, int32_t mentor)
{
	const struct match_stage *stage = t->stage;
	int64_t base = stage->base[mentee], other = 0, e;

	for (e = stage->start[mentee]; e < stage->start[mentee + 1]; e++) {
		int32_t next = stage->edges[e].mentor;
		int64_t worth = base + (stage->edges[e].score & t->mask);

		if (worth - t->floor <= other)
			break;
		if (next != mentor && worth - t->price[next] > other)
			other = worth - t->price[next];
	}
	t->steps += e - stage->start[mentee];
	return t->worth[mentee] - other;
}

/* A mentor has one too many: raises the price until somebody leaves or there is room, and returns who left, or -1. */
static int32_t push_out(struct transport *t, int32_t mentor, int64_t step)
{
	struct member *heap = t->members + t->member_start[mentor];

	for (;;) {
		int32_t mentee = heap[0].mentee;
		int64_t limit = limit_now(t, mentee, mentor) + step;

		if (limit > heap[0].limit) {
			heap[0].limit = limit;
			sift_down(heap, t->taken[mentor]);
			continue;
		}
		if (limit >= 0 && t->price[mentor] < 0) {
			t->price[mentor] = 0;
			if (t->taken[mentor] <= room_of(t, mentor))
				return -1;
		}
		if (limit > t->price[mentor])
			t->price[mentor] = limit;
		heap[0] = heap[--t->taken[mentor]];
		if (t->taken[mentor] > 0)
			sift_down(heap, t->taken[mentor]);
		t->mate[mentee] = -1;
		return mentee;
	}
}

/* Places a mentee where it gains most; returns who lost the place by it, or -1. */
static int32_t bid(struct transport *t, int32_t mentee, int64_t step)
{
	struct match_best best = match_best_of(t, mentee);
	int32_t mentor = best.mentor;
	struct member *heap;

	if (mentor < 0)
		return -1;
	heap = t->members + t->member_start[mentor];
	t->mate[mentee] = mentor;
	t->worth[mentee] = best.worth;
	heap[t->taken[mentor]] = (struct member){ mentee, best.worth - best.second + step };
	sift_up(heap, t->taken[mentor]++);
	return t->taken[mentor] > room_of(t, mentor) ? push_out(t, mentor, step) : -1;
}

static void number_members(struct transport *t)
{
	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++)
		for (int32_t at = 0; at < t->taken[mentor]; at++)
			t->slot[t->members[t->member_start[mentor] + at].mentee] = at;
}

int match_bid(struct transport *t, int64_t step, int32_t most)
{
	int32_t *bids = arena_new(t->arena, ((size_t)t->stage->mentees + 1) * sizeof *bids);

	for (int32_t first = 0; first < t->stage->mentees; first++) {
		if (first % 64 == 0) {
			if (stop_asked(t->watch))
				return E_CANCELLED;
			match_find_floor(t);
		}
		for (int32_t mentee = first; mentee >= 0 && bids[mentee] < most;) {
			bids[mentee]++;
			mentee = bid(t, mentee, step);
		}
	}
	number_members(t);
	return 0;
}

/* --- mentors lower their price -------------------------------------------------------------------------- */

struct offer {
	int32_t mentee;
	int64_t worth, price, second; /* what the mentee would pay to be as well off as now; the next best */
};

static struct offer best_offer(struct transport *t, int32_t mentor)
{
	struct offer best = { .mentee = -1, .price = INT64_MIN, .second = INT64_MIN };
	int64_t end = t->back_start[mentor + 1];

	for (int64_t k = t->back_start[mentor]; k < end; k++) {
		int32_t mentee = t->back[k].mentee;
		int64_t worth = worth_at(t, mentee, t->back[k].score), price;

		if (t->mate[mentee] == mentor)
			continue;
		price = worth - gain_of(t, mentee);
		if (price > best.price)
			best = (struct offer){ mentee, worth, price, best.price };
		else if (price > best.second)
			best.second = price;
	}
	t->steps += end - t->back_start[mentor];
	return best;
}

/* One step of a mentor whose price is too high; returns the mentor that lost a mentee by it, or -1. */
static int32_t lower(struct transport *t, int32_t mentor, int64_t step)
{
	int64_t least = t->taken[mentor] < least_of(t->stage, mentor) ? -MATCH_MUST : 0, price = least;
	struct offer best = best_offer(t, mentor);
	bool taken = best.mentee >= 0 && best.price > least + step;
	int32_t from;

	if (taken && best.second > least + step)
		price = best.second - step;
	if (price < t->price[mentor])
		t->price[mentor] = price;
	if (price < t->floor)
		t->floor = price;
	if (!taken)
		return -1;
	from = t->mate[best.mentee];
	match_take(t, best.mentee);
	match_put(t, best.mentee, mentor, best.worth);
	return from;
}

int match_unbid(struct transport *t, int64_t step)
{
	int32_t *stack = arena_new(t->arena, ((size_t)t->stage->mentors + 1) * sizeof *stack), count = 0;
	bool *waits = arena_new(t->arena, (size_t)t->stage->mentors + 1);

	match_need_back(t);
	for (int32_t mentor = 0; mentor < t->stage->mentors; mentor++) {
		if (stop_asked(t->watch))
			return E_CANCELLED;
		stack[count++] = mentor;
		waits[mentor] = true;
		while (count > 0) {
			int32_t top = stack[count - 1], from;

			if (!wants_more(t, top)) {
				waits[top] = false;
				count--;
				continue;
			}
			from = lower(t, top, step);
			if (from >= 0 && !waits[from]) {
				stack[count++] = from;
				waits[from] = true;
			}
		}
	}
	return 0;
}
