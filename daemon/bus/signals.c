/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Subscriptions: who is told what changed.
 *
 * Nothing is broadcast. A subscription watches object paths, or a collection with a filter, and remembers which of the rows its
 * client was shown; for each change it is decided anew whether the client sees the row (and the filter still holds), and the pair
 * (shown before, seen now) gives Added, Changed, Removed or silence. So nobody hears of a row that was hidden from them, and who
 * loses sight of one is told. Signals carry path, version and sequence, no values.
 *
 * Sight is lost without a change of the row, too: a duty ends by a verb or by its date. When a granting row changed, or the earliest
 * limit of a subscriber's sight has come (a timer on the wall's clock stands there, if anybody subscribed), the sights of subscribers
 * are compared with what they were; of those that differ every row shown is looked at again. Who gains sight hears of a row when it
 * changes next.
 *
 * Changes wait in a queue and are worked off between turns, a few milliseconds at a time, and rows looked at again behind them.
 */
#include "ids.h"
#include "values.h"

#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	PATHS_MOST = 256,
	SHOWN_MOST = 100000,
	PAGE = 1000,
	SLICE_USEC = 5000
};

struct watch {
	struct watch *next; /* of the same type */
	struct subscription *subscription;
	int type;   /* index */
	int64_t id; /* of a path; 0: the collection */
	bool shown;
};

struct subscription {
	struct subscription *next; /* of the client */
	struct client *client;
	uint32_t id;
	DBusMessage *message; /* the filter's texts stand in it */
	struct arena arena;
	const struct type *type; /* collection */
	struct filter *filters;  /* one more than filter_count, for the id */
	size_t filter_count;
	struct ids shown;
	struct watch **watches;
	size_t watch_count;
	const char *cursor;
	uint64_t sight; /* stamp of what the client saw last; 0: not compared yet */
	bool again;     /* what was shown is being looked at again, */
	size_t at, of;  /* from this place, of so many */
};

/* ---- ends ---- */

static void watch_unlink(struct bus *bus, struct watch *watch)
{
	struct watch **at = &bus->watches[watch->type];

	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
}

static void subscription_end(struct subscription *subscription)
{
	struct client *client = subscription->client;
	struct subscription **at = &client->subscriptions;

	while (*at != subscription)
		at = &(*at)->next;
	*at = subscription->next;
	for (size_t i = 0; i < subscription->watch_count; i++)
		watch_unlink(client->bus, subscription->watches[i]);
	client->user->subscriptions--;
	client->bus->subscribed--;
	free(subscription->shown.slots);
	arena_free(&subscription->arena);
	dbus_message_unref(subscription->message);
	free(subscription);
}

void subscriptions_drop(struct client *client)
{
	while (client->subscriptions)
		subscription_end(client->subscriptions);
}

int unsubscribe(struct request *request)
{
	struct subscription *subscription = request->client->subscriptions;
	dbus_uint32_t id;

	must(dbus_message_get_args(request->message, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID));
	while (subscription && subscription->id != id)
		subscription = subscription->next;
	if (!subscription)
		return problem_set(&request->call.problem, E_NOTFOUND, "id", "you have no such subscription");
	subscription_end(subscription);
	reply_new(request);
	return 0;
}

/* ---- begins ---- */

static struct subscription *subscription_new(struct request *request)
{
	struct subscription *subscription = calloc(1, sizeof *subscription);
	struct problem problem = { 0 };
	int64_t until;

	must(subscription != NULL);
	subscription->client = request->client;
	subscription->id = ++request->bus->subscription_ids;
	subscription->message = dbus_message_ref(request->message);
	subscription->next = request->client->subscriptions;
	request->client->subscriptions = subscription;
	request->client->user->subscriptions++;
	request->bus->subscribed++;
	/* as of now: it may end in this very turn */
	if (store_sight(request->bus->store, &request->caller, &subscription->sight, &until, &problem))
		subscription->sight = 0;
	sights_look(request->bus);
	return subscription;
}

