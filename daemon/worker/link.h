/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker's end of the link: whole frames, written and read by waiting. A link that is gone ends the process: nobody is
 * there to work for.
 */
#ifndef MENTORSHIP_LINK_H
#define MENTORSHIP_LINK_H

#include "core/frame.h"

enum {
	LINK_FD = 3,
	INPUT_FD = 4,
	DIRECTORY_FD = 5
};

/* Sends a frame. Frames are gathered and leave together; link_flush sends what waits. A frame that is too long ends the process. */
void link_send(const char *const *cells, size_t count);
#define SEND(...) link_send((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
void link_flush(void);
/* "progress" (0 to 1), at most some a second. */
void link_progress(double part);
/* "fail" with a code of core/error.h and a sentence. */
void link_fail(const struct problem *);
/* The first frame of the daemon; its cells stay. False: the daemon sent something else or went. */
bool link_first(struct frame *ret);
/* The next frame of a file of frames: 1, 0 at its end, E_INVALID if it is none. */
int frames_read(int fd, struct frame_reader *, struct frame *ret);

#endif
