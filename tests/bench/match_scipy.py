#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second peer of match_bench: scipy's shortest augmenting paths on sparse costs (min_weight_full_bipartite_matching).

The solver for dense tables (linear_sum_assignment) would need a cell for each mentee and place; this one takes the pairs alone.
It knows no capacities: a mentor is one column for each place, and each mentee has a column of its own for being without
anybody. All is worth one more than it is, as a 0 would be no pair. Sums stay below 2^53, so they are exact.

match_scipy.py FILE: a graph as match_bench writes it; prints the seconds of the processor, without the making of the columns, and the value.
"""
import sys
import time

import numpy
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

UNIT = 1 << 37


def read(path):
    with open(path, "rb") as file:
        mentees, mentors = numpy.fromfile(file, numpy.int32, 2)
        places = numpy.fromfile(file, numpy.int32, mentors)
        start = numpy.fromfile(file, numpy.int64, mentees + 1)
        return int(mentees), places, start, numpy.fromfile(file, numpy.int32).reshape(-1, 2)


def columns(mentees, places, start, edges):
    first = numpy.concatenate(([0], numpy.cumsum(places)))
    times = places[edges[:, 0]]
    rows = numpy.repeat(numpy.repeat(numpy.arange(mentees), numpy.diff(start)), times)
    within = numpy.arange(times.sum()) - numpy.repeat(numpy.cumsum(times) - times, times)
    cells = numpy.repeat(first[edges[:, 0]], times) + within
    worth = numpy.repeat(edges[:, 1], times) + float(UNIT + 1)
    alone = numpy.arange(mentees)
    return csr_matrix((numpy.concatenate((worth, numpy.ones(mentees))),
                       (numpy.concatenate((rows, alone)), numpy.concatenate((cells, first[-1] + alone)))))


def main():
    mentees, *graph = read(sys.argv[1])
    matrix = columns(mentees, *graph)
    begin = time.process_time()
    rows, cells = min_weight_full_bipartite_matching(matrix, maximize=True)
    seconds = time.process_time() - begin
    print(seconds, int(matrix[rows, cells].sum()) - mentees)


main()
