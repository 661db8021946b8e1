/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's side of a plugin's link, driven by a host that the test plays itself on the same loop: what is handed over, what is
 * written down of outcomes, pages and answers by token, and what ends a link.
 */
#include "house.h"

static int64_t messages(struct house *h, const char *state)
{
	return number(h,
		arena_print(&h->w->arena, "SELECT count(*) FROM \"message\" WHERE \"state\" = '%s' AND \"template_name\" = 'match-offered'",
			state));
}

/* ---- tests ---- */

static void offers_are_handed_over_and_written_down(void **state)
{
	struct house *h = *state;
	DBusMessage *letter;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	assert_int_equal(number(h, "SELECT \"state\" = 'running' FROM \"plugin\" WHERE \"name\" = 'mail'"), 1);
	assert_false(plugins_busy(h->plugins));
	offer(h);
	assert_int_equal(h->host.count, 2);
	assert_int_equal(messages(h, "sending"), 2);
	assert_true(plugins_busy(h->plugins));
	letter = letter_to(h, "ben@example.org");
	assert_non_null(letter);
	assert_non_null(strstr(letter_text(letter, "text", NULL), "https://m.example.org/l/"));
	assert_true(report(h, letter_id(letter), MENTORSHIP_SENT, "250 2.0.0"));
	assert_int_equal(messages(h, "sent"), 1);
	assert_true(report(h, letter_id(letter_to(h, "cleo@example.org")), MENTORSHIP_SENT, ""));
	assert_int_equal(messages(h, "sent"), 2);
	assert_false(plugins_busy(h->plugins));
	spin(h, 50);
	assert_int_equal(h->host.count, 2); /* one mail for each occasion */
}

static void what_a_host_still_holds_is_not_sent_again(void **state)
{
	struct house *h = *state;
	int64_t kept;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	kept = letter_id(letter_to(h, "ben@example.org"));
	leave(h); /* the daemon was killed, or the link broke: the host goes on with both, and one of them is done meanwhile */
	spin(h, 50);
	assert_int_equal(messages(h, "sending"), 2);
	connect_as(h, "mail");
	assert_true(hello(h, "mail", MENTORSHIP_NOTIFIER));
	holding(h, &kept, 1);
	assert_int_equal(messages(h, "sending"), 1);
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 80);
	assert_int_equal(h->host.count, 1); /* the one that nobody holds comes again, and only that */
	assert_non_null(letter_to(h, "cleo@example.org"));
	assert_true(report(h, kept, MENTORSHIP_SENT, ""));
	assert_int_equal(messages(h, "sent"), 1);
}

static void a_retry_is_the_same_mail(void **state)
{
	struct house *h = *state;
	const char *message_id, *token;
	DBusMessage *letter;
	int64_t id, attempt = 0;
	struct problem problem = { 0 };

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	letter = letter_to(h, "cleo@example.org");
	id = letter_id(letter);
	message_id = arena_copy(&h->w->arena, letter_text(letter, "message_id", NULL));
	token = token_of(h, letter, "/l/");
	assert_true(report(h, id, MENTORSHIP_LATER, "451 4.3.0"));
	assert_int_equal(messages(h, "queued"), 1);
	assert_int_equal(h->host.count, 2); /* not before its time */
	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_advance(h->w->store, store_now(h->w->store) + 301, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
	plugins_look(h->plugins);
	spin(h, 60);
	assert_int_equal(h->host.count, 3);
	letter = h->host.letters[2];
	assert_int_equal(letter_id(letter), id);
	letter_text(letter, "attempt", &attempt);
	assert_int_equal(attempt, 2);
	assert_string_equal(letter_text(letter, "message_id", NULL), message_id);
	assert_string_equal(token_of(h, letter, "/l/"), token);
	assert_true(report(h, id, MENTORSHIP_REFUSED, "550 5.1.1"));
	assert_int_equal(messages(h, "failed"), 1);
	assert_int_equal(number(h, "SELECT \"bounces\" FROM \"person\" WHERE \"given_name\" = 'Cleo'"), 1);
}

/* ---- the mail of the day ---- */

/* A program that holds its mail holds none that is about somebody's safety. */
static void safety_waits_for_nobody(void **state)
{
	struct house *h = *state;
	int64_t cora = create(h->w, &h->c.root, &person_entity,
		ARGS(T("given_name", "Cora"), T("family_name", "Coordinator"), T("email", "cora@example.org"),
			T("birth_date", "1980-01-01")));

	create(h->w, &h->c.root, &duty_entity, ARGS(P("person", path(h->w, &person_entity, cora)), T("duty", "coordinator")));
	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-paused", "a", false);
	must(perform(h->w, &h->c.ada, &program_entity, h->c.program, "HoldMail", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.ada, &concern_entity, 0, "Create",
		     ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)))),
		&h->w->call.problem);
	later(h, 1);
	assert_int_equal(with(h, "\"state\" = 'sending' AND \"template_name\" = 'concern-unheard'"), 1);
	assert_int_equal(with(h, "\"state\" = 'queued' AND \"template_name\" = 'match-paused'"), 1);
}

