/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small files beside the database, written whole: under another name, synced, renamed.
 */
#ifndef MENTORSHIP_BESIDE_H
#define MENTORSHIP_BESIDE_H

#include <stddef.h>
#include "core/error.h"

/* Copies a file byte by byte, mode 0600; what stood there is replaced at once. 1: there is no such file. Not for
 * databases that are open. */
int beside_copy(const char *from_directory, const char *from, const char *to_directory, const char *to, struct problem *);
/* Writes a file of a few bytes in the same way. */
int beside_write(const char *directory, const char *file, const char *text, size_t size, struct problem *);

#endif
