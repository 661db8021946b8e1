/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions about matchings: what a recipe says of today's people (Preview), why two are no pair (Explain), how many more mentors
 * would place everybody (Outlook). The worker reads the people anew and answers with names, numbers and lines, which are checked and
 * become the task's result; nothing is stored. What differs between two runs (Compare) is rows that the daemon has: read in
 * slices, no worker.
 */
#include "matching.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

enum {
	TEXT_BYTES = 65536,
	ANSWERS_MOST = 64
};

/* ---- with a worker ---- */

static int preview_begin(struct call *call, struct piece *piece)
{
	struct recipe *recipe;
	char *lines;
	int r = load(call, &recipe_entity, piece->subject, (void **)&recipe);

	if (!r)
		r = recipe_lines(call, recipe->id, NULL, &lines);
	if (r)
		return r;
	piece->own = matching_new("preview", recipe->program, lines, NULL);
	((struct matching *)piece->own)->algorithm = recipe->algorithm;
	matching_open(piece);
	return 1;
}

static int run_begin(struct call *call, struct piece *piece, const char *word)
{
	struct match_run *run;
	struct matching *m;
	int r = load(call, &match_run_entity, piece->subject, (void **)&run);

	if (r)
		return r;
	piece->own = m = matching_new(word, run->program, run->lines, run->changes);
	m->seed = run->seed;
	m->from = run->from;
	m->algorithm = run->algorithm;
	snprintf(m->hash, sizeof m->hash, "%s", run->input_hash ? run->input_hash : "");
	memcpy(m->values, piece->about, sizeof m->values);
	matching_open(piece);
	return 1;
}

static int explain_begin(struct call *call, struct piece *piece)
{
	return run_begin(call, piece, "explain");
}

static int outlook_begin(struct call *call, struct piece *piece)
{
	return run_begin(call, piece, "outlook");
}

