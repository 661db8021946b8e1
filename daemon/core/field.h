/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fields at work: what a kind means. Every switch over kinds stands here, in the bus's values.c, and in the
 * store's record.c (columns); nowhere else.
 */
#ifndef MENTORSHIP_FIELD_H
#define MENTORSHIP_FIELD_H

#include "call.h"
#include "text.h"

#define PATH_ROOT "/org/mentorship1"

static inline char **field_text(const void *record, const struct field *f)
{
	return (char **)((char *)(uintptr_t)record + f->offset);
}
static inline int64_t *field_number(const void *record, const struct field *f)
{
	return (int64_t *)((char *)(uintptr_t)record + f->offset);
}
static inline double *field_real(const void *record, const struct field *f)
{
	return (double *)((char *)(uintptr_t)record + f->offset);
}
/* Is the member a char *? */
static inline bool field_is_text(const struct field *f)
{
	return f->privacy == SEALED || f->kind == TEXT || f->kind == WORDS;
}
static inline bool field_is_stored(const struct field *f)
{
	return !f->computed;
}

/* Sealed members are NULL after a load, so NULL means unchanged; this one means: no value any more. */
extern char SEALED_CLEARED[1];

void field_clear(const struct field *, void *record); /* no value (YESNO: 0) */
void field_start(const struct field *, void *record); /* the initial value, or none */
bool field_is_none(const struct field *, const void *record);
bool field_same(const struct field *, const void *a, const void *b);
void field_copy(const struct field *, const void *from, void *to); /* texts are shared */

/* Puts a value from outside into the member, if its type and form are right; texts go into the arena. V_NONE clears. `to` is
 * the entity that a link points to. E_INVALID with the field's name in the problem. Limits are field_check's. */
int field_decode(const struct field *, const struct entity *to, const struct value *, void *record, struct arena *, struct problem *);
/* The same from a cell of text, as files have it: numbers, yes and no, dates, words separated by line feeds or semicolons; "" is none. */
int field_read(const struct field *, const struct entity *to, const char *text, void *record, struct arena *, struct problem *);
/* Required, limits, form of text, zone and mail. */
int field_check(const struct field *, const void *record, struct problem *);
/* As text: dates ISO, instants ISO in UTC, choices by word, links by number. Nothing for none. */
void field_print(const struct field *, const void *record, struct buffer *);

int choice_index(const char *const *choices, const char *word); /* -1 if it is none of them */
/* The id in an object path of the entity's collection; 0 if it is none. */
int64_t path_id(const struct entity *, const char *path);
/* "/org/mentorship1/people/12" in the arena. */
char *path_of(struct arena *, const struct entity *, int64_t id);

/* One mail address: a mailbox and a domain with a dot, no blanks, no display name, at most 254 octets. */
bool mail_is_valid(const char *text);

#endif
