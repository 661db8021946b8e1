/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a zone file as a struct (see tzif.h).
 *
 * A file is a header and a block of 32-bit times; from version 2 on a second
 * header and block of 64-bit times follow, which alone count then, and a
 * footer: a rule in the form of POSIX's TZ variable between two newlines. Files
 * that count leap seconds are refused: the daemon's clock does not.
 */
#include "tzif.h"
#include "date.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 44,
	OFFSET_MAX = 26 * HOUR,
	RULE_TIME_MAX = 167 * HOUR
};

struct counts {
	size_t utc, standard, leap, times, kinds, chars;
};

struct reader {
	const uint8_t *at, *end;
	const char *why; /* set once: the first thing that is wrong */
};

static int wrong(struct reader *reader, const char *why)
{
	if (!reader->why)
		reader->why = why;
	return E_INVALID;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be_time(const uint8_t *p, size_t width)
{
	if (width == 4)
		return (int32_t)be32(p);
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static size_t left(const struct reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

static int read_header(struct reader *reader, struct counts *counts, uint8_t *ret_version)
{
	const uint8_t *p = reader->at;

	if (left(reader) < HEADER || memcmp(p, "TZif", 4))
		return wrong(reader, "is no zone file");
	*ret_version = p[4];
	*counts = (struct counts){
		.utc = be32(p + 20),
		.standard = be32(p + 24),
		.leap = be32(p + 28),
		.times = be32(p + 32),
		.kinds = be32(p + 36),
		.chars = be32(p + 40),
	};
	reader->at += HEADER;
	if (counts->kinds == 0 || counts->kinds > 256 || counts->chars == 0 || counts->chars > 4096 || counts->times > 65536 ||
		counts->leap > 4096 || counts->utc > counts->kinds || counts->standard > counts->kinds)
		return wrong(reader, "has impossible counts");
	return 0;
}

static size_t block_size(const struct counts *c, size_t width)
{
	return c->times * width + c->times + c->kinds * 6 + c->chars + c->leap * (width + 4) + c->standard + c->utc;
}

static int read_kind(struct reader *reader, const uint8_t *p, const uint8_t *chars, size_t n_chars, struct tzif_kind *ret)
{
	const uint8_t *name = chars + p[5];
	const uint8_t *nul = p[5] < n_chars ? memchr(name, 0, n_chars - p[5]) : NULL;

	if (!nul || (size_t)(nul - name) >= sizeof ret->abbreviation)
		return wrong(reader, "has an abbreviation without end");
	for (const uint8_t *c = name; c < nul; c++)
		if (*c <= ' ' || *c > '~')
			return wrong(reader, "has an abbreviation of other signs than letters and digits");
	memcpy(ret->abbreviation, name, (size_t)(nul - name) + 1);
	ret->offset = (int32_t)be32(p);
	ret->summer = p[4];
	if (ret->offset > OFFSET_MAX || ret->offset < -OFFSET_MAX || p[4] > 1)
		return wrong(reader, "has an impossible offset");
	return 0;
}

static int read_block(struct reader *reader, const struct counts *c, size_t width, struct tzif *ret)
{
	const uint8_t *times = reader->at, *types = times + c->times * width, *kinds = types + c->times;
	const uint8_t *chars = kinds + c->kinds * 6;

	ret->count = c->times;
	ret->kinds = c->kinds;
	ret->times = calloc(c->times + 1, sizeof *ret->times);
	ret->types = calloc(c->times + 1, sizeof *ret->types);
	ret->kind = calloc(c->kinds, sizeof *ret->kind);
	if (!ret->times || !ret->types || !ret->kind)
		abort();
	for (size_t i = 0; i < c->times; i++) {
		ret->times[i] = be_time(times + i * width, width);
		ret->types[i] = types[i];
		if (types[i] >= c->kinds || (i && ret->times[i] <= ret->times[i - 1]))
			return wrong(reader, "has transitions out of order or of no kind");
	}
	for (size_t i = 0; i < c->kinds; i++) {
		int r = read_kind(reader, kinds + i * 6, chars, c->chars, &ret->kind[i]);

		if (r < 0)
			return r;
	}
	reader->at += block_size(c, width);
	return 0;
}

/* ---- the footer: std offset [dst [offset] [,start[/time],end[/time]]] ---- */

static bool next_is(struct reader *reader, char c)
{
	if (left(reader) == 0 || *reader->at != (uint8_t)c)
		return false;
	reader->at++;
	return true;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int rule_number(struct reader *reader, int max)
{
	int value = 0, digits = 0;

	while (left(reader) && is_digit(*reader->at) && digits < 4) {
		value = value * 10 + (*reader->at++ - '0');
		digits++;
	}
	return digits && value <= max ? value : wrong(reader, "has a footer with an impossible number");
}

static int rule_name(struct reader *reader, char *out)
{
	bool quoted = next_is(reader, '<');
	size_t length = 0;

	while (left(reader) && length < TZIF_ABBREVIATION) {
		uint8_t c = *reader->at;

		if (!is_letter(c) && !(quoted && (is_digit(c) || c == '+' || c == '-')))
			break;
		out[length++] = (char)c;
		reader->at++;
	}
	if (length < 3 || length == TZIF_ABBREVIATION || (quoted && !next_is(reader, '>')))
		return wrong(reader, "has a footer without a proper abbreviation");
	out[length] = '\0';
	return 0;
}

/* [+-]hh[:mm[:ss]] */
static int rule_time(struct reader *reader, int max_hours, int32_t *ret)
{
	int sign = next_is(reader, '-') ? -1 : 1;
	int hours, minutes = 0, seconds = 0;

	if (sign > 0)
		next_is(reader, '+');
	hours = rule_number(reader, max_hours);
	if (next_is(reader, ':')) {
		minutes = rule_number(reader, 59);
		if (next_is(reader, ':'))
			seconds = rule_number(reader, 59);
	}
	*ret = sign * (hours * HOUR + minutes * MINUTE + seconds);
	return reader->why ? E_INVALID : 0;
}

static int rule_day(struct reader *reader, struct tzif_day *ret)
{
	if (!next_is(reader, ','))
		return wrong(reader, "has a footer that does not say when summer time starts and ends");
	*ret = (struct tzif_day){ .form = TZIF_YEARDAY, .time = 2 * HOUR };
	if (next_is(reader, 'M')) {
		ret->form = TZIF_WEEKDAY;
		ret->month = rule_number(reader, 12);
		if (!next_is(reader, '.'))
			return wrong(reader, "has a footer with half a date");
		ret->week = rule_number(reader, 5);
		if (!next_is(reader, '.'))
			return wrong(reader, "has a footer with half a date");
		ret->day = rule_number(reader, 6);
		if (ret->month < 1 || ret->week < 1)
			return wrong(reader, "has a footer with an impossible date");
	} else if (next_is(reader, 'J')) {
		ret->form = TZIF_JULIAN;
		ret->day = rule_number(reader, 365);
		if (ret->day < 1)
			return wrong(reader, "has a footer with an impossible date");
	} else {
		ret->day = rule_number(reader, 365);
	}
	return next_is(reader, '/') ? rule_time(reader, RULE_TIME_MAX / HOUR, &ret->time) : reader->why ? E_INVALID : 0;
}

static int read_rule(struct reader *reader, struct tzif_footer *ret)
{
	int32_t west;

	if (rule_name(reader, ret->standard.abbreviation) < 0 || rule_time(reader, 24, &west) < 0)
		return E_INVALID;
	ret->present = true;
	ret->standard.offset = -west;
	if (left(reader) == 0)
		return 0;
	ret->has_summer = ret->summer.summer = true;
	if (rule_name(reader, ret->summer.abbreviation) < 0)
		return E_INVALID;
	ret->summer.offset = ret->standard.offset + HOUR;
	if (left(reader) && *reader->at != ',') {
		if (rule_time(reader, 24, &west) < 0)
			return E_INVALID;
		ret->summer.offset = -west;
	}
	if (rule_day(reader, &ret->start) < 0 || rule_day(reader, &ret->end) < 0)
		return E_INVALID;
	return left(reader) ? wrong(reader, "has a footer that goes on after its end") : 0;
}

static int read_footer(struct reader *reader, struct tzif_footer *ret)
{
	const uint8_t *end;

	if (!next_is(reader, '\n'))
		return wrong(reader, "has no footer");
	end = memchr(reader->at, '\n', left(reader));
	if (!end)
		return wrong(reader, "is cut off in its footer");
	reader->end = end;
	return left(reader) ? read_rule(reader, ret) : 0;
}

static int64_t day_of_year(const struct tzif_day *when, int64_t year)
{
	int64_t first = date_make(year, 1, 1), month;
	int ahead, last;

	if (when->form == TZIF_YEARDAY)
		return first + when->day;
	if (when->form == TZIF_JULIAN)
		return first + when->day - 1 + (when->day >= 60 && date_is_leap(year));
	month = date_make(year, when->month, 1);
	ahead = (when->day + 6 - date_weekday(month)) % 7; /* ours begin with Monday, the rule's with Sunday */
	ahead += (when->week - 1) * 7;
	last = date_month_days(year, when->month);
	return month + (ahead >= last ? ahead - 7 : ahead);
}

void tzif_changes(const struct tzif_footer *footer, int64_t year, int64_t *ret_start, int64_t *ret_end)
{
	*ret_start = day_of_year(&footer->start, year) * DAY + footer->start.time - footer->standard.offset;
	*ret_end = day_of_year(&footer->end, year) * DAY + footer->end.time - footer->summer.offset;
}

static uint64_t hash(const uint8_t *bytes, size_t size)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		h = (h ^ bytes[i]) * 0x100000001b3u;
	return h;
}

static int read_all(struct reader *reader, struct tzif *ret)
{
	struct counts counts;
	uint8_t version;
	size_t width = 4;

	if (read_header(reader, &counts, &version) < 0)
		return E_INVALID;
	if (left(reader) < block_size(&counts, 4))
		return wrong(reader, "is cut off");
	if (version >= '2') {
		reader->at += block_size(&counts, 4);
		width = 8;
		if (read_header(reader, &counts, &version) < 0)
			return E_INVALID;
		if (left(reader) < block_size(&counts, 8))
			return wrong(reader, "is cut off");
	}
	if (counts.leap)
		return wrong(reader, "counts leap seconds");
	if (read_block(reader, &counts, width, ret) < 0)
		return E_INVALID;
	return width == 8 ? read_footer(reader, &ret->footer) : 0;
}

int tzif_parse(const uint8_t *bytes, size_t size, struct tzif *ret, const char **ret_why)
{
	struct reader reader = { .at = bytes, .end = bytes + size };
	struct tzif file = { 0 };

	if (read_all(&reader, &file) < 0) {
		tzif_free(&file);
		*ret_why = reader.why;
		return E_INVALID;
	}
	file.stamp = hash(bytes, size);
	*ret = file;
	return 0;
}

void tzif_free(struct tzif *file)
{
	free(file->times);
	free(file->types);
	free(file->kind);
	*file = (struct tzif){ 0 };
}
