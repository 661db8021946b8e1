/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An import from the descriptor to the rows, by the real worker: shown, taken, undone, refused, killed in the middle, and by
 * workers that bring what such a file cannot hold.
 */
#include "workshop.h"

#include <fcntl.h>
#include <sys/mman.h>

static char *text_of(const char *path_in_tree)
{
	const char *source = getenv("MENTORSHIP_SOURCE");
	char whole[PATH_MAX], *text = calloc(1, 65536);
	FILE *file;

	snprintf(whole, sizeof whole, "%s/%s", source ? source : ".", path_in_tree);
	file = fopen(whole, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static int file_with(const char *text)
{
	int fd = memfd_create("given", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

#define YES(n) \
	{ \
		n, \
		{ \
			.type = V_BOOL, .number = 1 \
		} \
	}

/* The call as the bus makes it, with its turn and task. */
static int import_call(struct workshop *s, struct caller *caller, const struct entity *e, const char *text, const struct arg *options,
	size_t count, int64_t *ret_task)
{
	struct world *w = s->w;
	struct problem problem = { 0 };
	const struct work *work;
	int fd = file_with(text), r;

	*ret_task = 0;
	w->call = (struct call){ .arena = &w->arena,
		.caller = caller,
		.now = store_now(w->store),
		.entity = e,
		.fds = { fd, -1 },
		.options = { .version = NONE, .for_person = NONE } };
	must(store_turn_begin(w->store, &problem), &problem);
	r = workers_import(s->workers, &w->call, fd, ":1.7", options, count, ret_task);
	must(store_turn_commit(w->store, &problem), &problem);
	close(fd);
	for (size_t i = 0; i < store_work(w->store, &work); i++) {
		assert_int_equal(work[i].task, w->call.task);
		assert_non_null(task_new(s->tasks, work[i].task, work[i].kind, &work[i].starter, ":1.7", 0));
	}
	workshop_committed(s);
	return r;
}

static const struct value *result_of(struct workshop *s, int64_t task, const char *name)
{
	const struct task *t = task_find(s->tasks, task);

	for (size_t i = 0; i < t->result_count; i++)
		if (!strcmp(t->results[i].name, name))
			return &t->results[i].value;
	fail_msg("the task has no %s; it is %s: %s", name, task_states[t->state], t->problem.text);
	return NULL;
}

static int64_t done(struct workshop *s, int64_t task)
{
	const struct task *t;

	workshop_run(s);
	t = task_find(s->tasks, task);
	if (t->state != TASK_DONE)
		fail_msg("the task is %s: %s", task_states[t->state], t->problem.text);
	return t->object;
}

static void state_is(struct workshop *s, const char *state)
{
	assert_string_equal(ask_text(s->w, "SELECT state FROM import ORDER BY id DESC LIMIT 1"), state);
}

static const char *program_path(struct workshop *s, const struct cast *c)
{
	return path(s->w, &program_entity, c->program);
}

static int64_t people_now(struct workshop *s)
{
	return ask_number(s->w,
		"SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM participant) + (SELECT count(*) FROM trait) + "
		"(SELECT count(*) FROM availability) + (SELECT count(*) FROM wish) + (SELECT count(*) FROM objection)");
}

/* A form is shown, taken, undone. */
static void a_form(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	char *mapping = text_of("tests/unit/data/form.mapping"), *text = text_of("tests/unit/data/form.csv");
	int64_t before = people_now(s), task, id;

	memcpy(strstr(mapping, "capacity 2"), "capacity 1", 10); /* a mentee has one place */
	must(import_call(s, &c.ada, &person_entity, text,
		     ARGS(T("format", "form"), T("mapping", mapping), P("program", program_path(s, &c)), T("name", "form.csv")), &task),
		&s->w->call.problem);
	id = done(s, task);
	state_is(s, "ready");
	assert_string_equal(result_of(s, task, "problems")->text, "");
	assert_int_equal(result_of(s, task, "created")->number, 24);
	assert_non_null(strstr(result_of(s, task, "lines")->text, "Ilse"));
	assert_non_null(strstr(result_of(s, task, "lines")->text, "Tsez"));
	assert_string_equal(result_of(s, task, "batch")->text, path(s->w, &import_entity, id));
	assert_int_equal(people_now(s), before);
	task = ask_for(s, &c.ada, &import_entity, id, "Take", NULL, 0);
	done(s, task);
	state_is(s, "taken");
	assert_int_equal(result_of(s, task, "created")->number, 24);
	assert_int_equal(people_now(s), before + 24);
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM audit_record WHERE way = 'worker' AND entity = 'person'"), 3);
	assert_true(ask_number(s->w, "SELECT person FROM audit_record WHERE way = 'worker' AND entity = 'person'") == c.ada_id);
	/* once more: nothing is new; but that somebody objected to this person before is for nobody to learn by trying */
	must(import_call(s, &c.ada, &person_entity, text,
		     ARGS(T("format", "form"), T("mapping", mapping), P("program", program_path(s, &c)), T("name", "form.csv"),
			     YES("take")),
		     &task),
		&s->w->call.problem);
	done(s, task);
	state_is(s, "taken");
	assert_int_equal(result_of(s, task, "created")->number, 1);
	assert_int_equal(people_now(s), before + 24);
	task = ask_for(s, &c.ada, &import_entity, id, "Undo", NULL, 0);
	done(s, task);
	assert_int_equal(people_now(s), before);
	assert_int_equal(ask_number(s->w, "SELECT count(DISTINCT import) FROM staged"), 1);
	free(mapping);
	free(text);
	workshop_close(s);
}

/* The main job: a form's people, accepted and matched. */
static void from_a_form_to_a_matching(void **state)
{
	static const char mapping[] =
		"mapping 1\nformat form\ncolumn \"mail\" -> email\ncolumn \"name\" -> full_name\ncolumn \"role\" -> role\n"
		"column \"speaks\" -> trait language offered\ncolumn \"offers\" -> trait skill offered\ncolumn \"seeks\" -> trait skill sought\n"
		"column \"not\" -> objection\n";
	static const char text[] =
		"mail,name,role,speaks,offers,seeks,not\na@example.org,Anna Berg,mentor,German,Latin,,\n"
		"b@example.org,Bert Cohn,mentor,German,Greek,,\nc@example.org,Carl Dorn,mentee,German,,Latin,a@example.org\n";
	struct workshop *s = workshop_open(*state, NULL);
	struct world *w = s->w;
	struct cast c = cast(w);
	int64_t task, run, ids[3];

	w->settings->people.minors = 0;
	must(import_call(s, &c.ada, &person_entity, text,
		     ARGS(T("format", "form"), T("mapping", mapping), P("program", program_path(s, &c)), YES("take")), &task),
		&w->call.problem);
	done(s, task);
	for (int i = 0; i < 3; i++)
		ids[i] = ask_number(w, arena_print(&w->arena, "SELECT id FROM participant ORDER BY id LIMIT 1 OFFSET %d", i));
	for (int i = 0; i < 3; i++)
		must(perform(w, &c.ada, &participant_entity, ids[i], "Accept", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	run = run_new(s, &c, &task);
	workshop_run(s);
	must_be(s, run, "proposed");
	/* Anna offers the Latin, but Carl must not meet her */
	assert_int_equal(ask_number(w, "SELECT mentor FROM run_pair"), ids[1]);
	workshop_close(s);
}

static void refused(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t before = people_now(s), task;

	/* a problem of the file */
	must(import_call(s, &c.ada, &person_entity, "given_name,family_name,zone\nA,B,Europe/Berlin,more\nC\n",
		     ARGS(T("format", "csv"), YES("take"), T("name", "people.csv")), &task),
		&s->w->call.problem);
	done(s, task);
	state_is(s, "refused");
	assert_non_null(strstr(result_of(s, task, "problems")->text, "people.csv, row"));
	/* a problem that only the database knows */
	must(import_call(s, &c.ada, &person_entity, "given_name,family_name,zone\nA,B,UTC\nC,,UTC\n", ARGS(T("format", "csv"), YES("take")),
		     &task),
		&s->w->call.problem);
	done(s, task);
	state_is(s, "refused");
	assert_non_null(strstr(result_of(s, task, "problems")->text, "family_name"));
	assert_int_equal(people_now(s), before);
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM staged"), 0);
	workshop_close(s);
}

static void proposed(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t task;

	must(import_call(s, &c.ada, &person_entity, "E-Mail,Name,Languages\na@example.org,A B,German;English\n",
		     ARGS(T("format", "form"), P("program", program_path(s, &c)), YES("propose"), T("role", "mentee"), T("name", "x.csv")),
		     &task),
		&s->w->call.problem);
	done(s, task);
	assert_non_null(strstr(result_of(s, task, "mapping")->text, "column \"E-Mail\" -> email"));
	assert_int_equal(ask_number(s->w, "SELECT count(*) FROM import"), 0);
	workshop_close(s);
}

static void whose_it_is(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct world *w = s->w;
	struct cast c = cast(w);
	int64_t task, own, other;
	struct caller dan;

	own = person(w, &c.root, "Dan", "One");
	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, own)), T("user_name", "dan")));
	other = create(w, &c.ada, &program_entity,
		ARGS(T("key", "other"), T("title", "Another"), T("starts", "2026-01-10"), T("ends", "2026-12-20")));
	create(w, &c.root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, own)), T("duty", "coordinator"), P("program", path(w, &program_entity, other))));
	dan = caller_of(w, 1020, "dan");
