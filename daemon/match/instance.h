/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instance files: a problem of this room as text, for people who compare algorithms (mentorship-match(1) documents the format).
 *
 * Lines may stand in any order: names are sorted by their bytes first, and an
 * index is a place in that order. So a file and the same file shuffled are one
 * instance, to the hash. What is wrong is refused with the number of its line.
 */
#ifndef MENTORSHIP_INSTANCE_H
#define MENTORSHIP_INSTANCE_H

#include "match/circles.h"

enum {
	MATCH_NAME_MAX = 64,             /* bytes */
	MATCH_INSTANCE_MAX = 1 << 30,    /* bytes of a file */
	MATCH_INSTANCE_PAIRS = 33554432, /* lines of pairs, entries of lists */
};

enum { /* what stands in an instance, as bits */
	MATCH_HAS_PAIRS = 1,
	MATCH_HAS_LISTS = 2,
	MATCH_HAS_LEAST = 4,
	MATCH_HAS_MARKED = 8,
	MATCH_HAS_LOCKS = 16,
	MATCH_HAS_KEPT = 32,
	MATCH_HAS_PEOPLE = 64
};

struct match_instance {
	unsigned has;
	const char *const *mentees, *const *mentors; /* names, graph.mentees and graph.mentors of them */
	struct match_graph graph;                    /* of the pairs */
	/*
	 * Of the lists, or where there are none of each side's view of the pairs. Without the locked mentees and their places: who is locked
	 * has no entries.
	 */
	struct match_choices choices;
	int64_t one_sided;                        /* entries of lists left out: the other does not list its owner */
	const char *const *people, *const *slots; /* names */
	struct match_circles_input circles;
	unsigned char hash[32];
	struct arena *arena; /* owner of all of the above; private */
};

/* 0 and an instance to be freed with match_instance_free; E_INVALID, with a text that names the line. */
int match_instance_read(const char *data, size_t size, struct match_instance *, struct problem *);
void match_instance_free(struct match_instance *);

#endif
