/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the two files of the template parser: a cursor over the text, the pieces that it became, and who reads what. template.c knows
 * braces, template_html.c knows tags; each calls the other where one stands in the other.
 */
#ifndef MENTORSHIP_TEMPLATE_INSIDE_H
#define MENTORSHIP_TEMPLATE_INSIDE_H

#include "template.h"

enum piece_kind {
	PIECE_LITERAL,
	PIECE_VALUE,
	PIECE_SECTION,
	PIECE_INVERTED
};
enum escape { /* of a value */
	AS_PLAIN,
	AS_LINES, /* alone on its line: keeps its own lines */
	AS_ONE_LINE,
	AS_HTML_TEXT,
	AS_HTML_ATTRIBUTE,
	AS_URL,     /* the whole link */
	AS_URL_PART /* behind the path's first sign */
};
struct piece {
	enum piece_kind kind;
	enum escape escape;
	const char *text; /* literal: a slice; else the name, ended by NUL */
	size_t length;    /* literal: bytes; section: pieces in it */
	int line, column;
};
struct template
{
	struct piece *pieces;
	size_t count;
};

enum {
	ELEMENT_DEPTH = 32
};
struct open_section {
	size_t piece;
	int elements; /* open when it began */
};
struct element;
struct open_element {
	const struct element *element;
	const char *at;
};
struct parser {
	struct arena *arena;
	struct problem *problem;
	const char *start, *at;
	const char *literal; /* where the literal that is being gathered began; NULL: none */
	enum template_place place;
	struct piece *pieces;
	size_t count, size;
	int tags;
	const char *counted, *line; /* lines are counted up to here, and the last one begins there */
	int lines;
	struct open_section sections[TEMPLATE_DEPTH];
	int section_count;
	struct open_element elements[ELEMENT_DEPTH];
	int element_count;
};

/* E_INVALID with line and column of `at` in front of the sentence. */
int template_refuse(struct parser *, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What was gathered becomes a piece. */
void template_literal_end(struct parser *);
/* At {{ where only a value may stand: reads it. */
int template_value(struct parser *, enum escape);

/* At < in HTML: reads a whole tag or comment. */
int template_tag(struct parser *);
/* May a section begin or end here, or the text? (Elements that it opened are closed.) */
int template_elements_closed(struct parser *, int base);
/* 0, or E_INVALID: the value is no link that a mail may hold. */
int template_link(struct buffer *, const char *value);
void template_link_part(struct buffer *, const char *value);

#endif
