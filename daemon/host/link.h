/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two files of the host's link share: link.c has the connection, its steps and what the daemon says; asking.c has what a plugin
 * asks and waits for.
 */
#ifndef MENTORSHIP_HOST_LINK_H
#define MENTORSHIP_HOST_LINK_H

#include <dbus/dbus.h>

#include "host.h"

enum step {
	DOWN,
	SAYING_HELLO,
	HANDING_IN,
	SAYING_HOLDING,
	SAYING_READY,
	SERVING
};

enum {
	OPENS_TWO = 2 /* the daemon makes pages of one call while those of the other are written and the next gather */
};

struct asked;
struct link {
	struct host *host;
	char *address;
	DBusConnection *connection;
	enum step step;
	bool broken, ending;
	char last_words[200]; /* why it ends, if it was not asked to */
	int status, patience, pause, questions, reports;
	int unsent;                        /* of the questions */
	dbus_uint32_t opening[OPENS_TWO];  /* serials of the calls that are under way; 0: none */
	int64_t down_since, up_since;      /* monotonic seconds */
	struct asked *asked, **asked_last; /* oldest first */
	int64_t done;                      /* of events; 0: nothing to say */
	struct event *work, *again, *connect, *second, *stops[2];
};

/* ---- link.c ---- */
int64_t seconds_now(void);
/* The loop looks at the link before it waits again. */
void link_wake(struct link *);
void must(int ok);
/* Host and daemon do not agree, and why; NULL: the connection ended. */
void lose(struct link *, const char *why);
DBusMessage *call_new(const char *member);
/* Sends and drops the message; `done` gets `data` when the reply, an error or the time is there. */
bool call_send(struct link *, DBusMessage *, DBusPendingCallNotifyFunction done, void *data);

/* ---- asking.c: the ways of questions ---- */
int way_ask(struct host *, const struct question *, mentorship_page_function done, void *data);
int way_bounced(struct host *, const struct mentorship_bounce *, mentorship_bounce_function done, void *data);
/* What was asked in this turn of the loop goes to the daemon. */
void asked_send(struct link *);
/* A reply to no call of link.c. */
void asked_answered(struct link *, DBusMessage *reply);
/* Whoever asked before that second hears 'not now': the connection ended, or the daemon does not answer. */
void asked_give_up(struct link *, int64_t until);

#endif
