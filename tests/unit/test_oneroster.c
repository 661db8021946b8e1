/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OneRoster sets: who joins, who stays out, what a broken set is told, and that a password goes nowhere. ZIP files that
 * are made to hurt. Sets made by other programs are read from a folder beside the sources and passed over without it.
 */
#include "import_test.h"

#include <unistd.h>
#include <zip.h>

#include "worker/zipfile.h"

#define HEAD "mapping 1\nformat oneroster\n"
#define BY_CLASS \
	HEAD "zone \"Europe/Berlin\"\nlanguage \"en\"\njoin mentor role student, class \"Peer mentors\", capacity 2\n" \
	     "join mentee role student, grade \"7\"\ntrait grade\ntrait org\n"

static const char *const names[] = { "manifest", "orgs", "classes", "users", "roles", "demographics", "enrollments" };
enum {
	MANIFEST,
	ORGS,
	CLASSES,
	USERS,
	ROLES,
	DEMOGRAPHICS,
	ENROLLMENTS,
	FILES
};

struct set {
	struct import_file files[FILES];
	char paths[FILES][64];
	char *texts[FILES];
};

static void load(struct set *set)
{
	for (int i = 0; i < FILES; i++) {
		struct import_file *file = &set->files[i];

		snprintf(set->paths[i], sizeof set->paths[i], "tests/unit/data/oneroster12/%s.csv", names[i]);
		set->texts[i] = source_text(set->paths[i], &file->size);
		file->name = set->paths[i];
		file->fd = -1;
		file->data = set->texts[i];
	}
}

static void unload(struct set *set)
{
	for (int i = 0; i < FILES; i++)
		free(set->texts[i]);
}

static void run(struct told *told, const struct import_file *files, size_t count, const char *mapping)
{
	const struct import_request request = { .format = "oneroster", .mapping = mapping, .files = files, .count = count };

	told_import(told, &request);
}

static void test_by_class_and_grade(void **state)
{
	struct told told = { 0 };
	struct set set;
	(void)state;

	load(&set);
	run(&told, set.files, FILES, BY_CLASS);
	assert_int_equal(told.rc, 0);
	assert_string_equal(told_problems(&told), "");
	/* Of seven users: two mentees of grade 7, one mentor by class; out: disabled, deleted, parent, teacher. */
	assert_string_equal(told_rows(&told),
		"person users.csv:2 external_id=u1 given_name=Ada family_name=Thornhollow email=ada@example.edu language=en "
		"zone=Europe/Berlin"
		" birth_date=2009-04-17\n"
		"person users.csv:3 external_id=u2 given_name=Bo family_name=Lindqvistsson email=bo@example.edu language=en "
		"zone=Europe/Berlin"
		" birth_date=2013-09-30\n"
		"person users.csv:4 external_id=u3 given_name=Cyril family_name=Oakenbury email=cy@example.edu language=en "
		"zone=Europe/Berlin\n"
		"participant users.csv:2 person=u1 role=mentor capacity=2\n"
		"participant users.csv:3 person=u2 role=mentee\n"
		"participant users.csv:4 person=u3 role=mentee\n"
		"trait users.csv:2 participant=u1/mentor kind=year of study name=11 side=offered\n"
		"trait users.csv:2 participant=u1/mentor kind=site name=Elmgrove School side=offered\n"
		"trait users.csv:3 participant=u2/mentee kind=year of study name=7 side=offered\n"
		"trait users.csv:3 participant=u2/mentee kind=site name=Elmgrove School side=offered\n"
		"trait users.csv:4 participant=u3/mentee kind=year of study name=07 side=offered\n"
		"trait users.csv:4 participant=u3/mentee kind=site name=Riverside School side=offered\n");
	assert_holds(buffer_string(&told.files), "users.csv 7 3 4\n");
	assert_holds(buffer_string(&told.files), "demographics.csv 3 2 1\n");
	told_free(&told);
	unload(&set);
}

