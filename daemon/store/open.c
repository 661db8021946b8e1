/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening and closing the store, and what surrounds its life: installation, hold and resume, erasures replayed, backup.
 *
 * The database remembers the id of the installation that it was resumed under. Restored or opened elsewhere the ids differ, and
 * mail, jobs and sync are held until an admin resumes. Erasures that happened after a backup was made are replayed before
 * anybody is served.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup.h"
#include "core/template_memory.h"
#include "internal.h"

static struct backup_paths backup_paths(const struct store_paths *paths)
{
	return (struct backup_paths){ paths->state, paths->backups };
}

static void keep_paths(struct store *s, const struct store_paths *paths)
{
	const char *texts[3] = { paths->state, paths->backups, paths->credentials };

	for (int i = 0; i < 3; i++) {
		s->path_texts[i] = texts[i] ? strdup(texts[i]) : NULL;
		if (texts[i] && !s->path_texts[i])
			abort();
	}
	s->paths = (struct store_paths){ s->path_texts[0], s->path_texts[1], s->path_texts[2] };
}

static int is_fresh(struct store *s, bool *ret, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine, "SELECT count(*) FROM sqlite_schema WHERE name = 'setting'", true, &q, problem);

	if (!r)
		r = engine_step(s->engine, q, problem);
	if (r > 0)
		*ret = engine_int(q, 0) == 0;
	if (r > 0)
		engine_reset(q);
	return r < 0 ? r : 0;
}

/* A first start that was cut off between the tables and the settings, which commit together, is made again. */
static int is_unfinished(struct store *s, struct arena *arena, bool *ret, struct problem *problem)
{
	char *kept;
	int r = setting_get(s, "replay_key", arena, &kept, problem);

	if (!r && !kept)
		*ret = true;
	return r;
}

/* ---- the clock that the database lives by ---- */

static int open_clock(struct store *s, struct arena *arena, bool fresh, int64_t simulated, struct problem *problem)
{
	char *kept, text[32];
	int r = setting_get(s, "clock", arena, &kept, problem);

	s->clock = NONE;
	if (r)
		return r;
	if (fresh && simulated != NONE) {
		snprintf(text, sizeof text, "%" PRId64, simulated);
		s->clock = simulated;
		return setting_put(s, "clock", text, problem);
	}
	if (!kept && simulated != NONE)
		return problem_set(
			problem, E_STATE, NULL, "this database lives by the real clock; --simulated-clock needs one made with it");
	if (kept && simulated == NONE)
		return problem_set(problem, E_STATE, NULL,
			"this database was made for a simulated clock; start it with --simulated-clock, it goes on "
			"from its own time");
	if (kept)
		s->clock = strtoll(kept, NULL, 10);
	return 0;
}

static int open_replay_key(struct store *s, struct arena *arena, struct problem *problem)
{
	char *kept, text[2 * sizeof s->replay_key + 1];
	int r = setting_get(s, "replay_key", arena, &kept, problem);

	if (r)
		return r;
	if (kept && !sodium_hex2bin(s->replay_key, sizeof s->replay_key, kept, strlen(kept), NULL, NULL, NULL))
		return 0;
	randombytes_buf(s->replay_key, sizeof s->replay_key);
	sodium_bin2hex(text, sizeof text, s->replay_key, sizeof s->replay_key);
	return setting_put(s, "replay_key", text, problem);
}

/* ---- installation ---- */

static int open_installation(struct store *s, struct arena *arena, bool fresh, struct problem *problem)
{
	char here[INSTALLATION], *kept;
	int r = installation_read(s->paths.state, here, problem);

	if (r > 0)
		r = installation_new(s->paths.state, here, problem);
	if (!r && fresh)
		r = setting_put(s, "installation", here, problem);
	if (!r)
		r = setting_get(s, "installation", arena, &kept, problem);
	if (!r)
		s->held = !kept || strcmp(kept, here);
	return r;
}

