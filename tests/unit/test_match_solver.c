/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The solver and its checker on plain graphs: against trying everything on
 * small ones, against the certificate alone on larger ones, and the checker
 * against results that were spoilt on purpose.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

enum {
	MENTEES = 2000,
	MENTORS = 200,
	EDGES = 60000
};

struct instance {
	struct match_graph graph;
	int64_t start[MENTEES + 1];
	struct match_edge edges[EDGES];
	int32_t places[MENTORS];
	bool marked[MENTEES];
	int32_t mentor_of[MENTEES];
	int64_t mentee_price[MENTEES], mentor_price[MENTORS];
	struct match_solution solution;
};

static uint64_t state = 1;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

static int by_score(const void *a, const void *b)
{
	const struct match_edge *one = a, *other = b;

	return one->score != other->score ? other->score - one->score : one->mentor - other->mentor;
}

static void make(struct instance *in, int32_t mentees, int32_t mentors, int32_t percent, int32_t scores, int32_t places)
{
	int64_t count = 0;

	for (int32_t i = 0; i < mentees; i++) {
		in->start[i] = count;
		for (int32_t j = 0; j < mentors; j++)
			if (random_below(100) < percent && count < EDGES)
				in->edges[count++] = (struct match_edge){ j, random_below(scores) };
		qsort(in->edges + in->start[i], (size_t)(count - in->start[i]), sizeof *in->edges, by_score);
		in->marked[i] = random_below(8) == 0;
	}
	in->start[mentees] = count;
	for (int32_t j = 0; j < mentors; j++)
		in->places[j] = random_below(places + 1);
	in->graph = (struct match_graph){ .mentees = mentees,
		.mentors = mentors,
		.start = in->start,
		.edges = in->edges,
		.places = in->places,
		.marked = random_below(3) == 0 ? in->marked : NULL };
	in->solution = (struct match_solution){ in->mentor_of, in->mentee_price, in->mentor_price, 0 };
}

static int64_t best_from(const struct match_graph *graph, int32_t mentee, int32_t *left)
{
	int64_t best, unit = graph->marked && mentee < graph->mentees && graph->marked[mentee] ? 2 * MATCH_UNIT : MATCH_UNIT;

	if (mentee == graph->mentees)
		return 0;
	best = best_from(graph, mentee + 1, left);
	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		int64_t value;

		if (left[graph->edges[e].mentor] == 0)
			continue;
		left[graph->edges[e].mentor]--;
		value = unit + graph->edges[e].score + best_from(graph, mentee + 1, left);
		left[graph->edges[e].mentor]++;
		if (value > best)
			best = value;
	}
	return best;
}

static void test_against_trying_everything(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	struct problem problem;

	(void)unused;
	for (int round = 0; round < 30000; round++) {
		int32_t left[MENTORS];

		make(in, random_below(7), random_below(5) + 1, 20 + random_below(81), round % 3 ? 4 : 1000001, 2);
		memcpy(left, in->places, sizeof left);
		assert_int_equal(match_optimal(&in->graph, &in->solution, NULL), 0);
		if (match_check(&in->graph, &in->solution, &problem) < 0)
			fail_msg("round %d: %s", round, problem.text);
		assert_int_equal(in->solution.value, best_from(&in->graph, 0, left));
	}
	free(in);
}

/* From prices and pairs that mean nothing the same value is reached. */
static void test_warm_from_anywhere(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	struct problem problem;

	(void)unused;
	for (int round = 0; round < 15000; round++) {
		struct match_answer warm = { .mentor_of = in->mentor_of, .mentor_price = in->mentor_price }, answer;
		int64_t value;

		make(in, random_below(20), random_below(9) + 1, 20 + random_below(81), round % 3 ? 4 : 1000001, 3);
		assert_int_equal(match_optimal(&in->graph, &in->solution, NULL), 0);
		value = in->solution.value;
		for (int32_t i = 0; i < in->graph.mentees; i++)
			in->mentor_of[i] = random_below(in->graph.mentors + 2) - 1;
		for (int32_t j = 0; j < in->graph.mentors; j++)
			in->mentor_price[j] = random_below(3) * MATCH_UNIT + random_below(1000001) - 500000;
		if (match_solve_graph(&in->graph, MATCH_AIM_OPTIMAL, &warm, NULL, &answer, &problem) < 0)
			fail_msg("round %d: %s", round, problem.text);
		for (int32_t i = 0; i < in->graph.mentees; i++)
			if (answer.mentor_of[i] >= 0)
				value -= answer.mentee_price[i] + answer.mentor_price[answer.mentor_of[i]];
		assert_int_equal(value, 0);
		match_answer_free(&answer);
	}
	free(in);
}

/* --- one change after another --------------------------------------------------------------------------- */

