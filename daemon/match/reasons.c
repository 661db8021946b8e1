/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why these pairs: the parts of each score, what else was possible and what it
 * would have cost the whole.
 *
 * Alternatives of a mentee are the other mentors with the highest scores that
 * the recipe allows, those of a mentor such mentees. Where nothing but 'not with'
 * stops a pair it stands among them as if nothing did: a list without it would
 * tell who compares scores. Whoever acts on a list looks for objections anew.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/explain.h"
#include "match/rows.h"

int32_t match_pair_score(const struct scorer *s, int32_t mentee, int32_t mentor)
{
	int32_t score = 0;

	for (int32_t i = s->plan->hard; i < s->plan->count; i++) {
		struct match_cell cell = match_cell_of(s, &s->plan->lines[i], mentee, mentor);

		score += match_points_of(&s->plan->lines[i], &cell);
	}
	return score;
}

void match_shares_of(const struct explain *x, int32_t mentee, int32_t mentor, const struct match_share **ret_shares, size_t *ret_count)
{
	const struct plan *plan = x->scorer->plan;
	struct match_share *shares = arena_new(x->arena, ((size_t)plan->count + 1) * sizeof *shares);

	for (int32_t i = 0; i < plan->count; i++) {
		const struct plan_line *line = &plan->lines[i];
		struct match_share *share = &shares[*ret_count];
		struct match_cell cell;

		if (line->line < 0)
			continue;
		cell = match_cell_of(x->scorer, line, mentee, mentor);
		share->criterion = line->row;
		share->name = line->name;
		share->quiet = line->quiet;
		share->hard = line->hard;
		share->most = line->hard ? 0 : line->points;
		share->points = line->hard ? 0 : match_points_of(line, &cell);
		share->amount = line->quiet ? NAN : cell.amount;
		share->text = match_line_text(x->scorer, line, mentee, mentor, &cell, x->arena);
		(*ret_count)++;
	}
	*ret_shares = shares;
}

/* --- alternatives -------------------------------------------------------------------------------------- */

/* Whether the two could be a pair but for an objection. */
static bool only_objected(const struct explain *x, int32_t mentee, int32_t mentor)
{
	const struct prepared *in = x->scorer->in;
	const struct plan *plan = x->scorer->plan;

	if (in->locked[mentee] >= 0 || in->mentees[mentee].from->places == 0)
		return false;
	for (int32_t i = 0; i < plan->hard; i++)
		if (strcmp(plan->lines[i].row->name, "not_with") != 0 && match_stops(x->scorer, &plan->lines[i], mentee, mentor))
			return false;
	return true;
}

/* Keeps the best: by falling score, then mentee, then mentor. */
static void offer(const struct explain *x, struct wanted *list, int32_t *count, int32_t mentee, int32_t mentor, int32_t score)
{
	int32_t at = *count;

	if (x->solved->solution.mentor_of[mentee] == mentor || x->solved->graph.places[mentor] == 0)
		return;
	for (; at > 0; at--) {
		const struct wanted *before = &list[at - 1];

		if (before->score > score ||
			(before->score == score && (before->mentee < mentee || (before->mentee == mentee && before->mentor < mentor))))
			break;
		if (at < MATCH_ALTERNATIVES)
			list[at] = list[at - 1];
	}
	if (at == MATCH_ALTERNATIVES)
		return;
	list[at] = (struct wanted){ .mentee = mentee, .mentor = mentor, .score = score };
	*count += *count < MATCH_ALTERNATIVES;
}

/* The best others of each mentor, found in one pass. */
static void best_of_mentors(const struct explain *x, struct wanted *best, int32_t *counts)
{
	const struct match_graph *graph = &x->solved->graph;
	const struct relations *objections = &x->scorer->in->objections;

	for (int32_t mentee = 0; mentee < graph->mentees; mentee++) {
		for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
			int32_t mentor = graph->edges[e].mentor;

			offer(x, best + (size_t)mentor * MATCH_ALTERNATIVES, &counts[mentor], mentee, mentor, graph->edges[e].score);
		}
		for (int32_t k = objections->start[mentee]; k < objections->start[mentee + 1]; k++) {
			int32_t mentor = objections->list[k].mentor;

			if (only_objected(x, mentee, mentor))
				offer(x, best + (size_t)mentor * MATCH_ALTERNATIVES, &counts[mentor], mentee, mentor,
					match_pair_score(x->scorer, mentee, mentor));
		}
	}
}

