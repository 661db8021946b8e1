/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sealing: values of class SEALED under a key per person.
 *
 * XChaCha20-Poly1305, with entity, id and field as associated data, so that a sealed value moved to another place does
 * not open. The keys lie in keys.db, wrapped by the credential `sealing-key`; a missing or wrong credential is
 * E_UNAVAILABLE, never a new key silently. Forgetting a person's key makes every copy of their sealed values,
 * older backups of the data included, unreadable. keys.db commits by itself, before the data that needs the key.
 */
#ifndef MENTORSHIP_SEAL_H
#define MENTORSHIP_SEAL_H

#include <stddef.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/error.h"

struct seal;

/* `credentials` may be NULL or lack the key: then every seal_shut and seal_open is E_UNAVAILABLE. A new keys.db remembers a check value of the
 * credential; another credential later is E_UNAVAILABLE, with a problem that says which file is wrong. */
int seal_new(const char *state_directory, const char *credentials, struct seal **ret, struct problem *);
void seal_free(struct seal *);
/* The sealed bytes (arena). A person without key gets one. */
int seal_shut(struct seal *, struct arena *, int64_t person, const char *entity, int64_t id, const char *field,
              const char *text, void **ret, size_t *ret_size, struct problem *);
/* E_NOTFOUND if the person's key was forgotten. */
int seal_open(struct seal *, struct arena *, int64_t person, const char *entity, int64_t id, const char *field,
              const void *sealed, size_t size, char **ret_text, struct problem *);
/* Deletes the key, in file and log of keys.db, for good. Absent: fine. */
int seal_forget(struct seal *, int64_t person, struct problem *);
/* Makes `path` a copy of keys.db (for the backup directory: there is only the newest one). */
int seal_backup(struct seal *, const char *path, struct problem *);
/* Opens the keys that a batch of rows needs before a read transaction of its own. */

#endif
