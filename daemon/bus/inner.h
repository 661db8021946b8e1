/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the bus share.
 *
 *   message -> request (queued at its client) -> route -> handler -> reply, held until the turn is committed -> sent
 *
 * A client is a connection of the bus, known by its unique name; a user is a uid, shared by its clients, and holds the quota and
 * the caller. Requests of one client run in order: while its first one waits (credentials, user name, polkit, a step), the rest
 * wait too. Nothing waits inside a transaction: a handler that has to wait returns WAITS before it writes, and is run again from
 * its start when the answer is there. Work in slices is a step, run between turns.
 *
 * link.c connects; turn.c runs; client.c knows who calls; resolve.c and polkit.c ask; route.c finds the handler.
 */
#ifndef MENTORSHIP_BUS_INNER_H
#define MENTORSHIP_BUS_INNER_H

#include <dbus/dbus.h>

#include "bus.h"
#include "core/field.h"

enum {
	WAITS = 1
}; /* a handler's answer: not yet */
enum {
	TURN_CALLS = 32,
	TURN_USEC = 10000
};
enum {
	REPLY_BYTES = 1 << 20
}; /* byte budget of a reply */
enum {
	WAITING_OWN = 8 << 20, /* calls that wait, of one user or connection: the largest limits.message_bytes fits */
	WAITING_MOST = 32 << 20
}; /* of all: half of what libdbus holds before it stops reading, which would stop everybody */

/* ---- names.c: everything about an entity that the bus looks up by word ---- */
enum {
	MEMBER_SLOTS = 128,
	VERB_SLOTS = 64,
	MAX_TYPES = 64,
	TYPE_SLOTS = 256
};

struct type {
	const struct shape *shape;
	const struct entity *entity;
	char *interface; /* "org.mentorship1.MatchRun" */
	char *path;      /* "/org/mentorship1/match_runs" */
	size_t path_length;
	int index;                  /* in names->types */
	char *members[MAX_FIELDS];  /* "TargetDate"; NULL for what is no property */
	int properties[MAX_FIELDS]; /* the fields that are */
	int property_count;
	uint8_t member_slots[MEMBER_SLOTS]; /* index of the field + 1 */
	uint8_t verb_slots[VERB_SLOTS];     /* index of the verb + 1 */
};

struct names {
	struct type types[MAX_TYPES];
	int count;
	uint8_t slots[TYPE_SLOTS]; /* by collection, index + 1 */
	const struct type *person; /* whose rows are the person anchor */
};

struct names *names_new(void); /* shapes_check was called before */
void names_free(struct names *);
const struct type *type_of_collection(const struct names *, const char *word, size_t length);
const struct type *type_of(const struct names *, const struct entity *);
int type_member(const struct type *, const char *member);                             /* index of a field, -1 */
const struct verb *type_verb(const struct type *, const char *member, size_t length); /* NULL if there is none */
const char *kind_signature(enum kind);
bool is_property(const struct field *); /* leaves by Get, GetAll, List: neither sealed nor hidden */
void camel(const char *snake, char *out, size_t size);

/* ---- routes ---- */
enum place {
	NOWHERE,
	ABOVE,
	ROOT,
	COLLECTION,
	OBJECT,
	TASKS,
	TASK,
	LOGGING
};
struct route {
	enum place place;
	const struct type *type;
	int64_t id;
};
/* Takes an object path apart. */
struct route route_path(const struct names *, const char *path);

struct request;
/* A method of one of the fixed interfaces. `in` and `out` are signatures, the names stand beside, separated by spaces. */
struct method {
	const char *name, *in, *in_names, *out, *out_names;
	int (*run)(struct request *);
	const char *help;
};
extern const struct method manager_methods[], collection_methods[], task_methods[];
/* A property of one of the fixed interfaces, all read-only but the log's; `put` appends the value. */
struct property {
	const char *name, *signature;
	void (*put)(struct request *, DBusMessageIter *);
	const char *help;
};
extern const struct property manager_properties[], task_properties[], logging_properties[];

/* ---- clients, users, requests ---- */
enum verdict {
	NOT_ASKED,
	YES,
	NO,
	CHALLENGE
};
struct polkit_check;

struct request {
	struct request *next; /* at its client, then in the turn */
	struct bus *bus;
	struct client *client; /* NULL once finished */
	struct user *user;     /* likewise */
	DBusMessage *message, *reply;
	size_t size; /* of the message */
	struct route route;
	struct call call;
	struct caller caller; /* call.caller points here */
	bool waits;
	struct {
		const char *action;
		enum verdict verdict;
	} asked[4];
	int asked_count;
	struct polkit_check *check;
	/* slices: called between turns until it returns other than 1 */
	int (*step)(struct request *);
	void *state; /* of the steps, given to state_free when the request ends */
	void (*state_free)(void *);
	struct request *next_step;
};

