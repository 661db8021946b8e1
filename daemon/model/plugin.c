/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins: one row for each that root's configuration names, and what is known of it.
 *
 * Rows are made at start by the daemon; Enable and Disable outlive a restart. What a host reports (ready, refused, gone) is written by
 * the daemon's own verb Note. No setting stands here: these are root's.
 */
#include <string.h>

#include "model.h"

static const char *const states[] = { "waiting", "running", "failed", "disabled", "absent", NULL };

static const struct field fields[] = { ID_AND_VERSION(struct plugin, .anchor = NO_ANCHOR),
	{ AS_TEXT(struct plugin, name, STAFF), .flags = REQUIRED | BY_VERB | LISTED | LABEL | SORTED | KEY | ADMIN_READS, .label = "Name" },
	{ AS_TEXT(struct plugin, release, STAFF), .flags = BY_VERB | LISTED | ADMIN_READS | HAS_MAX, .max = 60, .label = "Release" },
	{ AS_WORDS(struct plugin, capabilities, STAFF), .flags = BY_VERB | LISTED | ADMIN_READS | HAS_MAX, .max = 200,
		.label = "Capabilities" },
	{ AS_TEXT(struct plugin, last_error, STAFF), .flags = BY_VERB | LISTED | ADMIN_READS | HAS_MAX | ERASED, .max = 400,
		.label = "Last error" },
	{ AS_INT(struct plugin, failed_at, INSTANT, STAFF), .flags = BY_VERB | ADMIN_READS, .label = "Failed" },
	{ AS_INT(struct plugin, restarts, NUMBER, STAFF), .flags = BY_VERB | LISTED | ADMIN_READS, .starts = true, .label = "Restarts" },
	{ AS_INT(struct plugin, required, YESNO, STAFF), .flags = BY_VERB | ADMIN_READS, .label = "Required" },
	{ AS_INT(struct plugin, tests, NUMBER, STAFF), .flags = BY_VERB | ADMIN_READS, .starts = true, .label = "Tested so often" },
	{ AS_INT(struct plugin, state, CHOICE, STAFF), .flags = REQUIRED | BY_VERB | SORTED | LISTED | ADMIN_READS, .choices = states,
		.starts = true, .label = "State" },
	{ 0 } };
COVERS(fields, struct plugin, 0);

static const unsigned readers[SEALED] = { [PUBLIC] = ANYONE, [MEMBER] = 0, [PAIR] = 0, [STAFF] = COORDINATOR | AUDITOR };

static int enable(struct call *call, const void *was, void *now)
{
	struct plugin *plugin = now;

	(void)call;
	(void)was;
	plugin->restarts = 0;
	plugin->last_error = NULL;
	return 0;
}

/* The test message goes to the address of the administrator who calls, and to nobody else. What else there is to try, and what became of
 * it, is the task's (plugin/trial.c). */
static int test(struct call *call, const void *was, void *now)
{
	struct plugin *plugin = now;
	int64_t person = acting_person(call);
	struct person *self;
	int r = begin_work(call, PLUGIN_TEST, plugin->id);

	(void)was;
	plugin->tests++; /* a change, and so a record: the event that an event sink is told */
	if (r || !plugin->capabilities || !strstr(plugin->capabilities, "notifier"))
		return r;
	if (person == NONE && strstr(plugin->capabilities, "event sink")) /* its events can be tried all the same */
		return 0;
	if (person == NONE)
		return fail(call, E_STATE, NULL,
			"the test goes to your own mail address, and this login belongs to no person: add one with "
			"`mentorctl login create`, or let somebody who has one call Test");
	r = load(call, &person_entity, person, (void **)&self);
	if (r)
		return r;
	if (!self->email)
		return fail(call, E_STATE, NULL, "the test goes to your own mail address, and you have none here");
	return tell(call, "plugin-test", person, NONE, NONE, &plugin_entity, plugin->id, call->now);
}

#define S(x) IN(PLUGIN_##x)
static const struct verb verbs[] = { { "Enable", ADMIN, S(DISABLED) | S(FAILED), S(WAITING), NULL, enable, "Let it run", 0, MANAGE, NULL,
					     0 },
	{ "Disable", ADMIN, S(WAITING) | S(RUNNING) | S(FAILED), S(DISABLED), NULL, NULL, "Stop it", 0, MANAGE, NULL, 0 },
	{ "Test", ADMIN, S(RUNNING), KEEP, NULL, test, "Try it; a message goes to your own address", LONG, MANAGE, NULL, 0 },
	{ "Note", SYSTEM, 0, S(WAITING) | S(RUNNING) | S(FAILED) | S(DISABLED) | S(ABSENT),
		"release capabilities last_error failed_at restarts required state", NULL, "What its host reported", 0, NULL, NULL, 0 },
	{ 0 } };

static const struct waiting waiting[] = { { "plugin that failed", ADMIN, "t.\"state\" = 'failed'", "t.\"failed_at\"", NULL }, { 0 } };

const struct entity plugin_entity = { .name = "plugin",
	.collection = "plugins",
	.size = sizeof(struct plugin),
	.fields = fields,
	.verbs = verbs,
	.readers = readers,
	.unique = "name",
	.retention = WITH_RECORD,
	.label = "Plugin",
	.help = "A program of its own that sends messages, shows pages or hears of events.",
	.order = "name",
	.waiting = waiting };
