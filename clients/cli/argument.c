/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Arguments: words NAME=VALUE become typed values as the catalogue says.
 *
 * Only the form is checked here, where it can be said in the reader's words (which choices there are, which people were
 * meant); limits and rules are the daemon's. VALUE may be '@FILE' or '-' (standard input); '@@...' is a text that begins with '@'.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
	CANDIDATES = 12
};

static const struct {
	const char *sign;
	enum operator operator;
	const char *bus;
} operators[] = {
	{ "!=", IS_NOT, "!=" },
	{ "<=", AT_MOST, "<=" },
	{ ">=", AT_LEAST, ">=" },
	{ "^=", BEGINS, "prefix" },
	{ "=", IS, "=" },
	{ "<", LESS, "<" },
	{ ">", MORE, ">" },
	{ "~", HAS, "contains" },
};

bool assignment_parse(const char *word, struct assignment *ret)
{
	size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	if (!length || length >= sizeof ret->name || !islower((unsigned char)*word))
		return false;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (!strncmp(word + length, operators[i].sign, strlen(operators[i].sign))) {
			for (size_t j = 0; j < length; j++)
				ret->name[j] = word[j] == '-' ? '_' : word[j];
			ret->name[length] = 0;
			ret->operator= operators[i].operator;
			ret->text = word + length + strlen(operators[i].sign);
			return true;
		}
	return false;
}

static const char *bus_operator(enum operator operator)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (operators[i].operator== operator)
			return operators[i].bus;
	return "=";
}

/* ---- objects by what they are called ---- */

static bool same_folded(const char *a, const char *b)
{
	return text_starts(a, b) && text_starts(b, a);
}

/* The candidates that are called exactly so, else all. */
static int pick(struct cli *cli, const json_t *entity, const char *text, const json_t *found, char **ret_path)
{
	const json_t *row, *chosen = NULL;
	struct buffer list = { 0 };
	size_t i, exact = 0, count = json_array_size(found);
	char noun[64];

	json_array_foreach (found, i, row) {
		if (same_folded(text_at(row, 1), text)) {
			exact++;
			chosen = row;
		}
	}
	if (exact != 1 && count == 1)
		chosen = json_array_get(found, 0);
	else if (exact != 1)
		chosen = NULL;
	if (chosen) {
		*ret_path = strdup(text_at(chosen, 0));
		return 0;
	}
	if (!count)
		return failed(&cli->failure, ERROR_NOTFOUND, "there is no %s called '%s' that you may see",
			dashed(text_of(entity, "name"), noun, sizeof noun), text);
	json_array_foreach (found, i, row) {
		const char *path = text_at(row, 0);

		buffer_print(&list, "%s%s (%s)", i ? ", " : "", strrchr(path, '/') ? strrchr(path, '/') + 1 : path, text_at(row, 1));
	}
	failed(&cli->failure, ERROR_USAGE, "'%s' may be any of these, write the number of one: %s%s", text, buffer_string(&list),
		count >= CANDIDATES ? ", ..." : "");
	buffer_free(&list);
	return -1;
}

int resolve(struct cli *cli, const json_t *entity, const char *text, char **ret_path)
{
	const char *collection = text_of(entity, "collection");
	char *path = NULL;
	json_t *reply;
	int r;

	if (*text == '/') {
		if (asprintf(&path, BUS_ROOT "/%s/", collection) < 0)
			abort();
		r = 0;
		if (strncmp(text, path, strlen(path)) || !text[strlen(path)])
			r = usage(cli, "", "'%s' is no path of a %s, which looks like %s12", text, text_of(entity, "label"), path);
		free(path);
		*ret_path = r ? NULL : strdup(text);
		return r;
	}
	if (*text && strspn(text, "0123456789") == strlen(text)) {
		if (asprintf(ret_path, BUS_ROOT "/%s/%s", collection, text) < 0)
			abort();
		return 0;
	}
	text += *text == ':'; /* ':123': a label or key of digits, no number */
	if (!*text)
		return usage(cli, "", "which %s? Write its number or what it is called", text_of(entity, "label"));
	if (cli_call(cli, BUS_REPEAT, BUS_ROOT, BUS_MANAGER, "Lookup", "ssu", json_pack("[s, s, i]", collection, text, CANDIDATES), &reply))
		return -1;
	r = pick(cli, entity, text, json_array_get(reply, 0), ret_path);
	json_decref(reply);
	return r;
}

