/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups from profiles: each promise of a group looked at anew for many small programs; that what is said to help one who is left out
 * places one more; what is secret is in no sentence; the same people in another order give the same groups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

enum {
	SIDE = 9,
	DAYS = 3, /* free or not at ten on so many days */
	SITES = 3,
	WEEKS = 2
};

struct world {
	struct match_person mentees[SIDE], mentors[SIDE];
	struct match_trait traits[2 * SIDE][2];
	struct match_span spans[2 * SIDE][DAYS * WEEKS];
	struct match_couple objections[4];
	struct match_line lines[6];
	struct match_setting settings[6][2];
	struct match_input in;
};

static uint64_t state = 7;

static int below(int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int)((state >> 33) % (uint64_t)n);
}

static void add_line(struct world *w, const char *criterion, bool hard, const char *one, double value, const char *other, double second)
{
	size_t at = w->in.recipe.line_count++;

	w->settings[at][0] = (struct match_setting){ one, value };
	w->settings[at][1] = (struct match_setting){ other, second };
	w->lines[at] = (struct match_line){ .criterion = criterion,
		.hard = hard,
		.weight = 1,
		.settings = w->settings[at],
		.setting_count = (size_t)(one != NULL) + (other != NULL) };
}

/* Free at ten on a day, by a clock that is an hour ahead in the second week, for half an hour or two hours. */
static void free_on(struct world *w, int i, struct match_person *p, int day, int minutes)
{
	for (int week = 0; week < WEEKS; week++) {
		int from = day * 1440 + 600 - w->in.clock[week];

		w->spans[i][p->span_count++] = (struct match_span){ week, from, from + minutes };
	}
}

static void make_person(struct world *w, int i, struct match_person *p, bool mentor)
{
	*p = (struct match_person){ .id = 100 + i,
		.person = 500 + i,
		.places = 1,
		.age = MATCH_NONE,
		.year = MATCH_NONE,
		.traits = w->traits[i],
		.spans = w->spans[i] };
	w->traits[i][p->trait_count++] = (struct match_trait){ .kind = MATCH_SITE, .name = 1 + below(SITES) };
	w->traits[i][p->trait_count++] = (struct match_trait){ .kind = MATCH_INTEREST, .name = 10 + below(3) };
	p->minor = !mentor && below(12) == 0;
	p->consent = below(2);
	if (below(10) == 0)
		return; /* states no time */
	for (int day = 0; day < DAYS; day++)
		if (below(3))
			free_on(w, i, p, day, below(6) ? 120 : 30);
}

static void make(struct world *w)
{
	int mentees = 1 + below(SIDE), mentors = 1 + below(4);

	memset(w, 0, sizeof *w);
	w->in = (struct match_input){ .mentees = w->mentees,
		.mentee_count = (size_t)mentees,
		.mentors = w->mentors,
		.mentor_count = (size_t)mentors,
		.weeks = WEEKS,
		.clock = { 60, 120 },
		.objections = w->objections,
		.recipe = { w->lines, 0 },
		.algorithm = MATCH_CIRCLES,
		.seed = 1 };
	for (int i = 0; i < mentees; i++)
		make_person(w, i, &w->mentees[i], false);
	for (int i = 0; i < mentors; i++)
		make_person(w, SIDE + i, &w->mentors[i], true);
	for (int i = below(5); i > 0; i--)
		w->objections[w->in.objection_count++] = (struct match_couple){ 500 + below(mentees), 500 + below(2 * SIDE) };
	add_line(w, "circle_size", true, "least", 3, "most", 4 + below(2));
	add_line(w, "circle_mentors", true, "least", 1, "most", 1 + below(2));
	if (below(5))
		add_line(w, "circle_time", true, "minutes", 60, NULL, 0);
	if (below(2))
		add_line(w, "circle_mix:site", true, "most", 2, NULL, 0);
	if (below(4) == 0)
		add_line(w, "same:site", true, NULL, 0, NULL, 0);
	add_line(w, "interests", false, "enough", 1, NULL, 0);
}

static struct match_person *person_of(struct world *w, int64_t id)
{
	return id - 100 < SIDE ? &w->mentees[id - 100] : &w->mentors[id - 100 - SIDE];
}

static double setting(const struct world *w, const char *criterion, int which, double otherwise)
{
	for (size_t i = 0; i < w->in.recipe.line_count; i++)
		if (strcmp(w->lines[i].criterion, criterion) == 0)
			return w->settings[i][which].value;
	return otherwise;
}

