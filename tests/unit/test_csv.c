/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader of CSV: every way in which a table may be written, every way in which it may be broken, with the place that
 * is named; and descriptors that are no plain files.
 */
#include "import_test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/csv.h"

/* Reads all of it into 'a|b/c|d/': cells, rows; a bad row as '!row,column'. */
static void read_all(const char *data, size_t size, char separator, struct buffer *out, struct csv_problem *problem)
{
	struct csv csv;
	int rc = csv_open(&csv, data, size, separator);

	if (!rc)
		rc = csv_header(&csv);
	for (int i = 0; !rc && i < csv.columns; i++)
		buffer_print(out, "%s%s", i ? "|" : "", csv.headers[i]);
	if (!rc)
		buffer_char(out, '/');
	while (!rc) {
		int got = csv_next(&csv);

		if (got <= 0) {
			rc = got;
			break;
		}
		for (int i = 0; got == CSV_ROW && i < csv.count; i++)
			buffer_print(out, "%s%s", i ? "|" : "", csv.cells[i]);
		if (got == CSV_BAD)
			buffer_print(out, "!%d,%d", (int)csv.problem.row, csv.problem.column);
		buffer_char(out, '/');
	}
	if (rc < 0)
		buffer_print(out, "STOP %d,%d", (int)csv.problem.row, csv.problem.column);
	if (problem)
		*problem = csv.problem;
	csv_close(&csv);
}

static void expect(const char *data, const char *wanted)
{
	struct buffer out = { 0 };
	char *copy = malloc(strlen(data)); /* no NUL behind it: reading past the end is seen */

	memcpy(copy, data, strlen(data));
	read_all(copy, strlen(data), 0, &out, NULL);
	assert_string_equal(buffer_string(&out), wanted);
	buffer_free(&out);
	free(copy);
}

static void expect_text(const char *data, size_t size, const char *place, const char *part)
{
	struct buffer out = { 0 };
	struct csv_problem problem;

	read_all(data, size, 0, &out, &problem);
	assert_holds(buffer_string(&out), place);
	assert_holds(problem.text, part);
	buffer_free(&out);
}

/* Literal bytes and how many; NUL among them counts. */
#define TEXT(bytes) (bytes), sizeof(bytes) - 1

static void test_shapes(void **state)
{
	(void)state;
	expect("a,b\n1,2\n3,4\n", "a|b/1|2/3|4/");
	expect("a,b\r\n1,2\r\n3,4", "a|b/1|2/3|4/");
	expect("a,b\r1,2\r3,4\r", "a|b/1|2/3|4/");
	expect("\xef\xbb\xbf"
	       "a,b\n1,2\n",
		"a|b/1|2/");
	expect("\xef\xbb\xbf\"a\",\"b\"\n\"1\",\"\"\n", "a|b/1|/");
	expect("a\n\n\n1\n\n", "a/1/");
	expect("a,b\n\"x, \"\"y\"\"\",\"line\r\nline\rline\nend\"\n", "a|b/x, \"y\"|line\nline\nline\nend/");
	expect(" a , \xc2\xa0"
	       "b\t\n 1 ,2\n",
		"a|b/ 1 |2/");
	expect("a,,c\n1,2,3\n", "a||c/1|2|3/");
	expect("a,b", "a|b/");
	expect("a,b\n,\n", "a|b/|/");
}

static void test_separators(void **state)
{
	(void)state;
	expect("a;b\n1,5;2\n", "a|b/1,5|2/");
	expect("a\tb\n1,5\t2;3\n", "a|b/1,5|2;3/");
	expect("Which, of these, are you?;b\n1;2\n3;4\n", "Which, of these, are you?|b/1|2/3|4/");
	expect("\"a;b;c;d\",x\n\"1;2\",y\n", "a;b;c;d|x/1;2|y/");
	expect("sep=;\r\na;b\r\n1;2\r\n", "a|b/1|2/");
	expect("just one\nx\n", "just one/x/");
}

static void test_rows_are_a_spreadsheets(void **state)
{
	(void)state;
	/* A quoted line feed starts no row, a blank line is one. */
	expect("a,b\n\"x\ny\",1\n\nz\n", "a|b/x\ny|1/!4,1/");
	expect("sep=,\na,b\nz\n", "a|b/!3,1/");
}

static void test_bad_rows(void **state)
{
	(void)state;
	expect("a,b\n1\n2,3\n", "a|b/!2,1/2|3/");
	expect("a,b\n1,2,3\n4,5\n", "a|b/!2,3/4|5/");
	expect_text(TEXT("a,b,c\n1,2,3\n4,5"), "!3,2", "cut off");
	expect_text(TEXT("a,b\n1,2,3\n"), "!2,3", "must stand in quotes");
}

