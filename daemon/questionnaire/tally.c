/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All answers of a wave together: what of them may be shown.
 *
 * No number stands on fewer than k answers, alone or by subtraction. How:
 * - The groups are the same for all items: the two sides where each has k answers, else all together.
 * - Of each item the number of those who answered it is shown; it is at least k in every column, else columns are joined, else the item is left
 *   out. Within, table_suppress decides.
 * - What an item's condition asks for tells how many it was put to. So an item with a condition is shown only where all that it asks for is
 *   shown whole, and where neither those who were asked nor those who were not are few. Where a condition joins several answers, no
 *   group that gave the same answers to all of them is small: one joined condition less another would be such a group.
 * - A mean stands on the answers of a column. The mean of all is shown beside those of columns because each column has k. A mean at its
 *   end tells of everybody, and near to it of the few who are not there: it keeps k steps away.
 *
 * Answers that whoever reads the results has entered for others are counted, but hide nobody: all this holds of the others alone, and
 * theirs are added to what may be shown.
 *
 * Scales are sums over what the items show, so they are compared with it:
 * - Who skipped some items of a scale counts in the items and not in the scale, or there with what stands in for the rest. The totals of the
 *   items less the scale are those people's answers: they are none, or k at least (in each column).
 * - The total of a scale says something of the counts that were left out. It is shown only where each of them still lies
 *   in an interval k wide that reaches k, because the other items make up for what this one would be more or less.
 * - What is left out of two scales that share items is theirs together; so of such, only one tells more than the items do.
 *
 * What a scale's statistics may tell is in tally_scale.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

enum {
	DOWN,
	UP
};
/* How far the total of an item's values can be from what it is, in each column and in all, for who sees what is shown. */
struct slack {
	double surely[TALLY_ALL + 1][2]; /* each whole step of so much is possible */
	double at_most[TALLY_ALL + 1][2];
};
struct told {
	bool there, whole; /* `whole`: with every count. Of a number never: how many lie beyond some limit is not shown */
	bool used;         /* by a scale that tells more than its items */
	size_t columns;
	bool blurred;       /* how far its total can be from what it is cannot be said */
	struct table table; /* of one choice of several */
	struct slack slack;
};
struct counting {
	struct arena *arena;
	struct tally *t;
	struct told *told;
	size_t room, next; /* which item or scale */
	struct problem *problem;
};

static void write_cell(struct counting *c, struct tally_cell cell)
{
	struct tally *t = c->t;

	t->cells = arena_grown(c->arena, t->cells, t->cell_count, &c->room, sizeof *t->cells);
	t->cells[t->cell_count++] = cell;
}

/* ---- columns ---- */

/* What stands behind a number of answers: how many in each column, joined where a column is small. 0: it is left out. */
struct columns {
	size_t count;
	int64_t of[2], known[2]; /* `known` answers are beside `of` */
};

static size_t column_of(const struct columns *columns, const struct tally_answers *p)
{
	return columns->count == 2 ? (size_t)p->side : 0;
}

static void join(struct columns *columns)
{
	*columns = (struct columns){ 1, { columns->of[0] + columns->of[1], 0 }, { columns->known[0] + columns->known[1], 0 } };
}

static struct columns columns_for(const struct tally *t, const bool *in)
{
	struct columns columns = { t->apart ? 2 : 1, { 0 }, { 0 } };

	for (size_t i = 0; i < t->count; i++)
		(t->list[i].known ? columns.known : columns.of)[column_of(&columns, &t->list[i])] += in[i];
	if (columns.count == 2 && (columns.of[0] < t->k || columns.of[1] < t->k))
		join(&columns);
	if (columns.of[0] < t->k)
		columns.count = 0;
	return columns;
}

static int64_t all_of(const struct columns *columns)
{
	return columns->of[0] + columns->of[1] + columns->known[0] + columns->known[1];
}

static int side_of(const struct columns *columns, size_t column)
{
	return columns->count == 2 ? (int)column : TALLY_ALL;
}

static int64_t hidden(const struct tally *t)
{
	int64_t people = 0;

	for (size_t i = 0; i < t->count; i++)
		people += !t->list[i].known;
	return people;
}

