/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mail came back after a server had taken it: a plugin read so in a delivery status notification.
 *
 * Anybody can write such a notification, so it counts only for a mail whose number it knows (61 random bits), which this plugin was given,
 * which was sent within BOUNCE_DAYS, and which has not come back before. A hard one (5.x.x) is held against the address, unless the mail
 * went elsewhere (a trial, an address that is only proposed) or the person has had another one since. The plugin keeps the notification
 * until it has the answer; the second telling is answered UNKNOWN.
 */
#include "link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"

enum {
	BOUNCE_DAYS = 14 /* servers try for five days, and some of them for longer */
};

static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };

struct bounce {
	const struct link *link;
	int64_t lead; /* by whose number the mail is known */
	const char *status, *detail;
	unsigned answer;
	int64_t sent_at;
	bool elsewhere; /* it did not go to the person's own address */
};

/* The number in a Message-ID as letter.c writes it; NONE if it is none of ours. */
static int64_t lead_of(const char *message_id)
{
	char again[32];
	unsigned long long number = *message_id == 'm' ? strtoull(message_id + 1, NULL, 16) : 0;
	size_t length = (size_t)snprintf(again, sizeof again, "m%llx@", number);

	return number && number <= INT64_MAX && !strncmp(again, message_id, length) ? (int64_t)number : NONE;
}

/* "5.1.1": a digit of 4 or 5, then two numbers of up to three digits. */
static bool is_status(const char *text)
{
	const char *at = text + 1;

	if (*text != '4' && *text != '5')
		return false;
	for (int i = 0; i < 2; i++) {
		size_t digits = *at == '.' ? strspn(at + 1, "0123456789") : 0;

		if (!digits || digits > 3)
			return false;
		at += 1 + digits;
	}
	return !*at;
}

/* A part of the mail. One that is on its way again may be the one that came back: when that is known, it is told again. */
static int see_part(struct call *call, void *record, void *data)
{
	const struct message *m = record;
	struct bounce *bounce = data;
	struct arg outcome = { "outcome",
		{ .type = V_TEXT,
			.text = arena_print(
				call->arena, "bounced: %s%s%.60s", bounce->status, *bounce->detail ? ", " : "", bounce->detail) } };

	if (m->state == MESSAGE_SENDING && bounce->answer == MENTORSHIP_BOUNCE_UNKNOWN)
		bounce->answer = MENTORSHIP_BOUNCE_AGAIN;
	if (m->state != MESSAGE_SENT || m->sent_at < call->now - BOUNCE_DAYS * DAY)
		return 0;
	bounce->answer = MENTORSHIP_BOUNCE_TAKEN;
	bounce->sent_at = m->sent_at;
	bounce->elsewhere |= letter_elsewhere(m) || *settings_of(call)->mail.redirect_all_to;
	return perform_also(call, &message_entity, m->id, "ComeBack", &outcome, 1);
}

static int write_bounce(struct call *call, void *data)
{
	struct bounce *bounce = data;
	struct person *person;
	struct message *m;
	int r = load(call, &message_entity, bounce->lead, (void **)&m);

	if (r == E_NOTFOUND) {
		call->problem = (struct problem){ 0 };
		return 0;
	}
	if (!r)
		r = load(call, &person_entity, m->person, (void **)&person);
	if (!r)
		r = each(call, &message_entity, see_part, bounce, "\"person\" = ?1 AND \"lead\" = ?2 AND \"handed_to\" = ?3",
			VALUES(m->person, bounce->lead, bounce->link->row));
	if (r || bounce->answer != MENTORSHIP_BOUNCE_TAKEN || *bounce->status != '5' || bounce->elsewhere || person->state == PERSON_ERASED)
		return r;
	return person->address_since != NONE && person->address_since > bounce->sent_at
		? 0
		: perform_also(call, &person_entity, person->id, "Bounced", NULL, 0);
}

int bounce_told(struct link_call *c)
{
	struct bounce bounce = { .link = c->link, .answer = MENTORSHIP_BOUNCE_UNKNOWN };
	const char *message_id;
	dbus_int64_t id;
	dbus_uint32_t answer;
	int r = 0;

	dbus_message_get_args(c->message, NULL, DBUS_TYPE_INT64, &id, DBUS_TYPE_STRING, &message_id, DBUS_TYPE_STRING, &bounce.status,
		DBUS_TYPE_STRING, &bounce.detail, DBUS_TYPE_INVALID);
	if (!is_status(bounce.status))
		return problem_set(&c->problem, E_INVALID, NULL, "a bounce has a status such as 5.1.1 or 4.4.7");
	bounce.lead = *message_id ? lead_of(message_id) : id > 0 ? id : NONE;
	if (bounce.lead != NONE)
		r = store_do(c->link->plugins->setup.store, &self, write_bounce, &bounce, &c->problem);
	answer = bounce.answer;
	link_must(dbus_message_append_args(c->reply, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID));
	return r;
}
