/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What forcing another pair would cost, exactly.
 *
 * With the prices of an optimum every possible change has a cost of at least
 * 0: pairing i with j costs price(i) + price(j) - worth, undoing a pair costs
 * nothing, and 'outside' (a free place, or going without) costs a price.
 * Forcing i to j means that j gets one too many and i is missing where it was;
 * the cheapest way to mend that is a shortest path from j to i's mentor (or
 * outside). Costs are added up with no rounding, so the result is the true
 * difference of the two optima. One search from j serves all pairs wanted with j.
 *
 * With several levels prices and costs are rows of numbers; what counts is the first level where two differ. Rows are added and
 * compared as numbers are, so nothing else changes.
 *
 * Of a single level a search also passes over what is further away than its furthest end that is reached in some way already: pairs
 * stand by falling score, so most of a mentee's need not be looked at.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"

enum {
	BOUND_EACH = 16, /* nodes between two looks at how far the ends are */
	STACK = 1 << 20  /* bytes, of a thread */
};
static const int64_t budget = 400000000; /* steps; past that costs are lower bounds */

struct net {
	const struct match_graph *graph;
	const struct match_solution *solution;
	int32_t levels;
	int32_t outside;                 /* this node stands behind all mentors */
	int32_t *start, *members;        /* the mentees of each mentor */
	int32_t *waiting, waiting_count; /* mentees without a place */
	int64_t *distance;               /* of each node a row */
	int32_t *heap, *heap_at, heap_count;
	int32_t *wanted_at; /* of each node: open pairs whose search ends there */
	int64_t floor;      /* no mentor with places has a lower price; of a single level */
	int64_t bound;      /* nothing as far away as this can be on a way to an open end; of a single level */
	int64_t steps;
};

typedef int64_t row[MATCH_LEVELS_MAX];

static int64_t worth_at(const struct net *net, int32_t mentee, const struct match_edge *edge, int32_t level)
{
	int64_t placed = level > 0 ? 0 : net->graph->marked && net->graph->marked[mentee] ? 2 * MATCH_UNIT : MATCH_UNIT;

	if (level == net->levels - 1)
		return placed + edge->score;
	if (net->graph->kept)
		return placed + (net->graph->kept[mentee] == edge->mentor);
	return placed - (match_band_of(edge->score) == level);
}

static void reduced(const struct net *net, int32_t mentee, const struct match_edge *edge, int64_t *ret)
{
	const struct match_graph *graph = net->graph;

	for (int32_t level = 0; level < net->levels; level++)
		ret[level] = net->solution->mentee_price[(int64_t)level * graph->mentees + mentee] +
			net->solution->mentor_price[(int64_t)level * graph->mentors + edge->mentor] - worth_at(net, mentee, edge, level);
}

static bool shorter(const struct net *net, const int64_t *a, const int64_t *b)
{
	int32_t level = 0;

	while (level < net->levels - 1 && a[level] == b[level])
		level++;
	return a[level] < b[level];
}

static int64_t *distance_of(const struct net *net, int32_t node)
{
	return net->distance + (int64_t)node * net->levels;
}

/* What a row says, of count, total and the first level that differs. */
static void take_cost(const struct net *net, const int64_t *cost, struct wanted *wanted)
{
	int64_t placed = (cost[0] + (cost[0] < 0 ? -MATCH_UNIT : MATCH_UNIT) / 2) / MATCH_UNIT;

	wanted->cost = net->levels == 1 ? cost[0] : placed * MATCH_UNIT + cost[net->levels - 1];
	wanted->level = wanted->cost_level = 0;
	for (int32_t level = 0; level < net->levels - 1 && wanted->cost_level == 0; level++) {
		wanted->level = level;
		wanted->cost_level = (int32_t)(level == 0 ? cost[0] - placed * MATCH_UNIT : cost[level]);
	}
}

static int32_t taken(const struct net *net, int32_t mentor)
{
	return net->start[mentor + 1] - net->start[mentor];
}

