/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Meetings of a pair on a simulated clock: when the first is proposed, who hears of an answer, what is asked afterwards, meetings that repeat
 * over a change of clocks, notes that one person alone reads, and the end of a match.
 */
#include "clockwork.h"

#include <mentorship-plugin.h>

#include "model/page.h"

#define MESSAGES(kind) "SELECT count(*) FROM \"message\" WHERE \"template_name\" = '" kind "'"
#define UTC(text) instant_of(text)

static int64_t ben_mentors(struct world *w, struct cast *c)
{
	running(w, c);
	return participant(w, c, c->ben_id, "mentor", 5);
}

static void available(struct world *w, struct cast *c, const char *given_name, const char *weekday, int64_t from, int64_t to)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT max(pa.id) FROM participant pa JOIN person pe ON pe.id = pa.person WHERE pe.given_name = '%s'",
		given_name);
	create(w, &c->ada, &availability_entity,
		ARGS(P("participant", path(w, &participant_entity, number(w, sql))), T("weekday", weekday), N("start", from),
			N("end", to)));
}

static void closed(struct world *w, struct cast *c, const char *from, const char *to, const char *what)
{
	create(w, &c->ada, &closed_days_entity,
		ARGS(P("program", path(w, &program_entity, c->program)), T("from", from), T("to", to), T("name", "Closed"),
			T("pauses", what)));
}

/* Accepted, not yet started: what the two can do is entered before the first meeting is proposed. */
static int64_t almost_pair(struct world *w, struct cast *c, int64_t mentor, const char *name, const char *zone)
{
	int64_t person_id = create(w, &c->ada, &person_entity, ARGS(T("given_name", name), T("family_name", "Mentee"), T("zone", zone)));
	int64_t mentee = participant(w, c, person_id, "mentee", 1), match;

	match = create(w, &c->ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c->program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c->ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	must(perform_with(
		     w, &c->ada, &match_entity, match, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = c->ben_id }),
		&w->call.problem);
	must(perform_with(
		     w, &c->ada, &match_entity, match, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = person_id }),
		&w->call.problem);
	return match;
}

static int64_t first_of(struct world *w, struct cast *c, int64_t match)
{
	must(perform(w, &c->ada, &match_entity, match, "Start", NULL, 0), &w->call.problem);
	return number(w, "SELECT start FROM meeting WHERE first ORDER BY id DESC LIMIT 1");
}

static void the_first_is_on_a_day_on_which_people_meet(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t mentor = ben_mentors(w, &c);

	/* Thursday the 1st: three days on is a Sunday */
	assert_int_equal(first_of(w, &c, almost_pair(w, &c, mentor, "One", "UTC")), UTC("2026-01-05T16:00:00Z"));
	closed(w, &c, "2026-01-05", "2026-01-05", "check-ins"); /* no check-ins, but meetings */
	assert_int_equal(first_of(w, &c, almost_pair(w, &c, mentor, "Two", "UTC")), UTC("2026-01-05T16:00:00Z"));
	closed(w, &c, "2026-01-05", "2026-01-09", "meetings"); /* to Friday; then the weekend */
	assert_int_equal(first_of(w, &c, almost_pair(w, &c, mentor, "Three", "UTC")), UTC("2026-01-12T16:00:00Z"));
	closed(w, &c, "2026-01-12", "2026-01-12", "everything");
	assert_int_equal(first_of(w, &c, almost_pair(w, &c, mentor, "Four", "UTC")), UTC("2026-01-13T16:00:00Z"));
}

