/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One decoder, many readers: every function here walks the text by text_next, which gives a code point or, for a byte
 * that starts no well-formed sequence, BAD and one byte. So a bad byte can neither swallow its neighbour nor pass.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BAD = 0x110000 /* beyond the last code point */,
	REPLACEMENT = 0xFFFD
};

void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
	if (buffer->size - buffer->length < length + 1 || !buffer->data) {
		size_t size = (buffer->length + length + 1) * 2;

		if (size < length || !(buffer->data = realloc(buffer->data, size)))
			abort();
		buffer->size = size;
	}
	if (length)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
	if (text)
		buffer_add(buffer, text, strlen(text));
}

void buffer_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
	char small[256], *text = small;
	va_list ap, again;
	int length;

	va_start(ap, format);
	va_copy(again, ap);
	length = vsnprintf(small, sizeof small, format, ap);
	va_end(ap);
	if (length < 0 || ((size_t)length >= sizeof small && !(text = malloc((size_t)length + 1))))
		abort();
	if (text != small)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	buffer_add(buffer, text, (size_t)length);
	if (text != small)
		free(text);
}

const char *buffer_string(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

/* The forms of Unicode table 3-7: what the first byte says about the length and the least code point it may give. */
int text_decode(const char *text, size_t left, uint32_t *ret_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	uint32_t point;
	int length;

	if (!left)
		return 0;
	if (byte[0] < 0x80) {
		*ret_point = byte[0];
		return 1;
	}
	length = byte[0] < 0xC2 ? 0 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : byte[0] < 0xF5 ? 4 : 0;
	if (!length || left < (size_t)length)
		return 0;
	point = byte[0] & (0x7Fu >> length);
	for (int i = 1; i < length; i++) {
		if ((byte[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (byte[i] & 0x3F);
	}
	if (point < least[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		return 0;
	*ret_point = point;
	return length;
}

/* The code point at *text, moving on behind it; BAD and one byte where there is none. */
static uint32_t text_next(const char **text, size_t *left)
{
	uint32_t point = BAD;
	int length = text_decode(*text, *left, &point);

	if (!length) {
		length = 1;
		point = BAD;
	}
	*text += length;
	*left -= (size_t)length;
	return point;
}

void text_encode(struct buffer *buffer, uint32_t point)
{
	char bytes[4];
	int length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
		text_encode(buffer, REPLACEMENT);
		return;
	}
	for (int i = length - 1; i > 0; i--, point >>= 6)
		bytes[i] = (char)(0x80 | (point & 0x3F));
	bytes[0] = (char)(first[length == 1 ? 0 : length] | point);
	buffer_add(buffer, bytes, (size_t)length);
}

/* Bytes at the start that are ASCII, in steps of eight: most of what is looked at. */
static size_t ascii_run(const char *text, size_t length)
{
	size_t run = 0;
	uint64_t eight;

	for (; length - run >= sizeof eight; run += sizeof eight) {
		memcpy(&eight, text + run, sizeof eight);
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	return run;
}

size_t text_bad(const char *text, size_t length)
{
	size_t run = ascii_run(text, length), left = length - run;
	const char *at = text + run;

	while (left) {
		const char *here = at;

		if (text_next(&at, &left) == BAD)
			return (size_t)(here - text);
	}
	return length;
}

size_t text_points(const char *text, size_t length)
{
	size_t count = 0;

	for (; length; count++)
		text_next(&text, &length);
	return count;
}

/* Why a code point is not welcome; NULL if it is. */
static const char *refusal(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7F && point <= 0x9F))
		return "a control character";
	if (point == 0x2028 || point == 0x2029)
		return "a separator of lines or paragraphs";
	if (point == 0x061C || point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
		(point >= 0x2066 && point <= 0x2069))
		return "a control character of writing direction";
	if (point == 0xFEFF)
		return "a byte-order mark";
	if ((point >= 0xFDD0 && point <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE)
		return "a code point that is no character";
	return NULL;
}

bool text_refused(uint32_t point)
{
	return refusal(point) != NULL;
}

int text_check(const char *text, size_t length, unsigned flags, struct problem *problem)
{
	const char *at = text;
	size_t left = length;

	while (left) {
		size_t position = (size_t)(at - text) + 1;
		uint32_t point = text_next(&at, &left);
		const char *why;

		if (point == BAD)
			return problem_set(problem, E_INVALID, NULL,
				"the byte at position %zu is not UTF-8; "
				"save or send the text as UTF-8",
				position);
		if ((flags & TEXT_LINES) && (point == '\n' || point == '\t'))
			continue;
		if ((why = refusal(point)))
			return problem_set(problem, E_INVALID, NULL,
				"there is %s (U+%04X) at position %zu; "
				"take it out",
				why, (unsigned)point, position);
	}
	return 0;
}

/* Ranges of capitals: those of step 1 lie `shift` before their small letters, those of step 2 alternate with them. */
static uint32_t fold_point(uint32_t point)
{
	static const struct {
		uint16_t first, last, step, shift;
	} ranges[] = {
		{ 'A', 'Z', 1, 32 },
		{ 0xC0, 0xD6, 1, 32 },
		{ 0xD8, 0xDE, 1, 32 },
		{ 0x100, 0x12E, 2, 1 },
		{ 0x132, 0x136, 2, 1 },
		{ 0x139, 0x147, 2, 1 },
		{ 0x14A, 0x176, 2, 1 },
		{ 0x179, 0x17D, 2, 1 },
		{ 0x391, 0x3A1, 1, 32 },
		{ 0x3A3, 0x3AB, 1, 32 },
		{ 0x400, 0x40F, 1, 80 },
		{ 0x410, 0x42F, 1, 32 },
		{ 0x460, 0x480, 2, 1 },
		{ 0x48A, 0x4BE, 2, 1 },
		{ 0x4D0, 0x52E, 2, 1 },
	};

	if (point == 0x130)
		return 'i';
	if (point == 0x178)
		return 0xFF;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (point >= ranges[i].first && point <= ranges[i].last && (point - ranges[i].first) % ranges[i].step == 0)
			return point + ranges[i].shift;
	return point;
}

void text_fold(struct buffer *buffer, const char *text, size_t length)
{
	while (length) {
		uint32_t point = text_next(&text, &length);

		text_encode(buffer, point == BAD ? (uint32_t)REPLACEMENT : fold_point(point));
	}
}

bool text_starts(const char *text, const char *prefix)
{
	size_t text_left = strlen(text), prefix_left = strlen(prefix);

	while (prefix_left) {
		uint32_t wanted = text_next(&prefix, &prefix_left);

		if (!text_left || fold_point(text_next(&text, &text_left)) != fold_point(wanted))
			return false;
	}
	return true;
}

/* One line, `length` bytes without its line feed. */
static void wrap_line(struct buffer *buffer, const char *line, size_t length, size_t columns)
{
	size_t used = 0, indent = length > 2 && !memcmp(line, "- ", 2) ? 2 : 0;

	for (const char *word = line, *end = line + length; word < end;) {
		const char *behind = memchr(word, ' ', (size_t)(end - word));
		size_t bytes = (size_t)((behind ? behind : end) - word), points = text_points(word, bytes);

		if (word > line && used + 1 + points > columns) {
			buffer_print(buffer, "\n%*s", (int)indent, "");
			used = indent;
		} else if (word > line) {
			buffer_char(buffer, ' ');
			used++;
		}
		buffer_add(buffer, word, bytes);
		used += points;
		word += bytes + 1;
	}
}

void text_wrap(struct buffer *buffer, const char *text, size_t columns)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (text_points(text, length) <= columns)
			buffer_add(buffer, text, length);
		else
			wrap_line(buffer, text, length, columns);
		text += length;
		if (*text) {
			buffer_char(buffer, '\n');
			text++;
		}
	}
}

static void encode_xml(struct buffer *buffer, const char *text, bool attribute)
{
	size_t left = text ? strlen(text) : 0;

	while (left) {
		uint32_t point = text_next(&text, &left);

		if (point == '&')
			buffer_text(buffer, "&amp;");
		else if (point == '<')
			buffer_text(buffer, "&lt;");
		else if (point == '>')
			buffer_text(buffer, "&gt;");
		else if (attribute && (point == '"' || point == '\'' || point == '\n' || point == '\t'))
			buffer_print(buffer, "&#%u;", (unsigned)point);
		else if (point == '\n' || point == '\t' || !text_refused(point))
			text_encode(buffer, point);
		else
			text_encode(buffer, REPLACEMENT);
	}
}

void encode_xml_text(struct buffer *buffer, const char *text)
{
	encode_xml(buffer, text, false);
}

void encode_xml_attribute(struct buffer *buffer, const char *text)
{
	encode_xml(buffer, text, true);
}

/* -12, +3.5, 1e6: what a spreadsheet reads as a number and nothing else. */
static bool is_number(const char *text)
{
	size_t digits;

	text += *text == '-' || *text == '+';
	digits = strspn(text, "0123456789");
	text += digits;
	if (*text == '.' || *text == ',') {
		size_t more = strspn(++text, "0123456789");

		text += more;
		digits += more;
	}
	if (digits && (*text == 'e' || *text == 'E')) {
		text += 1 + (text[1] == '-' || text[1] == '+');
		digits = strspn(text, "0123456789");
		text += digits;
	}
	return digits && !*text;
}

/* Full-width forms of the four signs count too: some spreadsheets take them for the plain ones. */
static bool is_formula(const char *text)
{
	size_t left = strlen(text);
	uint32_t first = left ? text_next(&text, &left) : 0;

	if (first >= 0xFF01 && first <= 0xFF5E)
		first -= 0xFF01 - '!';
	return first && first < 0x80 && strchr("=+-@\t\r\n", (int)first);
}

void encode_csv(struct buffer *buffer, const char *text, bool raw)
{
	bool marked, quoted;
	size_t left;

	if (!text)
		return;
	marked = !raw && is_formula(text) && !is_number(text);
	left = strlen(text);
	quoted = strpbrk(text, ",;\"\r\n\t") || *text == ' ' || (left && text[left - 1] == ' ');
	if (quoted)
		buffer_char(buffer, '"');
	if (marked)
		buffer_char(buffer, '\'');
	while (left) {
		uint32_t point = text_next(&text, &left);

		if (point == '"')
			buffer_char(buffer, '"');
		text_encode(buffer, point == BAD ? (uint32_t)REPLACEMENT : point);
	}
	if (quoted)
		buffer_char(buffer, '"');
}

void encode_json(struct buffer *buffer, const char *text)
{
	size_t left = text ? strlen(text) : 0;

	buffer_char(buffer, '"');
	while (left) {
		uint32_t point = text_next(&text, &left);

		if (point == BAD)
			text_encode(buffer, REPLACEMENT);
		else if (point == '"' || point == '\\')
			buffer_print(buffer, "\\%c", (int)point);
		else if (point == '\n')
			buffer_text(buffer, "\\n");
		else if (point == '\t')
			buffer_text(buffer, "\\t");
		else if (text_refused(point) && point <= 0xFFFF)
			buffer_print(buffer, "\\u%04x", (unsigned)point);
		else
			text_encode(buffer, point);
	}
	buffer_char(buffer, '"');
}

static void encode_screen(struct buffer *buffer, const char *text, bool lines)
{
	size_t left = text ? strlen(text) : 0;

	while (left) {
		unsigned char byte = (unsigned char)*text;
		uint32_t point = text_next(&text, &left);

		if (point == BAD)
			buffer_print(buffer, "\\x%02x", byte);
		else if (lines && (point == '\n' || point == '\t'))
			buffer_char(buffer, (char)point);
		else if (!text_refused(point))
			text_encode(buffer, point);
		else if (point <= 0xFF)
			buffer_print(buffer, "\\x%02x", (unsigned)point);
		else
			buffer_print(buffer, "\\u%04x", (unsigned)point);
	}
}

void encode_terminal(struct buffer *buffer, const char *text)
{
	encode_screen(buffer, text, false);
}

void encode_terminal_lines(struct buffer *buffer, const char *text)
{
	encode_screen(buffer, text, true);
}

void encode_status(struct buffer *buffer, const char *text)
{
	size_t left = text ? strlen(text) : 0;

	while (left) {
		uint32_t point = text_next(&text, &left);

		if (point == BAD)
			text_encode(buffer, REPLACEMENT);
		else if (text_refused(point))
			buffer_char(buffer, ' ');
		else
			text_encode(buffer, point);
	}
}
