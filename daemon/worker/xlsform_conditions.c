/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may stay: a question whose condition is understood, about what is asked before it.
 *
 * Conditions of groups hold for all that is in them. Each is looked at where it stands, so that a problem names its own cell; what
 * holds for an item is all of them, joined by 'and'. Leaving out a question may take from another what it asks for, so that is
 * repeated until nothing changes. Then form_compile looks at the whole, and its complaints find their cells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xlsform.h"

static void say(struct xlsform *form, int notice, int64_t row, int column, const char *header, const char *text)
{
	roster_say(form->roster, notice, &(struct place){ form->survey->where, row, column, header }, "%s", text);
}

/* ---- conditions that are not understood ---- */

/* The first name in a condition that is nowhere in the file, or NULL; *ret_lost: one that is in it, but not taken. */
static char *stranger(struct xlsform *form, const char *text, const char **ret_lost)
{
	*ret_lost = NULL;
	for (const char *p = text; (p = strstr(p, "${")); p++) {
		const char *from = p + 2 + strspn(p + 2, " "), *end = from + strcspn(from, "} ");
		char *name = arena_copy_n(form->arena, from, (size_t)(end - from));

		if (textmap_find(&form->names, name) >= 0)
			continue;
		if (textmap_find(&form->lost, name) < 0)
			return name;
		*ret_lost = name;
	}
	return NULL;
}

/* The items that are still in it, as a form in which conditions can be read. */
static struct form *form_of(struct xlsform *form)
{
	struct form *ret = arena_new(form->arena, sizeof *ret);

	ret->items = arena_new(form->arena, (form->count + 1) * sizeof *ret->items);
	for (size_t i = 0; i < form->count; i++)
		if (!form->items[i].left_out)
			ret->items[ret->item_count++] = form->items[i].form;
	return ret;
}

static void tell(struct xlsform *form, struct xf_condition *condition, const char *name, const char *why, size_t at, const char *lost)
{
	char text[500];

	if (condition->told)
		return;
	condition->told = true;
	if (form->request->leave_out)
		snprintf(text, sizeof text, "the condition of '%.60s' is not understood, so what waits for it is left out: %.300s", name,
			why);
	else if (lost)
		snprintf(text, sizeof text,
			"it asks for '%.60s' (row %lld), which is left out; change the condition, or have such questions left out, too (leave_out)",
			lost, (long long)textmap_find(&form->lost, lost));
	else
		snprintf(text, sizeof text,
			"character %zu: %.300s; change the condition, or have such questions left out (leave_out): without it they would be asked of "
			"everybody",
			at, why);
	say(form, form->request->leave_out, condition->row, condition->column, "relevant", text);
}

/* Is the condition understood? Else it is told, once. *ret_leave: what waits for it is to be left out. */
static bool understood(struct xlsform *form, const struct form *now, struct xf_condition *condition, const char *name, bool *ret_leave)
{
	const struct condition *compiled;
	struct problem why = { 0 };
	const char *unknown, *lost;
	size_t at;

	if (!condition->text || !condition_read(form->arena, now, condition->text, &compiled, &at, &why))
		return true;
	unknown = stranger(form, condition->text, &lost);
	if (unknown && !condition->told) {
		condition->told = true;
		say(form, 0, condition->row, condition->column, "relevant",
			arena_print(form->arena, "there is no question called '%.60s' in the form", unknown));
	} else if (!unknown) {
		tell(form, condition, name, why.text, at, lost);
		*ret_leave = form->request->leave_out;
	}
	return false;
}

void xf_leave_out(struct xlsform *form, struct xf_item *item)
{
	item->left_out = true;
	textmap_add(&form->lost, item->form.name, item->row);
	*textmap_place(&form->names, item->form.name) = -1;
}

static bool look_at(struct xlsform *form, const struct form *now, struct xf_item *item)
{
	bool leave = false, fine = true;

	for (struct xf_group *g = item->group; g && fine; g = g->outer)
		fine = understood(form, now, &g->relevant, g->name ? g->name : "the group", &leave);
	if (fine)
		fine = understood(form, now, &item->relevant, item->form.name, &leave);
	if (leave)
		xf_leave_out(form, item);
	return leave;
}

static void leave_out(struct xlsform *form)
{
	bool changed = true;

	while (changed) {
		struct form *now = form_of(form);

		changed = false;
		for (size_t i = 0; i < form->count; i++)
			if (!form->items[i].left_out)
				changed |= look_at(form, now, &form->items[i]);
	}
}

/* ---- the whole ---- */

