/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The catalogue: entities, fields and verbs as the daemon describes them, asked once an invocation and kept as JSON.
 *
 * Words of the command line are forgiving about '-' and '_' and take the plural for the singular; a word that fits
 * nothing is answered with the one it was probably meant to be.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

json_t *catalogue(struct cli *cli)
{
	json_t *reply;

	if (cli->catalogue)
		return cli->catalogue;
	if (cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "Describe", "a{sv}", json_pack("[{}]"), &reply))
		return NULL;
	cli->catalogue = json_incref(json_array_get(reply, 0));
	json_decref(reply);
	if (!json_is_array(cli->catalogue)) {
		failed(&cli->failure, ERROR_MALFORMED, "the daemon describes itself in a way that this client does not know");
		return NULL;
	}
	return cli->catalogue;
}

const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const char *text_at(const json_t *array, size_t i)
{
	const char *text = json_string_value(json_array_get(array, i));

	return text ? text : "";
}

bool in_list(const json_t *array, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach (array, i, item)
		if (json_is_string(item) && !strcmp(json_string_value(item), word))
			return true;
	return false;
}

bool has_flag(const json_t *row, const char *flag)
{
	return in_list(json_object_get(row, "flags"), flag);
}

bool is_kind(const json_t *field, const char *kind)
{
	return !strcmp(text_of(field, "kind"), kind);
}

bool is_clock(const json_t *field)
{
	return is_kind(field, "number") && !strcmp(text_of(field, "unit"), "minutes of the day");
}

char *dashed(const char *name, char *out, size_t size)
{
	size_t n = 0;

	for (const char *p = name; *p && n + 2 < size; p++) {
		if (isupper((unsigned char)*p) && p > name && p[-1] != '_' && p[-1] != '-' && p[-1] != ' ')
			out[n++] = '-';
		out[n++] = *p == '_' || *p == ' ' ? '-' : (char)tolower((unsigned char)*p);
	}
	out[n] = 0;
	return out;
}

static bool same_word(const char *typed, const char *name)
{
	char word[128];

	dashed(name, word, sizeof word);
	for (size_t i = 0;; i++) {
		if ((typed[i] == '_' ? '-' : tolower((unsigned char)typed[i])) != word[i])
			return false;
		if (!word[i])
			return true;
	}
}

/* ---- near words ---- */

enum {
	NEAR_LENGTH = 40
};

/* How many letters to insert, remove, exchange or swap with their neighbour. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][NEAR_LENGTH + 1], *before = rows[0], *last = rows[1], *row = rows[2];
	size_t length = strlen(a), width = strlen(b);

	if (length > NEAR_LENGTH || width > NEAR_LENGTH)
		return NEAR_LENGTH;
	for (size_t j = 0; j <= width; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= length; i++) {
		size_t *next = before;

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		before = last;
		last = row;
		row = next;
	}
	return last[width];
}

void near_try(struct nearest *nearest, const char *candidate)
{
	size_t d = distance(nearest->typed, candidate), limit = 1 + strlen(nearest->typed) / 4;

	/* the beginning of a word is as good as a slip */
	if (strlen(nearest->typed) >= 3 && !strncmp(nearest->typed, candidate, strlen(nearest->typed)))
		d = 1;
	if (d <= limit && (!nearest->word || d < nearest->distance)) {
		nearest->word = candidate;
		nearest->distance = d;
	}
}

/* ---- entities ---- */

json_t *entity_find(struct cli *cli, const char *noun)
{
	json_t *entities = catalogue(cli), *entity;
	size_t i;

	json_array_foreach (entities, i, entity)
		if (same_word(noun, text_of(entity, "name")) || same_word(noun, text_of(entity, "collection")))
			return entity;
	return NULL;
}

json_t *entity_named(struct cli *cli, const char *noun)
{
	json_t *entity = entity_find(cli, noun), *each;
	struct nearest nearest = { .typed = noun };
	char words[64][64];
	size_t i;

	if (entity || !cli->catalogue)
		return entity;
	for (const struct command *command = commands; command->name; command++)
		if (!command->hidden)
			near_try(&nearest, command->name);
	json_array_foreach (cli->catalogue, i, each)
		if (i < 64)
			near_try(&nearest, dashed(text_of(each, "name"), words[i], sizeof words[i]));
	if (nearest.word)
		usage(cli, "", "there is no '%s'; did you mean '%s'?", noun, nearest.word);
	else
		usage(cli, "", "there is no '%s'; 'mentorctl help' lists what there is", noun);
	return NULL;
}

json_t *entity_of_collection(struct cli *cli, const char *collection)
{
	json_t *entities = catalogue(cli), *entity;
	size_t i;

	json_array_foreach (entities, i, entity)
		if (!strcmp(collection, text_of(entity, "collection")))
			return entity;
	return NULL;
}

json_t *entity_of_path(struct cli *cli, const char *path)
{
	char collection[128];
	size_t length;

	if (strncmp(path, BUS_ROOT "/", strlen(BUS_ROOT "/")))
		return NULL;
	path += strlen(BUS_ROOT "/");
	length = strcspn(path, "/");
	if (!path[length] || length >= sizeof collection)
		return NULL;
	memcpy(collection, path, length);
	collection[length] = 0;
	return entity_of_collection(cli, collection);
}

/* ---- fields and verbs ---- */

json_t *field_named(const json_t *entity, const char *name)
{
	json_t *field;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field)
		if (same_word(name, text_of(field, "name")))
			return field;
	return NULL;
}

json_t *field_of_member(const json_t *entity, const char *member)
{
	json_t *field;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field)
		if (!strcmp(member, text_of(field, "member")))
			return field;
	return NULL;
}

json_t *label_field(const json_t *entity)
{
	json_t *field;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field)
		if (has_flag(field, "label"))
			return field;
	return NULL;
}

json_t *verb_find(const json_t *entity, const char *word)
{
	json_t *verb;
	size_t i;

	json_array_foreach (json_object_get(entity, "verbs"), i, verb)
		if (same_word(word, text_of(verb, "name")))
			return verb;
	return NULL;
}
