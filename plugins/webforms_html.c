/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_html.c - a list of parts as one HTML document that needs no script.
 *
 * Parts are written in their order; what belongs together (items, links, buttons next to each other; fields under a group) gets one
 * element around it, opened and closed by open_run(). A page with errors begins with a list of them that leads to the fields. The browser
 * checks nothing (novalidate): the host does, in the reader's language.
 */
#include <string.h>
#include "webforms_html.h"

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
	web_put_named(w->html, "value", part->value);
	web_put_class(w, name, part);
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
		web_put_named(w->html, "value", meant->value);
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
	web_put_class(w, class, part);
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
	web_put_class(w, part->flags & MENTORSHIP_PART_HELP ? "help-link" : "link", part);
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
	web_put_class(w, "group", part);
	web_put(w->html, "><legend>");
	web_put_text(w->html, part->text);
	web_put(w->html, "</legend>\n");
	web_put_condition(w, part);
	w->in_group = true;
}

static void put_hidden(struct writer *w, const struct mentorship_part *part)
{
	web_put(w->html, "<input type=\"hidden\"");
	web_put_named(w->html, "name", part->name);
	web_put_named(w->html, "value", part->value);
	web_put(w->html, ">\n");
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
	case MENTORSHIP_INSTANT:
		open_run(w, NO_RUN);
		web_put_field(w, part, number);
		break;
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
		web_put_id(w, i, "\">");
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
		web_put_named(w->html, "value", w->page->hash);
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

	web_number_pairs(&w);
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
