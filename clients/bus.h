/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients' way to the daemon: a connection to the system bus, calls, signals and tasks.
 *
 * Values travel as JSON, the same in both directions: numbers, texts, lists, dictionaries, structs as arrays. Where the
 * bus wants a type that JSON has no word for, in a variant, bus_typed names it. INT64_MIN and NaN, the bus's 'no value', arrive as null.
 *
 * A call whose reply was lost (the daemon or the bus ended meanwhile) may or may not have been done. Calls flagged
 * BUS_REPEAT are then made once more, on a new connection if need be: reads, and verbs under an idempotency key, which
 * the daemon answers the same way without doing them twice. All others report the loss.
 */
#ifndef MENTORSHIP_CLIENT_BUS_H
#define MENTORSHIP_CLIENT_BUS_H

#include "failure.h"

#include <jansson.h>
#include <stdbool.h>

#define BUS_NAME "org.mentorship1"
#define BUS_ROOT "/org/mentorship1"
#define BUS_MANAGER "org.mentorship1.Manager"
#define BUS_COLLECTION "org.mentorship1.Collection"
#define BUS_TASK "org.mentorship1.Task"

struct bus;

enum {
	BUS_INTERACTIVE = 1, /* the daemon may have an administrator asked for a password */
	BUS_REPEAT = 2       /* may be made again after a lost reply */
};

/* Connects to the system bus, $DBUS_SYSTEM_BUS_ADDRESS if set; bus_close frees. timeout: milliseconds a reply may take. */
int bus_open(struct bus **ret, int timeout, struct failure *);
void bus_close(struct bus *); /* NULL is fine */

/* Calls a member and waits. `arguments` is an array with one element for each complete type of the signature (NULL for ""); it is
 * always given up. *ret_reply (may be NULL) becomes an array of the values that came back; the caller owns it. Descriptors ('h') are
 * integers in both directions: those sent stay the caller's, those received become the caller's. */
int bus_call(struct bus *, int flags, const char *path, const char *interface, const char *member, const char *signature, json_t *arguments,
	json_t **ret_reply, struct failure *);
/* All properties of an interface; the caller owns *ret. */
int bus_properties(struct bus *, const char *path, const char *interface, json_t **ret, struct failure *);

/* A value whose type in a variant is not the one that JSON suggests (text s, integer x, real d, true b, array as, object a{sv}). */
json_t *bus_typed(const char *signature, json_t *value);

/* A signal of the daemon; fields are owned by the struct, freed by bus_signal_free. */
struct bus_signal {
	char *path, *interface, *member;
	json_t *arguments;
};
/* From now on signals of the daemon and its coming and going are noticed. */
int bus_listen(struct bus *, struct failure *);
/* Waits up to `timeout` ms. 1: *ret is a signal of the daemon; 0: none came; 2: the daemon was replaced or has gone (it comes as
 * 2 once, whether it is back or not); -1: the connection was lost. */
int bus_next_signal(struct bus *, int timeout, struct bus_signal *ret, struct failure *);
void bus_signal_free(struct bus_signal *);

/* Waits for a task to end, telling `progress` (0-1, may be NULL) of each step. *ret_result is the Result dictionary, the caller
 * owns it. A task that failed or was cancelled, and a daemon that goes away meanwhile, are failures. */
int bus_task_wait(struct bus *, const char *path, void (*progress)(double done, const char *kind, void *data), void *data,
	json_t **ret_result, struct failure *);

/* An idempotency key: 26 letters and digits, 48 bits of milliseconds, then 80 random bits, so keys made one after the other
 * are neighbours in the daemon's index. */
#define BUS_KEY 27
void bus_key(char out[static BUS_KEY]);

#endif
