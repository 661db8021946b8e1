/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing the audit chain (audit.h says what it is; looking at it again is audit_verify.c).
 *
 * The table is the entity audit_record's; this file expects of it
 *
 *   id INTEGER PRIMARY KEY (the sequence number, without gaps), version, time, uid, person, for_person INTEGER, way, verb, entity TEXT,
 *   record INTEGER, fields, reason TEXT, program, match, about INTEGER, what TEXT,
 *   commitment TEXT, chain TEXT (64 hex digits each), salt TEXT (32 hex digits; NULL once erased), detail TEXT
 *
 * Numbers go into a hash as eight bytes, least first, texts behind their length, so that no two records give the same bytes.
 * One statement, prepared once, writes a record; nothing here allocates.
 */
#include "audit_inside.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/entity.h"
#include "core/text.h"

/* ---- hashes ---- */

static void add_number(crypto_generichash_state *state, int64_t number)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)number >> 8 * i);
	crypto_generichash_update(state, bytes, sizeof bytes);
}

/* An absent text differs from an empty one. */
static void add_text(crypto_generichash_state *state, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	add_number(state, text ? (int64_t)length : -1);
	if (length)
		crypto_generichash_update(state, (const unsigned char *)text, length);
}

void audit_commitment(const unsigned char salt[AUDIT_SALT], const char *detail, const char *reason, unsigned char ret[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, salt, AUDIT_SALT, 32);
	add_text(&state, detail);
	add_text(&state, reason);
	crypto_generichash_final(&state, ret, 32);
}

void audit_link(struct audit_head *head, const struct audit_entry *entry, const unsigned char commitment[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, 32);
	crypto_generichash_update(&state, head->chain, 32);
	add_number(&state, head->seq + 1);
	add_number(&state, entry->time);
	add_number(&state, entry->uid);
	add_number(&state, entry->person);
	add_number(&state, entry->for_person);
	add_text(&state, entry->way);
	add_text(&state, entry->verb);
	add_text(&state, entry->entity);
	add_number(&state, entry->id);
	add_text(&state, entry->fields);
	add_number(&state, entry->program);
	add_number(&state, entry->match);
	add_number(&state, entry->about);
	add_text(&state, entry->what);
	crypto_generichash_update(&state, commitment, 32);
	crypto_generichash_final(&state, head->chain, 32);
	head->seq++;
}

/* ---- reading the head, appending ---- */

int audit_load(struct engine *engine, struct audit_head *head, struct problem *problem)
{
	static const char sql[] = "SELECT \"id\", \"chain\" FROM \"audit_record\" ORDER BY \"id\" DESC LIMIT 1";
	struct stmt *stmt;
	int code;

	if (sodium_init() < 0)
		return problem_set(problem, E_STORE, NULL, "no random numbers can be had from the system");
	*head = (struct audit_head){ 0 };
	if ((code = engine_prepare(engine, sql, true, &stmt, problem)) < 0 || (code = engine_step(engine, stmt, problem)) <= 0)
		return code;
	head->seq = engine_int(stmt, 0);
	code = audit_unhex(engine_text(stmt, 1), head->chain, sizeof head->chain);
	engine_reset(stmt);
	return code ? 0
		    : problem_set(problem, E_STORE, NULL,
			      "the last audit record is damaged; stop the daemon and put a backup in its "
			      "place: mentorshipd --restore NAME");
}

bool audit_unhex(const char *hex, unsigned char *ret, size_t size)
{
	size_t length = 0;

	return hex && strlen(hex) == 2 * size && !sodium_hex2bin(ret, size, hex, 2 * size, NULL, &length, NULL) && length == size;
}

static void bind_entry(struct stmt *stmt, int64_t seq, const struct audit_entry *entry)
{
	engine_bind_int(stmt, 1, seq);
	engine_bind_int(stmt, 2, entry->time);
	engine_bind_int(stmt, 3, entry->uid);
	engine_bind_int(stmt, 4, entry->person);
	engine_bind_int(stmt, 5, entry->for_person);
	engine_bind_text(stmt, 6, entry->way);
	engine_bind_text(stmt, 7, entry->verb);
	engine_bind_text(stmt, 8, entry->entity);
	engine_bind_int(stmt, 9, entry->id);
	engine_bind_text(stmt, 10, entry->fields);
	engine_bind_text(stmt, 11, entry->reason);
	engine_bind_int(stmt, 12, entry->program);
	engine_bind_int(stmt, 13, entry->match);
	engine_bind_int(stmt, 14, entry->about);
	engine_bind_text(stmt, 15, entry->what);
	engine_bind_text(stmt, 16, entry->detail);
}

int audit_append(struct engine *engine, struct audit_head *head, const struct audit_entry *entry, struct problem *problem)
{
	static const char sql[] =
		"INSERT INTO \"audit_record\" (\"id\", \"version\", \"time\", \"uid\", \"person\", \"for_person\", \"way\", "
		"\"verb\", \"entity\", \"record\", \"fields\", \"reason\", \"program\", \"match\", \"about\", \"what\", \"detail\", "
		"\"commitment\", \"chain\", \"salt\") VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
		"?17, ?18, ?19)";
	unsigned char salt[AUDIT_SALT], commitment[32];
	char salt_hex[2 * AUDIT_SALT + 1], commitment_hex[65], chain_hex[65];
	struct audit_head next = *head;
	struct stmt *stmt;
	int code;

	if ((code = engine_prepare(engine, sql, true, &stmt, problem)) < 0)
		return code;
	randombytes_buf(salt, sizeof salt);
	audit_commitment(salt, entry->detail, entry->reason, commitment);
	audit_link(&next, entry, commitment);
	bind_entry(stmt, next.seq, entry);
	engine_bind_text(stmt, 17, sodium_bin2hex(commitment_hex, sizeof commitment_hex, commitment, sizeof commitment));
	engine_bind_text(stmt, 18, sodium_bin2hex(chain_hex, sizeof chain_hex, next.chain, sizeof next.chain));
	engine_bind_text(stmt, 19, sodium_bin2hex(salt_hex, sizeof salt_hex, salt, sizeof salt));
	if ((code = engine_step(engine, stmt, problem)) < 0)
		return code;
	*head = next;
	return 0;
}

