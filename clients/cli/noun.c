/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every entity can do: list, show. Columns, filters and headings come from the catalogue.
 *
 * On a terminal a list ends after some screens unless --all or --limit says otherwise; anywhere else it is complete, because
 * a script that gets a part without knowing is worse off than one that waits.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
	TERMINAL_ROWS = 500,
	ANY = 0
};

struct list {
	const json_t *entity;
	json_t *filter, *columns; /* columns: field rows, id first */
	const char *order;
	int64_t limit; /* ANY: all */
	json_t *rows;
	bool more;
};

/* ---- which columns ---- */

static bool is_shown(const json_t *field)
{
	const char *class = text_of(field, "class");

	return strcmp(class, "sealed") != 0;
}

static void column_add(json_t *columns, json_t *field)
{
	json_t *each;
	size_t i;

	json_array_foreach (columns, i, each)
		if (each == field)
			return;
	json_array_append(columns, field);
}

static int columns_named(struct cli *cli, struct list *list, const char *names)
{
	json_t *asked = json_array(), *name, *field;
	char *copy = strdup(names), *rest = copy;
	size_t i;
	int r = 0;

	for (char *word; (word = strsep(&rest, ", "));)
		if (*word)
			json_array_append_new(asked, json_string(word));
	free(copy);
	json_array_foreach (asked, i, name) {
		field = field_named(list->entity, json_string_value(name));
		if (field) {
			column_add(list->columns, field);
			continue;
		}
		r = no_such_field(cli, json_object_get(list->entity, "fields"), json_string_value(name), text_of(list->entity, "label"));
		break;
	}
	json_decref(asked);
	return r;
}

/* Leaves of the roles held those that read the field too. False, with nothing changed, if none does. */
static bool narrow(json_t **held, const json_t *field)
{
	const json_t *readers = json_object_get(field, "readers"), *role;
	json_t *left;
	size_t i;

	if (!field || !readers || in_list(readers, "anyone"))
		return true;
	left = json_array();
	json_array_foreach (*held, i, role)
		if (in_list(readers, json_string_value(role)))
			json_array_append(left, (json_t *)(uintptr_t)role);
	if (!json_array_size(left)) {
		json_decref(left);
		return false;
	}
	json_decref(*held);
	*held = left;
	return true;
}

/* The caller's roles that read what the list is filtered and ordered by. A list shows the rows over which one role reads all the
 * fields that it names, so the usual columns are those that such a role reads together. NULL: none, and the daemon shall say why. */
static json_t *roles_held(struct cli *cli, const struct list *list)
{
	const char *order = *list->order ? list->order + (*list->order == '-') : text_of(list->entity, "order");
	struct failure kept = cli->failure;
	json_t *reply, *held, *element;
	bool able;
	size_t i;

	if (cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "WhoAmI", "", NULL, &reply)) {
		cli->failure = kept;
		return NULL;
	}
	held = json_incref(json_object_get(json_array_get(reply, 0), "roles"));
	json_decref(reply);
	able = held && narrow(&held, field_named(list->entity, "id")) && narrow(&held, field_named(list->entity, order));
	json_array_foreach (list->filter, i, element)
		able = able && narrow(&held, field_named(list->entity, text_at(element, 0)));
	if (able)
		return held;
	json_decref(held);
	return NULL;
}

/* A label made of a link's is seen in the link's column. */
static bool is_said_by_link(struct cli *cli, const json_t *entity, const json_t *label)
{
	const json_t *field, *other;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field) {
		if (!has_flag(label, "computed") || !has_flag(field, "listed") || !is_kind(field, "link"))
			continue;
		other = label_field(entity_of_collection(cli, text_of(field, "to")));
		if (has_flag(other, "computed"))
			return true;
	}
	return false;
}

static bool is_column(struct cli *cli, const json_t *entity, const json_t *field)
{
	if (!is_shown(field) || has_flag(field, "listed"))
		return is_shown(field);
	return has_flag(field, "label") && !is_said_by_link(cli, entity, field);
}

static int columns_choose(struct cli *cli, struct list *list)
{
	json_t *field, *held;
	size_t i;

	list->columns = json_array();
	column_add(list->columns, field_named(list->entity, "id"));
	if (cli->options.fields)
		return columns_named(cli, list, cli->options.fields);
	held = roles_held(cli, list);
	json_array_foreach (json_object_get(list->entity, "fields"), i, field)
		if (is_column(cli, list->entity, field) && (!held || narrow(&held, field)))
			column_add(list->columns, field);
	json_decref(held);
	return 0;
}

/* ---- asking ---- */

static json_t *names_of(const json_t *columns)
{
	json_t *names = json_array(), *field;
	size_t i;

	json_array_foreach (columns, i, field)
		json_array_append(names, json_object_get(field, "name"));
	return names;
}

