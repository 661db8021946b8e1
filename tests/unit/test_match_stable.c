/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stable matchings beside the list of all matchings of small instances, by brute force and with no code of the room: the best and the
 * worst of each person, who is placed at all (the same in all stable ones), two thirds of the largest weakly stable one; and the
 * checker beside a look of our own, on good and on spoilt results.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

enum {
	SIDE = 6, /* of what is enumerated */
	LARGE = 400
};

struct instance {
	struct match_choices choices;
	int64_t start[LARGE + 1];
	struct match_choice list[LARGE * LARGE];
	int32_t places[LARGE];
	int32_t mentor_of[LARGE];
};

static uint64_t state = 7;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

/* Likings from 0 to levels - 1; with strict lists all of one list differ. */
static void make(struct instance *in, int32_t mentees, int32_t mentors, int32_t percent, int32_t levels, int32_t places)
{
	int64_t count = 0;

	for (int32_t i = 0; i < mentees; i++) {
		in->start[i] = count;
		for (int32_t j = 0; j < mentors; j++)
			if (random_below(100) < percent)
				in->list[count++] = (struct match_choice){ j, random_below(levels), random_below(levels) };
	}
	in->start[mentees] = count;
	for (int32_t j = 0; j < mentors; j++)
		in->places[j] = random_below(places + 1);
	in->choices = (struct match_choices){ mentees, mentors, in->start, in->list, in->places };
}

/* Likings that all differ in one list: the pair's number decides what is equal. */
static void make_strict(struct instance *in)
{
	int32_t mentees = in->choices.mentees;

	for (int32_t i = 0; i < mentees; i++)
		for (int64_t e = in->start[i]; e < in->start[i + 1]; e++) {
			in->list[e].mentee_likes = in->list[e].mentee_likes * LARGE + in->list[e].mentor;
			in->list[e].mentor_likes = in->list[e].mentor_likes * LARGE + i;
		}
}

static const struct match_choice *pair_of(const struct instance *in, int32_t mentee, int32_t mentor)
{
	for (int64_t e = in->start[mentee]; e < in->start[mentee + 1]; e++)
		if (in->list[e].mentor == mentor)
			return &in->list[e];
	return NULL;
}

/* By the definition: for each pair, would both rather? */
static bool is_stable(const struct instance *in, const int32_t *mentor_of)
{
	for (int32_t i = 0; i < in->choices.mentees; i++)
		for (int64_t e = in->start[i]; e < in->start[i + 1]; e++) {
			int32_t mentor = in->list[e].mentor, taken = 0;
			bool wants = mentor_of[i] < 0 || pair_of(in, i, mentor_of[i])->mentee_likes < in->list[e].mentee_likes,
			     welcome = false;

			for (int32_t k = 0; k < in->choices.mentees; k++)
				if (mentor_of[k] == mentor) {
					taken++;
					welcome = welcome || pair_of(in, k, mentor)->mentor_likes < in->list[e].mentor_likes;
				}
			if (wants && (welcome || taken < in->places[mentor]))
				return false;
		}
	return true;
}

struct all { /* what all stable matchings of an instance have in common */
	int count;
	int32_t largest, smallest;
	int32_t best[SIDE], worst[SIDE];           /* liking of each mentee; -1: without a mentor */
	int32_t load_least[SIDE], load_most[SIDE]; /* mentees of each mentor */
	int64_t sum_best[SIDE], sum_worst[SIDE];   /* of each mentor: the sum of its likings of those it has */
};

static void note(const struct instance *in, const int32_t *mentor_of, struct all *all)
{
	int32_t placed = 0, load[SIDE] = { 0 };
	int64_t sum[SIDE] = { 0 };

	for (int32_t i = 0; i < in->choices.mentees; i++) {
		int32_t likes = -1;

		if (mentor_of[i] >= 0) {
			placed++;
			load[mentor_of[i]]++;
			sum[mentor_of[i]] += pair_of(in, i, mentor_of[i])->mentor_likes;
			likes = pair_of(in, i, mentor_of[i])->mentee_likes;
		}
		if (all->count == 0 || likes > all->best[i])
			all->best[i] = likes;
		if (all->count == 0 || likes < all->worst[i])
			all->worst[i] = likes;
	}
	for (int32_t j = 0; j < in->choices.mentors; j++) {
		if (all->count == 0 || load[j] < all->load_least[j])
			all->load_least[j] = load[j];
		if (all->count == 0 || load[j] > all->load_most[j])
			all->load_most[j] = load[j];
		if (all->count == 0 || sum[j] > all->sum_best[j])
			all->sum_best[j] = sum[j];
		if (all->count == 0 || sum[j] < all->sum_worst[j])
			all->sum_worst[j] = sum[j];
	}
	if (all->count == 0 || placed > all->largest)
		all->largest = placed;
	if (all->count == 0 || placed < all->smallest)
		all->smallest = placed;
	all->count++;
}

