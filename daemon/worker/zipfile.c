/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The limits are checked on the sizes that the ZIP states, and each file is then read into exactly that many bytes: one
 * that unpacks to more or less than stated is refused, so stating little and unpacking much gains nothing. libzip checks
 * the sums. Small files may be packed as tightly as they like; the ratio counts from 1 MiB on.
 */
#include "zipfile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zip.h>

#include "core/text.h"

enum {
	RATIO_FROM = 1 << 20,
	NAME = 200
};

struct entry {
	char *name; /* without the folder */
	char *folded;
	zip_uint64_t index, size;
};

struct zipfile {
	zip_t *zip;
	struct entry *entries;
	size_t count;
	char *folder; /* with its slash; NULL if the files lie at the top */
	zip_uint64_t total;
	bool package;
};

bool zipfile_is(const void *data, size_t size)
{
	return size >= 4 && (!memcmp(data, "PK\3\4", 4) || !memcmp(data, "PK\5\6", 4));
}

void zipfile_free(struct zipfile *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->count; i++) {
		free(file->entries[i].name);
		free(file->entries[i].folded);
	}
	free(file->entries);
	free(file->folder);
	if (file->zip)
		zip_discard(file->zip);
	free(file);
}

static int open_memory(struct zipfile *file, const void *data, size_t size, struct problem *problem)
{
	zip_error_t error;
	zip_source_t *source;

	zip_error_init(&error);
	source = zip_source_buffer_create(data, size, 0, &error);
	if (source)
		file->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
	if (!file->zip) {
		problem_set(problem, E_INVALID, "file", "this is no whole ZIP file (%s); pack it again", zip_error_strerror(&error));
		if (source)
			zip_source_free(source);
	}
	zip_error_fini(&error);
	return file->zip ? 0 : E_INVALID;
}

/* What programs of Macs and Windows add on their own. */
static bool is_litter(const char *name)
{
	const char *last = strrchr(name, '/');

	last = last ? last + 1 : name;
	return !strncmp(name, "__MACOSX/", 9) || !strcmp(last, ".DS_Store") || !strcasecmp(last, "Thumbs.db");
}

/* One folder around everything is as good as none. Writes the name without it. */
static int strip_folder(struct zipfile *file, const char *name, const char **ret_name, struct problem *problem)
{
	const char *slash = strchr(name, '/');
	size_t length = slash ? (size_t)(slash - name) + 1 : 0;

	if (!file->folder) {
		file->folder = strndup(name, length);
		if (!file->folder)
			abort();
	}
	if (strlen(file->folder) != length || strncmp(file->folder, name, length) || strchr(name + length, '/'))
		return problem_set(problem, E_INVALID, "file",
			"the ZIP has files in several folders; pack the tables of one "
			"folder only");
	*ret_name = name + length;
	return 0;
}

static int check_name(const char *name, struct problem *problem)
{
	size_t length = strlen(name);
	struct problem why;

	if (!length || length > NAME || text_check(name, length, 0, &why) < 0)
		return problem_set(problem, E_INVALID, "file",
			"a name in the ZIP is empty, longer than %d bytes or no plain text; "
			"rename the file and pack again",
			NAME);
	if (*name == '/' || strchr(name, '\\') || strchr(name, ':') || !strncmp(name, "../", 3) || strstr(name, "/../") ||
		!strncmp(name, "./", 2) || !strcmp(name, ".."))
		return problem_set(problem, E_INVALID, "file", "the name '%.60s' in the ZIP is a path; pack plain files only", name);
	return 0;
}

static int check_size(struct zipfile *file, const char *name, const zip_stat_t *stat, struct problem *problem)
{
	zip_uint64_t packed = stat->comp_size ? stat->comp_size : 1;

	if (stat->encryption_method != ZIP_EM_NONE)
		return problem_set(problem, E_INVALID, "file", "'%.60s' in the ZIP is encrypted; pack it without a password", name);
	if (file->package)
		return 0;
	if (stat->size > ZIPFILE_ENTRY)
		return problem_set(
			problem, E_LIMIT, "file", "'%.60s' in the ZIP unpacks to more than %d MiB; split it", name, ZIPFILE_ENTRY >> 20);
	if (stat->size > RATIO_FROM && stat->size / packed > ZIPFILE_RATIO)
		return problem_set(problem, E_LIMIT, "file",
			"'%.60s' in the ZIP unpacks to more than %d times its packed size, as "
			"no table does; pass the file itself if it is one",
			name, ZIPFILE_RATIO);
	file->total += stat->size;
	if (file->total > ZIPFILE_TOTAL)
		return problem_set(problem, E_LIMIT, "file",
			"the files in the ZIP unpack to more than %d MiB together; pass them "
			"in parts",
			ZIPFILE_TOTAL >> 20);
	return 0;
}

