/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The criteria: one row each, and nothing about a criterion stands elsewhere.
 *
 * A function measures a block (one mentee, n mentors) and fills a cell for each
 * mentor: the amount in the row's unit, which hard rules compare and sentences
 * name, and the value 0..1, the part of the points earned. NaN says not known.
 *
 * Values are absolute, never a share of what somebody stated, so that stating
 * more never lowers the value of any pair. Nor does little free time win better
 * places: who states less than `stated` minutes a week earns nothing for time
 * with anybody, so it cannot set one mentor apart from another. (A share would
 * give full points for the one hour stated; counting the hours alone would
 * make every other mentor look worse for this mentee and so secure the one.)
 */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "match/rows.h"

static const struct someone *mentee_of(const struct match_block *b)
{
	return &b->in->mentees[b->mentee];
}

static const struct someone *mentor_at(const struct match_block *b, int32_t i)
{
	return &b->in->mentors[b->mentors[i]];
}

static double at_most_1(double value)
{
	return value < 1 ? value : 1;
}

/* --- hard rules compare an amount --------------------------------------------------------------------- */

static bool holds_at_least(const double *parameters, double amount)
{
	return amount >= parameters[0];
}

static bool holds_one(const double *parameters, double amount)
{
	(void)parameters;
	return amount >= 1;
}

static bool holds_between(const double *parameters, double amount)
{
	return amount >= parameters[0] && amount <= parameters[1];
}

/* --- traits that one seeks and the other offers -------------------------------------------------------- */

enum {
	TRAITS_AT_LEAST,
	TRAITS_ENOUGH,
	TRAITS_RARITY
};

#define KIND(kind) (1u << (kind))
static const unsigned skills = KIND(MATCH_SKILL) | KIND(MATCH_INTEREST) | KIND(MATCH_VALUE) | KIND(MATCH_FREE);
static const unsigned likings = KIND(MATCH_INTEREST) | KIND(MATCH_VALUE);

static bool is_kind(const struct match_block *b, const struct owned *trait, unsigned kinds)
{
	return (kinds & KIND(b->in->terms[trait->term].kind)) != 0;
}

/* What a term is worth: the fewer mentors offer it, the more. */
static double term_worth(const struct match_block *b, int32_t term, double rarity)
{
	int32_t offered = b->in->terms[term].offered;

	return 1 - rarity + rarity / sqrt(offered > 1 ? offered : 1);
}

int32_t match_level_meant(int32_t level)
{
	return level ? level : 2;
}

/* How well an offered level fits a sought one. */
static double level_fit(int32_t sought, int32_t offered)
{
	offered = match_level_meant(offered);
	return offered >= sought ? 1 : (double)offered / sought;
}

/* Marks what the mentee seeks of these kinds in the scratch (level + 1); returns how many. */
static int32_t mark_sought(const struct match_block *b, unsigned kinds, double rarity, bool set)
{
	const struct someone *mentee = mentee_of(b);
	int32_t count = 0;

	for (int32_t i = 0; i < mentee->trait_count; i++) {
		const struct owned *trait = &mentee->traits[i];

		if (!trait->sought || !is_kind(b, trait, kinds))
			continue;
		b->in->term_level[trait->term] = set ? trait->level + 1 : 0;
		b->in->term_weight[trait->term] = set ? term_worth(b, trait->term, rarity) : 0;
		count++;
	}
	return count;
}

static struct match_cell offers(const struct match_block *b, const struct someone *mentor, double enough)
{
	int32_t common = 0, any = 0;
	double sum = 0;

	for (int32_t i = 0; i < mentor->trait_count; i++) {
		const struct owned *trait = &mentor->traits[i];
		int32_t sought = b->in->term_level[trait->term];

		if (trait->sought)
			break;
		any += is_kind(b, trait, skills);
		if (sought == 0)
			continue;
		sum += b->in->term_weight[trait->term] * level_fit(sought - 1, trait->level);
		common++;
	}
	return any ? (struct match_cell){ common, at_most_1(sum / enough) } : (struct match_cell){ NAN, NAN };
}

