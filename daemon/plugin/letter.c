/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message becomes a letter: what it says, at the moment at which it is handed over.
 *
 * The text is made as its recipient may read it then; it and the links in it are nowhere kept. Values come from one table of
 * names; what a name says of somebody else is what a page would show, and an address only
 * where the program's policy has it, its owner consented, and neither side is a minor.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/date.h"
#include "core/log.h"
#include "core/zone.h"
#include "link.h"
#include "model/page_words.h"
#include "model/shared.h"
#include "model/survey.h"
#include "model/texts.h"

/* ---- values ---- */

struct letter {
	struct call *call;
	const struct settings *settings;
	const struct message *message;
	struct person *person;
	struct program *program;
	struct match *match;
	struct match_member *own, *other, *mentor, *mentee;
	struct others others;
	struct person *partner;
	struct meeting *meeting; /* that the message is about, or that an introduction proposes */
	const char *zone, *language;
	const char *address; /* where it goes */
	const char **values; /* of names that were looked up */
	bool *known;
	int failed; /* what a lookup could not do */
};

static int see_member(struct call *call, void *record, void *data)
{
	struct match_member *member = record;
	struct letter *l = data;

	(void)call;
	if (member->side == SIDE_MENTOR)
		l->mentor = l->mentor ? l->mentor : member;
	else
		l->mentee = l->mentee ? l->mentee : member;
	if (member->person == l->message->person)
		l->own = member;
	else if (!l->other)
		l->other = member;
	others_see(&l->others, member, l->message->person);
	return 0;
}

/* It goes to an address that is not, or not any more, known to be the person's: no link to their own affairs goes along. */
static bool elsewhere(const struct letter *l)
{
	const struct message_kind *kind = message_kind_named(l->message->template_name);

	return kind && kind->flags & MESSAGE_ELSEWHERE;
}

static const char *a_link(struct letter *l, const char *purpose, int64_t subject, int64_t until)
{
	char token[TOKEN_SIZE];
	int r;

	if (!*l->settings->mail.base_url)
		r = fail(l->call, E_UNAVAILABLE, NULL, "no link can be made: set mail.base_url to the address of the web page");
	else
		r = link_for(l->call, purpose_named(purpose), l->person->id, subject, l->message->program, l->message->id, until, token);
	if (r) {
		l->failed = r;
		return "https://unavailable.invalid/";
	}
	return arena_print(l->call->arena, "%s/%s/%s", l->settings->mail.base_url, !strcmp(purpose, "unsubscribe") ? "u" : "l", token);
}

/* A row of a link that was made for a message in confidence would tell of it. */
static const char *own_link(struct letter *l)
{
	return elsewhere(l) || l->message->confided == 1 ? NULL : a_link(l, "own-page", l->person->id, NONE);
}

/* What this message asks for; mails that ask nothing lead to the own page. */
static struct wave *about_wave(struct letter *l)
{
	struct wave *wave;

	if (!l->message->about || strcmp(l->message->about, "wave") || load(l->call, &wave_entity, l->message->about_id, (void **)&wave))
		return NULL;
	return wave;
}

static const char *form_title(struct letter *l)
{
	return about_wave(l) ? about_wave(l)->title : NULL;
}

static const char *form_anonymous(struct letter *l)
{
	return about_wave(l) && about_wave(l)->anonymity == WAVE_ANONYMOUS ? "yes" : NULL;
}

static struct address_change *about_address(struct letter *l)
{
	struct address_change *change;

	if (!l->message->about || strcmp(l->message->about, "address_change") ||
		load(l->call, &address_change_entity, l->message->about_id, (void **)&change))
		return NULL;
	return change;
}

static const char *address_new(struct letter *l)
{
	const struct address_change *change = about_address(l);

	return change ? address_hidden(l->call->arena, change->new) : NULL;
}