static int list_page(struct cli *cli, struct list *list, const char *path, char **cursor, int64_t limit)
{
	json_t *reply, *rows;
	int r;

	r = cli_call(cli, BUS_REPEAT, path, BUS_COLLECTION, "List", "a(ssv)asssu",
		json_pack("[O, o, s, s, I]", list->filter, names_of(list->columns), list->order, *cursor, (json_int_t)limit), &reply);
	if (r)
		return r;
	rows = json_array_get(reply, 0);
	free(*cursor);
	*cursor = strdup(text_at(reply, 1));
	if (!json_is_array(rows))
		r = failed(&cli->failure, ERROR_MALFORMED, "the daemon answered List without rows");
	else
		json_array_extend(list->rows, rows);
	json_decref(reply);
	return r;
}

static int list_ask(struct cli *cli, struct list *list)
{
	char *cursor = strdup(""), *path;
	int r;

	if (asprintf(&path, BUS_ROOT "/%s", text_of(list->entity, "collection")) < 0)
		abort();
	list->rows = json_array();
	do {
		int64_t left = list->limit == ANY ? ANY : list->limit - (int64_t)json_array_size(list->rows);

		r = list_page(cli, list, path, &cursor, left > UINT32_MAX ? ANY : left);
		if (!r && list->limit != ANY && (int64_t)json_array_size(list->rows) >= list->limit)
			break;
	} while (!r && *cursor);
	list->more = *cursor;
	free(cursor);
	free(path);
	return r;
}

/* ---- showing ---- */

static void list_labels(struct cli *cli, const struct list *list)
{
	json_t *field, *row;
	size_t i, j;

	json_array_foreach (list->columns, i, field) {
		json_t *paths;

		if (!is_kind(field, "link"))
			continue;
		paths = json_array();
		json_array_foreach (list->rows, j, row)
			json_array_append(paths, json_array_get(row, i));
		labels_learn(cli, text_of(field, "to"), paths);
		json_decref(paths);
	}
}

static unsigned column_flags(const json_t *field)
{
	if (is_kind(field, "number") || is_kind(field, "real"))
		return RIGHT;
	return is_kind(field, "text") || is_kind(field, "words") || is_kind(field, "link") ? SHRINKS : 0;
}

static void list_table(struct cli *cli, const struct list *list)
{
	struct table *table = table_new();
	json_t *field, *row;
	size_t i, j;

	list_labels(cli, list);
	json_array_foreach (list->columns, i, field)
		table_column(table, text_of(field, "name"), column_flags(field));
	json_array_foreach (list->rows, j, row)
		json_array_foreach (list->columns, i, field)
			table_cell_value(cli, table, field, json_array_get(row, i));
	table_print(cli, table);
}

static void list_json(struct cli *cli, const struct list *list)
{
	json_t *objects = json_array(), *field, *row;
	size_t i, j;

	json_array_foreach (list->rows, j, row) {
		json_t *object = json_object();
		long long id = json_integer_value(json_array_get(row, 0));

		json_object_set_new(object, "object", json_sprintf(BUS_ROOT "/%s/%lld", text_of(list->entity, "collection"), id));
		json_array_foreach (list->columns, i, field)
			json_object_set_new(object, text_of(field, "name"), value_json(field, json_array_get(row, i)));
		json_array_append_new(objects, object);
	}
	out_json(cli, objects);
	json_decref(objects);
}

static void list_show(struct cli *cli, const struct list *list)
{
	size_t count = json_array_size(list->rows);

	if (cli->json) {
		list_json(cli, list);
	} else {
		pager_open(cli);
		if (count)
			list_table(cli, list);
		if (cli->terminal.out && !cli->options.no_legend)
			printf("%s%zu shown%s\n", count ? "\n" : "", count, list->more ? "; there are more: --all or --limit N" : "");
	}
	if (list->more && (cli->json || !cli->terminal.out) && !cli->options.limit)
		note(cli, "not all were shown; say --all");
}

static int list_prepare(struct cli *cli, struct list *list, char *const *words, size_t count)
{
	const char *order = cli->options.order;

	list->order = order ? order : "";
	if (filter_build(cli, list->entity, words, count, &list->filter))
		return -1;
	if (order && !field_named(list->entity, order + (*order == '-')))
		return no_such_field(cli, json_object_get(list->entity, "fields"), order + (*order == '-'), text_of(list->entity, "label"));
	list->limit = cli->limit != NONE_GIVEN ? cli->limit : cli->terminal.out && !cli->json && !cli->options.all ? TERMINAL_ROWS : ANY;
	return columns_choose(cli, list);
}

static int noun_list(struct cli *cli, const json_t *entity)
{
	struct list list = { .entity = entity };
	int r = list_prepare(cli, &list, cli->words + 2, cli->count - 2);

	if (!r)
		r = list_ask(cli, &list);
	if (!r)
		list_show(cli, &list);
	json_decref(list.filter);
	json_decref(list.columns);
	json_decref(list.rows);
	return r;
}

/* ---- one object ---- */

