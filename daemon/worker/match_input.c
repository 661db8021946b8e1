/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * People come sorted by id, and so do their traits and times, so that a walk over both is enough. Names of traits become numbers
 * by their order once case is folded: who writes 'Chess' and who writes 'chess' mean the same. Weekly times become spans of
 * reference weeks in UTC, spread over the program's term, so that two zones which change their clocks on different days are
 * compared in each of their states.
 */
#include "match_input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "core/entity.h"
#include "core/minor_may.h"
#include "link.h"
#include "match_names.h"

enum {
	WEEKS = 4
};

/* A growing array, freed by whoever has it. */
struct list {
	void *items;
	size_t count, room;
};

static void *push(struct list *list, size_t size)
{
	list->items = heap_grown(list->items, list->count, &list->room, size);
	return (char *)list->items + list->count++ * size;
}

/* The items as they stay, in the arena. */
static void *keep(struct arena *arena, struct list *list, size_t size)
{
	void *items = list->count ? arena_room(arena, list->count * size) : NULL;

	if (items)
		memcpy(items, list->items, list->count * size);
	free(list->items);
	*list = (struct list){ 0 };
	return items;
}

/* Millions of these may be read, so they are small; all of them go before anything is computed. */
struct trait_row {
	int32_t person, name; /* positions: among the people, in the names */
	double number;        /* of a free one; NaN: none */
	int32_t level;
	uint8_t kind;
	bool sought;
};
struct time_row {
	int32_t person, weekday, start, end;
};

struct reading {
	struct gathering *g;
	struct problem *problem;
	struct list people; /* struct match_person of both sides by id */
	struct list zones;  /* int32_t: of each its zone, a position in the names; -1: none */
	struct list roles;  /* char: 'e' mentee, 'o' mentor */
	struct list traits, times, wishes, earlier;
	size_t numbers, languages; /* traits that are a number; languages that somebody speaks */
	size_t last;               /* person that was found */
	struct match_names names, zone_names;
	int64_t starts, ends, places;
	const char *zone; /* the program's */
};

/* Runs a statement with the program as ?1 and tells each row. */
static int each_row(struct reading *in, const char *sql, int (*seen)(struct reading *, struct stmt *))
{
	struct stmt *q;
	int r = engine_prepare(in->g->engine, sql, true, &q, in->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, in->g->program);
	while ((r = engine_step(in->g->engine, q, in->problem)) > 0) {
		r = seen(in, q);
		if (r < 0) {
			engine_reset(q);
			return r;
		}
	}
	return r;
}

static int on_program(struct reading *in, struct stmt *q)
{
	in->starts = engine_int(q, 0);
	in->ends = engine_int(q, 1);
	in->zone = arena_copy(&in->g->arena, engine_text(q, 2));
	in->places = engine_int(q, 3);
	return 0;
}

/* A mentee with a match that lives is left out; of a mentor's places those count as taken that anything proposed or offered may take. */
static int on_person(struct reading *in, struct stmt *q)
{
	bool mentor = !strcmp(engine_text(q, 2), "mentor");
	int64_t places = engine_int(q, 3), live = engine_int(q, 7);
	struct match_person *p;

	if (mentor && in->places != NONE && places > in->places)
		places = in->places;
	if (mentor)
		places = places > live ? places - live : 0;
	else if (live > 0 || places < 1)
		return 0;
	p = push(&in->people, sizeof *p);
	*p = (struct match_person){ .id = engine_int(q, 0),
		.person = engine_int(q, 1),
		.places = (int32_t)places,
		.taken = mentor ? (int32_t)(live < MATCH_PLACES_MAX ? live : MATCH_PLACES_MAX) : 0,
		.age = MATCH_NONE,
		.year = MATCH_NONE,
		.minor = engine_int(q, 5) != 0,
		.consent = engine_int(q, 8) != 0,
		.marked = !mentor && engine_int(q, 4) > 0 };
	*(int32_t *)push(&in->zones, sizeof(int32_t)) = engine_text(q, 6) ? match_name(&in->zone_names, engine_text(q, 6)) : -1;
	*(char *)push(&in->roles, 1) = mentor ? 'o' : 'e';
	return 0;
}

static struct match_person *person_at(struct reading *in, size_t i)
{
	return (struct match_person *)in->people.items + i;
}

/* The position of somebody, or -1. Rows come by participant, so that mostly it is the last one again, or the next. */
static int32_t find_person(struct reading *in, int64_t id)
{
	size_t low = in->last, high = in->people.count;

	if (low < high && person_at(in, low)->id < id)
		low++;
	if (low == high || person_at(in, low)->id != id)
		low = 0;
	else
		high = low;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (person_at(in, middle)->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == in->people.count || person_at(in, low)->id != id)
		return -1;
	in->last = low;
	return (int32_t)low;
}

