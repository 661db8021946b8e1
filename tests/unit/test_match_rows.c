/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kept rows beside direct measuring: random people, every criterion as a rule and as a weight, every pair, to the last point.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/rows.h"

enum {
	MENTEES = 300,
	MENTORS = 2500, /* three tiles, the last one not full */
	TRAITS = 40,
	SPANS = 40,
	WEEKS = 3
};

static uint64_t state = 7;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

/* Of a kind few words, so that people meet; one in eight knows nothing of it, and few have very many. */
static size_t give_traits(struct match_trait *traits)
{
	size_t count = 0;

	for (int kind = 0; kind < MATCH_KINDS; kind++) {
		int32_t many = random_below(8) == 0 ? 0 : random_below(40) == 0 ? 6 : 1 + random_below(3);

		for (int32_t k = 0; k < many && count < TRAITS; k++)
			traits[count++] = (struct match_trait){ (enum match_kind)kind, kind * 10 + random_below(7), random_below(5),
				random_below(2) == 0 };
	}
	return count;
}

static size_t give_spans(struct match_span *spans)
{
	size_t count = 0;

	if (random_below(8) == 0)
		return 0;
	for (int32_t k = 1 + random_below(4); k > 0; k--) {
		int32_t from = random_below(40) * 30 + (random_below(10) == 0 ? random_below(30) : 0), length = 30 * (1 + random_below(6));
		bool moves = random_below(3) == 0;

		for (int32_t week = 0; week < WEEKS; week++)
			spans[count++] = (struct match_span){ week, from + (moves && week == 1 ? 60 : 0),
				from + length + (moves && week == 1 ? 60 : 0) };
	}
	return count;
}

static struct match_person *people(struct arena *arena, int32_t count, int64_t first, bool mentors)
{
	struct match_person *list = arena_new(arena, (size_t)count * sizeof *list);

	for (int32_t i = 0; i < count; i++) {
		struct match_trait *traits = arena_new(arena, TRAITS * sizeof *traits);
		struct match_span *spans = arena_new(arena, SPANS * sizeof *spans);
		struct match_number *number = arena_new(arena, sizeof *number);

		*number = (struct match_number){ 1000, random_below(9) * 0.3 };
		list[i] = (struct match_person){ .id = first + i,
			.person = 5 * i + (mentors ? 0 : 10 * (i % 2)) + 1, /* some stand on both sides */
			.places = mentors ? random_below(4) : 1,
			.taken = random_below(4),
			.age = random_below(6) == 0 ? MATCH_NONE : 15 + random_below(30),
			.year = random_below(6) == 0 ? MATCH_NONE : random_below(8),
			.minor = random_below(12) == 0,
			.consent = random_below(2) == 0,
			.traits = traits,
			.trait_count = give_traits(traits),
			.spans = spans,
			.span_count = give_spans(spans),
			.numbers = number,
			.number_count = random_below(6) > 0 };
	}
	return list;
}

/* Each criterion that may be, as a rule with some parameter, as a weight, or as both. */
static size_t recipe(struct arena *arena, struct match_line *lines, struct match_setting *settings, bool hard, unsigned which)
{
	static const char *const about[] = { "site", "group", "skill", "interest", "first language" };
	size_t rows, count = 0;
	const struct match_criterion *row = match_criteria(&rows);

	for (size_t i = 0; i < rows; i++) {
		const char *name = arena_print(arena, row[i].about ? "%s:%s" : "%s", row[i].name,
			row[i].measure == match_measure_number ? "hours a month" : about[(which + i) % 5]);
		for (int as = 0; as < 2; as++) {
			if ((row[i].may & MATCH_OF_GROUPS) || !(row[i].may & (as ? MATCH_MAY_WEIGH : MATCH_MAY_HARD)) ||
				(!as && (!hard || (which + i) % 6)))
				continue;
			settings[count] = (struct match_setting){ row[i].parameters[0].name,
				row[i].parameters[0].least > 0 ? row[i].parameters[0].least : -2 };
			lines[count] = (struct match_line){ name, !as, 1 + random_below(9), &settings[count],
				row[i].parameters[0].name && !as };
			count++;
		}
	}
	return count;
}

