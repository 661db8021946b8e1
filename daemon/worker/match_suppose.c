/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run supposes, put into its input: more places, mentors that there are not, pairs that stay, mentees that come first.
 *
 * A supposed mentor gets a number above all others, so it comes last, and of it nothing is known but what was said.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/what_if.h"
#include "match_input.h"

enum {
	WORDS_MOST = 50 /* that one supposed mentor has */
};

/* People stand by their numbers. */
static struct match_person *one_of(const struct match_person *people, size_t count, int64_t id)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (people[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && people[low].id == id ? (struct match_person *)(uintptr_t)&people[low] : NULL;
}

int supposed_mentor(const struct gathering *g, int64_t id)
{
	for (size_t i = 0; i < g->supposed; i++)
		if (g->input.mentors[g->input.mentor_count - g->supposed + i].id == id)
			return (int)i + 1;
	return 0;
}

static int not_here(struct problem *problem, int64_t id)
{
	return problem_set(problem, E_INVALID, "changes",
		"participant %lld is not matched now (not ready, or with somebody already), so nothing can be supposed of it",
		(long long)id);
}

/* ---- a mentor that there is not ---- */

static bool reads_as(const char *one, const char *other)
{
	struct buffer a = { 0 }, b = { 0 };
	bool alike;

	text_fold(&a, one, strlen(one));
	text_fold(&b, other, strlen(other));
	alike = !strcmp(buffer_string(&a), buffer_string(&b));
	buffer_free(&a);
	buffer_free(&b);
	return alike;
}

/* The number of a word; a new one if nobody has it. */
static int64_t name_of(struct gathering *g, const char *text)
{
	struct match_input *in = &g->input;
	struct match_word *words;

	for (size_t i = 0; i < in->word_count; i++)
		if (reads_as(in->words[i].text, text))
			return in->words[i].name;
	words = arena_new(&g->arena, (in->word_count + 1) * sizeof *words);
	if (in->word_count)
		memcpy(words, in->words, in->word_count * sizeof *words);
	words[in->word_count] = (struct match_word){ (int64_t)in->word_count + 1, arena_copy(&g->arena, text) };
	in->words = words;
	return words[in->word_count++].name;
}

static char *bare(char *text)
{
	size_t length;

	text += strspn(text, " ");
	for (length = strlen(text); length > 0 && text[length - 1] == ' '; length--)
		;
	text[length] = 0;
	return text;
}

/* "Python", "language: German": a skill, or a trait of the kind that stands before it. */
static int read_trait(struct gathering *g, char *text, struct match_trait *out, struct problem *problem)
{
	static const struct {
		const char *word;
		enum match_kind kind;
	} kinds[] = { { "skill", MATCH_SKILL }, { "interest", MATCH_INTEREST }, { "language", MATCH_LANGUAGE }, { "site", MATCH_SITE },
		{ "field of study", MATCH_FIELD }, { "department", MATCH_DEPARTMENT }, { "value", MATCH_VALUE }, { "free", MATCH_FREE } };
	char *colon = strchr(text, ':');

	*out = (struct match_trait){ .kind = MATCH_SKILL };
	if (colon) {
		size_t i = 0;

		*colon = 0;
		while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].word, bare(text)))
			i++;
		if (i == sizeof kinds / sizeof *kinds)
			return problem_set(problem, E_INVALID, "changes",
				"a supposed mentor has no '%.40s'; there are skill, interest, language, site, field of study, department, value, free",
				bare(text));
		out->kind = kinds[i].kind;
		text = colon + 1;
	}
	out->name = name_of(g, bare(text));
	return 0;
}

