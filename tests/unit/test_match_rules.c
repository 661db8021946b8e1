/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the criteria say by hand-made people, what is refused, what must never
 * show, and that little free time wins nobody a better place.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct match_word words[] = { { 1, "calculus" }, { 2, "Python" }, { 3, "German" }, { 4, "Kannada" }, { 5, "North campus" },
	{ 6, "chess" } };

static struct match_person person(int64_t id, int32_t places)
{
	return (struct match_person){ .id = id, .person = id + 500, .places = places, .age = MATCH_NONE, .year = MATCH_NONE };
}

static struct match_input input(const struct match_person *mentees, size_t mentee_count, const struct match_person *mentors,
	size_t mentor_count, const struct match_line *lines, size_t line_count)
{
	return (struct match_input){
		.mentees = mentees,
		.mentee_count = mentee_count,
		.mentors = mentors,
		.mentor_count = mentor_count,
		.weeks = 1,
		.words = words,
		.word_count = COUNT(words),
		.recipe = { lines, line_count },
	};
}

static void refused(const struct match_input *in, const char *field)
{
	struct match_result *result = NULL;
	struct problem problem = { 0 };
	unsigned char hash[32];

	assert_int_equal(match_run(in, NULL, &result, &problem), E_INVALID);
	assert_null(result);
	assert_int_equal(problem.code, E_INVALID);
	assert_string_equal(problem.field, field);
	assert_int_equal(match_input_hash(in, hash, &problem), E_INVALID);
}

static struct match_result *run(const struct match_input *in)
{
	struct match_result *result = NULL;
	struct problem problem;

	if (match_run(in, NULL, &result, &problem) < 0)
		fail_msg("refused: %s: %s", problem.field, problem.text);
	return result;
}

static const struct match_made *pair_of(const struct match_result *result, int64_t mentee)
{
	for (size_t i = 0; i < result->pair_count; i++)
		if (result->pairs[i].mentee == mentee)
			return &result->pairs[i];
	return NULL;
}

/* --- criteria ------------------------------------------------------------------------------------------- */

/* One mentee, one mentor, one criterion with all the weight: its score. */
static int32_t score_of(
	const char *criterion, const struct match_person *mentee, const struct match_person *mentor, const char *parameter, double value)
{
	struct match_setting setting = { parameter, value };
	struct match_line line = { criterion, false, 1, &setting, parameter != NULL };
	struct match_input in = input(mentee, 1, mentor, 1, &line, 1);
	struct match_result *result = run(&in);
	int32_t score;

	assert_int_equal(result->pair_count, 1);
	score = result->pairs[0].score;
	match_result_free(result);
	return score;
}

static void test_traits(void **unused)
{
	const struct match_trait seeks[] = { { MATCH_SKILL, 1, 4, true }, { MATCH_SKILL, 2, 0, true }, { MATCH_SKILL, 6, 1, false } };
	const struct match_trait offers[] = { { MATCH_SKILL, 1, 1, false }, { MATCH_SKILL, 1, 2, false }, { MATCH_SKILL, 6, 4, true },
		{ MATCH_INTEREST, 2, 4, false } };
	struct match_person mentee = person(1, 1), mentor = person(2, 1);

	(void)unused;
	assert_int_equal(score_of("traits", &mentee, &mentor, NULL, 0), 0);
	mentee.traits = seeks;
	mentee.trait_count = COUNT(seeks);
	mentor.traits = offers;
	mentor.trait_count = COUNT(offers);
	/* Only calculus fits: the higher of its levels, 2, is half of the 4 sought; a third of three. */
	assert_int_equal(score_of("traits", &mentee, &mentor, "enough", 3), 166667);
	assert_int_equal(score_of("traits", &mentee, &mentor, "enough", 1), 500000);
	/* The interest of that name is another thing than the skill. */
	assert_int_equal(score_of("interests", &mentee, &mentor, "enough", 1), 0);
}

static void test_rare_skills_count_more(void **unused)
{
	const struct match_trait seeks[] = { { MATCH_SKILL, 1, 0, true }, { MATCH_SKILL, 2, 0, true } };
	const struct match_trait common = { MATCH_SKILL, 1, 0, false }, rare = { MATCH_SKILL, 2, 0, false };
	struct match_line line = { .criterion = "traits", .weight = 1 };
	struct match_person mentee = person(1, 1), mentors[5];
	struct match_input in = input(&mentee, 1, mentors, 5, &line, 1);
	struct match_result *result;

	(void)unused;
	mentee.traits = seeks;
	mentee.trait_count = 2;
	for (int i = 0; i < 5; i++) {
		mentors[i] = person(10 + i, 1);
		mentors[i].traits = i == 4 ? &rare : &common;
		mentors[i].trait_count = 1;
	}
	result = run(&in);
	assert_int_equal(result->pairs[0].mentor, 14);
	assert_int_equal(result->pairs[0].score, 333333);
	/* Offered by 4: 1 - 0.5 + 0.5 / 2 = 0.75 of a third. */
	assert_int_equal(result->pairs[0].mentee_alternatives[0].score, 250000);
	assert_int_equal(result->pairs[0].mentee_alternatives[0].cost_total, 83333);
	match_result_free(result);
}