#define FORM(p) ARGS(T("format", "form"), T("mapping", "mapping 1\nformat form\n"), P("program", p))
	assert_int_equal(import_call(s, &c.cleo, &person_entity, "x\n", FORM(program_path(s, &c)), &task), E_NOTFOUND);
	assert_int_equal(import_call(s, &dan, &person_entity, "x\n", FORM(program_path(s, &c)), &task), E_NOTFOUND);
	assert_int_equal(import_call(s, &dan, &person_entity, "x\n", FORM(path(w, &program_entity, other)), &task), 0);
	workshop_run(s);
	/* people of no program: over all only; logins: admins only */
	assert_int_equal(import_call(s, &dan, &person_entity, "given_name\nx\n", ARGS(T("format", "csv")), &task), E_DENIED);
	assert_int_equal(import_call(s, &c.ada, &login_entity, "person,user_name\nx,y\n", ARGS(T("format", "csv")), &task), E_DENIED);
	assert_int_equal(import_call(s, &c.ada, &duty_entity, "person,duty\nx,coordinator\n", ARGS(T("format", "csv")), &task), E_INVALID);
	assert_int_equal(import_call(s, &c.ada, &duty_entity, "person,duty\nx,coordinator\n",
				 ARGS(T("format", "csv"), P("program", program_path(s, &c))), &task),
		E_DENIED);
	assert_int_equal(import_call(s, &c.ada, &person_entity, "x\n", ARGS(T("format", "xml")), &task), E_INVALID);
	assert_int_equal(import_call(s, &c.ada, &person_entity, "x\n", ARGS(T("format", "form"), P("program", program_path(s, &c))), &task),
		E_INVALID);
	assert_int_equal(import_call(s, &c.ada, &person_entity, "x\n", ARGS(T("format", "csv"), T("take", "yes")), &task), E_INVALID);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM import"), 1);
	workshop_close(s);
}

