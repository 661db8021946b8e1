/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Descriptors: how an entity tells the rest of the daemon about itself.
 *
 * An entity is one C file in daemon/model/. It owns a plain struct, a table of
 * fields, a table of verbs and a table of jobs, and exports one struct entity.
 * Store, bus, scheduler, privacy, import and clients read these tables; none of
 * them knows an entity by name. A special case is a hook in a row.
 *
 * Members of a record come in three storages: char *, int64_t, double. What a
 * value means is its kind. 'No value' is NULL, NONE or NaN; zero is a value.
 * Each struct begins with int64_t id, version.
 */
#ifndef MENTORSHIP_ENTITY_H
#define MENTORSHIP_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NONE INT64_MIN /* 'no value' of an int64_t */

enum kind {
	TEXT,    /* char *, UTF-8; bus s */
	NUMBER,  /* int64_t; bus x */
	REAL,    /* double; bus d */
	DATE,    /* int64_t, days since 1970-01-01; bus s, ISO 8601 */
	INSTANT, /* int64_t, seconds UTC; bus x */
	CHOICE,  /* int64_t, index into choices; SQL and bus: the word */
	LINK,    /* int64_t, id of a record of entity `to`; bus o, '/' for none */
	WORDS,   /* char *, words joined by line feeds; bus as */
	YESNO    /* int64_t 0 or 1, never NONE; bus b */
};

/* Who may read a field, from open to closed; the masks are in access.c. SEALED is encrypted at rest, its
 * member is char * whatever the kind (the kind still validates), and it leaves by Disclose only. */
enum privacy {
	PUBLIC,
	MEMBER,
	PAIR,
	STAFF,
	SEALED
};

/* Where a row belongs. The engine fills the anchors of a row from the links given and refuses links that
 * disagree. On the id of program, match and person: the row itself is the anchor. */
enum anchor {
	NO_ANCHOR,
	AT_PROGRAM,
	AT_MATCH,
	AT_PERSON
};

/* How long a value is kept. Days of each class are settings. */
enum retention {
	WITH_RECORD,
	AFTER_PROGRAM,
	WITH_PERSON,
	AS_AUDIT,
	AS_MESSAGE,
	AS_JOB,
	AS_BACKUP
};

/* Roles, one bit each: what a caller is to a row. */
enum {
	ANYONE = 1 << 0,
	SELF = 1 << 1,
	MENTEE = 1 << 2,
	MENTOR = 1 << 3,
	PARTICIPANT = 1 << 4,
	GUARDIAN = 1 << 5,
	COORDINATOR = 1 << 6,
	OBSERVER = 1 << 7,
	INTERVIEWER = 1 << 8,
	AUDITOR = 1 << 9,
	SAFEGUARDING = 1 << 10,
	PROTECTION = 1 << 11,
	CONFIDANT = 1 << 12,
	ADMIN = 1 << 13,
	SYSTEM = 1 << 14, /* a job or the daemon itself: verbs only, never a reader */
	STAFF_ROLES = COORDINATOR | OBSERVER | INTERVIEWER | AUDITOR | SAFEGUARDING | PROTECTION | CONFIDANT,
	ROLE_COUNT = 15
};
extern const char *const role_names[ROLE_COUNT + 1];

