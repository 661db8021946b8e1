/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"
#include "model/model.h"

/* A staged row on its way: what it says, and what it means here. */
struct row {
	int64_t line;
	const struct shape *shape;
	const char *source;
	char *cells;        /* field, unit separator, value, record separator, ... */
	const char *effect; /* create, change, same; known: changed, and told as created (identity_is_sealed); erased */
	int64_t record, version;
	char *was;
	bool waits; /* while checking: a link's target is new in this import too */
};

struct importing {
	struct call *call;
	struct import_work *state;
	const struct import *import;
};

void import_problem(struct import_work *state, const char *text)
{
	state->problems++;
	if (state->told_count++ < IMPORT_PROBLEMS_SHOWN)
		buffer_print(state->told, "%s%s", state->told->length ? "\n" : "", text);
}

static void show_line(struct import_work *state, const char *text)
{
	if (state->line_count++ < IMPORT_LINES)
		buffer_print(state->lines, "%s%s", state->lines->length ? "\n" : "", text);
}

/* ---- staging ---- */

/* What other rows of the import call this one by: a person's number or mail address, a participant's person and role. */
static char *key_of(struct call *call, const char *entity, char *const *cells, size_t count)
{
	const char *first = NULL, *second = NULL, *role = NULL;

	for (size_t i = 0; i + 1 < count; i += 2) {
		if (!strcmp(cells[i], "external_id") || !strcmp(cells[i], "person"))
			first = cells[i + 1];
		else if (!strcmp(cells[i], "email"))
			second = cells[i + 1];
		else if (!strcmp(cells[i], "role"))
			role = cells[i + 1];
	}
	if (!first)
		first = second;
	(void)entity;
	return !first ? NULL : role ? arena_print(call->arena, "%s/%s", first, role) : arena_copy(call->arena, first);
}

/* What will be sealed lies sealed while it is staged, too: under a key of the import (-id: no person's number), as nobody may be there yet.
 * What was sealed before is kept for an undo under the key of its person. */
static int shut_cell(struct call *call, int64_t key, int64_t line, const char *field, const char *value, char **ret)
{
	struct store *s = call->store;
	void *shut;
	size_t size;
	int r = s->seal ? seal_shut(s->seal, call->arena, key, "staged", line, field, value, &shut, &size, &call->problem)
			: fail(call, E_UNAVAILABLE, field, "cannot be kept: %s", s->sealing.text);

	if (r)
		return r;
	*ret = arena_new(call->arena, 2 * size + 1);
	sodium_bin2hex(*ret, 2 * size + 1, shut, size);
	return 0;
}

static int open_cell(struct call *call, int64_t key, int64_t line, const char *field, char **value)
{
	struct store *s = call->store;
	size_t size = strlen(*value) / 2;
	unsigned char *shut = arena_new(call->arena, size + 1);

	if (!s->seal)
		return fail(call, E_UNAVAILABLE, field, "cannot be read: %s", s->sealing.text);
	if (sodium_hex2bin(shut, size, *value, strlen(*value), NULL, &size, NULL))
		return fail(call, E_STORE, field, "the staged value is damaged; import the file again");
	return seal_open(s->seal, call->arena, key, "staged", line, field, shut, size, value, &call->problem);
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
			r = shut_cell(call, -state->id, state->line + 1, cells[i], value, &value);
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
	return seal_forget(call->store->seal, -((struct import *)record)->id, &call->problem);
}

