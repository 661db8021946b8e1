/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames: how two mentorctl talk through ssh. A letter, four bytes of length (big-endian), then so many bytes.
 *
 *   to the far side:  V version, T terminal fact NAME=VALUE, A argument, F name of a file that follows ('d' or 'f' before it),
 *                     D a piece of it, G go
 *   to the near side: V version, O piece of stdout, E piece of stderr, X exit status (one byte)
 */
#ifndef MENTORCTL_WIRE_H
#define MENTORCTL_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#define WIRE_VERSION "mentorctl 1"
enum {
	WIRE_HEAD = 5,
	WIRE_MOST = 1 << 20,
	WIRE_TOTAL = 512 << 20
};

struct wire_frame {
	char type;
	size_t length;
	char *data;
}; /* data: owned, with a NUL behind it */

/* Writes a whole frame; false: the other end is gone. */
bool wire_write(int fd, char type, const void *data, size_t length);
/* 1: *ret holds a frame, the caller frees data; 0: end of the stream; -1: no frames, or one too large. */
int wire_read(int fd, struct wire_frame *ret);

/* Makes what another machine has printed fit for this terminal: colours (ESC [ numbers m), clearing the line (ESC [ K), line ends
 * and tabs stay, every other control character comes out as \x1b and the like. State is kept between pieces; zero it first. */
struct screen {
	char held[16];
	size_t count;
};
struct buffer;
void screen_filter(struct screen *, const char *data, size_t length, struct buffer *out);
/* At the end: what was held back. */
void screen_end(struct screen *, struct buffer *out);

#endif
