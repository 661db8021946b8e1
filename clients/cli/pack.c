/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A directory as one file: the plain files in it, packed into a ZIP in a sealed memfd. Folders inside, hidden files and links
 * are left out: a set of tables has none, and a link might lead anywhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "cli.h"

enum {
	MAX_FILES = 200
};

static int plain_file(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

/* Adds one file; what is not plain is passed over. The archive owns the stream from then on. */
static int add(zip_t *archive, int directory, const char *name, struct failure *failure)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	zip_source_t *source;
	struct stat stat;
	FILE *file;

	if (fd < 0)
		return errno == ELOOP ? 0 : failed(failure, ERROR_INVALID, "%s: %s", name, strerror(errno));
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		close(fd);
		return 0;
	}
	file = fdopen(fd, "r");
	source = file ? zip_source_filep(archive, file, 0, -1) : NULL;
	if (!source || zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8) < 0)
		return failed(failure, ERROR_INVALID, "%s: %s", name, file ? zip_strerror(archive) : strerror(errno));
	return 0;
}

static int add_all(zip_t *archive, const char *path, struct failure *failure)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	struct dirent **names = NULL;
	int count = directory < 0 ? -1 : scandir(path, &names, plain_file, alphasort);

	if (count < 0)
		r = failed(failure, ERROR_INVALID, "%s: %s", path, strerror(errno));
	else if (count > MAX_FILES)
		r = failed(failure, ERROR_INVALID, "%s holds %d files; a set of tables has at most %d", path, count, MAX_FILES);
	for (int i = 0; i < count; i++) {
		if (!r)
			r = add(archive, directory, names[i]->d_name, failure);
		free(names[i]);
	}
	free(names);
	if (directory >= 0)
		close(directory);
	if (!r && !zip_get_num_entries(archive, 0))
		r = failed(failure, ERROR_INVALID, "%s holds no files", path);
	return r;
}

/* The finished archive out of libzip's memory. */
static int seal(zip_source_t *memory, int *ret_fd, struct failure *failure)
{
	int fd = memfd_create("directory.zip", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char part[65536];
	zip_int64_t n;

	if (fd < 0 || zip_source_open(memory))
		goto failed;
	while ((n = zip_source_read(memory, part, sizeof part)) > 0)
		if (write(fd, part, (size_t)n) != n)
			goto failed;
	zip_source_close(memory);
	if (n || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) || lseek(fd, 0, SEEK_SET))
		goto failed;
	*ret_fd = fd;
	return 0;
failed:
	if (fd >= 0)
		close(fd);
	return failed(failure, ERROR_UNAVAILABLE, "the directory could not be packed: %s", strerror(errno));
}

int pack_directory(const char *path, int *ret_fd, struct failure *failure)
{
	zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *archive = memory ? zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, NULL) : NULL;
	int r;

	if (!archive)
		abort();
	zip_source_keep(memory);
	r = add_all(archive, path, failure);
	if (r)
		zip_discard(archive);
	else if (zip_close(archive)) {
		r = failed(failure, ERROR_INVALID, "%s: %s", path, zip_strerror(archive));
		zip_discard(archive);
	} else {
		r = seal(memory, ret_fd, failure);
	}
	zip_source_free(memory);
	return r;
}
