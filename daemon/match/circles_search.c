/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of many people, by search: begin with the spread over slots that the
 * bound found, then again and again dissolve a few groups, let those who are in
 * none form new ones, and keep what is no worse.
 *
 * Steps that place somebody: into a group with room; with others of none who are free in a slot; in place of a member that finds
 * room elsewhere; with members of groups that can spare them. Steps for the total: two change places, one moves, a group changes its slot.
 */
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"
#include "match/circles_inside.h"

enum {
	ROUNDS_MOST = 4000,
	ROUNDS_LEAST = 100,
	ROUNDS_PEOPLE = 400000, /* people x rounds */
	DISSOLVED = 3,
	TRIES = 200
};

struct crew {
	int32_t slot, count;
	int32_t people[MATCH_CIRCLE_SIZE_MAX];
	int32_t counted[MATCH_CIRCLE_RULES_MAX];
};

struct search {
	const struct ring *ring;
	const struct match_circles_input *in;
	const struct relaxed *relaxed;
	struct crew *crews;
	int32_t count, most; /* groups, and how many there may be */
	int32_t *group_of, *choice, *order, *slots;
	int32_t *rules, *rule_start; /* of each person: those that count it */
	int32_t *chances;            /* of each person: slots in which it could meet */
	int64_t placed, total;
	uint64_t state;
};

/* splitmix64 */
static int32_t below(struct search *s, int32_t n)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (int32_t)((z ^ (z >> 31)) % (uint64_t)n);
}

static void shuffle(struct search *s, int32_t *list, int32_t count)
{
	for (int32_t i = count - 1; i > 0; i--) {
		int32_t k = below(s, i + 1), kept = list[i];

		list[i] = list[k];
		list[k] = kept;
	}
}

/* --- one group --------------------------------------------------------------------------------------- */

static bool gets_on(const struct search *s, const struct crew *crew, int32_t person)
{
	for (int32_t i = 0; s->ring->apart && i < crew->count; i++)
		if (are_apart(s->ring, person, crew->people[i]))
			return false;
	return true;
}

static bool admits(const struct search *s, const struct crew *crew, int32_t person)
{
	if (crew->count == s->in->size_most || !free_in(s->in, person, crew->slot))
		return false;
	for (int32_t i = s->rule_start[person]; i < s->rule_start[person + 1]; i++)
		if (crew->counted[s->rules[i]] >= s->in->rules[s->rules[i]].most)
			return false;
	return gets_on(s, crew, person);
}

static bool spares(const struct search *s, const struct crew *crew, int32_t person)
{
	if (crew->count <= s->in->size_least)
		return false;
	for (int32_t i = s->rule_start[person]; i < s->rule_start[person + 1]; i++)
		if (crew->counted[s->rules[i]] <= s->in->rules[s->rules[i]].least)
			return false;
	return true;
}

static bool is_whole(const struct search *s, const struct crew *crew)
{
	if (crew->count < s->in->size_least)
		return false;
	for (int32_t rule = 0; rule < s->in->rule_count; rule++)
		if (crew->counted[rule] < s->in->rules[rule].least || crew->counted[rule] > s->in->rules[rule].most)
			return false;
	return true;
}

/* What a person adds to the total of a group, itself left out. */
static int64_t gain(const struct search *s, const struct crew *crew, int32_t person)
{
	int64_t sum = liking_of(s->in, person, crew->slot);

	for (int32_t i = 0; s->ring->scores && i < crew->count; i++)
		sum += score_of(s->ring, person, crew->people[i]);
	return sum;
}

static void join(struct search *s, int32_t group, int32_t person)
{
	struct crew *crew = &s->crews[group];

	s->total += gain(s, crew, person);
	s->placed++;
	crew->people[crew->count++] = person;
	s->group_of[person] = group;
	for (int32_t i = s->rule_start[person]; i < s->rule_start[person + 1]; i++)
		crew->counted[s->rules[i]]++;
}

static void leave(struct search *s, int32_t person)
{
	struct crew *crew = &s->crews[s->group_of[person]];
	int32_t at = 0;

	while (crew->people[at] != person)
		at++;
	crew->people[at] = crew->people[--crew->count];
	s->group_of[person] = -1;
	s->placed--;
	s->total -= gain(s, crew, person);
	for (int32_t i = s->rule_start[person]; i < s->rule_start[person + 1]; i++)
		crew->counted[s->rules[i]]--;
}

static void open_crew(struct search *s, int32_t slot)
{
	memset(&s->crews[s->count], 0, sizeof *s->crews);
	s->crews[s->count++].slot = slot;
}

