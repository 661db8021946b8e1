/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XLSForm: types, limits and languages as they are written; forms as flat CSV and as a workbook, with the rows they give and what is
 * said of the rest; a workbook that core/xlsx.c writes is read again.
 */
#include "import_test.h"

#include <math.h>

#include "core/arena.h"
#include "core/xlsx.h"
#include "worker/xlsform.h"

static void read_form(struct told *told, const char *name, const char *data, size_t size, int leave_out)
{
	const struct import_file file = { .name = name, .fd = -1, .data = data, .size = size };
	const struct import_request request = { .format = "xlsform", .files = &file, .count = 1, .leave_out = leave_out };

	told_import(told, &request);
}

static void read_csv(struct told *told, const char *text)
{
	read_form(told, "f.csv", text, strlen(text), 0);
}

/* ---- words ---- */

static void test_types(void **state)
{
	static const struct {
		const char *text;
		enum xf_type type;
		int kind;
		const char *list;
		bool other;
	} cases[] = { { "text", XF_QUESTION, FORM_WORDS, NULL, false }, { " Integer ", XF_INTEGER, FORM_NUMBER, NULL, false },
		{ "begin_group", XF_BEGIN_GROUP, 0, NULL, false }, { "begin  group", XF_BEGIN_GROUP, 0, NULL, false },
		{ "select_one yes_no", XF_SELECT, FORM_SINGLE, "yes_no", false },
		{ "SELECT_ONE Yes_No or_other", XF_SELECT, FORM_SINGLE, "Yes_No", true },
		{ "select one from a b or specify other", XF_SELECT, FORM_SINGLE, "a b", true },
		{ "select all that apply from l", XF_SELECT, FORM_MULTIPLE, "l", false },
		{ "select_multiple l", XF_SELECT, FORM_MULTIPLE, "l", false }, { "likert l", XF_SELECT, FORM_LIKERT, "l", false },
		{ "select_one_from_file x.csv", XF_NOT_HERE, 0, NULL, false }, { "select_one_external l", XF_NOT_HERE, 0, NULL, false },
		{ "begin loop over l", XF_BEGIN_REPEAT, 0, NULL, false }, { "end_repeat", XF_END_REPEAT, 0, NULL, false },
		{ "dateTime", XF_NOT_HERE, 0, NULL, false }, { "select_one", XF_NONE, 0, NULL, false },
		{ "texts", XF_NONE, 0, NULL, false } };
	struct arena arena = { 0 };
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct xf_what what = xf_type_of(&arena, cases[i].text);

		if (what.type != cases[i].type || what.or_other != cases[i].other)
			fail_msg("'%s' is type %d", cases[i].text, what.type);
		if (what.type <= XF_SELECT)
			assert_int_equal(what.kind, cases[i].kind);
		if (cases[i].list)
			assert_string_equal(what.list, cases[i].list);
	}
	arena_free(&arena);
}

static void test_limits(void **state)
{
	static const struct {
		const char *text;
		int kind;
		bool integer, fine;
		double min, max;
	} cases[] = { { ". >= 1 and . <= 5", FORM_NUMBER, false, true, 1, 5 }, { ".>=-2.5", FORM_NUMBER, false, true, -2.5, (double)NAN },
		{ "(. >= 1) and (. <= 5)", FORM_NUMBER, false, true, 1, 5 }, { "1 <= . and 5>=.", FORM_NUMBER, false, true, 1, 5 },
		{ ". = 3", FORM_NUMBER, false, true, 3, 3 }, { ". < 10", FORM_NUMBER, true, true, (double)NAN, 9 },
		{ ". > 10", FORM_NUMBER, true, true, 11, (double)NAN }, { "10 > .", FORM_NUMBER, true, true, (double)NAN, 9 },
		{ ". < 10", FORM_NUMBER, false, false, 0, 0 }, { ". < 2.5", FORM_NUMBER, true, false, 0, 0 },
		{ ". >= 3 and . >= 5", FORM_NUMBER, false, true, 5, (double)NAN },
		{ "string-length(.) <= 200", FORM_WORDS, false, true, (double)NAN, 200 },
		{ "string-length( . ) > 2", FORM_WORDS, false, true, 3, (double)NAN }, { ". <= 5", FORM_WORDS, false, false, 0, 0 },
		{ ". >= date('1970-01-11')", FORM_DATE, false, true, 10, (double)NAN },
		{ ". < date(\"1970-01-11\")", FORM_DATE, false, true, (double)NAN, 9 },
		{ ". >= date('1970-02-30')", FORM_DATE, false, false, 0, 0 }, { ". >= today()", FORM_DATE, false, false, 0, 0 },
		{ ". >= 1 or . <= 5", FORM_NUMBER, false, false, 0, 0 }, { ". >= 1 and", FORM_NUMBER, false, false, 0, 0 },
		{ ". >= ${a}", FORM_NUMBER, false, false, 0, 0 }, { "", FORM_NUMBER, false, false, 0, 0 },
		{ ". >= 1", FORM_SINGLE, false, false, 0, 0 }, { ". >= 1e999", FORM_NUMBER, false, false, 0, 0 } };
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double min = -77, max = -77;

		if (xf_limits(cases[i].text, cases[i].kind, cases[i].integer, &min, &max) != cases[i].fine)
			fail_msg("'%s' is %sunderstood", cases[i].text, cases[i].fine ? "not " : "");
		if (!cases[i].fine)
			assert_true(min == -77 && max == -77);
		else if (!((isnan(min) ? isnan(cases[i].min) : min == cases[i].min) &&
				 (isnan(max) ? isnan(cases[i].max) : max == cases[i].max)))
			fail_msg("'%s' is %g to %g", cases[i].text, min, max);
	}
}

