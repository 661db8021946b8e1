/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding and opening configuration files. A file must be regular, not reached by a symbolic link, owned by root or
 * by us, writable by nobody else, at most 1 MiB; the same holds for the directory that fragments lie in. Fragments are opened
 * relative to the directory that was checked, so the answer cannot change in between.
 */
#include "settings_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void settings_found(struct settings_report *report, bool error, const char *file, int line, const char *setting, const char *format, ...)
{
	struct problem problem = { 0 };
	va_list ap;

	va_start(ap, format);
	vsnprintf(problem.text, sizeof problem.text, format, ap);
	va_end(ap);
	problem.code = E_INVALID;
	snprintf(problem.field, sizeof problem.field, "%s", setting ? setting : "");
	if (file) {
		encode_terminal(&report->text, file);
		if (line)
			buffer_print(&report->text, ":%d", line);
		buffer_text(&report->text, ": ");
	}
	buffer_text(&report->text, error ? "error: " : "warning: ");
	encode_terminal(&report->text, problem.text);
	buffer_char(&report->text, '\n');
	if (error && !report->errors)
		report->first = problem;
	report->errors += error;
	report->warnings += !error;
}

void settings_report_free(struct settings_report *report)
{
	buffer_free(&report->text);
	*report = (struct settings_report){ 0 };
}

/* Nobody but root or us may have written it. A group of root's or ours is no stranger: many systems have umask 002. */
static bool trusted(const struct stat *st, const char *path, struct settings_report *report)
{
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		settings_found(report, true, path, 0, NULL, "belongs to uid %u; chown it to root or to the user of the service",
			(unsigned)st->st_uid);
		return false;
	}
	if ((st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid())) {
		settings_found(report, true, path, 0, NULL, "can be written by others; run chmod go-w on it");
		return false;
	}
	return true;
}

/* Reads to the end, at most one byte more than allowed: what grows meanwhile is seen as too large. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, bytes + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

static bool read_checked(int fd, const char *path, struct config_file *file, struct settings_report *report)
{
	struct stat st;
	ssize_t length;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		settings_found(report, true, path, 0, NULL, "is not a regular file; put the settings into one");
		return false;
	}
	if (!trusted(&st, path, report))
		return false;
	file->bytes = malloc(CONFIG_BYTES + 2);
	if (!file->bytes)
		abort();
	length = read_all(fd, file->bytes, CONFIG_BYTES + 1);
	if (length >= 0 && length <= CONFIG_BYTES) {
		file->bytes[length] = '\0';
		file->length = (size_t)length;
		return true;
	}
	if (length < 0)
		settings_found(report, true, path, 0, NULL, "cannot be read: %s", strerror(errno));
	else
		settings_found(report, true, path, 0, NULL, "is larger than 1 MiB; settings are short, so look what is in it");
	free(file->bytes);
	file->bytes = NULL;
	return false;
}

/* Opens `name` in the directory and keeps its bytes if they are fit to be parsed. `needed`: absence is an error. */
static void file_read(
	int directory, const char *name, const char *path, bool needed, struct config_files *files, struct settings_report *report)
{
	struct config_file file = { 0 };
	struct problem problem = { 0 };
	int fd, line = 0;

	if (files->count == CONFIG_FILES) {
		settings_found(report, true, path, 0, NULL, "is one file too many; join some of the %d before it", CONFIG_FILES);
		return;
	}
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (errno == ELOOP)
			settings_found(report, true, path, 0, NULL,
				"is a symbolic link; put the file itself here "
				"(only a link to /dev/null has a meaning: it masks)");
		else if (errno != ENOENT || needed)
			settings_found(report, true, path, 0, NULL, "cannot be opened: %s", strerror(errno));
		return;
	}
	if (read_checked(fd, path, &file, report)) {
		if (config_scan(file.bytes, file.length, &line, &problem) < 0) {
			settings_found(report, true, path, line, NULL, "%s", problem.text);
			free(file.bytes);
		} else {
			file.path = strdup(path);
			if (!file.path)
				abort();
			files->list[files->count++] = file;
		}
	}
	close(fd);
}

static bool masks(int directory, const char *name)
{
	char target[16];
	ssize_t length = readlinkat(directory, name, target, sizeof target);

	return length == 9 && !memcmp(target, "/dev/null", 9);
}

/* ---- fragments ---- */
enum {
	PLACES = 3
};
struct fragment {
	char *name;
	int place;
};
struct fragments {
	int fds[PLACES];
	char paths[PLACES][512];
	struct fragment *list;
	size_t count;
};

static void fragment_add(struct fragments *all, const char *name, int place)
{
	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(all->list[i].name, name)) {
			all->list[i].place = place;
			return;
		}
	all->list = realloc(all->list, (all->count + 1) * sizeof *all->list);
	if (!all->list || !(all->list[all->count].name = strdup(name)))
		abort();
	all->list[all->count++].place = place;
}

static bool is_fragment_name(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && !strcmp(name + length - 5, ".conf");
}

static void fragments_list(struct fragments *all, int place, struct settings_report *report)
{
	const char *path = all->paths[place];
	struct dirent *entry;
	struct stat st;
	DIR *directory;
	int copy;

	all->fds[place] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (all->fds[place] < 0) {
		if (errno != ENOENT)
			settings_found(report, true, path, 0, NULL, "cannot be opened: %s", strerror(errno));
		return;
	}
	if (fstat(all->fds[place], &st) < 0 || !trusted(&st, path, report))
		return;
	copy = fcntl(all->fds[place], F_DUPFD_CLOEXEC, 3);
	directory = copy >= 0 ? fdopendir(copy) : NULL;
	if (!directory) {
		settings_found(report, true, path, 0, NULL, "cannot be listed: %s", strerror(errno));
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(directory)) && all->count <= 2 * CONFIG_FILES)
		if (is_fragment_name(entry->d_name))
			fragment_add(all, entry->d_name, place);
	closedir(directory);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct fragment *)a)->name, ((const struct fragment *)b)->name);
}

