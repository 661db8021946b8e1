/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values over the wire: each type in, text that would end the process out, limits, duplicates; descriptors. */
#include "bus/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct arena arena;
static struct problem problem;

static DBusMessage *message_new(DBusMessageIter *at)
{
	DBusMessage *message = dbus_message_new_method_call("a.b", "/a", "a.b", "C");

	assert_non_null(message);
	dbus_message_iter_init_append(message, at);
	return message;
}

static void put_basic(DBusMessageIter *dict, const char *key, int type, const char *signature, const void *value)
{
	DBusMessageIter entry, variant;

	entry_open(dict, key, signature, &entry, &variant);
	assert_true(dbus_message_iter_append_basic(&variant, type, value));
	entry_close(dict, &entry, &variant);
}

/* A message of one a{sv} that holds the value under the key "it", read back. */
static int through(int type, const char *signature, const void *value, struct value *ret)
{
	DBusMessageIter at, dict;
	DBusMessage *message = message_new(&at);
	struct arg *args;
	size_t count;
	int result;

	dict_open(&at, &dict);
	put_basic(&dict, "it", type, signature, value);
	dict_close(&at, &dict);
	dbus_message_iter_init(message, &at);
	result = read_dict(&at, &arena, NULL, &args, &count, &problem);
	if (!result) {
		assert_int_equal(count, 1);
		assert_string_equal(args[0].name, "it");
		*ret = args[0].value;
		ret->text = arena_copy(&arena, ret->text);
	}
	dbus_message_unref(message);
	return result;
}

static void test_numbers(void **state)
{
	struct value value;
	dbus_uint64_t large = (dbus_uint64_t)INT64_MAX;
	dbus_int16_t small = -7;
	unsigned char byte = 200;
	dbus_uint32_t wide = 4000000000u;
	dbus_bool_t yes = TRUE;
	double real = 0.25;

	(void)state;
	assert_int_equal(through(DBUS_TYPE_UINT64, "t", &large, &value), 0);
	assert_true(value.type == V_INT && value.number == INT64_MAX);
	large++;
	assert_int_equal(through(DBUS_TYPE_UINT64, "t", &large, &value), E_INVALID);
	assert_string_equal(problem.field, "it");
	assert_int_equal(through(DBUS_TYPE_INT16, "n", &small, &value), 0);
	assert_true(value.type == V_INT && value.number == -7);
	assert_int_equal(through(DBUS_TYPE_BYTE, "y", &byte, &value), 0);
	assert_true(value.type == V_INT && value.number == 200);
	assert_int_equal(through(DBUS_TYPE_UINT32, "u", &wide, &value), 0);
	assert_true(value.type == V_INT && value.number == 4000000000);
	assert_int_equal(through(DBUS_TYPE_BOOLEAN, "b", &yes, &value), 0);
	assert_true(value.type == V_BOOL && value.number == 1);
	assert_int_equal(through(DBUS_TYPE_DOUBLE, "d", &real, &value), 0);
	assert_true(value.type == V_REAL && value.real == 0.25);
}

static void test_texts(void **state)
{
	const char *text = "h\xc3\xa9", *path = BUS_PATH "/people/7";
	struct value value;

	(void)state;
	assert_int_equal(through(DBUS_TYPE_STRING, "s", &text, &value), 0);
	assert_int_equal(value.type, V_TEXT);
	assert_string_equal(value.text, text);
	assert_int_equal(through(DBUS_TYPE_OBJECT_PATH, "o", &path, &value), 0);
	assert_int_equal(value.type, V_PATH);
	assert_int_equal(through(DBUS_TYPE_SIGNATURE, "g", &(const char *){ "s" }, &value), E_INVALID);
}

static int words_through(const char *const *words, struct value *ret)
{
	DBusMessageIter at, list;
	DBusMessage *message = message_new(&at);
	int result;

	assert_true(dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &list));
	for (; *words; words++)
		assert_true(dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, words));
	assert_true(dbus_message_iter_close_container(&at, &list));
	dbus_message_iter_init(message, &at);
	result = read_value(&at, &arena, "it", ret, &problem);
	dbus_message_unref(message);
	return result;
}

static void test_words(void **state)
{
	struct value value;

	(void)state;
	assert_int_equal(words_through((const char *const[]){ "one", "two words", "three", NULL }, &value), 0);
	assert_int_equal(value.type, V_WORDS);
	assert_string_equal(value.text, "one\ntwo words\nthree");
	assert_int_equal(words_through((const char *const[]){ NULL }, &value), 0);
	assert_string_equal(value.text, "");
	assert_int_equal(words_through((const char *const[]){ "one\ntwo", NULL }, &value), E_INVALID);
	assert_int_equal(words_through((const char *const[]){ "", NULL }, &value), E_INVALID);
}

static void test_keys(void **state)
{
	DBusMessageIter at, dict;
	DBusMessage *message = message_new(&at);
	struct arg *args;
	size_t count;

	(void)state;
	dict_open(&at, &dict);
	entry_int(&dict, "a", 1);
	entry_int(&dict, "b", 2);
	entry_int(&dict, "a", 3);
	dict_close(&at, &dict);
	dbus_message_iter_init(message, &at);
	assert_int_equal(read_dict(&at, &arena, NULL, &args, &count, &problem), E_INVALID);
	assert_string_equal(problem.field, "a");
	dbus_message_unref(message);

	message = message_new(&at);
	dict_open(&at, &dict);
	for (int i = 0; i <= ARGS_MAX; i++) {
		char key[16];

		snprintf(key, sizeof key, "k%d", i);
		entry_int(&dict, key, i);
	}
	dict_close(&at, &dict);
	dbus_message_iter_init(message, &at);
	assert_int_equal(read_dict(&at, &arena, NULL, &args, &count, &problem), E_LIMIT);
	dbus_message_unref(message);
}

