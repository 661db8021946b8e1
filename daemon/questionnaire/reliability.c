/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How well the items of a scale go together.
 *
 * Cronbach's alpha (Psychometrika 16, 1951) is p / (p - 1) times what the items' covariances are of the total's variance. With n people,
 * (1 - alpha of all) / (1 - alpha found) has the distribution F with n - 1 and (n - 1)(p - 1) degrees of freedom (Feldt, Psychometrika 30,
 * 1965), where items are equally good and answers normal; from that the interval follows. An item's correlation is with the total of
 * the others ('corrected'): its own part would raise it. Sums of squares are taken from the means, in a second pass, so that large
 * values lose nothing.
 */
#include <math.h>
#include <stdlib.h>

#include "inner.h"

static double mean_of(const double *values, size_t count, size_t step)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i * step];
	return sum / (double)count;
}

/* With count - 1; of a column with itself it is the variance. */
static double covariance(const double *x, const double *y, size_t count, size_t step_x, size_t step_y)
{
	double x_mean = mean_of(x, count, step_x), y_mean = mean_of(y, count, step_y), sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (x[i * step_x] - x_mean) * (y[i * step_y] - y_mean);
	return sum / (double)(count - 1);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The total's variance were everybody as high in one item as in each other: the answers of each item in their order, added up. With `sign`
 * -1, of the first item less the others. */
static double most_variance(struct arena *arena, const double *values, size_t people, size_t items, double sign)
{
	double *sums = arena_new(arena, people * sizeof *sums), *column = arena_new(arena, people * sizeof *column);

	for (size_t j = 0; j < items; j++) {
		for (size_t i = 0; i < people; i++)
			column[i] = values[i * items + j] * (j ? sign : 1);
		qsort(column, people, sizeof *column, by_size);
		for (size_t i = 0; i < people; i++)
			sums[i] += column[i];
	}
	return covariance(sums, sums, people, 1, 1);
}

static void find_alpha(struct reliability *r, size_t people, size_t items)
{
	double p = (double)items, n = (double)people;

	r->alpha = r->low = r->high = (double)NAN;
	if (items < 2 || !(r->total > 0))
		return;
	r->alpha = p / (p - 1) * (1 - r->items / r->total);
	r->low = 1 - (1 - r->alpha) * f_quantile(.975, n - 1, (n - 1) * (p - 1));
	r->high = 1 - (1 - r->alpha) * f_quantile(.025, n - 1, (n - 1) * (p - 1));
}

void scale_reliability(struct arena *arena, const double *values, size_t people, size_t items, struct reliability *ret)
{
	double *totals = arena_new(arena, people * sizeof *totals), *others = arena_new(arena, people * sizeof *others);

	*ret = (struct reliability){ .item_total = arena_new(arena, (items + 1) * sizeof(double)),
		.rest = arena_new(arena, (items + 1) * sizeof(double)),
		.item = arena_new(arena, (items + 1) * sizeof(double)) };
	for (size_t i = 0; i < people; i++)
		for (size_t j = 0; j < items; j++)
			totals[i] += values[i * items + j];
	for (size_t j = 0; j < items; j++) {
		double together;

		for (size_t i = 0; i < people; i++)
			others[i] = totals[i] - values[i * items + j];
		together = covariance(values + j, others, people, items, 1);
		ret->item[j] = sqrt(covariance(values + j, values + j, people, items, items));
		ret->rest[j] = sqrt(covariance(others, others, people, 1, 1));
		ret->items += ret->item[j] * ret->item[j];
		ret->item_total[j] = ret->item[j] > 0 && ret->rest[j] > 0 ? together / (ret->item[j] * ret->rest[j]) : (double)NAN;
	}
	ret->total = covariance(totals, totals, people, 1, 1);
	ret->most = most_variance(arena, values, people, items, 1);
	/* var(x - y) is the most where var(x + y) is the least, and both together are twice those of x and y */
	ret->least = items == 2 ? 2 * ret->items - most_variance(arena, values, people, items, -1) : 0;
	ret->mean = mean_of(totals, people, 1);
	ret->deviation = sqrt(ret->total);
	find_alpha(ret, people, items);
}

double round_coarsely(double value, double step)
{
	static const double parts[] = { 100, 20, 10 };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (step * parts[i] <= 1)
			return round(value * parts[i]) / parts[i];
	return (double)NAN;
}