static void watch_add(struct subscription *subscription, int type, int64_t id)
{
	struct bus *bus = subscription->client->bus;
	struct watch *watch = arena_new(&subscription->arena, sizeof *watch);

	*watch = (struct watch){ bus->watches[type], subscription, type, id, id != 0 };
	bus->watches[type] = watch;
	subscription->watches[subscription->watch_count++] = watch;
}

static int answer_id(struct request *request, uint32_t id)
{
	must(dbus_message_append_args(reply_new(request), DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID));
	return 0;
}

static int subscribe_paths(struct request *request, DBusMessageIter *value)
{
	struct bus *bus = request->bus;
	struct subscription *subscription;
	const char *const *paths;
	size_t count = read_strings(value, request->call.arena, &paths);
	int result = 0;

	if (!count || count > PATHS_MOST)
		return problem_set(
			&request->call.problem, count ? E_LIMIT : E_INVALID, "paths", "must be 1 to %d object paths", PATHS_MOST);
	subscription = subscription_new(request);
	subscription->watches = arena_new(&subscription->arena, count * sizeof(void *));
	for (size_t i = 0; i < count && !result; i++) {
		struct route route = route_path(bus->names, paths[i]);

		if (route.place == OBJECT)
			result = store_sees(bus->store, &request->call, route.type->entity, route.id);
		else
			result = problem_set(&request->call.problem, E_NOTFOUND, "paths", "there is no such object");
		if (!result)
			watch_add(subscription, route.type->index, route.id);
	}
	if (result) {
		subscription_end(subscription);
		return result;
	}
	return answer_id(request, subscription->id);
}

struct gathering {
	struct reader reader;
	struct ids *ids;
};

static int put_id(struct reader *reader, struct stmt *stmt, const struct shape *shape, const int *fields, const bool *shown, int count)
{
	struct gathering *gathering = (struct gathering *)reader;

	(void)shape;
	(void)fields;
	(void)shown;
	(void)count;
	ids_add(gathering->ids, engine_int(stmt, 0));
	return 0;
}

/* In a store turn: ids of a page of what the filters select for this caller. */
static int gather(struct bus *bus, struct call *call, struct subscription *subscription, size_t filters, uint32_t limit, const char *cursor,
	struct ids *ids, const char **ret_next)
{
	static const char *const fields[] = { "id" };
	struct gathering gathering = { { put_id }, ids };
	struct list_query query = { subscription->filters, filters, fields, 1, NULL, cursor, limit };

	call->entity = subscription->type->entity;
	return store_list(bus->store, call, subscription->type->entity, &query, &gathering.reader, ret_next);
}

static struct subscription *subscription_find(struct client *client, uint32_t id)
{
	struct subscription *subscription = client->subscriptions;

	while (subscription && subscription->id != id)
		subscription = subscription->next;
	return subscription;
}

static int gather_step(struct request *request)
{
	struct bus *bus = request->bus;
	struct subscription *subscription = subscription_find(request->client, *(uint32_t *)request->state);
	struct problem lost = { 0 };
	const char *next = "";
	int result, ended;

	if (!subscription)
		return problem_set(&request->call.problem, E_CANCELLED, NULL, "the subscription was ended");
	result = store_turn_begin(bus->store, &request->call.problem);
	if (!result)
		result = gather(bus, &request->call, subscription, subscription->filter_count, PAGE, subscription->cursor,
			&subscription->shown, &next);
	subscription->cursor = arena_copy(&subscription->arena, next);
	ended = store_turn_commit(bus->store, &lost);
	if (!result && ended)
		request->call.problem = lost;
	result = result ? result : ended;
	if (!result && subscription->shown.count > SHOWN_MOST)
		result = problem_set(
			&request->call.problem, E_LIMIT, "filter", "more than %d rows would be watched; narrow it", SHOWN_MOST);
	if (result) {
		subscription_end(subscription);
		return result;
	}
	return *subscription->cursor ? WAITS : answer_id(request, subscription->id);
}

