/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Privacy: reading sealed values, everything held about a person, erasure, retention. All of it reads the tables.
 *
 * Erasure has two halves. The verb clears what is flagged ERASED in every row about the person, in one transaction. The job
 * 'erasure' then forgets the sealing key, keeps the id in the file of erasures beside the database, and clears the audit's
 * values in slices; it is done when a truncating checkpoint has emptied the log, for until then the old pages stand in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup.h"
#include "import.h"
#include "internal.h"

/* ---- sealed values ---- */

int sealing_salt(struct call *call, const char *purpose, int64_t ret[2])
{
	struct store *s = call->store;
	unsigned char secret[32];
	int r = s->seal ? seal_secret(s->seal, purpose, secret, &call->problem) : fail(call, E_UNAVAILABLE, NULL, "%s", s->sealing.text);

	for (int k = 0; k < 2 && !r; k++) {
		uint64_t number = 0;

		for (int i = 0; i < 8; i++)
			number = number << 8 | secret[8 * k + i];
		ret[k] = (int64_t)(number >> 1);
	}
	return r;
}

int unseal(struct call *call, const struct entity *e, int64_t id, const char *name, char **ret)
{
	struct store *s = call->store;
	const struct shape *shape = shape_of(e);
	int person_at = shape->is_anchor[AT_PERSON] ? 0 : shape->anchors[AT_PERSON];
	struct buffer sql = { 0 };
	struct stmt *q;
	const void *sealed;
	size_t size;
	int r;

	*ret = NULL;
	buffer_print(&sql, "SELECT \"%s\", \"%s\" FROM \"%s\" WHERE \"id\" = ?1", name, e->fields[person_at].name, e->name);
	r = engine_prepare(s->engine, buffer_string(&sql), false, &q, &call->problem);
	buffer_free(&sql);
	if (r)
		return r;
	engine_bind_int(q, 1, id);
	r = engine_step(s->engine, q, &call->problem);
	if (r > 0 && !engine_is_null(q, 0)) {
		sealed = engine_blob(q, 0, &size);
		r = s->seal ? seal_open(s->seal, call->arena, engine_int(q, 1), e->name, id, name, sealed, size, ret, &call->problem)
			    : fail(call, E_UNAVAILABLE, name, "%s", s->sealing.text);
	}
	engine_reset(q);
	return r < 0 ? r : 0;
}

int disclose(struct call *call, const struct entity *e, int64_t id, int64_t about_person, const char *fields)
{
	static const struct entity *record_entity;
	struct disclosure {
		int64_t id, version, person, reader;
		char *entity;
		int64_t record;
		char *fields, *reason;
		int64_t time;
	} * record;
	const struct shape *shape = shape_of(e);
	int r = 0;

	if (!record_entity)
		record_entity = shape_named("disclosure")->entity;
	record = fresh(call, record_entity);
	record->person = about_person;
	record->reader = call->caller->person;
	record->entity = (char *)(uintptr_t)e->name;
	record->record = id;
	record->fields = arena_copy(call->arena, fields);
	record->reason = arena_copy(call->arena, call->options.reason);
	record->time = call->now;
	r = add(call, record_entity, record);
	for (const char *p = fields; *p && !r;) {
		char *word = arena_copy_n(call->arena, p, strcspn(p, "\n")), *text;
		int at = field_index(shape, word);

		p += strlen(word) + (p[strlen(word)] == '\n');
		if (at < 0 || e->fields[at].privacy != SEALED)
			return fail(call, E_INVALID, "fields", "%s is no sealed field of a %s", word, e->name);
		r = unseal(call, e, id, word, &text);
		if (!r)
			answer(call, e->fields[at].name, (struct value){ .type = V_TEXT, .text = text ? text : "" });
	}
	return r;
}

/* ---- everything held about a person ---- */

enum {
	EXPORT_LINES = 5000
};

struct exporting {
	struct buffer out, sealed;
	int64_t left_out;
};