static int add_entry(struct zipfile *file, const char *name, const zip_stat_t *stat, struct problem *problem)
{
	struct entry *entry = &file->entries[file->count];
	struct buffer folded = { 0 };

	text_fold(&folded, name, strlen(name));
	buffer_char(&folded, '\0');
	entry->folded = folded.data;
	entry->name = strdup(name);
	if (!entry->name)
		abort();
	entry->index = stat->index;
	entry->size = stat->size;
	file->count++;
	for (size_t i = 0; i + 1 < file->count; i++)
		if (!strcmp(file->entries[i].folded, entry->folded))
			return problem_set(problem, E_INVALID, "file", "the ZIP holds '%.60s' twice; pack one of them only", name);
	return 0;
}

static int look(struct zipfile *file, zip_uint64_t i, struct problem *problem)
{
	zip_stat_t stat;
	const char *name = "";
	int rc;

	if (zip_stat_index(file->zip, i, ZIP_FL_ENC_GUESS, &stat) < 0 || !stat.name || !(stat.valid & ZIP_STAT_SIZE) ||
		!(stat.valid & ZIP_STAT_COMP_SIZE) || !(stat.valid & ZIP_STAT_ENCRYPTION_METHOD))
		return problem_set(problem, E_INVALID, "file", "the list of contents of the ZIP is damaged; pack it again");
	rc = check_name(stat.name, problem);
	if (rc < 0 || is_litter(stat.name))
		return rc;
	if (stat.name[strlen(stat.name) - 1] == '/' && (file->package || strchr(stat.name, '/')[1] == 0))
		return 0;
	name = stat.name;
	rc = file->package ? 0 : strip_folder(file, stat.name, &name, problem);
	if (!rc)
		rc = check_size(file, name, &stat, problem);
	return rc < 0 ? rc : add_entry(file, name, &stat, problem);
}

static int open_as(struct zipfile **ret, bool package, const void *data, size_t size, struct problem *problem)
{
	struct zipfile *file = calloc(1, sizeof *file);
	zip_int64_t count, most = package ? ZIPFILE_PARTS : ZIPFILE_ENTRIES;
	int rc;

	if (!file)
		abort();
	file->package = package;
	rc = open_memory(file, data, size, problem);
	count = rc < 0 ? 0 : zip_get_num_entries(file->zip, 0);
	if (count > most)
		rc = problem_set(problem, E_LIMIT, "file", "the ZIP holds more than %d files; pack the tables only", (int)most);
	file->entries = calloc((size_t)(rc < 0 ? 0 : count) + 1, sizeof *file->entries);
	if (!file->entries)
		abort();
	for (zip_int64_t i = 0; rc >= 0 && i < count; i++)
		rc = look(file, (zip_uint64_t)i, problem);
	if (rc >= 0 && !file->count)
		rc = problem_set(problem, E_INVALID, "file", "the ZIP is empty; pack the tables into it");
	if (rc < 0) {
		zipfile_free(file);
		return rc;
	}
	*ret = file;
	return 0;
}

int zipfile_open(struct zipfile **ret, const void *data, size_t size, struct problem *problem)
{
	return open_as(ret, false, data, size, problem);
}

int zipfile_open_package(struct zipfile **ret, const void *data, size_t size, struct problem *problem)
{
	return open_as(ret, true, data, size, problem);
}

size_t zipfile_count(const struct zipfile *file)
{
	return file->count;
}

const char *zipfile_name(const struct zipfile *file, size_t i)
{
	return file->entries[i].name;
}

ptrdiff_t zipfile_find(const struct zipfile *file, const char *name)
{
	for (size_t i = 0; i < file->count; i++)
		if (!strcasecmp(file->entries[i].name, name))
			return (ptrdiff_t)i;
	return -1;
}

/* Reads exactly the stated size and not a byte more. */
static int read_all(zip_file_t *in, char *data, zip_uint64_t size)
{
	zip_uint64_t done = 0;
	char more;

	while (done < size) {
		zip_int64_t got = zip_fread(in, data + done, size - done);

		if (got <= 0)
			return E_INVALID;
		done += (zip_uint64_t)got;
	}
	return zip_fread(in, &more, 1) == 0 ? 0 : E_INVALID;
}

int zipfile_read(struct zipfile *file, size_t i, char **ret_data, size_t *ret_size, struct problem *problem)
{
	const struct entry *entry = &file->entries[i];
	zip_file_t *in;
	char *data;
	int rc;

	if (file->package) /* of other files the list was looked at as a whole */
		file->total += entry->size;
	if (entry->size > ZIPFILE_ENTRY || file->total > ZIPFILE_TOTAL)
		return problem_set(problem, E_LIMIT, "file", "'%.60s' in the ZIP unpacks to more than %d MiB; split it", entry->name,
			ZIPFILE_ENTRY >> 20);
	in = zip_fopen_index(file->zip, entry->index, 0);
	data = malloc(entry->size + 1);
	if (!data)
		abort();
	rc = in ? read_all(in, data, entry->size) : E_INVALID;
	if (in && zip_fclose(in))
		rc = E_INVALID;
	if (rc < 0) {
		free(data);
		return problem_set(problem, rc, "file",
			"'%.60s' in the ZIP is damaged or packed in a way not known here; pack it "
			"again",
			entry->name);
	}
	data[entry->size] = 0;
	*ret_data = data;
	*ret_size = entry->size;
	return 0;
}
