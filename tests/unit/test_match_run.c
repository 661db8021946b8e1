/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole runs on small random programs, against trying everything.
 *
 * The score of a pair, and whether it may be, is asked of a run with these two
 * people only (rarity is off, so a pair's score depends on nobody else). From
 * that table come the best result, the cost of forcing a pair, and whether a
 * suggested change really places who was left over.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "match/match.h"

enum {
	SIDE = 7,
	TRAITS = 12,
	SPANS = 8,
	MANY = 40
};

struct world {
	struct match_person mentees[SIDE], mentors[SIDE];
	struct match_trait traits[2 * SIDE][TRAITS];
	struct match_span spans[2 * SIDE][SPANS];
	struct match_number numbers[2 * SIDE];
	struct match_wish wishes[MANY];
	struct match_couple objections[MANY], earlier[MANY];
	struct match_lock locks[SIDE];
	struct match_line lines[16];
	struct match_setting settings[16];
	struct match_input in;
};

static uint64_t state = 7;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

static bool chance(int percent)
{
	return random_below(100) < percent;
}

/* --- a random program ---------------------------------------------------------------------------------- */

static const struct match_word words[] = { { 0, "knitting" }, { 1, "calculus" }, { 2, "German" }, { 3, "North" }, { 4, "Python" },
	{ 5, "chess" } };

static void make_person(struct world *w, int at, struct match_person *who, bool mentor)
{
	*who = (struct match_person){
		.id = 1000 + at * 7 + random_below(7),
		.person = at + 1,
		.age = 20 + random_below(30),
		.year = chance(20) ? MATCH_NONE : random_below(5),
		.minor = chance(10),
		.consent = chance(50),
		.places = mentor ? random_below(3) : !chance(5),
		.marked = !mentor && chance(5),
	};
	who->traits = w->traits[at];
	who->trait_count = (size_t)random_below(TRAITS);
	for (size_t i = 0; i < who->trait_count; i++)
		w->traits[at][i] = (struct match_trait){ (enum match_kind)random_below(MATCH_KINDS), random_below(6), random_below(5),
			chance(mentor ? 20 : 70) };
	w->numbers[at] = (struct match_number){ 5, random_below(9) / 2.0 };
	who->numbers = &w->numbers[at];
	who->number_count = chance(60);
	who->spans = w->spans[at];
	who->span_count = chance(20) ? 0 : SPANS;
	for (int i = 0; i < SPANS; i++) {
		int32_t from = random_below(40) * 15;

		w->spans[at][i] = (struct match_span){ i % 2, from, from + 15 + random_below(8) * 15 };
	}
}

static size_t make_couples(struct match_couple *couples, int mentees, int mentors, int percent)
{
	size_t count = 0;

	for (int i = 0; i < mentees; i++)
		for (int j = 0; j < mentors && count < MANY; j++)
			if (chance(percent))
				couples[count++] = chance(50) ? (struct match_couple){ i + 1, SIDE + j + 1 }
							      : (struct match_couple){ SIDE + j + 1, i + 1 };
	return count;
}

/*
 * Of those that are told what to compare, any; groups as a weight only, for nothing may tell that they would have helped. No skill: to give a
 * mentor one of whom no skill was known makes a rule speak that said nothing before, and it may speak against their other mentees.
 */
static const char *full_name(const struct match_criterion *row, bool hard)
{
	static const char *const names[][5] = { { "same:group", "same:site", "same:field of study", "same:language", "same:site" },
		{ "different:first language", "different:first language", "different:first language", "different:first language",
			"different:first language" },
		{ "number:chess", "number:Chess", "number:chess", "number:calculus", "number:nothing" } };

	for (size_t i = 0; row->about && i < sizeof names / sizeof *names; i++)
		if (strncmp(names[i][0], row->name, strlen(row->name)) == 0)
			return names[i][hard ? 1 + random_below(4) : random_below(5)];
	return row->name;
}

static void make_recipe(struct world *w)
{
	size_t rows, count = 0;
	const struct match_criterion *table = match_criteria(&rows);

	for (size_t i = 0; i < rows && count < 14; i++) {
		if ((table[i].may & MATCH_MAY_HARD) && !(table[i].may & MATCH_OF_GROUPS) && chance(table[i].about ? 10 : 25))
			w->lines[count++] = (struct match_line){ .criterion = full_name(&table[i], true), .hard = true };
		if ((table[i].may & MATCH_MAY_WEIGH) && chance(60))
			w->lines[count++] = (struct match_line){ .criterion = full_name(&table[i], false),
				.weight = 1 + random_below(9) / 3.0 };
		if (count > 0 && strcmp(w->lines[count - 1].criterion, "traits") == 0) {
			w->settings[count - 1] = (struct match_setting){ "rarity", 0 };
			w->lines[count - 1].settings = &w->settings[count - 1];
			w->lines[count - 1].setting_count = 1;
		}
	}
	w->in.recipe = (struct match_recipe){ w->lines, count };
}

static void make(struct world *w)
{
	int mentees = random_below(SIDE) + 1, mentors = random_below(SIDE - 1) + 1;

	memset(w, 0, sizeof *w);
	for (int i = 0; i < mentees; i++)
		make_person(w, i, &w->mentees[i], false);
	for (int j = 0; j < mentors; j++)
		make_person(w, SIDE + j, &w->mentors[j], true);
	if (chance(10))
		w->mentors[0].person = 1;
	w->in = (struct match_input){
		.mentees = w->mentees,
		.mentee_count = (size_t)mentees,
		.mentors = w->mentors,
		.mentor_count = (size_t)mentors,
		.weeks = 2,
		.wishes = w->wishes,
		.objections = w->objections,
		.earlier = w->earlier,
		.locks = w->locks,
		.words = words,
		.word_count = sizeof words / sizeof *words,
		.seed = 5,
	};
	for (; w->in.wish_count < 6; w->in.wish_count++) {
		int64_t a = w->mentees[random_below(mentees)].id, b = w->mentors[random_below(mentors)].id;
		bool back = chance(40);

		w->wishes[w->in.wish_count] = (struct match_wish){ back ? b : a, back ? a : b, 1 + random_below(4) };
	}
	w->in.objection_count = make_couples(w->objections, mentees, mentors, 10);
	w->in.earlier_count = make_couples(w->earlier, mentees, mentors, 10);
	make_recipe(w);
}

/* --- the table of all pairs ----------------------------------------------------------------------------- */

struct table {
	int n, m;
	int score[SIDE][SIDE];
	bool may[SIDE][SIDE], told[SIDE][SIDE]; /* told: but for an objection */
	int left[SIDE], fixed[SIDE];
};

static int pair_alone(const struct world *w, int i, int j, bool locked, bool objections)
{
	struct match_person a = w->mentees[i], b = w->mentors[j];
	struct match_lock lock = { a.id, b.id };
	struct match_input in = w->in;
	struct match_result *result;
	struct problem problem;
	int score = -1;

	a.places = b.places = 1;
	in.mentees = &a;
	in.mentors = &b;
	in.mentee_count = in.mentor_count = 1;
	in.locks = &lock;
	in.lock_count = locked;
	in.objection_count = objections ? in.objection_count : 0;
	in.all_pairs = 0;
	if (match_run(&in, NULL, &result, &problem) < 0)
		return -1;
	if (result->pair_count == 1)
		score = result->pairs[0].score;
	match_result_free(result);
	return score;
}

static bool objected(const struct world *w, int i, int j)
{
	for (size_t k = 0; k < w->in.objection_count; k++) {
		const struct match_couple *c = &w->objections[k];

		if ((c->one == w->mentees[i].person && c->other == w->mentors[j].person) ||
			(c->other == w->mentees[i].person && c->one == w->mentors[j].person))
			return true;
	}
	return w->mentees[i].person == w->mentors[j].person;
}

static void make_table(const struct world *w, struct table *t)
{
	t->n = (int)w->in.mentee_count;
	t->m = (int)w->in.mentor_count;
	for (int j = 0; j < t->m; j++)
		t->left[j] = w->mentors[j].places;
	for (int i = 0; i < t->n; i++) {
		t->fixed[i] = -1;
		for (int j = 0; j < t->m; j++) {
			t->score[i][j] = pair_alone(w, i, j, false, false);
			t->told[i][j] = t->score[i][j] >= 0 && w->mentees[i].places > 0;
			t->may[i][j] = t->told[i][j] && !objected(w, i, j);
		}
	}
}

/* Locks pairs that can be: it fills the world's list and the table. */
static void lock_some(struct world *w, struct table *t)
{
	for (int i = 0; i < t->n; i++) {
		int j = random_below(t->m), score;

		if (w->mentees[i].places == 0 || t->left[j] == 0 || !chance(15))
			continue;
		score = pair_alone(w, i, j, true, true);
		if (score < 0)
			continue;
		w->locks[w->in.lock_count++] = (struct match_lock){ w->mentees[i].id, w->mentors[j].id };
		t->fixed[i] = j;
		t->left[j]--;
		t->score[i][j] = score;
	}
}

/* What a result is worth: rows of numbers, the first that differs decides. */
struct worth {
	int64_t level[MATCH_LEVELS_MAX];
};

static const enum match_algorithm of_pairs[] = { MATCH_OPTIMAL, MATCH_FAIR, MATCH_STABLE, MATCH_STABLE_FOR_MENTORS };

static bool is_stable(const struct world *w)
{
	return w->in.algorithm == MATCH_STABLE || w->in.algorithm == MATCH_STABLE_FOR_MENTORS;
}

static int levels_of(const struct world *w)
{
	return w->in.algorithm == MATCH_FAIR ? MATCH_LEVELS_MAX : 1;
}

static void add_worth(const struct world *w, struct worth *sum, int i, int score)
{
	int last = levels_of(w) - 1, band = score / 50000 < 20 ? score / 50000 : 19;

	sum->level[0] += w->mentees[i].marked ? 2 * MATCH_UNIT : MATCH_UNIT;
	sum->level[last] += score;
	if (last > 0)
		sum->level[band]--;
}

static bool better(const struct world *w, const struct worth *a, const struct worth *b)
{
	for (int k = 0; k < levels_of(w); k++)
		if (a->level[k] != b->level[k])
			return a->level[k] > b->level[k];
	return false;
}

static void best_from(const struct world *w, struct table *t, int i, struct worth *best)
{
	if (i == t->n) {
		memset(best->level, 0, (size_t)levels_of(w) * sizeof *best->level);
		return;
	}
	best_from(w, t, i + 1, best);
	for (int j = 0; t->fixed[i] < 0 && j < t->m; j++) {
		struct worth other;

		if (!t->may[i][j] || t->left[j] == 0)
			continue;
		t->left[j]--;
		best_from(w, t, i + 1, &other);
		t->left[j]++;
		add_worth(w, &other, i, t->score[i][j]);
		if (better(w, &other, best))
			*best = other;
	}
}

static int position(const struct match_person *people, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (people[i].id == id)
			return (int)i;
	fail_msg("unknown id %lld", (long long)id);
	return -1;
}

/* --- checks of a result ----------------------------------------------------------------------------------- */

static void check_parts(const struct match_made *pair)
{
	int sum = 0, most = 0;

	for (size_t k = 0; k < pair->share_count; k++) {
		const struct match_share *share = &pair->shares[k];

		assert_true(share->points >= 0 && share->points <= share->most);
		assert_non_null(share->text);
		assert_null(strchr(share->text, '{'));
		sum += share->points;
		most += share->most;
	}
	assert_int_equal(sum, pair->score);
	assert_true(most == 0 || most == MATCH_SCORE_MAX);
	assert_null(strstr(pair->shared, "wish"));
	assert_null(strchr(pair->shared, '{'));
}

static void check_alternative(const struct world *w, struct table *t, const struct worth *best, const struct match_alternative *a)
{
	int i = position(w->mentees, w->in.mentee_count, a->mentee);
	int j = position(w->mentors, w->in.mentor_count, a->mentor);
	int last = levels_of(w) - 1, band = 0;
	int64_t placed, cost[MATCH_LEVELS_MAX];
	struct worth forced;

	assert_true(t->told[i][j] && t->left[j] > 0 && t->fixed[i] < 0);
	assert_int_equal(a->score, t->score[i][j]);
	assert_true(a->exact);
	t->fixed[i] = j;
	t->left[j]--;
	best_from(w, t, 0, &forced);
	t->fixed[i] = -1;
	t->left[j]++;
	add_worth(w, &forced, i, t->score[i][j]);
	if (!t->may[i][j] && better(w, &forced, best)) /* told as if it were of no use */
		forced = *best;
	assert_false(better(w, &forced, best));
	for (int k = 0; k <= last; k++)
		cost[k] = best->level[k] - forced.level[k];
	placed = last == 0 ? a->cost_placed : (cost[0] + MATCH_UNIT / 2) / MATCH_UNIT;
	assert_int_equal(a->cost_placed, placed);
	cost[0] -= placed * MATCH_UNIT;
	assert_int_equal(a->cost_total, cost[last]);
	while (band < last && cost[band] == 0)
		band++;
	assert_int_equal(a->cost_band, band < last ? cost[band] : 0);
	if (band < last)
		assert_int_equal(a->band, band);
}

static void check_pairs(const struct world *w, struct table *t, const struct match_result *result)
{
	struct worth best, value = { { 0 } };
	int32_t bands[MATCH_BANDS] = { 0 };
	int64_t placed = 0;
	int used[SIDE] = { 0 };

	best_from(w, t, 0, &best);
	for (size_t k = 0; k < result->pair_count; k++) {
		const struct match_made *pair = &result->pairs[k];
		int i = position(w->mentees, w->in.mentee_count, pair->mentee);
		int j = position(w->mentors, w->in.mentor_count, pair->mentor);

		assert_int_equal(pair->score, t->score[i][j]);
		assert_int_equal(pair->locked, t->fixed[i] >= 0);
		used[j]++;
		assert_true(used[j] <= w->mentors[j].places);
		check_parts(pair);
		placed++;
		if (pair->locked)
			assert_int_equal(t->fixed[i], j);
		else
			add_worth(w, &value, i, pair->score);
		bands[pair->score / 50000 < 20 ? pair->score / 50000 : 19]++;
		for (size_t a = 0; a < pair->mentee_alternative_count; a++)
			check_alternative(w, t, &best, &pair->mentee_alternatives[a]);
		for (size_t a = 0; a < pair->mentor_alternative_count; a++)
			check_alternative(w, t, &best, &pair->mentor_alternatives[a]);
	}
	assert_memory_equal(value.level, best.level, (size_t)levels_of(w) * sizeof *value.level);
	assert_memory_equal(result->bands, bands, sizeof bands);
	assert_int_equal(result->placed, placed);
	assert_int_equal(result->bound_placed, placed);
	assert_int_equal(result->bound_total, result->total);
}

/* --- suggestions ------------------------------------------------------------------------------------------ */

/* Free time that nobody else has, for both. */
static void add_time(struct world *w, int at, int mentor, int minutes)
{
	static struct match_span spans[2][SPANS + 2];
	struct match_person *both[2] = { &w->mentees[at], &w->mentors[mentor] };

	for (int k = 0; k < 2; k++) {
		memcpy(spans[k], both[k]->spans, both[k]->span_count * sizeof **spans);
		for (int week = 0; week < 2; week++)
			spans[k][both[k]->span_count + (size_t)week] = (struct match_span){ week, 5000, 5000 + minutes };
		both[k]->spans = spans[k];
		both[k]->span_count += 2;
	}
}

/* Gives both `count` new words of a kind; for skills the mentee seeks what the mentor offers. */
static void add_common(struct world *w, int at, int mentor, enum match_kind kind, int count)
{
	static struct match_trait lists[MATCH_KINDS][2][TRAITS + 20];
	struct match_person *both[2] = { &w->mentees[at], &w->mentors[mentor] };

	for (int k = 0; k < 2; k++) {
		struct match_trait *list = lists[kind][k];

		memcpy(list, both[k]->traits, both[k]->trait_count * sizeof *list);
		for (int i = 0; i < count; i++)
			list[both[k]->trait_count++] = (struct match_trait){ kind, 900 + i, 0, k == 0 };
		both[k]->traits = list;
	}
}

/* Words that nobody else has. */
static void new_words(struct match_person *who, enum match_kind kind)
{
	static struct match_trait lists[MATCH_KINDS][TRAITS + 60];
	struct match_trait *list = lists[kind];

	memcpy(list, who->traits, who->trait_count * sizeof *list);
	for (size_t i = 0; i < who->trait_count; i++)
		if (list[i].kind == kind)
			list[i].name = 777;
	who->traits = list;
}

static enum match_kind kind_named(const char *of)
{
	static const struct {
		const char *name;
		enum match_kind kind;
	} names[] = { { "department", MATCH_DEPARTMENT }, { "site", MATCH_SITE }, { "field of study", MATCH_FIELD },
		{ "language", MATCH_LANGUAGE }, { "first language", MATCH_FIRST_LANGUAGE }, { "skill", MATCH_SKILL },
		{ "interest", MATCH_INTEREST }, { "value", MATCH_VALUE } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, of) == 0)
			return names[i].kind;
	fail_msg("nothing may tell of '%s'", of);
	return MATCH_KINDS;
}

