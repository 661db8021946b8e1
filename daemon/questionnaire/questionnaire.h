/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questionnaires over plain arrays: is a form sound, what applies to whom, are the answers fine, what do they score, and what of
 * all answers together may be shown.
 *
 * Nothing here knows a database, a person or a language: a form is an array of items in their order, an answer set an array of
 * texts beside it (NULL: none). Texts belong to whoever made them; what is computed lies in the arena that is passed in.
 *
 * Conditions are the part of XLSForm's expressions that people use: ${name}, selected(${name}, 'value'),
 * count-selected(${name}), = != < <= > >=, and, or, not(), numbers, quoted texts, brackets. A condition may ask for items before
 * its own only; so what applies is decided in one pass, and an item that does not apply counts as not answered for those behind it.
 */
#ifndef MENTORSHIP_QUESTIONNAIRE_H
#define MENTORSHIP_QUESTIONNAIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

enum {
	FORM_ITEMS = 500,
	FORM_CHOICES = 200,
	FORM_NAME = 64,        /* bytes of a name or of the value of a choice */
	FORM_TEXT = 10000,     /* characters of an answer in words */
	FORM_ANSWERS = 60000,  /* characters of all answers of somebody, as they are kept */
	CONDITION_SIZE = 2000, /* bytes */
	/* What one page carries: half of a link's message, so that answers and what is wrong with them have room beside it; and boxes, choices
	 * of multiple ones counted singly, below the fields that a link takes, with room for buttons. */
	FORM_PAGE = 512 << 10, /* bytes */
	FORM_BOXES = 1900
};

enum form_kind {
	FORM_SINGLE,   /* one of the choices: its value */
	FORM_MULTIPLE, /* any of them: values joined by blanks */
	FORM_LIKERT,   /* one of the choices, whose values are numbers on a scale */
	FORM_NUMBER,
	FORM_WORDS,
	FORM_DATE, /* ISO 8601 */
	FORM_NOTE  /* is read, not answered */
};
extern const char *const form_kinds[]; /* "single" ... "note", NULL */

struct form_choice {
	const char *value, *label;
};
struct form_item {
	const char *name, *label;
	int kind;
	const struct form_choice *choices;
	size_t choice_count;
	bool required, reversed;
	double min, max;                   /* NaN: none. A number's value, a text's length in characters, a date's days since 1970 */
	const char *relevant;              /* the condition as it was written; NULL: the item always applies */
	const struct condition *condition; /* the same, compiled by form_compile */
};
struct form_scale {
	const char *name;
	bool sum;                    /* else the mean */
	const char *const *items;    /* names */
	const char *const *reversed; /* names of those to turn round, beside the items that are flagged so themselves */
	size_t item_count, reversed_count;
	const size_t *at; /* index of each item and whether it is turned round: form_compile's */
	const bool *turned;
};
struct form {
	struct form_item *items;
	size_t item_count;
	struct form_scale *scales;
	size_t scale_count;
};

/* What is wrong with a form, and where. */
struct form_complaint {
	bool of_scale;
	size_t index;       /* of the item or scale */
	const char *column; /* "name", "choices", "relevant", "limits", "items" */
	size_t at;          /* character of the condition, from 1; 0: no matter */
	char text[300];
};
/* Checks the form whole and compiles conditions and scales into the arena. Returns how many complaints there are; the first `max`
 * are written. A form with complaints is not to be used. */
size_t form_compile(struct arena *, struct form *, struct form_complaint *ret, size_t max);
/* Index of an item, or -1. */
ptrdiff_t form_item_named(const struct form *, const char *name);

/* ---- conditions ---- */
/* Reads a condition, whose names may be those of any item. E_INVALID with a sentence; *ret_at is the character, from 1. */
int condition_read(struct arena *, const struct form *, const char *text, const struct condition **ret, size_t *ret_at, struct problem *);
/* Does it ask for this item? *ret_at: the character where it does first. */
bool condition_asks(const struct condition *, size_t item, size_t *ret_at);
/* `answers` as answers_check leaves them. */
bool condition_holds(const struct condition *, const struct form *, const char *const *answers);

/* A plain decimal number with a point or one comma ("3", "-2.5", "3,5"), blanks around it allowed; no exponent. */
bool number_read(const char *text, double *ret);

/* ---- answers ---- */
struct answer_error {
	size_t item;
	char text[200]; /* to be read beside the item: "Please choose one of the answers." */
};
/* Looks at the answers in the order of the items and leaves in the array what counts: blanks around it gone, answers to what does
 * not apply NULL, wrong ones NULL and told in `ret` (room for one of each item). With `draft` nothing is required. Returns the number
 * of errors. `applies` may be NULL, else it is told of each item. */
size_t answers_check(struct arena *, const struct form *, const char **answers, bool draft, bool *applies, struct answer_error *ret);
/* Is the value among those of a multiple answer ("a b c")? */
bool answer_has(const char *answer, const char *value);
size_t answer_count(const char *answer);

/* ---- scores ---- */
/* The value of one answered item as its scale counts it; NaN: not answered. */
double item_value(const struct form_item *, const char *answer, bool turned);
/* The least and the most that an item's values can be; NaN: there is none. */
void item_range(const struct form_item *, double *ret_low, double *ret_high);
/* NaN where more than a fifth of the items is missing. Fewer are stood in for by the mean of those answered, so that a sum stays
 * comparable: it is the mean times the number of items. */
