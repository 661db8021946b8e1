/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The close of a wave that many have answered goes in slices. It is killed behind each of them and begins again; nothing is lost or counted
 * twice, and the database as it was left says at no moment which sealed row became which.
 */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "clockwork.h"

#include "model/survey.h"
#include "store/internal.h"

enum {
	PEOPLE = 230,
	ITEMS = 6
};
struct scene {
	struct cast c;
	struct clockwork clock;
	int64_t people[PEOPLE], ids[PEOPLE], wave, form; /* ids: of the sealed rows, in the order of the answers */
};

static void make_form(struct world *w, struct scene *s)
{
	const char *at;

	s->form = create(w, &s->c.ada, &instrument_entity,
		ARGS(P("program", path(w, &program_entity, s->c.program)), T("key", "words"), T("title", "Words")));
	at = path(w, &instrument_entity, s->form);
	for (int i = 0; i < ITEMS; i++)
		create(w, &s->c.ada, &item_entity,
			ARGS(P("instrument", at), T("name", arena_print(&w->arena, "s%d", i)), T("kind", "likert"), T("label", "How?"),
				T("choices", "1=Never\n2=Seldom\n3=At times\n4=Often\n5=Always")));
	create(w, &s->c.ada, &item_entity, ARGS(P("instrument", at), T("name", "nth"), T("kind", "number"), T("label", "Which?")));
	must(perform(w, &s->c.ada, &instrument_entity, s->form, "Ready", NULL, 0), &w->call.problem);
}

static int64_t plan_wave(struct world *w, struct scene *s, const char *anonymity)
{
	return create(w, &s->c.ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, s->form)), T("title", "Autumn"), T("anonymity", anonymity), N("k", 5),
			N("opens", store_now(w->store) + 3600), N("closes", store_now(w->store) + 20 * 86400)));
}

static struct scene *open_wave(struct world *w, const char *anonymity)
{
	struct scene *s = calloc(1, sizeof *s);

	s->c = cast(w);
	for (int i = 0; i < PEOPLE; i++) {
		s->people[i] = person(w, &s->c.ada, "P", "Test");
		participant(w, &s->c, s->people[i], "mentee", 1);
	}
	make_form(w, s);
	s->wave = plan_wave(w, s, anonymity);
	s->clock = start(w);
	advance(w, &s->clock, "2026-01-01T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member"), PEOPLE);
	return s;
}

struct answering {
	int64_t wave, person;
	int nth;
};

static int do_answer(struct call *call, void *data)
{
	struct answering *a = data;
	struct form_errors errors;
	struct arg args[ITEMS + 1];

	for (int i = 0; i < ITEMS; i++)
		args[i] = (struct arg){ arena_print(call->arena, "s%d", i),
			{ .type = V_TEXT, .text = arena_print(call->arena, "%d", 1 + (a->nth * 7 + i * a->nth % 11) % 5) } };
	args[ITEMS] = (struct arg){ "nth", { .type = V_TEXT, .text = arena_print(call->arena, "%d", a->nth) } };
	return wave_answer(call, a->wave, a->person, args, ITEMS + 1, false, &errors);
}

static void answer_from(struct world *w, struct scene *s, int first, int end)
{
	int64_t *ids = s->ids;

	for (int i = first; i < end; i++) {
		struct answering a = { s->wave, s->people[i], i };
		struct problem problem = { 0 };

		must(do_in_turn(w, &by_link, do_answer, &a, &problem), &problem);
		/* rows have random numbers: the new one is that which makes the sum grow */
		ids[i] = number(w, "SELECT sum(id % 1000000007) FROM response");
	}
	for (int i = end - 1; i > first; i--)
		ids[i] -= ids[i - 1];
}

static int64_t how_far(struct world *w)
{
	return number(w,
		"SELECT (SELECT sum(shut IS NULL) + 1000 * sum(shut IS NOT NULL) FROM response) + "
		"(SELECT 1000000 * count(*) FROM wave_result) + (SELECT 1000000000 * count(*) FROM job WHERE state = 'done')");
}

/* In the other process: one slice, and the end. With `midst` before its commit. */
static void one_slice_and_die(struct world *w, bool midst)
{
	struct clockwork clock;
	struct problem problem = { 0 };
	int64_t jobs = 0, until = instant_of("2026-01-21T02:00:00Z");

	open_store(w);
	clock = start(w);
	if (midst) {
		must(store_turn_begin(w->store, &problem), &problem);
		must(engine_run(store_engine(w->store), "DELETE FROM response", &problem), &problem);
		kill(getpid(), SIGKILL);
	}
	for (int64_t before = how_far(w); how_far(w) == before;) /* a turn at start looks at zones alone, and counting is kept in memory */
		scheduler_advance(clock.scheduler, until, &jobs, &problem);
	kill(getpid(), SIGKILL);
}

