/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * polkit over raw D-Bus: may the sender of this message do that, now?
 *
 * The subject is the sender's name on the bus, so polkit finds out by itself who that is. A dialog is asked for only when the
 * message allows it. Everything but a plain yes is a no: polkit absent, slow, answering an error or something else. The answer
 * counts for the one request and is kept nowhere. While polkit thinks, nothing is open: the handler begins again from its start.
 */
#include "values.h"

#include <inttypes.h>
#include <string.h>

#include "core/log.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

enum {
	QUIET_TIMEOUT = 5
}; /* seconds; with a dialog it is the setting */

struct polkit_check {
	struct bus *bus;
	struct request *request;
	DBusPendingCall *pending;
	char id[40];
	int slot; /* in request->asked */
};

static enum verdict verdict_of(DBusMessage *reply)
{
	DBusMessageIter at, parts;
	dbus_bool_t authorized, challenge;

	if (dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN || !dbus_message_has_signature(reply, "(bba{ss})"))
		return NO;
	dbus_message_iter_init(reply, &at);
	dbus_message_iter_recurse(&at, &parts);
	dbus_message_iter_get_basic(&parts, &authorized);
	dbus_message_iter_next(&parts);
	dbus_message_iter_get_basic(&parts, &challenge);
	return authorized ? YES : challenge ? CHALLENGE : NO;
}

static void cancel_tell(struct polkit_check *check)
{
	DBusMessage *message = dbus_message_new_method_call(POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "CancelCheckAuthorization");
	const char *id = check->id;

	must(message && dbus_message_append_args(message, DBUS_TYPE_STRING, &id, DBUS_TYPE_INVALID));
	dbus_message_set_no_reply(message, TRUE);
	dbus_message_set_auto_start(message, FALSE);
	link_send(check->bus, message);
}

static void on_verdict(DBusPendingCall *pending, void *data)
{
	struct polkit_check *check = data;
	struct request *request = check->request;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);

	if (dbus_message_is_error(reply, DBUS_ERROR_NO_REPLY))
		cancel_tell(check); /* too slow: take the dialog away */
	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR)
		log_event(EVENT_POLKIT_UNAVAILABLE, NULL);
	request->asked[check->slot].verdict = verdict_of(reply);
	dbus_message_unref(reply);
	dbus_pending_call_unref(pending);
	request->check = NULL;
	free(check);
	request_resume(request);
}

void polkit_cancel(struct polkit_check *check)
{
	if (!check->bus->lost)
		cancel_tell(check);
	dbus_pending_call_cancel(check->pending);
	dbus_pending_call_unref(check->pending);
	free(check);
}

static DBusMessage *question(const char *sender, const char *action, dbus_uint32_t flags, const char *id)
{
	DBusMessage *message = dbus_message_new_method_call(POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");
	const char *kind = "system-bus-name";
	DBusMessageIter at, subject, dict;

	must(message != NULL);
	dbus_message_iter_init_append(message, &at);
	must(dbus_message_iter_open_container(&at, DBUS_TYPE_STRUCT, NULL, &subject));
	must(dbus_message_iter_append_basic(&subject, DBUS_TYPE_STRING, &kind));
	dict_open(&subject, &dict);
	entry_text(&dict, "name", sender);
	dict_close(&subject, &dict);
	must(dbus_message_iter_close_container(&at, &subject));
	must(dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &action));
	must(dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "{ss}", &dict));
	must(dbus_message_iter_close_container(&at, &dict));
	must(dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT32, &flags));
	must(dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &id));
	return message;
}

enum verdict polkit_verdict(const struct request *request, const char *action)
{
	for (int i = 0; i < request->asked_count; i++)
		if (!strcmp(request->asked[i].action, action))
			return request->asked[i].verdict;
	return NOT_ASKED;
}

int polkit_ask(struct request *request, const char *action)
{
	bool dialog = dbus_message_get_allow_interactive_authorization(request->message);
	int64_t seconds = dialog ? request->bus->settings->identity.polkit_timeout : QUIET_TIMEOUT;
	struct polkit_check *check;
	int slot = request->asked_count;

	if (slot == (int)(sizeof request->asked / sizeof *request->asked))
		return problem_set(&request->call.problem, E_LIMIT, NULL, "the calls need too many different permissions; split them");
	request->asked[slot].action = action;
	request->asked[slot].verdict = NO;
	request->asked_count++;
	check = calloc(1, sizeof *check);
	must(check != NULL);
	*check = (struct polkit_check){ .bus = request->bus, .request = request, .slot = slot };
	snprintf(check->id, sizeof check->id, "mentorship-%" PRIu64, ++request->bus->polkit_ids);
	check->pending = link_ask(request->bus, question(dbus_message_get_sender(request->message), action, dialog ? 1 : 0, check->id),
		(int)seconds * 1000, on_verdict, check);
	if (!check->pending) {
		free(check);
		return problem_set(&request->call.problem, E_DENIED, NULL,
			"this needs the permission %s, and nobody could be asked "
			"for it",
			action);
	}
	request->check = check;
	return WAITS;
}

int polkit_authorize(struct request *request, const char *action)
{
	if (request->caller.admin)
		return 0;
	switch (polkit_verdict(request, action)) {
	case NOT_ASKED: return polkit_ask(request, action);
	case YES: request->caller.admin = true; return 0;
	case CHALLENGE:
		if (!dbus_message_get_allow_interactive_authorization(request->message))
			return problem_set(&request->call.problem, E_AUTH, NULL,
				"this needs a password: allow the dialog and ask again "
				"(%s)",
				action);
		break;
	case NO: break;
	}
	return problem_set(&request->call.problem, E_DENIED, NULL, "this is for administrators (%s)", action);
}
