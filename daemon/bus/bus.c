/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bus as one thing: made, started, told about new settings, freed.
 */
#include "values.h"

#include <string.h>
#include <time.h>

static void on_dispatch(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	turn_run(data);
}

static void on_retry(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	link_open(data);
}

static void on_step(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	turn_steps(data);
}

static void on_publish(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	publish_run(data);
}

static void on_sweep(evutil_socket_t fd, short what, void *data)
{
	struct bus *bus = data;
	struct timespec now;
	int64_t wait;

	(void)fd;
	(void)what;
	clock_gettime(CLOCK_BOOTTIME, &now);
	wait = tasks_sweep(bus->tasks, now.tv_sec);
	lookups_reap(bus);
	if (bus->unreaped.count)
		wait = 0;
	if (wait >= 0)
		event_add(bus->sweeping, &(struct timeval){ wait + 1, 0 });
}

static struct event *timer(struct bus *bus, event_callback_fn run)
{
	struct event *event = event_new(bus->base, -1, 0, run, bus);

	must(event != NULL);
	return event;
}

struct bus *bus_new(const struct bus_setup *setup)
{
	struct bus *bus = calloc(1, sizeof *bus);
	const char *address = setup->address ? setup->address : getenv("DBUS_SYSTEM_BUS_ADDRESS");

	must(bus != NULL);
	bus->base = setup->base;
	bus->address = strdup(address && *address ? address : "unix:path=/run/dbus/system_bus_socket");
	must(bus->address != NULL);
	bus->store = setup->store;
	bus->settings = setup->settings;
	bus->tasks = setup->tasks;
	bus->hooks = setup->hooks;
	bus->names = names_new();
	bus->watches = calloc((size_t)bus->names->count + 1, sizeof(void *));
	must(bus->watches != NULL);
	bus->ready_tail = &bus->ready;
	bus->grants = 1;
	bus->dispatch = timer(bus, on_dispatch);
	bus->again = timer(bus, on_dispatch);
	bus->retry = timer(bus, on_retry);
	bus->stepping = timer(bus, on_step);
	bus->publishing = timer(bus, on_publish);
	bus->sweeping = timer(bus, on_sweep);
	limit_make(bus);
	tasks_listen(bus->tasks, task_changed, bus);
	return bus;
}

int bus_start(struct bus *bus, struct problem *problem)
{
	link_open(bus);
	if (!bus->connection)
		return problem_set(problem, E_UNAVAILABLE, NULL, "no connection to the bus at %.200s", bus->address);
	return 0;
}

void bus_settings(struct bus *bus, const struct settings *settings)
{
	bus->settings = settings;
	tasks_limit(bus->tasks, (unsigned)settings->limits.tasks);
	/* the range of uids may be another: everybody's caller is made anew */
	bus->grants++;
	sights_look(bus);
}

size_t bus_in_flight(const struct bus *bus)
{
	return bus->in_flight;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	tasks_listen(bus->tasks, NULL, NULL);
	link_close(bus);
	users_free(bus);
	publish_free(bus);
	names_free(bus->names);
	for (struct request *next; bus->spare; bus->spare = next) {
		next = bus->spare->next;
		free(bus->spare);
	}
	arena_free(&bus->arena);
	event_free(bus->dispatch);
	event_free(bus->again);
	event_free(bus->retry);
	event_free(bus->stepping);
	event_free(bus->publishing);
	event_free(bus->sweeping);
	free(bus->address);
	free(bus);
}
