/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sealing: what opens and where, what a wrong or missing credential does, and that a forgotten key is nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include "core/entity.h"
#include "store/engine.h"
#include "store/seal.h"
#include "temporary.h"

static struct problem problem;

struct place {
	char *directory, *credentials;
	struct seal *seal;
	struct arena arena;
};

static struct seal *reopen(const char *directory, const char *credentials)
{
	struct seal *seal;

	if (seal_new(directory, credentials, &seal, &problem) < 0)
		fail_msg("%s", problem.text);
	return seal;
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	place->directory = temporary_new();
	place->credentials = temporary_new();
	file_write(in(place->credentials, "sealing-key"), "0123456789abcdef0123456789ABCDEF", 32);
	place->seal = reopen(place->directory, place->credentials);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	seal_free(place->seal);
	arena_free(&place->arena);
	temporary_free(place->directory);
	temporary_free(place->credentials);
	free(place);
	return 0;
}

struct sealed {
	void *data;
	size_t size;
};

static struct sealed shut(struct place *place, int64_t person, const char *text)
{
	struct sealed sealed;

	if (seal_shut(place->seal, &place->arena, person, "person", person, "birth_date", text, &sealed.data, &sealed.size, &problem) < 0)
		fail_msg("%s", problem.text);
	return sealed;
}

static int open_at(struct place *place, int64_t person, const char *entity, int64_t id, const char *field, struct sealed sealed, char **ret)
{
	return seal_open(place->seal, &place->arena, person, entity, id, field, sealed.data, sealed.size, ret, &problem);
}

static void opens(struct place *place, int64_t person, struct sealed sealed, const char *expected)
{
	char *text = NULL;

	if (open_at(place, person, "person", person, "birth_date", sealed, &text) < 0)
		fail_msg("%s", problem.text);
	assert_string_equal(text, expected);
}

static void test_round_trip(void **state)
{
	struct place *place = *state;
	struct sealed first = shut(place, 7, "2010-02-03"), again = shut(place, 7, "2010-02-03"), empty = shut(place, 8, "");

	assert_null(memmem(first.data, first.size, "2010", 4));
	assert_int_equal(first.size, again.size);
	assert_memory_not_equal(first.data, again.data, first.size);
	opens(place, 7, first, "2010-02-03");
	opens(place, 8, empty, "");
	seal_free(place->seal);
	place->seal = reopen(place->directory, place->credentials);
	opens(place, 7, first, "2010-02-03");
}

static void test_moved_values(void **state)
{
	struct place *place = *state;
	struct sealed sealed = shut(place, 7, "2010-02-03");
	char *text;

	shut(place, 8, "2011-01-01");
	assert_int_equal(open_at(place, 8, "person", 7, "birth_date", sealed, &text), E_STORE);
	assert_int_equal(open_at(place, 7, "people", 7, "birth_date", sealed, &text), E_STORE);
	assert_int_equal(open_at(place, 7, "person", 8, "birth_date", sealed, &text), E_STORE);
	assert_int_equal(open_at(place, 7, "person", 7, "birth_dat", sealed, &text), E_STORE);
	assert_int_equal(open_at(place, 7, "personbirth", 7, "_date", sealed, &text), E_STORE);
	for (size_t i = 0; i < sealed.size; i++) {
		((unsigned char *)sealed.data)[i] ^= 1;
		assert_int_equal(open_at(place, 7, "person", 7, "birth_date", sealed, &text), E_STORE);
		((unsigned char *)sealed.data)[i] ^= 1;
	}
	for (size_t size = 0; size < sealed.size; size++)
		assert_int_equal(open_at(place, 7, "person", 7, "birth_date", (struct sealed){ sealed.data, size }, &text), E_STORE);
	opens(place, 7, sealed, "2010-02-03");
}

/* With each of these the values are unavailable, the file is named, and nothing is made anew; the right credential opens again. */
static void unavailable(struct place *place, const char *credentials, struct sealed sealed, const char *file)
{
	struct problem why;
	char *text;
	void *out;
	size_t size;

	seal_free(place->seal);
	place->seal = reopen(place->directory, credentials);
	assert_int_equal(open_at(place, 7, "person", 7, "birth_date", sealed, &text), E_UNAVAILABLE);
	assert_non_null(strstr(problem.text, file));
	assert_int_equal(seal_shut(place->seal, &place->arena, 99, "person", 99, "birth_date", "x", &out, &size, &problem), E_UNAVAILABLE);
	assert_int_equal(seal_ready(place->seal, &why), E_UNAVAILABLE);
}

