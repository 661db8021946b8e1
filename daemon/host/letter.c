/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "letter.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "wire/protocol.h"

/* ---- dictionaries: a row a member ---- */

struct member {
	const char *key;
	char type; /* 's', 'x', 'b' */
	size_t offset;
	bool optional; /* "" is NULL */
};

#define IN_MESSAGE(member) offsetof(struct letter, message.member)
#define IN_CALENDAR(member) offsetof(struct letter, calendar.member)

static const struct member message_members[] = {
	{ "id", 'x', IN_MESSAGE(id), false },
	{ "address", 's', IN_MESSAGE(address), false },
	{ "name", 's', IN_MESSAGE(name), false },
	{ "language", 's', IN_MESSAGE(language), false },
	{ "subject", 's', IN_MESSAGE(subject), false },
	{ "text", 's', IN_MESSAGE(text), false },
	{ "html", 's', IN_MESSAGE(html), true },
	{ "message_id", 's', IN_MESSAGE(message_id), false },
	{ "reply_to", 's', IN_MESSAGE(reply_to), true },
	{ "list_id", 's', IN_MESSAGE(list_id), true },
	{ "list_name", 's', IN_MESSAGE(list_name), true },
	{ "unsubscribe", 's', IN_MESSAGE(unsubscribe), true },
	{ "sender_name", 's', IN_MESSAGE(sender_name), false },
	{ "attempt", 'x', IN_MESSAGE(attempt), false },
	{ "expires", 'x', IN_MESSAGE(expires), false },
	{ "test", 'b', IN_MESSAGE(test), false },
	{ NULL, 0, 0, false },
};
static const struct member calendar_members[] = {
	{ "uid", 's', IN_CALENDAR(uid), false },
	{ "zone", 's', IN_CALENDAR(zone), false },
	{ "rule", 's', IN_CALENDAR(rule), true },
	{ "summary", 's', IN_CALENDAR(summary), false },
	{ "description", 's', IN_CALENDAR(description), true },
	{ "place", 's', IN_CALENDAR(place), true },
	{ "organizer_name", 's', IN_CALENDAR(organizer_name), false },
	{ "organizer_address", 's', IN_CALENDAR(organizer_address), false },
	{ "sequence", 'x', IN_CALENDAR(sequence), false },
	{ "stamp", 'x', IN_CALENDAR(stamp), false },
	{ "start", 'x', IN_CALENDAR(start), false },
	{ "end", 'x', IN_CALENDAR(end), false },
	{ "cancels", 'b', IN_CALENDAR(cancels), false },
	{ NULL, 0, 0, false },
};

static void member_text(const struct member *member, struct letter *letter, const char *text)
{
	const char **place = (const char **)((char *)letter + member->offset);

	*place = member->optional && !*text ? NULL : text;
}

static int member_set(const struct member *member, DBusMessageIter *value, struct letter *letter, struct problem *problem)
{
	union {
		const char *text;
		dbus_int64_t number;
		dbus_bool_t yes;
	} got;

	if (dbus_message_iter_get_arg_type(value) != member->type)
		return problem_set(problem, E_INVALID, member->key, "the daemon's message has a %s of another kind", member->key);
	dbus_message_iter_get_basic(value, &got);
	if (member->type == 's')
		member_text(member, letter, got.text);
	else if (member->type == 'x')
		*(int64_t *)((char *)letter + member->offset) = got.number;
	else
		*(uint32_t *)((char *)letter + member->offset) = got.yes ? 1 : 0;
	return 0;
}