static bool sides_are_enough(const struct tally *t)
{
	int64_t of[2] = { 0 };

	for (size_t i = 0; i < t->count; i++) {
		if (t->list[i].side < 0)
			return false;
		of[t->list[i].side] += !t->list[i].known;
	}
	return of[0] >= t->k && of[1] >= t->k;
}

/* ---- counts ---- */

static const char left_out[] = "left out: too few, or it would give away one that is";

/* One table of counts, with totals of rows where there are two columns. `whole` is cleared where something is not shown. */
static int write_table(struct counting *c, const struct columns *columns, struct table *table, const int64_t *known, size_t shown_rows,
	struct tally_cell cell, const struct form_choice *choices, bool *whole)
{
	int r = table_suppress(c->arena, table, c->problem);

	if (r)
		return r;
	for (size_t i = 0; i < table->rows * columns->count; i++)
		*whole = *whole && table->shown[i];
	for (size_t i = 0; i < table->rows; i++)
		*whole = *whole && table->row_shown[i];
	for (size_t i = 0; i < shown_rows; i++) {
		int64_t sum = 0;

		cell.choice = choices[i].value;
		cell.choice_label = choices[i].label;
		for (size_t j = 0; j < columns->count; j++) {
			size_t at = i * columns->count + j;

			cell.side = side_of(columns, j);
			cell.of = columns->of[j] + columns->known[j];
			cell.count = table->shown[at] ? table->counts[at] + known[at] : TALLY_FEW;
			cell.note = table->shown[at] ? NULL : left_out;
			sum += table->counts[at] + known[at];
			write_cell(c, cell);
		}
		cell.side = TALLY_ALL;
		cell.of = all_of(columns);
		cell.count = table->row_shown[i] ? sum : TALLY_FEW;
		cell.note = table->row_shown[i] ? NULL : left_out;
		if (columns->count == 2)
			write_cell(c, cell);
	}
	return 0;
}

/* ---- how far a total can be from what it is ---- */

struct value {
	double value;
	int64_t people;
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct value *)a)->value, y = ((const struct value *)b)->value;

	return (x > y) - (x < y);
}

static double worth(const struct form_item *item, size_t row)
{
	double value = item_value(item, item->choices[row].value, false);

	return isnan(value) ? 0 : value; /* who gave it is missing in the scale, so nothing is added */
}

/* People who may change among the rows named, how far their total can go. `steps`: only among values that follow each other one by one,
 * so that each whole number on the way can be. */
static void reach(
	struct counting *c, const struct form_item *item, const bool *rows, const int64_t *counts, size_t step, bool steps, double *ret)
{
	struct value *values = arena_new(c->arena, (item->choice_count + 1) * sizeof *values);
	size_t n = 0, first = 0;

	ret[DOWN] = ret[UP] = 0;
	for (size_t i = 0; i < item->choice_count; i++)
		if (rows[i])
			values[n++] = (struct value){ worth(item, i), counts[i * step] };
	qsort(values, n, sizeof *values, by_value);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && (!steps || values[i].value - values[i - 1].value <= 1))
			continue;
		for (size_t j = first; j < i; j++) {
			ret[DOWN] += (double)values[j].people * (values[j].value - values[first].value);
			ret[UP] += (double)values[j].people * (values[i - 1].value - values[j].value);
		}
		first = i;
	}
}

