/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user name of a uid, looked up in a process of its own.
 *
 * NSS may ask a directory server, block for minutes, or call the bus and wait for us; so the loop never calls it. Our own executable
 * is started again with a private option, prints the name into a pipe and ends. No answer in time is a refusal, never a guess.
 */
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NAME_MOST = 256
};

struct lookup {
	struct lookup *next;
	struct bus *bus;
	struct user *user;
	pid_t pid;
	int fd;
	struct event *event;
	char name[NAME_MOST + 2];
	size_t length;
};

/* ---- the helper ---- */

int bus_resolve_main(const char *uid)
{
	struct passwd entry, *found = NULL;
	char buffer[16384], *end;
	unsigned long number;

	errno = 0;
	number = strtoul(uid, &end, 10);
	if (errno || *end || !*uid || number >= UINT32_MAX)
		return 2;
	if (getpwuid_r((uid_t)number, &entry, buffer, sizeof buffer, &found))
		return 1;
	/* the line feed says that the name is whole; without a name it stands alone */
	return dprintf(STDOUT_FILENO, "%s\n", found ? entry.pw_name : "") > 0 ? 0 : 1;
}

/* ---- the daemon's side ---- */

void lookups_reap(struct bus *bus)
{
	for (int i = 0; i < bus->unreaped.count;) {
		if (waitpid(bus->unreaped.pids[i], NULL, WNOHANG) == 0) {
			i++;
			continue;
		}
		bus->unreaped.pids[i] = bus->unreaped.pids[--bus->unreaped.count];
	}
}

static void end_process(struct bus *bus, pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, WNOHANG) != 0)
		return;
	event_add(bus->sweeping, &(struct timeval){ 0, 50000 });
	bus->unreaped.pids[bus->unreaped.count++] = pid; /* lookup_start keeps a place free */
}

void lookup_stop(struct lookup *lookup)
{
	struct lookup **at = &lookup->bus->lookups;

	while (*at != lookup)
		at = &(*at)->next;
	*at = lookup->next;
	event_free(lookup->event);
	close(lookup->fd);
	end_process(lookup->bus, lookup->pid);
	free(lookup);
}

static void on_answer(evutil_socket_t fd, short what, void *data)
{
	struct lookup *lookup = data;
	struct user *user = lookup->user;
	struct bus *bus = lookup->bus;
	char name[NAME_MOST + 2];
	bool answered;
	ssize_t n = 0;

	if (!(what & EV_TIMEOUT)) {
		n = read(fd, lookup->name + lookup->length, sizeof lookup->name - 1 - lookup->length);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0) {
			lookup->length += (size_t)n;
			if (lookup->length < sizeof lookup->name - 1 && lookup->name[lookup->length - 1] != '\n')
				return;
		}
	}
	answered = lookup->length && lookup->name[lookup->length - 1] == '\n';
	memcpy(name, lookup->name, sizeof name);
	if (answered)
		name[lookup->length - 1] = 0;
	lookup_stop(lookup);
	user_named(bus, user, answered, answered && *name ? name : NULL);
}

static pid_t start(const char *uid, int out)
{
	static char *const environment[] = { (char *)(uintptr_t) "PATH=/usr/bin:/bin", (char *)(uintptr_t) "LC_ALL=C", NULL };
	char *arguments[] = { (char *)(uintptr_t) "mentorshipd", (char *)(uintptr_t) "--resolve-user", (char *)(uintptr_t)uid, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? -1 : pid;
}

struct lookup *lookup_start(struct bus *bus, struct user *user)
{
	int64_t ms = bus->settings->identity.lookup_timeout;
	struct timeval timeout = { ms / 1000, ms % 1000 * 1000 };
	struct lookup *lookup;
	int running = 0, ends[2];
	char uid[16];
	pid_t pid;

	lookups_reap(bus);
	for (lookup = bus->lookups; lookup; lookup = lookup->next)
		running++;
	if (running + bus->unreaped.count >= (int)(sizeof bus->unreaped.pids / sizeof *bus->unreaped.pids))
		return NULL;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return NULL;
	snprintf(uid, sizeof uid, "%u", user->uid);
	pid = start(uid, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return NULL;
	}
	lookup = calloc(1, sizeof *lookup);
	must(lookup != NULL);
	*lookup = (struct lookup){ .next = bus->lookups, .bus = bus, .user = user, .pid = pid, .fd = ends[0] };
	lookup->event = event_new(bus->base, ends[0], EV_READ | EV_PERSIST, on_answer, lookup);
	must(lookup->event != NULL);
	event_add(lookup->event, &timeout);
	bus->lookups = lookup;
	return lookup;
}
