/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results as JSON: the matching, what it is worth, the bound, and what shows both.
 *
 * Everything stands in the order of names, so the same instance gives the same bytes.
 */
#include <sodium.h>
#include <stdlib.h>

#include "matcher/matcher.h"

static void put(json_t *object, const char *key, int64_t number)
{
	json_object_set_new(object, key, json_integer(number));
}

json_t *write_head(const struct algorithm *a, const struct match_instance *in)
{
	json_t *result = json_object();
	char hash[2 * sizeof in->hash + 1];

	sodium_bin2hex(hash, sizeof hash, in->hash, sizeof in->hash);
	json_object_set_new(result, "format", json_string("mentorship-match-result 1"));
	json_object_set_new(result, "algorithm", json_string(a->name));
	json_object_set_new(result, "method", json_string(a->method));
	json_object_set_new(result, "instance", json_string(hash));
	json_object_set_new(result, "ignored", matcher_ignored(a, in));
	return result;
}

int32_t score_of_pair(const struct match_instance *in, int32_t mentee, int32_t mentor)
{
	for (int64_t e = in->graph.start[mentee]; e < in->graph.start[mentee + 1]; e++)
		if (in->graph.edges[e].mentor == mentor)
			return in->graph.edges[e].score;
	return -1;
}

/* Pairs and who is left over. `locked` NULL: nobody. */
static void write_pairs(json_t *result, const struct match_instance *in, const int32_t *mentor_of)
{
	json_t *pairs = json_array(), *unplaced = json_array();

	for (int32_t i = 0; i < in->graph.mentees; i++) {
		bool locked = in->graph.locked && in->graph.locked[i] >= 0;
		int32_t mentor = locked ? in->graph.locked[i] : mentor_of[i], score;
		json_t *pair;

		if (mentor < 0) {
			json_array_append_new(unplaced, json_string(in->mentees[i]));
			continue;
		}
		pair = json_object();
		score = score_of_pair(in, i, mentor);
		json_object_set_new(pair, "mentee", json_string(in->mentees[i]));
		json_object_set_new(pair, "mentor", json_string(in->mentors[mentor]));
		if (score >= 0)
			put(pair, "score", score);
		if (locked)
			json_object_set_new(pair, "locked", json_true());
		json_array_append_new(pairs, pair);
	}
	json_object_set_new(result, "pairs", pairs);
	json_object_set_new(result, "unplaced", unplaced);
}

/* --- optimal, fair, minimal change -------------------------------------------------------------------------- */

static json_t *write_prices(const char *const *names, int32_t count, const int64_t *prices, int32_t levels)
{
	json_t *object = json_object();

	for (int32_t i = 0; i < count; i++) {
		json_t *list = json_array();

		for (int32_t level = 0; level < levels; level++)
			json_array_append_new(list, json_integer(prices[(int64_t)level * count + i]));
		json_object_set_new(object, names[i], list);
	}
	return object;
}

json_t *write_answer(const struct algorithm *a, const struct match_instance *in, const struct match_answer *answer)
{
	json_t *result = write_head(a, in), *objective = json_object(), *certificate = json_object(), *bands = json_array();

	put(objective, "placed", answer->placed);
	if (in->graph.kept)
		put(objective, "kept", answer->kept);
	put(objective, "total", answer->total);
	for (int32_t i = 0; i < MATCH_BANDS; i++)
		json_array_append_new(bands, json_integer(answer->bands[i]));
	json_object_set_new(objective, "bands", bands);
	json_object_set_new(result, "objective", objective);
	json_object_set_new(result, "bound", json_deep_copy(objective)); /* proven: nothing is better in the aim's order */
	write_pairs(result, in, answer->mentor_of);
	json_object_set_new(certificate, "kind", json_string("prices"));
	put(certificate, "levels", answer->levels);
	json_object_set_new(certificate, "mentees", write_prices(in->mentees, in->graph.mentees, answer->mentee_price, answer->levels));
	json_object_set_new(certificate, "mentors", write_prices(in->mentors, in->graph.mentors, answer->mentor_price, answer->levels));
	json_object_set_new(result, "certificate", certificate);
	return result;
}

