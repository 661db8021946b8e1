/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as text from outside: what text_check lets in holds nothing that it promises to keep out, and whatever the bytes, no
 * encoder lets out what would do harm in its place.
 */
#include "fuzz.h"

#include "core/text.h"

/* Every code point of an encoder's output is one that its place bears. */
static void clean(const char *text, const char *also, const char *promise)
{
	size_t left = strlen(text);

	for (int n; left; text += n, left -= (size_t)n) {
		uint32_t point;

		n = text_decode(text, left, &point);
		check(n > 0, "an encoder writes UTF-8");
		check(!text_refused(point) || (point < 128 && strchr(also, (int)point)), promise);
	}
}

static void encoded(const char *text)
{
	struct buffer out = { 0 };

	encode_terminal(&out, text);
	clean(buffer_string(&out), "", "nothing moves the terminal's cursor");
	buffer_clear(&out);
	encode_terminal_lines(&out, text);
	clean(buffer_string(&out), "\n\t", "nothing but lines and tabs moves the terminal's cursor");
	buffer_clear(&out);
	encode_status(&out, text);
	check(!strpbrk(buffer_string(&out), "\n\r\x1b"), "a status is one line");
	buffer_clear(&out);
	encode_xml_text(&out, text);
	check(!strpbrk(buffer_string(&out), "<>"), "no tag begins in XML text");
	buffer_clear(&out);
	encode_xml_attribute(&out, text);
	check(!strpbrk(buffer_string(&out), "<>\"'"), "no attribute ends early");
	buffer_clear(&out);
	encode_csv(&out, text, false);
	check(!*buffer_string(&out) || !strchr("=@\t\r", *buffer_string(&out)), "no cell is a formula");
	buffer_clear(&out);
	encode_json(&out, text);
	check(out.length >= 2 && *out.data == '"' && out.data[out.length - 1] == '"', "a JSON text stands in quotes");
	for (size_t i = 1; i + 1 < out.length; i++) {
		check((unsigned char)out.data[i] >= 32 && out.data[i] != '"', "a JSON text is one string");
		i += out.data[i] == '\\';
	}
	buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct problem problem = { 0 };
	struct buffer folded = { 0 }, twice = { 0 };
	char *text = text_of(data, size);

	if (!text_check(bytes, size, 0, &problem)) {
		check(text_bad(bytes, size) == size && strlen(text) == size, "what comes in is UTF-8 without a NUL");
		clean(text, "", "what comes in holds no control character");
		text_fold(&folded, text, size);
		text_fold(&twice, buffer_string(&folded), folded.length);
		check(!strcmp(buffer_string(&folded), buffer_string(&twice)), "folded once is folded");
		check(text_starts(text, buffer_string(&folded)), "a text begins with itself, folded");
	} else
		check(problem.code == E_INVALID && *problem.text, "a refusal says why");
	check(text_points(bytes, size) <= size, "no more characters than bytes");
	encoded(text);
	buffer_free(&folded);
	buffer_free(&twice);
	free(text);
	return 0;
}
