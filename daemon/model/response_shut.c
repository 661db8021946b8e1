/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Anonymous answers while their wave is open, and when it closes.
 *
 * Who has answered is written down in the commit that keeps the answer: after a crash either both are there or neither. So whoever holds the
 * database and its log, or backups of two days, sees which row came with whom; where a row lies in its page tells the order, too. No
 * order of rows helps against that. Therefore what a row says is sealed until the wave closes, under a key of the wave, and all are
 * of one length. At close the answers are written anew, open, with new numbers and in their order, in slices, and only when all are there
 * is anything sealed deleted: so nothing leads from a row to the one that it was, neither in what a slice leaves in the log nor in what a
 * crash between two leaves in the database. The new numbers are a keyed hash of the old ones, so that a close that was killed finds them
 * again; its key is a secret of that close, sealed under the key of the wave. Some days later, when a backup holds the new rows, the
 * key of the wave is forgotten, and with it whatever older copies could tell.
 *
 * Whoever has the credential `sealing-key` and the files of the time in which the wave was open could pair them until then.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "survey.h"

enum {
	ROWS = 50,    /* of a slice: three pages each */
	LENGTH = 4096 /* bytes to which answers are filled up; the few that are longer, to twice as much, or four times ... */
};

static const char ANEW[] = "wave anew";

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

/* Is the key there? Of a wave of an older version its check says nothing else. */
static int key_is_there(struct call *call, const struct wave *wave, char **ret_secret)
{
	int r = wave->key_check ? text_open(call, key_of(wave->id), "wave", wave->id, "key_check", wave->key_check, ret_secret)
				: E_NOTFOUND;

	if (r == E_NOTFOUND)
		call->problem = (struct problem){ 0 };
	return r;
}

int answers_closing(struct call *call, struct wave *wave)
{
	unsigned char bytes[32];
	char secret[2 * sizeof bytes + 1], *ignored;
	int r = key_is_there(call, wave, &ignored);

	if (r)
		return r == E_NOTFOUND ? 0 : r;
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(secret, sizeof secret, bytes, sizeof bytes);
	r = text_shut(call, key_of(wave->id), "wave", wave->id, "key_check", secret, &wave->key_check);
	sodium_memzero(bytes, sizeof bytes);
	sodium_memzero(secret, sizeof secret);
	return r;
}

/* Never without one: everybody could do the sum. */
static int secret_of(struct call *call, const struct wave *wave, char **ret)
{
	int r = key_is_there(call, wave, ret);

	return r || **ret ? r : fail(call, E_STORE, "key_check", "this close has no secret");
}

/* The number that a sealed row gets. Who does not have the secret finds no way from one to the other; and whoever begins anew after a kill finds
 * the same. */
static int64_t new_number(const char *secret, int64_t old)
{
	uint64_t hash;

	crypto_generichash((unsigned char *)&hash, sizeof hash, (const unsigned char *)&old, sizeof old, (const unsigned char *)secret,
		strlen(secret));
	hash &= INT64_MAX;
	return hash ? (int64_t)hash : 1;
}

struct row {
	int64_t number, old;
};
struct anew {
	struct row *rows; /* in the order of their numbers */
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const struct row *)a)->number, y = ((const struct row *)b)->number;

	return (x > y) - (x < y);
}

static int list_rows(struct call *call, const char *secret, int64_t wave, struct kept *kept)
{
	struct anew *anew = arena_new(&kept->arena, sizeof *anew);
	int64_t *ids;
	int r = numbers(
		call, "SELECT \"id\" FROM \"response\" WHERE \"wave\" = ?1 AND \"shut\" IS NOT NULL", VALUES(wave), &ids, &anew->count);

	if (r)
		return r;
	anew->rows = arena_new(&kept->arena, (anew->count + 1) * sizeof *anew->rows);
	for (size_t i = 0; i < anew->count; i++)
		anew->rows[i] = (struct row){ new_number(secret, ids[i]), ids[i] };
	qsort(anew->rows, anew->count, sizeof *anew->rows, by_number);
	kept->data = anew;
	return 0;
}

/* The first row behind the cursor. */
static size_t go_on_at(const struct anew *anew, int64_t cursor)
{
	size_t low = 0, high = anew->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (anew->rows[middle].number > cursor)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int write_anew(struct call *call, const struct row *row)
{
	struct response *response;
	char *answers = NULL;
	int r = load(call, &response_entity, row->old, (void **)&response);

	if (!r)
		r = answers_of(call, response, &answers);
	if (r)
		return r;
	for (size_t end = strlen(answers); end && answers[end - 1] == '\n'; end--)
		answers[end - 1] = 0;
	response->answers = answers;
	response->shut = NULL;
	response->id = row->number;
	response->version = 1;
	return add(call, &response_entity, response);
}

int answers_anew(struct call *call, const struct wave *wave, int64_t *cursor)
{
	struct kept *kept;
	const struct anew *anew;
	char *secret;
	size_t at, end;
	int r = secret_of(call, wave, &secret);

	if (r)
		return r == E_NOTFOUND ? 0 : r;
	kept = kept_of(call, ANEW, wave->id);
	r = kept->data ? 0 : list_rows(call, secret, wave->id, kept);
	if (r)
		return r;
	anew = kept->data;
	at = go_on_at(anew, *cursor);
	end = at + ROWS < anew->count ? at + ROWS : anew->count;
	for (; at < end && !r; at++) {
		r = write_anew(call, &anew->rows[at]);
		*cursor = anew->rows[at].number;
	}
	if (r || end < anew->count)
		return r ? r : 1;
	kept_drop(call, ANEW, wave->id);
	return 0;
}

/* Only what stands open is deleted. */
static int clear_one(struct call *call, const char *secret, int64_t old)
{
	struct response *sealed;
	int64_t there;
	int r = ask(
		call, "SELECT count(*) FROM \"response\" WHERE \"id\" = ?1 AND \"shut\" IS NULL", VALUES(new_number(secret, old)), &there);

	if (!r && !there)
		return fail(call, E_STORE, "answers", "an answer was not written anew");
	if (!r)
		r = load(call, &response_entity, old, (void **)&sealed);
	return r ? r : delete_record(call, &response_entity, sealed);
}

int answers_clear(struct call *call, const struct wave *wave, int64_t *cursor)
{
	char *secret;
	int64_t *ids;
	size_t count;
	int r = secret_of(call, wave, &secret);

	if (r)
		return r == E_NOTFOUND ? 0 : r;
	r = numbers(call,
		"SELECT \"id\" FROM \"response\" WHERE \"wave\" = ?1 AND \"id\" > ?2 AND \"shut\" IS NOT NULL ORDER BY \"id\" LIMIT 50",
		VALUES(wave->id, *cursor), &ids, &count);
	for (size_t i = 0; i < count && !r; i++) {
		r = clear_one(call, secret, ids[i]);
		*cursor = ids[i];
	}
	return r ? r : count > 0;
}

int answers_forget(struct call *call, int64_t wave)
{
	return key_forget(call, key_of(wave));
}
