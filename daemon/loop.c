/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event loop and what it wakes for on its own: signals, the watchdog, the head of the audit chain. SIGTERM and SIGINT end the
 * loop, SIGHUP reads the configuration again. The watchdog is fed from the loop, so that a loop that hangs is noticed.
 */
#include <signal.h>
#include <stdlib.h>

#include "core/service.h"
#include "daemon.h"

static void on_end(evutil_socket_t number, short what, void *data)
{
	struct daemon *daemon = data;

	(void)number;
	(void)what;
	event_base_loopbreak(daemon->base);
}

static void on_hang_up(evutil_socket_t number, short what, void *data)
{
	struct problem problem = { 0 };

	(void)number;
	(void)what;
	daemon_reload(data, &problem); /* a refusal is in the log, and the old settings stay */
}

static void on_watchdog(evutil_socket_t fd, short what, void *data)
{
	struct daemon *daemon = data;

	(void)fd;
	(void)what;
	service_watchdog();
	if (daemon->serving)
		status_tell(daemon, false);
}

static void on_head(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	head_tell(data);
}

static struct event *signal_new(struct daemon *daemon, int number, event_callback_fn run)
{
	struct event *event = evsignal_new(daemon->base, number, run, daemon);

	if (!event || event_add(event, NULL))
		abort();
	return event;
}

void loop_make(struct daemon *daemon)
{
	uint64_t interval = service_watchdog_interval();

	/* no precise timers: each turn of the loop would set one in the kernel, and nothing here is due to the millisecond */
	daemon->base = event_base_new();
	if (!daemon->base)
		abort();
	daemon->terminate = signal_new(daemon, SIGTERM, on_end);
	daemon->interrupt = signal_new(daemon, SIGINT, on_end);
	daemon->hang_up = signal_new(daemon, SIGHUP, on_hang_up);
	daemon->watchdog = event_new(daemon->base, -1, EV_PERSIST, on_watchdog, daemon);
	daemon->head = event_new(daemon->base, -1, 0, on_head, daemon);
	if (!daemon->watchdog || !daemon->head)
		abort();
	if (interval)
		event_add(daemon->watchdog, &(struct timeval){ (time_t)(interval / 1000000), (suseconds_t)(interval % 1000000) });
}

static void event_end(struct event *event)
{
	if (event)
		event_free(event);
}

void loop_free(struct daemon *daemon)
{
	event_end(daemon->terminate);
	event_end(daemon->interrupt);
	event_end(daemon->hang_up);
	event_end(daemon->watchdog);
	event_end(daemon->head);
	if (daemon->base)
		event_base_free(daemon->base);
}