/* Rows may change within a column where their totals are not shown either: that much is surely possible. */
static void find_slack(struct counting *c, struct told *told, const struct form_item *item)
{
	const struct table *t = &told->table;
	bool *rows = arena_new(c->arena, item->choice_count + 1);
	int64_t *totals = arena_new(c->arena, (item->choice_count + 1) * sizeof *totals);
	struct slack *s = &told->slack;

	for (size_t i = 0; i < item->choice_count; i++) {
		told->blurred |= worth(item, i) != round(worth(item, i)) && !told->whole;
		for (size_t j = 0; j < t->columns; j++)
			totals[i] += t->counts[i * t->columns + j];
	}
	for (size_t j = 0; j < t->columns; j++) {
		size_t level = t->columns == 2 ? j : TALLY_ALL;

		for (size_t i = 0; i < item->choice_count; i++)
			rows[i] = !t->shown[i * t->columns + j];
		reach(c, item, rows, t->counts + j, t->columns, false, s->at_most[level]);
		for (size_t i = 0; i < item->choice_count; i++)
			rows[i] = rows[i] && !t->row_shown[i];
		reach(c, item, rows, t->counts + j, t->columns, true, s->surely[level]);
	}
	if (t->columns < 2)
		return;
	for (size_t i = 0; i < item->choice_count; i++)
		rows[i] = !t->row_shown[i];
	reach(c, item, rows, totals, 1, false, s->at_most[TALLY_ALL]);
	for (int way = DOWN; way <= UP; way++)
		s->surely[TALLY_ALL][way] = s->surely[0][way] + s->surely[1][way];
}

static int write_choices(struct counting *c, size_t at, const bool *in, const struct columns *columns)
{
	const struct form_item *item = &c->t->form->items[at];
	int64_t *counts = arena_new(c->arena, item->choice_count * 2 * sizeof *counts);
	int64_t *known = arena_new(c->arena, item->choice_count * 2 * sizeof *known);
	struct table table = { .rows = item->choice_count, .columns = columns->count, .counts = counts, .k = c->t->k };
	int r;

	for (size_t i = 0; i < c->t->count; i++)
		for (size_t row = 0; in[i] && row < item->choice_count; row++)
			(c->t->list[i].known ? known : counts)[row * columns->count + column_of(columns, &c->t->list[i])] += !strcmp(
				c->t->list[i].values[at], item->choices[row].value);
	r = write_table(c, columns, &table, known, item->choice_count,
		(struct tally_cell){ item->name, item->label, .mean = (double)NAN, .value = (double)NAN }, item->choices,
		&c->told[at].whole);
	c->told[at].table = table;
	if (!r)
		find_slack(c, &c->told[at], item);
	return r;
}

/* Several may be chosen: each choice is a table of its own, chosen or not. */
static int write_multiple(struct counting *c, size_t at, const bool *in, const struct columns *columns)
{
	const struct form_item *item = &c->t->form->items[at];
	int r = 0;

	for (size_t row = 0; row < item->choice_count && !r; row++) {
		int64_t counts[4] = { 0 }, known[4] = { 0 };
		struct table table = { .rows = 2, .columns = columns->count, .counts = counts, .k = c->t->k };

		for (size_t i = 0; i < c->t->count; i++)
			if (in[i])
				(c->t->list[i].known ? known : counts)[(answer_has(c->t->list[i].values[at], item->choices[row].value)
										       ? 0
										       : columns->count) +
					column_of(columns, &c->t->list[i])]++;
		r = write_table(c, columns, &table, known, 1,
			(struct tally_cell){ item->name, item->label, .mean = (double)NAN, .value = (double)NAN }, &item->choices[row],
			&c->told[at].whole);
	}
	return r;
}

/* ---- means ---- */

/* Do k steps lie between the total of a column and what it would be if everybody stood at an end? A side without an end has them. */
static bool far_from_ends(
	const struct counting *c, const struct columns *columns, const bool *in, const double *values, double low, double high)
{
	double sums[2] = { 0 };

	for (size_t i = 0; i < c->t->count; i++)
		if (in[i] && !c->t->list[i].known)
			sums[column_of(columns, &c->t->list[i])] += values[i];
	for (size_t j = 0; j < columns->count; j++)
		if (sums[j] - low * (double)columns->of[j] < (double)c->t->k || high * (double)columns->of[j] - sums[j] < (double)c->t->k)
			return false;
	return true;
}

