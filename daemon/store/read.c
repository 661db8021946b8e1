/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The read gate for single records, look-ups, the agenda and missed changes. All ask sight() in the same statement that
 * brings the row, so that what is hidden and what is absent are both its zero rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int store_roles(struct store *s, struct caller *caller, unsigned *ret, struct problem *problem)
{
	if (!sight_of(s, caller, store_now(s), problem))
		return problem->code;
	*ret = sight_anywhere(caller);
	return 0;
}

/* ---- one record ---- */

/* The caller's roles over a row that its statement has shown to exist for them. */
static int roles_over(struct call *call, const struct shape *shape, int64_t id)
{
	void *record;
	int r = record_load(call->store, call->arena, shape, id, &record, &call->problem);

	return r ? r : sight_record(call, call->caller, shape, record, &call->roles);
}

static int absent(struct call *call)
{
	return fail(call, E_NOTFOUND, NULL, "there is no such object");
}

int store_sees(struct store *s, struct call *call, const struct entity *e, int64_t id)
{
	const struct shape *shape = shape_of(e);
	int r;

	call->store = s;
	call->id = id;
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	r = roles_over(call, shape, id);
	if (r == E_NOTFOUND || (!r && !(call->roles & shape->seers)))
		return absent(call);
	return r;
}

/* Columns asked for; those of `mask` alone may be shown. One statement for each set of fields. */
static int read_statement(
	struct store *s, const struct shape *shape, const int *fields, int count, struct stmt **ret, struct problem *problem)
{
	struct buffer sql = { 0 };
	int r;

	buffer_text(&sql, "SELECT ");
	for (int i = 0; i < count; i++) {
		const struct field *f = &shape->entity->fields[fields ? fields[i] : i];

		if (f->privacy == SEALED || f->flags & HIDDEN)
			buffer_text(&sql, "NULL, ");
		else if (f->computed)
			buffer_print(&sql, "%s, ", f->computed);
		else
			buffer_print(&sql, "t.\"%s\", ", f->name);
	}
	sight_call(&sql, shape, "t");
	buffer_print(&sql, " FROM \"%s\" AS t WHERE t.\"id\" = ?1 AND ", shape->entity->name);
	sight_condition(&sql, shape, "t", shape->seers, true);
	r = engine_prepare(s->engine, buffer_string(&sql), false, ret, problem);
	buffer_free(&sql);
	return r;
}

int store_read(struct store *s, struct call *call, const struct entity *e, int64_t id, const int *fields, int count, struct reader *reader)
{
	const struct shape *shape = shape_of(e);
	bool shown[MAX_FIELDS];
	int all[MAX_FIELDS];
	struct stmt *q;
	int r;

	call->store = s;
	if (!fields) {
		count = shape->count;
		for (int i = 0; i < count; i++)
			all[i] = i;
		fields = all;
	}
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	s->seeing = call;
	r = read_statement(s, shape, fields, count, &q, &call->problem);
	if (!r) {
		engine_bind_int(q, 1, id);
		r = engine_step(s->engine, q, &call->problem);
	}
	s->seeing = NULL;
	if (r <= 0)
		return r ? r : absent(call);
	call->roles = (unsigned)engine_int(q, count);
	if (e->through) {
		r = roles_over(call, shape, id);
		if (r) {
			engine_reset(q);
			return r;
		}
	}
	for (int i = 0; i < count; i++)
		shown[i] = (shape->readers[fields[i]] & call->roles) != 0;
	r = reader->row(reader, q, shape, fields, shown, count);
	engine_reset(q);
	return r;
}

/* ---- look-up ---- */

static void label_column(struct buffer *sql, const struct shape *shape)
{
	const struct field *f = &shape->entity->fields[shape->label];

	if (f->computed)
		buffer_text(sql, f->computed);
	else
		buffer_print(sql, "t.\"%s\"", f->name);
}

