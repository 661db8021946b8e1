/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's end of the link (wire/protocol.h): one connection at a time, made anew when it is lost.
 *
 * Every connection begins with the same steps, each after the reply to the one before: Hello, the outcomes that are kept, Holding, Ready.
 * So daemon and host agree about each message after any death of either. Between two connections the plugin goes on with what it
 * holds. libdbus must not be closed from inside of its own dispatch: whoever finds the link broken sets `broken` and wakes the loop,
 * which takes it down.
 */
#include "link.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "clean.h"
#include "guard.h"
#include "letter.h"
#include "wire/protocol.h"
#include "wire/wire.h"

enum {
	PAUSE_FIRST = 100, /* milliseconds between two attempts, doubled up to: */
	PAUSE_MOST = 2000,
	STABLE_SECONDS = 10, /* a link that lived so long forgives the ones before */
	REPLY_SECONDS = 10,
	AGAIN_SECONDS = 5, /* an outcome that the daemon did not take is told again */
	TURN = 32          /* messages dispatched before the loop looks at others */
};

int64_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void must(int ok)
{
	if (!ok)
		abort();
}

void link_wake(struct link *link)
{
	event_active(link->work, EV_TIMEOUT, 0);
}

static void wake(void *data)
{
	link_wake(data);
}

void lose(struct link *link, const char *why)
{
	if (why && !link->broken)
		host_say(link->host, MENTORSHIP_WARNING, "the link to the daemon is closed: %s", why);
	link->broken = true;
	wake(link);
}

static void end(struct link *link, int status)
{
	link->ending = true;
	link->status = status;
	wake(link);
}

static void cannot_go_on(struct link *link, const char *why)
{
	host_say(link->host, MENTORSHIP_ERROR, "%s", why);
	clean_line(link->last_words, sizeof link->last_words, why);
	end(link, EXIT_TEMPORARY);
}

/* ---- asking the daemon ---- */

DBusMessage *call_new(const char *member)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, member);

	must(message != NULL);
	return message;
}

bool call_send(struct link *link, DBusMessage *message, DBusPendingCallNotifyFunction done, void *data)
{
	DBusPendingCall *pending = NULL;

	must(dbus_connection_send_with_reply(link->connection, message, &pending, REPLY_SECONDS * 1000));
	dbus_message_unref(message);
	if (!pending)
		return false;
	must(dbus_pending_call_set_notify(pending, done, data, NULL));
	dbus_pending_call_unref(pending);
	return true;
}

/* The reply if it is one of that signature; else NULL, and the link is lost: host and daemon do not agree. */
static DBusMessage *reply_take(struct link *link, DBusPendingCall *pending, const char *signature)
{
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);

	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN && signature && dbus_message_has_signature(reply, signature))
		return reply;
	lose(link,
		dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR ? dbus_message_get_error_name(reply)
									: "it answers in another shape");
	dbus_message_unref(reply);
	return NULL;
}

static void next_step(struct link *link);
static void report_all(struct link *link);

/* What the daemon says of itself. */
static void take_word(struct host *host, DBusMessage *reply)
{
	DBusMessageIter top, array, pair;
	const char *name;

	host->offer.simulated = 0;
	dbus_message_iter_init(reply, &top);
	for (dbus_message_iter_recurse(&top, &array); dbus_message_iter_get_arg_type(&array) == DBUS_TYPE_STRUCT;
		dbus_message_iter_next(&array)) {
		dbus_message_iter_recurse(&array, &pair);
		dbus_message_iter_get_basic(&pair, &name);
		if (!strcmp(name, "simulated"))
			host->offer.simulated = 1;
	}
}

static void on_step(DBusPendingCall *pending, void *data)
{
	static const char *const signatures[] = { [SAYING_HELLO] = "a(ss)", [SAYING_HOLDING] = "", [SAYING_READY] = "x" };
	struct link *link = data;
	DBusMessage *reply = reply_take(link, pending, signatures[link->step]);

	if (!reply)
		return;
	if (link->step == SAYING_HELLO)
		take_word(link->host, reply);
	dbus_message_unref(reply);
	next_step(link);
}

/* ---- outcomes ---- */

