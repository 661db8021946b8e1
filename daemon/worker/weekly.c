/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reader of small pieces, left to right, with one memory: the days that a range belongs to. A day named after a range
 * begins a new group of days; a day named after a day joins it; a dash between two days fills what lies between.
 */
#include "weekly.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "words.h"

struct reader {
	const char *at;
	struct weekly *out;
	unsigned days, given;
	int last_day; /* the day named last in this group, -1 */
	bool ranged;  /* a range was read since the last day */
};

struct clock {
	int minutes;
	int half;
}; /* half: 0 as written, 1 am, 2 pm */

static size_t starts(const char *text, const char *with)
{
	size_t length = strlen(with);

	return strncmp(text, with, length) ? 0 : length;
}

/* Bytes of a word: letters of any script. */
static size_t word_length(const char *text)
{
	size_t n = 0;

	while ((text[n] >= 'a' && text[n] <= 'z') || (unsigned char)text[n] >= 0x80 || (n && text[n] == '\'')) {
		if (starts(text + n, "\xe2\x80\x93") || starts(text + n, "\xe2\x80\x94") || starts(text + n, "\xe2\x88\x92") ||
			starts(text + n, "\xe2\x80\x92"))
			break;
		n++;
	}
	return n;
}

static bool word_is(const char *text, const char *word)
{
	size_t length = word_length(text);

	return length && length == strlen(word) && !strncmp(text, word, length);
}

static size_t any_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (word_is(text, *words))
			return strlen(*words);
	return 0;
}

static void skip_spaces(struct reader *r)
{
	while (*r->at == ' ')
		r->at++;
}

/* A dash or a word that means 'to': its length, or 0. */
static size_t range_mark(const char *text)
{
	static const char *const words[] = { "to", "till", "until", "bis", "à", "a", "al", "até", "tot", "do", NULL };
	static const char *const dashes[] = { "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x88\x92", "\xe2\x80\x92", "-", "~" };

	for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++)
		if (starts(text, dashes[i]))
			return starts(text, dashes[i]);
	return any_word(text, words);
}

static int say(struct reader *r, const char *format, const char *from, size_t length)
{
	size_t shown = length > 40 ? 40 : length;

	while (shown && ((unsigned char)from[shown] & 0xc0) == 0x80)
		shown--;
	snprintf(r->out->problem, sizeof r->out->problem, "'%.*s' %s", (int)shown, from, format);
	return E_INVALID;
}

/* ---- one time of day ---- */

static int digits(struct reader *r, int *ret_count)
{
	int value = 0;

	for (*ret_count = 0; *r->at >= '0' && *r->at <= '9' && *ret_count < 5; r->at++, ++*ret_count)
		value = value * 10 + (*r->at - '0');
	return value;
}

static void read_half(struct reader *r, struct clock *clock)
{
	static const struct {
		const char *text;
		int half;
	} marks[] = { { "a.m.", 1 }, { "p.m.", 2 }, { "a.m", 1 }, { "p.m", 2 }, { "am", 1 }, { "pm", 2 } };
	const char *before = r->at;

	skip_spaces(r);
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t length = starts(r->at, marks[i].text);

		if (length && !word_length(r->at + length)) {
			r->at += length;
			clock->half = marks[i].half;
			return;
		}
	}
	if (word_is(r->at, "uhr") || word_is(r->at, "hrs") || word_is(r->at, "o'clock") || word_is(r->at, "h"))
		r->at += word_length(r->at);
	else
		r->at = before;
}

static bool named_time(struct reader *r, struct clock *clock)
{
	static const char *const noon[] = { "noon", "midday", "mittag", "midi", "mediodía", "mezzogiorno", NULL };
	static const char *const midnight[] = { "midnight", "mitternacht", "minuit", "medianoche", "mezzanotte", NULL };

	if (any_word(r->at, noon))
		clock->minutes = 12 * 60;
	else if (any_word(r->at, midnight))
		clock->minutes = 24 * 60;
	else
		return false;
	r->at += word_length(r->at);
	return true;
}

/* '9', '9:30', '9.30', '9h30', '0930', '2 pm', 'noon'. False: no time here. */
static bool read_clock(struct reader *r, struct clock *clock)
{
	int count, minutes_count = 0, hour, minute = 0;

	*clock = (struct clock){ 0 };
	if (named_time(r, clock))
		return true;
	hour = digits(r, &count);
	if (!count || count > 4)
		return false;
	if (count > 2) {
		minute = hour % 100;
		hour /= 100;
	} else if (strchr(":.h", *r->at) && *r->at && r->at[1] >= '0' && r->at[1] <= '9') {
		r->at++;
		minute = digits(r, &minutes_count);
		if (minutes_count != 2)
			return false;
	}
	read_half(r, clock);
	clock->minutes = hour * 60 + minute;
	return minute < 60 && clock->minutes <= 24 * 60 && !(clock->half && (hour < 1 || hour > 12));
}

static int in_half(struct clock clock, int half)
{
	if (!half)
		return clock.minutes;
	return clock.minutes % (12 * 60) + (half == 2 ? 12 * 60 : 0);
}

/* '2-4 pm' is all afternoon, '11-1 pm' begins before noon. */
static void settle(struct clock *from, struct clock *to)
{
	int end = in_half(*to, to->half), start = in_half(*from, from->half);

	if (to->half && !from->half && from->minutes <= 12 * 60 + 59) {
		start = in_half(*from, to->half);
		if (start >= end && to->half == 2)
			start = in_half(*from, 1);
	}
	if (to->half == 1 && end == 0)
		end = 24 * 60;
	from->minutes = start == 24 * 60 ? 0 : start;
	to->minutes = end;
}

