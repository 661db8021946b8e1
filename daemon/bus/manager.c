/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * org.mentorship1.Manager: what concerns no single record.
 *
 * What anybody may ask (who am I, what waits for me, what is called so, what did I miss) goes through the store's gate like any
 * read. What runs the service (backup, audit, resume, clock, configuration) is for administrators: uid 0, or polkit says so.
 * Whatever takes long runs as a step, between turns.
 */
#include "values.h"

#include <string.h>

#include "store/internal.h"

/* ---- properties ---- */

static void put_version(struct request *request, DBusMessageIter *at)
{
	(void)request;
	put_text(at, MENTORSHIP_VERSION);
}

static void put_interface_version(struct request *request, DBusMessageIter *at)
{
	dbus_uint32_t version = INTERFACE_VERSION;

	(void)request;
	must(dbus_message_iter_append_basic(at, DBUS_TYPE_UINT32, &version));
}

static void put_yes(DBusMessageIter *at, bool yes)
{
	dbus_bool_t wide = yes;

	must(dbus_message_iter_append_basic(at, DBUS_TYPE_BOOLEAN, &wide));
}

static void put_held(struct request *request, DBusMessageIter *at)
{
	put_yes(at, store_held(request->bus->store));
}

static void put_simulated(struct request *request, DBusMessageIter *at)
{
	put_yes(at, store_simulated(request->bus->store));
}

static void put_now(struct request *request, DBusMessageIter *at)
{
	int64_t now = store_now(request->bus->store);

	must(dbus_message_iter_append_basic(at, DBUS_TYPE_INT64, &now));
}

const struct property manager_properties[] = {
	{ "Version", "s", put_version },
	{ "InterfaceVersion", "u", put_interface_version },
	{ "Held", "b", put_held },
	{ "Simulated", "b", put_simulated },
	{ "Now", "x", put_now },
	{ 0 }
};

/* ---- helpers ---- */

/* Reads an a{sv} that may hold the options named. */
static int options_read(struct request *request, const char *known, struct arg **ret, size_t *ret_count)
{
	DBusMessageIter at;
	int result;

	dbus_message_iter_init(request->message, &at);
	result = read_dict(&at, request->call.arena, NULL, ret, ret_count, &request->call.problem);
	return result ? result : args_known(*ret, *ret_count, known, &request->call.problem);
}

static int no_options(struct request *request)
{
	struct arg *args;
	size_t count;

	return options_read(request, "", &args, &count);
}

static int roles_anywhere(struct request *request, unsigned *ret)
{
	if (!sight_of(request->bus->store, &request->caller, request->call.now, &request->call.problem))
		return request->call.problem.code;
	*ret = sight_anywhere(&request->caller);
	return 0;
}

/* An array of dictionaries that stays within the byte budget. */
struct rows {
	struct request *request;
	DBusMessageIter at, array;
	size_t bytes;
};

static void rows_open(struct rows *rows, struct request *request, const char *signature)
{
	rows->request = request;
	rows->bytes = 0;
	dbus_message_iter_init_append(reply_new(request), &rows->at);
	must(dbus_message_iter_open_container(&rows->at, DBUS_TYPE_ARRAY, signature, &rows->array));
}

static void rows_close(struct rows *rows)
{
	must(dbus_message_iter_close_container(&rows->at, &rows->array));
}

/* ---- WhoAmI ---- */

static int who_am_i(struct request *request)
{
	const struct names *names = request->bus->names;
	const char *roles[ROLE_COUNT + 1];
	DBusMessageIter at, dict;
	unsigned mask;
	int count = 0, result = roles_anywhere(request, &mask);

	if (result)
		return result;
	for (int i = 0; i < ROLE_COUNT; i++)
		if (mask & 1u << i && 1u << i != ANYONE)
			roles[count++] = role_names[i];
	roles[count] = NULL;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_uint(&dict, "uid", request->caller.uid);
	entry_object(&dict, "person", names, names->person ? names->person->entity : NULL, request->caller.person);
	entry_word_list(&dict, "roles", roles);
	dict_close(&at, &dict);
	return 0;
}

