/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Descriptors that cross the bus.
 *
 * One that comes in must be something that can be read to its end without waiting and does not change meanwhile: a regular file, or a
 * memfd whose owner sealed it. Pipes, sockets, directories and devices are named and refused. One that goes out is a sealed memfd.
 */
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *what_is(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO: return "a pipe";
	case S_IFSOCK: return "a socket";
	case S_IFDIR: return "a directory";
	case S_IFCHR:
	case S_IFBLK: return "a device";
	default: return "something else";
	}
}

int descriptor_check(int fd, int64_t most, const char *name, struct problem *problem)
{
	const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	struct stat st;
	int seals, mode;

	if (fd < 0 || fstat(fd, &st))
		return problem_set(problem, E_INVALID, name, "is no open descriptor; pass a regular file");
	if (!S_ISREG(st.st_mode))
		return problem_set(problem, E_INVALID, name, "is %s; pass a regular file or a sealed memfd", what_is(st.st_mode));
	mode = fcntl(fd, F_GETFL);
	if (mode < 0 || (mode & O_ACCMODE) == O_WRONLY || mode & O_PATH)
		return problem_set(problem, E_INVALID, name, "is not open for reading");
	/* a memfd has no name anywhere; a file that was unlinked and lies on tmpfs cannot be told from it, and is refused with it */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && st.st_nlink == 0 && (seals & wanted) != wanted)
		return problem_set(problem, E_INVALID, name, "is a memfd that can still shrink, grow or be written; seal it first");
	if (st.st_size > most)
		return problem_set(problem, E_LIMIT, name, "is larger than %" PRId64 " bytes; split it", most);
	return 0;
}

static int failed(int fd, struct problem *problem)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	return problem_set(problem, error == ENOSPC || error == ENOMEM ? E_LIMIT : E_UNAVAILABLE, NULL,
		"no memory file could be made for the answer (error %d)", error);
}

int descriptor_memfd(const char *name, const void *data, size_t length, struct problem *problem)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *at = data;

	if (fd < 0)
		return failed(fd, problem);
	while (length) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed(fd, problem);
		at += n;
		length -= (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return failed(fd, problem);
	return fd;
}
