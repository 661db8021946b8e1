/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attacks that once worked: a file that reaches into another program or for a person by number, what stays of a file after it
 * was taken or its person erased, an erased person's login and duty, a suspended person who goes on by themself, and the
 * name of a twin that outlives a merge.
 */
#include "store/import.h"
#include "store/internal.h"
#include "world.h"

struct file {
	struct import_work work;
	struct buffer lines, told;
	const char *entity;
	char *const *cells;
	size_t count;
};

static int stage(struct call *call, void *data)
{
	struct file *file = data;

	return import_stage(call, &file->work, file->entity, "f.csv", 1, file->cells, file->count);
}

static int check(struct call *call, void *data)
{
	struct file *file = data;

	file->work.line = 0;
	return import_check(call, &file->work);
}

static int take(struct call *call, void *data)
{
	struct file *file = data;

	file->work.line = 0;
	return import_take(call, &file->work);
}

static int undo(struct call *call, void *data)
{
	struct file *file = data;

	file->work.line = INT64_MAX;
	return import_undo(call, &file->work);
}

static int make_import(struct call *call, void *data)
{
	struct import *row = fresh(call, &import_entity);
	int r;

	row->program = *(int64_t *)data;
	row->format = 0;
	row->name = (char *)(uintptr_t) "f.csv";
	row->time = call->now;
	row->state = IMPORT_READY;
	r = add(call, &import_entity, row);
	*(int64_t *)data = row->id;
	return r;
}

static int turn(struct world *w, const struct caller *caller, int (*run)(struct call *, void *), void *data)
{
	struct problem problem = { 0 };

	return do_in_turn(w, caller, run, data, &problem);
}

static struct file *file_of(
	struct world *w, const struct caller *caller, int64_t program, const char *entity, char *const *cells, size_t count)
{
	struct file *file = calloc(1, sizeof *file);

	file->work.id = program;
	file->work.lines = &file->lines;
	file->work.told = &file->told;
	file->entity = entity;
	file->cells = cells;
	file->count = count;
	assert_int_equal(turn(w, caller, make_import, &file->work.id), 0);
	assert_int_equal(turn(w, caller, stage, file), 0);
	return file;
}

static void file_free(struct file *file)
{
	buffer_free(&file->lines);
	buffer_free(&file->told);
	free(file);
}

struct question {
	const char *sql;
	int64_t id, answer;
};

static int answered(struct call *call, void *data)
{
	struct question *q = data;

	return ask(call, q->sql, VALUES(q->id), &q->answer);
}

static int64_t number(struct world *w, const struct cast *c, const char *sql, int64_t id)
{
	struct question q = { sql, id, NONE };

	assert_int_equal(turn(w, &c->root, answered, &q), 0);
	return q.answer;
}

/* Dora coordinates one program alone; Ada's other one and its people are none of hers. */
static struct caller dora_of(struct world *w, struct cast *c)
{
	int64_t dora = person(w, &c->root, "Dora", "Local");

	create(w, &c->root, &login_entity, ARGS(P("person", path(w, &person_entity, dora)), T("user_name", "dora")));
	create(w, &c->root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, dora)), T("duty", "coordinator"),
			P("program", path(w, &program_entity, c->program))));
	return caller_of(w, 1009, "dora");
}

#define CELLS(...) ((char *[]){ __VA_ARGS__ }), sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)
#define WRITABLE(text) ((char *)(uintptr_t)(text))

static void test_file_stays_in_its_program(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t other = create(w, &c.ada, &program_entity,
		ARGS(T("key", "other"), T("title", "Other"), T("starter", "first-year-university"), T("starts", "2026-01-10"),
			T("ends", "2026-12-20")));
	struct file *file;

	file = file_of(w, &c.ada, c.program, "participant",
		CELLS("person", WRITABLE(path(w, &person_entity, c.ben_id)), "role", "mentor", "program",
			WRITABLE(path(w, &program_entity, other))));
	assert_int_equal(turn(w, &c.ada, check, file), 0);
	assert_int_equal(file->work.problems, 1);
	assert_int_equal(turn(w, &c.ada, take, file), E_DENIED);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"participant\" WHERE ?1", 1), 0);
	file_free(file);
}