/* ---- Agenda ---- */

static int put_agenda(void *data, const struct agenda_item *item)
{
	struct rows *rows = data;
	const struct names *names = rows->request->bus->names;
	DBusMessageIter dict;

	if (rows->bytes >= REPLY_BYTES)
		return 1;
	dict_open(&rows->array, &dict);
	entry_text(&dict, "kind", item->kind);
	entry_object(&dict, "object", names, item->entity, item->id);
	if (item->label)
		entry_text(&dict, "label", item->label);
	if (item->since != NONE)
		entry_int(&dict, "since", item->since);
	if (item->due != NONE)
		entry_int(&dict, "due", item->due);
	for (int anchor = AT_PROGRAM; anchor <= AT_MATCH; anchor++) {
		int64_t id = anchor == AT_PROGRAM ? item->program : item->match;

		for (int i = 0; id != NONE && i < names->count; i++)
			if (names->types[i].shape->is_anchor[anchor])
				entry_object(&dict, anchor == AT_PROGRAM ? "program" : "match", names, names->types[i].entity, id);
	}
	dict_close(&rows->array, &dict);
	rows->bytes += 300;
	return 0;
}

static int agenda(struct request *request)
{
	struct rows rows;
	int result = no_options(request);

	if (result)
		return result;
	rows_open(&rows, request, "a{sv}");
	result = store_agenda(request->bus->store, &request->call, put_agenda, &rows);
	rows_close(&rows);
	return result;
}

/* ---- Lookup ---- */

static int put_found(void *data, const struct entity *entity, int64_t id, const char *label)
{
	struct rows *rows = data;
	const struct type *type = type_of(rows->request->bus->names, entity);
	DBusMessageIter row;
	char out[PATH_TEXT];
	const char *path = path_print(out, type->path, type->path_length, id);

	if (rows->bytes >= REPLY_BYTES)
		return 1;
	must(dbus_message_iter_open_container(&rows->array, DBUS_TYPE_STRUCT, NULL, &row));
	must(dbus_message_iter_append_basic(&row, DBUS_TYPE_OBJECT_PATH, &path));
	put_text(&row, label);
	must(dbus_message_iter_close_container(&rows->array, &row));
	rows->bytes += 60 + (label ? strlen(label) : 0);
	return 0;
}

static int lookup(struct request *request)
{
	const struct type *type = NULL;
	const char *collection, *start;
	dbus_uint32_t limit;
	struct rows rows;
	int result;

	must(dbus_message_get_args(request->message, NULL, DBUS_TYPE_STRING, &collection, DBUS_TYPE_STRING, &start, DBUS_TYPE_UINT32,
	                           &limit, DBUS_TYPE_INVALID));
	if (*collection && !(type = type_of_collection(request->bus->names, collection, strlen(collection))))
		return problem_set(&request->call.problem, E_INVALID, "collection", "is none of those that Describe names");
	if (strlen(start) > 400)
		return problem_set(&request->call.problem, E_LIMIT, "start", "is longer than anything that is kept here");
	rows_open(&rows, request, "(os)");
	result = store_lookup(request->bus->store, &request->call, type ? type->entity : NULL, start, limit, put_found, &rows);
	rows_close(&rows);
	return result;
}

/* ---- CallMany ---- */

enum { CALLS_MOST = 100 };

struct one_call { const char *path, *interface, *verb; DBusMessageIter body; };

static void one_read(DBusMessageIter *at, struct one_call *one)
{
	dbus_message_iter_recurse(at, &one->body);
	dbus_message_iter_get_basic(&one->body, &one->path);
	dbus_message_iter_next(&one->body);
	dbus_message_iter_get_basic(&one->body, &one->interface);
	dbus_message_iter_next(&one->body);
	dbus_message_iter_get_basic(&one->body, &one->verb);
	dbus_message_iter_next(&one->body);
}

