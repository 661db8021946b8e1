/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objecting to whom a minor works with: for the minor and for their verified guardians, by the link of the introduction or from the own page.
 *
 * An answer is a concern that the safeguarding lead alone reads; that the pair pauses is part of it (concern.c). The link stays: while the
 * concern is not settled the page says that one has objected and has no button, so that a second answer meets another page and does nothing.
 */
#include <mentorship-plugin.h>

#include "core/field.h"
#include "core/settings.h"
#include "page_inside.h"

static int whose_pair(struct reading *r, struct page *page, int64_t minor)
{
	struct call *call = r->call;
	struct program *program;
	struct match *match;
	struct person *whose;
	struct two_sides side;
	int result = load(call, &match_entity, r->subject, (void **)&match);

	if (!result)
		result = load(call, &program_entity, match->program, (void **)&program);
	if (!result)
		result = load(call, &person_entity, minor, (void **)&whose);
	if (!result)
		result = sides_of(call, match->id, minor, r->language, &side);
	if (result)
		return result;
	if (match->state != MATCH_ACCEPTED && match->state != MATCH_ACTIVE && match->state != MATCH_PAUSED)
		return fail(call, E_NOTFOUND, NULL, "what this link asks is over");
	page_paragraph(page,
		page_fill(call->arena, page_say(r, minor == r->person->id ? PAIR_OBJECT_OWN : PAIR_OBJECT_FOR),
			(const char *const[]){
				minor == r->person->id ? whose->given_name : whose->name, side.others, program->title, NULL }));
	return 0;
}

int pair_objection_page(struct reading *r, struct page *page)
{
	struct call *call = r->call;
	int64_t minor, since;
	int result = match_minor_of(call, r->subject, r->person->id, &minor);

	if (result || minor == NONE)
		return result ? result : fail(call, E_NOTFOUND, NULL, "what this link asks is over");
	result = whose_pair(r, page, minor);
	if (!result)
		result = match_objected_by(call, r->subject, r->person->id, &since);
	if (result)
		return result;
	page->title = page_say(r, PAIR_OBJECT_TITLE);
	if (since != NONE)
		page_part(page, MENTORSHIP_NOTE, NULL,
			page_fill(call->arena, page_say(r, PAIR_OBJECTED), (const char *const[]){ page_moment(r, since), NULL }));
	else {
		page_paragraph(page, page_say(r, PAIR_OBJECT_WHAT));
		page_field(page, MENTORSHIP_LINES, "text", page_say(r, PAIR_OBJECT_WHY), r->answer)->max = 4000;
		page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, TALK_PRIVATE));
	}
	page_paragraph(page,
		page_fill(call->arena, page_say(r, PAIR_OBJECT_DANGER),
			(const char *const[]){ settings_of(call)->institution.emergency, NULL }));
	if (since == NONE)
		page_button(page, "object", page_say(r, PAIR_OBJECT_DO), MENTORSHIP_PART_PRIMARY);
	return 0;
}

int pair_objection_deed(struct reading *r, struct deed *deeds, int *count)
{
	const char *text = answered(r->answer, "text");
	struct deed *deed = &deeds[0];

	*count = page_does(r->answer, "object");
	*deed = (struct deed){ .entity = &concern_entity, .verb = "Create", .error_at = "text" };
	deed->args[deed->arg_count++] = (struct arg){ "person",
		{ .type = V_PATH, .text = path_of(r->call->arena, &person_entity, r->person->id) } };
	deed->args[deed->arg_count++] = (struct arg){ "objects_to", { .type = V_INT, .number = r->subject } };
	if (text && *text)
		deed->args[deed->arg_count++] = (struct arg){ "text", { .type = V_TEXT, .text = text } };
	return 0;
}

int pair_objection_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, TALK_DONE);
	page_paragraph(page, page_say(r, PAIR_OBJECT_NEXT));
	return 0;
}
