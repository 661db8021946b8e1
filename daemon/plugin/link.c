/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A socket and the one connection on it.
 *
 * EXTERNAL alone, one connection at a time, 1 MiB a message, no descriptors. What a host may call is one table: stage, capability,
 * signature; anything else ends the link. Calls that arrive together are one turn: their replies wait for its commit, and if it is lost
 * the host hears Unavailable and keeps what it had to report.
 */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "wire/wire.h"

enum {
	CHEAP_CALLS = 200, /* a second, of those that a host has few reasons for */
	DEAR_CALLS = 100000,
	RECEIVED_MOST = 4 << 20,
	LAST_WORDS = 200
};

void link_must(bool done)
{
	if (!done)
		abort();
}

int64_t monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void link_tell(struct link *link, DBusMessage *message)
{
	if (link->connection)
		link_must(dbus_connection_send(link->connection, message, NULL));
	dbus_message_unref(message);
}

static DBusMessage *call_new(const char *member)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, member);

	link_must(message != NULL);
	return message;
}

void link_stop(struct link *link)
{
	DBusMessage *message;

	if (!link->connection || link->stopping)
		return;
	message = call_new("Stop");
	dbus_message_set_no_reply(message, TRUE);
	link->stopping = true;
	link_tell(link, message);
}

/* ---- the end of a connection ---- */

static void close_connection(struct link *link)
{
	DBusConnection *connection = link->connection;

	link->connection = NULL;
	link->stage = LINK_NONE;
	link->pinged = false;
	event_del(link->deadline);
	wire_end(connection, LAST_WORDS);
	post_gone(link);
	link->test_told = 0;
	trial_gone(link);
}

void link_drop(struct link *link, const char *why)
{
	bool orderly = link->stopping || link->left;

	if (!link->connection)
		return;
	link->dispatching = true; /* nothing of it is listened to any more */
	close_connection(link);
	link->dispatching = link->stopping = false;
	hosting_gone(link, orderly ? NULL : why && *link->last_words ? link->last_words : why);
}

/* ---- what a host calls ---- */

static int hello(struct link_call *c)
{
	struct link *link = c->link;
	const char *name, *version, *simulated = "simulated", *yes = "yes";
	dbus_uint32_t abi, minor, capabilities;
	DBusMessageIter at, array, pair;
	struct problem nothing = { 0 };

	dbus_message_get_args(c->message, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &abi, DBUS_TYPE_UINT32, &minor, DBUS_TYPE_UINT32,
		&capabilities, DBUS_TYPE_STRING, &version, DBUS_TYPE_INVALID);
	if (strcmp(name, link->name) || abi != MENTORSHIP_PLUGIN_ABI || minor > MENTORSHIP_PLUGIN_MINOR ||
		capabilities & ~(unsigned)(MENTORSHIP_NOTIFIER | MENTORSHIP_SURVEY_CHANNEL | MENTORSHIP_EVENT_SINK)) {
		c->ends = true;
		return problem_set(&c->problem, E_DENIED, NULL, "this is not the plugin that is waited for here");
	}
	link->capabilities = capabilities;
	if (strlen(version) >= sizeof link->release || text_check(version, strlen(version), 0, &nothing))
		version = "";
	snprintf(link->release, sizeof link->release, "%s", version);
	link->stage = LINK_HELLO;
	dbus_message_iter_init_append(c->reply, &at);
	link_must(dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "(ss)", &array));
	if (store_simulated(link->plugins->setup.store)) { /* nothing may leave this machine */
		link_must(dbus_message_iter_open_container(&array, DBUS_TYPE_STRUCT, NULL, &pair));
		link_must(dbus_message_iter_append_basic(&pair, DBUS_TYPE_STRING, &simulated));
		link_must(dbus_message_iter_append_basic(&pair, DBUS_TYPE_STRING, &yes));
		link_must(dbus_message_iter_close_container(&array, &pair));
	}
	link_must(dbus_message_iter_close_container(&at, &array));
	return 0;
}

static int ready(struct link_call *c)
{
	struct link *link = c->link;
	dbus_int64_t sequence = link->event_sequence;

	link->stage = LINK_READY;
	link->failures = 0;
	link->refused = false;
	event_add(link->deadline, &(struct timeval){ LINK_PING_SECONDS, 0 });
	link_must(dbus_message_append_args(c->reply, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_INVALID));
	return 0;
}

