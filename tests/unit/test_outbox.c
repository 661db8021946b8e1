/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many messages of one kind by one caller wait for somebody who has looked: from which one on, which of them, and what does not count.
 */
#include "clockwork.h"

static int64_t moved(struct world *w, const char *state)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'meeting-changed' AND \"state\" = '%s'",
		state);
	return number(w, sql);
}

/* Each move of it is two messages. */
static int64_t meeting_of(struct world *w, struct cast *c)
{
	int64_t match;

	running(w, c);
	match = pair(w, c, participant(w, c, c->ben_id, "mentor", 2), "Europe/Berlin", "Cleo");
	return create(w, &c->ada, &meeting_entity,
		ARGS(P("match", path(w, &match_entity, match)), N("start", instant_of("2026-02-10T10:00:00Z")), N("minutes", 30)));
}

static void move(struct world *w, struct caller *caller, int64_t meeting, int64_t day)
{
	must(perform(w, caller, &meeting_entity, meeting, "Move", ARGS(N("start", instant_of("2026-02-10T10:00:00Z") + day * 86400))),
		&w->call.problem);
}

static void test_many_of_one_kind_are_held(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t meeting = meeting_of(w, &c);

	w->settings->schedule.batch_hold = 4;
	move(w, &c.ada, meeting, 1);
	move(w, &c.ada, meeting, 2);
	assert_int_equal(moved(w, "queued"), 4);
	move(w, &c.ben, meeting, 3); /* somebody else's are no part of it */
	assert_int_equal(moved(w, "held"), 0);
	assert_int_equal(waits(w, &c.ada, "messages to release"), 0);
	move(w, &c.ada, meeting, 4); /* the fifth holds those before it, too */
	assert_int_equal(moved(w, "held"), 6);
	assert_int_equal(moved(w, "queued"), 2);
	for (int day = 5; day < 10; day++)
		move(w, &c.ada, meeting, day);
	assert_int_equal(moved(w, "held"), 16);
	assert_int_equal(waits(w, &c.ada, "messages to release"), 1); /* once for all of them, and for nobody else */
	assert_int_equal(waits(w, &c.ben, "messages to release"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM \"message\" WHERE \"template_name\" = 'held-batch'"), 1);
}

static void test_what_was_released_counts_no_more(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t meeting = meeting_of(w, &c);

	w->settings->schedule.batch_hold = 2;
	move(w, &c.ada, meeting, 1);
	move(w, &c.ada, meeting, 2);
	assert_int_equal(moved(w, "held"), 4);
	while (moved(w, "held"))
		must(perform(w, &c.ada, &message_entity,
			     number(w,
				     "SELECT min(\"id\") FROM \"message\" WHERE \"state\" = 'held' AND \"template_name\" = 'meeting-changed'"),
			     "Release", NULL, 0),
			&w->call.problem);
	move(w, &c.ada, meeting, 3);
	assert_int_equal(moved(w, "held"), 0);
	assert_int_equal(moved(w, "queued"), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_many_of_one_kind_are_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_released_counts_no_more, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
