/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of waves under attack. Small waves are made by chance and counted; then the attacker, who knows all that is shown and how it is
 * decided, goes through every set of counts that agrees with it, scales included, and looks for a count that was left out and can
 * be had back or boxed in, and through the differences of what is shown for those that are a few people's.
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
	ROWS = 3,
	ITEMS_MOST = 5,
	PEOPLE_MOST = 40,
	HAND_MOST = 80,
	TOTAL_MOST = 3 * PEOPLE_MOST + 1
};

static uint64_t seed = 20261130;

static int64_t chance(int64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((seed >> 33) % (uint64_t)below);
}

/* ---- a wave by chance ---- */

static const struct form_choice choices[ROWS] = { { "1", "low" }, { "2", "" }, { "3", "high" } };
static const char *const names[ITEMS_MOST] = { "a", "b", "c", "d", "e" };

struct small {
	struct arena arena;
	struct form_item items[ITEMS_MOST];
	struct form_scale scales[2];
	struct form form;
	struct tally_answers people[HAND_MOST];
	const char *values[HAND_MOST][ITEMS_MOST];
	bool applies[HAND_MOST][ITEMS_MOST];
	struct tally t;
};

static void count_it(struct small *w)
{
	struct form_complaint complaint;
	struct problem problem = { 0 };
	struct answer_error errors[ITEMS_MOST];

	if (form_compile(&w->arena, &w->form, &complaint, 1))
		fail_msg("%s", complaint.text);
	for (size_t i = 0; i < w->t.count; i++) {
		w->people[i].values = w->values[i];
		w->people[i].applies = w->applies[i];
		answers_check(&w->arena, &w->form, w->values[i], true, w->applies[i], errors);
	}
	w->t.form = &w->form;
	w->t.list = w->people;
	assert_int_equal(tally_count(&w->arena, &w->t, &problem), 0);
	for (size_t i = 0; i < w->t.cell_count; i++) {
		assert_true(w->t.cells[i].count == TALLY_FEW || w->t.cells[i].count >= w->t.k);
		assert_true(w->t.cells[i].of == TALLY_FEW || w->t.cells[i].of >= w->t.k);
	}
}

static void make(struct small *w, size_t items, size_t people, int64_t skipping)
{
	int64_t taste = chance(4);

	*w = (struct small){ .form = { w->items, items, w->scales, 1 } };
	for (size_t j = 0; j < items; j++)
		w->items[j] = (struct form_item){ .name = names[j],
			.label = names[j],
			.kind = FORM_LIKERT,
			.choices = choices,
			.choice_count = ROWS,
			.reversed = !chance(3),
			.min = (double)NAN,
			.max = (double)NAN };
	w->scales[0] = (struct form_scale){ .name = "scale", .sum = chance(2), .items = names, .item_count = items };
	w->t.count = people;
	w->t.k = 2 + chance(3);
	for (size_t i = 0; i < people; i++) {
		w->people[i].side = (int)chance(2);
		for (size_t j = 0; j < items; j++) {
			size_t row = (size_t)(taste == 3 || !chance(4) ? chance(ROWS) : taste);

			w->values[i][j] = chance(100) < skipping ? NULL : choices[row].value;
		}
	}
}

static const struct tally_cell *cell(const struct small *w, const char *item, const char *choice, int side)
{
	for (size_t i = 0; i < w->t.cell_count; i++)
		if (!strcmp(w->t.cells[i].item, item) && w->t.cells[i].side == side && (!choice || !strcmp(w->t.cells[i].choice, choice)))
			return &w->t.cells[i];
	return NULL;
}

/* ---- every count that agrees ---- */

/* Totals that the values of a side can have: [first][second]; of one column all stands in the first. */
struct totals {
	bool can[TOTAL_MOST][TOTAL_MOST];
};
struct guess {
	const struct small *w;
	size_t item, columns;
	int64_t of[2], counts[2][ROWS];
	struct totals *all;
	struct totals *with; /* of each count and row's total (which = 0, 1, 2), row and value */
};

static size_t with_at(int which, size_t row, int64_t value)
{
	return ((size_t)which * ROWS + row) * (PEOPLE_MOST + 1) + (size_t)value;
}

