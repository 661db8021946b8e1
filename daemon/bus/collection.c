/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * org.mentorship1.Collection: List and Import (Create is a verb, Export has a file of its own).
 *
 * A page is an array of structs of the fields asked for, inside a variant: as cheap as a fixed signature. Rows go from the
 * statement into the message; when the byte budget is reached the page ends with a cursor. Which role may see what is the store's.
 */
#include "values.h"

#include <string.h>
#include <unistd.h>

/* ---- fields of a query ---- */

static size_t fields_listed(struct arena *arena, const struct type *type, const char *const **ret, int *ret_index)
{
	const char **list = arena_new(arena, MAX_FIELDS * sizeof *list);
	size_t count = 0;

	for (int i = 0; i < type->shape->count; i++) {
		const struct field *field = &type->entity->fields[i];

		if (!is_property(field) || (i && !(field->flags & LISTED)))
			continue;
		ret_index[count] = i;
		list[count++] = field->name;
	}
	*ret = list;
	return count;
}

int fields_read(struct request *request, const char *const *words, size_t count, const struct type *type, const char *const **ret,
	int *ret_index, size_t *ret_count)
{
	struct problem *problem = &request->call.problem;

	if (!count) {
		*ret_count = fields_listed(request->call.arena, type, ret, ret_index);
		return 0;
	}
	if (count > MAX_FIELDS)
		return problem_set(problem, E_LIMIT, "fields", "more than %d fields were asked for", MAX_FIELDS);
	for (size_t i = 0; i < count; i++) {
		int index = field_index(type->shape, words[i]);

		if (index < 0 || type->entity->fields[index].flags & HIDDEN)
			return problem_set(problem, E_INVALID, "fields", "%.60s is no field of %s", words[i], type->entity->collection);
		if (!is_property(&type->entity->fields[index]))
			return problem_set(problem, E_INVALID, "fields", "%s is sealed and stands in no list", words[i]);
		ret_index[i] = index;
	}
	*ret = words;
	*ret_count = count;
	return 0;
}

/* ---- List ---- */

enum {
	SIGNATURE = 2 * MAX_FIELDS + 8
};

struct page {
	struct reader reader;
	const struct names *names;
	DBusMessageIter rows;
	size_t bytes, most;
};

static int put_row(struct reader *reader, struct stmt *stmt, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct page *page = (struct page *)reader;
	DBusMessageIter row;

	(void)shown; /* lists refuse instead of hiding columns */
	if (page->bytes >= page->most)
		return 1;
	must(dbus_message_iter_open_container(&page->rows, DBUS_TYPE_STRUCT, NULL, &row));
	for (int i = 0; i < count; i++)
		page->bytes += put_column(&row, page->names, shape, fields[i], stmt, i);
	must(dbus_message_iter_close_container(&page->rows, &row));
	return 0;
}

static void row_signature(const struct type *type, const int *fields, size_t count, char out[static SIGNATURE])
{
	*out++ = 'a';
	*out++ = '(';
	for (size_t i = 0; i < count; i++)
		for (const char *kind = kind_signature(type->entity->fields[fields[i]].kind); *kind; kind++)
			*out++ = *kind;
	*out++ = ')';
	*out = 0;
}

static int list_read(struct request *request, struct list_query *query, int *fields)
{
	struct arena *arena = request->call.arena;
	struct filter *filters;
	const char *const *words;
	DBusMessageIter at;
	size_t count;
	int result;

	dbus_message_iter_init(request->message, &at);
	result = read_filters(&at, arena, &filters, &query->filter_count, &request->call.problem);
	if (result)
		return result;
	query->filters = filters;
	dbus_message_iter_next(&at);
	count = read_strings(&at, arena, &words);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &query->order);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &query->cursor);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &query->limit);
	return fields_read(request, words, count, request->route.type, &query->fields, fields, &query->field_count);
}

static int list_run(struct request *request)
{
	struct bus *bus = request->bus;
	const struct type *type = request->route.type;
	struct page page = { .reader = { put_row }, .names = bus->names, .most = (size_t)bus->settings->limits.reply_bytes };
	struct list_query query = { 0 };
	char signature[SIGNATURE];
	int fields[MAX_FIELDS], result;
	DBusMessageIter at, variant;
	const char *next = "";

	result = list_read(request, &query, fields);
	if (result)
		return result;
	row_signature(type, fields, query.field_count, signature);
	request->call.entity = type->entity;
	dbus_message_iter_init_append(reply_new(request), &at);
	must(dbus_message_iter_open_container(&at, DBUS_TYPE_VARIANT, signature, &variant));
	must(dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, signature + 1, &page.rows));
	result = store_list(bus->store, &request->call, type->entity, &query, &page.reader, &next);
	must(dbus_message_iter_close_container(&variant, &page.rows));
	must(dbus_message_iter_close_container(&at, &variant));
	put_text(&at, next);
	return result;
}

/* ---- Import ---- */

static int import_run(struct request *request)
{
	struct bus *bus = request->bus;
	struct call *call = &request->call;
	DBusMessageIter at, dict;
	struct arg *options;
	char path[PATH_TEXT];
	int64_t task = 0;
	size_t count;
	int result;

	if (!bus->hooks.import)
		return problem_set(&call->problem, E_UNAVAILABLE, NULL, "nothing can be imported while the worker is missing");
	dbus_message_iter_init(request->message, &at);
	dbus_message_iter_get_basic(&at, &call->fds[0]); /* a duplicate, ours to close */
	dbus_message_iter_next(&at);
	result = read_dict(&at, call->arena, NULL, &options, &count, &call->problem);
	if (!result)
		result = args_known(options, count, "format mapping program role propose take name key leave_out", &call->problem);
	if (!result)
		result = descriptor_check(call->fds[0], bus->settings->limits.file_bytes, "file", &call->problem);
	if (!result)
		result = tasks_room(bus->tasks, request->caller.uid, &call->problem);
	call->entity = request->route.type->entity;
	if (!result)
		result = bus->hooks.import(
			bus->hooks.data, call, call->fds[0], dbus_message_get_sender(request->message), options, count, &task);
	if (result)
		return result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_path(&dict, "task", path_print(path, BUS_PATH "/tasks", sizeof BUS_PATH "/tasks" - 1, task));
	dict_close(&at, &dict);
	return 0;
}

const struct method collection_methods[] = {
	{ "List", "a(ssv)asssu", "filter fields order cursor limit", "vs", "rows next", list_run,
		"A page of rows, as an array of structs of the fields asked for (none: those of the default list). The order is a "
		"field, with a minus before it for descending; the cursor is what the page before gave as next, empty at the start and at the end." },
	{ "Import", "ha{sv}", "file options", "a{sv}", "result", import_run,
		"Reads a regular file or sealed memfd in a worker; answers a task. Options: format, mapping, program, role, propose, "
		"take, name; of a questionnaire: key, leave_out." },
	{ "Export", "a{sv}", "options", "ha{sv}", "file result", export_run,
		"A sealed memfd with CSV of the fields and rows asked for. Options: fields (as), filter (a(ssv)), raw (b). "
		"With format (s) and object (o): that one, whole, as a file of that format." },
	{ 0 }
};
