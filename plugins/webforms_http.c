/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_http.c - HTTP/1.1 behind a proxy: few things, strictly.
 *
 *	accept -> READING -> WAITING (for the handler) -> WRITING -> READING ...
 *	             |                                       |
 *	             +-- refused ----------> WRITING --------+-> LINGERING -> closed
 *
 * Why not evhttp, whose loop this runs on: version 2.1 makes the answers to broken requests itself, without our headers; it has no
 * hook between accept and the end of a request, where connections are counted and deadlines run; it takes lone line feeds,
 * requests without Host and two lengths. So a request is read by us (webforms_head.c), and what is not exactly one is answered and closed.
 *
 * A request has one deadline from its first byte to its last, which no trickle extends; one sweep twice a second looks at all of them,
 * and sleeps when nobody is connected. When all places are taken, who has been reading longest gives way: who is slow waits on
 * nobody's account but its own. A connection may end while the handler still works: its exchange then goes on without it.
 */
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>
#include "webforms.h"

enum {
	HEAD_MOST = 16 * 1024,
	READ_AT_ONCE = 64 * 1024,
	IDLE_SECONDS = 30,
	WAIT_SECONDS = 20, /* the host's own deadline is shorter */
	WRITE_SECONDS = 20,
	LINGER_SECONDS = 2,
};

enum state {
	READING,
	WAITING,
	WRITING,
	LINGERING
};

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct web_server *server;
	struct event *read, *write;
	struct web_exchange *exchange; /* while WAITING */
	int fd;
	enum state state;
	int64_t since, deadline; /* milliseconds, monotonic */
	struct sockaddr_storage peer;
	bool trusted, keep, ended, dead, paused, headless; /* ended: no more comes; paused: nothing is read */
	int depth;
	char client[WEB_CLIENT_SIZE]; /* "" as long as it is not known */
	char *in, *out;
	size_t have, room, seen, sent, out_length;
	struct web_head head; /* size 0: not there yet */
};

struct web_exchange {
	TAILQ_ENTRY(web_exchange) entry;
	struct web_server *server;
	struct connection *connection; /* NULL: left */
	char language[8];
};

struct web_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *sweep;
	struct web_proxy proxy;
	struct web_limits limits;
	web_handler handler;
	void *data;
	size_t count;
	TAILQ_HEAD(, connection) connections; /* oldest first */
	TAILQ_HEAD(, web_exchange) exchanges;
};

static void process(struct connection *connection);

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* ---- the end of a connection ---- */

static void release(struct connection *connection)
{
	free(connection->in);
	free(connection->out);
	free(connection);
}

static void detach(struct connection *connection)
{
	if (connection->exchange)
		connection->exchange->connection = NULL;
	connection->exchange = NULL;
}

/* Nobody uses the connection after this but who is inside process(), which looks at `dead`. */
static void finish(struct connection *connection)
{
	if (connection->dead)
		return;
	connection->dead = true;
	detach(connection);
	event_free(connection->read);
	event_free(connection->write);
	close(connection->fd);
	TAILQ_REMOVE(&connection->server->connections, connection, entry);
	connection->server->count--;
	if (connection->depth == 0)
		release(connection);
}

static void end_output(struct connection *connection)
{
	free(connection->out);
	connection->out = NULL;
	connection->out_length = connection->sent = 0;
}

/* Closing at once, with bytes unread, would make the kernel take the answer back. */
static void linger(struct connection *connection)
{
	end_output(connection);
	if (connection->ended) {
		finish(connection);
		return;
	}
	connection->state = LINGERING;
	connection->deadline = now() + LINGER_SECONDS * 1000;
	shutdown(connection->fd, SHUT_WR);
	event_add(connection->read, NULL);
}

/* ---- answers ---- */

static void flush(struct connection *connection)
{
	while (connection->sent < connection->out_length) {
		ssize_t n = send(connection->fd, connection->out + connection->sent, connection->out_length - connection->sent,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			event_add(connection->write, NULL);
			return;
		}
		if (n < 0) {
			finish(connection);
			return;
		}
		connection->sent += (size_t)n;
	}
	if (!connection->keep) {
		linger(connection);
		return;
	}
	end_output(connection);
	connection->state = READING;
	connection->since = now();
	connection->deadline = connection->since + IDLE_SECONDS * 1000;
	if (connection->trusted)
		connection->client[0] = 0;
	if (connection->paused)
		event_add(connection->read, NULL);
	connection->paused = false;
	if (connection->depth == 0 && connection->have > 0)
		process(connection);
}

