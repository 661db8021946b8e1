/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/date.h"

/* ---- in ---- */

static int read_words(DBusMessageIter *at, struct arena *arena, const char *name, struct value *ret, struct problem *problem)
{
	DBusMessageIter item;
	size_t length = 0, size;
	char *out;

	dbus_message_iter_recurse(at, &item);
	for (; dbus_message_iter_get_arg_type(&item) == DBUS_TYPE_STRING; dbus_message_iter_next(&item)) {
		const char *word;

		dbus_message_iter_get_basic(&item, &word);
		if (!*word || strchr(word, '\n'))
			return problem_set(problem, E_INVALID, name, "each word must be text of one line, not empty");
		length += strlen(word) + 1;
	}
	out = arena_new(arena, length + 1);
	*ret = (struct value){ .type = V_WORDS, .text = out };
	dbus_message_iter_recurse(at, &item);
	for (; dbus_message_iter_get_arg_type(&item) == DBUS_TYPE_STRING; dbus_message_iter_next(&item)) {
		const char *word;

		dbus_message_iter_get_basic(&item, &word);
		if (out != ret->text)
			*out++ = '\n';
		size = strlen(word);
		memcpy(out, word, size + 1);
		out += size;
	}
	return 0;
}

static int read_number(DBusMessageIter *at, int type, const char *name, struct value *ret, struct problem *problem)
{
	DBusBasicValue basic;

	dbus_message_iter_get_basic(at, &basic);
	ret->type = V_INT;
	switch (type) {
	case DBUS_TYPE_INT64: ret->number = basic.i64; break;
	case DBUS_TYPE_UINT32: ret->number = basic.u32; break;
	case DBUS_TYPE_INT32: ret->number = basic.i32; break;
	case DBUS_TYPE_INT16: ret->number = basic.i16; break;
	case DBUS_TYPE_UINT16: ret->number = basic.u16; break;
	case DBUS_TYPE_BYTE: ret->number = basic.byt; break;
	default: /* DBUS_TYPE_UINT64 */
		if (basic.u64 > INT64_MAX)
			return problem_set(problem, E_INVALID, name, "is larger than any number that is kept here");
		ret->number = (int64_t)basic.u64;
	}
	return 0;
}

static int read_basic(DBusMessageIter *at, struct arena *arena, const char *name, struct value *ret, struct problem *problem)
{
	int type = dbus_message_iter_get_arg_type(at);
	dbus_bool_t yes;

	switch (type) {
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
		ret->type = type == DBUS_TYPE_STRING ? V_TEXT : V_PATH;
		dbus_message_iter_get_basic(at, &ret->text);
		return 0;
	case DBUS_TYPE_BOOLEAN:
		dbus_message_iter_get_basic(at, &yes);
		*ret = (struct value){ .type = V_BOOL, .number = yes };
		return 0;
	case DBUS_TYPE_DOUBLE:
		ret->type = V_REAL;
		dbus_message_iter_get_basic(at, &ret->real);
		return 0;
	case DBUS_TYPE_INT64:
	case DBUS_TYPE_UINT64:
	case DBUS_TYPE_INT32:
	case DBUS_TYPE_UINT32:
	case DBUS_TYPE_INT16:
	case DBUS_TYPE_UINT16:
	case DBUS_TYPE_BYTE: return read_number(at, type, name, ret, problem);
	case DBUS_TYPE_ARRAY:
		if (dbus_message_iter_get_element_type(at) == DBUS_TYPE_STRING)
			return read_words(at, arena, name, ret, problem);
		break;
	}
	return problem_set(problem, E_INVALID, name,
		"has a type that no value has here; give text (s), a number (x), a real number "
		"(d), yes or no (b), an object (o) or words (as)");
}

int read_value(DBusMessageIter *at, struct arena *arena, const char *name, struct value *ret, struct problem *problem)
{
	DBusMessageIter inner;

	*ret = (struct value){ 0 };
	if (dbus_message_iter_get_arg_type(at) != DBUS_TYPE_VARIANT)
		return read_basic(at, arena, name, ret, problem);
	dbus_message_iter_recurse(at, &inner);
	return read_basic(&inner, arena, name, ret, problem);
}

