/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MENTORSHIP_SHARED_H
#define MENTORSHIP_SHARED_H

#include "model.h"

/* What the two of a match have in common, in one sentence of that language; NULL if nothing is known. In the call's arena. */
int shared_said(struct call *, int64_t match, const char *language, const char **ret);

#endif
