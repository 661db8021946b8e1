/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of settings, and loading: files are read and scanned (settings_file.c, settings_scan.c), tried in a child, parsed
 * by libconfig, and each value found is checked against its row and put into a new struct at the row's offset. Rules
 * between two settings are a second, short table. Nothing below names a setting.
 */
#include "settings.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "field.h"
#include "settings_file.h"

static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL };
static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };

static int check_path(const char *text, struct problem *problem)
{
	size_t length = strlen(text);
	bool ends_above = length >= 3 && !strcmp(text + length - 3, "/..");

	if (text[0] == '/' && !strstr(text, "/../") && !ends_above)
		return 0;
	return problem_set(problem, E_INVALID, NULL, "must be a whole path that begins with / and has no .. in it");
}

static int check_name(const char *text, struct problem *problem)
{
	if (text[0] != '.' && !strchr(text, '/'))
		return 0;
	return problem_set(problem, E_INVALID, NULL, "must be a plain name without / that does not begin with a dot");
}

static int check_zone(const char *text, struct problem *problem)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	char path[256];

	if (text[0] != '/' && !strstr(text, "..") && strspn(text, letters) == strlen(text)) {
		snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", text);
		if (!strcmp(text, "UTC") || !access(path, R_OK))
			return 0;
	}
	return problem_set(problem, E_INVALID, NULL,
		"'%s' is no time zone of this system; write one like Europe/Berlin "
		"(timedatectl list-timezones lists them)",
		text);
}

static int check_language(const char *text, struct problem *problem)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz", large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t length = strspn(text, small);

	if (text[length] == '_' && strspn(text + length + 1, large) == 2 && !text[length + 3] && (length == 2 || length == 3))
		return 0;
	if (!text[length] && (length == 2 || length == 3))
		return 0;
	return problem_set(problem, E_INVALID, NULL, "'%s' is no language; write one like de or pt_BR", text);
}

static int check_path_or_none(const char *text, struct problem *problem)
{
	return *text ? check_path(text, problem) : 0;
}

static int check_plugins(const char *text, struct problem *problem)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (*at < 'a' || *at > 'z' || length > 32 || strspn(at, letters) < length)
			return problem_set(problem, E_INVALID, NULL,
				"'%.*s' is no name of a plugin: a small letter, then small letters, digits and dashes, at most 32",
				(int)length, at);
		at += length;
	}
	return 0;
}

static int check_domain(const char *text, struct problem *problem)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";

	if (strspn(text, letters) == strlen(text) && text[0] != '.' && text[0] != '-' && !strstr(text, ".."))
		return 0;
	return problem_set(problem, E_INVALID, NULL, "'%s' is no domain; write one like mentoring.example.org", text);
}

static int check_address(const char *text, struct problem *problem)
{
	return *text ? (mail_is_valid(text) ? 0 : problem_set(problem, E_INVALID, NULL, "must be a mail address such as name@example.org"))
		     : 0;
}

/* Does the host of an address, which a port or a path may follow, mean this machine? A name such as localhost.example.org does not. */
static bool this_machine(const char *host)
{
	size_t length = strcspn(host, ":/");

	if (!strncmp(host, "[::1]", 5))
		return !host[5] || strchr(":/", host[5]);
	return (!strncmp(host, "127.", 4) && strspn(host, "0123456789.") == length) || (length == 9 && !strncmp(host, "localhost", 9));
}

/* https, or http on this machine alone: links are secrets. */
static int check_url(const char *text, struct problem *problem)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:/[]%";
	const char *host = !strncmp(text, "https://", 8) ? text + 8 : !strncmp(text, "http://", 7) ? text + 7 : NULL;
	size_t length = strlen(text);

	if (!*text)
		return 0;
	if (!host || !*host || *host == '/' || strspn(text, letters) != length || text[length - 1] == '/')
		return problem_set(problem, E_INVALID, NULL,
			"'%s' is no address of a web page; write one like https://mentoring.example.org, without / at its end, and without ? and #",
			text);
	if (text[4] == ':' && !this_machine(host))
		return problem_set(problem, E_INVALID, NULL, "links are secrets: write https, or http for this machine alone");
	return 0;
}

