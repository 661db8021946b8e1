/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Outcomes outlive their host: what outcomes_keep took is there after any end of the process, half lines are passed over, and what
 * the daemon named is gone.
 */
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "host/outcomes.h"
#include "temporary.h"

#include <cmocka.h>

static int begin(void **state)
{
	*state = temporary_new();
	return 0;
}

static int end(void **state)
{
	temporary_free(*state);
	return 0;
}

static struct outcomes opened(const char *directory)
{
	struct problem problem = { 0 };
	struct outcomes all;

	if (outcomes_open(directory, 0, &all, &problem))
		fail_msg("%s", problem.text);
	return all;
}

static void keep(struct outcomes *all, int64_t id, int outcome, const char *detail)
{
	struct problem problem = { 0 };

	assert_int_equal(outcomes_keep(all, id, outcome, detail, &problem), 0);
}

static void drop(struct outcomes *all, int64_t id)
{
	struct problem problem = { 0 };

	assert_int_equal(outcomes_drop(all, &id, 1, &problem), 0);
}

static void look(struct outcomes *all)
{
	struct problem problem = { 0 };

	assert_int_equal(outcomes_look(all, &problem), 0);
}

static size_t file_size(const char *directory)
{
	struct stat st;

	assert_int_equal(stat(in(directory, ".host/outcomes"), &st), 0);
	return (size_t)st.st_size;
}

static void test_kept(void **state)
{
	struct outcomes all = opened(*state);

	keep(&all, 7, 0, "250 2.0.0");
	keep(&all, INT64_MAX, 2, "");
	keep(&all, 9, 1, "421 \xc3\xa4 later");
	outcomes_close(&all);
	all = opened(*state);
	assert_int_equal(all.count, 3);
	assert_string_equal(outcomes_find(&all, 7)->detail, "250 2.0.0");
	assert_int_equal(outcomes_find(&all, INT64_MAX)->outcome, 2);
	assert_string_equal(outcomes_find(&all, INT64_MAX)->detail, "");
	assert_string_equal(all.list[2].detail, "421 \xc3\xa4 later");
	assert_null(outcomes_find(&all, 8));
	outcomes_close(&all);
}

static void test_dropped(void **state)
{
	struct outcomes all = opened(*state);
	int64_t both[] = { 8, 7, 55 };
	struct problem problem = { 0 };

	keep(&all, 7, 0, "a");
	keep(&all, 8, 0, "b");
	keep(&all, 9, 0, "c");
	drop(&all, 8);
	outcomes_close(&all);
	all = opened(*state);
	assert_int_equal(all.count, 2);
	keep(&all, 8, 3, "once more");
	outcomes_close(&all);
	all = opened(*state);
	assert_int_equal(outcomes_find(&all, 8)->outcome, 3);
	assert_int_equal(outcomes_drop(&all, both, 3, &problem), 0);
	assert_int_equal(all.count, 1);
	drop(&all, 9);
	assert_int_equal(file_size(*state), 0);
	outcomes_close(&all);
	all = opened(*state);
	assert_int_equal(all.count, 0);
	outcomes_close(&all);
}

/* Whatever of the last line is on the disk: what came before it is there, and what comes after. */
static void test_half_lines(void **state)
{
	struct outcomes all = opened(*state);
	const char *file = strdup(in(*state, ".host/outcomes"));
	size_t whole, first;
	char *bytes;

	keep(&all, 7, 0, "first");
	first = file_size(*state);
	keep(&all, 8, 2, "second");
	outcomes_close(&all);
	bytes = file_bytes(file, &whole);
	for (size_t size = first; size <= whole; size++) {
		file_write(file, bytes, size);
		all = opened(*state);
		assert_int_equal(all.count, size == whole ? 2 : 1);
		assert_non_null(outcomes_find(&all, 7));
		keep(&all, 9, 0, "third");
		outcomes_close(&all);
		all = opened(*state);
		assert_non_null(outcomes_find(&all, 9));
		outcomes_close(&all);
	}
	for (size_t at = 0; at < first - 1; at++) { /* damage in the first leaves the second */
		bytes[at] ^= 1;
		file_write(file, bytes, whole);
		bytes[at] ^= 1;
		all = opened(*state);
		assert_int_equal(all.count, 1);
		assert_non_null(outcomes_find(&all, 8));
		outcomes_close(&all);
	}
	free(bytes);
	free((char *)(uintptr_t)file);
}

