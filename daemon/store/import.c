/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "import_inside.h"

#include <stdlib.h>
#include <string.h>

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

		r = person->external_id ? import_person(call, "external_id", person->external_id, ret) : 0;
		return r || *ret != NONE || !person->email || person->external_id ? r : import_person(call, "email", person->email, ret);
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

/* Given values over what is there. (An address is not changed by a file: the entity's own Update proposes it.) A sealed value is set
 * whatever it was: whoever could see that the file repeats it could guess until it does. */
static void lay_over(const struct row *row, uint64_t given, const void *from, void *now)
{
	for (int i = 2; i < row->shape->count; i++) {
		const struct field *f = &row->shape->entity->fields[i];

		if (given >> i & 1 && !(f->flags & (FROZEN | KEY)))
			field_copy(f, from, now);
	}
}

/* What a new row would hold, where it is about nobody: the values of the file, and what Create makes of them, cut short. */
static void describe_new(const struct row *row, const void *now, uint64_t given, struct buffer *out)
{
	enum {
		SHOWN = 120
	};

	for (int i = 2; i < row->shape->count; i++) {
		const struct field *f = &row->shape->entity->fields[i];
		struct buffer value = { 0 };
		size_t points = 0;

		if (i == row->shape->label || f->kind == LINK || f->privacy == SEALED || f->flags & HIDDEN || f->computed ||
			field_is_none(f, now) || !(given >> i & 1 || (f->flags & BY_VERB && f->flags & LISTED)))
			continue;
		field_print(f, now, &value);
		buffer_print(out, "; %s: ", f->name);
		for (const char *p = buffer_string(&value); *p; p++) {
			points += (*p & 0xc0) != 0x80;
			if (points > SHOWN) {
				buffer_text(out, "...");
				break;
			}
			buffer_text(out, *p == '\n' ? " | " : (char[]){ *p, 0 });
		}
		buffer_free(&value);
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
	if (!was && row->shape->anchors[AT_PERSON] < 0)
		describe_new(row, now, fields, &out);
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
		if (f->flags & MAIL && !field_is_none(f, was))
			buffer_text(&out, " (asked there first, if mail has gone to the old one)");
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
	r = import_cells(in, row, record, ret_given);
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
	return r ? r : import_shut(in->call, record_anchor_of(row->shape, AT_PERSON, was), row->line, f->name, text, ret);
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
			show_line(in->state, describe(in, row, "new", NULL, record, given));
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
		r = import_rows(&in, false, rows, &count);
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
		r = import_rows(&in, false, rows, &count);
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
			r = import_open(in->call, record_anchor_of(row->shape, AT_PERSON, was), row->line, f->name, &value);
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
	r = row->shape->entity->removable ? row->shape->entity->removable(call, record) : 0;
	if (!r)
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
		r = import_rows(&in, true, rows, &count);
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
