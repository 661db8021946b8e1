/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instruments, waves and responses in a real store: shipped forms, editions that stay as they were asked, who is asked and reminded, answers
 * and drafts, what an anonymous answer leaves behind, results that are frozen and never of a few.
 */
#include "clockwork.h"

#include "model/survey.h"

enum {
	PEOPLE = 14
};
struct season {
	struct cast c;
	int64_t people[PEOPLE], instrument, wave;
};

static int64_t form_of(struct world *w, struct season *s, const char *starter)
{
	int64_t id = create(
		w, &s->c.ada, &instrument_entity, ARGS(P("program", path(w, &program_entity, s->c.program)), T("starter", starter)));

	must(perform(w, &s->c.ada, &instrument_entity, id, "Ready", NULL, 0), &w->call.problem);
	return id;
}

/* Four mentors, ten mentees, all ready. */
static void gather_people(struct world *w, struct season *s)
{
	char name[16];

	s->c = cast(w);
	for (int i = 0; i < PEOPLE; i++) {
		snprintf(name, sizeof name, "P%d", i);
		s->people[i] = i == 0 ? s->c.ben_id : i == PEOPLE - 1 ? s->c.cleo_id : person(w, &s->c.ada, name, "Test");
		participant(w, &s->c, s->people[i], i < 4 ? "mentor" : "mentee", 1);
	}
}

static int64_t wave_of(struct world *w, struct season *s, const char *anonymity, int64_t k, const char *audience)
{
	return create(w, &s->c.ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, s->instrument)), T("title", "Autumn"), T("anonymity", anonymity),
			N("k", k), T("audience", audience), N("opens", store_now(w->store) + 3600),
			N("closes", store_now(w->store) + 20 * 86400)));
}

struct asked {
	int64_t wave, person;
	const struct arg *args;
	size_t count;
	bool draft;
	struct form_errors errors;
	struct form_page page;
	int (*look)(struct call *, struct asked *);
};

static int do_answer(struct call *call, void *data)
{
	struct asked *a = data;
	int r = wave_answer(call, a->wave, a->person, a->args, a->count, a->draft, &a->errors);

	return r;
}

static int answer_as(struct world *w, int64_t wave, int64_t who, bool draft, const struct arg *args, size_t count, struct problem *problem)
{
	struct asked a = { wave, who, args, count, draft, { 0 }, { 0 }, NULL };

	*problem = (struct problem){ 0 };
	return do_in_turn(w, &by_link, do_answer, &a, problem);
}

static int do_page(struct call *call, void *data)
{
	struct asked *a = data;
	int r = wave_page(call, a->wave, a->person, &a->page);

	return r ? r : a->look(call, a);
}

static int page_as(struct world *w, int64_t wave, int64_t who, int (*look)(struct call *, struct asked *), struct problem *problem)
{
	struct asked a = { .wave = wave, .person = who, .look = look };

	return do_in_turn(w, &by_link, do_page, &a, problem);
}

#define CLOSENESS(a, b, c, d, e) ARGS(T("feel_heard", a), T("can_be_open", b), T("trust", c), T("look_forward", d), T("strangers", e))

static int64_t member_of(struct world *w, int64_t who)
{
	return number(w, arena_print(&w->arena, "SELECT id FROM wave_member WHERE person = %lld", (long long)who));
}

