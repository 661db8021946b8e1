/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions of a plugin: pages of a survey channel, and mails that came back. Each is answered exactly once, by the daemon or, when the link
 * breaks, by 'not now'. A bounce that is still asked for when the plugin was unloaded is answered to nobody.
 *
 * Pages are opened by calls for up to OPENS_MOST of them, at most two calls at a time; what is asked for meanwhile goes with the next. So a lone
 * question goes at once, and under load many share what libdbus does for a message, on either side as much work as the page itself. Whose a
 * page is follows from the call's serial and the place in it: one that comes too late goes to nobody else.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "letter.h"
#include "link.h"
#include "wire/protocol.h"

/* Found by the serial of the reply: a pending call of libdbus makes an error and a timer for each question beforehand. */
struct asked {
	struct asked *next;
	dbus_uint32_t serial; /* 0: waits to be sent */
	int place;            /* among the questions of its call */
	int64_t since;
	mentorship_page_function page; /* one of the two */
	mentorship_bounce_function bounce;
	void *data;
	size_t length; /* of the texts of what is to be opened: token and client, each with its zero byte */
	char texts[];
};

struct asked_for {
	mentorship_page_function page;
	mentorship_bounce_function bounce;
	void *data;
};

/* The one with that serial; 0: a free one. */
static dbus_uint32_t *opening(struct link *link, dbus_uint32_t serial)
{
	for (int i = 0; i < OPENS_TWO; i++)
		if (link->opening[i] == serial)
			return &link->opening[i];
	return NULL;
}

static void opened(struct link *link, dbus_uint32_t serial)
{
	dbus_uint32_t *call = serial ? opening(link, serial) : NULL;

	if (call)
		*call = 0;
}

static struct asked_for asked_take(struct link *link, struct asked **place)
{
	struct asked *asked = *place;
	struct asked_for what = { asked->page, asked->bounce, asked->data };

	*place = asked->next;
	if (!asked->next)
		link->asked_last = place;
	link->questions--;
	link->unsent -= !asked->serial;
	free(asked);
	return what;
}

static void not_now(const struct link *link, const struct asked_for *what)
{
	if (what->page)
		page_busy(what->page, what->data);
	else if (link->host->started)
		what->bounce(what->data, MENTORSHIP_BOUNCE_AGAIN);
}

void asked_give_up(struct link *link, int64_t until)
{
	while (link->asked && link->asked->since < until) {
		struct asked_for what;

		opened(link, link->asked->serial);
		what = asked_take(link, &link->asked);
		not_now(link, &what);
	}
}

static bool may_ask(const struct link *link)
{
	return link->step == SERVING && !link->broken && !link->ending && link->questions < QUESTIONS_MOST &&
		dbus_connection_get_is_connected(link->connection);
}

static struct asked *add(struct link *link, const struct asked_for *what, size_t length)
{
	struct asked *asked = malloc(sizeof *asked + length);

	must(asked != NULL);
	*asked = (struct asked){ .since = seconds_now(), .page = what->page, .bounce = what->bounce, .data = what->data, .length = length };
	*link->asked_last = asked;
	link->asked_last = &asked->next;
	link->questions++;
	return asked;
}

/* Sends the message, and drops it. */
static dbus_uint32_t send_off(struct link *link, DBusMessage *message)
{
	dbus_uint32_t serial;

	must(dbus_connection_send(link->connection, message, &serial));
	dbus_message_unref(message);
	return serial;
}

/* ---- what is to be opened ---- */

static void open_later(struct link *link, const struct question *question, const struct asked_for *what)
{
	size_t token = strlen(question->token) + 1, client = strlen(question->client) + 1;
	struct asked *asked = add(link, what, token + client);

	memcpy(asked->texts, question->token, token);
	memcpy(asked->texts + token, question->client, client);
	link->unsent++;
	link_wake(link);
}

static int waiting(const struct link *link, struct asked *ret[OPENS_MOST])
{
	int count = 0;

	for (struct asked *asked = link->asked; asked && count < OPENS_MOST; asked = asked->next)
		if (!asked->serial)
			ret[count++] = asked;
	return count;
}

static dbus_uint32_t open_some(struct link *link, struct asked *const *some, int count)
{
	DBusMessage *message = call_new("Open");
	struct buffer texts = { 0 };
	dbus_uint32_t serial;

	for (int i = 0; i < count; i++)
		buffer_add(&texts, some[i]->texts, some[i]->length);
	must(dbus_message_append_args(message, 'a', 'y', &texts.data, (int)texts.length, DBUS_TYPE_INVALID));
	buffer_free(&texts);
	serial = send_off(link, message);
	for (int i = 0; i < count; i++) {
		some[i]->serial = serial;
		some[i]->place = i;
	}
	link->unsent -= count;
	return serial;
}

void asked_send(struct link *link)
{
	struct asked *some[OPENS_MOST];
	dbus_uint32_t *call;

	while (link->unsent && !link->broken && (call = opening(link, 0)))
		*call = open_some(link, some, waiting(link, some));
}

/* ---- answers ---- */

