/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power cuts: what a program does to the files of one directory is recorded, and disks are made as a cut could have left them.
 *
 * The functions of the C library that change files are defined here over the system calls, so the program that includes this
 * and SQLite's shared library both come through it; what concerns the watched directory goes into a list. An image is what a cut
 * after the first n entries leaves: all that was synced, and of the rest any part. A write that was not synced is there or not
 * for each 4 KiB page, in any order, or cut at a sector of 512 bytes; a file may have grown without its content; of names made,
 * renamed and removed in a directory that was not synced, the first ones are there. So an fsync of a file saves no name.
 *
 * One thread, files below one directory and its subdirectories; modes and times are not kept. Included by one file of a program.
 */
#ifndef MENTORSHIP_POWER_H
#define MENTORSHIP_POWER_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum power_what {
	POWER_WRITE,
	POWER_SIZE,
	POWER_SYNC,
	POWER_MAKE, /* a name for a new file */
	POWER_RENAME,
	POWER_REMOVE,
	POWER_SYNC_NAMES
};
enum {
	POWER_PAGE = 4096,
	POWER_SECTOR = 512,
	POWER_NAME = 96,
	POWER_FILES = 4096
};

struct power_entry {
	enum power_what what;
	int file; /* SYNC_NAMES: none */
	int64_t at, size;
	unsigned char *data;
	char name[POWER_NAME], to[POWER_NAME]; /* below the root; SYNC_NAMES: the directory, "" the root itself */
};

static struct {
	char root[POWER_NAME];
	bool on;
	struct power_entry *list;
	size_t count, room;
	ino_t inodes[POWER_FILES]; /* the file that has an inode now */
	int files;
} power;

/* ---- recording ---- */

static struct power_entry *power_add(enum power_what what, int file)
{
	if (power.count == power.room) {
		power.room = power.room ? 2 * power.room : 1024;
		power.list = reallocarray(power.list, power.room, sizeof *power.list);
		if (!power.list)
			abort();
	}
	power.list[power.count] = (struct power_entry){ .what = what, .file = file };
	return &power.list[power.count++];
}

/* The name below the root, NULL if it is elsewhere. */
static const char *power_below(int directory, const char *path, char *room, size_t size)
{
	size_t length = strlen(power.root);
	char link[64], before[400] = "";
	ssize_t n;

	if (!power.on)
		return NULL;
	if (*path != '/' && directory != AT_FDCWD) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
		n = readlink(link, before, sizeof before - 2);
		if (n <= 0)
			return NULL;
		before[n] = '/';
		before[n + 1] = '\0';
	}
	snprintf(room, size, "%s%s", before, path);
	if (strncmp(room, power.root, length) || (room[length] != '/' && room[length]))
		return NULL;
	return room[length] ? room + length + 1 : room + length;
}

