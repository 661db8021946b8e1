/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Matching as pure computation: plain arrays in, plain arrays out.
 *
 * No database, no bus, no clock, no randomness of its own. The caller fills a
 * struct match_input and keeps it (and all that it points to) alive and
 * unchanged until the call returns; the result owns all its memory and points
 * to nothing of the input, except into the constant criteria table.
 * Records may stand in any order: everything is sorted by record id first, so
 * the same people, recipe and seed give the same bytes on any machine.
 *
 * The rule for missing data: what is not known earns no points and breaks no
 * hard rule. Only 'minor without consent' is strict: the caller marks as minor
 * whoever might be one.
 *
 * What an optimal run promises: as many mentees as possible get a mentor, and
 * among all ways to do that the sum of the scores is the largest. Prices (dual
 * values) prove it, and a small checker that shares no code with the solver
 * (match_check) verifies them before a result is returned.
 */
#ifndef MENTORSHIP_MATCH_H
#define MENTORSHIP_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum {
	MATCH_PEOPLE_MAX = 131072, /* a side */
	MATCH_SCORE_MAX = 1000000, /* of one pair */
	MATCH_PLACES_MAX = 10000,  /* of one mentor */
	MATCH_TRAITS_MAX = 1000,   /* of one person */
	MATCH_SPANS_MAX = 1000,    /* of one person */
	MATCH_WEEK = 10080,        /* minutes */
	MATCH_WEEKS_MAX = 8,       /* reference weeks */
	MATCH_LINES_MAX = 32,      /* of a recipe */
	MATCH_PARAMETERS_MAX = 4,  /* of a criterion */
	MATCH_BANDS = 20,          /* twentieths of the scores; the last one takes MATCH_SCORE_MAX, too */
	MATCH_NONE = INT32_MIN     /* 'not known' of an age or a year of study */
};

/* --- input ----------------------------------------------------------------------------------------- */

enum match_kind {
	MATCH_SKILL,
	MATCH_INTEREST,
	MATCH_LANGUAGE,
	MATCH_FIELD,
	MATCH_DEPARTMENT,
	MATCH_SITE,
	MATCH_VALUE,
	MATCH_FREE,
	MATCH_GROUP,          /* given in confidence: it has no word, and nothing that is told names it */
	MATCH_FIRST_LANGUAGE, /* which of the languages is the first, the caller knows */
	MATCH_KINDS
};

struct match_trait {
	enum match_kind kind;
	int64_t name;  /* id of the word after synonyms; the same for all who mean the same */
	int32_t level; /* 0 not stated, 1 a little .. 4 expert */
	bool sought;   /* else offered (has, speaks, belongs to) */
};

/* A number of somebody, "hours a month": its name has a word. */
struct match_number {
	int64_t name;
	double value; /* finite */
};

/* Free time, minutes since Monday 00:00 UTC of one reference week: from <= minute < to <= MATCH_WEEK. May overlap. */
struct match_span {
	int32_t week, from, to;
};

struct match_person {
	int64_t id;     /* record id of the participant, positive, unique over both sides */
	int64_t person; /* record id of the person; nobody is paired with themself */
	int32_t places; /* free places: mentee 0 or 1 (0: left out), mentor 0..MATCH_PLACES_MAX */
	int32_t taken;  /* mentors: mentees that they have, or are offered, before this run */
	int32_t age;    /* whole years, or MATCH_NONE */
	int32_t year;   /* year of study, or MATCH_NONE */
	bool minor;     /* is, or may be, under age */
	bool consent;   /* all consents that a minor needs are given */
	bool marked;    /* mentees: to be placed before others when not all can be */
	const struct match_trait *traits;
	size_t trait_count;             /* 0: nothing is known */
	const struct match_span *spans; /* in every reference week, or in none */
	size_t span_count;              /* 0: not known */
	const struct match_number *numbers;
	size_t number_count;
};

