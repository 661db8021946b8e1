/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MAIL, RCPT, DATA, the text, and the replies to them. One command is under way at a time. Whatever the server does that is not a reply
 * ends the connection; so does a reply that says no, since then nobody knows in which state the server is.
 */
#include "smtp_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEARD_MOST = 64 * 1024, /* of replies to one letter */
	REST_SECONDS = 20       /* after which a connection without work is closed */
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void set_timer(struct smtp_session *session, int seconds)
{
	struct timeval wait = { .tv_sec = seconds };

	event_add(session->timer, &wait);
}

/* libcurl closes what it is taken off, without a word; the word is ours, and nobody waits for the answer. */
static void hang_up(struct smtp_session *session, bool politely)
{
	size_t sent;

	if (politely)
		curl_easy_send(session->job.easy, "QUIT\r\n", 6, &sent);
	if (session->readable)
		event_free(session->readable);
	if (session->writable)
		event_free(session->writable);
	session->readable = session->writable = NULL;
	transfer_stop(session->transfer, &session->job);
	session->state = SESSION_CLOSED;
}

static void finish(struct smtp_session *session, CURLcode result)
{
	char detail[SMTP_DETAIL_SIZE];
	int outcome = smtp_outcome(&session->exchange, result, session->error, detail);

	session->letter = NULL;
	if (session->state == SESSION_WAITING)
		set_timer(session, REST_SECONDS);
	else
		event_del(session->timer);
	session->done(session, outcome, detail);
}

static void open_connection(struct smtp_session *session)
{
	memset(&session->exchange, 0, sizeof session->exchange);
	session->heard = session->line_length = 0;
	session->error[0] = 0;
	session->fresh = true;
	session->state = SESSION_OPENING;
	transfer_start(session->transfer, &session->job);
}

/* The connection is of no use any more. */
static void lost(struct smtp_session *session, CURLcode result)
{
	const struct smtp_exchange *exchange = &session->exchange;
	bool stale = session->state == SESSION_SENDING && !session->fresh && exchange->step == SMTP_MAIL &&
		result != CURLE_OPERATION_TIMEDOUT && (!exchange->code || exchange->code == 421);

	hang_up(session, false);
	if (stale)
		open_connection(session);
	else
		finish(session, result);
}

/* ---- what is said ---- */

static void push(struct smtp_session *session)
{
	while (session->out_left) {
		size_t sent = 0;
		CURLcode result = curl_easy_send(session->job.easy, session->out, session->out_left, &sent);

		if (result == CURLE_AGAIN) {
			event_add(session->writable, NULL);
			return;
		}
		if (result != CURLE_OK) {
			lost(session, result);
			return;
		}
		session->out += sent;
		session->out_left -= sent;
	}
	if (session->exchange.step == SMTP_TEXT)
		session->exchange.handed = true;
}

static void say(struct smtp_session *session, const char *command, const char *address, const char *end)
{
	int length = snprintf(session->command, sizeof session->command, "%s%s%s\r\n", command, address, end);

	session->out = session->command;
	session->out_left = (size_t)length;
	smtp_exchange_command(&session->exchange, session->command, session->out_left);
	push(session);
}

static void say_text(struct smtp_session *session)
{
	session->exchange.step = SMTP_TEXT;
	session->exchange.code = 0;
	session->exchange.status[0] = 0;
	session->out = session->letter->mail;
	session->out_left = session->letter->length;
	push(session);
}

static void say_sender(struct smtp_session *session)
{
	session->state = SESSION_SENDING;
	session->heard = session->line_length = 0;
	say(session, "MAIL FROM:<", session->letter->from, ">");
}

/* ---- what is heard ---- */

static void answered(struct smtp_session *session)
{
	int code = session->exchange.code;
	enum smtp_step step = session->exchange.step;
	bool good = step == SMTP_DATA ? code == 354 : code >= 200 && code < 300;

	if (!good || session->out_left) {
		if (code >= 400 && code != 421)
			hang_up(session, true);
		lost(session, CURLE_WEIRD_SERVER_REPLY);
		return;
	}
	switch (step) {
	case SMTP_MAIL: say(session, "RCPT TO:<", session->letter->to, ">"); break;
	case SMTP_RCPT: say(session, "DATA", "", ""); break;
	case SMTP_DATA: say_text(session); break;
	default: session->state = SESSION_WAITING; finish(session, CURLE_OK);
	}
}

