/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A change of address: nobody's word alone moves it, the old address is told and can object, and what binds waits.
 */
#include "house.h"

static int64_t propose_for(struct house *h, struct caller *who, int64_t person, const char *address)
{
	return create(h->w, who, &address_change_entity, ARGS(P("person", path(h->w, &person_entity, person)), T("new", address)));
}

static const char *text_of(struct house *h, const char *sql)
{
	struct problem problem = { 0 };
	const char *text;
	struct stmt *q;

	must(engine_prepare(store_engine(h->w->store), sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(store_engine(h->w->store), q, &problem), 1);
	text = arena_copy(&h->w->arena, engine_text(q, 0) ? engine_text(q, 0) : "");
	engine_reset(q);
	return text;
}

#define ADDRESS(name) text_of(h, "SELECT \"email\" FROM \"person\" WHERE \"given_name\" = '" name "'")

/* Hands over what waits, and says of all of it that it was sent. */
static void sent(struct house *h)
{
	later(h, 1);
	for (int i = 0; i < h->host.count; i++)
		report(h, letter_id(h->host.letters[i]), MENTORSHIP_SENT, "");
}

static struct shown press(struct house *h, const char *token, const char *what)
{
	struct shown page = open_page(h, token);

	return page.status == MENTORSHIP_PAGE_NO_LINK ? page : answer_page(h, token, page.hash, FIELDS("do", what));
}

/* An offer went to Cleo; its token. The next letters are those that the test is about. */
static const char *used_address(struct house *h)
{
	const char *offered;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	offered = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	sent(h);
	return offered;
}

static int links_in(DBusMessage *letter)
{
	const char *text = letter_text(letter, "text", NULL);
	int count = 0;

	for (text = strstr(text, "https://"); text; text = strstr(text + 1, "https://"))
		count++;
	return count;
}

static void staff_can_only_propose(void **state)
{
	struct house *h = *state;
	const char *offered = used_address(h), *confirm, *object;
	DBusMessage *letter;
	struct shown talk;

	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "new@example.net"))), &h->w->call.problem);
	assert_string_equal(ADDRESS("Cleo"), "cleo@example.org");
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "new@example.net"))), &h->w->call.problem);
	assert_int_equal(number(h, "SELECT count(*) FROM address_change WHERE state = 'proposed' AND origin = 'staff'"), 1); /* once */
	assert_int_equal(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "nowhere"))), E_INVALID);
	assert_string_equal(h->w->call.problem.field, "email");
	later(h, 1);
	letter = letter_to(h, "new@example.net");
	assert_non_null(letter);
	confirm = token_of(h, letter, "/l/");
	/* nothing in it opens anything of hers, whoever reads it; the old address gets a link to object, and not the new one whole */
	assert_int_equal(links_in(letter), 1);
	letter = letter_to(h, "cleo@example.org");
	object = token_of(h, letter, "/l/");
	assert_non_null(strstr(letter_text(letter, "text", NULL), "n***@example.net"));
	assert_null(strstr(letter_text(letter, "text", NULL), "new@example.net"));
	assert_int_equal(links_in(letter), 1);
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	/* by login, by staff, and by the link at the old address it is not confirmed */
	assert_int_equal(
		perform(h->w, &h->c.cleo, &address_change_entity, number(h, "SELECT id FROM address_change"), "Confirm", NULL, 0), E_STATE);
	assert_int_equal(
		perform(h->w, &h->c.ada, &address_change_entity, number(h, "SELECT id FROM address_change"), "Confirm", NULL, 0), E_DENIED);
	assert_non_null(strstr(open_page(h, object).all, "n***@example.net"));
	assert_null(strstr(open_page(h, object).all, "new@example.net"));
	press(h, object, "confirm");
	assert_string_equal(ADDRESS("Cleo"), "cleo@example.org");
	assert_int_equal(open_page(h, offered).status, MENTORSHIP_PAGE_SHOWN);
	talk = press(h, confirm, "talk"); /* whoever reads there is no part of the program */
	answer_page(h, confirm, talk.hash, FIELDS("do", "talk-send"));
	assert_int_equal(number(h, "SELECT count(*) FROM concern"), 0);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_DONE);
	assert_string_equal(ADDRESS("Cleo"), "new@example.net");
	assert_int_equal(number(h, "SELECT count(*) FROM address_change WHERE state = 'in force' AND in_force_at IS NOT NULL"), 1);
	assert_int_equal(number(h, "SELECT count(*) FROM audit_record WHERE way = 'link' AND verb = 'Confirm'"), 1);
	/* open links end; the old address still objects */
	assert_int_equal(open_page(h, offered).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, object).status, MENTORSHIP_PAGE_SHOWN);
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 1);
	assert_string_equal(letter_text(letter_to(h, "cleo@example.org"), "subject", NULL), "Your address has changed");
}

