/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How somebody is spoken to in German: a minor with du, in every mail and on every page; everybody else with Sie. Whoever is a guardian or has a
 * duty is of age, though nobody may know their birth date.
 */
#include <regex.h>

#include "model/page_words.h"
#include "model/texts.h"
#include "store/internal.h"
#include "world.h"

static regex_t formal, familiar;

/* Pronouns and imperatives. A sentence that begins with 'Ihr' (you, several) goes on with its verb. */
static void compile(void)
{
	assert_int_equal(regcomp(&formal, "\\b(Sie|Ihnen|Ihre[nmrs]?)\\b|\\bIhr [^bsea]", REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(
		regcomp(&familiar,
			"\\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]eine?[nmrs]?|[Ee]uch|[Ee]ure?[nmrs]?|[Ii]hr (beide|seid|erreicht|sprecht|mögt))\\b",
			REG_EXTENDED | REG_NOSUB),
		0);
}

static void only(const regex_t *wrong, const char *where, const char *text)
{
	if (text && !regexec(wrong, text, 0, NULL, 0))
		fail_msg("%s speaks to its reader otherwise: %s", where, text);
}

static void each_text_has_one_form(const regex_t *wrong, const struct shipped_text *texts)
{
	for (const struct shipped_text *t = texts; t->key; t++) {
		only(wrong, t->key, t->subject);
		only(wrong, t->key, t->action);
		only(wrong, t->key, t->text);
	}
}

static void mails_keep_to_one_form(void **state)
{
	(void)state;
	compile();
	each_text_has_one_form(&familiar, message_language_de.texts);
	each_text_has_one_form(&formal, message_familiar_de.texts);
	only(&formal, "the end of a minor's mail", message_familiar_de.ending);
	only(&formal, "the end of a minor's mail", message_familiar_de.ending_html);
	/* whatever a minor may be sent has a text of its own */
	for (const struct message_kind *kind = message_kinds; kind->key; kind++)
		if (!(kind->flags & MESSAGE_STAFF) && kind->readers & (MENTOR | MENTEE | SELF))
			if (!shipped_text_of(message_familiar_de.texts, kind->key))
				fail_msg("%s has no text for minors", kind->key);
	regfree(&formal);
	regfree(&familiar);
}

/* What only guardians and adults read on pages. */
static bool grown_only(int word)
{
	return word == CONSENT_FOR || word == CONSENT_ADDRESS || word == OWN_MINORS || word == OWN_MINORS_HOW;
}

static void pages_keep_to_one_form(void **state)
{
	char where[32];

	(void)state;
	compile();
	for (int i = 0; i < PAGE_WORDS; i++) {
		snprintf(where, sizeof where, "page word %d", i);
		only(&familiar, where, page_word("de-AT", (enum page_word)i));
		if (!grown_only(i))
			only(&formal, where, page_word(LANGUAGE_FAMILIAR, (enum page_word)i));
	}
	assert_string_equal(page_language(LANGUAGE_FAMILIAR), "de");
	regfree(&formal);
	regfree(&familiar);
}

static const char *spoken_to(struct world *w, int64_t id)
{
	struct call call = { .store = w->store, .arena = &w->arena, .now = store_now(w->store) };
	struct person *person;
	const char *language;

	must(load(&call, &person_entity, id, (void **)&person), &call.problem);
	must(language_for(&call, person, &language), &call.problem);
	return language;
}

static int64_t reader(struct world *w, struct cast *c, const char *name, const char *language, const char *birth_date)
{
	return create(w, &c->ada, &person_entity,
		ARGS(T("given_name", name), T("family_name", "Reader"), T("language", language), T("birth_date", birth_date)));
}

static void minors_are_called_du(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t young = reader(w, &c, "Young", "de-CH", "2012-06-15"), parent, staff;

	assert_string_equal(spoken_to(w, young), LANGUAGE_FAMILIAR);
	assert_string_equal(spoken_to(w, reader(w, &c, "Grown", "de", "1990-06-15")), "de");
	assert_string_equal(spoken_to(w, reader(w, &c, "English", "en", "2012-06-15")), "en");
	/* nobody knows how old these are */
	parent = create(w, &c.ada, &person_entity, ARGS(T("given_name", "Par"), T("family_name", "Ent"), T("language", "de")));
	staff = create(w, &c.ada, &person_entity, ARGS(T("given_name", "St"), T("family_name", "Aff"), T("language", "de")));
	assert_string_equal(spoken_to(w, parent), LANGUAGE_FAMILIAR);
	create(w, &c.ada, &guardianship_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), P("minor", path(w, &person_entity, young)),
			P("guardian", path(w, &person_entity, parent)), T("source", "registration")));
	create(w, &c.root, &duty_entity, ARGS(P("person", path(w, &person_entity, staff)), T("duty", "coordinator")));
	assert_string_equal(spoken_to(w, parent), "de");
	assert_string_equal(spoken_to(w, staff), "de");
}

static const char *value(void *data, const char *name)
{
	(void)data;
	return !strcmp(name, "recipient.given_name") ? "Cleo" : strstr(name, "link") ? "https://m.example.org/l/x" : name;
}

static struct message_text text_in(struct world *w, int64_t program, const char *language)
{
	struct problem problem = { 0 };
	struct message_text text;

	w->call = (struct call){ .store = w->store, .arena = &w->arena, .now = store_now(w->store) };
	must(store_turn_begin(w->store, &problem), &problem);
	must(message_text(&w->call, "match-paused", program, language, value, NULL, &text), &w->call.problem);
	must(store_turn_commit(w->store, &problem), &problem);
	return text;
}

static void a_mail_is_in_the_form_of_its_reader(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct message_text text = text_in(w, c.program, LANGUAGE_FAMILIAR);
	int64_t own;

	assert_string_equal(text.language, "de");
	assert_non_null(strstr(text.subject, "Pause für dich und"));
	assert_non_null(strstr(text.text, "Hallo Cleo!"));
	assert_non_null(strstr(text.text, "deine eigenen Daten"));
	assert_non_null(strstr(text_in(w, c.program, "de").text, "Ihre Zusammenarbeit"));
	/* a program's own text comes first for minors, too, and may tell them apart */
	own = create(w, &c.ada, &template_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), T("key", "match-paused"), T("language", "de"),
			T("subject", "Pause"),
			T("text",
				"{{#recipient.minor}}Ruh dich aus.{{/recipient.minor}}{{^recipient.minor}}Ruhen Sie sich aus.{{/recipient.minor}}\n")));
	must(perform(w, &c.ada, &template_entity, own, "Use", NULL, 0), &w->call.problem);
	text = text_in(w, c.program, LANGUAGE_FAMILIAR);
	assert_string_equal(text.subject, "Pause");
	assert_non_null(strstr(text.text, "Ruh dich aus."));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(mails_keep_to_one_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages_keep_to_one_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(minors_are_called_du, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mail_is_in_the_form_of_its_reader, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
