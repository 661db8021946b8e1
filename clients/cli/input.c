/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that the command line names, as descriptors that the daemon takes: a regular file as it is, all else (standard
 * input, pipes, directories as a ZIP) copied into a sealed memfd first, because the daemon reads neither pipes nor directories.
 *
 * Over ssh the near side has sent the files along (remote.c); then nothing is opened here but those.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum {
	MAX_COPY = 256 << 20,
	MAX_TEXT = 1 << 20
};
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

static int not_read(struct failure *failure, const char *name)
{
	return failed(failure,
		errno == ENOENT           ? ERROR_NOTFOUND
			: errno == EACCES ? "org.mentorship1.Error.NotAllowed"
					  : ERROR_INVALID,
		"%s: %s", strcmp(name, "-") ? name : "standard input", strerror(errno));
}

/* All that can be read from `from`, in a sealed memfd at its start. */
static int copy_sealed(int from, const char *name, int *ret_fd, struct failure *failure)
{
	int fd = memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char part[65536];
	size_t total = 0;
	ssize_t n;

	if (fd < 0)
		return not_read(failure, name);
	while ((n = read(from, part, sizeof part)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write(fd, part, (size_t)n) != n) {
			not_read(failure, name);
			close(fd);
			return -1;
		}
		total += (size_t)n;
		if (total > MAX_COPY) {
			close(fd);
			return failed(failure, ERROR_INVALID, "%s is larger than %d MiB", name, MAX_COPY >> 20);
		}
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) || lseek(fd, 0, SEEK_SET)) {
		not_read(failure, name);
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

int input_take(const char *name, int *ret_fd, bool *ret_directory, struct failure *failure)
{
	bool standard = !strcmp(name, "-");
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC), copy = -1, r;
	struct stat stat;

	*ret_directory = false;
	if (fd < 0 || fstat(fd, &stat))
		return not_read(failure, name);
	if (!standard && S_ISREG(stat.st_mode)) {
		*ret_fd = fd;
		return 0;
	}
	*ret_directory = S_ISDIR(stat.st_mode);
	r = *ret_directory ? pack_directory(name, &copy, failure) : copy_sealed(fd, name, &copy, failure);
	if (!standard)
		close(fd);
	*ret_fd = copy;
	return r;
}

int input_open(struct cli *cli, const char *name, int *ret_fd)
{
	bool directory;

	if (!strcmp(name, "-") && cli->stdin_taken)
		return usage(cli, "", "standard input can be read once only");
	cli->stdin_taken |= !strcmp(name, "-");
	if (!cli->inputs)
		return input_take(name, ret_fd, &directory, &cli->failure);
	for (size_t i = 0; i < cli->inputs->count; i++)
		if (!strcmp(cli->inputs->files[i].name, name)) {
			*ret_fd = fcntl(cli->inputs->files[i].fd, F_DUPFD_CLOEXEC, 3);
			if (*ret_fd < 0 || lseek(*ret_fd, 0, SEEK_SET))
				return not_read(&cli->failure, name);
			return 0;
		}
	return failed(&cli->failure, ERROR_NOTFOUND, "%s: did not come along over ssh", name);
}

int input_text(struct cli *cli, const char *name, char **ret)
{
	struct buffer text = { 0 };
	char part[16384];
	ssize_t n;
	int fd;

	if (input_open(cli, name, &fd))
		return -1;
	while ((n = read(fd, part, sizeof part)) > 0 && text.length <= MAX_TEXT)
		buffer_add(&text, part, (size_t)n);
	close(fd);
	if (n < 0)
		not_read(&cli->failure, name);
	else if (text.length > MAX_TEXT)
		failed(&cli->failure, ERROR_INVALID, "%s is longer than a text may be", name);
	else if (text.length && memchr(text.data, 0, text.length))
		failed(&cli->failure, ERROR_INVALID, "%s is no text: it has a byte of zero", name);
	else {
		if (text.length && text.data[text.length - 1] == '\n')
			text.length--;
		*ret = strndup(buffer_string(&text), text.length);
		buffer_free(&text);
		return 0;
	}
	buffer_free(&text);
	return -1;
}

const char *input_named(const char *word)
{
	struct assignment assignment;

	if (!strcmp(word, "-"))
		return word;
	if (!assignment_parse(word, &assignment) || assignment.operator!= IS)
		return NULL;
	if (!strcmp(assignment.text, "-"))
		return assignment.text;
	return assignment.text[0] == '@' && assignment.text[1] && assignment.text[1] != '@' ? assignment.text + 1 : NULL;
}
