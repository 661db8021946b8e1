/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugin_driver PLUGIN.so SETTINGS [--seconds N] [--repeat N] <LINES
 *
 * A host for tests: loads one plugin, runs it on a loop of its own and prints what it calls, a line each. SETTINGS holds NAME=VALUE
 * lines; a credential is a file of $CREDENTIALS_DIRECTORY. LINES are JSON: {"deliver": {...}}, {"event": {...}}; all are handed over
 * at the start (32 messages at a time), and the driver unloads the plugin when each has its outcome or the seconds are over. A ticking
 * clock shows how long the plugin kept the loop: "longest MS", and "unload MS". --simulated 1: the daemon's clock is simulated; --stay 1: it
 * runs until the seconds are over; --answer N: what the daemon answers to a mail that came back, -1: it is not there.
 */
#include <mentorship-plugin.h>

#include <dlfcn.h>
#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HOLDS = 32,
	TICK_MS = 5,
	LINES = 4096
};

static struct driver {
	const struct mentorship_plugin *plugin;
	void *self;
	struct event_base *base;
	struct {
		const char *name;
		char value[1200], secret[256];
	} values[64];
	size_t value_count;
	json_t *lines[LINES];
	size_t line_count, at;
	long repeat, held, outcomes;
	int64_t last_event, done_event;
	double longest, ticked;
	bool quiet, stays;
	int answer;
} driver;

static double now_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1000 + (double)at.tv_nsec / 1e6;
}

/* ---- what a host offers ---- */

static struct event_base *loop(const struct mentorship_host *host)
{
	(void)host;
	return driver.base;
}

