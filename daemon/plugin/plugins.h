/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of its plugins: a socket for each one that the configuration names, the host that connects there, and what the two
 * say to each other (wire/protocol.h).
 *
 * Installed, each host is a unit of its own under an account of its own; the daemon only listens, and knows a plugin by its socket and
 * the uid that the kernel names. With --development the daemon starts the hosts itself, under its own uid: that guards against crashes and
 * against nothing else.
 *
 * A host that crashes, hangs, floods or says what its capability does not allow loses its link, and nobody else notices. It is started
 * again, later each time; after five failures in ten minutes it is disabled until an administrator says Enable.
 */
#ifndef MENTORSHIP_PLUGINS_H
#define MENTORSHIP_PLUGINS_H

#include <event2/event.h>

#include "core/task.h"
#include "store/store.h"

struct plugins;
struct plugins_setup {
	struct event_base *base;
	struct store *store;
	const struct settings *settings;
	struct tasks *tasks;
	const char *state;       /* the state directory */
	const char *root;        /* before /etc, /usr; NULL or "" for none */
	const char *credentials; /* directory, or NULL */
	bool development;
	void (*committed)(void *);                      /* after each turn that a plugin caused */
	void (*failed)(void *, const struct problem *); /* a sync failed: the process must end */
	void *data;
};
struct plugins *plugins_new(const struct plugins_setup *);
void plugins_free(struct plugins *); /* says Stop to the hosts; those of --development are waited for two seconds, then killed */
void plugins_settings(struct plugins *, const struct settings *);
/* Makes rows and sockets, starts hosts. With required plugins it runs the loop until these are ready: E_UNAVAILABLE says which one is not,
 * and why. */
int plugins_start(struct plugins *, struct problem *);
/* After any commit: a message may be due, an event to tell, a plugin to stop. Cheap; what it does happens when the loop is back. */
void plugins_look(struct plugins *);
/* Work that a committed call began: true if it is a test of a plugin, which begins here. */
bool plugins_work(struct plugins *, const struct work *);
/* For a simulated clock, outside turns: looks now whether messages are due or on their way (with a plugin that can take them). And the
 * instant of the next one that waits, as of the last look; NONE if there is none. */
bool plugins_busy(struct plugins *);
int64_t plugins_next(struct plugins *);

#endif