static int subscribe_collection(struct request *request, DBusMessageIter *options, const char *word)
{
	struct problem *problem = &request->call.problem;
	const struct type *type = type_of_collection(request->bus->names, word, strlen(word));
	struct subscription *subscription;
	struct filter *filters = NULL;
	DBusMessageIter value;
	uint32_t *state;
	size_t count = 0;
	int result;

	if (!type)
		return problem_set(problem, E_INVALID, "collection", "is none of those that Describe names");
	subscription = subscription_new(request);
	subscription->type = type;
	subscription->cursor = "";
	result = dict_find(options, "filter", "a(ssv)", &value, problem);
	if (!result)
		result = read_filters(&value, &subscription->arena, &filters, &count, problem);
	if (result < 0) {
		subscription_end(subscription);
		return result;
	}
	subscription->filters = arena_new(&subscription->arena, (count + 1) * sizeof *filters);
	if (count)
		memcpy(subscription->filters, filters, count * sizeof *filters);
	subscription->filter_count = count;
	subscription->watches = arena_new(&subscription->arena, sizeof(void *));
	watch_add(subscription, type->index, 0);
	state = malloc(sizeof *state);
	must(state != NULL);
	*state = subscription->id;
	request_step(request, gather_step, state, free);
	return WAITS;
}

int subscribe(struct request *request)
{
	struct problem *problem = &request->call.problem;
	const char *collection = NULL;
	DBusMessageIter at, value;
	struct arg *args;
	size_t count;
	int result, paths;

	dbus_message_iter_init(request->message, &at);
	result = read_dict(&at, request->call.arena, "paths filter", &args, &count, problem);
	if (!result)
		result = args_known(args, count, "collection", problem);
	if (!result)
		result = arg_text(args, count, "collection", &collection, problem);
	if (result)
		return result;
	if (request->user->subscriptions >= request->bus->settings->limits.subscriptions)
		return problem_set(
			problem, E_LIMIT, NULL, "you have %u subscriptions, which is the limit; end one", request->user->subscriptions);
	paths = dict_find(&at, "paths", "ao", &value, problem);
	if (paths < 0)
		return paths;
	if (!paths == !!collection)
		return problem_set(problem, E_INVALID, NULL, "give either paths, or a collection and perhaps a filter");
	return collection ? subscribe_collection(request, &at, collection) : subscribe_paths(request, &value);
}

/* ---- changes ---- */

void sights_look(struct bus *bus)
{
	if (!bus->subscribed)
		return;
	bus->sights_stale = true;
	if (!event_pending(bus->publishing, EV_TIMEOUT, NULL))
		event_add(bus->publishing, &(struct timeval){ 0, 0 });
}

void bus_publish(struct bus *bus)
{
	const struct change *changes;
	size_t count = store_committed(bus->store, &changes);
	uint64_t grants = bus->grants;

	for (size_t i = 0; i < count; i++) {
		const struct type *type = type_of(bus->names, changes[i].entity);

		if (changes[i].entity->grants || changes[i].entity->flags & GRANTS)
			bus->grants++;
		if (!type || !bus->watches[type->index])
			continue;
		bus->changes = heap_grown(bus->changes, bus->change_count, &bus->change_room, sizeof *bus->changes);
		bus->changes[bus->change_count++] = changes[i];
	}
	if (bus->grants != grants || store_now(bus->store) >= bus->limit_at)
		sights_look(bus);
	if (bus->change_first < bus->change_count && !event_pending(bus->publishing, EV_TIMEOUT, NULL))
		event_add(bus->publishing, &(struct timeval){ 0, 0 });
}

static void tell(struct bus *bus, const struct watch *watch, const struct change *change, const char *what, bool seen)
{
	const struct type *type = &bus->names->types[watch->type];
	dbus_uint64_t version = seen ? (dbus_uint64_t)change->version : 0, sequence = (dbus_uint64_t)change->seq;
	DBusMessage *signal = dbus_message_new_signal(type->path, BUS_NAME ".Collection", what);
	char out[PATH_TEXT];
	const char *path = path_print(out, type->path, type->path_length, change->id);

	must(signal && dbus_message_set_destination(signal, watch->subscription->client->name) &&
		dbus_message_append_args(
			signal, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_UINT64, &version, DBUS_TYPE_UINT64, &sequence, DBUS_TYPE_INVALID));
	link_send(bus, signal);
}

