/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of events: what the journal may say.
 *
 * Each kind is one row of event_kinds (events.c): an id that never changes (the journal's MESSAGE_ID), a level and one fixed sentence.
 * What differs from one event to the next goes into fields (log.h), never into the sentence. systemd/mentorshipd.catalog
 * explains each id, with the same sentence as its subject; a test compares the two.
 *
 * A new kind: a line here, a row in events.c (an id from `journalctl --new-id128`), an entry in the catalogue.
 */
#ifndef MENTORSHIP_EVENTS_H
#define MENTORSHIP_EVENTS_H

enum event_kind {
	EVENT_STARTED,
	EVENT_STOPPING,
	EVENT_CONFIG_REFUSED,
	EVENT_CONFIG_WARNING,
	EVENT_CONFIG_RELOADED,
	EVENT_TABLES_REFUSED,
	EVENT_BUS_LOST,
	EVENT_BUS_FOUND,
	EVENT_BUS_NAME_TAKEN,
	EVENT_DIRECTORY_IN_USE,
	EVENT_STORE_REFUSED,
	EVENT_STORE_FAILED,
	EVENT_STORE_FULL,
	EVENT_STORE_READ_ONLY,
	EVENT_SYNC_FAILED,
	EVENT_CHECK_FAILED,
	EVENT_MIGRATED,
	EVENT_STORE_HELD,
	EVENT_STORE_RESUMED,
	EVENT_RESTORED,
	EVENT_BACKUP_MADE,
	EVENT_BACKUP_FAILED,
	EVENT_AUDIT_HEAD,
	EVENT_AUDIT_BROKEN,
	EVENT_KEY_UNAVAILABLE,
	EVENT_NO_LINKS,
	EVENT_DISCLOSED,
	EVENT_ERASED,
	EVENT_ERASURE_WAITS,
	EVENT_CLOCK_LEAPT,
	EVENT_CLOCK_SIMULATED,
	EVENT_JOB_LATE,
	EVENT_JOB_FAILED,
	EVENT_WORKER_FAILED,
	EVENT_WORKER_REFUSED,
	EVENT_LOGIN_PINNED,
	EVENT_LOGIN_REFUSED,
	EVENT_LOOKUP_SLOW,
	EVENT_POLKIT_UNAVAILABLE,
	EVENT_CALLER_LIMITED,
	EVENT_BATCH_HELD,
	EVENT_PLUGIN_FAILED,
	EVENT_PLUGIN_DISABLED,
	EVENT_PAGE_TOO_LONG,
	EVENT_LOOP_SLOW,
	EVENT_RUNTIME_ERROR,
	EVENT_KINDS
};

struct event_row {
	const char *id; /* 32 hexadecimal digits */
	int level;      /* priority of syslog: 0 the weightiest, 7 debug */
	const char *message;
};
extern const struct event_row event_kinds[EVENT_KINDS];

#endif
