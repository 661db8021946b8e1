/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The streams: stdout has data only, stderr all else. Whatever came from the daemon or the command line passes core/text.h's encoder
 * before a terminal may see it: JSON through encode_json, everything else through encode_terminal.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

/* ---- JSON ---- */

static void newline(struct buffer *out, bool pretty, int depth)
{
	if (!pretty)
		return;
	buffer_char(out, '\n');
	for (int i = 0; i < depth; i++)
		buffer_text(out, "  ");
}

static void write_real(struct buffer *out, double real)
{
	char text[40];

	snprintf(text, sizeof text, "%.15g", real);
	if (strtod(text, NULL) != real)
		snprintf(text, sizeof text, "%.17g", real);
	buffer_text(out, text);
	if (!strpbrk(text, ".e"))
		buffer_text(out, ".0");
}

static void write_value(struct buffer *out, const json_t *value, bool pretty, int depth)
{
	const char *key;
	size_t i, n = 0;
	json_t *each;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		buffer_char(out, '{');
		json_object_foreach ((json_t *)(uintptr_t)value, key, each) {
			buffer_text(out, n++ ? pretty ? "," : ", " : "");
			newline(out, pretty, depth + 1);
			encode_json(out, key);
			buffer_text(out, ": ");
			write_value(out, each, pretty, depth + 1);
		}
		if (n)
			newline(out, pretty, depth);
		buffer_char(out, '}');
		break;
	case JSON_ARRAY:
		buffer_char(out, '[');
		json_array_foreach (value, i, each) {
			buffer_text(out, i ? pretty ? "," : ", " : "");
			newline(out, pretty, depth + 1);
			write_value(out, each, pretty, depth + 1);
		}
		if (json_array_size(value))
			newline(out, pretty, depth);
		buffer_char(out, ']');
		break;
	case JSON_STRING: encode_json(out, json_string_value(value)); break;
	case JSON_INTEGER: buffer_print(out, "%lld", (long long)json_integer_value(value)); break;
	case JSON_REAL: write_real(out, json_real_value(value)); break;
	case JSON_TRUE: buffer_text(out, "true"); break;
	case JSON_FALSE: buffer_text(out, "false"); break;
	case JSON_NULL: buffer_text(out, "null"); break;
	}
}

void json_write(struct buffer *out, const json_t *value, bool pretty)
{
	write_value(out, value, pretty, 0);
}

void out_json(struct cli *cli, const json_t *value)
{
	struct buffer out = { 0 };

	json_write(&out, value, cli->json == JSON_PRETTY);
	buffer_char(&out, '\n');
	fwrite(buffer_string(&out), 1, out.length, stdout);
	buffer_free(&out);
}

/* ---- plain text ---- */

static void put(FILE *stream, const char *text)
{
	struct buffer out = { 0 };

	encode_terminal_lines(&out, text);
	fwrite(buffer_string(&out), 1, out.length, stream);
	buffer_free(&out);
}

void out_text(const char *text)
{
	put(stdout, text);
}

static void pair(struct cli *cli, const char *name, const char *value, int width, bool red)
{
	const char *bold = cli->color ? "\033[1m" : "", *plain = cli->color ? "\033[0m" : "";
	const char *begins = red && cli->color ? "\033[31m" : "", *ends = *begins ? plain : "";
	size_t pad = strlen(name) < (size_t)width ? (size_t)width - strlen(name) : 0;

	printf("%*s%s", (int)pad, "", bold);
	put(stdout, name);
	printf(":%s ", plain);
	for (const char *line = value;; line++) {
		size_t length = strcspn(line, "\n");
		struct buffer part = { 0 };

		buffer_add(
			&part, line, length && line[length] && line[length - 1] == '\r' ? length - 1 : length); /* as CSV ends its lines */
		printf("%s", begins);
		put(stdout, buffer_string(&part));
		printf("%s\n", ends);
		buffer_free(&part);
		line += length;
		if (!*line)
			return;
		printf("%*s", width + 2, "");
	}
}

void out_pair(struct cli *cli, const char *name, const char *value, int width)
{
	pair(cli, name, value, width, false);
}

void out_pair_red(struct cli *cli, const char *name, const char *value, int width)
{
	pair(cli, name, value, width, true);
}

void note(struct cli *cli, const char *format, ...)
{
	char *text;
	va_list ap;

	if (cli->options.quiet)
		return;
	progress_end(cli);
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	put(stderr, text);
	fputc('\n', stderr);
	free(text);
}

/* ---- failures ---- */

static void failure_json(const struct failure *failure)
{
	json_t *error = json_pack("{s:{s:s, s:s*, s:i}}", "error", "name", failure->name, "message", failure->text, "exit_status",
		(int)failure_status(failure->name));
	struct buffer out = { 0 };

	if (!error) /* a message that is no UTF-8 */
		error = json_pack("{s:{s:s, s:i}}", "error", "name", failure->name, "exit_status", (int)failure_status(failure->name));
	if (*failure->hint)
		json_object_set_new(json_object_get(error, "error"), "hint", json_sprintf("mentorctl help %s", failure->hint));
	json_write(&out, error, false);
	fprintf(stderr, "%s\n", buffer_string(&out));
	buffer_free(&out);
	json_decref(error);
}

