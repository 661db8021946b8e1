/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs that keep pairs of before, beside trying everything: as many placed as without, then as many kept, then the total; and what
 * another pair would cost, by trying everything with that pair in it. On all pairs, and on a shortlist.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

enum {
	MENTEES = 5,
	MENTORS = 4,
	SKILLS = 5
};

struct world {
	struct match_person mentees[MENTEES], mentors[MENTORS];
	struct match_trait traits[MENTEES + MENTORS][SKILLS];
	struct match_lock kept[MENTEES];
	struct match_setting settings[2];
	struct match_line line[1];
	struct match_input in;
	int32_t score[MENTEES][MENTORS];
};

struct worth {
	int64_t placed, kept, total;
};

static uint64_t state = 3;

static int below(int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int)((state >> 33) % (uint64_t)n);
}

static void make_person(struct world *w, int i, bool mentor)
{
	struct match_person *p = mentor ? &w->mentors[i - MENTEES] : &w->mentees[i];

	*p = (struct match_person){ .id = 10 + i,
		.person = 50 + i,
		.places = mentor ? below(3) : 1,
		.age = MATCH_NONE,
		.year = MATCH_NONE,
		.traits = w->traits[i] };
	for (int skill = 0; skill < SKILLS; skill++)
		if (below(2))
			w->traits[i][p->trait_count++] = (struct match_trait){ .kind = MATCH_SKILL, .name = 1 + skill, .sought = !mentor };
}

static void make(struct world *w)
{
	int mentees = 1 + below(MENTEES), mentors = 1 + below(MENTORS);

	memset(w, 0, sizeof *w);
	w->settings[0] = (struct match_setting){ "enough", 3 };
	w->settings[1] = (struct match_setting){ "rarity", 0 };
	w->line[0] = (struct match_line){ .criterion = "traits", .weight = 1, .settings = w->settings, .setting_count = 2 };
	for (int i = 0; i < mentees; i++)
		make_person(w, i, false);
	for (int i = 0; i < mentors; i++)
		make_person(w, MENTEES + i, true);
	w->in = (struct match_input){ .mentees = w->mentees,
		.mentee_count = (size_t)mentees,
		.mentors = w->mentors,
		.mentor_count = (size_t)mentors,
		.kept = w->kept,
		.recipe = { w->line, 1 },
		.seed = 1 };
	for (int i = 0; i < mentees; i++) {
		for (int j = 0; j < mentors; j++) {
			struct match_why why;
			struct problem problem;

			assert_int_equal(match_why(&w->in, w->mentees[i].id, w->mentors[j].id, NULL, &why, &problem), 0);
			w->score[i][j] = why.score;
			match_why_free(&why);
		}
		if (below(4))
			w->kept[w->in.kept_count++] = (struct match_lock){ w->mentees[i].id, 10 + MENTEES + below(MENTORS) };
	}
}

static bool was(const struct world *w, int i, int j)
{
	for (size_t k = 0; k < w->in.kept_count; k++)
		if (w->kept[k].mentee == w->mentees[i].id)
			return w->kept[k].mentor == w->mentors[j].id;
	return false;
}

static bool better(const struct worth *a, const struct worth *b)
{
	if (a->placed != b->placed)
		return a->placed > b->placed;
	return a->kept != b->kept ? a->kept > b->kept : a->total > b->total;
}

/* `forced`: of a mentee its mentor, or -1. */
static void try_all(const struct world *w, int i, const int *forced, int *left, struct worth now, struct worth *best)
{
	if (i == (int)w->in.mentee_count) {
		if (better(&now, best))
			*best = now;
		return;
	}
	if (forced[i] < 0)
		try_all(w, i + 1, forced, left, now, best);
	for (int j = 0; j < (int)w->in.mentor_count; j++)
		if (left[j] > 0 && (forced[i] < 0 || forced[i] == j)) {
			left[j]--;
			try_all(w, i + 1, forced, left,
				(struct worth){ now.placed + 1, now.kept + was(w, i, j), now.total + w->score[i][j] }, best);
			left[j]++;
		}
}

static struct worth best_of(const struct world *w, int mentee, int mentor)
{
	int forced[MENTEES], left[MENTORS];
	struct worth best = { -1, -1, -1 };

	for (int i = 0; i < MENTEES; i++)
		forced[i] = i == mentee ? mentor : -1;
	for (int j = 0; j < (int)w->in.mentor_count; j++)
		left[j] = w->mentors[j].places;
	try_all(w, 0, forced, left, (struct worth){ 0 }, &best);
	return best;
}

static void alternatives_cost(const struct world *w, const struct worth *best, const struct match_alternative *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct worth forced = best_of(w, (int)list[i].mentee - 10, (int)list[i].mentor - 10 - MENTEES);

		assert_true(list[i].exact);
		assert_int_equal(list[i].cost_placed, best->placed - forced.placed);
		assert_int_equal(list[i].cost_band, best->kept - forced.kept);
		assert_int_equal(list[i].cost_total, best->total - forced.total);
		if (list[i].cost_placed == 0 && list[i].cost_band > 0)
			assert_non_null(strstr(list[i].text, "more of the pairs that stayed together"));
	}
}

static void test_against_trying_everything(void **unused)
{
	struct world *w = calloc(1, sizeof *w);
	int bound = 0, moved = 0;

	(void)unused;
	for (int round = 0; round < 1500; round++) {
		struct match_result *result;
		struct problem problem;
		struct worth best;

		make(w);
		w->in.all_pairs = round % 3 == 0; /* 1: a shortlist, which holds all of so few */
		best = best_of(w, -1, -1);
		if (match_run(&w->in, NULL, &result, &problem) < 0)
			fail_msg("%s", problem.text);
		assert_int_equal(result->placed, best.placed);
		assert_int_equal(result->kept, best.kept);
		assert_int_equal(result->total, best.total);
		assert_int_equal(result->bound_placed, best.placed);
		bound += result->bound_total == best.total;
		moved += best.kept < (int64_t)w->in.kept_count;
		for (size_t i = 0; i < result->pair_count && !result->shortlisted; i++) {
			alternatives_cost(w, &best, result->pairs[i].mentee_alternatives, result->pairs[i].mentee_alternative_count);
			alternatives_cost(w, &best, result->pairs[i].mentor_alternatives, result->pairs[i].mentor_alternative_count);
		}
		match_result_free(result);
	}
	assert_true(bound > 800 && moved > 300);
	free(w);
}

static void test_what_is_kept_is_hashed(void **unused)
{
	struct world *w = calloc(1, sizeof *w);
	unsigned char with[32], without[32];
	struct problem problem;

	(void)unused;
	do
		make(w);
	while (!w->in.kept_count);
	w->kept[0].mentor = w->mentors[0].id;
	assert_int_equal(match_input_hash(&w->in, with, &problem), 0);
	w->in.kept_count = 0;
	assert_int_equal(match_input_hash(&w->in, without, &problem), 0);
	assert_memory_not_equal(with, without, 32);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_trying_everything),
		cmocka_unit_test(test_what_is_kept_is_hashed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
