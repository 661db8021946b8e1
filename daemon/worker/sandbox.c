/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/frame.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#else
#define ARCHITECTURE 0
#endif

/* ---- limits ---- */

enum {
	ADDRESSES = 2048 /* MiB beside the memory: for sixteen threads and the libraries */
};

static void limit(int what, rlim_t most)
{
	struct rlimit old, new = { most, most };

	if (getrlimit(what, &old))
		_exit(1);
	if (old.rlim_max < most)
		new.rlim_cur = new.rlim_max = old.rlim_max;
	if (setrlimit(what, &new))
		_exit(1);
}

/* Whoever gets no memory aborts (core/arena.h); errno still says why. Else the abort goes on. */
static void on_abort(int number)
{
	(void)number;
	if (errno == ENOMEM)
		_exit(FRAME_NO_MEMORY);
}

/*
 * What is limited is what a worker can write to and has to itself. Addresses are not memory: malloc sets aside 64 MiB of them for each
 * thread, of which little is used. They have a limit all the same, as what is shared does not count as data.
 */
static void limit_memory(rlim_t memory)
{
	if (SANITIZED) /* its shadow is terabytes of both */
		return;
	limit(RLIMIT_DATA, memory << 20);
	limit(RLIMIT_AS, (memory + ADDRESSES) << 20);
	if (sigaction(SIGABRT, &(struct sigaction){ .sa_handler = on_abort }, NULL))
		_exit(1);
}

void limits_set(long memory, long seconds)
{
	limit_memory((rlim_t)memory);
	limit(RLIMIT_CPU, (rlim_t)seconds + 1);
	limit(RLIMIT_NOFILE, 32);
	limit(RLIMIT_CORE, 0);
	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(1);
}

/* ---- Landlock ---- */

static const uint64_t all_of_version_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

static int allow(int ruleset, int directory, const char *file, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	int r;

	rule.parent_fd = openat(directory, file, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (rule.parent_fd < 0)
		return -1;
	r = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
	return r;
}

/* Where the kernel has no Landlock at all, seccomp stands alone: then only a worker that opens no file may go on. */
static int files_close(int directory, struct problem *problem)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = all_of_version_1 };
	int ruleset, r;
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 0 && directory < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	if (version >= 2)
		attr.handled_access_fs |= all_of_version_1 + 1; /* linking across directories */
	if (version >= 3)
		attr.handled_access_fs |= (all_of_version_1 + 1) << 1; /* truncating */
	ruleset = version < 0 ? -1 : (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (ruleset < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL, "workers need Landlock, and %s: %s",
			errno == EPERM ? "a filter of system calls (of a container, or a unit) forbids it; allow landlock_create_ruleset, "
					 "landlock_add_rule and landlock_restrict_self"
				       : "this kernel does not offer it",
			strerror(errno));
	r = 0;
	if (directory >= 0)
		r = allow(ruleset, directory, "mentorship.db", LANDLOCK_ACCESS_FS_READ_FILE) ||
			allow(ruleset, directory, "mentorship.db-wal", LANDLOCK_ACCESS_FS_READ_FILE) ||
			allow(ruleset, directory, "mentorship.db-shm", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	if (!r)
		r = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return r ? problem_set(problem, E_UNAVAILABLE, NULL, "the worker's files could not be closed off: %s", strerror(errno)) : 0;
}

/* ---- seccomp ---- */

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))

static const int allowed[] = {
	SYS_read,
	SYS_write,
	SYS_pread64,
	SYS_readv,
	SYS_writev,
	SYS_close,
	SYS_lseek,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_fcntl,
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_brk,
	SYS_futex,
	SYS_getrandom,
	SYS_sysinfo,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getcwd,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_restart_syscall,
	SYS_rt_sigreturn,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_sigaltstack,
	SYS_sched_yield,
	SYS_exit,
	SYS_exit_group,
	SYS_tgkill,
#if SANITIZED
	SYS_prctl,
	SYS_readlink,
	SYS_sched_getaffinity,
	SYS_getrusage,
#endif
};
/* Where files may be opened at all: by path, within what Landlock leaves. */
static const int opening[] = {
	SYS_openat,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_pwrite64,
	SYS_ftruncate,
	SYS_fstatfs,
#ifdef SYS_open
	SYS_open,
	SYS_access,
	SYS_stat,
	SYS_lstat,
	SYS_readlink,
#endif
};
/* Told that they may not and left alive: libraries ask for files, terminals and owners that they can do without. */
static const int denied[] = {
	SYS_fchown,
	SYS_fchmod,
	SYS_openat,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_ioctl,
#ifdef SYS_open
	SYS_open,
	SYS_access,
	SYS_stat,
	SYS_lstat,
	SYS_readlink,
#endif
};

static size_t answer_all(struct sock_filter *filter, size_t at, const int *calls, size_t count, uint32_t answer)
{
	for (size_t i = 0; i < count; i++) {
		filter[at++] = (struct sock_filter)IF((uint32_t)calls[i]);
		filter[at++] = (struct sock_filter)ANSWER(answer);
	}
	return at;
}

/*
 * Of those who compute over the database: threads, no processes. That is clone for a thread of this process alone; clone3, whose flags a
 * filter cannot see, is said not to be there, so that the C library takes clone. The lower half of the flags is enough.
 */
#ifdef __s390x__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define LOWER_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
static const struct sock_filter threads[] = {
	IF(SYS_set_robust_list),
	ANSWER(SECCOMP_RET_ALLOW),
	IF(SYS_rseq),
	ANSWER(SECCOMP_RET_ALLOW),
	IF(SYS_clone3),
	ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[CLONE_FLAGS]) + LOWER_HALF),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
	ANSWER(SECCOMP_RET_ALLOW),
	ANSWER(SECCOMP_RET_KILL_PROCESS),
};

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))
static int calls_close(int directory, struct problem *problem)
{
	struct sock_filter filter[8 + COUNT_OF(threads) + 2 * (COUNT_OF(allowed) + COUNT_OF(opening) + COUNT_OF(denied))] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
	};
	struct sock_fprog program = { .filter = filter };
	size_t at = 4;

	if (!ARCHITECTURE)
		return problem_set(problem, E_UNAVAILABLE, NULL, "workers are not made for this kind of machine yet");
	at = answer_all(filter, at, allowed, COUNT_OF(allowed), SECCOMP_RET_ALLOW);
	if (directory >= 0) {
		at = answer_all(filter, at, opening, COUNT_OF(opening), SECCOMP_RET_ALLOW);
		memcpy(&filter[at], threads, sizeof threads);
		at += COUNT_OF(threads);
	}
	at = answer_all(filter, at, denied, COUNT_OF(denied), SECCOMP_RET_ERRNO | EACCES);
	filter[at++] = (struct sock_filter)ANSWER(SECCOMP_RET_KILL_PROCESS);
	program.len = (unsigned short)at;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		return problem_set(problem, E_UNAVAILABLE, NULL, "the worker's system calls could not be closed off: %s", strerror(errno));
	return 0;
}

int sandbox_enter(int directory, struct problem *problem)
{
	int r = files_close(directory, problem);

	return r ? r : calls_close(directory, problem);
}
