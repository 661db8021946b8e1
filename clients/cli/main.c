/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorctl, the command line of mentorshipd: options, then a command of the table or a noun of the catalogue.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

static void look_around(struct terminal *terminal, char zone[static ZONE_NAME])
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	terminal->in = isatty(STDIN_FILENO);
	terminal->out = isatty(STDOUT_FILENO);
	terminal->err = isatty(STDERR_FILENO);
	terminal->columns = columns ? atoi(columns) : 0;
	if (terminal->columns <= 0 && terminal->out && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		terminal->columns = size.ws_col;
	if (terminal->columns <= 0)
		terminal->columns = 80;
	terminal->zone = own_zone(zone);
	terminal->no_color = getenv("NO_COLOR") && *getenv("NO_COLOR");
}

/* The host of -H, wherever it stands among the options; NULL if there is none. Only the near side asks. */
static int host_of(int argc, char **argv, const struct terminal *terminal, const char **ret_host, bool *ret_remote)
{
	struct cli cli = { .terminal = *terminal };
	char **copy = calloc((size_t)argc + 1, sizeof *copy);
	int r;

	if (!copy)
		abort();
	memcpy(copy, argv, (size_t)argc * sizeof *copy); /* getopt moves words about */
	r = options_parse(&cli, argc, copy);
	free(copy);
	*ret_host = cli.options.host;
	*ret_remote = cli.options.remote;
	if (!r)
		return 0;
	failure_show(&cli);
	return (int)failure_status(cli.failure.name);
}

int main(int argc, char **argv)
{
	char zone[ZONE_NAME];
	struct terminal terminal;
	const char *host;
	bool remote;
	int status;

	look_around(&terminal, zone);
	status = host_of(argc, argv, &terminal, &host, &remote);
	if (status)
		return status;
	if (remote)
		return remote_serve();
	return host ? remote_call(argc, argv, host, &terminal) : cli_run(argc, argv, &terminal, NULL);
}