/* --- stable ---------------------------------------------------------------------------------------------------- */

struct liking {
	int32_t owner, likes;
};

static int by_owner(const void *a, const void *b)
{
	const struct liking *one = a, *other = b;

	if (one->owner != other->owner)
		return one->owner < other->owner ? -1 : 1;
	return (one->likes > other->likes) - (one->likes < other->likes);
}

static bool has_ties(const struct match_choices *in, bool of_mentors)
{
	size_t count = (size_t)in->start[in->mentees], at = 0;
	struct liking *likings = calloc(count + 1, sizeof *likings);
	bool ties = false;

	if (!likings)
		abort();
	for (int32_t i = 0; i < in->mentees; i++)
		for (int64_t e = in->start[i]; e < in->start[i + 1]; e++)
			likings[at++] = of_mentors ? (struct liking){ in->list[e].mentor, in->list[e].mentor_likes }
						   : (struct liking){ i, in->list[e].mentee_likes };
	if (count > 1)
		qsort(likings, count, sizeof *likings, by_owner);
	for (size_t i = 1; i < count && !ties; i++)
		ties = by_owner(&likings[i - 1], &likings[i]) == 0;
	free(likings);
	return ties;
}

/*
 * Without ties all stable matchings place the same people. With ties any weakly stable one has half of the largest at least (each pair of
 * that has somebody here), and Kiraly's has two thirds. Who has no list can be in none.
 */
int64_t stable_bound(const struct match_instance *in, enum match_stability which, const int32_t *mentor_of)
{
	const struct match_choices *c = &in->choices;
	int64_t placed = 0, locked = 0, listed = 0, bound;

	for (int32_t i = 0; i < c->mentees; i++) {
		locked += in->graph.locked && in->graph.locked[i] >= 0;
		listed += c->start[i + 1] > c->start[i];
		placed += mentor_of[i] >= 0;
	}
	bound = placed;
	if (has_ties(c, false) || has_ties(c, true))
		bound = which == MATCH_STABLE_TIES ? placed * 3 / 2 : placed * 2;
	return locked + (bound < listed ? bound : listed);
}

/* Of each mentor: the mentee that it likes least of its own; -1: it has none. */
static void find_least_liked(const struct match_choices *c, const int32_t *mentor_of, int32_t *least, int32_t *likes)
{
	for (int32_t j = 0; j < c->mentors; j++)
		least[j] = -1;
	for (int32_t i = 0; i < c->mentees; i++)
		for (int64_t e = c->start[i]; e < c->start[i + 1]; e++) {
			int32_t mentor = c->list[e].mentor;

			if (mentor == mentor_of[i] && (least[mentor] < 0 || c->list[e].mentor_likes < likes[mentor])) {
				least[mentor] = i;
				likes[mentor] = c->list[e].mentor_likes;
			}
		}
}

/* Each pair that the mentee would rather have, and the one of its own that the mentor would have to give up and likes as much or more. */
static json_t *write_no_blocking(const struct match_instance *in, const int32_t *mentor_of)
{
	const struct match_choices *c = &in->choices;
	int32_t *least = calloc((size_t)c->mentors + 1, sizeof *least), *likes = calloc((size_t)c->mentors + 1, sizeof *likes);
	json_t *list = json_array();

	if (!least || !likes)
		abort();
	find_least_liked(c, mentor_of, least, likes);
	for (int32_t i = 0; i < c->mentees; i++) {
		int32_t own = INT32_MIN;
		bool placed = false;

		for (int64_t e = c->start[i]; e < c->start[i + 1]; e++)
			if (c->list[e].mentor == mentor_of[i]) {
				own = c->list[e].mentee_likes;
				placed = true;
			}
		for (int64_t e = c->start[i]; e < c->start[i + 1]; e++) {
			int32_t mentor = c->list[e].mentor;
			json_t *entry;

			if (placed && c->list[e].mentee_likes <= own)
				continue;
			entry = json_object();
			json_object_set_new(entry, "mentee", json_string(in->mentees[i]));
			json_object_set_new(entry, "mentor", json_string(in->mentors[mentor]));
			json_object_set_new(entry, "keeps", least[mentor] < 0 ? json_null() : json_string(in->mentees[least[mentor]]));
			json_array_append_new(list, entry);
		}
	}
	free(least);
	free(likes);
	return list;
}

