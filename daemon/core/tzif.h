/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a zone file (TZif, RFC 8536 versions 1 to 4) as a struct; only
 * zone.c includes this. A file is a stranger's: every count is checked against
 * its size before it is used, and what does not add up is refused whole.
 */
#ifndef MENTORSHIP_TZIF_H
#define MENTORSHIP_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TZIF_ABBREVIATION = 16
};

struct tzif_kind {      /* a kind of local time */
	int32_t offset; /* seconds east of UTC, within a day and a bit */
	bool summer;
	char abbreviation[TZIF_ABBREVIATION];
};

struct tzif_day { /* when in a year the footer's rule changes the clock */
	enum {
		TZIF_JULIAN,
		TZIF_YEARDAY,
		TZIF_WEEKDAY
	} form;
	int day;         /* 1-365 without 29 February; 0-365 with it; or a weekday, Sunday 0 */
	int month, week; /* of the third form; week 5 is the last */
	int32_t time;    /* seconds after local midnight, also negative or days later */
};

struct tzif_footer { /* the rule for all that comes after the last transition */
	bool present, has_summer;
	struct tzif_kind standard, summer;
	struct tzif_day start, end; /* of summer time */
};

struct tzif {
	size_t count, kinds;
	int64_t *times;         /* ascending; owned */
	uint8_t *types;         /* the kind that begins at times[i]; owned */
	struct tzif_kind *kind; /* kinds[0] holds before the first transition; owned */
	struct tzif_footer footer;
	uint64_t stamp; /* FNV-1a of the file's bytes */
};

/* 0, or E_INVALID with `*ret_why` (a constant phrase) and nothing to free. */
int tzif_parse(const uint8_t *bytes, size_t size, struct tzif *ret, const char **ret_why);
void tzif_free(struct tzif *);

/* The two changes of the footer's rule in a year: instants at which summer time starts and ends. */
void tzif_changes(const struct tzif_footer *, int64_t year, int64_t *ret_start, int64_t *ret_end);

#endif
