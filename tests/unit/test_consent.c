/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Minors take part with two consents: their own, and that of a guardian whom somebody of the staff has verified. A consent that ends is
 * renewed or ends; who accepts is asked whether their address may be shown; what of it waits for staff stands in the agenda.
 */
#include "store/internal.h"
#include "clockwork.h"

#define AT_PROGRAM_OF(w, c) P("program", path(w, &program_entity, (c)->program))

static int matched(struct world *w, struct cast *c, int64_t mentor, int64_t mentee)
{
	return perform(w, &c->ada, &match_entity, 0, "Create",
		ARGS(AT_PROGRAM_OF(w, c), P("mentor", path(w, &participant_entity, mentor)),
			P("mentee", path(w, &participant_entity, mentee))));
}

static void a_minor_needs_two_consents(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct options paper = { .version = NONE, .for_person = NONE };
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2012-06-15")));
	int64_t parent = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Par"), T("family_name", "Ent"), T("birth_date", "1980-06-15")));
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 2), mentee = participant(w, &c, young, "mentee", 1), guard, own, theirs;

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	assert_int_equal(matched(w, &c, mentor, mentee), E_STATE);
	assert_int_equal(waits(w, &c.ada, "minor without consents"), 1);
	/* of age: needs no guardian; and nobody is their own */
	assert_int_equal(perform(w, &c.ada, &guardianship_entity, 0, "Create",
				 ARGS(AT_PROGRAM_OF(w, &c), P("minor", path(w, &person_entity, parent)),
					 P("guardian", path(w, &person_entity, c.ada_id)), T("source", "registration"))),
		E_STATE);
	assert_int_equal(perform(w, &c.ada, &guardianship_entity, 0, "Create",
				 ARGS(AT_PROGRAM_OF(w, &c), P("minor", path(w, &person_entity, young)),
					 P("guardian", path(w, &person_entity, young)), T("source", "registration"))),
		E_INVALID);
	guard = create(w, &c.ada, &guardianship_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("minor", path(w, &person_entity, young)), P("guardian", path(w, &person_entity, parent)),
			T("source", "registration")));
	/* one who only claims to be is asked for nothing */
	assert_int_equal(perform(w, &c.ada, &consent_entity, 0, "Create",
				 ARGS(AT_PROGRAM_OF(w, &c), P("person", path(w, &person_entity, young)),
					 P("giver", path(w, &person_entity, parent)), T("purpose", "take part"))),
		E_STATE);
	assert_int_equal(perform(w, &c.ada, &guardianship_entity, guard, "Verify", NULL, 0), E_INVALID);
	must(perform(w, &c.ada, &guardianship_entity, guard, "Verify", ARGS(T("verified_how", "called the school's number"))),
		&w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'guardian-told'"), 1);
	own = create(w, &c.ada, &consent_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("person", path(w, &person_entity, young)), P("giver", path(w, &person_entity, young)),
			T("purpose", "take part")));
	theirs = create(w, &c.ada, &consent_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("person", path(w, &person_entity, young)), P("giver", path(w, &person_entity, parent)),
			T("purpose", "take part")));
	assert_int_equal(perform(w, &c.ada, &consent_entity, 0, "Create",
				 ARGS(AT_PROGRAM_OF(w, &c), P("person", path(w, &person_entity, young)),
					 P("giver", path(w, &person_entity, parent)), T("purpose", "take part"))),
		E_STATE); /* asked already */
	/* on paper: with evidence only, and nobody but the giver gives it */
	assert_int_equal(perform(w, &c.ada, &consent_entity, own, "Give", NULL, 0), E_DENIED);
	paper.for_person = young;
	assert_int_equal(perform_with(w, &c.ada, &consent_entity, own, "Give", NULL, 0, paper), E_INVALID);
	must(perform_with(w, &c.ada, &consent_entity, own, "Give", ARGS(T("evidence", "folder 3, sheet 12")), paper), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE way = 'paper or by mouth' AND evidence LIKE 'folder 3%'"), 1);
	assert_int_equal(matched(w, &c, mentor, mentee), E_STATE); /* one is not enough */
	paper.for_person = parent;
	must(perform_with(w, &c.ada, &consent_entity, theirs, "Give", ARGS(T("evidence", "folder 3, sheet 13")), paper), &w->call.problem);
	must(perform_with(w, &c.ada, &consent_entity, theirs, "Withdraw", ARGS(T("evidence", "by phone")), paper), &w->call.problem);
	assert_int_equal(matched(w, &c, mentor, mentee), E_STATE); /* taken back */
	assert_int_equal(waits(w, &c.ada, "minor without consents"), 1);
	theirs = create(w, &c.ada, &consent_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("person", path(w, &person_entity, young)), P("giver", path(w, &person_entity, parent)),
			T("purpose", "take part")));
	must(perform_with(w, &c.ada, &consent_entity, theirs, "Give", ARGS(T("evidence", "folder 3, sheet 14")), paper), &w->call.problem);
	assert_int_equal(waits(w, &c.ada, "minor without consents"), 0);
	must(matched(w, &c, mentor, mentee), &w->call.problem);
	/* a guardianship that ends takes its consents with it */
	must(perform(w, &c.ada, &guardianship_entity, guard, "End", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE state = 'given'"), 2);
	assert_int_equal(number(w, "SELECT " MINOR_MAY("1", "(SELECT minor FROM guardianship)")), 0);
}

/* Young, a minor, and Par, who says to be the guardian. */
struct family {
	int64_t young, parent, guard;
};

static struct family family_of(struct world *w, struct cast *c, int64_t guardian)
{
	struct family f = { .young = create(w, &c->ada, &person_entity,
				    ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2012-06-15"))),
		.parent = guardian };

	if (guardian == NONE)
		f.parent = create(
			w, &c->ada, &person_entity, ARGS(T("given_name", "Par"), T("family_name", "Ent"), T("birth_date", "1980-06-15")));
	f.guard = create(w, &c->ada, &guardianship_entity,
		ARGS(AT_PROGRAM_OF(w, c), P("minor", path(w, &person_entity, f.young)), P("guardian", path(w, &person_entity, f.parent)),
			T("source", "registration")));
	return f;
}

static int verify(struct world *w, struct caller *who, int64_t guard)
{
	return perform(w, who, &guardianship_entity, guard, "Verify", ARGS(T("verified_how", "called the school's number")));
}

static void neither_of_the_two_verifies(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct family f = family_of(w, &c, c.ada_id);
	struct caller minor = c.ada;

	assert_int_equal(verify(w, &c.ada, f.guard), E_DENIED);
	assert_non_null(strstr(w->call.problem.text, "somebody else of the staff"));
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, f.young)), T("duty", "coordinator")));
	minor.person = f.young;
	assert_true(verify(w, &minor, f.guard) != 0);
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, c.ben_id)), T("duty", "coordinator")));
	must(verify(w, &c.ben, f.guard), &w->call.problem);
}