/* Does the client see the row, and does it match? 1, 0 or a negative error. */
static int sees_now(struct bus *bus, struct watch *watch, const struct change *change, struct call *call)
{
	struct subscription *subscription = watch->subscription;
	struct ids found = { 0 };
	const char *next;
	int result;

	if (change->what == REMOVED)
		return 0;
	if (watch->id || !subscription->filter_count) {
		result = store_sees(bus->store, call, change->entity, change->id);
		return result == E_NOTFOUND ? 0 : result ? result : 1;
	}
	subscription->filters[subscription->filter_count] = (struct filter){ "id", OP_EQ, { .type = V_INT, .number = change->id } };
	result = gather(bus, call, subscription, subscription->filter_count + 1, 1, "", &found, &next);
	if (!result)
		result = ids_has(&found, change->id);
	free(found.slots);
	return result == E_DENIED ? 0 : result;
}

/* `only_loss`: the row has not changed, it is looked at again because the client's sight has. */
static void watch_look(struct bus *bus, struct watch *watch, const struct change *change, bool only_loss, struct arena *arena)
{
	struct subscription *subscription = watch->subscription;
	bool before = watch->id ? watch->shown : ids_has(&subscription->shown, change->id);
	struct caller caller;
	struct call call = { .arena = arena, .caller = &caller, .now = store_now(bus->store), .id = change->id, .fds = { -1, -1 } };
	int seen;

	if (caller_make(bus, subscription->client->user, &caller, &call.problem))
		return; /* not known just now: Changes gives what was missed */
	seen = sees_now(bus, watch, change, &call);
	if (seen < 0 || (!seen && !before) || (seen && only_loss))
		return;
	if (watch->id)
		watch->shown = seen;
	else if (seen)
		ids_add(&subscription->shown, change->id);
	else
		ids_remove(&subscription->shown, change->id);
	tell(bus, watch, change, !seen ? "Removed" : before ? "Changed" : "Added", seen);
}

static bool concerns(const struct watch *watch, const struct change *change)
{
	return !watch->id || watch->id == change->id;
}

/* Who is to be told must be known first; asking goes on while the change waits (user_named wakes the queue). */
static bool all_named(struct bus *bus, const struct watch *watch, const struct change *change)
{
	bool named = true;

	for (; watch; watch = watch->next)
		if (concerns(watch, change))
			named &= user_is_named(bus, watch->subscription->client->user);
	return named;
}

/* ---- sights that end ---- */

