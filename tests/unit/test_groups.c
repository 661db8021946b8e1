/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How groups fared. The attack: who was placed and all scores are known, who is in the group is not. Every group that agrees with what is
 * told is gone through; each person must be in one of them and outside another, or the telling has betrayed somebody.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "questionnaire/questionnaire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum {
	PEOPLE = 16,
	WORLDS = 4000,
	PLACED = 21,
	UNPLACED = 9,
	TURNS = 1000
};

static uint64_t seed = 20261130;

static size_t chance(size_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)((seed >> 33) % below);
}

static void near_to(double is, double wanted, double allowed)
{
	if (!(fabs(is - wanted) <= allowed))
		fail_msg("%.9g instead of %.9g", is, wanted);
}

/* Tables 26.5 to 26.10 of Abramowitz and Stegun, and what is known in closed form. */
static void test_quantiles(void **unused)
{
	(void)unused;
	near_to(t_quantile(.975, 1), tan(.475 * M_PI), 1e-9); /* Cauchy */
	near_to(t_quantile(.975, 4), 2.776, 5e-4);
	near_to(t_quantile(.975, 10), 2.228, 5e-4);
	near_to(t_quantile(.975, 120), 1.980, 5e-4);
	near_to(t_quantile(.025, 10), -2.228, 5e-4);
	near_to(f_quantile(.95, 5, 10), 3.33, 5e-3);
	near_to(f_quantile(.99, 3, 20), 4.94, 5e-3);
	near_to(f_quantile(.95, 30, 120), 1.55, 5e-3);
	near_to(f_quantile(.5, 2, 2), 1, 1e-12);
	near_to(incomplete_beta(.3, 1, 1), .3, 1e-15);
	near_to(incomplete_beta(.3, 2, 1), .09, 1e-15);
	near_to(incomplete_beta(.5, 700, 700), .5, 1e-12);
	near_to(incomplete_beta(-1, 2, 3), 0, 0);
	near_to(incomplete_beta(2, 2, 3), 1, 0);
	near_to(incomplete_beta(f_quantile(.975, 150, 1350) * 150 / (f_quantile(.975, 150, 1350) * 150 + 1350), 75, 675), .975, 1e-12);
}

/* 15 of 40 unplaced; four scores with mean .5 and deviation .1: by hand from the two formulas. */
static void test_numbers(void **unused)
{
	struct arena arena = { 0 };
	struct group_person people[44] = { 0 };
	size_t members[44], four[] = { 0, 1, 2, 3 };
	struct group_report groups[] = { { .name = "all", .members = members, .size = 40 },
		{ .name = "four", .members = four, .size = 4 } };
	const double scores[] = { .4, .5, .5, .6 };

	(void)unused;
	for (size_t i = 0; i < 44; i++)
		members[i] = i;
	for (size_t i = 0; i < 25; i++)
		people[i] = (struct group_person){ true, i < 4 ? scores[i] : .5 };
	groups_report(&arena, people, 40, groups, 2, 0);
	assert_true(groups[0].listed && groups[0].counted && groups[0].scored && groups[1].scored);
	assert_int_equal(groups[0].unplaced, 15);
	near_to(groups[0].share, .375, 1e-12);
	near_to(groups[0].share_low, .2422, 5e-4);
	near_to(groups[0].share_high, .5297, 5e-4);
	near_to(groups[1].mean, .5, 1e-12);
	near_to(groups[1].mean_high, .5 + 3.18245 * sqrt(.02 / 3) / 2, 1e-5);
	near_to(groups[1].mean_low, .5 - 3.18245 * sqrt(.02 / 3) / 2, 1e-5);
	near_to(groups[1].share_low, 0, 1e-12);
	arena_free(&arena);
}

struct world {
	struct group_person people[PEOPLE];
	size_t count, group_count, members[3][PEOPLE];
	struct group_report groups[3];
};

static void draw(struct world *w, size_t group_count)
{
	bool in[PEOPLE] = { 0 };

	memset(w, 0, sizeof *w);
	w->count = PEOPLE;
	w->group_count = group_count;
	for (size_t i = 0; i < w->count; i++)
		w->people[i] = (struct group_person){ chance(8) < 5, (double)chance(101) / 100 };
	for (size_t g = 0; g < group_count; g++) {
		size_t within = chance(4);

		w->groups[g].members = w->members[g];
		for (size_t i = 0; i < w->count; i++) {
			in[i] = (g > 0 && within == 1 ? in[i] : true) && chance(w->group_count > 1 ? 4 : 2) > 0;
			if (in[i])
				w->members[g][w->groups[g].size++] = i;
		}
	}
}

/* The next larger number with as many bits (R. W. Gosper, HAKMEM 175). */
static unsigned next_set(unsigned set)
{
	unsigned low = set & -set, ripple = set + low;

	return ripple | ((set ^ ripple) >> 2) / low;
}

