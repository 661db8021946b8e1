/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A house for tests of links: the daemon's side of plugins on a loop, a pair with an offer to come, and a host that the test plays itself:
 * it gets letters, reports of them, and presents tokens of what stands in them.
 */
#ifndef HOUSE_H
#define HOUSE_H

#include <dbus/dbus.h>
#include <event2/event.h>
#include <mentorship-plugin.h>
#include <sys/stat.h>

#include "model/model.h"
#include "plugin/link.h"
#include "wire/protocol.h"
#include "wire/wire.h"
#include "world.h"

enum {
	LETTERS_MOST = 2 * LINK_HOLDS
};
struct host {
	DBusConnection *connection;
	struct event *dispatch;
	DBusMessage *letters[LETTERS_MOST];
	int count;
	bool gone, stopped;
};

struct house {
	struct event_base *base;
	struct plugins *plugins;
	struct tasks *tasks;
	struct world *w;
	struct cast c;
	int64_t match;
	struct host host;
	int commits; /* turns of the plugins that wrote */
};

static inline void committed(void *data)
{
	struct house *h = data;

	h->commits++;
	plugins_look(h->plugins);
}

static inline void failed(void *data, const struct problem *problem)
{
	(void)data;
	fail_msg("%s", problem->text);
}

/* ---- the host that the test plays ---- */

static inline DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct host *host = data;

	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		host->gone = true;
	else if ((dbus_message_is_method_call(message, LINK_INTERFACE, "Deliver") ||
			 dbus_message_is_method_call(message, LINK_INTERFACE, "Event")) &&
		host->count < LETTERS_MOST)
		host->letters[host->count++] = dbus_message_ref(message);
	else if (dbus_message_is_method_call(message, LINK_INTERFACE, "Stop"))
		host->stopped = true;
	else if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL && !dbus_message_get_no_reply(message)) {
		DBusMessage *reply = dbus_message_new_method_return(message);

		dbus_connection_send(connection, reply, NULL);
		dbus_message_unref(reply);
	}
	return DBUS_HANDLER_RESULT_HANDLED;
}

static inline void on_dispatch(evutil_socket_t fd, short what, void *data)
{
	struct host *host = data;

	(void)fd;
	(void)what;
	while (host->connection && dbus_connection_dispatch(host->connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
}

static inline void wake(void *data)
{
	event_active(((struct host *)data)->dispatch, EV_TIMEOUT, 1);
}

static inline void spin(struct house *h, int ms)
{
	struct timeval pause = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(h->base, &pause);
	event_base_dispatch(h->base);
}

static inline void connect_as(struct house *h, const char *name)
{
	DBusError error = DBUS_ERROR_INIT;
	char address[200];

	snprintf(address, sizeof address, "unix:path=%s/plugins/%s/link", h->w->directory, name);
	h->host = (struct host){ .connection = dbus_connection_open_private(address, &error) };
	if (!h->host.connection)
		fail_msg("%s", error.message);
	h->host.dispatch = event_new(h->base, -1, 0, on_dispatch, &h->host);
	wire_attach(h->base, h->host.connection, wake, &h->host);
	dbus_connection_add_filter(h->host.connection, on_message, &h->host, NULL);
}

static inline void leave(struct house *h)
{
	DBusConnection *connection = h->host.connection;

	h->host.connection = NULL;
	for (int i = 0; i < h->host.count; i++)
		dbus_message_unref(h->host.letters[i]);
	if (connection) {
		dbus_connection_remove_filter(connection, on_message, &h->host);
		wire_end(connection, 100);
		event_free(h->host.dispatch);
	}
	h->host = (struct host){ 0 };
}

/* NULL if the link ended. */
static inline DBusMessage *reply_of(struct house *h, DBusPendingCall *pending)
{
	DBusMessage *reply = NULL;

	for (int i = 0; i < 400 && !dbus_pending_call_get_completed(pending) && !h->host.gone; i++)
		spin(h, 5);
	if (dbus_pending_call_get_completed(pending))
		reply = dbus_pending_call_steal_reply(pending);
	else
		dbus_pending_call_cancel(pending);
	dbus_pending_call_unref(pending);
	return reply;
}

/* A call of the host; its reply, or NULL if the link ended. */
static inline DBusMessage *ask_daemon(struct house *h, const char *member, int first, ...)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, member);
	DBusPendingCall *pending = NULL;
	va_list ap;

	va_start(ap, first);
	dbus_message_append_args_valist(message, first, ap);
	va_end(ap);
	dbus_connection_send_with_reply(h->host.connection, message, &pending, 5000);
	dbus_message_unref(message);
	if (!pending)
		return NULL;
	return reply_of(h, pending);
}