static void dissolve(struct search *s, int32_t group)
{
	while (s->crews[group].count > 0)
		leave(s, s->crews[group].people[s->crews[group].count - 1]);
	s->count--;
	if (group == s->count)
		return;
	s->crews[group] = s->crews[s->count];
	for (int32_t i = 0; i < s->crews[group].count; i++)
		s->group_of[s->crews[group].people[i]] = group;
}

/* --- forming a group ----------------------------------------------------------------------------------- */

enum from {
	FROM_SPREAD, /* those whom the bound has in this slot */
	FROM_NONE,   /* all who are in no group */
	FROM_OTHERS  /* and members whom other groups can spare */
};

static int32_t candidates(struct search *s, int32_t slot, enum from from)
{
	int32_t count = 0;

	for (int32_t person = 0; person < s->in->people; person++)
		if (s->chances[person] > 0 && free_in(s->in, person, slot) && (s->group_of[person] < 0 || from == FROM_OTHERS) &&
			(from != FROM_SPREAD || s->relaxed->slot_of[person] == slot))
			s->choice[count++] = person;
	shuffle(s, s->choice, count);
	return count;
}

/* The candidate to take next, of those whom `rule` counts (-1: any): for company, or who has fewest other chances. -1: none. */
static int32_t pick(const struct search *s, int32_t group, int32_t rule, int32_t count, bool for_company)
{
	const struct crew *crew = &s->crews[group];
	int64_t best_key = INT64_MIN;
	int32_t best = -1;

	for (int32_t i = 0; i < count; i++) {
		int32_t person = s->choice[i], own = s->group_of[person];
		int64_t key;

		if (own == group || (rule >= 0 && !counted_by(s->in, person, rule)) || !admits(s, crew, person) ||
			(own >= 0 && !spares(s, &s->crews[own], person)))
			continue;
		key = for_company ? gain(s, crew, person) * MATCH_CIRCLE_SLOTS_MAX - s->chances[person] : -s->chances[person];
		key -= own >= 0 ? INT64_MAX / 4 : 0;
		if (key > best_key) {
			best_key = key;
			best = person;
		}
	}
	return best;
}

static void take_back(struct search *s, const int32_t *came_from)
{
	struct crew *crew = &s->crews[s->count - 1];

	while (crew->count > 0) {
		int32_t person = crew->people[crew->count - 1], own = came_from[crew->count - 1];

		leave(s, person);
		if (own >= 0)
			join(s, own, person);
	}
	s->count--;
}

/* A new group in the slot; false, and nothing changed, if none can be formed that places somebody. */
static bool form(struct search *s, int32_t slot, enum from from)
{
	const struct match_circles_input *in = s->in;
	int32_t came_from[MATCH_CIRCLE_SIZE_MAX], group = s->count, count, size, rule = 0, new_ones = 0;
	bool for_company = below(s, 2);

	if (s->count == s->most)
		return false;
	count = candidates(s, slot, from);
	if (count < in->size_least)
		return false;
	size = (count + in->size_most - 1) / in->size_most; /* groups, then people in each */
	size = from == FROM_OTHERS ? in->size_least : (count + size - 1) / size;
	size = size < in->size_least ? in->size_least : size;
	open_crew(s, slot);
	for (;;) {
		int32_t person, own;

		while (rule < in->rule_count && s->crews[group].counted[rule] >= in->rules[rule].least)
			rule++;
		if (rule == in->rule_count && s->crews[group].count >= size)
			break;
		person = pick(s, group, rule < in->rule_count ? rule : -1, count, for_company);
		if (person < 0)
			break;
		own = s->group_of[person];
		if (own >= 0)
			leave(s, person);
		else
			new_ones++;
		came_from[s->crews[group].count] = own;
		join(s, group, person);
	}
	if (is_whole(s, &s->crews[group]) && new_ones > 0)
		return true;
	take_back(s, came_from);
	return false;
}

/* --- placing those who are in no group ------------------------------------------------------------------ */

static void place_in_room(struct search *s)
{
	for (int32_t i = 0; i < s->in->people; i++) {
		int32_t person = s->order[i], best = -1;
		int64_t best_gain = -1;

		if (s->group_of[person] >= 0 || s->chances[person] == 0)
			continue;
		for (int32_t group = 0; group < s->count; group++)
			if (admits(s, &s->crews[group], person) && gain(s, &s->crews[group], person) > best_gain) {
				best = group;
				best_gain = gain(s, &s->crews[group], person);
			}
		if (best >= 0)
			join(s, best, person);
	}
}

