/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log: kinds of events, names and numbers; nothing else can be said.
 *
 * There is no way to pass a sentence or a value: an event is a row of events.h, and its facts are numbers, codes, and names that
 * the tables of the program contain. A name that they do not contain is written as '?', so a value that
 * is handed over by mistake stays out of the journal.
 *
 * Goes to the journal with fields when stderr is connected to it, else to stderr as one line (with the <N> prefix that
 * systemd understands, unless it is a terminal). Libraries return errors; bus, schedule, plugin and main log, and the store where it
 * goes on with less than was wanted (a zone that cannot be read).
 */
#ifndef MENTORSHIP_LOG_H
#define MENTORSHIP_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "text.h"

/* What zero or NULL means is 'not said'; where zero says something, name it in `has`. */
enum {
	LOG_HAS_UID = 1,
	LOG_HAS_COUNT = 2,
	LOG_HAS_NUMBER = 4
};

struct log_facts {
	const char *entity; /* names of the tables: entity, verb, field, job kind */
	const char *verb;
	const char *field;
	const char *job;
	const char *setting; /* a row of settings_table */
	const char *plugin;  /* letters, digits, dashes */
	int64_t object;      /* ids */
	int64_t program;
	int64_t task;
	int64_t sequence;          /* of an audit record */
	const unsigned char *hash; /* 32 bytes */
	int64_t uid;
	int64_t count;
	int64_t number; /* a code of a library, a signal, a status */
	int64_t milliseconds;
	int code;  /* E_... */
	int error; /* errno, positive */
	unsigned has;
};

/* Decides where events go: to `fd` as lines, or, with -1, to the journal or stderr. Before it: as with -1. */
void log_open(int fd);
/* Events above this level are not written; 0 to 7, at first 6. Levels have the names of the setting log.level and, beside
 * them, those that LogControl1 knows: emerg, alert, crit, err, warning, notice, info, debug. */
void log_level_set(int level);
int log_level(void);
const char *log_level_name(int level); /* LogControl1's name */
int log_level_named(const char *name); /* -1 if there is none */
/* The rule for entity, verb, field and job: given by main once the tables are known. Until then only words of plain
 * letters, digits, '_', '-' and '.' pass. */
void log_known_names(bool (*known)(const char *name));

/* Writes an event; facts may be NULL. Never fails: what cannot be written is dropped. errno stays as it was. */
void log_event(enum event_kind, const struct log_facts *);

/* The fields that go to the journal, each as "NAME=value" and a line feed; for tests. */
void log_fields(enum event_kind, const struct log_facts *, struct buffer *);

#endif
