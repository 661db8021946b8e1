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
	const char *zone;
	const char *language;
	const struct page_answer *answer;
};

const char *page_say(const struct reading *, enum page_word);
const char *page_moment(const struct reading *, int64_t instant); /* in the reader's zone and language */
bool page_does(const struct page_answer *, const char *word);     /* that button was pressed */

struct page_part *page_part(struct page *, int kind, const char *name, const char *text);
void page_paragraph(struct page *, const char *text); /* nothing of NULL or "" */
void page_button(struct page *, const char *value, const char *text, unsigned flags);
struct page_part *page_field(struct page *, int kind, const char *name, const char *label, const struct page_answer *);

/* A new address (page_address.c). */
int address_confirm_page(struct reading *, struct page *);
int address_objection_page(struct reading *, struct page *);
int address_deed(struct reading *, struct deed *, int *count);
int address_thanks(struct reading *, struct page *);

/* A wave's form (page_form.c). */
int form_show(struct reading *, struct page *);
int form_deed(struct reading *, struct deed *, int *count);
int form_thanks(struct reading *, struct page *);
#endif
