/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sight: what a caller is to a row. One function, sight_mask, answers it for Get, List, links and Create alike.
 *
 * Granting entities (login, duty, participant, match member ...) have one statement each that tells what a person is to
 * programs, matches and people, and until when. From these come three sorted lists for each caller, kept until a row of a
 * granting entity changes or a limit passes. A row carries anchors (program, match, person); the mask is what the lists
 * say of them, less every staff role where the person or the match is the caller's own.
 *
 * SQL knows nothing of roles: it calls sight(program, match, person, narrowed, about). A row narrows who sees it by its state (hidden_in),
 * or for good (a field flagged CONFIDES).
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct grant_list {
	int64_t *ids;
	unsigned *masks;
	size_t count, room;
};

struct sight {
	int64_t person; /* NONE: a caller without login */
	uint64_t generation;
	int64_t from, until;        /* valid at these times */
	unsigned all;               /* roles over everything */
	struct grant_list lists[4]; /* by enum anchor */
};

void sight_free(struct sight *sight)
{
	if (!sight)
		return;
	for (int a = AT_PROGRAM; a <= AT_PERSON; a++) {
		free(sight->lists[a].ids);
		free(sight->lists[a].masks);
	}
	free(sight);
}

void sights_free(struct store *s)
{
	for (int i = 0; i < SIGHTS; i++) {
		sight_free(s->sights[i]);
		s->sights[i] = NULL;
	}
}

/* Position of the id, or where it would stand. */
static size_t place(const struct grant_list *list, int64_t id)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void grant(struct grant_list *list, int64_t id, unsigned mask)
{
	size_t at = place(list, id);

	if (at < list->count && list->ids[at] == id) {
		list->masks[at] |= mask;
		return;
	}
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->ids = realloc(list->ids, list->room * sizeof *list->ids);
		list->masks = realloc(list->masks, list->room * sizeof *list->masks);
		if (!list->ids || !list->masks)
			abort();
	}
	memmove(list->ids + at + 1, list->ids + at, (list->count - at) * sizeof *list->ids);
	memmove(list->masks + at + 1, list->masks + at, (list->count - at) * sizeof *list->masks);
	list->ids[at] = id;
	list->masks[at] = mask;
	list->count++;
}

static unsigned role_named(const char *word)
{
	int at = word && *word ? choice_index(role_names, word) : -1;

	return at < 0 ? 0 : 1U << at;
}

static int read_grants(struct store *s, const struct entity *e, struct sight *sight, int64_t now, struct problem *problem)
{
	static const char *const lists[] = { "-", "program", "match", "person", NULL };
	struct stmt *q;
	int r = engine_prepare(s->engine, e->grants, true, &q, problem);

	if (r)
		return r;
	engine_bind_int(q, 1, sight->person);
	engine_bind_int(q, 2, now);
	while ((r = engine_step(s->engine, q, problem)) > 0) {
		int list = choice_index(lists, engine_text(q, 0));
		unsigned mask = role_named(engine_text(q, 2));
		int64_t until = engine_int(q, 3);

		if (until != NONE && until < sight->until)
			sight->until = until;
		if (engine_is_null(q, 1))
			sight->all |= mask;
		else if (list > 0)
			grant(&sight->lists[list], engine_int(q, 1), mask);
	}
	return r;
}

int sight_make(struct store *s, int64_t person, int64_t now, struct sight **ret, struct problem *problem)
{
	struct sight *sight = calloc(1, sizeof *sight);
	int r = 0;

	if (!sight)
		abort();
	sight->person = person;
	sight->generation = s->grants;
	sight->from = now;
	sight->until = INT64_MAX;
	if (person != NONE)
		grant(&sight->lists[AT_PERSON], person, SELF);
	for (int i = 0; person != NONE && entities[i] && !r; i++)
		if (entities[i]->grants)
			r = read_grants(s, entities[i], sight, now, problem);
	if (r) {
		sight_free(sight);
		return r;
	}
	*ret = sight;
	return 0;
}