static int lookup_in(struct store *s, struct call *call, const struct shape *shape, const char *start, uint32_t limit, uint32_t *ret_given,
	int (*seen)(void *, const struct entity *, int64_t, const char *), void *data)
{
	const struct entity *e = shape->entity;
	unsigned need = shape->readers[shape->label] & shape->seers;
	struct buffer sql = { 0 };
	struct stmt *q;
	int r;

	if (!(sight_anywhere(call->caller) & need))
		return 0;
	buffer_text(&sql, "SELECT t.\"id\", ");
	label_column(&sql, shape);
	if (e->called) /* nothing asked for is begun by everything */
		buffer_print(&sql, " FROM \"%s\" AS t WHERE (?1 = '' OR %s", e->name, e->called);
	else
		buffer_print(&sql, " FROM \"%s\" AS t WHERE ((t.\"%s\" >= ?1 AND t.\"%s\" < ?1 || char(1114111))", e->name,
			e->fields[shape->label].name, e->fields[shape->label].name);
	for (int i = 0; i < shape->count; i++)
		if (e->fields[i].flags & KEY && e->fields[i].kind == TEXT && i != shape->label &&
			shape->readers[i] & sight_anywhere(call->caller)) {
			buffer_print(&sql, " OR (t.\"%s\" = ?1 AND ", e->fields[i].name);
			sight_condition(&sql, shape, "t", shape->readers[i], true);
			buffer_text(&sql, ")");
		}
	buffer_text(&sql, ") AND ");
	sight_condition(&sql, shape, "t", need, true);
	if (e->called) /* the newest first: of those that are called alike it is meant more often */
		buffer_text(&sql, " ORDER BY t.\"id\" DESC LIMIT ?2");
	else
		buffer_print(&sql, " ORDER BY t.\"%s\", t.\"id\" LIMIT ?2", e->fields[shape->label].name);
	r = engine_prepare(s->engine, buffer_string(&sql), false, &q, &call->problem);
	buffer_free(&sql);
	if (r)
		return r;
	engine_bind_text(q, 1, start);
	engine_bind_int(q, 2, limit - *ret_given);
	while ((r = engine_step(s->engine, q, &call->problem)) > 0) {
		++*ret_given;
		if ((r = seen(data, e, engine_int(q, 0), engine_text(q, 1))))
			break;
	}
	engine_reset(q);
	return r < 0 ? r : 0;
}

int store_lookup(struct store *s, struct call *call, const struct entity *e, const char *start, uint32_t limit,
	int (*seen)(void *, const struct entity *, int64_t id, const char *label), void *data)
{
	uint32_t given = 0;
	int r = 0;

	call->store = s;
	if (!limit || limit > 100)
		limit = 100;
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	s->seeing = call;
	for (int i = 0; entities[i] && !r && given < limit; i++) {
		const struct shape *shape = shape_of(entities[i]);

		if (shape->label >= 0 && (!e || e == entities[i]))
			r = lookup_in(s, call, shape, start, limit, &given, seen, data);
	}
	s->seeing = NULL;
	return r;
}

/* ---- the agenda ---- */

enum {
	AGENDA = 500
};

static int agenda_of(struct store *s, struct call *call, const struct shape *shape, const struct waiting *w,
	int (*seen)(void *, const struct agenda_item *), void *data)
{
	const struct entity *e = shape->entity;
	struct buffer sql = { 0 };
	struct stmt *q;
	int r;

	if (!(sight_anywhere(call->caller) & w->who))
		return 0;
	buffer_text(&sql, "SELECT x.*, ");
	if (shape->label >= 0) { /* by what the caller is to this row, which may be more than whom it waits for */
		buffer_text(&sql, "CASE WHEN ");
		sight_condition(&sql, shape, "t", shape->readers[shape->label], true);
		buffer_text(&sql, " THEN ");
		if (e->about)
			buffer_text(&sql, e->about);
		else
			label_column(&sql, shape);
		buffer_text(&sql, " END");
	} else
		buffer_text(&sql, "NULL");
	buffer_print(&sql, " FROM (SELECT t.\"id\" AS \"id\", %s AS \"since\", %s AS \"due\"", w->since ? w->since : "NULL",
		w->due ? w->due : "NULL");
	for (int a = AT_PROGRAM; a <= AT_MATCH; a++)
		if (shape->anchors[a] < 0)
			buffer_text(&sql, ", NULL");
		else
			buffer_print(&sql, ", t.\"%s\"", e->fields[shape->anchors[a]].name);
	buffer_print(&sql, " FROM \"%s\" AS t WHERE %s AND ?1 IS NOT NULL AND ", e->name, w->where);
	sight_condition(&sql, shape, "t", w->who, true);
	buffer_print(&sql,
		" ORDER BY 2 NULLS LAST, 1 LIMIT %d) AS x CROSS JOIN \"%s\" AS t ON t.\"id\" = x.\"id\" ORDER BY x.\"since\" NULLS LAST, x.\"id\"",
		AGENDA, e->name);
	r = engine_prepare(s->engine, buffer_string(&sql), false, &q, &call->problem);
	buffer_free(&sql);
	if (r)
		return r;
	engine_bind_int(q, 1, call->now);
	while ((r = engine_step(s->engine, q, &call->problem)) > 0) {
		struct agenda_item item = { w->kind, e, engine_int(q, 0), engine_int(q, 1), engine_int(q, 2), engine_int(q, 3),
			engine_int(q, 4), engine_text(q, 5) };

		if ((r = seen(data, &item)))
			break;
	}
	engine_reset(q);
	return r < 0 ? r : 0;
}