const struct arg *arg_named(const struct arg *args, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(args[i].name, name))
			return &args[i];
	return NULL;
}

static size_t array_length(DBusMessageIter *at)
{
	int length = dbus_message_iter_get_element_count(at);

	return length > 0 ? (size_t)length : 0;
}

int dict_find(DBusMessageIter *at, const char *key, const char *signature, DBusMessageIter *ret, struct problem *problem)
{
	DBusMessageIter item, entry;
	const char *name;

	for (dbus_message_iter_recurse(at, &item); dbus_message_iter_get_arg_type(&item) == DBUS_TYPE_DICT_ENTRY;
		dbus_message_iter_next(&item)) {
		char *found;
		bool same;

		dbus_message_iter_recurse(&item, &entry);
		dbus_message_iter_get_basic(&entry, &name);
		if (strcmp(name, key))
			continue;
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, ret);
		found = dbus_message_iter_get_signature(ret);
		must(found != NULL);
		same = !strcmp(found, signature);
		dbus_free(found);
		return same ? 0 : problem_set(problem, E_INVALID, key, "must have the type %s", signature);
	}
	return 1;
}

int read_dict(DBusMessageIter *at, struct arena *arena, const char *apart, struct arg **ret, size_t *ret_count, struct problem *problem)
{
	size_t room = 8, count = 0;
	struct arg *args = arena_new(arena, room * sizeof *args);
	DBusMessageIter item;
	int result;

	*ret_count = 0;
	*ret = NULL;
	/* grown on the way: to count first would be to walk through all of it twice */
	for (dbus_message_iter_recurse(at, &item); dbus_message_iter_get_arg_type(&item) == DBUS_TYPE_DICT_ENTRY;
		dbus_message_iter_next(&item)) {
		DBusMessageIter entry;

		dbus_message_iter_recurse(&item, &entry);
		dbus_message_iter_get_basic(&entry, &args[count].name);
		dbus_message_iter_next(&entry);
		if (apart && word_in(apart, args[count].name))
			continue;
		if (count == ARGS_MAX)
			return problem_set(problem, E_LIMIT, NULL, "more than %d arguments were given", ARGS_MAX);
		if (arg_named(args, count, args[count].name))
			return problem_set(problem, E_INVALID, args[count].name, "is given twice");
		result = read_value(&entry, arena, args[count].name, &args[count].value, problem);
		if (result)
			return result;
		if (++count == room) {
			args = memcpy(arena_new(arena, 2 * room * sizeof *args), args, room * sizeof *args);
			room *= 2;
		}
	}
	*ret = args;
	*ret_count = count;
	return 0;
}

static int wrong_type(struct problem *problem, const char *name, const char *wanted)
{
	return problem_set(problem, E_INVALID, name, "must be %s", wanted);
}

int arg_int(const struct arg *args, size_t count, const char *name, int64_t *ret, struct problem *problem)
{
	const struct arg *arg = arg_named(args, count, name);

	if (arg && arg->value.type != V_INT)
		return wrong_type(problem, name, "a whole number");
	if (arg)
		*ret = arg->value.number;
	return 0;
}

int arg_text(const struct arg *args, size_t count, const char *name, const char **ret, struct problem *problem)
{
	const struct arg *arg = arg_named(args, count, name);

	if (!arg)
		return 0;
	if (arg->value.type != V_TEXT)
		return wrong_type(problem, name, "text");
	*ret = arg->value.text;
	return 0;
}

int arg_bool(const struct arg *args, size_t count, const char *name, bool *ret, struct problem *problem)
{
	const struct arg *arg = arg_named(args, count, name);

	if (arg && arg->value.type != V_BOOL)
		return wrong_type(problem, name, "yes or no (a boolean)");
	if (arg)
		*ret = arg->value.number != 0;
	return 0;
}

int args_known(const struct arg *args, size_t count, const char *known, struct problem *problem)
{
	for (size_t i = 0; i < count; i++)
		if (!word_in(known, args[i].name))
			return problem_set(problem, E_INVALID, args[i].name, "is no option here; %s%s",
				*known ? "there are: " : "there are none", known);
	return 0;
}