static void outcomes_taken(struct link *link, DBusMessage *reply)
{
	struct problem problem = { 0 };
	DBusMessageIter top, array;
	const dbus_int64_t *ids;
	int count = 0;

	dbus_message_iter_init(reply, &top);
	dbus_message_iter_recurse(&top, &array);
	if (dbus_message_iter_get_arg_type(&array) == DBUS_TYPE_INVALID)
		return;
	dbus_message_iter_get_fixed_array(&array, &ids, &count);
	if (outcomes_drop(link->host->outcomes, (const int64_t *)ids, (size_t)count, &problem))
		host_say(link->host, MENTORSHIP_ERROR, "%s", problem.text);
}

static bool all_told(const struct outcomes *outcomes)
{
	for (size_t i = 0; i < outcomes->count; i++)
		if (!outcomes->list[i].told)
			return false;
	return true;
}

static void on_report(DBusPendingCall *pending, void *data)
{
	struct link *link = data;
	DBusMessage *reply = reply_take(link, pending, "ax");

	link->reports--;
	if (!reply)
		return;
	outcomes_taken(link, reply);
	dbus_message_unref(reply);
	if (link->step == HANDING_IN && !link->reports) {
		report_all(link); /* what came meanwhile goes first, too */
		if (!link->reports)
			next_step(link);
	}
	if (!link->reports && link->step == SERVING)
		wake(link);
}

/* One Report of at most REPORT_MOST; false if nothing is left to tell. */
static bool report_some(struct link *link)
{
	struct outcomes *outcomes = link->host->outcomes;
	DBusMessage *message = NULL;
	DBusMessageIter top, array, one;
	int count = 0;

	for (size_t i = 0; i < outcomes->count && count < REPORT_MOST; i++) {
		struct outcome *outcome = &outcomes->list[i];
		const char *detail = outcome->detail;
		dbus_uint32_t word = (dbus_uint32_t)outcome->outcome;

		if (outcome->told)
			continue;
		if (!message) {
			message = call_new("Report");
			dbus_message_iter_init_append(message, &top);
			must(dbus_message_iter_open_container(&top, 'a', "(xus)", &array));
		}
		outcome->told = true;
		count++;
		must(dbus_message_iter_open_container(&array, 'r', NULL, &one) && dbus_message_iter_append_basic(&one, 'x', &outcome->id) &&
			dbus_message_iter_append_basic(&one, 'u', &word) && dbus_message_iter_append_basic(&one, 's', &detail) &&
			dbus_message_iter_close_container(&array, &one));
	}
	if (!message)
		return false;
	must(dbus_message_iter_close_container(&top, &array));
	link->reports++;
	if (!call_send(link, message, on_report, link))
		link->reports--;
	return true;
}

/* What comes while the daemon writes some down is told when it has, all at once: the more there is to do, the more share its sync. */
static void report_all(struct link *link)
{
	if (link->broken || !link->connection || link->reports || all_told(link->host->outcomes))
		return;
	while (report_some(link))
		;
}

static void way_reported(struct host *host, int64_t id, int outcome, const char *detail)
{
	struct link *link = host->way;

	(void)id;
	(void)outcome;
	(void)detail;
	if (link->step == SERVING)
		wake(link);
}

/* ---- events ---- */

static void on_nothing(DBusPendingCall *pending, void *data)
{
	DBusMessage *reply = reply_take(data, pending, "");

	if (reply)
		dbus_message_unref(reply);
}

static void say_done(struct link *link)
{
	DBusMessage *message;

	if (!link->done || link->step != SERVING || link->broken)
		return;
	message = call_new("EventDone");
	must(dbus_message_append_args(message, 'x', &link->done, DBUS_TYPE_INVALID));
	link->done = 0;
	call_send(link, message, on_nothing, link);
}

static void way_event_done(struct host *host, int64_t sequence)
{
	struct link *link = host->way;

	if (sequence > link->done)
		link->done = sequence;
	wake(link);
}

static void way_tested(struct host *host, int64_t sequence, int outcome, const char *detail)
{
	struct link *link = host->way;
	dbus_int64_t number = sequence;
	dbus_uint32_t word = (dbus_uint32_t)outcome;
	DBusMessage *message;

	if (link->step != SERVING || link->broken)
		return;
	message = call_new("Tested");
	must(dbus_message_append_args(message, 'x', &number, 'u', &word, 's', &detail, DBUS_TYPE_INVALID));
	call_send(link, message, on_nothing, link);
}

static const struct ways ways = { way_reported, way_ask, way_event_done, way_bounced, way_tested };

/* ---- the steps ---- */

