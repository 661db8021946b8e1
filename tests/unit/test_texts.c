/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts of messages: every shipped one is whole, the right one is chosen, and what coordinators save can be sent.
 */
#include "core/zone.h"
#include "model/texts.h"
#include "store/internal.h"
#include "world.h"

/* ---- rendering as the hand-over does ---- */

static const char *const values[][2] = { { "recipient.name", "Cleo <Mentee>" }, { "recipient.given_name", "Cleo" },
	{ "institution", "School & Co" }, { "program.title", "First year" }, { "about_id", "7" },
	{ "own_link", "https://m.example.org/l/own" },
	{ "link", "https://m.example.org/l/0123456789012345678901234567890123456789012345678901234567890123" },
	{ "answer_until", "Friday, 9 January 2026, 20:00 (UTC)" }, { "match.partner", "Ben \"{{link}}\" Mentor" },
	{ "match.names", "Ben & Cleo" }, { "match.shared", "Both like chess" }, { NULL, NULL } };

static const char *value(void *data, const char *name)
{
	const char *without = data;

	for (int i = 0; values[i][0]; i++)
		if (!strcmp(values[i][0], name) && (!without || strcmp(without, name) != 0))
			return values[i][1];
	return without && !strcmp(name, "concern_link") && !strcmp(without, "adult") ? "https://m.example.org/l/talk" : NULL;
}

static int text_of(struct world *w, const char *key, int64_t program, const char *language, const char *without, struct message_text *ret)
{
	struct problem problem = { 0 };
	int r;

	w->call.store = w->store;
	w->call.problem = (struct problem){ 0 };
	must(store_turn_begin(w->store, &problem), &problem);
	r = message_text(&w->call, key, program, language, value, (void *)without, ret);
	must(store_turn_commit(w->store, &problem), &problem);
	return r;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static const char *answered(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->call.result_count; i++)
		if (!strcmp(w->call.results[i].name, name))
			return w->call.results[i].value.text;
	fail_msg("no %s was answered", name);
	return NULL;
}