static void export_line(struct buffer *out, const struct shape *shape, const void *record, const struct field *f)
{
	buffer_print(out, "%s%s %lld %s", out->length ? "\n" : "", shape->entity->name,
		(long long)*field_number(record, &shape->entity->fields[0]), f->name);
}

/* Sealed values leave by Disclose alone, which records the reading: here only that there is one. */
static void export_row(struct call *call, const struct shape *shape, struct stmt *q, struct exporting *ex)
{
	void *record = arena_new(call->arena, shape->entity->size);
	int column = 0;

	record_read_row(call->arena, shape, q, record);
	for (int i = 0; i < shape->count; i++)
		column += field_is_stored(&shape->entity->fields[i]);
	for (int i = 2; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (!field_is_stored(f) || f->flags & HIDDEN)
			continue;
		if (f->privacy == SEALED) {
			if (engine_int(q, column++))
				export_line(&ex->sealed, shape, record, f);
			continue;
		}
		if (field_is_none(f, record))
			continue;
		if (!(shape->readers[i] & SELF)) {
			ex->left_out++;
			continue;
		}
		export_line(&ex->out, shape, record, f);
		buffer_char(&ex->out, ' ');
		if (field_is_text(f))
			for (const char *c = *field_text(record, f); *c; c++)
				buffer_char(&ex->out, *c == '\n' ? ' ' : *c);
		else
			field_print(f, record, &ex->out);
	}
}

static int export_entity(struct call *call, const struct shape *shape, int64_t person, struct exporting *ex)
{
	const struct entity *e = shape->entity;
	struct buffer sql = { 0 };
	struct stmt *q;
	int r;

	buffer_print(&sql, "SELECT %s", record_columns(call->store, shape));
	for (int i = 2; i < shape->count; i++)
		if (e->fields[i].privacy == SEALED && !(e->fields[i].flags & HIDDEN))
			buffer_print(&sql, ", \"%s\" IS NOT NULL", e->fields[i].name);
	buffer_print(&sql, " FROM \"%s\" WHERE \"%s\" = ?1 LIMIT %d", e->name, e->fields[shape->anchors[AT_PERSON]].name, EXPORT_LINES);
	r = engine_prepare(call->store->engine, buffer_string(&sql), false, &q, &call->problem);
	buffer_free(&sql);
	if (r)
		return r;
	engine_bind_int(q, 1, person);
	while ((r = engine_step(call->store->engine, q, &call->problem)) > 0)
		export_row(call, shape, q, ex);
	engine_reset(q);
	return r;
}

int export_person(struct call *call, int64_t person)
{
	struct exporting ex = { 0 };
	int r = 0;

	for (int i = 0; entities[i] && !r; i++)
		if (shape_of(entities[i])->anchors[AT_PERSON] >= 0 && !(entities[i]->flags & NOT_ERASED))
			r = export_entity(call, shape_of(entities[i]), person, &ex);
	if (!r && ex.out.length + ex.sealed.length > 900000)
		r = fail(call, E_LIMIT, NULL, "more than one reply can carry; read the collections one by one");
	if (!r) {
		answer(call, "data", (struct value){ .type = V_WORDS, .text = arena_copy(call->arena, buffer_string(&ex.out)) });
		answer(call, "left_out", (struct value){ .type = V_INT, .number = ex.left_out });
		answer(call, "by_disclose", (struct value){ .type = V_WORDS, .text = arena_copy(call->arena, buffer_string(&ex.sealed)) });
	}
	buffer_free(&ex.out);
	buffer_free(&ex.sealed);
	return r;
}

/* ---- erasure ---- */

void erase_member(const struct field *f, void *record)
{
	if (f->privacy == SEALED)
		*field_text(record, f) = SEALED_CLEARED;
	else if (field_is_text(f) && f->flags & REQUIRED)
		*field_text(record, f) = (char *)(uintptr_t) "(erased)";
	else
		field_clear(f, record);
}