static void the_first_is_when_both_have_time(void **state)
{
	struct world *w = *state;
	struct cast c;
	int64_t mentor = ben_mentors(w, &c), match;

	/* one of them alone has said something: by the other's clock it is a working day, too */
	available(w, &c, "Ben", "wednesday", 4 * 60, 10 * 60 + 30);
	assert_int_equal(first_of(w, &c, almost_pair(w, &c, mentor, "One", "UTC")), UTC("2026-01-07T08:00:00Z"));
	/* in India the mentee's 15:20 to 16:20 of a Wednesday is 9:50 to 10:50 in UTC */
	match = almost_pair(w, &c, mentor, "Two", "Asia/Kolkata");
	available(w, &c, "Two", "wednesday", 15 * 60 + 20, 16 * 60 + 20);
	assert_int_equal(first_of(w, &c, match), UTC("2026-01-07T10:00:00Z"));
	/* in Auckland it is Thursday already: 20:30 on Wednesday is 9:30 there; only the mentor's week has that day */
	match = almost_pair(w, &c, mentor, "Three", "Pacific/Auckland");
	available(w, &c, "Ben", "tuesday", 20 * 60, 21 * 60);
	available(w, &c, "Three", "wednesday", 9 * 60 + 30, 12 * 60);
	assert_int_equal(first_of(w, &c, match), UTC("2026-01-06T20:30:00Z"));
	/* no common time: four in the afternoon of the next working day */
	match = almost_pair(w, &c, mentor, "Four", "UTC");
	available(w, &c, "Four", "friday", 60, 120);
	assert_int_equal(first_of(w, &c, match), UTC("2026-01-05T16:00:00Z"));
	/* a closed Wednesday is none of the common times */
	closed(w, &c, "2026-01-07", "2026-01-07", "meetings");
	match = almost_pair(w, &c, mentor, "Five", "UTC");
	available(w, &c, "Five", "wednesday", 9 * 60, 12 * 60);
	assert_int_equal(first_of(w, &c, match), UTC("2026-01-14T09:00:00Z"));
}

/* ---- answers ---- */

static struct options for_whom(int64_t who)
{
	return (struct options){ .version = NONE, .for_person = who };
}

