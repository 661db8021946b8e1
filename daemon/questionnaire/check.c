/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers against items, in the order of the items: what does not apply is dropped before it can count for anything behind it. What
 * is wrong is told in the words of whoever fills in the form, once for each item.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/date.h"
#include "core/text.h"
#include "questionnaire.h"

enum {
	DIGITS = 15 /* so many are exact in a double */
};

bool number_read(const char *text, double *ret)
{
	double whole = 0, parts = 1;
	int digits = 0;
	bool negative, point = false, ends_well = false;

	text += strspn(text, " \t\r\n");
	negative = *text == '-';
	for (text += negative || *text == '+'; (*text >= '0' && *text <= '9') || ((*text == '.' || *text == ',') && !point); text++) {
		ends_well = *text >= '0' && *text <= '9';
		if (!ends_well) {
			point = true;
			continue;
		}
		digits += whole > 0 || *text != '0' || point;
		whole = whole * 10 + (*text - '0');
		parts *= point ? 10 : 1;
		if (digits > DIGITS)
			return false;
	}
	if (!ends_well || text[strspn(text, " \t\r\n")])
		return false;
	*ret = (negative ? -whole : whole) / parts;
	return true;
}

bool answer_has(const char *answer, const char *value)
{
	size_t n = strlen(value);

	while (n && *answer) {
		size_t length = strcspn(answer, " ");

		if (length == n && !memcmp(answer, value, n))
			return true;
		answer += length;
		answer += strspn(answer, " ");
	}
	return false;
}

size_t answer_count(const char *answer)
{
	size_t count = 0;

	for (answer += strspn(answer, " "); *answer; answer += strspn(answer, " ")) {
		count++;
		answer += strcspn(answer, " ");
	}
	return count;
}

static char *tidy(struct arena *arena, const char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	return n ? arena_copy_n(arena, text, n) : NULL;
}

static bool is_choice(const struct form_item *item, const char *value, size_t length)
{
	for (size_t i = 0; i < item->choice_count; i++)
		if (strlen(item->choices[i].value) == length && !memcmp(item->choices[i].value, value, length))
			return true;
	return false;
}

#define SAY(...) (snprintf(out, 200, __VA_ARGS__), false)

/* In the order of the choices, each once: the same answer is the same text. */
static bool check_multiple(struct arena *arena, const struct form_item *item, const char **answer, char *out)
{
	struct buffer kept = { 0 };
	const char *p = *answer;

	while (*p) {
		size_t n = strcspn(p, " \t\r\n");

		if (!is_choice(item, p, n))
			return SAY("Please choose from the answers offered.");
		p += n;
		p += strspn(p, " \t\r\n");
	}
	for (size_t i = 0; i < item->choice_count; i++) {
		char *spaced = arena_copy(arena, *answer);

		for (char *c = spaced; *c; c++)
			*c = *c == '\t' || *c == '\r' || *c == '\n' ? ' ' : *c;
		if (answer_has(spaced, item->choices[i].value))
			buffer_print(&kept, "%s%s", kept.length ? " " : "", item->choices[i].value);
	}
	*answer = arena_copy(arena, buffer_string(&kept));
	buffer_free(&kept);
	return true;
}

static bool in_range(const struct form_item *item, double value, const char *what, char *out)
{
	if (value < item->min && !isnan(item->max))
		return SAY("Please enter %s from %g to %g.", what, item->min, item->max);
	if (value > item->max && !isnan(item->min))
		return SAY("Please enter %s from %g to %g.", what, item->min, item->max);
	if (value < item->min)
		return SAY("Please enter %s of at least %g.", what, item->min);
	if (value > item->max)
		return SAY("Please enter %s of at most %g.", what, item->max);
	return true;
}

static bool check_number(struct arena *arena, const struct form_item *item, const char **answer, char *out)
{
	char *text = arena_copy(arena, *answer), *comma = strchr(text, ',');
	double value;

	if (!number_read(text, &value))
		return SAY("Please enter a number, such as 3 or 2.5.");
	if (comma)
		*comma = '.';
	*answer = text;
	return in_range(item, value, "a number", out);
}

static bool check_words(const struct form_item *item, const char *answer, char *out)
{
	size_t n = text_points(answer, strlen(answer));
	struct problem problem = { 0 };

	if (text_check(answer, strlen(answer), TEXT_LINES, &problem))
		return SAY("Please leave out characters that cannot be shown.");
	if (n > FORM_TEXT || (double)n > item->max)
		return SAY("Please write at most %g characters; these are %zu.", item->max < FORM_TEXT ? item->max : FORM_TEXT, n);
	if ((double)n < item->min)
		return SAY("Please write at least %g characters.", item->min);
	return true;
}

static bool check_date(const struct form_item *item, const char *answer, char *out)
{
	char low[DATE_TEXT] = "", high[DATE_TEXT] = "";
	int64_t day;

	if (date_parse(answer, &day, NULL))
		return SAY("Please enter a date, such as 2026-12-01.");
	if (item->min <= DATE_MAX && item->min >= DATE_MIN)
		date_print((int64_t)item->min, low);
	if (item->max <= DATE_MAX && item->max >= DATE_MIN)
		date_print((int64_t)item->max, high);
	if ((double)day < item->min)
		return SAY("Please enter a date from %s on.", low);
	if ((double)day > item->max)
		return SAY("Please enter a date until %s.", high);
	return true;
}

static bool check_one(struct arena *arena, const struct form_item *item, const char **answer, char *out)
{
	switch (item->kind) {
	case FORM_SINGLE:
	case FORM_LIKERT: return is_choice(item, *answer, strlen(*answer)) || SAY("Please choose one of the answers offered.");
	case FORM_MULTIPLE: return check_multiple(arena, item, answer, out);
	case FORM_NUMBER: return check_number(arena, item, answer, out);
	case FORM_WORDS: return check_words(item, *answer, out);
	case FORM_DATE: return check_date(item, *answer, out);
	default: *answer = NULL; return true; /* a note: nothing to keep */
	}
}

size_t answers_check(
	struct arena *arena, const struct form *form, const char **answers, bool draft, bool *applies, struct answer_error *ret)
{
	size_t errors = 0;

	for (size_t i = 0; i < form->item_count; i++) {
		const struct form_item *item = &form->items[i];
		bool relevant = !item->condition || condition_holds(item->condition, form, answers);
		char *out = ret[errors].text;

		if (applies)
			applies[i] = relevant;
		answers[i] = relevant && answers[i] ? tidy(arena, answers[i]) : NULL;
		if (!relevant)
			continue;
		ret[errors].item = i;
		if (answers[i]) {
			if (!check_one(arena, item, &answers[i], out)) {
				answers[i] = NULL;
				errors++;
			}
		} else if (item->required && !draft) {
			snprintf(out, sizeof ret->text, "%s",
				item->kind <= FORM_LIKERT ? "Please choose an answer." : "Please answer this.");
			errors++;
		}
	}
	return errors;
}