static void enumerate(const struct instance *in, int32_t mentee, int32_t *mentor_of, int32_t *left, struct all *all)
{
	if (mentee == in->choices.mentees) {
		if (is_stable(in, mentor_of))
			note(in, mentor_of, all);
		return;
	}
	mentor_of[mentee] = -1;
	enumerate(in, mentee + 1, mentor_of, left, all);
	for (int64_t e = in->start[mentee]; e < in->start[mentee + 1]; e++)
		if (left[in->list[e].mentor] > 0) {
			left[in->list[e].mentor]--;
			mentor_of[mentee] = in->list[e].mentor;
			enumerate(in, mentee + 1, mentor_of, left, all);
			left[in->list[e].mentor]++;
		}
	mentor_of[mentee] = -1;
}

static void all_stable(const struct instance *in, struct all *all)
{
	int32_t mentor_of[SIDE] = { 0 }, left[SIDE];

	memcpy(left, in->places, sizeof left);
	memset(all, 0, sizeof *all);
	enumerate(in, 0, mentor_of, left, all);
	assert_true(all->count > 0);
}

static int32_t solve(struct instance *in, enum match_stability which)
{
	struct problem problem;
	int32_t placed = 0;

	assert_int_equal(match_stable(&in->choices, which, in->mentor_of, NULL), 0);
	if (match_stable_check(&in->choices, in->mentor_of, &problem) < 0)
		fail_msg("%s", problem.text);
	for (int32_t i = 0; i < in->choices.mentees; i++)
		placed += in->mentor_of[i] >= 0;
	return placed;
}

static void compare_strict(struct instance *in, enum match_stability which, const struct all *all)
{
	int64_t sum[SIDE] = { 0 };
	int32_t load[SIDE] = { 0 };

	assert_int_equal(solve(in, which), all->largest);
	assert_true(is_stable(in, in->mentor_of));
	for (int32_t i = 0; i < in->choices.mentees; i++) {
		int32_t mentor = in->mentor_of[i], likes = mentor < 0 ? -1 : pair_of(in, i, mentor)->mentee_likes;

		assert_int_equal(likes, which == MATCH_STABLE_MENTEES ? all->best[i] : all->worst[i]);
		if (mentor >= 0) {
			load[mentor]++;
			sum[mentor] += pair_of(in, i, mentor)->mentor_likes;
		}
	}
	for (int32_t j = 0; j < in->choices.mentors; j++) {
		assert_int_equal(load[j], all->load_least[j]);
		assert_int_equal(sum[j], which == MATCH_STABLE_MENTEES ? all->sum_worst[j] : all->sum_best[j]);
	}
}

static void test_best_of_all_stable(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	int several = 0;

	(void)unused;
	for (int round = 0; round < 20000; round++) {
		struct all all;

		make(in, random_below(SIDE + 1), random_below(SIDE - 1) + 1, 60 + random_below(41), 100, round % 3 + 1);
		make_strict(in);
		all_stable(in, &all);
		/* Who is placed, and how many each mentor has, is the same in all of them. */
		assert_int_equal(all.largest, all.smallest);
		for (int32_t j = 0; j < in->choices.mentors; j++)
			assert_int_equal(all.load_least[j], all.load_most[j]);
		compare_strict(in, MATCH_STABLE_MENTEES, &all);
		compare_strict(in, MATCH_STABLE_MENTORS, &all);
		several += all.count > 1;
	}
	assert_true(several > 300); /* else best and worst would be the same and nothing was tried */
	free(in);
}

static void test_two_thirds_with_ties(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	int differ = 0, less = 0, rescued = 0;

	(void)unused;
	for (int round = 0; round < 30000; round++) {
		struct all all;
		int32_t placed;

		make(in, random_below(SIDE + 1), random_below(SIDE - 1) + 1, 30 + random_below(71), round % 4 + 1, round % 3 + 1);
		all_stable(in, &all);
		placed = solve(in, MATCH_STABLE_TIES);
		assert_true(is_stable(in, in->mentor_of));
		if (3 * placed < 2 * all.largest)
			fail_msg("round %d: %d of %d", round, placed, all.largest);
		differ += all.largest > all.smallest;
		less += placed < all.largest;
		rescued += placed > solve(in, MATCH_STABLE_MENTEES);
		solve(in, MATCH_STABLE_MENTORS);
	}
	assert_true(differ > 1000 && rescued > 100);
	/* It is an approximation, but on such small ones it is seldom below the best. */
	assert_true(less < differ / 20);
	free(in);
}

