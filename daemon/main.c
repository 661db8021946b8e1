/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorshipd: start, serve, stop, or what is done instead of serving.
 *
 * Start: settings, store, loop, workers, schedule, the name on the bus last, then READY=1. Everything hangs from one struct daemon.
 * options.c reads the command line, rooms.c joins the rooms, loop.c has signals and watchdog, tell.c speaks to the journal.
 *
 * Exit status: 0, 78 for a configuration that is not valid, 2 for wrong options, else 1.
 */
#include <dbus/dbus.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "core/log.h"
#include "core/service.h"
#include "daemon.h"
#include "model/texts.h"

static void complain(const char *entity, const char *what)
{
	fprintf(stderr, "mentorshipd: table of %s: %s\n", entity, what);
}

static void say(const struct problem *problem)
{
	fprintf(stderr, "mentorshipd: %s%s%s\n", problem->field, *problem->field ? ": " : "", problem->text);
}

/* ---- start and stop ---- */

static struct store_paths paths_of(const struct daemon *daemon)
{
	return (struct store_paths){
		.state = daemon->line.state ? daemon->line.state : daemon->settings->store.directory,
		.backups = daemon->backups,
		.credentials = getenv("CREDENTIALS_DIRECTORY"),
	};
}

static int settings_take(struct daemon *daemon)
{
	struct settings_report report = { 0 };
	int result = settings_load(&daemon->line.config, &daemon->settings, &report);

	fputs(buffer_string(&report.text), stderr);
	settings_report_free(&report);
	if (result) {
		log_event(EVENT_CONFIG_REFUSED, NULL);
		return SETTINGS_EX_CONFIG;
	}
	log_level_take(daemon->settings);
	log_known_names(name_is_known);
	if (asprintf(&daemon->backups, "%s/%s", paths_of(daemon).state, daemon->settings->store.backup_directory) < 0)
		abort();
	if (mkdir(daemon->backups, 0700) && errno != EEXIST) {
		fprintf(stderr, "mentorshipd: %s cannot be made: %s\n", daemon->backups, strerror(errno));
		return STATUS_FAILED;
	}
	return 0;
}

static int store_take(struct daemon *daemon)
{
	struct store_paths paths = paths_of(daemon);
	struct problem problem = { 0 };
	char hex[65];

	service_status(SERVICE_OPENING, NULL);
	if (store_open(&paths, daemon->settings, daemon->line.simulated, &daemon->store, &problem)) {
		log_event(
			problem.code == E_BUSY ? EVENT_DIRECTORY_IN_USE : EVENT_STORE_REFUSED, &(struct log_facts){ .code = problem.code });
		say(&problem);
		return STATUS_FAILED;
	}
	store_audit_head(daemon->store, &daemon->head_seq, hex);
	return 0;
}

static int start(struct daemon *daemon)
{
	struct problem problem = { 0 };
	int result = settings_take(daemon);

	if (!result)
		result = store_take(daemon);
	if (result)
		return result;
	daemon->tasks = tasks_new((unsigned)daemon->settings->limits.tasks);
	loop_make(daemon);
	rooms_make(daemon);
	if (workers_start(daemon->workers, &problem) || scheduler_start(daemon->scheduler, &problem) ||
		plugins_start(daemon->plugins, &problem)) {
		log_event(event_of(problem.code), &(struct log_facts){ .code = problem.code });
		say(&problem);
		return STATUS_FAILED;
	}
	service_status(SERVICE_CONNECTING, NULL);
	return bus_start(daemon->bus, &problem) ? STATUS_FAILED : 0;
}

static void stop(struct daemon *daemon)
{
	if (daemon->serving) {
		service_stopping();
		log_event(EVENT_STOPPING, NULL);
		head_tell(daemon);
	}
	bus_free(daemon->bus);
	plugins_free(daemon->plugins);
	scheduler_free(daemon->scheduler);
	workers_free(daemon->workers);
	tasks_free(daemon->tasks);
	loop_free(daemon);
	store_close(daemon->store);
	settings_free(daemon->settings);
	free(daemon->backups);
	libevent_global_shutdown();
	dbus_shutdown();
}

/* ---- instead of serving ---- */

static int print(const char *what)
{
	struct buffer text = { 0 };
	int result = bus_print(what, &text);

	if (!result)
		fputs(buffer_string(&text), stdout);
	buffer_free(&text);
	if (result && !strcmp(what, "messages")) {
		messages_print(stdout);
		result = 0;
	} else if (result)
		result = store_print(what, stdout);
	if (result) {
		fprintf(stderr, "mentorshipd: --print takes schema, bus, policy, docs, privacy, messages, interfaces or the name of one\n");
		return STATUS_USAGE;
	}
	return fflush(stdout) ? STATUS_FAILED : 0;
}

static int restore(struct daemon *daemon)
{
	struct problem problem = { 0 };
	struct store_paths paths;
	int result = settings_take(daemon);

	if (result)
		return result;
	paths = paths_of(daemon);
	if (store_restore(&paths, daemon->line.restore, &problem)) {
		say(&problem);
		return STATUS_FAILED;
	}
	log_event(EVENT_RESTORED, NULL);
	printf("Restored. Mail, jobs and synchronisation are held: start mentorshipd, then run `mentorctl resume`.\n");
	return 0;
}

/* ---- the program ---- */

static void process_prepare(void)
{
	umask(077);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int serve(struct daemon *daemon)
{
	int result = start(daemon);

	if (!result && !daemon->status)
		event_base_dispatch(daemon->base);
	return result ? result : daemon->status;
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .line.simulated = NONE };
	int status;

	if (argc == 3 && !strcmp(argv[1], "--resolve-user"))
		return bus_resolve_main(argv[2]);
	process_prepare();
	status = options_config(argc, argv);
	if (status < 0)
		status = options_read(argc, argv, &daemon.line);
	if (status >= 0)
		return status;
	if (shapes_check(complain)) {
		log_event(EVENT_TABLES_REFUSED, NULL);
		return STATUS_FAILED;
	}
	if (daemon.line.print)
		return print(daemon.line.print);
	status = daemon.line.restore ? restore(&daemon) : serve(&daemon);
	stop(&daemon);
	return status;
}