static void test_quotes(void **state)
{
	(void)state;
	expect("a,b\n1,x\"y\n2,3\n", "a|b/STOP 2,2");
	expect("a,b\n\"x\"y,1\n", "a|b/STOP 2,1");
	expect_text(TEXT("a,b\n1,2\n3,\"never closed\n4,5\n"), "STOP 3,2", "cut off");
	expect_text(TEXT("a\"b,c\n"), "STOP 1,1", "quote");
}

static void test_text(void **state)
{
	static const char nul[] = "a,b\n1,x\0y\n";
	(void)state;

	expect_text(TEXT("a,b\nok,M\xfcller\n"), "!2,2", "byte 9 (0xFC) is not UTF-8; was the file saved as Latin-1");
	expect_text(TEXT("a,b\nok,\xed\xa0\x80\n"), "!2,2", "not UTF-8");
	expect_text(nul, sizeof nul - 1, "!2,2", "NUL");
	expect_text(TEXT("a,b\n\x1b[31m,1\n"), "!2,1", "U+001B");
	expect_text(TEXT("a,b\n1,\xe2\x80\xae"
			 "evil\n"),
		"!2,2", "U+202E");
	expect_text(TEXT("a,b\n1,\xe2\x80\x8f\n"), "!2,2", "U+200F");
	expect_text(TEXT("a,b\n1,\xc2\x85\n"), "!2,2", "U+0085");
	expect_text(TEXT("a,b\n1,2\n\xef\xbb\xbf"
			 "a,b\n"),
		"!3,1", "byte-order mark");
	expect_text(TEXT("a,\xe2\x81\xa6x\n1,2\n"), "STOP 1,2", "U+2066");
	expect_text(TEXT("\xff\xfe"
			 "a\0,\0"),
		"STOP 0,0", "UTF-16");
	expect("a,b\n\xe0\xae\xa4,\xf0\x9f\x98\x80 \xd8\xb9\n", "a|b/\xe0\xae\xa4|\xf0\x9f\x98\x80 \xd8\xb9/");
	/* A bad row spoils no other. */
	expect("a\n\xff\nfine\n", "a/!2,1/fine/");
}

static void test_headers(void **state)
{
	struct csv csv;
	(void)state;

	expect_text(TEXT("Name,b,NAME\n"), "STOP 1,3", "comes twice (also as column 1)");
	expect_text(TEXT("First  name,b,first\xc2\xa0name \n"), "STOP 1,3", "comes twice (also as column 1)");
	expect_text(TEXT(""), "STOP 0,0", "empty");
	expect_text(TEXT("\xef\xbb\xbf"), "STOP 0,0", "empty");
	expect_text(TEXT("\n\n\n"), "STOP", "blank lines");
	expect_text(TEXT(",,\n1,2,3\n"), "STOP 1,0", "names no column");
	assert_int_equal(csv_open(&csv, "\xc3\x89t\xc3\xa9,b\n", 9, 0), 0);
	assert_int_equal(csv_header(&csv), 0);
	assert_int_equal(csv_find(&csv, "\xc3\xa9T\xc3\x89"), 0);
	assert_int_equal(csv_find(&csv, "B"), 1);
	assert_int_equal(csv_find(&csv, "c"), -1);
	csv_close(&csv);
}

static void fill(struct buffer *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_text(out, text);
}

static void expect_limit(struct buffer *data, const char *place, const char *part)
{
	expect_text(buffer_string(data), data->length, place, part);
	buffer_free(data);
}

static void test_limits(void **state)
{
	struct buffer data = { 0 };
	struct csv csv;
	(void)state;

	fill(&data, "a,", CSV_COLUMNS);
	expect_limit(&data, "STOP 1,0", "more than 512 cells");
	fill(&data, "a,b\n1,", 1);
	fill(&data, "x", CSV_CELL + 1);
	expect_limit(&data, "STOP 2,2", "longer than 64 KiB");
	fill(&data, "a,b\n1,\"", 1);
	fill(&data, "x\n", CSV_CELL);
	expect_limit(&data, "STOP 2,2", "not closed within 64 KiB");
	fill(&data, "a,b\n1,", 1);
	fill(&data, "x", CSV_CELL);
	expect_text(buffer_string(&data), data.length, "a|b/1|xxx", "");
	buffer_free(&data);
	fill(&data, "a\n", 1);
	fill(&data, "x\n", CSV_ROWS);
	expect_text(buffer_string(&data), data.length, "x/x/", "");
	fill(&data, "x\n", 1);
	expect_limit(&data, "STOP 1000002,0", "more than 1000000 rows");
	assert_int_equal(csv_open(&csv, "a\n", (size_t)CSV_BYTES + 1, 0), E_LIMIT);
	assert_holds(csv.problem.text, "64 MiB");
	csv_close(&csv);
}

/* ---- descriptors ---- */

