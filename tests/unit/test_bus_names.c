/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names on the bus: one rule, paths taken apart, what is a property and what is not. */
#include "bus/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void complain(const char *entity, const char *what)
{
	print_error("%s: %s\n", entity, what);
}

static int prepare(void **state)
{
	if (shapes_check(complain))
		return -1;
	*state = names_new();
	return 0;
}

static int clear(void **state)
{
	names_free(*state);
	return 0;
}

static void test_camel(void **state)
{
	static const char *const pairs[][2] = {
		{ "match_run", "MatchRun" },
		{ "target_date", "TargetDate" },
		{ "id", "Id" },
		{ "a_b_c", "ABC" },
		{ "x1_y2", "X1Y2" },
		{ "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		camel(pairs[i][0], out, sizeof out);
		assert_string_equal(out, pairs[i][1]);
	}
	camel("abcdefgh", out, 4);
	assert_string_equal(out, "Abc");
}

static void test_paths(void **state)
{
	const struct names *names = *state;
	struct route route;

	assert_int_equal(route_path(names, "/").place, ABOVE);
	assert_int_equal(route_path(names, "/org").place, ABOVE);
	assert_int_equal(route_path(names, BUS_PATH).place, ROOT);
	assert_int_equal(route_path(names, BUS_PATH "/tasks").place, TASKS);
	assert_int_equal(route_path(names, BUS_PATH "/tasks/5").place, TASK);
	assert_int_equal(route_path(names, "/org/freedesktop/LogControl1").place, LOGGING);
	for (int i = 0; i < names->count; i++) {
		char path[200];

		assert_int_equal(route_path(names, names->types[i].path).place, COLLECTION);
		assert_ptr_equal(route_path(names, names->types[i].path).type, &names->types[i]);
		snprintf(path, sizeof path, "%s/9223372036854775807", names->types[i].path);
		route = route_path(names, path);
		assert_int_equal(route.place, OBJECT);
		assert_ptr_equal(route.type, &names->types[i]);
		assert_true(route.id == INT64_MAX);
	}
}

static void test_what_is_no_path(void **state)
{
	static const char *const wrong[] = {
		"/org/mentorship1x",
		"/org/mentorship",
		"/org/mentorship2",
		"/com",
		BUS_PATH "/x",
		BUS_PATH "/peopl",
		BUS_PATH "/peoples",
		BUS_PATH "/people/0",
		BUS_PATH "/people/01",
		BUS_PATH "/people/1a",
		BUS_PATH "/people/_1",
		BUS_PATH "/people/1/2",
		BUS_PATH "/people/9223372036854775808",
		BUS_PATH "/people/99999999999999999999999",
		BUS_PATH "/tasks/x",
		BUS_PATH "/tasks/0",
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (route_path(*state, wrong[i]).place != NOWHERE)
			fail_msg("%s", wrong[i]);
}

static void test_members(void **state)
{
	const struct names *names = *state;

	assert_non_null(names->person);
	for (int i = 0; i < names->count; i++) {
		const struct type *type = &names->types[i];
		int properties = 0;

		for (int k = 0; k < type->shape->count; k++) {
			const struct field *field = &type->entity->fields[k];

			if (field->privacy == SEALED || field->flags & HIDDEN) {
				assert_null(type->members[k]);
				continue;
			}
			properties++;
			assert_int_equal(type_member(type, type->members[k]), k);
		}
		assert_int_equal(properties, type->property_count);
		assert_int_equal(type_member(type, "NoSuchThing"), -1);
		assert_int_equal(type_member(type, "id"), -1);
		for (const struct verb *verb = type->entity->verbs; verb && verb->name; verb++)
			assert_ptr_equal(type_verb(type, verb->name, strlen(verb->name)), verb);
		assert_null(type_verb(type, "Fly", 3));
		assert_null(type_verb(type, "", 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_camel),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_what_is_no_path),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, prepare, clear);
}
