/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share: the sorted and indexed input, the recipe
 * as points, and the blocks that criteria score. Everything here lives in the
 * arena of one run; indices are positions in record id order.
 */
#ifndef MENTORSHIP_MATCH_INTERNAL_H
#define MENTORSHIP_MATCH_INTERNAL_H

#include "core/arena.h"
#include "match/match.h"

struct term { /* one word of one kind that somebody has */
	enum match_kind kind;
	int64_t name;
	const char *text; /* or NULL */
	int32_t offered;  /* by so many mentors */
};

struct owned {
	int32_t term;
	int32_t level;
	bool sought;
}; /* a trait, by term, offered before sought */

struct someone {
	const struct match_person *from;
	const struct owned *traits;
	int32_t trait_count;
	unsigned kinds, offers;             /* a bit for each kind of trait that they have at all; that they offer */
	bool steady;                        /* free at the same times in each reference week */
	const struct match_number *numbers; /* by name, each once */
	int32_t number_count;
	const struct match_span *spans; /* disjoint, by week and time */
	int32_t span_start[MATCH_WEEKS_MAX + 1];
	int32_t stated; /* minutes a week, in the week with the least; -1: not known */
};

struct relation {
	int32_t mentor, rank;
};
struct relations {
	int32_t *start;
	struct relation *list;
}; /* of each mentee, by mentor */

/* Who has a term: for blocks of all mentors it is quicker to ask the term than each mentor. */
struct holder {
	int32_t mentor, level;
};
struct holders {
	int32_t *start;
	struct holder *list;
}; /* of each term, by mentor */

struct prepared {
	struct arena *arena;
	const struct match_input *input;
	int32_t mentee_count, mentor_count, weeks;
	int32_t different[MATCH_WEEKS_MAX], different_count; /* weeks in which somebody is free at other times than in each one before */
	struct someone *mentees, *mentors;                   /* behind the last mentee stands one of whom nothing is known */
	struct term *terms;
	int32_t term_count;
	struct relations mentee_wishes, mentor_wishes, objections, earlier, selves;
	struct holders offered, having; /* who offers a term; who offers or seeks it */
	int32_t *locked;                /* of each mentee: its mentor, or -1 */
	int32_t *kept;                  /* of each mentee: its mentor of before, or -1; NULL: nothing is kept */
	int32_t *left;                  /* of each mentor: places without the locked ones */
	/* Scratch of the criteria, all zero between two calls. */
	double *term_weight, *mentor_sum;
	int32_t *term_level, *mentor_rank, *mentor_count_of;
	/* Minutes that one mentee has in common with each mentor: a rule and a weight about free time ask one after the other. */
	int32_t *common_time, *common_with; /* `with`: the mentee that it is about, plus 1 */
};

/* What criteria like 'same' may compare, a row of a table in alike.c. */
struct match_subject {
	const char *name;
	unsigned kinds; /* a bit for each kind of trait */
	bool sealed;    /* quiet and secret, whatever the criterion says */
};

struct plan_line;
struct match_block {
	const struct prepared *in;
	int32_t mentee;
	const int32_t *mentors; /* count of them, rising */
	int32_t count;
	const struct plan_line *line; /* that is measured */
};

struct plan_line {
	const struct match_criterion *row;
	bool hard, quiet, secret;
	const char *name, *of;               /* as the recipe names it, and what stands behind its colon; NULL: nothing */
	const struct match_subject *subject; /* of 'same' and its like */
	int64_t number;                      /* of 'number': its name; only where `bound` */
	bool bound;
	int32_t line;   /* of the recipe; -1 for rules that are always on */
	int32_t points; /* at most, of a weight; all lines together MATCH_SCORE_MAX */
	double parameters[MATCH_PARAMETERS_MAX];
};

struct plan {
	struct plan_line lines[MATCH_LINES_MAX + 4];
	int32_t count, hard; /* the hard ones stand first */
	int32_t groups;      /* behind those, so many that say how groups are made */
};

int match_prepare(const struct match_input *, struct arena *, struct prepared *ret, struct problem *);
/* Position of a participant on its side, or -1. */
int32_t match_find(const struct someone *side, int32_t count, int64_t id);
void match_hash(const struct prepared *, const struct plan *, unsigned char ret_hash[32]);
int match_plan_make(const struct match_recipe *, struct plan *ret, struct problem *);
/* How each run and each question begins: the recipe is looked at first, then the people, then each in the light of the other. */
int match_begin(const struct match_input *, struct arena *, struct prepared *, struct plan *, struct problem *);
/* Finds the numbers that lines name. */
void match_plan_bind(struct plan *, const struct prepared *);

/* alike.c: what stands behind the colon of 'same' and its like; NULL if it is none of these. */
const struct match_subject *match_subject(const char *name);
/* "group, department, ..." */
const char *match_subjects_said(void);
/* Do two rules ask for the same thing and its opposite? */
bool match_contradict(const struct plan_line *, const struct plan_line *);
void match_measure_same(const struct match_block *, const double *parameters, struct match_cell *);
void match_measure_different(const struct match_block *, const double *parameters, struct match_cell *);
int match_common_same(const struct match_block *, int32_t *ret_terms, int most);
void match_measure_number(const struct match_block *, const double *parameters, struct match_cell *);

/* NaN: not known. */
double match_number_of(const struct someone *, const struct plan_line *);

