/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages of many links that one call opens: each is what it would be alone, in the order in which they were named, and what does not fit
 * into the reply is asked for again.
 */
#include "house.h"

enum {
	LARGE = 100 * 1024
};

static const char *const nobody = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static const char *link_of(struct house *h, const char *address)
{
	return token_of(h, letter_to(h, address), "/l/");
}

static void each_is_what_it_would_be_alone(void **state)
{
	struct house *h = *state;
	struct shown all[OPENS_MOST], cleo_alone, ben_alone;
	const char *cleo, *ben;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	cleo = link_of(h, "cleo@example.org");
	ben = link_of(h, "ben@example.org");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	cleo_alone = open_page(h, cleo);
	ben_alone = open_page(h, ben);
	assert_string_not_equal(cleo_alone.hash, ben_alone.hash);
	assert_int_equal(
		all_shown(
			h, ask_to_open(h, (const char *const[]){ cleo, "a", nobody, "b", ben, "c", "short", "d", cleo, "e" }, 10), all, 5),
		5);
	assert_string_equal(all[0].hash, cleo_alone.hash);
	assert_string_equal(all[0].all, cleo_alone.all);
	assert_int_equal(all[1].status, MENTORSHIP_PAGE_NO_LINK);
	assert_string_equal(all[2].hash, ben_alone.hash);
	assert_string_equal(all[2].all, ben_alone.all);
	assert_int_equal(all[3].status, MENTORSHIP_PAGE_NO_LINK);
	assert_string_equal(all[4].all, cleo_alone.all);
}

/* Thirty wrong ones a minute, however they are presented. */
static void guesses_are_counted_each(void **state)
{
	struct house *h = *state;
	struct shown all[OPENS_MOST];
	const char *texts[2 * OPENS_MOST];
	int of[MENTORSHIP_PAGE_BUSY + 1] = { 0 };

	for (int i = 0; i < OPENS_MOST; i++) {
		texts[2 * i] = nobody;
		texts[2 * i + 1] = "guesser";
	}
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	for (int calls = 0; calls < 3; calls++) {
		assert_int_equal(all_shown(h, ask_to_open(h, texts, 2 * OPENS_MOST), all, OPENS_MOST), OPENS_MOST);
		for (int i = 0; i < OPENS_MOST; i++)
			of[all[i].status]++;
	}
	assert_int_equal(of[MENTORSHIP_PAGE_NO_LINK] + of[MENTORSHIP_PAGE_BUSY], 3 * OPENS_MOST);
	assert_true(of[MENTORSHIP_PAGE_NO_LINK] >= 30 && of[MENTORSHIP_PAGE_BUSY] > 0); /* more only if a minute began meanwhile */
}

static void what_finds_no_room_is_asked_for_again(void **state)
{
	struct house *h = *state;
	struct shown all[OPENS_MOST], again[OPENS_MOST], alone;
	const char *texts[2 * OPENS_MOST];
	char *name = arena_new(&h->w->arena, LARGE + 1);
	int fit = 0;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	for (int i = 0; i < OPENS_MOST; i++) {
		texts[2 * i] = link_of(h, "cleo@example.org");
		texts[2 * i + 1] = "somebody";
	}
	leave(h);
	h->w->settings->institution.name = memset(name, 'x', LARGE);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	alone = open_page(h, texts[0]);
	assert_int_equal(all_shown(h, ask_to_open(h, texts, 2 * OPENS_MOST), all, OPENS_MOST), OPENS_MOST);
	while (fit < OPENS_MOST && all[fit].status == MENTORSHIP_PAGE_SHOWN)
		assert_string_equal(all[fit++].all, alone.all);
	assert_int_equal(fit, (LINK_BYTES - 4096) / LARGE);
	for (int i = fit; i < OPENS_MOST; i++)
		assert_true(all[i].status == PAGE_AGAIN && all[i].parts == 0);
	assert_int_equal(all_shown(h, ask_to_open(h, texts + 2 * fit, 2 * (OPENS_MOST - fit)), again, OPENS_MOST), OPENS_MOST - fit);
	assert_string_equal(again[0].all, alone.all);
	assert_false(h->host.gone);
}

static void ends_the_link(struct house *h, const char *bytes, size_t length)
{
	DBusMessage *reply;

	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	reply = ask_daemon(h, "Open", DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &bytes, (int)length, DBUS_TYPE_INVALID);
	assert_true(!reply || dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR);
	if (reply)
		dbus_message_unref(reply);
	spin(h, 30);
	assert_true(h->host.gone);
	leave(h);
	spin(h, 50);
}

static void what_is_no_list_of_links_ends_the_link(void **state)
{
	static const char many[4 * OPENS_MOST + 4] = "";
	struct house *h = *state;

	ends_the_link(h, "", 0);
	ends_the_link(h, "token\0client", 12); /* the last one does not end */
	ends_the_link(h, "token", 6);          /* of nobody */
	ends_the_link(h, many, 2 * OPENS_MOST + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(each_is_what_it_would_be_alone), HOUSE(guesses_are_counted_each),
		HOUSE(what_finds_no_room_is_asked_for_again), HOUSE(what_is_no_list_of_links_ends_the_link) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
