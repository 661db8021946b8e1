/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a plugin's file, made here field by field: what is taken, and that each way of being wrong is seen and named.
 */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <mentorship-plugin.h>

#include "host/examine.h"
#include "temporary.h"

#include <cmocka.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE 0
#endif

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr parts[2];
	unsigned char notes[256];
	size_t size; /* of all before, in a file */
};

static void note_add(struct image *image, const char *name, uint32_t type, size_t align, const void *value, size_t size)
{
	Elf64_Nhdr head = { (Elf64_Word)strlen(name) + 1, (Elf64_Word)size, type };
	size_t at = image->parts[1].p_filesz;

	memcpy(image->notes + at, &head, sizeof head);
	memcpy(image->notes + at + sizeof head, name, head.n_namesz);
	at = (at + sizeof head + head.n_namesz + align - 1) / align * align;
	memcpy(image->notes + at, value, size);
	at = (at + size + align - 1) / align * align;
	image->parts[1].p_filesz = at;
	image->parts[1].p_align = align;
	image->size = offsetof(struct image, notes) + at;
}

static struct image image_new(void)
{
	const uint16_t one = 1;
	struct image image = { 0 };

	memcpy(image.header.e_ident, ELFMAG, SELFMAG);
	image.header.e_ident[EI_CLASS] = ELFCLASS64;
	image.header.e_ident[EI_DATA] = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	image.header.e_type = ET_DYN;
	image.header.e_machine = MACHINE;
	image.header.e_version = EV_CURRENT;
	image.header.e_phoff = offsetof(struct image, parts);
	image.header.e_phentsize = sizeof(Elf64_Phdr);
	image.header.e_phnum = 2;
	image.parts[0] = (Elf64_Phdr){ .p_type = PT_DYNAMIC, .p_offset = offsetof(struct image, notes) };
	image.parts[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = offsetof(struct image, notes) };
	image.size = offsetof(struct image, notes);
	return image;
}

static const struct plugin_note good = { 1, 0, 112, 1 };

static struct image image_good(void)
{
	struct image image = image_new();

	note_add(&image, "mentorship", 1, 4, &good, sizeof good);
	return image;
}

/* Bytes of their very size: a sanitizer sees a look beyond. */
static int look(const struct image *image, size_t size, struct plugin_note *ret, struct problem *problem)
{
	unsigned char *bytes = malloc(size ? size : 1);
	int r;

	assert_non_null(bytes);
	memcpy(bytes, image, size);
	r = note_read(bytes, size, ret, problem);
	free(bytes);
	return r;
}

static void assert_refused(const struct image *image, const char *sentence)
{
	struct problem problem = { 0 };
	struct plugin_note note;

	assert_int_equal(look(image, image->size, &note, &problem), E_INVALID);
	if (!strstr(problem.text, sentence))
		fail_msg("'%s' lacks '%s'", problem.text, sentence);
}

static void assert_taken(const struct image *image)
{
	struct problem problem = { 0 };
	struct plugin_note note = { 0 };

	if (look(image, image->size, &note, &problem))
		fail_msg("%s", problem.text);
	assert_memory_equal(&note, &good, sizeof note);
}

static void test_taken(void **state)
{
	struct image image = image_good();

	(void)state;
	assert_taken(&image);
	image = image_new();
	note_add(&image, "GNU", 3, 4, "abcd", 4);
	note_add(&image, "mentorship", 2, 4, "another type of note", 20);
	note_add(&image, "mentorship", 1, 4, &good, sizeof good);
	assert_taken(&image);
	image = image_new();
	note_add(&image, "GNU", 5, 8, "abcd", 4);
	note_add(&image, "mentorship", 1, 8, &good, sizeof good);
	assert_taken(&image);
	note_add(&image, "mentorship", 1, 8, &good, sizeof good);
	assert_taken(&image);
}

static void test_every_shorter_file_is_refused(void **state)
{
	struct image image = image_good();
	struct problem problem;
	struct plugin_note note;

	(void)state;
	for (size_t size = 0; size < image.size; size++) {
		problem = (struct problem){ 0 };
		assert_int_equal(look(&image, size, &note, &problem), E_INVALID);
		assert_true(*problem.text);
	}
}

static void test_headers(void **state)
{
	struct image image;

	(void)state;
	image = image_good();
	image.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(&image, "another kind of machine");
	image = image_good();
	image.header.e_ident[EI_DATA] ^= 3;
	assert_refused(&image, "another kind of machine");
	image = image_good();
	image.header.e_machine = EM_68K;
	assert_refused(&image, "another kind of machine");
	image = image_good();
	image.header.e_type = ET_EXEC;
	assert_refused(&image, "no shared object");
	image = image_good();
	image.header.e_phnum = 0;
	assert_refused(&image, "no program headers");
	image = image_good();
	image.header.e_phnum = PN_XNUM;
	assert_refused(&image, "no program headers");
	image = image_good();
	image.header.e_phnum = 60000;
	assert_refused(&image, "not whole");
	image = image_good();
	image.header.e_phoff = UINT64_MAX - 8;
	assert_refused(&image, "not whole");
	image = image_good();
	image.header.e_phentsize = 8;
	assert_refused(&image, "no program headers");
	image = image_good();
	image.header.e_shoff = image.size - 63;
	image.header.e_shnum = 1;
	image.header.e_shentsize = sizeof(Elf64_Shdr);
	assert_refused(&image, "not whole");
}

