/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names that many people share, each kept once: whoever has one keeps its position.
 */
#ifndef MENTORSHIP_MATCH_NAMES_H
#define MENTORSHIP_MATCH_NAMES_H

#include "core/arena.h"
#include "match/match.h"

struct match_name {
	const char *text, *folded;
	int64_t number;
};
struct match_names {
	struct arena arena;
	struct match_name *list; /* in the order they came */
	size_t count, room;
	int32_t *slots; /* a hash table of positions + 1; its size is a power of two, at most half of it is used */
	size_t size;
}; /* { 0 } is empty */

/* The position of a name; it is put there if nobody had it. */
int32_t match_name(struct match_names *, const char *text);
/*
 * Numbers all names, from 1, in the order that they have once case is folded; those that are the same then have one number. Returns the
 * words for them, in the arena: of names that differ in case alone the first by its bytes.
 */
struct match_word *match_names_number(struct match_names *, struct arena *, size_t *ret_count);
/* Of a position, after match_names_number. */
static inline int64_t match_name_number(const struct match_names *names, int32_t at)
{
	return names->list[at].number;
}
void match_names_free(struct match_names *);

#endif