static void compare(const struct match_input *in, int64_t *ret_allowed)
{
	struct arena arena = { 0 };
	struct prepared prepared;
	struct plan plan;
	struct scorer scorer;
	struct rows rows;
	struct summing summing;
	struct problem problem;
	int32_t *direct, ways[3] = { 0 };

	if (match_begin(in, &arena, &prepared, &plan, &problem) < 0)
		fail_msg("refused: %s", problem.text);
	match_scorer_make(&scorer, &prepared, &plan, &arena);
	match_rows_make(&rows, &prepared, &plan, &arena);
	match_summing_make(&summing, &rows);
	direct = arena_new(&arena, (size_t)prepared.mentor_count * sizeof *direct);
	for (int32_t i = 0; i < rows.count; i++)
		ways[rows.lines[i].way]++;
	assert_true(ways[BY_KEY] > 3 && ways[BY_CODE] > 1);
	for (int32_t from = 0; from < prepared.mentor_count; from += TILE) {
		match_summing_begin(&summing, from);
		for (int32_t i = 0; i < rows.order_count; i++) {
			int32_t mentee = rows.order[i], count = summing.facts.count;
			const int32_t *scores;
			int32_t allowed = match_summing_scores(&summing, mentee, &scores);

			*ret_allowed += allowed;
			match_score_all(&scorer, mentee, direct);
			for (int32_t j = 0; j < TILE; j++)
				if (scores[j] != (j < count ? direct[from + j] : -1))
					fail_msg("mentee %d, mentor %d: %d by rows, %d measured", mentee, from + j, scores[j],
						direct[from + j]);
			for (int32_t j = 0; j < count; j++)
				allowed -= scores[j] >= 0;
			assert_true(allowed >= 0); /* those that only what is secret forbids */
		}
	}
	assert_int_equal(scorer.eligible, *ret_allowed * ((prepared.mentor_count + TILE - 1) / TILE)); /* counted once for each tile */
	for (int32_t at = plan.hard; at < plan.count; at++)
		assert_int_equal(summing.known[at], scorer.known[at]);
	match_summing_free(&summing);
	arena_free(&arena);
}

static void test_rows_are_what_is_measured(void **context)
{
	(void)context;
	for (unsigned round = 0; round < 6; round++) {
		static const struct match_word word = { 1000, "Hours a month" };
		struct arena arena = { 0 };
		struct match_line lines[MATCH_LINES_MAX];
		struct match_setting settings[MATCH_LINES_MAX];
		struct match_wish *wishes = arena_new(&arena, 2000 * sizeof *wishes);
		struct match_couple *couples = arena_new(&arena, 2000 * sizeof *couples);
		struct match_input in = { .mentees = people(&arena, MENTEES, 1, false),
			.mentee_count = MENTEES,
			.mentors = people(&arena, MENTORS, 1001, true),
			.mentor_count = MENTORS,
			.weeks = WEEKS,
			.words = &word,
			.word_count = 1,
			.wishes = wishes,
			.wish_count = 2000,
			.earlier = couples,
			.earlier_count = 1000,
			.objections = couples + 1000,
			.objection_count = 1000 };
		int64_t allowed = 0;

		for (int32_t i = 0; i < 2000; i++) {
			int64_t mentee = 1 + random_below(MENTEES), mentor = 1001 + random_below(MENTORS);

			wishes[i] = (struct match_wish){ i % 2 ? mentee : mentor, i % 2 ? mentor : mentee, 1 + random_below(4) };
			couples[i] = (struct match_couple){ in.mentees[random_below(MENTEES)].person,
				in.mentors[random_below(MENTORS)].person };
		}
		in.recipe = (struct match_recipe){ lines, recipe(&arena, lines, settings, round > 0, round) };
		compare(&in, &allowed);
		assert_true(allowed > 1000);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows_are_what_is_measured) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
