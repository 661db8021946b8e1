/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts: started by the daemon with --development, by systemd otherwise; and when one that failed is tried again.
 *
 * A host outlives the daemon: it keeps what it has not reported, and connects again. So with --development a new daemon may find the old
 * host coming back; the one that it started itself then finds the plugin's lock taken and ends, which is no failure.
 *
 * A host that somebody asks to end says so (Leaving), or dies of that signal before it has a link: no failure, and it is started again.
 * After the n-th failure in a row 2^n seconds pass, a minute at most. Five in ten minutes disable the plugin. A host that says Refused, or
 * ends with EX_CONFIG, is not tried again before Enable or a new configuration: nothing would be different.
 */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"

static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "plugin" };

/* ---- the row ---- */

struct note {
	struct link *link;
	int state;
	const char *error;
};

static int write_note(struct call *call, void *data)
{
	struct note *note = data;
	struct link *link = note->link;
	struct plugin *was, now;
	int r = load(call, &plugin_entity, link->row, (void **)&was);

	if (r)
		return r;
	now = *was;
	now.state = note->state;
	if (note->state == PLUGIN_RUNNING) {
		now.last_error = NULL;
		now.release = *link->release ? arena_copy(call->arena, link->release) : NULL;
		now.capabilities = arena_print(call->arena, "%s%s%s", link->capabilities & MENTORSHIP_NOTIFIER ? "notifier\n" : "",
			link->capabilities & MENTORSHIP_SURVEY_CHANNEL ? "survey channel\n" : "",
			link->capabilities & MENTORSHIP_EVENT_SINK ? "event sink\n" : "");
		if (*now.capabilities)
			now.capabilities[strlen(now.capabilities) - 1] = '\0';
	}
	if (note->error) {
		size_t length = strlen(note->error);

		while (text_points(note->error, length) > 400)
			length--;
		now.last_error = arena_print(call->arena, "%.*s", (int)length, note->error);
		now.failed_at = call->now;
		now.restarts++;
	}
	return save(call, &plugin_entity, was, &now);
}

void hosting_note(struct link *link, int state, const char *error)
{
	struct plugins_setup *setup = &link->plugins->setup;
	struct note note = { link, state, error };
	struct problem problem = { 0 };
	int r = store_turn_begin(setup->store, &problem);

	snprintf(link->why, sizeof link->why, "%s", error ? error : "");

	if (!r)
		r = store_do(setup->store, &self, write_note, &note, &problem);
	if (store_turn_commit(setup->store, &problem) && store_sync_failed(setup->store))
		setup->failed(setup->data, &problem);
	else if (!r && !link->plugins->ending)
		setup->committed(setup->data);
}

/* ---- failures ---- */

static void again_later(struct link *link)
{
	int64_t pause = link->failures < 6 ? INT64_C(1) << link->failures : 60;

	if (link->plugins->setup.development && !link->plugins->ending)
		event_add(link->again, &(struct timeval){ pause, 0 });
}

/* The fifth within ten minutes. */
static bool too_often(struct link *link)
{
	int64_t now = monotonic_seconds();

	link->crashes[link->crash_at++ % CRASHES] = now;
	return link->crash_at >= CRASHES && now - link->crashes[link->crash_at % CRASHES] < CRASH_SECONDS;
}

void hosting_gone(struct link *link, const char *why)
{
	bool many;

	if (link->plugins->ending)
		return;
	if (!why) { /* told to stop, or it said itself that it leaves or why it cannot go on */
		if (link->left && link->wanted)
			hosting_note(link, PLUGIN_WAITING, NULL);
		if (link->wanted && !link->refused)
			again_later(link);
		return;
	}
	link->left = false;
	link->failures++;
	many = too_often(link);
	log_event(many ? EVENT_PLUGIN_DISABLED : EVENT_PLUGIN_FAILED, &(struct log_facts){ .plugin = link->name, .count = link->failures });
	if (many)
		link->wanted = false;
	hosting_note(link, many ? PLUGIN_DISABLED : PLUGIN_FAILED, why);
	if (!many)
		again_later(link);
}

/* ---- a child ---- */

static void forget_child(struct link *link)
{
	event_free(link->exited);
	close(link->pidfd);
	link->exited = NULL;
	link->pid = 0;
	link->pidfd = -1;
}

