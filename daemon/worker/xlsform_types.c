/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xlsform.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/date.h"
#include "words.h"

/* ---- types ---- */

/* Small letters, and a blank for each underscore. Those of `not_here` exist in XLSForm. */
static const struct {
	const char *name;
	enum xf_type type;
	int kind;
} plain[] = {
	{ "text", XF_QUESTION, FORM_WORDS },
	{ "string", XF_QUESTION, FORM_WORDS },
	{ "phone number", XF_QUESTION, FORM_WORDS },
	{ "integer", XF_INTEGER, FORM_NUMBER },
	{ "int", XF_INTEGER, FORM_NUMBER },
	{ "decimal", XF_QUESTION, FORM_NUMBER },
	{ "date", XF_QUESTION, FORM_DATE },
	{ "note", XF_QUESTION, FORM_NOTE },
	{ "begin group", XF_BEGIN_GROUP, 0 },
	{ "end group", XF_END_GROUP, 0 },
	{ "begin repeat", XF_BEGIN_REPEAT, 0 },
	{ "end repeat", XF_END_REPEAT, 0 },
	{ "end loop", XF_END_REPEAT, 0 },
	{ NULL, XF_NONE, 0 },
};
static const struct {
	const char *start;
	enum xf_type type;
	int kind;
} with_more[] = {
	{ "select one external ", XF_NOT_HERE, 0 },
	{ "select one from file ", XF_NOT_HERE, 0 },
	{ "select multiple from file ", XF_NOT_HERE, 0 },
	{ "select multiple external ", XF_NOT_HERE, 0 },
	{ "select one from ", XF_SELECT, FORM_SINGLE },
	{ "select one ", XF_SELECT, FORM_SINGLE },
	{ "select1 ", XF_SELECT, FORM_SINGLE },
	{ "likert ", XF_SELECT, FORM_LIKERT },
	{ "select all that apply from ", XF_SELECT, FORM_MULTIPLE },
	{ "select multiple from ", XF_SELECT, FORM_MULTIPLE },
	{ "select multiple ", XF_SELECT, FORM_MULTIPLE },
	{ "begin loop over ", XF_BEGIN_REPEAT, 0 },
	{ "rank ", XF_NOT_HERE, 0 },
	{ "osm ", XF_NOT_HERE, 0 },
	{ "uri:", XF_NOT_HERE, 0 },
	{ NULL, XF_NONE, 0 },
};
static const char *const not_here[] = { "calculate", "hidden", "geopoint", "geotrace", "geoshape", "gps", "location", "image", "photo",
	"audio", "video", "file", "barcode", "time", "datetime", "range", "rank", "acknowledge", "trigger", "start", "end",
	"start-geopoint", "today", "deviceid", "device id", "username", "email", "phonenumber", "simserial", "subscriberid", "audit",
	"background-audio", "xml-external", "csv-external", "osm", "get today", "start time", "end time", NULL };

/* A text of one blank between words, as written (`tidy`) and folded byte by byte, so that both have the same places. */
static char *fold_type(struct arena *arena, const char *tidy)
{
	char *folded = arena_copy(arena, tidy);

	for (char *p = folded; *p; p++)
		*p = *p == '_' ? ' ' : *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	return folded;
}

/* Cuts " or_other" off. */
static bool cut_other(char *list)
{
	static const char *const endings[] = { " or_other", " or other", " or specify other", " or_specify_other" };
	size_t length = strlen(list);

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t n = strlen(endings[i]);

		if (length > n && !strcasecmp(list + length - n, endings[i])) {
			list[length - n] = 0;
			return true;
		}
	}
	return false;
}

struct xf_what xf_type_of(struct arena *arena, const char *text)
{
	char *tidy = words_tidy(arena, text, strlen(text)), *folded = fold_type(arena, tidy), *list;

	for (size_t i = 0; plain[i].name; i++)
		if (!strcmp(plain[i].name, folded))
			return (struct xf_what){ .type = plain[i].type, .kind = plain[i].kind };
	for (size_t i = 0; not_here[i]; i++)
		if (!strcmp(not_here[i], folded))
			return (struct xf_what){ .type = XF_NOT_HERE };
	for (size_t i = 0; with_more[i].start; i++) {
		if (strncmp(with_more[i].start, folded, strlen(with_more[i].start)) != 0)
			continue;
		list = tidy + strlen(with_more[i].start);
		return (struct xf_what){ .type = with_more[i].type, .kind = with_more[i].kind, .or_other = cut_other(list), .list = list };
	}
	return (struct xf_what){ .type = XF_NONE };
}

