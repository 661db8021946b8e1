/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row is read in two steps: first who it is (one person, one role), then column by column what belongs to that
 * participant. Where somebody answered twice and the mapping lets the later answer count, a first pass over the file
 * notes each person's last row.
 */
#include "form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "weekly.h"
#include "words.h"

struct form {
	struct roster *roster;
	const struct mapping_section *section;
	struct csv csv;
	struct place place;
	const struct mapping_line *columns[CSV_COLUMNS]; /* what each column of the file means; NULL: nothing */
	struct textmap last;                             /* key -> last row, where the last answer counts */
	struct arena scratch;                            /* of one row */
};

struct row {
	struct roster_person person;
	const char *role, *capacity, *motivation, *reason;
	const char *participant;
	int wishes;
};

/* ---- places and cells ---- */

static const struct place *at_column(struct form *form, int column)
{
	form->place.row = form->csv.row;
	form->place.column = column + 1;
	form->place.header = column < form->csv.columns && column >= 0 ? form->csv.headers[column] : NULL;
	return &form->place;
}

static const struct place *at_row(struct form *form)
{
	at_column(form, -1);
	return &form->place;
}

static const char *tidy(struct form *form, int column)
{
	return words_tidy(&form->scratch, form->csv.cells[column], strlen(form->csv.cells[column]));
}

static const char *fold(struct form *form, const char *text)
{
	return words_fold(&form->scratch, text, strlen(text));
}

/* The answer, or what the mapping says it stands for. */
static const char *meaning(struct form *form, enum mapping_field field, const char *trait, const char *text)
{
	const char *word = mapping_word(form->section, field, trait, fold(form, text));

	return word ? word : text;
}

static void csv_said(struct form *form)
{
	const struct csv_problem *problem = &form->csv.problem;
	int column = problem->column - 1;

	at_column(form, column);
	form->place.row = problem->row;
	roster_say(form->roster, 0, &form->place, "%s", problem->text);
}

/* ---- one answer a field ---- */

static const char *read_mail(struct form *form, int column)
{
	const char *text = fold(form, form->csv.cells[column]);

	if (*text && !words_mail(text))
		roster_say(form->roster, 0, at_column(form, column), "'%.60s' is no mail address; correct it", text);
	return text;
}

static const char *read_language(struct form *form, int column)
{
	const char *text = meaning(form, FIELD_LANGUAGE, NULL, tidy(form, column)), *code = words_language_code(fold(form, text));

	if (*text && !code)
		roster_say(form->roster, 0, at_column(form, column),
			"'%.60s' is not known as a language; write its two letters, or "
			"add to the mapping: word language \"%.60s\" -> \"en\"",
			text, text);
	return code;
}

static const char *read_zone(struct form *form, int column)
{
	const char *text = meaning(form, FIELD_ZONE, NULL, tidy(form, column));
	size_t fine = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

	if (*text && (text[fine] || (!strchr(text, '/') && strcmp(text, "UTC"))))
		roster_say(form->roster, 0, at_column(form, column),
			"'%.60s' is no time zone; write one like Europe/Berlin, or add to "
			"the mapping: word zone \"%.60s\" -> \"Europe/Berlin\"",
			text, text);
	return text;
}

/* '2008-02-29', '2008/02/29' and '29.02.2008' have one meaning each; '02/03/2008' has two. */
static const char *read_date(struct form *form, int column)
{
	const char *text = tidy(form, column), *date = text;
	int day, month, year, length = 0;

	if (sscanf(text, "%2d.%2d.%4d%n", &day, &month, &year, &length) == 3 && length && !text[length])
		date = arena_print(&form->scratch, "%04d-%02d-%02d", year, month, day);
	else if (strlen(text) == 10 && text[4] == '/' && text[7] == '/')
		date = arena_print(&form->scratch, "%.4s-%.2s-%.2s", text, text + 5, text + 8);
	if (*text && !words_date(date))
		roster_say(form->roster, 0, at_column(form, column),
			"this is no date that can be read for certain; write it as "
			"YYYY-MM-DD");
	return date;
}

