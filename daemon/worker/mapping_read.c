/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line is cut into tokens (words, quoted texts, '->', ','), and a table says for each statement which function reads
 * what follows. A mistake is said with its line and the line is passed over, so that one reading finds them all.
 */
#include "mapping.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

enum {
	MAPPING_BYTES = 256 << 10,
	MAPPING_LINES = 4000,
	MAPPING_VALUES = 64
};

enum token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_TEXT,
	TOKEN_ARROW,
	TOKEN_COMMA,
	TOKEN_WRONG
};

struct reader {
	struct mapping *mapping;
	struct mapping_line *line;
	const char *at; /* in the line being read */
	enum token token;
	const char *value; /* of a word or text */
	mapping_say *say;
	void *context;
	int mistakes;
};

/* The readers of plain statements stop at their last token, those of column, word and join behind it. */
struct statement {
	const char *name;
	int (*read)(struct reader *);
	const char *form; /* how it is written, for errors */
};

static const char *const trait_kinds[] = { "skill", "interest", "language", "field of study", "year of study", "department", "site",
	"value", "free", NULL };

/* ---- mistakes ---- */

static int mistake(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int mistake(struct reader *r, const char *format, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	r->mistakes++;
	if (r->say)
		r->say(r->context, r->line ? r->line->number : 0, text);
	return E_INVALID;
}

/* Edits that turn one short word into the other; large when either is long. */
static int distance(const char *a, const char *b)
{
	int row[40], m = (int)strlen(a), n = (int)strlen(b);

	if (m >= 40 || n >= 40)
		return 99;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; i <= m; i++) {
		int corner = row[0];

		row[0] = i;
		for (int j = 1; j <= n; j++) {
			int above = row[j], cost = corner + (a[i - 1] != b[j - 1]);

			row[j] = above + 1 < cost ? above + 1 : cost;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			corner = above;
		}
	}
	return row[n];
}

static const char *nearest(const char *word, const char *const *known, size_t count)
{
	const char *best = NULL;
	int least = 4;

	for (size_t i = 0; i < count && known[i]; i++) {
		int d = distance(word, known[i]);

		if (d < least && d * 2 <= (int)strlen(known[i])) {
			least = d;
			best = known[i];
		}
	}
	return best;
}

static int unknown(struct reader *r, const char *what, const char *word, const char *const *known, size_t count)
{
	const char *near = nearest(word, known, count);
	struct buffer all = { 0 };
	int rc;

	for (size_t i = 0; i < count && known[i]; i++)
		buffer_print(&all, "%s%s", i ? ", " : "", known[i]);
	if (near)
		rc = mistake(r, "'%.60s' is no %s; did you mean '%s'? Known are: %s", word, what, near, buffer_string(&all));
	else
		rc = mistake(r, "'%.60s' is no %s; known are: %s", word, what, buffer_string(&all));
	buffer_free(&all);
	return rc;
}

/* ---- tokens ---- */

static enum token wrong_quote(struct reader *r, const char *text)
{
	mistake(r, "%s", text);
	return r->token = TOKEN_WRONG;
}

static enum token read_quoted(struct reader *r)
{
	struct buffer text = { 0 };
	const char *p = r->at + 1;

	for (; *p && *p != '"'; p++) {
		if (*p != '\\')
			buffer_char(&text, *p);
		else if (*++p == 'n')
			buffer_char(&text, '\n');
		else if (*p == 't')
			buffer_char(&text, '\t');
		else if (*p == '"' || *p == '\\')
			buffer_char(&text, *p);
		else
			break;
	}
	r->value = arena_copy(&r->mapping->arena, buffer_string(&text));
	buffer_free(&text);
	if (*p != '"')
		return wrong_quote(r,
			*p || p[-1] == '\\' ? "after a backslash only \", \\, n or t may stand"
					    : "a quoted text does not end on this line; close it with \"");
	r->at = p + 1;
	return r->token = TOKEN_TEXT;
}