static const char *address_link(struct letter *l)
{
	const struct message_kind *kind = message_kind_named(l->message->template_name);
	const struct address_change *change = about_address(l);

	if (!change || !kind)
		return NULL;
	if (kind->flags & MESSAGE_TO_NEW)
		return a_link(l, "address-confirm", change->id, change->expires_at);
	return kind->flags & MESSAGE_TO_OLD ? a_link(l, "address-objection", change->id, NONE) : NULL;
}

/* Whether one comes is said before it begins, and whether it took place within two weeks. */
static int64_t meeting_until(const struct letter *l)
{
	if (!l->meeting)
		return NONE;
	return l->meeting->start > l->call->now ? l->meeting->start : l->call->now + 14 * DAY;
}

static const char *main_link(struct letter *l)
{
	const char *about = l->message->about;

	if (elsewhere(l))
		return address_link(l);
	if (!strcmp(l->message->template_name, "fresh-link"))
		return a_link(l, "fresh", l->person->id, NONE);

	if (!strcmp(l->message->template_name, "match-offered"))
		return a_link(l, "match-offer", l->message->about_id, l->match ? l->match->answer_until : NONE);
	if (about && !strcmp(about, "check_in"))
		return a_link(l, "check-in", l->message->about_id, NONE);
	if (about && !strcmp(about, "consent"))
		return a_link(l, "consent", l->message->about_id, NONE);
	if (about && !strcmp(about, "meeting"))
		return a_link(l, "meeting", l->message->about_id, meeting_until(l));
	if (about && !strcmp(about, "wave"))
		return a_link(l, "wave", l->message->about_id, about_wave(l) ? about_wave(l)->closes : NONE);
	return own_link(l);
}

static const char *talk_link(struct letter *l)
{
	return l->person->minor && !elsewhere(l) && l->message->confided != 1 ? a_link(l, "talk", l->person->id, NONE) : NULL;
}

/* Of an introduction: for the minor and for the guardian. */
static const char *objection_link(struct letter *l)
{
	bool may = !strcmp(l->message->template_name, "guardian-introduced") || (l->own && l->person->minor);

	return l->match && may ? a_link(l, "match-objection", l->match->id, NONE) : NULL;
}

static const char *unsubscribe_link(struct letter *l)
{
	const struct message_kind *kind = message_kind_named(l->message->template_name);

	return message_stops(kind) ? a_link(l, "unsubscribe", l->person->id, NONE) : NULL;
}

static const char *recipient_name(struct letter *l)
{
	return l->person->name;
}
static const char *recipient_given_name(struct letter *l)
{
	return l->person->given_name;
}
static const char *recipient_minor(struct letter *l)
{
	return !strcmp(l->language, LANGUAGE_FAMILIAR) || l->person->minor ? "yes" : NULL;
}
static const char *institution(struct letter *l)
{
	return *l->settings->institution.name ? l->settings->institution.name : "mentorship";
}
static const char *program_title(struct letter *l)
{
	return l->program ? l->program->title : NULL;
}
static const char *partner(struct letter *l)
{
	return l->other ? others_named(l->call->arena, &l->others, l->language) : NULL;
}
static const char *both(struct letter *l)
{
	return l->mentor && l->mentee ? arena_print(l->call->arena, "%s & %s", l->mentor->name, l->mentee->name) : NULL;
}

static const char *shared(struct letter *l)
{
	const char *said = NULL;
	int r = l->match ? shared_said(l->call, l->match->id, l->language, l->zone, &said) : 0;

	if (r)
		l->failed = r;
	return said;
}
static const char *side(struct letter *l)
{
	return l->own && l->own->side == SIDE_MENTEE ? NULL : "mentor";
}
static const char *as_mentee(struct letter *l)
{
	return l->own && l->own->side == SIDE_MENTEE ? "mentee" : NULL;
}

