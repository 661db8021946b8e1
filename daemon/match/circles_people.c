/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program's people as groups see them.
 *
 * Slots. A group meets at one time of the week, by one clock, through the whole term; so in each reference week what somebody stated is
 * moved to that clock, and free is who is free in all of them. Where all of a group can meet, they can at the moment at which the last
 * of them becomes free: those moments are the slots. Of more than there may be, those count in which most people are free.
 * Whoever stated no time is in no group that is asked to have one: else stating nothing would win the best places.
 *
 * Composition. A mentor and a mentee at least; the numbers of the recipe; and for each value of what a circle_mix compares, as long as more
 * people have it than may be in one group, a rule of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "match/circles_run.h"

/* --- who --------------------------------------------------------------------------------------------- */

static int by_couple(const void *a, const void *b)
{
	const struct match_couple *x = a, *y = b;

	return x->one != y->one ? compare_int64(x->one, y->one) : compare_int64(x->other, y->other);
}

static int by_number(const void *a, const void *b)
{
	return compare_int64(*(const int64_t *)a, *(const int64_t *)b);
}

static int64_t *persons_of(const struct someone *side, int32_t count, struct arena *arena)
{
	int64_t *list = arena_new(arena, ((size_t)count + 1) * sizeof *list);

	for (int32_t i = 0; i < count; i++)
		list[i] = side[i].from->person;
	if (count > 1)
		qsort(list, (size_t)count, sizeof *list, by_number);
	return list;
}

static bool is_in(const int64_t *list, int32_t count, int64_t person)
{
	return count > 0 && bsearch(&person, list, (size_t)count, sizeof *list, by_number);
}

void match_apart(const struct prepared *in, struct arena *arena, const struct match_couple **ret_list, size_t *ret_count)
{
	const int32_t counts[2] = { in->mentee_count, in->mentor_count };
	const int64_t *sides[2] = { persons_of(in->mentees, counts[0], arena), persons_of(in->mentors, counts[1], arena) };
	struct match_couple *list = arena_new(arena, (in->input->objection_count + 1) * sizeof *list);
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < in->input->objection_count; i++) {
		int64_t a = in->input->objections[i].one, b = in->input->objections[i].other;

		for (int side = 0; side < 2; side++)
			if (a != b && is_in(sides[side], counts[side], a) && is_in(sides[side], counts[side], b)) {
				list[count++] = (struct match_couple){ a < b ? a : b, a < b ? b : a };
				break;
			}
	}
	if (count > 1)
		qsort(list, count, sizeof *list, by_couple);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || by_couple(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	*ret_list = list;
	*ret_count = kept;
}

static void add_side(struct gathered *g, bool mentors)
{
	const struct prepared *in = g->scorer->in;
	const struct someone *side = mentors ? in->mentors : in->mentees;
	int32_t count = mentors ? in->mentor_count : in->mentee_count;

	g->member_of[mentors] = arena_new(g->arena, ((size_t)count + 1) * sizeof *g->member_of[0]);
	for (int32_t i = 0; i < count; i++) {
		g->member_of[mentors][i] = -1;
		if (side[i].from->places < 1 || is_barred(side[i].from))
			continue;
		g->member_of[mentors][i] = g->circles.people;
		g->members[g->circles.people++] = (struct member){ mentors, i };
	}
}

/* --- when -------------------------------------------------------------------------------------------- */

/* At which minutes of the week by the clock somebody could begin a meeting of so many. `free`: scratch of a week. */
static void find_starts(const struct gathered *g, const struct someone *who, bool *starts, bool *free)
{
	const struct prepared *in = g->scorer->in;

	memset(starts, who->stated > 0, MATCH_WEEK);
	for (int32_t week = 0; week < in->weeks && who->stated > 0; week++) {
		int32_t run = 0;

		memset(free, 0, MATCH_WEEK);
		for (int32_t i = who->span_start[week]; i < who->span_start[week + 1]; i++)
			for (int32_t minute = who->spans[i].from; minute < who->spans[i].to; minute++)
				free[(minute + in->input->clock[week] + 2 * MATCH_WEEK) % MATCH_WEEK] = true;
		for (int32_t minute = 2 * MATCH_WEEK - 1; minute >= 0; minute--) { /* the second time round the ring is known */
			run = free[minute % MATCH_WEEK] ? run + 1 : 0;
			if (minute < MATCH_WEEK && run < g->minutes)
				starts[minute] = false;
		}
	}
}

