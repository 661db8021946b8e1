/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log and what systemd is told: the table against the catalogue, fields, what cannot be said, both ways out (a journal of
 * our own in a mount namespace, stderr as lines), and the messages that a socket in systemd's place receives.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/error.h"
#include "core/log.h"
#include "core/service.h"

/* ---- the table and the catalogue ---- */
static char *read_catalogue(void)
{
	char path[512], *text = calloc(1, 1 << 18);
	FILE *file;

	snprintf(path, sizeof path, "%s", __FILE__);
	*strrchr(path, '/') = '\0';
	snprintf(path + strlen(path), sizeof path - strlen(path), "/../../systemd/mentorshipd.catalog");
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is absent", path);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, file) > 0);
	fclose(file);
	return text;
}

static void test_ids(void **state)
{
	(void)state;
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		const char *id = event_kinds[kind].id;

		if (!id || strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32)
			fail_msg("event %d has no id", kind);
		assert_true(event_kinds[kind].level >= 1 && event_kinds[kind].level <= 7);
		assert_true(strlen(event_kinds[kind].message) > 10);
		for (int other = 0; other < kind; other++)
			assert_string_not_equal(id, event_kinds[other].id);
	}
}

/* Each entry is "-- ID", headers with our Subject, an empty line, a text; as many entries as rows. */
static void test_catalogue(void **state)
{
	char *text = read_catalogue();
	int entries = 0;

	(void)state;
	for (const char *at = text; (at = strstr(at, "\n-- ")); at++)
		entries++;
	assert_int_equal(entries, EVENT_KINDS);
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		char head[256], *entry, *body;

		snprintf(head, sizeof head, "\n-- %s\nSubject: %s\nDefined-By: mentorshipd\n", event_kinds[kind].id,
			event_kinds[kind].message);
		entry = strstr(text, head);
		if (!entry)
			fail_msg("the catalogue lacks: %s", head);
		body = strstr(entry, "\n\n");
		assert_non_null(body);
		assert_true(strcspn(body + 2, "\n") > 20);
	}
	free(text);
}

/* ---- fields ---- */
static const char *fields(enum event_kind kind, const struct log_facts *facts)
{
	static struct buffer text;

	buffer_free(&text);
	log_fields(kind, facts, &text);
	return text.data;
}

static void test_all_fields(void **state)
{
	unsigned char hash[32] = { 0xAB, 0x01 };
	const struct log_facts facts = {
		.entity = "match_member",
		.object = 12,
		.verb = "Accept",
		.field = "target_date",
		.job = "backup",
		.setting = "limits.queue",
		.plugin = "smtp",
		.program = 7,
		.task = 3,
		.sequence = 99,
		.hash = hash,
		.uid = 0,
		.count = 0,
		.number = -5,
		.milliseconds = 51,
		.code = E_CONFLICT,
		.error = ENOSPC,
		.has = LOG_HAS_UID | LOG_HAS_COUNT,
	};
	const char *text = fields(EVENT_STORE_FULL, &facts);
	static const char *const lines[] = {
		"\nMENTORSHIP_ENTITY=match_member\n",
		"\nMENTORSHIP_OBJECT=12\n",
		"\nMENTORSHIP_VERB=Accept\n",
		"\nMENTORSHIP_FIELD=target_date\n",
		"\nMENTORSHIP_JOB=backup\n",
		"\nMENTORSHIP_SETTING=limits.queue\n",
		"\nMENTORSHIP_PLUGIN=smtp\n",
		"\nMENTORSHIP_PROGRAM=7\n",
		"\nMENTORSHIP_TASK=3\n",
		"\nMENTORSHIP_SEQUENCE=99\n",
		"\nMENTORSHIP_HASH=ab01000000000000000000000000000000000000000000000000000000000000\n",
		"\nMENTORSHIP_UID=0\n",
		"\nMENTORSHIP_COUNT=0\n",
		"\nMENTORSHIP_NUMBER=-5\n",
		"\nMENTORSHIP_MILLISECONDS=51\n",
		"\nMENTORSHIP_CODE=org.mentorship1.Error.Conflict\n",
		"\nPRIORITY=2\n",
		"\nDOCUMENTATION=man:mentorshipd(8)\n",
	};
	char id[64], number[32];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!strstr(text, lines[i]))
			fail_msg("'%s' lacks '%s'", text, lines[i]);
	snprintf(id, sizeof id, "\nMESSAGE_ID=%s\n", event_kinds[EVENT_STORE_FULL].id);
	snprintf(number, sizeof number, "\nERRNO=%d\n", ENOSPC);
	assert_non_null(strstr(text, id));
	assert_non_null(strstr(text, number));
	assert_non_null(strstr(text, "MESSAGE=The disk is full entity=match_member object=12 verb=Accept"));
}

