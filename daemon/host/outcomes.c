/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "outcomes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/text.h"

enum {
	LINE_BYTES = DETAIL_BYTES + 64
};

static const char file_name[] = "outcomes", new_name[] = "outcomes.new", lock_name[] = "lock";

/* ---- the list ---- */

static struct outcome *find(const struct outcomes *all, int64_t id)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].id == id)
			return &all->list[i];
	return NULL;
}

const struct outcome *outcomes_find(const struct outcomes *all, int64_t id)
{
	return find(all, id);
}

static void list_add(struct outcomes *all, int64_t id, int outcome, const char *detail)
{
	struct outcome *one = find(all, id);

	if (!one) {
		all->list = heap_grown(all->list, all->count, &all->room, sizeof *all->list);
		one = &all->list[all->count++];
	}
	*one = (struct outcome){ .id = id, .outcome = outcome };
	snprintf(one->detail, sizeof one->detail, "%s", detail);
}

static void list_drop(struct outcomes *all, int64_t id)
{
	struct outcome *one = find(all, id);

	if (!one)
		return;
	all->count--;
	memmove(one, one + 1, (size_t)(all->list + all->count - one) * sizeof *one);
}

/* ---- lines: SUM + ID OUTCOME DETAIL, or SUM - ID ---- */

/* FNV-1a: a half line or a block of zeros must not be taken for a line; nobody forges these. */
static uint64_t sum_of(const char *text, size_t length)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return sum;
}

static void line_add(struct buffer *buffer, const struct outcome *one, bool gone)
{
	char line[LINE_BYTES];
	int length = gone ? snprintf(line, sizeof line, "- %" PRId64, one->id)
			  : snprintf(line, sizeof line, "+ %" PRId64 " %d %s", one->id, one->outcome, one->detail);

	buffer_print(buffer, "%016" PRIx64 " %s\n", sum_of(line, (size_t)length), line);
}

/* One line without its end; false if it is not whole. */
static bool line_take(struct outcomes *all, const char *line, size_t length)
{
	char copy[LINE_BYTES + 20], *end, *rest;
	long long id;
	long outcome;

	if (length < 20 || length >= sizeof copy || line[16] != ' ')
		return false;
	memcpy(copy, line, length);
	copy[length] = '\0';
	if (strtoull(copy, &end, 16) != sum_of(copy + 17, length - 17) || end != copy + 16)
		return false;
	id = strtoll(copy + 19, &end, 10);
	if (copy[17] == '-') {
		list_drop(all, id);
		return true;
	}
	outcome = strtol(end, &rest, 10);
	list_add(all, id, (int)outcome, *rest == ' ' ? rest + 1 : "");
	return true;
}

/* ---- the file ---- */

static int broken(struct problem *problem, const char *what)
{
	return problem_set(problem, E_STORE, NULL,
		"outcomes of messages cannot be %s: %s; look at the space and the owner of the state directory", what, strerror(errno));
}

