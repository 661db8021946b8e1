/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Imports: rows from a worker, staged, checked against what is there, shown, then taken whole or not at all.
 *
 * Staged rows are durable. Checking looks at each row as taking would, without writing. Taking runs forward in slices and, killed
 * in the middle, goes on at the next start; a row that cannot be taken after all (somebody changed what it stands on) turns the
 * rest into an undo. So an import ends taken or undone, never in between. Undo removes what the import made and puts back what it
 * changed, except what was edited since: that is kept and listed.
 */
#ifndef MENTORSHIP_STORE_IMPORT_H
#define MENTORSHIP_STORE_IMPORT_H

#include "store.h"

enum {
	IMPORT_SLICE = 100,
	IMPORT_LINES = 500,
	IMPORT_PROBLEMS_SHOWN = 100
};

/* What is gathered while an import is worked on: for its task's result. Owned by whoever drives it. */
struct import_work {
	int64_t id;
	int64_t line; /* last line staged; while working: the last one looked at */
	int64_t created, changed, unchanged, problems, kept;
	struct buffer *lines, *told; /* preview lines and problems, one a line */
	int line_count, told_count;
};

/* Each runs inside store_do. */
/* One row of the worker: cells are "field", "value", ... as the reading room gives them. E_INVALID for an unknown entity or field. */
int import_stage(struct call *, struct import_work *, const char *entity, const char *file, int64_t line, char *const *cells, size_t count);
/* The next IMPORT_SLICE rows. 1: there are more; 0: all were looked at. */
int import_check(struct call *, struct import_work *);
int import_take(struct call *, struct import_work *);
int import_undo(struct call *, struct import_work *);
/* Writes state and counts into the row of import. */
int import_note(struct call *, const struct import_work *, const char *state);
/* Forgets the staged rows (an import that was refused). */
int import_forget(struct call *, int64_t id);
/* Erasure: rows that name the person by a key, sealed ones too, and those that stand for records about them. An import that waits is
 * given up whole, with the reason; one at work is refused or undone when it comes to such a row. */
int import_erase(struct call *, int64_t person);
/* Retention: gives up whole what has been ready since before then. */
int import_expire(struct call *, int64_t before);
/* Forgets the sealing keys of imports that are over; behind the commit that ended them. */
int import_forget_keys(struct call *);
void import_problem(struct import_work *, const char *text);

#endif
