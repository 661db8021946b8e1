/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin that misbehaves as its setting `how` says, or, built with -D..., before anything can be set:
 *
 *	-DMARK="path"   its constructor makes that file: it is not there where no code of the plugin ran
 *	-DLEAVES        its constructor calls exit(0)
 *	-DDIES          its constructor crashes
 *	-DNAPS          its constructor sleeps for a minute
 *	-DNO_DELIVER, -DNO_UNLOAD   callbacks that are mandatory are missing
 *	-DCAPABILITY=N  what it says it can
 *	-DMINOR=N       the minor version that it says it was built against
 */
#include <mentorship-plugin.h>

#ifdef MINOR
#undef MENTORSHIP_PLUGIN_MINOR
#define MENTORSHIP_PLUGIN_MINOR MINOR
#endif

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifndef CAPABILITY
#define CAPABILITY MENTORSHIP_NOTIFIER
#endif

static const struct mentorship_host *host;
static const char *how;

static const struct mentorship_setting settings[] = {
	{ .name = "how", .kind = MENTORSHIP_TEXT, .initial = "well", .min = 1, .max = 40, .help = "What it does wrong." },
	{ 0 },
};

static void nap(int seconds)
{
	struct timespec left = { seconds, 0 };

	while (nanosleep(&left, &left))
		;
}

static int is(const char *word)
{
	return !strcmp(how, word);
}

