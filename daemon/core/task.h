/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tasks: long work that somebody can watch and cancel.
 *
 * A task lives in memory only: what the work did is in the store, and after a restart there is nothing left to watch. Its id is
 * random, so that nobody finds the tasks of others by counting (the bus says who sees one). The registry owns the tasks; whoever does the work keeps the
 * id, looks the task up each time and lives with its absence. A task that has ended is kept for ten minutes, so that its starter
 * can read the result, then swept. No name, address or other value goes into kind or error: both are shown in logs.
 */
#ifndef MENTORSHIP_TASK_H
#define MENTORSHIP_TASK_H

#include "arena.h"
#include "call.h"

enum task_state {
	TASK_RUNNING,
	TASK_DONE,
	TASK_FAILED,
	TASK_CANCELLED
};
extern const char *const task_states[]; /* "running", "done", "failed", "cancelled", NULL */

struct task {
	int64_t id;                  /* > 0 */
	char kind[48];               /* "match run", "import" */
	const struct entity *entity; /* of the object that it works on; NULL: none */
	int64_t object;
	uint32_t uid;     /* who started it */
	int64_t person;   /* NONE if the starter is bound to none */
	char starter[64]; /* unique bus name that is told about changes; "" for a job */
	double progress;  /* 0 to 1 */
	enum task_state state;
	struct problem problem; /* of a failed one */
	struct arg *results;    /* owned by the task */
	size_t result_count;
	int64_t started;                    /* wall clock, seconds UTC */
	int64_t ended;                      /* monotonic, seconds; 0 while it runs */
	void (*cancel)(void *, int64_t id); /* asks the worker to stop; NULL: cannot be cancelled */
	void *cancel_data;
	struct arena arena;
	struct task *next;
};

struct tasks;

/* `limit`: running tasks of one uid. */
struct tasks *tasks_new(unsigned limit);
void tasks_free(struct tasks *);
void tasks_limit(struct tasks *, unsigned limit);
/* Told after each change of progress or state. One listener. */
void tasks_listen(struct tasks *, void (*changed)(void *, const struct task *), void *);

/* May this uid start one more? 0 or E_LIMIT. Asked before the work is committed. */
int tasks_room(struct tasks *, uint32_t uid, struct problem *);
/* A new running task; `id` 0: a random one is drawn. `starter` may be NULL. The registry owns it. NULL if the id is taken. */
struct task *task_new(struct tasks *, int64_t id, const char *kind, const struct caller *, const char *starter, int64_t now);
struct task *task_find(struct tasks *, int64_t id); /* NULL if there is none */
size_t tasks_running(struct tasks *);
/* The bus is gone: its connection names will be given to others. */
void tasks_forget_starters(struct tasks *);

/* Each of these does nothing to a task that has ended. */
void task_progress(struct tasks *, int64_t id, double progress);
/* Adds a value to the result; texts are copied. */
void task_result(struct tasks *, int64_t id, const char *name, struct value);
void task_done(struct tasks *, int64_t id);
void task_fail(struct tasks *, int64_t id, const struct problem *);
void task_cancelled(struct tasks *, int64_t id);
/* Asks for the end of a running task: E_STATE if it has ended or cannot be cancelled. It ends when the worker says so. */
int task_cancel(struct tasks *, int64_t id, struct problem *);
/* Forgets what ended more than ten minutes ago. Returns how many seconds until the next may go, -1 if none waits. */
int64_t tasks_sweep(struct tasks *, int64_t monotonic);

#endif
