/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of a plugin's link, driven by a host that the test plays itself on the same loop: what is handed over, what is
 * written down of outcomes, pages and answers by token, and what ends a link.
 */
#include <dbus/dbus.h>
#include <event2/event.h>
#include <mentorship-plugin.h>
#include <sys/stat.h>

#include "model/model.h"
#include "plugin/plugins.h"
#include "wire/protocol.h"
#include "wire/wire.h"
#include "world.h"

struct host {
	DBusConnection *connection;
	struct event *dispatch;
	DBusMessage *letters[64];
	int count;
	bool gone, stopped;
};

struct house {
	struct event_base *base;
	struct plugins *plugins;
	struct world *w;
	struct cast c;
	int64_t match;
	struct host host;
};

static void committed(void *data)
{
	plugins_look(((struct house *)data)->plugins);
}

static void failed(void *data, const struct problem *problem)
{
	(void)data;
	fail_msg("%s", problem->text);
}

/* ---- the host that the test plays ---- */

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct host *host = data;

	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		host->gone = true;
	else if ((dbus_message_is_method_call(message, LINK_INTERFACE, "Deliver") ||
			 dbus_message_is_method_call(message, LINK_INTERFACE, "Event")) &&
		host->count < 64)
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

static void on_dispatch(evutil_socket_t fd, short what, void *data)
{
	struct host *host = data;

	(void)fd;
	(void)what;
	while (host->connection && dbus_connection_dispatch(host->connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
}

static void wake(void *data)
{
	event_active(((struct host *)data)->dispatch, EV_TIMEOUT, 1);
}

static void spin(struct house *h, int ms)
{
	struct timeval pause = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(h->base, &pause);
	event_base_dispatch(h->base);
}

static void connect_as(struct house *h, const char *name)
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

static void leave(struct house *h)
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
static DBusMessage *reply_of(struct house *h, DBusPendingCall *pending)
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
static DBusMessage *ask_daemon(struct house *h, const char *member, int first, ...)
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

static void tell_daemon(struct house *h, const char *member, int first, const char *text)
{
	DBusMessage *reply = ask_daemon(h, member, first, &text, DBUS_TYPE_INVALID);

	assert_non_null(reply);
	dbus_message_unref(reply);
}

static bool hello(struct house *h, const char *name, unsigned capabilities)
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

static void holding(struct house *h, const int64_t *ids, int count)
{
	DBusMessage *reply = ask_daemon(h, "Holding", DBUS_TYPE_ARRAY, DBUS_TYPE_INT64, &ids, count, DBUS_TYPE_INVALID);

	assert_non_null(reply);
	assert_int_equal(dbus_message_get_type(reply), DBUS_MESSAGE_TYPE_METHOD_RETURN);
	dbus_message_unref(reply);
}

static void become(struct house *h, const char *name, unsigned capabilities)
{
	connect_as(h, name);
	assert_true(hello(h, name, capabilities));
	if (capabilities & MENTORSHIP_NOTIFIER)
		holding(h, NULL, 0);
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 60);
}

/* Whether it was acknowledged. */
static bool report(struct house *h, int64_t id, unsigned outcome, const char *detail)
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
static const char *letter_text(DBusMessage *letter, const char *name, int64_t *ret_number)
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

static int64_t letter_id(DBusMessage *letter)
{
	int64_t id = 0;

	letter_text(letter, "id", &id);
	return id;
}

static DBusMessage *letter_to(struct house *h, const char *address)
{
	for (int i = h->host.count - 1; i >= 0; i--)
		if (!strcmp(letter_text(h->host.letters[i], "address", NULL), address))
			return h->host.letters[i];
	return NULL;
}

/* The token of the first link of a kind in a letter's text. */
static const char *token_of(struct house *h, DBusMessage *letter, const char *mark)
{
	const char *at = strstr(letter_text(letter, "text", NULL), mark);

	assert_non_null(at);
	return arena_print(&h->w->arena, "%.*s", TOKEN_LENGTH, at + strlen(mark));
}

struct shown {
	unsigned status;
	const char *title, *hash;
	int parts;
};

static struct shown shown_of(struct house *h, DBusMessage *reply)
{
	struct shown shown = { 99, "", "", 0 };
	const char *language, *institution, *program, *title, *hash;
	DBusMessageIter at, list;

	assert_non_null(reply);
	assert_true(dbus_message_has_signature(reply, PAGE_SIGNATURE));
	dbus_message_iter_init(reply, &at);
	dbus_message_iter_get_basic(&at, &shown.status);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &language);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &title);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &institution);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &program);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &hash);
	dbus_message_iter_next(&at);
	for (dbus_message_iter_recurse(&at, &list); dbus_message_iter_get_arg_type(&list); dbus_message_iter_next(&list))
		shown.parts++;
	shown.title = arena_copy(&h->w->arena, title);
	shown.hash = arena_copy(&h->w->arena, hash);
	dbus_message_unref(reply);
	return shown;
}

