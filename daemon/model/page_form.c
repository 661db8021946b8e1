/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An instrument's form on a page, and the page of a wave, for whoever is asked.
 *
 * Pages have no script, so all questions stand there. One with a condition says so, or is shown by the plugin only with the answer that it
 * asks for; what does not apply is not required and not kept. Fields are called "q." and the item's name. An answer becomes the verb Answer
 * of the person's wave_member (Keep: a draft), the same that a login calls. Of an anonymous wave nothing is kept beside the person: no
 * draft, and no hash of the answer at the link.
 */
#include <inttypes.h>
#include <math.h>
#include <mentorship-plugin.h>
#include <string.h>

#include "core/text.h"
#include "page_inside.h"
#include "questionnaire/questionnaire.h"
#include "survey.h"

static const int kinds[] = { [FORM_SINGLE] = MENTORSHIP_SINGLE,
	[FORM_MULTIPLE] = MENTORSHIP_MULTIPLE,
	[FORM_LIKERT] = MENTORSHIP_SINGLE,
	[FORM_NUMBER] = MENTORSHIP_COUNT,
	[FORM_WORDS] = MENTORSHIP_LINES,
	[FORM_DATE] = MENTORSHIP_DAY,
	[FORM_NOTE] = MENTORSHIP_PARAGRAPH };

/* The answers that were sent, by item; several choices joined by blanks. */
static void sent_values(struct reading *r, const struct form *form, const char **values)
{
	for (int i = 0; i < r->answer->count; i++) {
		const struct page_field *f = &r->answer->fields[i];
		ptrdiff_t at = strncmp(f->name, "q.", 2) ? -1 : form_item_named(form, f->name + 2);

		if (at >= 0 && *f->value)
			values[at] = values[at] && form->items[at].kind == FORM_MULTIPLE
				? arena_print(r->call->arena, "%s %s", values[at], f->value)
				: f->value;
	}
}

/* "${name} = 'value'" as a page without script can follow it; NULL: something else. */
static const char *shown_if(struct arena *arena, const char *relevant)
{
	const char *name = relevant + strspn(relevant, " "), *end, *value;
	char quote;

	if (strncmp(name, "${", 2) != 0 || !(end = strchr(name, '}')))
		return NULL;
	value = end + 1 + strspn(end + 1, " ");
	if (*value++ != '=')
		return NULL;
	value += strspn(value, " ");
	quote = *value;
	if (quote != '\'' && quote != '"')
		return NULL;
	value++;
	if (!strchr(value, quote) || strchr(value, quote)[1 + strspn(strchr(value, quote) + 1, " ")])
		return NULL;
	return arena_print(arena, "q.%.*s=%.*s", (int)(end - name - 2), name + 2, (int)(strchr(value, quote) - value), value);
}

static void choices_of(struct arena *arena, const struct form_item *item, struct page_part *part)
{
	struct page_choice *choices = arena_new(arena, (item->choice_count + 1) * sizeof *choices);

	for (size_t i = 0; i < item->choice_count; i++)
		choices[i] = (struct page_choice){ item->choices[i].value,
			*item->choices[i].label ? item->choices[i].label : item->choices[i].value };
	part->choices = choices;
	part->choice_count = (int)item->choice_count;
}

static void question(struct reading *r, struct page *page, const struct form_item *item, const char *value, const char *error)
{
	struct arena *arena = r->call->arena;
	struct page_part *part;

	if (item->kind == FORM_NOTE) {
		page_paragraph(page, item->label);
		return;
	}
	part = page_part(page, kinds[item->kind], arena_print(arena, "q.%s", item->name), item->label);
	part->value = value;
	part->error = error;
	choices_of(arena, item, part);
	if (item->required)
		part->flags = MENTORSHIP_PART_REQUIRED;
	if (item->kind == FORM_WORDS)
		part->max = isnan(item->max) ? FORM_TEXT : (int64_t)item->max;
	if (item->kind == FORM_NUMBER && !isnan(item->min))
		part->min = (int64_t)ceil(item->min);
	if (item->kind == FORM_NUMBER && !isnan(item->max))
		part->max = (int64_t)floor(item->max);
	if (item->relevant) {
		part->shown_if = shown_if(arena, item->relevant);
		part->hint = part->shown_if ? NULL : page_say(r, FORM_ONLY_IF);
		if (!part->shown_if)
			part->flags &= ~(unsigned)MENTORSHIP_PART_REQUIRED; /* whether it is, the answer shows */
	}
}

