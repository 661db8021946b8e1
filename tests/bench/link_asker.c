/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin that asks its daemon as fast as it answers. Whoever connects to its port gets "CALLS SECONDS": for so many seconds one question
 * was under way, the next as soon as the answer was there. Every question is an Open of another token that is none, by another client,
 * so that the daemon looks each of them up.
 */
#include <mentorship-plugin.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct asker {
	const struct mentorship_host *host;
	struct event *accept;
	int listener, who;
	long calls;
	double start;
};

static const struct mentorship_setting settings[] = { { "port", MENTORSHIP_NUMBER, MENTORSHIP_REQUIRED, NULL, 1, 65535, NULL, NULL,
							      "Where the bench asks for a round." },
	{ "milliseconds", MENTORSHIP_NUMBER, 0, "1000", 1, 60000, NULL, NULL, "How long a round is." }, { 0 } };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_page(void *data, const struct mentorship_page *page);

static void ask(struct asker *asker)
{
	char token[44], client[40];

	snprintf(token, sizeof token, "%043ld", asker->calls);
	snprintf(client, sizeof client, "%032ld", asker->calls * 7919);
	if (asker->host->open(asker->host, token, client, on_page, asker) < 0)
		abort();
}

static void on_page(void *data, const struct mentorship_page *page)
{
	struct asker *asker = data;
	double took = now() - asker->start;

	if (page->status != MENTORSHIP_PAGE_NO_LINK)
		abort();
	asker->calls++;
	if (took * 1000 < (double)asker->host->number(asker->host, "milliseconds")) {
		ask(asker);
		return;
	}
	dprintf(asker->who, "%ld %.6f\n", asker->calls, took);
	close(asker->who);
	asker->who = -1;
}

static void on_accept(evutil_socket_t fd, short what, void *data)
{
	struct asker *asker = data;
	int who = accept(fd, NULL, NULL);

	(void)what;
	if (who < 0 || asker->who >= 0) {
		close(who);
		return;
	}
	asker->who = who;
	asker->calls = 0;
	asker->start = now();
	ask(asker);
}

static int load(const struct mentorship_host *host, void **self)
{
	struct asker *asker = calloc(1, sizeof *asker);

	if (!asker)
		abort();
	asker->host = host;
	asker->who = -1;
	*self = asker;
	return 0;
}

static int ready(void *self)
{
	struct asker *asker = self;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	address.sin_port = htons((uint16_t)asker->host->number(asker->host, "port"));
	asker->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(asker->listener, (struct sockaddr *)&address, sizeof address) || listen(asker->listener, 1))
		return asker->host->refuse(asker->host, "cannot listen");
	asker->accept = event_new(asker->host->loop(asker->host), asker->listener, EV_READ | EV_PERSIST, on_accept, asker);
	event_add(asker->accept, NULL);
	return 0;
}

static void unload(void *self)
{
	struct asker *asker = self;

	if (asker->accept)
		event_free(asker->accept);
	free(asker);
}

MENTORSHIP_PLUGIN(MENTORSHIP_SURVEY_CHANNEL) = { MENTORSHIP_STAMP(MENTORSHIP_SURVEY_CHANNEL), "asker", "1", "GPL-3.0-or-later",
	"Asks as fast as it is answered.", settings, load, NULL, ready, NULL, NULL, unload };
