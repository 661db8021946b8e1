/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates: what each place makes of hostile values, what is refused and where, and that a value is never read as a template.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/template_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char *const values[][2] = { { "name", "Mona" }, { "empty", "" }, { "evil", "</a><script>alert(\"1\")</script>'&" },
	{ "braces", "{{name}} {{#name}}x{{/name}}" }, { "lines", "one\ntwo\r\nBcc: all@example.org" },
	{ "link", "https://example.org/?a=1&b=\"2\"" }, { "upper", "HTTPS://example.org/" }, { "code", "javascript:alert(1)" },
	{ "blank", " https://example.org/" }, { "data", "data:text/html,<script>" }, { "bad", "a\xff z\xe2\x80\xae" }, { "a.b", "dotted" },
	{ NULL, NULL } };

static const char *lookup(void *data, const char *name)
{
	(void)data;
	for (int i = 0; values[i][0]; i++)
		if (!strcmp(values[i][0], name))
			return values[i][1];
	return NULL;
}

static int rendered(const char *text, enum template_place place, char **ret, struct problem *problem)
{
	struct arena arena = { 0 };
	struct buffer out = { 0 };
	struct template *t;
	int r;

	*problem = (struct problem){ 0 };
	r = template_parse(text, place, &arena, &t, problem);
	if (!r)
		r = template_render(t, lookup, NULL, &out, problem);
	*ret = strdup(buffer_string(&out));
	buffer_free(&out);
	arena_free(&arena);
	return r;
}

static void gives(enum template_place place, const char *text, const char *wanted)
{
	struct problem problem;
	char *got;

	if (rendered(text, place, &got, &problem))
		fail_msg("%s: %s", text, problem.text);
	assert_string_equal(got, wanted);
	free(got);
}

static void refused(enum template_place place, const char *text, const char *part)
{
	struct problem problem;
	char *got;

	if (!rendered(text, place, &got, &problem))
		fail_msg("%s gave %s", text, got);
	if (!strstr(problem.text, part))
		fail_msg("%s: '%s' does not say '%s'", text, problem.text, part);
	assert_string_equal(got, "");
	free(got);
}

static void test_values(void **state)
{
	(void)state;
	gives(TEMPLATE_TEXT, "Hello {{name}}, {{ a.b }}.", "Hello Mona, dotted.");
	gives(TEMPLATE_TEXT, "{{!}}name}} } {", "{{name}} } {");
	gives(TEMPLATE_TEXT, "{{braces}}", "{{name}} {{#name}}x{{/name}}");
	gives(TEMPLATE_TEXT, "in a line {{lines}}", "in a line one two  Bcc: all@example.org");
	gives(TEMPLATE_TEXT, "alone:\n  {{lines}}\n", "alone:\n  one\ntwo \nBcc: all@example.org\n");
	gives(TEMPLATE_SUBJECT, "{{lines}}", "one two  Bcc: all@example.org");
	gives(TEMPLATE_TEXT, "{{bad}}", "a\xef\xbf\xbd z ");
	refused(TEMPLATE_TEXT, "so {{unknown}}", "line 1, column 4: there is no value for 'unknown'");
}

static void test_sections(void **state)
{
	(void)state;
	gives(TEMPLATE_TEXT, "{{#name}}yes{{/name}}{{^name}}no{{/name}}", "yes");
	gives(TEMPLATE_TEXT, "{{#empty}}yes{{/empty}}{{^empty}}no{{/empty}}", "no");
	gives(TEMPLATE_TEXT, "{{#none}}{{none}}{{#name}}x{{/name}}{{/none}}{{^none}}no{{/none}}.", "no.");
	gives(TEMPLATE_TEXT, "a\n{{#name}}\nb\n{{/name}}\nc\n", "a\nb\nc\n");
	gives(TEMPLATE_TEXT, "a\n{{#none}}\nb\n{{/none}}\nc\n", "a\nc\n");
	gives(TEMPLATE_TEXT, "a\n {{#name}} {{^none}} \nb\n{{/none}}\n{{/name}}", "a\nb\n");
	gives(TEMPLATE_TEXT, "a {{#name}}\nb{{/name}}\n", "a \nb\n");
	gives(TEMPLATE_HTML, "{{#name}}\n<p>{{name}}</p>\n{{/name}}\n", "<p>Mona</p>\n");
}