static void what_can_wait_is_one_mail_a_day(void **state)
{
	struct house *h = *state;
	DBusMessage *letter;
	int64_t id;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-declined", "a", false);
	say(h, "offer-unanswered", "b", false);
	say(h, "check-in-reminder", "c", true); /* it was answered meanwhile */
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	letter = h->host.letters[0];
	id = letter_id(letter);
	assert_string_equal(letter_text(letter, "subject", NULL), "2 messages for you");
	assert_int_equal(number(h, "SELECT count(DISTINCT \"lead\") FROM \"message\" WHERE \"state\" = 'sending'"), 1);
	assert_int_equal(with(h, "\"state\" = 'suppressed' AND \"template_name\" = 'check-in-reminder'"), 1);
	assert_true(report(h, id, MENTORSHIP_SENT, ""));
	assert_int_equal(with(h, "\"state\" = 'sent'"), 2);
	/* the day's mail was sent: what comes now waits for tomorrow's, and what cannot wait does not */
	say(h, "match-declined", "d", false);
	say(h, "match-paused", "e", false);
	later(h, 1);
	assert_int_equal(h->host.count, 2);
	assert_int_equal(with(h, "\"template_name\" = 'match-paused' AND \"state\" = 'sending'"), 1);
	assert_true(report(h, letter_id(h->host.letters[1]), MENTORSHIP_SENT, ""));
	say(h, "offer-unanswered", "f", false);
	later(h, 86400);
	assert_int_equal(h->host.count, 3);
	assert_string_equal(letter_text(h->host.letters[2], "subject", NULL), "2 messages for you");
	assert_true(report(h, letter_id(h->host.letters[2]), MENTORSHIP_REFUSED, "550 5.1.1"));
	assert_int_equal(with(h, "\"state\" = 'failed'"), 2);
	assert_int_equal(number(h, "SELECT \"bounces\" FROM \"person\" WHERE \"given_name\" = 'Ben'"), 1); /* one mail came back */
}

static void a_mail_of_the_day_that_is_put_off_stays_one(void **state)
{
	struct house *h = *state;
	const char *message_id;
	int64_t id, kept[1];

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-declined", "a", false);
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	id = letter_id(h->host.letters[0]);
	message_id = arena_copy(&h->w->arena, letter_text(h->host.letters[0], "message_id", NULL));
	assert_true(report(h, id, MENTORSHIP_LATER, "451 4.3.0"));
	say(h, "offer-unanswered", "b", false);
	later(h, 2);
	assert_int_equal(h->host.count, 1); /* no second mail while one waits */
	later(h, 302);
	assert_int_equal(h->host.count, 2); /* but it goes along */
	assert_int_equal(letter_id(h->host.letters[1]), id);
	assert_string_equal(letter_text(h->host.letters[1], "subject", NULL), "2 messages for you");
	/* the daemon ends; its host has the mail, and with it both parts */
	leave(h);
	spin(h, 50);
	kept[0] = id;
	connect_as(h, "mail");
	assert_true(hello(h, "mail", MENTORSHIP_NOTIFIER));
	holding(h, kept, 1);
	assert_int_equal(with(h, "\"state\" = 'sending'"), 2);
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	assert_true(report(h, id, MENTORSHIP_UNKNOWN, "")); /* perhaps it is there: it does not change any more */
	assert_int_equal(with(h, "\"state\" = 'queued' AND \"lead\" IS NOT NULL"), 2);
	say(h, "match-declined", "c", false);
	must(perform(h->w, &h->c.ada, &message_entity, id, "Withdraw", NULL, 0), &h->w->call.problem);
	later(h, 302);
	assert_int_equal(h->host.count, 1); /* counted anew: the one whose number it has fell out, the mail is known by it as before */
	assert_int_equal(letter_id(h->host.letters[0]), id);
	assert_string_equal(letter_text(h->host.letters[0], "message_id", NULL), message_id);
	assert_non_null(strstr(letter_text(h->host.letters[0], "subject", NULL), "answer")); /* of "b", alone */
	assert_true(report(h, id, MENTORSHIP_SENT, ""));
	assert_int_equal(with(h, "\"state\" = 'sent' AND \"occasion\" = 'b'"), 1);
	assert_int_equal(with(h, "\"state\" = 'queued' AND \"occasion\" = 'c'"), 1);
}

