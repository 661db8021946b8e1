/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames: what daemon and worker say to each other over a socket pair.
 *
 * A frame is a list of cells, each a text or none; the first one is its word ("progress", "row", "done" ...). On the wire: four bytes
 * of length of the rest, two of the number of cells, then for each cell four bytes of length (0xffffffff: none) and its
 * bytes; numbers least byte first. Both sides refuse what is longer than FRAME_MAX or does not add up: the
 * daemon reads a worker like a stranger.
 */
#ifndef MENTORSHIP_FRAME_H
#define MENTORSHIP_FRAME_H

#include "error.h"
#include "text.h"

enum {
	FRAME_MAX = 1 << 20,
	FRAME_CELLS = 1100,
	FRAME_NO_MEMORY = 12 /* what a worker exits with that was given no more memory, and so can send no frame that says it */
};

struct frame {
	char *cells[FRAME_CELLS]; /* NUL-ended, inside the reader's memory until the next frame_next; NULL: none */
	size_t count;
};
struct frame_reader {
	struct buffer in;
	size_t used;
	char *copy;
}; /* { 0 } is empty */

/* Appends a frame of the given cells. E_LIMIT: too long. */
int frame_add(struct buffer *out, const char *const *cells, size_t count);
#define FRAME(out, ...) frame_add(out, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
/* Bytes that were read. */
void frame_feed(struct frame_reader *, const char *bytes, size_t count);
/* 1: a frame; 0: more bytes are needed; E_INVALID: this is no stream of frames. */
int frame_next(struct frame_reader *, struct frame *ret);
void frame_reader_free(struct frame_reader *);

/* A cell as a whole number; false if it is none. */
bool frame_number(const char *cell, int64_t *ret);

#endif