static void test_html(void **state)
{
	(void)state;
	gives(TEMPLATE_HTML, "<p>{{evil}}</p>", "<p>&lt;/a&gt;&lt;script&gt;alert(\"1\")&lt;/script&gt;'&amp;</p>");
	gives(TEMPLATE_HTML, "<p title=\"{{evil}}\">x</p>",
		"<p title=\"&lt;/a&gt;&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&#39;&amp;\">x</p>");
	gives(TEMPLATE_HTML, "<a href=\"{{link}}\">x</a>", "<a href=\"https://example.org/?a=1&amp;b=%222%22\">x</a>");
	gives(TEMPLATE_HTML, "<a href=\"{{upper}}\">x</a>", "<a href=\"HTTPS://example.org/\">x</a>");
	gives(TEMPLATE_HTML, "<a href=\"https://example.org/s?q={{evil}}&amp;r={{link}}\">x</a>",
		"<a href=\"https://example.org/s?q=%3C%2Fa%3E%3Cscript%3Ealert%28%221%22%29%3C%2Fscript%3E%27%26&amp;r="
		"https%3A%2F%2Fexample.org%2F%3Fa%3D1%26b%3D%222%22\">x</a>");
	gives(TEMPLATE_HTML, "<a href=\"mailto:{{name}}@example.org\" title=\"x\">x</a>",
		"<a href=\"mailto:Mona@example.org\" title=\"x\">x</a>");
	gives(TEMPLATE_HTML, "a<br>b<br/>c<hr />", "a<br>b<br/>c<hr />");
	gives(TEMPLATE_HTML, "a<!-- <script> -->b", "ab");
	gives(TEMPLATE_HTML, "<td style=\"color: #333; width: 10%\" colspan=\"2\">x</td>",
		"<td style=\"color: #333; width: 10%\" colspan=\"2\">x</td>");
	refused(TEMPLATE_HTML, "<a href=\"{{code}}\">x</a>", "the value of 'code' is no link");
	refused(TEMPLATE_HTML, "<a href=\"{{blank}}\">x</a>", "the value of 'blank' is no link");
	refused(TEMPLATE_HTML, "<p>text</p><a href=\"{{data}}\">x</a>", "the value of 'data' is no link");
}

static void test_html_refused(void **state)
{
	static const char *const rows[][2] = { { "<script>x</script>", "there is no code in a mail" },
		{ "<style>x</style>", "attribute style" }, { "<IFRAME>", "no other pages" }, { "<object>", "no other files" },
		{ "<form>", "no forms" }, { "<img src=\"x\">", "picture" }, { "<svg>", "not used in mails" },
		{ "<p onclick=\"x\">", "onclick is a handler" }, { "<p OnLoad=\"x\">", "handler" },
		{ "<a href=\"javascript:alert(1)\">x</a>", "a link begins with" },
		{ "<a href=\"JaVaScript:x\">x</a>", "a link begins with" }, { "<a href=\" javascript:x\">x</a>", "a link begins with" },
		{ "<a href=\"java&#115;cript:x\">x</a>", "a link begins with" }, { "<a href=\"/local\">x</a>", "a link begins with" },
		{ "<a href=\"x{{link}}\">x</a>", "a link begins with" }, { "<a href=\"{{link}}/more\">x</a>", "holds nothing else" },
		{ "<a href=\"https://{{name}}/\">x</a>", "where a link leads" },
		{ "<a href=\"https://a.{{name}}\">x</a>", "where a link leads" }, { "<a href={{link}}>x</a>", "double quotes" },
		{ "<a href='{{link}}'>x</a>", "double quotes" }, { "<a href=x>x</a>", "double quotes" },
		{ "<a {{name}}=\"x\">", "no value can stand" }, { "<a{{name}}>", "no value can stand" }, { "<{{name}}>", "&lt;" },
		{ "</{{name}}>", "name of an element" }, { "<!-- {{name}} -->", "comments are left out" }, { "<!-- x", "never closed" },
		{ "<!doctype html>", "begins nothing" }, { "<p style=\"{{name}}\">", "no value can stand in the attribute style" },
		{ "<p style=\"background: URL(x)\">", "fetches nothing" }, { "<p style=\"a\\b\">", "cannot stand" },
		{ "<p id=\"x\">", "not used in mails" }, { "<p title=\"x\"title=\"y\">", "blank or >" },
		{ "<p title=\"x", "is not closed" }, { "<p", "never closed" }, { "1 < 2", "&lt;" }, { "<p>x", "write </p>" },
		{ "x</p>", "closes nothing" }, { "<b><i>x</b></i>", "</i> must come first" },
		{ "<p title=\"{{#name}}x{{/name}}\">x</p>", "whole element" }, { "{{#name}}<p>{{/name}}x</p>", "write </p>" },
		{ "<p>{{#name}}</p>{{/name}}", "in the same part" }, { "</br>", "closes nothing" },
		{ "<p>\n\n  <b>x</p>", "line 3, column 7:" }, { NULL, NULL } };

	(void)state;
	for (int i = 0; rows[i][0]; i++)
		refused(TEMPLATE_HTML, rows[i][0], rows[i][1]);
}

