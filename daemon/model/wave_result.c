/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of a wave: counted once, when it closes, and frozen. A row is a count (or a mean) that may be shown, or says that it may not.
 * What may be shown is decided over plain arrays (questionnaire/tally.c).
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "survey.h"

static const char *const sides[] = { "mentor", "mentee", "all", NULL };

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
	{ AS_REAL(struct wave_result, mean, STAFF), .flags = BY_VERB | LISTED, .label = "Mean" },
	{ AS_REAL(struct wave_result, value, STAFF), .flags = BY_VERB | LISTED, .label = "Statistic of a scale" },
	{ AS_TEXT(struct wave_result, note, STAFF), .flags = BY_VERB, .label = "What is left out, and why" }, { 0 } };
COVERS(fields, struct wave_result, 0);

static const unsigned readers[SEALED] = {
	[PUBLIC] = 0,
	[MEMBER] = COORDINATOR | OBSERVER,
	[PAIR] = 0,
	[STAFF] = COORDINATOR | OBSERVER,
};

/* ---- counting ---- */

enum {
	ROWS = 100,   /* results that are written in a slice */
	SLICE = 20000 /* questions of all answers that are read in a slice */
};
static const char COUNT_KIND[] = "wave count";

/* Kept from slice to slice; `call` of each has the arena of a slice, what is kept lies in its own. */
struct count {
	struct tally tally;
	struct counting *counting; /* NULL: answers are still read */
	bool counted;
	struct tally_answers *list;
	int64_t *ids;
	size_t id_count, at;
};

/* Texts that stay where the slice's arena ends: of a choice the form's own. */
static const char *stays(struct arena *arena, const struct form_item *item, const char *value)
{
	for (size_t i = 0; i < item->choice_count; i++)
		if (!strcmp(item->choices[i].value, value))
			return item->choices[i].value;
	return arena_copy(arena, value);
}

static int read_one(struct call *call, struct arena *arena, struct count *c, int64_t id)
{
	const struct form *form = c->tally.form;
	struct answer_error *errors = arena_new(call->arena, (form->item_count + 1) * sizeof *errors);
	bool *applies = arena_new(arena, (form->item_count + 1) * sizeof *applies);
	const char **values = arena_new(arena, (form->item_count + 1) * sizeof *values);
	struct response *response;
	int r = load(call, &response_entity, id, (void **)&response);

	if (r)
		return r;
	answers_read(call, form, response->answers, values);
	answers_check(call->arena, form, values, true, applies, errors);
	for (size_t i = 0; i < form->item_count; i++)
		values[i] = values[i] ? stays(arena, &form->items[i], values[i]) : NULL;
	c->list[c->tally.count++] = (struct tally_answers){ .values = values,
		.applies = applies,
		.side = response->side == NONE ? -1 : (int)response->side,
		.known = response->entered != 0 };
	return 0;
}

static int write_row(struct call *call, int64_t wave, int64_t position, const struct tally_cell *cell)
{
	struct wave_result *row = fresh(call, &wave_result_entity);

	row->wave = wave;
	row->position = position;
	row->item = arena_copy(call->arena, cell->item);
	row->label = arena_copy(call->arena, cell->label);
	row->choice = arena_copy(call->arena, cell->choice);
	row->choice_label = arena_copy(call->arena, cell->choice_label);
	row->side = (char *)(uintptr_t)sides[cell->side];
	row->count = cell->count == TALLY_FEW ? NONE : cell->count;
	row->of = cell->of == TALLY_FEW ? NONE : cell->of;
	row->mean = cell->mean;
	row->value = cell->value;
	row->note = arena_copy(call->arena, cell->note);
	return add(call, &wave_result_entity, row);
}

/* What an earlier try wrote before it was killed is counted anew. */
static int unwrite(struct call *call, int64_t wave)
{
	int64_t *ids;
	size_t count;
	int r = numbers(call, "SELECT \"id\" FROM \"wave_result\" WHERE \"wave\" = ?1 LIMIT 100", VALUES(wave), &ids, &count);

	for (size_t i = 0; i < count && !r; i++) {
		struct wave_result *row;

		r = load(call, &wave_result_entity, ids[i], (void **)&row);
		if (!r)
			r = delete_record(call, &wave_result_entity, row);
	}
	return r ? r : count > 0;
}