static const char *joined(struct arena *arena, const struct xf_item *item)
{
	const char *all = item->relevant.text;
	bool alone = true;

	for (const struct xf_group *g = item->group; g; g = g->outer) {
		if (!g->relevant.text)
			continue;
		if (!all) {
			all = g->relevant.text;
			continue;
		}
		all = arena_print(arena, alone ? "(%s) and (%s)" : "(%s) and %s", g->relevant.text, all);
		alone = false;
	}
	return all;
}

static void choices_of(struct xlsform *form, struct xf_item *item)
{
	struct form_choice *choices;

	if (!item->list)
		return;
	choices = arena_new(form->arena, (item->list->count + 1) * sizeof *choices);
	for (size_t i = 0; i < item->list->count; i++) {
		const char *text = xf_text(form, &item->list->choices[i].texts);

		choices[i] = (struct form_choice){ item->list->choices[i].value, text ? text : item->list->choices[i].value };
	}
	item->form.choices = choices;
	item->form.choice_count = item->list->count;
}

/* The cell in which a condition stands that asks for something at or behind its own item. */
static const struct xf_condition *part_that_asks(struct xlsform *form, const struct form *whole, const struct xf_item *item, size_t own)
{
	const struct xf_condition *parts[XF_DEPTH + 2];
	size_t count = 0, at;

	parts[count++] = &item->relevant;
	for (const struct xf_group *g = item->group; g && count < XF_DEPTH + 1; g = g->outer)
		parts[count++] = &g->relevant;
	for (size_t p = 0; p < count; p++) {
		const struct condition *compiled;

		if (!parts[p]->text || condition_read(form->arena, whole, parts[p]->text, &compiled, &at, &(struct problem){ 0 }))
			continue;
		for (size_t later = own; later < whole->item_count; later++)
			if (condition_asks(compiled, later, &at))
				return parts[p];
	}
	return &item->relevant;
}

static void tell_complaint(struct xlsform *form, const struct form *whole, struct xf_item *const *items, const struct form_complaint *c)
{
	const struct xf_item *item;
	int64_t row;
	int column;

	if (c->of_scale) {
		roster_say(form->roster, 0,
			&(struct place){
				arena_print(form->arena, "%s, sheet scales", form->book.file), form->scales[c->index].row, 0, NULL },
			"%s", c->text);
		return;
	}
	if (c->index >= whole->item_count) {
		say(form, 0, 0, 0, NULL, c->text);
		return;
	}
	item = items[c->index];
	row = item->row;
	column = !strcmp(c->column, "name") ? item->name_column : !strcmp(c->column, "limits") ? item->limits_column : item->type_column;
	if (!strcmp(c->column, "relevant")) {
		const struct xf_condition *part = part_that_asks(form, whole, item, c->index);

		row = part->row;
		column = part->column;
	}
	say(form, 0, row, column,
		!strcmp(c->column, "choices")          ? "type"
			: !strcmp(c->column, "limits") ? "constraint"
						       : c->column,
		c->text);
}

static void look_at_whole(struct xlsform *form)
{
	struct form_complaint *complaints = arena_new(form->arena, IMPORT_PROBLEMS * sizeof *complaints);
	struct xf_item **items = arena_new(form->arena, (form->count + 1) * sizeof *items);
	struct form whole = { 0 };
	size_t count, asked = 0;

	whole.items = arena_new(form->arena, (form->count + 1) * sizeof *whole.items);
	whole.scales = arena_new(form->arena, (form->scale_count + 1) * sizeof *whole.scales);
	for (size_t i = 0; i < form->count; i++) {
		struct xf_item *item = &form->items[i];

		if (item->left_out)
			continue;
		choices_of(form, item);
		item->form.relevant = joined(form->arena, item);
		asked += item->form.kind != FORM_NOTE;
		items[whole.item_count] = item;
		whole.items[whole.item_count++] = item->form;
	}
	for (size_t i = 0; i < form->scale_count; i++)
		whole.scales[whole.scale_count++] = form->scales[i].form;
	count = form_compile(form->arena, &whole, complaints, IMPORT_PROBLEMS);
	for (size_t i = 0; i < count && i < IMPORT_PROBLEMS; i++)
		tell_complaint(form, &whole, items, &complaints[i]);
	if (!asked)
		say(form, 0, 0, 0, NULL, "there is nothing to answer in it that can be asked here");
}

void xf_settle(struct xlsform *form)
{
	leave_out(form);
	if (!form->roster->result->problems)
		look_at_whole(form);
	if (!form->roster->result->problems)
		xf_check_lengths(form);
}