/* "a" = NULL, "b" = '(erased)': what erasure does to the flagged columns of an entity. 0 columns: nothing to do. */
static int erased_columns(const struct shape *shape, struct buffer *sql)
{
	int n = 0;

	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &shape->entity->fields[i];

		if (!(f->flags & ERASED) || !field_is_stored(f))
			continue;
		buffer_print(sql, "%s\"%s\" = %s", n++ ? ", " : "", f->name,
			f->flags & REQUIRED && field_is_text(f) && f->privacy != SEALED ? "'(erased)'" : "NULL");
	}
	return n;
}

/* Unique sets that name an erased column keep their rows apart by the id. */
static bool in_unique(const struct shape *shape)
{
	for (int i = 0; shape->entity->unique && i < shape->count; i++)
		if (shape->entity->fields[i].flags & ERASED && word_in(shape->entity->unique, shape->entity->fields[i].name))
			return true;
	return false;
}

static int erase_entity(struct call *call, const struct shape *shape, int64_t person)
{
	const char *anchor = shape->entity->fields[shape->anchors[AT_PERSON]].name;
	struct buffer sql = { 0 }, columns = { 0 };
	struct stmt *q;
	int r = 0, n = erased_columns(shape, &columns);

	if (n && in_unique(shape))
		buffer_print(&sql, "DELETE FROM \"%s\" WHERE \"%s\" = ?1", shape->entity->name, anchor);
	else if (n)
		buffer_print(&sql, "UPDATE \"%s\" SET %s, \"version\" = \"version\" + 1 WHERE \"%s\" = ?1", shape->entity->name,
			buffer_string(&columns), anchor);
	if (n)
		r = engine_prepare(call->store->engine, buffer_string(&sql), false, &q, &call->problem);
	buffer_free(&sql);
	buffer_free(&columns);
	if (!n || r)
		return r;
	engine_bind_int(q, 1, person);
	return engine_step(call->store->engine, q, &call->problem);
}

static int run_for(struct call *call, const char *sql, int64_t person)
{
	struct stmt *q;
	int r = engine_prepare(call->store->engine, sql, false, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, person);
	return engine_step(call->store->engine, q, &call->problem);
}

bool shape_of_nobody(const struct shape *shape)
{
	if (shape->anchors[AT_PERSON] >= 0 || shape->anchors[AT_MATCH] >= 0)
		return false;
	for (int i = 0; i < shape->count; i++)
		if (shape->links[i] && shape_of(shape->links[i])->anchors[AT_PERSON] > 0)
			return false;
	return true;
}

/* Rows that are not the person's own and still speak of them: those that link to one of theirs (a proposed pair), matches they are
 * a side of, and rows of these (meetings). Texts that go with a person go there too. Rows that belong to nobody and still may cite
 * anybody (what was wrong with a file) lose those texts whoever is erased: nobody can say whose they are. */
static int erase_beside(struct call *call, const struct shape *shape, int64_t person)
{
	struct buffer sql = { 0 }, columns = { 0 }, where = { 0 };
	int r = 0, at = shape->anchors[AT_MATCH];

	for (int i = 0; i < shape->count; i++) {
		const struct shape *to = shape->links[i] ? shape_of(shape->links[i]) : NULL;

		if (to && to->anchors[AT_PERSON] > 0)
			buffer_print(&where, "%s\"%s\" IN (SELECT \"id\" FROM \"%s\" WHERE \"%s\" = ?1)", where.length ? " OR " : "",
				shape->entity->fields[i].name, to->entity->name, to->entity->fields[to->anchors[AT_PERSON]].name);
	}
	for (int i = 0; (shape->is_anchor[AT_MATCH] || at > 0) && entities[i]; i++) {
		const struct shape *of = shape_of(entities[i]);

		if (of->anchors[AT_MATCH] > 0 && of->anchors[AT_PERSON] > 0)
			buffer_print(&where, "%s\"%s\" IN (SELECT \"%s\" FROM \"%s\" WHERE \"%s\" = ?1)", where.length ? " OR " : "",
				shape->is_anchor[AT_MATCH] ? "id" : shape->entity->fields[at].name,
				of->entity->fields[of->anchors[AT_MATCH]].name, of->entity->name,
				of->entity->fields[of->anchors[AT_PERSON]].name);
	}
	if (shape_of_nobody(shape))
		buffer_text(&where, "?1 IS NOT NULL");
	if (where.length && erased_columns(shape, &columns)) {
		buffer_print(&sql, "UPDATE \"%s\" SET %s, \"version\" = \"version\" + 1 WHERE %s", shape->entity->name,
			buffer_string(&columns), buffer_string(&where));
		r = run_for(call, buffer_string(&sql), person);
	}
	buffer_free(&sql);
	buffer_free(&columns);
	buffer_free(&where);
	return r;
}

