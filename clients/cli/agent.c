/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords on a terminal: polkit's own agent for text terminals is started beside us when the daemon says that one is needed, and ended with us.
 *
 * Only then: most calls need none, and starting it takes a while. So on a terminal a call is first made without leave to ask,
 * and made again with it; elsewhere leave is given at once, for an agent that may be running in a desktop session.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

enum {
	AGENT_WAIT = 10000 /* ms until it has registered */
};
#define AGENT "/usr/bin/pkttyagent"

bool agent_wanted(const struct cli *cli)
{
	return cli->terminal.in && cli->terminal.err && !cli->inputs && !cli->agent && geteuid() && !access(AGENT, X_OK);
}

void agent_start(struct cli *cli)
{
	struct pollfd polled = { .events = POLLIN };
	char number[16];
	int ends[2];

	if (pipe(ends))
		return;
	cli->agent = fork();
	if (!cli->agent) {
		close(ends[0]);
		snprintf(number, sizeof number, "%d", ends[1]);
		execl(AGENT, AGENT, "--notify-fd", number, "--fallback", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	/* it closes its end when it is ready, or when it has failed: then the call says so */
	polled.fd = ends[0];
	if (cli->agent > 0)
		poll(&polled, 1, AGENT_WAIT);
	else
		cli->agent = 0;
	close(ends[0]);
}

void agent_end(struct cli *cli)
{
	if (!cli->agent)
		return;
	kill(cli->agent, SIGTERM);
	kill(cli->agent, SIGCONT);
	waitpid(cli->agent, NULL, 0);
	cli->agent = 0;
}
