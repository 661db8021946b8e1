/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words of the command line: options, assignments, near misses; and what another machine prints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "cli/wire.h"

static void test_assignments(void **state)
{
	static const struct {
		const char *word, *name;
		enum operator operator;
		const char *text;
	} good[] = {
		{ "name=Ana", "name", IS, "Ana" },
		{ "given-name=Ana", "given_name", IS, "Ana" },
		{ "a=b=c", "a", IS, "b=c" },
		{ "a=", "a", IS, "" },
		{ "due>=monday", "due", AT_LEAST, "monday" },
		{ "due<2026-01-01", "due", LESS, "2026-01-01" },
		{ "n<=-5", "n", AT_MOST, "-5" },
		{ "n>1", "n", MORE, "1" },
		{ "state!=ready", "state", IS_NOT, "ready" },
		{ "name~lopez", "name", HAS, "lopez" },
		{ "name^=A", "name", BEGINS, "A" },
		{ "x=-", "x", IS, "-" },
	};
	static const char *const none[] = { "", "12", "Ana Lopez", "Ana=b", "=x", "-x=1", "9a=1", "name", "J\xc3\xb6rg=x",
		"/org/mentorship1/people/1" };
	struct assignment assignment;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(assignment_parse(good[i].word, &assignment));
		assert_string_equal(assignment.name, good[i].name);
		assert_int_equal(assignment.operator, good[i].operator);
		assert_string_equal(assignment.text, good[i].text);
	}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(assignment_parse(none[i], &assignment));
}

static int parse(struct cli *cli, char **argv)
{
	int argc = 0;

	memset(cli, 0, sizeof *cli);
	while (argv[argc])
		argc++;
	return options_parse(cli, argc, argv);
}

#define WORDS(...) ((char *[]){ (char *)(uintptr_t) "mentorctl", __VA_ARGS__, NULL })
#define W(text) ((char *)(uintptr_t)(text))

static void test_options(void **state)
{
	struct cli cli;

	(void)state;
	assert_int_equal(parse(&cli, WORDS(W("person"), W("list"), W("--json"), W("-o"), W("-name"), W("name=x"), W("--limit=5"))), 0);
	assert_int_equal(cli.count, 3);
	assert_string_equal(cli.words[2], "name=x");
	assert_string_equal(cli.options.order, "-name");
	assert_int_equal(cli.limit, 5);
	assert_int_equal(cli.json, JSON_SHORT);
	assert_int_equal(parse(&cli, WORDS(W("--version"))), 0);
	assert_true(cli.options.show_version);
	assert_int_equal(parse(&cli, WORDS(W("program"), W("open"), W("1"), W("--version"), W("3"))), 0);
	assert_int_equal(cli.version, 3);
	assert_false(cli.options.show_version);
	assert_int_equal(parse(&cli, WORDS(W("complete"), W("--"), W("--json"), W("x"))), 0);
	assert_int_equal(cli.count, 3);
	assert_null(cli.options.json);
	assert_int_equal(parse(&cli, WORDS(W("a"), W("--where"), W("x=1"), W("--where"), W("y=2"))), 0);
	assert_int_equal(cli.options.where_count, 2);
}