static void test_both_have(void **unused)
{
	static const struct {
		const char *name;
		enum match_kind kind;
		int32_t same, other;
	} cases[] = { { "language", MATCH_LANGUAGE, MATCH_SCORE_MAX, 0 }, { "site", MATCH_SITE, MATCH_SCORE_MAX, 0 },
		{ "field", MATCH_FIELD, MATCH_SCORE_MAX, 0 }, { "department", MATCH_DEPARTMENT, 0, MATCH_SCORE_MAX },
		{ "interests", MATCH_INTEREST, 333333, 0 } };

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct match_trait one[2] = { { cases[i].kind, 3, 0, false }, { cases[i].kind, 3, 2, true } }, two = one[0];
		struct match_person mentee = person(1, 1), mentor = person(2, 1);

		mentee.traits = one;
		mentee.trait_count = 2;
		assert_int_equal(score_of(cases[i].name, &mentee, &mentor, NULL, 0), 0);
		mentor.traits = &two;
		mentor.trait_count = 1;
		assert_int_equal(score_of(cases[i].name, &mentee, &mentor, NULL, 0), cases[i].same);
		two.name = 4;
		assert_int_equal(score_of(cases[i].name, &mentee, &mentor, NULL, 0), cases[i].other);
	}
}

/* What is compared stands behind a colon; of groups nothing but that they were looked at is ever told. */
static void test_same_and_different(void **unused)
{
	static const struct {
		const char *of;
		enum match_kind kind;
	} cases[] = { { "group", MATCH_GROUP }, { "department", MATCH_DEPARTMENT }, { "site", MATCH_SITE },
		{ "field of study", MATCH_FIELD }, { "language", MATCH_LANGUAGE }, { "first language", MATCH_FIRST_LANGUAGE },
		{ "skill", MATCH_SKILL }, { "interest", MATCH_INTEREST }, { "value", MATCH_VALUE } };

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct match_trait one = { cases[i].kind, 3, 0, false }, two = one;
		struct match_person mentee = person(1, 1), mentor = person(2, 1);
		char same[60], different[60];

		snprintf(same, sizeof same, "same:%s", cases[i].of);
		snprintf(different, sizeof different, "different:%s", cases[i].of);
		mentee.traits = &one;
		mentor.traits = &two;
		mentee.trait_count = 1;
		assert_int_equal(score_of(same, &mentee, &mentor, NULL, 0), 0);
		assert_int_equal(score_of(different, &mentee, &mentor, NULL, 0), 0);
		mentor.trait_count = 1;
		assert_int_equal(score_of(same, &mentee, &mentor, NULL, 0), MATCH_SCORE_MAX);
		assert_int_equal(score_of(different, &mentee, &mentor, NULL, 0), 0);
		two.name = 4;
		assert_int_equal(score_of(same, &mentee, &mentor, NULL, 0), 0);
		assert_int_equal(score_of(different, &mentee, &mentor, NULL, 0), MATCH_SCORE_MAX);
	}
}

static void check_no_group(const struct match_result *result)
{
	for (size_t i = 0; i < result->pair_count; i++)
		for (size_t k = 0; k < result->pairs[i].share_count; k++) {
			assert_true(result->pairs[i].shares[k].quiet);
			assert_true(isnan(result->pairs[i].shares[k].amount));
			assert_string_equal(result->pairs[i].shares[k].text, "The group was looked at.");
		}
	for (size_t i = 0; i < result->unplaced_count; i++) {
		assert_null(strstr(result->unplaced[i].stopped, "group"));
		assert_null(strstr(result->unplaced[i].help, "group"));
	}
}

static void test_groups_stay_sealed(void **unused)
{
	const struct match_trait group[] = { { MATCH_GROUP, 3, 0, false }, { MATCH_GROUP, 4, 0, false } };
	struct match_line lines[2] = { { "same:group", true, 0, NULL, 0 }, { "same:group", false, 1, NULL, 0 } };
	struct match_person mentees[2] = { person(1, 1), person(2, 1) }, mentors[2] = { person(10, 1), person(11, 1) };
	struct match_input in = input(mentees, 2, mentors, 2, lines, 2);
	struct match_result *result;

	(void)unused;
	mentees[0].traits = mentors[1].traits = &group[0];
	mentees[1].traits = mentors[0].traits = &group[1];
	mentees[0].trait_count = mentees[1].trait_count = mentors[0].trait_count = mentors[1].trait_count = 1;
	result = run(&in);
	assert_int_equal(pair_of(result, 1)->mentor, 11);
	assert_int_equal(pair_of(result, 2)->mentor, 10);
	check_no_group(result);
	match_result_free(result);
	mentors[0].traits = &group[0]; /* nobody is left for the second mentee */
	result = run(&in);
	assert_int_equal(result->pair_count, 1);
	assert_string_equal(result->unplaced[0].stopped, "2 of 2 mentors: no free place, or not suitable.");
	check_no_group(result);
	match_result_free(result);
}

