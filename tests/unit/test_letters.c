/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who gets a mail, and what of others stands in it: nothing for whoever wants none or is suspended, an address of the other side only where
 * the program's policy has it, and no way to the coordinators' mailbox from a concern.
 */
#include "house.h"

/* Waits for so many letters in all, and looks whether there are more. */
static void come(struct house *h, int count)
{
	for (int i = 0; i < 100 && h->host.count < count; i++)
		spin(h, 20);
	spin(h, 40);
	assert_int_equal(h->host.count, count);
}

static int64_t told(struct house *h, const char *template_name, const char *state)
{
	return with(h, arena_print(&h->w->arena, "\"template_name\" = '%s' AND \"state\" = '%s'", template_name, state));
}

static void who_wants_no_more_than_needed_gets_that(void **state)
{
	struct house *h = *state;

	must(perform(h->w, &h->c.ben, &person_entity, h->c.ben_id, "Unsubscribe", NULL, 0), &h->w->call.problem);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-accepted", "a", false);
	say(h, "match-paused", "b", false);
	later(h, 1);
	come(h, 1);
	assert_int_equal(told(h, "match-accepted", "suppressed"), 1);
	assert_int_equal(with(h, "\"outcome\" = 'the recipient wants no such mail'"), 1);
	assert_int_equal(told(h, "match-paused", "sending"), 1);
}

/* No mail at all: what is about safety and what was asked for goes, staff see that nothing else does, and undo it when told so. */
static void who_wants_none_gets_what_is_about_safety(void **state)
{
	struct house *h = *state;
	struct world *w = h->w;

	create(w, &h->c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, h->c.ben_id)), T("duty", "safeguarding lead")));
	must(perform(w, &h->c.ben, &person_entity, h->c.ben_id, "StopMail", NULL, 0), &w->call.problem);
	assert_int_equal(waits(w, &h->c.ada, "person who wants no mail"), 1);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-paused", "a", false);
	must(perform(w, &h->c.cleo, &concern_entity, 0, "Create", ARGS(P("person", path(w, &person_entity, h->c.cleo_id)))),
		&w->call.problem);
	must(perform(w, &h->c.ben, &person_entity, h->c.ben_id, "AskFreshLink", NULL, 0), &w->call.problem);
	later(h, 1);
	come(h, 2);
	assert_int_equal(told(h, "match-paused", "suppressed"), 1);
	assert_int_equal(with(h, "\"outcome\" = 'the recipient wants no mail'"), 1);
	assert_int_equal(told(h, "concern-opened", "sending") + told(h, "fresh-link", "sending"), 2);
	for (int i = 0; i < 2; i++)
		assert_string_equal(letter_text(h->host.letters[i], "unsubscribe", NULL), "");
	must(perform(w, &h->c.ada, &person_entity, h->c.ben_id, "Subscribe", NULL, 0), &w->call.problem);
	assert_int_equal(waits(w, &h->c.ada, "person who wants no mail"), 0);
	say(h, "match-paused", "b", false);
	later(h, 1);
	come(h, 3);
	assert_non_null(strstr(letter_text(h->host.letters[2], "unsubscribe", NULL), "/u/"));
}

static void who_is_suspended_gets_none(void **state)
{
	struct house *h = *state;

	must(perform_with(h->w, &h->c.root, &person_entity, h->c.ben_id, "Suspend", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "it is looked into" }),
		&h->w->call.problem);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	say(h, "match-paused", "a", false);
	later(h, 1);
	come(h, 0);
	assert_int_equal(told(h, "match-paused", "suppressed"), 1);
}

/* The introduction as Cleo reads it, under a policy, and where Ben agrees that his address is passed on. */
static const char *introduction(struct house *h, const char *policy, bool agrees)
{
	int64_t consent;
	const char *text;

	must(perform(h->w, &h->c.ada, &program_entity, h->c.program, "Update", ARGS(T("contact", policy))), &h->w->call.problem);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Offer", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.ben, &match_entity, h->match, "Accept", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.cleo, &match_entity, h->match, "Accept", NULL, 0), &h->w->call.problem);
	if (agrees) {
		consent = number(
			h, arena_print(&h->w->arena, "SELECT max(\"id\") FROM \"consent\" WHERE \"giver\" = %lld", (long long)h->c.ben_id));
		if (consent < 1) /* under this policy nobody was asked */
			consent = create(h->w, &h->c.ada, &consent_entity,
				ARGS(P("program", path(h->w, &program_entity, h->c.program)),
					P("person", path(h->w, &person_entity, h->c.ben_id)),
					P("giver", path(h->w, &person_entity, h->c.ben_id)), T("purpose", "share contact")));
		must(perform(h->w, &h->c.ben, &consent_entity, consent, "Give", NULL, 0), &h->w->call.problem);
	}
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Start", NULL, 0), &h->w->call.problem);
	later(h, 1);
	for (int i = 0; i < 100 && told(h, "match-started", "sending") < 2; i++)
		spin(h, 20);
	spin(h, 40);
	for (int i = 0; i < h->host.count; i++) {
		text = letter_text(h->host.letters[i], "text", NULL);
		if (!strcmp(letter_text(h->host.letters[i], "address", NULL), "cleo@example.org") && strstr(text, "Ben"))
			return text;
	}
	fail_msg("no introduction came to Cleo");
	return "";
}

