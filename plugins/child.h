/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run of a program: what it reads on its standard input, how long it may take, how it ended.
 *
 * No shell, no environment but PATH, LANG, the mark of the run (MENTORSHIP_RUN) and MENTORSHIP_SIMULATED, no descriptor but an input and
 * /dev/null, a process group of its own. When the program ends, or its time is over, the whole group is killed, and then all that left it:
 * nothing that the program started outlives the run.
 */
#ifndef MENTORSHIP_PLUGINS_CHILD_H
#define MENTORSHIP_PLUGINS_CHILD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	void (*done)(struct child *); /* on the loop; the child may be freed there */
	void *data;
	bool simulated; /* it gets MENTORSHIP_SIMULATED=1 in its environment */
	/* how it ended */
	bool late; /* its time was over */
	int error; /* it could not be started: errno */
	int code;  /* it exited with this; -1: a signal */
	int signal;
	/* from here on its own */
	struct child *next; /* that runs */
	char mark[64];
	pid_t pid;
	int pidfd, input;
	char *text;
	size_t length, written;
	struct event *ended, *writable, *timer;
};

/* Why nobody but root and this account can change the program: NULL, or what is wrong, as the end of a sentence. */
const char *child_untrusted(const char *program);
/* Starts it; `text` is taken over. `done` is called later in any case. */
void child_start(struct child *, struct event_base *, const char *program, char *text, size_t length, int seconds);
/* Kills what still runs. */
void child_free(struct child *);

#endif
