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
#include "core/text.h"
#include "link.h"
#include "core/minor_may.h"

enum {
	WEEKS = 4
};

/* A growing array in the arena. */
struct list {
	void *items;
	size_t count, room;
};

static void *push(struct arena *arena, struct list *list, size_t size)
{
	list->items = arena_grown(arena, list->items, list->count, &list->room, size);
	return (char *)list->items + list->count++ * size;
}

struct trait_row {
	int64_t participant;
	struct match_trait trait;
	double number; /* of a free one; NaN: none */
	const char *text, *folded;
};
struct time_row {
	int64_t participant;
	int weekday;
	int64_t start, end;
};

struct reading {
	struct gathering *g;
	struct problem *problem;
	struct list people, zones; /* struct match_person of both sides by id; their zones' names */
	struct list roles;         /* char: 'e' mentee, 'o' mentor */
	struct list traits, times, wishes, earlier;
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
	p = push(&in->g->arena, &in->people, sizeof *p);
	*p = (struct match_person){ .id = engine_int(q, 0),
		.person = engine_int(q, 1),
		.places = (int32_t)places,
		.taken = mentor ? (int32_t)(live < MATCH_PLACES_MAX ? live : MATCH_PLACES_MAX) : 0,
		.age = MATCH_NONE,
		.year = MATCH_NONE,
		.minor = engine_int(q, 5) != 0,
		.consent = engine_int(q, 8) != 0,
		.marked = !mentor && engine_int(q, 4) > 0 };
	*(const char **)push(&in->g->arena, &in->zones, sizeof(char *)) = arena_copy(&in->g->arena, engine_text(q, 6));
	*(char *)push(&in->g->arena, &in->roles, 1) = mentor ? 'o' : 'e';
	return 0;
}

static struct match_person *person_at(struct reading *in, size_t i)
{
	return (struct match_person *)in->people.items + i;
}

static struct match_person *find_person(struct reading *in, int64_t id)
{
	size_t low = 0, high = in->people.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (person_at(in, middle)->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < in->people.count && person_at(in, low)->id == id ? person_at(in, low) : NULL;
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
	struct match_person *person = find_person(in, engine_int(q, 0));
	struct buffer folded = { 0 };
	struct trait_row *row;

	if (!person)
		return 0;
	if (!strcmp(kind, "year of study")) {
		name += strcspn(name, "0123456789");
		if (*name)
			person->year = (int32_t)strtol(name, NULL, 10);
		return 0;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].word, kind))
			continue;
		row = push(&in->g->arena, &in->traits, sizeof *row);
		text_fold(&folded, name, strlen(name));
		*row = (struct trait_row){ person->id,
			{ .kind = (enum match_kind)kinds[i].kind,
				.sought = !strcmp(engine_text(q, 4), "sought"),
				.level = engine_int(q, 3) == NONE ? 0 : (int32_t)engine_int(q, 3) },
			engine_real(q, 5), arena_copy(&in->g->arena, name), arena_copy(&in->g->arena, buffer_string(&folded)) };
		buffer_free(&folded);
		return 0;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct trait_row *const *x = a, *const *y = b;
	int r = strcmp((*x)->folded, (*y)->folded);

	return r ? r : strcmp((*x)->text, (*y)->text);
}

static void number_names(struct reading *in)
{
	struct arena *arena = &in->g->arena;
	struct trait_row *rows = in->traits.items, **sorted = arena_new(arena, (in->traits.count + 1) * sizeof *sorted);
	struct list words = { 0 };
	const char *last = NULL;
	int64_t name = 0;

	for (size_t i = 0; i < in->traits.count; i++)
		sorted[i] = &rows[i];
	qsort(sorted, in->traits.count, sizeof *sorted, compare_names);
	for (size_t i = 0; i < in->traits.count; i++) {
		if (!last || strcmp(last, sorted[i]->folded)) {
			last = sorted[i]->folded;
			*(struct match_word *)push(
				arena, &words, sizeof(struct match_word)) = (struct match_word){ ++name, sorted[i]->text };
		}
		sorted[i]->trait.name = name;
	}
	in->g->input.words = words.items;
	in->g->input.word_count = words.count;
}

