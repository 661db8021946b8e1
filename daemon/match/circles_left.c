/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is in no group: what stopped them in each of the groups, and the least that would have let them in.
 *
 * A group is looked at rule by rule: its time, its size, its numbers of mentors and of those who are alike, then the rules of the recipe
 * between the person and the other side. The first that stops is counted. Where only something secret stops ('not with', a group
 * given in confidence), the group is among those that can take nobody more, so that no wording shows it.
 *
 * What helps is read off the groups as they are: the group with the fewest things to mend. With them the person can sit down and everybody
 * else stays, so one more is placed. Where no group can be mended so, it says who is missing for one more.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/circles_run.h"
#include "match/explain.h"

struct look {
	const struct gathered *g;
	const struct match_circles *circles;
	struct arena *arena, *scratch;
	const int16_t *apart_of; /* of the person: 1 for those with whom it must not be */
};

static bool counts_person(const struct gathered *g, int32_t person, int32_t rule)
{
	return g->circles.counted[(size_t)person * (size_t)((g->circles.rule_count + 63) / 64) + (size_t)rule / 64] >> (rule % 64) & 1;
}

static bool is_free(const struct gathered *g, int32_t person, int32_t slot)
{
	return g->circles.free[(size_t)person * (size_t)((g->circles.slots + 63) / 64) + (size_t)slot / 64] >> (slot % 64) & 1;
}

static int32_t counted_in(const struct gathered *g, const struct match_circle *circle, int32_t rule)
{
	int32_t count = 0;

	for (int32_t i = 0; i < circle->count; i++)
		count += counts_person(g, circle->people[i], rule);
	return count;
}

/* All that keeps a person out of a group as it is. */
struct hindrances {
	bool time, size, mentors, secret;
	const struct plan_line *mix, *rule;
	int32_t mixes; /* how many things to mend about the composition */
};

static void look_at_composition(const struct gathered *g, const struct match_circle *circle, int32_t person, struct hindrances *out)
{
	for (int32_t rule = 0; rule < g->circles.rule_count; rule++) {
		const struct plan_line *line = g->rule_line[rule];

		if (!counts_person(g, person, rule) || counted_in(g, circle, rule) < g->circles.rules[rule].most)
			continue;
		if (!line)
			out->mentors = true;
		else if (line->secret)
			out->secret = true;
		else if (out->mix != line) {
			out->mix = line;
			out->mixes++;
		}
	}
}

/* Rules between a mentee and a mentor; of several lines the first. */
static void look_at_two(const struct gathered *g, int32_t one, int32_t other, struct hindrances *out)
{
	const struct member *a = &g->members[one], *b = &g->members[other];
	const struct plan *plan = g->scorer->plan;
	int32_t mentee = a->is_mentor ? b->at : a->at, mentor = a->is_mentor ? a->at : b->at;

	for (int32_t i = 0; i < plan->hard; i++) {
		const struct plan_line *line = &plan->lines[i];
		struct match_cell cell = match_cell_of(g->scorer, line, mentee, mentor);

		if (isnan(cell.amount) || line->row->holds(line->parameters, cell.amount))
			continue;
		if (line->secret)
			out->secret = true;
		else if (!out->rule)
			out->rule = line;
	}
}

static struct hindrances hindrances_of(const struct look *look, const struct match_circle *circle, int32_t person)
{
	const struct gathered *g = look->g;
	struct hindrances out = { .time = !is_free(g, person, circle->slot), .size = circle->count == g->circles.size_most };

	look_at_composition(g, circle, person, &out);
	for (int32_t i = 0; i < circle->count; i++) {
		if (g->members[circle->people[i]].is_mentor != g->members[person].is_mentor)
			look_at_two(g, person, circle->people[i], &out);
		else if (look->apart_of[circle->people[i]])
			out.secret = true;
	}
	return out;
}

/* --- what stopped it ----------------------------------------------------------------------------------- */

struct count {
	const char *text;
	int32_t groups;
};

static void count_stop(struct count *counts, int32_t *count, const char *text)
{
	int32_t i = 0;

	while (i < *count && counts[i].text != text)
		i++;
	if (i == *count)
		counts[(*count)++] = (struct count){ text, 0 };
	counts[i].groups++;
}

static const char *stop_text(const struct look *look, const struct hindrances *h)
{
	if (h->time)
		return "at a time at which this person is not free";
	if (h->rule)
		return match_stopped_text(look->scratch, h->rule);
	if (h->mix)
		return arena_print(look->scratch, "with as many of the same %s as may be in it", h->mix->of);
	return "that can take nobody more";
}

