/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values of messages as JSON, for bus.c. See bus.h for the rules.
 */
#ifndef MENTORSHIP_CLIENT_BUS_VALUE_H
#define MENTORSHIP_CLIENT_BUS_VALUE_H

#include <dbus/dbus.h>
#include <jansson.h>

#include "failure.h"

/* Appends the elements of the array, one for each complete type of the signature. */
int value_append(DBusMessage *, const char *signature, const json_t *arguments, struct failure *);
/* All arguments of a message as an array; the caller owns it. Never NULL. */
json_t *value_read(DBusMessage *);

#endif
