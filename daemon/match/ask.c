/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions that staff ask: what the lines of a recipe say of these people, and why two of them are no pair.
 *
 * A preview measures every line on every pair (a sample of the mentees where there are very many pairs). Of quiet lines it tells nothing.
 *
 * Why two are no pair is read off the optimum: the rules that stop them, the place that is not there, or what forcing the pair would
 * cost the whole. Where nothing but 'not with' stops them the cost is told as if nothing did, never less than nothing, and each
 * sentence is as true of them as of two whom nothing stops: that the recipe does not rule the pair out, not that it could be.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/explain.h"

/* ---- preview ---- */

enum {
	BINS = 1000
};
static const int64_t cells_most = 4194304;

struct tally {
	int64_t pairs, known, stopped;
	double sum;
	int64_t bins[BINS + 1];
};

struct previewing {
	struct scorer *scorer;
	struct tally *tallies; /* of each line of the plan */
	bool *stopped;         /* of one mentee's pairs, by a rule that may be told */
	struct match_preview *out;
};

static void tally_line(struct previewing *p, struct match_block *block, int32_t at)
{
	const struct plan_line *line = block->line = &p->scorer->plan->lines[at];
	struct match_cell *cells = p->scorer->cells;
	struct tally *t = &p->tallies[at];

	line->row->measure(block, line->parameters, cells);
	t->pairs += block->count;
	for (int32_t k = 0; k < block->count; k++) {
		if (line->hard && !isnan(cells[k].amount) && !line->row->holds(line->parameters, cells[k].amount)) {
			t->stopped++;
			p->stopped[k] = p->stopped[k] || !line->secret;
		}
		if (isnan(cells[k].value))
			continue;
		t->known++;
		t->sum += cells[k].value;
		t->bins[(int32_t)floor(cells[k].value * BINS + 0.5)]++;
	}
}

static void tally_mentee(struct previewing *p, int32_t mentee)
{
	const struct prepared *in = p->scorer->in;
	struct match_block block = { in, mentee, p->scorer->all, in->mentor_count, NULL };
	int64_t before = p->out->eligible;

	memset(p->stopped, 0, (size_t)in->mentor_count);
	for (int32_t i = 0; i < p->scorer->plan->count; i++)
		tally_line(p, &block, i);
	p->out->cells += in->mentor_count;
	for (int32_t k = 0; k < in->mentor_count; k++)
		p->out->eligible += !p->stopped[k];
	p->out->looked_at++;
	p->out->without += p->out->eligible == before;
}

static void fill_line(const struct tally *t, const struct plan_line *line, struct match_preview_line *out)
{
	int64_t seen = 0;
	int decile = 1;

	*out = (struct match_preview_line){
		.name = line->name, .hard = line->hard, .quiet = line->quiet, .points = line->points, .mean = NAN, .pairs = t->pairs
	};
	for (int i = 0; i < 9; i++)
		out->deciles[i] = NAN;
	if (line->quiet)
		return;
	out->unknown = t->pairs - t->known;
	out->stopped = t->stopped;
	if (t->known > 0)
		out->mean = t->sum / (double)t->known;
	for (int bin = 0; bin <= BINS && t->known > 0; bin++)
		for (seen += t->bins[bin]; decile <= 9 && 10 * seen >= decile * t->known; decile++)
			out->deciles[decile - 1] = (double)bin / BINS;
}

static int preview_in(const struct match_input *in, const struct match_watch *watch, struct arena *scratch, struct match_preview *out,
	struct problem *problem)
{
	struct prepared prepared;
	struct plan plan;
	struct scorer scorer;
	struct previewing p = { .scorer = &scorer, .out = out };
	struct match_preview_line *lines;
	int64_t every;
	int r = match_begin(in, scratch, &prepared, &plan, problem);

	if (r < 0)
		return r;
	match_scorer_make(&scorer, &prepared, &plan, scratch);
	p.tallies = arena_new(scratch, ((size_t)plan.count + 1) * sizeof *p.tallies);
	p.stopped = arena_new(scratch, (size_t)prepared.mentor_count + 1);
	every = 1 + (int64_t)prepared.mentee_count * prepared.mentor_count / cells_most;
	for (int64_t i = 0; i < prepared.mentee_count; i += every) {
		if (stop_asked(watch))
			return problem_set(problem, E_CANCELLED, NULL, "The preview was cancelled.");
		tell(watch, (double)i / prepared.mentee_count, "measuring");
		tally_mentee(&p, (int32_t)i);
	}
	out->mentees = prepared.mentee_count;
	out->mentors = prepared.mentor_count;
	out->lines = lines = arena_new(out->arena, ((size_t)plan.count + 1) * sizeof *lines);
	for (int32_t i = 0; i < plan.count; i++)
		if (plan.lines[i].line >= 0) {
			fill_line(&p.tallies[i], &plan.lines[i], &lines[out->line_count]);
			lines[out->line_count++].name = arena_copy(out->arena, plan.lines[i].name);
		}
	return 0;
}

int match_preview(const struct match_input *in, const struct match_watch *watch, struct match_preview *out, struct problem *problem)
{
	struct arena scratch = { 0 };
	int r;

	*out = (struct match_preview){ .arena = calloc(1, sizeof *out->arena) };
	if (!out->arena)
		abort();
	r = preview_in(in, watch, &scratch, out, problem);
	arena_free(&scratch);
	return r;
}

