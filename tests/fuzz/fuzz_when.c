/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any text as a time that somebody wrote: refused with the forms that are accepted, or an instant that is printed and read as the same.
 */
#include "fuzz.h"

#include "core/when.h"

enum {
	NOW = 1774749600 /* 2026-03-29T02:00:00Z: the night of a spring gap in Europe */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zones *zones;
	static const struct zone *berlin;
	struct problem problem = { 0 };
	char *text = text_of(data, size), printed[DATE_TEXT];
	struct when when, again;
	int64_t day, same;

	if (!zones) {
		zones = zones_new(NULL);
		check(!zones_get(zones, "Europe/Berlin", &berlin, NULL), "zone data are there");
	}
	if (when_parse(text, berlin, NOW, &when, &problem))
		check(problem.code == E_INVALID && *problem.text && !*problem.field, "a refusal says what is accepted");
	else if (when.instant > (DATE_MIN + 2) * (int64_t)DAY && when.instant < (DATE_MAX - 2) * (int64_t)DAY) {
		check(zone_local(berlin, when.instant) == when.local, "the clock shows the time that was meant");
		instant_print_offset(when.instant, berlin, printed);
		/* ISO 8601 has no seconds in an offset; before 1893 Berlin's had some */
		if (zone_offset(berlin, when.instant) % 60 == 0)
			check(!when_parse(printed, berlin, NOW, &again, &problem) && again.instant == when.instant,
				"what is printed reads the same");
	}
	if (!when_parse_day(text, berlin, NOW, &day, &problem))
		check(!date_parse(date_print(day, printed), &same, &problem) && same == day, "a day that is printed reads the same");
	free(text);
	return 0;
}