static void test_file_names_nobody_by_number(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct caller dora = dora_of(w, &c);
	struct file *file;

	assert_int_equal(perform(w, &dora, &participant_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, c.program)), P("person", path(w, &person_entity, c.ben_id)),
					 T("role", "mentor"))),
		E_NOTFOUND);
	file = file_of(w, &dora, c.program, "participant", CELLS("person", WRITABLE(path(w, &person_entity, c.ben_id)), "role", "mentor"));
	assert_int_equal(turn(w, &dora, check, file), 0);
	assert_int_equal(file->work.problems, 1);
	assert_int_equal(turn(w, &dora, take, file), E_NOTFOUND);
	file_free(file);
}

static void test_taken_file_leaves_no_cells(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t made;
	struct file *file = file_of(w, &c.ada, NONE, "person",
		CELLS("external_id", "e7", "given_name", "Eve", "family_name", "New", "birth_date", "2009-04-05"));

	assert_int_equal(turn(w, &c.ada, check, file), 0);
	assert_int_equal(file->work.problems, 0);
	assert_int_equal(turn(w, &c.ada, take, file), 0);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"staged\" WHERE ?1 AND \"cells\" <> ''", 1), 0);
	made = number(w, &c, "SELECT count(*) FROM \"person\" WHERE ?1 AND \"external_id\" = 'e7'", 1);
	assert_int_equal(made, 1);
	assert_int_equal(turn(w, &c.ada, undo, file), 0);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"person\" WHERE ?1 AND \"external_id\" = 'e7'", 1), 0);
	file_free(file);
}

/* What is told of a file with a guess in it: counts, lines and problems, once checked and once taken and undone. */
static char *told_of(struct world *w, struct cast *c, const char *entity, char *const *cells, size_t count)
{
	struct file *file = file_of(w, &c->ada, c->program, entity, cells, count);
	struct import_work *work = &file->work;
	struct buffer told = { 0 };
	int64_t before = number(w, c, "SELECT count(*) FROM \"audit_record\" WHERE ?1", 1), records;
	char *text;

	assert_int_equal(turn(w, &c->ada, check, file), 0);
	buffer_print(&told, "%lld %lld %lld %lld|%s|%s", (long long)work->created, (long long)work->changed, (long long)work->unchanged,
		(long long)work->problems, buffer_string(&file->lines), buffer_string(&file->told));
	assert_int_equal(turn(w, &c->ada, take, file), 0);
	records = number(w, c, "SELECT count(*) FROM \"audit_record\" WHERE ?1", 1) - before;
	buffer_print(&told, "|%lld %lld %lld|%s|%lld", (long long)work->created, (long long)work->changed, (long long)work->unchanged,
		buffer_string(&file->lines), (long long)records);
	assert_int_equal(turn(w, &c->ada, undo, file), 0);
	buffer_print(&told, "|%lld", (long long)work->kept);
	text = arena_copy(&w->arena, buffer_string(&told));
	buffer_free(&told);
	file_free(file);
	return text;
}

static const char *disclosed(struct world *w, struct caller *officer, const struct entity *e, int64_t id, const char *field)
{
	must(perform_with(w, officer, e, id, "Disclose", ARGS({ "fields", { .type = V_WORDS, .text = field } }),
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "to compare" }),
		&w->call.problem);
	assert_int_equal(w->call.result_count, 1);
	return arena_copy(&w->arena, w->call.results[0].value.text);
}

static struct caller officer_of(struct world *w, struct cast *c);

static void test_preview_tells_no_birth_date(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct caller officer = officer_of(w, &c);
	char *right, *wrong;
	int64_t version;

	must(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("external_id", "b1"))), &w->call.problem);
	version = number(w, &c, "SELECT \"version\" FROM \"person\" WHERE \"id\" = ?1", c.ben_id);
	right = told_of(w, &c, "person", CELLS("external_id", "b1", "birth_date", "1990-02-03"));
	assert_non_null(strstr(right, "birth_date: set"));
	assert_int_equal(number(w, &c, "SELECT \"version\" FROM \"person\" WHERE \"id\" = ?1", c.ben_id), version + 2);
	wrong = told_of(w, &c, "person", CELLS("external_id", "b1", "birth_date", "1991-02-03"));
	assert_int_equal(number(w, &c, "SELECT \"version\" FROM \"person\" WHERE \"id\" = ?1", c.ben_id), version + 4);
	assert_string_equal(right, wrong);
	/* and the undo has put it back */
	assert_string_equal(disclosed(w, &officer, &person_entity, c.ben_id, "birth_date"), "1990-02-03");
	assert_int_equal(number(w, &c, "SELECT \"minor\" FROM \"person\" WHERE \"id\" = ?1", c.ben_id), 0);
}

