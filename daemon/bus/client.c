/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who calls: clients by unique name, users by uid, and the one place where a bus caller is made.
 *
 * The bus is asked once for each connection who is behind it (GetConnectionCredentials), the answer is kept until the bus says that
 * the name is gone; a narrow match for that name alone is set first, so that no departure is missed. The user name of a uid that
 * may be bound to a person comes from a helper process (resolve.c) and is kept for some minutes. Nothing in a message counts.
 *
 * At most CLIENTS_KEPT quiet clients are remembered (the bus limits matches); the longest unused is forgotten and asked anew.
 */
#include "values.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

enum {
	CREDENTIALS_TIMEOUT = 5000,
	CALLER_KEPT = 60 * 1000000
};

static uint32_t name_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 ^ (unsigned char)*name;
	return hash;
}

/* ---- users ---- */

static struct user *user_of(struct bus *bus, uint32_t uid)
{
	struct user *user = bus->users;

	while (user && user->uid != uid)
		user = user->next;
	if (!user) {
		user = calloc(1, sizeof *user);
		must(user != NULL);
		user->uid = uid;
		user->next = bus->users;
		bus->users = user;
	}
	user->clients++;
	return user;
}

static void user_free(struct user *user)
{
	if (user->lookup)
		lookup_stop(user->lookup);
	free(user->name);
	free(user);
}

/* A failed look-up counts for a moment, too: long enough to refuse those who waited for it. */
static bool user_is_fresh(const struct bus *bus, const struct user *user)
{
	int64_t keep = bus->settings->identity.lookup_keep;

	if (user->naming != NAMED)
		keep = user->naming == NAMELESS ? 1 : 0;
	else if (keep < 1)
		keep = 1;
	return keep && user->named_at + keep * 1000000 >= monotonic_usec();
}

static void user_release(struct bus *bus, struct user *user)
{
	struct user **at = &bus->users;

	/* many short calls of one user look the name up once: users_trim forgets it later */
	if (--user->clients || user_is_fresh(bus, user))
		return;
	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	user_free(user);
}

/* Users whose clients have all gone stay until their name is stale. */
static void users_trim(struct bus *bus)
{
	for (struct user **at = &bus->users; *at;) {
		struct user *user = *at;

		if (user->clients || user->in_flight || user_is_fresh(bus, user)) {
			at = &user->next;
			continue;
		}
		*at = user->next;
		user_free(user);
	}
}

void users_free(struct bus *bus)
{
	while (bus->users) {
		struct user *next = bus->users->next;

		user_free(bus->users);
		bus->users = next;
	}
}

/* Only uids of the configured range are ever bound to a person; of the others no name is asked. */
static bool user_binds(const struct bus *bus, const struct user *user)
{
	return user->uid >= bus->settings->identity.uid_min && user->uid <= bus->settings->identity.uid_max;
}

bool user_is_named(struct bus *bus, struct user *user)
{
	if (!user_binds(bus, user))
		return true;
	if (user->naming == NAMING)
		return false;
	if (user_is_fresh(bus, user))
		return true;
	user->naming = NAMING;
	user->lookup = lookup_start(bus, user);
	if (!user->lookup)
		user_named(bus, user, false, NULL);
	return user->naming != NAMING;
}

static void wake_all(struct bus *bus, const struct user *user)
{
	for (struct client *client = bus->newest; client; client = client->older)
		if (client->user == user)
			client_wake(client);
}

/* The helper's answer; `answered` false: it failed or was too slow, and what waits for it is refused. */
void user_named(struct bus *bus, struct user *user, bool answered, const char *name)
{
	bool same = answered && user->name && name && !strcmp(user->name, name);

	user->lookup = NULL;
	user->naming = answered ? NAMED : NAMELESS;
	user->named_at = monotonic_usec();
	if (!same) {
		free(user->name);
		user->name = answered && name ? strdup(name) : NULL;
		user->caller_of = 0;
	}
	wake_all(bus, user);
	if (bus->change_first < bus->change_count || bus->sights_stale)
		event_add(bus->publishing, &(struct timeval){ 0, 0 });
	if (!answered)
		log_event(EVENT_LOOKUP_SLOW, &(struct log_facts){ .uid = user->uid, .has = LOG_HAS_UID });
}

