/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Catching up (see catchup.h).
 *
 * What is due is a stretch of nominal times (last, end]. A minutely schedule
 * after a year has half a million of them, so the stretch is not walked but where
 * it must be: up to a time from which on things could be moved (by a change of
 * the zone's offset or by closed days) everything is due, and the walk begins
 * there. It stops at the first nominal time that is not due: a later one waits
 * for it, so that one number says what is done.
 */
#include "catchup.h"

#define NO_VALUE INT64_MIN

enum {
	UNSURE = 3 * DAY
}; /* how long after a change of offset nominal times may be out of order */

struct due schedule_due(const struct schedule *schedule, int64_t nominal)
{
	struct due due = { .nominal = nominal, .local = nominal };

	if (schedule->closed_rule == CLOSED_MOVES)
		due.local = closed_move(schedule->closed, schedule->n_closed, local_day(nominal)) * DAY + local_time(nominal);
	zone_instant(schedule->zone, due.local, &due.instant);
	return due;
}

static const struct day_range *closed_at(const struct schedule *schedule, int64_t local)
{
	return closed_range(schedule->closed, schedule->n_closed, local_day(local));
}

/* Where a nominal time does not exist because its day is closed: the range of closed days. */
static const struct day_range *hidden_by(const struct schedule *schedule, int64_t nominal)
{
	return schedule->closed_rule == CLOSED_SKIPS ? closed_at(schedule, nominal) : NULL;
}

/* The nominal times that exist, one after the other. */
struct walk {
	const struct schedule *schedule;
	struct rrule_iterator it; /* unused without a rule */
	int64_t after;
};

static void walk_begin(struct walk *walk, const struct schedule *schedule, int64_t after)
{
	walk->schedule = schedule;
	walk->after = after;
	if (schedule->rule)
		rrule_begin_after(&walk->it, schedule->rule, schedule->start, schedule->zone, after);
}

static bool walk_raw(struct walk *walk, int64_t *ret)
{
	if (walk->schedule->rule)
		return rrule_step(&walk->it, ret);
	*ret = walk->schedule->start;
	if (walk->after >= *ret)
		return false;
	walk->after = *ret;
	return true;
}

static bool walk_step(struct walk *walk, int64_t *ret)
{
	while (walk_raw(walk, ret)) {
		const struct day_range *closed = hidden_by(walk->schedule, *ret);

		if (!closed)
			return true;
		if (closed->to >= DATE_MAX)
			return false;
		walk_begin(walk, walk->schedule, (closed->to + 1) * DAY - 1);
	}
	return false;
}

bool schedule_next(const struct schedule *schedule, int64_t after, struct due *ret)
{
	struct walk walk;
	int64_t nominal;

	walk_begin(&walk, schedule, after);
	if (!walk_step(&walk, &nominal))
		return false;
	*ret = schedule_due(schedule, nominal);
	return true;
}

/* The last nominal time that exists, up to a local time. */
static bool last_nominal(const struct schedule *schedule, int64_t upto, int64_t *ret)
{
	for (;;) {
		const struct day_range *closed;

		*ret = schedule->start;
		if (schedule->rule ? !rrule_last(schedule->rule, schedule->start, schedule->zone, upto, ret) : upto < schedule->start)
			return false;
		closed = hidden_by(schedule, *ret);
		if (!closed)
			return true;
		if (closed->from <= DATE_MIN)
			return false;
		upto = closed->from * DAY - 1;
	}
}

/* A local time up to which every nominal time falls due by an instant, whatever zone and closed days do. */
static int64_t surely_due(const struct schedule *schedule, int64_t instant)
{
	int64_t local = zone_local(schedule->zone, instant), change;

	if (zone_next_change(schedule->zone, instant - UNSURE, &change) && change <= instant)
		local -= UNSURE;
	for (int back = 0; back <= 1 && schedule->closed_rule == CLOSED_MOVES; back++) {
		const struct day_range *closed = closed_range(schedule->closed, schedule->n_closed, local_day(local) - back);

		if (closed) /* what it holds is moved to today at the earliest */
			return (closed->from > DATE_MIN ? closed->from : DATE_MIN) * DAY - 1;
	}
	return local;
}

/* The end of the stretch that is due, after `last`; false if nothing is. */
static bool find_end(const struct schedule *schedule, int64_t last, int64_t now, int64_t *ret)
{
	int64_t sure = surely_due(schedule, now), from = sure > last ? sure : last, nominal;
	bool found = from > last && last_nominal(schedule, from, ret) && *ret > last;
	struct walk walk;

	walk_begin(&walk, schedule, from);
	while (walk_step(&walk, &nominal) && schedule_due(schedule, nominal).instant <= now) {
		*ret = nominal;
		found = true;
	}
	return found;
}

/* Due times before this instant are passed over. */
static int64_t limit_of(const struct schedule *schedule, int64_t since, int64_t now)
{
	int64_t late = schedule->max_late, limit;

	if (late == NO_VALUE && schedule->policy == CATCHUP_SKIP)
		late = CATCHUP_GRACE;
	limit = late == NO_VALUE || now < NO_VALUE + late ? NO_VALUE : now - late;
	return limit > since ? limit : since;
}

/* Goes through the stretch up to its end: notes what runs, counts what is passed over. */
static void go_through(const struct schedule *schedule, int64_t end, int64_t limit, size_t room, struct catchup_answer *answer)
{
	struct walk walk;
	int64_t nominal;

	walk_begin(&walk, schedule, answer->last);
	while (walk_step(&walk, &nominal) && nominal <= end) {
		struct due due = schedule_due(schedule, nominal);
		bool late = due.instant < limit || (schedule->policy == CATCHUP_ONCE && nominal < end);

		if (!late && answer->n_run == room) {
			answer->more = true;
			return;
		}
		answer->last = nominal;
		if (!late)
			answer->run[answer->n_run++] = due;
		else if (++answer->passed == CATCHUP_PASSED_MAX) {
			int64_t jump = schedule->policy == CATCHUP_ONCE ? end - 1 : surely_due(schedule, limit - 1);

			if (jump > nominal)
				walk_begin(&walk, schedule, jump < end ? jump : end - 1);
		}
	}
}

void catchup_plan(const struct schedule *schedule, int64_t last, int64_t since, int64_t now, struct due *run, size_t room,
	struct catchup_answer *ret)
{
	int64_t end;

	*ret = (struct catchup_answer){ .run = run, .last = last };
	if (find_end(schedule, last, now, &end))
		go_through(schedule, end, limit_of(schedule, since, now), room, ret);
	if (ret->passed > CATCHUP_PASSED_MAX)
		ret->passed = CATCHUP_PASSED_MAX;
	ret->has_next = schedule_next(schedule, ret->last, &ret->next);
}
