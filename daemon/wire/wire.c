/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Watches and timeouts of libdbus as events of libevent (wire.h).
 */
#include "wire.h"

#include <stdlib.h>
#include <time.h>

struct waking {
	void (*wake)(void *);
	void *data;
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
	struct event_base *base = data;
	unsigned flags = dbus_watch_get_flags(watch);
	short what = EV_PERSIST;
	struct event *event;

	if (flags & DBUS_WATCH_READABLE)
		what |= EV_READ;
	if (flags & DBUS_WATCH_WRITABLE)
		what |= EV_WRITE;
	event = event_new(base, dbus_watch_get_unix_fd(watch), what, on_descriptor, watch);
	if (!event)
		abort();
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
	struct event_base *base = data;
	struct event *event = event_new(base, -1, EV_PERSIST, on_timeout, timeout);

	if (!event)
		abort();
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

/* ---- dispatch ---- */

static void on_status(DBusConnection *connection, DBusDispatchStatus status, void *data)
{
	struct waking *waking = data;

	(void)connection;
	if (status == DBUS_DISPATCH_DATA_REMAINS)
		waking->wake(waking->data);
}

static void on_wakeup(void *data)
{
	struct waking *waking = data;

	waking->wake(waking->data);
}

static void must(int ok)
{
	if (!ok)
		abort();
}

void wire_attach(struct event_base *base, DBusConnection *c, void (*wake)(void *), void *data)
{
	struct waking *status = malloc(sizeof *status), *wakeup = malloc(sizeof *wakeup);

	must(status && wakeup);
	*status = *wakeup = (struct waking){ wake, data };
	dbus_connection_set_exit_on_disconnect(c, FALSE);
	must(dbus_connection_set_watch_functions(c, watch_add, watch_remove, watch_toggle, base, NULL));
	must(dbus_connection_set_timeout_functions(c, timeout_add, timeout_remove, timeout_toggle, base, NULL));
	dbus_connection_set_dispatch_status_function(c, on_status, status, free);
	dbus_connection_set_wakeup_main_function(c, on_wakeup, wakeup, free);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void wire_end(DBusConnection *c, int ms)
{
	int64_t end = milliseconds() + ms;

	while (dbus_connection_get_is_connected(c) && dbus_connection_has_messages_to_send(c) && milliseconds() < end)
		dbus_connection_read_write(c, 20);
	dbus_connection_close(c);
	while (dbus_connection_dispatch(c) == DBUS_DISPATCH_DATA_REMAINS)
		;
	dbus_connection_set_dispatch_status_function(c, NULL, NULL, NULL);
	dbus_connection_set_wakeup_main_function(c, NULL, NULL, NULL);
	must(dbus_connection_set_watch_functions(c, NULL, NULL, NULL, NULL, NULL));
	must(dbus_connection_set_timeout_functions(c, NULL, NULL, NULL, NULL, NULL));
	dbus_connection_unref(c);
}

void wire_attach_server(struct event_base *base, DBusServer *server)
{
	must(dbus_server_set_watch_functions(server, watch_add, watch_remove, watch_toggle, base, NULL));
	must(dbus_server_set_timeout_functions(server, timeout_add, timeout_remove, timeout_toggle, base, NULL));
}

void wire_end_server(DBusServer *server)
{
	dbus_server_disconnect(server);
	must(dbus_server_set_watch_functions(server, NULL, NULL, NULL, NULL, NULL));
	must(dbus_server_set_timeout_functions(server, NULL, NULL, NULL, NULL, NULL));
	dbus_server_unref(server);
}