/* Is it quicker to go through all who have a word than through the block? */
static bool is_wide(const struct match_block *b)
{
	return b->count > 16 && b->count > b->in->mentor_count / 8;
}

/* Adds up, by way of the terms and in their order, what offers() adds up by way of the mentor; `add` false cleans up behind it. */
static bool sum_sought(const struct match_block *b, double rarity, bool add)
{
	const struct someone *mentee = mentee_of(b);
	bool any = false;

	for (int32_t i = 0; i < mentee->trait_count; i++) {
		const struct owned *trait = &mentee->traits[i];
		double worth;

		if (!trait->sought || !is_kind(b, trait, skills))
			continue;
		any = true;
		worth = term_worth(b, trait->term, rarity);
		for (int32_t k = b->in->offered.start[trait->term]; k < b->in->offered.start[trait->term + 1]; k++) {
			const struct holder *holder = &b->in->offered.list[k];

			b->in->mentor_sum[holder->mentor] = add
				? b->in->mentor_sum[holder->mentor] + worth * level_fit(trait->level, holder->level)
				: 0;
			b->in->mentor_count_of[holder->mentor] = add ? b->in->mentor_count_of[holder->mentor] + 1 : 0;
		}
	}
	return any;
}

static void measure_traits_wide(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	const struct match_cell unknown = { NAN, NAN };
	bool known = sum_sought(b, parameters[TRAITS_RARITY], true);

	for (int32_t i = 0; i < b->count; i++) {
		int32_t mentor = b->mentors[i];

		cells[i] = known && (b->in->mentors[mentor].offers & skills) ? (struct match_cell){ b->in->mentor_count_of[mentor],
			at_most_1(b->in->mentor_sum[mentor] / parameters[TRAITS_ENOUGH]) }
									     : unknown;
	}
	sum_sought(b, 0, false);
}

static void measure_traits(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	bool known;

	if (is_wide(b)) {
		measure_traits_wide(b, parameters, cells);
		return;
	}
	known = mark_sought(b, skills, parameters[TRAITS_RARITY], true) > 0;
	for (int32_t i = 0; i < b->count; i++)
		cells[i] = known ? offers(b, mentor_at(b, i), parameters[TRAITS_ENOUGH]) : (struct match_cell){ NAN, NAN };
	mark_sought(b, skills, 0, false);
}

static int common_traits(const struct match_block *b, int32_t *ret_terms, int most)
{
	const struct someone *mentor = mentor_at(b, 0);
	int count = 0;

	mark_sought(b, skills, 0, true);
	for (int32_t i = 0; i < mentor->trait_count && !mentor->traits[i].sought && count < most; i++)
		if (b->in->term_level[mentor->traits[i].term] > 0)
			ret_terms[count++] = mentor->traits[i].term;
	mark_sought(b, skills, 0, false);
	return count;
}

/* --- traits that both have, offered or sought alike ----------------------------------------------------- */

static bool mark_all(const struct match_block *b, unsigned kinds, bool set)
{
	const struct someone *mentee = mentee_of(b);
	bool any = false;

	for (int32_t i = 0; i < mentee->trait_count; i++)
		if (is_kind(b, &mentee->traits[i], kinds)) {
			b->in->term_level[mentee->traits[i].term] = set;
			any = true;
		}
	return any;
}

/* The terms of a mentor that are marked, each once; the amount is NaN if the mentor has none of these kinds. */
static double count_marked(const struct match_block *b, const struct someone *mentor, unsigned kinds, int32_t *ret_terms, int most)
{
	int32_t count = 0;
	bool any = false;

	for (int32_t i = 0; i < mentor->trait_count; i++) {
		int32_t term = mentor->traits[i].term;

		any = any || is_kind(b, &mentor->traits[i], kinds);
		if (b->in->term_level[term] != 1)
			continue;
		b->in->term_level[term] = 2;
		if (ret_terms && count < most)
			ret_terms[count] = term;
		count++;
	}
	for (int32_t i = 0; i < mentor->trait_count; i++)
		if (b->in->term_level[mentor->traits[i].term] == 2)
			b->in->term_level[mentor->traits[i].term] = 1;
	return any ? count : NAN;
}

