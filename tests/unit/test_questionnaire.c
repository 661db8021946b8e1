/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questionnaires: conditions as they are written and as they are wrong, what applies to whom, answers, scores with the rule of
 * missing ones.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "questionnaire/questionnaire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct arena arena;

static const struct form_choice yes_no[] = { { "yes", "Yes" }, { "no", "No" } };
static const struct form_choice one_to_five[] = { { "1", "never" }, { "2", "" }, { "3", "" }, { "4", "" }, { "5", "always" } };
static const struct form_choice subjects[] = { { "maths", "Maths" }, { "art", "Art" }, { "art-history", "" } };

#define ITEM(n, ...) \
	{ \
		.name = n, .label = n, .min = (double)NAN, .max = (double)NAN, .kind = __VA_ARGS__ \
	}
#define CHOICES(list) .choices = list, .choice_count = sizeof list / sizeof *list

static struct form_item items[] = { ITEM("met", FORM_SINGLE, CHOICES(yes_no), .required = true),
	ITEM("times", FORM_NUMBER, .required = true, .relevant = "${met} = 'yes'"), ITEM("subjects", FORM_MULTIPLE, CHOICES(subjects)),
	ITEM("why", FORM_WORDS, .relevant = "${times} < 2"), ITEM("day", FORM_DATE), ITEM("thanks", FORM_NOTE),
	ITEM("a", FORM_LIKERT, CHOICES(one_to_five)), ITEM("b", FORM_LIKERT, CHOICES(one_to_five), .reversed = true),
	ITEM("c", FORM_LIKERT, CHOICES(one_to_five)), ITEM("d", FORM_LIKERT, CHOICES(one_to_five)),
	ITEM("e", FORM_LIKERT, CHOICES(one_to_five)) };
enum {
	MET,
	TIMES,
	SUBJECTS,
	WHY,
	DAY_ITEM,
	THANKS,
	A,
	B,
	C,
	D,
	E,
	ITEMS
};
static const char *const scale_items[] = { "a", "b", "c", "d", "e" };
static const char *const turned[] = { "c" };
static struct form_scale scales[] = { { .name = "mean", .items = scale_items, .item_count = 5 },
	{ .name = "sum", .sum = true, .items = scale_items, .item_count = 5, .reversed = turned, .reversed_count = 1 } };
static struct form form = { items, ITEMS, scales, 2 };

