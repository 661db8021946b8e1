/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must make no difference: the order of records, how many mentors are measured at once, and the shortlist.
 */
#include "match_world.h"

static void print_alternatives(FILE *f, const struct match_alternative *a, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(f, " [%lld %lld %d %d %d %d %lld %d %d %s]", (long long)a[i].mentee, (long long)a[i].mentor, a[i].score, a[i].free,
			a[i].exact, a[i].cost_placed, (long long)a[i].cost_total, a[i].band, a[i].cost_band, a[i].text);
}

/* All that a result says. */
static char *print(const struct match_result *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%lld %lld %lld %lld %lld %d %d %d\n", (long long)r->placed, (long long)r->total, (long long)r->places,
		(long long)r->cells, (long long)r->eligible, r->lowest, r->median, r->rounds);
	for (size_t i = 0; i < sizeof r->input_hash; i++)
		fprintf(f, "%02x", r->input_hash[i]);
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct match_made *p = &r->pairs[i];

		fprintf(f, "\n%lld %lld %d %d %s", (long long)p->mentee, (long long)p->mentor, p->score, p->locked, p->shared);
		for (size_t k = 0; k < p->share_count; k++)
			fprintf(f, " (%s %d/%d %s)", p->shares[k].criterion->name, p->shares[k].points, p->shares[k].most,
				p->shares[k].text);
		print_alternatives(f, p->mentee_alternatives, p->mentee_alternative_count);
		print_alternatives(f, p->mentor_alternatives, p->mentor_alternative_count);
	}
	for (size_t i = 0; i < r->unplaced_count; i++)
		fprintf(f, "\n%lld %s %s", (long long)r->unplaced[i].participant, r->unplaced[i].stopped, r->unplaced[i].help);
	fclose(f);
	return text;
}

static void shuffle(void *list, size_t count, size_t size)
{
	char item[256];

	for (size_t i = count; i > 1; i--) {
		char *a = (char *)list + (i - 1) * size, *b = (char *)list + (size_t)random_below((int32_t)i) * size;

		memcpy(item, a, size);
		memmove(a, b, size);
		memcpy(b, item, size);
	}
}

static void test_order_of_records_does_not_matter(void **unused)
{
	struct world *w = malloc(sizeof *w);
	struct match_word shuffled[sizeof words / sizeof *words];

	(void)unused;
	memcpy(shuffled, words, sizeof words);
	for (int round = 0; round < 2000; round++) {
		struct match_result *one, *other;
		struct problem problem;
		char *first, *second;

		make(w);
		w->in.words = shuffled;
		w->in.all_pairs = round % 2;
		w->in.algorithm = of_pairs[round % 4];
		assert_int_equal(match_run(&w->in, NULL, &one, &problem), 0);
		for (int at = 0; at < SIDE; at++) {
			shuffle(w->traits[at], w->mentees[at].trait_count, sizeof **w->traits);
			shuffle(w->spans[at], w->mentees[at].span_count, sizeof **w->spans);
		}
		shuffle(w->mentees, w->in.mentee_count, sizeof *w->mentees);
		shuffle(w->mentors, w->in.mentor_count, sizeof *w->mentors);
		shuffle(w->wishes, w->in.wish_count, sizeof *w->wishes);
		shuffle(w->objections, w->in.objection_count, sizeof *w->objections);
		shuffle(w->earlier, w->in.earlier_count, sizeof *w->earlier);
		shuffle(shuffled, w->in.word_count, sizeof *shuffled);
		assert_int_equal(match_run(&w->in, NULL, &other, &problem), 0);
		first = print(one);
		second = print(other);
		assert_string_equal(first, second);
		free(first);
		free(second);
		match_result_free(one);
		match_result_free(other);
	}
	free(w);
}

/* --- the shortlist ------------------------------------------------------------------------------------------ */

enum {
	CROWD = 250
};

/* Everybody prefers the same mentors, so the shortlists are too short and only pricing finds the rest. */
static void make_crowd(struct match_person *people, struct match_trait *traits, int64_t first)
{
	for (int i = 0; i < CROWD; i++) {
		people[i] = (struct match_person){
			.id = first + i,
			.person = first + i,
			.places = 1,
			.age = MATCH_NONE,
			.year = MATCH_NONE,
			.traits = traits + 3 * i,
			.trait_count = 3,
		};
		for (int k = 0; k < 3; k++)
			traits[3 * i + k] = (struct match_trait){ MATCH_SKILL, k, first > CROWD ? 1 + i % 4 : 4 - random_below(3),
				first <= CROWD };
	}
}

