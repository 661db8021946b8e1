/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files in and out: import hands a descriptor over and shows what the task found, export copies the descriptor it is given.
 *
 * Without --take an import changes nothing: it shows what it would do. With --propose it reads the headings only, needs no program, and writes a mapping to
 * edit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* ---- import ---- */

static void option_text(json_t *options, const char *name, const char *text)
{
	if (text)
		json_object_set_new(options, name, json_string(text));
}

static int import_options(struct cli *cli, json_t *options)
{
	const char *file = cli->words[cli->count - 1], *slash = strrchr(file, '/');
	const json_t *program = entity_named(cli, "program"); /* the option is defined as a program's path */
	char *path, *mapping;

	if (!program)
		return -1;
	if (!cli->options.program && !cli->options.propose && cli->count == 2)
		return usage(cli, "import", "into which program? Say --program PROGRAM");
	if (cli->options.program) {
		if (resolve(cli, program, cli->options.program, &path))
			return -1;
		json_object_set_new(options, "program", bus_typed("o", json_string(path)));
		free(path);
	}
	option_text(options, "format", cli->options.format);
	option_text(options, "role", cli->options.role);
	option_text(options, "name", slash && slash[1] ? slash + 1 : file);
	if (cli->options.mapping) {
		if (input_text(cli, cli->options.mapping, &mapping))
			return -1;
		option_text(options, "mapping", mapping);
		free(mapping);
		if (!json_object_get(options, "mapping"))
			return failed(&cli->failure, ERROR_INVALID, "%s is not UTF-8", cli->options.mapping);
	}
	option_text(options, "key", cli->options.as);
	if (cli->options.leave_out)
		json_object_set_new(options, "leave_out", json_true());
	if (cli->options.propose)
		json_object_set_new(options, "propose", json_true());
	if (cli->options.take)
		json_object_set_new(options, "take", json_true());
	return 0;
}

/* Into a file that is not there yet; what could not be written whole goes again. */
static int file_write(struct cli *cli, const char *name, const char *data, size_t length)
{
	FILE *file = fopen(name, "wxe");
	bool bad;

	if (!file)
		return failed(&cli->failure, ERROR_INVALID, "%s: %s", name,
			errno == EEXIST ? "is there already; choose another name" : strerror(errno));
	bad = fwrite(data, 1, length, file) != length;
	if (!fclose(file) && !bad)
		return 0;
	failed(&cli->failure, ERROR_UNAVAILABLE, "%s: %s", name, strerror(errno));
	unlink(name);
	return -1;
}

static int mapping_write(struct cli *cli, const char *mapping)
{
	const char *name = cli->options.propose;

	if (!strcmp(name, "-")) {
		cli->terminal.out ? out_text(mapping) : (void)fputs(mapping, stdout);
		return 0;
	}
	if (file_write(cli, name, mapping, strlen(mapping)))
		return -1;
	note(cli, "The proposal is in %s. Read it, correct it, then: mentorctl import --mapping %s ...", name, name);
	return 0;
}

static void import_lines(const json_t *lines, const char *before)
{
	const json_t *line;
	size_t i;

	json_array_foreach (lines, i, line) {
		fputs(before, stdout);
		out_text(json_is_string(line) ? json_string_value(line) : "");
		putchar('\n');
	}
}

static void import_result(struct cli *cli, const json_t *result)
{
	static const char *const numbers[] = { "created", "changed", "unchanged" };
	const char *would = cli->options.take ? "" : "would be ";

	pager_open(cli);
	import_lines(json_object_get(result, "lines"), "");
	for (size_t i = 0; i < 3; i++)
		if (json_is_integer(json_object_get(result, numbers[i])))
			printf("%s%s: %lld\n", would, numbers[i], (long long)json_integer_value(json_object_get(result, numbers[i])));
	if (*text_of(result, "batch") && strcmp(text_of(result, "batch"), "/")) {
		struct buffer batch = { 0 };

		path_text(cli, text_of(result, "batch"), &batch);
		out_pair(cli, "batch", buffer_string(&batch), 5);
		buffer_free(&batch);
	}
	if (json_array_size(json_object_get(result, "problems"))) {
		printf("\n%zu problem%s; %s\n", json_array_size(json_object_get(result, "problems")),
			json_array_size(json_object_get(result, "problems")) == 1 ? "" : "s", "nothing is taken while there is one:");
		import_lines(json_object_get(result, "problems"), "  ");
	} else if (!cli->options.take) {
		printf("\nThis was a preview. To do it, say it again with --take.\n");
	}
}

static int import_wait(struct cli *cli, const char *task)
{
	json_t *result;
	int r;

	progress_begin(cli, task);
	r = bus_task_wait(cli_bus(cli), task, progress_show, cli, &result, &cli->failure);
	progress_end(cli);
	if (r) {
		snprintf(cli->failure.hint, sizeof cli->failure.hint, "import");
		return r;
	}
	if (cli->options.propose && !cli->json)
		r = mapping_write(cli, text_of(result, "mapping"));
	else if (cli->json)
		out_json(cli, result);
	else
		import_result(cli, result);
	if (!r && json_array_size(json_object_get(result, "problems")))
		r = EXIT_USAGE;
	json_decref(result);
	return r;
}

