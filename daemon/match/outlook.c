/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many more mentors would place everybody, and what they must offer.
 *
 * One mentor after the other is thought up for who is still waiting: with all that the first of them needs (what rules ask to be
 * alike, the skills sought), and then with the skills of those who fit in beside. Whoever would take the most of several tries is kept.
 * The list is no promise: a run with these mentors added says whether it does what it says, and how many mentors
 * cannot be too many is a division.
 */
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"

enum {
	TRIES = 8,
	MANY = 500, /* who wait; then the first try is taken */
	SKILLS = 12 /* that one mentor offers */
};

struct waiting {
	const struct match_person *who;
	bool served;
};

struct outlooking {
	const struct match_input *in;
	const struct match_watch *watch;
	struct arena *scratch;
	struct match_outlook *out;
	struct waiting *waiting;
	size_t count, left;
	struct match_person *found; /* mentors thought up */
	unsigned alike;             /* kinds that rules want alike */
	int32_t places;
};

#define KIND(kind) (1u << (kind))
static const unsigned skills = KIND(MATCH_SKILL) | KIND(MATCH_INTEREST) | KIND(MATCH_VALUE) | KIND(MATCH_FREE);

static unsigned kinds_alike(const struct match_recipe *recipe)
{
	static const struct {
		const char *criterion;
		unsigned kinds;
	} rows[] = { { "language", KIND(MATCH_LANGUAGE) }, { "site", KIND(MATCH_SITE) }, { "field", KIND(MATCH_FIELD) } };
	unsigned kinds = 0;

	for (size_t i = 0; i < recipe->line_count; i++) {
		const struct match_line *line = &recipe->lines[i];

		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			if (line->hard && !strcmp(rows[k].criterion, line->criterion))
				kinds |= rows[k].kinds;
		if (line->hard && !strncmp(line->criterion, "same:", 5) && match_subject(line->criterion + 5))
			kinds |= match_subject(line->criterion + 5)->kinds;
	}
	return kinds;
}

static bool has(const struct match_trait *traits, size_t count, const struct match_trait *one)
{
	for (size_t i = 0; i < count; i++)
		if (traits[i].kind == one->kind && traits[i].name == one->name)
			return true;
	return false;
}

static void give(struct match_trait *traits, size_t *count, const struct match_trait *one)
{
	if (has(traits, *count, one) || *count >= MATCH_TRAITS_MAX)
		return;
	traits[*count] = *one;
	traits[*count].sought = false;
	if (KIND(one->kind) & skills)
		traits[*count].level = one->level ? one->level : 0;
	(*count)++;
}

static size_t skill_count(const struct match_trait *traits, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += (KIND(traits[i].kind) & skills) != 0;
	return found;
}

/* What somebody would need a mentor to have. */
static void give_needs(const struct outlooking *o, const struct match_person *who, struct match_trait *traits, size_t *count)
{
	for (size_t i = 0; i < who->trait_count; i++) {
		const struct match_trait *one = &who->traits[i];

		if (KIND(one->kind) & o->alike)
			give(traits, count, one);
		else if (one->sought && (KIND(one->kind) & skills) && skill_count(traits, *count) < SKILLS)
			give(traits, count, one);
	}
}

/* Whom of those who wait this mentor may have, by the rules. */
static int allowed(const struct outlooking *o, const struct match_person *mentor, bool *ret_allowed, struct problem *problem)
{
	struct arena scratch = { 0 };
	struct match_person *mentees = arena_new(&scratch, (o->count + 1) * sizeof *mentees);
	struct match_input in = { .mentees = mentees,
		.mentors = mentor,
		.mentor_count = 1,
		.weeks = o->in->weeks,
		.words = o->in->words,
		.word_count = o->in->word_count,
		.recipe = o->in->recipe };
	struct prepared prepared;
	struct plan plan;
	struct scorer scorer;
	int32_t score;
	int r;

	for (size_t i = 0; i < o->count; i++)
		mentees[in.mentee_count++] = *o->waiting[i].who;
	r = match_begin(&in, &scratch, &prepared, &plan, problem);
	if (r == 0) {
		match_scorer_make(&scorer, &prepared, &plan, &scratch);
		for (size_t i = 0; i < o->count; i++)
			ret_allowed[i] = !o->waiting[i].served && match_score_all(&scorer, (int32_t)i, &score) > 0;
	}
	arena_free(&scratch);
	return r;
}