static void test_what_is_not_said_is_absent(void **state)
{
	const char *text;

	(void)state;
	text = fields(EVENT_STARTED, NULL);
	assert_null(strstr(text, "MENTORSHIP_"));
	assert_null(strstr(text, "ERRNO"));
	text = fields(EVENT_STARTED, &(struct log_facts){ .program = 4 });
	assert_non_null(strstr(text, "MENTORSHIP_PROGRAM=4"));
	assert_null(strstr(text, "UID"));
	assert_null(strstr(text, "ENTITY"));
}

static bool knows(const char *name)
{
	return !strcmp(name, "check-in due") || !strcmp(name, "person");
}

/* Whatever is handed over as a name by mistake: no value, no second field. */
static void test_only_names_pass(void **state)
{
	static const char *const values[] = {
		"Anna Smith",
		"anna@example.org",
		"M\xC3\xBCller",
		"a\nMESSAGE_ID=00",
		"",
		"q=y",
		"\x1b[2J",
		"a b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const char *v = values[i];
		const struct log_facts facts = { .entity = v, .verb = v, .field = v, .job = v, .plugin = v, .setting = v };
		const char *text = fields(EVENT_JOB_FAILED, &facts);
		int questions = 0;

		if (*values[i] && strstr(text, values[i]))
			fail_msg("'%s' stands in the log", values[i]);
		for (const char *at = strchr(text, '\n'); (at = strstr(at, "=?\n")); at++)
			questions++;
		assert_int_equal(questions, 6);
	}
	assert_non_null(strstr(fields(EVENT_CONFIG_WARNING, &(struct log_facts){ .setting = "limits.quiue" }), "SETTING=?"));
	log_known_names(knows);
	assert_non_null(strstr(fields(EVENT_JOB_FAILED, &(struct log_facts){ .job = "check-in due" }), "JOB=check-in due\n"));
	assert_non_null(strstr(fields(EVENT_JOB_FAILED, &(struct log_facts){ .entity = "person" }), "ENTITY=person\n"));
	assert_non_null(strstr(fields(EVENT_JOB_FAILED, &(struct log_facts){ .entity = "Anna" }), "ENTITY=?\n"));
	log_known_names(NULL);
}

/* ---- lines ---- */
static void test_lines(void **state)
{
	char text[1024] = "";
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	log_open(ends[1]);
	errno = EXDEV;
	log_event(EVENT_BACKUP_MADE, &(struct log_facts){ .object = 5 });
	assert_int_equal(errno, EXDEV);
	log_level_set(4);
	log_event(EVENT_BACKUP_MADE, NULL);
	log_event(EVENT_BACKUP_FAILED, &(struct log_facts){ .entity = "a\nb" });
	assert_int_equal(log_level(), 4);
	log_level_set(99);
	assert_int_equal(log_level(), 7);
	log_level_set(6);
	close(ends[1]);
	n = read(ends[0], text, sizeof text - 1);
	assert_true(n > 0);
	assert_string_equal(text, "<6>A backup was made object=5\n<3>A backup could not be made entity=?\n");
	close(ends[0]);
	log_open(ends[0]); /* closed: what cannot be written is dropped, and nobody's errno changes */
	errno = EXDEV;
	log_event(EVENT_BACKUP_MADE, NULL);
	assert_int_equal(errno, EXDEV);
	log_open(-1);
}

static void test_level_names(void **state)
{
	(void)state;
	for (int level = 0; level <= 7; level++)
		assert_int_equal(log_level_named(log_level_name(level)), level);
	assert_int_equal(log_level_named("error"), 3);
	assert_int_equal(log_level_named("loud"), -1);
}

/* ---- the journal ---- */
/* A place where /run is our own, so that a socket can stand where the journal's is. False where that is not allowed. */
static bool own_run(void)
{
	uid_t uid = getuid();
	char map[64];
	int fd;

	if (unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || (fd = open("/proc/self/uid_map", O_WRONLY)) < 0)
			return false;
		snprintf(map, sizeof map, "0 %u 1\n", (unsigned)uid);
		if (write(fd, map, strlen(map)) < 0)
			return false;
		close(fd);
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("run", "/run", "tmpfs", 0, NULL) == 0 &&
		mkdir("/run/systemd", 0755) == 0 && mkdir("/run/systemd/journal", 0755) == 0;
}