static int begin(struct call *call, const struct wave *wave, struct kept *kept)
{
	struct call lasting = *call;
	struct count *c = arena_new(&kept->arena, sizeof *c);
	struct form *form = NULL;
	int64_t minors;
	int r;

	lasting.arena = &kept->arena;
	r = survey_form(&lasting, wave->instrument, NULL, &form);
	if (!r)
		r = numbers(&lasting,
			"SELECT \"id\" FROM \"response\" WHERE \"wave\" = ?1 AND \"state\" = 'submitted' AND \"shut\" IS NULL",
			VALUES(wave->id), &c->ids, &c->id_count);
	if (!r)
		r = ask(&lasting,
			"SELECT count(*) FROM \"wave_member\" wm JOIN \"person\" pe ON pe.\"id\" = wm.\"person\" WHERE wm.\"wave\" = ?1 AND pe.\"minor\"",
			VALUES(wave->id), &minors);
	if (r) {
		call->problem = lasting.problem;
		return r;
	}
	c->list = arena_room(&kept->arena, (c->id_count + 1) * sizeof *c->list);
	c->tally = (struct tally){
		.form = form, .list = c->list, .k = minors && wave->k < K_MINORS ? K_MINORS : wave->k, .apart = wave->by_side
	};
	kept->data = c;
	return 0;
}

/* Longer forms, fewer people. */
static int read_some(struct call *call, struct kept *kept, struct count *c)
{
	size_t end = c->at + 1 + SLICE / (c->tally.form->item_count + 10);
	int r = 0;

	for (; c->at < end && c->at < c->id_count && !r; c->at++)
		r = read_one(call, &kept->arena, c, c->ids[c->at]);
	if (!r && c->at == c->id_count)
		c->counting = tally_begin(&kept->arena, &c->tally);
	return r;
}

int wave_count(struct call *call, const struct wave *wave, int64_t *cursor)
{
	struct kept *kept = kept_of(call, COUNT_KIND, wave->id);
	struct count *c = kept->data;
	size_t at = (size_t)*cursor, end = at + ROWS;
	int r = 0;

	if (!c) {
		*cursor = 0;
		if (!(r = unwrite(call, wave->id)))
			r = begin(call, wave, kept);
		return r ? r : 1;
	}
	if (!c->counting)
		return (r = read_some(call, kept, c)) ? r : 1;
	if (!c->counted) {
		r = tally_step(c->counting, &call->problem);
		c->counted = !r;
		return r < 0 ? r : 1;
	}
	for (; at < end && at < c->tally.cell_count && !r; at++)
		r = write_row(call, wave->id, (int64_t)at + 1, &c->tally.cells[at]);
	*cursor = (int64_t)at;
	if (r || at < c->tally.cell_count)
		return r ? r : 1;
	kept_drop(call, COUNT_KIND, wave->id);
	return 0;
}

/* ---- as a table ---- */

static void column(struct buffer *out, const char *text)
{
	if (out->length && out->data[out->length - 1] != '\n')
		buffer_char(out, ',');
	encode_csv(out, text ? text : "", false);
}

static const char *whole(struct call *call, int64_t number)
{
	return number == NONE ? "" : arena_print(call->arena, "%" PRId64, number);
}

static const char *hundredths(struct call *call, double number)
{
	return isnan(number) ? "" : arena_print(call->arena, "%.2f", number);
}

static int table_row(struct call *call, void *record, void *data)
{
	const struct wave_result *row = record;
	struct buffer *out = data;

	for (int i = 0; i < 5; i++)
		column(out, ((const char *const[]){ row->item, row->label, row->choice, row->choice_label, row->side })[i]);
	column(out, whole(call, row->count));
	column(out, whole(call, row->of));
	column(out, hundredths(call, row->mean));
	column(out, hundredths(call, row->value));
	column(out, row->note);
	buffer_text(out, "\r\n");
	return 0;
}

int wave_table(struct call *call, const struct wave *wave)
{
	struct buffer out = { 0 };
	int r;

	buffer_text(&out, "item,question,answer,text,who,answers,of,mean,statistic,note\r\n");
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
