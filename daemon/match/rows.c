/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mentee's scores with a tile of mentors as a sum of kept rows, of points looked up by code, and of what is measured as it stands.
 *
 * Mentees come in the order of their keys, lines with few keys first, so that most sums are continued where the last mentee's were the
 * same. A pair that a rule forbids has FORBIDDEN added, or HIDDEN if nobody may be told of it: more than all points there are. What
 * counts as eligible, and whether a weight is known to have earned anything, does not look at what is hidden.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "match/rows.h"

enum {
	KEYS = 2048, /* of one line; with more its rows are not worth their room */
	HIDDEN = 1 << 20,
	FORBIDDEN = 8 * HIDDEN,
	MISSING = 1 << 30 /* in a table: not looked up before */
};
_Static_assert(
	(int)MATCH_SCORE_MAX < (int)HIDDEN, "points stay below what is hidden, and that (of four lines at most) below what is forbidden");
_Static_assert((int64_t)(MATCH_LINES_MAX + 4) * FORBIDDEN < MISSING, "all rules together must stay apart from what is missing");

/* --- keys ------------------------------------------------------------------------------------------------ */

struct key {
	size_t from, length;
};

struct keys {
	struct buffer bytes;
	struct key list[KEYS];
	int32_t slots[4 * KEYS]; /* key + 1 */
};

static uint32_t hash_of(const char *bytes, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
	return hash;
}

/* The number of the key that stands behind the others in the buffer; a new one stays there. -1: there are too many. */
static int32_t number_key(struct keys *keys, size_t from, int32_t *count)
{
	size_t length = keys->bytes.length - from;
	const char *bytes = length ? keys->bytes.data + from : "";
	uint32_t at = hash_of(bytes, length) % (4 * KEYS);

	for (; keys->slots[at]; at = (at + 1) % (4 * KEYS)) {
		const struct key *key = &keys->list[keys->slots[at] - 1];

		if (key->length == length && (!length || memcmp(keys->bytes.data + key->from, bytes, length) == 0)) {
			keys->bytes.length = from;
			return keys->slots[at] - 1;
		}
	}
	if (*count == KEYS)
		return -1;
	keys->list[*count] = (struct key){ from, length };
	keys->slots[at] = ++*count;
	return *count - 1;
}

static bool number_keys(const struct rows *rows, const struct plan_line *line, struct row_line *out, struct arena *arena)
{
	const struct prepared *in = rows->in;
	struct keys *keys = calloc(1, sizeof *keys);
	bool fits = true;

	if (!keys)
		abort();
	out->key_of = arena_new(arena, ((size_t)in->mentee_count + 1) * sizeof *out->key_of);
	out->sample = arena_new(arena, KEYS * sizeof *out->sample);
	for (int32_t i = 0; i < in->mentee_count && fits; i++) {
		struct match_block block = { in, i, NULL, 0, line };
		size_t from = keys->bytes.length;
		int32_t before = out->key_count;

		line->row->key(&block, &keys->bytes);
		out->key_of[i] = number_key(keys, from, &out->key_count);
		fits = out->key_of[i] >= 0;
		if (out->key_count > before)
			out->sample[before] = i;
	}
	buffer_free(&keys->bytes);
	free(keys);
	return fits;
}

/* --- the lines --------------------------------------------------------------------------------------------- */

static struct row_line way_of(const struct rows *rows, int32_t at, struct arena *arena)
{
	const struct plan_line *line = &rows->plan->lines[at];
	struct row_line out = { .at = at, .way = BY_KEY };

	if (line->row->apart) { /* who is not spoken of is as with a mentee of whom nothing is known */
		out.apart = line->row->apart(rows->in);
		out.key_of = arena_new(arena, ((size_t)rows->in->mentee_count + 1) * sizeof *out.key_of);
		out.sample = arena_new(arena, sizeof *out.sample);
		*out.sample = rows->in->mentee_count;
		out.key_count = 1;
	} else if (!line->row->key || !number_keys(rows, line, &out, arena)) {
		out.way = line->row->code ? BY_CODE : BY_BLOCK;
	}
	return out;
}

static int by_way(const void *a, const void *b)
{
	const struct row_line *one = a, *other = b;

	if (one->way != other->way)
		return (one->way > other->way) - (one->way < other->way);
	if (one->way == BY_KEY && one->key_count != other->key_count)
		return (one->key_count > other->key_count) - (one->key_count < other->key_count);
	return (one->at > other->at) - (one->at < other->at);
}

