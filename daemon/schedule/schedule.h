/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scheduler: rows of job, one timer that sleeps until the earliest, and what is done when it is time.
 *
 * A job's effect, its messages and its next occurrence commit together, so a kill at any instruction neither loses nor doubles
 * one. Each kind is a row of an entity's jobs; kinds with a rule recur by themselves in the institution's zone. Late ones
 * follow the kind's catch-up policy (catchup.h). A turn is bounded in jobs and in time, so that callers never wait for a burst.
 *
 * The wall clock may leap, when somebody sets it, while the one that counts since the machine started does not. After a leap
 * of more than a week, or a start more than a week after the last sign of life, what destroys data waits for Resume.
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
	void (*committed)(void *);                      /* after each turn that the scheduler committed */
	void (*failed)(void *, const struct problem *); /* a sync failed: the process must end */
	void *data;
};
struct scheduler *scheduler_new(const struct scheduler_setup *);
void scheduler_free(struct scheduler *); /* NULL is fine */
/* New settings; zone data is looked at again, too. */
void scheduler_settings(struct scheduler *, const struct settings *);
/* E_INVALID or E_UNAVAILABLE if the zone of the institution cannot be read. */
int scheduler_accepts(struct scheduler *, const struct settings *, struct problem *);
/* Writes the rows of standing kinds that have none, looks for a leap since the last start, and sets the timer. E_INVALID or
 * E_UNAVAILABLE if the zone of the institution cannot be read: without it nobody knows when its days begin. */
int scheduler_start(struct scheduler *, struct problem *);
/* After any commit: perhaps something is due earlier now. Cheap. */
void scheduler_look(struct scheduler *);
/* After Resume, outside turns: jobs run again, those too that waited since the clock had leapt. */
void scheduler_resumed(struct scheduler *);
/* What destroys data waits for Resume. */
bool scheduler_leapt(const struct scheduler *);
/* Both clocks, seconds: the wall's, and the one that counts since the machine started (asleep too). Looked at whenever the timer
 * is touched; tests say what they like. Outside turns. */
void scheduler_clocks(struct scheduler *, int64_t wall, int64_t boot);

struct scheduled {
	const char *kind;
	const struct entity *entity;
	int64_t id, due;
	const char *nominal, *zone;
};
/* How far a preview goes: to an instant, to a number of occurrences shown, and to what it may cost. */
struct preview_bounds {
	int64_t until;
	int64_t shown;  /* occurrences */
	int64_t played; /* rows of job looked at */
	int64_t usec;   /* of the clock that counts; looked at after each row */
};
/* What would happen, in order: jobs are tried and undone, so that what they plan shows too. `seen` answers 1 for 'enough'. *ret_more: it
 * ended before `until`. Inside a turn. */
int scheduler_preview(struct scheduler *, const struct preview_bounds *, int (*seen)(void *, const struct scheduled *), void *,
	bool *ret_more, struct problem *);
/* Simulated clock only: runs what falls due up to `until`, each at its own time. 1: call again; *ret_jobs counts. Between turns. */
int scheduler_advance(struct scheduler *, int64_t until, int64_t *ret_jobs, struct problem *);
/* The instant of the earliest job that waits or runs, NONE if there is none. */
int64_t scheduler_next(struct scheduler *);

#endif
