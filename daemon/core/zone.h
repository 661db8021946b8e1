/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time zones: from an instant to the clock on the wall, and back.
 *
 * A struct zones owns what was read of the system's zone data ($TZDIR, else
 * /usr/share/zoneinfo), each zone once. A zone stays at its address until
 * zones_free; zones_refresh may exchange its contents. There is no global
 * state but one constant zone, UTC. A process that is about to lock itself in
 * reads all zones first (zones_load_all) and then seals the cache.
 *
 * From local time to an instant there are three named answers, after RFC 5545
 * 3.3.5: NORMAL; GAP, the clock never showed that time, and the offset before
 * the gap is used, so 02:30 becomes what the clock calls 03:30; OVERLAP, it
 * showed it twice, and the first is meant.
 */
#ifndef MENTORSHIP_ZONE_H
#define MENTORSHIP_ZONE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;
struct zones;

enum {
	ZONE_NORMAL = 0,
	ZONE_GAP = 1,
	ZONE_OVERLAP = 2
};
enum {
	ZONE_NAME = 48
}; /* room for a zone's name and its NUL */

/* Never NULL. `directory` NULL: $TZDIR if it is an absolute path, else /usr/share/zoneinfo. Reads nothing yet. */
struct zones *zones_new(const char *directory);
void zones_free(struct zones *); /* NULL is fine */

/* The zone of an IANA name, read at first use. E_INVALID: no name of a zone, or not one that this system knows;
 * E_UNAVAILABLE: the zone data is absent, unreadable or damaged. UTC is always there. `problem` may be NULL. */
int zones_get(struct zones *, const char *name, const struct zone **ret, struct problem *);
/* Reads every zone in the directory; returns how many there are, or E_UNAVAILABLE. */
int zones_load_all(struct zones *, struct problem *);
/* From now on no file is opened: only zones that were read are known. */
void zones_seal(struct zones *);
/* Notes a name that is wanted though zones_get could not read it, so that zones_refresh tries again. True: it was not noted yet. */
bool zones_miss(struct zones *, const char *name);
/* Reads again what changed on the disk since, and what was missed. Returns the number of zones whose contents are now others (their
 * stamps differ) or that are there at last; a file that is gone or damaged keeps the old contents. Nothing is read when sealed. */
int zones_refresh(struct zones *);

/* Whether a text has the form of a zone's name: parts of letters, digits, '_', '-' and '+' between single '/'. So there
 * is no '..', and no path that leaves the directory. */
bool zone_name_is_valid(const char *name);

const struct zone *zone_utc(void); /* constant, owned by nobody */
const char *zone_name(const struct zone *);
/* A hash of the zone's data: kept beside times computed from it, it says when they must be computed anew. */
uint64_t zone_stamp(const struct zone *);

/* At an instant: seconds east of UTC; local time; abbreviation such as "CET" (owned by the zone); summer time or not. */
int32_t zone_offset(const struct zone *, int64_t instant);
int64_t zone_local(const struct zone *, int64_t instant);
const char *zone_abbreviation(const struct zone *, int64_t instant);
bool zone_is_summer(const struct zone *, int64_t instant);

/* The instant of a local time, and ZONE_NORMAL, ZONE_GAP or ZONE_OVERLAP. `ret` may be NULL. */
int zone_instant(const struct zone *, int64_t local, int64_t *ret);
/* The first instant after the given one at which the zone's data changes its offset, its abbreviation or both. */
bool zone_next_change(const struct zone *, int64_t instant, int64_t *ret);

#endif