void failure_show(struct cli *cli)
{
	const struct failure *failure = &cli->failure;
	const char *name = failure->name;

	progress_end(cli);
	fflush(stdout);
	if (cli->json) {
		failure_json(failure);
		return;
	}
	fputs("mentorctl: ", stderr);
	put(stderr, failure->text);
	if (strcmp(name, ERROR_USAGE)) {
		fputs(" (", stderr);
		put(stderr, strrchr(name, '.') ? strrchr(name, '.') + 1 : name);
		fputc(')', stderr);
	}
	fputc('\n', stderr);
	if (failure_status(name) == EXIT_UNREACHABLE)
		fputs("Is the service running? See: systemctl status mentorshipd\n", stderr);
	if (*failure->hint) {
		fputs("see: mentorctl help ", stderr);
		put(stderr, failure->hint);
		fputc('\n', stderr);
	}
}

bool confirm(struct cli *cli, const char *format, ...)
{
	char answer[16] = "", *text;
	va_list ap;

	if (cli->options.yes || cli->options.dry_run)
		return true;
	if (!cli->terminal.in || !cli->terminal.err) {
		usage(cli, "", "this cannot be taken back; say --yes to confirm, or --dry-run to see what it would do");
		return false;
	}
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	put(stderr, text);
	fputs(" [y/N] ", stderr);
	free(text);
	if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return true;
	failed(&cli->failure, ERROR_CANCELLED, "nothing was changed");
	return false;
}

/* ---- progress ---- */

static bool progress_drawn;
static char farewell[200];

/* Who stops waiting with Ctrl-C is told how to look at the work again. */
static void on_interrupt(int number)
{
	ssize_t written = write(STDERR_FILENO, farewell, strlen(farewell));

	(void)written;
	signal(number, SIG_DFL);
	raise(number);
}

void progress_begin(struct cli *cli, const char *task)
{
	const char *number = strrchr(task, '/') ? strrchr(task, '/') + 1 : task;

	if (cli->options.quiet || strspn(number, "0123456789") != strlen(number))
		return;
	snprintf(farewell, sizeof farewell,
		"%sno longer waiting for task %s: 'mentorctl task wait %s' goes on waiting, 'mentorctl task cancel %s' stops it\n",
		cli->terminal.err ? "\r\033[K" : "", number, number, number);
	signal(SIGINT, on_interrupt);
}

void progress_show(double done, const char *kind, void *data)
{
	struct cli *cli = data;
	enum {
		WIDTH = 30
	};
	int full = (int)(done * WIDTH);

	if (!cli->terminal.err || cli->options.quiet)
		return;
	full = full < 0 ? 0 : full > WIDTH ? WIDTH : full;
	fputs("\r", stderr);
	put(stderr, kind);
	fprintf(stderr, " [%.*s%*s] %3.0f %%\033[K", full, "##############################", WIDTH - full, "", done * 100);
	fflush(stderr);
	progress_drawn = true;
}

void progress_end(struct cli *cli)
{
	(void)cli;
	if (*farewell)
		signal(SIGINT, SIG_DFL);
	if (progress_drawn)
		fputs("\r\033[K", stderr);
	progress_drawn = false;
}

/* ---- pager ---- */

static void pager_run(const char *command, int in)
{
	dup2(in, STDIN_FILENO);
	close(in);
	setenv("LESS", "FRSXMK", 0);
	setenv("LESSCHARSET", "utf-8", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void pager_open(struct cli *cli)
{
	const char *command = getenv("MENTORCTL_PAGER") ? getenv("MENTORCTL_PAGER") : getenv("PAGER");
	int ends[2];

	if (!cli->terminal.out || cli->options.no_pager || cli->inputs || cli->pager || cli->json)
		return;
	if (!command)
		command = access("/usr/bin/less", X_OK) ? "" : "exec less";
	if (!*command || !strcmp(command, "cat") || pipe(ends))
		return;
	fflush(stdout);
	cli->pager = fork();
	if (!cli->pager) {
		close(ends[1]);
		pager_run(command, ends[0]);
	}
	close(ends[0]);
	if (cli->pager > 0)
		dup2(ends[1], STDOUT_FILENO);
	else
		cli->pager = 0;
	close(ends[1]);
}

int out_close(struct cli *cli)
{
	int bad = ferror(stdout), r = fflush(stdout);

	progress_end(cli);
	if (cli->pager) {
		close(STDOUT_FILENO);
		while (waitpid(cli->pager, NULL, 0) < 0 && errno == EINTR)
			;
		cli->pager = 0;
		return 0; /* whoever leaves the pager early has read enough */
	}
	return bad || r ? failed(&cli->failure, ERROR_UNAVAILABLE, "the output could not be written: %s", strerror(errno)) : 0;
}
