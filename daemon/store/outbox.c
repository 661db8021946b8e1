/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outbox and the schedule as verbs use them: rows of message and job, written in the cause's own transaction.
 *
 * (recipient, template, occasion) and (kind, subject, nominal local time, zone) are unique: a twin is not written. A row keeps the zone
 * that was wanted; where its data cannot be read the instant is the institution's, until they come back. A message
 * goes in held where the database is held, the program holds its mail, or it is one of a great many.
 */
#include <stdio.h>

#include "core/date.h"
#include "core/log.h"
#include "internal.h"

static int mail_held(struct call *call, int64_t program, bool safety, bool *ret)
{
	int64_t held = 0;
	int r = program == NONE || safety ? 0
					  : ask(call, "SELECT \"mail_held\" FROM \"program\" WHERE \"id\" = ?1", VALUES(program), &held);

	*ret = call->store->held || held == 1;
	return r;
}

/* More than so many of one kind, caused by one caller within the time in which messages settle, are one batch, and all of it waits for
 * somebody who has looked at it. What jobs cause comes as it was planned, and is no batch. Of thousands no more are counted than decide. */
static int hold_batch(struct call *call, const struct notice *n, bool *held)
{
	const struct settings *settings = call->store->settings;
	int64_t since = call->now - settings->mail.settle - 1, count, by = call->caller->person;
	struct stmt *q;
	int r;

	if (call->caller->way != BY_BUS || by == NONE || *held || n->safety)
		return 0;
	r = engine_prepare(call->store->engine,
		"SELECT count(*) FROM (SELECT 1 FROM \"message\" WHERE \"caused_by\" = ?1 AND \"template_name\" = ?2 AND \"program\" IS ?3 AND "
		"\"queued_at\" >= ?4 AND +\"state\" IN ('queued', 'held') AND NOT \"released\" LIMIT ?5)",
		true, &q, &call->problem);
	if (r)
		return r;
	engine_bind_int(q, 1, by);
	engine_bind_text(q, 2, n->template_name);
	engine_bind_int(q, 3, n->program);
	engine_bind_int(q, 4, since);
	engine_bind_int(q, 5, settings->schedule.batch_hold + 1);
	r = engine_step(call->store->engine, q, &call->problem);
	if (r <= 0)
		return r;
	count = engine_int(q, 0);
	*held = count + 1 > settings->schedule.batch_hold;
	engine_reset(q);
	if (count != settings->schedule.batch_hold)
		return 0;
	if (n->program != NONE) {
		struct notice held_batch = { "held-batch", NONE, n->program, NONE, shape_named("program")->entity, n->program,
			arena_print(call->arena, "program/%lld/%lld", (long long)n->program, (long long)call->now), false, NONE, false };

		r = notify_staff(call, &held_batch, NONE);
		if (r)
			return r;
	}
	log_event(EVENT_BATCH_HELD, &(struct log_facts){ .program = n->program == NONE ? 0 : n->program, .count = count + 1 });
	r = engine_prepare(call->store->engine,
		"UPDATE \"message\" SET \"state\" = 'held', \"version\" = \"version\" + 1 WHERE \"caused_by\" = ?1 AND \"template_name\" = ?2 AND "
		"\"program\" IS ?3 AND \"queued_at\" >= ?4 AND \"state\" = 'queued' AND NOT \"released\"",
		true, &q, &call->problem);
	if (r)
		return r;
	engine_bind_int(q, 1, by);
	engine_bind_text(q, 2, n->template_name);
	engine_bind_int(q, 3, n->program);
	engine_bind_int(q, 4, since);
	return engine_step(call->store->engine, q, &call->problem);
}

int notify(struct call *call, const struct notice *n)
{
	struct engine *engine = call->store->engine;
	struct stmt *q;
	bool held;
	int r = mail_held(call, n->program, n->safety, &held);

	if (!r)
		r = hold_batch(call, n, &held);
	if (!r)
		r = engine_prepare(engine,
			"INSERT INTO \"message\" (\"id\", \"version\", \"program\", \"match\", \"person\", \"template_name\", \"about\", "
			"\"occasion\", \"about_id\", \"queued_at\", \"attempts\", \"state\", \"not_before\", \"caused_by\", \"released\", \"confided\") "
			"VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12, 0, ?13) "
			"ON CONFLICT (\"person\", \"template_name\", \"occasion\") DO NOTHING",
			true, &q, &call->problem);
	if (r)
		return r;
	engine_bind_int(q, 1, random_id());
	engine_bind_int(q, 2, n->program);
	engine_bind_int(q, 3, n->match);
	engine_bind_int(q, 4, n->person);
	engine_bind_text(q, 5, n->template_name);
	engine_bind_text(q, 6, n->about->name);
	engine_bind_text(q, 7, n->occasion);
	engine_bind_int(q, 8, n->about_id);
	engine_bind_int(q, 9, call->now);
	engine_bind_text(q, 10, held ? "held" : "queued");
	/* what somebody asks for by link goes to nobody else, and they wait for it */
	engine_bind_int(q, 11, call->caller->way == BY_LINK ? call->now : call->now + call->store->settings->mail.settle);
	engine_bind_int(q, 12, call->caller->way == BY_BUS ? call->caller->person : NONE);
	engine_bind_int(q, 13, n->confided);
	r = engine_step(engine, q, &call->problem);
	if (!r)
		call->messages += engine_changes(engine);
	return r;
}

