/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A match run and its worker: what it is given, what is believed of what it answers.
 *
 * The run is begun, rows of an earlier attempt are cleared, what is sealed is opened (match_gather.c), and the worker computes. Its
 * pairs are checked like a stranger's: participants of this program, on their sides, each mentee once, no mentor
 * above the capacity (or what the run supposes), nobody with whom they must not be, and a total that adds up. Rows count from the
 * moment that the run is proposed, which is the last slice.
 */
#include "matching.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/what_if.h"
#include "model/model.h"

enum {
	TEXT_BYTES = 32768,
	SCORE_MAX = 1000000,
	DAY_MINUTES = 24 * 60,
	WEEK_MINUTES = 7 * DAY_MINUTES
};

static const struct match_run *run_of(struct call *call, const struct piece *piece, int *ret)
{
	struct match_run *run = NULL;

	*ret = load(call, &match_run_entity, piece->subject, (void **)&run);
	return *ret ? NULL : run;
}

static int end(struct piece *piece, bool cancelled)
{
	piece->cancelled = cancelled;
	piece->over = true;
	return 0;
}

/* ---- rows of an earlier attempt ---- */

static int delete_some(struct call *call, const char *sql, int64_t run)
{
	struct stmt *q;
	int r = engine_prepare(store_engine(call->store), sql, true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, run);
	engine_bind_int(q, 2, ROWS_A_TURN);
	r = engine_step(store_engine(call->store), q, &call->problem);
	return r < 0 ? r : engine_changes(store_engine(call->store)) > 0;
}

/* 1: there were some, perhaps there are more. */
static int clear_some(struct call *call, int64_t run)
{
	int r = delete_some(
		call, "DELETE FROM \"run_pair\" WHERE \"id\" IN (SELECT \"id\" FROM \"run_pair\" WHERE \"run\" = ?1 LIMIT ?2)", run);

	if (!r)
		r = delete_some(call,
			"DELETE FROM \"run_seat\" WHERE \"id\" IN (SELECT \"id\" FROM \"run_seat\" WHERE \"run\" = ?1 LIMIT ?2)", run);
	if (!r)
		r = delete_some(call,
			"DELETE FROM \"run_circle\" WHERE \"id\" IN (SELECT \"id\" FROM \"run_circle\" WHERE \"run\" = ?1 LIMIT ?2)", run);
	return r ? r
		 : delete_some(call,
			   "DELETE FROM \"unplaced\" WHERE \"id\" IN (SELECT \"id\" FROM \"unplaced\" WHERE \"run\" = ?1 LIMIT ?2)", run);
}

/* ---- the beginning ---- */

static int clear_stage(struct call *call, struct piece *piece)
{
	int r = clear_some(call, piece->subject);

	if (!r)
		matching_open(piece);
	return r < 0 ? r : 1;
}

static int match_begin(struct call *call, struct piece *piece)
{
	struct matching *m;
	int r;
	const struct match_run *run = run_of(call, piece, &r);

	if (r == E_NOTFOUND || (run && run->state != RUN_QUEUED)) /* cancelled before its turn came */
		return end(piece, true);
	if (!r)
		r = perform_also(call, &match_run_entity, run->id, "Begin", NULL, 0);
	if (r)
		return r;
	piece->own = m = matching_new("match", run->program, run->lines, run->changes);
	m->seed = run->seed;
	m->from = run->from;
	m->algorithm = run->algorithm;
	r = ask(call, "SELECT count(*) FROM \"participant\" WHERE \"program\" = ?1 AND \"role\" = 'mentee'", VALUES(m->program),
		&m->mentees);
	if (!r)
		r = ask(call, "SELECT count(*) FROM \"participant\" WHERE \"program\" = ?1", VALUES(m->program), &m->people);
	piece->stage = clear_stage;
	return r ? r : 1;
}

/* ---- what it answers ---- */

static int gone(struct call *call, struct piece *piece)
{
	int r;
	const struct match_run *run = run_of(call, piece, &r);

	return r ? r : run->state != RUN_RUNNING;
}