static void on_write(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	flush(data);
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = { { 200, "OK" }, { 400, "Bad Request" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 409, "Conflict" }, { 411, "Length Required" }, { 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" }, { 417, "Expectation Failed" }, { 422, "Unprocessable Content" },
		{ 431, "Request Header Fields Too Large" }, { 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" } };

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Answer";
}

static void respond(struct connection *connection, int status, const char *type, const char *more, const char *body, size_t length)
{
	static const char always[] = "Content-Security-Policy: default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
				     "frame-ancestors 'none'\r\n"
				     "Cache-Control: no-store\r\n"
				     "Referrer-Policy: no-referrer\r\n"
				     "X-Content-Type-Options: nosniff\r\n"
				     "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
				     "Cross-Origin-Opener-Policy: same-origin\r\n"
				     "Cross-Origin-Resource-Policy: same-origin\r\n"
				     "X-Robots-Tag: noindex, nofollow, noarchive\r\n";
	struct web_text out = { 0 };
	char line[160];

	connection->keep = connection->keep && !connection->ended;
	snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", status, reason(status), type, length);
	web_put(&out, line);
	web_put(&out, connection->keep ? "" : "Connection: close\r\n");
	web_put_bytes(&out, always, sizeof always - 1);
	web_put(&out, more);
	web_put(&out, "\r\n");
	if (!connection->headless)
		web_put_bytes(&out, body, length);
	connection->out = out.data;
	connection->out_length = out.length;
	connection->sent = 0;
	connection->state = WRITING;
	connection->deadline = now() + WRITE_SECONDS * 1000;
	flush(connection);
}

/* Answers what was no request, and takes no more. */
static void refuse(struct connection *connection, int status)
{
	char text[64];
	int length = snprintf(text, sizeof text, "%d %s\n", status, reason(status));

	connection->keep = false;
	respond(connection, status, "text/plain; charset=utf-8",
		status == 405           ? "Allow: GET, HEAD, POST\r\n"
			: status == 503 ? "Retry-After: 30\r\n"
					: "",
		text, (size_t)length);
}

void web_answer(struct web_exchange *exchange, int status, const char *type, const char *more, const char *body, size_t length)
{
	struct connection *connection = exchange->connection;

	TAILQ_REMOVE(&exchange->server->exchanges, exchange, entry);
	free(exchange);
	if (!connection)
		return;
	connection->exchange = NULL;
	respond(connection, status, type, more, body, length);
}

void web_exchange_keep(struct web_exchange *exchange, const char *language)
{
	snprintf(exchange->language, sizeof exchange->language, "%s", language);
}

const char *web_exchange_language(const struct web_exchange *exchange)
{
	return exchange->language;
}

void web_exchange_close(struct web_exchange *exchange)
{
	if (exchange->connection)
		exchange->connection->keep = false;
}

void *web_exchange_data(const struct web_exchange *exchange)
{
	return exchange->server->data;
}

/* ---- requests ---- */

static void make_room(struct connection *connection, size_t room)
{
	if (room <= connection->room)
		return;
	if (!(connection->in = realloc(connection->in, room + 1)))
		abort();
	connection->room = room;
}

static size_t of_client(const struct web_server *server, const char *client)
{
	const struct connection *other;
	size_t count = 0;

	TAILQ_FOREACH(other, &server->connections, entry)
	count += memcmp(other->client, client, WEB_CLIENT_SIZE) == 0;
	return count;
}

/* Who sends through a proxy is known now. */
static int know_client(struct connection *connection)
{
	const struct web_server *server = connection->server;

	if (!connection->trusted)
		return 0;
	web_client(&server->proxy, (const struct sockaddr *)&connection->peer, connection->head.forwarded, connection->client);
	return connection->head.forwarded && of_client(server, connection->client) > server->limits.connections_each ? 503 : 0;
}

/* 0: more must come; 1: the head is there; -1: refused. */
static int take_head(struct connection *connection)
{
	ssize_t size = web_head_find(connection->in, connection->have, &connection->seen);
	int status;

	connection->headless = false;
	if (size == 0 && connection->have < HEAD_MOST)
		return 0;
	if (size <= 0) {
		refuse(connection, size < 0 ? 400 : 431);
		return -1;
	}
	/* The head's texts lie in the buffer, which must not move after this. */
	if (connection->in[0] == 'P')
		make_room(connection, (size_t)size + WEB_BODY_MOST);
	status = web_head_read(&connection->head, connection->in, (size_t)size);
	connection->headless = connection->head.method == WEB_HEAD;
	if (status == 413) { /* its reader is told in a page, and what was sent with it is not read */
		connection->head.too_long = connection->head.close = true;
		connection->head.length = 0;
		status = 0;
	}
	if (status == 0)
		status = know_client(connection);
	if (status != 0) {
		refuse(connection, status);
		return -1;
	}
	if (connection->head.expects && connection->have < connection->head.size + connection->head.length)
		(void)!send(connection->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL | MSG_DONTWAIT);
	return 1;
}

static void hand_over(struct connection *connection)
{
	struct web_server *server = connection->server;
	struct web_head *head = &connection->head;
	struct web_exchange *exchange = calloc(1, sizeof *exchange);
	struct web_request request = { head->method, head->path, connection->in + head->size, head->length, head->type, head->languages,
		connection->client, head->too_long };
	char next = connection->in[head->size + head->length];

	if (!exchange)
		abort();
	*exchange = (struct web_exchange){ .server = server, .connection = connection };
	TAILQ_INSERT_TAIL(&server->exchanges, exchange, entry);
	connection->exchange = exchange;
	connection->state = WAITING;
	connection->keep = head->minor == 1 && !head->close;
	connection->deadline = now() + WAIT_SECONDS * 1000;
	connection->in[head->size + head->length] = 0;
	server->handler(server->data, exchange, &request);
	connection->in[head->size + head->length] = next;
}

static void consume(struct connection *connection)
{
	size_t whole = connection->head.size + connection->head.length;

	connection->have -= whole;
	memmove(connection->in, connection->in + whole, connection->have);
	connection->seen = 0;
	connection->head = (struct web_head){ 0 };
	if (connection->have == 0 && connection->room > HEAD_MOST) {
		free(connection->in);
		connection->in = NULL;
		connection->room = 0;
	}
}

/* One request, if it is all there. */
static bool take(struct connection *connection)
{
	if (connection->head.size == 0 && take_head(connection) <= 0)
		return false;
	if (connection->have < connection->head.size + connection->head.length)
		return false;
	hand_over(connection);
	consume(connection);
	if (!connection->dead && connection->state == READING && connection->have > 0)
		connection->deadline = now() + connection->server->limits.request_seconds * 1000LL;
	return true;
}

/* Requests may come in one piece, and answers at once: so a loop, and no deeper. */
static void process(struct connection *connection)
{
	connection->depth++;
	while (!connection->dead && connection->state == READING && take(connection))
		;
	connection->depth--;
	if (connection->dead)
		release(connection);
}

/* ---- connections ---- */

static void on_end(struct connection *connection)
{
	connection->ended = true;
	event_del(connection->read);
	if (connection->state == READING || connection->state == LINGERING)
		finish(connection);
}

static void on_read(evutil_socket_t fd, short what, void *data)
{
	struct connection *connection = data;
	static char nowhere[READ_AT_ONCE];
	char *to = nowhere;
	size_t room = sizeof nowhere;
	ssize_t n;

	(void)what;
	if (connection->state != LINGERING) {
		if (connection->have == connection->room && connection->room < HEAD_MOST)
			make_room(connection, connection->room ? connection->room * 4 : HEAD_MOST / 4);
		to = connection->in + connection->have;
		room = connection->room - connection->have;
		if (room == 0) {
			connection->paused = true;
			event_del(connection->read);
			return;
		}
	}
	n = recv(fd, to, room < READ_AT_ONCE ? room : READ_AT_ONCE, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n < 0) {
		finish(connection);
	} else if (n == 0) {
		on_end(connection);
	} else if (connection->state != LINGERING) {
		if (connection->have == 0 && connection->state == READING)
			connection->deadline = now() + connection->server->limits.request_seconds * 1000LL;
		connection->have += (size_t)n;
		if (connection->state == READING)
			process(connection);
	}
}

static void on_late(struct connection *connection)
{
	if (connection->state == WAITING) {
		detach(connection);
		refuse(connection, 503);
	} else if (connection->state == READING && connection->have > 0) {
		refuse(connection, 408);
	} else {
		finish(connection);
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *data)
{
	struct web_server *server = data;
	struct connection *connection, *next;
	int64_t at = now();

	(void)fd;
	(void)what;
	for (connection = TAILQ_FIRST(&server->connections); connection; connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (at >= connection->deadline)
			on_late(connection);
	}
	evconnlistener_enable(server->listener);
	if (server->count == 0)
		event_del(server->sweep);
}

/* No descriptor is left: the next sweep tries again. */
static void on_accept_error(struct evconnlistener *listener, void *data)
{
	struct web_server *server = data;

	evconnlistener_disable(listener);
	event_add(server->sweep, &(struct timeval){ .tv_usec = 500000 });
}

/* Frees one place by ending who has been silent or slow for longest. */
static bool make_place(struct web_server *server)
{
	struct connection *connection, *oldest = NULL;

	TAILQ_FOREACH(connection, &server->connections, entry)
	if ((connection->state == READING || connection->state == LINGERING) && (!oldest || connection->since < oldest->since))
		oldest = connection;
	if (oldest)
		finish(oldest);
	return oldest;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int length, void *data)
{
	struct web_server *server = data;
	struct connection *connection;
	char client[WEB_CLIENT_SIZE] = "";
	bool trusted = web_proxy_trusts(&server->proxy, peer);

	(void)listener;
	if (!trusted)
		web_client(&server->proxy, peer, NULL, client);
	if ((!trusted && of_client(server, client) >= server->limits.connections_each) ||
		(server->count >= server->limits.connections && !make_place(server))) {
		close(fd);
		return;
	}
	if (!(connection = calloc(1, sizeof *connection)))
		abort();
	*connection = (struct connection){ .server = server, .fd = fd, .trusted = trusted, .since = now() };
	connection->deadline = connection->since + server->limits.request_seconds * 1000LL;
	memcpy(&connection->peer, peer, (size_t)length < sizeof connection->peer ? (size_t)length : sizeof connection->peer);
	memcpy(connection->client, client, sizeof client);
	connection->read = event_new(server->base, fd, EV_READ | EV_PERSIST, on_read, connection);
	connection->write = event_new(server->base, fd, EV_WRITE, on_write, connection);
	if (!connection->read || !connection->write || event_add(connection->read, NULL) < 0)
		abort();
	TAILQ_INSERT_TAIL(&server->connections, connection, entry);
	if (server->count++ == 0)
		event_add(server->sweep, &(struct timeval){ .tv_usec = 500000 });
}

/* ---- the server ---- */

struct web_server *web_server_new(struct event_base *base, int listener, const struct web_proxy *proxy, const struct web_limits *limits,
	web_handler handler, void *data)
{
	struct web_server *server = calloc(1, sizeof *server);

	if (!server)
		abort();
	*server = (struct web_server){ .base = base, .proxy = *proxy, .limits = *limits, .handler = handler, .data = data };
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->exchanges);
	server->sweep = event_new(base, -1, EV_PERSIST, on_sweep, server);
	server->listener = evconnlistener_new(base, on_accept, server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listener);
	if (!server->sweep || !server->listener)
		abort();
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return server;
}

void web_server_free(struct web_server *server)
{
	struct web_exchange *exchange;

	if (!server)
		return;
	evconnlistener_free(server->listener);
	while (!TAILQ_EMPTY(&server->connections))
		finish(TAILQ_FIRST(&server->connections));
	while ((exchange = TAILQ_FIRST(&server->exchanges))) {
		TAILQ_REMOVE(&server->exchanges, exchange, entry);
		free(exchange);
	}
	event_free(server->sweep);
	free(server);
}