struct sight *sight_of(struct store *s, struct caller *caller, int64_t now, struct problem *problem)
{
	struct sight *made;
	int r;

	for (int i = 0; i < SIGHTS; i++) {
		struct sight *kept = s->sights[i];

		if (!kept || kept->person != caller->person)
			continue;
		if (kept->generation == s->grants && now >= kept->from && now < kept->until)
			return caller->sight = kept;
		r = sight_make(s, caller->person, now, &made, problem);
		if (r)
			return NULL;
		sight_free(kept);
		return caller->sight = s->sights[i] = made;
	}
	if (sight_make(s, caller->person, now, &made, problem))
		return NULL;
	sight_free(s->sights[s->sight_at]);
	s->sights[s->sight_at] = made;
	s->sight_at = (s->sight_at + 1) % SIGHTS;
	return caller->sight = made;
}

static uint64_t mixed(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x100000001b3) + (hash >> 29);
}

int store_sight(struct store *s, struct caller *caller, uint64_t *ret_stamp, int64_t *ret_until, struct problem *problem)
{
	const struct sight *sight = sight_of(s, caller, store_now(s), problem);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (!sight)
		return problem->code;
	hash = mixed(mixed(mixed(hash, (uint64_t)sight->person), sight->all), caller->admin);
	for (int a = AT_PROGRAM; a <= AT_PERSON; a++)
		for (size_t i = 0; i < sight->lists[a].count; i++)
			hash = mixed(mixed(mixed(hash, (uint64_t)a), (uint64_t)sight->lists[a].ids[i]), sight->lists[a].masks[i]);
	*ret_stamp = hash | 1;
	*ret_until = sight->until;
	return 0;
}

void sights_moved(struct store *s, int64_t person, int64_t other)
{
	uint64_t before = s->grants++;

	for (int i = 0; i < SIGHTS; i++)
		if (s->sights[i] && s->sights[i]->generation == before && s->sights[i]->person != person && s->sights[i]->person != other)
			s->sights[i]->generation = s->grants;
}

static unsigned listed(const struct grant_list *list, int64_t id, bool *ret_there)
{
	size_t at = id == NONE ? list->count : place(list, id);

	*ret_there = at < list->count && list->ids[at] == id;
	return *ret_there ? list->masks[at] : 0;
}

unsigned sight_mask(const struct caller *caller, int64_t program, int64_t match, int64_t person)
{
	const struct sight *sight = caller->sight;
	unsigned mask = ANYONE | sight->all;
	bool in_program, own_match, own;

	mask |= listed(&sight->lists[AT_PROGRAM], program, &in_program);
	mask |= listed(&sight->lists[AT_MATCH], match, &own_match);
	mask |= listed(&sight->lists[AT_PERSON], person, &own);
	own = own && person == sight->person;
	if (own || own_match)
		mask &= ~(unsigned)STAFF_ROLES;
	if (caller->admin)
		mask |= ADMIN;
	return mask;
}

unsigned sight_anywhere(const struct caller *caller)
{
	unsigned mask = ANYONE | caller->sight->all | (caller->admin ? ADMIN : 0);

	for (int a = AT_PROGRAM; a <= AT_PERSON; a++)
		for (size_t i = 0; i < caller->sight->lists[a].count; i++)
			mask |= caller->sight->lists[a].masks[i];
	return mask;
}

unsigned sight_all(const struct caller *caller)
{
	return ANYONE | caller->sight->all | (caller->admin ? ADMIN : 0);
}

struct grants sight_grants(const struct caller *caller, enum anchor anchor)
{
	const struct grant_list *list = &caller->sight->lists[anchor];

	return (struct grants){ list->ids, list->masks, list->count };
}

enum narrowing {
	NARROWED_NOT,
	NARROWED_TO_STAFF,
	NARROWED_TO_CONFIDANTS
};

