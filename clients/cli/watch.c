/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes: those since a sequence number, and those to come. While watching, the daemon or the bus may be replaced: then we
 * subscribe again and ask Changes for what was missed, so that nothing is lost and nothing is told twice.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum {
	PAGE = 500,
	QUIET_MS = 60000,
	RETRY_MS = 500,
	RETRIES = 60
};

static void change_print(struct cli *cli, int64_t sequence, const char *path, const char *what, int64_t version)
{
	struct buffer object = { 0 };
	json_t *line;

	if (cli->json) {
		line = json_pack("{s:I, s:s, s:s}", "sequence", (json_int_t)sequence, "change", what, "object", path);
		if (version > 0)
			json_object_set_new(line, "version", json_integer(version));
		cli->json = JSON_SHORT; /* a line each */
		out_json(cli, line);
		json_decref(line);
	} else {
		path_text(cli, path, &object);
		printf("%lld  %-8s  ", (long long)sequence, what);
		out_text(buffer_string(&object));
		putchar('\n');
		buffer_free(&object);
	}
	fflush(stdout);
}

/* Pages of Changes after *after; each told to `seen`. */
static int changes_each(struct cli *cli, int64_t *after, int64_t most, bool (*seen)(struct cli *, const json_t *row, void *), void *data)
{
	int64_t count = 0;
	bool more = true;

	while (more && (most == NONE_GIVEN || count < most)) {
		int64_t left = most == NONE_GIVEN || most - count > PAGE ? PAGE : most - count;
		json_t *reply, *row;
		size_t i;

		if (cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "Changes", "tu",
			    json_pack("[I, I]", (json_int_t)*after, (json_int_t)left), &reply))
			return -1;
		json_array_foreach (json_array_get(reply, 0), i, row) {
			*after = json_integer_value(json_array_get(row, 0));
			count += seen(cli, row, data);
		}
		more = json_is_true(json_array_get(reply, 1)) && json_array_size(json_array_get(reply, 0));
		json_decref(reply);
	}
	return 0;
}

/* ---- changes ---- */

static bool change_row(struct cli *cli, const json_t *row, void *data)
{
	struct buffer object = { 0 };
	char sequence[24];

	if (cli->json) {
		json_array_append_new(data,
			json_pack("{s:O, s:O, s:O}", "sequence", json_array_get(row, 0), "change", json_array_get(row, 2), "object",
				json_array_get(row, 1)));
		return true;
	}
	snprintf(sequence, sizeof sequence, "%lld", (long long)json_integer_value(json_array_get(row, 0)));
	path_text(cli, text_at(row, 1), &object);
	table_cell(data, sequence);
	table_cell(data, text_at(row, 2));
	table_cell(data, buffer_string(&object));
	buffer_free(&object);
	return true;
}

int command_changes(struct cli *cli)
{
	int64_t after = cli->after == NONE_GIVEN ? 0 : cli->after;
	struct table *table = table_new();
	json_t *array = json_array();
	int r;

	table_column(table, "sequence", RIGHT);
	table_column(table, "change", 0);
	table_column(table, "object", 0);
	r = changes_each(cli, &after, cli->limit, change_row, cli->json ? (void *)array : (void *)table);
	if (!r && cli->json)
		out_json(cli, array);
	if (!r && !cli->json)
		pager_open(cli);
	if (cli->json || r)
		cli->options.no_legend = true; /* the empty table is only freed */
	table_print(cli, table);
	json_decref(array);
	return r;
}

/* ---- watch ---- */

struct watch {
	json_t *options;               /* of Subscribe */
	const char *collection, *path; /* what is watched; path NULL: all of the collection */
	int64_t last;                  /* sequence number told last; 0: none yet */
};

static int watch_prepare(struct cli *cli, struct watch *watch)
{
	const json_t *entity = entity_named(cli, cli->words[1]);
	struct assignment assignment;
	json_t *filter;
	char *path;

	if (!entity)
		return -1;
	watch->collection = text_of(entity, "collection");
	if (cli->count == 3 && !assignment_parse(cli->words[2], &assignment)) {
		if (resolve(cli, entity, cli->words[2], &path))
			return -1;
		watch->options = json_pack("{s:o}", "paths", bus_typed("ao", json_pack("[s]", path)));
		watch->path = path;
		return 0;
	}
	if (filter_build(cli, entity, cli->words + 2, cli->count - 2, &filter))
		return -1;
	watch->options = json_pack("{s:s}", "collection", watch->collection);
	if (json_array_size(filter))
		json_object_set_new(watch->options, "filter", bus_typed("a(ssv)", filter));
	else
		json_decref(filter);
	return 0;
}

static bool is_watched(const struct watch *watch, const char *path)
{
	size_t length = strlen(watch->collection);

	if (watch->path)
		return !strcmp(watch->path, path);
	return !strncmp(path, BUS_ROOT "/", strlen(BUS_ROOT "/")) && !strncmp(path + strlen(BUS_ROOT "/"), watch->collection, length) &&
		path[strlen(BUS_ROOT "/") + length] == '/';
}

static bool missed_row(struct cli *cli, const json_t *row, void *data)
{
	struct watch *watch = data;

	if (!is_watched(watch, text_at(row, 1)))
		return false;
	change_print(cli, json_integer_value(json_array_get(row, 0)), text_at(row, 1), text_at(row, 2), 0);
	return true;
}

/* Subscribes, waiting for a daemon that is being restarted; then tells what was missed meanwhile. */
static int watch_subscribe(struct cli *cli, struct watch *watch, bool again)
{
	int r = -1;

	for (int i = 0; i < (again ? RETRIES : 1); i++) {
		r = cli_bus(cli) ? bus_listen(cli->bus, &cli->failure) : -1;
		if (!r)
			r = cli_call(cli, 0, BUS_ROOT, BUS_MANAGER, "Subscribe", "a{sv}", json_pack("[O]", watch->options), NULL);
		if (!r || !again || failure_status(cli->failure.name) != EXIT_UNREACHABLE)
			break;
		usleep(RETRY_MS * 1000);
	}
	if (!r && again && watch->last)
		r = changes_each(cli, &watch->last, NONE_GIVEN, missed_row, watch);
	return r;
}

static void watch_signal(struct cli *cli, struct watch *watch, const struct bus_signal *signal)
{
	int64_t sequence = json_integer_value(json_array_get(signal->arguments, 2));

	if (strcmp(signal->interface, BUS_COLLECTION) || sequence <= watch->last)
		return;
	watch->last = sequence;
	change_print(
		cli, sequence, text_at(signal->arguments, 0), signal->member, json_integer_value(json_array_get(signal->arguments, 1)));
}

int command_watch(struct cli *cli)
{
	struct watch watch = { 0 };
	int r = watch_prepare(cli, &watch);

	if (!r)
		r = watch_subscribe(cli, &watch, false);
	while (r >= 0) {
		struct bus_signal signal = { 0 };

		r = bus_next_signal(cli->bus, QUIET_MS, &signal, &cli->failure);
		if (r == 1)
			watch_signal(cli, &watch, &signal);
		bus_signal_free(&signal);
		if (r == 2 || r < 0)
			r = watch_subscribe(cli, &watch, true);
	}
	json_decref(watch.options);
	free((char *)(uintptr_t)watch.path);
	return r;
}
