/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages of the link as the plugin sees them: a Deliver becomes a mentorship_message, a page of the daemon a mentorship_page.
 */
#ifndef MENTORSHIP_HOST_LETTER_H
#define MENTORSHIP_HOST_LETTER_H

#include <dbus/dbus.h>

#include "core/arena.h"
#include "core/error.h"
#include <mentorship-plugin.h>

struct letter {
	struct mentorship_message message;
	struct mentorship_calendar calendar;
};

/* Texts point into the message, which the caller keeps as long. E_INVALID: another shape. */
int letter_read(DBusMessage *, struct letter *ret, struct problem *);
/* The page of a reply; its arrays lie in the arena, its texts in the message. */
int page_read(DBusMessage *, struct arena *, struct mentorship_page *ret, struct problem *);

#endif
