/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The post: messages that are due go to a plugin, and what became of them is written down.
 *
 * A message is `sending` in the database before a plugin hears of it. When the link or the daemon ends, its host keeps outcomes until a
 * daemon has written them down, and says after each connecting what it still works on; what it does not name goes back into the queue
 * under the same Message-ID. So a killed daemon causes no second mail.
 *
 * sent: done. later: again after 5, 15, 45 minutes ... 6 hours, until it is worthless. refused: failed; the third in a row pauses the
 * address. unknown (the connection ended after the text): once more, and then as it is. broken: the plugin is at fault, all wait.
 */
#include "link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

enum {
	FIRST_PAUSE = 300,
	LONGEST_PAUSE = 6 * 3600,
	BROKEN_PAUSE = 300
};

static const struct caller self = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };

static const char *const outcomes[] = { "sent", "later", "refused", "unknown", "broken" };

/* ---- what is held ---- */

static int held_at(const struct link *link, int64_t id)
{
	for (int i = 0; i < link->held_count; i++)
		if (link->held[i] == id)
			return i;
	return -1;
}

static void let_go(struct link *link, int64_t id)
{
	int at = held_at(link, id);

	if (at >= 0)
		link->held[at] = link->held[--link->held_count];
}

void post_gone(struct link *link)
{
	link->held_count = 0;
}

/* ---- outcomes ---- */

struct report {
	struct link *link;
	int64_t id, attempts;
	int64_t person; /* whose address refused it, or NONE */
	unsigned outcome;
	const char *detail;
	bool broken;
	int64_t tested; /* the plugin that the message was a test of, or NONE */
};

static struct arg number(const char *name, int64_t value)
{
	return (struct arg){ name, { .type = V_INT, .number = value } };
}

static struct arg word(const char *name, const char *value)
{
	return (struct arg){ name, { .type = V_TEXT, .text = value } };
}

