/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private notes about a meeting: one of each side at most, read by whoever wrote it and by nobody else, neither the other side nor staff.
 *
 * The text is sealed under its author's own key. It comes by the meeting's verb Remember, or changes by Update; Disclose gives it to its
 * author. That leaves no record of a disclosure, because nobody else's words are read.
 */
#include "model.h"

struct meeting_note {
	int64_t id, version, program, match, meeting, person;
	char *text;
	int64_t written_at;
};

static const struct field fields[] = { ID_AND_VERSION(struct meeting_note, .anchor = NO_ANCHOR),
	{ AS_INT(struct meeting_note, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct meeting_note, match, LINK, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .to = "match", .anchor = AT_MATCH,
		.label = "Match" },
	{ AS_INT(struct meeting_note, meeting, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | LEADS | OWN, .to = "meeting",
		.label = "Meeting" },
	{ AS_INT(struct meeting_note, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Author" },
	{ AS_SEALED(struct meeting_note, text, TEXT), .flags = OWN_SET | LINES | HAS_MIN | HAS_MAX | ERASED, .min = 1, .max = 4000,
		.retention = AFTER_PROGRAM, .label = "Note that its author alone reads" },
	{ AS_INT(struct meeting_note, written_at, INSTANT, MEMBER), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .starts = true,
		.label = "Written" },
	{ 0 } };
COVERS(fields, struct meeting_note, 0);

/* All that is readable is the author's own. */
static const unsigned readers[SEALED] = { 0 };

struct finding {
	struct meeting_note *found;
};

static int find_one(struct call *call, void *record, void *data)
{
	(void)call;
	((struct finding *)data)->found = record;
	return 0;
}

int meeting_note_keep(struct call *call, const struct meeting *meeting, const char *text)
{
	struct finding finding = { NULL };
	struct meeting_note *now;
	int r = each(call, &meeting_note_entity, find_one, &finding, "\"meeting\" = ?1 AND \"person\" = ?2",
		VALUES(meeting->id, call->caller->person));

	if (r)
		return r;
	now = fresh(call, &meeting_note_entity);
	if (finding.found)
		*now = *finding.found;
	now->meeting = meeting->id;
	now->person = call->caller->person;
	now->text = arena_copy(call->arena, text);
	now->written_at = call->now;
	return finding.found ? save(call, &meeting_note_entity, finding.found, now) : add(call, &meeting_note_entity, now);
}

static int update(struct call *call, const void *was, void *now)
{
	(void)was;
	((struct meeting_note *)now)->written_at = call->now;
	return 0;
}

static int read_own(struct call *call, const void *was, void *now)
{
	char *text;
	int r = unseal(call, &meeting_note_entity, ((const struct meeting_note *)was)->id, "text", &text);

	(void)now;
	if (!r)
		answer(call, "text", (struct value){ .type = V_TEXT, .text = text ? text : "" });
	return r;
}

static const struct verb verbs[] = { { "Update", SELF, 0, KEEP, "text", update, "Write it anew", NO_KEY, NULL, NULL, 0 },
	{ "Disclose", SELF, 0, KEEP, NULL, read_own, "Read it", NO_KEY | ANSWERS, NULL, NULL, 0 },
	{ "Remove", SELF, 0, KEEP, NULL, NULL, "Remove it", REMOVES, NULL, NULL, 0 }, { 0 } };

const struct entity meeting_note_entity = { .name = "meeting_note",
	.collection = "meeting_notes",
	.size = sizeof(struct meeting_note),
	.fields = fields,
	.verbs = verbs,
	.unique = "meeting person",
	.readers = readers,
	.flags = RANDOM_ID,
	.retention = AFTER_PROGRAM,
	.label = "Private note",
	.help = "What somebody noted about a meeting for themselves; nobody else reads it.",
	.order = "written_at" };
