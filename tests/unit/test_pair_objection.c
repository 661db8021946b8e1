/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A minor and a verified guardian object to a pair by the link of the introduction: it pauses at once, the safeguarding lead alone learns who
 * said what, and it does not go on before that is settled. Nobody else may, and nobody whom it is about hears of it.
 */
#include "house.h"

struct pair {
	struct house *h;
	struct caller lea;
	int64_t lea_id, guardian, guardianship;
	const char *theirs, *own; /* tokens of the guardian's and of the minor's link */
};

static void agreed(struct house *h, int64_t giver)
{
	int64_t id = create(h->w, &h->c.ada, &consent_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)),
			P("giver", path(h->w, &person_entity, giver)), T("purpose", "take part")));

	must(perform_with(h->w, &h->c.ada, &consent_entity, id, "Give", ARGS(T("evidence", "folder 1")),
		     (struct options){ .version = NONE, .for_person = giver }),
		&h->w->call.problem);
}

static int64_t adult(struct house *h, const char *given, const char *email)
{
	return create(h->w, &h->c.ada, &person_entity,
		ARGS(T("given_name", given), T("family_name", "Ent"), T("email", email), T("birth_date", "1980-02-03")));
}

static int64_t guards(struct house *h, int64_t guardian)
{
	return create(h->w, &h->c.ada, &guardianship_entity,
		ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("minor", path(h->w, &person_entity, h->c.cleo_id)),
			P("guardian", path(h->w, &person_entity, guardian)), T("source", "registration")));
}

static void sent(struct house *h)
{
	for (int i = 0; i < h->host.count; i++)
		report(h, letter_id(h->host.letters[i]), MENTORSHIP_SENT, "");
	leave(h);
	become(h, "web", MENTORSHIP_SURVEY_CHANNEL);
}

/* Cleo is a minor, Par her guardian, Lea the safeguarding lead; Ben and Cleo have just begun, and the letters are there. */
static struct pair begun(struct house *h)
{
	struct pair p = { .h = h, .lea_id = adult(h, "Lea", "lea@example.org"), .guardian = adult(h, "Par", "parent@example.org") };

	create(h->w, &h->c.root, &login_entity, ARGS(P("person", path(h->w, &person_entity, p.lea_id)), T("user_name", "lea")));
	create(h->w, &h->c.root, &duty_entity,
		ARGS(P("person", path(h->w, &person_entity, p.lea_id)), T("duty", "safeguarding lead"),
			P("program", path(h->w, &program_entity, h->c.program))));
	p.lea = caller_of(h->w, 1004, "lea");
	must(perform(h->w, &h->c.ada, &person_entity, h->c.cleo_id, "Update", ARGS(T("birth_date", "2012-02-03"))), &h->w->call.problem);
	p.guardianship = guards(h, p.guardian);
	must(perform(h->w, &h->c.ada, &guardianship_entity, p.guardianship, "Verify", ARGS(T("verified_how", "at the desk"))),
		&h->w->call.problem);
	agreed(h, h->c.cleo_id);
	agreed(h, p.guardian);
	offer(h);
	must(perform(h->w, &h->c.ben, &match_entity, h->match, "Accept", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.cleo, &match_entity, h->match, "Accept", NULL, 0), &h->w->call.problem);
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Start", NULL, 0), &h->w->call.problem);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 60);
	for (int i = 0; i < h->host.count; i++) {
		const char *text = letter_text(h->host.letters[i], "text", NULL);

		if (!strcmp(letter_text(h->host.letters[i], "subject", NULL), "Cleo Mentee has a pair"))
			p.theirs = token_of(h, h->host.letters[i], "/l/");
		if (!strstr(letter_text(h->host.letters[i], "subject", NULL), "time to begin"))
			continue;
		if (!strcmp(letter_text(h->host.letters[i], "address", NULL), "cleo@example.org"))
			p.own = token_of(h, h->host.letters[i], "/l/");
		else
			assert_null(strstr(text, "need not say why")); /* it is for the minor's side alone */
	}
	assert_true(p.own && p.theirs);
	sent(h);
	return p;
}

