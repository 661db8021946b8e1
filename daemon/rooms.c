/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rooms beside the store and what they ask of each other. None of them includes another, so each gets functions of this file.
 *
 * Whoever commits a turn calls `committed`: signals, work, schedule and unfinished erasures are looked after in one place,
 * whatever the way in was. A failed sync ends the process at once: what SQLite still holds in memory may not be on the disk,
 * and only a new start knows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/service.h"
#include "daemon.h"

enum {
	WAL_PAGES = 4000,
	HEAD_SECONDS = 60
};

/* ---- after every commit ---- */

static void fatal(void *data, const struct problem *problem)
{
	struct daemon *daemon = data;

	(void)problem; /* its text may hold values; the event says which kind it was */
	log_event(EVENT_SYNC_FAILED, NULL);
	service_failed(EIO);
	daemon->status = STATUS_FAILED;
	event_base_loopbreak(daemon->base);
}

static void committed(void *data)
{
	struct daemon *daemon = data;
	struct problem problem = { 0 };
	const struct work *work;
	size_t works = store_work(daemon->store, &work);
	char hex[65];
	int64_t seq;

	bus_publish(daemon->bus);
	for (size_t i = 0; i < works; i++)
		if (!plugins_work(daemon->plugins, &work[i]))
			workers_begin(daemon->workers, &work[i]);
	if (store_wrote(daemon->store)) { /* what only read has planned nothing and queued nothing */
		scheduler_look(daemon->scheduler);
		plugins_look(daemon->plugins);
	}
	if (store_settle(daemon->store, &problem) == E_STORE ||
		(engine_wal_pages(store_engine(daemon->store)) > WAL_PAGES &&
			engine_checkpoint(store_engine(daemon->store), false, &problem) == E_STORE)) {
		fatal(daemon, &problem);
		return;
	}
	store_audit_head(daemon->store, &seq, hex);
	if (seq != daemon->head_seq && !event_pending(daemon->head, EV_TIMEOUT, NULL))
		event_add(daemon->head, &(struct timeval){ HEAD_SECONDS, 0 });
}

static void lost(void *data, const struct problem *problem)
{
	struct daemon *daemon = data;

	log_event(event_of(problem->code), &(struct log_facts){ .code = problem->code });
	if (store_sync_failed(daemon->store))
		fatal(daemon, problem);
}

/* ---- what the bus asks of the others ---- */

struct previewing {
	int (*seen)(void *, const struct bus_preview *);
	void *data;
};

static int preview_one(void *data, const struct scheduled *item)
{
	struct previewing *previewing = data;
	struct bus_preview one = { item->kind, item->entity, item->id, item->due, item->nominal, item->zone };

	return previewing->seen(previewing->data, &one);
}

static int preview(void *data, struct call *call, int64_t until, int64_t usec, int (*seen)(void *, const struct bus_preview *),
	void *seen_data, bool *ret_more)
{
	struct preview_bounds bounds = { until, INT64_MAX, INT64_MAX, usec };
	struct daemon *daemon = data;
	struct previewing previewing = { seen, seen_data };

	return scheduler_preview(daemon->scheduler, &bounds, preview_one, &previewing, ret_more, &call->problem);
}

static int advance(void *data, int64_t until, int64_t *ret_jobs, struct problem *problem)
{
	struct daemon *daemon = data;
	int64_t mail;
	int r;

	if (plugins_busy(daemon->plugins)) /* what is due is on its way first: the clock stands still meanwhile */
		return 1;
	mail = plugins_next(daemon->plugins);
	r = scheduler_advance(
		daemon->scheduler, mail != NONE && mail < until && mail > store_now(daemon->store) ? mail : until, ret_jobs, problem);
	return r ? r : store_now(daemon->store) < until || plugins_busy(daemon->plugins);
}

static void resumed(void *data)
{
	struct daemon *daemon = data;

	log_event(EVENT_STORE_RESUMED, NULL);
	scheduler_resumed(daemon->scheduler);
	plugins_look(daemon->plugins);
	status_tell(daemon, false);
}