/* Participant `from` wishes for participant `to` (of the other side); 1 is the dearest. Unknown ids are ignored. */
struct match_wish {
	int64_t from, to;
	int32_t rank;
};
/* Two persons (not participants), either order. Unknown ids are ignored. */
struct match_couple {
	int64_t one, other;
};
/* Two participants that stay together whatever the recipe says. */
struct match_lock {
	int64_t mentee, mentor;
};
/* What a trait's name reads like, for sentences; names without a word are counted, not named. */
struct match_word {
	int64_t name;
	const char *text;
};

struct match_setting {
	const char *name;
	double value;
};
/* One line of a recipe. A criterion may stand in it once as a hard rule and once with a weight. */
struct match_line {
	const char *criterion; /* its name in the table below; of those that compare many things "same:site", "number:hours a month" */
	bool hard;
	double weight; /* 0 < weight <= 1000; not read for a hard rule */
	const struct match_setting *settings;
	size_t setting_count; /* what is not set has its default */
};
struct match_recipe {
	const struct match_line *lines;
	size_t line_count;
};

/* What a run makes the best of. Words: match_algorithm_named. */
enum match_algorithm {
	MATCH_OPTIMAL, /* as many mentees as possible, then the largest total */
	MATCH_FAIR,    /* as many as possible, then fewest pairs in the lowest twentieth of the scores, in the next, ..; then the total */
	MATCH_STABLE,  /* no mentee and mentor would both rather have each other; marks count for nothing */
	/*
	 * Groups that meet (circles.h): as many people as possible, then the largest sum of the scores of each mentee with each mentor of its
	 * group, in thousands. Rules of the recipe hold between each mentee and each mentor of a group, 'not with' between any two. A mentor
	 * is in one group, whatever its places. Marks count for nothing, and locks are refused.
	 */
	MATCH_CIRCLES,
	MATCH_STABLE_FOR_MENTORS, /* as MATCH_STABLE, but mentors offer: with strict lists the best such result for each of them; ties go by id */
	MATCH_ALGORITHMS
};

struct match_input {
	const struct match_person *mentees;
	size_t mentee_count;
	const struct match_person *mentors;
	size_t mentor_count;
	int32_t weeks;                  /* reference weeks, 0..MATCH_WEEKS_MAX; the least overlap of them counts */
	int32_t clock[MATCH_WEEKS_MAX]; /* MATCH_CIRCLES: minutes east of UTC, in each of them, of the clock by which groups meet */
	const struct match_wish *wishes;
	size_t wish_count;
	const struct match_couple *objections;
	size_t objection_count;
	const struct match_couple *earlier;
	size_t earlier_count;
	const struct match_lock *locks;
	size_t lock_count;
	const struct match_lock
		*kept;     /* MATCH_OPTIMAL: pairs of before; as many mentees as possible, then as many of these, then the total */
	size_t kept_count; /* of whom is not in this run, or may not be a pair now, they count for nothing */
	const struct match_word *words;
	size_t word_count;
	struct match_recipe recipe;
	enum match_algorithm algorithm;
	uint64_t seed;     /* picks the random part of a shortlist, nothing else */
	int32_t threads;   /* to look at pairs with, 0: one; no result depends on it */
	int64_t salt[2];   /* goes into the hash, nothing else: without it whoever knows all but a little of the input could try that out */
	int64_t all_pairs; /* up to so many mentee x mentor cells all pairs are kept; 0: 4,194,304 */
};

/* --- criteria: one row each ------------------------------------------------------------------------ */

enum match_view {
	MATCH_VIEW_MENTEE,
	MATCH_VIEW_MENTOR,
	MATCH_VIEW_BOTH
};
enum {
	MATCH_MAY_HARD = 1,
	MATCH_MAY_WEIGH = 2,
	MATCH_ALWAYS = 4,
	MATCH_OF_GROUPS = 8 /* says how groups are made, not what a pair is: rules of MATCH_CIRCLES alone; has no measure */
};

struct match_parameter {
	const char *name, *label;
	double least, most, standard; /* range, default */
	bool whole;
};

