/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms.c - the web pages behind the links in mails.
 *
 *	GET  /l/TOKEN     shows the page of the link        POST /l/TOKEN   answers it
 *	GET  /u/TOKEN     shows it, for unsubscribing       POST /u/TOKEN   one click of a mail program (RFC 8058), or as above
 *	GET  /style.css, /robots.txt
 *
 * The host turns a token into a page, and an answer into an act; this plugin knows neither persons nor links. A GET only ever opens:
 * mail scanners fetch every link. All that is no page (an unknown path, a token of a wrong shape, and every token that the host does not
 * take) gets one and the same answer, so that nothing can be learnt by trying. Tokens are written nowhere but into links of a page.
 *
 * It listens on loopback or on a Unix socket, behind nginx or Apache (conf/webserver/), which speak TLS.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "webforms.h"

#ifndef WEBFORMS_CSS
#define WEBFORMS_CSS "plugins/webforms.css" /* for who reads this file without the build's definitions */
#endif
__asm__(".section .rodata\nwebforms_style:\n.incbin \"" WEBFORMS_CSS "\"\n.byte 0\n.previous\n");
extern const char webforms_style[];

enum {
	TOKEN_LEAST = 16,
	TOKEN_MOST = 128
};

struct web {
	const struct mentorship_host *host;
	struct web_server *server;
	struct web_limits limits;
	struct web_proxy proxy;
	char prefix[256]; /* path of base_url, without a slash at its end */
	struct sockaddr_storage address;
	socklen_t address_length;
};

static const char html_type[] = "text/html; charset=utf-8";

bool web_is_token(const char *token)
{
	size_t length = strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return !token[length] && length >= TOKEN_LEAST && length <= TOKEN_MOST;
}

/* ---- answers ---- */

static void answer_notice(struct web_exchange *exchange, int status, enum web_word title, enum web_word sentence)
{
	const struct web *web = web_exchange_data(exchange);
	struct web_text html = { 0 };

	web_notice(&html, web_exchange_language(exchange), title, sentence, web->prefix);
	web_answer(exchange, status, html_type, status == 503 ? "Retry-After: 30\r\n" : "", html.data, html.length);
	web_text_free(&html);
}

static void answer_no_link(struct web_exchange *exchange)
{
	answer_notice(exchange, 404, WEB_NO_LINK_TITLE, WEB_NO_LINK);
}

static void answer_busy(struct web_exchange *exchange)
{
	answer_notice(exchange, 503, WEB_BUSY_TITLE, WEB_BUSY);
}

/* The host's answer, to a question that may have been left meanwhile. */
static void on_page(void *data, const struct mentorship_page *page)
{
	struct web_exchange *exchange = data;
	const struct web *web = web_exchange_data(exchange);
	struct web_text html = { 0 };

	if (page->status == MENTORSHIP_PAGE_NO_LINK) {
		answer_no_link(exchange);
		return;
	}
	if (page->status == MENTORSHIP_PAGE_BUSY || page->status > MENTORSHIP_PAGE_BUSY) {
		answer_busy(exchange);
		return;
	}
	web_page(&html, page, web->prefix);
	web_answer(exchange,
		page->status == MENTORSHIP_PAGE_CHANGED           ? 409
			: page->status == MENTORSHIP_PAGE_INVALID ? 422
								  : 200,
		html_type, "", html.data, html.length);
	web_text_free(&html);
}

/* ---- requests ---- */

static void open_page(const struct web *web, struct web_exchange *exchange, const struct web_request *request, const char *token)
{
	if (web->host->open(web->host, token, request->client, on_page, exchange) < 0)
		answer_busy(exchange);
}

static void unsubscribe(const struct web *web, struct web_exchange *exchange, const struct web_request *request, const char *token)
{
	static const struct mentorship_field field = { "do", "stop-mail" };

	if (web->host->answer(web->host, token, request->client, "one-click", &field, 1, on_page, exchange) < 0)
		answer_busy(exchange);
}

static void answer_page(const struct web *web, struct web_exchange *exchange, const struct web_request *request, const char *token)
{
	static const char type[] = "application/x-www-form-urlencoded";
	struct web_form form;

	if (strncasecmp(request->type, type, sizeof type - 1) != 0 || !strchr(" \t;", request->type[sizeof type - 1])) {
		answer_notice(exchange, 415, WEB_REFUSED_TITLE, WEB_REFUSED);
		return;
	}
	if (web_form_read(&form, request->body, request->body_length) < 0) {
		web_exchange_close(exchange);
		answer_notice(exchange, 400, WEB_REFUSED_TITLE, WEB_REFUSED);
		return;
	}
	if (web->host->answer(web->host, token, request->client, form.hash, form.fields, form.count, on_page, exchange) < 0)
		answer_busy(exchange);
	web_form_free(&form);
}