/* What went out, as the client gets it. */
static const char *text_back(DBusMessage *message)
{
	const char *text;

	assert_true(dbus_message_get_args(message, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID));
	return text;
}

static void test_text_that_is_no_text(void **state)
{
	static const char *const pairs[][2] = {
		{ "plain", "plain" },
		{ "\xff", "\xef\xbf\xbd" },
		{ "a\xc3", "a\xef\xbf\xbd" },
		{ "\xed\xa0\x80z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		DBusMessageIter at;
		DBusMessage *message = message_new(&at);

		put_text(&at, pairs[i][0]);
		assert_string_equal(text_back(message), pairs[i][1]);
		dbus_message_unref(message);
	}
}

static void test_printed_paths(void **state)
{
	char out[PATH_TEXT];

	(void)state;
	assert_string_equal(path_print(out, BUS_PATH "/people", strlen(BUS_PATH "/people"), 7), BUS_PATH "/people/7");
	assert_string_equal(
		path_print(out, BUS_PATH "/people", strlen(BUS_PATH "/people"), INT64_MAX), BUS_PATH "/people/9223372036854775807");
	assert_string_equal(path_print(out, BUS_PATH "/people", strlen(BUS_PATH "/people"), NONE), "/");
	assert_string_equal(path_print(out, BUS_PATH "/people", strlen(BUS_PATH "/people"), 0), "/");
}

static void test_descriptors(void **state)
{
	char name[] = "/tmp/test-bus-XXXXXX";
	int file = mkstemp(name), ends[2], memory, sealed;

	(void)state;
	assert_true(file >= 0 && !pipe(ends));
	assert_int_equal(descriptor_check(file, 100, "file", &problem), 0);
	assert_int_equal(ftruncate(file, 101), 0);
	assert_int_equal(descriptor_check(file, 100, "file", &problem), E_LIMIT);
	assert_int_equal(descriptor_check(ends[0], 100, "file", &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "pipe"));
	assert_int_equal(descriptor_check(-1, 100, "file", &problem), E_INVALID);
	memory = memfd_create("t", MFD_ALLOW_SEALING);
	assert_int_equal(descriptor_check(memory, 100, "file", &problem), E_INVALID);
	assert_int_equal(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_int_equal(descriptor_check(memory, 100, "file", &problem), E_INVALID);
	assert_int_equal(fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_int_equal(descriptor_check(memory, 100, "file", &problem), 0);
	sealed = descriptor_memfd("t", "hello", 5, &problem);
	assert_int_equal(descriptor_check(sealed, 100, "file", &problem), 0);
	assert_int_equal(write(sealed, "x", 1), -1);
	assert_int_equal(ftruncate(sealed, 0), -1);
	unlink(name);
	for (size_t i = 0; i < 5; i++)
		close((int[]){ file, ends[0], ends[1], memory, sealed }[i]);
}

/* A message of one variant that holds an array of `count` values. */
static DBusMessage *array_of(size_t count, int type, const char *element, const void *value)
{
	char signature[] = { DBUS_TYPE_ARRAY, *element, 0 };
	DBusMessageIter at, variant, array;
	DBusMessage *message = message_new(&at);

	dbus_message_iter_open_container(&at, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, element, &array);
	for (size_t i = 0; i < count; i++)
		assert_true(dbus_message_iter_append_basic(&array, type, value));
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&at, &variant);
	return message;
}

static void sized(DBusMessage *message, size_t least, size_t most)
{
	assert_in_range(message_size(message, 1 << 30), least, most);
	dbus_message_unref(message);
}

static void test_sizes(void **state)
{
	DBusMessageIter at;
	DBusMessage *message = message_new(&at);
	const char *empty = "", *long_text;
	char *text = malloc(100001);
	int64_t number = 1;

	(void)state;
	assert_int_equal(message_size(message, 1000), 0);
	memset(text, 'x', 100000);
	text[100000] = 0;
	long_text = text;
	for (int i = 0; i < 3; i++)
		assert_true(dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &long_text));
	sized(message, 300000, 300100);
	sized(array_of(20000, DBUS_TYPE_STRING, "s", &empty), 20000 * 8, 20000 * 8 + 100);
	message = array_of(20000, DBUS_TYPE_STRING, "s", &empty);
	assert_in_range(message_size(message, 1000), 1001, 1100); /* counted no further than it must be */
	dbus_message_unref(message);
	sized(array_of(3, DBUS_TYPE_STRING, "s", &long_text), 300000, 300100);
	sized(array_of(20000, DBUS_TYPE_INT64, "x", &number), 20000 * 8, 20000 * 8 + 100);
	sized(array_of(20000, DBUS_TYPE_BYTE, "y", &number), 20000, 20100);
	free(text);
}

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	dbus_shutdown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_text_that_is_no_text),
		cmocka_unit_test(test_printed_paths),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, clear);
}
