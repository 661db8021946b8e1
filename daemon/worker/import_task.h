/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker reads a file: rows, problems and counts leave as frames.
 */
#ifndef MENTORSHIP_IMPORT_TASK_H
#define MENTORSHIP_IMPORT_TASK_H

#include "core/error.h"
#include "core/frame.h"

/* First frame: "import", format, mapping, entity, role, name; the file is descriptor 4. Sends "row", "problem" and at last "done". */
int import_task(const struct frame *first, struct problem *);
/* The same with "propose": sends "mapping". */
int propose_task(const struct frame *first, struct problem *);

#endif
