/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection: libdbus on libevent, and its loss.
 *
 * Nothing here blocks: Hello and RequestName are asked like any other call. When the bus goes, everything that belonged to it goes
 * too (clients, their requests, subscriptions); what was committed stays. Then it is tried again after 100 ms, 200 ms ... 5 s.
 * Two watches can share one descriptor, so each has an event of its own, freed in the remove function only.
 */
#include "values.h"

#include <string.h>

#include "core/log.h"

enum {
	PAUSE_FIRST = 100,
	PAUSE_MOST = 5000,
	START_TIMEOUT = 10000
};

/* ---- watches ---- */

static void on_descriptor(evutil_socket_t fd, short what, void *data)
{
	DBusWatch *watch = data;
	unsigned wanted = dbus_watch_get_flags(watch), flags = 0;

	(void)fd;
	/* libevent folds hang-up and error into read and write: pass on only what this watch asked for */
	if ((what & EV_READ) && (wanted & DBUS_WATCH_READABLE))
		flags |= DBUS_WATCH_READABLE;
	if ((what & EV_WRITE) && (wanted & DBUS_WATCH_WRITABLE))
		flags |= DBUS_WATCH_WRITABLE;
	if (flags)
		dbus_watch_handle(watch, flags);
}

static dbus_bool_t watch_add(DBusWatch *watch, void *data)
{
	struct bus *bus = data;
	unsigned flags = dbus_watch_get_flags(watch);
	short what = EV_PERSIST;
	struct event *event;

	if (flags & DBUS_WATCH_READABLE)
		what |= EV_READ;
	if (flags & DBUS_WATCH_WRITABLE)
		what |= EV_WRITE;
	event = event_new(bus->base, dbus_watch_get_unix_fd(watch), what, on_descriptor, watch);
	must(event != NULL);
	if (dbus_watch_get_enabled(watch))
		event_add(event, NULL);
	dbus_watch_set_data(watch, event, NULL);
	return TRUE;
}

static void watch_remove(DBusWatch *watch, void *data)
{
	struct event *event = dbus_watch_get_data(watch);

	(void)data;
	dbus_watch_set_data(watch, NULL, NULL);
	if (event)
		event_free(event);
}

static void watch_toggle(DBusWatch *watch, void *data)
{
	struct event *event = dbus_watch_get_data(watch);

	(void)data;
	if (event && dbus_watch_get_enabled(watch))
		event_add(event, NULL);
	else if (event)
		event_del(event);
}

/* ---- timeouts ---- */

static void on_timeout(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	dbus_timeout_handle(data);
}

static void timeout_arm(DBusTimeout *timeout, struct event *event)
{
	int ms = dbus_timeout_get_interval(timeout);
	struct timeval pause = { ms / 1000, ms % 1000 * 1000 };

	event_add(event, &pause);
}

static dbus_bool_t timeout_add(DBusTimeout *timeout, void *data)
{
	struct bus *bus = data;
	struct event *event = event_new(bus->base, -1, EV_PERSIST, on_timeout, timeout);

	must(event != NULL);
	if (dbus_timeout_get_enabled(timeout))
		timeout_arm(timeout, event);
	dbus_timeout_set_data(timeout, event, NULL);
	return TRUE;
}

static void timeout_remove(DBusTimeout *timeout, void *data)
{
	struct event *event = dbus_timeout_get_data(timeout);

	(void)data;
	dbus_timeout_set_data(timeout, NULL, NULL);
	if (event)
		event_free(event);
}

static void timeout_toggle(DBusTimeout *timeout, void *data)
{
	struct event *event = dbus_timeout_get_data(timeout);

	(void)data;
	if (!event)
		return;
	event_del(event);
	if (dbus_timeout_get_enabled(timeout))
		timeout_arm(timeout, event);
}

/* ---- dispatch: never from inside the status callback ---- */

static void on_status(DBusConnection *connection, DBusDispatchStatus status, void *data)
{
	struct bus *bus = data;

	(void)connection;
	if (status == DBUS_DISPATCH_DATA_REMAINS && !bus->dispatching)
		event_active(bus->dispatch, EV_TIMEOUT, 1);
}

static void on_wakeup(void *data)
{
	struct bus *bus = data;

	if (!bus->dispatching)
		event_active(bus->dispatch, EV_TIMEOUT, 1);
}

static void on_owner(struct bus *bus, DBusMessage *message)
{
	const char *name, *before, *after;
	struct client *client;

	if (!dbus_message_has_sender(message, DBUS_SERVICE_DBUS) ||
		!dbus_message_get_args(
			message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &before, DBUS_TYPE_STRING, &after, DBUS_TYPE_INVALID))
		return;
	client = *after ? NULL : client_find(bus, name);
	if (client)
		client_drop(client);
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct bus *bus = data;

	(void)connection;
	if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL)
		return turn_message(bus, message);
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		bus->lost = true;
	else if (dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged"))
		on_owner(bus, message);
	return DBUS_HANDLER_RESULT_HANDLED;
}

void link_send(struct bus *bus, DBusMessage *message)
{
	if (bus->connection)
		must(dbus_connection_send(bus->connection, message, NULL));
	dbus_message_unref(message);
}

DBusPendingCall *link_ask(struct bus *bus, DBusMessage *message, int timeout_ms, DBusPendingCallNotifyFunction done, void *data)
{
	DBusPendingCall *pending = NULL;

	must(message != NULL);
	if (bus->connection)
		must(dbus_connection_send_with_reply(bus->connection, message, &pending, timeout_ms));
	dbus_message_unref(message);
	if (pending)
		must(dbus_pending_call_set_notify(pending, done, data, NULL));
	return pending;
}