/* Text of an option: checked and short, since it goes into the audit record or a hash. */
static int option_text(const struct arg *args, size_t count, const char *name, size_t most, const char **ret, struct problem *problem)
{
	int result = arg_text(args, count, name, ret, problem);

	if (result || !*ret)
		return result;
	if (!**ret)
		return problem_set(problem, E_INVALID, name, "is empty; leave it out or fill it");
	if (text_points(*ret, strlen(*ret)) > most)
		return problem_set(problem, E_INVALID, name, "is longer than %zu characters", most);
	result = text_check(*ret, strlen(*ret), 0, problem);
	if (result)
		snprintf(problem->field, sizeof problem->field, "%s", name);
	return result;
}

int read_options(DBusMessageIter *at, struct arena *arena, const struct names *names, struct options *ret, struct problem *problem)
{
	struct arg *args;
	const struct arg *whose;
	size_t count;
	int result;

	*ret = (struct options){ .version = NONE, .for_person = NONE };
	result = read_dict(at, arena, NULL, &args, &count, problem);
	if (result || !count)
		return result;
	result = args_known(args, count, "key version dry_run reason for", problem);
	if (!result)
		result = option_text(args, count, "key", 128, &ret->key, problem);
	if (!result)
		result = option_text(args, count, "reason", 500, &ret->reason, problem);
	if (!result)
		result = arg_int(args, count, "version", &ret->version, problem);
	if (!result)
		result = arg_bool(args, count, "dry_run", &ret->dry_run, problem);
	if (result)
		return result;
	whose = arg_named(args, count, "for");
	if (whose) {
		struct route route = { 0 };

		if (whose->value.type == V_PATH)
			route = route_path(names, whose->value.text);
		if (route.place != OBJECT || route.type != names->person)
			return problem_set(problem, E_INVALID, "for", "must be the object path of the person whose answer this is");
		ret->for_person = route.id;
	}
	return 0;
}

int read_filters(DBusMessageIter *at, struct arena *arena, struct filter **ret, size_t *ret_count, struct problem *problem)
{
	size_t room = array_length(at), count = 0;
	struct filter *filters;
	DBusMessageIter item, part;
	const char *word;
	int result;

	*ret = NULL;
	*ret_count = 0;
	if (room > 32)
		return problem_set(problem, E_LIMIT, "filter", "has more than 32 conditions");
	filters = arena_new(arena, room * sizeof *filters + 1);
	for (dbus_message_iter_recurse(at, &item); count < room; dbus_message_iter_next(&item), count++) {
		dbus_message_iter_recurse(&item, &part);
		dbus_message_iter_get_basic(&part, &filters[count].field);
		dbus_message_iter_next(&part);
		dbus_message_iter_get_basic(&part, &word);
		filters[count].operator_ = operator_named(word);
		if (filters[count].operator_ < 0)
			return problem_set(problem, E_INVALID, "filter",
				"an operator is none of =, !=, <, <=, >, >=, in, prefix, "
				"none, contains");
		dbus_message_iter_next(&part);
		result = read_value(&part, arena, filters[count].field, &filters[count].value, problem);
		if (result)
			return result;
	}
	*ret = filters;
	*ret_count = count;
	return 0;
}

size_t read_strings(DBusMessageIter *at, struct arena *arena, const char *const **ret)
{
	size_t room = array_length(at), count = 0;
	const char **list = arena_new(arena, (room + 1) * sizeof *list);
	DBusMessageIter item;

	dbus_message_iter_recurse(at, &item);
	for (; count < room; dbus_message_iter_next(&item))
		dbus_message_iter_get_basic(&item, &list[count++]);
	*ret = list;
	return count;
}

/* ---- out ---- */

const char *path_print(char out[static PATH_TEXT], const char *path, size_t length, int64_t id)
{
	char digits[24], *at = digits + sizeof digits;

	if (id < 1 || length > PATH_TEXT - 24)
		return "/";
	*--at = 0;
	for (; id; id /= 10)
		*--at = (char)('0' + id % 10);
	*--at = '/';
	memcpy(out, path, length);
	memcpy(out + length, at, (size_t)(digits + sizeof digits - at));
	return out;
}

