/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A matching from the asking to the proposal, by the real worker in its sandbox, over a real database.
 */
#include <inttypes.h>
#include <math.h>

#include "workshop.h"

static int64_t mentor_of(struct workshop *s, int64_t run, int64_t mentee)
{
	return ask_number(s->w,
		arena_print(
			&s->w->arena, "SELECT mentor FROM run_pair WHERE run = %lld AND mentee = %lld", (long long)run, (long long)mentee));
}

/* ---- what could have been, for people ---- */

struct instead {
	struct reader reader;
	char *text;
	bool shown;
};

static int keep_text(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct instead *instead = (struct instead *)reader;

	(void)shape;
	(void)fields;
	(void)count;
	instead->shown = shown[0];
	snprintf(instead->text, 2000, "%s", engine_text(q, 0) ? engine_text(q, 0) : "");
	return 0;
}

/* The lines "mentor 7 250000 would cost ..." with the name of whom the number is, behind the same gate. */
static void told_with_names(struct world *w, struct cast *c, const char *lines)
{
	int field = field_index(shape_of(&run_pair_entity), "instead");
	struct instead instead = { { keep_text }, arena_new(&w->arena, 2000), false };
	int64_t pair = ask_number(w, "SELECT id FROM run_pair ORDER BY mentee LIMIT 1"), id, score;
	char side[8], cost[200], *wanted;

	w->call = (struct call){ .arena = &w->arena, .caller = &c->ada, .now = store_now(w->store) };
	must(store_read(w->store, &w->call, &run_pair_entity, pair, &field, 1, &instead.reader), &w->call.problem);
	assert_true(instead.shown);
	assert_int_equal(sscanf(lines, "%7s %" SCNd64 " %" SCNd64 " %199[^\n]", side, &id, &score, cost), 4);
	wanted = arena_print(&w->arena, "%s as %s (score %" PRId64 "): %s",
		ask_text(w, arena_print(&w->arena, "SELECT name FROM participant WHERE id = %" PRId64, id)), side, score, cost);
	assert_int_equal(strncmp(instead.text, wanted, strlen(wanted)), 0);
	assert_non_null(strstr(cost, "would"));
	assert_true(strspn(instead.text + strlen(wanted), "\n") == (strchr(lines, '\n') != NULL));
	w->call.caller = &c->ben;
	assert_int_equal(store_read(w->store, &w->call, &run_pair_entity, pair, &field, 1, &instead.reader), E_NOTFOUND);
}

static void a_matching(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	int64_t task, helper, run = run_new(s, &c, &task);
	char *text;

	assert_int_equal(task_find(s->tasks, task)->state, TASK_RUNNING);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_DONE);
	assert_int_equal(mentor_of(s, run, p.mentees[0]), p.mentors[1]);
	assert_int_equal(mentor_of(s, run, p.mentees[1]), p.mentors[0]);
	assert_int_equal(ask_number(s->w, "SELECT participant FROM unplaced"), p.mentees[2]);
	text = ask_text(s->w, "SELECT help FROM unplaced");
	assert_non_null(strstr(text, "this mentor"));
	assert_null(strpbrk(text, "#0123456789"));
	helper = ask_number(s->w, "SELECT mentor FROM unplaced");
	assert_true(helper == p.mentors[0] || helper == p.mentors[1]);
	text = ask_text(s->w, "SELECT alternatives FROM run_pair ORDER BY mentee LIMIT 1");
	assert_non_null(strstr(text, "mentor "));
	told_with_names(s->w, &c, text);
	assert_non_null(strstr(ask_text(s->w, "SELECT reasons FROM run_pair ORDER BY mentee LIMIT 1"), "hysics"));
	assert_int_equal(strlen(ask_text(s->w, "SELECT input_hash FROM match_run")), 64);
	assert_int_equal(ask_number(s->w, "SELECT total FROM match_run"), ask_number(s->w, "SELECT bound FROM match_run"));
	workshop_close(s);
}

static void same_input_same_result(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t task, first, second;

	people(s, &c);
	first = run_new(s, &c, &task);
	workshop_run(s);
	must(perform(s->w, &c.ada, &match_run_entity, first, "Discard", NULL, 0), &s->w->call.problem);
	second = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, second, "proposed");
	assert_int_equal(ask_number(s->w, "SELECT count(DISTINCT input_hash) FROM match_run"), 1);
	assert_int_equal(ask_number(s->w, "SELECT count(DISTINCT mentor || ' ' || mentee || ' ' || score || reasons) FROM run_pair"), 2);
	workshop_close(s);
}

