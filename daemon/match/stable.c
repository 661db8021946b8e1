/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stable matchings by offers: one side offers down its lists, the other keeps the best that it was offered.
 *
 * Mentees offer, or mentors do; who offers gets the best that any stable
 * matching gives them (Gale and Shapley). Where lists have ties, mentees offer
 * by Kiraly's rules, and at least two thirds of the largest possible are placed:
 *  - among mentors whom a mentee likes as much, those with a free place come first;
 *  - a mentee that took such a place while another mentor of the same tie has one is uncertain: a full mentor gives it up for anybody,
 *    as it finds the other place;
 *  - a mentee that was turned down by all begins again, once, promoted: of two whom a mentor likes as much the promoted one goes first.
 * A mentor with several places is as many mentors whom all like as much. Once full, a mentor stays full; so who is free only shrinks, and
 * all positions in lists move forward: the time is that of reading each list at most four times.
 *
 * What is left equal is decided by index, which is the order of the record ids.
 */
#include <string.h>

#include "match/internal.h"

struct entry { /* of one list: how its owner likes the other, and the other its owner */
	int32_t likes, other, liked;
};

static bool before(const struct entry *a, const struct entry *b)
{
	return a->likes > b->likes || (a->likes == b->likes && a->other < b->other);
}

/* Merging, small runs by insertion; the library's sort, which calls a function for each comparison, would take most of the time of all. */
static void sort_list(struct entry *list, int64_t count, struct entry *spare)
{
	int64_t half = count / 2, left = 0, right = half, at = 0;

	if (count <= 12) {
		for (int64_t i = 1; i < count; i++) {
			struct entry entry = list[i];
			int64_t k = i;

			for (; k > 0 && before(&entry, &list[k - 1]); k--)
				list[k] = list[k - 1];
			list[k] = entry;
		}
		return;
	}
	sort_list(list, half, spare);
	sort_list(list + half, count - half, spare);
	memcpy(spare, list, (size_t)half * sizeof *list);
	while (left < half)
		list[at++] = right == count || before(&spare[left], &list[right]) ? spare[left++] : list[right++];
}

/* --- mentees offer ----------------------------------------------------------------------------------- */

struct suitor {
	int64_t tie, end, at; /* entries that are liked as much as the current one; the next to look at */
	bool free_only;       /* of these, looking for a free place; else asking one after the other */
	bool promoted;
	int32_t slot;  /* in its mentor's heap */
	int32_t next;  /* in its mentor's list of those who may be uncertain */
	int64_t worth; /* to its mentor */
};

struct offers {
	const struct match_choices *in;
	bool ties;
	struct entry *entries;
	struct suitor *suitors;
	int32_t *mentor_of;
	int64_t *first; /* of each mentor: its heap, the least welcome on top */
	int32_t *heap, *taken, *room, *maybe;
};

static bool less_welcome(const struct offers *o, int32_t a, int32_t b)
{
	int64_t one = o->suitors[a].worth, other = o->suitors[b].worth;

	return one < other || (one == other && a > b);
}

static void put(struct offers *o, int32_t mentor, int32_t slot, int32_t mentee)
{
	o->heap[o->first[mentor] + slot] = mentee;
	o->suitors[mentee].slot = slot;
}

/* A new mentee for the slot, then up or down to its place. */
static void settle(struct offers *o, int32_t mentor, int32_t slot, int32_t mentee)
{
	const int32_t *heap = o->heap + o->first[mentor];
	int32_t count = o->taken[mentor];

	while (slot > 0 && less_welcome(o, mentee, heap[(slot - 1) / 2])) {
		put(o, mentor, slot, heap[(slot - 1) / 2]);
		slot = (slot - 1) / 2;
	}
	for (int32_t child = 2 * slot + 1; child < count; child = 2 * slot + 1) {
		if (child + 1 < count && less_welcome(o, heap[child + 1], heap[child]))
			child++;
		if (!less_welcome(o, heap[child], mentee))
			break;
		put(o, mentor, slot, heap[child]);
		slot = child;
	}
	put(o, mentor, slot, mentee);
	o->mentor_of[mentee] = mentor;
}

static bool is_free(const struct offers *o, int64_t entry)
{
	int32_t mentor = o->entries[entry].other;

	return o->taken[mentor] < o->room[mentor];
}

/* Whether a mentor with a free place is left in the tie, from here on. */
static bool seek_free(const struct offers *o, struct suitor *suitor)
{
	while (suitor->at < suitor->end && !is_free(o, suitor->at))
		suitor->at++;
	return suitor->at < suitor->end;
}

static void open_tie(const struct offers *o, struct suitor *suitor, int64_t from, int64_t last)
{
	suitor->tie = suitor->at = suitor->end = from;
	suitor->free_only = true;
	while (suitor->end < last && (suitor->end == from || (o->ties && o->entries[suitor->end].likes == o->entries[from].likes)))
		suitor->end++;
}

