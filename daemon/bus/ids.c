/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A set of ids (see ids.h).
 */
#include "ids.h"

#include <stdlib.h>

static size_t slot_of(const struct ids *ids, int64_t id)
{
	size_t at = (size_t)((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (ids->room - 1);

	while (ids->slots[at] && ids->slots[at] != id)
		at = (at + 1) & (ids->room - 1);
	return at;
}

bool ids_has(const struct ids *ids, int64_t id)
{
	return ids->room && ids->slots[slot_of(ids, id)] == id;
}

void ids_add(struct ids *ids, int64_t id)
{
	if (2 * (ids->count + 1) > ids->room) {
		struct ids more = { NULL, 0, ids->room ? 2 * ids->room : 64 };

		more.slots = calloc(more.room, sizeof *more.slots);
		if (!more.slots)
			abort();
		for (size_t i = 0; i < ids->room; i++)
			if (ids->slots[i])
				more.slots[slot_of(&more, ids->slots[i])] = ids->slots[i];
		more.count = ids->count;
		free(ids->slots);
		*ids = more;
	}
	if (!ids_has(ids, id)) {
		ids->slots[slot_of(ids, id)] = id;
		ids->count++;
	}
}

void ids_remove(struct ids *ids, int64_t id)
{
	size_t hole;

	if (!ids_has(ids, id))
		return;
	hole = slot_of(ids, id);
	ids->slots[hole] = 0;
	ids->count--;
	/* what was displaced past the hole moves up */
	for (size_t at = (hole + 1) & (ids->room - 1); ids->slots[at]; at = (at + 1) & (ids->room - 1)) {
		int64_t moved = ids->slots[at];

		ids->slots[at] = 0;
		ids->slots[slot_of(ids, moved)] = moved;
	}
}
