/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon says of itself to systemd and the journal: a status line, events, the head of the audit chain. Numbers and kinds
 * only: the text of a problem may hold values, so what goes to the journal is chosen by its code.
 */
#include <inttypes.h>
#include <sodium.h>

#include "core/log.h"
#include "core/service.h"
#include "daemon.h"

enum event_kind event_of(int code)
{
	switch (code) {
	case E_FULL: return EVENT_STORE_FULL;
	case E_READONLY: return EVENT_STORE_READ_ONLY;
	case E_BUSY: return EVENT_DIRECTORY_IN_USE;
	default: return EVENT_STORE_FAILED;
	}
}

static int64_t count(struct daemon *daemon, const char *sql)
{
	struct problem problem;
	struct stmt *stmt;
	int64_t number = 0;

	if (engine_prepare(store_engine(daemon->store), sql, true, &stmt, &problem))
		return 0;
	if (engine_step(store_engine(daemon->store), stmt, &problem) > 0)
		number = engine_int(stmt, 0);
	engine_reset(stmt);
	return number;
}

void status_tell(struct daemon *daemon, bool ready)
{
	int64_t next = scheduler_next(daemon->scheduler);
	struct service_counts counts = {
		.programs = count(daemon, "SELECT count(*) FROM \"program\" WHERE \"state\" <> 'archived'"),
		.jobs = count(daemon, "SELECT count(*) FROM (SELECT 1 FROM \"job\" WHERE \"state\" = 'waiting' LIMIT 100000)"),
		.next_job = next == NONE ? 0 : next,
	};
	enum service_phase phase = store_held(daemon->store) ? SERVICE_HELD : SERVICE_SERVING;

	if (ready)
		service_ready(phase, &counts);
	else
		service_status(phase, &counts);
}

/* The head of the audit chain goes to the journal, where nobody who can write the database can write. */
void head_tell(struct daemon *daemon)
{
	unsigned char hash[32];
	char hex[65];
	int64_t seq;

	store_audit_head(daemon->store, &seq, hex);
	if (seq == daemon->head_seq || sodium_hex2bin(hash, sizeof hash, hex, 64, NULL, NULL, NULL))
		return;
	log_event(EVENT_AUDIT_HEAD, &(struct log_facts){ .sequence = seq, .hash = hash });
	daemon->head_seq = seq;
}

void log_level_take(const struct settings *settings)
{
	log_level_set((int)settings->log.level + 3);
}