static void test_refused(void **state)
{
	struct problem problem = { 0 };
	struct arena arena = { 0 };
	struct template *t;
	char *large = calloc(1, TEMPLATE_BYTES + 2), *got;

	(void)state;
	refused(TEMPLATE_TEXT, "{{{name}}}", "no unescaped form");
	refused(TEMPLATE_TEXT, "{{&name}}", "no unescaped form");
	refused(TEMPLATE_TEXT, "{{>name}}", "is not known here");
	refused(TEMPLATE_TEXT, "{{! note }}", "comments");
	refused(TEMPLATE_TEXT, "{{}}", "no name");
	refused(TEMPLATE_TEXT, "{{Name}}", "small letters");
	refused(TEMPLATE_TEXT, "{{a.}}", "small letters");
	refused(TEMPLATE_TEXT, "x\nzwölf {{name\n}}", "line 2, column 7: the braces are not closed");
	refused(TEMPLATE_TEXT, "{{#name}}x", "line 1, column 1: {{#name}} is never closed; write {{/name}}");
	refused(TEMPLATE_TEXT, "{{/name}}", "closes nothing");
	refused(TEMPLATE_TEXT, "{{#name}}\n{{#empty}}\n{{/name}}", "line 3, column 1: {{/name}} stands where {{/empty}}");
	refused(TEMPLATE_TEXT, "{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}", "deeper than 8");
	refused(TEMPLATE_SUBJECT, "a\nb", "control character");
	refused(TEMPLATE_TEXT, "a\x1b", "control character");
	memset(large, 'a', TEMPLATE_BYTES);
	assert_int_equal(rendered(large, TEMPLATE_TEXT, &got, &problem), 0);
	free(got);
	large[TEMPLATE_BYTES] = 'a';
	assert_int_equal(template_parse(large, TEMPLATE_TEXT, &arena, &t, &problem), E_LIMIT);
	for (int i = 0; i <= TEMPLATE_TAGS; i++)
		memcpy(large + 5 * i, "{{a}}", 6);
	assert_int_equal(template_parse(large, TEMPLATE_TEXT, &arena, &t, &problem), E_INVALID);
	assert_non_null(strstr(problem.text, "1000 places"));
	free(large);
	arena_free(&arena);
}

static void checked(const char *text, const char *part)
{
	static const struct template_name names[] = { { "recipient.name", 0 }, { "link", 0 }, { "match.shared", TEMPLATE_OPTIONAL },
		{ "person.birth_date", TEMPLATE_CLOSED }, { NULL, 0 } };
	struct problem problem = { 0 };
	struct arena arena = { 0 };
	struct template *t;

	assert_int_equal(template_parse(text, TEMPLATE_TEXT, &arena, &t, &problem), 0);
	assert_int_equal(template_check(t, names, &problem), part ? E_INVALID : 0);
	if (part && !strstr(problem.text, part))
		fail_msg("%s: '%s' does not say '%s'", text, problem.text, part);
	arena_free(&arena);
}