static size_t best_of_mentee(const struct explain *x, int32_t mentee, struct wanted *best)
{
	const struct match_graph *graph = &x->solved->graph;
	const struct relations *objections = &x->scorer->in->objections;
	int32_t count = 0;

	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1] && count < MATCH_ALTERNATIVES; e++)
		offer(x, best, &count, mentee, graph->edges[e].mentor, graph->edges[e].score);
	for (int32_t k = objections->start[mentee]; k < objections->start[mentee + 1]; k++)
		if (only_objected(x, mentee, objections->list[k].mentor))
			offer(x, best, &count, mentee, objections->list[k].mentor,
				match_pair_score(x->scorer, mentee, objections->list[k].mentor));
	return (size_t)count;
}

static const char *cost_text(const struct explain *x, const struct match_alternative *a)
{
	const char *least = a->exact ? "" : "at least ";

	if (a->cost_placed > 0 && x->marked)
		return arena_print(x->arena, "would cost %s%d placed (who is marked counts twice)", least, a->cost_placed);
	if (a->cost_placed == 1)
		return arena_print(x->arena, "would leave %sone mentee more without a mentor", least);
	if (a->cost_placed > 1)
		return arena_print(x->arena, "would leave %s%d mentees more without a mentor", least, a->cost_placed);
	if (a->cost_band > 0 && x->solved->graph.kept)
		return arena_print(x->arena, "would part %s%d more of the pairs that stayed together", least, a->cost_band);
	if (a->cost_band > 0)
		return arena_print(x->arena, "would put %s%d more of the pairs below a score of %d", least, a->cost_band,
			(a->band + 1) * (MATCH_SCORE_MAX / MATCH_BANDS));
	if (a->cost_total > 0)
		return arena_print(x->arena, "would lower the sum of scores by %s%lld", least, (long long)a->cost_total);
	return a->exact ? "would cost nothing" : "might cost nothing";
}

/* Only of a pair that is none of those solved: 'not with' stops it, or it is not on the shortlist of an aim that looks at no other. */
static bool is_gain(const struct wanted *w)
{
	if (w->cost <= -MATCH_UNIT / 2 || w->cost >= MATCH_UNIT / 2)
		return w->cost < 0;
	return w->cost_level ? w->cost_level < 0 : w->cost < 0;
}

struct match_alternative match_alternative_of(const struct explain *x, const struct wanted *w)
{
	const struct prepared *in = x->scorer->in;
	struct match_alternative a = { .score = w->score, .exact = w->exact };
	bool gain = is_gain(w);

	a.mentee = in->mentees[w->mentee].from->id;
	a.mentor = in->mentors[w->mentor].from->id;
	a.free = x->taken[w->mentor] < in->mentors[w->mentor].from->places;
	if (gain) {
		a.exact = a.exact && (!x->solved->shortlisted || x->solved->levels == 1);
	} else {
		a.cost_placed = (int32_t)((w->cost + MATCH_UNIT / 2) / MATCH_UNIT);
		a.cost_total = w->cost - a.cost_placed * MATCH_UNIT;
		a.band = w->level;
		a.cost_band = w->cost_level;
	}
	a.text = x->solved->stable ? match_unwanted_text(x, w->mentee, w->mentor) : cost_text(x, &a);
	return a;
}

static int by_mentee_score(const void *a, const void *b)
{
	const struct wanted *one = a, *other = b;

	if (one->mentee != other->mentee)
		return (one->mentee > other->mentee) - (one->mentee < other->mentee);
	if (one->score != other->score)
		return (one->score < other->score) - (one->score > other->score);
	return (one->mentor > other->mentor) - (one->mentor < other->mentor);
}

static int by_mentor_score(const void *a, const void *b)
{
	const struct wanted *one = a, *other = b;

	if (one->mentor != other->mentor)
		return (one->mentor > other->mentor) - (one->mentor < other->mentor);
	if (one->score != other->score)
		return (one->score < other->score) - (one->score > other->score);
	return (one->mentee > other->mentee) - (one->mentee < other->mentee);
}

struct list {
	struct match_alternative *all;
	size_t *start;
};

/* Alternatives in order, with where those of each mentee (or mentor) begin. */
static struct list listed(const struct explain *x, struct wanted *wanted, size_t count, bool mentors)
{
	size_t people = (size_t)(mentors ? x->scorer->in->mentor_count : x->scorer->in->mentee_count);
	struct list list;

