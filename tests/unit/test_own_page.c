/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The own page: what is behind its buttons is done once, for its own person, and what an old mail must not open asks for a fresh link.
 */
#include "house.h"

/* Cleo's own page, as it stands in a mail to her; she and Ben are a pair. */
static const char *own_page_of(struct house *h)
{
	const char *text, *own = NULL;

	become(h, "mail", MENTORSHIP_NOTIFIER);
	offer(h);
	text = letter_text(letter_to(h, "cleo@example.org"), "text", NULL);
	for (const char *at = text; (at = strstr(at, "/l/")); at += 3)
		own = arena_print(&h->w->arena, "%.*s", TOKEN_LENGTH, at + 3);
	for (int i = 0; i < h->host.count; i++)
		report(h, letter_id(h->host.letters[i]), MENTORSHIP_SENT, "");
	must(perform(h->w, &h->c.ben, &match_entity, h->match, "Accept", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.cleo, &match_entity, h->match, "Accept", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Start", NULL, 0), &h->w->call.problem);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	return own;
}

static struct shown go(struct house *h, const char *token, const char *place)
{
	return answer_page(h, token, "any", FIELDS("do", arena_print(&h->w->arena, "go:%s", place)));
}

/* Presses a button of a part; fields as pairs, NULL-ended, at most three. */
static struct shown do_there(
	struct house *h, const char *token, const char *place, const char *hash, const char *what, const char *const *more)
{
	const char *fields[16] = { "at", place, "do", what };

	for (int i = 0; more && more[i]; i++)
		fields[4 + i] = more[i];
	return answer_page(h, token, hash, fields);
}

static struct shown press(struct house *h, const char *token, const char *place, const char *what, const char *const *more)
{
	return do_there(h, token, place, go(h, token, place).hash, what, more);
}

static bool has(struct shown page, const char *part)
{
	return strstr(page.all, part) != NULL;
}

static const char *place(struct house *h, const char *name, int64_t id)
{
	return arena_print(&h->w->arena, "%s:%lld", name, (long long)id);
}

static int64_t participant_of(struct house *h, const char *name)
{
	return number(h, arena_print(&h->w->arena, "SELECT id FROM participant WHERE name LIKE '%s%%'", name));
}

static const char *fresh_token(struct house *h)
{
	for (int i = h->host.count - 1; i >= 0; i--)
		if (strstr(letter_text(h->host.letters[i], "subject", NULL), "link that you asked for"))
			return token_of(h, h->host.letters[i], "/l/");
	fail_msg("no fresh link came");
	return NULL;
}

static const char *fresh_link(struct house *h, const char *own)
{
	const char *token;

	assert_int_equal(answer_page(h, own, open_page(h, own).hash, FIELDS("do", "fresh")).status, MENTORSHIP_PAGE_DONE);
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	plugins_look(h->plugins);
	spin(h, 60);
	token = fresh_token(h);
	for (int i = 0; i < h->host.count; i++)
		report(h, letter_id(h->host.letters[i]), MENTORSHIP_SENT, "");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	return token;
}

static void what_is_deep_asks_for_a_fresh_link(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *fresh, *newer;
	struct shown page = open_page(h, own);

	h->w->settings->mail.settle = 30; /* who asked for it does not wait so long */
	assert_true(has(page, "do=fresh ") && !has(page, "go:data") && !has(page, "go:address"));
	/* nothing typed by hand leads there with the old link */
	assert_true(!has(go(h, own, "data:0"), "do=export") && !has(go(h, own, "address:0"), "new="));
	assert_int_equal(do_there(h, own, "data:0", page.hash, "export", NULL).status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(do_there(h, own, "data:0", page.hash, "erase", NULL).status, MENTORSHIP_PAGE_SHOWN);
	assert_int_equal(number(h, "SELECT count(*) FROM person WHERE export_asked IS NOT NULL OR erase_asked IS NOT NULL"), 0);
	fresh = fresh_link(h, own);
	assert_true(has(open_page(h, fresh), "go:data") && has(open_page(h, fresh), "go:address"));
	page = go(h, fresh, "data:0");
	assert_true(has(page, "Name= Cleo Mentee") && has(page, "do=export"));
	assert_int_equal(do_there(h, fresh, "data:0", page.hash, "export", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(do_there(h, fresh, "data:0", page.hash, "export", NULL).status, MENTORSHIP_PAGE_CHANGED); /* once is enough */
	assert_int_equal(press(h, fresh, "data:0", "erase", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(
		number(h, "SELECT count(*) FROM person WHERE export_asked IS NOT NULL AND erase_asked IS NOT NULL AND state = 'active'"),
		1);
	/* the next one ends it, and so does time */
	newer = fresh_link(h, own);
	assert_int_equal(open_page(h, fresh).status, MENTORSHIP_PAGE_NO_LINK);
	later(h, 15 * 60 - 1);
	assert_int_equal(open_page(h, newer).status, MENTORSHIP_PAGE_SHOWN);
	later(h, 1);
	assert_int_equal(open_page(h, newer).status, MENTORSHIP_PAGE_NO_LINK);
	/* three an hour */
	assert_int_equal(answer_page(h, own, open_page(h, own).hash, FIELDS("do", "fresh")).status, MENTORSHIP_PAGE_DONE);
	page = answer_page(h, own, open_page(h, own).hash, FIELDS("do", "fresh"));
	assert_int_equal(page.status, MENTORSHIP_PAGE_INVALID);
	assert_true(has(page, "several times"));
	assert_int_equal(number(h, "SELECT count(*) FROM message WHERE template_name = 'fresh-link'"), 3);
	later(h, 3600);
	assert_int_equal(answer_page(h, own, open_page(h, own).hash, FIELDS("do", "fresh")).status, MENTORSHIP_PAGE_DONE);
}

static void a_meeting_is_noted_once(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *there = place(h, "note-meeting", h->match);
	struct shown page, done;

	later(h, 3 * 3600);
	page = go(h, own, there);
	assert_true(has(open_page(h, own), arena_print(&h->w->arena, "do=go:%s ", there)) && has(page, "start="));
	page = do_there(h, own, there, page.hash, "note", FIELDS("start", "2031-01-01T10:00", "minutes", "30", "notes", "all well"));
	assert_int_equal(page.status, MENTORSHIP_PAGE_INVALID);
	assert_true(has(page, "start=2031-01-01T10:00") && has(page, " !This has not begun yet") && has(page, "notes=all well"));
	page = do_there(h, own, there, page.hash, "note", FIELDS("start", "2026-01-01T01:00", "minutes", "3", "notes", ""));
	assert_true(page.status == MENTORSHIP_PAGE_INVALID && has(page, " !Please give a whole number"));
	for (int i = 0; i < 2; i++)
		done = do_there(
			h, own, there, page.hash, "note", FIELDS("start", "2026-01-01T01:00", "minutes", "30", "notes", "all well"));
	assert_int_equal(done.status, MENTORSHIP_PAGE_CHANGED); /* the second time it stands there already */
	assert_true(has(done, "Noted: Thursday, 1 January 2026, 01:00"));
	assert_int_equal(number(h, "SELECT count(*) FROM meeting WHERE state = 'held' AND notes = 'all well' AND minutes = 30"), 1);
	assert_int_equal(
		number(h, "SELECT count(*) FROM message WHERE template_name = 'meeting-invited'"), 0); /* nobody is invited to the past */
	/* of somebody else's match nothing is there, and the own page comes */
	assert_true(has(go(h, own, "note-meeting:4711"), "do=go:times"));
}

static void the_proposed_meeting_is_answered_moved_and_held(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *there, *move;
	int64_t meeting = number(h, "SELECT id FROM meeting"), start = number(h, "SELECT start FROM meeting");

	there = place(h, "meeting", meeting);
	move = place(h, "move", meeting);
	assert_int_equal(press(h, own, there, "accept", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM meeting WHERE mentee_comes = 'yes'"), 1);
	assert_true(has(go(h, own, there), arena_print(&h->w->arena, "go:%s", move)));
	assert_int_equal(press(h, own, move, "move", FIELDS("start", "2026-01-20T15:30", "minutes", "60", "place", "Library")).status,
		MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM meeting WHERE place = 'Library' AND minutes = 60 AND mentee_comes IS NULL"), 1);
	assert_true(number(h, "SELECT start FROM meeting") != start);
	assert_int_equal(press(h, own, place(h, "held", meeting), "held", NULL).status, MENTORSHIP_PAGE_CHANGED); /* it has not begun */
	later(h, 21 * 86400);
	assert_int_equal(press(h, own, place(h, "held", meeting), "held", FIELDS("notes", "we did it")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM meeting WHERE state = 'held' AND notes = 'we did it'"), 1);
}

static void times_are_the_persons_own(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *there = place(h, "times", participant_of(h, "Cleo"));
	struct shown page = go(h, own, there);
	int64_t id;

	page = do_there(h, own, there, page.hash, "add", FIELDS("weekday", "friday", "start", "25", "end", "16:30"));
	assert_true(page.status == MENTORSHIP_PAGE_INVALID && has(page, "start=25 ") && has(page, " !Please give a time of the day"));
	page = do_there(h, own, there, page.hash, "add", FIELDS("weekday", "friday", "start", "14.15", "end", "16:30"));
	assert_int_equal(page.status, MENTORSHIP_PAGE_DONE);
	id = number(h, "SELECT id FROM availability WHERE weekday = 'friday' AND start = 855 AND end = 990");
	assert_true(has(go(h, own, there), "Friday, 14:15 to 16:30"));
	/* somebody else's times are neither shown nor taken away */
	assert_true(!has(go(h, own, place(h, "times", participant_of(h, "Ben"))), "weekday="));
	must(perform(h->w, &h->c.ben, &availability_entity, 0, "Create",
		     ARGS(P("participant", path(h->w, &participant_entity, participant_of(h, "Ben"))), T("weekday", "monday"),
			     N("start", 60), N("end", 120))),
		&h->w->call.problem);
	page = press(h, own, there,
		arena_print(&h->w->arena, "remove:%lld", (long long)number(h, "SELECT id FROM availability WHERE weekday = 'monday'")),
		NULL);
	assert_int_equal(page.status, MENTORSHIP_PAGE_INVALID);
	assert_int_equal(number(h, "SELECT count(*) FROM availability"), 2);
	assert_int_equal(press(h, own, there, arena_print(&h->w->arena, "remove:%lld", (long long)id), NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM availability"), 1);
}

/* Nothing of a long list is left out, nor what stands behind it. */
static void a_long_list_has_all_its_buttons(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *there = place(h, "times", participant_of(h, "Cleo"));
	struct shown page;
	int buttons = 0;

	for (int i = 0; i < 450; i++)
		must(perform(h->w, &h->c.ada, &availability_entity, 0, "Create",
			     ARGS(P("participant", path(h->w, &participant_entity, participant_of(h, "Cleo"))), T("weekday", "monday"),
				     N("start", i), N("end", 1000 + i % 400))),
			&h->w->call.problem);
	page = go(h, own, there);
	for (const char *at = page.all; (at = strstr(at, "do=remove:")); at++)
		buttons++;
	assert_int_equal(buttons, 450);
	assert_true(has(page, "weekday=") && has(page, "do=add") && has(page, "do=go:own") && has(page, "do=talk"));
}

static void somebody_else_is_asked_for_and_the_other_side_does_not_learn_it(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *there = place(h, "change", h->match);
	int64_t member = number(h, "SELECT id FROM match_member WHERE side = 'mentee'");
	struct shown page = go(h, own, there);

	for (int i = 0; i < 2; i++)
		do_there(h, own, there, page.hash, "ask", FIELDS("change_reason", "we never meet"));
	assert_int_equal(
		number(h, "SELECT count(*) FROM match_member WHERE change_asked IS NOT NULL AND change_reason = 'we never meet'"), 1);
	assert_int_equal(with(h, "\"template_name\" = 'change-asked'"), 1);
	assert_int_equal(
		number(h,
			"SELECT count(*) FROM message m JOIN person p ON p.id = m.person WHERE m.template_name = 'change-asked' AND "
			"p.given_name <> 'Ada'"),
		0);
	assert_int_equal(perform(h->w, &h->c.ben, &match_member_entity, member, "AnswerChange", NULL, 0), E_DENIED);
	must(perform_with(h->w, &h->c.ada, &match_member_entity, member, "AnswerChange", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "they go on" }),
		&h->w->call.problem);
	assert_true(has(go(h, own, there), "do=ask"));
}

static void a_pause_and_the_end(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h);
	int64_t cleo = participant_of(h, "Cleo");

	assert_int_equal(press(h, own, place(h, "pause", cleo), "pause", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_true(has(open_page(h, own), "pause"));
	assert_int_equal(number(h, "SELECT count(*) FROM participant WHERE state = 'paused'"), 1);
	assert_int_equal(press(h, own, place(h, "pause", cleo), "resume", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM participant WHERE state = 'ready'"), 2);
	assert_int_equal(press(h, own, place(h, "leave", cleo), "leave", FIELDS("reason", "we move away")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM participant WHERE state = 'withdrawn' AND leave_reason = 'we move away'"), 1);
	assert_int_equal(number(h, "SELECT count(*) FROM \"match\" WHERE state = 'ended_early'"), 1);
	assert_true(!has(open_page(h, own), "go:leave"));
}

static void language_zone_and_links(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h);
	struct shown page = press(h, own, "settings:0", "save", FIELDS("language", "de", "zone", "Nowhere/Atall"));

	assert_true(page.status == MENTORSHIP_PAGE_INVALID && has(page, "zone=Nowhere/Atall") && has(page, " !This cannot be taken"));
	assert_int_equal(
		press(h, own, "settings:0", "save", FIELDS("language", "de", "zone", "Europe/Berlin")).status, MENTORSHIP_PAGE_DONE);
	assert_true(has(open_page(h, own), "Sprache und Zeitzone"));
	assert_int_equal(number(h, "SELECT count(*) FROM person WHERE language = 'de' AND zone = 'Europe/Berlin'"), 1);
	assert_int_equal(press(h, own, "links:0", "end", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(open_page(h, own).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(
		number(h,
			"SELECT count(*) FROM invitation i JOIN person p ON p.id = i.person WHERE p.given_name = 'Cleo' AND i.state IN "
			"('sent', 'opened')"),
		0);
}

static void a_consent_binds(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *fresh, *there;
	int64_t id = create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)),
			P("giver", path(h->w, &person_entity, h->c.cleo_id)), T("purpose", "photo")));

	there = place(h, "consent", id);
	assert_true(has(open_page(h, own), "photographs") && !has(open_page(h, own), "go:consent") && !has(go(h, own, there), "do=give"));
	fresh = fresh_link(h, own);
	assert_int_equal(press(h, fresh, there, "give", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM consent WHERE state = 'given' AND way = 'link'"), 1);
	assert_true(!has(go(h, own, place(h, "take-back", id)), "do=take-back"));
	assert_int_equal(press(h, fresh, place(h, "take-back", id), "take-back", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM consent WHERE state = 'withdrawn'"), 1);
}

/* All of it, what is necessary, or none but about safety: what is so already has no button. */
static void how_much_mail_is_chosen(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h);
	struct shown page = open_page(h, own);

	assert_true(has(page, "do=unsubscribe ") && has(page, "do=stop-mail ") && !has(page, "do=subscribe "));
	assert_int_equal(answer_page(h, own, page.hash, FIELDS("do", "stop-mail")).status, MENTORSHIP_PAGE_DONE);
	page = open_page(h, own);
	assert_true(has(page, "You get no mail from us") && has(page, "do=unsubscribe ") && !has(page, "do=stop-mail "));
	assert_int_equal(answer_page(h, own, page.hash, FIELDS("do", "unsubscribe")).status, MENTORSHIP_PAGE_DONE);
	page = open_page(h, own);
	assert_true(has(page, "do=stop-mail ") && has(page, "do=subscribe ") && !has(page, "do=unsubscribe "));
	assert_int_equal(number(h, "SELECT count(*) FROM person WHERE unsubscribed = 1 AND no_mail_since IS NULL"), 1);
	assert_int_equal(answer_page(h, own, page.hash, FIELDS("do", "subscribe")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM person WHERE unsubscribed = 1 OR no_mail_since IS NOT NULL"), 0);
}

static void what_binds_is_not_taken_while_the_address_is_new(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *fresh = fresh_link(h, own), *confirm, *there;
	struct shown page;
	int64_t id;

	assert_int_equal(press(h, fresh, "address:0", "propose", FIELDS("new", "nowhere")).status, MENTORSHIP_PAGE_INVALID);
	assert_int_equal(press(h, fresh, "address:0", "propose", FIELDS("new", "new@example.net")).status, MENTORSHIP_PAGE_DONE);
	assert_true(has(go(h, fresh, "address:0"), "new@example.net waits to be confirmed"));
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 1);
	confirm = token_of(h, letter_to(h, "new@example.net"), "/l/");
	for (int i = 0; i < h->host.count; i++)
		report(h, letter_id(h->host.letters[i]), MENTORSHIP_SENT, "");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_int_equal(answer_page(h, confirm, open_page(h, confirm).hash, FIELDS("do", "confirm")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(open_page(h, own).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, fresh).status, MENTORSHIP_PAGE_NO_LINK);
	id = create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)),
			P("giver", path(h->w, &person_entity, h->c.cleo_id)), T("purpose", "photo")));
	must(perform(h->w, &h->c.cleo, &person_entity, h->c.cleo_id, "AskFreshLink", NULL, 0), &h->w->call.problem);
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 60);
	fresh = fresh_token(h);
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	there = place(h, "consent", id);
	page = go(h, fresh, there);
	assert_true(has(page, "Your address is new") && !has(page, "do=give"));
	do_there(h, fresh, there, page.hash, "give", NULL);
	assert_int_equal(number(h, "SELECT count(*) FROM consent WHERE purpose = 'photo' AND state = 'asked'"), 1);
}

static int64_t agreed(struct house *h, int64_t minor, int64_t giver, const char *where)
{
	int64_t id = create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, minor)),
			P("giver", path(h->w, &person_entity, giver)), T("purpose", "take part")));

	must(perform_with(h->w, &h->c.ada, &consent_entity, id, "Give", ARGS(T("evidence", where)),
		     (struct options){ .version = NONE, .for_person = giver }),
		&h->w->call.problem);
	return id;
}

static void guardians_are_told_and_take_back(void **state)
{
	struct house *h = *state;
	int64_t guardian = create(h->w, &h->c.ada, &person_entity,
		ARGS(T("given_name", "Par"), T("family_name", "Ent"), T("email", "parent@example.org"), T("birth_date", "1980-02-03")));
	int64_t other = create(h->w, &h->c.ada, &person_entity,
		ARGS(T("given_name", "Some"), T("family_name", "Body"), T("email", "claims@example.org"), T("birth_date", "1980-02-03")));
	int64_t guardianship, consent;
	const char *own = NULL, *fresh;
	DBusMessage *letter;

	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("birth_date", "2012-02-03"))), &h->w->call.problem);
	for (int i = 0; i < 2; i++)
		guardianship = create(h->w, &h->c.ada, &guardianship_entity,
			ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("minor", path(h->w, &person_entity, h->c.cleo_id)),
				P("guardian", path(h->w, &person_entity, i ? guardian : other)), T("source", "registration")));
	must(perform(h->w, &h->c.ada, &guardianship_entity, guardianship, "Verify", ARGS(T("verified_how", "at the desk"))),
		&h->w->call.problem);
	agreed(h, h->c.cleo_id, h->c.cleo_id, "folder 1");
	consent = agreed(h, h->c.cleo_id, guardian, "folder 2");
	own_page_of(h);
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 60);
	letter = letter_to(h, "parent@example.org");
	assert_string_equal(letter_text(letter, "subject", NULL), "Cleo Mentee has a pair");
	assert_non_null(strstr(letter_text(letter, "text", NULL), "Ben"));
	assert_non_null(strstr(letter_text(letter, "text", NULL), "on site"));
	assert_null(letter_to(h, "claims@example.org")); /* who was not verified hears nothing */
	for (int i = 0; i < h->host.count; i++)          /* of a minor nobody learns the address, nor they anybody's */
		if (strstr(letter_text(h->host.letters[i], "subject", NULL), "time to begin"))
			assert_null(strstr(letter_text(h->host.letters[i], "text", NULL), "@example.org"));
	for (const char *at = letter_text(letter, "text", NULL); (at = strstr(at, "/l/")); at += 3)
		own = arena_print(&h->w->arena, "%.*s", TOKEN_LENGTH, at + 3);
	for (int i = 0; i < h->host.count; i++)
		report(h, letter_id(h->host.letters[i]), MENTORSHIP_SENT, "");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
	assert_true(has(open_page(h, own), "Cleo Mentee: First year") && !has(open_page(h, own), "go:take-back"));
	fresh = fresh_link(h, own);
	assert_int_equal(press(h, fresh, place(h, "take-back", consent), "take-back", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT count(*) FROM consent WHERE state = 'withdrawn' AND giver <> person"), 1);
	assert_int_equal(with(h, "\"template_name\" = 'consent-withdrawn'"), 1); /* staff see to the rest */
}

static void nobody_floods_the_safeguarding_lead(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h);
	struct shown page;

	for (int i = 0; i < 6; i++) {
		page = answer_page(h, own, open_page(h, own).hash, FIELDS("do", "talk"));
		assert_int_equal(answer_page(h, own, page.hash, FIELDS("do", "talk-send", "text", "help")).status, MENTORSHIP_PAGE_DONE);
	}
	page = answer_page(h, own, page.hash, FIELDS("do", "talk-send", "text", "help"));
	assert_int_equal(page.status, MENTORSHIP_PAGE_INVALID);
	assert_int_equal(number(h, "SELECT count(*) FROM concern"), 6);
	/* others are heard, and staff note what they hear */
	must(perform(h->w, &h->c.ben, &concern_entity, 0, "Create", ARGS(P("person", path(h->w, &person_entity, h->c.ben_id)))),
		&h->w->call.problem);
	later(h, 86400);
	page = answer_page(h, own, open_page(h, own).hash, FIELDS("do", "talk"));
	assert_int_equal(answer_page(h, own, page.hash, FIELDS("do", "talk-send")).status, MENTORSHIP_PAGE_DONE);
}

static void a_consent_that_ends_is_renewed(void **state)
{
	struct house *h = *state;
	const char *own = own_page_of(h), *fresh, *there, *bens;
	struct shown page;
	int64_t id, other;

	id = create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)),
			P("giver", path(h->w, &person_entity, h->c.cleo_id)), T("purpose", "photo"), T("ends", "2026-01-10")));
	other = create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.ben_id)),
			P("giver", path(h->w, &person_entity, h->c.ben_id)), T("purpose", "photo")));
	must(perform(h->w, &h->c.cleo, &consent_entity, id, "Give", NULL, 0), &h->w->call.problem);
	there = place(h, "consent", id);
	bens = place(h, "consent", other);
	assert_false(has(go(h, own, there), "do=renew")); /* it binds */
	fresh = fresh_link(h, own);
	assert_true(has(open_page(h, fresh), "A consent ends soon"));
	page = go(h, fresh, there);
	assert_true(has(page, "10 January 2026") && has(page, "20 January 2026") && has(page, "do=renew") && !has(page, "do=give"));
	assert_int_equal(press(h, fresh, there, "renew", NULL).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(number(h, "SELECT ends FROM consent WHERE purpose = 'photo' AND state = 'given'"), 20473); /* 2026-01-20 */
	assert_false(has(open_page(h, fresh), "A consent ends soon"));
	/* only whoever is asked answers */
	assert_false(has(go(h, fresh, bens), "do=give"));
	do_there(h, fresh, bens, page.hash, "give", NULL);
	assert_int_equal(number(h, "SELECT count(*) FROM consent WHERE purpose = 'photo' AND state = 'asked'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(what_is_deep_asks_for_a_fresh_link), HOUSE(a_meeting_is_noted_once),
		HOUSE(the_proposed_meeting_is_answered_moved_and_held), HOUSE(times_are_the_persons_own),
		HOUSE(a_long_list_has_all_its_buttons), HOUSE(somebody_else_is_asked_for_and_the_other_side_does_not_learn_it),
		HOUSE(a_pause_and_the_end), HOUSE(language_zone_and_links), HOUSE(a_consent_binds), HOUSE(how_much_mail_is_chosen),
		HOUSE(what_binds_is_not_taken_while_the_address_is_new), HOUSE(a_consent_that_ends_is_renewed),
		HOUSE(nobody_floods_the_safeguarding_lead), HOUSE(guardians_are_told_and_take_back) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