static int64_t asked_for(struct world *w, struct cast *c, const struct family *f, int64_t giver, const char *ends)
{
	return create(w, &c->ada, &consent_entity,
		ARGS(AT_PROGRAM_OF(w, c), P("person", path(w, &person_entity, f->young)), P("giver", path(w, &person_entity, giver)),
			T("purpose", "take part"), T("ends", ends)));
}

static void what_is_over_is_not_agreed_to(void **state)
{
	struct world *w = *state;
	struct problem problem = { 0 };
	struct cast c = cast(w);
	struct family f = family_of(w, &c, NONE);
	struct options paper = { .version = NONE, .for_person = f.parent };
	struct caller young = c.cleo;
	int64_t theirs, own, late;

	must(verify(w, &c.ada, f.guard), &w->call.problem);
	theirs = asked_for(w, &c, &f, f.parent, "2026-03-01");
	late = asked_for(w, &c, &f, f.young, "2026-01-05");
	must(store_turn_begin(w->store, &problem), &problem);
	must(store_advance(w->store, store_now(w->store) + 5 * INT64_C(86400), &problem), &problem);
	must(store_turn_commit(w->store, &problem), &problem);
	young.person = f.young;
	assert_int_equal(perform(w, &young, &consent_entity, late, "Give", NULL, 0), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "the time for which this was asked is over"));
	must(perform(w, &young, &consent_entity, late, "Refuse", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE evidence = 'by the own login' AND way = 'login'"), 1);
	own = asked_for(w, &c, &f, f.young, "2026-01-06"); /* today is its last day */
	must(perform(w, &young, &consent_entity, own, "Give", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &guardianship_entity, f.guard, "End", NULL, 0), &w->call.problem);
	assert_int_equal(perform_with(w, &c.ada, &consent_entity, theirs, "Give", ARGS(T("evidence", "folder 3")), paper), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "the guardianship has ended"));
}

/* ---- until when ---- */