static void on_exit_seen(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;
	char why[120];
	bool asked;
	int status = 0;

	(void)fd;
	(void)what;
	waitpid(link->pid, &status, 0);
	forget_child(link);
	if (link->connection || link->refused || link->plugins->ending)
		return; /* the link says how it ends; or a host of before is at work */
	if (WIFEXITED(status) && WEXITSTATUS(status) == SETTINGS_EX_CONFIG) {
		link->refused = true;
		log_event(EVENT_PLUGIN_FAILED,
			&(struct log_facts){ .plugin = link->name, .number = SETTINGS_EX_CONFIG, .has = LOG_HAS_NUMBER });
		hosting_note(link, PLUGIN_FAILED, "its host did not load it; the log says why");
		return;
	}
	if (link->stage == LINK_NONE && event_pending(link->again, EV_TIMEOUT, NULL))
		return;
	asked = WIFSIGNALED(status) && (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT);
	snprintf(why, sizeof why,
		WIFSIGNALED(status) ? "its host ended by signal %d before it was ready"
				    : "its host ended with status %d before it was ready",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (link->wanted)
		hosting_gone(link, asked ? NULL : why);
}

static int spawn(struct link *link, const char *config, const char *directory, const char *state, pid_t *ret)
{
	const struct plugins_setup *setup = &link->plugins->setup;
	char credentials[4096];
	char *argv[] = { (char *)(uintptr_t)setup->settings->plugins.host, link->name, (char *)(uintptr_t) "--plugin-dir",
		(char *)(uintptr_t)directory, (char *)(uintptr_t) "--config", (char *)(uintptr_t)config, (char *)(uintptr_t) "--link",
		link->socket, (char *)(uintptr_t) "--state", (char *)(uintptr_t)state, (char *)(uintptr_t) "--development",
		(char *)(uintptr_t) "--credentials", credentials, NULL };
	const char *path = getenv("PATH"), *asan = getenv("ASAN_OPTIONS");
	char path_text[1000], asan_text[1000];
	char *environment[] = { (char *)(uintptr_t) "LANG=C.UTF-8", path_text, asan ? asan_text : NULL, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	snprintf(path_text, sizeof path_text, "PATH=%s", path ? path : "/usr/bin:/bin");
	snprintf(asan_text, sizeof asan_text, "ASAN_OPTIONS=%s", asan ? asan : "");
	snprintf(credentials, sizeof credentials, "%s/%s", setup->credentials ? setup->credentials : "/nonexistent", link->name);
	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawn_file_actions_init(&actions);
	if (!r)
		r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, 2, 1);
	if (!r)
		r = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (!r)
		r = posix_spawnattr_init(&attributes);
	if (!r) {
		posix_spawnattr_setsigmask(&attributes, &none);
		posix_spawnattr_setsigdefault(&attributes, &all);
		posix_spawnattr_setpgroup(&attributes, 0);
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
		r = posix_spawn(ret, argv[0], &actions, &attributes, argv, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

void hosting_start(struct link *link)
{
	const struct plugins_setup *setup = &link->plugins->setup;
	const char *directory = setup->settings->plugins.directory;
	char config[4096], state[4096], why[200];
	int r;

	if (!setup->development || link->pid || link->connection || !link->wanted || link->refused)
		return;
	snprintf(config, sizeof config, "%s/etc/mentorship/plugins.d/%s.conf", setup->root ? setup->root : "", link->name);
	snprintf(state, sizeof state, "%s/plugins/%s", setup->state, link->name);
	r = spawn(link, config, *directory ? directory : MENTORSHIP_PLUGINDIR, state, &link->pid);
	if (r) {
		link->pid = 0;
		snprintf(why, sizeof why, "its host could not be started: %s; look at the setting plugins.host", strerror(r));
		hosting_gone(link, why);
		return;
	}
	link->pidfd = pidfd_open(link->pid, 0);
	if (link->pidfd < 0)
		abort();
	fcntl(link->pidfd, F_SETFD, FD_CLOEXEC);
	link->exited = event_new(setup->base, link->pidfd, EV_READ, on_exit_seen, link);
	if (!link->exited || event_add(link->exited, NULL))
		abort();
}

void hosting_end(struct link *link)
{
	bool gone = false;
	int status;

	if (!link->pid)
		return;
	kill(link->pid, SIGTERM); /* one that has no link yet hears of it this way */
	for (int i = 0; i < 200 && !gone; i++) {
		gone = waitpid(link->pid, &status, WNOHANG) != 0;
		if (!gone)
			usleep(10000);
	}
	if (!gone) {
		kill(-link->pid, SIGKILL);
		waitpid(link->pid, &status, 0);
	}
	event_free(link->exited);
	close(link->pidfd);
	link->pid = 0;
}
