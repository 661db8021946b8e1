/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a link is not: a way to another purpose, something that follows from the database, used up by asking for help, or without end.
 */
#include <sys/mman.h>

#include "core/log.h"
#include "store/internal.h"

#include "house.h"

static void one_click_is_for_unsubscribing_alone(void **state)
{
	struct house *h = *state;
	const char *own, *off;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-accepted", "a", false);
	later(h, 1);
	own = token_of(h, letter_to(h, "ben@example.org"), "/l/");
	off = strstr(letter_text(letter_to(h, "ben@example.org"), "unsubscribe", NULL), "/u/");
	assert_non_null(off);
	off = arena_copy(&h->w->arena, off + 3);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(answer_page(h, own, "one-click", FIELDS("do", "stop-mail")).status, MENTORSHIP_PAGE_CHANGED);
	assert_int_equal(number(h, "SELECT count(*) FROM \"person\" WHERE \"no_mail_since\" IS NOT NULL"), 0);
	assert_int_equal(answer_page(h, off, "another", FIELDS("do", "stop-mail")).status, MENTORSHIP_PAGE_CHANGED);
	assert_int_equal(answer_page(h, off, "one-click", FIELDS("do", "stop-mail")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM \"person\" WHERE \"no_mail_since\" IS NOT NULL"), 1);
}

/* Cleo's link to the offer; from here on the web page is there. */
static const char *link_of_offer(struct house *h)
{
	const char *cleo;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	cleo = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	return cleo;
}

static void asking_for_help_uses_nothing_up(void **state)
{
	struct house *h = *state;
	struct shown page;
	const char *cleo;

	cleo = link_of_offer(h);
	page = answer_page(h, cleo, "0000", FIELDS("do", "talk")); /* whatever page it was asked on */
	assert_int_equal(page.status, MENTORSHIP_PAGE_SHOWN);
	assert_non_null(strstr(page.all, "do=talk-send"));
	page = answer_page(h, cleo, page.hash, FIELDS("do", "talk-send", "text", "He shouts at me."));
	assert_int_equal(page.status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM \"concern\" WHERE \"program\" IS NOT NULL"), 1);
	page = open_page(h, cleo);
	assert_int_equal(page.status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(answer_page(h, cleo, page.hash, FIELDS("do", "accept")).status, MENTORSHIP_PAGE_DONE);
}

static void what_was_read_is_what_is_signed(void **state)
{
	struct house *h = *state;
	struct shown page, changed;
	const char *cleo;

	cleo = link_of_offer(h);
	page = open_page(h, cleo);
	must(perform(h->w, &h->c.ada, &person_entity, h->c.ben_id, "Update", ARGS(T("given_name", "Benno"))), &h->w->call.problem);
	changed = answer_page(h, cleo, page.hash, FIELDS("do", "accept")); /* with somebody else, for all that she can see */
	assert_int_equal(changed.status, MENTORSHIP_PAGE_CHANGED);
	assert_non_null(strstr(changed.all, "Benno"));
	assert_int_equal(answer_page(h, cleo, changed.hash, FIELDS("do", "accept")).status, MENTORSHIP_PAGE_DONE);
}

/* ---- the key ---- */

static int make_token(struct call *call, void *data)
{
	char hash[65];

	return link_token(call, 7, 1, data, hash);
}

/* As after a restart: the key is read anew. */
static int token_under(struct house *h, const char *key, char token[TOKEN_SIZE])
{
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };
	struct problem problem = { 0 };

	if (key)
		write_file(h->w, "credentials/link-key", key, 0600);
	h->w->store->link_key_read = false;
	return do_in_turn(h->w, &daemon, make_token, token, &problem);
}

static const char key[] = "0123456789abcdef0123456789abcdef";