/* Tea (who seeks what Max offers) and Max must not meet; nobody reads why, and nobody may be matched on a guess. */
static void an_objection(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct cast c = cast(w);
	struct people p = people(s, &c);
	struct caller tea;
	struct store_paths paths = { w->directory, w->backups, NULL };
	struct problem problem = { 0 };
	int64_t task, run;

	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, p.persons[3])), T("user_name", "tea")));
	tea = caller_of(w, 1010, "tea");
	create(w, &tea, &objection_entity, ARGS(P("participant", path(w, &participant_entity, p.mentees[1])), N("other", p.persons[0])));
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_true(mentor_of(s, run, p.mentees[1]) != p.mentors[0]);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair WHERE instr(reasons || shares, 'not_with') > 0"), 0);
	must(perform(w, &c.ada, &match_run_entity, run, "Discard", NULL, 0), &w->call.problem);
	workshop_close(s);
	/* the same without the key */
	store_close(w->store);
	must(store_open(&paths, w->settings, 1767225600, &w->store, &problem), &problem);
	s = workshop_open(w, NULL);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_int_equal(task_find(s->tasks, task)->problem.code, E_UNAVAILABLE);
	workshop_close(s);
}

static void ages_when_asked_for(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t task, run, recipe;

	people(s, &c); /* all born on one day: nobody is ten years older */
	recipe = ask_number(s->w, "SELECT id FROM recipe");
	create(s->w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", path(s->w, &recipe_entity, recipe)), T("criterion", "age"), T("use", "hard"),
			T("parameters", "least=10")));
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(ask_number(s->w, "SELECT placed FROM match_run"), 0);
	workshop_close(s);
}

static void a_recipe_that_is_none(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct problem problem = { 0 };
	int64_t task, run;

	people(s, &c);
	/* no line can be saved so, but an older program may have saved one */
	must(engine_run(store_engine(s->w->store),
		     "UPDATE recipe_line SET criterion = 'shoe size' WHERE id = (SELECT min(id) FROM recipe_line)", &problem),
		&problem);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "failed");
	assert_non_null(strstr(ask_text(s->w, "SELECT problem FROM match_run"), "shoe size"));
	workshop_close(s);
}

/* What is wrong with a line is said when it is saved, new or changed: the field, the criterion, the range. */
static void a_line_is_checked_when_saved(void **state)
{
	static const struct {
		const char *criterion, *use;
		double weight;
		const char *parameters, *field, *says;
	} lines[] = { { "shoe size", "weight", 1, "", "criterion", "no criterion shoe size; there are traits, interests" },
		{ "not_with", "hard", 1, "", "criterion", "always holds" }, { "interests", "hard", 1, "", "use", "only have a weight" },
		{ "site", "weight", 0, "", "weight", "above 0 and at most 1000" },
		{ "traits", "weight", 1, "at_least=40", "parameters",
			"at_least of traits (Needed as a hard rule) takes a whole number between 1 and 20" },
		{ "traits", "weight", 1, "enough=2.5", "parameters", "whole number between 1 and 20" },
		{ "traits", "weight", 1, "enogh=2", "parameters", "traits has no parameter enogh; it has at_least (1 to 20), enough" },
		{ "site", "weight", 1, "least=1", "parameters", "site has no parameter least, and no other" },
		{ "year", "weight", 1, "least", "parameters", "name=value" },
		{ "year", "weight", 1, "least=one", "parameters", "no number" },
		{ "year", "hard", 1, "least=3 most=2", "parameters", "least is above the most" },
		{ "site", "important", 4, "", "weight", "'important' has a weight of its own" },
		{ "interests", "must", NAN, "", "use", "only have a weight" },
		{ "same:shoes", "must", NAN, "", "criterion", "same compares one of" } };
	struct world *w = *state;
	struct cast c = cast(w);
	const char *recipe = path(w, &recipe_entity, ask_number(w, "SELECT id FROM recipe"));
	int64_t line;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_int_equal(
			perform(w, &c.ada, &recipe_line_entity, 0, "Create",
				ARGS(P("recipe", recipe), T("criterion", lines[i].criterion), T("use", lines[i].use),
					{ "weight", { .type = V_REAL, .real = lines[i].weight } }, T("parameters", lines[i].parameters))),
			E_INVALID);
		assert_string_equal(w->call.problem.field, lines[i].field);
		if (!strstr(w->call.problem.text, lines[i].says))
			fail_msg("%s", w->call.problem.text);
	}
	line = create(w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", recipe), T("criterion", "age"), T("use", "hard"), T("parameters", "least=2  most=9")));
	assert_int_equal(perform(w, &c.ada, &recipe_line_entity, line, "Update", ARGS(T("parameters", "least=200"))), E_INVALID);
	assert_string_equal(w->call.problem.field, "parameters");
}