/* The reader is one, or anybody of the match. */
static bool with_minor(struct letter *l)
{
	int64_t minors = 0;
	int r = ask(l->call,
		"SELECT count(*) FROM \"match_member\" mm JOIN \"person\" p ON p.\"id\" = mm.\"person\" WHERE mm.\"match\" = ?1 AND p.\"minor\"",
		VALUES(l->match->id), &minors);

	if (r)
		l->failed = r;
	return r || minors || l->person->minor || l->partner->minor;
}

/*
 * How to reach the other side: by the program's policy and the other's own consent, and never an address of or for a minor. A group has
 * none: it reaches each other when it meets, and through the program.
 */
static const char *contact(struct letter *l)
{
	int64_t shared = 0;
	int r;

	if (!l->program || !l->partner || l->program->contact != CONTACT_ADDRESSES || l->match->kind != KIND_PAIR || with_minor(l))
		return NULL;
	r = ask(l->call,
		"SELECT count(*) FROM \"consent\" WHERE \"program\" = ?1 AND \"person\" = ?2 AND \"giver\" = ?2 AND "
		"\"purpose\" = 'share contact' AND \"state\" = 'given'",
		VALUES(l->program->id, l->partner->id), &shared);
	if (r)
		l->failed = r;
	return shared ? l->partner->email : NULL;
}

/* The sides of a minor reach each other on site, whatever the program's policy. */
static const char *contact_on_site(struct letter *l)
{
	if (!l->program || !l->partner)
		return NULL;
	return l->program->contact == CONTACT_ON_SITE || with_minor(l) ? "on site" : NULL;
}

static const char *contact_through(struct letter *l)
{
	return contact(l) || contact_on_site(l) || !l->partner ? NULL : "through the program";
}

static const char *moment(struct letter *l, int64_t instant)
{
	return instant == NONE
		? NULL
		: message_instant(l->call->arena, message_language_for(l->call, l->language), zone_of(l->call, l->zone), instant);
}

/* As long as its link holds. */
static const char *address_until(struct letter *l)
{
	const struct message_kind *kind = message_kind_named(l->message->template_name);
	const struct address_change *change = about_address(l);
	int64_t until = l->call->now + purpose_named(kind->flags & MESSAGE_TO_NEW ? "address-confirm" : "address-objection")->holds;

	return moment(l, change && kind->flags & MESSAGE_TO_NEW && change->expires_at < until ? change->expires_at : until);
}

/* Of a check-in: as long as its link holds. */
static const char *answer_until(struct letter *l)
{
	const char *about = l->message->about;

	if (about && !strcmp(about, "check_in"))
		return moment(l, l->call->now + purpose_named("check-in")->holds);
	if (about && !strcmp(about, "consent"))
		return moment(l, l->call->now + purpose_named("consent")->holds);
	if (elsewhere(l))
		return address_until(l);
	if (!strcmp(l->message->template_name, "fresh-link"))
		return moment(l, l->call->now + purpose_named("fresh")->holds);
	if (about_wave(l))
		return moment(l, about_wave(l)->closes);
	if (l->meeting)
		return moment(l, meeting_until(l));
	return l->match ? moment(l, l->match->answer_until) : NULL;
}

static const char *due(struct letter *l)
{
	int64_t at = NONE;
	int r = 0;

	if (l->message->about && !strcmp(l->message->about, "check_in"))
		r = ask(l->call, "SELECT \"due\" FROM \"check_in\" WHERE \"id\" = ?1", VALUES(l->message->about_id), &at);
	if (r)
		l->failed = r;
	return at == NONE ? NULL
			  : message_day(l->call->arena, message_language_for(l->call, l->language),
				    local_day(zone_local(zone_of(l->call, l->zone), at)));
}

static struct consent *about_consent(struct letter *l)
{
	struct consent *consent;

	if (!l->message->about || strcmp(l->message->about, "consent") ||
		load(l->call, &consent_entity, l->message->about_id, (void **)&consent))
		return NULL;
	return consent;
}