/* ---- values by kind ---- */

static int read_number(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	char *end;
	long long number, hours, minutes;
	int length = 0;

	if (is_clock(field) && sscanf(text, "%2lld:%2lld%n", &hours, &minutes, &length) == 2 && !text[length] && hours >= 0 &&
		hours <= 24 && minutes >= 0 && minutes < 60) {
		*ret = json_integer(60 * hours + minutes);
		return 0;
	}
	errno = 0;
	number = strtoll(text, &end, 10);
	if ((errno || end == text || *end) && is_clock(field))
		return failed(
			&cli->failure, ERROR_INVALID, "%s: '%s' is no time of the day; write it as 9:30", text_of(field, "name"), text);
	if (errno || end == text || *end)
		return failed(&cli->failure, ERROR_INVALID, "%s: '%s' is no whole number%s%s", text_of(field, "name"), text,
			*text_of(field, "unit") ? " of " : "", text_of(field, "unit"));
	*ret = json_integer(number);
	return 0;
}

static int read_real(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	char *end;
	double real = strtod(text, &end); /* LC_NUMERIC stays "C" */

	if (end == text || *end || !isfinite(real))
		return failed(&cli->failure, ERROR_INVALID, "%s: '%s' is no number; write it as 12 or 0.5", text_of(field, "name"), text);
	*ret = json_real(real);
	return 0;
}

static int read_yesno(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	static const char *const words[2][5] = { { "no", "false", "0", "off", "n" }, { "yes", "true", "1", "on", "y" } };

	for (int value = 0; value < 2; value++)
		for (int i = 0; i < 5; i++)
			if (!strcasecmp(text, words[value][i])) {
				*ret = json_boolean(value);
				return 0;
			}
	return failed(&cli->failure, ERROR_INVALID, "%s: '%s' is neither yes nor no", text_of(field, "name"), text);
}

static int read_choice(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	const json_t *choices = json_object_get(field, "choices"), *choice, *chosen = NULL;
	struct buffer list = { 0 };
	size_t i, begins = 0;

	json_array_foreach (choices, i, choice) {
		const char *word = json_string_value(choice);
		char spelled[64];

		buffer_print(&list, "%s%s", i ? ", " : "", word);
		if (!strcasecmp(word, text) || !strcasecmp(dashed(word, spelled, sizeof spelled), text)) {
			*ret = json_string(word);
			buffer_free(&list);
			return 0;
		}
		if (*text && !strncasecmp(word, text, strlen(text))) {
			begins++;
			chosen = choice;
		}
	}
	if (begins == 1)
		*ret = json_string(json_string_value(chosen));
	else
		failed(&cli->failure, ERROR_INVALID, "%s: '%s' is none of its words: %s", text_of(field, "name"), text,
			buffer_string(&list));
	buffer_free(&list);
	return begins == 1 ? 0 : -1;
}

static int read_link(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	const json_t *entity = entity_of_collection(cli, text_of(field, "to"));
	char *path;

	if (!strcmp(text, "none") || !strcmp(text, "/")) {
		*ret = bus_typed("o", json_string("/"));
		return 0;
	}
	if (!entity)
		return usage(cli, "", "%s: write an object path", text_of(field, "name"));
	if (resolve(cli, entity, text, &path))
		return -1;
	*ret = bus_typed("o", json_string(path));
	free(path);
	return 0;
}

/* At commas; of several lines, such as those of a file, at the line feeds alone: what somebody wrote may have commas. */
static json_t *split(const char *text)
{
	const char *between = strchr(text, '\n') ? "\n" : ",";
	json_t *words = json_array();

	for (const char *p = text; *p; p += *p == *between) {
		size_t length = strcspn(p, between), end = length, start = strspn(p, " ");

		while (end > start && p[end - 1] == ' ')
			end--;
		if (end > start)
			json_array_append_new(words, json_stringn_nocheck(p + start, end - start));
		p += length;
	}
	return words;
}

