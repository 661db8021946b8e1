/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker gives up before it looks at a byte of input.
 *
 * limits: memory, time of the processor, no core, few descriptors. sandbox_enter: no new privileges; Landlock, so that no file can be
 * opened but those of the database, and these only read (the index of its log is shared memory and must be written); then a
 * list of system calls (seccomp), any other ends the process. No sockets, no processes, no threads, no signals to others.
 */
#ifndef MENTORSHIP_SANDBOX_H
#define MENTORSHIP_SANDBOX_H

#include "core/error.h"

/* memory in MiB, time in seconds; both as the daemon set them. Who gets no more memory and aborts ends with FRAME_NO_MEMORY. */
void limits_set(long memory, long seconds);
/* `directory`: descriptor of the database's directory, or -1: no file at all. E_UNAVAILABLE: this system cannot do it; nothing may be read. */
int sandbox_enter(int directory, struct problem *);

#endif