/* The first language is the one that is spoken best (level 4), or the only one. */
static bool is_first_language(const struct trait_row *rows, size_t count, size_t at)
{
	size_t languages = 0;

	if (rows[at].trait.kind != MATCH_LANGUAGE || rows[at].trait.sought)
		return false;
	for (size_t i = 0; i < count; i++)
		languages += rows[i].trait.kind == MATCH_LANGUAGE && !rows[i].trait.sought;
	return rows[at].trait.level == 4 || languages == 1;
}

/* One person's rows; a free trait with a number is a number. */
static void give_person(struct reading *in, struct match_person *person, const struct trait_row *rows, size_t count)
{
	struct match_trait *traits = arena_new(&in->g->arena, (2 * count + 1) * sizeof *traits);
	struct match_number *numbers = arena_new(&in->g->arena, (count + 1) * sizeof *numbers);

	person->traits = traits;
	person->numbers = numbers;
	for (size_t i = 0; i < count; i++) {
		if (!isnan(rows[i].number)) {
			numbers[person->number_count++] = (struct match_number){ rows[i].trait.name, rows[i].number };
			continue;
		}
		traits[person->trait_count++] = rows[i].trait;
		if (!is_first_language(rows, count, i))
			continue;
		traits[person->trait_count] = rows[i].trait;
		traits[person->trait_count++].kind = MATCH_FIRST_LANGUAGE;
	}
}

/* Each person's own part of the sorted rows. */
static void give_traits(struct reading *in)
{
	const struct trait_row *rows = in->traits.items;

	for (size_t i = 0, next; i < in->traits.count; i = next) {
		for (next = i; next < in->traits.count && rows[next].participant == rows[i].participant; next++)
			;
		give_person(in, find_person(in, rows[i].participant), &rows[i], next - i);
	}
}

/* ---- times of the week ---- */

