/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection: libdbus on libevent, and its loss.
 *
 * Nothing here blocks: Hello and RequestName are asked like any other call. When the bus goes, everything that belonged to it goes
 * too (clients, their requests, subscriptions); what was committed stays. Then it is tried again after 100 ms, 200 ms ... 5 s.
 * What libdbus wants of the loop is wire/wire.c.
 */
#include "values.h"

#include <string.h>

#include "core/log.h"
#include "wire/wire.h"

enum {
	PAUSE_FIRST = 100,
	PAUSE_MOST = 5000,
	START_TIMEOUT = 10000,
	LAST_WORDS = 500
};

/* ---- dispatch: never from inside a callback of libdbus ---- */

static void wake(void *data)
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
	wire_attach(bus->base, bus->connection, wake, bus);
	must(dbus_connection_add_filter(bus->connection, on_message, bus, NULL));
	bus->hello = link_ask(bus, dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "Hello"),
		START_TIMEOUT, on_hello, bus);
	if (!bus->hello)
		trouble(bus, "the bus closed the connection at once");
	event_active(bus->dispatch, EV_TIMEOUT, 1);
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
	dbus_connection_remove_filter(c, on_message, bus);
	bus->connection = NULL;
	bus->named = false;
	wire_end(c, LAST_WORDS); /* a bus that hangs must not keep us from ending */
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
