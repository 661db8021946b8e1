/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recipe as points: which rules stop a pair, and how many points each weight
 * gives at most.
 *
 * The points of all weights sum to MATCH_SCORE_MAX exactly (what rounding
 * leaves over goes to the largest remainders, the earlier line first), and a
 * score is the sum of its rounded parts. So the parts of a pair's score sum to
 * it by construction.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "match/internal.h"

static int wrong_line(struct problem *problem, size_t line, const char *name, const char *what)
{
	char field[64];

	snprintf(field, sizeof field, "lines[%zu].%s", line, name);
	return problem_set(problem, E_INVALID, field, "Line %zu of the recipe: %s.", line + 1, what);
}

static int wrong_criterion(struct problem *problem, size_t line, const char *name)
{
	char what[360];
	size_t count, used;
	const struct match_criterion *rows = match_criteria(&count);

	used = (size_t)snprintf(what, sizeof what, "there is no criterion %.60s; there are", name);
	for (size_t i = 0; i < count && used < sizeof what; i++)
		if (!(rows[i].may & MATCH_ALWAYS))
			used += (size_t)snprintf(
				what + used, sizeof what - used, "%s %s%s", i ? "," : "", rows[i].name, rows[i].about ? ":..." : "");
	return wrong_line(problem, line, "criterion", what);
}

static int wrong_subject(struct problem *problem, size_t line, const struct match_criterion *row)
{
	char what[200];

	if (row->about && strcmp(row->about, "what is compared") == 0)
		snprintf(what, sizeof what, "%s compares one of: %s", row->name, match_subjects_said());
	else
		snprintf(what, sizeof what, "behind %s: stands %s", row->name, row->about);
	return wrong_line(problem, line, "criterion", what);
}

static int wrong_setting(struct problem *problem, size_t line, const struct match_criterion *row, const char *name)
{
	char what[360];
	size_t used = (size_t)snprintf(what, sizeof what, "%s has no parameter %.60s%s", row->name, name,
		row->parameters[0].name ? "; it has" : ", and no other either");

	for (int i = 0; i < MATCH_PARAMETERS_MAX && row->parameters[i].name && used < sizeof what; i++)
		used += (size_t)snprintf(what + used, sizeof what - used, "%s %s (%g to %g)", i ? "," : "", row->parameters[i].name,
			row->parameters[i].least, row->parameters[i].most);
	return wrong_line(problem, line, "settings", what);
}

static int wrong_value(struct problem *problem, size_t line, const struct match_criterion *row, const struct match_parameter *parameter)
{
	char what[200];

	snprintf(what, sizeof what, "%s of %s (%s) takes %s between %g and %g", parameter->name, row->name, parameter->label,
		parameter->whole ? "a whole number" : "a number", parameter->least, parameter->most);
	return wrong_line(problem, line, parameter->name, what);
}

static int parameter_of(const struct match_criterion *row, const char *name)
{
	for (int i = 0; i < MATCH_PARAMETERS_MAX && row->parameters[i].name; i++)
		if (name && strcmp(row->parameters[i].name, name) == 0)
			return i;
	return -1;
}

static int set_parameters(const struct match_line *line, size_t at, struct plan_line *out, struct problem *problem)
{
	const struct match_criterion *row = out->row;

	for (int i = 0; i < MATCH_PARAMETERS_MAX; i++)
		out->parameters[i] = row->parameters[i].standard;
	for (size_t k = 0; k < line->setting_count; k++) {
		const struct match_setting *setting = &line->settings[k];
		int i = parameter_of(row, setting->name);
		const struct match_parameter *parameter = &row->parameters[i < 0 ? 0 : i];

		if (i < 0)
			return wrong_setting(problem, at, row, setting->name);
		if (!(setting->value >= parameter->least && setting->value <= parameter->most) ||
			(parameter->whole && floor(setting->value) != setting->value))
			return wrong_value(problem, at, row, parameter);
		out->parameters[i] = setting->value + 0.0;
	}
	if (parameter_of(row, "least") == 0 && out->parameters[0] > out->parameters[1])
		return wrong_line(problem, at, "least", "the least is above the most");
	return 0;
}