static void expect_joins(const char *mapping, const char *participants)
{
	struct told told = { 0 };
	struct buffer found = { 0 };
	struct set set;

	load(&set);
	run(&told, set.files, FILES, mapping);
	assert_string_equal(told_problems(&told), "");
	for (const char *at = told_rows(&told); (at = strstr(at, " person=")); at++)
		buffer_print(&found, "%.2s:%.6s ", at + 8, at + 16);
	assert_string_equal(buffer_string(&found), participants);
	buffer_free(&found);
	told_free(&told);
	unload(&set);
}

static void test_who_joins(void **state)
{
	char *shipped = source_text("conf/mapping/oneroster.conf", NULL);
	(void)state;

	expect_joins(shipped, "u1:mentee u2:mentee u3:mentee u7:mentor ");
	free(shipped);
	expect_joins(HEAD "join mentor role teacher\njoin mentee grade \"07\", org \"Riverside School\"\n", "u3:mentee u7:mentor ");
	expect_joins(HEAD "join mentee class \"7A\"\n", "u2:mentee ");
	expect_joins(HEAD "join mentor role TEACHER, class \"c1\"\n", "u7:mentor ");
	/* An inactive class, an inactive role and a parent take nobody. */
	expect_joins(HEAD "join mentee class \"Old class\"\njoin mentor role teacher, org \"o1\"\n", "");
	/* The first line that fits decides. */
	expect_joins(HEAD "join mentee grade \"11\"\njoin mentor role student teacher\n", "u1:mentee u2:mentor u3:mentor u7:mentor ");
}

/* Neither in a row nor in anything said, also when the row around it is broken. */
static void test_passwords_stay_out(void **state)
{
	struct told told = { 0 };
	struct set set;
	char *at;
	(void)state;

	load(&set);
	run(&told, set.files, FILES, BY_CLASS);
	assert_lacks(told_rows(&told), "PLANTED");
	told_free(&told);
	at = strstr(set.texts[USERS], "PLANTED-SECRET-2");
	memcpy(at, "\x1b\x1b", 2);
	at = strstr(set.texts[USERS], "Cyril");
	memcpy(at, "     ", 5);
	memcpy(strstr(set.texts[USERS], "Oakenbury"), "         ", 9);
	run(&told, set.files, FILES, BY_CLASS);
	assert_int_equal(told.rc, E_INVALID);
	assert_holds(told_problems(&told), "users.csv:3:16 password: holds the invisible control character U+001B");
	assert_holds(told_problems(&told), "users.csv:4:7 givenName: this user has no name");
	assert_lacks(told_problems(&told), "SECRET");
	assert_lacks(told.problem.text, "SECRET");
	assert_string_equal(told_rows(&told), "");
	told_free(&told);
	unload(&set);
}

/* Replaces a text in one file by another of the same length and expects a problem. */
static void expect_broken(int file, const char *old, const char *new, const char *mapping, const char *part)
{
	struct told told = { 0 };
	struct set set;
	char *at;

	load(&set);
	at = strstr(set.texts[file], old);
	assert_non_null(at);
	assert_int_equal(strlen(old), strlen(new));
	memcpy(at, new, strlen(new));
	run(&told, set.files, FILES, mapping);
	assert_holds(told_problems(&told), part);
	if (*part == 'p') {
		assert_int_equal(told.rc, E_INVALID);
		assert_string_equal(told_rows(&told), "");
	} else {
		assert_int_equal(told.rc, 0);
	}
	told_free(&told);
	unload(&set);
}