struct match_block;
struct match_facts;
struct prepared;
struct plan_line;
struct relations;
struct buffer;
struct match_cell {
	double amount; /* in the row's unit; NaN: not known */
	double value;  /* 0..1, the part of the points earned; NaN: not known, earns 0 */
};

struct match_criterion {
	const char *name, *label, *unit;
	enum match_view view; /* whose liking it expresses */
	unsigned may;         /* MATCH_MAY_HARD | MATCH_MAY_WEIGH, or MATCH_ALWAYS; and MATCH_OF_GROUPS */
	bool quiet;           /* neither its amount nor its points are in any reason */
	bool secret;          /* its very name is in no reason, nor a count of those it stops */
	int effort;           /* how hard it is to mend, in minutes; to compare suggestions only */
	struct match_parameter parameters[MATCH_PARAMETERS_MAX];
	/* One mentee against the n mentors of the block; fills n cells. */
	void (*measure)(const struct match_block *, const double *parameters, struct match_cell *cells);
	/*
	 * For very many pairs (rows.h): `key` writes the bytes of the mentee that measure depends on, for a mentee of whom there are few
	 * different ones; where nearly all mentors are alike to all mentees but for some, `apart` lists these for each mentee; `code`
	 * says which mentors of a tile have the same cell with a mentee. NULL where there is no such.
	 */
	void (*key)(const struct match_block *, struct buffer *);
	const struct relations *(*apart)(const struct prepared *);
	int32_t (*code)(struct match_facts *, int32_t mentee, const struct plan_line *, uint16_t *ret_codes, int32_t *ret_table);
	/* Whether the hard rule holds for a known amount. */
	bool (*holds)(const double *parameters, double amount);
	/* Terms of the sentence: at most `most` indices of terms that the two have in common; NULL if none. */
	int (*common)(const struct match_block *, int32_t *ret_terms, int most);
	const char *about; /* what stands behind the colon, "what is compared"; NULL: there is no colon */
	/* Templates: {n} the amount with its unit, {list} the common words, [..] left out when there are none, {of} what is compared. */
	const char *met, *unmet, *unknown;
	const char *stopped; /* of a hard rule: "no language in common" */
	const char *mend;    /* of a hard rule: "a language in common with this mentor" */
	const char *shared;  /* for participants: "you both speak {list}"; NULL: nothing to tell them */
};

/* The table; constant. */
const struct match_criterion *match_criteria(size_t *ret_count);
/* A row by its name (up to a colon), or NULL. */
const struct match_criterion *match_criterion(const char *name);

struct arena;
/* The parameters of a line, "name=value name=value", into line->settings, of the arena; the criterion names the line in complaints. */
int match_settings_read(struct arena *, const char *text, struct match_line *, struct problem *);

/* "optimal", "fair", "stable", "circles", "stable for mentors"; E_NOTFOUND if there is no such. */
int match_algorithm_named(const char *word, enum match_algorithm *ret);

/* E_INVALID with the line (field "lines[2].enough") if a recipe cannot be used. */
int match_recipe_check(const struct match_recipe *, struct problem *);

/* --- availability ---------------------------------------------------------------------------------- */

/*
 * One weekly entry in a person's own zone as UTC minutes of a reference week.
 * weekday 0 (Monday)..6, from 0..1439, to 0..1440 minutes of the day (to <= from: it ends on the next day),
 * offset: minutes east of UTC that the zone has in that week, -1440..1440.
 * Writes 1 or 2 spans (it may run over the week's end) and returns how many, or E_INVALID.
 */
int match_week_span(struct match_span ret_spans[2], int32_t week, int weekday, int from, int to, int offset);

/* --- result ---------------------------------------------------------------------------------------- */

struct match_share {
	const struct match_criterion *criterion;
	const char *name;     /* as the recipe names it: "same:site" */
	bool quiet;           /* not to be shown but for its text */
	bool hard;            /* a rule of the recipe: no points, but a sentence */
	int32_t points, most; /* of the pair's score; the points of a pair sum up to it */
	double amount;        /* NaN: not known, or not to be shown */
	const char *text;     /* one sentence, for staff */
};

