/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scores of very many pairs: rows that are kept by what they depend on.
 *
 * Most criteria look at little of a mentee, its site, its year, so that a few rows of points over the mentors serve all mentees, and
 * a mentee's row of scores is a sum of kept ones. Where a criterion looks at more of a mentee, what it sees of a mentor is a small
 * number all the same (so many minutes, so many interests in common): a code, and points are looked up by it. The points
 * themselves come from the criterion's own function in either case, so there is one definition of what a pair is worth.
 *
 * Mentors are looked at in tiles, so that rows stay in the processor's cache; all is kept for one tile only.
 */
#ifndef MENTORSHIP_MATCH_ROWS_H
#define MENTORSHIP_MATCH_ROWS_H

#include "match/internal.h"

enum {
	TILE = 1024,           /* mentors */
	CODES = 32768,         /* of one line */
	TABLES = 4,            /* points by code that serve many mentees, */
	TABLE_OWN = TABLES - 1 /* and the one that serves a single one */
};
_Static_assert(MATCH_WEEK < CODES / 3, "minutes of a week must be codes");

/* facts.c: what the mentors of a tile have, a row for each word or minute, made when it is first asked for. Behind the last mentor are zeros. */
struct match_facts {
	const struct prepared *in;
	int32_t from, count;             /* mentors of the tile */
	uint8_t **having, **offered;     /* by term */
	int16_t **before;                /* by week and minute */
	int16_t *stated;                 /* minutes a week; -1: not known */
	unsigned *kinds, *offers;        /* as of someone */
	int16_t *minutes, *week_minutes; /* in common with: */
	int32_t minutes_of;              /* this mentee, or -1 */
	struct arena rows;
};

void match_facts_make(struct match_facts *, const struct prepared *, struct arena *);
void match_facts_begin(struct match_facts *, int32_t from);
void match_facts_free(struct match_facts *);
const uint8_t *match_facts_having(struct match_facts *, int32_t term);  /* 1: offers or seeks it */
const uint8_t *match_facts_offered(struct match_facts *, int32_t term); /* the level that counts, 1..4; 0: does not offer it */
const int16_t *match_facts_minutes(struct match_facts *, int32_t mentee);

/* rows.c: what is the same for all tiles and threads. */
enum way {
	BY_KEY,
	BY_CODE,
	BY_BLOCK
};

struct row_line {
	int32_t at; /* in the plan */
	enum way way;
	int32_t *key_of;               /* of each mentee */
	int32_t *sample, key_count;    /* of each key a mentee that has it */
	const struct relations *apart; /* mentors of whom the key does not speak, of each mentee; NULL: none */
};

struct rows {
	const struct prepared *in;
	const struct plan *plan;
	struct row_line lines[MATCH_LINES_MAX + 4];
	int32_t count, keyed; /* those by key stand first, the fewest keys before */
	int32_t *order;       /* mentees that take part, those of the same keys beside one another */
	int32_t order_count;
};

void match_rows_make(struct rows *, const struct prepared *, const struct plan *, struct arena *);

/* One thread's: sums up the rows of a tile for one mentee after the other, in the order of `order`. */
struct summing {
	const struct rows *rows;
	struct prepared in; /* with its own scratch */
	struct match_facts facts;
	int32_t **kept[MATCH_LINES_MAX + 4];          /* of each line by key: points of the tile */
	int32_t *sums[MATCH_LINES_MAX + 5];           /* after each keyed line; before the first */
	int32_t summed[MATCH_LINES_MAX + 4];          /* the key that is in the sum */
	int32_t *tables[MATCH_LINES_MAX + 4][TABLES]; /* points by code */
	int32_t *scores, *mentors;
	uint16_t *codes;
	struct match_cell *cells;
	/* Of each line of the plan: it gives points to some pair, whatever the rules say; as in the scorer. */
	bool gives[MATCH_LINES_MAX + 4], known[MATCH_LINES_MAX + 4];
	int32_t unsure; /* so many weights give points but are not known to have earned any */
	struct arena arena;
};

void match_summing_make(struct summing *, const struct rows *);
void match_summing_free(struct summing *);
void match_summing_begin(struct summing *, int32_t from);
/* TILE scores, -1 where a rule forbids the pair and behind the last mentor; valid until the next call. Returns how many are eligible. */
int32_t match_summing_scores(struct summing *, int32_t mentee, const int32_t **ret_scores);

/* reads.c: what criteria read of a mentee; for rows of their table. */
void match_key_shared(const struct match_block *, unsigned kinds, struct buffer *);
void match_key_same(const struct match_block *, struct buffer *);
void match_key_number(const struct match_block *, struct buffer *);
int32_t match_code_shared(struct match_facts *, int32_t mentee, unsigned kinds, uint16_t *ret_codes, int32_t *ret_table);
int32_t match_code_offered(struct match_facts *, int32_t mentee, unsigned kinds, uint16_t *ret_codes, int32_t *ret_table);
int32_t match_code_minutes(struct match_facts *, int32_t mentee, double most, double stated, uint16_t *ret_codes, int32_t *ret_table);

/* look.c: all pairs, with as many threads as the input says. Each looks at a share of the mentees, at one tile after the other. */
struct look_share {
	struct summing summing;
	int32_t first, end; /* in the order of the rows */
	int64_t eligible;
	void *own; /* of whoever looks */
};
typedef void match_look_at(void *context, struct look_share *, int32_t mentee, const int32_t *scores);
struct looking {
	const struct rows *rows;
	const struct match_watch *watch;
	const char *phase;
	match_look_at *at;
	void (*tile)(void *context, struct look_share *); /* before each tile; or NULL */
	void *context;
	struct look_share *shares;
	int32_t count; /* of shares, threads */
	int stop;      /* set once, atomically */
};
/* How many shares there will be. */
int32_t match_look_shares(const struct prepared *);
/* 0 or E_CANCELLED. `known` of the scorer's lines is kept. */
int match_look(struct looking *, struct scorer *, int64_t *ret_cells, int64_t *ret_eligible);

#endif
