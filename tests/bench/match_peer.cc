/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The peer of match_bench: the same matching as a minimum cost flow by LEMON's
 * NetworkSimplex and CostScaling; the graph's making is not timed. Every mentee sends one unit, over a pair for -worth or past all
 * mentors for nothing. Costs are the packed worths, so both levels are exact.
 */
#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>
#include <cstdint>
#include <ctime>
#include <vector>

extern "C" {
#define _Static_assert static_assert
#include "match/match.h"
double peer_simplex(const struct match_graph *, int64_t *ret_value);
double peer_scaling(const struct match_graph *, int64_t *ret_value);
}

typedef lemon::SmartDigraph Graph;

struct flow {
	Graph graph;
	Graph::ArcMap<int64_t> capacity, cost;
	Graph::NodeMap<int64_t> supply;

	void add_pair(Graph::Arc arc, int32_t score)
	{
		capacity[arc] = 1;
		cost[arc] = -(MATCH_UNIT + score);
	}

	explicit flow(const match_graph *from) : capacity(graph), cost(graph), supply(graph)
	{
		std::vector<Graph::Node> mentors;
		Graph::Node sink = graph.addNode();

		for (int32_t j = 0; j < from->mentors; j++) {
			mentors.push_back(graph.addNode());
			capacity[graph.addArc(mentors[j], sink)] = from->places[j];
		}
		supply[sink] = -from->mentees;
		for (int32_t i = 0; i < from->mentees; i++) {
			Graph::Node mentee = graph.addNode();

			supply[mentee] = 1;
			capacity[graph.addArc(mentee, sink)] = 1;
			for (int64_t e = from->start[i]; e < from->start[i + 1]; e++)
				add_pair(graph.addArc(mentee, mentors[from->edges[e].mentor]), from->edges[e].score);
		}
	}
};

static double now()
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

template <class Solver> static double solve(const match_graph *graph, int64_t *ret_value)
{
	flow f(graph);
	double begin = now();
	Solver solver(f.graph);

	solver.upperMap(f.capacity).costMap(f.cost).supplyMap(f.supply);
	solver.run();
	*ret_value = -solver.template totalCost<int64_t>();
	return now() - begin;
}

double peer_simplex(const match_graph *graph, int64_t *ret_value)
{
	return solve<lemon::NetworkSimplex<Graph, int64_t, int64_t>>(graph, ret_value);
}

double peer_scaling(const match_graph *graph, int64_t *ret_value)
{
	return solve<lemon::CostScaling<Graph, int64_t, int64_t>>(graph, ret_value);
}
