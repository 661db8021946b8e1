/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "match/pairs.h"

#include <stdlib.h>
#include <string.h>

static void make_room(struct pairs *pairs, size_t more)
{
	if (pairs->count + more <= pairs->room)
		return;
	pairs->room = pairs->count + more > 3 * pairs->room / 2 ? pairs->count + more : 3 * pairs->room / 2;
	pairs->list = realloc(pairs->list, pairs->room * sizeof *pairs->list);
	if (!pairs->list)
		abort();
}

void match_pair_add(struct pairs *pairs, packed pair)
{
	make_room(pairs, 1);
	pairs->list[pairs->count++] = pair;
}

void match_pairs_add(struct pairs *pairs, const packed *list, size_t count)
{
	make_room(pairs, count);
	if (count)
		memcpy(pairs->list + pairs->count, list, count * sizeof *list);
	pairs->count += count;
}

static int by_number(const void *a, const void *b)
{
	packed one = *(const packed *)a, other = *(const packed *)b;

	return (one > other) - (one < other);
}

/* Each mentee's pairs to their place, then each of these short lists in order: much quicker than one long one. */
void match_pairs_sort(struct pairs *pairs, int32_t mentees)
{
	size_t *start = calloc((size_t)mentees + 2, sizeof *start), kept = 0;
	packed *list = malloc((pairs->count + 1) * sizeof *list);

	if (!start || !list)
		abort();
	for (size_t i = 0; i < pairs->count; i++)
		start[mentee_in(pairs->list[i]) + 2]++;
	for (int32_t i = 1; i < mentees; i++)
		start[i + 1] += start[i];
	for (size_t i = 0; i < pairs->count; i++)
		list[start[mentee_in(pairs->list[i]) + 1]++] = pairs->list[i];
	for (int32_t i = 0; i < mentees; i++)
		qsort(list + start[i], start[i + 1] - start[i], sizeof *list, by_number);
	for (size_t i = 0; i < pairs->count; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	free(pairs->list);
	free(start);
	*pairs = (struct pairs){ list, kept, pairs->count + 1 };
}

/* --- heaps ------------------------------------------------------------------------------------------------ */

static bool worse(packed a, packed b)
{
	return score_in(a) < score_in(b) || (score_in(a) == score_in(b) && a > b);
}

void match_heap_add(struct heap *heap, packed pair)
{
	packed *list = heap->list;
	int32_t at;

	if (heap->count < BEST) {
		for (at = heap->count++; at > 0 && worse(pair, list[(at - 1) / 2]); at = (at - 1) / 2)
			list[at] = list[(at - 1) / 2];
		list[at] = pair;
		return;
	}
	if (!worse(list[0], pair))
		return;
	at = 0;
	for (int32_t child = 1; child < heap->count; child = 2 * at + 1) {
		if (child + 1 < heap->count && worse(list[child + 1], list[child]))
			child++;
		if (!worse(list[child], pair))
			break;
		list[at] = list[child];
		at = child;
	}
	list[at] = pair;
}
