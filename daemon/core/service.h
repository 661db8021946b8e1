/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon tells systemd about itself: ready, what it is doing, that it is alive, why it ends.
 *
 * Everything is a no-op without $NOTIFY_SOCKET. As with the log, nothing free can be said: the status line is made here from a
 * phase and numbers. A reload needs no message: ExecReload waits for the answer of the call Reload.
 */
#ifndef MENTORSHIP_SERVICE_H
#define MENTORSHIP_SERVICE_H

#include <stdint.h>

enum service_phase {
	SERVICE_OPENING,
	SERVICE_MIGRATING,
	SERVICE_CONNECTING,
	SERVICE_SERVING,
	SERVICE_HELD,
	SERVICE_STOPPING
};

struct service_counts {
	int64_t programs, jobs; /* programs not archived; jobs waiting */
	int64_t next_job;       /* seconds UTC of the earliest; 0: none */
};

/* READY=1 with the status. After the name on the bus is owned. */
void service_ready(enum service_phase, const struct service_counts *);
/* STATUS= alone; counts may be NULL. Sends nothing when the line is the one sent before. */
void service_status(enum service_phase, const struct service_counts *);
void service_stopping(void);
/* The interval at which service_watchdog must be called at the latest, in microseconds (half of what systemd waits); 0: not wanted. */
uint64_t service_watchdog_interval(void);
void service_watchdog(void);
/* Asks for more time for start, stop or a migration, counted from now. */
void service_extend(uint64_t microseconds);
/* Why the daemon is about to fail: a positive errno; a D-Bus error name. */
void service_failed(int error);
void service_bus_failed(const char *error_name);

#endif
