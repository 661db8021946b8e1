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

/* reasons.c */
int32_t match_pair_score(const struct scorer *, int32_t mentee, int32_t mentor);
void match_place_all(struct explain *);
/* *ret_count must be 0. */
void match_shares_of(const struct explain *, int32_t mentee, int32_t mentor, const struct match_share **ret_shares, size_t *ret_count);
void match_add_warnings(const struct explain *, struct match_result *);
struct match_alternative match_alternative_of(const struct explain *, const struct wanted *);

/* sides.c: of a pair that a stable matching does not have: which of the two would not want it. */
const char *match_unwanted_text(const struct explain *, int32_t mentee, int32_t mentor);

/* unplaced.c: how much a rule misses, where more of its amount mends it; else NaN. */
double match_missing(const struct scorer *, const struct plan_line *, int32_t mentee, int32_t mentor);
/* Fills the result's unplaced ones; E_CANCELLED. */
int match_explain_unplaced(const struct explain *, struct match_result *);

#endif
