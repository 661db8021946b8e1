/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two of a match share, said to them: one friendly sentence in the reader's language, made when it is read from what both have stated
 * by then. So it holds for pairs made by hand, too, and what somebody took back is not told. No score, no wish, no name.
 */
#include "shared.h"

#include <math.h>
#include <string.h>

#include "core/date.h"
#include "core/settings.h"
#include "core/text.h"
#include "core/zone.h"
#include "page_words.h"

enum {
	WORDS_MOST = 5
};
#define KIND(kind) (1u << TRAIT_##kind)

/* A row a clause: of which kinds, and whether one must look for it and the other offer it; else both have it, looked for or offered. */
static const struct clause {
	enum page_word word;
	unsigned kinds;
	bool helps;
} clauses[] = {
	{ SHARED_HELP, KIND(SKILL) | KIND(INTEREST) | KIND(VALUE) | KIND(FREE), true },
	{ SHARED_CARE, KIND(INTEREST) | KIND(VALUE), false },
	{ SHARED_SPEAK, KIND(LANGUAGE), false },
	{ SHARED_SITE, KIND(SITE), false },
	{ SHARED_FIELD, KIND(FIELD), false },
};

struct stated {
	const struct trait *trait;
	const char *folded;
	struct stated *next;
};
struct pair {
	int64_t mentor, mentee; /* participants */
	struct stated *of_mentor, *of_mentee, **mentor_end, **mentee_end;
};

static void see_side(struct pair *pair, const struct match_member *member)
{
	if (member)
		*(member->side == SIDE_MENTOR ? &pair->mentor : &pair->mentee) = member->participant;
}

static int see_trait(struct call *call, void *record, void *data)
{
	const struct trait *trait = record;
	struct pair *pair = data;
	struct stated ***end = trait->participant == pair->mentor ? &pair->mentor_end : &pair->mentee_end;
	struct stated *stated = arena_new(call->arena, sizeof *stated);
	struct buffer folded = { 0 };

	if (!trait->name || !isnan(trait->number)) /* its time was over; hours a month are nothing to have in common */
		return 0;
	text_fold(&folded, trait->name, strlen(trait->name));
	*stated = (struct stated){ trait, arena_copy(call->arena, buffer_string(&folded)), NULL };
	buffer_free(&folded);
	**end = stated;
	*end = &stated->next;
	return 0;
}

static bool in_common(const struct clause *clause, const struct stated *mentee, const struct stated *mentor)
{
	if (mentee->trait->kind != mentor->trait->kind || !(clause->kinds & (1u << mentee->trait->kind)) ||
		strcmp(mentee->folded, mentor->folded) != 0)
		return false;
	return !clause->helps || (mentee->trait->side == TRAIT_SOUGHT && mentor->trait->side == TRAIT_OFFERED);
}

static const char *joined(struct arena *arena, const char *const *list, int count, const char *last)
{
	const char *text = count ? list[0] : "";

	for (int i = 1; i < count; i++)
		text = arena_print(arena, "%s%s%s", text, i == count - 1 ? last : ", ", list[i]);
	return text;
}

static bool is_among(const char *const *list, int count, const char *text)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

/* NULL if this says nothing of the two. */
static const char *clause_said(struct arena *arena, const struct clause *clause, const struct pair *pair, const char *language)
{
	const char *names[WORDS_MOST], *folded[WORDS_MOST];
	int count = 0;

	for (const struct stated *mentee = pair->of_mentee; mentee; mentee = mentee->next)
		for (const struct stated *mentor = pair->of_mentor; mentor && count < WORDS_MOST; mentor = mentor->next)
			if (in_common(clause, mentee, mentor) && !is_among(folded, count, mentee->folded)) {
				folded[count] = mentee->folded;
				names[count++] = mentor->trait->name;
			}
	if (!count)
		return NULL;
	return page_fill(arena, page_word(language, clause->word),
		(const char *const[]){ joined(arena, names, count, page_word(language, SHARED_AND)), NULL });
}

/* ---- groups ---- */

void others_see(struct others *others, const struct match_member *member, int64_t person)
{
	int *count = &others->count[member->side];

	others->mentor = others->mentor || (member->person == person && member->side == SIDE_MENTOR);
	if (*count < GROUP_MOST)
		others->names[member->side][(*count)++] = member->name ? member->name : "";
}