/* ---- traits ---- */

static int on_trait(struct reading *in, struct stmt *q)
{
	static const struct {
		const char *word;
		int kind;
	} kinds[] = {
		{ "skill", MATCH_SKILL },
		{ "interest", MATCH_INTEREST },
		{ "language", MATCH_LANGUAGE },
		{ "field of study", MATCH_FIELD },
		{ "department", MATCH_DEPARTMENT },
		{ "site", MATCH_SITE },
		{ "value", MATCH_VALUE },
		{ "free", MATCH_FREE },
	};
	const char *kind = engine_text(q, 1), *name = engine_text(q, 2);
	int32_t person = find_person(in, engine_int(q, 0));
	struct trait_row row;

	if (person < 0)
		return 0;
	if (!strcmp(kind, "year of study")) {
		name += strcspn(name, "0123456789");
		if (*name)
			person_at(in, (size_t)person)->year = (int32_t)strtol(name, NULL, 10);
		return 0;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].word, kind))
			continue;
		row = (struct trait_row){ .person = person,
			.name = match_name(&in->names, name),
			.number = engine_real(q, 5),
			.kind = (uint8_t)kinds[i].kind,
			.level = engine_int(q, 3) == NONE ? 0 : (int32_t)engine_int(q, 3),
			.sought = !strcmp(engine_text(q, 4), "sought") };
		in->numbers += !isnan(row.number);
		in->languages += row.kind == MATCH_LANGUAGE && !row.sought;
		*(struct trait_row *)push(&in->traits, sizeof row) = row;
		return 0;
	}
	return 0;
}

/* The first language is the one that is spoken best (level 4), or the only one. */
static bool is_first_language(const struct trait_row *rows, size_t count, size_t at)
{
	size_t languages = 0;

	if (rows[at].kind != MATCH_LANGUAGE || rows[at].sought)
		return false;
	for (size_t i = 0; i < count; i++)
		languages += rows[i].kind == MATCH_LANGUAGE && !rows[i].sought;
	return rows[at].level == 4 || languages == 1;
}

/* One person's rows, to where there is room for them; a free trait with a number is a number. */
static void give_person(
	struct reading *in, const struct trait_row *rows, size_t count, struct match_trait *traits, struct match_number *numbers)
{
	struct match_person *person = person_at(in, (size_t)rows->person);

	person->traits = traits;
	person->numbers = numbers;
	for (size_t i = 0; i < count; i++) {
		int64_t name = match_name_number(&in->names, rows[i].name);

		if (!isnan(rows[i].number)) {
			numbers[person->number_count++] = (struct match_number){ name, rows[i].number };
			continue;
		}
		traits[person->trait_count++] = (struct match_trait){ (enum match_kind)rows[i].kind, name, rows[i].level, rows[i].sought };
		if (!is_first_language(rows, count, i))
			continue;
		traits[person->trait_count] = traits[person->trait_count - 1];
		traits[person->trait_count++].kind = MATCH_FIRST_LANGUAGE;
	}
}

/* Each person's own part of the sorted rows. */
static void give_traits(struct reading *in)
{
	const struct trait_row *rows = in->traits.items;
	struct arena *arena = &in->g->arena;
	struct match_trait *traits = arena_room(arena, (in->traits.count - in->numbers + in->languages + 1) * sizeof *traits);
	struct match_number *numbers = arena_room(arena, (in->numbers + 1) * sizeof *numbers);

	for (size_t i = 0, next; i < in->traits.count; i = next) {
		const struct match_person *person = person_at(in, (size_t)rows[i].person);

		for (next = i; next < in->traits.count && rows[next].person == rows[i].person; next++)
			;
		give_person(in, &rows[i], next - i, traits, numbers);
		traits += person->trait_count;
		numbers += person->number_count;
	}
	free(in->traits.items);
	in->traits = (struct list){ 0 };
}

/* ---- times of the week ---- */

