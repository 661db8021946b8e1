/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of people are in nothing that is sent: texts name participants as '#ID', and whoever reads them puts names where
 * they may.
 */
#include "match_task.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "match_input.h"
#include "sandbox.h"

enum {
	WORD,
	PROGRAM,
	SEED,
	LINES,
	NOW,
	ZONE,
	CHANGES,
	FROM,
	ONE,
	OTHER,
	HASH,
	ALGORITHM,
	CELLS
};

/* How long each phase took; a phase that comes again (rounds of solving and proving) adds up. */
struct phases {
	struct {
		const char *name;
		double seconds;
	} list[12];
	size_t count, at;
	double since;
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void phase_begin(struct phases *p, const char *name)
{
	double now = seconds();

	if (p->count)
		p->list[p->at].seconds += now - p->since;
	p->since = now;
	for (p->at = 0; p->at < p->count && strcmp(p->list[p->at].name, name); p->at++)
		;
	if (p->at == p->count && p->count < sizeof p->list / sizeof *p->list)
		p->list[p->count++].name = name;
	p->at = p->at < p->count ? p->at : p->count - 1;
}

static void on_progress(void *context, double part, const char *phase)
{
	struct phases *p = context;

	if (strcmp(p->list[p->at].name, phase))
		phase_begin(p, phase);
	link_progress(part);
}

/* For the task alone: the run keeps nothing that another run of the same input could have otherwise. */
static void send_phases(struct phases *p)
{
	struct buffer lines = { 0 };

	phase_begin(p, "end");
	for (size_t i = 0; i + 1 < p->count; i++)
		buffer_print(&lines, "%s%s %.3f s", i ? "\n" : "", p->list[i].name, p->list[i].seconds);
	SEND("took", buffer_string(&lines));
	buffer_free(&lines);
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
static void add_alternatives(const struct gathering *g, struct buffer *out, struct arena *arena, bool mentors,
	const struct match_alternative *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!supposed_mentor(g, list[i].mentor))
			add_line(out,
				arena_print(arena, "%s %lld %d %s", mentors ? "mentor" : "mentee",
					(long long)(mentors ? list[i].mentor : list[i].mentee), list[i].score, list[i].text));
}

/* What each criterion gives, and what it says. */
static void add_shares(const struct match_share *list, size_t count, struct buffer *shares, struct buffer *reasons, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		const struct match_share *share = &list[i];

		add_line(shares,
			share->hard            ? arena_print(arena, "%s rule", share->name)
				: share->quiet ? arena_print(arena, "%s not shown", share->name)
					       : arena_print(arena, "%s %d of %d", share->name, share->points, share->most));
		add_line(reasons, share->text);
	}
}

static void send_pair(const struct gathering *g, const struct match_made *pair)
{
	struct buffer shares = { 0 }, reasons = { 0 }, alternatives = { 0 };
	struct arena arena = { 0 };

	add_shares(pair->shares, pair->share_count, &shares, &reasons, &arena);
	add_alternatives(g, &alternatives, &arena, true, pair->mentee_alternatives, pair->mentee_alternative_count);
	add_alternatives(g, &alternatives, &arena, false, pair->mentor_alternatives, pair->mentor_alternative_count);
	SEND("pair", number(&arena, pair->mentor), number(&arena, pair->mentee), number(&arena, pair->score), buffer_string(&shares),
		buffer_string(&reasons), buffer_string(&alternatives), pair->shared);
	buffer_free(&shares);
	buffer_free(&reasons);
	buffer_free(&alternatives);
	arena_free(&arena);
}

static void send_unplaced(const struct gathering *g, const struct match_unplaced *one)
{
	struct arena arena = { 0 };
	int64_t mentor = 0; /* all helps are about the same one */

	for (size_t i = 0; i < one->help_count && !mentor; i++)
		mentor = one->helps[i].mentor;
	SEND("unplaced", number(&arena, one->participant), one->stopped, one->help,
		number(&arena, supposed_mentor(g, mentor) ? 0 : mentor));
	arena_free(&arena);
}

/* Who would be with a mentor that there is not has no pair; the row says with whom. */
static void send_supposed(const struct gathering *g, const struct match_made *pair)
{
	struct arena arena = { 0 };

	SEND("unplaced", number(&arena, pair->mentee),
		arena_print(&arena, "Would be with supposed mentor %d (score %d).", supposed_mentor(g, pair->mentor), pair->score),
		"It would help: this mentor, found.", "0");
	arena_free(&arena);
}

struct sent {
	int64_t pairs, total, supposed;
};

