/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each purpose of a link shows and does: one row of a table each.
 *
 * Sentences stand in two languages in a table of their own (page_words.c). Who is named on a page is whom the reader may see as one side of the
 * match; staff notes, scores and who declined are never shown.
 */
#include "page.h"

#include <inttypes.h>
#include <mentorship-plugin.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/field.h"
#include "core/settings.h"
#include "core/zone.h"
#include "page_inside.h"
#include "page_words.h"
#include "shared.h"
#include "survey.h"
#include "texts.h"

/* ---- parts ---- */

struct page_part *page_part(struct page *page, int kind, const char *name, const char *text)
{
	struct page_part *p;

	page->parts = arena_grown(page->arena, page->parts, (size_t)page->count, &page->room, sizeof *page->parts);
	p = &page->parts[page->count++];
	*p = (struct page_part){ .kind = kind, .name = name, .text = text, .min = NONE, .max = NONE };
	return p;
}

void page_paragraph(struct page *page, const char *text)
{
	if (text && *text)
		page_part(page, MENTORSHIP_PARAGRAPH, NULL, text);
}

void page_button(struct page *page, const char *value, const char *text, unsigned flags)
{
	struct page_part *p = page_part(page, MENTORSHIP_BUTTON, "do", text);

	p->value = value;
	p->flags = flags;
}

struct page_part *page_field(struct page *page, int kind, const char *name, const char *label, const struct page_answer *answer)
{
	struct page_part *p = page_part(page, kind, name, label);

	p->value = answer ? answered(answer, name) : NULL;
	return p;
}

const char *answered(const struct page_answer *answer, const char *name)
{
	for (int i = 0; answer && i < answer->count; i++)
		if (!strcmp(answer->fields[i].name, name))
			return answer->fields[i].value;
	return NULL;
}

bool page_does(const struct page_answer *answer, const char *word)
{
	const char *value = answered(answer, "do");

	return value && !strcmp(value, word);
}

/* ---- who reads, and what they may see ---- */

static int reading_make(struct call *call, const struct invitation *invitation, const struct page_answer *answer, struct reading *ret)
{
	int64_t program = invitation->program;
	int r = load(call, &person_entity, invitation->person, (void **)&ret->person);

	ret->call = call;
	ret->invitation = invitation;
	ret->subject = invitation->subject;
	ret->fresh = !strcmp(invitation->purpose, "fresh");
	ret->program = NULL;
	ret->answer = answer;
	if (!r && program != NONE)
		r = load(call, &program_entity, program, (void **)&ret->program);
	if (!r)
		r = zone_for(call, invitation->person, ret->program, &ret->zone);
	return r ? r : language_for(call, ret->person, &ret->language);
}

const char *page_say(const struct reading *r, enum page_word word)
{
	return page_word(r->language, word);
}

struct seeing {
	int64_t person;
	struct two_sides *side;
	struct others others;
};

static int see_side(struct call *call, void *record, void *data)
{
	struct match_member *member = record;
	struct seeing *seeing = data;

	(void)call;
	if (member->person == seeing->person)
		seeing->side->own = member;
	else if (!seeing->side->other)
		seeing->side->other = member;
	others_see(&seeing->others, member, seeing->person);
	return 0;
}

int sides_of(struct call *call, int64_t match, int64_t person, const char *language, struct two_sides *ret)
{
	struct seeing seeing = { .person = person, .side = ret };
	int r;

	*ret = (struct two_sides){ 0 };
	r = each(call, &match_member_entity, see_side, &seeing, "\"match\" = ?1", VALUES(match));
	if (!r && !ret->own)
		return fail(call, E_NOTFOUND, NULL, "there is no such object");
	ret->others = others_named(call->arena, &seeing.others, language);
	return r;
}

const char *page_moment(const struct reading *r, int64_t instant)
{
	return message_instant(r->call->arena, message_language_for(r->call, r->language), zone_of(r->call, r->zone), instant);
}

const char *page_day(const struct reading *r, int64_t day)
{
	return message_day(r->call->arena, message_language_for(r->call, r->language), day);
}

