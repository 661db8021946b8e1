/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A form of its rows: items in their order, scales, and over the form's own texts those of a reader's language, where there are such.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/settings.h"
#include "survey.h"

const struct form_choice *choices_read(struct arena *arena, const char *lines, size_t *ret_count)
{
	struct form_choice *list;
	size_t count = 1;

	for (const char *p = lines; p && *p; p++)
		count += *p == '\n';
	list = arena_new(arena, count * sizeof *list);
	count = 0;
	for (const char *p = lines; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char *line = arena_copy_n(arena, p, strcspn(p, "\n")), *equals = strchr(line, '=');

		if (!*line)
			continue;
		if (equals)
			*equals = 0;
		list[count++] = (struct form_choice){ line, equals ? equals + 1 : line };
	}
	*ret_count = count;
	return list;
}

static const char **words_read(struct arena *arena, const char *words, size_t *ret_count)
{
	size_t count = 1;
	const char **list;

	for (const char *p = words; p && *p; p++)
		count += *p == '\n';
	list = arena_new(arena, count * sizeof *list);
	count = 0;
	for (const char *p = words; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		list[count++] = arena_copy_n(arena, p, strcspn(p, "\n"));
	*ret_count = count;
	return list;
}

struct rows {
	void *list[FORM_ITEMS + 1];
	size_t count;
};

static int gather(struct call *call, void *record, void *data)
{
	struct rows *rows = data;

	if (rows->count > FORM_ITEMS)
		return fail(call, E_LIMIT, NULL, "an instrument has at most %d items", FORM_ITEMS);
	rows->list[rows->count++] = record;
	return 0;
}

static int by_position(const void *a, const void *b)
{
	const struct item *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

struct translating {
	const char *language;
	struct rows *items;
	struct form *form;
	bool *said; /* of each item: the language has its text, and those of all its choices */
};

/* Of "de-AT": two. */
static size_t primary(const char *language)
{
	return strcspn(language, "-_");
}

/* Puts the texts of choices over the item's own; false: one has none. */
static bool choices_put(struct call *call, const struct form_item *item, const char *lines)
{
	size_t count, put = 0;
	const struct form_choice *given = choices_read(call->arena, lines, &count);

	for (size_t i = 0; i < item->choice_count; i++)
		for (size_t l = 0; l < count; l++)
			if (!strcmp(item->choices[i].value, given[l].value)) {
				((struct form_choice *)(uintptr_t)item->choices)[i].label = given[l].label;
				put++;
				break;
			}
	return put == item->choice_count;
}

/* Texts of one language, put over the form's own where they are given. */
static int translate(struct call *call, void *record, void *data)
{
	const struct item_text *text = record;
	struct translating *t = data;

	if (strlen(text->language) != strlen(t->language) && strlen(text->language) != primary(t->language))
		return 0;
	if (strncmp(text->language, t->language, strlen(text->language)))
		return 0;
	for (size_t i = 0; i < t->items->count; i++) {
		struct form_item *item = &t->form->items[i];

		if (((struct item *)t->items->list[i])->id != text->item)
			continue;
		item->label = text->label;
		t->said[i] |= choices_put(call, item, text->choices);
	}
	return 0;
}

static int say_complaints(struct call *call, const struct form *form, const struct form_complaint *list, size_t count, size_t told)
{
	char text[400] = "";

	for (size_t i = 0; i < told && i < count; i++) {
		size_t used = strlen(text);
		const char *name = list[i].of_scale        ? form->scales[list[i].index].name
			: list[i].index < form->item_count ? form->items[list[i].index].name
							   : "";

		snprintf(text + used, sizeof text - used, "%s%s '%.64s', %s", used ? "; " : "", list[i].of_scale ? "scale" : "item", name,
			list[i].column);
		used = strlen(text);
		if (list[i].at)
			snprintf(text + used, sizeof text - used, " (character %zu)", list[i].at);
		used = strlen(text);
		snprintf(text + used, sizeof text - used, ": %s", list[i].text);
	}
	return fail(call, E_INVALID, list[0].of_scale ? "scale" : "item", "%s%s", text, count > told ? "; and more" : "");
}

static void form_of_rows(struct call *call, const struct rows *items, const struct rows *scales, struct form *form)
{
	form->items = arena_new(call->arena, (items->count + 1) * sizeof *form->items);
	form->scales = arena_new(call->arena, (scales->count + 1) * sizeof *form->scales);
	for (size_t i = 0; i < items->count; i++) {
		const struct item *row = items->list[i];

		form->items[i] = (struct form_item){ .name = row->name,
			.label = row->label,
			.kind = (int)row->kind,
			.required = row->required,
			.reversed = row->reversed,
			.min = row->min,
			.max = row->max,
			.relevant = row->relevant };
		form->items[i].choices = choices_read(call->arena, row->choices, &form->items[i].choice_count);
	}
	for (size_t i = 0; i < scales->count; i++) {
		const struct scale *row = scales->list[i];
		struct form_scale *scale = &form->scales[i];

		*scale = (struct form_scale){ .name = row->name, .sum = row->scoring };
		scale->items = words_read(call->arena, row->items, &scale->item_count);
		scale->reversed = words_read(call->arena, row->reversed, &scale->reversed_count);
	}
	form->item_count = items->count;
	form->scale_count = scales->count;
}

/* `ret_said` has a word for each item: does the language have all its texts? */
static int read_form(struct call *call, int64_t instrument, const char *language, bool **ret_said, struct form **ret)
{
	struct rows *items = arena_new(call->arena, sizeof *items), *scales = arena_new(call->arena, sizeof *scales);
	struct form_complaint complaints[3];
	struct form *form = arena_new(call->arena, sizeof *form);
	struct translating translating = { language, items, form, NULL };
	size_t count;
	int r = each(call, &item_entity, gather, items, "\"instrument\" = ?1", VALUES(instrument));

	if (!r)
		r = each(call, &scale_entity, gather, scales, "\"instrument\" = ?1", VALUES(instrument));
	if (r)
		return r;
	qsort(items->list, items->count, sizeof *items->list, by_position);
	form_of_rows(call, items, scales, form);
	translating.said = arena_new(call->arena, (items->count + 1) * sizeof *translating.said);
	if (language)
		r = each(call, &item_text_entity, translate, &translating,
			"\"item\" IN (SELECT i.\"id\" FROM \"item\" i WHERE i.\"instrument\" = ?1)", VALUES(instrument));
	if (r)
		return r;
	count = form_compile(call->arena, form, complaints, 3);
	if (count)
		return say_complaints(call, form, complaints, count, 3);
	*ret_said = translating.said;
	*ret = form;
	return 0;
}

int survey_form(struct call *call, int64_t instrument, const char *language, struct form **ret)
{
	bool *said;

	return read_form(call, instrument, language, &said, ret);
}

int survey_lacks(struct call *call, const struct instrument *instrument, const char *language, const char **ret)
{
	const char *own = instrument->language ? instrument->language : settings_of(call)->institution.language;
	struct form *form = NULL;
	bool *said = NULL;
	int r;

	*ret = NULL;
	if (primary(own) == primary(language) && !strncmp(own, language, primary(own)))
		return 0;
	r = read_form(call, instrument->id, language, &said, &form);
	for (size_t i = 0; !r && i < form->item_count; i++)
		if (!said[i])
			*ret = *ret ? arena_print(call->arena, "%s, %s", *ret, form->items[i].name) : form->items[i].name;
	return r;
}

/* ---- what a page carries ---- */

static size_t boxes(const struct form_item *item)
{
	return item->kind == FORM_NOTE ? 0 : item->kind == FORM_MULTIPLE ? item->choice_count : 1;
}

/* What the item's part takes, in bytes: its texts and marks, what a condition makes of it, and numbers. */
static size_t page_size(const struct form_item *item)
{
	size_t size = strlen(item->name) + strlen(item->label) + (item->relevant ? strlen(item->relevant) : 0) + 200;

	for (size_t i = 0; i < item->choice_count; i++)
		size += strlen(item->choices[i].value) + strlen(item->choices[i].label) + 2;
	return size;
}

struct languages {
	const char **list;
	size_t count, room;
};

static int see_language(struct call *call, void *record, void *data)
{
	const struct item_text *text = record;
	struct languages *l = data;

	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->list[i], text->language))
			return 0;
	l->list = arena_grown(call->arena, l->list, l->count, &l->room, sizeof *l->list);
	l->list[l->count++] = text->language;
	return 0;
}

