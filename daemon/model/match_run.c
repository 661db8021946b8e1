/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Match runs: one computation of a matching, from the asking to the commit or the discarding.
 *
 * queued -> running -> proposed -> committing -> committed. The run keeps a copy of its recipe, its seed and the hash of its
 * input: the same input and seed give the same result. The worker's rows arrive in slices while it is running and count
 * from `proposed` on; a commit makes the matches in slices too and is done when the run says committed. A
 * run found running or queued at start is queued again.
 */
#include <inttypes.h>

#include "core/what_if.h"
#include "model.h"

static const char *const states[] = { "queued", "running", "proposed", "committing", "committed", "discarded", "failed", "cancelled",
	NULL };

static const struct field fields[] = { ID_AND_VERSION(struct match_run, .anchor = NO_ANCHOR),
	{ AS_INT(struct match_run, program, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | LEADS, .to = "program",
		.anchor = AT_PROGRAM, .label = "Program" },
	{ AS_INT(struct match_run, recipe, LINK, STAFF), .flags = FROZEN, .to = "recipe", .label = "Recipe (none: the program's)" },
	{ AS_INT(struct match_run, from, LINK, STAFF), .flags = FROZEN, .to = "match_run",
		.label = "From (the run that this one started from)" },
	{ AS_TEXT(struct match_run, changes, STAFF), .flags = FROZEN | LINES | HAS_MAX, .max = 10000,
		.label = "What it supposes (WHAT = VALUE; see mentorship(7))" },
	{ AS_TEXT(struct match_run, recipe_name, STAFF), .flags = BY_VERB | LISTED, .label = "Recipe's name" },
	{ AS_TEXT(struct match_run, lines, STAFF), .flags = BY_VERB | LINES, .label = "Copy of the recipe" },
	{ AS_INT(struct match_run, algorithm, CHOICE, STAFF), .flags = BY_VERB, .choices = match_algorithms, .starts = true,
		.label = "Algorithm" },
	{ AS_INT(struct match_run, seed, NUMBER, STAFF), .flags = FROZEN | REQUIRED | HAS_MIN, .starts = true, .initial = 1,
		.label = "Seed" },
	{ AS_TEXT(struct match_run, input_hash, STAFF), .flags = BY_VERB, .label = "Hash of the input" },
	{ AS_INT(struct match_run, mentees, NUMBER, STAFF), .flags = BY_VERB, .label = "Mentees" },
	{ AS_INT(struct match_run, mentors, NUMBER, STAFF), .flags = BY_VERB, .label = "Mentors" },
	{ AS_INT(struct match_run, pairs, NUMBER, STAFF), .flags = BY_VERB, .label = "Eligible pairs" },
	{ AS_INT(struct match_run, placed, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Placed" },
	{ AS_INT(struct match_run, total, NUMBER, STAFF), .flags = BY_VERB | LISTED, .label = "Total score" },
	{ AS_INT(struct match_run, bound, NUMBER, STAFF), .flags = BY_VERB, .label = "Proven bound of the total" },
	{ AS_TEXT(struct match_run, statistics, STAFF), .flags = BY_VERB | LINES, .label = "Statistics" },
	{ AS_TEXT(struct match_run, groups, STAFF), .flags = BY_VERB | LINES, .label = "How groups fare (as Fairness told it)" },
	{ AS_TEXT(struct match_run, problem, STAFF), .flags = BY_VERB, .label = "What went wrong" },
	{ AS_INT(struct match_run, asked_at, INSTANT, STAFF), .flags = BY_VERB | REQUIRED | SORTED | LISTED, .label = "Asked" },
	{ AS_INT(struct match_run, done_at, INSTANT, STAFF), .flags = BY_VERB, .label = "Done" },
	{ AS_INT(struct match_run, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED, .choices = states, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(fields, struct match_run, 0);

/* Only a run that supposes nothing untrue can become matches. */
static bool supposes(const struct what_if *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].kind == WHAT_PLACES || list[i].kind == WHAT_MENTOR)
			return true;
	return false;
}

/* Whom a change names takes part in this program, on that side. */
static int check_side(struct call *call, int64_t program, int64_t id, int side)
{
	struct participant *who;
	int r = load(call, &participant_entity, id, (void **)&who);

	if (r == E_NOTFOUND || (!r && (who->program != program || who->role != side)))
		return fail(
			call, E_INVALID, "changes", "%" PRId64 " is no %s of this program", id, side == SIDE_MENTOR ? "mentor" : "mentee");
	return r;
}

static int check_changes(struct call *call, const struct match_run *run)
{
	struct what_if *list;
	size_t count;
	int64_t like;
	const char *rest;
	int r = what_if_read(call->arena, run->changes, &list, &count, &call->problem);

	for (size_t i = 0; i < count && !r; i++) {
		if (list[i].kind == WHAT_PLACES)
			r = check_side(call, run->program, list[i].one, SIDE_MENTOR);
		else if (list[i].kind == WHAT_MENTOR && !what_if_like(&list[i], &like, &rest) && like)
			r = check_side(call, run->program, like, SIDE_MENTOR);
		else if (list[i].kind == WHAT_LOCK || list[i].kind == WHAT_MARK)
			r = check_side(call, run->program, list[i].one, SIDE_MENTEE);
		if ((list[i].kind == WHAT_KEEP || list[i].kind == WHAT_KEEP_PAIRS) && run->from == NONE)
			return fail(call, E_INVALID, "changes", "'keep' is about the pairs of another run: name it with from");
		if (!r && list[i].kind == WHAT_LOCK)
			r = check_side(call, run->program, list[i].other, SIDE_MENTOR);
	}
	return r;
}

/* A run that starts from another one has its recipe and its changes, and more. */
static int take_from(struct call *call, struct match_run *run)
{
	struct match_run *from;
	int r = run->from == NONE ? 0 : load(call, &match_run_entity, run->from, (void **)&from);

	if (r || run->from == NONE)
		return r;
	if (from->program != run->program)
		return fail(call, E_INVALID, "from", "that run is another program's");
	if (run->recipe == NONE)
		run->recipe = from->recipe;
	if (from->changes)
		run->changes = run->changes ? arena_print(call->arena, "%s\n%s", from->changes, run->changes) : from->changes;
	return 0;
}

static int run_create(struct call *call, const void *was, void *now)
{
	struct match_run *run = now;
	struct program *program;
	struct recipe *recipe;
	int64_t other;
	int r = load(call, &program_entity, run->program, (void **)&program);

	(void)was;
	if (r)
		return r;
	if (program->state != PROGRAM_OPEN && program->state != PROGRAM_RUNNING)
		return fail(call, E_STATE, "program", "a program is matched while it is open or running");
	r = take_from(call, run);
	if (!r)
		r = check_changes(call, run);
	if (r)
		return r;
	if (run->recipe == NONE)
		run->recipe = program->recipe;
	if (run->recipe == NONE)
		return fail(call, E_INVALID, "recipe", "the program has no recipe; make one or name one");
	r = ask(call, "SELECT \"id\" FROM \"match_run\" WHERE \"program\" = ?1 AND \"state\" IN ('queued', 'running', 'committing')",
		VALUES(run->program), &other);
	if (!r && other != NONE)
		return fail(call, E_BUSY, "program", "run %" PRId64 " of this program is under way; wait for it or cancel it", other);
	if (!r)
		r = load(call, &recipe_entity, run->recipe, (void **)&recipe);
	if (!r)
		r = recipe_lines(call, run->recipe, run->changes, &run->lines);
	if (r)
		return r;
	if (recipe->program != run->program)
		return fail(call, E_INVALID, "recipe", "this recipe is another program's");
	run->recipe_name = recipe->name;
	run->algorithm = recipe->algorithm;
	run->asked_at = call->now;
	return 0;
}

static int changed(struct call *call, const void *was, const void *now)
{
	const struct match_run *old = was, *run = now;

	return run && run->state == RUN_QUEUED && (!old || old->state != RUN_QUEUED) ? begin_work(call, "match", run->id) : 0;
}

static int run_done(struct call *call, const void *was, void *now)
{
	(void)was;
	((struct match_run *)now)->done_at = call->now;
	return 0;
}

static int run_commit(struct call *call, const void *was, void *now)
{
	const struct match_run *run = now;
	struct what_if *list;
	size_t count;
	int64_t stale;
	int r = ask(call,
		"SELECT count(*) FROM (SELECT \"mentee\" FROM \"run_pair\" WHERE \"run\" = ?1 UNION ALL SELECT \"participant\" FROM \"run_seat\" "
		"WHERE \"run\" = ?1 AND \"side\" = 'mentee') rp WHERE EXISTS (SELECT 1 FROM \"match_member\" mm JOIN \"match\" ma ON "
		"ma.\"id\" = mm.\"match\" WHERE mm.\"participant\" = rp.\"mentee\" AND ma.\"state\" IN ('proposed', 'offered', " MATCH_TAKING
		"))",
		VALUES(run->id), &stale);

	(void)was;
	if (!r)
		r = what_if_read(call->arena, run->changes, &list, &count, &call->problem);
	if (!r && supposes(list, count))
		return fail(call, E_STATE, "changes",
			"this run supposes places that there are not; give the mentors these places and start a run without");
	if (!r && stale > 0)
		return fail(
			call, E_CONFLICT, NULL, "%" PRId64 " of its mentees were matched since; discard this run and start another", stale);
	return r ? r : plan(call, "commit run", run->id, call->now, NULL);
}

/* ---- questions about runs; the task has the answer ---- */

struct explain {
	int64_t mentee, mentor;
};
static const struct field explain_arguments[] = { { AS_INT(struct explain, mentee, LINK, MEMBER), .flags = REQUIRED, .to = "participant",
							  .label = "Mentee" },
	{ AS_INT(struct explain, mentor, LINK, MEMBER), .flags = REQUIRED, .to = "participant", .label = "Mentor" }, { 0 } };

static int on_side(struct call *call, int64_t program, int64_t id, int side, const char *field)
{
	int r = check_side(call, program, id, side);

	return r == E_INVALID ? fail(call, r, field, "this is no %s of the run's program", field) : r;
}

/* Of groups the rows say all that is known of them. */
static int only_pairs(struct call *call, const struct match_run *run, const char *what)
{
	return run->algorithm != ALGORITHM_CIRCLES
		? 0
		: fail(call, E_STATE, "algorithm", "%s is of pairs, and this run made groups: see its run circles, run seats and unplaced",
			  what);
}

static int run_explain(struct call *call, const void *was, void *now)
{
	const struct match_run *run = was;
	const struct explain *about = call->arguments;
	int r = only_pairs(call, run, "Explain");

	if (!r)
		r = on_side(call, run->program, about->mentee, SIDE_MENTEE, "mentee");

	(void)now;
	if (!r)
		r = on_side(call, run->program, about->mentor, SIDE_MENTOR, "mentor");
	return r ? r : begin_work_about(call, "match explain", run->id, about->mentee, about->mentor);
}

struct compare {
	int64_t with;
};
static const struct field compare_arguments[] = {
	{ AS_INT(struct compare, with, LINK, MEMBER), .flags = REQUIRED, .to = "match_run", .label = "The other run" }, { 0 }
};
static const unsigned has_pairs = IN(RUN_PROPOSED) | IN(RUN_COMMITTING) | IN(RUN_COMMITTED) | IN(RUN_DISCARDED);

static int run_compare(struct call *call, const void *was, void *now)
{
	const struct match_run *run = was;
	const struct compare *about = call->arguments;
	struct match_run *other;
	int r = load(call, &match_run_entity, about->with, (void **)&other);

	(void)now;
	if (!r)
		r = only_pairs(call, run, "Compare");
	if (r)
		return r;
	if (other->program != run->program)
		return fail(call, E_INVALID, "with", "that run is another program's");
	if (other->algorithm == ALGORITHM_CIRCLES)
		return fail(call, E_STATE, "with", "that run made groups; Compare is of pairs");
	if (!(IN(other->state) & has_pairs))
		return fail(call, E_STATE, "with", "that run has no result; it is %s", states[other->state]);
	return begin_work_about(call, "match compare", run->id, other->id, 0);
}

struct outlook {
	int64_t places;
};
static const struct field outlook_arguments[] = { { AS_INT(struct outlook, places, NUMBER, MEMBER), .flags = HAS_MIN | HAS_MAX, .min = 1,
							  .max = 10000,
							  .label = "Places of each mentor to be found (none: the program's)" },
	{ 0 } };

static int run_outlook(struct call *call, const void *was, void *now)
{
	const struct match_run *run = was;
	const struct outlook *about = call->arguments;
	struct program *program;
	int r = load(call, &program_entity, run->program, (void **)&program);
	int64_t places = about->places;

	(void)now;
	if (!r)
		r = only_pairs(call, run, "Outlook");
	if (r)
		return r;
	if (places == NONE)
		places = program->mentor_places == NONE || program->mentor_places < 1 ? 1 : program->mentor_places;
	return begin_work_about(call, "match outlook", run->id, places, 0);
}

const char *const fairness_kinds[] = { "group", "site", "department", "field of study", "year of study", "language", NULL };
struct fairness {
	int64_t by;
};
static const struct field fairness_arguments[] = { { AS_INT(struct fairness, by, CHOICE, MEMBER), .choices = fairness_kinds,
							   .label = "By what (none: the groups that people gave)" },
	{ 0 } };

static int run_fairness(struct call *call, const void *was, void *now)
{
	const struct match_run *run = was;
	const struct fairness *about = call->arguments;

	(void)now;
	return begin_work_about(call, "match fairness", run->id, about->by == NONE ? 0 : about->by, 0);
}

#define S(x) IN(RUN_##x)
#define RESULT "input_hash mentees mentors pairs placed total bound statistics"
static const struct verb verbs[] = { { "Create", COORDINATOR, 0, KEEP, "*", run_create, "Start a matching", ON_COLLECTION | LONG, NULL,
					     NULL, 0 },
	{ "Cancel", COORDINATOR, S(QUEUED) | S(RUNNING), S(CANCELLED), NULL, run_done, "Cancel", 0, NULL, NULL, 0 },
	{ "Commit", COORDINATOR, S(PROPOSED), S(COMMITTING), NULL, run_commit, "Make its pairs matches", 0, NULL, NULL, 0 },
	{ "Discard", COORDINATOR, S(PROPOSED), S(DISCARDED), NULL, NULL, "Discard", 0, NULL, NULL, 0 },
	{ "Explain", COORDINATOR, S(PROPOSED), KEEP, NULL, run_explain, "Why these two are a pair, or are none", LONG, NULL,
		explain_arguments, sizeof(struct explain) },
	{ "Compare", COORDINATOR, S(PROPOSED) | S(COMMITTING) | S(COMMITTED) | S(DISCARDED), KEEP, NULL, run_compare,
		"Who is placed otherwise in another run", LONG, NULL, compare_arguments, sizeof(struct compare) },
	{ "Outlook", COORDINATOR, S(PROPOSED), KEEP, NULL, run_outlook, "How many more mentors would place everybody, and who", LONG, NULL,
		outlook_arguments, sizeof(struct outlook) },
	{ "Fairness", COORDINATOR, S(PROPOSED) | S(COMMITTING) | S(COMMITTED), KEEP, NULL, run_fairness,
		"How groups of mentees fare: who stays unplaced, with what scores the others are placed", LONG, NULL, fairness_arguments,
		sizeof(struct fairness) },
	{ "Report", SYSTEM, S(PROPOSED) | S(COMMITTING) | S(COMMITTED), KEEP, "groups", NULL, "Keep how groups fare", 0, NULL, NULL, 0 },
	{ "Begin", SYSTEM, S(QUEUED), S(RUNNING), NULL, NULL, "Begin", 0, NULL, NULL, 0 },
	{ "Again", SYSTEM, S(RUNNING), S(QUEUED), NULL, NULL, "Queue again", 0, NULL, NULL, 0 },
	{ "Propose", SYSTEM, S(RUNNING), S(PROPOSED), RESULT, run_done, "Propose", 0, NULL, NULL, 0 },
	{ "Fail", SYSTEM, S(QUEUED) | S(RUNNING), S(FAILED), "problem", run_done, "Fail", 0, NULL, NULL, 0 },
	{ "Committed", SYSTEM, S(COMMITTING), S(COMMITTED), NULL, NULL, "All matches are made", 0, NULL, NULL, 0 }, { 0 } };

/* ---- the commit, in slices ---- */

enum {
	SLICE = 100,
	CIRCLES = 10 /* of up to 64 members each */
};

static int make_match(struct call *call, void *record, void *data)
{
	const struct run_pair *pair = record;
	struct match *match = fresh(call, &match_entity);
	struct match_member *member;
	int r;

	*(int64_t *)data = pair->id;
	match->program = pair->program;
	match->run = pair->run;
	match->origin = 0;
	match->score = pair->score;
	match->explanation = pair->reasons;
	match->sentence = pair->sentence;
	r = add(call, &match_entity, match);
	for (int side = SIDE_MENTOR; side <= SIDE_MENTEE && !r; side++) {
		member = fresh(call, &match_member_entity);
		member->match = match->id;
		member->participant = side == SIDE_MENTOR ? pair->mentor : pair->mentee;
		member->side = side;
		r = add(call, &match_member_entity, member);
	}
	return r;
}

/* The plus keeps the planner from an index that has all of the run in another order: each slice would sort what is left anew. */
static int commit_slice(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	int64_t start = *cursor;
	struct match_run *run;
	int r = load(call, &match_run_entity, subject, (void **)&run);

	(void)nominal;
	if (r)
		return r;
	if (run->algorithm == ALGORITHM_CIRCLES)
		r = each(call, &run_circle_entity, circle_commit, cursor,
			"\"id\" IN (SELECT \"id\" FROM \"run_circle\" WHERE +\"run\" = ?1 AND \"id\" > ?2 ORDER BY \"id\" LIMIT ?3)",
			VALUES(subject, start, CIRCLES));
	else
		r = each(call, &run_pair_entity, make_match, cursor,
			"\"id\" IN (SELECT \"id\" FROM \"run_pair\" WHERE +\"run\" = ?1 AND \"id\" > ?2 "
			"ORDER BY \"id\" LIMIT ?3)",
			VALUES(subject, start, SLICE));
	if (r || *cursor != start)
		return r ? r : 1;
	return perform_also(call, &match_run_entity, subject, "Committed", NULL, 0);
}

static const struct job jobs[] = { { "commit run", NULL, RUN_EACH_MISSED, 0, commit_slice, "Matches of a run are made", 0, "match_run" },
	{ 0 } };

static const struct waiting waiting[] = { { "proposal to decide", COORDINATOR, "t.\"state\" = 'proposed'", "t.\"done_at\"", NULL },
	{ "matching that failed", COORDINATOR,
		"t.\"state\" = 'failed' AND t.\"id\" = (SELECT max(\"id\") FROM \"match_run\" r WHERE r.\"program\" = t.\"program\")",
		"t.\"done_at\"", NULL },
	{ 0 } };

const struct entity match_run_entity = { .name = "match_run",
	.collection = "match_runs",
	.size = sizeof(struct match_run),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.changed = changed,
	.retention = AFTER_PROGRAM,
	.label = "Match run",
	.help = "A computed matching, before and after its commit.",
	.order = "asked_at",
	.waiting = waiting };

/* ---- its result ---- */

#define OF_RUN(S) \
	{ AS_INT(S, program, LINK, MEMBER), .flags = REQUIRED | BY_VERB, .to = "program", .anchor = AT_PROGRAM, .label = "Program" }, \
	{ \
		AS_INT(S, run, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED | LEADS, .to = "match_run", .label = "Run" \
	}

/* The lines of `alternatives` with names for numbers. Who reads this field (staff of the program) reads the names of its participants. */
#define INSTEAD \
	"(WITH RECURSIVE l(\"line\", \"rest\") AS (SELECT '', t.\"alternatives\" || char(10) UNION ALL " \
	"SELECT substr(\"rest\", 1, instr(\"rest\", char(10)) - 1), substr(\"rest\", instr(\"rest\", char(10)) + 1) FROM l WHERE \"rest\" <> ''), " \
	"w(\"side\", \"one\", \"more\") AS (SELECT substr(\"line\", 1, 6), CAST(substr(\"line\", 8) AS INTEGER), " \
	"substr(\"line\", 9 + instr(substr(\"line\", 8), ' ') - 1) FROM l WHERE \"line\" <> '') " \
	"SELECT group_concat(coalesce(nullif((SELECT p.\"name\" FROM \"participant\" p WHERE p.\"id\" = \"one\"), ''), 'participant ' || \"one\") || " \
	"' as ' || \"side\" || ' (score ' || CAST(\"more\" AS INTEGER) || ')' || " \
	"CASE WHEN instr(\"more\", ' ') THEN ': ' || substr(\"more\", instr(\"more\", ' ') + 1) ELSE '' END, char(10)) FROM w)"

static const struct field pair_fields[] = { ID_AND_VERSION(struct run_pair, .anchor = NO_ANCHOR), OF_RUN(struct run_pair),
	{ AS_INT(struct run_pair, mentor, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .to = "participant", .label = "Mentor" },
	{ AS_INT(struct run_pair, mentee, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .to = "participant", .label = "Mentee" },
	{ AS_INT(struct run_pair, score, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | HAS_MIN | HAS_MAX, .max = 1000000,
		.label = "Score" },
	{ AS_TEXT(struct run_pair, shares, STAFF), .flags = BY_VERB | LINES | ERASED, .retention = AFTER_PROGRAM,
		.label = "Share of each criterion" },
	{ AS_TEXT(struct run_pair, reasons, STAFF), .flags = BY_VERB | LINES | ERASED, .retention = AFTER_PROGRAM, .label = "Reasons" },
	{ AS_TEXT(struct run_pair, alternatives, STAFF), .flags = BY_VERB | LINES | MACHINE,
		.label = "Best alternatives: side, participant, score, cost" },
	{ .name = "instead",
		.kind = TEXT,
		.privacy = STAFF,
		.flags = LINES,
		.computed = INSTEAD,
		.label = "Who could have been instead, and what it would cost" },
	{ AS_TEXT(struct run_pair, sentence, STAFF), .flags = BY_VERB | ERASED, .retention = AFTER_PROGRAM, .label = "What the two share" },
	{ 0 } };
COVERS(pair_fields, struct run_pair, 1);

static const struct verb no_verbs[] = { { 0 } };

const struct entity run_pair_entity = { .name = "run_pair",
	.collection = "run_pairs",
	.size = sizeof(struct run_pair),
	.fields = pair_fields,
	.verbs = no_verbs,
	.unique = "run mentor mentee",
	.flags = QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Proposed pair",
	.help = "A pair that a run proposes, with its reasons.",
	.order = "score" };

static const struct field unplaced_fields[] = { ID_AND_VERSION(struct unplaced, .anchor = NO_ANCHOR), OF_RUN(struct unplaced),
	{ AS_INT(struct unplaced, participant, LINK, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .to = "participant",
		.label = "Participant" },
	{ AS_TEXT(struct unplaced, stopped, STAFF), .flags = BY_VERB | LISTED | LINES | ERASED, .retention = AFTER_PROGRAM,
		.label = "What stopped it" },
	{ AS_TEXT(struct unplaced, help, STAFF), .flags = BY_VERB | LISTED | LINES | ERASED, .retention = AFTER_PROGRAM,
		.label = "What would help" },
	{ AS_INT(struct unplaced, mentor, LINK, STAFF), .flags = BY_VERB | LISTED, .to = "participant",
		.label = "This mentor: of what would help" },
	{ 0 } };
COVERS(unplaced_fields, struct unplaced, 0);

const struct entity unplaced_entity = { .name = "unplaced",
	.collection = "unplaced",
	.size = sizeof(struct unplaced),
	.fields = unplaced_fields,
	.verbs = no_verbs,
	.unique = "run participant",
	.flags = QUIET,
	.retention = AFTER_PROGRAM,
	.label = "Unplaced",
	.help = "Somebody whom a run could not place, and why." };
