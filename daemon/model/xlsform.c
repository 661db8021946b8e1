/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An instrument as XLSForm: sheets survey, choices, settings, and scales, which XLSForm has not. What is written here is what
 * worker/xlsform.c reads, so a form that goes out and comes back is the same form.
 *
 * Texts in the instrument's own language stand in the column label, others in label::LANGUAGE (code). Items with the same choices share a
 * list, which has the first one's name. A likert item is a select_one with that appearance.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/xlsx.h"
#include "survey.h"

enum {
	LANGUAGES = 40,
	FIXED = 8,        /* columns of survey beside the texts */
	WRITTEN = 4 << 20 /* bytes of texts: more would hold the loop */
};

struct writing {
	struct call *call;
	struct xlsx_writer *xlsx;
	const struct instrument *instrument;
	const struct item *items[FORM_ITEMS + 1];
	const struct scale *scales[FORM_ITEMS + 1];
	const struct item_text *(*texts)[LANGUAGES]; /* of each item */
	const char *languages[LANGUAGES];
	size_t item_count, scale_count, language_count, bytes;
	const struct item *list_of[FORM_ITEMS + 1]; /* whose list the item shares; NULL: it has no choices */
};

/* ---- rows ---- */

static int weigh(struct writing *w, const char *a, const char *b)
{
	w->bytes += (a ? strlen(a) : 0) + (b ? strlen(b) : 0);
	return w->bytes > WRITTEN
		? fail(w->call, E_LIMIT, NULL, "its texts have more than %d MiB, too much to be written at once", WRITTEN >> 20)
		: 0;
}

static int see_item(struct call *call, void *record, void *data)
{
	const struct item *item = record;
	struct writing *w = data;

	if (w->item_count == FORM_ITEMS)
		return fail(call, E_LIMIT, NULL, "an instrument has at most %d items", FORM_ITEMS);
	w->items[w->item_count++] = item;
	return weigh(w, item->label, item->choices);
}

static int see_scale(struct call *call, void *record, void *data)
{
	struct writing *w = data;

	if (w->scale_count == FORM_ITEMS)
		return fail(call, E_LIMIT, NULL, "an instrument with more than %d scales is not written", FORM_ITEMS);
	w->scales[w->scale_count++] = record;
	return 0;
}

static int see_text(struct call *call, void *record, void *data)
{
	const struct item_text *text = record;
	struct writing *w = data;
	size_t language = 0;

	while (language < w->language_count && strcmp(w->languages[language], text->language) != 0)
		language++;
	if (language == LANGUAGES)
		return fail(call, E_LIMIT, NULL, "an instrument in more than %d languages is not written", LANGUAGES);
	if (language == w->language_count)
		w->languages[w->language_count++] = text->language;
	for (size_t i = 0; i < w->item_count; i++)
		if (w->items[i]->id == text->item)
			w->texts[i][language] = text;
	return weigh(w, text->label, text->choices);
}

static int by_position(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_choices(const struct writing *w, size_t a, size_t b)
{
	bool same = same_text(w->items[a]->choices, w->items[b]->choices);

	for (size_t l = 0; same && l < w->language_count; l++) {
		const struct item_text *x = w->texts[a][l], *y = w->texts[b][l];

		same = same_text(x ? x->choices : NULL, y ? y->choices : NULL);
	}
	return same;
}

static void share_lists(struct writing *w)
{
	for (size_t i = 0; i < w->item_count; i++) {
		if (w->items[i]->kind > FORM_LIKERT)
			continue;
		w->list_of[i] = w->items[i];
		for (size_t j = 0; j < i; j++)
			if (w->list_of[j] == w->items[j] && same_choices(w, i, j))
				w->list_of[i] = w->items[j];
	}
}

/* ---- sheets ---- */

/* "German (de-AT)"; a language without a name here is called by its code. */
static char *language_said(struct arena *arena, const char *code)
{
	static const char *const names[][2] = { { "en", "English" }, { "de", "German" }, { "fr", "French" }, { "es", "Spanish" },
		{ "it", "Italian" }, { "pt", "Portuguese" }, { "nl", "Dutch" }, { "pl", "Polish" }, { "tr", "Turkish" }, { "ar", "Arabic" },
		{ "uk", "Ukrainian" }, { "ru", "Russian" }, { "zh", "Chinese" }, { "ja", "Japanese" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strncmp(code, names[i][0], 2) && !strchr("abcdefghijklmnopqrstuvwxyz", code[2] ? code[2] : '-'))
			return arena_print(arena, "%s (%s)", names[i][1], code);
	return arena_print(arena, "%s (%s)", code, code);
}

static void label_heads(struct writing *w, const char **cells)
{
	for (size_t l = 0; l < w->language_count; l++)
		cells[l] = arena_print(w->call->arena, "label::%s", language_said(w->call->arena, w->languages[l]));
}

static char *limit(struct writing *w, const struct item *item, const char *comparison, double value)
{
	char day[DATE_TEXT];

	if (item->kind == FORM_DATE && value >= DATE_MIN && value <= DATE_MAX)
		return arena_print(w->call->arena, ". %s date('%s')", comparison, date_print((int64_t)value, day));
	return arena_print(w->call->arena, "%s %s %.15g", item->kind == FORM_WORDS ? "string-length(.)" : ".", comparison, value);
}

static const char *constraint(struct writing *w, const struct item *item)
{
	const char *least = isnan(item->min) ? NULL : limit(w, item, ">=", item->min);
	const char *most = isnan(item->max) ? NULL : limit(w, item, "<=", item->max);

	return least && most ? arena_print(w->call->arena, "%s and %s", least, most) : least ? least : most;
}

static const char *type(struct writing *w, size_t i)
{
	static const char *const types[] = { "select_one", "select_multiple", "select_one", "decimal", "text", "date", "note" };
	const char *word = types[w->items[i]->kind];

	return w->list_of[i] ? arena_print(w->call->arena, "%s %s", word, w->list_of[i]->name) : word;
}

static void survey(struct writing *w)
{
	const char *cells[FIXED + LANGUAGES] = { "type", "name", "required", "relevant", "constraint", "appearance", "reversed", "label" };

	xlsx_sheet(w->xlsx, "survey");
	label_heads(w, cells + FIXED);
	xlsx_row(w->xlsx, cells, FIXED + w->language_count);
	for (size_t i = 0; i < w->item_count; i++) {
		const struct item *item = w->items[i];

		cells[0] = type(w, i);
		cells[1] = item->name;
		cells[2] = item->required ? "yes" : NULL;
		cells[3] = item->relevant;
		cells[4] = constraint(w, item);
		cells[5] = item->kind == FORM_LIKERT ? "likert" : NULL;
		cells[6] = item->reversed ? "yes" : NULL;
		cells[7] = item->label;
		for (size_t l = 0; l < w->language_count; l++)
			cells[FIXED + l] = w->texts[i][l] ? w->texts[i][l]->label : NULL;
		xlsx_row(w->xlsx, cells, FIXED + w->language_count);
	}
}

static const char *label_of(const struct form_choice *choices, size_t count, const char *value)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(choices[i].value, value))
			return choices[i].label;
	return NULL;
}

