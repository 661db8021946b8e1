/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share.
 *
 * schedule.c holds the timer, turns and clocks; rows.c reads and writes rows of job; run.c does one job; preview.c plays
 * the schedule forward. Each file may use those to its left only: rows <- run <- {preview, schedule}.
 */
#ifndef MENTORSHIP_SCHEDULE_INNER_H
#define MENTORSHIP_SCHEDULE_INNER_H

#include "catchup.h"
#include "schedule.h"

enum {
	KIND_NAME = 64
};

struct scheduler {
	struct scheduler_setup setup;
	struct event *timer, *now;
	int fd;
	int64_t next;       /* instant that the timer stands at; NONE: none */
	int64_t wall, boot; /* both clocks when last looked at */
	bool leapt;
	int64_t day_seen;   /* when zone data was last looked at; NONE: not yet */
	int64_t zones_from; /* waiting jobs after this id are still to be compared with it; NONE: none are */
};

/* A row of job that is to be done, as far as that needs. */
struct row {
	struct scheduler *scheduler;
	int64_t id, subject, due, cursor, attempts;
	bool running;
	char kind[KIND_NAME], zone_text[ZONE_NAME];
	const struct job *job; /* NULL: this program knows no such kind */
	/* Where the zone's data cannot be read the stored instant counts: then nominal is due, and zone UTC. */
	const struct zone *zone;
	int64_t nominal; /* local */
	int64_t instant; /* of nominal, by today's zone data */
};

/* The scheduler as a caller of its own jobs. */
extern const struct caller schedule_caller;

/* ---- rows.c ---- */
/* At most `room` rows that are due up to an instant, earliest first; those that wait for Resume are left out. */
int rows_due(struct scheduler *, int64_t upto, struct row *, int room, int *ret_count, struct problem *);
/* Writes a row's state and progress, as part of a call. */
int row_write(struct call *, const struct row *, const char *state, int64_t due, const char *problem);
/* Its schedule; a standing kind's has the kind's rule, parsed into the arena. */
int row_schedule(struct call *, const struct job *, const struct zone *, int64_t nominal, struct schedule *ret);
/* Writes the next row of a standing kind, after a local time, unless one waits. */
int standing_next(struct call *, struct scheduler *, const struct job *, int64_t after);
/* The same for each standing kind, after now; one that waits in a far future, since the clock was set back, is withdrawn before. */
int standing_all(struct call *, void *scheduler);
/* Computes the instants of some hundred waiting rows anew, and moves scheduler->zones_from on. */
int zones_slice(struct call *, void *scheduler);

/* ---- run.c ---- */
/* What becomes of a row now. Rows that were tried, that have begun, or that an admin asks for again are not judged: they run. */
int row_judge(struct call *, const struct row *, enum verdict *ret, struct due *ret_next, bool *ret_more);
/* Runs the job, passes it over or puts it off, and writes its row and the next one: all of it or nothing. */
int row_carry_out(struct call *, struct row *, bool only_look);
/* The same as a piece of a turn. A job that cannot be done is undone, tried again later, and given up after some
 * attempts; others go on. Negative: the turn cannot go on. */
int row_run(struct scheduler *, struct row *, struct problem *);

#endif
