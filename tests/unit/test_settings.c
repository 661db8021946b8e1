/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings from real files in a directory of their own: which file wins, what is refused and how that is said, that bad
 * input neither stops nor ends the process, and that the shipped example and the manual page are what the table prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/settings.h"
#include "core/settings_file.h"

static char root[64];

static void clean(void)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf '%s' && mkdir -m 700 '%s'", root, root);
	assert_int_equal(system(command), 0);
}

static int set_up_all(void **state)
{
	(void)state;
	umask(022);
	unsetenv("STATE_DIRECTORY");
	strcpy(root, "/tmp/settings-test-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down_all(void **state)
{
	clean();
	(void)state;
	return rmdir(root);
}

/* A test that hangs is a failure, not a wait. */
static int set_up(void **state)
{
	(void)state;
	clean();
	alarm(60);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	alarm(0);
	return 0;
}

static const char *place(const char *name)
{
	static char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		if (stat(path, &st) < 0)
			assert_int_equal(mkdir(path, 0755), 0);
	}
	return path;
}

static void write_bytes(const char *name, const void *bytes, size_t length)
{
	FILE *file = fopen(place(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static int load_root(struct settings **ret, struct settings_report *report)
{
	struct settings_paths paths = { .root = root };

	return settings_load(&paths, ret, report);
}

static int load_file(const char *name, struct settings **ret, struct settings_report *report)
{
	struct settings_paths paths = { .path = place(name) };

	return settings_load(&paths, ret, report);
}

/* Loads the root, which must be valid and silent, and gives one number of it. */
static int64_t loaded_queue(void)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;
	int64_t queue;

	assert_int_equal(load_root(&settings, &report), 0);
	assert_string_equal(buffer_string(&report.text), "");
	queue = settings->limits.queue;
	settings_free(settings);
	settings_report_free(&report);
	return queue;
}

/* ---- which file wins ---- */
#define VENDOR "/usr/lib/mentorship/mentorship.conf"
#define VOLATILE "/run/mentorship/mentorship.conf"
#define LOCAL "/etc/mentorship/mentorship.conf"

static void test_defaults(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	assert_int_equal(load_root(&settings, &report), 0);
	assert_string_equal(settings->store.directory, "/var/lib/mentorship");
	assert_int_equal(settings->people.minors, 1);
	assert_int_equal(settings->limits.calls_in_flight, 64);
	assert_int_equal(settings->schedule.check_in_weekday, 2);
	assert_int_equal(settings->schedule.batch_hold, 50);
	settings_free(settings);
}

static void test_precedence_matrix(void **state)
{
	static const char *const from_weak_to_strong[] = {
		VENDOR,
		LOCAL,
		LOCAL ".d/10-a.conf",
		VENDOR ".d/20-b.conf",
		VOLATILE ".d/30-c.conf",
		VENDOR ".d/40-d.conf",
		VOLATILE ".d/40-d.conf",
		LOCAL ".d/40-d.conf",
	};
	enum {
		FILES = sizeof from_weak_to_strong / sizeof *from_weak_to_strong
	};

	(void)state;
	for (unsigned present = 0; present < 1u << FILES; present++) {
		int64_t expected = 4096;

		for (int i = 0; i < FILES; i++) {
			char text[64];

			unlink(place(from_weak_to_strong[i]));
			if (!(present & 1u << i))
				continue;
			snprintf(text, sizeof text, "limits: { queue = %d; };\n", 101 + i);
			write_text(from_weak_to_strong[i], text);
			expected = 101 + i;
		}
		if (loaded_queue() != expected)
			fail_msg("with files %#x the wrong one won", present);
	}
}

static void test_files_merge_key_by_key(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	write_text(VENDOR, "limits: { queue = 200; tasks = 9; };\ninstitution: { name = \"Old\"; };\n");
	write_text(LOCAL, "institution: { name = \"H\xC3\xBCgelschule\"; };\n");
	write_text(LOCAL ".d/10-a.conf", "// nothing\nlimits: { queue = 0x12C; }\n");
	write_text(LOCAL ".d/README", "not a setting");
	write_text(LOCAL ".d/.20-hidden.conf", "not a setting");
	assert_int_equal(load_root(&settings, &report), 0);
	assert_string_equal(buffer_string(&report.text), "");
	assert_int_equal(settings->limits.queue, 300);
	assert_int_equal(settings->limits.tasks, 9);
	assert_string_equal(settings->institution.name, "H\xC3\xBCgelschule");
	settings_free(settings);
}

static void test_masks(void **state)
{
	(void)state;
	write_text(VENDOR ".d/40-d.conf", "limits: { queue = 111; };\n");
	write_text(VOLATILE ".d/40-d.conf", "limits: { queue = 112; };\n");
	assert_int_equal(loaded_queue(), 112);
	assert_int_equal(symlink("/dev/null", place(LOCAL ".d/40-d.conf")), 0);
	assert_int_equal(loaded_queue(), 4096);
	unlink(place(VOLATILE ".d/40-d.conf"));
	unlink(place(LOCAL ".d/40-d.conf"));
	assert_int_equal(symlink("/dev/null", place(VOLATILE ".d/40-d.conf")), 0);
	write_text(LOCAL ".d/40-d.conf", "limits: { queue = 113; };\n");
	assert_int_equal(loaded_queue(), 113);
	write_text(VENDOR, "limits: { queue = 114; };\n");
	unlink(place(LOCAL ".d/40-d.conf"));
	assert_int_equal(loaded_queue(), 114);
	assert_int_equal(symlink("/dev/null", place(LOCAL)), 0);
	assert_int_equal(loaded_queue(), 4096);
}

static void test_path_alone(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	write_text("/d/mentorship.conf", "limits: { queue = 500; };\n");
	write_text("/d/mentorship.conf.d/10-x.conf", "limits: { queue = 501; tasks = 7; };\n");
	assert_int_equal(load_file("/d", &settings, &report), 0);
	assert_int_equal(settings->limits.queue, 501);
	settings_free(settings);
	assert_int_equal(load_file("/d/mentorship.conf", &settings, &report), 0);
	assert_int_equal(settings->limits.queue, 500);
	settings_free(settings);
	settings = NULL;
	assert_int_equal(load_file("/absent.conf", &settings, &report), E_INVALID);
	assert_non_null(strstr(buffer_string(&report.text), "absent.conf: error: cannot be opened"));
	assert_null(settings);
	settings_report_free(&report);
}

static void test_environment(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	setenv("STATE_DIRECTORY", "/srv/one:/srv/two", 1);
	assert_int_equal(load_root(&settings, &report), 0);
	assert_string_equal(settings->store.directory, "/srv/one");
	settings_free(settings);
	write_text(LOCAL, "store: { directory = \"/srv/three\"; };\n");
	assert_int_equal(load_root(&settings, &report), 0);
	assert_string_equal(settings->store.directory, "/srv/three");
	settings_free(settings);
	setenv("STATE_DIRECTORY", "relative", 1);
	assert_int_equal(load_root(&settings, &report), E_INVALID);
	assert_non_null(strstr(report.first.text, "$STATE_DIRECTORY"));
	settings_report_free(&report);
	unsetenv("STATE_DIRECTORY");
}

/* ---- what is refused ---- */
/* Loading the file `name` must fail, say all of `says` and leave the result alone. */
static void refuses(const char *name, const char *says)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	if (load_file(name, &settings, &report) != E_INVALID)
		fail_msg("was taken, though it should say '%s'", says);
	if (!strstr(buffer_string(&report.text), says))
		fail_msg("'%s' does not say '%s'", buffer_string(&report.text), says);
	assert_null(settings);
	assert_true(report.errors > 0);
	assert_int_equal(report.first.code, E_INVALID);
	settings_report_free(&report);
}

static void test_what_is_no_file(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(mkfifo(place("/a"), 0600), 0);
	refuses("/a", "/a: error: is not a regular file");
	assert_int_equal(mkdir(place("/etc/mentorship/mentorship.conf"), 0755), 0);
	refuses("/etc/mentorship", "mentorship.conf: error: is not a regular file");
	strcpy(address.sun_path, place("/b"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	refuses("/b", "/b: error: cannot be opened");
	close(fd);
	refuses("/../../dev/zero", "is not a regular file");
	write_text("/c", "limits: { queue = 500; };\n");
	assert_int_equal(symlink("c", place("/d")), 0);
	refuses("/d", "/d: error: is a symbolic link");
	assert_int_equal(mkfifo(place("/x/mentorship.conf.d/10-a.conf"), 0600), 0);
	refuses("/x", "10-a.conf: error: is not a regular file");
}

static void test_what_others_could_write(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	write_text("/a", "limits: { queue = 500; };\n");
	assert_int_equal(chmod(place("/a"), 0646), 0);
	refuses("/a", "/a: error: can be written by others");
	assert_int_equal(chmod(place("/a"), 0664), 0);
	assert_int_equal(load_file("/a", &settings, &report), 0);
	settings_free(settings);
	write_text("/x/mentorship.conf.d/10-a.conf", "limits: { queue = 500; };\n");
	assert_int_equal(chmod(place("/x/mentorship.conf.d"), 0777), 0);
	refuses("/x", "mentorship.conf.d: error: can be written by others");
	if (geteuid())
		return;
	assert_int_equal(chown(place("/a"), 0, 12345), 0);
	refuses("/a", "/a: error: can be written by others");
	assert_int_equal(chmod(place("/a"), 0644), 0);
	assert_int_equal(chown(place("/a"), 12345, 0), 0);
	refuses("/a", "/a: error: belongs to uid 12345");
}

static void test_large_files(void **state)
{
	enum {
		MIB = 1 << 20
	};
	char *bytes = malloc(2 * MIB);
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, '\n', 2 * MIB);
	write_bytes("/a", bytes, 2 * MIB);
	refuses("/a", "/a: error: is larger than 1 MiB");
	write_bytes("/a", bytes, MIB + 1);
	refuses("/a", "larger than 1 MiB");
	write_bytes("/a", bytes, MIB);
	assert_int_equal(load_file("/a", &settings, &report), 0);
	settings_free(settings);
	memcpy(bytes, "institution: { name = \"", 23);
	memset(bytes + 23, 'x', MIB - 23);
	write_bytes("/a", bytes, MIB);
	refuses("/a", "/a:1: error: a text begins here that does not end");
	memset(bytes, ';', MIB);
	write_bytes("/a", bytes, MIB);
	refuses("/a", "more than 4096 words");
	free(bytes);
}

static void test_bytes(void **state)
{
	(void)state;
	write_bytes("/a", "limits: {\n queue = 5\0; };\n", 26);
	refuses("/a", "/a:2: error: holds a NUL byte");
	write_text("/a", "\n\n# caf\xE9\n");
	refuses("/a", "/a:3: error: holds a byte that is not UTF-8");
	write_text("/a", "\xEF\xBB\xBFlimits: { };");
	refuses("/a", "/a:1: error: begins with a byte-order mark");
	write_text("/a", "# \xE2\x80\xAE hidden\n");
	refuses("/a", "invisible character U+202E");
	write_text("/a", "# \x1b[2J\n");
	refuses("/a", "invisible character U+001B");
}

/* Texts by what is said about them; each begins at line 1. */
static void test_texts(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "\n@include \"/etc\"\n", "/a:2: error: @include is not taken" },
		{ "limits: {\n  \t@include \"x\"\n};", "/a:2: error: @include is not taken" },
		{ "/*\n@include \"x\"\n*/", "/a:2: error: @include is not taken" },
		{ "\r@include \"x\"\n", "@include" },
		{ "limits: { @include \"x\" };", "/a:1: error: @ has no meaning" },
		{ "limits: {\n queue = 4294967296;\n};", "/a:2: error: the number 4294967296 does not fit 32 bits" },
		{ "limits: { queue = 2147483648; };", "does not fit" },
		{ "limits: { queue = -2147483649; };", "does not fit" },
		{ "limits: { queue = 0x100000000; };", "does not fit" },
		{ "limits: { queue = 0xFFFFFFFF; };", "does not fit" },
		{ "limits: { queue = 4294967296L; };", "/a:1: error: limits.queue: cannot be 4294967296; 16 to 65536 are allowed" },
		{ "limits: { queue = 99999999999999999999L; };", "too large" },
		{ "limits: { queue = 0xFFFFFFFFFFFFFFFFFL; };", "too large" },
		{ "limits: { queue = 12abc; };", "'12abc' is no number" },
		{ "limits: { queue = 1L2; };", "is no number" },
		{ "limits: { queue = 5.0; };", "/a:1: error: limits.queue: must be a whole number" },
		{ "limits: { queue = \"500\"; };", "limits.queue: must be a whole number, without quotation marks" },
		{ "limits: { queue = true; };", "must be a whole number" },
		{ "limits: { queue = ( 1 ); };", "must be a whole number" },
		{ "limits: { queue = { a = 1; }; };", "must be a whole number" },
		{ "limits: { queue = 15; };", "cannot be 15" },
		{ "limits: { queue = -1; };", "cannot be -1" },
		{ "people: { minors = 1; };", "people.minors: must be true or false" },
		{ "people: { minors = \"no\"; };", "people.minors: must be true or false" },
		{ "institution: { name = 5; };", "institution.name: must be a text in quotation marks" },
		{ "institution: { zone = \"Europe/Berlim\"; };", "'Europe/Berlim' is no time zone" },
		{ "institution: { zone = \"../../../etc/passwd\"; };", "is no time zone" },
		{ "institution: { zone = \"/etc/localtime\"; };", "is no time zone" },
		{ "institution: { language = \"de-AT\"; };", "'de-AT' is no language" },
		{ "institution: { language = \"de_at\"; };", "'de_at' is no language" },
		{ "institution: { language = \"german\"; };", "'german' is no language" },
		{ "institution: { name = \"a\\nb\"; };", "control character (U+000A)" },
		{ "institution: { name = \"a\\x1b\"; };", "control character (U+001B)" },
		{ "institution: { name = \"a\\xff\"; };", "position 2 is not UTF-8" },
		{ "institution: {\n name = \"root\\x00 of it\"; };", "/a:2: error: \\x00 would cut the text short" },
		{ "store: { directory = \"data\"; };", "must be a whole path" },
		{ "store: { directory = \"/var/../etc\"; };", "must be a whole path" },
		{ "store: { directory = \"/var/..\"; };", "must be a whole path" },
		{ "store: { backup_directory = \"../up\"; };", "must be a plain name" },
		{ "store: { backup_directory = \"\"; };", "has 0 characters; 1 to 60" },
		{ "log: { level = \"loud\"; };", "cannot be 'loud'; it is one of error, warning, notice, info, debug" },
		{ "identity: {\n uid_min = 70000;\n};", "/a:2: error: identity.uid_min (70000) must not be above identity.uid_max" },
		{ "schedule: { overdue_days = 3;\n escalation_days = 2; };", "/a:2: error: schedule.overdue_days (3) must not be above" },
		{ "a = 1;\n\n/* never closed\n b = 2;", "/a:3: error: a comment begins here and never ends" },
		{ "/*/\nlimits: { queue = 1; };", "never ends" },
		{ "institution: { name = \"open\n", "/a:1: error: a text begins here" },
		{ "institution: { name = \"open\\", "a text begins here" },
		{ "a: {b: {c: {d: {e: {f: {g: {h: {i: {}}}}}}}}};", "more than 8 deep" },
		{ "limits: { queue = 500;\n queue = 501; };", "/a:2: error: duplicate setting name" },
		{ "limits: {\n queue 500;\n};", "/a:2: error: syntax error" },
		{ "limits: { queue = 500;", "error: syntax error" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_text("/a", cases[i].text);
		refuses("/a", cases[i].says);
	}
}

static void test_every_error_is_told(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	write_text("/d/mentorship.conf", "limits: { queue = 1; tasks = 0; };\nlog: { level = \"x\"; };\n");
	write_text("/d/mentorship.conf.d/1.conf", "@include \"x\"\n");
	assert_int_equal(load_file("/d", &settings, &report), E_INVALID);
	assert_int_equal(report.errors, 4);
	settings_report_free(&report);
}

static void test_unknown_settings_are_warnings(void **state)
{
	struct settings_report report = { 0 };
	struct settings *settings = NULL;

	(void)state;
	write_text("/a", "limits: {\n queue = 500;\n\n quiue = 3;\n};\nloud = true;\nothers: {\n tasks = 2; };\n");
	assert_int_equal(load_file("/a", &settings, &report), 0);
	assert_int_equal(settings->limits.queue, 500);
	assert_int_equal(report.warnings, 3);
	assert_non_null(strstr(buffer_string(&report.text), "/a:4: warning: limits.quiue is no setting"));
	assert_non_null(strstr(buffer_string(&report.text), "/a:6: warning: loud is no setting"));
	assert_non_null(strstr(buffer_string(&report.text), "/a:8: warning: others.tasks is no setting"));
	settings_free(settings);
	settings_report_free(&report);
}

/* Each number of the table takes its limits and refuses what lies one beyond them. */
static void test_limits_of_each_number(void **state)
{
	(void)state;
	for (const struct setting *row = settings_table; row->name; row++) {
		const int64_t values[] = { row->min, row->max, row->min - 1, row->max + 1 };
		char group[40];

		if (row->kind != NUMBER)
			continue;
		snprintf(group, sizeof group, "%.*s", (int)strcspn(row->name, "."), row->name);
		for (int i = 0; i < 4; i++) {
			struct settings_report report = { 0 };
			struct settings *settings = NULL;
			char text[128];
			int r;

			snprintf(text, sizeof text, "%s: { %s = %lldL; };", group, strchr(row->name, '.') + 1, (long long)values[i]);
			write_text("/a", text);
			r = load_file("/a", &settings, &report);
			if ((strstr(buffer_string(&report.text), "are allowed") != NULL) != (i >= 2) || (i >= 2 && r != E_INVALID))
				fail_msg("%s: %s", text, buffer_string(&report.text));
			settings_free(settings);
			settings_report_free(&report);
		}
	}
}

/* ---- the child ---- */
static FILE *half_written;

static void misbehave(void *data, int index, struct config_answer *answer)
{
	const char *how = data;

	answer->line = index + 40;
	if (index < 1 || !strcmp(how, "return"))
		return;
	if (!strcmp(how, "loop"))
		for (volatile unsigned i = 0;; i++)
			continue;
	if (!strcmp(how, "sleep"))
		for (;;)
			pause();
	if (!strcmp(how, "exit"))
		exit(0);
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	if (!strcmp(how, "write")) {
		signal(SIGXFSZ, SIG_IGN);
		fflush(half_written);
		exit(0);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void try_one(const char *how, int milliseconds, int expected, int expected_index)
{
	struct config_answer answers[3];
	int index = -7, r = config_try(misbehave, (void *)(uintptr_t)how, 3, milliseconds, answers, &index);

	if (r != expected || index != expected_index)
		fail_msg("%s: returned %d at %d", how, r, index);
	for (int i = 0; i < index; i++)
		assert_int_equal(answers[i].line, i + 40);
}

static void test_child_that_misbehaves(void **state)
{
	double start = seconds();

	(void)state;
	try_one("return", 3000, 0, 3);
	try_one("exit", 3000, E_UNAVAILABLE, 1);
	try_one("kill", 3000, E_UNAVAILABLE, 1);
	try_one("sleep", 100, E_UNAVAILABLE, 1);
	assert_true(seconds() - start < 2);
	start = seconds();
	try_one("loop", 30000, E_UNAVAILABLE, 1); /* ended by its limit of processor time */
	assert_true(seconds() - start < 10);
}

/* A library that leaves the process must not write our half-written files a second time. */
static void test_child_writes_nothing(void **state)
{
	struct stat st;

	(void)state;
	half_written = fopen(place("/half"), "w");
	assert_non_null(half_written);
	fputs("once", half_written);
	try_one("exit", 3000, E_UNAVAILABLE, 1);
	try_one("write", 3000, E_UNAVAILABLE, 1);
	assert_int_equal(fclose(half_written), 0);
	assert_int_equal(stat(place("/half"), &st), 0);
	assert_int_equal(st.st_size, 4);
}

/* An input that keeps libconfig 1.5 busy for a quarter of a minute (each name is compared with all before it), and one that
 * makes it leave; both past every check before it. */
static void feed_libconfig(void *data, int index, struct config_answer *answer)
{
	config_t config;

	(void)index;
	(void)answer;
	config_init(&config);
	(void)config_read_string(&config, data);
}

static void test_child_with_the_real_thing(void **state)
{
	struct buffer text = { 0 };
	struct config_answer answer;
	char include[128];
	int index;

	(void)state;
	for (int i = 0; i < 60000; i++)
		buffer_print(&text, "a%d = 1;\n", i);
	assert_int_equal(config_try(feed_libconfig, text.data, 1, 500, &answer, &index), E_UNAVAILABLE);
	assert_int_equal(index, 0);
	buffer_free(&text);
	snprintf(include, sizeof include, "@include \"%s\"\n", root);
	assert_int_equal(config_try(feed_libconfig, include, 1, 3000, &answer, &index), E_UNAVAILABLE);
}

/* Whatever passes the scan, libconfig reads in no time: random damage to a file that holds everything. In a child, since libconfig
 * loses memory over each error; the answer carries how many were read. */
static void damage(void *data, int index, struct config_answer *answer)
{
	static const char good[] = "# one\nlimits: { queue = 0x1F4; tasks = 5L; }; // two\n"
				   "/* three */ store = { directory = \"/a\\\"b\"; };\n"
				   "list = ( 1, 2.5e3, \"x\" \"y\" ); array = [ true, FALSE ];\n";
	static const char signs[] = "\"\\/*#@{}()[]=:;,L0x9.e-+ \n\r\fa";
	char text[sizeof good];
	unsigned random = 12345 + (unsigned)index;
	int line;

	(void)data;
	for (int round = 0; round < 10000; round++) {
		struct problem problem = { 0 };
		config_t config;

		memcpy(text, good, sizeof good);
		for (int change = 0; change < 1 + round % 4; change++) {
			random = random * 1664525 + 1013904223;
			text[(random >> 8) % (sizeof good - 1)] = signs[(random >> 20) % (sizeof signs - 1)];
		}
		if (config_scan(text, sizeof good - 1, &line, &problem) < 0)
			continue;
		config_init(&config);
		answer->line += config_read_string(&config, text);
		config_destroy(&config);
	}
}

static void test_scan_of_damaged_files(void **state)
{
	struct config_answer answers[2];
	int index;

	(void)state;
	assert_int_equal(config_try(damage, NULL, 2, 10000, answers, &index), 0);
	assert_true(answers[0].line > 500 && answers[1].line > 500);
}

/* ---- reload, show, documents, command ---- */
static void test_reload(void **state)
{
	struct settings_report report = { 0 };
	struct settings *now = NULL, *next = NULL;
	struct settings_paths paths = { .root = root };

	(void)state;
	write_text(LOCAL, "store: { directory = \"/srv/a\"; }; limits: { queue = 500; };\n");
	assert_int_equal(settings_load(&paths, &now, &report), 0);
	write_text(LOCAL, "store: {\n directory = \"/srv/b\"; }; limits: { queue = 501; };\n");
	assert_int_equal(settings_reload(&paths, now, &next, &report), 0);
	assert_string_equal(next->store.directory, "/srv/a");
	assert_int_equal(next->limits.queue, 501);
	assert_non_null(strstr(buffer_string(&report.text), "mentorship.conf:2: warning: store.directory changes with the next start"));
	settings_free(now);
	now = next;
	next = NULL;
	write_text(LOCAL, "limits: { queue = 5; };\n");
	assert_int_equal(settings_reload(&paths, now, &next, &report), E_INVALID);
	assert_null(next);
	assert_string_equal(now->store.directory, "/srv/a");
	settings_free(now);
	settings_report_free(&report);
}

static int command(char *out, size_t size, int argc, char **argv)
{
	char *text[2] = { NULL, NULL };
	size_t length[2];
	FILE *files[2] = { open_memstream(&text[0], &length[0]), open_memstream(&text[1], &length[1]) };
	int r = settings_command(argc, argv, files[0], files[1]);

	fclose(files[0]);
	fclose(files[1]);
	snprintf(out, size, "%s|%s", text[0], text[1]);
	free(text[0]);
	free(text[1]);
	return r;
}
#define COMMAND(out, ...) command(out, sizeof(out), sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), (char *[]){ __VA_ARGS__ })

static void test_command(void **state)
{
	char out[16384], expected[256];

	(void)state;
	write_text(LOCAL, "limits: {\n queue = 500; };\nidentity: { uid_max = 4000000000L; };\n");
	write_text(VENDOR ".d/1\x1b.conf", "institution: { name = \"a \\\"b\\\"\"; };\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 0);
	assert_string_equal(out, "|The configuration is valid.\n");
	assert_int_equal(COMMAND(out, "show", "--root", root), 0);
	assert_non_null(strstr(out, "\nlimits.queue = 500;\n"));
	assert_non_null(strstr(out, "\nidentity.uid_max = 4000000000L;\n"));
	assert_non_null(strstr(out, "\nschedule.check_in_weekday = \"wednesday\";\n"));
	assert_int_equal(COMMAND(out, "show", "--origin", "--root", root), 0);
	snprintf(expected, sizeof expected, "\nlimits.queue = 500;  # %s/etc/mentorship/mentorship.conf:2\n", root);
	assert_non_null(strstr(out, expected));
	assert_non_null(strstr(out, "\nlimits.tasks = 4;  # default\n"));
	assert_non_null(strstr(out, "\ninstitution.name = \"a \\\"b\\\"\";  # "));
	assert_non_null(strstr(out, "/1\\x1b.conf:1\n"));
	write_text(LOCAL, "limits: { queue = 5; };\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 78);
	assert_non_null(strstr(out, "mentorship.conf:1: error: limits.queue: cannot be 5"));
	assert_int_equal(COMMAND(out, "show", "--root", root), 78);
	assert_true(out[0] == '|');
	assert_int_equal(COMMAND(out, "check", (char *)(uintptr_t)place("/none")), 78);
	assert_int_equal(COMMAND(out, "frobnicate"), 2);
	assert_int_equal(COMMAND(out, "check", "--origin"), 2);
	assert_int_equal(COMMAND(out, "check", "a", "b"), 2);
	assert_int_equal(command(out, sizeof out, 0, NULL), 2);
}

/* What can be said of plugins without their code. */
static void test_command_plugins(void **state)
{
	static const char smtp[] = "/etc/mentorship/plugins.d/smtp.conf", web[] = "/etc/mentorship/plugins.d/webforms.conf";
	char out[16384];

	(void)state;
	write_text(LOCAL, "plugins: { load = \"smtp webforms\"; };\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 0);
	assert_non_null(strstr(out, "warning: mail.base_url is not set, and webforms is loaded"));
	assert_non_null(strstr(out, "smtp.conf: warning: is not there: the unit of the plugin smtp does not start"));
	write_text(smtp, "server = \"localhost\";\n");
	write_text(web, "base_url = \"https://other.example.org\";\n");
	write_text(LOCAL, "plugins: { load = \"smtp webforms\"; };\nmail: { base_url = \"https://mentoring.example.org\"; };\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 0);
	assert_non_null(
		strstr(out, "webforms.conf: warning: base_url is https://other.example.org, and mail.base_url is https://mentoring"));
	assert_null(strstr(out, "is not there"));
	write_text(web, "base_url = \"https://mentoring.example.org\";\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 0);
	assert_string_equal(out, "|The configuration is valid.\n");
	write_text(LOCAL, "plugins: { load = \"smtp\"; };\nmail: { base_url = \"http://127.0.0.1:8043\"; };\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 0);
	assert_non_null(strstr(out, "warning: mail.base_url is not protected"));
	assert_int_equal(chmod(place(smtp), 0666), 0);
	assert_int_equal(COMMAND(out, "check", "--root", root), 78);
	assert_non_null(strstr(out, "smtp.conf: error: can be written by others"));
	assert_int_equal(unlink(place(smtp)), 0);
	write_text(smtp, "server = ;\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 78);
	assert_non_null(strstr(out, "smtp.conf:1: error: "));
	write_text(smtp, "@include \"/etc/passwd\"\n");
	assert_int_equal(COMMAND(out, "check", "--root", root), 78);
	assert_non_null(strstr(out, "smtp.conf:1: error: @include is not taken"));
	assert_int_equal(unlink(place(smtp)), 0);
	assert_int_equal(symlink("/etc/passwd", place(smtp)), 0);
	assert_int_equal(COMMAND(out, "check", "--root", root), 78);
	assert_non_null(strstr(out, "smtp.conf: error: is not a regular file"));
}

static void test_address_of_the_page(void **state)
{
	static const char *const good[] = { "https://a.example.org", "https://a.example.org:8443/mentoring", "http://127.0.0.1:8043",
		"http://localhost/x", "http://[::1]:80" };
	static const char *const bad[] = { "http://a.example.org", "http://localhost.example.org", "http://127.0.0.1.example.org",
		"http://[::1].example.org", "https://a.example.org/", "https://a.example.org?x=1", "https://a.example.org/x#y", "ftp://a",
		"https://", "a.example.org", "https://a b" };
	char out[16384], text[200];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(text, sizeof text, "mail: { base_url = \"%s\"; };\n", good[i]);
		write_text(LOCAL, text);
		if (COMMAND(out, "check", "--root", root))
			fail_msg("%s: %s", good[i], out);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "mail: { base_url = \"%s\"; };\n", bad[i]);
		write_text(LOCAL, text);
		if (COMMAND(out, "check", "--root", root) != 78)
			fail_msg("%s: %s", bad[i], out);
	}
}

/* What `show` prints is a configuration again, once its keys are put into groups. */
static void test_show_reads_back(void **state)
{
	struct settings *defaults = settings_defaults(), *again = NULL;
	struct settings_report report = { 0 };
	struct buffer text = { 0 };

	(void)state;
	for (const struct setting *row = settings_table; row->name; row++) {
		const char *key = strchr(row->name, '.') + 1;
		bool first = row == settings_table || strncmp(row->name, row[-1].name, (size_t)(key - row->name));

		if (first)
			buffer_print(&text, "%s%.*s: {\n", row == settings_table ? "" : "};\n", (int)(key - row->name - 1), row->name);
		buffer_print(&text, "%s = ", key);
		setting_print(defaults, row, &text);
		buffer_text(&text, ";\n");
	}
	buffer_text(&text, "};\n");
	write_text("/a", text.data);
	assert_int_equal(load_file("/a", &again, &report), 0);
	assert_string_equal(buffer_string(&report.text), "");
	assert_memory_equal(&again->limits, &defaults->limits, sizeof again->limits);
	assert_memory_equal(&again->schedule, &defaults->schedule, sizeof again->schedule);
	assert_string_equal(again->worker.path, defaults->worker.path);
	for (size_t i = 0; settings_table[i].name; i++)
		assert_true(again->origins[i].line > 1);
	settings_free(again);
	settings_free(defaults);
	buffer_free(&text);
}

/* The file in the tree, found beside this one, must be what the program prints. */
static void same_as_shipped(const char *name, void (*print)(FILE *))
{
	char path[512], *printed = NULL, *shipped;
	size_t length, n;
	FILE *out = open_memstream(&printed, &length), *file;

	print(out);
	fclose(out);
	snprintf(path, sizeof path, "%s", __FILE__);
	*strrchr(path, '/') = '\0';
	snprintf(path + strlen(path), sizeof path - strlen(path), "/../../%s", name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is absent", path);
	shipped = calloc(1, length + 2);
	assert_non_null(shipped);
	n = fread(shipped, 1, length + 1, file);
	fclose(file);
	if (n != length || memcmp(shipped, printed, length))
		fail_msg("%s is not what the table prints: print it anew by mentorshipd --config", name);
	free(shipped);
	free(printed);
}

static void test_shipped_files(void **state)
{
	(void)state;
	same_as_shipped("conf/mentorship.conf", settings_print_example);
	same_as_shipped("docs/man/mentorship.conf.5", settings_print_manual);
}

static void test_rows_are_whole(void **state)
{
	(void)state;
	for (const struct setting *row = settings_table; row->name; row++) {
		size_t length = strlen(row->help);

		assert_non_null(strchr(row->name, '.'));
		assert_non_null(row->room);
		assert_true(row->help[length - 1] == '.');
		if (row->kind == NUMBER)
			assert_true(row->min <= row->initial && row->initial <= row->max);
		if (row->kind == CHOICE)
			assert_non_null(row->choices);
		if (row->kind == TEXT && row->check && *row->initial_text) {
			struct problem problem = { 0 };

			assert_int_equal(row->check(row->initial_text, &problem), 0);
		}
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_precedence_matrix),
		TEST(test_files_merge_key_by_key),
		TEST(test_masks),
		TEST(test_path_alone),
		TEST(test_environment),
		TEST(test_what_is_no_file),
		TEST(test_what_others_could_write),
		TEST(test_large_files),
		TEST(test_bytes),
		TEST(test_texts),
		TEST(test_every_error_is_told),
		TEST(test_unknown_settings_are_warnings),
		TEST(test_limits_of_each_number),
		TEST(test_child_that_misbehaves),
		TEST(test_child_writes_nothing),
		TEST(test_child_with_the_real_thing),
		TEST(test_scan_of_damaged_files),
		TEST(test_reload),
		TEST(test_command),
		TEST(test_command_plugins),
		TEST(test_address_of_the_page),
		TEST(test_show_reads_back),
		TEST(test_shipped_files),
		TEST(test_rows_are_whole),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