/* ---- erasing ---- */

/* A list of ascending numbers on its way to "3 7-9". */
struct ranges {
	struct buffer text;
	int64_t first, last;
};

static void ranges_end(struct ranges *ranges)
{
	if (ranges->last == NONE)
		return;
	buffer_print(&ranges->text, "%s%lld", ranges->text.length ? " " : "", (long long)ranges->first);
	if (ranges->last != ranges->first)
		buffer_print(&ranges->text, "-%lld", (long long)ranges->last);
}

static void ranges_add(struct ranges *ranges, int64_t seq)
{
	if (ranges->last == NONE || seq != ranges->last + 1) {
		ranges_end(ranges);
		ranges->first = seq;
	}
	ranges->last = seq;
}

static int clear_one(struct engine *engine, int64_t seq, struct problem *problem)
{
	static const char sql[] = "UPDATE \"audit_record\" SET \"salt\" = NULL, \"detail\" = NULL, \"reason\" = NULL WHERE \"id\" = ?1";
	struct stmt *stmt;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_int(stmt, 1, seq);
	return engine_step(engine, stmt, problem);
}

static int clear(struct engine *engine, struct audit_head *head, const int64_t *seqs, int count, const char *verb, int64_t person,
	int64_t time, struct problem *problem)
{
	struct audit_entry entry = {
		.time = time,
		.uid = geteuid(),
		.person = NONE,
		.for_person = NONE,
		.way = "daemon",
		.verb = verb,
		.entity = "audit_record",
		.id = person,
		.program = NONE,
		.match = NONE,
		.about = NONE,
	};
	struct ranges list = { { 0 }, NONE, NONE };
	int code = 0;

	for (int i = 0; i < count && !code; i++) {
		code = clear_one(engine, seqs[i], problem);
		ranges_add(&list, seqs[i]);
	}
	ranges_end(&list);
	entry.fields = buffer_string(&list.text);
	if (!code && count)
		code = audit_append(engine, head, &entry, problem);
	buffer_free(&list.text);
	return code;
}

/* The statement's rows are (id, stop here, has a salt). They are read before the first is changed: a row that is changed under a
 * running query may come twice. *ret_last: the last row looked at. 1: there are more. */
static int gather(
	struct engine *engine, struct stmt *stmt, int64_t *seqs, int limit, int *ret_count, int64_t *ret_last, struct problem *problem)
{
	int code;

	*ret_count = 0;
	while ((code = engine_step(engine, stmt, problem)) > 0) {
		bool stop = engine_int(stmt, 1), more = *ret_count == limit;

		if (stop || more) {
			engine_reset(stmt);
			return more && !stop;
		}
		*ret_last = engine_int(stmt, 0);
		if (engine_int(stmt, 2))
			seqs[(*ret_count)++] = *ret_last;
	}
	return code;
}

static int erase(struct engine *engine, struct audit_head *head, struct stmt *stmt, const char *verb, int64_t person, int64_t time,
	int limit, int64_t *ret_last, struct problem *problem)
{
	int64_t *seqs = calloc((size_t)limit, sizeof *seqs);
	int count, more, code;

	if (!seqs)
		abort();
	more = gather(engine, stmt, seqs, limit, &count, ret_last, problem);
	code = more < 0 ? more : clear(engine, head, seqs, count, verb, person, time, problem);
	free(seqs);
	return code < 0 ? code : more;
}

int audit_erase(struct engine *engine, struct audit_head *head, int64_t person, int64_t time, int limit, struct problem *problem)
{
	/* what was said of a match is of nobody's own record, and can speak of either side */
	static const char sql[] =
		"SELECT \"id\", 0, 1 FROM \"audit_record\" WHERE \"salt\" IS NOT NULL AND (\"about\" = ?1 OR (\"about\" IS NULL AND "
		"\"match\" IN (SELECT \"match\" FROM \"audit_record\" WHERE \"about\" = ?1 AND \"match\" IS NOT NULL))) ORDER BY \"id\"";
	struct stmt *stmt;
	int64_t last;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_int(stmt, 1, person);
	return erase(engine, head, stmt, "Erase", person, time, limit, &last, problem);
}

/* Ends at the first record that is young enough, so that a daily call does not read the whole table. */
int audit_expire(
	struct engine *engine, struct audit_head *head, int64_t before, int64_t *cursor, int64_t time, int limit, struct problem *problem)
{
	static const char sql[] =
		"SELECT \"id\", \"time\" >= ?2, \"salt\" IS NOT NULL FROM \"audit_record\" WHERE \"id\" > ?1 ORDER BY \"id\"";
	struct stmt *stmt;
	int64_t last = *cursor;
	int code = engine_prepare(engine, sql, true, &stmt, problem);

	if (code < 0)
		return code;
	engine_bind_int(stmt, 1, *cursor);
	engine_bind_int(stmt, 2, before);
	if ((code = erase(engine, head, stmt, "Expire", 0, time, limit, &last, problem)) >= 0)
		*cursor = last;
	return code;
}