/* Every text that is not there is "", or NULL where it may be. */
static int dictionary_read(DBusMessageIter *array, const struct member *members, struct letter *letter, DBusMessageIter *calendar,
	bool *ret_calendar, struct problem *problem)
{
	DBusMessageIter entries;
	int r = 0;

	for (const struct member *one = members; one->key; one++)
		if (one->type == 's')
			member_text(one, letter, "");
	for (dbus_message_iter_recurse(array, &entries); !r && dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
		dbus_message_iter_next(&entries)) {
		DBusMessageIter entry, value;
		const struct member *one = members;
		const char *key;

		dbus_message_iter_recurse(&entries, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		while (one->key && strcmp(one->key, key))
			one++;
		if (one->key) {
			r = member_set(one, &value, letter, problem);
		} else if (calendar && !strcmp(key, "calendar")) {
			char *signature = dbus_message_iter_get_signature(&value);

			*ret_calendar = signature && !strcmp(signature, "a{sv}");
			dbus_free(signature);
			*calendar = value;
			r = *ret_calendar ? 0
					  : problem_set(problem, E_INVALID, key, "the daemon's message has a calendar of another shape");
		}
	}
	return r;
}

int letter_read(DBusMessage *message, struct letter *ret, struct problem *problem)
{
	DBusMessageIter top, calendar;
	bool has_calendar = false;
	int r;

	*ret = (struct letter){ .message.size = sizeof ret->message, .calendar.size = sizeof ret->calendar };
	if (!dbus_message_has_signature(message, "a{sv}"))
		return problem_set(
			problem, E_INVALID, NULL, "the daemon's message has another shape; host and daemon are of different versions");
	dbus_message_iter_init(message, &top);
	r = dictionary_read(&top, message_members, ret, &calendar, &has_calendar, problem);
	if (!r && has_calendar)
		r = dictionary_read(&calendar, calendar_members, ret, NULL, NULL, problem);
	if (!r && has_calendar)
		ret->message.calendar = &ret->calendar;
	return r;
}

/* ---- pages ---- */

static const char *text_of(DBusMessageIter *iter)
{
	const char *text;

	dbus_message_iter_get_basic(iter, &text);
	dbus_message_iter_next(iter);
	return text;
}

static uint32_t word_of(DBusMessageIter *iter)
{
	dbus_uint32_t word;

	dbus_message_iter_get_basic(iter, &word);
	dbus_message_iter_next(iter);
	return word;
}

static int64_t number_of(DBusMessageIter *iter)
{
	dbus_int64_t number;

	dbus_message_iter_get_basic(iter, &number);
	dbus_message_iter_next(iter);
	return number;
}

static const struct mentorship_choice *choices_read(DBusMessageIter *array, struct arena *arena, uint32_t *ret_count)
{
	int count = dbus_message_iter_get_element_count(array);
	struct mentorship_choice *list = arena_new(arena, (size_t)(count + 1) * sizeof *list);
	DBusMessageIter each, one;

	dbus_message_iter_recurse(array, &each);
	for (int i = 0; i < count; i++, dbus_message_iter_next(&each)) {
		dbus_message_iter_recurse(&each, &one);
		list[i].value = text_of(&one);
		list[i].text = text_of(&one);
	}
	*ret_count = (uint32_t)count;
	return list;
}

static void part_read(DBusMessageIter *iter, struct arena *arena, struct mentorship_part *part)
{
	DBusMessageIter one;

	dbus_message_iter_recurse(iter, &one);
	part->size = sizeof *part;
	part->kind = word_of(&one);
	part->flags = word_of(&one);
	part->name = text_of(&one);
	part->text = text_of(&one);
	part->value = text_of(&one);
	part->error = text_of(&one);
	part->hint = text_of(&one);
	part->shown_if = text_of(&one);
	part->min = number_of(&one);
	part->max = number_of(&one);
	part->choices = choices_read(&one, arena, &part->choice_count);
}

int page_read(DBusMessage *message, struct arena *arena, struct mentorship_page *ret, struct problem *problem)
{
	DBusMessageIter top, each;
	struct mentorship_part *parts;
	int count;

	if (!dbus_message_has_signature(message, PAGE_SIGNATURE))
		return problem_set(
			problem, E_INVALID, NULL, "the daemon's page has another shape; host and daemon are of different versions");
	dbus_message_iter_init(message, &top);
	*ret = (struct mentorship_page){ .size = sizeof *ret, .status = word_of(&top) };
	ret->language = text_of(&top);
	ret->title = text_of(&top);
	ret->institution = text_of(&top);
	ret->program = text_of(&top);
	ret->hash = text_of(&top);
	count = dbus_message_iter_get_element_count(&top);
	parts = arena_new(arena, (size_t)(count + 1) * sizeof *parts);
	dbus_message_iter_recurse(&top, &each);
	for (int i = 0; i < count; i++, dbus_message_iter_next(&each))
		part_read(&each, arena, &parts[i]);
	ret->parts = parts;
	ret->part_count = (size_t)count;
	return 0;
}
