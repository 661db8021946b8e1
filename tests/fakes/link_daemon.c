/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A daemon of which a plugin's host sees the link alone: link_daemon SOCKET. What the host says is a line on standard output, what
 * is to be said to it is a line on standard input:
 *
 *	deliver ID SUBJECT     event SEQUENCE KIND ("plugin.test": a test)     stop     ping     raw MEMBER (a call of a shape that no one knows)
 *	take on|off            whether reports are said to be written down
 *	mute on|off            whether calls are answered at all
 *	silent on|off          whether pages are
 *	busy                   the next pages are an error
 *	pages all|one|short|none   of a call for many: all of them, one and the others again, one too few, none of them ever
 *	simulated on|off       whether its clock is said to be
 *	bounce NUMBER          how mails that came back are answered
 *	close                  the link is dropped; it listens on
 */
#include <dbus/dbus.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/protocol.h"
#include "wire/wire.h"

static struct event_base *base;
static struct event *work;
static DBusConnection *connection;
static bool take = true, mute, silent, busy, simulated, dropping;
static char pages[8] = "all";
static dbus_uint32_t bounce;

static void must(int ok)
{
	if (!ok)
		abort();
}

static void wake(void *data)
{
	(void)data;
	event_active(work, EV_TIMEOUT, 0);
}

/* ---- what the host says ---- */

static void print_texts(DBusMessageIter *array)
{
	const char *texts;
	int length = 0;

	dbus_message_iter_get_fixed_array(array, &texts, &length);
	for (const char *at = texts; at < texts + length; at += strlen(at) + 1)
		printf(at == texts ? "'%s'" : " '%s'", at);
}

static void print_value(DBusMessageIter *iter)
{
	int type = dbus_message_iter_get_arg_type(iter);
	DBusBasicValue value;
	DBusMessageIter inner;

	if (type == DBUS_TYPE_ARRAY || type == DBUS_TYPE_STRUCT) {
		putchar(type == DBUS_TYPE_ARRAY ? '[' : '(');
		dbus_message_iter_recurse(iter, &inner);
		if (dbus_message_iter_get_arg_type(&inner) == DBUS_TYPE_BYTE)
			print_texts(&inner);
		else
			for (int i = 0; dbus_message_iter_get_arg_type(&inner) != DBUS_TYPE_INVALID; i++, dbus_message_iter_next(&inner)) {
				if (i)
					putchar(' ');
				print_value(&inner);
			}
		putchar(type == DBUS_TYPE_ARRAY ? ']' : ')');
		return;
	}
	dbus_message_iter_get_basic(iter, &value);
	if (type == DBUS_TYPE_STRING)
		printf("'%s'", value.str);
	else if (type == DBUS_TYPE_INT64)
		printf("%" PRId64, (int64_t)value.i64);
	else
		printf("%u", value.u32);
}

static void print_message(DBusMessage *message)
{
	DBusMessageIter iter;

	fputs(dbus_message_get_member(message), stdout);
	if (dbus_message_iter_init(message, &iter))
		do {
			putchar(' ');
			print_value(&iter);
		} while (dbus_message_iter_next(&iter));
	putchar('\n');
	fflush(stdout);
}

static void append_taken(DBusMessage *report, DBusMessage *reply)
{
	DBusMessageIter from, reports, one, to, ids;

	dbus_message_iter_init_append(reply, &to);
	must(dbus_message_iter_open_container(&to, 'a', "x", &ids));
	dbus_message_iter_init(report, &from);
	for (dbus_message_iter_recurse(&from, &reports); take && dbus_message_iter_get_arg_type(&reports) == DBUS_TYPE_STRUCT;
		dbus_message_iter_next(&reports)) {
		dbus_int64_t id;

		dbus_message_iter_recurse(&reports, &one);
		dbus_message_iter_get_basic(&one, &id);
		must(dbus_message_iter_append_basic(&ids, 'x', &id));
	}
	must(dbus_message_iter_close_container(&to, &ids));
}

