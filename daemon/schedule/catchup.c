/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Catching up (see catchup.h).
 *
 * A minutely schedule after a year off has half a million nominal times, so they are not walked one by one: up to three days
 * before an instant everything is due by it, whatever the zone's offset did, and the walk begins there.
 */
#include "catchup.h"

#include "core/date.h"

enum {
	UNSURE = 3 * DAY
};

struct due schedule_due(const struct schedule *schedule, int64_t nominal)
{
	struct due due = { .nominal = nominal };

	zone_instant(schedule->zone, nominal, &due.instant);
	return due;
}

bool schedule_next(const struct schedule *schedule, int64_t after, struct due *ret)
{
	int64_t nominal = schedule->start;

	if (schedule->rule ? !rrule_next(schedule->rule, schedule->start, schedule->zone, after, &nominal) : after >= nominal)
		return false;
	*ret = schedule_due(schedule, nominal);
	return true;
}

/* From `nominal` on, a local time up to which all are due by the instant. */
static int64_t surely_due(const struct schedule *schedule, int64_t nominal, int64_t instant)
{
	int64_t sure = zone_local(schedule->zone, instant) - UNSURE;

	return sure > nominal ? sure : nominal;
}

/* The last of the unbroken line of nominal times, from one that is due on, that are due as well. */
static int64_t last_due(const struct schedule *schedule, int64_t nominal, int64_t now)
{
	int64_t from = surely_due(schedule, nominal, now), last = nominal, next;
	struct rrule_iterator it;

	if (!schedule->rule)
		return nominal;
	if (from > nominal && !rrule_last(schedule->rule, schedule->start, schedule->zone, from, &last))
		last = nominal;
	rrule_begin_after(&it, schedule->rule, schedule->start, schedule->zone, from);
	while (rrule_step(&it, &next) && schedule_due(schedule, next).instant <= now)
		last = next;
	return last > nominal ? last : nominal;
}

/* The first nominal time after another that falls due at an instant or after it. */
static bool first_from(const struct schedule *schedule, int64_t nominal, int64_t instant, struct due *ret)
{
	struct rrule_iterator it;
	int64_t next;

	if (!schedule->rule)
		return false;
	rrule_begin_after(&it, schedule->rule, schedule->start, schedule->zone, surely_due(schedule, nominal, instant));
	while (rrule_step(&it, &next)) {
		*ret = schedule_due(schedule, next);
		if (ret->instant >= instant)
			return true;
	}
	return false;
}

/* Due times before this instant are too late. */
static int64_t too_late(const struct schedule *schedule, int64_t now)
{
	int64_t late = schedule->late_max;

	if (!late && schedule->policy == SKIP_MISSED)
		late = CATCHUP_GRACE;
	return late ? now - late : INT64_MIN;
}

enum verdict catchup(const struct schedule *schedule, int64_t nominal, int64_t now, struct due *ret_next, bool *ret_more)
{
	int64_t limit = too_late(schedule, now);
	struct due due = schedule_due(schedule, nominal);

	if (due.instant > now) {
		*ret_next = due;
		*ret_more = true;
		return VERDICT_WAITS;
	}
	if (schedule->policy == RUN_ONCE_LATE)
		due = schedule_due(schedule, last_due(schedule, nominal, now));
	if (due.instant < limit) {
		*ret_more = first_from(schedule, due.nominal, limit, ret_next);
		return VERDICT_PASSES;
	}
	if (due.nominal == nominal) {
		*ret_more = schedule_next(schedule, nominal, ret_next);
		return VERDICT_RUNS;
	}
	*ret_next = due;
	*ret_more = true;
	return VERDICT_PASSES;
}
