/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files beside the database (backup.h, beside.h): copies, the list of erasures, the installation's id.
 *
 * A line of erasures is "person 12 1764000000 ." and ends in its dot: what lacks it was cut off by a crash before anybody
 * was told that it is there, and the next line starts behind a line feed of its own.
 */
#include "beside.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "backup.h"
#include "engine_inside.h"

static int cannot(struct problem *problem, const char *path, const char *what)
{
	int error = errno;
	int code = error == EROFS ? E_READONLY : error == ENOSPC || error == EDQUOT || error == EFBIG ? E_FULL : E_STORE;

	return problem_set(problem, code, NULL, "%s cannot be %s: %s", path, what, strerror(error));
}

static bool write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* Reads from `in` (or `text`, if in is -1) into a new file. */
static bool fill(int out, int in, const char *text, size_t size)
{
	char part[65536];
	ssize_t n;

	if (in < 0)
		return write_all(out, text, size) && fsync(out) == 0;
	while ((n = read(in, part, sizeof part)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !write_all(out, part, (size_t)n))
			return false;
	}
	return fsync(out) == 0;
}

static int publish(const char *directory, const char *file, int in, const char *text, size_t size, struct problem *problem)
{
	char *path = engine_path(directory, file, ""), *partial = engine_path(directory, file, ".part");
	int out = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), code = 0;

	if (out < 0)
		code = cannot(problem, partial, "made");
	else if (fchmod(out, 0600) < 0 || !fill(out, in, text, size))
		code = cannot(problem, partial, "written");
	if (out >= 0)
		close(out);
	if (!code && rename(partial, path) < 0)
		code = cannot(problem, path, "put in its place");
	if (code)
		unlink(partial);
	else
		code = engine_fsync(directory, problem);
	free(partial);
	free(path);
	return code;
}

int beside_copy(const char *from_directory, const char *from, const char *to_directory, const char *to, struct problem *problem)
{
	char *path = engine_path(from_directory, from, "");
	int in = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), code;
	struct stat st;

	if (in < 0)
		code = errno == ENOENT ? 1 : cannot(problem, path, "read");
	else if (fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
		code = problem_set(problem, E_STORE, NULL, "%s is not a regular file", path);
	else
		code = publish(to_directory, to, in, NULL, 0, problem);
	if (in >= 0)
		close(in);
	free(path);
	return code;
}

int beside_write(const char *directory, const char *file, const char *text, size_t size, struct problem *problem)
{
	return publish(directory, file, -1, text, size, problem);
}

/* ---- erasures ---- */

static bool ends_in_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return size <= 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

int erasures_add(const char *state, const char *kind, int64_t id, int64_t time, struct problem *problem)
{
	char *path = engine_path(state, "erasures", ""), line[128];
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600), code = 0, length;

	if (fd < 0) {
		code = cannot(problem, path, "opened");
	} else {
		length = snprintf(
			line, sizeof line, "%s%.32s %lld %lld .\n", ends_in_line(fd) ? "" : "\n", kind, (long long)id, (long long)time);
		if (!write_all(fd, line, (size_t)length) || fsync(fd) < 0)
			code = cannot(problem, path, "written");
		close(fd);
	}
	free(path);
	return code ? code : engine_fsync(state, problem);
}

static int one_line(const char *line, int number, const char *path, int (*seen)(void *, const char *, int64_t, int64_t), void *data,
	struct problem *problem)
{
	size_t length = strlen(line);
	long long id, time;
	char kind[33];
	int end = 0;

	if (length < 3 || strcmp(line + length - 3, " .\n"))
		return 0;
	if (sscanf(line, "%32[a-z_] %lld %lld .%n", kind, &id, &time, &end) != 3 || (size_t)end != length - 1)
		return problem_set(problem, E_STORE, NULL,
			"line %d of %s cannot be understood; put the copy beside the backups in its place", number, path);
	return seen(data, kind, id, time);
}

int erasures_each(const char *state, int (*seen)(void *, const char *kind, int64_t id, int64_t time), void *data, struct problem *problem)
{
	char *path = engine_path(state, "erasures", ""), *line = NULL;
	FILE *file = fopen(path, "re");
	size_t room = 0;
	int code = 0;

	if (!file && errno != ENOENT)
		code = cannot(problem, path, "read");
	for (int number = 1; file && !code && getline(&line, &room, file) >= 0; number++)
		code = one_line(line, number, path, seen, data, problem);
	if (file && !code && ferror(file))
		code = cannot(problem, path, "read");
	if (file)
		fclose(file);
	free(line);
	free(path);
	return code;
}

/* ---- the installation ---- */

enum {
	SECRET = 32
};

static void machine(char ret[64])
{
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret, 63) : 0;

	ret[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

int installation_read(const char *state, char ret[INSTALLATION], struct problem *problem)
{
	char *path = engine_path(state, "installation", "");
	struct {
		char secret[2 * SECRET];
		char machine[64];
		ino_t inode;
	} made = { 0 };
	unsigned char id[16];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), code = 0;

	if (fd < 0)
		code = errno == ENOENT ? 1 : cannot(problem, path, "read");
	else if (fstat(fd, &st) < 0 || read(fd, made.secret, sizeof made.secret) != sizeof made.secret)
		code = problem_set(problem, E_STORE, NULL, "%s is damaged; remove it, then the database starts held", path);
	if (fd >= 0)
		close(fd);
	free(path);
	if (code)
		return code;
	machine(made.machine);
	made.inode = st.st_ino;
	crypto_generichash(id, sizeof id, (const unsigned char *)&made, sizeof made, NULL, 0);
	sodium_bin2hex(ret, INSTALLATION, id, sizeof id);
	return 0;
}

int installation_new(const char *state, char ret[INSTALLATION], struct problem *problem)
{
	unsigned char secret[SECRET];
	char text[2 * SECRET + 1];
	int code;

	if (sodium_init() < 0)
		return problem_set(problem, E_STORE, NULL, "no random numbers can be had from the system");
	randombytes_buf(secret, sizeof secret);
	sodium_bin2hex(text, sizeof text, secret, sizeof secret);
	text[2 * SECRET] = '\n';
	if ((code = beside_write(state, "installation", text, sizeof text, problem)) < 0)
		return code;
	return installation_read(state, ret, problem) ? E_STORE : 0;
}