static void tokens_follow_from_the_key_alone(void **state)
{
	struct house *h = *state;
	char one[TOKEN_SIZE], two[TOKEN_SIZE], path[200], aside[200];

	assert_int_equal(token_under(h, key, one), 0);
	assert_int_equal(token_under(h, "0123456789abcdef0123456789abcdeF", two), 0);
	assert_string_not_equal(one, two); /* who has the database, and so the number, has no token */
	assert_int_equal(token_under(h, key, two), 0);
	assert_string_equal(one, two);
	assert_int_equal(token_under(h, "0123456789abcdef0123456789abcde", two), E_UNAVAILABLE);
	snprintf(path, sizeof path, "%s/credentials/link-key", h->w->directory);
	snprintf(aside, sizeof aside, "%s/aside", h->w->directory);
	write_file(h->w, "aside", key, 0600);
	unlink(path);
	assert_int_equal(symlink(aside, path), 0);
	assert_int_equal(token_under(h, NULL, two), E_UNAVAILABLE);
	unlink(path);
	assert_int_equal(token_under(h, NULL, two), E_UNAVAILABLE);
}

static int said_of(const char *text, const char *word)
{
	int count = 0;

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		count++;
	return count;
}

static void without_a_key_or_a_web_page_mail_waits(void **state)
{
	struct house *h = *state;
	char token[TOKEN_SIZE], *url = h->w->settings->mail.base_url, said[8192] = "";
	int log = memfd_create("log", MFD_CLOEXEC);

	log_open(log);
	assert_int_equal(token_under(h, "short", token), E_UNAVAILABLE);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(h->host.count, 0);
		assert_int_equal(with(h, "\"state\" = 'queued' AND \"attempts\" = 0"), 2);
		assert_int_equal(
			number(h, "SELECT min(\"not_before\") FROM \"message\" WHERE \"state\" = 'queued'") - store_now(h->w->store), 300);
		assert_int_equal(number(h, "SELECT count(*) FROM \"invitation\""), 0);
		assert_int_equal(token_under(h, key, token), 0);
		h->w->settings->mail.base_url = i ? url : arena_copy(&h->w->arena, "");
		later(h, 300);
	}
	assert_int_equal(h->host.count, 2);
	log_open(-1);
	assert_true(pread(log, said, sizeof said - 1, 0) > 0);
	close(log);
	/* once for the two mails that wait for the key, once for the two that wait for the address; nothing of sealed values */
	assert_int_equal(said_of(said, "no link can be made"), 2);
	assert_int_equal(said_of(said, "mail.base_url"), 1);
	assert_int_equal(said_of(said, "sealed"), 0);
}

static void what_is_not_quite_a_token_is_none(void **state)
{
	struct house *h = *state;
	const char *cleo;

	cleo = link_of_offer(h);
	assert_int_equal(open_page(h, arena_print(&h->w->arena, "%s.", cleo)).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, arena_print(&h->w->arena, "%.*s", TOKEN_LENGTH - 1, cleo)).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_SHOWN);
}

/* The token of the own page in a mail to Ben that is sent now. */
static const char *own_page_now(struct house *h, const char *occasion)
{
	int before = h->host.count;
	const char *token;

	say(h, "match-paused", occasion, false);
	later(h, 1);
	for (int i = 0; i < 100 && h->host.count == before; i++)
		spin(h, 20);
	assert_int_equal(h->host.count, before + 1);
	token = token_of(h, h->host.letters[before], "/l/");
	assert_true(report(h, letter_id(h->host.letters[before]), MENTORSHIP_SENT, ""));
	return token;
}

static void the_own_page_has_one_link_for_half_its_time(void **state)
{
	struct house *h = *state;
	const char *first, *second;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	first = own_page_now(h, "a");
	later(h, 14 * 86400);
	assert_string_equal(own_page_now(h, "b"), first);
	later(h, 86400);
	second = own_page_now(h, "c"); /* so that each mail's link holds for two weeks at least */
	assert_string_not_equal(second, first);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, first).status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(open_page(h, second).status, MENTORSHIP_PAGE_SHOWN);
}

static void a_link_holds_no_longer_than_its_occasion(void **state)
{
	struct house *h = *state;
	int64_t until;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Offer", NULL, 0), &h->w->call.problem);
	until = number(h, "SELECT \"answer_until\" FROM \"match\"");
	later(h, until - store_now(h->w->store) - 3600); /* no plugin was there for so long */
	assert_int_equal(number(h, "SELECT count(*) FROM \"invitation\" WHERE \"purpose\" = 'match-offer'"), 2);
	assert_int_equal(number(h, "SELECT max(\"expires_at\") FROM \"invitation\" WHERE \"purpose\" = 'match-offer'"), until);
}