static void level_numbers(struct match_person *mentee, const struct match_person *mentor)
{
	static struct match_number number;

	number = mentor->numbers[0];
	mentee->numbers = &number;
}

static void forget_couple(struct world *w, int64_t one, int64_t other)
{
	for (size_t i = 0; i < w->in.earlier_count; i++)
		if ((w->earlier[i].one == one && w->earlier[i].other == other) ||
			(w->earlier[i].one == other && w->earlier[i].other == one))
			w->earlier[i].one = w->earlier[i].other = 99999;
	w->in.earlier = w->earlier;
}

static void apply_rule(struct world *w, int at, int mentor, const struct match_help *help)
{
	const char *name = help->criterion->name;
	int amount = isnan(help->amount) ? 1 : (int)help->amount;

	if (strcmp(name, "availability") == 0)
		add_time(w, at, mentor, amount);
	else if (strcmp(name, "language") == 0)
		add_common(w, at, mentor, MATCH_LANGUAGE, amount);
	else if (strcmp(name, "traits") == 0)
		add_common(w, at, mentor, MATCH_SKILL, amount);
	else if (strcmp(name, "site") == 0)
		add_common(w, at, mentor, MATCH_SITE, 1);
	else if (strcmp(name, "field") == 0)
		add_common(w, at, mentor, MATCH_FIELD, 1);
	else if (strcmp(name, "department") == 0)
		new_words(&w->mentees[at], MATCH_DEPARTMENT);
	else if (strcmp(name, "same") == 0)
		add_common(w, at, mentor, kind_named(help->of), 1);
	else if (strcmp(name, "different") == 0)
		new_words(&w->mentees[at], kind_named(help->of));
	else if (strcmp(name, "number") == 0)
		level_numbers(&w->mentees[at], &w->mentors[mentor]);
	else if (strcmp(name, "earlier") == 0)
		forget_couple(w, w->mentees[at].person, w->mentors[mentor].person);
	else if (strcmp(name, "year") == 0)
		w->mentees[at].year = w->mentors[mentor].year - 1;
	else if (strcmp(name, "age") == 0)
		w->mentees[at].age = w->mentors[mentor].age;
	else
		fail_msg("the test cannot apply a change of '%s'", name);
}

