/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Staged rows, from a worker into the table, and out of it again: refused, too old, or speaking of somebody who is erased.
 * What will be sealed lies sealed while it is staged, too.
 */
#include "import_inside.h"

#include <string.h>
#include <strings.h>

/* What other rows of the import call this one by: a person's number or mail address, a participant's person and role; a thing's key or
 * name. */
static char *key_of(struct call *call, const char *entity, char *const *cells, size_t count)
{
	const char *first = NULL, *second = NULL, *third = NULL, *role = NULL;

	for (size_t i = 0; i + 1 < count; i += 2) {
		if (!strcmp(cells[i], "external_id") || !strcmp(cells[i], "person"))
			first = cells[i + 1];
		else if (!strcmp(cells[i], "email"))
			second = cells[i + 1];
		else if (!strcmp(cells[i], "role"))
			role = cells[i + 1];
		else if (!strcmp(cells[i], "key") || !strcmp(cells[i], "name"))
			third = cells[i + 1];
	}
	if (!first)
		first = second ? second : third;
	(void)entity;
	return !first ? NULL : role ? arena_print(call->arena, "%s/%s", first, role) : arena_copy(call->arena, first);
}

/* What will be sealed lies sealed while it is staged, too: under a key of the import (-id: no person's number), as nobody may be there yet.
 * What was sealed before is kept for an undo under the key of its person. */
int import_shut(struct call *call, int64_t key, int64_t line, const char *field, const char *value, char **ret)
{
	return text_shut(call, key, "staged", line, field, value, ret);
}

int import_open(struct call *call, int64_t key, int64_t line, const char *field, char **value)
{
	return text_open(call, key, "staged", line, field, *value, value);
}

int import_stage(
	struct call *call, struct import_work *state, const char *entity, const char *file, int64_t line, char *const *cells, size_t count)
{
	const struct shape *shape = shape_named(entity);
	struct buffer joined = { 0 };
	struct stmt *q;
	int r;

	if (!shape || count % 2)
		return fail(call, E_INVALID, "entity", "the reader gave a row of an unknown kind");
	for (size_t i = 0; i < count; i += 2) {
		int at = cells[i] && cells[i + 1] ? field_index(shape, cells[i]) : -1;
		char *value = cells[i + 1];

		r = at < 0 ? fail(call, E_INVALID, "field", "the reader gave a field that %s has not", entity) : 0;
		if (!r && *value && shape->entity->fields[at].privacy == SEALED)
			r = import_shut(call, -state->id, state->line + 1, cells[i], value, &value);
		if (r) {
			buffer_free(&joined);
			return r;
		}
		buffer_print(&joined, "%s\x1f%s\x1e", cells[i], value);
	}
	r = engine_prepare(call->store->engine,
		"INSERT INTO \"staged\" (\"import\", \"line\", \"entity\", \"key\", \"source\", \"cells\") VALUES (?1, ?2, ?3, "
		"?4, ?5, ?6)",
		true, &q, &call->problem);
	if (!r) {
		engine_bind_int(q, 1, state->id);
		engine_bind_int(q, 2, ++state->line);
		engine_bind_text(q, 3, entity);
		engine_bind_text(q, 4, key_of(call, entity, cells, count));
		engine_bind_text(q, 5, arena_print(call->arena, "%s:%lld", file, (long long)line));
		engine_bind_text(q, 6, buffer_string(&joined));
		r = engine_step(call->store->engine, q, &call->problem);
	}
	buffer_free(&joined);
	return r;
}

int import_forget(struct call *call, int64_t id)
{
	struct stmt *q;
	int r = engine_prepare(call->store->engine, "DELETE FROM \"staged\" WHERE \"import\" = ?1", true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, id);
	return engine_step(call->store->engine, q, &call->problem);
}

static int fail_import(struct call *call, int64_t id, const char *why)
{
	const struct arg args[] = { { "problem", { .type = V_TEXT, .text = why } }, { "state", { .type = V_TEXT, .text = "failed" } } };

	return perform_also(call, &import_entity, id, "Note", args, 2);
}

/* ---- what is kept no longer ---- */

static int run_with(struct call *call, const char *sql, int64_t first, int64_t second)
{
	struct stmt *q;
	int r = engine_prepare(call->store->engine, sql, false, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, first);
	if (second != NONE)
		engine_bind_int(q, 2, second);
	return engine_step(call->store->engine, q, &call->problem);
}

static int too_old(struct call *call, void *record, void *data)
{
	(void)data;
	return fail_import(call, ((struct import *)record)->id, "it was not taken in the time that a file is kept; import it again");
}

/* One that waits to be taken is given up whole; its rows then go in slices, as those of the others. */
int import_expire(struct call *call, int64_t before)
{
	return each(call, &import_entity, too_old, NULL, "\"state\" = 'ready' AND \"time\" < ?1", VALUES(before));
}

static int forget_key(struct call *call, void *record, void *data)
{
	(void)data;
	return key_forget(call, -((struct import *)record)->id);
}

/* So that older copies of what was staged cannot be opened any more. */
int import_forget_keys(struct call *call)
{
	return each(call, &import_entity, forget_key, NULL, "\"state\" IN ('refused', 'taken', 'undone', 'failed')", NULL, 0);
}

