/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verbs: on a collection (create), on one object, or on many (several objects named, or --where), which go out in hundreds through
 * CallMany. Each call gets an idempotency key of its own, so that one whose reply was lost can be made again without being done twice.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
	AT_ONCE = 100
};

struct task_of {
	const json_t *entity, *verb;
	json_t *arguments;
};

static void verb_word(const struct task_of *job, char *out, size_t size)
{
	char noun[64], word[64];

	snprintf(out, size, "%s %s", dashed(text_of(job->entity, "name"), noun, sizeof noun),
		dashed(text_of(job->verb, "name"), word, sizeof word));
}

/* ---- options of the call ---- */

static int option_for(struct cli *cli, json_t *options)
{
	const json_t *person = entity_named(cli, "person"); /* the option is defined as a person's path */
	char *path;

	if (!person || resolve(cli, person, cli->options.for_whom, &path))
		return -1;
	json_object_set_new(options, "for", bus_typed("o", json_string(path)));
	free(path);
	return 0;
}

static int options_build(struct cli *cli, const struct task_of *job, json_t **ret)
{
	json_t *options = json_object();
	char key[BUS_KEY];
	int r = 0;

	bus_key(key);
	if (cli->options.key)
		json_object_set_new(options, "key", json_string(cli->options.key));
	else if (!has_flag(job->verb, "answers") && !has_flag(job->verb, "no_key") && !cli->options.dry_run)
		json_object_set_new(options, "key", json_string(key));
	if (cli->version != NONE_GIVEN)
		json_object_set_new(options, "version", json_integer(cli->version));
	if (cli->options.dry_run)
		json_object_set_new(options, "dry_run", json_true());
	if (cli->options.reason)
		r = json_object_set_new(options, "reason", json_string(cli->options.reason)) ? usage(cli, "", "--reason is not UTF-8") : 0;
	if (!r && cli->options.for_whom)
		r = option_for(cli, options);
	*ret = r ? NULL : options;
	if (r)
		json_decref(options);
	return r;
}

/* ---- one call ---- */

static int verb_call(struct cli *cli, const struct task_of *job, const char *path, bool collection, json_t **ret)
{
	const char *name = text_of(job->verb, "name");
	const char *interface = collection && !strcmp(name, "Create") ? BUS_COLLECTION : text_of(job->entity, "interface");
	json_t *options, *reply;
	bool keyed;

	if (options_build(cli, job, &options))
		return -1;
	keyed = json_object_get(options, "key") || cli->options.dry_run;
	if (cli_call(cli, keyed ? BUS_REPEAT : 0, path, interface, name, "a{sv}a{sv}", json_pack("[O, o]", job->arguments, options),
		    &reply)) {
		verb_word(job, cli->failure.hint, sizeof cli->failure.hint);
		return -1;
	}
	*ret = json_incref(json_array_get(reply, 0));
	json_decref(reply);
	return json_is_object(*ret) ? 0 : failed(&cli->failure, ERROR_MALFORMED, "the daemon answered %s without a result", name);
}

static int on_one(struct cli *cli, const struct task_of *job, const char *path, bool collection)
{
	char what[160];
	json_t *result;

	if (verb_call(cli, job, path, collection, &result))
		return -1;
	verb_word(job, what, sizeof what);
	return result_show(cli, what, result);
}

/* ---- many calls ---- */

static json_t *many_elements(struct cli *cli, const struct task_of *job, const json_t *paths, size_t from, size_t to)
{
	json_t *elements = json_array(), *options;

	for (size_t i = from; i < to; i++) {
		if (options_build(cli, job, &options)) {
			json_decref(elements);
			return NULL;
		}
		json_array_append_new(elements,
			json_pack("[O, s, s, O, o]", json_array_get(paths, i), text_of(job->entity, "interface"),
				text_of(job->verb, "name"), job->arguments, options));
	}
	return elements;
}

/* One answer of many: shown if refused, counted if done. */
static void many_one(struct cli *cli, const char *path, const json_t *answer, json_t *results)
{
	const char *error = text_at(answer, 0);
	json_t *result = json_array_get(answer, 1), *row = json_pack("{s:s}", "object", path);
	struct buffer what = { 0 };

	if (*error) {
		json_object_set_new(row, "error", json_string(error));
		json_object_set(row, "message", json_object_get(result, "message"));
		if (!*cli->failure.name)
			failed(&cli->failure, error, "%s", text_of(result, "message"));
		path_text(cli, path, &what);
		if (!cli->json)
			note(cli, "%s: %s (%s)", buffer_string(&what), text_of(result, "message"),
				strrchr(error, '.') ? strrchr(error, '.') + 1 : error);
		buffer_free(&what);
	} else {
		json_object_update(row, result);
	}
	json_array_append_new(results, row);
}

