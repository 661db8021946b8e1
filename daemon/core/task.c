/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registry is a plain list: a caller may run a handful at once, and ended ones go after ten minutes.
 */
#include "task.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	KEPT = 600
}; /* seconds that an ended task is kept */

const char *const task_states[] = { "running", "done", "failed", "cancelled", NULL };

struct tasks {
	struct task *first;
	unsigned limit;
	void (*changed)(void *, const struct task *);
	void *data;
};

struct tasks *tasks_new(unsigned limit)
{
	struct tasks *tasks = calloc(1, sizeof *tasks);

	if (!tasks)
		abort();
	tasks->limit = limit;
	return tasks;
}

static void task_free(struct task *task)
{
	arena_free(&task->arena);
	free(task);
}

void tasks_free(struct tasks *tasks)
{
	if (!tasks)
		return;
	while (tasks->first) {
		struct task *next = tasks->first->next;

		task_free(tasks->first);
		tasks->first = next;
	}
	free(tasks);
}

void tasks_limit(struct tasks *tasks, unsigned limit)
{
	tasks->limit = limit;
}

void tasks_listen(struct tasks *tasks, void (*changed)(void *, const struct task *), void *data)
{
	tasks->changed = changed;
	tasks->data = data;
}

static void tell(struct tasks *tasks, const struct task *task)
{
	if (tasks->changed)
		tasks->changed(tasks->data, task);
}

int tasks_room(struct tasks *tasks, uint32_t uid, struct problem *problem)
{
	unsigned running = 0;

	for (const struct task *task = tasks->first; task; task = task->next)
		running += task->uid == uid && task->state == TASK_RUNNING;
	if (running >= tasks->limit)
		return problem_set(problem, E_LIMIT, NULL,
			"you have %u tasks running, which is the limit; wait for one to end "
			"or cancel one",
			running);
	return 0;
}

static int64_t id_draw(struct tasks *tasks)
{
	int64_t id;

	do {
		randombytes_buf(&id, sizeof id);
		id &= INT64_MAX;
	} while (!id || task_find(tasks, id));
	return id;
}

struct task *task_new(struct tasks *tasks, int64_t id, const char *kind, const struct caller *caller, const char *starter, int64_t now)
{
	struct task *task;

	if (id && task_find(tasks, id))
		return NULL;
	task = calloc(1, sizeof *task);
	if (!task)
		abort();
	task->id = id ? id : id_draw(tasks);
	snprintf(task->kind, sizeof task->kind, "%s", kind);
	snprintf(task->starter, sizeof task->starter, "%s", starter ? starter : "");
	task->uid = caller->uid;
	task->person = caller->person;
	task->started = now;
	task->next = tasks->first;
	tasks->first = task;
	return task;
}

struct task *task_find(struct tasks *tasks, int64_t id)
{
	struct task *task = tasks->first;

	while (task && task->id != id)
		task = task->next;
	return task;
}

size_t tasks_running(struct tasks *tasks)
{
	size_t running = 0;

	for (const struct task *task = tasks->first; task; task = task->next)
		running += task->state == TASK_RUNNING;
	return running;
}

void tasks_forget_starters(struct tasks *tasks)
{
	for (struct task *task = tasks->first; task; task = task->next)
		*task->starter = 0;
}

static struct task *find_running(struct tasks *tasks, int64_t id)
{
	struct task *task = task_find(tasks, id);

	return task && task->state == TASK_RUNNING ? task : NULL;
}

void task_progress(struct tasks *tasks, int64_t id, double progress)
{
	struct task *task = find_running(tasks, id);

	if (!task || !isfinite(progress))
		return;
	progress = progress < 0 ? 0 : progress > 1 ? 1 : progress;
	if (progress <= task->progress)
		return;
	task->progress = progress;
	tell(tasks, task);
}

void task_result(struct tasks *tasks, int64_t id, const char *name, struct value value)
{
	struct task *task = find_running(tasks, id);
	struct arg *results;

	if (!task)
		return;
	results = arena_new(&task->arena, (task->result_count + 1) * sizeof *results);
	if (task->result_count)
		memcpy(results, task->results, task->result_count * sizeof *results);
	value.text = arena_copy(&task->arena, value.text);
	results[task->result_count] = (struct arg){ arena_copy(&task->arena, name), value };
	task->results = results;
	task->result_count++;
}

static void end(struct tasks *tasks, struct task *task, enum task_state state)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	task->state = state;
	task->ended = now.tv_sec ? now.tv_sec : 1;
	task->cancel = NULL;
	if (state == TASK_DONE)
		task->progress = 1;
	tell(tasks, task);
}

void task_done(struct tasks *tasks, int64_t id)
{
	struct task *task = find_running(tasks, id);

	if (task)
		end(tasks, task, TASK_DONE);
}

void task_fail(struct tasks *tasks, int64_t id, const struct problem *problem)
{
	struct task *task = find_running(tasks, id);

	if (!task)
		return;
	task->problem = *problem;
	end(tasks, task, TASK_FAILED);
}

void task_cancelled(struct tasks *tasks, int64_t id)
{
	struct task *task = find_running(tasks, id);

	if (task)
		end(tasks, task, TASK_CANCELLED);
}

int task_cancel(struct tasks *tasks, int64_t id, struct problem *problem)
{
	struct task *task = task_find(tasks, id);

	if (!task)
		return problem_set(problem, E_NOTFOUND, NULL, "there is no such task");
	if (task->state != TASK_RUNNING)
		return problem_set(problem, E_STATE, NULL, "the task has ended already (%s)", task_states[task->state]);
	if (!task->cancel)
		return problem_set(problem, E_STATE, NULL, "this task cannot be cancelled any more");
	task->cancel(task->cancel_data, id);
	return 0;
}

int64_t tasks_sweep(struct tasks *tasks, int64_t monotonic)
{
	struct task **at = &tasks->first;
	int64_t wait = -1;

	while (*at) {
		struct task *task = *at;

		if (task->ended && monotonic - task->ended >= KEPT) {
			*at = task->next;
			task_free(task);
			continue;
		}
		if (task->ended && (wait < 0 || task->ended + KEPT - monotonic < wait))
			wait = task->ended + KEPT - monotonic;
		at = &task->next;
	}
	return wait;
}