static void send_seat(const struct match_seat *seat, int64_t group)
{
	struct buffer shares = { 0 }, reasons = { 0 };
	struct arena arena = { 0 };

	add_shares(seat->shares, seat->share_count, &shares, &reasons, &arena);
	SEND("seat", number(&arena, group), number(&arena, seat->participant), seat->is_mentor ? "mentor" : "mentee",
		number(&arena, seat->score), number(&arena, seat->mentor), buffer_string(&reasons));
	buffer_free(&shares);
	buffer_free(&reasons);
	arena_free(&arena);
}

static int supposed_in(const struct gathering *g, const struct match_group *group)
{
	int found = 0;

	for (size_t i = 0; i < group->seat_count && !found; i++)
		found = supposed_mentor(g, group->seats[i].participant);
	return found;
}

/* A group with a mentor that there is not is none; its people are told so. */
static void send_groups(const struct gathering *g, const struct match_result *result, struct sent *sent)
{
	int64_t last = 0;

	for (size_t i = 0; i < result->group_count; i++) {
		const struct match_group *group = &result->groups[i];
		struct arena arena = { 0 };
		int supposed = supposed_in(g, group);

		if (!supposed) {
			last++;
			SEND("circle", number(&arena, last), number(&arena, group->from), number(&arena, group->minutes),
				number(&arena, group->score), number(&arena, group->total));
			sent->total += group->total;
		}
		for (size_t k = 0; k < group->seat_count; k++) {
			const struct match_seat *seat = &group->seats[k];

			if (!supposed) {
				send_seat(seat, last);
				sent->pairs++;
			} else if (!supposed_mentor(g, seat->participant)) {
				SEND("unplaced", number(&arena, seat->participant),
					arena_print(&arena, "Would be in a group with supposed mentor %d.", supposed),
					"It would help: this mentor, found.", "0");
				sent->supposed++;
			}
		}
		arena_free(&arena);
	}
}

static struct sent send_rows(const struct gathering *g, const struct match_result *result)
{
	struct sent sent = { 0 };

	for (size_t i = 0; i < result->pair_count; i++) {
		const struct match_made *pair = &result->pairs[i];

		if (supposed_mentor(g, pair->mentor)) {
			send_supposed(g, pair);
			sent.supposed++;
			continue;
		}
		send_pair(g, pair);
		sent.pairs++;
		sent.total += pair->score;
	}
	send_groups(g, result, &sent);
	for (size_t i = 0; i < result->unplaced_count; i++)
		if (!supposed_mentor(g, result->unplaced[i].participant))
			send_unplaced(g, &result->unplaced[i]);
	return sent;
}

