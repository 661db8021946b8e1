/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows wait in one list a kind, in the order in which they were read; that order and the list of kinds are the order in
 * which they leave. Objections are told without whom they name: their problems may be read by others than their author.
 */
#include "roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

/* ---- a map from texts to numbers: open addressing, at most half full ---- */

struct textmap_slot {
	const char *text;
	int64_t number;
};

static uint64_t hash(const char *text)
{
	uint64_t h = 1469598103934665603u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h ^ h >> 29;
}

static struct textmap_slot *slot_of(const struct textmap *map, const char *text)
{
	size_t i = hash(text) & (map->size - 1);

	while (map->slots[i].text && strcmp(map->slots[i].text, text))
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

static void grow(struct textmap *map)
{
	struct textmap bigger = { NULL, map->size ? map->size * 2 : 256, map->used };

	bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
	if (!bigger.slots)
		abort();
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].text)
			*slot_of(&bigger, map->slots[i].text) = map->slots[i];
	free(map->slots);
	*map = bigger;
}

int64_t textmap_find(const struct textmap *map, const char *text)
{
	const struct textmap_slot *slot = map->size ? slot_of(map, text) : NULL;

	return slot && slot->text ? slot->number : -1;
}

int64_t textmap_add(struct textmap *map, const char *text, int64_t number)
{
	struct textmap_slot *slot;

	if (map->used * 2 >= map->size)
		grow(map);
	slot = slot_of(map, text);
	if (slot->text)
		return slot->number;
	*slot = (struct textmap_slot){ text, number };
	map->used++;
	return -1;
}

int64_t *textmap_place(struct textmap *map, const char *text)
{
	textmap_add(map, text, -1);
	return &slot_of(map, text)->number;
}

void textmap_free(struct textmap *map)
{
	free(map->slots);
	*map = (struct textmap){ 0 };
}

/* ---- the roster ---- */

void roster_init(struct roster *roster, const struct import_sink *sink, struct import_result *result)
{
	memset(roster, 0, sizeof *roster);
	roster->sink = sink;
	roster->result = result;
}

void roster_free(struct roster *roster)
{
	for (int kind = 0; kind < ROSTER_KINDS; kind++)
		free(roster->kinds[kind].rows);
	textmap_free(&roster->people);
	textmap_free(&roster->mails);
	textmap_free(&roster->names);
	textmap_free(&roster->participants);
	textmap_free(&roster->things);
	arena_free(&roster->arena);
}

void roster_say(struct roster *roster, int notice, const struct place *place, const char *format, ...)
{
	int64_t *count = notice ? &roster->result->notices : &roster->result->problems;
	char text[600];
	struct import_problem problem = { notice, place->file, place->row, place->column, place->header, text };
	va_list ap;
	int rc;

	if (++*count > IMPORT_PROBLEMS || !roster->sink->problem || roster->failed)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	rc = roster->sink->problem(roster->sink->context, &problem);
	if (rc < 0)
		roster->failed = rc;
}

static struct roster_row *row_new(struct roster *roster, enum roster_kind kind, const struct place *place, size_t cells)
{
	size_t *size = &roster->kinds[kind].size;
	struct roster_row *row;

	if (roster->kinds[kind].count == *size) {
		*size = *size ? *size * 2 : 64;
		roster->kinds[kind].rows = reallocarray(roster->kinds[kind].rows, *size, sizeof *row);
		if (!roster->kinds[kind].rows)
			abort();
	}
	row = &roster->kinds[kind].rows[roster->kinds[kind].count++];
	*row = (struct roster_row){ .place = *place };
	row->place.header = kind >= ROSTER_WISH ? arena_copy(&roster->arena, place->header) : NULL;
	row->cells = arena_new(&roster->arena, cells * sizeof *row->cells);
	return row;
}

