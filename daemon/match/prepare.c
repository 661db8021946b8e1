/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the caller's arrays to sorted and indexed ones.
 *
 * People stand by record id, traits become positions in one list of terms, free
 * time becomes disjoint spans, and wishes, objections and earlier pairs become
 * lists by mentee. All that can be wrong with an input is found here, so that
 * the rest of the room trusts it. What is written here is a function of the
 * set of records, never of their order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"

static int wrong(struct problem *problem, const char *field, long long id, const char *what)
{
	return problem_set(problem, E_INVALID, field, "Participant %lld: %s.", id, what);
}

/* --- one person -------------------------------------------------------------------------------------- */

static int check_traits(const struct match_person *who, struct problem *problem)
{
	for (size_t i = 0; i < who->trait_count; i++) {
		const struct match_trait *trait = &who->traits[i];

		if ((unsigned)trait->kind >= MATCH_KINDS)
			return wrong(problem, "traits.kind", who->id, "a trait has an unknown kind");
		if (trait->level < 0 || trait->level > 4)
			return wrong(problem, "traits.level", who->id, "a level is not between 0 and 4");
	}
	return 0;
}

static int check_spans(const struct match_input *in, const struct match_person *who, struct problem *problem)
{
	for (size_t i = 0; i < who->span_count; i++) {
		const struct match_span *span = &who->spans[i];

		if (span->week < 0 || span->week >= in->weeks)
			return wrong(problem, "spans.week", who->id, "free time lies in a week that is no reference week");
		if (span->from < 0 || span->from >= span->to || span->to > MATCH_WEEK)
			return wrong(problem, "spans", who->id, "free time must end after it begins, within 0 and 10080 minutes");
	}
	return 0;
}

static int check_person(const struct match_input *in, const struct match_person *who, bool mentor, struct problem *problem)
{
	int r;

	if (who->id <= 0 || who->person <= 0)
		return wrong(problem, "id", who->id, "ids must be positive");
	if (!mentor && (who->places < 0 || who->places > 1))
		return wrong(problem, "places", who->id, "a mentee takes one place, or none when places is 0");
	if (who->places < 0 || who->places > MATCH_PLACES_MAX)
		return wrong(problem, "places", who->id, "a mentor has between 0 and 10000 free places");
	if (who->taken < 0 || who->taken > MATCH_PLACES_MAX)
		return wrong(problem, "taken", who->id, "a mentor has between 0 and 10000 mentees already");
	if (who->trait_count > MATCH_TRAITS_MAX || who->span_count > MATCH_SPANS_MAX || who->number_count > MATCH_TRAITS_MAX)
		return wrong(problem, "traits", who->id, "has more than 1000 traits, numbers or times; leave some out");
	if (who->age != MATCH_NONE && (who->age < 0 || who->age > 150))
		return wrong(problem, "age", who->id, "an age is between 0 and 150 years, or not known");
	if (who->year != MATCH_NONE && (who->year < -100 || who->year > 100))
		return wrong(problem, "year", who->id, "a year of study is between -100 and 100, or not known");
	for (size_t i = 0; i < who->number_count; i++)
		if (!isfinite(who->numbers[i].value))
			return wrong(problem, "numbers", who->id, "a number is none");
	r = check_traits(who, problem);
	return r < 0 ? r : check_spans(in, who, problem);
}

static int by_record(const void *a, const void *b)
{
	const struct someone *one = a, *other = b;

	return compare_int64(one->from->id, other->from->id);
}

static const struct match_person nobody = { .age = MATCH_NONE, .year = MATCH_NONE };

