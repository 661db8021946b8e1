/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The export of any form: one row a person, columns as the form's author named them, several answers in a cell.
 *
 * The mapping's section says what each column means; nothing is taken from a column that it does not name. An answer
 * that cannot be read for certain is a problem with its row and column, never a guess.
 */
#ifndef MENTORSHIP_FORM_H
#define MENTORSHIP_FORM_H

#include "mapping.h"
#include "roster.h"

struct form_counts {
	int64_t read, taken, left_out;
};

/* Reads a file into the roster; everything wrong is said there. */
void form_read(struct roster *, const struct mapping_section *, const char *file, const char *data, size_t size, struct form_counts *);

/* Appends a section for the file: what each header seems to mean, after a look at the first rows. Nothing that a cell
 * holds gets into it. `role` may be NULL. Negative: the file cannot be read. */
int form_propose(struct buffer *, const char *file, const char *role, const char *data, size_t size, struct problem *);

/* Steps through the answers of a cell: the next one (not yet trimmed), or NULL. `at` begins as the cell. Commas inside
 * brackets stand between no answers. */
const char *form_answer(const char **at, const char *split, size_t *ret_length);

#endif
