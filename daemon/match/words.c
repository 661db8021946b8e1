/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sentences from the rows' templates.
 *
 * {n} is the amount with its unit, {list} the words in common; what stands in
 * [..] is left out when there is no list. Words are those of the program's
 * vocabulary, never names or numbers of people: whom a sentence is about is
 * told beside it, as a link, so that each reader gets the name that they may
 * see.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "match/internal.h"

enum {
	LIST = 5
};

const char *match_amount_text(struct arena *arena, const struct match_criterion *row, double amount)
{
	long long n = (long long)floor(amount + 0.5);

	if (!row->unit[0] && fabs(amount - (double)n) >= 0.005)
		return arena_print(arena, "%.2f", amount);

	if (strcmp(row->unit, "minute") == 0 && n >= 60 && n % 60 == 0)
		return arena_print(arena, n == 60 ? "%lld hour" : "%lld hours", n / 60);
	if (!row->unit[0])
		return arena_print(arena, "%lld", n);
	return arena_print(arena, n == 1 ? "%lld %s" : "%lld %ss", n, row->unit);
}

const char *match_join_words(struct arena *arena, const char *const *words, int count, const char *last)
{
	const char *text = count > 0 ? words[0] : "";

	for (int i = 1; i < count; i++)
		text = arena_print(arena, "%s%s%s", text, i == count - 1 ? last : ", ", words[i]);
	return text;
}

struct filling {
	const char *n, *list, *of;
};

static const char *slot(const char **at, const struct filling *filling)
{
	static const char *const names[] = { "{n}", "{list}", "{of}" };
	const char *const values[] = { filling->n, filling->list, filling->of };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(*at, names[i], strlen(names[i])) == 0) {
			*at += strlen(names[i]);
			return values[i] ? values[i] : "";
		}
	return NULL;
}

static const char *fill(struct arena *arena, const char *template, const struct filling *filling)
{
	struct buffer text = { 0 };
	const char *filled;
	bool skip = false;

	for (const char *at = template; *at;) {
		const char *value = *at == '{' ? slot(&at, filling) : NULL;

		if (value) {
			buffer_text(&text, skip ? NULL : value);
			continue;
		}
		if (*at == '[' || *at == ']')
			skip = *at == '[' && (!filling->list || !filling->list[0]);
		else if (!skip)
			buffer_char(&text, *at);
		at++;
	}
	filled = arena_copy(arena, buffer_string(&text));
	buffer_free(&text);
	return filled;
}

/* The words that the two have in common by this row; "" if there are none or nobody knows a word for them. */
static const char *common_words(const struct scorer *s, const struct plan_line *line, int32_t mentee, int32_t mentor, struct arena *arena)
{
	const struct match_criterion *row = line->row;
	struct match_block block = { s->in, mentee, &mentor, 1, line };
	int32_t terms[LIST];
	const char *words[LIST];
	int found = row->common ? row->common(&block, terms, LIST) : 0, count = 0;

	for (int i = 0; i < found; i++)
		if (s->in->terms[terms[i]].text)
			words[count++] = s->in->terms[terms[i]].text;
	return match_join_words(arena, words, count, " and ");
}

const char *match_line_text(const struct scorer *s, const struct plan_line *line, int32_t mentee, int32_t mentor,
	const struct match_cell *cell, struct arena *arena)
{
	const struct match_criterion *row = line->row;
	const char *template = row->met;
	struct filling filling = { .of = line->of };

	if (line->quiet && line->of)
		return arena_print(arena, "The %s was looked at.", line->of);
	if (isnan(cell->amount))
		return fill(arena, row->unknown, &filling);
	if (cell->amount == 0)
		template = row->unmet;
	filling.n = line->quiet ? "" : match_amount_text(arena, row, cell->amount);
	filling.list = common_words(s, line, mentee, mentor, arena);
	return fill(arena, template, &filling);
}

const char *match_stopped_text(struct arena *arena, const struct plan_line *line)
{
	struct filling filling = { .of = line->of };

	return line->of ? fill(arena, line->row->stopped, &filling) : line->row->stopped;
}

const char *match_mend_text(struct arena *arena, const struct match_criterion *row, const char *of, double amount)
{
	struct filling filling = { .of = of, .n = isnan(amount) ? "" : match_amount_text(arena, row, amount) };

	return fill(arena, row->mend, &filling);
}

/* What one row has to tell the two, or NULL. */
static const char *shared_clause(
	const struct scorer *s, const struct match_criterion *row, int32_t mentee, int32_t mentor, struct arena *arena)
{
	struct plan_line line = { .row = row };
	struct filling filling = { 0 };
	struct match_cell cell;

	if (!row->shared)
		return NULL;
	for (int i = 0; i < MATCH_PARAMETERS_MAX; i++)
		line.parameters[i] = row->parameters[i].standard;
	cell = match_cell_of(s, &line, mentee, mentor);
	if (isnan(cell.amount) || cell.amount <= 0)
		return NULL;
	filling.list = common_words(s, &line, mentee, mentor, arena);
	if (row->common && !filling.list[0])
		return NULL;
	filling.n = match_amount_text(arena, row, cell.amount);
	return fill(arena, row->shared, &filling);
}

/* The same for every recipe, so that it tells nothing about the recipe either. */
const char *match_shared_text(const struct scorer *s, int32_t mentee, int32_t mentor, struct arena *arena)
{
	size_t rows;
	const struct match_criterion *table = match_criteria(&rows);
	const char *clauses[LIST];
	int count = 0;

	for (size_t i = 0; i < rows && count < LIST; i++) {
		const char *clause = shared_clause(s, &table[i], mentee, mentor, arena);

		if (clause)
			clauses[count++] = clause;
	}
	if (count == 0)
		return "";
	return arena_print(arena, "What you share: %s.", match_join_words(arena, clauses, count, ", and "));
}