/* The place of a row. The _Generic refuses a member of the wrong C type; the member's name is the setting's. */
#define AS_TEXT_SETTING(m) .name = #m, .kind = TEXT, .offset = _Generic(((struct settings *)0)->m, char * : offsetof(struct settings, m))
#define AS_NUMBER_SETTING(m, k) .name = #m, .kind = k, .offset = _Generic(((struct settings *)0)->m, int64_t : offsetof(struct settings, m))
#define RELOADS .flags = SETTING_RELOADS
#define RANGE(first, least, most) .initial = first, .min = least, .max = most

const struct setting settings_table[] = {
	{ AS_TEXT_SETTING(store.directory), .initial_text = "/var/lib/mentorship", .environment = "STATE_DIRECTORY", .min = 2, .max = 200,
		.check = check_path, .room = "store", .help = "Where the database, its keys and its backups lie; mode 0700." },
	{ AS_TEXT_SETTING(store.backup_directory), .initial_text = "backup", .min = 1, .max = 60, .check = check_name, .room = "store",
		.help = "Name of the directory for backups inside store.directory." },

	{ AS_TEXT_SETTING(institution.name), .initial_text = "", .max = 120, RELOADS, .room = "bus",
		.help = "How the school, university or company calls itself in messages and reports." },
	{ AS_TEXT_SETTING(institution.zone), .initial_text = "UTC", .min = 1, .max = 64, .check = check_zone, RELOADS, .room = "schedule",
		.help = "Time zone of the institution: its days begin and end there; people have it until they set one." },
	{ AS_TEXT_SETTING(institution.language), .initial_text = "en", .min = 2, .max = 6, .check = check_language, RELOADS,
		.room = "model", .help = "Language of people for whom none is known." },
	{ AS_TEXT_SETTING(institution.emergency), .initial_text = "112", .min = 1, .max = 60, RELOADS, .room = "model",
		.help = "Number that somebody in danger calls; it stands where people ask for a talk." },

	{ AS_NUMBER_SETTING(people.minors, YESNO), .initial = 1, RELOADS, .room = "model",
		.help = "Whether minors may take part; while true, somebody whose birth date is unknown counts as a minor." },
	{ AS_NUMBER_SETTING(people.age_of_majority, NUMBER), RANGE(18, 1, 30), .unit = "years", RELOADS, .room = "model",
		.help = "Who is younger is a minor." },

	{ AS_NUMBER_SETTING(identity.uid_min, NUMBER), RANGE(1000, 1, 4294967293), RELOADS, .room = "bus",
		.help = "Lowest uid that a login may bind; system accounts lie below it." },
	{ AS_NUMBER_SETTING(identity.uid_max, NUMBER), RANGE(60000, 1, 4294967293), RELOADS, .room = "bus",
		.help = "Highest uid that a login may bind; above 2147483647 write an L behind the number." },
	{ AS_NUMBER_SETTING(identity.lookup_timeout, NUMBER), RANGE(2000, 50, 20000), .unit = "milliseconds", RELOADS, .room = "bus",
		.help = "How long the look-up of a user name may take; no answer by then is a refusal." },
	{ AS_NUMBER_SETTING(identity.lookup_keep, NUMBER), RANGE(300, 0, 3600), .unit = "seconds", RELOADS, .room = "bus",
		.help = "How long the answer of such a look-up is kept." },
	{ AS_NUMBER_SETTING(identity.polkit_timeout, NUMBER), RANGE(60, 1, 600), .unit = "seconds", RELOADS, .room = "bus",
		.help = "How long polkit may take, a password typed by somebody included; no answer by then is a refusal." },

	{ AS_NUMBER_SETTING(limits.calls_in_flight, NUMBER), RANGE(64, 1, 4096), RELOADS, .room = "bus",
		.help = "Calls of one caller that may be under way at once; more are refused." },
	{ AS_NUMBER_SETTING(limits.calls_per_second, NUMBER), RANGE(50000, 1, 1000000), RELOADS, .room = "bus",
		.help = "Calls of one caller in one second; more are refused." },
	{ AS_NUMBER_SETTING(limits.queue, NUMBER), RANGE(4096, 16, 65536), RELOADS, .room = "bus",
		.help = "Calls of all callers together that may wait; more are refused." },
	{ AS_NUMBER_SETTING(limits.message_bytes, NUMBER), RANGE(1048576, 16384, 8388608), .unit = "bytes", RELOADS, .room = "bus",
		.help = "Largest call that is looked at; larger data goes by file descriptor." },
	{ AS_NUMBER_SETTING(limits.reply_bytes, NUMBER), RANGE(1048576, 16384, 33554432), .unit = "bytes", RELOADS, .room = "bus",
		.help = "Largest page that List returns; the rest follows by its cursor." },
	{ AS_NUMBER_SETTING(limits.rows_per_list, NUMBER), RANGE(1000, 10, 100000), .unit = "rows", RELOADS, .room = "bus",
		.help = "Most rows that one List returns." },
	{ AS_NUMBER_SETTING(limits.subscriptions, NUMBER), RANGE(64, 1, 1024), RELOADS, .room = "bus",
		.help = "Subscriptions of one client." },
	{ AS_NUMBER_SETTING(limits.tasks, NUMBER), RANGE(4, 1, 64), RELOADS, .room = "bus",
		.help = "Tasks of one caller that may be under way at once." },
	{ AS_NUMBER_SETTING(limits.file_bytes, NUMBER), RANGE(67108864, 65536, 1073741824), .unit = "bytes", RELOADS, .room = "worker",
		.help = "Largest file that is taken for an import." },

	{ AS_NUMBER_SETTING(schedule.check_in_weekday, CHOICE), .initial = 2, .choices = weekdays, RELOADS, .room = "schedule",
		.help = "Day on which check-ins fall due where a program names none." },
	{ AS_NUMBER_SETTING(schedule.check_in_hour, NUMBER), RANGE(9, 0, 23), .unit = "o'clock", RELOADS, .room = "schedule",
		.help = "Hour of that day, in the zone of the person asked." },
	{ AS_NUMBER_SETTING(schedule.reminder_days, NUMBER), RANGE(2, 1, 90), .unit = "days", RELOADS, .room = "schedule",
		.help = "Days after which somebody who has not answered a check-in is reminded." },
	{ AS_NUMBER_SETTING(schedule.overdue_days, NUMBER), RANGE(4, 1, 90), .unit = "days", RELOADS, .room = "schedule",
		.help = "Days after which an unanswered check-in is overdue." },
	{ AS_NUMBER_SETTING(schedule.escalation_days, NUMBER), RANGE(7, 1, 180), .unit = "days", RELOADS, .room = "schedule",
		.help = "Days after which the coordinators are told about it." },
	{ AS_NUMBER_SETTING(schedule.offer_days, NUMBER), RANGE(7, 1, 90), .unit = "days", RELOADS, .room = "schedule",
		.help = "Days in which an offered match is to be answered where a program names none." },
	{ AS_NUMBER_SETTING(schedule.batch_hold, NUMBER), RANGE(50, 1, 100000), .unit = "messages", RELOADS, .room = "store",
		.help = "Messages of one call above which all of them are held until a coordinator has seen them." },

	{ AS_NUMBER_SETTING(retention.program_days, NUMBER), RANGE(730, 1, 36500), .unit = "days", RELOADS, .room = "store",
		.help = "How long what belongs to a program is kept after its closing." },
	{ AS_NUMBER_SETTING(retention.person_days, NUMBER), RANGE(365, 1, 36500), .unit = "days", RELOADS, .room = "store",
		.help = "How long a person is kept after the closing of the last program they took part in." },
	{ AS_NUMBER_SETTING(retention.audit_days, NUMBER), RANGE(1095, 30, 36500), .unit = "days", RELOADS, .room = "store",
		.help = "How long audit records keep their details; the records themselves stay." },
	{ AS_NUMBER_SETTING(retention.message_days, NUMBER), RANGE(365, 1, 36500), .unit = "days", RELOADS, .room = "store",
		.help = "How long messages stay listed after they were sent." },
	{ AS_NUMBER_SETTING(retention.job_days, NUMBER), RANGE(90, 1, 36500), .unit = "days", RELOADS, .room = "store",
		.help = "How long finished jobs stay listed." },
	{ AS_NUMBER_SETTING(retention.backup_days, NUMBER), RANGE(30, 1, 3650), .unit = "days", RELOADS, .room = "store",
		.help = "How long backups are kept, those made before migrations included." },

	{ AS_TEXT_SETTING(worker.path), .initial_text = "/usr/libexec/mentorship/mentorship-worker", .min = 2, .max = 200,
		.check = check_path, .room = "plugin", .help = "The program that reads files and computes matchings." },
	{ AS_NUMBER_SETTING(worker.memory, NUMBER), RANGE(1024, 64, 65536), .unit = "MiB", RELOADS, .room = "plugin",
		.help = "Memory that a worker may use; a matching of 20,000 mentors and 100,000 mentees takes about 650." },
	{ AS_NUMBER_SETTING(worker.seconds, NUMBER), RANGE(600, 1, 86400), .unit = "seconds", RELOADS, .room = "plugin",
		.help = "Time that a worker may take." },

	{ AS_TEXT_SETTING(plugins.load), .initial_text = "", .max = 400, .check = check_plugins, .room = "plugin",
		.help = "Plugins of this installation, names separated by spaces; each has a file PLUGIN.conf in plugins.d beside this one." },
	{ AS_TEXT_SETTING(plugins.required), .initial_text = "", .max = 400, .check = check_plugins, .room = "plugin",
		.help = "Those of them without which mentorshipd does not start." },
	{ AS_TEXT_SETTING(plugins.host), .initial_text = "/usr/libexec/mentorship/mentorship-plugin-host", .min = 2, .max = 200,
		.check = check_path, .room = "plugin", .help = "The program that loads one plugin (used with --development only)." },
	{ AS_TEXT_SETTING(plugins.directory), .initial_text = "", .max = 200, .check = check_path_or_none, .room = "plugin",
		.help = "Where plugins lie, with --development only; without it the place that was built in." },
	{ AS_TEXT_SETTING(plugins.sockets), .initial_text = "/run/mentorship", .environment = "RUNTIME_DIRECTORY", .min = 2, .max = 80,
		.check = check_path, .room = "plugin", .help = "Below it, in plugins/NAME/link, the daemon waits for each plugin's host." },

	{ AS_TEXT_SETTING(mail.base_url), .initial_text = "", .max = 200, .check = check_url, RELOADS, .room = "plugin",
		.help = "Address of the web page as people reach it, such as https://mentoring.example.org; no mail with a link goes out without." },
	{ AS_TEXT_SETTING(mail.domain), .initial_text = "", .max = 200, .check = check_domain, RELOADS, .room = "plugin",
		.help = "Domain of Message-IDs and list names; empty: the host of mail.base_url." },
	{ AS_TEXT_SETTING(mail.reply_to), .initial_text = "", .max = 254, .check = check_address, RELOADS, .room = "plugin",
		.help = "Where answers to mails go: an address that somebody of the staff reads." },
	{ AS_TEXT_SETTING(mail.redirect_all_to), .initial_text = "", .max = 254, .check = check_address, RELOADS, .room = "plugin",
		.help = "For trials: every mail goes to this address instead of to its recipient." },
	{ AS_NUMBER_SETTING(mail.settle, NUMBER), RANGE(30, 0, 3600), .unit = "seconds", RELOADS, .room = "plugin",
		.help = "How long a message rests before it is handed over, so that a batch is seen as one and a mistake can be withdrawn." },
	{ AS_NUMBER_SETTING(mail.quiet_from, NUMBER), RANGE(20, 0, 24), .unit = "o'clock", RELOADS, .room = "plugin",
		.help = "From this hour on, in the recipient's zone, what is not urgent waits; 24 for never." },
	{ AS_NUMBER_SETTING(mail.quiet_until, NUMBER), RANGE(7, 0, 23), .unit = "o'clock", RELOADS, .room = "plugin",
		.help = "At this hour mail goes out again." },
	{ AS_NUMBER_SETTING(mail.per_minute, NUMBER), RANGE(120, 1, 100000), RELOADS, .room = "plugin",
		.help = "Most messages that are handed over in a minute." },
	{ AS_NUMBER_SETTING(mail.per_hour, NUMBER), RANGE(2000, 1, 1000000), RELOADS, .room = "plugin",
		.help = "Most messages that are handed over in an hour." },

	{ AS_NUMBER_SETTING(log.level, CHOICE), .initial = 3, .choices = levels, RELOADS, .room = "core",
		.help = "The least weighty events that are logged." },
	{ 0 }
};
enum {
	SETTINGS = sizeof settings_table / sizeof *settings_table - 1
};
_Static_assert(offsetof(struct settings, origins) == 8 * SETTINGS, "a member of struct settings has no row in settings_table");