/* Counts, by way of the terms, what each mentor has in common with the mentee; `add` false cleans up behind it. */
static void count_terms(const struct match_block *b, unsigned kinds, bool add)
{
	const struct someone *mentee = mentee_of(b);

	mark_all(b, kinds, true);
	for (int32_t i = 0; i < mentee->trait_count; i++) {
		int32_t term = mentee->traits[i].term;

		if (b->in->term_level[term] != 1)
			continue;
		b->in->term_level[term] = 2; /* offered and sought: once */
		for (int32_t k = b->in->having.start[term]; k < b->in->having.start[term + 1]; k++) {
			int32_t mentor = b->in->having.list[k].mentor;

			b->in->mentor_count_of[mentor] = add ? b->in->mentor_count_of[mentor] + 1 : 0;
		}
	}
	mark_all(b, kinds, false);
}

static void measure_shared_wide(const struct match_block *b, unsigned kinds, double enough, struct match_cell *cells)
{
	const struct match_cell unknown = { NAN, NAN };
	bool known = (mentee_of(b)->kinds & kinds) != 0;

	count_terms(b, kinds, true);
	for (int32_t i = 0; i < b->count; i++) {
		double amount = b->in->mentor_count_of[b->mentors[i]];

		cells[i] = known && (b->in->mentors[b->mentors[i]].kinds & kinds)
			? (struct match_cell){ amount, at_most_1(amount / enough) }
			: unknown;
	}
	count_terms(b, kinds, false);
}

/* Amount: how many they have in common. Value: that as a part of `enough`. */
void match_measure_shared(const struct match_block *b, unsigned kinds, double enough, struct match_cell *cells)
{
	bool known;

	if (is_wide(b)) {
		measure_shared_wide(b, kinds, enough, cells);
		return;
	}
	known = mark_all(b, kinds, true);
	for (int32_t i = 0; i < b->count; i++) {
		double amount = known ? count_marked(b, mentor_at(b, i), kinds, NULL, 0) : NAN;

		cells[i] = (struct match_cell){ amount, isnan(amount) ? NAN : at_most_1(amount / enough) };
	}
	mark_all(b, kinds, false);
}

int match_common_shared(const struct match_block *b, unsigned kinds, int32_t *ret_terms, int most)
{
	double count;

	mark_all(b, kinds, true);
	count = count_marked(b, mentor_at(b, 0), kinds, ret_terms, most);
	mark_all(b, kinds, false);
	return isnan(count) ? 0 : count < most ? (int)count : most;
}

static void measure_interests(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	match_measure_shared(b, likings, parameters[0], cells);
}

static int common_interests(const struct match_block *b, int32_t *ret_terms, int most)
{
	return match_common_shared(b, likings, ret_terms, most);
}

static void measure_language(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	match_measure_shared(b, KIND(MATCH_LANGUAGE), parameters[0], cells);
}

static int common_language(const struct match_block *b, int32_t *ret_terms, int most)
{
	return match_common_shared(b, KIND(MATCH_LANGUAGE), ret_terms, most);
}

static void measure_site(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	match_measure_shared(b, KIND(MATCH_SITE), 1, cells);
}

static int common_site(const struct match_block *b, int32_t *ret_terms, int most)
{
	return match_common_shared(b, KIND(MATCH_SITE), ret_terms, most);
}

static void measure_field(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	match_measure_shared(b, KIND(MATCH_FIELD), 1, cells);
}

static int common_field(const struct match_block *b, int32_t *ret_terms, int most)
{
	return match_common_shared(b, KIND(MATCH_FIELD), ret_terms, most);
}

/* 1 if they have no department in common. */
static void measure_department(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	match_measure_shared(b, KIND(MATCH_DEPARTMENT), 1, cells);
	for (int32_t i = 0; i < b->count; i++)
		if (!isnan(cells[i].amount))
			cells[i].amount = cells[i].value = cells[i].amount == 0;
}