/* So that older copies of what was staged cannot be opened any more. */
int import_forget_keys(struct call *call)
{
	return call->store->seal
		? each(call, &import_entity, forget_key, NULL, "\"state\" IN ('refused', 'taken', 'undone', 'failed')", NULL, 0)
		: 0;
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
	int r = open_cell(call, -row->import, row->line, field, &row->value);

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
			if (count == room) {
				struct sealed_row *more = arena_new(call->arena, (room = 2 * room + 64) * sizeof *more);

				if (count)
					memcpy(more, rows, count * sizeof *more);
				rows = more;
			}
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

/* ---- reading staged rows ---- */

static int next_rows(struct importing *in, bool backwards, struct row *rows, int *ret_count)
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

static int find_person(struct call *call, const char *column, const char *key, int64_t *ret)
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
	int r = find_person(call, "external_id", person, &id);

	if (!r && id == NONE)
		r = find_person(call, "email", person, &id);
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
static int read_cells(struct importing *in, struct row *row, void *record, uint64_t *ret_given)
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
		if (f->privacy == SEALED && *value && (r = open_cell(call, -in->state->id, row->line, f->name, &value)))
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

/* ---- what a row means here ---- */

/* The record that the KEY fields mean, or NONE. */
static int find_record(struct importing *in, const struct row *row, const void *record, int64_t *ret)
{
	struct call *call = in->call;
	const struct entity *e = row->shape->entity;
	struct buffer sql = { 0 };
	struct stmt *q;
	int at = 1, r;

	*ret = NONE;
	if (row->waits)
		return 0;
	if (e->find)
		return e->find(call, record, ret);
	if (e == &person_entity) {
		const struct person *person = record;

		r = person->external_id ? find_person(call, "external_id", person->external_id, ret) : 0;
		return r || *ret != NONE || !person->email || person->external_id ? r : find_person(call, "email", person->email, ret);
	}
	buffer_print(&sql, "SELECT \"id\" FROM \"%s\" WHERE 1", e->name);
	for (int i = 0; i < row->shape->count; i++)
		if (e->fields[i].flags & KEY)
			buffer_print(&sql, " AND \"%s\" IS ?%d", e->fields[i].name, at++);
	r = engine_prepare(call->store->engine, buffer_string(&sql), false, &q, &call->problem);
	buffer_free(&sql);
	if (r || at == 1)
		return r;
	at = 1;
	for (int i = 0; i < row->shape->count; i++)
		if (e->fields[i].flags & KEY)
			record_bind(q, at++, &e->fields[i], record);
	r = engine_step(call->store->engine, q, &call->problem);
	if (r > 0)
		*ret = engine_int(q, 0);
	engine_reset(q);
	return r < 0 ? r : 0;
}

/* May the importer change this row? People of other programs are only linked to, and nobody imports over themself. */
static int may_change(struct importing *in, const struct row *row, const void *was, bool *ret)
{
	unsigned mask;
	int r = sight_record(in->call, in->call->caller, row->shape, was, &mask);

	*ret = (mask & COORDINATOR) != 0 || (in->call->caller->admin && (mask & ADMIN));
	return r;
}

/* Given values over what is there; an address is never changed by a file: it waits for its owner. A sealed value is set
 * whatever it was: whoever could see that the file repeats it could guess until it does. */
static void lay_over(const struct row *row, uint64_t given, const void *from, void *now)
{
	for (int i = 2; i < row->shape->count; i++) {
		const struct field *f = &row->shape->entity->fields[i];

		if (given >> i & 1 && !(f->flags & (FROZEN | KEY)) && !(f->flags & MAIL && !field_is_none(f, now)))
			field_copy(f, from, now);
	}
}

static char *describe(struct importing *in, const struct row *row, const char *what, const void *was, const void *now, uint64_t fields)
{
	struct call *call = in->call;
	struct buffer out = { 0 };
	char *text;
	unsigned mask = 0;

	if (was)
		sight_record(call, call->caller, row->shape, was, &mask);
	buffer_print(&out, "%s %s", what, row->shape->entity->name);
	if (row->shape->label >= 0 && now && !field_is_none(&row->shape->entity->fields[row->shape->label], now)) {
		buffer_char(&out, ' ');
		field_print(&row->shape->entity->fields[row->shape->label], now, &out);
	}
	for (int i = 2; was && i < row->shape->count; i++) {
		const struct field *f = &row->shape->entity->fields[i];

		if (!(fields >> i & 1))
			continue;
		if (f->privacy == SEALED || !(row->shape->readers[i] & mask)) {
			buffer_print(&out, "; %s: set", f->name);
			continue;
		}
		buffer_print(&out, "; %s: ", f->name);
		field_print(f, was, &out);
		buffer_text(&out, " -> ");
		field_print(f, now, &out);
	}
	buffer_print(&out, " (%s)", row->source);
	text = arena_copy(call->arena, buffer_string(&out));
	buffer_free(&out);
	return text;
}

/* Where what a row is known by is sealed, that it is here already would tell what somebody said: it reads and counts as one that is
 * new, and leaves as many audit records. */
static bool identity_is_sealed(const struct shape *shape)
{
	for (int i = 0; i < shape->count; i++)
		if (shape->entity->fields[i].privacy == SEALED && shape->entity->fields[i].flags & FROZEN)
			return true;
	return false;
}

static int read_row(struct importing *in, struct row *row, void **ret_record, uint64_t *ret_given)
{
	const struct entity *e = row->shape->entity;
	void *record = fresh(in->call, e);
	int anchor = row->shape->anchors[AT_PROGRAM];
	int r;

	row->waits = false;
	if (anchor > 0 && in->import->program != NONE)
		*field_number(record, &e->fields[anchor]) = in->import->program;
	r = read_cells(in, row, record, ret_given);
	*ret_record = record;
	if (!r && anchor > 0 && in->import->program != NONE && *field_number(record, &e->fields[anchor]) != in->import->program)
		r = fail(in->call, E_DENIED, e->fields[anchor].name, "the row is of another program than the one imported into");
	return r;
}

/* Names and such that the entity's own Create sets, as Create would. */
static int as_create_would(struct importing *in, const struct row *row, void *record)
{
	const struct verb *create = verb_named(row->shape->entity, "Create");

	if (!create)
		return fail(in->call, E_INVALID, NULL, "a %s cannot be imported", row->shape->entity->name);
	return create->run ? create->run(in->call, NULL, record) : 0;
}

static int make(struct importing *in, struct row *row, void *record, bool write)
{
	struct call *call = in->call;
	int r = row->waits ? 0 : record_anchor(call, row->shape, record);

	if (!r && !row->waits)
		r = as_create_would(in, row, record);
	if (!r && !write && !row->waits)
		for (int i = 1; i < row->shape->count && !r; i++)
			if (!row->shape->entity->fields[i].copies)
				r = field_check(&row->shape->entity->fields[i], record, &call->problem);
	if (!r && !write && !row->waits && row->shape->entity->check)
		r = row->shape->entity->check(call, record);
	if (!r && write)
		r = add(call, row->shape->entity, record);
	return r;
}

/* A sealed value as it was, sealed for the staged row under the person's own key; "" where there was none. */
static int sealed_before(struct importing *in, const struct row *row, const void *was, const struct field *f, char **ret)
{
	char *text;
	int r = unseal(in->call, row->shape->entity, row->record, f->name, &text);

	*ret = (char *)(uintptr_t) "";
	if (r == E_NOTFOUND || (!r && !text))
		return 0;
	return r ? r : shut_cell(in->call, record_anchor_of(row->shape, AT_PERSON, was), row->line, f->name, text, ret);
}

/* Values as they were, so that an undo can read them again. */
static int describe_values(struct importing *in, struct row *row, const void *was, uint64_t fields)
{
	struct buffer out = { 0 };
	int r = 0;

	for (int i = 2; i < row->shape->count && !r; i++) {
		const struct field *f = &row->shape->entity->fields[i];
		char *sealed;

		if (!(fields >> i & 1) || f->flags & (BY_VERB | FROZEN))
			continue;
		buffer_print(&out, "%s\x1f", f->name);
		if (f->privacy != SEALED)
			field_print(f, was, &out);
		else if (!(r = sealed_before(in, row, was, f, &sealed)))
			buffer_text(&out, sealed);
		buffer_char(&out, '\x1e');
	}
	row->was = arena_copy(in->call->arena, buffer_string(&out));
	buffer_free(&out);
	return r;
}

/* A change as the entity's own Update would make it: what it derives follows. */
static int save_as(struct call *call, const struct entity *e, const void *was, void *now)
{
	const struct verb *update = verb_named(e, "Update");
	int r = update && update->run ? update->run(call, was, now) : 0;

	return r ? r : save(call, e, was, now);
}

/* Decides what a row means, and with `write` does it. */
static int treat(struct importing *in, struct row *row, bool write)
{
	struct call *call = in->call;
	const struct entity *e = row->shape->entity;
	void *record = NULL, *was, *now;
	uint64_t given = 0, fields;
	int64_t id = NONE;
	bool may, known;
	int r = row->effect && !strcmp(row->effect, "erased")
		? fail(call, E_STATE, NULL, "somebody in this row was erased since the file was read; import it again without them")
		: read_row(in, row, &record, &given);

	if (!r)
		r = find_record(in, row, record, &id);
	if (r)
		return r;
	row->effect = "same";
	row->was = NULL;
	if (id == NONE) {
		row->effect = "create";
		r = make(in, row, record, write);
		row->record = write && !r ? *field_number(record, &e->fields[0]) : NONE;
		row->version = 1;
		if (!r)
			show_line(in->state, describe(in, row, "new", NULL, record, 0));
		return r;
	}
	row->record = id;
	r = load(call, e, id, &was);
	if (!r)
		r = may_change(in, row, was, &may);
	if (r)
		return r;
	row->version = *field_number(was, &e->fields[1]);
	if (!may)
		return 0;
	now = memcpy(arena_new(call->arena, e->size), was, e->size);
	lay_over(row, given, record, now);
	fields = record_difference(row->shape, was, now);
	known = identity_is_sealed(row->shape);
	if (!fields && !known)
		return 0;
	row->effect = known ? "known" : "change";
	show_line(in->state, known ? describe(in, row, "new", NULL, record, 0) : describe(in, row, "change", was, now, fields));
	if (!write)
		return 0;
	if (!fields)
		return audit_change(call, row->shape, was, now, 0, CHANGED);
	r = describe_values(in, row, was, fields);
	if (!r)
		r = save_as(call, e, was, now);
	row->version = *field_number(now, &e->fields[1]);
	return r;
}

static int keep_row(struct importing *in, const struct row *row)
{
	struct call *call = in->call;
	struct stmt *q;
	int r = engine_prepare(call->store->engine,
		"UPDATE \"staged\" SET \"effect\" = ?1, \"record\" = ?2, \"version\" = ?3, \"was\" = ?4 WHERE \"import\" = ?5 "
		"AND \"line\" = ?6",
		true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_text(q, 1, row->effect);
	engine_bind_int(q, 2, row->record);
	engine_bind_int(q, 3, row->version);
	engine_bind_text(q, 4, row->was);
	engine_bind_int(q, 5, in->state->id);
	engine_bind_int(q, 6, row->line);
	return engine_step(call->store->engine, q, &call->problem);
}

static void count_effect(struct import_work *state, const char *effect)
{
	state->created += (*effect == 'c' && effect[1] == 'r') || *effect == 'k';
	state->changed += *effect == 'c' && effect[1] == 'h';
	state->unchanged += *effect == 's';
}

static int begin(struct importing *in, struct call *call, struct import_work *state)
{
	*in = (struct importing){ call, state, NULL };
	return load(call, &import_entity, state->id, (void **)&in->import);
}

int import_check(struct call *call, struct import_work *state)
{
	struct importing in;
	struct row rows[IMPORT_SLICE];
	int count = 0, r = begin(&in, call, state);

	if (!r)
		r = next_rows(&in, false, rows, &count);
	for (int i = 0; i < count && !r; i++) {
		r = treat(&in, &rows[i], false);
		if (r == E_STORE || r == E_FULL || r == E_READONLY)
			return r;
		if (r)
			import_problem(state,
				arena_print(call->arena, "%s: %s%s%s", rows[i].source, call->problem.field,
					*call->problem.field ? ": " : "", call->problem.text));
		else {
			count_effect(state, rows[i].effect);
			r = keep_row(&in, &rows[i]);
		}
		r = r == E_STORE || r == E_FULL ? r : 0;
		state->line = rows[i].line;
	}
	return r ? r : count == IMPORT_SLICE;
}

/* What was taken can be undone without its cells. Those after the last row written are read again after a kill. */
static int clear_cells(struct importing *in, int64_t until)
{
	struct call *call = in->call;
	struct stmt *q;
	int r = engine_prepare(call->store->engine,
		"UPDATE \"staged\" SET \"cells\" = '' WHERE \"import\" = ?1 AND \"line\" <= ?2 AND \"cells\" <> ''", true, &q,
		&call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, in->state->id);
	engine_bind_int(q, 2, until);
	return engine_step(call->store->engine, q, &call->problem);
}

int import_take(struct call *call, struct import_work *state)
{
	struct importing in;
	struct row rows[IMPORT_SLICE];
	int64_t written = 0;
	int count = 0, r = begin(&in, call, state);

	if (!r)
		r = next_rows(&in, false, rows, &count);
	for (int i = 0; i < count && !r; i++) {
		r = treat(&in, &rows[i], true);
		if (!r)
			r = keep_row(&in, &rows[i]);
		if (!r)
			count_effect(state, rows[i].effect);
		if (!r && strcmp(rows[i].effect, "same"))
			written = rows[i].line;
	}
	if (!r && count)
		state->line = rows[count - 1].line;
	if (!r)
		r = clear_cells(&in, count < IMPORT_SLICE ? INT64_MAX : written);
	return r ? r : count == IMPORT_SLICE;
}

/* ---- undo ---- */

static int put_back(struct importing *in, const struct row *row, const void *was)
{
	void *now = memcpy(arena_new(in->call->arena, row->shape->entity->size), was, row->shape->entity->size);
	char *values = arena_copy(in->call->arena, row->was), *save = NULL;
	int r = 0;

	for (char *cell = strtok_r(values, "\x1e", &save); cell && !r; cell = strtok_r(NULL, "\x1e", &save)) {
		char *value = strchr(cell, '\x1f');
		const struct field *f;

		*value++ = 0;
		f = &row->shape->entity->fields[field_index(row->shape, cell)];
		if (f->privacy == SEALED && *value)
			r = open_cell(in->call, record_anchor_of(row->shape, AT_PERSON, was), row->line, f->name, &value);
		if (f->privacy == SEALED)
			*field_text(now, f) = *value ? value : SEALED_CLEARED;
		else if (f->kind == LINK)
			*field_number(now, f) = *value ? strtoll(value, NULL, 10) : NONE;
		else
			r = field_read(f, NULL, value, now, in->call->arena, &in->call->problem);
	}
	return r ? r : save_as(in->call, row->shape->entity, was, now);
}

static int undo_row(struct importing *in, const struct row *row)
{
	struct call *call = in->call;
	struct problem gone;
	struct mark mark;
	void *record;
	int r;

	if (!row->effect || !strcmp(row->effect, "same") || row->record == NONE)
		return 0;
	r = load(call, row->shape->entity, row->record, &record);
	if (r == E_NOTFOUND)
		return 0;
	if (r)
		return r;
	if (*field_number(record, &row->shape->entity->fields[1]) != row->version) {
		in->state->kept++;
		show_line(in->state,
			arena_print(call->arena, "kept, edited since: %s %lld (%s)", row->shape->entity->name, (long long)row->record,
				row->source));
		return 0;
	}
	if (strcmp(row->effect, "create"))
		return row->was ? put_back(in, row, record) : 0;
	/* what others point to stays */
	r = engine_savepoint(call->store->engine, &call->problem);
	if (r)
		return r;
	mark = store_mark(call->store);
	r = delete_record(call, row->shape->entity, record);
	if (!r)
		return engine_release(call->store->engine, &call->problem);
	if (engine_lost(call->store->engine))
		return r;
	store_back(call->store, &mark);
	in->state->kept++;
	show_line(in->state,
		arena_print(call->arena, "kept, in use: %s %lld (%s)", row->shape->entity->name, (long long)row->record, row->source));
	return engine_undo(call->store->engine, &gone) ? E_STORE : 0;
}

int import_undo(struct call *call, struct import_work *state)
{
	struct importing in;
	struct row rows[IMPORT_SLICE];
	int count = 0, r = begin(&in, call, state);

	if (!r)
		r = next_rows(&in, true, rows, &count);
	for (int i = 0; i < count && !r; i++)
		r = undo_row(&in, &rows[i]);
	if (!r && count)
		state->line = rows[count - 1].line;
	return r ? r : count == IMPORT_SLICE;
}

int import_note(struct call *call, const struct import_work *state, const char *word)
{
	const struct arg args[] = {
		{ "created", { .type = V_INT, .number = state->created } },
		{ "changed", { .type = V_INT, .number = state->changed } },
		{ "unchanged", { .type = V_INT, .number = state->unchanged } },
		{ "problems", { .type = V_INT, .number = state->problems } },
		{ "problem", { .type = V_TEXT, .text = state->told && state->told->length ? buffer_string(state->told) : "" } },
		{ "state", { .type = V_TEXT, .text = word } },
	};

	return perform_also(call, &import_entity, state->id, "Note", args, sizeof args / sizeof *args);
}