static void the_rate_is_kept(void **state)
{
	struct house *h = *state;

	h->w->settings->mail.per_minute = 1; /* of the real clock */
	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	assert_int_equal(h->host.count, 1);
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	later(h, 3600);
	assert_int_equal(h->host.count, 1);
	assert_int_equal(messages(h, "queued"), 1); /* nothing is lost */
	h->w->settings->mail.per_minute = 100;
	later(h, 1);
	assert_int_equal(h->host.count, 2);
	h->w->settings->mail.per_hour = 2;
	say(h, "match-paused", "x", false);
	later(h, 1);
	assert_int_equal(h->host.count, 2);
	h->w->settings->mail.per_hour = 3;
	later(h, 1);
	assert_int_equal(h->host.count, 3);
}

/* A host gets as many as it may hold, and for each that has an outcome another one, with the commit that wrote the outcome down. */
static void a_host_is_kept_full(void **state)
{
	struct house *h = *state;
	char occasion[20];
	int commits;

	h->w->settings->mail.per_minute = 10000;
	become(h, "mail", MENTORSHIP_NOTIFIER);
	for (int i = 0; i < LINK_HOLDS + 10; i++) {
		snprintf(occasion, sizeof occasion, "%d", i);
		say(h, "match-paused", occasion, false);
	}
	for (int i = 0; i < 200 && h->host.count < LINK_HOLDS; i++)
		later(h, 1);
	assert_int_equal(h->host.count, LINK_HOLDS);
	assert_int_equal(with(h, "\"state\" = 'queued'"), 10);
	commits = h->commits;
	assert_true(report(h, letter_id(h->host.letters[7]), MENTORSHIP_SENT, ""));
	assert_int_equal(h->host.count, LINK_HOLDS + 1);
	assert_int_equal(with(h, "\"state\" = 'sending'"), LINK_HOLDS);
	assert_int_equal(h->commits, commits + 1);
	assert_true(report(h, letter_id(h->host.letters[LINK_HOLDS]), MENTORSHIP_SENT, ""));
	assert_int_equal(h->host.count, LINK_HOLDS + 2);
	assert_int_equal(with(h, "\"state\" = 'sent'"), 2);
}

static void all_goes_to_the_address_of_a_trial(void **state)
{
	struct house *h = *state;

	h->w->settings->mail.redirect_all_to = arena_copy(&h->w->arena, "trial@example.net");
	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	assert_int_equal(h->host.count, 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(letter_text(h->host.letters[i], "address", NULL), "trial@example.net");
		assert_string_equal(letter_text(h->host.letters[i], "name", NULL), "");
		assert_int_equal(strncmp(letter_text(h->host.letters[i], "subject", NULL), "[trial] ", 8), 0);
		assert_true(report(h, letter_id(h->host.letters[i]), MENTORSHIP_REFUSED, "550 5.1.1"));
	}
	assert_int_equal(messages(h, "failed"), 2);
	assert_int_equal(number(h, "SELECT sum(\"bounces\") FROM \"person\""), 0); /* it was not their addresses that refused */
}

static void nights_are_quiet_for_what_can_wait(void **state)
{
	struct house *h = *state;
	int64_t now = store_now(h->w->store), midnight = now - now % 86400 + 86400;

	h->w->settings->institution.zone = arena_copy(&h->w->arena, "UTC");
	h->w->settings->mail.quiet_from = 20;
	h->w->settings->mail.quiet_until = 7;
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, midnight + 22 * 3600 - now);
	say(h, "match-declined", "a", false);
	say(h, "match-paused", "b", false); /* this cannot */
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	assert_int_equal(with(h, "\"template_name\" = 'match-paused' AND \"state\" = 'sending'"), 1);
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	later(h, 9 * 3600 - 60); /* a minute to seven, for one that was written a second later */
	assert_int_equal(h->host.count, 1);
	later(h, 120);
	assert_int_equal(h->host.count, 2);
}