/* A pair that was possible and was not made. Costs are of forcing this very pair, all others moved for the best. */
struct match_alternative {
	int64_t mentee, mentor;
	int32_t score;
	bool free;           /* the mentor has a free place left in this result */
	bool exact;          /* else the costs are lower bounds (very large runs) */
	int32_t cost_placed; /* so many mentees fewer placed (marked ones count twice), */
	int64_t cost_total;  /* and so much less (or more: negative) in the sum of scores. 'stable' has no costs, but a text */
	/*
	 * 'fair', of as many placed: the lowest twentieth (from 0) whose number of pairs would change, and by how many; 0: none would. Where
	 * pairs are kept: how many fewer of them would be.
	 */
	int32_t band, cost_band;
	const char *text;
};

enum {
	MATCH_ALTERNATIVES = 3
};

struct match_made {
	int64_t mentee, mentor;
	int32_t score; /* 0..MATCH_SCORE_MAX */
	bool locked;
	const struct match_share *shares;
	size_t share_count;
	const struct match_alternative *mentee_alternatives; /* other mentors, highest score first */
	size_t mentee_alternative_count;
	const struct match_alternative *mentor_alternatives; /* other mentees, highest score first */
	size_t mentor_alternative_count;
	const char *shared; /* the friendly sentence for the two; no score, wish or objection; "" if nothing */
};

struct match_stop {
	const char *text;
	int32_t count;
}; /* "no language in common", 31 of the other side */

enum match_change {
	MATCH_CHANGE_RULE,
	MATCH_CHANGE_PLACE,
	MATCH_CHANGE_CONSENT
};
struct match_help {
	enum match_change change;
	int64_t mentor;                          /* whom it is about; 0 for a consent of the mentee */
	const struct match_criterion *criterion; /* of MATCH_CHANGE_RULE */
	const char *of;                          /* what it compares; NULL: no such criterion */
	double amount;                           /* how much more is needed, in its unit; NaN if that says nothing */
};

struct match_unplaced {
	int64_t participant;
	bool is_mentor;                 /* a mentor with free places and nobody */
	const struct match_stop *stops; /* each of the other side counted once; the first rule that stopped it */
	size_t stop_count;
	const struct match_help *helps; /* ALL of them together place this mentee; none if no change of the data would */
	size_t help_count;
	bool mark;           /* others who wait may compete: of these only this one must be marked to be sure */
	const char *stopped; /* one sentence from the stops */
	const char *help;    /* one sentence from the helps; "this mentor" is the one that they name */
};

/* Somebody in a group of MATCH_CIRCLES. */
struct match_seat {
	int64_t participant;
	bool is_mentor;
	int32_t score;  /* on average with those of the other side, 0..MATCH_SCORE_MAX */
	int64_t mentor; /* of a mentee: the mentor of the group who suits it best, of whom the shares are; else 0 */
	const struct match_share *shares;
	size_t share_count;
};
struct match_group {
	int32_t from, minutes; /* when it meets: since Monday 00:00 by the input's clock, and how long; minutes 0: no time was asked for */
	int32_t score;         /* of each mentee with each mentor, on average */
	int64_t total;         /* its part of the result's */
	const struct match_seat *seats; /* mentors by id, then mentees by id */
	size_t seat_count;
};

