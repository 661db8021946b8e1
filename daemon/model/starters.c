/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Starters: programs that a coordinator can begin with. A starter fills what Create left open (a field that was given stays) and
 * makes a recipe of its own. All of it can be changed afterwards.
 */
#include <string.h>

#include "model.h"

struct line {
	const char *criterion;
	bool hard;
	double weight;
	const char *parameters;
};
struct starter {
	const char *name, *summary, *mentor_role, *mentee_role, *eligibility;
	int64_t check_in_weeks, check_in_first_weeks, mentor_places, contact, offer_order, minimum_meetings;
	const char *recipe;
	struct line lines[10];
};

static const struct starter starters[] = {
	{ "first-year-university",
		"Students who have been here for a while help those who have just come to find their way through the first year.",
		"Meets each mentee every two weeks, listens, shares what helped, and knows where the university's help is found.",
		"Brings questions, keeps to what was agreed, and says early when something does not work.",
		"Mentors have studied here for at least a year; mentees are in their first.", 2, 1, 4, 0, OFFER_BOTH, 6,
		"place as many as possible",
		{ { "language", true, 0, "" }, { "availability", true, 0, "at_least=30" }, { "traits", false, 5, "" },
			{ "availability", false, 2, "" }, { "field", false, 2, "" }, { "mentee_wish", false, 3, "" },
			{ "mentor_wish", false, 2, "" }, { "earlier", false, 1, "" } } },
	{ "peer-school", "Older pupils accompany younger ones: homework, friends, finding their feet.",
		"Meets the mentee once a week at school, keeps what was told private, and turns to the coordinator when somebody is in danger.",
		"Comes to the meetings and says what helps and what does not.",
		"Pupils of the school, with the consent of their guardians.", 1, 1, 1, 2, OFFER_MENTOR_FIRST, 10,
		"place as many as possible",
		{ { "language", true, 0, "" }, { "availability", true, 0, "at_least=30" }, { "traits", false, 5, "" },
			{ "site", false, 3, "" }, { "mentee_wish", false, 3, "" }, { "mentor_wish", false, 2, "" } } },
	{ "new-staff", "Experienced colleagues accompany those who are new on the staff through their first year.",
		"Meets the new colleague every two weeks, explains what is written nowhere, and is not their superior.",
		"Asks, tries out, and looks back with the mentor at what happened.",
		"Mentors have at least three years of experience and work in another department.", 4, 2, 2, 0, OFFER_BOTH, 8,
		"place as many as possible",
		{ { "department", true, 0, "" }, { "availability", true, 0, "at_least=30" }, { "traits", false, 5, "" },
			{ "availability", false, 2, "" }, { "mentee_wish", false, 3, "" }, { "mentor_wish", false, 2, "" } } },
	{ 0 }
};