static void put_repaired(DBusMessageIter *at, const char *text)
{
	struct buffer buffer = { 0 };
	const char *end = text + strlen(text), *out;

	while (text < end) {
		uint32_t point;
		int length = text_decode(text, (size_t)(end - text), &point);

		text_encode(&buffer, length ? point : 0xfffd);
		text += length ? length : 1;
	}
	out = buffer_string(&buffer);
	must(dbus_message_iter_append_basic(at, DBUS_TYPE_STRING, &out));
	buffer_free(&buffer);
}

void put_text(DBusMessageIter *at, const char *text)
{
	size_t length;

	text = text ? text : "";
	length = strlen(text);
	if (text_bad(text, length) != length)
		put_repaired(at, text);
	else
		must(dbus_message_iter_append_basic(at, DBUS_TYPE_STRING, &text));
}

void put_words(DBusMessageIter *at, const char *words)
{
	DBusMessageIter list;
	char word[512];

	must(dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "s", &list));
	while (words && *words) {
		const char *end = strchrnul(words, '\n');
		size_t length = (size_t)(end - words);

		if (length < sizeof word) {
			memcpy(word, words, length);
			word[length] = 0;
			put_text(&list, word);
		} else {
			char *copy = strndup(words, length);

			must(copy != NULL);
			put_text(&list, copy);
			free(copy);
		}
		words = *end ? end + 1 : end;
	}
	must(dbus_message_iter_close_container(at, &list));
}

static void put_link(DBusMessageIter *at, const struct names *names, const struct entity *to, int64_t id)
{
	const struct type *type = to && id != NONE ? type_of(names, to) : NULL;
	char path[PATH_TEXT];
	const char *text = type ? path_print(path, type->path, type->path_length, id) : "/";

	must(dbus_message_iter_append_basic(at, DBUS_TYPE_OBJECT_PATH, &text));
}

size_t put_column(DBusMessageIter *at, const struct names *names, const struct shape *shape, int field, struct stmt *stmt, int column)
{
	const struct field *f = &shape->entity->fields[field];
	char date[DATE_TEXT];
	const char *text;
	int64_t number;
	double real;
	dbus_bool_t yes;

	switch (f->kind) {
	case TEXT:
	case CHOICE:
		text = engine_text(stmt, column);
		put_text(at, text);
		return text ? strlen(text) + 8 : 8;
	case NUMBER:
	case INSTANT:
		number = engine_int(stmt, column);
		must(dbus_message_iter_append_basic(at, DBUS_TYPE_INT64, &number));
		return 8;
	case REAL:
		real = engine_real(stmt, column);
		must(dbus_message_iter_append_basic(at, DBUS_TYPE_DOUBLE, &real));
		return 8;
	case DATE: put_text(at, date_print(engine_int(stmt, column), date)); return 16;
	case LINK: put_link(at, names, shape->links[field], engine_int(stmt, column)); return 40;
	case WORDS:
		text = engine_text(stmt, column);
		put_words(at, text);
		return text ? 2 * strlen(text) + 8 : 8;
	case YESNO:
		number = engine_int(stmt, column);
		yes = number != NONE && number != 0;
		must(dbus_message_iter_append_basic(at, DBUS_TYPE_BOOLEAN, &yes));
		return 4;
	}
	return 0;
}

size_t put_column_variant(
	DBusMessageIter *at, const struct names *names, const struct shape *shape, int field, struct stmt *stmt, int column)
{
	DBusMessageIter variant;
	size_t bytes;

	must(dbus_message_iter_open_container(at, DBUS_TYPE_VARIANT, kind_signature(shape->entity->fields[field].kind), &variant));
	bytes = put_column(&variant, names, shape, field, stmt, column);
	must(dbus_message_iter_close_container(at, &variant));
	return bytes;
}

