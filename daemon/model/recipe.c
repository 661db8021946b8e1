/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recipes: what a matching counts, in a coordinator's words. A recipe has an algorithm and a line for each criterion; the
 * criteria and their parameters are a table of their own (match/criteria.c), which says what is wrong with a line when it is saved. How
 * much a line counts is said in words, or as a number by who wants to.
 */
#include <math.h>
#include <string.h>

#include "core/recipe_line.h"
#include "core/what_if.h"
#include "model.h"

const char *const match_algorithms[] = { "optimal", "fair", "stable", "circles", "stable for mentors", NULL };
static const char *const uses[] = { "hard", "weight", "nice to have", "important", "very important", "must", NULL };
enum {
	USE_HARD,
	USE_WEIGHT
};


static const struct field fields[] = { ID_AND_VERSION(struct recipe, .anchor = NO_ANCHOR),
	{ AS_INT(struct recipe, program, LINK, MEMBER), .flags = REQUIRED | FROZEN | LEADS, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_TEXT(struct recipe, name, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED | KEY, .min = 1, .max = 120,
		.label = "Name" },
	{ AS_INT(struct recipe, algorithm, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = match_algorithms, .starts = true,
		.label = "Algorithm" },
	{ AS_TEXT(struct recipe, starter, STAFF), .flags = FROZEN | HAS_MAX, .max = 64, .label = "Made from the shipped recipe" }, { 0 } };
COVERS(fields, struct recipe, 0);

static int recipe_create(struct call *call, const void *was, void *now)
{
	struct recipe *recipe = now;

	(void)was;
	return recipe->starter ? shipped_recipe(call, recipe->starter, match_algorithms, &recipe->algorithm) : 0;
}

static int recipe_changed(struct call *call, const void *was, const void *now)
{
	const struct recipe *recipe = now;

	return recipe && !was && recipe->starter ? shipped_lines(call, recipe->id, recipe->starter) : 0;
}

static int recipe_preview(struct call *call, const void *was, void *now)
{
	(void)now;
	return begin_work(call, "match preview", ((const struct recipe *)was)->id);
}

static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", recipe_create, "Make a recipe", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
	{ "Preview", COORDINATOR, 0, KEEP, NULL, recipe_preview, "See what each criterion says of the people of today", LONG, NULL, NULL,
		0 },
	{ 0 } };

const struct entity recipe_entity = { .name = "recipe",
	.collection = "recipes",
	.size = sizeof(struct recipe),
	.fields = fields,
	.verbs = verbs,
	.changed = recipe_changed,
	.unique = "program name",
	.retention = AFTER_PROGRAM,
	.label = "Recipe",
	.help = "How a matching of a program is made.",
	.order = "name" };


static const struct field line_fields[] = { ID_AND_VERSION(struct recipe_line, .anchor = NO_ANCHOR),
	{ AS_INT(struct recipe_line, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct recipe_line, recipe, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | KEY | LEADS, .to = "recipe",
		.label = "Recipe" },
	{ AS_TEXT(struct recipe_line, criterion, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LISTED | KEY, .min = 1,
		.max = 64, .label = "Criterion" },
	{ AS_INT(struct recipe_line, use, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = uses, .starts = true, .initial = 1,
		.label = "Hard rule, weight, or how important in words" },
	{ AS_REAL(struct recipe_line, weight, STAFF), .flags = HAS_MIN | HAS_MAX | LISTED, .max = 1000,
		.label = "Weight (where use is 'weight')" },
	{ AS_TEXT(struct recipe_line, parameters, STAFF), .flags = HAS_MAX | LISTED, .max = 500, .label = "Parameters (name=value ...)" },
	{ 0 } };
COVERS(line_fields, struct recipe_line, 0);

static bool is_rule(const struct recipe_line *line)
{
	return line->use == USE_HARD || isinf(importance_weight(uses[line->use]));
}

static double weight_of(const struct recipe_line *line)
{
	double weight = importance_weight(uses[line->use]);

	return weight > 0 ? weight : line->weight; /* an absent one counts as 1 */
}

struct twin {
	const struct recipe_line *line;
	bool found;
};

static int is_twin(struct call *call, void *record, void *data)
{
	const struct recipe_line *other = record;
	struct twin *twin = data;

	(void)call;
	if (other->id != twin->line->id && !strcmp(other->criterion, twin->line->criterion) && is_rule(other) == is_rule(twin->line))
		twin->found = true;
	return 0;
}

/* A criterion stands once as a rule and once with a weight, however that is said. */
static int line_check(struct call *call, const void *record)
{
	const struct recipe_line *line = record;
	struct twin twin = { line, false };
	int r = recipe_line_check(line->criterion, is_rule(line), weight_of(line), line->parameters, &call->problem);

	if (!r)
		r = each(call, &recipe_line_entity, is_twin, &twin, "\"recipe\" = ?1", VALUES(line->recipe));
	return !r && twin.found ? fail(call, E_CONFLICT, "criterion", "this recipe has %s %s already; change that line", line->criterion,
					  is_rule(line) ? "as a rule" : "with a weight")
				: r;
}

/* Words have a weight of their own. */
static int line_set(struct call *call, const void *was, void *now)
{
	const struct recipe_line *old = was;
	struct recipe_line *line = now;

	if (importance_weight(uses[line->use]) > 0) {
		if (!isnan(line->weight) && (!old || isnan(old->weight) || old->weight != line->weight))
			return fail(
				call, E_INVALID, "weight", "'%s' has a weight of its own; a number goes with use=weight", uses[line->use]);
		line->weight = NAN;
	}
	return 0;
}

/* ---- a recipe as lines of text, the form in which a run keeps its copy ---- */

struct copying {
	struct what_if *changes;
	size_t count;
	char *lines;
};

static const struct what_if *change_of(const struct copying *c, const char *criterion)
{
	for (size_t i = c->count; i > 0; i--) /* the last word counts */
		if (c->changes[i - 1].kind == WHAT_CRITERION && !strcmp(c->changes[i - 1].criterion, criterion))
			return &c->changes[i - 1];
	return NULL;
}

static void copy_one(struct call *call, struct copying *c, const char *criterion, bool rule, double weight, const char *parameters)
{
	c->lines = arena_print(call->arena, "%s%s\t%s\t%.17g\t%s\n", c->lines ? c->lines : "", criterion, rule ? "hard" : "weight",
		rule ? 0.0 : weight, parameters ? parameters : "");
}

/* A change replaces both lines of its criterion. */
static int copy_line(struct call *call, void *record, void *data)
{
	const struct recipe_line *line = record;

	if (!change_of(data, line->criterion))
		copy_one(call, data, line->criterion, is_rule(line), weight_of(line), line->parameters);
	return 0;
}

int recipe_lines(struct call *call, int64_t recipe, const char *changes, char **ret_lines)
{
	struct copying c = { 0 };
	int r = what_if_read(call->arena, changes, &c.changes, &c.count, &call->problem);

	if (!r)
		r = each(call, &recipe_line_entity, copy_line, &c, "\"recipe\" = ?1", VALUES(recipe));
	for (size_t i = 0; i < c.count && !r; i++) {
		const struct what_if *w = &c.changes[i];

		if (w->kind != WHAT_CRITERION || change_of(&c, w->criterion) != w || w->use == 'o')
			continue;
		r = recipe_line_check(w->criterion, w->use == 'h', w->use == 'h' ? 1 : w->weight, w->parameters, &call->problem);
		if (r)
			return fail(call, r, "changes", "%s: %s", w->criterion, arena_copy(call->arena, call->problem.text));
		copy_one(call, &c, w->criterion, w->use == 'h', w->weight, w->parameters);
	}
	*ret_lines = c.lines;
	return r;
}

static const struct verb line_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", line_set, "Add a criterion", ON_COLLECTION, NULL, NULL,
						  0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", line_set, "Change", 0, NULL, NULL, 0 },
	{ "Remove", COORDINATOR, 0, KEEP, NULL, NULL, "Remove", REMOVES, NULL, NULL, 0 }, { 0 } };

const struct entity recipe_line_entity = { .name = "recipe_line",
	.collection = "recipe_lines",
	.size = sizeof(struct recipe_line),
	.fields = line_fields,
	.verbs = line_verbs,
	.check = line_check,
	.unique = "recipe criterion use",
	.retention = AFTER_PROGRAM,
	.label = "Recipe line",
	.help = "A criterion of a recipe.",
	.order = "criterion" };