static void net_make(struct net *net, const struct solved *solved, struct arena *arena)
{
	const struct match_graph *graph = &solved->graph;
	size_t mentors = (size_t)graph->mentors + 2, mentees = (size_t)graph->mentees + 1;
	int32_t *fill = arena_new(arena, mentors * sizeof *fill);

	*net = (struct net){ .graph = graph, .solution = &solved->solution, .levels = solved->levels, .outside = graph->mentors };
	net->start = arena_new(arena, mentors * sizeof *net->start);
	net->members = arena_new(arena, mentees * sizeof *net->members);
	net->waiting = arena_new(arena, mentees * sizeof *net->waiting);
	net->distance = arena_new(arena, mentors * (size_t)net->levels * sizeof *net->distance);
	net->heap = arena_new(arena, mentors * sizeof *net->heap);
	net->heap_at = arena_new(arena, mentors * sizeof *net->heap_at);
	net->wanted_at = arena_new(arena, mentors * sizeof *net->wanted_at);
	net->floor = INT64_MAX / 4;
	for (int32_t j = 0; j < graph->mentors; j++)
		if (graph->places[j] > 0 && net->solution->mentor_price[j] < net->floor)
			net->floor = net->solution->mentor_price[j];
	for (int32_t i = 0; i < graph->mentees; i++) {
		if (net->solution->mentor_of[i] >= 0)
			net->start[net->solution->mentor_of[i] + 1]++;
		else if (graph->start[i] < graph->start[i + 1])
			net->waiting[net->waiting_count++] = i;
	}
	for (int32_t j = 0; j < graph->mentors; j++)
		net->start[j + 1] += net->start[j];
	for (int32_t i = 0; i < graph->mentees; i++) {
		int32_t j = net->solution->mentor_of[i];

		if (j >= 0)
			net->members[net->start[j] + fill[j]++] = i;
	}
}

/* --- the search --------------------------------------------------------------------------------------- */

static void put(struct net *net, int32_t at, int32_t node)
{
	net->heap[at] = node;
	net->heap_at[node] = at;
}