static void apply(struct world *w, int at, const struct match_help *help)
{
	int mentor = help->mentor ? position(w->mentors, w->in.mentor_count, help->mentor) : -1;

	if (help->change == MATCH_CHANGE_PLACE)
		w->mentors[mentor].places++;
	else if (help->change == MATCH_CHANGE_CONSENT)
		(mentor < 0 ? &w->mentees[at] : &w->mentors[mentor])->consent = true;
	else
		apply_rule(w, at, mentor, help);
}

/* Of those without a place only this one is marked. */
static void mark_of_waiting(struct world *w, const struct match_result *all, int at)
{
	for (size_t k = 0; k < all->unplaced_count; k++)
		if (!all->unplaced[k].is_mentor)
			w->mentees[position(w->mentees, w->in.mentee_count, all->unplaced[k].participant)].marked = false;
	w->mentees[at].marked = true;
}

static bool has_mentee(const struct match_result *result, int64_t mentee)
{
	for (size_t k = 0; k < result->pair_count; k++)
		if (result->pairs[k].mentee == mentee)
			return true;
	return false;
}

static void check_help(const struct world *was, const struct match_unplaced *left, const struct match_result *all)
{
	struct world *w = malloc(sizeof *w);
	struct match_result *result;
	struct problem problem;
	int at;

	*w = *was;
	w->in.mentees = w->mentees;
	w->in.mentors = w->mentors;
	at = position(w->mentees, w->in.mentee_count, left->participant);
	if (left->help_count == 0 && is_stable(w)) { /* nothing that was tried would do it */
		free(w);
		return;
	}
	if (left->help_count == 0) {
		for (size_t j = 0; j < w->in.mentor_count; j++)
			assert_true(objected(w, at, (int)j));
		free(w);
		return;
	}
	for (size_t k = 0; k < left->help_count; k++)
		apply(w, at, &left->helps[k]);
	if (left->mark)
		mark_of_waiting(w, all, at);
	for (size_t k = 0; k < all->pair_count; k++) /* 'keep placed' */
		w->mentees[position(w->mentees, w->in.mentee_count, all->pairs[k].mentee)].marked = true;
	assert_int_equal(match_run(&w->in, NULL, &result, &problem), 0);
	if (!has_mentee(result, left->participant))
		fail_msg("this does not place mentee %lld: %s", (long long)left->participant, left->help);
	assert_true(result->placed > all->placed);
	for (size_t k = 0; k < all->pair_count; k++)
		if (!has_mentee(result, all->pairs[k].mentee))
			fail_msg("mentee %lld loses its place by this: %s", (long long)all->pairs[k].mentee, left->help);
	match_result_free(result);
	free(w);
}

