/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times as people write them, read in their own zone and relative to a 'now'.
 *
 *	when   = "now" | 2026-12-01 "T" TIME OFFSET | [day] ["at"] [TIME] | shift
 *	day    = DATE | today | tomorrow | yesterday | [next] friday | shift in days, weeks, months or years
 *	DATE   = 2026-12-01 | 1.12.2026 | 1 december 2026 | december 1, 2026
 *	shift  = +3d | -2w | in 2 weeks | 3 days ago
 *	TIME   = 9:00 | 14:30 | 14:30:15
 *
 * Capitals do not matter, months are "mo", minutes are "min". A weekday is the
 * next one to come, today included while its time is still ahead. A shift by
 * days or more keeps the time of day on the wall, one by hours or minutes is
 * exact. A day without a time begins at midnight. What instant_show prints is
 * understood, when its zone is the reader's own.
 */
#ifndef MENTORSHIP_WHEN_H
#define MENTORSHIP_WHEN_H

#include "date.h"
#include "zone.h"

struct when {
	int64_t local; /* in the zone given */
	int64_t instant;
	bool has_time; /* false: a day was written, and this is its midnight */
	bool by_days;  /* a shift by days or more without a time: the time of day is that of now */
	int answer;    /* ZONE_NORMAL, ZONE_GAP (local then is what the clock shows instead), ZONE_OVERLAP */
};

/* 0, or E_INVALID with a problem that shows the forms accepted (its field is ""). */
int when_parse(const char *text, const struct zone *, int64_t now, struct when *ret, struct problem *);
/* A day alone; a time of day is E_INVALID. `ret_days` as in date.h. */
int when_parse_day(const char *text, const struct zone *, int64_t now, int64_t *ret_days, struct problem *);

#endif