static void test_wrong_options(void **state)
{
	struct cli cli;
	char *many[70] = { W("mentorctl") };

	(void)state;
	assert_int_equal(parse(&cli, WORDS(W("--nothing"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("-Z"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--reason"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--json=xml"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--color=red"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--wait"), W("--no-wait"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--limit"), W("99999999999999999999"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--limit"), W("5x"))), -1);
	assert_int_equal(parse(&cli, WORDS(W("--version"), W("0"))), -1);
	assert_string_equal(cli.failure.name, ERROR_USAGE);
	for (int i = 1; i < 65; i += 2) {
		many[i] = W("--where");
		many[i + 1] = W("x=1");
	}
	assert_int_equal(parse(&cli, many), -1);
}

static void test_near(void **state)
{
	struct nearest nearest = { .typed = "partcipant" };
	char word[64];

	(void)state;
	near_try(&nearest, "person");
	assert_null(nearest.word);
	near_try(&nearest, "participant");
	assert_string_equal(nearest.word, "participant");
	nearest = (struct nearest){ .typed = "lsit" };
	near_try(&nearest, "list");
	assert_string_equal(nearest.word, "list");
	nearest = (struct nearest){ .typed = "x" };
	near_try(&nearest, "a-very-long-word-that-is-longer-than-any-row-of-the-table");
	assert_null(nearest.word);
	assert_string_equal(dashed("MatchRun", word, sizeof word), "match-run");
	assert_string_equal(dashed("match_run", word, sizeof word), "match-run");
	assert_string_equal(dashed("mentor first", word, sizeof word), "mentor-first");
	assert_string_equal(dashed("HoldMail", word, 4), "ho");
}

static void test_files_are_known_by_their_form(void **state)
{
	(void)state;
	assert_string_equal(input_named("notes=@/etc/passwd"), "/etc/passwd");
	assert_string_equal(input_named("notes=-"), "-");
	assert_string_equal(input_named("-"), "-");
	assert_null(input_named("notes=@@home"));
	assert_null(input_named("notes=@"));
	assert_null(input_named("name~@x"));
	assert_null(input_named("@x"));
}

/* ---- what another machine prints ---- */

static void filtered(const char *in, size_t length, size_t piece, struct buffer *out)
{
	struct screen screen = { { 0 }, 0 };

	for (size_t i = 0; i < length; i += piece)
		screen_filter(&screen, in + i, i + piece < length ? piece : length - i, out);
	screen_end(&screen, out);
}

static void test_screen(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain\n", "plain\n" },
		{ "\033[1mbold\033[0m", "\033[1mbold\033[0m" },
		{ "\r\033[K", "\r\033[K" },
		{ "\033[2J", "\\x1b[2J" },
		{ "\033]0;t\007", "\\x1b]0;t\\x07" },
		{ "\xc2\x9b", "\\x9b" },
		{ "\xe2\x80\xae", "\\u202e" },
		{ "J\xc3\xb6rg", "J\xc3\xb6rg" },
		{ "\xff", "\\xff" },
		{ "\033[1;2;3;4;5;6;7;8;9m", "\\x1b[1;2;3;4;5;6;7;8;9m" },
		{ "\033[0", "\\x1b[0" },
		{ "\033", "\\x1b" },
		{ "\033\033[1m", "\\x1b\033[1m" },
		{ "\xe2\x80", "\\xe2\\x80" },
		{ "\033[1K", "\\x1b[1K" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t piece = 1; piece < 4; piece++) {
			struct buffer out = { 0 };

			filtered(cases[i].in, strlen(cases[i].in), piece, &out);
			assert_string_equal(buffer_string(&out), cases[i].out);
			buffer_free(&out);
		}
}

/* Whatever comes in, only the allowed sequences begin with an escape, and no other control character is left. */
static void test_screen_of_noise(void **state)
{
	static const char letters[] = "\033\033\033[[;0123mKHJ\r\n\t\007\x9b\xc2\xe2\x80\xae"
				      "A\x7f";

	(void)state;
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		struct buffer out = { 0 };
		char noise[40];

		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] = letters[(size_t)random() % (sizeof letters - 1)];
		filtered(noise, sizeof noise, 1 + (size_t)round % 7, &out);
		for (const char *p = buffer_string(&out); *p; p++) {
			assert_true((unsigned char)*p >= ' ' || strchr("\033\r\n\t", *p));
			assert_int_not_equal(*p, 0x7f);
			if (*p == 033) {
				size_t digits = strspn(p + 2, "0123456789;");

				assert_int_equal(p[1], '[');
				assert_true(p[2 + digits] == 'm' || (p[2] == 'K'));
			}
		}
		assert_int_equal(text_bad(buffer_string(&out), out.length), out.length);
		buffer_free(&out);
	}
}

static void test_wire(void **state)
{
	struct wire_frame frame;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(wire_write(ends[1], 'A', "list", 4));
	assert_true(wire_write(ends[1], 'G', "", 0));
	assert_int_equal(wire_read(ends[0], &frame), 1);
	assert_int_equal(frame.type, 'A');
	assert_string_equal(frame.data, "list");
	free(frame.data);
	assert_int_equal(wire_read(ends[0], &frame), 1);
	assert_int_equal(frame.length, 0);
	free(frame.data);
	assert_int_equal(write(ends[1], "A\x7f\xff\xff\xff", 5), 5); /* too long */
	assert_int_equal(wire_read(ends[0], &frame), -1);
	assert_int_equal(write(ends[1], "q\0\0\0\0", 5), 5); /* no such frame */
	assert_int_equal(wire_read(ends[0], &frame), -1);
	assert_int_equal(write(ends[1], "A\0\0\0\4x", 6), 6); /* cut off */
	close(ends[1]);
	assert_int_equal(wire_read(ends[0], &frame), -1);
	assert_int_equal(wire_read(ends[0], &frame), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assignments),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_files_are_known_by_their_form),
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_screen_of_noise),
		cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