int command_import(struct cli *cli)
{
	const json_t *entity = entity_named(cli, cli->count == 3 ? cli->words[1] : "person");
	json_t *options = json_object(), *reply;
	char *path, *task;
	int fd, r;

	if (!entity || import_options(cli, options) || input_open(cli, cli->words[cli->count - 1], &fd)) {
		json_decref(options);
		return -1;
	}
	if (asprintf(&path, BUS_ROOT "/%s", text_of(entity, "collection")) < 0)
		abort();
	r = cli_call(cli, cli->options.take ? 0 : BUS_REPEAT, path, BUS_COLLECTION, "Import", "ha{sv}", json_pack("[i, o]", fd, options),
		&reply);
	free(path);
	close(fd);
	if (r) {
		snprintf(cli->failure.hint, sizeof cli->failure.hint, "import");
		return r;
	}
	task = strdup(text_of(json_array_get(reply, 0), "task"));
	json_decref(reply);
	if (cli->options.no_wait)
		r = result_show(cli, "import", json_pack("{s:s}", "task", task));
	else
		r = import_wait(cli, task);
	free(task);
	return r;
}

/* ---- export ---- */

/* To a terminal nothing goes that could move its cursor; to a file and into a pipe every byte as it is, and where '-' asks for it. */
static int copy_out(struct cli *cli, int fd)
{
	const char *name = cli->options.out;
	bool into_file = name && strcmp(name, "-") != 0, shown = cli->terminal.out && !name;
	struct buffer all = { 0 };
	char part[65536];
	ssize_t n;
	int r = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return failed(&cli->failure, ERROR_MALFORMED, "the export cannot be read: %s", strerror(errno));
	while ((n = read(fd, part, sizeof part)) > 0) {
		if (into_file || shown)
			buffer_add(&all, part, (size_t)n);
		else if (fwrite(part, 1, (size_t)n, stdout) != (size_t)n)
			break;
	}
	if (n < 0)
		r = failed(&cli->failure, ERROR_MALFORMED, "the export cannot be read: %s", strerror(errno));
	else if (into_file)
		r = file_write(cli, name, buffer_string(&all), all.length);
	else if (shown) {
		pager_open(cli);
		out_text(buffer_string(&all));
	}
	buffer_free(&all);
	return r;
}

/* Which format is meant: of a name that ends in .xlsx the entity's own. NULL: CSV. */
static const char *format_meant(struct cli *cli, const json_t *entity)
{
	const json_t *formats = json_object_get(entity, "formats");
	const char *dot = cli->options.out ? strrchr(cli->options.out, '.') : NULL;

	if (cli->options.format)
		return strcmp(cli->options.format, "csv") ? cli->options.format : NULL;
	return dot && !strcmp(dot, ".xlsx") && json_array_size(formats) ? text_at(formats, 0) : NULL;
}

static int export_call(struct cli *cli, const json_t *entity, json_t *options)
{
	json_t *reply;
	char *path;
	int fd, r;

	if (asprintf(&path, BUS_ROOT "/%s", text_of(entity, "collection")) < 0)
		abort();
	r = cli_call(cli, BUS_REPEAT, path, BUS_COLLECTION, "Export", "a{sv}", json_pack("[o]", options), &reply);
	free(path);
	if (r)
		return r;
	fd = (int)json_integer_value(json_array_get(reply, 0));
	r = copy_out(cli, fd);
	close(fd);
	json_decref(reply);
	return r;
}

/* One object in a format that is no text. */
static int export_object(struct cli *cli, const json_t *entity, const char *format)
{
	json_t *options;
	char *path;

	if (cli->count != 3)
		return usage(cli, "export", "which one? As %s one object is exported, not a list", format);
	if (!cli->options.out && cli->terminal.out)
		return usage(cli, "export", "a file of this format is no text; say where to: --out FILE");
	if (resolve(cli, entity, cli->words[2], &path))
		return -1;
	options = json_pack("{s:s, s:o}", "format", format, "object", bus_typed("o", json_string(path)));
	free(path);
	return export_call(cli, entity, options);
}

int command_export(struct cli *cli)
{
	const json_t *entity = entity_named(cli, cli->words[1]);
	const char *format = entity ? format_meant(cli, entity) : NULL;
	json_t *options, *filter, *fields;
	char *names, *rest;

	if (format)
		return export_object(cli, entity, format);
	options = json_object();
	fields = json_array();
	names = rest = strdup(cli->options.fields ? cli->options.fields : "");
	for (char *word; (word = strsep(&rest, ", "));)
		if (*word)
			json_array_append_new(fields, json_string(word));
	free(names);
	if (!entity || filter_build(cli, entity, cli->words + 2, cli->count - 2, &filter)) {
		json_decref(options);
		json_decref(fields);
		return -1;
	}
	if (json_array_size(fields))
		json_object_set(options, "fields", fields);
	json_decref(fields);
	if (json_array_size(filter))
		json_object_set_new(options, "filter", bus_typed("a(ssv)", filter));
	else
		json_decref(filter);
	if (cli->options.raw)
		json_object_set_new(options, "raw", json_true());
	return export_call(cli, entity, options);
}