static const char *consent_purpose(struct letter *l)
{
	struct consent *consent = about_consent(l);

	return consent ? page_word(l->language, (enum page_word)(CONSENT_TAKE_PART + consent->purpose)) : NULL;
}

/* Of the minor whose guardian reads; NULL in a minor's own mail. */
static const char *minor_name(struct letter *l)
{
	struct consent *consent = about_consent(l);
	struct guardianship *guardianship;
	int64_t minor = consent && consent->person != consent->giver ? consent->person : NONE;
	struct person *person;

	if (l->message->about && !strcmp(l->message->about, "guardianship") &&
		!load(l->call, &guardianship_entity, l->message->about_id, (void **)&guardianship))
		minor = guardianship->minor;
	if (!strcmp(l->message->template_name, "guardian-introduced")) {
		int r = ask(l->call,
			"SELECT g.\"minor\" FROM \"guardianship\" g JOIN \"match_member\" mm ON mm.\"person\" = g.\"minor\" WHERE mm.\"match\" = ?1 "
			"AND g.\"guardian\" = ?2 AND g.\"state\" = 'verified'",
			VALUES(l->message->about_id, l->person->id), &minor);

		if (r)
			l->failed = r;
	}
	return minor != NONE && !load(l->call, &person_entity, minor, (void **)&person) ? person->name : NULL;
}

static const char *meeting_title(struct letter *l)
{
	return l->meeting ? l->meeting->title : NULL;
}

static const char *meeting_start(struct letter *l)
{
	return l->meeting ? moment(l, l->meeting->start) : NULL;
}

static const char *meeting_place(struct letter *l)
{
	return l->meeting ? l->meeting->place : NULL;
}

static const char *meeting_repeats(struct letter *l)
{
	return l->meeting && l->meeting->series != NONE ? "yes" : NULL;
}

/* Names of those sides, other than the reader's own, who have answered so. */
static const char *meeting_those(struct letter *l, int64_t answer)
{
	bool mentor, mentee;

	if (!l->meeting)
		return NULL;
	mentor = l->mentor && l->meeting->mentor_comes == answer && (!l->own || l->own->side != SIDE_MENTOR);
	mentee = l->mentee && l->meeting->mentee_comes == answer && (!l->own || l->own->side != SIDE_MENTEE);
	return mentor && mentee ? both(l) : mentor ? l->mentor->name : mentee ? l->mentee->name : NULL;
}

static const char *meeting_absent(struct letter *l)
{
	return meeting_those(l, MEETING_NO);
}

static const char *meeting_present(struct letter *l)
{
	return meeting_those(l, MEETING_YES);
}

static const char *about_id(struct letter *l)
{
	return arena_print(l->call->arena, "%" PRId64, l->message->about_id);
}

static const char *match_until(struct letter *l)
{
	return l->match && l->match->ends != NONE ? message_day(l->call->arena, message_language_for(l->call, l->language), l->match->ends)
						  : NULL;
}

/* Told to staff of the program only: who they are is a matter of the kind of message. */
static const char *about_person(struct letter *l)
{
	const struct address_change *change = about_address(l);
	struct person *person;

	if (change)
		return load(l->call, &person_entity, change->person, (void **)&person) ? NULL : person->name;

	if (!l->message->about || strcmp(l->message->about, "person") ||
		load(l->call, &person_entity, l->message->about_id, (void **)&person))
		return NULL;
	return person->name;
}

static struct plugin *about_plugin(struct letter *l)
{
	struct plugin *plugin;

	if (!l->message->about || strcmp(l->message->about, "plugin") ||
		load(l->call, &plugin_entity, l->message->about_id, (void **)&plugin))
		return NULL;
	return plugin;
}

static const char *plugin_name(struct letter *l)
{
	struct plugin *plugin = about_plugin(l);

	return plugin ? plugin->name : NULL;
}

static const char *plugin_error(struct letter *l)
{
	struct plugin *plugin = about_plugin(l);

	return plugin ? plugin->last_error : NULL;
}

