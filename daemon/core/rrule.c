/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Iterating recurrence rules (see rrule.h).
 *
 * Time is cut into periods of the rule's frequency, numbered by plain integers;
 * every INTERVALth counts, from the start's on. The set of a period is never
 * spelt out: it is the product of its matching days with its hours, minutes and
 * seconds, so the k-th element is found by division, BYSETPOS picks values of k,
 * and a place in the set by binary search. A period that cannot match also says
 * how far around it nothing can, which makes one step of a day or month.
 */
#include "rrule.h"

#include <stdlib.h>
#include <string.h>

enum {
	BY_WEEK = 1,
	BY_YEARDAY = 2,
	BY_MONTHDAY = 4,
	BY_WEEKDAY = 8
};

#define LOCAL_MIN (DATE_MIN * DAY)
#define LOCAL_MAX ((DATE_MAX + 1) * DAY - 1)

/* Periods without an occurrence before a rule is given up: those of 400 years, where there are not too many. */
static const int64_t patience[] = {
	[SECONDLY] = RRULE_PATIENCE,
	[MINUTELY] = RRULE_PATIENCE,
	[HOURLY] = RRULE_PATIENCE,
	[DAILY] = 146097,
	[WEEKLY] = 20871,
	[MONTHLY] = 4800,
	[YEARLY] = 400,
};
static const int64_t seconds_of[] = { [SECONDLY] = 1, [MINUTELY] = MINUTE, [HOURLY] = HOUR, [DAILY] = DAY };

struct span {
	int64_t first, next;
}; /* periods that hold nothing: from the first, up to before the next */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool in_signed(const struct signed_set *set, int plus, int minus)
{
	return (set->plus[plus / 64] >> plus % 64 & 1) || (set->minus[minus / 64] >> minus % 64 & 1);
}

static bool is_empty(const struct signed_set *set)
{
	uint64_t any = 0;

	for (int i = 0; i < 6; i++)
		any |= set->plus[i] | set->minus[i];
	return !any;
}

/* ---- which days match ---- */

/* The week of a day and how many weeks its year has; a week belongs to the year that has four days of it. */
static int week_of(int64_t day, int week_start, int *ret_weeks)
{
	int64_t fourth = day - (date_weekday(day) - week_start + 7) % 7 + 3, last;
	struct civil c;

	date_split(fourth, &c);
	last = date_make(c.year, 12, 28);
	last += 3 - (date_weekday(last) - week_start + 7) % 7;
	*ret_weeks = (int)(last - date_make(c.year, 1, 1)) / 7 + 1;
	return (int)(fourth - date_make(c.year, 1, 1)) / 7 + 1;
}

static bool weekday_matches(const struct rrule *rule, int64_t day, const struct civil *c)
{
	int weekday = date_weekday(day), place, length;

	if (rule->weekdays >> weekday & 1)
		return true;
	if (!rule->nth[weekday].plus && !rule->nth[weekday].minus)
		return false;
	if (rule->frequency == MONTHLY || rule->months) {
		place = c->day - 1;
		length = date_month_days(c->year, c->month);
	} else {
		place = (int)(day - date_make(c->year, 1, 1));
		length = 365 + date_is_leap(c->year);
	}
	return (rule->nth[weekday].plus >> (place / 7 + 1) & 1) || (rule->nth[weekday].minus >> ((length - 1 - place) / 7 + 1) & 1);
}

/* Whether a day matches, the month apart; `c` is the day taken apart. */
static bool day_matches(const struct rrule_iterator *it, int64_t day, const struct civil *c)
{
	const struct rrule *rule = &it->rule;

	if ((it->parts & BY_MONTHDAY) && !in_signed(&rule->monthdays, c->day, date_month_days(c->year, c->month) - c->day + 1))
		return false;
	if ((it->parts & BY_WEEKDAY) && !weekday_matches(rule, day, c))
		return false;
	if (it->parts & BY_YEARDAY) {
		int place = (int)(day - date_make(c->year, 1, 1)) + 1;

		if (!in_signed(&rule->yeardays, place, 365 + date_is_leap(c->year) - place + 1))
			return false;
	}
	if (it->parts & BY_WEEK) {
		int weeks, week = week_of(day, rule->week_start, &weeks);

		return in_signed(&rule->weeks, week, weeks - week + 1);
	}
	return true;
}

