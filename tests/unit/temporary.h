/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Directories and files for tests: a directory 0700 that goes with the test, and looks at the bytes of what lies there.
 */
#ifndef MENTORSHIP_TEMPORARY_H
#define MENTORSHIP_TEMPORARY_H

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline char *temporary_new(void)
{
	const char *where = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/mentorship-test-XXXXXX", where ? where : P_tmpdir) < 0 || !mkdtemp(path))
		abort();
	return path;
}

static inline int temporary_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void temporary_free(char *path)
{
	nftw(path, temporary_remove, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

/* "directory/file" in a ring of eight buffers. */
static inline const char *in(const char *directory, const char *file)
{
	static char buffers[8][4096];
	static unsigned next;
	char *buffer = buffers[next++ % 8];

	snprintf(buffer, sizeof buffers[0], "%s/%s", directory, file);
	return buffer;
}

/* All bytes of a file; NULL if it is not there. */
static inline char *file_bytes(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL;
	size_t size = 0, room = 0, n;

	*ret_size = 0;
	if (!file)
		return NULL;
	do {
		if (room - size < 65536 && !(bytes = realloc(bytes, room += 1 << 20)))
			abort();
		n = fread(bytes + size, 1, room - size, file);
		size += n;
	} while (n);
	fclose(file);
	*ret_size = size;
	return bytes;
}

static inline void file_write(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	close(fd);
}

static inline bool file_has(const char *path, const void *word, size_t length)
{
	size_t size;
	char *bytes = file_bytes(path, &size);
	bool found = bytes && memmem(bytes, size, word, length);

	free(bytes);
	return found;
}

#endif
