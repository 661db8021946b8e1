/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_field.c - fields of a page, and when they are asked.
 *
 * Every field has a label; its hint and its error are tied to it. A part that is asked only where another field has a certain value: the first
 * 16 such pairs of a page are numbered; the choice gets the class cN, the part sN, and the style sheet hides sN unless cN is chosen, in
 * browsers that know :has(). Others show it with a sentence that says when it is meant. Such a field is never marked as required for
 * the browser.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "webforms_html.h"

enum {
	RADIOS_MOST = 8, /* more choices than these become a list to choose from */
};

/* ---- conditions ---- */

static size_t pair_of(const struct writer *w, const char *pair)
{
	for (size_t i = 0; i < w->pair_count; i++)
		if (strcmp(w->pairs[i], pair) == 0)
			return i + 1;
	return 0;
}

static bool is_choice_of(const char *pair, const char *name, const char *value)
{
	size_t length = strlen(name);

	return strncmp(pair, name, length) == 0 && pair[length] == '=' && strcmp(pair + length + 1, value) == 0;
}

/* The choice that a pair names, and its part; false if there is none on the page. */
static bool find_choice(
	const struct writer *w, const char *pair, const struct mentorship_part **ret_part, const struct mentorship_choice **ret_choice)
{
	for (size_t i = 0; i < w->page->part_count; i++) {
		const struct mentorship_part *part = &w->page->parts[i];

		if (part->kind != MENTORSHIP_SINGLE && part->kind != MENTORSHIP_MULTIPLE)
			continue;
		for (size_t k = 0; k < part->choice_count; k++)
			if (is_choice_of(pair, part->name, part->choices[k].value)) {
				*ret_part = part;
				*ret_choice = &part->choices[k];
				return true;
			}
	}
	return false;
}

void web_number_pairs(struct writer *w)
{
	const struct mentorship_part *part;
	const struct mentorship_choice *choice;

	for (size_t i = 0; i < w->page->part_count && w->pair_count < PAIRS_MOST; i++) {
		const char *pair = w->page->parts[i].shown_if;

		if (*pair && !pair_of(w, pair) && find_choice(w, pair, &part, &choice))
			w->pairs[w->pair_count++] = pair;
	}
}

static void put_class_of(struct writer *w, const char *letter, size_t number)
{
	web_put(w->html, letter);
	web_put_number(w->html, (int64_t)number);
}

void web_put_class(struct writer *w, const char *name, const struct mentorship_part *part)
{
	size_t number = *part->shown_if ? pair_of(w, part->shown_if) : 0;

	web_put(w->html, " class=\"");
	web_put(w->html, name);
	if (*part->error)
		web_put(w->html, " wrong");
	if (number)
		put_class_of(w, " when s", number);
	web_put(w->html, "\"");
}

static void put_choice_class(struct writer *w, const struct mentorship_part *part, const char *value)
{
	for (size_t i = 0; i < w->pair_count; i++)
		if (is_choice_of(w->pairs[i], part->name, value)) {
			put_class_of(w, " class=\"c", i + 1);
			web_put(w->html, "\"");
		}
}

void web_put_condition(struct writer *w, const struct mentorship_part *part)
{
	const struct mentorship_part *other;
	const struct mentorship_choice *choice;

	if (!*part->shown_if || !find_choice(w, part->shown_if, &other, &choice))
		return;
	web_put(w->html, "<p class=\"condition\">");
	web_put_sentence(w->html, web_word(w->page->language, WEB_ONLY_IF), other->text, choice->text);
	web_put(w->html, "</p>\n");
}

/* ---- fields ---- */

void web_put_id(struct writer *w, size_t number, const char *suffix)
{
	put_class_of(w, "f", number + 1);
	web_put(w->html, suffix);
}

static bool has_own_hint(const struct mentorship_part *part)
{
	if (part->kind == MENTORSHIP_COUNT)
		return part->min != INT64_MIN || part->max != INT64_MIN;
	return part->kind == MENTORSHIP_LINES && part->max != INT64_MIN && part->max > 0;
}

