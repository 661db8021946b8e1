/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mapping: which column of somebody's file means what. A text of plain lines that a coordinator edits and keeps.
 *
 *     mapping 1
 *     format form
 *     file "mentors.csv"
 *     role mentor
 *     zone "Europe/Berlin"                      # where the form did not ask
 *     column "Which languages do you speak?" -> trait language offered, split ";"
 *     column "When are you free?" -> availability
 *     word level "Expert" -> 4
 *
 * Each line is one statement; '#' begins a comment. A line `mapping 1` begins a section, so the mappings of two files put
 * one after the other are the mapping of both. Reading keeps every line, comments and blank lines too, and writing gives
 * the text back: the same bytes when it was laid out as it is written, else the same meaning.
 */
#ifndef MENTORSHIP_MAPPING_H
#define MENTORSHIP_MAPPING_H

#include "core/arena.h"
#include "core/text.h"

enum mapping_kind {
	MAPPING_BLANK,
	MAPPING_MAPPING,
	MAPPING_FORMAT,
	MAPPING_FILE,
	MAPPING_SEPARATOR,
	MAPPING_ROLE,
	MAPPING_ZONE,
	MAPPING_LANGUAGE,
	MAPPING_CAPACITY,
	MAPPING_TWICE,
	MAPPING_ORPHANS,
	MAPPING_TRAIT,
	MAPPING_COLUMN,
	MAPPING_WORD,
	MAPPING_JOIN
};

enum mapping_field {
	FIELD_IGNORE,
	FIELD_EXTERNAL_ID,
	FIELD_GIVEN_NAME,
	FIELD_FAMILY_NAME,
	FIELD_FULL_NAME,
	FIELD_EMAIL,
	FIELD_LANGUAGE,
	FIELD_ZONE,
	FIELD_BIRTH_DATE,
	FIELD_ROLE,
	FIELD_CAPACITY,
	FIELD_MOTIVATION,
	FIELD_TRAIT,
	FIELD_AVAILABILITY,
	FIELD_WISH,
	FIELD_OBJECTION,
	FIELD_OBJECTION_REASON,
	FIELD_LEVEL,
	FIELDS
};

struct mapping_list {
	const char **words;
	size_t count;
};

struct mapping_line {
	int number; /* in the text, from 1 */
	enum mapping_kind kind;
	const char *text;         /* the argument; a column's header; a word as people write it; a role to join as */
	const char *folded;       /* the argument, folded */
	const char *comment;      /* what follows '#', or NULL */
	enum mapping_field field; /* of a column or word */
	const char *to;           /* of a word: what it stands for; "" leaves the answer out */
	/* of a column, or of a word for a trait */
	const char *trait; /* kind of the trait */
	const char *side;  /* "offered" or "sought" */
	const char *split; /* characters that stand between answers, "\n" among them; NULL: one answer */
	const char *named; /* the trait's name, where the cell holds yes or a level only */
	int level;         /* -1: from the answer, or none */
	int rank;          /* of a wish; 0: by order in the cell */
	int weekday;       /* of a grid of times, 0 is Monday; -1: the cell names the days */
	int family_first;  /* of a full name */
	/* of a join: every list that is not empty must hold one that fits */
	struct mapping_list roles, grades, classes, orgs;
	const char *capacity; /* or NULL */
};

/* Lines of one file, from one `mapping` line to the next. */
struct mapping_section {
	const struct mapping_line *lines;
	size_t count;
	const char *format, *file, *role, *zone, *language, *capacity; /* NULL where not said */
	char separator;                                                /* 0: found by looking */
	int twice_last;                                                /* of two answers of one person the later one counts */
	int orphans_skip;
};

struct mapping {
	struct arena arena;
	struct mapping_line *lines;
	size_t count;
	struct mapping_section *sections;
	size_t section_count;
};

typedef void mapping_say(void *context, int line, const char *text);

/* Reads a text; every mistake is said with its line. 0, or E_INVALID if there was any (the mapping is then as empty as
 * mapping_free leaves it). At most 256 KiB and 4,000 lines. */
int mapping_read(struct mapping *, const char *text, mapping_say *, void *context);
/* Appends the mapping's text. */
void mapping_write(const struct mapping *, struct buffer *);
void mapping_free(struct mapping *);

/* The section for a file of that name: the one that names it, or the only one, or the only one without a name. */
const struct mapping_section *mapping_for(const struct mapping *, const char *file);
/* What an answer stands for by the section's `word` lines for a field (of traits: of that kind), or NULL. The answer is
 * compared folded. */
const char *mapping_word(const struct mapping_section *, enum mapping_field, const char *trait, const char *folded);
const char *mapping_field_name(enum mapping_field);
/* Appends text in quotes, as a mapping has it. */
void mapping_quote(struct buffer *, const char *text);

#endif