static DBusMessage *hello_new(const char *name, unsigned minor, uint64_t capabilities, const char *version)
{
	dbus_uint32_t abi = MENTORSHIP_PLUGIN_ABI, low = minor, bits = (dbus_uint32_t)capabilities;
	DBusMessage *message = call_new("Hello");

	must(dbus_message_append_args(message, 's', &name, 'u', &abi, 'u', &low, 'u', &bits, 's', &version, DBUS_TYPE_INVALID));
	return message;
}

static void say_hello(struct link *link)
{
	const struct host *host = link->host;

	link->step = SAYING_HELLO;
	call_send(link, hello_new(host->name, host->plugin.minor, host->plugin.capabilities, host->plugin.version), on_step, link);
}

static void say_holding(struct link *link)
{
	const int64_t *ids = link->host->held;
	DBusMessage *message = call_new("Holding");

	must(dbus_message_append_args(message, 'a', 'x', &ids, (int)link->host->held_count, DBUS_TYPE_INVALID));
	link->step = SAYING_HOLDING;
	call_send(link, message, on_step, link);
}

static void next_step(struct link *link)
{
	bool notifier = link->host->plugin.capabilities & MENTORSHIP_NOTIFIER;

	if (link->step == SAYING_HELLO && notifier) {
		link->step = HANDING_IN;
		report_all(link);
	}
	if (link->reports)
		return;
	if (link->step == HANDING_IN) {
		say_holding(link);
	} else if (link->step == SAYING_HELLO || link->step == SAYING_HOLDING) {
		link->step = SAYING_READY;
		call_send(link, call_new("Ready"), on_step, link);
	} else if (link->step == SAYING_READY) {
		link->step = SERVING;
		link->up_since = seconds_now();
		sd_notify(0, "STATUS=serving");
		wake(link);
	}
}

/* ---- what the daemon asks ---- */

/* A plugin of minor version 0 was promised an organizer with an address. */
static void organizer_needed(const struct host *host, struct letter *letter, char address[300])
{
	const char *domain = strchr(letter->message.message_id, '@');

	if (host->plugin.minor || !letter->message.calendar || *letter->calendar.organizer_address)
		return;
	snprintf(address, 300, "noreply%.250s", domain ? domain : "@localhost.localdomain");
	letter->calendar.organizer_address = address;
}

static int on_deliver(struct link *link, DBusMessage *message, struct problem *problem)
{
	struct letter letter;
	char address[300];
	int r = letter_read(message, &letter, problem);

	if (r || host_holds(link->host, letter.message.id))
		return r;
	if (outcomes_find(link->host->outcomes, letter.message.id)) {
		/* it is done already, and the daemon does not know yet */
		for (size_t i = 0; i < link->host->outcomes->count; i++)
			link->host->outcomes->list[i].told = false;
		wake(link);
		return 0;
	}
	organizer_needed(link->host, &letter, address);
	plugin_deliver(link->host, &letter.message);
	return 0;
}

static int on_event(struct link *link, DBusMessage *message, struct problem *problem)
{
	struct mentorship_event event = { .size = sizeof event };
	dbus_bool_t test = FALSE;

	if (!dbus_message_get_args(message, NULL, 'x', &event.sequence, 's', &event.kind, 's', &event.path, 'x', &event.version, 'x',
		    &event.at, 'b', &test, DBUS_TYPE_INVALID))
		return problem_set(
			problem, E_INVALID, NULL, "the daemon's event has another shape; host and daemon are of different versions");
	event.test = test;
	if (plugin_event(link->host, &event, problem)) {
		cannot_go_on(link, problem->text);
		*problem = (struct problem){ 0 };
	}
	return 0;
}

static int on_ping(struct link *link, DBusMessage *message)
{
	DBusMessage *reply = dbus_message_new_method_return(message);

	must(reply && dbus_connection_send(link->connection, reply, NULL));
	dbus_message_unref(reply);
	return 0;
}

static int on_call(struct link *link, DBusMessage *message, struct problem *problem)
{
	const char *member = dbus_message_get_member(message);
	uint64_t can = link->host->plugin.capabilities;

	if (!strcmp(member, "Ping"))
		return on_ping(link, message);
	if (!strcmp(member, "Stop")) {
		end(link, 0);
		return 0;
	}
	if (link->step == SERVING && !strcmp(member, "Deliver") && (can & MENTORSHIP_NOTIFIER))
		return on_deliver(link, message, problem);
	if (link->step == SERVING && !strcmp(member, "Event") && (can & MENTORSHIP_EVENT_SINK))
		return on_event(link, message, problem);
	return problem_set(problem, E_INVALID, NULL, "the daemon says %s, which is out of place here", member);
}

