/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How groups fared, and what of it may be told: the rules stand in questionnaire.h.
 *
 * The counts of a group and of all others are a table of two by two whose margins everybody knows, so one small count is as good as all four.
 * A mean of few scores that are known is a riddle with one solution, if it is told exactly: hence the rounding, and the distance from the
 * best and the worst that it could be. Of twenty people there are 184,756 groups of ten, for some thirty means that can be told apart.
 */
#include <math.h>
#include <stdlib.h>

#include "core/arena.h"
#include "questionnaire.h"

enum {
	MEAN_LEAST = 10
};

static const double NORMAL_975 = 1.959963984540054; /* the 97.5 % quantile of the normal distribution */

struct fared {
	size_t placed, unplaced;
};
struct reporting {
	const struct group_person *people;
	size_t count, k;
	struct fared all;
	double *scores; /* of the placed, rising */
	bool *in;       /* room for one of each person */
};

static void add_person(struct fared *fared, const struct group_person *person)
{
	if (person->placed)
		fared->placed++;
	else
		fared->unplaced++;
}

static struct fared fared_in(const struct reporting *r, const struct group_report *g)
{
	struct fared fared = { 0 };

	for (size_t i = 0; i < g->size; i++)
		add_person(&fared, &r->people[g->members[i]]);
	return fared;
}

static bool large(const struct reporting *r, struct fared fared)
{
	return fared.placed >= r->k && fared.unplaced >= r->k;
}

static bool none(struct fared fared)
{
	return fared.placed + fared.unplaced == 0;
}

static struct fared less(struct fared of, struct fared what)
{
	return (struct fared){ of.placed - what.placed, of.unplaced - what.unplaced };
}

static bool holds(const struct group_report *outer, const struct group_report *inner)
{
	size_t at = 0;

	for (size_t i = 0; i < outer->size && at < inner->size; i++)
		at += outer->members[i] == inner->members[at];
	return at == inner->size;
}

/* ---- which counts ---- */

/* Is one of two groups within the other, and what it has less than that one is few? */
static bool tell_few(const struct reporting *r, const struct group_report *one, const struct group_report *other)
{
	const struct group_report *inner = one->size <= other->size ? one : other, *outer = inner == one ? other : one;
	struct fared rest;

	if (!holds(outer, inner))
		return false;
	rest = less(fared_in(r, outer), fared_in(r, inner));
	return !none(rest) && !large(r, rest);
}

static struct fared fared_outside(const struct reporting *r, const struct group_report *groups, size_t group_count)
{
	struct fared rest = { 0 };

	for (size_t i = 0; i < r->count; i++)
		r->in[i] = false;
	for (size_t g = 0; g < group_count; g++)
		for (size_t i = 0; groups[g].counted && i < groups[g].size; i++)
			r->in[groups[g].members[i]] = true;
	for (size_t i = 0; i < r->count; i++)
		if (!r->in[i])
			add_person(&rest, &r->people[i]);
	return rest;
}

static struct group_report *smallest_counted(struct group_report *groups, size_t group_count)
{
	struct group_report *found = NULL;

	for (size_t g = 0; g < group_count; g++)
		if (groups[g].counted && (!found || groups[g].size < found->size))
			found = &groups[g];
	return found;
}

static void choose_counts(const struct reporting *r, struct group_report *groups, size_t group_count)
{
	struct group_report *smallest;

	for (size_t g = 0; g < group_count; g++) {
		struct fared inside = fared_in(r, &groups[g]);

		groups[g].listed = groups[g].size >= r->k && r->count - groups[g].size >= r->k;
		groups[g].counted = groups[g].listed && large(r, inside) && large(r, less(r->all, inside));
	}
	for (size_t g = 0; g < group_count; g++)
		for (size_t h = 0; h < g && groups[g].counted; h++)
			if (groups[h].counted && tell_few(r, &groups[g], &groups[h]))
				groups[g].counted = false;
	while ((smallest = smallest_counted(groups, group_count))) {
		struct fared rest = fared_outside(r, groups, group_count);

		if (none(rest) || large(r, rest))
			break;
		smallest->counted = false;
	}
}

