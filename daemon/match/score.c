/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scores in blocks: one mentee against all mentors at once.
 *
 * Rules come first and shrink the block, so weights are measured only for
 * pairs that may be. Each weight gives its points times the cell's value,
 * rounded to the nearest; a score is their sum.
 *
 * What is secret stops pairs last of all, when everything was measured and counted: no count
 * and no warning differs by an objection.
 */
#include <math.h>
#include <string.h>

#include "match/internal.h"

void match_scorer_make(struct scorer *scorer, const struct prepared *in, const struct plan *plan, struct arena *arena)
{
	size_t count = (size_t)in->mentor_count + 1;

	*scorer = (struct scorer){ .in = in, .plan = plan };
	scorer->all = arena_new(arena, count * sizeof *scorer->all);
	scorer->some = arena_new(arena, count * sizeof *scorer->some);
	scorer->cells = arena_new(arena, count * sizeof *scorer->cells);
	for (int32_t i = 0; i < in->mentor_count; i++)
		scorer->all[i] = i;
}

/* No value is negative, so cutting off rounds down (and takes no call); NaN is not >= 0. */
int32_t match_points_of(const struct plan_line *line, const struct match_cell *cell)
{
	return cell->value >= 0 ? (int32_t)(line->points * cell->value + 0.5) : 0;
}

bool match_allows(const struct plan_line *line, const struct match_cell *cell)
{
	return isnan(cell->amount) || line->row->holds(line->parameters, cell->amount);
}

bool match_stops(const struct scorer *s, const struct plan_line *line, int32_t mentee, int32_t mentor)
{
	struct match_cell cell = match_cell_of(s, line, mentee, mentor);

	return !match_allows(line, &cell);
}

static void measure(struct scorer *s, struct match_block *block, int32_t line)
{
	block->line = &s->plan->lines[line];
	block->line->row->measure(block, block->line->parameters, s->cells);
	s->asked[line] = true;
	for (int32_t k = 0; k < block->count && !s->known[line]; k++)
		s->known[line] = block->line->hard ? !isnan(s->cells[k].amount) : s->cells[k].value > 0;
}

/* Takes out of the scores what a secret line stops; returns how many that were. */
static int32_t stop_in_secret(struct scorer *s, struct match_block *block, int32_t *scores)
{
	int32_t stopped = 0;

	for (int32_t i = 0; i < s->plan->hard && block->count > 0; i++) {
		if (!s->plan->lines[i].secret)
			continue;
		measure(s, block, i);
		for (int32_t k = 0; k < block->count; k++)
			if (!match_allows(&s->plan->lines[i], &s->cells[k]) && scores[s->some[k]] >= 0) {
				scores[s->some[k]] = -1;
				stopped++;
			}
	}
	return stopped;
}

int32_t match_score_all(struct scorer *s, int32_t mentee, int32_t *ret_scores)
{
	struct match_block block = { s->in, mentee, s->some, s->in->mentor_count, NULL };

	memcpy(s->some, s->all, (size_t)block.count * sizeof *s->some);
	memset(ret_scores, 0xff, (size_t)block.count * sizeof *ret_scores);
	for (int32_t i = 0; i < s->plan->hard && block.count > 0; i++) {
		const struct plan_line *line = &s->plan->lines[i];
		int32_t kept = 0;

		if (line->secret)
			continue;
		measure(s, &block, i);
		for (int32_t k = 0; k < block.count; k++)
			if (match_allows(line, &s->cells[k]))
				s->some[kept++] = s->some[k];
		block.count = kept;
	}
	for (int32_t k = 0; k < block.count; k++)
		ret_scores[s->some[k]] = 0;
	for (int32_t i = s->plan->hard; i < s->plan->count && block.count > 0; i++) {
		const struct plan_line *line = &s->plan->lines[i];

		measure(s, &block, i);
		for (int32_t k = 0; k < block.count; k++)
			ret_scores[s->some[k]] += match_points_of(line, &s->cells[k]);
	}
	s->eligible += block.count;
	return block.count - stop_in_secret(s, &block, ret_scores);
}

void match_stops_of(struct scorer *s, int32_t mentee, const int32_t *mentors, int32_t count, uint64_t *ret_stops)
{
	struct match_block block = { s->in, mentee, mentors, count, NULL };

	memset(ret_stops, 0, (size_t)block.count * sizeof *ret_stops);
	for (int32_t i = 0; i < s->plan->hard; i++) {
		const struct plan_line *line = &s->plan->lines[i];

		block.line = line; /* what is known of pairs, a run has noted; who asks for stops depends on its result */
		line->row->measure(&block, line->parameters, s->cells);
		for (int32_t k = 0; k < block.count; k++)
			if (!match_allows(line, &s->cells[k]))
				ret_stops[k] |= (uint64_t)1 << i;
	}
}

struct match_cell match_cell_of(const struct scorer *s, const struct plan_line *line, int32_t mentee, int32_t mentor)
{
	struct match_block block = { s->in, mentee, &mentor, 1, line };
	struct match_cell cell;

	line->row->measure(&block, line->parameters, &cell);
	return cell;
}
