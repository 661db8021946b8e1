/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs in turns: who begins, one slice at a time, and how each ends.
 *
 * A piece is made by workers_begin and does nothing until the loop calls it back, so nothing here runs inside another's turn. A slice
 * that fails is undone and the piece turns to its kind's `failed` stage, which is tried again until it could be written. The
 * task is told at the very end, after the last commit.
 */
#include "inner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "core/settings.h"

enum {
	RETRY_SECONDS = 5,
	TURN_MILLISECONDS = 10
};

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* By way of the loop: an event that is made active while its queue is worked on would come before everybody else. One that waits already is
 * left alone, as adding it anew would put it behind those that woke it. */
void piece_wake(struct piece *piece)
{
	if (!event_pending(piece->go, EV_TIMEOUT, NULL))
		event_add(piece->go, &(struct timeval){ 0, 0 });
}

static void piece_wake_later(struct piece *piece)
{
	event_add(piece->go, &(struct timeval){ RETRY_SECONDS, 0 });
}

/* ---- the queue ---- */

static bool may_begin(const struct workers *workers, const struct piece *piece)
{
	int running = 0;

	for (const struct piece *other = workers->pieces; other; other = other->next) {
		if (other == piece || !other->begun)
			continue;
		running += other->kind->worker;
		if (other->kind == piece->kind && other->subject == piece->subject && piece->subject)
			return false;
	}
	return !piece->kind->worker || running < WORKERS_AT_ONCE;
}

static void begin_waiting(struct workers *workers)
{
	for (struct piece *piece = workers->pieces; piece; piece = piece->next)
		if (!piece->begun && may_begin(workers, piece)) {
			piece->begun = true;
			piece_wake(piece);
		}
}

static void piece_free(struct piece *piece)
{
	struct piece **at = &piece->workers->pieces;

	while (*at != piece)
		at = &(*at)->next;
	*at = piece->next;
	if (piece->process)
		process_end(piece->process);
	if (piece->input >= 0)
		close(piece->input);
	if (piece->kind->forget && piece->own)
		piece->kind->forget(piece);
	event_free(piece->go);
	buffer_free(&piece->first);
	free(piece);
}

/* ---- how a piece ends ---- */

void piece_fail(struct piece *piece, const struct problem *problem)
{
	bool lied = piece->process && problem->code == E_INVALID;

	if (piece->process)
		process_end(piece->process);
	piece->problem = *problem;
	piece->failing = true;
	piece->cancelled = piece->cancelled || problem->code == E_CANCELLED;
	piece->wants_process = false;
	if (!piece->cancelled)
		log_event(lied ? EVENT_WORKER_REFUSED : EVENT_WORKER_FAILED,
			&(struct log_facts){ .job = piece->kind->name, .object = piece->subject, .code = problem->code });
	piece->stage = piece->kind->failed;
	piece->over = !piece->stage;
	piece_wake(piece);
}

static void piece_end(struct piece *piece)
{
	struct workers *workers = piece->workers;
	struct tasks *tasks = workers->setup.tasks;

	if (piece->cancelled)
		task_cancelled(tasks, piece->task);
	else if (piece->failing)
		task_fail(tasks, piece->task, &piece->problem);
	else
		task_done(tasks, piece->task);
	piece_free(piece);
	begin_waiting(workers);
}

static void on_cancel(void *data, int64_t task)
{
	struct workers *workers = data;
	struct problem problem = { 0 };

	problem_set(&problem, E_CANCELLED, NULL, "it was cancelled");
	for (struct piece *piece = workers->pieces; piece; piece = piece->next)
		if (piece->task == task && !piece->failing && !piece->over && !piece->firm) {
			piece->begun = true;
			piece_fail(piece, &problem);
			return;
		}
}

/* ---- one slice ---- */

static int run_stage(struct call *call, void *data)
{
	struct piece *piece = data;

	call->caller->job = piece->kind->name;
	return piece->stage(call, piece);
}

