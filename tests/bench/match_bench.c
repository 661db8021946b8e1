/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The solver beside LEMON's on the same graphs, each run in a process of its own.
 *
 * match_bench [--ours] [MENTEES...]: for each number (1,000, 10,000 and 100,000 by default) and each family of graphs, 50 mentors a
 * mentee, it prints
 *     match-FAMILY-MENTEES: ratio R, goal <= G, ours A, peer B (s)
 * with the medians of the rounds, in turns; at 100,000 a peer runs once. All are of one thread, so time is the processor's: others
 * may be busy on the machine. A peer is stopped after two minutes of it. A line more from 10,000 on has the memory: the peak above
 * what the process had before; ours counts the graph itself, the peer only its own. Another line compares one change of a solution that
 * is kept with the whole run: the mean of CHANGES changes of a kind, and of the kinds the dearest one (who could come to whom is listed
 * once, at the first change that asks; that counts, too). One compares the aim 'fair' with 'optimal'. All must reach the same
 * value and ours must pass the checker, else the status is 1. --ours leaves the peers out. To 10,000 mentees a line more has
 * scipy's time, by the program that MATCH_SCIPY names (match_scipy.py).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "match/match.h"

/* match_peer.cc: LEMON's network simplex, its cost scaling; seconds without the making of the graph. */
double peer_simplex(const struct match_graph *, int64_t *ret_value);
double peer_scaling(const struct match_graph *, int64_t *ret_value);

enum {
	EDGES = 50,
	ROUNDS = 5,
	CHANGES = 200,
	PATIENCE = 120, /* seconds of the processor for one run of a peer */
	LARGE = 20000   /* from here a peer runs once */
};

struct family {
	const char *name;
	int scores;    /* different scores */
	double places; /* a mentee, over all mentors */
	bool clustered, popular;
	double goal[2]; /* below 10,000 mentees, and from there */
};

static const struct family families[] = {
	{ "random", MATCH_SCORE_MAX + 1, 1.2, false, false, { 1, 0.1 } },
	{ "ties", 5, 1.2, false, false, { 1, 0.1 } },
	{ "ample", MATCH_SCORE_MAX + 1, 2, false, false, { 1, 0.1 } },
	{ "scarce", MATCH_SCORE_MAX + 1, 0.9, false, false, { 1, 1.0 / 3 } },
	{ "clustered", MATCH_SCORE_MAX + 1, 1.2, true, false, { 1, 1.0 / 3 } },
	{ "popular", MATCH_SCORE_MAX + 1, 1.2, false, true, { 1, 0.5 } },
};

static uint64_t state;
static const struct family *measured;

