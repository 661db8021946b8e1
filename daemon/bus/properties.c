/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * org.freedesktop.DBus.Properties: Get and GetAll of everything, read-only.
 *
 * Of a record, both go through the store's read gate, column to message, no struct between. Get of a property without a value
 * gives what a row of List gives ('', INT64_MIN, NaN, '/', no words); GetAll leaves out what has no value and what the caller may
 * not read. Set could carry neither version nor key nor dry run, so it is refused with a pointer to Update.
 */
#include "values.h"

#include <string.h>

struct property_reader {
	struct reader reader;
	struct request *request;
	DBusMessageIter *at;
};

static int put_one(struct reader *reader, struct stmt *stmt, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct property_reader *mine = (struct property_reader *)reader;
	char roles[ROLES_TEXT];

	(void)count;
	if (!shown[0])
		return problem_set(&mine->request->call.problem, E_DENIED, shape->entity->fields[fields[0]].name,
			"is not yours to read here; it is for: %s", roles_said(shape->readers[fields[0]], roles, sizeof roles));
	put_column_variant(mine->at, mine->request->bus->names, shape, fields[0], stmt, 0);
	return 0;
}

static int put_all(struct reader *reader, struct stmt *stmt, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct property_reader *mine = (struct property_reader *)reader;
	const struct names *names = mine->request->bus->names;
	const struct type *type = mine->request->route.type;
	DBusMessageIter dict, entry;

	dict_open(mine->at, &dict);
	for (int i = 0; i < count; i++) {
		if (!shown[i] || engine_is_null(stmt, i))
			continue;
		must(dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry));
		must(dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &type->members[fields[i]]));
		put_column_variant(&entry, names, shape, fields[i], stmt, i);
		must(dbus_message_iter_close_container(&dict, &entry));
	}
	dict_close(mine->at, &dict);
	return 0;
}

static int record_read(struct request *request, const int *fields, int count,
	int (*row)(struct reader *, struct stmt *, const struct shape *, const int *, const bool *, int))
{
	const struct type *type = request->route.type;
	DBusMessageIter at;
	struct property_reader reader = { { row }, request, &at };

	dbus_message_iter_init_append(reply_new(request), &at);
	request->call.entity = type->entity;
	request->call.id = request->route.id;
	return store_read(request->bus->store, &request->call, type->entity, request->route.id, fields, count, &reader.reader);
}

/* ---- the fixed interfaces ---- */

static const struct property *table_of(struct request *request, const char **ret_interface)
{
	switch (request->route.place) {
	case ROOT: *ret_interface = BUS_NAME ".Manager"; return manager_properties;
	case TASK: *ret_interface = BUS_NAME ".Task"; return task_properties;
	case LOGGING: *ret_interface = "org.freedesktop.LogControl1"; return logging_properties;
	case OBJECT: *ret_interface = request->route.type->interface; return NULL;
	case COLLECTION: *ret_interface = BUS_NAME ".Collection"; return NULL;
	case NOWHERE:
	case ABOVE:
	case TASKS: break;
	}
	*ret_interface = "";
	return NULL;
}

static void put_fixed(struct request *request, const struct property *property, DBusMessageIter *at)
{
	DBusMessageIter variant;

	must(dbus_message_iter_open_container(at, DBUS_TYPE_VARIANT, property->signature, &variant));
	property->put(request, &variant);
	must(dbus_message_iter_close_container(at, &variant));
}

static int get_fixed(struct request *request, const struct property *table, const char *name)
{
	DBusMessageIter at;

	for (; table && table->name; table++)
		if (!strcmp(table->name, name)) {
			dbus_message_iter_init_append(reply_new(request), &at);
			put_fixed(request, table, &at);
			return 0;
		}
	return reply_unknown(request, DBUS_ERROR_UNKNOWN_PROPERTY, "there is no property %s here", name);
}

static int get_all_fixed(struct request *request, const struct property *table)
{
	DBusMessageIter at, dict, entry;

	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	for (; table && table->name; table++) {
		must(dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry));
		must(dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &table->name));
		put_fixed(request, table, &entry);
		must(dbus_message_iter_close_container(&dict, &entry));
	}
	dict_close(&at, &dict);
	return 0;
}

/* ---- the three methods ---- */

static int get(struct request *request, const struct property *table, const char *name)
{
	int field;

	if (request->route.place != OBJECT)
		return get_fixed(request, table, name);
	field = type_member(request->route.type, name);
	if (field < 0)
		return get_fixed(request, NULL, name);
	return record_read(request, &field, 1, put_one);
}

static int set(struct request *request, const char *interface, const char *name, DBusMessageIter *variant)
{
	if (request->route.place == LOGGING)
		return logging_set(request, name, variant);
	return problem_set(&request->call.problem, E_READONLY, NULL,
		"properties of %s are changed by its methods, such as Update: they "
		"take the version that you saw",
		*interface ? interface : "this object");
}

int properties_run(struct request *request, const char *member)
{
	DBusMessage *message = request->message;
	const struct property *table;
	const char *interface, *own, *name = "";
	bool one = !strcmp(member, "Get"), all = !strcmp(member, "GetAll"), write = !strcmp(member, "Set");
	DBusMessageIter at;

	if (!one && !all && !write)
		return reply_unknown(request, DBUS_ERROR_UNKNOWN_METHOD, "Properties has Get, GetAll and Set");
	if (!dbus_message_has_signature(message, one ? "ss" : all ? "s" : "ssv"))
		return wrong_signature(request, member, one ? "ss" : all ? "s" : "ssv");
	dbus_message_iter_init(message, &at);
	dbus_message_iter_get_basic(&at, &interface);
	if (dbus_message_iter_next(&at))
		dbus_message_iter_get_basic(&at, &name);
	table = table_of(request, &own);
	if (*interface && strcmp(interface, own)) {
		/* the standard interfaces are here too, without properties */
		if (all && !strncmp(interface, "org.freedesktop.DBus.", 21))
			return get_all_fixed(request, NULL);
		return reply_unknown(request, DBUS_ERROR_UNKNOWN_INTERFACE, "there is no interface %s here", interface);
	}
	if (write) {
		dbus_message_iter_next(&at);
		return set(request, own, name, &at);
	}
	if (request->route.place == TASK && !task_seen(request))
		return problem_set(&request->call.problem, E_NOTFOUND, NULL, "there is no such object");
	if (one)
		return get(request, table, name);
	if (request->route.place == OBJECT)
		return record_read(request, request->route.type->properties, request->route.type->property_count, put_all);
	return get_all_fixed(request, table);
}