enum {                     /* struct field.flags */
	REQUIRED = 1 << 0, /* NOT NULL; may be ordered by */
	LISTED = 1 << 1,   /* a column of the default list */
	FROZEN = 1 << 2,   /* set by Create only */
	BY_VERB = 1 << 3,  /* set by verbs that take it or by hooks; neither Create nor Update takes it */
	HAS_MIN = 1 << 4,
	HAS_MAX = 1 << 5,
	OWN = 1 << 6,     /* readable by the person whom the row is about */
	OWN_SET = 1 << 7, /* that person may set it by Update */
	SORTED = 1 << 8,  /* indexed with each anchor; lists are ordered by such fields (REQUIRED too) */
	ERASED = 1 << 9,  /* cleared when the person is erased or the retention has passed */
	LINES = 1 << 10,  /* text may hold line feeds */
	ADMIN_READS = 1 << 11,
	LABEL = 1 << 12,    /* what a reader calls the record by: Lookup, Agenda, CLI; REQUIRED, or computed (and then `called`) */
	KEY = 1 << 13,      /* identifies a record in imports, together with the other KEY fields */
	ZONE = 1 << 14,     /* text: an IANA time zone name, checked */
	MAIL = 1 << 15,     /* text: a mail address, checked */
	INDEXED = 1 << 16,  /* an index of its own (look-ups by hand-written SQL) */
	HIDDEN = 1 << 17,   /* in no property, list or export: bookkeeping of the daemon */
	MACHINE = 1 << 19,  /* for programs: what people read stands in another field, and clients show that */
	BARS = 1 << 20,     /* number of a person: the row is about them, so they hold no staff role over it */
	CONFIDES = 1 << 21, /* yes-no: where set, none but whom the row is about and safeguarding leads see it */
	LEADS = 1 << 18     /* link: gives the row its anchors, and must agree with those given by others; a link
	                               * without it must only be of the same program */
};

struct call;
struct buffer;

struct field {
	const char *name; /* member, column, key, CLI column: one spelling */
	enum kind kind;
	size_t offset;
	unsigned flags;
	enum privacy privacy;
	int64_t min, max;           /* length of TEXT in characters, range of the others, where flagged */
	const char *const *choices; /* CHOICE: its words, ended by NULL */
	const char *to;             /* LINK: the name of the entity it points to; a sealed NUMBER: of the entity it numbers */
	const char *label;          /* heading in forms, lists and documents */
	const char *unit;           /* "minutes", "days", ...; NULL if none */
	enum anchor anchor;
	enum retention retention;
	const char *copies;       /* "person.name": kept equal by the engine to a field of the record that a link names */
	const char *computed;     /* SQL over the row `t`: no column, read only; neither filtered nor ordered */
	int64_t initial;          /* value at Create when none is given: CHOICE, NUMBER, YESNO with STARTS_AT */
	const char *initial_text; /* the same for TEXT */
	bool starts;              /* `initial` counts */
};

/* Rows of a field table. The _Generic refuses a member of the wrong C type, so a table cannot disagree
 * with its struct; and no row compiles without a word on privacy. */
#define AS_TEXT(S, m, p) .name = #m, .kind = TEXT, .privacy = p, .offset = _Generic(((S *)0)->m, char * : offsetof(S, m))
#define AS_WORDS(S, m, p) .name = #m, .kind = WORDS, .privacy = p, .offset = _Generic(((S *)0)->m, char * : offsetof(S, m))
#define AS_INT(S, m, k, p) .name = #m, .kind = k, .privacy = p, .offset = _Generic(((S *)0)->m, int64_t : offsetof(S, m))
#define AS_REAL(S, m, p) .name = #m, .kind = REAL, .privacy = p, .offset = _Generic(((S *)0)->m, double : offsetof(S, m))
#define AS_SEALED(S, m, k) .name = #m, .kind = k, .privacy = SEALED, .offset = _Generic(((S *)0)->m, char * : offsetof(S, m))
/* The two first rows of each table. */
#define ID_AND_VERSION(S, ...) \
	{ AS_INT(S, id, NUMBER, MEMBER), .flags = FROZEN | BY_VERB | ADMIN_READS | OWN, .label = "Number", __VA_ARGS__ }, \
	{ \
		AS_INT(S, version, NUMBER, MEMBER), .flags = BY_VERB | ADMIN_READS | OWN, .label = "Version", .starts = true, .initial = 1 \
	}

