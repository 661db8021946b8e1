/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Programs are kept apart: no link leads from a row of one program to a row of another, whichever entity and whichever verb; and what is
 * another program's is absent for who sees only the own one.
 */
#include "store/internal.h"
#include "world.h"

static int64_t program_named(struct world *w, struct cast *c, const char *key)
{
	return create(w, &c->ada, &program_entity,
		ARGS(T("key", key), T("title", key), T("starter", "first-year-university"), T("starts", "2026-01-10"),
			T("ends", "2026-12-20")));
}

static int64_t number(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t n;

	must(engine_prepare(w->store->engine, sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(w->store->engine, q, &problem), 1);
	n = engine_int(q, 0);
	engine_reset(q);
	return n;
}

enum {
	PLANTED = 900
};

/* A row of an entity in a program, with the least that its table asks for. */
static void plant(struct world *w, const struct entity *e, int64_t program, int64_t person)
{
	struct buffer names = { 0 }, values = { 0 };
	struct problem problem = { 0 };
	char *sql;

	for (const struct field *f = e->fields + 1; f->name; f++) {
		if (!field_is_stored(f) || f->privacy == SEALED || (!(f->flags & REQUIRED) && f->anchor != AT_PROGRAM))
			continue;
		buffer_print(&names, ", \"%s\"", f->name);
		if (f->kind == LINK)
			buffer_print(&values, ", %lld",
				(long long)(!strcmp(f->to, "program")      ? program
						: !strcmp(f->to, "person") ? person
									   : PLANTED));
		else if (f->kind == CHOICE)
			buffer_print(&values, ", '%s'", f->choices[0]);
		else
			buffer_text(&values, f->kind == TEXT || f->kind == WORDS ? ", 'x'" : ", 1");
	}
	sql = arena_print(&w->arena, "INSERT INTO \"%s\" (\"id\", \"version\"%s) VALUES (%d, 1%s)", e->name,
		strstr(buffer_string(&names), "\"version\"") ? buffer_string(&names) + strlen(", \"version\"") : buffer_string(&names),
		PLANTED, strstr(buffer_string(&names), "\"version\"") ? buffer_string(&values) + strlen(", 1") : buffer_string(&values));
	buffer_free(&names);
	buffer_free(&values);
	if (engine_run(w->store->engine, sql, &problem))
		fail_msg("%s: %s", sql, problem.text);
}

static void *empty(struct world *w, const struct shape *shape, int64_t program)
{
	char *record = arena_new(&w->arena, shape->entity->size);

	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (field_is_stored(f) && f->kind != TEXT && f->kind != WORDS && f->kind != REAL && f->privacy != SEALED)
			*field_number(record, f) = NONE;
	}
	*field_number(record, &shape->entity->fields[shape->anchors[AT_PROGRAM]]) = program;
	return record;
}

static bool has_program(const struct shape *shape)
{
	return shape->anchors[AT_PROGRAM] >= 0;
}

static void no_link_leads_to_another_program(void **state)
{
	struct world *w = *state;
	struct problem problem = { 0 };
	struct cast c = cast(w);
	int64_t other = program_named(w, &c, "other");
	struct call call = { .store = w->store, .arena = &w->arena, .caller = &c.ada, .now = store_now(w->store) };
	int tried = 0;

	must(engine_run(w->store->engine, "PRAGMA foreign_keys = OFF", &problem), &problem);
	for (int i = 0; entities[i]; i++)
		if (has_program(shape_of(entities[i])) && !shape_of(entities[i])->is_anchor[AT_PROGRAM])
			plant(w, entities[i], other, c.ben_id);
	for (int i = 0; entities[i]; i++) {
		const struct shape *shape = shape_of(entities[i]);

		for (int k = 0; k < shape->count && has_program(shape); k++) {
			const struct field *f = &entities[i]->fields[k];
			void *record;

			if (f->kind != LINK || !field_is_stored(f) || f->anchor == AT_PROGRAM || !has_program(shape_of(shape->links[k])))
				continue;
			record = empty(w, shape, c.program);
			*field_number(record, f) = PLANTED;
			call.problem = (struct problem){ 0 };
			if (record_anchor(&call, shape, record) != E_INVALID)
				fail_msg("%s.%s takes a %s of another program", entities[i]->name, f->name, f->to);
			assert_string_equal(call.problem.field, f->name);
			tried++;
		}
	}
	assert_in_range(tried, 40, 200);
}

