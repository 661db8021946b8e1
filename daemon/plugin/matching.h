/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What pieces of work about matchings share: what the worker is given. match_gather.c opens what only the daemon can open and asks for
 * the process; match_work.c is a run, match_ask.c are questions about recipes and runs.
 */
#ifndef MENTORSHIP_PLUGIN_MATCHING_H
#define MENTORSHIP_PLUGIN_MATCHING_H

#include "inner.h"

struct couple {
	int64_t one, other;
};
struct given { /* a group that somebody gave */
	int64_t participant;
	char *name; /* owned */
};

struct matching {
	const char *word; /* what the worker is to do: "match", "preview", "explain", "outlook" */
	int64_t program, seed, from, values[2];
	char *lines, *changes; /* owned */
	int64_t algorithm;     /* of match_algorithms */
	char hash[65];         /* of the run that is asked about; "": none */
	int64_t cursor;
	bool ages, groups;
	struct buffer input;
	struct couple *objections;
	size_t count, room;
	struct given *given;
	size_t given_count, given_room;
	int64_t mentees, people; /* that the program has: no more rows than these are believed */
	int64_t pairs, total, unplaced, answers;
	int64_t circles, circle; /* how many; the row of the last */
};

/* Takes copies of the texts, either may be NULL. */
struct matching *matching_new(const char *word, int64_t program, const char *lines, const char *changes);
void matching_forget(struct piece *);
/* The next stage of the piece is to open objections, then ages and groups where a line looks at them, then to launch the worker. */
void matching_open(struct piece *);
bool matching_objected(const struct matching *, int64_t one, int64_t other);

#endif
