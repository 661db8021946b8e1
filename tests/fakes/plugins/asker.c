/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A survey channel without a web: once the link is there it opens a page, answers it, asks too often, and says what it got.
 */
#include <mentorship-plugin.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mentorship_host *host;
static struct event *timer;
static int step, pages, busy, strange;
static char tokens[1100][20];

static void say(const char *what, const struct mentorship_page *page)
{
	char line[300];

	snprintf(line, sizeof line, "%s: status %u '%s' '%s' %zu parts", what, page->status, page->title, page->hash, page->part_count);
	host->log(host, MENTORSHIP_INFO, line);
	if (!page->part_count)
		return;
	snprintf(line, sizeof line, "part %u %u '%s' '%s' %lld %zu '%s'", page->parts[0].kind, page->parts[0].flags, page->parts[0].name,
		page->parts[0].text, (long long)page->parts[0].max, (size_t)page->parts[0].choice_count, page->parts[0].choices[0].text);
	host->log(host, MENTORSHIP_INFO, line);
}

static void opened(void *data, const struct mentorship_page *page)
{
	say(data, page);
	step++;
}

static void counted(void *data, const struct mentorship_page *page)
{
	pages++;
	busy += page->status == MENTORSHIP_PAGE_BUSY;
	strange += page->status != MENTORSHIP_PAGE_BUSY && strcmp(page->program, data) != 0; /* the page of another */
}

static void ask_many(void)
{
	static struct mentorship_field fields[2001];
	char line[100];
	int taken = 0;

	for (int i = 0; i < 2001; i++)
		fields[i] = (struct mentorship_field){ "a", "b" };
	for (int i = 0; i < 1100; i++) {
		snprintf(tokens[i], sizeof tokens[i], "token%d", i);
		taken += !host->open(host, tokens[i], "client", counted, tokens[i]);
	}
	snprintf(line, sizeof line, "taken %d, too many fields %d, no function %d", taken,
		host->answer(host, "t", "c", "h", fields, 2001, counted, NULL), host->open(host, "t", "c", NULL, NULL));
	host->log(host, MENTORSHIP_INFO, line);
	step++;
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	const struct mentorship_field fields[] = { { "do", "accept" }, { "why", "two\r\nlines\t\xff\x1b \xc3\xa4" }, { NULL, NULL } };
	static int asked = -1;
	char line[100];

	(void)fd;
	(void)what;
	(void)data;
	if (asked == step)
		return;
	if (step == 0 && !host->open(host, "t\xc0ken\n", "client", opened, "opened"))
		asked = step;
	else if (step == 1 && !host->answer(host, "token", "client", "hash", fields, 3, opened, "answered"))
		asked = step;
	else if (step == 2 && !host->open(host, "token", NULL, opened, "third"))
		asked = step;
	else if (step == 3)
		ask_many();
	else if (step == 4 && pages >= 1024) {
		snprintf(line, sizeof line, "pages %d, busy %d, strange %d", pages, busy, strange);
		host->log(host, MENTORSHIP_INFO, line);
		step++;
	}
}

static int load(const struct mentorship_host *given, void **self)
{
	host = given;
	*self = NULL;
	return 0;
}

static int ready(void *self)
{
	const struct timeval often = { 0, 20000 };

	(void)self;
	if (host->open(host, "token", "client", opened, "early") != -1)
		return host->refuse(host, "there is no link yet, and a page was asked for.");
	timer = event_new(host->loop(host), -1, EV_PERSIST, on_timer, NULL);
	return event_add(timer, &often);
}

static void unload(void *self)
{
	(void)self;
	event_free(timer);
}

MENTORSHIP_PLUGIN(MENTORSHIP_SURVEY_CHANNEL) = {
	MENTORSHIP_STAMP(MENTORSHIP_SURVEY_CHANNEL),
	.name = "asker",
	.version = "1.0",
	.licence = "GPL-3.0-or-later",
	.summary = "Asks for pages.",
	.load = load,
	.ready = ready,
	.unload = unload,
};
