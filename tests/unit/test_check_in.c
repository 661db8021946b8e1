/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Check-ins that ask a form, in a real store: which form a program may name, what its answers become, who reads them, and that what was asked
 * stays as it was; a database from before such responses.
 */
#include "clockwork.h"

#include "model/survey.h"

#define WORDS_OF(n, t) \
	{ \
		n, \
		{ \
			.type = V_WORDS, .text = t \
		} \
	}

static int64_t instrument_of(struct world *w, struct cast *c, const char *key)
{
	return create(
		w, &c->ada, &instrument_entity, ARGS(P("program", path(w, &program_entity, c->program)), T("key", key), T("title", key)));
}

static int64_t item(struct world *w, struct cast *c, int64_t instrument, const char *name, const char *kind, const char *choices)
{
	return create(w, &c->ada, &item_entity,
		ARGS(P("instrument", path(w, &instrument_entity, instrument)), T("name", name), T("kind", kind), T("label", name),
			{ "required", { .type = V_BOOL, .number = 1 } }, T("choices", choices)));
}

static void ready(struct world *w, struct cast *c, int64_t instrument)
{
	must(perform(w, &c->ada, &instrument_entity, instrument, "Ready", NULL, 0), &w->call.problem);
}

static int64_t shipped(struct world *w, struct cast *c)
{
	int64_t id = create(
		w, &c->ada, &instrument_entity, ARGS(P("program", path(w, &program_entity, c->program)), T("starter", "check-in")));

	ready(w, c, id);
	return id;
}

static int name_form(struct world *w, struct cast *c, int64_t instrument)
{
	return perform(
		w, &c->ada, &program_entity, c->program, "Update", ARGS(P("check_in_form", path(w, &instrument_entity, instrument))));
}

static bool said(struct world *w, const char *part)
{
	return strstr(w->call.problem.text, part) != NULL;
}

/* ---- what may be asked ---- */

static void a_form_has_what_is_read_from_it(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t own, help;

	running(w, &c);
	own = instrument_of(w, &c, "own");
	item(w, &c, own, "rating", "likert", "0=badly\n10=well");
	assert_int_equal(name_form(w, &c, own), E_STATE); /* a draft */
	ready(w, &c, own);
	assert_int_equal(name_form(w, &c, own), E_INVALID);
	assert_string_equal(w->call.problem.field, "check_in_form");
	assert_true(said(w, "an item 'rating' of the kind single or likert"));
	assert_true(said(w, "an item 'met' with the answer 'no' (it raises the flag not_met)"));
	assert_true(said(w, "an item 'help' with the answer 'yes'"));
	assert_false(said(w, "contacted"));

	must(perform(w, &c.ada, &instrument_entity, own, "Rework", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &item_entity, number(w, "SELECT max(id) FROM item"), "Update", ARGS(T("choices", "1=badly\n5=well"))),
		&w->call.problem);
	item(w, &c, own, "met", "single", "yes=Yes\nno=No");
	help = item(w, &c, own, "help", "single", "ja=Ja\nnein=Nein");
	item(w, &c, own, "contacted", "single", "ja=Ja\nnein=Nein");
	ready(w, &c, own);
	assert_int_equal(name_form(w, &c, own), E_INVALID);
	assert_false(said(w, "'rating'"));
	assert_false(said(w, "'met'"));
	assert_true(said(w, "an item 'contacted' with the answer 'no'")); /* it need not be there, but nobody is to think that it counts */
	must(perform(w, &c.ada, &instrument_entity, own, "Rework", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &item_entity, help, "Update", ARGS(T("choices", "yes=Ja\nno=Nein"))), &w->call.problem);
	must(perform(w, &c.ada, &item_entity, number(w, "SELECT max(id) FROM item"), "Remove", NULL, 0), &w->call.problem);
	ready(w, &c, own);
	must(name_form(w, &c, own), &w->call.problem);

	/* what a program asks stays ready */
	assert_int_equal(perform(w, &c.ada, &instrument_entity, own, "Rework", NULL, 0), E_STATE);
	assert_int_equal(perform(w, &c.ada, &instrument_entity, own, "Retire", NULL, 0), E_STATE);
	assert_true(said(w, "it is the form of the program's check-ins"));
	must(perform(w, &c.ada, &program_entity, c.program, "Update", ARGS(P("check_in_form", "/"))), &w->call.problem);
	must(perform(w, &c.ada, &instrument_entity, own, "Retire", NULL, 0), &w->call.problem);
	assert_int_equal(name_form(w, &c, own), E_STATE);
}

