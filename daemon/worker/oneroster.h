/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OneRoster 1.1 and 1.2 as a set of CSV files in bulk mode: who is at a school, in which role, grade and class.
 *
 * Read are manifest, orgs, academicSessions, courses, classes, users, roles, demographics and enrollments; of these only
 * the columns named here, so passwords and the many other personal details of such sets are never looked at. The mapping's
 * `join` lines say who takes part and as what; nobody else leaves. Rows whose status is not active are left out. A link
 * to something that is not in the set is a problem where it decides about a person, a notice elsewhere.
 */
#ifndef MENTORSHIP_ONEROSTER_H
#define MENTORSHIP_ONEROSTER_H

#include "mapping.h"
#include "roster.h"

struct oneroster_file {
	const char *name; /* such as "users.csv" */
	const char *data;
	size_t size;
	int64_t read, taken, left_out; /* written by oneroster_read */
	int used;                      /* 1 if the file is one that is read */
};

/* Reads a set into the roster; everything wrong is said there. */
void oneroster_read(struct roster *, const struct mapping_section *, struct oneroster_file *files, size_t count);
/* Is it a file of such a set that is read? The letters' case does not count. */
int oneroster_reads(const char *name);

#endif
