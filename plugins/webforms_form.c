/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_form.c - from the bytes of a posted form to fields.
 *
 * Everything is decoded in place: a decoded text is never longer than its encoding. What is not exactly a form (a lone '%', a zero
 * byte, bytes that are no UTF-8, too many fields) is refused as a whole, since a browser sends none of it. Line ends become \n, which
 * is what the host's texts have.
 */
#include <stdlib.h>
#include <string.h>
#include "webforms.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int web_percent_decode(char *text, bool plus)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '%') {
			int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);

			if (low < 0 || high * 16 + low == 0)
				return -1;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = plus && *from == '+' ? ' ' : *from;
		}
	}
	*to = 0;
	return 0;
}

/* Length of the sequence that begins here, 0 if it is none (RFC 3629: no surrogates, nothing overlong, nothing past U+10FFFF). */
static size_t sequence(const unsigned char *at)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length = at[0] < 0x80            ? 1
		: at[0] >= 0xc2 && at[0] < 0xe0 ? 2
		: at[0] >= 0xe0 && at[0] < 0xf0 ? 3
		: at[0] >= 0xf0 && at[0] < 0xf5 ? 4
						: 0;

	if (at[0] == 0xe0)
		low = 0xa0;
	if (at[0] == 0xed)
		high = 0x9f;
	if (at[0] == 0xf0)
		low = 0x90;
	if (at[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf)
		if (at[i] < low || at[i] > high)
			return 0;
	return length;
}

bool web_is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t length; *at; at += length)
		if (!(length = sequence(at)))
			return false;
	return true;
}

static void unify_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\r' && from[1] == '\n')
			continue;
		*to++ = *from == '\r' ? '\n' : *from;
	}
	*to = 0;
}

static int read_pair(struct web_form *form, char *pair)
{
	char *value = strchr(pair, '=');

	if (value)
		*value++ = 0;
	else
		value = pair + strlen(pair);
	if (web_percent_decode(pair, true) < 0 || web_percent_decode(value, true) < 0 || !web_is_utf8(pair) || !web_is_utf8(value))
		return -1;
	unify_lines(value);
	if (strcmp(pair, WEB_HASH_FIELD) == 0) {
		form->hash = value;
		return 0;
	}
	if (form->count == WEB_FIELDS_MOST)
		return -1;
	form->fields[form->count++] = (struct mentorship_field){ pair, value };
	return 0;
}

int web_form_read(struct web_form *form, char *body, size_t length)
{
	size_t most = 1;

	*form = (struct web_form){ .hash = "" };
	body[length] = 0;
	if (memchr(body, 0, length))
		return -1;
	for (const char *at = body; (at = strchr(at, '&')); at++)
		most++;
	if (most > WEB_FIELDS_MOST + 1)
		return -1;
	if (!(form->fields = calloc(most, sizeof *form->fields)))
		abort();
	for (char *pair = body, *next; pair; pair = next) {
		if ((next = strchr(pair, '&')))
			*next++ = 0;
		if (*pair && read_pair(form, pair) < 0) {
			web_form_free(form);
			return -1;
		}
	}
	return 0;
}

void web_form_free(struct web_form *form)
{
	free(form->fields);
	*form = (struct web_form){ .hash = "" };
}

bool web_form_one_click(const char *type, const char *body, size_t length)
{
	static const char pair[] = "List-Unsubscribe=One-Click", name[] = "name=\"List-Unsubscribe\"", word[] = "\r\n\r\nOne-Click\r\n";
	const char *at;

	if (strncasecmp(type, "multipart/form-data", 19) != 0)
		return length >= sizeof pair - 1 && memcmp(body, pair, sizeof pair - 1) == 0 &&
			(length == sizeof pair - 1 || body[sizeof pair - 1] == '&' || body[sizeof pair - 1] == '\r');
	at = memmem(body, length, name, sizeof name - 1);
	return at && memmem(at, length - (size_t)(at - body), word, sizeof word - 1);
}