/* A node at the distance of `from` and one step (NULL: none) more. */
static void reach(struct net *net, int32_t node, const int64_t *from, const int64_t *step)
{
	int64_t *own = distance_of(net, node);
	row distance;
	int32_t at, level = 0;

	net->steps++;
	do /* there is one level at least */
		distance[level] = from[level] + (step ? step[level] : 0);
	while (++level < net->levels);
	if (!shorter(net, distance, own))
		return;
	memcpy(own, distance, (size_t)net->levels * sizeof *own);
	at = net->heap_at[node] >= 0 ? net->heap_at[node] : net->heap_count++;
	while (at > 0 && shorter(net, own, distance_of(net, net->heap[(at - 1) / 2]))) {
		put(net, at, net->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(net, at, node);
}

static int32_t nearest(struct net *net)
{
	int32_t top = net->heap[0], last = net->heap[--net->heap_count], at = 0;

	net->heap_at[top] = -1;
	if (net->heap_count == 0)
		return top;
	for (int32_t child = 1; child < net->heap_count; child = 2 * at + 1) {
		if (child + 1 < net->heap_count && shorter(net, distance_of(net, net->heap[child + 1]), distance_of(net, net->heap[child])))
			child++;
		if (!shorter(net, distance_of(net, net->heap[child]), distance_of(net, last)))
			break;
		put(net, at, net->heap[child]);
		at = child;
	}
	put(net, at, last);
	return top;
}

static void price_row(const int64_t *prices, int32_t people, int32_t at, int32_t levels, int64_t *ret)
{
	for (int32_t level = 0; level < levels; level++)
		ret[level] = prices[(int64_t)level * people + at];
}

/* The same for a single level. */
static void go_elsewhere_near(struct net *net, int32_t mentee, int64_t distance)
{
	const struct match_graph *graph = net->graph;
	int64_t base = distance + net->solution->mentee_price[mentee] - worth_at(net, mentee, &(struct match_edge){ 0 }, 0);

	for (int64_t e = graph->start[mentee]; e < graph->start[mentee + 1]; e++) {
		int32_t mentor = graph->edges[e].mentor;
		int64_t there = base + net->solution->mentor_price[mentor] - graph->edges[e].score;

		if (base + net->floor - graph->edges[e].score >= net->bound)
			return;
		net->steps++;
		if (there < *distance_of(net, mentor) && there < net->bound && graph->places[mentor] > 0)
			reach(net, mentor, &there, NULL);
	}
}

static void go_elsewhere(struct net *net, int32_t mentee, const int64_t *distance)
{
	row step;

	if (net->levels == 1) {
		go_elsewhere_near(net, mentee, *distance);
		return;
	}
	for (int64_t e = net->graph->start[mentee]; e < net->graph->start[mentee + 1]; e++)
		if (net->graph->places[net->graph->edges[e].mentor] > 0) {
			reduced(net, mentee, &net->graph->edges[e], step);
			reach(net, net->graph->edges[e].mentor, distance, step);
		}
}

static void leave_mentor(struct net *net, int32_t mentor, const int64_t *distance)
{
	row step;

	if (taken(net, mentor) < net->graph->places[mentor])
		reach(net, net->outside, distance, NULL);
	for (int32_t k = net->start[mentor]; k < net->start[mentor + 1]; k++) {
		int32_t mentee = net->members[k];

		price_row(net->solution->mentee_price, net->graph->mentees, mentee, net->levels, step);
		reach(net, net->outside, distance, step);
		go_elsewhere(net, mentee, distance);
	}
}

static void come_from_outside(struct net *net, const int64_t *distance)
{
	row step;

	for (int32_t mentor = 0; mentor < net->graph->mentors; mentor++)
		if (taken(net, mentor) > 0) {
			price_row(net->solution->mentor_price, net->graph->mentors, mentor, net->levels, step);
			reach(net, mentor, distance, step);
		}
	for (int32_t k = 0; k < net->waiting_count; k++)
		go_elsewhere(net, net->waiting[k], distance);
}

static int32_t target_of(const struct net *net, const struct wanted *wanted)
{
	int32_t at = net->solution->mentor_of[wanted->mentee];

	return at >= 0 ? at : net->outside;
}

static void set_cost(const struct net *net, struct wanted *wanted, const int64_t *distance)
{
	const struct match_edge edge = { wanted->mentor, wanted->score };
	row cost = { 0 };

	reduced(net, wanted->mentee, &edge, cost);
	for (int32_t level = 0; distance && level < net->levels; level++)
		cost[level] += distance[level];
	take_cost(net, cost, wanted);
	wanted->exact = distance != NULL;
}

/* All open ends that are not reached yet, or the furthest. */
static int64_t furthest_end(const struct net *net, const struct wanted *wanted, size_t count)
{
	int64_t furthest = 0;

	for (size_t i = 0; i < count; i++)
		if (!wanted[i].exact && *distance_of(net, target_of(net, &wanted[i])) > furthest)
			furthest = *distance_of(net, target_of(net, &wanted[i]));
	return furthest;
}

/* This node's distance is final: pairs whose search ends there are done. Returns how many. */
static size_t end_at(struct net *net, int32_t node, const int64_t *distance, struct wanted *wanted, size_t count)
{
	size_t done = 0;

	for (size_t i = 0; i < count && net->wanted_at[node]; i++)
		if (!wanted[i].exact && target_of(net, &wanted[i]) == node) {
			set_cost(net, &wanted[i], distance);
			net->wanted_at[node]--;
			done++;
		}
	return done;
}

static void search_begin(struct net *net, const struct wanted *wanted, size_t count)
{
	static const row nothing;

	for (int32_t node = 0; node <= net->outside; node++) {
		*distance_of(net, node) = INT64_MAX;
		net->heap_at[node] = -1;
		net->wanted_at[node] = 0;
	}
	for (size_t i = 0; i < count; i++)
		net->wanted_at[target_of(net, &wanted[i])]++;
	net->heap_count = 0;
	net->bound = INT64_MAX;
	reach(net, wanted->mentor, nothing, NULL);
}

/* Distances from a mentor until all wanted pairs with it are known, or the budget is spent. */
static void search_from(struct net *net, struct wanted *wanted, size_t count)
{
	size_t open = count;

	search_begin(net, wanted, count);
	for (int32_t looked = 0; net->heap_count > 0 && open > 0 && net->steps < budget; looked++) {
		int32_t node = nearest(net);
		row distance;

		memcpy(distance, distance_of(net, node), (size_t)net->levels * sizeof *distance);
		if (net->wanted_at[node])
			open -= end_at(net, node, distance, wanted, count);
		if (net->levels == 1 && looked % BOUND_EACH == 0)
			net->bound = furthest_end(net, wanted, count);
		if (node == net->outside)
			come_from_outside(net, distance);
		else
			leave_mentor(net, node, distance);
	}
}

static int by_mentor(const void *a, const void *b)
{
	const struct wanted *one = a, *other = b;

	if (one->mentor != other->mentor)
		return (one->mentor > other->mentor) - (one->mentor < other->mentor);
	return (one->mentee > other->mentee) - (one->mentee < other->mentee);
}

int match_exchange_costs(const struct solved *solved, struct wanted *wanted, size_t count, const struct match_watch *watch)
{
	struct arena arena = { 0 };
	struct net net;
	int r = 0;

	net_make(&net, solved, &arena);
	if (count > 0)
		qsort(wanted, count, sizeof *wanted, by_mentor);
	for (size_t i = 0, next; r == 0 && i < count; i = next) {
		for (next = i; next < count && wanted[next].mentor == wanted[i].mentor; next++)
			set_cost(&net, &wanted[next], NULL);
		if (stop_asked(watch))
			r = E_CANCELLED;
		tell(watch, (double)i / (double)count, "alternatives");
		if (r == 0 && net.steps < budget)
			search_from(&net, wanted + i, next - i);
	}
	arena_free(&arena);
	return r;
}

/* --- two lists ------------------------------------------------------------------------------------------- */

/* What another thread is asked: it tells nothing, and stops when the first has stopped. */
struct search {
	const struct solved *solved;
	struct wanted *wanted;
	size_t count;
	int stop; /* set once, atomically */
	int r;
};

static bool search_stops(void *context)
{
	return __atomic_load_n(&((struct search *)context)->stop, __ATOMIC_RELAXED);
}

static void *search_beside(void *of)
{
	struct search *search = of;
	struct match_watch watch = { .cancelled = search_stops, .context = search };

	search->r = match_exchange_costs(search->solved, search->wanted, search->count, &watch);
	return NULL;
}

int match_exchange_costs_of_two(
	const struct solved *solved, struct wanted *const wanted[2], const size_t counts[2], bool beside, const struct match_watch *watch)
{
	struct search second = { .solved = solved, .wanted = wanted[1], .count = counts[1] };
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, STACK))
		abort();
	beside = beside && pthread_create(&thread, &attributes, search_beside, &second) == 0;
	pthread_attr_destroy(&attributes);
	r = match_exchange_costs(solved, wanted[0], counts[0], watch);
	if (!beside)
		return r < 0 ? r : match_exchange_costs(solved, wanted[1], counts[1], watch);
	if (r < 0)
		__atomic_store_n(&second.stop, 1, __ATOMIC_RELAXED);
	if (pthread_join(thread, NULL))
		abort();
	return r < 0 ? r : second.r;
}