static bool fits(const struct small *w, size_t item, size_t row, int side, int64_t count)
{
	const struct tally_cell *c = cell(w, names[item], choices[row].value, side);

	return !c || c->count == TALLY_FEW || c->count == count;
}

static void agree(struct guess *g)
{
	size_t total[2] = { 0 };

	for (size_t row = 0; row < ROWS; row++) {
		if (g->columns == 2 && !fits(g->w, g->item, row, TALLY_ALL, g->counts[0][row] + g->counts[1][row]))
			return;
		for (size_t j = 0; j < g->columns; j++)
			total[j] += (size_t)g->counts[j][row] * (g->w->items[g->item].reversed ? ROWS - row : row + 1);
	}
	g->all->can[total[0]][total[1]] = true;
	for (size_t row = 0; row < ROWS; row++) {
		g->with[with_at(0, row, g->counts[0][row])].can[total[0]][total[1]] = true;
		g->with[with_at(1, row, g->counts[1][row])].can[total[0]][total[1]] = true;
		g->with[with_at(2, row, g->counts[0][row] + g->counts[1][row])].can[total[0]][total[1]] = true;
	}
}

static void go_through(struct guess *g, size_t column, size_t row, int64_t left)
{
	if (column == g->columns || column == sizeof g->counts / sizeof *g->counts) {
		agree(g);
		return;
	}
	for (int64_t v = row + 1 == ROWS ? left : 0; v <= left; v++) {
		if (!fits(g->w, g->item, row, g->columns == 2 ? (int)column : TALLY_ALL, v))
			continue;
		g->counts[column][row] = v;
		if (row + 1 == ROWS)
			go_through(g, column + 1, 0, g->of[!column]);
		else
			go_through(g, column, row + 1, left - v);
	}
}

static struct totals *sum_of(struct arena *arena, const struct totals *a, const struct totals *b, size_t most)
{
	struct totals *ret = arena_new(arena, sizeof *ret);

	for (size_t i = 0; i < most; i++)
		for (size_t j = 0; j < most; j++)
			for (size_t k = 0; a->can[i][j] && i + k < most; k++)
				for (size_t l = 0; j + l < most; l++)
					ret->can[i + k][j + l] |= b->can[k][l];
	return ret;
}

/* Can what others make up to be and these totals together be what the scale says? Of one column the first is all. */
static bool can_be(const struct totals *these, const struct totals *others, const size_t *known, bool apart)
{
	for (size_t i = 0; i <= known[0] + known[1]; i++)
		for (size_t j = 0; i + j <= known[0] + known[1]; j++)
			for (size_t k = 0; these->can[i][j] && i + j + k <= known[0] + known[1]; k++) {
				size_t l = known[0] + known[1] - i - j - k;

				if (others->can[k][l] && (!apart || i + k == known[0]))
					return true;
			}
	return false;
}

static int64_t checked, shown_scales;

/* No count that was left out is known better than k wide, by who knows the scale's totals, too. */
static void attack_counts(struct small *w, const size_t *known, bool apart)
{
	size_t items = w->form.item_count, most = 3 * w->t.count * items + 1;
	struct guess g[ITEMS_MOST];

	assert_true(most <= TOTAL_MOST);
	for (size_t i = 0; i < items; i++) {
		const struct tally_cell *first = cell(w, names[i], "1", 0), *all = cell(w, names[i], "1", TALLY_ALL);

		g[i] = (struct guess){ .w = w, .item = i, .columns = first ? 2 : 1, .all = arena_new(&w->arena, sizeof *g->all) };
		g[i].with = arena_new(&w->arena, with_at(3, 0, 0) * sizeof *g->with);
		g[i].of[0] = first ? first->of : all->of;
		g[i].of[1] = first ? cell(w, names[i], "1", 1)->of : 0;
		assert_true(!apart || first);
		go_through(&g[i], 0, 0, g[i].of[0]);
	}
	for (size_t i = 0; i < items; i++) {
		struct totals *others = arena_new(&w->arena, sizeof *others);

		others->can[0][0] = true;
		for (size_t j = 0; j < items; j++)
			if (j != i)
				others = sum_of(&w->arena, g[j].all, others, most);
		for (size_t at = 0; at < (size_t)ROWS * 3; at++) {
			int64_t low = INT64_MAX, high = -1;
			int which = (int)(at / ROWS);
			const struct tally_cell *c = cell(w, names[i], choices[at % ROWS].value, which);

			if (!c || c->count != TALLY_FEW)
				continue;
			for (int64_t v = 0; v <= (int64_t)w->t.count; v++)
				if (can_be(&g[i].with[with_at(which, at % ROWS, v)], others, known, apart)) {
					low = v < low ? v : low;
					high = v;
				}
			checked++;
			if (high < w->t.k || high - low < w->t.k)
				fail_msg("count %s of %s is known to be %lld to %lld (k = %lld)", c->choice, c->item, (long long)low,
					(long long)high, (long long)w->t.k);
		}
	}
}

