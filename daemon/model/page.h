/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages: what somebody who presents a link is shown and may answer.
 *
 * A page is a list of parts in the words of its reader: headings, sentences, fields, buttons. Which parts, and what an answer does, is
 * decided here; the plugin that serves it decides only how it looks. Kinds and flags are those of mentorship-plugin.h.
 *
 * page_make says what is there now; its hash is over all that is shown. page_deed turns an answer into verbs: these are then called as the
 * person whom the link names, on the one way that all calls go, so that roles and states are asked as ever.
 */
#ifndef MENTORSHIP_PAGE_H
#define MENTORSHIP_PAGE_H

#include "model.h"

struct page_choice {
	const char *value, *text;
};
struct page_part {
	int kind;
	unsigned flags;
	const char *name, *text, *value, *error, *hint, *shown_if; /* NULL: "" */
	int64_t min, max;
	const struct page_choice *choices;
	int choice_count;
};
enum {
	DEEDS_MOST = 8
};
struct page {
	int status;
	const char *language, *title, *institution, *program;
	char hash[65];
	bool over;    /* what the answer is about is over; another page stands in its place */
	bool forgets; /* nothing about an answer may be kept, not even its hash */
	/* Of whoever wants the page: parts grow in the arena, and their room may be used for the next page. */
	struct arena *arena;
	struct page_part *parts;
	size_t room;
	int count;
};
/* What was sent back: names and values as they came, checked to be UTF-8. */
struct page_field {
	const char *name, *value;
};
struct page_answer {
	const struct page_field *fields;
	int count;
};
const char *answered(const struct page_answer *, const char *name); /* the first value; NULL if there is none */

/* A verb to be called. */
struct deed {
	const struct entity *entity;
	int64_t id; /* 0: Create */
	const char *verb;
	struct arg args[8];
	int arg_count;
	const char *reason;
	const char *error_at; /* the field beside which a refusal is shown; NULL: above the page */
};

/* The page of an invitation as it is now; answers that were refused are kept as values. E_NOTFOUND: what it asks is over. Of *ret the room for
 * parts must be there, here and below. */
int page_make(struct call *, const struct invitation *, const struct page_answer *, struct page *ret);
/* What an answer asks for; *ret_count 0: nothing to be done but to show. E_INVALID: problem.field names the part. */
int page_deed(struct call *, const struct invitation *, const struct page_answer *, struct deed ret[DEEDS_MOST], int *ret_count);
/* After the deeds: what the reader is told. */
int page_thanks(struct call *, const struct invitation *, const struct page_answer *, struct page *ret);
/* The answer is about somebody to talk to, whatever the link is for: "talk" asks for that page, "talk-send" sends it. */
bool page_talks(const struct page_answer *);
/* The link goes on after this answer: it was about a talk, or kept a draft. */
bool page_goes_on(const struct page_answer *);
/* It only leads to another part of the own page: nothing is done, whatever page it was pressed on. */
bool page_goes(const struct page_answer *);
/* One more part, the last; it moves when another is added. In the page's arena; name and text as long as the page. */
struct page_part *page_part(struct page *, int kind, const char *name, const char *text);
/* Fills the hash. */
void page_seal(struct page *);

#endif
