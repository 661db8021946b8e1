/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of mentorshipd. `--config` is looked for before anything else: it has words of its own, needs neither tables nor
 * store, and must work with a configuration that is not valid.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"
#include "daemon.h"

static const char help[] =
	"mentorshipd [OPTION...]        runs mentorship programs; see mentorshipd(8)\n"
	"  --config-dir DIR             reads the configuration below DIR instead of /\n"
	"  --state-dir DIR              keeps the database in DIR\n"
	"  --bus ADDRESS                connects there instead of the system bus\n"
	"  --worker PATH                the program for heavy work\n"
	"  --development                starts the hosts of plugins itself, with its own rights: for trials\n"
	"  --simulated-clock INSTANT    a new database whose clock stands at INSTANT (2026-09-01T06:00:00Z, or seconds)\n"
	"instead of serving:\n"
	"  --print WHAT                 schema, bus, policy, docs, privacy, messages, interfaces or the name\n"
	"                               of one, from the tables\n"
	"  --config check|show|...      looks at the configuration\n"
	"  --restore NAME               puts a backup back; the daemon must not run\n"
	"  --version, --help\n";

static int instant_read(const char *text, int64_t *ret)
{
	struct problem problem = { 0 };
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (!errno && end != text && !*end)
		return 0;
	if (!instant_parse(text, ret, &problem))
		return 0;
	fprintf(stderr, "mentorshipd: --simulated-clock: %s\n", problem.text);
	return STATUS_USAGE;
}

enum {
	OPTION_CONFIG_DIR = 256,
	OPTION_STATE_DIR,
	OPTION_BUS,
	OPTION_WORKER,
	OPTION_DEVELOPMENT,
	OPTION_CLOCK,
	OPTION_PRINT,
	OPTION_RESTORE,
	OPTION_VERSION,
	OPTION_HELP
};

static const struct option options[] = { { "config-dir", required_argument, NULL, OPTION_CONFIG_DIR },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR }, { "bus", required_argument, NULL, OPTION_BUS },
	{ "worker", required_argument, NULL, OPTION_WORKER }, { "development", no_argument, NULL, OPTION_DEVELOPMENT },
	{ "simulated-clock", required_argument, NULL, OPTION_CLOCK }, { "print", required_argument, NULL, OPTION_PRINT },
	{ "restore", required_argument, NULL, OPTION_RESTORE }, { "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP }, { 0 } };

int options_read(int argc, char **argv, struct command_line *line)
{
	int option;

	while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0)
		switch (option) {
		case OPTION_CONFIG_DIR: line->config.root = optarg; break;
		case OPTION_STATE_DIR: line->state = optarg; break;
		case OPTION_BUS: line->bus = optarg; break;
		case OPTION_WORKER: line->worker = optarg; break;
		case OPTION_DEVELOPMENT: line->development = true; break;
		case OPTION_CLOCK:
			if (instant_read(optarg, &line->simulated))
				return STATUS_USAGE;
			break;
		case OPTION_PRINT: line->print = optarg; break;
		case OPTION_RESTORE: line->restore = optarg; break;
		case OPTION_VERSION: puts("mentorshipd " MENTORSHIP_VERSION); return 0;
		case OPTION_HELP:
		case 'h': fputs(help, stdout); return 0;
		default: return STATUS_USAGE;
		}
	if (optind == argc)
		return -1;
	fprintf(stderr, "mentorshipd: takes no arguments, only options; see --help\n");
	return STATUS_USAGE;
}

/* The words after --config are its own; a --config-dir before it becomes their --root. */
static int config_command(int argc, char **argv, int at)
{
	char *words[16], *root = NULL;
	int n = 0;

	for (int i = 1; i + 1 < at; i++)
		if (!strcmp(argv[i], "--config-dir"))
			root = argv[i + 1];
	for (int i = at + 1; i < argc && n < 12; i++) {
		words[n++] = argv[i];
		if (n == 1 && root) {
			words[n++] = (char *)(uintptr_t) "--root";
			words[n++] = root;
		}
	}
	words[n] = NULL;
	return settings_command(n, words, stdout, stderr);
}

int options_config(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--config"))
			return config_command(argc, argv, i);
	return -1;
}
