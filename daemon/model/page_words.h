/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sentences of pages, in each language that ships. A %1, %2, ... in one is filled by page_fill.
 */
#ifndef MENTORSHIP_PAGE_WORDS_H
#define MENTORSHIP_PAGE_WORDS_H

#include "core/arena.h"

enum page_word {
	OFFER_TITLE,
	OFFER_TO_MENTEE,
	OFFER_TO_MENTOR,
	OFFER_UNTIL,
	OFFER_PRIVATE,
	OFFER_REASON,
	OFFER_ACCEPT,
	OFFER_DECLINE,
	OFFER_ACCEPTED,
	OFFER_ACCEPTED_NEXT,
	OFFER_DECLINED,
	OFFER_DECLINED_NEXT,
	CHECK_IN_TITLE,
	CHECK_IN_INTRO,
	CHECK_IN_RATING,
	RATING_1,
	RATING_2,
	RATING_3,
	RATING_4,
	RATING_5,
	CHECK_IN_FLAGS,
	FLAG_MET,
	FLAG_NOT_CONTACTED,
	FLAG_NEED_HELP,
	CHECK_IN_PRIVATE,
	CHECK_IN_NEXT,
	OWN_TITLE,
	OWN_MATCHES,
	OWN_NONE,
	OWN_OFFER,
	OWN_OFFER_ANSWERED,
	OWN_ACCEPTED,
	OWN_ACTIVE,
	OWN_PAUSED,
	OWN_WAITING,
	OWN_NOTHING,
	OWN_CHECK_IN,
	OWN_MAIL,
	MAIL_TITLE,
	MAIL_ON,
	MAIL_OFF,
	MAIL_STOP,
	MAIL_RESUME,
	TALK_TITLE,
	TALK_INTRO,
	TALK_TEXT,
	TALK_PRIVATE,
	TALK_SEND,
	TALK_DONE,
	TALK_NEXT,
	MEETING_TITLE,
	MEETING_WHEN,
	MEETING_WHERE,
	MEETING_ACCEPT,
	MEETING_DECLINE,
	MEETING_SAID_YES,
	MEETING_SAID_NO,
	FORM_CLOSES,
	FORM_NAMED,
	FORM_PSEUDONYMOUS,
	FORM_ANONYMOUS,
	FORM_ONLY_IF,
	FORM_KEEP,
	FORM_KEPT,
	FORM_KEPT_NEXT,
	FORM_DONE_NEXT,
	OWN_FORM,
	SEND,
	THANKS,
	MUST_CHOOSE,
	REFUSED,
	PAGE_WORDS
};

/* In the language, or its parent ("de" for "de_AT"), or English. */
const char *page_word(const char *language, enum page_word);
/* The languages that have all of them, ended by NULL. */
extern const char *const page_languages[];
/* Fills %1 to %9. */
char *page_fill(struct arena *, const char *sentence, const char *const *values);
#endif
