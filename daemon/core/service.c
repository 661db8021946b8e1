/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "service.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "text.h"

static const char *const phases[] = {
	[SERVICE_OPENING] = "opening the database",
	[SERVICE_MIGRATING] = "bringing the database to this version",
	[SERVICE_CONNECTING] = "connecting to the bus",
	[SERVICE_SERVING] = "",
	[SERVICE_HELD] = "held until mentorctl resume",
	[SERVICE_STOPPING] = "stopping",
};

static void add_count(struct buffer *line, int64_t count, const char *what)
{
	buffer_print(line, "%s%lld%s%s", line->length ? ", " : "", (long long)count, what, count == 1 ? "" : "s");
}

static void status_line(enum service_phase phase, const struct service_counts *counts, struct buffer *line)
{
	time_t next = counts ? (time_t)counts->next_job : 0;
	char when[40];
	struct tm utc;

	buffer_text(line, phases[phase]);
	if (!counts)
		return;
	add_count(line, counts->programs, " program");
	add_count(line, counts->jobs, " job");
	if (next && gmtime_r(&next, &utc) && strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &utc))
		buffer_print(line, ", next %s", when);
}

/* systemd tells watchers of each message, so an unchanged line is not sent again. */
static void tell(const char *before, enum service_phase phase, const struct service_counts *counts)
{
	static char sent[160];
	struct buffer line = { 0 }, message = { 0 };

	status_line(phase, counts, &line);
	if (*before || strncmp(sent, buffer_string(&line), sizeof sent - 1)) {
		snprintf(sent, sizeof sent, "%s", buffer_string(&line));
		buffer_print(&message, "%sSTATUS=", before);
		encode_status(&message, buffer_string(&line));
		sd_notify(0, message.data);
	}
	buffer_free(&line);
	buffer_free(&message);
}

void service_ready(enum service_phase phase, const struct service_counts *counts)
{
	tell("READY=1\n", phase, counts);
}

void service_status(enum service_phase phase, const struct service_counts *counts)
{
	tell("", phase, counts);
}

void service_stopping(void)
{
	tell("STOPPING=1\n", SERVICE_STOPPING, NULL);
}

uint64_t service_watchdog_interval(void)
{
	uint64_t microseconds = 0;

	return sd_watchdog_enabled(0, &microseconds) > 0 ? microseconds / 2 : 0;
}

void service_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

void service_extend(uint64_t microseconds)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)microseconds);
}

void service_failed(int error)
{
	sd_notifyf(0, "ERRNO=%d", error);
}

/* An error name comes from the other side of the bus: only what can be one is passed on. */
void service_bus_failed(const char *error_name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";

	if (error_name && *error_name && strlen(error_name) < 256 && strspn(error_name, letters) == strlen(error_name))
		sd_notifyf(0, "BUSERROR=%s", error_name);
}