static void test_credentials(void **state)
{
	struct place *place = *state;
	struct sealed sealed = shut(place, 7, "2010-02-03");
	const char *key = in(place->credentials, "sealing-key");
	char zeros[32] = { 0 };

	file_write(key, "X123456789abcdef0123456789ABCDEF", 32);
	unavailable(place, place->credentials, sealed, "sealing-key");
	assert_non_null(strstr(problem.text, "keys.db"));
	file_write(key, "too short", 9);
	unavailable(place, place->credentials, sealed, "sealing-key");
	file_write(key, zeros, sizeof zeros);
	unavailable(place, place->credentials, sealed, "sealing-key");
	unlink(key);
	unavailable(place, place->credentials, sealed, "sealing-key");
	unavailable(place, NULL, sealed, "sealing-key");
	file_write(key,
		"303132333435363738396162636465663031323334353637383941424344454"
		"6\n",
		65);
	seal_free(place->seal);
	place->seal = reopen(place->directory, place->credentials);
	opens(place, 7, sealed, "2010-02-03");
}

/* A directory without a credential starts without; the first one that comes is kept to. */
static void test_late_credential(void **state)
{
	char *directory = temporary_new(), *credentials = temporary_new();
	struct place place = { .directory = directory, .seal = reopen(directory, credentials) };

	(void)state;
	assert_int_equal(seal_ready(place.seal, &problem), E_UNAVAILABLE);
	seal_free(place.seal);
	file_write(in(credentials, "sealing-key"), "0123456789abcdef0123456789ABCDEF", 32);
	place.seal = reopen(directory, credentials);
	assert_int_equal(seal_ready(place.seal, &problem), 0);
	shut(&place, 1, "x");
	seal_free(place.seal);
	arena_free(&place.arena);
	temporary_free(directory);
	temporary_free(credentials);
}

/* ---- forgetting ---- */

/* The wrapped key as it lies in keys.db. */
static struct sealed wrapped_key(struct place *place, int64_t person)
{
	struct engine *engine;
	struct stmt *stmt;
	struct sealed key;
	const void *data;

	assert_int_equal(engine_open_reader(place->directory, "keys.db", &engine, &problem), 0);
	assert_int_equal(engine_prepare(engine, "SELECT wrapped FROM key WHERE person = ?1", true, &stmt, &problem), 0);
	engine_bind_int(stmt, 1, person);
	assert_int_equal(engine_step(engine, stmt, &problem), 1);
	data = engine_blob(stmt, 0, &key.size);
	key.data = arena_copy_n(&place->arena, data, key.size);
	engine_close(engine);
	return key;
}

static bool anywhere(const char *directory, struct sealed bytes)
{
	static const char *const files[] = { "keys.db", "keys.db-wal", "keys.db-journal", "copy.db" };
	bool found = false;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		found |= file_has(in(directory, files[i]), bytes.data, bytes.size);
	return found;
}

static void test_forget(void **state)
{
	struct place *place = *state;
	struct sealed sealed = shut(place, 7, "2010-02-03"), other = shut(place, 8, "2011-01-01"), key, again;
	char *text;

	key = wrapped_key(place, 7);
	assert_true(anywhere(place->directory, key));
	assert_int_equal(seal_forget(place->seal, 7, &problem), 0);
	assert_false(anywhere(place->directory, key));
	assert_int_equal(access(in(place->directory, "keys.db-journal"), F_OK), -1);
	assert_int_equal(open_at(place, 7, "person", 7, "birth_date", sealed, &text), E_NOTFOUND);
	assert_int_equal(seal_forget(place->seal, 7, &problem), 0);
	assert_int_equal(seal_backup(place->seal, in(place->directory, "copy.db"), &problem), 0);
	assert_false(anywhere(place->directory, key));
	opens(place, 8, other, "2011-01-01");
	/* A person who comes back gets another key: the old value stays shut. */
	again = shut(place, 7, "2010-02-03");
	opens(place, 7, again, "2010-02-03");
	assert_int_equal(open_at(place, 7, "person", 7, "birth_date", sealed, &text), E_STORE);
}

