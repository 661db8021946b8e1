/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random seasons: what the preview says beforehand is what then happens.
 *
 * A round is a database with some programs of random policy, each with a pair in a zone of its own. It lives through random
 * spells of days; between two of them people answer, pause, go on, move, close, and coordinators enter closed days and revise
 * policies. Before each spell the schedule is played forward; then the simulated clock goes through it, sometimes after
 * downtime. Both must name the same kinds, objects, nominal times and instants, for every pair.
 *
 * MENTORSHIP_SEASON_ROUNDS and MENTORSHIP_SEASON_SEED say how many rounds and which.
 */
#include "clockwork.h"

#include <inttypes.h>

enum {
	PAIRS = 10,
	SPELLS = 24,
	ROUNDS = 12,
	MOST = 4000,
	LINE_ROOM = 120
};

/* Apia has no change of clocks, Lord Howe one of half an hour, Santiago and Cairo theirs at midnight. */
static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
	"Africa/Cairo", "Pacific/Apia", "America/Scoresbysund" };
static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

/* ---- dice ---- */

static uint64_t dice_state;

static int64_t dice(int64_t sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (int64_t)(dice_state % (uint64_t)sides);
}

static int64_t one_of(int64_t a, int64_t b, int64_t c)
{
	const int64_t all[] = { a, b, c };

	return all[dice(3)];
}

static const char *some_zone(void)
{
	return zones[dice((int64_t)(sizeof zones / sizeof *zones))];
}

/* ---- lines ---- */

struct lines {
	char text[MOST][LINE_ROOM];
	int count;
};