static DBusHandlerResult on_message(DBusConnection *connection, DBusMessage *message, void *data)
{
	struct link *link = data;
	struct problem problem = { 0 };

	(void)connection;
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		lose(link, NULL);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (dbus_message_get_reply_serial(message)) {
		asked_answered(link, message);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL || !dbus_message_has_interface(message, LINK_INTERFACE))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (link->ending || link->broken)
		return DBUS_HANDLER_RESULT_HANDLED;
	if (on_call(link, message, &problem))
		lose(link, problem.text);
	return DBUS_HANDLER_RESULT_HANDLED;
}

/* ---- connections ---- */

static void connect_later(struct link *link)
{
	struct timeval pause = { link->pause / 1000, link->pause % 1000 * 1000 };

	if (link->patience && seconds_now() - link->down_since >= link->patience) {
		host_say(link->host, MENTORSHIP_WARNING, "the daemon was not there for %d seconds; the host ends", link->patience);
		end(link, EXIT_TEMPORARY);
		return;
	}
	event_add(link->connect, &pause);
	link->pause = link->pause * 2 < PAUSE_MOST ? link->pause * 2 : PAUSE_MOST;
}

static void take_down(struct link *link)
{
	DBusConnection *connection = link->connection;
	int64_t now = seconds_now();

	link->step = DOWN;
	link->connection = NULL;
	if (connection)
		wire_end(connection, 0);
	asked_give_up(link, INT64_MAX);
	link->broken = false;
	link->reports = 0;
	for (size_t i = 0; i < link->host->outcomes->count; i++)
		link->host->outcomes->list[i].told = false;
	if (link->up_since)
		link->down_since = now;
	if (link->up_since && now - link->up_since >= STABLE_SECONDS)
		link->pause = PAUSE_FIRST;
	link->up_since = 0;
	sd_notify(0, "STATUS=waiting for the daemon");
	if (!link->ending)
		connect_later(link);
}

static void on_connect(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;
	DBusConnection *connection = dbus_connection_open_private(link->address, NULL);

	(void)fd;
	(void)what;
	if (!connection) {
		connect_later(link);
		return;
	}
	link->connection = connection;
	dbus_connection_set_max_message_size(connection, LINK_BYTES);
	dbus_connection_set_max_message_unix_fds(connection, 0);
	must(dbus_connection_add_filter(connection, on_message, link, NULL));
	wire_attach(link->host->base, connection, wake, link);
	say_hello(link);
	wake(link);
}

/* ---- the loop ---- */

static void on_work(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;
	DBusDispatchStatus status = DBUS_DISPATCH_COMPLETE;

	(void)fd;
	(void)what;
	for (int i = 0; i < TURN && link->connection && !link->broken; i++) {
		status = dbus_connection_dispatch(link->connection);
		if (status != DBUS_DISPATCH_DATA_REMAINS)
			break;
	}
	if (link->step == SERVING) {
		report_all(link);
		say_done(link);
		asked_send(link);
	}
	if (link->broken)
		take_down(link);
	else if (status == DBUS_DISPATCH_DATA_REMAINS && link->connection)
		wake(link);
	if (link->ending)
		event_base_loopbreak(link->host->base);
}

static void look_at_memory(struct link *link)
{
	int64_t held = link->host->memory_most ? memory_held() : 0;
	char why[150];

	if (held <= link->host->memory_most || link->ending)
		return;
	snprintf(why, sizeof why, "it holds %lld MB of memory, more than a plugin may; it is started again: look for what it never frees",
		(long long)(held >> 20));
	cannot_go_on(link, why);
}

static void on_second(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;
	struct problem problem = { 0 };

	(void)fd;
	(void)what;
	asked_give_up(link, seconds_now() - REPLY_SECONDS);
	look_at_memory(link);
	if (outcomes_look(link->host->outcomes, &problem))
		host_say(link->host, MENTORSHIP_ERROR, "%s", problem.text);
	guard_loop();
	sd_notify(0, "WATCHDOG=1");
}

/* What was told and not taken is told once more. */
static void on_again(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;

	(void)fd;
	(void)what;
	if (link->step != SERVING || link->reports)
		return;
	for (size_t i = 0; i < link->host->outcomes->count; i++)
		link->host->outcomes->list[i].told = false;
	if (link->host->outcomes->count)
		wake(link);
}

