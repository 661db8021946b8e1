/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts of messages: every shipped one is whole, the right one is chosen, and what coordinators save can be sent.
 */
#include "core/zone.h"
#include "model/texts.h"
#include "model/texts_inside.h"
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

/* The same, wherever a line was broken. */
static void assert_says(const char *text, const char *part)
{
	char *flat = strdup(text);

	for (char *c = flat; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	if (!strstr(flat, part))
		fail_msg("'%s' is not in:\n%s", part, text);
	free(flat);
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
	assert_has(text.text, "Guten Tag Cleo <Mentee>!\n\n");
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
		fail_msg("%s got '%s', not '%s'", language ? language : "none", text.subject, subject);
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
	refused(w, &c, "text", "Dear {{recipient.name}}", "without {{link}} nobody could answer");
	refused(w, &c, "html", "<p>{{#match.shared}}{{match.shared}}{{/match.shared}}</p>", "without {{link}} nobody could answer");
	assert_int_equal(perform(w, &c.ada, &template_entity, 0, "Create",
				 ARGS(P("program", path(w, &program_entity, c.program)), T("key", "match-offred"), T("language", "en"))),
		E_INVALID);
	assert_has(w->call.problem.text, "there are match-offered; `mentorshipd --print messages` lists them all");
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

/* ---- all that is shipped ---- */

struct showing {
	const struct message_language *language;
	const char *without; /* a name that is absent now; "*": all that can be */
	const struct template_name *names;
};

static const char *shown(void *data, const char *name)
{
	const struct showing *showing = data;
	const struct template_name *n = showing->names;

	while (n->name && strcmp(n->name, name) != 0)
		n++;
	if (!n->name || n->flags & TEMPLATE_CLOSED)
		fail_msg("%s is asked for, and is none of the names", name);
	if (n->flags & TEMPLATE_OPTIONAL && *showing->without == '*')
		return NULL;
	for (const struct message_name *m = message_names; m->name; m++)
		if (!strcmp(m->name, name))
			return m->sample[showing->language == &message_language_de];
	return NULL;
}

static void look_through(const struct message_kind *kind, const char *language, const struct message_text *text, const char *without)
{
	if (text_points(text->subject, strlen(text->subject)) > 78)
		fail_msg("%s %s: the subject is longer than 78: %s", kind->key, language, text->subject);
	if (strstr(text->text, "\n\n\n") || strstr(text->text, "{{") || strstr(text->html, "{{") || strstr(text->html, "<p></p>"))
		fail_msg("%s %s without %s: not tidy:\n%s%s", kind->key, language, without, text->text, text->html);
	for (const char *line = text->text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (text_points(line, strcspn(line, "\n")) > 72 && strncmp(line, "https://", 8) != 0)
			fail_msg("%s %s: a line is too long: %s", kind->key, language, line);
	if (kind->flags & MESSAGE_LINK)
		assert_has(text->text, "\nhttps://mentoring.example.org/l/example\n");
	if (kind->flags & MESSAGE_LINK)
		assert_has(text->html, "<a href=\"https://mentoring.example.org/l/example\"");
	if (kind->flags & MESSAGE_LINK)
		assert_says(text->text, language[0] == 'd' ? "Freitag, 4. Dezember 2026," : "Friday, 4 December 2026,");
	if (*without != '*')
		assert_has(text->text, "\nhttps://mentoring.example.org/l/talk\n");
}

static void text_is_whole(struct world *w, const struct message_kind *kind, const struct message_language *l, const struct shipped_text *t)
{
	struct message_source source = { l->code, t->subject, t->action, t->text, t->html };
	struct message_text text;

	assert_int_equal(t->action != NULL, (kind->flags & MESSAGE_LINK) != 0);
	if (message_source_check(&w->call, kind, &source))
		fail_msg("%s %s %s: %s", kind->key, l->code, w->call.problem.field, w->call.problem.text);
	for (const char *without = "-*"; *without; without++) {
		struct showing showing = { l, without, message_kind_names(kind, &w->arena) };

		must(message_source_render(&w->call, &source, shown, &showing, &text), &w->call.problem);
		look_through(kind, l->code, &text, without);
	}
}

static void every_text_is_whole(void **state)
{
	struct world *w = *state;

	w->call = (struct call){ .store = w->store, .arena = &w->arena };
	for (const struct message_kind *kind = message_kinds; kind->key; kind++)
		for (const struct message_language *const *l = message_languages; *l; l++) {
			const struct shipped_text *t = shipped_text_of((*l)->texts, kind->key),
						  *other = (*l)->familiar ? shipped_text_of((*l)->familiar->texts, kind->key) : NULL;

			if (!t)
				fail_msg("%s has no text in %s", kind->key, (*l)->code);
			text_is_whole(w, kind, *l, t);
			if (other)
				text_is_whole(w, kind, *l, other);
		}
	for (const struct message_language *const *l = message_languages; *l; l++)
		for (const struct shipped_text *t = (*l)->texts; t->key; t++)
			if (!message_kind_named(t->key))
				fail_msg("the text %s of %s is no kind's", t->key, (*l)->code);
}

/* A name is there for somebody, its field exists, and both languages have an example. */
static void every_name_is_whole(void **state)
{
	(void)state;
	for (const struct message_name *n = message_names; n->name; n++) {
		bool used = n->flags & NAME_COMMON;

		for (const struct message_kind *kind = message_kinds; kind->key; kind++) {
			const char *at = strstr(kind->names, n->name);

			used = used || (at && (at == kind->names || at[-1] == ' '));
		}
		if (!used || !n->sample[0] || !n->sample[1])
			fail_msg("%s is used by no kind, or has no example", n->name);
		if (n->source) {
			char *entity = strdup(n->source), *field = strchr(entity, '.');

			*field++ = 0;
			if (!shape_named(entity) || field_index(shape_named(entity), field) < 0)
				fail_msg("%s has no such source as %s", n->name, n->source);
			free(entity);
		}
	}
	for (const struct message_kind *kind = message_kinds; kind->key; kind++)
		for (const char *c = kind->names; *c; c += strcspn(c, " "), c += strspn(c, " ")) {
			char *name = strndup(c, strcspn(c, " ?"));
			const struct message_name *n = message_names;

			while (n->name && strcmp(n->name, name) != 0)
				n++;
			if (!n->name)
				fail_msg("%s may use %s, and there is no such name", kind->key, name);
			free(name);
		}
}

/* Every key that the tree's code tells people by has a kind: the calls of tell() and of its like, as they are written. */
static void every_key_of_the_tree_is_a_kind(void **state)
{
	static const char *const rooms =
		"cat $MENTORSHIP_SOURCE/daemon/model/*.c $MENTORSHIP_SOURCE/daemon/store/*.c "
		"$MENTORSHIP_SOURCE/daemon/plugin/*.c | tr '\\n\\t' '  ' | grep -oE "
		"'(tell|tell_staff|tell_protection)\\( *call, *\"[a-z-]+\"|struct notice [a-z_]+ = [{] *\"[a-z-]+\"'";
	char line[200];
	FILE *in;
	int count = 0;
	(void)state;

	if (!getenv("MENTORSHIP_SOURCE"))
		skip();
	in = popen(rooms, "r");
	assert_non_null(in);
	while (fgets(line, sizeof line, in)) {
		char *key = strchr(line, '"') + 1;

		key[strcspn(key, "\"")] = 0;
		count++;
		if (!message_kind_named(key))
			fail_msg("people are told '%s', and daemon/model/texts.c has no such kind", key);
	}
	assert_int_equal(pclose(in), 0);
	assert_true(count >= 14);
}

static void dates_are_said(void **state)
{
	struct world *w = *state;

	assert_string_equal(message_day(&w->arena, &message_language_en, 20454), "Thursday, 1 January 2026");
	assert_string_equal(
		message_instant(&w->arena, &message_language_de, zone_utc(), 1767225600), "Donnerstag, 1. Januar 2026, 00:00 Uhr (UTC)");
	assert_string_equal(message_word(&message_language_de, "take part"), "Teilnahme am Programm");
	assert_string_equal(message_word(&message_language_de, "no such word"), "no such word");
}

static void several_go_in_one_mail(void **state)
{
	struct world *w = *state;
	struct cast c = cast(w);
	struct message_part parts[] = { { "match-offered", c.program, value, NULL }, { "check-in-due", c.program, value, NULL } };
	struct problem problem = { 0 };
	struct message_text text;
	int r;

	w->call.store = w->store;
	must(store_turn_begin(w->store, &problem), &problem);
	r = message_text_of_parts(&w->call, parts, 2, "en", &text);
	must(store_turn_commit(w->store, &problem), &problem);
	must(r, &w->call.problem);
	assert_string_equal(text.subject, "2 messages for you");
	assert_has(text.text, "\nWe have a match for you: Ben \"{{link}}\" Mentor\n---");
	assert_has(text.text, "\nHow is it going with Ben");
	assert_has(text.html, "<h2 style=\"font-size: 18px\">How is it going with Ben");
	assert_ptr_equal(strstr(strstr(text.text, "Hello") + 1, "Hello"), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(a_mail_is_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_nearest_is_chosen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_saved_can_be_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_text_is_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_name_is_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dates_are_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_go_in_one_mail, set_up, tear_down),
		cmocka_unit_test(every_key_of_the_tree_is_a_kind) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
