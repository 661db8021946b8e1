/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler: rows of job, one timer that sleeps until the earliest, and what is done when it is time.
 *
 * A job's effect, its messages and its next occurrence commit together, so a kill at any instruction neither loses nor doubles
 * one. Each kind is a row of an entity's jobs; kinds with a rule recur by themselves in the institution's zone. Late ones
 * follow the kind's catch-up policy. Jobs of one turn are bounded, so that callers never wait for a burst.
 */
#ifndef MENTORSHIP_SCHEDULE_H
#define MENTORSHIP_SCHEDULE_H

#include <event2/event.h>

#include "store/store.h"

struct scheduler;
struct scheduler_setup {
	struct event_base *base;
	struct store *store;
	const struct settings *settings;
	void (*committed)(void *);    /* after each turn that the scheduler committed */
	void (*failed)(void *, const struct problem *);       /* a sync failed: the process must end */
	void *data;
};
struct scheduler *scheduler_new(const struct scheduler_setup *);
void scheduler_free(struct scheduler *);
void scheduler_settings(struct scheduler *, const struct settings *);
/* Writes the rows of standing kinds that have none, computes due times anew if zone data changed, and sets the timer. */
int scheduler_start(struct scheduler *, struct problem *);
/* After any commit: perhaps something is due earlier now. Cheap. */
void scheduler_look(struct scheduler *);
/* After Resume: jobs run again, those of privacy too if the clock had leapt. */
void scheduler_resumed(struct scheduler *);
/* The wall clock leapt by more than a week while the process ran: retention and erasure wait for Resume. */
bool scheduler_leapt(const struct scheduler *);

struct scheduled { const char *kind; const struct entity *entity; int64_t id, due; const char *nominal, *zone; };
/* What would happen until an instant, in order, at most `limit`: jobs are tried and undone, so that what they plan shows too. */
int scheduler_preview(struct scheduler *, int64_t until, uint32_t limit, int (*seen)(void *, const struct scheduled *), void *, struct problem *);
/* Simulated clock only: runs what falls due up to `until`, each at its own time. 1: call again; *ret_jobs counts. Between turns. */
int scheduler_advance(struct scheduler *, int64_t until, int64_t *ret_jobs, struct problem *);
/* Earliest waiting job's instant, NONE if there is none; and how many are due or waiting. */
int64_t scheduler_next(struct scheduler *);

#endif
