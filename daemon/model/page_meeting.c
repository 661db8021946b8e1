/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a meeting: before it begins whether the reader comes, and what the other side has said; once it has begun whether it took
 * place, with notes. Who reads a note stands beside it while it is typed.
 */
#include <inttypes.h>
#include <mentorship-plugin.h>

#include "page_inside.h"

/* Those who coordinate read the notes of a pair only where the program's policy says so. */
enum {
	COORDINATORS_READ = 1 /* of program.confidentiality */
};

static const char *fill_in(struct reading *r, enum page_word word, const char *value)
{
	return page_fill(r->call->arena, page_say(r, word), (const char *const[]){ value, NULL });
}

static int meeting_open(struct reading *r, struct meeting **ret, struct two_sides *side)
{
	int result = load(r->call, &meeting_entity, r->subject, (void **)ret);

	if (!result)
		result = sides_of(r->call, (*ret)->match, r->person->id, r->language, side);
	return result;
}

static void ask_whether(struct reading *r, struct page *page, const struct meeting *meeting, const struct two_sides *side)
{
	bool mentor = side->own->side == SIDE_MENTOR;
	int64_t own = mentor ? meeting->mentor_comes : meeting->mentee_comes,
		other = mentor ? meeting->mentee_comes : meeting->mentor_comes;

	if (side->other && other != NONE)
		page_paragraph(page, fill_in(r, other == MEETING_YES ? MEETING_OTHER_YES : MEETING_OTHER_NO, side->other->name));
	if (own != NONE)
		page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, own == MEETING_YES ? MEETING_SAID_YES : MEETING_SAID_NO));
	page_button(page, "accept", page_say(r, MEETING_ACCEPT), MENTORSHIP_PART_PRIMARY);
	page_button(page, "decline", page_say(r, MEETING_DECLINE), MENTORSHIP_PART_QUIET);
	if (r->part)
		page_button(
			page, arena_print(r->call->arena, "go:move:%" PRId64, meeting->id), page_say(r, MOVE_GO), MENTORSHIP_PART_QUIET);
}

static void ask_how_it_was(struct reading *r, struct page *page, const struct meeting *meeting, const char *other)
{
	bool staff = r->program && r->program->confidentiality == COORDINATORS_READ;
	struct page_part *part;

	page_part(page, MENTORSHIP_HEADING, NULL, page_say(r, MEETING_WAS));
	part = page_field(page, MENTORSHIP_LINES, "notes", page_say(r, MEETING_NOTES), r->answer);
	part->hint = fill_in(r, staff ? MEETING_NOTES_STAFF : MEETING_NOTES_PAIR, other);
	part->max = 4000;
	if (!r->answer)
		part->value = meeting->notes;
	part = page_field(page, MENTORSHIP_LINES, "own_note", page_say(r, MEETING_OWN_NOTE), r->answer);
	part->hint = fill_in(r, MEETING_OWN_NOTE_WHO, other);
	part->max = 4000;
	page_button(page, "held", page_say(r, MEETING_WE_MET), MENTORSHIP_PART_PRIMARY);
	page_button(page, "missed", page_say(r, MEETING_WE_DID_NOT), MENTORSHIP_PART_QUIET);
	page_button(page, "waited", page_say(r, MEETING_WAITED), MENTORSHIP_PART_QUIET);
}

int meeting_page(struct reading *r, struct page *page)
{
	struct meeting *meeting;
	struct two_sides side;
	const char *other;
	int result = meeting_open(r, &meeting, &side);

	if (result)
		return result;
	if (meeting->state != MEETING_PLANNED)
		return fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
	other = side.others;
	page->title = fill_in(r, MEETING_TITLE, other);
	page_paragraph(page, meeting->title);
	page_paragraph(page, fill_in(r, MEETING_WHEN, page_moment(r, meeting->start)));
	if (meeting->place)
		page_paragraph(page, fill_in(r, MEETING_WHERE, meeting->place));
	if (meeting->start > r->call->now)
		ask_whether(r, page, meeting, &side);
	else
		ask_how_it_was(r, page, meeting, other);
	return 0;
}

/* How it was: the verb, notes for both, and a note of one's own. */
static int logged(struct reading *r, struct deed *deeds, int *count)
{
	const char *notes = answered(r->answer, "notes"), *own = answered(r->answer, "own_note");
	bool held = page_does(r->answer, "held"), waited = page_does(r->answer, "waited");
	struct deed *deed = &deeds[(*count)++];
	struct meeting *meeting;
	struct two_sides side;
	int result = meeting_open(r, &meeting, &side);

	if (result)
		return result;
	*deed = (struct deed){ .entity = &meeting_entity, .id = r->subject, .verb = held ? "Hold" : "Miss" };
	if (waited) {
		bool mentor = side.own->side == SIDE_MENTOR;

		deed->args[deed->arg_count++] = (struct arg){ mentor ? "mentor_came" : "mentee_came", { .type = V_TEXT, .text = "yes" } };
		deed->args[deed->arg_count++] = (struct arg){ mentor ? "mentee_came" : "mentor_came", { .type = V_TEXT, .text = "no" } };
	}
	if (notes && *notes) {
		deeds[*count] = (struct deed){ .entity = &meeting_entity, .id = r->subject, .verb = "Note", .error_at = "notes" };
		deeds[*count].args[deeds[*count].arg_count++] = (struct arg){ "notes", { .type = V_TEXT, .text = notes } };
		(*count)++;
	}
	if (own && *own) {
		deeds[*count] = (struct deed){ .entity = &meeting_entity, .id = r->subject, .verb = "Remember", .error_at = "own_note" };
		deeds[*count].args[deeds[*count].arg_count++] = (struct arg){ "text", { .type = V_TEXT, .text = own } };
		(*count)++;
	}
	return 0;
}

int meeting_deed(struct reading *r, struct deed *deeds, int *count)
{
	bool yes = page_does(r->answer, "accept");

	*count = 0;
	if (page_does(r->answer, "held") || page_does(r->answer, "missed") || page_does(r->answer, "waited"))
		return logged(r, deeds, count);
	*count = yes || page_does(r->answer, "decline");
	deeds[0] = (struct deed){ .entity = &meeting_entity, .id = r->subject, .verb = yes ? "Accept" : "Decline" };
	return 0;
}

int meeting_thanks(struct reading *r, struct page *page)
{
	enum page_word word = page_does(r->answer, "accept") ? MEETING_SAID_YES
		: page_does(r->answer, "decline")            ? MEETING_SAID_NO
		: page_does(r->answer, "held")               ? MEETING_HELD_NEXT
							     : MEETING_MISSED_NEXT;

	page->title = page_say(r, THANKS);
	page_paragraph(page, page_say(r, word));
	return 0;
}