int store_resume(struct store *s, struct problem *problem)
{
	char here[INSTALLATION];
	struct stmt *q;
	int r = store_writing(s, problem);

	if (!r)
		r = installation_read(s->paths.state, here, problem);
	if (!r)
		r = setting_put(s, "installation", here, problem);
	if (!r)
		r = engine_prepare(s->engine,
			"UPDATE \"message\" SET \"state\" = 'queued' WHERE \"state\" = 'held' AND (\"program\" IS NULL OR NOT EXISTS "
			"(SELECT 1 FROM \"program\" p WHERE p.\"id\" = \"message\".\"program\" AND p.\"mail_held\"))",
			true, &q, problem);
	if (!r)
		r = engine_step(s->engine, q, problem);
	if (!r)
		s->held = false;
	return r;
}

static int count(struct store *s, const char *sql, int64_t *ret, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine, sql, true, &q, problem);

	if (r)
		return r;
	engine_bind_int(q, 1, store_now(s));
	r = engine_step(s->engine, q, problem);
	*ret = r > 0 ? engine_int(q, 0) : 0;
	engine_reset(q);
	return r < 0 ? r : 0;
}

int store_waiting(struct store *s, int64_t *ret_messages, int64_t *ret_jobs, struct problem *problem)
{
	int r = count(s, "SELECT count(*) FROM \"message\" WHERE \"state\" IN ('queued', 'held') AND ?1", ret_messages, problem);

	return r ? r
		 : count(s, "SELECT count(*) FROM \"job\" WHERE \"state\" IN ('waiting', 'running') AND \"due\" <= ?1", ret_jobs, problem);
}

/* ---- erasures after the backup that this database was ---- */

struct replaying {
	struct store *s;
	struct problem *problem;
};

static int erase_again(void *data, const char *kind, int64_t id, int64_t time)
{
	struct replaying *replaying = data;
	struct store *s = replaying->s;
	const struct shape *shape = shape_named(kind);
	struct arena arena = { 0 };
	struct caller self = { .way = BY_DAEMON, .uid = 0, .login = NONE, .person = NONE, .job = "replayed erasure" };
	struct call call = { .store = s,
		.arena = &arena,
		.caller = &self,
		.now = store_now(s),
		.id = id,
		.fds = { -1, -1 },
		.options = { .version = NONE, .for_person = NONE, .reason = "erased before this database was restored" } };
	int r = 0;

	(void)time;
	if (!shape)
		return 0;
	call.entity = shape->entity;
	call.verb = verb_named(shape->entity, "Erase");
	r = store_perform(s, &call);
	if (r == E_NOTFOUND || r == E_STATE) /* made and erased after the backup; or erased in it */
		r = 0;
	if (!r && s->seal)
		r = seal_forget(s->seal, id, &call.problem);
	if (r)
		*replaying->problem = call.problem;
	arena_free(&arena);
	return r;
}

static int replay_erasures(struct store *s, struct problem *problem)
{
	struct replaying replaying = { s, problem };
	int r = store_turn_begin(s, problem);

	if (!r)
		r = erasures_each(s->paths.state, erase_again, &replaying, problem);
	if (r) {
		s->lost = true;
		s->loss = *problem;
		store_turn_commit(s, problem);
		return r;
	}
	return store_turn_commit(s, problem);
}

/* The keys that belong to this database; where they were lost, sealing is unavailable until they are back. */
static int open_keys(struct store *s, struct arena *arena, struct problem *problem)
{
	char *known, id[33];
	int r = setting_get(s, "keys", arena, &known, problem);

	if (r || !s->seal)
		return r;
	if (seal_pair(s->seal, known, id, &s->sealing)) {
		seal_free(s->seal);
		s->seal = NULL;
		return 0;
	}
	return known ? 0 : setting_put(s, "keys", id, problem);
}

/* ---- open and close ---- */

