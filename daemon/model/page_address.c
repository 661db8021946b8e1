/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two pages of a change of address: at the new one, is it yours; at the old one, do you know of it.
 *
 * Who reads them is not known to be the person: the first may be a stranger's mailbox, the second may be one that was lost. So they name nobody
 * and lead nowhere, and the second does not say the new address whole.
 */
#include <mentorship-plugin.h>
#include <stdio.h>
#include <string.h>

#include "page_inside.h"

static int change_of(struct reading *r, struct address_change **ret)
{
	return load(r->call, &address_change_entity, r->subject, (void **)ret);
}

static int over(struct reading *r)
{
	return fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
}

int address_confirm_page(struct reading *r, struct page *page)
{
	struct address_change *change;
	int result = change_of(r, &change);

	if (result)
		return result;
	if (change->state != ADDRESS_PROPOSED || r->call->now >= change->expires_at)
		return over(r);
	page->title = page_say(r, ADDRESS_TITLE);
	page_paragraph(page, page_fill(r->call->arena, page_say(r, ADDRESS_INTRO), (const char *const[]){ change->new, NULL }));
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, ADDRESS_NEXT));
	page_button(page, "confirm", page_say(r, ADDRESS_YES), MENTORSHIP_PART_PRIMARY);
	page_button(page, "refuse", page_say(r, ADDRESS_NO), MENTORSHIP_PART_QUIET);
	return 0;
}

int address_objection_page(struct reading *r, struct page *page)
{
	struct address_change *change;
	int result = change_of(r, &change);
	bool before;

	if (result)
		return result;
	before = change->state == ADDRESS_PROPOSED;
	if (!before && change->state != ADDRESS_IN_FORCE)
		return over(r);
	page->title = page_say(r, OBJECT_TITLE);
	page_paragraph(page,
		page_fill(r->call->arena, page_say(r, before ? OBJECT_BEFORE : OBJECT_AFTER),
			(const char *const[]){ address_hidden(r->call->arena, change->new), NULL }));
	page_button(page, "object", page_say(r, OBJECT_DO), MENTORSHIP_PART_DANGER);
	return 0;
}

int address_deed(struct reading *r, struct deed *deeds, int *count)
{
	bool confirms = !strcmp(r->invitation->purpose, "address-confirm");
	const char *verb = NULL;

	if (confirms)
		verb = page_does(r->answer, "confirm") ? "Confirm" : page_does(r->answer, "refuse") ? "Withdraw" : NULL;
	else if (page_does(r->answer, "object"))
		verb = "Object";
	*count = verb != NULL;
	deeds[0] = (struct deed){ .entity = &address_change_entity, .id = r->subject, .verb = verb };
	return 0;
}

int address_thanks(struct reading *r, struct page *page)
{
	struct address_change *change;
	int result = change_of(r, &change);
	enum page_word word = page_does(r->answer, "confirm") ? ADDRESS_CONFIRMED
		: page_does(r->answer, "refuse")              ? ADDRESS_REFUSED
		: result || change->state != ADDRESS_OBJECTED ? OBJECT_DONE_BEFORE
							      : OBJECT_DONE_AFTER;

	if (result)
		return result;
	page->title = page_say(r, THANKS);
	page_paragraph(page, page_fill(r->call->arena, page_say(r, word), (const char *const[]){ change->new, NULL }));
	return 0;
}