static struct shown open_page(struct house *h, const char *token)
{
	const char *client = "somebody";

	return shown_of(h, ask_daemon(h, "Open", DBUS_TYPE_STRING, &token, DBUS_TYPE_STRING, &client, DBUS_TYPE_INVALID));
}

static struct shown answer_page(struct house *h, const char *token, const char *hash, const char *const *fields)
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

static void write_file(const struct world *w, const char *name, const char *text, mode_t mode)
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

static void plugins_begin(struct house *h)
{
	struct plugins_setup setup = { .base = h->base,
		.store = h->w->store,
		.settings = h->w->settings,
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

static int move_in(void **state)
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
	plugins_begin(h);
	*state = h;
	return 0;
}

static int move_out(void **state)
{
	struct house *h = *state;

	leave(h);
	plugins_free(h->plugins);
	event_base_free(h->base);
	tear_down((void **)&h->w);
	free(h);
	return 0;
}

static int64_t number(struct house *h, const char *sql)
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

static void offer(struct house *h)
{
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Offer", NULL, 0), &h->w->call.problem);
	plugins_look(h->plugins);
	spin(h, 80);
}

static int64_t messages(struct house *h, const char *state)
{
	return number(h,
		arena_print(&h->w->arena, "SELECT count(*) FROM \"message\" WHERE \"state\" = '%s' AND \"template_name\" = 'match-offered'",
			state));
}

/* ---- tests ---- */

static void offers_are_handed_over_and_written_down(void **state)
{
	struct house *h = *state;
	DBusMessage *letter;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	assert_int_equal(number(h, "SELECT \"state\" = 'running' FROM \"plugin\" WHERE \"name\" = 'mail'"), 1);
	assert_false(plugins_busy(h->plugins));
	offer(h);
	assert_int_equal(h->host.count, 2);
	assert_int_equal(messages(h, "sending"), 2);
	assert_true(plugins_busy(h->plugins));
	letter = letter_to(h, "ben@example.org");
	assert_non_null(letter);
	assert_non_null(strstr(letter_text(letter, "text", NULL), "https://m.example.org/l/"));
	assert_true(report(h, letter_id(letter), MENTORSHIP_SENT, "250 2.0.0"));
	assert_int_equal(messages(h, "sent"), 1);
	assert_true(report(h, letter_id(letter_to(h, "cleo@example.org")), MENTORSHIP_SENT, ""));
	assert_int_equal(messages(h, "sent"), 2);
	assert_false(plugins_busy(h->plugins));
	spin(h, 50);
	assert_int_equal(h->host.count, 2); /* one mail for each occasion */
}

static void what_a_host_still_holds_is_not_sent_again(void **state)
{
	struct house *h = *state;
	int64_t kept;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	kept = letter_id(letter_to(h, "ben@example.org"));
	leave(h); /* the daemon was killed, or the link broke: the host goes on with both, and one of them is done meanwhile */
	spin(h, 50);
	assert_int_equal(messages(h, "sending"), 2);
	connect_as(h, "mail");
	assert_true(hello(h, "mail", MENTORSHIP_NOTIFIER));
	holding(h, &kept, 1);
	assert_int_equal(messages(h, "sending"), 1);
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 80);
	assert_int_equal(h->host.count, 1); /* the one that nobody holds comes again, and only that */
	assert_non_null(letter_to(h, "cleo@example.org"));
	assert_true(report(h, kept, MENTORSHIP_SENT, ""));
	assert_int_equal(messages(h, "sent"), 1);
}

