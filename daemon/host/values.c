/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/settings_file.h"
#include "core/text.h"
#include "examine.h"

/* ---- the plugin's table ---- */

static bool name_valid(const char *name)
{
	size_t length = strlen(name);

	return length && length <= 63 && name[0] >= 'a' && name[0] <= 'z' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

int values_table_check(const struct mentorship_setting *table, int *ret_count, struct problem *problem)
{
	int count = 0;

	for (; table && table[count].name; count++) {
		const struct mentorship_setting *row = &table[count];

		if (count == SETTINGS_MOST)
			return problem_set(problem, E_INVALID, NULL,
				"the plugin's table of settings does not end within %d rows; end it with a row whose name is NULL",
				SETTINGS_MOST);
		if (!name_valid(row->name) || row->kind < MENTORSHIP_TEXT || row->kind > MENTORSHIP_CREDENTIAL)
			return problem_set(problem, E_INVALID, NULL,
				"row %d of the plugin's table of settings has a name or a kind that mentorship-plugin.h does not allow",
				count + 1);
		if (row->kind == MENTORSHIP_CHOICE && (!row->choices || !*row->choices))
			return problem_set(problem, E_INVALID, row->name, "the plugin's setting %s is a choice without choices", row->name);
		for (int i = 0; i < count; i++)
			if (!strcmp(table[i].name, row->name))
				return problem_set(problem, E_INVALID, row->name, "the plugin's table has the setting %s twice", row->name);
	}
	*ret_count = count;
	return 0;
}

/* ---- one value ---- */

/* The index of a word among words that blanks separate; -1 if it is none of them. */
static int choice_index(const char *choices, const char *word)
{
	size_t length = strlen(word);

	for (int index = 0; *choices; index++) {
		size_t n = strcspn(choices, " ");

		if (n == length && !memcmp(choices, word, n))
			return index;
		choices += n;
		choices += strspn(choices, " ");
	}
	return -1;
}

static int check_text(const struct mentorship_setting *row, const char *text, struct problem *problem)
{
	int64_t length = (int64_t)text_points(text, strlen(text));

	if ((row->min || row->max) && (length < row->min || length > row->max))
		return problem_set(problem, E_INVALID, row->name, "%s has %lld characters; it takes %lld to %lld", row->name,
			(long long)length, (long long)row->min, (long long)row->max);
	return text_check(text, strlen(text), TEXT_LINES, problem);
}

static int check_credential(const struct mentorship_setting *row, const char *text, struct problem *problem)
{
	size_t length = strlen(text);

	if (length <= 64 && *text != '.' && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length)
		return 0;
	return problem_set(problem, E_INVALID, row->name,
		"%s names a credential: letters, digits, '_', '.' and '-', at most 64; never the secret itself", row->name);
}

/* Text, choice, path and credential; the empty text stands for 'not set' everywhere but in a text. */
static int take_text(
	const struct mentorship_setting *row, const char *text, struct values *values, struct value *value, struct problem *problem)
{
	int r = 0;

	value->text = arena_copy(&values->memory, text);
	if (row->kind == MENTORSHIP_TEXT)
		return check_text(row, text, problem);
	if (row->kind == MENTORSHIP_CHOICE) {
		value->number = choice_index(row->choices, text);
		if (value->number < 0)
			r = problem_set(problem, E_INVALID, row->name, "%s is one of: %.300s", row->name, row->choices);
	} else if (row->kind == MENTORSHIP_PATH && *text && (*text != '/' || strlen(text) >= PATH_MAX)) {
		r = problem_set(problem, E_INVALID, row->name, "%s is a whole path; begin it with /", row->name);
	} else if (row->kind == MENTORSHIP_CREDENTIAL) {
		r = check_credential(row, text, problem);
	}
	return r ? r : text_check(text, strlen(text), 0, problem);
}

static int take_number(
	const struct mentorship_setting *row, int64_t number, struct values *values, struct value *value, struct problem *problem)
{
	value->number = number;
	value->text = row->kind == MENTORSHIP_YESNO ? number ? "true" : "false" : arena_print(&values->memory, "%lld", (long long)number);
	if (row->kind == MENTORSHIP_NUMBER && (row->min || row->max) && (number < row->min || number > row->max))
		return problem_set(problem, E_INVALID, row->name, "%s is %lld%s%s; it takes %lld to %lld", row->name, (long long)number,
			row->unit ? " " : "", row->unit ? row->unit : "", (long long)row->min, (long long)row->max);
	return 0;
}

static int take_initial(const struct mentorship_setting *row, struct values *values, struct value *value, struct problem *problem)
{
	const char *initial = row->initial ? row->initial : "";
	char *end;
	int r;

	if (row->kind == MENTORSHIP_NUMBER && row->initial) {
		errno = 0;
		value->number = strtoll(initial, &end, 10);
		r = errno || end == initial || *end ? E_INVALID : take_number(row, value->number, values, value, problem);
	} else if (row->kind == MENTORSHIP_NUMBER) {
		*value = (struct value){ .text = "0" };
		r = 0;
	} else if (row->kind == MENTORSHIP_YESNO) {
		bool yes = !strcmp(initial, "true") || !strcmp(initial, "1");

		r = yes || !*initial || !strcmp(initial, "false") || !strcmp(initial, "0") ? take_number(row, yes, values, value, problem)
											   : E_INVALID;
	} else if (!*initial) {
		*value = (struct value){ .text = "" };
		r = 0;
	} else {
		r = take_text(row, initial, values, value, problem);
	}
	return r ? problem_set(problem, E_INVALID, row->name, "the plugin's own default of %s is not valid; tell who made the plugin",
			   row->name)
		 : 0;
}

/* ---- the file ---- */

static int take_one(
	const struct mentorship_setting *row, config_setting_t *from, struct values *values, struct value *value, struct problem *problem)
{
	static const char *const wanted[] = { "a text in quotation marks", "a whole number", "true or false", "a word in quotation marks",
		"a path in quotation marks", "the name of a credential in quotation marks" };
	int type = config_setting_type(from);

	if (row->kind == MENTORSHIP_NUMBER && (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64))
		return take_number(row, config_setting_get_int64(from), values, value, problem);
	if (row->kind == MENTORSHIP_YESNO && type == CONFIG_TYPE_BOOL)
		return take_number(row, config_setting_get_bool(from), values, value, problem);
	if (row->kind != MENTORSHIP_NUMBER && row->kind != MENTORSHIP_YESNO && type == CONFIG_TYPE_STRING)
		return take_text(row, config_setting_get_string(from), values, value, problem);
	return problem_set(problem, E_INVALID, row->name, "%s is %s", row->name, wanted[row->kind]);
}

static int row_named(const struct values *values, const char *name)
{
	for (int i = 0; name && i < values->count; i++)
		if (!strcmp(values->table[i].name, name))
			return i;
	return -1;
}

/* Puts the place in front of what a row found wrong. */
static int at_line(struct problem *problem, const char *file, int line)
{
	char text[sizeof problem->text];

	snprintf(text, sizeof text, "%s", problem->text);
	snprintf(problem->text, sizeof problem->text, "%.180s:%d: %.240s", file, line, text);
	return problem->code;
}

static int unknown(const struct values *values, const char *name, struct problem *problem)
{
	char names[200] = "";
	size_t length = 0;

	for (int i = 0; i < values->count && length < sizeof names; i++)
		length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "", values->table[i].name);
	return problem_set(
		problem, E_INVALID, name, "there is no setting '%.60s'; there are: %s%s", name, names, length < sizeof names ? "" : " ...");
}

