/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages of the link as the plugin sees them: a Deliver becomes a mentorship_message, a page of the daemon a mentorship_page.
 */
#ifndef MENTORSHIP_HOST_LETTER_H
#define MENTORSHIP_HOST_LETTER_H

#include <dbus/dbus.h>
#include <stdbool.h>

#include "core/arena.h"
#include "core/error.h"
#include <mentorship-plugin.h>

struct letter {
	struct mentorship_message message;
	struct mentorship_calendar calendar;
};

/* Texts point into the message, which the caller keeps as long. E_INVALID: another shape. */
int letter_read(DBusMessage *, struct letter *ret, struct problem *);

/* What is left to read of the pages of a reply. */
struct pages {
	const dbus_int64_t *numbers;
	const char *texts;
	size_t number_count, text_bytes;
	bool short_; /* something was to come, and did not */
};
/* E_INVALID: another shape, here and below. */
int pages_begin(struct pages *ret, DBusMessage *, struct problem *);
/* The next page: 1, or 0 if that was all. Its arrays lie in the arena, its texts in the message. */
int pages_next(struct pages *, struct arena *, struct mentorship_page *ret, struct problem *);

#endif
