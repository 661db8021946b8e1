/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages: rows of a collection, filtered, ordered, as far as the caller may see.
 *
 * The fields named (asked, filtered, ordered) decide which roles count: those that may read all of them. If the caller holds
 * such a role over everything, one arm walks the order's index; else there is an arm for each program, match or person that the
 * caller holds it over, each a keyed range, joined by UNION ALL in order. sight() is asked for every row all the same.
 * Twins (a row that two arms reach) stand side by side and are skipped. Where the arms would be many, one arm walks
 * the whole order and sight() does the choosing. A cursor is the last row's order value and id.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
	ARMS = 40,
	BINDS = 200
};

struct listing {
	struct store *s;
	struct call *call;
	const struct shape *shape;
	const struct list_query *query;
	int fields[MAX_FIELDS];
	int count;
	int order; /* field index */
	bool down;
	unsigned need;
	struct buffer where; /* the filters' conditions over t, from "?3" on */
	void *record;        /* decoded filter values are bound from records */
	struct {
		const struct field *field;
		const void *record;
		const char *text;
	} binds[BINDS];
	int bind_count;
	const char *after; /* cursor's order value, NULL at the start */
	int64_t after_id;
	uint32_t limit;
	int64_t most; /* rows that the statement gives, twins among them */
};

static const char *const operators[] = { "=", "!=", "<", "<=", ">", ">=", "in", "prefix", "none", "contains", NULL };
static const char *const sql_operators[] = { "=", "IS NOT", "<", "<=", ">", ">=" };

int operator_named(const char *word)
{
	return choice_index(operators, word);
}

/* ---- the fields named and the roles that may read them ---- */

static int name_field(struct listing *l, const char *name, const char *why, int *ret)
{
	int at = field_index(l->shape, name);
	const struct field *f = at >= 0 ? &l->shape->entity->fields[at] : NULL;

	if (!f || f->flags & HIDDEN)
		return fail(l->call, E_INVALID, why, "%s has no field %s", l->shape->entity->label, name);
	if (f->privacy == SEALED)
		return fail(l->call, E_INVALID, why, "%s is sealed: it is in no list; Disclose reads it", name);
	l->need &= l->shape->readers[at];
	*ret = at;
	return 0;
}

static int choose_fields(struct listing *l)
{
	const struct list_query *q = l->query;
	const struct entity *e = l->shape->entity;
	int r = 0;

	if (q->field_count > MAX_FIELDS)
		return fail(l->call, E_LIMIT, "fields", "%d fields at most", MAX_FIELDS);
	for (size_t i = 0; i < q->field_count && !r; i++)
		r = name_field(l, q->fields[i], "fields", &l->fields[l->count++]);
	/* the usual columns, as far as one role of the caller reads them together */
	for (int i = 0; !q->field_count && i < l->shape->count && !r; i++)
		if (i == 0 || (e->fields[i].flags & LISTED && l->need & l->shape->readers[i] & sight_anywhere(l->call->caller))) {
			l->need &= l->shape->readers[i];
			l->fields[l->count++] = i;
		}
	return r;
}

static int no_order(struct listing *l, const char *word)
{
	struct buffer list = { 0 };
	int r;

	for (int i = 1; i < l->shape->count; i++)
		if (l->shape->entity->fields[i].flags & SORTED)
			buffer_print(&list, ", %s", l->shape->entity->fields[i].name);
	r = fail(l->call, E_INVALID, "order", "lists are not ordered by %s, but by id%s", word, buffer_string(&list));
	buffer_free(&list);
	return r;
}

static int choose_order(struct listing *l)
{
	const char *word = l->query->order && *l->query->order ? l->query->order : l->shape->entity->order;
	int r;

	if (!word)
		word = "id";
	else if (*word == '-') {
		l->down = true;
		word++;
	}
	r = name_field(l, word, "order", &l->order);
	return !r && l->order && !(l->shape->entity->fields[l->order].flags & SORTED) ? no_order(l, word) : r;
}

/* ---- filters ---- */

static int bind_record(struct listing *l, const struct field *f, const void *record)
{
	if (l->bind_count == BINDS)
		return fail(l->call, E_LIMIT, "filter", "too many values");
	l->binds[l->bind_count].field = f;
	l->binds[l->bind_count].record = record;
	l->bind_count++;
	return 0;
}

static int bind_text(struct listing *l, const char *text)
{
	if (l->bind_count == BINDS)
		return fail(l->call, E_LIMIT, "filter", "too many values");
	l->binds[l->bind_count++].text = text;
	return 0;
}