bool xf_yes(const char *text, bool *ret)
{
	static const char *const yes[] = { "yes", "true", "true()", "y", "1", NULL },
				 *const no[] = { "no", "false", "false()", "n", "0", NULL };

	*ret = false;
	for (size_t i = 0; text && yes[i]; i++)
		*ret = *ret || !strcasecmp(text, yes[i]);
	for (size_t i = 0; text && no[i]; i++)
		if (!strcasecmp(text, no[i]))
			return true;
	return !text || *ret;
}

char *xf_expression(struct arena *arena, const char *text)
{
	struct buffer straight = { 0 };
	char *ret;

	while (*text) {
		if (!strncmp(text, "\xe2\x80\x98", 3) || !strncmp(text, "\xe2\x80\x99", 3)) {
			buffer_char(&straight, '\'');
			text += 3;
		} else if (!strncmp(text, "\xe2\x80\x9c", 3) || !strncmp(text, "\xe2\x80\x9d", 3)) {
			buffer_char(&straight, '"');
			text += 3;
		} else
			buffer_char(&straight, *text++);
	}
	ret = arena_copy(arena, buffer_string(&straight));
	buffer_free(&straight);
	return ret;
}

/* ---- limits ---- */

struct limits {
	const char *p;
	int kind;
	bool integer;
	double min, max;
};

static bool take(struct limits *l, const char *word)
{
	l->p += strspn(l->p, " \n");
	if (strncmp(l->p, word, strlen(word)) != 0)
		return false;
	l->p += strlen(word);
	return true;
}

/* What the answer is called: its value, or, of a text, its length. */
static bool take_answer(struct limits *l)
{
	if (l->kind != FORM_WORDS)
		return take(l, ".");
	return take(l, "string-length(") && take(l, ".") && take(l, ")");
}

/* A number, or a day as days since 1970. */
static bool take_value(struct limits *l, double *ret)
{
	char quote, *end, day[11] = "";
	int64_t days;

	if (l->kind != FORM_DATE) {
		l->p += strspn(l->p, " \n");
		if (!strchr("-0123456789", *l->p) || !*l->p)
			return false;
		*ret = strtod(l->p, &end);
		l->p = end;
		return isfinite(*ret);
	}
	if (!take(l, "date(") || !*(l->p += strspn(l->p, " ")))
		return false;
	quote = *l->p;
	if ((quote != '\'' && quote != '"') || strlen(l->p) < 12 || l->p[11] != quote)
		return false;
	memcpy(day, l->p + 1, 10);
	l->p += 12;
	*ret = !date_parse(day, &days, NULL) ? (double)days : (double)NAN;
	return !isnan(*ret) && take(l, ")");
}

/* One of < <= > >= =, from the answer's side: -2 -1 1 2 3; 0: none. */
static int take_comparison(struct limits *l)
{
	return take(l, "<=") ? -1 : take(l, "<") ? -2 : take(l, ">=") ? 1 : take(l, ">") ? 2 : take(l, "=") ? 3 : 0;
}

static bool take_limit(struct limits *l)
{
	double value, step = l->kind == FORM_WORDS || l->kind == FORM_DATE || l->integer ? 1 : 0;
	int comparison;

	if (take_answer(l)) {
		comparison = take_comparison(l);
		if (!comparison || !take_value(l, &value))
			return false;
	} else {
		if (!take_value(l, &value))
			return false;
		comparison = take_comparison(l);
		if (!comparison || !take_answer(l))
			return false;
		comparison = comparison == 3 ? 3 : -comparison;
	}
	if ((comparison == 2 || comparison == -2) && (step == 0 || value != floor(value)))
		return false; /* a least and a most belong to what is allowed */
	value += comparison == 2 ? step : comparison == -2 ? -step : 0;
	if (comparison > 0 && !(l->min >= value))
		l->min = value;
	if ((comparison < 0 || comparison == 3) && !(l->max <= value))
		l->max = value;
	return true;
}

bool xf_limits(const char *text, int kind, bool integer, double *min, double *max)
{
	struct limits l = { .p = text, .kind = kind, .integer = integer, .min = (double)NAN, .max = (double)NAN };

	if (kind != FORM_NUMBER && kind != FORM_WORDS && kind != FORM_DATE)
		return false;
	do {
		bool bracket = take(&l, "(");

		if (!take_limit(&l) || (bracket && !take(&l, ")")))
			return false;
	} while (take(&l, "and"));
	l.p += strspn(l.p, " \n");
	if (*l.p)
		return false;
	*min = l.min;
	*max = l.max;
	return true;
}