static void a_retry_is_the_same_mail(void **state)
{
	struct house *h = *state;
	const char *message_id, *token;
	DBusMessage *letter;
	int64_t id, attempt = 0;
	struct problem problem = { 0 };

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	letter = letter_to(h, "cleo@example.org");
	id = letter_id(letter);
	message_id = arena_copy(&h->w->arena, letter_text(letter, "message_id", NULL));
	token = token_of(h, letter, "/l/");
	assert_true(report(h, id, MENTORSHIP_LATER, "451 4.3.0"));
	assert_int_equal(messages(h, "queued"), 1);
	assert_int_equal(h->host.count, 2); /* not before its time */
	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_advance(h->w->store, store_now(h->w->store) + 301, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
	plugins_look(h->plugins);
	spin(h, 60);
	assert_int_equal(h->host.count, 3);
	letter = h->host.letters[2];
	assert_int_equal(letter_id(letter), id);
	letter_text(letter, "attempt", &attempt);
	assert_int_equal(attempt, 2);
	assert_string_equal(letter_text(letter, "message_id", NULL), message_id);
	assert_string_equal(token_of(h, letter, "/l/"), token);
	assert_true(report(h, id, MENTORSHIP_REFUSED, "550 5.1.1"));
	assert_int_equal(messages(h, "failed"), 1);
	assert_int_equal(number(h, "SELECT \"bounces\" FROM \"person\" WHERE \"given_name\" = 'Cleo'"), 1);
}

/* ---- the mail of the day ---- */

static int write_notice(struct call *call, void *data)
{
	return notify(call, data);
}

/* To Ben, about the match or, where `over`, about a check-in that is no more. */
static void say(struct house *h, const char *template_name, const char *occasion, bool over)
{
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };
	struct notice n = { template_name, h->c.ben_id, h->c.program, h->match, over ? &check_in_entity : &match_entity,
		over ? 1 : h->match, occasion };
	struct problem problem = { 0 };

	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_do(h->w->store, &daemon, write_notice, &n, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
}

static void later(struct house *h, int64_t seconds)
{
	struct problem problem = { 0 };

	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_advance(h->w->store, store_now(h->w->store) + seconds, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
	plugins_look(h->plugins);
	spin(h, 60);
}

static int64_t with(struct house *h, const char *where)
{
	return number(h, arena_print(&h->w->arena, "SELECT count(*) FROM \"message\" WHERE %s", where));
}

static void what_can_wait_is_one_mail_a_day(void **state)
{
	struct house *h = *state;
	DBusMessage *letter;
	int64_t id;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-declined", "a", false);
	say(h, "offer-unanswered", "b", false);
	say(h, "check-in-reminder", "c", true); /* it was answered meanwhile */
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	letter = h->host.letters[0];
	id = letter_id(letter);
	assert_string_equal(letter_text(letter, "subject", NULL), "2 messages for you");
	assert_int_equal(number(h, "SELECT count(DISTINCT \"lead\") FROM \"message\" WHERE \"state\" = 'sending'"), 1);
	assert_int_equal(with(h, "\"state\" = 'suppressed' AND \"template_name\" = 'check-in-reminder'"), 1);
	assert_true(report(h, id, MENTORSHIP_SENT, ""));
	assert_int_equal(with(h, "\"state\" = 'sent'"), 2);
	/* the day's mail was sent: what comes now waits for tomorrow's, and what cannot wait does not */
	say(h, "match-declined", "d", false);
	say(h, "match-paused", "e", false);
	later(h, 1);
	assert_int_equal(h->host.count, 2);
	assert_int_equal(with(h, "\"template_name\" = 'match-paused' AND \"state\" = 'sending'"), 1);
	assert_true(report(h, letter_id(h->host.letters[1]), MENTORSHIP_SENT, ""));
	say(h, "offer-unanswered", "f", false);
	later(h, 86400);
	assert_int_equal(h->host.count, 3);
	assert_string_equal(letter_text(h->host.letters[2], "subject", NULL), "2 messages for you");
	assert_true(report(h, letter_id(h->host.letters[2]), MENTORSHIP_REFUSED, "550 5.1.1"));
	assert_int_equal(with(h, "\"state\" = 'failed'"), 2);
	assert_int_equal(number(h, "SELECT \"bounces\" FROM \"person\" WHERE \"given_name\" = 'Ben'"), 1); /* one mail came back */
}

static void a_mail_of_the_day_that_is_put_off_stays_one(void **state)
{
	struct house *h = *state;
	const char *message_id;
	int64_t id, kept[1];

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-declined", "a", false);
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	id = letter_id(h->host.letters[0]);
	message_id = arena_copy(&h->w->arena, letter_text(h->host.letters[0], "message_id", NULL));
	assert_true(report(h, id, MENTORSHIP_LATER, "451 4.3.0"));
	say(h, "offer-unanswered", "b", false);
	later(h, 2);
	assert_int_equal(h->host.count, 1); /* no second mail while one waits */
	later(h, 302);
	assert_int_equal(h->host.count, 2); /* but it goes along */
	assert_int_equal(letter_id(h->host.letters[1]), id);
	assert_string_equal(letter_text(h->host.letters[1], "subject", NULL), "2 messages for you");
	/* the daemon ends; its host has the mail, and with it both parts */
	leave(h);
	spin(h, 50);
	kept[0] = id;
	connect_as(h, "mail");
	assert_true(hello(h, "mail", MENTORSHIP_NOTIFIER));
	holding(h, kept, 1);
	assert_int_equal(with(h, "\"state\" = 'sending'"), 2);
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	assert_true(report(h, id, MENTORSHIP_UNKNOWN, "")); /* perhaps it is there: it does not change any more */
	assert_int_equal(with(h, "\"state\" = 'queued' AND \"lead\" IS NOT NULL"), 2);
	say(h, "match-declined", "c", false);
	must(perform(h->w, &h->c.ada, &message_entity, id, "Withdraw", NULL, 0), &h->w->call.problem);
	later(h, 302);
	assert_int_equal(h->host.count, 1); /* counted anew: the one whose number it has fell out, the mail is known by it as before */
	assert_int_equal(letter_id(h->host.letters[0]), id);
	assert_string_equal(letter_text(h->host.letters[0], "message_id", NULL), message_id);
	assert_non_null(strstr(letter_text(h->host.letters[0], "subject", NULL), "answer")); /* of "b", alone */
	assert_true(report(h, id, MENTORSHIP_SENT, ""));
	assert_int_equal(with(h, "\"state\" = 'sent' AND \"occasion\" = 'b'"), 1);
	assert_int_equal(with(h, "\"state\" = 'queued' AND \"occasion\" = 'c'"), 1);
}

static void the_rate_is_kept(void **state)
{
	struct house *h = *state;

	h->w->settings->mail.per_minute = 1; /* of the real clock */
	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	assert_int_equal(h->host.count, 1);
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	later(h, 3600);
	assert_int_equal(h->host.count, 1);
	assert_int_equal(messages(h, "queued"), 1); /* nothing is lost */
	h->w->settings->mail.per_minute = 100;
	later(h, 1);
	assert_int_equal(h->host.count, 2);
	h->w->settings->mail.per_hour = 2;
	say(h, "match-paused", "x", false);
	later(h, 1);
	assert_int_equal(h->host.count, 2);
	h->w->settings->mail.per_hour = 3;
	later(h, 1);
	assert_int_equal(h->host.count, 3);
}

static void all_goes_to_the_address_of_a_trial(void **state)
{
	struct house *h = *state;

	h->w->settings->mail.redirect_all_to = arena_copy(&h->w->arena, "trial@example.net");
	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	assert_int_equal(h->host.count, 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(letter_text(h->host.letters[i], "address", NULL), "trial@example.net");
		assert_string_equal(letter_text(h->host.letters[i], "name", NULL), "");
		assert_int_equal(strncmp(letter_text(h->host.letters[i], "subject", NULL), "[trial] ", 8), 0);
	}
}

static void nights_are_quiet_for_what_can_wait(void **state)
{
	struct house *h = *state;
	int64_t now = store_now(h->w->store), midnight = now - now % 86400 + 86400;

	h->w->settings->institution.zone = arena_copy(&h->w->arena, "UTC");
	h->w->settings->mail.quiet_from = 20;
	h->w->settings->mail.quiet_until = 7;
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, midnight + 22 * 3600 - now);
	say(h, "match-declined", "a", false);
	say(h, "match-paused", "b", false); /* this cannot */
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	assert_int_equal(with(h, "\"template_name\" = 'match-paused' AND \"state\" = 'sending'"), 1);
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	later(h, 9 * 3600 - 60); /* a minute to seven, for one that was written a second later */
	assert_int_equal(h->host.count, 1);
	later(h, 120);
	assert_int_equal(h->host.count, 2);
}

static void pauses_grow_and_a_fault_of_the_plugin_blames_nobody(void **state)
{
	struct house *h = *state;
	static const int64_t pauses[] = { 300, 900, 2700, 8100, 21600, 21600 };

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-paused", "a", false);
	later(h, 1);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(h->host.count, i + 1);
		assert_true(report(h, letter_id(h->host.letters[i]), MENTORSHIP_LATER, "451 4.3.0"));
		assert_int_equal(number(h, "SELECT \"not_before\" FROM \"message\" WHERE \"template_name\" = 'match-paused'") -
				store_now(h->w->store),
			pauses[i]);
		later(h, pauses[i] - 2);
		assert_int_equal(h->host.count, i + 1);
		later(h, 2);
	}
	assert_int_equal(h->host.count, 7);
	assert_true(report(h, letter_id(h->host.letters[6]), MENTORSHIP_BROKEN, "535 5.7.8"));
	assert_int_equal(with(h, "\"template_name\" = 'match-paused' AND \"state\" = 'queued'"), 1);
	assert_int_equal(number(h, "SELECT \"bounces\" FROM \"person\" WHERE \"given_name\" = 'Ben'"), 0);
}