static int check_unplaced(const struct world *w, const struct match_result *result)
{
	int helped = 0;

	for (size_t k = 0; k < result->unplaced_count; k++) {
		const struct match_unplaced *left = &result->unplaced[k];
		int sum = 0, people = 0;

		for (size_t i = 0; i < left->stop_count; i++) {
			assert_true(left->stops[i].count > 0);
			sum += left->stops[i].count;
		}
		for (size_t i = 0; i < w->in.mentee_count; i++)
			people += w->mentees[i].places > 0;
		assert_int_equal(sum, left->is_mentor ? people : (int)w->in.mentor_count);
		assert_null(strstr(left->stopped, "not with"));
		assert_null(strchr(left->help, '{'));
		if (!left->is_mentor)
			check_help(w, left, result);
		helped += !left->is_mentor;
	}
	return helped;
}

/* Of a shortlist: as many as the optimum places (marked ones twice), whatever the aim. */
static void check_placed(const struct world *w, const struct match_result *result)
{
	const struct match_input *in = &w->in;
	struct match_input other = *in;
	struct match_result *most;
	struct problem problem;
	int balance = 0;

	other.algorithm = MATCH_OPTIMAL;
	assert_int_equal(match_run(&other, NULL, &most, &problem), 0);
	for (size_t k = 0; k < result->pair_count; k++)
		balance += 1 + w->mentees[position(in->mentees, in->mentee_count, result->pairs[k].mentee)].marked;
	for (size_t k = 0; k < most->pair_count; k++)
		balance -= 1 + w->mentees[position(in->mentees, in->mentee_count, most->pairs[k].mentee)].marked;
	assert_int_equal(balance, 0);
	assert_memory_not_equal(result->input_hash, most->input_hash, sizeof most->input_hash);
	assert_int_equal(result->bound_total, result->shortlisted ? -1 : result->total);
	match_result_free(most);
}

