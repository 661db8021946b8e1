/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages: the outbox. A row says who is to be told what about which record, and on which occasion; it holds no text and no link.
 * The text is made when it is handed over, as its recipient may read it then. One row for each recipient, template and
 * occasion for ever: that is what makes one reminder per occasion.
 *
 * queued -> sending (a plugin has it) -> sent, failed, or queued again for a later attempt. What can wait goes to its person in one mail a
 * day: `lead` is the message by whose number a mail is known to the plugin and to the mailbox, also when that one itself fell out of it.
 * One that was sent may still come back: then it failed after all.
 */
#include "model.h"
#include "texts.h"

static const char *const states[] = { "queued", "held", "sending", "sent", "failed", "suppressed", "withdrawn", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct message, .anchor = NO_ANCHOR),
	{ AS_INT(struct message, program, LINK, MEMBER), .flags = BY_VERB, .to = "program", .anchor = AT_PROGRAM, .label = "Program" },
	{ AS_INT(struct message, match, LINK, MEMBER), .flags = BY_VERB, .to = "match", .anchor = AT_MATCH, .label = "Match" },
	{ AS_INT(struct message, person, LINK, MEMBER), .flags = REQUIRED | BY_VERB | LISTED | OWN, .to = "person", .anchor = AT_PERSON,
		.label = "Recipient" },
	{ AS_TEXT(struct message, template_name, STAFF), .flags = REQUIRED | BY_VERB | LISTED | OWN, .label = "Template" },
	{ AS_TEXT(struct message, about, STAFF), .flags = BY_VERB, .label = "About a" },
	{ AS_TEXT(struct message, occasion, STAFF), .flags = REQUIRED | BY_VERB | LISTED, .label = "Occasion" },
	{ AS_INT(struct message, about_id, NUMBER, STAFF), .flags = BY_VERB, .label = "About number" },
	{ AS_INT(struct message, queued_at, INSTANT, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .label = "Queued" },
	{ AS_INT(struct message, not_before, INSTANT, STAFF), .flags = BY_VERB, .label = "Not before" },
	{ AS_INT(struct message, expires_at, INSTANT, STAFF), .flags = BY_VERB, .label = "Worthless after" },
	{ AS_INT(struct message, sent_at, INSTANT, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Sent" },
	{ AS_INT(struct message, attempts, NUMBER, STAFF), .flags = BY_VERB, .starts = true, .label = "Attempts" },
	{ AS_TEXT(struct message, outcome, STAFF), .flags = BY_VERB | HAS_MAX | LISTED, .max = 200, .label = "What became of it" },
	{ AS_INT(struct message, lead, NUMBER, STAFF), .flags = BY_VERB, .label = "In the mail of message" },
	{ AS_INT(struct message, handed_to, NUMBER, STAFF), .flags = BY_VERB, .label = "Handed to plugin number" },
	{ AS_INT(struct message, caused_by, NUMBER, STAFF), .flags = BY_VERB | HIDDEN, .label = "Caused by" },
	{ AS_INT(struct message, released, YESNO, STAFF), .flags = BY_VERB | HIDDEN, .label = "Released" },
	{ AS_INT(struct message, confided, YESNO, STAFF), .flags = BY_VERB | HIDDEN | CONFIDES, .label = "In confidence" },
	{ AS_INT(struct message, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct message, 0);

static int hold_back(struct call *call, const void *was, void *now)
{
	const struct message_kind *kind = message_kind_named(((const struct message *)was)->template_name);

	(void)now;
	return kind && kind->flags & MESSAGE_SAFETY ? fail(call, E_DENIED, NULL, "what is about somebody's safety is held back by nobody")
						    : 0;
}

static int release(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	((struct message *)now)->released = 1;
	((struct message *)now)->lead = NONE; /* the mail that it was a part of went without it */
	return 0;
}

static int retry(struct call *call, const void *was, void *now)
{
	struct message *message = now;

	(void)was;
	message->attempts = 0;
	message->lead = NONE;
	message->not_before = call->now;
	message->expires_at = call->now + 3 * 86400;
	return 0;
}

#define S(x) IN(MESSAGE_##x)
static const struct verb verbs[] = { { "Hold", COORDINATOR, S(QUEUED), S(HELD), NULL, hold_back, "Keep it from leaving", 0, NULL, NULL, 0 },
	{ "Release", COORDINATOR, S(HELD), S(QUEUED), NULL, release, "Let it leave", 0, NULL, NULL, 0 },
	{ "Withdraw", COORDINATOR, S(QUEUED) | S(HELD), S(WITHDRAWN), NULL, hold_back, "It never leaves", 0, NULL, NULL, 0 },
	{ "Retry", COORDINATOR, S(FAILED), S(QUEUED), NULL, retry, "Try again", 0, NULL, NULL, 0 },
	{ "Suppress", SYSTEM, S(QUEUED) | S(HELD), S(SUPPRESSED), "outcome", NULL, "Nobody is to get it", 0, NULL, NULL, 0 },
	{ "HandOver", SYSTEM, S(QUEUED), S(SENDING), "lead attempts handed_to", NULL, "Is being sent", 0, NULL, NULL, 0 },
	{ "Report", SYSTEM, S(SENDING), S(SENT) | S(FAILED) | S(QUEUED), "sent_at attempts not_before outcome lead state", NULL,
		"What became of it", 0, NULL, NULL, 0 },
	{ "ComeBack", SYSTEM, S(SENT), S(FAILED), "outcome", NULL, "It came back", 0, NULL, NULL, 0 },
	{ "Wait", SYSTEM, S(QUEUED), KEEP, "not_before", NULL, "Waits for its time", 0, NULL, NULL, 0 }, { 0 } };

/* One line for all that a program holds: the oldest. */
static const struct waiting waiting[] = {
	{ "messages to release", COORDINATOR,
		"t.\"state\" = 'held' AND t.\"id\" IN (SELECT me.\"id\" FROM (SELECT \"id\", min(\"queued_at\") FROM "
		"\"message\" WHERE \"state\" = 'held' AND \"confided\" IS NOT 1 GROUP BY \"program\") me)",
		"t.\"queued_at\"", NULL },
	{ 0 }
};

const struct entity message_entity = { .name = "message",
	.collection = "messages",
	.size = sizeof(struct message),
	.fields = fields,
	.verbs = verbs,
	.unique = "person template_name occasion; state not_before id",
	.flags = RANDOM_ID | QUIET,
	.retention = AS_MESSAGE,
	.label = "Message",
	.help = "Somebody is to be told something; no text is kept.",
	.order = "queued_at",
	.waiting = waiting };
