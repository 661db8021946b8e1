/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How groups of mentees fare in a run (MatchRun.Fairness), from rows that the daemon has; no worker.
 *
 * By site, department, field or year of study and language all numbers are told: staff read these traits and every pair. By
 * group (what people have given in confidence) the rules of groups_report hold, and two more. Whoever could have report upon report
 * would see from two that differ by one mentee what that one belongs to. So a run's report is made once and kept with it, and a run whose
 * mentees, or who of them is placed, or whose scores, differ from those of a reported run by fewer than k people gets none.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/text.h"
#include "inner.h"
#include "model/model.h"
#include "questionnaire/questionnaire.h"

enum {
	SCORE_MOST = 1000000,
	GROUPS_TOLD = 200
};

struct fared {
	int64_t mentee, score; /* score NONE: unplaced */
};
struct outcome {
	struct fared *list; /* by mentee, once read whole */
	size_t count, room;
};
struct membership {
	char *name, *label; /* owned; the label is folded as well where an own spelling would tell whose it is */
	size_t person;
};
struct fairness {
	struct outcome outcomes[2];        /* of the run, of the reported run that it is held against */
	int64_t program, cursor, reported; /* the id of that run */
	int at;                            /* which outcome is being read */
	bool unplaced;                     /* pairs are read, these are being read */
	size_t k;
	struct membership *members;
	size_t member_count, member_room;
};

static void forget(struct piece *piece)
{
	struct fairness *f = piece->own;

	for (size_t i = 0; i < f->member_count; i++) {
		free(f->members[i].name);
		free(f->members[i].label);
	}
	free(f->members);
	free(f->outcomes[0].list);
	free(f->outcomes[1].list);
	free(f);
}

/* ---- who was placed ---- */

static int by_mentee(const void *a, const void *b)
{
	const struct fared *one = a, *other = b;

	return (one->mentee > other->mentee) - (one->mentee < other->mentee);
}

/* The next rows of a run's pairs, then of its unplaced mentees. 1: there are more. */
static int read_outcome(struct call *call, struct fairness *f, int64_t run)
{
	struct outcome *o = &f->outcomes[f->at];
	struct stmt *q;
	int count = 0,
	    r = engine_prepare(store_engine(call->store),
		    f->unplaced
			    ? "SELECT u.\"id\", u.\"participant\", NULL FROM \"unplaced\" u JOIN \"participant\" p ON p.\"id\" = u.\"participant\" "
			      "WHERE u.\"run\" = ?1 AND u.\"id\" > ?2 AND p.\"role\" = 'mentee' ORDER BY u.\"id\" LIMIT ?3"
			    : "SELECT \"id\", \"mentee\", \"score\" FROM \"run_pair\" WHERE \"run\" = ?1 AND \"id\" > ?2 UNION ALL SELECT \"id\", "
			      "\"participant\", \"score\" FROM \"run_seat\" WHERE \"run\" = ?1 AND \"id\" > ?2 AND \"side\" = 'mentee' ORDER BY 1 LIMIT ?3",
		    true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, run);
	engine_bind_int(q, 2, f->cursor);
	engine_bind_int(q, 3, ROWS_A_TURN);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0) {
		f->cursor = engine_int(q, 0);
		o->list = heap_grown(o->list, o->count, &o->room, sizeof *o->list);
		o->list[o->count++] = (struct fared){ engine_int(q, 1), engine_int(q, 2) };
		count++;
	}
	if (r || count == ROWS_A_TURN)
		return r ? r : 1;
	f->cursor = 0;
	if (!f->unplaced) {
		f->unplaced = true;
		return 1;
	}
	f->unplaced = false;
	if (o->count)
		qsort(o->list, o->count, sizeof *o->list, by_mentee);
	return 0;
}

/* ---- not by difference ---- */

static bool few(size_t differing, size_t k)
{
	return differing > 0 && differing < k;
}

/* Of how many people one outcome tells something else than the other. */
static int check_differences(struct call *call, const struct fairness *f)
{
	const struct fared *a = f->outcomes[0].list, *b = f->outcomes[1].list, *a_end = a + f->outcomes[0].count,
			   *b_end = b + f->outcomes[1].count;
	size_t there = 0, placed = 0, scores = 0;

	while (a < a_end || b < b_end) {
		const struct fared *one = b == b_end || (a < a_end && a->mentee <= b->mentee) ? a : NULL;
		const struct fared *other = a == a_end || (b < b_end && b->mentee <= a->mentee) ? b : NULL;

		a += one != NULL;
		b += other != NULL;
		there += !one || !other;
		placed += !one || !other || (one->score == NONE) != (other->score == NONE);
		scores += !one || !other || one->score != other->score;
	}
	if (few(there, f->k) || few(placed, f->k) || few(scores, f->k))
		return fail(call, E_STATE, NULL,
			"how groups fare in run %" PRId64
			" is told already, and this run differs from it by fewer than %zu mentees: both together "
			"would tell who belongs to which group",
			f->reported, f->k);
	return 0;
}