/* A field without a value is left out. */
static void put(struct roster *roster, struct roster_row *row, const char *field, const char *value)
{
	if (value && *value)
		row->cells[row->count++] = (struct import_cell){ field, arena_copy(&roster->arena, value) };
}

/* True the first time that these texts come together. */
static bool first_time(struct roster *roster, const char *thing)
{
	return textmap_add(&roster->things, thing, 1) < 0;
}

static void say_differs(struct roster *roster, const struct place *place, const struct roster_row *old, const struct roster_row *new)
{
	size_t same = old->count == new->count;

	for (size_t i = 0; same && i < old->count; i++)
		same = !strcmp(old->cells[i].field, new->cells[i].field) && !strcmp(old->cells[i].value, new->cells[i].value);
	if (!same)
		roster_say(roster, 0, place,
			"the same person as in row %lld of %s, with other details; make them equal, or give one "
			"of them another id or address",
			(long long)old->place.row, old->place.file);
}

static void keep_names(struct roster *roster, const struct roster_person *person, const char *key, int64_t index)
{
	struct arena *arena = &roster->arena;
	const char *given = person->given_name ? person->given_name : "", *family = person->family_name ? person->family_name : "";
	const char *plain = arena_print(arena, "%s %s", given, family), *turned = arena_print(arena, "%s, %s", family, given);
	const char *folded[] = { words_fold(arena, plain, strlen(plain)), words_fold(arena, turned, strlen(turned)) };

	if (person->email && textmap_add(&roster->mails, arena_copy(arena, person->email), index) >= 0 && strcmp(key, person->email))
		textmap_add(&roster->mails, arena_print(arena, "twice %s", person->email), index);
	for (size_t i = 0; i < 2; i++)
		if (*folded[i] && textmap_add(&roster->names, folded[i], index) >= 0)
			textmap_add(&roster->names, arena_print(arena, "twice %s", folded[i]), index);
}

const char *roster_add_person(struct roster *roster, const struct place *place, const struct roster_person *person)
{
	const char *key = person->external_id && *person->external_id ? person->external_id : person->email;
	struct roster_row *row;
	int64_t known;

	if (!key || !*key) {
		roster_say(roster, 0, place,
			"this person has neither an id nor a mail address; give one, so that the person can be "
			"known again");
		return NULL;
	}
	row = row_new(roster, ROSTER_PERSON, place, 8);
	put(roster, row, "external_id", person->external_id);
	put(roster, row, "given_name", person->given_name);
	put(roster, row, "family_name", person->family_name);
	put(roster, row, "email", person->email);
	put(roster, row, "language", person->language);
	put(roster, row, "zone", person->zone);
	put(roster, row, "birth_date", person->birth_date);
	key = arena_copy(&roster->arena, key);
	known = textmap_add(&roster->people, key, (int64_t)roster->kinds[ROSTER_PERSON].count - 1);
	if (known < 0) {
		keep_names(roster, person, key, (int64_t)roster->kinds[ROSTER_PERSON].count - 1);
		roster->result->persons++;
		return key;
	}
	say_differs(roster, place, &roster->kinds[ROSTER_PERSON].rows[known], row);
	roster->kinds[ROSTER_PERSON].count--;
	return key;
}

const char *roster_add_participant(struct roster *roster, const struct place *place, const char *person, const char *role,
	const char *capacity, const char *motivation)
{
	const char *key = arena_print(&roster->arena, "%s/%s", person, role);
	int64_t before = textmap_add(&roster->participants, key, (int64_t)roster->kinds[ROSTER_PARTICIPANT].count);
	struct roster_row *row;

	if (before >= 0) {
		row = &roster->kinds[ROSTER_PARTICIPANT].rows[before];
		roster_say(roster, 0, place, "this person is a %s in row %lld of %s already; delete one of the two rows", role,
			(long long)row->place.row, row->place.file);
		return NULL;
	}
	row = row_new(roster, ROSTER_PARTICIPANT, place, 4);
	put(roster, row, "person", person);
	put(roster, row, "role", role);
	put(roster, row, "capacity", capacity);
	put(roster, row, "motivation", motivation);
	roster->result->participants++;
	return key;
}