/* One that may be left out, waits for a condition, or is counted the other way round, says nothing of each check-in. */
static void a_rating_is_always_there(void **state)
{
	static const struct arg wrong[] = { { "required", { .type = V_BOOL, .number = 0 } }, T("relevant", "${met} = 'yes'"),
		{ "reversed", { .type = V_BOOL, .number = 1 } }, T("kind", "multiple") },
				right[] = { { "required", { .type = V_BOOL, .number = 1 } }, T("relevant", ""),
					{ "reversed", { .type = V_BOOL, .number = 0 } }, T("kind", "likert") };
	struct world *w = *state;
	struct cast c;
	int64_t own, rating;

	running(w, &c);
	own = instrument_of(w, &c, "own");
	item(w, &c, own, "met", "single", "yes=Yes\nno=No");
	item(w, &c, own, "help", "single", "yes=Yes\nno=No");
	rating = item(w, &c, own, "rating", "likert", "1=badly\n2=so\n5=well");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		must(perform(w, &c.ada, &item_entity, rating, "Update", &wrong[i], 1), &w->call.problem);
		ready(w, &c, own);
		assert_int_equal(name_form(w, &c, own), E_INVALID);
		assert_true(said(w, "an item 'rating'"));
		must(perform(w, &c.ada, &instrument_entity, own, "Rework", NULL, 0), &w->call.problem);
		must(perform(w, &c.ada, &item_entity, rating, "Update", &right[i], 1), &w->call.problem);
	}
	ready(w, &c, own);
	must(name_form(w, &c, own), &w->call.problem);
}

static void a_form_is_of_the_program(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t form, other;

	running(w, &c);
	form = shipped(w, &c);
	other = create(w, &c.ada, &program_entity, ARGS(T("key", "other"), T("title", "Another")));
	assert_int_equal(perform(w, &c.ada, &program_entity, other, "Update", ARGS(P("check_in_form", path(w, &instrument_entity, form)))),
		E_INVALID);
	must(name_form(w, &c, form), &w->call.problem);
	must(perform(w, &c.ada, &program_entity, c.program, "Clone", ARGS(T("key", "next"))), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM program WHERE check_in_form IS NOT NULL"), 1);
}

static void who_is_asked_can_read_it(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t own, met;

	running(w, &c);
	participant(w, &c, c.cleo_id, "mentee", 1);
	participant(w, &c, c.ben_id, "mentor", 1);
	must(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("language", "fr"))), &w->call.problem); /* is not asked */
	must(perform(w, &c.ada, &person_entity, c.cleo_id, "Update", ARGS(T("language", "de-AT"))), &w->call.problem);
	own = instrument_of(w, &c, "own");
	item(w, &c, own, "rating", "likert", "1=badly\n5=well");
	met = item(w, &c, own, "met", "single", "yes=Yes\nno=No");
	item(w, &c, own, "help", "single", "yes=Yes\nno=No");
	create(w, &c.ada, &item_text_entity,
		ARGS(P("item", path(w, &item_entity, met)), T("language", "de"), T("label", "Getroffen?"),
			T("choices", "yes=Ja\nno=Nein")));
	create(w, &c.ada, &item_text_entity,
		ARGS(P("item", path(w, &item_entity, met + 1)), T("language", "de"), T("label", "Hilfe?"), T("choices", "yes=Ja")));
	ready(w, &c, own);
	assert_int_equal(name_form(w, &c, own), E_INVALID);
	assert_true(said(w, "people who read 'de-AT'"));
	assert_true(said(w, ": rating, help;")); /* one has no text, one lacks the text of an answer */
	must(name_form(w, &c, shipped(w, &c)), &w->call.problem);

	/* pages are in English for who reads what they do not speak */
	must(perform(w, &c.ada, &person_entity, c.cleo_id, "Update", ARGS(T("language", "tr"))), &w->call.problem);
	must(name_form(w, &c, own), &w->call.problem);
}

/* ---- what is answered ---- */

#define ALL_WELL "rating=4\nmet=yes\ntimes=2"

struct asked {
	struct cast c;
	struct clockwork clock;
	int64_t form, check_in, person, match;
};

/* A pair whose mentee was asked with the shipped form. */
static struct asked ask_one(struct world *w)
{
	struct asked a;
	int64_t mentor;

	running(w, &a.c);
	a.form = shipped(w, &a.c);
	must(name_form(w, &a.c, a.form), &w->call.problem);
	mentor = participant(w, &a.c, a.c.ben_id, "mentor", 2);
	a.match = pair_make(w, &a.c, mentor, "UTC", "Tim", &a.person);
	a.clock = start(w);
	advance(w, &a.clock, "2026-01-08T00:00:00Z");
	a.check_in = number(w, "SELECT id FROM check_in");
	assert_int_equal(number(w, "SELECT form FROM check_in"), a.form);
	return a;
}

