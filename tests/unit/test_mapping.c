/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mappings: read and written again without a byte changed, every mistake named with its line, sections found by file.
 */
#include "import_test.h"

#include "worker/mapping.h"

static void on_mistake(void *context, int line, const char *text)
{
	buffer_print(context, "%d: %s\n", line, text);
}

/* What is said about a text; "" when it is fine. */
static void expect_said(const char *text, const char *part)
{
	struct buffer said = { 0 };
	struct mapping mapping;
	int rc = mapping_read(&mapping, text, on_mistake, &said);

	if (rc != E_INVALID)
		fail_msg("no mistake was found in:\n%s", text);
	assert_holds(buffer_string(&said), part);
	assert_null(mapping.arena.last);
	buffer_free(&said);
}

static char *rewritten(const char *text)
{
	struct buffer said = { 0 }, out = { 0 };
	struct mapping mapping;

	if (mapping_read(&mapping, text, on_mistake, &said))
		fail_msg("%s", buffer_string(&said));
	mapping_write(&mapping, &out);
	mapping_free(&mapping);
	buffer_char(&out, '\0');
	return out.data;
}

static void test_shipped_files_come_back_whole(void **state)
{
	static const char *const files[] = { "conf/mapping/oneroster.conf", "conf/mapping/form.conf", "conf/sample/mentors.mapping",
		"conf/sample/mentees.mapping", "tests/unit/data/form.mapping" };
	(void)state;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *text = source_text(files[i], NULL), *again = rewritten(text);

		assert_string_equal(text, again);
		free(text);
		free(again);
	}
}

/* Every statement and option once, and texts with all that must be escaped. */
static void test_everything_round_trips(void **state)
{
	static const char text[] =
		"# a comment\n\nmapping 1\nformat form  # behind a line\nfile \"a b.csv\"\nseparator tab\nrole mentor\n"
		"zone \"Asia/Kolkata\"\nlanguage \"en\"\ncapacity 0\ntwice last\n"
		"column \"a \\\"quoted\\\" \\\\ name\\nin two lines\\tand a tab # no comment\" -> email\n"
		"column \"b\" -> trait skill offered, split \";\", level 0\n"
		"column \"c\" -> trait \"field of study\" sought, split newline, named \"X -> Y, Z\"\n"
		"column \"d\" -> availability sunday\ncolumn \"e\" -> wish, split \",;\", rank 3\n"
		"column \"f\" -> full_name, family first\ncolumn \"g\" -> objection, split \"|\"\ncolumn \"h\" -> ignore\n"
		"word level \"Meh\" -> 0\nword trait \"year of study\" \"1st\" -> \"1\"\nword availability \"noonish\" -> \"12-13\"\n"
		"word role \"both\" -> \"\"\nmapping 1\nformat oneroster\n"
		"join mentor role teacher aide, grade \"9\" \"K G\", class \"A, b\", org \"X\", capacity 3\ntrait grade\norphans skip\n";
	static const char loose[] = "\xef\xbb\xbfmapping   1\r\n\tformat form\r\n file a.csv\r\ncolumn   x->email   ,\r\n";
	static const char untidy[] = "mapping 1\r\n\tformat   form\r\n file x.csv # c\r\ncolumn Mail->email\r\nword trait skill a->b\r\n";
	char *again = rewritten(text);
	(void)state;

	assert_string_equal(text, again);
	free(again);
	expect_said(loose, "4: ");
	again = rewritten(untidy);
	assert_string_equal(
		again, "mapping 1\nformat form\nfile \"x.csv\"  # c\ncolumn \"Mail\" -> email\nword trait skill \"a\" -> \"b\"\n");
	free(again);
}

#define HEAD "mapping 1\nformat form\n"