/* What must not exceed what. */
static const struct {
	const char *less, *more;
} orders[] = { { "identity.uid_min", "identity.uid_max" }, { "schedule.reminder_days", "schedule.overdue_days" },
	{ "schedule.overdue_days", "schedule.escalation_days" }, { "limits.calls_in_flight", "limits.queue" }, { 0 } };

static char **text_of(const struct settings *settings, const struct setting *row)
{
	return (char **)((char *)settings + row->offset);
}

static int64_t *number_of(const struct settings *settings, const struct setting *row)
{
	return (int64_t *)((char *)settings + row->offset);
}

static const struct setting *find(const char *name)
{
	for (const struct setting *row = settings_table; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

struct settings *settings_defaults(void)
{
	struct settings *settings = calloc(1, sizeof *settings);

	if (!settings)
		abort();
	settings->origins = arena_new(&settings->memory, SETTINGS * sizeof *settings->origins);
	for (const struct setting *row = settings_table; row->name; row++) {
		if (row->kind == TEXT)
			*text_of(settings, row) = arena_copy(&settings->memory, row->initial_text);
		else
			*number_of(settings, row) = row->initial;
	}
	return settings;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	arena_free(&settings->memory);
	free(settings);
}

/* ---- one value ---- */
static int take_text(struct settings *settings, const struct setting *row, const char *text, struct problem *problem)
{
	size_t length = text_points(text, strlen(text));
	int r = text_check(text, strlen(text), 0, problem);

	if (r < 0)
		return r;
	if (length < (size_t)row->min || length > (size_t)row->max)
		return problem_set(problem, E_INVALID, row->name, "has %zu characters; %lld to %lld are allowed", length,
			(long long)row->min, (long long)row->max);
	if (row->check && (r = row->check(text, problem)) < 0)
		return r;
	*text_of(settings, row) = arena_copy(&settings->memory, text);
	return 0;
}

static int take_choice(struct settings *settings, const struct setting *row, const char *text, struct problem *problem)
{
	struct buffer words = { 0 };

	for (int i = 0; row->choices[i]; i++) {
		if (!strcmp(row->choices[i], text)) {
			*number_of(settings, row) = i;
			buffer_free(&words);
			return 0;
		}
		buffer_print(&words, "%s%s", i ? ", " : "", row->choices[i]);
	}
	problem_set(problem, E_INVALID, row->name, "cannot be '%.60s'; it is one of %s", text, buffer_string(&words));
	buffer_free(&words);
	return E_INVALID;
}

static int take_number(struct settings *settings, const struct setting *row, int64_t number, struct problem *problem)
{
	if (number < row->min || number > row->max)
		return problem_set(problem, E_INVALID, row->name, "cannot be %lld; %lld to %lld%s%s are allowed", (long long)number,
			(long long)row->min, (long long)row->max, row->unit ? " " : "", row->unit ? row->unit : "");
	*number_of(settings, row) = number;
	return 0;
}

/* What a value must look like, for the sentence about one that does not. */
static const char *shape_of_kind(enum kind kind)
{
	switch (kind) {
	case NUMBER: return "a whole number, without quotation marks";
	case YESNO: return "true or false, without quotation marks";
	default: return "a text in quotation marks";
	}
}

static int take(struct settings *settings, const struct setting *row, const config_setting_t *value, struct problem *problem)
{
	int type = config_setting_type(value);

	if (row->kind == NUMBER && (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64))
		return take_number(settings, row, config_setting_get_int64(value), problem);
	if (row->kind == YESNO && type == CONFIG_TYPE_BOOL) {
		*number_of(settings, row) = config_setting_get_bool(value) != 0;
		return 0;
	}
	if (row->kind == TEXT && type == CONFIG_TYPE_STRING)
		return take_text(settings, row, config_setting_get_string(value), problem);
	if (row->kind == CHOICE && type == CONFIG_TYPE_STRING)
		return take_choice(settings, row, config_setting_get_string(value), problem);
	return problem_set(problem, E_INVALID, row->name, "must be %s", shape_of_kind(row->kind));
}

/* ---- one file ---- */
static void take_value(
	struct settings *settings, const char *name, const config_setting_t *value, const char *file, struct settings_report *report)
{
	const struct setting *row = find(name);
	int line = (int)config_setting_source_line(value);
	struct problem problem = { 0 };

	if (!row) {
		settings_found(report, false, file, line, name, "%.80s is no setting and is left out; mentorship.conf(5) lists them", name);
		return;
	}
	if (take(settings, row, value, &problem) < 0)
		settings_found(report, true, file, line, name, "%s: %s", name, problem.text);
	settings->origins[row - settings_table] = (struct setting_origin){ arena_copy(&settings->memory, file), line };
}

static void take_file(struct settings *settings, const config_setting_t *root, const char *file, struct settings_report *report)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		config_setting_t *group = config_setting_get_elem(root, (unsigned)i);

		if (!config_setting_is_group(group)) {
			take_value(settings, config_setting_name(group), group, file, report);
			continue;
		}
		for (int j = 0; j < config_setting_length(group); j++) {
			config_setting_t *value = config_setting_get_elem(group, (unsigned)j);
			char name[160];

			snprintf(name, sizeof name, "%.70s.%.70s", config_setting_name(group), config_setting_name(value));
			take_value(settings, name, value, file, report);
		}
	}
}

