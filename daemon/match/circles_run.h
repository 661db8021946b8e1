/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files share that make groups of a program's people: who they are as numbers, when they can meet, what the recipe asks of a group. */
#ifndef MENTORSHIP_CIRCLES_RUN_H
#define MENTORSHIP_CIRCLES_RUN_H

#include "match/circles.h"
#include "match/internal.h"

struct member { /* of those who can be in a group: mentors by id, then mentees by id */
	bool is_mentor;
	int32_t at; /* its place in the prepared side */
};

enum {
	RULE_MENTORS,
	RULE_MENTEES,
	RULE_MIX /* and those behind it */
};

struct gathered {
	struct scorer *scorer;
	struct arena *arena;
	struct member *members;
	int32_t *member_of[2]; /* of each mentee, of each mentor: its number, or -1 */
	struct match_circles_input circles;
	int32_t minutes;                    /* of a meeting; 0: none is asked for, and there is one slot for all */
	int32_t *from;                      /* of each slot: minutes since Monday 00:00 by the input's clock */
	bool *has_time;                     /* of each person: a slot at least */
	const struct plan_line **rule_line; /* of each rule of the composition; NULL for the two of sides */
	int64_t eligible;                   /* pairs of mentee and mentor that no rule forbids */
};

/* Everything in the arena. E_INVALID: what the recipe asks cannot be; E_CANCELLED. */
int match_gather_circles(struct scorer *, struct arena *, const struct match_watch *, struct gathered *, struct problem *);

static inline const struct someone *member_person(const struct gathered *g, int32_t number)
{
	const struct prepared *in = g->scorer->in;
	const struct member *m = &g->members[number];

	return m->is_mentor ? &in->mentors[m->at] : &in->mentees[m->at];
}

static inline bool is_barred(const struct match_person *who)
{
	return who->minor && !who->consent;
}

/* circles_left.c: fills the result's unplaced ones. */
int match_explain_left(const struct gathered *, const struct match_circles *, struct match_result *, const struct match_watch *);

#endif
