/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker computes a matching: one short look at the database, then nothing but arithmetic, then rows as frames.
 */
#ifndef MENTORSHIP_MATCH_TASK_H
#define MENTORSHIP_MATCH_TASK_H

#include "core/error.h"
#include "core/frame.h"

/* First frame: "match", run, program, seed, lines of the recipe, now, the institution's zone. Descriptor 4 has frames "objection PERSON
 * PERSON" and "age PERSON YEARS", descriptor 5 is the database's directory. Sends "progress", "pair", "unplaced", "result". */
int match_task(const struct frame *first, struct problem *);

#endif