static void test_the_file_stays_small(void **state)
{
	struct outcomes all = opened(*state);

	keep(&all, 1, 0, "stays");
	for (int64_t id = 2; id < 20000; id++) {
		keep(&all, id, 0, "250 2.0.0 taken over by the next station");
		drop(&all, id);
	}
	assert_true(file_size(*state) <= OUTCOMES_FILE_BYTES + 4096);
	outcomes_close(&all);
	all = opened(*state);
	assert_int_equal(all.count, 1);
	assert_string_equal(all.list[0].detail, "stays");
	outcomes_close(&all);
}

/* A child keeps and drops as fast as it can, says after each what it did, and is killed somewhere. */
static void work_until_killed(const char *directory, int tell)
{
	struct outcomes all = opened(directory);

	for (int64_t id = 1;; id++) {
		keep(&all, id, (int)(id % 5), "250 2.0.0 taken over by the next station, which is the last one");
		if (write(tell, &id, sizeof id) != sizeof id)
			_exit(1);
		if (id > 40)
			drop(&all, id - 40);
	}
}

static void test_killed_at_any_time(void **state)
{
	for (int round = 0; round < 30; round++) {
		struct timespec pause = { 0, 2000000L + round * 700000L };
		int64_t id, last = 0;
		struct outcomes all;
		int ends[2];
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		pid = fork();
		if (!pid) {
			close(ends[0]);
			work_until_killed(*state, ends[1]);
		}
		close(ends[1]);
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(ends[0], &id, sizeof id) == sizeof id)
			last = id;
		close(ends[0]);
		all = opened(*state);
		for (id = last > 38 ? last - 38 : 1; id <= last; id++) {
			assert_non_null(outcomes_find(&all, id));
			assert_int_equal(outcomes_find(&all, id)->outcome, id % 5);
		}
		outcomes_close(&all);
		unlink(in(*state, ".host/outcomes"));
	}
}

static void test_one_at_a_time(void **state)
{
	struct outcomes all = opened(*state), second;
	struct problem problem = { 0 };
	int status;
	pid_t pid = fork();

	if (!pid) /* locks of a process do not keep the same process away */
		_exit(outcomes_open(*state, 0, &second, &problem) == E_BUSY ? 0 : 1);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	outcomes_close(&all);
	pid = fork();
	if (!pid)
		_exit(outcomes_open(*state, 0, &second, &problem) ? 1 : 0);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void test_no_place(void **state)
{
	struct problem problem = { 0 };
	struct outcomes all;

	assert_int_equal(outcomes_open(in(*state, "absent"), 0, &all, &problem), E_UNAVAILABLE);
	assert_non_null(strstr(problem.text, "cannot be opened"));
	assert_int_equal(symlink("/tmp", in(*state, ".host")), 0);
	assert_int_equal(outcomes_open(*state, 0, &all, &problem), E_STORE);
}

/* What the daemon takes within a second has its commit; what waits longer is brought to the disk here. */
static void test_what_waits_is_synced(void **state)
{
	struct outcomes all = opened(*state);

	look(&all);
	keep(&all, 1, 0, "sent");
	look(&all);
	assert_true(all.dirty);
	drop(&all, 1);
	keep(&all, 2, 0, "sent");
	look(&all);
	assert_true(all.dirty);
	look(&all);
	assert_false(all.dirty);
	outcomes_close(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_dropped, begin, end),
		cmocka_unit_test_setup_teardown(test_half_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_the_file_stays_small, begin, end),
		cmocka_unit_test_setup_teardown(test_killed_at_any_time, begin, end),
		cmocka_unit_test_setup_teardown(test_one_at_a_time, begin, end),
		cmocka_unit_test_setup_teardown(test_no_place, begin, end),
		cmocka_unit_test_setup_teardown(test_what_waits_is_synced, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
