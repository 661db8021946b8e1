/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One connection, one call at a time. Signals that arrive while a call waits stay in libdbus' queue until they are asked for.
 * Only messages of the daemon's own unique name count as its signals: anybody else on the bus may send the same words.
 */
#include "bus.h"

#include <dbus/dbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "bus_value.h"

enum {
	RETURN_WAIT = 10000,
	RETURN_STEP = 100,
	TASK_POLL = 1000
}; /* ms: how long a lost daemon may take to come back */

struct bus {
	DBusConnection *connection;
	int timeout;
	bool listening;
	char *owner; /* unique name of the daemon while listening, NULL if it has none */
};

static int failed_by(struct failure *failure, DBusError *error)
{
	failed(failure, error->name, "%s", error->message);
	dbus_error_free(error);
	return -1;
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int connect_bus(struct bus *bus, struct failure *failure)
{
	DBusError error = DBUS_ERROR_INIT;

	bus->connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
	if (!bus->connection)
		return failed_by(failure, &error);
	dbus_connection_set_exit_on_disconnect(bus->connection, FALSE);
	return 0;
}

static void disconnect(struct bus *bus)
{
	if (!bus->connection)
		return;
	dbus_connection_close(bus->connection);
	dbus_connection_unref(bus->connection);
	bus->connection = NULL;
}

int bus_open(struct bus **ret, int timeout, struct failure *failure)
{
	struct bus *bus = calloc(1, sizeof *bus);

	if (!bus)
		abort();
	dbus_connection_set_change_sigpipe(FALSE);
	bus->timeout = timeout;
	if (connect_bus(bus, failure)) {
		free(bus);
		return -1;
	}
	*ret = bus;
	return 0;
}

void bus_close(struct bus *bus)
{
	if (!bus)
		return;
	disconnect(bus);
	free(bus->owner);
	free(bus);
}

/* ---- calls ---- */

static int call_once(struct bus *bus, DBusMessage *message, DBusMessage **ret, struct failure *failure)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *copy;

	if (!bus->connection && connect_bus(bus, failure))
		return -1;
	copy = dbus_message_copy(message);
	if (!copy)
		abort();
	*ret = dbus_connection_send_with_reply_and_block(bus->connection, copy, bus->timeout, &error);
	dbus_message_unref(copy);
	return *ret ? 0 : failed_by(failure, &error);
}

static bool was_lost(const struct failure *failure)
{
	return !strcmp(failure->name, ERROR_NOREPLY) || !strcmp(failure->name, ERROR_DISCONNECTED);
}

/* Waits until bus and daemon are there again; if they do not come, the next call says so. */
static void wait_for_return(struct bus *bus)
{
	int64_t until = milliseconds() + RETURN_WAIT;
	struct failure ignored;

	for (; milliseconds() < until; usleep(RETURN_STEP * 1000)) {
		if (bus->connection && !dbus_connection_get_is_connected(bus->connection))
			disconnect(bus);
		if (!bus->connection && connect_bus(bus, &ignored))
			continue;
		if (dbus_bus_name_has_owner(bus->connection, BUS_NAME, NULL))
			return;
	}
}

int bus_call(struct bus *bus, int flags, const char *path, const char *interface, const char *member, const char *signature,
	json_t *arguments, json_t **ret_reply, struct failure *failure)
{
	DBusMessage *message, *reply = NULL;
	int r;

	message = dbus_message_new_method_call(BUS_NAME, path, interface, member);
	if (!message)
		abort();
	dbus_message_set_allow_interactive_authorization(message, !!(flags & BUS_INTERACTIVE));
	r = value_append(message, signature, arguments, failure);
	json_decref(arguments);
	if (!r)
		r = call_once(bus, message, &reply, failure);
	if (r && flags & BUS_REPEAT && was_lost(failure)) {
		wait_for_return(bus);
		r = call_once(bus, message, &reply, failure);
	}
	dbus_message_unref(message);
	if (r)
		return r;
	if (ret_reply)
		*ret_reply = value_read(reply);
	dbus_message_unref(reply);
	failure->name[0] = 0;
	return 0;
}

int bus_properties(struct bus *bus, const char *path, const char *interface, json_t **ret, struct failure *failure)
{
	json_t *reply;

	if (bus_call(bus, BUS_REPEAT, path, DBUS_INTERFACE_PROPERTIES, "GetAll", "s", json_pack("[s]", interface), &reply, failure))
		return -1;
	*ret = json_incref(json_array_get(reply, 0));
	json_decref(reply);
	return *ret ? 0 : failed(failure, ERROR_MALFORMED, "the daemon answered GetAll without properties");
}

/* ---- signals ---- */

static void ask_owner(struct bus *bus)
{
	DBusMessage *message, *reply;
	const char *name = BUS_NAME, *owner = NULL;

	message = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "GetNameOwner");
	if (!message || !dbus_message_append_args(message, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID))
		abort();
	reply = dbus_connection_send_with_reply_and_block(bus->connection, message, bus->timeout, NULL);
	dbus_message_unref(message);
	free(bus->owner);
	bus->owner = NULL;
	if (!reply)
		return;
	if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID))
		bus->owner = strdup(owner);
	dbus_message_unref(reply);
}

int bus_listen(struct bus *bus, struct failure *failure)
{
	DBusError error = DBUS_ERROR_INIT;

	if (!bus->connection && connect_bus(bus, failure))
		return -1;
	dbus_bus_add_match(bus->connection,
		"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		"member='NameOwnerChanged',arg0='" BUS_NAME "'",
		&error);
	if (dbus_error_is_set(&error))
		return failed_by(failure, &error);
	bus->listening = true;
	ask_owner(bus);
	return 0;
}

