/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Forms: answers in every shape become rows, and what cannot be read for certain becomes a problem with its place.
 */
#include "import_test.h"

#include "worker/weekly.h"
#include "worker/words.h"

#define HEAD "mapping 1\nformat form\ncolumn \"mail\" -> email\ncolumn \"name\" -> full_name\n"
#define MENTEE HEAD "role mentee\n"

static void expect_form(const char *mapping, const char *text, const char *rows)
{
	struct told told = { 0 };

	told_form(&told, mapping, text);
	assert_string_equal(told_problems(&told), "");
	assert_int_equal(told.rc, 0);
	assert_string_equal(told_rows(&told), rows);
	told_free(&told);
}

static void expect_problem(const char *mapping, const char *text, const char *part)
{
	struct told told = { 0 };

	told_form(&told, mapping, text);
	assert_int_equal(told.rc, E_INVALID);
	assert_holds(told_problems(&told), part);
	assert_string_equal(told_rows(&told), "");
	told_free(&told);
}

static void test_a_whole_form(void **state)
{
	char *mapping = source_text("tests/unit/data/form.mapping", NULL);
	char *text = source_text("tests/unit/data/form.csv", NULL);
	struct told told = { 0 };
	(void)state;

	told_form(&told, mapping, text);
	assert_string_equal(
		told_problems(&told), "notice form.csv:3:5 Sprachen: 'Tsez' is not known as a language and is kept as written\n");
	assert_string_equal(buffer_string(&told.files), "form.csv 4 3 1\n");
	assert_string_equal(told_rows(&told),
		"person form.csv:2 given_name=Ilse family_name=Brückner-Hain email=ilse@example.org language=de zone=Europe/Berlin\n"
		"person form.csv:3 given_name=Noor family_name=Al-Hadiqa email=noor@example.org language=de zone=Europe/Berlin\n"
		"person form.csv:4 given_name=Piotr family_name=Zielonka-Las email=piotr@example.org language=de zone=Europe/Berlin\n"
		"participant form.csv:2 person=ilse@example.org role=mentor capacity=2 motivation=Erste Zeile\nzweite Zeile\n"
		"participant form.csv:3 person=noor@example.org role=mentee capacity=2\n"
		"participant form.csv:4 person=piotr@example.org role=mentor capacity=2\n"
		"trait form.csv:2 participant=ilse@example.org/mentor kind=language name=German side=offered\n"
		"trait form.csv:2 participant=ilse@example.org/mentor kind=language name=English level=4 side=offered\n"
		"trait form.csv:2 participant=ilse@example.org/mentor kind=skill name=Python level=3 side=offered\n"
		"trait form.csv:2 participant=ilse@example.org/mentor kind=skill name=Essays level=1 side=sought\n"
		"trait form.csv:2 participant=ilse@example.org/mentor kind=interest name=Chor side=offered\n"
		"trait form.csv:2 participant=ilse@example.org/mentor kind=interest name=Schach side=offered\n"
		"trait form.csv:3 participant=noor@example.org/mentee kind=language name=Arabic side=offered\n"
		"trait form.csv:3 participant=noor@example.org/mentee kind=language name=German side=offered\n"
		"trait form.csv:3 participant=noor@example.org/mentee kind=language name=Tsez side=offered\n"
		"trait form.csv:3 participant=noor@example.org/mentee kind=interest name=Schach side=offered\n"
		"trait form.csv:4 participant=piotr@example.org/mentor kind=language name=Polish side=offered\n"
		"trait form.csv:4 participant=piotr@example.org/mentor kind=skill name=Python level=2 side=offered\n"
		"availability form.csv:2 participant=ilse@example.org/mentor weekday=monday start=480 end=720\n"
		"availability form.csv:2 participant=ilse@example.org/mentor weekday=wednesday start=840 end=960\n"
		"availability form.csv:3 participant=noor@example.org/mentee weekday=monday start=540 end=660\n"
		"wish form.csv:3 participant=noor@example.org/mentee other=ilse@example.org/mentor rank=1\n"
		"wish form.csv:4 participant=piotr@example.org/mentor other=noor@example.org/mentee rank=1\n"
		"objection form.csv:3 participant=noor@example.org/mentee other=piotr@example.org\n");
	assert_lacks(told_rows(&told), "PLANTED-SECRET");
	told_free(&told);
	free(mapping);
	free(text);
}

/* ---- times ---- */