/* One number, whatever words stand around it: '2', 'up to 3 mentees'. */
static const char *read_capacity(struct form *form, int column)
{
	const char *text = meaning(form, FIELD_CAPACITY, NULL, tidy(form, column)), *from = strpbrk(text, "0123456789");
	size_t length = from ? strspn(from, "0123456789") : 0;

	if (!*text)
		return NULL;
	if (!from || length > 3 || strpbrk(from + length, "0123456789") || (from > text && strchr("-.,", from[-1]))) {
		roster_say(form->roster, 0, at_column(form, column),
			"'%.60s' is not one whole number; write a number, or add to the "
			"mapping: word capacity \"%.60s\" -> \"2\"",
			text, text);
		return NULL;
	}
	return arena_copy_n(&form->scratch, from, length);
}

static const char *read_role(struct form *form, int column)
{
	const char *text = meaning(form, FIELD_ROLE, NULL, tidy(form, column)), *folded = fold(form, text);

	if (!strcmp(folded, "mentor") || !strcmp(folded, "mentee"))
		return folded;
	if (*text)
		roster_say(form->roster, 0, at_column(form, column),
			"'%.60s' is no role; write mentor or mentee, or add to the mapping: "
			"word role \"%.60s\" -> mentor",
			text, text);
	return "";
}

static void read_full_name(struct form *form, struct row *row, const struct mapping_line *line, int column)
{
	const char *text = tidy(form, column), *comma = strchr(text, ','), *space = strrchr(text, ' ');
	struct arena *arena = &form->scratch;

	if (line->family_first && !comma)
		space = strchr(text, ' ');
	if (comma) {
		row->person.family_name = words_tidy(arena, text, (size_t)(comma - text));
		row->person.given_name = words_tidy(arena, comma + 1, strlen(comma + 1));
	} else if (!space) {
		row->person.given_name = text;
	} else if (line->family_first) {
		row->person.family_name = arena_copy_n(arena, text, (size_t)(space - text));
		row->person.given_name = space + 1;
	} else {
		row->person.given_name = arena_copy_n(arena, text, (size_t)(space - text));
		row->person.family_name = space + 1;
	}
}

/* Line feeds stay; what stands around the text goes. */
static const char *read_prose(struct form *form, int column)
{
	const char *text = form->csv.cells[column];
	size_t length;

	text += strspn(text, " \t\n");
	for (length = strlen(text); length && strchr(" \t\n", text[length - 1]); length--)
		;
	return arena_copy_n(&form->scratch, text, length);
}

static void read_single(struct form *form, struct row *row, const struct mapping_line *line, int column)
{
	switch (line->field) {
	case FIELD_EXTERNAL_ID: row->person.external_id = tidy(form, column); break;
	case FIELD_GIVEN_NAME: row->person.given_name = tidy(form, column); break;
	case FIELD_FAMILY_NAME: row->person.family_name = tidy(form, column); break;
	case FIELD_FULL_NAME: read_full_name(form, row, line, column); break;
	case FIELD_EMAIL: row->person.email = read_mail(form, column); break;
	case FIELD_LANGUAGE: row->person.language = read_language(form, column); break;
	case FIELD_ZONE: row->person.zone = read_zone(form, column); break;
	case FIELD_BIRTH_DATE: row->person.birth_date = read_date(form, column); break;
	case FIELD_ROLE: row->role = read_role(form, column); break;
	case FIELD_CAPACITY: row->capacity = read_capacity(form, column); break;
	case FIELD_MOTIVATION: row->motivation = read_prose(form, column); break;
	case FIELD_OBJECTION_REASON: row->reason = read_prose(form, column); break;
	default: break;
	}
}

/* ---- several answers a cell ---- */

