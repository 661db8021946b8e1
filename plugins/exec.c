/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hands messages and events to a program of the administrator, on its standard input.
 *
 * Messages run beside each other, at most `parallel` at a time; events run one after the other, in their order. How the program exits
 * says what became of a message (sysexits.h): 0 it is taken, 75 (EX_TEMPFAIL) later, 67 and 68 (EX_NOUSER, EX_NOHOST) the address is
 * refused, anything else is the administrator's to mend. An event comes again after 75 or when time was over, later each time; after any
 * other failure it is passed over, with a line in the journal, so that one event cannot hold up all that come behind it.
 */
#include <mentorship-plugin.h>

#include "child.h"
#include "events.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
	QUEUE_MOST = 256,
	EVENTS_MOST = 10000,
	DETAIL_SIZE = 96,
	PAUSE_FIRST = 2,
	PAUSE_MOST = 600
};
enum format {
	JSON,
	TEXT
};

/* A message, waiting or under way. */
struct job {
	struct job *next;
	struct exec *exec;
	int64_t id;
	char *text; /* until the child has it */
	struct child *child;
};

struct exec {
	const struct mentorship_host *host;
	struct job *waiting, **waiting_end, *running;
	int waiting_count, running_count;
	struct event_queue events;
	struct child *event_child; /* of the first event */
	struct event *pause;       /* before the first event comes again */
	int pause_seconds;
};

static const struct mentorship_setting settings[] = {
	{ "program", MENTORSHIP_PATH, MENTORSHIP_REQUIRED, NULL, 0, 0, NULL, NULL,
		"The program; it belongs to root or the account of this plugin, and others cannot write it." },
	{ "format", MENTORSHIP_CHOICE, 0, "json", 0, 0, "json text", NULL, "How the program gets what it is given." },
	{ "timeout", MENTORSHIP_NUMBER, 0, "30", 1, 3600, NULL, "seconds", "After this time the program and what it started are killed." },
	{ "parallel", MENTORSHIP_NUMBER, 0, "4", 1, 32, NULL, NULL, "How many messages are handed over at a time." },
	{ "events", MENTORSHIP_TEXT, 0, NULL, 0, 2000, NULL, NULL,
		"Kinds of events to hand over, separated by blanks; match.* stands for all of matches, * for all." },
	{ NULL, 0, 0, NULL, 0, 0, NULL, NULL, NULL },
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void run(struct exec *exec, struct child *child, char *text)
{
	const struct mentorship_host *host = exec->host;

	child->simulated = host->simulated;
	child_start(child, host->loop(host), host->text(host, "program"), text, strlen(text), (int)host->number(host, "timeout"));
}

/* ---- what the program gets ---- */

/* Adds a text, or nothing where there is none. */
static void add(json_t *object, const char *name, const char *value)
{
	if (value && *value)
		json_object_set_new(object, name, json_string(value));
}

static json_t *calendar_json(const struct mentorship_calendar *calendar)
{
	json_t *object = must(json_pack("{sb sI sI sI sI}", "cancels", (int)calendar->cancels, "sequence", (json_int_t)calendar->sequence,
		"stamp", (json_int_t)calendar->stamp, "start", (json_int_t)calendar->start, "end", (json_int_t)calendar->end));

	add(object, "uid", calendar->uid);
	add(object, "zone", calendar->zone);
	add(object, "rule", calendar->rule);
	add(object, "summary", calendar->summary);
	add(object, "description", calendar->description);
	add(object, "place", calendar->place);
	add(object, "organizer_name", calendar->organizer_name);
	add(object, "organizer_address", calendar->organizer_address);
	return object;
}

static char *printed(json_t *object)
{
	char *line = must(json_dumps(object, JSON_COMPACT)), *text;
	size_t length = strlen(line);

	json_decref(object);
	text = must(realloc(line, length + 2));
	memcpy(text + length, "\n", 2);
	return text;
}

static char *message_json(const struct mentorship_host *host, const struct mentorship_message *message)
{
	json_t *object = must(json_pack("{ss sI sb sI sI}", "kind", "message", "id", (json_int_t)message->id, "test", (int)message->test,
		"attempt", (json_int_t)message->attempt, "expires", (json_int_t)message->expires));

	if (host->simulated)
		json_object_set_new(object, "simulated", json_true());

	add(object, "address", message->address);
	add(object, "name", message->name);
	add(object, "language", message->language);
	add(object, "subject", message->subject);
	add(object, "text", message->text);
	add(object, "html", message->html);
	add(object, "message_id", message->message_id);
	add(object, "reply_to", message->reply_to);
	add(object, "list_id", message->list_id);
	add(object, "list_name", message->list_name);
	add(object, "unsubscribe", message->unsubscribe);
	add(object, "sender_name", message->sender_name);
	if (message->calendar)
		json_object_set_new(object, "calendar", calendar_json(message->calendar));
	return printed(object);
}

static char *event_json(const struct kept_event *event)
{
	return printed(must(json_pack("{ss ss sI sI sI}", "kind", event->kind, "path", event->path, "version", (json_int_t)event->version,
		"at", (json_int_t)event->at, "sequence", (json_int_t)event->sequence)));
}

/* One line: what would begin another becomes a blank. */
static void line(FILE *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(out, "%s: ", name);
	for (; *value; value++)
		putc((unsigned char)*value < ' ' || *value == 0x7f ? ' ' : *value, out);
	putc('\n', out);
}

static char *message_text(const struct mentorship_message *message)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));

	line(out, "Address", message->address);
	line(out, "Name", message->name);
	line(out, "Language", message->language);
	line(out, "Sender", message->sender_name);
	line(out, "Subject", message->subject);
	line(out, "Message-ID", message->message_id);
	line(out, "Unsubscribe", message->unsubscribe);
	fprintf(out, "\n%s", message->text);
	if (fclose(out) != 0)
		abort();
	return text;
}

