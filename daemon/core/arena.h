/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An arena: memory of one call, given back at once, nothing freed singly.
 *
 * All state is in the store and the process may be killed at any instruction,
 * so running out of memory ends it (abort): half a reply helps nobody. What
 * comes from outside is limited in size before it is copied.
 */
#ifndef MENTORSHIP_ARENA_H
#define MENTORSHIP_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena {
	struct arena_block *last;
}; /* { 0 } is an empty arena */

/* Zeroed memory, aligned for any type, valid until arena_free. Never NULL. */
void *arena_new(struct arena *, size_t size);
/* The same with anything in it: for what is large and written as it is used. */
void *arena_room(struct arena *, size_t size);
char *arena_copy(struct arena *, const char *text); /* NULL stays NULL */
char *arena_copy_n(struct arena *, const char *text, size_t length);
char *arena_print(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for one more behind `count` items of an array that grows: as it was, or moved, with *room items. An empty one is NULL with room 0. */
void *arena_grown(struct arena *, void *array, size_t count, size_t *room, size_t size);
/* The same of an array that is free()d. */
void *heap_grown(void *array, size_t count, size_t *room, size_t size);
/* Forgets everything; the arena can be used again. */
void arena_free(struct arena *);

#endif