/* How many of a side (TALLY_ALL: of all) add something to the items that they do not add to the scale. */
static int64_t different(const struct small *w, const struct form_scale *scale, int side)
{
	int64_t people = 0;

	for (size_t i = 0; i < w->t.count; i++) {
		double sum = 0, score = scale_score(&w->form, scale, w->values[i]);
		size_t answered = 0;

		for (size_t j = 0; j < scale->item_count; j++) {
			double value = item_value(&w->items[scale->at[j]], w->values[i][scale->at[j]], scale->turned[j]);

			answered += !isnan(value);
			sum += isnan(value) ? 0 : value;
		}
		if (side != TALLY_ALL && w->people[i].side != side)
			continue;
		people += answered &&
			(isnan(score) || answered < scale->item_count || fabs(score * (scale->sum ? 1 : (double)answered) - sum) > 1e-9);
	}
	return people;
}

static void attack(struct small *w)
{
	size_t known[2] = { 0 };
	const struct tally_cell *all = cell(w, "scale", NULL, TALLY_ALL), *first = cell(w, "scale", NULL, 0);
	double times = w->scales[0].sum ? 1 : (double)w->form.item_count;
	bool nobody = true;

	if (!all || isnan(all->mean))
		return;
	shown_scales++;
	for (int side = first ? 0 : TALLY_ALL; side <= TALLY_ALL; side++) {
		int64_t people = different(w, &w->scales[0], side);

		nobody &= !people;
		if (people && people < w->t.k)
			fail_msg("the items less the scale are the answers of %lld", (long long)people);
	}
	if (!nobody)
		return;
	known[0] = (size_t)llround((first ? first : all)->mean * times * (double)(first ? first : all)->of);
	known[1] = (size_t)llround(all->mean * times * (double)all->of) - known[0];
	attack_counts(w, known, first != NULL);
}

/* ---- by chance ---- */

static void every_count(void **state)
{
	(void)state;
	for (int n = 0; n < 2500; n++) {
		struct small *w = calloc(1, sizeof *w);
		size_t items = n < 300 ? 3 : 1 + (size_t)chance(2);

		make(w, items, 4 + (size_t)chance(items == 3 ? 8 : 14), 0);
		w->t.apart = n % 7 == 0 && items < 3;
		count_it(w);
		attack(w);
		arena_free(&w->arena);
		free(w);
	}
	assert_true(checked > 300 && shown_scales > 150);
}

static void who_skips(void **state)
{
	int64_t before = shown_scales;

	(void)state;
	for (int n = 0; n < 3000; n++) {
		struct small *w = calloc(1, sizeof *w);

		make(w, 5, 20 + (size_t)chance(20), 1 + chance(8));
		w->t.apart = n % 2;
		count_it(w);
		/* the counts of who skipped nothing are every_count's */
		if (different(w, &w->scales[0], TALLY_ALL))
			attack(w);
		arena_free(&w->arena);
		free(w);
	}
	assert_true(shown_scales - before > 300);
}

/* ---- conditions ---- */

static int64_t groups_of(const struct small *w, bool (*in)(const struct small *, size_t))
{
	int64_t n = 0;

	for (size_t i = 0; i < w->t.count; i++)
		n += in(w, i);
	return n;
}

static bool says(const struct small *w, size_t person, size_t item, const char *value)
{
	return w->values[person][item] && !strcmp(w->values[person][item], value);
}

static bool one_alone(const struct small *w, size_t i)
{
	return says(w, i, 0, "1") && !says(w, i, 1, "1");
}

