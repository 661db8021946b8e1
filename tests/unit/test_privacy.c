/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept how long, what an erasure leaves, and sealed values: retention after a program, coming of age, a lost or wrong key, what an export leaves out.
 */
#include "clockwork.h"
#include "store/import.h"
#include "store/internal.h"

static int64_t count(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t n;

	must(engine_prepare(store_engine(w->store), sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(store_engine(w->store), q, &problem), 1);
	n = engine_int(q, 0);
	engine_reset(q);
	return n;
}

static void fields_go_when_a_program_is_long_over(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c = cast(w);
	int64_t id;

	id = create(w, &c.ada, &participant_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("person", path(w, &person_entity, c.ben_id)), T("role", "mentor"),
			T("motivation", "because of that word")));
	create(w, &c.ada, &trait_entity,
		ARGS(P("participant", path(w, &participant_entity, id)), T("kind", "skill"), T("name", "juggling"), T("side", "offered")));
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	clockwork = start(w);
	advance(w, &clockwork, "2027-01-05T00:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"program\" WHERE \"state\" = 'closed'"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM \"participant\" WHERE \"motivation\" IS NOT NULL"), 1);
	assert_int_equal(count(w, "SELECT count(*) FROM \"trait\""), 1);
	/* the policy keeps it for so many days after the end, then no longer */
	advance(w, &clockwork, "2032-01-05T00:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"participant\" WHERE \"motivation\" IS NOT NULL OR \"name\" <> '(erased)'"), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM \"trait\""), 0);
	assert_int_equal(count(w, "SELECT count(*) FROM \"job\" WHERE \"state\" = 'failed'"), 0);
	stop(&clockwork);
}

static void minors_come_of_age(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c = cast(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2008-06-15")));
	int64_t unknown = create(w, &c.ada, &person_entity, ARGS(T("given_name", "Un"), T("family_name", "Known")));

	(void)young;
	(void)unknown;
	/* an unknown date counts as minor while the setting is on */
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"minor\""), 2);
	clockwork = start(w);
	advance(w, &clockwork, "2026-06-14T12:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"minor\""), 2);
	advance(w, &clockwork, "2026-06-16T12:00:00Z");
	assert_int_equal(count(w, "SELECT \"minor\" FROM \"person\" WHERE \"given_name\" = 'Young'"), 0);
	w->settings->people.minors = 0;
	advance(w, &clockwork, "2026-06-18T12:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"minor\""), 0);
	stop(&clockwork);
}

static void a_minor_is_not_matched_by_hand(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2012-06-15")));
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 1), mentee = participant(w, &c, young, "mentee", 1);

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	assert_int_equal(perform(w, &c.ada, &match_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
					 P("mentee", path(w, &participant_entity, mentee)))),
		E_STATE);
	assert_non_null(strstr(w->call.problem.text, "consent"));
}

static void replace_key(struct world *w, const char *hex)
{
	char file[160];
	FILE *key;

	snprintf(file, sizeof file, "%s/sealing-key", w->credentials);
	chmod(file, 0600);
	key = fopen(file, "w");
	assert_non_null(key);
	fputs(hex, key);
	fclose(key);
}

static void a_wrong_key_opens_and_shuts_nothing(void **state)
{
	const struct arg fields = { "fields", { .type = V_WORDS, .text = "birth_date" } };
	struct options why = { .version = NONE, .for_person = NONE, .reason = "asked" };
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t disclosed;

	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	store_close(w->store);
	replace_key(w, "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	open_store(w);
	c.ada = caller_of(w, 1001, "ada");
	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1, why), E_UNAVAILABLE);
	disclosed = count(w, "SELECT count(*) FROM \"disclosure\"");
	assert_int_equal(disclosed, 0);
	assert_int_equal(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("birth_date", "1991-01-01"))), E_UNAVAILABLE);
	/* all else goes on */
	assert_int_equal(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("zone", "UTC"))), 0);
	store_close(w->store);
	replace_key(w, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	open_store(w);
	c.ada = caller_of(w, 1001, "ada");
	must(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1, why), &w->call.problem);
	assert_string_equal(w->call.results[0].value.text, "1990-02-03");
	assert_int_equal(count(w, "SELECT count(*) FROM \"disclosure\""), 1);
}

