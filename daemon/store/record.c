/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records: between columns and structs, for any entity.
 *
 * The SQL that loads and inserts is composed once for each shape and kept. An update names the columns that differ and no
 * others. Sealed columns are never loaded: their members are NULL, so that the difference sees only new values, which are
 * sealed on their way into the statement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
	KEPT = 64,
	PEEKS = 32,
	UPDATES = 8, /* changes of other sets of fields are composed anew each time */
	WHERES = 24  /* and so are questions with other conditions */
};

struct composed {
	const struct shape *shape;
	char *columns, *load, *insert, *remove;
	struct {
		uint64_t fields;
		char *sql;
	} updates[UPDATES];
	struct {
		const char *where; /* its address: most are constants */
		char *sql;
		size_t at; /* of the condition in the text */
	} wheres[WHERES];
	char *through[THROUGH_MAX];
};

static struct composed *composed_of(struct store *s, const struct shape *shape)
{
	struct composed *all = s->composed;
	struct buffer columns = { 0 }, insert = { 0 }, marks = { 0 };
	int at = 0, n = 0;

	if (!all)
		s->composed = all = calloc(KEPT, sizeof *all);
	if (!all)
		abort();
	while (all[at].shape && all[at].shape != shape)
		at++;
	if (all[at].shape)
		return &all[at];
	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (!field_is_stored(f))
			continue;
		buffer_text(&columns, n ? ", " : "");
		buffer_text(&insert, n ? ", " : "");
		if (f->privacy == SEALED)
			buffer_text(&columns, "NULL");
		else
			sql_name(&columns, f->name);
		sql_name(&insert, f->name);
		buffer_print(&marks, n ? ", ?%d" : "?%d", n + 1);
		n++;
	}
	all[at].shape = shape;
	all[at].columns = strdup(buffer_string(&columns));
	if (asprintf(&all[at].load, "SELECT %s FROM \"%s\" WHERE \"id\" = ?1", buffer_string(&columns), shape->entity->name) < 0 ||
		asprintf(&all[at].insert, "INSERT INTO \"%s\" (%s) VALUES (%s)", shape->entity->name, buffer_string(&insert),
			buffer_string(&marks)) < 0 ||
		asprintf(&all[at].remove, "DELETE FROM \"%s\" WHERE \"id\" = ?1", shape->entity->name) < 0 || !all[at].columns)
		abort();
	buffer_free(&columns);
	buffer_free(&insert);
	buffer_free(&marks);
	return &all[at];
}

void record_forget(struct store *s)
{
	struct composed *all = s->composed;

	for (int i = 0; all && all[i].shape; i++) {
		free(all[i].columns);
		free(all[i].load);
		free(all[i].insert);
		free(all[i].remove);
		for (int u = 0; u < UPDATES; u++)
			free(all[i].updates[u].sql);
		for (int w = 0; w < WHERES; w++)
			free(all[i].wheres[w].sql);
		for (int t = 0; t < THROUGH_MAX; t++)
			free(all[i].through[t]);
	}
	free(all);
	s->composed = NULL;
}

int record_prepare_each(struct store *s, const struct shape *shape, const char *where, struct stmt **ret, struct problem *problem)
{
	struct composed *composed = composed_of(s, shape);
	char *sql;
	int at = 0, length, r;

	while (at < WHERES && composed->wheres[at].sql && composed->wheres[at].where != where)
		at++;
	if (at < WHERES && composed->wheres[at].sql &&
		!strcmp(composed->wheres[at].sql + composed->wheres[at].at, where)) /* at the same address another may stand by now */
		return engine_prepare(s->engine, composed->wheres[at].sql, true, ret, problem);
	length = asprintf(&sql, "SELECT %s FROM \"%s\" WHERE %s", composed->columns, shape->entity->name, where);
	if (length < 0)
		abort();
	if (at < WHERES && !composed->wheres[at].sql) {
		composed->wheres[at].where = where;
		composed->wheres[at].sql = sql;
		composed->wheres[at].at = (size_t)length - strlen(where);
		return engine_prepare(s->engine, sql, true, ret, problem);
	}
	r = engine_prepare(s->engine, sql, false, ret, problem);
	free(sql);
	return r;
}

const char *record_columns(struct store *s, const struct shape *shape)
{
	return composed_of(s, shape)->columns;
}

char **record_through(struct store *s, const struct shape *shape)
{
	return composed_of(s, shape)->through;
}