/* A whole line, or the beginning of one that is longer than any use. False once the connection is given up or waits. */
static bool heard_line(struct smtp_session *session)
{
	const char *line = session->line;
	size_t length = session->line_length;

	session->line_length = 0;
	if (length < 3 || strspn(line, "0123456789") < 3) {
		lost(session, CURLE_WEIRD_SERVER_REPLY);
		return false;
	}
	if (smtp_exchange_reply(&session->exchange, line, length))
		answered(session);
	return session->state == SESSION_SENDING;
}

static bool heard(struct smtp_session *session, const char *text, size_t length)
{
	session->heard += length;
	if (session->heard > HEARD_MOST) {
		lost(session, CURLE_WEIRD_SERVER_REPLY);
		return false;
	}
	for (; length; text++, length--) {
		if (session->line_length < sizeof session->line - 1)
			session->line[session->line_length++] = *text;
		session->line[session->line_length] = 0;
		if (*text == '\n' && !heard_line(session))
			return false;
	}
	return true;
}

/* While it waits a server has nothing to say but that it goes. */
static void on_readable(evutil_socket_t fd, short what, void *data)
{
	struct smtp_session *session = data;
	char text[4096];

	(void)fd;
	(void)what;
	for (;;) {
		size_t length = 0;
		CURLcode result = curl_easy_recv(session->job.easy, text, sizeof text, &length);

		if (result == CURLE_AGAIN)
			return;
		if (session->state == SESSION_WAITING) {
			hang_up(session, false);
			event_del(session->timer);
			return;
		}
		if (result != CURLE_OK || !length) {
			lost(session, result != CURLE_OK ? result : CURLE_RECV_ERROR);
			return;
		}
		if (!heard(session, text, length))
			return;
	}
}

static void on_writable(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	push(data);
}

static void on_time(evutil_socket_t fd, short what, void *data)
{
	struct smtp_session *session = data;

	(void)fd;
	(void)what;
	if (session->state == SESSION_WAITING)
		hang_up(session, true);
	else
		lost(session, CURLE_OPERATION_TIMEDOUT);
}

/* ---- while libcurl opens the connection ---- */

static size_t hear_opening(char *line, size_t size, size_t count, void *data)
{
	struct smtp_session *session = data;

	(void)size;
	session->heard += count;
	if (session->heard > HEARD_MOST)
		return 0;
	smtp_exchange_reply(&session->exchange, line, count);
	return count;
}

static int follow_opening(CURL *easy, curl_infotype kind, char *text, size_t count, void *data)
{
	struct smtp_session *session = data;

	(void)easy;
	if (kind == CURLINFO_HEADER_OUT)
		smtp_exchange_command(&session->exchange, text, count);
	return 0;
}

void smtp_session_opened(struct smtp_session *session, CURLcode result)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (result == CURLE_OK)
		result = curl_easy_getinfo(session->job.easy, CURLINFO_ACTIVESOCKET, &fd);
	if (result != CURLE_OK || fd == CURL_SOCKET_BAD) {
		lost(session, result != CURLE_OK ? result : CURLE_COULDNT_CONNECT);
		return;
	}
	session->readable = must(event_new(session->base, fd, EV_READ | EV_PERSIST, on_readable, session));
	session->writable = must(event_new(session->base, fd, EV_WRITE, on_writable, session));
	event_add(session->readable, NULL);
	say_sender(session);
}

int smtp_session_init(struct smtp_session *session)
{
	CURL *easy;

	if (transfer_job_init(session->transfer, &session->job, session) < 0)
		return -1;
	easy = session->job.easy;
	session->timer = must(evtimer_new(session->base, on_time, session));
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)session->timeout);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, hear_opening);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, session);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, follow_opening);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, session);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, session->error);
	return 0;
}

void smtp_session_send(struct smtp_session *session, const struct letter *letter)
{
	session->letter = letter;
	set_timer(session, session->timeout);
	if (session->state == SESSION_CLOSED) {
		open_connection(session);
		return;
	}
	memset(&session->exchange, 0, sizeof session->exchange);
	session->fresh = false;
	say_sender(session);
}

void smtp_session_free(struct smtp_session *session)
{
	if (session->timer) {
		hang_up(session, session->state == SESSION_WAITING);
		event_free(session->timer);
		session->timer = NULL;
	}
	if (session->transfer)
		transfer_job_free(session->transfer, &session->job);
}
