/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of a wave: counted once, when it closes, and frozen. A row is a count (or a mean) that may be shown, or says that it may not.
 * What may be shown is decided over plain arrays (questionnaire/tally.c).
 */
#include <inttypes.h>
#include <math.h>

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

struct counting {
	struct tally tally;
	struct tally_answers *list;
	size_t room;
	int64_t lost;
};

static int count_one(struct call *call, void *record, void *data)
{
	const struct response *response = record;
	struct counting *c = data;
	const struct form *form = c->tally.form;
	struct answer_error *errors = arena_new(call->arena, (form->item_count + 1) * sizeof *errors);
	bool *applies = arena_new(call->arena, (form->item_count + 1) * sizeof *applies);
	struct tally_answers *p;
	char *answers;
	int r = answers_of(call, response, &answers);

	if (r == E_NOTFOUND) {
		call->problem = (struct problem){ 0 };
		c->lost++;
		return 0;
	}
	if (r)
		return r;
	c->tally.list = c->list = arena_grown(call->arena, c->list, c->tally.count, &c->room, sizeof *c->list);
	p = &c->list[c->tally.count++];
	p->side = response->side == NONE ? -1 : (int)response->side;
	p->known = response->entered != 0;
	p->values = arena_new(call->arena, (form->item_count + 1) * sizeof *p->values);
	p->applies = applies;
	answers_read(call, form, answers, p->values);
	answers_check(call->arena, form, p->values, true, applies, errors);
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

int wave_count(struct call *call, const struct wave *wave, int64_t *ret_lost)
{
	struct counting c = { .tally = { .k = wave->k, .apart = wave->by_side } };
	struct form *form = NULL;
	int64_t minors;
	int r = survey_form(call, wave->instrument, NULL, &form);

	c.tally.form = form;
	if (!r)
		r = ask(call,
			"SELECT count(*) FROM \"wave_member\" wm JOIN \"person\" pe ON pe.\"id\" = wm.\"person\" WHERE wm.\"wave\" = ?1 AND pe.\"minor\"",
			VALUES(wave->id), &minors);
	if (!r)
		r = each(call, &response_entity, count_one, &c, "\"wave\" = ?1 AND \"state\" = 'submitted'", VALUES(wave->id));
	if (r)
		return r;
	if (minors && c.tally.k < K_MINORS)
		c.tally.k = K_MINORS;
	r = tally_count(call->arena, &c.tally, &call->problem);
	*ret_lost = c.lost;
	for (size_t i = 0; i < c.tally.cell_count && !r; i++)
		r = write_row(call, wave->id, (int64_t)i + 1, &c.tally.cells[i]);
	return r;
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