static void pauses_grow_and_a_fault_of_the_plugin_blames_nobody(void **state)
{
	struct house *h = *state;
	static const int64_t pauses[] = { 300, 900, 2700, 8100, 21600, 21600 };

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-paused", "a", false);
	later(h, 1);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(h->host.count, i + 1);
		assert_true(report(h, letter_id(h->host.letters[i]), MENTORSHIP_LATER, "451 4.3.0"));
		assert_int_equal(number(h, "SELECT \"not_before\" FROM \"message\" WHERE \"template_name\" = 'match-paused'") -
				store_now(h->w->store),
			pauses[i]);
		later(h, pauses[i] - 2);
		assert_int_equal(h->host.count, i + 1);
		later(h, 2);
	}
	assert_int_equal(h->host.count, 7);
	assert_true(report(h, letter_id(h->host.letters[6]), MENTORSHIP_BROKEN, "535 5.7.8"));
	assert_int_equal(with(h, "\"template_name\" = 'match-paused' AND \"state\" = 'queued'"), 1);
	assert_int_equal(number(h, "SELECT \"bounces\" FROM \"person\" WHERE \"given_name\" = 'Ben'"), 0);
}

static void a_test_goes_to_whoever_asks_for_it(void **state)
{
	struct house *h = *state;
	struct caller nobody = h->c.root, own = h->c.root;
	int64_t plugin;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	plugin = number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'");
	nobody.person = NONE;
	assert_int_equal(perform(h->w, &nobody, &plugin_entity, plugin, "Test", NULL, 0), E_STATE);
	assert_int_equal(perform(h->w, &h->c.ada, &plugin_entity, plugin, "Test", NULL, 0), E_DENIED);
	own.person = h->c.ben_id;
	must(perform(h->w, &own, &plugin_entity, plugin, "Test", NULL, 0), &h->w->call.problem);
	later(h, 1);
	assert_int_equal(h->host.count, 1);
	assert_string_equal(letter_text(h->host.letters[0], "address", NULL), "ben@example.org");
	assert_non_null(strstr(letter_text(h->host.letters[0], "text", NULL), "mail")); /* the plugin's name */
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	must(perform(h->w, &own, &plugin_entity, plugin, "Test", NULL, 0), &h->w->call.problem); /* a test is no occasion that passes */
	later(h, 1);
	assert_int_equal(h->host.count, 2);
}

/* The task of a test, begun as after the commit of its verb. */
static const struct task *test_begun(struct house *h, const struct caller *who)
{
	const struct task *task = task_new(h->tasks, 0, PLUGIN_TEST, who, NULL, 0);

	assert_true(plugins_work(h->plugins,
		&(struct work){ .kind = PLUGIN_TEST,
			.subject = number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'"),
			.task = task->id,
			.starter = *who }));
	return task;
}

static void a_test_ends_with_what_became_of_it(void **state)
{
	struct house *h = *state;
	const struct task *task, *second;
	struct caller own = h->c.root;
	int64_t plugin;

	own.person = h->c.ben_id;
	task = test_begun(h, &own); /* it does not run */
	assert_int_equal(task->state, TASK_FAILED);
	assert_false(plugins_work(h->plugins, &(struct work){ .kind = "backup", .starter = own }));
	become(h, "mail", MENTORSHIP_NOTIFIER);
	plugin = number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'");
	for (int i = 0; i < 2; i++) {
		must(perform(h->w, &own, &plugin_entity, plugin, "Test", NULL, 0), &h->w->call.problem);
		task = test_begun(h, &own);
		assert_int_equal(task->state, TASK_RUNNING);
		second = test_begun(h, &own); /* one at a time */
		assert_int_equal(second->state, TASK_FAILED);
		assert_non_null(strstr(second->problem.text, "under way"));
		later(h, 1);
		assert_true(report(h, letter_id(h->host.letters[i]), i ? MENTORSHIP_REFUSED : MENTORSHIP_SENT, "250 2.0.0"));
		assert_int_equal(task->state, i ? TASK_FAILED : TASK_DONE);
		if (i)
			assert_string_equal(task->problem.text, "the test message was not taken: refused: 250 2.0.0");
		else
			assert_string_equal(task->results[0].value.text, "sent: 250 2.0.0");
	}
	task = test_begun(h, &own);
	leave(h); /* the plugin is gone */
	spin(h, 50);
	assert_int_equal(task->state, TASK_FAILED);
	assert_non_null(strstr(task->problem.text, "ended before the test did"));
	become(h, "mail", MENTORSHIP_SURVEY_CHANNEL);
	task = test_begun(h, &own);
	assert_int_equal(task->state, TASK_DONE);
	assert_string_equal(task->results[0].name, "pages");
}