static void a_test_goes_to_whoever_asks_for_it(void **state)
{
	struct house *h = *state;
	struct caller nobody = h->c.root, own = h->c.root;
	int64_t plugin;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	plugin = number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'");
	nobody.person = NONE;
	assert_int_equal(perform(h->w, &nobody, &plugin_entity, plugin, "Test", NULL, 0), E_STATE);
	assert_int_equal(perform(h->w, &h->c.ada, &plugin_entity, plugin, "Test", NULL, 0), E_DENIED);
	own.person = h->c.ben_id;
	must(perform(h->w, &own, &plugin_entity, plugin, "Test", NULL, 0), &h->w->call.problem);
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	assert_string_equal(letter_text(h->host.letters[0], "address", NULL), "ben@example.org");
	assert_non_null(strstr(letter_text(h->host.letters[0], "text", NULL), "mail")); /* the plugin's name */
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	must(perform(h->w, &own, &plugin_entity, plugin, "Test", NULL, 0), &h->w->call.problem); /* a test is no occasion that passes */
	later(h, 1);
	assert_int_equal(h->host.count, 2);
}

static void what_is_older_than_its_occasion_is_not_sent(void **state)
{
	struct house *h = *state;
	int64_t until;

	offer(h); /* no plugin runs */
	until = number(h, "SELECT \"answer_until\" FROM \"match\"");
	later(h, until - store_now(h->w->store) - 1);
	assert_true(until - number(h, "SELECT min(\"queued_at\") FROM \"message\"") > 5 * 86400); /* it outlives the default */
	become(h, "mail", MENTORSHIP_NOTIFIER);
	plugins_look(h->plugins);
	spin(h, 60);
	assert_int_equal(h->host.count, 2);
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_LATER, "451"));
	later(h, 400);
	assert_int_equal(messages(h, "suppressed"), 1);
	assert_int_equal(with(h, "\"outcome\" = 'expired'"), 1);
	say(h, "match-ended", "x", false); /* a kind without an end of its own: five days */
	later(h, 0);
	assert_int_equal(h->host.count, 3);
	assert_true(report(h, letter_id(h->host.letters[2]), MENTORSHIP_LATER, "451"));
	later(h, 5 * 86400);
	assert_int_equal(h->host.count, 3);
	assert_int_equal(with(h, "\"outcome\" = 'expired'"), 2);
}

