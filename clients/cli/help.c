/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Help and describe: the tables of commands and options, and the catalogue in prose.
 */
#include <string.h>

#include "cli.h"

static void help_options(void)
{
	for (const struct option_row *row = option_rows; row->name; row++) {
		const char *argument = row->argument ? row->argument : "";
		char left[64];

		if (!row->help)
			continue;
		snprintf(left, sizeof left, "%c%c%s--%s%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
			row->letter ? ", " : "  ", row->name,
			*argument == '='    ? "[="
				: *argument ? " "
					    : "",
			*argument == '=' ? argument + 1 : argument, *argument == '=' ? "]" : "");
		printf("  %-26s %s\n", left, row->help);
	}
}

static void help_nouns(struct cli *cli)
{
	struct failure kept = cli->failure;
	const json_t *entities = catalogue(cli), *entity;
	char noun[64];
	size_t i;

	if (!entities)
		printf("\nNouns: the daemon lists them, but it is not reached now.\n");
	else
		printf("\nNouns (mentorctl NOUN list|show|VERB ...; mentorctl help NOUN):\n");
	json_array_foreach (entities, i, entity) {
		printf("  %-16s ", dashed(text_of(entity, "name"), noun, sizeof noun));
		out_text(text_of(entity, "help"));
		putchar('\n');
	}
	cli->failure = kept;
}

static int help_all(struct cli *cli)
{
	pager_open(cli);
	printf("mentorctl NOUN list [FIELD=VALUE...] | show ID | VERB [ID...] [FIELD=VALUE...]\nmentorctl COMMAND\n\nCommands:\n");
	for (const struct command *command = commands; command->name; command++)
		if (!command->hidden)
			printf("  %-16s %s\n", command->name, command->help);
	help_nouns(cli);
	printf("\nOptions:\n");
	help_options();
	printf("\nSee mentorctl(1) for filters, values, JSON and exit status, mentorship(7) for a first tour.\n");
	return 0;
}

static void field_line(struct cli *cli, const json_t *field)
{
	const json_t *choices = json_object_get(field, "choices");
	struct buffer text = { 0 };

	buffer_text(&text, text_of(field, "label"));
	if (json_array_size(choices)) {
		buffer_text(&text, ": ");
		words_text(choices, &text);
	} else if (*text_of(field, "to")) {
		buffer_print(&text, ": one of %s", text_of(field, "to"));
	}
	if (*text_of(field, "unit"))
		buffer_print(&text, " (%s)", text_of(field, "unit"));
	if (json_object_get(field, "default")) {
		buffer_text(&text, "; unless given: ");
		value_text(cli, field, json_object_get(field, "default"), &text);
	} else if (has_flag(field, "required")) {
		buffer_text(&text, ", required");
	}
	printf("  %-20s %-8s ", text_of(field, "name"), text_of(field, "kind"));
	out_text(buffer_string(&text));
	putchar('\n');
	buffer_free(&text);
}

static void words_line(const char *name, const json_t *words)
{
	struct buffer text = { 0 };

	if (!json_array_size(words))
		return;
	words_text(words, &text);
	printf("%s: ", name);
	out_text(buffer_string(&text));
	putchar('\n');
	buffer_free(&text);
}

static int help_verb(struct cli *cli, const json_t *entity, const json_t *verb)
{
	char noun[64], word[64];
	json_t *rows = verb_fields(entity, verb), *field;
	const json_t *from = json_object_get(verb, "from");
	size_t i;

	dashed(text_of(entity, "name"), noun, sizeof noun);
	dashed(text_of(verb, "name"), word, sizeof word);
	pager_open(cli);
	printf("mentorctl %s %s%s%s%s%s\n", noun, word, strcmp(text_of(verb, "on"), "collection") ? " ID..." : "",
		json_array_size(rows) ? " [FIELD=VALUE...]" : "", has_flag(verb, "needs_reason") ? " --reason TEXT" : "",
		has_flag(verb, "for_somebody") ? " [--for PERSON]" : "");
	out_text(text_of(verb, "label"));
	putchar('\n');
	words_line("who may", json_object_get(verb, "who"));
	words_line("possible while", from);
	if (has_flag(verb, "destructive"))
		printf("cannot be taken back: asks first, or wants --yes\n");
	if (json_array_size(rows))
		printf("\nFields:\n");
	json_array_foreach (rows, i, field)
		field_line(cli, field);
	json_decref(rows);
	return 0;
}