int survey_fits(struct call *call, const struct instrument *instrument)
{
	struct languages l = { 0 };
	int r = each(call, &item_text_entity, see_language, &l, "\"item\" IN (SELECT i.\"id\" FROM \"item\" i WHERE i.\"instrument\" = ?1)",
		VALUES(instrument->id));

	for (size_t n = 0; n <= l.count && !r; n++) {
		const char *language = n ? l.list[n - 1] : NULL;
		size_t size = 0, asked = 0;
		struct form *form = NULL;

		r = survey_form(call, instrument->id, language, &form);
		for (size_t i = 0; !r && i < form->item_count; i++) {
			size += page_size(&form->items[i]);
			asked += boxes(&form->items[i]);
		}
		if (!r && asked > FORM_BOXES)
			r = fail(call, E_LIMIT, "item",
				"it asks for %zu answers (each choice of a multiple question is one), and a page takes %d; make two forms of it, or give "
				"fewer choices",
				asked, FORM_BOXES);
		else if (!r && size > FORM_PAGE)
			r = fail(call, E_LIMIT, "item",
				"its texts%s%s are %zu bytes long, and a page takes %d; make two forms of it, or shorten texts and lists of choices",
				language ? " in " : "", language ? language : "", size, FORM_PAGE);
	}
	return r;
}