static int one_run(struct request *request, struct one_call *one, struct call *call, bool only_ask)
{
	struct route route = route_path(request->bus->names, one->path);
	const struct verb *verb = NULL;
	bool named;

	if (route.place == COLLECTION || route.place == OBJECT)
		verb = type_verb(route.type, one->verb, strlen(one->verb));
	named = verb && (!strcmp(one->interface, route.type->interface) ||
	                 (route.place == COLLECTION && !strcmp(one->interface, BUS_NAME ".Collection")));
	if (!named || !(verb->who & ~(unsigned)SYSTEM) || (verb->flags & ON_COLLECTION ? 1 : 0) != (route.place == COLLECTION))
		return problem_set(&call->problem, E_INVALID, NULL, "there is no such verb on that object");
	if (verb->flags & LONG)
		return problem_set(&call->problem, E_INVALID, NULL, "%s is long work: call it alone", verb->name);
	return verb_call(request, call, route.type, route.id, verb, &one->body, only_ask, only_ask);
}

/* polkit is asked for what needs it before the first of them is performed. */
static int ask_all(struct request *request, DBusMessageIter *array)
{
	DBusMessageIter at = *array;

	for (; dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_STRUCT; dbus_message_iter_next(&at)) {
		struct call call = { .caller = &request->caller };
		struct one_call one;

		one_read(&at, &one);
		if (one_run(request, &one, &call, true) == WAITS)
			return WAITS;
	}
	return 0;
}

static void one_answer(struct request *request, struct rows *rows, const struct call *call, int result)
{
	const char *error = result ? error_name(result) : "";
	DBusMessageIter row, dict;

	must(dbus_message_iter_open_container(&rows->array, DBUS_TYPE_STRUCT, NULL, &row));
	must(dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &error));
	dict_open(&row, &dict);
	if (result) {
		if (*call->problem.field)
			entry_text(&dict, "field", call->problem.field);
		entry_text(&dict, "message", call->problem.text);
	} else {
		verb_answer(request, call, &dict);
	}
	dict_close(&row, &dict);
	must(dbus_message_iter_close_container(&rows->array, &row));
}

static int call_many(struct request *request)
{
	DBusMessageIter at, array;
	struct rows rows;
	int result;

	dbus_message_iter_init(request->message, &at);
	if (dbus_message_iter_get_element_count(&at) > CALLS_MOST)
		return problem_set(&request->call.problem, E_LIMIT, "calls", "more than %d calls at once", CALLS_MOST);
	dbus_message_iter_recurse(&at, &array);
	result = ask_all(request, &array);
	if (result)
		return result;
	rows_open(&rows, request, "(sa{sv})");
	for (; dbus_message_iter_get_arg_type(&array) == DBUS_TYPE_STRUCT; dbus_message_iter_next(&array)) {
		struct call call = { .caller = &request->caller };
		struct one_call one;

		one_read(&array, &one);
		result = one_run(request, &one, &call, false);
		one_answer(request, &rows, &call, result);
		if (store_lost(request->bus->store)) {
			rows_close(&rows);
			request->call.problem = call.problem;
			return result ? result : E_STORE;
		}
	}
	rows_close(&rows);
	return 0;
}

/* ---- Changes ---- */

static int put_change(void *data, int64_t seq, const struct entity *entity, int64_t id, const char *signal)
{
	struct rows *rows = data;
	const struct type *type = type_of(rows->request->bus->names, entity);
	dbus_uint64_t number = (dbus_uint64_t)seq;
	char out[PATH_TEXT];
	const char *path = path_print(out, type->path, type->path_length, id);
	DBusMessageIter row;

	must(dbus_message_iter_open_container(&rows->array, DBUS_TYPE_STRUCT, NULL, &row));
	must(dbus_message_iter_append_basic(&row, DBUS_TYPE_UINT64, &number));
	must(dbus_message_iter_append_basic(&row, DBUS_TYPE_OBJECT_PATH, &path));
	put_text(&row, signal);
	must(dbus_message_iter_close_container(&rows->array, &row));
	return 0;
}

