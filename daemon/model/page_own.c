/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The own page: what waits, with whom one works, when they meet, in what one takes part, and one's own affairs.
 *
 * It shows what is there and has buttons; each leads to a small page of its own under the same link (a button's word is "go:NAME:NUMBER"),
 * so that no page has fields of two things, and a mistake stands beside its field. What is of nobody else's business than the person's, or
 * binds, is there only by a fresh link: it was mailed to the stored address a moment ago and holds for a quarter of an hour.
 */
#include <inttypes.h>
#include <mentorship-plugin.h>
#include <stdio.h>
#include <string.h>

#include "page_inside.h"
#include "survey.h"

struct listing {
	struct reading *reading;
	struct page *page;
	int count;
};

static const char *filled(const struct reading *r, enum page_word word, const char *first, const char *second)
{
	return page_fill(r->call->arena, page_say(r, word), (const char *const[]){ first, second ? second : "", NULL });
}

/* A button that leads to a part. */
static void lead(struct listing *l, const char *name, int64_t id, const char *text)
{
	page_button(l->page, arena_print(l->reading->call->arena, "go:%s:%" PRId64, name, id), text, 0);
	l->count++;
}

/* ---- what waits ---- */

static int list_offer(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	struct listing *l = data;
	struct two_sides side;
	int r = sides_of(call, member->match, member->person, l->reading->language, &side);

	if (!r)
		lead(l, "match-offer", member->match, filled(l->reading, OWN_OFFER, side.others, NULL));
	return r;
}

static int list_check_in(struct call *call, void *record, void *data)
{
	const struct check_in *check_in = record;
	struct listing *l = data;

	(void)call;
	lead(l, "check-in", check_in->id, filled(l->reading, OWN_CHECK_IN, page_moment(l->reading, check_in->due), NULL));
	return 0;
}

static int list_form(struct call *call, void *record, void *data)
{
	const struct wave_member *member = record;
	struct listing *l = data;
	struct wave *wave;
	int r = load(call, &wave_entity, member->wave, (void **)&wave);

	if (!r && wave->state == WAVE_OPEN)
		lead(l, "wave", wave->id, filled(l->reading, OWN_FORM, wave->title, page_moment(l->reading, wave->closes)));
	return r;
}

static const char *whose(struct call *call, const struct consent *consent)
{
	struct person *person;

	return consent->person != consent->giver && !load(call, &person_entity, consent->person, (void **)&person) ? person->name : NULL;
}

static const char *consent_text(struct call *call, struct listing *l, const struct consent *consent, enum page_word word)
{
	const char *purpose = page_say(l->reading, (enum page_word)(CONSENT_TAKE_PART + consent->purpose)), *name = whose(call, consent);

	return filled(l->reading, word, name ? arena_print(call->arena, "%s (%s)", purpose, name) : purpose, NULL);
}

/* A yes or no that binds is given by a link that is no month old. */
static int list_asked(struct call *call, void *record, void *data)
{
	struct listing *l = data;
	const struct consent *consent = record;
	const char *text = consent_text(call, l, consent, OWN_CONSENT);

	if (l->reading->fresh)
		lead(l, "consent", consent->id, text);
	else
		page_part(l->page, MENTORSHIP_ITEM, NULL, text);
	l->count++;
	return 0;
}

static int what_waits(struct listing *l)
{
	struct call *call = l->reading->call;
	int64_t person = l->reading->person->id;
	int r;

	l->count = 0;
	page_part(l->page, MENTORSHIP_HEADING, NULL, page_say(l->reading, OWN_WAITING));
	r = each(call, &match_member_entity, list_offer, l,
		"\"person\" = ?1 AND \"answer\" IS NULL AND \"match\" IN (SELECT \"id\" FROM \"match\" WHERE \"state\" = 'offered')",
		VALUES(person));
	if (!r)
		r = each(call, &check_in_entity, list_check_in, l, "\"person\" = ?1 AND \"state\" IN ('due', 'overdue', 'escalated')",
			VALUES(person));
	if (!r)
		r = each(call, &wave_member_entity, list_form, l, "\"person\" = ?1 AND \"state\" = 'asked'", VALUES(person));
	if (!r)
		r = each(call, &consent_entity, list_asked, l, "\"giver\" = ?1 AND \"state\" = 'asked'", VALUES(person));
	if (!r && !l->count)
		page_paragraph(l->page, page_say(l->reading, OWN_NOTHING));
	return r;
}

/* ---- with whom, and when ---- */

static int list_match(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	struct listing *l = data;
	const struct reading *r = l->reading;
	struct match *match;
	struct two_sides side;
	enum page_word word;
	const char *other;
	int result = load(call, &match_entity, member->match, (void **)&match);

	if (!result)
		result = sides_of(call, member->match, member->person, l->reading->language, &side);
	if (result)
		return result;
	switch (match->state) {
	case MATCH_OFFERED:
		if (member->answer == NONE)
			return 0;
		word = OWN_OFFER_ANSWERED;
		break;
	case MATCH_ACCEPTED: word = OWN_ACCEPTED; break;
	case MATCH_ACTIVE: word = OWN_ACTIVE; break;
	case MATCH_PAUSED: word = OWN_PAUSED; break;
	default: return 0;
	}
	other = side.others;
	page_part(l->page, MENTORSHIP_ITEM, NULL, filled(r, word, other, NULL));
	l->count++;
	if (match->state == MATCH_ACTIVE)
		lead(l, "note-meeting", match->id, filled(r, OWN_NOTE_MEETING, other, NULL));
	if (match->state != MATCH_OFFERED)
		lead(l, "change", match->id, filled(r, member->change_asked == NONE ? OWN_CHANGE : OWN_CHANGE_ASKED, other, NULL));
	return 0;
}

static int list_meeting(struct call *call, void *record, void *data)
{
	const struct meeting *meeting = record;
	struct listing *l = data;
	const struct reading *r = l->reading;
	const char *when = page_moment(r, meeting->start), *other;
	bool over = meeting->start <= call->now;
	struct two_sides side;
	int64_t own;
	int result = sides_of(call, meeting->match, r->person->id, r->language, &side);

	if (result)
		return result;
	own = side.own->side == SIDE_MENTOR ? meeting->mentor_comes : meeting->mentee_comes;
	other = side.others;
	if (over)
		lead(l, "held", meeting->id, filled(r, OWN_MEETING_OVER, when, other));
	else
		lead(l, "meeting", meeting->id,
			filled(r,
				own == NONE                  ? OWN_MEETING
					: own == MEETING_YES ? OWN_MEETING_YES
							     : OWN_MEETING_NO,
				when, other));
	return 0;
}

static int pairs(struct listing *l)
{
	struct call *call = l->reading->call;
	int64_t person = l->reading->person->id;
	int r;

	l->count = 0;
	page_part(l->page, MENTORSHIP_HEADING, NULL, page_say(l->reading, OWN_MATCHES));
	r = each(call, &match_member_entity, list_match, l, "\"person\" = ?1", VALUES(person));
	if (!r && !l->count)
		page_paragraph(l->page, page_say(l->reading, OWN_NONE));
	if (r || !l->count)
		return r;
	l->count = 0;
	page_part(l->page, MENTORSHIP_HEADING, NULL, page_say(l->reading, OWN_MEETINGS));
	r = each(call, &meeting_entity, list_meeting, l,
		"\"match\" IN (SELECT \"match\" FROM \"match_member\" WHERE \"person\" = ?1) AND \"match\" IN (SELECT \"id\" FROM \"match\" WHERE "
		"\"state\" IN ('active', 'paused')) AND \"state\" = 'planned' AND \"start\" > ?2",
		VALUES(person, call->now - 60 * 86400));
	if (!r && !l->count)
		page_paragraph(l->page, page_say(l->reading, OWN_NOTHING));
	return r;
}

/* ---- of whom one is the guardian ---- */

static int list_their_match(struct call *call, void *record, void *data)
{
	const struct match_member *member = record;
	struct listing *l = data;
	struct two_sides side;
	int r = sides_of(call, member->match, member->person, l->reading->language, &side);

	if (!r)
		lead(l, "match-objection", member->match,
			filled(l->reading, OWN_OBJECT, arena_print(call->arena, "%s, %s", member->name, side.others), NULL));
	return r;
}

static int list_minor(struct call *call, void *record, void *data)
{
	const struct guardianship *guardianship = record;
	struct listing *l = data;
	struct program *program;
	struct person *minor;
	int r = load(call, &person_entity, guardianship->minor, (void **)&minor);

	if (!r)
		r = load(call, &program_entity, guardianship->program, (void **)&program);
	if (r)
		return r;
	if (!l->count)
		page_part(l->page, MENTORSHIP_HEADING, NULL, page_say(l->reading, OWN_MINORS));
	page_part(l->page, MENTORSHIP_ITEM, NULL, arena_print(call->arena, "%s: %s", minor->name, program->title));
	l->count++;
	return each(call, &match_member_entity, list_their_match, l,
		"\"person\" = ?1 AND \"program\" = ?2 AND \"match\" IN (SELECT \"id\" FROM \"match\" WHERE \"state\" IN ('active', 'paused'))",
		VALUES(minor->id, program->id));
}

/* Who only claims to be is shown nobody. What they agreed to stands with the other consents. */
static int minors(struct listing *l)
{
	int r;

	l->count = 0;
	r = each(l->reading->call, &guardianship_entity, list_minor, l, "\"guardian\" = ?1 AND \"state\" = 'verified'",
		VALUES(l->reading->person->id));
	if (!r && l->count)
		page_paragraph(l->page, page_say(l->reading, OWN_MINORS_HOW));
	return r;
}

/* ---- in what one takes part ---- */

static int list_participant(struct call *call, void *record, void *data)
{
	const struct participant *p = record;
	struct listing *l = data;
	const struct reading *r = l->reading;
	bool paused = p->state == PARTICIPANT_PAUSED;
	struct program *program;
	int result = load(call, &program_entity, p->program, (void **)&program);

	if (result)
		return result;
	page_part(
		l->page, MENTORSHIP_HEADING, NULL, filled(r, p->role == SIDE_MENTOR ? OWN_AS_MENTOR : OWN_AS_MENTEE, program->title, NULL));
	if (paused)
		page_part(l->page, MENTORSHIP_NOTE, NULL, page_say(r, PAUSE_NOW));
	lead(l, "times", p->id, page_say(r, OWN_TIMES));
	if (paused || p->state == PARTICIPANT_ACCEPTED || p->state == PARTICIPANT_TRAINING || p->state == PARTICIPANT_READY)
		lead(l, "pause", p->id, page_say(r, paused ? OWN_GO_ON : OWN_PAUSE));
	lead(l, "leave", p->id, page_say(r, OWN_LEAVE));
	return 0;
}

/* ---- one's own affairs ---- */

static int list_given(struct call *call, void *record, void *data)
{
	const struct consent *consent = record;
	int64_t until;
	int r = consent_renewable(call, consent, &until);

	if (!r && until != NONE)
		lead(data, "consent", consent->id, consent_text(call, data, consent, OWN_RENEW));
	lead(data, "take-back", consent->id, consent_text(call, data, consent, OWN_TAKE_BACK));
	return r;
}

static int affairs(struct listing *l)
{
	const struct reading *r = l->reading;

	page_part(l->page, MENTORSHIP_HEADING, NULL, page_say(r, OWN_AFFAIRS));
	mail_part(r, l->page, MENTORSHIP_PART_QUIET);
	lead(l, "settings", 0, page_say(r, OWN_SETTINGS));
	lead(l, "links", 0, page_say(r, OWN_LINKS));
	if (!r->fresh) {
		page_part(l->page, MENTORSHIP_NOTE, NULL, page_say(r, FRESH_WHY));
		page_button(l->page, "fresh", page_say(r, FRESH_SEND), 0);
		return 0;
	}
	lead(l, "data", 0, page_say(r, OWN_DATA));
	lead(l, "address", 0, page_say(r, OWN_ADDRESS));
	return each(r->call, &consent_entity, list_given, l, "\"giver\" = ?1 AND \"state\" = 'given'", VALUES(r->person->id));
}

int own_page(struct reading *r, struct page *page)
{
	struct listing l = { r, page, 0 };
	int result;

	page->title = filled(r, OWN_TITLE, r->person->given_name, NULL);
	if (r->fresh)
		page_part(page, MENTORSHIP_NOTE, NULL, filled(r, FRESH_UNTIL, page_moment(r, r->invitation->expires_at), NULL));
	result = what_waits(&l);
	if (!result)
		result = minors(&l);
	if (!result)
		result = pairs(&l);
	if (!result)
		result = each(r->call, &participant_entity, list_participant, &l,
			"\"person\" = ?1 AND \"state\" NOT IN ('completed', 'rejected', 'withdrawn')", VALUES(r->person->id));
	return result ? result : affairs(&l);
}

int own_deed(struct reading *r, struct deed *deeds, int *count)
{
	if (!page_does(r->answer, "fresh"))
		return mail_deed(r, deeds, count);
	deeds[0] = (struct deed){ .entity = &person_entity, .id = r->person->id, .verb = "AskFreshLink" };
	*count = 1;
	return 0;
}

int own_thanks(struct reading *r, struct page *page)
{
	if (!page_does(r->answer, "fresh"))
		return mail_thanks(r, page);
	page->title = page_say(r, FRESH_SENT);
	page_paragraph(page, filled(r, FRESH_SENT_NEXT, address_hidden(r->call->arena, r->person->email), NULL));
	return 0;
}
