/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mentees and mentors of an instance file: pairs become the graph of the
 * solver, pairs or lists become the choices of stable matchings.
 */
#include <stdlib.h>
#include <string.h>

#include "match/instance_inside.h"

/* A word of the form KEY=NUMBER. 1: it is this one. */
static int option(struct reader *r, const struct line *line, struct word word, const char *key, int32_t most, int32_t *ret)
{
	size_t length = strlen(key);
	int e;

	if (word.length <= length || strncmp(word.at, key, length) || word.at[length] != '=')
		return 0;
	word.at += length + 1;
	word.length -= length + 1;
	e = read_number(r, line, word, key, 0, most, ret);
	return e < 0 ? e : 1;
}

static int unknown(struct reader *r, const struct line *line, struct word word, const char *may)
{
	return wrong_at(
		r, line->number, "'%.*s' is not known here; there may be %s.", word.length < 40 ? (int)word.length : 40, word.at, may);
}

int read_mentee(struct reader *r, struct line *line)
{
	struct name *name;
	struct word word;
	int e = add_name(r, line, &r->mentees, &name);

	if (e < 0 || !next_word(line, &word))
		return e;
	if (word.length != 6 || strncmp(word.at, "marked", 6))
		return unknown(r, line, word, "'marked'");
	name->flag = true;
	r->has |= MATCH_HAS_MARKED;
	return 0;
}

int read_mentor(struct reader *r, struct line *line)
{
	struct name *name;
	struct word word;
	int e = add_name(r, line, &r->mentors, &name);

	if (e < 0)
		return e;
	if (!next_word(line, &word))
		return wrong_at(r, line->number, "How many places has the mentor '%s'?", name->text);
	e = read_number(r, line, word, "a number of places", 0, MATCH_PLACES_MAX, &name->number);
	if (e < 0 || !next_word(line, &word))
		return e;
	e = option(r, line, word, "least", MATCH_PLACES_MAX, &name->least);
	if (e == 0)
		return unknown(r, line, word, "'least=NUMBER'");
	if (e > 0 && name->least > name->number)
		return wrong_at(r, line->number, "The mentor '%s' has %d places and cannot get at least %d.", name->text, name->number,
			name->least);
	if (name->least > 0)
		r->has |= MATCH_HAS_LEAST;
	return e < 0 ? e : 0;
}

int sides_known(struct reader *r)
{
	size_t mentees, mentors;
	int e = sort_names(r, &r->mentees, "mentee");

	if (e == 0)
		e = sort_names(r, &r->mentors, "mentor");
	if (e < 0)
		return e;
	if (r->mentees.count > MATCH_PEOPLE_MAX || r->mentors.count > MATCH_PEOPLE_MAX)
		return problem_set(r->problem, E_INVALID, NULL, "There are at most %d people a side.", MATCH_PEOPLE_MAX);
	for (size_t i = 0; i < r->mentors.count; i++) {
		struct word word = { r->mentors.list[i].text, strlen(r->mentors.list[i].text) };
		int32_t same = find_name(&r->mentees, word);

		if (same >= 0)
			return wrong_at(r, r->mentors.list[i].line, "The mentor '%s' is a mentee in line %d; names differ over both sides.",
				word.at, r->mentees.list[same].line);
	}
	mentees = r->mentees.count + 1;
	mentors = r->mentors.count + 1;
	r->list_line[0] = arena_new(r->arena, mentees * sizeof(int32_t));
	r->list_line[1] = arena_new(r->arena, mentors * sizeof(int32_t));
	r->locked = arena_new(r->arena, mentees * sizeof *r->locked);
	r->locked_line = arena_new(r->arena, mentees * sizeof *r->locked_line);
	r->kept = arena_new(r->arena, mentees * sizeof *r->kept);
	for (size_t i = 0; i < mentees; i++)
		r->locked[i] = r->kept[i] = -1;
	return 0;
}

static int read_side(struct reader *r, struct line *line, const struct names *names, const char *what, int32_t *ret)
{
	struct word word;

	if (!next_word(line, &word))
		return wrong_at(r, line->number, "The name of a %s is missing.", what);
	*ret = find_name(names, word);
	if (*ret < 0)
		return wrong_at(r, line->number, "There is no %s '%.*s'; bring it in with a line '%s NAME'.", what,
			word.length < 70 ? (int)word.length : 70, word.at, what);
	return 0;
}