/* A chain in which offers alone, ties by index, place one of two: i1 asks the first of two as good, who is all that i2 has. */
static void test_a_tie_gives_way(void **unused)
{
	static const int64_t start[] = { 0, 2, 3 };
	static const struct match_choice list[] = { { 0, 5, 5 }, { 1, 5, 5 }, { 0, 5, 4 } };
	static const int32_t places[] = { 1, 1 };
	static const struct match_choices choices = { 2, 2, start, list, places };
	struct problem problem;
	int32_t mentor_of[2];

	(void)unused;
	assert_int_equal(match_stable(&choices, MATCH_STABLE_MENTEES, mentor_of, NULL), 0);
	assert_int_equal(mentor_of[1], -1);
	assert_int_equal(match_stable(&choices, MATCH_STABLE_TIES, mentor_of, NULL), 0);
	assert_int_equal(match_stable_check(&choices, mentor_of, &problem), 0);
	assert_int_equal(mentor_of[0], 1);
	assert_int_equal(mentor_of[1], 0);
}

/* Of two whom the mentor likes as much, the one who found no other place goes before the one who might. */
static void test_promotion(void **unused)
{
	static const int64_t start[] = { 0, 2, 3 };
	static const struct match_choice list[] = { { 0, 9, 5 }, { 1, 5, 5 }, { 0, 5, 5 } };
	static const int32_t places[] = { 1, 1 };
	static const struct match_choices choices = { 2, 2, start, list, places };
	int32_t mentor_of[2];

	(void)unused;
	assert_int_equal(match_stable(&choices, MATCH_STABLE_TIES, mentor_of, NULL), 0);
	assert_int_equal(mentor_of[0], 1);
	assert_int_equal(mentor_of[1], 0);
}

/* Any assignment to pairs of the lists: the checker says what the definition says. */
static void test_checker(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	struct problem problem;
	int good = 0, bad = 0;

	(void)unused;
	for (int round = 0; round < 40000; round++) {
		int32_t load[SIDE] = { 0 };
		bool fits = true, holds;

		make(in, random_below(4) + 1, random_below(3) + 1, 80, round % 5 + 1, 2);
		for (int32_t i = 0; i < in->choices.mentees; i++) {
			int32_t length = (int32_t)(in->start[i + 1] - in->start[i]), at = random_below(length + 1);

			in->mentor_of[i] = at == length ? -1 : in->list[in->start[i] + at].mentor;
			if (in->mentor_of[i] >= 0)
				fits = ++load[in->mentor_of[i]] <= in->places[in->mentor_of[i]] && fits;
		}
		holds = fits && is_stable(in, in->mentor_of);
		assert_int_equal(match_stable_check(&in->choices, in->mentor_of, &problem), holds ? 0 : E_INVALID);
		good += holds;
		bad += !holds;
	}
	assert_true(good > 2000 && bad > 2000);
	free(in);
}

static void test_checker_wants_pairs_of_the_lists(void **unused)
{
	static const int64_t start[] = { 0, 1 };
	static const struct match_choice list[] = { { 0, 1, 1 } };
	static const int32_t places[] = { 1, 1 };
	static const struct match_choices choices = { 1, 2, start, list, places };
	int32_t mentor_of[] = { 1 };
	struct problem problem;

	(void)unused;
	assert_int_equal(match_stable_check(&choices, mentor_of, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "not an allowed one"));
}

static void test_larger(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);

	(void)unused;
	for (int round = 0; round < 60; round++) {
		int32_t places = round % 4 * 5 + 1, offered = 0, other;

		make(in, LARGE, LARGE / places, 3 + random_below(40), round % 3 ? 4 : 1000001, 2 * places);
		if (round % 2)
			make_strict(in);
		other = solve(in, MATCH_STABLE_MENTEES);
		offered = solve(in, MATCH_STABLE_MENTORS);
		if (round % 2)
			assert_int_equal(other, offered);
		offered = solve(in, MATCH_STABLE_TIES);
		if (round % 2)
			assert_int_equal(other, offered);
	}
	free(in);
}

