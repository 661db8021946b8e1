/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What writing and verifying the audit chain share: the two hashes and hex.
 */
#ifndef MENTORSHIP_AUDIT_INSIDE_H
#define MENTORSHIP_AUDIT_INSIDE_H

#include "audit.h"

enum {
	AUDIT_SALT = 16
};

/* What stands in the chain for the values. */
void audit_commitment(const unsigned char salt[AUDIT_SALT], const char *detail, const char *reason, unsigned char ret[32]);
/* Moves the head over one record. */
void audit_link(struct audit_head *, const struct audit_entry *, const unsigned char commitment[32]);
/* Exactly `size` bytes; false if the text is anything else. */
bool audit_unhex(const char *hex, unsigned char *ret, size_t size);

#endif