enum {
	NOT_ALLOWED = 77
};

/* Runs in a child: 0 when the journal got the fields and stderr nothing. */
static int journal_child(bool connected)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), ends[2];
	char stream[64], got[4096] = "", line[4096] = "";
	struct stat st;

	if (!own_run())
		return NOT_ALLOWED;
	if (bind(journal, (struct sockaddr *)&address, sizeof address) < 0 || pipe2(ends, O_NONBLOCK) < 0)
		return 2;
	dup2(ends[1], STDERR_FILENO);
	if (fstat(STDERR_FILENO, &st) < 0)
		return 3;
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino + !connected);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(-1);
	log_event(EVENT_BUS_LOST, &(struct log_facts){ .error = EPIPE });
	if (read(ends[0], line, sizeof line - 1) < 0 && errno != EAGAIN)
		return 4;
	if (recv(journal, got, sizeof got - 1, 0) < 0 && errno != EAGAIN)
		return 5;
	if (!connected)
		return got[0] || strncmp(line, "<4>The connection", 17) ? 6 : 0;
	return line[0] || !strstr(got, event_kinds[EVENT_BUS_LOST].id) || !strstr(got, "\nPRIORITY=4\n") ? 7 : 0;
}

static void test_journal(void **state)
{
	(void)state;
	for (int connected = 0; connected < 2; connected++) {
		int status = -1;
		pid_t pid = fork();

		if (!pid)
			_exit(journal_child(connected));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
			skip();
		assert_int_equal(status, 0);
	}
}

/* ---- systemd ---- */
static int notify_socket = -1;
static char notify_directory[64], notify_path[100];

static int notify_up(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	strcpy(notify_directory, "/tmp/log-test-XXXXXX");
	if (!mkdtemp(notify_directory))
		return -1;
	snprintf(notify_path, sizeof notify_path, "%s/notify", notify_directory);
	strcpy(address.sun_path, notify_path);
	notify_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setenv("NOTIFY_SOCKET", notify_path, 1);
	return bind(notify_socket, (struct sockaddr *)&address, sizeof address);
}

static int notify_down(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	close(notify_socket);
	unlink(notify_path);
	return rmdir(notify_directory);
}

static const char *told(void)
{
	static char text[1024];
	ssize_t n = recv(notify_socket, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_service(void **state)
{
	struct service_counts counts = { .programs = 12, .jobs = 1, .next_job = 1700000000 };

	(void)state;
	service_status(SERVICE_OPENING, NULL);
	assert_string_equal(told(), "STATUS=opening the database");
	service_status(SERVICE_OPENING, NULL);
	assert_string_equal(told(), "");
	service_ready(SERVICE_SERVING, &counts);
	assert_string_equal(told(), "READY=1\nSTATUS=12 programs, 1 job, next 2023-11-14 22:13 UTC");
	counts = (struct service_counts){ .programs = 1, .jobs = 0 };
	service_status(SERVICE_HELD, &counts);
	assert_string_equal(told(), "STATUS=held until mentorctl resume, 1 program, 0 jobs");
	service_extend(30000000);
	assert_string_equal(told(), "EXTEND_TIMEOUT_USEC=30000000");
	service_watchdog();
	assert_string_equal(told(), "WATCHDOG=1");
	service_failed(ENOSPC);
	assert_string_equal(told(), "ERRNO=28");
	service_bus_failed("org.freedesktop.DBus.Error.NoServer");
	assert_string_equal(told(), "BUSERROR=org.freedesktop.DBus.Error.NoServer");
	service_bus_failed("x\nREADY=1");
	assert_string_equal(told(), "");
	service_stopping();
	assert_string_equal(told(), "STOPPING=1\nSTATUS=stopping");
	service_stopping();
	assert_string_equal(told(), "STOPPING=1\nSTATUS=stopping");
}

static void test_watchdog_interval(void **state)
{
	char pid[32];

	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(service_watchdog_interval(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(service_watchdog_interval(), 15000000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(service_watchdog_interval(), 0);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(service_watchdog_interval(), 15000000);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* Without systemd everything is silent. */
static void test_service_alone(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	service_ready(SERVICE_SERVING, NULL);
	service_stopping();
	service_watchdog();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_what_is_not_said_is_absent),
		cmocka_unit_test(test_only_names_pass),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_level_names),
		cmocka_unit_test(test_journal),
		cmocka_unit_test_setup_teardown(test_service, notify_up, notify_down),
		cmocka_unit_test(test_watchdog_interval),
		cmocka_unit_test(test_service_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
