/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The check of one line of a recipe, for whoever saves one.
 *
 * The criteria, their parameters and ranges are the table of match/criteria.c, which the model cannot include; so the question is
 * declared here and answered in match/line.c. The worker asks the same table again when a recipe runs.
 */
#ifndef MENTORSHIP_RECIPE_LINE_H
#define MENTORSHIP_RECIPE_LINE_H

#include <stdbool.h>

#include "error.h"

/* 0, or E_INVALID with the field of a recipe line (criterion, use, weight, parameters) and a sentence that names the criterion and
 * the range allowed. `weight` NaN: none given, which counts as 1. `parameters`: "name=value name=value", NULL: none. */
int recipe_line_check(const char *criterion, bool hard, double weight, const char *parameters, struct problem *);

#endif