/* Groups of `many` of these scores with the mean that was told: who is in one, who is in all. */
static void every_group(const double *scores, size_t placed, size_t many, double mean, unsigned *ret_some, unsigned *ret_every)
{
	*ret_some = 0;
	*ret_every = ~0u;
	for (unsigned set = (1u << many) - 1; set < 1u << placed; set = next_set(set)) {
		double sum = 0;

		for (size_t i = 0; i < placed; i++)
			sum += set >> i & 1 ? scores[i] : 0;
		if (fabs(sum / (double)many - mean) > .005 + 1e-9)
			continue;
		*ret_some |= set;
		*ret_every &= set;
	}
}

/* Scores evenly, of two kinds, of few values, and with one that stands out; the group drawn by lot, or of the better or the worse ones. */
static void test_nobody_is_told(void **unused)
{
	int scored = 0, kept = 0;

	(void)unused;
	for (int turn = 0; turn < TURNS; turn++) {
		struct arena arena = { 0 };
		struct group_person people[PLACED + UNPLACED] = { 0 };
		double scores[PLACED];
		size_t members[PLACED + UNPLACED], many = 0, kind = chance(4), better = chance(3), few = chance(12);
		bool mirrored = chance(2);
		struct group_report group = { .name = "one", .members = members };
		unsigned some, every;

		for (size_t i = 0; i < PLACED + UNPLACED; i++) {
			people[i] = (struct group_person){ i < PLACED, (double)chance(10001) / 10000 };
			if (kind == 1)
				people[i].score = people[i].score < .5 ? .1 : .9;
			if (kind == 2)
				people[i].score = floor(people[i].score * 4) / 4;
			if (kind == 3)
				people[i].score = i == 5 ? 1 : people[i].score / 4;
			if (mirrored)
				people[i].score = 1 - people[i].score;
			if (i < PLACED)
				scores[i] = people[i].score;
			if (better == 0 || !people[i].placed || (people[i].score > .5) != mirrored ? chance(few ? 2 : 10)
												   : chance(3) == 0) {
				members[group.size++] = i;
				many += people[i].placed;
			}
		}
		groups_report(&arena, people, PLACED + UNPLACED, &group, 1, 3);
		assert_int_equal(group.listed, group.size >= 3 && PLACED + UNPLACED - group.size >= 3);
		assert_true(group.listed || !group.counted);
		assert_true(group.counted || !group.scored);
		kept += group.counted && !group.scored;
		if (group.scored) {
			scored++;
			assert_true(many >= 10 && PLACED - many >= 10);
			near_to(group.mean * 100, round(group.mean * 100), 1e-9);
			every_group(scores, PLACED, many, group.mean, &some, &every);
			assert_int_equal(some, (1u << PLACED) - 1);
			assert_int_equal(every, 0);
		}
		arena_free(&arena);
	}
	assert_true(scored > 30 && kept > 30);
}

static void test_few_by_subtraction(void **unused)
{
	int counted = 0;

	(void)unused;
	for (int turn = 0; turn < WORLDS; turn++) {
		struct arena arena = { 0 };
		struct world w;
		unsigned sets[3] = { 0 }, rest = (1u << PEOPLE) - 1;

		draw(&w, 3);
		groups_report(&arena, w.people, w.count, w.groups, 3, 2);
		for (size_t g = 0; g < 3; g++)
			for (size_t i = 0; i < w.groups[g].size; i++)
				sets[g] |= 1u << w.members[g][i];
		for (size_t g = 0; g < 3; g++) {
			if (!w.groups[g].counted)
				continue;
			counted++;
			rest &= ~sets[g];
			for (size_t h = 0; h <= 3; h++) {
				unsigned of = h == 3 ? (1u << PEOPLE) - 1 : sets[h], few = of & ~sets[g];
				size_t placed = 0, unplaced = 0;

				if ((h < 3 && !w.groups[h].counted) || (sets[g] & ~of) || !few)
					continue;
				for (size_t i = 0; i < PEOPLE; i++)
					if (few >> i & 1)
						*(w.people[i].placed ? &placed : &unplaced) += 1;
				assert_true(placed >= 2 && unplaced >= 2);
			}
		}
		if (w.groups[0].counted || w.groups[1].counted || w.groups[2].counted) {
			size_t placed = 0, unplaced = 0;

			for (size_t i = 0; i < PEOPLE; i++)
				if (rest >> i & 1)
					*(w.people[i].placed ? &placed : &unplaced) += 1;
			assert_true(!rest || (placed >= 2 && unplaced >= 2));
		}
		arena_free(&arena);
	}
	assert_true(counted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_quantiles), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nobody_is_told), cmocka_unit_test(test_few_by_subtraction) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