static const struct mentorship_setting *row(const char *name)
{
	for (const struct mentorship_setting *at = driver.plugin->settings; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	fprintf(stderr, "the plugin asks for %s, which its table does not have\n", name);
	exit(3);
}

static const char *text(const struct mentorship_host *host, const char *name)
{
	const struct mentorship_setting *setting = row(name);

	(void)host;
	for (size_t i = 0; i < driver.value_count; i++)
		if (strcmp(driver.values[i].name, name) == 0)
			return driver.values[i].value;
	return setting->initial ? setting->initial : "";
}

static int64_t number(const struct mentorship_host *host, const char *name)
{
	const struct mentorship_setting *setting = row(name);
	const char *value = text(host, name);
	int64_t index = 0;
	char words[256], *rest = words, *word;

	if (setting->kind != MENTORSHIP_CHOICE)
		return strcmp(value, "true") == 0 ? 1 : strtoll(value, NULL, 10);
	snprintf(words, sizeof words, "%s", setting->choices);
	for (; (word = strsep(&rest, " ")); index++)
		if (strcmp(word, value) == 0)
			return index;
	fprintf(stderr, "%s is no choice of %s\n", value, name);
	exit(3);
}

static const char *credential(const struct mentorship_host *host, const char *setting)
{
	const char *name = text(host, setting), *directory = getenv("CREDENTIALS_DIRECTORY");
	char path[512];
	FILE *file;
	size_t i = 0;

	while (i < driver.value_count && strcmp(driver.values[i].name, setting) != 0)
		i++;
	if (i == driver.value_count || !directory)
		return NULL;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	driver.values[i].secret[0] = 0;
	if (!fgets(driver.values[i].secret, sizeof driver.values[i].secret, file))
		driver.values[i].secret[0] = 0;
	fclose(file);
	driver.values[i].secret[strcspn(driver.values[i].secret, "\n")] = 0;
	return driver.values[i].secret;
}

static const char *directory(const struct mentorship_host *host)
{
	(void)host;
	return ".";
}

static void note(const struct mentorship_host *host, int level, const char *line)
{
	(void)host;
	printf("log %d %s\n", level, line);
}

__attribute__((format(printf, 2, 3))) static int refuse(const struct mentorship_host *host, const char *format, ...)
{
	va_list arguments;

	(void)host;
	printf("refused ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	return -1;
}

static void feed(void);

static int report(const struct mentorship_host *host, int64_t id, int outcome, const char *detail)
{
	static const char *const words[] = { "SENT", "LATER", "REFUSED", "UNKNOWN", "BROKEN" };

	(void)host;
	if (outcome < 0 || outcome > 4 || !detail)
		abort();
	if (!driver.quiet)
		printf("report %lld %s %s\n", (long long)id, words[outcome], detail);
	driver.held--;
	driver.outcomes += outcome == MENTORSHIP_SENT || !driver.repeat;
	return 0;
}

static int event_done(const struct mentorship_host *host, int64_t sequence)
{
	(void)host;
	printf("done %lld\n", (long long)sequence);
	driver.done_event = sequence;
	return 0;
}

/* The daemon's answer to a mail that came back; -1: there is no daemon. It comes a turn of the loop later. */
static struct asked {
	mentorship_bounce_function done;
	void *data;
	int answer;
} asked;

static void answer(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
	asked.done(asked.data, asked.answer);
}

static int bounced(const struct mentorship_host *host, const struct mentorship_bounce *bounce, mentorship_bounce_function done, void *data)
{
	(void)host;
	printf("bounced %s %lld %s %s\n", bounce->message_id ? bounce->message_id : "-", (long long)bounce->id, bounce->status,
		bounce->detail);
	if (driver.answer < 0)
		return -1;
	asked = (struct asked){ done, data, driver.answer };
	event_base_once(driver.base, -1, EV_TIMEOUT, answer, NULL, &(struct timeval){ 0, 1000 });
	return 0;
}

static int tested(const struct mentorship_host *host, int64_t sequence, int outcome, const char *detail)
{
	(void)host;
	printf("tested %lld %d %s\n", (long long)sequence, outcome, detail);
	return 0;
}

static struct mentorship_host host = { .size = sizeof host,
	.minor = MENTORSHIP_PLUGIN_MINOR,
	.loop = loop,
	.text = text,
	.number = number,
	.credential = credential,
	.directory = directory,
	.log = note,
	.refuse = refuse,
	.report = report,
	.event_done = event_done,
	.bounced = bounced,
	.tested = tested };

/* ---- what is handed over ---- */

static const char *string(const json_t *object, const char *name, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : otherwise;
}

static int64_t integer(const json_t *object, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(object, name);

	return value ? json_integer_value(value) : otherwise;
}

static void deliver(const json_t *given, int64_t id)
{
	const json_t *meeting = json_object_get(given, "calendar");
	struct mentorship_calendar calendar = { sizeof calendar, (uint32_t)integer(meeting, "cancels", 0), string(meeting, "uid", "u"),
		integer(meeting, "sequence", 0), integer(meeting, "stamp", 0), integer(meeting, "start", 0), integer(meeting, "end", 0),
		string(meeting, "zone", "UTC"), string(meeting, "rule", NULL), string(meeting, "summary", "s"),
		string(meeting, "description", NULL), string(meeting, "place", NULL), string(meeting, "organizer_name", ""),
		string(meeting, "organizer_address", "o@uni.test") };
	struct mentorship_message message = { sizeof message, 0, id, string(given, "address", "a@uni.test"), string(given, "name", ""),
		string(given, "language", "en"), string(given, "subject", "Test"), string(given, "text", "Hello\n"),
		string(given, "html", NULL), string(given, "message_id", "1@uni.test"), string(given, "reply_to", NULL),
		string(given, "list_id", NULL), string(given, "list_name", NULL), string(given, "unsubscribe", NULL),
		meeting ? &calendar : NULL, 1, integer(given, "expires", INT64_MAX), string(given, "sender_name", "University") };

	driver.held++;
	if (driver.plugin->deliver(driver.self, &message) < 0) {
		printf("not taken %lld\n", (long long)id);
		driver.held--;
	}
}

static void tell(const json_t *given)
{
	struct mentorship_event event = { sizeof event, 0, integer(given, "sequence", 1), string(given, "kind", "match.accept"),
		string(given, "path", "/org/mentorship1/matches/12"), integer(given, "version", 1), integer(given, "at", 1795600000),
		integer(given, "test", 0) };

	driver.last_event = event.sequence;
	if (driver.plugin->event(driver.self, &event) < 0) {
		printf("event not taken %lld\n", (long long)event.sequence);
		driver.done_event = event.sequence;
	}
}

static void feed(void)
{
	size_t all = driver.repeat ? (size_t)driver.repeat : driver.line_count;

	for (; driver.at < all && driver.held < HOLDS; driver.at++) {
		const json_t *line = driver.lines[driver.repeat ? 0 : driver.at];

		if (json_object_get(line, "deliver"))
			deliver(json_object_get(line, "deliver"), (int64_t)driver.at + 1);
		else
			tell(json_object_get(line, "event"));
	}
	if (!driver.stays && driver.at >= all && driver.held == 0 && driver.done_event >= driver.last_event)
		event_base_loopbreak(driver.base);
}

static void tick(evutil_socket_t fd, short what, void *data)
{
	double now = now_ms();

	(void)fd;
	(void)what;
	(void)data;
	if (now - driver.ticked - TICK_MS > driver.longest)
		driver.longest = now - driver.ticked - TICK_MS;
	driver.ticked = now;
	feed();
}

static void over(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
	printf("time is over\n");
	event_base_loopbreak(driver.base);
}

/* ---- the run ---- */

static void read_settings(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[1200];

	if (!file) {
		perror(path);
		exit(3);
	}
	while (fgets(line, sizeof line, file)) {
		char *value = strchr(line, '=');

		if (!value || driver.value_count == sizeof driver.values / sizeof *driver.values)
			exit(3);
		*value++ = 0;
		value[strcspn(value, "\n")] = 0;
		driver.values[driver.value_count].name = row(line)->name;
		snprintf(driver.values[driver.value_count++].value, sizeof driver.values->value, "%s", value);
	}
	fclose(file);
}

static void read_lines(void)
{
	json_error_t error;
	json_t *line;

	while (driver.line_count < LINES && (line = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error)))
		driver.lines[driver.line_count++] = line;
}

static int bring_up(void)
{
	if (driver.plugin->load(&host, &driver.self) < 0)
		return -1;
	if (driver.plugin->configure && driver.plugin->configure(driver.self) < 0)
		return -1;
	return driver.plugin->ready(driver.self);
}

static void run(long seconds)
{
	struct timeval each = { .tv_usec = TICK_MS * 1000 }, end = { .tv_sec = seconds };
	struct event *ticks = event_new(driver.base, -1, EV_PERSIST, tick, NULL), *last = evtimer_new(driver.base, over, NULL);
	double began;

	event_add(ticks, &each);
	event_add(last, &end);
	began = driver.ticked = now_ms();
	feed();
	event_base_dispatch(driver.base);
	printf("longest %.0f\n", driver.longest);
	if (driver.repeat)
		printf("rate %.1f of %ld\n", (double)driver.outcomes * 1000 / (now_ms() - began), driver.outcomes);
	event_free(ticks);
	event_free(last);
}

int main(int count, char **arguments)
{
	struct event_config *config = event_config_new();
	long seconds = 20;
	double began;
	void *object;
	int r;

	if (count < 3)
		return 2;
	for (int i = 3; i + 1 < count; i += 2) {
		if (strcmp(arguments[i], "--seconds") == 0)
			seconds = strtol(arguments[i + 1], NULL, 10);
		else if (strcmp(arguments[i], "--simulated") == 0)
			host.simulated = 1;
		else if (strcmp(arguments[i], "--answer") == 0)
			driver.answer = (int)strtol(arguments[i + 1], NULL, 10);
		else if (strcmp(arguments[i], "--stay") == 0)
			driver.stays = true;
		else
			driver.quiet = (driver.repeat = strtol(arguments[i + 1], NULL, 10)) > 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	object = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
	if (!object) {
		fprintf(stderr, "%s\n", dlerror());
		return 3;
	}
	driver.plugin = dlsym(object, "mentorship_plugin");
	read_settings(arguments[2]);
	read_lines();
	driver.base = event_base_new_with_config(config);
	event_config_free(config);
	r = bring_up();
	if (r == 0)
		run(seconds);
	began = now_ms();
	if (driver.self)
		driver.plugin->unload(driver.self);
	printf("unload %.0f\n", now_ms() - began);
	for (size_t i = 0; i < driver.line_count; i++)
		json_decref(driver.lines[i]);
	event_base_free(driver.base);
	libevent_global_shutdown();
	return r == 0 ? 0 : 1;
}
