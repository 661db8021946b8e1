/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Introspection, the files of the interfaces and the bus policy, all made from the tables.
 *
 * An interface is the same wherever it stands, so that one file describes it: Collection has Create even where the daemon alone
 * makes the records (and then refuses it). The files that are installed are printed by what answers Introspect.
 *
 * Introspect answers alike for any id of a collection, there or not, and never lists ids. The policy names each interface; what a
 * caller may do is decided in the daemon, the policy only keeps out what is no interface of it.
 */
#include "values.h"

#include <string.h>

static void attribute(struct buffer *out, const char *name, const char *value)
{
	buffer_print(out, " %s=\"", name);
	encode_xml_attribute(out, value);
	buffer_char(out, '"');
}

static void note(struct buffer *out, const char *indent, const char *text)
{
	if (!text)
		return;
	buffer_print(out, "%s<annotation name=\"org.gtk.GDBus.DocString\"", indent);
	attribute(out, "value", text);
	buffer_text(out, "/>\n");
}

/* One <arg> for each complete type, named in turn. */
static void args(struct buffer *out, const char *signature, const char *arg_names, const char *direction)
{
	DBusSignatureIter at;

	if (!*signature)
		return;
	dbus_signature_iter_init(&at, signature);
	do {
		char *type = dbus_signature_iter_get_signature(&at), name[40];
		size_t length = strcspn(arg_names, " ");

		snprintf(name, sizeof name, "%.*s", (int)length, arg_names);
		arg_names += length + (arg_names[length] == ' ');
		buffer_print(out, "   <arg name=\"%s\" type=\"%s\"", name, type);
		if (direction)
			buffer_print(out, " direction=\"%s\"", direction);
		buffer_text(out, "/>\n");
		dbus_free(type);
	} while (dbus_signature_iter_next(&at));
}

static void method(struct buffer *out, const char *name, const char *in, const char *in_names, const char *output, const char *out_names,
	const char *help)
{
	buffer_print(out, "  <method name=\"%s\">\n", name);
	args(out, in, in_names, "in");
	args(out, output, out_names, "out");
	note(out, "   ", help);
	buffer_text(out, "  </method>\n");
}

static void signal(struct buffer *out, const char *name, const char *signature, const char *arg_names, const char *help)
{
	buffer_print(out, "  <signal name=\"%s\">\n", name);
	args(out, signature, arg_names, NULL);
	note(out, "   ", help);
	buffer_text(out, "  </signal>\n");
}

static void property(struct buffer *out, const char *name, const char *signature, const char *access, const char *help)
{
	buffer_print(out,
		"  <property name=\"%s\" type=\"%s\" access=\"%s\">\n"
		"   <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"false\"/>\n",
		name, signature, access);
	note(out, "   ", help);
	buffer_text(out, "  </property>\n");
}

static void fixed(struct buffer *out, const char *interface, const struct method *methods, const struct property *properties)
{
	buffer_print(out, " <interface name=\"%s\">\n", interface);
	for (; methods && methods->name; methods++)
		method(out, methods->name, methods->in, methods->in_names, methods->out, methods->out_names, methods->help);
	for (; properties && properties->name; properties++)
		property(out, properties->name, properties->signature, strcmp(properties->name, "LogLevel") ? "read" : "readwrite",
			properties->help);
}

static void collection(struct buffer *out)
{
	fixed(out, BUS_NAME ".Collection", collection_methods, NULL);
	method(out, "Create", "a{sv}a{sv}", "arguments options", "a{sv}", "result",
		"Adds a record; Describe names the fields that it takes. Refused where the daemon alone makes the records.");
	signal(out, "Added", "ott", "object version sequence", "Sent to subscribers alone: a record came into their sight.");
	signal(out, "Changed", "ott", "object version sequence", "Sent to subscribers alone.");
	signal(out, "Removed", "ott", "object version sequence", "Sent to subscribers alone: a record is gone, or out of their sight.");
	buffer_text(out, " </interface>\n");
}

static void manager(struct buffer *out)
{
	fixed(out, BUS_NAME ".Manager", manager_methods, manager_properties);
	buffer_text(out, " </interface>\n");
}