/* ---- words for weights ---- */

/* How important a line is can be said in words; the run's copy has the numbers. Once as a rule and once with a weight, however it is said. */
static void importance_in_words(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	const char *recipe;
	char *lines;
	int64_t task, line;

	people(s, &c);
	recipe = path(s->w, &recipe_entity, ask_number(s->w, "SELECT id FROM recipe"));
	line = create(
		s->w, &c.ada, &recipe_line_entity, ARGS(P("recipe", recipe), T("criterion", "same:site"), T("use", "very important")));
	create(s->w, &c.ada, &recipe_line_entity, ARGS(P("recipe", recipe), T("criterion", "same:site"), T("use", "must")));
	assert_int_equal(perform(s->w, &c.ada, &recipe_line_entity, 0, "Create",
				 ARGS(P("recipe", recipe), T("criterion", "same:site"), T("use", "hard"))),
		E_CONFLICT);
	assert_int_equal(
		perform(s->w, &c.ada, &recipe_line_entity, line, "Update", ARGS({ "weight", { .type = V_REAL, .real = 4 } })), E_INVALID);
	/* an empty cell of an import: nothing may look up the word that is not there */
	assert_int_equal(perform(s->w, &c.ada, &recipe_line_entity, line, "Update", ARGS({ "use", { .type = V_NONE } })), E_INVALID);
	assert_string_equal(s->w->call.problem.field, "use");
	must(perform(s->w, &c.ada, &recipe_line_entity, line, "Update",
		     ARGS(T("use", "weight"), { "weight", { .type = V_REAL, .real = 4 } })),
		&s->w->call.problem);
	must(perform(s->w, &c.ada, &recipe_line_entity, line, "Update", ARGS(T("use", "important"))), &s->w->call.problem);
	run_new(s, &c, &task);
	workshop_run(s);
	lines = ask_text(s->w, "SELECT lines FROM match_run");
	assert_non_null(strstr(lines, "same:site\tweight\t3\t\n"));
	assert_non_null(strstr(lines, "same:site\thard\t0\t\n"));
	workshop_close(s);
}

/* A recipe in a coordinator's words brings its lines; one whose algorithm is not there is not offered. */
static void a_shipped_recipe(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	const char *program = path(s->w, &program_entity, c.program), *recipe;
	int64_t task, run;

	people(s, &c);
	assert_int_equal(perform(s->w, &c.ada, &recipe_entity, 0, "Create",
				 ARGS(P("program", program), T("name", "second"), T("starter", "as you like it"))),
		E_INVALID);
	assert_string_equal(s->w->call.problem.field, "starter");
	assert_non_null(
		strstr(s->w->call.problem.text, "these are shipped: place as many as possible, help the worst off first, respect wishes"));
	recipe = path(s->w, &recipe_entity,
		create(s->w, &c.ada, &recipe_entity,
			ARGS(P("program", program), T("name", "second"), T("starter", "place as many as possible"))));
	task = ask_for(s, &c.ada, &match_run_entity, 0, "Create", ARGS(P("program", program), P("recipe", recipe)));
	run = s->w->call.object;
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_DONE);
	assert_non_null(strstr(ask_text(s->w, "SELECT lines FROM match_run"), "availability\thard\t0\tat_least=30\n"));
	assert_non_null(strstr(ask_text(s->w, "SELECT lines FROM match_run"), "traits\tweight\t9\t\n"));
	workshop_close(s);
}

/* ---- groups, given in confidence ---- */

