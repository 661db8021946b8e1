/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The peer of the link bench: libdbus alone, two processes and a Unix socket between them. The question and the answer have the shape and
 * the size of an Open and of the page for a token that is none.
 *
 *	link_peer SOCKET SECONDS
 *
 * Prints "CALLS SECONDS".
 */
#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int done)
{
	if (!done)
		abort();
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	static const char texts[5];
	static const dbus_int64_t numbers[2] = { 4, 0 };
	const char *bytes = texts;
	const dbus_int64_t *first = numbers;
	DBusMessage *reply;

	(void)data;
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		exit(0);
	reply = dbus_message_new_method_return(message);
	must(dbus_message_append_args(reply, DBUS_TYPE_ARRAY, DBUS_TYPE_INT64, &first, 2, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &bytes,
		(int)sizeof texts, DBUS_TYPE_INVALID));
	must(dbus_connection_send(connection, reply, NULL));
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static dbus_bool_t add_watch(DBusWatch *watch, void *data)
{
	(void)watch;
	(void)data;
	return TRUE;
}

static void remove_watch(DBusWatch *watch, void *data)
{
	(void)watch;
	(void)data;
}

static DBusWatch *listening;

static dbus_bool_t add_server_watch(DBusWatch *watch, void *data)
{
	listening = watch;
	return add_watch(watch, data);
}

static DBusConnection *accepted;

static void on_connection(DBusServer *server, DBusConnection *connection, void *data)
{
	(void)server;
	(void)data;
	accepted = dbus_connection_ref(connection);
}

static void serve(DBusServer *server)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!accepted)
		must(dbus_watch_handle(listening, DBUS_WATCH_READABLE));
	(void)server;
	dbus_connection_add_filter(accepted, on_message, NULL, NULL);
	while (dbus_connection_read_write_dispatch(accepted, -1))
		;
	exit(0);
}

static void ask(DBusConnection *connection, long number)
{
	char texts[44 + 33];
	const char *bytes = texts;
	DBusMessage *message = dbus_message_new_method_call(NULL, "/org/mentorship1/link", "org.mentorship1.Link", "Open"), *reply;

	snprintf(texts, 44, "%043ld", number);
	snprintf(texts + 44, 33, "%032ld", number * 7919);
	must(dbus_message_append_args(message, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &bytes, (int)sizeof texts, DBUS_TYPE_INVALID));
	reply = dbus_connection_send_with_reply_and_block(connection, message, 10000, NULL);
	must(reply && dbus_message_has_signature(reply, "axay"));
	dbus_message_unref(message);
	dbus_message_unref(reply);
}

int main(int argc, char **argv)
{
	char address[300];
	DBusServer *server;
	DBusConnection *connection;
	double start, took = 0;
	long calls = 0;

	if (argc != 3)
		return 2;
	snprintf(address, sizeof address, "unix:path=%s", argv[1]);
	unlink(argv[1]);
	server = dbus_server_listen(address, NULL);
	must(server != NULL);
	must(dbus_server_set_watch_functions(server, add_server_watch, remove_watch, NULL, NULL, NULL));
	dbus_server_set_new_connection_function(server, on_connection, NULL, NULL);
	if (!fork())
		serve(server);
	connection = dbus_connection_open_private(address, NULL);
	must(connection != NULL);
	ask(connection, 0);
	start = now();
	while (took < atof(argv[2])) {
		ask(connection, ++calls);
		took = now() - start;
	}
	printf("%ld %.6f\n", calls, took);
	dbus_connection_close(connection);
	return 0;
}
