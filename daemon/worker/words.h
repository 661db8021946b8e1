/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words that people write in forms, in the languages they are likely to be asked in: names of languages, levels, days.
 * Tables and plain look-ups; a word that stands in no table is no error here, only unknown.
 */
#ifndef MENTORSHIP_WORDS_H
#define MENTORSHIP_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

/* Lower case, outer spaces gone, inner ones (no-break spaces and line feeds too) made one. */
char *words_fold(struct arena *, const char *text, size_t length);
/* The same without changing case. */
char *words_tidy(struct arena *, const char *text, size_t length);
/* Both take folded text, or NULL for no answer. */
const char *words_language_code(const char *folded); /* "de" for "german", "deutsch", "de", "de-at" */
const char *words_language_name(const char *code);   /* "German" for "de" */
int words_level(const char *folded);                 /* 0-4 for "2", "advanced", "b2", "fluent"; -1 */
int words_yes(const char *folded);                   /* 1 for "yes", "x", "oui"; 0 for "", "no"; -1 */
bool words_nobody(const char *folded);               /* "none", "no", "-", "niemand" */
/* Bits of the days meant, Monday being 1: "mon", "mittwochs", "weekdays"; 0 if it is no day. */
unsigned words_days(const char *folded, size_t length);
const char *words_weekday(int day); /* "monday" for 0 */
/* Does the name of a column speak of a password? */
bool words_secret(const char *folded);
/* A plausible mail address: one @, something on both sides, no spaces. */
bool words_mail(const char *text);
/* A date of ISO 8601, such as 2008-02-29, that exists. */
bool words_date(const char *text);

#endif