static inline void tell_daemon(struct house *h, const char *member, int first, const char *text)
{
	DBusMessage *reply = ask_daemon(h, member, first, &text, DBUS_TYPE_INVALID);

	assert_non_null(reply);
	dbus_message_unref(reply);
}

static inline bool hello(struct house *h, const char *name, unsigned capabilities)
{
	dbus_uint32_t abi = MENTORSHIP_PLUGIN_ABI, minor = MENTORSHIP_PLUGIN_MINOR;
	const char *version = "1.0";
	DBusMessage *reply = ask_daemon(h, "Hello", DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &abi, DBUS_TYPE_UINT32, &minor,
		DBUS_TYPE_UINT32, &capabilities, DBUS_TYPE_STRING, &version, DBUS_TYPE_INVALID);
	bool good = reply && dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN;

	if (reply)
		dbus_message_unref(reply);
	return good;
}

static inline void holding(struct house *h, const int64_t *ids, int count)
{
	DBusMessage *reply = ask_daemon(h, "Holding", DBUS_TYPE_ARRAY, DBUS_TYPE_INT64, &ids, count, DBUS_TYPE_INVALID);

	assert_non_null(reply);
	assert_int_equal(dbus_message_get_type(reply), DBUS_MESSAGE_TYPE_METHOD_RETURN);
	dbus_message_unref(reply);
}

static inline void become(struct house *h, const char *name, unsigned capabilities)
{
	connect_as(h, name);
	assert_true(hello(h, name, capabilities));
	if (capabilities & MENTORSHIP_NOTIFIER)
		holding(h, NULL, 0);
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 60);
}

/* Whether it was acknowledged. */
static inline bool report(struct house *h, int64_t id, unsigned outcome, const char *detail)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Report"), *reply;
	DBusPendingCall *pending = NULL;
	DBusMessageIter at, list, row;
	dbus_int64_t number = id, *ids = NULL;
	int count = 0;

	dbus_message_iter_init_append(message, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "(xus)", &list);
	dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL, &row);
	dbus_message_iter_append_basic(&row, DBUS_TYPE_INT64, &number);
	dbus_message_iter_append_basic(&row, DBUS_TYPE_UINT32, &outcome);
	dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &detail);
	dbus_message_iter_close_container(&list, &row);
	dbus_message_iter_close_container(&at, &list);
	dbus_connection_send_with_reply(h->host.connection, message, &pending, 5000);
	dbus_message_unref(message);
	if (!pending)
		return false;
	reply = reply_of(h, pending);
	if (!reply)
		return false;
	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN)
		dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_INT64, &ids, &count, DBUS_TYPE_INVALID);
	count = count == 1 && ids[0] == id;
	dbus_message_unref(reply);
	spin(h, 30);
	return count;
}

/* A value of a letter. */
static inline const char *letter_text(DBusMessage *letter, const char *name, int64_t *ret_number)
{
	DBusMessageIter at, dict, entry, variant;

	dbus_message_iter_init(letter, &at);
	for (dbus_message_iter_recurse(&at, &dict); dbus_message_iter_get_arg_type(&dict); dbus_message_iter_next(&dict)) {
		const char *key, *text = "";

		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &variant);
		if (strcmp(key, name))
			continue;
		if (dbus_message_iter_get_arg_type(&variant) == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&variant, &text);
		else if (ret_number)
			dbus_message_iter_get_basic(&variant, ret_number);
		return text;
	}
	fail_msg("no %s in the letter", name);
	return NULL;
}

static inline int64_t letter_id(DBusMessage *letter)
{
	int64_t id = 0;

	letter_text(letter, "id", &id);
	return id;
}

static inline DBusMessage *letter_to(struct house *h, const char *address)
{
	for (int i = h->host.count - 1; i >= 0; i--)
		if (!strcmp(letter_text(h->host.letters[i], "address", NULL), address))
			return h->host.letters[i];
	return NULL;
}

/* The token of the first link of a kind in a letter's text. */
static inline const char *token_of(struct house *h, DBusMessage *letter, const char *mark)
{
	const char *at = strstr(letter_text(letter, "text", NULL), mark);

	assert_non_null(at);
	return arena_print(&h->w->arena, "%.*s", TOKEN_LENGTH, at + strlen(mark));
}