static void what_nobody_wrote_to_is_set_directly(void **state)
{
	struct house *h = *state;

	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "typo@example.org"))), &h->w->call.problem);
	assert_string_equal(ADDRESS("Cleo"), "typo@example.org");
	assert_int_equal(number(h, "SELECT count(*) FROM address_change"), 0);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	/* taken away and set anew is no way around it */
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", ""))), &h->w->call.problem);
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", "other@example.org"))), &h->w->call.problem);
	assert_string_equal(ADDRESS("Cleo"), "");
	assert_int_equal(number(h, "SELECT count(*) FROM address_change WHERE state = 'proposed' AND \"old\" IS NULL"), 1);
}

static void the_old_address_objects(void **state)
{
	struct house *h = *state;
	const char *confirm, *object;
	int64_t id;

	used_address(h);
	id = propose_for(h, &h->c.cleo, h->c.cleo_id, "new@example.net");
	later(h, 1);
	object = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	confirm = token_of(h, letter_to(h, "new@example.net"), "/l/");
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(press(h, object, "object").status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_NO_LINK);
	assert_string_equal(ADDRESS("Cleo"), "cleo@example.org");
	assert_int_equal(with(h, "\"template_name\" = 'address-objected'"), 1);
	assert_int_equal(perform(h->w, &h->c.ada, &address_change_entity, id, "TakeBack", NULL, 0), E_INVALID); /* a reason is needed */
	/* after it is in force: nothing goes to either until staff decided, and the old one takes nothing back by itself */
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	id = propose_for(h, &h->c.cleo, h->c.cleo_id, "thief@example.net");
	later(h, 1);
	object = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	confirm = token_of(h, letter_to(h, "thief@example.net"), "/l/");
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(press(h, object, "object").status, MENTORSHIP_PAGE_DONE);
	assert_string_equal(ADDRESS("Cleo"), "thief@example.net");
	assert_int_equal(number(h, "SELECT mail_paused FROM person WHERE given_name = 'Cleo'"), 1);
	assert_int_equal(number(h,
				 "SELECT count(*) FROM invitation JOIN person p ON p.id = person WHERE p.given_name = 'Cleo' AND "
				 "invitation.state IN ('sent', 'opened')"),
		0);
	assert_int_equal(perform(h->w, &h->c.ada, &address_change_entity, 0, "Create",
				 ARGS(P("person", path(h->w, &person_entity, h->c.cleo_id)), T("new", "third@example.net"))),
		E_STATE);
	later(h, 3600);
	must(perform_with(h->w, &h->c.ada, &address_change_entity, id, "TakeBack", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "she came by" }),
		&h->w->call.problem);
	assert_string_equal(ADDRESS("Cleo"), "cleo@example.org");
	assert_int_equal(number(h, "SELECT mail_paused FROM person WHERE given_name = 'Cleo'"), 0);
	/* which is news again, so what binds waits */
	assert_int_equal(number(h, "SELECT max(in_force_at) FROM address_change"), store_now(h->w->store));
}

static void staff_may_uphold_what_was_objected_to(void **state)
{
	struct house *h = *state;
	const char *confirm, *object;
	int64_t id;

	used_address(h);
	id = propose_for(h, &h->c.cleo, h->c.cleo_id, "new@example.net");
	later(h, 1);
	object = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	confirm = token_of(h, letter_to(h, "new@example.net"), "/l/");
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(press(h, object, "object").status, MENTORSHIP_PAGE_DONE);
	must(perform_with(h->w, &h->c.ada, &address_change_entity, id, "Uphold", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "she came by" }),
		&h->w->call.problem);
	assert_string_equal(ADDRESS("Cleo"), "new@example.net");
	assert_int_equal(number(h, "SELECT mail_paused FROM person WHERE given_name = 'Cleo'"), 0); /* mail goes there again */
}