static enum token next(struct reader *r)
{
	size_t length;

	if (r->token == TOKEN_WRONG)
		return TOKEN_WRONG;
	r->at += strspn(r->at, " \t");
	if (*r->at == '#') {
		r->line->comment = arena_copy(&r->mapping->arena, r->at + 1);
		r->at += strlen(r->at);
	}
	if (!*r->at)
		return r->token = TOKEN_END;
	if (*r->at == '"')
		return read_quoted(r);
	if (!strncmp(r->at, "->", 2)) {
		r->at += 2;
		return r->token = TOKEN_ARROW;
	}
	if (*r->at == ',') {
		r->at++;
		return r->token = TOKEN_COMMA;
	}
	length = strcspn(r->at, " \t,#\"");
	for (const char *arrow = r->at; (arrow = strchr(arrow, '-')) && arrow < r->at + length; arrow++)
		if (arrow[1] == '>')
			length = (size_t)(arrow - r->at);
	r->value = arena_copy_n(&r->mapping->arena, r->at, length);
	r->at += length;
	return r->token = TOKEN_WORD;
}

static bool is_value(enum token token)
{
	return token == TOKEN_WORD || token == TOKEN_TEXT;
}

static bool is_word(const struct reader *r, const char *word)
{
	return r->token == TOKEN_WORD && !strcmp(r->value, word);
}

/* ---- arguments that several statements share ---- */

static int expect_value(struct reader *r, const char *what)
{
	if (is_value(next(r)))
		return 0;
	return r->token == TOKEN_WRONG ? E_INVALID : mistake(r, "%s is missing here", what);
}

static int read_one(struct reader *r, const char *what)
{
	int rc = expect_value(r, what);

	if (rc)
		return rc;
	r->line->text = r->value;
	r->line->folded = words_fold(&r->mapping->arena, r->value, strlen(r->value));
	return 0;
}

static int read_choice(struct reader *r, const char *what, const char *const *known, const char **ret)
{
	int rc = expect_value(r, what);

	if (rc)
		return rc;
	for (size_t i = 0; known[i]; i++) {
		if (strcmp(known[i], r->value))
			continue;
		*ret = known[i];
		return 0;
	}
	return unknown(r, what, r->value, known, MAPPING_VALUES);
}

static int read_number(struct reader *r, const char *what, int least, int most, int *ret)
{
	int rc = expect_value(r, what);
	char *end;
	long value;

	if (rc)
		return rc;
	value = strtol(r->value, &end, 10);
	if (*end || end == r->value || value < least || value > most)
		return mistake(r, "'%.40s' is no %s; write a number from %d to %d", r->value, what, least, most);
	*ret = (int)value;
	return 0;
}

static int read_list(struct reader *r, const char *what, struct mapping_list *list)
{
	int rc = expect_value(r, what);

	if (rc)
		return rc;
	if (!list->words)
		list->words = arena_new(&r->mapping->arena, MAPPING_VALUES * sizeof *list->words);
	for (; is_value(r->token); next(r)) {
		if (list->count == MAPPING_VALUES)
			return mistake(r, "more than %d values; write a second line for the rest", MAPPING_VALUES);
		list->words[list->count++] = r->value;
	}
	return r->token == TOKEN_WRONG ? E_INVALID : 0;
}

/* ---- the statements ---- */

static int read_mapping(struct reader *r)
{
	int version, rc = read_number(r, "version of mappings", 1, 1, &version);

	r->line->text = "1";
	return rc;
}

static int read_format(struct reader *r)
{
	return read_choice(r, "format", (const char *const[]){ "form", "oneroster", NULL }, &r->line->text);
}

static int read_file(struct reader *r)
{
	int rc = read_one(r, "the file's name");

	if (!rc && strchr(r->line->text, '/'))
		return mistake(r, "'%.60s' is a path; write the file's name alone", r->line->text);
	return rc;
}