static void append_fields(DBusMessageIter *top, const struct question *question)
{
	DBusMessageIter array, one;

	must(dbus_message_iter_open_container(top, 'a', "(ss)", &array));
	for (size_t i = 0; i < question->count; i++)
		must(dbus_message_iter_open_container(&array, 'r', NULL, &one) &&
			dbus_message_iter_append_basic(&one, 's', &question->fields[i].name) &&
			dbus_message_iter_append_basic(&one, 's', &question->fields[i].value) &&
			dbus_message_iter_close_container(&array, &one));
	must(dbus_message_iter_close_container(top, &array));
}

static DBusMessage *answer_new(const struct question *question)
{
	DBusMessage *message = call_new("Answer");
	DBusMessageIter top;

	must(dbus_message_append_args(message, 's', &question->token, 's', &question->client, 's', &question->hash, DBUS_TYPE_INVALID));
	dbus_message_iter_init_append(message, &top);
	append_fields(&top, question);
	return message;
}

int way_ask(struct host *host, const struct question *question, mentorship_page_function done, void *data)
{
	struct link *link = host->way;
	const struct asked_for what = { .page = done, .data = data };

	if (!may_ask(link))
		return -1;
	if (question->hash)
		add(link, &what, 0)->serial = send_off(link, answer_new(question));
	else
		open_later(link, question, &what);
	return 0;
}

/* ---- mails that came back ---- */

int way_bounced(struct host *host, const struct mentorship_bounce *bounce, mentorship_bounce_function done, void *data)
{
	struct link *link = host->way;
	const struct asked_for what = { .bounce = done, .data = data };
	dbus_int64_t id = bounce->id;
	DBusMessage *message;

	if (!may_ask(link))
		return -1;
	message = call_new("Bounced");
	must(dbus_message_append_args(
		message, 'x', &id, 's', &bounce->message_id, 's', &bounce->status, 's', &bounce->detail, DBUS_TYPE_INVALID));
	add(link, &what, 0)->serial = send_off(link, message);
	return 0;
}

static void on_bounce(struct link *link, struct asked **whose, DBusMessage *reply)
{
	const struct asked_for what = asked_take(link, whose);
	dbus_uint32_t answer = MENTORSHIP_BOUNCE_AGAIN;

	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
		!dbus_message_get_args(reply, NULL, 'u', &answer, DBUS_TYPE_INVALID))
		lose(link, "it answers in another shape");
	if (answer <= MENTORSHIP_BOUNCE_AGAIN && link->host->started)
		what.bounce(what.data, (int)answer);
	else
		not_now(link, &what);
}

/* ---- the daemon's replies ---- */

enum {
	ANYWHERE = -1
};

static struct asked **asked_in(struct link *link, dbus_uint32_t serial, int place)
{
	struct asked **at = &link->asked;

	while (*at && ((*at)->serial != serial || (place != ANYWHERE && (*at)->place != place)))
		at = &(*at)->next;
	return at;
}

/* One that found no room in the reply is asked for once more. */
static void ask_again(struct link *link, struct asked *asked)
{
	asked->serial = 0;
	link->unsent++;
	link_wake(link);
}

static void hand_page(struct link *link, struct asked **whose, const struct mentorship_page *page)
{
	struct asked_for what;

	if (!*whose) /* it comes too late */
		return;
	if (page->status == PAGE_AGAIN) {
		ask_again(link, *whose);
		return;
	}
	what = asked_take(link, whose);
	what.page(what.data, page);
}

/* Anybody who is left without a page after these hears 'not now' with the end of the link. */
static void on_pages(struct link *link, dbus_uint32_t serial, DBusMessage *reply)
{
	struct arena memory = { 0 };
	struct problem problem = { 0 };
	struct mentorship_page page;
	struct pages pages;
	int place = 0, more = pages_begin(&pages, reply, &problem);

	while (!more && (more = pages_next(&pages, &memory, &page, &problem)) > 0) {
		more = 0;
		if (!place && page.status == PAGE_AGAIN) /* nothing would ever go on */
			more = problem_set(&problem, E_INVALID, NULL, "the daemon has no page for the first of its questions");
		else
			hand_page(link, asked_in(link, serial, place++), &page);
		arena_free(&memory);
	}
	arena_free(&memory);
	if (!problem.code && *asked_in(link, serial, ANYWHERE))
		problem_set(&problem, E_INVALID, NULL, "the daemon answered with fewer pages than it was asked for");
	if (problem.code)
		lose(link, problem.text);
}

void asked_answered(struct link *link, DBusMessage *reply)
{
	dbus_uint32_t serial = dbus_message_get_reply_serial(reply);
	struct asked **whose = asked_in(link, serial, ANYWHERE);

	opened(link, serial);
	asked_send(link); /* the daemon goes on while these are written */
	if (!*whose)
		return; /* it comes too late */
	if ((*whose)->bounce) {
		on_bounce(link, whose, reply);
	} else if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN) {
		on_pages(link, serial, reply);
	} else {
		for (; *whose; whose = asked_in(link, serial, ANYWHERE)) {
			const struct asked_for what = asked_take(link, whose);

			not_now(link, &what);
		}
	}
}
