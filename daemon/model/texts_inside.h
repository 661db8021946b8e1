/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the files that make a message's text, and the entity that checks and previews one.
 */
#ifndef MENTORSHIP_TEXTS_INSIDE_H
#define MENTORSHIP_TEXTS_INSIDE_H

#include "texts.h"

enum {
	TEXT_COLUMNS = 72
};

/* The HTML of a body that has none of its own. `text` is a template and so is what comes back, in the arena. */
char *html_of_text(struct arena *, const char *text, const char *action);
/* A whole document around rendered bodies. */
void html_begin(struct buffer *, const char *language, const char *title);
void html_end(struct buffer *);

/* The texts of one kind, own or shipped. */
struct message_source {
	const char *language, *subject, *action, *text, *html;
};
/* Parses and checks all three; E_INVALID with `subject`, `text` or `html` as the field. */
int message_source_check(struct call *, const struct message_kind *, const struct message_source *);
/* As message_text does, of this source alone. */
int message_source_render(struct call *, const struct message_source *, template_lookup *, void *data, struct message_text *ret);

#endif