static void test_mistakes(void **state)
{
	(void)state;
	expect_said("", "the mapping is empty");
	expect_said("format form\n", "1: a mapping begins with the line: mapping 1");
	expect_said("mapping 2\n", "1: '2' is no version of mappings");
	expect_said("mapping 1\n", "has no line 'format'");
	expect_said("mapping 1\nformat forms\n", "2: 'forms' is no format; did you mean 'form'?");
	expect_said(HEAD "colum \"a\" -> email\n", "3: 'colum' is no statement; did you mean 'column'?");
	expect_said(HEAD "column \"a\" -> emial\n", "3: 'emial' is no field; did you mean 'email'?");
	expect_said(HEAD "column \"a\" email\n", "3: the arrow -> is missing");
	expect_said(HEAD "column \"a -> email\n", "3: a quoted text does not end on this line");
	expect_said(HEAD "column \"a\\x\" -> email\n", "3: after a backslash");
	expect_said(HEAD "column \"a\" ->\n", "3: a field is missing here");
	expect_said(HEAD "column \"a\" -> trait hobby\n", "3: 'hobby' is no kind of trait; known are: skill, interest");
	expect_said(HEAD "column \"a\" -> trait skill wanted\n", "3: 'wanted' is no side of a trait");
	expect_said(HEAD "column \"a\" -> trait skill, level 9\n", "3: '9' is no level; write a number from 0 to 4");
	expect_said(HEAD "column \"a\" -> email, split \";\"\n", "3: 'split' is no option of email; after a comma may stand: nothing");
	expect_said(HEAD "column \"a\" -> wish, split\n", "3: what stands between answers");
	expect_said(HEAD "column \"a\" -> availability someday\n", "3: 'someday' is no weekday");
	expect_said(HEAD "column \"a\" -> email phone\n", "3: more stands here than belongs");
	expect_said(HEAD "column \"a\" -> email\ncolumn \" A \" -> email\n", "4: the column \" A \" stands in line 3 too");
	expect_said(HEAD "role mentor\nrole mentee\n", "4: 'role' is said twice");
	expect_said(HEAD "join mentor role x\n", "3: 'join' has no place in a mapping of format form");
	expect_said(HEAD "word level \"x\" -> great\n", "3: 'great' is no level");
	expect_said(HEAD "file \"../x.csv\"\n", "3: '../x.csv' is a path");
	expect_said(HEAD "language \"Klingon\"\n", "3: 'Klingon' is not known as a language");
	expect_said(HEAD "capacity many\n", "3: 'many' is no capacity");
	expect_said(HEAD "zone \"\x1b[31m\"\n", "3: ");
	expect_said(HEAD "zone \"\xff\"\n", "3: ");
	expect_said("mapping 1\nformat oneroster\njoin mentor\n", "3: ");
	expect_said("mapping 1\nformat oneroster\njoin mentor capacity 2\n", "3: this would take everybody");
	expect_said("mapping 1\nformat oneroster\njoin mentor age 12\n", "3: 'age' is no condition");
	/* All mistakes are found in one reading. */
	expect_said(HEAD "colum \"a\" -> email\nrole boss\n", "4: 'boss' is no role");
}

/* A password is not even reachable by mapping it. */
static void test_passwords_cannot_be_mapped(void **state)
{
	(void)state;
	expect_said(HEAD "column \"Your Password\" -> motivation\n", "3: the column \"Your Password\" seems to hold passwords");
	expect_said(HEAD "column \"WLAN-Passwort\" -> trait free\n", "seems to hold passwords");
	free(rewritten(HEAD "column \"Your Password\" -> ignore\n"));
}

static void test_limits(void **state)
{
	struct buffer text = { 0 };
	(void)state;

	for (int i = 0; i < 4001; i++)
		buffer_char(&text, '\n');
	expect_said(buffer_string(&text), "longer than 256 KiB or 4000 lines");
	buffer_clear(&text);
	buffer_text(&text, "mapping 1 #");
	for (int i = 0; i < 300000; i++)
		buffer_char(&text, 'x');
	expect_said(buffer_string(&text), "longer than 256 KiB");
	buffer_free(&text);
}

static void test_sections(void **state)
{
	static const char two[] = HEAD "file \"a.csv\"\nrole mentor\n" HEAD "role mentee\n";
	struct mapping mapping;
	(void)state;

	assert_int_equal(mapping_read(&mapping, two, NULL, NULL), 0);
	assert_string_equal(mapping_for(&mapping, "a.csv")->role, "mentor");
	assert_string_equal(mapping_for(&mapping, "b.csv")->role, "mentee");
	mapping_free(&mapping);
	assert_int_equal(mapping_read(&mapping, HEAD "file \"a.csv\"\n" HEAD "file \"b.csv\"\n", NULL, NULL), 0);
	assert_null(mapping_for(&mapping, "c.csv"));
	mapping_free(&mapping);
	/* A file that was renamed still finds the only section there is. */
	assert_int_equal(mapping_read(&mapping, HEAD "file \"a.csv\"\n", NULL, NULL), 0);
	assert_non_null(mapping_for(&mapping, "c.csv"));
	mapping_free(&mapping);
}

/* ---- proposals ---- */

static char *proposed(const char *role, const char *text)
{
	const struct import_file file = { .name = "answers.csv", .fd = -1, .data = text, .size = strlen(text), .role = role };
	const struct import_request request = { .format = "form", .files = &file, .count = 1 };
	struct problem problem;
	char *mapping = NULL, *again;

	assert_int_equal(import_propose(&request, &mapping, &problem), 0);
	again = rewritten(mapping);
	assert_string_equal(mapping, again);
	free(again);
	return mapping;
}