/* How much a line of one view alone, and of both, gives: a run of these two with the other side's lines out of the recipe's points. */
static int liking(const struct match_made *pair, enum match_view other)
{
	int sum = 0;

	for (size_t k = 0; k < pair->share_count; k++)
		sum += pair->shares[k].criterion->view != other ? pair->shares[k].points : 0;
	return sum;
}

static struct match_made *made_alone(const struct world *w, int i, int j, struct match_result **ret)
{
	struct match_person a = w->mentees[i], b = w->mentors[j];
	struct match_lock lock = { a.id, b.id };
	struct match_input in = w->in;
	struct problem problem;

	a.places = b.places = 1;
	in.mentees = &a;
	in.mentors = &b;
	in.mentee_count = in.mentor_count = 1;
	in.locks = &lock;
	in.lock_count = 1;
	*ret = NULL;
	return match_run(&in, NULL, ret, &problem) < 0 ? NULL : (struct match_made *)(uintptr_t)(*ret)->pairs;
}

/* No two who are no pair would both rather have each other. Likings are read off the shares of pairs made alone. */
static void check_stable(const struct world *w, const struct table *t, const struct match_result *result)
{
	int own[SIDE], used[SIDE] = { 0 }, likes[2][SIDE][SIDE] = { 0 };

	for (int i = 0; i < t->n; i++)
		own[i] = -1;
	for (size_t k = 0; k < result->pair_count; k++) {
		int i = position(w->mentees, w->in.mentee_count, result->pairs[k].mentee);

		own[i] = position(w->mentors, w->in.mentor_count, result->pairs[k].mentor);
		assert_true(t->fixed[i] >= 0 ? own[i] == t->fixed[i] : t->may[i][own[i]]);
		used[own[i]] += t->fixed[i] < 0;
		assert_int_equal(result->pairs[k].score, t->score[i][own[i]]);
		check_parts(&result->pairs[k]);
	}
	for (int i = 0; i < t->n; i++)
		for (int j = 0; j < t->m; j++) {
			struct match_result *alone;
			struct match_made *pair = t->may[i][j] ? made_alone(w, i, j, &alone) : NULL;

			if (pair) {
				likes[0][i][j] = liking(pair, MATCH_VIEW_MENTOR);
				likes[1][i][j] = liking(pair, MATCH_VIEW_MENTEE);
				match_result_free(alone);
			}
		}
	for (int i = 0; i < t->n; i++)
		for (int j = 0; t->fixed[i] < 0 && j < t->m; j++) {
			bool rather = used[j] < t->left[j];

			assert_true(used[j] <= t->left[j]);
			if (!t->may[i][j] || t->left[j] == 0 || own[i] == j || (own[i] >= 0 && likes[0][i][j] <= likes[0][i][own[i]]))
				continue;
			for (int k = 0; k < t->n; k++)
				rather = rather || (own[k] == j && t->fixed[k] < 0 && likes[1][i][j] > likes[1][k][j]);
			assert_false(rather);
		}
	assert_int_equal(result->bound_total, -1);
}

