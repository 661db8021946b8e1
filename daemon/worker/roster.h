/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The people of an import, gathered from all its files before the first row leaves.
 *
 * Every format fills one roster: people, who joins as what, and what belongs to them. A wish names somebody by mail, id
 * or name, and that one may stand in a file that is read later, so names are looked up at the end (roster_finish). The
 * roster also takes the problems found on the way, counts them and passes the first hundred on. All texts live in its
 * arena; what is passed in is copied.
 */
#ifndef MENTORSHIP_ROSTER_H
#define MENTORSHIP_ROSTER_H

#include <stdbool.h>

#include "core/arena.h"
#include "import.h"

/* Text -> number, for keys and names. { 0 } is an empty one. */
struct textmap {
	struct textmap_slot *slots;
	size_t size, used;
};

/* The number kept for the text, or -1. */
int64_t textmap_find(const struct textmap *, const char *text);
/* Keeps a number for a text that has none yet; the text is not copied. Returns the number kept before, or -1. */
int64_t textmap_add(struct textmap *, const char *text, int64_t number);
/* The place of the text's number, made with -1 if there is none; good until the next addition. */
int64_t *textmap_place(struct textmap *, const char *text);
void textmap_free(struct textmap *);

enum roster_kind {
	ROSTER_PERSON,
	ROSTER_PARTICIPANT,
	ROSTER_TRAIT,
	ROSTER_AVAILABILITY,
	ROSTER_WISH,
	ROSTER_OBJECTION,
	ROSTER_KINDS
};

/* Where something stands. */
struct place {
	const char *file;
	int64_t row;
	int column; /* from 1, 0: the row */
	const char *header;
};

struct roster_row {
	struct place place;
	struct import_cell *cells;
	size_t count;
	const char *other; /* of wishes and objections: whom they name, as written */
	const char *role;  /* of wishes: the role that the other must have */
};

struct roster_person {
	const char *external_id, *given_name, *family_name, *email, *language, *zone, *birth_date; /* NULL: not given */
};

struct roster {
	struct arena arena;
	const struct import_sink *sink;
	struct import_result *result;
	int failed; /* the first negative answer of a callback */
	struct {
		struct roster_row *rows;
		size_t count, size;
	} kinds[ROSTER_KINDS];
	struct textmap people, mails, names, participants, things;
};

void roster_init(struct roster *, const struct import_sink *, struct import_result *);
void roster_free(struct roster *);

void roster_say(struct roster *, int notice, const struct place *, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The person's key, or NULL after a problem was said (neither id nor address). The same key again is the same person;
 * then other details than before are a problem. */
const char *roster_add_person(struct roster *, const struct place *, const struct roster_person *);
/* The participant's key, or NULL after a problem was said (that person has this role already). */
const char *roster_add_participant(
	struct roster *, const struct place *, const char *person, const char *role, const char *capacity, const char *motivation);
/* The same trait, time, wish or objection of a participant a second time is left out. */
void roster_add_trait(
	struct roster *, const struct place *, const char *participant, const char *kind, const char *name, int level, const char *side);
void roster_add_availability(struct roster *, const struct place *, const char *participant, int weekday, int start, int end);
void roster_add_wish(struct roster *, const struct place *, const char *participant, const char *other, int rank);
void roster_add_objection(struct roster *, const struct place *, const char *participant, const char *other, const char *reason);

/* Looks up whom wishes and objections mean. Afterwards the problems are complete. */
void roster_finish(struct roster *);
/* Hands out all rows. 0 or what a callback answered. */
int roster_emit(struct roster *);

#endif