const char *others_named(struct arena *arena, const struct others *others, const char *language)
{
	int side = others->mentor ? SIDE_MENTEE : SIDE_MENTOR;

	return joined(arena, others->names[side], others->count[side], page_word(language, SHARED_AND));
}

/* What a group meets at by the program's clock, by that of the reader in the week to come. */
static int when_said(struct call *call, const struct match *match, const char *language, const char *zone, const char **ret)
{
	struct program *program;
	const struct zone *here, *there = zone_of(call, zone);
	int64_t today, day, instant, local;
	int r = load(call, &program_entity, match->program, (void **)&program);

	if (r)
		return r;
	here = zone_of(call, program->zone);
	today = local_day(zone_local(here, call->now));
	day = today + (match->weekday - date_weekday(today) + 7) % 7;
	zone_instant(here, day * DAY + match->start * MINUTE, &instant);
	local = zone_local(there, instant);
	*ret = page_fill(call->arena, page_word(language, SHARED_GROUP_TIME),
		(const char *const[]){ page_word(language, (enum page_word)(ON_MONDAY + date_weekday(local_day(local)))),
			arena_print(call->arena, "%02d:%02d", (int)(local / HOUR % 24), (int)(local / MINUTE % 60)),
			arena_print(call->arena, "%lld", (long long)match->minutes), zone ? zone : settings_of(call)->institution.zone,
			NULL });
	return 0;
}

/* Of a group only what is of the group: what one of them has in common with one other concerns these two. */
static int group_said(struct call *call, const struct match *match, const char *language, const char *zone, const char **ret)
{
	const char *when = "";
	int64_t people;
	int r = ask(call, "SELECT count(*) FROM \"match_member\" WHERE \"match\" = ?1", VALUES(match->id), &people);

	if (!r && match->weekday != NONE)
		r = when_said(call, match, language, zone, &when);
	*ret = page_fill(call->arena, page_word(language, SHARED_GROUP),
		(const char *const[]){ arena_print(call->arena, "%lld", (long long)people), when, NULL });
	return r;
}

/* Of a pair that has both sides. */
static int pair_said(struct call *call, struct pair *pair, const char *language, const char **ret)
{
	const char *said[sizeof clauses / sizeof *clauses];
	int count = 0, r;

	pair->mentor_end = &pair->of_mentor;
	pair->mentee_end = &pair->of_mentee;
	r = each(call, &trait_entity, see_trait, pair, "\"participant\" = ?1", VALUES(pair->mentor));
	if (!r)
		r = each(call, &trait_entity, see_trait, pair, "\"participant\" = ?1", VALUES(pair->mentee));
	if (r)
		return r;
	for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++) {
		const char *clause = clause_said(call->arena, &clauses[i], pair, language);

		if (clause)
			said[count++] = clause;
	}
	if (count)
		*ret = page_fill(call->arena, page_word(language, SHARED_ALL),
			(const char *const[]){ joined(call->arena, said, count, page_word(language, SHARED_AND_ALSO)), NULL });
	return 0;
}

int shared_by(struct call *call, const struct match *match, const struct match_member *one, const struct match_member *other,
	const char *language, const char *zone, const char **ret)
{
	struct pair pair = { .mentor = NONE, .mentee = NONE };

	*ret = NULL;
	if (match->kind != KIND_PAIR)
		return group_said(call, match, language, zone, ret);
	see_side(&pair, one);
	see_side(&pair, other);
	return pair_said(call, &pair, language, ret);
}

struct two {
	const struct match_member *of[2];
	int count;
};

static int see_member(struct call *call, void *record, void *data)
{
	struct two *two = data;

	(void)call;
	if (two->count < 2)
		two->of[two->count++] = record;
	return 0;
}

int shared_said(struct call *call, int64_t match, const char *language, const char *zone, const char **ret)
{
	struct match *of;
	struct two two = { .count = 0 };
	int r = load(call, &match_entity, match, (void **)&of);

	*ret = NULL;
	if (!r && of->kind == KIND_PAIR)
		r = each(call, &match_member_entity, see_member, &two, "\"match\" = ?1", VALUES(match));
	return r ? r : shared_by(call, of, two.of[0], two.of[1], language, zone, ret);
}
