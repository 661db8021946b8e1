/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Can anonymous answers be led back to who gave them, by whoever holds the files? People answer in an order that is known, each with a word of
 * their own. The attacker copies the database and its log while the wave is open and when it is closed, and backups of both times, and looks
 * for the words, then for any order in which they stand: by number, by place in a file, the last place and the first, as cells are
 * left behind in pages. What they find must have to do with who answered when, and with the rows of the copies before, no more than chance.
 */
#include "clockwork.h"

#include "model/survey.h"
#include "store/internal.h"

enum {
	PEOPLE = 40,
	PAIRS = PEOPLE * (PEOPLE - 1) / 2,
	FAR = 215, /* five standard deviations of the number of pairs in order: sqrt(n (n - 1) (2 n + 5) / 72) = 42.9 */
	WORD = 12
};
struct scene {
	struct cast c;
	struct clockwork clock;
	int64_t people[PEOPLE], old_ids[PEOPLE], wave, form;
	char words[PEOPLE][WORD + 1];
};
struct copy {
	char *bytes;
	size_t size;
};

/* ---- people who answer ---- */

static void make_form(struct world *w, struct scene *s)
{
	const char *at;

	s->form = create(w, &s->c.ada, &instrument_entity,
		ARGS(P("program", path(w, &program_entity, s->c.program)), T("key", "words"), T("title", "Words")));
	at = path(w, &instrument_entity, s->form);
	create(w, &s->c.ada, &item_entity,
		ARGS(P("instrument", at), T("name", "fine"), T("kind", "single"), T("label", "Fine?"), T("choices", "yes=Yes\nno=No")));
	create(w, &s->c.ada, &item_entity, ARGS(P("instrument", at), T("name", "word"), T("kind", "text"), T("label", "Your word?")));
	must(perform(w, &s->c.ada, &instrument_entity, s->form, "Ready", NULL, 0), &w->call.problem);
}

static void open_wave(struct world *w, struct scene *s)
{
	char name[16];

	s->c = cast(w);
	for (int i = 0; i < PEOPLE; i++) {
		snprintf(name, sizeof name, "P%d", i);
		s->people[i] = person(w, &s->c.ada, name, "Test");
		participant(w, &s->c, s->people[i], "mentee", 1);
	}
	make_form(w, s);
	s->wave = create(w, &s->c.ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, s->form)), T("title", "Autumn"), T("anonymity", "anonymous"), N("k", 5),
			N("opens", store_now(w->store) + 3600), N("closes", store_now(w->store) + 20 * 86400)));
	s->clock = start(w);
	advance(w, &s->clock, "2026-01-01T02:00:00Z");
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member"), PEOPLE);
}

struct answering {
	int64_t wave, person;
	const char *word;
};

static int do_answer(struct call *call, void *data)
{
	struct answering *a = data;
	struct form_errors errors;

	return wave_answer(call, a->wave, a->person, ARGS(T("fine", "yes"), T("word", a->word)), false, &errors);
}

static int answer_one(struct world *w, struct scene *s, int64_t who, const char *word, struct problem *problem)
{
	struct answering a = { s->wave, who, word };

	return do_in_turn(w, &by_link, do_answer, &a, problem);
}

/* The number that is new. */
static int64_t new_id(struct world *w, const struct scene *s, int before)
{
	struct buffer sql = { 0 };
	int64_t id;

	buffer_text(&sql, "SELECT id FROM response WHERE id NOT IN (0");
	for (int i = 0; i < before; i++)
		buffer_print(&sql, ", %lld", (long long)s->old_ids[i]);
	buffer_text(&sql, ")");
	id = number(w, buffer_string(&sql));
	buffer_free(&sql);
	return id;
}

static void all_answer(struct world *w, struct scene *s)
{
	for (int i = 0; i < PEOPLE; i++) {
		struct problem problem = { 0 };

		for (int j = 0; j < WORD; j++)
			s->words[i][j] = (char)('A' + (i * 7 + j * 11 + i * j * 3) % 26);
		s->words[i][1] = (char)('a' + i / 10);
		s->words[i][2] = (char)('a' + i % 10);
		must(answer_one(w, s, s->people[i * 17 % PEOPLE], s->words[i], &problem), &problem);
		s->old_ids[i] = new_id(w, s, i);
	}
}

/* ---- what an attacker reads ---- */

