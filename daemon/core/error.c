/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[-E_INVALID] = "org.mentorship1.Error.InvalidField",
	[-E_NOTFOUND] = "org.mentorship1.Error.NotFound",
	[-E_STATE] = "org.mentorship1.Error.WrongState",
	[-E_CONFLICT] = "org.mentorship1.Error.Conflict",
	[-E_DENIED] = "org.mentorship1.Error.NotAllowed",
	[-E_BUSY] = "org.mentorship1.Error.Busy",
	[-E_LIMIT] = "org.mentorship1.Error.LimitExceeded",
	[-E_FULL] = "org.mentorship1.Error.StoreFull",
	[-E_STORE] = "org.mentorship1.Error.StoreFailed",
	[-E_READONLY] = "org.mentorship1.Error.ReadOnly",
	[-E_UNAVAILABLE] = "org.mentorship1.Error.Unavailable",
	[-E_CANCELLED] = "org.mentorship1.Error.Cancelled",
	[-E_AUTH] = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
};

int problem_set(struct problem *problem, int code, const char *field, const char *format, ...)
{
	va_list ap;

	problem->code = code;
	snprintf(problem->field, sizeof problem->field, "%s", field ? field : "");
	va_start(ap, format);
	vsnprintf(problem->text, sizeof problem->text, format, ap);
	va_end(ap);
	return code;
}

const char *error_name(int code)
{
	return code < 0 && code >= E_LAST ? names[-code] : names[-E_STORE];
}

int error_code(const char *name)
{
	for (int code = -1; code >= E_LAST; code--)
		if (!strcmp(names[-code], name))
			return code;
	return E_STORE;
}
