/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why somebody stayed without a pair, and the smallest change that would help.
 *
 * Each of the other side is counted once, under the first rule that stops the
 * pair. Those that no rule of the recipe stops (they are taken, or 'not with'
 * stops them) are one number under one wording that is always the same, so
 * that no count shows an objection.
 *
 * A change helps for sure if it makes the pair with one mentor possible and
 * that mentor can take one more: it has a free place, or one of its mentees can
 * move on to one without anybody losing a place, or it gets one place more.
 * Then one mentee more can be placed than before, and only with this pair. When
 * a place is added others may compete for it, so the mentee must be marked.
 * Of all mentors the one with the least effort is suggested; effort is a number
 * of the criterion's row, for free time and the like times what is missing.
 */
#include <math.h>
#include <string.h>

#include "match/explain.h"

enum {
	PLACE_EFFORT = 60,
	TRIES = 3 /* of a stable matching: mentors who are tried with one place more */
};
static const int64_t trying_most = 200000000; /* pairs looked at by all tries; past that nothing is suggested */
static const char no_place[] = "no free place, or not suitable";
static const char placed_elsewhere[] = "with another mentor, or not suitable";

struct look {
	const struct explain *x;
	uint64_t *stops, *idle_stops; /* of one mentee with all mentors, or with the idle */
	bool *reach;                  /* mentors that can take one more */
	int32_t waiting;              /* mentees without a place */
	int32_t *counts;              /* of idle mentors: by line of the plan, the last for all others */
	int32_t idle_count;
	int32_t *idle; /* mentors with places and nobody */
};

static bool takes_part(const struct explain *x, int32_t mentee)
{
	return x->scorer->in->mentees[mentee].from->places > 0;
}

/* The line that is given as the reason: the first that is no secret; plan->hard if there is none. */
static int32_t first_stop(const struct plan *plan, uint64_t stops)
{
	for (int32_t i = 0; i < plan->hard; i++)
		if ((stops >> i & 1) && !plan->lines[i].secret)
			return i;
	return plan->hard;
}

static bool stopped_in_secret(const struct plan *plan, uint64_t stops)
{
	for (int32_t i = 0; i < plan->hard; i++)
		if ((stops >> i & 1) && plan->lines[i].secret)
			return true;
	return false;
}

static void set_stops(
	const struct explain *x, const int32_t *counts, int32_t all, const char *side, const char *rest, struct match_unplaced *out)
{
	const struct plan *plan = x->scorer->plan;
	struct match_stop *stops = arena_new(x->arena, ((size_t)plan->hard + 1) * sizeof *stops);
	const char **clauses = arena_new(x->scratch, ((size_t)plan->hard + 1) * sizeof *clauses);
	int count = 0;

	for (int32_t i = 0; i <= plan->hard; i++) {
		if (counts[i] == 0)
			continue;
		stops[count] = (struct match_stop){ i < plan->hard ? match_stopped_text(x->arena, &plan->lines[i]) : rest, counts[i] };
		clauses[count] = count == 0 ? arena_print(x->scratch, "%d of %d %s: %s", counts[i], all, side, stops[0].text)
					    : arena_print(x->scratch, "%d: %s", counts[i], stops[count].text);
		count++;
	}
	out->stops = stops;
	out->stop_count = (size_t)count;
	out->stopped = count == 0 ? arena_print(x->arena, "There are no %s.", side)
				  : arena_print(x->arena, "%s.", match_join_words(x->scratch, clauses, count, "; "));
}

/* --- what would help ------------------------------------------------------------------------------------ */

double match_missing(const struct scorer *scorer, const struct plan_line *line, int32_t mentee, int32_t mentor)
{
	const struct match_parameter *first = &line->row->parameters[0];

	if (!first->name || strcmp(first->name, "at_least") != 0)
		return NAN;
	return line->parameters[0] - match_cell_of(scorer, line, mentee, mentor).amount;
}

static bool needs_consent(const struct match_person *who)
{
	return who->minor && !who->consent;
}

static double effort_of(const struct look *look, int32_t mentee, int32_t mentor)
{
	const struct plan *plan = look->x->scorer->plan;
	double effort = look->reach[mentor] ? 0 : PLACE_EFFORT;

	for (int32_t i = 0; i < plan->hard; i++) {
		double missing;

		if (!(look->stops[mentor] >> i & 1))
			continue;
		missing = match_missing(look->x->scorer, &plan->lines[i], mentee, mentor);
		effort += plan->lines[i].row->effort * (isnan(missing) ? 1 : missing);
	}
	return effort;
}

static int32_t best_mentor(const struct look *look, int32_t mentee)
{
	const struct prepared *in = look->x->scorer->in;
	double least = INFINITY;
	int32_t best = -1;

	for (int32_t mentor = 0; mentor < in->mentor_count; mentor++) {
		double effort;

		if (stopped_in_secret(look->x->scorer->plan, look->stops[mentor]))
			continue;
		effort = effort_of(look, mentee, mentor);
		if (effort < least) {
			least = effort;
			best = mentor;
		}
	}
	return best;
}

