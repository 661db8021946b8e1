/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames: there and back in any pieces, and what is refused of a stranger's bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void there_and_back(void **state)
{
	struct frame_reader reader = { 0 };
	struct buffer out = { 0 };
	struct frame frame;

	(void)state;
	assert_int_equal(FRAME(&out, "row", "", NULL, "Zo\xc3\xab\n"), 0);
	assert_int_equal(frame_add(&out, NULL, 0), 0);
	assert_int_equal(FRAME(&out, "done"), 0);
	for (size_t piece = 1; piece < out.length; piece++) {
		size_t seen = 0;

		for (size_t at = 0; at < out.length; at += piece) {
			int r;

			frame_feed(&reader, out.data + at, out.length - at < piece ? out.length - at : piece);
			while ((r = frame_next(&reader, &frame)) > 0) {
				if (seen == 0) {
					assert_int_equal(frame.count, 4);
					assert_string_equal(frame.cells[0], "row");
					assert_string_equal(frame.cells[1], "");
					assert_null(frame.cells[2]);
					assert_string_equal(frame.cells[3], "Zo\xc3\xab\n");
				} else
					assert_int_equal(frame.count, seen == 1 ? 0 : 1);
				seen++;
			}
			assert_int_equal(r, 0);
		}
		assert_int_equal(seen, 3);
	}
	frame_reader_free(&reader);
	buffer_free(&out);
}

static int answer_to(const void *bytes, size_t count)
{
	struct frame_reader reader = { 0 };
	struct frame frame;
	int r;

	frame_feed(&reader, bytes, count);
	r = frame_next(&reader, &frame);
	frame_reader_free(&reader);
	return r;
}

#define ANSWER(text) answer_to(text, sizeof(text) - 1)

static void refused(void **state)
{
	(void)state;
	assert_int_equal(ANSWER(""), 0);
	assert_int_equal(ANSWER("\x02\0\0"), 0);
	assert_int_equal(ANSWER("\x02\0\0\0\0\0"), 1);
	/* shorter than its count of cells; longer than any frame may be */
	assert_int_equal(ANSWER("\0\0\0\0"), E_INVALID);
	assert_int_equal(ANSWER("\x01\0\0\0\0"), E_INVALID);
	assert_int_equal(ANSWER("\x01\0\x10\0"), E_INVALID);
	assert_int_equal(ANSWER("\0\0\x10\0"), 0);
	assert_int_equal(ANSWER("\xff\xff\xff\xff"), E_INVALID);
	/* more cells than there may be */
	assert_int_equal(ANSWER("\x02\0\0\0\x4d\x04"), E_INVALID);
	/* a cell beyond the end, none where one is said, bytes left over, a NUL inside */
	assert_int_equal(ANSWER("\x07\0\0\0\x01\0\x02\0\0\0a"), E_INVALID);
	assert_int_equal(ANSWER("\x04\0\0\0\x01\0\0\0"), E_INVALID);
	assert_int_equal(ANSWER("\x03\0\0\0\0\0x"), E_INVALID);
	assert_int_equal(ANSWER("\x09\0\0\0\x01\0\x03\0\0\0a\0b"), E_INVALID);
	assert_int_equal(ANSWER("\x06\0\0\0\x01\0\xfe\xff\xff\xff"), E_INVALID);
	assert_int_equal(ANSWER("\x06\0\0\0\x01\0\xff\xff\xff\xff"), 1);
}

static void limits(void **state)
{
	struct buffer out = { 0 };
	char *text = malloc(FRAME_MAX + 1);
	const char *cells[FRAME_CELLS + 1];

	(void)state;
	memset(text, 'x', FRAME_MAX);
	text[FRAME_MAX] = 0;
	assert_int_equal(FRAME(&out, text), E_LIMIT);
	text[FRAME_MAX - 6] = 0;
	assert_int_equal(FRAME(&out, text), 0);
	assert_int_equal(answer_to(out.data, out.length), 1);
	for (size_t i = 0; i <= FRAME_CELLS; i++)
		cells[i] = "";
	assert_int_equal(frame_add(&out, cells, FRAME_CELLS + 1), E_LIMIT);
	buffer_clear(&out);
	assert_int_equal(frame_add(&out, cells, FRAME_CELLS), 0);
	assert_int_equal(answer_to(out.data, out.length), 1);
	buffer_free(&out);
	free(text);
}

/* Any bytes: a frame, a wait or a refusal, and never a look beyond them (the sanitizers watch). */
static void any_bytes(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		unsigned char bytes[40];
		size_t count;

		for (size_t i = 0; i < sizeof bytes; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			bytes[i] = (unsigned char)(seed >> 20 & (seed & 1 ? 0xff : 7));
		}
		count = 4 + seed % 36;
		bytes[0] = (unsigned char)(count - 4);
		bytes[1] = bytes[2] = bytes[3] = bytes[5] = 0;
		assert_true(answer_to(bytes, count) <= 1);
	}
}

static void numbers(void **state)
{
	int64_t n;

	(void)state;
	assert_true(frame_number("-12", &n));
	assert_int_equal(n, -12);
	assert_false(frame_number("", &n));
	assert_false(frame_number(NULL, &n));
	assert_false(frame_number("12a", &n));
	assert_false(frame_number("9223372036854775808", &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(refused),
		cmocka_unit_test(limits),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
