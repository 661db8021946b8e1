/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small random program of mentees and mentors with a recipe, and the score of a pair by a run of these two people alone (rarity is off,
 * so it depends on nobody else).
 */
#ifndef MATCH_WORLD_H
#define MATCH_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

enum {
	SIDE = 7,
	TRAITS = 12,
	SPANS = 8,
	MANY = 40
};

struct world {
	struct match_person mentees[SIDE], mentors[SIDE];
	struct match_trait traits[2 * SIDE][TRAITS];
	struct match_span spans[2 * SIDE][SPANS];
	struct match_number numbers[2 * SIDE];
	struct match_wish wishes[MANY];
	struct match_couple objections[MANY], earlier[MANY];
	struct match_lock locks[SIDE];
	struct match_line lines[16];
	struct match_setting settings[16];
	struct match_input in;
};

static uint64_t state = 7;

static inline int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

static inline bool chance(int percent)
{
	return random_below(100) < percent;
}

/* --- a random program ---------------------------------------------------------------------------------- */

static const struct match_word words[] = { { 0, "knitting" }, { 1, "calculus" }, { 2, "German" }, { 3, "North" }, { 4, "Python" },
	{ 5, "chess" } };

static inline void make_person(struct world *w, int at, struct match_person *who, bool mentor)
{
	*who = (struct match_person){
		.id = 1000 + at * 7 + random_below(7),
		.person = at + 1,
		.age = 20 + random_below(30),
		.year = chance(20) ? MATCH_NONE : random_below(5),
		.minor = chance(10),
		.consent = chance(50),
		.places = mentor ? random_below(3) : !chance(5),
		.marked = !mentor && chance(5),
	};
	who->traits = w->traits[at];
	who->trait_count = (size_t)random_below(TRAITS);
	for (size_t i = 0; i < who->trait_count; i++)
		w->traits[at][i] = (struct match_trait){ (enum match_kind)random_below(MATCH_KINDS), random_below(6), random_below(5),
			chance(mentor ? 20 : 70) };
	w->numbers[at] = (struct match_number){ 5, random_below(9) / 2.0 };
	who->numbers = &w->numbers[at];
	who->number_count = chance(60);
	who->spans = w->spans[at];
	who->span_count = chance(20) ? 0 : SPANS;
	for (int i = 0; i < SPANS; i++) {
		int32_t from = random_below(40) * 15;

		w->spans[at][i] = (struct match_span){ i % 2, from, from + 15 + random_below(8) * 15 };
	}
}

static inline size_t make_couples(struct match_couple *couples, int mentees, int mentors, int percent)
{
	size_t count = 0;

	for (int i = 0; i < mentees; i++)
		for (int j = 0; j < mentors && count < MANY; j++)
			if (chance(percent))
				couples[count++] = chance(50) ? (struct match_couple){ i + 1, SIDE + j + 1 }
							      : (struct match_couple){ SIDE + j + 1, i + 1 };
	return count;
}

/*
 * Of those that are told what to compare, any; groups as a weight only, for nothing may tell that they would have helped. No skill: to give a
 * mentor one of whom no skill was known makes a rule speak that said nothing before, and it may speak against their other mentees.
 */
static const char *full_name(const struct match_criterion *row, bool hard)
{
	static const char *const names[][5] = { { "same:group", "same:site", "same:field of study", "same:language", "same:site" },
		{ "different:first language", "different:first language", "different:first language", "different:first language",
			"different:first language" },
		{ "number:chess", "number:Chess", "number:chess", "number:calculus", "number:nothing" } };

	for (size_t i = 0; row->about && i < sizeof names / sizeof *names; i++)
		if (strncmp(names[i][0], row->name, strlen(row->name)) == 0)
			return names[i][hard ? 1 + random_below(4) : random_below(5)];
	return row->name;
}

static inline void make_recipe(struct world *w)
{
	size_t rows, count = 0;
	const struct match_criterion *table = match_criteria(&rows);

	for (size_t i = 0; i < rows && count < 14; i++) {
		if ((table[i].may & MATCH_MAY_HARD) && !(table[i].may & MATCH_OF_GROUPS) && chance(table[i].about ? 10 : 25))
			w->lines[count++] = (struct match_line){ .criterion = full_name(&table[i], true), .hard = true };
		if ((table[i].may & MATCH_MAY_WEIGH) && chance(60))
			w->lines[count++] = (struct match_line){ .criterion = full_name(&table[i], false),
				.weight = 1 + random_below(9) / 3.0 };
		if (count > 0 && strcmp(w->lines[count - 1].criterion, "traits") == 0) {
			w->settings[count - 1] = (struct match_setting){ "rarity", 0 };
			w->lines[count - 1].settings = &w->settings[count - 1];
			w->lines[count - 1].setting_count = 1;
		}
	}
	w->in.recipe = (struct match_recipe){ w->lines, count };
}

static inline void make(struct world *w)
{
	int mentees = random_below(SIDE) + 1, mentors = random_below(SIDE - 1) + 1;

	memset(w, 0, sizeof *w);
	for (int i = 0; i < mentees; i++)
		make_person(w, i, &w->mentees[i], false);
	for (int j = 0; j < mentors; j++)
		make_person(w, SIDE + j, &w->mentors[j], true);
	if (chance(10))
		w->mentors[0].person = 1;
	w->in = (struct match_input){
		.mentees = w->mentees,
		.mentee_count = (size_t)mentees,
		.mentors = w->mentors,
		.mentor_count = (size_t)mentors,
		.weeks = 2,
		.wishes = w->wishes,
		.objections = w->objections,
		.earlier = w->earlier,
		.locks = w->locks,
		.words = words,
		.word_count = sizeof words / sizeof *words,
		.seed = 5,
	};
	for (; w->in.wish_count < 6; w->in.wish_count++) {
		int64_t a = w->mentees[random_below(mentees)].id, b = w->mentors[random_below(mentors)].id;
		bool back = chance(40);

		w->wishes[w->in.wish_count] = (struct match_wish){ back ? b : a, back ? a : b, 1 + random_below(4) };
	}
	w->in.objection_count = make_couples(w->objections, mentees, mentors, 10);
	w->in.earlier_count = make_couples(w->earlier, mentees, mentors, 10);
	make_recipe(w);
}

/* -1: they cannot be a pair. */
static inline int pair_alone(const struct world *w, int i, int j, bool locked, bool objections)
{
	struct match_person a = w->mentees[i], b = w->mentors[j];
	struct match_lock lock = { a.id, b.id };
	struct match_input in = w->in;
	struct match_result *result;
	struct problem problem;
	int score = -1;

	a.places = b.places = 1;
	in.mentees = &a;
	in.mentors = &b;
	in.mentee_count = in.mentor_count = 1;
	in.locks = &lock;
	in.lock_count = locked;
	in.objection_count = objections ? in.objection_count : 0;
	in.all_pairs = 0;
	if (match_run(&in, NULL, &result, &problem) < 0)
		return -1;
	if (result->pair_count == 1)
		score = result->pairs[0].score;
	match_result_free(result);
	return score;
}

static const enum match_algorithm of_pairs[] = { MATCH_OPTIMAL, MATCH_FAIR, MATCH_STABLE, MATCH_STABLE_FOR_MENTORS };

#endif
