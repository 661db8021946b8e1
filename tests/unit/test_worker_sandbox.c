/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker cannot do once its sandbox is closed, tried in children of this process over a real database's directory.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "worker/sandbox.h"

enum {
	DONE = 7,
	REFUSED,
	NO_SANDBOX
};

/* What became of a child that did it in the sandbox: an exit status, or minus the signal. */
static int inside(struct world *w, bool files, int (*act)(struct world *))
{
	int status;
	pid_t child = fork();

	if (!child) {
		struct problem problem;
		int directory = files ? open(w->directory, O_PATH | O_DIRECTORY) : -1;

		limits_set(1024, 10);
		if (sandbox_enter(directory, &problem))
			_exit(NO_SANDBOX);
		_exit(act(w) < 0 ? REFUSED : DONE);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int opens(const char *path, int flags)
{
	return openat(AT_FDCWD, path, flags, 0600);
}

static int read_database(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/mentorship.db", w->directory), O_RDONLY);
}

static int write_database(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/mentorship.db", w->directory), O_RDWR);
}

static int write_log(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/mentorship.db-wal", w->directory), O_WRONLY);
}

static int write_index(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/mentorship.db-shm", w->directory), O_RDWR);
}

static int read_keys(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/keys.db", w->directory), O_RDONLY);
}

static int read_credential(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/sealing-key", w->credentials), O_RDONLY);
}

static int read_elsewhere(struct world *w)
{
	(void)w;
	return opens("/etc/passwd", O_RDONLY);
}

static int make_file(struct world *w)
{
	return opens(arena_print(&w->arena, "%s/mentorship.db-new", w->directory), O_RDWR | O_CREAT);
}

static int socket_made(struct world *w)
{
	(void)w;
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int forked(struct world *w)
{
	(void)w;
	return fork() ? 0 : -1;
}

static void *worked(void *of)
{
	*(int *)of = 1;
	return NULL;
}

static int with_a_thread(struct world *w)
{
	pthread_t thread;
	int done = 0;

	(void)w;
	return pthread_create(&thread, NULL, worked, &done) || pthread_join(thread, NULL) || !done ? -1 : 0;
}

/* As fork, by the older call. */
static int cloned(struct world *w)
{
	(void)w;
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) ? 0 : -1;
}

static int executed(struct world *w)
{
	char *none[] = { NULL };

	(void)w;
	return execve("/bin/true", none, none);
}

static int killed(struct world *w)
{
	(void)w;
	return kill(getppid(), 0);
}

static int unlinked(struct world *w)
{
	return unlink(arena_print(&w->arena, "%s/mentorship.db", w->directory));
}

static int computed(struct world *w)
{
	volatile char *memory = malloc(50 << 20);

	(void)w;
	memory[49 << 20] = 1;
	free((void *)(uintptr_t)memory);
	return 0;
}

static void with_the_database(void **state)
{
	struct world *w = *state;

	cast(w);
	assert_int_equal(inside(w, true, computed), DONE);
	assert_int_equal(inside(w, true, read_database), DONE);
	assert_int_equal(inside(w, true, write_index), DONE);
	assert_int_equal(inside(w, true, write_database), REFUSED);
	assert_int_equal(inside(w, true, write_log), REFUSED);
	assert_int_equal(inside(w, true, read_keys), REFUSED);
	assert_int_equal(inside(w, true, read_credential), REFUSED);
	assert_int_equal(inside(w, true, read_elsewhere), REFUSED);
	assert_int_equal(inside(w, true, make_file), REFUSED);
	assert_int_equal(inside(w, true, socket_made), -SIGSYS);
	assert_int_equal(inside(w, true, with_a_thread), DONE);
	assert_int_equal(inside(w, true, forked), -SIGSYS);
	assert_int_equal(inside(w, true, cloned), -SIGSYS);
	assert_int_equal(inside(w, true, executed), -SIGSYS);
	assert_int_equal(inside(w, true, killed), -SIGSYS);
	assert_int_equal(inside(w, true, unlinked), -SIGSYS);
}

static void without_files(void **state)
{
	struct world *w = *state;

	assert_int_equal(inside(w, false, computed), DONE);
	assert_int_equal(inside(w, false, read_database), REFUSED);
	assert_int_equal(inside(w, false, read_elsewhere), REFUSED);
	assert_int_equal(inside(w, false, socket_made), -SIGSYS);
	assert_int_equal(inside(w, false, with_a_thread), -SIGSYS);
	assert_int_equal(inside(w, false, forked), -SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(with_the_database, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_files, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