static size_t add_consents(const struct look *look, int32_t mentee, int32_t mentor, struct match_help *helps)
{
	const struct prepared *in = look->x->scorer->in;
	size_t count = 0;

	if (needs_consent(in->mentees[mentee].from))
		helps[count++] = (struct match_help){ .change = MATCH_CHANGE_CONSENT, .amount = NAN };
	if (needs_consent(in->mentors[mentor].from))
		helps[count++] = (struct match_help){
			.change = MATCH_CHANGE_CONSENT, .mentor = in->mentors[mentor].from->id, .amount = NAN
		};
	return count;
}

static size_t add_helps(const struct look *look, int32_t mentee, int32_t mentor, struct match_help *helps)
{
	const struct plan *plan = look->x->scorer->plan;
	int64_t id = look->x->scorer->in->mentors[mentor].from->id;
	size_t count = add_consents(look, mentee, mentor, helps);

	for (int32_t i = 0; i < plan->hard; i++) {
		const struct plan_line *line = &plan->lines[i];

		if ((look->stops[mentor] >> i & 1) && line->line >= 0)
			helps[count++] = (struct match_help){ MATCH_CHANGE_RULE, id, line->row, line->of,
				match_missing(look->x->scorer, line, mentee, mentor) };
	}
	if (!look->reach[mentor])
		helps[count++] = (struct match_help){ .change = MATCH_CHANGE_PLACE, .mentor = id, .amount = 1 };
	return count;
}

static const char *help_clause(const struct explain *x, const struct match_help *help)
{
	if (help->change == MATCH_CHANGE_PLACE)
		return "one more place at this mentor";
	if (help->change == MATCH_CHANGE_CONSENT && help->mentor == 0)
		return "the consent that this minor needs";
	if (help->change == MATCH_CHANGE_CONSENT)
		return match_mend_text(x->scratch, match_criterion("minor"), NULL, NAN);
	return match_mend_text(x->scratch, help->criterion, help->of, help->amount);
}

/* One more place, or a mentor that nobody might have before, is there for all who wait. */
static bool opens_to_others(const struct look *look, int32_t mentor)
{
	return !look->reach[mentor] || needs_consent(look->x->scorer->in->mentors[mentor].from);
}

/*
 * Who is liked decides here, and whatever mends a rule changes that, too. Only one place more leaves all likings as they are, so it
 * is tried, at the mentors with the highest scores, and said if it does what it says.
 */
static void set_stable_help(const struct look *look, int32_t mentee, struct match_unplaced *out)
{
	const struct explain *x = look->x;
	const struct match_graph *graph = &x->solved->graph;
	int64_t from = graph->start[mentee], end = graph->start[mentee + 1];

	out->help = "It would help: one more mentor who suits.";
	if (x->solved->shortlisted || (int64_t)look->waiting * TRIES * graph->start[graph->mentees] > trying_most)
		return;
	for (int64_t e = from; e < end && e < from + TRIES && out->help_count == 0; e++) {
		int32_t mentor = graph->edges[e].mentor;
		struct match_help *help;

		if (!match_stable_helps(x->solved, mentee, mentor, x->watch))
			continue;
		out->helps = help = arena_new(x->arena, sizeof *help);
		*help = (struct match_help){ .change = MATCH_CHANGE_PLACE, .mentor = x->scorer->in->mentors[mentor].from->id, .amount = 1 };
		out->help_count = 1;
		out->help = arena_print(x->arena, "It would help: %s.", help_clause(x, help));
	}
}

static void set_help(const struct look *look, int32_t mentee, struct match_unplaced *out)
{
	const struct explain *x = look->x;
	size_t room = (size_t)x->scorer->plan->hard + 3;
	struct match_help *helps = arena_new(x->arena, room * sizeof *helps);
	const char **clauses = arena_new(x->scratch, room * sizeof *clauses);
	int32_t mentor = best_mentor(look, mentee);

	out->help = "It would help: one more mentor who suits.";
	if (mentor < 0)
		return;
	out->helps = helps;
	out->help_count = add_helps(look, mentee, mentor, helps);
	for (size_t i = 0; i < out->help_count; i++)
		clauses[i] = help_clause(x, &helps[i]);
	out->mark = look->waiting > 1 && opens_to_others(look, mentor);
	out->help = arena_print(x->arena, "It would help: %s%s.", match_join_words(x->scratch, clauses, (int)out->help_count, ", and "),
		out->mark ? ", with this mentee (of those who wait) marked to be placed first" : "");
}

/* --- both sides ----------------------------------------------------------------------------------------- */