/* A participant of this program on this side. */
static int side_of(struct call *call, const struct matching *m, int64_t id, int side, struct participant **ret)
{
	int r = load(call, &participant_entity, id, (void **)ret);

	if (r == E_NOTFOUND || (!r && ((*ret)->program != m->program || (*ret)->role != side)))
		return refuse(call, "it names a participant that the run does not have");
	return r;
}

/* Lines "mentor ID SCORE" and "mentee ID SCORE", each with the words behind it that say what it would cost. */
static int check_alternatives(struct call *call, const struct matching *m, const char *lines)
{
	struct participant *other;
	int r = 0;

	for (const char *line = lines; *line && !r; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "") {
		char word[8];
		int64_t id, score;
		int length = 0;

		if (sscanf(line, "%7[a-z] %" SCNd64 " %" SCNd64 "%n", word, &id, &score, &length) != 3 ||
			(line[length] && line[length] != '\n' && line[length] != ' ') || score < 0 || score > SCORE_MAX ||
			(strcmp(word, "mentor") && strcmp(word, "mentee")))
			return refuse(call, "an alternative is none");
		r = side_of(call, m, id, !strcmp(word, "mentor") ? SIDE_MENTOR : SIDE_MENTEE, &other);
	}
	return r;
}

static int take_pair(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct matching *m = piece->own;
	struct run_pair *pair = fresh(call, &run_pair_entity);
	struct participant *mentor, *mentee;
	int r = frame->count == 8 ? 0 : refuse(call, "a pair has too many or too few cells");

	pair->run = piece->subject;
	if (!r && ++m->pairs > m->mentees)
		r = refuse(call, "it has more pairs than there are mentees");
	if (!r)
		r = cell_number(call, frame, 1, 1, INT64_MAX, &pair->mentor);
	if (!r)
		r = cell_number(call, frame, 2, 1, INT64_MAX, &pair->mentee);
	if (!r)
		r = cell_number(call, frame, 3, 0, SCORE_MAX, &pair->score);
	if (!r)
		r = cell_text(call, frame, 4, TEXT_BYTES, true, &pair->shares);
	if (!r)
		r = cell_text(call, frame, 5, TEXT_BYTES, true, &pair->reasons);
	if (!r)
		r = cell_text(call, frame, 6, TEXT_BYTES, true, &pair->alternatives);
	if (!r)
		r = cell_text(call, frame, 7, TEXT_BYTES, false, &pair->sentence);
	if (!r)
		r = check_alternatives(call, m, pair->alternatives);
	if (!r)
		r = side_of(call, m, pair->mentor, SIDE_MENTOR, &mentor);
	if (!r)
		r = side_of(call, m, pair->mentee, SIDE_MENTEE, &mentee);
	if (!r && (mentor->person == mentee->person || matching_objected(m, mentor->person, mentee->person)))
		r = refuse(call, "it has a pair that must not be");
	if (r)
		return r;
	m->total += pair->score;
	r = add(call, &run_pair_entity, pair);
	return r == E_CONFLICT ? refuse(call, "it has a pair twice") : r;
}

/* "circle", its number, minutes since Monday, minutes of a meeting (0: no time), score, part of the total. */
static int take_circle(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct matching *m = piece->own;
	struct run_circle *circle = fresh(call, &run_circle_entity);
	int64_t from, minutes;
	int r = frame->count == 6 ? 0 : refuse(call, "a group has too many or too few cells");

	circle->run = piece->subject;
	if (!r && m->algorithm != ALGORITHM_CIRCLES)
		r = refuse(call, "it makes groups where pairs were asked for");
	if (!r)
		r = cell_number(call, frame, 1, m->circles + 1, m->circles + 1, &circle->number);
	if (!r)
		r = cell_number(call, frame, 2, 0, WEEK_MINUTES - 1, &from);
	if (!r)
		r = cell_number(call, frame, 3, 0, DAY_MINUTES, &minutes);
	if (!r)
		r = cell_number(call, frame, 4, 0, SCORE_MAX, &circle->score);
	if (!r)
		r = cell_number(call, frame, 5, 0, INT64_MAX / 2 - m->total, &circle->value);
	if (r)
		return r;
	if (minutes) {
		circle->weekday = from / DAY_MINUTES;
		circle->start = from % DAY_MINUTES;
		circle->minutes = minutes;
	}
	m->circles++;
	m->total += circle->value;
	r = add(call, &run_circle_entity, circle);
	m->circle = circle->id;
	return r;
}

