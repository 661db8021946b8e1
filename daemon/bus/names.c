/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names on the bus, made once from the one snake_case spelling, and found by hash.
 *
 * match_run -> org.mentorship1.MatchRun, target_date -> TargetDate. The tables are small and never change after the start, so
 * open addressing over bytes suffices; nothing is allocated while a message is looked at.
 */
#include "inner.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *word, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)word[i]) * 16777619u;
	return hash ^ hash >> 15;
}

void camel(const char *snake, char *out, size_t size)
{
	bool up = true;
	size_t n = 0;

	for (; *snake && n + 1 < size; snake++) {
		if (*snake == '_' || *snake == '-') {
			up = true;
			continue;
		}
		out[n++] = up && *snake >= 'a' && *snake <= 'z' ? (char)(*snake - 'a' + 'A') : *snake;
		up = false;
	}
	out[n] = 0;
}

const char *kind_signature(enum kind kind)
{
	switch (kind) {
	case TEXT:
	case DATE:
	case CHOICE: return "s";
	case NUMBER:
	case INSTANT: return "x";
	case REAL: return "d";
	case LINK: return "o";
	case WORDS: return "as";
	case YESNO: return "b";
	}
	return "s";
}

bool is_property(const struct field *field)
{
	return field->privacy != SEALED && !(field->flags & HIDDEN);
}

static char *copied(const char *a, const char *b)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s", a, b) < 0)
		abort();
	return text;
}

static void put(uint8_t *slots, unsigned count, const char *word, int index)
{
	uint32_t at = hash_of(word, strlen(word)) & (count - 1);

	while (slots[at])
		at = (at + 1) & (count - 1);
	slots[at] = (uint8_t)(index + 1);
}

static void type_make(struct type *type, const struct entity *entity, int index)
{
	char word[128];

	type->entity = entity;
	type->shape = shape_of(entity);
	type->index = index;
	camel(entity->name, word, sizeof word);
	type->interface = copied(BUS_NAME ".", word);
	type->path = copied(BUS_PATH "/", entity->collection);
	type->path_length = strlen(type->path);
	for (int i = 0; i < type->shape->count; i++) {
		if (!is_property(&entity->fields[i]))
			continue;
		camel(entity->fields[i].name, word, sizeof word);
		type->members[i] = copied(word, "");
		type->properties[type->property_count++] = i;
		put(type->member_slots, MEMBER_SLOTS, word, i);
	}
	for (int i = 0; entity->verbs && entity->verbs[i].name && i < VERB_SLOTS / 2; i++)
		put(type->verb_slots, VERB_SLOTS, entity->verbs[i].name, i);
}

struct names *names_new(void)
{
	struct names *names = calloc(1, sizeof *names);

	if (!names)
		abort();
	for (int i = 0; entities[i] && i < MAX_TYPES; i++) {
		type_make(&names->types[i], entities[i], i);
		put(names->slots, TYPE_SLOTS, entities[i]->collection, i);
		if (names->types[i].shape->is_anchor[AT_PERSON] && !names->person)
			names->person = &names->types[i];
		names->count = i + 1;
	}
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (int i = 0; i < names->count; i++) {
		free(names->types[i].interface);
		free(names->types[i].path);
		for (int k = 0; k < MAX_FIELDS; k++)
			free(names->types[i].members[k]);
	}
	free(names);
}

const struct type *type_of_collection(const struct names *names, const char *word, size_t length)
{
	for (uint32_t at = hash_of(word, length) & (TYPE_SLOTS - 1); names->slots[at]; at = (at + 1) & (TYPE_SLOTS - 1)) {
		const struct type *type = &names->types[names->slots[at] - 1];

		if (!strncmp(type->entity->collection, word, length) && !type->entity->collection[length])
			return type;
	}
	return NULL;
}

const struct type *type_of(const struct names *names, const struct entity *entity)
{
	for (int i = 0; i < names->count; i++)
		if (names->types[i].entity == entity)
			return &names->types[i];
	return NULL;
}

int type_member(const struct type *type, const char *member)
{
	uint32_t at = hash_of(member, strlen(member)) & (MEMBER_SLOTS - 1);

	for (; type->member_slots[at]; at = (at + 1) & (MEMBER_SLOTS - 1)) {
		int i = type->member_slots[at] - 1;

		if (!strcmp(type->members[i], member))
			return i;
	}
	return -1;
}

const struct verb *type_verb(const struct type *type, const char *member, size_t length)
{
	uint32_t at = hash_of(member, length) & (VERB_SLOTS - 1);

	for (; type->verb_slots[at]; at = (at + 1) & (VERB_SLOTS - 1)) {
		const struct verb *verb = &type->entity->verbs[type->verb_slots[at] - 1];

		if (!strncmp(verb->name, member, length) && !verb->name[length])
			return verb;
	}
	return NULL;
}

/* A decimal id: no sign, no leading zero, at least 1. 0 if it is none. */
static int64_t id_read(const char *text)
{
	int64_t id = 0;

	if (*text < '1' || *text > '9')
		return 0;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(id, 10, &id) || __builtin_add_overflow(id, *text - '0', &id))
			return 0;
	return *text ? 0 : id;
}

struct route route_path(const struct names *names, const char *path)
{
	static const char root[] = BUS_PATH;
	struct route route = { NOWHERE, NULL, 0 };
	const char *word, *end;

	if (strncmp(path, root, sizeof root - 1)) {
		if (!strcmp(path, "/") || !strcmp(path, "/org"))
			route.place = ABOVE;
		else if (!strcmp(path, "/org/freedesktop/LogControl1"))
			route.place = LOGGING;
		return route;
	}
	path += sizeof root - 1;
	if (!*path)
		route.place = ROOT;
	if (*path != '/')
		return route;
	word = path + 1;
	end = strchrnul(word, '/');
	if (end - word == 5 && !strncmp(word, "tasks", 5))
		route.place = TASKS;
	else if ((route.type = type_of_collection(names, word, (size_t)(end - word))))
		route.place = COLLECTION;
	if (route.place == NOWHERE || !*end)
		return route;
	route.id = id_read(end + 1);
	route.place = !route.id ? NOWHERE : route.place == TASKS ? TASK : OBJECT;
	return route;
}