int erase_rows(struct call *call, int64_t person)
{
	struct stmt *q;
	int r = engine_prepare(call->store->engine,
		"UPDATE \"message\" SET \"state\" = 'withdrawn' WHERE \"person\" = ?1 AND \"state\" IN ('queued', 'held')", true, &q,
		&call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, person);
	r = engine_step(call->store->engine, q, &call->problem);
	for (int i = 0; entities[i] && !r; i++)
		if (shape_of(entities[i])->anchors[AT_PERSON] < 0 && !(entities[i]->flags & NOT_ERASED))
			r = erase_beside(call, shape_of(entities[i]), person);
	if (!r)
		r = import_erase(call, person);
	for (int i = 0; entities[i] && !r; i++) {
		const struct shape *shape = shape_of(entities[i]);

		if (shape->anchors[AT_PERSON] > 0 && !(entities[i]->flags & NOT_ERASED))
			r = erase_entity(call, shape, person);
	}
	return r;
}

/* The verb Erase was committed before: should this turn be lost, the job runs again, and what was forgotten early stays so. */
int erase_for_good(struct call *call, int64_t person)
{
	struct store *s = call->store;
	int r = erasures_add(s->paths.state, "person", person, call->now, &call->problem);

	if (!r && s->seal)
		r = seal_forget(s->seal, person, &call->problem);
	if (!r)
		r = import_forget_keys(call);
	while (!r && (r = audit_erase(s->engine, &s->head, person, call->now, 500, &call->problem)) > 0)
		r = 0;
	if (!r)
		s->erased_wait++;
	return r;
}

int store_settle(struct store *s, struct problem *problem)
{
	struct backup_paths paths = { s->paths.state, s->paths.backups };
	int r = 0;

	if (!s->erased_wait)
		return 0;
	if (s->seal && !access(paths.backups, F_OK)) /* before the first backup no copy of the keys stands there */
		r = backup_beside(s->seal, &paths, problem);
	if (!r)
		r = engine_checkpoint(s->engine, true, problem);
	if (!r)
		s->erased_wait = 0;
	return r;
}

/* ---- merging ---- */

/* Names and such that rows copy: what was the twin's reads as the other's from now on. Leading entities stand first. */
static int copy_again(struct call *call, int64_t person)
{
	int r = 0;

	for (int i = 0; entities[i] && !r; i++) {
		const struct shape *shape = shape_of(entities[i]);

		for (int j = 0; shape->anchors[AT_PERSON] > 0 && j < shape->count && !r; j++) {
			const struct field *f = &entities[i]->fields[j];
			const struct shape *other;
			int link, from;

			if (!copied_from(shape, f, &link, &other, &from))
				continue;
			r = run_for(call,
				arena_print(call->arena,
					"UPDATE \"%s\" SET \"%s\" = (SELECT o.\"%s\" FROM \"%s\" o WHERE o.\"id\" = \"%s\".\"%s\") "
					"WHERE \"%s\" = ?1",
					entities[i]->name, f->name, other->entity->fields[from].name, other->entity->name,
					entities[i]->name, entities[i]->fields[link].name,
					entities[i]->fields[shape->anchors[AT_PERSON]].name),
				person);
		}
	}
	return r;
}

