/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Over ssh: `mentorctl -H HOST ...` starts `ssh -T -- HOST mentorctl --remote` and sends the arguments, the files that they name (a
 * descriptor cannot cross) and what is known of the terminal; the far side runs the command as if it were called there and sends back what
 * it prints. Who the caller is, the far daemon learns from ssh's login, from nothing that is sent.
 *
 * The far side opens no file of its own for a command from here. A proposal for a mapping, or an export into a file, goes to its stdout,
 * and is written here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "wire.h"

enum {
	MAX_FILES = 16,
	MAX_ARGUMENTS = 4096,
	SSH_FAILED = 255
};

/* ---- the near side ---- */

struct near {
	struct cli cli;   /* options and failure */
	char **words;     /* argv in getopt's order; options and words point into it */
	char **arguments; /* what is sent, ended by NULL */
	size_t count;
	const char *names[MAX_FILES];
	int files[MAX_FILES];
	bool directories[MAX_FILES];
	size_t file_count;
};

static int take_file(struct near *near, const char *name)
{
	for (size_t i = 0; i < near->file_count; i++)
		if (!strcmp(near->names[i], name))
			return 0;
	if (near->file_count == MAX_FILES)
		return usage(&near->cli, "", "at most %d files go along", MAX_FILES);
	if (input_take(name, &near->files[near->file_count], &near->directories[near->file_count], &near->cli.failure))
		return -1;
	near->names[near->file_count++] = name;
	return 0;
}

/* Which words name files is decided by their form, and by the commands that take one. */
static int take_files(struct near *near)
{
	struct cli *cli = &near->cli;
	bool file_command = cli->count > 1 &&
		(!strcmp(cli->words[0], "import") || !strcmp(cli->words[0], "call-many") ||
			(cli->count > 2 && !strcmp(cli->words[1], "import")));

	if (cli->options.mapping && take_file(near, cli->options.mapping))
		return -1;
	if (file_command)
		return take_file(near, cli->words[cli->count - 1]);
	for (size_t i = 2; i < cli->count; i++) {
		const char *name = input_named(cli->words[i]);

		if (name && take_file(near, name))
			return -1;
	}
	return 0;
}

/* What is written here, the far side puts out. */
static const char *put_out(const char *word)
{
	if (!strncmp(word, "--propose=", strlen("--propose=")) || !strcmp(word, "--propose"))
		return "--propose=-";
	return !strncmp(word, "--out=", strlen("--out=")) || !strcmp(word, "--out") ? "--out=-" : NULL;
}

/* The arguments without -H HOST, and with '--propose -' or '--out -' for a file that is written here. */
static void sent_arguments(struct near *near, int argc, char **argv)
{
	near->arguments = calloc((size_t)argc + 2, sizeof *near->arguments);
	if (!near->arguments)
		abort();
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--")) {
			while (i < argc)
				near->arguments[near->count++] = argv[i++];
			break;
		}
		if (!strcmp(word, "-H") || !strcmp(word, "--host"))
			i++;
		else if (put_out(word) && (strchr(word, '=') || i + 1 < argc)) {
			near->arguments[near->count++] = (char *)(uintptr_t)put_out(word);
			i += !strchr(word, '=');
		} else if (strncmp(word, "-H", 2) && strncmp(word, "--host=", strlen("--host=")))
			near->arguments[near->count++] = argv[i];
	}
}

static bool send_file(int to, const char *name, bool directory, int fd)
{
	char part[65536];
	char *head;
	ssize_t n;
	bool sent;

	if (asprintf(&head, "%c%s", directory ? 'd' : 'f', name) < 0)
		abort();
	sent = wire_write(to, 'F', head, strlen(head));
	free(head);
	while (sent && (n = read(fd, part, sizeof part)) != 0)
		sent = n > 0 && wire_write(to, 'D', part, (size_t)n);
	return sent;
}