/* The entry that a mentee asks next, or -1. */
static int64_t next_entry(struct offers *o, int32_t mentee)
{
	struct suitor *suitor = &o->suitors[mentee];
	int64_t last = o->in->start[mentee + 1];

	for (;;) {
		if (suitor->free_only && seek_free(o, suitor))
			return suitor->at++;
		if (suitor->free_only) {
			suitor->free_only = false;
			suitor->at = suitor->tie;
		}
		if (suitor->at < suitor->end)
			return suitor->at++;
		if (suitor->end == last) {
			if (!o->ties || suitor->promoted)
				return -1;
			suitor->promoted = true;
			suitor->end = o->in->start[mentee];
		}
		open_tie(o, suitor, suitor->end, last);
	}
}

/* Takes an uncertain mentee off the mentor's list, or -1. Who is certain once stays so and is not asked again. */
static int32_t pop_uncertain(struct offers *o, int32_t mentor)
{
	while (o->maybe[mentor] >= 0) {
		int32_t mentee = o->maybe[mentor];

		o->maybe[mentor] = o->suitors[mentee].next;
		if (seek_free(o, &o->suitors[mentee]))
			return mentee;
	}
	return -1;
}

/* Asks; returns who is without a mentor now, or -1. */
static int32_t offer(struct offers *o, int32_t mentee, int64_t entry)
{
	struct suitor *suitor = &o->suitors[mentee];
	int32_t mentor = o->entries[entry].other, loser;

	suitor->worth = (int64_t)o->entries[entry].liked * 2 + suitor->promoted;
	if (o->taken[mentor] < o->room[mentor]) {
		if (o->ties) {
			suitor->next = o->maybe[mentor];
			o->maybe[mentor] = mentee;
		}
		o->taken[mentor]++;
		settle(o, mentor, o->taken[mentor] - 1, mentee);
		return -1;
	}
	loser = pop_uncertain(o, mentor);
	if (loser < 0 && (o->room[mentor] == 0 || !less_welcome(o, o->heap[o->first[mentor]], mentee)))
		return mentee;
	if (loser < 0)
		loser = o->heap[o->first[mentor]];
	o->mentor_of[loser] = -1;
	settle(o, mentor, o->suitors[loser].slot, mentee);
	return loser;
}

static void make_offers(struct offers *o, struct arena *arena)
{
	const struct match_choices *in = o->in;
	size_t mentees = (size_t)in->mentees + 1, mentors = (size_t)in->mentors + 1;
	struct entry *spare = arena_new(arena, mentors * sizeof *spare); /* no list is longer */
	int64_t heaps = 0;

	o->entries = arena_new(arena, ((size_t)in->start[in->mentees] + 1) * sizeof *o->entries);
	o->suitors = arena_new(arena, mentees * sizeof *o->suitors);
	o->first = arena_new(arena, mentors * sizeof *o->first);
	o->taken = arena_new(arena, mentors * sizeof *o->taken);
	o->room = arena_new(arena, mentors * sizeof *o->room);
	o->maybe = arena_new(arena, mentors * sizeof *o->maybe);
	for (int32_t mentee = 0; mentee < in->mentees; mentee++) {
		int64_t from = in->start[mentee], last = in->start[mentee + 1];

		for (int64_t i = from; i < last; i++) {
			const struct match_choice *choice = &in->list[i];

			o->entries[i] = (struct entry){ choice->mentee_likes, choice->mentor, choice->mentor_likes };
			o->room[choice->mentor]++;
		}
		sort_list(o->entries + from, last - from, spare);
		open_tie(o, &o->suitors[mentee], from, last);
		o->mentor_of[mentee] = -1;
	}
	for (int32_t mentor = 0; mentor < in->mentors; mentor++) {
		if (o->room[mentor] > in->places[mentor])
			o->room[mentor] = in->places[mentor];
		o->first[mentor] = heaps;
		heaps += o->room[mentor];
		o->maybe[mentor] = -1;
	}
	o->heap = arena_new(arena, ((size_t)heaps + 1) * sizeof *o->heap);
}

static int mentees_offer(
	const struct match_choices *in, bool ties, int32_t *mentor_of, struct arena *arena, const struct match_watch *watch)
{
	struct offers o = { .in = in, .ties = ties, .mentor_of = mentor_of };

	make_offers(&o, arena);
	for (int32_t first = 0; first < in->mentees; first++) {
		int32_t mentee = first;

		if (first % 1024 == 0) {
			if (stop_asked(watch))
				return E_CANCELLED;
			tell(watch, (double)first / in->mentees, "solving");
		}
		while (mentee >= 0) {
			int64_t entry = next_entry(&o, mentee);

			mentee = entry < 0 ? -1 : offer(&o, mentee, entry);
		}
	}
	return 0;
}