static int with_recipe(struct world *w, struct caller *who, int64_t program, int64_t recipe)
{
	return perform(w, who, &program_entity, program, "Update", ARGS(P("recipe", path(w, &recipe_entity, recipe))));
}

static void a_program_takes_no_recipe_of_another(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t other = program_named(w, &c, "other"), own, theirs;
	char absent[sizeof w->call.problem.text];

	own = create(w, &c.ada, &recipe_entity, ARGS(P("program", path(w, &program_entity, c.program)), T("name", "own")));
	theirs = create(w, &c.ada, &recipe_entity, ARGS(P("program", path(w, &program_entity, other)), T("name", "theirs")));
	assert_int_equal(with_recipe(w, &c.ada, c.program, theirs), E_INVALID);
	assert_string_equal(w->call.problem.field, "recipe");
	assert_non_null(strstr(w->call.problem.text, "belongs to another program"));
	must(with_recipe(w, &c.ada, c.program, own), &w->call.problem);
	/* a new program has none of its own yet */
	assert_int_equal(perform(w, &c.ada, &program_entity, 0, "Create",
				 ARGS(T("key", "third"), T("title", "Third"), P("recipe", path(w, &recipe_entity, own)))),
		E_INVALID);
	assert_int_equal(number(w, "SELECT count(*) FROM program p JOIN recipe r ON r.id = p.recipe WHERE r.program <> p.id"), 0);
	/* who coordinates one program learns nothing of what another one has */
	create(w, &c.root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, c.ben_id)), T("duty", "coordinator"),
			P("program", path(w, &program_entity, c.program))));
	assert_int_equal(with_recipe(w, &c.ben, c.program, 4711), E_NOTFOUND);
	snprintf(absent, sizeof absent, "%s", w->call.problem.text);
	assert_int_equal(with_recipe(w, &c.ben, c.program, theirs), E_NOTFOUND);
	assert_string_equal(w->call.problem.text, absent);
	must(with_recipe(w, &c.ben, c.program, own), &w->call.problem);
	/* and a revision is a change, too */
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &program_entity, c.program, "Start", NULL, 0), &w->call.problem);
	assert_int_equal(perform_with(w, &c.ada, &program_entity, c.program, "Revise", ARGS(P("recipe", path(w, &recipe_entity, theirs))),
				 (struct options){ .version = NONE, .for_person = NONE, .reason = "another" }),
		E_INVALID);
}

static void a_wave_is_compared_with_one_of_its_program(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t programs[2] = { c.program, program_named(w, &c, "other") }, waves[2];

	for (int i = 0; i < 2; i++) {
		int64_t form = create(
			w, &c.ada, &instrument_entity, ARGS(P("program", path(w, &program_entity, programs[i])), T("starter", "check-in")));

		must(perform(w, &c.ada, &instrument_entity, form, "Ready", NULL, 0), &w->call.problem);
		waves[i] = create(w, &c.ada, &wave_entity,
			ARGS(P("instrument", path(w, &instrument_entity, form)), T("title", "Autumn"),
				N("opens", store_now(w->store) + 3600), N("closes", store_now(w->store) + 86400)));
	}
	assert_int_equal(
		perform(w, &c.ada, &wave_entity, waves[0], "Update", ARGS(P("compared_with", path(w, &wave_entity, waves[1])))), E_INVALID);
	assert_non_null(strstr(w->call.problem.text, "belongs to another program"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(no_link_leads_to_another_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_program_takes_no_recipe_of_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wave_is_compared_with_one_of_its_program, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
