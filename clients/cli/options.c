/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options: one table, read by the parser, the help and the completions.
 *
 * Options may stand anywhere among the words. A row says where in struct options its value goes: a text where it takes an
 * argument, a yes where it does not.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define AT(member) offsetof(struct options, member)

const struct option_row option_rows[] = { { "help", 'h', false, AT(help), NULL, "show help" },
	{ "version", 0, false, AT(version), "N", "act only on version N of the object; alone: the program's version" },
	{ "json", 'j', false, AT(json), "=FORM", "print JSON (FORM: pretty, short)" },
	{ "csv", 0, false, AT(csv), NULL, "results of a survey: as CSV" },
	{ "no-legend", 0, false, AT(no_legend), NULL, "no header and no footer" },
	{ "full", 'l', false, AT(full), NULL, "do not shorten columns" }, { "color", 0, false, AT(color), "=WHEN", "auto, always, never" },
	{ "no-pager", 0, false, AT(no_pager), NULL, "do not page output on a terminal" },
	{ "no-ask-password", 0, false, AT(no_ask_password), NULL, "never ask for a password" },
	{ "quiet", 'q', false, AT(quiet), NULL, "print nothing but data and errors" },
	{ "host", 'H', false, AT(host), "USER@HOST", "run on another machine over ssh" },
	{ "zone", 0, false, AT(zone), "ZONE", "read and show times in this zone" },
	{ "timeout", 0, false, AT(timeout), "SECONDS", "how long to wait for a reply" },
	{ "fields", 'f', false, AT(fields), "A,B", "which fields to show" },
	{ "order", 'o', false, AT(order), "FIELD", "order by a field; -FIELD: descending" },
	{ "limit", 'n', false, AT(limit), "N", "at most N rows" }, { "all", 'a', false, AT(all), NULL, "all rows" },
	{ "where", 0, true, AT(where), "FILTER", "a verb for all objects that pass the filter" },
	{ "reason", 0, false, AT(reason), "TEXT", "why" }, { "for", 0, false, AT(for_whom), "PERSON", "enter the answer of this person" },
	{ "key", 0, false, AT(key), "KEY", "idempotency key instead of a fresh one" },
	{ "dry-run", 0, false, AT(dry_run), NULL, "say what would happen, change nothing" },
	{ "yes", 'y', false, AT(yes), NULL, "do not ask for confirmation" },
	{ "wait", 0, false, AT(wait), NULL, "wait for long work (this is the default)" },
	{ "no-wait", 0, false, AT(no_wait), NULL, "do not wait for long work, print its task" },
	{ "program", 0, false, AT(program), "PROGRAM", "import: into this program" },
	{ "format", 0, false, AT(format), "FORMAT", "import: oneroster, form, csv, xlsform; export: csv, xlsform" },
	{ "role", 0, false, AT(role), "ROLE", "import: everybody in the file joins as this" },
	{ "mapping", 0, false, AT(mapping), "FILE", "import: which column is which field" },
	{ "propose", 0, false, AT(propose), "FILE", "import: write a proposal for the mapping ('-': stdout)" },
	{ "as", 0, false, AT(as), "KEY", "import of a questionnaire: under this key" },
	{ "leave-out", 0, false, AT(leave_out), NULL, "import of a questionnaire: without questions whose condition is not understood" },
	{ "take", 0, false, AT(take), NULL, "import: do it (else: preview)" },
	{ "raw", 0, false, AT(raw), NULL, "export: do not mark cells that look like formulas" },
	{ "out", 0, false, AT(out), "FILE", "export: into this file ('-': stdout)" },
	{ "until", 0, false, AT(until), "WHEN", "schedule preview: up to then" },
	{ "after", 0, false, AT(after), "N", "changes: those after sequence number N" },
	{ "origin", 0, false, AT(origin), NULL, "config show: name the file of each setting" },
	{ "config", 0, false, AT(config), "FILE", "config: read this file" }, { "remote", 0, false, AT(remote), NULL, NULL },
	{ NULL, 0, false, 0, NULL, NULL } };
enum {
	OPTIONS = sizeof option_rows / sizeof *option_rows - 1,
	FIRST_CODE = 256
};

static void option_set(struct cli *cli, const struct option_row *row, const char *text)
{
	char *at = (char *)&cli->options + row->offset;

	if (row->list) {
		if (cli->options.where_count < MAX_WHERE)
			cli->options.where[cli->options.where_count++] = text;
	} else if (row->argument) {
		*(const char **)(void *)at = text ? text : "";
	} else {
		*(bool *)(void *)at = true;
	}
}