static int many_batch(struct cli *cli, const struct task_of *job, const json_t *paths, size_t from, size_t to, json_t *results)
{
	json_t *elements = many_elements(cli, job, paths, from, to), *reply, *answers;
	struct failure first = cli->failure;

	if (!elements)
		return -1;
	if (cli_call(cli, has_flag(job->verb, "answers") || has_flag(job->verb, "no_key") ? 0 : BUS_REPEAT, BUS_ROOT, BUS_MANAGER,
		    "CallMany", "a(ossa{sv}a{sv})", json_pack("[o]", elements), &reply))
		return -1;
	cli->failure = first;
	answers = json_array_get(reply, 0);
	for (size_t i = from; i < to; i++)
		many_one(cli, json_string_value(json_array_get(paths, i)), json_array_get(answers, i - from), results);
	json_decref(reply);
	return 0;
}

static size_t count_refused(const json_t *results)
{
	const json_t *row;
	size_t i, refused = 0;

	json_array_foreach (results, i, row)
		refused += json_object_get(row, "error") != NULL;
	return refused;
}

static int on_many(struct cli *cli, const struct task_of *job, const json_t *paths)
{
	size_t count = json_array_size(paths), refused;
	json_t *results = json_array();
	char what[160];
	int r = 0;

	verb_word(job, what, sizeof what);
	for (size_t from = 0; from < count && !r; from += AT_ONCE) {
		r = many_batch(cli, job, paths, from, from + AT_ONCE < count ? from + AT_ONCE : count, results);
		progress_show((double)json_array_size(results) / (double)count, what, cli);
	}
	progress_end(cli);
	refused = count_refused(results);
	if (cli->json)
		out_json(cli, results);
	else if (!cli->options.quiet)
		printf("%s: %zu %s, %zu refused\n", what, json_array_size(results) - refused,
			cli->options.dry_run ? "would be done" : "done", refused);
	json_decref(results);
	return !r && refused ? (int)failure_status(cli->failure.name) : r;
}

/* ---- which objects ---- */

/* Words before the first name=value are objects. */
static size_t objects_count(struct cli *cli)
{
	struct assignment assignment;
	size_t n = 0;

	while (2 + n < cli->count && !assignment_parse(cli->words[2 + n], &assignment))
		n++;
	return n;
}

static int objects_found(struct cli *cli, const json_t *entity, json_t *paths)
{
	const char *collection = text_of(entity, "collection");
	char *cursor = strdup(""), *path;
	json_t *filter, *reply, *row;
	size_t i;
	int r = filter_build(cli, entity, NULL, 0, &filter);

	if (asprintf(&path, BUS_ROOT "/%s", collection) < 0)
		abort();
	while (!r) {
		r = cli_call(cli, BUS_REPEAT, path, BUS_COLLECTION, "List", "a(ssv)asssu",
			json_pack("[O, [s], s, s, i]", filter, "id", "", cursor, 0), &reply);
		if (r)
			break;
		json_array_foreach (json_array_get(reply, 0), i, row)
			json_array_append_new(paths, json_sprintf("%s/%lld", path, (long long)json_integer_value(json_array_get(row, 0))));
		free(cursor);
		cursor = strdup(text_at(reply, 1));
		json_decref(reply);
		if (!*cursor)
			break;
	}
	json_decref(filter);
	free(cursor);
	free(path);
	return r;
}

static int objects_collect(struct cli *cli, const json_t *entity, size_t named, json_t *paths)
{
	char *path;

	for (size_t i = 0; i < named; i++) {
		if (resolve(cli, entity, cli->words[2 + i], &path))
			return -1;
		json_array_append_new(paths, json_string(path));
		free(path);
	}
	return cli->options.where_count ? objects_found(cli, entity, paths) : 0;
}

static int on_objects(struct cli *cli, struct task_of *job, const json_t *paths)
{
	size_t count = json_array_size(paths);
	struct buffer name = { 0 };
	char what[160];
	int r;

	verb_word(job, what, sizeof what);
	if (!count) {
		note(cli, "nothing passes the filter");
		if (cli->json)
			out_json(cli, paths);
		return 0;
	}
	if (count == 1)
		path_text(cli, json_string_value(json_array_get(paths, 0)), &name);
	else
		buffer_print(&name, "%zu objects", count);
	if ((has_flag(job->verb, "destructive") || cli->options.where_count) && !confirm(cli, "%s: %s?", what, buffer_string(&name))) {
		buffer_free(&name);
		return -1;
	}
	buffer_free(&name);
	r = count == 1 && !cli->options.where_count ? on_one(cli, job, json_string_value(json_array_get(paths, 0)), false)
						    : on_many(cli, job, paths);
	return r;
}

