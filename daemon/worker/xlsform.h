/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XLSForm: a questionnaire as a spreadsheet (sheets survey, choices, settings; scales is our own), read into rows of an instrument.
 *
 * What this engine has is taken; what it has not is left out and listed, with sheet, row, column and what becomes of it; what cannot be
 * true (a name twice, a list that is not there, a condition that asks for what comes later) is a problem, and then nothing is taken.
 * A condition that is not understood is a problem, too: without it the question would be asked of everybody. The option
 * leave_out leaves such questions out instead.
 *
 * xlsform_columns.c knows headers and languages, xlsform_types.c types and limits, xlsform.c goes through the sheets, xlsform_conditions.c
 * decides what may stay, xlsform_emit.c makes the rows.
 */
#ifndef MENTORSHIP_XLSFORM_H
#define MENTORSHIP_XLSFORM_H

#include "core/text.h"
#include "questionnaire/questionnaire.h"
#include "sheet.h"

enum {
	XF_LANGUAGES = 40,
	XF_LISTS = 1000,
	XF_LABEL = 2000,    /* characters of a text, as the record has it */
	XF_CHOICES = 20000, /* of all choices of an item */
	XF_DEPTH = 30       /* groups within groups */
};

enum xf_column {
	XF_UNKNOWN,
	XF_LEFT_OUT, /* known, and of no use here: `why` says it */
	XF_TYPE,
	XF_NAME,
	XF_TEXT,
	XF_REQUIRED,
	XF_RELEVANT,
	XF_CONSTRAINT,
	XF_APPEARANCE,
	XF_READ_ONLY,
	XF_CHOICE_FILTER,
	XF_DISABLED,
	XF_REVERSED,
	XF_LIST,
	XF_TITLE,
	XF_ID,
	XF_LANGUAGE,
	XF_LICENCE,
	XF_SOURCE,
	XF_SCORING,
	XF_ITEMS
};
struct xf_header {
	enum xf_column what;
	int language;     /* of XF_TEXT: an index, 0 where none is said */
	const char *text; /* as written */
	const char *why;
};
struct xf_headers {
	const struct sheet *sheet;
	int64_t row;
	struct xf_header columns[SHEET_COLUMNS + 1]; /* from 1 */
};

/* Texts of one thing, by language. */
struct xf_texts {
	const char *of[XF_LANGUAGES];
};
struct xf_choice {
	const char *value;
	struct xf_texts texts;
};
struct xf_list {
	const char *name;
	int64_t row;
	struct xf_choice *choices;
	size_t count, size;
	bool used;
};
struct xf_condition {
	const char *text;
	int64_t row;
	int column;
	bool told; /* once for all that stand below a group */
};
struct xf_group {
	struct xf_group *outer;
	struct xf_condition relevant;
	int64_t row;
	const char *name;
};
struct xf_item {
	int64_t row;
	int name_column, type_column, limits_column;
	struct xf_group *group;
	struct xf_condition relevant;
	struct xf_texts texts;
	struct xf_list *list;
	struct form_item form; /* relevant: with those of its groups */
	bool left_out;
};
struct xf_scale {
	int64_t row;
	const char *label;
	struct form_scale form;
};

struct xlsform {
	struct roster *roster;
	struct arena *arena;
	const struct import_request *request;
	struct book book;
	const struct sheet *survey;
	struct {
		const char *written, *code;
		bool used;
	} languages[XF_LANGUAGES]; /* the first: where none is said */
	int language_count, own;
	const char *default_language;
	struct xf_list *lists;
	size_t list_count;
	struct xf_item *items;
	size_t count, size;
	struct xf_scale *scales;
	size_t scale_count;
	struct textmap names, lost; /* name -> row: of what is taken, and of what is not */
	const char *key, *title, *code, *licence, *source;
	bool told_integer;
};

/* Reads the file; problems are in the roster. xlsform_emit hands the rows out: 0, or what a callback answered. */
void xlsform_read(struct xlsform *, struct roster *, const struct import_request *, const char *file, const char *data, size_t size);
int xlsform_emit(struct xlsform *, const struct import_sink *);
void xlsform_free(struct xlsform *);

/* ---- xlsform_columns.c ---- */
/* Reads the first row of a sheet. False: it has none. */
bool xf_headers(struct xlsform *, const struct sheet *, struct xf_headers *ret);
const char *xf_cell(const struct xf_headers *, const struct sheet_row *, enum xf_column, int *ret_column);
void xf_texts(const struct xf_headers *, const struct sheet_row *, struct xf_texts *ret);
/* Lists the columns that have values and are of no use, each once. */
void xf_unused(struct xlsform *, const struct xf_headers *);
/* "English (en)", "en", "english" -> "en"; NULL: nobody knows. */
const char *xf_language_code(struct arena *, const char *written);
/* Which of the languages is the form's own, and its code. */
void xf_choose_language(struct xlsform *);
/* In the own language, or in the first that has one; NULL: none. */
const char *xf_text(const struct xlsform *, const struct xf_texts *);

/* ---- xlsform_types.c ---- */
enum xf_type {
	XF_QUESTION,
	XF_INTEGER,
	XF_SELECT,
	XF_BEGIN_GROUP,
	XF_END_GROUP,
	XF_BEGIN_REPEAT,
	XF_END_REPEAT,
	XF_NOT_HERE, /* a type of XLSForm that this engine has not */
	XF_NONE
};
struct xf_what {
	enum xf_type type;
	int kind;         /* form_kind */
	const char *list; /* of a select */
	bool or_other;
};
struct xf_what xf_type_of(struct arena *, const char *text);
bool xf_yes(const char *text, bool *ret); /* false: neither yes nor no */
/* ". >= 1 and . <= 5" as limits; false: it says something else. */
bool xf_limits(const char *text, int kind, bool integer, double *min, double *max);
/* Quotes as word processors set them become straight ones. */
char *xf_expression(struct arena *, const char *text);

/* ---- xlsform_conditions.c ---- */
void xf_leave_out(struct xlsform *, struct xf_item *);
/* Looks at the form whole: conditions, then all that form_compile looks at. */
void xf_settle(struct xlsform *);

/* ---- xlsform_emit.c ---- */
/* Texts that are longer than a record takes. */
void xf_check_lengths(struct xlsform *);

#endif
