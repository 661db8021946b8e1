/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may be told of how a scale's items go together.
 *
 * Deviation, alpha and correlations are functions of who gave which answers together, which no count tells; of a few people they could be
 * turned round into the answers. So:
 * - They are of all together, never of a side: there is nothing to subtract; and of those who answered every item of the scale. Those
 *   who left out some are nobody, or k at least, whether they have a score all the same or not.
 * - Answers that whoever reads the results has entered are not among them: nobody hides behind these. They are ten at least, and 2 k.
 * - A number is told no finer than what k single steps change in it: one person one choice further in one item, or two who each have
 *   the other's answer, one choice apart. Finer than a hundredth it never is, coarser than a tenth it would say nothing and is left out.
 * - Where the answers are alike but for k steps, or go together as closely as they could but for k steps in each pair of items, all
 *   is left out: that would tell of everybody. It is told in the same words as too few, for zero variance is an answer, too.
 * - Of two items the correlation is what alpha says already, and of three the correlations are as many as the pairs that they are made of; each
 *   twice rounded would be known finer. They are told of four items and more. The interval and the deviation
 *   are made of alpha as it is told, for the deviation and the items' own variances, which their counts tell, say what alpha is.
 */
#include <math.h>

#include "inner.h"

enum {
	PEOPLE_LEAST = 10
};
static const char too_few[] =
	"left out: too few answered all its questions, or too much alike, for a number that tells of nobody in particular";

/* Those who answered all items; some, and have a score; some, and have none. `values`: of the first, a row for each. */
struct groups {
	int64_t whole, scored, unscored;
	double *values;
};

static struct groups part(struct arena *arena, const struct tally *t, const struct form_scale *scale)
{
	struct groups g = { .values = arena_new(arena, (t->count * scale->item_count + 1) * sizeof *g.values) };

	for (size_t i = 0; i < t->count; i++) {
		const struct tally_answers *p = &t->list[i];
		double *row = g.values + (size_t)g.whole * scale->item_count;
		size_t answered = 0;

		if (p->known)
			continue;
		for (size_t j = 0; j < scale->item_count; j++) {
			row[j] = item_value(&t->form->items[scale->at[j]], p->values[scale->at[j]], scale->turned[j]);
			answered += !isnan(row[j]);
		}
		if (answered == scale->item_count)
			g.whole++;
		else if (answered)
			*(isnan(scale_score(t->form, scale, p->values)) ? &g.unscored : &g.scored) += 1;
	}
	return g;
}

/* The least that one choice of an item lies from the next; NaN where an item has no choices, or one. */
static double step_of(const struct form *form, const struct form_scale *scale)
{
	double least = HUGE_VAL;

	for (size_t i = 0; i < scale->item_count; i++) {
		const struct form_item *item = &form->items[scale->at[i]];
		double before = least;

		if (item->choice_count < 2)
			return (double)NAN;
		for (size_t a = 0; a < item->choice_count; a++)
			for (size_t b = 0; b < a; b++) {
				double far = fabs(
					item_value(item, item->choices[a].value, false) - item_value(item, item->choices[b].value, false));

				least = far > 0 && far < least ? far : least;
			}
		if (!(before <= HUGE_VAL) || !(least < HUGE_VAL))
			return (double)NAN;
	}
	return least;
}

static bool few(const struct tally *t, int64_t people)
{
	return people && people < t->k;
}

static bool varied(const struct tally *t, const struct form_scale *scale, const struct groups *g, const struct reliability *r, double step)
{
	double squares = (double)(g->whole - 1), k = (double)t->k * step * step, items = (double)scale->item_count;
	double pairs = items < 2 ? 1 : items * (items - 1) / 2;

	return r->total * squares >= k && (items < 2 || (r->most - r->total) * squares >= 2 * k * pairs) &&
		(r->least <= 0 || (r->total - r->least) * squares >= 2 * k);
}

struct telling {
	struct tally_cell *cells, cell;
	size_t count;
};

static void tell(struct telling *t, const char *what, const char *of, double value)
{
	struct tally_cell *cell = &t->cells[t->count++];

	*cell = t->cell;
	cell->choice = what;
	cell->choice_label = of;
	cell->value = value;
	cell->note = isnan(value) ? too_few : NULL;
}

/* The deviation of scores that goes with that alpha; NaN, where it is not told: the one that was found. */
static double deviation_for(const struct reliability *r, double alpha, double items)
{
	return isnan(alpha) ? r->deviation : sqrt(r->items / (1 - alpha * (items - 1) / items));
}

static void tell_interval(struct telling *t, double alpha, double step, double people, double items)
{
	double f = (people - 1) * (items - 1);

	tell(t, "alpha", NULL, alpha);
	if (isnan(alpha))
		return;
	tell(t, "alpha low", NULL, round_coarsely(1 - (1 - alpha) * f_quantile(.975, people - 1, f), step));
	tell(t, "alpha high", NULL, round_coarsely(1 - (1 - alpha) * f_quantile(.025, people - 1, f), step));
}

size_t tally_statistics(struct arena *arena, const struct tally *t, const struct form_scale *scale, struct tally_cell **ret)
{
	struct groups g = part(arena, t, scale);
	double p = (double)scale->item_count, n = (double)g.whole, u = step_of(t->form, scale), k = (double)t->k, per = scale->sum ? 1 : p;
	struct telling telling = { arena_new(arena, (scale->item_count + 4) * sizeof *telling.cells),
		{ .item = scale->name, .side = TALLY_ALL, .count = g.whole, .of = g.whole, .mean = (double)NAN }, 0 };
	double step, alpha;
	struct reliability r;

	*ret = telling.cells;
	if (g.whole < PEOPLE_LEAST || g.whole < 2 * t->k || few(t, g.scored) || few(t, g.unscored)) {
		telling.cell.count = telling.cell.of = TALLY_FEW;
		tell(&telling, "deviation", NULL, (double)NAN);
		return telling.count;
	}
	scale_reliability(arena, g.values, (size_t)g.whole, scale->item_count, &r);
	if (isnan(u) || !varied(t, scale, &g, &r, u)) {
		tell(&telling, "deviation", NULL, (double)NAN);
		return telling.count;
	}
	step = p / (p - 1) * r.items / (r.total * r.total) * 2 * k * u * u / (n - 1);
	alpha = p < 2 ? (double)NAN : round_coarsely(r.alpha, step);
	tell(&telling, "deviation", NULL,
		round_coarsely(deviation_for(&r, alpha, p) / per, k * u * fmax(1, u / r.deviation) / ((n - 1) * per)));
	if (scale->item_count < 2) {
		tell(&telling, "alpha", NULL, (double)NAN);
		telling.cells[telling.count - 1].note = "one question alone has no alpha";
		return telling.count;
	}
	tell_interval(&telling, alpha, step, n, p);
	for (size_t j = 0; j < scale->item_count && scale->item_count > 3; j++)
		tell(&telling, "item-total", t->form->items[scale->at[j]].name,
			isnan(r.item_total[j]) ? r.item_total[j]
					       : round_coarsely(r.item_total[j], k * u * u / ((n - 1) * r.item[j] * r.rest[j])));
	return telling.count;
}