static int one_round(struct world *w, int round)
{
	struct match_result *result;
	struct problem problem;
	struct table table;
	int helped;

	make(w);
	make_table(w, &table);
	lock_some(w, &table);
	w->in.algorithm = of_pairs[round / 4 % 4];
	w->in.all_pairs = round % 4 == 0; /* 1: the shortlist, with its rounds of pricing */
	if (match_run(&w->in, NULL, &result, &problem) < 0)
		fail_msg("round %d: %s", round, problem.text);
	assert_int_equal(result->shortlisted, round % 4 == 0 && w->in.mentee_count * w->in.mentor_count > 1);
	if (is_stable(w))
		check_stable(w, &table, result);
	else if (round % 4 != 0)
		check_pairs(w, &table, result);
	else if (w->in.algorithm == MATCH_OPTIMAL)
		assert_int_equal(result->bound_total, result->total);
	else
		check_placed(w, result);
	helped = check_unplaced(w, result);
	match_result_free(result);
	return helped;
}

static void test_against_trying_everything(void **unused)
{
	struct world *w = malloc(sizeof *w);
	int helped = 0;

	(void)unused;
	for (int round = 0; round < 3000; round++)
		helped += one_round(w, round);
	assert_true(helped > 1000);
	free(w);
}

/* --- what an objection tells ---------------------------------------------------------------------------------- */

static char *print_why(const struct match_why *y)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%d %d %d %d %d %lld %s", y->made, y->possible, y->score, y->exact, y->cost_placed, (long long)y->cost_total, y->text);
	for (size_t k = 0; k < y->share_count; k++)
		fprintf(f, " (%s %d/%d %s)", y->shares[k].name, y->shares[k].points, y->shares[k].most, y->shares[k].text);
	fclose(f);
	return text;
}

static char *why_of(const struct world *w, int i, int j)
{
	struct match_why why;
	struct problem problem;
	char *text;

	assert_int_equal(match_why(&w->in, w->mentees[i].id, w->mentors[j].id, NULL, &why, &problem), 0);
	text = print_why(&why);
	match_why_free(&why);
	return text;
}

/* What is said of all: counts, warnings, the preview. */
static char *print_counts(const struct world *w, const struct match_result *r)
{
	struct match_preview preview;
	struct problem problem;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%lld %lld %lld", (long long)r->places, (long long)r->cells, (long long)r->eligible);
	for (size_t k = 0; k < r->warning_count; k++)
		fprintf(f, "\n%s", r->warnings[k]);
	assert_int_equal(match_preview(&w->in, NULL, &preview, &problem), 0);
	fprintf(f, "\n%lld %lld", (long long)preview.eligible, (long long)preview.without);
	for (size_t k = 0; k < preview.line_count; k++)
		fprintf(f, "\n%s %lld %lld %lld %f", preview.lines[k].name, (long long)preview.lines[k].pairs,
			(long long)preview.lines[k].unknown, (long long)preview.lines[k].stopped, preview.lines[k].mean);
	match_preview_free(&preview);
	fclose(f);
	return text;
}

static bool pairs_equal(const struct match_result *a, const struct match_result *b)
{
	if (a->pair_count != b->pair_count)
		return false;
	for (size_t k = 0; k < a->pair_count; k++)
		if (a->pairs[k].mentee != b->pairs[k].mentee || a->pairs[k].mentor != b->pairs[k].mentor)
			return false;
	return true;
}

/* Lists of the same people with the same scores. Costs of others may rise: a way to make room may lead over the pair that must not be. */
static void same_alternatives(const struct match_alternative *a, size_t count, const struct match_alternative *b, size_t other)
{
	assert_int_equal(count, other);
	for (size_t k = 0; k < count; k++) {
		assert_int_equal(a[k].mentee, b[k].mentee);
		assert_int_equal(a[k].mentor, b[k].mentor);
		assert_int_equal(a[k].score, b[k].score);
		assert_int_equal(a[k].free, b[k].free);
	}
}

static void same_lists(const struct match_result *a, const struct match_result *b)
{
	for (size_t k = 0; k < a->pair_count; k++) {
		const struct match_made *one = &a->pairs[k], *other = &b->pairs[k];

		same_alternatives(one->mentee_alternatives, one->mentee_alternative_count, other->mentee_alternatives,
			other->mentee_alternative_count);
		same_alternatives(one->mentor_alternatives, one->mentor_alternative_count, other->mentor_alternatives,
			other->mentor_alternative_count);
	}
	assert_int_equal(a->unplaced_count, b->unplaced_count);
	for (size_t k = 0; k < a->unplaced_count; k++)
		assert_string_equal(a->unplaced[k].stopped, b->unplaced[k].stopped);
}