static void hash_text(const unsigned char hash[32], char ret[65])
{
	for (int i = 0; i < 32; i++)
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* What was promised beyond the number of the placed, and what came of it. */
static void add_reached(struct buffer *out, enum match_algorithm algorithm, const struct match_result *result)
{
	if (algorithm == MATCH_STABLE || algorithm == MATCH_STABLE_FOR_MENTORS)
		buffer_print(out, "\npairs of two who would both rather have each other 0, checked over %s\nties %s",
			result->shortlisted ? "the pairs of the shortlist" : "all pairs",
			algorithm == MATCH_STABLE ? "kiraly" : "by number");
	if (algorithm == MATCH_CIRCLES) {
		buffer_print(out, "\ngroups %zu\nproven %s\nat most placed %lld, of which are left out %lld", result->group_count,
			result->tried_all ? "placed and the total, by trying everything"
					  : "that no grouping places more than the bound, and of as many placed none has a larger total",
			(long long)result->bound_placed, (long long)(result->bound_placed - result->placed));
		if (result->placed == result->bound_placed)
			buffer_print(out, "\nat most total %lld, above this one by %lld", (long long)result->bound_total,
				(long long)(result->bound_total - result->total));
	}
	if (algorithm != MATCH_FAIR)
		return;
	buffer_print(out, "\nproven %s\npairs in each twentieth of the scores",
		result->shortlisted ? "placed, over all pairs; the twentieths and the total, over the pairs of the shortlist"
				    : "placed, the twentieths and the total, over all pairs");
	for (int i = 0; i < MATCH_BANDS; i++)
		buffer_print(out, " %d", result->bands[i]);
}

static void send_result(const struct gathering *g, const char *algorithm, const struct match_result *result, const struct sent *sent)
{
	struct buffer statistics = { 0 };
	struct arena arena = { 0 };
	char hash[65];

	buffer_print(&statistics,
		"algorithm %s\nplaces %lld\ncells %lld\nlowest score %d\nmedian score %d\nunplaced %zu\nshortlisted %s\nrounds %d",
		algorithm, (long long)result->places, (long long)result->cells, result->lowest, result->median, result->unplaced_count,
		result->shortlisted ? "yes" : "no", result->rounds);
	if (g->input.kept_count)
		buffer_print(&statistics, "\npairs kept %lld of %zu\nproven %s", (long long)result->kept, g->input.kept_count,
			result->shortlisted ? "placed, over all pairs; the pairs kept and the total, over the pairs of the shortlist"
					    : "placed, the pairs kept and the total, over all pairs");
	add_reached(&statistics, g->input.algorithm, result);
	if (g->supposed)
		buffer_print(&statistics, "\nplaced with supposed mentors %lld", (long long)sent->supposed);
	for (size_t i = 0; i < result->warning_count; i++)
		buffer_print(&statistics, "\nwarning: %s", result->warnings[i]);
	hash_text(result->input_hash, hash);
	SEND("result", hash, number(&arena, (int64_t)g->input.mentee_count), number(&arena, (int64_t)(g->input.mentor_count - g->supposed)),
		number(&arena, result->eligible), number(&arena, sent->pairs), number(&arena, sent->total),
		result->bound_total < 0 || result->bound_placed > result->placed
			? ""
			: number(&arena, result->bound_total - (result->total - sent->total)),
		buffer_string(&statistics));
	buffer_free(&statistics);
	arena_free(&arena);
}

/* As many threads as there are processors for this process. */
static int32_t processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static int gather(struct gathering *g, const struct frame *first, struct problem *problem)
{
	int64_t seed;
	int r;

	if (first->count != CELLS || !frame_number(first->cells[PROGRAM], &g->program) || !frame_number(first->cells[SEED], &seed) ||
		!first->cells[LINES] || !frame_number(first->cells[NOW], &g->now) || !frame_number(first->cells[FROM], &g->from) ||
		!first->cells[HASH] || !first->cells[ALGORITHM] || match_algorithm_named(first->cells[ALGORITHM], &g->input.algorithm))
		return problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions");
	g->zone = first->cells[ZONE];
	g->input.seed = (uint64_t)seed;
	g->input.threads = processors();
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
	if (!r)
		r = gather_sealed(g, INPUT_FD, problem);
	return r ? r : gather_changes(g, first->cells[CHANGES], problem);
}

static int run(struct gathering *g, const char *algorithm, const struct match_watch *watch, struct phases *phases, struct problem *problem)
{
	struct match_result *result;
	struct sent sent;
	int r = match_run(&g->input, watch, &result, problem);

	if (r)
		return r;
	phase_begin(phases, "handing in");
	sent = send_rows(g, result);
	send_phases(phases);
	send_result(g, algorithm, result, &sent);
	match_result_free(result);
	return 0;
}

/* ---- questions ---- */

/* "site: 100000 of 250000. They are at the same site." */
static void add_share(struct buffer *out, const struct match_share *share)
{
	if (out->length)
		buffer_char(out, '\n');
	buffer_text(out, share->name);
	if (share->hard)
		buffer_text(out, " (rule)");
	else if (!share->quiet)
		buffer_print(out, ": %d of %d", share->points, share->most);
	if (share->text[0])
		buffer_print(out, "%s %s", share->hard ? ":" : ".", share->text);
}

static void send_number(const char *name, int64_t n)
{
	struct arena arena = { 0 };

	SEND("number", name, number(&arena, n));
	arena_free(&arena);
}

/* A line for people to read: columns of one width, whatever reads it. */
static void add_row(struct buffer *out, const struct match_preview_line *line)
{
	if (out->length)
		buffer_char(out, '\n');
	buffer_print(out, "%-28.60s %-6s ", line->name, line->hard ? "rule" : "weight");
	if (line->quiet) {
		buffer_text(out, "not shown");
		return;
	}
	buffer_print(out, "%9lld pairs, %3.0f %% unknown", (long long)line->pairs,
		line->pairs ? 100.0 * (double)line->unknown / (double)line->pairs : 0);
	if (line->hard)
		buffer_print(out, ", %9lld stopped", (long long)line->stopped);
	if (isnan(line->mean))
		return;
	buffer_print(out, "; earns %4.2f on average (", line->mean);
	for (int i = 0; i < 9; i++)
		buffer_print(out, "%s%.2f", i ? " " : "", line->deciles[i]);
	buffer_char(out, ')');
}

/* The same for programs. */
static void add_values(struct buffer *out, const struct match_preview_line *line)
{
	if (out->length)
		buffer_char(out, '\n');
	buffer_print(out, "criterion=%s use=%s points=%d", line->name, line->hard ? "rule" : "weight", line->points);
	if (line->quiet)
		return;
	buffer_print(
		out, " pairs=%lld unknown=%lld stopped=%lld", (long long)line->pairs, (long long)line->unknown, (long long)line->stopped);
	if (isnan(line->mean))
		return;
	buffer_print(out, " mean=%.4f deciles=", line->mean);
	for (int i = 0; i < 9; i++)
		buffer_print(out, "%s%.3f", i ? "," : "", line->deciles[i]);
}

static int preview(struct gathering *g, const struct match_watch *watch, struct problem *problem)
{
	struct match_preview preview;
	struct buffer table = { 0 }, lines = { 0 };
	int r = match_preview(&g->input, watch, &preview, problem);

	for (size_t i = 0; i < preview.line_count && !r; i++) {
		add_row(&table, &preview.lines[i]);
		add_values(&lines, &preview.lines[i]);
	}
	if (!r) {
		send_number("mentees", preview.mentees);
		send_number("mentors", preview.mentors);
		send_number("pairs", preview.cells);
		send_number("eligible", preview.eligible);
		send_number("without", preview.without);
		SEND("lines", "lines", buffer_string(&lines));
		SEND("lines", "table", buffer_string(&table));
	}
	buffer_free(&table);
	buffer_free(&lines);
	match_preview_free(&preview);
	return r;
}

static int explain(struct gathering *g, const struct frame *first, const struct match_watch *watch, struct problem *problem)
{
	struct match_why why;
	struct buffer reasons = { 0 };
	int64_t mentee, mentor;
	char hash[65];
	int r = 0;

	if (!frame_number(first->cells[ONE], &mentee) || !frame_number(first->cells[OTHER], &mentor))
		return problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions");
	r = match_why(&g->input, mentee, mentor, watch, &why, problem);
	for (size_t i = 0; i < why.share_count && !r; i++)
		add_share(&reasons, &why.shares[i]);
	hash_text(why.input_hash, hash);
	if (!r) {
		send_number("made", why.made);
		send_number("possible", why.possible);
		send_number("changed", strcmp(hash, first->cells[HASH]) != 0);
		if (why.share_count)
			send_number("score", why.score);
		if (why.possible && !why.made) {
			send_number("cost_placed", why.cost_placed);
			send_number("cost_total", why.cost_total);
			send_number("exact", why.exact);
		}
		SEND("text", "text", why.text);
		SEND("lines", "reasons", buffer_string(&reasons));
	}
	buffer_free(&reasons);
	match_why_free(&why);
	return r;
}

static int outlook(struct gathering *g, const struct frame *first, const struct match_watch *watch, struct problem *problem)
{
	struct match_outlook outlook;
	struct buffer lines = { 0 };
	int64_t places;
	int r;

	if (!frame_number(first->cells[ONE], &places) || places < 1 || places > MATCH_PLACES_MAX)
		return problem_set(problem, E_UNAVAILABLE, NULL, "daemon and worker are of different versions");
	r = match_outlook(&g->input, (int32_t)places, watch, &outlook, problem);
	for (size_t i = 0; i < outlook.mentor_count && !r && i < 200; i++) {
		struct arena arena = { 0 };

		add_line(&lines,
			arena_print(&arena, "a mentor for %lld: %s", (long long)outlook.mentors[i].mentees, outlook.mentors[i].text));
		arena_free(&arena);
	}
	if (!r) {
		send_number("without", outlook.unplaced);
		send_number("beyond", outlook.beyond);
		send_number("places", places);
		send_number("more", (int64_t)outlook.mentor_count);
		send_number("least", outlook.least);
		send_number("proven", outlook.proven);
		SEND("lines", "lines", buffer_string(&lines));
	}
	buffer_free(&lines);
	match_outlook_free(&outlook);
	return r;
}

int match_task(const struct frame *first, struct problem *problem)
{
	struct phases phases = { 0 };
	struct match_watch watch = { .progress = on_progress, .context = &phases };
	struct gathering g = { 0 };
	const char *word = first->cells[WORD];
	int r;

	phase_begin(&phases, "reading");
	r = gather(&g, first, problem);
	phase_begin(&phases, "preparing");
	if (!r && !strcmp(word, "match"))
		r = run(&g, first->cells[ALGORITHM], &watch, &phases, problem);
	else if (!r && !strcmp(word, "preview"))
		r = preview(&g, &watch, problem);
	else if (!r && !strcmp(word, "explain"))
		r = explain(&g, first, &watch, problem);
	else if (!r)
		r = outlook(&g, first, &watch, problem);
	if (!r && strcmp(word, "match"))
		SEND("done");
	if (!r)
		link_flush();
	zones_free(g.zones);
	arena_free(&g.arena);
	return r;
}
