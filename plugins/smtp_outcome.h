/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What became of a mail, from how far the exchange came, what the server said last, and how libcurl ended it.
 *
 * A reply decides if there is one: 4xx is for later; 5xx refuses the address when it answers the recipient or the text, and is a
 * matter for the administrator at every other step. Without a reply the text decides: once it was handed over whole, nobody knows.
 * Before that a certificate, a login or a server without TLS is the administrator's, and anything else may pass by itself.
 */
#ifndef MENTORSHIP_PLUGINS_SMTP_OUTCOME_H
#define MENTORSHIP_PLUGINS_SMTP_OUTCOME_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

enum smtp_step {
	SMTP_GREETING,
	SMTP_HELLO,
	SMTP_STARTTLS,
	SMTP_LOGIN,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_TEXT
};
enum {
	SMTP_DETAIL_SIZE = 64
};

/* All zero at the start of each mail. */
struct smtp_exchange {
	enum smtp_step step;
	bool handed;     /* the text, all of it, to the connection */
	int code;        /* of the last whole reply at this step; 0: none yet */
	char status[12]; /* its enhanced status, "5.1.1", or "" */
};

/* A command that was sent. */
void smtp_exchange_command(struct smtp_exchange *, const char *text, size_t length);
/* A line that came; true if it ends a reply. */
bool smtp_exchange_reply(struct smtp_exchange *, const char *line, size_t length);
/* enum mentorship_outcome; `words` is libcurl's error text. Writes "550 5.1.1", or a few words without a name or an address. */
int smtp_outcome(const struct smtp_exchange *, CURLcode, const char *words, char detail[SMTP_DETAIL_SIZE]);

#endif
