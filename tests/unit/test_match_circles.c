/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Circles beside an exhaustive search of our own on thousands of small inputs; what the search for many finds beside the best; the bound
 * never below what is possible; the checker against results that were spoilt on purpose; larger ones by the checker alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/circles.h"

enum {
	PEOPLE = 600,
	SLOTS = 70,
	RULES = 5,
	PAIRS = 6000,
	WAYS = 17 /* to spoil a result */
};

struct instance {
	struct match_circles_input in;
	uint64_t free[PEOPLE * 2], counted[PEOPLE];
	int32_t liking[PEOPLE * SLOTS];
	struct match_circle_pair pairs[PAIRS];
	struct match_circle_rule rules[RULES];
};

static uint64_t state = 11;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

/* Rules 0..2 are the values of one attribute, 3 and 4 of another. */
static void make_rules(struct instance *t, int32_t rules)
{
	static const char *const texts[RULES] = { "level=new", "level=some", "level=old", "house=red", "house=blue" };

	memset(t->counted, 0, sizeof t->counted);
	for (int32_t rule = 0; rule < rules; rule++)
		t->rules[rule] = (struct match_circle_rule){ rule / 3, random_below(3) == 0, random_below(4) + (random_below(9) > 0),
			texts[rule] };
	for (int32_t rule = 0; rule < rules; rule++)
		if (t->rules[rule].most < t->rules[rule].least)
			t->rules[rule].most = t->rules[rule].least;
	for (int32_t person = 0; person < t->in.people; person++) {
		int32_t level = random_below(4), house = 3 + random_below(3);

		if (level < 3 && level < rules)
			t->counted[person] |= (uint64_t)1 << level;
		if (house < rules)
			t->counted[person] |= (uint64_t)1 << house;
	}
}

static void make(struct instance *t, int32_t people, int32_t slots, int32_t percent, int32_t rules, int32_t scores, int32_t pair_percent)
{
	size_t words = ((size_t)slots + 63) / 64;
	int32_t apart = random_below(3) == 0 ? random_below(60) : 0; /* of a hundred pairs */

	t->in = (struct match_circles_input){ .people = people,
		.slots = slots,
		.free = t->free,
		.pairs = t->pairs,
		.size_least = random_below(2) + 2,
		.rules = t->rules,
		.rule_count = rules,
		.counted = t->counted,
		.seed = 5,
		.liking = scores > 1 && random_below(2) ? t->liking : NULL };
	t->in.size_most = t->in.size_least + random_below(3);
	t->in.groups_most = random_below(4) == 0 ? random_below(3) + 1 : 0;
	memset(t->free, 0, sizeof t->free);
	for (int32_t person = 0; person < people; person++)
		for (int32_t slot = 0; slot < slots; slot++) {
			if (random_below(100) < percent)
				t->free[(size_t)person * words + (size_t)slot / 64] |= (uint64_t)1 << (slot % 64);
			t->liking[(size_t)person * (size_t)slots + (size_t)slot] = random_below(scores);
		}
	for (int32_t one = 0; one < people; one++)
		for (int32_t other = one + 1; other < people; other++)
			if (random_below(100) < pair_percent && t->in.pair_count < PAIRS)
				t->pairs[t->in.pair_count++] = (struct match_circle_pair){ one, other,
					random_below(100) < apart ? MATCH_CIRCLE_APART : random_below(scores) };
	make_rules(t, rules);
}

/* --- trying everything ------------------------------------------------------------------------------- */

struct trial {
	const struct instance *t;
	int32_t group_of[10];
	int64_t placed, total;
};

static bool has_bit(const uint64_t *words, int32_t person, int32_t columns, int32_t at)
{
	return words[(size_t)person * (((size_t)columns + 63) / 64) + (size_t)at / 64] >> (at % 64) & 1;
}

