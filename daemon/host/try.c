/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plugin tried by who writes or sets it up: no daemon, no link, the terminal instead.
 *
 * The trial takes the way of a real host: the file is examined before it is loaded, writing is confined to the directory, settings are
 * checked, each callback has its deadline. One message or event is handed over, pages are made up, and what the plugin calls is
 * printed. Nothing is kept, and nothing of a real person is needed.
 */
#include "host.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clean.h"
#include "guard.h"

/* The file of a path as directory and name; E_INVALID if it is not called NAME.so. */
static int path_split(const char *path, char *directory, size_t size, char *name, size_t name_size, struct problem *problem)
{
	const char *file = strrchr(path, '/');
	size_t length;

	snprintf(directory, size, "%.*s", file ? (int)(file - path + (file == path)) : 1, file ? path : ".");
	file = file ? file + 1 : path;
	length = strlen(file);
	if (length <= 3 || length >= name_size || strcmp(file + length - 3, ".so"))
		return problem_set(problem, E_INVALID, NULL, "%s is not called NAME.so; name the file as the plugin names itself", path);
	snprintf(name, name_size, "%.*s", (int)length - 3, file);
	return 0;
}

int try_check(const char *plugin)
{
	static const char *const words[] = { "notifier", "survey-channel", "directory", "event-sink" };
	char directory[4096], name[256];
	struct problem problem = { 0 };
	struct plugin_file file = { .fd = -1 };
	int r = path_split(plugin, directory, sizeof directory, name, sizeof name, &problem);

	if (!r)
		r = plugin_file_examine(directory, name, true, &file, &problem);
	if (r) {
		fprintf(stderr, "%s\n", problem.text);
		return EXIT_CONFIG;
	}
	printf("abi %u.%u\nsize %u\ncapabilities", file.note.abi, file.note.minor, file.note.size);
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (file.note.capabilities & (1u << i))
			printf(" %s", words[i]);
	putchar('\n');
	plugin_file_close(&file);
	return 0;
}

/* ---- a trial ---- */

/* What --message may say: the message or the event that the plugin is given. Read and checked as settings are. */
static const struct mentorship_setting table[] = {
	{ .name = "address", .initial = "somebody@example.org", .min = 3, .max = 254 },
	{ .name = "name", .initial = "Sam Example", .max = 200 },
	{ .name = "language", .initial = "en", .min = 2, .max = 35 },
	{ .name = "subject", .initial = "A message to try a plugin with", .min = 1, .max = 400 },
	{ .name = "text", .initial = "This message was made to try a plugin with." },
	{ .name = "html" },
	{ .name = "message_id", .initial = "trial-1@example.org", .min = 3, .max = 250 },
	{ .name = "reply_to" },
	{ .name = "list_id" },
	{ .name = "list_name" },
	{ .name = "unsubscribe" },
	{ .name = "sender_name", .initial = "Example School" },
	{ .name = "meeting_start", .kind = MENTORSHIP_NUMBER },
	{ .name = "meeting_end", .kind = MENTORSHIP_NUMBER },
	{ .name = "meeting_zone", .initial = "UTC" },
	{ .name = "meeting_summary", .initial = "A meeting" },
	{ .name = "meeting_place" },
	{ .name = "event_kind", .initial = "match.accept" },
	{ .name = "event_path", .initial = "/org/mentorship1/matches/1" },
	{ .name = "seconds", .kind = MENTORSHIP_NUMBER, .initial = "10", .min = 1, .max = 3600 },
	{ 0 },
};

enum {
	TRIAL_ID = 1
};

struct trial {
	struct host host;
	struct values given;
	bool reported, event_done, served; /* served: it shows pages, and runs until the seconds are over */
	int outcome, questions;
};

