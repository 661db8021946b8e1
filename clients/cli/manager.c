/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands over the manager: what waits, how the daemon is, and what an administrator does to it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Calls a member of the manager that takes one dictionary (given up) and answers one value. */
static int ask_manager(struct cli *cli, int flags, const char *member, json_t *options, json_t **ret)
{
	json_t *reply;

	if (cli_call(cli, flags, BUS_ROOT, BUS_MANAGER, member, "a{sv}", json_pack("[o]", options), &reply))
		return -1;
	*ret = json_incref(json_array_get(reply, 0));
	json_decref(reply);
	return *ret ? 0 : failed(&cli->failure, ERROR_MALFORMED, "the daemon answered %s with nothing", member);
}

static json_t *instant_json(const json_t *instant)
{
	char printed[DATE_TEXT];

	return json_is_integer(instant) ? json_string(instant_print(json_integer_value(instant), printed)) : json_null();
}

static void learn_of(struct cli *cli, const json_t *rows, const char *key)
{
	json_t *by_collection = json_object(), *row, *paths;
	const char *collection;
	size_t i;

	json_array_foreach (rows, i, row) {
		const json_t *entity = entity_of_path(cli, text_of(row, key));

		if (!entity)
			continue;
		if (!json_object_get(by_collection, text_of(entity, "collection")))
			json_object_set_new(by_collection, text_of(entity, "collection"), json_array());
		json_array_append(json_object_get(by_collection, text_of(entity, "collection")), json_object_get(row, key));
	}
	json_object_foreach (by_collection, collection, paths)
		labels_learn(cli, collection, paths);
	json_decref(by_collection);
}

/* ---- today ---- */

/* On a terminal, where room is dear: a column that says the same in each row, or nothing, is left out. */
static bool says_something(struct cli *cli, const json_t *rows, const char *key)
{
	const json_t *row, *first = json_object_get(json_array_get(rows, 0), key);
	size_t i;

	if (!cli->terminal.out || cli->options.full || json_array_size(rows) < 2)
		return true;
	json_array_foreach (rows, i, row)
		if (!json_equal(json_object_get(row, key), first) && (json_object_get(row, key) || first))
			return true;
	return false;
}

static void agenda_row(struct cli *cli, struct table *table, const json_t *row, int64_t now, bool due, bool of_program)
{
	const char *program = text_of(row, "program"), *label = label_known(cli, program);
	struct buffer object = { 0 };

	path_text(cli, text_of(row, "object"), &object);
	table_cell_instant(cli, table, json_object_get(row, "since"), INT64_MIN);
	if (due)
		table_cell_instant(cli, table, json_object_get(row, "due"), now);
	table_cell(table, text_of(row, "kind"));
	table_cell(table, text_of(row, "label"));
	table_cell(table, buffer_string(&object));
	if (of_program)
		table_cell(table, label ? label : *program && strcmp(program, "/") ? strrchr(program, '/') + 1 : "");
	buffer_free(&object);
}

enum {
	AGENDA_MOST = 500 /* so many the daemon tells at once */
};

static void agenda_table(struct cli *cli, const json_t *rows)
{
	struct table *table = table_new();
	int64_t now = cli_now(cli);
	bool due = says_something(cli, rows, "due"), of_program = says_something(cli, rows, "program");
	char printed[DATE_TEXT];
	const json_t *row;
	size_t i;

	learn_of(cli, rows, "program");
	table_column(table, "since", 0);
	if (due)
		table_column(table, "due", 0);
	table_column(table, "what", SHRINKS);
	table_column(table, "about", SHRINKS);
	table_column(table, "object", 0);
	if (of_program)
		table_column(table, "program", SHRINKS);
	json_array_foreach (rows, i, row)
		agenda_row(cli, table, row, now, due, of_program);
	pager_open(cli);
	if (!cli->options.no_legend)
		printf("%s: %zu%s waiting%s\n", instant_show(now, cli->zone, printed), json_array_size(rows),
			json_array_size(rows) < AGENDA_MOST ? "" : " and more",
			json_array_size(rows) < AGENDA_MOST ? "" : ", of each kind the oldest");
	table_print(cli, table);
}

static json_t *with_instants(const json_t *rows, const char *const *keys)
{
	json_t *copy = json_deep_copy(rows), *row;
	size_t i;

	json_array_foreach (copy, i, row)
		for (const char *const *key = keys; *key; key++)
			json_object_set_new(row, *key, instant_json(json_object_get(row, *key)));
	return copy;
}