/* The worth of one group in its best slot, or -1. */
static int64_t group_worth(const struct trial *trial, int32_t group)
{
	const struct match_circles_input *in = &trial->t->in;
	int64_t best = -1, together = 0;
	int32_t size = 0;

	for (int32_t i = 0; i < in->people; i++)
		size += trial->group_of[i] == group;
	if (size < in->size_least || size > in->size_most)
		return -1;
	for (int32_t rule = 0; rule < in->rule_count; rule++) {
		int32_t count = 0;

		for (int32_t i = 0; i < in->people; i++)
			count += trial->group_of[i] == group && has_bit(in->counted, i, in->rule_count, rule);
		if (count < in->rules[rule].least || count > in->rules[rule].most)
			return -1;
	}
	for (int32_t slot = 0; slot < in->slots; slot++) {
		int64_t sum = 0;

		for (int32_t i = 0; i < in->people && sum >= 0; i++)
			if (trial->group_of[i] == group)
				sum = has_bit(in->free, i, in->slots, slot) ? sum + (in->liking ? in->liking[i * in->slots + slot] : 0)
									    : -1;
		best = sum > best ? sum : best;
	}
	for (int64_t k = 0; k < in->pair_count; k++)
		if (trial->group_of[in->pairs[k].one] == group && trial->group_of[in->pairs[k].other] == group) {
			if (in->pairs[k].score == MATCH_CIRCLE_APART)
				return -1;
			together += in->pairs[k].score;
		}
	return best < 0 ? -1 : best + together;
}

static void try_everything(struct trial *trial, int32_t person, int32_t groups)
{
	const struct match_circles_input *in = &trial->t->in;

	if (person == in->people) {
		int64_t placed = 0, total = 0;

		for (int32_t group = 0; group < groups; group++) {
			int64_t worth = group_worth(trial, group);

			if (worth < 0)
				return;
			total += worth;
		}
		for (int32_t i = 0; i < in->people; i++)
			placed += trial->group_of[i] >= 0;
		if (placed > trial->placed || (placed == trial->placed && total > trial->total)) {
			trial->placed = placed;
			trial->total = total;
		}
		return;
	}
	for (int32_t group = -1; group <= groups; group++) {
		if (group == groups && in->groups_most > 0 && groups == in->groups_most)
			break;
		trial->group_of[person] = group;
		try_everything(trial, person + 1, groups + (group == groups));
	}
}

static void solve(const struct instance *t, struct match_circles *out)
{
	struct problem problem;

	if (match_circles(&t->in, NULL, out, &problem) < 0)
		fail_msg("%s", problem.text);
	if (match_circles_check(&t->in, out, &problem) < 0)
		fail_msg("%s", problem.text);
	for (int32_t i = 0; i < out->left_count; i++)
		assert_true(strlen(out->left[i].text) > 10);
}

static void test_against_trying_everything(void **unused)
{
	struct instance *t = calloc(1, sizeof *t);
	int placed = 0, limited = 0, missed = 0, missed_total = 0, above = 0;

	(void)unused;
	for (int round = 0; round < 3000; round++) {
		struct match_circles exact, found;
		struct trial trial = { .t = t };

		make(t, random_below(8), random_below(4) + 1, 50 + random_below(51), random_below(RULES + 1), round % 2 ? 1 : 20, 50);
		try_everything(&trial, 0, 0);
		solve(t, &exact);
		assert_true(exact.tried_all);
		assert_int_equal(exact.placed, trial.placed);
		assert_int_equal(exact.total, trial.total);
		t->in.exact_most = 1;
		solve(t, &found);
		assert_true(found.placed <= trial.placed);
		/* The bound is one. */
		assert_true(found.bound_placed > trial.placed || (found.bound_placed == trial.placed && found.bound_total >= trial.total));
		placed += trial.placed > 0;
		limited += t->in.groups_most > 0 && trial.placed > 0;
		missed += found.placed < trial.placed;
		missed_total += found.placed == trial.placed && found.total < trial.total;
		above += found.bound_placed > trial.placed;
		match_circles_free(&exact);
		match_circles_free(&found);
	}
	if (getenv("MENTORSHIP_FIGURES"))
		print_message("placed %d limited %d; the search missed the number %d, the total %d; bound above %d\n", placed, limited,
			missed, missed_total, above);
	assert_true(placed > 1000 && limited > 200);
	assert_true(missed <= 3 && missed_total <= 9);
	free(t);
}


/* --- larger ones ------------------------------------------------------------------------------------------ */

static bool same(const struct match_circles *one, const struct match_circles *other)
{
	bool equal = one->group_count == other->group_count && one->placed == other->placed && one->total == other->total;

	for (int32_t group = 0; equal && group < one->group_count; group++)
		equal = one->groups[group].slot == other->groups[group].slot && one->groups[group].count == other->groups[group].count &&
			!memcmp(one->groups[group].people, other->groups[group].people, (size_t)one->groups[group].count * sizeof(int32_t));
	return equal;
}