/* In the child: does libconfig come back, and what does it say? */
static void try_file(void *data, int index, struct config_answer *answer)
{
	const struct config_files *files = data;
	config_t config;

	config_init(&config);
	if (!config_read_string(&config, files->list[index].bytes)) {
		answer->line = config_error_line(&config);
		snprintf(answer->text, sizeof answer->text, "%s", config_error_text(&config));
	}
	config_destroy(&config);
}

/* A file that the child found wrong is not parsed again: libconfig 1.5 loses memory over each error. */
static void parse_file(
	struct settings *settings, const struct config_file *file, const struct config_answer *answer, struct settings_report *report)
{
	config_t config;

	if (answer->text[0]) {
		settings_found(report, true, file->path, answer->line, NULL, "%.*s; settings look like group: { name = value; };",
			(int)strnlen(answer->text, sizeof answer->text), answer->text);
		return;
	}
	config_init(&config);
	if (config_read_string(&config, file->bytes))
		take_file(settings, config_root_setting(&config), file->path, report);
	else
		settings_found(report, true, file->path, 0, NULL, "cannot be parsed here; try again");
	config_destroy(&config);
}

/* ---- all of it ---- */
static void take_environment(struct settings *settings, struct settings_report *report)
{
	for (const struct setting *row = settings_table; row->name; row++) {
		const char *value = row->environment ? getenv(row->environment) : NULL;
		struct problem problem = { 0 };
		char first[1024];

		if (!value || !*value)
			continue;
		snprintf(first, sizeof first, "%.*s", (int)strcspn(value, ":"), value);
		if (take_text(settings, row, first, &problem) < 0)
			settings_found(report, true, NULL, 0, row->name, "$%s, for %s: %s", row->environment, row->name, problem.text);
		settings->origins[row - settings_table].file = row->environment;
	}
}

