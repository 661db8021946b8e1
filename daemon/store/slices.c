/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What jobs use that go over many rows in slices: numbers of rows at once, and memory from one slice to the next.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int numbers(struct call *call, const char *sql, const int64_t *values, int count, int64_t **ret, size_t *ret_count)
{
	int64_t *list = NULL;
	size_t found = 0, room = 0;
	struct stmt *q;
	int r = question(call, sql, values, count, &q);

	if (r)
		return r;
	while ((r = engine_step(call->store->engine, q, &call->problem)) > 0) {
		list = arena_grown(call->arena, list, found, &room, sizeof *list);
		list[found++] = engine_int(q, 0);
	}
	*ret = list;
	*ret_count = found;
	return r;
}

struct kept_entry {
	struct kept kept;
	const char *kind;
	int64_t subject;
	struct kept_entry *next;
};

struct kept *kept_of(struct call *call, const char *kind, int64_t subject)
{
	struct store *s = call->store;
	struct kept_entry *entry = s->kept;

	while (entry && (entry->subject != subject || strcmp(entry->kind, kind) != 0))
		entry = entry->next;
	if (entry)
		return &entry->kept;
	entry = calloc(1, sizeof *entry);
	if (!entry)
		abort();
	*entry = (struct kept_entry){ .kind = kind, .subject = subject, .next = s->kept };
	s->kept = entry;
	return &entry->kept;
}

static void drop(struct kept_entry *entry)
{
	arena_free(&entry->kept.arena);
	free(entry);
}

void kept_drop(struct call *call, const char *kind, int64_t subject)
{
	for (struct kept_entry **at = &call->store->kept, *entry; (entry = *at); at = &entry->next)
		if (entry->subject == subject && !strcmp(entry->kind, kind)) {
			*at = entry->next;
			drop(entry);
			return;
		}
}

void kept_free(struct store *s)
{
	while (s->kept) {
		struct kept_entry *entry = s->kept;

		s->kept = entry->next;
		drop(entry);
	}
}
