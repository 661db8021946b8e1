/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call: one request on its one straight way through, and what an entity may ask of the store meanwhile.
 *
 * A bus message, a due job, a worker's slice and an answered link each become a struct call with a caller, a verb,
 * an object and arguments. Callers are made in one function per way in, from the transport alone; nothing in a call
 * says who calls. Entities get the call in their hooks and use the functions below, which the store defines.
 */
#ifndef MENTORSHIP_CALL_H
#define MENTORSHIP_CALL_H

#include "arena.h"
#include "entity.h"
#include "error.h"

/* A value on its way in, not yet a field. Texts are owned by the call's arena or outlive it. */
enum value_type {
	V_NONE,
	V_TEXT,
	V_INT,
	V_REAL,
	V_BOOL,
	V_PATH,
	V_WORDS
};
struct value {
	enum value_type type;
	const char *text; /* V_TEXT, V_PATH; V_WORDS: joined by line feeds */
	int64_t number;   /* V_INT, V_BOOL */
	double real;      /* V_REAL */
};
struct arg {
	const char *name;
	struct value value;
};

enum way {
	BY_BUS,
	BY_JOB,
	BY_WORKER,
	BY_LINK,
	BY_DAEMON
};

struct sight; /* the three sorted lists of a caller: store/sight.c */

struct caller {
	enum way way;
	uint32_t uid;          /* BY_BUS: from the bus; else the daemon's own */
	int64_t login, person; /* records; NONE if the uid is bound to none */
	int64_t until;         /* BY_BUS: when the login ends, the caller is one no more; NONE: open */
	bool admin;            /* uid 0, or polkit said yes for this call */
	struct sight *sight;   /* NULL until first needed */
	const char *job;       /* BY_JOB, BY_WORKER: kind */
	int64_t link;          /* BY_LINK: the invitation whose token was presented */
};

struct options {
	const char *key; /* idempotency key, NULL if none */
	int64_t version; /* the version that the caller saw, or NONE */
	bool dry_run;
	const char *reason; /* NULL if none */
	int64_t for_person; /* NONE, or the person whose answer is entered */
};

struct store;

struct call {
	struct store *store;
	struct arena *arena;
	struct peeks *peeks; /* records looked at since the last write; the store's own */
	struct caller *caller;
	int64_t now; /* wall clock, seconds UTC; simulated where the database is */
	const struct entity *entity;
	const struct verb *verb;
	int64_t id; /* of the object; 0 at Create */
	const struct arg *args;
	size_t arg_count;
	const void *arguments; /* struct of verb->arguments, decoded */
	int fds[2];            /* descriptors passed along, -1 if none; owned by the call's maker */
	struct options options;
	unsigned roles; /* held over the row */
	struct problem problem;
	/* the outcome */
	int64_t object, object_version, messages, jobs, task;
	const char *path_body; /* canonical bytes of path, verb and body, hashed for the idempotency key; arena */
	size_t path_body_length;
	struct arg *results; /* values of an ANSWERS verb; arena */
	size_t result_count;
	bool replayed;
	bool shut; /* the call itself ended its caller's right to it: who declined, or what was removed */
};

/* ---- asked of the store by entities; each returns 0 or a negative error, written into call->problem ---- */