/* ---- numbers ---- */

/* E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212. */
static void share_of(struct group_report *g, struct fared fared)
{
	double n = (double)g->size, z2 = NORMAL_975 * NORMAL_975, p, middle, half;

	g->unplaced = fared.unplaced;
	g->share = p = n > 0 ? (double)fared.unplaced / n : NAN;
	middle = (p + z2 / (2 * n)) / (1 + z2 / n);
	half = NORMAL_975 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
	g->share_low = fmax(middle - half, 0);
	g->share_high = fmin(middle + half, 1);
}

static double mean_between(const struct reporting *r, size_t from, size_t many)
{
	double sum = 0;

	for (size_t i = 0; i < many; i++)
		sum += r->scores[from + i];
	return sum / (double)many;
}

/* Could as many placed people have this mean without the k highest and without the k lowest scores, with the very highest and with the lowest? */
static bool within(const struct reporting *r, double mean, size_t many)
{
	size_t placed = r->all.placed;
	double n = (double)many, with_highest, with_lowest;

	if (many < MEAN_LEAST || placed < many + MEAN_LEAST || placed < many + r->k)
		return false;
	with_highest = (mean_between(r, 0, many - 1) * (n - 1) + r->scores[placed - 1]) / n;
	with_lowest = (mean_between(r, placed - many + 1, many - 1) * (n - 1) + r->scores[0]) / n;
	return mean + .005 <= fmin(mean_between(r, placed - r->k - many, many), with_lowest) &&
		mean - .005 >= fmax(mean_between(r, r->k, many), with_highest);
}

static double hundredth(double x)
{
	return round(x * 100) / 100;
}

static void mean_of(const struct reporting *r, struct group_report *g, struct fared fared)
{
	double n = (double)fared.placed, sum = 0, squares = 0, half;

	for (size_t i = 0; i < g->size; i++)
		if (r->people[g->members[i]].placed)
			sum += r->people[g->members[i]].score;
	g->mean = sum / n;
	for (size_t i = 0; i < g->size; i++) {
		const struct group_person *p = &r->people[g->members[i]];

		squares += p->placed ? (p->score - g->mean) * (p->score - g->mean) : 0;
	}
	half = fared.placed > 1 ? t_quantile(.975, n - 1) * sqrt(squares / (n - 1) / n) : NAN;
	g->mean_low = fmax(g->mean - half, 0);
	g->mean_high = fmin(g->mean + half, 1);
	if (fared.placed < 2)
		g->mean_low = g->mean_high = NAN;
	if (r->k == 0)
		return;
	g->mean = hundredth(g->mean);
	g->mean_low = hundredth(g->mean_low);
	g->mean_high = hundredth(g->mean_high);
}

static int rising(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void groups_report(
	struct arena *arena, const struct group_person *people, size_t count, struct group_report *groups, size_t group_count, size_t k)
{
	struct reporting r = { .people = people, .count = count, .k = k };
	size_t at = 0;

	r.in = arena_new(arena, (count + 1) * sizeof *r.in);
	r.scores = arena_new(arena, (count + 1) * sizeof *r.scores);
	for (size_t i = 0; i < count; i++) {
		add_person(&r.all, &people[i]);
		if (people[i].placed)
			r.scores[at++] = people[i].score;
	}
	qsort(r.scores, at, sizeof *r.scores, rising);
	choose_counts(&r, groups, group_count);
	for (size_t g = 0; g < group_count; g++) {
		struct fared fared = fared_in(&r, &groups[g]);

		share_of(&groups[g], fared);
		groups[g].scored = groups[g].counted && fared.placed > 0;
		if (!groups[g].scored)
			continue;
		mean_of(&r, &groups[g], fared);
		groups[g].scored = k == 0 || within(&r, groups[g].mean, fared.placed);
	}
}