static bool other_alone(const struct small *w, size_t i)
{
	return !says(w, i, 0, "1") && says(w, i, 1, "1");
}

static bool both(const struct small *w, size_t i)
{
	return says(w, i, 0, "1") && says(w, i, 1, "1");
}

static bool neither(const struct small *w, size_t i)
{
	return !says(w, i, 0, "1") && !says(w, i, 1, "1");
}

/* Who was asked because of two answers, less those of one of them, are a group that nobody was told of. */
static void joined_conditions(void **state)
{
	static bool (*const groups[])(const struct small *, size_t) = { one_alone, other_alone, both, neither };
	int64_t seen = 0;

	(void)state;
	for (int n = 0; n < 3000; n++) {
		struct small *w = calloc(1, sizeof *w);

		make(w, 3, 24 + (size_t)chance(16), 0);
		w->form.scale_count = 0;
		w->items[0].choice_count = w->items[1].choice_count = 2;
		for (size_t i = 0; i < w->t.count; i++)
			w->values[i][0] = choices[chance(2)].value,
			w->values[i][1] = chance(5) ? w->values[i][0] : choices[chance(2)].value;
		w->items[2].relevant = "${a} = '1' and ${b} = '1'";
		count_it(w);
		for (size_t i = 0; cell(w, "c", NULL, TALLY_ALL) && i < 4; i++) {
			int64_t people = groups_of(w, groups[i]);

			seen++;
			if (people && people < w->t.k)
				fail_msg("a group of %lld is a difference of what is shown", (long long)people);
		}
		arena_free(&w->arena);
		free(w);
	}
	assert_true(seen > 500);
}

/* ---- by hand ---- */

/* Twenty people answer five items whole; who skips two counts in the items alone, who skips one is stood in for. */
static void one_skips(void **state)
{
	(void)state;
	for (size_t skipped = 0; skipped <= 2; skipped++) {
		struct small *w = calloc(1, sizeof *w);

		make(w, 5, 21, 0);
		w->t.k = 5;
		for (size_t i = 0; i < 21; i++)
			for (size_t j = 0; j < 5; j++)
				w->values[i][j] = i == 20 && j < skipped ? NULL : choices[i % 3].value;
		count_it(w);
		assert_int_equal(cell(w, "a", "1", TALLY_ALL)->count, 7);
		assert_int_equal(cell(w, "scale", NULL, TALLY_ALL)->count, skipped ? TALLY_FEW : 21);
		assert_true(isnan(cell(w, "scale", NULL, TALLY_ALL)->mean) == (skipped > 0));
		arena_free(&w->arena);
		free(w);
	}
}

/* A scale of one item would tell its counts; two that share items would tell of who is in one alone. */
static void scales_among_themselves(void **state)
{
	static const char *const fewer[] = { "a", "b", "c", "d" };
	struct small *w = calloc(1, sizeof *w);

	(void)state;
	make(w, 1, 12, 0);
	w->t.k = 5;
	for (size_t i = 0; i < 12; i++)
		w->values[i][0] = choices[i == 0 ? 1 : i % 2 ? 0 : 2].value; /* 6, 1, 5 */
	count_it(w);
	assert_int_equal(cell(w, "a", "2", TALLY_ALL)->count, TALLY_FEW);
	assert_int_equal(cell(w, "scale", NULL, TALLY_ALL)->count, TALLY_FEW);
	arena_free(&w->arena);

	make(w, 5, 30, 0);
	w->t.k = 5;
	w->form.scale_count = 2;
	w->scales[1] = (struct form_scale){ .name = "nested", .items = fewer, .item_count = 4 };
	for (size_t i = 0; i < 30; i++)
		for (size_t j = 0; j < 5; j++)
			w->values[i][j] = i >= 15 && j == (i == 29 ? 4 : i % 4) ? NULL : choices[i % 3].value;
	count_it(w);
	assert_int_equal(cell(w, "scale", NULL, TALLY_ALL)->count, 30);
	assert_int_equal(cell(w, "nested", NULL, TALLY_ALL)->count, TALLY_FEW);
	arena_free(&w->arena);
	free(w);
}

