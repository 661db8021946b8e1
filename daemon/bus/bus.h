/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bus as main sees it: one connection, one name, and what it needs of the other rooms.
 *
 * The bus room includes core and store only. What scheduler and workers do for a bus call goes through struct bus_hooks, which
 * main fills. The caller of bus_new owns the bus and frees it with bus_free before store, tasks and event base.
 */
#ifndef MENTORSHIP_BUS_H
#define MENTORSHIP_BUS_H

#include <event2/event.h>

#include "core/settings.h"
#include "core/task.h"
#include "core/text.h"
#include "store/store.h"

#define BUS_NAME "org.mentorship1"
#define BUS_PATH "/org/mentorship1"
#define ACTION_MANAGE "org.mentorship1.manage"

enum {
	INTERFACE_VERSION = 1
};

/* One occurrence that SchedulePreview shows. */
struct bus_preview {
	const char *kind;
	const struct entity *entity; /* of the subject; NULL: none */
	int64_t id;
	int64_t due;         /* seconds UTC */
	const char *nominal; /* local time, "2026-12-01T14:00:00" */
	const char *zone;    /* "" or "UTC" if none */
};

/* Each returns 0 or a negative error with its problem. A hook that is NULL answers Unavailable. */
struct bus_hooks {
	void *data;
	/* After each committed turn of the bus, replies sent, before the next turn begins: publish signals, start work, look at the
	 * schedule. Every other way in calls the same function of main's after its own commits. */
	void (*committed)(void *data);
	/* A turn could not be committed: its callers were told; if a sync failed the process must end. */
	void (*lost)(void *data, const struct problem *);
	/* What would happen until an instant; at most `limit` told to `seen`, which returns non-zero to stop. */
	/* For at most `usec`, and until `seen` answers 1; *ret_more: there are more. */
	int (*preview)(void *data, struct call *, int64_t until, int64_t usec, int (*seen)(void *, const struct bus_preview *),
		void *seen_data, bool *ret_more);
	/* Moves the simulated clock towards `until`, running what falls due. 1: call again in a later turn of the loop. Called between
	 * turns. *ret_jobs counts the jobs run since the first call and begins with 0. */
	int (*advance)(void *data, int64_t until, int64_t *ret_jobs, struct problem *);
	/* After Resume took the hold off. */
	void (*resumed)(void *data);
	/* Reads the configuration again; the old one stays when it is refused. Called between turns. */
	int (*reload)(void *data, struct problem *);
	/* Begins an import from a descriptor that was checked (regular file or sealed memfd); call->{caller, entity, arena, now} are
	 * set, and the descriptor is the bus's: duplicate it to keep it. Access is the hook's to ask. *ret_task is the task's id. */
	int (*import)(void *data, struct call *, int fd, const char *starter, const struct arg *options, size_t count, int64_t *ret_task);
	/* The name is owned: at start, and again after a restart of the bus. */
	void (*ready)(void *data);
	/* The first connection failed, or the name is taken: the process should end. */
	void (*failed)(void *data, const char *why);
};

struct bus_setup {
	struct event_base *base;
	const char *address; /* of the bus; NULL: the system bus */
	struct store *store;
	const struct settings *settings;
	struct tasks *tasks;
	struct bus_hooks hooks;
};

struct bus;

/* Makes the bus; nothing is connected before bus_start. */
struct bus *bus_new(const struct bus_setup *);
/* Connects; the name comes last, told by hooks.ready. Later losses are mended with growing pauses. */
int bus_start(struct bus *, struct problem *);
void bus_free(struct bus *);
void bus_settings(struct bus *, const struct settings *); /* after a reload */
/* Takes note of what the store just committed, for signals; main calls it in hooks.committed. */
void bus_publish(struct bus *);
/* Calls that were taken and not answered yet. */
size_t bus_in_flight(const struct bus *);

/* "bus": introspection of every kind of object; "policy": the bus policy file; "interfaces": the names of the interfaces; one of these
 * names: its file. 0 or E_NOTFOUND. */
int bus_print(const char *what, struct buffer *out);

/* What the process is when it was started again to look up a user name (option --resolve-user UID): prints the name, returns the
 * exit code. */
int bus_resolve_main(const char *uid);

#endif