void record_bind(struct stmt *q, int at, const struct field *f, const void *record)
{
	if (field_is_text(f))
		engine_bind_text(q, at, *field_text(record, f));
	else if (f->kind == REAL)
		engine_bind_real(q, at, *field_real(record, f));
	else if (f->kind == CHOICE && *field_number(record, f) != NONE)
		engine_bind_text(q, at, f->choices[*field_number(record, f)]);
	else
		engine_bind_int(q, at, *field_number(record, f));
}

void record_read_row(struct arena *arena, const struct shape *shape, struct stmt *q, void *record)
{
	for (int i = 0, column = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (!field_is_stored(f))
			continue;
		if (f->privacy == SEALED)
			*field_text(record, f) = NULL;
		else if (field_is_text(f))
			*field_text(record, f) = arena_copy(arena, engine_text(q, column));
		else if (f->kind == REAL)
			*field_real(record, f) = engine_real(q, column);
		else if (f->kind == CHOICE) {
			const char *word = engine_text(q, column);
			int at = word ? choice_index(f->choices, word) : -1;

			*field_number(record, f) = at < 0 ? NONE : at;
		} else
			*field_number(record, f) = engine_int(q, column);
		column++;
	}
}

int record_load(struct store *s, struct arena *arena, const struct shape *shape, int64_t id, void **ret, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine, composed_of(s, shape)->load, true, &q, problem);

	if (r)
		return r;
	engine_bind_int(q, 1, id);
	r = engine_step(s->engine, q, problem);
	if (r <= 0)
		return r ? r : problem_set(problem, E_NOTFOUND, NULL, "there is no such object");
	*ret = arena_new(arena, shape->entity->size);
	record_read_row(arena, shape, q, *ret);
	engine_reset(q);
	return 0;
}

struct peeks {
	int64_t written; /* rows that the engine had written when these were read */
	struct peek {
		const struct shape *shape;
		int64_t id;
		void *record;
	} items[PEEKS];
};

int record_peek(struct call *call, const struct shape *shape, int64_t id, const void **ret)
{
	struct peeks *peeks = call->peeks;
	struct peek *peek;
	void *record;
	int r;

	if (!peeks)
		peeks = call->peeks = arena_new(call->arena, sizeof *peeks);
	if (peeks->written != engine_written(call->store->engine))
		*peeks = (struct peeks){ .written = engine_written(call->store->engine) };
	peek = &peeks->items[((uintptr_t)shape / sizeof *shape + (uint64_t)id) % PEEKS];
	if (peek->shape == shape && peek->id == id) {
		*ret = peek->record;
		return 0;
	}
	r = record_load(call->store, call->arena, shape, id, &record, &call->problem);
	if (r)
		return r;
	*peek = (struct peek){ shape, id, record };
	*ret = record;
	return 0;
}

int64_t record_anchor_of(const struct shape *shape, enum anchor anchor, const void *record)
{
	return shape->anchors[anchor] < 0 ? NONE : *field_number(record, &shape->entity->fields[shape->anchors[anchor]]);
}

uint64_t record_difference(const struct shape *shape, const void *was, const void *now)
{
	uint64_t fields = 0;

	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (field_is_stored(f) && !field_same(f, was, now))
			fields |= UINT64_C(1) << i;
	}
	return fields;
}

/* ---- anchors and copies ---- */

/* One anchor of the record that a link names: by its columns, read with one small statement. */
static int anchors_of_target(struct call *call, const struct shape *to, int64_t id, int64_t anchors[4])
{
	const void *target;
	int r = record_peek(call, to, id, &target);

	for (int a = AT_PROGRAM; a <= AT_PERSON && !r; a++)
		anchors[a] = record_anchor_of(to, a, target);
	return r;
}

static int agree(struct call *call, const struct shape *shape, void *record, const struct field *link, int a, int64_t value)
{
	const struct field *own;

	if (shape->anchors[a] < 0 || value == NONE)
		return 0;
	own = &shape->entity->fields[shape->anchors[a]];
	if (!(link->flags & LEADS) && a != AT_PROGRAM)
		return 0;
	if (*field_number(record, own) == NONE && link->flags & LEADS)
		*field_number(record, own) = value;
	/* the row itself: one without a number yet has nothing of its own, so what it names is another's */
	if ((*field_number(record, own) != NONE || shape->is_anchor[a]) && *field_number(record, own) != value)
		return fail(call, E_INVALID, link->name, "%s belongs to another %s than the rest", link->label,
			a == AT_PROGRAM         ? "program"
				: a == AT_MATCH ? "match"
						: "person");
	return 0;
}

