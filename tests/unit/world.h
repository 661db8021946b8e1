/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A world for tests of the store: a real database in a directory of its own, callers as the bus would make them, and a small cast.
 */
#ifndef WORLD_H
#define WORLD_H

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

static inline void must(int r, const struct problem *problem)
{
	if (r)
		fail_msg("%d %s: %s", r, problem->field, problem->text);
}

static inline void open_store(struct world *w)
{
	struct store_paths paths = { w->directory, w->backups, w->credentials };
	struct problem problem = { 0 };

	must(store_open(&paths, w->settings, 1767225600, &w->store, &problem), &problem); /* 2026-01-01 */
}

static inline void complain(const char *entity, const char *what)
{
	print_error("%s: %s\n", entity, what);
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline struct caller caller_of(struct world *w, uint32_t uid, const char *name)
{
	struct problem problem = { 0 };
	struct caller caller;

	must(store_turn_begin(w->store, &problem), &problem);
	must(store_caller(w->store, uid, name, &caller, &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	return caller;
}

static inline int perform_with(struct world *w, struct caller *caller, const struct entity *e, int64_t id, const char *verb,
	const struct arg *args, size_t count, struct options options)
{
	struct problem problem = { 0 };
	int r;

	w->call = (struct call){ .arena = &w->arena,
		.caller = caller,
		.now = store_now(w->store),
		.entity = e,
		.verb = verb_named(e, verb),
		.id = id,
		.args = args,
		.arg_count = count,
		.options = options,
		.fds = { -1, -1 },
		.path_body = "body",
		.path_body_length = 4 };
	must(store_turn_begin(w->store, &problem), &problem);
	r = store_perform(w->store, &w->call);
	must(store_turn_commit(w->store, &problem), &problem);
	return r;
}

/* In a turn of its own, as store_do says. */
static inline int do_in_turn(
	struct world *w, const struct caller *caller, int (*run)(struct call *, void *), void *data, struct problem *problem)
{
	struct problem turn = { 0 };
	int r;

	must(store_turn_begin(w->store, &turn), &turn);
	r = store_do(w->store, caller, run, data, problem);
	must(store_turn_commit(w->store, &turn), &turn);
	return r;
}

/* Whoever comes by a link, before it is known by which. */
static const struct caller by_link = { .way = BY_LINK, .login = NONE, .person = NONE };

static inline int perform(
	struct world *w, struct caller *caller, const struct entity *e, int64_t id, const char *verb, const struct arg *args, size_t count)
{
	return perform_with(w, caller, e, id, verb, args, count, (struct options){ .version = NONE, .for_person = NONE });
}

#define T(n, t) \
	{ \
		n, \
		{ \
			.type = V_TEXT, .text = t \
		} \
	}
#define P(n, t) \
	{ \
		n, \
		{ \
			.type = V_PATH, .text = t \
		} \
	}
#define N(n, v) \
	{ \
		n, \
		{ \
			.type = V_INT, .number = v \
		} \
	}
#define ARGS(...) ((const struct arg[]){ __VA_ARGS__ }), sizeof((const struct arg[]){ __VA_ARGS__ }) / sizeof(struct arg)

static inline int64_t create(struct world *w, struct caller *caller, const struct entity *e, const struct arg *args, size_t count)
{
	must(perform(w, caller, e, 0, "Create", args, count), &w->call.problem);
	return w->call.object;
}

static inline const char *path(struct world *w, const struct entity *e, int64_t id)
{
	return path_of(&w->arena, e, id);
}

static inline int64_t person(struct world *w, struct caller *caller, const char *given, const char *family)
{
	return create(w, caller, &person_entity, ARGS(T("given_name", given), T("family_name", family), T("birth_date", "1990-02-03")));
}

struct cast {
	struct caller root, ada, ben, cleo;
	int64_t ada_id, ben_id, cleo_id, program;
};

/* Ada coordinates all, Ben is a mentor, Cleo a mentee. */
static inline struct cast cast(struct world *w)
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
	c.program = create(w, &c.ada, &program_entity,
		ARGS(T("key", "first-year"), T("title", "First year"), T("starter", "first-year-university"), T("starts", "2026-01-10"),
			T("ends", "2026-12-20")));
	return c;
}

static inline int64_t participant(struct world *w, struct cast *c, int64_t person_id, const char *role, int64_t capacity)
{
	int64_t id = create(w, &c->ada, &participant_entity,
		ARGS(P("program", path(w, &program_entity, c->program)), P("person", path(w, &person_entity, person_id)), T("role", role),
			N("capacity", capacity)));

	must(perform(w, &c->ada, &participant_entity, id, "Accept", NULL, 0), &w->call.problem);
	return id;
}

/* Rows of this kind in somebody's agenda. */
struct counted {
	const char *kind;
	int count;
};

static inline int count_it(void *data, const struct agenda_item *item)
{
	struct counted *counted = data;

	counted->count += !strcmp(item->kind, counted->kind);
	return 0;
}

static inline int waits(struct world *w, struct caller *who, const char *kind)
{
	struct counted counted = { kind, 0 };
	struct call call = { .arena = &w->arena, .caller = who, .now = store_now(w->store) };

	must(store_agenda(w->store, &call, count_it, &counted), &call.problem);
	return counted.count;
}

#endif