/* Means of columns and of all; without `values` the numbers of answers alone. */
static void write_means(struct counting *c, const struct columns *columns, const bool *in, const double *values, struct tally_cell cell)
{
	double sums[2] = { 0 };

	for (size_t i = 0; i < c->t->count; i++)
		if (in[i] && values)
			sums[column_of(columns, &c->t->list[i])] += values[i];
	for (size_t j = 0; j < columns->count; j++) {
		cell.side = side_of(columns, j);
		cell.count = cell.of = columns->of[j] + columns->known[j];
		cell.mean = values ? sums[j] / (double)cell.of : (double)NAN;
		write_cell(c, cell);
	}
	cell.side = TALLY_ALL;
	cell.count = cell.of = all_of(columns);
	cell.mean = values ? (sums[0] + sums[1]) / (double)cell.of : (double)NAN;
	if (columns->count == 2)
		write_cell(c, cell);
}

static void write_number(struct counting *c, size_t at, const bool *in, struct columns *columns)
{
	const struct form_item *item = &c->t->form->items[at];
	double *values = arena_new(c->arena, (c->t->count + 1) * sizeof *values);
	double low = isnan(item->min) ? -HUGE_VAL : item->min, high = isnan(item->max) ? HUGE_VAL : item->max;
	bool number = item->kind == FORM_NUMBER, shown;

	for (size_t i = 0; i < c->t->count; i++)
		values[i] = in[i] && number ? item_value(item, c->t->list[i].values[at], false) : 0;
	if (number && columns->count == 2 && !far_from_ends(c, columns, in, values, low, high))
		join(columns);
	shown = number && far_from_ends(c, columns, in, values, low, high);
	c->told[at].columns = columns->count;
	c->told[at].blurred = !shown;
	write_means(c, columns, in, shown ? values : NULL,
		(struct tally_cell){ item->name, item->label, number ? "mean" : "answered", NULL, TALLY_ALL, TALLY_FEW, TALLY_FEW,
			(double)NAN, (double)NAN,
			number && !shown ? "left out: so near to an end that it would tell of everybody" : NULL });
}

/* ---- items with conditions ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Does everybody share their answers to all that a condition asks for with k people of their side? */
static bool nobody_alone(const struct counting *c, size_t at)
{
	const struct tally *t = c->t;
	struct arena own = { 0 }; /* of thousands of people it is much, for each such item */
	const char **keys = arena_new(&own, (t->count + 1) * sizeof *keys);
	int64_t run = 0, least = INT64_MAX;
	size_t ignored, n = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (t->list[i].known)
			continue;
		keys[n] = t->apart && t->list[i].side ? "1" : "0";
		for (size_t j = 0; j < at; j++)
			if (condition_asks(t->form->items[at].condition, j, &ignored))
				keys[n] = arena_print(&own, "%s\n%s", keys[n], t->list[i].values[j] ? t->list[i].values[j] : "");
		n++;
	}
	qsort(keys, n, sizeof *keys, by_text);
	for (size_t i = 0; i <= n; i++) {
		if (i == n || (i && strcmp(keys[i], keys[i - 1]) != 0)) {
			least = run < least ? run : least;
			run = 0;
		}
		run++;
	}
	arena_free(&own);
	return least >= t->k;
}

/* May anything be told of an item with a condition? */
static bool condition_tells_nothing(const struct counting *c, size_t at)
{
	const struct tally *t = c->t;
	int64_t asked = 0, gates = 0;
	size_t ignored;

	if (!t->form->items[at].condition)
		return true;
	for (size_t i = 0; i < at; i++) {
		if (!condition_asks(t->form->items[at].condition, i, &ignored))
			continue;
		if (!c->told[i].whole)
			return false;
		gates += t->form->items[i].kind == FORM_MULTIPLE ? 2 : 1;
	}
	for (size_t i = 0; i < t->count; i++)
		asked += t->list[i].applies[at] && !t->list[i].known;
	return asked >= t->k && (asked == hidden(t) || hidden(t) - asked >= t->k) && (gates < 2 || nobody_alone(c, at));
}