static int settings_take(config_t *config, const char *file, struct values *values, bool *given, struct problem *problem)
{
	config_setting_t *root = config_root_setting(config);

	for (int i = 0; i < config_setting_length(root); i++) {
		config_setting_t *one = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(one);
		int row = row_named(values, name), line = (int)config_setting_source_line(one), r;

		if (row < 0)
			r = unknown(values, name, problem);
		else
			r = take_one(&values->table[row], one, values, &values->list[row], problem);
		if (r)
			return at_line(problem, file, line);
		given[row] = true;
	}
	return 0;
}

static int text_take(char *text, size_t length, const char *file, struct values *values, bool *given, struct problem *problem)
{
	config_t config;
	int line = 0, r = config_scan(text, length, &line, problem);

	if (r)
		return at_line(problem, file, line);
	config_init(&config);
	if (!config_read_string(&config, text)) {
		r = problem_set(problem, E_INVALID, NULL, "%s; lines look like: name = value;", config_error_text(&config));
		at_line(problem, file, config_error_line(&config));
	} else {
		r = settings_take(&config, file, values, given, problem);
	}
	config_destroy(&config);
	return r;
}

/* The bytes of a file that root wrote; *ret NULL if there is none. At most `most` bytes; `forbidden`: bits of the mode. */
static int file_take(int at, const char *name, const char *path, size_t most, mode_t forbidden, bool development, char **ret,
	size_t *ret_length, struct problem *problem)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), r = 0;
	struct stat st;
	ssize_t n = 0;

	*ret = NULL;
	*ret_length = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return problem_set(problem, E_DENIED, NULL,
			errno == ELOOP ? "%s is a symbolic link; put the file itself there"
				       : "%s cannot be opened; look at its owner and mode",
			path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		r = problem_set(problem, E_INVALID, NULL, "%s is not a regular file", path);
	else
		r = trust_check(&st, path, development, problem);
	if (!r && (st.st_mode & forbidden))
		r = problem_set(problem, E_DENIED, NULL, "%s can be read by others; run chmod go= on it", path);
	*ret = r ? NULL : malloc(most + 2);
	if (!r && !*ret)
		abort();
	while (!r && *ret_length <= most && (n = read(fd, *ret + *ret_length, most + 1 - *ret_length)) > 0)
		*ret_length += (size_t)n;
	if (!r && n < 0)
		r = problem_set(problem, E_INVALID, NULL, "%s cannot be read: %s", path, strerror(errno));
	if (!r && *ret_length > most)
		r = problem_set(problem, E_INVALID, NULL, "%s is larger than %zu bytes; look what is in it", path, most);
	close(fd);
	if (r) {
		free(*ret);
		*ret = NULL;
	} else {
		(*ret)[*ret_length] = '\0';
	}
	return r;
}