void match_preview_free(struct match_preview *preview)
{
	if (preview->arena)
		arena_free(preview->arena);
	free(preview->arena);
	preview->arena = NULL;
}

/* ---- why ---- */

/* The rules against the pair that may be told, and what would have to change; how many there are. */
static int against(const struct explain *x, int32_t mentee, int32_t mentor, const char **ret_stopped, const char **ret_mend)
{
	const struct plan *plan = x->scorer->plan;
	const char *stops[MATCH_LINES_MAX + 4], *mends[MATCH_LINES_MAX + 4];
	int count = 0;

	for (int32_t i = 0; i < plan->hard; i++) {
		const struct plan_line *line = &plan->lines[i];

		if (line->secret || !match_stops(x->scorer, line, mentee, mentor))
			continue;
		stops[count] = match_stopped_text(x->scratch, line);
		mends[count++] = match_mend_text(x->scratch, line->row, line->of, match_missing(x->scorer, line, mentee, mentor));
	}
	*ret_stopped = match_join_words(x->scratch, stops, count, " and ");
	*ret_mend = match_join_words(x->scratch, mends, count, ", and ");
	return count;
}

static void cost_of(const struct explain *x, int32_t mentee, int32_t mentor, struct match_why *why)
{
	struct wanted wanted = { .mentee = mentee, .mentor = mentor, .score = why->score };
	struct match_alternative a;

	why->possible = true;
	wanted.exact = x->solved->stable;
	if (!x->solved->stable && match_exchange_costs(x->solved, &wanted, 1, x->watch) < 0)
		return;
	a = match_alternative_of(x, &wanted);
	why->cost_placed = a.cost_placed;
	why->cost_total = a.cost_total;
	why->exact = a.exact;
	why->text = arena_print(x->arena, "The recipe does not rule this pair out (score %d), but it %s.", why->score, a.text);
	if (a.exact && !x->solved->stable && a.cost_placed == 0 && a.cost_band == 0 && a.cost_total == 0)
		why->text = arena_print(x->arena, "The recipe does not rule this pair out (score %d), and it %s.", why->score, a.text);
}

static void answer(const struct explain *x, int32_t mentee, int32_t mentor, struct match_why *why)
{
	const struct prepared *in = x->scorer->in;
	const char *stopped, *mend;
	int rules = against(x, mentee, mentor, &stopped, &mend);

	match_shares_of(x, mentee, mentor, &why->shares, &why->share_count);
	why->score = match_pair_score(x->scorer, mentee, mentor);
	if (x->mentor_of[mentee] == mentor) {
		why->made = why->possible = true;
		why->text = in->locked[mentee] >= 0 ? "They are a pair: it was locked." : "They are a pair.";
	} else if (rules > 0) {
		why->text = arena_print(x->arena, "The recipe's rules stand against it: %s. They could be a pair with %s.", stopped, mend);
	} else if (in->locked[mentee] >= 0) {
		why->text = "This mentee is locked with another mentor; unlock that pair first.";
	} else if (in->left[mentor] == 0) {
		why->text = "This mentor has no place that could be given away: none is free, or all are locked.";
	} else {
		cost_of(x, mentee, mentor, why);
	}
}

static int why_in(const struct match_input *in, int64_t mentee, int64_t mentor, const struct match_watch *watch, struct arena *scratch,
	struct match_why *why, struct problem *problem)
{
	struct prepared prepared;
	struct plan plan;
	struct scorer scorer;
	struct solved solved;
	struct explain x = { .scorer = &scorer, .solved = &solved, .watch = watch, .arena = why->arena, .scratch = scratch };
	int32_t one, other;
	int r = match_begin(in, scratch, &prepared, &plan, problem);

	if (r < 0)
		return r;
	match_hash(&prepared, &plan, why->input_hash);
	one = match_find(prepared.mentees, prepared.mentee_count, mentee);
	other = match_find(prepared.mentors, prepared.mentor_count, mentor);
	if (one < 0 || other < 0 || prepared.mentees[one].from->places == 0) {
		why->text = one < 0 || prepared.mentees[one].from->places == 0
			? "This mentee is not matched now: not ready, or with a mentor already."
			: "This mentor is not matched now: not ready.";
		return 0;
	}
	match_scorer_make(&scorer, &prepared, &plan, scratch);
	r = match_solve(&scorer, watch, scratch, &solved, problem);
	if (r < 0)
		return r;
	match_place_all(&x);
	answer(&x, one, other, why);
	return 0;
}

int match_why(const struct match_input *in, int64_t mentee, int64_t mentor, const struct match_watch *watch, struct match_why *why,
	struct problem *problem)
{
	struct arena scratch = { 0 };
	int r;

	*why = (struct match_why){ .arena = calloc(1, sizeof *why->arena) };
	if (!why->arena)
		abort();
	r = why_in(in, mentee, mentor, watch, &scratch, why, problem);
	arena_free(&scratch);
	return r;
}

void match_why_free(struct match_why *why)
{
	if (why->arena)
		arena_free(why->arena);
	free(why->arena);
	why->arena = NULL;
}
