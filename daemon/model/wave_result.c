/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of a wave: counted once, when it closes, and frozen. A row is a count (or a mean) that may be shown, or says that it may not.
 *
 * No number stands on fewer than k answers (10 where minors were asked), alone or by subtraction. How:
 * - The groups are the same for all items: the two sides where each has k answers, else all together.
 * - Of each item the number of those who answered it is shown; it is at least k in every column, else columns are joined, else the item is left
 *   out. Within, table_suppress decides.
 * - What an item's condition asks for tells how many it was put to. So an item with a condition is shown only where all that it asks for is
 *   shown whole, and where neither those who were asked nor those who were not are few.
 * - A mean stands on the answers of a column. The mean of all is shown beside those of columns because each column has k.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "survey.h"

static const char *const sides[] = { "mentor", "mentee", "all", NULL };
enum {
	ALL = 2,
	K_MINORS = 10
};

static const struct field fields[] = { ID_AND_VERSION(struct wave_result, .anchor = NO_ANCHOR),
	{ AS_INT(struct wave_result, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct wave_result, wave, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED | LEADS, .to = "wave", .label = "Wave" },
	{ AS_INT(struct wave_result, position, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | SORTED, .label = "Position" },
	{ AS_TEXT(struct wave_result, item, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .label = "Item or scale" },
	{ AS_TEXT(struct wave_result, label, STAFF), .flags = BY_VERB | LINES, .label = "Text" },
	{ AS_TEXT(struct wave_result, choice, STAFF), .flags = BY_VERB | LISTED, .label = "Answer" },
	{ AS_TEXT(struct wave_result, choice_label, STAFF), .flags = BY_VERB | LISTED, .label = "Text of the answer" },
	{ AS_TEXT(struct wave_result, side, STAFF), .flags = BY_VERB | LISTED, .label = "Who" },
	{ AS_INT(struct wave_result, count, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Answers (none: too few to be shown)" },
	{ AS_INT(struct wave_result, of, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Of" },
	{ AS_REAL(struct wave_result, mean, STAFF), .flags = BY_VERB | LISTED, .label = "Mean" }, { 0 } };
COVERS(fields, struct wave_result, 0);

static const unsigned readers[SEALED] = {
	[PUBLIC] = 0,
	[MEMBER] = COORDINATOR | OBSERVER,
	[PAIR] = 0,
	[STAFF] = COORDINATOR | OBSERVER,
};

/* ---- counting ---- */

struct person_answers {
	const char **values;
	bool *applies;
	int64_t side;
};
struct counting {
	struct call *call;
	const struct wave *wave;
	const struct form *form;
	struct person_answers *list;
	size_t count, room;
	int64_t k, position;
	bool apart;  /* the two sides */
	bool *whole; /* items that are shown with every count */
};

static int count_one(struct call *call, void *record, void *data)
{
	const struct response *response = record;
	struct counting *c = data;
	struct person_answers *p;
	struct answer_error *errors = arena_new(call->arena, (c->form->item_count + 1) * sizeof *errors);

	if (c->count == c->room) {
		struct person_answers *more = arena_new(call->arena, 2 * (c->room + 32) * sizeof *more);

		if (c->count)
			memcpy(more, c->list, c->count * sizeof *more);
		c->list = more;
		c->room = 2 * (c->room + 32);
	}
	p = &c->list[c->count++];
	p->side = response->side;
	p->values = arena_new(call->arena, (c->form->item_count + 1) * sizeof *p->values);
	p->applies = arena_new(call->arena, (c->form->item_count + 1) * sizeof *p->applies);
	answers_read(call, c->form, response->answers, p->values);
	answers_check(call->arena, c->form, p->values, true, p->applies, errors);
	return 0;
}

static bool sides_are_enough(const struct counting *c)
{
	int64_t of[2] = { 0 };

	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].side != NONE)
			of[c->list[i].side]++;
	return c->wave->by_side && of[0] >= c->k && of[1] >= c->k && of[0] + of[1] == (int64_t)c->count;
}

/* ---- rows ---- */

struct cell {
	const char *item, *label, *choice, *choice_label;
	int64_t side, count, of;
	double mean;
};

static int write_row(struct counting *c, struct cell cell)
{
	struct wave_result *row = fresh(c->call, &wave_result_entity);

	row->wave = c->wave->id;
	row->position = ++c->position;
	row->item = arena_copy(c->call->arena, cell.item);
	row->label = arena_copy(c->call->arena, cell.label);
	row->choice = arena_copy(c->call->arena, cell.choice);
	row->choice_label = arena_copy(c->call->arena, cell.choice_label);
	row->side = (char *)(uintptr_t)sides[cell.side];
	row->count = cell.count;
	row->of = cell.of;
	row->mean = cell.mean;
	return add(c->call, &wave_result_entity, row);
}

static bool chose(const struct counting *c, const struct person_answers *p, size_t at, size_t row)
{
	const struct form_item *item = &c->form->items[at];

	return !strcmp(p->values[at], item->choices[row].value);
}

/* What stands behind a number of answers: how many in each column, joined where a column is small. 0: it is left out. */
struct columns {
	size_t count;
	int64_t of[2];
};

static size_t column_of(const struct columns *columns, const struct person_answers *p)
{
	return columns->count == 2 ? (size_t)p->side : 0;
}

static struct columns columns_for(const struct counting *c, const bool *in)
{
	struct columns columns = { c->apart ? 2 : 1, { 0 } };

	for (size_t i = 0; i < c->count; i++)
		columns.of[column_of(&columns, &c->list[i])] += in[i];
	if (columns.count == 2 && (columns.of[0] < c->k || columns.of[1] < c->k))
		columns = (struct columns){ 1, { columns.of[0] + columns.of[1], 0 } };
	if (columns.of[0] < c->k)
		columns.count = 0;
	return columns;
}

static int64_t side_of(const struct columns *columns, size_t column)
{
	return columns->count == 2 ? (int64_t)column : ALL;
}

/* One table of counts, with totals of rows where there are two columns. `whole` is cleared where something is not shown. */
static int write_table(struct counting *c, const struct columns *columns, const int64_t *counts, size_t rows, size_t shown_rows,
	struct cell cell, const struct form_choice *choices, bool *whole)
{
	struct table t = { .rows = rows, .columns = columns->count, .counts = counts, .k = c->k };
	int r = table_suppress(c->call->arena, &t, &c->call->problem);

	for (size_t i = 0; i < rows * columns->count; i++)
		*whole = *whole && t.shown[i];
	for (size_t i = 0; i < rows; i++)
		*whole = *whole && t.row_shown[i];
	for (size_t i = 0; i < shown_rows && !r; i++) {
		int64_t sum = 0;

		cell.choice = choices[i].value;
		cell.choice_label = choices[i].label;
		for (size_t j = 0; j < columns->count && !r; j++) {
			cell.side = side_of(columns, j);
			cell.of = columns->of[j];
			cell.count = t.shown[i * columns->count + j] ? counts[i * columns->count + j] : NONE;
			sum += counts[i * columns->count + j];
			r = write_row(c, cell);
		}
		cell.side = ALL;
		cell.of = columns->of[0] + columns->of[1];
		cell.count = t.row_shown[i] ? sum : NONE;
		if (!r && columns->count == 2)
			r = write_row(c, cell);
	}
	return r;
}

static int write_choices(struct counting *c, size_t at, const bool *in, const struct columns *columns)
{
	const struct form_item *item = &c->form->items[at];
	int64_t *counts = arena_new(c->call->arena, item->choice_count * 2 * sizeof *counts);

	for (size_t i = 0; i < c->count; i++)
		for (size_t row = 0; in[i] && row < item->choice_count; row++)
			counts[row * columns->count + column_of(columns, &c->list[i])] += chose(c, &c->list[i], at, row);
	return write_table(c, columns, counts, item->choice_count, item->choice_count,
		(struct cell){ item->name, item->label, .mean = (double)NAN }, item->choices, &c->whole[at]);
}

/* Several may be chosen: each choice is a table of its own, chosen or not. */
static int write_multiple(struct counting *c, size_t at, const bool *in, const struct columns *columns)
{
	const struct form_item *item = &c->form->items[at];
	int r = 0;

	for (size_t row = 0; row < item->choice_count && !r; row++) {
		int64_t counts[4] = { 0 };

		for (size_t i = 0; i < c->count; i++)
			if (in[i])
				counts[(answer_has(c->list[i].values[at], item->choices[row].value) ? 0 : columns->count) +
					column_of(columns, &c->list[i])]++;
		r = write_table(c, columns, counts, 2, 1, (struct cell){ item->name, item->label, .mean = (double)NAN },
			&item->choices[row], &c->whole[at]);
	}
	return r;
}

/* Means of columns and of all; without `values` the numbers of answers alone. */
static int write_means(struct counting *c, const struct columns *columns, const bool *in, const double *values, struct cell cell)
{
	double sums[2] = { 0 };
	int r = 0;

	for (size_t i = 0; i < c->count; i++)
		if (in[i] && values)
			sums[column_of(columns, &c->list[i])] += values[i];
	for (size_t j = 0; j < columns->count && !r; j++) {
		cell.side = side_of(columns, j);
		cell.count = cell.of = columns->of[j];
		cell.mean = values ? sums[j] / (double)columns->of[j] : (double)NAN;
		r = write_row(c, cell);
	}
	cell.side = ALL;
	cell.count = cell.of = columns->of[0] + columns->of[1];
	cell.mean = values ? (sums[0] + sums[1]) / (double)cell.of : (double)NAN;
	return r || columns->count < 2 ? r : write_row(c, cell);
}

/* May anything be told of an item with a condition? */
static bool condition_tells_nothing(const struct counting *c, size_t at)
{
	int64_t asked = 0;
	size_t ignored;

	if (!c->form->items[at].condition)
		return true;
	for (size_t i = 0; i < at; i++)
		if (condition_asks(c->form->items[at].condition, i, &ignored) && !c->whole[i])
			return false;
	for (size_t i = 0; i < c->count; i++)
		asked += c->list[i].applies[at];
	return asked >= c->k && (asked == (int64_t)c->count || (int64_t)c->count - asked >= c->k);
}

static int write_item(struct counting *c, size_t at)
{
	const struct form_item *item = &c->form->items[at];
	bool *in = arena_new(c->call->arena, c->count + 1);
	double *values = arena_new(c->call->arena, (c->count + 1) * sizeof *values);
	struct columns columns;

	c->whole[at] = false;
	if (item->kind == FORM_NOTE || !condition_tells_nothing(c, at))
		return 0;
	for (size_t i = 0; i < c->count; i++) {
		in[i] = c->list[i].values[at] != NULL;
		values[i] = in[i] && item->kind == FORM_NUMBER ? item_value(item, c->list[i].values[at], false) : 0;
	}
	columns = columns_for(c, in);
	if (!columns.count)
		return 0;
	if (item->kind <= FORM_LIKERT) {
		c->whole[at] = true; /* until a count of it is left out */
		return item->kind == FORM_MULTIPLE ? write_multiple(c, at, in, &columns) : write_choices(c, at, in, &columns);
	}
	return write_means(c, &columns, in, item->kind == FORM_NUMBER ? values : NULL,
		(struct cell){
			item->name, item->label, item->kind == FORM_NUMBER ? "mean" : "answered", NULL, ALL, NONE, NONE, (double)NAN });
}

static int write_scale(struct counting *c, const struct form_scale *scale)
{
	bool *in = arena_new(c->call->arena, c->count + 1);
	double *scores = arena_new(c->call->arena, (c->count + 1) * sizeof *scores);
	struct columns columns;

	for (size_t j = 0; j < scale->item_count; j++)
		if (!condition_tells_nothing(c, scale->at[j]))
			return 0;
	for (size_t i = 0; i < c->count; i++) {
		scores[i] = scale_score(c->form, scale, c->list[i].values);
		in[i] = !isnan(scores[i]);
	}
	columns = columns_for(c, in);
	return columns.count ? write_means(c, &columns, in, scores,
				       (struct cell){ scale->name, NULL, scale->sum ? "sum" : "mean", NULL, ALL, NONE, NONE, (double)NAN })
			     : 0;
}

int wave_count(struct call *call, const struct wave *wave)
{
	struct counting c = { .call = call, .wave = wave, .k = wave->k };
	struct form *form = NULL;
	int64_t minors;
	int r = survey_form(call, wave->instrument, NULL, &form);

	c.form = form;
	if (!r)
		r = ask(call,
			"SELECT count(*) FROM \"wave_member\" wm JOIN \"person\" pe ON pe.\"id\" = wm.\"person\" WHERE wm.\"wave\" = ?1 AND pe.\"minor\"",
			VALUES(wave->id), &minors);
	if (!r)
		r = each(call, &response_entity, count_one, &c, "\"wave\" = ?1 AND \"state\" = 'submitted'", VALUES(wave->id));
	if (r)
		return r;
	if (minors && c.k < K_MINORS)
		c.k = K_MINORS;
	if ((int64_t)c.count < c.k)
		return 0;
	c.apart = sides_are_enough(&c);
	c.whole = arena_new(call->arena, form->item_count + 1);
	for (size_t i = 0; i < form->item_count && !r; i++)
		r = write_item(&c, i);
	for (size_t i = 0; i < form->scale_count && !r; i++)
		r = write_scale(&c, &form->scales[i]);
	return r;
}

/* ---- as a table ---- */

static int table_row(struct call *call, void *record, void *data)
{
	const struct wave_result *row = record;
	struct buffer *out = data;

	(void)call;
	for (int i = 0; i < 4; i++) {
		encode_csv(out, ((const char *const[]){ row->item, row->choice, row->choice_label, row->side })[i], false);
		buffer_char(out, ',');
	}
	if (row->count != NONE)
		buffer_print(out, "%" PRId64, row->count);
	buffer_print(out, ",%" PRId64 ",", row->of);
	if (!isnan(row->mean))
		buffer_print(out, "%.2f", row->mean);
	buffer_text(out, "\r\n");
	return 0;
}

int wave_table(struct call *call, const struct wave *wave)
{
	struct buffer out = { 0 };
	int r;

	buffer_text(&out, "item,answer,text,who,answers,of,mean\r\n");
	r = each(call, &wave_result_entity, table_row, &out, "\"wave\" = ?1", VALUES(wave->id));
	if (!r)
		answer(call, "results", (struct value){ .type = V_TEXT, .text = arena_copy(call->arena, buffer_string(&out)) });
	buffer_free(&out);
	return r;
}

static const struct verb verbs[] = { { 0 } };

const struct entity wave_result_entity = { .name = "wave_result",
	.collection = "wave_results",
	.size = sizeof(struct wave_result),
	.fields = fields,
	.verbs = verbs,
	.unique = "wave position",
	.readers = readers,
	.flags = QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Result of a wave",
	.help = "A count or a mean, frozen when the wave closed; what stands on too few answers is left out.",
	.order = "position" };