/* The names that answers have. */
static const char *answer_name(const struct frame *frame)
{
	static const char *const names[] = { "made", "possible", "score", "cost_placed", "cost_total", "exact", "changed", "text",
		"reasons", "stopped", "lines", "table", "pairs", "mentees", "mentors", "eligible", "without", "more", "least", "places",
		"placed", "beyond", "proven" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (frame->count == 3 && frame->cells[1] && !strcmp(names[i], frame->cells[1]))
			return names[i];
	return NULL;
}

static int ask_frame(struct call *call, struct piece *piece, const struct frame *frame)
{
	struct matching *m = piece->own;
	struct value value = { 0 };
	const char *word = frame->count ? frame->cells[0] : NULL, *name = answer_name(frame);
	char *text;
	int r;

	if (!word)
		return refuse(call, "a frame has no word");
	r = common_frame(call, piece, frame, 0, 1);
	if (r)
		return r < 0 ? r : 0;
	if (!strcmp(word, "done")) {
		piece->over = true;
		return 1;
	}
	if (!name || ++m->answers > ANSWERS_MOST)
		return refuse(call, "an answer is none");
	if (!strcmp(word, "number")) {
		r = cell_number(call, frame, 2, -INT64_MAX, INT64_MAX, &value.number);
		value.type = V_INT;
	} else if (!strcmp(word, "lines") || !strcmp(word, "text")) {
		r = cell_text(call, frame, 2, TEXT_BYTES, *word == 'l', &text);
		value = (struct value){ .type = *word == 'l' ? V_WORDS : V_TEXT, .text = r ? "" : text };
	} else {
		return refuse(call, "a word is not one of its words");
	}
	if (!r)
		task_result(piece->workers->setup.tasks, piece->task, name, value);
	return r;
}

const struct work_kind preview_kind = { .name = "match preview",
	.worker = true,
	.begin = preview_begin,
	.frame = ask_frame,
	.forget = matching_forget,
	.entity = &recipe_entity };
const struct work_kind explain_kind = { .name = "match explain",
	.worker = true,
	.begin = explain_begin,
	.frame = ask_frame,
	.forget = matching_forget,
	.entity = &match_run_entity };
const struct work_kind outlook_kind = { .name = "match outlook",
	.worker = true,
	.begin = outlook_begin,
	.frame = ask_frame,
	.forget = matching_forget,
	.entity = &match_run_entity };

/* ---- two runs ---- */

enum {
	SHOWN = 200 /* of each kind of difference */
};
enum {
	MOVES,
	GAINS,
	LOSES,
	KINDS
};

struct placed {
	int64_t mentee, mentor, score;
};
struct comparing {
	struct placed *lists[2];
	size_t counts[2], room[2];
	int64_t mentor, mentee; /* cursor */
	int at;                 /* which run is being read */
};

static void compare_forget(struct piece *piece)
{
	struct comparing *c = piece->own;

	free(c->lists[0]);
	free(c->lists[1]);
	free(c);
}

static int by_mentee(const void *a, const void *b)
{
	const struct placed *one = a, *other = b;

	return (one->mentee > other->mentee) - (one->mentee < other->mentee);
}

static const char *name_of(struct call *call, int64_t participant)
{
	struct participant *who;

	return load(call, &participant_entity, participant, (void **)&who) || !who->name
		? arena_print(call->arena, "participant %" PRId64, participant)
		: who->name;
}

static void add_difference(struct call *call, struct buffer *out, int kind, const struct placed *one, const struct placed *other)
{
	static const char *const words[KINDS] = { "moves", "gains", "loses" };

	if (out->length)
		buffer_char(out, '\n');
	buffer_print(out, "%s: %s", words[kind], name_of(call, (one ? one : other)->mentee));
	if (one)
		buffer_print(out, ", from %s (score %" PRId64 ")", name_of(call, one->mentor), one->score);
	if (other)
		buffer_print(out, ", to %s (score %" PRId64 ")", name_of(call, other->mentor), other->score);
}

static void tell_number(struct piece *piece, const char *name, int64_t number)
{
	task_result(piece->workers->setup.tasks, piece->task, name, (struct value){ .type = V_INT, .number = number });
}

/* What the other run has, beside this one: moves, gains and losses are those of going over to the other. */
static int compare_tell(struct call *call, struct piece *piece)
{
	static const char *const names[KINDS] = { "moved", "gained", "lost" };
	const struct comparing *c = piece->own;
	const struct placed *a = c->lists[0], *ends[2] = { a + c->counts[0], c->lists[1] + c->counts[1] }, *b = c->lists[1];
	struct buffer lines[KINDS] = { 0 }, all = { 0 };
	int64_t counts[KINDS] = { 0 }, same = 0, total = 0;

	while (a < ends[0] || b < ends[1]) {
		const struct placed *one = b == ends[1] || (a < ends[0] && a->mentee <= b->mentee) ? a : NULL;
		const struct placed *other = a == ends[0] || (b < ends[1] && b->mentee <= a->mentee) ? b : NULL;
		int kind = one && other ? MOVES : other ? GAINS : LOSES;

		a += one != NULL;
		b += other != NULL;
		total += (other ? other->score : 0) - (one ? one->score : 0);
		if (one && other && one->mentor == other->mentor)
			same++;
		else if (counts[kind]++ < SHOWN)
			add_difference(call, &lines[kind], kind, one, other);
	}
	for (int i = 0; i < KINDS; i++) {
		tell_number(piece, names[i], counts[i]);
		if (lines[i].length && all.length)
			buffer_char(&all, '\n');
		buffer_text(&all, buffer_string(&lines[i]));
		if (counts[i] > SHOWN)
			buffer_print(&all, "\nand %" PRId64 " more who are %s", counts[i] - SHOWN, names[i]);
		buffer_free(&lines[i]);
	}
	tell_number(piece, "same", same);
	tell_number(piece, "placed", (int64_t)c->counts[1] - (int64_t)c->counts[0]);
	tell_number(piece, "total", total);
	task_result(piece->workers->setup.tasks, piece->task, "lines", (struct value){ .type = V_WORDS, .text = buffer_string(&all) });
	buffer_free(&all);
	piece->over = true;
	return 0;
}

static void keep(struct comparing *c, const struct placed *pair)
{
	int at = c->at;

	c->lists[at] = heap_grown(c->lists[at], c->counts[at], &c->room[at], sizeof *c->lists[at]);
	c->lists[at][c->counts[at]++] = *pair;
	c->mentor = pair->mentor;
	c->mentee = pair->mentee;
}

/* A slice of the pairs of one run, then of the other, in the order of their unique index. */
static int compare_stage(struct call *call, struct piece *piece)
{
	struct comparing *c = piece->own;
	struct stmt *q;
	int count = 0,
	    r = engine_prepare(store_engine(call->store),
		    "SELECT \"mentee\", \"mentor\", \"score\" FROM \"run_pair\" WHERE \"run\" = ?1 AND (\"mentor\", \"mentee\") > (?2, ?3) ORDER BY "
		    "\"mentor\", \"mentee\" LIMIT ?4",
		    true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, c->at ? piece->about[0] : piece->subject);
	engine_bind_int(q, 2, c->mentor);
	engine_bind_int(q, 3, c->mentee);
	engine_bind_int(q, 4, ROWS_A_TURN);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0) {
		keep(c, &(struct placed){ engine_int(q, 0), engine_int(q, 1), engine_int(q, 2) });
		count++;
	}
	if (r || count == ROWS_A_TURN)
		return r ? r : 1;
	if (c->counts[c->at])
		qsort(c->lists[c->at], c->counts[c->at], sizeof *c->lists[c->at], by_mentee);
	c->mentor = c->mentee = 0;
	return c->at++ ? compare_tell(call, piece) : 1;
}

static int compare_begin(struct call *call, struct piece *piece)
{
	(void)call;
	piece->own = calloc(1, sizeof(struct comparing));
	if (!piece->own)
		abort();
	piece->stage = compare_stage;
	return 1;
}

const struct work_kind compare_kind = {
	.name = "match compare", .begin = compare_begin, .forget = compare_forget, .entity = &match_run_entity
};