void roster_add_trait(struct roster *roster, const struct place *place, const char *participant, const char *kind, const char *name,
	int level, const char *side)
{
	const char *folded = words_fold(&roster->arena, name, strlen(name));
	char number[16] = "";
	struct roster_row *row;

	if (!*folded || !first_time(roster, arena_print(&roster->arena, "t\n%s\n%s\n%s\n%s", participant, kind, side, folded)))
		return;
	if (level >= 0)
		snprintf(number, sizeof number, "%d", level);
	row = row_new(roster, ROSTER_TRAIT, place, 5);
	put(roster, row, "participant", participant);
	put(roster, row, "kind", kind);
	put(roster, row, "name", name);
	put(roster, row, "level", number);
	put(roster, row, "side", side);
}

void roster_add_availability(struct roster *roster, const struct place *place, const char *participant, int weekday, int start, int end)
{
	char from[16], to[16];
	struct roster_row *row;

	snprintf(from, sizeof from, "%d", start);
	snprintf(to, sizeof to, "%d", end);
	if (!first_time(roster, arena_print(&roster->arena, "a\n%s\n%d\n%d\n%d", participant, weekday, start, end)))
		return;
	row = row_new(roster, ROSTER_AVAILABILITY, place, 4);
	put(roster, row, "participant", participant);
	put(roster, row, "weekday", words_weekday(weekday));
	put(roster, row, "start", from);
	put(roster, row, "end", to);
}

void roster_add_wish(struct roster *roster, const struct place *place, const char *participant, const char *other, int rank)
{
	const char *slash = strrchr(participant, '/');
	char number[16];
	struct roster_row *row = row_new(roster, ROSTER_WISH, place, 3);

	snprintf(number, sizeof number, "%d", rank);
	row->other = arena_copy(&roster->arena, other);
	row->role = slash && !strcmp(slash, "/mentor") ? "mentee" : "mentor";
	put(roster, row, "participant", participant);
	put(roster, row, "other", other);
	put(roster, row, "rank", number);
}

void roster_add_objection(struct roster *roster, const struct place *place, const char *participant, const char *other, const char *reason)
{
	struct roster_row *row = row_new(roster, ROSTER_OBJECTION, place, 3);

	row->other = arena_copy(&roster->arena, other);
	put(roster, row, "participant", participant);
	put(roster, row, "other", other);
	put(roster, row, "reason", reason);
}

/* ---- whom a text means ---- */

/* The mail address inside 'Amara Okafor <amara@example.edu>', in small letters; NULL if there is none. */
static const char *mail_in(struct roster *roster, const char *text)
{
	const char *at = strchr(text, '@'), *from = at, *to = at;

	if (!at)
		return NULL;
	while (from > text && !strchr(" <(\"'", from[-1]))
		from--;
	while (*to && !strchr(" >)\"'", *to))
		to++;
	return words_fold(&roster->arena, from, (size_t)(to - from));
}

static const char *person_key(const struct roster *roster, int64_t index)
{
	const struct roster_row *row = &roster->kinds[ROSTER_PERSON].rows[index];
	const char *email = "";

	for (size_t i = 0; i < row->count; i++) {
		if (!strcmp(row->cells[i].field, "external_id"))
			return row->cells[i].value;
		if (!strcmp(row->cells[i].field, "email"))
			email = row->cells[i].value;
	}
	return email;
}

static bool is_twice(struct roster *roster, const struct textmap *map, const char *text)
{
	return textmap_find(map, arena_print(&roster->arena, "twice %s", text)) >= 0;
}

