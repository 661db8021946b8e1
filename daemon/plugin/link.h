/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files about plugins share.
 *
 * link.c listens, accepts, and carries messages: what arrives together is one turn of the store, answered after its commit. hosting.c
 * starts hosts with --development and decides when one is tried again. post.c hands messages over and writes down what became of them;
 * bounce.c, that one came back. letter.c makes a message's text. channel.c shows pages and takes answers. trial.c tests a plugin.
 * plugins.c joins them.
 */
#ifndef MENTORSHIP_PLUGIN_LINK_H
#define MENTORSHIP_PLUGIN_LINK_H

#include <dbus/dbus.h>
#include <mentorship-plugin.h>
#include <sys/types.h>

#include "core/settings.h"
#include "model/model.h"
#include "plugins.h"
#include "wire/protocol.h"

enum {
	PLUGINS_MOST = 16,
	CLIENTS = 512,
	REPLIES_MOST = 64,
	TURN_MESSAGES = 32,
	LETTERS_A_TURN = 64,
	CRASHES = 5,
	CRASH_SECONDS = 600
};

enum link_stage {
	LINK_NONE,  /* nobody is connected */
	LINK_OPEN,  /* connected, has said nothing */
	LINK_HELLO, /* told who it is */
	LINK_READY
};

struct link {
	struct plugins *plugins;
	char name[33];
	int64_t row; /* id of the plugin's record */
	bool required;
	bool wanted;   /* not disabled */
	bool refused;  /* its host said that trying again will not help */
	char why[401]; /* what failed last; "" */
	uid_t uid;     /* whose processes may connect */
	bool known;    /* the account exists */
	char *socket;  /* path */
	DBusServer *server;
	DBusConnection *connection;
	enum link_stage stage;
	unsigned capabilities;
	char release[61]; /* as it calls its own version */
	struct event *dispatch, *deadline;
	struct turn *turn;    /* while one runs: link.c */
	bool stopping;        /* told to stop: its end is no crash */
	bool left;            /* its host was asked to end, and no other has come yet */
	char last_words[200]; /* of a host that cannot go on */
	bool dispatching;
	bool broken;           /* it reported that it cannot send */
	bool pinged;           /* a Ping waits for its answer */
	int64_t second, calls; /* calls within this second that cost */
	/* messages that it was given and has no outcome of */
	int64_t held[LINK_HOLDS];
	int held_count;
	int64_t event_sequence, event_told; /* done with, told: up to these audit records */
	bool events_begun;
	int64_t test_told; /* the event that is a test of it and has no outcome yet; 0: none */
	struct {
		int64_t task;        /* 0: none is under way */
		bool message, event; /* what has no outcome yet */
		struct event *timer;
	} trial;
	/* --development */
	pid_t pid;
	int pidfd;
	struct event *exited, *again;
	int64_t crashes[CRASHES];
	unsigned crash_at, failures; /* in a row */
};

struct plugins {
	struct plugins_setup setup;
	struct link links[PLUGINS_MOST];
	int count;
	struct event *look; /* something may be due */
	bool rows_changed;  /* rows of plugins */
	bool busy;          /* as of the last look */
	bool more;          /* more messages are due than there was place for */
	int64_t next;
	int64_t links_missed; /* when it was last said that links cannot be made; 0: never */
	struct client {       /* who presented tokens that are none */
		uint64_t who;
		int64_t minute;
		int wrong;
	} clients[CLIENTS];
	unsigned char client_key[16];
	struct rate {
		int64_t from, count;
	} minute, hour;
	bool ending;
};

/* One call of a host, while its turn lasts. */
struct link_call {
	struct link *link;
	DBusMessage *message, *reply;
	struct problem problem; /* a refusal: the reply is an error */
	bool room;              /* the host has place for more messages now */
	bool ends;              /* the link is to be closed: what it said is nothing that a host says */
};