static char *many_people(int count)
{
	char *text = calloc(1, (size_t)count * 60 + 100), *at = text + snprintf(text, 60, "given_name,family_name,external_id\n");

	for (int i = 0; i < count; i++)
		at += snprintf(at, 60, "Given%d,Family%d,id-%d\n", i, i, i);
	return text;
}

static void killed_while_taking(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	char *text = many_people(1500);
	int64_t before = people_now(s), task, id;

	must(import_call(s, &c.ada, &person_entity, text, ARGS(T("format", "csv"), YES("take")), &task), &s->w->call.problem);
	workshop_run_until(s, "SELECT count(*) >= 300 FROM person");
	assert_true(people_now(s) < before + 1500);
	workshop_close(s);
	s = workshop_open(*state, NULL);
	workshop_run(s);
	state_is(s, "taken");
	assert_int_equal(people_now(s), before + 1500);
	assert_int_equal(ask_number(s->w, "SELECT created FROM import"), 1500);
	/* undone, with a kill in the middle of that too */
	id = ask_number(s->w, "SELECT id FROM import");
	ask_for(s, &c.ada, &import_entity, id, "Undo", NULL, 0);
	workshop_run_until(s, "SELECT count(*) <= 1000 FROM person");
	assert_true(people_now(s) > before);
	workshop_close(s);
	s = workshop_open(*state, NULL);
	workshop_run(s);
	state_is(s, "undone");
	assert_int_equal(people_now(s), before);
	free(text);
	workshop_close(s);
}

