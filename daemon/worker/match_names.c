/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "match_names.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum {
	SLOTS_FIRST = 256
};

static size_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

/* Where a name stands in the table, or would. */
static int32_t *slot_of(const struct match_names *names, const char *text)
{
	size_t at = hash_of(text) & (names->size - 1);

	while (names->slots[at] && strcmp(names->list[names->slots[at] - 1].text, text))
		at = (at + 1) & (names->size - 1);
	return &names->slots[at];
}

static void make_room(struct match_names *names)
{
	if (2 * (names->count + 1) <= names->size)
		return;
	names->size = names->size ? 2 * names->size : SLOTS_FIRST;
	free(names->slots);
	names->slots = calloc(names->size, sizeof *names->slots);
	if (!names->slots)
		abort();
	for (size_t i = 0; i < names->count; i++)
		*slot_of(names, names->list[i].text) = (int32_t)i + 1;
}

int32_t match_name(struct match_names *names, const char *text)
{
	int32_t *slot;

	make_room(names);
	slot = slot_of(names, text);
	if (!*slot) {
		names->list = heap_grown(names->list, names->count, &names->room, sizeof *names->list);
		names->list[names->count++] = (struct match_name){ .text = arena_copy(&names->arena, text) };
		*slot = (int32_t)names->count;
	}
	return *slot - 1;
}

static int by_name(const void *a, const void *b)
{
	const struct match_name *x = *(const struct match_name *const *)a, *y = *(const struct match_name *const *)b;
	int r = strcmp(x->folded, y->folded);

	return r ? r : strcmp(x->text, y->text);
}

static struct match_name **sorted(struct match_names *names)
{
	struct match_name **list = arena_new(&names->arena, (names->count + 1) * sizeof *list);
	struct buffer folded = { 0 };

	for (size_t i = 0; i < names->count; i++) {
		buffer_clear(&folded);
		text_fold(&folded, names->list[i].text, strlen(names->list[i].text));
		names->list[i].folded = arena_copy(&names->arena, buffer_string(&folded));
		list[i] = &names->list[i];
	}
	buffer_free(&folded);
	qsort(list, names->count, sizeof(struct match_name *), by_name);
	return list;
}

struct match_word *match_names_number(struct match_names *names, struct arena *arena, size_t *ret_count)
{
	struct match_name **list = sorted(names);
	struct match_word *words = arena_new(arena, (names->count + 1) * sizeof *words);
	size_t count = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (i == 0 || strcmp(list[i - 1]->folded, list[i]->folded)) {
			words[count].text = arena_copy(arena, list[i]->text);
			words[count].name = (int64_t)count + 1;
			count++;
		}
		list[i]->number = (int64_t)count;
	}
	*ret_count = count;
	return words;
}

void match_names_free(struct match_names *names)
{
	free(names->list);
	free(names->slots);
	arena_free(&names->arena);
	*names = (struct match_names){ 0 };
}
