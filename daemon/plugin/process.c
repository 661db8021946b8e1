/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process of a worker: made with nothing but its descriptors, read without waiting, ended for sure.
 *
 * posix_spawn, so that no half of the daemon runs on in a child: a process group of its own, default signals, an environment of
 * two names, descriptors 0 to 5 and none above. What it sends is buffered up to a limit and then it waits. Its end is seen on a
 * pidfd; whoever stops reading it kills its group and leaves the waiting to the loop.
 */
#include "inner.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/settings.h"

enum {
	CHUNK = 65536,
	AHEAD = 1 << 20,
	GRACE_SECONDS = 1,
	ABOVE = 16
};

int sealed_memfd(const struct buffer *bytes, struct problem *problem)
{
	const char *data = bytes->data;
	size_t left = bytes->length;
	int fd = memfd_create("worker-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL, "no memory file could be made: %s", strerror(errno));
	while (left) {
		ssize_t n = write(fd, data, left);

		if (n < 0) {
			close(fd);
			return problem_set(problem, E_UNAVAILABLE, NULL, "the memory file could not be filled: %s", strerror(errno));
		}
		data += n;
		left -= (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return problem_set(problem, E_UNAVAILABLE, NULL, "the memory file could not be sealed: %s", strerror(errno));
	}
	return fd;
}

/* ---- the end ---- */

static void process_forget(struct process *process)
{
	struct process **at = &process->workers->processes;

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	event_free(process->exited);
	event_free(process->deadline);
	close(process->pidfd);
	free(process);
}

/* Not once it was waited for: the number may be somebody else's then. */
static void kill_group(const struct process *process)
{
	if (kill(-process->pid, SIGKILL)) /* its group may not be there yet */
		kill(process->pid, SIGKILL);
}

void process_end(struct process *process)
{
	if (process->piece)
		process->piece->process = NULL;
	process->piece = NULL;
	if (process->link)
		bufferevent_free(process->link);
	process->link = NULL;
	frame_reader_free(&process->in);
	event_del(process->deadline);
	if (process->gone)
		process_forget(process);
	else
		kill_group(process);
}

void process_free(struct process *process)
{
	bool gone = process->gone;

	process_end(process);
	if (gone)
		return;
	waitpid(process->pid, NULL, 0);
	process_forget(process);
}

static void on_exit_seen(evutil_socket_t fd, short what, void *data)
{
	struct process *process = data;
	struct piece *piece = process->piece;
	int status = 0;

	(void)fd;
	(void)what;
	kill_group(process); /* the pid is ours until it was waited for */
	waitpid(process->pid, &status, 0);
	if (!piece) {
		process_forget(process);
		return;
	}
	if (WIFSIGNALED(status) || WEXITSTATUS(status))
		log_event(EVENT_WORKER_FAILED,
			&(struct log_facts){ .job = piece->kind->name,
				.object = piece->subject,
				.has = LOG_HAS_NUMBER,
				.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) });
	event_del(process->exited);
	process->status = status;
	process->gone = true;
	process->over = process->link_closed;
	if (!process->link_closed) /* the last bytes may still be on their way */
		event_add(process->deadline, &(struct timeval){ GRACE_SECONDS, 0 });
	piece_wake(piece);
}

static void on_deadline(evutil_socket_t fd, short what, void *data)
{
	struct process *process = data;
	struct problem problem = { 0 };

	(void)fd;
	(void)what;
	if (process->gone || process->link_closed) { /* its grace is over */
		process->over = true;
		piece_wake(process->piece);
		return;
	}
	problem_set(&problem, E_UNAVAILABLE, NULL,
		"the worker needed more than %lld seconds and was ended; a smaller task may do, or more time (worker.seconds)",
		(long long)process->workers->setup.settings->worker.seconds);
	piece_fail(process->piece, &problem);
}

/* ---- the link ---- */

static void on_bytes(struct bufferevent *link, void *data)
{
	struct process *process = data;

	(void)link;
	piece_wake(process->piece);
}

static void on_link(struct bufferevent *link, short what, void *data)
{
	struct process *process = data;

	(void)link;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	process->link_closed = true;
	process->over = process->gone;
	if (!process->gone) /* so that the log can say how it ended */
		event_add(process->deadline, &(struct timeval){ GRACE_SECONDS, 0 });
	piece_wake(process->piece);
}

bool process_feed(struct process *process)
{
	struct evbuffer *in = bufferevent_get_input(process->link);
	char bytes[CHUNK];
	int n = evbuffer_remove(in, bytes, sizeof bytes);

	if (n <= 0)
		return false;
	frame_feed(&process->in, bytes, (size_t)n);
	return true;
}

/* ---- the beginning ---- */

/* Above the numbers that the worker's descriptors will have. -1 stays -1. */
static int high(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
}

static int actions_make(posix_spawn_file_actions_t *actions, int null, const int fds[3])
{
	int r = posix_spawn_file_actions_init(actions);

	for (int to = 0; to < 2 && !r; to++)
		r = posix_spawn_file_actions_adddup2(actions, null, to);
	for (int i = 0; i < 3 && !r; i++)
		r = fds[i] < 0 ? posix_spawn_file_actions_addclose(actions, 3 + i)
			       : posix_spawn_file_actions_adddup2(actions, fds[i], 3 + i);
	return r ? r : posix_spawn_file_actions_addclosefrom_np(actions, 6);
}

static int attributes_make(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r = posix_spawnattr_init(attributes);

	sigemptyset(&none);
	sigfillset(&all);
	if (!r)
		r = posix_spawnattr_setsigmask(attributes, &none);
	if (!r)
		r = posix_spawnattr_setsigdefault(attributes, &all);
	if (!r)
		r = posix_spawnattr_setpgroup(attributes, 0);
	return r ? r : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* fds: link, input, directory; -1: closed in the worker. Returns 0 or an errno. */
static int spawn(const char *program, const struct settings *settings, const int fds[3], pid_t *ret_pid)
{
	char parent[24], memory[24], seconds[24], zones[300];
	const char *directory = getenv("TZDIR");
	char *argv[] = { (char *)(uintptr_t)program, parent, memory, seconds, NULL };
	char *environment[] = { (char *)(uintptr_t) "LANG=C", directory ? zones : NULL, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int low = open("/dev/null", O_RDWR | O_CLOEXEC), null = high(low), r;

	if (low >= 0)
		close(low);
	if (null < 0)
		return EMFILE;
	snprintf(parent, sizeof parent, "%d", (int)getpid());
	snprintf(memory, sizeof memory, "%lld", (long long)settings->worker.memory);
	snprintf(seconds, sizeof seconds, "%lld", (long long)settings->worker.seconds);
	snprintf(zones, sizeof zones, "TZDIR=%s", directory ? directory : "");
	r = actions_make(&actions, null, fds);
	if (!r)
		r = attributes_make(&attributes);
	if (!r) {
		r = posix_spawn(ret_pid, program, &actions, &attributes, argv, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(null);
	return r;
}

static int adopt(struct piece *piece, pid_t pid, int link, struct problem *problem)
{
	struct workers *workers = piece->workers;
	struct process *process = calloc(1, sizeof *process);
	int pidfd = pidfd_open(pid, 0);

	if (!process)
		abort();
	if (pidfd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		free(process);
		close(link);
		return problem_set(problem, E_UNAVAILABLE, NULL, "the worker could not be watched: %s", strerror(errno));
	}
	*process = (struct process){ .workers = workers, .piece = piece, .pid = pid, .pidfd = pidfd, .next = workers->processes };
	fcntl(pidfd, F_SETFD, FD_CLOEXEC);
	process->exited = event_new(workers->setup.base, pidfd, EV_READ, on_exit_seen, process);
	process->deadline = event_new(workers->setup.base, -1, 0, on_deadline, process);
	process->link = bufferevent_socket_new(workers->setup.base, link, BEV_OPT_CLOSE_ON_FREE);
	if (!process->exited || !process->deadline || !process->link)
		abort();
	event_add(process->exited, NULL);
	event_add(process->deadline, &(struct timeval){ workers->setup.settings->worker.seconds, 0 });
	bufferevent_setcb(process->link, on_bytes, NULL, on_link, process);
	bufferevent_setwatermark(process->link, EV_READ, 0, AHEAD);
	bufferevent_write(process->link, piece->first.data, piece->first.length);
	bufferevent_enable(process->link, EV_READ | EV_WRITE);
	workers->processes = process;
	piece->process = process;
	return 0;
}

int process_start(struct piece *piece, struct problem *problem)
{
	struct workers *workers = piece->workers;
	int link[2], fds[3] = { -1, -1, -1 }, directory = -1, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link))
		return problem_set(problem, E_UNAVAILABLE, NULL, "no link to a worker could be made: %s", strerror(errno));
	if (piece->reads_database) {
		directory = open(store_directory(workers->setup.store), O_PATH | O_DIRECTORY | O_CLOEXEC);
		fds[2] = high(directory);
	}
	fds[0] = high(link[1]);
	fds[1] = high(piece->input);
	r = fds[0] < 0 || (piece->input >= 0 && fds[1] < 0) || (piece->reads_database && fds[2] < 0)
		? errno
		: spawn(workers->setup.program, workers->setup.settings, fds, &pid);
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(link[1]);
	if (directory >= 0)
		close(directory);
	if (piece->input >= 0)
		close(piece->input);
	piece->input = -1;
	if (r) {
		close(link[0]);
		return problem_set(
			problem, E_UNAVAILABLE, NULL, "the worker could not be started: %s; look at the setting worker.path", strerror(r));
	}
	fcntl(link[0], F_SETFL, O_NONBLOCK);
	return adopt(piece, pid, link[0], problem);
}