static int turn(struct piece *piece, struct problem *problem)
{
	const struct workers_setup *setup = &piece->workers->setup;
	int r = store_turn_begin(setup->store, problem), end;
	struct problem lost = { 0 };

	if (r)
		return r;
	r = store_do(setup->store, &piece->caller, run_stage, piece, problem);
	end = store_turn_commit(setup->store, &lost);
	if (end) {
		*problem = lost;
		return end;
	}
	setup->committed(setup->data);
	if (store_settle(setup->store, &lost) && r >= 0) {
		*problem = lost;
		return lost.code;
	}
	return r;
}

static void after(struct piece *piece, int r, struct problem *problem)
{
	const struct workers_setup *setup = &piece->workers->setup;

	if (r < 0 && engine_sync_failed(store_engine(setup->store))) {
		setup->failed(setup->data, problem);
		return;
	}
	if (r < 0 && piece->failing) {
		log_event(EVENT_STORE_FAILED, &(struct log_facts){ .code = r });
		piece_wake_later(piece);
		return;
	}
	if (r >= 0 && !piece->over && piece->wants_process) {
		piece->wants_process = false;
		r = process_start(piece, problem);
	}
	if (r < 0)
		piece_fail(piece, problem);
	else if (piece->over)
		piece_end(piece);
	else if (r > 0)
		piece_wake(piece);
}

static void on_go(evutil_socket_t fd, short what, void *data)
{
	struct piece *piece = data;
	struct problem problem = { 0 };
	int r = 0;

	(void)fd;
	(void)what;
	if (!piece->begun)
		return;
	if (!piece->over && !piece->stage && !piece->failing && piece->kind->begin)
		piece->stage = piece->kind->begin;
	if (piece->over)
		r = 0;
	else if (piece->stage)
		r = turn(piece, &problem);
	else if (piece->kind->outside) {
		r = piece->kind->outside(piece, &problem);
		piece->over = r == 0;
	}
	after(piece, r, &problem);
}

/* ---- frames ---- */

static int ended_early(struct call *call, const struct piece *piece)
{
	const struct process *process = piece->process;

	if (process->gone && WIFEXITED(process->status) && WEXITSTATUS(process->status) == FRAME_NO_MEMORY)
		return fail(call, E_UNAVAILABLE, NULL,
			"the worker needed more than %lld MiB of memory and was ended; a smaller task may do, or more memory (worker.memory)",
			(long long)piece->workers->setup.settings->worker.memory);
	return fail(call, E_UNAVAILABLE, NULL, "the worker ended unexpectedly; try again, and look into the log if it happens again");
}

int frames_stage(struct call *call, struct piece *piece)
{
	struct process *process = piece->process;
	int64_t until = milliseconds() + TURN_MILLISECONDS;
	struct frame frame;
	int r = piece->kind->gone ? piece->kind->gone(call, piece) : 0;

	if (r > 0)
		return fail(call, E_CANCELLED, NULL, "it was cancelled");
	for (int taken = 0; !r && taken < FRAMES_A_TURN && milliseconds() < until; taken++) {
		while (!(r = frame_next(&process->in, &frame)))
			if (!process_feed(process))
				return process->over ? ended_early(call, piece) : 0;
		if (r < 0)
			return refuse(call, "it sent what is no frame");
		r = piece->kind->frame(call, piece, &frame);
	}
	if (r <= 0)
		return r ? r : 1;
	process_end(process);
	return 1;
}

/* ---- from outside ---- */

struct piece *piece_new(struct workers *workers, const struct work_kind *kind, const struct work *work)
{
	struct piece *piece = calloc(1, sizeof *piece), **at = &workers->pieces;