struct subscription;
struct client {
	struct client *hash_next, *older, *newer;
	struct bus *bus;
	char *name; /* unique name */
	uint32_t hash;
	struct user *user;       /* NULL until the bus told the uid */
	DBusPendingCall *asking; /* GetConnectionCredentials under way */
	struct request *first, *last;
	unsigned queued;
	size_t waiting; /* bytes of its queue */
	struct subscription *subscriptions;
	bool ready; /* in bus->ready */
	struct client *next_ready;
};

enum naming {
	UNNAMED,
	NAMING,
	NAMED,
	NAMELESS
};
struct lookup;
struct user {
	struct user *next;
	uint32_t uid;
	unsigned clients; /* that refer to it */
	enum naming naming;
	char *name;       /* NULL: the system knows none */
	int64_t named_at; /* monotonic, microseconds */
	struct lookup *lookup;
	struct caller caller;
	uint64_t caller_of; /* bus->grants when it was made; 0: never */
	int64_t caller_until;
	unsigned in_flight, subscriptions;
	size_t waiting; /* bytes of what is in flight */
	double tokens;  /* rate */
	int64_t tokens_at;
};

enum {
	CLIENT_SLOTS = 512,
	CLIENTS_KEPT = 256
};

struct watch;
struct publishing {
	struct change change;
};

struct bus {
	struct event_base *base;
	DBusConnection *connection; /* NULL while lost */
	char *address;
	bool named, was_named; /* the name is ours; was once */
	bool lost;             /* Disconnected was seen: taken down after the turn */
	unsigned pause;        /* before the next attempt, milliseconds */
	struct event *dispatch, *again, *retry, *stepping, *publishing, *sweeping;
	DBusPendingCall *hello;
	struct store *store;
	const struct settings *settings;
	struct tasks *tasks;
	struct bus_hooks hooks;
	struct names *names;

	struct client *clients[CLIENT_SLOTS];
	struct client *oldest, *newest;
	unsigned client_count;
	struct user *users;
	struct client *ready, **ready_tail;
	struct lookup *lookups;
	struct {
		int pids[16];
		int count;
	} unreaped;
	uint64_t grants; /* grows when a granting row was committed; begins with 1 */

	/* the turn */
	bool dispatching, in_turn, wrote;
	unsigned calls;
	int64_t turn_end;
	struct arena arena;
	struct request *done, **done_tail;
	struct request *spare;
	size_t in_flight, waiting;

	struct request *steps;

	/* signals */
	struct watch **watches; /* a list for each type */
	struct change *changes;
	size_t change_first, change_count, change_room;
	uint32_t subscription_ids;
	unsigned subscribed; /* subscriptions of all clients */
	bool sights_stale;   /* what subscribers see is to be compared with what they saw */
	struct event *limit; /* on limit_fd, a timer of the wall's clock */
	int limit_fd;
	int64_t limit_at; /* the instant at which somebody's sight ends; INT64_MAX: none */
	uint64_t polkit_ids;
	bool verifying, backing; /* one VerifyAudit and one Backup at a time */
};

int64_t monotonic_usec(void);
int64_t processor_usec(void); /* that this thread has had: what a call costs, whatever else the machine does */

/* link.c */
void link_open(struct bus *);
void link_close(struct bus *);
void link_lost(struct bus *);
/* Sends a call and has `done` called with its reply; false when there is no connection. */
DBusPendingCall *link_ask(struct bus *, DBusMessage *, int timeout_ms, DBusPendingCallNotifyFunction done, void *data);
void link_send(struct bus *, DBusMessage *); /* and unref */

/* turn.c */
DBusHandlerResult turn_message(struct bus *, DBusMessage *);
void turn_run(struct bus *);
void turn_steps(struct bus *);
int turn_open(struct bus *, struct problem *);
void request_resume(struct request *); /* what it waited for is there */
void request_step(struct request *, int (*step)(struct request *), void *state, void (*state_free)(void *));
void request_refuse(const struct request *, const struct problem *); /* answers one that is then dropped */
void request_drop(struct request *);                                 /* its client is gone: no answer */
DBusMessage *reply_new(struct request *);                            /* request->reply, made at need */
/* An error reply; what its text repeats of the caller's own words can move no cursor. */
DBusMessage *reply_error(DBusMessage *, const char *name, const char *text);
void client_wake(struct client *);