static int take_side(const struct match_input *in, bool mentor, struct prepared *p, struct problem *problem)
{
	const struct match_person *people = mentor ? in->mentors : in->mentees;
	size_t count = mentor ? in->mentor_count : in->mentee_count;
	struct someone *side;

	if (count > MATCH_PEOPLE_MAX)
		return problem_set(problem, E_INVALID, mentor ? "mentors" : "mentees",
			"One run takes at most %d people a side; split the program.", MATCH_PEOPLE_MAX);
	side = arena_new(p->arena, (count + 1) * sizeof *side);
	for (size_t i = 0; i < count; i++) {
		int r = check_person(in, &people[i], mentor, problem);

		if (r < 0)
			return r;
		side[i].from = &people[i];
	}
	qsort(side, count, sizeof *side, by_record);
	side[count] = (struct someone){ .from = &nobody, .stated = -1 };
	*(mentor ? &p->mentors : &p->mentees) = side;
	*(mentor ? &p->mentor_count : &p->mentee_count) = (int32_t)count;
	return 0;
}

static int check_unique(const struct prepared *p, struct problem *problem)
{
	int32_t a = 0, b = 0;
	int64_t last = 0;

	while (a < p->mentee_count || b < p->mentor_count) {
		int64_t id;

		if (b == p->mentor_count || (a < p->mentee_count && p->mentees[a].from->id <= p->mentors[b].from->id))
			id = p->mentees[a++].from->id;
		else
			id = p->mentors[b++].from->id;
		if (id == last)
			return wrong(problem, "id", id, "stands in the input twice");
		last = id;
	}
	return 0;
}

/* --- traits ------------------------------------------------------------------------------------------ */

static int by_term(const void *a, const void *b)
{
	const struct term *one = a, *other = b;

	return one->kind != other->kind ? (one->kind > other->kind) - (one->kind < other->kind) : compare_int64(one->name, other->name);
}

static int by_name(const void *a, const void *b)
{
	const struct match_word *one = a, *other = b;
	int r = compare_int64(one->name, other->name);

	return r ? r : strcmp(one->text, other->text);
}

static struct someone *person_at(const struct prepared *p, int32_t i)
{
	return i < p->mentee_count ? &p->mentees[i] : &p->mentors[i - p->mentee_count];
}

static void give_words(struct prepared *p)
{
	const struct match_input *in = p->input;
	struct match_word *words = arena_new(p->arena, (in->word_count + 1) * sizeof *words);
	size_t count = 0;

	for (size_t i = 0; i < in->word_count; i++)
		if (in->words[i].text && in->words[i].text[0])
			words[count++] = in->words[i];
	qsort(words, count, sizeof *words, by_name);
	for (int32_t t = 0; t < p->term_count; t++) {
		size_t low = 0, high = count;

		while (low < high) {
			size_t middle = (low + high) / 2;

			if (words[middle].name < p->terms[t].name)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < count && words[low].name == p->terms[t].name)
			p->terms[t].text = words[low].text;
	}
}

/* In order, each once; how many. */
static size_t sort_terms(struct term *terms, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(terms, count, sizeof *terms, by_term);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || by_term(&terms[kept - 1], &terms[i]) != 0)
			terms[kept++] = terms[i];
	return kept;
}

/* All that people have would be much more than there are different ones: what was gathered is thinned out whenever it has doubled. */
static void collect_terms(struct prepared *p)
{
	struct term *terms = NULL;
	size_t count = 0, room = 0, thin = 4096;

	for (int32_t i = 0; i < p->mentee_count + p->mentor_count; i++) {
		const struct match_person *who = person_at(p, i)->from;

		for (size_t k = 0; k < who->trait_count; k++) {
			terms = heap_grown(terms, count, &room, sizeof *terms);
			terms[count++] = (struct term){ .kind = who->traits[k].kind, .name = who->traits[k].name };
		}
		if (count < thin)
			continue;
		count = sort_terms(terms, count);
		thin = 2 * count > thin ? 2 * count : thin;
	}
	count = sort_terms(terms, count);
	p->terms = arena_new(p->arena, (count + 1) * sizeof *p->terms);
	if (count > 0)
		memcpy(p->terms, terms, count * sizeof *terms);
	p->term_count = (int32_t)count;
	free(terms);
	give_words(p);
}

