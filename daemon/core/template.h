/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Templates: texts with places for values. No logic, no code, no text of others.
 *
 *   {{name}}                the value, escaped for where it stands
 *   {{#name}} ... {{/name}} only if there is a value that is not empty
 *   {{^name}} ... {{/name}} only if there is none
 *   {{!}}                   two opening braces
 *
 * There is no unescaped form, and a value is never looked at for further braces. A line that holds nothing but section tags vanishes.
 * A value of several lines keeps them where {{name}} has a line of its own; elsewhere, and in subjects, they become blanks.
 *
 * In HTML the parser knows where a value stands: in text, in an attribute, or in a link, and escapes it for that. Elements and attributes
 * are a list of what a mail needs (template_html.c): no scripts, styles, frames, forms, pictures or handlers. Attributes are written
 * name="value"; a link begins with https:, http: or mailto:, or is one value and nothing else; elements are closed where they were
 * opened. So the result holds the elements and attributes that its author wrote, whatever the values.
 */
#ifndef MENTORSHIP_TEMPLATE_H
#define MENTORSHIP_TEMPLATE_H

#include "arena.h"
#include "error.h"
#include "text.h"

enum {
	TEMPLATE_BYTES = 65536, /* of a template's text */
	TEMPLATE_DEPTH = 8,     /* sections within sections */
	TEMPLATE_TAGS = 1000,   /* in braces */
	TEMPLATE_NAME = 64
};

enum template_place {
	TEMPLATE_TEXT,
	TEMPLATE_SUBJECT, /* one line */
	TEMPLATE_HTML
};

enum {                         /* struct template_name.flags */
	TEMPLATE_OPTIONAL = 1, /* may be absent: is shown inside of its own section only */
	TEMPLATE_CLOSED = 2    /* there is such a value, but not for the reader of this text */
};
struct template_name {
	const char *name; /* "match.partner" */
	unsigned flags;
};

struct template;

/* Reads a template into the arena; E_INVALID or E_LIMIT says line, column and what to do. The text is copied. */
int template_parse(const char *text, enum template_place place, struct arena *arena, struct template **ret, struct problem *problem);

/* May it use the names that it uses? `names` is ended by a row without a name. E_INVALID says line, column and what to do. */
int template_check(const struct template *, const struct template_name *names, struct problem *);

/* The value of a name, or NULL; asked anew for each use. */
/* Does the value of this name stand anywhere in it? */
bool template_shows(const struct template *, const char *name);

typedef const char *template_lookup(void *data, const char *name);

/* Adds the rendered text. E_NOTFOUND if a {{name}} has no value, E_INVALID if a link's value is no https:, http: or mailto: link; the
 * problem's field is the name, and `out` is as it was. */
int template_render(const struct template *, template_lookup *lookup, void *data, struct buffer *out, struct problem *problem);

#endif