static void test_preview_tells_no_objection(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id;
	char *right, *wrong, *why;

	must(perform(w, &c.ada, &person_entity, c.cleo_id, "Update", ARGS(T("external_id", "c1"))), &w->call.problem);
	must(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("external_id", "b1"))), &w->call.problem);
	create(w, &c.ada, &person_entity, ARGS(T("given_name", "Zoe"), T("family_name", "Other"), T("external_id", "z1")));
	id = participant(w, &c, c.cleo_id, "mentee", 1);
	create(w, &c.cleo, &objection_entity,
		ARGS(P("participant", path(w, &participant_entity, id)), N("other", c.ben_id), T("reason", "old")));
	right = told_of(w, &c, "objection", CELLS("participant", "c1/mentee", "other", "b1"));
	wrong = told_of(w, &c, "objection", CELLS("participant", "c1/mentee", "other", "z1"));
	why = told_of(w, &c, "objection", CELLS("participant", "c1/mentee", "other", "b1", "reason", "again"));
	assert_string_equal(right, wrong);
	assert_string_equal(right, why);
	assert_int_equal(*right, '1');
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"objection\" WHERE \"participant\" = ?1", id), 1);
	/* one that was withdrawn is stated anew */
	id = number(w, &c, "SELECT \"id\" FROM \"objection\" WHERE \"participant\" = ?1", id);
	must(perform(w, &c.cleo, &objection_entity, id, "Withdraw", NULL, 0), &w->call.problem);
	assert_string_equal(told_of(w, &c, "objection", CELLS("participant", "c1/mentee", "other", "b1")), right);
}

static struct caller officer_of(struct world *w, struct cast *c)
{
	int64_t id = person(w, &c->root, "Olga", "Officer");

	create(w, &c->root, &login_entity, ARGS(P("person", path(w, &person_entity, id)), T("user_name", "olga")));
	create(w, &c->root, &duty_entity, ARGS(P("person", path(w, &person_entity, id)), T("duty", "data-protection officer")));
	return caller_of(w, 1010, "olga");
}

static void erase(struct world *w, struct caller *officer, int64_t id)
{
	must(perform_with(w, officer, &person_entity, id, "Erase", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "asked" }),
		&w->call.problem);
}

static void test_erasure_reaches_files(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct caller officer = officer_of(w, &c);
	struct file *file, *other;
	int64_t id;

	must(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("external_id", "b1"), T("email", "ben@example.org"))),
		&w->call.problem);
	id = participant(w, &c, c.ben_id, "mentor", 2);
	assert_true(id > 0);
	file = file_of(w, &c.ada, c.program, "trait", CELLS("participant", "b1/mentor", "kind", "skill", "name", "glass eye"));
	other = file_of(w, &c.ada, NONE, "person", CELLS("external_id", "b1", "given_name", "Benjamin"));
	assert_int_equal(turn(w, &c.ada, take, other), 0);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"staged\" WHERE \"was\" IS NOT NULL AND ?1", 1), 1);
	erase(w, &officer, c.ben_id);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"staged\" WHERE ?1", 1), 0);
	file_free(file);
	file_free(other);
}