static int by_owned(const void *a, const void *b)
{
	const struct owned *one = a, *other = b;

	if (one->sought != other->sought)
		return one->sought - other->sought;
	if (one->term != other->term)
		return (one->term > other->term) - (one->term < other->term);
	return (one->level < other->level) - (one->level > other->level);
}

/* Synonyms may name a trait twice: the highest level stays. */
static void own_traits(struct prepared *p, struct someone *who, bool mentor)
{
	struct owned *list = arena_new(p->arena, (who->from->trait_count + 1) * sizeof *list);
	int32_t kept = 0;

	for (size_t i = 0; i < who->from->trait_count; i++) {
		const struct match_trait *trait = &who->from->traits[i];
		struct term key = { .kind = trait->kind, .name = trait->name };
		struct term *term = bsearch(&key, p->terms, (size_t)p->term_count, sizeof key, by_term);

		list[i] = (struct owned){ (int32_t)(term - p->terms), trait->level, trait->sought };
	}
	qsort(list, who->from->trait_count, sizeof *list, by_owned);
	for (size_t i = 0; i < who->from->trait_count; i++) {
		if (kept > 0 && list[kept - 1].term == list[i].term && list[kept - 1].sought == list[i].sought)
			continue;
		list[kept++] = list[i];
		p->terms[list[i].term].offered += mentor && !list[i].sought;
	}
	who->traits = list;
	who->trait_count = kept;
	for (int32_t i = 0; i < kept; i++) {
		unsigned kind = 1u << p->terms[list[i].term].kind;

		who->kinds |= kind;
		who->offers |= list[i].sought ? 0 : kind;
	}
}

static bool stands_before(const struct someone *who, int32_t at)
{
	for (int32_t i = 0; i < at; i++)
		if (who->traits[i].term == who->traits[at].term)
			return true;
	return false;
}

