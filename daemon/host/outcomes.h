/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What became of messages, kept until the daemon has written it down.
 *
 * A message that was sent and whose outcome is lost would be sent again. So an outcome is in the file before the plugin's call returns
 * (a killed process loses nothing that write() took), and goes only when the daemon named its id, which it does behind a commit of its own. That
 * commit is what brings outcomes to a disk as long as the daemon takes them at once; those that wait for it are brought there here
 * (outcomes_look). To sync each before it is told would stop mails that are under way, for a disk that is about to hear of it anyway.
 * Lines are added at the end, each with a sum of itself; a line that a kill or a power cut left half is passed over. The file is emptied
 * when nothing is kept, and written anew when most of it is old.
 *
 * A lock of the process (not of a descriptor: a plugin's child does not inherit it) keeps a second host of the same plugin away.
 */
#ifndef MENTORSHIP_HOST_OUTCOMES_H
#define MENTORSHIP_HOST_OUTCOMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum {
	DETAIL_BYTES = 256, /* of an outcome, its NUL included */
	OUTCOMES_FILE_BYTES = 256 << 10
};

struct outcome {
	int64_t id;
	int outcome; /* enum mentorship_outcome */
	bool told;   /* a report that names it is under way */
	char detail[DETAIL_BYTES];
};

struct outcomes {
	int directory, lock, file;
	bool dirty;     /* written, and not yet on the disk */
	int64_t oldest; /* the first that was kept when it was looked at last; 0: none */
	size_t bytes;
	struct outcome *list; /* in the order in which they came */
	size_t count, room;
};

/* Opens DIRECTORY/.host, waits up to `seconds` for the lock and reads what is kept. E_BUSY: another host holds it. */
int outcomes_open(const char *directory, int seconds, struct outcomes *ret, struct problem *);
/* Keeps one; `detail` is clean and shorter than DETAIL_BYTES. An error means that it is kept in memory alone. */
int outcomes_keep(struct outcomes *, int64_t id, int outcome, const char *detail, struct problem *);
/* Brings what was kept to the disk. */
int outcomes_sync(struct outcomes *, struct problem *);
/* Once a second: the same if the daemon has taken nothing since the last look. */
int outcomes_look(struct outcomes *, struct problem *);
const struct outcome *outcomes_find(const struct outcomes *, int64_t id);
/* The daemon has them. */
int outcomes_drop(struct outcomes *, const int64_t *ids, size_t count, struct problem *);
void outcomes_close(struct outcomes *);

#endif
