/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups that a run proposes, and who sits in them. A group has a time of the week by the program's clock where the recipe asks for one. A
 * commit makes a match of each: a group if it has one mentor, a circle if it has several.
 */
#include <inttypes.h>

#include "model.h"

static const struct field circle_fields[] = { ID_AND_VERSION(struct run_circle, .anchor = NO_ANCHOR),
	{ AS_INT(struct run_circle, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct run_circle, run, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED | LEADS, .to = "match_run", .label = "Run" },
	{ AS_INT(struct run_circle, number, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .label = "Group" },
	{ .name = "meets",
		.kind = TEXT,
		.privacy = STAFF,
		.flags = LISTED,
		.computed = MEETS_OF_ROW,
		.label = "When it meets, by the program's clock" },
	{ .name = "people",
		.kind = TEXT,
		.privacy = STAFF,
		.flags = LISTED,
		.computed = "(SELECT group_concat(\"name\", ', ') FROM (SELECT pa.\"name\" FROM \"run_seat\" rs JOIN \"participant\" pa ON "
			    "pa.\"id\" = rs.\"participant\" WHERE rs.\"circle\" = t.\"id\" ORDER BY rs.\"id\"))",
		.label = "Mentors, then mentees" },
	{ AS_INT(struct run_circle, weekday, CHOICE, STAFF), .flags = BY_VERB, .choices = weekday_words, .label = "Weekday" },
	{ AS_INT(struct run_circle, start, NUMBER, STAFF), .flags = BY_VERB, .unit = "minutes of the day", .label = "From" },
	{ AS_INT(struct run_circle, minutes, NUMBER, STAFF), .flags = BY_VERB, .unit = "minutes", .label = "How long" },
	{ AS_INT(struct run_circle, score, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | LISTED | HAS_MIN | HAS_MAX, .max = 1000000,
		.label = "Score of each mentee with each mentor, on average" },
	{ AS_INT(struct run_circle, value, NUMBER, STAFF), .flags = REQUIRED | BY_VERB, .label = "Its part of the total" }, { 0 } };
COVERS(circle_fields, struct run_circle, 2);

static const struct verb no_verbs[] = { { 0 } };

const struct entity run_circle_entity = { .name = "run_circle",
	.collection = "run_circles",
	.size = sizeof(struct run_circle),
	.fields = circle_fields,
	.verbs = no_verbs,
	.unique = "run number",
	.flags = QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Proposed group",
	.help = "A group that a run proposes, and when it meets.",
	.order = "number" };

static const struct field seat_fields[] = { ID_AND_VERSION(struct run_seat, .anchor = NO_ANCHOR),
	{ AS_INT(struct run_seat, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct run_seat, run, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .to = "match_run", .label = "Run" },
	{ AS_INT(struct run_seat, circle, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED | LEADS, .to = "run_circle",
		.label = "Group" },
	{ AS_INT(struct run_seat, participant, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .to = "participant",
		.label = "Participant" },
	{ AS_INT(struct run_seat, side, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .choices = side_words, .label = "Side" },
	{ AS_INT(struct run_seat, score, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | LISTED | HAS_MIN | HAS_MAX, .max = 1000000,
		.label = "Score with those of the other side, on average" },
	{ AS_INT(struct run_seat, suits, LINK, STAFF), .flags = BY_VERB | LISTED, .to = "participant",
		.label = "Of a mentee: the mentor of the group who suits best" },
	{ AS_TEXT(struct run_seat, reasons, STAFF), .flags = BY_VERB | LINES | ERASED, .retention = AFTER_PROGRAM,
		.label = "What speaks for that mentor" },
	{ 0 } };
COVERS(seat_fields, struct run_seat, 0);

const struct entity run_seat_entity = { .name = "run_seat",
	.collection = "run_seats",
	.size = sizeof(struct run_seat),
	.fields = seat_fields,
	.verbs = no_verbs,
	.unique = "run participant",
	.flags = QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Seat",
	.help = "Somebody in a group that a run proposes." };

/* ---- the commit ---- */

static int take_seat(struct call *call, void *record, void *data)
{
	const struct run_seat *seat = record;
	struct match_member *member = fresh(call, &match_member_entity);

	member->match = *(int64_t *)data;
	member->participant = seat->participant;
	member->side = seat->side;
	return add(call, &match_member_entity, member);
}

int circle_commit(struct call *call, void *record, void *data)
{
	const struct run_circle *circle = record;
	struct match *match = fresh(call, &match_entity);
	int64_t mentors;
	int r = ask(call, "SELECT count(*) FROM \"run_seat\" WHERE \"circle\" = ?1 AND \"side\" = 'mentor'", VALUES(circle->id), &mentors);

	if (r)
		return r;
	*(int64_t *)data = circle->id;
	match->program = circle->program;
	match->kind = mentors > 1 ? KIND_CIRCLE : KIND_GROUP;
	match->run = circle->run;
	match->origin = 0;
	match->score = circle->score;
	match->weekday = circle->weekday;
	match->start = circle->start;
	match->minutes = circle->minutes;
	match->explanation = arena_print(call->arena,
		"Group %" PRId64 " of run %" PRId64 "; what speaks for whom stands in the run's seats.", circle->number, circle->run);
	r = add(call, &match_entity, match);
	return r ? r : each(call, &run_seat_entity, take_seat, &match->id, "\"circle\" = ?1", VALUES(circle->id));
}