/* Without the credential the key can still be forgotten. */
static void test_forget_without_credential(void **state)
{
	struct place *place = *state;
	struct sealed sealed = shut(place, 7, "2010-02-03");
	char *text;

	seal_free(place->seal);
	place->seal = reopen(place->directory, NULL);
	assert_int_equal(seal_forget(place->seal, 7, &problem), 0);
	seal_free(place->seal);
	place->seal = reopen(place->directory, place->credentials);
	assert_int_equal(open_at(place, 7, "person", 7, "birth_date", sealed, &text), E_NOTFOUND);
}

/* ---- batches, the pair, the copy ---- */

static void test_batch(void **state)
{
	struct place *place = *state;
	struct sealed kept[200];
	char *text;

	seal_batch_begin(place->seal);
	for (int i = 0; i < 200; i++)
		kept[i] = shut(place, 1000 + i, "2010-02-03");
	opens(place, 1003, kept[3], "2010-02-03");
	assert_int_equal(seal_backup(place->seal, in(place->directory, "copy.db"), &problem), E_BUSY);
	assert_int_equal(seal_batch_commit(place->seal, &problem), 0);
	seal_batch_begin(place->seal);
	shut(place, 5000, "given up");
	seal_batch_undo(place->seal);
	seal_free(place->seal);
	place->seal = reopen(place->directory, place->credentials);
	for (int i = 0; i < 200; i++)
		opens(place, 1000 + i, kept[i], "2010-02-03");
	assert_int_equal(open_at(place, 5000, "person", 5000, "birth_date", kept[0], &text), E_NOTFOUND);
	/* After the undo the cache does not hold the key that was never kept. */
	kept[0] = shut(place, 5000, "x");
	seal_free(place->seal);
	place->seal = reopen(place->directory, place->credentials);
	opens(place, 5000, kept[0], "x");
}

static void test_undone_batch_forgets(void **state)
{
	struct place *place = *state;
	struct sealed sealed;

	seal_batch_begin(place->seal);
	shut(place, 5000, "given up");
	seal_batch_undo(place->seal);
	sealed = shut(place, 5000, "x");
	seal_free(place->seal);
	place->seal = reopen(place->directory, place->credentials);
	opens(place, 5000, sealed, "x");
}

static void test_pair(void **state)
{
	struct place *place = *state;
	char id[33], other[33];

	assert_int_equal(seal_pair(place->seal, NULL, id, &problem), 0);
	assert_int_equal(seal_pair(place->seal, id, other, &problem), 0);
	assert_string_equal(id, other);
	seal_free(place->seal);
	unlink(in(place->directory, "keys.db"));
	place->seal = reopen(place->directory, place->credentials);
	assert_int_equal(seal_pair(place->seal, id, other, &problem), E_UNAVAILABLE);
	assert_non_null(strstr(problem.text, "keys.db"));
	assert_int_equal(seal_ready(place->seal, &problem), E_UNAVAILABLE);
}

static void test_copy(void **state)
{
	struct place *place = *state;
	struct sealed sealed = shut(place, 7, "2010-02-03");
	char id[33];

	assert_int_equal(seal_pair(place->seal, NULL, id, &problem), 0);
	assert_int_equal(seal_backup(place->seal, in(place->directory, "copy.db"), &problem), 0);
	seal_free(place->seal);
	rename(in(place->directory, "copy.db"), in(place->directory, "keys.db"));
	place->seal = reopen(place->directory, place->credentials);
	opens(place, 7, sealed, "2010-02-03");
	assert_int_equal(seal_pair(place->seal, id, id, &problem), 0);
}

static void test_damaged_keys(void **state)
{
	struct place *place = *state;
	struct seal *seal = NULL;

	seal_free(place->seal);
	place->seal = NULL;
	file_write(in(place->directory, "keys.db"),
		"no keys at all, no keys at all, no keys at all, no keys at all, no keys at all, "
		"no keys at all, no keys at all, no keys",
		120);
	assert_int_equal(seal_new(place->directory, place->credentials, &seal, &problem), E_STORE);
	assert_non_null(strstr(problem.text, "keys.db"));
	assert_null(seal);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_round_trip),
		EACH(test_moved_values),
		EACH(test_credentials),
		cmocka_unit_test(test_late_credential),
		EACH(test_forget),
		EACH(test_forget_without_credential),
		EACH(test_batch),
		EACH(test_undone_batch_forgets),
		EACH(test_pair),
		EACH(test_copy),
		EACH(test_damaged_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