static int power_file_of(int fd)
{
	struct stat st;

	if (!power.on || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	for (int i = power.files - 1; i >= 0; i--)
		if (power.inodes[i] == st.st_ino)
			return i;
	return -1;
}

static void power_made(const char *name, int fd)
{
	struct stat st;
	int old = power_file_of(fd);

	if (fstat(fd, &st) < 0 || power.files == POWER_FILES)
		abort();
	if (old >= 0) /* the inode of one that is gone */
		power.inodes[old] = 0;
	power.inodes[power.files] = st.st_ino;
	snprintf(power_add(POWER_MAKE, power.files++)->name, POWER_NAME, "%s", name);
}

static int power_open(int directory, const char *path, int flags, mode_t mode)
{
	char room[800];
	const char *name = power_below(directory, path, room, sizeof room);
	bool made = name && flags & O_CREAT && syscall(SYS_faccessat, directory, path, F_OK) < 0;
	int fd = (int)syscall(SYS_openat, directory, path, flags, mode), file;

	if (fd < 0 || !name || (flags & O_ACCMODE) == O_RDONLY)
		return fd;
	if (made)
		power_made(name, fd);
	else if (flags & O_TRUNC && (file = power_file_of(fd)) >= 0)
		power_add(POWER_SIZE, file)->size = 0;
	return fd;
}

static mode_t power_mode(int flags, va_list ap)
{
	return flags & O_CREAT ? (mode_t)va_arg(ap, int) : 0;
}

static void power_wrote(int fd, const void *data, ssize_t size, int64_t at)
{
	int file = size > 0 ? power_file_of(fd) : -1;
	struct power_entry *entry;

	if (file < 0)
		return;
	entry = power_add(POWER_WRITE, file);
	entry->at = at;
	entry->size = size;
	entry->data = malloc((size_t)size);
	if (!entry->data)
		abort();
	memcpy(entry->data, data, (size_t)size);
}

static void power_synced(int fd)
{
	int file = power_file_of(fd);
	char link[64], path[400], room[800];
	const char *name;
	ssize_t n;

	if (file >= 0) {
		power_add(POWER_SYNC, file);
		return;
	}
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return;
	path[n] = '\0';
	name = power_below(AT_FDCWD, path, room, sizeof room);
	if (name)
		snprintf(power_add(POWER_SYNC_NAMES, -1)->name, POWER_NAME, "%s", name);
}

/* ---- in the place of the C library's ---- */

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = power_mode(flags, ap);
	va_end(ap);
	return power_open(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = power_mode(flags, ap);
	va_end(ap);
	return power_open(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = power_mode(flags, ap);
	va_end(ap);
	return power_open(directory, path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
	int64_t at = power_file_of(fd) < 0 ? 0 : lseek(fd, 0, SEEK_CUR);
	ssize_t n;

	if (fcntl(fd, F_GETFL) > 0 && fcntl(fd, F_GETFL) & O_APPEND && power_file_of(fd) >= 0)
		at = lseek(fd, 0, SEEK_END);
	n = syscall(SYS_write, fd, data, size);
	power_wrote(fd, data, n, at);
	return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	ssize_t n = syscall(SYS_pwrite64, fd, data, size, at);

	power_wrote(fd, data, n, at);
	return n;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	return pwrite(fd, data, size, at);
}

int ftruncate(int fd, off_t size)
{
	int r = (int)syscall(SYS_ftruncate, fd, size), file = power_file_of(fd);

	if (!r && file >= 0)
		power_add(POWER_SIZE, file)->size = size;
	return r;
}

int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int fsync(int fd)
{
	int r = power.on ? 0 : (int)syscall(SYS_fsync, fd); /* a disk of its own is recorded: this one may be lazy */

	if (!r)
		power_synced(fd);
	return r;
}

int fdatasync(int fd)
{
	return fsync(fd);
}

int rename(const char *from, const char *to)
{
	char room[800], other[800];
	const char *name = power_below(AT_FDCWD, from, room, sizeof room), *after = power_below(AT_FDCWD, to, other, sizeof other);
	int r = (int)syscall(SYS_rename, from, to);
	struct power_entry *entry;

	if (!r && name && after) {
		entry = power_add(POWER_RENAME, -1);
		snprintf(entry->name, POWER_NAME, "%s", name);
		snprintf(entry->to, POWER_NAME, "%s", after);
	}
	return r;
}

int unlinkat(int directory, const char *path, int flags)
{
	char room[800];
	const char *name = power_below(directory, path, room, sizeof room);
	int r = (int)syscall(SYS_unlinkat, directory, path, flags);

	if (!r && name)
		snprintf(power_add(POWER_REMOVE, -1)->name, POWER_NAME, "%s", name);
	return r;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

/* Watches a directory, empty of files, from now on. */
static inline void power_begin(const char *root)
{
	snprintf(power.root, sizeof power.root, "%s", root);
	power.on = true;
}

static inline void power_end(void)
{
	power.on = false;
}

/* All that was recorded is forgotten. */
static inline void power_forget(void)
{
	for (size_t i = 0; i < power.count; i++)
		free(power.list[i].data);
	free(power.list);
	memset(&power, 0, sizeof power);
}

/* ---- images ---- */

struct power_file {
	unsigned char *data;
	int64_t size, room;
};
struct power_name {
	char name[POWER_NAME];
	int file; /* -1: none */
};
/* What surely is on the disk after the first `done` entries. */
struct power_disk {
	struct power_file files[POWER_FILES];
	struct power_name names[256];
	int name_count;
	size_t done;
	bool *safe; /* entries that were synced */
};

static inline uint64_t power_dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

static void power_resize(struct power_file *file, int64_t size)
{
	if (size > file->room) {
		file->room = 2 * size;
		file->data = realloc(file->data, (size_t)file->room);
		if (!file->data)
			abort();
	}
	if (size > file->size)
		memset(file->data + file->size, 0, (size_t)(size - file->size));
	file->size = size;
}

static void power_put(struct power_file *file, const unsigned char *data, int64_t size, int64_t at)
{
	if (at + size > file->size)
		power_resize(file, at + size);
	if (size)
		memcpy(file->data + at, data, (size_t)size);
}

static struct power_name *power_name_of(struct power_name *names, int *count, const char *name)
{
	for (int i = 0; i < *count; i++)
		if (!strcmp(names[i].name, name))
			return &names[i];
	if (*count == 256)
		abort();
	names[*count].file = -1;
	snprintf(names[*count].name, POWER_NAME, "%s", name);
	return &names[(*count)++];
}

static void power_rename_one(struct power_name *names, int *count, const struct power_entry *entry)
{
	struct power_name *name = power_name_of(names, count, entry->name);
	int file = name->file;

	if (entry->what == POWER_MAKE)
		name->file = entry->file;
	else
		name->file = -1;
	if (entry->what == POWER_RENAME)
		power_name_of(names, count, entry->to)->file = file;
}

static bool power_is_name(const struct power_entry *entry)
{
	return entry->what == POWER_MAKE || entry->what == POWER_RENAME || entry->what == POWER_REMOVE;
}

static bool power_is_in(const char *name, const char *directory)
{
	const char *slash = strrchr(name, '/');
	size_t length = slash ? (size_t)(slash - name) : 0;

	return strlen(directory) == length && !strncmp(name, directory, length);
}

static void power_sync_names(struct power_disk *disk, size_t upto, const char *directory)
{
	for (size_t i = 0; i < upto; i++) {
		struct power_entry *entry = &power.list[i];

		if (disk->safe[i] || !power_is_name(entry) || !power_is_in(entry->name, directory))
			continue;
		power_rename_one(disk->names, &disk->name_count, entry);
		disk->safe[i] = true;
	}
}

static void power_sync_file(struct power_disk *disk, size_t upto, int file)
{
	for (size_t i = 0; i < upto; i++) {
		struct power_entry *entry = &power.list[i];

		if (disk->safe[i] || entry->file != file || (entry->what != POWER_WRITE && entry->what != POWER_SIZE))
			continue;
		if (entry->what == POWER_WRITE)
			power_put(&disk->files[file], entry->data, entry->size, entry->at);
		else
			power_resize(&disk->files[file], entry->size);
		disk->safe[i] = true;
	}
}

/* The disk moves on to the first `upto` entries; never back. */
static inline void power_move(struct power_disk *disk, size_t upto)
{
	if (!disk->safe)
		disk->safe = calloc(power.count + 1, 1);
	for (; disk->done < upto; disk->done++) {
		const struct power_entry *entry = &power.list[disk->done];

		if (entry->what == POWER_SYNC)
			power_sync_file(disk, disk->done, entry->file);
		else if (entry->what == POWER_SYNC_NAMES)
			power_sync_names(disk, disk->done, entry->name);
	}
}

static inline void power_disk_free(struct power_disk *disk)
{
	for (int i = 0; i < POWER_FILES; i++)
		free(disk->files[i].data);
	free(disk->safe);
	free(disk);
}

/* How much of what was not synced reached the disk. */
enum power_luck {
	POWER_NOTHING,
	POWER_ALL,
	POWER_SOME,
	POWER_TORN,
	POWER_LUCKS
};

static void power_write_some(struct power_file *file, const struct power_entry *entry, enum power_luck luck, uint64_t *dice)
{
	for (int64_t from = 0, size; from < entry->size; from += size) {
		int64_t left = POWER_PAGE - (entry->at + from) % POWER_PAGE, kept;

		size = entry->size - from < left ? entry->size - from : left;
		kept = size;
		if (luck == POWER_TORN && power_dice(dice) % 3 == 0) {
			kept = POWER_SECTOR * (int64_t)(power_dice(dice) % 8) - (entry->at + from) % POWER_SECTOR;
			kept = kept < 0 ? 0 : kept > size ? size : kept;
		}
		if (luck == POWER_ALL || power_dice(dice) % 2)
			power_put(file, entry->data + from, kept, entry->at + from);
		else if (power_dice(dice) % 4 == 0 && entry->at + from + size > file->size)
			power_resize(file, entry->at + from + size);
	}
}

static void power_copy(const struct power_disk *disk, struct power_file *files, enum power_luck luck, uint64_t *dice)
{
	for (int i = 0; i < power.files; i++)
		power_put(&files[i], disk->files[i].data, disk->files[i].size, 0);
	for (size_t i = 0; i < disk->done && luck != POWER_NOTHING; i++) {
		const struct power_entry *entry = &power.list[i];

		if (disk->safe[i])
			continue;
		if (entry->what == POWER_WRITE)
			power_write_some(&files[entry->file], entry, luck, dice);
		else if (entry->what == POWER_SIZE && (luck == POWER_ALL || power_dice(dice) % 2))
			power_resize(&files[entry->file], entry->size);
	}
}

static int power_names(const struct power_disk *disk, struct power_name *names, enum power_luck luck, uint64_t *dice)
{
	int count = disk->name_count, most = luck == POWER_NOTHING ? 0 : luck == POWER_ALL ? 1 << 30 : (int)(power_dice(dice) % 8);

	memcpy(names, disk->names, sizeof disk->names);
	for (size_t i = 0; i < disk->done && most > 0; i++)
		if (!disk->safe[i] && power_is_name(&power.list[i])) {
			power_rename_one(names, &count, &power.list[i]);
			most--;
		}
	return count;
}

static void power_write_file(const char *path, const struct power_file *file)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (file->size && write(fd, file->data, (size_t)file->size) != file->size))
		abort();
	close(fd);
}

/* Writes what a cut leaves into a directory that has the same subdirectories and no files. After power_end. */
static inline void power_image(const struct power_disk *disk, enum power_luck luck, uint64_t *dice, const char *to)
{
	struct power_file *files = calloc(POWER_FILES, sizeof *files);
	struct power_name names[256];
	char path[POWER_NAME + 400];
	int count;

	if (!files)
		abort();
	power_copy(disk, files, luck, dice);
	count = power_names(disk, names, luck, dice);
	for (int i = 0; i < count; i++)
		if (names[i].file >= 0) {
			snprintf(path, sizeof path, "%s/%.*s", to, POWER_NAME - 1, names[i].name);
			power_write_file(path, &files[names[i].file]);
		}
	for (int i = 0; i < power.files; i++)
		free(files[i].data);
	free(files);
}

#endif