static void test_parts(void **state)
{
	struct image image;

	(void)state;
	image = image_good();
	image.parts[0].p_type = PT_LOAD;
	assert_refused(&image, "no shared object");
	image = image_good();
	image.parts[0].p_filesz = 4096;
	assert_refused(&image, "not whole");
	image = image_good();
	image.parts[1].p_offset = UINT64_MAX - 4;
	assert_refused(&image, "not whole");
	image = image_good();
	image.parts[1].p_filesz = UINT64_MAX;
	assert_refused(&image, "not whole");
	image = image_good();
	image.parts[1].p_type = PT_NULL;
	assert_refused(&image, "no note of a plugin");
}

static void test_notes(void **state)
{
	const struct plugin_note other = { 1, 0, 112, 2 };
	struct image image = image_new();
	uint32_t huge = UINT32_MAX;

	(void)state;
	note_add(&image, "mentorship", 1, 4, &good, 12);
	assert_refused(&image, "has 12 bytes instead of 16");
	image = image_good();
	note_add(&image, "mentorship", 1, 4, &other, sizeof other);
	assert_refused(&image, "contradict each other");
	image = image_good();
	memcpy(image.notes + 4, &huge, 4);
	assert_refused(&image, "not whole");
	image = image_good();
	memcpy(image.notes, &huge, 4);
	assert_refused(&image, "not whole");
}

static void assert_unfit(struct plugin_note note, const char *sentence)
{
	struct problem problem = { 0 };

	assert_int_equal(note_check(&note, &problem), E_INVALID);
	if (!strstr(problem.text, sentence))
		fail_msg("'%s' lacks '%s'", problem.text, sentence);
}

static void test_versions(void **state)
{
	struct problem problem = { 0 };
	struct plugin_note note = good;

	(void)state;
	assert_int_equal(note_check(&note, &problem), 0);
	assert_unfit((struct plugin_note){ 0, 0, 112, 1 }, "ABI 0");
	assert_unfit((struct plugin_note){ 2, 0, 112, 1 }, "ABI 2");
	assert_unfit((struct plugin_note){ 1, MENTORSHIP_PLUGIN_MINOR + 1, 112, 1 }, "newer mentorshipd");
	assert_unfit((struct plugin_note){ 1, 1, 111, 1 }, "111 bytes");
	assert_unfit((struct plugin_note){ 1, 0, 111, 1 }, "111 bytes");
	assert_unfit((struct plugin_note){ 1, 0, 120, 1 }, "120 bytes");
	assert_unfit((struct plugin_note){ 1, 0, 112, 0x80000001 }, "0x80000000");
	assert_unfit((struct plugin_note){ 1, 0, 112, 0 }, "no capability");
	assert_int_equal(note_size(1, 0), 112);
	assert_int_equal(note_size(1, 1), 112);
	assert_int_equal(note_size(9, 0), 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(plugin_name_valid("smtp") && plugin_name_valid("a-1") && plugin_name_valid("abcdefghijklmnopqrstuvwxyz012345"));
	assert_false(plugin_name_valid("") || plugin_name_valid("Smtp") || plugin_name_valid("1a") || plugin_name_valid("a/b") ||
		plugin_name_valid("a.so") || plugin_name_valid("-a") || plugin_name_valid("abcdefghijklmnopqrstuvwxyz0123456"));
}

static void test_trust(void **state)
{
	struct problem problem = { 0 };
	const uid_t me = geteuid(), other = me + 4000;
	const gid_t mine = getegid();
	const struct {
		struct stat st;
		int installed, development;
	} rows[] = {
		{ { .st_uid = 0, .st_gid = mine + 1, .st_mode = 0755 }, 0, 0 },
		{ { .st_uid = 0, .st_gid = mine + 1, .st_mode = 0775 }, E_DENIED, E_DENIED },
		{ { .st_uid = 0, .st_gid = mine, .st_mode = 0775 }, E_DENIED, 0 },
		{ { .st_uid = 0, .st_gid = mine, .st_mode = 0757 }, E_DENIED, E_DENIED },
		{ { .st_uid = me, .st_gid = mine, .st_mode = 0700 }, me ? E_DENIED : 0, 0 },
		{ { .st_uid = other, .st_gid = mine, .st_mode = 0700 }, E_DENIED, E_DENIED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(trust_check(&rows[i].st, "it", false, &problem), rows[i].installed);
		assert_int_equal(trust_check(&rows[i].st, "it", true, &problem), rows[i].development);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_every_shorter_file_is_refused),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_trust),
	};

	return MACHINE ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
