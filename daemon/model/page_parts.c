/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is behind the own page's buttons about work with others: meetings, another partner, times, a pause, leaving.
 *
 * Each shows in its text what is there already (meetings that were noted, times that stand), so that an answer that is sent twice meets
 * another page than the one it was typed on, and is not done twice.
 */
#include <inttypes.h>
#include <mentorship-plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/field.h"
#include "core/zone.h"
#include "page_inside.h"

enum {
	MINUTES_FIRST = 45,
	LISTED_MEETINGS = 5
};

static int over(struct reading *r)
{
	return fail(r->call, E_NOTFOUND, NULL, "what this link asks is over");
}

static const char *filled(const struct reading *r, enum page_word word, const char *value)
{
	return page_fill(r->call->arena, page_say(r, word), (const char *const[]){ value, NULL });
}

static struct arg text_arg(const char *name, const char *text)
{
	return (struct arg){ name, { .type = V_TEXT, .text = text } };
}

static struct arg path_arg(struct reading *r, const char *name, const struct entity *e, int64_t id)
{
	return (struct arg){ name, { .type = V_PATH, .text = path_of(r->call->arena, e, id) } };
}

static void add_text(struct deed *deed, const struct reading *r, const char *name)
{
	const char *text = answered(r->answer, name);

	if (text && *text)
		deed->args[deed->arg_count++] = text_arg(name, text);
}

/* A local time as browsers send it, in the reader's zone. */
static int moment_of(struct reading *r, const char *name, struct arg *ret)
{
	const char *text = answered(r->answer, name);
	struct problem problem;
	int64_t local, at;

	if (!text || local_parse(text, &local, &problem))
		return fail(r->call, E_INVALID, name, "%s", page_say(r, BAD_MOMENT));
	zone_instant(zone_of(r->call, r->zone), local, &at);
	*ret = (struct arg){ name, { .type = V_INT, .number = at } };
	return 0;
}

static int count_of(struct reading *r, const char *name, int64_t least, int64_t most, struct arg *ret)
{
	const char *text = answered(r->answer, name);
	char *end = NULL;
	int64_t n = text && *text ? strtoll(text, &end, 10) : 0;

	if (!end || *end || n < least || n > most)
		return fail(r->call, E_INVALID, name, "%s",
			page_fill(r->call->arena, page_say(r, BAD_COUNT),
				(const char *const[]){ arena_print(r->call->arena, "%" PRId64, least),
					arena_print(r->call->arena, "%" PRId64, most), NULL }));
	*ret = (struct arg){ name, { .type = V_INT, .number = n } };
	return 0;
}

static const char *local_text(const struct reading *r, int64_t instant)
{
	char text[DATE_TEXT];

	return arena_print(r->call->arena, "%.16s", local_print(zone_local(zone_of(r->call, r->zone), instant), text));
}

static struct page_part *when_field(struct reading *r, struct page *page, const char *value)
{
	struct page_part *p = page_field(
		page, MENTORSHIP_INSTANT, "start", filled(r, WHEN_FIELD, zone_name(zone_of(r->call, r->zone))), r->answer);

	p->flags = MENTORSHIP_PART_REQUIRED;
	if (!p->value)
		p->value = value;
	return p;
}

static void minutes_field(struct reading *r, struct page *page, int64_t minutes)
{
	struct page_part *p = page_field(page, MENTORSHIP_COUNT, "minutes", page_say(r, MINUTES_FIELD), r->answer);

	p->flags = MENTORSHIP_PART_REQUIRED;
	p->min = 5;
	p->max = 1440;
	if (!p->value)
		p->value = arena_print(r->call->arena, "%" PRId64, minutes);
}

static void notes_field(struct reading *r, struct page *page, const char *value)
{
	struct page_part *p = page_field(page, MENTORSHIP_LINES, "notes", page_say(r, NOTES_FIELD), r->answer);

	p->max = 4000;
	p->hint = page_say(r, NOTES_WHO_READS);
	if (!p->value)
		p->value = value;
}