static int take_line(const struct match_recipe *recipe, size_t at, struct plan_line *out, struct problem *problem)
{
	const struct match_line *line = &recipe->lines[at];
	const struct match_criterion *row = match_criterion(line->criterion);

	const char *of = row && row->about ? strchr(line->criterion, ':') + 1 : NULL;
	const struct match_subject *subject = of ? match_subject(of) : NULL;

	if (!row)
		return wrong_criterion(problem, at, line->criterion);
	if (of && (!*of || (!subject && row->measure != match_measure_number)))
		return wrong_subject(problem, at, row);
	if (row->may & MATCH_ALWAYS)
		return wrong_line(problem, at, "criterion", "this rule always holds and stands in no recipe");
	if (line->hard && !(row->may & MATCH_MAY_HARD))
		return wrong_line(problem, at, "hard", "this criterion can only have a weight");
	if (!line->hard && !(row->may & MATCH_MAY_WEIGH))
		return wrong_line(problem, at, "hard", "this criterion can only be a hard rule");
	if (!line->hard && !(line->weight > 0 && line->weight <= 1000))
		return wrong_line(problem, at, "weight", "a weight is above 0 and at most 1000");
	for (size_t i = 0; i < at; i++)
		if (strcmp(recipe->lines[i].criterion, line->criterion) == 0 && recipe->lines[i].hard == line->hard)
			return wrong_line(problem, at, "criterion", "this criterion stands in the recipe before");
	if (row->measure == match_measure_number)
		subject = NULL;
	*out = (struct plan_line){ .row = row,
		.name = line->criterion,
		.of = of,
		.subject = subject,
		.hard = line->hard,
		.quiet = row->quiet || (subject && subject->sealed),
		.secret = row->secret || (subject && subject->sealed),
		.line = (int32_t)at };
	return set_parameters(line, at, out, problem);
}

static void add_always(struct plan *plan, const char *name)
{
	const struct match_criterion *row = match_criterion(name);

	plan->lines[plan->count++] = (struct plan_line){
		.row = row, .name = row->name, .hard = true, .quiet = row->quiet, .secret = row->secret, .line = -1
	};
}

static void share_points(const struct match_recipe *recipe, struct plan *plan)
{
	double sum = 0, rest[MATCH_LINES_MAX + 4];
	int32_t left = MATCH_SCORE_MAX;

	for (int32_t i = plan->hard; i < plan->count; i++)
		sum += recipe->lines[plan->lines[i].line].weight;
	for (int32_t i = plan->hard; i < plan->count; i++) {
		double points = recipe->lines[plan->lines[i].line].weight / sum * MATCH_SCORE_MAX;

		plan->lines[i].points = (int32_t)floor(points);
		rest[i] = points - floor(points);
		left -= plan->lines[i].points;
	}
	for (; left > 0 && plan->count > plan->hard; left--) {
		int32_t most = plan->hard;

		for (int32_t i = plan->hard; i < plan->count; i++)
			if (rest[i] > rest[most])
				most = i;
		plan->lines[most].points++;
		rest[most] -= 1;
	}
}

/* A rule about pairs. */
static bool of_pairs(const struct plan_line *line)
{
	return line->hard && !(line->row->may & MATCH_OF_GROUPS);
}

/* Rules stand in the order in which they are given as the reason: the consent first, what is secret last. */
int match_plan_make(const struct match_recipe *recipe, struct plan *plan, struct problem *problem)
{
	struct plan_line lines[MATCH_LINES_MAX];

	*plan = (struct plan){ 0 };
	if (recipe->line_count > MATCH_LINES_MAX)
		return problem_set(problem, E_INVALID, "lines", "A recipe has at most %d lines.", MATCH_LINES_MAX);
	for (size_t i = 0; i < recipe->line_count; i++) {
		int r = take_line(recipe, i, &lines[i], problem);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < recipe->line_count; i++)
		for (size_t k = 0; k < i; k++)
			if (of_pairs(&lines[i]) && of_pairs(&lines[k]) && match_contradict(&lines[i], &lines[k]))
				return wrong_line(
					problem, i, "criterion", "an earlier rule asks for the opposite, so no pair could keep both");
	add_always(plan, "minor");
	for (size_t i = 0; i < recipe->line_count; i++)
		if (of_pairs(&lines[i]))
			plan->lines[plan->count++] = lines[i];
	add_always(plan, "self");
	add_always(plan, "not_with");
	plan->hard = plan->count;
	for (size_t i = 0; i < recipe->line_count; i++)
		if (!lines[i].hard)
			plan->lines[plan->count++] = lines[i];
	for (size_t i = 0; i < recipe->line_count; i++)
		if (lines[i].row->may & MATCH_OF_GROUPS)
			plan->lines[plan->count + plan->groups++] = lines[i];
	share_points(recipe, plan);
	return 0;
}

/* What says how groups are made decides nothing in a matching of pairs; whoever wrote it thinks that it does. */
static int check_groups(const struct match_input *in, const struct plan *plan, struct problem *problem)
{
	char what[200];

	if (!plan->groups || in->algorithm == MATCH_CIRCLES)
		return 0;
	snprintf(what, sizeof what, "%s is for recipes whose algorithm is circles; take the line out, or change the algorithm",
		plan->lines[plan->count].name);
	return wrong_line(problem, (size_t)plan->lines[plan->count].line, "criterion", what);
}

int match_begin(const struct match_input *in, struct arena *arena, struct prepared *prepared, struct plan *plan, struct problem *problem)
{
	int r = match_plan_make(&in->recipe, plan, problem);

	if (r == 0)
		r = check_groups(in, plan, problem);
	if (r == 0)
		r = match_prepare(in, arena, prepared, problem);
	if (r == 0)
		match_plan_bind(plan, prepared);
	return r;
}

int match_recipe_check(const struct match_recipe *recipe, struct problem *problem)
{
	struct plan plan;

	return match_plan_make(recipe, &plan, problem);
}
