/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the pages share: who reads, and how parts are added. Texts live in the call's arena.
 */
#ifndef MENTORSHIP_PAGE_INSIDE_H
#define MENTORSHIP_PAGE_INSIDE_H

#include "page.h"
#include "page_words.h"

struct reading {
	struct call *call;
	const struct invitation *invitation;
	struct person *person;
	struct program *program; /* NULL if the link is of none */
	int64_t subject;         /* number of what is looked at: the link's, or that of a part of the own page */
	const char *part;        /* "times:17": behind a button of the own page; NULL: the link's own page */
	bool fresh;              /* it came by a link that was asked for a moment ago */
	const char *zone;
	const char *language;
	const struct page_answer *answer;
};

const char *page_say(const struct reading *, enum page_word);
const char *page_moment(const struct reading *, int64_t instant); /* in the reader's zone and language */
const char *page_day(const struct reading *, int64_t day);        /* in the reader's language */
bool page_does(const struct page_answer *, const char *word);     /* that button was pressed */

void page_paragraph(struct page *, const char *text); /* nothing of NULL or "" */
void page_button(struct page *, const char *value, const char *text, unsigned flags);
struct page_part *page_field(struct page *, int kind, const char *name, const char *label, const struct page_answer *);

/* The two sides of a match as this person is one of them; E_NOTFOUND if they are none. */
struct two_sides {
	struct match_member *own, *other;
	const char *others; /* the names of all of the other side */
};
/* In the reader's language. */
int sides_of(struct call *, int64_t match, int64_t person, const char *language, struct two_sides *ret);

/* Which mail they get, and buttons for what else there is to choose. */
void mail_part(const struct reading *, struct page *, unsigned flags);
int mail_deed(struct reading *, struct deed *, int *count);
int mail_thanks(struct reading *, struct page *);

enum {              /* struct page_kind.flags */
	SILENT = 1, /* no way to somebody to talk to: it is that way itself, or nobody knows yet who reads */
	OWN_PAGE = 2,
	PART = 4, /* stands behind a button of the own page: "go:NAME:NUMBER" */
	DEEP = 8  /* and there only with a fresh link */
};
struct page_kind {
	const char *purpose;
	int (*page)(struct reading *, struct page *);
	int (*deed)(struct reading *, struct deed *, int *count);
	int (*thanks)(struct reading *, struct page *);
	unsigned flags;
};

/* The own page (page_own.c), and what is behind its buttons alone: work with others (page_parts.c), one's own affairs (page_affairs.c). */
int own_page(struct reading *, struct page *);
int own_deed(struct reading *, struct deed *, int *count);
int own_thanks(struct reading *, struct page *);
int part_thanks(struct reading *, struct page *); /* it is done, and why nothing more */
extern const struct page_kind page_parts[], page_affairs[];

/* A new address (page_address.c). */
int address_confirm_page(struct reading *, struct page *);
int address_objection_page(struct reading *, struct page *);
int address_deed(struct reading *, struct deed *, int *count);
int address_thanks(struct reading *, struct page *);

/* Objecting to whom a minor works with (page_objection.c). */
int pair_objection_page(struct reading *, struct page *);
int pair_objection_deed(struct reading *, struct deed *, int *count);
int pair_objection_thanks(struct reading *, struct page *);

/* A meeting, before it begins and after it (page_meeting.c). */
int meeting_page(struct reading *, struct page *);
int meeting_deed(struct reading *, struct deed *, int *count);
int meeting_thanks(struct reading *, struct page *);

/* A check-in (page_check_in.c). */
int check_in_page(struct reading *, struct page *);
int check_in_deed(struct reading *, struct deed *, int *count);
int check_in_thanks(struct reading *, struct page *);

/* A form (page_form.c): its questions with what was sent or kept, and the buttons; "keep" is not there on a page that forgets. */
void form_questions(struct reading *, struct page *, const struct form_page *);
/* What was sent as the verb Answer or Keep, and its argument, of the record that `deed` names; *count 0: neither button was pressed. E_INVALID
 * names the part. */
int form_answers(struct reading *, const struct form *, struct deed *, int *count);
/* A wave's form. */
int form_show(struct reading *, struct page *);
int form_deed(struct reading *, struct deed *, int *count);
int form_thanks(struct reading *, struct page *);
#endif