static int read_separator(struct reader *r)
{
	return read_choice(r, "separator", (const char *const[]){ ",", ";", "tab", NULL }, &r->line->text);
}

static int read_role(struct reader *r)
{
	return read_choice(r, "role", (const char *const[]){ "mentor", "mentee", NULL }, &r->line->text);
}

static int read_zone(struct reader *r)
{
	return read_one(r, "a time zone such as \"Europe/Berlin\"");
}

static int read_language(struct reader *r)
{
	int rc = read_one(r, "a language such as \"en\"");

	if (!rc && !words_language_code(words_fold(&r->mapping->arena, r->value, strlen(r->value))))
		return mistake(r, "'%.40s' is not known as a language; write its two letters, such as en", r->value);
	return rc;
}

static int read_capacity(struct reader *r)
{
	int number, rc = read_number(r, "capacity", 0, 1000, &number);

	if (!rc)
		r->line->text = r->value;
	return rc;
}

static int read_twice(struct reader *r)
{
	return read_choice(r, "way to treat a second answer", (const char *const[]){ "refuse", "last", NULL }, &r->line->text);
}

static int read_orphans(struct reader *r)
{
	return read_choice(r, "way to treat orphans", (const char *const[]){ "refuse", "skip", NULL }, &r->line->text);
}

static int read_trait_source(struct reader *r)
{
	return read_choice(r, "source of a trait", (const char *const[]){ "grade", "org", NULL }, &r->line->text);
}

static int read_field(struct reader *r, enum mapping_field *ret)
{
	const char *names[FIELDS];
	int rc = expect_value(r, "a field");

	if (rc)
		return rc;
	for (int i = 0; i < FIELDS; i++) {
		if (strcmp(mapping_field_name((enum mapping_field)i), r->value))
			continue;
		*ret = (enum mapping_field)i;
		return *ret == FIELD_TRAIT ? read_choice(r, "kind of trait", trait_kinds, &r->line->trait) : 0;
	}
	for (int i = 0; i < FIELDS; i++)
		names[i] = mapping_field_name((enum mapping_field)i);
	return unknown(r, "field", r->value, names, FIELDS);
}

static int read_split(struct reader *r)
{
	int rc = expect_value(r, "what stands between answers, such as \";\"");

	if (rc)
		return rc;
	r->line->split = is_word(r, "newline") ? "\n" : r->value;
	if (!*r->line->split || strpbrk(r->line->split, "\"") || strlen(r->line->split) > 8)
		return mistake(r, "after split write the characters between two answers, such as \";\", or newline");
	return 0;
}

static int read_option(struct reader *r)
{
	struct mapping_line *line = r->line;
	bool trait = line->field == FIELD_TRAIT, many = trait || line->field == FIELD_WISH || line->field == FIELD_OBJECTION;

	if (next(r) == TOKEN_WRONG)
		return E_INVALID;
	if (many && is_word(r, "split"))
		return read_split(r);
	if (trait && is_word(r, "level"))
		return read_number(r, "level", 0, 4, &line->level);
	if (trait && is_word(r, "named")) {
		if (expect_value(r, "the trait's name"))
			return E_INVALID;
		line->named = r->value;
		return 0;
	}
	if (line->field == FIELD_WISH && is_word(r, "rank"))
		return read_number(r, "rank", 1, 1000, &line->rank);
	if (line->field == FIELD_FULL_NAME && is_word(r, "family")) {
		line->family_first = next(r) == TOKEN_WORD && is_word(r, "first");
		return line->family_first ? 0 : mistake(r, "after 'family' the word 'first' is missing");
	}
	return mistake(r, "'%.40s' is no option of %s; after a comma may stand: %s", is_value(r->token) ? r->value : ",",
		mapping_field_name(line->field),
		trait                                    ? "split \";\", level 2, named \"Name\""
			: line->field == FIELD_WISH      ? "split \";\", rank 1"
			: line->field == FIELD_OBJECTION ? "split \";\""
			: line->field == FIELD_FULL_NAME ? "family first"
							 : "nothing");
}