static int32_t room_elsewhere(const struct search *s, int32_t person, int32_t group)
{
	for (int32_t other = 0; other < s->count; other++)
		if (other != group && admits(s, &s->crews[other], person))
			return other;
	return -1;
}

/* Into a group whose member goes elsewhere. */
static void place_by_moving(struct search *s, int32_t person)
{
	for (int32_t tries = 0; tries < TRIES && s->count > 0; tries++) {
		int32_t group = below(s, s->count), member, other;
		struct crew *crew = &s->crews[group];

		if (!free_in(s->in, person, crew->slot))
			continue;
		member = crew->people[below(s, crew->count)];
		other = room_elsewhere(s, member, group);
		if (other < 0)
			continue;
		leave(s, member);
		if (admits(s, crew, person)) {
			join(s, group, person);
			if (is_whole(s, crew)) {
				join(s, other, member);
				return;
			}
			leave(s, person);
		}
		join(s, group, member);
	}
}

static bool has_somebody(const struct search *s, int32_t slot)
{
	for (int32_t person = 0; person < s->in->people; person++)
		if (s->group_of[person] < 0 && s->chances[person] > 0 && free_in(s->in, person, slot))
			return true;
	return false;
}

static void repair(struct search *s)
{
	shuffle(s, s->order, s->in->people);
	shuffle(s, s->slots, s->in->slots);
	if (below(s, 2))
		place_in_room(s);
	for (int32_t i = 0; i < s->in->slots; i++)
		while (s->relaxed->slot_places[s->slots[i]] > 0 && form(s, s->slots[i], FROM_NONE))
			;
	place_in_room(s);
	for (int32_t i = 0; i < s->in->people && s->placed < s->relaxed->placed; i++)
		if (s->group_of[s->order[i]] < 0 && s->chances[s->order[i]] > 0)
			place_by_moving(s, s->order[i]);
	if (s->placed == s->relaxed->placed)
		return;
	for (int32_t i = 0; i < s->in->slots; i++)
		while (s->relaxed->slot_places[s->slots[i]] > 0 && has_somebody(s, s->slots[i]) && form(s, s->slots[i], FROM_OTHERS))
			;
	place_in_room(s);
}

/* --- the total -------------------------------------------------------------------------------------------- */

/* Two of different groups change places if that is worth more. */
static void try_change(struct search *s, int32_t one, int32_t other)
{
	int32_t here = s->group_of[one], there = s->group_of[other];
	int64_t before = s->total;

	if (here < 0 || there < 0 || here == there || !free_in(s->in, one, s->crews[there].slot) ||
		!free_in(s->in, other, s->crews[here].slot))
		return;
	leave(s, one);
	leave(s, other);
	if (gets_on(s, &s->crews[there], one) && gets_on(s, &s->crews[here], other)) {
		join(s, there, one);
		join(s, here, other);
		if (s->total > before && is_whole(s, &s->crews[here]) && is_whole(s, &s->crews[there]))
			return;
		leave(s, one);
		leave(s, other);
	}
	join(s, here, one);
	join(s, there, other);
}

/* One who is in no group takes the place of another if that is worth more. */
static void try_replace(struct search *s, int32_t person, int32_t member)
{
	int32_t group = s->group_of[member];
	int64_t before = s->total;

	if (s->group_of[person] >= 0 || group < 0 || !free_in(s->in, person, s->crews[group].slot) || s->chances[person] == 0)
		return;
	leave(s, member);
	if (gets_on(s, &s->crews[group], person)) {
		join(s, group, person);
		if (s->total > before && is_whole(s, &s->crews[group]))
			return;
		leave(s, person);
	}
	join(s, group, member);
}

static void try_move(struct search *s, int32_t person, int32_t group)
{
	int32_t own = s->group_of[person];

	if (own < 0 || own == group || !spares(s, &s->crews[own], person) || !admits(s, &s->crews[group], person))
		return;
	if (gain(s, &s->crews[group], person) > gain(s, &s->crews[own], person)) { /* nobody has a score with themself */
		int64_t before = s->total;

		leave(s, person);
		join(s, group, person);
		if (s->total > before)
			return;
		leave(s, person);
		join(s, own, person);
	}
}

static void try_slots(struct search *s, int32_t group)
{
	struct crew *crew = &s->crews[group];

	for (int32_t slot = 0; slot < s->in->slots; slot++) {
		int64_t more = 0;
		int32_t i = 0;

		for (; i < crew->count && free_in(s->in, crew->people[i], slot); i++)
			more += liking_of(s->in, crew->people[i], slot) - liking_of(s->in, crew->people[i], crew->slot);
		if (i == crew->count && more > 0) {
			crew->slot = slot;
			s->total += more;
		}
	}
}