struct moment {
	int32_t minute, people;
};

static int by_people(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	return x->people != y->people ? y->people - x->people : x->minute - y->minute;
}

static int by_minute(const void *a, const void *b)
{
	return ((const struct moment *)a)->minute - ((const struct moment *)b)->minute;
}

static void choose_slots(struct gathered *g, const bool *wanted, const int32_t *people, struct arena *scratch)
{
	struct moment *moments = arena_new(scratch, MATCH_WEEK * sizeof *moments);
	int32_t count = 0;

	for (int32_t minute = 0; minute < MATCH_WEEK; minute++)
		if (wanted[minute])
			moments[count++] = (struct moment){ minute, people[minute] };
	if (count > MATCH_CIRCLE_SLOTS_MAX) {
		qsort(moments, (size_t)count, sizeof *moments, by_people);
		count = MATCH_CIRCLE_SLOTS_MAX;
		qsort(moments, (size_t)count, sizeof *moments, by_minute);
	}
	g->circles.slots = count;
	g->from = arena_new(g->arena, ((size_t)count + 1) * sizeof *g->from);
	for (int32_t i = 0; i < count; i++)
		g->from[i] = moments[i].minute;
}

static uint64_t *bits_of(struct gathered *g, int32_t columns)
{
	return arena_new(g->arena, ((size_t)g->circles.people + 1) * ((size_t)(columns + 63) / 64 + 1) * sizeof(uint64_t));
}

static void set_bit(uint64_t *words, int32_t person, int32_t columns, int32_t at)
{
	words[(size_t)person * (size_t)((columns + 63) / 64) + (size_t)at / 64] |= (uint64_t)1 << (at % 64);
}

static int find_slots(struct gathered *g, const struct match_watch *watch)
{
	struct arena scratch = { 0 };
	bool *starts = arena_new(&scratch, MATCH_WEEK), *free = arena_new(&scratch, MATCH_WEEK), *wanted = arena_new(&scratch, MATCH_WEEK);
	int32_t *people = arena_new(&scratch, MATCH_WEEK * sizeof *people);
	uint64_t *bits;
	int r = 0;

	for (int32_t i = 0; i < g->circles.people && g->minutes; i++) {
		find_starts(g, member_person(g, i), starts, free);
		for (int32_t minute = 0; minute < MATCH_WEEK; minute++) {
			people[minute] += starts[minute];
			wanted[minute] = wanted[minute] || (starts[minute] && !starts[(minute + MATCH_WEEK - 1) % MATCH_WEEK]);
		}
	}
	wanted[0] = wanted[0] || people[0] > 0; /* whoever is always free */
	if (g->minutes)
		choose_slots(g, wanted, people, &scratch);
	else
		g->circles.slots = 1;
	bits = bits_of(g, g->circles.slots);
	g->has_time = arena_new(g->arena, (size_t)g->circles.people + 1);
	for (int32_t i = 0; i < g->circles.people && r == 0; i++) {
		if (g->minutes)
			find_starts(g, member_person(g, i), starts, free);
		for (int32_t slot = 0; slot < g->circles.slots; slot++)
			if (!g->minutes || starts[g->from[slot]]) {
				set_bit(bits, i, g->circles.slots, slot);
				g->has_time[i] = true;
			}
		if (stop_asked(watch))
			r = E_CANCELLED;
	}
	g->circles.free = bits;
	arena_free(&scratch);
	return r;
}

/* --- composition ------------------------------------------------------------------------------------- */

static const struct plan_line *group_line(const struct plan *plan, const char *name)
{
	for (int32_t i = plan->count; i < plan->count + plan->groups; i++)
		if (strcmp(plan->lines[i].row->name, name) == 0)
			return &plan->lines[i];
	return NULL;
}