static void test_proposals(void **state)
{
	struct import_file file = { .fd = -1, .data = "mail,name\n", .size = 10 };
	const struct import_request request = { .format = "form", .files = &file, .count = 1 };
	struct problem problem;
	char *text = proposed("mentee",
		"Timestamp,Email,Name,What do you need help with?,Langues,Quand ?,Shoe size,My password,Why?\n"
		"1,ann@example.org,Ann SECRETNAME,Maths;Essays,fr,Mon 9-11,42,hunter2,because\n");
	(void)state;

	assert_string_equal(text,
		"mapping 1\nformat form\nfile \"answers.csv\"\nseparator \",\"\nrole mentee\n"
		"# In which zone are their times? Write it here and take the '#' off.\n# zone \"Europe/Berlin\"\n"
		"column \"Timestamp\" -> ignore\ncolumn \"Email\" -> email\ncolumn \"Name\" -> full_name\n"
		"column \"What do you need help with?\" -> trait skill sought, split \";\"\n"
		"column \"Langues\" -> trait language offered\ncolumn \"Quand ?\" -> availability\n"
		"column \"Shoe size\" -> ignore  # not recognised; filled in 1 of the first 1 rows\n"
		"column \"My password\" -> ignore  # looks like a password; never read\ncolumn \"Why?\" -> motivation\n");
	free(text);
	text = proposed(NULL,
		"Vorname;Name;E-Mail-Adresse;Geburtsdatum;Sprachen;Skills [Python];Free times [Monday]\n"
		"Ann;X;a@example.org;2000-01-01;de,en;Yes;9-11\n");
	assert_holds(text, "separator \";\"");
	assert_holds(text, "# role mentor\n");
	assert_holds(text, "column \"Name\" -> family_name\n");
	assert_holds(text, "column \"Geburtsdatum\" -> birth_date\n");
	assert_holds(text, "column \"Sprachen\" -> trait language offered, split \",\"\n");
	assert_holds(text, "column \"Skills [Python]\" -> trait skill offered, named \"Python\"\n");
	assert_holds(text, "column \"Free times [Monday]\" -> availability monday\n");
	free(text);
	text = proposed("mentor",
		"Prénom,Nom de famille,Courriel,Disponibilités,Combien de mentorés ?,Centres d'intérêt\na,b,c@example.org,lun. "
		"9h30 à 12h,2,x\n");
	assert_holds(text, "\"Prénom\" -> given_name");
	assert_holds(text, "\"Nom de famille\" -> family_name");
	assert_holds(text, "\"Courriel\" -> email");
	assert_holds(text, "\"Disponibilités\" -> availability");
	assert_holds(text, "\"Combien de mentorés ?\" -> capacity");
	assert_holds(text, "\"Centres d'intérêt\" -> trait interest offered");
	free(text);
	file.name = "Mentees 2026.csv";
	assert_int_equal(import_propose(&request, &text, &problem), 0);
	assert_holds(text, "\nrole mentee\n");
	free(text);
}

/* What is proposed for the sample is what ships beside it, but for remarks and blank lines. */
static void test_sample_is_proposed(void **state)
{
	static const char *const names[] = { "mentors", "mentees" }, *const roles[] = { "mentor", "mentee" };
	(void)state;

	for (int i = 0; i < 2; i++) {
		char path[64], *shipped, *text, *line, *rest, *mapping = NULL;
		struct import_file file = { .fd = -1, .role = roles[i] };
		const struct import_request request = { .format = "form", .files = &file, .count = 1 };
		struct buffer bare = { 0 };
		struct problem problem;

		snprintf(path, sizeof path, "conf/sample/%s.mapping", names[i]);
		shipped = source_text(path, NULL);
		for (line = strtok_r(shipped, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			if (*line != '#')
				buffer_print(&bare, "%s\n", line);
		snprintf(path, sizeof path, "conf/sample/%s.csv", names[i]);
		file.data = text = source_text(path, &file.size);
		file.name = path;
		assert_int_equal(import_propose(&request, &mapping, &problem), 0);
		assert_string_equal(mapping, buffer_string(&bare));
		free(mapping);
		free(shipped);
		free(text);
		buffer_free(&bare);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_files_come_back_whole),
		cmocka_unit_test(test_everything_round_trips),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_passwords_cannot_be_mapped),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_proposals),
		cmocka_unit_test(test_sample_is_proposed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
