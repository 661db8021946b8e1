/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings of a plugin: the file against the plugin's table, each refusal with its place, credentials from a directory.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "host/values.h"
#include "temporary.h"

#include <cmocka.h>

static const struct mentorship_setting table[] = {
	{ .name = "host", .kind = MENTORSHIP_TEXT, .flags = MENTORSHIP_REQUIRED, .min = 1, .max = 12 },
	{ .name = "port", .kind = MENTORSHIP_NUMBER, .initial = "587", .min = 1, .max = 65535, .unit = "of TCP" },
	{ .name = "big", .kind = MENTORSHIP_NUMBER },
	{ .name = "starttls", .kind = MENTORSHIP_YESNO, .initial = "true" },
	{ .name = "mode", .kind = MENTORSHIP_CHOICE, .initial = "plain", .choices = "none plain login" },
	{ .name = "program", .kind = MENTORSHIP_PATH },
	{ .name = "password", .kind = MENTORSHIP_CREDENTIAL },
	{ 0 },
};

struct place {
	char *directory;
	const char *file, *credentials;
};

static int begin(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	place->directory = temporary_new();
	place->file = strdup(in(place->directory, "smtp.conf"));
	place->credentials = strdup(in(place->directory, "credentials"));
	mkdir(place->credentials, 0700);
	*state = place;
	return 0;
}

static int end(void **state)
{
	struct place *place = *state;

	temporary_free(place->directory);
	free((char *)(uintptr_t)place->file);
	free((char *)(uintptr_t)place->credentials);
	free(place);
	return 0;
}

static int take(struct place *place, const char *text, struct values *values, struct problem *problem)
{
	*problem = (struct problem){ 0 };
	if (text)
		file_write(place->file, text, strlen(text));
	return values_read(table, place->file, place->credentials, true, values, problem);
}

static void test_taken(void **state)
{
	struct values values;
	struct problem problem;

	if (take(*state,
		    "# a comment\nhost = \"mail\";\nport = 25;\nbig = 8589934592L;\nstarttls = false;\nmode = \"login\";\nprogram = \"/bin/true\";\n",
		    &values, &problem))
		fail_msg("%s", problem.text);
	assert_string_equal(values_find(&values, "host")->text, "mail");
	assert_int_equal(values_find(&values, "port")->number, 25);
	assert_string_equal(values_find(&values, "port")->text, "25");
	assert_int_equal(values_find(&values, "big")->number, INT64_C(8589934592));
	assert_int_equal(values_find(&values, "starttls")->number, 0);
	assert_int_equal(values_find(&values, "mode")->number, 2);
	assert_string_equal(values_find(&values, "program")->text, "/bin/true");
	assert_null(values_find(&values, "nothing"));
	assert_null(values_find(&values, NULL));
	values_free(&values);
}

