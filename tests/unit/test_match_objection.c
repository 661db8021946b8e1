/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an objection tells: with and without it the answers of small random programs are held against each other.
 */
#include "match_world.h"

static char *print_why(const struct match_why *y)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%d %d %d %d %d %lld %s", y->made, y->possible, y->score, y->exact, y->cost_placed, (long long)y->cost_total, y->text);
	for (size_t k = 0; k < y->share_count; k++)
		fprintf(f, " (%s %d/%d %s)", y->shares[k].name, y->shares[k].points, y->shares[k].most, y->shares[k].text);
	fclose(f);
	return text;
}

static char *why_of(const struct world *w, int i, int j)
{
	struct match_why why;
	struct problem problem;
	char *text;

	assert_int_equal(match_why(&w->in, w->mentees[i].id, w->mentors[j].id, NULL, &why, &problem), 0);
	text = print_why(&why);
	match_why_free(&why);
	return text;
}

/* What is said of all: counts, warnings, the preview. */
static char *print_counts(const struct world *w, const struct match_result *r)
{
	struct match_preview preview;
	struct problem problem;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%lld %lld %lld", (long long)r->places, (long long)r->cells, (long long)r->eligible);
	for (size_t k = 0; k < r->warning_count; k++)
		fprintf(f, "\n%s", r->warnings[k]);
	assert_int_equal(match_preview(&w->in, NULL, &preview, &problem), 0);
	fprintf(f, "\n%lld %lld", (long long)preview.eligible, (long long)preview.without);
	for (size_t k = 0; k < preview.line_count; k++)
		fprintf(f, "\n%s %lld %lld %lld %f", preview.lines[k].name, (long long)preview.lines[k].pairs,
			(long long)preview.lines[k].unknown, (long long)preview.lines[k].stopped, preview.lines[k].mean);
	match_preview_free(&preview);
	fclose(f);
	return text;
}

static bool pairs_equal(const struct match_result *a, const struct match_result *b)
{
	if (a->pair_count != b->pair_count)
		return false;
	for (size_t k = 0; k < a->pair_count; k++)
		if (a->pairs[k].mentee != b->pairs[k].mentee || a->pairs[k].mentor != b->pairs[k].mentor)
			return false;
	return true;
}

/* Lists of the same people with the same scores. Costs of others may rise: a way to make room may lead over the pair that must not be. */
static void same_alternatives(const struct match_alternative *a, size_t count, const struct match_alternative *b, size_t other)
{
	assert_int_equal(count, other);
	for (size_t k = 0; k < count; k++) {
		assert_int_equal(a[k].mentee, b[k].mentee);
		assert_int_equal(a[k].mentor, b[k].mentor);
		assert_int_equal(a[k].score, b[k].score);
		assert_int_equal(a[k].free, b[k].free);
	}
}

static void same_lists(const struct match_result *a, const struct match_result *b)
{
	for (size_t k = 0; k < a->pair_count; k++) {
		const struct match_made *one = &a->pairs[k], *other = &b->pairs[k];

		same_alternatives(one->mentee_alternatives, one->mentee_alternative_count, other->mentee_alternatives,
			other->mentee_alternative_count);
		same_alternatives(one->mentor_alternatives, one->mentor_alternative_count, other->mentor_alternatives,
			other->mentor_alternative_count);
	}
	assert_int_equal(a->unplaced_count, b->unplaced_count);
	for (size_t k = 0; k < a->unplaced_count; k++)
		assert_string_equal(a->unplaced[k].stopped, b->unplaced[k].stopped);
}

/* Returns 1 if the pair would not have been made, 2 if it would. */
static int object(struct world *w, int i, int j)
{
	struct match_result *before, *after;
	struct problem problem;
	char *told, *then, *counts, *since;
	long long total;
	int made, placed;

	w->in.objection_count = 0;
	assert_int_equal(match_run(&w->in, NULL, &before, &problem), 0);
	told = why_of(w, i, j);
	counts = print_counts(w, before);
	made = told[0] == '1';
	w->in.objection_count = 1;
	w->objections[0] = (struct match_couple){ w->mentors[j].person, w->mentees[i].person };
	assert_int_equal(match_run(&w->in, NULL, &after, &problem), 0);
	then = why_of(w, i, j);
	since = print_counts(w, after);
	assert_string_equal(counts, since);
	if (!made && w->in.algorithm != MATCH_STABLE)
		assert_string_equal(told, then);
	if (!made && pairs_equal(before, after))
		same_lists(before, after);
	if (made) {
		assert_non_null(strstr(then, " The recipe does not rule this pair out (score "));
		assert_int_equal(sscanf(then, "0 1 %*d %*d %d %lld", &placed, &total), 2);
		assert_true(placed >= 0 && (placed > 0 || total >= 0));
	}
	match_result_free(before);
	match_result_free(after);
	free(told);
	free(then);
	free(counts);
	free(since);
	return made ? 2 : 1;
}

static void test_objection_tells_nothing(void **unused)
{
	struct world *w = malloc(sizeof *w);
	int seen[3] = { 0 };

	(void)unused;
	for (int round = 0; round < 1000; round++) {
		int i, j;

		make(w);
		w->in.algorithm = (enum match_algorithm)(round % MATCH_CIRCLES);
		i = random_below((int32_t)w->in.mentee_count);
		j = random_below((int32_t)w->in.mentor_count);
		if (w->mentees[i].person != w->mentors[j].person && w->mentees[i].places > 0 && w->mentors[j].places > 0 &&
			pair_alone(w, i, j, false, false) >= 0)
			seen[object(w, i, j)]++;
	}
	assert_true(seen[1] > 50 && seen[2] > 50);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_objection_tells_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