static struct shown press(struct pair *p, const char *token, const char *hash)
{
	return answer_page(p->h, token, hash, FIELDS("do", "object", "text", "He shouts at me."));
}

static bool has(struct shown page, const char *part)
{
	return strstr(page.all, part) != NULL;
}

static int64_t concerns(struct house *h)
{
	return number(h, "SELECT count(*) FROM concern WHERE objects");
}

static int64_t active(struct house *h)
{
	return number(h, "SELECT count(*) FROM \"match\" WHERE state = 'active'");
}

static int settle(struct pair *p)
{
	int64_t id = number(p->h, "SELECT id FROM concern WHERE objects AND state NOT IN ('resolved', 'closed')");

	must(perform(p->h->w, &p->lea, &concern_entity, id, "Acknowledge", NULL, 0), &p->h->w->call.problem);
	return perform_with(p->h->w, &p->lea, &concern_entity, id, "Resolve", NULL, 0,
		(struct options){ .version = NONE, .for_person = NONE, .reason = "talked with all" });
}

static int by_staff(struct house *h, struct caller *who, int64_t person, int64_t match)
{
	return perform(
		h->w, who, &concern_entity, 0, "Create", ARGS(P("person", path(h->w, &person_entity, person)), N("objects_to", match)));
}

static void a_guardian_objects_and_the_pair_pauses(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);
	struct shown page = open_page(h, p.theirs), done;

	for (int i = 0; i < 3; i++)
		assert_string_equal(open_page(h, p.theirs).hash, page.hash);
	assert_true(has(page, "Cleo Mentee works with Ben Mentor in First year.") && has(page, "do=object") && has(page, "do=talk "));
	assert_true(has(page, "call 112"));
	assert_int_equal(active(h), 1); /* who only looks changes nothing */
	assert_int_equal(concerns(h), 0);
	done = press(&p, p.theirs, "another page");
	assert_int_equal(done.status, MENTORSHIP_PAGE_CHANGED);
	assert_true(has(done, "text=He shouts at me.") && concerns(h) == 0);
	assert_int_equal(press(&p, p.theirs, page.hash).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(active(h), 0);
	assert_int_equal(concerns(h), 1);
	/* twice is once, and the page says so */
	done = press(&p, p.theirs, page.hash);
	assert_int_equal(done.status, MENTORSHIP_PAGE_CHANGED);
	assert_true(has(done, "You objected on Thursday, 1 January 2026") && !has(done, "do=object"));
	assert_int_equal(press(&p, p.theirs, open_page(h, p.theirs).hash).status, MENTORSHIP_PAGE_INVALID);
	assert_int_equal(concerns(h), 1);
	assert_int_equal(with(h, "template_name = 'match-paused'"), 2);
	assert_int_equal(with(h, "template_name = 'match-objected'"), 1);
	assert_int_equal(with(h, arena_print(&h->w->arena, "template_name = 'concern-opened' AND person = %lld", (long long)p.lea_id)), 1);
}

static void what_is_said_is_for_the_lead_alone(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);
	const char *objected = NULL;
	int64_t id;

	create(h->w, &h->c.root, &duty_entity,
		ARGS(P("person", path(h->w, &person_entity, adult(h, "Ida", "ida@example.org"))), T("duty", "coordinator")));
	assert_int_equal(press(&p, p.theirs, open_page(h, p.theirs).hash).status, MENTORSHIP_PAGE_DONE);
	id = number(h, "SELECT id FROM concern WHERE objects");
	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	later(h, 60);
	for (int i = 0; i < h->host.count; i++) {
		const char *text = letter_text(h->host.letters[i], "text", NULL), *to = letter_text(h->host.letters[i], "address", NULL);

		assert_null(strstr(text, "shouts"));
		assert_null(strstr(text, "Par Ent"));
		if (!strcmp(to, "ida@example.org"))
			objected = letter_text(h->host.letters[i], "subject", NULL);
		else if (strcmp(to, "lea@example.org"))
			assert_null(strstr(text, "object"));
	}
	assert_non_null(objected);
	assert_non_null(strstr(objected, "Ben Mentor & Cleo Mentee"));
	assert_int_equal(waits(h->w, &h->c.ada, "pair that is objected to"), 1);
	assert_int_equal(waits(h->w, &h->c.ben, "pair that is objected to"), 0);
	assert_int_equal(waits(h->w, &h->c.ada, "concern to take up"), 0);
	assert_int_equal(waits(h->w, &p.lea, "concern to take up"), 1);
	assert_int_equal(perform(h->w, &h->c.ada, &concern_entity, id, "Acknowledge", NULL, 0), E_NOTFOUND);
	must(perform_with(h->w, &p.lea, &concern_entity, id, "Disclose", NULL, 0,
		     (struct options){ .version = NONE, .for_person = NONE, .reason = "to help" }),
		&h->w->call.problem);
	assert_string_equal(h->w->call.results[0].value.text, "He shouts at me.");
}