static void an_answer_is_heard(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t mentee, match, meeting, mentor = ben_mentors(w, &c);

	match = pair_make(w, &c, mentor, "UTC", "Mina", &mentee);
	clock = start(w);
	meeting = create(
		w, &c.ada, &meeting_entity, ARGS(P("match", path(w, &match_entity, match)), N("start", UTC("2026-01-20T15:00:00Z"))));
	assert_int_equal(number(w, MESSAGES("meeting-invited")), 2);
	assert_int_equal(waits(w, &c.ben, "meeting to answer"), 2); /* the first, which was proposed, too */
	must(perform(w, &c.ben, &meeting_entity, meeting, "Accept", NULL, 0), &w->call.problem);
	assert_int_equal(waits(w, &c.ben, "meeting to answer"), 1);
	assert_int_equal(number(w, MESSAGES("meeting-answered")), 0);
	assert_int_equal(waits(w, &c.ada, "meeting without somebody who comes"), 0);
	advance(w, &clock, "2026-01-01T01:00:00Z");
	must(perform_with(w, &c.ada, &meeting_entity, meeting, "Decline", NULL, 0, for_whom(mentee)), &w->call.problem);
	/* the other side, and Ada, who planned it; not who said so */
	assert_int_equal(number(w, MESSAGES("meeting-answered")), 2);
	assert_int_equal(number(w, MESSAGES("meeting-answered") " AND person = (SELECT id FROM person WHERE given_name = 'Mina')"), 0);
	assert_int_equal(waits(w, &c.ada, "meeting without somebody who comes"), 1);
	advance(w, &clock, "2026-01-01T02:00:00Z");
	must(perform_with(w, &c.ada, &meeting_entity, meeting, "Accept", NULL, 0, for_whom(mentee)), &w->call.problem);
	assert_int_equal(number(w, MESSAGES("meeting-answered")), 4);
	/* moved: all answers are asked anew */
	must(perform(w, &c.ben, &meeting_entity, meeting, "Move", ARGS(N("start", UTC("2026-01-21T15:00:00Z")))), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE sequence = 1 AND mentor_comes IS NULL AND mentee_comes IS NULL"), 1);
	assert_int_equal(waits(w, &c.ben, "meeting to answer"), 2);
	advance(w, &clock, "2026-01-01T03:00:00Z");
	/* a coordinator who is one no more hears nothing; who moved it has not planned it */
	force(w, "UPDATE duty SET state = 'ended'");
	must(perform(w, &c.ben, &meeting_entity, meeting, "Decline", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, MESSAGES("meeting-answered")), 5);
	stop(&clock);
}

static void afterwards_it_is_asked_for(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t match, first, mentor = ben_mentors(w, &c);

	match = pair(w, &c, mentor, "UTC", "Mina");
	clock = start(w);
	first = number(w, "SELECT id FROM meeting");
	assert_int_equal(waits(w, &c.ada, "pair without a meeting"), 0); /* one is proposed */
	assert_int_equal(perform(w, &c.ben, &meeting_entity, first, "Hold", NULL, 0), E_STATE);
	advance(w, &clock, "2026-01-05T12:00:00Z");
	assert_int_equal(number(w, MESSAGES("meeting-reminder")), 2); /* the day before */
	advance(w, &clock, "2026-01-05T17:29:59Z");
	assert_int_equal(number(w, MESSAGES("meeting-passed")), 0);
	assert_int_equal(waits(w, &c.ben, "meeting to log"), 1);
	advance(w, &clock, "2026-01-05T17:30:00Z");
	assert_int_equal(number(w, MESSAGES("meeting-passed")), 2);
	advance(w, &clock, "2026-01-11T17:30:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE state = 'planned'"), 1); /* nobody said anything, so nobody knows */
	assert_int_equal(waits(w, &c.ada, "meeting not logged"), 0);
	assert_int_equal(waits(w, &c.ada, "pair without a meeting"), 0); /* nobody knows yet that it did not take place */
	advance(w, &clock, "2026-01-12T17:30:00Z");
	assert_int_equal(waits(w, &c.ada, "meeting not logged"), 1);
	assert_int_equal(waits(w, &c.ada, "pair without a meeting"), 0); /* one line for one thing */
	must(perform(w, &c.ben, &meeting_entity, first, "Miss", ARGS(T("mentor_came", "yes"), T("mentee_came", "no"))), &w->call.problem);
	assert_int_equal(perform(w, &c.ben, &meeting_entity, first, "Miss", ARGS(T("mentee_came", "yes"))), E_STATE);
	assert_int_equal(
		number(w, "SELECT count(*) FROM meeting WHERE state = 'missed' AND mentor_came = 'yes' AND mentee_came = 'no'"), 1);
	assert_int_equal(waits(w, &c.ada, "pair without a meeting"), 1);
	must(perform(w, &c.ben, &meeting_entity, first, "Hold", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE state = 'held' AND mentor_came = 'yes' AND mentee_came = 'yes'"), 1);
	assert_int_equal(
		perform(w, &c.ben, &meeting_entity, first, "Miss", ARGS(T("mentor_came", "yes"), T("mentee_came", "yes"))), E_INVALID);
	assert_int_equal(waits(w, &c.ada, "pair without a meeting"), 0);
	assert_int_equal(waits(w, &c.ben, "meeting to log"), 0);
	(void)match;
	stop(&clock);
}

/* ---- notes of one's own ---- */

static void a_private_note_is_its_authors_alone(void **state)
{
	struct world *w = *state;
	struct cast c;
	struct caller mina;
	int64_t mentee, meeting, note, mentor = ben_mentors(w, &c);

	pair_make(w, &c, mentor, "UTC", "Mina", &mentee);
	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, mentee)), T("user_name", "mina")));
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.cleo_id)), T("duty", "safeguarding lead")));
	mina = caller_of(w, 1007, "mina");
	meeting = number(w, "SELECT id FROM meeting");
	assert_int_equal(perform(w, &c.ada, &meeting_entity, meeting, "Remember", ARGS(T("text", "mine"))), E_DENIED);
	must(perform(w, &c.ben, &meeting_entity, meeting, "Remember", ARGS(T("text", "bring the atlas"))), &w->call.problem);
	must(perform(w, &c.ben, &meeting_entity, meeting, "Remember", ARGS(T("text", "bring the big atlas"))), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting_note"), 1);
	note = number(w, "SELECT id FROM meeting_note");
	must(perform(w, &c.ben, &meeting_note_entity, note, "Disclose", NULL, 0), &w->call.problem);
	assert_string_equal(w->call.results[0].value.text, "bring the big atlas");
	/* to the other side, coordinators, the safeguarding lead, an administrator there is no such thing */
	assert_int_equal(perform(w, &mina, &meeting_note_entity, note, "Disclose", NULL, 0), E_NOTFOUND);
	assert_int_equal(perform(w, &c.ada, &meeting_note_entity, note, "Disclose", NULL, 0), E_NOTFOUND);
	c.cleo = caller_of(w, 1003, "cleo");
	assert_int_equal(perform(w, &c.cleo, &meeting_note_entity, note, "Disclose", NULL, 0), E_NOTFOUND);
	assert_int_equal(perform(w, &c.root, &meeting_note_entity, note, "Disclose", NULL, 0), E_NOTFOUND);
	assert_int_equal(perform_with(w, &c.ada, &meeting_note_entity, note, "Disclose", NULL, 0, for_whom(c.ben_id)), E_NOTFOUND);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting_note WHERE instr(text, 'atlas')"), 0); /* sealed at rest */
	assert_int_equal(number(w, "SELECT count(*) FROM audit_record WHERE instr(coalesce(detail, ''), 'atlas')"), 0);
	must(perform(w, &c.ben, &meeting_note_entity, note, "Remove", NULL, 0), &w->call.problem);
}