struct shown {
	unsigned status;
	const char *title, *hash;
	const char *all; /* a line for each part: "NAME=VALUE TEXT", and " !ERROR" */
	int parts;
};

/* The texts of one part, choices left out; moves behind it. */
static inline const char *part_line(struct house *h, const char **texts, dbus_int64_t choices)
{
	const char *of[6]; /* name, text, value, error, hint, shown_if */

	for (int i = 0; i < 6; i++, *texts += strlen(*texts) + 1)
		of[i] = *texts;
	for (dbus_int64_t i = 0; i < 2 * choices; i++)
		*texts += strlen(*texts) + 1;
	return arena_print(&h->w->arena, "%s=%s %s%s%s", of[0], of[2], of[1], *of[3] ? " !" : "", of[3]);
}

/* The pages of a reply, which must be of that shape; how many. */
static inline int all_shown(struct house *h, DBusMessage *reply, struct shown *ret, int most)
{
	const dbus_int64_t *numbers, *numbers_end;
	const char *texts, *texts_end, *at[5];
	int count, bytes, pages = 0;

	assert_non_null(reply);
	assert_true(dbus_message_has_signature(reply, PAGE_SIGNATURE));
	assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_INT64, &numbers, &count, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE,
		&texts, &bytes, DBUS_TYPE_INVALID));
	assert_true(bytes && !texts[bytes - 1]);
	numbers_end = numbers + count;
	for (texts_end = texts + bytes; numbers < numbers_end; pages++) {
		struct shown shown = { 99, "", "", "", 0 };

		assert_true(pages < most && numbers_end - numbers >= PAGE_NUMBERS);
		shown.status = (unsigned)numbers[0];
		shown.parts = (int)numbers[1];
		for (int i = 0; i < 5; i++, texts += strlen(texts) + 1)
			at[i] = texts;
		shown.title = arena_copy(&h->w->arena, at[1]);
		shown.hash = arena_copy(&h->w->arena, at[4]);
		numbers += PAGE_NUMBERS;
		for (int i = 0; i < shown.parts; i++, numbers += PART_NUMBERS) {
			assert_true(numbers_end - numbers >= PART_NUMBERS);
			shown.all = arena_print(&h->w->arena, "%s%s\n", shown.all, part_line(h, &texts, numbers[4]));
		}
		ret[pages] = shown;
	}
	assert_ptr_equal(texts, texts_end);
	dbus_message_unref(reply);
	return pages;
}

static inline struct shown shown_of(struct house *h, DBusMessage *reply)
{
	struct shown shown;

	assert_int_equal(all_shown(h, reply, &shown, 1), 1);
	return shown;
}

/* Open for these links: token and client of each, one after the other. */
static inline DBusMessage *opening(const char *const *texts, int count)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Open");
	struct buffer block = { 0 };

	for (int i = 0; i < count; i++)
		buffer_add(&block, texts[i], strlen(texts[i]) + 1);
	assert_true(dbus_message_append_args(message, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &block.data, (int)block.length, DBUS_TYPE_INVALID));
	buffer_free(&block);
	return message;
}

static inline DBusMessage *ask_to_open(struct house *h, const char *const *texts, int count)
{
	DBusMessage *message = opening(texts, count);
	DBusPendingCall *pending = NULL;

	dbus_connection_send_with_reply(h->host.connection, message, &pending, 5000);
	dbus_message_unref(message);
	return reply_of(h, pending);
}

static inline struct shown open_page(struct house *h, const char *token)
{
	return shown_of(h, ask_to_open(h, (const char *const[]){ token, "somebody" }, 2));
}

static inline struct shown answer_page(struct house *h, const char *token, const char *hash, const char *const *fields)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Answer");
	DBusPendingCall *pending = NULL;
	const char *client = "somebody";
	DBusMessageIter at, list, row;
	struct shown shown;

	dbus_message_append_args(message, DBUS_TYPE_STRING, &token, DBUS_TYPE_STRING, &client, DBUS_TYPE_STRING, &hash, DBUS_TYPE_INVALID);
	dbus_message_iter_init_append(message, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "(ss)", &list);
	for (int i = 0; fields[i]; i += 2) {
		dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL, &row);
		dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &fields[i]);
		dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &fields[i + 1]);
		dbus_message_iter_close_container(&list, &row);
	}
	dbus_message_iter_close_container(&at, &list);
	dbus_connection_send_with_reply(h->host.connection, message, &pending, 5000);
	dbus_message_unref(message);
	assert_non_null(pending);
	shown = shown_of(h, reply_of(h, pending));
	spin(h, 30);
	return shown;
}

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- the house ---- */