/* How many words more than before somebody would make this mentor offer. */
static size_t burden(const struct match_person *who, const struct match_person *mentor)
{
	size_t more = 0;

	for (size_t i = 0; i < who->trait_count; i++)
		more += who->traits[i].sought && (KIND(who->traits[i].kind) & skills) &&
			!has(mentor->traits, mentor->trait_count, &who->traits[i]);
	return more;
}

struct
try {
	struct match_person mentor;
	bool *takes;
	size_t count;
};

/* A mentor for this one who waits, filled up with those who ask for the fewest words more. */
static int try_for(const struct outlooking *o, size_t first, struct try *t, struct problem *problem)
{
	struct match_trait *traits = arena_new(o->scratch, (MATCH_TRAITS_MAX + 1) * sizeof *traits);
	bool *may = arena_new(o->scratch, o->count + 1);
	size_t count = 0;
	int r;

	t->takes = arena_new(o->scratch, o->count + 1);
	t->mentor = (struct match_person){ .id = o->found[o->out->mentor_count].id,
		.person = o->found[o->out->mentor_count].person,
		.places = o->places,
		.age = MATCH_NONE,
		.year = MATCH_NONE };
	give_needs(o, o->waiting[first].who, traits, &count);
	t->mentor.traits = traits;
	t->mentor.trait_count = count;
	r = allowed(o, &t->mentor, may, problem);
	for (size_t at = first; r == 0 && t->count < (size_t)o->places; t->count++) {
		size_t best = o->count;

		t->takes[at] = true;
		may[at] = false;
		give_needs(o, o->waiting[at].who, traits, &count);
		t->mentor.trait_count = count;
		for (size_t i = 0; i < o->count; i++)
			if (may[i] &&
				(best == o->count || burden(o->waiting[i].who, &t->mentor) < burden(o->waiting[best].who, &t->mentor)))
				best = i;
		at = best;
		if (best == o->count) {
			t->count++;
			break;
		}
	}
	return r;
}

static const char *words_of(const struct outlooking *o, const struct match_person *mentor, unsigned kinds)
{
	const char *words[SKILLS], *text = NULL;
	int count = 0;

	for (size_t i = 0; i < mentor->trait_count; i++) {
		if (!(KIND(mentor->traits[i].kind) & kinds) || count == SKILLS)
			continue;
		text = NULL;
		for (size_t w = 0; w < o->in->word_count && !text; w++)
			if (o->in->words[w].name == mentor->traits[i].name)
				text = o->in->words[w].text;
		if (text)
			words[count++] = text;
	}
	return count ? match_join_words(o->scratch, words, count, " and ") : NULL;
}

static const char *described(const struct outlooking *o, const struct match_person *mentor)
{
	static const struct {
		const char *says;
		unsigned kinds;
	} rows[] = { { "offers", KIND(MATCH_SKILL) | KIND(MATCH_INTEREST) | KIND(MATCH_VALUE) | KIND(MATCH_FREE) },
		{ "speaks", KIND(MATCH_LANGUAGE) }, { "is at", KIND(MATCH_SITE) }, { "studies or studied", KIND(MATCH_FIELD) },
		{ "is of", KIND(MATCH_DEPARTMENT) } };
	const char *text = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *words = words_of(o, mentor, rows[i].kinds);

		if (words)
			text = text ? arena_print(o->scratch, "%s; %s %s", text, rows[i].says, words)
				    : arena_print(o->scratch, "%s %s", rows[i].says, words);
	}
	return arena_copy(o->out->arena, text ? text : "nothing in particular");
}

static int find_mentors(struct outlooking *o, struct match_outlook_mentor *list, struct problem *problem)
{
	int r = 0;

	while (o->left > 0 && r == 0) {
		struct try best = { 0 };
		int tries = 0;

		if (stop_asked(o->watch))
			return problem_set(problem, E_CANCELLED, NULL, "The outlook was cancelled.");
		tell(o->watch, 1 - (double)o->left / (double)o->count, "looking");
		for (size_t i = 0; i < o->count && tries < (o->count > MANY ? 1 : TRIES) && r == 0 && best.count < (size_t)o->places; i++) {
			struct try one = { 0 };

			if (o->waiting[i].served)
				continue;
			tries++;
			r = try_for(o, i, &one, problem);
			if (one.count > best.count)
				best = one;
		}
		for (size_t i = 0; i < o->count && r == 0; i++)
			o->waiting[i].served = o->waiting[i].served || best.takes[i];
		o->found[o->out->mentor_count] = best.mentor;
		list[o->out->mentor_count++] = (struct match_outlook_mentor){ (int64_t)best.count, r ? "" : described(o, &best.mentor) };
		o->left -= best.count;
	}
	return r;
}

