/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which messages there are, and what their texts may name. Two tables: a kind of message says who reads it and which names it has, a name
 * says who may read its value. Where the value is a field of a record, the field's privacy class decides, as it does everywhere
 * else; so a text that shows a closed field to somebody who may not read it is refused when it is saved.
 */
#include "texts.h"

#include <stdio.h>
#include <string.h>

#include "model.h"

#define PAIR_SIDES (MENTEE | MENTOR)
#define OF_STAFF (COORDINATOR | SAFEGUARDING | PROTECTION | AUDITOR | CONFIDANT)
#define EVERYBODY (~(unsigned)SYSTEM)

const struct message_name message_names[] = { { "recipient.name", NULL, EVERYBODY, NAME_COMMON, "Whole name of who reads it",
						      { "Tamsin Okafor", "Tamsin Okafor" } },
	{ "recipient.given_name", NULL, EVERYBODY, NAME_COMMON, "Given name of who reads it", { "Tamsin", "Tamsin" } },
	{ "recipient.minor", NULL, EVERYBODY, NAME_COMMON | NAME_OPTIONAL, "There if the reader is a minor, and called du in German",
		{ "", "" } },
	{ "institution", NULL, EVERYBODY, NAME_COMMON, "Name of the institution", { "Lindenhof School", "Lindenhofschule" } },
	{ "program.title", "program.title", 0, NAME_COMMON | NAME_OPTIONAL, "Title of the program",
		{ "Peer mentoring 2026", "Peer-Mentoring 2026" } },
	{ "about_id", NULL, EVERYBODY, NAME_COMMON, "Number of the record that it is about", { "12", "12" } },
	{ "own_link", NULL, EVERYBODY, NAME_COMMON | NAME_OPTIONAL, "Link to the reader's own page",
		{ "https://mentoring.example.org/l/own", "https://mentoring.example.org/l/own" } },
	{ "concern_link", NULL, EVERYBODY, NAME_COMMON | NAME_OPTIONAL, "Link to somebody to talk to; always there for minors",
		{ "https://mentoring.example.org/l/talk", "https://mentoring.example.org/l/talk" } },
	{ "unsubscribe_link", NULL, EVERYBODY, NAME_COMMON | NAME_OPTIONAL, "Link to fewer messages, or none but about safety",
		{ "https://mentoring.example.org/l/stop", "https://mentoring.example.org/l/stop" } },
	{ "link", NULL, EVERYBODY, 0, "Link to what the reader is asked to do",
		{ "https://mentoring.example.org/l/example", "https://mentoring.example.org/l/example" } },
	{ "objection_link", NULL, EVERYBODY, 0, "Link by which a minor or a guardian objects to the pair",
		{ "https://mentoring.example.org/l/object", "https://mentoring.example.org/l/object" } },
	{ "answer_until", NULL, EVERYBODY, 0, "Until when an answer counts, in the reader's zone",
		{ "Friday, 4 December 2026, 20:00 (Europe/Berlin)", "Freitag, 4. Dezember 2026, 20:00 Uhr (Europe/Berlin)" } },
	{ "due", "check_in.due", 0, 0, "The day for which it is meant", { "Tuesday, 1 December 2026", "Dienstag, 1. Dezember 2026" } },
	{ "count", NULL, EVERYBODY, 0, "How many", { "64", "64" } },
	{ "match.partner", "match_member.name", 0, 0, "Names of the other side", { "Jonas Weiler", "Jonas Weiler" } },
	{ "match.names", "match_member.name", 0, 0, "Names of both sides",
		{ "Jonas Weiler & Tamsin Okafor", "Jonas Weiler & Tamsin Okafor" } },
	{ "match.shared", "match.sentence", 0, 0, "Why these two",
		{ "Both speak German and like chess.", "Beide sprechen Deutsch und spielen gern Schach." } },
	{ "match.address", NULL, PAIR_SIDES, 0, "The other side's address, where the program lets the two have it",
		{ "jonas@example.org", "jonas@example.org" } },
	{ "match.through_program", NULL, PAIR_SIDES, 0, "There if the two reach each other through the program", { "", "" } },
	{ "match.on_site", NULL, PAIR_SIDES, 0, "There if the two reach each other on site only", { "", "" } },
	{ "match.as_mentor", NULL, EVERYBODY, 0, "There if the reader is the mentor", { "yes", "ja" } },
	{ "match.as_mentee", NULL, EVERYBODY, 0, "There if the reader is the mentee", { "", "" } },
	{ "match.until", "match.ends", 0, 0, "Until when the two work together", { "Friday, 2 July 2027", "Freitag, 2. Juli 2027" } },
	{ "person.name", "person.name", 0, 0, "Name of the person that it is about", { "Mina Halvorsen", "Mina Halvorsen" } },
	{ "minor.name", NULL, SELF | GUARDIAN | OF_STAFF, 0, "Name of the child", { "Mina Halvorsen", "Mina Halvorsen" } },
	{ "address.new", NULL, SELF, 0, "The new address, mostly hidden", { "m***@example.org", "m***@example.org" } },
	{ "consent.purpose", NULL, SELF | GUARDIAN | OF_STAFF, 0, "What is agreed to", { "taking part", "die Teilnahme" } },
	{ "form.title", NULL, EVERYBODY, 0, "Title of the form", { "Half-term questions", "Fragen zum Halbjahr" } },
	{ "form.anonymous", NULL, EVERYBODY, 0, "There if nobody learns who answered", { "yes", "ja" } },
	{ "meeting.title", NULL, PAIR_SIDES | OF_STAFF, 0, "What the meeting is about", { "First meeting", "Erstes Treffen" } },
	{ "meeting.start", NULL, PAIR_SIDES | OF_STAFF, 0, "When the meeting begins",
		{ "Thursday, 3 December 2026, 15:00 (Europe/Berlin)", "Donnerstag, 3. Dezember 2026, 15:00 Uhr (Europe/Berlin)" } },
	{ "meeting.place", NULL, PAIR_SIDES | OF_STAFF, 0, "Where the meeting is", { "Library, room 2", "Bibliothek, Raum 2" } },
	{ "meeting.absent", NULL, PAIR_SIDES | OF_STAFF, 0, "Who has said that they cannot come", { "Jonas Weiler", "Jonas Weiler" } },
	{ "meeting.present", NULL, PAIR_SIDES | OF_STAFF, 0, "Who has said that they come", { "Jonas Weiler", "Jonas Weiler" } },
	{ "meeting.repeats", NULL, PAIR_SIDES | OF_STAFF, 0, "There if it is one of a series", { "yes", "ja" } },
	{ "plugin.name", "plugin.name", 0, 0, "Name of the plugin", { "smtp", "smtp" } },
	{ "plugin.error", "plugin.last_error", 0, 0, "What went wrong",
		{ "the server refused the password", "the server refused the password" } },
	{ 0 } };

