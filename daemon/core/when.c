/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times as people write them (see when.h).
 *
 * The text is cut into at most WORDS words in small letters, and each part of
 * the grammar takes the words that it knows from the front. What is left over
 * is not understood, and then all is refused: a guess that is a week off is
 * worse than a question.
 */
#include "when.h"

#include <stdio.h>
#include <string.h>

enum {
	WORDS = 8,
	WORD = 64,
	NUMBER_MAX = 100000
};

struct reader {
	char words[WORDS][WORD];
	int count, at;
	const struct zone *zone;
	int64_t now, today, time_now; /* local: today's date and the seconds into it */
	const char *wrong;            /* what is wrong with it, where that is clear; NULL: it is not understood */
};

enum unit {
	U_MINUTE,
	U_HOUR,
	U_DAY,
	U_WEEK,
	U_MONTH,
	U_YEAR
};

static const struct {
	const char *name;
	enum unit unit;
} units[] = {
	{ "min", U_MINUTE },
	{ "mins", U_MINUTE },
	{ "minute", U_MINUTE },
	{ "minutes", U_MINUTE },
	{ "h", U_HOUR },
	{ "hour", U_HOUR },
	{ "hours", U_HOUR },
	{ "d", U_DAY },
	{ "day", U_DAY },
	{ "days", U_DAY },
	{ "w", U_WEEK },
	{ "week", U_WEEK },
	{ "weeks", U_WEEK },
	{ "mo", U_MONTH },
	{ "month", U_MONTH },
	{ "months", U_MONTH },
	{ "y", U_YEAR },
	{ "year", U_YEAR },
	{ "years", U_YEAR },
};

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool cut(struct reader *reader, const char *text)
{
	size_t length = 0;

	for (; *text; text++) {
		if (*text == ' ' || *text == '\t' || *text == ',') {
			if (length)
				reader->count++;
			length = 0;
			continue;
		}
		if (reader->count == WORDS || length == WORD - 1)
			return false;
		reader->words[reader->count][length++] = small(*text);
		reader->words[reader->count][length] = '\0';
	}
	reader->count += length > 0;
	return reader->count > 0;
}

static const char *word(const struct reader *reader, int ahead)
{
	return reader->at + ahead < reader->count ? reader->words[reader->at + ahead] : "";
}

static bool take_word(struct reader *reader, const char *text)
{
	if (strcmp(word(reader, 0), text))
		return false;
	reader->at++;
	return true;
}

/* 9:00, 14:30, 14:30:15; the whole word. */
static bool take_time(struct reader *reader, int64_t *ret_seconds)
{
	const char *text = word(reader, 0);
	char padded[WORD + 1], stamp[WORD + 16];
	int64_t local;

	snprintf(padded, sizeof padded, "%s%s", text[0] && text[1] == ':' ? "0" : "", text);
	snprintf(stamp, sizeof stamp, "1970-01-01T%s", padded);
	if (local_parse(stamp, &local, NULL) < 0)
		return false;
	*ret_seconds = local;
	reader->at++;
	return true;
}

static int weekday_of(const char *text)
{
	for (int i = 0; i < 7; i++) {
		const char *name = date_weekday_name(i);
		size_t n = 0;

		while (text[n] && text[n] == small(name[n]))
			n++;
		if (!text[n] && (n == 3 || !name[n]))
			return i;
	}
	return -1;
}

/* Digits, up to NUMBER_MAX; the rest of the word is left at `*ret_rest`. */
static bool number(const char *text, int64_t *ret, const char **ret_rest)
{
	int64_t value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && value <= NUMBER_MAX; p++)
		value = value * 10 + (*p - '0');
	*ret = value;
	*ret_rest = p;
	return p > text && value <= NUMBER_MAX;
}

static const char *const months[] = { "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
	"november", "december" };

static int month_of(const char *text)
{
	for (int i = 0; i < 12; i++)
		if (!strcmp(text, months[i]) || (strlen(text) == 3 && !strncmp(text, months[i], 3)))
			return i + 1;
	return 0;
}

/* A number of one or two digits with `after` behind it; the rest of the word is left at `*text`. */
static bool part(const char **text, const char *after, int64_t *ret)
{
	const char *rest;

	if (!number(*text, ret, &rest) || rest - *text > 2 || strncmp(rest, after, strlen(after)))
		return false;
	*text = rest + strlen(after);
	return true;
}

static bool year_of(const char *text, int64_t *ret)
{
	const char *rest;

	return number(text, ret, &rest) && rest - text == 4 && !*rest;
}