/* Texts are compared by where they stand, so each rule's is made once. */
static const char *once(struct count *counts, int32_t count, const char *text)
{
	for (int32_t i = 0; i < count; i++)
		if (strcmp(counts[i].text, text) == 0)
			return counts[i].text;
	return text;
}

static const char *stopped_text(const struct look *look, int32_t person)
{
	const struct match_circles *circles = look->circles;
	struct count *counts = arena_new(look->scratch, ((size_t)circles->group_count + 1) * sizeof *counts);
	const char **clauses = arena_new(look->scratch, ((size_t)circles->group_count + 1) * sizeof *clauses);
	int32_t count = 0;

	if (!look->g->has_time[person])
		return member_person(look->g, person)->stated < 0
			? "This person states no time of the week."
			: arena_print(look->arena, "This person states no free time of %d minutes.", look->g->minutes);
	if (circles->group_count == 0)
		return "No group could be made.";
	for (int32_t i = 0; i < circles->group_count; i++) {
		struct hindrances h = hindrances_of(look, &circles->groups[i], person);

		count_stop(counts, &count, once(counts, count, stop_text(look, &h)));
	}
	for (int32_t i = 0; i < count; i++)
		clauses[i] = i ? arena_print(look->scratch, "%d: %s", counts[i].groups, counts[i].text)
			       : arena_print(look->scratch, "%d of %d groups: %s", counts[i].groups, circles->group_count, counts[i].text);
	return arena_print(look->arena, "%s.", match_join_words(look->scratch, clauses, count, "; "));
}

/* --- what would help ----------------------------------------------------------------------------------- */

static const char *when(const struct look *look, int32_t slot)
{
	static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
	int32_t from = look->g->from[slot], to = from + look->g->minutes;

	return arena_print(look->scratch, "%s %02d:%02d-%02d:%02d", days[from / 1440], from / 60 % 24, from % 60, to / 60 % 24, to % 60);
}

/* Things to mend in all; -1: it cannot be said what. */
static int32_t mends_of(const struct hindrances *h)
{
	return h->secret || h->rule ? -1 : h->time + h->size + h->mentors + h->mixes;
}

/* Of as many things the one that somebody can do alone comes first: being free at a time. */
static int32_t effort_of(const struct hindrances *h)
{
	return 10 * mends_of(h) + 3 * h->mentors + 2 * (h->mix != NULL) + h->size;
}

static const char *join_text(const struct look *look, int32_t group, int32_t person)
{
	const struct match_circle *circle = &look->circles->groups[group];
	struct hindrances h = hindrances_of(look, circle, person);
	const struct gathered *g = look->g;
	const char *clauses[4];
	int count = 0;

	if (h.time)
		clauses[count++] = arena_print(look->scratch, "to be free on %s, when group %d meets", when(look, circle->slot), group + 1);
	if (h.size)
		clauses[count++] = arena_print(
			look->scratch, "groups of up to %d (circle_size most=%d)", g->circles.size_most + 1, g->circles.size_most + 1);
	if (h.mentors)
		clauses[count++] = arena_print(look->scratch, "up to %d mentors in a group (circle_mentors most=%d)",
			g->circles.rules[RULE_MENTORS].most + 1, g->circles.rules[RULE_MENTORS].most + 1);
	if (h.mix)
		clauses[count++] = arena_print(look->scratch, "up to %g of the same %s in a group (%s most=%g)", h.mix->parameters[0] + 1,
			h.mix->of, h.mix->name, h.mix->parameters[0] + 1);
	return arena_print(look->arena, "It would help: %s.%s", match_join_words(look->scratch, clauses, count, ", and "),
		h.time ? "" : arena_print(look->scratch, " Group %d has room then.", group + 1));
}

/* The slot of the person in which most of those who are in no group are free, and how many these are; -1: none. */
static int32_t best_slot(const struct look *look, int32_t person, int32_t *ret_mentors, int32_t *ret_mentees)
{
	const struct gathered *g = look->g;
	int32_t best = -1;

	*ret_mentors = *ret_mentees = 0;
	for (int32_t slot = 0; slot < g->circles.slots; slot++) {
		int32_t mentors = 0, mentees = 0;

		for (int32_t i = 0; i < look->circles->left_count && is_free(g, person, slot); i++) {
			int32_t other = look->circles->left[i].person;
			bool counts = is_free(g, other, slot) && !look->apart_of[other];

			mentors += counts && g->members[other].is_mentor;
			mentees += counts && !g->members[other].is_mentor;
		}
		if (mentors + mentees > *ret_mentors + *ret_mentees) {
			best = slot;
			*ret_mentors = mentors;
			*ret_mentees = mentees;
		}
	}
	return best;
}

