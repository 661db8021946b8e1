/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one path, from a call to its row: who may, in which order it is refused, what is written beside, what goes back.
 * A real database in a directory of the test's own; callers as the bus would make them, from uids with logins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/field.h"
#include "core/settings.h"
#include "model/model.h"
#include "store/store.h"

/* after ours: it makes a macro of `fail` */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct world {
	char directory[64], backups[96], credentials[96];
	struct settings *settings;
	struct store *store;
	struct arena arena;
	struct call call;
};

static void must(int r, const struct problem *problem)
{
	if (r)
		fail_msg("%d %s: %s", r, problem->field, problem->text);
}

static void open_store(struct world *w)
{
	struct store_paths paths = { w->directory, w->backups, w->credentials };
	struct problem problem = { 0 };

	must(store_open(&paths, w->settings, 1767225600, &w->store, &problem), &problem);   /* 2026-01-01 */
}

static void complain(const char *entity, const char *what)
{
	print_error("%s: %s\n", entity, what);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	char path[160];
	FILE *key;

	assert_int_equal(shapes_check(complain), 0);
	snprintf(w->directory, sizeof w->directory, "/tmp/mentorship-test-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	snprintf(w->backups, sizeof w->backups, "%s/backups", w->directory);
	snprintf(w->credentials, sizeof w->credentials, "%s/credentials", w->directory);
	mkdir(w->credentials, 0700);
	snprintf(path, sizeof path, "%s/sealing-key", w->credentials);
	key = fopen(path, "w");
	fputs("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key);
	fclose(key);
	chmod(path, 0600);
	w->settings = settings_defaults();
	w->settings->identity.uid_min = 1000;
	w->settings->identity.uid_max = 65000;
	open_store(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	store_close(w->store);
	settings_free(w->settings);
	arena_free(&w->arena);
	snprintf(command, sizeof command, "rm -rf %s", w->directory);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* ---- calls as the bus makes them ---- */

static struct caller caller_of(struct world *w, uint32_t uid, const char *name)
{
	struct problem problem = { 0 };
	struct caller caller;

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_caller(w->store, uid, name, &caller, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	return caller;
}

static int perform_with(struct world *w, struct caller *caller, const struct entity *e, int64_t id, const char *verb, const struct arg *args,
                        size_t count, struct options options)
{
	struct problem problem = { 0 };
	int r;

	w->call = (struct call){ .arena = &w->arena, .caller = caller, .now = store_now(w->store), .entity = e, .verb = verb_named(e, verb), .id = id,
	                         .args = args, .arg_count = count, .options = options, .fds = { -1, -1 }, .path_body = "body",
	                         .path_body_length = 4 };
	must(store_turn_begin(w->store, &problem), &problem);
	r = store_perform(w->store, &w->call);
	must(store_turn_commit(w->store, &problem), &problem);
	return r;
}

static int perform(struct world *w, struct caller *caller, const struct entity *e, int64_t id, const char *verb, const struct arg *args, size_t count)
{
	return perform_with(w, caller, e, id, verb, args, count, (struct options){ .version = NONE, .for_person = NONE });
}

#define T(n, t) { n, { .type = V_TEXT, .text = t } }
#define P(n, t) { n, { .type = V_PATH, .text = t } }
#define N(n, v) { n, { .type = V_INT, .number = v } }
#define ARGS(...) ((const struct arg[]){ __VA_ARGS__ }), sizeof((const struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg)

static int64_t create(struct world *w, struct caller *caller, const struct entity *e, const struct arg *args, size_t count)
{
	must(perform(w, caller, e, 0, "Create", args, count), &w->call.problem);
	return w->call.object;
}

static const char *path(struct world *w, const struct entity *e, int64_t id)
{
	return path_of(&w->arena, e, id);
}

static int64_t person(struct world *w, struct caller *caller, const char *given, const char *family)
{
	return create(w, caller, &person_entity, ARGS(T("given_name", given), T("family_name", family), T("birth_date", "1990-02-03")));
}

struct cast { struct caller root, ada, ben, cleo; int64_t ada_id, ben_id, cleo_id, program; };

/* Ada coordinates all, Ben is a mentor, Cleo a mentee. */
static struct cast cast(struct world *w)
{
	struct cast c;

	c.root = caller_of(w, 0, "root");
	c.ada_id = person(w, &c.root, "Ada", "Admin");
	c.ben_id = person(w, &c.root, "Ben", "Mentor");
	c.cleo_id = person(w, &c.root, "Cleo", "Mentee");
	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("user_name", "ada")));
	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, c.ben_id)), T("user_name", "ben")));
	create(w, &c.root, &login_entity, ARGS(P("person", path(w, &person_entity, c.cleo_id)), T("user_name", "cleo")));
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "coordinator")));
	c.ada = caller_of(w, 1001, "ada");
	c.ben = caller_of(w, 1002, "ben");
	c.cleo = caller_of(w, 1003, "cleo");
	c.program = create(w, &c.ada, &program_entity, ARGS(T("key", "first-year"), T("title", "First year"), T("starter", "first-year-university"),
	                   T("starts", "2026-01-10"), T("ends", "2026-12-20")));
	return c;
}