static bool is_placed(const struct match_result *result, int64_t mentee)
{
	for (size_t i = 0; i < result->pair_count; i++)
		if (result->pairs[i].mentee == mentee)
			return true;
	return false;
}

static int64_t biggest(const struct match_person *people, size_t count, bool person, int64_t most)
{
	for (size_t i = 0; i < count; i++) {
		int64_t id = person ? people[i].person : people[i].id;

		most = id > most ? id : most;
	}
	return most;
}

/* Room for as many mentors as wait, under numbers that nobody has. */
static void make_room(struct outlooking *o)
{
	const struct match_input *in = o->in;
	int64_t id = biggest(in->mentors, in->mentor_count, false, biggest(in->mentees, in->mentee_count, false, 0));
	int64_t person = biggest(in->mentors, in->mentor_count, true, biggest(in->mentees, in->mentee_count, true, 0));

	o->found = arena_new(o->scratch, (o->count + 1) * sizeof *o->found);
	for (size_t i = 0; i < o->count; i++)
		o->found[i] = (struct match_person){ .id = ++id, .person = ++person };
}

/* Those who wait and whom a mentor could help. */
static void take_waiting(struct outlooking *o, const struct match_result *now)
{
	o->waiting = arena_new(o->scratch, (now->unplaced_count + 1) * sizeof *o->waiting);
	for (size_t i = 0; i < now->unplaced_count; i++)
		for (size_t k = 0; k < o->in->mentee_count && !now->unplaced[i].is_mentor; k++) {
			const struct match_person *who = &o->in->mentees[k];

			if (who->id != now->unplaced[i].participant)
				continue;
			o->out->unplaced++;
			if (who->minor && !who->consent)
				o->out->beyond++;
			else
				o->waiting[o->count++].who = who;
		}
	o->left = o->count;
}

/* The run with these mentors added. */
static int prove(struct outlooking *o, const struct match_result *now, struct problem *problem)
{
	struct match_input in = *o->in;
	struct match_person *mentors = arena_new(o->scratch, (in.mentor_count + o->out->mentor_count + 1) * sizeof *mentors);
	struct match_result *then;
	int r;

	if (in.mentor_count)
		memcpy(mentors, in.mentors, in.mentor_count * sizeof *mentors);
	if (o->out->mentor_count)
		memcpy(mentors + in.mentor_count, o->found, o->out->mentor_count * sizeof *mentors);
	in.mentors = mentors;
	in.mentor_count += o->out->mentor_count;
	r = match_run(&in, o->watch, &then, problem);
	if (r < 0)
		return r;
	o->out->proven = then->placed == now->placed + (int64_t)o->count;
	for (size_t i = 0; i < now->pair_count && o->out->proven; i++)
		o->out->proven = is_placed(then, now->pairs[i].mentee);
	match_result_free(then);
	return 0;
}

static int outlook_in(struct outlooking *o, struct problem *problem)
{
	struct match_outlook_mentor *list;
	struct match_result *now;
	int r = match_run(o->in, o->watch, &now, problem);

	if (r < 0)
		return r;
	o->alike = kinds_alike(&o->in->recipe);
	take_waiting(o, now);
	make_room(o);
	o->out->mentors = list = arena_new(o->out->arena, (o->count + 1) * sizeof *list);
	o->out->least = ((int64_t)o->count + o->places - 1) / o->places;
	r = find_mentors(o, list, problem);
	if (r == 0)
		r = prove(o, now, problem);
	match_result_free(now);
	return r;
}

int match_outlook(
	const struct match_input *in, int32_t places, const struct match_watch *watch, struct match_outlook *out, struct problem *problem)
{
	struct arena scratch = { 0 };
	struct outlooking o = { .in = in, .watch = watch, .scratch = &scratch, .out = out, .places = places };
	int r;

	*out = (struct match_outlook){ .arena = calloc(1, sizeof *out->arena) };
	if (!out->arena)
		abort();
	r = outlook_in(&o, problem);
	arena_free(&scratch);
	return r;
}

void match_outlook_free(struct match_outlook *outlook)
{
	if (outlook->arena)
		arena_free(outlook->arena);
	free(outlook->arena);
	outlook->arena = NULL;
}
