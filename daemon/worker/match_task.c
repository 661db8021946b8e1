/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of people are in nothing that is sent: texts name participants as '#ID', and whoever reads them puts names where
 * they may.
 */
#include "match_task.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "match_input.h"
#include "sandbox.h"

enum {
	WORD,
	RUN,
	PROGRAM,
	SEED,
	LINES,
	NOW,
	ZONE,
	CELLS
};

static void on_progress(void *context, double part, const char *phase)
{
	(void)context;
	(void)phase;
	link_progress(part);
}

static const char *number(struct arena *arena, int64_t n)
{
	return arena_print(arena, "%lld", (long long)n);
}

static void add_line(struct buffer *out, const char *text)
{
	if (!text || !*text)
		return;
	if (out->length)
		buffer_char(out, '\n');
	buffer_text(out, text);
}

/* Best first. */
static void add_alternatives(struct buffer *out, struct arena *arena, bool mentors, const struct match_alternative *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_line(out,
			arena_print(arena, "%s %lld %d %s", mentors ? "mentor" : "mentee",
				(long long)(mentors ? list[i].mentor : list[i].mentee), list[i].score, list[i].text));
}

static void send_pair(const struct match_made *pair)
{
	struct buffer shares = { 0 }, reasons = { 0 }, alternatives = { 0 };
	struct arena arena = { 0 };

	for (size_t i = 0; i < pair->share_count; i++) {
		const struct match_share *share = &pair->shares[i];

		add_line(&shares,
			share->hard ? arena_print(&arena, "%s rule", share->criterion->name)
				    : arena_print(&arena, "%s %d of %d", share->criterion->name, share->points, share->most));
		add_line(&reasons, share->text);
	}
	add_alternatives(&alternatives, &arena, true, pair->mentee_alternatives, pair->mentee_alternative_count);
	add_alternatives(&alternatives, &arena, false, pair->mentor_alternatives, pair->mentor_alternative_count);
	SEND("pair", number(&arena, pair->mentor), number(&arena, pair->mentee), number(&arena, pair->score), buffer_string(&shares),
		buffer_string(&reasons), buffer_string(&alternatives), pair->shared);
	buffer_free(&shares);
	buffer_free(&reasons);
	buffer_free(&alternatives);
	arena_free(&arena);
}

static void send_unplaced(const struct match_unplaced *one)
{
	struct arena arena = { 0 };
	int64_t mentor = 0; /* all helps are about the same one */

	for (size_t i = 0; i < one->help_count && !mentor; i++)
		mentor = one->helps[i].mentor;
	SEND("unplaced", number(&arena, one->participant), one->stopped, one->help, number(&arena, mentor));
	arena_free(&arena);
}

static void send_result(const struct match_input *input, const struct match_result *result)
{
	struct arena arena = { 0 };
	char hash[65];

	for (int i = 0; i < 32; i++)
		snprintf(hash + 2 * i, 3, "%02x", result->input_hash[i]);
	SEND("result", hash, number(&arena, (int64_t)input->mentee_count), number(&arena, (int64_t)input->mentor_count),
		number(&arena, result->eligible), number(&arena, result->placed), number(&arena, result->total),
		number(&arena, result->bound_total),
		arena_print(&arena, "places %lld\ncells %lld\nlowest score %d\nmedian score %d\nunplaced %zu\nshortlisted %s\nrounds %d",
			(long long)result->places, (long long)result->cells, result->lowest, result->median, result->unplaced_count,
			result->shortlisted ? "yes" : "no", result->rounds));
	arena_free(&arena);
}

static int gather(struct gathering *g, const struct frame *first, struct problem *problem)
{
	int64_t seed;
	int r;

	if (first->count != CELLS || !frame_number(first->cells[PROGRAM], &g->program) || !frame_number(first->cells[SEED], &seed) ||
		!first->cells[LINES] || !frame_number(first->cells[NOW], &g->now))
		return problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions");
	g->zone = first->cells[ZONE];
	g->input.seed = (uint64_t)seed;
	g->zones = zones_new(NULL);
	r = zones_load_all(g->zones, problem);
	if (r < 0)
		return r;
	zones_seal(g->zones);
	if (fchdir(DIRECTORY_FD))
		return problem_set(problem, E_UNAVAILABLE, NULL, "the database's directory was not given");
	r = sandbox_enter(DIRECTORY_FD, problem);
	if (!r)
		r = gather_recipe(g, first->cells[LINES], problem);
	if (!r)
		r = engine_open_reader(".", "mentorship.db", &g->engine, problem);
	if (r)
		return r;
	r = gather_database(g, problem);
	engine_close(g->engine);
	return r ? r : gather_sealed(g, INPUT_FD, problem);
}

int match_task(const struct frame *first, struct problem *problem)
{
	struct match_watch watch = { .progress = on_progress };
	struct gathering g = { 0 };
	struct match_result *result;
	int r = gather(&g, first, problem);

	if (!r)
		r = match_run(&g.input, &watch, &result, problem);
	if (!r) {
		for (size_t i = 0; i < result->pair_count; i++)
			send_pair(&result->pairs[i]);
		for (size_t i = 0; i < result->unplaced_count; i++)
			send_unplaced(&result->unplaced[i]);
		send_result(&g.input, result);
		link_flush();
		match_result_free(result);
	}
	zones_free(g.zones);
	arena_free(&g.arena);
	return r;
}
