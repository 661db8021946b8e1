/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What criteria read of a mentee, and what they see of a mentor, for the rows that are kept (rows.h).
 *
 * A key says: mentees with the same bytes have the same cells with every mentor. A code says: with this mentee (or with all for whom
 * the same table is named) mentors of the same code have the same cell. Neither says what the cell is.
 */
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "match/rows.h"

/* The terms of these kinds; who has the same ones both offered and sought has another key, and the same cells. */
void match_key_shared(const struct match_block *b, unsigned kinds, struct buffer *out)
{
	const struct someone *mentee = &b->in->mentees[b->mentee];

	for (int32_t i = 0; i < mentee->trait_count; i++)
		if (kinds >> b->in->terms[mentee->traits[i].term].kind & 1)
			buffer_add(out, &mentee->traits[i].term, sizeof mentee->traits[i].term);
}

void match_key_same(const struct match_block *b, struct buffer *out)
{
	match_key_shared(b, b->line->subject->kinds, out);
}

void match_key_number(const struct match_block *b, struct buffer *out)
{
	double number = match_number_of(&b->in->mentees[b->mentee], b->line);

	if (!isnan(number))
		buffer_add(out, &number, sizeof number);
}

/* --- codes ----------------------------------------------------------------------------------------------- */

static void add_row(uint16_t *restrict codes, const uint8_t *restrict row, uint16_t times)
{
	for (int32_t j = 0; j < TILE; j++)
		codes[j] = (uint16_t)(codes[j] + row[j] * times);
}

/* The level that the mentee seeks is as good as any higher one. */
static void add_levels(uint16_t *restrict codes, const uint8_t *restrict row, uint8_t enough, uint16_t times)
{
	for (int32_t j = 0; j < TILE; j++)
		codes[j] = (uint16_t)(codes[j] + (row[j] < enough ? row[j] : enough) * times);
}

/* Whether the mentor is known to have any of these kinds is the lowest bit. */
static void begin_codes(uint16_t *restrict codes, const unsigned *restrict kinds_of, unsigned kinds)
{
	for (int32_t j = 0; j < TILE; j++)
		codes[j] = (kinds_of[j] & kinds) != 0;
}

static bool stood_before(const struct someone *who, int32_t at)
{
	for (int32_t i = 0; i < at && who->traits[i].sought < who->traits[at].sought; i++)
		if (who->traits[i].term == who->traits[at].term)
			return true;
	return false;
}

/* How many they have in common. */
int32_t match_code_shared(struct match_facts *f, int32_t mentee, unsigned kinds, uint16_t *codes, int32_t *ret_table)
{
	const struct someone *who = &f->in->mentees[mentee];
	int32_t count = 0;

	begin_codes(codes, f->kinds, kinds);
	for (int32_t i = 0; i < who->trait_count; i++)
		if ((kinds >> f->in->terms[who->traits[i].term].kind & 1) && !stood_before(who, i)) {
			add_row(codes, match_facts_having(f, who->traits[i].term), 2);
			count++;
		}
	*ret_table = count > 0;
	return 2 * (count + 1);
}

/* At which level each of the sought is offered: as many digits as the mentee seeks. */
int32_t match_code_offered(struct match_facts *f, int32_t mentee, unsigned kinds, uint16_t *codes, int32_t *ret_table)
{
	const struct someone *who = &f->in->mentees[mentee];
	int32_t count = 2;

	begin_codes(codes, f->offers, kinds);
	for (int32_t i = 0; i < who->trait_count; i++) {
		const struct owned *trait = &who->traits[i];
		int32_t enough = trait->level > 1 ? trait->level : 1;

		if (!trait->sought || !(kinds >> f->in->terms[trait->term].kind & 1))
			continue;
		if (count * (enough + 1) > TILE * 4)
			return 0;
		add_levels(codes, match_facts_offered(f, trait->term), (uint8_t)enough, (uint16_t)count);
		count *= enough + 1;
	}
	*ret_table = TABLE_OWN;
	return count;
}

static void code_minutes(
	uint16_t *restrict codes, const int16_t *restrict minutes, const int16_t *restrict stated, int16_t most, int16_t little)
{
	for (int32_t j = 0; j < TILE; j++) {
		int16_t own = minutes[j] < most ? minutes[j] : most,
			base = stated[j] < little ? (int16_t)(most + 1) : (int16_t)(2 * most + 2);

		codes[j] = (uint16_t)(stated[j] < 0 ? 0 : own + base);
	}
}

/* So many minutes (more than `most` are as good), of a mentor who states none, fewer than `stated`, or more. */
int32_t match_code_minutes(struct match_facts *f, int32_t mentee, double most, double stated, uint16_t *codes, int32_t *ret_table)
{
	int32_t own = f->in->mentees[mentee].stated;

	code_minutes(codes, match_facts_minutes(f, mentee), f->stated, (int16_t)ceil(most), (int16_t)ceil(stated));
	*ret_table = own < 0 ? 0 : own < stated ? 1 : 2;
	return 3 * ((int32_t)ceil(most) + 1);
}
