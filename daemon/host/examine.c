/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "examine.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <mentorship-plugin.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#elif defined(__loongarch__)
#define MACHINE EM_LOONGARCH
#else
#error "add this machine's number from elf.h"
#endif

static const uint32_t capabilities_known = MENTORSHIP_NOTIFIER | MENTORSHIP_SURVEY_CHANNEL | MENTORSHIP_DIRECTORY | MENTORSHIP_EVENT_SINK;

/* Each version of the contract has one size; a row is added with each minor version, none is changed. */
static const struct plugin_note versions[] = {
	{ .abi = 1, .minor = 0, .size = 112 },
	{ .abi = 1, .minor = 1, .size = 112 },
};
_Static_assert(sizeof(struct mentorship_plugin) == 112, "a new size needs a new minor version, and a row above");

/* ---- names and owners ---- */

bool plugin_name_valid(const char *name)
{
	size_t length = strlen(name);

	return length && length <= PLUGIN_NAME_MOST && name[0] >= 'a' && name[0] <= 'z' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

int trust_check(const struct stat *st, const char *path, bool development, struct problem *problem)
{
	bool own_group = development && st->st_gid == getegid();

	if (st->st_uid != 0 && !(development && st->st_uid == geteuid()))
		return problem_set(problem, E_DENIED, NULL, "%s belongs to uid %u; chown it to root%s", path, (unsigned)st->st_uid,
			development ? " or to the user who runs the host" : "");
	if ((st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && !own_group))
		return problem_set(problem, E_DENIED, NULL, "%s can be written by others; run chmod go-w on it", path);
	return 0;
}

/* ---- the note ---- */

static bool inside(uint64_t offset, uint64_t length, size_t size)
{
	return offset <= size && length <= size - offset;
}

static int truncated(struct problem *problem, const char *what)
{
	return problem_set(problem, E_INVALID, NULL, "the file is not whole: %s beyond its end; install it again", what);
}

static int header_read(const unsigned char *bytes, size_t size, Elf64_Ehdr *header, struct problem *problem)
{
	const uint16_t one = 1;
	unsigned char order = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;

	if (size < sizeof *header || memcmp(bytes, ELFMAG, SELFMAG))
		return problem_set(problem, E_INVALID, NULL, "the file is no shared object; build the plugin with -shared -fPIC");
	memcpy(header, bytes, sizeof *header);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != order || header->e_machine != MACHINE)
		return problem_set(problem, E_INVALID, NULL, "the file was built for another kind of machine; build it for this one");
	if (header->e_type != ET_DYN || header->e_version != EV_CURRENT)
		return problem_set(problem, E_INVALID, NULL, "the file is no shared object; build the plugin with -shared -fPIC");
	if (header->e_phentsize != sizeof(Elf64_Phdr) || !header->e_phnum || header->e_phnum == PN_XNUM)
		return problem_set(problem, E_INVALID, NULL, "the file has no program headers that can be read; install it again");
	if (!inside(header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr), size))
		return truncated(problem, "its program headers lie");
	if (header->e_shoff &&
		(header->e_shentsize != sizeof(Elf64_Shdr) ||
			!inside(header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr), size)))
		return truncated(problem, "its section headers lie");
	return 0;
}

/* One segment of notes. 1 if ours was there; a second one that says something else is refused. */
static int segment_read(
	const unsigned char *bytes, uint64_t length, uint64_t align, struct plugin_note *ret, bool *found, struct problem *problem)
{
	static const char name[] = MENTORSHIP_NOTE_NAME;
	uint64_t at = 0;

	align = align == 8 ? 8 : 4;
	while (length - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		uint64_t value, next;

		memcpy(&note, bytes + at, sizeof note);
		value = (at + sizeof note + note.n_namesz + align - 1) / align * align;
		next = (value + note.n_descsz + align - 1) / align * align;
		if (value > length || note.n_descsz > length - value)
			return truncated(problem, "a note of it reaches");
		if (note.n_type == MENTORSHIP_NOTE_TYPE && note.n_namesz == sizeof name &&
			!memcmp(bytes + at + sizeof note, name, sizeof name)) {
			struct plugin_note ours;

			if (note.n_descsz != sizeof ours)
				return problem_set(problem, E_INVALID, NULL,
					"the plugin's note has %u bytes instead of %zu; build it anew with mentorship-plugin.h",
					(unsigned)note.n_descsz, sizeof ours);
			memcpy(&ours, bytes + value, sizeof ours);
			if (*found && memcmp(&ours, ret, sizeof ours))
				return problem_set(problem, E_INVALID, NULL,
					"the file has two notes that contradict each other; use MENTORSHIP_PLUGIN once");
			*ret = ours;
			*found = true;
		}
		if (next >= length)
			break;
		at = next;
	}
	return 0;
}

