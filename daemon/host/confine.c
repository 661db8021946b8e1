/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the host gives up before it loads a plugin.
 *
 * Installed, the unit's sandbox is the wall. In development nothing but Landlock stands between the plugin and the developer's files:
 * it may read what the developer may, speak over the network, and write below its own directory alone.
 */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void confine_process(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || close_range(3, ~0U, 0))
		_exit(1);
}

/* All that changes a file or a directory, in the first version of Landlock. */
static const uint64_t changing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

static int allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC) };
	int r;

	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -1;
	r = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return r;
}

int confine_files(const char *state, struct problem *problem)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = changing };
	uint64_t files = LANDLOCK_ACCESS_FS_WRITE_FILE;
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset = -1, r;

	if (version >= 2)
		attr.handled_access_fs |= UINT64_C(1) << 13; /* linking across directories */
	if (version >= 3) {
		attr.handled_access_fs |= UINT64_C(1) << 14; /* truncating */
		files |= UINT64_C(1) << 14;
	}
	if (version > 0)
		ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (ruleset < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL, "this kernel offers no Landlock: %s", strerror(errno));
	r = allow(ruleset, state, attr.handled_access_fs) || allow(ruleset, "/dev/null", files) || allow(ruleset, "/dev/tty", files) ||
		allow(ruleset, "/dev/full", files);
	if (!r)
		r = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return r ? problem_set(problem, E_UNAVAILABLE, NULL, "Landlock does not take its rules: %s", strerror(errno)) : 0;
}