static void killed_while_reading(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	int64_t before = people_now(s), task;

	must(import_call(s, &c.ada, &person_entity, "given_name,family_name\nA,B\n", ARGS(T("format", "csv"), YES("take")), &task),
		&s->w->call.problem);
	workshop_close(s);
	s = workshop_open(*state, NULL);
	workshop_run(s);
	state_is(s, "failed");
	assert_non_null(strstr(ask_text(s->w, "SELECT problem FROM import"), "import it again"));
	assert_int_equal(people_now(s), before);
	workshop_close(s);
}

/* What could be taken when it was looked at cannot any more: all of it goes back. */
static void cannot_be_taken(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct world *w = s->w;
	struct cast c = cast(w);
	struct problem problem = { 0 };
	char *text = many_people(250);
	int64_t before, task, id;

	must(import_call(s, &c.ada, &person_entity, text, ARGS(T("format", "csv")), &task), &w->call.problem);
	id = done(s, task);
	state_is(s, "ready");
	before = people_now(s);
	must(engine_run(store_engine(w->store), "UPDATE staged SET cells = replace(cells, 'Family220', '') WHERE line = 221", &problem),
		&problem);
	task = ask_for(s, &c.ada, &import_entity, id, "Take", NULL, 0);
	workshop_run(s);
	assert_int_equal(task_find(s->tasks, task)->state, TASK_FAILED);
	state_is(s, "failed");
	assert_int_equal(people_now(s), before);
	assert_int_equal(ask_number(w, "SELECT count(*) FROM staged"), 0);
	free(text);
	workshop_close(s);
}

static void cancelled_while_taking(void **state)
{
	struct workshop *s = workshop_open(*state, NULL);
	struct cast c = cast(s->w);
	struct problem problem = { 0 };
	char *text = many_people(800);
	int64_t before = people_now(s), task;

	must(import_call(s, &c.ada, &person_entity, text, ARGS(T("format", "csv"), YES("take")), &task), &s->w->call.problem);
	workshop_run_until(s, "SELECT count(*) >= 200 FROM person");
	must(task_cancel(s->tasks, task, &problem), &problem);
	workshop_run(s);
	assert_int_equal(task_find(s->tasks, task)->state, TASK_CANCELLED);
	state_is(s, "failed");
	assert_int_equal(people_now(s), before);
	free(text);
	workshop_close(s);
}

static void by_liars(void **state)
{
	static const char *const names[] = { "row_of_login", "row_of_nothing", "field_of_nothing", "odd_row", "done_with_more",
		"unknown_word", "exits", "hangs", "garbage" };
	const char *source = getenv("MENTORSHIP_SOURCE");
	struct world *w = *state;
	struct workshop *s = workshop_open(w, NULL);
	struct cast c = cast(w);
	int64_t before = people_now(s), task;

	workshop_close(s);
	w->settings->worker.seconds = 2;
	mkdir(arena_print(&w->arena, "%s/fakes", w->directory), 0700);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *program = arena_print(&w->arena, "%s/fakes/%s", w->directory, names[i]);

		symlink(arena_print(&w->arena, "%s/tests/fakes/misbehaving_worker.py", source ? source : "."), program);
		assert_int_equal(access(program, X_OK), 0);
		s = workshop_open(w, program);
		must(import_call(s, &c.ada, &person_entity, "x\n",
			     ARGS(T("format", "form"), T("mapping", "mapping 1\nformat form\n"), P("program", program_path(s, &c)),
				     YES("take")),
			     &task),
			&w->call.problem);
		workshop_run(s);
		if (task_find(s->tasks, task)->state != TASK_FAILED)
			fail_msg("%s: %s", names[i], task_states[task_find(s->tasks, task)->state]);
		state_is(s, "failed");
		assert_int_equal(people_now(s), before);
		assert_int_equal(ask_number(w, "SELECT count(*) FROM staged"), 0);
		workshop_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(from_a_form_to_a_matching, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(proposed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_while_taking, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_while_reading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cannot_be_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cancelled_while_taking, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_liars, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