static void test_broken_sets(void **state)
{
	(void)state;
	expect_broken(MANIFEST, "1.2", "1.0", BY_CLASS, "problem manifest.csv:3:2 value: this version of OneRoster is not read");
	expect_broken(
		MANIFEST, "file.courses,absent", "file.courses,bulk  ", BY_CLASS, "problem manifest.csv:6:2 value: the manifest promises");
	expect_broken(MANIFEST, "file.users,bulk\nsource.", "file.users,delta\nsourc.", BY_CLASS,
		"problem manifest.csv:11:2 value: the file holds "
		"changes only (delta)");
	expect_broken(MANIFEST, "file.classes,bulk\nfile.", "file.classes,absent\nf..", BY_CLASS,
		"problem manifest.csv:5:2 value: the manifest says "
		"that this file is absent");
	expect_broken(ENROLLMENTS, ",u2,", ",u9,", BY_CLASS, "problem enrollments.csv:4:6 userSourcedId: 'u9' is not in users.csv");
	expect_broken(ENROLLMENTS, ",c2,", ",c9,", BY_CLASS, "problem enrollments.csv:4:4 classSourcedId: 'c9' is not in classes.csv");
	expect_broken(ENROLLMENTS, ",u2,", ",u9,", BY_CLASS "orphans skip\n",
		"notice enrollments.csv:4:6 userSourcedId: 'u9' is not in "
		"users.csv; the row is left out");
	expect_broken(ROLES, ",u3,", ",u9,", BY_CLASS, "problem roles.csv:4:4 userSourcedId");
	expect_broken(DEMOGRAPHICS, "u1,", "u9,", BY_CLASS, "problem demographics.csv:2:1 sourcedId");
	expect_broken(DEMOGRAPHICS, "2009-04-17", "2009-04-31", BY_CLASS, "problem demographics.csv:2:4 birthDate: this is no date");
	expect_broken(ORGS, ",o1\n", ",o7\n", BY_CLASS, "notice orgs.csv:3:7 parentSourcedId: 'o7' is not in orgs.csv");
	expect_broken(USERS, "u2,active", "u1,active", BY_CLASS, "problem users.csv:3:1 sourcedId: the sourcedId 'u1' comes twice");
	expect_broken(USERS, "u2,active", "u2,actyve", BY_CLASS, "problem users.csv:3:2 status: 'actyve' is no status");
	expect_broken(USERS, "givenName", "givenXame", BY_CLASS, "problem users.csv:1:0 -: the column 'givenName' is missing");
	expect_broken(USERS, "bo@example.edu", "bo example.edu", BY_CLASS, "problem users.csv:3:11 email: 'bo example.edu' is no mail");
	expect_broken(CLASSES, "Peer mentors", "Peer mentorz", BY_CLASS, "problem mapping:5:0 -: no class of the set");
	expect_broken(USERS, "Fiona", "Fiona", HEAD, "problem mapping:1:0 -: the mapping says of nobody that they join");
}

static void test_missing_files(void **state)
{
	struct told told = { 0 };
	struct set set;
	(void)state;

	load(&set);
	run(&told, set.files, USERS, BY_CLASS);
	assert_holds(told_problems(&told), "problem users.csv:0:0 -: users.csv is not in the set");
	told_free(&told);
	/* Without a manifest and anything but the users, roles stand in the users' file or nobody has one. */
	run(&told, &set.files[USERS], 1, HEAD "join mentee grade \"7\"\n");
	assert_int_equal(told.rc, 0);
	assert_int_equal(told.result.participants, 2);
	told_free(&told);
	set.files[ORGS].name = "USERS.csv";
	run(&told, set.files, FILES, BY_CLASS);
	assert_holds(told_problems(&told), "this file comes twice");
	told_free(&told);
	unload(&set);
}

/* ---- ZIP ---- */

struct packing {
	const char *name, *data;
	size_t size;
};

/* Packs files into bytes; the caller frees. */
static char *pack(const struct packing *files, size_t count, size_t *ret_size)
{
	char path[] = "/tmp/test_oneroster.XXXXXX", *bytes;
	int fd = mkstemp(path);
	zip_t *zip;

	assert_true(fd >= 0);
	close(fd);
	zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	assert_non_null(zip);
	for (size_t i = 0; i < count; i++) {
		zip_source_t *source = zip_source_buffer(zip, files[i].data, files[i].size, 0);

		assert_true(zip_file_add(zip, files[i].name, source, ZIP_FL_ENC_UTF_8) >= 0);
	}
	assert_int_equal(zip_close(zip), 0);
	bytes = file_text(path, ret_size);
	unlink(path);
	return bytes;
}

