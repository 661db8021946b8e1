/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a mail and says whether it is a delivery status notification (RFC 3464 and 6533), of which mail, and what became of that.
 *
 * The mail is a stranger's: anything may be missing, doubled, folded, encoded or nested. Only a multipart/report with a part about the delivery
 * is one; answers of people and of their absence are none. Nothing is kept, nothing is written, and no address is in the result.
 */
#ifndef MENTORSHIP_PLUGINS_DSN_H
#define MENTORSHIP_PLUGINS_DSN_H

#include <stdbool.h>
#include <stddef.h>

enum {
	DSN_ID_SIZE = 256,
	DSN_DETAIL_SIZE = 24
};

enum dsn_kind {
	DSN_NONE,    /* some other mail */
	DSN_NEWS,    /* it was delivered, handed on, or is still being tried */
	DSN_DELAYED, /* not delivered so far; it is tried again */
	DSN_FAILED   /* it will not be delivered */
};

struct dsn {
	enum dsn_kind kind;           /* the worst that is said of a recipient */
	char status[12];              /* DELAYED, FAILED: "5.1.1" */
	char detail[DSN_DETAIL_SIZE]; /* the server's code and the status: "550 5.1.1" */
	char message_id[DSN_ID_SIZE]; /* of the mail that it is about, without < >; "" if it does not say */
	char to[DSN_ID_SIZE];         /* where the notification itself was sent to, as its header says; "" if it does not */
};

void dsn_read(const char *mail, size_t size, struct dsn *ret);

#endif