/* What a line says, or the table where the recipe has no such line. */
static int32_t asked(const struct plan *plan, const char *name, int parameter)
{
	const struct plan_line *line = group_line(plan, name);

	return (int32_t)(line ? line->parameters[parameter] : match_criterion(name)->parameters[parameter].standard);
}

static bool has_term(const struct gathered *g, int32_t number, int32_t term)
{
	const struct someone *who = member_person(g, number);

	for (int32_t i = 0; i < who->trait_count && !who->traits[i].sought; i++)
		if (who->traits[i].term == term)
			return true;
	return false;
}

struct composing {
	struct match_circle_rule *rules;
	uint64_t *counted;
	int32_t room; /* columns of `counted` */
};

static int too_many(struct problem *problem, const struct plan_line *line)
{
	return problem_set(problem, E_INVALID, "lines",
		"%s looks at more than %d values that many people have; compare something with fewer values, or take the line out",
		line->name, MATCH_CIRCLE_RULES_MAX - RULE_MIX);
}

/* Somebody may have several values of one kind: then each is a family. */
static int mix_rules(struct gathered *g, const struct plan_line *line, struct composing *c, struct problem *problem)
{
	const struct prepared *in = g->scorer->in;
	int32_t most = (int32_t)line->parameters[0];

	for (int32_t term = 0; term < in->term_count; term++) {
		int32_t count = 0, rule = g->circles.rule_count;

		if (!(line->subject->kinds & (1u << in->terms[term].kind)))
			continue;
		for (int32_t i = 0; i < g->circles.people; i++)
			count += has_term(g, i, term);
		if (count <= most)
			continue;
		if (rule == MATCH_CIRCLE_RULES_MAX)
			return too_many(problem, line);
		for (int32_t i = 0; i < g->circles.people; i++)
			if (has_term(g, i, term))
				set_bit(c->counted, i, c->room, rule);
		c->rules[rule] = (struct match_circle_rule){ rule, 0, most, line->name };
		g->rule_line[rule] = line;
		g->circles.rule_count++;
	}
	return 0;
}

static int check_numbers(const struct match_circle_rule *mentors, const struct match_circles_input *in, struct problem *problem)
{
	if (mentors->least + 1 > in->size_most)
		return problem_set(problem, E_INVALID, "lines",
			"circle_mentors asks for %d mentors at least, and with one mentee that is more than the %d people that circle_size allows",
			mentors->least, in->size_most);
	if (mentors->most < mentors->least)
		return problem_set(problem, E_INVALID, "lines", "circle_mentors: the least is above the most");
	return 0;
}

/* Bits of rules as wide as there are rules in the end. */
static void pack_rules(struct gathered *g, const struct composing *c)
{
	uint64_t *bits = bits_of(g, g->circles.rule_count);
	size_t wide = (size_t)((c->room + 63) / 64), narrow = (size_t)((g->circles.rule_count + 63) / 64);

	for (int32_t i = 0; i < g->circles.people; i++)
		memcpy(bits + (size_t)i * narrow, c->counted + (size_t)i * wide, narrow * sizeof *bits);
	g->circles.counted = bits;
}

static int compose(struct gathered *g, struct problem *problem)
{
	const struct plan *plan = g->scorer->plan;
	struct composing c = { .room = MATCH_CIRCLE_RULES_MAX };
	int r;

	g->circles.size_least = asked(plan, "circle_size", 0);
	g->circles.size_most = asked(plan, "circle_size", 1);
	c.rules = arena_new(g->arena, MATCH_CIRCLE_RULES_MAX * sizeof *c.rules);
	c.counted = bits_of(g, c.room);
	g->rule_line = arena_new(g->arena, MATCH_CIRCLE_RULES_MAX * sizeof *g->rule_line);
	c.rules[RULE_MENTORS] = (struct match_circle_rule){ 0, asked(plan, "circle_mentors", 0), asked(plan, "circle_mentors", 1),
		"mentors" };
	c.rules[RULE_MENTEES] = (struct match_circle_rule){ 0, 1, MATCH_CIRCLE_SIZE_MAX, "mentees" };
	g->circles.rule_count = RULE_MIX;
	for (int32_t i = 0; i < g->circles.people; i++)
		set_bit(c.counted, i, c.room, g->members[i].is_mentor ? RULE_MENTORS : RULE_MENTEES);
	r = check_numbers(&c.rules[RULE_MENTORS], &g->circles, problem);
	for (int32_t i = plan->count; i < plan->count + plan->groups && r == 0; i++)
		if (plan->lines[i].subject)
			r = mix_rules(g, &plan->lines[i], &c, problem);
	g->circles.rules = c.rules;
	pack_rules(g, &c);
	return r;
}