int record_anchor(struct call *call, const struct shape *shape, void *record)
{
	/* leading links first, so that the others are held against what they gave */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < shape->count; i++) {
			const struct field *f = &shape->entity->fields[i];
			int64_t anchors[4] = { NONE, NONE, NONE, NONE };
			int r;

			if (f->kind != LINK || !field_is_stored(f) || *field_number(record, f) == NONE ||
				(f->flags & LEADS ? 0 : 1) != pass)
				continue;
			r = anchors_of_target(call, shape_of(shape->links[i]), *field_number(record, f), anchors);
			if (r == E_NOTFOUND)
				return fail(call, E_NOTFOUND, f->name, "%s: there is no such object", f->label);
			for (int a = AT_PROGRAM; a <= AT_PERSON && !r; a++)
				r = agree(call, shape, record, f, a, anchors[a]);
			if (r)
				return r;
		}
	return 0;
}

int record_copies(struct call *call, const struct shape *shape, void *record)
{
	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];
		const struct shape *to;
		int link, from, r;
		int64_t id;
		const void *other;

		if (!copied_from(shape, f, &link, &to, &from))
			continue;
		id = *field_number(record, &shape->entity->fields[link]);
		if (id == NONE)
			continue;
		r = record_peek(call, to, id, &other);
		if (r)
			return r;
		memcpy((char *)record + f->offset, (const char *)other + to->entity->fields[from].offset, 8);
	}
	return 0;
}

struct value_of {
	const struct field *field;
	const void *record;
	int64_t id;
};

