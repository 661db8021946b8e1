/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a wave's close takes, in slices: a wave of thousands closes without holding anybody up.
 *
 * Steps follow each other, each a job of its own with a cursor: what waits to be sent is dropped; links end; answers of an anonymous wave
 * are written anew; what was sealed is deleted; all is counted and the results are written; Finish. A killed daemon goes on where
 * the last slice was committed. A wave of few goes through the same steps within its Close.
 *
 * Of the slices nobody may learn more than of one commit. While answers are written anew (response_shut.c) nothing sealed is deleted, so
 * nothing tells which of the sealed rows those are that stand open already; and what is deleted then goes in the order of its numbers,
 * which has nothing to do with the new ones.
 *
 * Two steps keep in memory what they would have to read again for each slice. It is made of rows that change no more, and made again
 * after a restart; the jobs are OUTSIDE, so that a preview, whose rows are undone, never makes it.
 */
#include <inttypes.h>
#include <string.h>

#include "survey.h"

enum {
	AT_ONCE = 200 /* people: a wave of no more closes within one call */
};

/* Messages that have not left. */
static int hush(struct call *call, const struct wave *wave, int64_t *cursor)
{
	int64_t left;
	int r = perform_each(call, &message_entity, "Suppress",
		"\"id\" IN (SELECT \"id\" FROM \"message\" WHERE \"program\" = ?1 AND \"state\" IN ('queued', 'held') AND \"about\" = 'wave' "
		"AND \"about_id\" = ?2 LIMIT 100)",
		VALUES(wave->program, wave->id));
	(void)cursor;
	if (!r)
		r = ask(call,
			"SELECT EXISTS (SELECT 1 FROM \"message\" WHERE \"program\" = ?1 AND \"state\" IN ('queued', 'held') AND \"about\" = 'wave' "
			"AND \"about_id\" = ?2)",
			VALUES(wave->program, wave->id), &left);
	return r ? r : left > 0;
}

static int end_link(struct call *call, void *record, void *data)
{
	int64_t id = ((const struct invitation *)record)->id;

	*(int64_t *)data = id;
	return perform_also(call, &invitation_entity, id, "End", NULL, 0);
}

/* Links to it have the purpose `wave`. The cursor is the number of the last one. */
static int end_links(struct call *call, const struct wave *wave, int64_t *cursor)
{
	int64_t last = 0;
	int r = each(call, &invitation_entity, end_link, &last,
		"\"id\" IN (SELECT \"id\" FROM \"invitation\" WHERE \"id\" > ?2 AND \"purpose\" = 'wave' AND \"subject\" = ?1 AND "
		"\"state\" IN ('sent', 'opened') ORDER BY \"id\" LIMIT 100)",
		VALUES(wave->id, *cursor));

	if (r || !last)
		return r;
	*cursor = last;
	return 1;
}

static const struct step {
	const char *job;
	int (*run)(struct call *, const struct wave *, int64_t *cursor);
} steps[] = { { "wave hush", hush }, { "wave links", end_links }, { "wave anew", answers_anew }, { "wave clear", answers_clear },
	{ "wave count", wave_count }, { NULL, NULL } };

/* What failed begins anew, from the rows. */
static int forget(struct call *call, int64_t wave, int r)
{
	for (const struct step *step = steps; step->job; step++)
		kept_drop(call, step->job, wave);
	return r;
}

int wave_close_slice(struct call *call, int64_t subject, int64_t nominal, int64_t *cursor)
{
	const struct step *step = steps;
	struct wave *wave;
	int r = load(call, &wave_entity, subject, (void **)&wave);

	(void)nominal;
	if (r || wave->state != WAVE_CLOSING)
		return r;
	while (strcmp(step->job, call->caller->job) != 0)
		step++;
	r = step->run(call, wave, cursor);
	if (r)
		return r < 0 ? forget(call, subject, r) : r;
	step++;
	return step->job ? plan(call, step->job, subject, call->now, NULL) : perform_also(call, &wave_entity, subject, "Finish", NULL, 0);
}

int wave_close_begin(struct call *call, struct wave *wave)
{
	int64_t people;
	int r = ask(call, "SELECT count(*) FROM \"wave_member\" WHERE \"wave\" = ?1", VALUES(wave->id), &people);

	wave->state = WAVE_CLOSING;
	if (r || people > AT_ONCE)
		return r ? r : plan(call, steps[0].job, wave->id, call->now, NULL);
	for (const struct step *step = steps; step->job && !r; step++) {
		int64_t cursor = 0;

		while ((r = step->run(call, wave, &cursor)) > 0)
			;
	}
	wave->state = WAVE_CLOSED;
	return r ? forget(call, wave->id, r) : 0;
}