/* Nobody with whom they must not be, nor themself as somebody else. */
static int check_company(struct call *call, const struct matching *m, int64_t person)
{
	struct stmt *q;
	int r = engine_prepare(store_engine(call->store),
		"SELECT pa.\"person\" FROM \"run_seat\" rs JOIN \"participant\" pa ON pa.\"id\" = rs.\"participant\" WHERE rs.\"circle\" = ?1",
		true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, m->circle);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0)
		if (engine_int(q, 0) == person || matching_objected(m, engine_int(q, 0), person)) {
			engine_reset(q);
			return refuse(call, "it has two in a group who must not be");
		}
	return r;
}

/* "seat", the group's number, participant, side, score, the mentor that a mentee suits best (0: none), reasons. Of the last group only. */
static int take_seat(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct matching *m = piece->own;
	struct run_seat *seat = fresh(call, &run_seat_entity);
	struct participant *who, *mentor;
	int64_t group;
	char *side;
	int r = frame->count == 7 ? 0 : refuse(call, "a seat has too many or too few cells");

	seat->run = piece->subject;
	if (!r && (!m->circles || ++m->pairs > m->people))
		r = refuse(call, "it has a seat without a group, or more seats than people");
	seat->circle = m->circle;
	if (!r)
		r = cell_number(call, frame, 1, m->circles, m->circles, &group);
	if (!r)
		r = cell_number(call, frame, 2, 1, INT64_MAX, &seat->participant);
	if (!r)
		r = cell_text(call, frame, 3, 6, false, &side);
	if (!r)
		r = cell_number(call, frame, 4, 0, SCORE_MAX, &seat->score);
	if (!r)
		r = cell_number(call, frame, 5, 0, INT64_MAX, &seat->suits);
	if (!r)
		r = cell_text(call, frame, 6, TEXT_BYTES, true, &seat->reasons);
	if (r)
		return r;
	seat->side = strcmp(side, "mentor") ? SIDE_MENTEE : SIDE_MENTOR;
	r = side_of(call, m, seat->participant, (int)seat->side, &who);
	if (!r && seat->suits)
		r = side_of(call, m, seat->suits, SIDE_MENTOR, &mentor);
	if (!seat->suits)
		seat->suits = NONE;
	if (!r && who->capacity != NONE && who->capacity < 1)
		r = refuse(call, "it seats somebody who has no place");
	if (!r)
		r = check_company(call, m, who->person);
	if (r)
		return r;
	r = add(call, &run_seat_entity, seat);
	return r == E_CONFLICT ? refuse(call, "it seats somebody twice") : r;
}

static int take_unplaced(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct matching *m = piece->own;
	struct unplaced *row = fresh(call, &unplaced_entity);
	struct participant *who, *mentor;
	int r = frame->count == 5 ? 0 : refuse(call, "an unplaced one has too many or too few cells");

	row->run = piece->subject;
	if (!r && ++m->unplaced > m->people)
		r = refuse(call, "it leaves out more people than there are");
	if (!r)
		r = cell_number(call, frame, 1, 1, INT64_MAX, &row->participant);
	if (!r)
		r = cell_text(call, frame, 2, TEXT_BYTES, true, &row->stopped);
	if (!r)
		r = cell_text(call, frame, 3, TEXT_BYTES, true, &row->help);
	if (!r)
		r = cell_number(call, frame, 4, 0, INT64_MAX, &row->mentor);
	if (!r && row->mentor)
		r = side_of(call, m, row->mentor, SIDE_MENTOR, &mentor);
	if (!r && !row->mentor)
		row->mentor = NONE;
	if (!r)
		r = load(call, &participant_entity, row->participant, (void **)&who);
	if (r == E_NOTFOUND || (!r && who->program != m->program))
		r = refuse(call, "it names a participant that the run does not have");
	if (r)
		return r;
	r = add(call, &unplaced_entity, row);
	return r == E_CONFLICT ? refuse(call, "it leaves somebody out twice") : r;
}

