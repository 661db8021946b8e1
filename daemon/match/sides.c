/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * 'stable' from a recipe: what each side likes is what the criteria of its own view (and of both) give for the other.
 *
 * Whom somebody likes as much is a tie, so the offers go by Kiraly's rules; with strict lists that is the stable matching that is best
 * for the mentees. 'Stable for mentors' lets mentors offer, so it is the one that is best for them; ties go by id. A checker that shares
 * no code with either finds no pair in which both would rather have each other, or nothing is proposed.
 */
#include <string.h>

#include "match/explain.h"

static void add_points(const struct plan_line *line, int32_t points, int32_t *mentee_likes, int32_t *mentor_likes)
{
	*mentee_likes += line->row->view != MATCH_VIEW_MENTOR ? points : 0;
	*mentor_likes += line->row->view != MATCH_VIEW_MENTEE ? points : 0;
}

/* Of one mentee with all mentors, whatever the rules say. */
static void likes_all(struct scorer *s, int32_t mentee, int32_t *mentee_likes, int32_t *mentor_likes)
{
	struct match_block block = { s->in, mentee, s->all, s->in->mentor_count, NULL };

	memset(mentee_likes, 0, (size_t)block.count * sizeof *mentee_likes);
	memset(mentor_likes, 0, (size_t)block.count * sizeof *mentor_likes);
	for (int32_t i = s->plan->hard; i < s->plan->count; i++) {
		const struct plan_line *line = block.line = &s->plan->lines[i];

		line->row->measure(&block, line->parameters, s->cells);
		for (int32_t k = 0; k < block.count; k++)
			add_points(line, match_points_of(line, &s->cells[k]), &mentee_likes[k], &mentor_likes[k]);
	}
}

static int make_choices(
	struct scorer *s, const struct match_graph *graph, struct arena *arena, const struct match_watch *watch, struct match_choices *out)
{
	size_t mentors = (size_t)graph->mentors + 1;
	struct match_choice *list = arena_new(arena, ((size_t)graph->start[graph->mentees] + 1) * sizeof *list);
	int32_t *mentee_likes = arena_new(arena, mentors * sizeof *mentee_likes);
	int32_t *mentor_likes = arena_new(arena, mentors * sizeof *mentor_likes);

	for (int32_t i = 0; i < graph->mentees; i++) {
		if (stop_asked(watch))
			return E_CANCELLED;
		tell(watch, (double)i / graph->mentees, "ranking");
		if (graph->start[i] < graph->start[i + 1])
			likes_all(s, i, mentee_likes, mentor_likes);
		for (int64_t e = graph->start[i]; e < graph->start[i + 1]; e++) {
			int32_t mentor = graph->edges[e].mentor;

			list[e] = (struct match_choice){ mentor, mentee_likes[mentor], mentor_likes[mentor] };
		}
	}
	*out = (struct match_choices){ graph->mentees, graph->mentors, graph->start, list, graph->places };
	return 0;
}

int match_solve_stable(struct scorer *s, struct arena *arena, struct solved *out, const struct match_watch *watch, struct problem *problem)
{
	int r = make_choices(s, &out->graph, arena, watch, &out->choices);

	if (r == 0)
		r = match_stable(&out->choices, out->offers, out->solution.mentor_of, watch);
	if (r == 0 && match_stable_check(&out->choices, out->solution.mentor_of, problem) < 0)
		r = problem_set(problem, E_UNAVAILABLE, NULL,
			"The matching did not pass its own check, so nothing is proposed; please report this.");
	return r;
}

static int32_t mentee_likes_of(const struct scorer *s, int32_t mentee, int32_t mentor)
{
	int32_t one = 0, other = 0;

	for (int32_t i = s->plan->hard; i < s->plan->count; i++) {
		struct match_cell cell = match_cell_of(s, &s->plan->lines[i], mentee, mentor);

		add_points(&s->plan->lines[i], match_points_of(&s->plan->lines[i], &cell), &one, &other);
	}
	return one;
}

/*
 * If the mentee would want it the mentor would not; where 'not with' stops them it is one of the two who would not. What is said is true
 * of both, so no wording tells them apart.
 */
const char *match_unwanted_text(const struct explain *x, int32_t mentee, int32_t mentor)
{
	int32_t own = x->mentor_of[mentee], there, here;

	if (own < 0)
		return "would not be wanted by one of the two";
	there = mentee_likes_of(x->scorer, mentee, mentor);
	here = mentee_likes_of(x->scorer, mentee, own);
	if (here > there)
		return "would not be wanted by this mentee, who likes the mentor that it has more";
	return here == there ? "would be no better for this mentee, who likes the mentor that it has as much"
			     : "would not be wanted by one of the two";
}

bool match_stable_helps(const struct solved *solved, int32_t mentee, int32_t mentor, const struct match_watch *watch)
{
	struct arena arena = { 0 };
	struct match_choices then = solved->choices;
	int32_t *places = arena_new(&arena, ((size_t)then.mentors + 1) * sizeof *places);
	int32_t *mentor_of = arena_new(&arena, ((size_t)then.mentees + 1) * sizeof *mentor_of);
	bool helps;

	memcpy(places, then.places, (size_t)then.mentors * sizeof *places);
	places[mentor]++;
	then.places = places;
	helps = match_stable(&then, solved->offers, mentor_of, watch) == 0 && mentor_of[mentee] >= 0;
	for (int32_t i = 0; helps && i < then.mentees; i++)
		helps = solved->solution.mentor_of[i] < 0 || mentor_of[i] >= 0;
	arena_free(&arena);
	return helps;
}
