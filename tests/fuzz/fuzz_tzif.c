/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a zone file: refused, or a zone whose changes stand in order and whose clock can be read there and back.
 */
#include "fuzz.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/tzif.h"
#include "core/zone.h"

enum {
	YEAR = 31556952
};

static void parsed(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct tzif zone;

	if (tzif_parse(data, size, &zone, &why)) {
		check(why && *why, "a refusal says why");
		return;
	}
	check(zone.kinds > 0, "a zone has a kind of time");
	for (size_t i = 0; i < zone.count; i++) {
		check(i == 0 || zone.times[i - 1] < zone.times[i], "changes ascend");
		check(zone.types[i] < zone.kinds, "a change leads to a kind that is there");
	}
	for (size_t i = 0; i < zone.kinds; i++)
		check(abs(zone.kind[i].offset) < 2 * 86400 && memchr(zone.kind[i].abbreviation, 0, TZIF_ABBREVIATION), "a kind is sound");
	tzif_free(&zone);
}

/* What zone_instant answers is a time at which the clock shows what was asked for, but in a gap. */
static void there_and_back(const struct zone *zone, int64_t local)
{
	int64_t instant;
	int answer = zone_instant(zone, local, &instant);

	if (answer == ZONE_GAP)
		check(zone_local(zone, instant) != local, "in a gap the clock shows another time");
	else
		check(zone_local(zone, instant) == local, "the clock shows the time that was asked for");
}

static void on_the_clock(const struct zone *zone)
{
	int64_t at = -3 * (int64_t)YEAR, change;

	for (int i = 0; i < 20; i++, at = change) {
		check(zone_local(zone, at) == at + zone_offset(zone, at), "local time is instant and offset");
		there_and_back(zone, zone_local(zone, at));
		there_and_back(zone, zone_local(zone, at) + 1800);
		if (!zone_next_change(zone, at, &change))
			break;
		check(change > at, "the next change is later");
		there_and_back(zone, zone_local(zone, change) - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char directory[] = "/tmp/mentorship-fuzz-XXXXXX";
	static char path[64];
	struct zones *zones;
	const struct zone *zone;
	FILE *file;

	parsed(data, size);
	if (!*path) {
		check(mkdtemp(directory) != NULL, "a directory");
		snprintf(path, sizeof path, "%s/Zone", directory);
	}
	file = fopen(path, "w");
	check(file && fwrite(data, 1, size, file) == size && !fclose(file), "a file");
	zones = zones_new(directory);
	if (!zones_get(zones, "Zone", &zone, NULL))
		on_the_clock(zone);
	zones_free(zones);
	unlink(path);
	return 0;
}
