/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which times of a schedule to run now, and when to wake next. Pure functions.
 *
 * A schedule names nominal local times: of a rule, or one alone. Each has a due
 * instant, by the zone and by what closed days do to it. Nominal times run in
 * their order, and only those after the last one done; that one number, kept
 * with the job, is what makes each run once whatever the clock does. A clock set
 * back, or the hour that comes twice in autumn, offers nothing again; an hour
 * left out in spring still runs, by the offset before it; after a leap forward
 * or a week off, the policy decides. A time that the policy passes over counts
 * as done too, so the caller keeps `last` of the answer, not the last that ran.
 */
#ifndef MENTORSHIP_CATCHUP_H
#define MENTORSHIP_CATCHUP_H

#include "core/date.h"
#include "core/zone.h"
#include "rrule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum catchup {
	CATCHUP_ONCE, /* of all that are due, the latest; the others are passed over */
	CATCHUP_EACH, /* all of them, oldest first */
	CATCHUP_SKIP  /* those only that are on time: no later than max_late */
};

enum closed_rule {
	CLOSED_RUNS,  /* closed days do not matter */
	CLOSED_SKIPS, /* a nominal time on a closed day does not exist; COUNT counts it all the same */
	CLOSED_MOVES  /* it is due at its time of day on the next open day */
};

enum {
	CATCHUP_GRACE = 300
}; /* seconds: how late is on time for CATCHUP_SKIP where max_late is not set */
enum {
	CATCHUP_PASSED_MAX = 1000
}; /* `passed` counts up to here: then it means 'so many or more' */

struct schedule {
	const struct rrule *rule; /* NULL: `start` alone */
	int64_t start;            /* local */
	const struct zone *zone;
	enum catchup policy;
	int64_t max_late; /* seconds that a run may be late, else it is passed over; INT64_MIN: no limit */
	enum closed_rule closed_rule;
	const struct day_range *closed; /* as closed_sort leaves it; borrowed */
	size_t n_closed;
};

struct due {
	int64_t nominal; /* local time by the rule: the key, with job and zone */
	int64_t local;   /* when it falls due: as nominal, unless closed days moved it */
	int64_t instant;
};

struct catchup_answer {
	struct due *run; /* the caller's array */
	size_t n_run;
	bool more;      /* the array was full: run these, then ask again */
	int64_t last;   /* the new 'last nominal time done'; as before if nothing was due */
	int64_t passed; /* due, but passed over by policy or max_late */
	bool has_next;
	struct due next; /* the first nominal time after `last`: wake at its instant */
};

/* When a nominal time is due, closed days counted. With CLOSED_SKIPS it must not be on one. To be asked again when the
 * zone's data or the closed days changed. */
struct due schedule_due(const struct schedule *, int64_t nominal);
/* The first nominal time after another (INT64_MIN: from the start); false at the end. For previews, walk with it. */
bool schedule_next(const struct schedule *, int64_t after, struct due *ret);

/* What to do at an instant. `last` is the last nominal time done, INT64_MIN if none is; `run` has room for `room` (at
 * least 1). Times that fell due before `since` (an instant; INT64_MIN: no bound) are passed over, so that a schedule made
 * today does not make up for what its start in the past would have brought. */
void catchup_plan(const struct schedule *, int64_t last, int64_t since, int64_t now, struct due *run, size_t room,
	struct catchup_answer *ret);

#endif