__attribute__((constructor)) static void construct(void)
{
#ifdef MARK
	int fd = open(MARK, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
#endif
#ifdef LEAVES
	exit(0);
#endif
#ifdef DIES
	raise(SIGSEGV);
#endif
#ifdef NAPS
	nap(60);
#endif
}

static void *other_thread(void *data)
{
	host->log(host, MENTORSHIP_INFO, "from a thread");
	return data;
}

static int load(const struct mentorship_host *given, void **self)
{
	host = given;
	how = host->text(host, "how");
	*self = NULL;
	if (is("sleeps in load"))
		nap(60);
	return is("refuses load") ? host->refuse(host, "load does not want to; \xff\x1b[31m let it be.") : 0;
}

static int configure(void *self)
{
	(void)self;
	return is("refuses configure") ? host->refuse(host, "how is not what it must be; set it.") : 0;
}

char *volatile leaked;

/* 40 MB at a time, and none is ever freed. */
static void leak(evutil_socket_t fd, short what, void *data)
{
	size_t size = 40 << 20;
	char *bytes = malloc(size);

	(void)fd;
	(void)what;
	(void)data;
	if (!bytes)
		abort();
	memset(bytes, 1, size);
	leaked = bytes; /* so that no compiler leaves it out */
}

static int leak_soon(void)
{
	const struct timeval often = { 0, 100000 };
	static struct event *timer;

	timer = event_new(host->loop(host), -1, EV_PERSIST, leak, NULL);
	return timer ? event_add(timer, &often) : -1;
}

static int ready(void *self)
{
	(void)self;
	if (is("leaks"))
		return leak_soon();
	if (is("crashes in ready"))
		raise(SIGSEGV);
	if (is("is killed in ready")) /* a crash of which no sanitizer speaks */
		raise(SIGKILL);
	if (is("refuses ready silently"))
		return -1;
	if (is("forks") && !fork()) {
		nap(60);
		_exit(0);
	}
	return 0;
}

static void no_page(void *data, const struct mentorship_page *page)
{
	(void)data;
	(void)page;
}

static void call_what_is_not_allowed(void)
{
	int opened = host->open(host, "token", "client", no_page, NULL), done = host->event_done(host, 1);

	host->log(host, MENTORSHIP_INFO, opened == -1 && done == -1 ? "both refused" : "not refused");
}

static void report_strangers(int64_t id)
{
	int other = host->report(host, id + 1, MENTORSHIP_SENT, "250"), word = host->report(host, id, 77, "250");
	int right = host->report(host, id, MENTORSHIP_SENT, "250"), again = host->report(host, id, MENTORSHIP_SENT, "250");

	host->log(host, MENTORSHIP_INFO, other == -1 && word == -1 && !right && again == -1 ? "as it should be" : "wrong answers");
}

static void bounce_answered(void *data, int answer)
{
	static const char *const words[] = { "answer: taken", "answer: unknown", "answer: again" };

	host->log(host, MENTORSHIP_INFO, answer >= 0 && answer < 3 && data == &host ? words[answer] : "answer: wrong");
}

/* Only the last of them is one. */
static void bounce(int64_t id)
{
	struct mentorship_bounce bounce = {
		.size = sizeof bounce, .id = id, .message_id = "m\xff\n@x", .status = "5.1.1", .detail = "550"
	};
	int wrong = host->bounced(host, NULL, bounce_answered, NULL) + host->bounced(host, &bounce, NULL, NULL);

	bounce.size = 8;
	wrong += host->bounced(host, &bounce, bounce_answered, NULL);
	bounce.size = sizeof bounce;
	if (wrong != -3 || host->bounced(host, &bounce, bounce_answered, &host))
		host->log(host, MENTORSHIP_INFO, "answer: wrong");
}

static int deliver(void *self, const struct mentorship_message *message)
{
	char many[4000];
	pthread_t thread;

	(void)self;
	if (is("crashes"))
		raise(SIGSEGV);
	if (is("exits"))
		exit(0);
	if (is("sleeps"))
		nap(60);
	if (is("not taken"))
		return host->refuse(host, "the queue is full; wait.");
	if (is("keeps it"))
		return 0;
	if (is("bounces"))
		bounce(message->id);
	if (is("simulated"))
		host->log(host, MENTORSHIP_INFO, host->simulated ? "simulated 1" : "simulated 0");
	if (is("calls"))
		call_what_is_not_allowed();
	if (is("thread") && !pthread_create(&thread, NULL, other_thread, NULL))
		pthread_join(thread, NULL);
	if (is("writes")) {
		int fd = open(message->subject, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

		host->log(host, MENTORSHIP_INFO, fd < 0 ? "could not write" : "wrote");
		if (fd >= 0)
			close(fd);
	}
	if (is("floods its journal"))
		for (int i = 0; i < 100000; i++)
			host->log(host, MENTORSHIP_INFO, "all is well");
	memset(many, 'x', sizeof many);
	many[sizeof many - 1] = '\0';
	if (is("strangers"))
		report_strangers(message->id);
	else if (is("utf8"))
		host->report(host, message->id, MENTORSHIP_REFUSED, "550 \xff\xfe\x80 \x1b[31m\r\n\xe2\x80\xae no");
	else if (is("long"))
		host->report(host, message->id, MENTORSHIP_REFUSED, many);
	else if (is("null"))
		host->report(host, message->id, MENTORSHIP_REFUSED, NULL);
	else
		host->report(host, message->id, MENTORSHIP_SENT, "250 ok");
	return 0;
}

static int event(void *self, const struct mentorship_event *event)
{
	(void)self;
	if (is("refuses events"))
		return host->refuse(host, "no more of them; stop.");
	if (event->test) {
		int other = host->tested(host, event->sequence + 1, MENTORSHIP_SENT, ""), word = host->tested(host, event->sequence, 9, "");
		int right = host->tested(host, event->sequence, MENTORSHIP_SENT, "as it should be");

		if (other != -1 || word != -1 || right || host->tested(host, event->sequence, MENTORSHIP_SENT, "twice") != -1)
			host->log(host, MENTORSHIP_INFO, "wrong answers");
	} else if (host->tested(host, event->sequence, MENTORSHIP_SENT, "no test") != -1) {
		host->log(host, MENTORSHIP_INFO, "wrong answers");
	}
	if (!is("never done"))
		host->event_done(host, is("future") ? event->sequence + 5 : event->sequence);
	return 0;
}

static void unload(void *self)
{
	(void)self;
	if (is("hangs in unload"))
		nap(60);
}

MENTORSHIP_PLUGIN(CAPABILITY) = {
	MENTORSHIP_STAMP(CAPABILITY),
	.name = "bad",
	.version = "1.0",
	.licence = "GPL-3.0-or-later",
	.summary = "Misbehaves.",
	.settings = settings,
	.load = load,
	.configure = configure,
	.ready = ready,
#ifndef NO_DELIVER
	.deliver = deliver,
#endif
	.event = event,
#ifndef NO_UNLOAD
	.unload = unload,
#endif
};