/* Who wants what is necessary gets no OPTIONAL ones; who wants none gets what is about safety or was asked for a moment ago. */
#define TO_STAFF MESSAGE_STAFF, COORDINATOR
#define ASKS MESSAGE_LINK
const struct message_kind message_kinds[] = {
	/* pairs */
	{ "match-offered", "match", ASKS, PAIR_SIDES, "link answer_until match.partner match.shared? match.as_mentor? match.as_mentee?",
		"A match is offered" },
	{ "match-started", "match", 0, PAIR_SIDES,
		"match.partner match.shared? match.address? match.through_program? match.on_site? match.until? match.as_mentor? match.as_mentee? "
		"meeting.start? objection_link?",
		"Introduction of a pair" },
	{ "match-address", "match", 0, PAIR_SIDES, "match.partner match.address", "An address may be told after all" },
	{ "match-paused", "match", 0, PAIR_SIDES, "match.partner", "A pair pauses" },
	{ "match-resumed", "match", 0, PAIR_SIDES, "match.partner match.until?", "A pair goes on" },
	{ "match-ended", "match", 0, PAIR_SIDES, "match.partner match.as_mentor? match.as_mentee?", "A pair has ended" },
	{ "match-withdrawn", "match", 0, PAIR_SIDES, "match.partner?", "An offer is no longer open" },
	{ "check-in-due", "check_in", ASKS | MESSAGE_WAITS | MESSAGE_DAILY, PAIR_SIDES, "link answer_until match.partner due?",
		"A check-in is due" },
	{ "check-in-reminder", "check_in", ASKS | MESSAGE_WAITS | MESSAGE_DAILY | MESSAGE_OPTIONAL, PAIR_SIDES,
		"link answer_until match.partner due?", "Reminder of a check-in" },
	{ "meeting-invited", "meeting", ASKS, PAIR_SIDES,
		"link answer_until meeting.title? meeting.start meeting.place? meeting.repeats? match.partner", "Invitation to a meeting" },
	{ "meeting-changed", "meeting", ASKS, PAIR_SIDES, "link answer_until meeting.title? meeting.start meeting.place? match.partner",
		"A meeting has moved" },
	{ "meeting-cancelled", "meeting", 0, PAIR_SIDES, "meeting.title? meeting.start match.partner", "A meeting is off" },
	{ "meeting-reminder", "meeting", MESSAGE_WAITS | MESSAGE_OPTIONAL, PAIR_SIDES,
		"meeting.title? meeting.start meeting.place? meeting.absent? meeting.present? match.partner", "Reminder of a meeting" },
	{ "meeting-answered", "meeting", 0, PAIR_SIDES | COORDINATOR,
		"meeting.title? meeting.start meeting.absent? meeting.present? match.names",
		"Somebody cannot come to a meeting, or can after all" },
	{ "meeting-passed", "meeting", ASKS | MESSAGE_WAITS | MESSAGE_DAILY | MESSAGE_OPTIONAL, PAIR_SIDES,
		"link answer_until meeting.title? meeting.start match.partner", "Did the meeting take place?" },
	/* forms */
	{ "wave-open", "wave", ASKS | MESSAGE_WAITS | MESSAGE_DAILY, SELF, "link answer_until form.title form.anonymous?",
		"A form is open" },
	{ "wave-reminder", "wave", ASKS | MESSAGE_WAITS | MESSAGE_DAILY | MESSAGE_OPTIONAL, SELF,
		"link answer_until form.title form.anonymous?", "Reminder of a form" },
	/* a person's own affairs */
	{ "address-change", "address_change", ASKS | MESSAGE_TO_NEW, SELF, "link answer_until", "To the new address: is it yours?" },
	{ "address-changing", "address_change", ASKS | MESSAGE_TO_OLD, SELF, "link answer_until address.new",
		"To the old address: it is to change" },
	{ "address-changed", "address_change", ASKS | MESSAGE_TO_OLD, SELF, "link answer_until address.new",
		"To the old address: it has changed" },
	{ "fresh-link", "person", ASKS | MESSAGE_ALWAYS, SELF, "link answer_until", "A fresh link to the own page" },
	{ "consent-asked", "consent", ASKS, SELF | GUARDIAN, "link answer_until consent.purpose minor.name?", "A consent is asked for" },
	{ "consent-ending", "consent", ASKS | MESSAGE_WAITS, SELF | GUARDIAN, "link answer_until consent.purpose minor.name?",
		"A consent will end" },
	{ "guardian-told", "guardianship", 0, GUARDIAN, "minor.name", "To a guardian: who you are to us" },
	{ "guardian-introduced", "match", MESSAGE_ALWAYS, GUARDIAN, "minor.name match.names match.until? objection_link",
		"To a guardian: with whom the child works" },
	{ "plugin-test", "plugin", MESSAGE_ALWAYS, ADMIN, "plugin.name", "A test" },
	/* staff */
	{ "match-accepted", "match", MESSAGE_WAITS | MESSAGE_DAILY | MESSAGE_OPTIONAL | TO_STAFF, "match.names", "Both sides said yes" },
	{ "match-declined", "match", MESSAGE_WAITS | MESSAGE_DAILY | TO_STAFF, "match.names", "A side said no" },
	{ "offer-unanswered", "match", MESSAGE_WAITS | MESSAGE_DAILY | TO_STAFF, "match.names", "An offer was not answered" },
	{ "check-in-escalated", "check_in", TO_STAFF, "match.names due?", "A check-in was not answered" },
	{ "program-closes", "program", MESSAGE_WAITS | MESSAGE_DAILY | TO_STAFF, "", "A program closes" },
	{ "program-cannot-open", "program", TO_STAFF, "", "A program cannot open" },
	{ "held-batch", "program", TO_STAFF, "count?", "A great many messages wait" },
	{ "address-bounces", "person", MESSAGE_WAITS | MESSAGE_DAILY | TO_STAFF, "person.name", "Mails come back from an address" },
	{ "consent-withdrawn", "consent", TO_STAFF, "consent.purpose minor.name?", "A consent was taken back" },
	{ "consent-expired", "consent", TO_STAFF, "consent.purpose minor.name?", "A consent has ended" },
	{ "change-asked", "match", TO_STAFF, "match.names", "Somebody else is asked for" },
	{ "match-objected", "match", MESSAGE_SAFETY | TO_STAFF, "match.names", "A pair is objected to, and pauses" },
	{ "export-asked", "person", MESSAGE_STAFF, PROTECTION, "", "Somebody asked for the data held" },
	{ "address-objected", "address_change", TO_STAFF, "person.name", "An old address knows nothing of its change" },
	{ "erasure-asked", "person", MESSAGE_STAFF, PROTECTION, "", "Somebody asked to be erased" },
	{ "concern-opened", "concern", MESSAGE_STAFF | MESSAGE_SAFETY, SAFEGUARDING, "", "There is a concern" },
	{ "concern-unheard", "concern", MESSAGE_SAFETY | TO_STAFF, "", "A concern, and nobody to take it up" },
	{ "plugin-failed", "plugin", MESSAGE_STAFF, ADMIN, "plugin.name plugin.error?", "A plugin does not work" }, { 0 }
};