static void check_orders(const struct settings *settings, struct settings_report *report)
{
	for (size_t i = 0; orders[i].less; i++) {
		const struct setting *less = find(orders[i].less), *more = find(orders[i].more);
		const struct setting_origin *less_from = &settings->origins[less - settings_table];
		const struct setting_origin *from = &settings->origins[more - settings_table];

		if (*number_of(settings, less) <= *number_of(settings, more))
			continue;
		if (!from->file)
			from = less_from;
		settings_found(report, true, from->file, from->line, less->name,
			"%s (%lld) must not be above %s (%lld); change one of them", less->name, (long long)*number_of(settings, less),
			more->name, (long long)*number_of(settings, more));
	}
}

static void parse_files(struct settings *settings, struct config_files *files, struct settings_report *report)
{
	struct config_answer answers[CONFIG_FILES];
	int index;

	if (config_try(try_file, files, files->count, 3000, answers, &index) < 0) {
		settings_found(report, true, files->list[index].path, 0, NULL,
			"could not be parsed within its limits; shorten it or take out what is unusual");
		return;
	}
	for (int i = 0; i < files->count; i++)
		parse_file(settings, &files->list[i], &answers[i], report);
	if (!report->errors)
		check_orders(settings, report);
}

int settings_load(const struct settings_paths *paths, struct settings **ret, struct settings_report *report)
{
	struct settings *settings = settings_defaults();
	struct config_files files = { 0 };
	int before = report->errors;

	take_environment(settings, report);
	config_files_read(paths, &files, report);
	if (files.count)
		parse_files(settings, &files, report);
	config_files_free(&files);
	if (report->errors > before) {
		settings_free(settings);
		return E_INVALID;
	}
	*ret = settings;
	return 0;
}