/* Says what is wrong and returns the code. */
int fail(struct call *, int code, const char *field, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Today in the institution's zone, or in the named zone: days since 1970-01-01. */
int64_t today(struct call *);
int64_t today_in(struct call *, const char *zone);
/* The zone of that name; the institution's, else UTC, for NULL or one that cannot be read. */
struct zone;
const struct zone *zone_of(struct call *, const char *name);
/* Whether its data can be read. If not, the log says so once for each name, with the record that wants it, and it is tried again. */
bool zone_known(struct call *, const char *name, const struct entity *, int64_t id);

/* Loads a record into the arena; E_NOTFOUND if absent. No access is checked: the verb was. Sealed members are NULL. */
int load(struct call *, const struct entity *, int64_t id, void **ret_record);
/* Calls `seen` for each record that the SQL condition over the quoted columns selects, ordered by id; all are read before the
 * first call, so `seen` may change them. values bind ?1..?count. `where` must be a string constant. */
int each(struct call *, const struct entity *, int (*seen)(struct call *, void *record, void *data), void *data, const char *where,
	const int64_t *values, int count);
/* One number from hand-written SQL (a string constant): NONE for NULL or no row. */
int ask(struct call *, const char *sql, const int64_t *values, int count, int64_t *ret_number);
/* All numbers of the first column, in the call's arena. */
int numbers(struct call *, const char *sql, const int64_t *values, int count, int64_t **ret, size_t *ret_count);
#define INTS(...) ((const int64_t[]){ __VA_ARGS__ })
#define COUNT(...) ((int)(sizeof(INTS(__VA_ARGS__)) / sizeof(int64_t)))
#define VALUES(...) INTS(__VA_ARGS__), COUNT(__VA_ARGS__)

/* A record with every field at its initial value, in the arena. */
void *fresh(struct call *, const struct entity *);
/* For one whose id is random (RANDOM_ID), where it is needed before the record is added. */
int64_t random_id(void);
/* Inserts the record (id is set), with anchors, copies, checks, audit record and signal, as part of this call. */
int add(struct call *, const struct entity *, void *record);
/* The same with signal and without audit record, for what must not show by a gap in the numbers of those. */
int add_in_confidence(struct call *, const struct entity *, void *record);
/* Writes the difference of two states of a record, with copies, checks, audit record and signal. */
int save(struct call *, const struct entity *, const void *was, void *now);
/* Deletes it, with audit record and signal. */
int delete_record(struct call *, const struct entity *, const void *was);
/* Makes another verb happen as part of this call, as the daemon itself: role and version are not asked, states are. `args` may be NULL. */
int perform_also(struct call *, const struct entity *, int64_t id, const char *verb, const struct arg *args, size_t count);

/* Puts a message into the outbox, one per (recipient, template, occasion) for ever: a twin is silently not queued. `about` is
 * the record it speaks of; program and match may be NONE. No text and no value goes in. Occasions are made of ids and numbers. */
struct notice {
	const char *template_name; /* "check-in-due" */
	int64_t person;            /* recipient */
	int64_t program, match;
	const struct entity *about;
	int64_t about_id;
	const char *occasion;
	bool safety;   /* somebody's safety: neither a coordinator nor the number of them holds it back */
	int64_t apart; /* whoever is in this match is not told as staff; 0 or NONE: whoever is in `match` */
	bool confided; /* that there is one is known to the recipient and safeguarding leads alone */
};
int notify(struct call *, const struct notice *);
/* Tells each coordinator of the program (duties in force, of it or of all), leaving out `except` (NONE: nobody), and whoever is in
 * the match: nobody is staff over their own. */
int notify_staff(struct call *, const struct notice *, int64_t except);

/* Plans a job of a kind for a subject at an instant; `zone` and nominal local time are kept beside (zone NULL: UTC). One per (kind,
 * subject, nominal time): a twin is not planned again. */
int plan(struct call *, const char *kind, int64_t subject, int64_t due, const char *zone);
/* Withdraws waiting jobs of that kind and subject. */
int unplan(struct call *, const char *kind, int64_t subject);
/* What a job of that kind keeps in memory about a subject from slice to slice; `data` is NULL until it sets it. It is gone after a restart or
 * a lost turn, but not when the slice itself is undone: so it says only what follows from rows that change no more, and whoever fails drops it. The
 * kind is a string constant. */
struct kept {
	struct arena arena;
	void *data;
};
struct kept *kept_of(struct call *, const char *kind, int64_t subject);
void kept_drop(struct call *, const char *kind, int64_t subject); /* absent: fine */

/* Starts long work once this call is committed; the handler is found by kind (plugin room). call->task is set. */
int begin_work(struct call *, const char *kind, int64_t subject);
/* The same with two numbers that the handler knows what to do with: what a question is about. */
int begin_work_about(struct call *, const char *kind, int64_t subject, int64_t one, int64_t other);

/* ---- privacy ---- */
/* Commits the record of a reading with this call and answers the sealed fields (words joined by line feeds; all must be sealed ones). */
int disclose(struct call *, const struct entity *, int64_t id, int64_t about_person, const char *fields);
/* Answers all that is held about a person and may be shown to them: `data`, lines "entity id field value"; `left_out`, how many values
 * are for staff alone; `by_disclose`, lines "entity id field" of sealed values, which only the verb Disclose opens. */
int export_person(struct call *, int64_t person);
/* Clears every field flagged ERASED in the rows about the person, and withdraws what waits to be sent to them. */
int erase_rows(struct call *, int64_t person);
void erase_member(const struct field *, void *record);
/* Forgets the sealing key, keeps the id in the file of erasures, clears the audit's values: 1 while there are more. */
int erase_for_good(struct call *, int64_t person);
/* Rows about one person become rows about another (Merge). */
int move_rows(struct call *, int64_t from, int64_t to);
/* Removes and clears what its retention no longer allows, a slice at a time: 1 while there is more. */
int keep_no_longer(struct call *, int64_t *cursor);
/* A message in confidence to each safeguarding lead of the program (NONE: of all), leaving out `except` and who is of the match that it
 * names; *ret_count: how many there are. */
int notify_safeguarding(struct call *, const struct notice *, int64_t except, int *ret_count);
/* A message to each data-protection officer. */
int tell_protection(struct call *, const char *template_name, const struct entity *about, int64_t about_id);

/* Opens sealed fields of a record: no access is asked here (Disclose and the worker's memfd do). Absent: NULL. E_UNAVAILABLE without key. */
int unseal(struct call *, const struct entity *, int64_t id, const char *field, char **ret_text);
/* A text sealed in hex, for a column of text: under the key of a person, or a negative number that is a thing's own. entity, id and field say
 * where it stands: elsewhere it does not open. E_UNAVAILABLE without the credential, E_NOTFOUND where the key was forgotten. */
int text_shut(struct call *, int64_t key, const char *entity, int64_t id, const char *field, const char *text, char **ret);
int text_open(struct call *, int64_t key, const char *entity, int64_t id, const char *field, const char *shut, char **ret);
/* Whatever was sealed under it cannot be opened any more, in no copy. To be called behind the commit that gave the values up; absent: fine. */
int key_forget(struct call *, int64_t key);
/* Two numbers that nobody can guess, the same for each purpose: what a hash of sealed values needs so that nobody can try them out. */
int sealing_salt(struct call *, const char *purpose, int64_t ret[2]);
/* True if the call enters an answer for somebody (option for) and whose it is; else the caller's own person. */
int64_t acting_person(const struct call *);
/* A value for the result of a verb flagged ANSWERS. */
void answer(struct call *, const char *name, struct value value);

/* Settings that entities read. */
struct settings;
const struct settings *settings_of(const struct call *);
/* Templates of messages that were read before. */
struct template_memory *templates_of(const struct call *);

#endif
