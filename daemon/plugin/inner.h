/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share: one piece of work (struct piece), its process, and the table of kinds.
 *
 * A piece goes in stages. A stage is a function that runs inside store_do, in a turn of its own: it does one slice and answers
 * 1 (again, when the loop was there for others), 0 (done; piece->stage says what comes next, or the piece waits for its worker),
 * or an error, which undoes the slice and turns the piece to its kind's `failed`. Work outside the database (a backup's
 * steps) has `outside` in place of a stage. Nothing else moves a piece.
 */
#ifndef MENTORSHIP_PLUGIN_INNER_H
#define MENTORSHIP_PLUGIN_INNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "worker.h"

enum {
	WORKERS_AT_ONCE = 2,
	FRAMES_A_TURN = 200,
	ROWS_A_TURN = 500
};

struct piece;
struct event;
struct bufferevent;

/* A worker's process; it outlives its piece until it was waited for. */
struct process {
	struct workers *workers;
	struct piece *piece; /* NULL: nobody reads it any more */
	pid_t pid;
	int pidfd;
	struct event *exited, *deadline;
	struct bufferevent *link;
	struct frame_reader in;
	bool link_closed; /* what came before is still read */
	bool gone;        /* it was waited for, */
	int status;       /* and that is how it ended, as waitpid says it */
	bool over;        /* nothing more will come */
	struct process *next;
};

struct work_kind {
	const char *name;                            /* as begin_work says it */
	bool worker;                                 /* counts for WORKERS_AT_ONCE */
	int (*begin)(struct call *, struct piece *); /* the first stage */
	/* A frame of the worker; 1: the last one, the process is ended. Errors: the worker is not to be trusted, or says it failed. */
	int (*frame)(struct call *, struct piece *, const struct frame *);
	/* Is the record still the piece's? 1 if not: the piece ends as cancelled. Asked before each slice of frames. NULL: always. */
	int (*gone)(struct call *, struct piece *);
	int (*failed)(struct call *, struct piece *);     /* the stage that writes piece->problem down; NULL: none */
	int (*outside)(struct piece *, struct problem *); /* 1: again, 0: done */
	void (*forget)(struct piece *);                   /* frees piece->own */
	int (*start)(struct call *);                      /* the daemon starts: what was under way asks for its work again */
	const struct entity *entity;                      /* of the subject; NULL: none */
};
extern const struct work_kind *const work_kinds[]; /* ended by NULL; works.c */
extern const struct work_kind match_kind, preview_kind, explain_kind, outlook_kind, compare_kind, fairness_kind, import_kind, proposal_kind,
	backup_kind, check_kind, checkpoint_kind;

struct piece {
	struct workers *workers;
	const struct work_kind *kind;
	int64_t subject, task; /* task 0: nobody watches */
	int64_t about[2];      /* as begin_work_about said */
	struct caller caller;  /* BY_WORKER */
	int (*stage)(struct call *, struct piece *);
	bool begun, over, failing, cancelled, wants_process;
	bool firm; /* cannot be cancelled any more */
	struct problem problem;
	struct event *go;
	struct process *process; /* NULL: none runs for it */
	struct buffer first;     /* frames for the worker, before all else */
	int input;               /* descriptor 4, -1: none; closed by the piece */
	bool reads_database;     /* gets descriptor 5 */
	void *own;               /* the kind's */
	struct piece *next;
};

struct pending {
	int64_t task;
	void *own;
	int64_t time;
	struct pending *next;
};

struct workers {
	struct workers_setup setup;
	struct piece *pieces; /* in the order they came */
	struct process *processes;
	struct pending *pending; /* imports whose turn is not committed yet */
};

/* ---- worker.c ---- */
void piece_wake(struct piece *);
/* Ends what it does; its `failed` stage is next. */
void piece_fail(struct piece *, const struct problem *);
/* A piece's stage while its worker runs: frames in slices. */
int frames_stage(struct call *, struct piece *);
struct piece *piece_new(struct workers *, const struct work_kind *, const struct work *);

/* ---- process.c ---- */
int process_start(struct piece *, struct problem *);
/* Kills it and forgets its piece; it is waited for later. */
void process_end(struct process *);
void process_free(struct process *); /* waits for the end */
/* Moves bytes that were read to the frames. False: there are none now. */
bool process_feed(struct process *);
/* A sealed memfd with these bytes, or a negative error. */
int sealed_memfd(const struct buffer *, struct problem *);

/* ---- works.c ---- */
const struct work_kind *kind_named(const char *name);
/* Refuses a frame: E_INVALID with what is wrong. */
int refuse(struct call *, const char *what);
/* A cell that must be a whole number from least to most. */
int cell_number(struct call *, const struct frame *, size_t at, int64_t least, int64_t most, int64_t *ret);
/* A cell that must be text of at most `most` bytes; `lines` may have line feeds; an absent one becomes "". */
int cell_text(struct call *, const struct frame *, size_t at, size_t most, bool lines, char **ret);
/* "progress" and "fail" mean the same in every kind: 1 if the frame was a progress, 0 if it is another, or the error of a "fail". */
int common_frame(struct call *, struct piece *, const struct frame *, double from, double to);

/* ---- import_work.c ---- */
/* Drops what turns left behind that were not committed; `kept`: seconds that one may still wait. */
void import_unclaimed(struct workers *, int64_t kept);

#endif