static void test_numbers(void **unused)
{
	static const struct match_word hours = { 9, "Hours a month" };
	struct match_number one = { 9, 4 }, two = { 9, 6.5 };
	struct match_setting settings[2] = { { "least", 0 }, { "most", 2 } };
	struct match_line line = { "number:hours A month", false, 1, settings, 2 };
	struct match_person mentee = person(1, 1), mentor = person(2, 1);
	struct match_input in = input(&mentee, 1, &mentor, 1, &line, 1);
	struct match_result *result;

	(void)unused;
	in.words = &hours;
	in.word_count = 1;
	mentee.numbers = &one;
	mentor.numbers = &two;
	mentee.number_count = 1;
	result = run(&in);
	assert_int_equal(result->pairs[0].score, 0);
	assert_int_equal(result->warning_count, 1); /* nothing is known of the mentor's */
	assert_non_null(strstr(result->warnings[0], "number:hours A month"));
	match_result_free(result);
	mentor.number_count = 1;
	result = run(&in);
	assert_int_equal(result->pairs[0].score, 666667); /* half a unit beyond what is asked */
	assert_string_equal(result->pairs[0].shares[0].text, "hours A month, mentor minus mentee: 2.50.");
	assert_int_equal(result->warning_count, 0);
	match_result_free(result);
	line.hard = true;
	result = run(&in);
	assert_int_equal(result->pair_count, 0);
	assert_string_equal(result->unplaced[0].stopped, "1 of 1 mentors: too little or too much hours A month.");
	match_result_free(result);
	two.value = NAN;
	refused(&in, "numbers");
}

static void test_load(void **unused)
{
	struct match_line line = { "load", false, 1, NULL, 0 };
	struct match_person mentee = person(1, 1), mentors[2] = { person(10, 1), person(11, 1) };
	struct match_input in = input(&mentee, 1, mentors, 2, &line, 1);
	struct match_result *result;

	(void)unused;
	mentors[0].taken = 1;
	assert_int_equal(score_of("load", &mentee, &mentors[0], NULL, 0), 500000);
	assert_int_equal(score_of("load", &mentee, &mentors[1], NULL, 0), MATCH_SCORE_MAX);
	result = run(&in);
	assert_int_equal(pair_of(result, 1)->mentor, 11);
	assert_string_equal(result->pairs[0].shares[0].text, "The mentor has no mentee yet.");
	match_result_free(result);
	mentors[1].taken = 3;
	result = run(&in);
	assert_int_equal(pair_of(result, 1)->mentor, 10);
	assert_string_equal(result->pairs[0].shares[0].text, "The mentor has 1 mentee already.");
	match_result_free(result);
	mentors[1].taken = -1;
	refused(&in, "taken");
}

static void test_year_and_age(void **unused)
{
	struct match_person mentee = person(1, 1), mentor = person(2, 1);

	(void)unused;
	mentee.year = 1;
	assert_int_equal(score_of("year", &mentee, &mentor, NULL, 0), 0);
	mentor.year = 2;
	assert_int_equal(score_of("year", &mentee, &mentor, NULL, 0), MATCH_SCORE_MAX);
	mentor.year = 1;
	assert_int_equal(score_of("year", &mentee, &mentor, NULL, 0), MATCH_SCORE_MAX / 2);
	mentee.age = 30;
	mentor.age = 27;
	assert_int_equal(score_of("age", &mentee, &mentor, NULL, 0), MATCH_SCORE_MAX / 4);
}

static void test_wishes(void **unused)
{
	const struct match_wish wishes[] = { { 1, 12, 1 }, { 1, 11, 2 }, { 1, 10, 4 }, { 1, 99, 1 } };
	const struct match_line line = { .criterion = "mentee_wish", .weight = 1 };
	struct match_person mentee = person(1, 1), mentors[3] = { person(10, 1), person(11, 1), person(12, 1) };
	struct match_input in = input(&mentee, 1, mentors, 3, &line, 1);
	struct match_result *result;

	(void)unused;
	in.wishes = wishes;
	in.wish_count = COUNT(wishes);
	result = run(&in);
	assert_int_equal(result->pairs[0].mentor, 12);
	assert_int_equal(result->pairs[0].score, MATCH_SCORE_MAX);
	assert_int_equal(result->pairs[0].mentee_alternatives[0].score, 666667);
	assert_int_equal(result->pairs[0].mentee_alternatives[1].score, 0);
	assert_string_equal(result->pairs[0].shared, "");
	match_result_free(result);
}