/* Through another process: to open and close the database here would drop its locks. */
static struct copy take(struct world *w, const char *file)
{
	char command[300], path[160];
	struct copy copy = { 0 };
	FILE *in;

	snprintf(path, sizeof path, "%s/stolen", w->directory);
	snprintf(command, sizeof command, "cp %s %s", file, path);
	assert_int_equal(system(command), 0);
	in = fopen(path, "r");
	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	copy.size = (size_t)ftell(in);
	rewind(in);
	copy.bytes = malloc(copy.size + 1);
	assert_int_equal(fread(copy.bytes, 1, copy.size, in), copy.size);
	fclose(in);
	return copy;
}

/* Where the word stands, first or last; -1: nowhere. */
static int64_t place(const struct copy *copy, const char *word, bool last)
{
	int64_t found = -1;
	const char *at = copy->bytes, *end = copy->bytes + copy->size;

	while ((at = memmem(at, (size_t)(end - at), word, WORD))) {
		found = at++ - copy->bytes;
		if (!last)
			break;
	}
	return found;
}

static int64_t pairs_in_order(const int64_t *places, const int64_t *by)
{
	int64_t same = 0;

	for (int i = 0; i < PEOPLE; i++)
		for (int j = 0; j < i; j++)
			same += (places[j] < places[i]) == (by[j] < by[i]);
	return same;
}

static void at_chance(const struct scene *s, const int64_t *places, const char *what)
{
	int64_t sequence[PEOPLE], people[PEOPLE];
	const int64_t *const orders[] = { sequence, people, s->old_ids };

	for (int i = 0; i < PEOPLE; i++) {
		sequence[i] = i;
		people[i] = s->people[i * 17 % PEOPLE];
	}
	for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
		int64_t same = pairs_in_order(places, orders[o]);

		if (same < PAIRS / 2 - FAR || same > PAIRS / 2 + FAR)
			fail_msg("%s: %lld of %d pairs stand as in order %zu", what, (long long)same, PAIRS, o);
	}
}

static int look_for_words(struct world *w, const struct scene *s, const char *file)
{
	struct copy copy = take(w, file);
	int64_t places[PEOPLE];
	int found = 0;

	for (int last = 0; last < 2; last++) {
		int seen = 0;

		for (int i = 0; i < PEOPLE; i++) {
			places[i] = place(&copy, s->words[i], last);
			seen += places[i] >= 0;
		}
		found = seen;
		if (seen == PEOPLE)
			at_chance(s, places, file);
	}
	free(copy.bytes);
	return found;
}

static const char *file_of(struct world *w, const char *name)
{
	return arena_print(&w->arena, "%s/%s", w->directory, name);
}

static const char *backup_of(struct world *w)
{
	struct problem problem = { 0 };
	const char *name;

	must(store_backup(w->store, &name, &problem), &problem);
	return arena_print(&w->arena, "%s/%s", w->backups, name);
}

static void look_at_numbers(struct world *w, const struct scene *s)
{
	int64_t ids[PEOPLE];

	for (int i = 0; i < PEOPLE; i++) {
		ids[i] = number(w, arena_print(&w->arena, "SELECT id FROM response WHERE answers LIKE '%%word=%s'", s->words[i]));
		for (int j = 0; j < PEOPLE; j++)
			assert_int_not_equal(ids[i], s->old_ids[j]);
	}
	at_chance(s, ids, "numbers");
}

/* ---- tests ---- */

struct old_row {
	const struct scene *s;
	struct response response;
};

static int open_old(struct call *call, void *data)
{
	struct old_row *old = data;
	char *answers;
	int r = answers_of(call, &old->response, &answers);

	if (!r)
		assert_non_null(strstr(answers, old->s->words[3]));
	return r;
}

static int try_old(struct world *w, struct old_row *old)
{
	static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE };
	struct problem problem = { 0 };

	return do_in_turn(w, &self, open_old, old, &problem);
}