static bool month_matches(const struct rrule *rule, int month)
{
	return !rule->months || (rule->months >> month & 1);
}

/* ---- periods ---- */

static int64_t period_of(const struct rrule *rule, int64_t local)
{
	struct civil c;

	switch (rule->frequency) {
	case YEARLY: date_split(local_day(local), &c); return c.year;
	case MONTHLY: date_split(local_day(local), &c); return c.year * 12 + c.month - 1;
	case WEEKLY: return floor_div(local_day(local) + 3 - rule->week_start, 7); /* day -3 was a Monday */
	default: return floor_div(local, seconds_of[rule->frequency]);
	}
}

/* The first second of a period. */
static int64_t period_begin(const struct rrule *rule, int64_t period)
{
	switch (rule->frequency) {
	case YEARLY: return date_make(period, 1, 1) * DAY;
	case MONTHLY: return date_make(floor_div(period, 12), (int)(period - floor_div(period, 12) * 12) + 1, 1) * DAY;
	case WEEKLY: return (period * 7 - 3 + rule->week_start) * DAY;
	default: return period * seconds_of[rule->frequency];
	}
}

static void add_days(struct rrule_iterator *it, int64_t first, int64_t n)
{
	for (int64_t day = first; day < first + n; day++) {
		struct civil c;

		date_split(day, &c);
		if (month_matches(&it->rule, c.month) && day_matches(it, day, &c))
			it->days[it->n_days++] = day;
	}
}

/* The matching days of a weekly or longer period. */
static void fill_days(struct rrule_iterator *it)
{
	int64_t first = local_day(period_begin(&it->rule, it->period)), year = it->period;

	it->n_days = 0;
	if (it->rule.frequency == WEEKLY)
		add_days(it, first, 7);
	else if (it->rule.frequency == MONTHLY)
		add_days(it, first, local_day(period_begin(&it->rule, it->period + 1)) - first);
	else
		for (int month = 1; month <= 12; month++)
			if (month_matches(&it->rule, month))
				add_days(it, date_make(year, month, 1), date_month_days(year, month));
}

/* The periods that a stretch of seconds touches. */
static bool no_match(const struct rrule *rule, int64_t begin, int64_t length, struct span *ret)
{
	*ret = (struct span){ period_of(rule, begin), period_of(rule, begin + length) };
	return false;
}

/* The one day, hour, minute of a daily or shorter period; false if they do not match, with the span around that does not either. */
static bool fill_moment(struct rrule_iterator *it, struct span *ret)
{
	const struct rrule *rule = &it->rule;
	int64_t begin = period_begin(rule, it->period), day = local_day(begin);
	struct civil c;

	local_split(begin, &c);
	if (!month_matches(rule, c.month))
		return no_match(rule, (day - c.day + 1) * DAY, (int64_t)date_month_days(c.year, c.month) * DAY, ret);
	if (!day_matches(it, day, &c))
		return no_match(rule, day * DAY, DAY, ret);
	it->days[0] = day;
	it->n_days = 1;
	if (rule->frequency == DAILY)
		return true;
	if (rule->hours && !(rule->hours >> c.hour & 1))
		return no_match(rule, begin - begin % HOUR - (begin % HOUR < 0 ? HOUR : 0), HOUR, ret);
	it->hours[0] = (uint8_t)c.hour;
	it->n_hours = 1;
	if (rule->frequency == HOURLY)
		return true;
	if (rule->minutes && !(rule->minutes >> c.minute & 1))
		return no_match(rule, begin - c.second, MINUTE, ret);
	it->minutes[0] = (uint8_t)c.minute;
	it->n_minutes = 1;
	if (rule->frequency == MINUTELY)
		return true;
	if (rule->seconds && !(rule->seconds >> c.second & 1))
		return no_match(rule, begin, 1, ret);
	it->seconds[0] = (uint8_t)c.second;
	it->n_seconds = 1;
	return true;
}

