/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text of a plugin before it goes anywhere: libdbus ends the process on bytes that are no UTF-8, and journals and terminals act on
 * control characters. What is no UTF-8 becomes U+FFFD, control and bidirectional characters a blank; what is too long is cut between
 * characters.
 */
#ifndef MENTORSHIP_HOST_CLEAN_H
#define MENTORSHIP_HOST_CLEAN_H

#include <stddef.h>

#include "core/arena.h"

/* One line into `out`; NULL is "". */
void clean_line(char *out, size_t size, const char *text);
/* Several lines of any length: line feeds and tabs stay, carriage returns go. */
char *clean_lines(struct arena *, const char *text);

#endif