const struct message_kind *message_kind_named(const char *key)
{
	for (const struct message_kind *kind = message_kinds; kind->key; kind++)
		if (!strcmp(kind->key, key))
			return kind;
	return NULL;
}

bool message_stops(const struct message_kind *kind)
{
	return !kind || !(kind->flags & (MESSAGE_SAFETY | MESSAGE_ALWAYS | MESSAGE_ELSEWHERE));
}

/* ---- which names a kind has ---- */

/* Is the name in the kind's list? Its '?' says that it may be absent. */
static bool listed(const char *list, const char *name, bool *ret_optional)
{
	size_t length = strlen(name);

	for (const char *c = list; *c; c += strcspn(c, " "), c += strspn(c, " ")) {
		size_t n = strcspn(c, " ?");

		if (n != length || memcmp(c, name, n) != 0)
			continue;
		*ret_optional = c[n] == '?';
		return true;
	}
	return false;
}

static unsigned readers_of_source(const char *source)
{
	char entity[64];
	const char *dot = strchr(source, '.');
	const struct shape *shape;
	int field;

	snprintf(entity, sizeof entity, "%.*s", (int)(dot - source), source);
	shape = shape_named(entity);
	field = shape ? field_index(shape, dot + 1) : -1;
	return field < 0 ? 0 : shape->readers[field];
}

