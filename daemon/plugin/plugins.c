/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plugins together: rows, sockets, start and end; and what is looked after once a turn was committed.
 */
#include "link.h"

#include <errno.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log.h"

enum {
	LOOK_USEC = 5000 /* what is caused together is looked at together */
};

static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "plugin" };

/* ---- names ---- */

static void add_link(struct plugins *p, const char *name, size_t length)
{
	struct link *link = &p->links[p->count];

	if (p->count == PLUGINS_MOST || length > 32)
		return;
	*link = (struct link){ .plugins = p, .pidfd = -1, .wanted = true };
	snprintf(link->name, sizeof link->name, "%.*s", (int)length, name);
	link->required = word_in(p->setup.settings->plugins.required, link->name);
	p->count++;
}

static void read_names(struct plugins *p)
{
	for (const char *at = p->setup.settings->plugins.load; *at;) {
		size_t length = strcspn(at, " ");

		if (length)
			add_link(p, at, length);
		at += length;
		at += strspn(at, " ");
	}
}

/* ---- rows ---- */

static int row_of(struct call *call, void *record, void *data)
{
	struct plugins *p = data;
	struct plugin *was = record, now = *was;

	now.state = was->state == PLUGIN_DISABLED ? PLUGIN_DISABLED : PLUGIN_ABSENT;
	for (int i = 0; i < p->count; i++) {
		struct link *link = &p->links[i];

		if (strcmp(link->name, was->name))
			continue;
		link->row = was->id;
		link->wanted = was->state != PLUGIN_DISABLED;
		now.required = link->required;
		now.restarts = 0;
		if (link->wanted)
			now.state = PLUGIN_WAITING;
	}
	return save(call, &plugin_entity, was, &now);
}

static int write_rows(struct call *call, void *data)
{
	struct plugins *p = data;
	int r = each(call, &plugin_entity, row_of, p, "1", NULL, 0);

	for (int i = 0; i < p->count && !r; i++) {
		struct plugin *plugin;

		if (p->links[i].row)
			continue;
		plugin = fresh(call, &plugin_entity);
		plugin->name = p->links[i].name;
		plugin->required = p->links[i].required;
		r = add(call, &plugin_entity, plugin);
		p->links[i].row = plugin->id;
	}
	return r;
}

static int rows_make(struct plugins *p, struct problem *problem)
{
	int r = store_turn_begin(p->setup.store, problem), end;

	if (r)
		return r;
	r = store_do(p->setup.store, &self, write_rows, p, problem);
	end = r < 0 ? store_turn_commit(p->setup.store, &(struct problem){ 0 }) : store_turn_commit(p->setup.store, problem);
	return r < 0 ? r : end;
}

/* ---- places ---- */

static int directory_make(const char *path, mode_t mode, struct problem *problem)
{
	if (!mkdir(path, mode) || errno == EEXIST)
		return 0;
	return problem_set(problem, E_UNAVAILABLE, NULL, "the directory %s cannot be made: %s", path, strerror(errno));
}

/* With --development everything lies in the state directory; installed, tmpfiles.d has made a directory for each plugin. */
static int place(struct link *link, struct problem *problem)
{
	const struct plugins_setup *setup = &link->plugins->setup;
	char path[4096], account[64];
	struct passwd *entry;
	int r = 0;

	if (setup->development) {
		snprintf(path, sizeof path, "%s/plugins", setup->state);
		r = directory_make(path, 0700, problem);
		snprintf(path, sizeof path, "%s/plugins/%s", setup->state, link->name);
		if (!r)
			r = directory_make(path, 0700, problem);
		link->uid = geteuid();
		link->known = true;
	} else {
		snprintf(path, sizeof path, "%s/plugins/%s", setup->settings->plugins.sockets, link->name);
		snprintf(account, sizeof account, "mentorship-%s", link->name);
		entry = getpwnam(account);
		link->known = entry != NULL;
		link->uid = entry ? entry->pw_uid : (uid_t)-1;
		if (!entry)
			r = problem_set(problem, E_UNAVAILABLE, NULL, "the plugin %s has no account %s; see mentorshipd-plugins(7)",
				link->name, account);
	}
	if (asprintf(&link->socket, "%s/link", path) < 0)
		abort();
	if (!r && strlen(link->socket) >= sizeof((struct sockaddr_un *)0)->sun_path)
		r = problem_set(problem, E_UNAVAILABLE, NULL, "the path %s is too long for a socket", link->socket);
	return r;
}

/* ---- after a commit ---- */

/* Enable and Disable are changes of rows. */
static void look_at_row(struct plugins *p, int64_t id, int64_t state)
{
	for (int i = 0; i < p->count; i++) {
		struct link *link = &p->links[i];

		if (link->row != id)
			continue;
		if (state == PLUGIN_DISABLED && link->wanted) {
			link->wanted = link->left = false;
			link_stop(link);
		} else if (state == PLUGIN_WAITING && !link->left && /* else another comes soon */
			(!link->connection || !link->wanted)) {      /* a host that is told to stop may still be there */
			link->wanted = true;
			link->refused = false;
			link->failures = 0;
			link->crash_at = 0;
			memset(link->crashes, 0, sizeof link->crashes);
			hosting_start(link);
		}
	}
}

static int see_row(struct call *call, void *record, void *data)
{
	const struct plugin *plugin = record;

	(void)call;
	look_at_row(data, plugin->id, plugin->state);
	return 0;
}

