/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What messages say. A kind of message is a row of one table (texts.c): its key, what it is about, whether it can wait and be left out,
 * who gets it and which names its text may use. Its shipped text is a row in each language (texts_en.c, texts_de.c). A program or
 * the institution may have a text of its own in its place (entity template).
 *
 * A text is a subject and a body; greeting and end are added by the layout, so that no text of a program can leave out the link
 * to somebody to talk to. A body without HTML of its own gets it from its text: paragraphs, lists ("- "), and {{link}} on a line of its own
 * becomes a link that is called by what it does.
 */
#ifndef MENTORSHIP_TEXTS_H
#define MENTORSHIP_TEXTS_H

#include "core/call.h"
#include "core/template.h"

struct zone;

enum {                        /* struct message_kind.flags */
	MESSAGE_WAITS = 1,    /* may wait for the mail of the day; the others go out at once */
	MESSAGE_OPTIONAL = 2, /* somebody who unsubscribed does not get it; all others are always sent */
	MESSAGE_STAFF = 4,    /* to those who run the program: no own page, no link to somebody to talk to is needed */
	MESSAGE_LINK = 8,     /* the reader is to do something by {{link}} */
	MESSAGE_TO_NEW = 32,  /* about a change of address, to the new one: nothing in it opens the person's own page */
	MESSAGE_TO_OLD = 64,  /* the same, to the old one */
	MESSAGE_ELSEWHERE = MESSAGE_TO_NEW | MESSAGE_TO_OLD,
	MESSAGE_DAILY =
		16, /* goes in the one mail of the day with others of its kind; what decides, has a deadline or a calendar does not */
	MESSAGE_SAFETY = 128, /* somebody's safety: nobody holds it back */
	MESSAGE_ALWAYS = 256  /* goes to who wants no mail, too: they asked for it a moment ago, or must know for a minor's sake */
};
struct message_kind {
	const char *key;   /* "match-offered": the name that notify() is called with */
	const char *about; /* entity of the record that it speaks of */
	unsigned flags;
	unsigned readers;  /* each recipient has one of these roles towards that record */
	const char *names; /* "match.partner match.shared?": what its text may use beside the common ones; '?': may be absent */
	const char *label; /* for lists of kinds: "A match is offered" */
};
extern const struct message_kind message_kinds[]; /* ended by a row without a key */
const struct message_kind *message_kind_named(const char *key);
/* Whoever wants no mail at all is spared it. */
bool message_stops(const struct message_kind *);
/* For `--print messages`: every kind, who reads it, and what a text of one's own may name. */
void messages_print(void *file);

enum {                    /* struct message_name.flags */
	NAME_COMMON = 1,  /* in every text */
	NAME_OPTIONAL = 2 /* may be absent from any */
};
/* A name that texts may use. `source` is the field whose privacy class decides who may read it; without one `readers` does. */
struct message_name {
	const char *name;   /* "match.partner" */
	const char *source; /* "match_member.name", or NULL */
	unsigned readers, flags;
	const char *help;
	const char *sample[2]; /* of an invented person, English and German */
};
extern const struct message_name message_names[]; /* ended by a row without a name */

/* What the kind's text may name, for template_check: names of others and fields of the tables are there too, as closed ones. Arena. */
const struct template_name *message_kind_names(const struct message_kind *, struct arena *);

/* ---- shipped texts ---- */

struct shipped_text {
	const char *key, *subject;
	const char *action;      /* what {{link}} is called; NULL where there is none */
	const char *text, *html; /* html NULL: made from the text */
};
/* What is said otherwise to a minor, who is called du; what is missing is said as to everybody. */
struct message_familiar {
	const struct shipped_text *texts;
	const char *greeting, *ending, *ending_html, *several;
};
struct message_language {
	const char *code;                            /* "en" */
	const struct message_familiar *familiar;     /* NULL: the language has but one form */
	const struct shipped_text *texts;            /* ended by a row without a key */
	const char *greeting, *ending, *ending_html; /* what stands before and behind every text */
	const char *several, *page;                  /* "messages for you"; what a link is called that has no name of its own */
	const char *const *months, *const *weekdays;
	const char *const (*words)[2]; /* words of the tables as they are said; ended by a row without a word */
	const char *day, *instant;     /* forms of dates: %1 weekday, %2 day, %3 month, %4 year, %5 hour, %6 minute, %7 zone */
};
extern const struct message_familiar message_familiar_de;
extern const struct message_language message_language_en, message_language_de;
extern const struct message_language *const message_languages[]; /* ended by NULL; the first is English */
/* The shipped language of a tag such as de-AT or de_AT, or NULL. */
const struct message_language *message_language_named(const char *tag);
/* How a word of the tables ("share contact") is said within a sentence; the word itself where no other is known. */
const char *message_word(const struct message_language *, const char *word);
/* In the table of a language, or of its familiar form; NULL if it is not there. */
const struct shipped_text *shipped_text_of(const struct shipped_text *texts, const char *key);

/* ---- rendering ---- */

/* Texts are in the call's arena; the plain one has lines of 72 columns at most (links stay whole), the HTML is a whole document. */
struct message_text {
	char *subject, *text, *html;
	const char *language; /* of what was chosen: "de" */
};

/* The text of one message as its recipient reads it. For each language in turn (the one asked for, without its region, the institution's,
 * English) the program's own text in use, the institution's, the shipped one. `program` and `language` may be NONE and NULL. `lookup` gives
 * values as texts in that recipient's language and zone, NULL for what is absent.
 * E_NOTFOUND: a key without text, or a value that is missing; the problem's field names it. */
int message_text(struct call *, const char *key, int64_t program, const char *language, template_lookup *lookup, void *data,
	struct message_text *ret);

/* Several messages to one person in one mail: each with its own subject as a heading. Common names are asked of the first part's lookup. */
struct message_part {
	const char *key;
	int64_t program;
	template_lookup *lookup;
	void *data;
};
int message_text_of_parts(struct call *, const struct message_part *parts, size_t count, const char *language, struct message_text *ret);

/* The language in which such a message would be, for the values: a shipped language is always found. */
const struct message_language *message_language_for(struct call *, const char *language);
/* "Tuesday, 24 November 2026" and "Tuesday, 24 November 2026, 18:00 (Europe/Berlin)". Arena. */
char *message_day(struct arena *, const struct message_language *, int64_t day);
char *message_instant(struct arena *, const struct message_language *, const struct zone *, int64_t instant);

#endif
