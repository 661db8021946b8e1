/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin that is ready and crashes a moment later. CRASHER is its name.
 */
#include <mentorship-plugin.h>

#include <event2/event.h>
#include <signal.h>

static const struct mentorship_host *ours;

static void on_time(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
	raise(SIGSEGV);
}

static int load(const struct mentorship_host *host, void **self)
{
	ours = host;
	*self = (void *)(uintptr_t)host;
	return 0;
}

static int ready(void *self)
{
	(void)self;
	return event_base_once(ours->loop(ours), -1, EV_TIMEOUT, on_time, NULL, &(struct timeval){ .tv_usec = 100000 });
}

static void unload(void *self)
{
	(void)self;
}

MENTORSHIP_PLUGIN(MENTORSHIP_SURVEY_CHANNEL) = { MENTORSHIP_STAMP(MENTORSHIP_SURVEY_CHANNEL), CRASHER, "1", "GPL-3.0-or-later", "Crashes.",
	NULL, load, NULL, ready, NULL, NULL, unload };
