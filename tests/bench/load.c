/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The load of the benches: one client that keeps N calls outstanding and says how many a second were answered, and how long one took.
 *
 *	load NAME KIND OUTSTANDING SECONDS [FIRST LAST]
 *
 * KIND: get (property Name of /people/FIRST..LAST), list (100 people by name), mine (100 check-ins by due), update, update-bare (two fields
 * of people FIRST..LAST; with a time-ordered key or without), create (participants of program 200 for people FIRST..LAST). Prints
 * "CALLS SECONDS RATE P50us P99us ERRORS" and the first error on stderr.
 */
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct load {
	DBusConnection *bus;
	const char *name, *kind;
	int outstanding;
	int64_t first, last, at, sent, answered, errors, keys;
	double end;
	double *times;
	size_t time_count, time_room;
};

struct one {
	struct load *load;
	double start;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put_entry(DBusMessageIter *dict, const char *key, int type, const void *value)
{
	char signature[2] = { (char)type, 0 };
	DBusMessageIter entry, variant;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, type, value);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static DBusMessage *call_new(struct load *load, const char *path, const char *interface, const char *member)
{
	return dbus_message_new_method_call(load->name, path, interface, member);
}

static DBusMessage *get_new(struct load *load, int64_t id)
{
	const char *interface = "org.mentorship1.Person", *member = "Name";
	char path[80];
	DBusMessage *message;

	snprintf(path, sizeof path, "/org/mentorship1/people/%lld", (long long)id);
	message = call_new(load, path, "org.freedesktop.DBus.Properties", "Get");
	dbus_message_append_args(message, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &member, DBUS_TYPE_INVALID);
	return message;
}

static DBusMessage *list_new(struct load *load, bool mine)
{
	static const char *const people[] = { "id", "name", "zone", "state" }, *const check_ins[] = { "id", "due", "side", "state" };
	const char **fields = (const char **)(uintptr_t)(mine ? check_ins : people);
	const char *order = mine ? "due" : "name", *cursor = "", *field = "state", *operator_ = "=", *word = mine ? "due" : "active";
	bool echo = strcmp(load->name, "org.mentorship1") != 0;
	DBusMessage *message = call_new(load,
		echo           ? "/org/mentorship1/people/1"
			: mine ? "/org/mentorship1/check_ins"
			       : "/org/mentorship1/people",
		"org.mentorship1.Collection", "List");
	DBusMessageIter iter, array, row, variant;
	dbus_uint32_t limit = 100;

	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "(ssv)", &array);
	dbus_message_iter_open_container(&array, DBUS_TYPE_STRUCT, NULL, &row);
	dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &field);
	dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &operator_);
	dbus_message_iter_open_container(&row, DBUS_TYPE_VARIANT, "s", &variant);
	dbus_message_iter_append_basic(&variant, DBUS_TYPE_STRING, &word);
	dbus_message_iter_close_container(&row, &variant);
	dbus_message_iter_close_container(&array, &row);
	dbus_message_iter_close_container(&iter, &array);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "s", &array);
	for (int i = 0; i < 4; i++)
		dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, &fields[i]);
	dbus_message_iter_close_container(&iter, &array);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &order);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_STRING, &cursor);
	dbus_message_iter_append_basic(&iter, DBUS_TYPE_UINT32, &limit);
	return message;
}