static int32_t random_below(int32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (int32_t)((state >> 33) % (uint64_t)n);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_score(const void *a, const void *b)
{
	const struct match_edge *one = a, *other = b;

	return one->score != other->score ? other->score - one->score : one->mentor - other->mentor;
}

/* A mentor's own mark, 0..1; the best stand at all positions. */
static double mark_of(int32_t mentor, int32_t mentors)
{
	return 1 - (double)(mentor * 7919LL % mentors) / mentors;
}

/* In a cluster mentors are neighbours of the mentee's own place; half of the popular family's pairs go to the best tenth. */
static int32_t choose_mentor(const struct family *family, int32_t mentee, int32_t mentors, int k)
{
	int32_t mentor = family->clustered ? (mentee / 200 * 61 + random_below(120)) % mentors : random_below(mentors);

	while (family->popular && k < EDGES / 2 && mark_of(mentor, mentors) < 0.9)
		mentor = random_below(mentors);
	return mentor;
}

static int32_t score_of(const struct family *family, int32_t mentor, int32_t mentors)
{
	int32_t score = random_below(family->scores);

	return family->popular ? (int32_t)(0.6 * mark_of(mentor, mentors) * MATCH_SCORE_MAX + 0.4 * score) : score;
}

/* 50 different mentors, best first. */
static void choose_mentors(const struct family *family, int32_t mentee, int32_t mentors, struct match_edge *edges, int32_t *seen)
{
	for (int k = 0; k < EDGES;) {
		int32_t mentor = choose_mentor(family, mentee, mentors, k), score = score_of(family, mentor, mentors);

		if (seen[mentor] == mentee + 1)
			continue;
		seen[mentor] = mentee + 1;
		edges[k++] = (struct match_edge){ mentor, score };
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

/* --- one run in a process of its own ------------------------------------------------------------------ */

struct run {
	double seconds; /* 0: it was stopped */
	int64_t value;
	double megabytes;
};
typedef double solver(const struct match_graph *, int64_t *ret_value);

static void must_hold(const struct match_graph *graph, const struct match_solution *solution)
{
	struct problem problem;

	if (match_check(graph, solution, &problem) == 0)
		return;
	fprintf(stderr, "%s\n", problem.text);
	_exit(1);
}

static void room_for(const struct match_graph *graph, struct match_solution *solution)
{
	solution->mentor_of = calloc((size_t)graph->mentees, sizeof(int32_t));
	solution->mentee_price = calloc((size_t)graph->mentees, sizeof(int64_t));
	solution->mentor_price = calloc((size_t)graph->mentors, sizeof(int64_t));
	if (!solution->mentor_of || !solution->mentee_price || !solution->mentor_price)
		abort();
}

static double ours_solve(const struct match_graph *graph, int64_t *ret_value)
{
	struct match_solution solution;
	double begin = now();

	room_for(graph, &solution);
	match_optimal(graph, &solution, NULL);
	begin = now() - begin;
	must_hold(graph, &solution);
	*ret_value = solution.value;
	return begin;
}

enum change {
	DROP,   /* a mentor loses all places */
	COME,   /* the same gets them again */
	PLACE,  /* a mentor has one place less, or one more */
	SCORES, /* all scores of a mentee are others */
	KINDS
};
static const char *const kind_names[KINDS] = { "a mentor less", "a mentor more", "other places", "other scores" };

static void change(const struct family *family, const struct match_graph *graph, enum change kind, struct match_touched *touched)
{
	static int32_t mentee, mentor, gone, had;
	int32_t *places = (int32_t *)graph->places;
	struct match_edge *edges;

	*touched = (struct match_touched){ .mentees = &mentee, .mentors = &mentor };
	touched->mentee_count = kind == SCORES;
	touched->mentor_count = kind != SCORES;
	mentee = random_below(graph->mentees);
	mentor = kind == COME ? gone : random_below(graph->mentors);
	edges = (struct match_edge *)graph->edges + graph->start[mentee];
	if (kind == DROP) {
		gone = mentor;
		had = places[mentor];
		places[mentor] = 0;
	} else if (kind == COME) {
		places[mentor] = had;
	} else if (kind == PLACE) {
		places[mentor] += places[mentor] == 0 || random_below(2) == 0 ? 1 : -1;
	} else {
		for (int k = 0; k < EDGES; k++)
			edges[k].score = score_of(family, edges[k].mentor, graph->mentors);
		qsort(edges, EDGES, sizeof *edges, by_score);
	}
}

/* The seconds of one change of the dearest kind, which is returned as the value. */
static double ours_again(const struct match_graph *graph, int64_t *ret_value)
{
	struct match_solution solution;
	struct match_touched touched;
	struct match_live *live;
	double seconds[KINDS] = { 0 };

	room_for(graph, &solution);
	match_live_new(graph, NULL, &live);
	*ret_value = 0;
	for (int k = 0; k < CHANGES * KINDS; k++) {
		double begin;

		change(measured, graph, (enum change)(k % KINDS), &touched);
		begin = now();
		match_live_again(live, graph, &touched, NULL);
		match_live_read(live, &solution);
		seconds[k % KINDS] += now() - begin;
		if (k / KINDS % (graph->mentees / 1000 + 1) == 0)
			must_hold(graph, &solution);
	}
	for (int kind = 1; kind < KINDS; kind++)
		if (seconds[kind] > seconds[*ret_value])
			*ret_value = kind;
	return seconds[*ret_value] / CHANGES;
}

/* An aim, with its check: that is what a caller waits for. */
static double ours_aim(const struct match_graph *graph, enum match_aim aim, int64_t *ret_value)
{
	struct match_answer answer;
	struct problem problem;
	double begin = now();

	if (match_solve_graph(graph, aim, NULL, NULL, &answer, &problem) < 0) {
		fprintf(stderr, "%s\n", problem.text);
		_exit(1);
	}
	*ret_value = answer.placed * MATCH_UNIT + answer.total;
	return now() - begin;
}

static double ours_largest(const struct match_graph *graph, int64_t *ret_value)
{
	return ours_aim(graph, MATCH_AIM_OPTIMAL, ret_value);
}

static double ours_fair(const struct match_graph *graph, int64_t *ret_value)
{
	return ours_aim(graph, MATCH_AIM_FAIR, ret_value);
}

static double resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;

	if (!file || fscanf(file, "%ld %ld", &size, &pages) != 2)
		abort();
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static bool write_graph(const struct match_graph *graph, int to)
{
	const int32_t sizes[] = { graph->mentees, graph->mentors };
	FILE *file = fdopen(to, "w");
	size_t mentees = (size_t)graph->mentees, edges = (size_t)graph->start[mentees];

	return file && fwrite(sizes, sizeof sizes, 1, file) == 1 &&
		fwrite(graph->places, sizeof *graph->places, (size_t)graph->mentors, file) == (size_t)graph->mentors &&
		fwrite(graph->start, sizeof *graph->start, mentees + 1, file) == mentees + 1 &&
		fwrite(graph->edges, sizeof *graph->edges, edges, file) == edges && fclose(file) == 0;
}

/* In a process of its own, which times itself; 0 if it was stopped. */
static double peer_scipy(const struct match_graph *graph, int64_t *ret_value)
{
	char path[] = "/tmp/mentorship-match-XXXXXX", command[4096];
	double seconds = 0;
	long long value = 0;
	int file = mkstemp(path), count;
	FILE *answer;

	if (file < 0 || !write_graph(graph, file))
		abort();
	snprintf(command, sizeof command, "exec '%s' %s", getenv("MATCH_SCIPY"), path);
	answer = popen(command, "r");
	count = answer ? fscanf(answer, "%lf %lld", &seconds, &value) : 0;
	if (!answer || (pclose(answer) != 0 && count == 2))
		count = 0;
	unlink(path);
	*ret_value = value;
	return count == 2 ? seconds : 0;
}

static void child(solver *solve, const struct match_graph *graph, int to)
{
	struct run run = { 0 };
	struct rusage usage;
	double before = resident();

	struct rlimit limit = { PATIENCE, PATIENCE + 1 };

	if (solve == peer_simplex || solve == peer_scaling || solve == peer_scipy)
		setrlimit(RLIMIT_CPU, &limit);
	run.seconds = solve(graph, &run.value);
	getrusage(RUSAGE_SELF, &usage);
	run.megabytes = (double)usage.ru_maxrss * 1024 / 1e6 - before;
	if (solve == ours_solve)
		run.megabytes += (double)graph->start[graph->mentees] * sizeof *graph->edges / 1e6;
	_exit(write(to, &run, sizeof run) != sizeof run);
}

/* The status of one that failed is ours, too; one that was stopped for its time counts as such. */
static struct run run_alone(solver *solve, const struct match_graph *graph)
{
	struct run run = { 0 };
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0)
		child(solve, graph, ends[1]);
	close(ends[1]);
	if (read(ends[0], &run, sizeof run) != sizeof run)
		run = (struct run){ 0 };
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid || (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)))
		exit(1);
	return run;
}