static inline void write_file(const struct world *w, const char *name, const char *text, mode_t mode)
{
	char file[200];
	FILE *out;

	snprintf(file, sizeof file, "%s/%s", w->directory, name);
	out = fopen(file, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	chmod(file, mode);
}

static inline void house_plugins(struct house *h)
{
	struct plugins_setup setup = { .base = h->base,
		.store = h->w->store,
		.settings = h->w->settings,
		.tasks = h->tasks,
		.state = h->w->directory,
		.development = true,
		.committed = committed,
		.failed = failed,
		.data = h };
	struct problem problem = { 0 };

	h->plugins = plugins_new(&setup);
	must(plugins_start(h->plugins, &problem), &problem);
	spin(h, 20);
}

static inline int move_in(void **state)
{
	struct house *h = calloc(1, sizeof *h);
	struct problem problem = { 0 };
	struct settings *settings;
	int64_t mentor, mentee;

	set_up((void **)&h->w);
	settings = h->w->settings;
	write_file(h->w, "credentials/link-key", "0123456789abcdef0123456789abcdef", 0600);
	write_file(h->w, "host", "#!/bin/sh\nexec sleep 60\n", 0700);
	settings->plugins.load = arena_copy(&h->w->arena, "mail web sink");
	settings->plugins.host = arena_print(&h->w->arena, "%s/host", h->w->directory);
	settings->mail.base_url = arena_copy(&h->w->arena, "https://m.example.org");
	settings->mail.settle = 0;
	settings->mail.quiet_from = 24;
	settings->people.minors = 0;
	h->c = cast(h->w);
	must(perform(h->w, &h->c.ada, &person_entity, h->c.ben_id, "Update", ARGS(T("email", "ben@example.org"))), &h->w->call.problem);
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "cleo@example.org"))), &h->w->call.problem);
	mentor = participant(h->w, &h->c, h->c.ben_id, "mentor", 2);
	mentee = participant(h->w, &h->c, h->c.cleo_id, "mentee", 1);
	must(perform(h->w, &h->c.ada, &program_entity, h->c.program, "Open", NULL, 0), &h->w->call.problem);
	h->match = create(h->w, &h->c.ada, &match_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("mentor", path(h->w, &participant_entity, mentor)),
			P("mentee", path(h->w, &participant_entity, mentee))));
	h->base = event_base_new();
	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
	h->tasks = tasks_new(8);
	house_plugins(h);
	*state = h;
	return 0;
}

static inline int move_out(void **state)
{
	struct house *h = *state;

	leave(h);
	plugins_free(h->plugins);
	tasks_free(h->tasks);
	event_base_free(h->base);
	tear_down((void **)&h->w);
	free(h);
	return 0;
}

static inline int64_t number(struct house *h, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t n;

	must(engine_prepare(store_engine(h->w->store), sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(store_engine(h->w->store), q, &problem), 1);
	n = engine_int(q, 0);
	engine_reset(q);
	return n;
}

static inline void offer(struct house *h)
{
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Offer", NULL, 0), &h->w->call.problem);
	plugins_look(h->plugins);
	spin(h, 80);
}

static inline int write_notice(struct call *call, void *data)
{
	return notify(call, data);
}

/* To Ben, about the match or, where `over`, about a check-in that is no more. */
static inline void say(struct house *h, const char *template_name, const char *occasion, bool over)
{
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };
	struct notice n = { template_name, h->c.ben_id, h->c.program, h->match, over ? &check_in_entity : &match_entity,
		over ? 1 : h->match, occasion, false, NONE, false };
	struct problem problem = { 0 };

	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_do(h->w->store, &daemon, write_notice, &n, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
}

static inline void later(struct house *h, int64_t seconds)
{
	struct problem problem = { 0 };

	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_advance(h->w->store, store_now(h->w->store) + seconds, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
	plugins_look(h->plugins);
	spin(h, 60);
}

static inline int64_t with(struct house *h, const char *where)
{
	return number(h, arena_print(&h->w->arena, "SELECT count(*) FROM \"message\" WHERE %s", where));
}

#define HOUSE(test) cmocka_unit_test_setup_teardown(test, move_in, move_out)

#endif
