/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store: opening, the clock, turns, and what a verb may ask of it while it runs.
 *
 * A turn's write transaction begins with its first write and is committed once, after which what happened (changes, work)
 * is told. A lost transaction puts the memory back to the turn's start: audit head, clock, queues.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backup.h"
#include "core/date.h"
#include "core/log.h"
#include "core/template_memory.h"
#include "internal.h"

/* ---- clock ---- */

int64_t store_now(struct store *s)
{
	struct timespec now;

	/* not time(): that lags by up to a tick, so who is woken at an instant would see the second before it */
	clock_gettime(CLOCK_REALTIME, &now);
	return s->clock == NONE ? (int64_t)now.tv_sec : s->clock;
}

bool store_simulated(struct store *s)
{
	return s->clock != NONE;
}

int store_advance(struct store *s, int64_t until, struct problem *problem)
{
	char text[32];
	int r;

	if (!store_simulated(s))
		return problem_set(
			problem, E_STATE, NULL, "this database lives by the real clock; only one made with --simulated-clock can advance");
	if (until < s->clock)
		return problem_set(problem, E_INVALID, "until", "the clock stands later already");
	r = store_writing(s, problem);
	if (r)
		return r;
	snprintf(text, sizeof text, "%" PRId64, until);
	r = setting_put(s, "clock", text, problem);
	if (!r)
		s->clock = until;
	return r;
}

int store_note(struct store *s, const char *key, char *ret_before, size_t size, const char *value, struct problem *problem)
{
	struct arena arena = { 0 };
	char *before;
	int r = setting_get(s, key, &arena, &before, problem);

	snprintf(ret_before, size, "%s", !r && before ? before : "");
	arena_free(&arena);
	if (!r && value && strcmp(ret_before, value))
		r = store_writing(s, problem);
	if (!r && value && strcmp(ret_before, value))
		r = setting_put(s, key, value, problem);
	return r;
}

bool store_held(struct store *s)
{
	return s->held;
}

struct engine *store_engine(struct store *s)
{
	return s->engine;
}

struct zones *store_zones(struct store *s)
{
	return s->zones;
}

const struct settings *settings_of(const struct call *call)
{
	return call->store->settings;
}

struct template_memory *templates_of(const struct call *call)
{
	struct store *s = call->store;

	if (!s->templates)
		s->templates = template_memory_new();
	return s->templates;
}

void store_settings(struct store *s, const struct settings *settings)
{
	s->settings = settings;
}

/* ---- turns ---- */

struct mark store_mark(struct store *s)
{
	return (struct mark){ s->head, s->change_count, s->work_count, false };
}

void store_back(struct store *s, const struct mark *mark)
{
	s->head = mark->head;
	s->change_count = mark->changes;
	s->work_count = mark->work;
	s->grants++;
}

int store_turn_begin(struct store *s, struct problem *problem)
{
	int r = engine_begin_lazy(s->engine, problem);

	if (r)
		return r;
	s->change_count = s->work_count = 0;
	s->lost = s->writing = false;
	s->in_turn = true;
	s->turn_clock = s->clock;
	s->turn = store_mark(s);
	return 0;
}

int store_writing(struct store *s, struct problem *problem)
{
	int r;

	if (s->lost) {
		*problem = s->loss;
		return problem->code;
	}
	if (s->writing)
		return 0;
	if (!s->in_turn && (r = engine_begin(s->engine, problem)))
		return r;
	if (s->seal)
		seal_batch_begin(s->seal);
	s->writing = true;
	return 0;
}

bool store_lost(struct store *s)
{
	return s->lost;
}

static int turn_failed(struct store *s, struct problem *problem)
{
	if (s->writing && s->seal)
		seal_batch_undo(s->seal);
	if (engine_in_transaction(s->engine))
		engine_rollback(s->engine);
	store_back(s, &s->turn);
	kept_free(s);
	s->clock = s->turn_clock;
	s->writing = s->in_turn = false;
	return problem->code;
}