void dict_open(DBusMessageIter *at, DBusMessageIter *dict)
{
	must(dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{sv}", dict));
}

void dict_close(DBusMessageIter *at, DBusMessageIter *dict)
{
	must(dbus_message_iter_close_container(at, dict));
}

void entry_open(DBusMessageIter *dict, const char *key, const char *signature, DBusMessageIter *entry, DBusMessageIter *variant)
{
	must(dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, entry));
	must(dbus_message_iter_append_basic(entry, DBUS_TYPE_STRING, &key));
	must(dbus_message_iter_open_container(entry, DBUS_TYPE_VARIANT, signature, variant));
}

void entry_close(DBusMessageIter *dict, DBusMessageIter *entry, DBusMessageIter *variant)
{
	must(dbus_message_iter_close_container(entry, variant));
	must(dbus_message_iter_close_container(dict, entry));
}

static void entry_basic(DBusMessageIter *dict, const char *key, int type, const char *signature, const void *value)
{
	DBusMessageIter entry, variant;

	entry_open(dict, key, signature, &entry, &variant);
	must(dbus_message_iter_append_basic(&variant, type, value));
	entry_close(dict, &entry, &variant);
}

void entry_text(DBusMessageIter *dict, const char *key, const char *text)
{
	DBusMessageIter entry, variant;

	entry_open(dict, key, "s", &entry, &variant);
	put_text(&variant, text);
	entry_close(dict, &entry, &variant);
}

void entry_said(DBusMessageIter *dict, const char *key, const char *text)
{
	struct buffer clean = { 0 };

	encode_terminal(&clean, text);
	entry_text(dict, key, buffer_string(&clean));
	buffer_free(&clean);
}

void entry_int(DBusMessageIter *dict, const char *key, int64_t number)
{
	entry_basic(dict, key, DBUS_TYPE_INT64, "x", &number);
}

void entry_uint(DBusMessageIter *dict, const char *key, uint32_t number)
{
	entry_basic(dict, key, DBUS_TYPE_UINT32, "u", &number);
}

void entry_bool(DBusMessageIter *dict, const char *key, bool yes)
{
	dbus_bool_t wide = yes;

	entry_basic(dict, key, DBUS_TYPE_BOOLEAN, "b", &wide);
}

void entry_real(DBusMessageIter *dict, const char *key, double real)
{
	entry_basic(dict, key, DBUS_TYPE_DOUBLE, "d", &real);
}

void entry_path(DBusMessageIter *dict, const char *key, const char *path)
{
	entry_basic(dict, key, DBUS_TYPE_OBJECT_PATH, "o", &path);
}

void entry_object(DBusMessageIter *dict, const char *key, const struct names *names, const struct entity *entity, int64_t id)
{
	DBusMessageIter entry, variant;

	entry_open(dict, key, "o", &entry, &variant);
	put_link(&variant, names, entity, id);
	entry_close(dict, &entry, &variant);
}

void entry_words(DBusMessageIter *dict, const char *key, const char *words)
{
	DBusMessageIter entry, variant;

	entry_open(dict, key, "as", &entry, &variant);
	put_words(&variant, words);
	entry_close(dict, &entry, &variant);
}

void entry_word_list(DBusMessageIter *dict, const char *key, const char *const *words)
{
	DBusMessageIter entry, variant, list;

	entry_open(dict, key, "as", &entry, &variant);
	must(dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &list));
	for (; words && *words; words++)
		put_text(&list, *words);
	must(dbus_message_iter_close_container(&variant, &list));
	entry_close(dict, &entry, &variant);
}

void entry_value(DBusMessageIter *dict, const char *key, struct value value)
{
	switch (value.type) {
	case V_NONE: return;
	case V_TEXT: entry_text(dict, key, value.text); return;
	case V_INT: entry_int(dict, key, value.number); return;
	case V_REAL: entry_real(dict, key, value.real); return;
	case V_BOOL: entry_bool(dict, key, value.number != 0); return;
	case V_PATH: entry_path(dict, key, value.text && dbus_validate_path(value.text, NULL) ? value.text : "/"); return;
	case V_WORDS: entry_words(dict, key, value.text); return;
	}
}