	if (count > 0)
		qsort(wanted, count, sizeof *wanted, mentors ? by_mentor_score : by_mentee_score);
	list.all = arena_new(x->arena, (count + 1) * sizeof *list.all);
	list.start = arena_new(x->scratch, (people + 2) * sizeof *list.start);
	for (size_t i = 0; i < count; i++) {
		list.all[i] = match_alternative_of(x, &wanted[i]);
		list.start[(mentors ? wanted[i].mentor : wanted[i].mentee) + 1]++;
	}
	for (size_t i = 0; i < people; i++)
		list.start[i + 1] += list.start[i];
	return list;
}

static int find_costs(const struct explain *x, struct wanted *const wanted[2], const size_t counts[2])
{
	if (!x->solved->stable)
		return match_exchange_costs_of_two(x->solved, wanted, counts, match_look_shares(x->scorer->in) > 1, x->watch);
	for (int list = 0; list < 2; list++)
		for (size_t i = 0; i < counts[list]; i++)
			wanted[list][i].exact = true;
	return stop_asked(x->watch) ? E_CANCELLED : 0;
}

static int find_alternatives(const struct explain *x, struct list *ret_mentees, struct list *ret_mentors)
{
	const struct prepared *in = x->scorer->in;
	size_t mentees = (size_t)in->mentee_count, mentors = (size_t)in->mentor_count, count = 0, second = 0;
	struct wanted *of_mentees = arena_new(x->scratch, (mentees * MATCH_ALTERNATIVES + 1) * sizeof *of_mentees);
	struct wanted *of_mentors = arena_new(x->scratch, (mentors * MATCH_ALTERNATIVES + 1) * sizeof *of_mentors);
	int32_t *counts = arena_new(x->scratch, (mentors + 1) * sizeof *counts);
	int r;

	for (int32_t i = 0; i < in->mentee_count; i++)
		if (x->solved->solution.mentor_of[i] >= 0)
			count += best_of_mentee(x, i, of_mentees + count);
	best_of_mentors(x, of_mentors, counts);
	for (int32_t j = 0; j < in->mentor_count; j++)
		for (int32_t k = 0; k < counts[j] && x->taken[j] > 0; k++)
			of_mentors[second++] = of_mentors[(size_t)j * MATCH_ALTERNATIVES + (size_t)k];
	r = find_costs(x, (struct wanted *const[]){ of_mentees, of_mentors }, (const size_t[]){ count, second });
	if (r < 0)
		return r;
	*ret_mentees = listed(x, of_mentees, count, false);
	*ret_mentors = listed(x, of_mentors, second, true);
	return 0;
}

/* --- the pairs ----------------------------------------------------------------------------------------- */

static void make_pair(const struct explain *x, int32_t mentee, int32_t mentor, const struct list *of_mentees, const struct list *of_mentors,
	struct match_made *made)
{
	const struct prepared *in = x->scorer->in;

	made->mentee = in->mentees[mentee].from->id;
	made->mentor = in->mentors[mentor].from->id;
	made->score = match_pair_score(x->scorer, mentee, mentor);
	made->locked = in->locked[mentee] >= 0;
	match_shares_of(x, mentee, mentor, &made->shares, &made->share_count);
	made->shared = match_shared_text(x->scorer, mentee, mentor, x->arena);
	if (made->locked)
		return;
	made->mentee_alternatives = of_mentees->all + of_mentees->start[mentee];
	made->mentee_alternative_count = of_mentees->start[mentee + 1] - of_mentees->start[mentee];
	made->mentor_alternatives = of_mentors->all + of_mentors->start[mentor];
	made->mentor_alternative_count = of_mentors->start[mentor + 1] - of_mentors->start[mentor];
}

static int by_score(const void *a, const void *b)
{
	int32_t one = *(const int32_t *)a, other = *(const int32_t *)b;

	return (one > other) - (one < other);
}

static bool is_kept(const struct prepared *in, const struct match_made *pair)
{
	int32_t mentor = in->kept ? in->kept[match_find(in->mentees, in->mentee_count, pair->mentee)] : -1;

	return mentor >= 0 && in->mentors[mentor].from->id == pair->mentor;
}