static bool send_all(const struct near *near, const struct terminal *terminal, int to)
{
	char fact[128];
	bool sent = wire_write(to, 'V', WIRE_VERSION, strlen(WIRE_VERSION));

	snprintf(fact, sizeof fact, "columns=%d", terminal->columns);
	sent = sent && wire_write(to, 'T', fact, strlen(fact));
	snprintf(fact, sizeof fact, "zone=%s", terminal->zone);
	sent = sent && wire_write(to, 'T', fact, strlen(fact));
	snprintf(fact, sizeof fact, "streams=%s%s%s", terminal->out ? "o" : "", terminal->err ? "e" : "", terminal->no_color ? "n" : "");
	sent = sent && wire_write(to, 'T', fact, strlen(fact));
	for (size_t i = 0; sent && i < near->count; i++)
		sent = wire_write(to, 'A', near->arguments[i], strlen(near->arguments[i]));
	for (size_t i = 0; sent && i < near->file_count; i++)
		sent = send_file(to, near->names[i], near->directories[i], near->files[i]);
	return sent && wire_write(to, 'G', "", 0);
}

static pid_t start_ssh(const char *host, int *ret_to, int *ret_from)
{
	const char *argv[] = { "ssh", "-T", "--", host, "mentorctl", "--remote", NULL };
	int to[2], from[2];
	pid_t child;

	if (pipe2(to, O_CLOEXEC))
		return -1;
	if (pipe2(from, O_CLOEXEC)) {
		close(to[0]);
		close(to[1]);
		return -1;
	}
	child = fork();
	if (!child) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(to[0]);
	close(from[1]);
	*ret_to = to[1];
	*ret_from = from[0];
	return child;
}

struct sink {
	FILE *stream;
	bool terminal;
	struct screen screen;
};

static void sink_put(struct sink *sink, const char *data, size_t length, bool end)
{
	struct buffer out = { 0 };

	if (!sink->terminal) {
		fwrite(data, 1, length, sink->stream);
	} else {
		screen_filter(&sink->screen, data, length, &out);
		if (end)
			screen_end(&sink->screen, &out);
		fwrite(buffer_string(&out), 1, out.length, sink->stream);
		buffer_free(&out);
	}
	fflush(sink->stream);
}

/* Shows what comes back until the exit status does; -1: it never came. */
static int receive(struct cli *cli, int from, struct sink *out, struct sink *err)
{
	int status = -1, r;
	bool greeted = false;
	struct wire_frame frame;

	while ((r = wire_read(from, &frame)) == 1) {
		if (!greeted && (frame.type != 'V' || strcmp(frame.data, WIRE_VERSION))) {
			free(frame.data);
			r = -1;
			break;
		}
		greeted = true;
		if (frame.type == 'O')
			sink_put(out, frame.data, frame.length, false);
		else if (frame.type == 'E')
			sink_put(err, frame.data, frame.length, false);
		else if (frame.type == 'X' && frame.length == 1)
			status = (unsigned char)frame.data[0];
		free(frame.data);
		if (status >= 0)
			break;
	}
	sink_put(out, "", 0, true);
	sink_put(err, "", 0, true);
	if (status >= 0)
		return status;
	if (greeted || !r)
		return failed(
			&cli->failure, ERROR_DISCONNECTED, "the connection to %s ended before the answer was complete", cli->options.host);
	return failed(&cli->failure, ERROR_DISCONNECTED,
		"%s does not answer as mentorctl does; is it installed there, in this version, and does the login print nothing?",
		cli->options.host);
}

/* What is written here and not shown; NULL: nothing. */
static const char *written_here(const struct cli *cli)
{
	const char *name = cli->options.propose ? cli->options.propose : cli->options.out;

	return name && strcmp(name, "-") ? name : NULL;
}

static FILE *proposal_file(struct cli *cli)
{
	const char *name = written_here(cli);
	FILE *file = fopen(name, "wxe");

	if (!file)
		failed(&cli->failure, ERROR_INVALID, "%s: %s", name,
			errno == EEXIST ? "is there already; choose another name" : strerror(errno));
	return file;
}