static const char *count_held(struct letter *l)
{
	int64_t count = 0;
	int r = ask(l->call, "SELECT count(*) FROM \"message\" WHERE \"program\" = ?1 AND \"state\" = 'held'", VALUES(l->message->program),
		&count);

	if (r)
		l->failed = r;
	return arena_print(l->call->arena, "%" PRId64, count);
}

static const struct letter_name {
	const char *name;
	const char *(*value)(struct letter *);
} names[] = { { "recipient.name", recipient_name }, { "recipient.given_name", recipient_given_name },
	{ "recipient.minor", recipient_minor }, { "institution", institution }, { "program.title", program_title },
	{ "match.partner", partner }, { "match.names", both }, { "match.shared", shared }, { "match.as_mentor", side },
	{ "match.as_mentee", as_mentee }, { "match.address", contact }, { "match.through_program", contact_through },
	{ "match.on_site", contact_on_site }, { "link", main_link }, { "own_link", own_link }, { "concern_link", talk_link },
	{ "objection_link", objection_link }, { "unsubscribe_link", unsubscribe_link }, { "answer_until", answer_until }, { "due", due },
	{ "about_id", about_id }, { "match.until", match_until }, { "person.name", about_person }, { "plugin.name", plugin_name },
	{ "plugin.error", plugin_error }, { "count", count_held }, { "meeting.title", meeting_title }, { "meeting.start", meeting_start },
	{ "meeting.place", meeting_place }, { "meeting.absent", meeting_absent }, { "meeting.present", meeting_present },
	{ "meeting.repeats", meeting_repeats }, { "consent.purpose", consent_purpose }, { "minor.name", minor_name },
	{ "form.title", form_title }, { "form.anonymous", form_anonymous }, { "address.new", address_new }, { 0 } };

enum {
	NAMES = sizeof names / sizeof *names
};

/* A mail says the same in its text and in its HTML: each value is looked up once. */
static const char *lookup(void *data, const char *name)
{
	struct letter *l = data;
	size_t i = 0;

	while (names[i].name && strcmp(names[i].name, name) != 0)
		i++;
	if (names[i].name && !l->known[i]) {
		l->values[i] = names[i].value(l);
		l->known[i] = true;
	}
	return l->values[i];
}

/* What the message is about; an introduction carries the meeting that was proposed with it, while it is to come. */
static int find_meeting(struct letter *l)
{
	const struct message *m = l->message;
	int64_t id = NONE;
	int r = 0;

	if (m->about && !strcmp(m->about, "meeting"))
		id = m->about_id;
	else if (!strcmp(m->template_name, "match-started"))
		r = ask(l->call,
			"SELECT min(\"id\") FROM \"meeting\" WHERE \"match\" = ?1 AND \"first\" = 1 AND \"state\" = 'planned' AND \"start\" > "
			"?2",
			VALUES(m->match, l->call->now), &id);
	return r || id == NONE ? r : load(l->call, &meeting_entity, id, (void **)&l->meeting);
}

static int letter_fill(struct call *call, const struct message *m, struct letter *ret)
{
	int r;

	*ret = (struct letter){ .call = call,
		.settings = settings_of(call),
		.message = m,
		.values = arena_new(call->arena, NAMES * sizeof *ret->values),
		.known = arena_new(call->arena, NAMES * sizeof *ret->known) };
	r = load(call, &person_entity, m->person, (void **)&ret->person);
	if (!r && m->program != NONE)
		r = load(call, &program_entity, m->program, (void **)&ret->program);
	if (!r && m->match != NONE)
		r = load(call, &match_entity, m->match, (void **)&ret->match);
	if (!r && m->match != NONE)
		r = each(call, &match_member_entity, see_member, ret, "\"match\" = ?1", VALUES(m->match));
	if (!r && ret->other)
		r = load(call, &person_entity, ret->other->person, (void **)&ret->partner);
	if (!r)
		r = find_meeting(ret);
	if (!r)
		r = zone_for(call, m->person, ret->program, &ret->zone);
	if (!r)
		r = letter_address(call, m, ret->person, &ret->address);
	return r ? r : language_for(call, ret->person, &ret->language);
}

