/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MENTORSHIP_SHARED_H
#define MENTORSHIP_SHARED_H

#include "model.h"

/* What the two of a match have in common, in one sentence of that language; NULL if nothing is known. In the call's arena. */
int shared_said(struct call *, int64_t match, const char *language, const char *zone, const char **ret);
/* The names of the side that the person is not of, "Mona and Max"; "" if there is nobody. In the call's arena. */
int others_said(struct call *, int64_t match, int64_t person, const char *language, const char **ret);

#endif