static void shipped(void **state)
{
	static const char *const all[] = { "satisfaction", "closeness", "goal-progress", "would-recommend", "check-in", "activity-rating",
		"closing", "needs-assessment", "rosenberg" };
	struct world *w = *state;
	struct season s = { .c = cast(w) };
	int64_t id, copy;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		id = form_of(w, &s, all[i]);
	assert_int_equal(number(w, "SELECT count(*) FROM instrument"), 9);
	assert_int_equal(number(w, "SELECT count(*) FROM item WHERE instrument = (SELECT id FROM instrument WHERE key = 'rosenberg')"), 10);
	assert_int_equal(number(w,
				 "SELECT count(*) FROM item WHERE reversed AND instrument = (SELECT id FROM instrument WHERE key = "
				 "'rosenberg')"),
		5);
	assert_int_equal(perform(w, &s.c.ada, &instrument_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, s.c.program)), T("starter", "no-such"))),
		E_INVALID);
	assert_non_null(strstr(w->call.problem.text, "needs-assessment"));

	/* what is ready stays as it is; a change is a new edition */
	assert_int_equal(
		perform(w, &s.c.ada, &item_entity, number(w, "SELECT max(id) FROM item"), "Update", ARGS(T("label", "New"))), E_STATE);
	assert_int_equal(perform(w, &s.c.ada, &item_entity, number(w, "SELECT max(id) FROM item"), "Remove", NULL, 0), E_STATE);
	must(perform(w, &s.c.ada, &instrument_entity, id, "Revise", NULL, 0), &w->call.problem);
	copy = number(w, "SELECT id FROM instrument WHERE key = 'rosenberg' AND edition = 2 AND state = 'draft'");
	assert_int_equal(number(w, "SELECT count(*) FROM item WHERE instrument = (SELECT max(id) FROM instrument)"), 10);
	must(perform(w, &s.c.ada, &item_entity, number(w, "SELECT max(id) FROM item"), "Update", ARGS(T("label", "New"))),
		&w->call.problem);
	/* a mentee sees none of it */
	assert_int_equal(perform(w, &s.c.cleo, &instrument_entity, copy, "Ready", NULL, 0), E_NOTFOUND);
}

static void forms_are_looked_at(void **state)
{
	struct world *w = *state;
	struct season s = { .c = cast(w) };
	int64_t id = create(w, &s.c.ada, &instrument_entity,
		ARGS(P("program", path(w, &program_entity, s.c.program)), T("key", "own"), T("title", "Own")));
	const char *at = path(w, &instrument_entity, id);
	int64_t second;

	assert_int_equal(perform(w, &s.c.ada, &instrument_entity, id, "Ready", NULL, 0), E_STATE); /* nothing to answer */
	create(w, &s.c.ada, &item_entity,
		ARGS(P("instrument", at), T("name", "met"), T("kind", "single"), T("label", "Met?"), T("choices", "yes=Yes\nno=No")));
	second = create(w, &s.c.ada, &item_entity,
		ARGS(P("instrument", at), T("name", "why"), T("kind", "text"), T("label", "Why?"), T("relevant", "${mat} = 'no'")));
	assert_int_equal(perform(w, &s.c.ada, &instrument_entity, id, "Ready", NULL, 0), E_INVALID);
	assert_non_null(strstr(w->call.problem.text, "item 'why', relevant (character 1): there is no item called 'mat'"));
	must(perform(w, &s.c.ada, &item_entity, second, "Update", ARGS(T("relevant", "${met} = 'no'"))), &w->call.problem);
	must(perform(w, &s.c.ada, &instrument_entity, id, "Ready", NULL, 0), &w->call.problem);
	must(perform(w, &s.c.ada, &instrument_entity, id, "Rework", NULL, 0), &w->call.problem); /* no wave uses it yet */
}

static int german(struct call *call, struct asked *a)
{
	(void)call;
	assert_string_equal(a->page.form->items[0].label, "Ich fühle mich gehört.");
	assert_string_equal(a->page.form->items[0].choices[0].label, "gar nicht");
	assert_string_equal(a->page.form->items[1].label, "I can say what is really on my mind.");
	return 0;
}

static int english(struct call *call, struct asked *a)
{
	(void)call;
	assert_string_equal(a->page.form->items[0].label, "I feel listened to.");
	assert_string_equal(a->page.form->items[0].choices[0].label, "not at all");
	return 0;
}