enum {
	TEXTS_MOST = 256 * OPENS_MOST
};

struct blocks {
	dbus_int64_t numbers[8 * OPENS_MOST];
	char texts[TEXTS_MOST];
	int number_count, text_bytes;
};

static void put(struct blocks *b, const dbus_int64_t *numbers, size_t size, const char *texts, size_t bytes)
{
	memcpy(b->numbers + b->number_count, numbers, size);
	memcpy(b->texts + b->text_bytes, texts, bytes);
	b->number_count += (int)(size / sizeof *numbers);
	b->text_bytes += (int)bytes;
}

/* The page has its token for the name of its program. */
static void put_page(struct blocks *b, const char *token)
{
	static const char before[] = "en\0Page\0School", behind[] = "hash\0field\0Label\0value\0\0\0\0a\0Choice";
	static const dbus_int64_t numbers[] = { 0, 1, 4, 1, 0, 80, 1 };

	put(b, numbers, sizeof numbers, before, sizeof before);
	put(b, numbers, 0, token, strlen(token) + 1);
	put(b, numbers, 0, behind, sizeof behind);
}

static void put_again(struct blocks *b)
{
	static const dbus_int64_t numbers[] = { PAGE_AGAIN, 0 };

	put(b, numbers, sizeof numbers, "\0\0\0\0", 5);
}

/* The tokens of an Open, or the one of an Answer. */
static int tokens_of(DBusMessage *message, const char *ret[OPENS_MOST])
{
	DBusMessageIter top, array;
	const char *at, *end;
	int length = 0, count = 0;

	dbus_message_iter_init(message, &top);
	if (dbus_message_iter_get_arg_type(&top) == DBUS_TYPE_STRING) {
		dbus_message_iter_get_basic(&top, &ret[0]);
		return 1;
	}
	dbus_message_iter_recurse(&top, &array);
	dbus_message_iter_get_fixed_array(&array, &at, &length);
	for (end = at + length; at < end; at += strlen(at) + 1, at += strlen(at) + 1) {
		must(count < OPENS_MOST);
		ret[count++] = at;
	}
	return count;
}

static void append_pages(DBusMessage *message, DBusMessage *reply)
{
	struct blocks b = { 0 };
	const dbus_int64_t *numbers = b.numbers;
	const char *texts = b.texts, *tokens[OPENS_MOST];
	int count = tokens_of(message, tokens);

	for (int i = 0; i < count - !strcmp(pages, "short"); i++)
		if (!strcmp(pages, "none") || (i && !strcmp(pages, "one")))
			put_again(&b);
		else
			put_page(&b, tokens[i]);
	must(dbus_message_append_args(reply, 'a', 'x', &numbers, b.number_count, 'a', 'y', &texts, b.text_bytes, DBUS_TYPE_INVALID));
}

static DBusMessage *answer(DBusMessage *message)
{
	const char *member = dbus_message_get_member(message);
	DBusMessage *reply = dbus_message_new_method_return(message);
	DBusMessageIter to, array, pair;
	const char *word = "simulated", *yes = "yes";
	dbus_int64_t none = 0;

	must(reply != NULL);
	if (!strcmp(member, "Hello")) {
		dbus_message_iter_init_append(reply, &to);
		must(dbus_message_iter_open_container(&to, 'a', "(ss)", &array));
		if (simulated)
			must(dbus_message_iter_open_container(&array, 'r', NULL, &pair) &&
				dbus_message_iter_append_basic(&pair, 's', &word) && dbus_message_iter_append_basic(&pair, 's', &yes) &&
				dbus_message_iter_close_container(&array, &pair));
		must(dbus_message_iter_close_container(&to, &array));
	} else if (!strcmp(member, "Ready")) {
		must(dbus_message_append_args(reply, 'x', &none, DBUS_TYPE_INVALID));
	} else if (!strcmp(member, "Bounced")) {
		must(dbus_message_append_args(reply, 'u', &bounce, DBUS_TYPE_INVALID));
	} else if (!strcmp(member, "Report")) {
		append_taken(message, reply);
	} else if ((!strcmp(member, "Open") || !strcmp(member, "Answer")) && !busy) {
		append_pages(message, reply);
	} else if (!strcmp(member, "Open") || !strcmp(member, "Answer")) {
		busy = false;
		dbus_message_unref(reply);
		reply = dbus_message_new_error(message, "org.mentorship1.Error.Busy", "later");
	}
	return reply;
}

