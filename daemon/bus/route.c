/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which object, which interface, which member: from a message to its handler.
 *
 * Paths are virtual: nothing is registered with libdbus, and an id is not looked at here, so that what is absent and what is hidden
 * are found out in one place, the store. Wrong interfaces and members answer alike for any id.
 */
#include "values.h"

#include <stdarg.h>
#include <string.h>

int reply_unknown(struct request *request, const char *error, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (request->reply)
		dbus_message_unref(request->reply);
	request->reply = reply_error(request->message, error, text);
	return 0;
}

int wrong_signature(struct request *request, const char *member, const char *wanted)
{
	return problem_set(&request->call.problem, E_INVALID, NULL, "%s takes %s%s, not %s", member,
		*wanted ? "arguments of the type " : "no arguments", wanted,
		*dbus_message_get_signature(request->message) ? dbus_message_get_signature(request->message) : "none");
}

static int unknown_method(struct request *request)
{
	return reply_unknown(request, DBUS_ERROR_UNKNOWN_METHOD, "there is no method %s in interface %s on %s",
		dbus_message_get_member(request->message),
		dbus_message_get_interface(request->message) ? dbus_message_get_interface(request->message) : "(none)",
		dbus_message_get_path(request->message));
}

static int method_run(struct request *request, const struct method *methods, const char *member)
{
	for (; methods->name; methods++) {
		if (strcmp(methods->name, member))
			continue;
		if (!dbus_message_has_signature(request->message, methods->in))
			return wrong_signature(request, member, methods->in);
		return methods->run(request);
	}
	return unknown_method(request);
}

/* A verb stands where its row says: on the collection or on an object. */
static int verb_member(struct request *request, const char *member)
{
	const struct type *type = request->route.type;
	const struct verb *verb = type_verb(type, member, strlen(member));
	bool on_collection = request->route.place == COLLECTION;

	if (on_collection && !strcmp(member, "Create") && (!verb || !(verb->who & ~(unsigned)SYSTEM)))
		return problem_set(&request->call.problem, E_DENIED, NULL, "the daemon alone makes records of this kind");
	if (!verb || (verb->flags & ON_COLLECTION ? 1 : 0) != on_collection || !(verb->who & ~(unsigned)SYSTEM))
		return unknown_method(request);
	if (!dbus_message_has_signature(request->message, "a{sv}a{sv}"))
		return wrong_signature(request, member, "a{sv}a{sv}: arguments, then options");
	return verb_run(request, verb);
}

static int object_run(struct request *request, const char *interface, const char *member)
{
	const struct type *type = request->route.type;

	switch (request->route.place) {
	case ROOT:
		if (!strcmp(interface, BUS_NAME ".Manager"))
			return method_run(request, manager_methods, member);
		break;
	case COLLECTION:
		if (!strcmp(interface, BUS_NAME ".Collection"))
			return strcmp(member, "Create") ? method_run(request, collection_methods, member) : verb_member(request, member);
		break;
	case OBJECT:
		if (!strcmp(interface, type->interface))
			return verb_member(request, member);
		break;
	case TASK:
		if (!strcmp(interface, BUS_NAME ".Task"))
			return method_run(request, task_methods, member);
		break;
	case NOWHERE:
	case ABOVE:
	case TASKS:
	case LOGGING: break;
	}
	return unknown_method(request);
}

/* A message may leave the interface out; then the object's own is meant. */
static const char *own_interface(const struct route *route)
{
	switch (route->place) {
	case ROOT: return BUS_NAME ".Manager";
	case COLLECTION: return BUS_NAME ".Collection";
	case OBJECT: return route->type->interface;
	case TASK: return BUS_NAME ".Task";
	case NOWHERE:
	case ABOVE:
	case TASKS:
	case LOGGING: break;
	}
	return "";
}

int route_run(struct request *request)
{
	DBusMessage *message = request->message;
	const char *interface = dbus_message_get_interface(message), *member = dbus_message_get_member(message);

	request->route = route_path(request->bus->names, dbus_message_get_path(message));
	if (request->route.place == NOWHERE)
		return reply_unknown(request, DBUS_ERROR_UNKNOWN_OBJECT, "there is no object at %s", dbus_message_get_path(message));
	if (!interface)
		interface = own_interface(&request->route);
	if (!strcmp(interface, DBUS_INTERFACE_PROPERTIES))
		return properties_run(request, member);
	if (!strcmp(interface, DBUS_INTERFACE_INTROSPECTABLE) && !strcmp(member, "Introspect"))
		return introspect(request);
	return object_run(request, interface, member);
}