/* A value decoded as the field's kind, into a record of its own. */
static int filter_value(struct listing *l, int at, const struct value *v, const void **ret)
{
	const struct field *f = &l->shape->entity->fields[at];
	struct field plain = *f;
	void *record = arena_new(l->call->arena, l->shape->entity->size);

	plain.flags &= ~(unsigned)(HAS_MIN | HAS_MAX);
	*ret = record;
	return field_decode(f, l->shape->links[at], v, record, l->call->arena, &l->call->problem);
}

static int filter_in(struct listing *l, int at, const struct value *v)
{
	const struct field *f = &l->shape->entity->fields[at];
	const char *p = v->type == V_WORDS ? v->text : NULL;
	int r = 0;

	if (!p || !*p)
		return fail(l->call, E_INVALID, f->name, "'in' takes a list of words");
	buffer_print(&l->where, " AND t.\"%s\" IN (", f->name);
	for (const char *word = p; *word && !r;) {
		size_t n = strcspn(word, "\n");
		const void *record = NULL;
		void *slot = arena_new(l->call->arena, l->shape->entity->size);

		r = field_read(f, l->shape->links[at], arena_copy_n(l->call->arena, word, n), slot, l->call->arena, &l->call->problem);
		record = slot;
		if (!r)
			r = bind_record(l, f, record);
		buffer_print(&l->where, "%s?%d", word == p ? "" : ", ", l->bind_count + 3);
		word += n + (word[n] == '\n');
	}
	buffer_text(&l->where, ")");
	return r;
}

static int filter_text(struct listing *l, const struct filter *filter, const struct field *f)
{
	const char *text = filter->value.text;
	int r;

	if (filter->value.type != V_TEXT || !field_is_text(f))
		return fail(l->call, E_INVALID, f->name, "'%s' takes a text, and a field of text", operators[filter->operator_]);
	r = bind_text(l, text);
	if (filter->operator_ == OP_PREFIX)
		buffer_print(&l->where, " AND t.\"%s\" >= ?%d AND t.\"%s\" < ?%d || char(1114111)", f->name, l->bind_count + 3, f->name,
			l->bind_count + 3);
	else if (f->kind == WORDS)
		buffer_print(
			&l->where, " AND instr(char(10) || t.\"%s\" || char(10), char(10) || ?%d || char(10))", f->name, l->bind_count + 3);
	else
		buffer_print(&l->where, " AND instr(lower(t.\"%s\"), lower(?%d))", f->name, l->bind_count + 3);
	return r;
}

static int add_filter(struct listing *l, const struct filter *filter)
{
	const struct field *f;
	const void *record;
	int at, r;

	if (!strcmp(filter->field, "as")) {
		int role = filter->value.type == V_TEXT ? choice_index(role_names, filter->value.text) : -1;

		if (role < 0 || filter->operator_ != OP_EQ)
			return fail(l->call, E_INVALID, "as", "'as' is a role, such as ('as', '=', 'coordinator')");
		l->need &= 1U << role;
		return 0;
	}
	r = name_field(l, filter->field, "filter", &at);
	if (r)
		return r;
	f = &l->shape->entity->fields[at];
	if (f->computed)
		return fail(l->call, E_INVALID, f->name, "%s is computed; lists are not filtered by it", f->label);
	if (filter->operator_ == OP_NONE) {
		bool none = filter->value.type != V_BOOL || filter->value.number;

		buffer_print(&l->where, " AND t.\"%s\" IS %sNULL", f->name, none ? "" : "NOT ");
		return 0;
	}
	if (filter->operator_ == OP_IN)
		return filter_in(l, at, &filter->value);
	if (filter->operator_ == OP_PREFIX || filter->operator_ == OP_CONTAINS)
		return filter_text(l, filter, f);
	r = filter_value(l, at, &filter->value, &record);
	if (!r)
		r = bind_record(l, f, record);
	buffer_print(&l->where, " AND t.\"%s\" %s ?%d", f->name, sql_operators[filter->operator_], l->bind_count + 3);
	return r;
}

/* ---- cursors: order value, unit separator, id; in base64 so that nobody reads meaning into them ---- */