static DBusHandlerResult on_message(DBusConnection *from, DBusMessage *message, void *data)
{
	DBusMessage *reply;

	(void)data;
	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		puts("gone");
		fflush(stdout);
		dropping = true;
		wake(NULL);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_RETURN) {
		puts("answer");
		fflush(stdout);
	}
	if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_METHOD_CALL)
		return DBUS_HANDLER_RESULT_HANDLED;
	print_message(message);
	if (mute || (silent && dbus_message_is_method_call(message, LINK_INTERFACE, "Open")))
		return DBUS_HANDLER_RESULT_HANDLED;
	reply = answer(message);
	must(dbus_connection_send(from, reply, NULL));
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void on_work(evutil_socket_t fd, short what, void *data)
{
	DBusConnection *old = connection;

	(void)fd;
	(void)what;
	(void)data;
	while (connection && !dropping && dbus_connection_dispatch(connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
	if (!dropping)
		return;
	dropping = false;
	connection = NULL;
	if (old)
		wire_end(old, 0);
}

static void on_connection(DBusServer *server, DBusConnection *new, void *data)
{
	(void)server;
	(void)data;
	if (connection) {
		puts("second");
		fflush(stdout);
		return;
	}
	connection = dbus_connection_ref(new);
	must(dbus_connection_add_filter(new, on_message, NULL, NULL));
	wire_attach(base, new, wake, NULL);
	wake(NULL);
}

/* ---- what is said to it ---- */

static void append_pair(DBusMessageIter *array, const char *key, const char *type, const void *value)
{
	DBusMessageIter entry, variant;

	must(dbus_message_iter_open_container(array, 'e', NULL, &entry) && dbus_message_iter_append_basic(&entry, 's', &key) &&
		dbus_message_iter_open_container(&entry, 'v', type, &variant) && dbus_message_iter_append_basic(&variant, *type, value) &&
		dbus_message_iter_close_container(&entry, &variant) && dbus_message_iter_close_container(array, &entry));
}

static void append_calendar(DBusMessageIter *array)
{
	const char *key = "calendar", *uid = "meeting-7", *rule = "";
	dbus_int64_t start = 1700000000;
	dbus_bool_t cancels = TRUE;
	DBusMessageIter entry, variant, inner;

	must(dbus_message_iter_open_container(array, 'e', NULL, &entry) && dbus_message_iter_append_basic(&entry, 's', &key) &&
		dbus_message_iter_open_container(&entry, 'v', "a{sv}", &variant) &&
		dbus_message_iter_open_container(&variant, 'a', "{sv}", &inner));
	append_pair(&inner, "uid", "s", &uid);
	append_pair(&inner, "rule", "s", &rule);
	append_pair(&inner, "start", "x", &start);
	append_pair(&inner, "cancels", "b", &cancels);
	must(dbus_message_iter_close_container(&variant, &inner) && dbus_message_iter_close_container(&entry, &variant) &&
		dbus_message_iter_close_container(array, &entry));
}

static void append_message(DBusMessage *message, const char *words)
{
	char *subject;
	dbus_int64_t id = strtoll(words, &subject, 10), attempt = 1, expires = INT64_C(4000000000);
	const char *address = "ada@example.org", *text = "Hello\n", *message_id = "m@example.org", *none = "";
	dbus_bool_t test = FALSE;
	DBusMessageIter top, array;

	subject += *subject == ' ';
	dbus_message_iter_init_append(message, &top);
	must(dbus_message_iter_open_container(&top, 'a', "{sv}", &array));
	append_pair(&array, "id", "x", &id);
	append_pair(&array, "address", "s", &address);
	append_pair(&array, "subject", "s", &subject);
	append_pair(&array, "text", "s", &text);
	append_pair(&array, "html", "s", &none);
	append_pair(&array, "message_id", "s", &message_id);
	append_pair(&array, "attempt", "x", &attempt);
	append_pair(&array, "expires", "x", &expires);
	append_pair(&array, "test", "b", &test);
	if (!strncmp(subject, "meeting", 7))
		append_calendar(&array);
	must(dbus_message_iter_close_container(&top, &array));
}

static void append_event(DBusMessage *message, const char *words)
{
	char *kind;
	dbus_int64_t sequence = strtoll(words, &kind, 10), version = 3, at = 1700000000;
	const char *path = "/org/mentorship1/matches/12";
	dbus_bool_t test;

	kind += *kind == ' ';
	test = !strcmp(kind, "plugin.test");
	must(dbus_message_append_args(
		message, 'x', &sequence, 's', &kind, 's', &path, 'x', &version, 'x', &at, 'b', &test, DBUS_TYPE_INVALID));
}

static void say(const char *member, const char *words)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, member);

	must(message != NULL);
	if (!strcmp(member, "Deliver"))
		append_message(message, words);
	if (!strcmp(member, "Event"))
		append_event(message, words);
	dbus_message_set_no_reply(message, strcmp(member, "Ping") != 0);
	must(dbus_connection_send(connection, message, NULL));
	dbus_message_unref(message);
}