/* --- who could take one more --------------------------------------------------------------------------- */

static void reverse(const struct match_graph *graph, struct arena *arena, int64_t **ret_start, int32_t **ret_mentees)
{
	int64_t edges = graph->start[graph->mentees];
	int64_t *start = arena_new(arena, ((size_t)graph->mentors + 2) * sizeof *start);
	int64_t *fill = arena_new(arena, ((size_t)graph->mentors + 2) * sizeof *fill);
	int32_t *mentees = arena_new(arena, ((size_t)edges + 1) * sizeof *mentees);

	for (int64_t e = 0; e < edges; e++)
		start[graph->edges[e].mentor + 1]++;
	for (int32_t j = 0; j < graph->mentors; j++) {
		start[j + 1] += start[j];
		fill[j] = start[j];
	}
	for (int32_t i = 0; i < graph->mentees; i++)
		for (int64_t e = graph->start[i]; e < graph->start[i + 1]; e++)
			mentees[fill[graph->edges[e].mentor]++] = i;
	*ret_start = start;
	*ret_mentees = mentees;
}

void match_exchange_reach(const struct solved *solved, bool *ret_reach)
{
	const struct match_graph *graph = &solved->graph;
	const int32_t *mentor_of = solved->solution.mentor_of;
	struct arena arena = { 0 };
	int32_t *queue = arena_new(&arena, ((size_t)graph->mentors + 1) * sizeof *queue), count = 0;
	int32_t *used = arena_new(&arena, ((size_t)graph->mentors + 1) * sizeof *used), *mentees;
	int64_t *start;

	reverse(graph, &arena, &start, &mentees);
	for (int32_t i = 0; i < graph->mentees; i++)
		if (mentor_of[i] >= 0)
			used[mentor_of[i]]++;
	for (int32_t j = 0; j < graph->mentors; j++) {
		ret_reach[j] = used[j] < graph->places[j];
		if (ret_reach[j])
			queue[count++] = j;
	}
	for (int32_t at = 0; at < count; at++)
		for (int64_t k = start[queue[at]]; k < start[queue[at] + 1]; k++) {
			int32_t mentor = mentor_of[mentees[k]];

			if (mentor >= 0 && !ret_reach[mentor]) {
				ret_reach[mentor] = true;
				queue[count++] = mentor;
			}
		}
	arena_free(&arena);
}