int store_turn_commit(struct store *s, struct problem *problem)
{
	int r = 0;

	if (s->lost) {
		*problem = s->loss;
		return turn_failed(s, problem);
	}
	/* keys before the data that needs them: keys of nobody do no harm */
	if (s->writing && s->seal)
		r = seal_batch_commit(s->seal, problem);
	if (!r)
		r = engine_commit(s->engine, problem);
	if (r)
		return turn_failed(s, problem);
	s->wrote |= s->writing;
	s->writing = s->in_turn = false;
	return 0;
}

bool store_wrote(struct store *s)
{
	bool wrote = s->wrote;

	s->wrote = false;
	return wrote;
}

bool store_sync_failed(struct store *s)
{
	return engine_sync_failed(s->engine) || (s->seal && seal_sync_failed(s->seal));
}

size_t store_committed(struct store *s, const struct change **ret)
{
	*ret = s->changes;
	return s->change_count;
}

size_t store_work(struct store *s, const struct work **ret)
{
	*ret = s->work;
	return s->work_count;
}

void store_changed(struct store *s, const struct entity *e, int64_t id, int64_t version, enum happening what)
{
	s->changes = heap_grown(s->changes, s->change_count, &s->change_room, sizeof *s->changes);
	s->changes[s->change_count++] = (struct change){ e, id, version, s->head.seq, what };
}

/* ---- what verbs ask ---- */

int fail(struct call *call, int code, const char *field, const char *format, ...)
{
	va_list ap;
	char text[sizeof call->problem.text];

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return problem_set(&call->problem, code, field, "%s", text);
}

int64_t random_id(void)
{
	uint64_t n;

	randombytes_buf(&n, sizeof n);
	return (int64_t)(n >> 2) | 1;
}

int64_t today_in(struct call *call, const char *zone)
{
	const struct zone *z;

	if (!zone || zones_get(call->store->zones, zone, &z, NULL))
		z = zone_utc();
	return local_day(zone_local(z, call->now));
}

int64_t today(struct call *call)
{
	return today_in(call, call->store->settings->institution.zone);
}

bool zone_known(struct call *call, const char *name, const struct entity *e, int64_t id)
{
	const struct zone *z;

	if (!zones_get(call->store->zones, name, &z, NULL))
		return true;
	if (zones_miss(call->store->zones, name))
		log_event(EVENT_RUNTIME_ERROR,
			&(struct log_facts){ .entity = e ? e->name : NULL,
				.object = id,
				.field = "zone",
				.job = call->caller->job,
				.code = E_UNAVAILABLE });
	return false;
}

const struct zone *zone_of(struct call *call, const char *name)
{
	const struct zone *z;

	if (name && zone_known(call, name, call->entity, call->id) && !zones_get(call->store->zones, name, &z, NULL))
		return z;
	return zones_get(call->store->zones, call->store->settings->institution.zone, &z, NULL) ? zone_utc() : z;
}

int64_t acting_person(const struct call *call)
{
	return call->options.for_person != NONE ? call->options.for_person : call->caller->person;
}

int load(struct call *call, const struct entity *e, int64_t id, void **ret)
{
	const struct shape *shape = shape_of(e);
	const void *record;
	int r = record_peek(call, shape, id, &record);

	if (!r)
		*ret = memcpy(arena_new(call->arena, e->size), record, e->size);
	return r;
}

void *fresh(struct call *call, const struct entity *e)
{
	void *record = arena_new(call->arena, e->size);

	for (const struct field *f = e->fields; f->name; f++)
		if (field_is_stored(f))
			field_start(f, record);
	return record;
}

struct rows {
	struct row {
		int64_t id;
		void *record;
	} * rows;
	size_t count, room;
	bool mixed; /* they did not come in the order of their ids */
};

static void rows_add(struct arena *arena, struct rows *rows, int64_t id, void *record)
{
	rows->rows = arena_grown(arena, rows->rows, rows->count, &rows->room, sizeof *rows->rows);
	rows->mixed = rows->mixed || (rows->count && rows->rows[rows->count - 1].id > id);
	rows->rows[rows->count++] = (struct row){ id, record };
}

