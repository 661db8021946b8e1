/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_html.h - what the files share that write a page: webforms_html.c the document and its order, webforms_field.c its fields.
 */
#ifndef WEBFORMS_HTML_H
#define WEBFORMS_HTML_H

#include "webforms.h"

enum {
	PAIRS_MOST = 16
};

enum run {
	NO_RUN,
	ITEMS,
	FACTS,
	LINKS,
	BUTTONS
};

struct writer {
	struct web_text *html;
	const struct mentorship_page *page;
	const char *prefix;
	const char *pairs[PAIRS_MOST];
	size_t pair_count;
	enum run run;
	bool in_group;
};

/* To be called first: which parts are asked under a condition, and which choices that are. */
void web_number_pairs(struct writer *);
/* class="NAME sN" of the element around a part. */
void web_put_class(struct writer *, const char *name, const struct mentorship_part *);
/* The sentence that says when the part is meant, or nothing. */
void web_put_condition(struct writer *, const struct mentorship_part *);
/* "f3", "f3-error", "f3-2" of part number 2: stable within a page. */
void web_put_id(struct writer *, size_t number, const char *suffix);
void web_put_field(struct writer *, const struct mentorship_part *, size_t number);

#endif