/* client.c */
struct client *client_of(struct bus *, const char *name); /* found or new; NULL without connection */
struct client *client_find(struct bus *, const char *name);
void client_drop(struct client *);
void clients_drop(struct bus *);
void users_free(struct bus *);
bool client_is_ready(struct client *); /* who it is, is known; begins to ask where it is not */
bool user_is_named(struct bus *, struct user *);
void user_named(struct bus *, struct user *, bool answered, const char *name);
bool user_allows(struct user *, struct bus *, struct problem *); /* quota */
/* A call that held the loop counts for as many as would be ten times as long: nobody gets more than a tenth of it by such calls. */
void user_pays(struct user *, struct bus *, int64_t usec);
/* The one place where a bus caller is made. In a turn. */
int caller_make(struct bus *, struct user *, struct caller *ret, struct problem *);

/* resolve.c */
struct lookup *lookup_start(struct bus *, struct user *);
void lookup_stop(struct lookup *);
void lookups_reap(struct bus *);

/* polkit.c */
/* 0: granted (or uid 0); WAITS; E_DENIED or E_AUTH. */
int polkit_authorize(struct request *, const char *action);
enum verdict polkit_verdict(const struct request *, const char *action);
int polkit_ask(struct request *, const char *action);
void polkit_cancel(struct polkit_check *);

/* route.c */
int route_run(struct request *);
/* Answers with one of the bus's own errors, org.freedesktop.DBus.Error.X; returns 0. */
int reply_unknown(struct request *, const char *error, const char *format, ...) __attribute__((format(printf, 3, 4)));
int wrong_signature(struct request *, const char *member, const char *wanted);

/* properties.c */
int properties_run(struct request *, const char *member);

/* verbs.c */
/* A verb as a message: arguments and options are its body. */
int verb_run(struct request *, const struct verb *);
/* One call of a verb; the iterator stands at its arguments, the options follow. WAITS only if `may_wait`. */
int verb_call(struct request *, struct call *, const struct type *, int64_t id, const struct verb *, DBusMessageIter *, bool may_wait,
	bool only_ask);
/* What a done call answers: object, version, messages, jobs, task and values of its own. */
void verb_answer(struct request *, const struct call *, DBusMessageIter *dict);

/* manager.c: for the manager's methods in other files */
/* Reads an a{sv} that may hold the options named. */
int manager_options(struct request *, const char *known, struct arg **ret, size_t *ret_count);
int manager_no_options(struct request *);
/* Every role that the caller holds over something. */
int manager_roles(struct request *, unsigned *ret);
/* administer.c */
int admin_backup(struct request *);
int admin_verify_audit(struct request *);
int admin_resume(struct request *);
int admin_advance_clock(struct request *);
int admin_reload(struct request *);

/* collection.c, export.c */
int export_run(struct request *);
/* Fields of a query by their names; none: those listed. E_INVALID naming the one that is none. */
int fields_read(struct request *, const char *const *words, size_t count, const struct type *, const char *const **ret, int *ret_index,
	size_t *ret_count);

/* describe.c, tasks.c, logging.c, introspect.c */
int describe(struct request *);
/* The task at the request's path if the caller started it, is root or staff over its object; NULL for others as for none. */
struct task *task_seen(struct request *);
void task_changed(void *bus, const struct task *);
int logging_set(struct request *, const char *member, DBusMessageIter *variant);
int introspect(struct request *);
void introspect_place(const struct names *, struct route, struct buffer *);
void policy_print(const struct names *, struct buffer *);

/* signals.c */
int subscribe(struct request *);
int unsubscribe(struct request *);
void subscriptions_drop(struct client *);
void publish_run(struct bus *);
void publish_free(struct bus *);
/* Somebody's sight may be another: who lost sight of what they were shown is told, soon. Nothing where nobody subscribed. */
void sights_look(struct bus *);
void limit_make(struct bus *);

/* size.c */
/* Bytes of the message's values, near enough; stops counting soon after `most`. */
size_t message_size(DBusMessage *, size_t most);

/* descriptor.c */
/* Is it a regular file, or a memfd that can neither shrink, grow nor be written, of at most `most` bytes? */
int descriptor_check(int fd, int64_t most, const char *name, struct problem *);
/* A sealed memfd at its start, owned by the caller; or a negative error. */
int descriptor_memfd(const char *name, const void *data, size_t length, struct problem *);

#endif