static void on_stop(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	end(data, 0);
}

static char *address_of(const char *socket)
{
	char *escaped = dbus_address_escape_value(socket), *address = NULL;

	must(escaped && asprintf(&address, "unix:path=%s", escaped) > 0);
	dbus_free(escaped);
	return address;
}

static void events_make(struct link *link)
{
	const struct timeval second = { 1, 0 }, again = { AGAIN_SECONDS, 0 }, now = { 0, 0 };
	struct event_base *base = link->host->base;

	link->work = event_new(base, -1, 0, on_work, link);
	link->connect = event_new(base, -1, 0, on_connect, link);
	link->second = event_new(base, -1, EV_PERSIST, on_second, link);
	link->again = event_new(base, -1, EV_PERSIST, on_again, link);
	link->stops[0] = evsignal_new(base, SIGTERM, on_stop, link);
	link->stops[1] = evsignal_new(base, SIGINT, on_stop, link);
	must(link->work && link->connect && link->second && link->again && link->stops[0] && link->stops[1]);
	event_add(link->second, &second);
	event_add(link->again, &again);
	event_add(link->stops[0], NULL);
	event_add(link->stops[1], NULL);
	event_add(link->connect, &now);
}

static void events_free(struct link *link)
{
	event_free(link->work);
	event_free(link->connect);
	event_free(link->second);
	event_free(link->again);
	event_free(link->stops[0]);
	event_free(link->stops[1]);
}

/* An end that was asked for is no crash. */
static void say_leaving(struct link *link)
{
	DBusMessage *message = call_new("Leaving");
	const char *why = link->last_words;

	must(dbus_message_append_args(message, 's', &why, DBUS_TYPE_INVALID));
	dbus_message_set_no_reply(message, TRUE);
	must(dbus_connection_send(link->connection, message, NULL));
	dbus_message_unref(message);
}

/* The plugin ends first: what it reports in unload is told too, and kept where the daemon does not answer in time. */
static void finish(struct link *link)
{
	struct problem problem = { 0 };
	int64_t until;

	plugin_stop(link->host);
	if (link->step == SERVING && !link->broken) {
		report_all(link);
		until = seconds_now() + 2;
		while (link->host->outcomes->count && link->connection && !link->broken && seconds_now() < until)
			event_base_loop(link->host->base, EVLOOP_ONCE);
	}
	if (link->connection && !link->broken && (!link->status || *link->last_words))
		say_leaving(link);
	if (link->connection)
		wire_end(link->connection, 500);
	link->connection = NULL;
	asked_give_up(link, INT64_MAX);
	if (link->host->outcomes->count && outcomes_sync(link->host->outcomes, &problem))
		host_say(link->host, MENTORSHIP_ERROR, "%s", problem.text);
}

int link_serve(struct host *host, const char *socket, int patience)
{
	struct link link = {
		.host = host, .address = address_of(socket), .patience = patience, .pause = PAUSE_FIRST, .down_since = seconds_now()
	};

	link.asked_last = &link.asked;
	host->ways = &ways;
	host->way = &link;
	events_make(&link);
	guard_loop();
	sd_notify(0, "READY=1\nSTATUS=waiting for the daemon");
	event_base_dispatch(host->base);
	sd_notify(0, "STOPPING=1");
	finish(&link);
	events_free(&link);
	free(link.address);
	return link.status;
}

/* ---- a plugin that is not loaded ---- */

void link_refuse(struct host *host, const char *socket, const char *reason)
{
	char *address = address_of(socket);
	DBusConnection *connection = dbus_connection_open_private(address, NULL);
	DBusMessage *message, *reply;

	if (connection) {
		dbus_connection_set_exit_on_disconnect(connection, FALSE);
		message = hello_new(host->name, MENTORSHIP_PLUGIN_MINOR, 0, "");
		must(dbus_connection_send(connection, message, NULL));
		dbus_message_unref(message);
		message = call_new("Refused");
		must(dbus_message_append_args(message, 's', &reason, DBUS_TYPE_INVALID));
		reply = dbus_connection_send_with_reply_and_block(connection, message, 5000, NULL);
		dbus_message_unref(message);
		if (reply)
			dbus_message_unref(reply);
		dbus_connection_close(connection);
		dbus_connection_unref(connection);
	}
	free(address);
}