/* The path behind base_url's, in case the proxy hands on the whole. */
static const char *own_path(const struct web *web, const char *path)
{
	size_t length = strlen(web->prefix);

	return length && strncmp(path, web->prefix, length) == 0 && path[length] == '/' ? path + length : path;
}

static void on_request(void *data, struct web_exchange *exchange, const struct web_request *request)
{
	static const char robots[] = "User-agent: *\nDisallow: /\n";
	const struct web *web = data;
	const char *path = own_path(web, request->path), *token = path + 3;
	bool posts = request->method == WEB_POST, leaves = strncmp(path, "/u/", 3) == 0;

	web_exchange_keep(exchange, web_language(request->languages));
	if (request->too_long)
		answer_notice(exchange, 413, WEB_LONG_TITLE, WEB_LONG);
	else if (!posts && strcmp(path, "/style.css") == 0)
		web_answer(exchange, 200, "text/css; charset=utf-8", "", webforms_style, strlen(webforms_style));
	else if (!posts && strcmp(path, "/robots.txt") == 0)
		web_answer(exchange, 200, "text/plain; charset=utf-8", "", robots, sizeof robots - 1);
	else if ((!leaves && strncmp(path, "/l/", 3) != 0) || !web_is_token(token))
		answer_no_link(exchange);
	else if (!posts)
		open_page(web, exchange, request, token);
	else if (leaves && web_form_one_click(request->type, request->body, request->body_length))
		unsubscribe(web, exchange, request, token);
	else
		answer_page(web, exchange, request, token);
}

/* ---- settings ---- */

static bool is_loopback_name(const char *host, size_t length)
{
	return (length == 9 && strncasecmp(host, "localhost", 9) == 0) || (length == 5 && memcmp(host, "[::1]", 5) == 0) ||
		(length >= 7 && length <= 15 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == length);
}

static int read_base_url(struct web *web)
{
	const char *url = web->host->text(web->host, "base_url");
	bool plain = strncmp(url, "http://", 7) == 0;
	const char *host = url + (plain ? 7 : 8);
	size_t name, length;

	if (!plain && strncmp(url, "https://", 8) != 0)
		return web->host->refuse(web->host, "base_url must begin with https://, such as https://mentorship.example.org");
	length = strcspn(host, "/");
	name = *host == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
	if (length == 0 || name > length || strcspn(host, "@?#\\ \t\"'<>%") < strlen(host))
		return web->host->refuse(
			web->host, "base_url must be a host and at most a path, such as https://www.example.org/mentorship");
	if (plain && !is_loopback_name(host, name))
		return web->host->refuse(web->host,
			"base_url must begin with https://: links give whoever reads them a person's rights; only "
			"a loopback address may do with http://");
	if (strlen(host + length) >= sizeof web->prefix)
		return web->host->refuse(web->host, "the path of base_url is longer than 255 characters; shorten it");
	snprintf(web->prefix, sizeof web->prefix, "%s", host + length);
	for (length = strlen(web->prefix); length > 0 && web->prefix[length - 1] == '/'; length--)
		web->prefix[length - 1] = 0;
	return 0;
}

static int read_socket(struct web *web, const char *path)
{
	struct sockaddr_un *address = (void *)&web->address;

	if (strlen(path) >= sizeof address->sun_path)
		return web->host->refuse(
			web->host, "the path in socket is longer than %zu characters; choose a shorter one", sizeof address->sun_path - 1);
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
	web->address_length = sizeof *address;
	web->proxy.any = true;
	return 0;
}

static int read_address(struct web *web)
{
	const char *text = web->host->text(web->host, "listen_address");
	in_port_t port = htons((uint16_t)web->host->number(web->host, "port"));
	struct sockaddr_in *four = (void *)&web->address;
	struct sockaddr_in6 *six = (void *)&web->address;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1 && ntohl(four->sin_addr.s_addr) >> 24 == 127) {
		four->sin_family = AF_INET;
		four->sin_port = port;
		web->address_length = sizeof *four;
	} else if (strcmp(text, "::1") == 0) {
		*six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_loopback };
		web->address_length = sizeof *six;
	} else {
		return web->host->refuse(web->host,
			"listen_address must be a loopback address such as 127.0.0.1 or ::1: pages are not encrypted "
			"here, a web server before this plugin does that");
	}
	return 0;
}

static int read_proxy(struct web *web)
{
	const char *text = web->host->text(web->host, "trusted_proxy");
	unsigned char bytes[16];

	if (*text && inet_pton(AF_INET, text, bytes) != 1 && inet_pton(AF_INET6, text, bytes) != 1)
		return web->host->refuse(
			web->host, "trusted_proxy must be the address of the web server before this plugin, such as 127.0.0.1, or empty");
	snprintf(web->proxy.address, sizeof web->proxy.address, "%s", text);
	return 0;
}