static struct caller login_of(struct workshop *s, struct cast *c, int64_t person_id, const char *name, uint32_t uid)
{
	create(s->w, &c->root, &login_entity, ARGS(P("person", path(s->w, &person_entity, person_id)), T("user_name", name)));
	return caller_of(s->w, uid, name);
}

static void groups_are_sealed(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	struct caller max = login_of(s, &c, p.persons[0], "max", 1021), tom = login_of(s, &c, p.persons[4], "tom", 1022);
	const char *recipe = path(s->w, &recipe_entity, ask_number(s->w, "SELECT id FROM recipe"));
	int64_t task, run;

	create(s->w, &max, &group_membership_entity,
		ARGS(P("participant", path(s->w, &participant_entity, p.mentors[0])), T("group", "First Generation")));
	create(s->w, &tom, &group_membership_entity,
		ARGS(P("participant", path(s->w, &participant_entity, p.mentees[2])), T("group", "first generation")));
	/* nobody else gives one for them, or sees the row */
	assert_int_equal(perform(s->w, &c.ada, &group_membership_entity, 0, "Create",
				 ARGS(P("participant", path(s->w, &participant_entity, p.mentees[0])), T("group", "x"))),
		E_DENIED);
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM group_membership WHERE instr(\"group\", 'eneration') > 0"), 0);
	create(s->w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", recipe), T("criterion", "same:group"), T("use", "weight"),
			{ "weight", { .type = V_REAL, .real = 1000 } }));
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(mentor_of(s, run, p.mentees[2]), p.mentors[0]); /* who shares nothing else with him */
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM run_pair WHERE instr(shares, 'same:group not shown') = 0"), 0);
	assert_int_equal(
		ask_number(s->w, "SELECT count(*) FROM run_pair WHERE instr(shares || reasons || coalesce(sentence, ''), 'eneration') > 0"),
		0);
	workshop_close(s);
}

/* ---- questions ---- */

static const struct value *result_of(struct workshop *s, int64_t task, const char *name)
{
	const struct task *t = task_find(s->tasks, task);

	assert_int_equal(t->state, TASK_DONE);
	for (size_t i = 0; i < t->result_count; i++)
		if (!strcmp(t->results[i].name, name))
			return &t->results[i].value;
	return NULL;
}

static int64_t number_of(struct workshop *s, int64_t task, const char *name)
{
	const struct value *value = result_of(s, task, name);

	assert_non_null(value);
	return value->number;
}

static const char *text_of(struct workshop *s, int64_t task, const char *name)
{
	const struct value *value = result_of(s, task, name);

	assert_non_null(value);
	return value->text;
}

static int64_t explain(struct workshop *s, struct cast *c, int64_t run, int64_t mentee, int64_t mentor)
{
	int64_t task = ask_for(s, &c->ada, &match_run_entity, run, "Explain",
		ARGS(P("mentee", path(s->w, &participant_entity, mentee)), P("mentor", path(s->w, &participant_entity, mentor))));

	workshop_run(s);
	return task;
}

static void why_not(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	int64_t task, run = run_new(s, &c, &task);

	workshop_run(s);
	task = explain(s, &c, run, p.mentees[0], p.mentors[1]);
	assert_int_equal(number_of(s, task, "made"), 1);
	assert_int_equal(number_of(s, task, "changed"), 0);
	assert_non_null(strstr(text_of(s, task, "reasons"), "hysics"));
	assert_null(result_of(s, task, "cost_total"));
	/* both could be exchanged, which would lower the sum */
	task = explain(s, &c, run, p.mentees[0], p.mentors[0]);
	assert_int_equal(number_of(s, task, "made"), 0);
	assert_int_equal(number_of(s, task, "possible"), 1);
	assert_true(number_of(s, task, "cost_total") > 0);
	assert_non_null(strstr(text_of(s, task, "text"), "would lower the sum of scores by"));
	/* what a rule forbids */
	must(perform(s->w, &c.ada, &availability_entity,
		     ask_number(s->w,
			     arena_print(&s->w->arena, "SELECT id FROM availability WHERE participant = %lld", (long long)p.mentees[2])),
		     "Update", ARGS(N("start", 0), N("end", 60))),
		&s->w->call.problem);
	task = explain(s, &c, run, p.mentees[2], p.mentors[0]);
	assert_int_equal(number_of(s, task, "possible"), 0);
	assert_int_equal(number_of(s, task, "changed"), 1);
	assert_non_null(
		strstr(text_of(s, task, "text"), "too little free time in common. They could be a pair with 30 minutes a week more free"));
	assert_int_equal(perform(s->w, &c.ada, &match_run_entity, run, "Explain",
				 ARGS(P("mentee", path(s->w, &participant_entity, p.mentors[0])),
					 P("mentor", path(s->w, &participant_entity, p.mentors[0])))),
		E_INVALID);
	assert_string_equal(s->w->call.problem.field, "mentee");
	workshop_close(s);
}

