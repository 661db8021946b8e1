/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The runner: one timer on the wall clock, turns of bounded length, and the clocks that may leap.
 *
 * A turn takes the earliest jobs that are due, at most TURN_JOBS and no new one after TURN_MILLISECONDS; a job over many
 * subjects does one slice of itself in it. If more is due the next turn follows when the loop was there for others. The turn
 * of a simulated clock is the same one, after the clock was moved to the earliest job.
 */
#include "inner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/date.h"
#include "core/log.h"
#include "core/settings.h"

enum {
	TURN_JOBS = 20,
	TURN_MILLISECONDS = 10,
	WEEK = 7 * DAY,
	PAUSE_SECONDS = 5,
	NOTE = 32
};

static int64_t clock_milliseconds(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool sleeps(const struct scheduler *s)
{
	return store_held(s->setup.store) || store_simulated(s->setup.store);
}

/* ---- the turn ---- */

/* Zone data is looked at once a day; and the store learns that this installation lives, for a leap before the next start. */
static int look_daily(struct scheduler *s, int64_t now, struct problem *problem)
{
	char before[NOTE], text[NOTE];
	int r;

	if (s->day_seen != NONE && now - s->day_seen < DAY && s->day_seen - now < DAY)
		return 0;
	s->day_seen = now;
	if (zones_refresh(store_zones(s->setup.store)) > 0)
		s->zones_from = 0;
	r = store_note(s->setup.store, "clock_seen", before, sizeof before, NULL, problem);
	if (r || (*before && llabs(now - strtoll(before, NULL, 10)) < DAY / 2))
		return r;
	snprintf(text, sizeof text, "%" PRId64, now);
	return store_note(s->setup.store, "clock_seen", before, sizeof before, text, problem);
}

/* The earliest that this turn has not had: *ret_found. A job may have planned one that is due before what was the next. */
static int earliest(struct scheduler *s, const int64_t *had, int count, struct row *ret, bool *ret_found, struct problem *problem)
{
	struct row rows[TURN_JOBS];
	int found, r = rows_due(s, store_now(s->setup.store), rows, count + 1, &found, problem);

	*ret_found = false;
	for (int i = 0; i < found && !r && !*ret_found; i++) {
		int at = 0;

		while (at < count && had[at] != rows[i].id)
			at++;
		*ret_found = at == count;
		*ret = rows[i];
	}
	return r;
}

static int run_due(struct scheduler *s, int *ret_count, struct problem *problem)
{
	int64_t start = clock_milliseconds(CLOCK_MONOTONIC), had[TURN_JOBS];
	bool found = true;
	struct row row;
	int r = 0;

	while (!r && found && *ret_count < TURN_JOBS && clock_milliseconds(CLOCK_MONOTONIC) - start <= TURN_MILLISECONDS) {
		r = earliest(s, had, *ret_count, &row, &found, problem);
		if (r || !found)
			break;
		had[(*ret_count)++] = row.id;
		r = row_run(s, &row, problem);
	}
	return r;
}

static int work(struct scheduler *s, int64_t simulated, int *ret_count, struct problem *problem)
{
	int r = simulated == NONE ? 0 : store_advance(s->setup.store, simulated, problem);

	if (!r)
		r = look_daily(s, store_now(s->setup.store), problem);
	if (!r && s->zones_from != NONE) {
		++*ret_count;
		return store_do(s->setup.store, &schedule_caller, zones_slice, s, problem);
	}
	return r || store_held(s->setup.store) ? r : run_due(s, ret_count, problem);
}

/* Moves a simulated clock first (NONE: the clock is real). *ret_count: how much was found to do; 0: nothing is due. */
static int turn(struct scheduler *s, int64_t simulated, int *ret_count, struct problem *problem)
{
	struct problem ended = { 0 };
	int64_t zones_from = s->zones_from;
	int r = store_turn_begin(s->setup.store, problem), end;

	*ret_count = 0;
	if (r)
		return r;
	r = work(s, simulated, ret_count, problem);
	end = store_turn_commit(s->setup.store, &ended);
	if (end) {
		*problem = ended;
		s->zones_from = zones_from;
		return end;
	}
	if (*ret_count)
		s->setup.committed(s->setup.data);
	return r ? r : store_settle(s->setup.store, problem);
}

/* ---- the timer ---- */

static void failed(struct scheduler *s, int code, const struct problem *problem)
{
	log_event(EVENT_STORE_FAILED, &(struct log_facts){ .code = code });
	if (store_sync_failed(s->setup.store))
		s->setup.failed(s->setup.data, problem);
}

static void look_at_clocks(struct scheduler *s)
{
	scheduler_clocks(s, clock_milliseconds(CLOCK_REALTIME) / 1000, clock_milliseconds(CLOCK_BOOTTIME) / 1000);
}

static void again(struct scheduler *s, int seconds)
{
	event_add(s->now, &(struct timeval){ seconds, 0 });
}

static void arm(struct scheduler *s)
{
	struct itimerspec at = { 0 };

	look_at_clocks(s);
	s->next = sleeps(s) ? NONE : scheduler_next(s);
	if (s->next != NONE)
		at.it_value.tv_sec = s->next > 0 ? s->next : 1;
	if (!timerfd_settime(s->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL))
		return;
	if (errno == ECANCELED) /* the clock was set a moment ago: once more */
		again(s, 0);
	else
		log_event(EVENT_RUNTIME_ERROR, &(struct log_facts){ .error = errno });
}

static void on_due(evutil_socket_t fd, short what, void *data)
{
	struct scheduler *s = data;
	struct problem problem = { 0 };
	int count = 0, r;

	(void)fd;
	(void)what;
	if (sleeps(s))
		return;
	look_at_clocks(s); /* before anything runs: what destroys must not be the first to see another time */
	r = turn(s, NONE, &count, &problem);
	if (r < 0) {
		failed(s, r, &problem);
		again(s, PAUSE_SECONDS);
	} else if (count)
		again(s, 0);
	else
		arm(s);
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	struct scheduler *s = data;
	uint64_t times;

	if (read(fd, &times, sizeof times) < 0 && errno != ECANCELED && errno != EAGAIN)
		log_event(EVENT_RUNTIME_ERROR, &(struct log_facts){ .error = errno });
	on_due(fd, what, s);
}

int64_t scheduler_next(struct scheduler *s)
{
	struct problem problem = { 0 };
	struct row row;
	int count;

	return rows_due(s, INT64_MAX, &row, 1, &count, &problem) || !count ? NONE : row.due;
}

/* ---- clocks that leap ---- */

static bool is_leap(int64_t seconds)
{
	return seconds > WEEK || seconds < -WEEK;
}

/* Kept, so that a start afterwards does not forget it; and standing kinds do not wait for a far future that was only on the clock. */
static int leap_keep(struct scheduler *s, struct problem *problem)
{
	char before[NOTE];
	int r = store_note(s->setup.store, "clock_leapt", before, sizeof before, s->leapt ? "yes" : "", problem);

	return r ? r : store_do(s->setup.store, &schedule_caller, standing_all, s, problem);
}

static int in_turn(struct scheduler *s, int (*run)(struct scheduler *, struct problem *), struct problem *problem)
{
	struct problem ended = { 0 };
	int r = store_turn_begin(s->setup.store, problem), end;

	if (r)
		return r;
	r = run(s, problem);
	end = store_turn_commit(s->setup.store, &ended);
	if (!end)
		return r;
	*problem = ended;
	return end;
}

void scheduler_clocks(struct scheduler *s, int64_t wall, int64_t boot)
{
	struct problem problem = { 0 };
	int64_t leap = (wall - s->wall) - (boot - s->boot);
	int r;

	s->wall = wall;
	s->boot = boot;
	if (!is_leap(leap))
		return;
	s->leapt = true;
	log_event(EVENT_CLOCK_LEAPT, &(struct log_facts){ .number = leap, .has = LOG_HAS_NUMBER });
	r = in_turn(s, leap_keep, &problem);
	if (r)
		failed(s, r, &problem);
}

/* The machine may have been off for a month, or its clock may be wrong: only an admin knows. */
static int leap_before(struct scheduler *s, struct problem *problem)
{
	char kept[NOTE], seen[NOTE];
	int64_t leap;
	int r = store_note(s->setup.store, "clock_leapt", kept, sizeof kept, NULL, problem);

	if (!r)
		r = store_note(s->setup.store, "clock_seen", seen, sizeof seen, NULL, problem);
	if (r)
		return r;
	s->leapt = *kept;
	leap = *seen ? store_now(s->setup.store) - strtoll(seen, NULL, 10) : 0;
	if (s->leapt || store_simulated(s->setup.store) || !is_leap(leap))
		return 0;
	s->leapt = true;
	log_event(EVENT_CLOCK_LEAPT, &(struct log_facts){ .number = leap, .has = LOG_HAS_NUMBER });
	return leap_keep(s, problem);
}

/* ---- interface ---- */

struct scheduler *scheduler_new(const struct scheduler_setup *setup)
{
	struct scheduler *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->setup = *setup;
	s->next = s->day_seen = NONE;
	s->zones_from = 0;
	s->wall = clock_milliseconds(CLOCK_REALTIME) / 1000;
	s->boot = clock_milliseconds(CLOCK_BOOTTIME) / 1000;
	s->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	s->timer = event_new(setup->base, s->fd, EV_READ | EV_PERSIST, on_timer, s);
	s->now = event_new(setup->base, -1, 0, on_due, s);
	if (s->fd < 0 || !s->timer || !s->now || event_add(s->timer, NULL))
		abort();
	return s;
}

void scheduler_free(struct scheduler *s)
{
	if (!s)
		return;
	event_free(s->timer);
	event_free(s->now);
	close(s->fd);
	free(s);
}

void scheduler_settings(struct scheduler *s, const struct settings *settings)
{
	s->setup.settings = settings;
	s->day_seen = NONE; /* zone data is looked at again: who upgrades it need not wait for a day */
	if (!sleeps(s))
		again(s, 0);
}

static int start(struct scheduler *s, struct problem *problem)
{
	int r = store_do(s->setup.store, &schedule_caller, standing_all, s, problem);

	return r ? r : leap_before(s, problem);
}

int scheduler_accepts(struct scheduler *s, const struct settings *settings, struct problem *problem)
{
	const struct zone *zone;
	int r = zones_get(store_zones(s->setup.store), settings->institution.zone, &zone, problem);

	if (r)
		snprintf(problem->field, sizeof problem->field, "institution.zone");
	return r;
}

int scheduler_start(struct scheduler *s, struct problem *problem)
{
	int r = scheduler_accepts(s, s->setup.settings, problem);

	if (r)
		return r;
	r = in_turn(s, start, problem);
	if (!r && !sleeps(s))
		again(s, 0); /* the zones of waiting jobs, then what is due */
	return r;
}

void scheduler_look(struct scheduler *s)
{
	if (!sleeps(s) && scheduler_next(s) != s->next)
		arm(s);
}

void scheduler_resumed(struct scheduler *s)
{
	struct problem problem = { 0 };
	int r;

	s->leapt = false;
	s->zones_from = 0;
	r = in_turn(s, leap_keep, &problem);
	if (r)
		failed(s, r, &problem);
	if (!sleeps(s))
		again(s, 0);
}

bool scheduler_leapt(const struct scheduler *s)
{
	return s->leapt;
}

/* ---- the simulated clock ---- */

int scheduler_advance(struct scheduler *s, int64_t until, int64_t *ret_jobs, struct problem *problem)
{
	int64_t now = store_now(s->setup.store), next = store_held(s->setup.store) ? NONE : scheduler_next(s);
	bool zones = s->zones_from != NONE, more = next != NONE && next <= until;
	int count, r = turn(s, zones ? now : !more ? until : next > now ? next : now, &count, problem);

	if (r)
		return r;
	*ret_jobs += zones ? 0 : count;
	return zones || more;
}