/* Sleeps until the earliest limit; a clock that is set ends the sleep, too. A simulated clock moves by a call only. */
static void limit_arm(struct bus *bus, int64_t at)
{
	struct itimerspec when = { 0 };

	bus->limit_at = at;
	if (at != INT64_MAX && !store_simulated(bus->store))
		when.it_value.tv_sec = at > 0 ? at : 1;
	timerfd_settime(bus->limit_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static void on_limit(evutil_socket_t fd, short what, void *data)
{
	struct bus *bus = data;
	uint64_t times;

	(void)what;
	if (read(fd, &times, sizeof times) < 0)
		times = 0; /* the clock was set: looked at all the same */
	bus->grants++;     /* a login may have ended: callers are made anew */
	limit_arm(bus, INT64_MAX);
	sights_look(bus);
}

void limit_make(struct bus *bus)
{
	bus->limit_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	bus->limit_at = INT64_MAX;
	bus->limit = event_new(bus->base, bus->limit_fd, EV_READ | EV_PERSIST, on_limit, bus);
	must(bus->limit_fd >= 0 && bus->limit && !event_add(bus->limit, NULL));
}

/* False: who the client is, is being asked. */
static bool sight_compare(struct bus *bus, struct client *client, int64_t *until)
{
	struct problem problem = { 0 };
	struct caller caller;
	uint64_t stamp;
	int64_t limit;

	if (!user_is_named(bus, client->user))
		return false;
	if (caller_make(bus, client->user, &caller, &problem) || store_sight(bus->store, &caller, &stamp, &limit, &problem))
		return true; /* not known just now: nothing is told, and the next look compares with what was */
	for (struct subscription *s = client->subscriptions; s; s = s->next) {
		if (s->sight && s->sight != stamp) {
			s->again = true;
			s->at = s->of = 0;
		}
		s->sight = stamp;
	}
	if (limit < *until)
		*until = limit;
	return true;
}

static void sights_compare(struct bus *bus)
{
	int64_t until = INT64_MAX;
	bool named = true;

	if (store_now(bus->store) >= bus->limit_at)
		bus->grants++;
	for (struct client *client = bus->newest; client; client = client->older)
		if (client->subscriptions)
			named &= sight_compare(bus, client, &until);
	bus->sights_stale = !named;
	limit_arm(bus, until);
}

/* One row that was shown; false when all were looked at. A row that goes lets another move into its place, so the place is kept then. */
static bool look_again(struct bus *bus, struct subscription *s, int64_t seq, struct arena *arena)
{
	struct change change = { .what = CHANGED, .seq = seq };
	struct watch *watch = s->watches[0];

	if (!s->type) {
		if (s->at >= s->watch_count)
			return false;
		watch = s->watches[s->at++];
		change.id = watch->id;
	} else {
		if (s->of != s->shown.room) {
			s->of = s->shown.room;
			s->at = 0;
		}
		while (s->at < s->of && !s->shown.slots[s->at])
			s->at++;
		if (s->at >= s->of)
			return false;
		change.id = s->shown.slots[s->at];
	}
	change.entity = bus->names->types[watch->type].entity;
	watch_look(bus, watch, &change, true, arena);
	if (s->type && s->shown.slots[s->at] == change.id)
		s->at++;
	return true;
}

/* True when nothing is left to be looked at again. */
static bool sights_work(struct bus *bus, int64_t end)
{
	struct arena arena = { 0 };
	char hex[65];
	int64_t seq;

	if (bus->sights_stale)
		sights_compare(bus);
	store_audit_head(bus->store, &seq, hex);
	for (struct client *client = bus->newest; client; client = client->older)
		for (struct subscription *s = client->subscriptions; s; s = s->next)
			while (s->again) {
				if (monotonic_usec() >= end)
					return false;
				s->again = look_again(bus, s, seq, &arena);
				arena_free(&arena);
			}
	return true;
}

void publish_run(struct bus *bus)
{
	int64_t end = monotonic_usec() + SLICE_USEC;
	struct arena arena = { 0 };
	struct problem problem = { 0 };
	const struct change *mine;
	bool waits = false, done = false;

	if ((bus->change_first == bus->change_count && !bus->subscribed) || !bus->connection || store_turn_begin(bus->store, &problem))
		return;
	while (bus->change_first < bus->change_count && !waits && monotonic_usec() < end) {
		const struct change change = bus->changes[bus->change_first];
		struct watch *watch = bus->watches[type_of(bus->names, change.entity)->index];

		waits = !all_named(bus, watch, &change);
		for (; watch && !waits; watch = watch->next)
			if (concerns(watch, &change))
				watch_look(bus, watch, &change, false, &arena);
		bus->change_first += !waits;
		arena_free(&arena);
	}
	if (bus->change_first == bus->change_count)
		done = sights_work(bus, end);
	if (!store_turn_commit(bus->store, &problem) && store_committed(bus->store, &mine) && bus->hooks.committed)
		bus->hooks.committed(bus->hooks.data);
	if (bus->change_first == bus->change_count)
		bus->change_first = bus->change_count = 0;
	if (!done && !waits)
		event_add(bus->publishing, &(struct timeval){ 0, 0 });
}

void publish_free(struct bus *bus)
{
	event_free(bus->limit);
	close(bus->limit_fd);
	free(bus->changes);
	free(bus->watches);
}