struct match_result {
	const struct match_made *pairs; /* by mentee id */
	size_t pair_count;
	const struct match_group *groups; /* of MATCH_CIRCLES, which has no pairs; by the id of the first mentor */
	size_t group_count;
	bool tried_all;                        /* of MATCH_CIRCLES: everything was tried, so the bound is the result */
	const struct match_unplaced *unplaced; /* mentees by id, then mentors by id */
	size_t unplaced_count;
	int64_t placed, total; /* pairs (MATCH_CIRCLES: people in groups) and sum of scores, locked ones included */
	/* Proven: no other result is better than this; equal to the above but for MATCH_CIRCLES; -1: no such is proven. */
	int64_t bound_placed, bound_total;
	int64_t places, cells, eligible; /* mentors' places; mentee x mentor cells looked at; pairs that no open rule forbids */
	int64_t kept;                    /* pairs that are among the input's kept, locked ones included */
	int32_t lowest, median;          /* scores of the pairs made; 0 without pairs */
	int32_t bands[MATCH_BANDS];      /* pairs in each twentieth of the scores, the lowest first */
	/*
	 * Solved on a shortlist. The optimum is then proven over all pairs by their prices. Of 'fair' the number of the placed is, too; what
	 * comes after it is the best of the pairs on the list. 'stable' looks at the pairs of the list only.
	 */
	bool shortlisted;
	int32_t rounds;              /* of solving and pricing; 1 if not shortlisted */
	const char *const *warnings; /* lines of the recipe that decided nothing, a sentence each */
	size_t warning_count;
	unsigned char input_hash[32]; /* BLAKE2b of the canonical input, recipe and seed included */
	struct arena *arena;          /* owner of all of the above; private */
};

struct match_watch {
	/* Called now and then; part 0..1 of the whole, phase a plain word. May be NULL. */
	void (*progress)(void *context, double part, const char *phase);
	/* Asked now and then; true ends the run with E_CANCELLED. May be NULL. */
	bool (*cancelled)(void *context);
	void *context;
};

/*
 * Runs the algorithm of the input. 0 and a result to be freed with match_result_free; E_INVALID (what is wrong with the input, in
 * the problem), E_CANCELLED, or E_UNAVAILABLE (the result did not pass its own check). `watch` may be NULL.
 */
int match_run(const struct match_input *, const struct match_watch *, struct match_result **ret_result, struct problem *);
void match_result_free(struct match_result *);

/* BLAKE2b of the canonical input; E_INVALID as match_run. */
int match_input_hash(const struct match_input *, unsigned char ret_hash[32], struct problem *);

/* --- questions ------------------------------------------------------------------------------------- */

/* What one line says of all pairs. Values are the part of its points that pairs earn. */
struct match_preview_line {
	const char *name;
	bool hard, quiet; /* of a quiet one nothing is told */
	int32_t points;   /* at most, of a weight */
	int64_t pairs, unknown, stopped;
	double mean, deciles[9]; /* of what is known; NaN: nothing is */
};
struct match_preview {
	const struct match_preview_line *lines;
	size_t line_count;
	int64_t mentees, mentors;
	int64_t looked_at; /* mentees; fewer than there are where there are very many pairs */
	int64_t cells, eligible;
	int64_t without; /* of those looked at: mentees whom the rules leave nobody */
	struct arena *arena;
};
/* To be freed whatever is returned. */
int match_preview(const struct match_input *, const struct match_watch *, struct match_preview *ret, struct problem *);
void match_preview_free(struct match_preview *);

struct match_why {
	bool made, possible; /* possible: nothing that may be told stands against it */
	int32_t score;
	bool exact;
	int32_t cost_placed; /* of forcing a pair that is possible and not made, as in match_alternative */
	int64_t cost_total;
	const struct match_share *shares;
	size_t share_count;
	const char *text; /* one or two sentences */
	unsigned char input_hash[32];
	struct arena *arena;
};
/* Why these two participants are a pair, or are none. To be freed whatever is returned. */
int match_why(
	const struct match_input *, int64_t mentee, int64_t mentor, const struct match_watch *, struct match_why *ret, struct problem *);
void match_why_free(struct match_why *);

/* Mentors to be found, of so many places each. */
struct match_outlook_mentor {
	int64_t mentees;  /* that they would take */
	const char *text; /* "offers calculus and Python; speaks German" */
};
struct match_outlook {
	const struct match_outlook_mentor *mentors;
	size_t mentor_count;
	int64_t unplaced; /* mentees without a place now */
	int64_t beyond;   /* of these: whom no further mentor helps (a consent is missing) */
	int64_t least;    /* fewer mentors cannot do, whoever they are */
	bool proven;      /* a run with these mentors places all but those beyond help, and nobody placed now loses a place */
	struct arena *arena;
};
/* How many more mentors would place everybody, and what they must offer. To be freed whatever is returned. */
int match_outlook(const struct match_input *, int32_t places, const struct match_watch *, struct match_outlook *ret, struct problem *);
void match_outlook_free(struct match_outlook *);

