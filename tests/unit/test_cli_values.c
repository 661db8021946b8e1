/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values between JSON and D-Bus: there and back, what has no value, and what does not fit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bus.h"
#include "bus_value.h"
#include "cli/cli.h"

static DBusMessage *message_new(void)
{
	DBusMessage *message = dbus_message_new_method_call(BUS_NAME, BUS_ROOT, BUS_MANAGER, "Test");

	assert_non_null(message);
	return message;
}

/* What comes back of the arguments; both are given up. */
static json_t *there_and_back(const char *signature, json_t *arguments)
{
	DBusMessage *message = message_new();
	struct failure failure = { 0 };
	json_t *read;

	assert_int_equal(value_append(message, signature, arguments, &failure), 0);
	assert_string_equal(dbus_message_get_signature(message), signature);
	read = value_read(message);
	dbus_message_unref(message);
	json_decref(arguments);
	return read;
}

static void same(const char *signature, json_t *arguments)
{
	json_t *wanted = json_deep_copy(arguments), *read = there_and_back(signature, arguments);

	assert_true(json_equal(wanted, read));
	json_decref(wanted);
	json_decref(read);
}

static void test_round_trip(void **state)
{
	(void)state;
	same("s", json_pack("[s]", "J\xc3\xb6rg"));
	same("ssu", json_pack("[s, s, i]", "people", "", 12));
	same("bdx", json_pack("[b, f, I]", 1, 0.25, (json_int_t)INT64_MAX));
	same("asao", json_pack("[[s, s], [s]]", "a", "b", "/org/mentorship1/people/1"));
	same("a{sv}",
		json_pack("[{s:s, s:I, s:b, s:f, s:[s]}]", "text", "x", "number", (json_int_t)-1, "yes", 1, "real", 1.5, "words", "a"));
	same("a(ssv)asssu", json_pack("[[[s, s, s]], [s], s, s, i]", "state", "=", "ready", "id", "", "", 0));
	same("a(ossa{sv}a{sv})", json_pack("[[[s, s, s, {}, {s:s}]]]", "/a/1", "i.f", "Verb", "key", "k"));
	same("aa{sv}", json_pack("[[{s:{s:i}}, {}]]", "nested", "x", 1));
	same("", json_array());
}

static void test_typed(void **state)
{
	json_t *read = there_and_back("v", json_pack("[o]", bus_typed("o", json_string("/org/mentorship1/people/7"))));
	DBusMessage *message = message_new();
	struct failure failure = { 0 };
	DBusMessageIter iter, inner;
	json_t *typed = json_pack("[o]", bus_typed("ao", json_pack("[s]", "/a")));

	(void)state;
	assert_string_equal(json_string_value(json_array_get(read, 0)), "/org/mentorship1/people/7");
	json_decref(read);
	assert_int_equal(value_append(message, "v", typed, &failure), 0);
	dbus_message_iter_init(message, &iter);
	dbus_message_iter_recurse(&iter, &inner);
	assert_int_equal(dbus_message_iter_get_arg_type(&inner), DBUS_TYPE_ARRAY);
	assert_int_equal(dbus_message_iter_get_element_type(&inner), DBUS_TYPE_OBJECT_PATH);
	dbus_message_unref(message);
	json_decref(typed);
}

static void test_nothing(void **state)
{
	json_t *read = there_and_back("xd", json_pack("[I, n]", (json_int_t)INT64_MIN));

	(void)state;
	assert_true(json_is_null(json_array_get(read, 0)));
	assert_true(json_is_null(json_array_get(read, 1)));
	json_decref(read);
}

/* libdbus would end the process over most of these. */
static void test_unfit(void **state)
{
	static const struct {
		const char *signature, *json;
	} cases[] = {
		{ "s", "[1]" },
		{ "o", "[\"no path\"]" },
		{ "o", "[\"/trailing/\"]" },
		{ "u", "[-1]" },
		{ "u", "[4294967296]" },
		{ "x", "[1.5]" },
		{ "b", "[1]" },
		{ "as", "[\"text\"]" },
		{ "as", "[[1]]" },
		{ "a{sv}", "[[]]" },
		{ "(ss)", "[[\"one\"]]" },
		{ "(s)", "[[\"a\", \"b\"]]" },
		{ "s", "[\"zero \\u0000 byte\"]" },
		{ "ss", "[\"one\"]" },
		{ "a(ss)", "[[[\"a\", 2]]]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		DBusMessage *message = message_new();
		struct failure failure = { 0 };
		json_t *json = json_loads(cases[i].json, JSON_ALLOW_NUL, NULL);

		assert_non_null(json);
		if (!value_append(message, cases[i].signature, json, &failure))
			fail_msg("%s fits %s", cases[i].json, cases[i].signature);
		assert_string_equal(failure.name, ERROR_INVALID);
		dbus_message_unref(message);
		json_decref(json);
	}
}

static void test_keys(void **state)
{
	char first[BUS_KEY], next[BUS_KEY];

	(void)state;
	bus_key(first);
	for (int i = 0; i < 1000; i++) {
		bus_key(next);
		assert_int_equal(strlen(next), 26);
		assert_int_equal(strspn(next, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
		assert_true(memcmp(first, next, 10) <= 0);
		assert_string_not_equal(first, next);
		memcpy(first, next, sizeof first);
	}
}

static void test_failures(void **state)
{
	struct failure failure = { 0 };
	char text[4096];

	(void)state;
	assert_int_equal(failure_status(""), EXIT_DONE);
	assert_int_equal(failure_status("org.mentorship1.Error.Anything"), EXIT_OTHER);
	assert_int_equal(failure_status("org.mentorship1.Error.NotFound"), EXIT_NOTFOUND);
	assert_int_equal(failure_status("org.freedesktop.DBus.Error.Spawn.ExecFailed"), EXIT_UNREACHABLE);
	/* a long message is cut between characters */
	for (size_t i = 0; i + 3 < sizeof text; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 4);
	for (int shift = 0; shift < 3; shift++) {
		failed(&failure, ERROR_USAGE, "%.*s%s", shift, "ab", text);
		assert_int_equal(text_bad(failure.text, strlen(failure.text)), strlen(failure.text));
		assert_true(strlen(failure.text) > 2000);
	}
}

static void test_json(void **state)
{
	json_t *value = json_pack("{s:[i, f, n, b], s:s, s:{}, s:[], s:f}", "a", 1, 0.1, 0, "b", "x\n\x1b\xe2\x80\xae", "c", "d", "e", 3.0);
	struct buffer out = { 0 };
	json_t *back;

	(void)state;
	json_write(&out, value, false);
	assert_string_equal(
		buffer_string(&out), "{\"a\": [1, 0.1, null, false], \"b\": \"x\\n\\u001b\\u202e\", \"c\": {}, \"d\": [], \"e\": 3.0}");
	buffer_clear(&out);
	json_write(&out, value, true);
	assert_null(strchr(buffer_string(&out), 033));
	back = json_loads(buffer_string(&out), 0, NULL);
	assert_true(json_equal(value, back));
	json_decref(back);
	json_decref(value);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
