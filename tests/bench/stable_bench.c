/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stable matchings beside the sorting of their own lists, in turns within one process.
 *
 * stable_bench [PEOPLE...]: for each number of people a side (10,000 and
 * 131,072 by default), 50 entries a list, it prints for each kind
 *     stable-KIND-PEOPLE: ratio R, goal <= 1.3, ours A, peer B (s)
 * where the peer sorts copies of the lists that the kind goes down, with the
 * library's qsort, and ours is the whole: lists, sorting, offers. Each result
 * must pass the checker, else the status is 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/match.h"

enum {
	ENTRIES = 50,
	ROUNDS = 5
};

static const struct {
	const char *name;
	enum match_stability which;
	int likings; /* different ones */
} kinds[] = {
	{ "mentees", MATCH_STABLE_MENTEES, 1000001 },
	{ "mentors", MATCH_STABLE_MENTORS, 1000001 },
	{ "ties", MATCH_STABLE_TIES, 5 },
};

struct item {
	int32_t likes, other, liked;
};

static uint64_t state;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_liking(const void *a, const void *b)
{
	const struct item *one = a, *two = b;

	if (one->likes != two->likes)
		return one->likes < two->likes ? 1 : -1;
	return (one->other > two->other) - (one->other < two->other);
}

static void *room_for(size_t count, size_t size)
{
	void *room = calloc(count, size);

	if (!room)
		abort();
	return room;
}

static void make(int32_t people, int likings, struct match_choices *choices)
{
	struct match_choice *list = room_for((size_t)people * ENTRIES, sizeof *list);
	int64_t *start = room_for((size_t)people + 1, sizeof *start);
	int32_t *places = room_for((size_t)people, sizeof *places), *seen = room_for((size_t)people, sizeof *seen);

	state = 42;
	for (int32_t i = 0; i < people; i++) {
		for (int k = 0; k < ENTRIES;) {
			int32_t mentor = random_below(people);

			if (seen[mentor] == i + 1)
				continue;
			seen[mentor] = i + 1;
			list[(int64_t)i * ENTRIES + k++] = (struct match_choice){ mentor, random_below(likings), random_below(likings) };
		}
		start[i + 1] = (int64_t)(i + 1) * ENTRIES;
	}
	for (int32_t left = people + people / 5; left > 0; left--)
		places[random_below(people)]++;
	free(seen);
	*choices = (struct match_choices){ people, people, start, list, places };
}

/* Copies of the lists of one side, as it has them before they are sorted; where each begins. */
static void copy_lists(const struct match_choices *in, bool mentors, struct item *items, int64_t *start)
{
	memset(start, 0, ((size_t)in->mentors + 3) * sizeof *start);
	for (int64_t e = 0; e < in->start[in->mentees]; e++)
		start[(mentors ? in->list[e].mentor : (int32_t)(e / ENTRIES)) + 2]++;
	for (int32_t i = 0; i < in->mentors; i++)
		start[i + 2] += start[i + 1];
	for (int64_t e = 0; e < in->start[in->mentees]; e++) {
		const struct match_choice *c = &in->list[e];
		int32_t mentee = (int32_t)(e / ENTRIES);

		items[start[(mentors ? c->mentor : mentee) + 1]++] = mentors ? (struct item){ c->mentor_likes, mentee, c->mentee_likes }
									     : (struct item){ c->mentee_likes, c->mentor, c->mentor_likes };
	}
}

static double peer_sort(const struct match_choices *in, bool mentors)
{
	struct item *items = room_for((size_t)in->start[in->mentees], sizeof *items);
	int64_t *start = room_for((size_t)in->mentors + 3, sizeof *start);
	double begin;

	copy_lists(in, mentors, items, start);
	begin = now();
	for (int32_t i = 0; i < in->mentors; i++)
		qsort(items + start[i], (size_t)(start[i + 1] - start[i]), sizeof *items, by_liking);
	begin = now() - begin;
	free(items);
	free(start);
	return begin;
}

static double ours_solve(const struct match_choices *in, enum match_stability which)
{
	int32_t *mentor_of = room_for((size_t)in->mentees, sizeof *mentor_of);
	struct problem problem;
	double begin = now(), seconds;

	match_stable(in, which, mentor_of, NULL);
	seconds = now() - begin;
	if (match_stable_check(in, mentor_of, &problem) < 0) {
		fprintf(stderr, "%s\n", problem.text);
		exit(1);
	}
	free(mentor_of);
	return seconds;
}

static int by_ratio(const void *a, const void *b)
{
	const double *one = a, *other = b;

	return (one[0] / one[1] > other[0] / other[1]) - (one[0] / one[1] < other[0] / other[1]);
}

static void measure(size_t kind, int32_t people)
{
	struct match_choices choices;
	double rounds[ROUNDS][2], *middle = rounds[ROUNDS / 2];

	make(people, kinds[kind].likings, &choices);
	for (int i = 0; i < ROUNDS; i++) {
		rounds[i][1] = peer_sort(&choices, kinds[kind].which == MATCH_STABLE_MENTORS);
		rounds[i][0] = ours_solve(&choices, kinds[kind].which);
	}
	qsort(rounds, ROUNDS, sizeof *rounds, by_ratio);
	printf("stable-%s-%d: ratio %.3f, goal <= 1.3, ours %.4f, peer %.4f (s)\n", kinds[kind].name, people, middle[0] / middle[1],
		middle[0], middle[1]);
	fflush(stdout);
	free((void *)choices.list);
	free((void *)choices.start);
	free((void *)choices.places);
}

int main(int argc, char **argv)
{
	static const int32_t standard[] = { 10000, MATCH_PEOPLE_MAX };
	int count = argc > 1 ? argc - 1 : 2;

	for (int k = 0; k < count; k++)
		for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
			measure(kind, argc > 1 ? atoi(argv[k + 1]) : standard[k]);
	return 0;
}