/* A file is no shorter way to somebody's links than staff have, and its undo none back. */
static void test_file_only_proposes_an_address(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct caller officer = officer_of(w, &c), worker = c.ada;
	struct file *file;
	int64_t id;

	worker.way = BY_WORKER;
	must(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("external_id", "b1"), T("email", "ben@example.org"))),
		&w->call.problem);
	id = create(w, &c.ada, &address_change_entity, ARGS(P("person", path(w, &person_entity, c.ben_id)), T("new", "x@example.org")));
	must(perform(w, &c.ada, &address_change_entity, id, "Withdraw", NULL, 0), &w->call.problem);
	file = file_of(w, &worker, NONE, "person", CELLS("external_id", "b1", "email", "thief@example.org"));
	assert_int_equal(turn(w, &worker, take, file), 0);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM person WHERE email = 'ben@example.org' AND ?1", 1), 1);
	assert_int_equal(
		number(w, &c,
			"SELECT count(*) FROM address_change WHERE state = 'proposed' AND origin = 'a file' AND new = 'thief@example.org' "
			"AND old = 'ben@example.org' AND ?1",
			1),
		1);
	erase(w, &officer, c.ben_id);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM address_change WHERE (old IS NOT NULL OR new <> '(erased)') AND ?1", 1), 0);
	file_free(file);
}

static void test_erased_person_acts_no_more(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct caller officer = officer_of(w, &c);
	unsigned mask;
	struct problem problem;

	erase(w, &officer, c.ada_id);
	must(store_roles(w->store, &c.ada, &mask, &problem), &problem);
	assert_int_equal(mask & COORDINATOR, 0);
	assert_true(caller_of(w, 1001, "ada").person == NONE);
}

static void test_suspended_person_does_not_resume(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id = participant(w, &c, c.ben_id, "mentor", 2);

	must(perform_with(w, &c.root, &person_entity, c.ben_id, "Suspend", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "x" }),
		&w->call.problem);
	assert_int_equal(perform(w, &c.ben, &participant_entity, id, "Resume", NULL, 0), E_STATE);
	must(perform(w, &c.root, &person_entity, c.ben_id, "Reinstate", NULL, 0), &w->call.problem);
	must(perform(w, &c.ben, &participant_entity, id, "Resume", NULL, 0), &w->call.problem);
}

/* A pause is no way past a training that stands open. */
static void test_resume_skips_nothing(void **state)
{
	static const char *const states[] = { "accepted", "training", "ready" };
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id = participant(w, &c, c.ben_id, "mentor", 2);
	struct options now = { .version = NONE, .for_person = NONE, .reason = "x" };

	for (int i = 0; i < 3; i++) {
		const char *set = arena_print(&w->arena, "UPDATE \"participant\" SET \"state\" = '%s' WHERE ?1 RETURNING 1", states[i]);
		const char *is = arena_print(&w->arena, "SELECT \"state\" = '%s' FROM \"participant\" WHERE \"id\" = ?1", states[i]);

		number(w, &c, set, 1);
		must(perform(w, &c.ben, &participant_entity, id, "Pause", NULL, 0), &w->call.problem);
		must(perform(w, &c.ben, &participant_entity, id, "Resume", NULL, 0), &w->call.problem);
		assert_int_equal(number(w, &c, is, id), 1);
		/* the same where the person was suspended meanwhile */
		must(perform_with(w, &c.root, &person_entity, c.ben_id, "Suspend", NULL, 0, now), &w->call.problem);
		must(perform(w, &c.root, &person_entity, c.ben_id, "Reinstate", NULL, 0), &w->call.problem);
		must(perform(w, &c.ada, &participant_entity, id, "Resume", NULL, 0), &w->call.problem);
		assert_int_equal(number(w, &c, is, id), 1);
	}
}

static int count_item(void *data, const struct agenda_item *item)
{
	struct question *q = data;

	if (!strcmp(item->kind, q->sql)) {
		q->answer++;
		q->id = item->due;
	}
	return 0;
}

/* How many of a kind wait for a caller; *ret_due of the last one. */
static int64_t waiting(struct world *w, struct caller *caller, const char *kind, int64_t *ret_due)
{
	struct question q = { kind, NONE, 0 };
	struct call call = { .arena = &w->arena, .caller = caller, .now = store_now(w->store), .fds = { -1, -1 } };
	struct problem problem = { 0 };

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_agenda(w->store, &call, count_item, &q), &call.problem);
	must(store_turn_commit(w->store, &problem), &problem);
	*ret_due = q.id;
	return q.answer;
}

