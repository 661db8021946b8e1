/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is behind the own page's buttons about one's own affairs: language and zone, the links, what is held, the address, a consent.
 *
 * Nothing of it is completed here: what is held is handed out, and erased, by the data-protection officer; a new address counts when it was
 * confirmed from there.
 */
#include <mentorship-plugin.h>
#include <string.h>

#include "core/field.h"
#include "core/zone.h"
#include "page_inside.h"

static const char *filled(const struct reading *r, enum page_word word, const char *value)
{
	return page_fill(r->call->arena, page_say(r, word), (const char *const[]){ value, NULL });
}

static void fact(struct reading *r, struct page *page, enum page_word name, const char *value)
{
	if (value && *value)
		page_part(page, MENTORSHIP_ITEM, page_say(r, name), value);
}

static struct deed of_person(const struct reading *r, const char *verb)
{
	return (struct deed){ .entity = &person_entity, .id = r->person->id, .verb = verb };
}

/* ---- language and zone ---- */

static int settings_page(struct reading *r, struct page *page)
{
	struct page_choice *languages = arena_new(r->call->arena, 8 * sizeof *languages);
	struct page_part *p;
	int count = 0;

	page->title = page_say(r, OWN_SETTINGS);
	for (; page_languages[count] && count < 8; count++)
		languages[count] = (struct page_choice){ page_languages[count], page_word(page_languages[count], LANGUAGE_NAME) };
	p = page_field(page, MENTORSHIP_SINGLE, "language", page_say(r, LANGUAGE_FIELD), r->answer);
	p->flags = MENTORSHIP_PART_REQUIRED;
	p->choices = languages;
	p->choice_count = count;
	if (!p->value)
		for (int i = 0; i < count; i++)
			if (!strncmp(r->language, page_languages[i], 2))
				p->value = page_languages[i];
	p = page_field(page, MENTORSHIP_LINE, "zone", page_say(r, ZONE_FIELD), r->answer);
	p->hint = page_say(r, ZONE_HINT);
	p->max = 64;
	if (!p->value)
		p->value = zone_name(zone_of(r->call, r->zone));
	page_button(page, "save", page_say(r, SAVE), MENTORSHIP_PART_PRIMARY);
	return 0;
}

static int settings_deed(struct reading *r, struct deed *deeds, int *count)
{
	const char *language = answered(r->answer, "language"), *zone = answered(r->answer, "zone");

	*count = page_does(r->answer, "save");
	if (*count && (!language || !*language))
		return fail(r->call, E_INVALID, "language", "%s", page_say(r, MUST_CHOOSE));
	deeds[0] = of_person(r, "Update");
	deeds[0].args[0] = (struct arg){ "language", { .type = V_TEXT, .text = language } };
	deeds[0].args[1] = (struct arg){ "zone", { .type = V_TEXT, .text = zone ? zone : "" } };
	deeds[0].arg_count = 2;
	return 0;
}

/* ---- all links ---- */

static int links_page(struct reading *r, struct page *page)
{
	page->title = page_say(r, OWN_LINKS);
	page_paragraph(page, page_say(r, LINKS_INTRO));
	page_button(page, "end", page_say(r, LINKS_DO), MENTORSHIP_PART_DANGER);
	return 0;
}

static int links_deed(struct reading *r, struct deed *deeds, int *count)
{
	*count = page_does(r->answer, "end");
	deeds[0] = of_person(r, "EndLinks");
	return 0;
}

static int links_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, THANKS);
	page_paragraph(page, page_say(r, LINKS_NEXT));
	r->part = NULL; /* there is no way back */
	return 0;
}

/* ---- what is held ---- */

static int data_page(struct reading *r, struct page *page)
{
	const struct person *p = r->person;

	page->title = page_say(r, OWN_DATA);
	fact(r, page, DATA_NAME, p->name);
	fact(r, page, DATA_ADDRESS, p->email);
	fact(r, page, LANGUAGE_FIELD, p->language);
	fact(r, page, ZONE_FIELD, p->zone);
	fact(r, page, DATA_NUMBER, p->external_id);
	page_paragraph(page, page_say(r, DATA_INTRO));
	if (p->export_asked != NONE)
		page_part(page, MENTORSHIP_NOTE, NULL, filled(r, DATA_EXPORT_ASKED, page_moment(r, p->export_asked)));
	else
		page_button(page, "export", page_say(r, DATA_EXPORT), 0);
	page_part(page, MENTORSHIP_HEADING, NULL, page_say(r, DATA_ERASE_TITLE));
	page_paragraph(page, page_say(r, DATA_ERASE_INTRO));
	if (p->erase_asked != NONE)
		page_part(page, MENTORSHIP_NOTE, NULL, filled(r, DATA_ERASE_ASKED, page_moment(r, p->erase_asked)));
	else
		page_button(page, "erase", page_say(r, DATA_ERASE), MENTORSHIP_PART_DANGER);
	return 0;
}