static void put_own_hint(struct writer *w, const struct mentorship_part *part)
{
	const char *language = w->page->language;
	char least[24], most[24];

	snprintf(least, sizeof least, "%" PRId64, part->min);
	snprintf(most, sizeof most, "%" PRId64, part->max);
	if (part->kind == MENTORSHIP_LINES)
		web_put_sentence(w->html, web_word(language, WEB_LENGTH), most, "");
	else if (part->min == INT64_MIN)
		web_put_sentence(w->html, web_word(language, WEB_MOST), most, "");
	else if (part->max == INT64_MIN)
		web_put_sentence(w->html, web_word(language, WEB_LEAST), least, "");
	else
		web_put_sentence(w->html, web_word(language, WEB_RANGE), least, most);
}

static bool has_hint(const struct mentorship_part *part)
{
	return *part->hint || has_own_hint(part);
}

static void put_hint_and_error(struct writer *w, const struct mentorship_part *part, size_t number)
{
	web_put_condition(w, part);
	if (has_hint(part)) {
		web_put(w->html, "<p class=\"hint\" id=\"");
		web_put_id(w, number, "-hint\">");
		web_put_text(w->html, part->hint);
		if (*part->hint && has_own_hint(part))
			web_put(w->html, " ");
		if (has_own_hint(part))
			put_own_hint(w, part);
		web_put(w->html, "</p>\n");
	}
	if (*part->error) {
		web_put(w->html, "<p class=\"error\" id=\"");
		web_put_id(w, number, "-error\">");
		web_put_text(w->html, part->error);
		web_put(w->html, "</p>\n");
	}
}

static void put_description(struct writer *w, const struct mentorship_part *part, size_t number)
{
	if (has_hint(part) || *part->error) {
		web_put(w->html, " aria-describedby=\"");
		if (has_hint(part))
			web_put_id(w, number, *part->error ? "-hint " : "-hint");
		if (*part->error)
			web_put_id(w, number, "-error");
		web_put(w->html, "\"");
	}
}

static void put_need(struct writer *w, const struct mentorship_part *part)
{
	if (part->flags & MENTORSHIP_PART_REQUIRED) {
		web_put(w->html, " <span class=\"need\">");
		web_put(w->html, web_word(w->page->language, WEB_REQUIRED));
		web_put(w->html, "</span>");
	}
}

/* id, name, description and states that every control has. */
static void put_control(struct writer *w, const struct mentorship_part *part, size_t number)
{
	web_put(w->html, " id=\"");
	web_put_id(w, number, "\"");
	web_put_named(w->html, "name", part->name);
	put_description(w, part, number);
	if (*part->error)
		web_put(w->html, " aria-invalid=\"true\"");
	if ((part->flags & MENTORSHIP_PART_REQUIRED) && !*part->shown_if)
		web_put(w->html, " required");
}

static void put_input(struct writer *w, const struct mentorship_part *part, size_t number)
{
	static const char *const kinds[] = { [MENTORSHIP_LINE] = "text",
		[MENTORSHIP_DAY] = "date",
		[MENTORSHIP_COUNT] = "text\" inputmode=\"decimal",
		[MENTORSHIP_INSTANT] = "datetime-local" };

	web_put(w->html, "<input type=\"");
	web_put(w->html, kinds[part->kind]);
	web_put(w->html, "\"");
	put_control(w, part, number);
	web_put_named(w->html, "value", part->value);
	if (part->kind == MENTORSHIP_LINE && part->max > 0) {
		web_put(w->html, " maxlength=\"");
		web_put_number(w->html, part->max);
		web_put(w->html, "\"");
	}
	if (part->kind == MENTORSHIP_COUNT)
		web_put(w->html, " class=\"short\"");
	web_put(w->html, " autocomplete=\"off\">\n");
}

static void put_lines(struct writer *w, const struct mentorship_part *part, size_t number)
{
	web_put(w->html, "<textarea rows=\"5\"");
	put_control(w, part, number);
	/* A first line feed would be dropped by the browser. */
	web_put(w->html, ">\n");
	web_put_lines(w->html, part->value);
	web_put(w->html, "</textarea>\n");
}

