/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *before;
	size_t used, size;
	alignas(max_align_t) char data[];
};

enum {
	FIRST = 4096
};

static struct arena_block *block_new(struct arena *arena, size_t need)
{
	size_t size = need > FIRST / 2 ? need : FIRST;
	struct arena_block *block = malloc(sizeof *block + size);

	if (!block)
		abort();
	block->used = 0;
	block->size = size;
	block->before = arena->last;
	arena->last = block;
	return block;
}

void *arena_room(struct arena *arena, size_t size)
{
	size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct arena_block *block = arena->last;
	void *p;

	if (!block || block->size - block->used < need)
		block = block_new(arena, need);
	p = block->data + block->used;
	block->used += need;
	return p;
}

void *arena_new(struct arena *arena, size_t size)
{
	return memset(arena_room(arena, size), 0, size);
}

enum {
	ITEMS_FIRST = 64
};

void *arena_grown(struct arena *arena, void *array, size_t count, size_t *room, size_t size)
{
	void *more;

	if (count < *room)
		return array;
	*room = *room ? 2 * *room : ITEMS_FIRST;
	more = arena_new(arena, *room * size);
	return count ? memcpy(more, array, count * size) : more;
}

void *heap_grown(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? 2 * *room : ITEMS_FIRST;
	array = realloc(array, *room * size);
	if (!array)
		abort();
	return array;
}

char *arena_copy_n(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_room(arena, length + 1);

	copy[length] = '\0';
	return memcpy(copy, text, length);
}

char *arena_copy(struct arena *arena, const char *text)
{
	return text ? arena_copy_n(arena, text, strlen(text)) : NULL;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
	va_list ap, again;
	char *text;
	int length;

	va_start(ap, format);
	va_copy(again, ap);
	length = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (length < 0)
		abort();
	text = arena_new(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

void arena_free(struct arena *arena)
{
	while (arena->last) {
		struct arena_block *before = arena->last->before;

		free(arena->last);
		arena->last = before;
	}
}