static void a_link_answers_for_its_person(void **state)
{
	struct house *h = *state;
	struct shown page, done;
	const char *cleo, *ben;
	int64_t records;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	cleo = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	ben = token_of(h, letter_to(h, "ben@example.org"), "/l/");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	/* a GET changes nothing, however often */
	page = open_page(h, cleo);
	assert_int_equal(page.status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(strlen(page.hash), 64);
	records = number(h, "SELECT count(*) FROM \"audit_record\"");
	for (int i = 0; i < 20; i++)
		assert_string_equal(open_page(h, cleo).hash, page.hash);
	assert_int_equal(number(h, "SELECT count(*) FROM \"audit_record\""), records);
	/* another page than the one that was read is shown, not signed */
	done = answer_page(h, cleo, "0000", FIELDS("do", "accept"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_CHANGED);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match_member\" WHERE \"answer\" IS NOT NULL"), 0);
	done = answer_page(h, cleo, page.hash, FIELDS("do", "accept"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match_member\" WHERE \"answer\" = 'accepted' AND \"side\" = 'mentee'"), 1);
	assert_int_equal(number(h, "SELECT count(*) FROM \"audit_record\" WHERE \"way\" = 'link' AND \"verb\" = 'Accept'"), 1);
	/* pressed twice: the same thanks; another answer: no link any more */
	assert_int_equal(answer_page(h, cleo, page.hash, FIELDS("do", "accept")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(answer_page(h, cleo, page.hash, FIELDS("do", "decline")).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_NO_LINK);
	page = open_page(h, ben);
	done = answer_page(h, ben, page.hash, FIELDS("do", "decline", "reason", "no time this year"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match\" WHERE \"state\" = 'declined'"), 1);
}

static void bad_tokens_are_all_one(void **state)
{
	struct house *h = *state;
	struct shown none;

	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	none = open_page(h, "nonsense");
	assert_int_equal(none.status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(none.parts, 0);
	for (int i = 0; i < 29; i++)
		assert_int_equal(open_page(h, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").status, MENTORSHIP_PAGE_BUSY); /* guessing ends */
}

static void links_end_with_the_address(void **state)
{
	struct house *h = *state;
	const char *cleo;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	cleo = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_SHOWN);
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "new@example.org"))), &h->w->call.problem);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_NO_LINK);
}