static void languages(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;

	gather_people(w, &s);
	s.instrument = create(
		w, &s.c.ada, &instrument_entity, ARGS(P("program", path(w, &program_entity, s.c.program)), T("starter", "closeness")));
	create(w, &s.c.ada, &item_text_entity,
		ARGS(P("item", path(w, &item_entity, number(w, "SELECT min(id) FROM item"))), T("language", "de"),
			T("label", "Ich fühle mich gehört."), T("choices", "1=gar nicht\n2=ein wenig")));
	must(perform(w, &s.c.ada, &instrument_entity, s.instrument, "Ready", NULL, 0), &w->call.problem);
	s.wave = wave_of(w, &s, "named", 5, "mentees");
	must(perform(w, &s.c.ada, &person_entity, s.c.cleo_id, "Update", ARGS(T("language", "de-AT"))), &w->call.problem);
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	must(page_as(w, s.wave, s.c.cleo_id, german, &problem), &problem);
	must(page_as(w, s.wave, s.people[5], english, &problem), &problem);
	assert_int_equal(page_as(w, s.wave, s.c.ben_id, english, &problem), E_NOTFOUND); /* a mentor was not asked */
	stop(&clock);
}

static int draft_is_there(struct call *call, struct asked *a)
{
	(void)call;
	assert_string_equal(a->page.values[0], "4");
	assert_null(a->page.values[1]);
	assert_false(a->page.answered);
	return 0;
}

/* A wave of the form 'closeness' with k 5, and everybody of its audience asked. */
static struct clockwork open_wave(struct world *w, struct season *s, const char *anonymity, const char *audience)
{
	struct clockwork clock;

	gather_people(w, s);
	s->instrument = form_of(w, s, "closeness");
	s->wave = wave_of(w, s, anonymity, 5, audience);
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	return clock;
}

static void a_season(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;

	gather_people(w, &s);
	s.instrument = form_of(w, &s, "closeness");
	s.wave = wave_of(w, &s, "named", 5, "mentees");
	clock = start(w);
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member"), 0);
	assert_int_equal(answer_as(w, s.wave, s.people[4], false, CLOSENESS("4", "4", "4", "4", "2"), &problem), E_NOTFOUND);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member"), 10);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'wave-open'"), 10);

	/* a draft, wrong answers, the answer, and no second one */
	must(answer_as(w, s.wave, s.people[4], true, ARGS(T("feel_heard", "4"), T("trust", "9")), &problem), &problem);
	must(page_as(w, s.wave, s.people[4], draft_is_there, &problem), &problem);
	assert_int_equal(answer_as(w, s.wave, s.people[4], false, CLOSENESS("4", "4", "4", "4", "7"), &problem), E_INVALID);
	assert_string_equal(problem.field, "strangers");
	assert_int_equal(answer_as(w, s.wave, s.people[4], false, ARGS(T("feel_heard", "4"), T("nonsense", "4")), &problem), E_INVALID);
	assert_string_equal(problem.field, "nonsense");
	must(answer_as(w, s.wave, s.people[4], false, CLOSENESS("4", "4", "4", "4", "2"), &problem), &problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 1);
	assert_int_equal(answer_as(w, s.wave, s.people[4], false, CLOSENESS("1", "4", "4", "4", "2"), &problem), E_STATE);
	assert_int_equal(answer_as(w, s.wave, s.people[4], true, CLOSENESS("1", "4", "4", "4", "2"), &problem), E_STATE);

	/* a login answers for itself, a coordinator for somebody */
	assert_int_equal(waits(w, &s.c.cleo, "form to answer"), 1);
	must(perform(w, &s.c.cleo, &wave_member_entity,
		     number(w, "SELECT id FROM wave_member WHERE person = (SELECT id FROM person WHERE given_name = 'Cleo')"), "Answer",
		     ARGS({ "answers", { .type = V_WORDS, .text = "feel_heard=5\ncan_be_open=5\ntrust=5\nlook_forward=5\nstrangers=1" } })),
		&w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member WHERE state = 'answered'"), 2);
	assert_int_equal(waits(w, &s.c.cleo, "form to answer"), 0);

	/* who has answered is not reminded */
	advance(w, &clock, "2026-01-06T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'wave-reminder'"), 8);
	advance(w, &clock, "2026-01-15T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'wave-reminder'"), 16);

	/* staff read answers of a named wave */
	must(perform(w, &s.c.ada, &response_entity,
		     number(w, "SELECT id FROM response WHERE person <> (SELECT id FROM person WHERE given_name = 'Cleo')"), "Read", NULL,
		     0),
		&w->call.problem);
	assert_string_equal(w->call.results[0].value.text, "feel_heard=4\ncan_be_open=4\ntrust=4\nlook_forward=4\nstrangers=2");

	/* closed: nothing is taken, and two answers give no result */
	assert_int_equal(perform(w, &s.c.ada, &wave_entity, s.wave, "Results", NULL, 0), E_STATE);
	advance(w, &clock, "2026-01-22T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave WHERE state = 'closed'"), 1);
	assert_int_equal(answer_as(w, s.wave, s.people[5], false, CLOSENESS("4", "4", "4", "4", "2"), &problem), E_STATE);
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Results", NULL, 0), &w->call.problem);
	assert_string_equal(w->call.results[0].value.text, "item,question,answer,text,who,answers,of,mean,statistic,note\r\n");
	stop(&clock);
}

