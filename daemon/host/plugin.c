/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plugin's callbacks, each under its deadline, and the ids of messages that it holds.
 */
#include "host.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clean.h"
#include "core/text.h"
#include "guard.h"

/* ---- loading ---- */

static int text_fits(const char *what, const char *text, size_t most, struct problem *problem)
{
	struct problem wrong = { 0 };

	if (text && *text && strlen(text) <= most && !text_check(text, strlen(text), 0, &wrong))
		return 0;
	return problem_set(problem, E_INVALID, NULL,
		"the plugin's %s is missing, longer than %zu bytes or no plain text; mend it in its struct", what, most);
}

static int callbacks_check(const struct mentorship_plugin *plugin, struct problem *problem)
{
	const struct {
		const char *name;
		bool there;
	} list[] = {
		{ "load", plugin->load },
		{ "ready", plugin->ready },
		{ "unload", plugin->unload },
		{ "deliver", plugin->deliver || !(plugin->capabilities & MENTORSHIP_NOTIFIER) },
		{ "event", plugin->event || !(plugin->capabilities & MENTORSHIP_EVENT_SINK) },
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (!list[i].there)
			return problem_set(problem, E_INVALID, NULL,
				"the plugin has no callback %s, which is mandatory for it; add it to its struct", list[i].name);
	return 0;
}

static int struct_check(const struct host *host, const struct plugin_note *note, struct problem *problem)
{
	const struct mentorship_plugin *plugin = &host->plugin;
	int count, r;

	if (plugin->abi != note->abi || plugin->minor != note->minor || plugin->size != note->size ||
		plugin->capabilities != note->capabilities)
		return problem_set(problem, E_INVALID, NULL,
			"the plugin's struct says other than its note; give MENTORSHIP_PLUGIN and MENTORSHIP_STAMP the same capabilities");
	if (!plugin->name || !plugin_name_valid(plugin->name) || strcmp(plugin->name, host->name))
		return problem_set(problem, E_INVALID, NULL, "the plugin does not call itself %s; name the file as the plugin names itself",
			host->name);
	r = text_fits("version", plugin->version, 64, problem);
	if (!r)
		r = text_fits("licence", plugin->licence, 128, problem);
	if (!r)
		r = text_fits("summary", plugin->summary, 200, problem);
	if (!r)
		r = callbacks_check(plugin, problem);
	return r ? r : values_table_check(plugin->settings, &count, problem);
}

int plugin_load(struct host *host, struct plugin_file *file, struct problem *problem)
{
	const struct mentorship_plugin *plugin = NULL;
	struct plugin_note note = file->note;
	char path[40];
	int r = 0;

	snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
	guard_begin("its constructor", START_SECONDS);
	host->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	guard_end();
	if (!host->object) {
		char why[300];

		clean_line(why, sizeof why, dlerror());
		r = problem_set(problem, E_INVALID, NULL, "the plugin cannot be loaded: %s", why);
	}
	plugin_file_close(file);
	if (r)
		return r;
	plugin = dlsym(host->object, "mentorship_plugin");
	if (!plugin)
		return problem_set(problem, E_INVALID, NULL,
			"the plugin has a note, and no symbol mentorship_plugin; define it with MENTORSHIP_PLUGIN, and do not hide it");
	memcpy(&host->plugin, plugin, note.size < sizeof host->plugin ? note.size : sizeof host->plugin);
	return struct_check(host, &note, problem);
}

/* ---- one callback ---- */

static int64_t begin(const char *callback, int seconds)
{
	struct timespec now;

	guard_begin(callback, seconds);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int end(const struct host *host, const char *callback, int seconds, int64_t began, int result)
{
	struct timespec now;

	guard_end();
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (host->called)
		host->called(host, callback, seconds, now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 - began, result);
	return result;
}

/* ---- start and stop ---- */

static int refused(struct host *host, const char *callback, int code, struct problem *problem)
{
	if (!*host->refusal.text)
		return problem_set(problem, code, NULL, "the plugin's %s failed, and did not say why", callback);
	*problem = host->refusal;
	return problem->code = code;
}

int plugin_start(struct host *host, struct problem *problem)
{
	int64_t at;
	int r;

	host->refusal = (struct problem){ 0 };
	at = begin("load", START_SECONDS);
	r = end(host, "load", START_SECONDS, at, host->plugin.load(&host->offer, &host->self));
	if (r)
		return refused(host, "load", E_INVALID, problem);
	host->started = true;
	if (host->plugin.configure) {
		at = begin("configure", START_SECONDS);
		r = end(host, "configure", START_SECONDS, at, host->plugin.configure(host->self));
	}
	if (r)
		return refused(host, "configure", E_INVALID, problem);
	at = begin("ready", START_SECONDS);
	r = end(host, "ready", START_SECONDS, at, host->plugin.ready(host->self));
	return r ? refused(host, "ready", E_UNAVAILABLE, problem) : 0;
}

void plugin_stop(struct host *host)
{
	int64_t at;

	if (!host->started)
		return;
	host->started = false;
	at = begin("unload", UNLOAD_SECONDS);
	host->plugin.unload(host->self);
	end(host, "unload", UNLOAD_SECONDS, at, 0);
}

/* ---- messages and events ---- */

bool host_holds(const struct host *host, int64_t id)
{
	for (size_t i = 0; i < host->held_count; i++)
		if (host->held[i] == id)
			return true;
	return false;
}

void plugin_deliver(struct host *host, const struct mentorship_message *message)
{
	char detail[DETAIL_BYTES];
	int64_t at;
	int r;

	if (host->held_count == HELD_MOST) {
		host_say(host, MENTORSHIP_ERROR, "it holds %d messages already; one more is not handed over", HELD_MOST);
		return;
	}
	host->held[host->held_count++] = message->id;
	host->refusal = (struct problem){ 0 };
	at = begin("deliver", DELIVER_SECONDS);
	r = end(host, "deliver", DELIVER_SECONDS, at, host->plugin.deliver(host->self, message));
	if (!r || !host_holds(host, message->id))
		return;
	clean_line(detail, sizeof detail, *host->refusal.text ? host->refusal.text : "the plugin did not take it");
	host->offer.report(&host->offer, message->id, MENTORSHIP_LATER, detail);
}

int plugin_event(struct host *host, const struct mentorship_event *event, struct problem *problem)
{
	int64_t at;
	int r;

	host->refusal = (struct problem){ 0 };
	host->event_offered = event->sequence;
	if (event->test)
		host->event_tested = event->sequence;
	at = begin("event", EVENT_SECONDS);
	r = end(host, "event", EVENT_SECONDS, at, host->plugin.event(host->self, event));
	return r ? refused(host, "event", E_UNAVAILABLE, problem) : 0;
}
