/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of the database, made from the tables of the entities.
 *
 * A missing table is created, a missing column added: that is the additive migration, and it needs no number. What cannot
 * be added so (renames, back-fills, a new UNIQUE) is a numbered step in `steps`; the number of the last one done is the
 * database's user_version. Schemas are compared by column, never by text. Before anything changes in a database that
 * holds data, a backup is made. A database of a higher number is refused untouched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup.h"
#include "internal.h"

/* Numbered steps; entry i brings a database from i to i + 1. */
static const char *const steps[] = { "SELECT 1", "ALTER TABLE \"replay\" ADD COLUMN \"shut_for\" INTEGER",
	/* a response may be to a check-in: no wave then. A column that was NOT NULL is taken out and put in again without. */
	"DROP INDEX \"response_by_wave_person\";"
	"ALTER TABLE \"response\" RENAME COLUMN \"wave\" TO \"wave_before\";"
	"ALTER TABLE \"response\" ADD COLUMN \"wave\" INTEGER REFERENCES \"wave\";"
	"UPDATE \"response\" SET \"wave\" = \"wave_before\";"
	"ALTER TABLE \"response\" DROP COLUMN \"wave_before\";"
	"CREATE UNIQUE INDEX \"response_by_wave_person\" ON \"response\" (\"wave\", \"person\")" };
enum {
	SCHEMA = sizeof steps / sizeof *steps
};
_Static_assert((int)SCHEMA == (int)ENGINE_SCHEMA, "raise ENGINE_SCHEMA with each numbered step");

/* Bookkeeping that is no entity. */
static const char *const own_tables[] = {
	"CREATE TABLE IF NOT EXISTS \"setting\" (\"key\" TEXT PRIMARY KEY, \"value\" TEXT) STRICT, WITHOUT ROWID",
	"CREATE TABLE IF NOT EXISTS \"replay\" (\"caller\" INTEGER NOT NULL, \"verb\" TEXT NOT NULL, \"key\" TEXT NOT NULL, "
	"\"body\" BLOB NOT NULL, \"object\" INTEGER, \"version\" INTEGER, \"messages\" INTEGER, \"jobs\" INTEGER, \"task\" INTEGER, "
	"\"shut_for\" INTEGER, \"time\" INTEGER NOT NULL, PRIMARY KEY (\"caller\", \"key\", \"verb\")) STRICT, WITHOUT ROWID",
	"CREATE TABLE IF NOT EXISTS \"staged\" (\"import\" INTEGER NOT NULL, \"line\" INTEGER NOT NULL, \"entity\" TEXT NOT NULL, "
	"\"key\" TEXT, \"source\" TEXT NOT NULL, \"cells\" TEXT NOT NULL, \"effect\" TEXT, \"record\" INTEGER, \"version\" INTEGER, "
	"\"was\" TEXT, PRIMARY KEY (\"import\", \"line\")) STRICT, WITHOUT ROWID",
	"CREATE INDEX IF NOT EXISTS \"staged_by_key\" ON \"staged\" (\"import\", \"entity\", \"key\")", NULL
};

void sql_name(struct buffer *out, const char *name)
{
	buffer_print(out, "\"%s\"", name);
}

static const char *column_type(const struct field *f)
{
	if (f->privacy == SEALED)
		return "BLOB";
	if (f->kind == REAL)
		return "REAL";
	return f->kind == TEXT || f->kind == WORDS || f->kind == CHOICE ? "TEXT" : "INTEGER";
}

/* Rows that people remove leave their ids unused for ever: an object path that somebody kept must not come to name another row. */
static bool removable(const struct entity *e)
{
	for (const struct verb *v = e->verbs; v && v->name; v++)
		if (v->flags & REMOVES && !(e->flags & RANDOM_ID))
			return true;
	return false;
}

/* `added`: to a table that holds rows; then it is nullable or has a constant default. */
static void column_print(struct buffer *out, const struct entity *e, const struct field *f, bool added)
{
	sql_name(out, f->name);
	buffer_print(out, " %s", column_type(f));
	if (!strcmp(f->name, "id"))
		buffer_text(out, removable(e) ? " PRIMARY KEY AUTOINCREMENT" : " PRIMARY KEY");
	else if (f->kind == YESNO)
		buffer_print(out, " NOT NULL DEFAULT %d", f->starts ? (int)f->initial : 0);
	else if (f->flags & REQUIRED && !added)
		buffer_text(out, " NOT NULL");
	else if (f->flags & REQUIRED && f->kind == CHOICE && f->starts)
		buffer_print(out, " NOT NULL DEFAULT '%s'", f->choices[f->initial]);
	else if (f->flags & REQUIRED && f->starts)
		buffer_print(out, " NOT NULL DEFAULT %lld", (long long)f->initial);
	if (f->kind == TEXT && f->privacy != SEALED && f->flags & (SORTED | LABEL | MAIL))
		buffer_text(out, " COLLATE NOCASE");
	if (f->kind == LINK) {
		buffer_text(out, " REFERENCES ");
		sql_name(out, f->to);
	}
}