/* ---- an offer ---- */

static int offer_page(struct reading *r, struct page *page)
{
	struct call *call = r->call;
	struct program *program;
	struct match *match;
	struct two_sides side;
	const char *shared;
	int result = load(call, &match_entity, r->subject, (void **)&match);

	if (!result)
		result = load(call, &program_entity, match->program, (void **)&program);
	if (!result)
		result = sides_of(call, match->id, r->person->id, r->language, &side);
	if (!result)
		result = shared_by(call, match, side.own, side.other, r->language, r->zone, &shared);
	if (result)
		return result;
	if (match->state != MATCH_OFFERED || side.own->answer != NONE)
		return fail(call, E_NOTFOUND, NULL, "what this link asks is over");
	page->title = page_say(r, OFFER_TITLE);
	page_paragraph(page,
		page_fill(call->arena, page_say(r, side.own->side == SIDE_MENTEE ? OFFER_TO_MENTEE : OFFER_TO_MENTOR),
			(const char *const[]){ r->person->given_name, side.others, program->title, NULL }));
	page_paragraph(page, shared);
	if (match->answer_until != NONE)
		page_paragraph(page,
			page_fill(
				call->arena, page_say(r, OFFER_UNTIL), (const char *const[]){ page_moment(r, match->answer_until), NULL }));
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, OFFER_PRIVATE));
	page_field(page, MENTORSHIP_LINES, "reason", page_say(r, OFFER_REASON), r->answer)->max = 1000;
	page_button(page, "accept", page_say(r, OFFER_ACCEPT), MENTORSHIP_PART_PRIMARY);
	page_button(page, "decline", page_say(r, OFFER_DECLINE), MENTORSHIP_PART_QUIET);
	return 0;
}

static int offer_deed(struct reading *r, struct deed *deeds, int *count)
{
	deeds[0] = (struct deed){ .entity = &match_entity, .id = r->subject };
	*count = 1;
	if (page_does(r->answer, "accept"))
		deeds[0].verb = "Accept";
	else if (page_does(r->answer, "decline")) {
		deeds[0].verb = "Decline";
		deeds[0].reason = answered(r->answer, "reason");
	} else
		*count = 0;
	return 0;
}

static int offer_thanks(struct reading *r, struct page *page)
{
	bool yes = page_does(r->answer, "accept");

	page->title = page_say(r, yes ? OFFER_ACCEPTED : OFFER_DECLINED);
	page_paragraph(page, page_say(r, yes ? OFFER_ACCEPTED_NEXT : OFFER_DECLINED_NEXT));
	return 0;
}

/* ---- a consent ---- */

static int consent_page(struct reading *r, struct page *page)
{
	struct call *call = r->call;
	struct consent *consent;
	struct person *whose;
	int64_t rests, until;
	int result = load(call, &consent_entity, r->subject, (void **)&consent);

	if (!result)
		result = load(call, &person_entity, consent->person, (void **)&whose);
	if (!result)
		result = consent_renewable(call, consent, &until);
	if (result)
		return result;
	if ((consent->state != CONSENT_ASKED && until == NONE) || consent->giver != r->person->id)
		return fail(call, E_NOTFOUND, NULL, "what this link asks is over");
	page->title = page_fill(call->arena, page_say(r, CONSENT_TITLE),
		(const char *const[]){ page_say(r, (enum page_word)(CONSENT_TAKE_PART + consent->purpose)), NULL });
	if (consent->person != consent->giver)
		page_paragraph(page, page_fill(call->arena, page_say(r, CONSENT_FOR), (const char *const[]){ whose->name, NULL }));
	page_paragraph(page, consent->wording);
	result = address_rests(call, consent->giver, &rests);
	if (result)
		return result;
	if (rests != NONE && rests > call->now) {
		page_part(page, MENTORSHIP_NOTE, NULL,
			page_fill(call->arena, page_say(r, ADDRESS_RESTS), (const char *const[]){ page_moment(r, rests), NULL }));
		return 0;
	}
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, CONSENT_FREE));
	if (until != NONE) {
		page_paragraph(page,
			page_fill(call->arena, page_say(r, CONSENT_ENDS),
				(const char *const[]){ page_day(r, consent->ends), page_day(r, until), NULL }));
		page_button(page, "renew", page_say(r, CONSENT_RENEW), MENTORSHIP_PART_PRIMARY);
		return 0;
	}
	page_button(page, "give", page_say(r, CONSENT_YES), MENTORSHIP_PART_PRIMARY);
	page_button(page, "refuse", page_say(r, CONSENT_NO), MENTORSHIP_PART_QUIET);
	return 0;
}