/* A mean at its end says of everybody what the counts would not have said. */
static void ends(void **state)
{
	static const char *const numbers[] = { "10", "9" };

	(void)state;
	for (int few = 0; few < 2; few++) {
		struct small *w = calloc(1, sizeof *w);

		make(w, 1, 12, 0);
		w->t.k = 5;
		w->form.scale_count = 0;
		w->items[0] = (struct form_item){ .name = "a", .label = "a", .kind = FORM_NUMBER, .min = 0, .max = 10 };
		for (size_t i = 0; i < 12; i++)
			w->values[i][0] = numbers[i < (few ? 4 : 5)];
		count_it(w);
		assert_int_equal(cell(w, "a", "mean", TALLY_ALL)->count, 12);
		assert_true(isnan(cell(w, "a", "mean", TALLY_ALL)->mean) == few);
		arena_free(&w->arena);
		free(w);
	}
}

/* Who answered all says the highest to all, the counts are those of others: so much is said of these only where k are not there. */
static void scale_at_its_end(void **state)
{
	(void)state;
	for (int apart = 0; apart < 2; apart++)
		for (size_t others = 0; others < 2; others++) {
			struct small *w = calloc(1, sizeof *w);

			make(w, 5, 80, 0);
			w->t.k = 5;
			w->t.apart = apart;
			for (size_t i = 0; i < 80; i++) {
				w->people[i].side = i % 2;
				for (size_t j = 0; j < 5; j++) {
					bool skips = j == i / 2 % 5 || j == (i / 2 + 1) % 5;

					w->items[j].reversed = false;
					w->values[i][j] = i >= 40 ? skips ? NULL : choices[i / 2 % 2].value
								  : choices[others && i % 2 ? i / 2 % 3 : 2].value;
				}
			}
			count_it(w);
			assert_int_equal(cell(w, "a", "1", TALLY_ALL)->count == TALLY_FEW, false);
			assert_true(isnan(cell(w, "scale", NULL, TALLY_ALL)->mean) == !others);
			assert_null(cell(w, "scale", NULL, 0));
			arena_free(&w->arena);
			free(w);
		}
}

static bool is_statistic(const struct tally_cell *c)
{
	return !strcmp(c->choice, "deviation") || !strncmp(c->choice, "alpha", 5) || !strcmp(c->choice, "item-total");
}

/* Whoever entered all answers but the last would read that one: what is shown is what it is without theirs, and theirs added. */
static void entered_hide_nobody(void **state)
{
	(void)state;
	for (int n = 0; n < 400; n++) {
		struct small *w = calloc(1, sizeof *w), *alone = calloc(1, sizeof *alone);
		size_t entered = (size_t)chance(15);

		make(w, 2, 8 + (size_t)chance(30), chance(3));
		w->t.apart = n % 2;
		memcpy(alone, w, sizeof *w);
		alone->form.items = alone->items;
		alone->form.scales = alone->scales;
		for (size_t i = 0; i < entered; i++)
			w->people[w->t.count + i] = (struct tally_answers){ .side = (int)chance(2), .known = true };
		for (size_t i = 0; i < entered; i++)
			for (size_t j = 0; j < 2; j++)
				w->values[w->t.count + i][j] = choices[chance(ROWS)].value;
		w->t.count += entered;
		count_it(w);
		count_it(alone);
		assert_int_equal(w->t.cell_count, alone->t.cell_count);
		for (size_t i = 0; i < w->t.cell_count; i++) {
			const struct tally_cell *mine = &w->t.cells[i], *theirs = &alone->t.cells[i];

			assert_string_equal(mine->item, theirs->item);
			assert_int_equal(mine->side, theirs->side);
			assert_int_equal(mine->count == TALLY_FEW, theirs->count == TALLY_FEW);
			assert_true(isnan(mine->mean) == isnan(theirs->mean));
			if (mine->side == TALLY_ALL && mine->of != TALLY_FEW)
				assert_int_equal(mine->of, theirs->of + (is_statistic(mine) ? 0 : (int64_t)entered));
		}
		arena_free(&w->arena);
		arena_free(&alone->arena);
		free(w);
		free(alone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_count), cmocka_unit_test(who_skips), cmocka_unit_test(joined_conditions),
		cmocka_unit_test(one_skips), cmocka_unit_test(scales_among_themselves), cmocka_unit_test(ends),
		cmocka_unit_test(scale_at_its_end), cmocka_unit_test(entered_hide_nobody) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
