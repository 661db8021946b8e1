/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts that lie sealed in a column of text, in hex, under any key: of a person, or of a thing whose key is forgotten when it is over.
 * Numbers of persons are above zero, so things have negative ones: an import its own (-id), a wave one far below.
 */
#include <sodium.h>
#include <string.h>

#include "internal.h"

int text_shut(struct call *call, int64_t key, const char *entity, int64_t id, const char *field, const char *text, char **ret)
{
	struct store *s = call->store;
	void *shut;
	size_t size;
	int r = s->seal ? seal_shut(s->seal, call->arena, key, entity, id, field, text, &shut, &size, &call->problem)
			: fail(call, E_UNAVAILABLE, field, "cannot be kept: %s", s->sealing.text);

	if (r)
		return r;
	*ret = arena_new(call->arena, 2 * size + 1);
	sodium_bin2hex(*ret, 2 * size + 1, shut, size);
	return 0;
}

int text_open(struct call *call, int64_t key, const char *entity, int64_t id, const char *field, const char *shut, char **ret)
{
	struct store *s = call->store;
	size_t size = strlen(shut) / 2;
	unsigned char *bytes = arena_new(call->arena, size + 1);

	if (!s->seal)
		return fail(call, E_UNAVAILABLE, field, "cannot be read: %s", s->sealing.text);
	if (sodium_hex2bin(bytes, size, shut, strlen(shut), NULL, &size, NULL))
		return fail(call, E_STORE, field, "the sealed value is damaged");
	return seal_open(s->seal, call->arena, key, entity, id, field, bytes, size, ret, &call->problem);
}

int key_forget(struct call *call, int64_t key)
{
	return call->store->seal ? seal_forget(call->store->seal, key, &call->problem) : 0;
}