static int changes(struct request *request)
{
	dbus_uint64_t after;
	dbus_uint32_t limit;
	struct rows rows;
	bool more = false;
	int result;

	must(dbus_message_get_args(request->message, NULL, DBUS_TYPE_UINT64, &after, DBUS_TYPE_UINT32, &limit, DBUS_TYPE_INVALID));
	if (after > INT64_MAX)
		return problem_set(&request->call.problem, E_INVALID, "after", "is no sequence number");
	rows_open(&rows, request, "(tos)");
	result = store_changes(request->bus->store, &request->call, (int64_t)after, limit, put_change, &rows, &more);
	rows_close(&rows);
	put_yes(&rows.at, more);
	return result;
}

/* ---- for administrators ---- */

static int backup_step(struct request *request)
{
	DBusMessageIter at, dict;
	const char *name;
	int result = store_backup(request->bus->store, &name, &request->call.problem);

	if (result)
		return result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_text(&dict, "name", name);
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

static int backup(struct request *request)
{
	int result = no_options(request);

	return result ? result : for_admin(request, backup_step, NULL, NULL);
}

struct verifying { struct bus *bus; int64_t cursor; struct audit_report report; };

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

static int verify_audit(struct request *request)
{
	struct verifying *verifying;
	unsigned roles;
	int result = no_options(request);

	if (!result)
		result = roles_anywhere(request, &roles);
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

static int resume(struct request *request)
{
	struct arg *args;
	size_t count;
	int result = options_read(request, "dry_run", &args, &count);

	if (!result)
		result = arg_bool(args, count, "dry_run", &request->call.options.dry_run, &request->call.problem);
	return result ? result : for_admin(request, resume_step, NULL, NULL);
}

struct advancing { int64_t until, jobs; };

static int advance_step(struct request *request)
{
	struct bus *bus = request->bus;
	struct advancing *advancing = request->state;
	DBusMessageIter at, dict;
	int result;

	if (tasks_running(bus->tasks))
		return problem_set(&request->call.problem, E_BUSY, NULL, "tasks are running; the clock moves only when nothing is under way");
	result = bus->hooks.advance(bus->hooks.data, advancing->until, &advancing->jobs, &request->call.problem);
	bus->grants++;                /* what ends by time may have ended */
	if (result)
		return result > 0 ? WAITS : result;
	dbus_message_iter_init_append(reply_new(request), &at);
	dict_open(&at, &dict);
	entry_int(&dict, "now", store_now(bus->store));
	entry_int(&dict, "jobs", advancing->jobs);
	dict_close(&at, &dict);
	return 0;
}

static int advance_clock(struct request *request)
{
	struct advancing *advancing;
	dbus_int64_t until;

	must(dbus_message_get_args(request->message, NULL, DBUS_TYPE_INT64, &until, DBUS_TYPE_INVALID));
	if (!store_simulated(request->bus->store) || !request->bus->hooks.advance)
		return problem_set(&request->call.problem, E_STATE, NULL, "this database lives by the real clock, which nobody moves");
	if (until < store_now(request->bus->store))
		return problem_set(&request->call.problem, E_INVALID, "until", "lies in the past; the clock only goes forward");
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

static int reload(struct request *request)
{
	if (!request->bus->hooks.reload)
		return problem_set(&request->call.problem, E_UNAVAILABLE, NULL, "there is nothing to read again");
	return for_admin(request, reload_step, NULL, NULL);
}

/* ---- SchedulePreview ---- */

static int put_occurrence(void *data, const struct bus_preview *item)
{
	struct rows *rows = data;
	struct request *request = rows->request;
	struct call look = { .arena = request->call.arena, .caller = &request->caller, .now = request->call.now };
	DBusMessageIter dict;

	if (rows->bytes >= REPLY_BYTES)
		return 1;
	if (item->entity && store_sees(request->bus->store, &look, item->entity, item->id))
		return 0;             /* what the caller does not see is not planned for them either */
	dict_open(&rows->array, &dict);
	entry_text(&dict, "kind", item->kind);
	entry_object(&dict, "object", request->bus->names, item->entity, item->id);
	entry_int(&dict, "due", item->due);
	entry_text(&dict, "nominal", item->nominal);
	entry_text(&dict, "zone", item->zone);
	dict_close(&rows->array, &dict);
	rows->bytes += 250;
	return 0;
}

static int schedule_preview(struct request *request)
{
	struct bus *bus = request->bus;
	struct problem *problem = &request->call.problem;
	int64_t until = request->call.now + 7 * 86400, limit = 100;
	struct rows rows;
	struct arg *args;
	size_t count;
	int result = options_read(request, "until limit", &args, &count);

	if (!result)
		result = arg_int(args, count, "until", &until, problem);
	if (!result)
		result = arg_int(args, count, "limit", &limit, problem);
	if (result)
		return result;
	if (limit < 1 || limit > 10000)
		return problem_set(problem, E_INVALID, "limit", "must be 1 to 10000");
	if (!bus->hooks.preview)
		return problem_set(problem, E_UNAVAILABLE, NULL, "there is no schedule");
	rows_open(&rows, request, "a{sv}");
	result = bus->hooks.preview(bus->hooks.data, &request->call, until, (uint32_t)limit, put_occurrence, &rows);
	rows_close(&rows);
	return result < 0 ? result : 0;
}

const struct method manager_methods[] = {
	{ "WhoAmI", "", "", "a{sv}", "caller", who_am_i,
	  "Who the caller is to this installation: uid, person ('/' if the account is bound to none) and roles held anywhere." },
	{ "Describe", "a{sv}", "options", "aa{sv}", "entities", describe,
	  "Every kind of object with its fields and verbs, as the daemon knows them: what clients make columns and forms from." },
	{ "Agenda", "a{sv}", "options", "aa{sv}", "items", agenda, "What waits for the caller, oldest first." },
	{ "Lookup", "ssu", "collection start limit", "a(os)", "objects", lookup,
	  "Objects whose label, key or external id begins so; an empty collection means all." },
	{ "CallMany", "a(ossa{sv}a{sv})", "calls", "a(sa{sv})", "results", call_many,
	  "At most 100 calls of object, interface, verb, arguments, options, each done or refused alone: an error name ('' if done) and "
	  "the result." },
	{ "Subscribe", "a{sv}", "what", "u", "id", subscribe,
	  "Has Added, Changed and Removed sent to the caller: of paths (ao), or of a collection (s) with a filter (a(ssv))." },
	{ "Unsubscribe", "u", "id", "", "", unsubscribe, "Ends a subscription." },
	{ "Changes", "tu", "after limit", "a(tos)b", "changes more", changes,
	  "What the caller may see of what changed after a sequence number; gaps between numbers are normal." },
	{ "Backup", "a{sv}", "options", "a{sv}", "result", backup, "Makes a backup now and answers its name. For administrators." },
	{ "VerifyAudit", "a{sv}", "options", "a{sv}", "result", verify_audit,
	  "Looks at every audit record: whole, records, head, erased, first_bad, what. For administrators and auditors." },
	{ "SchedulePreview", "a{sv}", "options", "aa{sv}", "occurrences", schedule_preview,
	  "What would happen until an instant, without doing it. Options: until (x), limit (x)." },
	{ "Resume", "a{sv}", "options", "a{sv}", "result", resume,
	  "Lets mail and jobs of a restored or copied database go; with dry_run only says how many wait. For administrators." },
	{ "AdvanceClock", "x", "until", "a{sv}", "result", advance_clock,
	  "Moves the clock of a simulated database forward, running what falls due. For administrators." },
	{ "Reload", "", "", "", "", reload, "Reads the configuration again; a wrong one is refused and the old one stays. For administrators." },
	{ 0 }
};