/* A match of this person that is under way. */
static int own_match(struct reading *r, int64_t id, struct match **ret, struct two_sides *sides)
{
	int result = load(r->call, &match_entity, id, (void **)ret);

	return result ? result : sides_of(r->call, id, r->person->id, r->language, sides);
}

/* ---- a meeting that took place ---- */

struct noted {
	struct reading *reading;
	struct page *page;
};

static int list_held(struct call *call, void *record, void *data)
{
	struct noted *noted = data;

	(void)call;
	page_part(noted->page, MENTORSHIP_ITEM, NULL,
		filled(noted->reading, MEETING_WAS_HELD, page_moment(noted->reading, ((const struct meeting *)record)->start)));
	return 0;
}

static int note_page(struct reading *r, struct page *page)
{
	struct noted noted = { r, page };
	struct two_sides sides;
	struct match *match;
	int result = own_match(r, r->subject, &match, &sides);

	if (!result && match->state != MATCH_ACTIVE)
		result = over(r);
	if (result)
		return result;
	page->title = filled(r, OWN_NOTE_MEETING, sides.others);
	result = each(r->call, &meeting_entity, list_held, &noted,
		"\"id\" IN (SELECT \"id\" FROM \"meeting\" WHERE \"match\" = ?1 AND \"state\" = 'held' ORDER BY \"start\" DESC LIMIT ?2)",
		VALUES(match->id, LISTED_MEETINGS));
	when_field(r, page, NULL);
	minutes_field(r, page, MINUTES_FIRST);
	notes_field(r, page, NULL);
	page_button(page, "note", page_say(r, SAVE), MENTORSHIP_PART_PRIMARY);
	return result;
}

static int note_deed(struct reading *r, struct deed *deeds, int *count)
{
	struct deed *deed = &deeds[0];
	int result;

	*count = page_does(r->answer, "note");
	*deed = (struct deed){ .entity = &meeting_entity, .verb = "Create", .arg_count = 4 };
	if (!*count)
		return 0;
	deed->args[0] = path_arg(r, "match", &match_entity, r->subject);
	deed->args[1] = (struct arg){ "held", { .type = V_BOOL, .number = 1 } };
	result = moment_of(r, "start", &deed->args[2]);
	if (!result && deed->args[2].value.number > r->call->now)
		result = fail(r->call, E_INVALID, "start", "%s", page_say(r, NOT_YET));
	if (!result)
		result = count_of(r, "minutes", 5, 1440, &deed->args[3]);
	add_text(deed, r, "notes");
	return result;
}

/* ---- a planned one: was it held? ---- */

static int own_meeting(struct reading *r, struct meeting **ret, struct two_sides *sides)
{
	int result = load(r->call, &meeting_entity, r->subject, (void **)ret);

	if (!result)
		result = sides_of(r->call, (*ret)->match, r->person->id, r->language, sides);
	return !result && (*ret)->state != MEETING_PLANNED ? over(r) : result;
}

static int held_page(struct reading *r, struct page *page)
{
	struct two_sides sides;
	struct meeting *meeting;
	int result = own_meeting(r, &meeting, &sides);

	if (!result && meeting->start > r->call->now)
		result = over(r);
	if (result)
		return result;
	page->title = page_say(r, HELD_TITLE);
	page_paragraph(page,
		page_fill(r->call->arena, page_say(r, OWN_MEETING_OVER),
			(const char *const[]){ page_moment(r, meeting->start), sides.others, NULL }));
	notes_field(r, page, meeting->notes);
	page_button(page, "held", page_say(r, HELD_YES), MENTORSHIP_PART_PRIMARY);
	page_button(page, "missed", page_say(r, HELD_NO), MENTORSHIP_PART_QUIET);
	return 0;
}