static void times(const char *text, unsigned days, const char *wanted)
{
	struct buffer out = { 0 };
	struct arena arena = { 0 };
	struct weekly weekly;

	if (weekly_read(&weekly, words_fold(&arena, text, strlen(text)), days))
		buffer_print(&out, "! %s", weekly.problem);
	for (size_t i = 0; !*weekly.problem && i < weekly.count; i++)
		buffer_print(&out, "%s%.3s %d-%d", i ? " " : "", words_weekday(weekly.spans[i].weekday), weekly.spans[i].start,
			weekly.spans[i].end);
	if (*weekly.problem ? !strstr(buffer_string(&out), wanted) : strcmp(buffer_string(&out), wanted) != 0)
		fail_msg("'%s' was read as: %s, not: %s", text, buffer_string(&out), wanted);
	buffer_free(&out);
	arena_free(&arena);
}

static void test_times(void **state)
{
	(void)state;
	times("Mon 14:00-16:00; Wed 9-11", 0, "mon 840-960 wed 540-660");
	times("Mon 9-11, 14-16, Tue 9-10", 0, "mon 540-660 mon 840-960 tue 540-600");
	times("Mon, Wed and Fri 9-11", 0, "mon 540-660 wed 540-660 fri 540-660");
	times("Mon-Wed 9-10", 0, "mon 540-600 tue 540-600 wed 540-600");
	times("Sat–Mon 9–10", 0, "mon 540-600 sat 540-600 sun 540-600");
	times("Tuesdays 2-4 pm", 0, "tue 840-960");
	times("Tue 11-1pm", 0, "tue 660-780");
	times("Tue 9am to 12pm", 0, "tue 540-720");
	times("Tue 10 pm - midnight", 0, "tue 1320-1440");
	times("Tue 12-2pm", 0, "tue 720-840");
	times("tue noon-1:30pm", 0, "tue 720-810");
	times("Di 14.30 bis 16 Uhr, Do. 9:15-10:45", 0, "tue 870-960 thu 555-645");
	times("lun. 9h30 à 12h ; jeudi 14h-16h", 0, "mon 570-720 thu 840-960");
	times("Miércoles 18:00 a 20:00", 0, "wed 1080-1200");
	times("weekdays 1800-1930", 0x0, "mon 1080-1170 tue 1080-1170 wed 1080-1170 thu 1080-1170 fri 1080-1170");
	times("every day 7-8", 0, "mon 420-480 tue 420-480 wed 420-480 thu 420-480 fri 420-480 sat 420-480 sun 420-480");
	times("Mon: 0:00-24:00", 0, "mon 0-1440");
	times("9-11; 14-16", 1 << 2, "wed 540-660 wed 840-960");
	times("Mon 9-11\nMon 10-12\nMon 12-13", 0, "mon 540-780");
	times("", 0, "");
	times("Mon 9-5", 0, "'9-5' ends before it starts");
	times("Fri 22-2", 0, "ends before it starts");
	times("9-11", 0, "names no day of the week");
	times("Mon", 0, "a day is named without a time");
	times("Mon 9-11; Tue", 0, "a day is named without a time");
	times("Mon 25-26", 0, "'25-26' is no time of day");
	times("Mon 9:75-11", 0, "is no time of day");
	times("Mon 9", 0, "'9' is a time without an end");
	times("whenever", 0, "'whenever' is neither a day nor a time");
	times("Mon 13pm-14pm", 0, "is no time of day");
	times("Mon 9-11 ☃", 0, "is neither a day nor a time");
}

static void test_times_in_a_form(void **state)
{
	(void)state;
	expect_problem(MENTEE "column \"when\" -> availability\n", "mail,name,when\na@example.org,A B,Mon 9-11\nb@example.org,C D,9-5\n",
		"problem form.csv:3:3 when: '9-5' names no day");
	expect_form(MENTEE "column \"when\" -> availability\nword availability \"mornings\" -> \"8-12\"\nword availability \"any "
			   "time\" -> \"\"\n",
		"mail,name,when\na@example.org,A B,\"Tue mornings, Wed mornings\"\nb@example.org,C D,Any time\n",
		"person form.csv:2 given_name=A family_name=B email=a@example.org\n"
		"person form.csv:3 given_name=C family_name=D email=b@example.org\n"
		"participant form.csv:2 person=a@example.org role=mentee\nparticipant form.csv:3 person=b@example.org role=mentee\n"
		"availability form.csv:2 participant=a@example.org/mentee weekday=tuesday start=480 end=720\n"
		"availability form.csv:2 participant=a@example.org/mentee weekday=wednesday start=480 end=720\n");
}