/* --- who with whom ----------------------------------------------------------------------------------- */

static void add_two(struct gathered *g, struct match_circle_pair *pairs, int32_t one, int32_t other, int32_t score)
{
	if (one >= 0 && other >= 0)
		pairs[g->circles.pair_count++] = (struct match_circle_pair){ one, other, score };
}

static int32_t number_of_person(const struct gathered *g, bool mentors, int64_t person)
{
	const struct prepared *in = g->scorer->in;
	const struct someone *side = mentors ? in->mentors : in->mentees;

	for (int32_t i = 0; i < (mentors ? in->mentor_count : in->mentee_count); i++)
		if (side[i].from->person == person)
			return g->member_of[mentors][i];
	return -1;
}

static int score_all(struct gathered *g, const struct match_watch *watch)
{
	const struct prepared *in = g->scorer->in;
	int32_t *scores = arena_new(g->arena, ((size_t)in->mentor_count + 1) * sizeof *scores);
	const struct match_couple *apart;
	struct match_circle_pair *pairs;
	size_t count;

	match_apart(in, g->arena, &apart, &count);
	pairs = arena_new(g->arena, ((size_t)in->mentee_count * (size_t)in->mentor_count + 2 * count + 1) * sizeof *pairs);
	for (int32_t i = 0; i < in->mentee_count; i++) {
		if (stop_asked(watch))
			return E_CANCELLED;
		tell(watch, (double)i / in->mentee_count, "scoring");
		if (g->member_of[0][i] < 0)
			continue;
		g->eligible += match_score_all(g->scorer, i, scores);
		for (int32_t j = 0; j < in->mentor_count; j++)
			add_two(g, pairs, g->member_of[0][i], g->member_of[1][j],
				scores[j] < 0 ? MATCH_CIRCLE_APART : (scores[j] + 500) / (MATCH_SCORE_MAX / MATCH_CIRCLE_SCORE_MAX));
	}
	for (size_t i = 0; i < count; i++)
		for (int mentors = 0; mentors < 2; mentors++)
			add_two(g, pairs, number_of_person(g, mentors, apart[i].one), number_of_person(g, mentors, apart[i].other),
				MATCH_CIRCLE_APART);
	g->circles.pairs = pairs;
	return 0;
}

int match_gather_circles(
	struct scorer *scorer, struct arena *arena, const struct match_watch *watch, struct gathered *g, struct problem *problem)
{
	const struct prepared *in = scorer->in;
	int r;

	*g = (struct gathered){ .scorer = scorer, .arena = arena, .circles = { .seed = in->input->seed } };
	if (in->input->lock_count)
		return problem_set(problem, E_INVALID, "locks", "Groups are made anew in each run: 'lock' holds pairs only. Take it out.");
	g->members = arena_new(arena, ((size_t)in->mentee_count + (size_t)in->mentor_count + 1) * sizeof *g->members);
	add_side(g, true);
	add_side(g, false);
	if (g->circles.people > MATCH_CIRCLE_PEOPLE_MAX)
		return problem_set(problem, E_INVALID, "people", "Groups are made of at most %d people; these are %d. Part the program.",
			MATCH_CIRCLE_PEOPLE_MAX, g->circles.people);
	if (group_line(scorer->plan, "circle_time"))
		g->minutes = asked(scorer->plan, "circle_time", 0);
	r = compose(g, problem);
	if (r == 0)
		r = find_slots(g, watch);
	if (r == 0)
		r = score_all(g, watch);
	if (r == E_CANCELLED)
		problem_set(problem, r, NULL, "The run was cancelled.");
	return r;
}
