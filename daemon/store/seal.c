/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sealing, as seal.h says: a key per person in keys.db, wrapped by the credential, opened keys in a small locked cache.
 *
 *   wrapped key   = nonce, XChaCha20-Poly1305(credential, key of the person; associated: "key", person)
 *   sealed value  = 1, nonce, XChaCha20-Poly1305(key of the person, text; associated: entity, field, id)
 *
 * The table `about` holds the check value (a wrapped constant, so that a wrong credential shows before it does harm) and
 * the id that ties keys.db to its database. Nonces are random: 24 bytes are wide enough for that.
 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "engine_inside.h"

enum {
	KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	WRAPPED = NONCE + KEY + TAG,
	CACHE = 64,
	FORM = 1, /* first byte of a sealed value */
	ID = 16
};
enum {
	CHECK = -1
}; /* 'person' of the check value: no record has it */

struct secrets {
	unsigned char credential[KEY];
	struct {
		int64_t person;
		unsigned char key[KEY];
	} cache[CACHE]; /* person 0: empty */
};

struct seal {
	struct engine *engine;
	struct secrets *secrets; /* locked, guarded, wiped when freed */
	struct problem why;      /* code 0: the credential is there and right */
	bool batch, begun;
};

/* ---- bytes ---- */

/* Associated data of a wrapped key or a sealed value. Texts end in NUL, so that no two places give the same bytes. */
struct place {
	unsigned char bytes[160];
	size_t length;
};

static bool place_make(struct place *place, const char *entity, const char *field, int64_t id)
{
	size_t first = strlen(entity) + 1, second = strlen(field) + 1;

	place->length = first + second + 8;
	if (place->length > sizeof place->bytes)
		return false;
	memcpy(place->bytes, entity, first);
	memcpy(place->bytes + first, field, second);
	for (int i = 0; i < 8; i++)
		place->bytes[first + second + (size_t)i] = (unsigned char)((uint64_t)id >> 8 * i);
	return true;
}

/* nonce and ciphertext; `out` has NONCE + size + TAG bytes. */
static void encrypt(const unsigned char *key, const struct place *place, const void *text, size_t size, unsigned char *out)
{
	randombytes_buf(out, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, text, size, place->bytes, place->length, NULL, out, key);
}

/* `out` has size - NONCE - TAG bytes. */
static bool decrypt(const unsigned char *key, const struct place *place, const unsigned char *in, size_t size, unsigned char *out)
{
	return size >= NONCE + TAG &&
		!crypto_aead_xchacha20poly1305_ietf_decrypt(
			out, NULL, NULL, in + NONCE, size - NONCE, place->bytes, place->length, in, key);
}

static void wrap(struct seal *seal, int64_t person, const unsigned char *key, unsigned char out[WRAPPED])
{
	struct place place;

	place_make(&place, "key", "", person);
	encrypt(seal->secrets->credential, &place, key, KEY, out);
}

static bool unwrap(struct seal *seal, int64_t person, const void *wrapped, size_t size, unsigned char key[KEY])
{
	struct place place;

	place_make(&place, "key", "", person);
	return wrapped && size == WRAPPED && decrypt(seal->secrets->credential, &place, wrapped, size, key);
}

/* ---- the credential ---- */

/* 32 raw bytes, or 64 hexadecimal digits and perhaps a line feed. */
static bool parse_credential(unsigned char *bytes, ssize_t size, unsigned char ret[KEY])
{
	size_t length = 0;

	if (size == 2 * KEY + 1 && bytes[2 * KEY] == '\n')
		size--;
	if (size == KEY)
		memcpy(ret, bytes, KEY);
	else if (size != 2 * KEY || sodium_hex2bin(ret, KEY, (char *)bytes, 2 * KEY, NULL, &length, NULL) || length != KEY)
		return false;
	return !sodium_is_zero(ret, KEY);
}