/* Rows that copy this field of the rows `where`, and then those that copy it from them. ?1 is the value, ?2 the row that changed. */
static int spread_field(struct call *call, const struct shape *shape, int field, const struct value_of *value, const char *where)
{
	char rows[400], sql[500];

	for (int e = 0; entities[e]; e++) {
		const struct shape *other = shape_of(entities[e]);

		for (int i = 0; i < other->count; i++) {
			const struct field *f = &other->entity->fields[i];
			const struct shape *to;
			struct stmt *q;
			int link, from, r;

			if (!copied_from(other, f, &link, &to, &from) || to != shape || from != field)
				continue;
			snprintf(rows, sizeof rows, "\"%s\" IN (SELECT \"id\" FROM \"%s\" WHERE %s)", other->entity->fields[link].name,
				shape->entity->name, where);
			snprintf(sql, sizeof sql, "UPDATE \"%s\" SET \"%s\" = ?1 WHERE %s", other->entity->name, f->name, rows);
			r = engine_prepare(call->store->engine, sql, false, &q, &call->problem);
			if (r)
				return r;
			record_bind(q, 1, value->field, value->record);
			engine_bind_int(q, 2, value->id);
			r = engine_step(call->store->engine, q, &call->problem);
			if (r >= 0)
				r = spread_field(call, other, i, value, rows);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Fields that others copy have changed: their rows follow. */
static int spread(struct call *call, const struct shape *shape, const void *now, uint64_t fields)
{
	int r = 0;

	for (int i = 0; i < shape->count && !r; i++) {
		struct value_of value = { &shape->entity->fields[i], now, *field_number(now, &shape->entity->fields[0]) };

		if ((fields & shape->copied) >> i & 1)
			r = spread_field(call, shape, i, &value, "\"id\" = ?2");
	}
	return r;
}

/* ---- writing ---- */

static int bind_sealed(struct call *call, const struct shape *shape, struct stmt *q, int at, const struct field *f, const void *record)
{
	const char *text = *field_text(record, f);
	int64_t person = record_anchor_of(shape, AT_PERSON, record);
	void *sealed;
	size_t size;
	int r;

	if (!text || !*text) {
		engine_bind_null(q, at);
		return 0;
	}
	if (!call->store->seal)
		return fail(call, E_UNAVAILABLE, f->name, "%s cannot be kept: %s", f->label, call->store->sealing.text);
	r = seal_shut(call->store->seal, call->arena, person, shape->entity->name, *field_number(record, &shape->entity->fields[0]),
		f->name, text, &sealed, &size, &call->problem);
	if (!r)
		engine_bind_blob(q, at, sealed, size);
	return r;
}

static int next_id(struct call *call, const struct shape *shape, int64_t *ret)
{
	char sql[120];
	struct stmt *q;
	int r;

	snprintf(sql, sizeof sql, "SELECT coalesce(max(\"id\"), 0) + 1 FROM \"%s\"", shape->entity->name);
	r = engine_prepare(call->store->engine, sql, false, &q, &call->problem);
	if (!r)
		r = engine_step(call->store->engine, q, &call->problem);
	if (r > 0)
		*ret = engine_int(q, 0);
	engine_reset(q);
	return r < 0 ? r : 0;
}

int record_insert(struct call *call, const struct shape *shape, void *record)
{
	struct store *s = call->store;
	const struct field *fields = shape->entity->fields;
	int64_t *id = field_number(record, &fields[0]);
	struct stmt *q;
	int r = engine_prepare(s->engine, composed_of(s, shape)->insert, true, &q, &call->problem);
	bool sealed = false;

	if (r)
		return r;
	for (int i = 0; i < shape->count; i++)
		sealed |= fields[i].privacy == SEALED && *field_text(record, &fields[i]);
	if (shape->entity->flags & RANDOM_ID && *id == NONE)
		*id = random_id();
	else if (sealed) { /* the id is associated data: it is taken before sealing */
		r = next_id(call, shape, id);
		if (r)
			return r;
	}
	for (int i = 0, at = 1; i < shape->count; i++) {
		if (!field_is_stored(&fields[i]))
			continue;
		if (fields[i].privacy == SEALED) {
			r = bind_sealed(call, shape, q, at, &fields[i], record);
			if (r) {
				engine_reset(q);
				return r;
			}
		} else
			record_bind(q, at, &fields[i], record);
		at++;
	}
	r = engine_step(s->engine, q, &call->problem);
	if (!r && *id == NONE)
		*id = engine_last_id(s->engine);
	return r;
}

static char *update_new(const struct shape *shape, uint64_t fields)
{
	struct buffer sql = { 0 };
	int at = 1;
	char *text;

	buffer_print(&sql, "UPDATE \"%s\" SET ", shape->entity->name);
	for (int i = 1; i < shape->count; i++)
		if (fields >> i & 1) {
			buffer_print(&sql, "%s\"%s\" = ?%d", at > 1 ? ", " : "", shape->entity->fields[i].name, at);
			at++;
		}
	buffer_print(&sql, " WHERE \"id\" = ?%d", at);
	text = strdup(buffer_string(&sql));
	buffer_free(&sql);
	if (!text)
		abort();
	return text;
}

/* The statement that changes just these fields. What is kept stays where it is: statements are found by the address of their text. */
static int prepare_update(struct store *s, const struct shape *shape, uint64_t fields, struct stmt **ret, struct problem *problem)
{
	struct composed *composed = composed_of(s, shape);
	char *once;
	int at = 0, r;

	while (at < UPDATES && composed->updates[at].sql && composed->updates[at].fields != fields)
		at++;
	if (at < UPDATES) {
		if (!composed->updates[at].sql)
			composed->updates[at].sql = update_new(shape, composed->updates[at].fields = fields);
		return engine_prepare(s->engine, composed->updates[at].sql, true, ret, problem);
	}
	once = update_new(shape, fields);
	r = engine_prepare(s->engine, once, false, ret, problem);
	free(once);
	return r;
}

int record_update(struct call *call, const struct shape *shape, const void *was, void *now, uint64_t fields)
{
	struct store *s = call->store;
	struct stmt *q;
	int at = 1, r = prepare_update(s, shape, fields, &q, &call->problem);

	(void)was;
	for (int i = 1; i < shape->count && !r; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (!(fields >> i & 1))
			continue;
		if (f->privacy == SEALED)
			r = bind_sealed(call, shape, q, at, f, now);
		else
			record_bind(q, at, f, now);
		at++;
	}
	if (r)
		return r;
	engine_bind_int(q, at, *field_number(now, &shape->entity->fields[0]));
	r = engine_step(s->engine, q, &call->problem);
	return r || !(fields & shape->copied) ? r : spread(call, shape, now, fields);
}

int record_delete(struct call *call, const struct shape *shape, int64_t id)
{
	struct stmt *q;
	int r = engine_prepare(call->store->engine, composed_of(call->store, shape)->remove, true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, id);
	return engine_step(call->store->engine, q, &call->problem);
}