static unsigned narrowed(unsigned mask, int64_t how)
{
	if (how == NARROWED_TO_STAFF)
		return mask & (STAFF_ROLES | ADMIN);
	return how == NARROWED_TO_CONFIDANTS ? mask & (SELF | SAFEGUARDING) : mask;
}

/* ---- in SQL ---- */

/* Whom a row is about, though it is another person's. */
static bool about_caller(const struct caller *caller, int64_t about)
{
	return about != NONE && about == caller->sight->person;
}

static int64_t sql_sight(void *data, int count, const int64_t *values)
{
	struct store *s = data;
	unsigned mask;

	(void)count;
	if (!s->seeing)
		return 0;
	mask = narrowed(sight_mask(s->seeing->caller, values[0], values[1], values[2]), values[3]);
	return about_caller(s->seeing->caller, values[4]) ? mask & ~(unsigned)STAFF_ROLES : mask;
}

int sight_register(struct store *s, struct problem *problem)
{
	return engine_function(s->engine, "sight", 5, sql_sight, s, problem);
}

static void anchor_print(struct buffer *out, const struct shape *shape, const char *alias, enum anchor a)
{
	if (shape->anchors[a] < 0)
		buffer_text(out, "NULL");
	else
		buffer_print(out, "%s.\"%s\"", alias, shape->entity->fields[shape->anchors[a]].name);
}

static void hidden_print(struct buffer *out, const struct shape *shape, const char *alias)
{
	const struct entity *e = shape->entity;
	bool first = true;

	if (!e->hidden_in) {
		buffer_print(out, "%d", NARROWED_NOT);
		return;
	}
	buffer_print(out, "%s.\"state\" IN (", alias);
	for (int i = 0; e->fields[shape->state].choices[i]; i++)
		if (e->hidden_in & IN(i)) {
			buffer_print(out, "%s'%s'", first ? "" : ", ", e->fields[shape->state].choices[i]);
			first = false;
		}
	buffer_text(out, ")");
}

void sight_call(struct buffer *out, const struct shape *shape, const char *alias)
{
	const struct entity *e = shape->entity;

	buffer_text(out, "sight(");
	for (int a = AT_PROGRAM; a <= AT_PERSON; a++) {
		anchor_print(out, shape, alias, a);
		buffer_text(out, ", ");
	}
	if (shape->confides >= 0)
		buffer_print(out, "CASE WHEN %s.\"%s\" THEN %d ELSE ", alias, e->fields[shape->confides].name, NARROWED_TO_CONFIDANTS);
	hidden_print(out, shape, alias);
	buffer_text(out, shape->confides >= 0 ? " END, " : ", ");
	if (shape->bars >= 0)
		buffer_print(out, "%s.\"%s\")", alias, e->fields[shape->bars].name);
	else
		buffer_text(out, "NULL)");
}

const struct shape *sight_through(const char **list)
{
	char word[64];
	size_t n;

	if (!*list || !**list)
		return NULL;
	n = strcspn(*list, " ");
	snprintf(word, sizeof word, "%.*s", (int)n, *list);
	*list += n + strspn(*list + n, " ");
	return shape_named(word);
}

int sight_leading_field(const struct shape *shape, const struct shape *via)
{
	for (int a = AT_PROGRAM; a <= AT_PERSON; a++)
		if (shape->is_anchor[a])
			return via->anchors[a];
	return -1;
}

bool sight_led_before(const char *list, const struct shape *via)
{
	const struct shape *before;

	while ((before = sight_through(&list)) && before != via)
		for (int i = 0; i < via->count; i++)
			if (via->links[i] == before->entity && via->entity->fields[i].flags & REQUIRED && !before->entity->hidden_in)
				return true;
	return false;
}