static int add_spans(struct reader *r, int start, int end)
{
	for (int day = 0; day < 7; day++) {
		if (!(r->days >> day & 1))
			continue;
		if (r->out->count == WEEKLY_SPANS) {
			snprintf(r->out->problem, WEEKLY_TEXT, "there are more than %d times; name fewer, longer ones", WEEKLY_SPANS);
			return E_INVALID;
		}
		r->out->spans[r->out->count++] = (struct weekly_span){ day, start, end };
	}
	return 0;
}

static int read_range(struct reader *r)
{
	const char *begin = r->at;
	struct clock from, to;

	if (!read_clock(r, &from))
		return say(r, "is no time of day; write it like 14:00-16:00", begin, strcspn(begin, ";,|/ "));
	skip_spaces(r);
	if (!range_mark(r->at))
		return say(r, "is a time without an end; write it like 14:00-16:00", begin, (size_t)(r->at - begin));
	r->at += range_mark(r->at);
	skip_spaces(r);
	if (!read_clock(r, &to))
		return say(r, "is no range of times; write it like 14:00-16:00", begin, strcspn(begin, ";,|/"));
	settle(&from, &to);
	if (!r->days)
		return say(r, "names no day of the week; write it like Mon 14:00-16:00", begin, (size_t)(r->at - begin));
	if (from.minutes >= to.minutes)
		return say(r, "ends before it starts; write it like 14:00-16:00, and a time past midnight as two", begin,
			(size_t)(r->at - begin));
	r->ranged = true;
	return add_spans(r, from.minutes, to.minutes);
}

/* ---- days ---- */

static int only_day(unsigned days)
{
	for (int day = 0; day < 7; day++)
		if (days == 1u << day)
			return day;
	return -1;
}

static void take_days(struct reader *r, unsigned days)
{
	if (r->ranged) {
		r->days = r->given;
		r->ranged = false;
	}
	r->days |= days;
	r->last_day = only_day(days);
}

/* 'mon-fri': fills the days between, over the end of the week too. False: the mark leads to no day. */
static bool fill_days(struct reader *r)
{
	const char *at = r->at + range_mark(r->at);
	unsigned days;
	int to;

	while (*at == ' ' || *at == '.')
		at++;
	days = words_days(at, word_length(at));
	to = only_day(days);
	if (to < 0 || r->last_day < 0)
		return false;
	for (int day = r->last_day; day != to; day = (day + 1) % 7)
		r->days |= 1u << day;
	r->days |= days;
	r->last_day = to;
	r->at = at + word_length(at);
	return true;
}

static int read_word(struct reader *r)
{
	static const char *const filler[] = { "and", "und", "et", "y", "e", "en", "or", "oder", "ou", "from", "von", "de", "at", "um", "on",
		"am", "between", "zwischen", "le", "les", "feira", NULL };
	size_t length = word_length(r->at);
	unsigned days = words_days(r->at, length);

	if (starts(r->at, "every day") || starts(r->at, "en semaine") || starts(r->at, "jeden tag")) {
		take_days(r, starts(r->at, "en semaine") ? 0x1f : 0x7f);
		r->last_day = -1;
		r->at += starts(r->at, "every day") + starts(r->at, "jeden tag") + starts(r->at, "en semaine");
		return 0;
	}
	if (days)
		take_days(r, days);
	else if (!any_word(r->at, filler))
		return say(r, "is neither a day nor a time; write it like Mon 14:00-16:00; Wed 9-11", r->at, length);
	r->at += length;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct weekly_span *x = a, *y = b;

	if (x->weekday != y->weekday)
		return x->weekday - y->weekday;
	return x->start != y->start ? x->start - y->start : x->end - y->end;
}

static void merge(struct weekly *out)
{
	size_t kept = 0;

	qsort(out->spans, out->count, sizeof *out->spans, by_start);
	for (size_t i = 0; i < out->count; i++) {
		struct weekly_span *last = kept ? &out->spans[kept - 1] : NULL;

		if (last && last->weekday == out->spans[i].weekday && out->spans[i].start <= last->end) {
			if (out->spans[i].end > last->end)
				last->end = out->spans[i].end;
		} else {
			out->spans[kept++] = out->spans[i];
		}
	}
	out->count = kept;
}

static int read_piece(struct reader *r)
{
	if (strchr(" ;,|/&+:.()", *r->at)) {
		r->at++;
		return 0;
	}
	if (!r->ranged && r->last_day >= 0 && range_mark(r->at) && fill_days(r))
		return 0;
	if ((*r->at >= '0' && *r->at <= '9') ||
		any_word(r->at, (const char *const[]){ "noon", "midday", "midnight", "mittag", "midi", NULL }))
		return read_range(r);
	if (word_length(r->at))
		return read_word(r);
	return say(r, "is neither a day nor a time; write it like Mon 14:00-16:00; Wed 9-11", r->at, 1);
}

int weekly_read(struct weekly *out, const char *text, unsigned days)
{
	struct reader r = { text, out, days, days, -1, false };
	int rc = 0;

	out->count = 0;
	*out->problem = 0;
	while (!rc && *r.at)
		rc = read_piece(&r);
	if (!rc && r.days && !r.ranged && !(r.days == days && !out->count)) {
		snprintf(out->problem, sizeof out->problem, "a day is named without a time; write it like Mon 14:00-16:00");
		rc = E_INVALID;
	}
	if (!rc)
		merge(out);
	return rc;
}
