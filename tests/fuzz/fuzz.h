/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every fuzz target shares: one entry that libFuzzer calls, and a check that ends the process with what was promised.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(int fine, const char *promise)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", promise);
	abort();
}

/* The bytes as a text; the caller frees it. What follows a NUL is left out. */
static inline char *text_of(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	check(text != NULL, "memory");
	return text;
}

#endif
