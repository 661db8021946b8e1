/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_html.c - a list of parts as one HTML document that needs no script.
 *
 * Parts are written in their order; what belongs together (items, links, buttons next to each other; fields under a group) gets one
 * element around it, opened and closed by open_run(). Every field has a label, its hint and its error are tied to it, and a page with
 * errors begins with a list of them that leads to the fields. The browser checks nothing (novalidate): the host does, in the reader's
 * language.
 *
 * A part that is asked only where another field has a certain value: the first 16 such pairs of a page are numbered; the choice gets
 * the class cN, the part sN, and the style sheet hides sN unless cN is chosen, in browsers that know :has(). Others show it
 * with a sentence that says when it is meant. Such a field is never marked as required for the browser.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "webforms.h"

enum {
	PAIRS_MOST = 16,
	RADIOS_MOST = 8, /* more choices than these become a list to choose from */
};

enum run {
	NO_RUN,
	ITEMS,
	FACTS,
	LINKS,
	BUTTONS
};

struct writer {
	struct web_text *html;
	const struct mentorship_page *page;
	const char *prefix;
	const char *pairs[PAIRS_MOST];
	size_t pair_count;
	enum run run;
	bool in_group;
};

/* ---- text ---- */

void web_put_bytes(struct web_text *text, const char *what, size_t length)
{
	if (text->room < text->length + length + 1) {
		text->room = (text->length + length + 1) * 2;
		if (text->room < 4096)
			text->room = 4096;
		if (!(text->data = realloc(text->data, text->room)))
			abort();
	}
	memcpy(text->data + text->length, what, length);
	text->length += length;
	text->data[text->length] = 0;
}

void web_put(struct web_text *text, const char *what)
{
	web_put_bytes(text, what, strlen(what));
}

static void encode(struct web_text *text, const char *what, const char *line_feed)
{
	for (size_t length; *what; what += length) {
		length = strcspn(what, "&<>\"'\n");
		web_put_bytes(text, what, length);
		if (!what[length])
			return;
		web_put(text,
			what[length] == '&'            ? "&amp;"
				: what[length] == '<'  ? "&lt;"
				: what[length] == '>'  ? "&gt;"
				: what[length] == '"'  ? "&quot;"
				: what[length] == '\'' ? "&#39;"
						       : line_feed);
		length++;
	}
}

void web_put_text(struct web_text *text, const char *what)
{
	encode(text, what, "<br>\n");
}

void web_put_attribute(struct web_text *text, const char *what)
{
	encode(text, what, "&#10;");
}

void web_text_free(struct web_text *text)
{
	free(text->data);
	*text = (struct web_text){ 0 };
}

static void put_number(struct web_text *text, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRId64, number);
	web_put(text, digits);
}

/* A sentence with $1 and $2 put in. */
static void put_sentence(struct web_text *text, const char *sentence, const char *first, const char *second)
{
	for (const char *at; (at = strchr(sentence, '$')); sentence = at + 2) {
		web_put_bytes(text, sentence, (size_t)(at - sentence));
		web_put_text(text, at[1] == '1' ? first : second);
	}
	web_put(text, sentence);
}

/* name="value", encoded. */
static void put_named(struct web_text *html, const char *name, const char *value)
{
	web_put(html, " ");
	web_put(html, name);
	web_put(html, "=\"");
	web_put_attribute(html, value);
	web_put(html, "\"");
}

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

static void number_pairs(struct writer *w)
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
	put_number(w->html, (int64_t)number);
}

/* class="NAME sN" of the element around a part. */
static void put_class(struct writer *w, const char *name, const struct mentorship_part *part)
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

static void put_condition(struct writer *w, const struct mentorship_part *part)
{
	const struct mentorship_part *other;
	const struct mentorship_choice *choice;

	if (!*part->shown_if || !find_choice(w, part->shown_if, &other, &choice))
		return;
	web_put(w->html, "<p class=\"condition\">");
	put_sentence(w->html, web_word(w->page->language, WEB_ONLY_IF), other->text, choice->text);
	web_put(w->html, "</p>\n");
}

/* ---- runs ---- */

static void open_run(struct writer *w, enum run run)
{
	static const char *const begin[] = { "", "<ul class=\"items\">\n", "<dl class=\"facts\">\n", "<ul class=\"links\">\n",
		"<div class=\"buttons\">\n" };
	static const char *const end[] = { "", "</ul>\n", "</dl>\n", "</ul>\n", "</div>\n" };

	if (run == w->run)
		return;
	web_put(w->html, end[w->run]);
	web_put(w->html, begin[run]);
	w->run = run;
}