static int talk(struct near *near, const struct terminal *terminal, FILE *proposal)
{
	struct sink out = { proposal ? proposal : stdout, terminal->out && !proposal, { { 0 }, 0 } },
		    err = { stderr, terminal->err, { { 0 }, 0 } };
	int to, from, status = 0, r;
	pid_t child;

	signal(SIGPIPE, SIG_IGN); /* an end that is gone is a failed write */
	child = start_ssh(near->cli.options.host, &to, &from);
	if (child < 0)
		return failed(&near->cli.failure, ERROR_UNAVAILABLE, "ssh could not be started: %s", strerror(errno));
	if (!proposal)
		pager_open(&near->cli);
	send_all(near, terminal, to); /* if it fails, the answer says why */
	r = receive(&near->cli, from, &out, &err);
	close(to);
	close(from);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		failed(&near->cli.failure, ERROR_UNAVAILABLE, "there is no ssh here, or no mentorctl on %s", near->cli.options.host);
	else if (r < 0 && WIFEXITED(status) && WEXITSTATUS(status) == SSH_FAILED)
		failed(&near->cli.failure, ERROR_DISCONNECTED, "ssh could not reach %s", near->cli.options.host);
	return r;
}

static int near_prepare(struct near *near, int argc, char **argv, const char *host)
{
	near->words = calloc((size_t)argc + 1, sizeof *near->words);
	if (!near->words)
		abort();
	memcpy(near->words, argv, (size_t)argc * sizeof *argv);
	if (!*host || *host == '-' || strspn(host, " \t\n"))
		return usage(&near->cli, "", "'%s' is no host", host);
	if (options_parse(&near->cli, argc, near->words) || take_files(near))
		return -1;
	sent_arguments(near, argc, argv);
	return 0;
}

int remote_call(int argc, char **argv, const char *host, const struct terminal *terminal)
{
	struct near near = { .cli = { .terminal = *terminal } };
	FILE *proposal = NULL;
	int r = near_prepare(&near, argc, argv, host);

	if (!r && written_here(&near.cli)) {
		proposal = proposal_file(&near.cli);
		r = proposal ? 0 : -1;
	}
	if (!r)
		r = talk(&near, terminal, proposal);
	if (proposal && (fclose(proposal) | r))
		unlink(written_here(&near.cli));
	out_close(&near.cli);
	if (r < 0) {
		failure_show(&near.cli);
		r = (int)failure_status(near.cli.failure.name);
	}
	for (size_t i = 0; i < near.file_count; i++)
		close(near.files[i]);
	free(near.arguments);
	free(near.words);
	return r;
}

/* ---- the far side ---- */

struct far {
	struct terminal terminal;
	char zone[ZONE_NAME];
	char *arguments[MAX_ARGUMENTS + 2];
	int count;
	struct input_file files[MAX_FILES];
	struct inputs inputs;
	size_t total;
};

static void far_fact(struct far *far, const char *fact)
{
	if (!strncmp(fact, "columns=", 8)) {
		far->terminal.columns = atoi(fact + 8);
	} else if (!strncmp(fact, "zone=", 5)) {
		snprintf(far->zone, sizeof far->zone, "%s", fact + 5);
		if (!zone_name_is_valid(far->zone))
			far->zone[0] = 0;
	} else if (!strncmp(fact, "streams=", 8)) {
		far->terminal.out = strchr(fact + 8, 'o');
		far->terminal.err = strchr(fact + 8, 'e');
		far->terminal.no_color = strchr(fact + 8, 'n');
	} /* facts that a later version sends are passed over */
}

static bool far_file(struct far *far, const struct wire_frame *frame)
{
	struct input_file *file = &far->files[far->inputs.count];

	if (far->inputs.count == MAX_FILES || !frame->length)
		return false;
	file->directory = frame->data[0] == 'd';
	file->name = strdup(frame->data + 1);
	file->fd = memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (!file->name || file->fd < 0)
		return false;
	far->inputs.count++;
	return true;
}

static bool far_data(struct far *far, const struct wire_frame *frame)
{
	far->total += frame->length;
	return far->inputs.count && far->total <= WIRE_TOTAL &&
		write(far->files[far->inputs.count - 1].fd, frame->data, frame->length) == (ssize_t)frame->length;
}