/* Are these of all the people that answered, as far as order goes? Five deviations of the sum of ranks of `count` of them. */
static void is_any_of_them(int64_t ranks, int64_t count, const char *what)
{
	double mean = (double)count * (PEOPLE - 1) / 2, variance = (double)count * (double)(PEOPLE - count) * (PEOPLE + 1) / 12;
	double far = (double)ranks - mean;

	if (far * far > 25 * variance)
		fail_msg("%lld answers stand open, and by %s they are a certain part of all", (long long)count, what);
}

static void look_at_what_is_left(struct world *w, const struct scene *s)
{
	int64_t opened = number(w, "SELECT count(*) FROM response WHERE shut IS NULL");
	int64_t sealed = number(w, "SELECT count(*) FROM response WHERE shut IS NOT NULL");
	int64_t ranks = 0, by_id = 0;

	assert_true(opened == PEOPLE || sealed == PEOPLE); /* nothing sealed goes before all stand open */
	assert_int_equal(number(w, "SELECT count(*) - count(DISTINCT answers) FROM response WHERE shut IS NULL"), 0);
	if (!opened || opened == PEOPLE)
		return;
	for (int i = 0; i < PEOPLE; i++) {
		int64_t there = number(w, arena_print(&w->arena, "SELECT count(*) FROM response WHERE answers LIKE '%%nth=%d'", i)),
			below = 0;

		for (int j = 0; j < PEOPLE; j++)
			below += s->ids[j] < s->ids[i];
		ranks += there * i;
		by_id += there * below;
	}
	is_any_of_them(ranks, opened, "when they came");
	is_any_of_them(by_id, opened, "the numbers that they had");
}

/* Each count is what was answered. */
static void results_are_right(struct world *w)
{
	for (int i = 0; i < ITEMS; i++)
		for (int choice = 1; choice <= 5; choice++) {
			int64_t wanted = 0;

			for (int nth = 0; nth < PEOPLE; nth++)
				wanted += 1 + (nth * 7 + i * nth % 11) % 5 == choice;
			assert_int_equal(
				number(w,
					arena_print(&w->arena,
						"SELECT \"count\" FROM wave_result WHERE item = 's%d' AND choice = '%d' AND side = 'all'",
						i, choice)),
				wanted);
		}
	assert_int_equal(number(w, "SELECT \"count\" FROM wave_result WHERE item = 'nth'"), PEOPLE);
	assert_int_equal(number(w, "SELECT count(*) FROM wave_result"), 5 * ITEMS + 1);
}

static void killed_behind_each_slice(void **state)
{
	struct world *w = *state;
	struct scene *s = open_wave(w, "anonymous");
	int kills = 0, partly = 0, cleared = 0;

	answer_from(w, s, 0, PEOPLE);
	for (int i = 0; i < PEOPLE; i++) /* their numbers: so far what the sum grew by */
		s->ids[i] = number(
			w, arena_print(&w->arena, "SELECT max(id) FROM response WHERE id %% 1000000007 = %lld", (long long)s->ids[i]));
	advance(w, &s->clock, "2026-01-20T12:00:00Z"); /* reminders */
	stop(&s->clock);
	sleep_until(w, "2026-01-21T02:00:00Z");
	while (number(w, "SELECT state <> 'closed' FROM wave")) {
		pid_t child;
		int status;

		store_close(w->store);
		child = fork();
		if (!child)
			one_slice_and_die(w, kills % 5 == 4);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		open_store(w);
		look_at_what_is_left(w, s);
		partly += number(w, "SELECT count(*) BETWEEN 1 AND 229 FROM response WHERE shut IS NULL") != 0;
		cleared += number(w, "SELECT count(*) BETWEEN 1 AND 229 FROM response WHERE shut IS NOT NULL") != 0;
		assert_true(++kills < 60);
	}
	assert_true(partly >= 3 && cleared >= 3);
	assert_int_equal(number(w, "SELECT count(*) FROM response WHERE shut IS NULL AND state = 'submitted'"), PEOPLE);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), PEOPLE);
	results_are_right(w);
	free(s);
}

static int note(void *data, const struct scheduled *row)
{
	(void)row;
	++*(int *)data;
	return 0;
}

