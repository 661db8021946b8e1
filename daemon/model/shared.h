/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MENTORSHIP_SHARED_H
#define MENTORSHIP_SHARED_H

#include "model.h"

/* What the two of a match have in common, in one sentence of that language; NULL if nothing is known. In the call's arena. */
int shared_said(struct call *, int64_t match, const char *language, const char *zone, const char **ret);
/* The same for a caller who has read the match, and of a pair its two members, NULL where there is none. */
int shared_by(struct call *, const struct match *, const struct match_member *, const struct match_member *, const char *language,
	const char *zone, const char **ret);
/* The names of the side that a person is not of: each member of the match is seen once, in any order, into one that is all zero. */
enum {
	GROUP_MOST = 64
};
struct others {
	bool mentor; /* the person is one */
	int count[2];
	const char *names[2][GROUP_MOST];
};
void others_see(struct others *, const struct match_member *, int64_t person);
/* "Mona and Max"; "" if there is nobody. In the arena. */
const char *others_named(struct arena *, const struct others *, const char *language);

#endif
