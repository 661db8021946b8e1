/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Anonymous answers while their wave is open, and when it closes.
 *
 * Who has answered is written down in the commit that keeps the answer: after a crash either both are there or neither. So whoever holds the
 * database and its log, or backups of two days, sees which row came with whom; where a row lies in its page tells the order, too. No
 * order of rows helps against that. Therefore what a row says is sealed until the wave closes, under a key of the wave, and all are
 * of one length. At close the answers are counted and written anew: open, with new random numbers and in their order, in one commit, so
 * that nothing leads from a row to the one that it was. Some days later, when a backup holds the new rows, the key is forgotten, and with it
 * whatever older copies could tell.
 *
 * Whoever has the credential `sealing-key` and the files of the time in which the wave was open could pair them until then.
 */
#include <stdlib.h>
#include <string.h>

#include "survey.h"

enum {
	LENGTH = 4096 /* bytes to which answers are filled up; the few that are longer, to twice as much, or four times ... */
};

/* Far below the numbers of imports, which have keys of their own. */
static int64_t key_of(int64_t wave)
{
	return -(INT64_C(1) << 48) - wave;
}

int answers_key(struct call *call, struct wave *wave)
{
	return text_shut(call, key_of(wave->id), "wave", wave->id, "key_check", "", &wave->key_check);
}

/* A database that was put back may have a wave open whose key was forgotten since. A new key under that number would not open what the
 * old one shut, and nobody could say what is lost. */
static int look_at_key(struct call *call, const struct wave *wave)
{
	char *ignored;
	int r = wave->key_check ? text_open(call, key_of(wave->id), "wave", wave->id, "key_check", wave->key_check, &ignored) : 0;

	if (r == E_NOTFOUND)
		return fail(call, E_STATE, "state", "this form takes no answers any more");
	return r;
}

/* Behind the last answer stand line feeds, which say nothing. */
static char *filled(struct call *call, const char *answers)
{
	size_t length = strlen(answers), size = LENGTH;
	char *ret;

	while (size < length)
		size *= 2;
	ret = arena_new(call->arena, size + 1);
	memset(ret, '\n', size);
	for (size_t i = 0; i < length; i++)
		ret[i] = answers[i];
	return ret;
}

int answers_shut(struct call *call, const struct wave *wave, struct response *response, const char *answers)
{
	int r = look_at_key(call, wave);

	response->id = random_id();
	return r ? r : text_shut(call, key_of(response->wave), "response", response->id, "answers", filled(call, answers), &response->shut);
}

int answers_of(struct call *call, const struct response *response, char **ret)
{
	if (response->shut)
		return text_open(call, key_of(response->wave), "response", response->id, "answers", response->shut, ret);
	*ret = response->answers;
	return 0;
}

/* ---- closing ---- */

struct pile {
	struct response **list;
	size_t count, room;
};

static int take_out(struct call *call, void *record, void *data)
{
	struct response *response = record;
	struct pile *pile = data;
	char *answers;
	int r = answers_of(call, response, &answers);

	if (r == E_NOTFOUND) {
		call->problem = (struct problem){ 0 };
		return 0;
	}
	if (!r)
		r = delete_record(call, &response_entity, response);
	if (r)
		return r;
	for (size_t end = strlen(answers); end && answers[end - 1] == '\n'; end--)
		answers[end - 1] = 0;
	response->answers = answers;
	response->shut = NULL;
	response->id = random_id();
	pile->list = arena_grown(call->arena, pile->list, pile->count, &pile->room, sizeof(*pile->list));
	pile->list[pile->count++] = response;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = (*(struct response *const *)a)->id, y = (*(struct response *const *)b)->id;

	return (x > y) - (x < y);
}

int answers_shuffle(struct call *call, int64_t wave)
{
	struct pile pile = { 0 };
	int r = each(call, &response_entity, take_out, &pile, "\"wave\" = ?1 AND \"shut\" IS NOT NULL", VALUES(wave));

	if (pile.count)
		qsort(pile.list, pile.count, sizeof(*pile.list), by_id);
	for (size_t i = 0; i < pile.count && !r; i++)
		r = add(call, &response_entity, pile.list[i]);
	return r;
}

int answers_forget(struct call *call, int64_t wave)
{
	return key_forget(call, key_of(wave));
}
