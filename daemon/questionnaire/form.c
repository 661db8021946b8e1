/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is a form sound? Names are there once, choices are known by values without blanks, conditions ask for what comes before, and the
 * items of a scale can be counted. Everything is looked at and told, not the first mistake alone: whoever mends a table
 * of two hundred rows wants one list.
 */
#include <math.h>
#include <stdio.h>
#include <stdarg.h>
#include <string.h>

#include "inner.h"

const char *const form_kinds[] = { "single", "multiple", "likert", "number", "text", "date", "note", NULL };

struct complaints {
	struct form_complaint *list;
	size_t count, max;
};

__attribute__((format(printf, 6, 7))) static void complain(
	struct complaints *c, bool of_scale, size_t index, const char *column, size_t at, const char *format, ...)
{
	va_list list;

	if (c->count++ >= c->max)
		return;
	c->list[c->count - 1] = (struct form_complaint){ .of_scale = of_scale, .index = index, .column = column, .at = at };
	va_start(list, format);
	vsnprintf(c->list[c->count - 1].text, sizeof c->list->text, format, list);
	va_end(list);
}

ptrdiff_t form_item_named(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->item_count; i++)
		if (form->items[i].name && !strcmp(form->items[i].name, name))
			return (ptrdiff_t)i;
	return -1;
}