double scale_score(const struct form *, const struct form_scale *, const char *const *answers);

/* ---- how well the items of a scale go together ---- */
struct reliability {
	double mean, deviation;  /* of the totals; the deviation with people - 1 */
	double alpha, low, high; /* Cronbach's alpha, with Feldt's 95 % interval; NaN for fewer than two items, or totals all alike */
	double *item_total;      /* of each item: its correlation with the total of the others; NaN where either is all alike */
	double *rest;            /* deviation of that total */
	double *item;            /* deviation of the item */
	double items, total;     /* variances: of the items together, of the total */
	double least, most;      /* what the total's could be with the same answers in each item; the least of more than two items: 0 */
};
/* `values`: a row of `items` for each of `people`, who are two at least; none is missing. In the arena. */
void scale_reliability(struct arena *, const double *values, size_t people, size_t items, struct reliability *ret);
/* Rounds to a hundredth, a twentieth or a tenth: the finest that is no finer than `step`. NaN where that is beyond a tenth. */
double round_coarsely(double value, double step);

/* ---- quantiles ---- */
/* The regularised incomplete beta function I(x; a, b), a and b above 0; 0 below x = 0, 1 beyond 1. */
double incomplete_beta(double x, double a, double b);
/* So that a share of p (0 to 1) lies below: of the F distribution with d1 and d2 degrees of freedom, of Student's t; degrees above 0. */
double f_quantile(double p, double d1, double d2);
double t_quantile(double p, double degrees);

/* The fewest people of whom a number may tell, and where minors are among them (domain rules). */
enum {
	K_LEAST = 5,
	K_MINORS = 10
};

/* ---- results of all together ---- */
/*
 * A table of counts: rows are answers, columns groups, and everybody of a column stands in exactly one row. The column's totals are
 * known to all (how many were asked in each group), so they are at least k, or the caller joins groups until they are. Every
 * count below k is suppressed, zero too, and so are as many others as it takes: whoever knows all that is shown, and that counts are not
 * negative, can say of no suppressed count (nor total of a row) more than an interval that is at least k wide and reaches k or more.
 */
struct table {
	size_t rows, columns;
	const int64_t *counts; /* row after row */
	int64_t k;
	bool *shown;     /* of each count: the answer */
	bool *row_shown; /* of each row's total */
};
/* E_INVALID where a column's total is below k. shown and row_shown are made in the arena. */
int table_suppress(struct arena *, struct table *, struct problem *);
/* The interval in which a count lies for who sees what is shown; `column` == columns: the row's total. */
void table_interval(struct arena *, const struct table *, size_t row, size_t column, int64_t *ret_low, int64_t *ret_high);

/* All answers of a wave, and the cells that come of them. */
enum {
	TALLY_ALL = 2, /* a cell of both sides; 0 and 1 are the sides */
	TALLY_FEW = -1 /* instead of a count: it is left out */
};
struct tally_answers {
	const char **values; /* as answers_check leaves them */
	const bool *applies;
	int side;   /* -1: not known */
	bool known; /* somebody who sees the results knows these answers: they are counted, but hide nobody */
};
struct tally_cell {
	const char *item, *label, *choice,
		*choice_label; /* the item or scale; a choice, or what the cell tells: "mean", "sum", "answered", "deviation", "alpha",
				* "alpha low", "alpha high", "item-total" (choice_label: the item) */
	int side;
	int64_t count, of;
	double mean;      /* NaN: none */
	double value;     /* of a scale's statistic; NaN: none */
	const char *note; /* what is left out, and why; NULL: nothing is */
};
struct tally {
	const struct form *form;
	const struct tally_answers *list;
	size_t count;
	int64_t k;
	bool apart; /* results for the sides apart are wanted; tally_count clears it where a side is too small */
	struct tally_cell *cells;
	size_t cell_count;
};
/* In pieces, an item or a scale each: begin it, then step while it gives 1. Arena and tally stay where they are until then. */
struct counting;
struct counting *tally_begin(struct arena *, struct tally *);
int tally_step(struct counting *, struct problem *);
int tally_count(struct arena *, struct tally *, struct problem *); /* all at once */

/* ---- how groups fared ---- */
/*
 * Of people who were placed, each with a score, or were not: how each group of them fared beside all. Whoever reads it knows who was
 * placed, and every score; with k above 0 who is in a group is secret, and what would let it be told is left out:
 * - A group is listed where it has k people and k are not in it.
 * - The unplaced of a group are counted where k of each are placed in it, unplaced in it, placed outside and unplaced outside; and where
 *   that holds, or nobody is left, for those who are in one group and not in another that it holds whole, and for those in no counted group.
 * - A mean is rounded to a hundredth, and shown where ten placed stand on either side of it, in the group and outside, and as many could
 *   also have it without the k highest scores or the k lowest, and with the very highest or lowest.
 */
struct group_person {
	bool placed;
	double score; /* 0 to 1 */
};
struct group_report {
	const char *name;
	const size_t *members; /* rising indices of people */
	size_t size;
	/* The answer. */
	bool listed, counted, scored;
	size_t unplaced;
	double share, share_low, share_high; /* of the unplaced, with Wilson's 95 % interval (1927) */
	double mean, mean_low, mean_high;    /* of the placed's scores, with Student's 95 % interval; NaN for fewer than two */
};
void groups_report(
	struct arena *, const struct group_person *people, size_t count, struct group_report *groups, size_t group_count, size_t k);

#endif