/* An objection is no reason: the answer about the pair is one that another pair could get. */
static void why_not_shows_no_objection(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	struct caller tea = login_of(s, &c, p.persons[3], "tea", 1010);
	const char *text;
	int64_t task, run;

	create(s->w, &tea, &objection_entity,
		ARGS(P("participant", path(s->w, &participant_entity, p.mentees[1])), N("other", p.persons[0])));
	run = run_new(s, &c, &task);
	workshop_run(s);
	task = explain(s, &c, run, p.mentees[1], p.mentors[0]);
	assert_int_equal(number_of(s, task, "possible"), 1);
	assert_true(number_of(s, task, "cost_placed") >= 0 && number_of(s, task, "cost_total") >= 0);
	text = text_of(s, task, "text");
	assert_non_null(strstr(text, "The recipe does not rule this pair out"));
	assert_null(strstr(text, "suitable"));
	workshop_close(s);
}

struct occasion {
	const struct job *job;
	int64_t subject;
};

static int do_job(struct call *call, void *data)
{
	const struct occasion *o = data;
	int64_t cursor = 0;

	return o->job->run(call, o->subject, call->now + 10 * 86400, &cursor);
}

static void run_job(struct world *w, const struct job *job, int64_t subject)
{
	struct occasion o = { job, subject };
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "offer unanswered" };
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_do(w->store, &daemon, do_job, &o, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
}

/* Mia does not answer Tim's offer; Max has a place, and is what the run recorded for then. */
static int64_t moved_on(void **state, bool objection)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct world *w = s->w;
	struct cast c = cast(w);
	struct people p = people(s, &c);
	struct caller tim = login_of(s, &c, p.persons[2], "tim", 1011);
	int64_t task, run = run_new(s, &c, &task), next;

	workshop_run(s);
	assert_int_equal(mentor_of(s, run, p.mentees[0]), p.mentors[1]);
	must(perform(w, &c.ada, &match_entity, 0, "Create",
		     ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, p.mentors[1])),
			     P("mentee", path(w, &participant_entity, p.mentees[0])))),
		&w->call.problem);
	next = w->call.object;
	must(engine_run(store_engine(w->store),
		     arena_print(&w->arena, "UPDATE match SET run = %lld WHERE id = %lld", (long long)run, (long long)next),
		     &w->call.problem),
		&w->call.problem);
	must(perform(w, &c.ada, &match_entity, next, "Offer", NULL, 0), &w->call.problem);
	if (objection)
		create(w, &tim, &objection_entity,
			ARGS(P("participant", path(w, &participant_entity, p.mentees[0])), N("other", p.persons[0])));
	run_job(w, &match_entity.jobs[0], next);
	assert_string_equal(ask_text(w, arena_print(&w->arena, "SELECT state FROM match WHERE id = %lld", (long long)next)), "declined");
	next = ask_number(w, arena_print(&w->arena, "SELECT count(*) FROM match_member WHERE participant = %lld", (long long)p.mentors[0]));
	workshop_close(s);
	return next;
}

static void an_alternative_is_offered_next(void **state)
{
	assert_int_equal(moved_on(state, false), 1);
}

/* Stated since the run: what the run recorded is no longer to be. */
static void an_objection_is_not_offered_next(void **state)
{
	assert_int_equal(moved_on(state, true), 0);
}

