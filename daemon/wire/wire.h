/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libdbus on libevent, for whoever has a connection: the bus, the links to plugins, and the plugins' hosts.
 *
 * Two watches can share one descriptor, so each has an event of its own, freed in the remove function only. Nothing is dispatched
 * from inside libdbus' status callback: `wake` is called there, and must only make sure that the owner dispatches soon.
 */
#ifndef MENTORSHIP_WIRE_H
#define MENTORSHIP_WIRE_H

#include <dbus/dbus.h>
#include <event2/event.h>

/* Puts a connection on the loop; it does not end the process when it is lost. Memory that cannot be had ends the process. */
void wire_attach(struct event_base *, DBusConnection *, void (*wake)(void *), void *data);
/* Takes it off again, sends what is queued for at most `ms` milliseconds, closes it, drains it and drops the reference. */
void wire_end(DBusConnection *, int ms);
/* The same for a server that listens. */
void wire_attach_server(struct event_base *, DBusServer *);
void wire_end_server(DBusServer *);

#endif