static int held_deed(struct reading *r, struct deed *deeds, int *count)
{
	bool held = page_does(r->answer, "held");

	*count = held || page_does(r->answer, "missed");
	deeds[0] = (struct deed){ .entity = &meeting_entity, .id = r->subject, .verb = held ? "Hold" : "Miss" };
	if (held)
		add_text(&deeds[0], r, "notes");
	return 0;
}

/* ---- another time ---- */

static int move_page(struct reading *r, struct page *page)
{
	struct two_sides sides;
	struct meeting *meeting;
	struct page_part *p;
	int result = own_meeting(r, &meeting, &sides);

	if (!result && meeting->start <= r->call->now)
		result = over(r);
	if (result)
		return result;
	page->title = page_say(r, MOVE_TITLE);
	page_paragraph(page, filled(r, MEETING_WHEN, page_moment(r, meeting->start)));
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, MOVE_BOTH));
	when_field(r, page, local_text(r, meeting->start));
	minutes_field(r, page, meeting->minutes);
	p = page_field(page, MENTORSHIP_LINE, "place", page_say(r, PLACE_FIELD), r->answer);
	p->max = 300;
	if (!p->value)
		p->value = meeting->place;
	page_button(page, "move", page_say(r, SAVE), MENTORSHIP_PART_PRIMARY);
	page_button(page, "off", page_say(r, MEETING_OFF), MENTORSHIP_PART_DANGER);
	return 0;
}

static int move_deed(struct reading *r, struct deed *deeds, int *count)
{
	const char *place = answered(r->answer, "place");
	struct deed *deed = &deeds[0];
	int result;

	*count = page_does(r->answer, "move") || page_does(r->answer, "off");
	*deed = (struct deed){ .entity = &meeting_entity, .id = r->subject, .verb = page_does(r->answer, "off") ? "Cancel" : "Move" };
	if (!page_does(r->answer, "move"))
		return 0;
	result = moment_of(r, "start", &deed->args[0]);
	if (!result && deed->args[0].value.number <= r->call->now)
		result = fail(r->call, E_INVALID, "start", "%s", page_say(r, NOT_BEFORE));
	if (!result)
		result = count_of(r, "minutes", 5, 1440, &deed->args[1]);
	deed->args[2] = text_arg("place", place ? place : "");
	deed->arg_count = 3;
	return result;
}

/* ---- somebody else ---- */

static int change_page(struct reading *r, struct page *page)
{
	struct two_sides sides;
	struct match *match;
	int result = own_match(r, r->subject, &match, &sides);

	if (!result && match->state != MATCH_ACCEPTED && match->state != MATCH_ACTIVE && match->state != MATCH_PAUSED)
		result = over(r);
	if (result)
		return result;
	page->title = filled(r, OWN_CHANGE, sides.others);
	if (sides.own->change_asked != NONE) {
		page_paragraph(page, filled(r, CHANGE_ASKED, page_moment(r, sides.own->change_asked)));
		return 0;
	}
	page_paragraph(page, page_say(r, CHANGE_INTRO));
	page_field(page, MENTORSHIP_LINES, "change_reason", page_say(r, CHANGE_WHY), r->answer)->max = 2000;
	page_button(page, "ask", page_say(r, CHANGE_ASK), MENTORSHIP_PART_PRIMARY);
	return 0;
}

static int change_deed(struct reading *r, struct deed *deeds, int *count)
{
	struct two_sides sides;
	int result = sides_of(r->call, r->subject, r->person->id, r->language, &sides);

	*count = page_does(r->answer, "ask");
	if (result || !*count)
		return result;
	deeds[0] = (struct deed){ .entity = &match_member_entity, .id = sides.own->id, .verb = "AskForChange" };
	add_text(&deeds[0], r, "change_reason");
	return 0;
}

/* ---- when one has time ---- */

static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

