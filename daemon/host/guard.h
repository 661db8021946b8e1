/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deadlines of a plugin's callbacks: a timer of the kernel that ends the process, whatever its thread is doing.
 *
 * Between guard_begin and guard_end a callback runs; outside of them the loop does, which has to come round every LOOP_SECONDS.
 * Past a deadline the handler writes one line and leaves with status 75: the host is started again, later each time. The host's own
 * waiting for the disk is not counted against the plugin (guard_pause).
 */
#ifndef MENTORSHIP_HOST_GUARD_H
#define MENTORSHIP_HOST_GUARD_H

#include <stdint.h>

enum {
	START_SECONDS = 5, /* load, configure, ready, and the constructors of the file */
	DELIVER_SECONDS = 1,
	EVENT_SECONDS = 1,
	UNLOAD_SECONDS = 2,
	LOOP_SECONDS = 5,
	EXIT_TEMPORARY = 75
};

/* Once, before the others. `name` is kept. */
void guard_start(const char *name);
/* `what` is a constant: "deliver". */
void guard_begin(const char *what, int seconds);
void guard_end(void);
/* The loop came round: it has LOOP_SECONDS from now. Called each second by its timer. */
void guard_loop(void);
/* Stops the clock, and lets it go on with what was left. */
int64_t guard_pause(void);
void guard_resume(int64_t left);

#endif