static int refused(struct link_call *c)
{
	const char *why;

	dbus_message_get_args(c->message, NULL, DBUS_TYPE_STRING, &why, DBUS_TYPE_INVALID);
	c->link->refused = true;
	return 0;
}

static int leaving(struct link_call *c)
{
	struct problem nothing = { 0 };
	const char *why;

	dbus_message_get_args(c->message, NULL, DBUS_TYPE_STRING, &why, DBUS_TYPE_INVALID);
	if (!*why)
		c->link->left = !c->link->stopping; /* who was told to stop is not waited for */
	else if (!text_check(why, strlen(why), 0, &nothing))
		snprintf(c->link->last_words, sizeof c->link->last_words, "%.190s", why);
	return 0;
}

static int ping(struct link_call *c)
{
	(void)c;
	return 0;
}

/* `stage`: in which it may be called, and later ones unless `only`. */
static const struct link_method {
	const char *name, *signature;
	enum link_stage stage;
	bool only;
	unsigned capability; /* 0: any */
	bool dear;           /* what the plugin is there for: many a second are fine */
	int (*run)(struct link_call *);
} methods[] = { { "Open", "ay", LINK_READY, false, MENTORSHIP_SURVEY_CHANNEL, true, channel_open },
	{ "Answer", "sssa(ss)", LINK_READY, false, MENTORSHIP_SURVEY_CHANNEL, true, channel_answer },
	{ "Report", "a(xus)", LINK_HELLO, false, MENTORSHIP_NOTIFIER, true, post_report },
	{ "Bounced", "xsss", LINK_READY, false, MENTORSHIP_NOTIFIER, false, bounce_told },
	{ "EventDone", "x", LINK_READY, false, MENTORSHIP_EVENT_SINK, true, events_done },
	{ "Tested", "xus", LINK_READY, false, MENTORSHIP_EVENT_SINK, false, events_tested },
	{ "Holding", "ax", LINK_HELLO, true, MENTORSHIP_NOTIFIER, false, post_holding },
	{ "Hello", "suuus", LINK_OPEN, true, 0, false, hello }, { "Ready", "", LINK_HELLO, true, 0, false, ready },
	{ "Leaving", "s", LINK_HELLO, false, 0, false, leaving }, { "Refused", "s", LINK_HELLO, false, 0, false, refused },
	{ "Ping", "", LINK_HELLO, false, 0, false, ping }, { 0 } };

static const struct link_method *method_of(struct link *link, DBusMessage *message)
{
	const char *member = dbus_message_get_member(message), *interface = dbus_message_get_interface(message),
		   *path = dbus_message_get_path(message);
	const struct link_method *m = methods;

	if (!interface || strcmp(interface, LINK_INTERFACE) || !path || strcmp(path, LINK_PATH))
		return NULL;
	while (m->name && strcmp(m->name, member))
		m++;
	if (!m->name || !dbus_message_has_signature(message, m->signature) || link->stage < m->stage ||
		(m->only && link->stage != m->stage) || (m->capability && !(link->capabilities & m->capability)))
		return NULL;
	return m;
}

/* Too many in one second end the link. */
static bool floods(struct link *link, const struct link_method *m)
{
	int64_t now = monotonic_seconds();

	if (now != link->second)
		link->calls = 0;
	link->second = now;
	link->calls += m->dear ? 1 : DEAR_CALLS / CHEAP_CALLS;
	return link->calls > DEAR_CALLS;
}

struct turn {
	struct link_call calls[TURN_MESSAGES];
	int count;
	const char *ends; /* why the link is to be closed */
	bool strange;     /* who connected was not the plugin's account */
	bool begun;
};

static void take(struct link *link, DBusMessage *message, struct turn *turn)
{
	const struct link_method *m = method_of(link, message);
	struct link_call *c;
	struct problem problem = { 0 };

	if (!m || floods(link, m)) {
		turn->ends = m ? "it called more often than anything needs" : "it called what its capabilities do not allow";
		return;
	}
	if (!turn->begun && store_turn_begin(link->plugins->setup.store, &problem)) {
		turn->ends = "the database cannot be used";
		return;
	}
	turn->begun = true;
	c = &turn->calls[turn->count++];
	*c = (struct link_call){ .link = link, .message = dbus_message_ref(message), .reply = dbus_message_new_method_return(message) };
	link_must(c->reply != NULL);
	if (m->run(c) && c->ends)
		turn->ends = "it said what no host says";
}