static void preview_of_a_recipe(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	const char *lines;
	int64_t task, recipe;

	people(s, &c);
	recipe = ask_number(s->w, "SELECT id FROM recipe");
	create(s->w, &c.ada, &recipe_line_entity,
		ARGS(P("recipe", path(s->w, &recipe_entity, recipe)), T("criterion", "same:group"), T("use", "important")));
	task = ask_for(s, &c.ada, &recipe_entity, recipe, "Preview", NULL, 0);
	workshop_run(s);
	assert_int_equal(number_of(s, task, "pairs"), 6);
	assert_int_equal(number_of(s, task, "eligible"), 6);
	assert_int_equal(number_of(s, task, "without"), 0);
	lines = text_of(s, task, "lines");
	assert_non_null(strstr(lines, "criterion=language use=rule points=0 pairs=6 unknown=0 stopped=0 mean=1.0000 deciles=1.000"));
	assert_non_null(strstr(lines, "criterion=field use=weight"));
	assert_non_null(strstr(lines, "unknown=6")); /* nobody has a field of study */
	assert_non_null(strstr(lines, "criterion=same:group use=weight"));
	assert_null(strstr(strstr(lines, "same:group"), "pairs="));
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM match_run"), 0);
	workshop_close(s);
}

/* A recipe that is fair says so, and what came of it; and a question about its run is answered by the same aim. */
static void a_fair_recipe(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	const char *program = path(s->w, &program_entity, c.program), *recipe, *statistics;
	struct people p = people(s, &c);
	int64_t task, run;

	recipe = path(s->w, &recipe_entity,
		create(s->w, &c.ada, &recipe_entity,
			ARGS(P("program", program), T("name", "fair"), T("starter", "help the worst off first"))));
	assert_string_equal(ask_text(s->w, "SELECT algorithm FROM recipe WHERE name = 'fair'"), "fair");
	task = ask_for(s, &c.ada, &match_run_entity, 0, "Create", ARGS(P("program", program), P("recipe", recipe)));
	run = s->w->call.object;
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_DONE);
	assert_string_equal(ask_text(s->w, "SELECT algorithm FROM match_run"), "fair");
	statistics = ask_text(s->w, "SELECT statistics FROM match_run");
	assert_non_null(strstr(statistics, "algorithm fair\n"));
	assert_non_null(strstr(statistics, "proven placed, the twentieths and the total, over all pairs\n"));
	assert_non_null(strstr(statistics, "pairs in each twentieth of the scores "));
	assert_int_equal(ask_number(s->w, "SELECT placed FROM match_run"), 2);
	assert_int_equal(ask_number(s->w, "SELECT total FROM match_run"), ask_number(s->w, "SELECT bound FROM match_run"));
	task = explain(s, &c, run, p.mentees[0], mentor_of(s, run, p.mentees[0]));
	assert_int_equal(number_of(s, task, "made"), 1);
	assert_int_equal(number_of(s, task, "changed"), 0); /* the hash knows the algorithm */
	workshop_close(s);
}

/* A stable matching says what was checked; nothing is said of costs or bounds. */
static void a_stable_recipe(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	const char *program = path(s->w, &program_entity, c.program), *recipe;
	struct people p = people(s, &c);
	int64_t task, run, other;

	recipe = path(s->w, &recipe_entity,
		create(s->w, &c.ada, &recipe_entity, ARGS(P("program", program), T("name", "wishes"), T("starter", "respect wishes"))));
	task = ask_for(s, &c.ada, &match_run_entity, 0, "Create", ARGS(P("program", program), P("recipe", recipe)));
	run = s->w->call.object;
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(task_find(s->tasks, task)->state, TASK_DONE);
	assert_string_equal(ask_text(s->w, "SELECT algorithm FROM match_run"), "stable");
	assert_non_null(strstr(ask_text(s->w, "SELECT statistics FROM match_run"), "each other 0, checked over all pairs"));
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM match_run WHERE bound IS NULL"), 1);
	other = mentor_of(s, run, p.mentees[0]) == p.mentors[0] ? p.mentors[1] : p.mentors[0];
	task = explain(s, &c, run, p.mentees[0], other);
	assert_int_equal(number_of(s, task, "made"), 0);
	assert_int_equal(number_of(s, task, "changed"), 0);
	assert_non_null(strstr(text_of(s, task, "text"), "The recipe does not rule this pair out (score "));
	assert_non_null(strstr(text_of(s, task, "text"), "), but it would not be wanted by this mentee, who likes "));
	workshop_close(s);
}

/* ---- what if ---- */