/* --- free time ----------------------------------------------------------------------------------------- */

enum {
	TIME_AT_LEAST,
	TIME_ENOUGH,
	TIME_STATED
};

static int32_t overlap_in(const struct someone *a, const struct someone *b, int32_t week)
{
	int32_t i = a->span_start[week], j = b->span_start[week], minutes = 0;

	while (i < a->span_start[week + 1] && j < b->span_start[week + 1]) {
		const struct match_span *one = &a->spans[i], *other = &b->spans[j];
		int32_t from = one->from > other->from ? one->from : other->from;
		int32_t to = one->to < other->to ? one->to : other->to;

		if (to > from)
			minutes += to - from;
		if (one->to < other->to)
			i++;
		else
			j++;
	}
	return minutes;
}

/* In the week with the least. */
static int32_t overlap(const struct prepared *in, const struct someone *a, const struct someone *b)
{
	int32_t least = MATCH_WEEK;

	if (a->steady && b->steady)
		return overlap_in(a, b, 0);
	for (int32_t k = 0; k < in->different_count; k++) {
		int32_t minutes = overlap_in(a, b, in->different[k]);

		if (minutes < least)
			least = minutes;
	}
	return least;
}

static int32_t common_time(const struct match_block *b, int32_t i)
{
	int32_t mentor = b->mentors[i];

	if (b->in->common_with[mentor] != b->mentee + 1) {
		b->in->common_with[mentor] = b->mentee + 1;
		b->in->common_time[mentor] = overlap(b->in, mentee_of(b), mentor_at(b, i));
	}
	return b->in->common_time[mentor];
}

static void measure_availability(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	const struct someone *mentee = mentee_of(b);

	for (int32_t i = 0; i < b->count; i++) {
		const struct someone *mentor = mentor_at(b, i);

		cells[i] = (struct match_cell){ NAN, NAN };
		if (mentee->stated < 0 || mentor->stated < 0)
			continue;
		cells[i].amount = common_time(b, i);
		cells[i].value = at_most_1(cells[i].amount / parameters[TIME_ENOUGH]);
		if (mentee->stated < parameters[TIME_STATED] || mentor->stated < parameters[TIME_STATED])
			cells[i].value = 0;
	}
}

/* --- wishes, earlier pairs, objections ------------------------------------------------------------------ */

static void mark_related(const struct match_block *b, const struct relations *relations, bool set)
{
	for (int32_t i = relations->start[b->mentee]; i < relations->start[b->mentee + 1]; i++)
		b->in->mentor_rank[relations->list[i].mentor] = set ? relations->list[i].rank : 0;
}

/* Rank 1 is worth 1, the next ones fall evenly; who wishes for nobody else is simply not wished for. */
static void measure_wish(const struct match_block *b, const struct relations *wishes, double ranks, struct match_cell *cells)
{
	mark_related(b, wishes, true);
	for (int32_t i = 0; i < b->count; i++) {
		int32_t rank = b->in->mentor_rank[b->mentors[i]];

		cells[i].amount = rank;
		cells[i].value = rank == 0 || rank > ranks ? 0 : (ranks + 1 - rank) / ranks;
	}
	mark_related(b, wishes, false);
}

static void measure_mentee_wish(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	measure_wish(b, &b->in->mentee_wishes, parameters[0], cells);
}

static void measure_mentor_wish(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	measure_wish(b, &b->in->mentor_wishes, parameters[0], cells);
}

/* 1 for who is not in the list. */
static void measure_not_in(const struct match_block *b, const struct relations *relations, struct match_cell *cells)
{
	mark_related(b, relations, true);
	for (int32_t i = 0; i < b->count; i++)
		cells[i].amount = cells[i].value = b->in->mentor_rank[b->mentors[i]] == 0;
	mark_related(b, relations, false);
}

static void measure_earlier(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	measure_not_in(b, &b->in->earlier, cells);
}

static void measure_not_with(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	measure_not_in(b, &b->in->objections, cells);
}