static void expect_zip(const struct packing *files, size_t count, const char *part)
{
	struct import_file file = { .name = "set.zip", .fd = -1 };
	struct told told = { 0 };
	char *bytes = pack(files, count, &file.size);

	file.data = bytes;
	run(&told, &file, 1, HEAD "join mentee role student\n");
	assert_int_equal(told.rc, E_INVALID);
	assert_holds(told_problems(&told), part);
	assert_string_equal(told_rows(&told), "");
	told_free(&told);
	free(bytes);
}

static void test_zip(void **state)
{
	static const char users[] = "sourcedId,givenName,familyName,role\nu1,A,B,student\n";
	const struct packing files[] = { { "Folder/users.csv", users, sizeof users - 1 }, { "Folder/grades.xlsx", "x", 1 },
		{ "__MACOSX/Folder/._users.csv", "junk", 4 }, { "Folder/.DS_Store", "junk", 4 } };
	struct import_file file = { .name = "set.zip", .fd = -1 };
	struct told told = { 0 };
	char *bytes = pack(files, 4, &file.size);
	(void)state;

	file.data = bytes;
	run(&told, &file, 1, HEAD "join mentee role student\n");
	assert_int_equal(told.rc, 0);
	assert_string_equal(told_problems(&told), "notice grades.xlsx:0:0 -: this file of the ZIP is not read\n");
	assert_holds(told_rows(&told), "participant users.csv:2 person=u1 role=mentee\n");
	told_free(&told);
	/* Cut off anywhere, it is refused, not half read. */
	for (size_t size = 4; size < file.size; size += 37) {
		struct import_file cut = file;

		cut.size = size;
		run(&told, &cut, 1, HEAD "join mentee role student\n");
		assert_int_equal(told.rc, E_INVALID);
		told_free(&told);
	}
	free(bytes);
}

/* A folder of tables with their mappings needs nothing else. */
static void test_mappings_in_a_zip(void **state)
{
	static const char mentors[] = "mail,name\na@example.org,A B\n", mentees[] = "mail,name,want\nb@example.org,C D,A B\n";
	static const char first[] = "mapping 1\nformat form\nfile \"a.csv\"\nrole mentor\ncolumn \"mail\" -> email\n"
				    "column \"name\" -> full_name";
	static const char second[] = "mapping 1\nformat form\nfile \"b.csv\"\nrole mentee\ncolumn \"mail\" -> email\n"
				     "column \"name\" -> full_name\ncolumn \"want\" -> wish\n";
	const struct packing files[] = { { "a.csv", mentors, sizeof mentors - 1 }, { "a.mapping", first, sizeof first - 1 },
		{ "b.csv", mentees, sizeof mentees - 1 }, { "b.mapping", second, sizeof second - 1 }, { "README.md", "x", 1 } };
	struct import_file file = { .name = "folder.zip", .fd = -1 };
	struct import_request request = { .format = "form", .files = &file, .count = 1 };
	struct told told = { 0 };
	char *bytes = pack(files, 5, &file.size);
	(void)state;

	file.data = bytes;
	told_import(&told, &request);
	assert_int_equal(told.rc, 0);
	assert_string_equal(told_problems(&told), "notice README.md:0:0 -: this file of the ZIP is not read\n");
	assert_holds(told_rows(&told), "wish b.csv:2 participant=b@example.org/mentee other=a@example.org/mentor rank=1\n");
	told_free(&told);
	request.mapping = "mapping 1\nformat form\nrole boss\n"; /* the one that is passed counts */
	told_import(&told, &request);
	assert_holds(told_problems(&told), "'boss' is no role");
	told_free(&told);
	free(bytes);
}