static void table_print(struct buffer *out, const struct entity *e)
{
	buffer_text(out, "CREATE TABLE IF NOT EXISTS ");
	sql_name(out, e->name);
	for (const struct field *f = e->fields; f->name; f++) {
		if (!field_is_stored(f))
			continue;
		buffer_text(out, f == e->fields ? " (\n\t" : ",\n\t");
		column_print(out, e, f, false);
	}
	buffer_text(out, "\n) STRICT");
}

static void index_print(struct buffer *out, const struct entity *e, const char *kind, const char *columns)
{
	char name[160];
	size_t n = (size_t)snprintf(name, sizeof name, "%s_by", e->name);

	for (const char *p = columns; *p; p++)
		if (n < sizeof name - 2) {
			if (p == columns || (*p == ' ' && p[1]))
				name[n++] = '_';
			if (*p != ' ')
				name[n++] = *p;
		}
	name[n] = 0;
	buffer_print(out, "CREATE %sINDEX IF NOT EXISTS ", kind);
	sql_name(out, name);
	buffer_text(out, " ON ");
	sql_name(out, e->name);
	buffer_text(out, " (");
	for (const char *p = columns; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
		char word[64];

		snprintf(word, sizeof word, "%.*s", (int)strcspn(p, " "), p);
		buffer_text(out, p == columns ? "" : ", ");
		sql_name(out, word);
	}
	buffer_text(out, ")");
}

/* An index on these columns, parted by spaces. */
static int index_make(const struct entity *e, const char *kind, const char *columns, int (*make)(void *, const char *), void *data)
{
	struct buffer sql = { 0 };
	int r;

	index_print(&sql, e, kind, columns);
	r = make(data, buffer_string(&sql));
	buffer_free(&sql);
	return r;
}

/* A unique set that begins with the column finds what an index on it would find. */
static bool led_by_unique(const struct entity *e, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = e->unique; p && *p; p += strcspn(p, ";"), p += strspn(p, "; "))
		if (!strncmp(p, name, length) && (p[length] == ' ' || p[length] == ';' || !p[length]))
			return true;
	return false;
}

/* The indexes of one anchor. A program has many rows: each order within it has one. A match or a person has few, which are
 * read and sorted: one is enough, in the order most asked for, or a unique set that begins with it. A copied value has the link that it
 * came by beside it: lists of the other entity go through this index, in its order, and then need no look at the rows here. */
static int anchor_indexes(const struct shape *shape, const struct field *anchor, int (*make)(void *, const char *), void *data)
{
	const struct entity *e = shape->entity;
	const struct shape *other;
	char columns[128];
	int made = anchor->anchor != AT_PROGRAM && led_by_unique(e, anchor->name), r = 0, link, from;

	for (int i = 1; i < shape->count && !r && (!made || anchor->anchor == AT_PROGRAM); i++)
		if (e->fields[i].flags & SORTED) {
			bool copied = anchor->anchor == AT_PROGRAM && copied_from(shape, &e->fields[i], &link, &other, &from);

			snprintf(
				columns, sizeof columns, "%s %s %s", anchor->name, e->fields[i].name, copied ? e->fields[link].name : "id");
			r = index_make(e, "", columns, make, data);
			made++;
		}
	return made || r ? r : index_make(e, "", anchor->name, make, data);
}

/* Calls `make` with each statement that makes the indexes of an entity: its unique sets; its anchors'; the sorted fields alone;
 * links to other records, which foreign keys search by; what is flagged INDEXED. */
static int indexes(const struct shape *shape, int (*make)(void *, const char *), void *data)
{
	const struct entity *e = shape->entity;
	char columns[128];
	int r = 0;

	for (const char *p = e->unique; p && *p && !r; p += strcspn(p, ";"), p += strspn(p, "; ")) {
		snprintf(columns, sizeof columns, "%.*s", (int)strcspn(p, ";"), p);
		r = index_make(e, "UNIQUE ", columns, make, data);
	}
	for (int i = 1; i < shape->count && !r; i++) {
		const struct field *f = &e->fields[i];
		bool wanted = field_is_stored(f) && !led_by_unique(e, f->name);

		if (wanted && f->flags & SORTED) {
			snprintf(columns, sizeof columns, "%s id", f->name);
			r = index_make(e, "", columns, make, data);
		} else if (wanted && (f->flags & INDEXED || (f->kind == LINK && !f->anchor)))
			r = index_make(e, "", f->name, make, data);
		if (!r && f->anchor)
			r = anchor_indexes(shape, f, make, data);
	}
	return r;
}

/* ---- bringing a database up to the tables ---- */

struct bringing {
	struct store *store;
	struct problem *problem;
};

static int run(void *data, const char *sql)
{
	struct bringing *b = data;

	return engine_run(b->store->engine, sql, b->problem);
}

