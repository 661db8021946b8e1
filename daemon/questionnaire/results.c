/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which counts of a table may be shown.
 *
 * Whoever sees a table knows sums: rows add up to their totals, columns to theirs. A count that is left out can be had back from
 * those that are not, or be boxed in. What can be known of it is exactly the least and the most that it can be in any table of
 * counts that agrees with all that is shown. Such tables are the circulations of a network: a node for each row and each column, an
 * arc for each count (row to column) and for each row's total (from a source into its row), columns flowing to a sink with totals that
 * are known. What is shown is fixed; the rest may change along circles. So the most that a count can be is what it is and
 * what can still flow around through it: a maximum flow, and the least likewise.
 *
 * Counts below k are suppressed, and then the cheapest circles through each of them, until every suppressed one could be anything
 * within k. More suppression only ever widens what is possible.
 */
#include <string.h>

#include "questionnaire.h"

#define UNBOUNDED (INT64_MAX / 4)

struct arc {
	size_t from, to;
	int64_t value;
	bool *shown;
	int64_t forth, back; /* what more can flow along it, and against it, while a flow is made */
};
struct network {
	struct arc *arcs;
	size_t count, nodes;
	int64_t k;
	size_t *by; /* arc by which a node was reached, +1; for arcs walked backward + count + 1 */
	size_t *queue;
	int64_t *cost;
};

static size_t node_of_source(const struct table *t)
{
	return t->rows + t->columns;
}

/* With one column a row's total is its count: there is one arc for both. */
static void build(struct arena *arena, const struct table *t, struct network *n)
{
	size_t totals = t->columns > 1 ? t->rows : 0;

	n->nodes = t->rows + t->columns + 1;
	n->k = t->k;
	n->arcs = arena_new(arena, (t->rows * t->columns + totals + 1) * sizeof *n->arcs);
	n->by = arena_new(arena, n->nodes * sizeof *n->by);
	n->queue = arena_new(arena, n->nodes * sizeof *n->queue);
	n->cost = arena_new(arena, n->nodes * sizeof *n->cost);
	for (size_t i = 0; i < t->rows * t->columns; i++)
		n->arcs[n->count++] = (struct arc){ i / t->columns, t->rows + i % t->columns, t->counts[i], &t->shown[i], 0, 0 };
	for (size_t i = 0; i < totals; i++) {
		int64_t sum = 0;

		for (size_t j = 0; j < t->columns; j++)
			sum += t->counts[i * t->columns + j];
		n->arcs[n->count++] = (struct arc){ node_of_source(t), i, sum, &t->row_shown[i], 0, 0 };
	}
	/* the rows of a table of one column stand under the source, too: their only arc then ends in the column and begins there */
	if (!totals)
		for (size_t i = 0; i < n->count; i++)
			n->arcs[i].from = node_of_source(t);
}

/* A way from one node to another along what can still flow; n->by tells it backward. */
static bool find_way(struct network *n, size_t from, size_t to)
{
	size_t head = 0, tail = 0;

	memset(n->by, 0, n->nodes * sizeof *n->by);
	n->queue[tail++] = from;
	while (head < tail) {
		size_t at = n->queue[head++];

		for (size_t i = 0; i < n->count; i++) {
			const struct arc *a = &n->arcs[i];
			size_t next;

			if (a->from == at && a->forth)
				next = a->to;
			else if (a->to == at && a->back)
				next = a->from;
			else
				continue;
			if (next == from || n->by[next])
				continue;
			n->by[next] = next == a->to ? i + 1 : n->count + i + 1;
			if (next == to)
				return true;
			n->queue[tail++] = next;
		}
	}
	return false;
}

static size_t push_along(struct network *n, size_t node, int64_t amount, int64_t *least)
{
	bool back = n->by[node] > n->count;
	struct arc *a = &n->arcs[n->by[node] - 1 - (back ? n->count : 0)];
	int64_t room = back ? a->back : a->forth;

	if (room < *least)
		*least = room;
	if (amount && a->forth < UNBOUNDED)
		a->forth += back ? amount : -amount;
	if (amount)
		a->back += back ? -amount : amount;
	return back ? a->to : a->from;
}

