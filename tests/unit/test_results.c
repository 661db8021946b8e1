/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of a table is shown. The tests attack: they go through every table that agrees with what is shown, and through the linear
 * combinations of it, and look whether a count that was left out can be had back or boxed in below k.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "questionnaire/questionnaire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum {
	MAX_CELLS = 64
};

static uint64_t seed = 20261124;

static int64_t chance(int64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)below);
}

/* ---- every table that agrees ---- */

struct attack {
	const struct table *t;
	int64_t totals[8], rows[8];
	int64_t now[MAX_CELLS], low[MAX_CELLS], high[MAX_CELLS], row_low[8], row_high[8];
	int64_t found;
};

static void agree(struct attack *a)
{
	const struct table *t = a->t;

	for (size_t i = 0; i < t->rows; i++) {
		int64_t sum = 0;

		for (size_t j = 0; j < t->columns; j++)
			sum += a->now[i * t->columns + j];
		if (t->row_shown[i] && sum != a->rows[i])
			return;
	}
	a->found++;
	for (size_t i = 0; i < t->rows; i++) {
		int64_t sum = 0;

		for (size_t j = 0; j < t->columns; j++) {
			size_t at = i * t->columns + j;

			sum += a->now[at];
			if (a->now[at] < a->low[at])
				a->low[at] = a->now[at];
			if (a->now[at] > a->high[at])
				a->high[at] = a->now[at];
		}
		if (sum < a->row_low[i])
			a->row_low[i] = sum;
		if (sum > a->row_high[i])
			a->row_high[i] = sum;
	}
}

static void go_through(struct attack *a, size_t column, size_t row, int64_t left)
{
	const struct table *t = a->t;
	size_t at = row * t->columns + column;

	if (row == t->rows) {
		if (left)
			return;
		if (column + 1 == t->columns)
			agree(a);
		else
			go_through(a, column + 1, 0, a->totals[column + 1]);
		return;
	}
	if (t->shown[at]) {
		a->now[at] = t->counts[at];
		if (a->now[at] <= left)
			go_through(a, column, row + 1, left - a->now[at]);
		return;
	}
	for (int64_t v = 0; v <= left; v++) {
		a->now[at] = v;
		go_through(a, column, row + 1, left - v);
	}
}

static void attack_all(struct arena *arena, const struct table *t)
{
	struct attack *a = arena_new(arena, sizeof *a);
	int64_t low, high;

	a->t = t;
	for (size_t i = 0; i < t->rows * t->columns; i++) {
		a->totals[i % t->columns] += t->counts[i];
		a->rows[i / t->columns] += t->counts[i];
		a->low[i] = INT64_MAX;
		a->high[i] = -1;
	}
	for (size_t i = 0; i < t->rows; i++) {
		a->row_low[i] = INT64_MAX;
		a->row_high[i] = -1;
	}
	go_through(a, 0, 0, a->totals[0]);
	assert_true(a->found > 0);
	for (size_t i = 0; i < t->rows * t->columns; i++) {
		table_interval(arena, t, i / t->columns, i % t->columns, &low, &high);
		assert_int_equal(low, a->low[i]); /* what the network says is what there is */
		assert_int_equal(high, a->high[i]);
		assert_true(t->shown[i] ? t->counts[i] >= t->k : high >= t->k && high - low >= t->k);
	}
	for (size_t i = 0; i < t->rows && t->columns > 1; i++) {
		table_interval(arena, t, i, t->columns, &low, &high);
		assert_int_equal(low, a->row_low[i]);
		assert_int_equal(high, a->row_high[i]);
		assert_true(t->row_shown[i] ? a->rows[i] >= t->k : high >= t->k && high - low >= t->k);
	}
}

/* A table whose columns have at least k each; 1 if chance made one. */
static bool make(struct table *t, int64_t *counts, size_t rows, size_t columns, int64_t k, int64_t most)
{
	*t = (struct table){ .rows = rows, .columns = columns, .counts = counts, .k = k };
	for (size_t i = 0; i < rows * columns; i++)
		counts[i] = chance(3) ? chance(most) : chance(k);
	for (size_t j = 0; j < columns; j++) {
		int64_t sum = 0;

		for (size_t i = 0; i < rows; i++)
			sum += counts[i * columns + j];
		if (sum < k)
			return false;
	}
	return true;
}

static void every_table(void **state)
{
	static const size_t sizes[][3] = { { 2, 1, 14 }, { 4, 1, 9 }, { 5, 1, 7 }, { 2, 2, 12 }, { 3, 2, 8 }, { 4, 2, 5 }, { 2, 3, 9 },
		{ 3, 3, 4 } };
	int64_t counts[MAX_CELLS], suppressed = 0, shown = 0;

	(void)state;
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
		for (int n = 0; n < 60; n++) {
			struct arena arena = { 0 };
			struct problem problem = { 0 };
			struct table t;

			if (make(&t, counts, sizes[s][0], sizes[s][1], 2 + chance(3), (int64_t)sizes[s][2])) {
				assert_int_equal(table_suppress(&arena, &t, &problem), 0);
				attack_all(&arena, &t);
				for (size_t i = 0; i < t.rows * t.columns; i++)
					*(t.shown[i] ? &shown : &suppressed) += 1;
			}
			arena_free(&arena);
		}
	assert_true(suppressed > 300 && shown > 300); /* neither nothing nor everything */
}