static void test_defaults(void **state)
{
	struct values values;
	struct problem problem;

	assert_int_equal(take(*state, "host = \"mail\";\n", &values, &problem), 0);
	assert_int_equal(values_find(&values, "port")->number, 587);
	assert_int_equal(values_find(&values, "starttls")->number, 1);
	assert_int_equal(values_find(&values, "mode")->number, 1);
	assert_string_equal(values_find(&values, "mode")->text, "plain");
	assert_string_equal(values_find(&values, "program")->text, "");
	assert_string_equal(values_find(&values, "password")->text, "");
	assert_null(values_find(&values, "password")->secret);
	values_free(&values);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *field, *sentence;
	} rows[] = {
		{ "", "host", "smtp.conf: host is missing" },
		{ "host = \"mail\";\nprot = 25;\n", "prot", "smtp.conf:2: there is no setting 'prot'" },
		{ "host = \"mail\";\n\nport = \"25\";\n", "port", "smtp.conf:3: port is a whole number" },
		{ "host = \"mail\";\nport = 0;\n", "port", "smtp.conf:2: port is 0 of TCP; it takes 1 to 65535" },
		{ "host = \"mail\";\nport = 65536;\n", "port", "it takes 1 to 65535" },
		{ "host = \"mail\";\nport = 2.5;\n", "port", "is a whole number" },
		{ "host = 25;\n", "host", "smtp.conf:1: host is a text in quotation marks" },
		{ "host = \"\";\n", "host", "host has 0 characters; it takes 1 to 12" },
		{ "host = \"thirteen chars\";\n", "host", "host has 14 characters; it takes 1 to 12" },
		{ "host = \"mail\";\nstarttls = 1;\n", "starttls", "starttls is true or false" },
		{ "host = \"mail\";\nmode = \"log\";\n", "mode", "mode is one of: none plain login" },
		{ "host = \"mail\";\nmode = \"none plain\";\n", "mode", "mode is one of" },
		{ "host = \"mail\";\nprogram = \"bin/true\";\n", "program", "program is a whole path" },
		{ "host = \"mail\";\npassword = \"../shadow\";\n", "password", "password names a credential" },
		{ "host = \"mail\";\npassword = \".hidden\";\n", "password", "password names a credential" },
		{ "host = \"mail\";\ngroup = { host = \"x\"; };\n", "group", "no setting 'group'" },
		{ "host = [\"mail\"];\n", "host", "host is a text" },
		{ "host = \"mail\"\nhost = \"twice\";;\n", "", "smtp.conf:2: " },
		{ "host = \"mail\";\n@include \"/etc/passwd\"\n", "", "smtp.conf:2: @include is not taken" },
		{ "host = \"mail\";\nbig = 99999999999;\n", "", "smtp.conf:2: " },
		{ "host = \"mail\xff\";\n", "", "not UTF-8" },
	};
	struct values values;
	struct problem problem;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(take(*state, rows[i].text, &values, &problem), E_INVALID);
		if (!strstr(problem.text, rows[i].sentence))
			fail_msg("row %zu: '%s' lacks '%s'", i, problem.text, rows[i].sentence);
		if (*rows[i].field)
			assert_string_equal(problem.field, rows[i].field);
	}
}

static void test_files(void **state)
{
	struct place *place = *state;
	struct values values;
	struct problem problem;
	char *big = malloc((1 << 20) + 2);

	assert_int_equal(take(place, "host = \"mail\";\n", &values, &problem), 0);
	values_free(&values);
	chmod(place->file, 0606);
	assert_int_equal(take(place, NULL, &values, &problem), E_DENIED);
	assert_non_null(strstr(problem.text, "can be written by others"));
	chmod(place->file, 0600);
	if (!geteuid()) {
		assert_int_equal(chown(place->file, 65534, 0), 0);
		assert_int_equal(take(place, NULL, &values, &problem), E_DENIED);
		assert_int_equal(chown(place->file, 0, 0), 0);
	}
	file_write(place->file, "host = \"a\";\0", 12);
	assert_int_equal(take(place, NULL, &values, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "NUL"));
	memset(big, '#', (1 << 20) + 1);
	file_write(place->file, big, (1 << 20) + 1);
	free(big);
	assert_int_equal(take(place, NULL, &values, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "larger than 1048576"));
	assert_int_equal(rename(place->file, in(place->directory, "other")), 0);
	assert_int_equal(symlink("other", place->file), 0);
	assert_int_equal(take(place, NULL, &values, &problem), E_DENIED);
	unlink(place->file);
	assert_int_equal(mkfifo(place->file, 0600), 0);
	assert_int_equal(take(place, NULL, &values, &problem), E_INVALID);
	unlink(place->file);
	assert_int_equal(take(place, NULL, &values, &problem), E_INVALID); /* none at all: host is required */
	assert_string_equal(problem.field, "host");
	assert_int_equal(values_read(table + 1, place->file, NULL, true, &values, &problem), 0);
	values_free(&values);
}

