/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The manager's methods that run the service: backup, audit, resume, clock, configuration.
 *
 * For administrators: uid 0, or polkit says so. Each is a step, done between turns, so that the store has no transaction open and
 * other callers go on; what must not run twice at once says Busy.
 */
#include "values.h"

#include "store/backup.h"

struct backing {
	struct bus *bus;
	struct backup *backup;
};

static void backing_free(void *data)
{
	struct backing *backing = data;

	if (backing->backup)
		backup_free(backing->backup);
	backing->bus->backing = false;
	free(backing);
}

static int backup_slice(struct request *request)
{
	struct backing *backing = request->state;
	struct store *store = request->bus->store;
	DBusMessageIter at, dict;
	int result = backing->backup ? 0 : store_backup_begin(store, &backing->backup, &request->call.problem);

	if (!result)
		result = store_backup_step(store, backing->backup, &request->call.problem);
	if (result)
		return result > 0 ? WAITS : result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_text(&dict, "name", backup_name(backing->backup));
	dict_close(&at, &dict);
	return 0;
}

/* An administrator's call without options, done by a step. */
static int for_admin(struct request *request, int (*step)(struct request *), void *state, void (*state_free)(void *))
{
	int result = polkit_authorize(request, ACTION_MANAGE);

	if (result) {
		if (state_free)
			state_free(state);
		return result;
	}
	request_step(request, step, state, state_free);
	return WAITS;
}

int admin_backup(struct request *request)
{
	struct backing *backing;
	int result = manager_no_options(request);

	if (!result)
		result = polkit_authorize(request, ACTION_MANAGE);
	if (result)
		return result;
	if (request->bus->backing)
		return problem_set(&request->call.problem, E_BUSY, NULL, "a backup is being made; ask again when it is done");
	backing = calloc(1, sizeof *backing);
	must(backing != NULL);
	backing->bus = request->bus;
	request->bus->backing = true;
	request_step(request, backup_slice, backing, backing_free);
	return WAITS;
}

struct verifying {
	struct bus *bus;
	int64_t cursor;
	struct audit_report report;
};

static void verifying_free(void *data)
{
	struct verifying *verifying = data;

	verifying->bus->verifying = false;
	free(verifying);
}

static int verify_step(struct request *request)
{
	struct verifying *verifying = request->state;
	struct audit_report *report = &verifying->report;
	DBusMessageIter at, dict;
	int result = store_verify_audit(request->bus->store, &verifying->cursor, report, &request->call.problem);

	if (result)
		return result > 0 ? WAITS : result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_bool(&dict, "whole", !report->first_bad);
	entry_int(&dict, "records", report->records);
	entry_text(&dict, "head", report->head);
	entry_int(&dict, "erased", report->erased);
	entry_int(&dict, "first_bad", report->first_bad);
	entry_text(&dict, "what", report->what);
	dict_close(&at, &dict);
	return 0;
}

int admin_verify_audit(struct request *request)
{
	struct verifying *verifying;
	unsigned roles = 0;
	int result = manager_no_options(request);

	if (!result)
		result = manager_roles(request, &roles);
	if (!result && !(roles & AUDITOR))
		result = polkit_authorize(request, ACTION_MANAGE);
	if (result)
		return result;
	if (request->bus->verifying)
		return problem_set(&request->call.problem, E_BUSY, NULL, "the audit records are being looked at already; ask again later");
	verifying = calloc(1, sizeof *verifying);
	must(verifying != NULL);
	verifying->bus = request->bus;
	request->bus->verifying = true;
	request_step(request, verify_step, verifying, verifying_free);
	return WAITS;
}

/* Runs something in a turn of its own; for steps. */
static int in_turn(struct request *request, int (*run)(struct store *, struct problem *))
{
	struct store *store = request->bus->store;
	struct problem problem = { 0 };
	int result = store_turn_begin(store, &request->call.problem), ended;

	if (!result)
		result = run(store, &request->call.problem);
	ended = store_turn_commit(store, &problem);
	if (!result && ended)
		request->call.problem = problem;
	return result ? result : ended;
}

static int resume_step(struct request *request)
{
	struct bus *bus = request->bus;
	bool dry_run = request->call.options.dry_run;
	int64_t messages, jobs;
	DBusMessageIter at, dict;
	int result = store_waiting(bus->store, &messages, &jobs, &request->call.problem);

	if (!result && !dry_run)
		result = in_turn(request, store_resume);
	if (result)
		return result;
	if (!dry_run && bus->hooks.resumed)
		bus->hooks.resumed(bus->hooks.data);
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_int(&dict, "messages", messages);
	entry_int(&dict, "jobs", jobs);
	dict_close(&at, &dict);
	return 0;
}

int admin_resume(struct request *request)
{
	struct arg *args;
	size_t count;
	int result = manager_options(request, "dry_run", &args, &count);

	if (!result)
		result = arg_bool(args, count, "dry_run", &request->call.options.dry_run, &request->call.problem);
	return result ? result : for_admin(request, resume_step, NULL, NULL);
}

enum {
	ADVANCE_MOST = 3653 * 86400 /* ten years */
};
struct advancing {
	int64_t until, jobs;
};

static int advance_step(struct request *request)
{
	struct bus *bus = request->bus;
	struct advancing *advancing = request->state;
	DBusMessageIter at, dict;
	int result;

	if (tasks_running(bus->tasks))
		return problem_set(
			&request->call.problem, E_BUSY, NULL, "tasks are running; the clock moves only when nothing is under way");
	result = bus->hooks.advance(bus->hooks.data, advancing->until, &advancing->jobs, &request->call.problem);
	bus->grants++; /* what ends by time may have ended */
	sights_look(bus);
	if (result)
		return result > 0 ? WAITS : result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_int(&dict, "now", store_now(bus->store));
	entry_int(&dict, "jobs", advancing->jobs);
	dict_close(&at, &dict);
	return 0;
}

int admin_advance_clock(struct request *request)
{
	struct advancing *advancing;
	dbus_int64_t until;

	must(dbus_message_get_args(request->message, NULL, DBUS_TYPE_INT64, &until, DBUS_TYPE_INVALID));
	if (!store_simulated(request->bus->store) || !request->bus->hooks.advance)
		return problem_set(&request->call.problem, E_STATE, NULL, "this database lives by the real clock, which nobody moves");
	if (until < store_now(request->bus->store))
		return problem_set(&request->call.problem, E_INVALID, "until", "lies in the past; the clock only goes forward");
	if (until - store_now(request->bus->store) > ADVANCE_MOST)
		return problem_set(&request->call.problem, E_INVALID, "until", "is more than ten years away; go there in steps");
	advancing = calloc(1, sizeof *advancing);
	must(advancing != NULL);
	advancing->until = until;
	return for_admin(request, advance_step, advancing, free);
}

static int reload_step(struct request *request)
{
	struct bus *bus = request->bus;
	int result = bus->hooks.reload(bus->hooks.data, &request->call.problem);

	if (!result)
		reply_new(request);
	return result;
}

int admin_reload(struct request *request)
{
	if (!request->bus->hooks.reload)
		return problem_set(&request->call.problem, E_UNAVAILABLE, NULL, "there is nothing to read again");
	return for_admin(request, reload_step, NULL, NULL);
}
