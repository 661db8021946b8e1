/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The look at a database before SQLite sees it: directory, lock, header.
 *
 * A file that is not ours, newer than we know or damaged must be refused as it is. SQLite would first replay a log, drop a
 * journal or write a header; so the first hundred bytes are read with plain calls. That happens only before the first
 * sqlite3_open: POSIX locks belong to the process, and closing any descriptor of the file later would drop those
 * that SQLite holds.
 */
#include "engine_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 100
};

const struct engine_kind engine_main_kind = { ENGINE_APPLICATION_ID, ENGINE_SCHEMA, true };

char *engine_path(const char *directory, const char *file, const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", directory, file, suffix) < 0)
		abort();
	return path;
}

static int errno_code(int error)
{
	switch (error) {
	case EROFS: return E_READONLY;
	case ENOSPC:
	case EDQUOT: return E_FULL;
	default: return E_STORE;
	}
}

int engine_directory(const char *directory, struct problem *problem)
{
	struct stat st;

	if (stat(directory, &st) < 0)
		return problem_set(problem, E_STORE, NULL, "the directory %s cannot be used: %s; make it with: install -d -m 700 %s",
			directory, strerror(errno), directory);
	if (!S_ISDIR(st.st_mode))
		return problem_set(problem, E_STORE, NULL, "%s is not a directory; name one that belongs to the daemon", directory);
	if (st.st_uid != geteuid())
		return problem_set(problem, E_DENIED, NULL,
			"the directory %s belongs to uid %u, the daemon runs as uid %u; "
			"start it as its owner, or chown the directory",
			directory, st.st_uid, geteuid());
	if (st.st_mode & 077)
		return problem_set(problem, E_DENIED, NULL, "the directory %s is open to others (mode %04o); run: chmod 700 %s", directory,
			st.st_mode & 07777u, directory);
	return 0;
}

int engine_lock(const char *directory, int *ret, struct problem *problem)
{
	char *path = engine_path(directory, "lock", "");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), error = errno;

	free(path);
	if (fd < 0)
		return problem_set(problem, errno_code(error), NULL,
			"the file lock in %s cannot be opened: %s; "
			"see that the directory can be written",
			directory, strerror(error));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		error = errno;
		close(fd);
		return problem_set(problem, error == EWOULDBLOCK ? E_BUSY : E_STORE, NULL,
			"the directory %s is in use by another mentorshipd; stop that one first, or name another directory", directory);
	}
	*ret = fd;
	return 0;
}

int engine_fsync(const char *path, struct problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc, error;

	if (fd < 0)
		return problem_set(problem, errno_code(errno), NULL, "%s cannot be opened: %s", path, strerror(errno));
	rc = fsync(fd);
	error = errno;
	close(fd);
	if (rc < 0)
		return problem_set(
			problem, errno_code(error), NULL, "%s cannot be written to the disk: %s; look at the disk", path, strerror(error));
	return 0;
}

static uint32_t get32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A sentence for each way to be refused, with the same end. */
static int refuse(struct problem *problem, const char *path, const char *why)
{
	return problem_set(problem, E_STORE, NULL,
		"%s %s; it was left as it is. Stop the daemon and put a backup in its place: "
		"mentorshipd --restore NAME",
		path, why);
}

/* The fixed bytes of a header (file format of SQLite 3, section 1.3). */
static bool header_plausible(const unsigned char *header)
{
	unsigned page = (unsigned)header[16] << 8 | header[17];

	return (page == 1 || (page >= 512 && !(page & (page - 1)))) && header[18] >= 1 && header[19] >= 1 && header[21] == 64 &&
		header[22] == 32 && header[23] == 32 && get32(header + 44) <= 4;
}

/* Pages that the header promises and the file lacks. While a log is there the file may rightly be behind. */
static bool is_cut(const unsigned char *header, off_t size, off_t log_size)
{
	off_t page = (off_t)header[16] << 8 | header[17];

	if (page == 1)
		page = 65536;
	if (size < page || size % page)
		return log_size == 0;
	return log_size == 0 && get32(header + 24) == get32(header + 92) && size / page < (off_t)get32(header + 28);
}

static int judge(
	const unsigned char *header, off_t size, off_t log_size, const struct engine_kind *kind, const char *path, struct problem *problem)
{
	if (memcmp(header, "SQLite format 3", 16) || !header_plausible(header))
		return refuse(problem, path, "is damaged or no database (its first bytes are not those of one)");
	if (get32(header + 68) != kind->application_id)
		return refuse(problem, path, "is a database of another program");
	if (get32(header + 60) > kind->schema || header[18] > 2 || header[19] > 2)
		return problem_set(problem, E_STORE, NULL,
			"%s was written by a newer mentorshipd (schema %u, this one knows %u); it was left "
			"as it is. Install the newer program, or put an older backup in its place: mentorshipd --restore NAME",
			path, (unsigned)get32(header + 60), (unsigned)kind->schema);
	if (is_cut(header, size, log_size))
		return refuse(problem, path, "is damaged (its end is missing)");
	return 0;
}

static off_t size_of(const char *directory, const char *file, const char *suffix)
{
	char *path = engine_path(directory, file, suffix);
	struct stat st;
	int rc = stat(path, &st);

	free(path);
	return rc < 0 ? -1 : st.st_size;
}

static int look_at(int fd, const char *path, off_t log_size, const struct engine_kind *kind, struct problem *problem)
{
	unsigned char header[HEADER];
	struct stat st;
	int code;

	if (fstat(fd, &st) < 0)
		return problem_set(problem, E_STORE, NULL, "%s cannot be read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(problem, path, "is not a regular file");
	if (st.st_size < HEADER || pread(fd, header, HEADER, 0) != HEADER)
		return refuse(problem, path, "is damaged (it is too short)");
	if ((code = judge(header, st.st_size, log_size, kind, path, problem)) < 0)
		return code;
	if ((st.st_mode & 077) && fchmod(fd, 0600) < 0)
		return problem_set(problem, errno_code(errno), NULL,
			"%s is open to others and cannot be closed to them: %s; run: chmod 600 %s", path, strerror(errno), path);
	return 0;
}

int engine_look(const char *directory, const char *file, const struct engine_kind *kind, struct problem *problem)
{
	char *path = engine_path(directory, file, "");
	off_t log_size = size_of(directory, file, kind->wal ? "-wal" : "-journal");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), error = errno, code;

	if (fd >= 0)
		code = look_at(fd, path, log_size > 0 ? log_size : 0, kind, problem);
	else if (error == ELOOP)
		code = refuse(problem, path, "is a symbolic link, which is never followed");
	else if (error != ENOENT)
		code = problem_set(
			problem, E_STORE, NULL, "%s cannot be read: %s; see that it belongs to the daemon", path, strerror(error));
	else if (log_size > 0)
		code = refuse(problem, path, "is missing, but its log is there");
	else
		code = 1;
	if (fd >= 0)
		close(fd);
	free(path);
	return code;
}
