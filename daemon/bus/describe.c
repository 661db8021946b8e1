/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Describe: the tables as clients need them, so that no client mirrors them.
 *
 * One dictionary an entity. It holds names, limits and rules only, never a row, and is the same for every caller. Verbs that only
 * the daemon calls are left out, as are hidden fields; sealed fields are described, since verbs take them.
 */
#include "values.h"

#include <string.h>

static const char *const kind_names[] = {
	[TEXT] = "text",
	[NUMBER] = "number",
	[REAL] = "real",
	[DATE] = "date",
	[INSTANT] = "instant",
	[CHOICE] = "choice",
	[LINK] = "link",
	[WORDS] = "words",
	[YESNO] = "yesno",
};
static const char *const class_names[] = {
	[PUBLIC] = "public",
	[MEMBER] = "member",
	[PAIR] = "pair",
	[STAFF] = "staff",
	[SEALED] = "sealed",
};

struct flag_name {
	unsigned flag;
	const char *name;
};

static const struct flag_name field_flags[] = { { REQUIRED, "required" }, { LISTED, "listed" }, { FROZEN, "frozen" },
	{ BY_VERB, "by_verb" }, { OWN, "own" }, { SORTED, "sorted" }, { LABEL, "label" }, { KEY, "key" }, { LINES, "lines" },
	{ ZONE, "zone" }, { MAIL, "mail" }, { MACHINE, "machine" }, { 0, NULL } };
static const struct flag_name verb_flags[] = { { FOR_SOMEBODY, "for_somebody" }, { NEEDS_REASON, "needs_reason" },
	{ DESTRUCTIVE, "destructive" }, { LONG, "long" }, { ANSWERS, "answers" }, { 0, NULL } };

static void entry_flags(DBusMessageIter *dict, const struct flag_name *table, unsigned flags, const char *more, const char *most)
{
	const char *words[24];
	int count = 0;

	for (; table->name; table++)
		if (flags & table->flag)
			words[count++] = table->name;
	if (more)
		words[count++] = more;
	if (most)
		words[count++] = most;
	words[count] = NULL;
	entry_word_list(dict, "flags", words);
}

static void entry_list(DBusMessageIter *dict, const char *key, const char *words)
{
	char copy[2048];
	size_t n = 0;

	for (; words && *words && n + 1 < sizeof copy; words++)
		copy[n++] = *words == ' ' ? '\n' : *words;
	copy[n] = 0;
	entry_words(dict, key, copy);
}

/* Roles by name; whoever anyone is, everybody is. */
static void entry_roles(DBusMessageIter *dict, const char *key, unsigned mask)
{
	const char *words[ROLE_COUNT + 1];
	int count = 0;

	if (mask & ANYONE)
		mask = ANYONE;
	for (int i = 0; i < ROLE_COUNT; i++)
		if (mask & ~(unsigned)SYSTEM & 1u << i)
			words[count++] = role_names[i];
	words[count] = NULL;
	entry_word_list(dict, key, words);
}

/* What Create gives a field that its caller leaves out. */
static void entry_start(DBusMessageIter *dict, const struct field *field)
{
	if (field->kind == CHOICE)
		entry_text(dict, "default", field->choices[field->initial]);
	else if (field->kind == YESNO)
		entry_bool(dict, "default", field->initial != 0);
	else if (field->kind == TEXT && field->initial_text)
		entry_text(dict, "default", field->initial_text);
	else if (field->kind == NUMBER)
		entry_int(dict, "default", field->initial);
}

/* `to`: the entity that a link leads to; `member`: the bus property, NULL for arguments; `readers`: roles. */
static void describe_field(
	DBusMessageIter *list, const struct field *field, const struct entity *to, const char *member, const unsigned *readers)
{
	DBusMessageIter dict;

	dict_open(list, &dict);
	entry_text(&dict, "name", field->name);
	entry_text(&dict, "kind", kind_names[field->kind]);
	entry_text(&dict, "label", field->label);
	if (field->unit)
		entry_text(&dict, "unit", field->unit);
	entry_flags(&dict, field_flags, field->flags, field->computed ? "computed" : NULL, field->privacy == SEALED ? "sealed" : NULL);
	entry_text(&dict, "class", class_names[field->privacy]);
	if (to)
		entry_text(&dict, "to", to->collection);
	if (field->choices)
		entry_word_list(&dict, "choices", field->choices);
	if (field->starts && !(field->flags & BY_VERB))
		entry_start(&dict, field);
	if (field->flags & HAS_MIN)
		entry_int(&dict, "min", field->min);
	if (field->flags & HAS_MAX)
		entry_int(&dict, "max", field->max);
	if (member)
		entry_text(&dict, "member", member);
	if (readers)
		entry_roles(&dict, "readers", *readers);
	dict_close(list, &dict);
}

