/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The turn: many messages, one transaction, then all the replies.
 *
 * A turn dispatches until nothing is left, at most TURN_CALLS calls or TURN_USEC. The first call that runs opens it; replies wait in
 * their requests until the commit. If that fails, nobody's call was applied, and every reply of the turn is replaced by the error.
 * After a write the socket is looked at once more, so that what arrived meanwhile shares the commit. TURN_CALLS is not more, because
 * clients and bus would stand still while a turn holds all that they wait for (docs/architecture.md has the figures).
 *
 * A request belongs to its client until it is finished, then to the turn. What has to wait stays at the head of its client's queue.
 */
#include "values.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t monotonic_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int64_t processor_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* ---- requests ---- */

static struct request *request_new(struct bus *bus, DBusMessage *message)
{
	struct request *request = bus->spare;

	if (request)
		bus->spare = request->next;
	else
		request = malloc(sizeof *request);
	must(request != NULL);
	memset(request, 0, sizeof *request);
	request->bus = bus;
	request->message = dbus_message_ref(message);
	request->call.fds[0] = request->call.fds[1] = -1;
	request->call.caller = &request->caller;
	bus->in_flight++;
	return request;
}

static void descriptors_close(struct request *request)
{
	for (int i = 0; i < 2; i++) {
		if (request->call.fds[i] >= 0)
			close(request->call.fds[i]);
		request->call.fds[i] = -1;
	}
}

static void request_free(struct request *request)
{
	struct bus *bus = request->bus;

	descriptors_close(request);
	if (request->reply)
		dbus_message_unref(request->reply);
	dbus_message_unref(request->message);
	bus->in_flight--;
	request->next = bus->spare;
	bus->spare = request;
}

DBusMessage *reply_new(struct request *request)
{
	if (request->reply)
		dbus_message_unref(request->reply);
	request->reply = dbus_message_new_method_return(request->message);
	must(request->reply != NULL);
	return request->reply;
}

DBusMessage *reply_error(DBusMessage *message, const char *name, const char *text)
{
	struct buffer clean = { 0 };
	DBusMessage *reply;

	encode_terminal(&clean, text);
	reply = dbus_message_new_error(message, name, buffer_string(&clean));
	must(reply != NULL);
	buffer_free(&clean);
	return reply;
}

static DBusMessage *error_new(DBusMessage *message, const struct problem *problem)
{
	char text[sizeof problem->text + sizeof problem->field + 4], *end = text;

	if (*problem->field)
		end += snprintf(text, sizeof text, "%s: ", problem->field);
	snprintf(end, sizeof text - (size_t)(end - text), "%s", *problem->text ? problem->text : "refused");
	return reply_error(message, error_name(problem->code), text);
}

static void send_reply(struct request *request)
{
	struct bus *bus = request->bus;

	if (bus->connection && !bus->lost && request->reply && !dbus_message_get_no_reply(request->message))
		must(dbus_connection_send(bus->connection, request->reply, NULL));
	request_free(request);
}

static void refuse(struct bus *bus, DBusMessage *message, const struct problem *problem)
{
	if (!dbus_message_get_no_reply(message))
		link_send(bus, error_new(message, problem));
}

void request_refuse(const struct request *request, const struct problem *problem)
{
	refuse(request->bus, request->message, problem);
}

static void user_holds(struct request *request, struct user *user)
{
	request->user = user;
	user->in_flight++;
	user->waiting += request->size;
}

static void leave_client(struct request *request)
{
	if (request->user) {
		request->user->in_flight--;
		request->user->waiting -= request->size;
	}
	request->client->waiting -= request->size;
	request->bus->waiting -= request->size;
	request->client = NULL;
	request->user = NULL;
	if (request->state_free)
		request->state_free(request->state);
	request->state = NULL;
	request->state_free = NULL;
}

static void unlink_step(struct request *request)
{
	struct request **at = &request->bus->steps;

	while (*at && *at != request)
		at = &(*at)->next_step;
	if (*at)
		*at = request->next_step;
	request->step = NULL;
}

void request_drop(struct request *request)
{
	if (request->check)
		polkit_cancel(request->check);
	if (request->step)
		unlink_step(request);
	leave_client(request);
	request_free(request);
}

/* Takes the finished request off its client. In a turn its reply waits for the commit. */
static void finish(struct request *request, int result)
{
	struct bus *bus = request->bus;
	struct client *client = request->client;

	if (result < 0) {
		if (request->reply)
			dbus_message_unref(request->reply);
		if (!request->call.problem.code)
			request->call.problem.code = result;
		request->reply = error_new(request->message, &request->call.problem);
	}
	client->first = request->next;
	if (!client->first)
		client->last = NULL;
	client->queued--;
	leave_client(request);
	request->next = NULL;
	if (!bus->in_turn) {
		send_reply(request);
	} else {
		*bus->done_tail = request;
		bus->done_tail = &request->next;
	}
	if (client->first)
		client_wake(client);
}