static DBusMessage *error_reply(DBusMessage *message, const struct problem *problem)
{
	char name[80];
	DBusMessage *reply;

	snprintf(name, sizeof name, "%s", error_name(problem->code));
	reply = dbus_message_new_error(message, name, problem->text);
	link_must(reply != NULL);
	return reply;
}

static void answer_all(struct link *link, struct turn *turn, const struct problem *lost)
{
	for (int i = 0; i < turn->count; i++) {
		struct link_call *c = &turn->calls[i];
		const struct problem *why = lost ? lost : c->problem.code ? &c->problem : NULL;

		if (why) {
			dbus_message_unref(c->reply);
			c->reply = error_reply(c->message, why);
		}
		if (dbus_message_get_no_reply(c->message))
			dbus_message_unref(c->reply);
		else
			link_tell(link, c->reply);
		dbus_message_unref(c->message);
	}
}

static bool room_again(const struct link *link, const struct turn *turn)
{
	bool room = false;

	for (int i = 0; i < turn->count; i++)
		room |= turn->calls[i].room;
	return room && link->stage == LINK_READY && !link->broken && !turn->ends && link->plugins->more;
}

static void turn_end(struct link *link, struct turn *turn)
{
	struct plugins_setup *setup = &link->plugins->setup;
	struct problem problem = { 0 };
	bool refusing = false, readies = false;
	const char *why = "";
	struct post post;
	int r = 0;

	post.count = 0;
	if (room_again(link, turn)) /* one commit for what became of the last and for the next: who syncs less sends more */
		post_gather(link->plugins, &post);
	if (turn->begun) {
		r = store_turn_commit(setup->store, &problem);
		if (r && store_sync_failed(setup->store))
			setup->failed(setup->data, &problem);
	}
	for (int i = 0; i < turn->count; i++) {
		readies |= dbus_message_is_method_call(turn->calls[i].message, LINK_INTERFACE, "Ready");
		if (dbus_message_is_method_call(turn->calls[i].message, LINK_INTERFACE, "Refused")) {
			refusing = true;
			dbus_message_get_args(turn->calls[i].message, NULL, DBUS_TYPE_STRING, &why, DBUS_TYPE_INVALID);
			log_event(EVENT_PLUGIN_FAILED,
				&(struct log_facts){ .plugin = link->name, .number = SETTINGS_EX_CONFIG, .has = LOG_HAS_NUMBER });
			hosting_note(link, PLUGIN_FAILED, why);
		}
	}
	answer_all(link, turn, r ? &problem : NULL);
	post_send(link->plugins, &post, r);
	if (readies)
		hosting_note(link, PLUGIN_RUNNING, NULL);
	if (turn->begun && !r)
		setup->committed(setup->data);
	if (refusing)
		link->stopping = true;
	if (turn->strange)
		link_drop(link, NULL);
	else if (turn->ends || refusing)
		link_drop(link, turn->ends);
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct link *link = data;
	struct turn *turn = link->turn;

	if (!turn) /* the connection is being closed: nothing of it is listened to any more */
		return DBUS_HANDLER_RESULT_HANDLED;
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected") && !dbus_connection_get_is_authenticated(connection))
		turn->strange = true; /* somebody else: nothing that the plugin can be blamed for */
	else if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected"))
		turn->ends = turn->ends ? turn->ends : "its process ended, or closed the link";
	else if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL && !turn->ends)
		take(link, message, turn);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void on_dispatch(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;
	struct turn turn;
	DBusConnection *connection = link->connection;

	(void)fd;
	(void)what;
	if (!connection)
		return;
	turn.count = 0; /* its calls are written as they come: to clear room for all of them costs as much as one */
	turn.ends = NULL;
	turn.strange = turn.begun = false;
	link->dispatching = true;
	dbus_connection_ref(connection);
	link->turn = &turn;
	while (turn.count < TURN_MESSAGES && !turn.ends && dbus_connection_dispatch(connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
	link->turn = NULL;
	link->dispatching = false;
	turn_end(link, &turn);
	if (link->connection == connection && dbus_connection_get_dispatch_status(connection) == DBUS_DISPATCH_DATA_REMAINS)
		event_active(link->dispatch, EV_TIMEOUT, 1);
	dbus_connection_unref(connection);
}

static void wake(void *data)
{
	struct link *link = data;

	if (!link->dispatching)
		event_active(link->dispatch, EV_TIMEOUT, 1);
}

/* ---- deadlines: Ready after connecting, then a Ping now and then ---- */

static void on_pong(DBusPendingCall *pending, void *data)
{
	struct link *link = data;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);

	link->pinged = dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN;
	dbus_message_unref(reply);
}

static void on_deadline(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;
	DBusPendingCall *pending = NULL;
	DBusMessage *message;

	(void)fd;
	(void)what;
	if (link->stage != LINK_READY || link->pinged) {
		link_drop(link, link->pinged ? "it answered nothing for too long" : "it was not ready in time");
		return;
	}
	message = call_new("Ping");
	link_must(dbus_connection_send_with_reply(link->connection, message, &pending, DBUS_TIMEOUT_INFINITE));
	dbus_message_unref(message);
	if (!pending)
		return;
	link->pinged = true;
	link_must(dbus_pending_call_set_notify(pending, on_pong, link, NULL));
	dbus_pending_call_unref(pending);
	event_add(link->deadline, &(struct timeval){ LINK_PING_SECONDS, 0 });
}

/* ---- listening ---- */

static dbus_bool_t allows(DBusConnection *connection, unsigned long uid, void *data)
{
	struct link *link = data;

	(void)connection;
	return uid == link->uid;
}

static void on_connection(DBusServer *server, DBusConnection *connection, void *data)
{
	struct link *link = data;

	(void)server;
	if (link->connection || !link->wanted) { /* one host a plugin; who is disabled is not listened to */
		dbus_connection_set_allow_anonymous(connection, FALSE);
		dbus_connection_close(connection);
		return;
	}
	link->connection = dbus_connection_ref(connection);
	dbus_connection_set_allow_anonymous(connection, FALSE);
	dbus_connection_set_unix_user_function(connection, allows, link, NULL);
	dbus_connection_set_max_message_size(connection, LINK_BYTES);
	dbus_connection_set_max_received_size(connection, RECEIVED_MOST);
	dbus_connection_set_max_message_unix_fds(connection, 0);
	dbus_connection_set_route_peer_messages(connection, TRUE);
	link_must(dbus_connection_add_filter(connection, on_message, link, NULL));
	wire_attach(link->plugins->setup.base, connection, wake, link);
	link->stage = LINK_OPEN;
	link->stopping = link->left = link->pinged = false;
	link->last_words[0] = '\0';
	link->held_count = 0;
	event_add(link->deadline, &(struct timeval){ LINK_READY_SECONDS, 0 });
	event_active(link->dispatch, EV_TIMEOUT, 1);
}

int link_listen(struct link *link, struct problem *problem)
{
	static const char *const mechanisms[] = { "EXTERNAL", NULL };
	DBusError error = DBUS_ERROR_INIT;
	char *escaped = dbus_address_escape_value(link->socket);
	char address[600];

	link->dispatch = event_new(link->plugins->setup.base, -1, 0, on_dispatch, link);
	link->deadline = event_new(link->plugins->setup.base, -1, 0, on_deadline, link);
	link_must(link->dispatch && link->deadline && escaped);
	snprintf(address, sizeof address, "unix:path=%s", escaped);
	dbus_free(escaped);
	unlink(link->socket);
	link->server = dbus_server_listen(address, &error);
	if (!link->server) {
		problem_set(problem, E_UNAVAILABLE, NULL, "no socket for the plugin %s could be made at %s: %s", link->name, link->socket,
			error.message);
		dbus_error_free(&error);
		return E_UNAVAILABLE;
	}
	link_must(dbus_server_set_auth_mechanisms(link->server, (const char **)(uintptr_t)mechanisms));
	dbus_server_set_new_connection_function(link->server, on_connection, link, NULL);
	wire_attach_server(link->plugins->setup.base, link->server);
	return 0;
}

void link_shut(struct link *link)
{
	if (link->connection) {
		link->dispatching = true;
		close_connection(link);
	}
	if (link->server) {
		wire_end_server(link->server);
		unlink(link->socket);
	}
	if (link->dispatch)
		event_free(link->dispatch);
	if (link->deadline)
		event_free(link->deadline);
	free(link->socket);
}