static void test_shortlist_is_proven_over_all_pairs(void **unused)
{
	static struct match_person mentees[CROWD], mentors[CROWD];
	static struct match_trait traits[2][3 * CROWD];
	const struct match_line line = { .criterion = "traits", .weight = 1 };
	struct match_input in = {
		.mentees = mentees,
		.mentee_count = CROWD,
		.mentors = mentors,
		.mentor_count = CROWD,
		.recipe = { &line, 1 },
	};
	struct match_result *all, *listed;
	struct problem problem;

	(void)unused;
	make_crowd(mentees, traits[0], 1);
	make_crowd(mentors, traits[1], 1001);
	assert_int_equal(match_run(&in, NULL, &all, &problem), 0);
	in.all_pairs = 1;
	assert_int_equal(match_run(&in, NULL, &listed, &problem), 0);
	assert_false(all->shortlisted);
	assert_true(listed->shortlisted);
	assert_true(listed->rounds > 1);
	assert_int_equal(all->placed, CROWD);
	assert_int_equal(listed->placed, CROWD);
	assert_int_equal(listed->total, all->total);
	match_result_free(listed);
	in.algorithm = MATCH_FAIR;
	assert_int_equal(match_run(&in, NULL, &listed, &problem), 0);
	assert_true(listed->shortlisted);
	assert_int_equal(listed->placed, CROWD);
	assert_int_equal(listed->bound_total, -1);
	match_result_free(all);
	match_result_free(listed);
}

enum {
	HALL = 1024 /* as many pairs as are worth a second thread */
};

/* Threads share the mentees to look at all pairs, and the two lists of alternatives. */
static void test_threads_find_the_same(void **unused)
{
	static struct match_person people[2][HALL];
	static struct match_trait traits[2][HALL][3];
	const struct match_line line = { .criterion = "traits", .weight = 1 };
	struct match_input in = { .mentees = people[0],
		.mentee_count = HALL,
		.mentors = people[1],
		.mentor_count = HALL,
		.recipe = { &line, 1 },
		.all_pairs = 1 };
	char *alone = NULL;

	(void)unused;
	for (int i = 0; i < 2 * HALL; i++) {
		int side = i / HALL, at = i % HALL;

		for (int k = 0; k < 3; k++)
			traits[side][at][k] = (struct match_trait){ MATCH_SKILL, random_below(40), 1 + random_below(4), !side };
		people[side][at] = (struct match_person){ .id = 1 + i,
			.person = 1 + i,
			.places = 1,
			.age = MATCH_NONE,
			.year = MATCH_NONE,
			.traits = traits[side][at],
			.trait_count = 3 };
	}
	for (in.threads = 1; in.threads <= 3; in.threads++) {
		struct match_result *result;
		struct problem problem;
		char *text;

		assert_int_equal(match_run(&in, NULL, &result, &problem), 0);
		text = print(result);
		if (alone)
			assert_string_equal(text, alone);
		else
			alone = strdup(text);
		free(text);
		match_result_free(result);
	}
	free(alone);
}

enum {
	WIDE = 60
};

/* Blocks of many mentors are measured by way of the words, blocks of one by way of the mentor: no score may differ by it. */
static void test_wide_blocks_score_the_same(void **unused)
{
	static struct world w;
	static struct match_person mentors[WIDE];
	static struct match_trait traits[WIDE][TRAITS];
	static struct match_span spans[WIDE][SPANS];
	struct match_result *result;
	struct problem problem;
	int compared = 0;

	(void)unused;
	for (int round = 0; round < 150; round++) {
		make(&w);
		for (int j = 0; j < WIDE; j++) {
			make_person(&w, SIDE, &mentors[j], true);
			memcpy(traits[j], w.traits[SIDE], sizeof traits[j]);
			memcpy(spans[j], w.spans[SIDE], sizeof spans[j]);
			mentors[j] = (struct match_person){ .id = 5000 + j,
				.person = 5000 + j,
				.places = 1,
				.age = mentors[j].age,
				.year = mentors[j].year,
				.traits = traits[j],
				.trait_count = mentors[j].trait_count,
				.spans = spans[j],
				.span_count = mentors[j].span_count };
		}
		w.mentees[0].places = 1;
		w.in.mentee_count = 1;
		w.in.mentors = mentors;
		w.in.mentor_count = WIDE;
		w.in.wish_count = w.in.earlier_count = w.in.objection_count = 0;
		assert_int_equal(match_run(&w.in, NULL, &result, &problem), 0);
		for (size_t k = 0; k < result->pair_count; k++)
			for (size_t a = 0; a <= result->pairs[k].mentee_alternative_count; a++) {
				const struct match_alternative *other = a ? &result->pairs[k].mentee_alternatives[a - 1] : NULL;

				w.mentors[0] = mentors[(other ? other->mentor : result->pairs[k].mentor) - 5000];
				assert_int_equal(pair_alone(&w, 0, 0, false, true), other ? other->score : result->pairs[k].score);
				compared++;
			}
		match_result_free(result);
	}
	assert_true(compared > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_wide_blocks_score_the_same),
		cmocka_unit_test(test_order_of_records_does_not_matter), cmocka_unit_test(test_shortlist_is_proven_over_all_pairs),
		cmocka_unit_test(test_threads_find_the_same) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
