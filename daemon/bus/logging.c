/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * org.freedesktop.LogControl1: what systemctl log-level asks for. Read by anybody, set by root only; the target is fixed.
 */
#include "values.h"

#include <string.h>

#include "core/log.h"

static void put_level(struct request *request, DBusMessageIter *at)
{
	(void)request;
	put_text(at, log_level_name(log_level()));
}

static void put_target(struct request *request, DBusMessageIter *at)
{
	(void)request;
	put_text(at, getenv("JOURNAL_STREAM") ? "journal" : "console");
}

static void put_identifier(struct request *request, DBusMessageIter *at)
{
	(void)request;
	put_text(at, "mentorshipd");
}

const struct property logging_properties[] = { { "LogLevel", "s", put_level, "The least important level that is logged; root sets it." },
	{ "LogTarget", "s", put_target, "Where the log goes." }, { "SyslogIdentifier", "s", put_identifier, "The name in the log." },
	{ 0 } };

int logging_set(struct request *request, const char *name, DBusMessageIter *variant)
{
	struct value value;
	int result = read_value(variant, request->call.arena, name, &value, &request->call.problem), level;

	if (request->caller.uid)
		return problem_set(&request->call.problem, E_DENIED, name, "is set by root only");
	if (result)
		return result;
	if (strcmp(name, "LogLevel") || value.type != V_TEXT)
		return problem_set(&request->call.problem, E_READONLY, name, "cannot be set; LogLevel can, to text");
	level = log_level_named(value.text);
	if (level < 0)
		return problem_set(&request->call.problem, E_INVALID, name,
			"must be emerg, alert, crit, err, warning, notice, info or "
			"debug");
	log_level_set(level);
	reply_new(request);
	return 0;
}
