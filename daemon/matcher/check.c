/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A result is read again and verified against its instance, without solving anything.
 *
 * It comes from anywhere: every name is looked up, every number has limits; and
 * then the checkers of daemon/match say whether it holds. What a result says of
 * itself beyond that (objective, bound, the list of pairs that do not block) is
 * made anew from the matching and compared.
 */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "matcher/matcher.h"

static int wrong(struct problem *problem, const char *where, const char *what)
{
	return problem_set(problem, E_INVALID, NULL, "The result's %s %s.", where, what);
}

static int place_of(const char *const *names, int32_t count, const json_t *name, int32_t *ret)
{
	int32_t low = 0, high = count;
	const char *text = json_string_value(name);

	while (text && low < high) {
		int32_t middle = low + (high - low) / 2;
		int order = strcmp(text, names[middle]);

		if (order == 0) {
			*ret = middle;
			return 0;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return E_INVALID;
}

static int number_of(const json_t *object, const char *key, int64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		return E_INVALID;
	*ret = json_integer_value(value);
	return 0;
}

/* Prices by name: as many rows as levels. */
static int read_prices(const json_t *result, const char *key, const char *const *names, int32_t count, int64_t levels, int64_t *prices,
	struct problem *problem)
{
	const json_t *object = json_object_get(json_object_get(result, "certificate"), key);

	if (!json_is_object(object) || json_object_size(object) != (size_t)count)
		return wrong(problem, key, "have not one price each");
	for (int32_t i = 0; i < count; i++) {
		const json_t *list = json_object_get(object, names[i]);

		if (!json_is_array(list) || json_array_size(list) != (size_t)levels)
			return wrong(problem, key, "have not a price for each level");
		for (int64_t level = 0; level < levels; level++) {
			const json_t *price = json_array_get(list, (size_t)level);

			if (!json_is_integer(price))
				return wrong(problem, key, "have a price that is no whole number");
			prices[level * count + i] = json_integer_value(price);
		}
	}
	return 0;
}

static int read_pairs(const json_t *result, const struct match_instance *in, int32_t *mentor_of, struct problem *problem)
{
	const json_t *pairs = json_object_get(result, "pairs"), *pair;
	size_t i;

	if (!json_is_array(pairs))
		return wrong(problem, "pairs", "are missing");
	for (int32_t k = 0; k < in->graph.mentees; k++)
		mentor_of[k] = -1;
	json_array_foreach (pairs, i, pair) {
		int32_t mentee, mentor;

		if (place_of(in->mentees, in->graph.mentees, json_object_get(pair, "mentee"), &mentee) < 0 ||
			place_of(in->mentors, in->graph.mentors, json_object_get(pair, "mentor"), &mentor) < 0)
			return wrong(problem, "pairs", "name somebody whom the instance does not have");
		if (mentor_of[mentee] >= 0)
			return wrong(problem, "pairs", "name a mentee twice");
		mentor_of[mentee] = mentor;
	}
	return 0;
}

/* What the result says of itself must be what follows from it. */
static int compare(const json_t *result, json_t *own, struct problem *problem)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach (own, key, value) {
		if (r == 0 && !json_equal(value, json_object_get(result, key)))
			r = wrong(problem, key, "is not what follows from its matching");
	}
	if (r == 0 && json_object_size(result) != json_object_size(own))
		r = wrong(problem, "members", "are more than it should have");
	json_decref(own);
	return r;
}

/* --- optimal, fair, minimal change ------------------------------------------------------------------------- */

static int check_answer(
	const json_t *result, const struct algorithm *a, const struct match_instance *in, struct arena *arena, struct problem *problem)
{
	size_t mentees = (size_t)in->graph.mentees + 1, mentors = (size_t)in->graph.mentors + 1;
	const json_t *objective = json_object_get(result, "objective");
	struct match_answer answer = { 0 };
	int32_t *mentor_of = arena_new(arena, mentees * sizeof *mentor_of);
	int64_t *mentee_price, *mentor_price, levels;
	int r = read_pairs(result, in, mentor_of, problem);

	if (r < 0)
		return r;
	if (number_of(json_object_get(result, "certificate"), "levels", &levels) < 0 || levels < 1 || levels > MATCH_LEVELS_MAX)
		return wrong(problem, "certificate", "has no levels");
	mentee_price = arena_new(arena, (size_t)levels * mentees * sizeof *mentee_price);
	mentor_price = arena_new(arena, (size_t)levels * mentors * sizeof *mentor_price);
	r = read_prices(result, "mentees", in->mentees, in->graph.mentees, levels, mentee_price, problem);
	if (r == 0)
		r = read_prices(result, "mentors", in->mentors, in->graph.mentors, levels, mentor_price, problem);
	if (r < 0)
		return r;
	if (number_of(objective, "placed", &answer.placed) < 0 || number_of(objective, "total", &answer.total) < 0)
		return wrong(problem, "objective", "has no 'placed' or no 'total'");
	answer.levels = (int32_t)levels;
	answer.mentor_of = mentor_of;
	answer.mentee_price = mentee_price;
	answer.mentor_price = mentor_price;
	for (int32_t i = 0; i < in->graph.mentees; i++) {
		int32_t score = mentor_of[i] < 0 ? -1 : score_of_pair(in, i, mentor_of[i]);

		if (score >= 0)
			answer.bands[score == MATCH_SCORE_MAX ? MATCH_BANDS - 1 : score / (MATCH_SCORE_MAX / MATCH_BANDS)]++;
		answer.kept += in->graph.kept && mentor_of[i] >= 0 && in->graph.kept[i] == mentor_of[i];
	}
	r = match_answer_check(&in->graph, (enum match_aim)a->which, &answer, problem);
	return r < 0 ? r : compare(result, write_answer(a, in, &answer), problem);
}

/* --- stable ------------------------------------------------------------------------------------------------ */

static int check_stable(
	const json_t *result, const struct algorithm *a, const struct match_instance *in, struct arena *arena, struct problem *problem)
{
	int32_t *mentor_of = arena_new(arena, ((size_t)in->graph.mentees + 1) * sizeof *mentor_of);
	int r = read_pairs(result, in, mentor_of, problem);

	for (int32_t i = 0; r == 0 && in->graph.locked && i < in->graph.mentees; i++) {
		if (in->graph.locked[i] < 0)
			continue;
		if (mentor_of[i] != in->graph.locked[i])
			r = wrong(problem, "pairs", "lack one that is locked");
		mentor_of[i] = -1; /* the lists are those of the others */
	}
	if (r == 0)
		r = match_stable_check(&in->choices, mentor_of, problem);
	return r < 0 ? r : compare(result, write_stable(a, in, mentor_of), problem);
}

/* --- circles ------------------------------------------------------------------------------------------------- */

static int read_group(
	const json_t *group, const struct match_instance *in, struct match_circle *ret, struct arena *arena, struct problem *problem)
{
	const json_t *people = json_object_get(group, "people"), *person;
	int32_t *list = arena_new(arena, (MATCH_CIRCLE_SIZE_MAX + 1) * sizeof *list);
	size_t i;

	if (place_of(in->slots, in->circles.slots, json_object_get(group, "slot"), &ret->slot) < 0)
		return wrong(problem, "groups", "name a slot that the instance does not have");
	if (!json_is_array(people) || json_array_size(people) > MATCH_CIRCLE_SIZE_MAX || number_of(group, "total", &ret->total) < 0)
		return wrong(problem, "groups", "lack 'people' or 'total'");
	json_array_foreach (people, i, person) {
		if (place_of(in->people, in->circles.people, person, &list[i]) < 0)
			return wrong(problem, "groups", "name somebody whom the instance does not have");
	}
	ret->people = list;
	ret->count = (int32_t)json_array_size(people);
	return 0;
}

static int read_left(
	const json_t *result, const struct match_instance *in, struct match_circles *out, struct arena *arena, struct problem *problem)
{
	const json_t *list = json_object_get(result, "left_out"), *one;
	struct match_circle_left *left;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > MATCH_CIRCLE_PEOPLE_MAX)
		return wrong(problem, "left_out", "is missing");
	left = arena_new(arena, (json_array_size(list) + 1) * sizeof *left);
	json_array_foreach (list, i, one) {
		left[i].text = json_string_value(json_object_get(one, "why"));
		if (!left[i].text || place_of(in->people, in->circles.people, json_object_get(one, "person"), &left[i].person) < 0)
			return wrong(problem, "left_out", "names somebody whom the instance does not have");
	}
	out->left = left;
	out->left_count = (int32_t)json_array_size(list);
	return 0;
}

