/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recipes: what a matching counts, in a coordinator's words. A recipe has an algorithm and a line for each criterion; the
 * criteria and their parameters are a table of their own (match/criteria.c), which says what is wrong with a line when it is saved.
 */
#include "core/recipe_line.h"
#include "model.h"

static const char *const algorithms[] = { "optimal", NULL };
static const char *const uses[] = { "hard", "weight", NULL };

struct recipe {
	int64_t id, version, program;
	char *name;
	int64_t algorithm;
};

static const struct field fields[] = { ID_AND_VERSION(struct recipe, .anchor = NO_ANCHOR),
	{ AS_INT(struct recipe, program, LINK, MEMBER), .flags = REQUIRED | FROZEN | LEADS, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_TEXT(struct recipe, name, STAFF), .flags = REQUIRED | HAS_MIN | HAS_MAX | SORTED | LABEL | LISTED | KEY, .min = 1, .max = 120,
		.label = "Name" },
	{ AS_INT(struct recipe, algorithm, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = algorithms, .starts = true,
		.label = "Algorithm" },
	{ 0 } };
COVERS(fields, struct recipe, 0);

static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", NULL, "Make a recipe", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 }, { 0 } };

const struct entity recipe_entity = { .name = "recipe",
	.collection = "recipes",
	.size = sizeof(struct recipe),
	.fields = fields,
	.verbs = verbs,
	.unique = "program name",
	.retention = AFTER_PROGRAM,
	.label = "Recipe",
	.help = "How a matching of a program is made.",
	.order = "name" };

struct recipe_line {
	int64_t id, version, program, recipe;
	char *criterion;
	int64_t use;
	double weight;
	char *parameters;
};

static const struct field line_fields[] = { ID_AND_VERSION(struct recipe_line, .anchor = NO_ANCHOR),
	{ AS_INT(struct recipe_line, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM,
		.label = "Program" },
	{ AS_INT(struct recipe_line, recipe, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | KEY | LEADS, .to = "recipe",
		.label = "Recipe" },
	{ AS_TEXT(struct recipe_line, criterion, STAFF), .flags = REQUIRED | FROZEN | HAS_MIN | HAS_MAX | SORTED | LISTED | KEY, .min = 1,
		.max = 64, .label = "Criterion" },
	{ AS_INT(struct recipe_line, use, CHOICE, STAFF), .flags = REQUIRED | LISTED, .choices = uses, .starts = true, .initial = 1,
		.label = "Hard rule or weight" },
	{ AS_REAL(struct recipe_line, weight, STAFF), .flags = HAS_MIN | HAS_MAX | LISTED, .max = 1000, .label = "Weight" },
	{ AS_TEXT(struct recipe_line, parameters, STAFF), .flags = HAS_MAX | LISTED, .max = 500, .label = "Parameters (name=value ...)" },
	{ 0 } };
COVERS(line_fields, struct recipe_line, 0);

static int line_check(struct call *call, const void *record)
{
	const struct recipe_line *line = record;

	return recipe_line_check(line->criterion, !line->use, line->weight, line->parameters, &call->problem);
}

static const struct verb line_verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", NULL, "Add a criterion", ON_COLLECTION, NULL, NULL, 0 },
	{ "Update", COORDINATOR, 0, KEEP, "*", NULL, "Change", 0, NULL, NULL, 0 },
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
