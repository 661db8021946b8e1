/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sealing: values of class SEALED under a key per person.
 *
 * XChaCha20-Poly1305, with entity, id and field as associated data, so that a sealed value moved to another place does
 * not open. The keys lie in keys.db, wrapped by the credential `sealing-key`; a missing or wrong credential is
 * E_UNAVAILABLE, never a new key silently. Forgetting a person's key makes every copy of their sealed values,
 * older backups of the data included, unreadable. keys.db commits by itself, before the data that needs the key.
 *
 * keys.db keeps a rollback journal instead of a log: what is deleted is overwritten in the one file with the commit that deletes it
 * (secure_delete), and there is no second file from which it would still have to be moved. What the file system frees (the
 * journal) holds only keys that are wrapped by the credential.
 */
#ifndef MENTORSHIP_SEAL_H
#define MENTORSHIP_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/error.h"

enum {
	SEAL_APPLICATION_ID = 0x4d454e4b
}; /* "MENK", in the header of keys.db */

struct seal;

/* `credentials` may be NULL or lack the key: then every seal_shut and seal_open is E_UNAVAILABLE. A new keys.db
 * remembers a check value of the
 * credential; another credential later is E_UNAVAILABLE, with a problem that says which file is wrong. */
int seal_new(const char *state_directory, const char *credentials, struct seal **ret, struct problem *);
void seal_free(struct seal *);
/* The sealed bytes (arena). A person without key gets one. */
int seal_shut(struct seal *, struct arena *, int64_t person, const char *entity, int64_t id, const char *field, const char *text,
	void **ret, size_t *ret_size, struct problem *);
/* E_NOTFOUND if the person's key was forgotten. */
int seal_open(struct seal *, struct arena *, int64_t person, const char *entity, int64_t id, const char *field, const void *sealed,
	size_t size, char **ret_text, struct problem *);
/* Deletes the key for good: overwritten in keys.db, and no log or journal of it stays. Absent: fine; works without the credential. Call
 * it behind the commit that cleared the values (a key that went before an undone commit takes the values along), and again for each
 * recorded erasure at start. */
int seal_forget(struct seal *, int64_t person, struct problem *);
/* Makes `path` a copy of keys.db (for the backup directory: there is only the newest one). */
int seal_backup(struct seal *, const char *path, struct problem *);
/* New keys of many people in one commit: between begin and commit nothing of keys.db is durable, so commit it before the data. If it fails
 * the data must not be committed. Undo is for a turn that is given up; keys of nobody do no harm either. Without a batch each key
 * commits by itself. */
void seal_batch_begin(struct seal *);
int seal_batch_commit(struct seal *, struct problem *);
void seal_batch_undo(struct seal *);
/* Ties data and keys: `known` is the id of keys.db that the database noted, NULL if it noted none yet; ret_id the id of this one. If they
 * differ (keys.db was lost and made anew, or comes from elsewhere) sealing is E_UNAVAILABLE from here on, and so is the result. */
int seal_pair(struct seal *, const char *known, char ret_id[33], struct problem *);
/* A secret of this installation for one purpose: the same for the same purpose and credential, and nothing else tells it. */
int seal_secret(struct seal *, const char *purpose, unsigned char ret[32], struct problem *);
/* 0, or E_UNAVAILABLE and why: what seal_shut and seal_open would say. */
int seal_ready(struct seal *, struct problem *);
/* As engine_sync_failed, of keys.db: the process must end. */
bool seal_sync_failed(struct seal *);

#endif