static int read_couple(struct reader *r, struct line *line, int32_t *ret_mentee, int32_t *ret_mentor)
{
	int e = read_side(r, line, &r->mentees, "mentee", ret_mentee);

	return e < 0 ? e : read_side(r, line, &r->mentors, "mentor", ret_mentor);
}

int read_pair(struct reader *r, struct line *line)
{
	struct match_pair_line pair = { .line = line->number }, *kept;
	struct word word;
	int e = read_couple(r, line, &pair.mentee, &pair.mentor);

	if (e < 0)
		return e;
	if (!next_word(line, &word))
		return wrong_at(r, line->number, "The score is missing.");
	e = read_number(r, line, word, "a score", 0, MATCH_SCORE_MAX, &pair.score);
	pair.mentee_view = pair.mentor_view = pair.score;
	while (e >= 0 && next_word(line, &word)) {
		e = option(r, line, word, "mentee", MATCH_SCORE_MAX, &pair.mentee_view);
		if (e == 0)
			e = option(r, line, word, "mentor", MATCH_SCORE_MAX, &pair.mentor_view);
		if (e == 0)
			e = unknown(r, line, word, "'mentee=SCORE' and 'mentor=SCORE', how each side likes the pair");
	}
	if (e < 0)
		return e;
	if (r->pairs.count == MATCH_INSTANCE_PAIRS)
		return wrong_at(r, line->number, "There are more than %d pairs.", MATCH_INSTANCE_PAIRS);
	kept = add_item(&r->pairs, sizeof *kept);
	*kept = pair;
	r->has |= MATCH_HAS_PAIRS;
	return 0;
}

/* One word of a list: names that are liked as much, with '=' between them. */
static int read_tie(struct reader *r, const struct line *line, struct word word, bool by_mentee, int32_t owner, int32_t likes)
{
	struct list *entries = by_mentee ? &r->mentee_entries : &r->mentor_entries;

	for (;;) {
		const char *sign = memchr(word.at, '=', word.length);
		struct word one = { word.at, sign ? (size_t)(sign - word.at) : word.length };
		struct match_entry_line *entry;
		int32_t other = find_name(by_mentee ? &r->mentors : &r->mentees, one);

		if (other < 0)
			return wrong_at(r, line->number, "There is no %s '%.*s' to stand in this list.", by_mentee ? "mentor" : "mentee",
				one.length < 70 ? (int)one.length : 70, one.at);
		if (entries->count == MATCH_INSTANCE_PAIRS)
			return wrong_at(r, line->number, "There are more than %d entries in lists.", MATCH_INSTANCE_PAIRS);
		entry = add_item(entries, sizeof *entry);
		*entry = (struct match_entry_line){ by_mentee ? owner : other, by_mentee ? other : owner, likes, line->number };
		if (!sign)
			return 0;
		word.length -= one.length + 1;
		word.at = sign + 1;
	}
}

int read_prefers(struct reader *r, struct line *line)
{
	struct word word;
	int32_t owner, likes = 0;
	bool by_mentee = true;
	int e = 0;

	if (!next_word(line, &word))
		return wrong_at(r, line->number, "Whose list is it?");
	owner = find_name(&r->mentees, word);
	if (owner < 0) {
		by_mentee = false;
		owner = find_name(&r->mentors, word);
	}
	if (owner < 0)
		return wrong_at(
			r, line->number, "There is no mentee and no mentor '%.*s'.", word.length < 70 ? (int)word.length : 70, word.at);
	if (r->list_line[!by_mentee][owner])
		return wrong_at(r, line->number, "The list of '%.*s' stands in line %d already.", word.length < 70 ? (int)word.length : 70,
			word.at, r->list_line[!by_mentee][owner]);
	r->list_line[!by_mentee][owner] = line->number;
	r->has |= MATCH_HAS_LISTS;
	while (e == 0 && next_word(line, &word))
		e = read_tie(r, line, word, by_mentee, owner, --likes);
	return e;
}

int read_lock(struct reader *r, struct line *line)
{
	int32_t mentee = -1, mentor = -1;
	int e = read_couple(r, line, &mentee, &mentor);

	if (e < 0)
		return e;
	if (r->locked[mentee] >= 0)
		return wrong_at(r, line->number, "The mentee '%s' is locked in line %d already.", r->mentees.list[mentee].text,
			r->locked_line[mentee]);
	r->locked[mentee] = mentor;
	r->locked_line[mentee] = line->number;
	r->has |= MATCH_HAS_LOCKS;
	return 0;
}

