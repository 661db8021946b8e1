/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calendar part of a mail: one VEVENT in the time zone in which the meeting keeps its hour, and that zone beside it.
 */
#ifndef MENTORSHIP_PLUGINS_ICAL_H
#define MENTORSHIP_PLUGINS_ICAL_H

#include <mentorship-plugin.h>

/* iCalendar text (RFC 5545) with METHOD REQUEST or CANCEL, the recipient as its only attendee, and the sender as the organizer where
 * none is given; free() it. NULL if it cannot be made: then *ret_why says why in a few words. */
char *ical_text(const struct mentorship_calendar *, const char *sender, const char *name, const char *address, const char **ret_why);

#endif
