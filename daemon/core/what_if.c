/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "what_if.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINES_MOST = 200,
	MENTORS_MOST = 200
};

static const struct {
	const char *word;
	double weight;
} importances[] = { { "nice to have", 1 }, { "important", 3 }, { "very important", 9 }, { "must", INFINITY } };

double importance_weight(const char *word)
{
	for (size_t i = 0; i < sizeof importances / sizeof *importances; i++)
		if (!strcmp(importances[i].word, word))
			return importances[i].weight;
	return 0;
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	for (length = strlen(text); length > 0 && strchr(" \t", text[length - 1]); length--)
		;
	text[length] = 0;
	return text;
}

static bool whole(const char *text, int64_t least, int64_t most, int64_t *ret)
{
	char *end;

	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
		return false;
	*ret = strtoll(text, &end, 10);
	return !*end && *ret >= least && *ret <= most;
}

static int wrong(struct problem *problem, int line, const char *what)
{
	return problem_set(problem, E_INVALID, "changes", "line %d: %s", line, what);
}

/* "very important enough=2": the longest word that it begins with, then parameters. */
static bool read_importance(struct what_if *w, char *value)
{
	size_t best = 0;
	char *end;

	for (size_t i = 0; i < sizeof importances / sizeof *importances; i++) {
		size_t length = strlen(importances[i].word);

		if (length > best && !strncmp(value, importances[i].word, length) && (!value[length] || value[length] == ' ')) {
			best = length;
			w->weight = importances[i].weight;
		}
	}
	end = value + best;
	if (!best) {
		w->weight = strtod(value, &end);
		if (end == value || (*end && *end != ' ') || !(w->weight > 0 && w->weight <= 1000))
			return false;
	}
	w->use = isinf(w->weight) ? 'h' : 'w';
	w->parameters = trim(end);
	return true;
}

static int read_criterion(struct what_if *w, char *key, char *value, int line, struct problem *problem)
{
	w->kind = WHAT_CRITERION;
	w->criterion = key;
	w->use = 'o';
	if (!strcmp(value, "out") || read_importance(w, value))
		return 0;
	return wrong(problem, line,
		"behind a criterion stands: nice to have, important, very important, must, a weight above 0 and at most 1000, or out");
}

int what_if_like(const struct what_if *w, int64_t *ret_mentor, const char **ret_rest)
{
	const char *at = w->value;
	size_t digits;

	*ret_mentor = 0;
	*ret_rest = at;
	if (strncmp(at, "like ", 5) != 0)
		return 0;
	at += 5 + strspn(at + 5, " ");
	digits = strspn(at, "0123456789");
	*ret_rest = at + digits + strspn(at + digits, " ");
	if (!digits || digits > 18 || (**ret_rest && **ret_rest != ','))
		return E_INVALID;
	*ret_mentor = strtoll(at, NULL, 10);
	*ret_rest += **ret_rest == ',';
	return 0;
}

static int read_change(struct what_if *w, char *key, char *value, int line, struct problem *problem)
{
	char *space = strchr(key, ' '), *number = space ? trim(space + 1) : NULL;

	w->value = value;
	if (space)
		*space = 0;
	if (number && !strcmp(key, "places")) {
		w->kind = WHAT_PLACES;
		return whole(number, 1, INT64_MAX, &w->one) && whole(value, 0, 10000, &w->other)
			? 0
			: wrong(problem, line, "it is written 'places MENTOR = NUMBER', from 0 to 10000");
	}
	if (number && !strcmp(key, "mentor")) {
		int64_t like;
		const char *rest;

		w->kind = WHAT_MENTOR;
		return whole(number, 1, 10000, &w->other) && !what_if_like(w, &like, &rest)
			? 0
			: wrong(problem, line, "it is written 'mentor PLACES = SKILL, SKILL', or 'mentor PLACES = like MENTOR, SKILL'");
	}
	if (number && !strcmp(key, "lock")) {
		w->kind = WHAT_LOCK;
		return whole(number, 1, INT64_MAX, &w->one) && whole(value, 1, INT64_MAX, &w->other)
			? 0
			: wrong(problem, line, "it is written 'lock MENTEE = MENTOR', the numbers of two participants");
	}
	if (number && !strcmp(key, "keep")) {
		w->kind = strcmp(number, "pairs") ? WHAT_KEEP : WHAT_KEEP_PAIRS;
		return (w->kind == WHAT_KEEP_PAIRS || !strcmp(number, "placed")) && !strcmp(value, "yes")
			? 0
			: wrong(problem, line, "it is written 'keep placed = yes' or 'keep pairs = yes'");
	}
	if (number && !strcmp(key, "mark")) {
		w->kind = WHAT_MARK;
		return whole(number, 1, INT64_MAX, &w->one) && !strcmp(value, "yes")
			? 0
			: wrong(problem, line, "it is written 'mark MENTEE = yes'");
	}
	if (space)
		*space = ' '; /* a criterion with a space: same:first language */
	return read_criterion(w, key, value, line, problem);
}

int what_if_read(struct arena *arena, const char *text, struct what_if **ret_list, size_t *ret_count, struct problem *problem)
{
	char *copy = arena_copy(arena, text ? text : ""), *save = NULL;
	struct what_if *list = arena_new(arena, LINES_MOST * sizeof *list);
	size_t count = 0, mentors = 0;
	int number = 0, r = 0;

	for (char *line = strtok_r(copy, "\n;", &save); line && !r; line = strtok_r(NULL, "\n;", &save)) {
		char *value = strchr(line, '=');

		number++;
		if (!*trim(line))
			continue;
		if (count == LINES_MOST)
			return wrong(problem, number, "at most 200 changes at a time");
		if (!value)
			return wrong(problem, number,
				"a change is written WHAT = VALUE: 'traits = very important', 'places 17 = 4', 'lock 12 = 17'");
		*value++ = 0;
		r = read_change(&list[count], trim(line), trim(value), number, problem);
		mentors += list[count++].kind == WHAT_MENTOR;
		if (mentors > MENTORS_MOST)
			return wrong(problem, number, "at most 200 more mentors at a time");
	}
	*ret_list = list;
	*ret_count = count;
	return r;
}