/* What a preview has tried, or a turn that was lost, is not what is counted. */
static void what_was_undone_is_not_remembered(void **state)
{
	struct world *w = *state;
	struct scene *s = open_wave(w, "anonymous");
	struct preview_bounds bounds = { instant_of("2026-02-20T00:00:00Z"), 500, 5000, INT64_MAX };
	struct problem problem = { 0 };
	bool more;
	int seen = 0;

	answer_from(w, s, 0, 100);
	must(store_turn_begin(w->store, &problem), &problem);
	must(scheduler_preview(s->clock.scheduler, &bounds, note, &seen, &more, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_true(seen > 2);
	answer_from(w, s, 100, 150);
	/* a turn that closed it and wrote some anew is lost */
	must(store_turn_begin(w->store, &problem), &problem);
	w->call = (struct call){ .arena = &w->arena,
		.caller = &s->c.ada,
		.now = store_now(w->store),
		.entity = &wave_entity,
		.verb = verb_named(&wave_entity, "Close"),
		.id = s->wave,
		.fds = { -1, -1 },
		.options = { .version = NONE, .for_person = NONE } };
	must(store_perform(w->store, &w->call), &w->call.problem);
	kept_of(&w->call, "wave anew", s->wave)->data = w;
	w->store->lost = true;
	w->store->loss = (struct problem){ .code = E_STORE };
	assert_int_equal(store_turn_commit(w->store, &problem), E_STORE);
	assert_int_equal(number(w, "SELECT state = 'open' FROM wave"), 1);
	assert_null(kept_of(&w->call, "wave anew", s->wave)->data);
	answer_from(w, s, 150, PEOPLE);
	advance(w, &s->clock, "2026-01-21T02:00:00Z");
	results_are_right(w);
	assert_int_equal(number(w, "SELECT count(*) FROM response WHERE shut IS NOT NULL"), 0);
	stop(&s->clock);
	free(s);
}

/* While it closes nothing is taken and nothing is shown, and it is as near to others as an open one. */
static void closing_is_not_closed(void **state)
{
	struct world *w = *state;
	struct scene *s = open_wave(w, "pseudonymous");
	struct answering late = { s->wave, s->people[PEOPLE - 1], 0 };
	struct problem problem = { 0 };

	answer_from(w, s, 0, PEOPLE - 1);
	must(perform(w, &s->c.ada, &wave_entity, s->wave, "Close", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT state = 'closing' FROM wave"), 1);
	assert_int_equal(do_in_turn(w, &by_link, do_answer, &late, &problem), E_STATE);
	assert_int_equal(perform(w, &s->c.ada, &wave_entity, s->wave, "Results", NULL, 0), E_STATE);
	assert_int_equal(
		perform(w, &s->c.ada, &wave_entity, s->wave, "Extend", ARGS(N("closes", store_now(w->store) + 86400 * 9))), E_STATE);
	must(perform_with(w, &s->c.root, &person_entity, s->people[0], "Suspend", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "x" }),
		&w->call.problem);
	plan_wave(w, s, "anonymous"); /* everybody but one */
	assert_int_equal(number(w, "SELECT count(*) FROM wave WHERE outlook LIKE '%could not open%'"), 1);
	advance(w, &s->clock, "2026-01-01T03:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave WHERE state = 'closed'"), 1);
	assert_int_equal(number(w, "SELECT \"count\" FROM wave_result WHERE item = 'nth'"), PEOPLE - 1);
	stop(&s->clock);
	free(s);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* No slice holds the loop: in time of the processor, for the disk is others', too. */
static void no_turn_is_long(void **state)
{
	struct world *w = *state;
	struct scene *s = open_wave(w, "anonymous");
	struct problem problem = { 0 };
	int64_t jobs = 0, until = instant_of("2026-01-21T02:00:00Z");
	double longest = 0;
	int turns = 0, r;

	answer_from(w, s, 0, PEOPLE);
	do {
		double begin = seconds();

		r = scheduler_advance(s->clock.scheduler, until, &jobs, &problem);
		longest = seconds() - begin > longest ? seconds() - begin : longest;
		turns++;
	} while (r > 0);
	must(r, &problem);
	print_message("%d turns, the longest took %.1f ms\n", turns, longest * 1e3);
	assert_true(longest < 0.5); /* with sanitizers; 50 ms without */
	results_are_right(w);
	stop(&s->clock);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(killed_behind_each_slice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_undone_is_not_remembered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closing_is_not_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_turn_is_long, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