/* The words of a date: 3.4.2027 (day, month, year) | 3 april 2027 | 3. april 2027 | april 3 2027. 0: none begins here. */
static int date_words(const struct reader *reader, int64_t *day, int64_t *month, int64_t *year)
{
	const char *text = word(reader, 0), *second = word(reader, 1);

	if (part(&text, ".", day) && part(&text, ".", month) && year_of(text, year))
		return 1;
	text = word(reader, 0);
	if (part(&text, "", day) && (!*text || !strcmp(text, ".")) && (*month = month_of(second)) && year_of(word(reader, 2), year))
		return 3;
	if ((*month = month_of(word(reader, 0))) && part(&second, "", day) && !*second && year_of(word(reader, 2), year))
		return 3;
	return 0;
}

/* 3/4/2027 is in April here and in March there. */
static bool has_slashes(const char *text)
{
	int64_t one, other, year;

	return part(&text, "/", &one) && part(&text, "/", &other) && number(text, &year, &text);
}

static bool take_date(struct reader *reader, int64_t *ret)
{
	const char *text = word(reader, 0);
	int64_t day, month, year;
	int count;

	if (date_parse(text, ret, NULL) == 0) {
		reader->at++;
		return true;
	}
	if (has_slashes(text))
		reader->wrong = "may be either of two days";
	if (strlen(text) >= 10 && text[4] == '-' && text[7] == '-' && strspn(text, "0123456789-") >= 10)
		reader->wrong = "is no day of the calendar";
	count = date_words(reader, &day, &month, &year);
	if (!count)
		return false;
	reader->wrong = "is no day of the calendar";
	if (month < 1 || month > 12 || !date_is_valid(year, (int)month, (int)day))
		return false;
	reader->wrong = NULL;
	*ret = date_make(year, (int)month, (int)day);
	reader->at += count;
	return true;
}

static bool unit_named(const char *text, enum unit *ret)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!strcmp(text, units[i].name)) {
			*ret = units[i].unit;
			return true;
		}
	return false;
}

/* "2 weeks", "2weeks", "2w" at the head. */
static bool take_amount(struct reader *reader, const char *text, int64_t *ret, enum unit *ret_unit)
{
	const char *rest;

	if (!number(text, ret, &rest))
		return false;
	if (*rest && unit_named(rest, ret_unit)) {
		reader->at++;
		return true;
	}
	if (*rest || !unit_named(word(reader, 1), ret_unit))
		return false;
	reader->at += 2;
	return true;
}

/* +3d, -2w, in 2 weeks, 3 days ago. `*ret` is signed. */
static bool take_shift(struct reader *reader, int64_t *ret, enum unit *ret_unit)
{
	const char *first = word(reader, 0);
	int start = reader->at;

	if (*first == '+' || *first == '-') {
		if (take_amount(reader, first + 1, ret, ret_unit)) {
			*ret = *first == '-' ? -*ret : *ret;
			return true;
		}
	} else if (take_word(reader, "in")) {
		if (take_amount(reader, word(reader, 0), ret, ret_unit))
			return true;
	} else if (take_amount(reader, first, ret, ret_unit) && take_word(reader, "ago")) {
		*ret = -*ret;
		return true;
	}
	reader->at = start;
	return false;
}

static int64_t shift_day(int64_t day, int64_t by, enum unit unit)
{
	switch (unit) {
	case U_WEEK: return day + by * 7;
	case U_MONTH: return date_add_months(day, by);
	case U_YEAR: return date_add_months(day, by * 12);
	default: return day + by;
	}
}

static bool finish(const struct reader *reader, int64_t day, int64_t seconds, bool has_time, struct when *ret)
{
	int64_t local = day * DAY + seconds;

	if (reader->at != reader->count || day < DATE_MIN || day > DATE_MAX)
		return false;
	ret->answer = zone_instant(reader->zone, local, &ret->instant);
	ret->local = ret->answer == ZONE_GAP ? zone_local(reader->zone, ret->instant) : local;
	ret->has_time = has_time;
	return true;
}

static bool exact(const struct reader *reader, int64_t instant, struct when *ret)
{
	int64_t local = zone_local(reader->zone, instant);

	if (reader->at != reader->count || local_day(local) < DATE_MIN || local_day(local) > DATE_MAX)
		return false;
	*ret = (struct when){ .local = local, .instant = instant, .has_time = true };
	return true;
}

