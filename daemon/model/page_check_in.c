/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a check-in: the items of the form that it asks, or two questions where the program names no form.
 *
 * Either way its answer is the verb Answer of the check-in, the same that a login calls. Who reads the answers stands above them.
 */
#include <mentorship-plugin.h>
#include <string.h>

#include "page_inside.h"
#include "survey.h"

static const char *const flag_words[] = { "we_met", "not_contacted", "need_help", NULL };

static int check_in_open(struct reading *r, struct check_in **ret)
{
	int result = load(r->call, &check_in_entity, r->subject, (void **)ret);

	if (!result && ((*ret)->state == CHECK_IN_ANSWERED || (*ret)->person != r->person->id))
		result = fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
	return result;
}

static void two_questions(struct reading *r, struct page *page)
{
	struct call *call = r->call;
	struct page_choice *ratings = arena_new(call->arena, 5 * sizeof *ratings), *flags = arena_new(call->arena, 3 * sizeof *flags);
	struct page_part *p;

	for (int i = 0; i < 5; i++)
		ratings[i] = (struct page_choice){ arena_print(call->arena, "%d", i + 1), page_say(r, (enum page_word)(RATING_1 + i)) };
	p = page_field(page, MENTORSHIP_SINGLE, "rating", page_say(r, CHECK_IN_RATING), r->answer);
	p->flags = MENTORSHIP_PART_REQUIRED;
	p->choices = ratings;
	p->choice_count = 5;
	for (int i = 0; flag_words[i]; i++)
		flags[i] = (struct page_choice){ flag_words[i], page_say(r, (enum page_word)(FLAG_MET + i)) };
	p = page_field(page, MENTORSHIP_MULTIPLE, "flags", page_say(r, CHECK_IN_FLAGS), r->answer);
	p->choices = flags;
	p->choice_count = 3;
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, CHECK_IN_PRIVATE));
	page_button(page, "answer", page_say(r, SEND), MENTORSHIP_PART_PRIMARY);
}

int check_in_page(struct reading *r, struct page *page)
{
	struct form_page form;
	struct check_in *check_in;
	struct two_sides side;
	int result = check_in_open(r, &check_in);

	if (!result)
		result = sides_of(r->call, check_in->match, r->person->id, r->language, &side);
	if (!result && check_in->form != NONE)
		result = check_in_page_form(r->call, check_in, r->language, &form);
	if (result)
		return result;
	page->title = page_say(r, CHECK_IN_TITLE);
	page_paragraph(page,
		page_fill(r->call->arena, page_say(r, check_in->form == NONE ? CHECK_IN_INTRO : CHECK_IN_ABOUT),
			(const char *const[]){ r->person->given_name, side.others, NULL }));
	if (check_in->form == NONE) {
		two_questions(r, page);
		return 0;
	}
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, CHECK_IN_PRIVATE));
	form_questions(r, page, &form);
	return 0;
}

static int two_answers(struct reading *r, struct deed *deed, int *count)
{
	const char *rating = answered(r->answer, "rating");
	char *flags = arena_new(r->call->arena, 200);

	if (!page_does(r->answer, "answer"))
		return 0;
	if (!rating || rating[0] < '1' || rating[0] > '5' || rating[1])
		return fail(r->call, E_INVALID, "rating", "%s", page_say(r, MUST_CHOOSE));
	for (int i = 0; i < r->answer->count; i++)
		for (int w = 0; flag_words[w]; w++)
			if (!strcmp(r->answer->fields[i].name, "flags") && !strcmp(r->answer->fields[i].value, flag_words[w]) &&
				!strstr(flags, flag_words[w])) {
				strcat(flags, *flags ? "\n" : "");
				strcat(flags, flag_words[w]);
			}
	*deed = (struct deed){ .entity = &check_in_entity, .id = r->subject, .verb = "Answer" };
	deed->args[deed->arg_count++] = (struct arg){ "rating", { .type = V_INT, .number = rating[0] - '0' } };
	if (*flags)
		deed->args[deed->arg_count++] = (struct arg){ "flags", { .type = V_WORDS, .text = flags } };
	*count = 1;
	return 0;
}

int check_in_deed(struct reading *r, struct deed *deeds, int *count)
{
	struct form_page form;
	struct check_in *check_in;
	int result = check_in_open(r, &check_in);

	*count = 0;
	if (result)
		return result;
	if (check_in->form == NONE)
		return two_answers(r, &deeds[0], count);
	result = check_in_page_form(r->call, check_in, r->language, &form);
	if (result)
		return result;
	deeds[0] = (struct deed){ .entity = &check_in_entity, .id = check_in->id };
	return form_answers(r, form.form, &deeds[0], count);
}

int check_in_thanks(struct reading *r, struct page *page)
{
	bool kept = page_does(r->answer, "keep");

	page->title = page_say(r, kept ? FORM_KEPT : THANKS);
	page_paragraph(page,
		kept ? page_fill(r->call->arena, page_say(r, FORM_KEPT_NEXT),
			       (const char *const[]){ page_moment(r, r->invitation->expires_at), NULL })
		     : page_say(r, CHECK_IN_NEXT));
	return 0;
}
