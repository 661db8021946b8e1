/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What only the daemon can open for a matching: the objections of the program, in slices, and ages and groups if a line of the recipe
 * looks at them. They are handed over as ids and numbers in a sealed memory file; a group is a number by the order of
 * its folded name, so that the same groups give the same input; with them goes a salt for the input's hash. Everything else the worker
 * reads from the database itself.
 */
#include "matching.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/settings.h"
#include "core/text.h"
#include "core/zone.h"
#include "model/model.h"

enum {
	OPENED_A_TURN = 100
};

static bool has_line(const char *lines, const char *criterion)
{
	size_t length = strlen(criterion);

	for (const char *line = lines; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "")
		if (!strncmp(line, criterion, length) && line[length] == '\t')
			return true;
	return false;
}

static char *copied(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		abort();
	return copy;
}

struct matching *matching_new(const char *word, int64_t program, const char *lines, const char *changes)
{
	struct matching *m = calloc(1, sizeof *m);

	if (!m)
		abort();
	m->word = word;
	m->program = program;
	m->seed = 1;
	m->from = NONE;
	m->lines = copied(lines);
	m->changes = copied(changes);
	m->ages = has_line(lines, "age");
	m->groups = has_line(lines, "same:group") || has_line(lines, "different:group");
	return m;
}

void matching_forget(struct piece *piece)
{
	struct matching *m = piece->own;

	for (size_t i = 0; i < m->given_count; i++)
		free(m->given[i].name);
	free(m->given);
	buffer_free(&m->input);
	free(m->objections);
	free(m->lines);
	free(m->changes);
	free(m);
}

static void keep_objection(struct matching *m, int64_t one, int64_t other)
{
	m->objections = heap_grown(m->objections, m->count, &m->room, sizeof *m->objections);
	m->objections[m->count++] = (struct couple){ one < other ? one : other, one < other ? other : one };
}

static int compare_couples(const void *a, const void *b)
{
	const struct couple *x = a, *y = b;

	if (x->one != y->one)
		return x->one < y->one ? -1 : 1;
	return x->other < y->other ? -1 : x->other > y->other;
}

/* Ids and persons of the next slice, by a statement with program, cursor and limit. */
static int next_ids(struct call *call, struct matching *m, const char *sql, struct couple *rows, int *ret_count)
{
	struct stmt *q;
	int r = engine_prepare(store_engine(call->store), sql, true, &q, &call->problem);

	*ret_count = 0;
	if (r)
		return r;
	engine_bind_int(q, 1, m->program);
	engine_bind_int(q, 2, m->cursor);
	engine_bind_int(q, 3, OPENED_A_TURN);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0)
		rows[(*ret_count)++] = (struct couple){ engine_int(q, 0), engine_int(q, 1) };
	return r;
}

static int add_numbers(struct call *call, struct matching *m, const char *word, int64_t one, int64_t other)
{
	const char *cells[] = { word, arena_print(call->arena, "%" PRId64, one), arena_print(call->arena, "%" PRId64, other) };

	return frame_add(&m->input, cells, 3);
}

/* Staff read the hash of a run's input and nearly all of the input, so they could try out what they do not know of it. */
static int add_salt(struct call *call, struct matching *m)
{
	int64_t salt[2];
	int r = m->input.length ? sealing_salt(call, "hashes of matchings", salt) : 0;

	return r || !m->input.length ? r : add_numbers(call, m, "salt", salt[0], salt[1]);
}

static int launch_stage(struct call *call, struct piece *piece)
{
	struct matching *m = piece->own;
	const char *zone = settings_of(call)->institution.zone;
	char *from = m->from == NONE ? arena_copy(call->arena, "0") : arena_print(call->arena, "%" PRId64, m->from);
	int r = add_salt(call, m);

	if (r)
		return r;
	piece->input = sealed_memfd(&m->input, &call->problem);
	if (piece->input < 0)
		return call->problem.code;
	r = FRAME(&piece->first, m->word, arena_print(call->arena, "%" PRId64, m->program), arena_print(call->arena, "%" PRId64, m->seed),
		m->lines ? m->lines : "", arena_print(call->arena, "%" PRId64, call->now), zone ? zone : "UTC",
		m->changes ? m->changes : "", from, arena_print(call->arena, "%" PRId64, m->values[0]),
		arena_print(call->arena, "%" PRId64, m->values[1]), m->hash, match_algorithms[m->algorithm]);
	if (r)
		return fail(call, r, "lines", "the recipe is too long");
	piece->reads_database = piece->wants_process = true;
	piece->stage = frames_stage;
	return 1;
}

