/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The functions that a plugin may call (struct mentorship_host).
 *
 * None of them trusts what it is given: texts are cleaned, ids must be held, a function that the plugin's capabilities do not name
 * answers -1. A call from another thread would spoil the loop's and libdbus' state unseen, so it ends the process with a sentence.
 */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clean.h"
#include "guard.h"
#include "wire/protocol.h"

enum {
	LINES_MOST = 100, /* of a plugin's journal in LINES_SECONDS */
	LINES_SECONDS = 10,
	EXIT_THREAD = 70,
	MESSAGE_ID_BYTES = 256
};

static _Thread_local bool ours;

static struct host *host_of(const struct mentorship_host *offer)
{
	if (!ours) {
		static const char line[] = "<3>a plugin called its host from a thread of its own; only callbacks and the loop may\n";

		if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
			_exit(EXIT_THREAD);
		_exit(EXIT_THREAD);
	}
	return offer->own;
}

/* ---- lines for the journal ---- */

void host_say(const struct host *host, int level, const char *format, ...)
{
	char text[900], line[1000];
	va_list ap;
	int length;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	length = snprintf(line, sizeof line - 1, "<%d>plugin %s: ", level, host->name);
	clean_line(line + length, sizeof line - 1 - (size_t)length, text);
	strncat(line, "\n", 2);
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return; /* a journal that is gone must not stop the mail */
}

/* A plugin that floods its journal is told so once in a while, and left out. */
static bool line_allowed(const struct host *host)
{
	static time_t since;
	static int lines;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!since || now.tv_sec - since >= LINES_SECONDS) {
		since = now.tv_sec;
		lines = 0;
	}
	if (++lines == LINES_MOST)
		host_say(host, MENTORSHIP_WARNING, "it writes more than %d lines in %d seconds; the rest of them is left out", LINES_MOST,
			LINES_SECONDS);
	return lines < LINES_MOST;
}

static void offer_log(const struct mentorship_host *offer, int level, const char *text)
{
	const struct host *host = host_of(offer);

	if (level != MENTORSHIP_ERROR && level != MENTORSHIP_WARNING)
		level = MENTORSHIP_INFO;
	if (text && line_allowed(host))
		host_say(host, level, "%s", text);
}