/* A participant of this person who still takes part. */
static int own_participant(struct reading *r, struct participant **ret)
{
	int result = load(r->call, &participant_entity, r->subject, (void **)ret);

	if (!result &&
		((*ret)->person != r->person->id || (*ret)->state == PARTICIPANT_COMPLETED || (*ret)->state == PARTICIPANT_REJECTED ||
			(*ret)->state == PARTICIPANT_WITHDRAWN))
		result = over(r);
	return result;
}

static int list_time(struct call *call, void *record, void *data)
{
	const struct availability *a = record;
	struct noted *noted = data;
	const struct reading *r = noted->reading;

	page_button(noted->page, arena_print(call->arena, "remove:%" PRId64, a->id),
		page_fill(call->arena, page_say(r, TIMES_REMOVE),
			(const char *const[]){ page_say(r, (enum page_word)(ON_MONDAY + a->weekday)),
				arena_print(call->arena, "%02d:%02d", (int)a->start / 60, (int)a->start % 60),
				arena_print(call->arena, "%02d:%02d", (int)a->end / 60, (int)a->end % 60), NULL }),
		MENTORSHIP_PART_QUIET);
	return 0;
}

static int times_page(struct reading *r, struct page *page)
{
	struct page_choice *days = arena_new(r->call->arena, 7 * sizeof *days);
	struct noted noted = { r, page };
	struct participant *participant;
	struct page_part *p;
	int result = own_participant(r, &participant);

	if (result)
		return result;
	page->title = page_say(r, OWN_TIMES);
	page_paragraph(page, filled(r, TIMES_INTRO, zone_name(zone_of(r->call, r->zone))));
	result = each(r->call, &availability_entity, list_time, &noted, "\"participant\" = ?1", VALUES(participant->id));
	page_part(page, MENTORSHIP_GROUP, NULL, page_say(r, TIMES_ADD));
	for (int i = 0; i < 7; i++)
		days[i] = (struct page_choice){ weekdays[i], page_say(r, (enum page_word)(ON_MONDAY + i)) };
	p = page_field(page, MENTORSHIP_SINGLE, "weekday", page_say(r, TIMES_DAY), r->answer);
	p->choices = days;
	p->choice_count = 7;
	page_field(page, MENTORSHIP_LINE, "start", page_say(r, TIMES_FROM), r->answer)->max = 5;
	page_field(page, MENTORSHIP_LINE, "end", page_say(r, TIMES_TO), r->answer)->max = 5;
	page_button(page, "add", page_say(r, TIMES_ADD_DO), MENTORSHIP_PART_PRIMARY);
	return result;
}

/* "9", "9:30", "09.30" as minutes of the day. */
static int clock_of(struct reading *r, const char *name, struct arg *ret)
{
	const char *text = answered(r->answer, name);
	int hour = -1, minute = 0, end = 0, more = 0;

	if (text && sscanf(text, "%2d%n", &hour, &end) == 1 && (text[end] == ':' || text[end] == '.') &&
		sscanf(text + end + 1, "%2d%n", &minute, &more) == 1)
		end += 1 + more;
	if (!text || !end || text[end] || hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour * 60 + minute > 1440)
		return fail(r->call, E_INVALID, name, "%s", page_say(r, BAD_CLOCK));
	*ret = (struct arg){ name, { .type = V_INT, .number = hour * 60 + minute } };
	return 0;
}

static int add_time(struct reading *r, struct deed *deed)
{
	const char *day = answered(r->answer, "weekday");
	int result = 0;

	*deed = (struct deed){ .entity = &availability_entity, .verb = "Create", .arg_count = 4 };
	deed->args[0] = path_arg(r, "participant", &participant_entity, r->subject);
	deed->args[1] = text_arg("weekday", day);
	if (!day || !*day)
		result = fail(r->call, E_INVALID, "weekday", "%s", page_say(r, MUST_CHOOSE));
	if (!result)
		result = clock_of(r, "start", &deed->args[2]);
	if (!result)
		result = clock_of(r, "end", &deed->args[3]);
	if (!result && deed->args[3].value.number <= deed->args[2].value.number)
		result = fail(r->call, E_INVALID, "end", "%s", page_say(r, BAD_END));
	return result;
}