static void obey(char *line)
{
	char *words = strchr(line, ' ');
	bool on;

	if (words)
		*words++ = '\0';
	on = words && !strcmp(words, "on");
	if (!strcmp(line, "take")) {
		take = on;
	} else if (!strcmp(line, "pages") && words) {
		snprintf(pages, sizeof pages, "%s", words);
	} else if (!strcmp(line, "mute")) {
		mute = on;
	} else if (!strcmp(line, "silent")) {
		silent = on;
	} else if (!strcmp(line, "busy")) {
		busy = true;
	} else if (!strcmp(line, "simulated")) {
		simulated = on;
	} else if (!strcmp(line, "bounce")) {
		bounce = (dbus_uint32_t)strtoul(words ? words : "", NULL, 10);
	} else if (!connection) {
		puts("nobody");
		fflush(stdout);
	} else if (!strcmp(line, "close")) {
		dropping = true;
		wake(NULL);
	} else if (!strcmp(line, "raw")) {
		say(words, "");
	} else {
		*line = (char)(*line - 'a' + 'A');
		say(line, words ? words : "");
	}
}

static void on_input(evutil_socket_t fd, short what, void *data)
{
	static char input[65536];
	static size_t length;
	ssize_t n = read(fd, input + length, sizeof input - 1 - length);
	char *end;

	(void)what;
	(void)data;
	if (n <= 0)
		exit(0);
	length += (size_t)n;
	input[length] = '\0';
	while ((end = memchr(input, '\n', length))) {
		*end++ = '\0';
		obey(input);
		length -= (size_t)(end - input);
		memmove(input, end, length + 1);
	}
}

int main(int argc, char **argv)
{
	char address[512];
	struct event *input;
	DBusServer *server;

	if (argc != 2)
		return 2;
	base = event_base_new();
	snprintf(address, sizeof address, "unix:path=%s", argv[1]);
	server = dbus_server_listen(address, NULL);
	if (!server)
		return 1;
	dbus_server_set_new_connection_function(server, on_connection, NULL, NULL);
	wire_attach_server(base, server);
	work = event_new(base, -1, 0, on_work, NULL);
	input = event_new(base, 0, EV_READ | EV_PERSIST, on_input, NULL);
	event_add(input, NULL);
	puts("listening");
	fflush(stdout);
	event_base_dispatch(base);
	return 0;
}