static void put_select(struct writer *w, const struct mentorship_part *part, size_t number)
{
	web_put(w->html, "<select");
	put_control(w, part, number);
	web_put(w->html, ">\n<option value=\"\">");
	web_put(w->html, web_word(w->page->language, WEB_CHOOSE));
	web_put(w->html, "</option>\n");
	for (size_t i = 0; i < part->choice_count; i++) {
		web_put(w->html, "<option");
		web_put_named(w->html, "value", part->choices[i].value);
		put_choice_class(w, part, part->choices[i].value);
		web_put(w->html, strcmp(part->choices[i].value, part->value) == 0 ? " selected>" : ">");
		web_put_text(w->html, part->choices[i].text);
		web_put(w->html, "</option>\n");
	}
	web_put(w->html, "</select>\n");
}

static void put_labelled(struct writer *w, const struct mentorship_part *part, size_t number)
{
	web_put(w->html, "<div");
	web_put_class(w, "field", part);
	web_put(w->html, ">\n<label for=\"");
	web_put_id(w, number, "\">");
	web_put_text(w->html, part->text);
	put_need(w, part);
	web_put(w->html, "</label>\n");
	put_hint_and_error(w, part, number);
	if (part->kind == MENTORSHIP_LINES)
		put_lines(w, part, number);
	else if (part->kind == MENTORSHIP_SINGLE)
		put_select(w, part, number);
	else
		put_input(w, part, number);
	web_put(w->html, "</div>\n");
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; length && (at = strstr(at, word)); at++)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static void put_tick(struct writer *w, const struct mentorship_part *part, size_t number, size_t k)
{
	bool single = part->kind == MENTORSHIP_SINGLE;
	const char *value = part->choices[k].value;
	char suffix[24] = "";

	if (k > 0)
		snprintf(suffix, sizeof suffix, "-%zu", k + 1);
	web_put(w->html, single ? "<div class=\"tick\"><input type=\"radio\" id=\"" : "<div class=\"tick\"><input type=\"checkbox\" id=\"");
	web_put_id(w, number, suffix);
	web_put(w->html, "\"");
	web_put_named(w->html, "name", part->name);
	web_put_named(w->html, "value", value);
	put_choice_class(w, part, value);
	if (single && (part->flags & MENTORSHIP_PART_REQUIRED) && !*part->shown_if)
		web_put(w->html, " required");
	web_put(w->html, (single ? strcmp(value, part->value) == 0 : has_word(part->value, value)) ? " checked>" : ">");
	web_put(w->html, "<label for=\"");
	web_put_id(w, number, suffix);
	web_put(w->html, "\">");
	web_put_text(w->html, part->choices[k].text);
	web_put(w->html, "</label></div>\n");
}

/* Choices of one or two letters, such as a scale from 1 to 5, stand in a row. */
static bool is_scale(const struct mentorship_part *part)
{
	for (size_t i = 0; i < part->choice_count; i++)
		if (strlen(part->choices[i].text) > 2)
			return false;
	return part->kind == MENTORSHIP_SINGLE;
}

static void put_choices(struct writer *w, const struct mentorship_part *part, size_t number)
{
	web_put(w->html, "<fieldset");
	web_put_class(w, is_scale(part) ? "field scale" : "field", part);
	put_description(w, part, number);
	web_put(w->html, ">\n<legend>");
	web_put_text(w->html, part->text);
	put_need(w, part);
	web_put(w->html, "</legend>\n");
	put_hint_and_error(w, part, number);
	web_put(w->html, "<div class=\"ticks\">\n");
	for (size_t k = 0; k < part->choice_count; k++)
		put_tick(w, part, number, k);
	web_put(w->html, "</div>\n</fieldset>\n");
}

void web_put_field(struct writer *w, const struct mentorship_part *part, size_t number)
{
	if (part->kind == MENTORSHIP_MULTIPLE || (part->kind == MENTORSHIP_SINGLE && part->choice_count <= RADIOS_MOST))
		put_choices(w, part, number);
	else
		put_labelled(w, part, number);
}