static int times_deed(struct reading *r, struct deed *deeds, int *count)
{
	const char *does = answered(r->answer, "do");
	bool removes = does && !strncmp(does, "remove:", 7);
	struct participant *participant;
	int result = own_participant(r, &participant);

	*count = removes || page_does(r->answer, "add");
	if (result || !*count)
		return result;
	if (!removes)
		return add_time(r, &deeds[0]);
	deeds[0] = (struct deed){ .entity = &availability_entity, .id = strtoll(does + 7, NULL, 10), .verb = "Remove" };
	return 0;
}

/* ---- a pause, and the end ---- */

static int pause_page(struct reading *r, struct page *page)
{
	struct participant *participant;
	int result = own_participant(r, &participant);
	bool paused;

	if (result)
		return result;
	paused = participant->state == PARTICIPANT_PAUSED;
	if (!paused && participant->state != PARTICIPANT_ACCEPTED && participant->state != PARTICIPANT_TRAINING &&
		participant->state != PARTICIPANT_READY)
		return over(r);
	page->title = page_say(r, paused ? OWN_GO_ON : OWN_PAUSE);
	page_paragraph(page, page_say(r, paused ? GO_ON_INTRO : PAUSE_INTRO));
	page_button(page, paused ? "resume" : "pause", page_say(r, paused ? OWN_GO_ON : OWN_PAUSE), MENTORSHIP_PART_PRIMARY);
	return 0;
}

static int pause_deed(struct reading *r, struct deed *deeds, int *count)
{
	bool pauses = page_does(r->answer, "pause");

	*count = pauses || page_does(r->answer, "resume");
	deeds[0] = (struct deed){ .entity = &participant_entity, .id = r->subject, .verb = pauses ? "Pause" : "Resume" };
	return 0;
}

static int leave_page(struct reading *r, struct page *page)
{
	struct participant *participant;
	struct program *program;
	int result = own_participant(r, &participant);

	if (!result)
		result = load(r->call, &program_entity, participant->program, (void **)&program);
	if (result)
		return result;
	page->title = filled(r, LEAVE_TITLE, program->title);
	page_paragraph(page, page_say(r, LEAVE_INTRO));
	page_field(page, MENTORSHIP_LINES, "reason", page_say(r, LEAVE_WHY), r->answer)->max = 1000;
	page_part(page, MENTORSHIP_NOTE, NULL, page_say(r, LEAVE_WHO_READS));
	page_button(page, "leave", page_say(r, LEAVE_DO), MENTORSHIP_PART_DANGER);
	return 0;
}

static int leave_deed(struct reading *r, struct deed *deeds, int *count)
{
	*count = page_does(r->answer, "leave");
	deeds[0] = (struct deed){
		.entity = &participant_entity, .id = r->subject, .verb = "Withdraw", .reason = answered(r->answer, "reason")
	};
	return 0;
}

int part_thanks(struct reading *r, struct page *page)
{
	page->title = page_say(r, THANKS);
	page_paragraph(page,
		page_say(r,
			page_does(r->answer, "ask")             ? CHANGE_NEXT
				: page_does(r->answer, "leave") ? LEAVE_NEXT
								: PART_DONE));
	return 0;
}

const struct page_kind page_parts[] = { { "note-meeting", note_page, note_deed, part_thanks, PART },
	{ "held", held_page, held_deed, part_thanks, PART }, { "move", move_page, move_deed, part_thanks, PART },
	{ "change", change_page, change_deed, part_thanks, PART }, { "times", times_page, times_deed, part_thanks, PART },
	{ "pause", pause_page, pause_deed, part_thanks, PART }, { "leave", leave_page, leave_deed, part_thanks, PART }, { 0 } };