int read_kept(struct reader *r, struct line *line)
{
	int32_t mentee = -1, mentor = -1;
	int e = read_couple(r, line, &mentee, &mentor);

	if (e < 0)
		return e;
	if (r->kept[mentee] >= 0)
		return wrong_at(
			r, line->number, "The mentee '%s' has another line 'kept'; it had one mentor.", r->mentees.list[mentee].text);
	r->kept[mentee] = mentor;
	r->has |= MATCH_HAS_KEPT;
	return 0;
}

/* --- arrays ------------------------------------------------------------------------------------------------ */

static int by_mentee_and_score(const void *a, const void *b)
{
	const struct match_pair_line *one = a, *other = b;

	if (one->mentee != other->mentee)
		return one->mentee < other->mentee ? -1 : 1;
	if (one->score != other->score)
		return one->score > other->score ? -1 : 1;
	return one->mentor != other->mentor ? (one->mentor < other->mentor ? -1 : 1) : one->line < other->line ? -1 : 1;
}

static int make_graph(struct reader *r, struct match_instance *out)
{
	struct match_pair_line *pairs = r->pairs.items;
	int32_t mentees = out->graph.mentees, *seen = arena_new(r->arena, (r->mentors.count + 1) * sizeof *seen);
	int32_t *seen_line = arena_new(r->arena, (r->mentors.count + 1) * sizeof *seen_line);
	int64_t *start = arena_new(r->arena, ((size_t)mentees + 2) * sizeof *start);
	struct match_edge *edges = arena_new(r->arena, (r->pairs.count + 1) * sizeof *edges);

	if (r->pairs.count > 1)
		qsort(pairs, r->pairs.count, sizeof *pairs, by_mentee_and_score);
	for (size_t i = 0; i < r->pairs.count; i++) {
		const struct match_pair_line *pair = &pairs[i];

		if (seen[pair->mentor] == pair->mentee + 1)
			return wrong_at(r, pair->line > seen_line[pair->mentor] ? pair->line : seen_line[pair->mentor],
				"The pair of '%s' and '%s' stands in line %d already.", r->mentees.list[pair->mentee].text,
				r->mentors.list[pair->mentor].text,
				pair->line < seen_line[pair->mentor] ? pair->line : seen_line[pair->mentor]);
		seen[pair->mentor] = pair->mentee + 1;
		seen_line[pair->mentor] = pair->line;
		edges[i] = (struct match_edge){ pair->mentor, pair->score };
		start[pair->mentee + 1]++;
	}
	for (int32_t i = 0; i < mentees; i++)
		start[i + 1] += start[i];
	out->graph.start = start;
	out->graph.edges = edges;
	return 0;
}

static int by_couple(const void *a, const void *b)
{
	const struct match_entry_line *one = a, *other = b;

	if (one->mentee != other->mentee)
		return one->mentee < other->mentee ? -1 : 1;
	return one->mentor != other->mentor ? (one->mentor < other->mentor ? -1 : 1) : 0;
}

static int sort_entries(struct reader *r, struct list *list, bool by_mentee)
{
	struct match_entry_line *entries = list->items;

	if (list->count > 1)
		qsort(entries, list->count, sizeof *entries, by_couple);
	for (size_t i = 1; i < list->count; i++)
		if (by_couple(&entries[i - 1], &entries[i]) == 0)
			return wrong_at(r, entries[i].line, "'%s' stands in this list twice.",
				by_mentee ? r->mentors.list[entries[i].mentor].text : r->mentees.list[entries[i].mentee].text);
	return 0;
}

/* Those who list each other, and how many are listed in vain. */
static int choices_of_lists(struct reader *r, struct match_choice *list, int64_t *start, int64_t *ret_one_sided)
{
	const struct match_entry_line *one, *other;
	size_t a = 0, b = 0;
	int64_t count = 0;
	int e = sort_entries(r, &r->mentee_entries, true);

	if (e == 0)
		e = sort_entries(r, &r->mentor_entries, false);
	if (e < 0)
		return e;
	one = r->mentee_entries.items;
	other = r->mentor_entries.items;
	while (a < r->mentee_entries.count && b < r->mentor_entries.count) {
		int order = by_couple(&one[a], &other[b]);

		if (order == 0) {
			list[count++] = (struct match_choice){ one[a].mentor, one[a].likes, other[b].likes };
			start[one[a].mentee + 1]++;
		}
		a += order <= 0;
		b += order >= 0;
	}
	*ret_one_sided = (int64_t)(r->mentee_entries.count + r->mentor_entries.count) - 2 * count;
	return 0;
}

