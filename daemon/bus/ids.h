/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A set of ids, with open addressing: what a subscription has shown. Ids are never 0, which marks an empty place.
 *
 * All zeros is the empty set; `slots` belongs to whoever has the struct, and free() ends it. The places can be walked from 0 to
 * `room`: adding may move all of them (room grows), removing moves later ones into the hole, never one that was walked past,
 * unless it had wrapped around the end, and then it is met twice.
 */
#ifndef MENTORSHIP_IDS_H
#define MENTORSHIP_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids {
	int64_t *slots;
	size_t count, room;
};

bool ids_has(const struct ids *, int64_t id);
void ids_add(struct ids *, int64_t id);
void ids_remove(struct ids *, int64_t id);

#endif