static int consent_deed(struct reading *r, struct deed *deeds, int *count)
{
	bool yes = page_does(r->answer, "give"), renew = page_does(r->answer, "renew");
	int64_t rests;
	int result = address_rests(r->call, r->person->id, &rests);

	if (result || (rests != NONE && rests > r->call->now))
		return result ? result : fail(r->call, E_STATE, NULL, "the address is too new for what binds");
	*count = yes || renew || page_does(r->answer, "refuse");
	deeds[0] = (struct deed){ .entity = &consent_entity, .id = r->subject, .verb = renew ? "Renew" : yes ? "Give" : "Refuse" };
	return 0;
}

static int consent_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, THANKS);
	page_paragraph(page,
		page_say(r,
			page_does(r->answer, "renew")          ? CONSENT_RENEWED_NEXT
				: page_does(r->answer, "give") ? CONSENT_GIVEN_NEXT
							       : CONSENT_REFUSED_NEXT));
	return 0;
}

/* ---- mail ---- */

/* How much of it there is to choose; what is so already has no button. */
static const struct mail_choice {
	const char *word, *verb;
	enum page_word is, becomes;
} mail_choices[] = { { "subscribe", "Subscribe", MAIL_ON, MAIL_RESUME }, { "unsubscribe", "Unsubscribe", MAIL_OFF, MAIL_LESS },
	{ "stop-mail", "StopMail", MAIL_NONE, MAIL_STOP }, { 0 } };

void mail_part(const struct reading *r, struct page *page, unsigned flags)
{
	const struct mail_choice *now = &mail_choices[r->person->no_mail_since != NONE ? 2 : r->person->unsubscribed ? 1 : 0];

	page_paragraph(page, page_say(r, now->is));
	for (const struct mail_choice *c = mail_choices; c->word; c++)
		if (c != now)
			page_button(page, c->word, page_say(r, c->becomes), flags);
}

int mail_deed(struct reading *r, struct deed *deeds, int *count)
{
	*count = 0;
	for (const struct mail_choice *c = mail_choices; c->word && !*count; c++)
		if (page_does(r->answer, c->word)) {
			deeds[0] = (struct deed){ .entity = &person_entity, .id = r->person->id, .verb = c->verb };
			*count = 1;
		}
	return 0;
}

int mail_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, THANKS);
	for (const struct mail_choice *c = mail_choices; c->word; c++)
		if (page_does(r->answer, c->word))
			page_paragraph(page, page_say(r, c->is));
	return 0;
}

/* ---- no more mail ---- */

static int unsubscribe_page(struct reading *r, struct page *page)
{
	page->title = page_say(r, MAIL_TITLE);
	mail_part(r, page, 0);
	return 0;
}

/* ---- I need to talk to somebody ---- */

static int talk_page(struct reading *r, struct page *page)
{
	page->title = page_say(r, TALK_TITLE);
	page_paragraph(page,
		page_fill(r->call->arena, page_say(r, TALK_INTRO),
			(const char *const[]){ settings_of(r->call)->institution.emergency, NULL }));
	page_field(page, MENTORSHIP_LINES, "text", page_say(r, TALK_TEXT), r->answer)->max = 4000;
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, TALK_PRIVATE));
	page_button(page, "talk-send", page_say(r, TALK_SEND), MENTORSHIP_PART_PRIMARY);
	return 0;
}