/* ---- groups ---- */

static int by_name(const void *a, const void *b)
{
	const struct given *one = a, *other = b;
	int r = strcmp(one->name, other->name);

	return r ? r : (one->participant > other->participant) - (one->participant < other->participant);
}

static int number_groups(struct call *call, struct matching *m)
{
	int64_t number = 0;
	int r = 0;

	if (m->given_count)
		qsort(m->given, m->given_count, sizeof *m->given, by_name);
	for (size_t i = 0; i < m->given_count && !r; i++) {
		number += i == 0 || strcmp(m->given[i - 1].name, m->given[i].name) != 0;
		r = add_numbers(call, m, "group", m->given[i].participant, number);
	}
	return r;
}

/* Takes over the text. */
static void keep_given(struct matching *m, int64_t participant, char *name)
{
	m->given = heap_grown(m->given, m->given_count, &m->given_room, sizeof *m->given);
	m->given[m->given_count++] = (struct given){ participant, name };
}

static int groups_stage(struct call *call, struct piece *piece)
{
	struct matching *m = piece->own;
	struct couple rows[OPENED_A_TURN];
	int count,
		r = next_ids(call, m,
			"SELECT \"id\", \"participant\" FROM \"group_membership\" WHERE \"program\" = ?1 AND \"id\" > ?2 ORDER BY \"id\" "
			"LIMIT ?3",
			rows, &count);

	for (int i = 0; i < count && !r; i++) {
		struct buffer folded = { 0 };
		char *text;

		m->cursor = rows[i].one;
		r = unseal(call, &group_membership_entity, rows[i].one, "group", &text);
		if (r || !text)
			continue;
		text_fold(&folded, text, strlen(text));
		keep_given(m, rows[i].other, copied(buffer_string(&folded)));
		buffer_free(&folded);
	}
	if (r || count == OPENED_A_TURN)
		return r ? r : 1;
	piece->stage = launch_stage;
	r = number_groups(call, m);
	return r ? r : 1;
}

/* ---- ages and objections ---- */

static int ages_stage(struct call *call, struct piece *piece)
{
	struct matching *m = piece->own;
	struct couple rows[OPENED_A_TURN];
	int count,
		r = next_ids(call, m,
			"SELECT DISTINCT \"person\", \"person\" FROM \"participant\" WHERE \"program\" = ?1 AND \"state\" = 'ready' AND "
			"\"person\" > ?2 ORDER BY \"person\" LIMIT ?3",
			rows, &count);

	for (int i = 0; i < count && !r; i++) {
		char *text;
		int64_t day;

		m->cursor = rows[i].one;
		r = unseal(call, &person_entity, rows[i].one, "birth_date", &text);
		if (!r && text && !date_parse(text, &day, NULL))
			r = add_numbers(call, m, "age", rows[i].one, date_years(day, today(call)));
	}
	if (!r && count < OPENED_A_TURN) {
		m->cursor = 0;
		piece->stage = m->groups ? groups_stage : launch_stage;
	}
	return r ? r : 1;
}

static int objections_stage(struct call *call, struct piece *piece)
{
	struct matching *m = piece->own;
	struct couple rows[OPENED_A_TURN];
	int count,
		r = next_ids(call, m,
			"SELECT \"id\", \"person\" FROM \"objection\" WHERE \"program\" = ?1 AND \"state\" = 'stated' AND \"id\" > ?2 "
			"ORDER BY \"id\" LIMIT ?3",
			rows, &count);

	for (int i = 0; i < count && !r; i++) {
		char *text;
		int64_t other;

		m->cursor = rows[i].one;
		r = unseal(call, &objection_entity, rows[i].one, "other", &text);
		if (r || !frame_number(text, &other))
			continue;
		keep_objection(m, rows[i].other, other);
		r = add_numbers(call, m, "objection", rows[i].other, other);
	}
	if (r || count == OPENED_A_TURN)
		return r ? r : 1;
	if (m->count)
		qsort(m->objections, m->count, sizeof *m->objections, compare_couples);
	m->cursor = 0;
	piece->stage = m->ages ? ages_stage : m->groups ? groups_stage : launch_stage;
	return 1;
}

bool matching_objected(const struct matching *m, int64_t one, int64_t other)
{
	struct couple couple = { one < other ? one : other, one < other ? other : one };

	return m->count && bsearch(&couple, m->objections, m->count, sizeof couple, compare_couples);
}

void matching_open(struct piece *piece)
{
	piece->stage = objections_stage;
}
