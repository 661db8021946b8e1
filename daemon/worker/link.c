/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	GATHERED = 65536,
	CHUNK = 65536,
	PROGRESS_MILLISECONDS = 100
};

static struct buffer out;

void link_flush(void)
{
	const char *at = out.data;
	size_t left = out.length;

	while (left) {
		ssize_t n = write(LINK_FD, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		at += n;
		left -= (size_t)n;
	}
	buffer_clear(&out);
}

void link_send(const char *const *cells, size_t count)
{
	if (frame_add(&out, cells, count) < 0)
		_exit(1);
	if (out.length >= GATHERED)
		link_flush();
}

void link_progress(double part)
{
	static int64_t last = -PROGRESS_MILLISECONDS;
	struct timespec now;
	int64_t milliseconds;
	char text[32];

	clock_gettime(CLOCK_MONOTONIC, &now);
	milliseconds = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (milliseconds - last < PROGRESS_MILLISECONDS || !(part >= 0 && part <= 1))
		return;
	last = milliseconds;
	snprintf(text, sizeof text, "%.4f", part);
	SEND("progress", text);
	link_flush();
}

void link_fail(const struct problem *problem)
{
	char code[16], text[sizeof problem->text + sizeof problem->field + 4];

	snprintf(code, sizeof code, "%d", problem->code);
	snprintf(text, sizeof text, "%s%s%s", problem->field, *problem->field ? ": " : "", problem->text);
	text[sizeof problem->text - 1] = 0;
	SEND("fail", code, text);
	link_flush();
}

int frames_read(int fd, struct frame_reader *reader, struct frame *ret)
{
	char bytes[CHUNK];
	ssize_t n;
	int r;

	while (!(r = frame_next(reader, ret))) {
		n = read(fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 || reader->in.length != reader->used ? E_INVALID : 0;
		frame_feed(reader, bytes, (size_t)n);
	}
	return r;
}

bool link_first(struct frame *ret)
{
	static struct frame_reader reader;

	return frames_read(LINK_FD, &reader, ret) > 0 && ret->count > 0 && ret->cells[0];
}