/* 'No value', in the form that the bus has for the kind. */
static json_t *nothing(const json_t *field)
{
	if (is_kind(field, "number") || is_kind(field, "instant"))
		return json_integer(INT64_MIN);
	if (is_kind(field, "real"))
		return json_null();
	if (is_kind(field, "link"))
		return bus_typed("o", json_string("/"));
	if (is_kind(field, "words"))
		return json_array();
	return json_string("");
}

/* Of several times on one command line: which was not understood. */
static int of_field(struct cli *cli, const json_t *field)
{
	char text[sizeof cli->failure.text];

	snprintf(text, sizeof text, "%s", cli->failure.text);
	return failed(&cli->failure, ERROR_INVALID, "%s: %s", text_of(field, "name"), text);
}

static int read_kind(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	char printed[DATE_TEXT];
	int64_t number;

	if (is_kind(field, "number"))
		return read_number(cli, field, text, ret);
	if (is_kind(field, "real"))
		return read_real(cli, field, text, ret);
	if (is_kind(field, "yesno"))
		return read_yesno(cli, field, text, ret);
	if (is_kind(field, "choice"))
		return read_choice(cli, field, text, ret);
	if (is_kind(field, "link"))
		return read_link(cli, field, text, ret);
	if (is_kind(field, "words")) {
		*ret = split(text);
		return 0;
	}
	if (is_kind(field, "date")) {
		if (read_date(cli, text, &number))
			return of_field(cli, field);
		*ret = json_string(date_print(number, printed));
		return 0;
	}
	if (is_kind(field, "instant")) {
		if (read_instant(cli, text, &number))
			return of_field(cli, field);
		*ret = json_integer(number);
		return 0;
	}
	*ret = json_string(text);
	return *ret ? 0 : failed(&cli->failure, ERROR_INVALID, "%s: the text is not UTF-8", text_of(field, "name"));
}

int argument_value(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	if (*text)
		return read_kind(cli, field, text, ret);
	*ret = nothing(field);
	return 0;
}

/* The same, reading '-' and '@FILE'. */
static int argument_read(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	const char *name = !strcmp(text, "-") ? "-" : text[0] == '@' && text[1] != '@' ? text + 1 : NULL;
	char *content;
	int r;

	if (!name)
		return argument_value(cli, field, text + (text[0] == '@'), ret);
	if (input_text(cli, name, &content))
		return -1;
	r = argument_value(cli, field, content, ret);
	free(content);
	return r;
}

/* ---- dictionaries of arguments ---- */

json_t *verb_fields(const json_t *entity, const json_t *verb)
{
	json_t *rows = json_array(), *field;
	size_t i;

	json_array_foreach (json_object_get(entity, "fields"), i, field)
		if (in_list(json_object_get(verb, "takes"), text_of(field, "name")))
			json_array_append(rows, field);
	json_array_foreach (json_object_get(verb, "arguments"), i, field)
		json_array_append(rows, field);
	return rows;
}

int no_such_field(struct cli *cli, const json_t *rows, const char *name, const char *whose)
{
	struct nearest nearest = { .typed = name };
	struct buffer list = { 0 };
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		near_try(&nearest, text_of(row, "name"));
		buffer_print(&list, "%s%s", i ? ", " : "", text_of(row, "name"));
	}
	if (nearest.word)
		usage(cli, "", "%s has no '%s'; did you mean '%s'?", whose, name, nearest.word);
	else
		usage(cli, "", "%s has no '%s'; there are: %s", whose, name, json_array_size(rows) ? buffer_string(&list) : "none");
	buffer_free(&list);
	return -1;
}

static json_t *row_named(const json_t *rows, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (!strcmp(text_of(row, "name"), name))
			return row;
	return NULL;
}

static int argument_add(struct cli *cli, const json_t *rows, const char *word, const char *whose, json_t *arguments)
{
	struct assignment assignment;
	json_t *row, *value;

	if (!assignment_parse(word, &assignment) || assignment.operator!= IS)
		return usage(cli, "", "'%s' is no argument; write field=value", word);
	row = row_named(rows, assignment.name);
	if (!row)
		return no_such_field(cli, rows, assignment.name, whose);
	if (json_object_get(arguments, assignment.name))
		return usage(cli, "", "'%s' is given twice", assignment.name);
	if (argument_read(cli, row, assignment.text, &value))
		return -1;
	json_object_set_new(arguments, assignment.name, value);
	return 0;
}