/* ---- the call Deliver ---- */

static void put_variant(DBusMessageIter *dict, const char *name, int type, const void *value)
{
	char signature[2] = { (char)type, '\0' };
	DBusMessageIter entry, variant;

	link_must(dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry));
	link_must(dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name));
	link_must(dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant));
	link_must(dbus_message_iter_append_basic(&variant, type, value));
	link_must(dbus_message_iter_close_container(&entry, &variant));
	link_must(dbus_message_iter_close_container(dict, &entry));
}

static void put_string(DBusMessageIter *dict, const char *name, const char *text)
{
	const char *safe = text && text[text_bad(text, strlen(text))] == '\0' ? text : "";

	put_variant(dict, name, DBUS_TYPE_STRING, &safe);
}

static void put_number(DBusMessageIter *dict, const char *name, int64_t number)
{
	dbus_int64_t value = number;

	put_variant(dict, name, DBUS_TYPE_INT64, &value);
}

/* Of Message-IDs and list names: the setting, or the host of the web page. */
static const char *domain(const struct letter *l)
{
	const char *url = strstr(l->settings->mail.base_url, "://");
	const char *host = url ? url + 3 : "";
	size_t length = strcspn(host, ":/");

	if (*l->settings->mail.domain)
		return l->settings->mail.domain;
	return length && *host != '[' ? arena_print(l->call->arena, "%.*s", (int)length, host) : "localhost.localdomain";
}

/* A plugin knows no simulated clock. */
static int64_t on_the_real_clock(struct letter *l, int64_t instant)
{
	return store_simulated(l->call->store) ? (int64_t)time(NULL) + instant - l->call->now : instant;
}

/* The plugin makes the calendar's part of it. It names nobody but the reader: the other side's name is in the text already, and an address is
 * nowhere. A calendar's program answers to the organizer, so that is an address that takes mail: where answers go, or where mail comes from. */
static void put_calendar(DBusMessageIter *dict, struct letter *l)
{
	const struct meeting *m = l->meeting;
	const char *name = "calendar";
	dbus_bool_t cancels = m->state == MEETING_CANCELLED;
	DBusMessageIter entry, variant, array;

	link_must(dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry));
	link_must(dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name));
	link_must(dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "a{sv}", &variant));
	link_must(dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "{sv}", &array));
	put_string(&array, "uid", arena_print(l->call->arena, "meeting-%" PRId64 "@%s", m->id, domain(l)));
	put_string(&array, "zone", l->zone);
	put_string(&array, "summary", m->title ? m->title : l->program ? l->program->title : institution(l));
	if (m->place)
		put_string(&array, "place", m->place);
	put_string(&array, "organizer_name", institution(l));
	put_string(&array, "organizer_address", l->settings->mail.reply_to); /* "": the plugin's sender */
	put_number(&array, "sequence", m->sequence);
	put_number(&array, "stamp", m->changed_at);
	put_number(&array, "start", m->start);
	put_number(&array, "end", m->start + m->minutes * 60);
	put_variant(&array, "cancels", DBUS_TYPE_BOOLEAN, &cancels);
	link_must(dbus_message_iter_close_container(&variant, &array));
	link_must(dbus_message_iter_close_container(&entry, &variant));
	link_must(dbus_message_iter_close_container(dict, &entry));
}

/* What plans, moves or calls off; the rest only speaks of a meeting that is in the calendar. */
static bool carries_calendar(const struct message *m)
{
	static const char *const carriers[] = { "match-started", "meeting-invited", "meeting-changed", "meeting-cancelled" };

	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
		if (!strcmp(m->template_name, carriers[i]))
			return true;
	return false;
}