static int64_t run_if(struct workshop *s, struct cast *c, int64_t from, const char *changes, int64_t *ret_task)
{
	*ret_task = ask_for(s, &c->ada, &match_run_entity, 0, "Create",
		ARGS(P("program", path(s->w, &program_entity, c->program)), P("from", path(s->w, &match_run_entity, from)),
			T("changes", changes)));
	workshop_run(s);
	return s->w->call.object;
}

static void what_if(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	struct world *w = s->w;
	int64_t task, first = run_new(s, &c, &task), second, third;

	workshop_run(s);
	/* one place more: the third is placed, nobody moves */
	second = run_if(s, &c, first, arena_print(&w->arena, "places %lld = 2", (long long)p.mentors[0]), &task);
	must_be(s, second, "proposed");
	assert_int_equal(ask_number(w, arena_print(&w->arena, "SELECT placed FROM match_run WHERE id = %lld", (long long)second)), 3);
	assert_int_equal(perform(w, &c.ada, &match_run_entity, second, "Commit", NULL, 0), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "supposes places"));
	task = ask_for(s, &c.ada, &match_run_entity, first, "Compare", ARGS(P("with", path(w, &match_run_entity, second))));
	workshop_run(s);
	assert_int_equal(number_of(s, task, "gained"), 1);
	assert_int_equal(number_of(s, task, "same"), 2);
	assert_int_equal(number_of(s, task, "moved") + number_of(s, task, "lost"), 0);
	assert_int_equal(number_of(s, task, "placed"), 1);
	assert_non_null(strstr(text_of(s, task, "lines"), "gains: Tom Test, to Max Test (score "));
	/* a pair that stays, which lets two others move; this one may be committed */
	third = run_if(s, &c, first, arena_print(&w->arena, "lock %lld = %lld", (long long)p.mentees[0], (long long)p.mentors[0]), &task);
	assert_int_equal(mentor_of(s, third, p.mentees[0]), p.mentors[0]);
	task = ask_for(s, &c.ada, &match_run_entity, first, "Compare", ARGS(P("with", path(w, &match_run_entity, third))));
	workshop_run(s);
	assert_true(number_of(s, task, "moved") >= 1 && number_of(s, task, "total") < 0);
	must(perform(w, &c.ada, &match_run_entity, third, "Commit", NULL, 0), &w->call.problem);
	workshop_close(s);
}

static void what_if_there_were_a_mentor(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	struct world *w = s->w;
	int64_t task, first = run_new(s, &c, &task), second;
	char *text;

	workshop_run(s);
	second = run_if(s, &c, first, "mentor 2 = language: German, Chess; traits = very important; earlier = out", &task);
	must_be(s, second, "proposed");
	text = ask_text(w, arena_print(&w->arena, "SELECT statistics FROM match_run WHERE id = %lld", (long long)second));
	assert_non_null(strstr(text, "placed with supposed mentors 1"));
	text = ask_text(w,
		arena_print(&w->arena, "SELECT stopped FROM unplaced WHERE run = %lld AND participant = %lld", (long long)second,
			(long long)p.mentees[2]));
	assert_non_null(strstr(text, "Would be with supposed mentor 1"));
	text = ask_text(w, arena_print(&w->arena, "SELECT lines FROM match_run WHERE id = %lld", (long long)second));
	assert_non_null(strstr(text, "traits\tweight\t9\t"));
	assert_null(strstr(text, "earlier"));
	assert_int_equal(perform(w, &c.ada, &match_run_entity, second, "Commit", NULL, 0), E_STATE);
	workshop_close(s);
}