static void test_sentences(void **unused)
{
	const struct match_trait a[] = { { MATCH_SKILL, 1, 0, true }, { MATCH_LANGUAGE, 3, 0, false }, { MATCH_LANGUAGE, 4, 0, false },
		{ MATCH_SITE, 5, 0, false } };
	const struct match_trait b[] = { { MATCH_SKILL, 1, 0, false }, { MATCH_LANGUAGE, 4, 0, false }, { MATCH_LANGUAGE, 3, 0, false },
		{ MATCH_SITE, 5, 0, false } };
	const struct match_span time = { 0, 600, 720 };
	const struct match_line lines[] = { { .criterion = "language", .hard = true }, { .criterion = "traits", .weight = 1 },
		{ .criterion = "age", .weight = 1 } };
	struct match_person mentee = person(1, 1), mentor = person(2, 1);
	struct match_input in = input(&mentee, 1, &mentor, 1, lines, COUNT(lines));
	struct match_result *result;

	(void)unused;
	mentee.traits = a;
	mentor.traits = b;
	mentee.trait_count = mentor.trait_count = 4;
	mentee.spans = mentor.spans = &time;
	mentee.span_count = mentor.span_count = 1;
	mentee.age = 20;
	mentor.age = 33;
	result = run(&in);
	assert_string_equal(result->pairs[0].shares[0].text, "They have 2 languages in common: German and Kannada.");
	assert_string_equal(result->pairs[0].shares[1].text, "The mentor offers 1 skill that the mentee seeks: calculus.");
	assert_null(strpbrk(result->pairs[0].shares[2].text, "0123456789"));
	assert_true(isnan(result->pairs[0].shares[2].amount));
	assert_string_equal(result->pairs[0].shared,
		"What you share: one of you can help the other with calculus, you both "
		"speak German and Kannada, you have 2 hours a week free at the same time, and you are both at North campus.");
	match_result_free(result);
}

/* --- free time --------------------------------------------------------------------------------------------- */

static void check_week(int weekday, int from, int to, int offset, int spans, int32_t from1, int32_t to1, int32_t from2)
{
	struct match_span out[2];

	assert_int_equal(match_week_span(out, 3, weekday, from, to, offset), spans);
	assert_int_equal(out[0].week, 3);
	assert_int_equal(out[0].from, from1);
	assert_int_equal(out[0].to, to1);
	if (spans == 2)
		assert_int_equal(out[1].from, from2);
}

static void test_week(void **unused)
{
	struct match_span out[2];

	(void)unused;
	check_week(0, 600, 660, 0, 1, 600, 660, 0);
	check_week(0, 600, 660, 330, 1, 270, 330, 0); /* India */
	check_week(0, 0, 60, 60, 1, 10020, 10080, 0); /* Monday 00:00 in Berlin is Sunday */
	check_week(0, 0, 120, 60, 2, 0, 60, 10020);
	check_week(6, 1380, 60, 0, 2, 0, 60, 10020);     /* past midnight, past the week's end */
	check_week(6, 1200, 1440, -600, 1, 360, 600, 0); /* Hawaii */
	assert_int_equal(match_week_span(out, 0, 7, 0, 60, 0), E_INVALID);
	assert_int_equal(match_week_span(out, 0, 0, 1440, 60, 0), E_INVALID);
	assert_int_equal(match_week_span(out, 0, 0, 0, 60, 2000), E_INVALID);
	assert_int_equal(match_week_span(out, MATCH_WEEKS_MAX, 0, 0, 60, 0), E_INVALID);
}

static void test_overlap_is_of_the_worst_week(void **unused)
{
	/* Two entries that touch, one that overlaps itself; the second week has an hour less in common. */
	const struct match_span a[] = { { 0, 0, 300 }, { 0, 300, 400 }, { 0, 350, 500 }, { 1, 0, 300 } };
	struct match_span b[] = { { 0, 280, 500 }, { 1, 240, 400 } };
	const struct match_setting settings[] = { { "enough", 120 }, { "stated", 0 } };
	const struct match_line line = { "availability", false, 1, settings, 2 };
	struct match_person mentee = person(1, 1), mentor = person(2, 1);
	struct match_input in = input(&mentee, 1, &mentor, 1, &line, 1);
	struct match_result *result;

	(void)unused;
	in.weeks = 2;
	mentee.spans = a;
	mentee.span_count = COUNT(a);
	mentor.spans = b;
	mentor.span_count = COUNT(b);
	result = run(&in);
	assert_int_equal(result->pairs[0].score, MATCH_SCORE_MAX / 2);
	assert_true(result->pairs[0].shares[0].amount == 60);
	match_result_free(result);
	b[0] = (struct match_span){ 0, 310, 340 };
	result = run(&in);
	assert_true(result->pairs[0].shares[0].amount == 30);
	match_result_free(result);
}

