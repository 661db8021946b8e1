/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What reasons for pairs (reasons.c) and for who stayed without one
 * (unplaced.c) share: the solved run and who is where, locked pairs included.
 */
#ifndef MENTORSHIP_MATCH_EXPLAIN_H
#define MENTORSHIP_MATCH_EXPLAIN_H

#include "match/internal.h"

struct explain {
	struct scorer *scorer;
	const struct solved *solved;
	const struct match_watch *watch;
	struct arena *arena, *scratch; /* of the result; of the way there */
	int32_t *mentor_of, *taken;
	bool marked; /* somebody is */
};

/* Fills the result's unplaced ones; E_CANCELLED. */
int match_explain_unplaced(const struct explain *, struct match_result *);

#endif
