/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker computes a matching: one short look at the database, then nothing but arithmetic, then rows as frames.
 */
#ifndef MENTORSHIP_MATCH_TASK_H
#define MENTORSHIP_MATCH_TASK_H

#include "core/error.h"
#include "core/frame.h"

/* First frame: "match" (or "preview", "explain", "outlook"), program, seed, lines of the recipe, now, the institution's zone, what is
 * supposed, the run that it started from (0: none), two numbers that a question is about, the hash of the run that is asked about.
 * Descriptor 4 has frames "objection PERSON PERSON", "age PERSON YEARS" and "group PARTICIPANT NUMBER", descriptor 5 is the database's directory. Sends "progress", "pair", "unplaced", "took" (a line for each phase), "result"; to questions
 * "number", "text" and "lines" with a name each, and "done". */
int match_task(const struct frame *first, struct problem *);

#endif
