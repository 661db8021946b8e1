/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTML of a mail: one column of text, no pictures, nothing fetched, no colours of its own (so that a dark mail program stays dark and
 * nobody has to guess a contrast). A text without HTML gets it by four rules: a blank line ends a paragraph, "- " begins a line of a list, a
 * link alone on its line is a link called by what it does, and lines of section tags stay what they are.
 */
#include <stdlib.h>
#include <string.h>

#include "texts_inside.h"

enum block {
	OUTSIDE_BLOCKS,
	IN_PARAGRAPH,
	IN_LIST
};

static void leave(struct buffer *out, enum block *block)
{
	if (*block == IN_PARAGRAPH)
		buffer_text(out, "</p>\n");
	else if (*block == IN_LIST)
		buffer_text(out, "</ul>\n");
	*block = OUTSIDE_BLOCKS;
}

/* The line as HTML; what stands in braces is left as it is. */
static void put_line(struct buffer *out, const char *line, const char *end)
{
	while (line < end) {
		const char *braces = memmem(line, (size_t)(end - line), "{{", 2), *behind;
		char *plain = strndup(line, (size_t)((braces ? braces : end) - line));

		if (!plain)
			abort();
		encode_xml_text(out, plain);
		free(plain);
		if (!braces)
			return;
		behind = memmem(braces, (size_t)(end - braces), "}}", 2);
		behind = behind ? behind + 2 : end;
		buffer_add(out, braces, (size_t)(behind - braces));
		line = behind;
	}
}

/* Is the line one pair of braces, and which sign do they begin with? 0: it is not. */
static char lone_braces(const char *line, const char *end)
{
	const char *close = end - line < 5 ? NULL : memmem(line, (size_t)(end - line), "}}", 2);

	return close && close + 2 == end && line[0] == '{' && line[1] == '{' ? line[2] : 0;
}

static bool only_sections(const char *line, const char *end)
{
	bool some = false;

	while (line < end) {
		const char *close = memmem(line, (size_t)(end - line), "}}", 2);

		if (*line == ' ') {
			line++;
			continue;
		}
		if (!close || line[0] != '{' || line[1] != '{' || !strchr("#^/", line[2]))
			return false;
		some = true;
		line = close + 2;
	}
	return some;
}

static bool is_link(const char *line, const char *end)
{
	return end - line >= 8 && !memcmp(end - 6, "link}}", 6) && !memchr(line, ' ', (size_t)(end - line));
}

static void put_link(struct buffer *out, const char *line, const char *end, const char *action)
{
	int length = (int)(end - line);

	buffer_print(out,
		"<p><a href=\"%.*s\" style=\"display: inline-block; padding: 10px 18px; border: 2px solid; border-radius: 6px; "
		"font-weight: bold; text-decoration: none\">",
		length, line);
	if (action)
		encode_xml_text(out, action);
	else
		buffer_add(out, line, (size_t)length);
	buffer_text(out, "</a></p>\n");
}

static void put_text(struct buffer *out, const char *line, const char *end, enum block *block)
{
	bool item = end - line > 2 && !memcmp(line, "- ", 2);

	if (*block != (item ? IN_LIST : IN_PARAGRAPH)) {
		leave(out, block);
		buffer_text(out, item ? "<ul>\n" : "<p>");
		*block = item ? IN_LIST : IN_PARAGRAPH;
	} else if (!item)
		buffer_text(out, "<br>\n");
	if (item)
		buffer_text(out, "<li>");
	put_line(out, item ? line + 2 : line, end);
	if (item)
		buffer_text(out, "</li>\n");
}

char *html_of_text(struct arena *arena, const char *text, const char *action)
{
	struct buffer out = { 0 };
	enum block block = OUTSIDE_BLOCKS;
	char *copy;

	while (*text) {
		const char *end = strchrnul(text, '\n');
		char sign = lone_braces(text, end);

		if (text == end || only_sections(text, end) || sign)
			leave(&out, &block);
		if (only_sections(text, end)) {
			buffer_add(&out, text, (size_t)(end - text));
			buffer_char(&out, '\n');
		} else if (sign && sign != '!' && is_link(text, end)) {
			put_link(&out, text, end, action);
		} else if (sign && sign != '!') {
			buffer_print(&out, "<p style=\"white-space: pre-line\">%.*s</p>\n", (int)(end - text), text);
		} else if (text < end) {
			put_text(&out, text, end, &block);
		}
		text = *end ? end + 1 : end;
	}
	leave(&out, &block);
	copy = arena_copy(arena, buffer_string(&out));
	buffer_free(&out);
	return copy;
}

void html_begin(struct buffer *out, const char *language, const char *title)
{
	buffer_text(out, "<!DOCTYPE html>\n<html lang=\"");
	encode_xml_attribute(out, language);
	buffer_text(out,
		"\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
	encode_xml_text(out, title);
	buffer_text(out,
		"</title>\n</head>\n<body style=\"margin: 0; padding: 0\">\n"
		"<div style=\"max-width: 36em; margin: 0 auto; padding: 16px; font-family: sans-serif; font-size: 16px; "
		"line-height: 1.5\">\n");
}

void html_end(struct buffer *out)
{
	buffer_text(out, "</div>\n</body>\n</html>\n");
}