/* --- the solver alone, for tests, benches and tools ------------------------------------------------- */

struct match_edge {
	int32_t mentor, score;
};

struct match_graph {
	int32_t mentees, mentors;
	const int64_t *start;           /* mentees + 1 offsets into edges */
	const struct match_edge *edges; /* of each mentee: by falling score, then rising mentor; no mentor twice */
	const int32_t *places;          /* of each mentor */
	const bool *marked;             /* of each mentee; may be NULL */
	const int32_t *least;           /* of each mentor: so many mentees at least; NULL: none */
	const int32_t *locked;          /* of each mentee: the mentor of the edge that must be, or -1; NULL: none */
	const int32_t *kept;            /* of each mentee: its mentor so far, or -1; NULL: none. Read by MATCH_AIM_CHANGE_LITTLE only */
};

/* Count and total in one number: value = count * MATCH_UNIT + total, so that comparing values compares both in order. */
#define MATCH_UNIT ((int64_t)1 << 37)
enum {
	MATCH_COUNT_BITS = 19
}; /* a marked mentee counts twice */
_Static_assert((int64_t)MATCH_PEOPLE_MAX *MATCH_SCORE_MAX < MATCH_UNIT, "a total must stay below one unit");
_Static_assert(2 * (int64_t)MATCH_PEOPLE_MAX < (int64_t)1 << MATCH_COUNT_BITS, "the count must fit its bits");
_Static_assert(37 + MATCH_COUNT_BITS < 62, "value and sums of two values must fit an int64_t");

struct match_solution {        /* arrays given by the caller */
	int32_t *mentor_of;    /* of each mentee: a mentor, or -1 */
	int64_t *mentee_price; /* duals, >= 0 */
	int64_t *mentor_price;
	int64_t value;
};

/* 0, or E_CANCELLED. The graph must be valid, and have no `least` and no `locked`. */
int match_optimal(const struct match_graph *, struct match_solution *, const struct match_watch *);
/* 0 if the solution is a matching of the graph and its prices prove that none has a higher value; else E_INVALID. */
int match_check(const struct match_graph *, const struct match_solution *, struct problem *);
/* Count and total of a value (not of a difference of values). */
void match_unpack(int64_t value, int64_t *ret_count, int64_t *ret_total);

/* --- the same, one change after another ------------------------------------------------------------ */

/* What is not as it was in the graph of the call before; naming more, or anybody twice, does no harm. As many people a side as before. */
struct match_touched {
	const int32_t *mentees; /* whose pairs, scores or mark changed */
	const int32_t *mentors; /* whose places changed */
	int32_t mentee_count, mentor_count;
	bool paired; /* somebody has another list of mentors; else all have the same ones, with other scores perhaps */
};

/*
 * A solution that is kept: a change costs what it touches, not a look at everybody. Whoever drops out, comes (is in the graph from the
 * beginning, without places or pairs), is locked with somebody (has no pairs, and the mentor a place less) is a change like others.
 * The value is that of match_optimal; of several solutions with this value it may be another one.
 */
struct match_live;
/* 0, or E_CANCELLED; to be freed whatever is returned. The graph as for match_optimal; it is read until the next call. */
int match_live_new(const struct match_graph *, const struct match_watch *, struct match_live **ret);
/* 0, or E_CANCELLED (it can only be freed then). The graph as it is now, in the same arrays or in others. */
int match_live_again(struct match_live *, const struct match_graph *, const struct match_touched *, const struct match_watch *);
void match_live_read(const struct match_live *, struct match_solution *);
void match_live_free(struct match_live *);

/* --- the solver with all its aims ------------------------------------------------------------------ */

