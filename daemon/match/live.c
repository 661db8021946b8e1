/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A solution that is kept while its graph changes a little.
 *
 * At an optimum no mentee would gain more elsewhere, and only full mentors have
 * a price. A change spoils that for those it touches alone: a mentee whose
 * scores changed may gain more elsewhere, and the mentor it leaves has a price
 * too high; who lost a place looks for another. Everybody else is as well off
 * as before, so each of the few is mended by one shortest path. Where that
 * takes longer than a look at all pairs, all begins anew.
 */
#include <stdlib.h>

#include "match/transport.h"

struct match_live {
	struct arena arena;
	struct match_stage stage;
	struct transport transport;
	int64_t *base;
	int32_t *loose, *left; /* mentees that lost their mentor, mentors that lost a mentee, by this change */
	int32_t loose_count, left_count;
};

static void take_graph(struct match_live *live, const struct match_graph *graph)
{
	live->stage.start = graph->start;
	live->stage.edges = graph->edges;
	live->stage.places = graph->places;
}

static void set_base(struct match_live *live, const struct match_graph *graph, int32_t mentee)
{
	live->base[mentee] = graph->marked && graph->marked[mentee] ? 2 * MATCH_UNIT : MATCH_UNIT;
}

int match_live_new(const struct match_graph *graph, const struct match_watch *watch, struct match_live **ret)
{
	struct match_live *live = *ret = calloc(1, sizeof *live);
	size_t mentees = (size_t)graph->mentees + 1, mentors = (size_t)graph->mentors + 1;
	int r;

	if (!live)
		abort();
	live->base = arena_new(&live->arena, mentees * sizeof *live->base);
	live->loose = arena_room(&live->arena, mentees * sizeof *live->loose);
	live->left = arena_room(&live->arena, mentees * sizeof *live->left);
	live->stage = (struct match_stage){ .mentees = graph->mentees, .mentors = graph->mentors, .base = live->base };
	take_graph(live, graph);
	for (int32_t mentee = 0; mentee < graph->mentees; mentee++)
		set_base(live, graph, mentee);
	live->transport = (struct transport){ .stage = &live->stage,
		.watch = watch,
		.arena = &live->arena,
		.mask = -1,
		.price = arena_new(&live->arena, mentors * sizeof(int64_t)),
		.mate = arena_new(&live->arena, mentees * sizeof(int32_t)) };
	match_transport_make(&live->transport);
	r = match_transport_solve(&live->transport, false);
	match_forget_back(&live->transport);
	return r;
}

void match_live_free(struct match_live *live)
{
	if (live)
		match_transport_free(&live->transport);
	free(live);
}

void match_live_read(const struct match_live *live, struct match_solution *out)
{
	const struct transport *t = &live->transport;

	out->value = 0;
	for (int32_t mentee = 0; mentee < live->stage.mentees; mentee++) {
		out->mentor_of[mentee] = t->mate[mentee];
		out->mentee_price[mentee] = gain_of(t, mentee);
		if (t->mate[mentee] >= 0)
			out->value += t->worth[mentee];
	}
	for (int32_t mentor = 0; mentor < live->stage.mentors; mentor++)
		out->mentor_price[mentor] = t->price[mentor];
}

/* --- what a change breaks ---------------------------------------------------------------------------- */

static void take_apart(struct match_live *live, int32_t mentee)
{
	live->left[live->left_count++] = live->transport.mate[mentee];
	live->loose[live->loose_count++] = mentee;
	match_take(&live->transport, mentee);
}

static void touch_mentor(struct match_live *live, int32_t mentor)
{
	struct transport *t = &live->transport;
	int32_t places = live->stage.places[mentor];

	while (t->taken[mentor] > places)
		take_apart(live, t->members[t->member_start[mentor] + t->taken[mentor] - 1].mentee);
	if (places >= t->member_start[mentor + 1] - t->member_start[mentor]) {
		t->roomy = true;
		match_lay_out(t);
	}
}

/* Who could come to a mentor, with the new score; they stand by index. */
static void tell_back(struct transport *t, int32_t mentee, const struct match_edge *edge)
{
	int64_t low = t->back_start[edge->mentor], high = t->back_start[edge->mentor + 1] - 1;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (t->back[middle].mentee < mentee)
			low = middle + 1;
		else
			high = middle;
	}
	t->back[low].score = edge->score;
}

static void touch_mentee(struct match_live *live, const struct match_graph *graph, int32_t mentee)
{
	struct transport *t = &live->transport;
	int32_t mentor = t->mate[mentee];
	int64_t gain = -1;

	set_base(live, graph, mentee);
	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		if (t->back)
			tell_back(t, mentee, &graph->edges[e]);
		if (graph->edges[e].mentor == mentor) {
			t->worth[mentee] = worth_at(t, mentee, graph->edges[e].score);
			gain = gain_of(t, mentee);
		}
	}
	if (mentor >= 0 && gain < match_best_of(t, mentee).gain)
		take_apart(live, mentee);
}

/* --- and what mends it ------------------------------------------------------------------------------- */

static int mend(struct match_live *live, const struct match_touched *touched)
{
	struct transport *t = &live->transport;
	int64_t limit = t->steps + 8 * live->stage.start[live->stage.mentees];
	int32_t mentees = touched->mentee_count + live->loose_count, mentors = touched->mentor_count + live->left_count;

	for (int32_t at = 0; at < mentees + mentors; at++) {
		int32_t mentor = at - mentees;

		if (at % 64 == 0 && stop_asked(t->watch))
			return E_CANCELLED;
		if (t->steps > limit)
			return match_bid_by_steps(t);
		if (mentor >= 0)
			match_mend_mentor(t, mentor < live->left_count ? live->left[mentor] : touched->mentors[mentor - live->left_count]);
		else
			match_mend_mentee(t, at < live->loose_count ? live->loose[at] : touched->mentees[at - live->loose_count]);
	}
	return 0;
}

int match_live_again(
	struct match_live *live, const struct match_graph *graph, const struct match_touched *touched, const struct match_watch *watch)
{
	struct transport *t = &live->transport;
	int r;

	take_graph(live, graph);
	t->watch = watch;
	live->loose_count = live->left_count = 0;
	if (touched->paired)
		match_forget_back(t);
	for (int32_t i = 0; i < touched->mentor_count; i++)
		touch_mentor(live, touched->mentors[i]);
	match_find_floor(t);
	for (int32_t i = 0; i < touched->mentee_count; i++)
		touch_mentee(live, graph, touched->mentees[i]);
	r = mend(live, touched);
	if (touched->paired)
		match_forget_back(t);
	return r;
}