static int64_t participant(struct world *w, struct cast *c, int64_t person_id, const char *role, int64_t capacity)
{
	int64_t id = create(w, &c->ada, &participant_entity, ARGS(P("program", path(w, &program_entity, c->program)),
	                    P("person", path(w, &person_entity, person_id)), T("role", role), N("capacity", capacity)));

	must(perform(w, &c->ada, &participant_entity, id, "Accept", NULL, 0), &w->call.problem);
	return id;
}

/* ---- tests ---- */

static void first_steps(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	const struct change *changes;

	assert_true(c.ada.person == c.ada_id);
	assert_int_equal(store_committed(w->store, &changes), 3 + 7);       /* program twice, recipe and its lines */
	/* an account made anew under the name is nobody */
	assert_true(caller_of(w, 1009, "ada").person == NONE);
	assert_true(caller_of(w, 1001, "eve").person == NONE);
	/* uid below the range binds nothing */
	assert_true(caller_of(w, 999, "ben").person == NONE);
}

static void refusals_in_order(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	/* hidden and absent alike: Cleo sees no person but herself */
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.ben_id, "Update", ARGS(T("zone", "UTC"))), E_NOTFOUND);
	assert_int_equal(perform(w, &c.cleo, &person_entity, 4711, "Update", ARGS(T("zone", "UTC"))), E_NOTFOUND);
	/* role before fields before version before state */
	assert_int_equal(perform(w, &c.cleo, &program_entity, c.program, "Start", ARGS(T("nonsense", "x"))), E_DENIED);
	assert_int_equal(perform_with(w, &c.ada, &program_entity, c.program, "Open", ARGS(T("nonsense", "x")),
	                              (struct options){ .version = 99, .for_person = NONE }), E_INVALID);
	assert_int_equal(perform_with(w, &c.ada, &program_entity, c.program, "Open", NULL, 0,
	                              (struct options){ .version = 99, .for_person = NONE }), E_CONFLICT);
	assert_int_equal(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), E_STATE);
	/* self sets only what is hers */
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.cleo_id, "Update", ARGS(T("zone", "Asia/Kolkata"))), 0);
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.cleo_id, "Update", ARGS(T("email", "c@example.org"))), E_DENIED);
	assert_int_equal(perform(w, &c.cleo, &person_entity, c.cleo_id, "Update", ARGS(T("zone", "Mars/Base"))), E_INVALID);
}

static void keys_and_dry_runs(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct options keyed = { .version = NONE, .for_person = NONE, .key = "k1" }, dry = { .version = NONE, .for_person = NONE, .dry_run = true };
	int64_t seq, after, first;
	char head[65];

	assert_int_equal(perform_with(w, &c.ada, &person_entity, 0, "Create", ARGS(T("given_name", "Dee"), T("family_name", "Dee")), keyed), 0);
	first = w->call.object;
	assert_int_equal(perform_with(w, &c.ada, &person_entity, 0, "Create", ARGS(T("given_name", "Dee"), T("family_name", "Dee")), keyed), 0);
	assert_true(w->call.replayed);
	assert_int_equal(w->call.object, first);
	store_audit_head(w->store, &seq, head);
	assert_int_equal(perform_with(w, &c.ada, &person_entity, 0, "Create", ARGS(T("given_name", "Eve"), T("family_name", "Eve")), dry), 0);
	store_audit_head(w->store, &after, head);
	assert_int_equal(seq, after);
	assert_int_equal(perform(w, &c.ada, &person_entity, w->call.object, "Update", ARGS(T("zone", "UTC"))), E_NOTFOUND);
	/* a dry run passes the same gate */
	assert_int_equal(perform_with(w, &c.cleo, &person_entity, 0, "Create", ARGS(T("given_name", "Eve"), T("family_name", "Eve")), dry), E_DENIED);
}

static void one_place_two_acceptances(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 1), one = participant(w, &c, c.cleo_id, "mentee", 1), two, first, second;
	int64_t dora = person(w, &c.root, "Dora", "Second");

	two = participant(w, &c, dora, "mentee", 1);
	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	first = create(w, &c.ada, &match_entity, ARGS(P("program", path(w, &program_entity, c.program)),
	               P("mentor", path(w, &participant_entity, mentor)), P("mentee", path(w, &participant_entity, one))));
	second = create(w, &c.ada, &match_entity, ARGS(P("program", path(w, &program_entity, c.program)),
	                P("mentor", path(w, &participant_entity, mentor)), P("mentee", path(w, &participant_entity, two))));
	/* a proposed match is nobody's but staff's */
	assert_int_equal(perform(w, &c.cleo, &match_entity, first, "Accept", NULL, 0), E_NOTFOUND);
	must(perform(w, &c.ada, &match_entity, first, "Offer", NULL, 0), &w->call.problem);
	assert_int_equal(w->call.messages, 2);
	must(perform(w, &c.ada, &match_entity, second, "Offer", NULL, 0), &w->call.problem);
	must(perform(w, &c.cleo, &match_entity, first, "Accept", NULL, 0), &w->call.problem);
	must(perform(w, &c.ben, &match_entity, first, "Accept", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, second, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = dora }), &w->call.problem);
	assert_int_equal(perform(w, &c.ben, &match_entity, second, "Accept", NULL, 0), E_CONFLICT);
	/* nobody may enter an answer for somebody who could not give it */
	assert_int_equal(perform_with(w, &c.ada, &match_entity, second, "Accept", NULL, 0, (struct options){ .version = NONE, .for_person = c.cleo_id }),
	                 E_DENIED);
	must(perform(w, &c.ada, &match_entity, first, "Start", NULL, 0), &w->call.problem);
	assert_true(w->call.jobs > 0);
}