/* A mentee that everybody is like, with free time by its bits: 16 half hours. */
struct timed {
	struct match_person who;
	struct match_span spans[16];
	struct match_trait traits[4];
};

static void set_time(struct timed *t, unsigned bits)
{
	t->who.spans = t->spans;
	t->who.span_count = 0;
	for (int i = 0; i < 16; i++)
		if (bits >> i & 1)
			t->spans[t->who.span_count++] = (struct match_span){ 0, 60 * i, 60 * i + 30 };
}

static uint64_t state = 11;

static unsigned random_bits(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 40);
}

/* 16 bits, each set in one of `draws` tries. */
static unsigned some_bits(int draws)
{
	unsigned bits = 0;

	while (draws-- > 0)
		bits |= random_bits();
	return bits & 0xffff;
}

enum {
	PEOPLE = 4
};

static void make_timed(struct timed *people, int64_t first)
{
	for (int i = 0; i < PEOPLE; i++) {
		people[i].who = person(first + i, 1);
		people[i].who.traits = people[i].traits;
		people[i].who.trait_count = 4;
		for (int k = 0; k < 4; k++)
			people[i].traits[k] = (struct match_trait){ MATCH_SKILL, random_bits() % 6, 0, first < 10 };
		set_time(&people[i], some_bits(2));
	}
}

/* What mentee 0 gets, judged by its true time: minutes in common that count, and the rest of the score. */
struct got {
	double minutes;
	int32_t rest;
};

static int minutes_of(unsigned bits)
{
	return 30 * __builtin_popcount(bits & 0xffff);
}

static struct got place(const struct timed *mentees, const struct timed *mentors, const unsigned *mentor_bits, unsigned truth)
{
	static const struct match_line lines[] = { { .criterion = "traits", .weight = 2 }, { .criterion = "availability", .weight = 1 } };
	struct match_person a[PEOPLE], b[PEOPLE];
	struct match_input in = input(a, PEOPLE, b, PEOPLE, lines, 2);
	struct match_result *result;
	struct got got;
	unsigned mentor;

	for (int i = 0; i < PEOPLE; i++) {
		a[i] = mentees[i].who;
		b[i] = mentors[i].who;
	}
	result = run(&in);
	assert_int_equal(result->pair_count, PEOPLE);
	got.rest = pair_of(result, 1)->shares[0].points;
	mentor = mentor_bits[pair_of(result, 1)->mentor - 10];
	got.minutes = minutes_of(mentor) < 240 ? 0 : fmin(minutes_of(truth & mentor), 120);
	match_result_free(result);
	return got;
}

/*
 * Who hides free time until little is stated gets no points for time with
 * anybody. The only way to gain elsewhere is then to take a mentor with less
 * true time in common: never a place that is better in both.
 */
static void test_little_time_wins_no_better_place(void **unused)
{
	struct timed mentees[PEOPLE], mentors[PEOPLE];
	int changed = 0;

	(void)unused;
	for (int round = 0; round < 4000; round++) {
		unsigned truth = some_bits(3), bits[PEOPLE];
		struct got honest, hidden;

		make_timed(mentees, 1);
		make_timed(mentors, 10);
		for (int j = 0; j < PEOPLE; j++) {
			bits[j] = some_bits(2);
			set_time(&mentors[j], bits[j]);
		}
		if (minutes_of(truth) < 240)
			continue;
		set_time(&mentees[0], truth);
		honest = place(mentees, mentors, bits, truth);
		/* Only the half hours of one mentor, and few of them. */
		set_time(&mentees[0], truth & bits[round % PEOPLE] & 0x00ff);
		if (mentees[0].who.span_count == 0 || mentees[0].who.span_count >= 8)
			continue;
		hidden = place(mentees, mentors, bits, truth);
		changed += hidden.rest != honest.rest;
		if (hidden.rest > honest.rest)
			assert_true(hidden.minutes <= honest.minutes);
	}
	assert_true(changed > 20);
}