struct seen {
	const char *kind, *label;
};

static int see(void *data, const struct agenda_item *item)
{
	struct seen *seen = data;

	if (!strcmp(item->kind, seen->kind))
		seen->label = item->label;
	return 0;
}

static const char *label_of(struct house *h, struct caller *who, const char *kind)
{
	struct seen seen = { kind, NULL };
	struct call call = { .arena = &h->w->arena, .caller = who, .now = store_now(h->w->store) };

	must(store_agenda(h->w->store, &call, see, &seen), &call.problem);
	return seen.label ? seen.label : "";
}

static void the_lead_sees_at_once_about_whom(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);

	must(by_staff(h, &h->c.ada, p.guardian, h->match), &h->w->call.problem);
	assert_string_equal(label_of(h, &p.lea, "concern to take up"), "Par Ent: Ben Mentor & Cleo Mentee");
	must(settle(&p), &h->w->call.problem);
	create(h->w, &h->c.cleo, &concern_entity,
		ARGS(P("person", path(h->w, &person_entity, h->c.cleo_id)), P("program", path(h->w, &program_entity, h->c.program)),
			N("about", h->c.ben_id)));
	assert_string_equal(label_of(h, &p.lea, "concern to take up"), "Cleo Mentee: Ben Mentor");
}

static void it_goes_on_when_that_is_settled(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);

	assert_int_equal(press(&p, p.theirs, open_page(h, p.theirs).hash).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(perform(h->w, &h->c.ada, &match_entity, h->match, "Resume", NULL, 0), E_STATE);
	assert_non_null(strstr(h->w->call.problem.text, "objected to"));
	/* the other one who may is heard, too */
	assert_true(has(open_page(h, p.own), "Cleo, you work with Ben Mentor"));
	assert_int_equal(press(&p, p.own, open_page(h, p.own).hash).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(concerns(h), 2);
	must(settle(&p), &h->w->call.problem);
	assert_int_equal(perform(h->w, &h->c.ada, &match_entity, h->match, "Resume", NULL, 0), E_STATE);
	must(settle(&p), &h->w->call.problem);
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "Resume", NULL, 0), &h->w->call.problem);
	assert_int_equal(waits(h->w, &h->c.ada, "pair that is objected to"), 0);
	/* the link stays: one may object again */
	assert_int_equal(press(&p, p.theirs, open_page(h, p.theirs).hash).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(active(h), 0);
	/* and ends with the match */
	must(perform(h->w, &h->c.ada, &match_entity, h->match, "End", ARGS(T("close_reason", "did not fit"))), &h->w->call.problem);
	assert_int_equal(open_page(h, p.theirs).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(open_page(h, p.own).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(number(h, "SELECT count(*) FROM invitation WHERE purpose = 'match-objection' AND state <> 'revoked'"), 0);
}

static void nobody_else_objects(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);
	char absent[sizeof h->w->call.problem.text];
	int64_t claims = adult(h, "Claims", "claims@example.org");

	guards(h, claims);
	assert_int_equal(by_staff(h, &h->c.cleo, h->c.cleo_id, 4711), E_NOTFOUND);
	snprintf(absent, sizeof absent, "%s", h->w->call.problem.text);
	assert_int_equal(by_staff(h, &h->c.ben, h->c.ben_id, h->match), E_NOTFOUND); /* in the match, and of age */
	assert_string_equal(h->w->call.problem.text, absent);
	assert_int_equal(by_staff(h, &h->c.ada, claims, h->match), E_NOTFOUND); /* only says to be the guardian */
	assert_string_equal(h->w->call.problem.text, absent);
	assert_int_equal(active(h), 1);
	must(perform(h->w, &h->c.ada, &guardianship_entity, p.guardianship, "End", NULL, 0), &h->w->call.problem);
	assert_int_equal(open_page(h, p.theirs).status, MENTORSHIP_PAGE_NO_LINK);
	assert_int_equal(by_staff(h, &h->c.ada, p.guardian, h->match), E_NOTFOUND);
	assert_int_equal(concerns(h), 0);
}

/* Ben coordinates, too, and Lea is in the match instead: a duty is none over one's own match. */
static void who_is_in_the_match_is_not_told_as_staff(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);
	int64_t id;

	create(h->w, &h->c.root, &duty_entity, ARGS(P("person", path(h->w, &person_entity, h->c.ben_id)), T("duty", "coordinator")));
	create(h->w, &h->c.root, &duty_entity, ARGS(P("person", path(h->w, &person_entity, h->c.ben_id)), T("duty", "safeguarding lead")));
	assert_int_equal(press(&p, p.theirs, open_page(h, p.theirs).hash).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(with(h,
				 arena_print(&h->w->arena, "template_name IN ('match-objected', 'concern-opened') AND person = %lld",
					 (long long)h->c.ben_id)),
		0);
	assert_int_equal(with(h, "template_name = 'match-objected'"), 1);
	id = number(h, "SELECT id FROM concern WHERE objects");
	assert_int_equal(perform(h->w, &h->c.ben, &concern_entity, id, "Acknowledge", NULL, 0), E_NOTFOUND);
	assert_int_equal(waits(h->w, &h->c.ben, "concern to take up"), 0);
}

/* From the own page, as long as the guardian has one. */
static void the_own_page_has_it_too(void **state)
{
	struct house *h = *state;
	struct pair p = begun(h);
	const char *text, *own = NULL, *there = arena_print(&h->w->arena, "match-objection:%lld", (long long)h->match);
	struct shown page;

	leave(h);
	become(h, "mail", MENTORSHIP_NOTIFIER);
	must(perform(h->w, &h->c.ada, &consent_entity, 0, "Create",
		     ARGS(P("program", path(h->w, &program_entity, h->c.program)), P("person", path(h->w, &person_entity, h->c.cleo_id)),
			     P("giver", path(h->w, &person_entity, p.guardian)), T("purpose", "photo"))),
		&h->w->call.problem);
	later(h, 60);
	text = letter_text(letter_to(h, "parent@example.org"), "text", NULL); /* it ends with the own page */
	for (const char *at = text; (at = strstr(at, "/l/")); at += 3)
		own = arena_print(&h->w->arena, "%.*s", TOKEN_LENGTH, at + 3);
	sent(h);
	assert_true(has(open_page(h, own), arena_print(&h->w->arena, "do=go:%s Object to this pair: Cleo Mentee, Ben Mentor", there)));
	page = answer_page(h, own, "any", FIELDS("do", arena_print(&h->w->arena, "go:%s", there)));
	assert_true(has(page, "do=object"));
	assert_int_equal(answer_page(h, own, page.hash, FIELDS("at", there, "do", "object")).status, MENTORSHIP_PAGE_DONE);
	assert_int_equal(active(h), 0);
	assert_int_equal(concerns(h), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { HOUSE(a_guardian_objects_and_the_pair_pauses), HOUSE(what_is_said_is_for_the_lead_alone),
		HOUSE(the_lead_sees_at_once_about_whom), HOUSE(it_goes_on_when_that_is_settled), HOUSE(nobody_else_objects),
		HOUSE(who_is_in_the_match_is_not_told_as_staff), HOUSE(the_own_page_has_it_too) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