/* Takes one frame; false: the talk makes no sense. */
static bool far_take(struct far *far, const struct wire_frame *frame, bool *ret_go)
{
	switch (frame->type) {
	case 'V': return !strcmp(frame->data, WIRE_VERSION);
	case 'T': far_fact(far, frame->data); return true;
	case 'A':
		if (far->count == MAX_ARGUMENTS || strlen(frame->data) != frame->length)
			return false;
		far->arguments[far->count++] = strdup(frame->data);
		return true;
	case 'F': return far_file(far, frame);
	case 'D': return far_data(far, frame);
	case 'G': *ret_go = true; return true;
	default: return false;
	}
}

static bool far_receive(struct far *far)
{
	bool go = false, good = true;
	struct wire_frame frame;

	far->arguments[far->count++] = strdup("mentorctl");
	while (good && !go && wire_read(STDIN_FILENO, &frame) == 1) {
		good = far_take(far, &frame, &go);
		free(frame.data);
	}
	for (size_t i = 0; i < far->inputs.count; i++)
		if (lseek(far->files[i].fd, 0, SEEK_SET) ||
			fcntl(far->files[i].fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
			good = false;
	return good && go;
}

/* The command runs in a child whose stdout and stderr are pipes. */
static pid_t far_start(struct far *far, int *ret_out, int *ret_err)
{
	int out[2], err[2], null;
	pid_t child;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		dup2(null, STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		signal(SIGPIPE, SIG_DFL);
		exit(cli_run(far->count, far->arguments, &far->terminal, &far->inputs));
	}
	close(out[1]);
	close(err[1]);
	*ret_out = out[0];
	*ret_err = err[0];
	return child;
}

/* Frames what the child prints until it has ended; if the near side goes away, so does the child. */
static void far_pump(pid_t child, int out, int err)
{
	struct pollfd polled[] = { { out, POLLIN, 0 }, { err, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
	char part[65536];

	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		if (poll(polled, 3, -1) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (polled[i].fd < 0 || !polled[i].revents)
				continue;
			n = read(polled[i].fd, part, sizeof part);
			if (n <= 0)
				polled[i].fd = -1;
			else if (!wire_write(STDOUT_FILENO, i ? 'E' : 'O', part, (size_t)n))
				kill(child, SIGTERM);
		}
		if (polled[2].fd >= 0 && polled[2].revents) {
			kill(child, SIGTERM);
			polled[2].fd = -1;
		}
	}
}

static bool far_hosts(const struct far *far)
{
	struct cli cli = { .terminal = far->terminal };
	char *copy[MAX_ARGUMENTS + 2] = { NULL };

	memcpy(copy, far->arguments, (size_t)far->count * sizeof *copy);
	return options_parse(&cli, far->count, copy) == 0 && (cli.options.host || cli.options.remote);
}

static int far_serve(struct far *far)
{
	int out, err, status = 0;
	unsigned char code;
	pid_t child;

	if (!wire_write(STDOUT_FILENO, 'V', WIRE_VERSION, strlen(WIRE_VERSION)))
		return EXIT_UNREACHABLE;
	if (!far_receive(far) || far_hosts(far)) {
		fputs("mentorctl --remote is what 'mentorctl -H HOST' runs on the other machine; what it was sent makes no sense\n",
			stderr);
		return EXIT_USAGE;
	}
	child = far_start(far, &out, &err);
	if (child < 0)
		return EXIT_OTHER;
	far_pump(child, out, err);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	code = (unsigned char)(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_OTHER);
	wire_write(STDOUT_FILENO, 'X', &code, 1);
	return 0;
}

int remote_serve(void)
{
	struct far far = { .terminal = { .columns = 80, .zone = "" } };
	int r;

	far.terminal.zone = far.zone;
	far.inputs.files = far.files;
	signal(SIGPIPE, SIG_IGN);
	r = far_serve(&far);
	for (int i = 0; i < far.count; i++)
		free(far.arguments[i]);
	for (size_t i = 0; i < far.inputs.count; i++) {
		free(far.files[i].name);
		close(far.files[i].fd);
	}
	return r;
}
