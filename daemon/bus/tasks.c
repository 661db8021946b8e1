/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tasks on the bus: /org/mentorship1/tasks/ID, seen by whoever started it, by root, and by who is staff over the object that it works
 * on (the other coordinators of a program see its matching come on); for others it is absent. Polkit is not asked: it is for verbs.
 * It is stopped by its starter and by root; others use the verb of the object, which decides for itself.
 *
 * The starter's connection gets Changed(progress, state) unasked; nothing is broadcast.
 */
#include "values.h"

#include <string.h>

static bool is_own(const struct request *request, const struct task *task)
{
	return task->uid == request->caller.uid || request->caller.admin;
}

static bool is_staff(struct request *request, const struct task *task)
{
	struct call look = { .arena = request->call.arena, .caller = &request->caller, .now = request->call.now };

	return task->entity && task->object > 0 && !store_sees(request->bus->store, &look, task->entity, task->object) &&
		look.roles & STAFF_ROLES;
}

struct task *task_seen(struct request *request)
{
	struct task *task = request->route.place == TASK ? task_find(request->bus->tasks, request->route.id) : NULL;

	return task && (is_own(request, task) || is_staff(request, task)) ? task : NULL;
}

static void put_kind(struct request *request, DBusMessageIter *at)
{
	put_text(at, task_seen(request)->kind);
}

static void put_object(struct request *request, DBusMessageIter *at)
{
	const struct task *task = task_seen(request);
	const struct type *type = task->entity ? type_of(request->bus->names, task->entity) : NULL;
	char out[PATH_TEXT];
	const char *path = type ? path_print(out, type->path, type->path_length, task->object) : "/";

	must(dbus_message_iter_append_basic(at, DBUS_TYPE_OBJECT_PATH, &path));
}

static void put_progress(struct request *request, DBusMessageIter *at)
{
	must(dbus_message_iter_append_basic(at, DBUS_TYPE_DOUBLE, &task_seen(request)->progress));
}

static void put_state(struct request *request, DBusMessageIter *at)
{
	put_text(at, task_states[task_seen(request)->state]);
}

static void put_error(struct request *request, DBusMessageIter *at)
{
	const struct task *task = task_seen(request);

	put_text(at, task->state == TASK_FAILED ? task->problem.text : "");
}

static void put_result(struct request *request, DBusMessageIter *at)
{
	const struct task *task = task_seen(request);
	DBusMessageIter dict;

	dict_open(at, &dict);
	for (size_t i = 0; i < task->result_count; i++)
		entry_value(&dict, task->results[i].name, task->results[i].value);
	dict_close(at, &dict);
}

static void put_started(struct request *request, DBusMessageIter *at)
{
	must(dbus_message_iter_append_basic(at, DBUS_TYPE_INT64, &task_seen(request)->started));
}

const struct property task_properties[] = { { "Kind", "s", put_kind, "What kind of work it is." },
	{ "Object", "o", put_object, "The record that it works for; '/' for none." }, { "Progress", "d", put_progress, "From 0 to 1." },
	{ "State", "s", put_state, "running, done, failed or cancelled." }, { "Error", "s", put_error, "Why it failed; empty otherwise." },
	{ "Result", "a{sv}", put_result, "What it found, when it is done." }, { "Started", "x", put_started, "When, in seconds UTC." },
	{ 0 } };

static int cancel(struct request *request)
{
	struct task *task = task_seen(request);
	DBusMessageIter at, dict;
	int result;

	if (!task)
		return problem_set(&request->call.problem, E_NOTFOUND, NULL, "there is no such object");
	if (!is_own(request, task))
		return problem_set(&request->call.problem, E_DENIED, NULL,
			"only who started it stops it; the object that it works on may have a verb for you");
	result = task_cancel(request->bus->tasks, task->id, &request->call.problem);
	if (result)
		return result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	dict_close(&at, &dict);
	return 0;
}

const struct method task_methods[] = {
	{ "Cancel", "a{sv}", "options", "a{sv}", "result", cancel, "Asks the work to stop; State says when it did." }, { 0 }
};

void task_changed(void *data, const struct task *task)
{
	struct bus *bus = data;
	const char *state = task_states[task->state];
	char path[PATH_TEXT];
	DBusMessage *signal;

	if (task->ended && !event_pending(bus->sweeping, EV_TIMEOUT, NULL))
		event_add(bus->sweeping, &(struct timeval){ 601, 0 });
	if (!*task->starter || !bus->connection)
		return;
	signal = dbus_message_new_signal(
		path_print(path, BUS_PATH "/tasks", sizeof BUS_PATH "/tasks" - 1, task->id), BUS_NAME ".Task", "Changed");
	must(signal && dbus_message_set_destination(signal, task->starter) &&
		dbus_message_append_args(signal, DBUS_TYPE_DOUBLE, &task->progress, DBUS_TYPE_STRING, &state, DBUS_TYPE_INVALID));
	link_send(bus, signal);
}
