/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may come in and how it goes out: well-formed UTF-8 against a second, independent rule (the byte table of the
 * standard, tried for every start of a sequence), the refusals one by one, and each encoder with what it must not let by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/text.h"

#define CHECK(text, flags, problem) text_check(text, sizeof(text) - 1, flags, problem)

static void test_buffer(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	assert_string_equal(buffer_string(&buffer), "");
	buffer_add(&buffer, "", 0);
	assert_string_equal(buffer_string(&buffer), "");
	for (int i = 0; i < 1000; i++)
		buffer_print(&buffer, "%03d,", i);
	assert_int_equal(buffer.length, 4000);
	assert_int_equal(strlen(buffer.data), 4000);
	assert_memory_equal(buffer.data + 3996, "999,", 4);
	buffer_clear(&buffer);
	buffer_print(&buffer, "%0500d", 7);
	assert_int_equal(buffer.length, 500);
	buffer_char(&buffer, 'x');
	buffer_text(&buffer, NULL);
	assert_string_equal(buffer.data + 499, "7x");
	buffer_free(&buffer);
	assert_null(buffer.data);
}

/* Table 3-7 of the standard, written down as it stands there. */
static int by_table(const unsigned char *b)
{
	static const unsigned char rows[][9] = {
		{ 1, 0x00, 0x7F },
		{ 2, 0xC2, 0xDF, 0x80, 0xBF },
		{ 3, 0xE0, 0xE0, 0xA0, 0xBF, 0x80, 0xBF },
		{ 3, 0xE1, 0xEC, 0x80, 0xBF, 0x80, 0xBF },
		{ 3, 0xED, 0xED, 0x80, 0x9F, 0x80, 0xBF },
		{ 3, 0xEE, 0xEF, 0x80, 0xBF, 0x80, 0xBF },
		{ 4, 0xF0, 0xF0, 0x90, 0xBF, 0x80, 0xBF, 0x80, 0xBF },
		{ 4, 0xF1, 0xF3, 0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF },
		{ 4, 0xF4, 0xF4, 0x80, 0x8F, 0x80, 0xBF, 0x80, 0xBF },
	};

	for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
		int length = rows[row][0], i = 0;

		while (i < length && b[i] >= rows[row][1 + 2 * i] && b[i] <= rows[row][2 + 2 * i])
			i++;
		if (i == length)
			return length;
	}
	return 0;
}

static void test_decode_agrees_with_the_table(void **state)
{
	static const unsigned char tails[] = { 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF };
	enum {
		TAILS = sizeof tails
	};
	uint32_t point;

	(void)state;
	for (int first = 0; first < 256; first++)
		for (int second = 0; second < 256; second++)
			for (int tail = 0; tail < TAILS * TAILS; tail++) {
				unsigned char b[4] = { (unsigned char)first, (unsigned char)second, tails[tail / TAILS],
					tails[tail % TAILS] };

				assert_int_equal(text_decode((char *)b, 4, &point), by_table(b));
			}
}

static void test_decode_round_trip(void **state)
{
	struct buffer buffer = { 0 };
	uint32_t back;

	(void)state;
	for (uint32_t point = 0; point <= 0x10FFFF; point++) {
		if (point >= 0xD800 && point <= 0xDFFF)
			continue;
		buffer_clear(&buffer);
		text_encode(&buffer, point);
		if (text_decode(buffer.data, buffer.length, &back) != (int)buffer.length || back != point)
			fail_msg("U+%04X does not come back", (unsigned)point);
		if (buffer.length > 1 && text_decode(buffer.data, buffer.length - 1, &back))
			fail_msg("U+%04X cut short is taken", (unsigned)point);
	}
	buffer_clear(&buffer);
	text_encode(&buffer, 0xD800);
	text_encode(&buffer, 0x110000);
	assert_string_equal(buffer.data, "\xEF\xBF\xBD\xEF\xBF\xBD");
	buffer_free(&buffer);
}

static void test_bad_position(void **state)
{
	(void)state;
	assert_int_equal(text_bad("abc", 3), 3);
	assert_int_equal(text_bad("", 0), 0);
	for (size_t at = 0; at < 24; at++) { /* wherever it stands among many good ones */
		char many[] = "twenty-four good letters";

		many[at] = (char)0xFF;
		assert_int_equal(text_bad(many, sizeof many - 1), at);
	}
	assert_int_equal(text_bad("a\xC0\xAF", 3), 1);        /* overlong slash */
	assert_int_equal(text_bad("ab\xE0\x80\xAF", 5), 2);   /* overlong in three */
	assert_int_equal(text_bad("\xF0\x80\x80\xAF", 4), 0); /* overlong in four */
	assert_int_equal(text_bad("a\xED\xA0\x80", 4), 1);    /* a surrogate */
	assert_int_equal(text_bad("\xF4\x90\x80\x80", 4), 0); /* beyond the last */
	assert_int_equal(text_bad("gr\xC3\xBC\xC3", 5), 4);   /* cut short */
	assert_int_equal(text_bad("a\xFC", 2), 1);            /* Latin-1 */
	assert_int_equal(text_points("gr\xC3\xBC\xC3\x9F"
				     "e",
				 7),
		5);
	assert_int_equal(text_points("\xF0\x9F\x99\x82", 4), 1);
	assert_int_equal(text_points("\xFF\xFF", 2), 2);
}