static void test_last_coordinator_stays(void **state)
{
	static const char none[] = "program without coordinator to its end";
	struct world *w = *state;
	struct cast c = cast(w);
	struct caller officer = officer_of(w, &c), dora;
	struct options why = { .version = NONE, .for_person = NONE, .reason = "x" };
	int64_t twin, due, duty = number(w, &c, "SELECT \"id\" FROM \"duty\" WHERE \"person\" = ?1", c.ada_id);

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &program_entity, c.program, "Start", NULL, 0), &w->call.problem);
	assert_int_equal(perform(w, &c.root, &duty_entity, duty, "End", NULL, 0), E_STATE);
	assert_int_equal(perform_with(w, &c.root, &person_entity, c.ada_id, "Suspend", NULL, 0, why), E_STATE);
	assert_int_equal(perform_with(w, &officer, &person_entity, c.ada_id, "Erase", NULL, 0, why), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "appointed first"));
	assert_int_equal(waiting(w, &c.root, none, &due), 0);

	/* others who could not stand in: of another day, suspended */
	create(w, &c.root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, c.ben_id)), T("duty", "coordinator"), T("from", "2026-03-01")));
	dora = dora_of(w, &c);
	assert_int_equal(dora.admin, false);
	/* who is suspended coordinates nothing, from that moment on */
	must(perform(w, &dora, &program_entity, c.program, "ReleaseMail", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.root, &person_entity, dora.person, "Suspend", NULL, 0, why), &w->call.problem);
	assert_int_equal(perform(w, &dora, &program_entity, c.program, "HoldMail", NULL, 0), E_DENIED);
	assert_int_equal(perform(w, &c.root, &duty_entity, duty, "End", NULL, 0), E_STATE);
	must(perform(w, &c.root, &person_entity, dora.person, "Reinstate", NULL, 0), &w->call.problem);
	must(perform(w, &dora, &program_entity, c.program, "HoldMail", NULL, 0), &w->call.problem);

	/* a twin's duty goes on with the other */
	twin = create(w, &c.root, &person_entity, ARGS(T("given_name", "Twin"), T("family_name", "Two")));
	must(perform_with(w, &c.root, &person_entity, twin, "Merge", ARGS(P("from", path(w, &person_entity, dora.person))), why),
		&w->call.problem);
	must(perform_with(w, &officer, &person_entity, c.ada_id, "Erase", NULL, 0, why), &w->call.problem);
	assert_int_equal(perform_with(w, &officer, &person_entity, twin, "Erase", NULL, 0, why), E_STATE);
}

static void test_a_duty_that_will_end_is_seen(void **state)
{
	static const char none[] = "program without coordinator to its end";
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t due, duty = number(w, &c, "SELECT \"id\" FROM \"duty\" WHERE \"person\" = ?1", c.ada_id);

	create(w, &c.root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, c.ben_id)), T("duty", "coordinator"), T("to", "2026-02-01")));
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &program_entity, c.program, "Start", NULL, 0), &w->call.problem);
	assert_int_equal(waiting(w, &c.root, none, &due), 0);
	must(perform(w, &c.root, &duty_entity, duty, "End", NULL, 0), &w->call.problem);
	assert_int_equal(waiting(w, &c.root, none, &due), 1);
	assert_int_equal(due, 1769990400); /* 2026-02-02 */
	assert_int_equal(waiting(w, &c.ben, none, &due), 1);
	assert_int_equal(waiting(w, &c.cleo, none, &due), 0);
}

static void test_twin_leaves_no_name(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t twin = create(w, &c.root, &person_entity, ARGS(T("given_name", "Twin"), T("family_name", "Gone"))), id;

	id = participant(w, &c, twin, "mentor", 2);
	must(perform_with(w, &c.root, &person_entity, c.ben_id, "Merge", ARGS(P("from", path(w, &person_entity, twin))),
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "same" }),
		&w->call.problem);
	assert_int_equal(number(w, &c, "SELECT count(*) FROM \"participant\" WHERE \"id\" = ?1 AND \"name\" = 'Ben Mentor'", id), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file_stays_in_its_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_names_nobody_by_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_taken_file_leaves_no_cells, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_preview_tells_no_birth_date, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_preview_tells_no_objection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_erasure_reaches_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_only_proposes_an_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_erased_person_acts_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_suspended_person_does_not_resume, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resume_skips_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_last_coordinator_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_duty_that_will_end_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_twin_leaves_no_name, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
