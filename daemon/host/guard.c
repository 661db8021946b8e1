/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static timer_t timer;
static char before[80];
static const char *volatile doing = "what its loop ran";

static void on_alarm(int number)
{
	static const char after[] = " did not return within its deadline; the host ends and is started again\n";
	const char *what = doing;

	(void)number;
	if (write(STDERR_FILENO, before, strlen(before)) < 0 || write(STDERR_FILENO, what, strlen(what)) < 0 ||
		write(STDERR_FILENO, after, sizeof after - 1) < 0)
		_exit(EXIT_TEMPORARY);
	_exit(EXIT_TEMPORARY);
}

static void arm(int64_t nanoseconds)
{
	struct itimerspec spec = { .it_value = { nanoseconds / 1000000000, nanoseconds % 1000000000 } };

	if (timer_settime(timer, 0, &spec, NULL))
		abort();
}

void guard_start(const char *name)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct sigaction action = { .sa_handler = on_alarm };

	snprintf(before, sizeof before, "<3>plugin %s: ", name);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || sigaction(SIGALRM, &action, NULL))
		abort();
}

void guard_begin(const char *what, int seconds)
{
	doing = what;
	arm(seconds * INT64_C(1000000000));
}

void guard_end(void)
{
	doing = "what its loop ran";
	guard_loop();
}

/* A second more than is promised: the loop's own timer comes each second. */
void guard_loop(void)
{
	arm((LOOP_SECONDS + 1) * INT64_C(1000000000));
}

int64_t guard_pause(void)
{
	struct itimerspec none = { { 0, 0 }, { 0, 0 } }, old;

	if (timer_settime(timer, 0, &none, &old))
		abort();
	return old.it_value.tv_sec * INT64_C(1000000000) + old.it_value.tv_nsec;
}

void guard_resume(int64_t left)
{
	if (left)
		arm(left);
}