static int by_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Ordered here: to sort whole rows costs SQLite more than it costs to read the few that most questions have. */
int each(struct call *call, const struct entity *e, int (*seen)(struct call *, void *, void *), void *data, const char *where,
	const int64_t *values, int count)
{
	const struct shape *shape = shape_of(e);
	struct rows rows = { 0 };
	struct stmt *q;
	int r = record_prepare_each(call->store, shape, where, &q, &call->problem);

	if (r)
		return r;
	for (int i = 0; i < count; i++)
		engine_bind_int(q, i + 1, values[i]);
	while ((r = engine_step(call->store->engine, q, &call->problem)) > 0) {
		void *record = arena_new(call->arena, e->size);

		record_read_row(call->arena, shape, q, record);
		rows_add(call->arena, &rows, *field_number(record, &e->fields[0]), record);
	}
	if (rows.mixed)
		qsort(rows.rows, rows.count, sizeof *rows.rows, by_id);
	for (size_t i = 0; i < rows.count && !r; i++)
		r = seen(call, rows.rows[i].record, data);
	return r;
}

int question(struct call *call, const char *sql, const int64_t *values, int count, struct stmt **ret)
{
	int r = engine_prepare(call->store->engine, sql, true, ret, &call->problem);

	for (int i = 0; i < count && !r; i++)
		engine_bind_int(*ret, i + 1, values[i]);
	return r;
}

int ask(struct call *call, const char *sql, const int64_t *values, int count, int64_t *ret)
{
	struct stmt *q;
	int r = question(call, sql, values, count, &q);

	if (r)
		return r;
	r = engine_step(call->store->engine, q, &call->problem);
	*ret = r > 0 ? engine_int(q, 0) : NONE;
	engine_reset(q);
	return r < 0 ? r : 0;
}

/* ---- writing records ---- */

/* Required fields that are sealed are looked at where they are set: after a load they are NULL. */
static int check_record(struct call *call, const struct shape *shape, const void *record, bool creating)
{
	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];
		int r;

		if (f->privacy == SEALED && !creating && !*field_text(record, f))
			continue;
		if (i == 0) /* the id is given by the insert */
			continue;
		r = field_check(f, record, &call->problem);
		if (!r && f->flags & ZONE && !field_is_none(f, record)) {
			const struct zone *z;

			r = zones_get(call->store->zones, *field_text(record, f), &z, &call->problem);
			if (r)
				snprintf(call->problem.field, sizeof call->problem.field, "%s", f->name);
		}
		if (r)
			return r;
	}
	return shape->entity->check ? shape->entity->check(call, record) : 0;
}

static void print_who(const struct call *call, struct audit_entry *entry)
{
	static const char *const ways[] = { "bus", "job", "worker", "link", "daemon" };

	entry->way = ways[call->caller->way];
	entry->uid = call->caller->uid;
	entry->person = call->caller->person;
	entry->for_person = call->options.for_person;
	entry->time = call->now;
	entry->verb = call->verb ? call->verb->name : call->caller->job;
}

/* A reason stands where it was given: in the record of the object that was called, not of others that changed with it, so that it
 * goes when the person whom it is about is erased. */
static const char *reason_for(const struct call *call, const struct shape *shape, int64_t id)
{
	return call->entity == shape->entity && (call->id == id || !call->id) ? call->options.reason : NULL;
}