/* The key meant. NULL: said why not. `quote`: the text may be repeated in a problem. */
static const char *meant(struct roster *roster, const struct place *place, const char *text, bool quote)
{
	const char *mail = mail_in(roster, text), *folded = words_fold(&roster->arena, text, strlen(text));
	int64_t index;

	if (textmap_find(&roster->people, text) >= 0)
		return text;
	index = textmap_find(mail ? &roster->mails : &roster->names, mail ? mail : folded);
	if (index >= 0 && is_twice(roster, mail ? &roster->mails : &roster->names, mail ? mail : folded)) {
		roster_say(roster, 0, place, "%s%.60s%s more than one person here; write the id instead", quote ? "'" : "",
			quote ? text : "", quote ? "' is" : "names");
		return NULL;
	}
	if (index >= 0)
		return person_key(roster, index);
	if (mail && words_mail(mail))
		return mail;
	roster_say(roster, 0, place,
		"%s%.60s%s nobody in these files; write the mail address or the id as it stands in that "
		"person's row, and import both files together",
		quote ? "'" : "", quote ? text : "", quote ? "' is" : "names");
	return NULL;
}

static void set_other(struct roster_row *row, const char *value)
{
	for (size_t i = 0; i < row->count; i++)
		if (!strcmp(row->cells[i].field, "other"))
			row->cells[i].value = value;
}

/* A participant's key without its role. */
static bool same_person(const char *participant, const char *person)
{
	size_t length = strlen(person);

	return !strncmp(participant, person, length) && participant[length] == '/' && !strchr(participant + length + 1, '/');
}

static bool finish_wish(struct roster *roster, struct roster_row *row)
{
	const char *person = meant(roster, &row->place, row->other, true), *key;

	if (!person)
		return true;
	if (same_person(row->cells[0].value, person)) {
		roster_say(roster, 0, &row->place, "this is a wish for the person's own self; name somebody else");
		return true;
	}
	key = arena_print(&roster->arena, "%s/%s", person, row->role);
	if (textmap_find(&roster->people, person) >= 0 && textmap_find(&roster->participants, key) < 0)
		roster_say(roster, 0, &row->place, "'%.60s' is no %s here; a wish can name a %s only", row->other, row->role, row->role);
	set_other(row, key);
	return first_time(roster, arena_print(&roster->arena, "w\n%s\n%s", row->cells[0].value, key));
}

static bool finish_objection(struct roster *roster, struct roster_row *row)
{
	const char *person = meant(roster, &row->place, row->other, false);

	if (!person)
		return true;
	if (same_person(row->cells[0].value, person))
		roster_say(roster, 0, &row->place, "this names the person's own self; name somebody else");
	set_other(row, person);
	return first_time(roster, arena_print(&roster->arena, "o\n%s\n%s", row->cells[0].value, person));
}

static void finish_kind(struct roster *roster, enum roster_kind kind, bool (*finish)(struct roster *, struct roster_row *))
{
	size_t kept = 0;

	for (size_t i = 0; i < roster->kinds[kind].count; i++) {
		struct roster_row row = roster->kinds[kind].rows[i];

		if (finish(roster, &row))
			roster->kinds[kind].rows[kept++] = row;
	}
	roster->kinds[kind].count = kept;
}

void roster_finish(struct roster *roster)
{
	finish_kind(roster, ROSTER_WISH, finish_wish);
	finish_kind(roster, ROSTER_OBJECTION, finish_objection);
}

int roster_emit(struct roster *roster)
{
	static const char *const entities[] = { "person", "participant", "trait", "availability", "wish", "objection" };
	int rc;

	for (int kind = 0; kind < ROSTER_KINDS; kind++) {
		for (size_t i = 0; i < roster->kinds[kind].count; i++) {
			const struct roster_row *row = &roster->kinds[kind].rows[i];

			rc = roster->sink->row(
				roster->sink->context, entities[kind], row->place.file, row->place.row, row->cells, row->count);
			if (rc < 0)
				return rc;
			roster->result->rows++;
		}
	}
	return 0;
}
