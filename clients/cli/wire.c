/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * See wire.h. Nothing that arrives is believed: a length beyond the limit ends the talk, a sequence that is not one of the few
 * allowed ones is shown, not obeyed.
 */
#include "wire.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"

static bool write_all(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		length -= (size_t)n;
	}
	return true;
}

bool wire_write(int fd, char type, const void *data, size_t length)
{
	char head[WIRE_HEAD] = { type, (char)(length >> 24), (char)(length >> 16), (char)(length >> 8), (char)length };

	return length <= WIRE_MOST && write_all(fd, head, sizeof head) && write_all(fd, data, length);
}

static ssize_t read_all(int fd, char *data, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = read(fd, data + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int wire_read(int fd, struct wire_frame *ret)
{
	unsigned char head[WIRE_HEAD];
	ssize_t n = read_all(fd, (char *)head, sizeof head);
	size_t length;
	char *data;

	if (n != sizeof head)
		return n ? -1 : 0;
	length = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	if (length > WIRE_MOST || !strchr("VTAFDGOEX", head[0]))
		return -1;
	data = calloc(1, length + 1);
	if (!data)
		abort();
	if (read_all(fd, data, length) != (ssize_t)length) {
		free(data);
		return -1;
	}
	*ret = (struct wire_frame){ .type = (char)head[0], .length = length, .data = data };
	return 1;
}

/* ---- what another machine printed ---- */

/* How much of ESC [ 0-9;* m or ESC [ K is held: 1 complete, 0 may become one, -1 is none. */
static int sequence(const struct screen *screen)
{
	for (size_t i = 0; i < screen->count; i++) {
		char c = screen->held[i];

		if (i == 0 ? c != 033 : i == 1 ? c != '[' : 0)
			return -1;
		if (i < 2)
			continue;
		if (c == 'm' || (c == 'K' && i == 2))
			return i + 1 == screen->count ? 1 : -1;
		if (!(c >= '0' && c <= '9') && c != ';')
			return -1;
	}
	return screen->count < sizeof screen->held - 1 ? 0 : -1;
}

/* Bytes that belong to a character that is not complete yet. */
static bool incomplete(const char *text, size_t length)
{
	unsigned char first = (unsigned char)text[0];
	size_t wanted = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;

	return length < wanted;
}

static void show(struct buffer *out, const char *text, size_t length)
{
	char piece[8];

	memcpy(piece, text, length);
	piece[length] = 0;
	if (length == 1 && !piece[0])
		buffer_text(out, "\\x00");
	else
		encode_terminal_lines(out, piece);
}

/* Shows the first character held, and lets the others be looked at again. */
static void release_one(struct screen *screen, struct buffer *out)
{
	uint32_t point;
	int n = text_decode(screen->held, screen->count, &point);
	size_t length = n ? (size_t)n : 1;

	show(out, screen->held, length);
	screen->count -= length;
	memmove(screen->held, screen->held + length, screen->count);
}

void screen_filter(struct screen *screen, const char *data, size_t length, struct buffer *out)
{
	for (size_t i = 0; i < length; i++) {
		screen->held[screen->count++] = data[i];
		while (screen->count) {
			int is = screen->held[0] == 033 ? sequence(screen) : -1;

			if (is > 0 || (screen->held[0] == '\r' && screen->count == 1)) {
				buffer_add(out, screen->held, screen->count);
				screen->count = 0;
			} else if (is == 0 || (screen->held[0] != 033 && incomplete(screen->held, screen->count))) {
				break;
			} else {
				release_one(screen, out);
			}
		}
	}
}

void screen_end(struct screen *screen, struct buffer *out)
{
	while (screen->count)
		release_one(screen, out);
}