static bool name_is_fine(const char *name)
{
	size_t n = 0;

	if (!name || (*name >= '0' && *name <= '9') || *name == '-' || *name == '.')
		return false;
	for (; name[n]; n++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.", name[n]))
			return false;
	return n > 0 && n <= FORM_NAME;
}

static void check_name(struct complaints *c, const struct form *form, size_t i)
{
	const char *name = form->items[i].name;

	if (!name_is_fine(name))
		complain(c, false, i, "name", 0, "'%.64s' is no name: letters, digits, _, - and . are allowed, a letter first, %d at most",
			name ? name : "", FORM_NAME);
	else if (form_item_named(form, name) != (ptrdiff_t)i)
		complain(c, false, i, "name", 0, "there is an item called '%s' already", name);
}

static bool value_is_fine(const char *value)
{
	return *value && strlen(value) <= FORM_NAME && !value[strcspn(value, " \t\r\n=")];
}

static void check_choices(struct complaints *c, const struct form *form, size_t i)
{
	const struct form_item *item = &form->items[i];
	bool chosen = item->kind <= FORM_LIKERT;
	double number;

	if (item->choice_count > FORM_CHOICES)
		complain(c, false, i, "choices", 0, "there are more than %d choices", FORM_CHOICES);
	else if (chosen && item->choice_count < (item->kind == FORM_LIKERT ? 2 : 1))
		complain(c, false, i, "choices", 0, "a %s needs choices", form_kinds[item->kind]);
	else if (!chosen && item->choice_count)
		complain(c, false, i, "choices", 0, "a %s has no choices", form_kinds[item->kind]);
	for (size_t j = 0; j < item->choice_count && item->choice_count <= FORM_CHOICES; j++) {
		const char *value = item->choices[j].value;
		bool twin = false;

		for (size_t l = 0; l < j && !twin; l++)
			twin = !strcmp(item->choices[l].value, value);
		if (!value_is_fine(value))
			complain(c, false, i, "choices", 0,
				"'%.64s' cannot be the value of a choice: no blanks, no =, %d characters at most", value, FORM_NAME);
		else if (twin)
			complain(c, false, i, "choices", 0, "the choice '%s' stands there twice", value);
		else if (item->kind == FORM_LIKERT && !number_read(value, &number))
			complain(c, false, i, "choices", 0, "the choices of a likert item are numbers; '%s' is none", value);
	}
}

static void check_limits(struct complaints *c, const struct form *form, size_t i)
{
	const struct form_item *item = &form->items[i];

	if ((!isnan(item->min) || !isnan(item->max)) && item->kind != FORM_NUMBER && item->kind != FORM_WORDS && item->kind != FORM_DATE)
		complain(c, false, i, "limits", 0, "a %s has no limits", form_kinds[item->kind]);
	else if (item->min > item->max)
		complain(c, false, i, "limits", 0, "the least lies above the most");
	if (item->kind == FORM_NOTE && item->required)
		complain(c, false, i, "required", 0, "a note is read, so it cannot be required");
}

static void compile(struct complaints *c, struct arena *arena, struct form *form, size_t i)
{
	struct form_item *item = &form->items[i];
	struct problem problem = { 0 };
	size_t at;

	item->condition = NULL;
	if (item->relevant && item->relevant[strspn(item->relevant, " \t\r\n")] &&
		condition_read(arena, form, item->relevant, &item->condition, &at, &problem))
		complain(c, false, i, "relevant", at, "%s", problem.text);
}

/* Does one item wait for another, over any number of others? Each is walked once. */
static bool waits_for(const struct form *form, size_t from, size_t for_what, bool *seen)
{
	const struct condition *condition = form->items[from].condition;

	if (seen[from] || !condition)
		return false;
	seen[from] = true;
	for (size_t i = 0; i < condition->count; i++) {
		const struct step *s = &condition->steps[i];

		if (s->kind != STEP_ITEM && s->kind != STEP_SELECTED && s->kind != STEP_COUNT)
			continue;
		if (s->item == for_what || waits_for(form, s->item, for_what, seen))
			return true;
	}
	return false;
}

static void check_order(struct complaints *c, struct arena *arena, const struct form *form, size_t i)
{
	const char *own = form->items[i].name;
	size_t at;

	for (size_t later = i; form->items[i].condition && later < form->item_count; later++) {
		const char *name = form->items[later].name;

		if (!condition_asks(form->items[i].condition, later, &at))
			continue;
		if (later == i)
			complain(c, false, i, "relevant", at, "'%s' waits for its own answer", own);
		else if (waits_for(form, later, i, arena_new(arena, form->item_count * sizeof(bool))))
			complain(c, false, i, "relevant", at, "'%s' and '%s' wait for each other: that is a circle", own, name);
		else if (form->items[later].kind == FORM_NOTE)
			complain(c, false, i, "relevant", at, "'%s' is a note: nobody answers it", name);
		else
			complain(c, false, i, "relevant", at, "'%s' comes later; a condition asks for what stands before it", name);
	}
}

static bool counts(const struct form_item *item)
{
	double number;

	if (item->kind == FORM_NUMBER)
		return true;
	if (item->kind != FORM_SINGLE && item->kind != FORM_LIKERT)
		return false;
	for (size_t i = 0; i < item->choice_count; i++)
		if (!number_read(item->choices[i].value, &number))
			return false;
	return true;
}

static bool named(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void check_scale(struct complaints *c, struct arena *arena, struct form *form, size_t i)
{
	struct form_scale *scale = &form->scales[i];
	size_t *at = arena_new(arena, (scale->item_count + 1) * sizeof *at);
	bool *turned = arena_new(arena, (scale->item_count + 1) * sizeof *turned);

	if (!scale->item_count)
		complain(c, true, i, "items", 0, "a scale needs items");
	for (size_t j = 0; j < scale->item_count; j++) {
		ptrdiff_t found = form_item_named(form, scale->items[j]);
		const struct form_item *item = found < 0 ? NULL : &form->items[found];

		at[j] = found < 0 ? 0 : (size_t)found;
		turned[j] = item && (item->reversed || named(scale->reversed, scale->reversed_count, item->name));
		if (!item)
			complain(c, true, i, "items", 0, "there is no item called '%.64s'", scale->items[j]);
		else if (named(scale->items, j, item->name))
			complain(c, true, i, "items", 0, "'%s' is counted twice", item->name);
		else if (!counts(item))
			complain(c, true, i, "items", 0, "'%s' cannot be counted: its answers are no numbers", item->name);
		else if (turned[j] && item->kind == FORM_NUMBER && (isnan(item->min) || isnan(item->max)))
			complain(c, true, i, "items", 0, "'%s' cannot be turned round without a least and a most", item->name);
	}
	for (size_t j = 0; j < scale->reversed_count; j++)
		if (!named(scale->items, scale->item_count, scale->reversed[j]))
			complain(c, true, i, "reversed", 0, "'%.64s' is not among the items of the scale", scale->reversed[j]);
	scale->at = at;
	scale->turned = turned;
}

size_t form_compile(struct arena *arena, struct form *form, struct form_complaint *ret, size_t max)
{
	struct complaints c = { ret, 0, max };

	if (form->item_count > FORM_ITEMS) {
		complain(&c, false, FORM_ITEMS, "name", 0, "there are more than %d items", FORM_ITEMS);
		return c.count;
	}
	for (size_t i = 0; i < form->item_count; i++) {
		check_name(&c, form, i);
		check_choices(&c, form, i);
		check_limits(&c, form, i);
		compile(&c, arena, form, i);
	}
	for (size_t i = 0; i < form->item_count; i++)
		check_order(&c, arena, form, i);
	for (size_t i = 0; i < form->scale_count; i++)
		check_scale(&c, arena, form, i);
	return c.count;
}