/* With `like` all that this mentor has, and more words. */
static int suppose_mentor(struct gathering *g, const struct what_if *w, struct match_person *out, struct problem *problem)
{
	const struct match_person *like;
	struct match_trait *traits;
	const char *rest;
	char *text, *save = NULL;
	size_t count = 0, had;
	int64_t other;
	int r = what_if_like(w, &other, &rest);

	like = one_of(g->input.mentors, g->input.mentor_count, other);
	if (r || (other && !like))
		return not_here(problem, other);
	had = like ? like->trait_count : 0;
	traits = arena_new(&g->arena, (had + WORDS_MOST) * sizeof *traits);
	if (had)
		memcpy(traits, like->traits, had * sizeof *traits);
	text = arena_copy(&g->arena, rest);

	for (char *word = strtok_r(text, ",", &save); word && !r; word = strtok_r(NULL, ",", &save)) {
		if (!*bare(word))
			continue;
		if (count == WORDS_MOST)
			return problem_set(problem, E_INVALID, "changes", "a supposed mentor has at most %d words", WORDS_MOST);
		r = read_trait(g, bare(word), &traits[had + count++], problem);
	}
	if (like) {
		int64_t id = out->id, person = out->person;

		*out = *like; /* an objection is of a person, so it is none of this one's */
		out->id = id;
		out->person = person;
		out->taken = 0;
	} else {
		out->age = out->year = MATCH_NONE;
	}
	out->places = (int32_t)w->other;
	out->traits = traits;
	out->trait_count = had + count;
	return r;
}

/* ---- all of it ---- */

static void above_all(const struct match_input *in, int64_t *ret_id, int64_t *ret_person)
{
	const struct match_person *const sides[] = { in->mentees, in->mentors };
	const size_t counts[] = { in->mentee_count, in->mentor_count };

	*ret_id = *ret_person = 0;
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < counts[s]; i++) {
			*ret_id = sides[s][i].id > *ret_id ? sides[s][i].id : *ret_id;
			*ret_person = sides[s][i].person > *ret_person ? sides[s][i].person : *ret_person;
		}
}

static int suppose_mentors(struct gathering *g, const struct what_if *list, size_t count, struct problem *problem)
{
	struct match_person *mentors = arena_new(&g->arena, (g->input.mentor_count + count + 1) * sizeof *mentors);
	int64_t id, person;
	int r = 0;

	above_all(&g->input, &id, &person);
	if (g->input.mentor_count)
		memcpy(mentors, g->input.mentors, g->input.mentor_count * sizeof *mentors);
	g->input.mentors = mentors;
	for (size_t i = 0; i < count && !r; i++) {
		if (list[i].kind != WHAT_MENTOR)
			continue;
		mentors[g->input.mentor_count].id = ++id;
		mentors[g->input.mentor_count].person = ++person;
		r = suppose_mentor(g, &list[i], &mentors[g->input.mentor_count++], problem);
		g->supposed++;
	}
	return r;
}

int gather_changes(struct gathering *g, const char *changes, struct problem *problem)
{
	struct match_lock *locks;
	struct match_person *who;
	struct what_if *list;
	size_t count;
	int r = what_if_read(&g->arena, changes, &list, &count, problem);

	if (r)
		return r;
	locks = arena_new(&g->arena, (count + 1) * sizeof *locks);
	g->input.locks = locks;
	for (size_t i = 0; i < count; i++) {
		const struct what_if *w = &list[i];

		if (w->kind == WHAT_PLACES) {
			who = one_of(g->input.mentors, g->input.mentor_count, w->one);
			if (!who)
				return not_here(problem, w->one);
			who->places = (int32_t)w->other;
		} else if (w->kind == WHAT_MARK) {
			who = one_of(g->input.mentees, g->input.mentee_count, w->one);
			if (!who)
				return not_here(problem, w->one);
			who->marked = true;
		} else if (w->kind == WHAT_KEEP) {
			for (size_t k = 0; k < g->placed_count; k++) {
				who = one_of(g->input.mentees, g->input.mentee_count, g->placed[k].mentee);
				if (who)
					who->marked = true;
			}
		} else if (w->kind == WHAT_KEEP_PAIRS) {
			if (g->input.algorithm != MATCH_OPTIMAL)
				return problem_set(problem, E_INVALID, "changes",
					"'keep pairs' goes with the algorithm optimal only; lock pairs instead");
			g->input.kept = g->placed;
			g->input.kept_count = g->placed_count;
		} else if (w->kind == WHAT_LOCK) {
			locks[g->input.lock_count++] = (struct match_lock){ w->one, w->other };
		}
	}
	return suppose_mentors(g, list, count, problem);
}
