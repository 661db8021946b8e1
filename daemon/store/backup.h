/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Backups, the way back, and what must outlive both: erasures and the installation's id.
 *
 * A backup is one file in the backup directory, named by its time and given by that name, never by a path. Beside them lie the
 * newest keys.db and erasures (older keys would open what was forgotten). A restore is offline and takes the lock; killed at any
 * instruction it leaves the old database or the new one. It makes a new installation id, so that what was restored, like what was
 * copied elsewhere, is known as such and starts held.
 */
#ifndef MENTORSHIP_BACKUP_H
#define MENTORSHIP_BACKUP_H

#include "audit.h"
#include "engine.h"
#include "seal.h"

enum {
	BACKUP_NAME = 64,
	INSTALLATION = 33
};

/* Where things lie: `state` has mentorship.db, keys.db, erasures, installation, lock; both directories are 0700 and ours. */
struct backup_paths {
	const char *state, *backups;
};

/* Makes a backup: "mentorship-20261123T201500Z.db" of `now` (seconds UTC; the second one of a second ends in "-2.db"), checked and synced,
 * with keys.db (seal may be NULL) and erasures beside it. The backup directory is made if absent. */
int backup_make(struct engine *, struct seal *, const struct backup_paths *, int64_t now, char ret_name[BACKUP_NAME], struct problem *);
/* The same in steps of some milliseconds. 1: more to do, 0: done. backup_free at any time, before engine and seal are closed. */
struct backup;
int backup_begin(struct engine *, struct seal *, const struct backup_paths *, int64_t now, struct backup **ret, struct problem *);
int backup_step(struct backup *, struct problem *);
const char *backup_name(const struct backup *);
void backup_free(struct backup *);
/* Copies keys.db and erasures anew; to be called behind seal_forget, else the copy would still have the key. */
int backup_beside(struct seal *, const struct backup_paths *, struct problem *);
/* Removes backups that are older than `days`, those before migrations too; never the newest one. */
int backup_prune(const char *backups, int64_t now, int64_t days, int *ret_removed, struct problem *);
/* Calls `seen` with each name and its time, oldest first. */
int backup_each(const char *backups, int (*seen)(void *, const char *name, int64_t time), void *, struct problem *);
/* May this be a backup's name? 0 or E_INVALID: letters, digits, '.', '_' and '-', no '.' in front. */
int backup_name_check(const char *name, struct problem *);
/* The audit head inside a backup, for audit_verify. Only for files that are not open as a database in this process. */
int backup_head(const char *backups, const char *name, struct audit_head *, struct problem *);

/* Puts a backup in the database's place: the daemon must not run (E_BUSY), the backup is looked at and checked first. What was there is
 * kept as damaged-TIME.db. keys.db and erasures are taken from beside the backups only if absent or damaged here. */
int backup_restore(const struct backup_paths *, const char *name, struct problem *);

/* Notes for ever that something was erased ("person") or ended ("link"); on the disk when this returns. */
int erasures_add(const char *state, const char *kind, int64_t id, int64_t time, struct problem *);
/* Each note in order; stops where `seen` is not 0 and returns that. A last line that a crash cut off is left out. */
int erasures_each(const char *state, int (*seen)(void *, const char *kind, int64_t id, int64_t time), void *, struct problem *);

/* Which installation this directory is: made of the file `installation`, the machine, and the file's place on the disk, so that a copied
 * directory is another one. 1: there is none yet. The database keeps the id that it was resumed under; if they differ it is held. */
int installation_read(const char *state, char ret[INSTALLATION], struct problem *);
int installation_new(const char *state, char ret[INSTALLATION], struct problem *);

#endif