static int answer_with(struct world *w, struct asked *a, const struct arg *args, size_t count)
{
	return perform_with(w, &a->c.ada, &check_in_entity, a->check_in, "Answer", args, count,
		(struct options){ .version = NONE, .for_person = a->person });
}

static void answers_become_rating_and_flags(void **state)
{
	struct world *w = *state;
	struct asked a = ask_one(w);

	assert_int_equal(answer_with(w, &a, ARGS(N("rating", 4))), E_INVALID);
	assert_true(said(w, "asks a form"));
	assert_int_equal(answer_with(w, &a, ARGS(N("rating", 4), WORDS_OF("answers", ALL_WELL))), E_INVALID);
	assert_int_equal(answer_with(w, &a, ARGS(WORDS_OF("answers", "rating=6\nmet=yes"))), E_INVALID);
	assert_string_equal(w->call.problem.field, "answers");
	assert_true(said(w, "rating: "));
	assert_int_equal(answer_with(w, &a, ARGS(WORDS_OF("answers", "met=yes"))), E_INVALID);
	assert_int_equal(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL "\nnonsense=1"))), E_INVALID);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 0);
	must(answer_with(w, &a, ARGS(WORDS_OF("answers", "rating=2\nmet=no\ntimes=3\nwhy_not=ill no_answer\nhelp=yes\nsay=a, b\\nc"))),
		&w->call.problem);
	assert_int_equal(number(w,
				 "SELECT count(*) FROM check_in WHERE state = 'answered' AND rating = 2 AND flags = "
				 "'not_met' || char(10) || 'not_contacted' || char(10) || 'need_help'"),
		1);
	/* what its condition leaves out is not kept */
	assert_int_equal(
		number(w,
			"SELECT count(*) FROM response WHERE state = 'submitted' AND entered AND side = 'mentee' AND wave IS NULL AND "
			"answers = 'rating=2' || char(10) || 'met=no' || char(10) || 'why_not=no_answer ill' || char(10) || 'help=yes' || "
			"char(10) || 'say=a, b\\nc'"),
		1);
	assert_int_equal(
		number(w,
			"SELECT count(*) FROM response r JOIN check_in c ON c.id = r.check_in AND c.match = r.match AND c.person = "
			"r.person AND c.program = r.program"),
		1);
	assert_int_equal(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL))), E_STATE);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 1);
	advance(w, &a.clock, "2026-01-12T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'check-in-reminder'"), 0);
	stop(&a.clock);
}

static void what_is_well_raises_nothing(void **state)
{
	struct world *w = *state;
	struct asked a = ask_one(w);

	must(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL))), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM check_in WHERE rating = 4 AND flags IS NULL"), 1);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 0);
	stop(&a.clock);
}

static int64_t pair_asked(struct world *w, struct asked *a)
{
	running(w, &a->c);
	pair_make(w, &a->c, participant(w, &a->c, a->c.ben_id, "mentor", 1), "UTC", "Tim", &a->person);
	a->clock = start(w);
	advance(w, &a->clock, "2026-01-08T00:00:00Z");
	return a->check_in = number(w, "SELECT id FROM check_in WHERE form IS NULL");
}

static void two_questions_are_asked_without_a_form(void **state)
{
	struct world *w = *state;
	struct asked a;

	pair_asked(w, &a);
	assert_int_equal(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL))), E_INVALID);
	assert_true(said(w, "asks no form"));
	must(answer_with(w, &a, ARGS(N("rating", 4), WORDS_OF("flags", "we_met\nneed_help"))), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 0);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 1);
	advance(w, &a.clock, "2026-01-15T00:00:00Z");
	a.check_in = number(w, "SELECT max(id) FROM check_in");
	must(answer_with(w, &a, ARGS(N("rating", 4), WORDS_OF("flags", "we_met"))), &w->call.problem);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 1); /* the first */
	stop(&a.clock);
}

