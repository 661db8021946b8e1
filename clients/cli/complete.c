/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words for the completion scripts: `mentorctl complete -- WORD...` prints what the last word may become, one a line, a tab and an
 * explanation behind it. The scripts know nothing else, so a new entity completes at once.
 *
 * It never complains and never waits long: a shell prompt is no place for errors.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
	PATIENCE = 2,
	LIVE = 50
}; /* seconds; objects offered */

struct complete {
	struct cli *cli;
	const char *typed; /* the word so far */
	char **words;      /* those before it, options left out */
	size_t count;
};

static void put_encoded(const char *text, char last)
{
	struct buffer shown = { 0 };

	encode_terminal(&shown, text);
	fputs(buffer_string(&shown), stdout);
	putchar(last);
	buffer_free(&shown);
}

static void offer(const struct complete *c, const char *before, const char *word, const char *text)
{
	struct buffer whole = { 0 };

	buffer_print(&whole, "%s%s", before, word);
	if (!strncmp(buffer_string(&whole), c->typed, strlen(c->typed))) {
		put_encoded(buffer_string(&whole), '\t');
		put_encoded(text, '\n');
	}
	buffer_free(&whole);
}

/* ---- live objects ---- */

/* Those whose numbers begin so, as far as they have at most two digits more. */
static void offer_numbers(const struct complete *c, const json_t *entity, const char *before, const char *start)
{
	const json_t *label = label_field(entity);
	json_t *numbers = json_pack("[s]", start), *fields = json_pack("[s]", "id"), *reply, *row;
	char path[256], number[48];
	size_t i;

	for (int n = 0; n < 110; n++)
		json_array_append_new(numbers, n < 10 ? json_sprintf("%s%d", start, n) : json_sprintf("%s%02d", start, n - 10));
	if (label)
		json_array_append(fields, json_object_get(label, "name"));
	snprintf(path, sizeof path, BUS_ROOT "/%s", text_of(entity, "collection"));
	if (strlen(start) > 16 ||
		cli_call(c->cli, 0, path, BUS_COLLECTION, "List", "a(ssv)asssu",
			json_pack("[[[s, s, O]], O, s, s, i]", "id", "in", numbers, fields, "id", "", LIVE), &reply))
		reply = NULL;
	json_array_foreach (json_array_get(reply, 0), i, row) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(json_array_get(row, 0)));
		offer(c, before, number, text_at(row, 1));
	}
	json_decref(reply);
	json_decref(fields);
	json_decref(numbers);
}

/* Numbers where a number is begun, else what objects are called. `before` stands in front of the value. */
static void offer_objects(const struct complete *c, const json_t *entity, const char *before, const char *start)
{
	bool number = strspn(start, "0123456789") == strlen(start);
	json_t *reply, *row, *arguments;
	size_t i;

	if (!entity)
		return;
	if (*start && number) {
		offer_numbers(c, entity, before, start);
		return;
	}
	arguments = json_pack("[s, s, i]", text_of(entity, "collection"), number ? "" : start, LIVE);
	if (cli_call(c->cli, 0, BUS_ROOT, BUS_MANAGER, "Lookup", "ssu", arguments, &reply))
		return;
	json_array_foreach (json_array_get(reply, 0), i, row) {
		const char *path = text_at(row, 0), *label = text_at(row, 1), *id = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

		offer(c, before, number ? id : label, number ? label : id);
	}
	json_decref(reply);
}

/* ---- name=value ---- */

static void offer_values(const struct complete *c, const json_t *field, const char *before, const char *start)
{
	const json_t *choice;
	size_t i;

	json_array_foreach (json_object_get(field, "choices"), i, choice)
		offer(c, before, json_is_string(choice) ? json_string_value(choice) : "", text_of(field, "label"));
	if (is_kind(field, "yesno")) {
		offer(c, before, "yes", text_of(field, "label"));
		offer(c, before, "no", text_of(field, "label"));
	}
	if (is_kind(field, "link"))
		offer_objects(c, entity_of_collection(c->cli, text_of(field, "to")), before, start);
}

static void offer_fields(const struct complete *c, const json_t *rows)
{
	struct assignment typed;
	const json_t *row;
	char word[96];
	size_t i;

	if (assignment_parse(c->typed, &typed)) {
		snprintf(word, sizeof word, "%.*s", (int)(typed.text - c->typed), c->typed);
		json_array_foreach (rows, i, row)
			if (!strcmp(text_of(row, "name"), typed.name))
				offer_values(c, row, word, typed.text);
		return;
	}
	json_array_foreach (rows, i, row) {
		snprintf(word, sizeof word, "%s=", text_of(row, "name"));
		offer(c, "", word, text_of(row, "label"));
	}
}

/* ---- options ---- */

static const struct option_row *option_of(const char *word)
{
	size_t length;

	if (word[0] != '-' || word[1] != '-')
		return NULL;
	word += 2;
	length = strcspn(word, "=");
	for (const struct option_row *row = option_rows; row->name; row++)
		if (strlen(row->name) == length && !strncmp(row->name, word, length))
			return row;
	return NULL;
}

static void offer_options(const struct complete *c)
{
	char word[64];

	for (const struct option_row *row = option_rows; row->name; row++) {
		if (!row->help)
			continue;
		snprintf(word, sizeof word, "--%s", row->name);
		offer(c, "", word, row->help);
	}
}

