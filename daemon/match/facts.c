/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the mentors of a tile have, turned into rows.
 *
 * Free time is kept as the minutes that each mentor is free before a minute of the week: what a mentee has in common with them is
 * the sum, over its spans, of one row less another. So there are never more rows than minutes, however many different spans
 * people write, and mostly one for each half hour.
 */
#include <string.h>

#include "match/rows.h"

void match_facts_make(struct match_facts *f, const struct prepared *in, struct arena *arena)
{
	size_t terms = (size_t)in->term_count + 1;

	*f = (struct match_facts){ .in = in, .minutes_of = -1 };
	f->having = arena_new(arena, terms * sizeof *f->having);
	f->offered = arena_new(arena, terms * sizeof *f->offered);
	f->before = arena_new(arena, (size_t)(in->weeks + 1) * (MATCH_WEEK + 1) * sizeof *f->before);
	f->stated = arena_new(arena, TILE * sizeof *f->stated);
	f->kinds = arena_new(arena, TILE * sizeof *f->kinds);
	f->offers = arena_new(arena, TILE * sizeof *f->offers);
	f->minutes = arena_new(arena, TILE * sizeof *f->minutes);
	f->week_minutes = arena_new(arena, TILE * sizeof *f->week_minutes);
}

void match_facts_free(struct match_facts *f)
{
	arena_free(&f->rows);
}

void match_facts_begin(struct match_facts *f, int32_t from)
{
	const struct prepared *in = f->in;
	int32_t left = in->mentor_count - from;

	arena_free(&f->rows);
	f->from = from;
	f->count = left < TILE ? left : TILE;
	f->minutes_of = -1;
	memset(f->having, 0, (size_t)in->term_count * sizeof *f->having);
	memset(f->offered, 0, (size_t)in->term_count * sizeof *f->offered);
	memset(f->before, 0, (size_t)in->weeks * (MATCH_WEEK + 1) * sizeof *f->before);
	for (int32_t j = 0; j < TILE; j++) {
		const struct someone *mentor = j < f->count ? &in->mentors[from + j] : NULL;

		f->stated[j] = mentor ? (int16_t)mentor->stated : -1;
		f->kinds[j] = mentor ? mentor->kinds : 0;
		f->offers[j] = mentor ? mentor->offers : 0;
	}
}

/* The first holder of a term who stands in the tile. */
static int32_t first_holder(const struct match_facts *f, const struct holders *holders, int32_t term)
{
	int32_t low = holders->start[term], high = holders->start[term + 1];

	while (low < high) {
		int32_t middle = low + (high - low) / 2;

		if (holders->list[middle].mentor < f->from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of each mentor of the tile: 0, or for a holder of the term 1, or the level that counts. */
static const uint8_t *row_of(struct match_facts *f, uint8_t **row, const struct holders *holders, int32_t term, bool levels)
{
	int32_t end = holders->start[term + 1];

	if (*row)
		return *row;
	*row = arena_new(&f->rows, TILE);
	for (int32_t k = first_holder(f, holders, term); k < end && holders->list[k].mentor < f->from + f->count; k++)
		(*row)[holders->list[k].mentor - f->from] = (uint8_t)(levels ? match_level_meant(holders->list[k].level) : 1);
	return *row;
}

const uint8_t *match_facts_having(struct match_facts *f, int32_t term)
{
	return row_of(f, &f->having[term], &f->in->having, term, false);
}

const uint8_t *match_facts_offered(struct match_facts *f, int32_t term)
{
	return row_of(f, &f->offered[term], &f->in->offered, term, true);
}

/* --- free time ----------------------------------------------------------------------------------------- */

static int16_t minutes_before(const struct someone *who, int32_t week, int32_t minute)
{
	int32_t minutes = 0;

	for (int32_t k = who->span_start[week]; k < who->span_start[week + 1] && who->spans[k].from < minute; k++)
		minutes += (who->spans[k].to < minute ? who->spans[k].to : minute) - who->spans[k].from;
	return (int16_t)minutes;
}

static const int16_t *before(struct match_facts *f, int32_t week, int32_t minute)
{
	int16_t **row = &f->before[week * (MATCH_WEEK + 1) + minute];

	if (*row)
		return *row;
	*row = arena_new(&f->rows, TILE * sizeof **row);
	for (int32_t j = 0; j < f->count; j++)
		(*row)[j] = minutes_before(&f->in->mentors[f->from + j], week, minute);
	return *row;
}

static void add_span(int16_t *restrict sum, const int16_t *restrict to, const int16_t *restrict from)
{
	for (int32_t j = 0; j < TILE; j++)
		sum[j] = (int16_t)(sum[j] + to[j] - from[j]);
}

static void keep_least(int16_t *restrict least, const int16_t *restrict other)
{
	for (int32_t j = 0; j < TILE; j++)
		least[j] = least[j] < other[j] ? least[j] : other[j];
}

const int16_t *match_facts_minutes(struct match_facts *f, int32_t mentee)
{
	const struct someone *who = &f->in->mentees[mentee];

	if (f->minutes_of == mentee)
		return f->minutes;
	f->minutes_of = mentee;
	memset(f->minutes, 0, TILE * sizeof *f->minutes);
	for (int32_t n = 0; n < f->in->different_count; n++) {
		int32_t week = f->in->different[n];
		int16_t *sum = n ? f->week_minutes : f->minutes;

		memset(sum, 0, TILE * sizeof *sum);
		for (int32_t k = who->span_start[week]; k < who->span_start[week + 1]; k++)
			add_span(sum, before(f, week, who->spans[k].to), before(f, week, who->spans[k].from));
		if (n)
			keep_least(f->minutes, sum);
	}
	return f->minutes;
}
