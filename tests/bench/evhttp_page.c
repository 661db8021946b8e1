/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A page of so many bytes by libevent's HTTP server, with the headers of webforms and nothing behind it:
 *
 *	evhttp_page PORT BYTES
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

static const char *const headers[][2] = { { "Content-Type", "text/html; charset=utf-8" },
	{ "Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
	{ "Cache-Control", "no-store" }, { "Referrer-Policy", "no-referrer" }, { "X-Content-Type-Options", "nosniff" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
	{ "Cross-Origin-Opener-Policy", "same-origin" }, { "Cross-Origin-Resource-Policy", "same-origin" },
	{ "X-Robots-Tag", "noindex, nofollow, noarchive" } };

static char *page;
static size_t size;

static void on_request(struct evhttp_request *request, void *data)
{
	struct evbuffer *body = evbuffer_new();

	(void)data;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		evhttp_add_header(evhttp_request_get_output_headers(request), headers[i][0], headers[i][1]);
	evbuffer_add_reference(body, page, size, NULL, NULL);
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

int main(int argc, char **argv)
{
	struct event_config *config = event_config_new();
	struct event_base *base;
	struct evhttp *http;

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	http = evhttp_new(base);
	if (argc != 3 || evhttp_bind_socket(http, "127.0.0.1", (unsigned short)atoi(argv[1])))
		return 2;
	size = (size_t)atol(argv[2]);
	page = malloc(size + 1);
	memset(page, 'x', size);
	evhttp_set_gencb(http, on_request, NULL);
	return event_base_dispatch(base);
}
