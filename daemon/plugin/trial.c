/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb Test as a task: it ends with what became of the test message and of the test event, or says for what they wait.
 *
 * The message is an ordinary one of the outbox, to whoever called. The event is the audit record of the call itself, which this plugin alone
 * hears as a test. A plugin that does neither says what it can.
 */
#include "link.h"

#include <stdio.h>
#include <string.h>

enum {
	TRIAL_SECONDS = 60
};

static struct tasks *tasks(const struct link *link)
{
	return link->plugins->setup.tasks;
}

static void fail_with(struct link *link, const char *text)
{
	struct problem problem = { 0 };
	int64_t task = link->trial.task;

	problem_set(&problem, E_UNAVAILABLE, NULL, "%s", text);
	event_del(link->trial.timer);
	link->trial.task = 0;
	task_fail(tasks(link), task, &problem);
}

static void look(struct link *link)
{
	int64_t task = link->trial.task;

	if (link->trial.message || link->trial.event)
		return;
	event_del(link->trial.timer);
	link->trial.task = 0;
	task_done(tasks(link), task);
}

static void took(struct link *link, const char *what, bool good, const char *outcome)
{
	char text[300];

	if (good) {
		task_result(tasks(link), link->trial.task, what, (struct value){ .type = V_TEXT, .text = outcome });
		look(link);
		return;
	}
	snprintf(text, sizeof text, "the test %s was not taken: %.200s", what, outcome);
	fail_with(link, text);
}

void trial_message(struct plugins *p, int64_t plugin, bool good, const char *outcome)
{
	for (int i = 0; i < p->count; i++)
		if (p->links[i].row == plugin && p->links[i].trial.task && p->links[i].trial.message) {
			p->links[i].trial.message = false;
			took(&p->links[i], "message", good, outcome);
		}
}

void trial_event(struct link *link, bool good, const char *outcome)
{
	if (!link->trial.task || !link->trial.event)
		return;
	link->trial.event = false;
	took(link, "event", good, outcome);
}

void trial_gone(struct link *link)
{
	if (link->trial.task)
		fail_with(link, "the plugin ended before the test did; `mentorctl plugin show` says why");
}

void trial_free(struct link *link)
{
	if (link->trial.timer)
		event_free(link->trial.timer);
}

static void on_time(evutil_socket_t fd, short what, void *data)
{
	struct link *link = data;

	(void)fd;
	(void)what;
	if (link->trial.message)
		fail_with(link,
			"the test message has no outcome yet: it is sent when its turn comes, and the list of messages shows what "
			"became of it and until when it waits");
	else if (link->trial.task)
		fail_with(link, "the test event has no outcome yet: an event before it may not have been taken; the journal says more");
}

static struct link *link_of_row(struct plugins *p, int64_t row)
{
	for (int i = 0; i < p->count; i++)
		if (p->links[i].row == row)
			return &p->links[i];
	return NULL;
}

static void begin(struct link *link, const struct work *work)
{
	unsigned can = link->capabilities;
	int64_t task = work->task;

	link->trial.task = task;
	link->trial.event = can & MENTORSHIP_EVENT_SINK;
	link->trial.message = can & MENTORSHIP_NOTIFIER && (work->starter.person != NONE || !link->trial.event);
	if (!link->trial.timer)
		link->trial.timer = event_new(link->plugins->setup.base, -1, 0, on_time, link);
	link_must(link->trial.timer != NULL);
	event_add(link->trial.timer, &(struct timeval){ TRIAL_SECONDS, 0 });
	if (can & MENTORSHIP_SURVEY_CHANNEL)
		task_result(tasks(link), task, "pages",
			(struct value){ .type = V_TEXT,
				.text = "it runs and shows pages; a test sends none: whether the web server in front of it finds it shows the "
					"address of mail.base_url in a browser" });
	look(link);
}

bool plugins_work(struct plugins *p, const struct work *work)
{
	struct task *task = task_find(p->setup.tasks, work->task);
	struct problem problem = { 0 };
	struct link *link;

	if (strcmp(work->kind, PLUGIN_TEST))
		return false;
	if (!task)
		return true;
	task->entity = &plugin_entity;
	task->object = work->subject;
	link = link_of_row(p, work->subject);
	if (!link || link->stage != LINK_READY || link->trial.task) {
		problem_set(&problem, link && link->trial.task ? E_BUSY : E_UNAVAILABLE, NULL,
			link && link->trial.task ? "a test of this plugin is under way; wait for it"
						 : "the plugin does not run at the moment");
		task_fail(p->setup.tasks, work->task, &problem);
	} else {
		begin(link, work);
	}
	return true;
}
