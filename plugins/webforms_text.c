/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_text.c - a growing text, and the encoders through which all that comes from outside gets into HTML.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "webforms.h"

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

void web_put_lines(struct web_text *text, const char *what)
{
	encode(text, what, "\n");
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

void web_put_number(struct web_text *text, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRId64, number);
	web_put(text, digits);
}

void web_put_sentence(struct web_text *text, const char *sentence, const char *first, const char *second)
{
	for (const char *at; (at = strchr(sentence, '$')); sentence = at + 2) {
		web_put_bytes(text, sentence, (size_t)(at - sentence));
		web_put_text(text, at[1] == '1' ? first : second);
	}
	web_put(text, sentence);
}

void web_put_named(struct web_text *html, const char *name, const char *value)
{
	web_put(html, " ");
	web_put(html, name);
	web_put(html, "=\"");
	web_put_attribute(html, value);
	web_put(html, "\"");
}
