/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean.h"

#include <stdbool.h>
#include <string.h>

#include "core/text.h"

/* The next character as it may go on, in *ret (at most 4 bytes); returns the bytes read. */
static size_t next(const char *text, size_t left, bool lines, char ret[5], size_t *ret_length)
{
	uint32_t point;
	int n = text_decode(text, left, &point);

	if (!n) {
		memcpy(ret, "\xEF\xBF\xBD", 4);
		*ret_length = 3;
		return 1;
	}
	if (lines && point == '\r') {
		*ret_length = 0;
	} else if (text_refused(point) && !(lines && (point == '\n' || point == '\t'))) {
		*ret = ' ';
		*ret_length = 1;
	} else {
		memcpy(ret, text, (size_t)n);
		*ret_length = (size_t)n;
	}
	return (size_t)n;
}

void clean_line(char *out, size_t size, const char *text)
{
	size_t left = text ? strnlen(text, 4 * size) : 0, at = 0, length = 0;
	char one[5];

	while (left) {
		size_t n = 1;

		if (*text >= ' ' && *text <= '~') { /* nearly all there is */
			*one = *text;
			length = 1;
		} else {
			n = next(text, left, false, one, &length);
		}
		if (at + length + 1 > size)
			break;
		memcpy(out + at, one, length);
		at += length;
		text += n;
		left -= n;
	}
	out[at] = '\0';
}

char *clean_lines(struct arena *arena, const char *text)
{
	size_t left = text ? strlen(text) : 0, length = 0, at = 0;
	char *out = arena_new(arena, 3 * left + 1), one[5];

	while (left) {
		size_t n = next(text, left, true, one, &length);

		memcpy(out + at, one, length);
		at += length;
		text += n;
		left -= n;
	}
	return out;
}