static int members_stage(struct call *call, struct piece *piece);

/* Each reported run of the program, one after the other. */
static int reported_stage(struct call *call, struct piece *piece)
{
	struct fairness *f = piece->own;
	int r = f->outcomes[1].count || f->unplaced || f->cursor
		? 0
		: ask(call,
			  "SELECT min(\"id\") FROM \"match_run\" WHERE \"program\" = ?1 AND \"id\" > ?2 AND \"id\" <> ?3 AND \"groups\" IS NOT NULL",
			  VALUES(f->program, f->reported, piece->subject), &f->reported);

	if (r)
		return r;
	if (f->reported == NONE) {
		piece->stage = members_stage;
		return 1;
	}
	r = read_outcome(call, f, f->reported);
	if (r)
		return r;
	r = check_differences(call, f);
	f->outcomes[1].count = 0;
	return r ? r : 1;
}

/* ---- who belongs to what ---- */

static void keep_member(struct fairness *f, int64_t participant, const char *text)
{
	const struct fared key = { .mentee = participant }, *list = f->outcomes[0].list,
			   *found = f->outcomes[0].count ? bsearch(&key, list, f->outcomes[0].count, sizeof key, by_mentee) : NULL;
	struct buffer folded = { 0 };
	struct membership one;

	if (!found)
		return;
	text_fold(&folded, text, strlen(text));
	one = (struct membership){ strdup(buffer_string(&folded)), strdup(f->k ? buffer_string(&folded) : text), (size_t)(found - list) };
	buffer_free(&folded);
	if (!one.name || !one.label)
		abort();
	f->members = heap_grown(f->members, f->member_count, &f->member_room, sizeof *f->members);
	f->members[f->member_count++] = one;
}

static int tell_stage(struct call *call, struct piece *piece);

/* A slice of the sealed memberships, or of the traits of one kind. */
static int members_stage(struct call *call, struct piece *piece)
{
	struct fairness *f = piece->own;
	struct {
		int64_t id, participant;
		char *text;
	} rows[100];
	const int most = sizeof rows / sizeof *rows;
	struct stmt *q;
	int count = 0,
	    r = engine_prepare(store_engine(call->store),
		    f->k ? "SELECT \"id\", \"participant\", NULL FROM \"group_membership\" WHERE \"program\" = ?1 AND \"id\" > ?2 ORDER BY \"id\" LIMIT ?3"
			 : "SELECT \"id\", \"participant\", \"name\" FROM \"trait\" WHERE \"program\" = ?1 AND \"id\" > ?2 AND \"kind\" = ?4 "
			   "ORDER BY \"id\" LIMIT ?3",
		    true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, f->program);
	engine_bind_int(q, 2, f->cursor);
	engine_bind_int(q, 3, most);
	if (!f->k)
		engine_bind_text(q, 4, fairness_kinds[piece->about[0]]);
	while ((r = engine_step(store_engine(call->store), q, &call->problem)) > 0) {
		rows[count].id = engine_int(q, 0);
		rows[count].participant = engine_int(q, 1);
		rows[count++].text = f->k ? NULL : arena_copy(call->arena, engine_text(q, 2));
	}
	for (int i = 0; i < count && !r; i++) {
		f->cursor = rows[i].id;
		if (f->k)
			r = unseal(call, &group_membership_entity, rows[i].id, "group", &rows[i].text);
		if (!r && rows[i].text)
			keep_member(f, rows[i].participant, rows[i].text);
	}
	if (!r && count < most)
		piece->stage = tell_stage;
	return r ? r : 1;
}

/* ---- the report ---- */

static int by_name(const void *a, const void *b)
{
	const struct membership *one = a, *other = b;
	int r = strcmp(one->name, other->name);

	return r ? r : (one->person > other->person) - (one->person < other->person);
}

/* Memberships by name become groups, each person once. */
static size_t form_groups(struct call *call, struct fairness *f, struct group_report **ret)
{
	struct group_report *groups = arena_new(call->arena, (f->member_count + 1) * sizeof *groups);
	size_t *members = arena_new(call->arena, (f->member_count + 1) * sizeof *members), count = 0;

	if (f->member_count)
		qsort(f->members, f->member_count, sizeof *f->members, by_name);
	for (size_t i = 0; i < f->member_count; i++) {
		const struct membership *m = &f->members[i], *before = i > 0 ? m - 1 : NULL;

		if (!before || strcmp(before->name, m->name) != 0)
			groups[count++] = (struct group_report){ .name = m->label, .members = &members[i] };
		else if (before->person == m->person)
			continue;
		groups[count - 1].size++;
		members[(size_t)(groups[count - 1].members - members) + groups[count - 1].size - 1] = m->person;
	}
	*ret = groups;
	return count;
}