/* The value of an option that was named before. */
static void offer_option_values(const struct complete *c, const struct option_row *row)
{
	static const struct {
		const char *option, *words;
	} fixed[] = {
		{ "format", "oneroster form csv" },
		{ "role", "mentor mentee" },
		{ "color", "auto always never" },
		{ "json", "pretty short" },
	};
	const json_t *entity = c->count ? entity_find(c->cli, c->words[0]) : NULL, *field;
	size_t i;

	for (i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (!strcmp(row->name, fixed[i].option)) {
			char copy[64], *rest = copy;

			snprintf(copy, sizeof copy, "%s", fixed[i].words);
			for (char *word; (word = strsep(&rest, " "));)
				offer(c, "", word, row->help);
		}
	if (!strcmp(row->name, "program") || !strcmp(row->name, "for"))
		offer_objects(c, entity_find(c->cli, !strcmp(row->name, "for") ? "person" : "program"), "", c->typed);
	if (!strcmp(row->name, "where"))
		offer_fields(c, json_object_get(entity, "fields"));
	if (!strcmp(row->name, "fields") || !strcmp(row->name, "order")) {
		const char *last = strrchr(c->typed, ',');
		char before[256];

		snprintf(before, sizeof before, "%.*s", last ? (int)(last + 1 - c->typed) : *c->typed == '-', c->typed);
		json_array_foreach (json_object_get(entity, "fields"), i, field)
			offer(c, before, text_of(field, "name"), text_of(field, "label"));
	}
}

/* ---- words ---- */

static void offer_first(const struct complete *c)
{
	const json_t *entities = catalogue(c->cli), *entity;
	char noun[64];
	size_t i;

	for (const struct command *command = commands; command->name; command++)
		if (!command->hidden)
			offer(c, "", command->name, command->help);
	json_array_foreach (entities, i, entity)
		offer(c, "", dashed(text_of(entity, "name"), noun, sizeof noun), text_of(entity, "label"));
}

static void offer_nouns(const struct complete *c)
{
	const json_t *entities = catalogue(c->cli), *entity;
	char noun[64];
	size_t i;

	json_array_foreach (entities, i, entity)
		offer(c, "", dashed(text_of(entity, "name"), noun, sizeof noun), text_of(entity, "label"));
}

static void offer_verbs(const struct complete *c, const json_t *entity)
{
	const json_t *verb;
	char word[64];
	size_t i;

	offer(c, "", "list", "a table");
	offer(c, "", "show", "one of them");
	json_array_foreach (json_object_get(entity, "verbs"), i, verb)
		offer(c, "", dashed(text_of(verb, "name"), word, sizeof word), text_of(verb, "label"));
}

static void offer_after_verb(const struct complete *c, const json_t *entity)
{
	const json_t *verb = verb_find(entity, c->words[1]);
	bool object = !strcmp(c->words[1], "show") || (verb && strcmp(text_of(verb, "on"), "collection"));
	json_t *rows;

	if (!strcmp(c->words[1], "list")) {
		offer_fields(c, json_object_get(entity, "fields"));
	} else if (object && c->count == 2) {
		offer_objects(c, entity, "", c->typed);
	} else if (verb) {
		rows = verb_fields(entity, verb);
		offer_fields(c, rows);
		json_decref(rows);
	}
}

static void offer_command(const struct complete *c)
{
	static const struct {
		const char *command, *words;
	} fixed[] = {
		{ "config", "check show" },
		{ "completion", "bash zsh fish" },
		{ "task", "show wait cancel" },
		{ "schedule", "preview" },
	};

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (!strcmp(fixed[i].command, c->words[0]) && c->count == 1) {
			char copy[64], *rest = copy;

			snprintf(copy, sizeof copy, "%s", fixed[i].words);
			for (char *word; (word = strsep(&rest, " "));)
				offer(c, "", word, "");
		}
	if (!strcmp(c->words[0], "help") && c->count == 1)
		offer_first(c);
	else if (!strcmp(c->words[0], "help") && c->count == 2)
		offer_verbs(c, entity_find(c->cli, c->words[1]));
	else if (c->count == 1 && (!strcmp(c->words[0], "export") || !strcmp(c->words[0], "describe") || !strcmp(c->words[0], "watch")))
		offer_nouns(c);
	else if (c->count > 1 && (!strcmp(c->words[0], "export") || !strcmp(c->words[0], "watch")))
		offer_fields(c, json_object_get(entity_find(c->cli, c->words[1]), "fields"));
}

int command_complete(struct cli *cli)
{
	struct complete c = { .cli = cli, .typed = cli->count > 1 ? cli->words[cli->count - 1] : "" };
	const struct option_row *waiting = NULL;
	const json_t *entity;

	cli->options.no_ask_password = true;
	cli->timeout = PATIENCE;
	c.words = calloc(cli->count + 1, sizeof *c.words);
	if (!c.words)
		abort();
	for (size_t i = 1; i + 1 < cli->count; i++) {
		const struct option_row *row = option_of(cli->words[i]);

		if (waiting)
			waiting = NULL;
		else if (row)
			waiting = row->argument && *row->argument != '=' && !strchr(cli->words[i], '=') ? row : NULL;
		else if (cli->words[i][0] != '-')
			c.words[c.count++] = cli->words[i];
	}
	if (waiting)
		offer_option_values(&c, waiting);
	else if (*c.typed == '-')
		offer_options(&c);
	else if (!c.count)
		offer_first(&c);
	else if (command_named(c.words[0]))
		offer_command(&c);
	else if ((entity = entity_find(cli, c.words[0])) && c.count == 1)
		offer_verbs(&c, entity);
	else if (entity)
		offer_after_verb(&c, entity);
	free(c.words);
	memset(&cli->failure, 0, sizeof cli->failure);
	return 0;
}