/* How much can flow from one node to another besides the arc that is asked about. */
static int64_t most_flow(struct network *n, const struct arc *but, size_t from, size_t to)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n->count; i++) {
		bool open = !*n->arcs[i].shown && &n->arcs[i] != but;

		n->arcs[i].forth = open ? UNBOUNDED : 0;
		n->arcs[i].back = open ? n->arcs[i].value : 0;
	}
	while (sum < UNBOUNDED && find_way(n, from, to)) {
		int64_t least = UNBOUNDED, ignored = UNBOUNDED;

		for (size_t node = to; node != from;)
			node = push_along(n, node, 0, &least);
		for (size_t node = to; node != from;)
			node = push_along(n, node, least, &ignored);
		sum += least;
	}
	return sum;
}

static void interval(struct network *n, const struct arc *a, int64_t *low, int64_t *high)
{
	int64_t down;

	*low = *high = a->value;
	if (*a->shown)
		return;
	*high += most_flow(n, a, a->to, a->from);
	down = most_flow(n, a, a->from, a->to);
	*low -= down < a->value ? down : a->value;
}

/*
 * Opens the cheapest circle through an arc of which too much is known: the way back from its end to its beginning along which the
 * least that is shown has to go. To be called when nothing more can flow that way, so at least one arc is opened. false: there is no way.
 */
static bool open_way(struct network *n, const struct arc *bad)
{
	bool better = true;

	for (size_t i = 0; i < n->nodes; i++)
		n->cost[i] = UNBOUNDED;
	n->cost[bad->to] = 0;
	memset(n->by, 0, n->nodes * sizeof *n->by);
	while (better) {
		better = false;
		for (size_t i = 0; i < 2 * n->count; i++) {
			bool back = i >= n->count;
			const struct arc *a = &n->arcs[i % n->count];
			size_t from = back ? a->to : a->from, to = back ? a->from : a->to;
			int64_t cost = n->cost[from] + (*a->shown ? a->value + 1 : 0);

			if (a == bad || (!*a->shown && !(back ? a->back : a->forth)) || n->cost[from] == UNBOUNDED || cost >= n->cost[to])
				continue;
			n->cost[to] = cost;
			n->by[to] = i + 1;
			better = true;
		}
	}
	if (n->cost[bad->from] == UNBOUNDED)
		return false;
	for (size_t node = bad->from; node != bad->to;) {
		bool back = n->by[node] > n->count;
		struct arc *a = &n->arcs[n->by[node] - 1 - (back ? n->count : 0)];

		*a->shown = false;
		node = back ? a->to : a->from;
	}
	return true;
}

static void suppress(struct network *n)
{
	for (size_t i = 0; i < n->count; i++)
		*n->arcs[i].shown = n->arcs[i].value >= n->k;
	/* what is opened may stand before what it was opened for */
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < n->count; i++) {
			int64_t low, high;

			while (!*n->arcs[i].shown) {
				interval(n, &n->arcs[i], &low, &high);
				if (high - low >= n->k && high >= n->k)
					break;
				most_flow(n, &n->arcs[i], n->arcs[i].to, n->arcs[i].from);
				if (!open_way(n, &n->arcs[i]))
					break;
				again = true;
			}
		}
	}
}

int table_suppress(struct arena *arena, struct table *t, struct problem *problem)
{
	struct network n = { 0 };

	t->shown = arena_new(arena, t->rows * t->columns + 1);
	t->row_shown = arena_new(arena, t->rows + 1);
	for (size_t j = 0; j < t->columns; j++) {
		int64_t sum = 0;

		for (size_t i = 0; i < t->rows; i++)
			sum += t->counts[i * t->columns + j];
		if (sum < t->k)
			return problem_set(problem, E_INVALID, NULL, "a group of %lld answers is smaller than %lld; join groups first",
				(long long)sum, (long long)t->k);
	}
	build(arena, t, &n);
	suppress(&n);
	for (size_t i = 0; t->columns == 1 && i < t->rows; i++)
		t->row_shown[i] = t->shown[i];
	return 0;
}

void table_interval(struct arena *arena, const struct table *t, size_t row, size_t column, int64_t *ret_low, int64_t *ret_high)
{
	struct network n = { 0 };
	size_t at = column == t->columns ? t->columns == 1 ? row : t->rows * t->columns + row : row * t->columns + column;

	build(arena, t, &n);
	interval(&n, &n.arcs[at], ret_low, ret_high);
}
