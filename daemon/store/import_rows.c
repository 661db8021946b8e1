/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Staged rows as an import reads them: slice by slice, cell by cell, with the records that their keys mean.
 */
#include "import_inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int import_rows(struct importing *in, bool backwards, struct row *rows, int *ret_count)
{
	struct call *call = in->call;
	struct stmt *q;
	int r = engine_prepare(call->store->engine,
		backwards
			? "SELECT \"line\", \"entity\", \"source\", \"cells\", \"effect\", \"record\", \"version\", \"was\" FROM \"staged\" WHERE \"import\" = ?1 AND \"line\" < ?2 "
			  "ORDER BY \"line\" DESC LIMIT ?3"
			: "SELECT \"line\", \"entity\", \"source\", \"cells\", \"effect\", \"record\", \"version\", \"was\" FROM \"staged\" WHERE \"import\" = ?1 AND \"line\" > ?2 "
			  "ORDER BY \"line\" LIMIT ?3",
		true, &q, &call->problem);

	*ret_count = 0;
	if (r)
		return r;
	engine_bind_int(q, 1, in->state->id);
	engine_bind_int(q, 2, in->state->line);
	engine_bind_int(q, 3, IMPORT_SLICE);
	while ((r = engine_step(call->store->engine, q, &call->problem)) > 0)
		rows[(*ret_count)++] = (struct row){ engine_int(q, 0), shape_named(engine_text(q, 1)),
			arena_copy(call->arena, engine_text(q, 2)), arena_copy(call->arena, engine_text(q, 3)),
			arena_copy(call->arena, engine_text(q, 4)), engine_int(q, 5), engine_int(q, 6),
			arena_copy(call->arena, engine_text(q, 7)), false };
	return r;
}

/* The record of a key: in the database, or made earlier by this import; *ret NONE and *ret_new if this import is going to make it. */
static int find_key(struct importing *in, const struct shape *to, const char *key, int64_t *ret, bool *ret_new)
{
	struct call *call = in->call;
	struct stmt *q;
	int r = engine_prepare(call->store->engine,
		/* the planner would rather walk through the whole import */
		"SELECT \"record\" FROM \"staged\" INDEXED BY \"staged_by_key\" WHERE \"import\" = ?1 AND \"entity\" = ?2 AND \"key\" = ?3",
		true, &q, &call->problem);

	*ret = NONE;
	*ret_new = false;
	if (r)
		return r;
	engine_bind_int(q, 1, in->state->id);
	engine_bind_text(q, 2, to->entity->name);
	engine_bind_text(q, 3, key);
	r = engine_step(call->store->engine, q, &call->problem);
	if (r > 0) {
		*ret = engine_int(q, 0);
		*ret_new = *ret == NONE;
	}
	engine_reset(q);
	return r < 0 ? r : 0;
}

int import_person(struct call *call, const char *column, const char *key, int64_t *ret)
{
	struct stmt *q;
	char sql[120];
	int r;

	snprintf(sql, sizeof sql, "SELECT \"id\" FROM \"person\" WHERE \"%s\" = ?1 AND \"state\" <> 'erased' ORDER BY \"id\" LIMIT 1",
		column);
	r = engine_prepare(call->store->engine, sql, false, &q, &call->problem);
	*ret = NONE;
	if (r)
		return r;
	engine_bind_text(q, 1, key);
	r = engine_step(call->store->engine, q, &call->problem);
	if (r > 0)
		*ret = engine_int(q, 0);
	engine_reset(q);
	return r < 0 ? r : 0;
}

/* A key that no row of the import has: of somebody who is here already. */
static int find_here(struct importing *in, const struct shape *to, const char *key, int64_t *ret)
{
	struct call *call = in->call;
	const char *slash = strrchr(key, '/');
	char *person = to->entity == &participant_entity && slash ? arena_copy_n(call->arena, key, (size_t)(slash - key))
								  : arena_copy(call->arena, key);
	int64_t id;
	int r = import_person(call, "external_id", person, &id);

	if (!r && id == NONE)
		r = import_person(call, "email", person, &id);
	if (r || id == NONE || to->entity == &person_entity) {
		*ret = id;
		return r;
	}
	*ret = NONE;
	if (to->entity != &participant_entity || !slash)
		return 0;
	return ask(call,
		!strcmp(slash + 1, "mentor")
			? "SELECT \"id\" FROM \"participant\" WHERE \"program\" = ?1 AND \"person\" = ?2 AND \"role\" = 'mentor'"
			: "SELECT \"id\" FROM \"participant\" WHERE \"program\" = ?1 AND \"person\" = ?2 AND \"role\" = 'mentee'",
		VALUES(in->import->program, id), ret);
}

static int resolve(struct importing *in, struct row *row, const struct field *f, const char *key, int64_t *ret)
{
	const struct shape *to = shape_named(f->to);
	bool is_new;
	int r = find_key(in, to, key, ret, &is_new);

	if (!r && *ret == NONE && !is_new)
		r = find_here(in, to, key, ret);
	if (r)
		return r;
	if (*ret == NONE && !is_new)
		return fail(in->call, E_NOTFOUND, f->name, "%s: nobody here or in the file goes by that", f->label);
	row->waits |= *ret == NONE;
	return 0;
}

/* A number is a way in only to what the importer sees, as in Create; keys are matched whoever has them. */
static int path_seen(struct importing *in, const struct shape *to, const char *path, const struct field *f)
{
	struct call *call = in->call;
	unsigned mask = 0;
	void *target;
	int64_t id = path_id(to->entity, path);
	int r = id > 0 ? load(call, to->entity, id, &target) : E_NOTFOUND;

	if (!r)
		r = sight_record(call, call->caller, to, target, &mask);
	if (r && r != E_NOTFOUND)
		return r;
	return !r && mask & to->seers ? 0 : fail(call, E_NOTFOUND, f->name, "%s: there is no such object", f->label);
}

/* The cells into a record; links by key. Rows for what is new in this import can only be read in part while checking. */
int import_cells(struct importing *in, struct row *row, void *record, uint64_t *ret_given)
{
	struct call *call = in->call;
	char *cells = arena_copy(call->arena, row->cells), *save = NULL;
	int r = 0;

	*ret_given = 0;
	for (char *cell = strtok_r(cells, "\x1e", &save); cell && !r; cell = strtok_r(NULL, "\x1e", &save)) {
		char *value = strchr(cell, '\x1f');
		const struct field *f;
		int at;

		*value++ = 0;
		at = field_index(row->shape, cell);
		f = &row->shape->entity->fields[at];
		if (f->flags & (HIDDEN | BY_VERB) || f->computed)
			return fail(call, E_INVALID, f->name, "%s cannot be imported", f->label);
		*ret_given |= UINT64_C(1) << at;
		if (f->privacy == SEALED && *value && (r = import_open(call, -in->state->id, row->line, f->name, &value)))
			return r;
		if (f->to && *value && *value != '/') {
			int64_t id;

			r = resolve(in, row, f, value, &id);
			if (!r && id == NONE)
				continue; /* made by an earlier row of this import */
			if (!r && f->privacy == SEALED)
				*field_text(record, f) = arena_print(call->arena, "%lld", (long long)id);
			else if (!r)
				*field_number(record, f) = id;
		} else {
			r = f->to && *value == '/' && value[1] ? path_seen(in, shape_named(f->to), value, f) : 0;
			if (!r)
				r = field_read(f, row->shape->links[at], value, record, call->arena, &call->problem);
		}
		if (!r)
			r = field_check(f, record, &call->problem);
	}
	return r;
}