/* --- mentors offer ----------------------------------------------------------------------------------- */

/* The lists of the mentors: each pair once more, by mentor. */
static struct entry *lists_of_mentors(const struct match_choices *in, int64_t *start, struct arena *arena)
{
	struct entry *entries = arena_new(arena, ((size_t)in->start[in->mentees] + 1) * sizeof *entries);
	struct entry *spare = arena_new(arena, ((size_t)in->mentees + 1) * sizeof *spare);

	for (int64_t i = 0; i < in->start[in->mentees]; i++)
		start[in->list[i].mentor + 2]++;
	for (int32_t mentor = 0; mentor < in->mentors; mentor++)
		start[mentor + 2] += start[mentor + 1];
	for (int32_t mentee = 0; mentee < in->mentees; mentee++)
		for (int64_t i = in->start[mentee]; i < in->start[mentee + 1]; i++) {
			const struct match_choice *choice = &in->list[i];

			entries[start[choice->mentor + 1]++] = (struct entry){ choice->mentor_likes, mentee, choice->mentee_likes };
		}
	for (int32_t mentor = 0; mentor < in->mentors; mentor++)
		sort_list(entries + start[mentor], start[mentor + 1] - start[mentor], spare);
	return entries;
}

struct hosts {
	const struct match_choices *in;
	const struct entry *entries;
	int64_t *start, *at; /* of each mentor: its list, and where it is in it */
	int32_t *left, *waiting, *mentor_of, *liking;
	int32_t count; /* of those who wait to make an offer */
	bool *stacked; /* whether it waits */
};

static void wait_for_turn(struct hosts *h, int32_t mentor)
{
	if (!h->stacked[mentor])
		h->waiting[h->count++] = mentor;
	h->stacked[mentor] = true;
}

/* The one whose turn it is offers a place to the next of its list. */
static void offer_place(struct hosts *h, int32_t mentor)
{
	const struct entry *entry = &h->entries[h->at[mentor]++];
	int32_t mentee = entry->other, own = h->mentor_of[mentee];

	if (own >= 0 && (entry->liked < h->liking[mentee] || (entry->liked == h->liking[mentee] && own < mentor)))
		return;
	h->mentor_of[mentee] = mentor;
	h->liking[mentee] = entry->liked;
	h->left[mentor]--;
	if (own >= 0) {
		h->left[own]++;
		wait_for_turn(h, own);
	}
}

static void make_hosts(struct hosts *h, struct arena *arena)
{
	size_t mentees = (size_t)h->in->mentees + 1, mentors = (size_t)h->in->mentors + 1;

	h->start = arena_new(arena, (mentors + 2) * sizeof *h->start);
	h->at = arena_new(arena, mentors * sizeof *h->at);
	h->left = arena_new(arena, mentors * sizeof *h->left);
	h->waiting = arena_new(arena, mentors * sizeof *h->waiting);
	h->stacked = arena_new(arena, mentors);
	h->liking = arena_new(arena, mentees * sizeof *h->liking);
	h->entries = lists_of_mentors(h->in, h->start, arena);
	for (int32_t mentee = 0; mentee < h->in->mentees; mentee++)
		h->mentor_of[mentee] = -1;
	for (int32_t mentor = h->in->mentors - 1; mentor >= 0; mentor--) {
		h->at[mentor] = h->start[mentor];
		h->left[mentor] = h->in->places[mentor];
		wait_for_turn(h, mentor);
	}
}

static int mentors_offer(const struct match_choices *in, int32_t *mentor_of, struct arena *arena, const struct match_watch *watch)
{
	struct hosts h = { .in = in, .mentor_of = mentor_of };
	int64_t steps = 0;

	make_hosts(&h, arena);
	while (h.count > 0) {
		int32_t mentor = h.waiting[h.count - 1];

		if (steps++ % 65536 == 0 && stop_asked(watch))
			return E_CANCELLED;
		if (h.left[mentor] > 0 && h.at[mentor] < h.start[mentor + 1]) {
			offer_place(&h, mentor);
			continue;
		}
		h.stacked[mentor] = false;
		h.count--;
	}
	return 0;
}

int match_stable(const struct match_choices *in, enum match_stability which, int32_t *ret_mentor_of, const struct match_watch *watch)
{
	struct arena arena = { 0 };
	int r;

	if (which == MATCH_STABLE_MENTORS)
		r = mentors_offer(in, ret_mentor_of, &arena, watch);
	else
		r = mentees_offer(in, which == MATCH_STABLE_TIES, ret_mentor_of, &arena, watch);
	arena_free(&arena);
	return r;
}
