/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * posix_spawn, a pidfd on the loop, and an input that is written as fast as the program reads.
 *
 * The group is killed while its leader is still a zombie: until it is waited for, no other group can bear its number. Who left the group (setsid)
 * is found in /proc: by the mark of the run, which stands in the environment that every process inherits, or, with that taken out, as one whom
 * its parents' end left to this process, as soon as no run of another mark could be meant.
 */
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static bool ours(const struct stat *at)
{
	return at->st_uid == 0 || at->st_uid == geteuid();
}

const char *child_untrusted(const char *program)
{
	char path[PATH_MAX];
	struct stat at;

	if (program[0] != '/')
		return "is no whole path";
	if (!realpath(program, path) || stat(path, &at) != 0)
		return "is not there";
	if (!S_ISREG(at.st_mode) || access(path, X_OK) != 0)
		return "is no program that this account may run";
	if (!ours(&at))
		return "belongs to another account than root and this one";
	if (at.st_mode & 022)
		return "can be written by others";
	for (char *end = strrchr(path, '/'); end; end = strrchr(path, '/')) {
		end[end == path] = 0;
		if (stat(path, &at) != 0 || !ours(&at) || (at.st_mode & 022 && !(at.st_mode & S_ISVTX)))
			return "lies in a directory that others can change";
		if (end == path)
			break;
	}
	return NULL;
}

/* ---- what left its group ---- */

enum {
	SWEEPS = 8,
	ENVIRONMENT_MOST = 64 * 1024
};

static struct child *running; /* all whose leader was not waited for */

static size_t read_proc(long pid, const char *name, char *bytes, size_t size)
{
	char path[64];
	size_t length = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && length < size && (n = read(fd, bytes + length, size - length)) > 0)
		length += (size_t)n;
	if (fd >= 0)
		close(fd);
	return length;
}

static bool bears(long pid, const char *mark)
{
	static char bytes[ENVIRONMENT_MOST];
	size_t length = read_proc(pid, "environ", bytes, sizeof bytes);

	return memmem(bytes, length, mark, strlen(mark) + 1) != NULL;
}

/* A child of this process that no run began: its parents are gone. */
static bool is_left(long pid)
{
	char text[512], *at;
	long parent = 0;
	size_t length = read_proc(pid, "stat", text, sizeof text - 1);

	text[length] = 0;
	at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %*c %ld", &parent) != 1 || parent != getpid())
		return false;
	for (const struct child *child = running; child; child = child->next)
		if (child->pid == pid)
			return false;
	return true;
}

/* Kills what it finds of one run; how many. */
static int sweep_once(const struct child *ended)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while (proc && (entry = readdir(proc))) {
		long pid = strtol(entry->d_name, NULL, 10);
		bool left = pid > 1 && pid != getpid() && is_left(pid);

		if (pid <= 1 || pid == getpid() || pid == ended->pid)
			continue;
		if ((bears(pid, ended->mark) || (left && !running->next)) && kill((pid_t)pid, SIGKILL) == 0)
			count++;
		if (left && waitpid((pid_t)pid, NULL, WNOHANG) > 0)
			count--;
	}
	if (proc)
		closedir(proc);
	return count;
}

/* Of the run whose leader is a zombie, or is about to be. */
static void sweep(const struct child *ended)
{
	for (int i = 0; i < SWEEPS && sweep_once(ended) > 0; i++)
		;
}

static void forget(struct child *child)
{
	struct child **at = &running;

	while (*at && *at != child)
		at = &(*at)->next;
	if (*at)
		*at = child->next;
}

/* ---- input ---- */

static void stop_writing(struct child *child)
{
	if (child->writable)
		event_free(child->writable);
	child->writable = NULL;
	if (child->input >= 0)
		close(child->input);
	child->input = -1;
}

/* A program need not read what it is given. */
static void on_writable(evutil_socket_t fd, short what, void *data)
{
	struct child *child = data;
	ssize_t count = write(fd, child->text + child->written, child->length - child->written);

	(void)what;
	if (count > 0)
		child->written += (size_t)count;
	if ((count < 0 && errno != EAGAIN && errno != EINTR) || child->written == child->length)
		stop_writing(child);
}

static void on_end(evutil_socket_t fd, short what, void *data)
{
	struct child *child = data;
	siginfo_t info = { 0 };

	(void)fd;
	(void)what;
	kill(-child->pid, SIGKILL);
	sweep(child);
	if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid) {
		child->code = info.si_code == CLD_EXITED ? info.si_status : -1;
		child->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	}
	forget(child);
	child->pid = 0;
	stop_writing(child);
	event_del(child->timer);
	child->done(child);
}

static void on_time(evutil_socket_t fd, short what, void *data)
{
	struct child *child = data;

	(void)fd;
	(void)what;
	if (child->error) {
		child->done(child);
		return;
	}
	child->late = true;
	kill(-child->pid, SIGKILL);
}

static int spawn(struct child *child, const char *program, int input)
{
	char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", language[] = "LANG=C.UTF-8", simulated[] = "MENTORSHIP_SIMULATED=1";
	char *const environment[] = { path, language, child->mark, child->simulated ? simulated : NULL, NULL };
	char *name = must(strdup(program));
	char *const arguments[] = { name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int r;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	r = posix_spawn(&child->pid, program, &actions, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(name);
	return r;
}

static int start(struct child *child, struct event_base *base, const char *program)
{
	static long number;
	int ends[2], r;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(child->mark, sizeof child->mark, "MENTORSHIP_RUN=%ld-%ld", (long)getpid(), ++number);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	child->input = ends[1];
	r = spawn(child, program, ends[0]);
	close(ends[0]);
	if (r) {
		child->pid = 0;
		return r;
	}
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd < 0) {
		r = errno;
		kill(-child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
		child->pid = 0;
		return r;
	}
	child->next = running;
	running = child;
	child->ended = must(event_new(base, child->pidfd, EV_READ, on_end, child));
	event_add(child->ended, NULL);
	child->writable = must(event_new(base, child->input, EV_WRITE | EV_PERSIST, on_writable, child));
	event_add(child->writable, NULL);
	return 0;
}

void child_start(struct child *child, struct event_base *base, const char *program, char *text, size_t length, int seconds)
{
	struct timeval wait = { .tv_sec = seconds };

	child->text = text;
	child->length = length;
	child->written = 0;
	child->input = child->pidfd = -1;
	child->late = false;
	child->code = child->signal = 0;
	child->timer = must(evtimer_new(base, on_time, child));
	child->error = start(child, base, program);
	if (child->error) {
		stop_writing(child);
		wait.tv_sec = 0;
	}
	event_add(child->timer, &wait);
}

void child_free(struct child *child)
{
	if (child->pid > 0) {
		kill(-child->pid, SIGKILL);
		sweep(child);
		waitid(P_PIDFD, (id_t)child->pidfd, &(siginfo_t){ 0 }, WEXITED | WNOHANG);
		forget(child);
	}
	stop_writing(child);
	if (child->ended)
		event_free(child->ended);
	if (child->timer)
		event_free(child->timer);
	if (child->pidfd >= 0)
		close(child->pidfd);
	free(child->text);
	free(child);
}
