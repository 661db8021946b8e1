/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events that an event sink keeps until they are done with, and the words that say which of them it wants.
 */
#ifndef MENTORSHIP_PLUGINS_EVENTS_H
#define MENTORSHIP_PLUGINS_EVENTS_H

#include <mentorship-plugin.h>
#include <stdbool.h>
#include <stddef.h>

struct kept_event {
	struct kept_event *next;
	int64_t sequence, version, at;
	char *kind, *path;
	bool test; /* wanted whatever the settings say, and told of by host->tested */
};

/* In the order in which they came; all zero at the start. */
struct event_queue {
	struct kept_event *first, *last;
	size_t count;
};

/* Words separated by blanks: "match.accept", "match.*", "*". A '*' stands only at the end of a word. */
bool events_words_valid(const char *words);
bool events_wanted(const char *words, const char *kind);

/* Copies the event to the end of the queue. */
void events_keep(struct event_queue *, const struct mentorship_event *);
/* Drops the first one. */
void events_drop(struct event_queue *);
void events_free(struct event_queue *);

#endif