static DBusMessage *deliver_new(
	struct letter *l, const struct parts *parts, const struct message_text *text, const char *unsubscribe, int64_t ends)
{
	const struct message *m = l->message;
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Deliver");
	const char *redirect = l->settings->mail.redirect_all_to;
	dbus_bool_t test = !strcmp(m->template_name, "plugin-test");
	DBusMessageIter at, dict;

	link_must(message != NULL);
	dbus_message_set_no_reply(message, TRUE);
	dbus_message_iter_init_append(message, &at);
	link_must(dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "{sv}", &dict));
	put_number(&dict, "id", parts->lead);
	put_string(&dict, "address", *redirect ? redirect : l->address);
	put_string(&dict, "name", *redirect ? "" : l->person->name);
	put_string(&dict, "language", text->language);
	put_string(&dict, "subject", *redirect ? arena_print(l->call->arena, "[trial] %s", text->subject) : text->subject);
	put_string(&dict, "text", text->text);
	put_string(&dict, "html", text->html);
	put_string(&dict, "message_id", arena_print(l->call->arena, "m%" PRIx64 "@%s", parts->lead, domain(l)));
	/* an answer about a concern is not for the coordinators' mailbox */
	put_string(&dict, "reply_to", m->about && !strcmp(m->about, "concern") ? "" : l->settings->mail.reply_to);
	put_string(&dict, "list_id", l->program ? arena_print(l->call->arena, "program-%" PRId64 ".%s", l->program->id, domain(l)) : "");
	put_string(&dict, "list_name", l->program ? l->program->title : "");
	put_string(&dict, "unsubscribe", unsubscribe);
	put_string(&dict, "sender_name", institution(l));
	put_number(&dict, "attempt", m->attempts + 1);
	put_number(&dict, "expires", on_the_real_clock(l, ends));
	put_variant(&dict, "test", DBUS_TYPE_BOOLEAN, &test);
	if (l->meeting && carries_calendar(m))
		put_calendar(&dict, l);
	link_must(dbus_message_iter_close_container(&at, &dict));
	return message;
}

/* What they have in common stands in the head: a list only if all are of one program. */
static int of_one_mail(
	struct call *call, struct letter *letters, const struct parts *parts, const char **ret_unsubscribe, int64_t *ret_ends)
{
	*ret_unsubscribe = NULL;
	*ret_ends = NONE;
	for (int i = 0; i < parts->count; i++) {
		struct letter *l = &letters[i];
		int64_t ends;
		bool over;
		int r = letter_occasion(call, l->message, &over, &ends);

		if (r)
			return r;
		if (*ret_ends == NONE || ends > *ret_ends)
			*ret_ends = ends;
		if (!*ret_unsubscribe)
			*ret_unsubscribe = lookup(l, "unsubscribe_link");
		if (l->message->program != letters->message->program)
			letters->program = NULL;
		if (l->failed)
			return l->failed;
	}
	return 0;
}

int letter_make(struct call *call, const struct parts *parts, DBusMessage **ret)
{
	struct letter *letters = arena_new(call->arena, (size_t)parts->count * sizeof *letters);
	struct message_part texts[LETTER_PARTS];
	struct message_text text;
	const char *unsubscribe;
	int64_t ends;
	int r = 0;

	for (int i = 0; i < parts->count && !r; i++) {
		r = letter_fill(call, parts->of[i], &letters[i]);
		texts[i] = (struct message_part){ parts->of[i]->template_name, parts->of[i]->program, lookup, &letters[i] };
	}
	if (!r)
		r = message_text_of_parts(call, texts, (size_t)parts->count, letters->language, &text);
	for (int i = 0; i < parts->count; i++)
		if (letters[i].failed)
			return letters[i].failed;
	if (!r)
		r = of_one_mail(call, letters, parts, &unsubscribe, &ends);
	if (r)
		return r;
	*ret = deliver_new(letters, parts, &text, unsubscribe, ends);
	return 0;
}