static int by_keys(const void *a, const void *b, void *context)
{
	const struct rows *rows = context;
	int32_t one = *(const int32_t *)a, other = *(const int32_t *)b;

	for (int32_t i = 0; i < rows->keyed; i++) {
		int32_t x = rows->lines[i].key_of[one], y = rows->lines[i].key_of[other];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (one > other) - (one < other);
}

void match_rows_make(struct rows *rows, const struct prepared *in, const struct plan *plan, struct arena *arena)
{
	*rows = (struct rows){ .in = in, .plan = plan, .count = plan->count };
	for (int32_t i = 0; i < plan->count; i++)
		rows->lines[i] = way_of(rows, i, arena);
	qsort(rows->lines, (size_t)rows->count, sizeof *rows->lines, by_way);
	while (rows->keyed < rows->count && rows->lines[rows->keyed].way == BY_KEY)
		rows->keyed++;
	rows->order = arena_new(arena, ((size_t)in->mentee_count + 1) * sizeof *rows->order);
	for (int32_t i = 0; i < in->mentee_count; i++)
		if (in->locked[i] < 0 && in->mentees[i].from->places > 0)
			rows->order[rows->order_count++] = i;
	qsort_r(rows->order, (size_t)rows->order_count, sizeof *rows->order, by_keys, rows);
}

/* --- summing ----------------------------------------------------------------------------------------------- */

void match_summing_make(struct summing *s, const struct rows *rows)
{
	*s = (struct summing){ .rows = rows, .in = *rows->in };
	match_scratch_make(&s->in, &s->arena);
	match_facts_make(&s->facts, rows->in, &s->arena);
	s->scores = arena_new(&s->arena, TILE * sizeof *s->scores);
	s->mentors = arena_new(&s->arena, TILE * sizeof *s->mentors);
	s->codes = arena_new(&s->arena, TILE * sizeof *s->codes);
	s->cells = arena_new(&s->arena, TILE * sizeof *s->cells);
	for (int32_t i = 0; i <= rows->keyed; i++)
		s->sums[i] = arena_new(&s->arena, TILE * sizeof **s->sums);
	for (int32_t i = 0; i < rows->keyed; i++)
		s->kept[i] = arena_new(&s->arena, (size_t)rows->lines[i].key_count * sizeof **s->kept);
}

void match_summing_free(struct summing *s)
{
	match_facts_free(&s->facts);
	arena_free(&s->arena);
}

void match_summing_begin(struct summing *s, int32_t from)
{
	match_facts_begin(&s->facts, from);
	for (int32_t j = 0; j < TILE; j++)
		s->sums[0][j] = j < s->facts.count ? 0 : FORBIDDEN;
	for (int32_t i = 0; i < s->rows->keyed; i++) {
		memset(s->kept[i], 0, (size_t)s->rows->lines[i].key_count * sizeof **s->kept);
		s->summed[i] = -1;
	}
}

/* The points of so many cells of a line; `known` and `gives` are noted. */
static void take_points(struct summing *s, int32_t at, int32_t count, int32_t *points)
{
	const struct plan_line *line = &s->rows->plan->lines[at];
	bool known = s->known[at], gives = s->gives[at];

	for (int32_t k = 0; k < count; k++) {
		if (line->hard) {
			points[k] = match_allows(line, &s->cells[k]) ? 0 : line->secret ? HIDDEN : FORBIDDEN;
			known = known || !isnan(s->cells[k].amount);
		} else {
			points[k] = match_points_of(line, &s->cells[k]);
			gives = gives || points[k] > 0;
		}
	}
	s->unsure += gives && !s->gives[at];
	s->gives[at] = gives;
	s->known[at] = known;
}

static void measure(struct summing *s, int32_t at, int32_t mentee, const int32_t *mentors, int32_t count, int32_t *points)
{
	const struct plan_line *line = &s->rows->plan->lines[at];
	struct match_block block = { &s->in, mentee, mentors, count, line };

	line->row->measure(&block, line->parameters, s->cells);
	take_points(s, at, count, points);
}

static void all_mentors(struct summing *s)
{
	for (int32_t j = 0; j < s->facts.count; j++)
		s->mentors[j] = s->facts.from + j;
}

static void add_rows(int32_t *restrict sum, const int32_t *restrict one, const int32_t *restrict other)
{
	for (int32_t j = 0; j < TILE; j++)
		sum[j] = one[j] + other[j];
}

static const int32_t *row_of_key(struct summing *s, int32_t line, int32_t key)
{
	int32_t **row = &s->kept[line][key];

	if (*row)
		return *row;
	*row = arena_new(&s->facts.rows, TILE * sizeof **row);
	all_mentors(s);
	measure(s, s->rows->lines[line].at, s->rows->lines[line].sample[key], s->mentors, s->facts.count, *row);
	return *row;
}

/* Goes on from the last mentee's sum where the keys begin to differ. */
static void sum_keys(struct summing *s, int32_t mentee)
{
	int32_t i = 0;

	while (i < s->rows->keyed && s->summed[i] == s->rows->lines[i].key_of[mentee])
		i++;
	for (; i < s->rows->keyed; i++) {
		s->summed[i] = s->rows->lines[i].key_of[mentee];
		add_rows(s->sums[i + 1], s->sums[i], row_of_key(s, i, s->summed[i]));
		for (int32_t k = i + 1; k < s->rows->keyed; k++)
			s->summed[k] = -1;
	}
	memcpy(s->scores, s->sums[s->rows->keyed], TILE * sizeof *s->scores);
}

/* Those of whom a key does not speak. */
static void add_apart(struct summing *s, int32_t line, int32_t mentee)
{
	const struct relations *apart = s->rows->lines[line].apart;

	for (int32_t k = apart->start[mentee]; k < apart->start[mentee + 1]; k++) {
		int32_t mentor = apart->list[k].mentor, at = mentor - s->facts.from, points;

		if (at < 0 || at >= s->facts.count)
			continue;
		measure(s, s->rows->lines[line].at, mentee, &mentor, 1, &points);
		s->scores[at] += points - row_of_key(s, line, 0)[at];
	}
}

/* --- codes ------------------------------------------------------------------------------------------------- */

static int32_t *table_of(struct summing *s, int32_t line, int32_t table, int32_t codes)
{
	int32_t **own = &s->tables[line][table];
	bool fresh = !*own;

	if (fresh)
		*own = arena_new(&s->arena, CODES * sizeof **own);
	for (int32_t i = 0; i < (fresh ? CODES : table == TABLE_OWN ? codes : 0); i++)
		(*own)[i] = MISSING;
	return *own;
}

/* Measures one mentor of each code that the table does not have. */
static void fill_table(struct summing *s, int32_t line, int32_t mentee, int32_t *table)
{
	int32_t count = 0, points[TILE];

	for (int32_t j = 0; j < s->facts.count; j++)
		if (table[s->codes[j]] == MISSING) {
			table[s->codes[j]] = 0;
			s->mentors[count++] = s->facts.from + j;
		}
	measure(s, s->rows->lines[line].at, mentee, s->mentors, count, points);
	for (int32_t k = 0; k < count; k++)
		table[s->codes[s->mentors[k] - s->facts.from]] = points[k];
}

/* All bits of what was looked up. */
static int32_t look_up(int32_t *restrict scores, const uint16_t *restrict codes, const int32_t *restrict table)
{
	int32_t seen = 0;

	for (int32_t j = 0; j < TILE; j++) {
		int32_t points = table[codes[j]];

		seen |= points;
		scores[j] += points;
	}
	return seen;
}

static void take_back(int32_t *restrict scores, const uint16_t *restrict codes, const int32_t *restrict table)
{
	for (int32_t j = 0; j < TILE; j++)
		scores[j] -= table[codes[j]];
}

static void add_block(struct summing *s, int32_t line, int32_t mentee)
{
	int32_t points[TILE];

	all_mentors(s);
	measure(s, s->rows->lines[line].at, mentee, s->mentors, s->facts.count, points);
	for (int32_t j = 0; j < s->facts.count; j++)
		s->scores[j] += points[j];
}

static void add_coded(struct summing *s, int32_t line, int32_t mentee)
{
	const struct plan_line *of = &s->rows->plan->lines[s->rows->lines[line].at];
	int32_t which, codes = of->row->code(&s->facts, mentee, of, s->codes, &which), *table;

	if (codes == 0) {
		add_block(s, line, mentee);
		return;
	}
	for (int32_t j = s->facts.count; j < TILE; j++)
		s->codes[j] = s->codes[0];
	table = table_of(s, line, which, codes);
	if (which == TABLE_OWN)
		fill_table(s, line, mentee, table);
	if (!(look_up(s->scores, s->codes, table) & MISSING))
		return;
	take_back(s->scores, s->codes, table);
	fill_table(s, line, mentee, table);
	look_up(s->scores, s->codes, table);
}

/* --- all lines --------------------------------------------------------------------------------------------- */

/* Whether a weight that gives points gives some to a pair that is eligible. */
static void make_sure(struct summing *s, int32_t mentee)
{
	int32_t count = 0, points[TILE];

	for (int32_t j = 0; j < s->facts.count; j++)
		if (s->scores[j] < FORBIDDEN)
			s->mentors[count++] = s->facts.from + j;
	for (int32_t at = s->rows->plan->hard; at < s->rows->plan->count && count; at++) {
		if (!s->gives[at] || s->known[at])
			continue;
		measure(s, at, mentee, s->mentors, count, points);
		for (int32_t k = 0; k < count && !s->known[at]; k++)
			s->known[at] = points[k] > 0;
		s->unsure -= s->known[at];
	}
}

static int32_t count_eligible(const int32_t *scores)
{
	int32_t eligible = 0;

	for (int32_t j = 0; j < TILE; j++)
		eligible += scores[j] < FORBIDDEN;
	return eligible;
}

static void close_scores(int32_t *scores)
{
	for (int32_t j = 0; j < TILE; j++)
		scores[j] = scores[j] < HIDDEN ? scores[j] : -1;
}

int32_t match_summing_scores(struct summing *s, int32_t mentee, const int32_t **ret_scores)
{
	int32_t eligible;

	sum_keys(s, mentee);
	for (int32_t i = 0; i < s->rows->count; i++) {
		if (s->rows->lines[i].apart)
			add_apart(s, i, mentee);
		else if (s->rows->lines[i].way == BY_CODE)
			add_coded(s, i, mentee);
		else if (s->rows->lines[i].way == BY_BLOCK)
			add_block(s, i, mentee);
	}
	eligible = count_eligible(s->scores);
	if (s->unsure && eligible)
		make_sure(s, mentee);
	close_scores(s->scores);
	*ret_scores = s->scores;
	return eligible;
}