/* ---- every linear combination: is the unit vector of a suppressed count in the space of what is known? ---- */

static bool in_space(double rows[][MAX_CELLS], size_t count, size_t width, size_t which)
{
	double target[MAX_CELLS] = { 0 };
	size_t rank = 0;

	target[which] = 1;
	for (size_t column = 0; column < width && rank < count; column++) {
		size_t best = rank;

		for (size_t i = rank; i < count; i++)
			if (fabs(rows[i][column]) > fabs(rows[best][column]))
				best = i;
		if (fabs(rows[best][column]) < 1e-9)
			continue;
		for (size_t i = 0; i < width && best != rank; i++) {
			double swap = rows[best][i];

			rows[best][i] = rows[rank][i];
			rows[rank][i] = swap;
		}
		for (size_t i = 0; i < count; i++) {
			double factor = rows[i][column] / rows[rank][column];

			for (size_t j = 0; j < width && i != rank; j++)
				rows[i][j] -= factor * rows[rank][j];
		}
		for (double factor = target[column] / rows[rank][column], j = 0; (size_t)j < width; j++)
			target[(size_t)j] -= factor * rows[rank][(size_t)j];
		rank++;
	}
	for (size_t j = 0; j < width; j++)
		if (fabs(target[j]) > 1e-9)
			return false;
	return true;
}

static void every_combination(void **state)
{
	static double rows[MAX_CELLS][MAX_CELLS];
	int64_t counts[MAX_CELLS];

	(void)state;
	for (int n = 0; n < 150; n++) {
		struct arena arena = { 0 };
		struct problem problem = { 0 };
		struct table t;

		if (make(&t, counts, 3 + (size_t)chance(6), 2 + (size_t)chance(5), 5, 14)) {
			assert_int_equal(table_suppress(&arena, &t, &problem), 0);
			for (size_t which = 0; which < t.rows * t.columns; which++) {
				size_t count = 0;

				if (t.shown[which])
					continue;
				memset(rows, 0, sizeof rows);
				for (size_t j = 0; j < t.columns; j++, count++)
					for (size_t i = 0; i < t.rows; i++)
						rows[count][i * t.columns + j] = !t.shown[i * t.columns + j];
				for (size_t i = 0; i < t.rows; i++)
					for (size_t j = 0; t.row_shown[i] && j < t.columns; j++, count += j == t.columns)
						rows[count][i * t.columns + j] = !t.shown[i * t.columns + j];
				if (in_space(rows, count, t.rows * t.columns, which))
					fail_msg("count %zu of table %d is a combination of what is shown", which, n);
			}
		}
		arena_free(&arena);
	}
}

/* ---- by hand ---- */

static void by_hand(void **state)
{
	struct arena arena = { 0 };
	struct problem problem = { 0 };
	int64_t one[] = { 20, 9, 3 }, all[] = { 30, 3 }, fine[] = { 12, 8, 5, 6 }, small[] = { 2, 2 };
	int64_t two[] = { 10, 12, /**/ 3, 20, /**/ 9, 11 };
	struct table t = { .rows = 3, .columns = 1, .counts = one, .k = 5 };

	(void)state;
	assert_int_equal(table_suppress(&arena, &t, &problem), 0);
	assert_true(t.shown[0] && !t.shown[1] && !t.shown[2]); /* 3 would be 32 - 20 - 9 */
	t = (struct table){ .rows = 2, .columns = 1, .counts = all, .k = 5 };
	assert_int_equal(table_suppress(&arena, &t, &problem), 0);
	assert_true(!t.shown[0] && !t.shown[1]);
	t = (struct table){ .rows = 2, .columns = 2, .counts = fine, .k = 5 };
	assert_int_equal(table_suppress(&arena, &t, &problem), 0);
	assert_true(t.shown[0] && t.shown[1] && t.shown[2] && t.shown[3] && t.row_shown[0] && t.row_shown[1]);
	t = (struct table){ .rows = 3, .columns = 2, .counts = two, .k = 5 };
	assert_int_equal(table_suppress(&arena, &t, &problem), 0);
	/* 3, and the cheapest circle through it: 9, 11, 20 */
	assert_true(t.shown[0] && t.shown[1] && !t.shown[2] && !t.shown[3] && !t.shown[4] && !t.shown[5]);
	assert_true(t.row_shown[0] && t.row_shown[1] && t.row_shown[2]);
	attack_all(&arena, &t);
	t = (struct table){ .rows = 2, .columns = 1, .counts = small, .k = 5 };
	assert_int_equal(table_suppress(&arena, &t, &problem), E_INVALID);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_hand), cmocka_unit_test(every_table), cmocka_unit_test(every_combination) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