static int read_cursor(struct listing *l)
{
	const char *cursor = l->query->cursor, *end;
	size_t room = cursor ? strlen(cursor) : 0, length;
	char *text, *split;

	if (!room)
		return 0;
	text = arena_new(l->call->arena, room + 1);
	if (sodium_base642bin((unsigned char *)text, room, cursor, room, NULL, &length, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
		*end || !(split = memchr(text, 0x1f, length)))
		return fail(l->call, E_INVALID, "cursor", "this cursor is none of ours; begin with an empty one");
	text[length] = 0;
	*split = 0;
	l->after = text;
	l->after_id = strtoll(split + 1, NULL, 10);
	return 0;
}

/* The last row given, kept while the next one is looked at. */
struct place {
	char value[1024];
	int64_t id;
};

static void keep_place(struct place *place, const struct listing *l, struct stmt *q)
{
	const char *value = engine_text(q, l->count + 1);

	place->id = engine_int(q, l->count);
	snprintf(place->value, sizeof place->value, "%s", value ? value : "");
}

static const char *write_cursor(struct listing *l, const struct place *place)
{
	char *plain = arena_print(l->call->arena, "%s\x1f%lld", place->value, (long long)place->id);
	size_t size = sodium_base64_ENCODED_LEN(strlen(plain), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = arena_new(l->call->arena, size);

	return sodium_bin2base64(text, size, (unsigned char *)plain, strlen(plain), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* ---- the statement ---- */

/* An arm: the leading entity that it goes through (NULL: none), the field there that names the row, and the one that copies the
 * order's value, if any. */
struct path {
	const struct shape *via;
	const char *link, *order;
};

/* Columns, then the id and the order's value: an arm that goes through another entity orders by what that has of both, so that
 * its index gives the order. */
static void select_columns(struct listing *l, struct buffer *sql, const struct path *path)
{
	const struct field *fields = l->shape->entity->fields;

	for (int i = 0; i < l->count; i++) {
		const struct field *f = &fields[l->fields[i]];

		if (f->computed)
			buffer_print(sql, "%s, ", f->computed);
		else
			buffer_print(sql, "t.\"%s\", ", f->name);
	}
	if (path->order)
		buffer_print(sql, "v.\"%s\" AS i, v.\"%s\" AS o", path->link, path->order);
	else
		buffer_print(sql, "t.\"id\" AS i, t.\"%s\" AS o", fields[l->order].name);
}

static size_t granted(struct listing *l, enum anchor a)
{
	struct grants g = sight_grants(l->call->caller, a);
	size_t n = 0;

	for (size_t i = 0; i < g.count; i++)
		n += (g.masks[i] & l->need) != 0;
	return n;
}

/* `key`: condition with a literal id. */
static void arm(struct listing *l, struct buffer *sql, const struct path *path, const char *key)
{
	const char *entity = l->shape->entity->name, *order = l->shape->entity->fields[l->order].name;

	buffer_text(sql, sql->length ? " UNION ALL SELECT " : "SELECT ");
	select_columns(l, sql, path);
	if (path->via)
		buffer_print(sql, " FROM \"%s\" AS v CROSS JOIN \"%s\" AS t ON t.\"id\" = v.\"%s\" WHERE %s", path->via->entity->name,
			entity, path->link, key);
	else
		buffer_print(sql, " FROM \"%s\" AS t WHERE %s", entity, key);
	if (l->after && path->order)
		buffer_print(sql, " AND (v.\"%s\", v.\"%s\") %s (?1, ?2)", path->order, path->link, l->down ? "<" : ">");
	else if (l->after)
		buffer_print(sql, " AND (t.\"%s\", t.\"id\") %s (?1, ?2)", order, l->down ? "<" : ">");
	buffer_text(sql, buffer_string(&l->where));
	buffer_text(sql, " AND ");
	if (path->via) { /* the row that leads there says what the caller is to it */
		sight_call(sql, path->via, "v");
		buffer_print(sql, " & %u <> 0", l->need);
	} else
		sight_condition(sql, l->shape, "t", l->need, granted(l, AT_MATCH) > 0);
}

static void arms_of(struct listing *l, struct buffer *sql, enum anchor a, const struct path *path)
{
	const struct shape *holder = path->via ? path->via : l->shape;
	struct grants g = sight_grants(l->call->caller, a);
	char key[120];

	if (holder->anchors[a] < 0)
		return;
	for (size_t i = 0; i < g.count; i++)
		if (g.masks[i] & l->need) {
			snprintf(key, sizeof key, "%s.\"%s\" = %lld", path->via ? "v" : "t",
				holder->entity->fields[holder->anchors[a]].name, (long long)g.ids[i]);
			arm(l, sql, path, key);
		}
}

/* The field of the leading entity that copies the order's, by the link that leads. */
static const char *copy_of_order(const struct listing *l, const struct shape *via, int via_link)
{
	for (int i = 0; i < via->count; i++) {
		const struct field *f = &via->entity->fields[i];
		const struct shape *to;
		int link, from;

		if (f->flags & SORTED && copied_from(via, f, &link, &to, &from) && to == l->shape && link == via_link && from == l->order)
			return f->name;
	}
	return NULL;
}

static void arms_through(struct listing *l, struct buffer *sql, const char *list)
{
	const char *rest = list;
	const struct shape *via;

	while ((via = sight_through(&rest)))
		for (int a = sight_led_before(list, via) ? AT_MATCH : AT_PROGRAM; a <= AT_MATCH; a++) {
			int link = sight_leading_field(l->shape, via);
			struct path path = { via, via->entity->fields[link].name, copy_of_order(l, via, link) };

			arms_of(l, sql, a, &path);
		}
}

static void compose(struct listing *l, struct buffer *sql)
{
	bool everything = (sight_all(l->call->caller) & l->need) != 0;
	size_t n = granted(l, AT_PROGRAM) + granted(l, AT_MATCH) + granted(l, AT_PERSON);
	struct path straight = { 0 };

	if (everything || n > ARMS) {
		arm(l, sql, &straight, "1");
	} else {
		for (int a = AT_PROGRAM; a <= AT_PERSON; a++)
			arms_of(l, sql, a, &straight);
		arms_through(l, sql, l->shape->entity->through);
	}
	/* one more than asked for tells whether there is a next page; a row can come once from each arm, and has two roles in a program */
	l->most = (int64_t)l->limit * (everything || n > ARMS ? 1 : (int64_t)n + 2) + 1;
	if (!sql->length) /* roles that the caller holds, over nothing that this entity has */
		arm(l, sql, &straight, "0");
	buffer_print(sql, " ORDER BY o%s, i%s LIMIT ?3", l->down ? " DESC" : "", l->down ? " DESC" : "");
}

static void bind_all(struct listing *l, struct stmt *q)
{
	const struct field *order = &l->shape->entity->fields[l->order];

	if (l->after && (field_is_text(order) || order->kind == CHOICE))
		engine_bind_text(q, 1, l->after);
	else if (l->after && order->kind == REAL)
		engine_bind_real(q, 1, strtod(l->after, NULL));
	else if (l->after)
		engine_bind_int(q, 1, strtoll(l->after, NULL, 10));
	if (l->after)
		engine_bind_int(q, 2, l->after_id);
	engine_bind_int(q, 3, l->most);
	for (int i = 0; i < l->bind_count; i++)
		if (l->binds[i].text)
			engine_bind_text(q, i + 4, l->binds[i].text);
		else
			record_bind(q, i + 4, l->binds[i].field, l->binds[i].record);
}

static int run(struct listing *l, struct reader *reader, const char **ret_next)
{
	struct buffer sql = { 0 };
	struct stmt *q;
	bool shown[MAX_FIELDS];
	struct place place = { .id = NONE };
	uint32_t given = 0;
	int64_t steps = 0;
	int r;

	memset(shown, 1, sizeof shown);
	compose(l, &sql);
	r = engine_prepare(l->s->engine, buffer_string(&sql), false, &q, &l->call->problem);
	buffer_free(&sql);
	if (r)
		return r;
	bind_all(l, q);
	while ((r = engine_step(l->s->engine, q, &l->call->problem)) > 0) {
		steps++;
		if (engine_int(q, l->count) == place.id)
			continue;
		if (given == l->limit || reader->row(reader, q, l->shape, l->fields, shown, l->count)) {
			*ret_next = write_cursor(l, &place);
			break;
		}
		keep_place(&place, l, q);
		given++;
	}
	if (!r && steps == l->most) /* more twins than there was room for: a short page, not the last */
		*ret_next = write_cursor(l, &place);
	engine_reset(q);
	return r < 0 ? r : 0;
}

static int prepare(struct listing *l)
{
	const struct list_query *q = l->query;
	char roles[ROLES_TEXT];
	int r = choose_fields(l);

	if (!r)
		r = choose_order(l);
	for (size_t i = 0; i < q->filter_count && !r; i++)
		r = add_filter(l, &q->filters[i]);
	if (!r)
		r = read_cursor(l);
	if (r)
		return r;
	l->need &= l->shape->seers;
	if (sight_anywhere(l->call->caller) & l->need)
		return 0;
	if (!l->need)
		return fail(l->call, E_DENIED, "fields", "no role reads all the fields that this list names; name fewer");
	return fail(l->call, E_DENIED, "fields", "no role of yours reads all the fields that this list names; it is for: %s",
		roles_said(l->need, roles, sizeof roles));
}

int store_list(struct store *s, struct call *call, const struct entity *e, const struct list_query *query, struct reader *reader,
	const char **ret_next)
{
	struct listing l = { .s = s, .call = call, .shape = shape_of(e), .query = query, .need = ~(unsigned)SYSTEM };
	uint32_t most = (uint32_t)s->settings->limits.rows_per_list;
	int r;

	call->store = s;
	*ret_next = "";
	l.limit = query->limit && query->limit < most ? query->limit : most;
	if (!sight_of(s, call->caller, call->now, &call->problem))
		return call->problem.code;
	s->seeing = call;
	r = prepare(&l);
	if (!r)
		r = run(&l, reader, ret_next);
	s->seeing = NULL;
	buffer_free(&l.where);
	return r;
}