static void task(struct buffer *out)
{
	fixed(out, BUS_NAME ".Task", task_methods, task_properties);
	signal(out, "Changed", "ds", "progress state", "Sent to the starter alone.");
	buffer_text(out, " </interface>\n");
}

static void object(struct buffer *out, const struct type *type)
{
	buffer_print(out, " <interface name=\"%s\">\n", type->interface);
	for (const struct verb *verb = type->entity->verbs; verb && verb->name; verb++)
		if (!(verb->flags & ON_COLLECTION) && verb->who & ~(unsigned)SYSTEM)
			method(out, verb->name, "a{sv}a{sv}", "arguments options", "a{sv}", "result", verb->label);
	for (int i = 0; i < type->property_count; i++) {
		const struct field *field = &type->entity->fields[type->properties[i]];

		property(out, type->members[type->properties[i]], kind_signature(field->kind), "read", field->label);
	}
	buffer_text(out, " </interface>\n");
}

static const char standard[] = " <interface name=\"org.freedesktop.DBus.Properties\">\n"
			       "  <method name=\"Get\">\n"
			       "   <arg name=\"interface\" type=\"s\" direction=\"in\"/>\n"
			       "   <arg name=\"name\" type=\"s\" direction=\"in\"/>\n"
			       "   <arg name=\"value\" type=\"v\" direction=\"out\"/>\n"
			       "  </method>\n"
			       "  <method name=\"GetAll\">\n"
			       "   <arg name=\"interface\" type=\"s\" direction=\"in\"/>\n"
			       "   <arg name=\"values\" type=\"a{sv}\" direction=\"out\"/>\n"
			       "  </method>\n"
			       "  <method name=\"Set\">\n"
			       "   <arg name=\"interface\" type=\"s\" direction=\"in\"/>\n"
			       "   <arg name=\"name\" type=\"s\" direction=\"in\"/>\n"
			       "   <arg name=\"value\" type=\"v\" direction=\"in\"/>\n"
			       "  </method>\n"
			       " </interface>\n"
			       " <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
			       "  <method name=\"Introspect\">\n"
			       "   <arg name=\"xml\" type=\"s\" direction=\"out\"/>\n"
			       "  </method>\n"
			       " </interface>\n"
			       " <interface name=\"org.freedesktop.DBus.Peer\">\n"
			       "  <method name=\"Ping\"/>\n"
			       "  <method name=\"GetMachineId\">\n"
			       "   <arg name=\"id\" type=\"s\" direction=\"out\"/>\n"
			       "  </method>\n"
			       " </interface>\n";

static void children(const struct names *names, struct route route, struct buffer *out)
{
	if (route.place != ROOT)
		return;
	for (int i = 0; i < names->count; i++)
		buffer_print(out, " <node name=\"%s\"/>\n", names->types[i].entity->collection);
	buffer_text(out, " <node name=\"tasks\"/>\n");
}

/* The interfaces of a place, without the node around them. */
void introspect_place(const struct names *names, struct route route, struct buffer *out)
{
	switch (route.place) {
	case ROOT: manager(out); break;
	case COLLECTION: collection(out); break;
	case OBJECT: object(out, route.type); break;
	case TASK: task(out); break;
	case LOGGING:
		fixed(out, "org.freedesktop.LogControl1", NULL, logging_properties);
		buffer_text(out, " </interface>\n");
		break;
	case NOWHERE:
	case ABOVE:
	case TASKS: break;
	}
	children(names, route, out);
}

int introspect(struct request *request)
{
	struct buffer out = { 0 };
	const char *path = dbus_message_get_path(request->message), *text;

	if (*dbus_message_get_signature(request->message))
		return wrong_signature(request, "Introspect", "");
	buffer_text(&out, DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE "<node>\n");
	if (request->route.place == ABOVE) {
		buffer_print(&out, " <node name=\"%s\"/>\n", path[1] ? "mentorship1" : "org/mentorship1");
	} else {
		buffer_text(&out, standard);
		introspect_place(request->bus->names, request->route, &out);
	}
	buffer_text(&out, "</node>\n");
	text = buffer_string(&out);
	must(dbus_message_append_args(reply_new(request), DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID));
	buffer_free(&out);
	return 0;
}