static int see_rows(struct call *call, void *data)
{
	return each(call, &plugin_entity, see_row, data, "1", NULL, 0);
}

static void rows_read(struct plugins *p)
{
	struct problem problem = { 0 };

	p->rows_changed = false;
	if (store_turn_begin(p->setup.store, &problem))
		return;
	store_do(p->setup.store, &self, see_rows, p, &problem);
	store_turn_commit(p->setup.store, &problem);
}

static void on_look(evutil_socket_t fd, short what, void *data)
{
	struct plugins *p = data;

	(void)fd;
	(void)what;
	if (p->ending)
		return;
	if (p->rows_changed)
		rows_read(p);
	for (int i = 0; i < p->count; i++)
		if (p->links[i].capabilities & MENTORSHIP_EVENT_SINK)
			events_look(&p->links[i]);
	post_look(p);
}

/* Rows of plugins are read anew only where somebody changed one. */
static void rows_look(struct plugins *p)
{
	const struct change *changes;
	size_t count = store_committed(p->setup.store, &changes);

	for (size_t i = 0; i < count; i++)
		p->rows_changed |= changes[i].entity == &plugin_entity;
}

void plugins_look(struct plugins *p)
{
	if (!p || !p->count || p->ending)
		return;
	rows_look(p);
	plugins_look_in(p, p->more ? 0 : LOOK_USEC);
}

void plugins_look_in(struct plugins *p, int64_t usec)
{
	struct timeval left, now;

	if (event_pending(p->look, EV_TIMEOUT, &left)) {
		event_base_gettimeofday_cached(p->setup.base, &now);
		if ((left.tv_sec - now.tv_sec) * INT64_C(1000000) + left.tv_usec - now.tv_usec <= usec)
			return;
	}
	event_add(p->look, &(struct timeval){ usec / 1000000, usec % 1000000 });
}

bool plugins_busy(struct plugins *p)
{
	if (p && p->count)
		on_look(-1, EV_TIMEOUT, p);
	return p && p->busy;
}

int64_t plugins_next(struct plugins *p)
{
	return p ? p->next : NONE;
}

/* ---- beginning and end ---- */

static void on_again(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	hosting_start(data);
}

struct plugins *plugins_new(const struct plugins_setup *setup)
{
	struct plugins *p = calloc(1, sizeof *p);

	link_must(p != NULL);
	p->setup = *setup;
	p->next = NONE;
	randombytes_buf(p->client_key, sizeof p->client_key);
	read_names(p);
	p->look = event_new(setup->base, -1, 0, on_look, p);
	link_must(p->look != NULL);
	return p;
}

void plugins_settings(struct plugins *p, const struct settings *settings)
{
	p->setup.settings = settings;
	for (int i = 0; i < p->count; i++) { /* what was wrong with a plugin's file may be mended */
		p->links[i].refused = false;
		hosting_start(&p->links[i]);
	}
	plugins_look(p);
}

static const struct link *not_ready(const struct plugins *p)
{
	for (int i = 0; i < p->count; i++)
		if (p->links[i].required && p->links[i].stage != LINK_READY)
			return &p->links[i];
	return NULL;
}

static int wait_for_required(struct plugins *p, struct problem *problem)
{
	int64_t until = monotonic_seconds() + LINK_READY_SECONDS;
	const struct link *missing = NULL;
	struct event *tick = event_new(p->setup.base, -1, EV_PERSIST, on_look, p);

	link_must(tick != NULL);
	event_add(tick, &(struct timeval){ 0, 100000 });
	while ((missing = not_ready(p)) && !missing->refused && monotonic_seconds() < until)
		event_base_loop(p->setup.base, EVLOOP_ONCE);
	event_free(tick);
	if (!missing)
		return 0;
	return problem_set(problem, E_UNAVAILABLE, NULL,
		"the plugin %s is required and %s%s%.200s; `mentorship-plugin-host --try` shows more, and "
		"plugins.required is where it is named",
		missing->name, missing->refused ? "refuses to run" : "was not ready in time", *missing->why ? ": " : "", missing->why);
}

int plugins_start(struct plugins *p, struct problem *problem)
{
	int r = rows_make(p, problem);

	for (int i = 0; i < p->count && !r; i++) {
		struct link *link = &p->links[i];
		struct problem why = { 0 };

		link->again = event_new(p->setup.base, -1, 0, on_again, link);
		link_must(link->again != NULL);
		if (!place(link, &why) && !link_listen(link, &why)) {
			hosting_start(link);
			continue;
		}
		log_event(EVENT_PLUGIN_FAILED, &(struct log_facts){ .plugin = link->name, .code = why.code });
		fprintf(stderr, "mentorshipd: %s\n", why.text);
		hosting_note(link, PLUGIN_FAILED, why.text);
		if (link->required)
			*problem = why, r = why.code;
	}
	return r ? r : wait_for_required(p, problem);
}

void plugins_free(struct plugins *p)
{
	if (!p)
		return;
	p->ending = true;
	for (int i = 0; i < p->count; i++)
		link_stop(&p->links[i]);
	for (int i = 0; i < p->count; i++)
		link_shut(&p->links[i]);
	for (int i = 0; i < p->count; i++) {
		hosting_end(&p->links[i]);
		trial_free(&p->links[i]);
		if (p->links[i].again)
			event_free(p->links[i].again);
	}
	event_free(p->look);
	free(p);
}