static char *text_in(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	char *text;

	must(engine_prepare(store_engine(w->store), sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(store_engine(w->store), q, &problem), 1);
	text = arena_copy(&w->arena, engine_text(q, 0));
	engine_reset(q);
	return text;
}

static void close_wave(struct world *w, struct scene *s)
{
	must(perform(w, &s->c.ada, &wave_entity, s->wave, "Close", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM response WHERE answers IS NOT NULL AND shut IS NULL"), PEOPLE);
	must(perform(w, &s->c.ada, &wave_entity, s->wave, "Results", NULL, 0), &w->call.problem);
	assert_non_null(strstr(w->call.results[0].value.text, "word,Your word?,answered,,all,40,40,"));
}

static void files_tell_nothing(void **state)
{
	struct world *w = *state;
	struct scene *s = calloc(1, sizeof *s);
	struct old_row old = { s, { 0 } };
	struct problem problem = { 0 };

	open_wave(w, s);
	all_answer(w, s);

	/* open: no word is anywhere, and no row is longer than another or has a time */
	assert_int_equal(look_for_words(w, s, file_of(w, "mentorship.db")), 0);
	assert_int_equal(look_for_words(w, s, file_of(w, "mentorship.db-wal")), 0);
	assert_int_equal(look_for_words(w, s, backup_of(w)), 0);
	assert_int_equal(number(w, "SELECT count(DISTINCT length(shut)) FROM response"), 1);
	assert_int_equal(
		number(w,
			"SELECT count(*) FROM response WHERE answers IS NOT NULL OR submitted_on IS NOT NULL OR person IS NOT NULL "
			"OR version <> 1"),
		0);
	old.response = (struct response){ .id = s->old_ids[3],
		.wave = s->wave,
		.shut = text_in(w, arena_print(&w->arena, "SELECT shut FROM response WHERE id = %lld", (long long)s->old_ids[3])) };

	/* closed: the words are there, in no order that says anything */
	close_wave(w, s);
	look_at_numbers(w, s);
	assert_int_equal(look_for_words(w, s, file_of(w, "mentorship.db-wal")), PEOPLE);
	assert_int_equal(look_for_words(w, s, backup_of(w)), PEOPLE);
	assert_int_equal(engine_checkpoint(store_engine(w->store), true, &problem), 0);
	assert_int_equal(look_for_words(w, s, file_of(w, "mentorship.db")), PEOPLE);

	/* the old copies open for two days, for who has the credential, and never after */
	must(try_old(w, &old), &problem);
	advance(w, &s->clock, "2026-01-02T01:00:00Z");
	must(try_old(w, &old), &problem);
	advance(w, &s->clock, "2026-01-03T03:00:00Z");
	assert_int_equal(try_old(w, &old), E_NOTFOUND);
	stop(&s->clock);
	free(s);
}

/* A database that is put back may have a wave open whose key is gone: nothing more is taken, and its close says what is lost. */
static void put_back_too_late(void **state)
{
	struct world *w = *state;
	struct scene *s = calloc(1, sizeof *s);
	struct problem problem = { 0 };

	open_wave(w, s);
	must(answer_one(w, s, s->people[0], "first", &problem), &problem);
	must(store_turn_begin(w->store, &problem), &problem);
	must(seal_forget(w->store->seal, -(INT64_C(1) << 48) - s->wave, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	assert_int_equal(answer_one(w, s, s->people[1], "second", &problem), E_STATE);
	assert_int_equal(number(w, "SELECT count(*) FROM response"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM wave_member WHERE state = 'answered'"), 1);
	must(perform(w, &s->c.ada, &wave_entity, s->wave, "Close", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT outlook LIKE '1 answer: lost%' FROM wave"), 1);
	stop(&s->clock);
	free(s);
}

/* Without the credential nobody is asked what could not be kept as promised. */
static void no_key_no_wave(void **state)
{
	struct world *w = *state;
	struct scene *s = calloc(1, sizeof *s);

	s->c = cast(w);
	make_form(w, s);
	s->wave = create(w, &s->c.ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, s->form)), T("title", "Autumn"), T("anonymity", "anonymous"), N("k", 5),
			N("opens", store_now(w->store) + 3600), N("closes", store_now(w->store) + 20 * 86400)));
	store_close(w->store);
	assert_int_equal(unlink(file_of(w, "credentials/sealing-key")), 0);
	open_store(w);
	assert_int_equal(perform(w, &s->c.ada, &wave_entity, s->wave, "Open", NULL, 0), E_UNAVAILABLE);
	assert_non_null(strstr(w->call.problem.text, "sealing-key"));
	assert_int_equal(number(w, "SELECT count(*) FROM wave WHERE state = 'planned'"), 1);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(files_tell_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(put_back_too_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_key_no_wave, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