/* Returns 1 if the pair would not have been made, 2 if it would. */
static int object(struct world *w, int i, int j)
{
	struct match_result *before, *after;
	struct problem problem;
	char *told, *then, *counts, *since;
	long long total;
	int made, placed;

	w->in.objection_count = 0;
	assert_int_equal(match_run(&w->in, NULL, &before, &problem), 0);
	told = why_of(w, i, j);
	counts = print_counts(w, before);
	made = told[0] == '1';
	w->in.objection_count = 1;
	w->objections[0] = (struct match_couple){ w->mentors[j].person, w->mentees[i].person };
	assert_int_equal(match_run(&w->in, NULL, &after, &problem), 0);
	then = why_of(w, i, j);
	since = print_counts(w, after);
	assert_string_equal(counts, since);
	if (!made && w->in.algorithm != MATCH_STABLE)
		assert_string_equal(told, then);
	if (!made && pairs_equal(before, after))
		same_lists(before, after);
	if (made) {
		assert_non_null(strstr(then, " The recipe does not rule this pair out (score "));
		assert_int_equal(sscanf(then, "0 1 %*d %*d %d %lld", &placed, &total), 2);
		assert_true(placed >= 0 && (placed > 0 || total >= 0));
	}
	match_result_free(before);
	match_result_free(after);
	free(told);
	free(then);
	free(counts);
	free(since);
	return made ? 2 : 1;
}

static void test_objection_tells_nothing(void **unused)
{
	struct world *w = malloc(sizeof *w);
	int seen[3] = { 0 };

	(void)unused;
	for (int round = 0; round < 1000; round++) {
		int i, j;

		make(w);
		w->in.algorithm = (enum match_algorithm)(round % MATCH_CIRCLES);
		i = random_below((int32_t)w->in.mentee_count);
		j = random_below((int32_t)w->in.mentor_count);
		if (w->mentees[i].person != w->mentors[j].person && w->mentees[i].places > 0 && w->mentors[j].places > 0 &&
			pair_alone(w, i, j, false, false) >= 0)
			seen[object(w, i, j)]++;
	}
	assert_true(seen[1] > 50 && seen[2] > 50);
	free(w);
}

/* --- the same bytes ---------------------------------------------------------------------------------------- */

static void print_alternatives(FILE *f, const struct match_alternative *a, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(f, " [%lld %lld %d %d %d %d %lld %d %d %s]", (long long)a[i].mentee, (long long)a[i].mentor, a[i].score, a[i].free,
			a[i].exact, a[i].cost_placed, (long long)a[i].cost_total, a[i].band, a[i].cost_band, a[i].text);
}

/* All that a result says. */
static char *print(const struct match_result *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%lld %lld %lld %lld %lld %d %d %d\n", (long long)r->placed, (long long)r->total, (long long)r->places,
		(long long)r->cells, (long long)r->eligible, r->lowest, r->median, r->rounds);
	for (size_t i = 0; i < sizeof r->input_hash; i++)
		fprintf(f, "%02x", r->input_hash[i]);
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct match_made *p = &r->pairs[i];

		fprintf(f, "\n%lld %lld %d %d %s", (long long)p->mentee, (long long)p->mentor, p->score, p->locked, p->shared);
		for (size_t k = 0; k < p->share_count; k++)
			fprintf(f, " (%s %d/%d %s)", p->shares[k].criterion->name, p->shares[k].points, p->shares[k].most,
				p->shares[k].text);
		print_alternatives(f, p->mentee_alternatives, p->mentee_alternative_count);
		print_alternatives(f, p->mentor_alternatives, p->mentor_alternative_count);
	}
	for (size_t i = 0; i < r->unplaced_count; i++)
		fprintf(f, "\n%lld %s %s", (long long)r->unplaced[i].participant, r->unplaced[i].stopped, r->unplaced[i].help);
	fclose(f);
	return text;
}

static void shuffle(void *list, size_t count, size_t size)
{
	char item[256];

	for (size_t i = count; i > 1; i--) {
		char *a = (char *)list + (i - 1) * size, *b = (char *)list + (size_t)random_below((int32_t)i) * size;

		memcpy(item, a, size);
		memmove(a, b, size);
		memcpy(b, item, size);
	}
}

static void test_order_of_records_does_not_matter(void **unused)
{
	struct world *w = malloc(sizeof *w);
	struct match_word shuffled[sizeof words / sizeof *words];

	(void)unused;
	memcpy(shuffled, words, sizeof words);
	for (int round = 0; round < 2000; round++) {
		struct match_result *one, *other;
		struct problem problem;
		char *first, *second;

		make(w);
		w->in.words = shuffled;
		w->in.all_pairs = round % 2;
		w->in.algorithm = of_pairs[round % 4];
		assert_int_equal(match_run(&w->in, NULL, &one, &problem), 0);
		for (int at = 0; at < SIDE; at++) {
			shuffle(w->traits[at], w->mentees[at].trait_count, sizeof **w->traits);
			shuffle(w->spans[at], w->mentees[at].span_count, sizeof **w->spans);
		}
		shuffle(w->mentees, w->in.mentee_count, sizeof *w->mentees);
		shuffle(w->mentors, w->in.mentor_count, sizeof *w->mentors);
		shuffle(w->wishes, w->in.wish_count, sizeof *w->wishes);
		shuffle(w->objections, w->in.objection_count, sizeof *w->objections);
		shuffle(w->earlier, w->in.earlier_count, sizeof *w->earlier);
		shuffle(shuffled, w->in.word_count, sizeof *shuffled);
		assert_int_equal(match_run(&w->in, NULL, &other, &problem), 0);
		first = print(one);
		second = print(other);
		assert_string_equal(first, second);
		free(first);
		free(second);
		match_result_free(one);
		match_result_free(other);
	}
	free(w);
}