static void test_check_lets_in(void **state)
{
	struct problem problem = { 0 };

	(void)state;
	assert_int_equal(CHECK("", 0, &problem), 0);
	assert_int_equal(CHECK("Zo\xC3\xAB O'Neill, \xE6\x9D\x8E \xD8\xB9\xD9\x84\xD9\x8A \xF0\x9F\x99\x82", 0, &problem), 0);
	assert_int_equal(CHECK("one\n\ttwo", TEXT_LINES, &problem), 0);
	assert_int_equal(CHECK("\xC2\xA0", 0, &problem), 0);     /* the first above the C1 controls */
	assert_int_equal(CHECK("\xEF\xB7\xB0", 0, &problem), 0); /* U+FDF0, just behind the non-characters */
	assert_int_equal(CHECK("\xE2\x80\x8D", 0, &problem), 0); /* the joiner of emoji and Persian */
	assert_int_equal(problem.code, 0);
}

static void test_check_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned flags;
		const char *says;
	} cases[] = {
		{ "a\nb", 0, "control character (U+000A) at position 2" },
		{ "a\tb", 0, "U+0009" },
		{ "a\rb", TEXT_LINES, "U+000D" },
		{ "a\x1b[31m", TEXT_LINES, "U+001B" },
		{ "\x7f", TEXT_LINES, "U+007F" },
		{ "\xC2\x80", 0, "U+0080" },
		{ "\xC2\x9B", TEXT_LINES, "U+009B" },
		{ "\xC2\x9F", 0, "U+009F" },
		{ "\xD8\x9C", 0, "direction (U+061C)" },
		{ "\xE2\x80\x8E", 0, "U+200E" },
		{ "\xE2\x80\x8F", 0, "U+200F" },
		{ "\xE2\x80\xAA", 0, "U+202A" },
		{ "ab\xE2\x80\xAE", 0, "direction (U+202E) at position 3" },
		{ "\xE2\x81\xA6", TEXT_LINES, "U+2066" },
		{ "\xE2\x81\xA9", 0, "U+2069" },
		{ "\xE2\x80\xA8", TEXT_LINES, "separator" },
		{ "\xE2\x80\xA9", 0, "U+2029" },
		{ "\xEF\xBB\xBF"
		  "a",
			0, "byte-order mark" },
		{ "\xEF\xBF\xBE", 0, "U+FFFE" },
		{ "\xEF\xBF\xBF", 0, "U+FFFF" },
		{ "\xEF\xB7\x90", 0, "no character (U+FDD0)" },
		{ "\xF4\x8F\xBF\xBF", 0, "U+10FFFF" },
		{ "ok\xC0\xAF", 0, "position 3 is not UTF-8" },
		{ "\xED\xA0\x80", 0, "not UTF-8" },
		{ "caf\xE9", 0, "position 4 is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct problem problem = { 0 };

		if (text_check(cases[i].text, strlen(cases[i].text), cases[i].flags, &problem) != E_INVALID)
			fail_msg("case %zu (%s) was let in", i, cases[i].says);
		if (!strstr(problem.text, cases[i].says))
			fail_msg("case %zu: '%s' does not say '%s'", i, problem.text, cases[i].says);
		assert_int_equal(problem.code, E_INVALID);
	}
}

static void test_check_refuses_nul(void **state)
{
	struct problem problem = { 0 };

	(void)state;
	assert_int_equal(CHECK("a\0b", TEXT_LINES, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "U+0000"));
}

static void test_fold(void **state)
{
	struct buffer buffer = { 0 };
	const char *text = "M\xC3\x9CLLER \xC3\x97\xC3\x9F \xC5\x81\xC3\x93\xC5\xB9 \xCE\xA9 \xD0\x96\xD0\x81 \xC4\xB0\xC5\xB8 az";

	(void)state;
	text_fold(&buffer, text, strlen(text));
	assert_string_equal(buffer.data, "m\xC3\xBCller \xC3\x97\xC3\x9F \xC5\x82\xC3\xB3\xC5\xBA \xCF\x89 \xD0\xB6\xD1\x91 i\xC3\xBF az");
	buffer_free(&buffer);
	assert_true(text_starts("\xC3\x89lodie", "\xC3\xA9L"));
	assert_true(text_starts("Anna", ""));
	assert_true(text_starts("Anna", "ANNA"));
	assert_false(text_starts("Anna", "annab"));
	assert_false(text_starts("Anna", "nn"));
	assert_false(text_starts("", "a"));
}

static const char *once(void (*encode)(struct buffer *, const char *), const char *text)
{
	static struct buffer buffer;

	buffer_free(&buffer);
	encode(&buffer, text);
	buffer_text(&buffer, "");
	return buffer_string(&buffer);
}