static void explain_mentee(struct look *look, int32_t mentee, struct match_unplaced *out)
{
	const struct explain *x = look->x;
	const struct prepared *in = x->scorer->in;
	int32_t counts[MATCH_LINES_MAX + 5] = { 0 };

	for (int32_t mentor = 0; mentor < in->mentor_count; mentor++)
		counts[first_stop(x->scorer->plan, look->stops[mentor])]++;
	out->participant = in->mentees[mentee].from->id;
	set_stops(x, counts, in->mentor_count, "mentors", no_place, out);
	if (x->solved->stable)
		set_stable_help(look, mentee, out);
	else
		set_help(look, mentee, out);
}

/* `stops` are those of the idle mentors. */
static void count_idle(struct look *look, const uint64_t *stops)
{
	const struct plan *plan = look->x->scorer->plan;

	for (int32_t k = 0; k < look->idle_count; k++)
		look->counts[k * (plan->hard + 1) + first_stop(plan, stops[k])]++;
}

static void explain_mentor(const struct look *look, int32_t at, int32_t mentees, struct match_unplaced *out)
{
	const struct explain *x = look->x;

	out->participant = x->scorer->in->mentors[look->idle[at]].from->id;
	out->is_mentor = true;
	set_stops(x, look->counts + at * (x->scorer->plan->hard + 1), mentees, "mentees", placed_elsewhere, out);
	out->help = "It would help: one more mentee who suits.";
}

static struct look look_make(const struct explain *x)
{
	const struct prepared *in = x->scorer->in;
	size_t mentors = (size_t)in->mentor_count + 1;
	struct look look = { .x = x };

	look.stops = arena_new(x->scratch, mentors * sizeof *look.stops);
	look.idle_stops = arena_new(x->scratch, mentors * sizeof *look.idle_stops);
	look.reach = arena_new(x->scratch, mentors * sizeof *look.reach);
	look.idle = arena_new(x->scratch, mentors * sizeof *look.idle);
	for (int32_t j = 0; j < in->mentor_count; j++)
		if (x->taken[j] == 0 && in->mentors[j].from->places > 0)
			look.idle[look.idle_count++] = j;
	look.counts = arena_new(x->scratch, ((size_t)look.idle_count + 1) * ((size_t)x->scorer->plan->hard + 1) * sizeof *look.counts);
	for (int32_t i = 0; i < in->mentee_count; i++)
		look.waiting += takes_part(x, i) && x->mentor_of[i] < 0;
	match_exchange_reach(x->solved, look.reach);
	return look;
}

/* Whether a secret line is about this mentee: pairs that it alone stops count as eligible, so that no count tells of it. */
static bool in_secret(const struct prepared *in, int32_t mentee)
{
	return in->objections.start[mentee] < in->objections.start[mentee + 1] || in->selves.start[mentee] < in->selves.start[mentee + 1];
}

/* What stops a mentee without a place with everybody, one with a place only with the idle. Where no rule stops any pair it is known already. */
static void look_at(struct look *look, int32_t mentee, struct match_unplaced *list, size_t *count)
{
	const struct explain *x = look->x;
	const struct prepared *in = x->scorer->in;
	bool all = x->mentor_of[mentee] < 0;
	bool none = x->solved->eligible == x->solved->cells && in->locked[mentee] < 0 && !in_secret(in, mentee);
	const int32_t *mentors = all ? x->scorer->all : look->idle;
	int32_t many = all ? in->mentor_count : look->idle_count;

	if (none)
		memset(look->stops, 0, (size_t)many * sizeof *look->stops);
	else
		match_stops_of(x->scorer, mentee, mentors, many, look->stops);
	if (!all) {
		count_idle(look, look->stops);
		return;
	}
	for (int32_t k = 0; k < look->idle_count; k++)
		look->idle_stops[k] = look->stops[look->idle[k]];
	count_idle(look, look->idle_stops);
	explain_mentee(look, mentee, &list[(*count)++]);
}

int match_explain_unplaced(const struct explain *x, struct match_result *result)
{
	const struct prepared *in = x->scorer->in;
	struct look look = look_make(x);
	struct match_unplaced *list = arena_new(x->arena, ((size_t)look.waiting + (size_t)in->mentor_count + 1) * sizeof *list);
	int32_t mentees = 0;

	for (int32_t i = 0; i < in->mentee_count; i++) {
		if (stop_asked(x->watch))
			return E_CANCELLED;
		if (!takes_part(x, i))
			continue;
		mentees++;
		if (x->mentor_of[i] >= 0 && look.idle_count == 0)
			continue;
		look_at(&look, i, list, &result->unplaced_count);
		tell(x->watch, (double)i / in->mentee_count, "reasons");
	}
	for (int32_t k = 0; k < look.idle_count; k++)
		explain_mentor(&look, k, mentees, &list[result->unplaced_count++]);
	result->unplaced = list;
	return 0;
}
