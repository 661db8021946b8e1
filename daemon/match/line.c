/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line of a recipe as people write it: a criterion, a rule or a weight, and parameters "name=value name=value".
 *
 * A line is checked when it is saved, against the table of criteria, so that a matching does not fail weeks later for a slip. The rules
 * themselves stand in plan.c, which makes the points; here the words are read and the complaint gets the name of the field
 * that a recipe line has.
 */
#include "core/recipe_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"

int match_settings_read(struct arena *arena, const char *text, struct match_line *line, struct problem *problem)
{
	struct match_setting *settings = arena_new(arena, MATCH_PARAMETERS_MAX * sizeof *settings);
	char *copy = arena_copy(arena, text ? text : ""), *save = NULL;

	line->settings = settings;
	line->setting_count = 0;
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '='), *end;

		if (!value || line->setting_count == MATCH_PARAMETERS_MAX)
			return problem_set(problem, E_INVALID, "parameters",
				"parameters of %.60s are written name=value, with spaces between, at most %d of them", line->criterion,
				MATCH_PARAMETERS_MAX);
		*value++ = 0;
		settings[line->setting_count] = (struct match_setting){ word, strtod(value, &end) };
		if (!*value || *end || !isfinite(settings[line->setting_count].value))
			return problem_set(
				problem, E_INVALID, "parameters", "the value of %.40s (%.60s) is no number", word, line->criterion);
		line->setting_count++;
	}
	return 0;
}

static const char *field_of(const char *name)
{
	static const char *const own[][2] = { { "criterion", "criterion" }, { "hard", "use" }, { "weight", "weight" } };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (!strcmp(own[i][0], name))
			return own[i][1];
	return "parameters";
}

int recipe_line_check(const char *criterion, bool hard, double weight, const char *parameters, struct problem *problem)
{
	struct match_line line = { .criterion = criterion, .hard = hard, .weight = isnan(weight) ? 1 : weight };
	struct match_recipe recipe = { &line, 1 };
	struct arena arena = { 0 };
	struct problem found;
	const char *name, *text;
	int r = match_settings_read(&arena, parameters, &line, problem);

	if (!r && match_recipe_check(&recipe, &found)) { /* "Line 1 of the recipe: WHAT." */
		name = strrchr(found.field, '.');
		text = strstr(found.text, ": ");
		text = text ? text + 2 : found.text;
		r = problem_set(problem, E_INVALID, field_of(name ? name + 1 : ""), "%.*s", (int)strlen(text) - (*text != 0), text);
	}
	arena_free(&arena);
	return r;
}
