/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a mail that came to the address for bounces: what is made of it are words that the daemon may be told, and the ends of its lines
 * make no difference.
 */
#include "../../plugins/dsn.c"

#include "fuzz.h"

static void check_words(const struct dsn *dsn)
{
	const char *texts[] = { dsn->message_id, dsn->to, dsn->status };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (const char *at = texts[i]; *at; at++)
			check(*at > ' ' && *at < 0x7f && *at != '<' && *at != '>', "a word is one");
	check(!*dsn->message_id || strchr(dsn->message_id, '@'), "an id has a domain");
	check((dsn->kind >= DSN_DELAYED) == (*dsn->status != '\0'), "what failed or is delayed has a status, and nothing else has");
	check(!*dsn->status || ((*dsn->status == '4' || *dsn->status == '5') && dsn->status[1] == '.'), "a status is one");
	check(dsn->kind != DSN_NONE || (!*dsn->message_id && !*dsn->to), "of another mail nothing is told");
	check(strlen(dsn->detail) < DSN_DETAIL_SIZE && strspn(dsn->detail, "0123456789. ") == strlen(dsn->detail), "a detail is numbers");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dsn dsn, other;
	char *text = malloc(2 * size + 1);
	size_t length = 0;

	check(text != NULL, "memory");
	dsn_read((const char *)data, size, &dsn);
	check_words(&dsn);
	if (!memchr(data, '\r', size)) {
		for (size_t i = 0; i < size; i++) {
			if (data[i] == '\n')
				text[length++] = '\r';
			text[length++] = (char)data[i];
		}
		dsn_read(text, length, &other);
		check(!memcmp(&dsn, &other, sizeof dsn), "the same with the other ends of lines");
	}
	free(text);
	return 0;
}