int audit_change(struct call *call, const struct shape *shape, const void *was, const void *now, uint64_t fields, enum happening what)
{
	static const char *const happenings[] = { "Added", "Changed", "Removed" };
	const void *record = now ? now : was;
	struct buffer names = { 0 }, detail = { 0 };
	struct audit_entry entry = { 0 };
	int r;

	for (int i = 2; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (!(fields >> i & 1))
			continue;
		buffer_text(&names, names.length ? " " : "");
		buffer_text(&names, f->name);
		if (f->privacy == SEALED || f->flags & HIDDEN || (f->flags & ERASED && shape_of_nobody(shape)))
			continue; /* an erasure would not find it */
		buffer_text(&detail, f->name);
		buffer_char(&detail, '=');
		field_print(f, record, &detail);
		buffer_char(&detail, '\n');
	}
	print_who(call, &entry);
	entry.entity = shape->entity->name;
	entry.id = *field_number(record, &shape->entity->fields[0]);
	entry.reason = reason_for(call, shape, entry.id);
	entry.fields = buffer_string(&names);
	entry.detail = buffer_string(&detail);
	entry.program = record_anchor_of(shape, AT_PROGRAM, record);
	entry.match = record_anchor_of(shape, AT_MATCH, record);
	entry.about = record_anchor_of(shape, AT_PERSON, record);
	entry.what = happenings[what];
	r = audit_append(call->store->engine, &call->store->head, &entry, &call->problem);
	buffer_free(&names);
	buffer_free(&detail);
	return r;
}

enum recording {
	AUDITED,
	IN_CONFIDENCE
};

static int happened(struct call *call, const struct shape *shape, const void *was, void *now, uint64_t fields, enum happening what,
	enum recording recording)
{
	const struct entity *e = shape->entity;
	const void *record = now ? now : was;
	int r = 0;

	if (e->flags & GRANTS || (e->flags & GRANTS_BY_STATE && shape->state >= 0 && fields >> shape->state & 1))
		call->store->grants++;
	else if (e->grants)
		sights_moved(call->store, was ? record_anchor_of(shape, AT_PERSON, was) : NONE, record_anchor_of(shape, AT_PERSON, record));
	if (!(e->flags & QUIET)) {
		if (recording == AUDITED)
			r = audit_change(call, shape, was, now, fields, what);
		store_changed(call->store, e, *field_number(record, &e->fields[0]), *field_number(record, &e->fields[1]), what);
	}
	if (!r && e->changed)
		r = e->changed(call, was, now);
	return r;
}

static int add_as(struct call *call, const struct entity *e, void *record, enum recording recording)
{
	const struct shape *shape = shape_of(e);
	uint64_t fields = 0;
	int r = record_anchor(call, shape, record);

	if (shape->since >= 0)
		*field_number(record, &e->fields[shape->since]) = call->now;
	if (!r)
		r = record_copies(call, shape, record);
	if (!r)
		r = check_record(call, shape, record, true);
	if (!r)
		r = record_insert(call, shape, record);
	if (r)
		return r;
	for (int i = 2; i < shape->count; i++)
		if (i != shape->since && field_is_stored(&e->fields[i]) && !field_is_none(&e->fields[i], record))
			fields |= UINT64_C(1) << i;
	return happened(call, shape, NULL, record, fields, ADDED, recording);
}

int add(struct call *call, const struct entity *e, void *record)
{
	return add_as(call, e, record, AUDITED);
}

int add_in_confidence(struct call *call, const struct entity *e, void *record)
{
	return add_as(call, e, record, IN_CONFIDENCE);
}

static bool links_changed(const struct shape *shape, uint64_t fields)
{
	for (int i = 0; i < shape->count; i++)
		if (fields >> i & 1 && shape->entity->fields[i].kind == LINK)
			return true;
	return false;
}

int save(struct call *call, const struct entity *e, const void *was, void *now)
{
	const struct shape *shape = shape_of(e);
	uint64_t fields = record_difference(shape, was, now), kept = 2; /* kept: what no record of changes names */
	int r = 0;

	if (!fields)
		return 0;
	if (links_changed(shape, fields)) {
		r = record_anchor(call, shape, now);
		fields = record_difference(shape, was, now);
	}
	if (r)
		return r;
	if (shape->since >= 0 && fields >> shape->state & 1) {
		*field_number(now, &e->fields[shape->since]) = call->now;
		kept |= UINT64_C(1) << shape->since;
	}
	r = check_record(call, shape, now, false);
	if (!r) {
		*field_number(now, &e->fields[1]) = *field_number(was, &e->fields[1]) + 1;
		r = record_update(call, shape, was, now, fields | kept);
	}
	return r ? r : happened(call, shape, was, now, fields, CHANGED, AUDITED);
}

