/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What works without a daemon: the configuration, which mentorshipd itself checks and shows, and the completion scripts, which the
 * build puts into the program as they are.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

/* The daemon's program: beside this one (a build tree), in the sbin of the same prefix, else where it is installed. */
static void daemon_program(char out[static PATH_MAX])
{
	static const char *const places[] = { "mentorshipd", "../sbin/mentorshipd", NULL };
	char own[PATH_MAX - 32];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);

	for (int i = 0; length > 0 && places[i]; i++) {
		own[length] = 0;
		if (!strrchr(own, '/'))
			break;
		strrchr(own, '/')[1] = 0;
		snprintf(out, PATH_MAX, "%s%s", own, places[i]);
		if (!access(out, X_OK))
			return;
	}
	snprintf(out, PATH_MAX, "/usr/sbin/mentorshipd");
}

int command_config(struct cli *cli)
{
	const char *word = cli->words[1];
	char program[PATH_MAX];
	const char *argv[8] = { program, "--config", word };
	int n = 3, status;
	pid_t child;

	if (strcmp(word, "check") && strcmp(word, "show"))
		return usage(cli, "config", "there are 'config check' and 'config show', not 'config %s'", word);
	if (cli->options.origin && strcmp(word, "show"))
		return usage(cli, "config", "--origin goes with 'config show'");
	if (cli->options.origin)
		argv[n++] = "--origin";
	if (cli->options.config && *cli->options.config == '-')
		return usage(cli, "config", "--config names a file");
	if (cli->options.config)
		argv[n++] = cli->options.config;
	daemon_program(program);
	fflush(stdout);
	child = fork();
	if (!child) {
		execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return failed(&cli->failure, ERROR_UNAVAILABLE, "%s: %s", program, strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return failed(&cli->failure, ERROR_UNAVAILABLE,
			"%s could not be run: the configuration is checked where the daemon is installed", program);
	return !WIFEXITED(status)                   ? EXIT_OTHER
		: WEXITSTATUS(status) == 0          ? EXIT_DONE
		: WEXITSTATUS(status) == EXIT_USAGE ? EXIT_USAGE
						    : EXIT_OTHER;
}

/* ---- completion scripts ---- */

#ifndef COMPLETIONS
#define COMPLETIONS "clients/cli/completions" /* for who reads this file without the build's definitions */
#endif
#define SCRIPT(name, file) \
	__asm__(".section .rodata\n" #name ":\n.incbin \"" COMPLETIONS "/" file "\"\n.byte 0\n.previous\n"); \
	extern const char name[]

SCRIPT(completion_bash, "mentorctl.bash");
SCRIPT(completion_zsh, "_mentorctl");
SCRIPT(completion_fish, "mentorctl.fish");

int command_completion(struct cli *cli)
{
	static const struct {
		const char *shell, *script;
	} scripts[] = {
		{ "bash", completion_bash },
		{ "zsh", completion_zsh },
		{ "fish", completion_fish },
	};

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (!strcmp(scripts[i].shell, cli->words[1])) {
			fputs(scripts[i].script, stdout);
			return 0;
		}
	return usage(cli, "completion", "there are scripts for bash, zsh and fish, not for '%s'", cli->words[1]);
}
