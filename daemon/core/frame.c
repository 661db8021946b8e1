/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void put(struct buffer *out, uint32_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buffer_char(out, (char)(n >> 8 * i & 0xff));
}

static uint32_t get(const char *at, int bytes)
{
	uint32_t n = 0;

	for (int i = 0; i < bytes; i++)
		n |= (uint32_t)(unsigned char)at[i] << 8 * i;
	return n;
}

int frame_add(struct buffer *out, const char *const *cells, size_t count)
{
	size_t total = 2;

	if (count > FRAME_CELLS)
		return E_LIMIT;
	for (size_t i = 0; i < count; i++)
		total += 4 + (cells[i] ? strlen(cells[i]) : 0);
	if (total > FRAME_MAX)
		return E_LIMIT;
	put(out, (uint32_t)total, 4);
	put(out, (uint32_t)count, 2);
	for (size_t i = 0; i < count; i++) {
		size_t length = cells[i] ? strlen(cells[i]) : 0;

		put(out, cells[i] ? (uint32_t)length : UINT32_MAX, 4);
		buffer_add(out, cells[i], length);
	}
	return 0;
}

void frame_feed(struct frame_reader *reader, const char *bytes, size_t count)
{
	if (reader->used) { /* what was taken makes room */
		memmove(reader->in.data, reader->in.data + reader->used, reader->in.length - reader->used);
		reader->in.length -= reader->used;
		reader->used = 0;
	}
	buffer_add(&reader->in, bytes, count);
}

int frame_next(struct frame_reader *reader, struct frame *ret)
{
	const char *at = reader->in.data + reader->used, *end;
	size_t left = reader->in.length - reader->used, total;
	char *to;

	if (left < 4)
		return 0;
	total = get(at, 4);
	if (total < 2 || total > FRAME_MAX)
		return E_INVALID;
	if (left < 4 + total)
		return 0;
	at += 4;
	end = at + total;
	ret->count = get(at, 2);
	at += 2;
	if (ret->count > FRAME_CELLS)
		return E_INVALID;
	free(reader->copy);
	reader->copy = to = malloc(total + ret->count + 1);
	if (!to)
		abort();
	for (size_t i = 0; i < ret->count; i++) {
		uint32_t length;

		if (end - at < 4)
			return E_INVALID;
		length = get(at, 4);
		at += 4;
		ret->cells[i] = NULL;
		if (length == UINT32_MAX)
			continue;
		if ((size_t)(end - at) < length || memchr(at, 0, length))
			return E_INVALID;
		ret->cells[i] = memcpy(to, at, length);
		to[length] = 0;
		to += length + 1;
		at += length;
	}
	if (at != end)
		return E_INVALID;
	reader->used += 4 + total;
	return 1;
}

void frame_reader_free(struct frame_reader *reader)
{
	buffer_free(&reader->in);
	free(reader->copy);
	reader->copy = NULL;
	reader->used = 0;
}

bool frame_number(const char *cell, int64_t *ret)
{
	char *end;

	if (!cell || !*cell)
		return false;
	errno = 0;
	*ret = strtoll(cell, &end, 10);
	return !*end && !errno;
}