/* One byte of the packed data changed: the sum does not fit. */
static void test_damaged_zip(void **state)
{
	static const char users[] = "sourcedId,givenName,familyName,role\nu1,A,B,student\n";
	const struct packing files[] = { { "users.csv", users, sizeof users - 1 } };
	struct import_file file = { .name = "set.zip", .fd = -1 };
	struct told told = { 0 };
	char *bytes = pack(files, 1, &file.size);
	(void)state;

	bytes[30 + 9 + 4] ^= 0x40;
	file.data = bytes;
	run(&told, &file, 1, HEAD "join mentee role student\n");
	assert_int_equal(told.rc, E_INVALID);
	assert_string_equal(told_rows(&told), "");
	told_free(&told);
	free(bytes);
}

static void test_hostile_zips(void **state)
{
	struct packing many[ZIPFILE_ENTRIES + 1];
	static char stored[ZIPFILE_ENTRIES + 1][32];
	char *big = calloc(1, (size_t)ZIPFILE_ENTRY + 1);
	(void)state;

	assert_non_null(big);
	expect_zip(
		(struct packing[]){ { "../users.csv", "x", 1 } }, 1, "problem set.zip:0:0 -: the name '../users.csv' in the ZIP is a path");
	expect_zip((struct packing[]){ { "/etc/users.csv", "x", 1 } }, 1, "is a path");
	expect_zip((struct packing[]){ { "a\\users.csv", "x", 1 } }, 1, "is a path");
	expect_zip((struct packing[]){ { "a/b/users.csv", "x", 1 } }, 1, "several folders");
	expect_zip((struct packing[]){ { "a/users.csv", "x", 1 }, { "b/roles.csv", "x", 1 } }, 2, "several folders");
	expect_zip((struct packing[]){ { "users.csv", "x", 1 }, { "USERS.csv", "x", 1 } }, 2, "holds 'USERS.csv' twice");
	expect_zip((struct packing[]){ { "us\xe2\x80\xae"
					 "ers.csv",
			   "x", 1 } },
		1, "no plain text");
	expect_zip((struct packing[]){ { "users.csv", big, 8 << 20 } }, 1, "more than 200 times its packed size");
	expect_zip((struct packing[]){ { "users.csv", big, (size_t)ZIPFILE_ENTRY + 1 } }, 1, "unpacks to more than 64 MiB");
	for (int i = 0; i <= ZIPFILE_ENTRIES; i++) {
		snprintf(stored[i], sizeof stored[i], "f%d.csv", i);
		many[i] = (struct packing){ stored[i], "x", 1 };
	}
	expect_zip(many, ZIPFILE_ENTRIES + 1, "more than 200 files");
	free(big);
}

/* A ZIP whose list of contents states less than there is. */
static void test_zip_that_lies(void **state)
{
	static const char users[] = "sourcedId,givenName,familyName,role\nu1,A,B,student\nu2,A,B,student\nu3,A,B,student\n";
	const struct packing files[] = { { "users.csv", users, sizeof users - 1 } };
	struct import_file file = { .name = "set.zip", .fd = -1 };
	struct told told = { 0 };
	char *bytes = pack(files, 1, &file.size), *list = NULL;
	(void)state;

	for (size_t i = 0; i + 4 < file.size && !list; i++)
		if (!memcmp(bytes + i, "PK\1\2", 4))
			list = bytes + i;
	assert_non_null(list);
	list[24] = 36; /* the unpacked size, there and at the file itself */
	bytes[22] = 36;
	file.data = bytes;
	run(&told, &file, 1, HEAD "join mentee role student\n");
	assert_int_equal(told.rc, E_INVALID);
	assert_string_equal(told_rows(&told), "");
	told_free(&told);
	free(bytes);
}

/* ---- sets made elsewhere ---- */