static void test_larger(void **unused)
{
	static const struct {
		int32_t people, slots, percent, rules, scores, pairs;
	} kinds[] = { { 60, 10, 30, 5, 1, 0 }, { 100, SLOTS, 8, 0, 100, 20 }, { 300, 20, 15, 3, 1000, 5 }, { PEOPLE, SLOTS, 5, 5, 1, 0 },
		{ 17, 6, 50, 2, 10, 60 } };
	struct instance *t = calloc(1, sizeof *t);

	(void)unused;
	for (int round = 0; round < 10; round++) {
		struct match_circles one, other;
		int k = round % 5;

		make(t, kinds[k].people, kinds[k].slots, kinds[k].percent, kinds[k].rules, kinds[k].scores, kinds[k].pairs);
		t->in.groups_most = 0;
		for (int32_t rule = 0; rule < t->in.rule_count; rule++)
			t->rules[rule].most += 2;
		solve(t, &one);
		assert_false(one.tried_all);
		if (getenv("MENTORSHIP_FIGURES"))
			print_message("%d people: placed %lld of %lld, total %lld of %lld\n", t->in.people, (long long)one.placed,
				(long long)one.bound_placed, (long long)one.total, (long long)one.bound_total);
		assert_true(10 * one.placed >= 9 * one.bound_placed);
		solve(t, &other);
		assert_true(same(&one, &other));
		match_circles_free(&one);
		match_circles_free(&other);
	}
	free(t);
}

/* --- the checker ---------------------------------------------------------------------------------------------- */

/* Two of the group must stay apart after all, and the totals are as if nothing had been between them. */
static bool part(struct instance *t, struct match_circle *group)
{
	for (int64_t i = 0; i < t->in.pair_count; i++) {
		struct match_circle_pair *pair = &t->pairs[i];
		int both = 0;

		for (int32_t k = 0; k < group->count; k++)
			both += group->people[k] == pair->one || group->people[k] == pair->other;
		if (both == 2 && pair->score == 0) {
			pair->score = MATCH_CIRCLE_APART;
			return true;
		}
	}
	return false;
}

static int spoil(struct instance *t, struct match_circles *out, int what)
{
	struct match_circle *group = (struct match_circle *)&out->groups[random_below(out->group_count)];
	int32_t *person = (int32_t *)&group->people[random_below(group->count)], slot = group->slot;

	if (what == 0)
		out->total++;
	else if (what == 1)
		group->total--;
	else if (what == 2)
		out->bound_placed--;
	else if (what == 3)
		out->bound_total++;
	else if (what == 4 && out->left_count > 0)
		*person = out->left[0].person; /* in a group and left out */
	else if (what == 5 && out->left_count > 0)
		out->left_count--;
	else if (what == 6)
		t->free[*person] &= ~((uint64_t)1 << slot);
	else if (what == 7 && group->count > t->in.size_least)
		group->count--;
	else if (what == 8)
		((int64_t *)out->slot_price)[random_below(t->in.slots)] = -1;
	else if (what == 9)
		((int64_t *)out->person_price)[*person] -= MATCH_UNIT * 2;
	else if (what == 10 && t->in.rule_count > 0 && (t->counted[*person] & 1))
		t->rules[0].most = t->rules[0].least = 0;
	else if (what == 11)
		group->slot = t->in.slots;
	else if (what == 12)
		t->in.size_most = group->count - 1;
	else if (what == 13 && out->group_count > 1)
		t->in.groups_most = out->group_count - 1;
	else if (what == 14 && out->group_count > 1)
		((struct match_circle *)out->groups)[0] = out->groups[1];
	else if (what == 15 && !out->tried_all && t->in.groups_most == 0 && t->in.rule_count == 0 && t->in.size_least == 2 &&
		t->in.size_most == 4) /* else the numbers of all people may be the bound, whatever the prices are */
		((int64_t *)out->person_price)[*person] += MATCH_UNIT;
	else if (what == 16)
		return part(t, group);
	else
		return false;
	return true;
}

static void test_checker_sees_what_is_spoilt(void **unused)
{
	struct instance *t = calloc(1, sizeof *t);
	struct problem problem;
	int seen[WAYS] = { 0 };

	(void)unused;
	for (int round = 0; round < 9000; round++) {
		struct match_circles out;

		make(t, 4 + random_below(9), 3, 70, random_below(3), 10, 30);
		t->in.exact_most = round % 2;
		solve(t, &out);
		if (out.group_count > 0 && spoil(t, &out, round / 2 % WAYS)) {
			if (match_circles_check(&t->in, &out, &problem) != E_INVALID)
				fail_msg("what %d, round %d", round / 2 % WAYS, round);
			seen[round / 2 % WAYS]++;
		}
		match_circles_free(&out);
	}
	for (int what = 0; what < WAYS; what++)
		if (seen[what] < 10)
			fail_msg("%d was spoilt %d times only", what, seen[what]);
	free(t);
}