static int read_worth(const json_t *result, struct match_circles *out, struct problem *problem)
{
	const json_t *objective = json_object_get(result, "objective"), *bound = json_object_get(result, "bound");
	const char *by = json_string_value(json_object_get(bound, "by"));

	if (number_of(objective, "placed", &out->placed) < 0 || number_of(objective, "total", &out->total) < 0 ||
		number_of(bound, "placed", &out->bound_placed) < 0 || number_of(bound, "total", &out->bound_total) < 0 || !by)
		return wrong(problem, "objective", "or bound lacks 'placed', 'total' or 'by'");
	out->tried_all = !strcmp(by, "trying everything");
	return 0;
}

static int read_circles(
	const json_t *result, const struct match_instance *in, struct match_circles *out, struct arena *arena, struct problem *problem)
{
	const json_t *list = json_object_get(result, "groups"), *group;
	int64_t *people = arena_new(arena, ((size_t)in->circles.people + 1) * sizeof *people);
	int64_t *slots = arena_new(arena, ((size_t)in->circles.slots + 1) * sizeof *slots);
	struct match_circle *groups;
	size_t i;
	int r = 0;

	if (!json_is_array(list) || json_array_size(list) > MATCH_CIRCLE_PEOPLE_MAX)
		return wrong(problem, "groups", "are missing");
	groups = arena_new(arena, (json_array_size(list) + 1) * sizeof *groups);
	json_array_foreach (list, i, group) {
		if (r == 0)
			r = read_group(group, in, &groups[i], arena, problem);
	}
	out->groups = groups;
	out->group_count = (int32_t)json_array_size(list);
	if (r == 0)
		r = read_left(result, in, out, arena, problem);
	if (r == 0)
		r = read_prices(result, "people", in->people, in->circles.people, 1, people, problem);
	if (r == 0)
		r = read_prices(result, "slots", in->slots, in->circles.slots, 1, slots, problem);
	out->person_price = people;
	out->slot_price = slots;
	return r < 0 ? r : read_worth(result, out, problem);
}