static void add_group(struct buffer *out, const struct group_report *g)
{
	buffer_print(out, "%s%s: %zu mentee%s", out->length ? "\n" : "", g->name, g->size, g->size == 1 ? "" : "s");
	if (!g->counted) {
		buffer_text(out, "; how many are unplaced is not shown: it would tell of few");
		return;
	}
	buffer_print(out, ", %zu unplaced (%.0f %%; 95 %% interval %.0f to %.0f %%)", g->unplaced, 100 * g->share, 100 * g->share_low,
		100 * g->share_high);
	if (g->scored && g->mean_low == g->mean_low)
		buffer_print(
			out, ", mean score of the placed %.0f %% (%.0f to %.0f %%)", 100 * g->mean, 100 * g->mean_low, 100 * g->mean_high);
	else if (g->scored)
		buffer_print(out, ", score of the one placed %.0f %%", 100 * g->mean);
	else if (g->unplaced < g->size)
		buffer_text(out, ", mean score not shown: it would tell of few");
}

static char *report(struct call *call, struct fairness *f)
{
	const struct outcome *o = &f->outcomes[0];
	struct group_person *people = arena_new(call->arena, (o->count + 1) * sizeof *people);
	size_t *everybody = arena_new(call->arena, (o->count + 1) * sizeof *everybody), told = 0, hidden = 0, count;
	struct group_report *groups, all = { .name = "All", .members = everybody, .size = o->count };
	struct buffer out = { 0 };
	char *text;

	for (size_t i = 0; i < o->count; i++) {
		everybody[i] = i;
		people[i].placed = o->list[i].score != NONE;
		people[i].score = people[i].placed ? (double)o->list[i].score / SCORE_MOST : 0;
	}
	count = form_groups(call, f, &groups);
	groups_report(call->arena, people, o->count, &all, o->count > 0, 0);
	groups_report(call->arena, people, o->count, groups, count, f->k);
	if (o->count)
		add_group(&out, &all);
	for (size_t i = 0; i < count; i++) {
		if (groups[i].listed && told++ < GROUPS_TOLD)
			add_group(&out, &groups[i]);
		hidden += !groups[i].listed;
	}
	if (told > GROUPS_TOLD)
		buffer_print(&out, "\nand %zu groups more", told - GROUPS_TOLD);
	if (hidden)
		buffer_print(&out, "\nGroups of fewer than %zu mentees, or of all but so few, are not shown.", f->k);
	if (!count)
		buffer_print(&out, "%sNobody of them has said what they belong to.", out.length ? "\n" : "");
	text = arena_copy(call->arena, buffer_string(&out));
	buffer_free(&out);
	return text;
}

static int tell_lines(struct piece *piece, const char *lines)
{
	task_result(piece->workers->setup.tasks, piece->task, "lines", (struct value){ .type = V_WORDS, .text = lines });
	piece->over = true;
	return 0;
}

static int tell_stage(struct call *call, struct piece *piece)
{
	struct fairness *f = piece->own;
	char *lines = report(call, f);
	struct arg kept = { "groups", { .type = V_TEXT, .text = lines } };
	int r = f->k ? perform_also(call, &match_run_entity, piece->subject, "Report", &kept, 1) : 0;

	return r ? r : tell_lines(piece, lines);
}

static int outcome_stage(struct call *call, struct piece *piece)
{
	struct fairness *f = piece->own;
	int r = read_outcome(call, f, piece->subject);

	if (r)
		return r;
	f->at = 1;
	piece->stage = f->k ? reported_stage : members_stage;
	return 1;
}

static int begin(struct call *call, struct piece *piece)
{
	struct fairness *f;
	struct match_run *run;
	int64_t minors = 0;
	bool secret = piece->about[0] == 0;
	int r = load(call, &match_run_entity, piece->subject, (void **)&run);

	if (!r && secret)
		r = ask(call,
			"SELECT EXISTS (SELECT 1 FROM \"participant\" p JOIN \"person\" pe ON pe.\"id\" = p.\"person\" WHERE p.\"program\" = ?1 AND "
			"p.\"role\" = 'mentee' AND pe.\"minor\")",
			VALUES(run->program), &minors);
	if (r)
		return r;
	piece->own = f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->program = run->program;
	f->k = secret ? minors ? K_MINORS : K_LEAST : 0;
	piece->stage = outcome_stage;
	return secret && run->groups ? tell_lines(piece, run->groups) : 1;
}

const struct work_kind fairness_kind = { .name = "match fairness", .begin = begin, .forget = forget, .entity = &match_run_entity };