static int read_side(struct reader *r)
{
	if (strcmp(r->value, "offered") && strcmp(r->value, "sought"))
		return mistake(r, "'%.40s' is no side of a trait; write offered or sought (or a comma before an option)", r->value);
	r->line->side = r->value;
	next(r);
	return 0;
}

static int read_weekday(struct reader *r)
{
	for (int day = 0; day < 7; day++) {
		if (strcmp(words_weekday(day), r->value))
			continue;
		r->line->weekday = day;
		next(r);
		return 0;
	}
	return mistake(r, "'%.40s' is no weekday; write monday, tuesday and so on in small letters", r->value);
}

static int expect_arrow(struct reader *r)
{
	if (next(r) == TOKEN_ARROW)
		return 0;
	return r->token == TOKEN_WRONG ? E_INVALID : mistake(r, "the arrow -> is missing here");
}

static int read_column(struct reader *r)
{
	struct mapping_line *line = r->line;
	int rc = read_one(r, "the column's name in quotes");

	line->side = "offered";
	if (!rc)
		rc = expect_arrow(r);
	if (!rc)
		rc = read_field(r, &line->field);
	if (rc)
		return rc;
	if (line->field != FIELD_IGNORE && words_secret(line->folded))
		return mistake(r, "the column \"%.60s\" seems to hold passwords, which are never read; write -> ignore", line->text);
	if (line->field == FIELD_LEVEL)
		return mistake(r, "level is no field of its own; write it behind a trait, as in: -> trait skill, level 2");
	next(r);
	if (is_value(r->token) && line->field == FIELD_TRAIT)
		rc = read_side(r);
	else if (is_value(r->token) && line->field == FIELD_AVAILABILITY)
		rc = read_weekday(r);
	while (!rc && r->token == TOKEN_COMMA) {
		rc = read_option(r);
		if (!rc)
			next(r);
	}
	return rc;
}

static int check_word(struct reader *r)
{
	struct mapping_line *line = r->line;
	const char *folded = words_fold(&r->mapping->arena, line->to, strlen(line->to));

	if (line->field == FIELD_IGNORE)
		return mistake(r, "a word needs a field that has words, such as: word zone \"Berlin\" -> \"Europe/Berlin\"");
	if (line->field == FIELD_LEVEL && words_level(folded) < 0)
		return mistake(r, "'%.40s' is no level; write a number from 0 to 4", line->to);
	if (line->field == FIELD_ROLE && *line->to && strcmp(line->to, "mentor") && strcmp(line->to, "mentee"))
		return mistake(r, "'%.40s' is no role; write mentor or mentee", line->to);
	return 0;
}

static int read_word(struct reader *r)
{
	struct mapping_line *line = r->line;
	int rc = read_field(r, &line->field);

	if (!rc)
		rc = read_one(r, "the word as people write it, in quotes");
	if (!rc)
		rc = expect_arrow(r);
	if (!rc)
		rc = expect_value(r, "what the word stands for");
	if (rc)
		return rc;
	line->to = r->value;
	next(r);
	return check_word(r);
}

static int read_clause(struct reader *r)
{
	struct mapping_line *line = r->line;
	int number;

	if (r->token == TOKEN_END)
		return mistake(r, "who joins is missing here; write for example: join mentee role student");
	if (is_word(r, "role"))
		return read_list(r, "a role of the roster, such as student", &line->roles);
	if (is_word(r, "grade"))
		return read_list(r, "a grade", &line->grades);
	if (is_word(r, "class"))
		return read_list(r, "a class", &line->classes);
	if (is_word(r, "org"))
		return read_list(r, "a school or department", &line->orgs);
	if (!is_word(r, "capacity"))
		return mistake(
			r, "'%.40s' is no condition; known are: role, grade, class, org, capacity", is_value(r->token) ? r->value : ",");
	if (read_number(r, "capacity", 0, 1000, &number))
		return E_INVALID;
	line->capacity = r->value;
	next(r);
	return 0;
}

