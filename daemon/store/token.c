/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tokens of links: a keyed BLAKE2b of id and generation under the credential `link-key`, in base64url; the database has their SHA-256.
 *
 * So a copy of the database, a backup and a log hold nothing that opens a page, and with the same key the same token goes into every
 * attempt to send a mail. Without the key no link can be made: E_UNAVAILABLE.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "model/model.h"

enum {
	KEY_LEAST = 32,
	KEY_MOST = 4096
};

/* Whatever the credential holds, at least 32 bytes of it, becomes a key by a hash of its own. */
static bool key_read(const char *directory, unsigned char key[crypto_generichash_KEYBYTES])
{
	static const char context[] = "mentorship links 1";
	unsigned char bytes[KEY_MOST];
	char path[4096];
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, "%s/link-key", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	length = read(fd, bytes, sizeof bytes);
	close(fd);
	if (length >= KEY_LEAST)
		crypto_generichash(key, crypto_generichash_KEYBYTES, bytes, (size_t)length, (const unsigned char *)context, sizeof context);
	sodium_memzero(bytes, sizeof bytes);
	return length >= KEY_LEAST;
}

int link_token(struct call *call, int64_t id, int64_t generation, char token[TOKEN_SIZE], char hash[65])
{
	struct store *s = call->store;
	unsigned char input[16], output[32];

	if (!s->link_key_read)
		s->has_link_key = s->paths.credentials && key_read(s->paths.credentials, s->link_key);
	s->link_key_read = true;
	if (!s->has_link_key)
		return fail(call, E_UNAVAILABLE, NULL,
			"no link can be made: put a file link-key of at least 32 random bytes into the directory "
			"of credentials and restart");
	for (int i = 0; i < 8; i++) {
		input[i] = (unsigned char)((uint64_t)id >> 8 * i);
		input[8 + i] = (unsigned char)((uint64_t)generation >> 8 * i);
	}
	crypto_generichash(output, sizeof output, input, sizeof input, s->link_key, sizeof s->link_key);
	sodium_bin2base64(token, TOKEN_SIZE, output, sizeof output, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return link_hash(token, hash) ? 0 : E_INVALID;
}

bool link_hash(const char *token, char hash[65])
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (strlen(token) != TOKEN_SIZE - 1 || strspn(token, letters) != TOKEN_SIZE - 1)
		return false;
	crypto_hash_sha256(digest, (const unsigned char *)token, TOKEN_SIZE - 1);
	sodium_bin2hex(hash, 65, digest, sizeof digest);
	return true;
}

int link_find(struct call *call, const char *token, struct invitation **ret)
{
	const struct shape *shape = shape_of(&invitation_entity);
	struct stmt *q;
	char hash[65];
	int r;

	*ret = NULL;
	if (!link_hash(token, hash))
		return 0;
	r = record_prepare_each(call->store, shape, "\"token_hash\" = ?1", &q, &call->problem);
	if (r)
		return r;
	engine_bind_text(q, 1, hash);
	r = engine_step(call->store->engine, q, &call->problem);
	if (r <= 0)
		return r;
	*ret = arena_new(call->arena, sizeof **ret);
	record_read_row(call->arena, shape, q, *ret);
	engine_reset(q);
	return 0;
}
