/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One invocation, here or at the far end of ssh: from the words to the exit status.
 */
#include <locale.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum {
	DEFAULT_TIMEOUT = 120
}; /* seconds; a password may have to be typed meanwhile */

int usage(struct cli *cli, const char *hint, const char *format, ...)
{
	char text[sizeof cli->failure.text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	snprintf(cli->failure.hint, sizeof cli->failure.hint, "%s", hint);
	return failed(&cli->failure, ERROR_USAGE, "%s", text);
}

struct bus *cli_bus(struct cli *cli)
{
	int64_t seconds = cli->timeout == NONE_GIVEN ? DEFAULT_TIMEOUT : cli->timeout < 86400 ? cli->timeout : 86400;

	if (!cli->bus && bus_open(&cli->bus, (int)seconds * 1000, &cli->failure))
		cli->bus = NULL;
	return cli->bus;
}

int cli_call(struct cli *cli, int flags, const char *path, const char *interface, const char *member, const char *signature,
	json_t *arguments, json_t **ret_reply)
{
	bool ask, later;
	int r;

	if (!cli_bus(cli)) {
		json_decref(arguments);
		return -1;
	}
	if (!arguments && *signature)
		return failed(&cli->failure, ERROR_INVALID, "a text on the command line is not UTF-8");
	ask = !cli->options.no_ask_password;
	later = ask && agent_wanted(cli);
	r = bus_call(cli->bus, flags | (ask && !later ? BUS_INTERACTIVE : 0), path, interface, member, signature, json_incref(arguments),
		ret_reply, &cli->failure);
	if (r && later && !strcmp(cli->failure.name, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired")) {
		agent_start(cli);
		r = bus_call(cli->bus, flags | BUS_INTERACTIVE, path, interface, member, signature, json_incref(arguments), ret_reply,
			&cli->failure);
	}
	json_decref(arguments);
	if (r && !strcmp(cli->failure.name, "org.freedesktop.DBus.Error.AccessDenied")) /* dbus-daemon speaks of rules and pids */
		failed(&cli->failure, "org.freedesktop.DBus.Error.AccessDenied", "the bus does not let this account call %s on %s", member,
			path);
	return r;
}

json_t *cli_manager(struct cli *cli)
{
	if (!cli->manager && cli_bus(cli) && bus_properties(cli->bus, BUS_ROOT, BUS_MANAGER, &cli->manager, &cli->failure))
		cli->manager = NULL;
	return cli->manager;
}

static int version_show(struct cli *cli)
{
	json_t *version = json_pack("{s:s, s:i}", "version", MENTORSHIP_VERSION, "json", 1);

	if (cli->json)
		out_json(cli, version);
	else
		printf("mentorctl %s\n", MENTORSHIP_VERSION);
	json_decref(version);
	return 0;
}

int command_run(struct cli *cli, const struct command *command)
{
	if (cli->options.help && strcmp(command->name, "help"))
		return help_about(cli, command->name, NULL);
	if (cli->count - 1 < command->min || cli->count - 1 > command->max)
		return usage(cli, command->name, "usage: mentorctl %s%s%s", command->name, *command->usage ? " " : "", command->usage);
	if (cli->json && command->text)
		return usage(cli, command->name, "'%s' prints %s", command->name, command->text);
	return command->run(cli);
}

/* A command that is a noun too, such as import, is meant as the noun when a verb follows. */
static bool means_noun(struct cli *cli, const struct command *command)
{
	const json_t *entity;
	const char *word;

	if (!command->noun_too || cli->count < 2)
		return false;
	word = cli->words[1];
	if (!strcmp(word, "list") || !strcmp(word, "show"))
		return true;
	if (strspn(word, "abcdefghijklmnopqrstuvwxyz-") != strlen(word) || !access(word, F_OK))
		return false;
	entity = entity_find(cli, command->name);
	return entity && verb_find(entity, word);
}

static int dispatch(struct cli *cli)
{
	const struct command *command = cli->count ? command_named(cli->words[0]) : NULL;
	const json_t *entity;

	if (cli->options.show_version)
		return version_show(cli);
	if (!cli->count && cli->options.help)
		return command_help(cli);
	if (!cli->count)
		return usage(cli, "", "what? Try: mentorctl today, mentorctl help");
	if (clock_setup(cli))
		return -1;
	if (command && !means_noun(cli, command))
		return command_run(cli, command);
	entity = entity_named(cli, cli->words[0]);
	return entity ? noun_run(cli, entity) : -1;
}

/* Texts are UTF-8 whatever the locale says; columns are counted as the terminal will. Numbers stay "C". */
static void locale_setup(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

static void cli_free(struct cli *cli)
{
	agent_end(cli);
	bus_close(cli->bus);
	json_decref(cli->catalogue);
	json_decref(cli->labels);
	json_decref(cli->manager);
	zones_free(cli->zones);
}

int cli_run(int argc, char **argv, const struct terminal *terminal, const struct inputs *inputs)
{
	struct cli cli = { .terminal = *terminal, .inputs = inputs };
	int r;

	locale_setup();
	r = options_parse(&cli, argc, argv);
	if (!r)
		r = dispatch(&cli);
	if (out_close(&cli) && r >= 0)
		r = -1;
	if (r < 0) {
		failure_show(&cli);
		r = (int)failure_status(cli.failure.name);
	}
	cli_free(&cli);
	return r;
}