#define MARK "UPDATE \"staged\" SET \"effect\" = 'erased', \"cells\" = '', \"key\" = NULL, \"was\" = NULL, \"record\" = NULL WHERE "

/* A sealed link of a staged row: a person's number or mail address in the school's words, shut. What cannot be opened may name them. */
struct sealed_row {
	int64_t import, line;
	char *value;
};

static bool names(struct call *call, struct sealed_row *row, const char *field, char *const keys[2])
{
	struct problem before = call->problem;
	char *slash;
	int r = import_open(call, -row->import, row->line, field, &row->value);

	call->problem = before;
	if (r)
		return true;
	slash = strchr(row->value, '/');
	if (slash)
		*slash = 0;
	return (keys[0] && !strcasecmp(row->value, keys[0])) || (keys[1] && !strcasecmp(row->value, keys[1]));
}

static int mark_sealed(struct call *call, const struct entity *e, const char *field, char *const keys[2])
{
	struct sealed_row *rows = NULL;
	size_t count = 0, room = 0, length = strlen(field);
	struct stmt *q;
	int r = engine_prepare(call->store->engine,
		"SELECT \"import\", \"line\", \"cells\" FROM \"staged\" WHERE \"entity\" = ?1 AND \"cells\" <> ''", true, &q,
		&call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, e->name);
	while ((r = engine_step(call->store->engine, q, &call->problem)) > 0)
		for (const char *cell = engine_text(q, 2); cell && *cell; cell = strchr(cell, '\x1e') + 1) {
			const char *value = strchr(cell, '\x1f') + 1;

			if (strncmp(cell, field, length) || cell[length] != '\x1f' || *value == '\x1e')
				continue;
			rows = arena_grown(call->arena, rows, count, &room, sizeof *rows);
			rows[count++] = (struct sealed_row){ engine_int(q, 0), engine_int(q, 1),
				arena_copy_n(call->arena, value, strcspn(value, "\x1e")) };
		}
	for (size_t i = 0; i < count && !r; i++)
		if (names(call, &rows[i], field, keys))
			r = run_with(call, MARK "\"import\" = ?1 AND \"line\" = ?2", rows[i].import, rows[i].line);
	return r;
}

/* The rows that stand for records about the person. */
static int mark_records(struct call *call, const struct entity *e, int at, int64_t person)
{
	return run_with(call,
		arena_print(call->arena, MARK "\"entity\" = '%s' AND \"record\" IN (SELECT \"id\" FROM \"%s\" WHERE \"%s\" = ?1)", e->name,
			e->name, e->fields[at].name),
		person, NONE);
}

static int mark_entity(struct call *call, const struct entity *e, int64_t person, char *const keys[2])
{
	const struct shape *shape = shape_of(e);
	int at = shape->is_anchor[AT_PERSON] ? 0 : shape->anchors[AT_PERSON];
	int r = at < 0 || e->flags & NOT_ERASED ? 0 : mark_records(call, e, at, person);

	for (int i = 0; i < shape->count && !r; i++)
		if (e->fields[i].privacy == SEALED && e->fields[i].to)
			r = mark_sealed(call, e, e->fields[i].name, keys);
	return r;
}

static int give_up(struct call *call, void *record, void *data)
{
	int64_t id = ((struct import *)record)->id;
	int r = fail_import(call, id, "somebody in it was erased before it was taken; import the file again without them");

	(void)data;
	return r ? r : import_forget(call, id);
}

int import_erase(struct call *call, int64_t person)
{
	struct person *record;
	char *keys[2];
	int r = load(call, &person_entity, person, (void **)&record);

	if (r)
		return r;
	keys[0] = record->external_id;
	keys[1] = record->email;
	for (int k = 0; k < 2 && !r; k++)
		r = !keys[k] ? 0
			     : run_with(call,
				       arena_print(call->arena,
					       MARK "EXISTS (SELECT 1 FROM \"person\" p WHERE p.\"id\" = ?1 AND ("
						    "instr(lower(\"cells\"), char(31) || lower(p.\"%s\") || char(30)) OR "
						    "instr(lower(\"cells\"), char(31) || lower(p.\"%s\") || '/')))",
					       k ? "email" : "external_id", k ? "email" : "external_id"),
				       person, NONE);
	for (int i = 0; entities[i] && !r; i++)
		r = mark_entity(call, entities[i], person, keys);
	if (!r)
		r = each(call, &import_entity, give_up, NULL,
			"\"state\" = 'ready' AND EXISTS (SELECT 1 FROM \"staged\" s WHERE s.\"import\" = \"import\".\"id\" AND s.\"effect\" = 'erased')",
			NULL, 0);
	/* those at work come to the marked row and are refused or undone */
	return r ? r
		 : run_with(call,
			   "DELETE FROM \"staged\" WHERE \"effect\" = 'erased' AND \"import\" NOT IN (SELECT \"id\" FROM \"import\" WHERE "
			   "\"state\" IN ('reading', 'checking', 'taking', 'undoing') AND ?1 IS NOT NULL)",
			   person, NONE);
}
