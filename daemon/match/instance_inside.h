/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that read an instance share. */
#ifndef MENTORSHIP_INSTANCE_INSIDE_H
#define MENTORSHIP_INSTANCE_INSIDE_H

#include "core/arena.h"
#include "match/instance.h"

struct word {
	const char *at;
	size_t length;
};

struct line {
	const char *at, *end; /* behind the first word */
	int32_t number;
};

struct name {
	const char *text;
	int32_t line;
	int32_t number, least; /* of a mentor: places */
	bool flag;             /* of a mentee: marked */
};

struct names {
	struct name *list;
	size_t count, room;
	int32_t *table; /* of places + 1 by hash of the name, 0 for none; its size is a power of two, at least twice the count */
	size_t mask;
};

struct match_pair_line {
	int32_t mentee, mentor, score, mentee_view, mentor_view, line;
};
struct match_entry_line { /* of a list; of either side */
	int32_t mentee, mentor, likes, line;
};
struct match_trait_line {
	int32_t person;
	const char *attribute, *value;
};
struct match_rule_line {
	const char *attribute, *value; /* value NULL: each */
	int32_t least, most, line;
};
struct match_slot_line {
	int32_t person, slot, score;
};

struct list { /* growing; items of one size */
	void *items;
	size_t count, room;
};

struct reader {
	struct arena *arena;
	struct problem *problem;
	struct names mentees, mentors, people, slots;
	struct list pairs, mentee_entries, mentor_entries, traits, rules, free, together;
	int32_t *list_line[2]; /* of each mentee, mentor: its line 'prefers', or 0 */
	int32_t *free_line;    /* of each person */
	int32_t *locked, *locked_line, *kept;
	int32_t size_line, groups_line, size_least, size_most, groups_most;
	unsigned has;
};

/* E_INVALID, with the line in front. */
int wrong_at(struct reader *, int32_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The next word of the line; false at its end. */
bool next_word(struct line *, struct word *ret);
/* A whole number within limits. */
int read_number(struct reader *, const struct line *, struct word, const char *what, int32_t least, int32_t most, int32_t *ret);
/* Place of a name, or -1. */
int32_t find_name(const struct names *, struct word);
void *add_item(struct list *, size_t size);

/* What the lines of circles say; see instance_circles.c. */
int read_person(struct reader *, struct line *);
int read_slot(struct reader *, struct line *);
int read_free(struct reader *, struct line *);
int read_together(struct reader *, struct line *);
int read_rule(struct reader *, struct line *);
int read_size(struct reader *, struct line *);
int read_groups(struct reader *, struct line *);
int people_known(struct reader *);
int add_name(struct reader *, struct line *, struct names *, struct name **ret);
int sort_names(struct reader *, struct names *, const char *what);
const char *const *texts_of(struct reader *, const struct names *);
int make_circles(struct reader *, struct match_instance *);
/* What the lines of two sides say; see instance_sides.c. */
int read_mentee(struct reader *, struct line *);
int read_mentor(struct reader *, struct line *);
int read_pair(struct reader *, struct line *);
int read_prefers(struct reader *, struct line *);
int read_lock(struct reader *, struct line *);
int read_kept(struct reader *, struct line *);
int sides_known(struct reader *);
int make_sides(struct reader *, struct match_instance *);
void instance_hash(struct match_instance *);

#endif