bool user_allows(struct user *user, struct bus *bus, struct problem *problem)
{
	double rate = (double)bus->settings->limits.calls_per_second;
	int64_t now = monotonic_usec();

	if (!user->tokens_at)
		user->tokens = rate;
	user->tokens += (double)(now - user->tokens_at) * rate / 1e6;
	user->tokens_at = now;
	if (user->tokens > rate)
		user->tokens = rate;
	if (user->tokens < 1) {
		problem_set(problem, E_LIMIT, NULL, "more than %.0f calls in a second; wait a moment", rate);
		return false;
	}
	user->tokens -= 1;
	return true;
}

void user_pays(struct user *user, struct bus *bus, int64_t usec)
{
	user->tokens -= (double)usec * 10 * (double)bus->settings->limits.calls_per_second / 1e6;
}

int caller_make(struct bus *bus, struct user *user, struct caller *ret, struct problem *problem)
{
	int64_t now = monotonic_usec();
	int result;

	if (user_binds(bus, user) && user->naming != NAMED)
		return problem_set(problem, E_UNAVAILABLE, NULL, "your user name could not be looked up in time; try again");
	if (user->caller_of != bus->grants || user->caller_until < now ||
		(user->caller.until != NONE && user->caller.until <= store_now(bus->store))) {
		memset(&user->caller, 0, sizeof user->caller);
		user->caller.until = NONE;
		result = store_caller(bus->store, user->uid, user_binds(bus, user) ? user->name : NULL, &user->caller, problem);
		if (result)
			return result;
		user->caller.way = BY_BUS;
		user->caller.uid = user->uid;
		user->caller.admin = user->uid == 0;
		user->caller_of = bus->grants;
		user->caller_until = now + CALLER_KEPT;
	}
	*ret = user->caller;
	return 0;
}

/* ---- clients ---- */

struct client *client_find(struct bus *bus, const char *name)
{
	uint32_t hash = name_hash(name);
	struct client *client = bus->clients[hash % CLIENT_SLOTS];

	while (client && (client->hash != hash || strcmp(client->name, name)))
		client = client->hash_next;
	return client;
}

static void unlink_age(struct bus *bus, struct client *client)
{
	*(client->newer ? &client->newer->older : &bus->newest) = client->older;
	*(client->older ? &client->older->newer : &bus->oldest) = client->newer;
}

static void link_newest(struct bus *bus, struct client *client)
{
	client->newer = NULL;
	client->older = bus->newest;
	*(bus->newest ? &bus->newest->newer : &bus->oldest) = client;
	bus->newest = client;
}

static void match_tell(struct bus *bus, const char *member, const char *name)
{
	DBusMessage *message = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, member);
	char rule[400];
	const char *text = rule;

	must(message != NULL);
	snprintf(rule, sizeof rule,
		"type='signal',sender='" DBUS_SERVICE_DBUS "',interface='" DBUS_INTERFACE_DBUS "',"
		"member='NameOwnerChanged',arg0='%s'",
		name);
	must(dbus_message_append_args(message, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID));
	dbus_message_set_no_reply(message, TRUE);
	link_send(bus, message);
}

static bool reply_uid(DBusMessage *reply, uint32_t *ret)
{
	DBusMessageIter at, list, entry, variant;
	bool found = false;

	if (!dbus_message_has_signature(reply, "a{sv}") || !dbus_message_iter_init(reply, &at))
		return false;
	for (dbus_message_iter_recurse(&at, &list); dbus_message_iter_get_arg_type(&list) == DBUS_TYPE_DICT_ENTRY;
		dbus_message_iter_next(&list)) {
		const char *key;

		dbus_message_iter_recurse(&list, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &variant);
		if (strcmp(key, "UnixUserID") || dbus_message_iter_get_arg_type(&variant) != DBUS_TYPE_UINT32)
			continue;
		dbus_message_iter_get_basic(&variant, ret);
		found = true;
	}
	return found;
}