static void line_add(struct lines *lines, const char *kind, int64_t subject, int64_t due, const char *nominal, const char *zone)
{
	assert_true(lines->count < MOST);
	snprintf(lines->text[lines->count++], LINE_ROOM, "%" PRId64 " %s %" PRId64 " %s %s", due, kind, subject, nominal, zone);
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void lines_sort(struct lines *lines)
{
	qsort(lines->text, (size_t)lines->count, LINE_ROOM, line_compare);
}

static int note(void *data, const struct scheduled *one)
{
	line_add(data, one->kind, one->id, one->due, one->nominal, one->zone);
	return 0;
}

static void foresee(struct world *w, struct clockwork *clockwork, int64_t until, struct lines *lines)
{
	struct problem problem = { 0 };
	bool more = true;

	lines->count = 0;
	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(
		     clockwork->scheduler, &(struct preview_bounds){ until, MOST, MOST, INT64_MAX }, note, lines, &more, &problem),
		&problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_false(more);
	lines_sort(lines);
}

/* What was done since the row of job with that version of the clock. */
static void look_back(struct world *w, int64_t from, struct lines *lines)
{
	struct problem problem = { 0 };
	struct stmt *q;

	lines->count = 0;
	must(engine_prepare(store_engine(w->store),
		     "SELECT \"kind\", \"subject\", \"due\", \"nominal\", \"zone\" FROM \"job\" WHERE \"state\" = 'done' AND \"done_at\" > ?1",
		     true, &q, &problem),
		&problem);
	engine_bind_int(q, 1, from);
	while (engine_step(store_engine(w->store), q, &problem) > 0)
		line_add(lines, engine_text(q, 0), engine_int(q, 1), engine_int(q, 2), engine_text(q, 3), engine_text(q, 4));
	engine_reset(q);
	lines_sort(lines);
}

/* ---- a round ---- */

struct season {
	struct world *w;
	struct cast c;
	struct clockwork clockwork;
	int64_t programs[PAIRS], matches[PAIRS], mentees[PAIRS];
	int revisions;
	int64_t seen[4]; /* due, reminders, overdue, escalations */
};

static const char *day_text(int64_t day)
{
	static char text[8][DATE_TEXT];
	static int at;

	return date_print(day, text[at = (at + 1) % 8]);
}

static int64_t this_day(const struct season *s)
{
	return store_now(s->w->store) / DAY;
}

static void closed_days(struct season *s, int64_t program)
{
	int64_t from = this_day(s) + dice(40), length = dice(4) ? dice(4) : dice(20);

	create(s->w, &s->c.ada, &closed_days_entity,
		ARGS(P("program", path(s->w, &program_entity, program)), T("from", day_text(from)), T("to", day_text(from + length)),
			T("name", "Closed")));
}

static void program_make(struct season *s, int i)
{
	struct world *w = s->w;
	int64_t first = this_day(s) - dice(10), last = this_day(s) + 60 + dice(250);
	char key[32];

	snprintf(key, sizeof key, "program-%d", i);
	s->c.program = s->programs[i] = create(w, &s->c.ada, &program_entity,
		ARGS(T("key", key), T("title", key), T("starter", "first-year-university"), T("starts", day_text(first)),
			T("ends", day_text(last))));
	must(perform(w, &s->c.ada, &program_entity, s->c.program, "Update",
		     ARGS(T("zone", some_zone()), N("check_in_weeks", 1 + dice(3)), N("check_in_first_weeks", 1 + dice(2)),
			     N("check_in_hour", dice(3) ? dice(24) : one_of(0, 2, 23)), T("check_in_weekday", weekdays[dice(7)]),
			     N("reminder_days", dice(4)), N("overdue_days", dice(8)), N("escalation_days", dice(12)))),
		&w->call.problem);
	must(perform(w, &s->c.ada, &program_entity, s->c.program, "Open", NULL, 0), &w->call.problem);
	for (int64_t n = dice(4); n > 0; n--)
		closed_days(s, s->c.program);
	s->matches[i] = pair_make(w, &s->c, participant(w, &s->c, s->c.ben_id, "mentor", 1), some_zone(), "Mentee", &s->mentees[i]);
}

/* Refused where the state does not allow it: that is no matter here. */
static void try(
	struct season *s, const struct entity *e, int64_t id, const char *verb, const struct arg *args, size_t count, int64_t person)
{
	int r = perform_with(
		s->w, &s->c.ada, e, id, verb, args, count, (struct options){ .version = NONE, .for_person = person, .reason = "so it is" });

	if (r && r != E_STATE)
		must(r, &s->w->call.problem);
}

static void answer_some(struct season *s)
{
	int64_t open[50], people[50];
	struct problem problem = { 0 };
	struct stmt *q;
	int count = 0;

	must(engine_prepare(store_engine(s->w->store),
		     "SELECT \"id\", \"person\" FROM \"check_in\" WHERE \"state\" <> 'answered' ORDER BY \"id\" DESC LIMIT 50", false, &q,
		     &problem),
		&problem);
	while (engine_step(store_engine(s->w->store), q, &problem) > 0) {
		open[count] = engine_int(q, 0);
		people[count++] = engine_int(q, 1);
	}
	engine_reset(q);
	for (int i = 0; i < count; i++)
		if (!dice(3))
			try(s, &check_in_entity, open[i], "Answer", ARGS(N("rating", 3)), people[i]);
}

static void something_happens(struct season *s, int i)
{
	struct world *w = s->w;
	int64_t program = s->programs[i], match = s->matches[i];

	switch (dice(9)) {
	case 0: try(s, &match_entity, match, "Pause", NULL, 0, NONE); break;
	case 1:
	case 2: try(s, &match_entity, match, "Resume", NULL, 0, NONE); break;
	case 3: closed_days(s, program); break;
	case 4: try(s, &person_entity, s->mentees[i], "Update", ARGS(T("zone", some_zone())), NONE); break;
	case 5:
		try(s, &program_entity, program, "Start", NULL, 0, NONE);
		try(s, &program_entity, program, "Revise",
			ARGS(T("check_in_weekday", weekdays[dice(7)]), N("check_in_hour", dice(24)),
				N("check_in_weeks", dice(9) ? 1 + dice(3) : 0), N("reminder_days", dice(5)),
				N("escalation_days", dice(12))),
			NONE);
		break;
	case 6:
		if (!dice(8))
			try(s, &match_entity, match, "End", ARGS(T("close_reason", "other")), NONE);
		break;
	case 7: try(s, &match_entity, match, "Extend", ARGS(T("until", day_text(this_day(s) + dice(100)))), NONE); break;
	default: break;
	}
	arena_free(&w->arena);
}

static void count_kinds(struct season *s, const struct lines *lines)
{
	static const char *const kinds[] = { " check-in due ", " check-in reminder ", " check-in overdue ", " check-in escalation " };

	for (int i = 0; i < lines->count; i++)
		for (int k = 0; k < 4; k++)
			s->seen[k] += strstr(lines->text[i], kinds[k]) != NULL;
}

static void same(const struct lines *before, const struct lines *after, int64_t from, int64_t until)
{
	int i = 0;

	while (i < before->count && i < after->count && !strcmp(before->text[i], after->text[i]))
		i++;
	if (i == before->count && i == after->count)
		return;
	print_error("from %" PRId64 " to %" PRId64 "\nforeseen %d: %s\nhappened %d: %s\n", from, until, before->count,
		i < before->count ? before->text[i] : "nothing", after->count, i < after->count ? after->text[i] : "nothing");
	fail();
}

static void spell(struct season *s)
{
	static struct lines before, after;
	struct problem problem = { 0 };
	int64_t from, until, jobs = 0;
	int r;

	answer_some(s);
	for (int i = 0; i < PAIRS; i++)
		if (!dice(3))
			something_happens(s, i);
	if (!dice(6)) { /* downtime: hours or days */
		must(store_turn_begin(s->w->store, &problem), &problem);
		must(store_advance(s->w->store, store_now(s->w->store) + (dice(2) ? dice(20 * DAY) : dice(DAY)), &problem), &problem);
		must(store_turn_commit(s->w->store, &problem), &problem);
	}
	from = store_now(s->w->store);
	until = from + 1 + (dice(4) ? dice(9 * DAY) : dice(30 * DAY));
	foresee(s->w, &s->clockwork, until, &before);
	must(store_turn_begin(s->w->store, &problem), &problem); /* what is done from now on is later than all before */
	must(store_advance(s->w->store, from + 1, &problem), &problem);
	must(store_turn_commit(s->w->store, &problem), &problem);
	while ((r = scheduler_advance(s->clockwork.scheduler, until, &jobs, &problem)) > 0)
		;
	must(r, &problem);
	look_back(s->w, from, &after);
	same(&before, &after, from, until);
	count_kinds(s, &after);
}

static int setting_from(const char *name, int usual)
{
	const char *text = getenv(name);

	return text ? atoi(text) : usual;
}

static void one_round(struct season *s)
{
	struct world *w = s->w;
	struct problem problem = { 0 };
	char start_at[32];

	w->settings->people.minors = 0;
	w->settings->retention.job_days = w->settings->retention.message_days = 20000;
	must(engine_run(store_engine(w->store), "PRAGMA synchronous = OFF", &problem), &problem);
	snprintf(start_at, sizeof start_at, "%sT%02d:00:00Z", day_text(20454 + dice(330)), (int)dice(24));
	sleep_until(w, start_at);
	s->c = cast(w);
	for (int i = 0; i < PAIRS; i++)
		program_make(s, i);
	s->clockwork = start(w);
	for (int i = 0; i < SPELLS; i++)
		spell(s);
	assert_int_equal(number(w, "SELECT count(*) FROM \"job\" WHERE \"state\" IN ('failed', 'running')"), 0);
	stop(&s->clockwork);
}

static void what_is_foreseen_happens(void **state)
{
	int rounds = setting_from("MENTORSHIP_SEASON_ROUNDS", ROUNDS), seed = setting_from("MENTORSHIP_SEASON_SEED", 1);
	int64_t seen[4] = { 0 };

	(void)state;
	for (int i = 0; i < rounds; i++) {
		struct season season = { 0 };
		void *world;

		dice_state = (uint64_t)(seed + i) * 2654435761u + 88172645463325252u;
		set_up(&world);
		season.w = world;
		one_round(&season);
		for (int k = 0; k < 4; k++)
			seen[k] += season.seen[k];
		tear_down(&world);
	}
	print_message("%d spells of pairs: %" PRId64 " check-ins, %" PRId64 " reminders, %" PRId64 " overdue, %" PRId64 " escalations\n",
		rounds * PAIRS * SPELLS, seen[0], seen[1], seen[2], seen[3]);
	for (int k = 0; k < 4; k++)
		assert_true(seen[k] > 50 * rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_foreseen_happens) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