static int read_join(struct reader *r)
{
	struct mapping_line *line = r->line;
	int rc = read_role(r);

	if (rc)
		return rc;
	next(r);
	do {
		if (r->token == TOKEN_COMMA)
			next(r);
		if (r->token == TOKEN_WRONG)
			return E_INVALID;
		rc = read_clause(r);
	} while (!rc && r->token == TOKEN_COMMA);
	if (!rc && !line->roles.count && !line->grades.count && !line->classes.count && !line->orgs.count)
		return mistake(r, "this would take everybody; say who joins, as in: join mentee role student");
	return rc;
}

/* In the order of enum mapping_kind. */
static const struct statement statements[] = {
	{ "", NULL, "" },
	{ "mapping", read_mapping, "mapping 1" },
	{ "format", read_format, "format form" },
	{ "file", read_file, "file \"mentors.csv\"" },
	{ "separator", read_separator, "separator \";\"" },
	{ "role", read_role, "role mentor" },
	{ "zone", read_zone, "zone \"Europe/Berlin\"" },
	{ "language", read_language, "language \"en\"" },
	{ "capacity", read_capacity, "capacity 2" },
	{ "twice", read_twice, "twice last" },
	{ "orphans", read_orphans, "orphans refuse" },
	{ "trait", read_trait_source, "trait grade" },
	{ "column", read_column, "column \"Your skills\" -> trait skill offered, split \";\"" },
	{ "word", read_word, "word level \"Expert\" -> 4" },
	{ "join", read_join, "join mentee role student, grade \"9\"" },
};

static int read_statement(struct reader *r)
{
	const char *names[sizeof statements / sizeof *statements] = { NULL };
	size_t count = sizeof statements / sizeof *statements;
	int rc;

	r->token = TOKEN_END;
	if (next(r) == TOKEN_END || r->token == TOKEN_WRONG)
		return r->token == TOKEN_WRONG ? E_INVALID : 0;
	for (size_t i = 1; i < count; i++) {
		names[i - 1] = statements[i].name;
		if (!is_word(r, statements[i].name))
			continue;
		r->line->kind = (enum mapping_kind)i;
		rc = statements[i].read(r);
		if (!rc && r->line->kind < MAPPING_COLUMN)
			next(r);
		if (!rc && r->token != TOKEN_END && r->token != TOKEN_WRONG)
			return mistake(r, "more stands here than belongs to the statement; it is written like: %s", statements[i].form);
		return r->token == TOKEN_WRONG ? E_INVALID : rc;
	}
	return unknown(r, "statement", is_value(r->token) ? r->value : "->", names, count - 1);
}

/* ---- sections ---- */

static const char **place_of(struct mapping_section *section, enum mapping_kind kind)
{
	switch (kind) {
	case MAPPING_FORMAT: return &section->format;
	case MAPPING_FILE: return &section->file;
	case MAPPING_ROLE: return &section->role;
	case MAPPING_ZONE: return &section->zone;
	case MAPPING_LANGUAGE: return &section->language;
	case MAPPING_CAPACITY: return &section->capacity;
	default: return NULL;
	}
}

static void take_line(struct reader *r, struct mapping_section *section, const struct mapping_line *line)
{
	const char **place = place_of(section, line->kind);

	r->line = (struct mapping_line *)line;
	if (place && *place)
		mistake(r, "'%s' is said twice in this section; delete one of the two lines", statements[line->kind].name);
	else if (place)
		*place = line->text;
	if (line->kind == MAPPING_SEPARATOR)
		section->separator = *line->text == 't' ? '\t' : *line->text;
	if (line->kind == MAPPING_TWICE)
		section->twice_last = !strcmp(line->text, "last");
	if (line->kind == MAPPING_ORPHANS)
		section->orphans_skip = !strcmp(line->text, "skip");
	for (const struct mapping_line *before = section->lines; before < line; before++)
		if (line->kind == MAPPING_COLUMN && before->kind == MAPPING_COLUMN && !strcmp(before->folded, line->folded))
			mistake(r, "the column \"%.60s\" stands in line %d too; delete one of the two", line->text, before->number);
}