static int has_column(struct store *s, const char *table, const char *column, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2", true, &q, problem);

	if (r)
		return r;
	engine_bind_text(q, 1, table);
	engine_bind_text(q, 2, column);
	r = engine_step(s->engine, q, problem);
	engine_reset(q);
	return r;
}

static int add_columns(struct bringing *b, const struct entity *e, bool only_look, bool *ret_missing)
{
	struct buffer sql = { 0 };
	int r = 0;

	for (const struct field *f = e->fields; f->name && !r; f++) {
		if (!field_is_stored(f))
			continue;
		r = has_column(b->store, e->name, f->name, b->problem);
		if (r) {
			r = r > 0 ? 0 : r;
			continue;
		}
		*ret_missing = true;
		if (only_look)
			break;
		buffer_clear(&sql);
		buffer_text(&sql, "ALTER TABLE ");
		sql_name(&sql, e->name);
		buffer_text(&sql, " ADD COLUMN ");
		column_print(&sql, e, f, true);
		r = run(b, buffer_string(&sql));
	}
	buffer_free(&sql);
	return r;
}

static int bring_tables(struct bringing *b)
{
	struct buffer sql = { 0 };
	bool missing = false;
	int r = 0;

	for (const char *const *t = own_tables; *t && !r; t++)
		r = run(b, *t);
	for (int i = 0; entities[i] && !r; i++) {
		buffer_clear(&sql);
		table_print(&sql, entities[i]);
		r = run(b, buffer_string(&sql));
		if (!r)
			r = add_columns(b, entities[i], false, &missing);
		if (!r)
			r = indexes(shape_of(entities[i]), run, b);
	}
	buffer_free(&sql);
	return r;
}

static int schema_number(struct store *s, int64_t *ret, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine, "PRAGMA user_version", true, &q, problem);

	if (!r)
		r = engine_step(s->engine, q, problem);
	if (r > 0) {
		*ret = engine_int(q, 0);
		engine_reset(q);
		r = 0;
	}
	return r;
}

/* Does a database with data lack a table's column? Then it is backed up before it is changed. */
static int out_of_date(struct bringing *b, int64_t number, bool *ret)
{
	int r = 0;

	*ret = number < SCHEMA;
	for (int i = 0; entities[i] && !r && !*ret; i++)
		r = add_columns(b, entities[i], true, ret);
	return r;
}

int schema_bring(struct store *s, bool fresh, struct problem *problem)
{
	struct bringing b = { s, problem };
	int64_t number = 0;
	bool old = false;
	char sql[64];
	int r = schema_number(s, &number, problem);

	if (r)
		return r;
	if (number > SCHEMA)
		return problem_set(problem, E_STORE, NULL,
			"the database has schema %lld, this program knows %d: install a newer mentorshipd", (long long)number, SCHEMA);
	r = fresh ? 0 : out_of_date(&b, number, &old);
	if (!r && old) {
		const char *name;

		r = store_backup(s, &name, problem);
	}
	if (!r)
		r = engine_begin(s->engine, problem);
	if (r)
		return r;
	r = bring_tables(&b);
	for (int64_t i = fresh ? SCHEMA : number; i < SCHEMA && !r; i++)
		r = engine_run(s->engine, steps[i], problem);
	if (!r && number < SCHEMA) {
		snprintf(sql, sizeof sql, "PRAGMA user_version = %d", SCHEMA);
		r = engine_run(s->engine, sql, problem);
	}
	if (r) {
		engine_rollback(s->engine);
		return r;
	}
	return engine_commit(s->engine, problem);
}

/* ---- printed ---- */

static int print_one(void *out, const char *sql)
{
	buffer_print(out, "%s;\n", sql);
	return 0;
}

void schema_print(struct buffer *out)
{
	for (const char *const *t = own_tables; *t; t++)
		print_one(out, *t);
	for (int i = 0; entities[i]; i++) {
		buffer_char(out, '\n');
		table_print(out, entities[i]);
		buffer_text(out, ";\n");
		indexes(shape_of(entities[i]), print_one, out);
	}
}

/* ---- settings kept in the database ---- */

int setting_get(struct store *s, const char *key, struct arena *arena, char **ret, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine, "SELECT \"value\" FROM \"setting\" WHERE \"key\" = ?1", true, &q, problem);

	*ret = NULL;
	if (r)
		return r;
	engine_bind_text(q, 1, key);
	r = engine_step(s->engine, q, problem);
	if (r > 0)
		*ret = arena_copy(arena, engine_text(q, 0));
	engine_reset(q);
	return r < 0 ? r : 0;
}

int setting_put(struct store *s, const char *key, const char *value, struct problem *problem)
{
	struct stmt *q;
	int r = engine_prepare(s->engine,
		"INSERT INTO \"setting\" (\"key\", \"value\") VALUES (?1, ?2) "
		"ON CONFLICT (\"key\") DO UPDATE SET \"value\" = excluded.\"value\"",
		true, &q, problem);

	if (r)
		return r;
	engine_bind_text(q, 1, key);
	engine_bind_text(q, 2, value);
	return engine_step(s->engine, q, problem);
}