static int help_noun(struct cli *cli, const json_t *entity)
{
	const json_t *row;
	char noun[64], word[64];
	size_t i;

	dashed(text_of(entity, "name"), noun, sizeof noun);
	pager_open(cli);
	printf("%s: ", noun);
	out_text(text_of(entity, "help"));
	printf("\n\nmentorctl %s list [FIELD=VALUE...] [--fields A,B] [--order FIELD] [--limit N | --all]\nmentorctl %s show ID\n", noun,
		noun);
	if (json_array_size(json_object_get(entity, "verbs")))
		printf("\nVerbs (mentorctl help %s VERB):\n", noun);
	json_array_foreach (json_object_get(entity, "verbs"), i, row) {
		printf("  %-20s ", dashed(text_of(row, "name"), word, sizeof word));
		out_text(text_of(row, "label"));
		putchar('\n');
	}
	printf("\nFields:\n");
	json_array_foreach (json_object_get(entity, "fields"), i, row)
		field_line(cli, row);
	return 0;
}

/* For programs: what Describe says, all of it or of one noun; of a command its words. */
static int help_json(struct cli *cli, const struct command *command, const char *noun)
{
	json_t *object;
	const json_t *said;

	if (command) {
		object = json_pack("{s:s, s:s, s:s}", "command", command->name, "usage", command->usage, "help", command->help);
		out_json(cli, object);
		json_decref(object);
		return 0;
	}
	said = noun ? entity_named(cli, noun) : catalogue(cli);
	if (said)
		out_json(cli, said);
	return said ? 0 : -1;
}

int help_about(struct cli *cli, const char *noun, const char *word)
{
	const struct command *command = noun ? command_named(noun) : NULL;
	const json_t *entity, *verb;

	if (command && command->noun_too && word && (entity = entity_find(cli, noun)) && verb_find(entity, word))
		command = NULL; /* 'import' the noun */
	if (cli->json)
		return help_json(cli, command, noun);
	if (!noun)
		return help_all(cli);
	if (command) {
		printf("mentorctl %s%s%s\n%s\n", command->name, *command->usage ? " " : "", command->usage, command->help);
		return 0;
	}
	entity = entity_named(cli, noun);
	if (!entity)
		return -1;
	if (!word || !strcmp(word, "list") || !strcmp(word, "show"))
		return help_noun(cli, entity);
	verb = verb_find(entity, word);
	return verb ? help_verb(cli, entity, verb) : usage(cli, noun, "a %s cannot '%s'", noun, word);
}

int command_help(struct cli *cli)
{
	return help_about(cli, cli->count > 1 ? cli->words[1] : NULL, cli->count > 2 ? cli->words[2] : NULL);
}

int command_describe(struct cli *cli)
{
	const json_t *entities = catalogue(cli), *entity = NULL;
	struct table *table;
	char noun[64];
	size_t i;

	if (!entities || (cli->count > 1 && !(entity = entity_named(cli, cli->words[1]))))
		return -1;
	if (cli->json) {
		out_json(cli, entity ? entity : entities);
		return 0;
	}
	if (entity)
		return help_noun(cli, entity);
	table = table_new();
	table_column(table, "noun", 0);
	table_column(table, "collection", 0);
	table_column(table, "fields", RIGHT);
	table_column(table, "verbs", RIGHT);
	table_column(table, "help", SHRINKS);
	json_array_foreach (entities, i, entity) {
		char count[24];

		table_cell(table, dashed(text_of(entity, "name"), noun, sizeof noun));
		table_cell(table, text_of(entity, "collection"));
		snprintf(count, sizeof count, "%zu", json_array_size(json_object_get(entity, "fields")));
		table_cell(table, count);
		snprintf(count, sizeof count, "%zu", json_array_size(json_object_get(entity, "verbs")));
		table_cell(table, count);
		table_cell(table, text_of(entity, "help"));
	}
	pager_open(cli);
	table_print(cli, table);
	return 0;
}