/* --- sentences and refusals ------------------------------------------------------------------------------------ */

static const char *why(const struct match_circles *out, int32_t person)
{
	for (int32_t i = 0; i < out->left_count; i++)
		if (out->left[i].person == person)
			return out->left[i].text;
	return "is in a group";
}

static void test_why_left_out(void **unused)
{
	/* 0..2 in slot 0, 3 alone in slot 1, 4 nowhere, 5 and 6 and 7 in slot 2 where nobody of level new is, 8 in slot 0 is a bot. */
	static const uint64_t free_slots[] = { 1, 1, 1, 2, 0, 4, 4, 4, 1 }, counted[] = { 1, 0, 0, 0, 0, 0, 0, 0, 2 };
	static const struct match_circle_rule rules[] = { { 0, 1, 9, "level=new" }, { 1, 0, 0, "kind=bot" } };
	struct match_circles_input in = { .people = 9,
		.slots = 3,
		.free = free_slots,
		.size_least = 3,
		.size_most = 3,
		.rules = rules,
		.rule_count = 2,
		.counted = counted };
	struct match_circles out;
	struct problem problem;

	(void)unused;
	assert_int_equal(match_circles(&in, NULL, &out, &problem), 0);
	assert_int_equal(out.group_count, 1);
	assert_string_equal(why(&out, 0), "is in a group");
	assert_string_equal(why(&out, 3), "is free in 1 slot, in which fewer than 3 people are free");
	assert_string_equal(why(&out, 4), "is free in none of the slots");
	assert_string_equal(why(&out, 5), "each group needs 1 with level=new, and in no slot of this person so many are free");
	assert_string_equal(why(&out, 8), "no group takes anybody with kind=bot");
	match_circles_free(&out);
}

static void refused(struct match_circles_input in, const char *field)
{
	struct match_circles out;
	struct problem problem = { 0 };

	assert_int_equal(match_circles(&in, NULL, &out, &problem), E_INVALID);
	assert_string_equal(problem.field, field);
	assert_non_null(strchr(problem.text, '.'));
}

static void test_refused(void **unused)
{
	static const uint64_t free_slots[] = { 1, 1, 1 }, counted[] = { 1, 1, 1 };
	static const struct match_circle_rule wrong[] = { { 0, 2, 1, "level=new" } };
	static const int32_t liking[] = { 0, 1, 1001 };
	static const struct match_circle_pair alone[] = { { 1, 1, 5 } }, high[] = { { 1, 2, 1001 } };
	const struct match_circles_input good = {
		.people = 3, .slots = 1, .free = free_slots, .size_least = 2, .size_most = 3, .counted = counted
	};
	struct match_circles_input in;

	(void)unused;
	refused((in = good, in.people = MATCH_CIRCLE_PEOPLE_MAX + 1, in), "people");
	refused((in = good, in.slots = MATCH_CIRCLE_SLOTS_MAX + 1, in), "slots");
	refused((in = good, in.size_least = 1, in), "size");
	refused((in = good, in.size_most = 1, in), "size");
	refused((in = good, in.size_most = MATCH_CIRCLE_SIZE_MAX + 1, in), "size");
	refused((in = good, in.groups_most = -1, in), "groups");
	refused((in = good, in.rules = wrong, in.rule_count = 1, in), "rules");
	refused((in = good, in.liking = liking, in), "liking");
	refused((in = good, in.pairs = alone, in.pair_count = 1, in), "pairs");
	refused((in = good, in.pairs = high, in.pair_count = 1, in), "pairs");
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static void test_cancel(void **unused)
{
	struct instance *t = calloc(1, sizeof *t);
	struct match_watch watch = { .cancelled = always };
	struct match_circles out;
	struct problem problem;

	(void)unused;
	make(t, 80, 10, 30, 3, 10, 5);
	assert_int_equal(match_circles(&t->in, &watch, &out, &problem), E_CANCELLED);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_trying_everything), cmocka_unit_test(test_larger),
		cmocka_unit_test(test_checker_sees_what_is_spoilt), cmocka_unit_test(test_why_left_out), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cancel) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