static bool is_free(const struct world *w, const struct match_person *p, int from, int minutes)
{
	int weeks = 0;

	for (size_t i = 0; i < p->span_count; i++)
		weeks += p->spans[i].from + w->in.clock[p->spans[i].week] <= from &&
			p->spans[i].to + w->in.clock[p->spans[i].week] >= from + minutes;
	return weeks == WEEKS;
}

static void two_may(struct world *w, const struct match_person *one, const struct match_person *other, bool cross)
{
	for (size_t i = 0; i < w->in.objection_count; i++) {
		const struct match_couple *c = &w->objections[i];

		assert_false((c->one == one->person && c->other == other->person) || (c->one == other->person && c->other == one->person));
	}
	if (cross && setting(w, "same:site", 0, -1) >= 0)
		assert_int_equal(one->traits[0].name, other->traits[0].name);
}

static void group_holds(struct world *w, const struct match_group *group, bool *seen)
{
	int mentors = 0, sites[SITES + 1] = { 0 };

	assert_true((double)group->seat_count >= setting(w, "circle_size", 0, 4) &&
		(double)group->seat_count <= setting(w, "circle_size", 1, 8));
	for (size_t i = 0; i < group->seat_count; i++) {
		const struct match_seat *seat = &group->seats[i];
		struct match_person *p = person_of(w, seat->participant);

		assert_false(seen[seat->participant - 100]);
		seen[seat->participant - 100] = true;
		assert_int_equal(seat->is_mentor, seat->participant >= 100 + SIDE);
		assert_false(p->minor && !p->consent);
		mentors += seat->is_mentor;
		sites[p->traits[0].name]++;
		if (group->minutes)
			assert_true(is_free(w, p, group->from, group->minutes));
		for (size_t k = 0; k < i; k++)
			two_may(w, p, person_of(w, group->seats[k].participant), group->seats[k].is_mentor != seat->is_mentor);
	}
	assert_true(mentors >= 1 && mentors <= setting(w, "circle_mentors", 1, 1) && (size_t)mentors < group->seat_count);
	for (int site = 1; site <= SITES; site++)
		assert_true(sites[site] <= setting(w, "circle_mix:site", 0, 99));
}

static struct match_result *run(struct world *w)
{
	struct match_result *result;
	struct problem problem;

	if (match_run(&w->in, NULL, &result, &problem) < 0)
		fail_msg("%s", problem.text);
	return result;
}

static void whole(struct world *w, const struct match_result *result)
{
	bool seen[2 * SIDE] = { false };
	int64_t total = 0, placed = 0;

	for (size_t i = 0; i < result->group_count; i++) {
		group_holds(w, &result->groups[i], seen);
		total += result->groups[i].total;
		placed += (int64_t)result->groups[i].seat_count;
	}
	assert_int_equal(total, result->total);
	assert_int_equal(placed, result->placed);
	assert_true(result->tried_all && result->bound_placed == placed && result->bound_total == total);
	for (size_t i = 0; i < result->unplaced_count; i++) {
		const struct match_unplaced *one = &result->unplaced[i];

		assert_false(seen[one->participant - 100]);
		seen[one->participant - 100] = true;
		assert_true(strlen(one->stopped) > 10 && strncmp(one->help, "It would help: ", 15) == 0);
		assert_null(strstr(one->stopped, "not_with"));
	}
	for (size_t i = 0; i < w->in.mentee_count; i++)
		assert_true(seen[i]);
	for (size_t i = 0; i < w->in.mentor_count; i++)
		assert_true(seen[SIDE + i]);
}

/* Does what the sentence says; false if it speaks of people who are missing, or of a profile. */
static bool follow(struct world *w, const struct match_result *result, const struct match_unplaced *one)
{
	static const char *const days[] = { "Monday 10:00", "Tuesday 10:00", "Wednesday 10:00" };
	struct match_person *p = person_of(w, one->participant);
	bool done = false;

	(void)result;
	for (int day = 0; day < DAYS; day++)
		if (strstr(one->help, "to be free on") && strstr(one->help, days[day])) {
			p->span_count = 0;
			free_on(w, (int)one->participant - 100, p, day, 120);
			done = true;
		}
	for (size_t i = 0; i < w->in.recipe.line_count; i++) {
		char wanted[60];
		int which = strcmp(w->lines[i].criterion, "circle_size") == 0 || strcmp(w->lines[i].criterion, "circle_mentors") == 0;

		snprintf(wanted, sizeof wanted, "(%s most=%g)", w->lines[i].criterion, w->settings[i][which].value + 1);
		if (strstr(one->help, wanted)) {
			w->settings[i][which].value++;
			done = true;
		}
	}
	return done;
}

