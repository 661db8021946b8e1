/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any text as a recurrence rule: refused with a reason, or printed so that it reads the same, and played so that each occurrence
 * comes after the one before, once, by stepping as by jumping.
 */
#include "fuzz.h"

#include "core/rrule.h"

enum {
	STEPS = 20,
	START = 1767258000 /* 2026-01-01T09:00:00 on the wall */
};

/* The first occurrences, each after the one before. */
static int play(const struct rrule *rule, int64_t seen[static STEPS])
{
	struct rrule_iterator all, jump;
	int64_t jumped;
	int count = 0;

	rrule_begin(&all, rule, START, zone_utc());
	while (count < STEPS && rrule_step(&all, &seen[count])) {
		check(count == 0 || seen[count] > seen[count - 1], "occurrences ascend");
		check(seen[count] >= START, "none is before the start");
		count++;
	}
	if (count == STEPS && !rule->count) {
		rrule_begin_after(&jump, rule, START, zone_utc(), seen[STEPS / 2]);
		check(rrule_step(&jump, &jumped) && jumped == seen[STEPS / 2 + 1], "a jump lands on the next one");
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *printed, *again;
	struct arena arena = { 0 };
	struct problem problem = { 0 };
	struct rrule rule, twin;
	int64_t seen[STEPS], same[STEPS];
	int count;

	if (rrule_parse(text, &rule, &problem))
		check(problem.code == E_INVALID && *problem.text, "a refusal says why");
	else {
		printed = rrule_print(&arena, &rule);
		check(!rrule_parse(printed, &twin, &problem), "what was printed can be read");
		again = rrule_print(&arena, &twin);
		check(!strcmp(printed, again), "and reads the same");
		count = play(&rule, seen);
		check(count == play(&twin, same) && !memcmp(seen, same, (size_t)count * sizeof *seen), "and means the same");
	}
	arena_free(&arena);
	free(text);
	return 0;
}