/* ---- credentials ---- */

/* What systemd made is readable by the service's own account alone, and belongs to it. */
static int secret_take(int at, const char *directory, const struct mentorship_setting *row, struct values *values, struct value *value,
	struct problem *problem)
{
	char path[PATH_MAX], *bytes;
	size_t length;
	int r;

	snprintf(path, sizeof path, "%s/%s", directory, value->text);
	r = file_take(at, value->text, path, CREDENTIAL_BYTES, S_IRWXO, true, &bytes, &length, problem);
	if (r || !bytes)
		return r;
	if (length && bytes[length - 1] == '\n')
		bytes[--length] = '\0';
	if (memchr(bytes, '\0', length))
		r = problem_set(problem, E_INVALID, row->name, "the credential %s holds a NUL byte; it is to be a text", value->text);
	else
		value->secret = arena_copy_n(&values->memory, bytes, length);
	explicit_bzero(bytes, length);
	free(bytes);
	return r;
}

static int secrets_take(const char *directory, struct values *values, struct problem *problem)
{
	int at = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, r = 0;

	if (directory && at < 0 && errno != ENOENT)
		return problem_set(problem, E_UNAVAILABLE, NULL, "the credentials in %s cannot be opened: %s", directory, strerror(errno));
	for (int i = 0; !r && at >= 0 && i < values->count; i++)
		if (values->table[i].kind == MENTORSHIP_CREDENTIAL && *values->list[i].text)
			r = secret_take(at, directory, &values->table[i], values, &values->list[i], problem);
	if (at >= 0)
		close(at);
	return r;
}

/* ---- all of it ---- */

static int initials_take(struct values *values, const bool *given, const char *file, struct problem *problem)
{
	int r = 0;

	for (int i = 0; !r && i < values->count; i++) {
		const struct mentorship_setting *row = &values->table[i];

		if (given[i])
			continue;
		if (row->flags & MENTORSHIP_REQUIRED)
			return problem_set(problem, E_INVALID, row->name,
				"%s: %s is missing, and the plugin does not work without it; add a line `%s = ...;`", file, row->name,
				row->name);
		r = take_initial(row, values, &values->list[i], problem);
	}
	return r;
}

int values_read(const struct mentorship_setting *table, const char *file, const char *credentials, bool development, struct values *ret,
	struct problem *problem)
{
	struct values values = { .table = table };
	bool given[SETTINGS_MOST] = { false };
	size_t length = 0;
	char *text = NULL;
	int r = values_table_check(table, &values.count, problem);

	if (!r)
		r = file_take(AT_FDCWD, file, file, CONFIG_BYTES, 0, development, &text, &length, problem);
	if (r)
		return r;
	values.list = arena_new(&values.memory, (size_t)(values.count + 1) * sizeof *values.list);
	if (text)
		r = text_take(text, length, file, &values, given, problem);
	free(text);
	if (!r)
		r = initials_take(&values, given, file, problem);
	if (!r)
		r = secrets_take(credentials, &values, problem);
	if (r)
		values_free(&values);
	else
		*ret = values;
	return r;
}

const struct value *values_find(const struct values *values, const char *name)
{
	int row = name ? row_named(values, name) : -1;

	return row < 0 ? NULL : &values->list[row];
}

void values_free(struct values *values)
{
	for (int i = 0; values->list && i < values->count; i++)
		if (values->list[i].secret)
			explicit_bzero((char *)(uintptr_t)values->list[i].secret, strlen(values->list[i].secret));
	arena_free(&values->memory);
	*values = (struct values){ 0 };
}