json_t *write_stable(const struct algorithm *a, const struct match_instance *in, const int32_t *mentor_of)
{
	json_t *result = write_head(a, in), *objective = json_object(), *bound = json_object(), *certificate = json_object();
	int64_t placed = 0, total = 0;

	for (int32_t i = 0; i < in->graph.mentees; i++) {
		int32_t mentor = in->graph.locked && in->graph.locked[i] >= 0 ? in->graph.locked[i] : mentor_of[i];

		placed += mentor >= 0;
		if (mentor >= 0 && score_of_pair(in, i, mentor) > 0)
			total += score_of_pair(in, i, mentor);
	}
	put(objective, "placed", placed);
	if (in->has & MATCH_HAS_PAIRS)
		put(objective, "total", total);
	json_object_set_new(result, "objective", objective);
	put(bound, "placed", stable_bound(in, (enum match_stability)a->which, mentor_of));
	json_object_set_new(result, "bound", bound);
	put(result, "one_sided", in->one_sided);
	write_pairs(result, in, mentor_of);
	json_object_set_new(certificate, "kind", json_string("no blocking pair"));
	json_object_set_new(certificate, "rather", write_no_blocking(in, mentor_of));
	json_object_set_new(result, "certificate", certificate);
	return result;
}

/* --- circles ---------------------------------------------------------------------------------------------------- */

static json_t *write_groups(const struct match_instance *in, const struct match_circles *out)
{
	json_t *groups = json_array();

	for (int32_t i = 0; i < out->group_count; i++) {
		json_t *group = json_object(), *people = json_array();

		json_object_set_new(group, "slot", json_string(in->slots[out->groups[i].slot]));
		for (int32_t k = 0; k < out->groups[i].count; k++)
			json_array_append_new(people, json_string(in->people[out->groups[i].people[k]]));
		json_object_set_new(group, "people", people);
		put(group, "total", out->groups[i].total);
		json_array_append_new(groups, group);
	}
	return groups;
}

static json_t *write_left(const struct match_instance *in, const struct match_circles *out)
{
	json_t *left = json_array();

	for (int32_t i = 0; i < out->left_count; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "person", json_string(in->people[out->left[i].person]));
		json_object_set_new(one, "why", json_string(out->left[i].text));
		json_array_append_new(left, one);
	}
	return left;
}

static json_t *write_worth(int64_t placed, int64_t total)
{
	json_t *worth = json_object();

	put(worth, "placed", placed);
	put(worth, "total", total);
	return worth;
}

json_t *write_circles(const struct algorithm *a, const struct match_instance *in, uint64_t seed, const struct match_circles *out)
{
	json_t *result = write_head(a, in), *certificate = json_object(), *gap = json_object(), *bound;
	bool all = out->placed == out->bound_placed;

	put(result, "seed", (int64_t)seed);
	json_object_set_new(result, "objective", write_worth(out->placed, out->total));
	bound = write_worth(out->bound_placed, out->bound_total);
	json_object_set_new(bound, "by", json_string(out->tried_all ? "trying everything" : "prices"));
	json_object_set_new(result, "bound", bound);
	put(gap, "placed", out->bound_placed - out->placed);
	/* Bounds of totals hold for as many people only. */
	json_object_set_new(gap, "total", all ? json_integer(out->bound_total - out->total) : json_null());
	json_object_set_new(result, "gap", gap);
	json_object_set_new(result, "groups", write_groups(in, out));
	json_object_set_new(result, "left_out", write_left(in, out));
	json_object_set_new(certificate, "kind", json_string("prices"));
	json_object_set_new(certificate, "people", write_prices(in->people, in->circles.people, out->person_price, 1));
	json_object_set_new(certificate, "slots", write_prices(in->slots, in->circles.slots, out->slot_price, 1));
	json_object_set_new(result, "certificate", certificate);
	return result;
}
