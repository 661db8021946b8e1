/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One connection to a mail server, over which letters go one after the other.
 *
 * libcurl opens it: the name, TLS, the greeting, the login. The letters themselves are handed over here, with libcurl as the pipe,
 * because libcurl's own way waits for the reply to a text, and for the one to QUIT, with the whole process. The session owns the
 * connection; a letter is its owner's and stays valid until `done`. A connection that had been waiting and turns out to be dead costs
 * nothing: the letter goes once more over a new one, as long as the server has heard no more than its sender.
 */
#ifndef MENTORSHIP_PLUGINS_SMTP_SESSION_H
#define MENTORSHIP_PLUGINS_SMTP_SESSION_H

#include "smtp_outcome.h"
#include "transfer.h"

struct letter {
	struct letter *next;
	int64_t id, expires;
	char *from, *to; /* of the envelope */
	char *mail;      /* ends with the line of a single point; no other line begins with one */
	size_t length;
};

struct smtp_session {
	struct transfer *transfer;
	struct event_base *base;
	struct transfer_job job;
	void (*done)(struct smtp_session *, int outcome, const char *detail); /* of the letter; may send the next */
	void *data;                                                           /* of the owner */
	int timeout;                                                          /* seconds for one letter */
	/* from here on its own */
	enum {
		SESSION_CLOSED,
		SESSION_OPENING,
		SESSION_WAITING,
		SESSION_SENDING
	} state;
	struct event *readable, *writable, *timer;
	const struct letter *letter;
	bool fresh; /* the connection was made for this letter */
	struct smtp_exchange exchange;
	size_t heard, line_length;
	const char *out;
	size_t out_left;
	char line[512], command[512], error[CURL_ERROR_SIZE];
};

/* `transfer`, `base`, `done`, `data` and `timeout` are set. Gives it its job, to which the caller adds URL, TLS and login; 0, or -1. */
int smtp_session_init(struct smtp_session *);
/* Only in the states CLOSED and WAITING. */
void smtp_session_send(struct smtp_session *, const struct letter *);
/* Tells the hooks of the transfer that the connection is made, or is not. */
void smtp_session_opened(struct smtp_session *, CURLcode);
void smtp_session_free(struct smtp_session *);

#endif
