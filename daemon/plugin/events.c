/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What event sinks hear: kind, object and version of what was committed, in the order of the audit records, and no values.
 *
 * The database notes for each sink up to which record it is done; after a restart the next one comes. A sink is a program of root's, so it
 * hears of all; what its settings leave out it drops itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

enum {
	EVENTS_A_TURN = 32,
	EVENTS_AHEAD = 64
};

static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "plugin" };

static void note_key(const struct link *link, char key[64])
{
	snprintf(key, 64, "events %s", link->name);
}

int events_done(struct link_call *c)
{
	struct link *link = c->link;
	char key[64], before[32], value[32];
	dbus_int64_t sequence;

	dbus_message_get_args(c->message, NULL, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_INVALID);
	if (sequence > link->event_told || sequence < link->event_sequence) {
		c->ends = true;
		return problem_set(&c->problem, E_DENIED, NULL, "it was not told of that event");
	}
	link->event_sequence = sequence;
	note_key(link, key);
	snprintf(value, sizeof value, "%" PRId64, (int64_t)sequence);
	return store_note(link->plugins->setup.store, key, before, sizeof before, value, &c->problem);
}

int events_tested(struct link_call *c)
{
	static const char *const words[] = { "sent", "later", "refused", "unknown", "broken" };
	struct link *link = c->link;
	dbus_int64_t sequence;
	dbus_uint32_t outcome;
	const char *detail;
	char text[250];

	dbus_message_get_args(
		c->message, NULL, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_UINT32, &outcome, DBUS_TYPE_STRING, &detail, DBUS_TYPE_INVALID);
	if (!sequence || sequence != link->test_told || outcome > MENTORSHIP_BROKEN) {
		c->ends = true;
		return problem_set(&c->problem, E_DENIED, NULL, "it was told of no such test");
	}
	link->test_told = 0;
	snprintf(text, sizeof text, "%s%s%.200s", words[outcome], *detail ? ": " : "", detail);
	trial_event(link, outcome == MENTORSHIP_SENT, text);
	return 0;
}

struct hearing_of {
	struct link *link;
	DBusMessage *events[EVENTS_A_TURN];
	int count;
};

/* Is it the record of the call that tests this very plugin? */
static bool tests(const struct link *link, const char *entity, const char *verb, int64_t object)
{
	return object == link->row && !strcmp(entity, plugin_entity.name) && !strcmp(verb, "Test");
}

static DBusMessage *event_new_message(
	int64_t id, const char *entity, const char *verb, int64_t object, int64_t version, int64_t time, dbus_bool_t test)
{
	const struct shape *shape = shape_named(entity);
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Event");
	char kind[160], path[160];
	const char *kind_text = kind, *path_text = path;
	dbus_int64_t sequence = id, version_number = version, at = time;
	int n = snprintf(kind, sizeof kind, "%s.", entity);

	/* OfferMail -> offer_mail */
	for (const char *c = verb; *c && n < (int)sizeof kind - 3; c++) {
		if (*c >= 'A' && *c <= 'Z' && c > verb)
			kind[n++] = '_';
		kind[n++] = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
	}
	kind[n] = '\0';
	snprintf(path, sizeof path, "/org/mentorship1/%s/%" PRId64, shape ? shape->entity->collection : entity, object);
	link_must(message != NULL);
	dbus_message_set_no_reply(message, TRUE);
	link_must(dbus_message_append_args(message, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_STRING, &kind_text, DBUS_TYPE_STRING, &path_text,
		DBUS_TYPE_INT64, &version_number, DBUS_TYPE_INT64, &at, DBUS_TYPE_BOOLEAN, &test, DBUS_TYPE_INVALID));
	return message;
}

/* As it is now; 0 where there is none any more. */
static int64_t version_of(struct call *call, const char *entity, int64_t id)
{
	struct engine *engine = store_engine(call->store);
	int64_t version = 0;
	struct stmt *q;

	if (!shape_named(entity) ||
		engine_prepare(engine, arena_print(call->arena, "SELECT \"version\" FROM \"%s\" WHERE \"id\" = ?1", entity), false, &q,
			&call->problem))
		return 0;
	engine_bind_int(q, 1, id);
	if (engine_step(engine, q, &call->problem) > 0)
		version = engine_int(q, 0);
	engine_reset(q);
	return version;
}

static int hear(struct call *call, void *data)
{
	struct hearing_of *hearing = data;
	struct engine *engine = store_engine(call->store);
	struct stmt *q;
	int r = engine_prepare(engine,
		"SELECT \"id\", \"entity\", \"verb\", \"record\", \"time\" FROM \"audit_record\" WHERE \"id\" > ?1 ORDER BY \"id\" LIMIT ?2",
		true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, hearing->link->event_told);
	engine_bind_int(q, 2, EVENTS_A_TURN);
	while ((r = engine_step(engine, q, &call->problem)) > 0) {
		bool test = tests(hearing->link, engine_text(q, 1), engine_text(q, 2), engine_int(q, 3));

		hearing->events[hearing->count++] = event_new_message(engine_int(q, 0), engine_text(q, 1), engine_text(q, 2),
			engine_int(q, 3), version_of(call, engine_text(q, 1), engine_int(q, 3)), engine_int(q, 4), test);
		if (test)
			hearing->link->test_told = engine_int(q, 0);
		hearing->link->event_told = engine_int(q, 0);
	}
	return r;
}

/* A sink that was never told anything begins with now: yesterday's news is none. */
static int begin(struct call *call, void *data)
{
	struct link *link = data;
	char key[64], before[32], value[32], hex[65];
	int64_t head;
	int r;

	note_key(link, key);
	r = store_note(call->store, key, before, sizeof before, NULL, &call->problem);
	if (r)
		return r;
	if (*before) {
		link->event_sequence = link->event_told = strtoll(before, NULL, 10);
		return 0;
	}
	store_audit_head(call->store, &head, hex);
	link->event_sequence = link->event_told = head;
	snprintf(value, sizeof value, "%" PRId64, head);
	return store_note(call->store, key, before, sizeof before, value, &call->problem);
}

void events_look(struct link *link)
{
	struct plugins_setup *setup = &link->plugins->setup;
	struct hearing_of hearing = { .link = link };
	struct problem problem = { 0 };
	char hex[65];
	int64_t head;
	int r;

	if (link->stage != LINK_READY || store_held(setup->store))
		return;
	store_audit_head(setup->store, &head, hex);
	if (link->events_begun && (head <= link->event_told || link->event_told - link->event_sequence > EVENTS_AHEAD))
		return;
	if (store_turn_begin(setup->store, &problem))
		return;
	r = link->events_begun ? 0 : store_do(setup->store, &self, begin, link, &problem);
	link->events_begun |= !r;
	if (!r)
		r = store_do(setup->store, &self, hear, &hearing, &problem);
	if (store_turn_commit(setup->store, &problem) && store_sync_failed(setup->store))
		setup->failed(setup->data, &problem);
	for (int i = 0; i < hearing.count; i++)
		link_tell(link, hearing.events[i]);
	if (hearing.count == EVENTS_A_TURN)
		plugins_look_in(link->plugins, 1000);
}
