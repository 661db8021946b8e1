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

static int other_shape(struct problem *problem)
{
	return problem_set(problem, E_INVALID, NULL, "the daemon's page has another shape; host and daemon are of different versions");
}

static const char *text_of(struct pages *b)
{
	const char *text = b->texts, *end = b->text_bytes ? memchr(text, '\0', b->text_bytes) : NULL;

	if (!end) {
		b->short_ = true;
		return "";
	}
	b->texts = end + 1;
	b->text_bytes -= (size_t)(end + 1 - text);
	return text;
}

static int64_t number_of(struct pages *b)
{
	if (!b->number_count) {
		b->short_ = true;
		return 0;
	}
	b->number_count--;
	return *b->numbers++;
}

static struct mentorship_choice *choices_new(struct pages *b, struct arena *arena, uint32_t *ret_count)
{
	int64_t count = number_of(b);
	struct mentorship_choice *list;

	if (count < 0 || (uint64_t)count > b->text_bytes / 2) { /* each has two texts, which end */
		b->short_ = true;
		count = 0;
	}
	list = arena_new(arena, (size_t)(count + 1) * sizeof *list);
	*ret_count = (uint32_t)count;
	return list;
}

static void part_read(struct pages *b, struct arena *arena, struct mentorship_part *part)
{
	struct mentorship_choice *choices;

	part->size = sizeof *part;
	part->kind = (uint32_t)number_of(b);
	part->flags = (uint32_t)number_of(b);
	part->min = number_of(b);
	part->max = number_of(b);
	part->name = text_of(b);
	part->text = text_of(b);
	part->value = text_of(b);
	part->error = text_of(b);
	part->hint = text_of(b);
	part->shown_if = text_of(b);
	part->choices = choices = choices_new(b, arena, &part->choice_count);
	for (uint32_t i = 0; i < part->choice_count; i++) {
		choices[i].value = text_of(b);
		choices[i].text = text_of(b);
	}
}

static void blocks_of(DBusMessage *message, struct pages *ret)
{
	DBusMessageIter top, block;
	int count = 0, bytes = 0;

	*ret = (struct pages){ 0 };
	dbus_message_iter_init(message, &top);
	dbus_message_iter_recurse(&top, &block);
	if (dbus_message_iter_get_arg_type(&block))
		dbus_message_iter_get_fixed_array(&block, &ret->numbers, &count);
	dbus_message_iter_next(&top);
	dbus_message_iter_recurse(&top, &block);
	if (dbus_message_iter_get_arg_type(&block))
		dbus_message_iter_get_fixed_array(&block, &ret->texts, &bytes);
	ret->number_count = (size_t)count;
	ret->text_bytes = (size_t)bytes;
}

int pages_begin(struct pages *ret, DBusMessage *message, struct problem *problem)
{
	if (!dbus_message_has_signature(message, PAGE_SIGNATURE))
		return other_shape(problem);
	blocks_of(message, ret);
	return 0;
}

/* Texts stay where they are: in the message. */
int pages_next(struct pages *b, struct arena *arena, struct mentorship_page *ret, struct problem *problem)
{
	struct mentorship_part *parts;
	size_t count;

	if (!b->number_count)
		return b->text_bytes ? other_shape(problem) : 0;
	*ret = (struct mentorship_page){ .size = sizeof *ret, .status = (uint32_t)number_of(b) };
	count = (size_t)number_of(b);
	if (count > b->number_count / PART_NUMBERS)
		return other_shape(problem);
	ret->language = text_of(b);
	ret->title = text_of(b);
	ret->institution = text_of(b);
	ret->program = text_of(b);
	ret->hash = text_of(b);
	parts = arena_new(arena, (count + 1) * sizeof *parts);
	for (size_t i = 0; i < count; i++)
		part_read(b, arena, &parts[i]);
	ret->parts = parts;
	ret->part_count = count;
	return b->short_ ? other_shape(problem) : 1;
}
