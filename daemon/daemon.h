/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's one context: what main makes, in this order, and frees in the other.
 */
#ifndef MENTORSHIP_DAEMON_H
#define MENTORSHIP_DAEMON_H

#include <event2/event.h>

#include "bus/bus.h"
#include "core/settings.h"
#include "core/task.h"
#include "plugin/worker.h"
#include "schedule/schedule.h"
#include "store/store.h"

/* What the command line says. Texts are argv's. */
struct command_line {
	struct settings_paths config;
	const char *state;           /* NULL: the setting */
	const char *bus;             /* address; NULL: the system bus */
	const char *worker;          /* program; NULL: the setting */
	const char *print, *restore; /* do that instead of serving */
	int64_t simulated;           /* instant; NONE: the real clock */
};

struct daemon {
	struct command_line line;
	struct settings *settings;
	char *backups; /* directory */
	struct event_base *base;
	struct store *store;
	struct tasks *tasks;
	struct bus *bus;
	struct scheduler *scheduler;
	struct workers *workers;
	struct event *terminate, *interrupt, *hang_up, *watchdog, *head;
	int64_t head_seq; /* of the audit chain, as last told to the journal */
	int status;       /* exit status */
	bool serving;     /* the name was owned once */
};

#endif