static void what_is_older_than_its_occasion_is_not_sent(void **state)
{
	struct house *h = *state;
	int64_t until;

	offer(h); /* no plugin runs */
	until = number(h, "SELECT \"answer_until\" FROM \"match\"");
	later(h, until - store_now(h->w->store) - 1);
	assert_true(until - number(h, "SELECT min(\"queued_at\") FROM \"message\"") > 5 * 86400); /* it outlives the default */
	become(h, "mail", MENTORSHIP_NOTIFIER);
	plugins_look(h->plugins);
	spin(h, 60);
	assert_int_equal(h->host.count, 2);
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_LATER, "451"));
	later(h, 400);
	assert_int_equal(messages(h, "suppressed"), 1);
	assert_int_equal(with(h, "\"outcome\" = 'expired'"), 1);
	say(h, "match-ended", "x", false); /* a kind without an end of its own: five days */
	later(h, 0);
	assert_int_equal(h->host.count, 3);
	assert_true(report(h, letter_id(h->host.letters[2]), MENTORSHIP_LATER, "451"));
	later(h, 5 * 86400);
	assert_int_equal(h->host.count, 3);
	assert_int_equal(with(h, "\"outcome\" = 'expired'"), 2);
}

static void a_link_answers_for_its_person(void **state)
{
	struct house *h = *state;
	struct shown page, done;
	const char *cleo, *ben;
	int64_t records;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	cleo = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	ben = token_of(h, letter_to(h, "ben@example.org"), "/l/");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	/* a GET changes nothing, however often */
	page = open_page(h, cleo);
	assert_int_equal(page.status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(strlen(page.hash), 64);
	records = number(h, "SELECT count(*) FROM \"audit_record\"");
	for (int i = 0; i < 20; i++)
		assert_string_equal(open_page(h, cleo).hash, page.hash);
	assert_int_equal(number(h, "SELECT count(*) FROM \"audit_record\""), records);
	/* another page than the one that was read is shown, not signed */
	done = answer_page(h, cleo, "0000", FIELDS("do", "accept"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_CHANGED);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match_member\" WHERE \"answer\" IS NOT NULL"), 0);
	done = answer_page(h, cleo, page.hash, FIELDS("do", "accept"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match_member\" WHERE \"answer\" = 'accepted' AND \"side\" = 'mentee'"), 1);
	assert_int_equal(
		number(h,
			"SELECT count(*) FROM \"audit_record\" WHERE \"way\" = 'link' AND \"verb\" = 'Accept' AND \"entity\" = 'match_member'"),
		1);
	/* pressed twice: the same thanks; another answer: no link any more */
	assert_int_equal(answer_page(h, cleo, page.hash, FIELDS("do", "accept")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(answer_page(h, cleo, page.hash, FIELDS("do", "decline")).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_NO_LINK);
	page = open_page(h, ben);
	done = answer_page(h, ben, page.hash, FIELDS("do", "decline", "reason", "no time this year"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match\" WHERE \"state\" = 'declined'"), 1);
	/* the coordinators read it, as the page says */
	assert_int_equal(number(h, "SELECT count(*) FROM \"match_member\" WHERE \"answer_reason\" = 'no time this year'"), 1);
}

static void bad_tokens_are_all_one(void **state)
{
	struct house *h = *state;
	struct shown none;

	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	none = open_page(h, "nonsense");
	assert_int_equal(none.status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(none.parts, 0);
	for (int i = 0; i < 29; i++)
		assert_int_equal(open_page(h, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").status, MENTORSHIP_PAGE_BUSY); /* guessing ends */
}

/* So many of them as one turn takes, from one client or each from another; how many had which status. */
static void guess(struct house *h, int count, bool many, int of[MENTORSHIP_PAGE_BUSY + 1])
{
	enum {
		AT_ONCE = 60
	};
	DBusPendingCall *pending[AT_ONCE];

	for (int done = 0; done < count; done += AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++) {
			const char *token = arena_print(&h->w->arena, "%043d", done + i);
			DBusMessage *message = opening((const char *const[]){ token, many ? token + 20 : "guesser" }, 2);

			dbus_connection_send_with_reply(h->host.connection, message, &pending[i], 5000);
			dbus_message_unref(message);
		}
		for (int i = 0; i < AT_ONCE; i++)
			of[shown_of(h, reply_of(h, pending[i])).status]++;
	}
}

static void who_guesses_keeps_nobody_from_a_link(void **state)
{
	struct house *h = *state;
	int one[MENTORSHIP_PAGE_BUSY + 1] = { 0 }, many[MENTORSHIP_PAGE_BUSY + 1] = { 0 }, again[MENTORSHIP_PAGE_BUSY + 1] = { 0 };
	const char *cleo;
	int64_t records;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	cleo = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	records = number(h, "SELECT count(*) FROM \"audit_record\"");
	guess(h, 10020, false, one);
	assert_int_equal(one[MENTORSHIP_PAGE_SHOWN], 0);
	assert_true(
		one[MENTORSHIP_PAGE_NO_LINK] >= 30 && one[MENTORSHIP_PAGE_NO_LINK] <= 120); /* anew each minute, and the test takes some */
	assert_int_equal(one[MENTORSHIP_PAGE_NO_LINK] + one[MENTORSHIP_PAGE_BUSY], 10020);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_SHOWN);
	/* who sits behind the same address */
	assert_int_equal(shown_of(h, ask_to_open(h, (const char *const[]){ cleo, "guesser" }, 2)).status, MENTORSHIP_PAGE_SHOWN);
	guess(h, 10020, true, many); /* each from another: the table does not grow */
	assert_int_equal(many[MENTORSHIP_PAGE_NO_LINK], 10020);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(number(h, "SELECT count(*) FROM \"audit_record\""), records);
	for (int i = 0; i < CLIENTS; i++)
		h->plugins->clients[i].minute--; /* a minute later nobody remembers */
	guess(h, 60, false, again);
	assert_true(again[MENTORSHIP_PAGE_NO_LINK] >= 30);
	assert_false(h->host.gone);
}

static void what_no_host_says_ends_its_link(void **state)
{
	struct house *h = *state;
	DBusMessage *reply;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	reply = ask_to_open(h, (const char *const[]){ "x", "y" }, 2); /* not its capability */
	assert_null(reply);
	spin(h, 30);
	assert_true(h->host.gone);
	assert_int_equal(
		number(h,
			"SELECT count(*) FROM \"plugin\" WHERE \"name\" = 'mail' AND \"state\" = 'failed' AND \"last_error\" IS NOT NULL"),
		1);
	leave(h);

	become(h, "mail", MENTORSHIP_NOTIFIER);
	assert_false(report(h, 4711, MENTORSHIP_SENT, "")); /* an id that it does not hold */
	assert_true(h->host.gone);
	leave(h);

	connect_as(h, "mail");
	assert_false(hello(h, "web", MENTORSHIP_NOTIFIER)); /* another's name */
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);

	connect_as(h, "mail");
	assert_false(hello(h, "mail", 64)); /* no such capability */
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);

	connect_as(h, "mail"); /* the fifth failure: nobody is listened to any more */
	reply = ask_daemon(h, "Ready", DBUS_TYPE_INVALID);
	if (reply)
		dbus_message_unref(reply);
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);
	assert_int_equal(number(h, "SELECT count(*) FROM \"plugin\" WHERE \"name\" = 'mail' AND \"state\" = 'disabled'"), 1);
	/* others go on */
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, "nonsense").status, MENTORSHIP_PAGE_NO_LINK);
	leave(h);
	/* until an administrator lets it run again */
	must(perform(h->w, &h->c.root, &plugin_entity, number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'"), "Enable", NULL,
		     0),
		&h->w->call.problem);
	plugins_look(h->plugins);
	spin(h, 50);
	become(h, "mail", MENTORSHIP_NOTIFIER);
}