static void an_export_says_that_something_is_left_out(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	char sealed[64];

	participant(w, &c, c.cleo_id, "mentee", 1);
	must(perform(w, &c.cleo, &person_entity, c.cleo_id, "Export", NULL, 0), &w->call.problem);
	assert_int_equal(w->call.result_count, 3);
	assert_string_equal(w->call.results[0].name, "data");
	assert_non_null(strstr(w->call.results[0].value.text, "given_name Cleo"));
	assert_null(strstr(w->call.results[0].value.text, "1990")); /* sealed: by Disclose, which records it */
	assert_string_equal(w->call.results[2].name, "by_disclose");
	snprintf(sealed, sizeof sealed, "person %lld birth_date", (long long)c.cleo_id);
	assert_string_equal(w->call.results[2].value.text, sealed);
	assert_string_equal(w->call.results[1].name, "left_out");
	assert_true(w->call.results[1].value.number > 0); /* `priority` is the staff's */
	assert_null(strstr(w->call.results[0].value.text, "priority"));
	/* nobody else's */
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.ben_id, "Export", NULL, 0), E_NOTFOUND);
	assert_int_equal(perform(w, &c.ada, &person_entity, c.cleo_id, "Export", NULL, 0), E_DENIED);
}

/* ---- what an erasure leaves behind ---- */

#define WORD "Xylophonie"

/* Texts that never are about a person: words of the tables, and what a program or recipe says of itself. */
static bool is_nobodys(const struct entity *e, const struct field *f)
{
	static const char *const entities_of_words[] = { "program", "closed_days", "recipe", "recipe_line", "match_run", "message",
		"template", "job", "audit_record", "instrument", "item", "item_text", "scale", "wave", "wave_result" };
	static const char *const fields_of_words[] = { "disclosure entity", "disclosure fields", "import entity", "import role",
		"import name", "import mapping", "run_pair alternatives", "run_pair shares", "plugin name", "plugin release",
		"plugin capabilities", "meeting_series rule", "meeting_series zone", "invitation purpose", "invitation token_hash",
		"invitation answer_hash" };
	char name[80];

	snprintf(name, sizeof name, "%s %s", e->name, f->name);
	for (size_t i = 0; i < sizeof entities_of_words / sizeof *entities_of_words; i++)
		if (!strcmp(e->name, entities_of_words[i]))
			return true;
	for (size_t i = 0; i < sizeof fields_of_words / sizeof *fields_of_words; i++)
		if (!strcmp(name, fields_of_words[i]))
			return true;
	return false;
}

/* Calls `with` for each statement over a column of text that may be about the person; each table must have a row of theirs. */
static void each_text(
	struct world *w, int64_t person, void (*with)(struct world *, const struct entity *, const struct field *, const char *rows))
{
	for (int i = 0; entities[i]; i++) {
		const struct shape *shape = shape_of(entities[i]);
		int at = shape->is_anchor[AT_PERSON] ? 0 : shape->anchors[AT_PERSON];
		const char *rows = at < 0 ? "1" : arena_print(&w->arena, "\"%s\" = %lld", entities[i]->fields[at].name, (long long)person);

		for (const struct field *f = entities[i]->fields; f->name; f++)
			if ((f->kind == TEXT || f->kind == WORDS) && f->privacy != SEALED && field_is_stored(f) &&
				!is_nobodys(entities[i], f))
				with(w, entities[i], f, rows);
	}
}

static void plant_word(struct world *w, const struct entity *e, const struct field *f, const char *rows)
{
	if (!count(w, arena_print(&w->arena, "SELECT count(*) FROM \"%s\" WHERE %s", e->name, rows)))
		fail_msg("no row of %s to plant a word in", e->name);
	force(w, arena_print(&w->arena, "UPDATE \"%s\" SET \"%s\" = '" WORD " %s' || \"id\" WHERE %s", e->name, f->name, f->name, rows));
}

static void no_word_left(struct world *w, const struct entity *e, const struct field *f, const char *rows)
{
	(void)rows;
	if (count(w, arena_print(&w->arena, "SELECT count(*) FROM \"%s\" WHERE \"%s\" LIKE '%%" WORD "%%'", e->name, f->name)))
		fail_msg("%s.%s still has the word", e->name, f->name);
}

static bool file_has(struct world *w, const char *name, const char *word)
{
	size_t length = strlen(word), size;
	char path[160], *data;
	bool found = false;
	FILE *in;

	snprintf(path, sizeof path, "%s/%s", w->directory, name);
	in = fopen(path, "rb");
	if (!in)
		return false;
	fseek(in, 0, SEEK_END);
	size = (size_t)ftell(in);
	rewind(in);
	data = malloc(size + 1);
	assert_int_equal(fread(data, 1, size, in), size);
	fclose(in);
	for (size_t i = 0; i + length <= size && !found; i++)
		found = !memcmp(data + i, word, length);
	free(data);
	return found;
}

