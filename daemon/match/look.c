/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking at all pairs, with several threads.
 *
 * A thread has a share of the mentees and all else of its own; whoever looks keeps what it finds apart for each share and
 * puts it together when all are done, so nothing depends on how many there are or which was quicker. Progress is told, and the
 * asking whether to stop is done, by the first share, which the caller's own thread looks at.
 */
#include <pthread.h>
#include <stdlib.h>

#include "match/rows.h"

enum {
	THREADS = 16,
	STACK = 1 << 20, /* bytes */
	ASK = 64         /* mentees of a tile between two askings */
};
static const int64_t one_thread = 1 << 20; /* pairs that are not worth a second one */

int32_t match_look_shares(const struct prepared *in)
{
	int32_t threads = in->input->threads < THREADS ? in->input->threads : THREADS;

	return threads < 1 || (int64_t)in->mentee_count * in->mentor_count < one_thread ? 1 : threads;
}

/* Whether to go on. */
static bool ask(struct looking *look, const struct look_share *share, int64_t done)
{
	int64_t tiles = (look->rows->in->mentor_count + TILE - 1) / TILE;

	if (share == look->shares) {
		if (stop_asked(look->watch))
			__atomic_store_n(&look->stop, 1, __ATOMIC_RELAXED);
		tell(look->watch, (double)done / (double)(tiles * (share->end - share->first)), look->phase);
	}
	return !__atomic_load_n(&look->stop, __ATOMIC_RELAXED);
}

static void look_at_share(struct looking *look, struct look_share *share)
{
	int64_t done = 0;

	for (int32_t from = 0; from < look->rows->in->mentor_count; from += TILE) {
		match_summing_begin(&share->summing, from);
		if (look->tile)
			look->tile(look->context, share);
		for (int32_t i = share->first; i < share->end; i++) {
			int32_t mentee = look->rows->order[i];
			const int32_t *scores;

			if (done++ % ASK == 0 && !ask(look, share, done))
				return;
			share->eligible += match_summing_scores(&share->summing, mentee, &scores);
			look->at(look->context, share, mentee, scores);
		}
	}
}

struct worker {
	struct looking *look;
	struct look_share *share;
	pthread_t thread;
	bool started;
};

static void *work(void *of)
{
	struct worker *worker = of;

	look_at_share(worker->look, worker->share);
	return NULL;
}

/* A share whose thread cannot be started is looked at by the caller's. */
static void look_at_all(struct looking *look)
{
	struct worker workers[THREADS] = { 0 };
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, STACK))
		abort();
	for (int32_t i = 1; i < look->count; i++) {
		workers[i] = (struct worker){ .look = look, .share = &look->shares[i] };
		workers[i].started = pthread_create(&workers[i].thread, &attributes, work, &workers[i]) == 0;
	}
	pthread_attr_destroy(&attributes);
	look_at_share(look, &look->shares[0]);
	for (int32_t i = 1; i < look->count; i++)
		if (!workers[i].started)
			look_at_share(look, &look->shares[i]);
		else if (pthread_join(workers[i].thread, NULL))
			abort();
}

/* What one share found out about lines, all know. */
static void note_lines(const struct looking *look, struct scorer *scorer, int64_t eligible)
{
	const struct plan *plan = look->rows->plan;

	for (int32_t at = 0; at < plan->count; at++) {
		scorer->asked[at] = scorer->asked[at] || (plan->lines[at].hard ? look->rows->order_count > 0 : eligible > 0);
		for (int32_t i = 0; i < look->count; i++)
			scorer->known[at] = scorer->known[at] || look->shares[i].summing.known[at];
	}
}

int match_look(struct looking *look, struct scorer *scorer, int64_t *ret_cells, int64_t *ret_eligible)
{
	int64_t count = look->rows->order_count;

	*ret_eligible = 0;
	*ret_cells = count * look->rows->in->mentor_count;
	for (int32_t i = 0; i < look->count; i++) {
		struct look_share *share = &look->shares[i];

		share->first = (int32_t)(count * i / look->count);
		share->end = (int32_t)(count * (i + 1) / look->count);
		match_summing_make(&share->summing, look->rows);
	}
	look_at_all(look);
	for (int32_t i = 0; i < look->count; i++)
		*ret_eligible += look->shares[i].eligible;
	note_lines(look, scorer, *ret_eligible);
	for (int32_t i = 0; i < look->count; i++)
		match_summing_free(&look->shares[i].summing);
	return look->stop ? E_CANCELLED : 0;
}
