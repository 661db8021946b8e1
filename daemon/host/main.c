/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorship-plugin-host: a process of its own for one plugin.
 *
 *	mentorship-plugin-host NAME --plugin-dir DIR --config FILE --link SOCKET --state DIR [--credentials DIR] [--development]
 *	mentorship-plugin-host --try PLUGIN.so --settings FILE [--message FILE] [--credentials DIR] [--state DIR]
 *	mentorship-plugin-host --check PLUGIN.so
 *
 * The order is the point: privileges go first, then the state directory is locked, the file examined, writing confined, and only then
 * code of the plugin runs. Status 78: trying again does not help; 75: it does.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "guard.h"
#include "host.h"

enum {
	LOCK_SECONDS = 5,
	PATIENCE_SECONDS = 60 /* without a daemon, in development */
};

struct arguments {
	const char *name, *plugin_dir, *config, *link, *state, *credentials, *try, *check, *settings, *message;
	int development;
};

static int usage(void)
{
	fputs("mentorship-plugin-host NAME --plugin-dir DIR --config FILE --link SOCKET --state DIR [--credentials DIR] [--development]\n"
	      "mentorship-plugin-host --try PLUGIN.so --settings FILE [--message FILE] [--credentials DIR] [--state DIR]\n"
	      "mentorship-plugin-host --check PLUGIN.so\n",
		stderr);
	return EXIT_USAGE;
}

static bool arguments_read(int argc, char **argv, struct arguments *ret)
{
	struct arguments a = { 0 };
	const struct option options[] = {
		{ "plugin-dir", required_argument, NULL, 'p' },
		{ "config", required_argument, NULL, 'c' },
		{ "link", required_argument, NULL, 'l' },
		{ "state", required_argument, NULL, 's' },
		{ "credentials", required_argument, NULL, 'r' },
		{ "development", no_argument, NULL, 'd' },
		{ "try", required_argument, NULL, 't' },
		{ "check", required_argument, NULL, 'k' },
		{ "settings", required_argument, NULL, 'f' },
		{ "message", required_argument, NULL, 'm' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const char **place = c == 'p' ? &a.plugin_dir
			: c == 'c'            ? &a.config
			: c == 'l'            ? &a.link
			: c == 's'            ? &a.state
			: c == 'r'            ? &a.credentials
					      : c == 't'
			? &a.
		try : c
			== 'k' ? &a.check : c == 'f' ? &a.settings : c == 'm' ? &a.message : NULL;

		if (c == 'd')
			a.development = 1;
		else if (place)
			*place = optarg;
		else
			return false;
	}
	if (optind < argc)
		a.name = argv[optind++];
	*ret = a;
	if (optind < argc)
		return false;
	if (a.try || a.check)
		return !a.name && !(a.try && a.check) && (a.check || a.settings);
	return a.name && a.plugin_dir && a.config && a.link && a.state;
}

static int prepare(struct host *host, const struct arguments *a, struct problem *problem)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct plugin_file file;
	struct problem unconfined = { 0 };
	int r = outcomes_open(a->state, LOCK_SECONDS, host->outcomes, problem);

	if (!r)
		r = plugin_file_examine(a->plugin_dir, a->name, a->development, &file, problem);
	if (r)
		return r;
	host->memory_most = memory_most(a->development);
	if (a->development)
		memory_confine();
	if (a->development && confine_files(a->state, &unconfined))
		host_say(host, MENTORSHIP_WARNING, "its writing is not confined: %s", unconfined.text);
	r = plugin_load(host, &file, problem);
	if (!r)
		r = values_read(host->plugin.settings, a->config,
			credentials              ? credentials
				: a->development ? a->credentials
						 : NULL,
			a->development, &host->values, problem);
	return r ? r : plugin_start(host, problem);
}

/* What only time mends is tried again: another host, a full disk, a ready that found no server. */
static int status_of(const struct problem *problem)
{
	switch (problem->code) {
	case E_BUSY:
	case E_STORE:
	case E_UNAVAILABLE: return EXIT_TEMPORARY;
	default: return EXIT_CONFIG;
	}
}

/* The host itself ends by _exit. A plugin that calls exit must not look like a host that was asked to stop. */
static void on_exit_of_plugin(void)
{
	static const char line[] = "<3>the plugin ended its process: it called exit, which a plugin may not; the host is started again\n";

	if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
		_exit(EXIT_TEMPORARY);
	_exit(EXIT_TEMPORARY);
}

static int serve(const struct arguments *a)
{
	struct outcomes outcomes = { .directory = -1, .lock = -1, .file = -1 };
	struct host host = { .name = a->name, .state = a->state, .outcomes = &outcomes };
	struct problem problem = { 0 };
	char reason[sizeof problem.text];
	int status;

	if (!plugin_name_valid(a->name))
		return usage();
	confine_process();
	if (a->development)
		unsetenv("NOTIFY_SOCKET"); /* it is the daemon's */
	host.base = event_base_new();
	if (!host.base)
		abort();
	guard_start(a->name);
	offer_make(&host);
	if (prepare(&host, a, &problem)) {
		plugin_stop(&host);
		host_say(&host, MENTORSHIP_ERROR, "%s", problem.text);
		clean_line(reason, sizeof reason, problem.text);
		if (problem.code != E_BUSY)
			link_refuse(&host, a->link, reason);
		return status_of(&problem);
	}
	status = link_serve(&host, a->link, a->development ? PATIENCE_SECONDS : 0);
	values_free(&host.values);
	outcomes_close(&outcomes);
	event_base_free(host.base);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments a;
	int status;

	if (!arguments_read(argc, argv, &a))
		return usage();
	if (a.check)
		return try_check(a.check);
	if (atexit(on_exit_of_plugin))
		abort();
	status = a.try ? try_plugin(&(struct try_arguments){ a.try, a.settings, a.message, a.credentials, a.state }) : serve(&a);
	_exit(status); /* handlers of a plugin's libraries have had their unload */
}