/* ---- who ---- */

static void test_names(void **state)
{
	static const char rest[] = "participant form.csv:2 person=a@example.org role=mentee\n";
	char rows[400];
	(void)state;

	snprintf(rows, sizeof rows, "person form.csv:2 given_name=Ana Maria family_name=Silva email=a@example.org\n%s", rest);
	expect_form(MENTEE, "mail,name\nA@Example.org ,Ana Maria  Silva\n", rows);
	expect_form(MENTEE, "mail,name\na@example.org,\"Silva, Ana Maria\"\n", rows);
	snprintf(rows, sizeof rows, "person form.csv:2 given_name=Yichen family_name=Anlu email=a@example.org\n%s", rest);
	expect_form("mapping 1\nformat form\nrole mentee\ncolumn \"mail\" -> email\ncolumn \"name\" -> full_name, family first\n",
		"mail,name\na@example.org,Anlu Yichen\n", rows);
	snprintf(rows, sizeof rows, "person form.csv:2 given_name=Suharti email=a@example.org\n%s", rest);
	expect_form(MENTEE, "mail,name\na@example.org,Suharti\n", rows);
	expect_problem(MENTEE, "mail,name\na@example.org,\n", "problem form.csv:2:0 -: this person has no name");
	expect_problem(MENTEE, "mail,name\n,A B\n", "problem form.csv:2:0 -: this person has neither an id nor a mail address");
	expect_problem(MENTEE, "mail,name\nnot a mail,A B\n", "problem form.csv:2:1 mail: 'not a mail' is no mail address");
	expect_problem(HEAD, "mail,name\na@example.org,A B\n", "whether this is a mentor or a mentee is not said");
}

static void test_single_answers(void **state)
{
	static const char mapping[] = MENTEE "column \"id\" -> external_id\ncolumn \"born\" -> birth_date\ncolumn \"zone\" -> zone\n"
					     "column \"places\" -> capacity\ncolumn \"tongue\" -> language\nword zone \"Berlin\" -> "
					     "\"Europe/Berlin\"\nword capacity \"a pair\" -> 2\n";
	static const char header[] = "mail,name,id,born,zone,places,tongue\n";
	char text[400];
	(void)state;

	snprintf(text, sizeof text, "%s,A B,i1,1.2.2001,berlin,up to 3,Français\nc@example.org,C D,i2,2001-02-28,UTC,a pair,pt-BR\n",
		header);
	expect_form(mapping, text,
		"person form.csv:2 external_id=i1 given_name=A family_name=B language=fr zone=Europe/Berlin birth_date=2001-02-01\n"
		"person form.csv:3 external_id=i2 given_name=C family_name=D email=c@example.org language=pt zone=UTC "
		"birth_date=2001-02-28\n"
		"participant form.csv:2 person=i1 role=mentee capacity=3\nparticipant form.csv:3 person=i2 role=mentee "
		"capacity=2\n");
	snprintf(text, sizeof text, "%s,A B,i1,02/03/2001,Mars,2-3,Klingon\n", header);
	expect_problem(mapping, text, "form.csv:2:4 born: this is no date that can be read for certain");
	expect_problem(mapping, text, "form.csv:2:5 zone: 'Mars' is no time zone");
	expect_problem(mapping, text, "form.csv:2:6 places: '2-3' is not one whole number");
	expect_problem(mapping, text, "form.csv:2:7 tongue: 'Klingon' is not known as a language");
	snprintf(text, sizeof text, "%s,A B,i1,2001-02-29,,-1,\n", header);
	expect_problem(mapping, text, "form.csv:2:4 born");
	expect_problem(mapping, text, "form.csv:2:6 places: '-1' is not one");
}

static void test_twice(void **state)
{
	static const char text[] = "mail,name\na@example.org,Ann B\nc@example.org,C D\nA@example.org,Anna B\n";
	struct told told = { 0 };
	(void)state;

	expect_problem(MENTEE, text, "form.csv:4:0 -: the same person as in row 2 of form.csv, with other details");
	expect_problem(MENTEE, text, "this person is a mentee in row 2 of form.csv already");
	told_form(&told, MENTEE "twice last\n", text);
	assert_int_equal(told.rc, 0);
	assert_holds(told_problems(&told), "notice form.csv:2:0 -: the same person answered again further down");
	assert_holds(told_rows(&told), "person form.csv:4 given_name=Anna");
	assert_lacks(told_rows(&told), "given_name=Ann family");
	assert_int_equal(told.result.participants, 2);
	told_free(&told);
}

