/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any text as an instance file: refused with a sentence that ends, or read the same once its lines are turned about, and solved; what the
 * checkers say of each result is that it holds, and of one with a pair too many that it does not.
 */
#include "fuzz.h"

#include "match/instance.h"

/* The first line, then the others from the last to the first. */
static char *turned(const char *data, size_t size, size_t *ret_size)
{
	const char *first = memchr(data, '\n', size), *end = data + size;
	char *text = malloc(size + 2), *at = text;

	check(text != NULL, "memory");
	*ret_size = 0;
	if (!first || memchr("m", *data, 1) == NULL) { /* a comment may stand before the heading */
		free(text);
		return NULL;
	}
	memcpy(at, data, (size_t)(first - data) + 1);
	at += first - data + 1;
	while (end > first + 1) {
		const char *last = end[-1] == '\n' ? end - 1 : end, *begin = last;

		while (begin > first + 1 && begin[-1] != '\n')
			begin--;
		memcpy(at, begin, (size_t)(last - begin));
		at += last - begin;
		*at++ = '\n';
		end = begin;
	}
	*ret_size = (size_t)(at - text);
	return text;
}

static void solve_stable(const struct match_instance *in, enum match_stability which)
{
	int32_t *mentor_of = calloc((size_t)in->graph.mentees + 1, sizeof *mentor_of);
	struct problem problem;

	check(mentor_of != NULL, "memory");
	check(match_stable(&in->choices, which, mentor_of, NULL) == 0, "stable matchings are found");
	check(match_stable_check(&in->choices, mentor_of, &problem) == 0, "and hold");
	for (int32_t i = 0; i < in->graph.mentees; i++)
		if (mentor_of[i] >= 0) { /* both wanted it, so without it the two block */
			mentor_of[i] = -1;
			check(match_stable_check(&in->choices, mentor_of, &problem) == E_INVALID, "a pair less is seen");
			break;
		}
	free(mentor_of);
}

static void solve_optimal(const struct match_instance *in)
{
	size_t mentees = (size_t)in->graph.mentees + 1, mentors = (size_t)in->graph.mentors + 1;
	struct match_graph graph = in->graph;
	struct match_solution s = { calloc(mentees, sizeof(int32_t)), calloc(mentees, sizeof(int64_t)), calloc(mentors, sizeof(int64_t)),
		0 };
	struct problem problem;

	graph.least = graph.locked = graph.kept = NULL;
	check(s.mentor_of && s.mentee_price && s.mentor_price, "memory");
	check(match_graph_check(&graph, &problem) == 0, "what was read is a graph");
	check(match_optimal(&graph, &s, NULL) == 0 && match_check(&graph, &s, &problem) == 0, "the optimum holds");
	free(s.mentor_of);
	free(s.mentee_price);
	free(s.mentor_price);
}

static void solve_circles(const struct match_instance *in)
{
	struct match_circles out;
	struct problem problem;

	check(match_circles(&in->circles, NULL, &out, &problem) == 0, "circles are found, and hold");
	out.total++;
	check(match_circles_check(&in->circles, &out, &problem) == E_INVALID, "one more is seen");
	match_circles_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct match_instance in, twin;
	struct problem problem = { 0 };
	size_t other_size;
	char *other;

	if (match_instance_read((const char *)data, size, &in, &problem) < 0) {
		check(problem.code == E_INVALID && *problem.text, "a refusal says why");
		check(in.arena == NULL, "and leaves nothing");
		return 0;
	}
	other = turned((const char *)data, size, &other_size);
	if (other) {
		check(match_instance_read(other, other_size, &twin, &problem) == 0, "turned about it is an instance");
		check(!memcmp(in.hash, twin.hash, sizeof in.hash), "and the same one");
		match_instance_free(&twin);
		free(other);
	}
	for (int which = MATCH_STABLE_MENTEES; which <= MATCH_STABLE_TIES; which++)
		solve_stable(&in, (enum match_stability)which);
	solve_optimal(&in);
	if (in.has & MATCH_HAS_PEOPLE && in.circles.people <= 12)
		solve_circles(&in);
	match_instance_free(&in);
	return 0;
}