static void close_group(struct writer *w)
{
	open_run(w, NO_RUN);
	if (w->in_group)
		web_put(w->html, "</fieldset>\n");
	w->in_group = false;
}

/* ---- fields ---- */

/* "f3", "f3-error", "f3-2": stable within a page. */
static void put_id(struct writer *w, size_t number, const char *suffix)
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
		put_sentence(w->html, web_word(language, WEB_LENGTH), most, "");
	else if (part->min == INT64_MIN)
		put_sentence(w->html, web_word(language, WEB_MOST), most, "");
	else if (part->max == INT64_MIN)
		put_sentence(w->html, web_word(language, WEB_LEAST), least, "");
	else
		put_sentence(w->html, web_word(language, WEB_RANGE), least, most);
}

static bool has_hint(const struct mentorship_part *part)
{
	return *part->hint || has_own_hint(part);
}

static void put_hint_and_error(struct writer *w, const struct mentorship_part *part, size_t number)
{
	put_condition(w, part);
	if (has_hint(part)) {
		web_put(w->html, "<p class=\"hint\" id=\"");
		put_id(w, number, "-hint\">");
		web_put_text(w->html, part->hint);
		if (*part->hint && has_own_hint(part))
			web_put(w->html, " ");
		if (has_own_hint(part))
			put_own_hint(w, part);
		web_put(w->html, "</p>\n");
	}
	if (*part->error) {
		web_put(w->html, "<p class=\"error\" id=\"");
		put_id(w, number, "-error\">");
		web_put_text(w->html, part->error);
		web_put(w->html, "</p>\n");
	}
}