static void nobody_is_named(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;
	int64_t records;

	gather_people(w, &s);
	s.instrument = form_of(w, &s, "closeness");
	assert_int_equal(perform(w, &s.c.ada, &wave_entity, 0, "Create",
				 ARGS(P("instrument", path(w, &instrument_entity, s.instrument)), T("title", "Autumn"),
					 T("anonymity", "anonymous"), N("k", 4), N("opens", 1767300000), N("closes", 1767900000))),
		E_INVALID);
	s.wave = wave_of(w, &s, "anonymous", 5, "everybody");
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member"), PEOPLE);
	records = number(w, "SELECT count(*) FROM audit_record");
	must(answer_as(w, s.wave, s.people[4], true, CLOSENESS("4", "4", "4", "4", "2"), &problem), &problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 0); /* a draft would have an owner */
	for (int i = 0; i < PEOPLE - 1; i++)
		must(answer_as(w, s.wave, s.people[i], false, CLOSENESS(i % 2 ? "4" : "2", "4", i % 2 ? "4" : "3", "4", "2"), &problem),
			&problem);
	assert_int_equal(
		perform_with(w, &s.c.ada, &wave_member_entity, number(w, "SELECT id FROM wave_member WHERE state = 'asked'"), "Answer",
			ARGS({ "answers",
				{ .type = V_WORDS, .text = "feel_heard=5\ncan_be_open=5\ntrust=5\nlook_forward=5\nstrangers=1" } }),
			(struct options){ .version = NONE, .for_person = s.c.cleo_id }),
		E_INVALID);
	assert_non_null(strstr(w->call.problem.text, "given by nobody else"));
	assert_int_equal(number(w, "SELECT count(*) FROM response"), PEOPLE - 1);
	assert_int_equal(
		number(w, "SELECT count(*) FROM response WHERE person IS NOT NULL OR submitted_on IS NOT NULL OR side IS NOT NULL"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM audit_record"), records); /* nor does the record say that somebody did */
	assert_int_equal(number(w, "SELECT count(*) FROM response WHERE id < 1000"), 0);
	assert_int_equal(perform(w, &s.c.ada, &response_entity, number(w, "SELECT max(id) FROM response"), "Read", NULL, 0), E_DENIED);
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Close", NULL, 0), &w->call.problem);
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Results", NULL, 0), &w->call.problem);
	/* thirteen: seven 2s and six 4s; zeros are left out like any few, and with them what would give them away */
	assert_non_null(strstr(w->call.results[0].value.text, "feel_heard,I feel listened to.,2,a little,all,7,13,,,\r\n"));
	assert_non_null(strstr(w->call.results[0].value.text, "closeness,,mean,,all,13,13,"));
	assert_int_equal(number(w, "SELECT count(*) FROM wave_result WHERE count < 5"), 0);
	stop(&clock);
}

/* How many rows of an anonymous wave, all of whom have answered, say of which side they are. */
static int64_t sides_kept(bool fifth_mentor, bool by_side)
{
	struct world *w;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;
	int64_t kept;

	set_up((void **)&w);
	gather_people(w, &s);
	if (fifth_mentor)
		participant(w, &s.c, person(w, &s.c.ada, "Fifth", "Test"), "mentor", 1);
	s.instrument = form_of(w, &s, "closeness");
	s.wave = wave_of(w, &s, "anonymous", 5, "everybody");
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Update", ARGS({ "by_side", { .type = V_BOOL, .number = by_side } })),
		&w->call.problem);
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	for (int i = 0; i < PEOPLE; i++)
		must(answer_as(w, s.wave, s.people[i], false, CLOSENESS("4", "4", "4", "4", "2"), &problem), &problem);
	kept = number(w, "SELECT count(*) FROM response WHERE side IS NOT NULL");
	stop(&clock);
	tear_down((void **)&w);
	return kept;
}

static void a_side_is_kept_where_enough_hide_in_it(void **state)
{
	(void)state;
	assert_int_equal(sides_kept(false, true), 0); /* four mentors, and k is five */
	assert_int_equal(sides_kept(true, false), 0); /* nobody wants to know */
	assert_int_equal(sides_kept(true, true), PEOPLE);
}

static void nothing_is_taken_behind_the_last_moment(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem = { 0 };

	clock = open_wave(w, &s, "named", "everybody");
	must(store_turn_begin(w->store, &problem), &problem);
	must(store_advance(w->store, number(w, "SELECT closes FROM wave"), &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_int_equal(number(w, "SELECT count(*) FROM wave WHERE state = 'open'"), 1); /* its job has not run yet */
	assert_int_equal(answer_as(w, s.wave, s.people[4], false, CLOSENESS("4", "4", "4", "4", "2"), &problem), E_STATE);
	stop(&clock);
}

/* A coordinator who enters four answers and waits for the fifth would read it. */
static void entered_answers_hide_nobody(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;

	clock = open_wave(w, &s, "pseudonymous", "mentees");
	for (int i = 4; i < 8; i++)
		must(perform_with(w, &s.c.ada, &wave_member_entity, member_of(w, s.people[i]), "Answer",
			     ARGS({ "answers",
				     { .type = V_WORDS, .text = "feel_heard=5\ncan_be_open=5\ntrust=5\nlook_forward=5\nstrangers=1" } }),
			     (struct options){ .version = NONE, .for_person = s.people[i] }),
			&w->call.problem);
	must(answer_as(w, s.wave, s.people[9], false, CLOSENESS("1", "4", "2", "4", "2"), &problem), &problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response WHERE entered"), 4);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 5);
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Close", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM wave_result"), 0);
	stop(&clock);
}

/* Minors were asked, so ten it is, whoever came of age since. */
static void minors_stay_in_k(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;

	gather_people(w, &s);
	must(perform(w, &s.c.ada, &person_entity, s.people[5], "Update", ARGS(T("birth_date", "2008-01-10"))), &w->call.problem);
	s.instrument = form_of(w, &s, "closeness");
	s.wave = wave_of(w, &s, "pseudonymous", 5, "mentees");
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	assert_int_equal(number(w, "SELECT k FROM wave"), 10);
	for (int i = 4; i < 13; i++)
		must(answer_as(w, s.wave, s.people[i], false, CLOSENESS(i % 2 ? "1" : "4", "4", "2", "4", "2"), &problem), &problem);
	advance(w, &clock, "2026-01-15T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM person WHERE minor"), 0);
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Close", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 9);
	assert_int_equal(number(w, "SELECT count(*) FROM wave_result"), 0);
	stop(&clock);
}

/* Whatever grows or changes with an answer could say in which order they came, or whose one was. (The rows: test_anonymous.c.) */
static void order_is_not_kept(void **state)
{
	static const char others[] =
		"SELECT (SELECT count(*) FROM audit_record) + (SELECT count(*) FROM job) + (SELECT count(*) FROM message) "
		"+ (SELECT count(*) FROM invitation) + (SELECT sum(version) FROM wave) + (SELECT sum(version) FROM person) "
		"+ (SELECT sum(version) FROM participant) + (SELECT count(*) FROM replay)";
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;
	int64_t before;

	clock = open_wave(w, &s, "anonymous", "everybody");
	before = number(w, others);
	for (int i = 0; i < PEOPLE; i++) {
		char first[2] = { (char)('1' + i / 5), 0 }, second[2] = { (char)('1' + i % 5), 0 };

		must(answer_as(w, s.wave, s.people[i], false, CLOSENESS(first, second, "4", "4", "2"), &problem), &problem);
		assert_int_equal(number(w, "SELECT sum(version) FROM response"), i + 1);
	}
	assert_int_equal(number(w, others), before);
	assert_int_equal(number(w, "SELECT count(DISTINCT version) FROM wave_member"), 1);
	stop(&clock);
}

static void outlooks(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	int64_t id, later;

	gather_people(w, &s);
	s.instrument = form_of(w, &s, "closeness");
	id = wave_of(w, &s, "anonymous", 11, "mentees");
	assert_int_equal(
		number(w, "SELECT outlook LIKE '10 people would be asked today%no results' FROM wave ORDER BY id DESC LIMIT 1"), 1);
	must(perform(w, &s.c.ada, &wave_entity, id, "Update", ARGS(N("k", 10))), &w->call.problem);
	assert_int_equal(
		number(w, "SELECT outlook LIKE '%at 10 answers and more there are results%' FROM wave ORDER BY id DESC LIMIT 1"), 1);
	/* a comparison of each person needs to know whose is whose */
	assert_int_equal(perform(w, &s.c.ada, &wave_entity, 0, "Create",
				 ARGS(P("instrument", path(w, &instrument_entity, s.instrument)), T("title", "Later"),
					 T("anonymity", "pseudonymous"), P("compared_with", path(w, &wave_entity, id)),
					 N("opens", 1767300000), N("closes", 1767900000))),
		E_INVALID);
	assert_string_equal(w->call.problem.field, "compared_with");
	/* nor does the first become anonymous behind the second's back */
	must(perform(w, &s.c.ada, &wave_entity, id, "Update", ARGS(T("anonymity", "pseudonymous"))), &w->call.problem);
	later = create(w, &s.c.ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, s.instrument)), T("title", "Later"), T("anonymity", "pseudonymous"),
			P("compared_with", path(w, &wave_entity, id)), N("opens", 1767300000), N("closes", 1767900000)));
	assert_int_equal(perform(w, &s.c.ada, &wave_entity, id, "Update", ARGS(T("anonymity", "anonymous"))), E_INVALID);
	assert_string_equal(w->call.problem.field, "anonymity");
	assert_int_equal(perform(w, &s.c.ada, &wave_entity, later, "Update", ARGS(T("anonymity", "anonymous"))), E_INVALID);
	must(perform(w, &s.c.ada, &wave_entity, later, "Remove", NULL, 0), &w->call.problem);
	must(perform(w, &s.c.ada, &wave_entity, id, "Update", ARGS(T("anonymity", "anonymous"))), &w->call.problem);
}