static int number_option(struct cli *cli, const char *name, const char *text, int64_t min, int64_t *ret)
{
	char *end;

	*ret = NONE_GIVEN;
	if (!text)
		return 0;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (errno || end == text || *end || *ret < min)
		return usage(cli, "", "--%s wants a number of at least %lld, not '%s'", name, (long long)min, text);
	return 0;
}

static int derive(struct cli *cli)
{
	const char *json = cli->options.json, *color = cli->options.color;

	if (json && *json && strcmp(json, "pretty") && strcmp(json, "short"))
		return usage(cli, "", "--json is 'pretty' or 'short', not '%s'", json);
	if (json)
		cli->json = !*json ? (cli->terminal.out ? JSON_PRETTY : JSON_SHORT) : !strcmp(json, "short") ? JSON_SHORT : JSON_PRETTY;
	if (color && *color && strcmp(color, "auto") && strcmp(color, "always") && strcmp(color, "never"))
		return usage(cli, "", "--color is 'auto', 'always' or 'never', not '%s'", color);
	cli->color = color && strcmp(color, "auto") ? strcmp(color, "never") != 0 : cli->terminal.out && !cli->terminal.no_color;
	if (cli->options.wait && cli->options.no_wait)
		return usage(cli, "", "--wait and --no-wait exclude each other");
	if (cli->options.where_count == MAX_WHERE)
		return usage(cli, "", "at most %d times --where", MAX_WHERE - 1);
	return number_option(cli, "limit", cli->options.limit, 1, &cli->limit) ||
			number_option(cli, "after", cli->options.after, 0, &cli->after) ||
			number_option(cli, "timeout", cli->options.timeout, 1, &cli->timeout) ||
			number_option(cli, "version", cli->options.version, 1, &cli->version)
		? -1
		: 0;
}

static void getopt_tables(struct option *table, char *letters)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		int takes = !row->argument ? no_argument : *row->argument == '=' ? optional_argument : required_argument;

		table[i] = (struct option){ row->name, takes, NULL, FIRST_CODE + i };
		if (!row->letter)
			continue;
		*letters++ = (char)row->letter;
		if (takes == required_argument)
			*letters++ = ':';
	}
}

/* The row of what getopt_long returned. */
static const struct option_row *row_of(int code)
{
	if (code >= FIRST_CODE && code < FIRST_CODE + OPTIONS)
		return &option_rows[code - FIRST_CODE];
	for (int i = 0; i < OPTIONS; i++)
		if (option_rows[i].letter && option_rows[i].letter == code)
			return &option_rows[i];
	return NULL;
}

static int no_such_option(struct cli *cli, const char *word)
{
	struct nearest nearest = { .typed = word[1] == '-' ? word + 2 : "" };
	char typed[64];

	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(nearest.typed, "="), nearest.typed);
	nearest.typed = typed;
	for (const struct option_row *row = option_rows; *typed && row->name; row++)
		if (row->help)
			near_try(&nearest, row->name);
	if (nearest.word)
		return usage(cli, "", "there is no option '%s'; did you mean '--%s'?", word, nearest.word);
	return usage(cli, "", "there is no option '%s'; 'mentorctl help' lists what there is", word);
}

/* What is wrong with the options themselves is told in the form asked for too, wherever that stands. */
static void look_for_json(struct cli *cli, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-j") || !strncmp(argv[i], "--json", strlen("--json")))
			cli->json = JSON_SHORT;
}

int options_parse(struct cli *cli, int argc, char **argv)
{
	struct option table[OPTIONS + 1] = { { 0 } };
	char letters[2 * OPTIONS + 2] = ":";
	int code;

	look_for_json(cli, argc, argv);
	if (argc >= 3 && !strcmp(argv[argc - 1], "--version") && argv[1][0] == '-') {
		cli->options.show_version = true; /* behind other options, without a word before it */
		argc--;
	}

	if (argc >= 2 && !strcmp(argv[1], "--version") && (argc == 2 || argv[2][0] == '-')) {
		cli->options.show_version = true; /* not of an object: the program's own */
		argc--;
		argv++;
	}
	getopt_tables(table, letters + 1);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		const struct option_row *row = row_of(code);

		if (code == ':')
			return usage(cli, "", "option '%s' wants a value", argv[optind - 1]);
		if (!row)
			return no_such_option(cli, optopt && optopt < FIRST_CODE ? (char[]){ '-', (char)optopt, 0 } : argv[optind - 1]);
		option_set(cli, row, optarg);
	}
	cli->words = argv + optind;
	cli->count = (size_t)(argc - optind);
	return derive(cli);
}