int delete_record(struct call *call, const struct entity *e, const void *was)
{
	const struct shape *shape = shape_of(e);
	int r = record_delete(call, shape, *field_number(was, &e->fields[0]));

	return r ? r : happened(call, shape, was, NULL, 0, REMOVED, AUDITED);
}

int begin_work(struct call *call, const char *kind, int64_t subject)
{
	return begin_work_about(call, kind, subject, 0, 0);
}

int begin_work_about(struct call *call, const char *kind, int64_t subject, int64_t one, int64_t other)
{
	struct store *s = call->store;

	s->work = heap_grown(s->work, s->work_count, &s->work_room, sizeof *s->work);
	if (!call->task)
		call->task = random_id();
	s->work[s->work_count++] = (struct work){ kind, subject, { one, other }, call->task, *call->caller };
	s->work[s->work_count - 1].starter.sight = NULL;
	return 0;
}

void answer(struct call *call, const char *name, struct value value)
{
	struct arg *more = arena_new(call->arena, (call->result_count + 1) * sizeof *more);

	if (call->result_count)
		memcpy(more, call->results, call->result_count * sizeof *more);
	more[call->result_count++] = (struct arg){ name, value };
	call->results = more;
}

/* ---- callers ---- */

int store_caller(struct store *s, uint32_t uid, const char *user_name, struct caller *ret, struct problem *problem)
{
	struct stmt *q;
	int64_t pinned = NONE;
	int r;

	*ret = (struct caller){ .way = BY_BUS, .uid = uid, .login = NONE, .person = NONE, .until = NONE, .admin = uid == 0 };
	if (!user_name || uid < s->settings->identity.uid_min || uid > s->settings->identity.uid_max)
		return 0;
	r = engine_prepare(s->engine,
		"SELECT \"id\", \"person\", \"uid\", \"until\" FROM \"login\" WHERE \"user_name\" = ?1 AND \"state\" = 'active' AND "
		"(\"since\" IS NULL OR \"since\" <= ?2) AND (\"until\" IS NULL OR \"until\" > ?2)",
		true, &q, problem);
	if (r)
		return r;
	engine_bind_text(q, 1, user_name);
	engine_bind_int(q, 2, store_now(s));
	r = engine_step(s->engine, q, problem);
	if (r > 0) {
		ret->login = engine_int(q, 0);
		ret->person = engine_int(q, 1);
		pinned = engine_int(q, 2);
		ret->until = engine_int(q, 3);
	}
	engine_reset(q);
	if (r <= 0)
		return r;
	if (pinned == NONE)
		return store_pin(s, ret, problem);
	if (pinned != uid)
		ret->login = ret->person = NONE;
	return 0;
}

/* First use: the uid is written into the login, by the daemon, as part of this turn. */
int store_pin(struct store *s, struct caller *caller, struct problem *problem)
{
	struct arena arena = { 0 };
	struct caller self = { .way = BY_DAEMON, .uid = caller->uid, .login = NONE, .person = NONE, .job = "pin" };
	const struct shape *shape = shape_named("login");
	struct arg uid = { "uid", { .type = V_INT, .number = caller->uid } };
	struct call call = { .store = s,
		.arena = &arena,
		.caller = &self,
		.now = store_now(s),
		.entity = shape->entity,
		.verb = verb_named(shape->entity, "Pin"),
		.id = caller->login,
		.args = &uid,
		.arg_count = 1,
		.fds = { -1, -1 },
		.options = { .version = NONE, .for_person = NONE } };
	int r = store_perform(s, &call);

	*problem = call.problem;
	arena_free(&arena);
	return r;
}

/* ---- audit ---- */

void store_audit_head(struct store *s, int64_t *ret_seq, char ret_hex[65])
{
	*ret_seq = s->head.seq;
	sodium_bin2hex(ret_hex, 65, s->head.chain, sizeof s->head.chain);
}