static void expect_refused(int fd, const char *part)
{
	const struct import_file file = { .name = "people.csv", .fd = fd };
	const struct import_request request = { .format = "csv", .entity = "person", .files = &file, .count = 1 };
	struct told told = { 0 };

	assert_true(fd >= 0);
	told_import(&told, &request);
	assert_int_equal(told.rc, E_INVALID);
	assert_holds(told_problems(&told), "problem people.csv:0:0 -: ");
	assert_holds(told_problems(&told), part);
	assert_string_equal(told_rows(&told), "");
	assert_holds(told.problem.text, part);
	told_free(&told);
}

static int memory_file(const char *text)
{
	int fd = memfd_create("people", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void test_descriptors(void **state)
{
	int pair[2], fd;
	(void)state;

	assert_int_equal(pipe(pair), 0);
	expect_refused(pair[0], "this is a pipe");
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	expect_refused(pair[0], "this is a socket");
	close(pair[0]);
	close(pair[1]);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	expect_refused(fd, "this is a directory");
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	expect_refused(fd, "no regular file");
	close(fd);
	fd = memory_file("");
	expect_refused(fd, "empty");
	assert_int_equal(ftruncate(fd, (off_t)CSV_BYTES + 1), 0);
	expect_refused(fd, "larger than 64 MiB");
	close(fd);
}

/* The kernel's own files state a size that is not what one can read: /proc says 0 and gives more, as a file that grows
 * does; /sys says a page and gives less, as one that shrinks does. */
static void test_a_file_that_changes(void **state)
{
	int fd = open("/proc/self/status", O_RDONLY);
	(void)state;

	expect_refused(fd, "changed while it was read");
	close(fd);
	fd = open("/sys/kernel/uevent_seqnum", O_RDONLY);
	if (fd < 0)
		print_message("no /sys here: a file that shrinks is not tested\n");
	else
		expect_refused(fd, "changed while it was read");
	if (fd >= 0)
		close(fd);
}

static void test_plain_csv(void **state)
{
	static const char half[] = "external_id,email\np1,a\np2\n", secret[] = "external_id,Password,Given Name\n1,2,3\n";
	int fd = memory_file("external_id,given_name,email\np1,Ada,\n,,\np2,\"=1+1\",x@example.org\n");
	struct import_file file = { .name = "/some/where/people.csv", .fd = fd };
	struct import_request request = { .format = "csv", .entity = "person", .files = &file, .count = 1 };
	struct told told = { 0 };
	(void)state;

	told_import(&told, &request);
	assert_int_equal(told.rc, 0);
	assert_string_equal(told_rows(&told),
		"person people.csv:2 external_id=p1 given_name=Ada\n"
		"person people.csv:4 external_id=p2 given_name==1+1 email=x@example.org\n");
	assert_int_equal(told.result.rows, 2);
	told_free(&told);
	close(fd);

	/* All or nothing: a fault in the last row keeps the first one back. */
	file = (struct import_file){ .name = "people.csv", .fd = -1, .data = half, .size = strlen(half) };
	told_import(&told, &request);
	assert_int_equal(told.rc, E_INVALID);
	assert_string_equal(told_rows(&told), "");
	assert_holds(told_problems(&told), "problem people.csv:3:1 external_id: the row has 1 cells");
	told_free(&told);

	file = (struct import_file){ .name = "people.csv", .fd = -1, .data = secret, .size = strlen(secret) };
	told_import(&told, &request);
	assert_holds(told_problems(&told), "people.csv:1:2 Password: the column seems to hold passwords");
	assert_holds(told_problems(&told), "people.csv:1:3 Given Name: 'Given Name' is no name of a field");
	assert_string_equal(told_rows(&told), "");
	told_free(&told);

	request.format = "xlsx";
	told_import(&told, &request);
	assert_holds(told.problem.text, "form, oneroster, csv or xlsform");
	told_free(&told);
}

static void test_problems_are_counted(void **state)
{
	struct buffer data = { 0 };
	struct import_file file = { .name = "people.csv", .fd = -1 };
	struct import_request request = { .format = "csv", .entity = "person", .files = &file, .count = 1 };
	struct told told = { 0 };
	size_t lines = 0;
	(void)state;

	fill(&data, "external_id,email\n", 1);
	fill(&data, "short\n", 250);
	file.data = buffer_string(&data);
	file.size = data.length;
	told_import(&told, &request);
	for (const char *at = told_problems(&told); (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, IMPORT_PROBLEMS);
	assert_int_equal(told.result.problems, 250);
	assert_holds(told.problem.text, "250 problems, nothing is taken; the first: people.csv, row 2, column 1 (external_id)");
	told_free(&told);
	buffer_free(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_rows_are_a_spreadsheets),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_a_file_that_changes),
		cmocka_unit_test(test_plain_csv),
		cmocka_unit_test(test_problems_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