/* Two who are alike but for their time and one good mentor: the one who states more never comes second. */
static void test_more_time_never_comes_second(void **unused)
{
	const struct match_trait seeks = { MATCH_SKILL, 1, 0, true }, offers = { MATCH_SKILL, 1, 0, false },
				 other = { MATCH_SKILL, 2, 0, false };
	const struct match_line lines[] = { { .criterion = "traits", .weight = 1 }, { .criterion = "availability", .weight = 1 } };
	struct timed mentees[2] = { { .who = person(1, 1) }, { .who = person(2, 1) } };
	struct timed mentors[2] = { { .who = person(10, 1) }, { .who = person(11, 1) } };
	struct match_person a[2], b[2];
	struct match_input in = input(a, 2, b, 2, lines, 2);
	struct match_result *result;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		mentees[i].who.traits = &seeks;
		mentors[i].who.traits = i == 0 ? &offers : &other;
		mentees[i].who.trait_count = mentors[i].who.trait_count = 1;
		set_time(&mentors[i], i == 0 ? 0x00ff : 0xff00);
		set_time(&mentees[i], i == 0 ? 0xffff : 0x00ff & 0x1f);
	}
	for (int i = 0; i < 2; i++) {
		a[i] = mentees[i].who;
		b[i] = mentors[i].who;
	}
	result = run(&in);
	assert_int_equal(pair_of(result, 1)->mentor, 10);
	match_result_free(result);
	in.mentor_count = 1;
	result = run(&in);
	assert_int_equal(result->pairs[0].mentee, 1);
	match_result_free(result);
}

/* --- what must not show ------------------------------------------------------------------------------------ */

static void test_objection_shows_nowhere(void **unused)
{
	const struct match_couple objection = { 501, 511 };
	const struct match_line line = { .criterion = "site", .hard = true };
	struct match_person mentees[2] = { person(1, 1), person(2, 1) }, mentors[2] = { person(10, 1), person(11, 0) };
	struct match_input in = input(mentees, 2, mentors, 2, &line, 1);
	struct match_result *with, *without;

	(void)unused;
	without = run(&in);
	in.objections = &objection;
	in.objection_count = 1;
	with = run(&in);
	for (size_t i = 0; i < with->unplaced_count; i++) {
		assert_string_equal(with->unplaced[i].stopped, "2 of 2 mentors: no free place, or not suitable.");
		assert_string_equal(with->unplaced[i].stopped, without->unplaced[i].stopped);
		assert_string_equal(with->unplaced[i].help, without->unplaced[i].help);
	}
	match_result_free(with);
	match_result_free(without);
	in.mentors = &mentors[1];
	in.mentor_count = 1;
	mentors[1].places = 1;
	in.mentee_count = 1;
	with = run(&in);
	assert_int_equal(with->pair_count, 0);
	assert_string_equal(with->unplaced[0].stopped, "1 of 1 mentors: no free place, or not suitable.");
	assert_string_equal(with->unplaced[0].help, "It would help: one more mentor who suits.");
	match_result_free(with);
}

static void test_minor_needs_consent(void **unused)
{
	struct match_person mentees[2] = { person(1, 1), person(2, 1) }, mentors[2] = { person(10, 1), person(11, 1) };
	struct match_input in = input(mentees, 2, mentors, 2, NULL, 0);
	struct match_result *result;

	(void)unused;
	mentees[0].minor = mentees[1].minor = true;
	mentees[1].consent = true;
	result = run(&in);
	assert_int_equal(result->pair_count, 1);
	assert_int_equal(result->pairs[0].mentee, 2);
	assert_string_equal(result->unplaced[0].stopped, "2 of 2 mentors: a minor without consent.");
	assert_string_equal(result->unplaced[0].help, "It would help: the consent that this minor needs.");
	match_result_free(result);
}

/* --- the smallest change --------------------------------------------------------------------------------------- */

/* Mentor 10 suits and is full, 11 has a place and too little time in common: what is missing decides. */
static void check_smallest(int32_t common, const char *help)
{
	const struct match_span early = { 0, 0, 60 };
	const struct match_span late = { 0, 60 - common, 160 };
	const struct match_line line = { .criterion = "availability", .hard = true };
	struct match_setting least = { "at_least", 60 + 35 };
	struct match_line lines[1] = { line };
	struct match_person mentee = person(1, 1), mentors[2] = { person(10, 0), person(11, 1) };
	struct match_input in = input(&mentee, 1, mentors, 2, lines, 1);
	struct match_result *result;

	lines[0].settings = &least;
	lines[0].setting_count = 1;
	mentee.spans = &early;
	mentors[1].spans = &late;
	mentee.span_count = mentors[1].span_count = 1;
	result = run(&in);
	assert_string_equal(result->unplaced[0].help, help);
	assert_string_equal(
		result->unplaced[0].stopped, "1 of 2 mentors: too little free time in common; 1: no free place, or not suitable.");
	match_result_free(result);
}

static void test_smallest_change(void **unused)
{
	(void)unused;
	check_smallest(40, "It would help: 55 minutes a week more free at the same time as this mentor.");
	check_smallest(30, "It would help: one more place at this mentor.");
}