/* So many places the run supposes that the mentor has; -1: it supposes nothing. */
static int64_t supposed_places(const struct what_if *list, size_t count, int64_t mentor)
{
	int64_t places = -1;

	for (size_t i = 0; i < count; i++)
		if (list[i].kind == WHAT_PLACES && list[i].one == mentor)
			places = list[i].other;
	return places;
}

/* No mentor has more mentees than places, or than the run supposes. */
static int check_places(struct call *call, const struct piece *piece)
{
	const struct matching *m = piece->own;
	struct what_if *list;
	struct stmt *q;
	size_t count;
	int r = what_if_read(call->arena, m->changes, &list, &count, &call->problem);

	if (!r)
		r = engine_prepare(store_engine(call->store),
			"SELECT x.\"mentor\", x.\"n\" FROM (SELECT \"mentor\", count(*) AS \"n\" FROM \"run_pair\" WHERE \"run\" = ?1 GROUP BY "
			"\"mentor\") x JOIN \"participant\" p ON p.\"id\" = x.\"mentor\" WHERE x.\"n\" > p.\"capacity\"",
			true, &q, &call->problem);
	if (r)
		return r;
	engine_bind_int(q, 1, piece->subject);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0)
		if (engine_int(q, 1) > supposed_places(list, count, engine_int(q, 0))) {
			engine_reset(q);
			return refuse(call, "it gives a mentor more mentees than places");
		}
	return r;
}

/* What only shows when all rows are there. */
static int check_whole(struct call *call, const struct piece *piece)
{
	int64_t twice, bare;
	int r = ask(call,
		"SELECT count(*) FROM \"run_circle\" c WHERE c.\"run\" = ?1 AND (SELECT count(DISTINCT \"side\") FROM \"run_seat\" s WHERE "
		"s.\"circle\" = c.\"id\") < 2",
		VALUES(piece->subject), &bare);

	if (r)
		return r;
	if (bare)
		return refuse(call, "it has a group without a mentor, or without a mentee");
	r = ask(call, "SELECT count(*) - count(DISTINCT \"mentee\") FROM \"run_pair\" WHERE \"run\" = ?1", VALUES(piece->subject), &twice);

	if (r)
		return r;
	return twice ? refuse(call, "it gives a mentee two mentors") : check_places(call, piece);
}

static int take_result(struct call *call, struct piece *piece, const struct frame *frame)
{
	static const char *const names[] = { "input_hash", "mentees", "mentors", "pairs", "placed", "total", "bound", "statistics" };
	const struct matching *m = piece->own;
	struct arg args[8];
	char *hash, *statistics;
	int64_t numbers[8];
	int r = frame->count == 9 ? cell_text(call, frame, 1, 64, false, &hash) : refuse(call, "the result has too many or too few cells");

	if (!r && (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64))
		r = refuse(call, "the hash is none");
	for (size_t i = 1; i < 7 && !r; i++) {
		numbers[i] = NONE;
		if (i != 6 || !frame->cells[7] || *frame->cells[7]) /* not every algorithm proves a bound of the total */
			r = cell_number(call, frame, 1 + i, 0, INT64_MAX, &numbers[i]);
	}
	if (!r)
		r = cell_text(call, frame, 8, TEXT_BYTES, true, &statistics);
	if (!r && (numbers[4] != m->pairs || numbers[5] != m->total || (numbers[6] != NONE && numbers[6] < numbers[5])))
		r = refuse(call, "the counts do not add up");
	if (!r)
		r = check_whole(call, piece);
	if (r)
		return r;
	for (size_t i = 0; i < 8; i++)
		args[i] = (struct arg){ names[i], { .type = V_INT, .number = numbers[i] } };
	if (numbers[6] == NONE)
		args[6].value = (struct value){ .type = V_NONE };
	args[0].value = (struct value){ .type = V_TEXT, .text = hash };
	args[7].value = (struct value){ .type = V_TEXT, .text = statistics };
	r = perform_also(call, &match_run_entity, piece->subject, "Propose", args, 8);
	if (r)
		return r;
	task_result(piece->workers->setup.tasks, piece->task, "placed", args[4].value);
	task_result(piece->workers->setup.tasks, piece->task, "total", args[5].value);
	end(piece, false);
	return 1;
}

