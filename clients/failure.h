/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong, on a client's side: the name of the error, a sentence, and where to read more.
 *
 * Names are those of the bus (org.mentorship1.Error.NotFound, org.freedesktop.DBus.Error.NoReply, ...), for what the client finds
 * out by itself too, so that a reader meets one vocabulary. Functions that can fail return 0 or -1 and fill a struct
 * failure, which their caller owns.
 */
#ifndef MENTORSHIP_FAILURE_H
#define MENTORSHIP_FAILURE_H

#define ERROR_USAGE "org.mentorship1.Error.Usage" /* made by clients only: the command line itself is wrong */
#define ERROR_INVALID "org.mentorship1.Error.InvalidField"
#define ERROR_NOTFOUND "org.mentorship1.Error.NotFound"
#define ERROR_UNAVAILABLE "org.mentorship1.Error.Unavailable"
#define ERROR_CANCELLED "org.mentorship1.Error.Cancelled"
#define ERROR_NOREPLY "org.freedesktop.DBus.Error.NoReply"
#define ERROR_DISCONNECTED "org.freedesktop.DBus.Error.Disconnected"
#define ERROR_MALFORMED "org.freedesktop.DBus.Error.InconsistentMessage"

struct failure {
	char name[128];  /* "" while nothing failed */
	char text[2048]; /* as it came; encode it before it is shown */
	char hint[160];  /* the end of a `mentorctl help ...` worth reading, or "" */
};

/* Fills the failure and returns -1, so that one line says and returns. A text that is too long is cut between characters. */
int failed(struct failure *, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Exit status of the command line tool for the error of that name; 0 for "". */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_NOTFOUND = 3,
	EXIT_DENIED = 4,
	EXIT_UNREACHABLE = 5,
	EXIT_CONFLICT = 6
};
enum exit_status failure_status(const char *name);

#endif