static void show_json(struct cli *cli, const json_t *entity, const char *path, json_t *properties)
{
	json_t *object = json_pack("{s:s}", "object", path), *field;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field) {
		json_t *value = json_object_get(properties, text_of(field, "member"));

		if (value)
			json_object_set_new(object, text_of(field, "name"), value_json(field, value));
	}
	out_json(cli, object);
	json_decref(object);
}

static void show_labels(struct cli *cli, const json_t *entity, json_t *properties)
{
	json_t *field;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field) {
		json_t *value = json_object_get(properties, text_of(field, "member")), *paths;

		if (!value || !is_kind(field, "link"))
			continue;
		paths = json_pack("[O]", value);
		labels_learn(cli, text_of(field, "to"), paths);
		json_decref(paths);
	}
}

static void show_pairs(struct cli *cli, const json_t *entity, json_t *properties)
{
	json_t *field;
	int width = 0;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field)
		if (json_object_get(properties, text_of(field, "member")) && !has_flag(field, "machine") &&
			(int)strlen(text_of(field, "name")) > width)
			width = (int)strlen(text_of(field, "name"));
	json_array_foreach (json_object_get(entity, "fields"), i, field) {
		json_t *value = json_object_get(properties, text_of(field, "member"));
		struct buffer text = { 0 };

		if (!value || has_flag(field, "machine"))
			continue;
		value_text(cli, field, value, &text);
		if (text.length && *text_of(field, "unit") && !is_clock(field))
			buffer_print(&text, " %s", text_of(field, "unit"));
		(value_alarms(field, value) ? out_pair_red : out_pair)(
			cli, text_of(field, "name"), text.length ? buffer_string(&text) : "-", width);
		buffer_free(&text);
	}
}

/* Which verbs this state allows; whether this caller may call them, the daemon says when asked. */
static void show_verbs(struct cli *cli, const json_t *entity, json_t *properties)
{
	const json_t *state_field = field_named(entity, "state"), *verb;
	const char *state = text_of(properties, text_of(state_field, "member"));
	struct buffer list = { 0 };
	char word[64];
	size_t i;

	json_array_foreach (json_object_get(entity, "verbs"), i, verb) {
		const json_t *from = json_object_get(verb, "from");

		if (strcmp(text_of(verb, "on"), "collection") && (!json_array_size(from) || in_list(from, state)))
			buffer_print(&list, "%s%s", list.length ? ", " : "", dashed(text_of(verb, "name"), word, sizeof word));
	}
	if (list.length && cli->terminal.out && !cli->options.no_legend)
		printf("\nverbs in this state: %s\n", buffer_string(&list));
	buffer_free(&list);
}

static int noun_show(struct cli *cli, const json_t *entity)
{
	json_t *properties;
	char *path;

	if (cli->count != 3)
		return usage(cli, "", "show wants one object: its number or what it is called");
	if (resolve(cli, entity, cli->words[2], &path))
		return -1;
	if (bus_properties(cli_bus(cli), path, text_of(entity, "interface"), &properties, &cli->failure)) {
		free(path);
		return -1;
	}
	if (cli->json) {
		show_json(cli, entity, path, properties);
	} else {
		show_labels(cli, entity, properties);
		pager_open(cli);
		show_pairs(cli, entity, properties);
		show_verbs(cli, entity, properties);
	}
	json_decref(properties);
	free(path);
	return 0;
}

/* ---- dispatch ---- */

static int no_verb(struct cli *cli, const json_t *entity, const char *word)
{
	struct nearest nearest = { .typed = word };
	char words[64][64], noun[64];
	const json_t *verb;
	size_t i;

	near_try(&nearest, "list");
	near_try(&nearest, "show");
	json_array_foreach (json_object_get(entity, "verbs"), i, verb)
		if (i < 64)
			near_try(&nearest, dashed(text_of(verb, "name"), words[i], sizeof words[i]));
	dashed(text_of(entity, "name"), noun, sizeof noun);
	if (nearest.word)
		return usage(cli, noun, "a %s cannot '%s'; did you mean '%s'?", noun, word, nearest.word);
	return usage(cli, noun, "a %s cannot '%s'", noun, word);
}

int noun_run(struct cli *cli, const json_t *entity)
{
	const char *word = cli->count > 1 ? cli->words[1] : "list";
	const json_t *verb;

	if (cli->options.help)
		return help_about(cli, cli->words[0], cli->count > 1 ? word : NULL);
	if (!strcmp(word, "list")) {
		if (cli->count == 1)
			cli->count = 2;
		return noun_list(cli, entity);
	}
	if (!strcmp(word, "show"))
		return noun_show(cli, entity);
	if (!strcmp(word, "help"))
		return help_about(cli, cli->words[0], cli->count > 2 ? cli->words[2] : NULL);
	verb = verb_find(entity, word);
	if (!verb && (!strcmp(word, "import") || !strcmp(word, "export"))) { /* the commands, with the noun first */
		cli->words[1] = cli->words[0];
		cli->words[0] = (char *)(uintptr_t)word;
		return command_run(cli, command_named(word));
	}
	return verb ? verb_command(cli, entity, verb) : no_verb(cli, entity, word);
}