static const char *elsewhere(char *path, size_t size, const char *name)
{
	const char *shared = getenv("MENTORSHIP_SHARED");
	char sources[3000];

	source_path(sources, sizeof sources, "../shared");
	snprintf(path, size, "%s/data/oneroster/%s", shared ? shared : sources, name);
	if (!access(path, R_OK))
		return path;
	print_message("%s is not here: passed over\n", path);
	return NULL;
}

#define SIMPLE HEAD "join mentor role teacher, capacity 3\njoin mentee role student\n"

static void run_zip(struct told *told, const char *path)
{
	struct import_file file = { .name = path, .fd = -1 };
	char *bytes = file_text(path, &file.size);

	file.data = bytes;
	run(told, &file, 1, SIMPLE);
	assert_lacks(told_rows(told), "Password1-");
	assert_lacks(told_problems(told), "Password1-");
	assert_lacks(told_rows(told), "Batman");
	free(bytes);
}

static void test_catalyst_sets(void **state)
{
	struct told told = { 0 };
	char path[4096];
	(void)state;

	if (!elsewhere(path, sizeof path, "catalyst/Test_full_data_set.zip"))
		skip();
	run_zip(&told, path);
	assert_int_equal(told.rc, 0);
	assert_int_equal(told.result.participants, 5);
	assert_holds(told_rows(&told),
		"person users.csv:2 external_id=usr-222-123456 given_name=John family_name=Doe email=john.doe@myschool.com\n");
	assert_holds(told_rows(&told), "participant users.csv:2 person=usr-222-123456 role=mentor capacity=3\n");
	assert_lacks(told_rows(&told), "Thomas");
	assert_holds(told_problems(&told), "notice orgs.csv:2:7 parentSourcedId: 'org-sch-222-3456' is not in orgs.csv");
	told_free(&told);

	elsewhere(path, sizeof path, "catalyst/Test_minimal_data_set.zip");
	run_zip(&told, path);
	assert_int_equal(told.rc, 0);
	assert_int_equal(told.result.participants, 5);
	assert_holds(told_rows(&told), "person users.csv:3 external_id=usr-222-66778899 given_name=Mary family_name=Jones\n");
	told_free(&told);

	elsewhere(path, sizeof path, "catalyst/oneroster_test_data.zip");
	run_zip(&told, path);
	assert_int_equal(told.rc, E_INVALID);
	assert_holds(told_problems(&told), "export the set in bulk mode");
	assert_string_equal(told_rows(&told), "");
	told_free(&told);
}

static void test_oat_set(void **state)
{
	static const char *const files[] = { "academicSessions", "classes", "courses", "demographics", "enrollments", "manifest", "orgs",
		"users" };
	struct import_file set[8];
	char path[8][4096];
	struct told told = { 0 };
	(void)state;

	for (size_t i = 0; i < 8; i++) {
		char name[64];

		snprintf(name, sizeof name, "oat-v1p1/%s.csv", files[i]);
		if (!elsewhere(path[i], sizeof path[i], name))
			skip();
		set[i] = (struct import_file){ .name = path[i], .fd = -1 };
		set[i].data = file_text(path[i], &set[i].size);
	}
	run(&told, set, 8, SIMPLE);
	assert_int_equal(told.rc, 0);
	assert_int_equal(told.result.participants, 2);
	assert_holds(told_problems(&told), "notice classes.csv:2:11 termSourcedIds: '1' is not in academicSessions.csv");
	told_free(&told);
	for (size_t i = 0; i < 8; i++)
		free((char *)set[i].data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_class_and_grade),
		cmocka_unit_test(test_who_joins),
		cmocka_unit_test(test_passwords_stay_out),
		cmocka_unit_test(test_broken_sets),
		cmocka_unit_test(test_missing_files),
		cmocka_unit_test(test_zip),
		cmocka_unit_test(test_mappings_in_a_zip),
		cmocka_unit_test(test_damaged_zip),
		cmocka_unit_test(test_hostile_zips),
		cmocka_unit_test(test_zip_that_lies),
		cmocka_unit_test(test_catalyst_sets),
		cmocka_unit_test(test_oat_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
