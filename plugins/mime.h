/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One mail as the wire wants it: header and parts, lines of at most 998 octets that end with CRLF, ASCII throughout.
 *
 * Every value of the header goes through one encoder, which takes no control character: a line break cannot get in. Texts go as
 * quoted-printable or base64, so no line of a text can be too long, begin with a dot or look like a boundary.
 */
#ifndef MENTORSHIP_PLUGINS_MIME_H
#define MENTORSHIP_PLUGINS_MIME_H

#include <mentorship-plugin.h>
#include <stdbool.h>
#include <stddef.h>

struct mail {
	const struct mentorship_message *message;
	const char *sender;    /* the address behind From */
	const char *id_domain; /* goes behind a message_id that has no '@' */
	int64_t now;           /* instant, for Date */
};

/* One ASCII address of at most 254 octets: a mailbox of plain characters, '@', a host name. */
bool mime_address(const char *);
/* The mail; free() it. NULL if it cannot be made: then *ret_outcome says which outcome that is, *ret_why in a few words why. */
char *mime_mail(const struct mail *, size_t *ret_length, int *ret_outcome, const char **ret_why);

#endif