static int read_credential(struct seal *seal, const char *credentials)
{
	char *path = engine_path(credentials, "sealing-key", "");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = errno, code = 0;
	unsigned char bytes[2 * KEY + 2];
	ssize_t size = -1;

	if (fd >= 0) {
		size = read(fd, bytes, sizeof bytes);
		error = errno;
		close(fd);
	}
	if (size < 0)
		code = problem_set(&seal->why, E_UNAVAILABLE, NULL,
			"sealed values cannot be used: the credential %s cannot be read: %s; "
			"put it there, 32 bytes or 64 hexadecimal digits, and restart",
			path, strerror(error));
	else if (!parse_credential(bytes, size, seal->secrets->credential))
		code = problem_set(&seal->why, E_UNAVAILABLE, NULL,
			"sealed values cannot be used: the credential %s is not 32 bytes or 64 "
			"hexadecimal digits, or is all zeros; put the right one there and restart",
			path);
	sodium_memzero(bytes, sizeof bytes);
	free(path);
	return code;
}

/* ---- keys.db ---- */

static int run(struct seal *seal, const char *sql, int64_t person, const void *blob, size_t size, struct problem *problem)
{
	struct stmt *stmt;
	int code = engine_prepare(seal->engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_int(stmt, 1, person);
	if (blob)
		engine_bind_blob(stmt, 2, blob, size);
	return engine_step(seal->engine, stmt, problem);
}

/* A value of `about`: 1 with at most `size` bytes, 0 if it is not there. */
static int about_get(struct seal *seal, const char *name, unsigned char *ret, size_t size, struct problem *problem)
{
	static const char sql[] = "SELECT \"value\" FROM \"about\" WHERE \"name\" = ?1";
	struct stmt *stmt;
	const void *value;
	size_t length;
	int code = engine_prepare(seal->engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_text(stmt, 1, name);
	if ((code = engine_step(seal->engine, stmt, problem)) <= 0)
		return code;
	value = engine_blob(stmt, 0, &length);
	memset(ret, 0, size);
	if (length)
		memcpy(ret, value, length < size ? length : size);
	engine_reset(stmt);
	return 1;
}

static int about_put(struct seal *seal, const char *name, const unsigned char *value, size_t size, struct problem *problem)
{
	static const char sql[] = "INSERT INTO \"about\" (\"name\", \"value\") VALUES (?1, ?2)";
	struct stmt *stmt;
	int code = engine_prepare(seal->engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_text(stmt, 1, name);
	engine_bind_blob(stmt, 2, value, size);
	return engine_step(seal->engine, stmt, problem);
}

static int has_keys(struct seal *seal, struct problem *problem)
{
	static const char sql[] = "SELECT 1 FROM \"key\" LIMIT 1";
	struct stmt *stmt;
	int code = engine_prepare(seal->engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	code = engine_step(seal->engine, stmt, problem);
	engine_reset(stmt);
	return code;
}

static int prepare_tables(struct seal *seal, struct problem *problem)
{
	unsigned char id[ID];
	int code = engine_begin(seal->engine, problem);

	if (!code)
		code = engine_run(seal->engine,
			"CREATE TABLE IF NOT EXISTS \"key\" (\"person\" INTEGER PRIMARY KEY, \"wrapped\" BLOB NOT NULL) "
			"STRICT; CREATE TABLE IF NOT EXISTS \"about\" (\"name\" TEXT PRIMARY KEY, \"value\" BLOB NOT NULL) STRICT",
			problem);
	if (!code && (code = about_get(seal, "id", id, sizeof id, problem)) == 0) {
		randombytes_buf(id, sizeof id);
		code = about_put(seal, "id", id, sizeof id, problem);
	}
	if (code < 0) {
		engine_rollback(seal->engine);
		return code;
	}
	return engine_commit(seal->engine, problem);
}

/* The first credential leaves its check value; a later one must open it. */
static int check_credential(struct seal *seal, const char *credentials, struct problem *problem)
{
	unsigned char wrapped[WRAPPED], constant[KEY] = "mentorship keys.db, form 1", opened[KEY];
	int code = about_get(seal, "check", wrapped, sizeof wrapped, problem), keys = 0;

	if (!code)
		keys = has_keys(seal, problem);
	if (code < 0 || keys < 0)
		return code < 0 ? code : keys;
	if (!code && !keys) {
		wrap(seal, CHECK, constant, wrapped);
		return about_put(seal, "check", wrapped, sizeof wrapped, problem);
	}
	if (!code || !unwrap(seal, CHECK, wrapped, sizeof wrapped, opened) || memcmp(opened, constant, KEY))
		problem_set(&seal->why, E_UNAVAILABLE, NULL,
			"sealed values cannot be used: the credential %s/sealing-key is not the one that %s "
			"was made with; put that one back and restart",
			credentials, engine_name(seal->engine->db));
	return 0;
}

int seal_new(const char *state_directory, const char *credentials, struct seal **ret, struct problem *problem)
{
	struct seal *seal;
	int code;

	if (sodium_init() < 0)
		return problem_set(problem, E_STORE, NULL, "no random numbers can be had from the system");
	if (!(seal = calloc(1, sizeof *seal)) || !(seal->secrets = sodium_malloc(sizeof *seal->secrets)))
		abort();
	sodium_memzero(seal->secrets, sizeof *seal->secrets);
	if (!credentials)
		problem_set(&seal->why, E_UNAVAILABLE, NULL,
			"sealed values cannot be used: no directory of credentials was given; "
			"put a file sealing-key into one and restart");
	else
		read_credential(seal, credentials);
	if ((code = engine_open_side(state_directory, "keys.db", SEAL_APPLICATION_ID, &seal->engine, problem)) < 0 ||
		(code = prepare_tables(seal, problem)) < 0 ||
		(!seal->why.code && (code = check_credential(seal, credentials, problem)) < 0)) {
		seal_free(seal);
		return code;
	}
	*ret = seal;
	return 0;
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	engine_close(seal->engine);
	sodium_free(seal->secrets);
	free(seal);
}

int seal_ready(struct seal *seal, struct problem *problem)
{
	if (seal->why.code)
		*problem = seal->why;
	return seal->why.code;
}

int seal_secret(struct seal *seal, const char *purpose, unsigned char ret[32], struct problem *problem)
{
	int code = seal_ready(seal, problem);

	if (code == 0)
		crypto_generichash(ret, 32, (const unsigned char *)purpose, strlen(purpose), seal->secrets->credential, KEY);
	return code;
}

int seal_pair(struct seal *seal, const char *known, char ret_id[33], struct problem *problem)
{
	unsigned char id[ID];
	int code = about_get(seal, "id", id, sizeof id, problem);

	if (code < 0)
		return code;
	sodium_bin2hex(ret_id, 33, id, sizeof id);
	if (known && strcmp(known, ret_id) && !seal->why.code)
		problem_set(&seal->why, E_UNAVAILABLE, NULL,
			"sealed values cannot be used: %s is not the one that belongs to the database; stop the "
			"daemon, put the right one back (a copy lies beside the backups) and start again",
			engine_name(seal->engine->db));
	return seal_ready(seal, problem);
}

/* ---- keys of persons ---- */

static void cache_clear(struct seal *seal)
{
	sodium_memzero(seal->secrets->cache, sizeof seal->secrets->cache);
}

static unsigned char *cache_place(struct seal *seal, int64_t person, bool *ret_found)
{
	size_t at = (size_t)((uint64_t)person % CACHE);

	*ret_found = seal->secrets->cache[at].person == person;
	return seal->secrets->cache[at].key;
}

static void cache_keep(struct seal *seal, int64_t person, bool keep)
{
	seal->secrets->cache[(uint64_t)person % CACHE].person = keep ? person : 0;
}

/* 1 with the key opened into its place, 0 if the person has none. */
static int load_key(struct seal *seal, int64_t person, unsigned char *key, struct problem *problem)
{
	static const char sql[] = "SELECT \"wrapped\" FROM \"key\" WHERE \"person\" = ?1";
	struct stmt *stmt;
	const void *wrapped;
	size_t size;
	bool opened;
	int code = engine_prepare(seal->engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_int(stmt, 1, person);
	if ((code = engine_step(seal->engine, stmt, problem)) <= 0)
		return code;
	wrapped = engine_blob(stmt, 0, &size);
	opened = unwrap(seal, person, wrapped, size, key);
	engine_reset(stmt);
	if (opened)
		return 1;
	return problem_set(problem, E_STORE, NULL, "the key of person %lld in %s is damaged; put the copy beside the backups in its place",
		(long long)person, engine_name(seal->engine->db));
}

static int make_key(struct seal *seal, int64_t person, unsigned char *key, struct problem *problem)
{
	static const char sql[] = "INSERT INTO \"key\" (\"person\", \"wrapped\") VALUES (?1, ?2)";
	unsigned char wrapped[WRAPPED];
	int code;

	if (seal->batch && !seal->begun) {
		if ((code = engine_begin(seal->engine, problem)) < 0)
			return code;
		seal->begun = true;
	}
	randombytes_buf(key, KEY);
	wrap(seal, person, key, wrapped);
	return run(seal, sql, person, wrapped, sizeof wrapped, problem);
}

/* *ret: the key, in the cache, until the next call. */
static int key_of(struct seal *seal, int64_t person, bool make, const unsigned char **ret, struct problem *problem)
{
	bool found;
	unsigned char *key = cache_place(seal, person, &found);
	int code = seal_ready(seal, problem);

	if (code < 0)
		return code;
	if (!person || person == INT64_MIN)
		return problem_set(problem, E_INVALID, NULL, "a sealed value needs the person whose it is");
	*ret = key;
	if (found)
		return 0;
	cache_keep(seal, person, false);
	if ((code = load_key(seal, person, key, problem)) == 0)
		code = make ? make_key(seal, person, key, problem)
			    : problem_set(problem, E_NOTFOUND, NULL, "the key of this sealed value was forgotten: the person was erased");
	if (code < 0)
		return code;
	cache_keep(seal, person, true);
	return 0;
}

int seal_shut(struct seal *seal, struct arena *arena, int64_t person, const char *entity, int64_t id, const char *field, const char *text,
	void **ret, size_t *ret_size, struct problem *problem)
{
	const unsigned char *key;
	struct place place;
	unsigned char *out;
	size_t length = strlen(text);
	int code = key_of(seal, person, true, &key, problem);

	if (code < 0)
		return code;
	if (!place_make(&place, entity, field, id))
		return problem_set(problem, E_LIMIT, field, "the names of a sealed field are too long");
	out = arena_new(arena, 1 + NONCE + length + TAG);
	out[0] = FORM;
	encrypt(key, &place, text, length, out + 1);
	*ret = out;
	*ret_size = 1 + NONCE + length + TAG;
	return 0;
}

int seal_open(struct seal *seal, struct arena *arena, int64_t person, const char *entity, int64_t id, const char *field, const void *sealed,
	size_t size, char **ret_text, struct problem *problem)
{
	const unsigned char *key, *in = sealed;
	struct place place;
	char *text;
	int code = key_of(seal, person, false, &key, problem);

	if (code < 0)
		return code;
	if (!place_make(&place, entity, field, id))
		return problem_set(problem, E_LIMIT, field, "the names of a sealed field are too long");
	if (size < 1 + NONCE + TAG || in[0] != FORM)
		return problem_set(problem, E_STORE, field, "the sealed value is damaged");
	text = arena_new(arena, size - 1 - NONCE - TAG + 1);
	if (!decrypt(key, &place, in + 1, size - 1, (unsigned char *)text))
		return problem_set(problem, E_STORE, field, "the sealed value is damaged, or stands where it was not written");
	*ret_text = text;
	return 0;
}

/* ---- forgetting, batches, the copy ---- */

int seal_forget(struct seal *seal, int64_t person, struct problem *problem)
{
	static const char sql[] = "DELETE FROM \"key\" WHERE \"person\" = ?1";

	cache_clear(seal);
	return run(seal, sql, person, NULL, 0, problem);
}

void seal_batch_begin(struct seal *seal)
{
	seal->batch = true;
}

int seal_batch_commit(struct seal *seal, struct problem *problem)
{
	int code = seal->begun ? engine_commit(seal->engine, problem) : 0;

	seal->batch = seal->begun = false;
	if (code < 0)
		cache_clear(seal);
	return code;
}

void seal_batch_undo(struct seal *seal)
{
	if (seal->begun) {
		engine_rollback(seal->engine);
		cache_clear(seal);
	}
	seal->batch = seal->begun = false;
}

int seal_backup(struct seal *seal, const char *path, struct problem *problem)
{
	if (seal->begun)
		return problem_set(problem, E_BUSY, NULL, "keys are being made; copy them behind the commit");
	return engine_backup(seal->engine, path, problem);
}

bool seal_sync_failed(struct seal *seal)
{
	return engine_sync_failed(seal->engine);
}