/* ---- waves near each other ---- */

static bool could_open(struct world *w)
{
	return !number(w, "SELECT outlook LIKE '%could not open%' FROM wave ORDER BY id DESC LIMIT 1");
}

static int64_t again(struct world *w, struct season *s, int64_t instrument, const char *anonymity, const char *audience)
{
	int64_t own = s->instrument, id;

	s->instrument = instrument;
	id = wave_of(w, s, anonymity, 5, audience);
	s->instrument = own;
	return id;
}

/* A form of its own with one question that another has, too. */
static int64_t copied_question(struct world *w, struct season *s)
{
	int64_t id = create(w, &s->c.ada, &instrument_entity,
		ARGS(P("program", path(w, &program_entity, s->c.program)), T("key", "own"), T("title", "Own")));

	create(w, &s->c.ada, &item_entity,
		ARGS(P("instrument", path(w, &instrument_entity, id)), T("name", "other"), T("kind", "single"),
			T("label", "I feel listened to."), T("choices", "1=no\n5=yes")));
	must(perform(w, &s->c.ada, &instrument_entity, id, "Ready", NULL, 0), &w->call.problem);
	return id;
}

/* Everybody is asked, and then all but few: the difference would be theirs. */
static void few_are_told_apart_by_no_two_waves(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;
	struct problem problem;
	int64_t satisfaction, own, later;

	gather_people(w, &s);
	s.instrument = form_of(w, &s, "closeness");
	satisfaction = form_of(w, &s, "satisfaction");
	own = copied_question(w, &s);
	s.wave = wave_of(w, &s, "anonymous", 5, "everybody");
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	for (int i = 0; i < PEOPLE; i++)
		must(answer_as(w, s.wave, s.people[i], false, CLOSENESS(i % 2 ? "4" : "2", "4", i % 2 ? "4" : "3", "4", "2"), &problem),
			&problem);

	/* four mentors are too few, be the first still open or closed; other questions, names, or just the same people are fine */
	again(w, &s, s.instrument, "pseudonymous", "mentees");
	assert_false(could_open(w));
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Close", NULL, 0), &w->call.problem);
	later = again(w, &s, s.instrument, "anonymous", "mentees");
	assert_false(could_open(w));
	assert_int_equal(perform(w, &s.c.ada, &wave_entity, later, "Open", NULL, 0), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "would be the answers of 4;"));
	assert_non_null(strstr(w->call.problem.text, "on 2026-01-30 or later"));
	again(w, &s, own, "anonymous", "mentees");
	assert_false(could_open(w));
	again(w, &s, satisfaction, "anonymous", "mentees");
	assert_true(could_open(w));
	again(w, &s, s.instrument, "named", "mentees");
	assert_true(could_open(w));
	again(w, &s, s.instrument, "anonymous", "everybody");
	assert_true(could_open(w));

	/* what was planned waits for somebody's decision, and opens when the time between is long enough */
	advance(w, &clock, "2026-01-02T02:00:00Z");
	assert_int_equal(number(w, arena_print(&w->arena, "SELECT state = 'planned' FROM wave WHERE id = %lld", (long long)later)), 1);
	assert_true(waits(w, &s.c.ada, "wave to open") > 0);
	must(perform(w, &s.c.ada, &wave_entity, later, "Update", ARGS(N("closes", store_now(w->store) + 90 * 86400))), &w->call.problem);
	force(w, "UPDATE wave SET state = 'closed' WHERE state = 'open'"); /* the last one that was fine; nobody answered it */
	advance(w, &clock, "2026-01-29T03:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave_result WHERE wave <> (SELECT min(id) FROM wave)"), 0);
	advance(w, &clock, "2026-01-30T00:00:00Z");
	must(perform(w, &s.c.ada, &wave_entity, later, "Open", NULL, 0), &w->call.problem);
	stop(&clock);
}