static void check_section(struct reader *r, struct mapping_section *section)
{
	r->line = (struct mapping_line *)section->lines;
	if (!section->format)
		mistake(r, "this section has no line 'format'; write format form, or format oneroster");
	for (size_t i = 0; section->format && i < section->count; i++) {
		const struct mapping_line *line = &section->lines[i];
		bool form = !strcmp(section->format, "form");

		r->line = (struct mapping_line *)line;
		if (form ? line->kind == MAPPING_JOIN || line->kind == MAPPING_TRAIT || line->kind == MAPPING_ORPHANS
			 : line->kind == MAPPING_COLUMN || line->kind == MAPPING_WORD || line->kind == MAPPING_ROLE ||
					line->kind == MAPPING_TWICE || line->kind == MAPPING_SEPARATOR)
			mistake(r, "'%s' has no place in a mapping of format %s", statements[line->kind].name, section->format);
	}
}

static void make_sections(struct reader *r)
{
	struct mapping *mapping = r->mapping;
	struct mapping_section *section = NULL;
	size_t most = 1;

	for (size_t i = 0; i < mapping->count; i++)
		most += mapping->lines[i].kind == MAPPING_MAPPING;
	mapping->sections = arena_new(&mapping->arena, most * sizeof *mapping->sections);
	for (size_t i = 0; i < mapping->count; i++) {
		struct mapping_line *line = &mapping->lines[i];

		if (line->kind == MAPPING_MAPPING) {
			section = &mapping->sections[mapping->section_count++];
			section->lines = line;
		}
		if (section) {
			section->count++;
			take_line(r, section, line);
		} else if (line->kind != MAPPING_BLANK) {
			r->line = line;
			mistake(r, "a mapping begins with the line: mapping 1");
			return;
		}
	}
	r->line = NULL;
	if (!mapping->section_count)
		mistake(r, "the mapping is empty; it begins with the line: mapping 1");
	for (size_t i = 0; i < mapping->section_count; i++)
		check_section(r, &mapping->sections[i]);
}

/* ---- the whole text ---- */

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

static int check_size(struct reader *r, const char *text)
{
	if (strlen(text) > MAPPING_BYTES || count_lines(text) > MAPPING_LINES)
		return mistake(
			r, "the mapping is longer than %d KiB or %d lines; is this the right file?", MAPPING_BYTES >> 10, MAPPING_LINES);
	return 0;
}

static void read_line(struct reader *r, const char *text, size_t length)
{
	struct mapping *mapping = r->mapping;
	struct problem problem;
	char *copy;

	if (length && text[length - 1] == '\r')
		length--;
	r->line = &mapping->lines[mapping->count];
	*r->line = (struct mapping_line){ .number = (int)++mapping->count, .level = -1, .weekday = -1 };
	if (text_check(text, length, TEXT_LINES, &problem) < 0) {
		mistake(r, "%s", problem.text);
		return;
	}
	copy = arena_copy_n(&mapping->arena, text, length);
	r->at = copy;
	read_statement(r);
}

int mapping_read(struct mapping *mapping, const char *text, mapping_say *say, void *context)
{
	struct reader r = { .mapping = mapping, .say = say, .context = context };

	memset(mapping, 0, sizeof *mapping);
	if (!strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	if (check_size(&r, text))
		return E_INVALID;
	mapping->lines = arena_new(&mapping->arena, count_lines(text) * sizeof *mapping->lines);
	while (*text) {
		size_t length = strcspn(text, "\n");

		read_line(&r, text, length);
		text += length + (text[length] == '\n');
	}
	if (!r.mistakes)
		make_sections(&r);
	if (!r.mistakes)
		return 0;
	mapping_free(mapping);
	return E_INVALID;
}