static void what_is_settled_is_not_objected_to(void **state)
{
	struct house *h = *state;
	const char *confirm, *object;
	int64_t id, outsider;

	used_address(h);
	id = propose_for(h, &h->c.cleo, h->c.cleo_id, "new@example.net");
	later(h, 1);
	object = token_of(h, letter_to(h, "cleo@example.org"), "/l/");
	sent(h);
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.cleo, &address_change_entity, id, "Withdraw", NULL, 0), &h->w->call.problem);
	assert_int_equal(perform(h->w, &h->c.cleo, &address_change_entity, 0, "Create",
				 ARGS(P("person", path(h->w, &person_entity, h->c.cleo_id)), T("new", "CLEO@example.org"))),
		E_STATE);
	assert_non_null(strstr(h->w->call.problem.text, "the address already"));
	outsider = create(h->w, &h->c.ada, &person_entity,
		ARGS(T("given_name", "Out"), T("family_name", "Sider"), T("email", "out@example.org"), T("birth_date", "1980-01-01")));
	assert_int_equal(perform(h->w, &h->c.ada, &address_change_entity, 0, "Create",
				 ARGS(P("program", path(h->w, &program_entity, h->c.program)),
					 P("person", path(h->w, &person_entity, outsider)), T("new", "else@example.org"))),
		E_STATE);
	assert_non_null(strstr(h->w->call.problem.text, "no part in that program"));
	propose_for(h, &h->c.cleo, h->c.cleo_id, "newer@example.net");
	later(h, 1);
	confirm = token_of(h, letter_to(h, "newer@example.net"), "/l/");
	sent(h);
	/* the address was taken away meanwhile: nobody knows any more what this replaces */
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("email", ""))), &h->w->call.problem);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, object).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_not_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_DONE);
	assert_string_equal(ADDRESS("Cleo"), "");
}

static void what_binds_waits_three_days(void **state)
{
	struct house *h = *state;
	const char *confirm, *consent;

	used_address(h);
	propose_for(h, &h->c.cleo, h->c.cleo_id, "new@example.net");
	later(h, 1);
	confirm = token_of(h, letter_to(h, "new@example.net"), "/l/");
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_NO_LINK);
	create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)),
			P("giver", path(h->w, &person_entity, h->c.cleo_id)), T("purpose", "photo")));
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 72 * 3600 - 60);
	for (int i = 0; i < h->host.count; i++)
		assert_null(strstr(letter_text(h->host.letters[i], "subject", NULL), "agree"));
	later(h, 60);
	assert_non_null(letter_to(h, "new@example.net"));
	consent = token_of(h, letter_to(h, "new@example.net"), "/l/");
	sent(h);
	/* the next change ends it */
	propose_for(h, &h->c.cleo, h->c.cleo_id, "newer@example.net");
	later(h, 1);
	confirm = token_of(h, letter_to(h, "newer@example.net"), "/l/");
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, consent).status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(press(h, confirm, "confirm").status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(open_page(h, consent).status, MENTORSHIP_PAGE_NO_LINK);
}

static void it_expires_and_is_limited(void **state)
{
	struct house *h = *state;
	const char *confirm;

	used_address(h);
	propose_for(h, &h->c.cleo, h->c.cleo_id, "one@example.net");
	later(h, 1);
	confirm = token_of(h, letter_to(h, "one@example.net"), "/l/");
	assert_true(report(h, letter_id(letter_to(h, "one@example.net")), MENTORSHIP_REFUSED, "550 5.1.1"));
	assert_int_equal(number(h, "SELECT bounces FROM person WHERE given_name = 'Cleo'"), 0); /* her own address did not refuse it */
	propose_for(h, &h->c.cleo, h->c.cleo_id, "two@example.net");                            /* ends the first */
	propose_for(h, &h->c.cleo, h->c.cleo_id, "three@example.net");
	assert_int_equal(number(h, "SELECT count(*) FROM address_change WHERE state = 'withdrawn'"), 2);
	assert_int_equal(perform(h->w, &h->c.cleo, &address_change_entity, 0, "Create",
				 ARGS(P("person", path(h->w, &person_entity, h->c.cleo_id)), T("new", "four@example.net"))),
		E_LIMIT);
	later(h, 1);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(open_page(h, confirm).status, MENTORSHIP_PAGE_NO_LINK);
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	confirm = token_of(h, letter_to(h, "three@example.net"), "/l/");
	sent(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	later(h, 3 * 86400 + 1);
	assert_int_equal(open_page(h, confirm).status, MENTORSHIP_PAGE_NO_LINK);
	assert_string_equal(ADDRESS("Cleo"), "cleo@example.org");
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(staff_can_only_propose), HOUSE(what_nobody_wrote_to_is_set_directly),
		HOUSE(the_old_address_objects), HOUSE(what_binds_waits_three_days), HOUSE(it_expires_and_is_limited),
		HOUSE(staff_may_uphold_what_was_objected_to), HOUSE(what_is_settled_is_not_objected_to) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