static void put_description(struct writer *w, const struct mentorship_part *part, size_t number)
{
	if (has_hint(part) || *part->error) {
		web_put(w->html, " aria-describedby=\"");
		if (has_hint(part))
			put_id(w, number, *part->error ? "-hint " : "-hint");
		if (*part->error)
			put_id(w, number, "-error");
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
	put_id(w, number, "\"");
	put_named(w->html, "name", part->name);
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
	put_named(w->html, "value", part->value);
	if (part->kind == MENTORSHIP_LINE && part->max > 0) {
		web_put(w->html, " maxlength=\"");
		put_number(w->html, part->max);
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
	encode(w->html, part->value, "\n");
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
		put_named(w->html, "value", part->choices[i].value);
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
	put_class(w, "field", part);
	web_put(w->html, ">\n<label for=\"");
	put_id(w, number, "\">");
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
	put_id(w, number, suffix);
	web_put(w->html, "\"");
	put_named(w->html, "name", part->name);
	put_named(w->html, "value", value);
	put_choice_class(w, part, value);
	if (single && (part->flags & MENTORSHIP_PART_REQUIRED) && !*part->shown_if)
		web_put(w->html, " required");
	web_put(w->html, (single ? strcmp(value, part->value) == 0 : has_word(part->value, value)) ? " checked>" : ">");
	web_put(w->html, "<label for=\"");
	put_id(w, number, suffix);
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
	put_class(w, is_scale(part) ? "field scale" : "field", part);
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

/* ---- buttons ---- */

static void put_button(struct writer *w, const struct mentorship_part *part)
{
	const char *name = part->flags & MENTORSHIP_PART_HELP ? "plain"
		: part->flags & MENTORSHIP_PART_DANGER        ? "danger"
		: part->flags & MENTORSHIP_PART_PRIMARY       ? "primary"
		: part->flags & MENTORSHIP_PART_QUIET         ? "quiet"
							      : "plain";

	if (w->in_group)
		close_group(w);
	open_run(w, part->flags & MENTORSHIP_PART_HELP ? NO_RUN : BUTTONS);
	if (part->flags & MENTORSHIP_PART_HELP)
		web_put(w->html, "<div class=\"help\">\n");
	web_put(w->html, "<button type=\"submit\" name=\"do\"");
	put_named(w->html, "value", part->value);
	put_class(w, name, part);
	web_put(w->html, ">");
	web_put_text(w->html, part->text);
	web_put(w->html, "</button>\n");
	if (*part->hint) {
		web_put(w->html, "<p class=\"hint\">");
		web_put_text(w->html, part->hint);
		web_put(w->html, "</p>\n");
	}
	if (part->flags & MENTORSHIP_PART_HELP)
		web_put(w->html, "</div>\n");
}

/* Enter presses a form's first button. Where that is not the one meant, another stands before it unseen; where none is meant, one that
 * does nothing: a reason typed for a refusal must not accept. */
static void put_default_button(struct writer *w)
{
	const struct mentorship_part *first = NULL, *meant = NULL;

	for (size_t i = 0; i < w->page->part_count; i++) {
		const struct mentorship_part *part = &w->page->parts[i];

		if (part->kind != MENTORSHIP_BUTTON)
			continue;
		first = first ? first : part;
		meant = !meant && (part->flags & MENTORSHIP_PART_PRIMARY) ? part : meant;
	}
	if (first == meant)
		return;
	web_put(w->html, "<button type=\"submit\" class=\"unseen\" tabindex=\"-1\" aria-hidden=\"true\"");
	if (meant) {
		web_put(w->html, " name=\"do\"");
		put_named(w->html, "value", meant->value);
	} else {
		web_put(w->html, " disabled");
	}
	web_put(w->html, ">-</button>\n");
}

/* ---- texts ---- */

static void put_block(struct writer *w, const char *tag, const char *class, const struct mentorship_part *part)
{
	open_run(w, NO_RUN);
	web_put(w->html, "<");
	web_put(w->html, tag);
	put_class(w, class, part);
	web_put(w->html, ">");
	web_put_text(w->html, part->text);
	web_put(w->html, "</");
	web_put(w->html, tag);
	web_put(w->html, ">\n");
}

static void put_item(struct writer *w, const struct mentorship_part *part)
{
	open_run(w, *part->name ? FACTS : ITEMS);
	if (*part->name) {
		web_put(w->html, "<div><dt>");
		web_put_text(w->html, part->name);
		web_put(w->html, "</dt><dd>");
		web_put_text(w->html, part->text);
		web_put(w->html, "</dd></div>\n");
	} else {
		web_put(w->html, "<li>");
		web_put_text(w->html, part->text);
		web_put(w->html, "</li>\n");
	}
}

static void put_link(struct writer *w, const struct mentorship_part *part)
{
	if (!web_is_token(part->value)) {
		put_block(w, "p", "", part);
		return;
	}
	open_run(w, LINKS);
	web_put(w->html, "<li><a");
	put_class(w, part->flags & MENTORSHIP_PART_HELP ? "help-link" : "link", part);
	web_put(w->html, " href=\"");
	web_put_attribute(w->html, w->prefix);
	web_put(w->html, "/l/");
	web_put(w->html, part->value);
	web_put(w->html, "\">");
	web_put_text(w->html, part->text);
	web_put(w->html, "</a></li>\n");
}

static void put_group(struct writer *w, const struct mentorship_part *part)
{
	close_group(w);
	web_put(w->html, "<fieldset");
	put_class(w, "group", part);
	web_put(w->html, "><legend>");
	web_put_text(w->html, part->text);
	web_put(w->html, "</legend>\n");
	put_condition(w, part);
	w->in_group = true;
}

static void put_hidden(struct writer *w, const struct mentorship_part *part)
{
	web_put(w->html, "<input type=\"hidden\"");
	put_named(w->html, "name", part->name);
	put_named(w->html, "value", part->value);
	web_put(w->html, ">\n");
}

static void put_field(struct writer *w, const struct mentorship_part *part, size_t number)
{
	open_run(w, NO_RUN);
	if (part->kind == MENTORSHIP_MULTIPLE || (part->kind == MENTORSHIP_SINGLE && part->choice_count <= RADIOS_MOST))
		put_choices(w, part, number);
	else
		put_labelled(w, part, number);
}

static void put_part(struct writer *w, size_t number)
{
	const struct mentorship_part *part = &w->page->parts[number];

	switch (part->kind) {
	case MENTORSHIP_HEADING: put_block(w, "h2", "", part); break;
	case MENTORSHIP_PARAGRAPH: put_block(w, "p", "", part); break;
	case MENTORSHIP_NOTE: put_block(w, "p", "note", part); break;
	case MENTORSHIP_ITEM: put_item(w, part); break;
	case MENTORSHIP_LINK: put_link(w, part); break;
	case MENTORSHIP_GROUP: put_group(w, part); break;
	case MENTORSHIP_HIDDEN: put_hidden(w, part); break;
	case MENTORSHIP_BUTTON: put_button(w, part); break;
	case MENTORSHIP_LINE:
	case MENTORSHIP_LINES:
	case MENTORSHIP_SINGLE:
	case MENTORSHIP_MULTIPLE:
	case MENTORSHIP_DAY:
	case MENTORSHIP_COUNT:
	case MENTORSHIP_INSTANT: put_field(w, part, number); break;
	default: break; /* of a later minor version */
	}
}

/* ---- the document ---- */

static bool is_language(const char *language)
{
	size_t length = strspn(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return length >= 2 && length <= 35 && !language[length];
}

static const char *direction(const char *language)
{
	static const char *const leftwards[] = { "ar", "he", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb" };

	for (size_t i = 0; i < sizeof leftwards / sizeof *leftwards; i++) {
		size_t length = strlen(leftwards[i]);

		if (strncasecmp(language, leftwards[i], length) == 0 && (!language[length] || language[length] == '-'))
			return "rtl";
	}
	return "ltr";
}

static void begin_document(
	struct web_text *html, const char *language, const char *before, const char *title, const char *institution, const char *prefix)
{
	web_put(html, "<!DOCTYPE html>\n<html lang=\"");
	web_put(html, is_language(language) ? language : "en");
	web_put(html, "\" dir=\"");
	web_put(html, direction(language));
	web_put(html,
		"\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"format-detection\" content=\"telephone=no\">\n<title>");
	web_put(html, before);
	web_put_text(html, title);
	if (*institution) {
		web_put(html, " – ");
		web_put_text(html, institution);
	}
	web_put(html, "</title>\n<link rel=\"stylesheet\" href=\"");
	web_put_attribute(html, prefix);
	web_put(html, "/style.css\">\n</head>\n<body>\n");
}

static void put_header(struct writer *w)
{
	web_put(w->html, "<header>\n<p class=\"institution\">");
	web_put_text(w->html, w->page->institution);
	web_put(w->html, "</p>\n");
	if (*w->page->program) {
		web_put(w->html, "<p class=\"program\">");
		web_put_text(w->html, w->page->program);
		web_put(w->html, "</p>\n");
	}
	web_put(w->html, "</header>\n<main>\n");
}

static void put_errors(struct writer *w)
{
	web_put(w->html, "<div class=\"errors\" role=\"alert\">\n<h2>");
	web_put(w->html, web_word(w->page->language, WEB_ERRORS));
	web_put(w->html, "</h2>\n<ul>\n");
	for (size_t i = 0; i < w->page->part_count; i++) {
		if (!*w->page->parts[i].error)
			continue;
		web_put(w->html, "<li><a href=\"#");
		put_id(w, i, "\">");
		web_put_text(w->html, w->page->parts[i].error);
		web_put(w->html, "</a></li>\n");
	}
	web_put(w->html, "</ul>\n</div>\n");
}

static void put_status(struct writer *w)
{
	bool done = w->page->status == MENTORSHIP_PAGE_DONE;

	if (!done && w->page->status != MENTORSHIP_PAGE_CHANGED)
		return;
	web_put(w->html, done ? "<p class=\"done\" role=\"status\">" : "<p class=\"changed\" role=\"status\">");
	web_put(w->html, web_word(w->page->language, done ? WEB_DONE : WEB_CHANGED));
	web_put(w->html, "</p>\n");
}

static bool has_buttons(const struct mentorship_page *page)
{
	for (size_t i = 0; i < page->part_count; i++)
		if (page->parts[i].kind == MENTORSHIP_BUTTON)
			return true;
	return false;
}

static bool has_errors(const struct mentorship_page *page)
{
	for (size_t i = 0; i < page->part_count; i++)
		if (*page->parts[i].error)
			return true;
	return false;
}

/* The form goes to where the page came from, whatever stands before it in the address. */
static void put_form(struct writer *w)
{
	bool form = has_buttons(w->page);

	if (form) {
		web_put(w->html, "<form method=\"post\" novalidate>\n<input type=\"hidden\" name=\"" WEB_HASH_FIELD "\"");
		put_named(w->html, "value", w->page->hash);
		web_put(w->html, ">\n");
		put_default_button(w);
	}
	for (size_t i = 0; i < w->page->part_count; i++)
		put_part(w, i);
	close_group(w);
	if (form)
		web_put(w->html, "</form>\n");
}

void web_page(struct web_text *html, const struct mentorship_page *page, const char *prefix)
{
	struct writer w = { .html = html, .page = page, .prefix = prefix };
	bool wrong = has_errors(page);

	number_pairs(&w);
	begin_document(html, page->language, wrong ? web_word(page->language, WEB_ERROR) : "", page->title, page->institution, prefix);
	put_header(&w);
	if (wrong)
		put_errors(&w);
	web_put(html, "<h1>");
	web_put_text(html, page->title);
	web_put(html, "</h1>\n");
	put_status(&w);
	put_form(&w);
	web_put(html, "</main>\n</body>\n</html>\n");
}

void web_notice(struct web_text *html, const char *language, enum web_word title, enum web_word sentence, const char *prefix)
{
	begin_document(html, language, "", web_word(language, title), "", prefix);
	web_put(html, "<main class=\"notice\">\n<h1>");
	web_put(html, web_word(language, title));
	web_put(html, "</h1>\n<p>");
	web_put(html, web_word(language, sentence));
	web_put(html, "</p>\n</main>\n</body>\n</html>\n");
}