static void polish(struct search *s)
{
	int32_t people = s->in->people;

	if ((!s->in->liking && !s->ring->scores) || s->count == 0)
		return;
	for (int32_t group = 0; s->in->liking && group < s->count; group++)
		try_slots(s, group);
	for (int32_t tries = 0; tries < 4 * people; tries++) {
		int32_t one = below(s, people), other = below(s, people);

		try_change(s, one, other);
		try_replace(s, one, other);
		try_move(s, one, below(s, s->count));
	}
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void keep(const struct search *s, struct grouping *out)
{
	memcpy(out->group_of, s->group_of, (size_t)s->in->people * sizeof *out->group_of);
	for (int32_t group = 0; group < s->count; group++)
		out->slot[group] = s->crews[group].slot;
	out->groups = s->count;
	out->placed = s->placed;
	out->total = s->total;
}

static void go_back(struct search *s, const struct grouping *kept)
{
	s->count = 0;
	s->placed = s->total = 0;
	for (int32_t group = 0; group < kept->groups; group++)
		open_crew(s, kept->slot[group]);
	for (int32_t person = 0; person < s->in->people; person++) {
		s->group_of[person] = -1;
		if (kept->group_of[person] >= 0)
			join(s, kept->group_of[person], person);
	}
}

static void make(struct search *s, struct arena *arena)
{
	const struct match_circles_input *in = s->in;
	size_t people = (size_t)in->people + 1;
	int32_t rules = 0;

	s->most = in->people / in->size_least;
	if (in->groups_most > 0 && in->groups_most < s->most)
		s->most = in->groups_most;
	s->crews = arena_new(arena, ((size_t)s->most + 1) * sizeof *s->crews);
	s->group_of = arena_new(arena, people * sizeof *s->group_of);
	s->choice = arena_new(arena, people * sizeof *s->choice);
	s->order = arena_new(arena, people * sizeof *s->order);
	s->slots = arena_new(arena, ((size_t)in->slots + 1) * sizeof *s->slots);
	s->chances = arena_new(arena, people * sizeof *s->chances);
	s->rule_start = arena_new(arena, people * sizeof *s->rule_start);
	s->rules = arena_new(arena, people * (size_t)(in->rule_count + 1) * sizeof *s->rules);
	for (int32_t slot = 0; slot < in->slots; slot++)
		s->slots[slot] = slot;
	for (int32_t person = 0; person < in->people; person++) {
		bool shut_out = false;

		for (int32_t rule = 0; rule < in->rule_count; rule++)
			if (counted_by(in, person, rule)) {
				s->rules[rules++] = rule;
				shut_out = shut_out || in->rules[rule].most == 0;
			}
		s->rule_start[person + 1] = rules;
		for (int32_t slot = 0; slot < in->slots && !shut_out; slot++)
			s->chances[person] += free_in(in, person, slot) && s->relaxed->slot_places[slot] > 0;
		s->group_of[person] = -1;
		s->order[person] = person;
	}
}

static void begin(struct search *s)
{
	for (int32_t slot = 0; slot < s->in->slots; slot++)
		while (form(s, slot, FROM_SPREAD))
			;
	repair(s);
	polish(s);
}

static bool no_worse(const struct search *s, const struct grouping *kept)
{
	return s->placed > kept->placed || (s->placed == kept->placed && s->total >= kept->total);
}

int circles_search(const struct ring *ring, const struct relaxed *relaxed, struct grouping *out)
{
	struct arena arena = { 0 };
	struct search s = { .ring = ring, .in = ring->in, .relaxed = relaxed, .state = ring->in->seed };
	int32_t rounds = ROUNDS_PEOPLE / (ring->in->people + 1);
	int r = 0;

	make(&s, &arena);
	begin(&s);
	keep(&s, out);
	rounds = rounds > ROUNDS_MOST ? ROUNDS_MOST : rounds < ROUNDS_LEAST ? ROUNDS_LEAST : rounds;
	for (int32_t round = 0; round < rounds && (out->placed < relaxed->placed || out->total < relaxed->total); round++) {
		if (stop_asked(ring->watch)) {
			r = E_CANCELLED;
			break;
		}
		tell(ring->watch, (double)round / rounds, "searching");
		for (int32_t k = below(&s, DISSOLVED) + 1; k > 0 && s.count > 0; k--)
			dissolve(&s, below(&s, s.count));
		repair(&s);
		polish(&s);
		if (no_worse(&s, out))
			keep(&s, out);
		else
			go_back(&s, out);
	}
	arena_free(&arena);
	return r;
}