static void test_hash_covers_the_input(void **unused)
{
	const struct match_couple objection = { 501, 510 };
	struct match_setting setting = { "enough", 3 };
	struct match_line line = { "interests", false, 1, &setting, 1 };
	struct match_person mentee = person(1, 1), mentor = person(10, 1);
	struct match_input in = input(&mentee, 1, &mentor, 1, &line, 1);
	unsigned char first[32], other[32];
	struct problem problem;

	(void)unused;
	assert_int_equal(match_input_hash(&in, first, &problem), 0);
	for (int what = 0; what < 8; what++) {
		in.seed = what == 0;
		in.salt[1] = what == 7;
		in.all_pairs = what == 1;
		in.objections = &objection;
		in.objection_count = what == 2;
		setting.value = what == 3 ? 4 : 3;
		line.weight = what == 4 ? 2 : 1;
		mentor.places = what == 5 ? 2 : 1;
		mentee.year = what == 6 ? 1 : MATCH_NONE;
		assert_int_equal(match_input_hash(&in, other, &problem), 0);
		assert_memory_not_equal(first, other, 32);
	}
	in.salt[1] = 0;
	mentee.year = MATCH_NONE;
	line.setting_count = 0; /* 3 is the default */
	assert_int_equal(match_input_hash(&in, other, &problem), 0);
	assert_memory_equal(first, other, 32);
}

/* --- what is refused ---------------------------------------------------------------------------------------- */

static void test_wrong_recipes(void **unused)
{
	const struct match_setting nan_setting = { "at_least", NAN }, half = { "at_least", 1.5 }, big = { "at_least", 6 },
				   unknown = { "nothing", 1 }, least = { "least", 5 };
	const struct {
		struct match_line line;
		const char *field;
	} cases[] = { { { "nothing", true, 0, NULL, 0 }, "lines[0].criterion" }, { { "same", true, 0, NULL, 0 }, "lines[0].criterion" },
		{ { "same:shoes", true, 0, NULL, 0 }, "lines[0].criterion" }, { { "number:", true, 0, NULL, 0 }, "lines[0].criterion" },
		{ { "site:site", true, 0, NULL, 0 }, "lines[0].criterion" }, { { NULL, true, 0, NULL, 0 }, "lines[0].criterion" },
		{ { "not_with", true, 0, NULL, 0 }, "lines[0].criterion" }, { { "interests", true, 0, NULL, 0 }, "lines[0].hard" },
		{ { "site", false, NAN, NULL, 0 }, "lines[0].weight" }, { { "site", false, 0, NULL, 0 }, "lines[0].weight" },
		{ { "site", false, -1, NULL, 0 }, "lines[0].weight" }, { { "site", false, INFINITY, NULL, 0 }, "lines[0].weight" },
		{ { "language", true, 0, &nan_setting, 1 }, "lines[0].at_least" },
		{ { "language", true, 0, &half, 1 }, "lines[0].at_least" }, { { "language", true, 0, &big, 1 }, "lines[0].at_least" },
		{ { "language", true, 0, &unknown, 1 }, "lines[0].settings" }, { { "year", true, 0, &least, 1 }, "lines[0].least" } };
	struct match_line lines[MATCH_LINES_MAX + 1] = { { .criterion = "site", .hard = true }, { .criterion = "site", .hard = true } };
	struct match_person mentee = person(1, 1), mentor = person(2, 1);
	struct match_input in = input(&mentee, 1, &mentor, 1, lines, 2);
	struct problem problem;

	(void)unused;
	refused(&in, "lines[1].criterion");
	lines[1].criterion = "different:site";
	refused(&in, "lines[1].criterion");
	lines[0].criterion = "same:department", lines[1].criterion = "department";
	refused(&in, "lines[1].criterion");
	lines[0].criterion = lines[1].criterion = "site";
	in.recipe.line_count = MATCH_LINES_MAX + 1;
	refused(&in, "lines");
	in.recipe.line_count = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		lines[0] = cases[i].line;
		refused(&in, cases[i].field);
		assert_int_equal(match_recipe_check(&in.recipe, &problem), E_INVALID);
	}
}