/* Everybody whose duty of the given word, in force, covers the program. */
static int notify_duty(struct call *call, const struct notice *n, const char *sql, int64_t except, int *ret_count)
{
	struct engine *engine = call->store->engine;
	int64_t people[64];
	struct stmt *q;
	int count = 0;
	int r = engine_prepare(engine, sql, true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, n->program);
	engine_bind_int(q, 2, call->now);
	engine_bind_int(q, 3, n->apart && n->apart != NONE ? n->apart : n->match);
	while ((r = engine_step(engine, q, &call->problem)) > 0)
		if (count < 64 && engine_int(q, 0) != except)
			people[count++] = engine_int(q, 0);
	engine_reset(q);
	for (int i = 0; i < count && !r; i++) {
		struct notice one = *n;

		one.person = people[i];
		r = notify(call, &one);
	}
	*ret_count = count;
	return r;
}

/* ?1 the program, ?2 now, ?3 the match of those who are not told. */
#define IN_FORCE \
	"\"state\" = 'appointed' AND (\"from\" IS NULL OR \"from\" * 86400 <= ?2) AND (\"to\" IS NULL OR (\"to\" + 1) * 86400 > ?2) AND " \
	"\"person\" NOT IN (SELECT \"person\" FROM \"match_member\" WHERE \"match\" = ?3)"

int notify_staff(struct call *call, const struct notice *n, int64_t except)
{
	int count;

	/* those of the program; where there is none, those of all */
	return notify_duty(call, n,
		"SELECT DISTINCT \"person\" FROM \"duty\" WHERE \"duty\" = 'coordinator' AND (\"program\" = ?1 OR (\"program\" IS NULL "
		"AND NOT EXISTS (SELECT 1 FROM \"duty\" WHERE \"duty\" = 'coordinator' AND \"program\" = ?1 AND " IN_FORCE
		"))) AND " IN_FORCE,
		except, &count);
}

int notify_safeguarding(struct call *call, const struct notice *n, int64_t except, int *ret_count)
{
	struct notice confided = *n;

	confided.confided = true;
	return notify_duty(call, &confided,
		"SELECT DISTINCT \"person\" FROM \"duty\" WHERE \"duty\" = 'safeguarding lead' AND (\"program\" = ?1 OR \"program\" IS NULL) AND " IN_FORCE,
		except, ret_count);
}

int tell_protection(struct call *call, const char *template_name, const struct entity *about, int64_t about_id)
{
	char *occasion = arena_print(call->arena, "%s/%lld/%lld", about->name, (long long)about_id, (long long)call->now);
	struct notice n = { template_name, NONE, NONE, NONE, about, about_id, occasion, false, NONE, false };
	int count;

	return notify_duty(call, &n,
		"SELECT DISTINCT \"person\" FROM \"duty\" WHERE \"duty\" = 'data-protection officer' AND ?1 IS NULL AND " IN_FORCE, NONE,
		&count);
}

/* ---- jobs ---- */

int plan(struct call *call, const char *kind, int64_t subject, int64_t due, const char *zone)
{
	struct engine *engine = call->store->engine;
	const struct zone *z = zone ? zone_of(call, zone) : zone_utc();
	char nominal[DATE_TEXT];
	struct stmt *q;
	int r = engine_prepare(engine,
		"INSERT INTO \"job\" (\"version\", \"kind\", \"subject\", \"nominal\", \"zone\", \"due\", \"cursor\", \"attempts\", \"state\") "
		"VALUES (1, ?1, ?2, ?3, ?4, ?5, 0, 0, 'waiting') ON CONFLICT (\"kind\", \"subject\", \"nominal\", \"zone\") DO UPDATE SET "
		"\"state\" = 'waiting', \"due\" = excluded.\"due\", \"cursor\" = 0, \"attempts\" = 0 WHERE \"state\" = 'withdrawn'",
		true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, kind);
	engine_bind_int(q, 2, subject);
	engine_bind_text(q, 3, local_print(zone_local(z, due), nominal));
	engine_bind_text(q, 4, zone ? zone : zone_name(z)); /* the wanted one, also where its data cannot be read just now */
	engine_bind_int(q, 5, due);
	r = engine_step(engine, q, &call->problem);
	if (!r)
		call->jobs += engine_changes(engine);
	return r;
}

int unplan(struct call *call, const char *kind, int64_t subject)
{
	struct engine *engine = call->store->engine;
	struct stmt *q;
	int r = engine_prepare(engine,
		"UPDATE \"job\" SET \"state\" = 'withdrawn', \"version\" = \"version\" + 1 WHERE \"kind\" = ?1 AND \"subject\" = ?2 "
		"AND \"state\" = 'waiting'",
		true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, kind);
	engine_bind_int(q, 2, subject);
	return engine_step(engine, q, &call->problem);
}
