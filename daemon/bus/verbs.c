/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verbs: Verb(a{sv} arguments, a{sv} options) -> (a{sv} result), on collections, on objects and in CallMany.
 *
 * Here a message becomes a struct call and no more is decided than its form. polkit, where the verb's row names an action and no
 * role of the caller's suffices, is asked before anything is performed; its no is not an answer, for the store refuses in its own
 * order: what is hidden stays absent.
 */
#include "values.h"

#include <string.h>

static void body_text(struct buffer *body, const char *text)
{
	buffer_text(body, text);
	buffer_char(body, 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct arg *)a)->name, ((const struct arg *)b)->name);
}

/* What makes two calls the same call: path, verb, arguments in one order, and the options that change the effect. */
static void body_make(struct request *request, struct call *call, const struct type *type, struct arg *args)
{
	struct buffer body = { 0 };
	char path[PATH_TEXT];

	if (call->arg_count)
		qsort(args, call->arg_count, sizeof *args, by_name);
	body_text(&body, call->id ? path_print(path, type->path, type->path_length, call->id) : type->path);
	body_text(&body, call->verb->name);
	for (size_t i = 0; i < call->arg_count; i++) {
		const struct value *value = &args[i].value;

		body_text(&body, args[i].name);
		buffer_char(&body, (char)('0' + value->type));
		if (value->text)
			body_text(&body, value->text);
		buffer_add(&body, &value->number, sizeof value->number);
		buffer_add(&body, &value->real, sizeof value->real);
	}
	buffer_char(&body, 0);
	body_text(&body, call->options.reason);
	buffer_add(&body, &call->options.version, sizeof call->options.version);
	buffer_add(&body, &call->options.for_person, sizeof call->options.for_person);
	call->path_body_length = body.length;
	call->path_body = arena_copy_n(request->call.arena, body.data, body.length);
	buffer_free(&body);
}

static int verb_decode(struct request *request, struct call *call, const struct type *type, DBusMessageIter *at)
{
	struct arg *args;
	int result = read_dict(at, request->call.arena, NULL, &args, &call->arg_count, &call->problem);

	call->args = args;
	dbus_message_iter_next(at);
	if (!result)
		result = read_options(at, request->call.arena, request->bus->names, &call->options, &call->problem);
	if (result)
		return result;
	if (call->verb->flags & NEEDS_REASON && !call->options.reason)
		return problem_set(&call->problem, E_INVALID, "reason", "%s wants a reason: give the option `reason`", call->verb->name);
	if (call->verb->flags & NO_KEY && call->options.key)
		return problem_set(&call->problem, E_INVALID, "key", "%s takes no key: it is never repeated silently", call->verb->name);
	if (call->options.key)
		body_make(request, call, type, args);
	return 0;
}

/* Sets caller->admin if polkit said yes to this verb; WAITS while it is asked. */
static int verb_permit(struct request *request, struct call *call, struct caller *caller, bool may_wait)
{
	const struct verb *verb = call->verb;
	enum verdict verdict;

	if (caller->admin || !verb->action)
		return 0;
	verdict = polkit_verdict(request, verb->action);
	if (verdict == NOT_ASKED && may_wait && store_needs_polkit(request->bus->store, caller, call->entity, verb, call->id))
		return polkit_ask(request, verb->action);
	caller->admin = verdict == YES;
	return 0;
}

/* The store said no; if only a password was missing and no dialog was allowed, say that. */
static int explain(struct request *request, struct call *call, int result)
{
	if (result == E_DENIED && call->verb->action && polkit_verdict(request, call->verb->action) == CHALLENGE &&
		!dbus_message_get_allow_interactive_authorization(request->message))
		return problem_set(&call->problem, E_AUTH, NULL, "%s needs a password: allow the dialog and ask again", call->verb->name);
	return result;
}

int verb_call(struct request *request, struct call *call, const struct type *type, int64_t id, const struct verb *verb, DBusMessageIter *at,
	bool may_wait, bool only_ask)
{
	struct bus *bus = request->bus;
	struct caller caller = request->caller;
	int result;

	call->store = bus->store;
	call->arena = request->call.arena;
	call->now = request->call.now;
	call->caller = &caller;
	call->entity = type->entity;
	call->verb = verb;
	call->id = id;
	call->fds[0] = call->fds[1] = -1;
	result = verb_decode(request, call, type, at);
	if (!result)
		result = verb_permit(request, call, &caller, may_wait);
	if (!result && !only_ask && verb->flags & LONG && !call->options.dry_run)
		result = tasks_room(bus->tasks, caller.uid, &call->problem);
	if (!result && !only_ask) {
		bus->wrote |= !call->options.dry_run;
		result = explain(request, call, store_perform(bus->store, call));
		if (type->entity->grants || type->entity->flags & GRANTS)
			bus->grants++;
	}
	call->caller = &request->caller;
	return result;
}

void verb_answer(struct request *request, const struct call *call, DBusMessageIter *dict)
{
	char path[PATH_TEXT];

	if (call->object > 0 && !(call->options.dry_run && !call->id))
		entry_object(dict, "object", request->bus->names, call->entity, call->object);
	if (call->object_version > 0)
		entry_int(dict, "version", call->object_version);
	entry_int(dict, "messages", call->messages);
	entry_int(dict, "jobs", call->jobs);
	if (call->task > 0 && !call->options.dry_run)
		entry_path(dict, "task", path_print(path, BUS_PATH "/tasks", sizeof BUS_PATH "/tasks" - 1, call->task));
	/* a dry run has left no record of a reading, so it gives nothing to read */
	if (!call->replayed && !call->options.dry_run)
		for (size_t i = 0; i < call->result_count; i++)
			entry_value(dict, call->results[i].name, call->results[i].value);
}

int verb_run(struct request *request, const struct verb *verb)
{
	DBusMessageIter at, dict;
	int result;

	dbus_message_iter_init(request->message, &at);
	result = verb_call(request, &request->call, request->route.type, request->route.id, verb, &at, true, false);
	if (result)
		return result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	verb_answer(request, &request->call, &dict);
	dict_close(&at, &dict);
	return 0;
}