int daemon_reload(struct daemon *daemon, struct problem *problem)
{
	struct settings_report report = { 0 };
	struct settings *settings, *before = daemon->settings;
	int result = settings_reload(&daemon->line.config, before, &settings, &report);

	if (report.warnings && !result)
		log_event(EVENT_CONFIG_WARNING, &(struct log_facts){ .count = report.warnings });
	if (result) {
		*problem = report.first;
		*problem->field = '\0'; /* its sentence names the setting */
	} else if ((result = scheduler_accepts(daemon->scheduler, settings, problem)))
		settings_free(settings);
	if (result)
		log_event(EVENT_CONFIG_REFUSED, &(struct log_facts){ .count = report.errors ? report.errors : 1 });
	settings_report_free(&report);
	if (result)
		return result;
	daemon->settings = settings;
	store_settings(daemon->store, settings);
	workers_settings(daemon->workers, settings);
	plugins_settings(daemon->plugins, settings);
	scheduler_settings(daemon->scheduler, settings);
	bus_settings(daemon->bus, settings);
	log_level_take(settings);
	settings_free(before);
	log_event(EVENT_CONFIG_RELOADED, NULL);
	return 0;
}

static int reload(void *data, struct problem *problem)
{
	return daemon_reload(data, problem);
}

static int import(
	void *data, struct call *call, int fd, const char *starter, const struct arg *options, size_t options_count, int64_t *ret_task)
{
	return workers_import(((struct daemon *)data)->workers, call, fd, starter, options, options_count, ret_task);
}

static void ready(void *data)
{
	struct daemon *daemon = data;

	if (daemon->serving)
		return;
	daemon->serving = true;
	log_event(EVENT_STARTED, NULL);
	if (store_held(daemon->store))
		log_event(EVENT_STORE_HELD, NULL);
	if (store_simulated(daemon->store))
		log_event(EVENT_CLOCK_SIMULATED, NULL);
	status_tell(daemon, true);
}

static void bus_failed(void *data, const char *why)
{
	struct daemon *daemon = data;

	fprintf(stderr, "mentorshipd: %s\n", why);
	service_bus_failed("org.freedesktop.DBus.Error.Failed");
	daemon->status = STATUS_FAILED;
	event_base_loopbreak(daemon->base);
}

/* ---- the rooms ---- */

void rooms_make(struct daemon *daemon)
{
	struct workers_setup workers = {
		.base = daemon->base,
		.store = daemon->store,
		.settings = daemon->settings,
		.tasks = daemon->tasks,
		.program = daemon->line.worker ? daemon->line.worker : daemon->settings->worker.path,
		.committed = committed,
		.failed = fatal,
		.data = daemon,
	};
	struct scheduler_setup scheduler = {
		.base = daemon->base,
		.store = daemon->store,
		.settings = daemon->settings,
		.committed = committed,
		.failed = fatal,
		.data = daemon,
	};
	struct bus_setup bus = {
		.base = daemon->base,
		.address = daemon->line.bus,
		.store = daemon->store,
		.settings = daemon->settings,
		.tasks = daemon->tasks,
		.hooks = { daemon, committed, lost, preview, advance, resumed, reload, import, ready, bus_failed },
	};

	struct plugins_setup plugins = {
		.base = daemon->base,
		.store = daemon->store,
		.settings = daemon->settings,
		.tasks = daemon->tasks,
		.state = daemon->line.state ? daemon->line.state : daemon->settings->store.directory,
		.root = daemon->line.config.root,
		.credentials = getenv("CREDENTIALS_DIRECTORY"),
		.development = daemon->line.development,
		.committed = committed,
		.failed = fatal,
		.data = daemon,
	};

	daemon->plugins = plugins_new(&plugins);
	daemon->workers = workers_new(&workers);
	daemon->scheduler = scheduler_new(&scheduler);
	daemon->bus = bus_new(&bus);
}
