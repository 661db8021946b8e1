/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions of a plugin: pages of a survey channel, and mails that came back. Each is answered exactly once, by the daemon or, when the link
 * breaks, by 'not now'. A bounce that is still asked for when the plugin was unloaded is answered to nobody.
 */
#include <stdlib.h>

#include "letter.h"
#include "link.h"
#include "wire/protocol.h"

/* Found by the serial of the reply: a pending call of libdbus makes an error and a timer for each question beforehand. */
struct asked {
	struct asked *next;
	dbus_uint32_t serial;
	int64_t since;
	mentorship_page_function page; /* one of the two */
	mentorship_bounce_function bounce;
	void *data;
};

static struct asked asked_take(struct link *link, struct asked **place)
{
	struct asked *asked = *place, copy = *asked;

	*place = asked->next;
	if (!asked->next)
		link->asked_last = place;
	link->questions--;
	free(asked);
	return copy;
}

static void not_now(const struct link *link, const struct asked *asked)
{
	if (asked->page)
		page_busy(asked->page, asked->data);
	else if (link->host->started)
		asked->bounce(asked->data, MENTORSHIP_BOUNCE_AGAIN);
}

void asked_give_up(struct link *link, int64_t until)
{
	while (link->asked && link->asked->since < until) {
		const struct asked asked = asked_take(link, &link->asked);

		not_now(link, &asked);
	}
}

static bool may_ask(const struct link *link)
{
	return link->step == SERVING && !link->broken && !link->ending && link->questions < QUESTIONS_MOST &&
		dbus_connection_get_is_connected(link->connection);
}

/* Sends the message, and drops it. */
static void ask(struct link *link, DBusMessage *message, const struct asked *what)
{
	struct asked *asked = malloc(sizeof *asked);

	must(asked != NULL);
	*asked = *what;
	asked->since = seconds_now();
	must(dbus_connection_send(link->connection, message, &asked->serial));
	dbus_message_unref(message);
	*link->asked_last = asked;
	link->asked_last = &asked->next;
	link->questions++;
}

/* ---- pages ---- */

static void on_page(struct link *link, const struct asked *asked, DBusMessage *reply)
{
	struct arena memory = { 0 };
	struct mentorship_page page;
	struct problem problem = { 0 };

	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN && !page_read(reply, &memory, &page, &problem))
		asked->page(asked->data, &page);
	else
		not_now(link, asked);
	if (problem.code)
		lose(link, problem.text);
	arena_free(&memory);
}

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

int way_ask(struct host *host, const struct question *question, mentorship_page_function done, void *data)
{
	struct link *link = host->way;
	const struct asked asked = { .page = done, .data = data };
	DBusMessageIter top;
	DBusMessage *message;

	if (!may_ask(link))
		return -1;
	message = call_new(question->hash ? "Answer" : "Open");
	must(dbus_message_append_args(message, 's', &question->token, 's', &question->client, DBUS_TYPE_INVALID));
	if (question->hash) {
		must(dbus_message_append_args(message, 's', &question->hash, DBUS_TYPE_INVALID));
		dbus_message_iter_init_append(message, &top);
		append_fields(&top, question);
	}
	ask(link, message, &asked);
	return 0;
}

/* ---- mails that came back ---- */

static void on_bounce(struct link *link, const struct asked *asked, DBusMessage *reply)
{
	dbus_uint32_t answer = MENTORSHIP_BOUNCE_AGAIN;

	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
		!dbus_message_get_args(reply, NULL, 'u', &answer, DBUS_TYPE_INVALID))
		lose(link, "it answers in another shape");
	if (answer <= MENTORSHIP_BOUNCE_AGAIN && link->host->started)
		asked->bounce(asked->data, (int)answer);
	else
		not_now(link, asked);
}

int way_bounced(struct host *host, const struct mentorship_bounce *bounce, mentorship_bounce_function done, void *data)
{
	struct link *link = host->way;
	const struct asked asked = { .bounce = done, .data = data };
	dbus_int64_t id = bounce->id;
	DBusMessage *message;

	if (!may_ask(link))
		return -1;
	message = call_new("Bounced");
	must(dbus_message_append_args(
		message, 'x', &id, 's', &bounce->message_id, 's', &bounce->status, 's', &bounce->detail, DBUS_TYPE_INVALID));
	ask(link, message, &asked);
	return 0;
}

/* ---- answers ---- */

void asked_answered(struct link *link, DBusMessage *reply)
{
	struct asked **place = &link->asked, asked;

	while (*place && (*place)->serial != dbus_message_get_reply_serial(reply))
		place = &(*place)->next;
	if (!*place)
		return; /* it comes too late */
	asked = asked_take(link, place);
	if (asked.page)
		on_page(link, &asked, reply);
	else
		on_bounce(link, &asked, reply);
}