enum {
	CHANGES = 12
};
struct change {
	int32_t mentees[4], mentors[4];
	struct match_touched touched;
};

static void touch(struct change *change, int32_t mentee, int32_t mentor)
{
	if (mentee >= 0)
		change->mentees[change->touched.mentee_count++] = mentee;
	if (mentor >= 0)
		change->mentors[change->touched.mentor_count++] = mentor;
	change->touched.mentees = change->mentees;
	change->touched.mentors = change->mentors;
}

static void sort_pairs(struct instance *in, int32_t mentee)
{
	qsort(in->edges + in->start[mentee], (size_t)(in->start[mentee + 1] - in->start[mentee]), sizeof *in->edges, by_score);
}

static void change_scores(struct instance *in, int32_t mentee, int32_t scores, bool all)
{
	for (int64_t e = in->start[mentee]; e < in->start[mentee + 1]; e++)
		if (all || random_below(in->graph.mentors) == 0)
			in->edges[e].score = random_below(scores);
	sort_pairs(in, mentee);
}

/* The mentee has no pairs from now on. */
static void remove_pairs(struct instance *in, int32_t mentee)
{
	int64_t count = in->start[mentee + 1] - in->start[mentee], last = in->start[in->graph.mentees];

	memmove(in->edges + in->start[mentee], in->edges + in->start[mentee + 1],
		(size_t)(last - in->start[mentee + 1]) * sizeof *in->edges);
	for (int32_t i = mentee + 1; i <= in->graph.mentees; i++)
		in->start[i] -= count;
}

static bool has_pair(const struct instance *in, int32_t mentee, int32_t mentor)
{
	for (int64_t e = in->start[mentee]; e < in->start[mentee + 1]; e++)
		if (in->edges[e].mentor == mentor)
			return true;
	return false;
}

static void add_pair(struct instance *in, int32_t mentee, struct match_edge edge)
{
	int64_t at = in->start[mentee], last = in->start[in->graph.mentees];

	if (has_pair(in, mentee, edge.mentor) || last == EDGES)
		return;
	memmove(in->edges + at + 1, in->edges + at, (size_t)(last - at) * sizeof *in->edges);
	in->edges[at] = edge;
	for (int32_t i = mentee + 1; i <= in->graph.mentees; i++)
		in->start[i]++;
	sort_pairs(in, mentee);
}

/* One change of the kinds that programs see: a mentor drops out, comes, has other places; a mentee's scores, mark or pairs; a locked pair. */
static void change_one(struct instance *in, int32_t scores, struct change *change)
{
	int32_t mentee = in->graph.mentees ? random_below(in->graph.mentees) : -1, mentor = random_below(in->graph.mentors);
	int kind = random_below(mentee < 0 ? 3 : 8);

	if (kind == 0)
		in->places[mentor] = 0;
	else if (kind == 1)
		in->places[mentor] += 1 + random_below(12);
	else if (kind == 2)
		in->places[mentor] -= in->places[mentor] > 0;
	else if (kind == 3 || kind == 4)
		change_scores(in, mentee, scores, kind == 3);
	else if (kind == 5)
		in->marked[mentee] = !in->marked[mentee];
	else if (kind == 6)
		add_pair(in, mentee, (struct match_edge){ mentor, random_below(scores) });
	else if (in->places[mentor] > 0 && has_pair(in, mentee, mentor)) {
		in->places[mentor]--;
		remove_pairs(in, mentee);
	}
	touch(change, kind > 2 ? mentee : -1, kind < 3 || kind == 7 ? mentor : -1);
	change->touched.paired = change->touched.paired || kind > 5;
}

static void must_hold(struct instance *in, const struct match_live *live, int round)
{
	struct problem problem;

	match_live_read(live, &in->solution);
	if (match_check(&in->graph, &in->solution, &problem) < 0)
		fail_msg("round %d: %s", round, problem.text);
}

/* Every change, and sometimes two at once, leads to the best there is; nothing else is looked at. */
static void change_again_and_again(struct instance *in, int32_t scores, bool small, int round)
{
	struct match_live *live;

	assert_int_equal(match_live_new(&in->graph, NULL, &live), 0);
	must_hold(in, live, round);
	for (int k = 0; k < CHANGES; k++) {
		struct change change = { 0 };

		change_one(in, scores, &change);
		if (random_below(4) == 0)
			change_one(in, scores, &change);
		if (random_below(8) == 0)
			touch(&change, -1, random_below(in->graph.mentors));
		assert_int_equal(match_live_again(live, &in->graph, &change.touched, NULL), 0);
		must_hold(in, live, round);
		if (small) {
			int32_t left[MENTORS];

			memcpy(left, in->places, sizeof left);
			assert_int_equal(in->solution.value, best_from(&in->graph, 0, left));
		}
	}
	match_live_free(live);
}

