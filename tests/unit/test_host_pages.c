/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A page as it comes over the link: two blocks that say the same of how much there is, or it is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/letter.h"
#include "wire/protocol.h"

#include <cmocka.h>

static const char texts[] = "en\0Page\0School\0\0hash\0field\0Label\0value\0\0\0\0a\0Choice";
static const dbus_int64_t numbers[] = { 2, 1, 4, 1, INT64_MIN, 80, 1 };

static int read_blocks(
	const dbus_int64_t *some, int count, const char *bytes, int length, struct arena *arena, struct mentorship_page *page)
{
	static DBusMessage *message;
	struct problem problem = { 0 };
	struct mentorship_page none;
	struct pages pages;
	int r;

	if (message)
		dbus_message_unref(message);
	message = dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN);
	assert_true(dbus_message_append_args(message, 'a', 'x', &some, count, 'a', 'y', &bytes, length, DBUS_TYPE_INVALID));
	if (!(r = pages_begin(&pages, message, &problem)))
		r = pages_next(&pages, arena, page, &problem);
	if (r > 0) /* it is the only one */
		r = pages_next(&pages, arena, &none, &problem);
	assert_int_equal(r, problem.code);
	return r;
}

static int refused(const dbus_int64_t *some, size_t size, const char *bytes, size_t length)
{
	struct arena arena = { 0 };
	struct mentorship_page page;
	int r = read_blocks(some, (int)(size / sizeof *some), bytes, (int)length, &arena, &page);

	arena_free(&arena);
	return r;
}

static void test_whole(void **state)
{
	struct arena arena = { 0 };
	struct mentorship_page page;

	(void)state;
	assert_int_equal(read_blocks(numbers, 7, texts, sizeof texts, &arena, &page), 0);
	assert_int_equal(page.status, 2);
	assert_string_equal(page.language, "en");
	assert_string_equal(page.program, "");
	assert_string_equal(page.hash, "hash");
	assert_int_equal(page.part_count, 1);
	assert_int_equal(page.parts[0].kind, 4);
	assert_int_equal(page.parts[0].flags, 1);
	assert_true(page.parts[0].min == INT64_MIN && page.parts[0].max == 80);
	assert_string_equal(page.parts[0].value, "value");
	assert_string_equal(page.parts[0].shown_if, "");
	assert_int_equal(page.parts[0].choice_count, 1);
	assert_string_equal(page.parts[0].choices[0].value, "a");
	assert_string_equal(page.parts[0].choices[0].text, "Choice");
	arena_free(&arena);
}

static void test_what_does_not_add_up(void **state)
{
	static const dbus_int64_t more_parts[] = { 2, 2, 4, 1, 0, 80, 1 }, less_parts[] = { 2, 0, 4, 1, 0, 80, 1 },
				  a_piece[] = { 2, 1, 4, 1, 0, 80 }, below[] = { 2, -1 }, choices[] = { 2, 1, 4, 1, 0, 80, 2 },
				  many[] = { 2, 1, 4, 1, 0, 80, INT64_MAX }, negative[] = { 2, 1, 4, 1, 0, 80, -1 };

	(void)state;
	assert_int_equal(refused(numbers, sizeof numbers, texts, sizeof texts), 0);
	assert_int_equal(refused(more_parts, sizeof more_parts, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(less_parts, sizeof less_parts, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(a_piece, sizeof a_piece, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(below, sizeof below, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(choices, sizeof choices, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(many, sizeof many, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(negative, sizeof negative, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(numbers, 0, texts, sizeof texts), E_INVALID);
	assert_int_equal(refused(numbers, 8, texts, sizeof texts), E_INVALID);
	for (size_t length = 0; length < sizeof texts; length++)
		assert_int_equal(refused(numbers, sizeof numbers, texts, length), E_INVALID);
}

static void test_too_many_texts(void **state)
{
	char more[sizeof texts + 1] = "";

	(void)state;
	memcpy(more, texts, sizeof texts);
	assert_int_equal(refused(numbers, sizeof numbers, more, sizeof more), E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole), cmocka_unit_test(test_what_does_not_add_up),
		cmocka_unit_test(test_too_many_texts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
