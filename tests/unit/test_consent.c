/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Minors take part with two consents: their own, and that of a guardian whom somebody of the staff has verified.
 */
#include "store/internal.h"
#include "world.h"

static int64_t number_of(struct world *w, const char *sql)
{
	struct problem problem = { 0 };
	struct stmt *q;
	int64_t n;

	must(engine_prepare(store_engine(w->store), sql, false, &q, &problem), &problem);
	assert_int_equal(engine_step(store_engine(w->store), q, &problem), 1);
	n = engine_int(q, 0);
	engine_reset(q);
	return n;
}

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
	assert_int_equal(number_of(w, "SELECT count(*) FROM message WHERE template_name = 'guardian-told'"), 1);
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
	assert_int_equal(number_of(w, "SELECT count(*) FROM consent WHERE way = 'paper or by mouth' AND evidence LIKE 'folder 3%'"), 1);
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
	assert_int_equal(number_of(w, "SELECT count(*) FROM consent WHERE state = 'given'"), 2);
	assert_int_equal(number_of(w, "SELECT " MINOR_MAY("1", "(SELECT minor FROM guardianship)")), 0);
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
	assert_int_equal(number_of(w, "SELECT count(*) FROM consent WHERE evidence = 'by the own login' AND way = 'login'"), 1);
	own = asked_for(w, &c, &f, f.young, "2026-01-06"); /* today is its last day */
	must(perform(w, &young, &consent_entity, own, "Give", NULL, 0), &w->call.problem);
	must(perform(w, &c.ada, &guardianship_entity, f.guard, "End", NULL, 0), &w->call.problem);
	assert_int_equal(perform_with(w, &c.ada, &consent_entity, theirs, "Give", ARGS(T("evidence", "folder 3")), paper), E_STATE);
	assert_non_null(strstr(w->call.problem.text, "the guardianship has ended"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(a_minor_needs_two_consents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(neither_of_the_two_verifies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_over_is_not_agreed_to, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
