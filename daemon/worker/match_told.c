/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon tells: the recipe, and what only it could open.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "match_input.h"

/* ---- what the daemon opened ---- */

enum {
	OBJECTION,
	AGE,
	GROUP,
	SALT,
	KINDS
};
static const char *const kinds[KINDS] = { "objection", "age", "group", "salt" };

struct couples {
	struct match_couple *items;
	size_t count, room;
};

static int compare_ages(const void *a, const void *b)
{
	const struct match_couple *x = a, *y = b;

	if (x->one != y->one)
		return x->one < y->one ? -1 : 1;
	return x->other && y->other ? (x->other > y->other) - (x->other < y->other) : 0;
}

static void give_ages(struct match_person *people, size_t count, const struct couples *ages)
{
	for (size_t i = 0; i < count && ages->count; i++) {
		struct match_couple key = { people[i].person, 0 };
		const struct match_couple *found = bsearch(&key, ages->items, ages->count, sizeof key, compare_ages);

		if (found)
			people[i].age = (int32_t)found->other;
	}
}

/* Groups come by participant; each person's traits are copied once, with the groups behind them. */
static void give_groups(struct gathering *g, struct match_person *people, size_t count, const struct couples *groups)
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

static int read_sealed(int fd, struct couples lists[KINDS])
{
	struct frame_reader reader = { 0 };
	struct frame frame;
	int r;

	while ((r = frames_read(fd, &reader, &frame)) > 0) {
		struct match_couple couple;
		int kind = 0;

		if (frame.count != 3 || !frame.cells[0] || !frame_number(frame.cells[1], &couple.one) ||
			!frame_number(frame.cells[2], &couple.other))
			break;
		while (kind < KINDS && strcmp(kinds[kind], frame.cells[0]))
			kind++;
		if (kind == KINDS)
			break;
		lists[kind].items = heap_grown(lists[kind].items, lists[kind].count, &lists[kind].room, sizeof couple);
		lists[kind].items[lists[kind].count++] = couple;
	}
	frame_reader_free(&reader);
	return r;
}

static void give_sealed(struct gathering *g, struct couples lists[KINDS])
{
	struct match_person *sides[] = { (struct match_person *)(uintptr_t)g->input.mentees,
		(struct match_person *)(uintptr_t)g->input.mentors };
	const size_t counts[] = { g->input.mentee_count, g->input.mentor_count };
	struct match_couple *objections = arena_new(&g->arena, (lists[OBJECTION].count + 1) * sizeof *objections);

	for (int kind = AGE; kind <= GROUP; kind++)
		if (lists[kind].count)
			qsort(lists[kind].items, lists[kind].count, sizeof *objections, compare_ages);
	for (int i = 0; i < 2; i++) {
		give_ages(sides[i], counts[i], &lists[AGE]);
		give_groups(g, sides[i], counts[i], &lists[GROUP]);
	}
	if (lists[OBJECTION].count)
		memcpy(objections, lists[OBJECTION].items, lists[OBJECTION].count * sizeof *objections);
	g->input.objections = objections;
	g->input.objection_count = lists[OBJECTION].count;
	if (lists[SALT].count) {
		g->input.salt[0] = lists[SALT].items->one;
		g->input.salt[1] = lists[SALT].items->other;
	}
}

int gather_sealed(struct gathering *g, int fd, struct problem *problem)
{
	struct couples lists[KINDS] = { 0 };
	int r = read_sealed(fd, lists);

	if (!r)
		give_sealed(g, lists);
	for (int kind = 0; kind < KINDS; kind++)
		free(lists[kind].items);
	return r ? problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions") : 0;
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