static int set_up(void **state)
{
	struct form_complaint complaint;

	(void)state;
	items[TIMES].min = 0;
	items[TIMES].max = 20;
	assert_int_equal(form_compile(&arena, &form, &complaint, 1), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static bool holds(const char *text, const char *const *answers)
{
	const struct condition *condition;
	struct problem problem = { 0 };
	size_t at;

	if (condition_read(&arena, &form, text, &condition, &at, &problem))
		fail_msg("%s: at %zu: %s", text, at, problem.text);
	return condition_holds(condition, &form, answers);
}

static void conditions(void **state)
{
	static const struct {
		const char *text;
		bool yes;
	} rows[] = {
		{ "${met} = 'yes'", true },
		{ "${met}='no'", false },
		{ "${met} != \"no\"", true },
		{ "${times} > 2", true },
		{ "${times} >= 3 and ${times} <= 3", true },
		{ "${times} = '3'", true },
		{ "${times} = 3.0", true },
		{ "${times} = '3.0'", false }, /* two texts */
		{ "${times} < 10", true },     /* numbers, not words */
		{ "2 < ${times}", true },
		{ "${why} = ''", true },
		{ "${why} < 5", false }, /* no answer is no number */
		{ "${why} != 5", true },
		{ "not(${met} = 'yes')", false },
		{ "not (${why})", true },
		{ "${met}", true },
		{ "selected(${subjects}, 'art')", true },
		{ "selected(${subjects}, 'history')", false },
		{ "selected(${met}, 'yes')", true },
		{ "selected(${why}, 'yes')", false },
		{ "count-selected(${subjects}) = 2", true },
		{ "count-selected(${why}) = 0", true },
		{ "false() or true()", true },
		{ "true() or false() and false()", true }, /* and binds tighter */
		{ "(true() or false()) and false()", false },
		{ "${met}='no' or ${met}='yes' and ${times}=3", true },
		{ "-1 < 0", true },
		{ "1 = 1 = 1", true },
		{ "  ${met} = 'yes'\n and true() ", true },
		{ "'' = 0", false },
		{ "\"it's\" = \"it's\"", true },
	};
	const char *answers[ITEMS] = { [MET] = "yes", [TIMES] = "3", [SUBJECTS] = "maths art" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (holds(rows[i].text, answers) != rows[i].yes)
			fail_msg("%s: should be %s", rows[i].text, rows[i].yes ? "true" : "false");
}

static void wrong_conditions(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *says;
	} rows[] = {
		{ "${nobody} = 1", 1, "no item called 'nobody'" },
		{ "1 = 1 and ${nobody}", 11, "no item called 'nobody'" },
		{ "${met} = \xe2\x80\x98yes\xe2\x80\x99", 10, "straight quotes" },
		{ "'\xc3\xa4\xc3\xb6' = ${nobody}", 8, "nobody" }, /* counted in characters, not in bytes */
		{ "${met = 1", 7, "} is missing" },
		{ "${} = 1", 3, "no name" },
		{ "", 1, "ends where a value" },
		{ "${met} =", 9, "ends where a value" },
		{ "${met} = 'yes", 10, "never closed" },
		{ "${met} 'yes'", 8, "should end here" },
		{ "${met} == 'yes'", 9, "a value is wanted" },
		{ "(1 = 1", 7, ") is missing" },
		{ "1 = 1)", 6, "should end here" },
		{ "if(1, 2, 3)", 1, "'if' is not known" },
		{ "today() > 3", 1, "'today' is not known" },
		{ "${met} AND 1", 8, "should end here" },
		{ "selected('met', 'yes')", 10, "written as ${name}" },
		{ "selected(${met}, yes)", 18, "in quotes" },
		{ "1.2.3 = 1", 1, "is no number" },
		{ "1e5 = 1", 2, "should end here" },
		{ "not 1", 5, "( is missing" },
		{ "1 + 1 = 2", 3, "should end here" },
	};
	const struct condition *condition;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct problem problem = { 0 };

		if (!condition_read(&arena, &form, rows[i].text, &condition, &at, &problem))
			fail_msg("%s: is taken", rows[i].text);
		if (at != rows[i].at || !strstr(problem.text, rows[i].says))
			fail_msg("%s: at %zu: %s", rows[i].text, at, problem.text);
	}
}

static void condition_limits(void **state)
{
	const struct condition *condition;
	struct problem problem = { 0 };
	char text[2 * CONDITION_SIZE];
	size_t at, n = 0;

	(void)state;
	memset(text, '(', 200);
	snprintf(text + 200, sizeof text - 200, "1");
	assert_int_equal(condition_read(&arena, &form, text, &condition, &at, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "brackets"));
	for (n = 0; n < 1900; n += 4)
		snprintf(text + n, sizeof text - n, "1 = ");
	snprintf(text + n, sizeof text - n, "1");
	assert_int_equal(condition_read(&arena, &form, text, &condition, &at, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "too long"));
	memset(text, ' ', CONDITION_SIZE + 10);
	text[CONDITION_SIZE + 10] = 0;
	assert_int_equal(condition_read(&arena, &form, text, &condition, &at, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "longer"));
}

static void complaint_is(struct form *bad, size_t index, const char *column, size_t at, const char *says)
{
	struct form_complaint list[60];
	size_t count = form_compile(&arena, bad, list, 60);

	for (size_t i = 0; i < count; i++)
		if (list[i].index == index && !strcmp(list[i].column, column) && list[i].at == at && strstr(list[i].text, says))
			return;
	fail_msg("no complaint '%s' at %zu %s %zu; the first of %zu is %zu %s %zu %s", says, index, column, at, count,
		count ? list[0].index : 0, count ? list[0].column : "", count ? list[0].at : 0, count ? list[0].text : "");
}

static void sound_forms(void **state)
{
	static const struct form_choice twins[] = { { "a", "" }, { "a", "" } };
	static const struct form_choice blanks[] = { { "very good", "" }, { "", "" } };
	struct form_item list[] = { ITEM("q1", FORM_WORDS, .relevant = "${q3} = 'x'"), ITEM("q2", FORM_WORDS, .relevant = "${q2} = 'x'"),
		ITEM("q3", FORM_WORDS, .relevant = "${q4} = 'x'"), ITEM("q4", FORM_WORDS, .relevant = "1 = 1 and ${q1} = 'x'"),
		ITEM("q5", FORM_WORDS, .relevant = "${q6} = 'x'"), ITEM("q6", FORM_NOTE, .required = true), ITEM("q1", FORM_WORDS),
		ITEM("9 lives", FORM_WORDS), ITEM("q9", FORM_SINGLE, CHOICES(twins)), ITEM("q10", FORM_MULTIPLE, CHOICES(blanks)),
		ITEM("q11", FORM_LIKERT, CHOICES(yes_no)), ITEM("q12", FORM_SINGLE), ITEM("q13", FORM_WORDS, CHOICES(yes_no)),
		ITEM("q14", FORM_NUMBER), ITEM("q15", FORM_SINGLE, CHOICES(yes_no)), ITEM("q16", FORM_WORDS, .relevant = "${q17} = 1"),
		ITEM("q17", FORM_NUMBER) };
	static const char *const names[] = { "q14", "q15", "gone", "q14", "q1" };
	static const char *const round[] = { "q14", "q3" };
	struct form_scale scale = { .name = "s", .items = names, .item_count = 5, .reversed = round, .reversed_count = 2 };
	struct form bad = { list, sizeof list / sizeof *list, &scale, 1 };

	(void)state;
	list[13].min = 3;
	list[13].max = 2;
	complaint_is(&bad, 0, "relevant", 1, "wait for each other");
	complaint_is(&bad, 1, "relevant", 1, "waits for its own answer");
	complaint_is(&bad, 2, "relevant", 1, "'q3' and 'q4' wait for each other");
	complaint_is(&bad, 4, "relevant", 1, "is a note");
	complaint_is(&bad, 15, "relevant", 1, "comes later");
	complaint_is(&bad, 5, "required", 0, "a note is read");
	complaint_is(&bad, 6, "name", 0, "already");
	complaint_is(&bad, 7, "name", 0, "is no name");
	complaint_is(&bad, 8, "choices", 0, "twice");
	complaint_is(&bad, 9, "choices", 0, "no blanks");
	complaint_is(&bad, 10, "choices", 0, "are numbers");
	complaint_is(&bad, 11, "choices", 0, "needs choices");
	complaint_is(&bad, 12, "choices", 0, "has no choices");
	complaint_is(&bad, 13, "limits", 0, "above the most");
	list[13].min = list[13].max = (double)NAN;
	complaint_is(&bad, 0, "items", 0, "cannot be turned round");
	complaint_is(&bad, 0, "items", 0, "'q15' cannot be counted");
	complaint_is(&bad, 0, "items", 0, "no item called 'gone'");
	complaint_is(&bad, 0, "items", 0, "counted twice");
	complaint_is(&bad, 0, "reversed", 0, "not among the items");
}

static size_t look(const char **answers, bool draft, struct answer_error *errors)
{
	memset(errors, 0, sizeof(struct answer_error) * ITEMS);
	return answers_check(&arena, &form, answers, draft, NULL, errors);
}

static void what_applies(void **state)
{
	struct answer_error errors[ITEMS];
	const char *answers[ITEMS] = { [MET] = " no ", [TIMES] = "1", [WHY] = "no time" };

	(void)state;
	assert_int_equal(look(answers, false, errors), 0);
	assert_string_equal(answers[MET], "no");
	assert_null(answers[TIMES]); /* does not apply, so it is dropped, and does not count for what is behind it */
	assert_null(answers[WHY]);

	answers[MET] = "yes";
	assert_int_equal(look(answers, false, errors), 1);
	assert_int_equal(errors[0].item, TIMES);
	assert_string_equal(errors[0].text, "Please answer this.");
	answers[TIMES] = "1";
	answers[WHY] = "no time";
	assert_int_equal(look(answers, false, errors), 0);
	assert_string_equal(answers[WHY], "no time");
}

static void answer_is(size_t item, const char *given, const char *kept, const char *says)
{
	struct answer_error errors[ITEMS];
	const char *answers[ITEMS] = { [MET] = "yes", [TIMES] = "3" };
	size_t count;

	answers[item] = given;
	count = look(answers, false, errors);
	if (says && (count != 1 || errors[0].item != item || !strstr(errors[0].text, says)))
		fail_msg("'%s' gives %zu errors, the first: %s", given, count, errors[0].text);
	if (!says && count)
		fail_msg("'%s': %s", given, errors[0].text);
	if (kept ? !answers[item] || strcmp(answers[item], kept) : answers[item] != NULL)
		fail_msg("'%s' is kept as '%s'", given, answers[item] ? answers[item] : "nothing");
}

static void kinds(void **state)
{
	(void)state;
	answer_is(MET, "maybe", NULL, "one of the answers offered");
	answer_is(MET, "ye", NULL, "one of the answers offered");
	answer_is(MET, "", NULL, "choose an answer");
	answer_is(MET, "  \n", NULL, "choose an answer");
	answer_is(TIMES, "3,5", "3.5", NULL);
	answer_is(TIMES, "20", "20", NULL);
	answer_is(TIMES, "21", NULL, "from 0 to 20");
	answer_is(TIMES, "-1", NULL, "from 0 to 20");
	answer_is(TIMES, "three", NULL, "a number");
	answer_is(TIMES, "1e1", NULL, "a number");
	answer_is(TIMES, "nan", NULL, "a number");
	answer_is(TIMES, "0x10", NULL, "a number");
	answer_is(TIMES, "12345678901234567890", NULL, "a number");
	answer_is(SUBJECTS, "art maths art", "maths art", NULL);
	answer_is(SUBJECTS, "art\nart-history", "art art-history", NULL);
	answer_is(SUBJECTS, "art music", NULL, "answers offered");
	answer_is(DAY_ITEM, "2026-02-29", NULL, "a date");
	answer_is(DAY_ITEM, "2026-02-28", "2026-02-28", NULL);
	answer_is(THANKS, "you are welcome", NULL, NULL);
	items[DAY_ITEM].min = 20454; /* 2026-01-01 */
	answer_is(DAY_ITEM, "2025-12-31", NULL, "from 2026-01-01 on");
	items[DAY_ITEM].min = (double)NAN;
	items[WHY].relevant = NULL;
	items[WHY].condition = NULL;
	items[WHY].max = 5;
	answer_is(WHY, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", NULL);
	answer_is(WHY, "123456", NULL, "at most 5 characters; these are 6");
	answer_is(WHY, "a\x01z", NULL, "cannot be shown");
	answer_is(WHY, "\xff", NULL, "cannot be shown");
	items[WHY].max = (double)NAN;
	items[WHY].relevant = "${times} < 2";
}

static void drafts(void **state)
{
	struct answer_error errors[ITEMS];
	const char *answers[ITEMS] = { [SUBJECTS] = "art" };

	(void)state;
	assert_int_equal(look(answers, true, errors), 0);
	assert_string_equal(answers[SUBJECTS], "art");
	answers[MET] = "perhaps";
	assert_int_equal(look(answers, true, errors), 1);
}

/* cmocka takes a NaN for equal to anything */
static void score_is(size_t scale, const char *const *answers, double wanted)
{
	double score = scale_score(&form, &scales[scale], answers);

	assert_false(isnan(score));
	assert_float_equal(score, wanted, 1e-12);
}

static void scores(void **state)
{
	const char *answers[ITEMS] = { [A] = "1", [B] = "1", [C] = "1", [D] = "2", [E] = "2" };

	(void)state;
	score_is(0, answers, (1 + 5 + 1 + 2 + 2) / 5.0);
	score_is(1, answers, 1 + 5 + 5 + 2 + 2); /* c is turned in this one too */
	answers[E] = NULL;                       /* one of five is a fifth: still a score, and the sum stays comparable */
	score_is(0, answers, (1 + 5 + 1 + 2) / 4.0);
	score_is(1, answers, (1 + 5 + 5 + 2) / 4.0 * 5);
	answers[D] = NULL;
	assert_true(isnan(scale_score(&form, &scales[0], answers)));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(conditions), cmocka_unit_test(wrong_conditions),
		cmocka_unit_test(condition_limits), cmocka_unit_test(sound_forms), cmocka_unit_test(what_applies), cmocka_unit_test(kinds),
		cmocka_unit_test(drafts), cmocka_unit_test(scores) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