int command_today(struct cli *cli)
{
	static const char *const instants[] = { "since", "due", NULL };
	json_t *rows, *shown;

	if (ask_manager(cli, BUS_REPEAT, "Agenda", json_object(), &rows))
		return -1;
	if (cli->json) {
		shown = with_instants(rows, instants);
		out_json(cli, shown);
		json_decref(shown);
	} else if (json_array_size(rows)) {
		agenda_table(cli, rows);
	} else if (!cli->options.quiet) {
		printf("nothing waits for you\n");
	}
	if (!cli->json && json_is_true(json_object_get(cli_manager(cli), "Held")))
		note(cli, "This database was restored: mail and jobs are held until an administrator says 'mentorctl resume'.");
	json_decref(rows);
	return 0;
}

/* ---- status, whoami ---- */

int command_status(struct cli *cli)
{
	const json_t *manager = cli_manager(cli), *value;
	json_t *shown = json_object();
	const char *name;
	char word[64];
	int width = 0;

	if (!manager) {
		json_decref(shown);
		return -1;
	}
	json_object_foreach ((json_t *)(uintptr_t)manager, name, value) {
		dashed(name, word, sizeof word);
		for (char *p = word; *p; p++)
			*p = *p == '-' ? '_' : *p;
		json_object_set_new(shown, word, !strcmp(name, "Now") ? instant_json(value) : json_incref((json_t *)(uintptr_t)value));
		width = (int)strlen(word) > width ? (int)strlen(word) : width;
	}
	if (cli->json)
		out_json(cli, shown);
	else
		json_object_foreach (shown, name, value) {
			struct buffer text = { 0 };
			char printed[DATE_TEXT];

			if (!strcmp(name, "now"))
				buffer_text(&text, instant_show(cli_now(cli), cli->zone, printed));
			else
				value_text(cli, NULL, value, &text);
			out_pair(cli, name, text.length ? buffer_string(&text) : "-", width);
			buffer_free(&text);
		}
	json_decref(shown);
	return 0;
}

int command_whoami(struct cli *cli)
{
	json_t *reply, *me, *paths;
	struct buffer roles = { 0 }, person = { 0 };

	if (cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "WhoAmI", "", NULL, &reply))
		return -1;
	me = json_array_get(reply, 0);
	if (cli->json) {
		if (!strcmp(text_of(me, "person"), "/"))
			json_object_set_new(me, "person", json_null());
		out_json(cli, me);
	} else {
		char uid[24];

		paths = json_pack("[s]", text_of(me, "person"));
		if (entity_of_path(cli, text_of(me, "person")))
			labels_learn(cli, text_of(entity_of_path(cli, text_of(me, "person")), "collection"), paths);
		json_decref(paths);
		snprintf(uid, sizeof uid, "%lld", (long long)json_integer_value(json_object_get(me, "uid")));
		path_text(cli, text_of(me, "person"), &person);
		if (label_known(cli, text_of(me, "person")))
			buffer_print(&person, " %s", label_known(cli, text_of(me, "person")));
		words_text(json_object_get(me, "roles"), &roles);
		out_pair(cli, "uid", uid, 6);
		out_pair(cli, "person", person.length ? buffer_string(&person) : "-", 6);
		out_pair(cli, "roles", roles.length ? buffer_string(&roles) : "-", 6);
		buffer_free(&roles);
		buffer_free(&person);
	}
	json_decref(reply);
	return 0;
}

/* ---- for administrators ---- */

int command_backup(struct cli *cli)
{
	json_t *result;

	if (ask_manager(cli, 0, "Backup", json_object(), &result))
		return -1;
	if (cli->json)
		out_json(cli, result);
	else
		out_text(text_of(result, "name")), putchar('\n');
	json_decref(result);
	return 0;
}

int command_verify_audit(struct cli *cli)
{
	static const char *const order[] = { "whole", "records", "head", "erased", "first_bad", "what" };
	json_t *result;
	bool whole;

	if (ask_manager(cli, BUS_REPEAT, "VerifyAudit", json_object(), &result))
		return -1;
	whole = json_is_true(json_object_get(result, "whole"));
	if (cli->json)
		out_json(cli, result);
	else
		for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
			json_t *value = json_object_get(result, order[i]);
			struct buffer text = { 0 };

			if (!value || (whole && i > 3))
				continue;
			value_text(cli, NULL, value, &text);
			out_pair(cli, order[i], text.length ? buffer_string(&text) : "-", 9);
			buffer_free(&text);
		}
	json_decref(result);
	return whole ? 0 : EXIT_OTHER;
}

