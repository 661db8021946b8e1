/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How large a call is.
 *
 * libdbus tells nobody the length of a message that came in, and a lower limit of its own would cut the connection, which all
 * callers share, when one of them sends too much. So the values are counted here, before anything looks at them; no further than
 * the limit, so that a message of 100 MB costs no more than one of the largest size allowed.
 */
#include "inner.h"

#include <string.h>

enum {
	LEAST = 8
}; /* counted for the smallest value, so that millions of empty ones end soon, too */

static size_t basic_size(DBusMessageIter *at, int type)
{
	const char *text;

	if (type != DBUS_TYPE_STRING && type != DBUS_TYPE_OBJECT_PATH && type != DBUS_TYPE_SIGNATURE)
		return LEAST;
	dbus_message_iter_get_basic(at, &text);
	return LEAST + strlen(text);
}

static size_t fixed_size(DBusMessageIter *array, int type)
{
	const void *first;
	int count;

	dbus_message_iter_get_fixed_array(array, &first, &count);
	return LEAST + (size_t)count * (type == DBUS_TYPE_BYTE ? 1 : LEAST);
}

/* The value at the iterator and all behind it. libdbus lets nothing nest deeper than 64. */
static size_t values_size(DBusMessageIter *at, size_t most)
{
	size_t size = 0;
	int type, inside;

	for (; size <= most && (type = dbus_message_iter_get_arg_type(at)) != DBUS_TYPE_INVALID; dbus_message_iter_next(at)) {
		DBusMessageIter inner;

		if (dbus_type_is_basic(type)) {
			size += basic_size(at, type);
			continue;
		}
		inside = type == DBUS_TYPE_ARRAY ? dbus_message_iter_get_element_type(at) : DBUS_TYPE_INVALID;
		dbus_message_iter_recurse(at, &inner);
		if (inside != DBUS_TYPE_INVALID && inside != DBUS_TYPE_UNIX_FD && dbus_type_is_fixed(inside))
			size += fixed_size(&inner, inside);
		else
			size += LEAST + values_size(&inner, most - size);
	}
	return size;
}

size_t message_size(DBusMessage *message, size_t most)
{
	DBusMessageIter at;

	return dbus_message_iter_init(message, &at) ? values_size(&at, most) : 0;
}