static const struct starter *starter_named(const char *name)
{
	for (const struct starter *s = starters; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

static void fill_text(char **field, const char *text)
{
	if (!*field)
		*field = (char *)(uintptr_t)text;
}

int starter_fill(struct call *call, struct program *p)
{
	const struct starter *s = starter_named(p->starter);
	const struct program *first = fresh(call, &program_entity);

	if (!s)
		return fail(call, E_INVALID, "starter",
			"there is no such starter; these are shipped: first-year-university, peer-school, new-staff");
	fill_text(&p->summary, s->summary);
	fill_text(&p->mentor_role, s->mentor_role);
	fill_text(&p->mentee_role, s->mentee_role);
	fill_text(&p->eligibility, s->eligibility);
	/* a number at its initial value was not given */
	if (p->check_in_weeks == first->check_in_weeks)
		p->check_in_weeks = s->check_in_weeks;
	if (p->check_in_first_weeks == first->check_in_first_weeks)
		p->check_in_first_weeks = s->check_in_first_weeks;
	if (p->mentor_places == first->mentor_places)
		p->mentor_places = s->mentor_places;
	if (p->contact == first->contact)
		p->contact = s->contact;
	if (p->offer_order == first->offer_order)
		p->offer_order = s->offer_order;
	if (p->minimum_meetings == NONE)
		p->minimum_meetings = s->minimum_meetings;
	return 0;
}


/* How much a line counts, in the words of a recipe line. */
enum {
	HARD,
	WEIGHT,
	NICE,
	IMPORTANT,
	VERY_IMPORTANT,
	MUST
};

/* Recipes in a coordinator's words. One whose algorithm is not there (yet) is not offered. */
static const struct shipped {
	const char *name, *algorithm;
	struct {
		const char *criterion;
		int use;
		const char *parameters;
	} lines[12];
} shipped[] = { { "place as many as possible", "optimal",
			{ { "language", MUST, NULL }, { "availability", MUST, "at_least=30" }, { "traits", VERY_IMPORTANT, NULL },
				{ "availability", IMPORTANT, NULL }, { "mentee_wish", IMPORTANT, NULL }, { "mentor_wish", IMPORTANT, NULL },
				{ "interests", NICE, NULL }, { "earlier", NICE, NULL } } },
	{ "help the worst off first", "fair",
		{ { "language", MUST, NULL }, { "availability", MUST, "at_least=30" }, { "traits", VERY_IMPORTANT, NULL },
			{ "availability", VERY_IMPORTANT, NULL }, { "mentee_wish", IMPORTANT, NULL }, { "interests", NICE, NULL } } },
	{ "respect wishes", "stable",
		{ { "language", MUST, NULL }, { "availability", MUST, "at_least=30" }, { "mentee_wish", VERY_IMPORTANT, "ranks=10" },
			{ "mentor_wish", VERY_IMPORTANT, "ranks=10" }, { "traits", NICE, NULL }, { "interests", NICE, NULL } } },
	{ "make groups", "circles",
		{ { "circle_size", MUST, "least=4 most=7" }, { "circle_mentors", MUST, "least=1 most=1" },
			{ "circle_time", MUST, "minutes=60" }, { "language", MUST, NULL }, { "interests", VERY_IMPORTANT, NULL },
			{ "traits", IMPORTANT, NULL } } },
	{ 0 } };

static bool is_offered(const struct shipped *s, const char *const *algorithms, int64_t *ret_algorithm)
{
	for (*ret_algorithm = 0; algorithms[*ret_algorithm]; ++*ret_algorithm)
		if (!strcmp(algorithms[*ret_algorithm], s->algorithm))
			return true;
	return false;
}

int shipped_recipe(struct call *call, const char *name, const char *const *algorithms, int64_t *ret_algorithm)
{
	const char *known = NULL;
	int64_t algorithm;

	for (const struct shipped *s = shipped; s->name; s++) {
		if (!is_offered(s, algorithms, &algorithm))
			continue;
		if (!strcmp(s->name, name)) {
			*ret_algorithm = algorithm;
			return 0;
		}
		known = known ? arena_print(call->arena, "%s, %s", known, s->name) : s->name;
	}
	return fail(call, E_INVALID, "starter", "there is no such recipe; these are shipped: %s", known);
}

int shipped_lines(struct call *call, int64_t recipe, const char *name)
{
	const struct shipped *s = shipped;
	int r = 0;

	while (strcmp(s->name, name) != 0)
		s++;
	for (int i = 0; s->lines[i].criterion && !r; i++) {
		struct recipe_line *line = fresh(call, &recipe_line_entity);

		line->recipe = recipe;
		line->criterion = (char *)(uintptr_t)s->lines[i].criterion;
		line->use = s->lines[i].use;
		line->parameters = (char *)(uintptr_t)s->lines[i].parameters;
		r = add(call, &recipe_line_entity, line);
	}
	return r;
}

int starter_recipe(struct call *call, const struct program *program)
{
	const struct starter *s = starter_named(program->starter);
	struct recipe *recipe = fresh(call, &recipe_entity);
	struct program *was = arena_new(call->arena, sizeof *was);
	int r;

	recipe->program = program->id;
	recipe->name = (char *)(uintptr_t)s->recipe;
	r = add(call, &recipe_entity, recipe);
	for (const struct line *l = s->lines; l->criterion && !r; l++) {
		struct recipe_line *line = fresh(call, &recipe_line_entity);

		line->recipe = recipe->id;
		line->criterion = (char *)(uintptr_t)l->criterion;
		line->use = !l->hard;
		line->weight = l->weight;
		line->parameters = *l->parameters ? (char *)(uintptr_t)l->parameters : NULL;
		r = add(call, &recipe_line_entity, line);
	}
	if (r)
		return r;
	*was = *program;
	((struct program *)(uintptr_t)program)->recipe = recipe->id;
	return save(call, &program_entity, was, (void *)(uintptr_t)program);
}