/* Put after a table: a member of S without a row stops the build (64-bit: each member has eight bytes). */
#define COVERS(table, S, ncomputed) \
	_Static_assert(sizeof(S) == 8 * (sizeof(table) / sizeof *(table)-1 - (ncomputed)), "a member of " #S " has no row in " #table)

#define KEEP 0u /* struct verb.to: the state stays */
#define IN(state) (1u << (state))

enum {                      /* struct verb.flags */
	FOR_SOMEBODY = 1,   /* a coordinator may enter the answer of a person who could call it (option `for`) */
	NEEDS_REASON = 2,   /* refused without the option `reason` */
	DESTRUCTIVE = 4,    /* clients ask before they call it */
	LONG = 8,           /* returns a task */
	NO_KEY = 16,        /* takes no idempotency key */
	ON_COLLECTION = 32, /* called on the collection: Create and its like */
	REMOVES = 64,       /* the row is deleted */
	ANSWERS = 128       /* gives values of its own in the result (a disclosure): never replayed */
};

/* A verb is a permitted change: who may make it, from where, touching what. */
struct verb {
	const char *name;  /* bus method and, in lower case, CLI word */
	unsigned who;      /* roles that may ask for it */
	unsigned from;     /* mask of states it may start in; 0: any */
	unsigned to;       /* mask of states it may end in; KEEP: unchanged; with one the engine sets it */
	const char *takes; /* its fields: names, "a b c"; "*" at Create and Update: all that are not BY_VERB
	                               * (Update: nor FROZEN) */
	/* Runs in the transaction with the arguments already in `now`; may refuse (fail), set more, add records,
	 * notify. `was` is NULL at Create. May be NULL. */
	int (*run)(struct call *, const void *was, void *now);
	const char *label;
	unsigned flags;
	const char *action;            /* polkit action that makes a caller ADMIN for this call; NULL: none */
	const struct field *arguments; /* arguments that are no fields, a table over a struct of their own; or NULL */
	size_t arguments_size;
};

/* What is late: catch-up policy of a job kind. */
enum catch_up {
	RUN_ONCE_LATE,
	RUN_EACH_MISSED,
	SKIP_MISSED
};

enum {               /* struct job.flags */
	OUTSIDE = 1, /* has effects outside the database: previews name it and do not try it */
	DESTROYS = 2 /* what it does cannot be taken back: waits for Resume when the clock has leapt */
};

/* A kind of job. Rows of the entity job name it; `run` gets the job's subject (0: none). A job over many subjects
 * works in slices: it returns 1 to be called again in a later turn, having moved *cursor. */
struct job {
	const char *name; /* "check-in due" */
	const char *rule; /* RRULE with BYHOUR and BYMINUTE for a standing job; NULL: planned by verbs, one row each */
	enum catch_up catch_up;
	int64_t late_max; /* seconds after which a missed one is skipped; 0: never */
	int (*run)(struct call *, int64_t subject, int64_t nominal, int64_t *cursor);
	const char *label;
	unsigned flags;
	const char *subject; /* the entity whose record the subject is; NULL: none */
};

/* What waits for whom: rows of Agenda. Hand-written SQL over the quoted columns of the row `t`; ?1 is now. */
struct waiting {
	const char *kind;        /* "offer to answer" */
	unsigned who;            /* roles for whom it waits */
	const char *where;       /* condition */
	const char *since, *due; /* expressions, instants; since when it waits; due NULL: none */
};

enum {
	THROUGH_MAX = 4
};

struct entity {
	const char *name;       /* "match_run": table, CLI noun with dashes; the interface is org.mentorship1.MatchRun */
	const char *collection; /* "match_runs": /org/mentorship1/match_runs/7 */
	size_t size;
	const struct field *fields; /* ended by a row without a name */
	const struct verb *verbs;
	const struct job *jobs;
	int (*check)(struct call *, const void *record); /* rules between fields; after every change */
	/* Runs after each insert (was NULL), change, removal (now NULL), by whatever verb. May be NULL. */
	int (*changed)(struct call *, const void *was, const void *now);
	const char *unique;      /* sets of columns, "program person role; key" */
	const char *through;     /* at most THROUGH_MAX entities that lead to a row that has no program: "participant match_member" */
	const char *grants;      /* SQL: person ?1, now ?2 -> list ('program'|'match'|'person'), id (NULL: all),
	                               * role by its word ('': none), until (NULL: open); both parameters occur */
	unsigned hidden_in;      /* states in which only STAFF_ROLES and ADMIN see a row */
	const unsigned *readers; /* [SEALED] masks of roles for PUBLIC, MEMBER, PAIR, STAFF; NULL: the usual ones */
	unsigned flags;          /* RANDOM_ID, ... */
	enum retention retention;
	const char *label;             /* "Match run" */
	const char *help;              /* one sentence for the documents */
	const char *order;             /* default order of lists: a field; NULL: id */
	const struct waiting *waiting; /* ended by a row without kind; NULL: none */
	/* Agenda: an expression over `t`, told to who reads the label, in its place; NULL: the label itself. */
	const char *about;
	/* Lookup where the label is computed: SQL over `t`, does what is asked for (?1) begin a word that the row is called by? */
	const char *called;
	/* Imports: finds the record that is meant where KEY fields cannot (sealed ones): *ret_id, or NONE. NULL: by KEY fields. */
	int (*find)(struct call *, const void *record, int64_t *ret_id);
	/* Undo of an import: may what it made still be removed? An error says why not, and it is kept. NULL: yes, unless others link to it. */
	int (*removable)(struct call *, const void *record);
	/* Export of one record, with what is below it, as a file: the formats that there are ("a b"), and what writes one. */
	const char *formats;
	int (*write)(struct call *, int64_t id, const char *format, struct buffer *out);
};
enum {
	RANDOM_ID = 1,
	NOT_ERASED = 2 /* rows stay as they are when a person is erased */,
	QUIET = 4 /* no audit record, no signal */,
	GRANTS = 8 /* the `grants` of others read it: a change of it changes who sees what */,
	GRANTS_BY_STATE = 16 /* the same, where they read its state alone */
};

extern const struct entity *const entities[]; /* ended by NULL; model.c */

/* What is derived once from an entity's tables, for those who read them often. Index i is the row in entity->fields. */
enum {
	MAX_FIELDS = 48
};
struct shape {
	const struct entity *entity;
	int count;                    /* fields */
	int state;                    /* index of the field `state`, or -1 */
	int since;                    /* index of `state_since`, which the engine sets whenever the state changes, or -1 */
	int label;                    /* index of the LABEL field, or -1 */
	int confides, bars;           /* index of the CONFIDES field, of the BARS field, or -1 */
	int anchors[4];               /* index by enum anchor, or -1; the id itself where the row is the anchor */
	bool is_anchor[4];            /* the row itself is this anchor */
	unsigned readers[MAX_FIELDS]; /* roles that may read each field */
	unsigned seers;               /* roles that may read any field beyond ids and links: they see the row */
	const struct entity *links[MAX_FIELDS];
	uint64_t copied; /* bits of fields that rows of other entities copy */
};

/* Fills the shapes of all entities, checking the tables: an erasable link, a verb that takes an unknown field, a
 * state that no verb reaches, a sealed field that is ordered or unique ... Returns 0, or the number of complaints, each
 * told to `complain`. Must be called once before shape_of. */
int shapes_check(void (*complain)(const char *entity, const char *what));
const struct shape *shape_of(const struct entity *);
const struct shape *shape_named(const char *name); /* NULL if there is none */
const struct shape *shape_of_collection(const char *collection);
int field_index(const struct shape *, const char *name); /* -1 if there is none */
/* Where a field that copies has its value from: the field of its own shape that names the other record, and the field there.
 * false: it copies nothing, or the tables name what is not there. */
bool copied_from(const struct shape *, const struct field *, int *ret_link, const struct shape **ret_shape, int *ret_field);
const struct verb *verb_named(const struct entity *, const char *name); /* NULL if there is none */
/* Is it a word of the tables: an entity, verb, field or kind of job? (What logs may name.) */
bool name_is_known(const char *);
/* The number of a state by its word, or -1. */
int state_named(const struct shape *, const char *word);
enum {
	ROLES_TEXT = 200
};
/* "coordinator or admin": the roles of a mask as a sentence names them ("the daemon alone" where no caller holds one). Cut to size. */
char *roles_said(unsigned mask, char *out, size_t size);
/* Is the word among the words of a list such as "a b c", or of sets such as "a b; c"? ("*" never matches.) */
bool word_in(const char *list, const char *word);

#endif