static void test_changes_against_trying_everything(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);

	(void)unused;
	for (int round = 0; round < 6000; round++) {
		int32_t scores = round % 3 ? 4 : 1000001;

		make(in, random_below(7), random_below(5) + 1, 20 + random_below(81), scores, 2);
		change_again_and_again(in, scores, true, round);
	}
	free(in);
}

static void test_changes_on_larger(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);

	(void)unused;
	for (int round = 0; round < 40; round++) {
		static const int32_t places[] = { 1, 3, 9, 20, 30 };
		int32_t scores = round % 2 ? 5 : 1000001;

		make(in, 1000 + random_below(1000), MENTORS, 4 + random_below(10), scores, places[round % 5]);
		change_again_and_again(in, scores, false, round);
	}
	free(in);
}

static void test_certificate_on_larger(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	struct problem problem;

	(void)unused;
	for (int round = 0; round < 60; round++) {
		static const int32_t places[] = { 1, 3, 9, 20, 30 };

		make(in, 1000 + random_below(1000), MENTORS, 4 + random_below(10), round % 2 ? 5 : 1000001, places[round % 5]);
		assert_int_equal(match_optimal(&in->graph, &in->solution, NULL), 0);
		if (match_check(&in->graph, &in->solution, &problem) < 0)
			fail_msg("round %d: %s", round, problem.text);
	}
	free(in);
}

/* Changes one thing of a good result; whatever it is, the checker must see it. */
static bool spoil(struct instance *in, int what)
{
	int32_t i = random_below(in->graph.mentees), j = random_below(in->graph.mentors);

	if (what == 0)
		in->mentee_price[i] -= 1;
	else if (what == 1)
		in->mentor_price[j] += in->places[j] ? 1 : -1 - in->mentor_price[j];
	else if (what == 2)
		in->solution.value += 1;
	else if (what == 3 && in->mentor_of[i] >= 0)
		in->mentor_of[i] = -1;
	else if (what == 4 && in->start[i] < in->start[i + 1] && in->mentor_of[i] < 0)
		in->mentor_of[i] = in->edges[in->start[i]].mentor;
	else
		return false;
	return true;
}

static void test_checker_sees_what_is_spoilt(void **unused)
{
	struct instance *in = calloc(1, sizeof *in);
	struct problem problem;
	int spoilt = 0;

	(void)unused;
	for (int round = 0; round < 5000; round++) {
		make(in, 6, 4, 60, 1000, 2);
		match_optimal(&in->graph, &in->solution, NULL);
		if (!spoil(in, round % 5))
			continue;
		assert_int_equal(match_check(&in->graph, &in->solution, &problem), E_INVALID);
		spoilt++;
	}
	assert_true(spoilt > 2000);
	free(in);
}

/* Two who are as good at either mentor, both put to one with one place: value and prices agree, the places do not. */
static void test_checker_counts_places(void **unused)
{
	const struct match_edge edges[] = { { 0, 5 }, { 1, 5 }, { 0, 5 }, { 1, 5 } };
	const int64_t start[] = { 0, 2, 4 };
	const int32_t places[] = { 1, 1 };
	const struct match_graph graph = { .mentees = 2, .mentors = 2, .start = start, .edges = edges, .places = places };
	int32_t mentor_of[] = { 0, 1 };
	int64_t mentee_price[] = { MATCH_UNIT + 5, MATCH_UNIT + 5 }, mentor_price[] = { 0, 0 };
	struct match_solution solution = { mentor_of, mentee_price, mentor_price, 2 * (MATCH_UNIT + 5) };
	struct problem problem;

	(void)unused;
	assert_int_equal(match_check(&graph, &solution, &problem), 0);
	mentor_of[1] = 0;
	assert_int_equal(match_check(&graph, &solution, &problem), E_INVALID);
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
	const int32_t first = 0;
	const struct match_touched touched = { .mentors = &first, .mentor_count = 1 };
	struct match_live *live;

	(void)unused;
	make(in, 100, 20, 50, 1000, 2);
	assert_int_equal(match_optimal(&in->graph, &in->solution, &watch), E_CANCELLED);
	assert_int_equal(match_live_new(&in->graph, NULL, &live), 0);
	in->places[0] = 0;
	assert_int_equal(match_live_again(live, &in->graph, &touched, &watch), E_CANCELLED);
	match_live_free(live);
	free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_trying_everything), cmocka_unit_test(test_warm_from_anywhere),
		cmocka_unit_test(test_changes_against_trying_everything), cmocka_unit_test(test_changes_on_larger),
		cmocka_unit_test(test_certificate_on_larger), cmocka_unit_test(test_checker_sees_what_is_spoilt),
		cmocka_unit_test(test_checker_counts_places), cmocka_unit_test(test_cancel) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