static void test_languages(void **state)
{
	static const char *const cases[][2] = { { "English (en)", "en" }, { "en", "en" }, { "EN", "en" }, { "english", "en" },
		{ "Deutsch (de-AT)", "de-AT" }, { "Portugu\xc3\xaas (pt_BR)", "pt-BR" }, { "pt_br", "pt-br" }, { "Klingon (tlh)", "tlh" },
		{ "Quenya", NULL }, { "x (what is this)", NULL }, { "()", NULL }, { "", NULL } };
	struct arena arena = { 0 };
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *code = xf_language_code(&arena, cases[i][0]);

		if ((code == NULL) != (cases[i][1] == NULL) || (code && strcmp(code, cases[i][1]) != 0))
			fail_msg("'%s' is %s", cases[i][0], code ? code : "nothing");
	}
	arena_free(&arena);
}

/* ---- forms ---- */

static void test_a_form(void **state)
{
	struct told told = { 0 };
	(void)state;

	read_csv(&told,
		"survey,,,,,\n,type,name,label::English (en),label::German (de),relevant\n"
		",select_one yn,a,A?,\"\xc3\x84?\",\n,begin group,g,,,\xe2\x80\x98x\xe2\x80\x99 = ${a}\n,text,b,B?,,${a} = 'y' or ${a} = 'n'\n"
		",end group,,,,\nchoices,,,,,\n,list_name,name,label::English (en),label::German (de),\n,yn,y,Yes,Ja,\n,yn,n,No,,\n"
		"settings,,,,,\n,form_title,default_language,,,\n,My form,de,,,\n");
	assert_int_equal(told.rc, 0);
	assert_string_equal(told_problems(&told),
		"notice f.csv, sheet survey:5:0 -: 'b' has no text in the form's own language (de), so that of another is shown\n");
	assert_string_equal(told_rows(&told),
		"instrument f.csv:1 key=f title=My form language=de\n"
		"item f.csv, sheet survey:3 instrument=f position=1 name=a kind=single label=\xc3\x84? choices=y=Ja\nn=No\n"
		"item f.csv, sheet survey:5 instrument=f position=2 name=b kind=text label=B? "
		"relevant=('x' = ${a}) and (${a} = 'y' or ${a} = 'n')\n"
		"item_text f.csv, sheet survey:3 item=a language=en label=A? choices=y=Yes\nn=No\n"
		"item_text f.csv, sheet survey:5 item=b language=en label=B?\n");
	told_free(&told);
}

static void expect(const char *text, int leave_out, const char *said, int64_t rows)
{
	struct told told = { 0 };

	read_form(&told, "f.csv", text, strlen(text), leave_out);
	assert_holds(told_problems(&told), said);
	assert_int_equal(told.result.rows, rows);
	assert_true((told.rc < 0) == (rows == 0));
	told_free(&told);
}

#define HEAD "survey,,,,\n,type,name,label,relevant\n"

static void test_conditions(void **state)
{
	(void)state;
	expect(HEAD ",text,a,A,pulldata(${b})\n,text,b,B,\n", 0,
		"problem f.csv, sheet survey:3:5 relevant: character 1: 'pulldata' is not known", 0);
	expect(HEAD ",text,a,A,pulldata(${b})\n,text,b,B,\n", 1,
		"notice f.csv, sheet survey:3:5 relevant: the condition of 'a' is not understood", 2);
	expect(HEAD ",text,a,A,${c} = 1\n,text,b,B,\n", 1, "problem f.csv, sheet survey:3:5 relevant: there is no question called 'c'", 0);
	expect(HEAD ",text,a,A,${b} = 1\n,text,b,B,${a} = 1\n", 1,
		"problem f.csv, sheet survey:3:5 relevant: 'a' and 'b' wait for each other", 0);
	expect(HEAD ",begin group,g,,once()\n,text,a,A,\n,end group,,,\n,text,b,B,\n,text,c,C,${a} = 1\n", 1,
		"notice f.csv, sheet survey:7:5 relevant: the condition of 'c' is not understood", 2);
	expect(HEAD ",begin repeat,g,,\n,text,a,A,\n,end repeat,,,\n,text,b,B,${a} = 1\n", 0, "it asks for 'a' (row 4), which is left out",
		0);
}

static void test_a_workbook_that_was_written(void **state)
{
	static const char *const rows[][3] = { { "type", "name", "label" },
		{ "text", "a", " <A> & \"b\"\n\xf0\x9f\x8d\x94 _x000D_ =1+1" } };
	struct xlsx_writer writer = { 0 };
	struct buffer file = { 0 };
	struct told told = { 0 };
	(void)state;

	xlsx_sheet(&writer, "survey");
	for (size_t i = 0; i < 2; i++)
		xlsx_row(&writer, rows[i], 3);
	xlsx_sheet(&writer, "R&D");
	xlsx_end(&writer, &file);
	read_form(&told, "f.xlsx", file.data, file.length, 0);
	assert_holds(told_problems(&told), "notice f.xlsx, sheet R&D:0:0 -: this sheet is not read");
	assert_holds(told_rows(&told), "name=a kind=text label=<A> & \"b\"\n\xf0\x9f\x8d\x94  =1+1\n");
	told_free(&told);
	for (size_t cut = 1; cut < file.length; cut += 37) { /* each part of it is no workbook */
		read_form(&told, "f.xlsx", file.data, cut, 0);
		assert_int_equal(told.result.rows, 0);
		assert_true(told.rc < 0);
		told_free(&told);
	}
	buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_a_form),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_a_workbook_that_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