/* ---- printed ---- */

static void allow(struct buffer *out, const char *interface)
{
	buffer_print(out, "    <allow send_destination=\"" BUS_NAME "\" send_interface=\"%s\"/>\n", interface);
}

void policy_print(const struct names *names, struct buffer *out)
{
	static const char *const interfaces[] = {
		"org.freedesktop.DBus.Introspectable",
		"org.freedesktop.DBus.Peer",
		"org.freedesktop.DBus.Properties",
		BUS_NAME ".Manager",
		BUS_NAME ".Collection",
		BUS_NAME ".Task",
	};

	buffer_text(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n"
		"<!-- Printed from the tables by mentorshipd. What a caller may do is decided in the daemon. -->\n"
		"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
		" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
		"<busconfig>\n"
		"  <policy user=\"mentorship\">\n"
		"    <allow own=\"" BUS_NAME "\"/>\n"
		"  </policy>\n"
		"  <policy context=\"default\">\n");
	for (size_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++)
		allow(out, interfaces[i]);
	for (int i = 0; i < names->count; i++)
		allow(out, names->types[i].interface);
	buffer_text(out,
		"  </policy>\n"
		"</busconfig>\n");
}

static void bus_tree(const struct names *names, struct buffer *out)
{
	buffer_text(out, DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE "<node name=\"" BUS_PATH "\">\n");
	introspect_place(names, (struct route){ .place = ROOT }, out);
	for (int i = 0; i < names->count; i++) {
		buffer_print(out, " <node name=\"%s\">\n", names->types[i].entity->collection);
		introspect_place(names, (struct route){ COLLECTION, &names->types[i], 0 }, out);
		buffer_text(out, " <node name=\"ID\">\n");
		introspect_place(names, (struct route){ OBJECT, &names->types[i], 1 }, out);
		buffer_text(out, " </node>\n </node>\n");
	}
	buffer_text(out, " <node name=\"tasks\">\n <node name=\"ID\">\n");
	introspect_place(names, (struct route){ .place = TASK }, out);
	buffer_text(out, " </node>\n </node>\n</node>\n");
}

static const struct {
	const char *name;
	void (*put)(struct buffer *);
} own_interfaces[] = {
	{ BUS_NAME ".Manager", manager },
	{ BUS_NAME ".Collection", collection },
	{ BUS_NAME ".Task", task },
};
enum {
	OWN_INTERFACES = sizeof own_interfaces / sizeof *own_interfaces
};

/* The file of one interface, for $(datadir)/dbus-1/interfaces. */
static int interface_print(const struct names *names, const char *name, struct buffer *out)
{
	struct buffer inner = { 0 };

	for (size_t i = 0; i < OWN_INTERFACES; i++)
		if (!strcmp(name, own_interfaces[i].name))
			own_interfaces[i].put(&inner);
	for (int i = 0; i < names->count; i++)
		if (!strcmp(name, names->types[i].interface))
			object(&inner, &names->types[i]);
	if (inner.length)
		buffer_print(out,
			DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
			"<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n<!-- Printed from the tables by mentorshipd. -->\n"
			"<node>\n%s</node>\n",
			buffer_string(&inner));
	buffer_free(&inner);
	return out->length ? 0 : E_NOTFOUND;
}

int bus_print(const char *what, struct buffer *out)
{
	struct names *names = names_new();
	int result = 0;

	if (!strcmp(what, "policy")) {
		policy_print(names, out);
	} else if (!strcmp(what, "bus")) {
		bus_tree(names, out);
	} else if (!strcmp(what, "interfaces")) {
		for (size_t i = 0; i < OWN_INTERFACES; i++)
			buffer_print(out, "%s\n", own_interfaces[i].name);
		for (int i = 0; i < names->count; i++)
			buffer_print(out, "%s\n", names->types[i].interface);
	} else {
		result = interface_print(names, what, out);
	}
	names_free(names);
	return result;
}
