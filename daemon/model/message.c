/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages: the outbox. A row says who is to be told what about which record, and on which occasion; it holds no text and no link.
 * The text is made when it is handed over, as its recipient may read it then. One row for each recipient, template and
 * occasion for ever: that is what makes one reminder per occasion.
 */
#include "model.h"

static const char *const states[] = { "queued", "held", "sending", "sent", "failed", "suppressed", "withdrawn", NULL };
enum {
	QUEUED,
	HELD,
	SENDING,
	SENT,
	FAILED,
	SUPPRESSED,
	WITHDRAWN
};

struct message {
	int64_t id, version, program, match, person;
	char *template_name, *about, *occasion;
	int64_t about_id, queued_at, sent_at, attempts, state;
};

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
	{ AS_INT(struct message, sent_at, INSTANT, STAFF), .flags = BY_VERB | LISTED | OWN, .label = "Sent" },
	{ AS_INT(struct message, attempts, NUMBER, STAFF), .flags = BY_VERB, .starts = true, .label = "Attempts" },
	{ AS_INT(struct message, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct message, 0);

static const struct verb verbs[] = { { "Hold", COORDINATOR, IN(QUEUED), IN(HELD), NULL, NULL, "Hold", 0, NULL, NULL, 0 },
	{ "Release", COORDINATOR, IN(HELD), IN(QUEUED), NULL, NULL, "Release", 0, NULL, NULL, 0 },
	{ "Withdraw", COORDINATOR, IN(QUEUED) | IN(HELD), IN(WITHDRAWN), NULL, NULL, "Withdraw", 0, NULL, NULL, 0 },
	{ "Suppress", SYSTEM, IN(QUEUED) | IN(HELD), IN(SUPPRESSED), NULL, NULL, "Nobody is to get it", 0, NULL, NULL, 0 },
	{ "HandOver", SYSTEM, IN(QUEUED), IN(SENDING), NULL, NULL, "Is being sent", 0, NULL, NULL, 0 },
	{ "Report", SYSTEM, IN(SENDING), IN(SENT) | IN(FAILED) | IN(QUEUED), "state sent_at attempts", NULL, "What became of it", 0, NULL,
		NULL, 0 },
	{ 0 } };

const struct entity message_entity = { .name = "message",
	.collection = "messages",
	.size = sizeof(struct message),
	.fields = fields,
	.verbs = verbs,
	.unique = "person template_name occasion",
	.flags = RANDOM_ID | QUIET,
	.retention = AS_MESSAGE,
	.label = "Message",
	.help = "Somebody is to be told something; no text is kept.",
	.order = "queued_at" };