/* A comma inside brackets parts no answers; a level behind an answer leaves its name; the same answer counts once. */
static void test_answers_in_a_cell(void **state)
{
	(void)state;
	expect_form(MENTEE "column \"s\" -> trait skill sought, split \",\"\n",
		"mail,name,s\na@example.org,A B,\"Reading (papers, books), Python (advanced), R: 2, Maths, maths, none\"\n",
		"person form.csv:2 given_name=A family_name=B email=a@example.org\n"
		"participant form.csv:2 person=a@example.org role=mentee\n"
		"trait form.csv:2 participant=a@example.org/mentee kind=skill name=Reading (papers, books) side=sought\n"
		"trait form.csv:2 participant=a@example.org/mentee kind=skill name=Python level=3 side=sought\n"
		"trait form.csv:2 participant=a@example.org/mentee kind=skill name=R level=2 side=sought\n"
		"trait form.csv:2 participant=a@example.org/mentee kind=skill name=Maths side=sought\n");
}

/* ---- wishes and objections ---- */

#define WISHES \
	HEAD "column \"id\" -> external_id\ncolumn \"role\" -> role\ncolumn \"want\" -> wish, split \";\"\n" \
	     "column \"not\" -> objection, split \";\"\ncolumn \"why\" -> objection_reason\n"
#define PEOPLE \
	"mail,name,id,role,want,not,why\nm1@example.org,Ann Lee,M1,mentor,,,\nm2@example.org,Bob Fox,M2,mentor,,,\n" \
	"m3@example.org,Bob Fox,M3,mentor,,,\n"

static void test_wishes(void **state)
{
	struct told told = { 0 };
	(void)state;

	told_form(&told, WISHES,
		PEOPLE "e@example.org,Eve Oak,E1,mentee,M2; ann  LEE ;\"Bob\" <m3@example.org>;M2;elsewhere@example.org,"
		       "\"Lee, Ann\",We are kin\n");
	assert_int_equal(told.rc, E_INVALID); /* the quotes in an unquoted cell */
	told_free(&told);
	told_form(&told, WISHES,
		PEOPLE "e@example.org,Eve Oak,E1,mentee,M2; ann  LEE ;Bob <m3@example.org>;M2;elsewhere@example.org,"
		       "\"Lee, Ann\",We are kin\n");
	assert_string_equal(told_problems(&told), "");
	assert_holds(told_rows(&told),
		"wish form.csv:5 participant=E1/mentee other=M2/mentor rank=1\n"
		"wish form.csv:5 participant=E1/mentee other=M1/mentor rank=2\n"
		"wish form.csv:5 participant=E1/mentee other=M3/mentor rank=3\n"
		"wish form.csv:5 participant=E1/mentee other=elsewhere@example.org/mentor rank=5\n"
		"objection form.csv:5 participant=E1/mentee other=M1 reason=We are kin\n");
	told_free(&told);
	expect_problem(
		WISHES, PEOPLE "e@example.org,Eve Oak,E1,mentee,Bob Fox,,\n", "form.csv:5:5 want: 'Bob Fox' is more than one person here");
	expect_problem(WISHES, PEOPLE "e@example.org,Eve Oak,E1,mentee,Zed,,\n", "form.csv:5:5 want: 'Zed' is nobody in these files");
	expect_problem(WISHES, PEOPLE "e@example.org,Eve Oak,E1,mentee,Eve Oak,,\n",
		"form.csv:5:5 want: this is a wish for the person's own self");
	expect_problem(
		WISHES, PEOPLE "e@example.org,Eve Oak,E1,mentee,,,\nf@example.org,Fay Elm,F1,mentee,E1,,\n", "'E1' is no mentor here");
	expect_form(MENTEE "column \"want\" -> wish, split \";\"\nword wish \"no preference\" -> \"\"\n",
		"mail,name,want\na@example.org,A B,No preference;none;-\n",
		"person form.csv:2 given_name=A family_name=B email=a@example.org\nparticipant form.csv:2 person=a@example.org "
		"role=mentee\n");
}