/* Mentors of a wave whose sides are told apart, and then these mentors but one: the mentees beside them hide nobody. */
static void sides_are_as_good_as_waves(void **state)
{
	struct world *w = *state;
	struct season s = { 0 };
	struct clockwork clock;

	gather_people(w, &s);
	participant(w, &s.c, person(w, &s.c.ada, "Fifth", "Mentor"), "mentor", 1);
	participant(w, &s.c, person(w, &s.c.ada, "Sixth", "Mentor"), "mentor", 1);
	s.instrument = form_of(w, &s, "closeness");
	s.wave = wave_of(w, &s, "anonymous", 5, "everybody");
	must(perform(w, &s.c.ada, &wave_entity, s.wave, "Update", ARGS({ "by_side", { .type = V_BOOL, .number = 1 } })), &w->call.problem);
	clock = start(w);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member"), 16);
	again(w, &s, s.instrument, "anonymous", "mentors"); /* the same six */
	assert_true(could_open(w));
	must(perform(w, &s.c.ada, &participant_entity, number(w, "SELECT min(id) FROM participant"), "Withdraw", NULL, 0),
		&w->call.problem);
	again(w, &s, s.instrument, "anonymous", "mentors");
	assert_false(could_open(w));
	stop(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(shipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forms_are_looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(languages, set_up, tear_down), cmocka_unit_test_setup_teardown(a_season, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(entered_answers_hide_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(minors_stay_in_k, set_up, tear_down),
		cmocka_unit_test_setup_teardown(order_is_not_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(few_are_told_apart_by_no_two_waves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sides_are_as_good_as_waves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outlooks, set_up, tear_down), cmocka_unit_test(a_side_is_kept_where_enough_hide_in_it),
		cmocka_unit_test_setup_teardown(nothing_is_taken_behind_the_last_moment, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