static void addresses_are_told_where_policy_and_owner_have_it(void **state)
{
	assert_non_null(strstr(introduction(*state, "mail addresses", true), "ben@example.org"));
}

static void addresses_are_not_told_without_their_owner(void **state)
{
	assert_null(strstr(introduction(*state, "mail addresses", false), "ben@example.org"));
}

/* Said after the introduction: a second mail has it; taken back before it leaves, there is none. */
static void an_address_is_told_when_its_owner_agrees_later(void **state)
{
	struct house *h = *state;
	struct world *w = h->w;
	int64_t consent;
	int count;

	assert_null(strstr(introduction(h, "mail addresses", false), "ben@example.org"));
	consent = number(h, arena_print(&w->arena, "SELECT max(\"id\") FROM \"consent\" WHERE \"giver\" = %lld", (long long)h->c.ben_id));
	must(perform(w, &h->c.ben, &consent_entity, consent, "Give", NULL, 0), &w->call.problem);
	count = h->host.count;
	later(h, 1);
	come(h, count + 1);
	assert_string_equal(letter_text(h->host.letters[count], "address", NULL), "cleo@example.org");
	assert_non_null(strstr(letter_text(h->host.letters[count], "text", NULL), "ben@example.org"));
	consent = number(h, arena_print(&w->arena, "SELECT max(\"id\") FROM \"consent\" WHERE \"giver\" = %lld", (long long)h->c.cleo_id));
	must(perform(w, &h->c.cleo, &consent_entity, consent, "Give", NULL, 0), &w->call.problem);
	must(perform(w, &h->c.cleo, &consent_entity, consent, "Withdraw", NULL, 0), &w->call.problem);
	later(h, 1);
	assert_int_equal(told(h, "match-address", "suppressed"), 1);
	for (int i = 0; i < h->host.count; i++)
		assert_null(strstr(letter_text(h->host.letters[i], "text", NULL), "cleo@example.org"));
}

static void addresses_are_not_told_against_the_policy(void **state)
{
	assert_null(strstr(introduction(*state, "through the program", true), "ben@example.org"));
}

static void an_answer_about_a_concern_goes_to_no_mailbox_of_others(void **state)
{
	struct house *h = *state;

	h->w->settings->mail.reply_to = arena_copy(&h->w->arena, "office@example.org");
	create(h->w, &h->c.root, &duty_entity, ARGS(P("person", path(h->w, &person_entity, h->c.ben_id)), T("duty", "safeguarding lead")));
	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.cleo, &concern_entity, 0, "Create", ARGS(P("person", path(h->w, &person_entity, h->c.cleo_id)))),
		&h->w->call.problem);
	later(h, 1);
	come(h, 1);
	assert_string_equal(letter_text(h->host.letters[0], "reply_to", NULL), "");
	assert_int_equal(number(h, "SELECT count(*) FROM invitation"), 0); /* coordinators would see that there is a link */
	say(h, "match-paused", "a", false);
	later(h, 1);
	come(h, 2);
	assert_string_equal(letter_text(h->host.letters[1], "reply_to", NULL), "office@example.org");
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(who_wants_no_more_than_needed_gets_that), HOUSE(who_wants_none_gets_what_is_about_safety),
		HOUSE(who_is_suspended_gets_none), HOUSE(addresses_are_told_where_policy_and_owner_have_it),
		HOUSE(addresses_are_not_told_without_their_owner), HOUSE(an_address_is_told_when_its_owner_agrees_later),
		HOUSE(addresses_are_not_told_against_the_policy), HOUSE(an_answer_about_a_concern_goes_to_no_mailbox_of_others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