static void encode_csv_safe(struct buffer *buffer, const char *text)
{
	encode_csv(buffer, text, false);
}

static void encode_csv_raw(struct buffer *buffer, const char *text)
{
	encode_csv(buffer, text, true);
}

static void test_xml(void **state)
{
	(void)state;
	assert_string_equal(once(encode_xml_text, "a<b>&\"c'\n\x01\xC3\xBC\xFF"), "a&lt;b&gt;&amp;\"c'\n\xEF\xBF\xBD\xC3\xBC\xEF\xBF\xBD");
	assert_string_equal(once(encode_xml_text, "]]>"), "]]&gt;");
	assert_string_equal(once(encode_xml_attribute, "a\"b'c\n\t<"), "a&#34;b&#39;c&#10;&#9;&lt;");
	assert_string_equal(once(encode_xml_text, NULL), "");
}

static void test_csv(void **state)
{
	static const struct {
		const char *text, *safe, *raw;
	} cases[] = {
		{ "plain", "plain", "plain" },
		{ "", "", "" },
		{ "a,b", "\"a,b\"", "\"a,b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"", "\"say \"\"hi\"\"\"" },
		{ "two\nlines", "\"two\nlines\"", "\"two\nlines\"" },
		{ " x", "\" x\"", "\" x\"" },
		{ "=1+1", "'=1+1", "=1+1" },
		{ "+49 30 1", "'+49 30 1", "+49 30 1" },
		{ "@home", "'@home", "@home" },
		{ "-x", "'-x", "-x" },
		{ "\tx", "\"'\tx\"", "\"\tx\"" },
		{ "\rx", "\"'\rx\"", "\"\rx\"" },
		{ "=A1,2", "\"'=A1,2\"", "\"=A1,2\"" },
		{ "-12", "-12", "-12" },
		{ "+3.5", "+3.5", "+3.5" },
		{ "-1e-6", "-1e-6", "-1e-6" },
		{ "-.5", "-.5", "-.5" },
		{ "-", "'-", "-" },
		{ "-1e", "'-1e", "-1e" },
		{ "-1-1", "'-1-1", "-1-1" },
		{ "+.", "'+.", "+." },
		{ "\xEF\xBC\x9D"
		  "1",
			"'\xEF\xBC\x9D"
			"1",
			"\xEF\xBC\x9D"
			"1" },
		{ "a=b", "a=b", "a=b" },
		{ "\xFF", "\xEF\xBF\xBD", "\xEF\xBF\xBD" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(once(encode_csv_safe, cases[i].text), cases[i].safe);
		assert_string_equal(once(encode_csv_raw, cases[i].text), cases[i].raw);
	}
}

static void test_json(void **state)
{
	(void)state;
	assert_string_equal(once(encode_json, "a\"b\\c\n\t\x01\x7f\xC3\xBC\xE2\x80\xA8\xE2\x80\xAE\xFF"),
		"\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\xC3\xBC\\u2028\\u202e\xEF\xBF\xBD\"");
	assert_string_equal(once(encode_json, NULL), "\"\"");
	assert_string_equal(once(encode_json, "\xF0\x9F\x99\x82"), "\"\xF0\x9F\x99\x82\"");
}

static void test_terminal(void **state)
{
	(void)state;
	assert_string_equal(once(encode_terminal,
				    "\x1b[2J\x07"
				    "a\nb\xC2\x9B"
				    "31m\xE2\x80\xAE\xC3\xBC\xFF"),
		"\\x1b[2J\\x07a\\x0ab\\x9b31m\\u202e\xC3\xBC\\xff");
	assert_string_equal(once(encode_terminal_lines, "a\n\tb\r"), "a\n\tb\\x0d");
}

/* Whatever goes in, no byte comes out that a terminal would act upon. */
static void test_terminal_holds_for_every_byte(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++)
		for (int second = 1; second < 256; second++) {
			char text[] = { (char)first, (char)second, 0 };
			const char *out = once(encode_terminal, text);

			assert_int_equal(text_bad(out, strlen(out)), strlen(out));
			for (const char *c = out; *c; c++)
				assert_true((unsigned char)*c >= 0x20 && *c != 0x7F);
			assert_null(strstr(out, "\xC2\x9B"));
		}
}

static void test_status(void **state)
{
	(void)state;
	assert_string_equal(once(encode_status, "12 programs\nREADY=0\r\x1b"), "12 programs READY=0  ");
	assert_string_equal(once(encode_status, "\xE2\x80\xA8\xFF"), " \xEF\xBF\xBD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_decode_agrees_with_the_table),
		cmocka_unit_test(test_decode_round_trip),
		cmocka_unit_test(test_bad_position),
		cmocka_unit_test(test_check_lets_in),
		cmocka_unit_test(test_check_refuses),
		cmocka_unit_test(test_check_refuses_nul),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_terminal_holds_for_every_byte),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