static int load(const struct mentorship_host *host, void **self)
{
	struct web *web = calloc(1, sizeof *web);

	if (!web)
		abort();
	web->host = host;
	*self = web;
	if (sodium_init() < 0)
		return host->refuse(host, "libsodium does not start; is /dev/urandom there?");
	randombytes_buf(web->proxy.key, sizeof web->proxy.key);
	return 0;
}

static int configure(void *self)
{
	struct web *web = self;
	const char *path = web->host->text(web->host, "socket");

	web->limits.connections = (size_t)web->host->number(web->host, "connections");
	web->limits.connections_each = (size_t)web->host->number(web->host, "connections_each");
	web->limits.request_seconds = (int)web->host->number(web->host, "request_seconds");
	if (read_base_url(web) < 0 || read_proxy(web) < 0)
		return -1;
	return *path ? read_socket(web, path) : read_address(web);
}

/* ---- listening ---- */

/* A socket that nobody listens on any more is left from a process that was killed. */
static void remove_stale(const struct web *web)
{
	const struct sockaddr_un *address = (const void *)&web->address;
	struct stat status;
	int fd;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode) ||
		(fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, web->address_length) < 0 && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int bind_and_listen(const struct web *web)
{
	int family = web->address.ss_family, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), saved;

	if (fd < 0)
		return -1;
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	else
		fchmod(fd, 0660); /* before it has a name: bind takes the mode over */
	if (bind(fd, (const struct sockaddr *)&web->address, web->address_length) == 0 && listen(fd, 512) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void tell_where(const struct web *web, int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	char name[128] = "", line[192];

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return;
	if (address.ss_family == AF_UNIX)
		snprintf(name, sizeof name, "%s", ((const struct sockaddr_un *)(const void *)&address)->sun_path);
	else if (address.ss_family == AF_INET)
		snprintf(name, sizeof name, "%s port %d", web->host->text(web->host, "listen_address"),
			ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port));
	else
		snprintf(name, sizeof name, "::1 port %d", ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port));
	snprintf(line, sizeof line, "listens on %s", name);
	web->host->log(web->host, MENTORSHIP_INFO, line);
}

static int ready(void *self)
{
	struct web *web = self;
	int fd;

	if (web->address.ss_family == AF_UNIX)
		remove_stale(web);
	if ((fd = bind_and_listen(web)) < 0)
		return web->host->refuse(web->host,
			"cannot listen: %s; change listen_address and port, or socket, in the plugin's settings", strerror(errno));
	tell_where(web, fd);
	web->server = web_server_new(web->host->loop(web->host), fd, &web->proxy, &web->limits, on_request, web);
	return 0;
}

static void unload(void *self)
{
	struct web *web = self;

	if (!web)
		return;
	if (web->server && web->address.ss_family == AF_UNIX)
		unlink(((const struct sockaddr_un *)(const void *)&web->address)->sun_path);
	web_server_free(web->server);
	sodium_memzero(&web->proxy, sizeof web->proxy);
	free(web);
}

static const struct mentorship_setting settings[] = { { "base_url", MENTORSHIP_TEXT, MENTORSHIP_REQUIRED, NULL, 1, 500, NULL, NULL,
							      "What links in mails begin with: https://, a host, perhaps a path." },
	{ "listen_address", MENTORSHIP_TEXT, 0, "127.0.0.1", 0, 45, NULL, NULL,
		"Loopback address on which the web server before this plugin finds it." },
	{ "port", MENTORSHIP_NUMBER, 0, "8043", 0, 65535, NULL, NULL, "TCP port; 0: one that is free." },
	{ "socket", MENTORSHIP_PATH, 0, "", 0, 107, NULL, NULL, "Unix socket to listen on instead of address and port." },
	{ "trusted_proxy", MENTORSHIP_TEXT, 0, "127.0.0.1", 0, 45, NULL, NULL,
		"Address of the web server whose X-Forwarded-For is believed; on a Unix socket every peer is." },
	{ "connections", MENTORSHIP_NUMBER, 0, "512", 8, 4096, NULL, "connections",
		"At most so many at a time; past that the slowest gives way." },
	{ "connections_each", MENTORSHIP_NUMBER, 0, "32", 2, 4096, NULL, "connections", "At most so many of one client." },
	{ "request_seconds", MENTORSHIP_NUMBER, 0, "15", 1, 120, NULL, "seconds", "A request must have arrived whole after so long." },
	{ 0 } };

MENTORSHIP_PLUGIN(MENTORSHIP_SURVEY_CHANNEL) = { MENTORSHIP_STAMP(MENTORSHIP_SURVEY_CHANNEL), "webforms", MENTORSHIP_VERSION,
	"GPL-3.0-or-later", "Shows the pages behind links in mails, and takes answers to them.", settings, load, configure, ready, NULL,
	NULL, unload };
