/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a recurrence rule: one table of its parts, read both ways.
 *
 * A part is a name, a reader and a writer over one member of struct rrule. Each
 * reader looks at its own value alone; what parts forbid each other is checked
 * when all are there. Every refusal names the part, says why, and shows a way.
 */
#include "rrule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TEXT_MAX = 8000,
	INTERVAL_MAX = 999999999,
	COUNT_MAX = 1000000
};

struct part {
	const char *name;
	int (*read)(const struct part *, const char *value, struct rrule *, struct problem *);
	void (*write)(const struct part *, struct arena *, const struct rrule *, char **out);
	size_t offset; /* of the member, for readers that serve several parts */
	int min, max;  /* limits of each number */
};

static const char *const frequencies[] = { "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
static const char weekday_codes[] = "MOTUWETHFRSASU";

static int refuse(const struct part *part, const char *value, const char *what, struct problem *problem)
{
	return problem_set(problem, E_INVALID, part->name, "%s=%.60s: %s", part->name, value, what);
}

static bool is_end(char c)
{
	return c == '\0' || c == ',';
}

/* A number from digits alone; -1 if there is none or it is beyond nine digits. */
static int64_t digits(const char **at)
{
	int64_t value = 0;
	int n = 0;

	for (; **at >= '0' && **at <= '9' && n < 10; (*at)++, n++)
		value = value * 10 + (**at - '0');
	return n && n < 10 ? value : -1;
}

static int read_frequency(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	for (int i = SECONDLY; i <= YEARLY; i++)
		if (!strcmp(value, frequencies[i])) {
			rule->frequency = (enum frequency)i;
			return 0;
		}
	return refuse(part, value, "no such frequency; take SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY", problem);
}

static int read_number(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	const char *at = value;
	int64_t number = digits(&at);

	if (*at || number < part->min || number > part->max)
		return problem_set(problem, E_INVALID, part->name, "%s=%.60s: write one whole number from %d to %d", part->name, value,
			part->min, part->max);
	memcpy((char *)rule + part->offset, &number, sizeof number);
	return 0;
}

static int64_t two(const char *at)
{
	return (at[0] - '0') * 10 + (at[1] - '0');
}

/* 20261224, 20261224T090000, 20261224T090000Z */
static int read_until(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	size_t length = strlen(value);
	int64_t year, seconds = DAY - 1;

	for (size_t i = 0; i < length && i < 15; i++)
		if (i == 8 ? value[i] != 'T' : value[i] < '0' || value[i] > '9')
			length = 0;
	if (length != 8 && length != 15 && (length != 16 || value[15] != 'Z'))
		return refuse(part, value, "write a date as 20261224, a local time as 20261224T090000, or UTC with a Z behind it", problem);
	year = two(value) * 100 + two(value + 2);
	if (year < 1 || !date_is_valid(year, (int)two(value + 4), (int)two(value + 6)))
		return refuse(part, value, "no such day in the calendar", problem);
	if (length > 8) {
		if (two(value + 9) > 23 || two(value + 11) > 59 || two(value + 13) > 60)
			return refuse(part, value, "no such time of day; 235959 is the last", problem);
		seconds = two(value + 9) * HOUR + two(value + 11) * MINUTE + (two(value + 13) == 60 ? 59 : two(value + 13));
	}
	rule->until = date_make(year, (int)two(value + 4), (int)two(value + 6)) * DAY + seconds;
	rule->until_date = length == 8;
	rule->until_utc = length == 16;
	return 0;
}

static int refuse_list(const struct part *part, const char *value, bool sign, struct problem *problem)
{
	return problem_set(problem, E_INVALID, part->name, "%s=%.60s: write numbers from %d to %d%s, with a comma between them", part->name,
		value, part->min, part->max, sign ? ", or with - before them to count from the end" : "");
}

static int read_set(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	uint64_t *set = (uint64_t *)(void *)((char *)rule + part->offset);
	const char *at = value;

	for (;;) {
		int64_t number = digits(&at);

		if (number < part->min || number > part->max || !is_end(*at))
			return refuse_list(part, value, false, problem);
		*set |= UINT64_C(1) << (number == 60 ? 59 : number);
		if (!*at++)
			return 0;
	}
}

static int read_signed(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	struct signed_set *set = (struct signed_set *)(void *)((char *)rule + part->offset);
	const char *at = value;

	for (;;) {
		uint64_t *half = *at == '-' ? set->minus : set->plus;
		int64_t number;

		at += *at == '-' || *at == '+';
		number = digits(&at);
		if (number < 1 || number > part->max || !is_end(*at))
			return refuse_list(part, value, true, problem);
		half[number / 64] |= UINT64_C(1) << number % 64;
		if (!*at++)
			return 0;
	}
}

static int weekday_of(const char *at)
{
	for (int i = 0; i < 7; i++)
		if (at[0] == weekday_codes[2 * i] && at[1] == weekday_codes[2 * i + 1])
			return i;
	return -1;
}

static int read_weekdays(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	const char *at = value;

	for (;;) {
		bool minus = *at == '-', sign = minus || *at == '+', plain;
		int64_t number;
		int weekday;

		at += sign;
		plain = !sign && (*at < '0' || *at > '9');
		number = plain ? 0 : digits(&at);
		weekday = weekday_of(at);
		if (weekday < 0 || !is_end(at[2]) || (!plain && (number < 1 || number > part->max)))
			return refuse(part, value,
				"write MO, TU, WE, TH, FR, SA or SU, a number from 1 to 53 before it for the nth such day and "
				"-1 for the last, as in BYDAY=1MO,-1FR",
				problem);
		if (plain)
			rule->weekdays |= 1u << weekday;
		else if (minus)
			rule->nth[weekday].minus |= UINT64_C(1) << number;
		else
			rule->nth[weekday].plus |= UINT64_C(1) << number;
		at += 2;
		if (!*at++)
			return 0;
	}
}

static int read_week_start(const struct part *part, const char *value, struct rrule *rule, struct problem *problem)
{
	int weekday = weekday_of(value);

	if (weekday < 0 || value[2])
		return refuse(part, value, "write the first day of the week: MO, TU, WE, TH, FR, SA or SU", problem);
	rule->week_start = weekday;
	return 0;
}

/* ---- writers: they append to `*out`, which begins with what stands already ---- */

static void append(struct arena *arena, char **out, const struct part *part, const char *value)
{
	*out = arena_print(arena, "%s%s%s=%s", *out, **out ? ";" : "", part->name, value);
}

static void write_frequency(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	append(arena, out, part, frequencies[rule->frequency]);
}

static void write_number(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	int64_t number;

	memcpy(&number, (const char *)rule + part->offset, sizeof number);
	if (number > (part->offset == offsetof(struct rrule, interval)))
		append(arena, out, part, arena_print(arena, "%lld", (long long)number));
}

static void write_until(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	struct civil c;
	char *text;

	if (rule->until == INT64_MIN)
		return;
	local_split(rule->until, &c);
	if (rule->until_date)
		text = arena_print(arena, "%04d%02d%02d", (int)c.year, c.month, c.day);
	else
		text = arena_print(arena, "%04d%02d%02dT%02d%02d%02d%s", (int)c.year, c.month, c.day, c.hour, c.minute, c.second,
			rule->until_utc ? "Z" : "");
	append(arena, out, part, text);
}

/* Puts one item at the end of a list in a buffer that has room for the longest list. */
struct list {
	char text[TEXT_MAX];
	size_t length;
};

static void list_add(struct list *list, const char *sign, int number, const char *word)
{
	if (list->length)
		list->text[list->length++] = ',';
	list->length += (size_t)snprintf(
		list->text + list->length, sizeof list->text - list->length, "%s%.*d%s", sign, number > 0 || !*word, number, word);
}

static void write_set(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	struct list list = { .length = 0 };
	uint64_t set;

	memcpy(&set, (const char *)rule + part->offset, sizeof set);
	for (int i = 0; i < 64; i++)
		if (set >> i & 1)
			list_add(&list, "", i, "");
	if (list.length)
		append(arena, out, part, list.text);
}

static void write_signed(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	struct list list = { .length = 0 };
	struct signed_set set;

	memcpy(&set, (const char *)rule + part->offset, sizeof set);
	for (int i = 1; i <= 366; i++)
		if (set.plus[i / 64] >> i % 64 & 1)
			list_add(&list, "", i, "");
	for (int i = 366; i >= 1; i--)
		if (set.minus[i / 64] >> i % 64 & 1)
			list_add(&list, "-", i, "");
	if (list.length)
		append(arena, out, part, list.text);
}

static void write_weekdays(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	struct list list = { .length = 0 };

	for (int day = 0; day < 7; day++) {
		char code[3] = { weekday_codes[2 * day], weekday_codes[2 * day + 1], '\0' };

		if (rule->weekdays >> day & 1)
			list_add(&list, "", 0, code);
		for (int i = 1; i <= 53; i++)
			if (rule->nth[day].plus >> i & 1)
				list_add(&list, "", i, code);
		for (int i = 53; i >= 1; i--)
			if (rule->nth[day].minus >> i & 1)
				list_add(&list, "-", i, code);
	}
	if (list.length)
		append(arena, out, part, list.text);
}

static void write_week_start(const struct part *part, struct arena *arena, const struct rrule *rule, char **out)
{
	if (rule->week_start != MONDAY)
		append(arena, out, part, (char[3]){ weekday_codes[2 * rule->week_start], weekday_codes[2 * rule->week_start + 1], '\0' });
}

/* In the order in which a rule is printed. */
static const struct part parts[] = {
	{ "FREQ", read_frequency, write_frequency, 0, 0, 0 },
	{ "UNTIL", read_until, write_until, 0, 0, 0 },
	{ "COUNT", read_number, write_number, offsetof(struct rrule, count), 1, COUNT_MAX },
	{ "INTERVAL", read_number, write_number, offsetof(struct rrule, interval), 1, INTERVAL_MAX },
	{ "BYMONTH", read_set, write_set, offsetof(struct rrule, months), 1, 12 },
	{ "BYWEEKNO", read_signed, write_signed, offsetof(struct rrule, weeks), 1, 53 },
	{ "BYYEARDAY", read_signed, write_signed, offsetof(struct rrule, yeardays), 1, 366 },
	{ "BYMONTHDAY", read_signed, write_signed, offsetof(struct rrule, monthdays), 1, 31 },
	{ "BYDAY", read_weekdays, write_weekdays, 0, 1, 53 },
	{ "BYHOUR", read_set, write_set, offsetof(struct rrule, hours), 0, 23 },
	{ "BYMINUTE", read_set, write_set, offsetof(struct rrule, minutes), 0, 59 },
	{ "BYSECOND", read_set, write_set, offsetof(struct rrule, seconds), 0, 60 },
	{ "BYSETPOS", read_signed, write_signed, offsetof(struct rrule, positions), 1, 366 },
	{ "WKST", read_week_start, write_week_start, 0, 0, 0 },
};

enum {
	N_PARTS = sizeof parts / sizeof *parts
};
enum {
	FREQ,
	UNTIL,
	COUNT,
	INTERVAL,
	BYMONTH,
	BYWEEKNO,
	BYYEARDAY,
	BYMONTHDAY,
	BYDAY,
	BYHOUR,
	BYMINUTE,
	BYSECOND,
	BYSETPOS,
	WKST
};

/* What parts forbid each other: if `part` is given and the frequency is one of `at`, the rule is refused. */
static const struct {
	int part;
	unsigned at;
	const char *why;
} forbidden[] = {
	{ BYWEEKNO, ~(1u << YEARLY), "goes with FREQ=YEARLY only; leave it out or write FREQ=YEARLY" },
	{ BYYEARDAY, 1u << DAILY | 1u << WEEKLY | 1u << MONTHLY,
		"does not go with FREQ=DAILY, WEEKLY or MONTHLY; leave it out or write FREQ=YEARLY" },
	{ BYMONTHDAY, 1u << WEEKLY, "does not go with FREQ=WEEKLY; write FREQ=MONTHLY or DAILY" },
};

static bool has_nth(const struct rrule *rule)
{
	for (int i = 0; i < 7; i++)
		if (rule->nth[i].plus || rule->nth[i].minus)
			return true;
	return false;
}

static int forbid(int part, const char *why, struct problem *problem)
{
	return problem_set(problem, E_INVALID, parts[part].name, "%s %s", parts[part].name, why);
}

static int check(const struct rrule *rule, unsigned given, struct problem *problem)
{
	unsigned by = 0;

	for (int i = BYMONTH; i <= BYSECOND; i++)
		by |= 1u << i;
	if (!(given >> FREQ & 1))
		return forbid(FREQ, "is missing, so the rule does not say how often; begin it as in FREQ=WEEKLY;BYDAY=MO", problem);
	if ((given >> UNTIL & 1) && (given >> COUNT & 1))
		return forbid(COUNT, "and UNTIL both say when the rule ends; leave one of them out", problem);
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		if ((given >> forbidden[i].part & 1) && (forbidden[i].at >> rule->frequency & 1))
			return forbid(forbidden[i].part, forbidden[i].why, problem);
	if (has_nth(rule) && rule->frequency != MONTHLY && rule->frequency != YEARLY)
		return forbid(BYDAY, "takes numbers with FREQ=MONTHLY and YEARLY only; write the days alone, as in BYDAY=MO", problem);
	if (has_nth(rule) && (given >> BYWEEKNO & 1))
		return forbid(BYDAY, "takes no numbers beside BYWEEKNO; write the days alone, as in BYDAY=MO", problem);
	if ((given >> BYSETPOS & 1) && !(given & by))
		return forbid(BYSETPOS, "picks from what another BY part gives; add one, as in BYDAY=MO,TU;BYSETPOS=1", problem);
	return 0;
}

static int read_part(char *text, struct rrule *rule, unsigned *given, struct problem *problem)
{
	char *value = strchr(text, '=');

	if (!value || !value[1])
		return problem_set(
			problem, E_INVALID, NULL, "'%.60s' is no part of a rule; write parts as NAME=VALUE with ; between them", text);
	*value++ = '\0';
	for (int i = 0; i < N_PARTS; i++) {
		if (strcmp(text, parts[i].name))
			continue;
		if (*given >> i & 1)
			return problem_set(problem, E_INVALID, text, "%s stands twice; put its values into one list", text);
		*given |= 1u << i;
		return parts[i].read(&parts[i], value, rule, problem);
	}
	return problem_set(problem, E_INVALID, NULL,
		"'%.60s' is no part of a rule; there are FREQ, UNTIL, COUNT, INTERVAL, BYMONTH, BYWEEKNO, "
		"BYYEARDAY, BYMONTHDAY, BYDAY, BYHOUR, BYMINUTE, BYSECOND, BYSETPOS and WKST",
		text);
}

/* The rule in capitals, without blanks around and without "RRULE:". NULL if it is too long. */
static char *tidy(const char *text)
{
	size_t length;
	char *copy;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	if (length > TEXT_MAX)
		return NULL;
	copy = strndup(text, length);
	if (!copy)
		abort();
	for (char *p = copy; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	if (!strncmp(copy, "RRULE:", 6))
		memmove(copy, copy + 6, strlen(copy + 6) + 1);
	return copy;
}

int rrule_parse(const char *text, struct rrule *ret, struct problem *problem)
{
	struct rrule rule = { .interval = 1, .until = INT64_MIN };
	struct problem unused;
	unsigned given = 0;
	char *copy = tidy(text), *at = copy;
	int r = 0;

	problem = problem ? problem : &unused;
	if (!copy)
		return problem_set(problem, E_INVALID, NULL, "the rule is longer than %d letters; name fewer values", TEXT_MAX);
	if (!*copy)
		r = problem_set(problem, E_INVALID, NULL, "the rule is empty; write one as FREQ=WEEKLY;BYDAY=MO");
	while (at && *at && r == 0) {
		char *next = strchr(at, ';');

		if (next)
			*next++ = '\0';
		r = read_part(at, &rule, &given, problem);
		at = next;
	}
	if (r == 0)
		r = check(&rule, given, problem);
	if (r == 0)
		*ret = rule;
	free(copy);
	return r;
}

char *rrule_print(struct arena *arena, const struct rrule *rule)
{
	char *out = arena_copy(arena, "");

	for (int i = 0; i < N_PARTS; i++)
		parts[i].write(&parts[i], arena, rule, &out);
	return out;
}