static int64_t pause_after(int64_t attempts)
{
	int64_t pause = FIRST_PAUSE;

	for (int64_t i = 1; i < attempts && pause < LONGEST_PAUSE; i++)
		pause *= 3;
	return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

static int again(struct call *call, const struct message *m, int64_t pause, const char *outcome)
{
	struct arg args[] = { word("state", "queued"), number("not_before", call->now + pause), word("outcome", outcome),
		number("attempts", m->attempts) };

	return perform_also(call, &message_entity, m->id, "Report", args, 4);
}

static int over(struct call *call, const struct message *m, const char *state, const char *outcome)
{
	struct arg args[] = { word("state", state), word("outcome", outcome), number("sent_at", call->now) };

	return perform_also(call, &message_entity, m->id, "Report", args, strcmp(state, "sent") ? 2 : 3);
}

static int write_one(struct call *call, const struct message *m, struct report *report)
{
	const char *outcome = arena_print(call->arena, "%s%s%s", outcomes[report->outcome], *report->detail ? ": " : "", report->detail);

	if (!strcmp(m->template_name, "plugin-test"))
		report->tested = m->about_id;
	switch (report->outcome) {
	case MENTORSHIP_SENT: return over(call, m, "sent", outcome);
	case MENTORSHIP_LATER: return again(call, m, pause_after(report->attempts), outcome);
	case MENTORSHIP_UNKNOWN:
		/* perhaps it is there: once more under the same Message-ID, which mailboxes know to show once */
		return m->outcome && !strncmp(m->outcome, "unknown", 7) ? over(call, m, "sent", outcome)
									: again(call, m, FIRST_PAUSE, outcome);
	case MENTORSHIP_BROKEN: report->broken = true; return again(call, m, BROKEN_PAUSE, outcome);
	default: report->person = letter_elsewhere(m) ? NONE : m->person; return over(call, m, "failed", outcome);
	}
}

struct mail {
	const struct message *parts[LETTER_PARTS];
	int count;
};

static int see_part(struct call *call, void *record, void *data)
{
	struct mail *mail = data;

	(void)call;
	if (mail->count < LETTER_PARTS)
		mail->parts[mail->count++] = record;
	return 0;
}

/* What went in the same mail has the same fate, and comes back together. What was reported before, or is erased, is no part of it. A mail
 * is of one person, and who has many messages has few that are under way: so it is looked for among those of the person. */
static int write_report(struct call *call, void *data)
{
	struct report *report = data;
	struct mail mail = { .count = 0 };
	int r = each(call, &message_entity, see_part, &mail,
		"\"person\" = (SELECT \"person\" FROM \"message\" WHERE \"id\" = ?1) AND \"lead\" = ?1 AND +\"state\" = 'sending'",
		VALUES(report->id));

	for (int i = 0; i < mail.count; i++)
		report->attempts = mail.parts[i]->attempts > report->attempts ? mail.parts[i]->attempts : report->attempts;
	for (int i = 0; i < mail.count && !r; i++)
		r = write_one(call, mail.parts[i], report);
	if (r || report->person == NONE || *settings_of(call)->mail.redirect_all_to) /* a trial's address blames nobody */
		return r;
	return perform_also(call, &person_entity, report->person, "Bounced", NULL, 0);
}

static void broken(struct link *link, const char *detail)
{
	char why[300];

	snprintf(why, sizeof why, "it cannot send, and no recipient is to blame%s%.200s", *detail ? ": " : "; see its settings", detail);
	hosting_note(link, PLUGIN_FAILED, why);
	log_event(EVENT_PLUGIN_FAILED, &(struct log_facts){ .plugin = link->name });
}

static void told_of_test(const struct report *report)
{
	char text[250];

	snprintf(text, sizeof text, "%s%s%.200s", outcomes[report->outcome], *report->detail ? ": " : "", report->detail);
	trial_message(report->link->plugins, report->tested, report->outcome == MENTORSHIP_SENT, text);
}

int post_report(struct link_call *c)
{
	struct store *store = c->link->plugins->setup.store;
	DBusMessageIter at, list, row, out, ids;
	int r = 0, count = 0;

	c->room = true;
	dbus_message_iter_init(c->message, &at);
	dbus_message_iter_init_append(c->reply, &out);
	link_must(dbus_message_iter_open_container(&out, DBUS_TYPE_ARRAY, "x", &ids));
	for (dbus_message_iter_recurse(&at, &list); !r && dbus_message_iter_get_arg_type(&list); dbus_message_iter_next(&list)) {
		struct report report = { .link = c->link, .person = NONE, .tested = NONE };
		dbus_uint32_t outcome;
		dbus_int64_t id;

		dbus_message_iter_recurse(&list, &row);
		dbus_message_iter_get_basic(&row, &id);
		dbus_message_iter_next(&row);
		dbus_message_iter_get_basic(&row, &outcome);
		dbus_message_iter_next(&row);
		dbus_message_iter_get_basic(&row, &report.detail);
		/* after a restart it may hold what another daemon gave it */
		if (++count > REPORT_MOST || outcome > MENTORSHIP_BROKEN || strlen(report.detail) > 190 ||
			(c->link->stage == LINK_READY && held_at(c->link, id) < 0)) {
			c->ends = true;
			r = problem_set(&c->problem, E_DENIED, NULL, "this host does not hold that message");
			break;
		}
		report.id = id;
		report.outcome = outcome;
		r = store_do(store, &self, write_report, &report, &c->problem);
		if (!r)
			let_go(c->link, id);
		if (!r && report.broken)
			c->link->broken = true;
		if (!r && report.tested != NONE)
			told_of_test(&report);
		if (!r)
			link_must(dbus_message_iter_append_basic(&ids, DBUS_TYPE_INT64, &id));
	}
	link_must(dbus_message_iter_close_container(&out, &ids));
	return r;
}

/* ---- after connecting ---- */

struct holding {
	struct link *link;
	const int64_t *ids;
	int count;
};

/* Nobody has it: it goes back, and out again under the same Message-ID. */
static int requeue(struct call *call, void *record, void *data)
{
	const struct message *m = record;
	const struct plugins *p = ((struct holding *)data)->link->plugins;

	for (int i = 0; i < p->count; i++)
		if (held_at(&p->links[i], m->id) >= 0 || (m->lead != NONE && held_at(&p->links[i], m->lead) >= 0))
			return 0;
	return again(call, m, 0, m->outcome ? m->outcome : "");
}

static int requeue_all(struct call *call, void *data)
{
	return each(call, &message_entity, requeue, data, "\"state\" = 'sending'", NULL, 0);
}

int post_holding(struct link_call *c)
{
	struct holding holding = { c->link, NULL, 0 };
	DBusMessageIter at, list;
	int count;

	dbus_message_iter_init(c->message, &at);
	dbus_message_iter_recurse(&at, &list);
	dbus_message_iter_get_fixed_array(&list, &holding.ids, &count);
	if (count > LINK_HOLDS) {
		c->ends = true;
		return problem_set(&c->problem, E_DENIED, NULL, "a host holds %d messages at most", LINK_HOLDS);
	}
	c->link->held_count = count;
	for (int i = 0; i < count; i++)
		c->link->held[i] = holding.ids[i];
	return store_do(c->link->plugins->setup.store, &self, requeue_all, &holding, &c->problem);
}

/* ---- handing over ---- */

static int wait_until(struct call *call, const struct message *m, int64_t until)
{
	struct arg at = number("not_before", until);

	return perform_also(call, &message_entity, m->id, "Wait", &at, 1);
}

/* A part whose text cannot be made keeps nobody else from a mail. */
static int make(struct call *call, struct parts *parts, DBusMessage **ret)
{
	int r = letter_make(call, parts, ret);

	if (r >= 0 || r == E_UNAVAILABLE || parts->count == 1)
		return r;
	call->problem = (struct problem){ 0 };
	parts->count = 1;
	return letter_make(call, parts, ret);
}

static int mark(struct call *call, const struct link *link, const struct parts *parts)
{
	int r = 0;

	for (int i = 0; i < parts->count && !r; i++) {
		struct arg args[] = { number("lead", parts->lead), number("attempts", parts->of[i]->attempts + 1),
			number("handed_to", link->row) };

		r = perform_also(call, &message_entity, parts->of[i]->id, "HandOver", args, 3);
	}
	return r;
}

/* Many mails may wait for the same: it is said once, and again when they are tried again. */
static void no_links(struct plugins *p, struct call *call)
{
	bool url = *settings_of(call)->mail.base_url;

	if (call->now < p->links_missed + FIRST_PAUSE)
		return;
	p->links_missed = call->now;
	log_event(EVENT_NO_LINKS, &(struct log_facts){ .setting = url ? NULL : "mail.base_url", .code = E_UNAVAILABLE });
}

static int hand_over(struct call *call, void *data)
{
	struct handing *handing = data;
	struct parts parts;
	struct message *m;
	enum letter_verdict verdict;
	const char *why = NULL;
	int64_t until = NONE;
	int r = load(call, &message_entity, handing->id, (void **)&m);

	if (r || m->state != MESSAGE_QUEUED) /* it went in another's mail */
		return r;
	r = letter_judge(call, m, &verdict, &until, &why);
	if (!r && verdict == LETTER_GOES && letter_daily(m) && m->lead == NONE) {
		r = letter_day(call, m, &until);
		verdict = until > call->now ? LETTER_WAITS : LETTER_GOES;
	}
	if (r)
		return r;
	if (verdict == LETTER_WAITS)
		return wait_until(call, m, until);
	if (verdict == LETTER_NOT_SENT)
		return letter_drop(call, m, why);
	r = letter_parts(call, m, &parts);
	if (!r)
		r = make(call, &parts, &handing->letter);
	if (r == E_UNAVAILABLE) { /* a key or an address of the web page is missing: nothing is lost */
		no_links(handing->plugins, call);
		return wait_until(call, m, call->now + FIRST_PAUSE);
	}
	handing->lead = parts.lead;
	return r ? r : mark(call, handing->link, &parts);
}

/* One that cannot be made must not stop those behind it. */
static int set_aside(struct call *call, void *data)
{
	struct handing *handing = data;
	struct message *m;
	int r = load(call, &message_entity, handing->id, (void **)&m);

	return r ? r : wait_until(call, m, call->now + 3600);
}

static bool may_send(struct rate *rate, int64_t seconds, int64_t most)
{
	int64_t now = monotonic_seconds();

	if (now - rate->from >= seconds || !rate->from)
		*rate = (struct rate){ now, 0 };
	return rate->count < most;
}

static struct link *free_notifier(struct plugins *p)
{
	struct link *best = NULL;

	for (int i = 0; i < p->count; i++) {
		struct link *link = &p->links[i];

		if (link->stage == LINK_READY && link->wanted && link->capabilities & MENTORSHIP_NOTIFIER &&
			link->held_count < LINK_HOLDS && (!best || link->held_count < best->held_count))
			best = link;
	}
	return best;
}

struct due {
	int64_t ids[LETTERS_A_TURN];
	int count, wanted;
};

static int find_due(struct call *call, void *data)
{
	struct due *due = data;
	struct engine *engine = store_engine(call->store);
	struct stmt *q;
	int r = engine_prepare(engine,
		"SELECT \"id\" FROM \"message\" WHERE \"state\" = 'queued' AND \"not_before\" <= ?1 ORDER BY \"not_before\", \"id\" LIMIT ?2",
		true, &q, &call->problem);

	if (r)
		return r;
	engine_bind_int(q, 1, call->now);
	engine_bind_int(q, 2, due->wanted);
	while ((r = engine_step(engine, q, &call->problem)) > 0)
		due->ids[due->count++] = engine_int(q, 0);
	return r;
}

static int find_next(struct call *call, void *data)
{
	return ask(call, "SELECT min(\"not_before\") FROM \"message\" WHERE \"state\" = 'queued'", NULL, 0, data);
}

/* The letters of one turn, each in a savepoint of its own; they leave behind its commit. */
static int hand_over_some(struct plugins *p, const struct due *due, struct post *post, struct problem *problem)
{
	struct store *store = p->setup.store;
	int r;

	for (int i = 0; i < due->count; i++) {
		struct handing *handing = &post->letters[post->count];
		struct problem why = { 0 };

		*handing = (struct handing){ p, free_notifier(p), NULL, due->ids[i], NONE };
		if (!handing->link)
			break;
		post->count++;
		r = store_do(store, &self, hand_over, handing, &why);
		if (store_lost(store)) {
			*problem = why;
			return why.code;
		}
		if (r < 0) {
			log_event(EVENT_RUNTIME_ERROR, &(struct log_facts){ .entity = "message", .object = handing->id, .code = r });
			if (handing->letter)
				dbus_message_unref(handing->letter);
			handing->letter = NULL;
			r = store_do(store, &self, set_aside, handing, problem);
			if (r < 0)
				return r;
		}
		if (handing->letter)
			handing->link->held[handing->link->held_count++] = handing->lead;
	}
	return 0;
}

/* As many as plugins have place for and the rates allow. */
static int wanted_now(struct plugins *p)
{
	const struct settings *settings = p->setup.settings;
	const struct link *link = free_notifier(p);
	int64_t wanted = LETTERS_A_TURN;

	if (!link || store_held(p->setup.store) || !may_send(&p->minute, 60, settings->mail.per_minute) ||
		!may_send(&p->hour, 3600, settings->mail.per_hour))
		return 0;
	if (wanted > settings->mail.per_minute - p->minute.count)
		wanted = settings->mail.per_minute - p->minute.count;
	return wanted > LINK_HOLDS - link->held_count ? LINK_HOLDS - link->held_count : (int)wanted;
}

void post_gather(struct plugins *p, struct post *post)
{
	struct store *store = p->setup.store;
	struct due due = { .wanted = wanted_now(p) };
	struct problem problem = { 0 };
	int r = 0;

	post->count = 0;
	if (due.wanted)
		r = store_do(store, &self, find_due, &due, &problem);
	if (due.wanted && !r)
		r = hand_over_some(p, &due, post, &problem);
	if (!r && due.wanted > due.count)
		r = store_do(store, &self, find_next, &p->next, &problem);
	if (r && !store_lost(store)) /* what was handed over before stands */
		log_event(EVENT_RUNTIME_ERROR, &(struct log_facts){ .entity = "message", .code = r });
	if (due.wanted)
		p->more = !r && due.count == due.wanted;
}

void post_send(struct plugins *p, struct post *post, int result)
{
	for (int i = 0; i < post->count; i++) {
		struct handing *handing = &post->letters[i];

		if (!handing->letter)
			continue;
		if (result) { /* the turn was lost: it was never handed over */
			let_go(handing->link, handing->lead);
			dbus_message_unref(handing->letter);
			continue;
		}
		p->minute.count++;
		p->hour.count++;
		link_tell(handing->link, handing->letter);
	}
}

static void post_some(struct plugins *p)
{
	struct plugins_setup *setup = &p->setup;
	struct post post;
	struct problem problem = { 0 };
	int r = store_turn_begin(setup->store, &problem);

	p->busy = false;
	if (r)
		return;
	post_gather(p, &post);
	r = store_turn_commit(setup->store, &problem);
	post_send(p, &post, r);
	if (r && store_sync_failed(setup->store))
		setup->failed(setup->data, &problem);
	else if (!r && post.count)
		setup->committed(setup->data);
	p->busy = post.count > 0;
}

static int on_its_way(const struct plugins *p)
{
	int count = 0;

	for (int i = 0; i < p->count; i++)
		count += p->links[i].held_count;
	return count;
}

void post_look(struct plugins *p)
{
	const struct settings *settings = p->setup.settings;

	for (int i = 0; i < p->count; i++)
		if (p->links[i].broken) {
			p->links[i].broken = false;
			broken(&p->links[i], "");
		}
	p->busy = false;
	p->next = NONE;
	if (!may_send(&p->minute, 60, settings->mail.per_minute) || !may_send(&p->hour, 3600, settings->mail.per_hour)) {
		p->more = false;
		plugins_look_in(p, 1000000);
		return;
	}
	if (wanted_now(p))
		post_some(p);
	if (p->next != NONE && !store_simulated(p->setup.store)) {
		int64_t left = p->next - store_now(p->setup.store);

		plugins_look_in(p, left < 1 ? 50000 : left > 3600 ? INT64_C(3600) * 1000000 : left * 1000000);
	}
	p->busy |= on_its_way(p) > 0;
}