static void add_figures(const struct explain *x, struct match_result *result)
{
	const struct match_solution *solution = &x->solved->solution;
	int32_t *scores = arena_new(x->scratch, (result->pair_count + 1) * sizeof *scores);
	int64_t bound = 0, marked = 0, locked_total = 0, locked = 0;

	for (size_t i = 0; i < result->pair_count; i++) {
		scores[i] = result->pairs[i].score;
		result->total += scores[i];
		result->bands[match_band_of(scores[i])]++;
		locked += result->pairs[i].locked;
		result->kept += is_kept(x->scorer->in, &result->pairs[i]);
		locked_total += result->pairs[i].locked ? scores[i] : 0;
	}
	for (int32_t i = 0; i < x->scorer->in->mentee_count; i++) {
		bound += solution->mentee_price[i];
		marked += solution->mentor_of[i] >= 0 && x->scorer->in->mentees[i].from->marked;
	}
	for (int32_t j = 0; j < x->scorer->in->mentor_count; j++) {
		bound += solution->mentor_price[j] * x->scorer->in->left[j];
		result->places += x->scorer->in->mentors[j].from->places;
	}
	result->placed = (int64_t)result->pair_count;
	match_unpack(bound, &result->bound_placed, &result->bound_total);
	result->bound_placed += locked - marked;
	result->bound_total += locked_total;
	if (x->solved->levels > 1) { /* the checker has compared all levels; the first is the same number for all of them */
		result->bound_placed = result->placed;
		result->bound_total = x->solved->shortlisted ? -1 : result->total;
	}
	if (x->solved->stable)
		result->bound_placed = result->bound_total = -1;
	qsort(scores, result->pair_count, sizeof *scores, by_score);
	result->lowest = scores[0];
	result->median = scores[result->pair_count / 2];
}

static int make_pairs(const struct explain *x, struct match_result *result)
{
	const struct prepared *in = x->scorer->in;
	struct match_made *pairs = arena_new(x->arena, ((size_t)in->mentee_count + 1) * sizeof *pairs);
	struct list of_mentees, of_mentors;
	int r = find_alternatives(x, &of_mentees, &of_mentors);

	if (r < 0)
		return r;
	for (int32_t i = 0; i < in->mentee_count; i++)
		if (x->mentor_of[i] >= 0)
			make_pair(x, i, x->mentor_of[i], &of_mentees, &of_mentors, &pairs[result->pair_count++]);
	result->pairs = pairs;
	return 0;
}

/* Who is where, locked pairs included. */
void match_place_all(struct explain *x)
{
	const struct prepared *in = x->scorer->in;

	x->mentor_of = arena_new(x->scratch, ((size_t)in->mentee_count + 1) * sizeof *x->mentor_of);
	x->taken = arena_new(x->scratch, ((size_t)in->mentor_count + 1) * sizeof *x->taken);
	for (int32_t i = 0; i < in->mentee_count; i++) {
		x->mentor_of[i] = in->locked[i] >= 0 ? in->locked[i] : x->solved->solution.mentor_of[i];
		if (x->mentor_of[i] >= 0)
			x->taken[x->mentor_of[i]]++;
		x->marked = x->marked || in->mentees[i].from->marked;
	}
}

/* Whoever wrote a line that could decide nothing should know. */
void match_add_warnings(const struct explain *x, struct match_result *result)
{
	const struct scorer *s = x->scorer;
	const char **list = arena_new(x->arena, ((size_t)s->plan->count + 1) * sizeof *list);

	for (int32_t i = 0; i < s->plan->count; i++) {
		const struct plan_line *line = &s->plan->lines[i];

		if (line->line < 0 || !s->asked[i] || s->known[i])
			continue;
		list[result->warning_count++] = arena_print(x->arena,
			line->hard ? "%s is known of no pair, so it stopped none; gather it, or take the line out"
				   : "%s earned no pair any points, so it decided nothing; gather what it looks at, or take the line out",
			line->name);
	}
	result->warnings = list;
}

int match_reasons(struct scorer *scorer, const struct solved *solved, const struct match_watch *watch, struct match_result *result,
	struct problem *problem)
{
	struct arena scratch = { 0 };
	struct explain x = { .scorer = scorer, .solved = solved, .watch = watch, .arena = result->arena, .scratch = &scratch };
	int r;

	match_place_all(&x);
	r = make_pairs(&x, result);
	if (r == 0)
		r = match_explain_unplaced(&x, result);
	if (r == 0) {
		add_figures(&x, result);
		result->cells = solved->cells;
		result->eligible = solved->eligible;
		result->shortlisted = solved->shortlisted;
		result->rounds = solved->rounds;
		match_add_warnings(&x, result);
		tell(watch, 1, "done");
	} else {
		problem_set(problem, r, NULL, "The run was cancelled.");
	}
	arena_free(&scratch);
	return r;
}
