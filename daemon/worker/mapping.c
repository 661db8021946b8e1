/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mapping that was read: finding what it says, and writing it. Every line is written in one way, so that writing what
 * was written before changes nothing.
 */
#include "mapping.h"

#include <stdbool.h>
#include <string.h>

#include "words.h"

static const char *const field_names[FIELDS] = { "ignore", "external_id", "given_name", "family_name", "full_name", "email", "language",
	"zone", "birth_date", "role", "capacity", "motivation", "trait", "availability", "wish", "objection", "objection_reason", "level" };

static const char *const kind_names[] = { "", "mapping", "format", "file", "separator", "role", "zone", "language", "capacity", "twice",
	"orphans", "trait", "column", "word", "join" };

const char *mapping_field_name(enum mapping_field field)
{
	return field_names[field];
}

void mapping_free(struct mapping *mapping)
{
	arena_free(&mapping->arena);
	memset(mapping, 0, sizeof *mapping);
}

/* ---- looking things up ---- */

const struct mapping_section *mapping_for(const struct mapping *mapping, const char *file)
{
	const struct mapping_section *open = NULL;
	size_t unnamed = 0;

	for (size_t i = 0; i < mapping->section_count; i++) {
		const struct mapping_section *section = &mapping->sections[i];

		if (section->file && !strcmp(section->file, file))
			return section;
		if (!section->file) {
			open = section;
			unnamed++;
		}
	}
	if (mapping->section_count == 1)
		return mapping->sections;
	return unnamed == 1 ? open : NULL;
}

const char *mapping_word(const struct mapping_section *section, enum mapping_field field, const char *trait, const char *folded)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct mapping_line *line = &section->lines[i];

		if (line->kind == MAPPING_WORD && line->field == field && (field != FIELD_TRAIT || !strcmp(line->trait, trait)) &&
			!strcmp(line->folded, folded))
			return line->to;
	}
	return NULL;
}

/* ---- writing ---- */

void mapping_quote(struct buffer *out, const char *text)
{
	buffer_char(out, '"');
	for (; *text; text++) {
		if (*text == '\n' || *text == '\t') {
			buffer_text(out, *text == '\n' ? "\\n" : "\\t");
			continue;
		}
		if (*text == '"' || *text == '\\')
			buffer_char(out, '\\');
		buffer_char(out, *text);
	}
	buffer_char(out, '"');
}

static void write_name(struct buffer *out, const char *name)
{
	buffer_char(out, ' ');
	if (strchr(name, ' '))
		mapping_quote(out, name);
	else
		buffer_text(out, name);
}

static void write_list(struct buffer *out, const char *name, const struct mapping_list *list, bool *first)
{
	if (!list->count)
		return;
	buffer_print(out, "%s %s", *first ? "" : ",", name);
	*first = false;
	for (size_t i = 0; i < list->count; i++) {
		buffer_char(out, ' ');
		if (!strcmp(name, "role") && !strpbrk(list->words[i], " ,\"\\#") && *list->words[i])
			buffer_text(out, list->words[i]);
		else
			mapping_quote(out, list->words[i]);
	}
}

static void write_column(struct buffer *out, const struct mapping_line *line)
{
	buffer_char(out, ' ');
	mapping_quote(out, line->text);
	buffer_print(out, " -> %s", field_names[line->field]);
	if (line->field == FIELD_TRAIT) {
		write_name(out, line->trait);
		buffer_print(out, " %s", line->side);
	}
	if (line->weekday >= 0)
		buffer_print(out, " %s", words_weekday(line->weekday));
	if (line->split) {
		buffer_text(out, ", split ");
		if (strcmp(line->split, "\n"))
			mapping_quote(out, line->split);
		else
			buffer_text(out, "newline");
	}
	if (line->named) {
		buffer_text(out, ", named ");
		mapping_quote(out, line->named);
	}
	if (line->level >= 0)
		buffer_print(out, ", level %d", line->level);
	if (line->rank)
		buffer_print(out, ", rank %d", line->rank);
	if (line->family_first)
		buffer_text(out, ", family first");
}

static void write_word(struct buffer *out, const struct mapping_line *line)
{
	buffer_print(out, " %s", field_names[line->field]);
	if (line->field == FIELD_TRAIT)
		write_name(out, line->trait);
	buffer_char(out, ' ');
	mapping_quote(out, line->text);
	buffer_text(out, " -> ");
	if (line->field == FIELD_LEVEL || line->field == FIELD_ROLE)
		buffer_text(out, *line->to ? line->to : "\"\"");
	else
		mapping_quote(out, line->to);
}

static void write_join(struct buffer *out, const struct mapping_line *line)
{
	bool first = true;

	buffer_print(out, " %s", line->text);
	write_list(out, "role", &line->roles, &first);
	write_list(out, "grade", &line->grades, &first);
	write_list(out, "class", &line->classes, &first);
	write_list(out, "org", &line->orgs, &first);
	if (line->capacity)
		buffer_print(out, ", capacity %s", line->capacity);
}

static void write_line(struct buffer *out, const struct mapping_line *line)
{
	buffer_text(out, kind_names[line->kind]);
	switch (line->kind) {
	case MAPPING_BLANK: break;
	case MAPPING_COLUMN: write_column(out, line); break;
	case MAPPING_WORD: write_word(out, line); break;
	case MAPPING_JOIN: write_join(out, line); break;
	case MAPPING_SEPARATOR: buffer_print(out, *line->text == 't' ? " %s" : " \"%s\"", line->text); break;
	case MAPPING_FILE:
	case MAPPING_ZONE:
	case MAPPING_LANGUAGE:
		buffer_char(out, ' ');
		mapping_quote(out, line->text);
		break;
	default: buffer_print(out, " %s", line->text);
	}
	if (line->comment)
		buffer_print(out, "%s#%s", line->kind == MAPPING_BLANK ? "" : "  ", line->comment);
	buffer_char(out, '\n');
}

void mapping_write(const struct mapping *mapping, struct buffer *out)
{
	for (size_t i = 0; i < mapping->count; i++)
		write_line(out, &mapping->lines[i]);
}