static void line(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a plugin says is cleaned as it is for the journal. */
static void line(const char *what, const char *format, ...)
{
	char text[1000], clean[1000];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	clean_line(clean, sizeof clean, text);
	printf("%-10s %s\n", what, clean);
}

static void on_called(const struct host *host, const char *callback, int seconds, int64_t usec, int result)
{
	(void)host;
	line(callback, "%s after %lld ms of %d", result ? "refused" : "returned", (long long)usec / 1000, seconds * 1000);
}

static const char *const outcome_words[] = { "sent", "later", "refused", "unknown", "broken" };

static void on_reported(struct host *host, int64_t id, int outcome, const char *detail)
{
	struct trial *trial = host->way;

	trial->reported = true;
	trial->outcome = outcome;
	line("report", "message %lld: %s, %s", (long long)id, outcome_words[outcome], detail);
}

static int on_bounced(struct host *host, const struct mentorship_bounce *bounce, mentorship_bounce_function done, void *data)
{
	(void)host;
	(void)done;
	(void)data;
	line("bounced", "%s: %s; the trial has no such mail, so it stays where it is", bounce->message_id, bounce->status);
	return -1;
}

static void on_tested(struct host *host, int64_t sequence, int outcome, const char *detail)
{
	(void)host;
	line("tested", "event %lld: %s, %s", (long long)sequence, outcome_words[outcome], detail);
}

static void on_event_done(struct host *host, int64_t sequence)
{
	struct trial *trial = host->way;

	trial->event_done = true;
	line("event_done", "%lld", (long long)sequence);
}

/* ---- pages: any token opens the same one, any answer is done ---- */

struct asked {
	struct trial *trial;
	mentorship_page_function done;
	void *data;
	bool answer;
};

static void show_page(evutil_socket_t fd, short what, void *data)
{
	static const struct mentorship_part form[] = {
		{ .size = sizeof *form, .kind = MENTORSHIP_PARAGRAPH, .text = "This page was made to try a plugin with." },
		{ .size = sizeof *form, .kind = MENTORSHIP_LINE, .name = "word", .text = "Any word", .max = 80 },
		{ .size = sizeof *form,
			.kind = MENTORSHIP_BUTTON,
			.flags = MENTORSHIP_PART_PRIMARY,
			.name = "do",
			.value = "send",
			.text = "Send" },
	};
	static const struct mentorship_part thanks[] = {
		{ .size = sizeof *thanks, .kind = MENTORSHIP_PARAGRAPH, .text = "It was taken." }
	};
	struct mentorship_part parts[3];
	struct asked asked = *(struct asked *)data;
	size_t count = asked.answer ? 1 : 3;
	struct mentorship_page page = { .size = sizeof page,
		.status = asked.answer ? MENTORSHIP_PAGE_DONE : MENTORSHIP_PAGE_SHOWN,
		.language = "en",
		.title = "A trial",
		.institution = "Example School",
		.program = "",
		.hash = "trial",
		.parts = parts,
		.part_count = count };

	(void)fd;
	(void)what;
	free(data);
	memcpy(parts, asked.answer ? thanks : form, count * sizeof *parts);
	for (size_t i = 0; i < count; i++) {
		const char **texts[] = { &parts[i].name, &parts[i].text, &parts[i].value, &parts[i].error, &parts[i].hint,
			&parts[i].shown_if };

		for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
			if (!*texts[j])
				*texts[j] = "";
	}
	asked.trial->questions--;
	asked.done(asked.data, &page);
}

static int on_asked(struct host *host, const struct question *question, mentorship_page_function done, void *data)
{
	struct trial *trial = host->way;
	struct asked *asked;

	if (trial->questions == QUESTIONS_MOST)
		return -1;
	asked = malloc(sizeof *asked);
	if (!asked)
		abort();
	*asked = (struct asked){ trial, done, data, question->hash != NULL };
	line(question->hash ? "answer" : "open", "asked with a token of %zu characters and %zu fields", strlen(question->token),
		question->count);
	if (event_base_once(host->base, -1, EV_TIMEOUT, show_page, asked, &(struct timeval){ 0, 0 }))
		abort();
	trial->questions++;
	return 0;
}

/* ---- what is handed over ---- */

static const char *word(const struct trial *trial, const char *name)
{
	return values_find(&trial->given, name)->text;
}

static const char *word_or_none(const struct trial *trial, const char *name)
{
	const char *text = word(trial, name);

	return *text ? text : NULL;
}

static int64_t number(const struct trial *trial, const char *name)
{
	return values_find(&trial->given, name)->number;
}

static void deliver(struct trial *trial)
{
	const struct mentorship_calendar calendar = { .size = sizeof calendar,
		.uid = "trial-meeting@example.org",
		.stamp = time(NULL),
		.start = number(trial, "meeting_start"),
		.end = number(trial, "meeting_end"),
		.zone = word(trial, "meeting_zone"),
		.summary = word(trial, "meeting_summary"),
		.place = word_or_none(trial, "meeting_place"),
		.organizer_name = word(trial, "sender_name"),
		.organizer_address = "organizer@example.org" };
	const struct mentorship_message message = { .size = sizeof message,
		.test = 1,
		.id = TRIAL_ID,
		.address = word(trial, "address"),
		.name = word(trial, "name"),
		.language = word(trial, "language"),
		.subject = word(trial, "subject"),
		.text = word(trial, "text"),
		.html = word_or_none(trial, "html"),
		.message_id = word(trial, "message_id"),
		.reply_to = word_or_none(trial, "reply_to"),
		.list_id = word_or_none(trial, "list_id"),
		.list_name = word_or_none(trial, "list_name"),
		.unsubscribe = word_or_none(trial, "unsubscribe"),
		.calendar = calendar.start ? &calendar : NULL,
		.attempt = 1,
		.expires = time(NULL) + 3600,
		.sender_name = word(trial, "sender_name") };

	plugin_deliver(&trial->host, &message);
}

static int tell(struct trial *trial, struct problem *problem)
{
	const struct mentorship_event event = { .size = sizeof event,
		.sequence = TRIAL_ID,
		.kind = word(trial, "event_kind"),
		.path = word(trial, "event_path"),
		.version = 1,
		.at = time(NULL),
		.test = 1 };

	return plugin_event(&trial->host, &event, problem);
}

static bool finished(const struct trial *trial)
{
	uint64_t has = trial->host.plugin.capabilities;

	return !trial->served && (trial->reported || !(has & MENTORSHIP_NOTIFIER)) && (trial->event_done || !(has & MENTORSHIP_EVENT_SINK));
}

static void on_tick(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
	guard_loop();
}

static void wait_for_it(struct trial *trial)
{
	struct event *tick = event_new(trial->host.base, -1, EV_PERSIST, on_tick, NULL);
	time_t until = time(NULL) + number(trial, "seconds");

	if (!tick || event_add(tick, &(struct timeval){ 0, 100000 }))
		abort();
	while (!finished(trial) && time(NULL) < until)
		event_base_loop(trial->host.base, EVLOOP_ONCE);
	while (trial->questions) /* each is answered, also when the seconds are over */
		event_base_loop(trial->host.base, EVLOOP_ONCE);
	event_free(tick);
}

/* ---- the order of it ---- */

static void print_plugin(const struct host *host)
{
	const struct mentorship_plugin *plugin = &host->plugin;

	line("plugin", "%s %s (%s): %s", plugin->name, plugin->version, plugin->licence, plugin->summary);
	for (int i = 0; i < host->values.count; i++) {
		const struct mentorship_setting *row = &host->values.table[i];
		const struct value *value = &host->values.list[i];
		bool quoted = row->kind != MENTORSHIP_NUMBER && row->kind != MENTORSHIP_YESNO;
		const char *held = row->kind != MENTORSHIP_CREDENTIAL ? "" : value->secret ? " (it is there)" : " (it is not there)";

		line("setting", quoted ? "%s = \"%s\"%s" : "%s = %s%s", row->name, value->text, held);
	}
}

static int file_there(const char *path, struct problem *problem)
{
	if (!path || !access(path, R_OK))
		return 0;
	return problem_set(problem, E_INVALID, NULL, "%s cannot be read: %s", path, strerror(errno));
}

/* Where the plugin may write: --state, or a new directory that stays, for its user to look into. */
static int place(const char *state, char *ret, struct problem *problem)
{
	snprintf(ret, PATH_MAX, "/tmp/mentorship-try-XXXXXX");
	if (state ? realpath(state, ret) != NULL : mkdtemp(ret) != NULL) {
		if (!state)
			line("directory", "%s", ret);
		return 0;
	}
	return problem_set(
		problem, E_INVALID, NULL, "%s cannot be used as the plugin's directory: %s", state ? state : "/tmp", strerror(errno));
}

static int prepare(struct trial *trial, const struct try_arguments *a, const char *directory, char *state, struct problem *problem)
{
	struct plugin_file file = { .fd = -1 };
	struct problem unconfined = { 0 };
	int r = file_there(a->settings, problem);

	if (!r)
		r = file_there(a->message, problem);
	if (!r)
		r = values_read(table, a->message ? a->message : "", NULL, true, &trial->given, problem);
	if (!r)
		r = place(a->state, state, problem);
	if (!r)
		r = plugin_file_examine(directory, trial->host.name, true, &file, problem);
	if (r)
		return r;
	if (confine_files(state, &unconfined))
		fprintf(stderr, "its writing is not confined: %s\n", unconfined.text);
	r = plugin_load(&trial->host, &file, problem);
	if (!r)
		r = values_read(trial->host.plugin.settings, a->settings, a->credentials, true, &trial->host.values, problem);
	if (!r)
		print_plugin(&trial->host);
	return r ? r : plugin_start(&trial->host, problem);
}

static int run(struct trial *trial, struct problem *problem)
{
	uint64_t has = trial->host.plugin.capabilities;

	trial->served = has & MENTORSHIP_SURVEY_CHANNEL;
	if (has & MENTORSHIP_NOTIFIER)
		deliver(trial);
	if (has & MENTORSHIP_EVENT_SINK && tell(trial, problem))
		return problem->code;
	wait_for_it(trial);
	trial->served = false;
	if (!finished(trial))
		return problem_set(problem, E_UNAVAILABLE, NULL,
			"after %lld seconds there is no %s; call it, or give the trial more `seconds` in the file of the message",
			(long long)number(trial, "seconds"), trial->reported || !(has & MENTORSHIP_NOTIFIER) ? "event_done" : "report");
	if (has & MENTORSHIP_NOTIFIER && trial->outcome != MENTORSHIP_SENT)
		return problem_set(problem, E_UNAVAILABLE, NULL, "the message was not sent");
	return 0;
}

int try_plugin(const struct try_arguments *a)
{
	static const struct ways ways = { on_reported, on_asked, on_event_done, on_bounced, on_tested };
	struct trial trial = { .host = { .ways = NULL } };
	char directory[4096], name[256], state[PATH_MAX];
	struct problem problem = { 0 };
	int status = EXIT_CONFIG;

	setlinebuf(stdout);
	if (!path_split(a->plugin, directory, sizeof directory, name, sizeof name, &problem)) {
		confine_process();
		trial.host.name = name;
		trial.host.state = state;
		trial.host.base = event_base_new();
		if (!trial.host.base)
			abort();
		guard_start(name);
		offer_make(&trial.host);
		trial.host.ways = &ways;
		trial.host.way = &trial;
		trial.host.called = on_called;
		if (!prepare(&trial, a, directory, state, &problem))
			status = run(&trial, &problem) ? 1 : 0;
		plugin_stop(&trial.host);
		values_free(&trial.host.values);
		values_free(&trial.given);
		event_base_free(trial.host.base);
	}
	line("result", status ? "%s" : "good", problem.text);
	fflush(stdout);
	return status;
}
