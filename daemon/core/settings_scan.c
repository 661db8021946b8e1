/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The look at a configuration text before libconfig sees it, in one pass. It knows comments, strings, brackets, names and
 * numbers, and counts them; the grammar it leaves to libconfig. Where the two might ever disagree on what is a comment or a
 * string it is the stricter one: a line that begins with @include is refused wherever it stands.
 */
#include "settings_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *at, *end;
	int line, depth, tokens;
	struct problem *problem;
};

/* Characters are judged before structure: from here on the text is UTF-8 without anything that a reader cannot see. */
static int scan_characters(const char *text, size_t length, int *ret_line, struct problem *problem)
{
	size_t left = length;
	uint32_t point;

	*ret_line = 1;
	if (left >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
		return problem_set(problem, E_INVALID, NULL, "begins with a byte-order mark; save it as UTF-8 without one");
	while (left) {
		int n = text_decode(text, left, &point);

		if (!n)
			return problem_set(problem, E_INVALID, NULL, "holds a byte that is not UTF-8; save the file as UTF-8");
		if (!point)
			return problem_set(problem, E_INVALID, NULL, "holds a NUL byte; it is not a text file");
		if (text_refused(point) && !strchr("\n\t\r\f", point < 0x80 ? (int)point : 1))
			return problem_set(problem, E_INVALID, NULL, "holds the invisible character U+%04X; take it out", (unsigned)point);
		*ret_line += point == '\n';
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

static int scan_includes(const char *text, int *ret_line, struct problem *problem)
{
	for (int line = 1; *text; line++) {
		if (!strncmp(text + strspn(text, " \t\r\f"), "@include", 8)) {
			*ret_line = line;
			return problem_set(problem, E_INVALID, NULL, "@include is not taken; put the other file into mentorship.conf.d");
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

static int skip_line(struct scan *scan)
{
	const char *feed = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));

	scan->at = feed ? feed : scan->end;
	return 0;
}

static int skip_comment(struct scan *scan)
{
	const char *start = scan->at, *close = strstr(scan->at + 2, "*/");

	if (!close)
		return problem_set(scan->problem, E_INVALID, NULL, "a comment begins here and never ends; close it with */");
	scan->at = close + 2;
	for (; start < scan->at; start++)
		scan->line += *start == '\n';
	return 0;
}

static int skip_string(struct scan *scan)
{
	const char *start = scan->at++;
	int lines = 0;

	for (; *scan->at != '"'; scan->at++) {
		if (scan->at == scan->end || scan->at - start > CONFIG_STRING)
			return problem_set(scan->problem, E_INVALID, NULL,
				"a text begins here that does not end within %d bytes; "
				"close it with a quotation mark",
				CONFIG_STRING);
		lines += *scan->at == '\n';
		if (*scan->at != '\\')
			continue;
		scan->at++;
		if ((*scan->at == 'x' || *scan->at == 'X') && scan->at[1] == '0' && scan->at[2] == '0')
			return problem_set(scan->problem, E_INVALID, NULL, "\\x00 would cut the text short; take it out");
		if (*scan->at == '\n' || scan->at == scan->end)
			scan->at--; /* what follows is looked at by the loop */
	}
	scan->at++;
	scan->line += lines;
	return 0;
}

/* libconfig keeps plain integers in an int and cuts the rest off silently; those that end in L in a long long. */
static int check_integer(const char *word, size_t length, const char *digits_end, bool hex, struct problem *problem)
{
	bool is_long = (size_t)(digits_end - word) < length;
	int64_t least = is_long ? INT64_MIN : INT32_MIN, most = is_long ? INT64_MAX : INT32_MAX;
	long long value;

	errno = 0;
	value = strtoll(word, NULL, hex ? 16 : 10);
	if (!errno && value >= least && value <= most)
		return 0;
	if (length > 60)
		length = 60;
	if (is_long)
		return problem_set(problem, E_INVALID, NULL, "the number %.*s is too large; write a smaller one", (int)length, word);
	return problem_set(
		problem, E_INVALID, NULL, "the number %.*s does not fit 32 bits; write an L behind it if it is meant", (int)length, word);
}

static int skip_number(struct scan *scan)
{
	static const char in_words[] = "0123456789.+-*_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const char *word = scan->at, *digits;
	size_t length = strspn(word, in_words), sign = *word == '-' || *word == '+', suffix;
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');

	scan->at += length;
	digits = word + (hex ? 2 : sign);
	digits += strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	suffix = strspn(digits, "L");
	if (digits > word + (hex ? 2 : sign) && suffix <= 2 && digits + suffix == word + length)
		return check_integer(word, length, digits, hex, scan->problem);
	if (!hex && length < 64 && strspn(word, "0123456789.eE+-") == length)
		return 0; /* a fraction, or nonsense that libconfig refuses */
	return problem_set(scan->problem, E_INVALID, NULL, "'%.*s' is no number; texts stand in quotation marks",
		(int)(length < 60 ? length : 60), word);
}

static int scan_token(struct scan *scan)
{
	static const char in_names[] = "-*_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	char c = *scan->at;

	if (++scan->tokens > CONFIG_TOKENS)
		return problem_set(scan->problem, E_INVALID, NULL,
			"more than %d words and signs; settings are few, so take out "
			"what is not one",
			CONFIG_TOKENS);
	if (c == '"')
		return skip_string(scan);
	if (strchr("+-.0123456789", c))
		return skip_number(scan);
	if (strchr("{[(", c) && ++scan->depth > CONFIG_DEPTH)
		return problem_set(
			scan->problem, E_INVALID, NULL, "brackets within brackets, more than %d deep; settings need one", CONFIG_DEPTH);
	scan->depth -= strchr("}])", c) != NULL;
	if (c == '@')
		return problem_set(scan->problem, E_INVALID, NULL, "@ has no meaning here; texts stand in quotation marks");
	if (strchr(in_names + 1, c))
		scan->at += strspn(scan->at, in_names);
	else
		scan->at++;
	return 0;
}

int config_scan(const char *text, size_t length, int *ret_line, struct problem *problem)
{
	struct scan scan = { .at = text, .end = text + length, .line = 1, .problem = problem };
	int r = scan_characters(text, length, ret_line, problem);

	if (!r)
		r = scan_includes(text, ret_line, problem);
	while (!r && scan.at < scan.end) {
		*ret_line = scan.line;
		if (*scan.at == '\n' || strchr(" \t\r\f", *scan.at)) {
			scan.line += *scan.at == '\n';
			scan.at++;
		} else if (*scan.at == '#' || !strncmp(scan.at, "//", 2)) {
			r = skip_line(&scan);
		} else if (!strncmp(scan.at, "/*", 2)) {
			r = skip_comment(&scan);
		} else {
			r = scan_token(&scan);
		}
	}
	return r;
}