static int64_t asked(struct world *w, struct cast *c, int64_t whose, int64_t giver, const char *purpose, const char *ends)
{
	return create(w, &c->ada, &consent_entity,
		ARGS(AT_PROGRAM_OF(w, c), P("person", path(w, &person_entity, whose)), P("giver", path(w, &person_entity, giver)),
			T("purpose", purpose), T("ends", ends)));
}

static void on_paper(struct world *w, struct cast *c, int64_t consent, int64_t giver, const char *verb)
{
	must(perform_with(w, &c->ada, &consent_entity, consent, verb, ARGS(T("evidence", "folder 3")),
		     (struct options){ .version = NONE, .for_person = giver }),
		&w->call.problem);
}

#define ENDING "SELECT count(*) FROM message WHERE template_name = 'consent-ending'"

static int64_t of_state(struct world *w, int64_t consent, const char *state)
{
	return number(
		w, arena_print(&w->arena, "SELECT count(*) FROM consent WHERE id = %lld AND state = '%s'", (long long)consent, state));
}

static void one_that_ends_is_renewed_or_ends_where_its_person_lives(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t far, photo, brief, taken;

	running(w, &c);
	/* in Auckland it is half a day earlier than in London */
	far = create(w, &c.ada, &person_entity, ARGS(T("given_name", "Far"), T("family_name", "Away"), T("zone", "Pacific/Auckland")));
	assert_int_equal(perform(w, &c.ada, &consent_entity, 0, "Create",
				 ARGS(AT_PROGRAM_OF(w, &c), P("person", path(w, &person_entity, far)),
					 P("giver", path(w, &person_entity, far)), T("purpose", "photo"), T("ends", "2025-12-31"))),
		E_INVALID); /* the past */
	photo = asked(w, &c, far, far, "photo", "2026-03-02");
	brief = asked(w, &c, far, far, "testimonial", "2026-01-05");
	taken = asked(w, &c, far, far, "recognition", "2026-03-02");
	clock = start(w);
	on_paper(w, &c, photo, far, "Give"); /* for 61 days */
	on_paper(w, &c, brief, far, "Give");
	on_paper(w, &c, taken, far, "Give");
	on_paper(w, &c, taken, far, "Withdraw");
	/* not yet */
	assert_int_equal(perform_with(w, &c.ada, &consent_entity, photo, "Renew", ARGS(T("evidence", "by phone")),
				 (struct options){ .version = NONE, .for_person = far }),
		E_STATE);
	/* the 5th is over there at 11:00 UTC of the 5th */
	advance(w, &clock, "2026-01-05T10:59:00Z");
	assert_int_equal(of_state(w, brief, "given"), 1);
	advance(w, &clock, "2026-01-05T11:00:00Z");
	assert_int_equal(of_state(w, brief, "expired"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'consent-expired'"), 1);
	assert_int_equal(number(w, ENDING), 0); /* nor was there time to ask about that one */
	/* two weeks ahead, once, and only of what holds */
	advance(w, &clock, "2026-02-16T10:59:00Z");
	assert_int_equal(number(w, ENDING), 0);
	advance(w, &clock, "2026-02-16T11:00:00Z");
	assert_int_equal(number(w, ENDING), 1);
	advance(w, &clock, "2026-02-20T11:00:00Z");
	assert_int_equal(number(w, ENDING), 1);
	assert_int_equal(
		number(w,
			"SELECT count(*) FROM message WHERE template_name = 'consent-ending' AND about_id = (SELECT id FROM consent WHERE "
			"purpose = 'photo')"),
		1);
	on_paper(w, &c, photo, far, "Renew"); /* for 61 days more: until 2 May */
	advance(w, &clock, "2026-03-05T00:00:00Z");
	assert_int_equal(of_state(w, photo, "given"), 1);
	advance(w, &clock, "2026-04-20T00:00:00Z");
	assert_int_equal(number(w, ENDING), 2);
	advance(w, &clock, "2026-05-02T11:59:00Z");
	assert_int_equal(of_state(w, photo, "given"), 1);
	advance(w, &clock, "2026-05-02T12:00:00Z");
	assert_int_equal(of_state(w, photo, "expired"), 1);
	/* and is asked anew */
	asked(w, &c, far, far, "photo", "2026-12-31");
	stop(&clock);
}

static void without_consent_a_minors_pair_pauses(void **state)
{
	struct world *w = *state;
	struct options for_young = { .version = NONE }, for_ben = { .version = NONE };
	struct clockwork clock;
	struct cast c = cast(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2012-06-15")));
	int64_t parent = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Par"), T("family_name", "Ent"), T("birth_date", "1980-06-15")));
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 2), mentee = participant(w, &c, young, "mentee", 1), guard, own, theirs,
		match;

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	guard = create(w, &c.ada, &guardianship_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("minor", path(w, &person_entity, young)), P("guardian", path(w, &person_entity, parent)),
			T("source", "registration")));
	must(perform(w, &c.ada, &guardianship_entity, guard, "Verify", ARGS(T("verified_how", "called"))), &w->call.problem);
	own = asked(w, &c, young, young, "take part", "2026-12-31");
	theirs = asked(w, &c, young, parent, "take part", "2026-02-01");
	on_paper(w, &c, own, young, "Give");
	on_paper(w, &c, theirs, parent, "Give");
	must(matched(w, &c, mentor, mentee), &w->call.problem);
	match = w->call.object;
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	for_young.for_person = young;
	for_ben.for_person = c.ben_id;
	must(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, for_ben), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, match, "Accept", NULL, 0, for_young), &w->call.problem);
	/* taken back before it began: it does not begin, and staff see why */
	on_paper(w, &c, own, young, "Withdraw");
	assert_int_equal(perform(w, &c.ada, &match_entity, match, "Start", NULL, 0), E_STATE);
	assert_int_equal(waits(w, &c.ada, "pair without consents to take part"), 1);
	own = asked(w, &c, young, young, "take part", "2026-12-31");
	on_paper(w, &c, own, young, "Give");
	assert_int_equal(waits(w, &c.ada, "pair without consents to take part"), 0);
	must(perform(w, &c.ada, &match_entity, match, "Start", NULL, 0), &w->call.problem);
	/* taken back by the guardian: at once */
	on_paper(w, &c, theirs, parent, "Withdraw");
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'paused'"), 1);
	assert_int_equal(waits(w, &c.ada, "pair without consents to take part"), 1);
	assert_int_equal(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), E_STATE);
	theirs = asked(w, &c, young, parent, "take part", "2026-02-01");
	on_paper(w, &c, theirs, parent, "Give");
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'paused'"), 1); /* going on is a decision */
	must(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), &w->call.problem);
	/* another purpose ends nothing */
	on_paper(w, &c, asked(w, &c, young, young, "photo", "2026-02-01"), young, "Give");
	/* its time is over */
	clock = start(w);
	advance(w, &clock, "2026-02-03T00:00:00Z");
	assert_int_equal(of_state(w, theirs, "expired"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'paused'"), 1);
	stop(&clock);
	theirs = asked(w, &c, young, parent, "take part", "2026-12-31");
	on_paper(w, &c, theirs, parent, "Give");
	must(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), &w->call.problem);
	/* who is guardian no more cannot have consented */
	must(perform(w, &c.ada, &guardianship_entity, guard, "End", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'paused'"), 1);
}

static void who_accepts_is_asked_for_the_address_once(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t mentor = participant(w, &c, c.ben_id, "mentor", 2), mentee = participant(w, &c, c.cleo_id, "mentee", 1), match;

	must(perform(w, &c.ada, &program_entity, c.program, "Open", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &person_entity, c.ben_id, "Update", ARGS(T("email", "ben@example.org"))), &w->call.problem);
	must(matched(w, &c, mentor, mentee), &w->call.problem);
	match = w->call.object;
	must(perform(w, &c.ada, &match_entity, match, "Offer", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM consent"), 0);
	must(perform(w, &c.ben, &match_entity, match, "Accept", NULL, 0), &w->call.problem);
	must(perform(w, &c.cleo, &match_entity, match, "Accept", NULL, 0), &w->call.problem); /* has no address */
	assert_int_equal(
		number(w, "SELECT count(*) FROM consent WHERE purpose = 'share contact' AND state = 'asked' AND wording IS NOT NULL"), 1);
	must(perform(w, &c.ben, &consent_entity, number(w, "SELECT id FROM consent"), "Refuse", NULL, 0), &w->call.problem);
	/* in bulk: those who were not asked */
	must(perform(w, &c.ada, &person_entity, c.cleo_id, "Update", ARGS(T("email", "cleo@example.org"))), &w->call.problem);
	for (int i = 0; i < 2; i++)
		must(perform(w, &c.ada, &program_entity, c.program, "AskContact", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM consent"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM consent WHERE state = 'refused'"), 1);
	/* where no address is shown there is nothing to ask */
	must(perform(w, &c.ada, &program_entity, c.program, "Update", ARGS(T("contact", "through the program"))), &w->call.problem);
	assert_int_equal(perform(w, &c.ada, &program_entity, c.program, "AskContact", NULL, 0), E_STATE);
}

/* ---- what stands in today ---- */

static void what_waits_for_staff(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t young = create(
		w, &c.ada, &person_entity, ARGS(T("given_name", "Young"), T("family_name", "One"), T("birth_date", "2012-06-15")));

	create(w, &c.ada, &guardianship_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("minor", path(w, &person_entity, young)), P("guardian", path(w, &person_entity, c.cleo_id)),
			T("source", "registration")));
	assert_int_equal(waits(w, &c.ada, "guardian to verify"), 1);
	assert_int_equal(waits(w, &c.cleo, "guardian to verify"), 0);
	must(perform(w, &c.ada, &guardianship_entity, w->call.object, "Verify", ARGS(T("verified_how", "called"))), &w->call.problem);
	assert_int_equal(waits(w, &c.ada, "guardian to verify"), 0);

	asked(w, &c, c.ben_id, c.ben_id, "photo", "2026-12-31");
	sleep_until(w, "2026-01-03T23:59:00Z");
	assert_int_equal(waits(w, &c.ada, "consent not answered yet"), 0);
	sleep_until(w, "2026-01-04T00:01:00Z");
	assert_int_equal(waits(w, &c.ada, "consent not answered yet"), 1);
	assert_int_equal(waits(w, &c.ben, "consent not answered yet"), 0);
	on_paper(w, &c, number(w, "SELECT max(id) FROM consent"), c.ben_id, "Refuse");
	assert_int_equal(waits(w, &c.ada, "consent not answered yet"), 0);
	asked(w, &c, c.ben_id, c.ben_id, "share contact", "2026-12-31"); /* who does not answer shares nothing, and that is an answer */
	sleep_until(w, "2026-01-08T00:00:00Z");
	assert_int_equal(waits(w, &c.ada, "consent not answered yet"), 0);
	assert_int_equal(waits(w, &c.ben, "consent to answer"), 1);

	/* one row, however many */
	force(w, "UPDATE message SET state = 'held'");
	assert_true(number(w, "SELECT count(*) FROM message") >= 2);
	assert_int_equal(waits(w, &c.ada, "messages to release"), 1);
	assert_int_equal(waits(w, &c.ben, "messages to release"), 0);
	must(perform(w, &c.ada, &program_entity, c.program, "ReleaseMail", NULL, 0), &w->call.problem);
	assert_int_equal(waits(w, &c.ada, "messages to release"), 0);

	force(w,
		"INSERT INTO plugin (version, name, restarts, required, state, failed_at) VALUES (1, 'pigeon', 5, 0, 'failed', 1767225600)");
	assert_int_equal(waits(w, &c.root, "plugin that failed"), 1);
	assert_int_equal(waits(w, &c.ada, "plugin that failed"), 0);
	force(w, "UPDATE plugin SET state = 'running'");
	assert_int_equal(waits(w, &c.root, "plugin that failed"), 0);

	force(w, "UPDATE person SET mail_paused_since = 1767225600 WHERE given_name = 'Young'");
	assert_int_equal(waits(w, &c.ada, "address that does not work"), 1);
	assert_int_equal(waits(w, &c.ben, "address that does not work"), 0);
	force(w,
		"INSERT INTO address_change (version, person, old, new, origin, proposed_at, expires_at, in_force_at, state, state_since) SELECT 1, "
		"id, 'a@example.org', 'b@example.org', 'staff', 1, 2, 1, 'objected', 2 FROM person WHERE given_name = 'Ben'");
	assert_int_equal(waits(w, &c.ada, "address objected to"), 1);
	assert_int_equal(waits(w, &c.cleo, "address objected to"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
/* Of an adult: the pair pauses, what is offered is withdrawn, nothing new comes, and going on needs the consent anew. */
static void who_takes_it_back_takes_part_no_more(void **state)
{
	struct world *w = *state;
	struct clockwork clock;
	struct cast c;
	int64_t mentor, one, match, consent, other;

	running(w, &c);
	mentor = participant(w, &c, c.ben_id, "mentor", 3);
	match = pair_make(w, &c, mentor, "UTC", "Cleo", &one);
	other = person(w, &c.ada, "Dora", "Mentee");
	must(matched(w, &c, mentor, participant(w, &c, other, "mentee", 1)), &w->call.problem);
	must(perform(w, &c.ada, &match_entity, w->call.object, "Offer", NULL, 0), &w->call.problem);
	consent = asked(w, &c, c.ben_id, c.ben_id, "take part", "2026-12-31");
	must(perform(w, &c.ben, &consent_entity, consent, "Give", NULL, 0), &w->call.problem);
	must(perform(w, &c.ben, &consent_entity, consent, "Withdraw", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'paused'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'declined' AND close_reason = 'withdrawn'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM participant WHERE state = 'paused' AND role = 'mentor'"), 1);
	assert_int_equal(
		number(w, "SELECT count(*) FROM participant WHERE state = 'ready' AND priority = 1"), 1); /* first in the next run */
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'match-paused'"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'consent-withdrawn'"), 1);
	assert_int_equal(waits(w, &c.ada, "pair without consents to take part"), 1);
	assert_int_equal(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), E_STATE);
	assert_int_equal(perform(w, &c.ada, &participant_entity, mentor, "Resume", NULL, 0), E_STATE);
	assert_int_equal(perform(w, &c.ben, &participant_entity, mentor, "Resume", NULL, 0), E_STATE);
	consent = asked(w, &c, c.ben_id, c.ben_id, "take part", "2026-02-01");
	must(perform(w, &c.ben, &consent_entity, consent, "Give", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &participant_entity, mentor, "Resume", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'match-resumed'"), 2);
	clock = start(w);
	advance(w, &clock, "2026-02-03T00:00:00Z"); /* it ends by itself */
	assert_int_equal(number(w, "SELECT count(*) FROM match WHERE state = 'paused'"), 1);
	assert_int_equal(number(w, "SELECT count(*) FROM participant WHERE state = 'paused'"), 1);
	stop(&clock);
}

/* Both are told that it pauses, unless staff talk to them first; staff and the lead see who the guardians are. */
static void a_pause_is_told_or_talked_over(void **state)
{
	struct world *w = *state;
	struct options why = { .version = NONE, .for_person = NONE, .reason = "a talk" };
	struct cast c;
	int64_t mentor, match, guard, one;

	running(w, &c);
	mentor = participant(w, &c, c.ben_id, "mentor", 1);
	match = pair_make(w, &c, mentor, "UTC", "Cleo", &one);
	must(perform_with(w, &c.ada, &match_entity, match, "Pause", &(struct arg){ "untold", { .type = V_BOOL, .number = 1 } }, 1, why),
		&w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'match-paused'"), 0);
	must(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, match, "Pause", NULL, 0, why), &w->call.problem);
	must(perform(w, &c.ada, &match_entity, match, "Resume", NULL, 0), &w->call.problem);
	must(perform_with(w, &c.ada, &match_entity, match, "Pause", NULL, 0, why), &w->call.problem);
	assert_int_equal(number(w, "SELECT count(*) FROM message WHERE template_name = 'match-paused'"), 4); /* each is an occasion */
	must(perform(w, &c.ada, &person_entity, one, "Update", ARGS(T("birth_date", "2012-02-03"))), &w->call.problem);
	guard = create(w, &c.ada, &guardianship_entity,
		ARGS(AT_PROGRAM_OF(w, &c), P("minor", path(w, &person_entity, one)),
			P("guardian", path(w, &person_entity, person(w, &c.ada, "Par", "Ent"))), T("source", "registration")));
	assert_int_equal(waits(w, &c.ben, "guardian to verify"), 0);
	create(w, &c.root, &duty_entity,
		ARGS(P("person", path(w, &person_entity, c.ben_id)), T("duty", "safeguarding lead"), AT_PROGRAM_OF(w, &c)));
	assert_int_equal(waits(w, &c.ben, "guardian to verify"), 1);
	must(perform(w, &c.ben, &guardianship_entity, guard, "Verify", ARGS(T("verified_how", "called"))), &w->call.problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(a_minor_needs_two_consents), TEST(neither_of_the_two_verifies),
		TEST(what_is_over_is_not_agreed_to), TEST(one_that_ends_is_renewed_or_ends_where_its_person_lives),
		TEST(without_consent_a_minors_pair_pauses), TEST(who_accepts_is_asked_for_the_address_once), TEST(what_waits_for_staff),
		TEST(who_takes_it_back_takes_part_no_more), TEST(a_pause_is_told_or_talked_over) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
