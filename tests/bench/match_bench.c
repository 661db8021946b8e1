/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The solver beside LEMON's on the same graphs, in turns within one process.
 *
 * match_bench [MENTEES...]: for each number (1,000 and 10,000 by default) and
 * each family of graphs, 50 mentors a mentee, it prints
 *     match-FAMILY-MENTEES: ratio R, goal <= G, ours A, peer B (s)
 * with the medians of the rounds. Both must reach the same value and ours must
 * pass the checker, else the status is 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/match.h"

/* match_peer.cc: seconds that the better of LEMON's two solvers took, and the value that it found. */
double peer_solve(const struct match_graph *, int64_t *ret_value);

enum {
	EDGES = 50,
	ROUNDS = 5
};

struct family {
	const char *name;
	int scores;    /* different scores */
	double places; /* a mentee, over all mentors */
	bool clustered;
	double goal[2]; /* below 10,000 mentees, and from there */
};

static const struct family families[] = {
	{ "random", MATCH_SCORE_MAX + 1, 1.2, false, { 1, 0.1 } },
	{ "ties", 5, 1.2, false, { 1, 0.1 } },
	{ "ample", MATCH_SCORE_MAX + 1, 2, false, { 1, 0.1 } },
	{ "scarce", MATCH_SCORE_MAX + 1, 0.9, false, { 1, 1.0 / 3 } },
	{ "clustered", MATCH_SCORE_MAX + 1, 1.2, true, { 1, 1.0 / 3 } },
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

static int by_score(const void *a, const void *b)
{
	const struct match_edge *one = a, *other = b;

	return one->score != other->score ? other->score - one->score : one->mentor - other->mentor;
}

/* 50 different mentors; in a cluster they are neighbours of the mentee's own place. */
static void choose_mentors(const struct family *family, int32_t mentee, int32_t mentors, struct match_edge *edges, int32_t *seen)
{
	for (int k = 0; k < EDGES;) {
		int32_t mentor = family->clustered ? (mentee / 200 * 61 + random_below(120)) % mentors : random_below(mentors);

		if (seen[mentor] == mentee + 1)
			continue;
		seen[mentor] = mentee + 1;
		edges[k++] = (struct match_edge){ mentor, random_below(family->scores) };
	}
	qsort(edges, EDGES, sizeof *edges, by_score);
}

static void make(const struct family *family, int32_t mentees, struct match_graph *graph)
{
	int32_t mentors = mentees / 4, *seen = calloc((size_t)mentors, sizeof *seen);
	struct match_edge *edges = calloc((size_t)mentees * EDGES, sizeof *edges);
	int64_t *start = calloc((size_t)mentees + 1, sizeof *start);
	int32_t *places = calloc((size_t)mentors, sizeof *places);

	if (!seen || !edges || !start || !places)
		abort();
	state = 42;
	for (int32_t i = 0; i < mentees; i++) {
		choose_mentors(family, i, mentors, edges + (size_t)i * EDGES, seen);
		start[i + 1] = (int64_t)(i + 1) * EDGES;
	}
	for (int32_t left = (int32_t)(mentees * family->places); left > 0; left--)
		places[random_below(mentors)]++;
	free(seen);
	*graph = (struct match_graph){ .mentees = mentees, .mentors = mentors, .start = start, .edges = edges, .places = places };
}

static double ours_solve(const struct match_graph *graph, int64_t *ret_value)
{
	struct match_solution solution;
	struct problem problem;
	double begin, seconds;

	solution.mentor_of = calloc((size_t)graph->mentees, sizeof(int32_t));
	solution.mentee_price = calloc((size_t)graph->mentees, sizeof(int64_t));
	solution.mentor_price = calloc((size_t)graph->mentors, sizeof(int64_t));
	if (!solution.mentor_of || !solution.mentee_price || !solution.mentor_price)
		abort();
	begin = now();
	match_optimal(graph, &solution, NULL);
	seconds = now() - begin;
	if (match_check(graph, &solution, &problem) < 0) {
		fprintf(stderr, "%s\n", problem.text);
		exit(1);
	}
	*ret_value = solution.value;
	free(solution.mentor_of);
	free(solution.mentee_price);
	free(solution.mentor_price);
	return seconds;
}

static int by_time(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static bool measure(const struct family *family, int32_t mentees)
{
	double ours[ROUNDS], peer[ROUNDS];
	int rounds = mentees > 20000 ? 1 : ROUNDS;
	struct match_graph graph;
	int64_t value, other;

	make(family, mentees, &graph);
	for (int i = 0; i < rounds; i++) {
		ours[i] = ours_solve(&graph, &value);
		peer[i] = peer_solve(&graph, &other);
		if (value != other) {
			fprintf(stderr, "match-%s-%d: %lld is not the peer's %lld\n", family->name, mentees, (long long)value,
				(long long)other);
			return false;
		}
	}
	qsort(ours, (size_t)rounds, sizeof *ours, by_time);
	qsort(peer, (size_t)rounds, sizeof *peer, by_time);
	printf("match-%s-%d: ratio %.3f, goal <= %.3g, ours %.4f, peer %.4f (s)\n", family->name, mentees,
		ours[rounds / 2] / peer[rounds / 2], family->goal[mentees >= 10000], ours[rounds / 2], peer[rounds / 2]);
	fflush(stdout);
	free((void *)graph.edges);
	free((void *)graph.start);
	free((void *)graph.places);
	return true;
}

int main(int argc, char **argv)
{
	static const int32_t standard[] = { 1000, 10000 };
	int count = argc > 1 ? argc - 1 : 2;
	bool good = true;

	for (int k = 0; k < count; k++)
		for (size_t i = 0; i < sizeof families / sizeof *families; i++)
			good = measure(&families[i], argc > 1 ? atoi(argv[k + 1]) : standard[k]) && good;
	return good ? 0 : 1;
}