static void test_names(void **state)
{
	(void)state;
	checked("{{recipient.name}} {{link}} {{#link}}x{{/link}}", NULL);
	checked("{{#match.shared}}{{#link}}{{match.shared}}{{/link}}{{/match.shared}}", NULL);
	checked("a\n b {{recipent.name}}", "line 2, column 4: 'recipent.name' is not known here; did you mean recipient.name?");
	checked("{{weather}}", "use one of: recipient.name, link, match.shared");
	checked("{{#weather}}{{/weather}}", "'weather' is not known");
	checked("{{person.birth_date}}", "may see");
	checked("{{match.shared}}", "can be missing");
	checked("{{#match.shared}}{{/match.shared}}{{match.shared}}", "can be missing");
	checked("{{^match.shared}}{{match.shared}}{{/match.shared}}", "can be missing");
}

/* What is kept gives what it gave; the same text in another place, made with something else, or changed, is another template. */
static const char *remembered(struct template_memory *memory, const struct template_source *source, const char *text, struct buffer *out)
{
	const struct template *t = template_memory_find(memory, source);
	struct problem problem = { 0 };
	struct arena arena = { 0 };

	if (!t)
		assert_int_equal(template_memory_parse(memory, source, text, &arena, &t, &problem), 0);
	buffer_clear(out);
	assert_int_equal(template_render(t, lookup, NULL, out, &problem), 0);
	arena_free(&arena);
	return buffer_string(out);
}

static void test_memory(void **state)
{
	struct template_memory *memory = template_memory_new();
	char text[40] = "<{{name}}>", large[MEMORY_BYTES + 2];
	struct template_source plain = { text, NULL, TEMPLATE_TEXT, false }, made = { text, NULL, TEMPLATE_TEXT, true },
			       acting = { text, "go", TEMPLATE_TEXT, true }, wrong = { "{{", NULL, TEMPLATE_TEXT, false };
	struct problem problem = { 0 };
	struct arena arena = { 0 };
	struct buffer out = { 0 };
	const struct template *t;

	(void)state;
	assert_null(template_memory_find(memory, &plain));
	assert_string_equal(remembered(memory, &plain, text, &out), "<Mona>");
	assert_non_null(template_memory_find(memory, &plain));
	assert_string_equal(remembered(memory, &plain, "not read again", &out), "<Mona>");
	assert_string_equal(remembered(memory, &made, "made", &out), "made");
	assert_string_equal(remembered(memory, &acting, "go to {{name}}", &out), "go to Mona");
	assert_string_equal(remembered(memory, &made, "made", &out), "made");
	strcpy(text, "({{name}})");
	assert_string_equal(remembered(memory, &plain, text, &out), "(Mona)");
	assert_int_equal(template_memory_parse(memory, &wrong, wrong.text, &arena, &t, &problem), E_INVALID);
	assert_null(template_memory_find(memory, &wrong));
	/* many more than there is room for */
	for (int i = 0; i < 4 * MEMORY_TEMPLATES; i++) {
		char wanted[40];

		snprintf(text, sizeof text, "%d {{name}}", i);
		snprintf(wanted, sizeof wanted, "%d Mona", i);
		assert_string_equal(remembered(memory, &plain, text, &out), wanted);
	}
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = 0;
	plain.text = large;
	assert_string_equal(remembered(memory, &plain, large, &out), large);
	assert_null(template_memory_find(memory, &plain));
	buffer_free(&out);
	arena_free(&arena);
	template_memory_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_values), cmocka_unit_test(test_sections), cmocka_unit_test(test_html),
		cmocka_unit_test(test_html_refused), cmocka_unit_test(test_refused), cmocka_unit_test(test_names),
		cmocka_unit_test(test_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