static void list_rows(struct writing *w, size_t at)
{
	const struct item *item = w->items[at];
	struct arena *arena = w->call->arena;
	const struct form_choice *own, *other[LANGUAGES] = { NULL };
	size_t count, counts[LANGUAGES] = { 0 };
	const char *cells[3 + LANGUAGES] = { item->name };

	own = choices_read(arena, item->choices, &count);
	for (size_t l = 0; l < w->language_count; l++)
		if (w->texts[at][l])
			other[l] = choices_read(arena, w->texts[at][l]->choices, &counts[l]);
	for (size_t i = 0; i < count; i++) {
		cells[1] = own[i].value;
		cells[2] = own[i].label;
		for (size_t l = 0; l < w->language_count; l++)
			cells[3 + l] = label_of(other[l], counts[l], own[i].value);
		xlsx_row(w->xlsx, cells, 3 + w->language_count);
	}
}

static void choices(struct writing *w)
{
	const char *cells[3 + LANGUAGES] = { "list_name", "name", "label" };

	xlsx_sheet(w->xlsx, "choices");
	label_heads(w, cells + 3);
	xlsx_row(w->xlsx, cells, 3 + w->language_count);
	for (size_t i = 0; i < w->item_count; i++)
		if (w->list_of[i] == w->items[i])
			list_rows(w, i);
}

static void settings(struct writing *w)
{
	static const char *const heads[] = { "form_title", "form_id", "version", "default_language", "licence", "source" };
	const struct instrument *i = w->instrument;
	const char *const cells[] = { i->title, i->key, arena_print(w->call->arena, "%lld", (long long)i->edition),
		language_said(w->call->arena, i->language ? i->language : "en"), i->licence, i->source };

	xlsx_sheet(w->xlsx, "settings");
	xlsx_row(w->xlsx, heads, sizeof heads / sizeof *heads);
	xlsx_row(w->xlsx, cells, sizeof cells / sizeof *cells);
}

/* Words are kept a line each. */
static char *spaced(struct arena *arena, const char *words)
{
	char *copy = arena_copy(arena, words);

	for (char *p = copy; p && *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	return copy;
}

static void scales(struct writing *w)
{
	static const char *const heads[] = { "name", "label", "scoring", "items", "reversed" };

	if (!w->scale_count)
		return;
	xlsx_sheet(w->xlsx, "scales");
	xlsx_row(w->xlsx, heads, 5);
	for (size_t i = 0; i < w->scale_count; i++) {
		const struct scale *s = w->scales[i];
		const char *const cells[] = { s->name, s->label, s->scoring ? "sum" : "mean", spaced(w->call->arena, s->items),
			spaced(w->call->arena, s->reversed) };

		xlsx_row(w->xlsx, cells, 5);
	}
}

int xlsform_write(struct call *call, int64_t id, const char *format, struct buffer *out)
{
	struct xlsx_writer xlsx = { 0 };
	struct writing *w = arena_new(call->arena, sizeof *w);
	int r = load(call, &instrument_entity, id, (void **)(uintptr_t)&w->instrument);

	(void)format; /* it has one */
	w->call = call;
	w->xlsx = &xlsx;
	w->texts = arena_new(call->arena, (FORM_ITEMS + 1) * sizeof *w->texts);
	if (!r)
		r = each(call, &item_entity, see_item, w, "\"instrument\" = ?1", VALUES(id));
	qsort(w->items, w->item_count, sizeof *w->items, by_position);
	if (!r)
		r = each(call, &item_text_entity, see_text, w, "\"item\" IN (SELECT i.\"id\" FROM \"item\" i WHERE i.\"instrument\" = ?1)",
			VALUES(id));
	if (!r)
		r = each(call, &scale_entity, see_scale, w, "\"instrument\" = ?1", VALUES(id));
	if (r)
		return r;
	share_lists(w);
	survey(w);
	choices(w);
	settings(w);
	scales(w);
	xlsx_end(&xlsx, out);
	return 0;
}