/* Every role that the reader may have must be one that may read it: which of them a reader has is not known when a text is saved. */
static bool may_read(const struct message_kind *kind, const struct message_name *name)
{
	unsigned readers = name->source ? readers_of_source(name->source) : name->readers;

	return !(kind->readers & ~readers);
}

static size_t field_count(void)
{
	size_t count = 0;

	for (const struct entity *const *e = entities; *e; e++)
		count += (size_t)shape_of(*e)->count;
	return count;
}

/* Fields of the tables that no name stands for: known, and not for texts. */
static struct template_name *add_fields(struct template_name *at, struct arena *arena)
{
	for (const struct entity *const *e = entities; *e; e++)
		for (const struct field *f = (*e)->fields; f->name; f++)
			*at++ = (struct template_name){ arena_print(arena, "%s.%s", (*e)->name, f->name), TEMPLATE_CLOSED };
	return at;
}

const struct template_name *message_kind_names(const struct message_kind *kind, struct arena *arena)
{
	struct template_name *names = arena_new(arena, (sizeof message_names / sizeof *message_names + field_count() + 1) * sizeof *names),
			     *at = names;

	for (const struct message_name *n = message_names; n->name; n++) {
		bool optional = false, has = n->flags & NAME_COMMON || listed(kind->names, n->name, &optional);
		bool reads = may_read(kind, n);

		/* what this message does not have is unknown to it; what others may read and its reader may not is closed */
		if (has || !reads)
			*at++ = (struct template_name){ n->name,
				!reads                                         ? TEMPLATE_CLOSED
					: optional || n->flags & NAME_OPTIONAL ? TEMPLATE_OPTIONAL
									       : 0 };
	}
	add_fields(at, arena);
	return names;
}

/* ---- languages ---- */

const struct message_language *const message_languages[] = { &message_language_en, &message_language_de, NULL };

const struct message_language *message_language_named(const char *tag)
{
	size_t n = tag ? strcspn(tag, "-_") : 0;

	for (const struct message_language *const *l = message_languages; *l && n; l++)
		if (strlen((*l)->code) == n && text_starts(tag, (*l)->code))
			return *l;
	return NULL;
}

const struct shipped_text *shipped_text_of(const struct shipped_text *texts, const char *key)
{
	for (const struct shipped_text *text = texts; text->key; text++)
		if (key && !strcmp(text->key, key))
			return text;
	return NULL;
}

const char *message_word(const struct message_language *language, const char *word)
{
	for (const char *const(*row)[2] = language->words; (*row)[0]; row++)
		if (!strcmp((*row)[0], word))
			return (*row)[1];
	return word;
}
