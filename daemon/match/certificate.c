/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What shows that a matching is stable, looked at anew: this shares no code with what found it.
 *
 * A pair blocks when both would be better off with each other: the mentee has
 * no mentor or likes this one more than its own, and the mentor has a free
 * place or likes this mentee more than one of its own. More means more: whom one
 * likes as much is no reason to part. A matching is stable if no pair of the
 * lists blocks, and there is nothing more to look at.
 */
#include <stdlib.h>

#include "match/match.h"

static int fail(struct problem *problem, const char *what, long long mentee, long long mentor)
{
	return problem_set(problem, E_INVALID, NULL, "The result does not hold: %s (mentee %lld, mentor %lld).", what, mentee, mentor);
}

/* The entry of a mentee for a mentor, or NULL. */
static const struct match_choice *choice_of(const struct match_choices *in, int32_t mentee, int32_t mentor)
{
	for (int64_t i = in->start[mentee]; i < in->start[mentee + 1]; i++)
		if (in->list[i].mentor == mentor)
			return &in->list[i];
	return NULL;
}

struct held {                 /* by one mentor */
	int32_t count, least; /* least: how much it likes the one it likes least of its own */
};

static int count_held(const struct match_choices *in, const int32_t *mentor_of, struct held *held, struct problem *problem)
{
	for (int32_t mentee = 0; mentee < in->mentees; mentee++) {
		int32_t mentor = mentor_of[mentee];
		const struct match_choice *choice;

		if (mentor == -1)
			continue;
		choice = choice_of(in, mentee, mentor);
		if (!choice)
			return fail(problem, "a pair is not an allowed one", mentee, mentor);
		if (held[mentor].count++ == 0 || choice->mentor_likes < held[mentor].least)
			held[mentor].least = choice->mentor_likes;
		if (held[mentor].count > in->places[mentor])
			return fail(problem, "a mentor has more mentees than places", mentee, mentor);
	}
	return 0;
}

static int find_blocking(const struct match_choices *in, const int32_t *mentor_of, const struct held *held, struct problem *problem)
{
	for (int32_t mentee = 0; mentee < in->mentees; mentee++) {
		const struct match_choice *own = mentor_of[mentee] < 0 ? NULL : choice_of(in, mentee, mentor_of[mentee]);

		for (int64_t i = in->start[mentee]; i < in->start[mentee + 1]; i++) {
			const struct match_choice *other = &in->list[i];
			const struct held *there = &held[other->mentor];

			if (own && other->mentee_likes <= own->mentee_likes)
				continue;
			if (there->count < in->places[other->mentor])
				return fail(problem, "a mentee would rather have a mentor who has a free place", mentee, other->mentor);
			if (there->count > 0 && other->mentor_likes > there->least)
				return fail(problem, "a mentee and a mentor would both rather have each other", mentee, other->mentor);
		}
	}
	return 0;
}

int match_stable_check(const struct match_choices *in, const int32_t *mentor_of, struct problem *problem)
{
	struct held *held = calloc((size_t)in->mentors + 1, sizeof *held);
	int r;

	if (!held)
		abort();
	r = count_held(in, mentor_of, held, problem);
	if (r == 0)
		r = find_blocking(in, mentor_of, held, problem);
	free(held);
	return r;
}