static int check_circles(
	const json_t *result, const struct algorithm *a, const struct match_instance *in, struct arena *arena, struct problem *problem)
{
	struct match_circles out = { 0 };
	int64_t seed = 0;
	int r = read_circles(result, in, &out, arena, problem);

	if (r == 0 && number_of(result, "seed", &seed) < 0)
		r = wrong(problem, "seed", "is missing");
	if (r == 0)
		r = match_circles_check(&in->circles, &out, problem);
	return r < 0 ? r : compare(result, write_circles(a, in, (uint64_t)seed, &out), problem);
}

int matcher_check(const json_t *result, const struct match_instance *in, struct problem *problem)
{
	const char *format = json_string_value(json_object_get(result, "format"));
	const char *name = json_string_value(json_object_get(result, "algorithm"));
	const struct algorithm *a = name ? matcher_algorithm(name) : NULL;
	struct arena arena = { 0 };
	json_t *head;
	int r;

	if (!format || strcmp(format, "mentorship-match-result 1"))
		return wrong(problem, "format", "is not 'mentorship-match-result 1'");
	if (!a)
		return wrong(problem, "algorithm", "is none that this program knows");
	r = matcher_suits(a, in, problem);
	if (r < 0)
		return r;
	head = write_head(a, in);
	if (!json_equal(json_object_get(head, "instance"), json_object_get(result, "instance")))
		r = wrong(problem, "instance", "is another one: this file has another hash");
	json_decref(head);
	if (r < 0)
		return r;
	if (a->family == FAMILY_AIM)
		r = check_answer(result, a, in, &arena, problem);
	else
		r = a->family == FAMILY_STABLE ? check_stable(result, a, in, &arena, problem)
					       : check_circles(result, a, in, &arena, problem);
	arena_free(&arena);
	return r;
}