static int talk_deed(struct reading *r, struct deed *deeds, int *count)
{
	const char *text = answered(r->answer, "text");
	struct deed *deed = &deeds[0];
	int64_t program = r->invitation->program;

	*count = page_does(r->answer, "talk-send");
	*deed = (struct deed){ .entity = &concern_entity, .verb = "Create" };
	deed->args[deed->arg_count++] = (struct arg){ "person",
		{ .type = V_PATH, .text = path_of(r->call->arena, &person_entity, r->person->id) } };
	if (program != NONE)
		deed->args[deed->arg_count++] = (struct arg){ "program",
			{ .type = V_PATH, .text = path_of(r->call->arena, &program_entity, program) } };
	if (text && *text)
		deed->args[deed->arg_count++] = (struct arg){ "text", { .type = V_TEXT, .text = text } };
	return 0;
}

static int talk_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, TALK_DONE);
	page_paragraph(page, page_say(r, TALK_NEXT));
	return 0;
}

/* ---- all of them ---- */

static const struct page_kind kinds[] = { { "match-offer", offer_page, offer_deed, offer_thanks, PART },
	{ "check-in", check_in_page, check_in_deed, check_in_thanks, PART }, { "wave", form_show, form_deed, form_thanks, PART },
	{ "meeting", meeting_page, meeting_deed, meeting_thanks, PART },
	{ "consent", consent_page, consent_deed, consent_thanks, PART | DEEP }, { "own-page", own_page, own_deed, own_thanks, OWN_PAGE },
	{ "fresh", own_page, own_deed, own_thanks, OWN_PAGE }, { "unsubscribe", unsubscribe_page, mail_deed, mail_thanks, SILENT },
	{ "talk", talk_page, talk_deed, talk_thanks, SILENT },
	{ "match-objection", pair_objection_page, pair_objection_deed, pair_objection_thanks, PART },
	{ "address-confirm", address_confirm_page, address_deed, address_thanks, SILENT },
	{ "address-objection", address_objection_page, address_deed, address_thanks, SILENT }, { 0 } };
static const struct page_kind *const tables[] = { kinds, page_parts, page_affairs, NULL };

bool page_goes_on(const struct page_answer *answer)
{
	return page_talks(answer) || page_does(answer, "keep");
}

bool page_talks(const struct page_answer *answer)
{
	return page_does(answer, "talk") || page_does(answer, "talk-send");
}

bool page_goes(const struct page_answer *answer)
{
	const char *value = answered(answer, "do");

	return value && !strncmp(value, "go:", 3);
}

static const struct page_kind *kind_named(const char *purpose, size_t length)
{
	for (int t = 0; tables[t]; t++)
		for (const struct page_kind *kind = tables[t]; kind->purpose; kind++)
			if (strlen(kind->purpose) == length && !strncmp(kind->purpose, purpose, length))
				return kind;
	return NULL;
}

/* Where an answer on the own page comes from, or leads to: "times:17". NULL: the own page itself. */
static const char *place_of(const struct page_answer *answer)
{
	return page_goes(answer) ? answered(answer, "do") + 3 : answered(answer, "at");
}

static const struct page_kind *part_of(const struct reading *r, int64_t *ret_subject)
{
	const char *place = place_of(r->answer), *colon = place ? strchr(place, ':') : NULL;
	const struct page_kind *kind = colon ? kind_named(place, (size_t)(colon - place)) : NULL;
	char *end;

	if (!kind || !(kind->flags & PART) || (kind->flags & DEEP && !r->fresh) || !colon[1])
		return NULL;
	*ret_subject = strtoll(colon + 1, &end, 10);
	return *end ? NULL : kind;
}

/* Whatever a link is for, who holds it may ask for somebody to talk to, and the link is not used up by that. */
static const struct page_kind *kind_of(struct reading *r)
{
	const struct page_kind *kind = kind_named(r->invitation->purpose, strlen(r->invitation->purpose)), *part = NULL;

	r->part = NULL;
	if (kind && page_talks(r->answer) && !(kind->flags & SILENT))
		return kind_named("talk", 4);
	if (kind && kind->flags & OWN_PAGE)
		part = part_of(r, &r->subject);
	if (part)
		r->part = place_of(r->answer);
	if (part)
		r->program = NULL; /* the own page's, not that of what is looked at */
	return part ? part : kind;
}