static void sealed_is_disclosed_only(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	const struct arg fields = { "fields", { .type = V_WORDS, .text = "birth_date" } };

	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1,
	                              (struct options){ .version = NONE, .for_person = NONE, .reason = "curious" }), E_NOTFOUND);
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	assert_int_equal(perform(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1), E_INVALID);
	must(perform_with(w, &c.ada, &person_entity, c.ben_id, "Disclose", &fields, 1,
	                  (struct options){ .version = NONE, .for_person = NONE, .reason = "asked by Ben" }), &w->call.problem);
	assert_int_equal(w->call.result_count, 1);
	assert_string_equal(w->call.results[0].value.text, "1990-02-03");
	/* her own record: she is no officer there */
	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ada_id, "Disclose", &fields, 1,
	                              (struct options){ .version = NONE, .for_person = NONE, .reason = "mine" }), E_DENIED);
}

static void verified_audit(void **state)
{
	struct world *w = *state;
	struct audit_report report = { 0 };
	struct problem problem = { 0 };
	int64_t cursor = 0;
	int r;

	cast(w);
	while ((r = store_verify_audit(w->store, &cursor, &report, &problem)) > 0)
		;
	must(r, &problem);
	assert_int_equal(report.first_bad, 0);
	assert_true(report.records > 8);
}

struct taken { struct reader reader; int rows; char last[100]; };

static int take(struct reader *reader, struct stmt *q, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct taken *taken = (struct taken *)reader;

	(void)shape;
	(void)fields;
	(void)shown;
	taken->rows++;
	snprintf(taken->last, sizeof taken->last, "%s", engine_text(q, count - 1) ? engine_text(q, count - 1) : "");
	return 0;
}

static int list(struct world *w, struct caller *caller, const struct entity *e, const char *const *fields, size_t count, uint32_t limit,
                const char *cursor, struct taken *taken, const char **next)
{
	struct list_query query = { .fields = fields, .field_count = count, .limit = limit, .cursor = cursor };

	*taken = (struct taken){ .reader = { take } };
	w->call = (struct call){ .arena = &w->arena, .caller = caller, .now = store_now(w->store), .options = { .version = NONE, .for_person = NONE } };
	return store_list(w->store, &w->call, e, &query, &taken->reader, next);
}

static void lists_show_what_is_seen(void **state)
{
	static const char *const name[] = { "id", "name" }, *const email[] = { "email" };
	struct world *w = *state;
	struct cast c = cast(w);
	struct taken taken;
	const char *next;

	participant(w, &c, c.ben_id, "mentor", 1);
	must(list(w, &c.ada, &person_entity, name, 2, 2, "", &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 2);
	assert_string_equal(taken.last, "Ben Mentor");
	assert_true(*next);
	must(list(w, &c.ada, &person_entity, name, 2, 2, next, &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 1);
	assert_string_equal(taken.last, "Cleo Mentee");
	assert_false(*next);
	must(list(w, &c.cleo, &person_entity, name, 2, 10, "", &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 1);
	/* a coordinator of all is no staff over herself: her own mail address is hers, the others' by her duty */
	must(list(w, &c.ada, &person_entity, email, 1, 10, "", &taken, &next), &w->call.problem);
	assert_int_equal(taken.rows, 3);
	assert_int_equal(list(w, &c.ben, &participant_entity, (const char *const[]){ "priority" }, 1, 10, "", &taken, &next), E_DENIED);
}

static void erased_and_kept_erased(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct options why = { .version = NONE, .for_person = NONE, .reason = "asked for" };

	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ada_id)), T("duty", "data-protection officer")));
	participant(w, &c, c.ben_id, "mentor", 2);
	must(perform_with(w, &c.ada, &person_entity, c.ben_id, "Erase", NULL, 0, why), &w->call.problem);
	assert_int_equal(w->call.jobs, 1);
	assert_int_equal(perform_with(w, &c.ada, &person_entity, c.ben_id, "Erase", NULL, 0, why), E_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_steps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_and_dry_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_place_two_acceptances, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sealed_is_disclosed_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(verified_audit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_show_what_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(erased_and_kept_erased, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
