/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logins: which account of this machine is which person.
 *
 * Written by an admin, never by coordinators or a directory. The uid is pinned at the first use; from then on a call is the
 * person's only while name and uid both match, so that an account made anew under an old name is nobody.
 */
#include "model.h"

static const char *const states[] = { "active", "ended", NULL };
static const char *const sources[] = { "admin", "import", NULL };
enum {
	ACTIVE,
	ENDED
};

struct login {
	int64_t id, version, person;
	char *user_name;
	int64_t uid, since, until, source, state;
};

static const struct field fields[] = { ID_AND_VERSION(struct login, .anchor = NO_ANCHOR),
	{ AS_INT(struct login, person, LINK, MEMBER), .flags = REQUIRED | FROZEN | LISTED | ADMIN_READS | OWN | LEADS, .to = "person",
		.anchor = AT_PERSON, .label = "Person" },
	{ AS_TEXT(struct login, user_name, STAFF),
		.flags = REQUIRED | FROZEN | HAS_MAX | HAS_MIN | SORTED | LABEL | LISTED | ADMIN_READS | OWN | ERASED, .min = 1, .max = 64,
		.retention = WITH_PERSON, .label = "User name" },
	{ AS_INT(struct login, uid, NUMBER, STAFF), .flags = BY_VERB | HAS_MIN | HAS_MAX | LISTED | ADMIN_READS | OWN | ERASED,
		.max = UINT32_MAX, .retention = WITH_PERSON, .label = "Pinned uid" },
	{ AS_INT(struct login, since, INSTANT, STAFF), .flags = ADMIN_READS | OWN, .label = "Since" },
	{ AS_INT(struct login, until, INSTANT, STAFF), .flags = ADMIN_READS | OWN, .label = "Until" },
	{ AS_INT(struct login, source, CHOICE, STAFF), .flags = BY_VERB | ADMIN_READS, .choices = sources, .starts = true,
		.label = "Source" },
	{ AS_INT(struct login, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | ADMIN_READS | OWN, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct login, 0);

/* Coordinators neither write nor read logins. */
static const unsigned readers[SEALED] = { [PUBLIC] = ANYONE, [MEMBER] = PROTECTION, [PAIR] = 0, [STAFF] = PROTECTION };

static int check(struct call *call, const void *record)
{
	const struct login *login = record;

	if (login->since != NONE && login->until != NONE && login->until <= login->since)
		return fail(call, E_INVALID, "until", "must lie after since");
	return 0;
}

/* One active login for a user name. */
static int changed(struct call *call, const void *was, const void *now)
{
	const struct login *login = now;
	int64_t other;
	int r;

	if (was || !login)
		return 0;
	r = ask(call,
		"SELECT o.\"id\" FROM \"login\" o JOIN \"login\" l ON l.\"user_name\" = o.\"user_name\" WHERE l.\"id\" = ?1 AND o.\"id\" <> ?1 "
		"AND o.\"state\" = 'active'",
		VALUES(login->id), &other);
	return r || other == NONE ? r
				  : fail(call, E_CONFLICT, "user_name",
					    "this user name is bound already (login %lld); end that login first", (long long)other);
}

static int login_unpin(struct call *call, const void *was, void *now)
{
	(void)call;
	(void)was;
	((struct login *)now)->uid = NONE;
	return 0;
}

static const struct verb verbs[] = { { "Create", ADMIN, 0, KEEP, "*", NULL, "Bind a user name to a person", ON_COLLECTION, MANAGE, NULL,
					     0 },
	{ "Pin", SYSTEM, IN(ACTIVE), KEEP, "uid", NULL, "First use", 0, NULL, NULL, 0 },
	{ "Unpin", ADMIN, IN(ACTIVE), KEEP, NULL, login_unpin, "Forget the pinned uid", NEEDS_REASON, MANAGE, NULL, 0 },
	{ "End", ADMIN, IN(ACTIVE), IN(ENDED), NULL, NULL, "End", 0, MANAGE, NULL, 0 }, { 0 } };

const struct entity login_entity = { .name = "login",
	.collection = "logins",
	.size = sizeof(struct login),
	.fields = fields,
	.verbs = verbs,
	.check = check,
	.changed = changed,
	.readers = readers,
	.retention = WITH_PERSON,
	.label = "Login",
	.help = "Which account of this machine is which person.",
	.order = "user_name",
	.grants = "SELECT 'person', NULL, '', \"until\" FROM \"login\" WHERE \"person\" = ?1 AND \"until\" > ?2" };