static void test_groups_hold_and_help_helps(void **unused)
{
	struct world *w = calloc(1, sizeof *w);
	int groups = 0, followed = 0, timed = 0;

	(void)unused;
	for (int round = 0; round < 1500; round++) {
		struct match_result *result, *then;

		make(w);
		result = run(w);
		whole(w, result);
		groups += (int)result->group_count;
		if (result->unplaced_count) {
			const struct match_unplaced *one = &result->unplaced[below((int)result->unplaced_count)];

			if (follow(w, result, one)) {
				then = run(w);
				whole(w, then);
				if (then->placed <= result->placed)
					fail_msg("round %d: %s %s", round, one->stopped, one->help);
				followed++;
				timed += strstr(one->help, "to be free") != NULL;
				match_result_free(then);
			}
		}
		match_result_free(result);
	}
	assert_true(groups > 500 && followed > 150 && timed > 40);
	free(w);
}

static void test_order_is_nothing(void **unused)
{
	struct world *w = calloc(1, sizeof *w);

	(void)unused;
	for (int round = 0; round < 200; round++) {
		struct match_result *one, *other;
		struct match_person kept;
		struct match_couple couple;

		make(w);
		one = run(w);
		kept = w->mentees[0];
		w->mentees[0] = w->mentees[w->in.mentee_count - 1];
		w->mentees[w->in.mentee_count - 1] = kept;
		couple = w->objections[0];
		w->objections[0] = (struct match_couple){ couple.other, couple.one };
		other = run(w);
		assert_memory_equal(one->input_hash, other->input_hash, 32);
		assert_int_equal(one->group_count, other->group_count);
		for (size_t i = 0; i < one->group_count; i++)
			for (size_t k = 0; k < one->groups[i].seat_count; k++)
				assert_int_equal(one->groups[i].seats[k].participant, other->groups[i].seats[k].participant);
		match_result_free(one);
		match_result_free(other);
	}
	free(w);
}

/* Two mentees who do not want each other are part of what a run stands on, and nobody reads that they are why. */
static void test_not_with(void **unused)
{
	struct world *w = calloc(1, sizeof *w);
	struct match_result *before, *after;

	(void)unused;
	memset(w, 0, sizeof *w);
	w->in = (struct match_input){ .mentees = w->mentees,
		.mentee_count = 2,
		.mentors = w->mentors,
		.mentor_count = 1,
		.objections = w->objections,
		.recipe = { w->lines, 0 },
		.algorithm = MATCH_CIRCLES,
		.seed = 1 };
	for (int i = 0; i < 3; i++)
		*(i < 2 ? &w->mentees[i] : &w->mentors[0]) = (struct match_person){
			.id = i < 2 ? 100 + i : 100 + SIDE, .person = 500 + i, .places = 1, .age = MATCH_NONE, .year = MATCH_NONE
		};
	add_line(w, "circle_size", true, "least", 2, "most", 4);
	before = run(w);
	assert_int_equal(before->placed, 3);
	w->objections[w->in.objection_count++] = (struct match_couple){ 501, 500 };
	after = run(w);
	assert_int_equal(after->placed, 2);
	assert_memory_not_equal(before->input_hash, after->input_hash, 32);
	assert_string_equal(after->unplaced[0].stopped, "1 of 1 groups: that can take nobody more.");
	assert_string_equal(after->unplaced[0].help, "It would help: 1 more mentor; that would be one more group.");
	match_result_free(before);
	match_result_free(after);
	free(w);
}

static void refused(struct world *w, const char *says)
{
	struct match_result *result;
	struct problem problem = { 0 };

	assert_int_equal(match_run(&w->in, NULL, &result, &problem), E_INVALID);
	if (!strstr(problem.text, says))
		fail_msg("%s", problem.text);
}

static void test_refused(void **unused)
{
	struct world *w = calloc(1, sizeof *w);
	struct match_lock lock = { 100, 100 + SIDE };

	(void)unused;
	make(w);
	w->in.algorithm = MATCH_OPTIMAL;
	refused(w, "circle_size is for recipes whose algorithm is circles");
	w->in.algorithm = MATCH_CIRCLES;
	w->in.locks = &lock;
	w->in.lock_count = 1;
	refused(w, "holds pairs only");
	w->in.lock_count = 0;
	w->settings[1][0].value = w->settings[1][1].value = 6;
	refused(w, "circle_mentors asks for 6 mentors at least");
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_hold_and_help_helps),
		cmocka_unit_test(test_order_is_nothing),
		cmocka_unit_test(test_not_with),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
