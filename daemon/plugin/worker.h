/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of its workers: mentorship-worker, started by posix_spawn for each piece of heavy work.
 *
 * A worker inherits these descriptors and nothing else: 0 and 1 are /dev/null, 2 is the log, 3 the link (a socket pair that carries
 * frames, core/frame.h), 4 what it works on (a file to parse, or a sealed memfd of ids and numbers; absent if there is none), 5 the
 * directory of the database where it may read it (O_PATH). It dies with the daemon, has deadlines in time and memory, and what
 * it answers is checked like a stranger's. Work is found by its kind in one table (works.c). At most two workers run at once, one
 * for each subject; the rest waits in order.
 */
#ifndef MENTORSHIP_WORKER_LINK_H
#define MENTORSHIP_WORKER_LINK_H

#include <event2/event.h>

#include "core/frame.h"
#include "core/task.h"
#include "store/store.h"

struct workers;
struct workers_setup {
	struct event_base *base;
	struct store *store;
	const struct settings *settings;
	struct tasks *tasks;
	const char *program;                            /* path of mentorship-worker */
	void (*committed)(void *);                      /* after each turn that the workers committed */
	void (*failed)(void *, const struct problem *); /* a sync failed: the process must end */
	void *data;
};
struct workers *workers_new(const struct workers_setup *);
void workers_free(struct workers *); /* ends those that run */
void workers_settings(struct workers *, const struct settings *);
/* Begins what a committed turn asked for (store_work); a kind that is not a worker's is done here (backup, check ...). Nothing
 * happens before the loop is back: it may be called while the turn is still being told. */
void workers_begin(struct workers *, const struct work *);
/* After any commit: work whose record went another way meanwhile (a run that was cancelled) is ended. Cheap. */
void workers_look(struct workers *);
/* The log of the database has grown: it is moved into the database when the loop is back. */
void workers_checkpoint(struct workers *);
/* At start: runs and imports that were under way are begun again. */
int workers_start(struct workers *, struct problem *);
/* Work that runs or waits. */
size_t workers_busy(const struct workers *);

/* An import over the bus, inside a turn: checks options and access, writes the row of import and asks for the work, which begins once
 * the turn is committed. *ret_task: its task. `starter` is not used: whoever commits the turn makes the task. See docs/reference. */
int workers_import(
	struct workers *, struct call *, int fd, const char *starter, const struct arg *options, size_t count, int64_t *ret_task);

#endif