void sight_condition(struct buffer *out, const struct shape *shape, const char *alias, unsigned need, bool matches)
{
	const char *all = shape->entity->through, *list = all;
	const struct shape *via;

	buffer_text(out, "(");
	sight_call(out, shape, alias);
	buffer_print(out, " & %u <> 0", need);
	while ((via = sight_through(&list))) {
		if (!matches && sight_led_before(all, via))
			continue;
		buffer_print(out, " OR EXISTS (SELECT 1 FROM \"%s\" AS v WHERE v.\"%s\" = %s.\"id\" AND ", via->entity->name,
			via->entity->fields[sight_leading_field(shape, via)].name, alias);
		sight_call(out, via, "v");
		buffer_print(out, " & %u <> 0)", need);
	}
	buffer_text(out, ")");
}

static char *through_new(const struct shape *shape, const struct shape *via)
{
	struct buffer sql = { 0 };
	char *text;

	buffer_text(&sql, "SELECT ");
	sight_call(&sql, via, "v");
	buffer_print(&sql, " FROM \"%s\" AS v WHERE v.\"%s\" = ?1", via->entity->name,
		via->entity->fields[sight_leading_field(shape, via)].name);
	text = strdup(buffer_string(&sql));
	buffer_free(&sql);
	if (!text)
		abort();
	return text;
}

/* The mask that leading rows give over a row, added to *mask; staff roles never over the caller's own. */
static int add_through(struct call *call, const struct shape *shape, int64_t id, unsigned *mask)
{
	const char *list = shape->entity->through;
	char **sql = record_through(call->store, shape);
	const struct shape *via;
	int r = 0;

	for (int i = 0; !r && i < THROUGH_MAX && (via = sight_through(&list)); i++) {
		struct stmt *q;

		if (!sql[i])
			sql[i] = through_new(shape, via);
		r = engine_prepare(call->store->engine, sql[i], true, &q, &call->problem);
		if (r)
			break;
		engine_bind_int(q, 1, id);
		while ((r = engine_step(call->store->engine, q, &call->problem)) > 0)
			*mask |= (unsigned)engine_int(q, 0);
	}
	return r;
}

/* A caller with nothing but roles over all and over themself gets no more from leading rows. */
static bool leads_nowhere(const struct sight *sight)
{
	return !sight->lists[AT_PROGRAM].count && !sight->lists[AT_MATCH].count && sight->lists[AT_PERSON].count <= 1;
}

static enum narrowing narrowing_of(const struct shape *shape, const void *record)
{
	const struct entity *e = shape->entity;

	if (shape->confides >= 0 && *field_number(record, &e->fields[shape->confides]) == 1)
		return NARROWED_TO_CONFIDANTS;
	return e->hidden_in && shape->state >= 0 && e->hidden_in & IN(*field_number(record, &e->fields[shape->state])) ? NARROWED_TO_STAFF
														       : NARROWED_NOT;
}

int sight_record(struct call *call, const struct caller *caller, const struct shape *shape, const void *record, unsigned *ret)
{
	struct call *before = call->store->seeing;
	struct call eyes = *call;
	struct caller copy = *caller;
	unsigned mask = sight_mask(caller, record_anchor_of(shape, AT_PROGRAM, record), record_anchor_of(shape, AT_MATCH, record),
		record_anchor_of(shape, AT_PERSON, record));
	int64_t id = *field_number(record, &shape->entity->fields[0]);
	int r = 0;

	mask = narrowed(mask, narrowing_of(shape, record));
	if (shape->entity->through && id != NONE && !leads_nowhere(caller->sight)) {
		eyes.caller = &copy;
		call->store->seeing = &eyes;
		r = add_through(call, shape, id, &mask);
		call->store->seeing = before;
	}
	if (shape->entity->through && record_anchor_of(shape, AT_PERSON, record) == caller->sight->person && caller->sight->person != NONE)
		mask &= ~(unsigned)STAFF_ROLES;
	if (shape->bars >= 0 && about_caller(caller, *field_number(record, &shape->entity->fields[shape->bars])))
		mask &= ~(unsigned)STAFF_ROLES;
	*ret = mask;
	return r;
}
