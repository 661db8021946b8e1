/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors: negative codes travel up untouched, positive values are named answers.
 *
 * A code is a line of one table (error.c), which gives its D-Bus name. What is
 * wrong, where, and how to mend it travels beside the code in a struct problem,
 * which the caller owns; a function that fails writes it once, at the place
 * that knows, and everybody above only passes the code on.
 */
#ifndef MENTORSHIP_ERROR_H
#define MENTORSHIP_ERROR_H

enum {
	E_INVALID = -1,  /* InvalidField: an argument is not what it must be */
	E_NOTFOUND = -2, /* absent and hidden alike */
	E_STATE = -3,    /* WrongState: not in this state of the object */
	E_CONFLICT = -4, /* a stale version, a taken name, a key with another body */
	E_DENIED = -5,   /* NotAllowed */
	E_BUSY = -6,     /* the same is under way; later */
	E_LIMIT = -7,    /* LimitExceeded: a size, a rate, a quota */
	E_FULL = -8,     /* StoreFull */
	E_STORE = -9,    /* StoreFailed */
	E_READONLY = -10,
	E_UNAVAILABLE = -11, /* a key, a worker, a helper is missing now */
	E_CANCELLED = -12,
	E_AUTH = -13, /* the bus's InteractiveAuthorizationRequired */
	E_LAST = -13
};

struct problem {
	int code;       /* 0, or one of the above */
	char field[64]; /* the argument or setting meant; "" if none */
	char text[440]; /* a sentence: what is wrong and how to mend it */
};

/* Writes the problem and returns `code`, so that one line can say and return. `field` may be NULL. */
int problem_set(struct problem *, int code, const char *field, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The full D-Bus error name of a code, such as "org.mentorship1.Error.Conflict"; never NULL. */
const char *error_name(int code);
/* The code of a D-Bus error name; E_STORE for one that is not ours. */
int error_code(const char *name);

#endif
