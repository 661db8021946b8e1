/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Export: the rows of a List as CSV in a sealed memfd.
 *
 * A whole collection is too long for one turn, so it is gathered a page at a time between turns, through the same gate as List;
 * cells that a spreadsheet would take for a formula are marked unless `raw` is given. Rows that change meanwhile show as they are
 * when their page is read.
 *
 * With a `format` it is one object, with what is below it, as a file that its entity writes: for whoever reads all of it.
 */
#include "values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/date.h"

enum {
	PAGE_ROWS = 500,
	EXPORT_MOST = 256 << 20
};

struct export
{
	struct reader reader;
	struct arena arena; /* of the query, as long as the export */
	struct caller caller;
	const struct type *type;
	struct list_query query;
	bool raw;
	struct buffer text;
	int64_t rows;
	int fields[MAX_FIELDS];
};

static void export_free(void *data)
{
	struct export *export = data;

	buffer_free(&export->text);
	arena_free(&export->arena);
	free(export);
}

static void real_print(double real, char out[static 40])
{
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(out, 40, "%.*g", digits, real);
		if (strtod(out, NULL) == real)
			return;
	}
}

static void words_cell(struct buffer *out, const char *words, bool raw)
{
	struct buffer joined = { 0 };

	for (; *words; words++)
		buffer_text(&joined, *words == '\n' ? "; " : (char[]){ *words, 0 });
	encode_csv(out, buffer_string(&joined), raw);
	buffer_free(&joined);
}

static void put_cell(struct export *export, const struct field *field, struct stmt *stmt, int column)
{
	struct buffer *out = &export->text;
	char text[DATE_TEXT];

	if (engine_is_null(stmt, column))
		return;
	switch (field->kind) {
	case TEXT:
	case CHOICE: encode_csv(out, engine_text(stmt, column), export->raw); return;
	case WORDS: words_cell(out, engine_text(stmt, column), export->raw); return;
	case NUMBER:
	case LINK: buffer_print(out, "%" PRId64, engine_int(stmt, column)); return;
	case REAL:
		real_print(engine_real(stmt, column), text);
		buffer_text(out, text);
		return;
	case DATE: buffer_text(out, date_print(engine_int(stmt, column), text)); return;
	case INSTANT: buffer_text(out, instant_print(engine_int(stmt, column), text)); return;
	case YESNO: buffer_text(out, engine_int(stmt, column) ? "yes" : "no"); return;
	}
}

static int put_line(struct reader *reader, struct stmt *stmt, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct export *export = (struct export *)reader;

	(void)shown;
	for (int i = 0; i < count; i++) {
		if (i)
			buffer_char(&export->text, ',');
		put_cell(export, &shape->entity->fields[fields[i]], stmt, i);
	}
	buffer_text(&export->text, "\r\n");
	export->rows++;
	return 0;
}

static int export_reply(struct request *request, struct export *export)
{
	int fd = descriptor_memfd("mentorship-export", buffer_string(&export->text), export->text.length, &request->call.problem);
	DBusMessageIter at, dict;

	if (fd < 0)
		return fd;
	dbus_message_iter_init_append(reply_new(request), &at);
	must(dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &fd)); /* duplicates it */
	close(fd);
	dict_open(&at, &dict);
	entry_int(&dict, "rows", export->rows);
	dict_close(&at, &dict);
	return 0;
}

static int export_step(struct request *request)
{
	struct export *export = request->state;
	struct store *store = request->bus->store;
	struct problem *problem = &request->call.problem;
	const char *next = "";
	int result;

	request->call.caller = &export->caller;
	request->call.now = store_now(store);
	result = store_turn_begin(store, problem);
	if (!result)
		result = store_list(store, &request->call, export->type->entity, &export->query, &export->reader, &next);
	if (!result) {
		struct problem lost;

		export->query.cursor = arena_copy(&export->arena, next);
		result = store_turn_commit(store, &lost);
		if (result)
			*problem = lost;
	} else {
		store_turn_commit(store, &(struct problem){ 0 }); /* nothing was written: the read's error is the answer */
	}
	if (result)
		return result;
	if (export->text.length > EXPORT_MOST)
		return problem_set(problem, E_LIMIT, NULL, "the export is larger than %d MiB; filter it", EXPORT_MOST >> 20);
	return *next ? WAITS : export_reply(request, export);
}

/* ---- one object in a format of its own ---- */