static void a_flood_ends_the_link_of_who_floods(void **state)
{
	struct house *h = *state;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	for (int i = 0; i < 2000 && !h->host.gone; i++) {
		DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Ping");

		dbus_message_set_no_reply(message, TRUE);
		dbus_connection_send(h->host.connection, message, NULL);
		dbus_message_unref(message);
		if (i % 100 == 99)
			spin(h, 2);
	}
	spin(h, 100);
	assert_true(h->host.gone);
}

static void a_disabled_plugin_is_told_to_stop(void **state)
{
	struct house *h = *state;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.root, &plugin_entity, number(h, "SELECT \"id\" FROM \"plugin\" WHERE \"name\" = 'mail'"), "Disable", NULL,
		     0),
		&h->w->call.problem);
	plugins_look(h->plugins);
	spin(h, 50);
	assert_true(h->host.stopped);
	offer(h);
	assert_int_equal(h->host.count, 0);
	assert_int_equal(messages(h, "queued"), 2); /* nothing is lost */
}

static bool event_kind_is(DBusMessage *event, const char *wanted)
{
	dbus_int64_t sequence;
	const char *kind;

	dbus_message_get_args(event, NULL, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_STRING, &kind, DBUS_TYPE_INVALID);
	return !strcmp(kind, wanted);
}