/* ---- series ---- */

static int64_t local_hours(struct world *w, const char *zone)
{
	struct zones *zones = zones_new(NULL);
	const struct zone *z;
	struct problem problem = { 0 };
	int64_t differ = 0, ids = number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL");

	assert_true(zones_get(zones, zone, &z, &problem) >= 0);
	for (int64_t i = 0; i < ids; i++) {
		char sql[120];

		snprintf(sql, sizeof sql, "SELECT start FROM meeting WHERE series IS NOT NULL ORDER BY start LIMIT 1 OFFSET %lld",
			(long long)i);
		differ += local_time(zone_local(z, number(w, sql))) != 15 * 3600;
	}
	zones_free(zones);
	return differ;
}

static void a_series_keeps_its_local_time(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t match, series, one, mentor = ben_mentors(w, &c);
	const char *of;

	match = pair(w, &c, mentor, "UTC", "Mina");
	clock = start(w);
	of = path(w, &match_entity, match);
	assert_int_equal(perform(w, &c.ben, &meeting_series_entity, 0, "Create",
				 ARGS(P("match", of), T("rule", "FREQ=WEEKLY;BYHOUR=8"), N("start", UTC("2026-03-12T14:00:00Z")))),
		E_INVALID);
	assert_string_equal(w->call.problem.field, "rule");
	assert_int_equal(perform(w, &c.ben, &meeting_series_entity, 0, "Create",
				 ARGS(P("match", of), T("rule", "sometimes"), N("start", UTC("2026-03-12T14:00:00Z")))),
		E_INVALID);
	assert_int_equal(
		perform(w, &c.ben, &meeting_series_entity, 0, "Create",
			ARGS(P("match", of), T("rule", "weekly"), N("start", UTC("2026-03-12T14:00:00Z")), T("until", "2026-03-11"))),
		E_INVALID);
	/* Thursdays at three in Berlin; the clocks there change on 29 March */
	closed(w, &c, "2026-03-26", "2026-03-26", "meetings");
	closed(w, &c, "2026-03-19", "2026-03-19", "check-ins");
	series = create(w, &c.ben, &meeting_series_entity,
		ARGS(P("match", of), T("title", "Thursdays"), T("rule", "weekly"), T("zone", "Europe/Berlin"),
			N("start", UTC("2026-03-12T14:00:00Z")), T("until", "2026-04-30")));
	advance(w, &clock, "2026-01-02T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 1); /* the first, however far away */
	assert_int_equal(number(w, MESSAGES("meeting-invited")), 2);
	advance(w, &clock, "2026-03-05T14:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 2); /* two weeks ahead */
	advance(w, &clock, "2026-04-28T00:00:00Z");
	/* 12, 19 March, not 26, 2, 9, 16, 23, 30 April */
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 7);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE start = 1774533600"), 0); /* 26 March */
	assert_int_equal(local_hours(w, "Europe/Berlin"), 0);
	assert_int_equal(number(w, "SELECT max(start) FROM meeting"), UTC("2026-04-30T13:00:00Z"));
	assert_int_equal(number(w, "SELECT count(DISTINCT id) FROM meeting WHERE series IS NOT NULL"), 7); /* each its own */
	/* one is called off: the others stay */
	one = number(w, "SELECT max(id) FROM meeting");
	must(perform(w, &c.ben, &meeting_entity, one, "Cancel", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting_series WHERE state = 'running'"), 1);
	(void)series;
	stop(&clock);
}

static void all_that_is_to_come_moves(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t match, series, mentor = ben_mentors(w, &c);

	match = pair(w, &c, mentor, "UTC", "Mina");
	clock = start(w);
	series = create(w, &c.ben, &meeting_series_entity,
		ARGS(P("match", path(w, &match_entity, match)), T("rule", "FREQ=WEEKLY;BYDAY=TU,TH"), T("zone", "UTC"),
			N("start", UTC("2026-01-13T10:00:00Z"))));
	advance(w, &clock, "2026-01-02T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 2); /* the 13th, the 15th */
	advance(w, &clock, "2026-01-13T12:00:00Z");
	/* 13 15 20 22 27: the first is over. Now every second Wednesday at noon */
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 5);
	must(perform(w, &c.ben, &meeting_series_entity, series, "Move",
		     ARGS(T("rule", "biweekly"), N("start", UTC("2026-01-14T12:00:00Z")), T("place", "Library"), T("until", "2026-02-15"))),
		&w->call.problem);
	advance(w, &clock, "2026-01-13T12:01:00Z");
	assert_int_equal(
		number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL AND state = 'planned' AND start = 1768298400"), 1);
	/* the 14th and 28th of January, the 11th of February; the fourth is off */
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE place = 'Library' AND sequence = 1 AND state = 'planned'"), 3);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE start IN (1768392000, 1769601600, 1770811200)"), 3);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE state = 'cancelled'"), 1);
	assert_int_equal(number(w, MESSAGES("meeting-changed")), 6);
	/* no more of it */
	must(perform(w, &c.ada, &meeting_series_entity, series, "End", NULL, 0), &w->call.problem);
	assert_int_equal(
		number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL AND state = 'planned' AND start > 1768305600"), 0);
	advance(w, &clock, "2026-03-13T12:01:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 5);
	stop(&clock);
}

static void a_match_that_ends_calls_them_off(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t match, mentor = ben_mentors(w, &c);

	match = pair(w, &c, mentor, "UTC", "Mina");
	clock = start(w);
	create(w, &c.ben, &meeting_series_entity, ARGS(P("match", path(w, &match_entity, match)), N("start", UTC("2026-01-13T10:00:00Z"))));
	advance(w, &clock, "2026-01-02T00:00:00Z");
	must(perform_with(w, &c.ada, &match_entity, match, "Pause", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "ill" }),
		&w->call.problem);
	advance(w, &clock, "2026-01-10T00:00:00Z"); /* while a pair pauses no more are planned */
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 1);
	must(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), &w->call.problem);
	advance(w, &clock, "2026-01-11T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 2);
	must(perform_with(w, &c.ada, &match_entity, match, "Rematch", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "moved away" }),
		&w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE state = 'planned' AND start > 1768089600"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM meeting_series WHERE state = 'ended'"), 1);
	assert_int_equal(number(w, MESSAGES("meeting-cancelled")), 4); /* two meetings, both sides */
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE state = 'cancelled' AND sequence <> 1"), 0);
	advance(w, &clock, "2026-06-01T00:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM meeting WHERE series IS NOT NULL"), 2);
	stop(&clock);
}