/* Runs the head of a client's queue; false if it has to wait. */
static bool run_first(struct client *client)
{
	struct request *request = client->first;
	struct bus *bus = client->bus;
	int result;

	bus->calls++;
	if (!request->user) { /* it came before the bus had said whose it is: its quota is looked at now */
		user_holds(request, client->user);
		if (!user_allows(request->user, bus, &request->call.problem)) {
			finish(request, E_LIMIT);
			return true;
		}
	}
	if (request->asked_count) /* from its start again */
		request->call = (struct call){ .fds = { -1, -1 }, .caller = &request->caller };
	result = turn_open(bus, &request->call.problem);
	if (!result)
		result = caller_make(bus, client->user, &request->caller, &request->call.problem);
	if (!result) {
		request->call.store = bus->store;
		request->call.arena = &bus->arena;
		request->call.now = store_now(bus->store);
		result = route_run(request);
	}
	request->waits = result == WAITS;
	if (!request->waits)
		finish(request, result);
	return !request->waits;
}

static bool has_room(const struct bus *bus)
{
	return bus->calls < TURN_CALLS && !bus->lost && monotonic_usec() < bus->turn_end;
}

static void run_client(struct client *client)
{
	while (client->first && !client->first->waits && has_room(client->bus) && client_is_ready(client))
		if (!run_first(client))
			return;
}

void client_wake(struct client *client)
{
	struct bus *bus = client->bus;

	if (client->ready)
		return;
	client->ready = true;
	client->next_ready = NULL;
	*bus->ready_tail = client;
	bus->ready_tail = &client->next_ready;
	if (!bus->dispatching)
		event_active(bus->dispatch, EV_TIMEOUT, 1);
}

void request_resume(struct request *request)
{
	request->waits = false;
	client_wake(request->client);
}

/* ---- arrival ---- */

/* What waits, in bytes: of this caller and of all. */
static bool size_fits(const struct bus *bus, const struct client *client, size_t size, struct problem *problem)
{
	size_t most = (size_t)bus->settings->limits.message_bytes, mine = client->user ? client->user->waiting : 0;

	if (mine < client->waiting)
		mine = client->waiting;
	if (size > most)
		problem_set(
			problem, E_LIMIT, NULL, "the call is larger than %zu bytes; send less at once, or a file by its descriptor", most);
	else if (mine + size > WAITING_OWN)
		problem_set(problem, E_LIMIT, NULL, "your calls that wait hold %zu bytes, which is near the limit; wait for replies", mine);
	else if (bus->waiting + size > WAITING_MOST)
		problem_set(problem, E_LIMIT, NULL, "too much is waiting; try again in a moment");
	else
		return true;
	return false;
}

/* The quota: calls under way and waiting, of this caller and of all, and their size. */
static bool admit(struct bus *bus, struct client *client, DBusMessage *message, size_t size)
{
	const struct settings *settings = bus->settings;
	struct problem problem = { 0 };
	unsigned mine = client->user ? client->user->in_flight : 0;

	if (mine < client->queued)
		mine = client->queued;
	if (!size_fits(bus, client, size, &problem))
		;
	else if (mine >= settings->limits.calls_in_flight)
		problem_set(&problem, E_LIMIT, NULL, "%u of your calls are under way, which is the limit; wait for replies", mine);
	else if (bus->in_flight >= (size_t)settings->limits.queue)
		problem_set(&problem, E_LIMIT, NULL, "too many calls are waiting; try again in a moment");
	else if (!client->user || user_allows(client->user, bus, &problem))
		return true;
	refuse(bus, message, &problem);
	return false;
}

DBusHandlerResult turn_message(struct bus *bus, DBusMessage *message)
{
	const char *sender = dbus_message_get_sender(message);
	struct request *request;
	struct client *client;
	size_t size;

	/* the bus itself stamps the sender; without one there is nobody to answer */
	client = sender ? client_of(bus, sender) : NULL;
	size = client ? message_size(message, (size_t)bus->settings->limits.message_bytes) : 0;
	if (!client || !admit(bus, client, message, size))
		return DBUS_HANDLER_RESULT_HANDLED;
	request = request_new(bus, message);
	request->client = client;
	request->size = size;
	client->waiting += size;
	bus->waiting += size;
	if (client->user)
		user_holds(request, client->user);
	if (client->first)
		client->last->next = request;
	else
		client->first = request;
	client->last = request;
	client->queued++;
	if (client->first == request && client_is_ready(client))
		run_first(client);
	return DBUS_HANDLER_RESULT_HANDLED;
}