/* criteria.c: the level of an offer that counts: one without a level has level 2. */
int32_t match_level_meant(int32_t level);
/* How many traits of these kinds (a bit each) the two have in common, as a part of `enough`; and which. */
void match_measure_shared(const struct match_block *, unsigned kinds, double enough, struct match_cell *);
int match_common_shared(const struct match_block *, unsigned kinds, int32_t *ret_terms, int most);

/* Scratch for blocks of all mentors. */
struct scorer {
	const struct prepared *in;
	const struct plan *plan;
	int32_t *all, *some; /* mentors 0..n-1; those that no rule removed yet */
	struct match_cell *cells;
	/* Of each line of the plan: some pair was measured; it was known of one (of a weight: one earned something). */
	bool asked[MATCH_LINES_MAX + 4], known[MATCH_LINES_MAX + 4];
	int64_t eligible; /* pairs scored that nothing stops, or only what is secret */
};

void match_scorer_make(struct scorer *, const struct prepared *, const struct plan *, struct arena *);
/* Scores of one mentee with all mentors: -1 where a hard rule forbids the pair. Returns how many are allowed. */
int32_t match_score_all(struct scorer *, int32_t mentee, int32_t *ret_scores);
/* Room of its own for criteria, for a copy that another thread measures with. */
void match_scratch_make(struct prepared *, struct arena *);
/* For each of these mentors, rising, the set of hard lines of the plan that forbid the pair, as bits. */
void match_stops_of(struct scorer *, int32_t mentee, const int32_t *mentors, int32_t count, uint64_t *ret_stops);
/* Whether a hard line stops this pair. */
bool match_stops(const struct scorer *, const struct plan_line *, int32_t mentee, int32_t mentor);
/* The cells of one line for one pair. */
struct match_cell match_cell_of(const struct scorer *, const struct plan_line *, int32_t mentee, int32_t mentor);
/* Whether a rule holds for a cell; what is not known breaks none. */
bool match_allows(const struct plan_line *, const struct match_cell *);
/* The points that a weight gives for a cell. */
int32_t match_points_of(const struct plan_line *, const struct match_cell *);

/* Solving: the pairs kept, and the result by index. */
struct solved {
	struct match_graph graph; /* of the mentees not locked */
	enum match_aim aim;
	int32_t levels;                 /* of the aim: so many rows of prices, mentees (mentors) long */
	struct match_solution solution; /* `value` of a single level only */
	enum match_stability offers;    /* where it is stable: who offers */
	bool stable;                    /* no aim and no prices; the choices stand as the edges do */
	struct match_choices choices;
	int64_t cells, eligible;
	bool shortlisted;
	int32_t rounds;
};

int match_solve(struct scorer *, const struct match_watch *, struct arena *, struct solved *ret, struct problem *);

/* circles_run.c: what MATCH_CIRCLES does instead of solving and reasons. */
int match_run_circles(struct scorer *, const struct match_watch *, struct match_result *, struct problem *);
/* circles_people.c: persons of one side of whom one does not want to be with the other: each two once, in order, in the arena. */
void match_apart(const struct prepared *, struct arena *, const struct match_couple **ret_list, size_t *ret_count);

/* sides.c: the graph is there. */
int match_solve_stable(struct scorer *, struct arena *, struct solved *, const struct match_watch *, struct problem *);
/* Whether one place more at the mentor places this mentee, and nobody loses a place: it is tried. */
bool match_stable_helps(const struct solved *, int32_t mentee, int32_t mentor, const struct match_watch *);

/* The exact cost of forcing pairs that are edges of the graph, see exchange.c. */
struct wanted {
	int32_t mentee, mentor, score;
	int64_t cost;              /* in placed and, of the last level, in the total */
	int32_t level, cost_level; /* the first level between these two that costs something, and how much; 0: none */
	bool exact;
};
int match_exchange_costs(const struct solved *, struct wanted *, size_t count, const struct match_watch *);
/* The same of two lists that know nothing of each other; `beside`: the second by a thread of its own, with the same result. */
int match_exchange_costs_of_two(
	const struct solved *, struct wanted *const wanted[2], const size_t counts[2], bool beside, const struct match_watch *);
/* Whether a further mentee at each mentor could be placed without anybody losing a place. */
void match_exchange_reach(const struct solved *, bool *ret_reach);

int match_reasons(struct scorer *, const struct solved *, const struct match_watch *, struct match_result *, struct problem *);

/* Sentences. */
const char *match_amount_text(struct arena *, const struct match_criterion *, double amount);
const char *match_line_text(
	const struct scorer *, const struct plan_line *, int32_t mentee, int32_t mentor, const struct match_cell *, struct arena *);
const char *match_shared_text(const struct scorer *, int32_t mentee, int32_t mentor, struct arena *);
const char *match_join_words(struct arena *, const char *const *words, int count, const char *last);
const char *match_mend_text(struct arena *, const struct match_criterion *, const char *of, double amount);
const char *match_stopped_text(struct arena *, const struct plan_line *);

static inline bool stop_asked(const struct match_watch *watch)
{
	return watch && watch->cancelled && watch->cancelled(watch->context);
}

static inline void tell(const struct match_watch *watch, double part, const char *phase)
{
	if (watch && watch->progress)
		watch->progress(watch->context, part, phase);
}

/* The twentieth of a score. */
static inline int32_t match_band_of(int32_t score)
{
	return score == MATCH_SCORE_MAX ? MATCH_BANDS - 1 : score / (MATCH_SCORE_MAX / MATCH_BANDS);
}

static inline int compare_int64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

#endif
