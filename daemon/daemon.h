/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's one context: what main makes, in this order, and frees in the other; and what the files beside main.c offer.
 */
#ifndef MENTORSHIP_DAEMON_H
#define MENTORSHIP_DAEMON_H

#include <event2/event.h>

#include "bus/bus.h"
#include "core/log.h"
#include "core/settings.h"
#include "core/task.h"
#include "plugin/plugins.h"
#include "plugin/worker.h"
#include "schedule/schedule.h"
#include "store/store.h"

/* What the command line says. Texts are argv's. */
struct command_line {
	struct settings_paths config;
	const char *state;           /* NULL: the setting */
	const char *bus;             /* address; NULL: the system bus */
	const char *worker;          /* program; NULL: the setting */
	bool development;            /* starts the hosts of plugins itself */
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
	struct plugins *plugins;
	struct event *terminate, *interrupt, *hang_up, *watchdog, *head;
	int64_t head_seq; /* of the audit chain, as last told to the journal */
	int status;       /* exit status */
	bool serving;     /* the name was owned once */
};

/* Exit statuses beside 0 and SETTINGS_EX_CONFIG. */
enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2
};

/* ---- options.c ---- */

/* Both: -1 to go on, else the exit status. */
int options_config(int argc, char **argv); /* `--config WORD...`, if it is there */
int options_read(int argc, char **argv, struct command_line *line);

/* ---- rooms.c ---- */

/* Makes workers, scheduler and bus; needs settings, store, tasks and loop. */
void rooms_make(struct daemon *daemon);

/* Reads the configuration again. Negative, with `problem`, if it is not valid: the old settings stay, and the journal says so. */
int daemon_reload(struct daemon *daemon, struct problem *problem);

/* ---- loop.c ---- */

void loop_make(struct daemon *daemon);
void loop_free(struct daemon *daemon); /* also of a daemon that never made one */

/* ---- tell.c ---- */

enum event_kind event_of(int code);                  /* the event that tells of an error of the store */
void status_tell(struct daemon *daemon, bool ready); /* systemd's status line; `ready`: with READY=1 */
void head_tell(struct daemon *daemon);               /* the head of the audit chain, if it moved since */
void log_level_take(const struct settings *settings);

#endif