static int on_time(struct reading *in, struct stmt *q)
{
	static const char *const names[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
	const char *weekday = engine_text(q, 1);

	if (!find_person(in, engine_int(q, 0)))
		return 0;
	for (int i = 0; i < 7; i++)
		if (!strcmp(names[i], weekday))
			*(struct time_row *)push(&in->g->arena, &in->times, sizeof(struct time_row)) = (struct time_row){ engine_int(q, 0),
				i, engine_int(q, 2), engine_int(q, 3) };
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

static const struct zone *zone_of_person(const struct reading *in, const struct match_person *person)
{
	size_t at = (size_t)(person - (const struct match_person *)in->people.items);
	const char *const names[] = { ((const char *const *)in->zones.items)[at], in->zone, in->g->zone };
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

static int give_spans(struct reading *in)
{
	const struct time_row *rows = in->times.items;
	struct match_span *spans = arena_new(&in->g->arena, (in->times.count * WEEKS * 2 + 1) * sizeof *spans);
	int64_t mondays[WEEKS];
	size_t at = 0;

	choose_weeks(in, mondays);
	give_clock(in, mondays);
	for (size_t i = 0; i < in->times.count; i++) {
		struct match_person *person = find_person(in, rows[i].participant);
		const struct zone *zone = zone_of_person(in, person);

		if (!person->span_count)
			person->spans = &spans[at];
		for (int week = 0; week < WEEKS; week++) {
			int64_t instant;
			int n;

			zone_instant(zone, (mondays[week] + rows[i].weekday) * DAY + rows[i].start * MINUTE, &instant);
			n = match_week_span(&spans[at], week, rows[i].weekday, (int)rows[i].start, (int)rows[i].end,
				zone_offset(zone, instant) / MINUTE);
			if (n < 0)
				return problem_set(in->problem, E_UNAVAILABLE, NULL,
					"a time of the week of participant %lld cannot be read", (long long)person->id);
			at += (size_t)n;
			person->span_count += (size_t)n;
		}
	}
	in->g->input.weeks = WEEKS;
	return 0;
}

/* ---- relations ---- */

static int on_wish(struct reading *in, struct stmt *q)
{
	*(struct match_wish *)push(&in->g->arena, &in->wishes, sizeof(struct match_wish)) = (struct match_wish){ engine_int(q, 0),
		engine_int(q, 1), (int32_t)engine_int(q, 2) };
	return 0;
}

static int on_earlier(struct reading *in, struct stmt *q)
{
	*(struct match_couple *)push(
		&in->g->arena, &in->earlier, sizeof(struct match_couple)) = (struct match_couple){ engine_int(q, 0), engine_int(q, 1) };
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
		*(struct match_lock *)push(
			&in->g->arena, &placed, sizeof(struct match_lock)) = (struct match_lock){ engine_int(q, 0), engine_int(q, 1) };
	in->g->placed = placed.items;
	in->g->placed_count = placed.count;
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

	for (int i = 0; i < 2; i++)
		sides[i] = arena_new(&in->g->arena, (in->people.count + 1) * sizeof **sides);
	for (size_t i = 0; i < in->people.count; i++) {
		int side = ((const char *)in->roles.items)[i] == 'o';

		sides[side][counts[side]++] = *person_at(in, i);
	}
	in->g->input.mentees = sides[0];
	in->g->input.mentee_count = counts[0];
	in->g->input.mentors = sides[1];
	in->g->input.mentor_count = counts[1];
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
	if (r)
		return r;
	number_names(&in);
	give_traits(&in);
	r = give_spans(&in);
	split_sides(&in);
	g->input.wishes = in.wishes.items;
	g->input.wish_count = in.wishes.count;
	g->input.earlier = in.earlier.items;
	g->input.earlier_count = in.earlier.count;
	return r;
}

/* ---- what the daemon opened ---- */

static int compare_ages(const void *a, const void *b)
{
	const struct match_couple *x = a, *y = b;

	if (x->one != y->one)
		return x->one < y->one ? -1 : 1;
	return x->other && y->other ? (x->other > y->other) - (x->other < y->other) : 0;
}

static void give_ages(struct match_person *people, size_t count, const struct list *ages)
{
	for (size_t i = 0; i < count && ages->count; i++) {
		struct match_couple key = { people[i].person, 0 };
		const struct match_couple *found = bsearch(&key, ages->items, ages->count, sizeof key, compare_ages);

		if (found)
			people[i].age = (int32_t)found->other;
	}
}

/* Groups come by participant; each person's traits are copied once, with the groups behind them. */
static void give_groups(struct gathering *g, struct match_person *people, size_t count, const struct list *groups)
{
	for (size_t i = 0; i < count && groups->count; i++) {
		struct match_couple key = { people[i].id, 0 };
		const struct match_couple *all = groups->items, *end = all + groups->count,
					  *found = bsearch(&key, all, groups->count, sizeof key, compare_ages);
		struct match_trait *traits;

		if (!found)
			continue;
		while (found > all && found[-1].one == people[i].id)
			found--;
		traits = arena_new(&g->arena, (people[i].trait_count + (size_t)(end - found)) * sizeof *traits);
		if (people[i].trait_count)
			memcpy(traits, people[i].traits, people[i].trait_count * sizeof *traits);
		people[i].traits = traits;
		for (; found < end && found->one == people[i].id; found++)
			traits[people[i].trait_count++] = (struct match_trait){ .kind = MATCH_GROUP, .name = -found->other };
	}
}

int gather_sealed(struct gathering *g, int fd, struct problem *problem)
{
	struct list lists[4] = { 0 };
	static const char *const words[] = { "objection", "age", "group", "salt" };
	struct match_person *sides[] = { (struct match_person *)(uintptr_t)g->input.mentees,
		(struct match_person *)(uintptr_t)g->input.mentors };
	const size_t counts[] = { g->input.mentee_count, g->input.mentor_count };
	struct frame_reader reader = { 0 };
	struct frame frame;
	int r;

	while ((r = frames_read(fd, &reader, &frame)) > 0) {
		struct match_couple couple;
		size_t kind = 0;

		if (frame.count != 3 || !frame.cells[0] || !frame_number(frame.cells[1], &couple.one) ||
			!frame_number(frame.cells[2], &couple.other))
			break;
		while (kind < 4 && strcmp(words[kind], frame.cells[0]))
			kind++;
		if (kind == 4)
			break;
		*(struct match_couple *)push(&g->arena, &lists[kind], sizeof couple) = couple;
	}
	frame_reader_free(&reader);
	if (r)
		return problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions");
	for (int i = 1; i < 3; i++)
		if (lists[i].count)
			qsort(lists[i].items, lists[i].count, sizeof(struct match_couple), compare_ages);
	for (int i = 0; i < 2; i++) {
		give_ages(sides[i], counts[i], &lists[1]);
		give_groups(g, sides[i], counts[i], &lists[2]);
	}
	g->input.objections = lists[0].items;
	g->input.objection_count = lists[0].count;
	if (lists[3].count) {
		const struct match_couple *salt = lists[3].items;

		g->input.salt[0] = salt->one;
		g->input.salt[1] = salt->other;
	}
	return 0;
}

/* ---- the recipe ---- */

static int read_line(struct arena *arena, char *text, struct match_line *line, int number, struct problem *problem)
{
	char *cells[4], *end;
	int count = 0;

	for (char *cell = text; cell && count < 4; count++) {
		char *tab = strchr(cell, '\t');

		if (tab)
			*tab = 0;
		cells[count] = cell;
		cell = tab ? tab + 1 : NULL;
	}
	if (count != 4)
		return problem_set(problem, E_INVALID, NULL, "line %d of the recipe is not whole", number);
	*line = (struct match_line){ .criterion = cells[0], .hard = !strcmp(cells[1], "hard"), .weight = strtod(cells[2], &end) };
	if (*end || (!line->hard && strcmp(cells[1], "weight")))
		return problem_set(
			problem, E_INVALID, NULL, "line %d of the recipe (%s) has neither a rule nor a weight", number, cells[0]);
	return match_settings_read(arena, cells[3], line, problem);
}

/* The line is named by its criterion too: a coordinator does not count lines. */
static int check_recipe(const struct match_recipe *recipe, struct problem *problem)
{
	struct problem found;
	size_t at;
	int r = match_recipe_check(recipe, &found);

	if (r == 0)
		return 0;
	if (sscanf(found.field, "lines[%zu]", &at) == 1 && at < recipe->line_count)
		return problem_set(problem, r, NULL, "%s (%.80s)", found.text, recipe->lines[at].criterion);
	return problem_set(problem, r, NULL, "%s", found.text);
}

/* An absent weight is 1. */
int gather_recipe(struct gathering *g, const char *text, struct problem *problem)
{
	char *lines = arena_copy(&g->arena, text), *save = NULL;
	struct match_line *recipe = arena_new(&g->arena, MATCH_LINES_MAX * sizeof *recipe);
	size_t count = 0;
	int r = 0;

	for (char *line = strtok_r(lines, "\n", &save); line && !r; line = strtok_r(NULL, "\n", &save)) {
		if (count == MATCH_LINES_MAX)
			return problem_set(problem, E_INVALID, NULL, "the recipe has more than %d lines; leave some out", MATCH_LINES_MAX);
		r = read_line(&g->arena, line, &recipe[count], (int)count + 1, problem);
		if (!r && !recipe[count].hard && isnan(recipe[count].weight))
			recipe[count].weight = 1;
		count++;
	}
	g->input.recipe = (struct match_recipe){ recipe, count };
	return r ? r : check_recipe(&g->input.recipe, problem);
}