/* What counts first, second and so on; with each aim `least` and `locked` of the graph come before everything. */
enum match_aim {
	MATCH_AIM_OPTIMAL,       /* mentees placed (marked ones count twice), then the total */
	MATCH_AIM_FAIR,          /* placed; then fewest pairs in the lowest twentieth of the scores, in the next, ..; then the total */
	MATCH_AIM_CHANGE_LITTLE, /* placed; then pairs as in `kept`; then the total */
	MATCH_AIMS
};
enum {
	MATCH_LEVELS_MAX = MATCH_BANDS + 1
};

struct match_answer {
	const int32_t *mentor_of; /* of each mentee: a mentor, or -1 */
	int64_t placed;           /* pairs */
	int64_t kept;             /* pairs that are as in `kept` */
	int64_t total;            /* of the scores */
	int32_t bands[MATCH_BANDS];
	/* Proof: a row of prices for each level of the aim, mentees (mentors) long; see match_answer_check. */
	int32_t levels;
	const int64_t *mentee_price, *mentor_price;
	/*
	 * Of a refusal because of `least`, else 0: these mentors must have `stuck_least` mentees in all, and only `stuck_mentees`
	 * mentees could come to any of them.
	 */
	const int32_t *stuck;
	int32_t stuck_count;
	int64_t stuck_least, stuck_mentees;
	struct arena *arena; /* owner of all of the above; private */
};

/* E_INVALID, with the first thing that is wrong: a graph from outside must pass before anything else reads it. Persons are named by position. */
int match_graph_check(const struct match_graph *, struct problem *);
/*
 * 0; E_INVALID: what is locked, or what is the least, cannot be (the answer says whom it is about); E_CANCELLED;
 * E_UNAVAILABLE: the answer did not pass its own check. `warm`, or NULL: an answer for the same aim and a graph much like this
 * one, put into its order: mentor_of and the first row of mentor_price are read (-1 and 0 for who is new). All levels come out as without.
 * The answer is to be freed with match_answer_free whatever is returned. `watch` may be NULL.
 */
int match_solve_graph(const struct match_graph *, enum match_aim, const struct match_answer *warm, const struct match_watch *,
	struct match_answer *, struct problem *);
/* 0 if the pairs are allowed and the prices prove that no others are better in the aim's order; else E_INVALID. Knows no solver. */
int match_answer_check(const struct match_graph *, enum match_aim, const struct match_answer *, struct problem *);
void match_answer_free(struct match_answer *);

/* --- stable matchings: no mentee and mentor would both rather have each other ------------------------- */

/* A pair that both sides accept. Likings are compared within one list only: the higher the better, equal ones are a tie. */
struct match_choice {
	int32_t mentor, mentee_likes, mentor_likes;
};

struct match_choices {
	int32_t mentees, mentors;
	const int64_t *start;            /* mentees + 1 offsets into list */
	const struct match_choice *list; /* of each mentee, in any order; no mentor twice */
	const int32_t *places;           /* of each mentor */
};

/*
 * Two who like each other's rivals as much as one another are no reason to part: what is found is weakly stable.
 * MENTEES and MENTORS break ties by index; with strict lists the result is the best stable one for each single person of that side,
 * and the worst for each of the other.
 * TIES is Kiraly's approximation: who finds no place offers again, and then goes before others whom a mentor likes as much. It places
 * at least two thirds of the mentees that the largest weakly stable matching places (finding that one is NP-hard).
 */
enum match_stability {
	MATCH_STABLE_MENTEES,
	MATCH_STABLE_MENTORS,
	MATCH_STABLE_TIES
};

/* 0 and a mentor or -1 for each mentee, or E_CANCELLED. */
int match_stable(const struct match_choices *, enum match_stability, int32_t *ret_mentor_of, const struct match_watch *);
/* 0 if these are pairs of the lists, no mentor has more than its places, and no pair blocks; else E_INVALID. */
int match_stable_check(const struct match_choices *, const int32_t *mentor_of, struct problem *);

#endif