static int64_t element(const struct rrule_iterator *it, int64_t k)
{
	if (it->n_picks >= 0)
		k = it->picks[k];
	return it->days[k / it->n_seconds / it->n_minutes / it->n_hours] * DAY +
		it->hours[k / it->n_seconds / it->n_minutes % it->n_hours] * HOUR +
		it->minutes[k / it->n_seconds % it->n_minutes] * MINUTE + it->seconds[k % it->n_seconds];
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* BYSETPOS: which elements of the set count. */
static void fill_picks(struct rrule_iterator *it)
{
	int kept = 0;

	it->n_picks = 0;
	for (int i = 1; i <= 366; i++) {
		if ((it->rule.positions.plus[i / 64] >> i % 64 & 1) && i <= it->total)
			it->picks[it->n_picks++] = i - 1;
		if ((it->rule.positions.minus[i / 64] >> i % 64 & 1) && i <= it->total)
			it->picks[it->n_picks++] = it->total - i;
	}
	qsort(it->picks, (size_t)it->n_picks, sizeof *it->picks, compare);
	for (int i = 0; i < it->n_picks; i++)
		if (!i || it->picks[i] != it->picks[i - 1])
			it->picks[kept++] = it->picks[i];
	it->n_picks = kept;
	it->total = kept;
}

/* Makes the set of the period it stands at; an empty one says around which span nothing is. */
static void fill(struct rrule_iterator *it, struct span *ret)
{
	*ret = (struct span){ it->period, it->period + 1 };
	it->at = it->total = 0;
	it->n_picks = -1;
	if (it->rule.frequency >= WEEKLY)
		fill_days(it);
	else if (!fill_moment(it, ret))
		return;
	it->total = (int64_t)it->n_days * it->n_hours * it->n_minutes * it->n_seconds;
	if (!is_empty(&it->rule.positions))
		fill_picks(it);
}

/* How many elements of the set come before a local time. */
static int64_t count_before(const struct rrule_iterator *it, int64_t local)
{
	int64_t low = 0, high = it->total;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (element(it, middle) < local)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- beginning ---- */

static int list_bits(uint64_t set, int one, uint8_t *ret)
{
	int n = 0;

	if (!set)
		set = UINT64_C(1) << one;
	for (int i = 0; i < 60; i++)
		if (set >> i & 1)
			ret[n++] = (uint8_t)i;
	return n;
}

/* What the rule leaves open is taken from the start. */
static void complete(struct rrule_iterator *it)
{
	struct rrule *rule = &it->rule;
	struct civil c;
	bool weekdays = rule->weekdays;

	for (int i = 0; i < 7; i++)
		weekdays = weekdays || rule->nth[i].plus || rule->nth[i].minus;
	it->parts = (is_empty(&rule->weeks) ? 0 : BY_WEEK) | (is_empty(&rule->yeardays) ? 0 : BY_YEARDAY) |
		(is_empty(&rule->monthdays) ? 0 : BY_MONTHDAY) | (weekdays ? BY_WEEKDAY : 0);
	local_split(it->start, &c);
	it->n_hours = list_bits(rule->hours, c.hour, it->hours);
	it->n_minutes = list_bits(rule->minutes, c.minute, it->minutes);
	it->n_seconds = list_bits(rule->seconds, c.second, it->seconds);
	if (rule->frequency == YEARLY && !it->parts && !rule->months)
		rule->months = UINT64_C(1) << c.month;
	if (!it->parts && (rule->frequency == YEARLY || rule->frequency == MONTHLY)) {
		rule->monthdays.plus[0] = UINT64_C(1) << c.day;
		it->parts = BY_MONTHDAY;
	} else if (it->parts == BY_WEEK || (!it->parts && rule->frequency == WEEKLY)) {
		rule->weekdays = 1u << date_weekday(local_day(it->start));
		it->parts |= BY_WEEKDAY;
	}
}

void rrule_begin_after(struct rrule_iterator *it, const struct rrule *rule, int64_t start, const struct zone *zone, int64_t after)
{
	int64_t first;

	it->rule = *rule;
	it->start = start;
	it->zone = zone;
	it->after = after;
	it->found = it->at = it->total = 0;
	it->ended = start < LOCAL_MIN || start > LOCAL_MAX || after >= LOCAL_MAX;
	if (it->ended)
		return;
	complete(it);
	first = period_of(&it->rule, start);
	it->period = first - rule->interval; /* the step goes to the next one before it looks */
	if (!rule->count && after > start)
		it->period += (period_of(&it->rule, after) - first) / rule->interval * rule->interval;
}

void rrule_begin(struct rrule_iterator *it, const struct rrule *rule, int64_t start, const struct zone *zone)
{
	rrule_begin_after(it, rule, start, zone, INT64_MIN);
}

/* ---- stepping ---- */

/* The latest local time that UNTIL can allow; a zone moves it by up to a day. */
static int64_t last_possible(const struct rrule *rule)
{
	if (rule->until == INT64_MIN || rule->until > LOCAL_MAX)
		return LOCAL_MAX;
	return rule->until + (rule->until_utc ? 2 * DAY : 0);
}

static bool until_allows(const struct rrule *rule, const struct zone *zone, int64_t local)
{
	int64_t instant = local;

	if (rule->until == INT64_MIN)
		return true;
	if (rule->until_utc && zone)
		zone_instant(zone, local, &instant);
	return instant <= rule->until;
}

/* Goes to the next period that holds anything at or after the point from which to look. */
static bool next_period(struct rrule_iterator *it)
{
	const struct rrule *rule = &it->rule;
	int64_t from = it->start, last = period_of(rule, last_possible(rule));
	struct span span = { it->period, it->period + 1 };

	if (!rule->count && it->after >= from)
		from = it->after + 1;
	for (int64_t i = 0; i < patience[rule->frequency]; i++) {
		it->period += (span.next - it->period + rule->interval - 1) / rule->interval * rule->interval;
		if (it->period > last)
			return false;
		fill(it, &span);
		it->at = it->total ? count_before(it, from) : 0;
		if (it->at < it->total)
			return true;
	}
	return false;
}

bool rrule_step(struct rrule_iterator *it, int64_t *ret_local)
{
	const struct rrule *rule = &it->rule;

	while (!it->ended) {
		int64_t local;

		if (it->at == it->total && !next_period(it))
			break;
		local = element(it, it->at++);
		if (local > last_possible(rule))
			break;
		if (!until_allows(rule, it->zone, local))
			continue;
		if (rule->count && ++it->found == rule->count)
			it->ended = true;
		if (local <= it->after)
			continue;
		*ret_local = local;
		return true;
	}
	it->ended = true;
	return false;
}

bool rrule_next(const struct rrule *rule, int64_t start, const struct zone *zone, int64_t after, int64_t *ret_local)
{
	struct rrule_iterator it;

	rrule_begin_after(&it, rule, start, zone, after);
	return rrule_step(&it, ret_local);
}

/* With COUNT there is no way but from the start. */
static bool last_counted(struct rrule_iterator *it, int64_t upto, int64_t *ret_local)
{
	bool found = false;
	int64_t local;

	while (rrule_step(it, &local) && local <= upto) {
		*ret_local = local;
		found = true;
	}
	return found;
}

bool rrule_last(const struct rrule *rule, int64_t start, const struct zone *zone, int64_t upto, int64_t *ret_local)
{
	struct rrule_iterator it;
	struct span span;
	int64_t first, back;

	rrule_begin(&it, rule, start, zone);
	if (it.ended || upto < start)
		return false;
	if (rule->count)
		return last_counted(&it, upto, ret_local);
	rule = &it.rule;
	if (upto > last_possible(rule))
		upto = last_possible(rule);
	first = period_of(rule, start);
	if (upto < start)
		return false;
	back = period_of(rule, upto);
	for (int64_t i = 0; i < patience[rule->frequency] && back >= first; i++) {
		it.period = first + (back - first) / rule->interval * rule->interval;
		fill(&it, &span);
		for (int64_t k = it.total ? count_before(&it, upto + 1) : 0; k-- > 0;) {
			int64_t local = element(&it, k);

			if (local < start)
				return false;
			if (until_allows(rule, zone, local)) {
				*ret_local = local;
				return true;
			}
		}
		back = span.first - 1 < it.period - 1 ? span.first - 1 : it.period - 1;
	}
	return false;
}
