/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints what our calendar says, for a test to compare with another one.
 *
 *	time_peer zones FROM TO < names        each change: name instant offset abbreviation summer
 *	time_peer locals < "name local" lines  answer instant
 *	time_peer rules N < "start|rule" lines the first N occurrences in one line, or "! why"
 *	time_peer after < "start|rule|local"   the next and the last before, or "-"
 *
 * Times are seconds, as in core/date.h.
 */
#include "core/date.h"
#include "core/zone.h"
#include "core/rrule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int zones(int64_t from, int64_t to)
{
	struct zones *all = zones_new(NULL);
	const struct zone *zone;
	char name[256];

	while (scanf("%255s", name) == 1) {
		if (zones_get(all, name, &zone, NULL) < 0) {
			printf("%s unknown\n", name);
			continue;
		}
		for (int64_t at = from;;) {
			printf("%s %" PRId64 " %d %s %d\n", name, at, zone_offset(zone, at), zone_abbreviation(zone, at),
				zone_is_summer(zone, at));
			if (!zone_next_change(zone, at, &at) || at > to)
				break;
		}
	}
	zones_free(all);
	return 0;
}

static int locals(void)
{
	struct zones *all = zones_new(NULL);
	const struct zone *zone;
	char name[256];
	int64_t local, instant;

	while (scanf("%255s %" SCNd64, name, &local) == 2) {
		int answer = zones_get(all, name, &zone, NULL) < 0 ? -1 : zone_instant(zone, local, &instant);

		printf("%d %" PRId64 "\n", answer, answer < 0 ? 0 : instant);
	}
	zones_free(all);
	return 0;
}

static void one_rule(char *line, long n, bool after)
{
	char *rule_text = strchr(line, '|'), *local_text = rule_text ? strchr(rule_text + 1, '|') : NULL;
	struct rrule rule;
	struct problem problem;
	struct rrule_iterator it;
	int64_t start = strtoll(line, NULL, 10), local;

	if (!rule_text || (after && !local_text))
		exit(2);
	if (local_text)
		*local_text++ = '\0';
	if (rrule_parse(rule_text + 1, &rule, &problem) < 0) {
		printf("! %s %s\n", problem.field, problem.text);
		return;
	}
	if (after) {
		int64_t at = strtoll(local_text, NULL, 10);

		rrule_next(&rule, start, NULL, at, &local) ? printf("%" PRId64, local) : printf("-");
		rrule_last(&rule, start, NULL, at, &local) ? printf(" %" PRId64 "\n", local) : printf(" -\n");
		return;
	}
	rrule_begin(&it, &rule, start, NULL);
	for (long i = 0; i < n && rrule_step(&it, &local); i++)
		printf("%s%" PRId64, i ? " " : "", local);
	printf("\n");
}

int main(int argc, char **argv)
{
	char line[8192];
	bool after = argc > 1 && !strcmp(argv[1], "after");

	if (argc > 3 && !strcmp(argv[1], "zones"))
		return zones(strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10));
	if (argc > 1 && !strcmp(argv[1], "locals"))
		return locals();
	if (!after && (argc < 3 || strcmp(argv[1], "rules")))
		return 2;
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		one_rule(line, after ? 0 : strtol(argv[2], NULL, 10), after);
		fflush(stdout);
	}
	return 0;
}