static void client_refuse(struct client *client)
{
	const struct problem problem = { E_UNAVAILABLE, "", "the bus did not say who you are; try again" };

	for (const struct request *request = client->first; request; request = request->next)
		request_refuse(request, &problem);
}

static void on_credentials(DBusPendingCall *pending, void *data)
{
	struct client *client = data;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);
	uint32_t uid;

	dbus_pending_call_unref(pending);
	client->asking = NULL;
	if (reply_uid(reply, &uid)) {
		client->user = user_of(client->bus, uid);
		client_wake(client);
	} else { /* mostly it is gone already, and the refusals reach nobody */
		client_refuse(client);
		client_drop(client);
	}
	dbus_message_unref(reply);
}

static bool credentials_ask(struct client *client)
{
	DBusMessage *message = dbus_message_new_method_call(
		DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "GetConnectionCredentials");

	must(message && dbus_message_append_args(message, DBUS_TYPE_STRING, &client->name, DBUS_TYPE_INVALID));
	client->asking = link_ask(client->bus, message, CREDENTIALS_TIMEOUT, on_credentials, client);
	return client->asking != NULL;
}

static void forget_oldest(struct bus *bus)
{
	for (struct client *client = bus->oldest; client; client = client->newer)
		if (!client->first && !client->subscriptions && !client->asking) {
			client_drop(client);
			return;
		}
}

static struct client *client_new(struct bus *bus, const char *name)
{
	struct client *client;

	users_trim(bus);
	if (bus->client_count >= CLIENTS_KEPT)
		forget_oldest(bus);
	client = calloc(1, sizeof *client);
	must(client != NULL);
	client->bus = bus;
	client->name = strdup(name);
	must(client->name != NULL);
	client->hash = name_hash(name);
	client->hash_next = bus->clients[client->hash % CLIENT_SLOTS];
	bus->clients[client->hash % CLIENT_SLOTS] = client;
	bus->client_count++;
	link_newest(bus, client);
	match_tell(bus, "AddMatch", name);
	if (!credentials_ask(client)) {
		client_drop(client);
		return NULL;
	}
	return client;
}

struct client *client_of(struct bus *bus, const char *name)
{
	struct client *client = client_find(bus, name);

	if (!client)
		return client_new(bus, name);
	if (client != bus->newest) {
		unlink_age(bus, client);
		link_newest(bus, client);
	}
	return client;
}

bool client_is_ready(struct client *client)
{
	return client->user && user_is_named(client->bus, client->user);
}

static void unready(struct bus *bus, struct client *client)
{
	struct client **at = &bus->ready;

	while (*at && *at != client)
		at = &(*at)->next_ready;
	if (!*at)
		return;
	*at = client->next_ready;
	if (bus->ready_tail == &client->next_ready)
		bus->ready_tail = at;
}

void client_drop(struct client *client)
{
	struct bus *bus = client->bus;
	struct client **at = &bus->clients[client->hash % CLIENT_SLOTS];

	while (*at != client)
		at = &(*at)->hash_next;
	*at = client->hash_next;
	unlink_age(bus, client);
	bus->client_count--;
	if (client->ready)
		unready(bus, client);
	if (client->asking) {
		dbus_pending_call_cancel(client->asking);
		dbus_pending_call_unref(client->asking);
	}
	subscriptions_drop(client);
	while (client->first) {
		struct request *request = client->first;

		client->first = request->next;
		request_drop(request);
	}
	if (client->user)
		user_release(bus, client->user);
	if (bus->connection && !bus->lost)
		match_tell(bus, "RemoveMatch", client->name);
	free(client->name);
	free(client);
}

void clients_drop(struct bus *bus)
{
	while (bus->oldest)
		client_drop(bus->oldest);
}