static bool same_value(const struct settings *a, const struct settings *b, const struct setting *row)
{
	return row->kind == TEXT ? !strcmp(*text_of(a, row), *text_of(b, row)) : *number_of(a, row) == *number_of(b, row);
}

int settings_reload(const struct settings_paths *paths, const struct settings *now, struct settings **ret, struct settings_report *report)
{
	struct settings *settings;
	int r = settings_load(paths, &settings, report);

	if (r < 0)
		return r;
	for (const struct setting *row = settings_table; row->name; row++) {
		struct setting_origin *from = &settings->origins[row - settings_table];
		const struct setting_origin *was = &now->origins[row - settings_table];

		if ((row->flags & SETTING_RELOADS) || same_value(now, settings, row))
			continue;
		settings_found(report, false, from->file, from->line, row->name, "%s changes with the next start, not before", row->name);
		if (row->kind == TEXT)
			*text_of(settings, row) = arena_copy(&settings->memory, *text_of(now, row));
		else
			*number_of(settings, row) = *number_of(now, row);
		*from = (struct setting_origin){ arena_copy(&settings->memory, was->file), was->line };
	}
	*ret = settings;
	return 0;
}

void setting_print(const struct settings *settings, const struct setting *row, struct buffer *buffer)
{
	if (row->kind == NUMBER)
		buffer_print(buffer, "%lld%s", (long long)*number_of(settings, row), *number_of(settings, row) > INT32_MAX ? "L" : "");
	else if (row->kind == YESNO)
		buffer_text(buffer, *number_of(settings, row) ? "true" : "false");
	else
		encode_json(buffer, row->kind == TEXT ? *text_of(settings, row) : row->choices[*number_of(settings, row)]);
}
