/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mails that a server took and sent back: which of them are believed, what is written down, and whom it is held against.
 */
#include "house.h"

/* What the daemon answers; 99: an error, or the link ended. */
static unsigned bounced(struct house *h, int64_t id, const char *message_id, const char *status)
{
	const char *detail = "550 5.1.1";
	dbus_int64_t number = id;
	dbus_uint32_t answer = 99;
	DBusMessage *reply = ask_daemon(h, "Bounced", DBUS_TYPE_INT64, &number, DBUS_TYPE_STRING, &message_id, DBUS_TYPE_STRING, &status,
		DBUS_TYPE_STRING, &detail, DBUS_TYPE_INVALID);

	if (!reply)
		return 99;
	if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN)
		dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &answer, DBUS_TYPE_INVALID);
	dbus_message_unref(reply);
	spin(h, 30);
	return answer;
}

/* A mail to Ben that was sent: its Message-ID. */
static const char *sent_mail(struct house *h, const char *occasion)
{
	DBusMessage *letter;

	say(h, "match-paused", occasion, false);
	later(h, 1);
	letter = h->host.letters[h->host.count - 1];
	assert_true(report(h, letter_id(letter), MENTORSHIP_SENT, "250 2.0.0"));
	return arena_copy(&h->w->arena, letter_text(letter, "message_id", NULL));
}

static int64_t bens(struct house *h, const char *field)
{
	return number(h, arena_print(&h->w->arena, "SELECT \"%s\" FROM \"person\" WHERE \"given_name\" = 'Ben'", field));
}

