/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker that takes memory without end, within the limits of the real one: first what must be had, addresses as malloc sets them aside
 * for threads and half of the limit as memory, then ever more. It exits with 0 once it had eight times the limit, so nothing stopped it;
 * with 1 if what must be had was refused.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/arena.h"
#include "worker/sandbox.h"

int main(int argc, char **argv)
{
	long memory = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	size_t limit = (size_t)memory << 20;
	struct arena arena = { 0 };
	char *half;

	limits_set(memory, 60);
	if (mmap(NULL, limit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		return 1;
	half = malloc(limit / 2);
	if (!half)
		return 1;
	memset(half, 1, limit / 2);
	free(half);
	for (long taken = 0; taken < 8 * memory; taken++)
		arena_new(&arena, 1 << 20);
	return 0;
}