static const char *number_of(const struct look *look, int32_t count, const char *what)
{
	return count > 0 ? arena_print(look->scratch, "%d more %s%s", count, what, count == 1 ? "" : "s") : NULL;
}

static const char *new_group_text(const struct look *look, int32_t person)
{
	const struct match_circles_input *in = &look->g->circles;
	int32_t mentors, mentees, slot = best_slot(look, person, &mentors, &mentees), lack_mentors, lack_mentees;
	const char *clauses[2],
		*at = slot >= 0 && look->g->minutes ? arena_print(look->scratch, " who are free on %s", when(look, slot)) : "";
	int count = 0;

	lack_mentors = in->rules[RULE_MENTORS].least - mentors;
	lack_mentors = lack_mentors > 0 ? lack_mentors : 0;
	mentors = mentors < in->rules[RULE_MENTORS].most ? mentors : in->rules[RULE_MENTORS].most;
	lack_mentees = in->size_least - mentors - lack_mentors - mentees;
	if (lack_mentees < 1 && mentees == 0)
		lack_mentees = 1;
	clauses[0] = number_of(look, lack_mentors, "mentor");
	count += clauses[0] != NULL;
	clauses[count] = number_of(look, lack_mentees, "mentee");
	count += clauses[count] != NULL;
	if (count == 0)
		return "It would help: people who suit this one better.";
	return arena_print(look->arena, "It would help: %s%s; that would be one more group.",
		match_join_words(look->scratch, clauses, count, " and "), at);
}

static const char *help_text(const struct look *look, int32_t person)
{
	int32_t best = -1, least = 0;

	if (!look->g->has_time[person])
		return arena_print(
			look->arena, "It would help: a time of the week, of %d minutes or more, in the profile.", look->g->minutes);
	for (int32_t i = 0; i < look->circles->group_count; i++) {
		struct hindrances h = hindrances_of(look, &look->circles->groups[i], person);

		if (mends_of(&h) > 0 && (best < 0 || effort_of(&h) < least)) {
			best = i;
			least = effort_of(&h);
		}
	}
	return best >= 0 ? join_text(look, best, person) : new_group_text(look, person);
}

/* --- all of them --------------------------------------------------------------------------------------- */

static void add_barred(const struct someone *side, int32_t count, bool mentors, struct match_unplaced *list, size_t *at)
{
	for (int32_t i = 0; i < count; i++)
		if (side[i].from->places > 0 && is_barred(side[i].from))
			list[(*at)++] = (struct match_unplaced){ .participant = side[i].from->id,
				.is_mentor = mentors,
				.stopped = "A minor without consent.",
				.help = "It would help: the consent that this minor needs." };
}

static int by_side(const void *a, const void *b)
{
	const struct match_unplaced *x = a, *y = b;

	return x->is_mentor != y->is_mentor ? x->is_mentor - y->is_mentor : compare_int64(x->participant, y->participant);
}

static void find_apart(const struct gathered *g, int32_t person, int16_t *apart)
{
	for (int64_t i = 0; i < g->circles.pair_count; i++) {
		const struct match_circle_pair *pair = &g->circles.pairs[i];

		if (pair->score == MATCH_CIRCLE_APART && (pair->one == person || pair->other == person))
			apart[pair->one == person ? pair->other : pair->one] = 1;
	}
}

int match_explain_left(
	const struct gathered *g, const struct match_circles *circles, struct match_result *result, const struct match_watch *watch)
{
	const struct prepared *in = g->scorer->in;
	size_t room = (size_t)in->mentee_count + (size_t)in->mentor_count + 1;
	struct match_unplaced *list = arena_new(result->arena, room * sizeof *list);
	size_t count = 0;

	for (int32_t i = 0; i < circles->left_count; i++) {
		struct arena scratch = { 0 };
		int32_t person = circles->left[i].person;
		int16_t *apart = arena_new(&scratch, ((size_t)g->circles.people + 1) * sizeof *apart);
		struct look look = { g, circles, result->arena, &scratch, apart };

		if (stop_asked(watch))
			return E_CANCELLED;
		tell(watch, (double)i / circles->left_count, "reasons");
		find_apart(g, person, apart);
		list[count++] = (struct match_unplaced){ .participant = member_person(g, person)->from->id,
			.is_mentor = g->members[person].is_mentor,
			.stopped = stopped_text(&look, person),
			.help = help_text(&look, person) };
		arena_free(&scratch);
	}
	add_barred(in->mentees, in->mentee_count, false, list, &count);
	add_barred(in->mentors, in->mentor_count, true, list, &count);
	qsort(list, count, sizeof *list, by_side);
	result->unplaced = list;
	result->unplaced_count = count;
	return 0;
}
