/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole runs on small random programs, against trying everything.
 *
 * The score of a pair, and whether it may be, is asked of a run with these two
 * people only (rarity is off, so a pair's score depends on nobody else). From
 * that table come the best result, the cost of forcing a pair, and whether a
 * suggested change really places who was left over.
 */
#include "match_world.h"

/* --- the table of all pairs ----------------------------------------------------------------------------- */

struct table {
	int n, m;
	int score[SIDE][SIDE];
	bool may[SIDE][SIDE], told[SIDE][SIDE]; /* told: but for an objection */
	int left[SIDE], fixed[SIDE];
};

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_against_trying_everything) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