static bool owner_changed(struct bus *bus, DBusMessage *message)
{
	const char *name, *was, *now;

	if (!dbus_message_is_signal(message, DBUS_INTERFACE_DBUS, "NameOwnerChanged") ||
		!dbus_message_has_sender(message, DBUS_SERVICE_DBUS) ||
		!dbus_message_get_args(
			message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &was, DBUS_TYPE_STRING, &now, DBUS_TYPE_INVALID) ||
		strcmp(name, BUS_NAME))
		return false;
	if (bus->owner && !strcmp(bus->owner, now))
		return false; /* told before we asked */
	free(bus->owner);
	bus->owner = *now ? strdup(now) : NULL;
	return true;
}

/* 1: *ret is filled; 2: the daemon changed; 0: of no interest; -1: the connection is gone. */
static int look_at(struct bus *bus, DBusMessage *message, struct bus_signal *ret, struct failure *failure)
{
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		return failed(failure, ERROR_DISCONNECTED, "the connection to the bus was closed");
	if (owner_changed(bus, message))
		return 2;
	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_SIGNAL || !bus->owner || !dbus_message_has_sender(message, bus->owner))
		return 0;
	ret->path = strdup(dbus_message_get_path(message));
	ret->interface = strdup(dbus_message_get_interface(message));
	ret->member = strdup(dbus_message_get_member(message));
	if (!ret->path || !ret->interface || !ret->member)
		abort();
	ret->arguments = value_read(message);
	return 1;
}

int bus_next_signal(struct bus *bus, int timeout, struct bus_signal *ret, struct failure *failure)
{
	int64_t until = milliseconds() + timeout;

	for (;;) {
		DBusMessage *message;
		int64_t left;
		int r;

		if (!bus->connection)
			return failed(failure, ERROR_DISCONNECTED, "the connection to the bus was closed");
		message = dbus_connection_pop_message(bus->connection);
		if (message) {
			r = look_at(bus, message, ret, failure);
			dbus_message_unref(message);
			if (r < 0)
				disconnect(bus);
			if (r)
				return r;
			continue;
		}
		left = until - milliseconds();
		if (left <= 0)
			return 0;
		dbus_connection_read_write(bus->connection, (int)left);
	}
}

void bus_signal_free(struct bus_signal *signal)
{
	free(signal->path);
	free(signal->interface);
	free(signal->member);
	json_decref(signal->arguments);
	memset(signal, 0, sizeof *signal);
}

/* ---- tasks ---- */

/* 1: it has ended, *ret_result or the failure says how; 0: it runs. */
static int task_look(
	struct bus *bus, const char *path, double *ret_done, char kind[static 64], json_t **ret_result, struct failure *failure)
{
	const char *state, *error, *word;
	json_t *task, *result;
	int r = 0;

	if (bus_properties(bus, path, BUS_TASK, &task, failure))
		return -1;
	state = json_string_value(json_object_get(task, "State"));
	error = json_string_value(json_object_get(task, "Error"));
	result = json_object_get(task, "Result");
	*ret_done = json_number_value(json_object_get(task, "Progress"));
	word = json_string_value(json_object_get(task, "Kind"));
	snprintf(kind, 64, "%s", word ? word : "");
	if (!state)
		r = failed(failure, ERROR_MALFORMED, "the daemon answered for a task without its state");
	else if (!strcmp(state, "done"))
		r = 1, *ret_result = json_is_object(result) ? json_incref(result) : json_object();
	else if (!strcmp(state, "cancelled"))
		r = failed(failure, ERROR_CANCELLED, "the task was cancelled");
	else if (!strcmp(state, "failed"))
		r = failed(failure, ERROR_UNAVAILABLE, "%s", error && *error ? error : "the task failed");
	json_decref(task);
	return r;
}

static int task_gone(struct failure *failure)
{
	return failed(failure, ERROR_UNAVAILABLE,
		"the daemon ended while it worked on this; once it runs again, look whether the work has to be started anew");
}

int bus_task_wait(struct bus *bus, const char *path, void (*progress)(double done, const char *kind, void *data), void *data,
	json_t **ret_result, struct failure *failure)
{
	bool seen = false;
	char kind[64];
	double done;
	int r;

	if (!bus->listening && bus_listen(bus, failure))
		return -1;
	for (;;) {
		struct bus_signal signal = { 0 };

		r = task_look(bus, path, &done, kind, ret_result, failure);
		if (r < 0) /* a new daemon knows nothing of what the old one did */
			return seen && !strcmp(failure->name, ERROR_NOTFOUND) ? task_gone(failure) : r;
		seen = true;
		if (progress)
			progress(done, kind, data);
		if (r)
			return 0;
		r = bus_next_signal(bus, TASK_POLL, &signal, failure);
		bus_signal_free(&signal);
		if (r < 0)
			return r;
		if (r == 2)
			return task_gone(failure);
	}
}

/* ---- keys ---- */

void bus_key(char out[static BUS_KEY])
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char random[16];
	struct timespec now;
	uint64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (getrandom(random, sizeof random, 0) != sizeof random)
		abort();
	for (int i = 9; i >= 0; i--, ms >>= 5)
		out[i] = letters[ms & 31];
	for (int i = 0; i < 16; i++)
		out[10 + i] = letters[random[i] & 31];
	out[26] = 0;
}