/* A date, with a time and an offset behind it perhaps: 2026-12-01T14:00Z, 2026-12-01 14:00+01:00. */
static bool read_instant(struct reader *reader, struct when *ret)
{
	char joined[2 * WORD + 1];
	bool two = strlen(word(reader, 0)) == 10 && *word(reader, 1);
	int64_t instant, local;
	int start = reader->at;

	snprintf(joined, sizeof joined, "%s%s%s", word(reader, 0), two ? "t" : "", two ? word(reader, 1) : "");
	reader->at += 1 + two;
	if (instant_parse(joined, &instant, NULL) == 0 && exact(reader, instant, ret))
		return true;
	if (local_parse(joined, &local, NULL) == 0 && finish(reader, local_day(local), local_time(local), true, ret))
		return true;
	reader->at = start;
	return false;
}

/* A weekday: the next to come; today if its time (the whole day, when none is written) is not over. */
static int64_t coming(const struct reader *reader, int weekday, bool next, bool has_time, int64_t seconds)
{
	int64_t ahead = (weekday - date_weekday(reader->today) + 7) % 7;

	if (ahead == 0 && (next || (has_time && seconds <= reader->time_now)))
		ahead = 7;
	return reader->today + ahead;
}

static bool read_day(struct reader *reader, struct when *ret)
{
	int64_t day = reader->today, seconds = 0, by;
	enum unit unit = U_DAY;
	bool at, has_time, shifted = false, next = false;
	int weekday = -1;

	if (take_word(reader, "tomorrow"))
		day++;
	else if (take_word(reader, "yesterday"))
		day--;
	else if (take_date(reader, &day))
		;
	else if ((shifted = take_shift(reader, &by, &unit)))
		day = shift_day(day, by, unit);
	else if (!take_word(reader, "today")) {
		next = take_word(reader, "next");
		weekday = weekday_of(word(reader, 0));
		if (weekday < 0 && next)
			return false;
		reader->at += weekday >= 0;
	}
	if (shifted && unit <= U_HOUR)
		return exact(reader, reader->now + by * (unit == U_HOUR ? HOUR : MINUTE), ret);
	at = take_word(reader, "at");
	has_time = take_time(reader, &seconds);
	if (weekday >= 0)
		day = coming(reader, weekday, next, has_time, seconds);
	if (at && !has_time)
		return false;
	ret->by_days = shifted && !has_time;
	return finish(reader, day, ret->by_days ? reader->time_now : seconds, has_time || shifted, ret);
}

static int refuse(struct problem *problem, const char *text, const char *wrong)
{
	if (wrong)
		return problem_set(problem, E_INVALID, NULL, "'%.60s' %s; write it as 2026-12-01", text, wrong);
	return problem_set(problem, E_INVALID, NULL,
		"'%.60s' is not understood as a time; write 2026-12-01, 2026-12-01 14:00, 1.12.2026, 1 december 2026, today, tomorrow 9:00, "
		"friday 14:30, next friday, now, +3d, in 2 weeks, 3 days ago (units: min, h, d, w, mo, y), or 2026-12-01T14:00+01:00",
		text);
}

/* The last word is the reader's own zone: it says what holds anyway. */
static void drop_zone(struct reader *reader)
{
	const char *name = zone_name(reader->zone), *last = reader->words[reader->count - 1];
	size_t n = 0;

	while (name[n] && small(name[n]) == last[n])
		n++;
	if (!name[n] && !last[n] && reader->count > 1)
		reader->count--;
}

int when_parse(const char *text, const struct zone *zone, int64_t now, struct when *ret, struct problem *problem)
{
	int64_t local = zone_local(zone, now);
	struct reader reader = { .zone = zone, .now = now, .today = local_day(local), .time_now = local_time(local) };
	struct when when = { 0 };

	if (!cut(&reader, text))
		return refuse(problem, text, NULL);
	drop_zone(&reader);
	if (take_word(&reader, "now") ? !exact(&reader, now, &when) : !read_instant(&reader, &when) && !read_day(&reader, &when))
		return refuse(problem, text, reader.wrong);
	*ret = when;
	return 0;
}

int when_parse_day(const char *text, const struct zone *zone, int64_t now, int64_t *ret_days, struct problem *problem)
{
	struct when when;
	int r = when_parse(text, zone, now, &when, problem);

	if (r < 0)
		return r;
	if (when.has_time && !when.by_days)
		return problem_set(problem, E_INVALID, NULL,
			"'%.60s' has a time of day, but a day alone is wanted; write 2026-12-01, "
			"tomorrow, friday, +3d or in 2 weeks",
			text);
	*ret_days = local_day(when.local);
	return 0;
}