int command_resume(struct cli *cli)
{
	json_t *preview, *result;
	long long messages, jobs;

	if (ask_manager(cli, BUS_REPEAT, "Resume", json_pack("{s:b}", "dry_run", true), &preview))
		return -1;
	messages = json_integer_value(json_object_get(preview, "messages"));
	jobs = json_integer_value(json_object_get(preview, "jobs"));
	if (cli->options.dry_run) {
		if (cli->json)
			out_json(cli, preview);
		else
			printf("%lld messages would go out, %lld jobs would run\n", messages, jobs);
		json_decref(preview);
		return 0;
	}
	json_decref(preview);
	if (!confirm(cli, "%lld messages will go out and %lld jobs will run. Go on?", messages, jobs))
		return -1;
	if (ask_manager(cli, 0, "Resume", json_object(), &result))
		return -1;
	if (cli->json)
		out_json(cli, result);
	else if (!cli->options.quiet)
		printf("resumed: %lld messages, %lld jobs\n", (long long)json_integer_value(json_object_get(result, "messages")),
			(long long)json_integer_value(json_object_get(result, "jobs")));
	json_decref(result);
	return 0;
}

int command_advance_clock(struct cli *cli)
{
	char printed[DATE_TEXT];
	json_t *reply, *result;
	int64_t until;

	if (read_instant(cli, cli->words[1], &until) ||
		cli_call(cli, 0, BUS_ROOT, BUS_MANAGER, "AdvanceClock", "x", json_pack("[I]", (json_int_t)until), &reply))
		return -1;
	result = json_array_get(reply, 0);
	if (cli->json) {
		json_object_set_new(result, "now", instant_json(json_object_get(result, "now")));
		out_json(cli, result);
	} else if (!cli->options.quiet) {
		printf("now %s, %lld jobs ran\n", instant_show(json_integer_value(json_object_get(result, "now")), cli->zone, printed),
			(long long)json_integer_value(json_object_get(result, "jobs")));
	}
	json_decref(reply);
	return 0;
}

int command_reload(struct cli *cli)
{
	return cli_call(cli, 0, BUS_ROOT, BUS_MANAGER, "Reload", "", NULL, NULL);
}

/* ---- schedule preview ---- */

static void schedule_table(struct cli *cli, const json_t *rows)
{
	struct table *table = table_new();
	const json_t *row;
	size_t i;

	table_column(table, "due", 0);
	table_column(table, "kind", SHRINKS);
	table_column(table, "object", 0);
	table_column(table, "nominal", 0);
	table_column(table, "zone", 0);
	json_array_foreach (rows, i, row) {
		struct buffer object = { 0 };

		path_text(cli, *text_of(row, "object") ? text_of(row, "object") : "/", &object);
		table_cell_instant(cli, table, json_object_get(row, "due"), INT64_MIN);
		table_cell(table, text_of(row, "kind"));
		table_cell(table, buffer_string(&object));
		table_cell(table, text_of(row, "nominal"));
		table_cell(table, text_of(row, "zone"));
		buffer_free(&object);
	}
	pager_open(cli);
	table_print(cli, table);
}

int command_schedule(struct cli *cli)
{
	static const char *const instants[] = { "due", NULL };
	json_t *options = json_object(), *reply, *rows, *shown;
	int64_t until;

	if (strcmp(cli->words[1], "preview")) {
		json_decref(options);
		return usage(cli, "schedule", "there is 'schedule preview', not 'schedule %s'", cli->words[1]);
	}
	if (read_instant(cli, cli->options.until ? cli->options.until : "+7d", &until)) {
		json_decref(options);
		return -1;
	}
	json_object_set_new(options, "until", json_integer(until));
	if (cli->limit != NONE_GIVEN)
		json_object_set_new(options, "limit", bus_typed("u", json_integer(cli->limit)));
	if (cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "SchedulePreview", "a{sv}", json_pack("[o]", options), &reply))
		return -1;
	rows = json_array_get(reply, 0);
	if (cli->json) {
		shown = with_instants(rows, instants);
		out_json(cli, shown);
		json_decref(shown);
	} else if (json_array_size(rows)) {
		schedule_table(cli, rows);
	} else if (!cli->options.quiet) {
		printf("nothing is planned until then\n");
	}
	if (json_is_true(json_array_get(reply, 1)) && !cli->options.quiet)
		fprintf(stderr, "this is not all: there is more until then; give a nearer --until, or a larger --limit\n");
	json_decref(reply);
	return 0;
}

/* ---- tasks ---- */

static int task_show(struct cli *cli, const char *path)
{
	json_t *task, *shown = json_object();
	const char *name;
	json_t *value;
	char word[64];

	if (bus_properties(cli_bus(cli), path, BUS_TASK, &task, &cli->failure)) {
		json_decref(shown);
		return -1;
	}
	json_object_foreach (task, name, value)
		json_object_set_new(
			shown, dashed(name, word, sizeof word), !strcmp(name, "Started") ? instant_json(value) : json_incref(value));
	if (cli->json)
		out_json(cli, shown);
	else
		json_object_foreach (shown, name, value) {
			struct buffer text = { 0 };
			char printed[DATE_TEXT];

			if (!strcmp(name, "started"))
				buffer_text(&text, instant_show(json_integer_value(json_object_get(task, "Started")), cli->zone, printed));
			else
				value_text(cli, NULL, value, &text);
			out_pair(cli, name, text.length ? buffer_string(&text) : "-", 8);
			buffer_free(&text);
		}
	json_decref(shown);
	json_decref(task);
	return 0;
}