int move_rows(struct call *call, int64_t from, int64_t to)
{
	int r = 0;

	for (int i = 0; entities[i] && !r; i++) {
		const struct shape *shape = shape_of(entities[i]);

		for (int j = 1; j < shape->count && !r; j++) {
			struct buffer sql = { 0 };
			struct stmt *q;

			if (!shape->links[j] || !shape_of(shape->links[j])->is_anchor[AT_PERSON] || entities[i]->flags & NOT_ERASED)
				continue;
			for (int k = 0; k < shape->count; k++)
				if (entities[i]->fields[k].privacy == SEALED && shape->anchors[AT_PERSON] == j) {
					int64_t sealed;
					char *count = arena_print(call->arena,
						"SELECT count(*) FROM \"%s\" WHERE \"%s\" = ?1 AND \"%s\" IS NOT NULL", entities[i]->name,
						entities[i]->fields[j].name, entities[i]->fields[k].name);

					r = engine_prepare(call->store->engine, count, false, &q, &call->problem);
					if (r)
						return r;
					engine_bind_int(q, 1, from);
					r = engine_step(call->store->engine, q, &call->problem);
					sealed = r > 0 ? engine_int(q, 0) : 0;
					engine_reset(q);
					if (r < 0)
						return r;
					if (sealed)
						return fail(call, E_STATE, "from",
							"the twin has sealed records (%s) that only its own key opens; "
							"let the person withdraw them first",
							entities[i]->name);
				}
			buffer_print(&sql, "UPDATE \"%s\" SET \"%s\" = ?2, \"version\" = \"version\" + 1 WHERE \"%s\" = ?1",
				entities[i]->name, entities[i]->fields[j].name, entities[i]->fields[j].name);
			r = engine_prepare(call->store->engine, buffer_string(&sql), false, &q, &call->problem);
			buffer_free(&sql);
			if (r)
				break;
			engine_bind_int(q, 1, from);
			engine_bind_int(q, 2, to);
			r = engine_step(call->store->engine, q, &call->problem);
			if (r == E_CONFLICT)
				return fail(call, E_CONFLICT, "from", "both take part in the same (%s); end one of them first",
					entities[i]->name);
		}
	}
	call->store->grants++;
	return r ? r : copy_again(call, to);
}

/* ---- retention ---- */

enum {
	RETENTION_SLICE = 500
};

/* One statement of the retention, at most a slice of rows; *ret rows were changed. */
static int keep_slice(struct call *call, const char *sql, int64_t before, int64_t *ret)
{
	struct stmt *q;
	int r = engine_prepare(call->store->engine, sql, false, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, before);
	engine_bind_int(q, 2, RETENTION_SLICE);
	r = engine_step(call->store->engine, q, &call->problem);
	*ret += r ? 0 : engine_changes(call->store->engine);
	return r;
}