/* Nobody learns from a list of problems whom somebody objected to. */
static void test_objections_are_not_repeated(void **state)
{
	struct told told = { 0 };
	(void)state;

	told_form(&told, WISHES, PEOPLE "e@example.org,Eve Oak,E1,mentee,,Zacharias Quill,secret reason\n");
	assert_int_equal(told.rc, E_INVALID);
	assert_holds(told_problems(&told), "form.csv:5:6 not: names nobody in these files");
	assert_lacks(told_problems(&told), "Zacharias");
	assert_lacks(told.problem.text, "Zacharias");
	told_free(&told);
	expect_problem(WISHES, PEOPLE "e@example.org,Eve Oak,E1,mentee,,Bob Fox,\n", "form.csv:5:6 not: names more than one person here");
}

/* ---- columns and mappings ---- */

static void test_columns(void **state)
{
	struct told told = { 0 };
	(void)state;

	expect_problem(MENTEE "column \"gone\" -> motivation\n", "mail,name\na@example.org,A B\n",
		"problem form.csv:1:0 -: the file has no column 'gone', which line 6 of the mapping names");
	expect_problem("mapping 1\nformat form\nrole mentee\ncolumn \"name\" -> full_name\n", "mail,name\na@example.org,A B\n",
		"problem mapping:1:0 -: no column of this section gives a person's address or id");
	expect_problem("mapping 1\nformat form\nrole boss\n", "mail,name\n", "problem mapping:3:0 -: 'boss' is no role");
	expect_problem(NULL, "mail,name\n", "a mapping is needed");
	expect_problem("mapping 1\nformat oneroster\njoin mentor role x\n", "mail,name\n", "the mapping is of another format");
	expect_problem(MENTEE, "mail,name\na@example.org,A B\nb@example.org,\"C D\n",
		"problem form.csv:3:2 name: the file ends inside the quotes");
	told_form(&told, MENTEE, "mail,name,extra\na@example.org,A B,x\n");
	assert_int_equal(told.rc, 0);
	assert_holds(told_problems(&told), "notice form.csv:1:3 extra: the mapping does not name this column");
	assert_lacks(told_rows(&told), "=x");
	told_free(&told);
}

static void test_a_sink_that_refuses(void **state)
{
	struct told told = { .stop_after = 2 };
	(void)state;

	told_form(&told, MENTEE, "mail,name\na@example.org,A B\nb@example.org,C D\n");
	assert_int_equal(told.rc, E_FULL);
	assert_int_equal(told.result.rows, 1);
	told_free(&told);
}

/* ---- the sample ---- */

static void test_the_sample(void **state)
{
	struct import_file files[2] = { { .name = "mentors.csv", .fd = -1 }, { .name = "mentees.csv", .fd = -1 } };
	char *mapping[2] = { source_text("conf/sample/mentors.mapping", NULL), source_text("conf/sample/mentees.mapping", NULL) };
	char *both = malloc(strlen(mapping[0]) + strlen(mapping[1]) + 1);
	struct import_request request = { .format = "form", .mapping = both, .files = files, .count = 2 };
	struct told told = { 0 }, again = { 0 };
	const char *order[] = { "\nperson ", "\nparticipant ", "\ntrait ", "\navailability ", "\nwish ", "\nobjection " }, *at;
	(void)state;

	assert_non_null(both);
	strcat(strcpy(both, mapping[0]), mapping[1]);
	files[0].data = source_text("conf/sample/mentors.csv", &files[0].size);
	files[1].data = source_text("conf/sample/mentees.csv", &files[1].size);
	told_import(&told, &request);
	assert_string_equal(told_problems(&told), "");
	assert_int_equal(told.rc, 0);
	assert_int_equal(told.result.persons, 270);
	assert_int_equal(told.result.participants, 270);
	assert_string_equal(buffer_string(&told.files), "mentors.csv 80 80 0\nmentees.csv 190 190 0\n");
	at = told_rows(&told);
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		at = i ? strstr(at, order[i]) : at;
		assert_non_null(at);
		for (size_t j = 0; j < i; j++)
			assert_lacks(at + 1, order[j]);
	}
	told_import(&again, &request);
	assert_string_equal(told_rows(&told), told_rows(&again));
	/* One file alone cannot tell whom a name means. */
	told_free(&again);
	free((char *)files[0].data);
	files[0] = files[1];
	request.count = 1;
	told_import(&again, &request);
	assert_int_equal(again.rc, E_INVALID);
	assert_holds(told_problems(&again), "import both files together");
	told_free(&told);
	told_free(&again);
	free(both);
	free(mapping[0]);
	free(mapping[1]);
	free((char *)files[1].data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_form),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_times_in_a_form),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_single_answers),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_answers_in_a_cell),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_objections_are_not_repeated),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_a_sink_that_refuses),
		cmocka_unit_test(test_the_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
