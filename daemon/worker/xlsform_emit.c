/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The form as rows: the instrument, its items, their texts in other languages, its scales. Links are keys: an item names its
 * instrument's key, a text its item's name.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xlsform.h"

/* "value=text" for each choice that has a text in that language; -1: the form's own, in which all have one. */
static char *choices_text(struct xlsform *form, const struct xf_item *item, int language)
{
	struct buffer lines = { 0 };
	char *ret;

	for (size_t i = 0; item->list && i < item->list->count; i++) {
		const struct xf_choice *choice = &item->list->choices[i];
		const char *text = language < 0 ? xf_text(form, &choice->texts) : choice->texts.of[language];

		if (!text && language >= 0)
			continue;
		buffer_print(&lines, "%s%s=", lines.length ? "\n" : "", choice->value);
		for (text = text ? text : choice->value; *text; text++)
			buffer_char(&lines, *text == '\n' ? ' ' : *text);
	}
	ret = lines.length ? arena_copy(form->arena, buffer_string(&lines)) : NULL;
	buffer_free(&lines);
	return ret;
}

static bool is_translation(const struct xlsform *form, int language)
{
	return language != form->own && strcmp(form->languages[language].code, form->code) != 0;
}

static void too_long(struct xlsform *form, const char *where, int64_t row, const char *what, const char *text, size_t most)
{
	if (text && text_points(text, strlen(text)) > most)
		roster_say(form->roster, 0, &(struct place){ where, row, 0, NULL }, "%s has %zu characters, %zu are allowed", what,
			text_points(text, strlen(text)), most);
}

void xf_check_lengths(struct xlsform *form)
{
	const char *file = form->book.file;

	too_long(form, file, 0, "the title", form->title, 200);
	too_long(form, file, 0, "the licence", form->licence, 200);
	too_long(form, file, 0, "the source", form->source, 500);
	for (size_t i = 0; i < form->count; i++) {
		const struct xf_item *item = &form->items[i];

		if (item->left_out)
			continue;
		too_long(form, form->survey->where, item->row, "the list of its choices", choices_text(form, item, -1), XF_CHOICES);
		for (int l = 1; l < form->language_count; l++)
			too_long(form, form->survey->where, item->row, "the list of its choices", choices_text(form, item, l), XF_CHOICES);
	}
	for (size_t i = 0; i < form->scale_count; i++) {
		const char *where = arena_print(form->arena, "%s, sheet scales", file);

		too_long(form, where, form->scales[i].row, "the title of the scale", form->scales[i].label, 200);
		too_long(form, where, form->scales[i].row, "its name", form->scales[i].form.name, FORM_NAME);
	}
}

/* ---- rows ---- */

struct emission {
	struct xlsform *form;
	const struct import_sink *sink;
	const char *source;
	int64_t row;
	struct import_cell cells[16];
	size_t count;
	int failed;
};

static void begin(struct emission *e, const char *source, int64_t row)
{
	e->source = source;
	e->row = row;
	e->count = 0;
}

static void cell(struct emission *e, const char *field, const char *value)
{
	if (value && *value)
		e->cells[e->count++] = (struct import_cell){ field, value };
}

static void real(struct emission *e, const char *field, double value)
{
	if (!isnan(value))
		cell(e, field, arena_print(e->form->arena, "%.15g", value));
}

static void row(struct emission *e, const char *entity)
{
	if (!e->failed)
		e->failed = e->sink->row(e->sink->context, entity, e->source, e->row, e->cells, e->count);
	if (e->failed >= 0)
		e->form->roster->result->rows++;
}

static char *words(struct arena *arena, const char *const *list, size_t count)
{
	struct buffer joined = { 0 };
	char *ret;

	for (size_t i = 0; i < count; i++)
		buffer_print(&joined, "%s%s", i ? ";" : "", list[i]);
	ret = arena_copy(arena, buffer_string(&joined));
	buffer_free(&joined);
	return ret;
}

static void emit_item(struct emission *e, const struct xf_item *item, int position)
{
	begin(e, e->form->survey->where, item->row);
	cell(e, "instrument", e->form->key);
	cell(e, "position", arena_print(e->form->arena, "%d", position));
	cell(e, "name", item->form.name);
	cell(e, "kind", form_kinds[item->form.kind]);
	cell(e, "label", item->form.label);
	cell(e, "choices", choices_text(e->form, item, -1));
	cell(e, "required", item->form.required ? "yes" : NULL);
	cell(e, "relevant", item->form.relevant);
	real(e, "min", item->form.min);
	real(e, "max", item->form.max);
	cell(e, "reversed", item->form.reversed ? "yes" : NULL);
	row(e, "item");
}

static void emit_texts(struct emission *e, const struct xf_item *item)
{
	for (int l = 1; l < e->form->language_count; l++) {
		char *choices = is_translation(e->form, l) ? choices_text(e->form, item, l) : NULL;
		const char *label = item->texts.of[l];

		if (!is_translation(e->form, l) || (!label && !choices))
			continue;
		begin(e, e->form->survey->where, item->row);
		cell(e, "item", item->form.name);
		cell(e, "language", e->form->languages[l].code);
		cell(e, "label", label ? label : item->form.label);
		cell(e, "choices", choices);
		row(e, "item_text");
	}
}

static void emit_scale(struct emission *e, const struct xf_scale *scale)
{
	struct arena *arena = e->form->arena;

	begin(e, arena_print(arena, "%s, sheet scales", e->form->book.file), scale->row);
	cell(e, "instrument", e->form->key);
	cell(e, "name", scale->form.name);
	cell(e, "label", scale->label);
	cell(e, "scoring", scale->form.sum ? "sum" : "mean");
	cell(e, "items", words(arena, scale->form.items, scale->form.item_count));
	cell(e, "reversed", words(arena, scale->form.reversed, scale->form.reversed_count));
	row(e, "scale");
}

int xlsform_emit(struct xlsform *form, const struct import_sink *sink)
{
	struct emission e = { .form = form, .sink = sink };
	int position = 0;

	begin(&e, form->book.file, 1);
	cell(&e, "key", form->key);
	cell(&e, "title", form->title);
	cell(&e, "language", form->code);
	cell(&e, "licence", form->licence);
	cell(&e, "source", form->source);
	row(&e, "instrument");
	for (size_t i = 0; i < form->count; i++)
		if (!form->items[i].left_out)
			emit_item(&e, &form->items[i], ++position);
	for (size_t i = 0; i < form->count; i++)
		if (!form->items[i].left_out)
			emit_texts(&e, &form->items[i]);
	for (size_t i = 0; i < form->scale_count; i++)
		emit_scale(&e, &form->scales[i]);
	return e.failed;
}