/* How long it took is the task's alone: of the run it would be what another run of the same input has otherwise. */
static int take_phases(struct call *call, struct piece *piece, const struct frame *frame)
{
	char *lines;
	int r = cell_text(call, frame, 1, TEXT_BYTES, true, &lines);

	if (!r)
		task_result(piece->workers->setup.tasks, piece->task, "took", (struct value){ .type = V_WORDS, .text = lines });
	return r;
}

static int match_frame(struct call *call, struct piece *piece, const struct frame *frame)
{
	const char *word = frame->count ? frame->cells[0] : NULL;
	int r;

	if (!word)
		return refuse(call, "a frame has no word");
	r = common_frame(call, piece, frame, 0, 1);
	if (r)
		return r < 0 ? r : 0;
	if (!strcmp(word, "pair"))
		return take_pair(call, piece, frame);
	if (!strcmp(word, "circle"))
		return take_circle(call, piece, frame);
	if (!strcmp(word, "seat"))
		return take_seat(call, piece, frame);
	if (!strcmp(word, "unplaced"))
		return take_unplaced(call, piece, frame);
	if (!strcmp(word, "took"))
		return take_phases(call, piece, frame);
	if (!strcmp(word, "result"))
		return take_result(call, piece, frame);
	return refuse(call, "a word is not one of its words");
}

/* ---- an end that is none ---- */

static int clear_failed_stage(struct call *call, struct piece *piece)
{
	int r = clear_some(call, piece->subject);

	piece->over = !r;
	return r;
}

static int match_failed(struct call *call, struct piece *piece)
{
	struct arg problem = { "problem", { .type = V_TEXT, .text = piece->problem.text } };
	int r;
	const struct match_run *run = run_of(call, piece, &r);

	if (r == E_NOTFOUND)
		return end(piece, piece->cancelled);
	if (!r && (run->state == RUN_QUEUED || run->state == RUN_RUNNING))
		r = piece->cancelled ? perform_also(call, &match_run_entity, run->id, "Cancel", NULL, 0)
				     : perform_also(call, &match_run_entity, run->id, "Fail", &problem, 1);
	if (r)
		return r;
	piece->stage = clear_failed_stage;
	return 1;
}

/* ---- at start ---- */

static int run_again(struct call *call, void *record, void *data)
{
	const struct match_run *run = record;

	(void)data;
	call->task = 0; /* each gets a task of its own */
	return run->state == RUN_RUNNING ? perform_also(call, &match_run_entity, run->id, "Again", NULL, 0)
					 : begin_work(call, match_kind.name, run->id);
}

static int match_start(struct call *call)
{
	return each(call, &match_run_entity, run_again, NULL, "\"state\" IN ('queued', 'running')", NULL, 0);
}

const struct work_kind match_kind = {
	.name = "match",
	.worker = true,
	.begin = match_begin,
	.frame = match_frame,
	.gone = gone,
	.failed = match_failed,
	.forget = matching_forget,
	.start = match_start,
	.entity = &match_run_entity,
};