static void what_no_host_says_ends_its_link(void **state)
{
	struct house *h = *state;
	const char *token = "x", *client = "y";
	DBusMessage *reply;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	reply = ask_daemon(h, "Open", DBUS_TYPE_STRING, &token, DBUS_TYPE_STRING, &client, DBUS_TYPE_INVALID); /* not its capability */
	assert_null(reply);
	spin(h, 30);
	assert_true(h->host.gone);
	assert_int_equal(
		number(h,
			"SELECT count(*) FROM \"plugin\" WHERE \"name\" = 'mail' AND \"state\" = 'failed' AND \"last_error\" IS NOT NULL"),
		1);
	leave(h);

	become(h, "mail", MENTORSHIP_NOTIFIER);
	assert_false(report(h, 4711, MENTORSHIP_SENT, "")); /* an id that it does not hold */
	assert_true(h->host.gone);
	leave(h);

	connect_as(h, "mail");
	assert_false(hello(h, "web", MENTORSHIP_NOTIFIER)); /* another's name */
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);

	connect_as(h, "mail");
	assert_false(hello(h, "mail", 64)); /* no such capability */
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);

	connect_as(h, "mail"); /* the fifth failure: nobody is listened to any more */
	reply = ask_daemon(h, "Ready", DBUS_TYPE_INVALID);
	if (reply)
		dbus_message_unref(reply);
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);
	assert_int_equal(number(h, "SELECT count(*) FROM \"plugin\" WHERE \"name\" = 'mail' AND \"state\" = 'disabled'"), 1);
	/* others go on */
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, "nonsense").status, MENTORSHIP_PAGE_NO_LINK);
	leave(h);
	/* until an administrator lets it run again */
	must(perform(h->w, &h->c.root, &plugin_entity, number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'"), "Enable", NULL,
		     0),
		&h->w->call.problem);
	plugins_look(h->plugins);
	spin(h, 50);
	become(h, "mail", MENTORSHIP_NOTIFIER);
}

