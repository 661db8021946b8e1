/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Weekly free time of somebody in some zone, as minutes of a week in UTC.
 *
 * A week is a ring: what is before Monday 00:00 UTC belongs to its end. The
 * offset is a number of the caller, one for each reference week; a program
 * that runs across a daylight-saving change has a reference week on each side.
 */
#include "match/match.h"

int match_week_span(struct match_span ret_spans[2], int32_t week, int weekday, int from, int to, int offset)
{
	int start, length;

	if (week < 0 || week >= MATCH_WEEKS_MAX || weekday < 0 || weekday > 6 || from < 0 || from > 1439 || to < 0 || to > 1440 ||
		offset < -1440 || offset > 1440)
		return E_INVALID;
	length = to > from ? to - from : to + 1440 - from;
	start = (weekday * 1440 + from - offset + 2 * MATCH_WEEK) % MATCH_WEEK;
	if (start + length <= MATCH_WEEK) {
		ret_spans[0] = (struct match_span){ week, start, start + length };
		return 1;
	}
	ret_spans[0] = (struct match_span){ week, 0, start + length - MATCH_WEEK };
	ret_spans[1] = (struct match_span){ week, start, MATCH_WEEK };
	return 2;
}