static int __attribute__((format(printf, 2, 3))) offer_refuse(const struct mentorship_host *offer, const char *format, ...)
{
	struct host *host = host_of(offer);
	char text[sizeof host->refusal.text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	clean_line(host->refusal.text, sizeof host->refusal.text, text);
	return -1;
}

/* ---- what the plugin may know ---- */

static struct event_base *offer_loop(const struct mentorship_host *offer)
{
	return host_of(offer)->base;
}

static const char *offer_text(const struct mentorship_host *offer, const char *name)
{
	const struct value *value = values_find(&host_of(offer)->values, name);

	return value ? value->text : "";
}

static int64_t offer_number(const struct mentorship_host *offer, const char *name)
{
	const struct value *value = values_find(&host_of(offer)->values, name);

	return value ? value->number : 0;
}

static const char *offer_credential(const struct mentorship_host *offer, const char *name)
{
	const struct value *value = values_find(&host_of(offer)->values, name);

	return value ? value->secret : NULL;
}

static const char *offer_directory(const struct mentorship_host *offer)
{
	return host_of(offer)->state;
}

/* ---- notifier ---- */

static bool may(const struct host *host, uint64_t capability, const char *function)
{
	if (host->plugin.capabilities & capability)
		return true;
	if (line_allowed(host))
		host_say(host, MENTORSHIP_WARNING, "it called %s, which its capabilities do not allow", function);
	return false;
}

static bool held_drop(struct host *host, int64_t id)
{
	for (size_t i = 0; i < host->held_count; i++)
		if (host->held[i] == id) {
			host->held[i] = host->held[--host->held_count];
			return true;
		}
	return false;
}

/* The clock of the callback stands still while the outcome is written: the disk is not the plugin's. */
static void keep(struct host *host, int64_t id, int outcome, const char *detail)
{
	struct problem problem = { 0 };
	int64_t left;

	if (!host->outcomes)
		return;
	left = guard_pause();
	if (outcomes_keep(host->outcomes, id, outcome, detail, &problem))
		host_say(host, MENTORSHIP_ERROR, "%s", problem.text);
	guard_resume(left);
}

static int offer_report(const struct mentorship_host *offer, int64_t id, int outcome, const char *detail)
{
	struct host *host = host_of(offer);
	char clean[DETAIL_BYTES];

	if (!may(host, MENTORSHIP_NOTIFIER, "report"))
		return -1;
	if (outcome < MENTORSHIP_SENT || outcome > MENTORSHIP_BROKEN || !held_drop(host, id)) {
		if (line_allowed(host))
			host_say(host, MENTORSHIP_WARNING, "it reported outcome %d of message %lld, which it does not hold", outcome,
				(long long)id);
		return -1;
	}
	clean_line(clean, sizeof clean, detail);
	keep(host, id, outcome, clean);
	host->ways->reported(host, id, outcome, clean);
	return 0;
}

/* A mail that came back: who knows its number and what it is called is the daemon. */
static int offer_bounced(
	const struct mentorship_host *offer, const struct mentorship_bounce *bounce, mentorship_bounce_function done, void *data)
{
	struct host *host = host_of(offer);
	char message_id[MESSAGE_ID_BYTES], status[16], detail[DETAIL_BYTES];
	struct mentorship_bounce clean = { .size = sizeof clean, .message_id = message_id, .status = status, .detail = detail };

	if (!may(host, MENTORSHIP_NOTIFIER, "bounced") || !bounce || bounce->size < sizeof *bounce || !done)
		return -1;
	clean.id = bounce->id;
	clean_line(message_id, sizeof message_id, bounce->message_id);
	clean_line(status, sizeof status, bounce->status);
	clean_line(detail, sizeof detail, bounce->detail);
	return host->ways->bounced(host, &clean, done, data);
}

/* ---- survey channel ---- */

static int ask(struct host *host, const char *token, const char *client, const char *hash, const struct mentorship_field *fields,
	size_t count, mentorship_page_function done, void *data)
{
	struct arena memory = { 0 };
	struct mentorship_field *copies;
	char token_line[4 * TOKEN_LENGTH], client_line[65], hash_line[160];
	size_t bytes = 0;
	int r = -1;

	if (!done || count > FIELDS_MOST || (count && !fields))
		return -1;
	clean_line(token_line, sizeof token_line, token);
	clean_line(client_line, sizeof client_line, client);
	clean_line(hash_line, sizeof hash_line, hash);
	copies = arena_new(&memory, (count + 1) * sizeof *copies);
	for (size_t i = 0; i < count && bytes < LINK_BYTES; i++) {
		copies[i].name = clean_lines(&memory, fields[i].name);
		copies[i].value = clean_lines(&memory, fields[i].value);
		bytes += strlen(copies[i].name) + strlen(copies[i].value) + 16;
	}
	if (bytes < LINK_BYTES - 4096) {
		const struct question question = { token_line, client_line, hash ? hash_line : NULL, copies, count };

		r = host->ways->ask(host, &question, done, data);
	}
	arena_free(&memory);
	return r;
}

static int offer_open(const struct mentorship_host *offer, const char *token, const char *client, mentorship_page_function done, void *data)
{
	struct host *host = host_of(offer);

	return may(host, MENTORSHIP_SURVEY_CHANNEL, "open") ? ask(host, token, client, NULL, NULL, 0, done, data) : -1;
}

static int offer_answer(const struct mentorship_host *offer, const char *token, const char *client, const char *hash,
	const struct mentorship_field *fields, size_t count, mentorship_page_function done, void *data)
{
	struct host *host = host_of(offer);

	return may(host, MENTORSHIP_SURVEY_CHANNEL, "answer") ? ask(host, token, client, hash ? hash : "", fields, count, done, data) : -1;
}

void page_busy(mentorship_page_function done, void *data)
{
	const struct mentorship_page page = { .size = sizeof page,
		.status = MENTORSHIP_PAGE_BUSY,
		.language = "en",
		.title = "",
		.institution = "",
		.program = "",
		.hash = "" };

	done(data, &page);
}

/* ---- event sink ---- */

static int offer_event_done(const struct mentorship_host *offer, int64_t sequence)
{
	struct host *host = host_of(offer);

	if (!may(host, MENTORSHIP_EVENT_SINK, "event_done") || sequence > host->event_offered)
		return -1;
	host->ways->event_done(host, sequence);
	return 0;
}

static int offer_tested(const struct mentorship_host *offer, int64_t sequence, int outcome, const char *detail)
{
	struct host *host = host_of(offer);
	char clean[DETAIL_BYTES];

	if (!may(host, MENTORSHIP_EVENT_SINK, "tested") || !sequence || sequence != host->event_tested || outcome < MENTORSHIP_SENT ||
		outcome > MENTORSHIP_BROKEN)
		return -1;
	host->event_tested = 0;
	clean_line(clean, sizeof clean, detail);
	host->ways->tested(host, sequence, outcome, clean);
	return 0;
}

/* ---- before there is anybody to tell: load, configure and ready may call, too ---- */

static void nobody_reported(struct host *host, int64_t id, int outcome, const char *detail)
{
	(void)host;
	(void)id;
	(void)outcome;
	(void)detail;
}

static int nobody_asks(struct host *host, const struct question *question, mentorship_page_function done, void *data)
{
	(void)host;
	(void)question;
	(void)done;
	(void)data;
	return -1;
}

static void nobody_done(struct host *host, int64_t sequence)
{
	(void)host;
	(void)sequence;
}

static int nobody_bounced(struct host *host, const struct mentorship_bounce *bounce, mentorship_bounce_function done, void *data)
{
	(void)host;
	(void)bounce;
	(void)done;
	(void)data;
	return -1;
}

static void nobody_tested(struct host *host, int64_t sequence, int outcome, const char *detail)
{
	(void)sequence;
	nobody_reported(host, 0, outcome, detail);
}

void offer_make(struct host *host)
{
	static const struct ways nobody = { nobody_reported, nobody_asks, nobody_done, nobody_bounced, nobody_tested };

	ours = true;
	host->ways = &nobody;
	host->offer = (struct mentorship_host){ .size = sizeof host->offer,
		.minor = MENTORSHIP_PLUGIN_MINOR,
		.own = host,
		.loop = offer_loop,
		.text = offer_text,
		.number = offer_number,
		.credential = offer_credential,
		.directory = offer_directory,
		.log = offer_log,
		.refuse = offer_refuse,
		.report = offer_report,
		.open = offer_open,
		.answer = offer_answer,
		.event_done = offer_event_done,
		.bounced = offer_bounced,
		.tested = offer_tested };
}