/* ---- link.c ---- */
int link_listen(struct link *, struct problem *);
void link_shut(struct link *);                  /* the socket too */
void link_drop(struct link *, const char *why); /* a crash unless it was told to stop, or said that it leaves */
void link_stop(struct link *);                  /* asks it to end */
void link_tell(struct link *, DBusMessage *);   /* takes the message */
void link_must(bool done);
int64_t monotonic_seconds(void);

/* ---- plugins.c ---- */
/* Looks at what is due in so many microseconds, or earlier. */
void plugins_look_in(struct plugins *, int64_t usec);

/* ---- hosting.c ---- */
void hosting_start(struct link *);
void hosting_gone(struct link *, const char *why); /* the link ended by itself */
void hosting_end(struct link *);                   /* waits for the child */
/* What its host reported, into the row: state, and last_error unless NULL. In a turn of its own. */
void hosting_note(struct link *, int state, const char *error);

/* ---- post.c ---- */
int post_holding(struct link_call *);
int post_report(struct link_call *);
/* What one turn hands over: post_gather inside of it, post_send behind its commit with what that gave. An error that loses the turn is the
 * commit's. */
struct handing {
	struct plugins *plugins;
	struct link *link;
	DBusMessage *letter; /* NULL: it does not go now */
	int64_t id, lead;
};
struct post {
	struct handing letters[LETTERS_A_TURN];
	int count; /* looked at */
};
void post_gather(struct plugins *, struct post *);
void post_send(struct plugins *, struct post *, int result);
/* Hands over what is due, as far as plugin and rates allow; sets plugins->busy and plugins->next. */
void post_look(struct plugins *);
/* A link that carried messages ended: they stay `sending` until its host says what it holds. */
void post_gone(struct link *);

/* ---- trial.c: the verb Test ---- */
/* What became of the test message about a plugin, and of the test event: ends the task, if one waits. */
void trial_message(struct plugins *, int64_t plugin, bool good, const char *outcome);
void trial_event(struct link *, bool good, const char *outcome);
void trial_gone(struct link *); /* the link ended */
void trial_free(struct link *);

/* ---- bounce.c ---- */
int bounce_told(struct link_call *);

/* ---- letter.c ---- */
/* Makes the call Deliver for a message; E_UNAVAILABLE without link-key or base URL, other errors: it cannot be made at all. */
/* The parts of one mail, the first being the one that was due. */
enum {
	LETTER_PARTS = 20
};
struct parts {
	const struct message *of[LETTER_PARTS];
	int count;
	int64_t lead; /* by whose number the mail is known */
};
int letter_make(struct call *, const struct parts *, DBusMessage **ret);
/* It goes to one of the addresses of a change, not to the person's own; and where it goes: NULL, there is no address. */
bool letter_elsewhere(const struct message *);
int letter_address(struct call *, const struct message *, const struct person *, const char **ret);
enum letter_verdict {
	LETTER_GOES,
	LETTER_WAITS,   /* until *ret_until */
	LETTER_NOT_SENT /* *ret_why */
};
/* May it leave now? */
int letter_judge(struct call *, const struct message *, enum letter_verdict *ret, int64_t *ret_until, const char **ret_why);
/* Whether its occasion is over, and from when on it is worth nothing. */
int letter_occasion(struct call *, const struct message *, bool *ret_over, int64_t *ret_ends);
/* Nobody is to get it; why. */
int letter_drop(struct call *, const struct message *, const char *why);
/* Is it one for the mail of the day? */
bool letter_daily(const struct message *);
/* When one that was in no mail yet may go, if the person had the day's mail or one waits for another attempt; else now. */
int letter_day(struct call *, const struct message *, int64_t *ret_until);
/* What goes with it in one mail; those whose occasion ended are dropped. */
int letter_parts(struct call *, const struct message *, struct parts *ret);

/* ---- channel.c ---- */
int channel_open(struct link_call *);
int channel_answer(struct link_call *);

/* ---- events.c: what an event sink hears ---- */
int events_done(struct link_call *);
int events_tested(struct link_call *);
void events_look(struct link *);

#endif