/* Fields kept AFTER_PROGRAM go when the program has been over for the days that its policy says. */
static int keep_program_fields(struct call *call, const struct shape *shape, int64_t *ret)
{
	const struct entity *e = shape->entity;
	struct buffer sql = { 0 }, columns = { 0 }, any = { 0 };
	int r = 0, n = 0;

	for (int i = 0; i < shape->count; i++) {
		const struct field *f = &e->fields[i];

		if (f->retention != AFTER_PROGRAM || !(f->flags & ERASED) || !field_is_stored(f))
			continue;
		buffer_print(&columns, "%s\"%s\" = %s", n ? ", " : "", f->name,
			f->flags & REQUIRED && f->privacy != SEALED ? "'(erased)'" : "NULL");
		buffer_print(&any, "%st.\"%s\" %s", n ? " OR " : "", f->name,
			f->flags & REQUIRED && f->privacy != SEALED ? "<> '(erased)'" : "IS NOT NULL");
		n++;
	}
	if (n && shape->anchors[AT_PROGRAM] > 0) {
		const char *verb = in_unique(shape) ? "DELETE FROM" : "UPDATE";

		buffer_print(&sql,
			"%s \"%s\" %s%s WHERE \"id\" IN (SELECT t.\"id\" FROM \"%s\" t JOIN \"program\" p ON p.\"id\" = t.\"%s\" WHERE "
			"p.\"state\" IN ('closed', 'archived') AND p.\"ends\" * 86400 + coalesce(p.\"retention_days\", 365) * 86400 < ?1 AND (%s) LIMIT ?2)",
			verb, e->name, in_unique(shape) ? "" : "SET ", in_unique(shape) ? "" : buffer_string(&columns), e->name,
			e->fields[shape->anchors[AT_PROGRAM]].name, buffer_string(&any));
		r = keep_slice(call, buffer_string(&sql), call->now, ret);
	}
	buffer_free(&sql);
	buffer_free(&columns);
	buffer_free(&any);
	return r;
}

int keep_no_longer(struct call *call, int64_t *cursor)
{
	const struct settings *s = call->store->settings;
	const struct {
		const char *sql;
		int64_t days;
	} tables[] = {
		{ "DELETE FROM \"message\" WHERE \"id\" IN (SELECT \"id\" FROM \"message\" WHERE \"queued_at\" < ?1 AND \"state\" NOT IN ('queued', 'held', "
		  "'sending') LIMIT ?2)",
			s->retention.message_days },
		{ "DELETE FROM \"job\" WHERE \"id\" IN (SELECT \"id\" FROM \"job\" WHERE \"due\" < ?1 AND \"state\" IN ('done', 'withdrawn', 'skipped') LIMIT ?2)",
			s->retention.job_days },
		{ "DELETE FROM \"staged\" WHERE (\"import\", \"line\") IN (SELECT s.\"import\", s.\"line\" FROM \"import\" i JOIN \"staged\" s ON "
		  "s.\"import\" = i.\"id\" WHERE i.\"time\" < ?1 AND i.\"state\" NOT IN ('reading', 'checking', 'ready', 'taking', 'undoing') LIMIT ?2)",
			s->retention.job_days },
		{ "DELETE FROM \"replay\" WHERE (\"caller\", \"key\", \"verb\") IN (SELECT \"caller\", \"key\", \"verb\" FROM \"replay\" WHERE \"time\" < ?1 LIMIT ?2)",
			1 },
	};
	int64_t changed = 0;
	char *kept = NULL;
	int r = 0, more = 0;

	if (!*cursor) {
		r = import_expire(call, call->now - s->retention.job_days * 86400);
		if (!r)
			r = import_forget_keys(call);
		if (!r)
			r = setting_get(call->store, "audit_expired", call->arena, &kept, &call->problem);
		*cursor = kept ? strtoll(kept, NULL, 10) : 0;
	}
	for (size_t i = 0; i < sizeof tables / sizeof *tables && !r; i++)
		r = keep_slice(call, tables[i].sql, call->now - tables[i].days * 86400, &changed);
	for (int i = 0; entities[i] && !r; i++)
		r = keep_program_fields(call, shape_of(entities[i]), &changed);
	if (!r)
		more = audit_expire(call->store->engine, &call->store->head, call->now - s->retention.audit_days * 86400, cursor, call->now,
			RETENTION_SLICE, &call->problem);
	if (!r && more >= 0)
		r = setting_put(call->store, "audit_expired", arena_print(call->arena, "%lld", (long long)*cursor), &call->problem);
	if (!r && (changed || more > 0))
		call->store->erased_wait++;
	return r ? r : more < 0 ? more : changed > 0 || more;
}
