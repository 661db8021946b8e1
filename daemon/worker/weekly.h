/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times of a week as people write them: 'Mon 14:00-16:00; Wed 9-11', 'Tuesdays and Thursdays 2-4 pm', 'lun. 9h30 à 12h'.
 *
 * A time range belongs to the days named before it; further ranges without a day belong to the same days. What cannot
 * be read for certain is refused with the words that stopped it: a range that ends before it starts ('9-5') is never
 * taken for an afternoon or a night.
 */
#ifndef MENTORSHIP_WEEKLY_H
#define MENTORSHIP_WEEKLY_H

#include <stddef.h>

enum {
	WEEKLY_SPANS = 128,
	WEEKLY_TEXT = 200
};

struct weekly_span {
	int weekday;    /* 0 is Monday */
	int start, end; /* minutes of the day, 0-1440, start < end */
};

struct weekly {
	struct weekly_span spans[WEEKLY_SPANS]; /* by day and start; those that touch are one */
	size_t count;
	char problem[WEEKLY_TEXT]; /* what is wrong and how to mend it */
};

/* Reads a folded text. `days`: bits of the days meant where the column says so, else 0. 0, or E_INVALID with the problem
 * written. No text at all is no time: count 0. */
int weekly_read(struct weekly *, const char *text, unsigned days);

#endif
