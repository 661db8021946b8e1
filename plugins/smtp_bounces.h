/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mails that came back: notifications (dsn.h) in a Maildir into which the mail server delivers what is sent to envelope_sender.
 *
 * The directory new/ is looked through now and then, one file a turn of the loop. A notification that a mail failed is told to the daemon and
 * stays in new/ until it has answered, so a kill of either loses none; then it is moved to cur/ as read. What is no such notification is moved
 * to cur/ as unread, and never looked at again: somebody may have written to that address.
 */
#ifndef MENTORSHIP_PLUGINS_SMTP_BOUNCES_H
#define MENTORSHIP_PLUGINS_SMTP_BOUNCES_H

#include <mentorship-plugin.h>

struct bounces;

/* Refuses, with the reason told to the host, a Maildir that this account cannot use: NULL. */
struct bounces *bounces_new(const struct mentorship_host *, const char *maildir, const char *envelope_sender);
void bounces_free(struct bounces *);

#endif