/* Reads the fragments of up to three directories, each given by printf-like root and path; "" leaves a place out. */
static void fragments_read(struct fragments *all, struct config_files *files, struct settings_report *report)
{
	char path[1024];

	for (int place = 0; place < PLACES; place++) {
		all->fds[place] = -1;
		if (all->paths[place][0])
			fragments_list(all, place, report);
	}
	if (all->count)
		qsort(all->list, all->count, sizeof *all->list, by_name);
	for (size_t i = 0; i < all->count; i++) {
		const struct fragment *one = &all->list[i];

		snprintf(path, sizeof path, "%s/%s", all->paths[one->place], one->name);
		if (!masks(all->fds[one->place], one->name))
			file_read(all->fds[one->place], one->name, path, true, files, report);
		free(one->name);
	}
	free(all->list);
	for (int place = 0; place < PLACES; place++)
		if (all->fds[place] >= 0)
			close(all->fds[place]);
}

static bool path_join(char *out, size_t size, const char *a, const char *b, struct settings_report *report)
{
	if (snprintf(out, size, "%s%s", a, b) < (int)size)
		return true;
	settings_found(report, true, NULL, 0, NULL, "the path of the configuration is too long; use a shorter one");
	return false;
}

/* --config PATH: a file alone, or a directory that holds mentorship.conf and mentorship.conf.d. */
static void read_path(const char *path, struct config_files *files, struct settings_report *report)
{
	struct fragments all = { 0 };
	char name[512];
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		file_read(AT_FDCWD, path, path, true, files, report);
		return;
	}
	if (!path_join(name, sizeof name, path, "/mentorship.conf", report) ||
		!path_join(all.paths[0], sizeof all.paths[0], path, "/mentorship.conf.d", report))
		return;
	file_read(AT_FDCWD, name, name, false, files, report);
	fragments_read(&all, files, report);
}

void config_files_read(const struct settings_paths *paths, struct config_files *files, struct settings_report *report)
{
	static const char *const places[PLACES] = { "/usr/lib", "/run", "/etc" };
	const char *root = paths && paths->root ? paths->root : "";
	struct fragments all = { 0 };
	char vendor[512], local[512], tail[64];

	files->count = 0;
	if (paths && paths->path) {
		read_path(paths->path, files, report);
		return;
	}
	if (!path_join(vendor, sizeof vendor, root, "/usr/lib/mentorship/mentorship.conf", report) ||
		!path_join(local, sizeof local, root, "/etc/mentorship/mentorship.conf", report))
		return;
	for (int place = 0; place < PLACES; place++) {
		snprintf(tail, sizeof tail, "%s/mentorship/mentorship.conf.d", places[place]);
		if (!path_join(all.paths[place], sizeof all.paths[place], root, tail, report))
			return;
	}
	if (!masks(AT_FDCWD, local)) {
		file_read(AT_FDCWD, vendor, vendor, false, files, report);
		file_read(AT_FDCWD, local, local, false, files, report);
	}
	fragments_read(&all, files, report);
}

void config_files_free(struct config_files *files)
{
	for (int i = 0; i < files->count; i++) {
		free(files->list[i].path);
		free(files->list[i].bytes);
	}
	files->count = 0;
}

/* ---- the child ---- */
/* Runs before every other exit handler, so that a library that calls exit() cannot flush our files a second time. */
static void leave(void)
{
	_exit(1);
}

static void child(void (*parse)(void *, int, struct config_answer *), void *data, int count, int pipe_end)
{
	const struct rlimit seconds = { 2, 2 }, none = { 0, 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXCPU, SIG_DFL);
	if (atexit(leave) || setrlimit(RLIMIT_CPU, &seconds) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_FSIZE, &none) < 0)
		_exit(1);
	for (int i = 0; i < count; i++) {
		struct config_answer answer = { 0 };

		parse(data, i, &answer);
		if (write(pipe_end, &answer, sizeof answer) != sizeof answer)
			_exit(1);
	}
	_exit(0);
}

static int64_t milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Reads until `size` bytes are there, the child ended or the time is over; returns how many came. */
static size_t read_answers(int pipe_end, char *bytes, size_t size, int64_t until)
{
	size_t length = 0;

	while (length < size) {
		struct pollfd ready = { .fd = pipe_end, .events = POLLIN };
		int64_t left = until - milliseconds_now();
		ssize_t n;

		if (left <= 0)
			break;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		n = read(pipe_end, bytes + length, size - length);
		if (n > 0)
			length += (size_t)n;
		else if (!n || errno != EINTR)
			break;
	}
	return length;
}

int config_try(void (*parse)(void *data, int index, struct config_answer *), void *data, int count, int milliseconds,
	struct config_answer *answers, int *ret_index)
{
	size_t size = (size_t)count * sizeof *answers, length = 0;
	int ends[2];
	pid_t pid;

	*ret_index = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return E_UNAVAILABLE;
	pid = fork();
	if (!pid) {
		close(ends[0]);
		child(parse, data, count, ends[1]);
	}
	close(ends[1]);
	if (pid > 0) {
		length = read_answers(ends[0], (char *)answers, size, milliseconds_now() + milliseconds);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	close(ends[0]);
	*ret_index = (int)(length / sizeof *answers);
	return length == size ? 0 : E_UNAVAILABLE;
}