/* The order of a list does not matter. */
static void test_order_of_lists(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	int32_t before[LARGE];

	(void)unused;
	for (int round = 0; round < 300; round++) {
		enum match_stability which = (enum match_stability)(round % 3);

		make(in, 40, 12, 50, 3, 4);
		solve(in, which);
		memcpy(before, in->mentor_of, sizeof before);
		for (int32_t i = 0; i < 40; i++)
			for (int64_t k = in->start[i + 1] - 1; k > in->start[i]; k--) {
				int64_t other = in->start[i] + random_below((int32_t)(k - in->start[i] + 1));
				struct match_choice swapped = in->list[k];

				in->list[k] = in->list[other];
				in->list[other] = swapped;
			}
		solve(in, which);
		assert_memory_equal(before, in->mentor_of, 40 * sizeof *before);
	}
	free(in);
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static void test_cancel(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	struct match_watch watch = { .cancelled = always };

	(void)unused;
	make(in, 100, 20, 50, 1000, 2);
	for (int which = MATCH_STABLE_MENTEES; which <= MATCH_STABLE_TIES; which++)
		assert_int_equal(match_stable(&in->choices, (enum match_stability)which, in->mentor_of, &watch), E_CANCELLED);
	free(in);
}

/* --- sets made elsewhere, with the optima of both sides; read where they lie ---------------------------- */

static FILE *open_shared(const char *name)
{
	const char *shared = getenv("MENTORSHIP_SHARED"), *source = getenv("MENTORSHIP_SOURCE");
	char path[4096];

	if (shared)
		snprintf(path, sizeof path, "%s/data/matching/algmatch/%s", shared, name);
	else
		snprintf(path, sizeof path, "%s/../shared/data/matching/algmatch/%s", source ? source : ".", name);
	return fopen(path, "r");
}

/* The numbers of one line. */
static int numbers_of(FILE *f, int *ret, int most)
{
	char line[256], *at = line;
	int count = 0, length, number;

	assert_non_null(fgets(line, sizeof line, f));
	while (count < most && sscanf(at, "%d%n", &number, &length) == 1) {
		ret[count++] = number;
		at += length;
	}
	return count;
}

/* A line is number, places if the file gives them, then the list, the dearest first. */
static void read_lists(FILE *f, struct instance *in, bool with_places)
{
	int numbers[16], size[2] = { 0 }, wanted[16][16] = { 0 }, count;

	assert_int_equal(numbers_of(f, size, 2), 2);
	assert_true(size[0] <= SIDE && size[1] <= SIDE);
	for (int i = 0; i < size[0]; i++) {
		count = numbers_of(f, numbers, 16);
		for (int k = 1; k < count; k++)
			wanted[i][numbers[k] - 1] = 16 - k;
	}
	in->choices = (struct match_choices){ size[0], size[1], in->start, in->list, in->places };
	for (int i = 0; i < size[0]; i++) {
		in->start[i + 1] = in->start[i];
		for (int j = 0; j < size[1]; j++)
			if (wanted[i][j])
				in->list[in->start[i + 1]++] = (struct match_choice){ j, wanted[i][j], 0 };
	}
	for (int j = 0; j < size[1]; j++) {
		int skip = with_places ? 2 : 1;

		count = numbers_of(f, numbers, 16);
		in->places[j] = with_places ? numbers[1] : 1;
		for (int64_t e = 0; e < in->start[size[0]]; e++)
			for (int k = skip; k < count; k++)
				if (in->list[e].mentor == j && e >= in->start[numbers[k] - 1] && e < in->start[numbers[k]])
					in->list[e].mentor_likes = 16 - k;
	}
}

static void expect(const char *name, bool with_places, const int32_t *of_mentees, const int32_t *of_mentors)
{
	struct instance *in = calloc(1, sizeof *in);
	FILE *f = open_shared(name);

	if (!f) {
		free(in);
		print_message("%s is not here: not compared\n", name);
		skip();
	}
	read_lists(f, in, with_places);
	fclose(f);
	solve(in, MATCH_STABLE_MENTEES);
	for (int32_t i = 0; i < in->choices.mentees; i++)
		assert_int_equal(in->mentor_of[i] + 1, of_mentees[i]);
	solve(in, MATCH_STABLE_MENTORS);
	for (int32_t i = 0; i < in->choices.mentees; i++)
		assert_int_equal(in->mentor_of[i] + 1, of_mentors[i]);
	free(in);
}

static void test_published_hospitals(void **unused)
{
	(void)unused;
	expect("hr1.txt", true, (int32_t[]){ 1, 2, 1 }, (int32_t[]){ 2, 1, 1 });
}

static void test_published_marriages(void **unused)
{
	(void)unused;
	expect("sm1.txt", false, (int32_t[]){ 4, 3, 2, 1 }, (int32_t[]){ 4, 1, 2, 3 });
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_best_of_all_stable), cmocka_unit_test(test_two_thirds_with_ties),
		cmocka_unit_test(test_a_tie_gives_way), cmocka_unit_test(test_promotion), cmocka_unit_test(test_checker),
		cmocka_unit_test(test_checker_wants_pairs_of_the_lists), cmocka_unit_test(test_larger),
		cmocka_unit_test(test_order_of_lists), cmocka_unit_test(test_cancel), cmocka_unit_test(test_published_hospitals),
		cmocka_unit_test(test_published_marriages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
