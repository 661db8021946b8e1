/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of a nominal time now: it waits, it runs, or it is passed over. Pure functions.
 *
 * A schedule names nominal local times: of a rule, or one alone. One of them waits at a time: the first that was neither
 * run nor passed over. It is looked at when its instant has come, and answers with the one that waits after
 * it. So each runs once whatever the clock does: a clock set back, or the hour that comes twice in autumn, offers
 * nothing again; an hour left out in spring still runs, by the offset before it; after a leap forward or a week off
 * the policy decides. Nominal times come in their order: one that is due earlier than one before it waits for that.
 */
#ifndef MENTORSHIP_CATCHUP_H
#define MENTORSHIP_CATCHUP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/entity.h"
#include "core/zone.h"
#include "core/rrule.h"

enum {
	CATCHUP_GRACE = 300
}; /* seconds: how late is on time for SKIP_MISSED where late_max is not set */

struct schedule {
	const struct rrule *rule; /* NULL: `start` alone */
	int64_t start;            /* local */
	const struct zone *zone;
	/* RUN_ONCE_LATE: of all that are due, the latest; RUN_EACH_MISSED: all of them, oldest first; SKIP_MISSED: those on time */
	enum catch_up policy;
	int64_t late_max; /* seconds that one may be late, else it is passed over, whatever the policy; 0: no limit */
};

struct due {
	int64_t nominal; /* local time: the key, with job and zone */
	int64_t instant;
};

enum verdict {
	VERDICT_WAITS, /* its instant has not come (zone data may have changed since it was computed) */
	VERDICT_RUNS,
	VERDICT_PASSES
};

/* The instant of a nominal time. To be asked again when the zone's data changed. */
struct due schedule_due(const struct schedule *, int64_t nominal);
/* The first nominal time after another (INT64_MIN: from the start); false at the end. */
bool schedule_next(const struct schedule *, int64_t after, struct due *ret);

/* What becomes of the nominal time that waits. *ret_next: which one waits from then on, perhaps due already (with VERDICT_WAITS: the same,
 * at the instant of today's zone data); *ret_more is false where there is none. */
enum verdict catchup(const struct schedule *, int64_t nominal, int64_t now, struct due *ret_next, bool *ret_more);

#endif