static void events_come_in_order_and_once(void **state)
{
	struct house *h = *state;
	dbus_int64_t last = 0;
	bool offered = false;
	DBusMessage *done;

	connect_as(h, "sink");
	assert_true(hello(h, "sink", MENTORSHIP_EVENT_SINK));
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 50);
	assert_int_equal(h->host.count, 0); /* what was before it came is no news */
	offer(h);
	assert_true(h->host.count >= 1);
	for (int i = 0; i < h->host.count; i++) {
		const char *kind, *object;
		dbus_int64_t sequence, version, at;

		assert_true(dbus_message_get_args(h->host.letters[i], NULL, DBUS_TYPE_INT64, &sequence, DBUS_TYPE_STRING, &kind,
			DBUS_TYPE_STRING, &object, DBUS_TYPE_INT64, &version, DBUS_TYPE_INT64, &at, DBUS_TYPE_INVALID));
		assert_true(sequence > last);
		last = sequence;
		offered |= !strcmp(kind, "match.offer") && !strcmp(object, path(h->w, &match_entity, h->match)) && version > 1;
	}
	assert_true(offered);
	done = ask_daemon(h, "EventDone", DBUS_TYPE_INT64, &last, DBUS_TYPE_INVALID);
	assert_non_null(done);
	dbus_message_unref(done);
	/* it comes again, and hears of nothing twice */
	leave(h);
	spin(h, 50);
	connect_as(h, "sink");
	assert_true(hello(h, "sink", MENTORSHIP_EVENT_SINK));
	tell_daemon(h, "Ready", DBUS_TYPE_INVALID, NULL);
	spin(h, 50);
	for (int i = 0; i < h->host.count; i++)
		assert_false(event_kind_is(h->host.letters[i], "match.offer"));
	last += 1000; /* of which it was never told */
	done = ask_daemon(h, "EventDone", DBUS_TYPE_INT64, &last, DBUS_TYPE_INVALID);
	assert_true(!done || dbus_message_get_type(done) == DBUS_MESSAGE_TYPE_ERROR);
	if (done)
		dbus_message_unref(done);
	spin(h, 30);
	assert_true(h->host.gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(offers_are_handed_over_and_written_down),
		HOUSE(what_a_host_still_holds_is_not_sent_again), HOUSE(a_retry_is_the_same_mail), HOUSE(a_link_answers_for_its_person),
		HOUSE(bad_tokens_are_all_one), HOUSE(who_guesses_keeps_nobody_from_a_link), HOUSE(what_no_host_says_ends_its_link),
		HOUSE(a_flood_ends_the_link_of_who_floods), HOUSE(a_disabled_plugin_is_told_to_stop), HOUSE(events_come_in_order_and_once),
		HOUSE(what_can_wait_is_one_mail_a_day), HOUSE(a_mail_of_the_day_that_is_put_off_stays_one),
		HOUSE(a_test_goes_to_whoever_asks_for_it), HOUSE(a_test_ends_with_what_became_of_it), HOUSE(the_rate_is_kept),
		HOUSE(a_host_is_kept_full), HOUSE(all_goes_to_the_address_of_a_trial), HOUSE(nights_are_quiet_for_what_can_wait),
		HOUSE(safety_waits_for_nobody), HOUSE(pauses_grow_and_a_fault_of_the_plugin_blames_nobody),
		HOUSE(what_is_older_than_its_occasion_is_not_sent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