static void test_credentials(void **state)
{
	struct place *place = *state;
	struct values values;
	struct problem problem;
	const char *file = in(place->credentials, "smtp-password");
	static const char text[] = "host = \"mail\";\npassword = \"smtp-password\";\n";

	assert_int_equal(take(place, text, &values, &problem), 0);
	assert_null(values_find(&values, "password")->secret);
	values_free(&values);
	file_write(file, "s3cret\n", 7);
	assert_int_equal(take(place, text, &values, &problem), 0);
	assert_string_equal(values_find(&values, "password")->secret, "s3cret");
	values_free(&values);
	chmod(file, 0604);
	assert_int_equal(take(place, text, &values, &problem), E_DENIED);
	assert_non_null(strstr(problem.text, "can be read by others"));
	assert_null(strstr(problem.text, "s3cret"));
	chmod(file, 0600);
	file_write(file, "a\0b", 3);
	assert_int_equal(take(place, text, &values, &problem), E_INVALID);
	unlink(file);
	assert_int_equal(symlink("/etc/shadow", file), 0);
	assert_int_equal(take(place, text, &values, &problem), E_DENIED);
}

static void assert_bad_table(const struct mentorship_setting *bad, const char *sentence)
{
	struct problem problem = { 0 };
	int count;

	assert_int_equal(values_table_check(bad, &count, &problem), E_INVALID);
	if (!strstr(problem.text, sentence))
		fail_msg("'%s' lacks '%s'", problem.text, sentence);
}

static void test_tables(void **state)
{
	struct mentorship_setting *endless = calloc(SETTINGS_MOST + 1, sizeof *endless);
	struct problem problem = { 0 };
	char names[SETTINGS_MOST + 1][16];
	int count;

	(void)state;
	assert_int_equal(values_table_check(table, &count, &problem), 0);
	assert_int_equal(count, 7);
	assert_int_equal(values_table_check(NULL, &count, &problem), 0);
	assert_int_equal(count, 0);
	assert_bad_table((struct mentorship_setting[]){ { .name = "Big" }, { 0 } }, "row 1");
	assert_bad_table((struct mentorship_setting[]){ { .name = "a" }, { .name = "b", .kind = 6 }, { 0 } }, "row 2");
	assert_bad_table((struct mentorship_setting[]){ { .name = "a", .kind = -1 }, { 0 } }, "row 1");
	assert_bad_table((struct mentorship_setting[]){ { .name = "a", .kind = MENTORSHIP_CHOICE }, { 0 } }, "without choices");
	assert_bad_table((struct mentorship_setting[]){ { .name = "a" }, { .name = "a" }, { 0 } }, "twice");
	for (int i = 0; i <= SETTINGS_MOST; i++) {
		snprintf(names[i], sizeof names[i], "a%d", i);
		endless[i].name = names[i];
	}
	assert_bad_table(endless, "does not end");
	free(endless);
}

static void test_bad_defaults(void **state)
{
	static const struct mentorship_setting tables[][2] = {
		{ { .name = "a", .kind = MENTORSHIP_NUMBER, .initial = "many" }, { 0 } },
		{ { .name = "a", .kind = MENTORSHIP_NUMBER, .initial = "7", .min = 8, .max = 9 }, { 0 } },
		{ { .name = "a", .kind = MENTORSHIP_YESNO, .initial = "perhaps" }, { 0 } },
		{ { .name = "a", .kind = MENTORSHIP_CHOICE, .initial = "c", .choices = "a b" }, { 0 } },
		{ { .name = "a", .kind = MENTORSHIP_PATH, .initial = "here" }, { 0 } },
	};
	struct place *place = *state;
	struct values values;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct problem problem = { 0 };

		assert_int_equal(values_read(tables[i], place->file, NULL, true, &values, &problem), E_INVALID);
		assert_non_null(strstr(problem.text, "own default of a is not valid"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken, begin, end),
		cmocka_unit_test_setup_teardown(test_defaults, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_files, begin, end),
		cmocka_unit_test_setup_teardown(test_credentials, begin, end),
		cmocka_unit_test(test_tables),
		cmocka_unit_test_setup_teardown(test_bad_defaults, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
