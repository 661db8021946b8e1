/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waves that ask the same questions of nearly the same people at nearly the same time.
 *
 * Everybody is asked, and then everybody but one: what the one answered is the difference of two results. So a wave does not open while
 * others are near, if which of them asked whom tells fewer than k people from the rest. Whoever reads the results can add and subtract
 * them as they like; whatever comes of it stands on whole sets of people who were asked in the same waves, so it is enough that no such
 * set is small. Where a wave's results are told for its sides apart, the sides are as good as two waves.
 *
 * Near are waves of the program that share a question (or the key of the instrument), not named, and open, or closed within four weeks with
 * a result. After that what the others answer has changed by more than one person's answer; what never changes should be asked once. Who was
 * asked counts, not who answered: a coordinator can choose the first, and otherwise no survey could be repeated, as some few are always
 * missing.
 */
#include <inttypes.h>

#include "core/date.h"
#include "survey.h"

enum {
	NEAR_DAYS = 28
};

/* ?3 the wave (0: a new one), ?4 its instrument, ?5 closed after that are near. */
#define NEAR \
	"SELECT w.\"id\", w.\"k\", w.\"closes\", w.\"by_side\" AND (SELECT min(n) FROM (SELECT count(*) AS n FROM \"wave_member\" s " \
	"WHERE s.\"wave\" = w.\"id\" GROUP BY s.\"side\")) >= w.\"k\" AS apart " \
	"FROM \"wave\" w JOIN \"instrument\" wi ON wi.\"id\" = w.\"instrument\" JOIN \"instrument\" i ON i.\"id\" = ?4 " \
	"WHERE w.\"program\" = ?1 AND w.\"id\" <> ?3 AND w.\"anonymity\" <> 'named' AND (w.\"state\" IN ('open', 'closing') OR (w.\"state\" = 'closed' " \
	"AND w.\"closes\" > ?5 AND EXISTS (SELECT 1 FROM \"wave_result\" wr WHERE wr.\"wave\" = w.\"id\"))) " \
	"AND (wi.\"key\" = i.\"key\" OR EXISTS (SELECT 1 FROM \"item\" a JOIN \"item\" b ON a.\"label\" = b.\"label\" " \
	"WHERE a.\"instrument\" = wi.\"id\" AND b.\"instrument\" = i.\"id\" AND a.\"kind\" <> 'note'))"
/* By whom each person is asked: marks of waves, and of sides where these are told apart (?6: of the new one). */
#define PATTERNS \
	"SELECT count(*) AS n FROM (SELECT group_concat(mark, ' ') AS pattern FROM (SELECT m.\"person\", " \
	"m.\"wave\" || CASE WHEN near.apart THEN m.\"side\" ELSE '' END AS mark FROM \"wave_member\" m JOIN (" NEAR ") near " \
	"ON near.\"id\" = m.\"wave\" UNION ALL SELECT \"person\", 'new' || CASE WHEN ?6 THEN min(\"role\") ELSE '' END FROM (" AUDIENCE \
	") " \
	"GROUP BY \"person\" ORDER BY 1, 2) GROUP BY \"person\") GROUP BY pattern"

int waves_apart(struct call *call, const struct wave *wave, int64_t k, const char **ret_why)
{
	int64_t id = wave->id == NONE ? 0 : wave->id, since = call->now - NEAR_DAYS * DAY, other, most, until, few, sides;
	char date[DATE_TEXT];
	int r;

	*ret_why = NULL;
	if (wave->anonymity == WAVE_NAMED)
		return 0;
	r = ask(call, "SELECT max(\"id\") FROM (" NEAR ")", VALUES(wave->program, NONE, id, wave->instrument, since), &other);
	if (r || other == NONE)
		return r;
	r = ask(call, "SELECT max(\"k\") FROM (" NEAR ")", VALUES(wave->program, NONE, id, wave->instrument, since), &most);
	if (!r)
		r = ask(call, "SELECT max(\"closes\") FROM (" NEAR ")", VALUES(wave->program, NONE, id, wave->instrument, since), &until);
	if (!r)
		r = ask(call, "SELECT min(n) FROM (SELECT count(DISTINCT \"person\") AS n FROM (" AUDIENCE ") GROUP BY \"role\")",
			VALUES(wave->program, wave->audience), &sides);
	if (most > k)
		k = most;
	if (!r)
		r = ask(call, "SELECT min(n) FROM (" PATTERNS ")",
			VALUES(wave->program, wave->audience, id, wave->instrument, since, wave->by_side && sides >= k), &few);
	if (r || few == NONE || few >= k)
		return r;
	date_print((until + NEAR_DAYS * DAY) / DAY + 1, date);
	*ret_why = arena_print(call->arena,
		"wave %" PRId64
		" asks the same of nearly the same people in these weeks, and the difference of both results would be the answers of %" PRId64
		"; ask just the same people again, or others who differ by %" PRId64 " at least, or open it on %s or later",
		other, few, k, date);
	return 0;
}
