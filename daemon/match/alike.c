/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Criteria that are told what to compare: 'same:site', 'different:group', 'number:hours a month'.
 *
 * What can be compared is a table of kinds of traits. A group was given in confidence, so a line about groups is quiet and secret: no
 * sentence, count or share shows who is in the same one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "match/internal.h"

#define KIND(kind) (1u << (kind))
static const struct match_subject subjects[] = {
	{ "group", KIND(MATCH_GROUP), true },
	{ "department", KIND(MATCH_DEPARTMENT), false },
	{ "site", KIND(MATCH_SITE), false },
	{ "field of study", KIND(MATCH_FIELD), false },
	{ "language", KIND(MATCH_LANGUAGE), false },
	{ "first language", KIND(MATCH_FIRST_LANGUAGE), false },
	{ "skill", KIND(MATCH_SKILL), false },
	{ "interest", KIND(MATCH_INTEREST), false },
	{ "value", KIND(MATCH_VALUE), false },
};

const struct match_subject *match_subject(const char *name)
{
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strcmp(subjects[i].name, name) == 0)
			return &subjects[i];
	return NULL;
}

const char *match_subjects_said(void)
{
	return "group, department, site, field of study, language, first language, skill, interest, value";
}

/* The amount is 1 or 0: how many they share is no part of 'the same'. */
void match_measure_same(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	match_measure_shared(b, b->line->subject->kinds, 1, cells);
	for (int32_t i = 0; i < b->count; i++)
		if (!isnan(cells[i].amount))
			cells[i].amount = cells[i].value = cells[i].amount > 0;
}

void match_measure_different(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	match_measure_same(b, parameters, cells);
	for (int32_t i = 0; i < b->count; i++)
		if (!isnan(cells[i].amount))
			cells[i].amount = cells[i].value = cells[i].amount == 0;
}

int match_common_same(const struct match_block *b, int32_t *ret_terms, int most)
{
	return match_common_shared(b, b->line->subject->kinds, ret_terms, most);
}

/* What a line asks the two to have alike (1) or not alike (-1); 0: it asks for no such thing. */
static int asks(const struct plan_line *line, const char **ret_what)
{
	static const struct {
		const char *criterion, *what;
		int sign;
	} rows[] = { { "site", "site", 1 }, { "field", "field of study", 1 }, { "language", "language", 1 },
		{ "department", "department", -1 } };

	*ret_what = line->subject ? line->subject->name : NULL;
	if (line->subject)
		return line->row->measure == match_measure_same ? 1 : -1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].criterion, line->row->name) == 0) {
			*ret_what = rows[i].what;
			return rows[i].sign;
		}
	return 0;
}

bool match_contradict(const struct plan_line *one, const struct plan_line *other)
{
	const char *what, *same;
	int a = asks(one, &what), b = asks(other, &same);

	return a * b < 0 && strcmp(what, same) == 0;
}

/* ---- numbers ---- */

enum {
	NUMBER_LEAST,
	NUMBER_MOST,
	NUMBER_HALF
};

double match_number_of(const struct someone *who, const struct plan_line *line)
{
	for (int32_t i = 0; line->bound && i < who->number_count; i++)
		if (who->numbers[i].name == line->number)
			return who->numbers[i].value;
	return NAN;
}

void match_measure_number(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	double mentee = match_number_of(&b->in->mentees[b->mentee], b->line);

	for (int32_t i = 0; i < b->count; i++) {
		double ahead = match_number_of(&b->in->mentors[b->mentors[i]], b->line) - mentee, beyond = 0;

		if (ahead < parameters[NUMBER_LEAST])
			beyond = parameters[NUMBER_LEAST] - ahead;
		else if (ahead > parameters[NUMBER_MOST])
			beyond = ahead - parameters[NUMBER_MOST];
		cells[i] = (struct match_cell){ ahead, isnan(ahead) ? NAN : 1 / (1 + beyond / parameters[NUMBER_HALF]) };
	}
}

static bool reads_alike(const char *one, const char *other)
{
	struct buffer a = { 0 }, b = { 0 };
	bool alike;

	text_fold(&a, one, strlen(one));
	text_fold(&b, other, strlen(other));
	alike = strcmp(buffer_string(&a), buffer_string(&b)) == 0;
	buffer_free(&a);
	buffer_free(&b);
	return alike;
}

/* Of words that read alike the least name counts, in whatever order they stand. */
void match_plan_bind(struct plan *plan, const struct prepared *in)
{
	for (int32_t i = 0; i < plan->count; i++) {
		struct plan_line *line = &plan->lines[i];

		for (size_t w = 0; line->of && !line->subject && w < in->input->word_count; w++) {
			const struct match_word *word = &in->input->words[w];

			if (word->text && reads_alike(word->text, line->of) && (!line->bound || word->name < line->number)) {
				line->number = word->name;
				line->bound = true;
			}
		}
	}
}