static int write_all(int fd, const struct buffer *bytes)
{
	size_t done = 0;

	while (done < bytes->length) {
		ssize_t n = write(fd, bytes->data + done, bytes->length - done);

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The file anew with what is kept: whole under another name, then in the place of the old one. */
static int rewrite(struct outcomes *all, struct problem *problem)
{
	struct buffer bytes = { 0 };
	int fd = openat(all->directory, new_name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600), r = 0;

	for (size_t i = 0; i < all->count; i++)
		line_add(&bytes, &all->list[i], false);
	if (fd < 0 || write_all(fd, &bytes) || fdatasync(fd) || renameat(all->directory, new_name, all->directory, file_name) ||
		fsync(all->directory))
		r = broken(problem, "written");
	if (!r) {
		if (all->file >= 0)
			close(all->file);
		all->file = fd;
		all->bytes = bytes.length;
		all->dirty = false;
	} else if (fd >= 0) {
		close(fd);
	}
	buffer_free(&bytes);
	return r;
}

static int append(struct outcomes *all, const struct buffer *bytes, struct problem *problem)
{
	if (write_all(all->file, bytes)) {
		int error = errno;

		/* a half line would spoil the next one */
		if (ftruncate(all->file, (off_t)all->bytes))
			error = errno;
		errno = error;
		return broken(problem, "written");
	}
	all->bytes += bytes->length;
	return 0;
}

static int read_kept(struct outcomes *all, bool *ret_spoilt, struct problem *problem)
{
	struct buffer bytes = { 0 };
	char block[65536];
	ssize_t n;

	while ((n = read(all->file, block, sizeof block)) > 0)
		buffer_add(&bytes, block, (size_t)n);
	if (n < 0) {
		buffer_free(&bytes);
		return broken(problem, "read");
	}
	for (size_t at = 0; at < bytes.length;) {
		const char *end = memchr(bytes.data + at, '\n', bytes.length - at);
		size_t length = end ? (size_t)(end - bytes.data) - at : bytes.length - at;

		if (!end || !line_take(all, bytes.data + at, length))
			*ret_spoilt = true;
		at += length + 1;
	}
	all->bytes = bytes.length;
	buffer_free(&bytes);
	return 0;
}

/* ---- the lock ---- */

static int lock_take(struct outcomes *all, int seconds, struct problem *problem)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct timespec pause = { 0, 50 * 1000000L };
	struct timespec now;
	time_t until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	until = now.tv_sec + seconds;
	while (fcntl(all->lock, F_SETLK, &whole)) {
		if (errno != EACCES && errno != EAGAIN)
			return broken(problem, "locked");
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= until)
			return problem_set(problem, E_BUSY, NULL,
				"another host of this plugin is still running with the same state directory; it is tried again later");
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* ---- all of it ---- */

static int directory_open(const char *directory, struct outcomes *all, struct problem *problem)
{
	int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return problem_set(problem, E_UNAVAILABLE, NULL,
			"the state directory %s cannot be opened: %s; make it, and give it to this user", directory, strerror(errno));
	if (mkdirat(at, ".host", 0700) && errno != EEXIST)
		broken(problem, "kept");
	else
		all->directory = openat(at, ".host", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	close(at);
	if (all->directory < 0)
		return broken(problem, "kept");
	all->lock = openat(all->directory, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return all->lock < 0 ? broken(problem, "locked") : 0;
}

int outcomes_open(const char *directory, int seconds, struct outcomes *ret, struct problem *problem)
{
	struct outcomes all = { .directory = -1, .lock = -1, .file = -1 };
	bool spoilt = false;
	int r = directory_open(directory, &all, problem);

	if (!r)
		r = lock_take(&all, seconds, problem);
	if (!r) {
		all.file = openat(all.directory, file_name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
		r = all.file < 0 ? broken(problem, "kept") : read_kept(&all, &spoilt, problem);
	}
	if (!r && (spoilt || all.bytes > OUTCOMES_FILE_BYTES))
		r = rewrite(&all, problem);
	/* what a killed host wrote may not be on the disk yet */
	all.dirty = true;
	if (!r)
		r = outcomes_sync(&all, problem);
	if (r)
		outcomes_close(&all);
	else
		*ret = all;
	return r;
}

int outcomes_keep(struct outcomes *all, int64_t id, int outcome, const char *detail, struct problem *problem)
{
	struct buffer line = { 0 };
	int r;

	list_add(all, id, outcome, detail);
	line_add(&line, find(all, id), false);
	r = append(all, &line, problem);
	buffer_free(&line);
	all->dirty = true;
	return r;
}

int outcomes_sync(struct outcomes *all, struct problem *problem)
{
	if (all->dirty && fdatasync(all->file))
		return broken(problem, "brought to the disk");
	all->dirty = false;
	return 0;
}

int outcomes_look(struct outcomes *all, struct problem *problem)
{
	int64_t oldest = all->count ? all->list[0].id : 0;
	bool waits = oldest && oldest == all->oldest;

	all->oldest = oldest;
	return waits ? outcomes_sync(all, problem) : 0;
}

int outcomes_drop(struct outcomes *all, const int64_t *ids, size_t count, struct problem *problem)
{
	struct buffer lines = { 0 };
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		struct outcome *one = find(all, ids[i]);

		if (!one)
			continue;
		line_add(&lines, one, true);
		list_drop(all, ids[i]);
	}
	if (!all->count && all->bytes) {
		if (ftruncate(all->file, 0))
			r = broken(problem, "taken out");
		else
			all->bytes = 0;
	} else if (lines.length && all->bytes > OUTCOMES_FILE_BYTES) {
		r = rewrite(all, problem);
	} else if (lines.length) {
		r = append(all, &lines, problem);
	}
	buffer_free(&lines);
	return r;
}

void outcomes_close(struct outcomes *all)
{
	if (all->file >= 0)
		close(all->file);
	if (all->lock >= 0)
		close(all->lock);
	if (all->directory >= 0)
		close(all->directory);
	free(all->list);
	*all = (struct outcomes){ .directory = -1, .lock = -1, .file = -1 };
}