static char *event_text(const struct kept_event *event)
{
	char *text = NULL;
	size_t size;
	FILE *out = must(open_memstream(&text, &size));

	line(out, "Kind", event->kind);
	line(out, "Path", event->path);
	fprintf(out, "Version: %lld\nAt: %lld\nSequence: %lld\n", (long long)event->version, (long long)event->at,
		(long long)event->sequence);
	if (fclose(out) != 0)
		abort();
	return text;
}

/* ---- messages ---- */

static int outcome(const struct child *child, char detail[DETAIL_SIZE])
{
	if (child->error) {
		snprintf(detail, DETAIL_SIZE, "the program could not be started (error %d)", child->error);
		return MENTORSHIP_BROKEN;
	}
	if (child->late) {
		snprintf(detail, DETAIL_SIZE, "the program took too long and was ended");
		return MENTORSHIP_UNKNOWN;
	}
	if (child->code < 0) {
		snprintf(detail, DETAIL_SIZE, "the program ended by signal %d", child->signal);
		return MENTORSHIP_BROKEN;
	}
	snprintf(detail, DETAIL_SIZE, "exit %d", child->code);
	switch (child->code) {
	case EX_OK: return MENTORSHIP_SENT;
	case EX_TEMPFAIL: return MENTORSHIP_LATER;
	case EX_NOUSER:
	case EX_NOHOST: return MENTORSHIP_REFUSED;
	default: return MENTORSHIP_BROKEN;
	}
}

static void job_free(struct job *job)
{
	if (job->child)
		child_free(job->child);
	free(job->text);
	free(job);
}

static void work(struct exec *exec);

static void message_done(struct child *child)
{
	struct job *job = child->data, **at;
	struct exec *exec = job->exec;
	char detail[DETAIL_SIZE];

	for (at = &exec->running; *at != job; at = &(*at)->next)
		;
	*at = job->next;
	exec->running_count--;
	exec->host->report(exec->host, job->id, outcome(child, detail), detail);
	job_free(job);
	work(exec);
}

static void work(struct exec *exec)
{
	const struct mentorship_host *host = exec->host;
	struct job *job;

	while ((job = exec->waiting) && exec->running_count < host->number(host, "parallel")) {
		exec->waiting = job->next;
		if (!exec->waiting)
			exec->waiting_end = &exec->waiting;
		exec->waiting_count--;
		job->next = exec->running;
		exec->running = job;
		exec->running_count++;
		job->child = must(calloc(1, sizeof *job->child));
		job->child->done = message_done;
		job->child->data = job;
		run(exec, job->child, job->text);
		job->text = NULL;
	}
}

static int deliver(void *self, const struct mentorship_message *message)
{
	struct exec *exec = self;
	const struct mentorship_host *host = exec->host;
	const char *wrong = child_untrusted(host->text(host, "program"));
	char detail[DETAIL_SIZE];
	struct job *job;

	if (wrong) {
		snprintf(detail, sizeof detail, "the program %s", wrong);
		return host->report(host, message->id, MENTORSHIP_BROKEN, detail);
	}
	if (exec->waiting_count >= QUEUE_MOST)
		return host->refuse(host, "%d messages wait already: the program is slower than they come", QUEUE_MOST);
	job = must(calloc(1, sizeof *job));
	job->exec = exec;
	job->id = message->id;
	job->text = host->number(host, "format") == TEXT ? message_text(message) : message_json(host, message);
	*exec->waiting_end = job;
	exec->waiting_end = &job->next;
	exec->waiting_count++;
	work(exec);
	return 0;
}

/* ---- events ---- */

static void next_event(struct exec *exec);

static void event_over(struct exec *exec)
{
	exec->host->event_done(exec->host, exec->events.first->sequence);
	events_drop(&exec->events);
	exec->pause_seconds = 0;
}