/* What a file leaves: rows that name the person, in clear and sealed; what was wrong with it; each with a word. */
struct leaving {
	struct import_work work;
	struct buffer lines, told;
	const char *entity, *state;
	char *const *cells;
	size_t count;
};

static int leave_import(struct call *call, void *data)
{
	struct leaving *leaving = data;
	struct import *row = fresh(call, &import_entity);
	int r;

	row->name = (char *)(uintptr_t) "f.csv";
	row->time = call->now;
	row->format = 0;
	r = add(call, &import_entity, row);
	leaving->work.id = row->id;
	leaving->work.lines = &leaving->lines;
	leaving->work.told = &leaving->told;
	import_problem(&leaving->work, "f.csv, row 3: '" WORD "' is no date");
	if (!r)
		r = import_stage(call, &leaving->work, leaving->entity, "f.csv", 1, leaving->cells, leaving->count);
	if (!r)
		r = import_note(call, &leaving->work, leaving->state);
	buffer_free(&leaving->lines);
	buffer_free(&leaving->told);
	return r;
}

static int64_t left(struct world *w, struct caller *caller, const char *state, const char *entity, char *const *cells, size_t count)
{
	struct leaving leaving = { .entity = entity, .state = state, .cells = cells, .count = count };
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_do(w->store, caller, leave_import, &leaving, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	return leaving.work.id;
}

static int leave_plugin(struct call *call, void *data)
{
	struct plugin *plugin = fresh(call, &plugin_entity);

	(void)data;
	plugin->name = (char *)(uintptr_t) "smtp";
	return add(call, &plugin_entity, plugin);
}

static int leave_results(struct call *call, void *data)
{
	int64_t *ids = data;
	struct match_run *run = fresh(call, &match_run_entity);
	struct run_pair *pair = fresh(call, &run_pair_entity);
	struct unplaced *unplaced = fresh(call, &unplaced_entity);
	struct run_circle *circle = fresh(call, &run_circle_entity);
	struct run_seat *seat = fresh(call, &run_seat_entity);
	struct disclosure {
		int64_t id, version, person, reader;
		char *entity;
		int64_t record;
		char *fields, *reason;
		int64_t time;
	};
	int r;

	run->program = ids[0];
	run->asked_at = call->now;
	r = add(call, &match_run_entity, run);
	pair->run = unplaced->run = run->id;
	pair->mentor = ids[1];
	pair->mentee = unplaced->participant = ids[2];
	pair->score = 1;
	circle->run = seat->run = run->id;
	circle->number = 1;
	circle->score = circle->value = seat->score = 1;
	seat->participant = ids[2];
	seat->side = SIDE_MENTEE;
	if (!r)
		r = add(call, &run_pair_entity, pair);
	if (!r)
		r = add(call, &run_circle_entity, circle);
	seat->circle = circle->id;
	if (!r)
		r = add(call, &run_seat_entity, seat);
	return r ? r : add(call, &unplaced_entity, unplaced);
}

#define CELLS(...) ((char *[]){ __VA_ARGS__ }), sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)

/* Cleo was asked in a wave, and answered. */
static void leave_response(struct world *w, struct cast *c)
{
	int64_t form = create(
			w, &c->ada, &instrument_entity, ARGS(P("program", path(w, &program_entity, c->program)), T("starter", "closing"))),
		wave;

	must(perform(w, &c->ada, &instrument_entity, form, "Ready", NULL, 0), &w->call.problem);
	wave = create(w, &c->ada, &wave_entity,
		ARGS(P("instrument", path(w, &instrument_entity, form)), T("title", "End"), N("opens", 1767225600 + 86400),
			N("closes", 1767225600 + 9 * 86400)));
	force(w,
		arena_print(&w->arena,
			"INSERT INTO \"wave_member\" (\"id\", \"version\", \"program\", \"wave\", \"person\", \"name\", \"side\", \"state\") "
			"VALUES (71, 1, %lld, %lld, %lld, 'Cleo Mentee', 'mentee', 'answered')",
			(long long)c->program, (long long)wave, (long long)c->cleo_id));
	force(w,
		arena_print(&w->arena,
			"INSERT INTO \"response\" (\"id\", \"version\", \"program\", \"wave\", \"person\", \"state\") "
			"VALUES (72, 1, %lld, %lld, %lld, 'submitted')",
			(long long)c->program, (long long)wave, (long long)c->cleo_id));
}

static void an_erasure_leaves_no_word(void **state)
{
	struct options why = { .version = NONE, .for_person = NONE, .reason = WORD " asked" };
	const struct arg birth_date = { "fields", { .type = V_WORDS, .text = "birth_date" } };
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c = cast(w);
	struct problem problem = { 0 };
	int64_t mentor, mentee, match, ids[3], clear, shut, taken, working, other;

	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.cleo_id)), T("duty", "observer")));
	must(perform(w, &c.ada, &person_entity, c.cleo_id, "Update", ARGS(T("external_id", "xy-" WORD), T("email", WORD "@example.org"))),
		&w->call.problem);
	must(perform_with(w, &c.ada, &person_entity, c.cleo_id, "Disclose", &birth_date, 1, why), &w->call.problem);
	mentor = participant(w, &c, c.ben_id, "mentor", 2);
	mentee = participant(w, &c, c.cleo_id, "mentee", 1);
	must(perform(w, &c.ada, &participant_entity, mentee, "Update", ARGS(T("motivation", "because " WORD))), &w->call.problem);
	create(w, &c.ada, &trait_entity, ARGS(P("participant", path(w, &participant_entity, mentee)), T("kind", "skill"), T("name", WORD)));
	create(w, &c.cleo, &objection_entity,
		ARGS(P("participant", path(w, &participant_entity, mentee)), N("other", c.ada_id), T("reason", WORD)));
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	match = create(w, &c.ada, &match_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	must(perform(w, &c.ben, &match_entity, match, "Accept", NULL, 0), &w->call.problem);
	must(perform(w, &c.cleo, &match_entity, match, "Accept", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &match_entity, match, "Start", NULL, 0), &w->call.problem);
	force(w,
		arena_print(&w->arena,
			"INSERT INTO \"check_in\" (\"version\", \"program\", \"match\", \"participant\", \"person\", \"side\", \"due\", \"state\") "
			"VALUES (1, %lld, %lld, %lld, %lld, 'mentee', 1, 'due')",
			(long long)c.program, (long long)match, (long long)mentee, (long long)c.cleo_id));
	force(w,
		arena_print(&w->arena,
			"INSERT INTO \"guardianship\" (\"version\", \"program\", \"minor\", \"guardian\", \"relation\", \"source\", \"state\") "
			"VALUES (1, %lld, %lld, %lld, 'parent', 'registration', 'verified')",
			(long long)c.program, (long long)c.cleo_id, (long long)c.ada_id));
	force(w,
		arena_print(&w->arena,
			"INSERT INTO \"consent\" (\"id\", \"version\", \"program\", \"person\", \"giver\", \"purpose\", \"asked_at\", \"state\") "
			"VALUES (73, 1, %lld, %lld, %lld, 'take part', 1, 'given')",
			(long long)c.program, (long long)c.cleo_id, (long long)c.cleo_id));
	create(w, &c.ada, &address_change_entity, ARGS(P("person", path(w, &person_entity, c.cleo_id)), T("new", WORD "@example.net")));
	create(w, &c.ada, &meeting_series_entity, ARGS(P("match", path(w, &match_entity, match)), N("start", store_now(w->store) + 86400)));
	must(perform(w, &c.cleo, &meeting_entity, count(w, "SELECT max(\"id\") FROM \"meeting\""), "Remember", ARGS(T("text", WORD))),
		&w->call.problem);
	leave_response(w, &c);
	ids[0] = c.program, ids[1] = mentor, ids[2] = mentee;
	must(store_turn_begin(w->store, &problem), &problem);
	must(store_do(w->store, &c.ada, leave_results, ids, &problem), &problem);
	must(store_do(w->store, &c.ada, leave_plugin, NULL, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);

	clear = left(w, &c.ada, "ready", "trait", CELLS("participant", "XY-" WORD "/mentee", "kind", "skill", "name", WORD));
	shut = left(w, &c.ada, "ready", "objection", CELLS("participant", "b1/mentor", "other", "xy-" WORD, "reason", WORD));
	taken = left(w, &c.ada, "taken", "objection", CELLS("participant", "b1/mentor", "other", WORD "@EXAMPLE.org"));
	working = left(w, &c.ada, "checking", "wish", CELLS("participant", "b1/mentor", "other", "xy-" WORD "/mentee"));
	other = left(w, &c.ada, "ready", "objection", CELLS("participant", "b1/mentor", "other", "somebody"));
	each_text(w, c.cleo_id, plant_word);
	force(w,
		"UPDATE \"person\" SET \"external_id\" = 'xy-" WORD "', \"email\" = '" WORD "@example.org' WHERE \"given_name\" LIKE '" WORD
		"%'");

	must(perform_with(w, &c.ada, &person_entity, c.cleo_id, "Erase", NULL, 0, why), &w->call.problem);
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-01T00:00:10Z");
	stop(&clockwork);
	assert_int_equal(count(w, "SELECT count(*) FROM \"person\" WHERE \"erased_at\" IS NOT NULL"), 1);
	each_text(w, c.cleo_id, no_word_left);
	assert_int_equal(count(w, "SELECT count(*) FROM \"login\" WHERE \"user_name\" = 'cleo' OR \"uid\" = 1003"), 0);
	assert_int_equal(
		count(w, "SELECT count(*) FROM \"audit_record\" WHERE \"detail\" LIKE '%" WORD "%' OR \"reason\" LIKE '%" WORD "%'"), 0);

	/* files: given up, refused on their way, cleared; those of others stay whole */
	assert_int_equal(count(w,
				 arena_print(&w->arena,
					 "SELECT count(*) FROM \"import\" WHERE \"id\" IN (%lld, %lld) AND \"state\" = 'failed' AND "
					 "\"problem\" LIKE '%%was erased%%'",
					 (long long)clear, (long long)shut)),
		2);
	assert_int_equal(count(w,
				 arena_print(&w->arena, "SELECT count(*) FROM \"staged\" WHERE \"import\" IN (%lld, %lld, %lld)",
					 (long long)clear, (long long)shut, (long long)taken)),
		0);
	assert_int_equal(count(w,
				 arena_print(&w->arena,
					 "SELECT count(*) FROM \"staged\" WHERE \"import\" = %lld AND \"effect\" = 'erased' AND "
					 "\"cells\" = ''",
					 (long long)working)),
		1);
	assert_int_equal(count(w,
				 arena_print(&w->arena, "SELECT count(*) FROM \"staged\" WHERE \"import\" = %lld AND \"cells\" <> ''",
					 (long long)other)),
		1);
	assert_false(file_has(w, "mentorship.db", WORD));
	assert_false(file_has(w, "mentorship.db-wal", WORD));
	assert_false(file_has(w, "keys.db", WORD));
	assert_true(file_has(w, "mentorship.db", "somebody") || file_has(w, "mentorship.db", "Mentor"));
}

/* ---- files that wait ---- */

struct many {
	const char *state;
	int64_t id;
};

static int leave_many(struct call *call, void *data)
{
	struct many *many = data;
	struct buffer lines = { 0 }, told = { 0 };
	struct import_work work = { .lines = &lines, .told = &told };
	struct import *row = fresh(call, &import_entity);
	int r;

	row->name = (char *)(uintptr_t) "f.csv";
	row->time = call->now;
	row->format = 0;
	r = add(call, &import_entity, row);
	work.id = many->id = row->id;
	for (int i = 0; i < 700 && !r; i++)
		r = import_stage(call, &work, "person", "f.csv", i + 1,
			CELLS("external_id", arena_print(call->arena, "e%d", i), "given_name", "Some", "family_name", "Body"));
	return r ? r : import_note(call, &work, many->state);
}

static int64_t left_many(struct world *w, struct caller *caller, const char *state)
{
	struct many many = { state, 0 };
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_do(w->store, caller, leave_many, &many, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	return many.id;
}

/* What waits to be taken stays whole, and is given up whole; an undo that would be half of one is refused. */
static void a_file_is_kept_whole_or_not_at_all(void **state)
{
	struct world *w = *state;
	struct clockwork clockwork;
	struct cast c = cast(w);
	int64_t ready = left_many(w, &c.ada, "ready"), taken = left_many(w, &c.ada, "taken");

	w->settings->retention.job_days = 10;
	clockwork = start(w);
	advance(w, &clockwork, "2026-01-10T04:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"staged\""), 1400);
	assert_int_equal(count(w, "SELECT count(*) FROM \"import\" WHERE \"state\" = 'ready'"), 1);
	advance(w, &clockwork, "2026-01-13T04:00:00Z");
	assert_int_equal(count(w, "SELECT count(*) FROM \"staged\""), 0);
	assert_int_equal(
		count(w, "SELECT count(*) FROM \"import\" WHERE \"state\" = 'failed' AND \"problem\" LIKE '%not taken in the time%'"), 1);
	assert_int_equal(perform(w, &c.ada, &import_entity, ready, "Take", NULL, 0), E_STATE);
	assert_int_equal(perform(w, &c.ada, &import_entity, taken, "Undo", NULL, 0), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "10 days"));
	stop(&clockwork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fields_go_when_a_program_is_long_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(minors_come_of_age, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_minor_is_not_matched_by_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_key_opens_and_shuts_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_export_says_that_something_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_erasure_leaves_no_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_is_kept_whole_or_not_at_all, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