static int on_time(struct reading *in, struct stmt *q)
{
	static const char *const names[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
	const char *weekday = engine_text(q, 1);
	int32_t person = find_person(in, engine_int(q, 0));

	for (int i = 0; i < 7 && person >= 0; i++)
		if (!strcmp(names[i], weekday))
			*(struct time_row *)push(&in->times, sizeof(struct time_row)) = (struct time_row){ person, i,
				(int32_t)engine_int(q, 2), (int32_t)engine_int(q, 3) };
	return 0;
}

/* Mondays of the reference weeks, spread over what is left of the term (a term without end: the next half year). */
static void choose_weeks(const struct reading *in, int64_t mondays[WEEKS])
{
	int64_t today = local_day(in->g->now), from = in->starts == NONE || in->starts < today ? today : in->starts;
	int64_t to = in->ends == NONE || in->ends < from + 7 ? from + 182 : in->ends;

	for (int i = 0; i < WEEKS; i++) {
		int64_t day = from + (to - from) * (2 * i + 1) / (2 * WEEKS);

		mondays[i] = day - date_weekday(day);
	}
}

static const struct zone *zone_of_person(const struct reading *in, int32_t person)
{
	int32_t own = ((const int32_t *)in->zones.items)[person];
	const char *const names[] = { own < 0 ? NULL : in->zone_names.list[own].text, in->zone, in->g->zone };
	const struct zone *zone;

	for (size_t i = 0; i < 3; i++)
		if (names[i] && !zones_get(in->g->zones, names[i], &zone, NULL))
			return zone;
	return zone_utc();
}

/* The program's clock, on the Mondays of the reference weeks. */
static void give_clock(struct reading *in, const int64_t mondays[WEEKS])
{
	const char *const names[] = { in->zone, in->g->zone };
	const struct zone *zone = zone_utc();
	int64_t instant;

	for (size_t i = 0; i < 2 && (!names[i] || zones_get(in->g->zones, names[i], &zone, NULL)); i++)
		;
	for (int week = 0; week < WEEKS; week++) {
		zone_instant(zone, mondays[week] * DAY, &instant);
		in->g->input.clock[week] = (int32_t)(zone_offset(zone, instant) / MINUTE);
	}
}

/* One person's times in each of the weeks. */
static int give_times(struct reading *in, const struct time_row *rows, size_t count, const int64_t mondays[WEEKS], struct list *spans)
{
	struct match_person *person = person_at(in, (size_t)rows->person);
	const struct zone *zone = zone_of_person(in, rows->person);

	for (size_t i = 0; i < count; i++)
		for (int week = 0; week < WEEKS; week++) {
			struct match_span found[2];
			int64_t instant;
			int n;

			zone_instant(zone, (mondays[week] + rows[i].weekday) * DAY + rows[i].start * MINUTE, &instant);
			n = match_week_span(found, week, rows[i].weekday, rows[i].start, rows[i].end, zone_offset(zone, instant) / MINUTE);
			if (n < 0)
				return problem_set(in->problem, E_UNAVAILABLE, NULL,
					"a time of the week of participant %lld cannot be read", (long long)person->id);
			for (int k = 0; k < n; k++)
				*(struct match_span *)push(spans, sizeof *found) = found[k];
			person->span_count += (size_t)n;
		}
	return 0;
}

static int give_spans(struct reading *in)
{
	const struct time_row *rows = in->times.items;
	struct list spans = { 0 };
	int64_t mondays[WEEKS];
	int r = 0;

	choose_weeks(in, mondays);
	give_clock(in, mondays);
	for (size_t i = 0, next; i < in->times.count && !r; i = next) {
		struct match_person *person = person_at(in, (size_t)rows[i].person);

		for (next = i; next < in->times.count && rows[next].person == rows[i].person; next++)
			;
		r = give_times(in, &rows[i], next - i, mondays, &spans);
		person->spans = keep(&in->g->arena, &spans, sizeof(struct match_span));
	}
	free(in->times.items);
	in->times = (struct list){ 0 };
	in->g->input.weeks = WEEKS;
	return r;
}

/* ---- relations ---- */

static int on_wish(struct reading *in, struct stmt *q)
{
	*(struct match_wish *)push(&in->wishes, sizeof(struct match_wish)) = (struct match_wish){ engine_int(q, 0), engine_int(q, 1),
		(int32_t)engine_int(q, 2) };
	return 0;
}

static int on_earlier(struct reading *in, struct stmt *q)
{
	*(struct match_couple *)push(
		&in->earlier, sizeof(struct match_couple)) = (struct match_couple){ engine_int(q, 0), engine_int(q, 1) };
	return 0;
}

/* ---- all of it ---- */

/* Whom the run that this one starts from placed; it is one of the same program. */
static int read_placed(struct reading *in)
{
	struct list placed = { 0 };
	struct stmt *q;
	int r = engine_prepare(in->g->engine,
		"SELECT \"mentee\", \"mentor\" FROM \"run_pair\" WHERE \"run\" = ?1 AND \"program\" = ?2 UNION ALL SELECT \"participant\", 0 FROM "
		"\"run_seat\" WHERE \"run\" = ?1 AND \"program\" = ?2 AND \"side\" = 'mentee'",
		true, &q, in->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, in->g->from);
	engine_bind_int(q, 2, in->g->program);
	while ((r = engine_step(in->g->engine, q, in->problem)) > 0)
		*(struct match_lock *)push(&placed, sizeof(struct match_lock)) = (struct match_lock){ engine_int(q, 0), engine_int(q, 1) };
	in->g->placed_count = placed.count;
	in->g->placed = keep(&in->g->arena, &placed, sizeof(struct match_lock));
	return r;
}

static int read_all(struct reading *in)
{
	int r = each_row(in, "SELECT \"starts\", \"ends\", \"zone\", \"mentor_places\" FROM \"program\" WHERE \"id\" = ?1", on_program);

	if (!r)
		r = each_row(in,
			"SELECT pa.\"id\", pa.\"person\", pa.\"role\", pa.\"capacity\", pa.\"priority\", pe.\"minor\", pe.\"zone\", (SELECT count(*) FROM "
			"\"match_member\" mm JOIN \"match\" ma ON ma.\"id\" = mm.\"match\" WHERE mm.\"participant\" = pa.\"id\" AND ma.\"state\" IN "
			"('proposed', 'offered', 'accepted', 'active', 'paused', 'closing')), " MINOR_MAY("?1",
				"pe.\"id\"") " FROM \"participant\" pa JOIN \"person\" pe ON "
					     "pe.\"id\" = pa.\"person\" WHERE pa.\"program\" = ?1 AND pa.\"state\" = 'ready' AND pe.\"state\" = 'active' ORDER BY pa.\"id\"",
			on_person);
	if (!r)
		r = each_row(in,
			"SELECT \"participant\", \"kind\", \"name\", \"level\", \"side\", \"number\" FROM \"trait\" WHERE \"program\" = ?1 ORDER BY "
			"\"participant\", \"id\"",
			on_trait);
	if (!r)
		r = each_row(in,
			"SELECT \"participant\", \"weekday\", \"start\", \"end\" FROM \"availability\" WHERE \"program\" = ?1 ORDER BY "
			"\"participant\", \"id\"",
			on_time);
	if (!r)
		r = each_row(in,
			"SELECT \"participant\", \"other\", \"rank\" FROM \"wish\" WHERE \"program\" = ?1 AND \"state\" = 'stated' ORDER BY \"id\"",
			on_wish);
	if (!r)
		r = each_row(in,
			"SELECT DISTINCT a.\"person\", b.\"person\" FROM \"match\" ma JOIN \"match_member\" a ON a.\"match\" = ma.\"id\" AND a.\"side\" = "
			"'mentor' JOIN \"match_member\" b ON b.\"match\" = ma.\"id\" AND b.\"side\" = 'mentee' WHERE ma.\"program\" = ?1 AND ma.\"state\" "
			"IN ('completed', 'declined', 'ended_early') ORDER BY 1, 2",
			on_earlier);
	if (!r && in->g->from)
		r = read_placed(in);
	return r;
}

static void split_sides(struct reading *in)
{
	struct match_person *sides[2];
	size_t counts[2] = { 0, 0 };

	for (size_t i = 0; i < in->roles.count; i++)
		counts[((const char *)in->roles.items)[i] == 'o']++;
	for (int i = 0; i < 2; i++) {
		sides[i] = arena_new(&in->g->arena, (counts[i] + 1) * sizeof **sides);
		counts[i] = 0;
	}
	for (size_t i = 0; i < in->people.count; i++) {
		int side = ((const char *)in->roles.items)[i] == 'o';

		sides[side][counts[side]++] = *person_at(in, i);
	}
	in->g->input.mentees = sides[0];
	in->g->input.mentee_count = counts[0];
	in->g->input.mentors = sides[1];
	in->g->input.mentor_count = counts[1];
}

static int give_all(struct reading *in)
{
	struct match_input *input = &in->g->input;
	int r;

	input->words = match_names_number(&in->names, &in->g->arena, &input->word_count);
	give_traits(in);
	r = give_spans(in);
	split_sides(in);
	input->wish_count = in->wishes.count;
	input->wishes = keep(&in->g->arena, &in->wishes, sizeof(struct match_wish));
	input->earlier_count = in->earlier.count;
	input->earlier = keep(&in->g->arena, &in->earlier, sizeof(struct match_couple));
	return r;
}

static void reading_free(struct reading *in)
{
	struct list *lists[] = { &in->people, &in->zones, &in->roles, &in->traits, &in->times, &in->wishes, &in->earlier };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	match_names_free(&in->names);
	match_names_free(&in->zone_names);
}

int gather_database(struct gathering *g, struct problem *problem)
{
	struct reading in = { .g = g, .problem = problem, .starts = NONE, .ends = NONE, .places = NONE };
	int r = engine_begin_lazy(g->engine, problem);

	if (r)
		return r;
	r = read_all(&in);
	if (r < 0)
		engine_rollback(g->engine);
	else
		r = engine_commit(g->engine, problem);
	if (!r)
		r = give_all(&in);
	reading_free(&in);
	return r;
}
