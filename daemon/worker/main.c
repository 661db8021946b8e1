/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorship-worker: heavy work apart from the daemon. mentorship-worker PARENT MEMORY SECONDS, started by the daemon alone.
 *
 * Descriptors: 0 and 1 nothing, 2 the log, 3 the link, 4 what to work on, 5 the directory of the database or closed. First it ties its
 * life to the daemon's and takes its limits; the daemon's own first frame says what to do; what has to be read from outside (zone
 * data) is read; then the sandbox closes, and only then the input is looked at. Results leave as frames.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "import_task.h"
#include "link.h"
#include "match_task.h"
#include "sandbox.h"

static bool read_number(const char *text, long least, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return !errno && *text && !*end && *ret >= least;
}

/* Dies with the daemon; one that died before this line left somebody else as parent. */
static void tie_life(long parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != (pid_t)parent)
		_exit(1);
}

static int work(const struct frame *first, struct problem *problem)
{
	const char *word = first->cells[0];

	if (!strcmp(word, "match") || !strcmp(word, "preview") || !strcmp(word, "explain") || !strcmp(word, "outlook"))
		return match_task(first, problem);
	if (!strcmp(word, "import"))
		return import_task(first, problem);
	if (!strcmp(word, "propose"))
		return propose_task(first, problem);
	return problem_set(
		problem, E_UNAVAILABLE, NULL, "this worker knows no work of that name; daemon and worker are of different versions");
}

int main(int argc, char **argv)
{
	struct problem problem = { 0 };
	struct frame first;
	long parent, memory, seconds;

	if (argc != 4 || !read_number(argv[1], 1, &parent) || !read_number(argv[2], 1, &memory) || !read_number(argv[3], 1, &seconds) ||
		fcntl(LINK_FD, F_GETFD) < 0) {
		fputs("mentorship-worker is started by mentorshipd; it is of no use by itself\n", stderr);
		return 2;
	}
	tie_life(parent);
	limits_set(memory, seconds);
	if (close_range(DIRECTORY_FD + 1, ~0U, 0) || !link_first(&first))
		_exit(1);
	if (work(&first, &problem) < 0)
		link_fail(&problem);
	link_flush();
	_exit(0);
}