/* --- a family ------------------------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
	double one = ((const struct run *)a)->seconds, other = ((const struct run *)b)->seconds;

	return (one > other) - (one < other);
}

/* The better of the two peers; a run that was stopped has no value to compare. */
static struct run run_peer(const struct match_graph *graph, int64_t value, bool *ret_same)
{
	struct run simplex = run_alone(peer_simplex, graph), scaling = run_alone(peer_scaling, graph);

	*ret_same = (!simplex.seconds || simplex.value == value) && (!scaling.seconds || scaling.value == value);
	if (!simplex.seconds && !scaling.seconds)
		return (struct run){ PATIENCE, value, 0 };
	return scaling.seconds && (!simplex.seconds || scaling.seconds < simplex.seconds) ? scaling : simplex;
}

static void say(const struct family *family, int32_t mentees, const struct run *ours, const struct run *peer)
{
	double goal = family->goal[mentees >= 10000];

	printf("match-%s-%d: ratio %.3f, goal <= %.3g, ours %.4f, peer %.4f (s)%s%s\n", family->name, mentees,
		ours->seconds / peer->seconds, goal, ours->seconds, peer->seconds, peer->megabytes == 0 ? ", peer stopped" : "",
		ours->seconds / peer->seconds <= goal ? "" : "  MISSED");
	if (mentees >= 10000 && peer->megabytes > 0)
		printf("match-%s-%d-memory: ratio %.3f, goal <= 0.25, ours %.1f, peer %.1f (MB)%s\n", family->name, mentees,
			ours->megabytes / peer->megabytes, ours->megabytes, peer->megabytes,
			ours->megabytes / peer->megabytes <= 0.25 ? "" : "  MISSED");
}

