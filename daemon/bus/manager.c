/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * org.mentorship1.Manager: what concerns no single record.
 *
 * What anybody may ask (who am I, what waits for me, what is called so, what did I miss) goes through the store's gate like any
 * read. What runs the service is in administer.c.
 */
#include "values.h"

#include <string.h>


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

const struct property manager_properties[] = { { "Version", "s", put_version, "Version of the daemon." },
	{ "InterfaceVersion", "u", put_interface_version, "Grows when something is added to these interfaces." },
	{ "Held", "b", put_held, "Mail and jobs wait for Resume." },
	{ "Simulated", "b", put_simulated, "The database has a clock that stands still but for AdvanceClock." },
	{ "Now", "x", put_now, "The time by which the daemon goes, seconds UTC." }, { 0 } };

/* ---- helpers ---- */

int manager_options(struct request *request, const char *known, struct arg **ret, size_t *ret_count)
{
	DBusMessageIter at;
	int result;

	dbus_message_iter_init(request->message, &at);
	result = read_dict(&at, request->call.arena, NULL, ret, ret_count, &request->call.problem);
	return result ? result : args_known(*ret, *ret_count, known, &request->call.problem);
}

int manager_no_options(struct request *request)
{
	struct arg *args;
	size_t count;

	return manager_options(request, "", &args, &count);
}

int manager_roles(struct request *request, unsigned *ret)
{
	return store_roles(request->bus->store, &request->caller, ret, &request->call.problem);
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
	unsigned mask = 0;
	int count = 0, result = manager_roles(request, &mask);

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
	int result = manager_no_options(request);

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

enum {
	CALLS_MOST = 100
};

struct one_call {
	const char *path, *interface, *verb;
	DBusMessageIter body;
};

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
	if (route.place == COLLECTION && !strcmp(one->interface, BUS_NAME ".Collection"))
		named = verb != NULL;
	else
		named = verb && !strcmp(one->interface, route.type->interface);
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
			entry_said(&dict, "field", call->problem.field);
		entry_said(&dict, "message", call->problem.text);
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

/* ---- SchedulePreview ---- */

enum {
	PREVIEW_USEC = 20000 /* of a turn, that lasts 50 ms at most */
};

struct previewed {
	struct rows rows;
	int64_t left; /* how many more may be shown */
};

static int put_occurrence(void *data, const struct bus_preview *item)
{
	struct previewed *previewed = data;
	struct rows *rows = &previewed->rows;
	struct request *request = rows->request;
	struct call look = { .arena = request->call.arena, .caller = &request->caller, .now = request->call.now };
	DBusMessageIter dict;

	if (item->entity && store_sees(request->bus->store, &look, item->entity, item->id))
		return 0; /* what the caller does not see is not planned for them either */
	dict_open(&rows->array, &dict);
	entry_text(&dict, "kind", item->kind);
	entry_object(&dict, "object", request->bus->names, item->entity, item->id);
	entry_int(&dict, "due", item->due);
	entry_text(&dict, "nominal", item->nominal);
	entry_text(&dict, "zone", item->zone);
	dict_close(&rows->array, &dict);
	rows->bytes += 250;
	return --previewed->left == 0 || rows->bytes >= REPLY_BYTES;
}

static int schedule_preview(struct request *request)
{
	struct bus *bus = request->bus;
	struct problem *problem = &request->call.problem;
	int64_t until = request->call.now + 7 * 86400, limit = 100, began = processor_usec();
	bool more = false;
	struct previewed previewed = { 0 };
	struct arg *args;
	size_t count;
	unsigned roles = 0;
	int result = manager_options(request, "until limit", &args, &count);

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
	result = manager_roles(request, &roles);
	if (result)
		return result;
	previewed.left = limit;
	rows_open(&previewed.rows, request, "a{sv}");
	/* who is nobody here sees no job: nothing is played for them */
	if (roles != ANYONE)
		result = bus->hooks.preview(bus->hooks.data, &request->call, until, PREVIEW_USEC, put_occurrence, &previewed, &more);
	rows_close(&previewed.rows);
	put_yes(&previewed.rows.at, more);
	user_pays(request->user, bus, processor_usec() - began);
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
		"At most 100 calls of object, interface, verb, arguments, options, each done or refused alone: an error name ('' if "
		"done) and the result." },
	{ "Subscribe", "a{sv}", "what", "u", "id", subscribe,
		"Has Added, Changed and Removed sent to the caller: of paths (ao), or of a collection (s) with a filter (a(ssv))." },
	{ "Unsubscribe", "u", "id", "", "", unsubscribe, "Ends a subscription." },
	{ "Changes", "tu", "after limit", "a(tos)b", "changes more", changes,
		"What the caller may see of what changed after a sequence number; gaps between numbers are normal." },
	{ "Backup", "a{sv}", "options", "a{sv}", "result", admin_backup, "Makes a backup now and answers its name. For administrators." },
	{ "VerifyAudit", "a{sv}", "options", "a{sv}", "result", admin_verify_audit,
		"Looks at every audit record: whole, records, head, erased, first_bad, what. For administrators and auditors." },
	{ "SchedulePreview", "a{sv}", "options", "aa{sv}b", "occurrences more", schedule_preview,
		"What would happen until an instant, without doing it. Options: until (x), limit (x). It ends early when it has cost "
		"enough, and says that there is more; what it costs counts against the caller's calls in a second." },
	{ "Resume", "a{sv}", "options", "a{sv}", "result", admin_resume,
		"Lets mail and jobs of a restored or copied database go; with dry_run only says how many wait. For administrators." },
	{ "AdvanceClock", "x", "until", "a{sv}", "result", admin_advance_clock,
		"Moves the clock of a simulated database forward, running what falls due. For administrators." },
	{ "Reload", "", "", "", "", admin_reload,
		"Reads the configuration again; a wrong one is refused and the old one stays. For administrators." },
	{ 0 }
};