static bool listed(const struct match_instance *in, int32_t mentee, int32_t mentor, bool in_pairs)
{
	const int64_t *start = in_pairs ? in->graph.start : in->choices.start;

	for (int64_t e = start[mentee]; e < start[mentee + 1]; e++)
		if ((in_pairs ? in->graph.edges[e].mentor : in->choices.list[e].mentor) == mentor)
			return true;
	return false;
}

static int check_locks(struct reader *r, const struct match_instance *in, int32_t *places)
{
	for (int32_t mentee = 0; mentee < in->graph.mentees; mentee++) {
		int32_t mentor = r->locked[mentee];
		bool in_pairs = (r->has & MATCH_HAS_PAIRS) != 0;

		if (mentor < 0)
			continue;
		if (!listed(in, mentee, mentor, in_pairs))
			return wrong_at(r, r->locked_line[mentee], "'%s' and '%s' are locked, and %s.", r->mentees.list[mentee].text,
				r->mentors.list[mentor].text, in_pairs ? "no line 'pair' allows it" : "do not list each other");
		if (places[mentor]-- == 0)
			return wrong_at(r, r->locked_line[mentee], "More mentees are locked to the mentor '%s' than its %d places.",
				r->mentors.list[mentor].text, in->graph.places[mentor]);
	}
	return 0;
}

static int make_choices(struct reader *r, struct match_instance *out)
{
	size_t room = (r->has & MATCH_HAS_LISTS ? r->mentee_entries.count : r->pairs.count) + 1;
	int32_t mentees = out->graph.mentees, *places = arena_new(r->arena, (r->mentors.count + 1) * sizeof *places);
	int64_t *start = arena_new(r->arena, ((size_t)mentees + 2) * sizeof *start), at = 0, from = 0;
	struct match_choice *list = arena_new(r->arena, room * sizeof *list);
	const struct match_pair_line *pairs = r->pairs.items;
	int e = r->has & MATCH_HAS_LISTS ? choices_of_lists(r, list, start, &out->one_sided) : 0;

	for (size_t i = 0; !(r->has & MATCH_HAS_LISTS) && i < r->pairs.count; i++) {
		list[i] = (struct match_choice){ pairs[i].mentor, pairs[i].mentee_view, pairs[i].mentor_view };
		start[pairs[i].mentee + 1]++;
	}
	for (int32_t i = 0; i < mentees; i++)
		start[i + 1] += start[i];
	for (size_t i = 0; i < r->mentors.count; i++)
		places[i] = out->graph.places[i];
	out->choices = (struct match_choices){ mentees, out->graph.mentors, start, list, places };
	if (e == 0)
		e = check_locks(r, out, places);
	for (int32_t i = 0; e == 0 && i < mentees; i++) { /* the locked ones have found theirs */
		int64_t last = start[i + 1];

		for (int64_t k = from; r->locked[i] < 0 && k < last; k++)
			list[at++] = list[k];
		start[i + 1] = at;
		from = last;
	}
	return e;
}

int make_sides(struct reader *r, struct match_instance *out)
{
	int32_t *places = arena_new(r->arena, (r->mentors.count + 1) * sizeof *places);
	int32_t *least = arena_new(r->arena, (r->mentors.count + 1) * sizeof *least);
	bool *marked = arena_new(r->arena, r->mentees.count + 1);
	int e;

	for (size_t i = 0; i < r->mentors.count; i++) {
		places[i] = r->mentors.list[i].number;
		least[i] = r->mentors.list[i].least;
	}
	for (size_t i = 0; i < r->mentees.count; i++)
		marked[i] = r->mentees.list[i].flag;
	out->mentees = texts_of(r, &r->mentees);
	out->mentors = texts_of(r, &r->mentors);
	out->graph = (struct match_graph){ .mentees = (int32_t)r->mentees.count,
		.mentors = (int32_t)r->mentors.count,
		.places = places,
		.marked = r->has & MATCH_HAS_MARKED ? marked : NULL,
		.least = r->has & MATCH_HAS_LEAST ? least : NULL,
		.locked = r->has & MATCH_HAS_LOCKS ? r->locked : NULL,
		.kept = r->has & MATCH_HAS_KEPT ? r->kept : NULL };
	e = make_graph(r, out);
	return e < 0 ? e : make_choices(r, out);
}
