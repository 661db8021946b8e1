/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shapes: what is derived once from the tables of the entities, and the check that the tables make sense.
 *
 * A table that contradicts itself is a programming error, found before the daemon serves anybody: shapes_check runs
 * at every start and in a unit test, and names the entity and the row.
 */
#include "entity.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_ENTITIES = 64
};

static struct shape shapes[MAX_ENTITIES];
static int shape_count;

const char *const role_names[ROLE_COUNT + 1] = { "anyone", "self", "mentee", "mentor", "participant", "guardian", "coordinator", "observer",
	"interviewer", "auditor", "safeguarding lead", "data-protection officer", "confidant", "admin", "system", NULL };

/* Who reads a class, unless the entity says otherwise. 'Member' of a row about people is who is in the match; what all participants of a
 * program may read, the program's own rows, says so in its entity. SELF reads what is flagged OWN, ADMIN what is flagged ADMIN_READS. */
static const unsigned usual_readers[SEALED] = {
	[PUBLIC] = ~(unsigned)SYSTEM,
	[MEMBER] = MENTEE | MENTOR | GUARDIAN | COORDINATOR | OBSERVER | SAFEGUARDING | PROTECTION | CONFIDANT,
	[PAIR] = MENTEE | MENTOR | CONFIDANT,
	[STAFF] = COORDINATOR | CONFIDANT,
};

bool word_in(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = list; p && *p; p += strcspn(p, " ;"), p += strspn(p, " ;"))
		if (!strncmp(p, word, length) && (p[length] == ' ' || p[length] == ';' || !p[length]))
			return true;
	return false;
}

char *roles_said(unsigned mask, char *out, size_t size)
{
	size_t used = 0;

	snprintf(out, size, "the daemon alone");
	if (mask & ANYONE)
		mask = ANYONE;
	mask &= ~(unsigned)SYSTEM;
	for (int i = 0; mask && used < size && i < ROLE_COUNT; i++) {
		const char *between = !used ? "" : mask >> (i + 1) ? ", " : " or ";

		if (!(mask & 1U << i))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s", between, role_names[i]);
	}
	return out;
}

const struct shape *shape_of(const struct entity *entity)
{
	for (int i = 0; i < shape_count; i++)
		if (shapes[i].entity == entity)
			return &shapes[i];
	return NULL;
}

const struct shape *shape_named(const char *name)
{
	for (int i = 0; name && i < shape_count; i++)
		if (!strcmp(shapes[i].entity->name, name))
			return &shapes[i];
	return NULL;
}

bool copied_from(const struct shape *shape, const struct field *f, int *ret_link, const struct shape **ret_shape, int *ret_field)
{
	char link[64];
	size_t length = f->copies ? strcspn(f->copies, ".") : 0;

	if (!length || !f->copies[length])
		return false;
	snprintf(link, sizeof link, "%.*s", (int)length, f->copies);
	*ret_link = field_index(shape, link);
	*ret_shape = *ret_link >= 0 ? shape_named(shape->entity->fields[*ret_link].to) : NULL;
	*ret_field = *ret_shape ? field_index(*ret_shape, f->copies + length + 1) : -1;
	return *ret_field >= 0;
}

const struct shape *shape_of_collection(const char *collection)
{
	for (int i = 0; i < shape_count; i++)
		if (!strcmp(shapes[i].entity->collection, collection))
			return &shapes[i];
	return NULL;
}

int field_index(const struct shape *shape, const char *name)
{
	for (int i = 0; i < shape->count; i++)
		if (!strcmp(shape->entity->fields[i].name, name))
			return i;
	return -1;
}

