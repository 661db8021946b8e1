/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the audit costs: bench.py links a daemon of its own with this in the place of audit_append, so that a call writes no record.
 * Sequence numbers go on, since signals and answers carry them. Such a daemon exists in the bench alone.
 */
#include "store/audit.h"

int __wrap_audit_append(struct engine *engine, struct audit_head *head, const struct audit_entry *entry, struct problem *problem);

int __wrap_audit_append(struct engine *engine, struct audit_head *head, const struct audit_entry *entry, struct problem *problem)
{
	(void)engine;
	(void)entry;
	(void)problem;
	head->seq++;
	return 0;
}