static void pass_over(struct exec *exec, const char *why)
{
	char text[200];

	snprintf(text, sizeof text, "event %lld is passed over: %s", (long long)exec->events.first->sequence, why);
	exec->host->log(exec->host, MENTORSHIP_WARNING, text);
	event_over(exec);
}

static void try_later(struct exec *exec)
{
	struct timeval wait = { 0 };

	exec->pause_seconds = exec->pause_seconds ? exec->pause_seconds * 2 : PAUSE_FIRST;
	if (exec->pause_seconds > PAUSE_MOST)
		exec->pause_seconds = PAUSE_MOST;
	wait.tv_sec = exec->pause_seconds;
	event_add(exec->pause, &wait);
}

static void event_ran(struct child *child)
{
	struct exec *exec = child->data;
	char detail[DETAIL_SIZE];
	int what = outcome(child, detail);

	child_free(child);
	exec->event_child = NULL;
	if (exec->events.first->test) { /* once: who tries it waits for the answer */
		exec->host->tested(exec->host, exec->events.first->sequence, what, detail);
		event_over(exec);
		next_event(exec);
		return;
	}
	if (what == MENTORSHIP_LATER || what == MENTORSHIP_UNKNOWN) {
		try_later(exec);
		return;
	}
	if (what == MENTORSHIP_SENT)
		event_over(exec);
	else
		pass_over(exec, detail);
	next_event(exec);
}

static void next_event(struct exec *exec)
{
	const struct mentorship_host *host = exec->host;
	struct kept_event *event;

	while (!exec->event_child && (event = exec->events.first)) {
		const char *wrong;
		char detail[DETAIL_SIZE];

		if (event->test && !*host->text(host, "events")) {
			host->tested(host, event->sequence, MENTORSHIP_SENT, "no events are handed over: the setting events is empty");
			event_over(exec);
			continue;
		}
		if (!event->test && !events_wanted(host->text(host, "events"), event->kind)) {
			event_over(exec);
			continue;
		}
		wrong = child_untrusted(host->text(host, "program"));
		if (wrong) {
			snprintf(detail, sizeof detail, "the program %s", wrong);
			if (event->test)
				host->tested(host, event->sequence, MENTORSHIP_BROKEN, detail);
			pass_over(exec, detail);
			continue;
		}
		exec->event_child = must(calloc(1, sizeof *exec->event_child));
		exec->event_child->done = event_ran;
		exec->event_child->data = exec;
		run(exec, exec->event_child, host->number(host, "format") == TEXT ? event_text(event) : event_json(event));
	}
}

static void on_pause(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	next_event(data);
}

static int take_event(void *self, const struct mentorship_event *event)
{
	struct exec *exec = self;

	if (exec->events.count >= EVENTS_MOST)
		return exec->host->refuse(exec->host, "%d events wait for the program: look why it does not take them", EVENTS_MOST);
	events_keep(&exec->events, event);
	if (exec->events.count == 1 || (event->test && event_pending(exec->pause, EV_TIMEOUT, NULL))) {
		event_del(exec->pause); /* who tries it wants to know now, so the one before it is tried again at once */
		next_event(exec);
	}
	return 0;
}

/* ---- begin and end ---- */

static int load(const struct mentorship_host *host, void **self)
{
	struct exec *exec = must(calloc(1, sizeof *exec));

	signal(SIGPIPE, SIG_IGN);
	exec->host = host;
	exec->waiting_end = &exec->waiting;
	*self = exec;
	return 0;
}

static int configure(void *self)
{
	struct exec *exec = self;
	const struct mentorship_host *host = exec->host;
	const char *wrong = child_untrusted(host->text(host, "program"));

	if (wrong)
		return host->refuse(host, "program %s: give a program that only root or this account can change", wrong);
	if (!events_words_valid(host->text(host, "events")))
		return host->refuse(host, "events holds a word that is no kind of event: write words such as match.accept or match.*");
	return 0;
}

static int ready(void *self)
{
	struct exec *exec = self;

	exec->pause = must(evtimer_new(exec->host->loop(exec->host), on_pause, exec));
	return 0;
}

static void jobs_free(struct job *job)
{
	while (job) {
		struct job *next = job->next;

		job_free(job);
		job = next;
	}
}

static void unload(void *self)
{
	struct exec *exec = self;

	jobs_free(exec->waiting);
	jobs_free(exec->running);
	if (exec->event_child)
		child_free(exec->event_child);
	events_free(&exec->events);
	if (exec->pause)
		event_free(exec->pause);
	free(exec);
}

MENTORSHIP_PLUGIN(MENTORSHIP_NOTIFIER | MENTORSHIP_EVENT_SINK) = { MENTORSHIP_STAMP(MENTORSHIP_NOTIFIER | MENTORSHIP_EVENT_SINK), "exec",
	MENTORSHIP_VERSION, "GPL-3.0-or-later", "Hands messages and events to a program.", settings, load, configure, ready, deliver,
	take_event, unload };