/* What is wrong with what was sent, by item; NULL where nothing is. */
static const char **complaints(struct reading *r, const struct form *form, const char **values)
{
	struct answer_error *errors = arena_new(r->call->arena, (form->item_count + 1) * sizeof *errors);
	const char **ret = arena_new(r->call->arena, (form->item_count + 1) * sizeof *ret);
	const char **checked = arena_new(r->call->arena, (form->item_count + 1) * sizeof *checked);
	size_t count;

	memcpy(checked, values, form->item_count * sizeof *checked);
	count = answers_check(r->call->arena, form, checked, !page_does(r->answer, "send"), NULL, errors);
	for (size_t i = 0; i < count; i++)
		ret[errors[i].item] = arena_copy(r->call->arena, errors[i].text);
	return ret;
}

void form_questions(struct reading *r, struct page *page, const struct form_page *open)
{
	const struct form *form = open->form;
	const char **values = arena_new(r->call->arena, (form->item_count + 1) * sizeof *values), **wrong = NULL;

	if (r->answer) {
		sent_values(r, form, values);
		wrong = complaints(r, form, values);
	} else
		memcpy(values, open->values, form->item_count * sizeof *values);
	for (size_t i = 0; i < form->item_count; i++)
		question(r, page, &form->items[i], values[i], wrong ? wrong[i] : NULL);
	page_button(page, "send", page_say(r, SEND), MENTORSHIP_PART_PRIMARY);
	if (!page->forgets)
		page_button(page, "keep", page_say(r, FORM_KEEP), MENTORSHIP_PART_QUIET);
}

int form_answers(struct reading *r, const struct form *form, struct deed *deed, int *count)
{
	bool send = page_does(r->answer, "send");
	const char **values, **wrong;
	int64_t length;
	char *kept;

	*count = 0;
	if (!send && !page_does(r->answer, "keep"))
		return 0;
	values = arena_new(r->call->arena, (form->item_count + 1) * sizeof *values);
	sent_values(r, form, values);
	wrong = complaints(r, form, values);
	for (size_t i = 0; send && i < form->item_count; i++)
		if (wrong[i])
			return fail(r->call, E_INVALID, arena_print(r->call->arena, "q.%s", form->items[i].name), "%s", wrong[i]);
	kept = answers_kept(r->call, form, values);
	length = (int64_t)text_points(kept, strlen(kept));
	if (length > FORM_ANSWERS)
		return fail(r->call, E_INVALID, NULL, "%s",
			page_fill(r->call->arena, page_say(r, FORM_TOO_LONG),
				(const char *const[]){ arena_print(r->call->arena, "%d", FORM_ANSWERS),
					arena_print(r->call->arena, "%" PRId64, length), NULL }));
	deed->verb = send ? "Answer" : "Keep";
	deed->args[deed->arg_count++] = (struct arg){ "answers", { .type = V_WORDS, .text = kept } };
	*count = 1;
	return 0;
}

/* ---- a wave ---- */

static int form_open(struct reading *r, struct form_page *ret)
{
	int result = wave_page(r->call, r->subject, r->person->id, ret);

	if (result == E_STATE || (!result && ret->answered))
		result = fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
	return result;
}

int form_show(struct reading *r, struct page *page)
{
	static const enum page_word privacy[] = {
		[WAVE_NAMED] = FORM_NAMED, [WAVE_PSEUDONYMOUS] = FORM_PSEUDONYMOUS, [WAVE_ANONYMOUS] = FORM_ANONYMOUS
	};
	struct form_page open;
	int result = form_open(r, &open);

	if (result)
		return result;
	page->title = open.title;
	page->forgets = open.anonymity == WAVE_ANONYMOUS;
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, privacy[open.anonymity]));
	page_paragraph(
		page, page_fill(r->call->arena, page_say(r, FORM_CLOSES), (const char *const[]){ page_moment(r, open.closes), NULL }));
	form_questions(r, page, &open);
	return 0;
}

static int see_member(struct call *call, void *record, void *data)
{
	(void)call;
	*(int64_t *)data = ((const struct wave_member *)record)->id;
	return 0;
}

int form_deed(struct reading *r, struct deed *deeds, int *count)
{
	struct deed *deed = &deeds[0];
	struct form_page open;
	int result = form_open(r, &open);

	*count = 0;
	*deed = (struct deed){ .entity = &wave_member_entity };
	if (!result)
		result = form_answers(r, open.form, deed, count);
	return result ? result
		      : each(r->call, &wave_member_entity, see_member, &deed->id, "\"wave\" = ?1 AND \"person\" = ?2",
				VALUES(r->subject, r->person->id));
}

int form_thanks(struct reading *r, struct page *page)
{
	struct form_page open;
	bool kept = page_does(r->answer, "keep");
	int result = wave_page(r->call, r->subject, r->person->id, &open);

	if (result == E_STATE)
		result = fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
	if (result)
		return result;
	page->title = page_say(r, kept ? FORM_KEPT : THANKS);
	page_paragraph(page,
		kept ? page_fill(r->call->arena, page_say(r, FORM_KEPT_NEXT), (const char *const[]){ page_moment(r, open.closes), NULL })
		     : page_say(r, FORM_DONE_NEXT));
	return 0;
}