/* --- numbers of a person -------------------------------------------------------------------------------- */

/* Mentor minus mentee; within the range all is earned, beyond it less with each step. */
static struct match_cell difference(int32_t mentee, int32_t mentor, const double *parameters)
{
	struct match_cell cell = { NAN, NAN };
	double beyond = 0;

	if (mentee == MATCH_NONE || mentor == MATCH_NONE)
		return cell;
	cell.amount = (double)mentor - mentee;
	if (cell.amount < parameters[0])
		beyond = parameters[0] - cell.amount;
	else if (cell.amount > parameters[1])
		beyond = cell.amount - parameters[1];
	cell.value = 1 / (1 + beyond);
	return cell;
}

static void measure_year(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	for (int32_t i = 0; i < b->count; i++)
		cells[i] = difference(mentee_of(b)->from->year, mentor_at(b, i)->from->year, parameters);
}

static void measure_age(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	for (int32_t i = 0; i < b->count; i++)
		cells[i] = difference(mentee_of(b)->from->age, mentor_at(b, i)->from->age, parameters);
}

/* --- load ------------------------------------------------------------------------------------------------ */

/* Who has mentees already earns less with each; those of this very run do not count, so that the sum of scores stays a sum over pairs. */
static void measure_load(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	for (int32_t i = 0; i < b->count; i++) {
		cells[i].amount = mentor_at(b, i)->from->taken;
		cells[i].value = 1 / (1 + cells[i].amount);
	}
}

/* --- what nobody may waive ------------------------------------------------------------------------------- */

static bool may_take_part(const struct match_person *who)
{
	return !who->minor || who->consent;
}

static void measure_minor(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	for (int32_t i = 0; i < b->count; i++)
		cells[i].amount = cells[i].value = may_take_part(mentee_of(b)->from) && may_take_part(mentor_at(b, i)->from);
}

static void measure_self(const struct match_block *b, const double *parameters, struct match_cell *cells)
{
	(void)parameters;
	for (int32_t i = 0; i < b->count; i++)
		cells[i].amount = cells[i].value = mentee_of(b)->from->person != mentor_at(b, i)->from->person;
}

/* --- what they read, for rows that are kept (rows.h) ------------------------------------------------------ */

static int32_t code_traits(struct match_facts *f, int32_t mentee, const struct plan_line *line, uint16_t *codes, int32_t *ret_table)
{
	(void)line;
	return match_code_offered(f, mentee, skills, codes, ret_table);
}

static int32_t code_interests(struct match_facts *f, int32_t mentee, const struct plan_line *line, uint16_t *codes, int32_t *ret_table)
{
	(void)line;
	return match_code_shared(f, mentee, likings, codes, ret_table);
}

static int32_t code_language(struct match_facts *f, int32_t mentee, const struct plan_line *line, uint16_t *codes, int32_t *ret_table)
{
	(void)line;
	return match_code_shared(f, mentee, KIND(MATCH_LANGUAGE), codes, ret_table);
}

static int32_t code_same(struct match_facts *f, int32_t mentee, const struct plan_line *line, uint16_t *codes, int32_t *ret_table)
{
	return match_code_shared(f, mentee, line->subject->kinds, codes, ret_table);
}

static int32_t code_availability(struct match_facts *f, int32_t mentee, const struct plan_line *line, uint16_t *codes, int32_t *ret_table)
{
	double most = line->parameters[line->hard ? TIME_AT_LEAST : TIME_ENOUGH];

	return match_code_minutes(f, mentee, most, line->parameters[TIME_STATED], codes, ret_table);
}

static void key_language(const struct match_block *b, struct buffer *out)
{
	match_key_shared(b, KIND(MATCH_LANGUAGE), out);
}

static void key_site(const struct match_block *b, struct buffer *out)
{
	match_key_shared(b, KIND(MATCH_SITE), out);
}

static void key_field(const struct match_block *b, struct buffer *out)
{
	match_key_shared(b, KIND(MATCH_FIELD), out);
}