/* ---- how much ---- */

/* An answer by a token of nobody; NULL if it ended the link. */
static DBusMessage *large_answer(struct house *h, int fields, size_t bytes)
{
	DBusMessage *message = dbus_message_new_method_call(NULL, LINK_PATH, LINK_INTERFACE, "Answer");
	char *text = arena_new(&h->w->arena, bytes + 1);
	const char *token = "nobody", *client = "somebody", *hash = "", *value = text, *name = "a";
	DBusPendingCall *pending = NULL;
	DBusMessageIter at, list, row;

	memset(text, 'x', bytes);
	dbus_message_append_args(message, DBUS_TYPE_STRING, &token, DBUS_TYPE_STRING, &client, DBUS_TYPE_STRING, &hash, DBUS_TYPE_INVALID);
	dbus_message_iter_init_append(message, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "(ss)", &list);
	for (int i = 0; i < fields; i++) {
		dbus_message_iter_open_container(&list, DBUS_TYPE_STRUCT, NULL, &row);
		dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &name);
		dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &value);
		dbus_message_iter_close_container(&list, &row);
		value = "";
	}
	dbus_message_iter_close_container(&at, &list);
	dbus_connection_send_with_reply(h->host.connection, message, &pending, 5000);
	dbus_message_unref(message);
	return reply_of(h, pending);
}

static void is_taken(struct house *h, int fields, size_t bytes, bool taken)
{
	DBusMessage *reply;

	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	reply = large_answer(h, fields, bytes);
	assert_int_equal(reply && dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN, taken);
	if (reply)
		dbus_message_unref(reply);
	spin(h, 30);
	assert_int_equal(h->host.gone, !taken);
	leave(h);
	spin(h, 50);
}

static void an_answer_and_a_client_have_their_sizes(void **state)
{
	struct house *h = *state;
	DBusMessage *reply;

	is_taken(h, FIELDS_MOST, 1, true);
	is_taken(h, FIELDS_MOST + 1, 1, false);
	is_taken(h, 2, (1 << 18) - 2, true);
	is_taken(h, 2, (1 << 18) - 1, false);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	reply = ask_to_open(h, (const char *const[]){ "nobody", arena_print(&h->w->arena, "%065d", 1) }, 2);
	assert_true(!reply || dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR);
	if (reply)
		dbus_message_unref(reply);
	spin(h, 30);
	assert_true(h->host.gone);
}

/* An old form, or whatever else: its reader is told, and everybody else's link goes on. */
static void a_page_too_long_for_a_message_harms_nobody_else(void **state)
{
	struct house *h = *state;
	const char *cleo = link_of_offer(h);

	number(h, "UPDATE \"match_member\" SET \"name\" = hex(zeroblob(500000)) WHERE \"side\" = 'mentor' RETURNING 1");
	assert_true(open_page(h, cleo).parts > 0);
	number(h, "UPDATE \"match_member\" SET \"name\" = hex(zeroblob(525000)) WHERE \"side\" = 'mentor' RETURNING 1");
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_BUSY);
	spin(h, 30);
	assert_false(h->host.gone);
	number(h, "UPDATE \"match_member\" SET \"name\" = 'Ben' WHERE \"side\" = 'mentor' RETURNING 1");
	assert_int_equal(open_page(h, cleo).status, MENTORSHIP_PAGE_SHOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(one_click_is_for_unsubscribing_alone), HOUSE(asking_for_help_uses_nothing_up),
		HOUSE(what_was_read_is_what_is_signed), HOUSE(tokens_follow_from_the_key_alone),
		HOUSE(without_a_key_or_a_web_page_mail_waits), HOUSE(what_is_not_quite_a_token_is_none),
		HOUSE(the_own_page_has_one_link_for_half_its_time), HOUSE(a_link_holds_no_longer_than_its_occasion),
		HOUSE(an_answer_and_a_client_have_their_sizes), HOUSE(a_page_too_long_for_a_message_harms_nobody_else) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