/* --- the shortlist ------------------------------------------------------------------------------------------ */

enum {
	CROWD = 250
};

/* Everybody prefers the same mentors, so the shortlists are too short and only pricing finds the rest. */
static void make_crowd(struct match_person *people, struct match_trait *traits, int64_t first)
{
	for (int i = 0; i < CROWD; i++) {
		people[i] = (struct match_person){
			.id = first + i,
			.person = first + i,
			.places = 1,
			.age = MATCH_NONE,
			.year = MATCH_NONE,
			.traits = traits + 3 * i,
			.trait_count = 3,
		};
		for (int k = 0; k < 3; k++)
			traits[3 * i + k] = (struct match_trait){ MATCH_SKILL, k, first > CROWD ? 1 + i % 4 : 4 - random_below(3),
				first <= CROWD };
	}
}

static void test_shortlist_is_proven_over_all_pairs(void **unused)
{
	static struct match_person mentees[CROWD], mentors[CROWD];
	static struct match_trait traits[2][3 * CROWD];
	const struct match_line line = { .criterion = "traits", .weight = 1 };
	struct match_input in = {
		.mentees = mentees,
		.mentee_count = CROWD,
		.mentors = mentors,
		.mentor_count = CROWD,
		.recipe = { &line, 1 },
	};
	struct match_result *all, *listed;
	struct problem problem;

	(void)unused;
	make_crowd(mentees, traits[0], 1);
	make_crowd(mentors, traits[1], 1001);
	assert_int_equal(match_run(&in, NULL, &all, &problem), 0);
	in.all_pairs = 1;
	assert_int_equal(match_run(&in, NULL, &listed, &problem), 0);
	assert_false(all->shortlisted);
	assert_true(listed->shortlisted);
	assert_true(listed->rounds > 1);
	assert_int_equal(all->placed, CROWD);
	assert_int_equal(listed->placed, CROWD);
	assert_int_equal(listed->total, all->total);
	match_result_free(listed);
	in.algorithm = MATCH_FAIR;
	assert_int_equal(match_run(&in, NULL, &listed, &problem), 0);
	assert_true(listed->shortlisted);
	assert_int_equal(listed->placed, CROWD);
	assert_int_equal(listed->bound_total, -1);
	match_result_free(all);
	match_result_free(listed);
}

enum {
	WIDE = 60
};

/* Blocks of many mentors are measured by way of the words, blocks of one by way of the mentor: no score may differ by it. */
static void test_wide_blocks_score_the_same(void **unused)
{
	static struct world w;
	static struct match_person mentors[WIDE];
	static struct match_trait traits[WIDE][TRAITS];
	static struct match_span spans[WIDE][SPANS];
	struct match_result *result;
	struct problem problem;
	int compared = 0;

	(void)unused;
	for (int round = 0; round < 150; round++) {
		make(&w);
		for (int j = 0; j < WIDE; j++) {
			make_person(&w, SIDE, &mentors[j], true);
			memcpy(traits[j], w.traits[SIDE], sizeof traits[j]);
			memcpy(spans[j], w.spans[SIDE], sizeof spans[j]);
			mentors[j] = (struct match_person){ .id = 5000 + j,
				.person = 5000 + j,
				.places = 1,
				.age = mentors[j].age,
				.year = mentors[j].year,
				.traits = traits[j],
				.trait_count = mentors[j].trait_count,
				.spans = spans[j],
				.span_count = mentors[j].span_count };
		}
		w.mentees[0].places = 1;
		w.in.mentee_count = 1;
		w.in.mentors = mentors;
		w.in.mentor_count = WIDE;
		w.in.wish_count = w.in.earlier_count = w.in.objection_count = 0;
		assert_int_equal(match_run(&w.in, NULL, &result, &problem), 0);
		for (size_t k = 0; k < result->pair_count; k++)
			for (size_t a = 0; a <= result->pairs[k].mentee_alternative_count; a++) {
				const struct match_alternative *other = a ? &result->pairs[k].mentee_alternatives[a - 1] : NULL;

				w.mentors[0] = mentors[(other ? other->mentor : result->pairs[k].mentor) - 5000];
				assert_int_equal(pair_alone(&w, 0, 0, false, true), other ? other->score : result->pairs[k].score);
				compared++;
			}
		match_result_free(result);
	}
	assert_true(compared > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_trying_everything),
		cmocka_unit_test(test_objection_tells_nothing), cmocka_unit_test(test_wide_blocks_score_the_same),
		cmocka_unit_test(test_order_of_records_does_not_matter), cmocka_unit_test(test_shortlist_is_proven_over_all_pairs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