/* ---- coming and going ---- */

static void retry_later(struct bus *bus)
{
	struct timeval pause;

	bus->pause = bus->pause ? bus->pause * 2 : PAUSE_FIRST;
	if (bus->pause > PAUSE_MOST)
		bus->pause = PAUSE_MOST;
	pause = (struct timeval){ bus->pause / 1000, bus->pause % 1000 * 1000 };
	event_add(bus->retry, &pause);
}

/* The first connection must work; a later one is tried for ever. */
static void trouble(struct bus *bus, const char *why)
{
	if (!bus->was_named) {
		if (bus->hooks.failed)
			bus->hooks.failed(bus->hooks.data, why);
		return;
	}
	bus->lost = true;
	event_active(bus->dispatch, EV_TIMEOUT, 1);
}

static DBusMessage *take_reply(struct bus *bus, DBusPendingCall *pending)
{
	bus->hello = NULL;
	return dbus_pending_call_steal_reply(pending);
}

static void on_name(DBusPendingCall *pending, void *data)
{
	struct bus *bus = data;
	DBusMessage *reply = take_reply(bus, pending);
	dbus_uint32_t answer = 0;

	dbus_pending_call_unref(pending);
	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID) ||
		(answer != DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER && answer != DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER)) {
		const char *error = dbus_message_get_error_name(reply);

		if (error) {
			trouble(bus, "the policy of the bus does not let this user own the name " BUS_NAME);
		} else {
			log_event(EVENT_BUS_NAME_TAKEN, NULL);
			trouble(bus, "the name " BUS_NAME " is taken: another mentorshipd runs");
		}
	} else {
		if (bus->was_named)
			log_event(EVENT_BUS_FOUND, NULL);
		bus->named = bus->was_named = true;
		bus->pause = 0;
		if (bus->hooks.ready)
			bus->hooks.ready(bus->hooks.data);
	}
	dbus_message_unref(reply);
}

static void request_name(struct bus *bus)
{
	DBusMessage *message = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "RequestName");
	const char *name = BUS_NAME;
	dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;

	must(dbus_message_append_args(message, DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags, DBUS_TYPE_INVALID));
	bus->hello = link_ask(bus, message, START_TIMEOUT, on_name, bus);
}

static void on_hello(DBusPendingCall *pending, void *data)
{
	struct bus *bus = data;
	DBusMessage *reply = take_reply(bus, pending);
	const char *name;

	dbus_pending_call_unref(pending);
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID)) {
		must(dbus_bus_set_unique_name(bus->connection, name));
		request_name(bus);
	} else {
		trouble(bus, "the bus did not answer our greeting");
	}
	dbus_message_unref(reply);
}

static void functions_set(struct bus *bus)
{
	DBusConnection *c = bus->connection;

	dbus_connection_set_exit_on_disconnect(c, FALSE);
	must(dbus_connection_set_watch_functions(c, watch_add, watch_remove, watch_toggle, bus, NULL));
	must(dbus_connection_set_timeout_functions(c, timeout_add, timeout_remove, timeout_toggle, bus, NULL));
	dbus_connection_set_dispatch_status_function(c, on_status, bus, NULL);
	dbus_connection_set_wakeup_main_function(c, on_wakeup, bus, NULL);
	must(dbus_connection_add_filter(c, on_message, bus, NULL));
}

void link_open(struct bus *bus)
{
	DBusError error = DBUS_ERROR_INIT;

	bus->lost = false;
	bus->connection = dbus_connection_open_private(bus->address, &error);
	if (!bus->connection) {
		if (bus->was_named)
			retry_later(bus);
		else
			trouble(bus, error.message ? error.message : "no connection to the bus");
		dbus_error_free(&error);
		return;
	}
	functions_set(bus);
	bus->hello = link_ask(bus, dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "Hello"),
		START_TIMEOUT, on_hello, bus);
	if (!bus->hello)
		trouble(bus, "the bus closed the connection at once");
	event_active(bus->dispatch, EV_TIMEOUT, 1);
}

/* Replies that are still queued get half a second: a bus that hangs must not keep us from ending. */
static void last_words(DBusConnection *c)
{
	int64_t end = monotonic_usec() + 500000;

	while (dbus_connection_get_is_connected(c) && dbus_connection_has_messages_to_send(c) && monotonic_usec() < end)
		dbus_connection_read_write(c, 20);
}

void link_close(struct bus *bus)
{
	DBusConnection *c = bus->connection;

	if (!c)
		return;
	bus->dispatching = true; /* no more turns for this one */
	clients_drop(bus);
	tasks_forget_starters(bus->tasks);
	if (bus->hello) {
		dbus_pending_call_cancel(bus->hello);
		dbus_pending_call_unref(bus->hello);
		bus->hello = NULL;
	}
	last_words(c);
	dbus_connection_remove_filter(c, on_message, bus);
	bus->connection = NULL;
	bus->named = false;
	dbus_connection_close(c);
	while (dbus_connection_dispatch(c) == DBUS_DISPATCH_DATA_REMAINS)
		;
	dbus_connection_set_dispatch_status_function(c, NULL, NULL, NULL);
	dbus_connection_set_wakeup_main_function(c, NULL, NULL, NULL);
	must(dbus_connection_set_watch_functions(c, NULL, NULL, NULL, NULL, NULL));
	must(dbus_connection_set_timeout_functions(c, NULL, NULL, NULL, NULL, NULL));
	dbus_connection_unref(c);
	bus->dispatching = false;
}

void link_lost(struct bus *bus)
{
	bus->lost = false;
	if (!bus->pause)
		log_event(EVENT_BUS_LOST, NULL);
	link_close(bus);
	retry_later(bus);
}
