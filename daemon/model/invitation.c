/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Invitations: links. Whoever presents the token of one is, for that one call, its person (or their guardian), and may do what its purpose
 * names with its one object, and nothing else.
 *
 * A row holds no token: that is computed from id and generation under the credential `link-key` when a mail is handed over, and the row
 * has its SHA-256. A purpose says of which entity the object is, how long a link holds, and whether the same one goes into several mails
 * (the own page) or a newer one ends the older. Links that bind hold for three days.
 *
 * sent -> opened -> answered; expired, revoked by a newer link, a new address, a suspension, or on request.
 */
#include <string.h>

#include "core/date.h"
#include "model.h"

static const char *const states[] = { "sent", "opened", "answered", "expired", "revoked", NULL };
static const char *const actors[] = { "person", "guardian", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct invitation, .anchor = NO_ANCHOR),
	{ AS_INT(struct invitation, program, LINK, MEMBER), .flags = BY_VERB, .to = "program", .anchor = AT_PROGRAM, .label = "Program" },
	{ AS_INT(struct invitation, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Who is asked" },
	{ AS_INT(struct invitation, actor, CHOICE, STAFF), .flags = REQUIRED | BY_VERB, .choices = actors, .starts = true,
		.label = "As whom" },
	{ AS_TEXT(struct invitation, purpose, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .label = "Purpose" },
	{ AS_INT(struct invitation, subject, NUMBER, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .label = "Subject number" },
	{ AS_INT(struct invitation, generation, NUMBER, STAFF), .flags = REQUIRED | BY_VERB, .starts = true, .initial = 1,
		.label = "Generation" },
	{ AS_INT(struct invitation, message, NUMBER, STAFF), .flags = BY_VERB | HIDDEN, .label = "Message" },
	{ AS_TEXT(struct invitation, token_hash, STAFF), .flags = BY_VERB | HIDDEN | INDEXED, .label = "Hash of the token" },
	{ AS_TEXT(struct invitation, answer_hash, STAFF), .flags = BY_VERB | HIDDEN, .label = "Hash of the answer" },
	{ AS_INT(struct invitation, sent_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .label = "Made" },
	{ AS_INT(struct invitation, expires_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .label = "Holds until" },
	{ AS_INT(struct invitation, opened_at, INSTANT, STAFF), .flags = BY_VERB, .label = "Opened" },
	{ AS_INT(struct invitation, answered_at, INSTANT, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Answered" },
	{ AS_INT(struct invitation, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .choices = states, .starts = true,
		.label = "State" },
	{ 0 } };
COVERS(fields, struct invitation, 0);

#define S(x) IN(INVITATION_##x)
static const struct verb verbs[] = { { "Revoke", COORDINATOR | SELF, S(SENT) | S(OPENED), S(REVOKED), NULL, NULL, "Make the link worthless",
					     0, NULL, NULL, 0 },
	{ "End", SYSTEM, S(SENT) | S(OPENED), S(REVOKED), NULL, NULL, "A newer link or state took its place", 0, NULL, NULL, 0 },
	{ "Open", SYSTEM, S(SENT) | S(OPENED), S(OPENED), "opened_at", NULL, "Was shown", 0, NULL, NULL, 0 },
	{ "Answer", SYSTEM, S(SENT) | S(OPENED), S(ANSWERED), NULL, NULL, "Was answered", 0, NULL, NULL, 0 },
	{ "Expire", SYSTEM, S(SENT) | S(OPENED), S(EXPIRED), NULL, NULL, "Its time is over", 0, NULL, NULL, 0 }, { 0 } };

/* ---- purposes ---- */

#define DAYS(n) ((n)*DAY)
/* The link of that purpose that was made last: to make it ended the older ones, or they go on until their own end. */
#define LAST_OF(name) \
	"\"person\" = ?1 AND \"purpose\" = '" name \
	"' AND \"subject\" = ?2 AND \"generation\" = (SELECT max(\"generation\") FROM \"invitation\" " \
	"WHERE \"person\" = ?1 AND \"purpose\" = '" name "' AND \"subject\" = ?2)"
#define PURPOSE(name, entity, holds, flags) \
	{ \
		name, &entity, holds, flags, LAST_OF(name) \
	}
const struct purpose purposes[] = { PURPOSE("match-offer", match_entity, DAYS(14), 0), PURPOSE("check-in", check_in_entity, DAYS(14), 0),
	PURPOSE("wave", wave_entity, DAYS(400), 0), PURPOSE("meeting", meeting_entity, DAYS(90), PURPOSE_STAYS),
	PURPOSE("consent", consent_entity, DAYS(3), PURPOSE_BINDS),
	PURPOSE("own-page", person_entity, DAYS(30), PURPOSE_REUSED | PURPOSE_STAYS),
	PURPOSE("fresh", person_entity, 15 * MINUTE, PURPOSE_STAYS),
	PURPOSE("unsubscribe", person_entity, DAYS(90), PURPOSE_REUSED | PURPOSE_STAYS),
	PURPOSE("talk", person_entity, DAYS(90), PURPOSE_REUSED | PURPOSE_STAYS),
	/* as long as the two work together; the match ends it */
	PURPOSE("match-objection", match_entity, DAYS(400), PURPOSE_STAYS), PURPOSE("address-confirm", address_change_entity, DAYS(3), 0),
	PURPOSE("address-objection", address_change_entity, DAYS(14), PURPOSE_REMAINS), { 0 } };

const struct purpose *purpose_named(const char *name)
{
	for (const struct purpose *p = purposes; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

static bool is_open(const struct invitation *invitation)
{
	return invitation->state == INVITATION_SENT || invitation->state == INVITATION_OPENED;
}

static int end_one(struct call *call, void *record, void *data)
{
	(void)data;
	return perform_also(call, &invitation_entity, *(int64_t *)record, "End", NULL, 0);
}

/* The link by which the call comes ends as answered, if an answer uses it up. */
static int end_others(struct call *call, void *record, void *data)
{
	const struct invitation *invitation = record;
	const struct purpose *purpose = purpose_named(invitation->purpose);
	unsigned flags = purpose ? purpose->flags : 0;
	bool own = call->caller->way == BY_LINK && call->caller->link == invitation->id && !(flags & PURPOSE_STAYS);

	return own || flags & *(const unsigned *)data ? 0 : end_one(call, record, NULL);
}

static int end_but(struct call *call, int64_t person, unsigned flags)
{
	return each(call, &invitation_entity, end_others, &flags, "\"person\" = ?1 AND \"state\" IN ('sent', 'opened')", VALUES(person));
}

int links_end(struct call *call, int64_t person)
{
	return end_but(call, person, 0);
}

int links_move(struct call *call, int64_t person)
{
	return end_but(call, person, PURPOSE_REMAINS);
}

int by_link_of(struct call *call, const char *purpose, int64_t object, bool *ret)
{
	struct invitation *invitation;
	int r = 0;

	*ret = false;
	if (call->caller->way == BY_LINK)
		r = load(call, &invitation_entity, call->caller->link, (void **)&invitation);
	if (!r && call->caller->way == BY_LINK)
		*ret = invitation->subject == object && !strcmp(invitation->purpose, purpose);
	return r;
}

static int see_last(struct call *call, void *record, void *data)
{
	(void)call;
	*(struct invitation **)data = record;
	return 0;
}

static bool usable(const struct call *call, const struct purpose *purpose, const struct invitation *last, int64_t message)
{
	bool reused = purpose->flags & PURPOSE_REUSED && last->expires_at > call->now + purpose->holds / 2;

	return is_open(last) && (reused || (last->message == message && last->expires_at > call->now));
}

int link_for(struct call *call, const struct purpose *purpose, int64_t person, int64_t object, int64_t program, int64_t message,
	int64_t until, char token[TOKEN_SIZE])
{
	struct invitation *last = NULL, *made;
	char hash[65];
	int r = each(call, &invitation_entity, see_last, &last, purpose->last, VALUES(person, object));

	if (r)
		return r;
	if (last && usable(call, purpose, last, message))
		return link_token(call, last->id, last->generation, token, hash);
	/* an older own page goes on until its own end: a link in last week's mail still works */
	if (last && is_open(last) && !(purpose->flags & PURPOSE_REUSED))
		r = end_one(call, last, NULL);
	if (r)
		return r;
	made = fresh(call, &invitation_entity);
	made->id = random_id();
	made->program = program;
	made->person = person;
	made->purpose = arena_copy(call->arena, purpose->name);
	made->subject = object;
	made->generation = last ? last->generation + 1 : 1;
	made->message = message;
	made->sent_at = call->now;
	made->expires_at = call->now + purpose->holds;
	if (until != NONE && until < made->expires_at)
		made->expires_at = until;
	r = link_token(call, made->id, made->generation, token, hash);
	made->token_hash = hash;
	return r ? r : add(call, &invitation_entity, made);
}

int link_used(struct call *call, int64_t id, const char *hash, bool forgets)
{
	struct invitation *was, now;
	int r = perform_also(call, &invitation_entity, id, "Answer", NULL, 0);

	if (!r)
		r = load(call, &invitation_entity, id, (void **)&was);
	if (r)
		return r;
	now = *was;
	if (!forgets)
		now.answered_at = call->now;
	now.answer_hash = (char *)(uintptr_t)hash;
	return save(call, &invitation_entity, was, &now);
}

/* ---- what is over ---- */

static int expire_one(struct call *call, void *record, void *data)
{
	*(int64_t *)data = 1;
	return perform_also(call, &invitation_entity, *(int64_t *)record, "Expire", NULL, 0);
}

static int expire(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	int64_t some = 0;
	int r = each(call, &invitation_entity, expire_one, &some,
		"\"id\" IN (SELECT \"id\" FROM \"invitation\" WHERE \"state\" IN ('sent', 'opened') AND \"expires_at\" <= ?1 LIMIT 200)",
		VALUES(call->now));

	(void)subject;
	(void)nominal;
	(void)cursor;
	return r ? r : some != 0;
}

static const struct job jobs[] = { { "links expire", "FREQ=DAILY;BYHOUR=1;BYMINUTE=20;BYSECOND=0", RUN_ONCE_LATE, 0, expire,
					   "Links whose time is over", 0, NULL },
	{ 0 } };

const struct entity invitation_entity = { .name = "invitation",
	.collection = "invitations",
	.size = sizeof(struct invitation),
	.fields = fields,
	.verbs = verbs,
	.jobs = jobs,
	.unique = "person purpose subject generation",
	.flags = RANDOM_ID | QUIET,
	.retention = AS_MESSAGE,
	.label = "Invitation",
	.help = "A link that was sent to somebody: what they may do with it, and until when.",
	.order = "sent_at" };