static void key_department(const struct match_block *b, struct buffer *out)
{
	match_key_shared(b, KIND(MATCH_DEPARTMENT), out);
}

static void key_year(const struct match_block *b, struct buffer *out)
{
	buffer_add(out, &mentee_of(b)->from->year, sizeof(int32_t));
}

static void key_age(const struct match_block *b, struct buffer *out)
{
	buffer_add(out, &mentee_of(b)->from->age, sizeof(int32_t));
}

static void key_minor(const struct match_block *b, struct buffer *out)
{
	buffer_char(out, may_take_part(mentee_of(b)->from));
}

static void key_nothing(const struct match_block *b, struct buffer *out)
{
	(void)b;
	(void)out;
}

static const struct relations *mentee_wishes(const struct prepared *in)
{
	return &in->mentee_wishes;
}

static const struct relations *mentor_wishes(const struct prepared *in)
{
	return &in->mentor_wishes;
}

static const struct relations *earlier(const struct prepared *in)
{
	return &in->earlier;
}

static const struct relations *objections(const struct prepared *in)
{
	return &in->objections;
}

static const struct relations *selves(const struct prepared *in)
{
	return &in->selves;
}

/* --- the table ------------------------------------------------------------------------------------------ */

/* A row reads as a block. */
/* clang-format off */
static const struct match_criterion criteria[] = {
	{ .name = "traits", .label = "Skills sought and offered", .unit = "skill", .view = MATCH_VIEW_MENTEE,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 480,
	  .parameters = { { "at_least", "Needed as a hard rule", 1, 20, 1, true },
			  { "enough", "As many as earn all points", 1, 20, 3, true },
			  { "rarity", "How much more rare skills count", 0, 1, 0.5, false } },
	  .measure = measure_traits, .code = code_traits, .holds = holds_at_least, .common = common_traits,
	  .met = "The mentor offers {n} that the mentee seeks[: {list}].",
	  .unmet = "The mentor offers nothing that the mentee seeks.",
	  .unknown = "What the mentee seeks or the mentor offers is not known.",
	  .stopped = "too few of the skills sought", .mend = "more of the skills sought at this mentor",
	  .shared = "one of you can help the other with {list}" },
	{ .name = "interests", .label = "Interests and values in common", .unit = "interest", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_WEIGH,
	  .parameters = { { "enough", "As many as earn all points", 1, 20, 3, true } },
	  .measure = measure_interests, .code = code_interests, .holds = holds_one, .common = common_interests,
	  .met = "They have {n} in common[: {list}].", .unmet = "They have no interest in common.",
	  .unknown = "The interests of one of them are not known.", .shared = "you both care for {list}" },
	{ .name = "language", .label = "Language in common", .unit = "language", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 6000,
	  .parameters = { { "at_least", "Languages needed", 1, 5, 1, true } },
	  .measure = measure_language, .key = key_language, .code = code_language, .holds = holds_at_least, .common = common_language,
	  .met = "They have {n} in common[: {list}].", .unmet = "They have no language in common.",
	  .unknown = "The languages of one of them are not known.", .stopped = "no language in common",
	  .mend = "a language in common with this mentor", .shared = "you both speak {list}" },
	{ .name = "availability", .label = "Free time in common", .unit = "minute", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 1,
	  .parameters = { { "at_least", "Minutes a week needed as a hard rule", 1, MATCH_WEEK, 30, true },
			  { "enough", "Minutes a week that earn all points", 15, MATCH_WEEK, 120, true },
			  { "stated", "Who states less a week earns none", 0, MATCH_WEEK, 240, true } },
	  .measure = measure_availability, .code = code_availability, .holds = holds_at_least,
	  .met = "They have {n} a week free at the same time.", .unmet = "They have no free time in common.",
	  .unknown = "The free time of one of them is not known.", .stopped = "too little free time in common",
	  .mend = "{n} a week more free at the same time as this mentor",
	  .shared = "you have {n} a week free at the same time" },
	{ .name = "site", .label = "Same site", .unit = "site", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 2400,
	  .measure = measure_site, .key = key_site, .holds = holds_one, .common = common_site,
	  .met = "They are at the same site[: {list}].", .unmet = "They are at different sites.",
	  .unknown = "The site of one of them is not known.", .stopped = "at another site",
	  .mend = "the site of this mentor", .shared = "you are both at {list}" },
	{ .name = "field", .label = "Same field of study", .unit = "field", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 4800,
	  .measure = measure_field, .key = key_field, .holds = holds_one, .common = common_field,
	  .met = "They have the same field of study[: {list}].", .unmet = "They have different fields of study.",
	  .unknown = "The field of study of one of them is not known.", .stopped = "another field of study",
	  .mend = "the field of study of this mentor", .shared = "your field of study is {list}" },
	{ .name = "department", .label = "Different department", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 4800,
	  .measure = measure_department, .key = key_department, .holds = holds_one,
	  .met = "They are of different departments.", .unmet = "They are of the same department.",
	  .unknown = "The department of one of them is not known.", .stopped = "of the same department",
	  .mend = "another department than this mentor" },
	{ .name = "same", .about = "what is compared", .label = "The same", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 4800,
	  .measure = match_measure_same, .key = match_key_same, .code = code_same, .holds = holds_one, .common = match_common_same,
	  .met = "They have the same {of}[: {list}].", .unmet = "Of {of} they have nothing in common.",
	  .unknown = "The {of} of one of them is not known.", .stopped = "not the same {of}",
	  .mend = "the same {of} as this mentor" },
	{ .name = "different", .about = "what is compared", .label = "Different", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 4800,
	  .measure = match_measure_different, .key = match_key_same, .code = code_same, .holds = holds_one,
	  .met = "Of {of} they have nothing in common.", .unmet = "They have the same {of}.",
	  .unknown = "The {of} of one of them is not known.", .stopped = "the same {of}",
	  .mend = "another {of} than this mentor" },
	{ .name = "number", .about = "the name of a trait with a number", .label = "Difference in a number", .unit = "",
	  .view = MATCH_VIEW_BOTH, .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 480,
	  .parameters = { { "least", "Mentor ahead by at least", -1e9, 1e9, 0, false },
			  { "most", "Mentor ahead by at most", -1e9, 1e9, 1e9, false },
			  { "half", "So far beyond the range earns half", 1e-6, 1e9, 1, false } },
	  .measure = match_measure_number, .key = match_key_number, .holds = holds_between,
	  .met = "{of}, mentor minus mentee: {n}.", .unmet = "They have the same {of}.",
	  .unknown = "The {of} of one of them is not known.", .stopped = "too little or too much {of}",
	  .mend = "another {of} than now, for this mentor" },
	{ .name = "mentee_wish", .label = "Wish of the mentee", .unit = "", .view = MATCH_VIEW_MENTEE,
	  .may = MATCH_MAY_WEIGH, .parameters = { { "ranks", "Wishes that count", 1, 20, 3, true } },
	  .measure = measure_mentee_wish, .apart = mentee_wishes, .holds = holds_one,
	  .met = "The mentee wished for this mentor (rank {n}).", .unmet = "The mentee did not wish for this mentor.",
	  .unknown = "" },
	{ .name = "mentor_wish", .label = "Wish of the mentor", .unit = "", .view = MATCH_VIEW_MENTOR,
	  .may = MATCH_MAY_WEIGH, .parameters = { { "ranks", "Wishes that count", 1, 20, 3, true } },
	  .measure = measure_mentor_wish, .apart = mentor_wishes, .holds = holds_one,
	  .met = "The mentor wished for this mentee (rank {n}).", .unmet = "The mentor did not wish for this mentee.",
	  .unknown = "" },
	{ .name = "earlier", .label = "Not a pair before", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 480,
	  .measure = measure_earlier, .apart = earlier, .holds = holds_one,
	  .met = "They were no pair before.", .unmet = "They were a pair before.", .unknown = "",
	  .stopped = "a pair before", .mend = "being a pair again with this mentor" },
	{ .name = "year", .label = "Difference in year of study", .unit = "year", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .effort = 4800,
	  .parameters = { { "least", "Mentor ahead by at least", -20, 20, 1, true },
			  { "most", "Mentor ahead by at most", -20, 20, 3, true } },
	  .measure = measure_year, .key = key_year, .holds = holds_between,
	  .met = "Year of study, mentor minus mentee: {n}.", .unmet = "They are in the same year of study.",
	  .unknown = "The year of study of one of them is not known.", .stopped = "year of study too near or too far",
	  .mend = "another year of study than now, for this mentor" },
	{ .name = "load", .label = "Mentors with few mentees so far", .unit = "mentee", .view = MATCH_VIEW_MENTOR,
	  .may = MATCH_MAY_WEIGH, .measure = measure_load, .key = key_nothing, .holds = holds_one,
	  .met = "The mentor has {n} already.", .unmet = "The mentor has no mentee yet.", .unknown = "" },
	{ .name = "age", .label = "Difference in age", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_MAY_WEIGH, .quiet = true, .effort = 4800,
	  .parameters = { { "least", "Mentor older by at least", -100, 100, 0, true },
			  { "most", "Mentor older by at most", -100, 100, 100, true } },
	  .measure = measure_age, .key = key_age, .holds = holds_between,
	  .met = "The difference in age was looked at.", .unmet = "The difference in age was looked at.",
	  .unknown = "The difference in age is not known.", .stopped = "difference in age",
	  .mend = "no rule about age for this mentor" },
	{ .name = "circle_size", .label = "People in a group", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_OF_GROUPS,
	  .parameters = { { "least", "At least, mentors counted", 2, 64, 4, true },
			  { "most", "At most, mentors counted", 2, 64, 8, true } } },
	{ .name = "circle_mentors", .label = "Mentors in a group", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_OF_GROUPS,
	  .parameters = { { "least", "At least", 1, 63, 1, true }, { "most", "At most", 1, 63, 1, true } } },
	{ .name = "circle_time", .label = "All are free when their group meets", .unit = "minute", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_MAY_HARD | MATCH_OF_GROUPS, .parameters = { { "minutes", "Minutes a week", 15, 480, 60, true } } },
	{ .name = "circle_mix", .about = "what is compared", .label = "Few in a group who are alike", .unit = "",
	  .view = MATCH_VIEW_BOTH, .may = MATCH_MAY_HARD | MATCH_OF_GROUPS,
	  .parameters = { { "most", "At most so many with the same", 1, 63, 2, true } } },
	{ .name = "minor", .label = "No minor without consent", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_ALWAYS, .effort = 1200, .measure = measure_minor, .key = key_minor, .holds = holds_one,
	  .met = "", .unmet = "", .unknown = "", .stopped = "a minor without consent",
	  .mend = "the consent that this mentor needs as a minor" },
	{ .name = "self", .label = "Nobody with themself", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_ALWAYS, .secret = true, .measure = measure_self, .apart = selves, .holds = holds_one,
	  .met = "", .unmet = "", .unknown = "" },
	{ .name = "not_with", .label = "Not with", .unit = "", .view = MATCH_VIEW_BOTH,
	  .may = MATCH_ALWAYS, .secret = true, .measure = measure_not_with, .apart = objections, .holds = holds_one,
	  .met = "", .unmet = "", .unknown = "" }
};
/* clang-format on */

const struct match_criterion *match_criteria(size_t *ret_count)
{
	*ret_count = sizeof criteria / sizeof *criteria;
	return criteria;
}

/* A colon stands behind the names of those that say what they are about, and of no others. */
const struct match_criterion *match_criterion(const char *name)
{
	size_t length = name ? strcspn(name, ":") : 0;

	for (size_t i = 0; name && i < sizeof criteria / sizeof *criteria; i++)
		if (strncmp(criteria[i].name, name, length) == 0 && !criteria[i].name[length] &&
			(name[length] == ':') == (criteria[i].about != NULL))
			return &criteria[i];
	return NULL;
}
