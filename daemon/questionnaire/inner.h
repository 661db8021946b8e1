/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A compiled condition: steps that work on a stack, each operand before its operator. Shared by what reads and what evaluates it.
 */
#ifndef MENTORSHIP_QUESTIONNAIRE_INNER_H
#define MENTORSHIP_QUESTIONNAIRE_INNER_H

#include "questionnaire.h"

enum {
	CONDITION_STEPS = 256,
	CONDITION_DEPTH = 32 /* brackets within brackets */
};
enum step_kind {
	STEP_ITEM,
	STEP_TEXT,
	STEP_NUMBER,
	STEP_TRUTH,
	STEP_SELECTED,
	STEP_COUNT,
	STEP_NOT,
	STEP_AND,
	STEP_OR,
	STEP_EQ,
	STEP_NE,
	STEP_LT,
	STEP_LE,
	STEP_GT,
	STEP_GE
};
struct step {
	enum step_kind kind;
	size_t item, at; /* `at`: the character, from 1 */
	const char *text;
	double number;
};
struct condition {
	size_t count;
	struct step steps[];
};

/* The statistics of a scale whose mean is shown: cells in the arena, or one that says why there are none. Returns how many. */
size_t tally_statistics(struct arena *, const struct tally *, const struct form_scale *, struct tally_cell **ret);

#endif