static int write_item(struct counting *c, size_t at)
{
	const struct form_item *item = &c->t->form->items[at];
	bool *in = arena_new(c->arena, c->t->count + 1);
	struct columns columns;

	if (item->kind == FORM_NOTE || !condition_tells_nothing(c, at))
		return 0;
	for (size_t i = 0; i < c->t->count; i++)
		in[i] = c->t->list[i].values[at] != NULL;
	columns = columns_for(c->t, in);
	if (!columns.count)
		return 0;
	c->told[at].there = true;
	c->told[at].columns = columns.count;
	if (item->kind > FORM_LIKERT) {
		write_number(c, at, in, &columns);
		return 0;
	}
	c->told[at].whole = true; /* until a count of it is left out */
	return item->kind == FORM_MULTIPLE ? write_multiple(c, at, in, &columns) : write_choices(c, at, in, &columns);
}

/* ---- scales ---- */

/* The people who skipped some of a scale's items, but not all. */
static struct columns partly(const struct counting *c, const struct form_scale *scale)
{
	struct columns columns = { c->t->apart ? 2 : 1, { 0 }, { 0 } };

	for (size_t i = 0; i < c->t->count; i++) {
		const struct tally_answers *p = &c->t->list[i];
		size_t answered = 0;

		for (size_t j = 0; j < scale->item_count; j++)
			answered += !isnan(item_value(&c->t->form->items[scale->at[j]], p->values[scale->at[j]], false));
		columns.of[column_of(&columns, p)] += !p->known && answered && answered < scale->item_count;
	}
	return columns;
}

static bool few(const struct counting *c, int64_t people)
{
	return people && people < c->t->k;
}

/* How many people can go from one row to another, if their item's total may go so far. */
static int64_t can_go(const struct form_item *item, const struct table *t, size_t from, size_t to, const double *may)
{
	double each = worth(item, to) - worth(item, from), far = each < 0 ? may[DOWN] / -each : may[UP] / each;

	return each == 0 || far > (double)t->counts[from] ? t->counts[from] : (int64_t)far;
}

/* Does each count of one column that was left out keep its interval, if the total may go so far? */
static bool rows_stay_wide(const struct form_item *item, const struct table *t, const double *may)
{
	for (size_t row = 0; row < t->rows; row++) {
		int64_t more = 0, less = 0;

		for (size_t other = 0; other < t->rows; other++) {
			if (t->shown[row] || t->shown[other] || other == row)
				continue;
			if (can_go(item, t, other, row, may) > more)
				more = can_go(item, t, other, row, may);
			if (can_go(item, t, row, other, may) > less)
				less = can_go(item, t, row, other, may);
		}
		if (!t->shown[row] && (more + less < t->k || t->counts[row] + more < t->k))
			return false;
	}
	return true;
}

/* Do the other items make up for what this one can be? */
static bool is_made_up_for(const struct counting *c, const struct form_scale *scale, size_t which, size_t level)
{
	const struct told *own = &c->told[scale->at[which]];
	double may[2] = { 0 };

	/* another item goes the other way; of two that count from other ends, the same */
	for (size_t j = 0; j < scale->item_count; j++)
		for (int way = DOWN; way <= UP && j != which; way++)
			may[way] += c->told[scale->at[j]].slack.surely[level][scale->turned[j] == scale->turned[which] ? !way : way];
	if (may[DOWN] >= own->slack.at_most[level][DOWN] && may[UP] >= own->slack.at_most[level][UP])
		return true;
	return own->columns == 1 && own->table.rows && rows_stay_wide(&c->t->form->items[scale->at[which]], &own->table, may);
}

static bool all_are_made_up_for(const struct counting *c, const struct form_scale *scale, size_t columns)
{
	for (size_t level = columns == 2 ? 0 : TALLY_ALL; level < (columns == 2 ? TALLY_ALL : TALLY_ALL + 1); level++)
		for (size_t j = 0; j < scale->item_count; j++)
			if (!is_made_up_for(c, scale, j, level))
				return false;
	return true;
}