static int data_deed(struct reading *r, struct deed *deeds, int *count)
{
	bool exports = page_does(r->answer, "export");

	*count = exports || page_does(r->answer, "erase");
	deeds[0] = of_person(r, exports ? "RequestExport" : "RequestErase");
	return 0;
}

static int data_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, THANKS);
	page_paragraph(page, page_say(r, DATA_NEXT));
	return 0;
}

/* ---- another address ---- */

static int see_change(struct call *call, void *record, void *data)
{
	(void)call;
	*(struct address_change **)data = record;
	return 0;
}

static int waiting_change(struct reading *r, struct address_change **ret)
{
	*ret = NULL;
	return each(r->call, &address_change_entity, see_change, ret, "\"person\" = ?1 AND \"state\" = 'proposed'", VALUES(r->person->id));
}

static int address_page(struct reading *r, struct page *page)
{
	struct address_change *waiting;
	struct page_part *p;
	int result = waiting_change(r, &waiting);

	page->title = page_say(r, OWN_ADDRESS);
	if (r->person->email)
		page_paragraph(page, filled(r, ADDRESS_NOW, r->person->email));
	if (waiting) {
		page_part(page, MENTORSHIP_NOTE, NULL,
			page_fill(r->call->arena, page_say(r, ADDRESS_WAITS),
				(const char *const[]){ waiting->new, page_moment(r, waiting->expires_at), NULL }));
		page_button(page, "withdraw", page_say(r, ADDRESS_WITHDRAW), MENTORSHIP_PART_QUIET);
	}
	page_paragraph(page, page_say(r, ADDRESS_HOW));
	p = page_field(page, MENTORSHIP_LINE, "new", page_say(r, ADDRESS_FIELD), r->answer);
	p->flags = MENTORSHIP_PART_REQUIRED;
	p->max = 254;
	page_button(page, "propose", page_say(r, ADDRESS_DO), MENTORSHIP_PART_PRIMARY);
	return result;
}

static int new_address_deed(struct reading *r, struct deed *deeds, int *count)
{
	const char *new = answered(r->answer, "new");
	struct address_change *waiting;
	int result = waiting_change(r, &waiting);

	*count = page_does(r->answer, "propose") || (page_does(r->answer, "withdraw") && waiting);
	if (result || !*count)
		return result;
	if (!page_does(r->answer, "propose")) {
		deeds[0] = (struct deed){ .entity = &address_change_entity, .id = waiting->id, .verb = "Withdraw" };
		return 0;
	}
	if (!new || !strchr(new, '@'))
		return fail(r->call, E_INVALID, "new", "%s", page_say(r, BAD_ADDRESS));
	deeds[0] = (struct deed){ .entity = &address_change_entity, .verb = "Create", .arg_count = 2 };
	deeds[0].args[0] = (struct arg){ "person", { .type = V_PATH, .text = path_of(r->call->arena, &person_entity, r->person->id) } };
	deeds[0].args[1] = (struct arg){ "new", { .type = V_TEXT, .text = new } };
	return 0;
}

static int new_address_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, THANKS);
	page_paragraph(page, page_say(r, page_does(r->answer, "propose") ? ADDRESS_PROPOSED_NEXT : ADDRESS_WITHDRAWN_NEXT));
	return 0;
}

/* ---- a consent is taken back ---- */

static int take_back_page(struct reading *r, struct page *page)
{
	struct consent *consent;
	struct person *whose;
	int result = load(r->call, &consent_entity, r->subject, (void **)&consent);

	if (!result)
		result = load(r->call, &person_entity, consent->person, (void **)&whose);
	if (result)
		return result;
	if (consent->giver != r->person->id || consent->state != CONSENT_GIVEN)
		return fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
	page->title = filled(r, OWN_TAKE_BACK, page_say(r, (enum page_word)(CONSENT_TAKE_PART + consent->purpose)));
	if (consent->person != consent->giver)
		page_paragraph(page, filled(r, CONSENT_FOR, whose->name));
	page_paragraph(page, consent->wording);
	page_paragraph(page, page_say(r, TAKE_BACK_INTRO));
	page_button(page, "take-back", page_say(r, TAKE_BACK_DO), MENTORSHIP_PART_DANGER);
	return 0;
}

static int take_back_deed(struct reading *r, struct deed *deeds, int *count)
{
	*count = page_does(r->answer, "take-back");
	deeds[0] = (struct deed){ .entity = &consent_entity, .id = r->subject, .verb = "Withdraw" };
	return 0;
}

const struct page_kind page_affairs[] = { { "settings", settings_page, settings_deed, part_thanks, PART },
	{ "links", links_page, links_deed, links_thanks, PART }, { "data", data_page, data_deed, data_thanks, PART | DEEP },
	{ "address", address_page, new_address_deed, new_address_thanks, PART | DEEP },
	{ "take-back", take_back_page, take_back_deed, part_thanks, PART | DEEP }, { 0 } };