const char *form_answer(const char **at, const char *split, size_t *ret_length)
{
	const char *from = *at, *p = from;
	int depth = 0;

	if (!from || !*from)
		return NULL;
	for (; *p; p++) {
		if (*p == '(' && strchr(p, ')'))
			depth++;
		else if (*p == ')' && depth)
			depth--;
		else if (split && strchr(split, *p) && !(depth && *p == ','))
			break;
	}
	*ret_length = (size_t)(p - from);
	*at = *p ? p + 1 : p;
	return from;
}

static int level_of(struct form *form, const char *text)
{
	return words_level(fold(form, meaning(form, FIELD_LEVEL, NULL, text)));
}

/* Takes '(advanced)' or ': 3' off the end; -1 if no level stands there. */
static int take_level(struct form *form, char *answer)
{
	size_t length = strlen(answer);
	char *from = length && answer[length - 1] == ')' ? strrchr(answer, '(') : strrchr(answer, ':');
	int level;

	if (!from || from == answer)
		return -1;
	level = level_of(form, words_tidy(&form->scratch, from + 1, strlen(from + 1) - (*from == '(')));
	if (level < 0)
		return -1;
	while (from > answer && from[-1] == ' ')
		from--;
	*from = 0;
	return level;
}

static void read_trait(struct form *form, struct row *row, const struct mapping_line *line, int column, char *answer)
{
	const char *word = mapping_word(form->section, FIELD_TRAIT, line->trait, fold(form, answer)), *name, *code;
	int level = word ? -1 : take_level(form, answer);

	name = word ? word : meaning(form, FIELD_TRAIT, line->trait, answer);
	if (!*name || words_nobody(fold(form, name)))
		return;
	if (!strcmp(line->trait, "language")) {
		code = words_language_code(fold(form, name));
		if (!code)
			roster_say(form->roster, 1, at_column(form, column), "'%.60s' is not known as a language and is kept as written",
				name);
		name = code ? words_language_name(code) : name;
	}
	roster_add_trait(
		form->roster, at_column(form, column), row->participant, line->trait, name, level >= 0 ? level : line->level, line->side);
}