/* ---- the page ---- */

struct looking {
	struct invitation invitation;
	struct page page;
	struct page_field fields[4];
	int count;
	struct deed deeds[DEEDS_MOST];
	int deed_count;
	void (*judge)(const struct looking *);
};

static const struct page_part *part_of(const struct page *page, const char *value_or_name)
{
	for (int i = 0; i < page->count; i++)
		if ((page->parts[i].value && !strcmp(page->parts[i].value, value_or_name)) ||
			(page->parts[i].name && !strcmp(page->parts[i].name, value_or_name)))
			return &page->parts[i];
	return NULL;
}

/* What it gives is gone after the turn, so it is judged inside. */
static int look(struct call *call, void *data)
{
	struct looking *l = data;
	int r;

	l->page = (struct page){ .arena = call->arena };
	r = l->count ? page_deed(call, &l->invitation, &(struct page_answer){ l->fields, l->count }, l->deeds, &l->deed_count)
		     : page_make(call, &l->invitation, NULL, &l->page);
	if (!r)
		l->judge(l);
	return r;
}

static int as_link(struct world *w, struct looking *l, void (*judge)(const struct looking *))
{
	struct problem problem = { 0 };

	l->judge = judge;
	return do_in_turn(w, &by_link, look, l, &problem);
}