int arguments_build(struct cli *cli, const json_t *entity, const json_t *verb, char *const *words, size_t count, json_t **ret)
{
	json_t *rows = verb_fields(entity, verb), *arguments = json_object();
	char whose[160], noun[64], word[64];
	int r = 0;

	dashed(text_of(entity, "name"), noun, sizeof noun);
	dashed(text_of(verb, "name"), word, sizeof word);
	snprintf(whose, sizeof whose, "'%s %s'", noun, word);
	for (size_t i = 0; i < count && !r; i++)
		r = argument_add(cli, rows, words[i], whose, arguments);
	json_decref(rows);
	if (r) {
		json_decref(arguments);
		snprintf(cli->failure.hint, sizeof cli->failure.hint, "%s %s", noun, word);
		return r;
	}
	*ret = arguments;
	return 0;
}

/* ---- filters ---- */

/* 'a,b,c' of what can't hold a comma itself: a list, which the bus takes as words, each as files have it. */
static int filter_list(struct cli *cli, const json_t *field, const char *text, json_t **ret)
{
	json_t *words = split(text), *word, *values = json_array();
	size_t i;
	int r = 0;

	json_array_foreach (words, i, word) {
		json_t *value, *path;

		r = argument_value(cli, field, json_string_value(word), &value);
		if (r)
			break;
		path = json_object_get(value, "value");
		if (path)
			json_array_append(values, path);
		else if (json_is_integer(value))
			json_array_append_new(values, json_sprintf("%lld", (long long)json_integer_value(value)));
		else
			json_array_append(values, json_is_string(value) ? value : word);
		json_decref(value);
	}
	json_decref(words);
	*ret = values;
	if (r)
		json_decref(values);
	return r;
}

int filter_element(struct cli *cli, const json_t *entity, const char *word, json_t **ret)
{
	const char *operator;
	struct assignment assignment;
	json_t *field, *value;
	bool list;

	if (!assignment_parse(word, &assignment))
		return usage(cli, "", "'%s' is no filter; write FIELD=VALUE, or one of != < <= > >= ^= (begins with) ~ (contains)", word);
	if (!strcmp(assignment.name, "as") && assignment.operator== IS) {
		*ret = json_pack("[s, s, s]", "as", "=", assignment.text);
		return *ret ? 0 : usage(cli, "", "as: the text is not UTF-8");
	}
	field = field_named(entity, assignment.name);
	if (!field)
		return no_such_field(cli, json_object_get(entity, "fields"), assignment.name, text_of(entity, "label"));
	operator= bus_operator(assignment.operator);
	list = assignment.operator== IS && strchr(assignment.text, ',') && !is_kind(field, "text") && !is_kind(field, "words");
	if (assignment.operator== IS && !* assignment.text) {
		operator= "none";
		value = json_string("");
	} else if (assignment.operator== BEGINS || assignment.operator== HAS || is_kind(field, "words")) {
		value = json_string(assignment.text);
		if (!value)
			return usage(cli, "", "%s: the text is not UTF-8", assignment.name);
		if (is_kind(field, "words") && assignment.operator== IS)
			operator= "contains";
	} else if (list) {
		operator= "in";
		if (filter_list(cli, field, assignment.text, &value))
			return -1;
	} else if (argument_value(cli, field, assignment.text, &value)) {
		return -1;
	}
	*ret = json_pack("[s, s, o]", text_of(field, "name"), operator, value);
	return 0;
}

int filter_build(struct cli *cli, const json_t *entity, char *const *words, size_t count, json_t **ret)
{
	json_t *filter = json_array(), *element;

	for (size_t i = 0; i < count + cli->options.where_count; i++) {
		if (filter_element(cli, entity, i < count ? words[i] : cli->options.where[i - count], &element)) {
			json_decref(filter);
			return -1;
		}
		json_array_append_new(filter, element);
	}
	*ret = filter;
	return 0;
}