/* Time-ordered: milliseconds, process and a counter, all in hex. */
static void put_key(struct load *load, DBusMessageIter *options)
{
	struct timespec t;
	char key[64], *text = key;

	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(key, sizeof key, "%012llx-%06x-%08llx", (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000, (unsigned)getpid(),
		(long long)++load->keys);
	put_entry(options, "key", DBUS_TYPE_STRING, &text);
}

static DBusMessage *write_new(struct load *load, int64_t id, bool create, bool keyed)
{
	bool echo = strcmp(load->name, "org.mentorship1") != 0;
	static const char *const zones[] = { "Europe/Berlin", "Asia/Kolkata", "Europe/Paris", "America/Lima", "Asia/Tokyo" },
				 *const languages[] = { "en", "de", "fr", "es", "ja", "tr", "pl" };
	/* never what the row has: other words each round, and from another place in each process */
	int64_t turn = load->sent / (load->last - load->first + 1) + getpid();
	const char *zone = zones[turn % 5], *language = languages[turn % 7];
	const char *role = "mentee", *program = "/org/mentorship1/programs/200", *person;
	char path[80], person_path[80];
	DBusMessageIter iter, dict;
	DBusMessage *message;

	snprintf(person_path, sizeof person_path, "/org/mentorship1/people/%lld", (long long)id);
	person = person_path;
	snprintf(path, sizeof path, "%s", echo ? "/org/mentorship1/people/1" : create ? "/org/mentorship1/participants" : person_path);
	message = create ? call_new(load, path, "org.mentorship1.Collection", "Create")
			 : call_new(load, path, "org.mentorship1.Person", "Update");
	dbus_message_iter_init_append(message, &iter);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	if (create) {
		put_entry(&dict, "program", DBUS_TYPE_OBJECT_PATH, &program);
		put_entry(&dict, "person", DBUS_TYPE_OBJECT_PATH, &person);
		put_entry(&dict, "role", DBUS_TYPE_STRING, &role);
	} else {
		put_entry(&dict, "zone", DBUS_TYPE_STRING, &zone);
		put_entry(&dict, "language", DBUS_TYPE_STRING, &language);
	}
	dbus_message_iter_close_container(&iter, &dict);
	dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict);
	if (keyed)
		put_key(load, &dict);
	dbus_message_iter_close_container(&iter, &dict);
	return message;
}

static DBusMessage *message_new(struct load *load)
{
	int64_t id = load->at;

	if (++load->at > load->last)
		load->at = load->first;
	if (!strcmp(load->kind, "get"))
		return get_new(load, strcmp(load->name, "org.mentorship1") ? 1 : id);
	if (!strcmp(load->kind, "list") || !strcmp(load->kind, "mine"))
		return list_new(load, *load->kind == 'm');
	return write_new(load, id, *load->kind == 'c', !strstr(load->kind, "bare"));
}

static void on_reply(DBusPendingCall *pending, void *data)
{
	struct one *one = data;
	struct load *load = one->load;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);

	if (load->time_count < load->time_room)
		load->times[load->time_count++] = now() - one->start;
	load->answered++;
	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR) {
		const char *text = "";

		dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
		if (!load->errors++)
			fprintf(stderr, "%s: %s\n", dbus_message_get_error_name(reply), text);
	}
	dbus_message_unref(reply);
}

static void send_one(struct load *load)
{
	DBusMessage *message = message_new(load);
	struct one *one = malloc(sizeof *one);
	DBusPendingCall *pending = NULL;

	if (!one)
		abort();
	*one = (struct one){ load, now() };
	if (!dbus_connection_send_with_reply(load->bus, message, &pending, 60000) || !pending)
		exit(1);
	dbus_pending_call_set_notify(pending, on_reply, one, free);
	dbus_pending_call_unref(pending);
	dbus_message_unref(message);
	load->sent++;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	struct load load = { 0 };
	double start, took;

	if (argc != 5 && argc != 7)
		return 2;
	load.name = argv[1];
	load.kind = argv[2];
	load.outstanding = atoi(argv[3]);
	load.first = load.at = argc == 7 ? atoll(argv[5]) : 1;
	load.last = argc == 7 ? atoll(argv[6]) : 1;
	load.time_room = 4000000;
	load.times = malloc(load.time_room * sizeof *load.times);
	load.bus = dbus_bus_get_private(DBUS_BUS_SYSTEM, NULL);
	if (!load.bus || !load.times)
		return 1;
	dbus_connection_set_max_received_size(load.bus, 256 << 20);
	start = now();
	load.end = start + atof(argv[4]);
	/* each id once where a second time would be refused */
	while (now() < load.end && !(*load.kind == 'c' && load.sent > load.last - load.first)) {
		while (load.sent - load.answered < load.outstanding && !(*load.kind == 'c' && load.sent > load.last - load.first))
			send_one(&load);
		dbus_connection_read_write_dispatch(load.bus, 100);
		while (dbus_connection_dispatch(load.bus) == DBUS_DISPATCH_DATA_REMAINS)
			;
	}
	took = now() - start;
	printf("%lld %.3f %.1f", (long long)load.answered, took, (double)load.answered / took);
	qsort(load.times, load.time_count, sizeof *load.times, by_time);
	if (load.time_count)
		printf(" %.0f %.0f %lld\n", load.times[load.time_count / 2] * 1e6, load.times[load.time_count * 99 / 100] * 1e6,
			(long long)load.errors);
	else
		printf(" 0 0 %lld\n", (long long)load.errors);
	return load.errors ? 1 : 0;
}
