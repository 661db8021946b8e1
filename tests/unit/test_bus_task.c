/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of tasks: limits, ends that stay ends, what is told, what is swept. */
#include "core/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct caller caller = { .uid = 1000, .person = NONE };
static int told;
static int64_t cancelled;

static void on_change(void *data, const struct task *task)
{
	(void)data;
	(void)task;
	told++;
}

static void on_cancel(void *data, int64_t id)
{
	(void)data;
	cancelled = id;
}

static void test_life(void **state)
{
	struct tasks *tasks = tasks_new(2);
	struct task *task = task_new(tasks, 0, "import", &caller, ":1.5", 100);
	struct problem problem;
	int64_t id = task->id;

	(void)state;
	tasks_listen(tasks, on_change, NULL);
	assert_true(id > 0);
	assert_ptr_equal(task_find(tasks, id), task);
	assert_null(task_new(tasks, id, "import", &caller, ":1.5", 100));
	task_progress(tasks, id, 0.5);
	task_progress(tasks, id, 0.4);
	assert_int_equal(told, 1);
	task_progress(tasks, id, 7);
	assert_true(task->progress == 1);
	task_result(tasks, id, "rows", (struct value){ .type = V_INT, .number = 3 });
	task_result(tasks, id, "note", (struct value){ .type = V_TEXT, .text = "x" });
	assert_int_equal(task->result_count, 2);
	assert_string_equal(task->results[0].name, "rows");
	task_done(tasks, id);
	assert_int_equal(task->state, TASK_DONE);
	task_fail(tasks, id, &(struct problem){ .code = E_STORE });
	task_result(tasks, id, "late", (struct value){ .type = V_INT });
	assert_int_equal(task->state, TASK_DONE);
	assert_int_equal(task->result_count, 2);
	assert_int_equal(task_cancel(tasks, id, &problem), E_STATE);
	assert_int_equal(told, 3);
	tasks_free(tasks);
}

static void test_limit(void **state)
{
	struct tasks *tasks = tasks_new(2);
	struct problem problem;
	struct task *one = task_new(tasks, 0, "a", &caller, NULL, 0);

	(void)state;
	assert_int_equal(tasks_room(tasks, 1000, &problem), 0);
	task_new(tasks, 0, "b", &caller, NULL, 0);
	assert_int_equal(tasks_room(tasks, 1000, &problem), E_LIMIT);
	assert_int_equal(tasks_room(tasks, 1001, &problem), 0);
	assert_int_equal(tasks_running(tasks), 2);
	task_cancelled(tasks, one->id);
	assert_int_equal(tasks_room(tasks, 1000, &problem), 0);
	tasks_free(tasks);
}

static void test_cancel(void **state)
{
	struct tasks *tasks = tasks_new(2);
	struct task *task = task_new(tasks, 0, "a", &caller, NULL, 0);
	struct problem problem;

	(void)state;
	assert_int_equal(task_cancel(tasks, task->id, &problem), E_STATE);
	task->cancel = on_cancel;
	assert_int_equal(task_cancel(tasks, task->id, &problem), 0);
	assert_true(cancelled == task->id);
	assert_int_equal(task->state, TASK_RUNNING);
	assert_int_equal(task_cancel(tasks, task->id + 1, &problem), E_NOTFOUND);
	tasks_free(tasks);
}

static void test_sweep(void **state)
{
	struct tasks *tasks = tasks_new(2);
	int64_t running = task_new(tasks, 0, "a", &caller, NULL, 0)->id, ended = task_new(tasks, 0, "b", &caller, NULL, 0)->id, at;

	(void)state;
	assert_int_equal(tasks_sweep(tasks, 1000000000), -1);
	task_done(tasks, ended);
	at = task_find(tasks, ended)->ended;
	assert_int_equal(tasks_sweep(tasks, at + 599), 1);
	assert_non_null(task_find(tasks, ended));
	assert_int_equal(tasks_sweep(tasks, at + 600), -1);
	assert_null(task_find(tasks, ended));
	assert_non_null(task_find(tasks, running));
	tasks_free(tasks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
