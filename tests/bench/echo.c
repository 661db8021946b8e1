/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The peer of the benches: the least that a libdbus service on a libevent loop can do. It answers every Get with a constant text, every
 * List with as many constant rows as it was started with, and anything else with an empty dictionary. No database, no access check.
 *
 *	echo NAME ROWS
 */
#include <dbus/dbus.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct loop {
	struct event_base *base;
	DBusConnection *bus;
	struct event *dispatch;
	int rows;
};

static void on_fd(evutil_socket_t fd, short what, void *arg)
{
	unsigned flags = 0, want = dbus_watch_get_flags(arg);

	(void)fd;
	if (what & EV_READ && want & DBUS_WATCH_READABLE)
		flags |= DBUS_WATCH_READABLE;
	if (what & EV_WRITE && want & DBUS_WATCH_WRITABLE)
		flags |= DBUS_WATCH_WRITABLE;
	if (flags)
		dbus_watch_handle(arg, flags);
}

static dbus_bool_t add_watch(DBusWatch *watch, void *data)
{
	struct loop *loop = data;
	unsigned flags = dbus_watch_get_flags(watch);
	short what = EV_PERSIST;
	struct event *event;

	what |= flags & DBUS_WATCH_READABLE ? EV_READ : 0;
	what |= flags & DBUS_WATCH_WRITABLE ? EV_WRITE : 0;
	event = event_new(loop->base, dbus_watch_get_unix_fd(watch), what, on_fd, watch);
	if (!event)
		return FALSE;
	if (dbus_watch_get_enabled(watch))
		event_add(event, NULL);
	dbus_watch_set_data(watch, event, NULL);
	return TRUE;
}

static void remove_watch(DBusWatch *watch, void *data)
{
	(void)data;
	event_free(dbus_watch_get_data(watch));
}

static void toggle_watch(DBusWatch *watch, void *data)
{
	(void)data;
	if (dbus_watch_get_enabled(watch))
		event_add(dbus_watch_get_data(watch), NULL);
	else
		event_del(dbus_watch_get_data(watch));
}

static void on_dispatch(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < 64; i++)
		if (dbus_connection_dispatch(loop->bus) != DBUS_DISPATCH_DATA_REMAINS)
			return;
	event_active(loop->dispatch, EV_TIMEOUT, 1);
}

static void on_status(DBusConnection *bus, DBusDispatchStatus status, void *arg)
{
	(void)bus;
	if (status == DBUS_DISPATCH_DATA_REMAINS)
		event_active(((struct loop *)arg)->dispatch, EV_TIMEOUT, 1);
}

static void answer_get(DBusMessage *reply)
{
	const char *text = "Ada Lovelace";
	DBusMessageIter iter, variant;

	dbus_message_iter_init_append(reply, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, "s", &variant);
	dbus_message_iter_append_basic(&variant, DBUS_TYPE_STRING, &text);
	dbus_message_iter_close_container(&iter, &variant);
}

/* Rows of id, name, zone, state: what the benches ask of the daemon. */
static void answer_list(DBusMessage *reply, int rows)
{
	const char *texts[] = { "Ada Lovelace", "Europe/Berlin", "active" }, *cursor = "QWRhIExvdmVsYWNlHzEyMzQ1";
	DBusMessageIter iter, variant, array, row;
	dbus_int64_t id = 12345;

	dbus_message_iter_init_append(reply, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_VARIANT, "a(xsss)", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "(xsss)", &array);
	for (int i = 0; i < rows; i++) {
		dbus_message_iter_open_container(&array, DBUS_TYPE_STRUCT, NULL, &row);
		dbus_message_iter_append_basic(&row, DBUS_TYPE_INT64, &id);
		for (int j = 0; j < 3; j++)
			dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &texts[j]);
		dbus_message_iter_close_container(&array, &row);
	}
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&iter, &variant);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &cursor);
}

static DBusHandlerResult on_message(DBusConnection *bus, DBusMessage *message, void *data)
{
	struct loop *loop = data;
	DBusMessage *reply;
	DBusMessageIter iter, dict;

	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL || !dbus_message_has_path(message, "/org/mentorship1/people/1"))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	reply = dbus_message_new_method_return(message);
	if (dbus_message_has_member(message, "Get")) {
		answer_get(reply);
	} else if (dbus_message_has_member(message, "List")) {
		answer_list(reply, loop->rows);
	} else {
		dbus_message_iter_init_append(reply, &iter);
		dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
		dbus_message_iter_close_container(&iter, &dict);
	}
	dbus_connection_send(bus, reply, NULL);
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

int main(int argc, char **argv)
{
	struct loop loop = { 0 };

	if (argc != 3)
		return 2;
	loop.rows = atoi(argv[2]);
	loop.base = event_base_new();
	loop.bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
	if (!loop.bus || !loop.base)
		return 1;
	loop.dispatch = event_new(loop.base, -1, 0, on_dispatch, &loop);
	dbus_connection_set_watch_functions(loop.bus, add_watch, remove_watch, toggle_watch, &loop, NULL);
	dbus_connection_set_dispatch_status_function(loop.bus, on_status, &loop, NULL);
	dbus_connection_add_filter(loop.bus, on_message, &loop, NULL);
	if (dbus_bus_request_name(loop.bus, argv[1], DBUS_NAME_FLAG_DO_NOT_QUEUE, NULL) != DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
		return 1;
	event_active(loop.dispatch, EV_TIMEOUT, 1);
	return event_base_dispatch(loop.base);
}