static void begin(struct reading *r, struct page *page)
{
	*page = (struct page){ .language = language_of(r->call, r->person),
		.title = "",
		.institution = settings_of(r->call)->institution.name,
		.program = r->program ? r->program->title : "",
		.arena = page->arena,
		.parts = page->parts,
		.room = page->room }; /* each is whole when it is added */
}

/* What was behind a button may be over by now: then the own page is shown. */
static int show_part(struct reading *r, const struct page_kind *kind, struct page *page)
{
	int result = kind->page(r, page);

	if (result == E_NOTFOUND && r->part) {
		r->call->problem = (struct problem){ 0 };
		r->part = NULL;
		r->subject = r->invitation->subject;
		begin(r, page);
		page->over = true;
		result = own_page(r, page);
	} else if (!result && r->part)
		page_part(page, MENTORSHIP_HIDDEN, "at", NULL)->value = r->part;
	if (!result && r->part)
		page_button(page, "go:own", page_say(r, OWN_BACK), MENTORSHIP_PART_QUIET);
	return result;
}

static int make(struct call *call, const struct invitation *invitation, const struct page_answer *answer, struct page *ret, bool thanks)
{
	struct reading r;
	const struct page_kind *kind;
	int result = reading_make(call, invitation, answer, &r);

	if (result)
		return result;
	kind = kind_of(&r);
	if (!kind || r.person->state != PERSON_ACTIVE)
		return fail(call, E_NOTFOUND, NULL, "what this link asks is over");
	if (page_goes(answer))
		r.answer = NULL; /* what was typed elsewhere is nothing here */
	begin(&r, ret);
	result = thanks ? kind->thanks(&r, ret) : show_part(&r, kind, ret);
	if (!result && thanks && r.part)
		page_button(ret, "go:own", page_say(&r, OWN_BACK), MENTORSHIP_PART_QUIET);
	if (!result && !thanks && !(kind->flags & SILENT))
		page_button(ret, "talk", page_say(&r, TALK_TITLE), MENTORSHIP_PART_HELP);
	if (!result)
		page_seal(ret);
	return result;
}

int page_make(struct call *call, const struct invitation *invitation, const struct page_answer *answer, struct page *ret)
{
	return make(call, invitation, answer, ret, false);
}

int page_thanks(struct call *call, const struct invitation *invitation, const struct page_answer *answer, struct page *ret)
{
	return make(call, invitation, answer, ret, true);
}

int page_deed(struct call *call, const struct invitation *invitation, const struct page_answer *answer, struct deed ret[DEEDS_MOST],
	int *ret_count)
{
	const struct page_kind *kind;
	struct reading r;
	int result = reading_make(call, invitation, answer, &r);

	*ret_count = 0;
	if (result || page_goes(answer))
		return result;
	kind = kind_of(&r);
	return kind ? kind->deed(&r, ret, ret_count) : 0;
}

static void hash_add(crypto_generichash_state *state, const char *text)
{
	crypto_generichash_update(state, (const unsigned char *)(text ? text : ""), text ? strlen(text) + 1 : 1);
}

/* What is typed in is no part of it: only what was there to be read. */
void page_seal(struct page *page)
{
	crypto_generichash_state state;
	unsigned char hash[32];

	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	hash_add(&state, page->title);
	hash_add(&state, page->program);
	for (int i = 0; i < page->count; i++) {
		const struct page_part *p = &page->parts[i];

		crypto_generichash_update(&state, (const unsigned char *)&p->kind, sizeof p->kind);
		hash_add(&state, p->name);
		hash_add(&state, p->text);
		if (p->kind == MENTORSHIP_BUTTON || p->kind == MENTORSHIP_HIDDEN)
			hash_add(&state, p->value);
		for (int c = 0; c < p->choice_count; c++) {
			hash_add(&state, p->choices[c].value);
			hash_add(&state, p->choices[c].text);
		}
	}
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(page->hash, sizeof page->hash, hash, sizeof hash);
}