const struct verb *verb_named(const struct entity *entity, const char *name)
{
	for (const struct verb *v = entity->verbs; v && v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

bool name_is_known(const char *name)
{
	for (int i = 0; i < shape_count; i++) {
		const struct entity *e = shapes[i].entity;

		if (!strcmp(e->name, name) || verb_named(e, name) || field_index(&shapes[i], name) >= 0)
			return true;
		for (const struct job *j = e->jobs; j && j->name; j++)
			if (!strcmp(j->name, name))
				return true;
	}
	return false;
}

int state_named(const struct shape *shape, const char *word)
{
	const char *const *words = shape->state >= 0 ? shape->entity->fields[shape->state].choices : NULL;

	for (int i = 0; words && words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static unsigned readers_of(const struct entity *entity, const struct field *f)
{
	const unsigned *masks = entity->readers ? entity->readers : usual_readers;
	unsigned mask;

	if (f->privacy == SEALED || f->flags & HIDDEN)
		return 0;
	mask = masks[f->privacy];
	if (f->flags & OWN)
		mask |= SELF;
	if (f->flags & ADMIN_READS)
		mask |= ADMIN;
	return mask;
}

static void shape_fill(struct shape *shape, const struct entity *entity)
{
	*shape = (struct shape){
		.entity = entity, .state = -1, .since = -1, .label = -1, .confides = -1, .bars = -1, .anchors = { -1, -1, -1, -1 }
	};
	for (const struct field *f = entity->fields; f->name && shape->count < MAX_FIELDS; f++) {
		int i = shape->count++;

		shape->readers[i] = readers_of(entity, f);
		if (i > 1 && f->kind != LINK)
			shape->seers |= shape->readers[i];
		if (!strcmp(f->name, "state"))
			shape->state = i;
		if (!strcmp(f->name, "state_since") && f->kind == INSTANT)
			shape->since = i;
		if (f->flags & LABEL)
			shape->label = i;
		if (f->flags & CONFIDES)
			shape->confides = i;
		if (f->flags & BARS)
			shape->bars = i;
		if (f->anchor) {
			shape->anchors[f->anchor] = i;
			shape->is_anchor[f->anchor] = i == 0;
		}
	}
}

/* ---- the check ---- */

struct complaints {
	void (*tell)(const char *, const char *);
	const struct entity *entity;
	int count;
};

static void complain(struct complaints *c, const char *name, const char *what)
{
	char text[200];

	snprintf(text, sizeof text, "%s: %s", name, what);
	c->tell(c->entity->name, text);
	c->count++;
}

static void check_field(struct complaints *c, struct shape *shape, int i)
{
	const struct field *f = &shape->entity->fields[i];
	const struct shape *to = f->to ? shape_named(f->to) : NULL;
	int link, from;

	if (i == 0 && strcmp(f->name, "id"))
		complain(c, f->name, "the first field must be id");
	if (i == 1 && strcmp(f->name, "version"))
		complain(c, f->name, "the second field must be version");
	if (!f->label)
		complain(c, f->name, "has no label");
	if (!strcmp(f->name, "object"))
		complain(c, f->name, "clients give the record's own path this name");
	if (f->privacy == SEALED && word_in("version messages jobs task", f->name))
		complain(c, f->name, "the answer of a verb uses this name, and sealed fields stand beside it");
	if ((f->kind == LINK) != (f->to != NULL && f->privacy != SEALED) || (f->to && !to))
		complain(c, f->name, "links to no known entity");
	if (to && f->kind == LINK)
		shape->links[i] = to->entity;
	if (f->kind == LINK && (f->flags & ERASED || (f->privacy > STAFF)))
		complain(c, f->name, "a link cannot be erased or sealed");
	if (i < 2 && f->privacy > MEMBER)
		complain(c, f->name, "an id is never closer than member");
	if (f->kind == CHOICE && !f->choices)
		complain(c, f->name, "a choice without words");
	if (f->privacy == SEALED &&
		(f->flags & (SORTED | INDEXED | LISTED | KEY | LABEL) ||
			(shape->entity->unique && word_in(shape->entity->unique, f->name))))
		complain(c, f->name, "a sealed field cannot be listed, ordered, indexed or unique");
	if (f->flags & SORTED && !(f->flags & REQUIRED))
		complain(c, f->name, "lists are ordered by required fields only");
	if (f->computed && f->flags & (SORTED | INDEXED | REQUIRED))
		complain(c, f->name, "a computed field is neither ordered nor required");
	if (f->flags & LABEL && !(f->flags & REQUIRED) && !f->computed)
		complain(c, f->name, "a label is required, or computed");
	if (f->flags & LABEL && (f->computed != NULL) != (shape->entity->called != NULL))
		complain(c, f->name, "`called` says how a computed label is looked up, and no other");
	if (f->flags & REQUIRED && f->flags & ERASED && f->kind != TEXT)
		complain(c, f->name, "a required field that is erased must be text");
	if (f->copies && !copied_from(shape, f, &link, &to, &from))
		complain(c, f->name, "copies an unknown field");
	else if (f->copies)
		((struct shape *)to)->copied |= UINT64_C(1) << from;
}

static void check_words(struct complaints *c, const struct shape *shape, const char *who, const char *list, const char *what)
{
	char word[64];

	for (const char *p = list; p && *p; p += strcspn(p, " ;"), p += strspn(p, " ;")) {
		snprintf(word, sizeof word, "%.*s", (int)strcspn(p, " ;"), p);
		if (strcmp(word, "*") && field_index(shape, word) < 0)
			complain(c, who, what);
	}
}

static void check_states(struct complaints *c, const struct shape *shape)
{
	const struct field *state = &shape->entity->fields[shape->state];
	unsigned all = 0, reached = 0;

	for (int i = 0; state->choices[i]; i++)
		all |= IN(i);
	if (state->starts)
		reached |= IN((unsigned)state->initial);
	for (const struct verb *v = shape->entity->verbs; v && v->name; v++) {
		reached |= v->to;
		if ((v->from | v->to) & ~all)
			complain(c, v->name, "names a state that is none");
	}
	for (int i = 0; state->choices[i]; i++)
		if (!(reached & IN(i)))
			complain(c, state->choices[i], "a state that no verb reaches");
}

static void check_entity(struct complaints *c, struct shape *shape)
{
	const struct entity *e = shape->entity;
	int leading = 0;

	for (int i = 0; i < shape->count; i++)
		check_field(c, shape, i);
	if (e->fields[shape->count].name)
		complain(c, e->name, "has more fields than MAX_FIELDS");
	for (const struct verb *v = e->verbs; v && v->name; v++) {
		check_words(c, shape, v->name, v->takes, "takes an unknown field");
		if (!v->label || !v->who)
			complain(c, v->name, "needs a label and somebody who may call it");
		if (v->flags & ON_COLLECTION && strcmp(v->name, "Create"))
			complain(c, v->name, "collections are uniform: their only verb is Create");
		if ((v->who & ADMIN) && !v->action)
			complain(c, v->name, "an admin's verb names a polkit action");
		if (v->flags & REMOVES && !(e->flags & RANDOM_ID))
			for (int i = 0; i < shape->count; i++)
				if (e->fields[i].privacy == SEALED)
					complain(c, e->fields[i].name, "rows that are removed and have sealed fields have random ids");
	}
	if (shape->confides >= 0 && (e->fields[shape->confides].kind != YESNO || e->through))
		complain(c, e->fields[shape->confides].name, "what confides a row is a yes-no of an entity that nothing leads through");
	check_words(c, shape, "unique", e->unique, "names an unknown field");
	if (e->order && (field_index(shape, e->order) < 0 || !(e->fields[field_index(shape, e->order)].flags & SORTED)))
		complain(c, "order", "must be a sorted field");
	if (e->grants && shape->anchors[AT_PERSON] < 0)
		complain(c, "grants", "a granting row belongs to a person");
	if (shape->state >= 0)
		check_states(c, shape);
	for (const struct waiting *w = e->waiting; w && w->kind; w++)
		if (!w->since || !w->where)
			complain(c, w->kind, "does not say what waits, or since when");
	for (const char *p = e->through; p && *p; p += strcspn(p, " "), p += strspn(p, " "), leading++) {
		char word[64];

		if (leading == THROUGH_MAX)
			complain(c, "through", "names too many entities");
		snprintf(word, sizeof word, "%.*s", (int)strcspn(p, " "), p);
		if (!shape_named(word))
			complain(c, "through", "names an unknown entity");
	}
}

int shapes_check(void (*tell)(const char *entity, const char *what))
{
	struct complaints c = { tell, NULL, 0 };

	shape_count = 0;
	while (entities[shape_count] && shape_count < MAX_ENTITIES) {
		shape_fill(&shapes[shape_count], entities[shape_count]);
		shape_count++;
	}
	for (int i = 0; i < shape_count; i++) {
		c.entity = shapes[i].entity;
		check_entity(&c, &shapes[i]);
	}
	return c.count;
}