static void before(const struct looking *l)
{
	bool told = false;

	assert_non_null(part_of(&l->page, "accept"));
	assert_null(part_of(&l->page, "held"));
	for (int i = 0; i < l->page.count; i++)
		told |= l->page.parts[i].text && !strcmp(l->page.parts[i].text, "Ben Mentor has said that they cannot come.");
	assert_true(told);
}

static void after(const struct looking *l)
{
	assert_null(part_of(&l->page, "accept"));
	assert_non_null(part_of(&l->page, "held"));
	assert_non_null(strstr(part_of(&l->page, "own_note")->hint, "You alone"));
}

static void waited_in_vain(const struct looking *l)
{
	assert_int_equal(l->deed_count, 3);
	assert_string_equal(l->deeds[0].verb, "Miss");
	assert_string_equal(l->deeds[0].args[0].name, "mentee_came");
	assert_string_equal(l->deeds[0].args[0].value.text, "yes");
	assert_string_equal(l->deeds[0].args[1].name, "mentor_came");
	assert_string_equal(l->deeds[0].args[1].value.text, "no");
	assert_string_equal(l->deeds[1].verb, "Note");
	assert_string_equal(l->deeds[2].verb, "Remember");
}

static void the_page_asks_before_and_after(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	struct looking l = { .invitation = { .purpose = (char *)(uintptr_t) "meeting" } };
	int64_t mentee, meeting, mentor = ben_mentors(w, &c);

	pair_make(w, &c, mentor, "UTC", "Mina", &mentee);
	clock = start(w);
	meeting = number(w, "SELECT id FROM meeting");
	l.invitation.person = mentee;
	l.invitation.subject = meeting;
	l.invitation.program = c.program;
	must(perform(w, &c.ben, &meeting_entity, meeting, "Decline", NULL, 0), &w->call.problem);
	assert_int_equal(as_link(w, &l, before), 0);
	advance(w, &clock, "2026-01-05T16:30:00Z");
	assert_int_equal(as_link(w, &l, after), 0);
	l.fields[0] = (struct page_field){ "do", "waited" };
	l.fields[1] = (struct page_field){ "notes", "nobody came" };
	l.fields[2] = (struct page_field){ "own_note", "call him" };
	l.count = 3;
	assert_int_equal(as_link(w, &l, waited_in_vain), 0);
	must(perform(w, &c.ada, &meeting_entity, meeting, "Miss", NULL, 0), &w->call.problem);
	l.count = 0;
	assert_int_equal(as_link(w, &l, after), E_NOTFOUND);
	stop(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(the_first_is_on_a_day_on_which_people_meet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_is_when_both_have_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_is_heard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(afterwards_it_is_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_private_note_is_its_authors_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_series_keeps_its_local_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_that_is_to_come_moves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_match_that_ends_calls_them_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_page_asks_before_and_after, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