static void three_mails_that_came_back_pause_an_address(void **state)
{
	struct house *h = *state;
	const char *ids[4];

	become(h, "mail", MENTORSHIP_NOTIFIER);
	for (int i = 0; i < 4; i++)
		ids[i] = sent_mail(h, arena_print(&h->w->arena, "o%d", i));
	assert_int_equal(bounced(h, 0, ids[0], "5.1.1"), MENTORSHIP_BOUNCE_TAKEN);
	assert_int_equal(with(h, "\"state\" = 'failed' AND \"outcome\" = 'bounced: 5.1.1, 550 5.1.1'"), 1);
	assert_int_equal(bens(h, "bounces"), 1);
	assert_int_equal(bounced(h, 0, ids[0], "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN); /* told again: counted once */
	assert_int_equal(bounced(h, 0, ids[1], "4.4.7"), MENTORSHIP_BOUNCE_TAKEN);   /* given up after days: no fault of the address */
	assert_int_equal(bens(h, "bounces"), 1);
	assert_int_equal(with(h, "\"state\" = 'failed'"), 2);
	assert_int_equal(bounced(h, 0, ids[2], "5.2.1"), MENTORSHIP_BOUNCE_TAKEN);
	assert_int_equal(bens(h, "mail_paused"), 0);
	assert_int_equal(with(h, "\"template_name\" = 'address-bounces'"), 0);
	assert_int_equal(bounced(h, strtoll(ids[3] + 1, NULL, 16), "", "5.1.1"), MENTORSHIP_BOUNCE_TAKEN); /* by its number alone */
	assert_int_equal(bens(h, "bounces"), 3);
	assert_int_equal(bens(h, "mail_paused"), 1);
	assert_int_equal(with(h, "\"template_name\" = 'address-bounces'"), 1); /* the coordinator hears of it */
	say(h, "match-paused", "later", false);
	later(h, 1);
	assert_int_equal(with(h, "\"state\" = 'suppressed' AND \"outcome\" = 'the address does not work'"), 1);
}

static void who_knows_no_mail_bounces_none(void **state)
{
	struct house *h = *state;
	const char *id, *sent;
	char other[40];

	become(h, "mail", MENTORSHIP_NOTIFIER);
	sent = sent_mail(h, "a");
	snprintf(other, sizeof other, "m%llx@m.example.org", strtoull(sent + 1, NULL, 16) + 2);
	assert_int_equal(bounced(h, 0, other, "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, 0, "m0@m.example.org", "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, 0, "m-1@m.example.org", "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, 0, "mffffffffffffffffff@m.example.org", "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, 0, sent + 1, "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, 1, "x@elsewhere", "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, -5, "", "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bounced(h, 0, sent, "5.1"), 99);
	assert_int_equal(bounced(h, 0, sent, "2.1.1"), 99);
	/* one that is still on its way is told again later */
	say(h, "match-paused", "b", false);
	later(h, 1);
	id = arena_copy(&h->w->arena, letter_text(h->host.letters[1], "message_id", NULL));
	assert_int_equal(bounced(h, 0, id, "5.1.1"), MENTORSHIP_BOUNCE_AGAIN);
	assert_true(report(h, letter_id(h->host.letters[1]), MENTORSHIP_SENT, ""));
	assert_int_equal(bounced(h, 0, id, "5.1.1"), MENTORSHIP_BOUNCE_TAKEN);
	later(h, 15 * 86400); /* nothing is tried for so long */
	assert_int_equal(bounced(h, 0, sent, "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	assert_int_equal(bens(h, "bounces"), 1);
	/* another plugin was not given it */
	sent = sent_mail(h, "c");
	leave(h);
	spin(h, 50);
	become(h, "web", MENTORSHIP_NOTIFIER);
	assert_int_equal(bounced(h, 0, sent, "5.1.1"), MENTORSHIP_BOUNCE_UNKNOWN);
	leave(h);
	spin(h, 50);
	/* and who shows pages cannot say so at all */
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(bounced(h, 0, sent, "5.1.1"), 99);
	assert_true(h->host.gone);
	assert_int_equal(bens(h, "bounces"), 1);
}

/* As a confirmation from there does. */
static int readdress(struct call *call, void *data)
{
	struct arg email = { "email", { .type = V_TEXT, .text = "new@example.org" } };

	return perform_also(call, &person_entity, *(int64_t *)data, "Readdress", &email, 1);
}

static void move_ben(struct house *h)
{
	const struct caller daemon = { .way = BY_DAEMON, .login = NONE, .person = NONE, .job = "message" };
	struct problem problem = { 0 };

	must(store_turn_begin(h->w->store, &problem), &problem);
	must(store_do(h->w->store, &daemon, readdress, &h->c.ben_id, &problem), &problem);
	must(store_turn_commit(h->w->store, &problem), &problem);
}

static void a_new_address_answers_for_itself(void **state)
{
	struct house *h = *state;
	const char *old;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	old = sent_mail(h, "a");
	later(h, 60);
	move_ben(h);
	assert_int_equal(bounced(h, 0, old, "5.1.1"), MENTORSHIP_BOUNCE_TAKEN);
	assert_int_equal(bens(h, "bounces"), 0);
	later(h, 60);
	assert_int_equal(bounced(h, 0, sent_mail(h, "b"), "5.1.1"), MENTORSHIP_BOUNCE_TAKEN);
	assert_int_equal(bens(h, "bounces"), 1);
	h->w->settings->mail.redirect_all_to = arena_copy(&h->w->arena, "trial@example.net"); /* and that of a trial for nobody */
	assert_int_equal(bounced(h, 0, sent_mail(h, "c"), "5.1.1"), MENTORSHIP_BOUNCE_TAKEN);
	assert_int_equal(bens(h, "bounces"), 1);
}

/* All that went in one mail came back with it, and counts as one. */
static void a_mail_of_the_day_comes_back_whole(void **state)
{
	struct house *h = *state;
	const char *id;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-declined", "a", false);
	say(h, "offer-unanswered", "b", false);
	later(h, 1);
	id = arena_copy(&h->w->arena, letter_text(h->host.letters[0], "message_id", NULL));
	assert_true(report(h, letter_id(h->host.letters[0]), MENTORSHIP_SENT, ""));
	assert_int_equal(with(h, "\"state\" = 'sent'"), 2);
	assert_int_equal(bounced(h, 0, id, "5.1.1"), MENTORSHIP_BOUNCE_TAKEN);
	assert_int_equal(with(h, "\"state\" = 'failed'"), 2);
	assert_int_equal(bens(h, "bounces"), 1);
}

int main(void)
{
#define HOUSE(test) cmocka_unit_test_setup_teardown(test, move_in, move_out)
	const struct CMUnitTest tests[] = { HOUSE(three_mails_that_came_back_pause_an_address), HOUSE(who_knows_no_mail_bounces_none),
		HOUSE(a_new_address_answers_for_itself), HOUSE(a_mail_of_the_day_comes_back_whole) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