static void describe_fields(DBusMessageIter *dict, const struct type *type)
{
	DBusMessageIter entry, variant, list;

	entry_open(dict, "fields", "aa{sv}", &entry, &variant);
	must(dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "a{sv}", &list));
	for (int i = 0; i < type->shape->count; i++)
		if (!(type->entity->fields[i].flags & HIDDEN))
			describe_field(&list, &type->entity->fields[i], type->shape->links[i], type->members[i], &type->shape->readers[i]);
	must(dbus_message_iter_close_container(&variant, &list));
	entry_close(dict, &entry, &variant);
}

/* "*" spelled out: what Create and Update take. */
static void entry_takes(DBusMessageIter *dict, const struct type *type, const struct verb *verb)
{
	struct buffer words = { 0 };
	unsigned unless = BY_VERB | HIDDEN | (verb->flags & ON_COLLECTION ? 0 : FROZEN);

	if (!verb->takes || strcmp(verb->takes, "*")) {
		entry_list(dict, "takes", verb->takes);
		return;
	}
	for (const struct field *field = type->entity->fields; field->name; field++)
		if (!(field->flags & unless) && !field->computed)
			buffer_print(&words, "%s%s", words.length ? "\n" : "", field->name);
	entry_words(dict, "takes", buffer_string(&words));
	buffer_free(&words);
}

static void entry_from(DBusMessageIter *dict, const struct type *type, const struct verb *verb)
{
	const char *words[33];
	int count = 0, state = type->shape->state;

	for (int i = 0; state >= 0 && verb->from && i < 32 && type->entity->fields[state].choices[i]; i++)
		if (verb->from & IN(i))
			words[count++] = type->entity->fields[state].choices[i];
	words[count] = NULL;
	entry_word_list(dict, "from", words);
}

static void describe_verb(DBusMessageIter *list, const struct type *type, const struct verb *verb)
{
	DBusMessageIter dict, entry, variant, arguments;

	dict_open(list, &dict);
	entry_text(&dict, "name", verb->name);
	entry_text(&dict, "label", verb->label);
	entry_roles(&dict, "who", verb->who);
	entry_takes(&dict, type, verb);
	entry_open(&dict, "arguments", "aa{sv}", &entry, &variant);
	must(dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "a{sv}", &arguments));
	for (const struct field *field = verb->arguments; field && field->name; field++)
		describe_field(&arguments, field, field->to && shape_named(field->to) ? shape_named(field->to)->entity : NULL, NULL, NULL);
	must(dbus_message_iter_close_container(&variant, &arguments));
	entry_close(&dict, &entry, &variant);
	entry_text(&dict, "on", verb->flags & ON_COLLECTION ? "collection" : "object");
	entry_from(&dict, type, verb);
	entry_flags(&dict, verb_flags, verb->flags, NULL, NULL);
	dict_close(list, &dict);
}

static void describe_verbs(DBusMessageIter *dict, const struct type *type)
{
	DBusMessageIter entry, variant, list;

	entry_open(dict, "verbs", "aa{sv}", &entry, &variant);
	must(dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "a{sv}", &list));
	for (const struct verb *verb = type->entity->verbs; verb && verb->name; verb++)
		if (verb->who & ~(unsigned)SYSTEM)
			describe_verb(&list, type, verb);
	must(dbus_message_iter_close_container(&variant, &list));
	entry_close(dict, &entry, &variant);
}

int describe(struct request *request)
{
	const struct names *names = request->bus->names;
	DBusMessageIter at, list, dict;
	struct arg *args;
	size_t count;
	int result;

	dbus_message_iter_init(request->message, &at);
	result = read_dict(&at, request->call.arena, NULL, &args, &count, &request->call.problem);
	if (!result)
		result = args_known(args, count, "", &request->call.problem);
	if (result)
		return result;
	dbus_message_iter_init_append(reply_new(request), &at);
	must(dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "a{sv}", &list));
	for (int i = 0; i < names->count; i++) {
		const struct type *type = &names->types[i];

		dict_open(&list, &dict);
		entry_text(&dict, "name", type->entity->name);
		entry_text(&dict, "collection", type->entity->collection);
		entry_text(&dict, "interface", type->interface);
		entry_text(&dict, "label", type->entity->label);
		entry_text(&dict, "help", type->entity->help);
		entry_text(&dict, "order", type->entity->order ? type->entity->order : "id");
		entry_list(&dict, "formats", type->entity->formats); /* of one object, beside CSV */
		describe_fields(&dict, type);
		describe_verbs(&dict, type);
		dict_close(&list, &dict);
	}
	must(dbus_message_iter_close_container(&at, &list));
	return 0;
}