static bool reads_all(const struct shape *shape, unsigned roles)
{
	for (int i = 0; i < shape->count; i++)
		if (is_property(&shape->entity->fields[i]) && !(shape->readers[i] & roles))
			return false;
	return true;
}

static int write_reply(struct request *request, const struct buffer *file)
{
	int fd = descriptor_memfd("mentorship-export", buffer_string(file), file->length, &request->call.problem);
	DBusMessageIter at, dict;

	if (fd < 0)
		return fd;
	dbus_message_iter_init_append(reply_new(request), &at);
	must(dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &fd)); /* duplicates it */
	close(fd);
	dict_open(&at, &dict);
	dict_close(&at, &dict);
	return 0;
}

static int export_object(struct request *request, const char *format, const struct arg *args, size_t count)
{
	const struct entity *entity = request->route.type->entity;
	struct problem *problem = &request->call.problem;
	const struct arg *object = arg_named(args, count, "object");
	struct buffer file = { 0 };
	int64_t id;
	int result;

	if (!entity->write || !word_in(entity->formats, format))
		return problem_set(problem, E_INVALID, "format", "%s are exported as csv%s%s", entity->collection,
			entity->write ? ", and one of them as " : "", entity->write ? entity->formats : "");
	if (count != 2 || !object || object->value.type != V_PATH)
		return problem_set(problem, E_INVALID, "object", "say which object, by its path, and nothing beside it and the format");
	id = path_id(entity, object->value.text);
	request->call.entity = entity;
	result = id > 0 ? store_sees(request->bus->store, &request->call, entity, id)
			: problem_set(problem, E_INVALID, "object", "is no path of %s", entity->collection);
	if (!result && !reads_all(shape_of(entity), request->call.roles))
		result = problem_set(problem, E_DENIED, NULL, "only who reads all of it can have it as a file");
	if (!result)
		result = entity->write(&request->call, id, format, &file);
	if (!result)
		result = write_reply(request, &file);
	buffer_free(&file);
	return result;
}

static int export_read(struct request *request, struct export *export, DBusMessageIter *options, const char **ret_format)
{
	struct problem *problem = &request->call.problem;
	const char *const *words = NULL;
	struct filter *filters = NULL;
	struct arena *before = request->call.arena;
	DBusMessageIter value;
	struct arg *args;
	size_t count, word_count = 0;
	int result;

	request->call.arena = &export->arena;
	result = read_dict(options, &export->arena, "fields filter", &args, &count, problem);
	if (!result)
		result = args_known(args, count, "raw format object", problem);
	if (!result)
		result = arg_text(args, count, "format", ret_format, problem);
	if (!result && *ret_format && strcmp(*ret_format, "csv") != 0) {
		request->call.arena = before;
		return export_object(request, *ret_format, args, count);
	}
	if (!result && arg_named(args, count, "object"))
		result = problem_set(problem, E_INVALID, "object", "goes with a format; a csv has the rows of a filter");
	if (!result)
		result = arg_bool(args, count, "raw", &export->raw, problem);
	if (!result && !(result = dict_find(options, "fields", "as", &value, problem)))
		word_count = read_strings(&value, &export->arena, &words);
	if (result >= 0 && !(result = dict_find(options, "filter", "a(ssv)", &value, problem)))
		result = read_filters(&value, &export->arena, &filters, &export->query.filter_count, problem);
	export->query.filters = filters;
	if (result >= 0)
		result = fields_read(
			request, words, word_count, export->type, &export->query.fields, export->fields, &export->query.field_count);
	request->call.arena = before;
	return result;
}

int export_run(struct request *request)
{
	struct export *export = calloc(1, sizeof *export);
	const char *format = NULL;
	DBusMessageIter options;
	int result;

	must(export != NULL);
	export->reader.row = put_line;
	export->type = request->route.type;
	export->caller = request->caller;
	export->query.limit = PAGE_ROWS;
	dbus_message_iter_init(request->message, &options);
	result = export_read(request, export, &options, &format);
	if (result || (format && strcmp(format, "csv") != 0)) {
		export_free(export);
		return result;
	}
	for (size_t i = 0; i < export->query.field_count; i++) {
		buffer_text(&export->text, i ? "," : "");
		encode_csv(&export->text, export->query.fields[i], true);
	}
	buffer_text(&export->text, "\r\n");
	request->call.entity = export->type->entity;
	request_step(request, export_step, export, export_free);
	return WAITS;
}