static void a_mail_is_whole(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct message_text text;

	must(text_of(w, "match-offered", c.program, "en", NULL, &text), &w->call.problem);
	assert_string_equal(text.language, "en");
	assert_string_equal(text.subject, "We have a match for you: Ben \"{{link}}\" Mentor");
	assert_has(text.text, "Hello Cleo,\n\n");
	assert_has(text.text, "\nhttps://m.example.org/l/0123456789012345678901234567890123456789012345678901234567890123\n");
	assert_null(strstr(text.text, "talk to somebody"));
	for (const char *line = text.text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		assert_true(strcspn(line, "\n") <= 72 || !strncmp(line, "https://", 8));
	assert_has(text.html, "<html lang=\"en\">");
	assert_has(text.html, "<title>We have a match for you: Ben \"{{link}}\" Mentor</title>");
	assert_has(text.html, "<a href=\"https://m.example.org/l/0123456789");
	assert_has(text.html, ">See the match and answer</a>");
	assert_has(text.html, "School &amp; Co");
	/* who is a minor, or may be one, is told where to talk to somebody, whatever the text */
	must(text_of(w, "match-offered", c.program, "de-AT", "adult", &text), &w->call.problem);
	assert_string_equal(text.language, "de");
	assert_has(text.text, "Guten Tag Cleo <Mentee>,\n\n");
	assert_has(text.text, "Ich muss mit jemandem reden:\nhttps://m.example.org/l/talk\n");
	assert_has(text.html, "Cleo &lt;Mentee&gt;");
	assert_has(text.html, "<a href=\"https://m.example.org/l/talk\">Ich muss mit jemandem reden</a>");
	/* a missing value sends nothing */
	assert_int_equal(text_of(w, "match-offered", c.program, "en", "link", &text), E_NOTFOUND);
	assert_string_equal(w->call.problem.field, "link");
	assert_int_equal(text_of(w, "no-such-kind", c.program, "en", NULL, &text), E_NOTFOUND);
}

static int64_t template(struct world *w, struct cast *c, bool own, const char *language, const char *subject)
{
	int64_t id;

	if (own)
		id = create(w, &c->ada, &template_entity,
			ARGS(P("program", path(w, &program_entity, c->program)), T("key", "match-offered"), T("language", language),
				T("subject", subject)));
	else
		id = create(w, &c->ada, &template_entity, ARGS(T("key", "match-offered"), T("language", language), T("subject", subject)));
	must(perform(w, &c->ada, &template_entity, id, "Use", NULL, 0), &w->call.problem);
	return id;
}

static void chosen(struct world *w, struct cast *c, const char *language, const char *subject)
{
	struct message_text text;

	must(text_of(w, "match-offered", c->program, language, NULL, &text), &w->call.problem);
	if (!strstr(text.subject, subject))
		fail_msg("%s got '%s', not '%s'", language, text.subject, subject);
}

static void the_nearest_is_chosen(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id;

	chosen(w, &c, "pt", "We have a match for you");
	w->settings->institution.language[0] = 'd';
	w->settings->institution.language[1] = 'e';
	chosen(w, &c, "pt", "Ein Vorschlag");
	chosen(w, &c, NULL, "Ein Vorschlag");
	template(w, &c, false, "de", "Das Haus");
	chosen(w, &c, "de_CH", "Das Haus");
	id = template(w, &c, true, "de", "Das Programm");
	chosen(w, &c, "de-CH", "Das Programm");
	chosen(w, &c, "en", "We have a match");
	template(w, &c, true, "de-CH", "Grüezi");
	chosen(w, &c, "de_CH", "Grüezi");
	chosen(w, &c, "de", "Das Programm");
	/* another one in use retires the one before */
	template(w, &c, true, "de", "Neu");
	chosen(w, &c, "de", "Neu");
	assert_int_equal(perform(w, &c.ada, &template_entity, id, "Retire", NULL, 0), E_STATE);
}

static void refused(struct world *w, struct cast *c, const char *field, const char *text, const char *part)
{
	assert_int_equal(perform(w, &c->ada, &template_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, c->program)), T("key", "match-offered"), T("language", "en"),
					 T(field, text))),
		E_INVALID);
	assert_string_equal(w->call.problem.field, field);
	assert_has(w->call.problem.text, part);
}

static void what_is_saved_can_be_sent(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	int64_t id;

	refused(w, &c, "text", "Dear {{recipient.nam}}", "did you mean recipient.name?");
	refused(w, &c, "text", "x\n{{person.birth_date}}", "line 2, column 1: 'person.birth_date' is nothing that the reader may see");
	refused(w, &c, "subject", "{{match.explanation}}", "nothing that the reader may see");
	refused(w, &c, "text", "{{plugin.error}}", "nothing that the reader may see");
	refused(w, &c, "text", "{{form.title}}", "not known here");
	refused(w, &c, "text", "{{match.shared}}", "can be missing");
	refused(w, &c, "text", "{{#match.shared}}", "never closed");
	refused(w, &c, "html", "<p onclick=\"x\">y</p>", "handler");
	refused(w, &c, "html", "<script>", "no code");
	assert_int_equal(perform(w, &c.ada, &template_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, c.program)), T("key", "match-offred"), T("language", "en"))),
		E_INVALID);
	assert_has(w->call.problem.text, "match-offered");
	/* with a kind alone it begins as it is shipped */
	id = create(w, &c.ada, &template_entity,
		ARGS(P("program", path(w, &program_entity, c.program)), T("key", "match-offered"), T("language", "de")));
	must(perform(w, &c.ada, &template_entity, id, "Preview", NULL, 0), &w->call.problem);
	assert_has(answered(w, "subject"), "Ein Vorschlag für Sie: Jonas Weiler");
	assert_has(answered(w, "text"), "Freitag, 4. Dezember 2026");
	assert_has(answered(w, "html"), "<!DOCTYPE html>");
	assert_int_equal(perform(w, &c.ada, &template_entity, id, "Update", ARGS(T("text", "{{weather}}"))), E_INVALID);
	assert_int_equal(perform(w, &c.ben, &template_entity, id, "Preview", NULL, 0), E_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(a_mail_is_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_nearest_is_chosen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_saved_can_be_sent, set_up, tear_down) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