static int open_all(struct store *s, int64_t simulated, struct problem *problem)
{
	struct arena arena = { 0 };
	bool fresh = false;
	int r = engine_open(s->paths.state, "mentorship.db", true, &s->engine, problem);

	if (!r)
		r = sight_register(s, problem);
	if (!r)
		r = is_fresh(s, &fresh, problem);
	if (!r && seal_new(s->paths.state, s->paths.credentials, &s->seal, &s->sealing))
		s->seal = NULL;
	if (!r)
		r = schema_bring(s, fresh, problem);
	if (!r)
		r = engine_begin(s->engine, problem);
	if (r)
		return r;
	r = is_unfinished(s, &arena, &fresh, problem);
	if (!r)
		r = open_clock(s, &arena, fresh, simulated, problem);
	if (!r)
		r = open_replay_key(s, &arena, problem);
	if (!r)
		r = open_installation(s, &arena, fresh, problem);
	if (!r)
		r = open_keys(s, &arena, problem);
	if (!r)
		r = engine_commit(s->engine, problem);
	else
		engine_rollback(s->engine);
	if (!r)
		r = audit_load(s->engine, &s->head, problem);
	if (!r && s->held)
		r = replay_erasures(s, problem);
	arena_free(&arena);
	return r;
}

int store_open(
	const struct store_paths *paths, const struct settings *settings, int64_t simulated, struct store **ret, struct problem *problem)
{
	struct store *s = calloc(1, sizeof *s);
	int r;

	if (!s || sodium_init() < 0)
		abort();
	keep_paths(s, paths);
	s->settings = settings;
	s->clock = NONE;
	s->zones = zones_new(NULL);
	s->grants = 1;
	r = open_all(s, simulated, problem);
	if (r) {
		store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	audit_check_free(s->checking);
	kept_free(s);
	sights_free(s);
	record_forget(s);
	template_memory_free(s->templates);
	seal_free(s->seal);
	engine_close(s->engine);
	zones_free(s->zones);
	free(s->changes);
	free(s->work);
	for (int i = 0; i < 3; i++)
		free(s->path_texts[i]);
	sodium_memzero(s->replay_key, sizeof s->replay_key);
	free(s);
}

/* ---- backup, restore, audit ---- */

int store_backup(struct store *s, const char **ret_name, struct problem *problem)
{
	struct backup_paths paths = backup_paths(&s->paths);
	int removed, r = backup_make(s->engine, s->seal, &paths, store_now(s), s->backup, problem);

	*ret_name = s->backup;
	return r ? r : backup_prune(paths.backups, store_now(s), s->settings->retention.backup_days, &removed, problem);
}

int store_backup_begin(struct store *s, struct backup **ret, struct problem *problem)
{
	struct backup_paths paths = backup_paths(&s->paths);

	return backup_begin(s->engine, s->seal, &paths, store_now(s), ret, problem);
}

int store_backup_step(struct store *s, struct backup *backup, struct problem *problem)
{
	int removed, r = backup_step(backup, problem);

	return r ? r : backup_prune(s->paths.backups, store_now(s), s->settings->retention.backup_days, &removed, problem);
}

const char *store_directory(const struct store *s)
{
	return s->paths.state;
}

int store_restore(const struct store_paths *paths, const char *name, struct problem *problem)
{
	struct backup_paths where = backup_paths(paths);

	return backup_restore(&where, name, problem);
}

int store_verify_audit(struct store *s, int64_t *cursor, struct audit_report *report, struct problem *problem)
{
	int r;

	if (!*cursor || !s->checking) {
		audit_check_free(s->checking);
		s->checking = audit_check_new(s->engine, &s->head);
	}
	r = audit_check_step(s->checking, 2000, report, problem);
	*cursor = 1;
	if (r <= 0) {
		audit_check_free(s->checking);
		s->checking = NULL;
	}
	return r;
}