static int verb_checks(struct cli *cli, const struct task_of *job, size_t named)
{
	char what[160];
	bool collection = !strcmp(text_of(job->verb, "on"), "collection");

	verb_word(job, what, sizeof what);
	if (collection && (named || cli->options.where_count))
		return usage(cli, what, "'%s' takes name=value, not '%s'", what, named ? cli->words[2] : "--where");
	if (!collection && !named && !cli->options.where_count)
		return usage(cli, what, "'%s' wants an object: its number or what it is called", what);
	if (has_flag(job->verb, "needs_reason") && !cli->options.reason)
		return usage(cli, what, "'%s' wants a reason: --reason TEXT", what);
	if (cli->options.for_whom && !has_flag(job->verb, "for_somebody"))
		return usage(cli, what, "'%s' cannot be done for somebody", what);
	if ((named > 1 || cli->options.where_count) && (cli->version != NONE_GIVEN || cli->options.key))
		return usage(cli, what, "--version and --key are for one object");
	if ((named > 1 || cli->options.where_count) && has_flag(job->verb, "long"))
		return usage(cli, what, "'%s' is long work: one object at a time", what);
	return 0;
}

int verb_command(struct cli *cli, const json_t *entity, const json_t *verb)
{
	struct task_of job = { .entity = entity, .verb = verb };
	size_t named = objects_count(cli);
	json_t *paths;
	char *path;
	int r;

	if (verb_checks(cli, &job, named) ||
		arguments_build(cli, entity, verb, cli->words + 2 + named, cli->count - 2 - named, &job.arguments))
		return -1;
	if (!strcmp(text_of(verb, "on"), "collection")) {
		if (asprintf(&path, BUS_ROOT "/%s", text_of(entity, "collection")) < 0)
			abort();
		r = has_flag(verb, "destructive") && !confirm(cli, "%s?", text_of(verb, "label")) ? -1 : on_one(cli, &job, path, true);
		free(path);
	} else {
		paths = json_array();
		r = objects_collect(cli, entity, named, paths);
		if (!r)
			r = on_objects(cli, &job, paths);
		json_decref(paths);
	}
	json_decref(job.arguments);
	return r;
}

/* ---- results ---- */

/* A list of texts is an answer of several lines. */
static void lines_text(const json_t *lines, struct buffer *out)
{
	const json_t *line;
	size_t i;

	json_array_foreach (lines, i, line) {
		if (i)
			buffer_char(out, '\n');
		buffer_text(out, json_string_value(line));
	}
}

/* What a call gave beside the usual: rows "name: value". */
static void result_values(struct cli *cli, const json_t *result)
{
	static const char *const usual[] = { "object", "version", "messages", "jobs", "task", NULL };
	const char *name;
	json_t *value;
	int width = 0;

	for (int round = 0; round < 2; round++)
		json_object_foreach ((json_t *)(uintptr_t)result, name, value) {
			struct buffer text = { 0 };
			int i = 0;

			while (usual[i] && strcmp(usual[i], name))
				i++;
			if (usual[i])
				continue;
			if (!round) {
				width = (int)strlen(name) > width ? (int)strlen(name) : width;
				continue;
			}
			if (json_is_array(value))
				lines_text(value, &text);
			else
				value_text(cli, NULL, value, &text);
			out_pair(cli, name, text.length ? buffer_string(&text) : "-", width);
			buffer_free(&text);
		}
}

static void result_line(struct cli *cli, const char *what, const json_t *result)
{
	long long messages = json_integer_value(json_object_get(result, "messages")),
		  jobs = json_integer_value(json_object_get(result, "jobs"));
	struct buffer line = { 0 };

	if (cli->options.quiet)
		return;
	path_text(cli, *text_of(result, "object") ? text_of(result, "object") : "/", &line);
	printf("%s: %s", what, cli->options.dry_run ? "would be done" : "done");
	if (line.length) {
		fputs(", ", stdout);
		out_text(buffer_string(&line));
	}
	if (json_is_integer(json_object_get(result, "version")))
		printf(" (version %lld)", (long long)json_integer_value(json_object_get(result, "version")));
	if (messages)
		printf(", %lld message%s", messages, messages == 1 ? "" : "s");
	if (jobs)
		printf(", %lld job%s", jobs, jobs == 1 ? "" : "s");
	putchar('\n');
	buffer_free(&line);
}

int result_show(struct cli *cli, const char *what, json_t *result)
{
	const char *task = text_of(result, "task");
	json_t *outcome;
	int r = 0;

	if (*task && !cli->options.no_wait) {
		progress_begin(cli, task);
		r = bus_task_wait(cli_bus(cli), task, progress_show, cli, &outcome, &cli->failure);
		progress_end(cli);
		if (!r) {
			json_object_update(result, outcome);
			json_decref(outcome);
		}
	}
	if (!r && results_are_there(result)) {
		results_show(cli, result);
	} else if (!r && cli->json) {
		out_json(cli, result);
	} else if (!r) {
		result_line(cli, what, result);
		if (*task && cli->options.no_wait)
			printf("task: %s\n", strrchr(task, '/') + 1);
		result_values(cli, result);
	}
	json_decref(result);
	return r;
}
