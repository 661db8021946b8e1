/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * May a minor take part, and has anybody taken back that they do? Asked by the model where matches are made by hand, and by the worker that computes matchings.
 */
#ifndef MENTORSHIP_MINOR_MAY_H
#define MENTORSHIP_MINOR_MAY_H

/* SQL: may this minor take part in the program? Their own consent, and that of a guardian who was verified. */
#define MINOR_MAY(program, person) \
	"(EXISTS (SELECT 1 FROM \"consent\" co WHERE co.\"program\" = " program " AND co.\"person\" = " person \
	" AND co.\"giver\" = " person \
	" AND co.\"purpose\" = 'take part' AND co.\"state\" = 'given') AND EXISTS (SELECT 1 FROM \"consent\" co JOIN \"guardianship\" gu ON " \
	"gu.\"guardian\" = co.\"giver\" AND gu.\"minor\" = co.\"person\" AND gu.\"state\" = 'verified' WHERE co.\"program\" = " program \
	" AND co.\"person\" = " person " AND co.\"purpose\" = 'take part' AND co.\"state\" = 'given'))"

/* 1: this person is a minor, and those are not all there. */
#define MINOR_LACKS(program, person) \
	"(EXISTS (SELECT 1 FROM \"person\" mi WHERE mi.\"id\" = " person " AND mi.\"minor\") AND NOT " MINOR_MAY(program, person) ")"

/* 1: the person agreed to take part, took that back or let it end, and has not agreed anew. */
#define TOOK_BACK(program, person) \
	"(EXISTS (SELECT 1 FROM \"consent\" tb WHERE tb.\"program\" = " program " AND tb.\"person\" = " person \
	" AND tb.\"giver\" = " person \
	" AND tb.\"purpose\" = 'take part' AND tb.\"state\" IN ('withdrawn', 'expired')) AND NOT EXISTS (SELECT 1 FROM \"consent\" tb " \
	"WHERE tb.\"program\" = " program " AND tb.\"person\" = " person " AND tb.\"giver\" = " person \
	" AND tb.\"purpose\" = 'take part' AND tb.\"state\" = 'given'))"

/* 1: no pair with this person begins or goes on now. */
#define PART_LACKS(program, person) "(" MINOR_LACKS(program, person) " OR " TOOK_BACK(program, person) ")"

#endif