static void what_staff_have_looked_at_waits_no_more(void **state)
{
	struct world *w = *state;
	struct asked a;
	int64_t id = pair_asked(w, &a), other;

	assert_int_equal(perform(w, &a.c.ada, &check_in_entity, id, "Acknowledge", NULL, 0), E_STATE); /* nothing to look at yet */
	must(answer_with(w, &a, ARGS(N("rating", 1), WORDS_OF("flags", "need_help"))), &w->call.problem);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 1);
	assert_int_not_equal(perform(w, &a.c.ben, &check_in_entity, id, "Acknowledge", NULL, 0), 0);
	must(perform_with(w, &a.c.ada, &check_in_entity, id, "Acknowledge", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "called them" }),
		&w->call.problem);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 0);
	assert_int_equal(
		number(w,
			arena_print(&w->arena, "SELECT count(*) FROM check_in WHERE acknowledged_by = %lld AND acknowledged_at = %lld",
				(long long)a.c.ada_id, (long long)store_now(w->store))),
		1);
	assert_int_equal(number(w, "SELECT count(*) FROM audit_record WHERE verb = 'Acknowledge' AND entity = 'check_in'"), 1);
	assert_int_equal(perform(w, &a.c.ada, &check_in_entity, id, "Acknowledge", NULL, 0), E_STATE);
	/* nobody answers the next one; whoever looked is not asked again, unless an answer comes after all */
	advance(w, &a.clock, "2026-01-15T00:00:00Z");
	other = a.check_in = number(w, "SELECT max(id) FROM check_in");
	force(w, arena_print(&w->arena, "UPDATE check_in SET state = 'escalated' WHERE id = %lld", (long long)other));
	assert_int_equal(waits(w, &a.c.ada, "check-in escalated"), 1);
	must(perform(w, &a.c.ada, &check_in_entity, other, "Acknowledge", NULL, 0), &w->call.problem);
	assert_int_equal(waits(w, &a.c.ada, "check-in escalated"), 0);
	must(answer_with(w, &a, ARGS(N("rating", 1))), &w->call.problem);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 1);
	stop(&a.clock);
}

/* Of a database from before anybody could say so. */
static void check_ins_from_before_wait(void **state)
{
	struct world *w = *state;
	struct asked a;
	int64_t id = pair_asked(w, &a);

	must(answer_with(w, &a, ARGS(N("rating", 1))), &w->call.problem);
	stop(&a.clock);
	force(w, "ALTER TABLE check_in DROP COLUMN acknowledged_at; ALTER TABLE check_in DROP COLUMN acknowledged_by");
	reopen(w);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 1);
	must(perform(w, &a.c.ada, &check_in_entity, id, "Acknowledge", NULL, 0), &w->call.problem);
	assert_int_equal(waits(w, &a.c.ada, "check-in with a flag"), 0);
}

static void a_draft_waits(void **state)
{
	struct world *w = *state;
	struct asked a = ask_one(w);
	struct caller tim;

	create(w, &a.c.root, &login_entity, ARGS(P("person", path(w, &person_entity, a.person)), T("user_name", "tim")));
	tim = caller_of(w, 1004, "tim");
	must(perform(w, &tim, &check_in_entity, a.check_in, "Keep", ARGS(WORDS_OF("answers", "rating=9\nsay=later"))), &w->call.problem);
	assert_int_equal(
		number(w, "SELECT count(*) FROM response WHERE state = 'draft' AND answers = 'say=later' AND submitted_on IS NULL"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM check_in WHERE state = 'due' AND rating IS NULL"), 1);
	assert_int_equal(perform(w, &a.c.ada, &response_entity, number(w, "SELECT id FROM response"), "Read", NULL, 0), E_STATE);
	advance(w, &a.clock, "2026-01-10T12:00:00Z"); /* it is no answer */
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'check-in-reminder'"), 1);
	must(perform(w, &tim, &check_in_entity, a.check_in, "Answer", ARGS(WORDS_OF("answers", ALL_WELL))), &w->call.problem);
	assert_int_equal(
		number(w, "SELECT count(*) FROM response WHERE state = 'submitted' AND NOT entered AND submitted_on IS NOT NULL"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 1);
	stop(&a.clock);
}

/* ---- who reads it ---- */

static void the_other_side_reads_nothing(void **state)
{
	struct world *w = *state;
	struct asked a = ask_one(w);
	int64_t id;
	int r;

	must(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL "\nsay=he is late"))), &w->call.problem);
	id = number(w, "SELECT id FROM response");
	must(perform(w, &a.c.ada, &response_entity, id, "Read", NULL, 0), &w->call.problem);
	assert_non_null(strstr(w->call.results[0].value.text, "say=he is late"));
	assert_int_equal(perform(w, &a.c.ben, &response_entity, id, "Read", NULL, 0), E_NOTFOUND);
	/* nor as a coordinator of the same program */
	create(w, &a.c.root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, a.c.ben_id)), P("program", path(w, &program_entity, a.c.program)),
			T("duty", "coordinator")));
	r = perform(w, &a.c.ben, &response_entity, id, "Read", NULL, 0);
	assert_true(r == E_NOTFOUND || r == E_DENIED);
	stop(&a.clock);
}