/* A column a trait: the cell says yes, no, or how well. '1' is a yes. */
static void read_named(struct form *form, struct row *row, const struct mapping_line *line, int column)
{
	const char *text = meaning(form, FIELD_LEVEL, NULL, tidy(form, column)), *folded = fold(form, text);
	int yes = words_yes(folded), level = words_level(folded);

	if (yes == 0 || level == 0)
		return;
	if (yes < 0 && level < 0)
		roster_say(form->roster, 0, at_column(form, column),
			"'%.60s' is neither yes or no nor a level; add to the mapping: word "
			"level \"%.60s\" -> 2",
			text, text);
	else
		roster_add_trait(form->roster, at_column(form, column), row->participant, line->trait, line->named,
			yes == 1 ? line->level : level, line->side);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* Every whole occurrence of a word in a text, both folded, becomes what it stands for. */
static const char *replace_word(struct form *form, const char *text, const char *word, const char *to)
{
	size_t length = strlen(word), from = 0;
	const char *at;

	while (length && (at = strstr(text + from, word))) {
		size_t before = (size_t)(at - text);

		from = before + length;
		if ((before && is_letter(at[-1]) && is_letter(*word)) || (is_letter(at[length]) && is_letter(word[length - 1])))
			continue;
		text = arena_print(&form->scratch, "%.*s%s%s", (int)before, text, to, at + length);
		from = before + strlen(to);
	}
	return text;
}

/* 'mon morning' becomes 'mon 08:00-12:00'. */
static const char *replace_words(struct form *form, const char *text)
{
	for (size_t i = 0; i < form->section->count; i++) {
		const struct mapping_line *line = &form->section->lines[i];

		if (line->kind == MAPPING_WORD && line->field == FIELD_AVAILABILITY)
			text = replace_word(form, text, line->folded, fold(form, line->to));
	}
	return text;
}

static void read_availability(struct form *form, struct row *row, const struct mapping_line *line, int column)
{
	const char *text = replace_words(form, fold(form, form->csv.cells[column]));
	struct weekly weekly;

	if (words_nobody(text))
		return;
	if (weekly_read(&weekly, text, line->weekday >= 0 ? 1u << line->weekday : 0)) {
		roster_say(form->roster, 0, at_column(form, column), "%s", weekly.problem);
		return;
	}
	for (size_t i = 0; i < weekly.count; i++)
		roster_add_availability(form->roster, at_column(form, column), row->participant, weekly.spans[i].weekday,
			weekly.spans[i].start, weekly.spans[i].end);
}

static void read_other(struct form *form, struct row *row, const struct mapping_line *line, int column, const char *answer)
{
	const char *name = meaning(form, line->field, NULL, answer);

	if (!*name || words_nobody(fold(form, name)))
		return;
	if (line->field == FIELD_OBJECTION)
		roster_add_objection(form->roster, at_column(form, column), row->participant, name, row->reason);
	else
		roster_add_wish(form->roster, at_column(form, column), row->participant, name, line->rank ? line->rank : ++row->wishes);
}

static void read_many(struct form *form, struct row *row, const struct mapping_line *line, int column)
{
	const char *at = form->csv.cells[column], *from;
	size_t length;

	if (line->field == FIELD_AVAILABILITY) {
		read_availability(form, row, line, column);
		return;
	}
	if (line->field == FIELD_TRAIT && line->named) {
		read_named(form, row, line, column);
		return;
	}
	while ((from = form_answer(&at, line->split, &length))) {
		char *answer = words_tidy(&form->scratch, from, length);

		if (!*answer)
			continue;
		if (line->field == FIELD_TRAIT)
			read_trait(form, row, line, column, answer);
		else
			read_other(form, row, line, column, answer);
	}
}

static bool is_many(const struct mapping_line *line)
{
	return line &&
		(line->field == FIELD_TRAIT || line->field == FIELD_AVAILABILITY || line->field == FIELD_WISH ||
			line->field == FIELD_OBJECTION);
}

/* ---- rows ---- */

static bool is_blank(struct form *form)
{
	for (int i = 0; i < form->csv.count; i++)
		if (*tidy(form, i))
			return false;
	return true;
}

static void read_who(struct form *form, struct row *row)
{
	const struct mapping_section *section = form->section;

	*row = (struct row){ .role = "" };
	for (int i = 0; i < form->csv.columns; i++)
		if (form->columns[i] && !is_many(form->columns[i]))
			read_single(form, row, form->columns[i], i);
	if (!*row->role && section->role)
		row->role = section->role;
	if (!row->capacity || !*row->capacity)
		row->capacity = section->capacity;
	if (!row->person.zone || !*row->person.zone)
		row->person.zone = section->zone;
	if (!row->person.language && section->language)
		row->person.language = words_language_code(fold(form, section->language));
}

static const char *key_of(const struct row *row)
{
	if (row->person.external_id && *row->person.external_id)
		return row->person.external_id;
	return row->person.email ? row->person.email : "";
}

static bool later_row_counts(struct form *form, const struct row *row)
{
	return textmap_find(&form->last, arena_print(&form->scratch, "%s/%s", key_of(row), row->role)) > form->csv.row;
}

/* True if the row gave somebody. */
static bool take_row(struct form *form, struct row *row)
{
	const char *key;

	if (!row->person.given_name || !*row->person.given_name)
		roster_say(form->roster, 0, at_row(form), "this person has no name; give one");
	if (!*row->role) {
		roster_say(form->roster, 0, at_row(form),
			"whether this is a mentor or a mentee is not said; give the role, or add to the "
			"mapping: role mentor");
		return false;
	}
	key = roster_add_person(form->roster, at_row(form), &row->person);
	row->participant = key ? roster_add_participant(form->roster, at_row(form), key, row->role, row->capacity, row->motivation) : NULL;
	for (int i = 0; row->participant && i < form->csv.columns; i++)
		if (is_many(form->columns[i]))
			read_many(form, row, form->columns[i], i);
	return row->participant != NULL;
}

static void read_rows(struct form *form, struct form_counts *counts)
{
	struct row row;
	int rc;

	while ((rc = csv_next(&form->csv)) > 0) {
		counts->read++;
		if (rc == CSV_BAD) {
			csv_said(form);
			continue;
		}
		arena_free(&form->scratch);
		if (is_blank(form)) {
			counts->left_out++;
			continue;
		}
		read_who(form, &row);
		if (later_row_counts(form, &row)) {
			roster_say(form->roster, 1, at_row(form), "the same person answered again further down; this row is left out");
			counts->left_out++;
		} else {
			counts->taken += take_row(form, &row);
		}
	}
	if (rc < 0)
		csv_said(form);
}

/* ---- columns ---- */

static void bind_columns(struct form *form)
{
	bool who = false, name = false;

	for (size_t i = 0; i < form->section->count; i++) {
		const struct mapping_line *line = &form->section->lines[i];
		int column = line->kind == MAPPING_COLUMN ? csv_find(&form->csv, line->text) : -1;

		if (line->kind != MAPPING_COLUMN)
			continue;
		who |= line->field == FIELD_EMAIL || line->field == FIELD_EXTERNAL_ID;
		name |= line->field == FIELD_GIVEN_NAME || line->field == FIELD_FULL_NAME;
		if (column >= 0)
			form->columns[column] = line;
		else if (line->field != FIELD_IGNORE)
			roster_say(form->roster, 0, &(struct place){ form->place.file, 1, 0, NULL },
				"the file has no column '%.100s', which line %d "
				"of the mapping names; correct the name there, or take the line out",
				line->text, line->number);
	}
	if (!who || !name)
		roster_say(form->roster, 0, &(struct place){ "mapping", form->section->lines->number, 0, NULL },
			"no column of this section "
			"gives a person's %s",
			who ? "name; add: column \"...\" -> given_name, or -> full_name" : "address or id; add: column \"...\" -> email");
}

static void tell_unused(struct form *form)
{
	for (int i = 0; i < form->csv.columns; i++)
		if (!form->columns[i] && *form->csv.headers[i])
			roster_say(form->roster, 1, at_column(form, i), "the mapping does not name this column, so it is left out");
}

static void note_last_rows(struct form *form, const char *data, size_t size)
{
	struct form pass = *form;
	struct import_result ignored = { 0 };
	struct import_sink nobody = { 0 };
	struct roster silent;
	struct row row;

	roster_init(&silent, &nobody, &ignored);
	pass.roster = &silent;
	pass.scratch = (struct arena){ 0 };
	if (!csv_open(&pass.csv, data, size, form->section->separator) && !csv_header(&pass.csv)) {
		for (int rc; (rc = csv_next(&pass.csv)) > 0;) {
			const char *key;
			int64_t *number;

			if (rc == CSV_BAD)
				continue;
			read_who(&pass, &row);
			key = arena_print(&form->roster->arena, "%s/%s", key_of(&row), row.role);
			number = *key == '/' ? NULL : textmap_place(&form->last, key);
			if (number)
				*number = pass.csv.row;
			arena_free(&pass.scratch);
		}
	}
	csv_close(&pass.csv);
	arena_free(&pass.scratch);
	roster_free(&silent);
}

void form_read(struct roster *roster, const struct mapping_section *section, const char *file, const char *data, size_t size,
	struct form_counts *counts)
{
	struct form form = { .roster = roster, .section = section, .place = { .file = file } };

	*counts = (struct form_counts){ 0 };
	if (csv_open(&form.csv, data, size, section->separator) < 0 || csv_header(&form.csv) < 0) {
		csv_said(&form);
	} else {
		bind_columns(&form);
		tell_unused(&form);
		if (section->twice_last)
			note_last_rows(&form, data, size);
		read_rows(&form, counts);
	}
	csv_close(&form.csv);
	textmap_free(&form.last);
	arena_free(&form.scratch);
}