int note_read(const unsigned char *bytes, size_t size, struct plugin_note *ret, struct problem *problem)
{
	bool found = false, dynamic = false, program = false;
	struct plugin_note note = { 0 };
	Elf64_Ehdr header;
	int r = header_read(bytes, size, &header, problem);

	for (unsigned i = 0; !r && i < header.e_phnum; i++) {
		Elf64_Phdr one;

		memcpy(&one, bytes + header.e_phoff + i * sizeof one, sizeof one);
		if ((one.p_type == PT_LOAD || one.p_type == PT_DYNAMIC || one.p_type == PT_NOTE || one.p_type == PT_INTERP) &&
			!inside(one.p_offset, one.p_filesz, size))
			return truncated(problem, "a part of it lies");
		dynamic |= one.p_type == PT_DYNAMIC;
		program |= one.p_type == PT_INTERP;
		if (one.p_type == PT_NOTE)
			r = segment_read(bytes + one.p_offset, one.p_filesz, one.p_align, &note, &found, problem);
	}
	if (r)
		return r;
	if (!dynamic || program)
		return problem_set(problem, E_INVALID, NULL, "the file is no shared object; build the plugin with -shared -fPIC");
	if (!found)
		return problem_set(problem, E_INVALID, NULL,
			"the file has no note of a plugin; define it with MENTORSHIP_PLUGIN of mentorship-plugin.h, and do not strip notes");
	*ret = note;
	return 0;
}

uint32_t note_size(uint32_t abi, uint32_t minor)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].abi == abi && versions[i].minor == minor)
			return versions[i].size;
	return 0;
}

int note_check(const struct plugin_note *note, struct problem *problem)
{
	if (note->abi != MENTORSHIP_PLUGIN_ABI)
		return problem_set(problem, E_INVALID, NULL,
			"the plugin was built for ABI %u, this host has ABI %d; build it with this version's header", (unsigned)note->abi,
			MENTORSHIP_PLUGIN_ABI);
	if (note->minor > MENTORSHIP_PLUGIN_MINOR)
		return problem_set(problem, E_INVALID, NULL,
			"the plugin was built for ABI %u.%u, this host knows it up to %d.%d; install a newer mentorshipd, or an older plugin",
			(unsigned)note->abi, (unsigned)note->minor, MENTORSHIP_PLUGIN_ABI, MENTORSHIP_PLUGIN_MINOR);
	if (note->size != note_size(note->abi, note->minor))
		return problem_set(problem, E_INVALID, NULL,
			"the plugin's struct has %u bytes, which ABI %u.%u does not have; build it anew with mentorship-plugin.h",
			(unsigned)note->size, (unsigned)note->abi, (unsigned)note->minor);
	if (note->capabilities & ~capabilities_known)
		return problem_set(problem, E_INVALID, NULL,
			"the plugin wants the unknown capability %#x; install a newer mentorshipd, or an older plugin",
			(unsigned)(note->capabilities & ~capabilities_known));
	if (!note->capabilities)
		return problem_set(
			problem, E_INVALID, NULL, "the plugin names no capability, so it has nothing to do; name one in MENTORSHIP_PLUGIN");
	return 0;
}

/* ---- the file ---- */

static int file_open(const char *directory, const char *name, bool development, struct problem *problem)
{
	char file[PLUGIN_NAME_MOST + 4];
	struct stat st;
	int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, r;

	if (at < 0)
		return problem_set(problem, E_NOTFOUND, NULL, "the plugins' directory %s cannot be opened: %s", directory, strerror(errno));
	snprintf(file, sizeof file, "%s.so", name);
	r = fstat(at, &st) ? problem_set(problem, E_NOTFOUND, NULL, "%s: %s", directory, strerror(errno))
			   : trust_check(&st, directory, development, problem);
	fd = r ? -1 : openat(at, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (!r && fd < 0)
		r = problem_set(problem, E_NOTFOUND, NULL,
			errno == ELOOP            ? "%s/%s is a symbolic link; put the file itself into the plugins' directory"
				: errno == ENOENT ? "%s/%s does not exist; install the plugin, or take its name out of plugins.load"
						  : "%s/%s cannot be opened; look at its owner and mode",
			directory, file);
	close(at);
	return r ? r : fd;
}

static int bytes_examine(int fd, const char *path, bool development, struct plugin_note *note, struct problem *problem)
{
	struct stat st;
	void *bytes;
	int r;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return problem_set(problem, E_INVALID, NULL, "%s is not a regular file; put the plugin there", path);
	r = trust_check(&st, path, development, problem);
	if (r)
		return r;
	if (st.st_size < (off_t)sizeof(Elf64_Ehdr) || st.st_size > PLUGIN_FILE_BYTES)
		return problem_set(problem, E_INVALID, NULL, "the file is no shared object: it has %lld bytes; install it again",
			(long long)st.st_size);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return problem_set(problem, E_UNAVAILABLE, NULL, "%s cannot be read: %s", path, strerror(errno));
	r = note_read(bytes, (size_t)st.st_size, note, problem);
	munmap(bytes, (size_t)st.st_size);
	return r ? r : note_check(note, problem);
}

int plugin_file_examine(const char *directory, const char *name, bool development, struct plugin_file *ret, struct problem *problem)
{
	char path[4096];
	int fd, r;

	*ret = (struct plugin_file){ .fd = -1 };
	if (!plugin_name_valid(name))
		return problem_set(problem, E_INVALID, NULL,
			"a plugin's name is a small letter, then small letters, digits and '-', at most %d; rename the file",
			PLUGIN_NAME_MOST);
	fd = file_open(directory, name, development, problem);
	if (fd < 0)
		return fd;
	snprintf(path, sizeof path, "%s/%s.so", directory, name);
	r = bytes_examine(fd, path, development, &ret->note, problem);
	if (r)
		close(fd);
	else
		ret->fd = fd;
	return r;
}

void plugin_file_close(struct plugin_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}