/* Turns the mentors' traits around; `all`: those sought, too, each mentor once. */
static void turn_around(struct prepared *p, bool all, struct holders *out)
{
	int32_t *fill = arena_new(p->arena, ((size_t)p->term_count + 1) * sizeof *fill), count = 0;

	out->start = arena_new(p->arena, ((size_t)p->term_count + 2) * sizeof *out->start);
	for (int round = 0; round < 2; round++) {
		for (int32_t j = 0; j < p->mentor_count; j++)
			for (int32_t k = 0; k < p->mentors[j].trait_count; k++) {
				const struct owned *trait = &p->mentors[j].traits[k];

				if (trait->sought && (!all || stands_before(&p->mentors[j], k)))
					continue;
				if (round)
					out->list[out->start[trait->term] + fill[trait->term]++] = (struct holder){ j, trait->level };
				else
					out->start[trait->term + 1]++;
				count++;
			}
		for (int32_t t = 0; t < p->term_count && !round; t++)
			out->start[t + 1] += out->start[t];
		if (!round)
			out->list = arena_new(p->arena, ((size_t)count + 1) * sizeof *out->list);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct match_number *one = a, *other = b;

	if (one->name != other->name)
		return compare_int64(one->name, other->name);
	return (one->value < other->value) - (one->value > other->value);
}

/* Synonyms may name a number twice, too: the highest stays. */
static void own_numbers(struct prepared *p, struct someone *who)
{
	size_t count = who->from->number_count;
	struct match_number *list = arena_new(p->arena, (count + 1) * sizeof *list);

	if (count > 0)
		memcpy(list, who->from->numbers, count * sizeof *list);
	qsort(list, count, sizeof *list, by_number);
	for (size_t i = 0; i < count; i++)
		if (who->number_count == 0 || list[who->number_count - 1].name != list[i].name)
			list[who->number_count++] = (struct match_number){ list[i].name, list[i].value + 0.0 };
	who->numbers = list;
}

/* --- free time --------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct match_span *one = a, *other = b;

	if (one->week != other->week)
		return (one->week > other->week) - (one->week < other->week);
	if (one->from != other->from)
		return (one->from > other->from) - (one->from < other->from);
	return (one->to > other->to) - (one->to < other->to);
}

static bool same_week(const struct someone *who, int32_t a, int32_t b)
{
	int32_t count = who->span_start[a + 1] - who->span_start[a];

	if (who->span_start[b + 1] - who->span_start[b] != count)
		return false;
	for (int32_t i = 0; i < count; i++) {
		const struct match_span *one = &who->spans[who->span_start[a] + i], *other = &who->spans[who->span_start[b] + i];

		if (one->from != other->from || one->to != other->to)
			return false;
	}
	return true;
}

static void own_spans(struct prepared *p, struct someone *who)
{
	size_t count = who->from->span_count;
	struct match_span *list = arena_new(p->arena, (count + 1) * sizeof *list);
	int32_t kept = 0, at = 0;

	who->stated = -1;
	who->spans = list;
	if (count == 0)
		return;
	memcpy(list, who->from->spans, count * sizeof *list);
	qsort(list, count, sizeof *list, by_time);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && list[kept - 1].week == list[i].week && list[i].from <= list[kept - 1].to) {
			if (list[i].to > list[kept - 1].to)
				list[kept - 1].to = list[i].to;
		} else {
			list[kept++] = list[i];
		}
	}
	for (int32_t week = 0; week < p->weeks; week++) {
		int32_t minutes = 0;

		who->span_start[week] = at;
		for (; at < kept && list[at].week == week; at++)
			minutes += list[at].to - list[at].from;
		if (who->stated < 0 || minutes < who->stated)
			who->stated = minutes;
	}
	who->span_start[p->weeks] = at;
	who->steady = true;
	for (int32_t week = 1; week < p->weeks; week++)
		who->steady = who->steady && same_week(who, 0, week);
}

/* Where all clocks change on the same days there are weeks that nobody can tell from one another. */
static bool weeks_differ(const struct prepared *p, int32_t one, int32_t other)
{
	for (int32_t i = 0; i < p->mentee_count + p->mentor_count; i++)
		if (!same_week(person_at(p, i), one, other))
			return true;
	return false;
}

static void find_different(struct prepared *p)
{
	for (int32_t week = 0; week < p->weeks; week++) {
		bool differs = true;

		for (int32_t k = 0; k < p->different_count && differs; k++)
			differs = weeks_differ(p, p->different[k], week);
		if (differs)
			p->different[p->different_count++] = week;
	}
}

/* --- who stands to whom ------------------------------------------------------------------------------ */

struct known {
	int64_t id;
	int32_t at;
};
struct triple {
	int32_t mentee, mentor, rank;
};
struct triples {
	struct triple *list;
	size_t count;
};

static int by_known(const void *a, const void *b)
{
	return compare_int64(((const struct known *)a)->id, ((const struct known *)b)->id);
}

static int by_triple(const void *a, const void *b)
{
	const struct triple *one = a, *other = b;

	if (one->mentee != other->mentee)
		return (one->mentee > other->mentee) - (one->mentee < other->mentee);
	if (one->mentor != other->mentor)
		return (one->mentor > other->mentor) - (one->mentor < other->mentor);
	return (one->rank > other->rank) - (one->rank < other->rank);
}

static struct known *persons_of(struct prepared *p, const struct someone *side, int32_t count)
{
	struct known *list = arena_new(p->arena, ((size_t)count + 1) * sizeof *list);

	for (int32_t i = 0; i < count; i++)
		list[i] = (struct known){ side[i].from->person, i };
	qsort(list, (size_t)count, sizeof *list, by_known);
	return list;
}

static int32_t find_known(const struct known *list, int32_t count, int64_t id)
{
	struct known key = { .id = id };
	const struct known *found = bsearch(&key, list, (size_t)count, sizeof key, by_known);

	return found ? found->at : -1;
}

/* Position of a participant on its side, or -1. */
int32_t match_find(const struct someone *side, int32_t count, int64_t id)
{
	struct match_person person = { .id = id };
	struct someone key = { .from = &person };
	const struct someone *found = bsearch(&key, side, (size_t)count, sizeof key, by_record);

	return found ? (int32_t)(found - side) : -1;
}

static void relate(struct prepared *p, struct triples *triples, struct relations *out)
{
	int32_t kept = 0;

	qsort(triples->list, triples->count, sizeof *triples->list, by_triple);
	out->start = arena_new(p->arena, ((size_t)p->mentee_count + 2) * sizeof *out->start);
	out->list = arena_new(p->arena, (triples->count + 1) * sizeof *out->list);
	for (size_t i = 0; i < triples->count; i++) {
		const struct triple *t = &triples->list[i];

		if (i > 0 && t[-1].mentee == t->mentee && t[-1].mentor == t->mentor)
			continue;
		out->list[kept++] = (struct relation){ t->mentor, t->rank };
		out->start[t->mentee + 1]++;
	}
	for (int32_t i = 0; i <= p->mentee_count; i++)
		out->start[i + 1] += out->start[i];
}

static int take_wishes(struct prepared *p, struct problem *problem)
{
	const struct match_input *in = p->input;
	struct triples mentee = { arena_new(p->arena, (in->wish_count + 1) * sizeof(struct triple)), 0 };
	struct triples mentor = { arena_new(p->arena, (in->wish_count + 1) * sizeof(struct triple)), 0 };

	for (size_t i = 0; i < in->wish_count; i++) {
		const struct match_wish *wish = &in->wishes[i];
		int32_t from = match_find(p->mentees, p->mentee_count, wish->from);
		int32_t to = match_find(p->mentors, p->mentor_count, wish->to);

		if (wish->rank < 1)
			return wrong(problem, "wishes.rank", wish->from, "the rank of a wish starts at 1");
		if (from >= 0 && to >= 0)
			mentee.list[mentee.count++] = (struct triple){ from, to, wish->rank };
		from = match_find(p->mentors, p->mentor_count, wish->from);
		to = match_find(p->mentees, p->mentee_count, wish->to);
		if (from >= 0 && to >= 0)
			mentor.list[mentor.count++] = (struct triple){ to, from, wish->rank };
	}
	relate(p, &mentee, &p->mentee_wishes);
	relate(p, &mentor, &p->mentor_wishes);
	return 0;
}

static void take_couples(struct prepared *p, const struct match_couple *couples, size_t count, const struct known *mentees,
	const struct known *mentors, struct relations *out)
{
	struct triples triples = { arena_new(p->arena, (2 * count + 1) * sizeof(struct triple)), 0 };

	for (size_t i = 0; i < 2 * count; i++) {
		int64_t one = i % 2 ? couples[i / 2].other : couples[i / 2].one;
		int64_t other = i % 2 ? couples[i / 2].one : couples[i / 2].other;
		int32_t mentee = find_known(mentees, p->mentee_count, one);
		int32_t mentor = find_known(mentors, p->mentor_count, other);

		if (mentee >= 0 && mentor >= 0)
			triples.list[triples.count++] = (struct triple){ mentee, mentor, 1 };
	}
	relate(p, &triples, out);
}

/* Who stands on both sides. */
static void take_selves(struct prepared *p, const struct known *mentors)
{
	struct triples triples = { arena_new(p->arena, ((size_t)p->mentee_count + 1) * sizeof(struct triple)), 0 };

	for (int32_t i = 0; i < p->mentee_count; i++) {
		int32_t mentor = find_known(mentors, p->mentor_count, p->mentees[i].from->person);

		if (mentor >= 0)
			triples.list[triples.count++] = (struct triple){ i, mentor, 1 };
	}
	relate(p, &triples, &p->selves);
}

static int check_persons(const struct known *list, int32_t count, struct problem *problem)
{
	for (int32_t i = 1; i < count; i++)
		if (list[i - 1].id == list[i].id)
			return problem_set(problem, E_INVALID, "person", "Person %lld stands on one side twice; leave one participant out.",
				(long long)list[i].id);
	return 0;
}

static int relate_persons(struct prepared *p, struct problem *problem)
{
	const struct match_input *in = p->input;
	struct known *mentees = persons_of(p, p->mentees, p->mentee_count);
	struct known *mentors = persons_of(p, p->mentors, p->mentor_count);
	int r = check_persons(mentees, p->mentee_count, problem);

	if (r == 0)
		r = check_persons(mentors, p->mentor_count, problem);
	if (r < 0)
		return r;
	take_couples(p, in->objections, in->objection_count, mentees, mentors, &p->objections);
	take_couples(p, in->earlier, in->earlier_count, mentees, mentors, &p->earlier);
	take_selves(p, mentors);
	return 0;
}

/* --- locked pairs ------------------------------------------------------------------------------------ */

static bool related(const struct relations *relations, int32_t mentee, int32_t mentor)
{
	for (int32_t i = relations->start[mentee]; i < relations->start[mentee + 1]; i++)
		if (relations->list[i].mentor == mentor)
			return true;
	return false;
}

/* A lock outweighs the recipe, not what nobody may waive. Its refusal does not tell an objection from a consent that is missing. */
static bool never_allowed(const struct prepared *p, int32_t mentee, int32_t mentor)
{
	const struct match_person *a = p->mentees[mentee].from, *b = p->mentors[mentor].from;

	return related(&p->objections, mentee, mentor) || a->person == b->person || (a->minor && !a->consent) || (b->minor && !b->consent);
}

static int take_lock(struct prepared *p, const struct match_lock *lock, struct problem *problem)
{
	int32_t mentee = match_find(p->mentees, p->mentee_count, lock->mentee);
	int32_t mentor = match_find(p->mentors, p->mentor_count, lock->mentor);
	long long a = lock->mentee, b = lock->mentor;

	if (mentee < 0 || mentor < 0)
		return problem_set(problem, E_INVALID, "locks",
			"The locked pair of mentee %lld and mentor %lld is not among the people of this run; unlock it.", a, b);
	if (p->locked[mentee] == mentor)
		return 0;
	if (p->locked[mentee] >= 0 || p->mentees[mentee].from->places == 0)
		return problem_set(problem, E_INVALID, "locks",
			"Mentee %lld has no free place for a locked pair with mentor %lld; unlock one of its pairs.", a, b);
	if (p->left[mentor] == 0)
		return problem_set(
			problem, E_INVALID, "locks", "Mentor %lld has fewer places than locked pairs; unlock one or add a place.", b);
	if (never_allowed(p, mentee, mentor))
		return problem_set(problem, E_INVALID, "locks",
			"Mentee %lld and mentor %lld cannot be locked: a consent is missing, or they may not be a pair; take the lock out.",
			a, b);
	p->locked[mentee] = mentor;
	p->left[mentor]--;
	return 0;
}

static int by_lock(const void *a, const void *b)
{
	const struct match_lock *one = a, *other = b;
	int r = compare_int64(one->mentee, other->mentee);

	return r ? r : compare_int64(one->mentor, other->mentor);
}

static int take_locks(struct prepared *p, struct problem *problem)
{
	size_t count = p->input->lock_count;
	struct match_lock *locks = arena_new(p->arena, (count + 1) * sizeof *locks);

	if (count > 0)
		memcpy(locks, p->input->locks, count * sizeof *locks);
	qsort(locks, count, sizeof *locks, by_lock);
	p->locked = arena_new(p->arena, ((size_t)p->mentee_count + 1) * sizeof *p->locked);
	p->left = arena_new(p->arena, ((size_t)p->mentor_count + 1) * sizeof *p->left);
	for (int32_t i = 0; i < p->mentee_count; i++)
		p->locked[i] = -1;
	for (int32_t i = 0; i < p->mentor_count; i++)
		p->left[i] = p->mentors[i].from->places;
	for (size_t i = 0; i < count; i++) {
		int r = take_lock(p, &locks[i], problem);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Whom it is about must be here; whether they may still be a pair, the scores say. The first counts of two for one mentee. */
static void take_kept(struct prepared *p)
{
	const struct match_input *in = p->input;

	if (!in->kept_count || in->algorithm != MATCH_OPTIMAL)
		return;
	p->kept = arena_new(p->arena, ((size_t)p->mentee_count + 1) * sizeof *p->kept);
	for (int32_t i = 0; i < p->mentee_count; i++)
		p->kept[i] = -1;
	for (size_t i = 0; i < in->kept_count; i++) {
		int32_t mentee = match_find(p->mentees, p->mentee_count, in->kept[i].mentee);
		int32_t mentor = match_find(p->mentors, p->mentor_count, in->kept[i].mentor);

		if (mentee >= 0 && mentor >= 0 && (p->kept[mentee] < 0 || mentor < p->kept[mentee]))
			p->kept[mentee] = mentor;
	}
}

/* --- the whole --------------------------------------------------------------------------------------- */

static int take_people(struct prepared *p, struct problem *problem)
{
	int r = take_side(p->input, false, p, problem);

	if (r == 0)
		r = take_side(p->input, true, p, problem);
	if (r == 0)
		r = check_unique(p, problem);
	if (r < 0)
		return r;
	collect_terms(p);
	for (int32_t i = 0; i < p->mentee_count + p->mentor_count; i++) {
		own_traits(p, person_at(p, i), i >= p->mentee_count);
		own_numbers(p, person_at(p, i));
		own_spans(p, person_at(p, i));
	}
	find_different(p);
	return 0;
}

void match_scratch_make(struct prepared *p, struct arena *arena)
{
	p->term_weight = arena_new(arena, ((size_t)p->term_count + 1) * sizeof *p->term_weight);
	p->term_level = arena_new(arena, ((size_t)p->term_count + 1) * sizeof *p->term_level);
	p->mentor_rank = arena_new(arena, ((size_t)p->mentor_count + 1) * sizeof *p->mentor_rank);
	p->mentor_sum = arena_new(arena, ((size_t)p->mentor_count + 1) * sizeof *p->mentor_sum);
	p->mentor_count_of = arena_new(arena, ((size_t)p->mentor_count + 1) * sizeof *p->mentor_count_of);
	p->common_time = arena_new(arena, ((size_t)p->mentor_count + 1) * sizeof *p->common_time);
	p->common_with = arena_new(arena, ((size_t)p->mentor_count + 1) * sizeof *p->common_with);
}

int match_prepare(const struct match_input *in, struct arena *arena, struct prepared *p, struct problem *problem)
{
	int r;

	*p = (struct prepared){ .arena = arena, .input = in, .weeks = in->weeks };
	if (in->weeks < 0 || in->weeks > MATCH_WEEKS_MAX)
		return problem_set(problem, E_INVALID, "weeks", "There are 0 to %d reference weeks.", MATCH_WEEKS_MAX);
	if (in->all_pairs < 0)
		return problem_set(problem, E_INVALID, "all_pairs", "A number of pairs is not negative.");
	r = take_people(p, problem);
	if (r == 0)
		r = take_wishes(p, problem);
	if (r == 0)
		r = relate_persons(p, problem);
	if (r == 0)
		r = take_locks(p, problem);
	if (r < 0)
		return r;
	take_kept(p);
	match_scratch_make(p, arena);
	turn_around(p, false, &p->offered);
	turn_around(p, true, &p->having);
	return 0;
}