static void test_wrong_people(void **unused)
{
	struct match_person mentee = person(1, 1), mentors[2] = { person(2, 1), person(3, 1) }, good = person(1, 1);
	struct match_trait trait = { MATCH_SKILL, 1, 5, false };
	struct match_span span = { 0, 100, 100 };
	struct match_input in = input(&mentee, 1, mentors, 2, NULL, 0);

	(void)unused;
	mentee.places = 2, refused(&in, "places");
	mentee.places = -1, refused(&in, "places");
	mentee = good, mentee.id = 0, refused(&in, "id");
	mentee.id = 3, refused(&in, "id");
	mentee = good, mentee.traits = &trait, mentee.trait_count = 1, refused(&in, "traits.level");
	trait = (struct match_trait){ MATCH_KINDS, 1, 1, false }, refused(&in, "traits.kind");
	mentee = good, mentee.spans = &span, mentee.span_count = 1, refused(&in, "spans");
	span = (struct match_span){ 1, 100, 200 }, refused(&in, "spans.week");
	span = (struct match_span){ 0, 100, MATCH_WEEK + 1 }, refused(&in, "spans");
	mentee = good, mentee.age = -1, refused(&in, "age");
	mentee = good, mentee.year = 1000, refused(&in, "year");
	mentee = good, mentors[1].person = mentors[0].person, refused(&in, "person");
	mentors[1] = person(3, -1), refused(&in, "places");
	mentors[1] = person(3, MATCH_PLACES_MAX + 1), refused(&in, "places");
	mentors[1] = person(3, 1), in.weeks = MATCH_WEEKS_MAX + 1, refused(&in, "weeks");
}

static void test_wrong_locks(void **unused)
{
	struct match_person mentees[2] = { person(1, 1), person(2, 1) }, mentors[2] = { person(10, 1), person(11, 1) };
	struct match_lock locks[2] = { { 1, 10 }, { 1, 11 } };
	const struct match_couple objection = { 511, 501 };
	struct match_wish wish = { 1, 10, 0 };
	struct match_input in = input(mentees, 2, mentors, 2, NULL, 0);
	struct problem problem;
	struct match_result *result;

	(void)unused;
	in.locks = locks;
	in.lock_count = 2;
	refused(&in, "locks");
	locks[1] = (struct match_lock){ 2, 10 };
	refused(&in, "locks");
	locks[1] = (struct match_lock){ 2, 99 };
	refused(&in, "locks");
	locks[1] = (struct match_lock){ 1, 10 };
	match_result_free(run(&in));
	locks[1] = (struct match_lock){ 1, 11 };
	in.locks = &locks[1];
	in.lock_count = 1;
	in.objections = &objection;
	in.objection_count = 1;
	refused(&in, "locks");
	assert_int_equal(match_run(&in, NULL, &result, &problem), E_INVALID);
	assert_string_equal(problem.text,
		"Mentee 1 and mentor 11 cannot be locked: a consent is missing, or they may not be a pair; take the lock out.");
	in.objection_count = 0; /* word for word as of a minor */
	mentees[0].minor = true;
	assert_int_equal(match_run(&in, NULL, &result, &problem), E_INVALID);
	assert_string_equal(problem.text,
		"Mentee 1 and mentor 11 cannot be locked: a consent is missing, or they may not be a pair; take the lock out.");
	mentees[0].minor = false;
	in.objection_count = 0;
	in.wishes = &wish;
	in.wish_count = 1;
	refused(&in, "wishes.rank");
}

static bool cancel(void *context)
{
	return ++*(int *)context > 2;
}

static void test_nobody_and_cancel(void **unused)
{
	struct match_person mentees[40];
	struct match_input in = input(NULL, 0, NULL, 0, NULL, 0);
	struct match_result *result = run(&in);
	struct problem problem;
	int asked = 0;
	struct match_watch watch = { .cancelled = cancel, .context = &asked };

	(void)unused;
	assert_int_equal(result->pair_count + result->unplaced_count, 0);
	match_result_free(result);
	for (int i = 0; i < 40; i++)
		mentees[i] = person(i + 1, 1);
	in.mentees = mentees;
	in.mentee_count = 40;
	result = run(&in);
	assert_int_equal(result->unplaced_count, 40);
	assert_string_equal(result->unplaced[0].stopped, "There are no mentors.");
	match_result_free(result);
	result = NULL;
	assert_int_equal(match_run(&in, &watch, &result, &problem), E_CANCELLED);
	assert_null(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_traits), cmocka_unit_test(test_rare_skills_count_more),
		cmocka_unit_test(test_both_have), cmocka_unit_test(test_same_and_different), cmocka_unit_test(test_load),
		cmocka_unit_test(test_groups_stay_sealed), cmocka_unit_test(test_numbers), cmocka_unit_test(test_year_and_age),
		cmocka_unit_test(test_wishes), cmocka_unit_test(test_sentences), cmocka_unit_test(test_week),
		cmocka_unit_test(test_overlap_is_of_the_worst_week), cmocka_unit_test(test_little_time_wins_no_better_place),
		cmocka_unit_test(test_more_time_never_comes_second), cmocka_unit_test(test_objection_shows_nowhere),
		cmocka_unit_test(test_minor_needs_consent), cmocka_unit_test(test_smallest_change),
		cmocka_unit_test(test_hash_covers_the_input), cmocka_unit_test(test_wrong_recipes), cmocka_unit_test(test_wrong_people),
		cmocka_unit_test(test_wrong_locks), cmocka_unit_test(test_nobody_and_cancel) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
