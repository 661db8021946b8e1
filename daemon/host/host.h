/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host of one plugin: what it knows, and the pieces that share it.
 *
 * Everything runs on one thread and one loop. Pieces do not know each other but by this struct: plugin.c calls the plugin's
 * callbacks, offer.c is what the plugin may call, and `ways` leads from there to the daemon (link.c) or, when somebody tries a plugin,
 * to the terminal (try.c).
 */
#ifndef MENTORSHIP_HOST_H
#define MENTORSHIP_HOST_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "examine.h"
#include "outcomes.h"
#include "values.h"
#include <mentorship-plugin.h>

enum {
	EXIT_USAGE = 2,
	EXIT_CONFIG = 78, /* trying again does not help */
	HELD_MOST = 1024,
	QUESTIONS_MOST = 1024 /* asked of the daemon and not answered yet: as many as people may read at once */
};

struct host;

/* A page that is asked for: by a token alone, or with an answer to it. Everything is clean. */
struct question {
	const char *token, *client, *hash; /* hash NULL: open */
	const struct mentorship_field *fields;
	size_t count;
};

struct ways {
	/* an outcome was kept, and may be told */
	void (*reported)(struct host *, int64_t id, int outcome, const char *detail);
	int (*ask)(struct host *, const struct question *, mentorship_page_function, void *data);
	void (*event_done)(struct host *, int64_t sequence);
	/* Everything of the bounce is clean, and no text of it NULL. */
	int (*bounced)(struct host *, const struct mentorship_bounce *, mentorship_bounce_function, void *data);
	void (*tested)(struct host *, int64_t sequence, int outcome, const char *detail);
};

struct host {
	const char *name, *state;
	struct event_base *base;
	void *object;                    /* of dlopen; NULL: not loaded */
	struct mentorship_plugin plugin; /* a copy: what an older minor version does not have is zero */
	bool started;                    /* load succeeded: unload is due */
	void *self;
	struct values values;
	struct mentorship_host offer;
	struct problem refusal; /* what the plugin said last by refuse */
	int64_t memory_most;    /* bytes; 0: no limit */
	int64_t held[HELD_MOST];
	size_t held_count;
	struct outcomes *outcomes; /* NULL: nothing is kept (try) */
	int64_t event_offered;     /* the last sequence that the plugin was given */
	int64_t event_tested;      /* that of the last test, until it has its outcome; else 0 */
	const struct ways *ways;
	void *way; /* theirs */
	/* hears of each callback that returned, or NULL: try */
	void (*called)(const struct host *, const char *callback, int seconds, int64_t usec, int result);
};

/* ---- plugin.c: the plugin's side ---- */

/* dlopen of the file that was examined, then everything in its struct. Takes the file. E_INVALID. */
int plugin_load(struct host *, struct plugin_file *, struct problem *);
/* load, configure and ready, each with its deadline. E_INVALID: load or configure refused; E_UNAVAILABLE: ready did. */
int plugin_start(struct host *, struct problem *);
/* Hands one over. A message that was not taken has an outcome (LATER) when this returns. */
void plugin_deliver(struct host *, const struct mentorship_message *);
/* Negative with the plugin's reason: it cannot go on. */
int plugin_event(struct host *, const struct mentorship_event *, struct problem *);
/* unload, if load succeeded. */
void plugin_stop(struct host *);
bool host_holds(const struct host *, int64_t id);

/* ---- offer.c: what the plugin may call ---- */

/* Fills host->offer; `ways` lead nowhere until somebody sets them. From here on the calling thread is the only one that may call. */
void offer_make(struct host *);
/* One line into the journal: <LEVEL>plugin NAME: TEXT. The text is cleaned. */
void host_say(const struct host *, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The page that says 'not now' when the daemon cannot be asked. */
void page_busy(mentorship_page_function, void *data);

/* ---- confine.c ---- */

/* No core, not dumpable, no new privileges, no descriptor but 0, 1 and 2. */
void confine_process(void);
/* Development: only below this directory anything can be written. E_UNAVAILABLE: this system cannot do it. */
int confine_files(const char *state, struct problem *);

/* ---- memory.c ---- */

/* Bytes in memory at which the host ends itself; 0: there is no limit. */
int64_t memory_most(bool development);
/* Development: nothing can be had beyond twice that much, however fast it is taken. */
void memory_confine(void);
/* Bytes in memory now; 0: the system does not say. */
int64_t memory_held(void);

/* ---- link.c ---- */

/* Serves the daemon until it says Stop, a signal comes or `patience` seconds went by without it (0: for ever); the exit status. */
int link_serve(struct host *, const char *socket, int patience);
/* Tells the daemon why the plugin is not loaded, if it listens within some seconds. */
void link_refuse(struct host *, const char *socket, const char *reason);

/* ---- try.c ---- */

struct try_arguments {
	const char *plugin, *settings, *message, *credentials, *state;
};
int try_check(const char *plugin);
/* Runs every callback and prints what came back; the exit status: 0 good, 1 not, EXIT_CONFIG refused. */
int try_plugin(const struct try_arguments *);

#endif