struct gathered_item {
	struct agenda_item item;
	size_t rank; /* within its kind, the oldest first */
};
struct gathered {
	struct arena *arena;
	struct gathered_item *items;
	size_t count, room;
};

static int gather(void *data, const struct agenda_item *item)
{
	struct gathered *g = data;

	g->items = arena_grown(g->arena, g->items, g->count, &g->room, sizeof *g->items);
	g->items[g->count] = (struct gathered_item){ *item, 0 };
	if (g->count && g->items[g->count - 1].item.kind == item->kind)
		g->items[g->count].rank = g->items[g->count - 1].rank + 1;
	g->items[g->count++].item.label = arena_copy(g->arena, item->label);
	return 0;
}

static int older(const void *a, const void *b)
{
	const struct agenda_item *x = &((const struct gathered_item *)a)->item, *y = &((const struct gathered_item *)b)->item;
	int64_t s = x->since == NONE ? INT64_MAX : x->since, t = y->since == NONE ? INT64_MAX : y->since;

	return s < t ? -1 : s > t;
}

static int dearer(const void *a, const void *b)
{
	const struct gathered_item *x = a, *y = b;

	return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : older(a, b);
}

int store_agenda(struct store *s, struct call *call, int (*seen)(void *, const struct agenda_item *), void *data)
{
	struct gathered g = { .arena = call->arena };
	int r = 0;

	call->store = s;
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	s->seeing = call;
	for (int i = 0; entities[i] && !r; i++)
		for (const struct waiting *w = entities[i]->waiting; w && w->kind && !r; w++)
			r = agenda_of(s, call, shape_of(entities[i]), w, gather, &g);
	s->seeing = NULL;
	if (r)
		return r;
	/* of many the oldest of each kind, so that no kind hides another */
	if (g.count > AGENDA) {
		qsort(g.items, g.count, sizeof *g.items, dearer);
		g.count = AGENDA;
	}
	if (g.count)
		qsort(g.items, g.count, sizeof *g.items, older);
	for (size_t i = 0; i < g.count && !r; i++)
		r = seen(data, &g.items[i].item);
	return r < 0 ? r : 0;
}

/* ---- what was missed ---- */

enum {
	LOOKED_AT = 2000
};

struct missed {
	int64_t seq, id;
	const struct entity *entity;
	char what[12];
	int64_t anchors[3];
};

static int visible(struct store *s, struct call *call, const struct missed *m)
{
	const struct shape *shape = shape_of(m->entity);
	struct call look = *call;
	int r;

	if (!strcmp(m->what, "Removed"))
		return (sight_mask(call->caller, m->anchors[0], m->anchors[1], m->anchors[2]) & shape->seers) != 0;
	r = store_sees(s, &look, m->entity, m->id);
	return r == E_NOTFOUND ? 0 : r ? r : 1;
}

int store_changes(struct store *s, struct call *call, int64_t after, uint32_t limit,
	int (*seen)(void *, int64_t seq, const struct entity *, int64_t id, const char *signal), void *data, bool *ret_more)
{
	struct missed *found = arena_new(call->arena, LOOKED_AT * sizeof *found);
	struct stmt *q;
	uint32_t given = 0;
	int count = 0, r;

	call->store = s;
	*ret_more = false;
	if (!limit || limit > 1000)
		limit = 1000;
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	r = engine_prepare(s->engine,
		"SELECT \"id\", \"entity\", \"record\", \"what\", \"program\", \"match\", \"about\" FROM \"audit_record\" "
		"WHERE \"id\" > ?1 ORDER BY \"id\" LIMIT ?2",
		true, &q, &call->problem);
	if (r)
		return r;
	engine_bind_int(q, 1, after);
	engine_bind_int(q, 2, LOOKED_AT);
	while ((r = engine_step(s->engine, q, &call->problem)) > 0) {
		const struct shape *shape = shape_named(engine_text(q, 1));
		struct missed *m = &found[count];

		if (!shape || engine_is_null(q, 3))
			continue;
		*m = (struct missed){ engine_int(q, 0), engine_int(q, 2), shape->entity, "",
			{ engine_int(q, 4), engine_int(q, 5), engine_int(q, 6) } };
		snprintf(m->what, sizeof m->what, "%s", engine_text(q, 3));
		count++;
	}
	if (r < 0)
		return r;
	for (int i = 0; i < count && r >= 0; i++) {
		r = visible(s, call, &found[i]);
		if (r <= 0)
			continue;
		if (given++ == limit) {
			*ret_more = true;
			break;
		}
		r = seen(data, found[i].seq, found[i].entity, found[i].id, found[i].what);
	}
	if (count == LOOKED_AT)
		*ret_more = true;
	return r < 0 ? r : 0;
}
