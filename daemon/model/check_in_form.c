/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The form of a check-in: which instrument a program may name for it, what a page shows of it, and what of the answers becomes the check-in's
 * rating and flags.
 *
 * The rule goes by the names of items, and is the table below: what is read later must be asked, so an instrument that lacks it is refused
 * when a program names it, not when the first answer comes. All other items are the institution's own. Each check-in keeps the instrument
 * that it was asked with; one that is named or was asked stays as it is (instrument.c).
 */
#include <string.h>

#include "core/text.h"
#include "page_words.h"
#include "survey.h"

#define RATING "rating"

/* Answers that somebody has to look at. */
static const struct sign {
	const char *item, *answer, *flag;
	bool must; /* the form is to have it; else it counts where it is there */
} signs[] = { { "met", "no", "not_met", true }, { "contacted", "no", "not_contacted", false },
	{ "why_not", "no_answer", "not_contacted", false }, { "help", "yes", "need_help", true }, { 0 } };

/* ---- may it be asked? ---- */

static bool has_choice(const struct form_item *item, const char *value)
{
	for (size_t i = 0; i < item->choice_count; i++)
		if (!strcmp(item->choices[i].value, value))
			return true;
	return false;
}

static bool rates(const struct form_item *item)
{
	if ((item->kind != FORM_SINGLE && item->kind != FORM_LIKERT) || !item->required || item->relevant || item->reversed)
		return false;
	for (size_t i = 0; i < item->choice_count; i++) {
		const char *value = item->choices[i].value;

		if (value[0] < '1' || value[0] > '5' || value[1])
			return false;
	}
	return true;
}

static const struct form_item *item_of(const struct form *form, const char *name)
{
	ptrdiff_t at = form_item_named(form, name);

	return at < 0 ? NULL : &form->items[at];
}

static int has_signs(struct call *call, const struct instrument *instrument, const struct form *form)
{
	const struct form_item *item = item_of(form, RATING);
	struct buffer missing = { 0 };
	int r = 0;

	if (!item || !rates(item))
		buffer_text(&missing,
			"; an item '" RATING
			"' of the kind single or likert that is always asked, must be answered, is not turned round and has "
			"answers from 1 (badly) to 5 (very well) only");
	for (const struct sign *s = signs; s->item; s++) {
		item = item_of(form, s->item);
		if (item ? !has_choice(item, s->answer) : s->must)
			buffer_print(&missing, "; an item '%s' with the answer '%s' (it raises the flag %s)", s->item, s->answer, s->flag);
	}
	if (missing.length)
		r = fail(call, E_INVALID, "check_in_form", "'%s' cannot be asked as a check-in, it needs: %s", instrument->title,
			buffer_string(&missing) + 2);
	buffer_free(&missing);
	return r;
}

/* Pages speak English where they do not know a language; so may the form. */
static int can_be_read(struct call *call, void *record, void *data)
{
	const struct instrument *instrument = data;
	const char *language = language_of(call, record), *items, *instead;
	int r = survey_lacks(call, instrument, language, &items);

	if (r || !items)
		return r;
	r = survey_lacks(call, instrument, page_language(language), &instead);
	if (r || !instead)
		return r;
	return fail(call, E_INVALID, "check_in_form",
		"'%s' would be asked of people who read '%s', in which these items have no text, or not for each answer: %s; add item texts in a "
		"draft of it (Rework, else Revise), or name another form",
		instrument->title, language, items);
}

int check_in_form_fits(struct call *call, const struct program *program)
{
	struct instrument *instrument;
	struct form *form = NULL;
	int r = load(call, &instrument_entity, program->check_in_form, (void **)&instrument);

	if (!r && instrument->state != INSTRUMENT_READY)
		r = fail(
			call, E_STATE, "check_in_form", "the instrument '%s' is not ready yet (verb Ready), or retired", instrument->title);
	if (!r)
		r = survey_form(call, instrument->id, NULL, &form);
	if (!r)
		r = has_signs(call, instrument, form);
	return r ? r
		 : each(call, &person_entity, can_be_read, instrument,
			   "\"id\" IN (SELECT min(pe.\"id\") FROM \"participant\" p JOIN \"person\" pe ON pe.\"id\" = p.\"person\" WHERE "
			   "p.\"program\" = ?1 AND p.\"role\" = 'mentee' AND p.\"state\" NOT IN ('rejected', 'withdrawn', 'completed') "
			   "GROUP BY pe.\"language\")",
			   VALUES(program->id));
}

/* ---- its page, and its answers ---- */

int check_in_page_form(struct call *call, const struct check_in *check_in, const char *language, struct form_page *ret)
{
	struct response *draft;
	struct form *form = NULL;
	int r = survey_form(call, check_in->form, language, &form);

	if (!r)
		r = response_to(call, check_in->id, &draft);
	if (r)
		return r;
	*ret = (struct form_page){ .title = "", .closes = NONE, .anonymity = WAVE_NAMED };
	form_page_fill(call, form, draft ? draft->answers : NULL, ret);
	return 0;
}

static void derive(struct call *call, const struct form *form, const char *const *values, struct check_in *check_in)
{
	check_in->rating = values[form_item_named(form, RATING)][0] - '0';
	for (const struct sign *s = signs; s->item; s++) {
		ptrdiff_t at = form_item_named(form, s->item);

		if (at < 0 || !values[at] || !answer_has(values[at], s->answer))
			continue;
		if (!check_in->flags)
			check_in->flags = arena_copy(call->arena, s->flag);
		else if (!strstr(check_in->flags, s->flag))
			check_in->flags = arena_print(call->arena, "%s\n%s", check_in->flags, s->flag);
	}
}

int check_in_take(struct call *call, struct check_in *check_in, const char *words, bool draft)
{
	struct response *old, *now = fresh(call, &response_entity);
	struct form *form = NULL;
	const char **values;
	char *kept;
	int r = survey_form(call, check_in->form, NULL, &form);

	if (!r)
		r = answers_call(call, form, words, draft, &values, &kept);
	if (!r)
		r = response_to(call, check_in->id, &old);
	if (r)
		return r;
	if (old)
		*now = *old;
	now->check_in = check_in->id;
	now->person = check_in->person;
	now->side = check_in->side;
	if (!draft)
		derive(call, form, values, check_in);
	return response_write(call, old, now, kept, draft);
}