/* In how many columns, at most, may a scale be shown beside its items? 0: not at all. `more`: it tells more than they do. */
static size_t columns_beside_items(const struct counting *c, const struct form_scale *scale, size_t columns, bool *more)
{
	struct columns skipped = partly(c, scale);
	bool used = false;

	*more = skipped.of[0] || skipped.of[1];
	for (size_t j = 0; j < scale->item_count; j++) {
		const struct told *told = &c->told[scale->at[j]];

		if (!told->there || told->blurred)
			return 0;
		used |= told->used;
		if (told->columns < columns)
			columns = told->columns;
		for (size_t level = 0; level <= TALLY_ALL; level++)
			*more |= told->slack.at_most[level][DOWN] > 0 || told->slack.at_most[level][UP] > 0;
	}
	if (few(c, skipped.of[0]) || few(c, skipped.of[1]))
		columns = 1;
	if (few(c, skipped.of[0] + skipped.of[1]) || (used && *more))
		return 0;
	while (columns && !all_are_made_up_for(c, scale, columns))
		columns--;
	return columns;
}

static bool scale_is_far_from_ends(
	const struct counting *c, const struct form_scale *scale, const struct columns *columns, const bool *in, const double *scores)
{
	double *totals = arena_new(c->arena, (c->t->count + 1) * sizeof *totals), low = 0, high = 0;

	for (size_t j = 0; j < scale->item_count; j++) {
		double least, most;

		item_range(&c->t->form->items[scale->at[j]], &least, &most);
		low += isnan(least) ? -HUGE_VAL : least;
		high += isnan(most) ? HUGE_VAL : most;
	}
	for (size_t i = 0; i < c->t->count; i++)
		totals[i] = in[i] ? scores[i] * (scale->sum ? 1 : (double)scale->item_count) : 0;
	return far_from_ends(c, columns, in, totals, low, high);
}

/* A scale that is left out stands there without a number, so that nobody looks for it. */
static void write_scale(struct counting *c, const struct form_scale *scale)
{
	bool *in = arena_new(c->arena, c->t->count + 1), more;
	double *scores = arena_new(c->arena, (c->t->count + 1) * sizeof *scores);
	struct tally_cell cell = { .item = scale->name,
		.choice = scale->sum ? "sum" : "mean",
		.side = TALLY_ALL,
		.count = TALLY_FEW,
		.of = TALLY_FEW,
		.mean = (double)NAN,
		.value = (double)NAN };
	struct tally_cell *statistics;
	struct columns columns;
	size_t most, told;

	for (size_t i = 0; i < c->t->count; i++) {
		scores[i] = scale_score(c->t->form, scale, c->t->list[i].values);
		in[i] = !isnan(scores[i]);
	}
	columns = columns_for(c->t, in);
	most = columns_beside_items(c, scale, columns.count, &more);
	if (most < 2 && columns.count == 2)
		join(&columns);
	if (most && more && columns.count == 2 && !scale_is_far_from_ends(c, scale, &columns, in, scores))
		join(&columns);
	if (!most || (more && !scale_is_far_from_ends(c, scale, &columns, in, scores))) {
		cell.note = "left out: beside its questions it would tell of a few people";
		write_cell(c, cell);
		return;
	}
	for (size_t j = 0; j < scale->item_count; j++)
		c->told[scale->at[j]].used |= more;
	write_means(c, &columns, in, scores, cell);
	told = tally_statistics(c->arena, c->t, scale, &statistics);
	for (size_t i = 0; i < told; i++)
		write_cell(c, statistics[i]);
}

struct counting *tally_begin(struct arena *arena, struct tally *t)
{
	struct counting *c = arena_new(arena, sizeof *c);

	*c = (struct counting){ .arena = arena, .t = t };
	t->apart = t->apart && sides_are_enough(t);
	c->told = arena_new(arena, (t->form->item_count + 1) * sizeof *c->told);
	return c;
}

int tally_step(struct counting *c, struct problem *problem)
{
	const struct form *form = c->t->form;
	int r = 0;

	c->problem = problem;
	if (hidden(c->t) < c->t->k || c->next == form->item_count + form->scale_count)
		return 0;
	if (c->next < form->item_count)
		r = write_item(c, c->next);
	else
		write_scale(c, &form->scales[c->next - form->item_count]);
	c->next++;
	return r ? r : 1;
}

int tally_count(struct arena *arena, struct tally *t, struct problem *problem)
{
	struct counting *c = tally_begin(arena, t);
	int r;

	while ((r = tally_step(c, problem)) > 0)
		;
	return r;
}
