/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One table says which error name leads to which exit status; scripts rely on it, so rows are only added.
 */
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OURS "org.mentorship1.Error."
#define BUS "org.freedesktop.DBus.Error."

static const struct {
	const char *name;
	enum exit_status status;
} statuses[] = {
	{ ERROR_USAGE, EXIT_USAGE },
	{ ERROR_INVALID, EXIT_USAGE },
	{ BUS "InvalidArgs", EXIT_USAGE },
	{ BUS "InvalidSignature", EXIT_USAGE },
	{ ERROR_NOTFOUND, EXIT_NOTFOUND },
	{ BUS "UnknownObject", EXIT_NOTFOUND },
	{ OURS "NotAllowed", EXIT_DENIED },
	{ BUS "InteractiveAuthorizationRequired", EXIT_DENIED },
	{ BUS "AccessDenied", EXIT_DENIED },
	{ BUS "AuthFailed", EXIT_DENIED },
	{ OURS "WrongState", EXIT_CONFLICT },
	{ OURS "Conflict", EXIT_CONFLICT },
	{ OURS "Busy", EXIT_CONFLICT },
	{ ERROR_NOREPLY, EXIT_UNREACHABLE },
	{ ERROR_DISCONNECTED, EXIT_UNREACHABLE },
	{ BUS "ServiceUnknown", EXIT_UNREACHABLE },
	{ BUS "NameHasNoOwner", EXIT_UNREACHABLE },
	{ BUS "NoServer", EXIT_UNREACHABLE },
	{ BUS "FileNotFound", EXIT_UNREACHABLE },
	{ BUS "BadAddress", EXIT_UNREACHABLE },
	{ BUS "Timeout", EXIT_UNREACHABLE },
	{ BUS "TimedOut", EXIT_UNREACHABLE },
};

enum exit_status failure_status(const char *name)
{
	if (!*name)
		return EXIT_DONE;
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (!strcmp(statuses[i].name, name))
			return statuses[i].status;
	/* whatever kept the bus from starting the service */
	return strncmp(name, BUS "Spawn.", strlen(BUS "Spawn.")) ? EXIT_OTHER : EXIT_UNREACHABLE;
}

int failed(struct failure *failure, const char *name, const char *format, ...)
{
	va_list ap;
	size_t end;

	snprintf(failure->name, sizeof failure->name, "%s", name);
	va_start(ap, format);
	vsnprintf(failure->text, sizeof failure->text, format, ap);
	va_end(ap);
	end = strlen(failure->text);
	if (end == sizeof failure->text - 1) {
		while (end && ((unsigned char)failure->text[end - 1] & 0xC0) == 0x80)
			end--;
		failure->text[end ? end - 1 : 0] = 0;
	}
	return -1;
}