/* ---- the turn ---- */

int turn_open(struct bus *bus, struct problem *problem)
{
	int result;

	if (bus->in_turn)
		return 0;
	result = store_turn_begin(bus->store, problem);
	if (result)
		return result;
	bus->in_turn = true;
	bus->done = NULL;
	bus->done_tail = &bus->done;
	return 0;
}

/* Work that the turn's calls began gets its task, known to the client that asked for it. */
static void register_tasks(struct bus *bus)
{
	const struct work *work;
	size_t count = store_work(bus->store, &work);

	for (size_t i = 0; i < count; i++)
		for (struct request *request = bus->done; request && work[i].task; request = request->next) {
			struct task *task;

			if (request->call.task != work[i].task)
				continue;
			task = task_new(bus->tasks, work[i].task, work[i].kind, &work[i].starter, dbus_message_get_sender(request->message),
				store_now(bus->store));
			if (task) {
				task->entity = request->call.entity;
				task->object = work[i].subject;
			}
			break;
		}
}

static void turn_close(struct bus *bus)
{
	struct problem problem = { 0 };
	struct request *request, *next;
	int result;

	if (!bus->in_turn)
		return;
	result = store_turn_commit(bus->store, &problem);
	bus->in_turn = bus->wrote = false;
	if (!result)
		register_tasks(bus);
	for (request = bus->done; request; request = next) {
		next = request->next;
		if (result) {
			dbus_message_unref(request->reply);
			request->reply = error_new(request->message, &problem);
		}
		send_reply(request);
	}
	bus->done = NULL;
	arena_free(&bus->arena);
	if (result && bus->hooks.lost)
		bus->hooks.lost(bus->hooks.data, &problem);
	if (!result && bus->hooks.committed)
		bus->hooks.committed(bus->hooks.data);
}

static void run_ready(struct bus *bus)
{
	struct client *client;

	while (bus->ready && has_room(bus)) {
		client = bus->ready;
		bus->ready = client->next_ready;
		if (!bus->ready)
			bus->ready_tail = &bus->ready;
		client->ready = false;
		run_client(client);
	}
}

static void take_messages(struct bus *bus)
{
	DBusDispatchStatus status;

	for (;;) {
		do {
			status = dbus_connection_dispatch(bus->connection);
			run_ready(bus);
		} while (status == DBUS_DISPATCH_DATA_REMAINS && has_room(bus));
		if (!bus->wrote || !has_room(bus))
			return;
		dbus_connection_read_write(bus->connection, 0);
		if (dbus_connection_get_dispatch_status(bus->connection) != DBUS_DISPATCH_DATA_REMAINS)
			return;
	}
}

void turn_run(struct bus *bus)
{
	static const struct timeval at_once = { 0, 0 };

	if (!bus->connection || bus->dispatching)
		return;
	bus->dispatching = true;
	bus->calls = 0;
	bus->turn_end = monotonic_usec() + TURN_USEC;
	run_ready(bus);
	if (has_room(bus))
		take_messages(bus);
	turn_close(bus);
	bus->dispatching = false;
	if (bus->lost)
		link_lost(bus);
	/* sending can find out that the bus is gone, and says so as one more message */
	else if (bus->ready || dbus_connection_get_dispatch_status(bus->connection) != DBUS_DISPATCH_COMPLETE)
		event_add(bus->again, &at_once); /* by way of the loop, so that others have their turn */
}

/* ---- steps: work in slices, between turns ---- */

void request_step(struct request *request, int (*step)(struct request *), void *state, void (*state_free)(void *))
{
	static const struct timeval at_once = { 0, 0 };

	request->step = step;
	request->state = state;
	request->state_free = state_free;
	request->next_step = request->bus->steps;
	request->bus->steps = request;
	event_add(request->bus->stepping, &at_once);
}

/* One slice of one request in each round of the loop; the list is turned so that all get on. */
void turn_steps(struct bus *bus)
{
	static const struct timeval at_once = { 0, 0 };
	struct request *request = bus->steps, **at;
	struct arena arena = { 0 };
	int result;

	if (!request)
		return;
	bus->steps = request->next_step;
	request->next_step = NULL;
	request->call.arena = &arena;
	result = request->step(request);
	arena_free(&arena);
	if (result == WAITS) {
		for (at = &bus->steps; *at; at = &(*at)->next_step)
			;
		*at = request;
	} else {
		request->step = NULL;
		finish(request, result);
	}
	if (bus->steps)
		event_add(bus->stepping, &at_once);
}