/* What is suggested for who stayed without a pair, supposed: they are placed, and nobody who was placed loses the place. */
static void what_would_help_helps(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	struct world *w = s->w;
	int64_t task, first = run_new(s, &c, &task), second;

	workshop_run(s);
	assert_non_null(strstr(ask_text(w, "SELECT help FROM unplaced"), "one more place at this mentor"));
	second = run_if(s, &c, first,
		arena_print(&w->arena, "places %lld = 2; mark %lld = yes; keep placed = yes",
			(long long)ask_number(w, "SELECT mentor FROM unplaced"), (long long)p.mentees[2]),
		&task);
	must_be(s, second, "proposed");
	assert_int_equal(ask_number(w, arena_print(&w->arena, "SELECT count(*) FROM run_pair WHERE run = %lld", (long long)second)), 3);
	/* without the place: who has one keeps it, though the third would make a better pair */
	create(w, &c.ada, &wish_entity,
		ARGS(P("participant", path(w, &participant_entity, p.mentees[2])), P("other", path(w, &participant_entity, p.mentors[0]))));
	trait(s, &c, p.mentees[2], "skill", "chess", "sought");
	second = run_if(s, &c, first, "keep placed = yes", &task);
	must_be(s, second, "proposed");
	assert_true(mentor_of(s, second, p.mentees[2]) == NONE);
	second = run_if(s, &c, first, "", &task);
	must_be(s, second, "proposed");
	assert_true(mentor_of(s, second, p.mentees[2]) != NONE);
	workshop_close(s);
}

/* What cannot be supposed is said when it is said: the line, and how it is written. */
static void wrong_changes(void **state)
{
	static const struct {
		const char *changes, *says;
	} cases[] = { { "places", "a change is written WHAT = VALUE" }, { "places x = 2", "'places MENTOR = NUMBER'" },
		{ "places 999 = 2", "999 is no mentor of this program" },
		{ "lock 1 = 2\nmark 1 = no", "line 2: it is written 'mark MENTEE = yes'" }, { "keep placed = yes", "name it with from" },
		{ "mentor 0 = Chess", "'mentor PLACES = SKILL, SKILL'" }, { "traits = sometimes", "nice to have, important" },
		{ "traits = nan", "nice to have, important" }, { "shoes = 5", "there is no criterion shoes" },
		{ "interests = must", "only have a weight" }, { "traits = 5 enough=90", "enough of traits" } };
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);

	people(s, &c);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(perform(s->w, &c.ada, &match_run_entity, 0, "Create",
					 ARGS(P("program", path(s->w, &program_entity, c.program)), T("changes", cases[i].changes))),
			E_INVALID);
		assert_string_equal(s->w->call.problem.field, "changes");
		if (!strstr(s->w->call.problem.text, cases[i].says))
			fail_msg("%s", s->w->call.problem.text);
	}
	workshop_close(s);
}

static void outlook(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct people p = people(s, &c);
	int64_t task, run;

	trait(s, &c, p.mentees[2], "skill", "Latin", "sought");
	run = run_new(s, &c, &task);
	workshop_run(s);
	task = ask_for(s, &c.ada, &match_run_entity, run, "Outlook", NULL, 0);
	workshop_run(s);
	assert_int_equal(number_of(s, task, "without"), 1);
	assert_int_equal(number_of(s, task, "more"), 1);
	assert_int_equal(number_of(s, task, "least"), 1);
	assert_int_equal(number_of(s, task, "proven"), 1);
	assert_non_null(strstr(text_of(s, task, "lines"), "speaks German"));
	workshop_close(s);
}

/* Found running at start: begun again, with nothing left of the attempt before. */
static void killed_in_the_middle(void **state)
{
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct cast c = cast(w);
	struct people p = people(s, &c);
	struct problem problem = { 0 };
	int64_t task, run = run_new(s, &c, &task);

	workshop_close(s); /* before the worker came to anything */
	must(engine_run(store_engine(w->store),
		     arena_print(&w->arena,
			     "UPDATE match_run SET state = 'running'; INSERT INTO run_pair (id, version, program, "
			     "run, mentor, mentee, score) VALUES (900, 1, %lld, %lld, %lld, %lld, 5)",
			     (long long)c.program, (long long)run, (long long)p.mentors[0], (long long)p.mentees[2]),
		     &problem),
		&problem);
	s = workshop_open(w, NULL);
	workshop_run(s);
	must_be(s, run, "proposed");
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair WHERE id = 900"), 0);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM run_pair"), 2);
	workshop_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_matching, set_up, tear_down),
		cmocka_unit_test_setup_teardown(same_input_same_result, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_objection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ages_when_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_recipe_that_is_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_is_checked_when_saved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(importance_in_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_shipped_recipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(groups_are_sealed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(why_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(why_not_shows_no_objection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_alternative_is_offered_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_objection_is_not_offered_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fair_recipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stable_recipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(preview_of_a_recipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_if, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_if_there_were_a_mentor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_would_help_helps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outlook, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