static void a_flood_ends_the_link_of_who_floods(void **state)
{
	struct house *h = *state;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	for (int i = 0; i < 2000 && !h->host.gone; i++) {
		DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Ping");

		dbus_message_set_no_reply(message, TRUE);
		dbus_connection_send(h->host.connection, message, NULL);
		dbus_message_unref(message);
		if (i % 100 == 99)
			spin(h, 2);
	}
	spin(h, 100);
	assert_true(h->host.gone);
}

static void a_disabled_plugin_is_told_to_stop(void **state)
{
	struct house *h = *state;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.root, &plugin_entity, number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'"), "Disable", NULL,
		     0),
		&h->w->call.problem);
	plugins_look(h->plugins);
	spin(h, 50);
	assert_true(h->host.stopped);
	offer(h);
	assert_int_equal(h->host.count, 0);
	assert_int_equal(messages(h, "queued"), 2); /* nothing is lost */
}

static bool event_kind_is(DBusMessage *event, const char *wanted)
{
	dbus_int64_t sequence;
	const char *kind;

	dbus_message_get_args(event, NULL, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_STRING, &kind, DBUS_TYPE_INVALID);
	return !strcmp(kind, wanted);
}

static void events_come_in_order_and_once(void **state)
{
	struct house *h = *state;
	dbus_int64_t last = 0;
	bool offered = false;
	DBusMessage *done;

	connect_as(h, "sink");
	assert_true(hello(h, "sink", MENTORSHIP_EVENT_SINK));
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 50);
	assert_int_equal(h->host.count, 0); /* what was before it came is no news */
	offer(h);
	assert_true(h->host.count >= 1);
	for (int i = 0; i < h->host.count; i++) {
		const char *kind, *object;
		dbus_int64_t sequence, version, at;

		assert_true(dbus_message_get_args(h->host.letters[i], NULL, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_STRING, &kind,
			DBUS_TYPE_STRING, &object, DBUS_TYPE_INT64, &version, DBUS_TYPE_INT64, &at, DBUS_TYPE_INVALID));
		assert_true(sequence > last);
		last = sequence;
		offered |= !strcmp(kind, "match.offer") && !strcmp(object, path(h->w, &match_entity, h->match)) && version > 1;
	}
	assert_true(offered);
	done = ask_daemon(h, "EventDone", DBUS_TYPE_INT64, &last, DBUS_TYPE_INVALID);
	assert_non_null(done);
	dbus_message_unref(done);
	/* it comes again, and hears of nothing twice */
	leave(h);
	spin(h, 50);
	connect_as(h, "sink");
	assert_true(hello(h, "sink", MENTORSHIP_EVENT_SINK));
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 50);
	for (int i = 0; i < h->host.count; i++)
		assert_false(event_kind_is(h->host.letters[i], "match.offer"));
	last += 1000; /* of which it was never told */
	done = ask_daemon(h, "EventDone", DBUS_TYPE_INT64, &last, DBUS_TYPE_INVALID);
	assert_true(!done || dbus_message_get_type(done) == DBUS_MESSAGE_TYPE_ERROR);
	if (done)
		dbus_message_unref(done);
	spin(h, 30);
	assert_true(h->host.gone);
}

int main(void)
{
#define HOUSE(test) cmocka_unit_test_setup_teardown(test, move_in, move_out)
	const struct CMUnitTest tests[] = { HOUSE(offers_are_handed_over_and_written_down),
		HOUSE(what_a_host_still_holds_is_not_sent_again), HOUSE(a_retry_is_the_same_mail), HOUSE(a_link_answers_for_its_person),
		HOUSE(bad_tokens_are_all_one), HOUSE(links_end_with_the_address), HOUSE(what_no_host_says_ends_its_link),
		HOUSE(a_flood_ends_the_link_of_who_floods), HOUSE(a_disabled_plugin_is_told_to_stop), HOUSE(events_come_in_order_and_once),
		HOUSE(what_can_wait_is_one_mail_a_day), HOUSE(a_mail_of_the_day_that_is_put_off_stays_one),
		HOUSE(a_test_goes_to_whoever_asks_for_it), HOUSE(the_rate_is_kept), HOUSE(all_goes_to_the_address_of_a_trial),
		HOUSE(nights_are_quiet_for_what_can_wait), HOUSE(pauses_grow_and_a_fault_of_the_plugin_blames_nobody),
		HOUSE(what_is_older_than_its_occasion_is_not_sent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