	if (!piece)
		abort();
	*piece = (struct piece){ .workers = workers,
		.kind = kind,
		.subject = work->subject,
		.task = work->task,
		.about = { work->about[0], work->about[1] },
		.input = -1 };
	piece->caller = (struct caller){ .way = BY_WORKER,
		.uid = work->starter.uid,
		.login = NONE,
		.person = work->starter.person,
		.admin = work->starter.admin,
		.job = kind->name };
	piece->go = event_new(workers->setup.base, -1, 0, on_go, piece);
	if (!piece->go)
		abort();
	while (*at)
		at = &(*at)->next;
	*at = piece;
	begin_waiting(workers);
	return piece;
}

/* What an import that came over the bus has beside its row. */
static void *claim(struct workers *workers, int64_t task)
{
	for (struct pending **at = &workers->pending; *at; at = &(*at)->next)
		if ((*at)->task == task) {
			struct pending *found = *at;
			void *own = found->own;

			*at = found->next;
			free(found);
			return own;
		}
	return NULL;
}

void workers_begin(struct workers *workers, const struct work *work)
{
	const struct work_kind *kind = kind_named(work->kind);
	struct task *task = task_find(workers->setup.tasks, work->task);
	struct problem problem = { 0 };
	struct piece *piece;

	if (!kind) {
		problem_set(&problem, E_UNAVAILABLE, NULL, "this version knows no such work");
		log_event(EVENT_WORKER_FAILED, &(struct log_facts){ .object = work->subject, .code = E_UNAVAILABLE });
		task_fail(workers->setup.tasks, work->task, &problem);
		return;
	}
	for (piece = workers->pieces; piece; piece = piece->next) /* one backup at a time is enough */
		if (piece->kind == kind && kind->outside && !piece->task && !task)
			return;
	piece = piece_new(workers, kind, work);
	piece->own = claim(workers, work->task);
	if (!task)
		return;
	task->entity = kind->entity;
	task->object = work->subject;
	task->cancel = on_cancel;
	task->cancel_data = workers;
}

void workers_look(struct workers *workers)
{
	const struct change *changes;
	size_t count;

	if (!workers->pieces)
		return;
	count = store_committed(workers->setup.store, &changes);
	for (size_t i = 0; i < count; i++)
		for (struct piece *piece = workers->pieces; piece; piece = piece->next)
			if (piece->process && piece->kind->entity == changes[i].entity && piece->subject == changes[i].id)
				piece_wake(piece);
}

void workers_checkpoint(struct workers *workers)
{
	workers_begin(workers, &(struct work){ .kind = "checkpoint", .starter = { .login = NONE, .person = NONE } });
}

/* ---- start ---- */

static int start_kinds(struct call *call, void *data)
{
	int r = 0;

	(void)data;
	for (int i = 0; work_kinds[i] && !r; i++)
		if (work_kinds[i]->start)
			r = work_kinds[i]->start(call);
	return r;
}

int workers_start(struct workers *workers, struct problem *problem)
{
	static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "start" };
	struct store *store = workers->setup.store;
	const struct work *work;
	size_t count;
	int r = store_turn_begin(store, problem), end;

	if (r)
		return r;
	r = store_do(store, &self, start_kinds, workers, problem);
	end = r < 0 ? store_turn_commit(store, &(struct problem){ 0 }) : store_turn_commit(store, problem);
	if (r < 0 || end)
		return r < 0 ? r : end;
	count = store_work(store, &work);
	for (size_t i = 0; i < count; i++)
		workers_begin(workers, &work[i]);
	return 0;
}

size_t workers_busy(const struct workers *workers)
{
	size_t count = 0;

	for (const struct piece *piece = workers->pieces; piece; piece = piece->next)
		count++;
	return count;
}

struct workers *workers_new(const struct workers_setup *setup)
{
	struct workers *workers = calloc(1, sizeof *workers);

	if (!workers)
		abort();
	workers->setup = *setup;
	return workers;
}

void workers_settings(struct workers *workers, const struct settings *settings)
{
	workers->setup.settings = settings;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	while (workers->pieces)
		piece_free(workers->pieces);
	while (workers->processes)
		process_free(workers->processes);
	while (workers->pending)
		import_unclaimed(workers, 0);
	free(workers);
}