static void it_goes_with_its_person(void **state)
{
	struct world *w = *state;
	struct asked a = ask_one(w);
	struct options why = { .version = NONE, .for_person = NONE, .reason = "asked" };
	struct caller tim;

	must(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL "\nsay=my own words"))), &w->call.problem);
	create(w, &a.c.root, &login_entity, ARGS(P("person", path(w, &person_entity, a.person)), T("user_name", "tim")));
	create(w, &a.c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, a.c.cleo_id)), T("duty", "data-protection officer")));
	tim = caller_of(w, 1004, "tim");
	must(perform(w, &tim, &person_entity, a.person, "Export", NULL, 0), &w->call.problem);
	assert_non_null(strstr(w->call.results[0].value.text, "say=my own words"));
	must(perform_with(w, &a.c.cleo, &person_entity, a.person, "Erase", NULL, 0, why), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response WHERE answers IS NOT NULL"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM check_in WHERE flags IS NOT NULL"), 0);
	stop(&a.clock);
}

/* ---- editions ---- */

static void what_was_asked_stays(void **state)
{
	struct world *w = *state;
	struct asked a = ask_one(w);
	int64_t second;

	must(perform(w, &a.c.ada, &instrument_entity, a.form, "Revise", NULL, 0), &w->call.problem);
	second = number(w, "SELECT max(id) FROM instrument");
	must(perform(w, &a.c.ada, &item_entity, number(w, "SELECT max(id) FROM item WHERE name = 'say'"), "Remove", NULL, 0),
		&w->call.problem);
	ready(w, &a.c, second);
	must(name_form(w, &a.c, second), &w->call.problem);
	/* no policy names the first any more, but a check-in does */
	assert_int_equal(perform(w, &a.c.ada, &instrument_entity, a.form, "Rework", NULL, 0), E_STATE);
	assert_true(said(w, "a check-in asked it"));
	must(perform(w, &a.c.ada, &instrument_entity, a.form, "Retire", NULL, 0), &w->call.problem);
	advance(w, &a.clock, "2026-01-15T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM check_in"), 2);
	assert_int_equal(number(w, "SELECT form FROM check_in ORDER BY id DESC LIMIT 1"), second);
	must(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL "\nsay=with the old one"))), &w->call.problem);
	a.check_in = number(w, "SELECT max(id) FROM check_in");
	assert_int_equal(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL "\nsay=no such item"))), E_INVALID);
	must(answer_with(w, &a, ARGS(WORDS_OF("answers", ALL_WELL))), &w->call.problem);
	stop(&a.clock);
}

/* ---- a database from before ---- */

static void responses_from_before_are_kept(void **state)
{
	static const char before[] =
		"DROP TABLE response; CREATE TABLE response (id INTEGER PRIMARY KEY, version INTEGER, program INTEGER NOT NULL REFERENCES program, "
		"wave INTEGER NOT NULL REFERENCES wave, person INTEGER REFERENCES person, side TEXT, answers TEXT, entered INTEGER NOT NULL "
		"DEFAULT 0, submitted_on INTEGER, state TEXT NOT NULL) STRICT; CREATE UNIQUE INDEX response_by_wave_person ON response (wave, person); "
		"PRAGMA user_version = 2";
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t form = shipped(w, &c), wave;

	wave = create(w, &c.ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, form)), T("title", "Autumn"), N("opens", store_now(w->store) + 3600),
			N("closes", store_now(w->store) + 86400)));
	force(w, before);
	force(w,
		arena_print(&w->arena, "INSERT INTO response VALUES (7, 1, %lld, %lld, %lld, 'mentee', 'met=yes', 0, 3, 'submitted')",
			(long long)c.program, (long long)wave, (long long)c.cleo_id));
	reopen(w);
	assert_int_equal(number(w, "PRAGMA user_version"), 3);
	assert_int_equal(
		number(w,
			arena_print(&w->arena, "SELECT count(*) FROM response WHERE id = 7 AND wave = %lld AND answers = 'met=yes'",
				(long long)wave)),
		1);
	assert_int_equal(number(w, "SELECT \"notnull\" FROM pragma_table_info('response') WHERE name = 'wave'"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM pragma_index_list('response') WHERE \"unique\""), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM pragma_foreign_key_list('response')"), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(a_form_has_what_is_read_from_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rating_is_always_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_form_is_of_the_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_asked_can_read_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_become_rating_and_flags, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_well_raises_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_questions_are_asked_without_a_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_staff_have_looked_at_waits_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(check_ins_from_before_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_draft_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_other_side_reads_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_goes_with_its_person, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_asked_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(responses_from_before_are_kept, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