static void say_again(const struct family *family, int32_t mentees, const struct run *again, const struct run *cold)
{
	printf("match-%s-%d-again: ratio %.4f, goal <= 0.05, ours %.6f, peer %.4f (s, of the whole run; the dearest change: %s)%s\n",
		family->name, mentees, again->seconds / cold->seconds, again->seconds, cold->seconds, kind_names[again->value],
		again->seconds <= 0.05 * cold->seconds ? "" : "  MISSED");
}

/* Whether it reached the same value, or took too long. */
static bool measure_scipy(const struct family *family, int32_t mentees, const struct match_graph *graph, const struct run *ours)
{
	struct run scipy = run_alone(peer_scipy, graph);

	if (scipy.seconds > 0)
		printf("match-%s-%d-scipy: ratio %.3f, goal <= 1, ours %.4f, peer %.4f (s)%s\n", family->name, mentees,
			ours->seconds / scipy.seconds, ours->seconds, scipy.seconds, ours->seconds <= scipy.seconds ? "" : "  MISSED");
	else
		printf("match-%s-%d-scipy: no answer within %d s, ours %.4f (s)\n", family->name, mentees, PATIENCE, ours->seconds);
	return scipy.seconds == 0 || scipy.value == ours->value;
}

/* Fair places as many and has no higher total. */
static bool measure_fair(const struct family *family, int32_t mentees, const struct match_graph *graph)
{
	struct run fair = run_alone(ours_fair, graph), largest = run_alone(ours_largest, graph);

	printf("match-%s-%d-fair: ratio %.3g, goal <= 25, fair %.4f, optimal %.4f (s)%s\n", family->name, mentees,
		fair.seconds / largest.seconds, fair.seconds, largest.seconds, fair.seconds <= 25 * largest.seconds ? "" : "  MISSED");
	return fair.value <= largest.value && fair.value / MATCH_UNIT == largest.value / MATCH_UNIT;
}

static bool measure(const struct family *family, int32_t mentees, bool alone)
{
	struct run ours[ROUNDS], again[ROUNDS], peer[ROUNDS];
	int peers = alone ? 0 : mentees > LARGE ? 1 : ROUNDS;
	struct match_graph graph;
	bool same = true;

	measured = family;
	make(family, mentees, &graph);
	for (int i = 0; i < ROUNDS && same; i++) {
		ours[i] = run_alone(ours_solve, &graph);
		again[i] = run_alone(ours_again, &graph);
		if (i < peers)
			peer[i] = run_peer(&graph, ours[i].value, &same);
	}
	qsort(ours, ROUNDS, sizeof *ours, by_time);
	qsort(again, ROUNDS, sizeof *again, by_time);
	qsort(peer, (size_t)peers, sizeof *peer, by_time);
	if (same && alone)
		printf("match-%s-%d: ours %.4f (s), %.1f (MB)\n", family->name, mentees, ours[ROUNDS / 2].seconds,
			ours[ROUNDS / 2].megabytes);
	else if (same)
		say(family, mentees, &ours[ROUNDS / 2], &peer[peers / 2]);
	if (same)
		say_again(family, mentees, &again[ROUNDS / 2], &ours[ROUNDS / 2]);
	if (same && !alone && mentees <= 10000 && getenv("MATCH_SCIPY"))
		same = measure_scipy(family, mentees, &graph, &ours[ROUNDS / 2]);
	if (!same)
		fprintf(stderr, "match-%s-%d: the values are not the same\n", family->name, mentees);
	same = same && measure_fair(family, mentees, &graph);
	fflush(stdout);
	free((void *)graph.edges);
	free((void *)graph.start);
	free((void *)graph.places);
	return same;
}

int main(int argc, char **argv)
{
	static const char *const standard[] = { "1000", "10000", "100000", NULL };
	bool alone = argc > 1 && strcmp(argv[1], "--ours") == 0, good = true;
	const char *const *number = argc > 1 + alone ? (const char *const *)argv + 1 + alone : standard;

	for (; *number; number++)
		for (size_t i = 0; i < sizeof families / sizeof *families; i++)
			good = measure(&families[i], atoi(*number), alone) && good;
	return good ? 0 : 1;
}