int command_task(struct cli *cli)
{
	const char *word = cli->words[1], *number = cli->words[2];
	char path[128];
	int r;

	snprintf(path, sizeof path, "%s%s", *number == '/' ? "" : BUS_ROOT "/tasks/", number);
	if (!cli_bus(cli))
		return -1;
	if (!strcmp(word, "show"))
		return task_show(cli, path);
	if (!strcmp(word, "cancel")) {
		r = cli_call(cli, 0, path, BUS_TASK, "Cancel", "a{sv}", json_pack("[{}]"), NULL);
		if (!r && !cli->options.quiet && !cli->json)
			printf("asked to stop\n");
		return r;
	}
	if (!strcmp(word, "wait"))
		return result_show(cli, "task", json_pack("{s:s}", "task", path));
	return usage(cli, "task", "a task can 'show', 'wait' and 'cancel', not '%s'", word);
}

/* ---- call-many ---- */

/* One element of the file: {"object", "verb", "arguments": {field: text or value}, "options": {...}}. */
static int many_element(struct cli *cli, const json_t *item, json_t *elements)
{
	const json_t *entity = entity_of_path(cli, text_of(item, "object")), *verb = verb_find(entity, text_of(item, "verb"));
	json_t *arguments = json_object(), *options, *rows, *value, *row;
	const char *name;
	char key[BUS_KEY];
	size_t i;

	if (!entity || !verb) {
		json_decref(arguments);
		return usage(cli, "call-many", "element %zu: there is no verb '%s' on '%s'", json_array_size(elements),
			text_of(item, "verb"), text_of(item, "object"));
	}
	rows = verb_fields(entity, verb);
	json_object_foreach (json_object_get(item, "arguments"), name, value) {
		json_object_set(arguments, name, value);
		json_array_foreach (rows, i, row)
			if (!strcmp(text_of(row, "name"), name) && json_is_string(value)) {
				json_t *typed;

				if (argument_value(cli, row, json_string_value(value), &typed)) {
					json_decref(arguments);
					json_decref(rows);
					return -1;
				}
				json_object_set_new(arguments, name, typed);
			}
	}
	json_decref(rows);
	options = json_object_get(item, "options") ? json_deep_copy(json_object_get(item, "options")) : json_object();
	bus_key(key);
	if (!json_object_get(options, "key") && !has_flag(verb, "answers") && !has_flag(verb, "no_key"))
		json_object_set_new(options, "key", json_string(key));
	if (cli->options.dry_run)
		json_object_set_new(options, "dry_run", json_true());
	if (json_is_string(json_object_get(options, "for")))
		json_object_set_new(options, "for", bus_typed("o", json_incref(json_object_get(options, "for"))));
	json_array_append_new(elements,
		json_pack("[s, s, s, o, o]", text_of(item, "object"), text_of(entity, "interface"), text_of(verb, "name"), arguments,
			options));
	return 0;
}

int command_call_many(struct cli *cli)
{
	json_t *items, *item, *elements, *reply = NULL, *answer;
	json_error_t error;
	char *text;
	size_t i;
	int r = 0, refused = 0;

	if (!catalogue(cli) || input_text(cli, cli->words[1], &text))
		return -1;
	items = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (!json_is_array(items)) {
		json_decref(items);
		return usage(cli, "call-many", "%s: %s", cli->words[1], items ? "is no array of calls" : error.text);
	}
	elements = json_array();
	json_array_foreach (items, i, item)
		if (!r)
			r = many_element(cli, item, elements);
	json_decref(items);
	if (!r)
		r = cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "CallMany", "a(ossa{sv}a{sv})", json_pack("[O]", elements), &reply);
	if (!r) {
		json_t *shown = json_array();

		json_array_foreach (json_array_get(reply, 0), i, answer) {
			json_t *row = json_pack("{s:O}", "object", json_array_get(json_array_get(elements, i), 0));

			json_object_update(row, json_array_get(answer, 1));
			if (*text_at(answer, 0)) {
				refused = refused ? refused : (int)failure_status(text_at(answer, 0));
				json_object_set(row, "error", json_array_get(answer, 0));
			}
			json_array_append_new(shown, row);
		}
		out_json(cli, shown);
		json_decref(shown);
	}
	json_decref(elements);
	json_decref(reply);
	return r ? r : refused;
}
