/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mentorctl: the one context struct, and what its files offer one another.
 *
 * The tool is thin: it knows the interfaces that every entity shares and asks the daemon (Describe) for all else: nouns, verbs, fields,
 * kinds, choices. A command is a row of a table. Functions that can fail return 0 or -1 and fill cli->failure; commands
 * return an exit status or -1.
 */
#ifndef MENTORCTL_CLI_H
#define MENTORCTL_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bus.h"
#include "core/date.h"
#include "core/text.h"
#include "core/when.h"
#include "core/zone.h"
#include "failure.h"

enum {
	MAX_WHERE = 16
};
enum json_form {
	NO_JSON,
	JSON_PRETTY,
	JSON_SHORT
};

/* What stands on the command line beside the words; texts belong to argv. Rows of the table in options.c fill it. */
struct options {
	bool help, show_version, no_legend, full, no_pager, no_ask_password, quiet, yes, dry_run, no_wait, wait, all, raw, take, origin,
		remote, follow, leave_out, csv;
	const char *json, *color, *host, *zone, *fields, *order, *reason, *for_whom, *version, *key, *program, *format, *role, *mapping,
		*propose, *until, *config, *as, *out;
	const char *where[MAX_WHERE];
	size_t where_count;
	const char *limit, *after, *timeout;
};

/* What is at the other end of the three standard streams: found out at start, or told by the other side of ssh. */
struct terminal {
	bool in, out, err; /* is a terminal */
	int columns;
	const char *zone; /* IANA name, "" if unknown */
	bool no_color;
};

/* Files that came along over ssh, by the name that the command line gives them. */
struct input_file {
	char *name;
	int fd;
	bool directory;
};
struct inputs {
	struct input_file *files;
	size_t count;
};

struct cli {
	struct options options;
	struct terminal terminal;
	char **words; /* command, then its arguments */
	size_t count;
	enum json_form json;
	bool color;
	int64_t limit, after, timeout, version; /* NONE_GIVEN where the option was not */
	struct failure failure;
	struct bus *bus;   /* NULL until first needed: cli_bus */
	json_t *catalogue; /* Describe, NULL until first needed */
	json_t *labels;    /* object path -> label, of links shown */
	json_t *manager;   /* properties of the manager, NULL until first needed */
	struct zones *zones;
	const struct zone *zone;     /* in which times are read and shown */
	const struct inputs *inputs; /* NULL: files are opened here */
	bool stdin_taken;
	pid_t pager, agent; /* 0: none */
};
#define NONE_GIVEN INT64_MIN

struct command {
	const char *name, *usage, *help;
	int (*run)(struct cli *);
	size_t min, max;       /* words after the name */
	bool hidden, noun_too; /* not in the help; there is an entity of that name */
	const char *text;      /* what it prints, which is no JSON; NULL: it knows --json */
};
extern const struct command commands[];                /* ended by a row without a name; commands.c */
const struct command *command_named(const char *name); /* NULL if there is none */

/* ---- main.c ---- */
int command_run(struct cli *, const struct command *); /* after a look at its words */
/* The whole of one invocation, but for the ends of the streams; argv as main gets it. Returns the exit status. */
int cli_run(int argc, char **argv, const struct terminal *, const struct inputs *);
int usage(struct cli *, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct bus *cli_bus(struct cli *); /* NULL: failed */
/* bus_call with this invocation's connection and options; `flags` as there. */
int cli_call(struct cli *, int flags, const char *path, const char *interface, const char *member, const char *signature, json_t *arguments,
	json_t **ret_reply);
json_t *cli_manager(struct cli *); /* properties of the manager, borrowed; NULL: failed */
int64_t cli_now(struct cli *);     /* the daemon's clock (it may be simulated); the own one if it is not reached */

/* ---- agent.c: who asks for a password on a terminal ---- */
bool agent_wanted(const struct cli *);
void agent_start(struct cli *);
void agent_end(struct cli *);

/* ---- options.c ---- */
struct option_row {
	const char *name;
	int letter;
	bool list;
	size_t offset;
	const char *argument, *help;
};                                            /* argument "=WORD": optional */
extern const struct option_row option_rows[]; /* ended by a row without a name */
/* Fills options, words and what is derived from them. The words follow in argv's order. */
int options_parse(struct cli *, int argc, char **argv);

/* ---- catalogue.c: what Describe said ---- */
json_t *catalogue(struct cli *);                        /* array of entities, borrowed; NULL: failed */
json_t *entity_named(struct cli *, const char *noun);   /* by name or collection, dashes or not; NULL: failed */
json_t *entity_find(struct cli *, const char *noun);    /* the same; NULL if there is none */
json_t *entity_of_path(struct cli *, const char *path); /* NULL: none of that collection */
json_t *entity_of_collection(struct cli *, const char *collection);
json_t *field_named(const json_t *entity, const char *name); /* NULL if there is none */
json_t *field_of_member(const json_t *entity, const char *member);
json_t *verb_find(const json_t *entity, const char *word);
json_t *label_field(const json_t *entity); /* the field flagged label, or NULL */
bool has_flag(const json_t *row, const char *flag);
bool in_list(const json_t *array, const char *word);
const char *text_of(const json_t *object, const char *key); /* "" if it is absent */
const char *text_at(const json_t *array, size_t i);         /* the same for an element */
bool is_kind(const json_t *field, const char *kind);
bool is_clock(const json_t *field); /* a number that people read as 09:30 */
/* "match_run" or "MatchRun" as a word of the command line: "match-run". */
char *dashed(const char *name, char *out, size_t size);
/* The word nearest to a mistyped one, or NULL if none is near. */
struct nearest {
	const char *typed, *word;
	size_t distance;
};
void near_try(struct nearest *, const char *candidate);

/* ---- argument.c: words of the command line as values ---- */
enum operator{
	IS,
	IS_NOT,
	LESS,
	AT_MOST,
	MORE,
	AT_LEAST,
	HAS,
	BEGINS
};
struct assignment {
	char name[64];
	enum operator operator;
	const char *text;
};
/* Is the word NAME OPERATOR VALUE? */
bool assignment_parse(const char *word, struct assignment *ret);
/* The value for a field as its kind asks, ready for a variant; the caller owns *ret. "" is no value. */
int argument_value(struct cli *, const json_t *field, const char *text, json_t **ret);
/* An object by number, path or what it is called. */
int resolve(struct cli *, const json_t *entity, const char *text, char **ret_path);
/* Fails with what there is instead of `name` among the rows, or with what is near to it. */
int no_such_field(struct cli *, const json_t *rows, const char *name, const char *whose);
/* One element a(ssv) of a filter. */
int filter_element(struct cli *, const json_t *entity, const char *word, json_t **ret);
/* What the words and --where say together. */
int filter_build(struct cli *, const json_t *entity, char *const *words, size_t count, json_t **ret);
/* The dictionary of arguments for a verb from words name=value. */
int arguments_build(struct cli *, const json_t *entity, const json_t *verb, char *const *words, size_t count, json_t **ret);
/* The fields and further arguments that a verb takes: an array of rows, owned by the caller. */
json_t *verb_fields(const json_t *entity, const json_t *verb);

/* ---- clock.c: dates and times in the reader's own zone, as core/when.h reads them, relative to the daemon's clock ---- */
int clock_setup(struct cli *); /* finds the zone: --zone, else the terminal's, else UTC */
int read_date(struct cli *, const char *text, int64_t *ret_days);
int read_instant(struct cli *, const char *text, int64_t *ret_instant);
/* Name of the zone in which this machine's user lives: $TZ, else /etc/localtime; "" if neither names one. */
const char *own_zone(char out[static ZONE_NAME]);

/* ---- input.c: files that the command line names ---- */
/* A descriptor of the file, positioned at its start: a regular file, or a sealed memfd for stdin ("-"), directories (as a ZIP) and what is
 * neither. The caller closes it. */
int input_open(struct cli *, const char *name, int *ret_fd);
/* The text of a small file, without a last line feed; the caller frees it. */
int input_text(struct cli *, const char *name, char **ret);
/* The same without a cli, for the near side of ssh. 0 or -1 with the failure; *ret_directory if it was one. */
int input_take(const char *name, int *ret_fd, bool *ret_directory, struct failure *);
/* Does the word of the command line name a file to read? Returns the name, or NULL. */
const char *input_named(const char *word);
/* A ZIP of the plain files in a directory, in a sealed memfd. */
int pack_directory(const char *path, int *ret_fd, struct failure *);

/* ---- show.c: values and tables as text ---- */
void value_text(struct cli *, const json_t *field, const json_t *value, struct buffer *); /* not yet encoded */
void words_text(const json_t *array, struct buffer *);
json_t *value_json(const json_t *field, const json_t *value);    /* as --json shows it, owned by the caller */
void path_text(struct cli *, const char *path, struct buffer *); /* "check-in 12" */
/* Learns the labels of the links among these objects, as far as they may be seen. */
void labels_learn(struct cli *, const char *collection, const json_t *paths);
const char *label_known(struct cli *, const char *path); /* NULL if unknown */

enum {
	RIGHT = 1,
	SHRINKS = 2
};
struct table;
struct table *table_new(void);
void table_column(struct table *, const char *name, unsigned flags);
/* Adds the next cell; NULL and "" are shown as '-'. The text is encoded here. */
void table_cell(struct table *, const char *text);
/* A time, with the zone's abbreviation; in red where colours are wanted if it lies before `before`. */
void table_cell_instant(struct cli *, struct table *, const json_t *instant, int64_t before);
/* Says this value that something went wrong? Then it is red where colours are wanted. */
bool value_alarms(const json_t *field, const json_t *value);
void table_cell_value(struct cli *, struct table *, const json_t *field, const json_t *value);
void table_print(struct cli *, struct table *); /* and frees it */

/* ---- output.c: streams ---- */
void out_json(struct cli *, const json_t *); /* on stdout, with a line feed */
void json_write(struct buffer *, const json_t *, bool pretty);
void out_pair(struct cli *, const char *name, const char *value, int width);            /* "name: value", lines indented */
void out_pair_red(struct cli *, const char *name, const char *value, int width);        /* the value in red where colours are wanted */
void out_text(const char *text);                                                        /* encoded, lines kept */
void note(struct cli *, const char *format, ...) __attribute__((format(printf, 2, 3))); /* on stderr unless --quiet */
void pager_open(struct cli *); /* from here on stdout goes through a pager, on a terminal */
int out_close(struct cli *);   /* flushes; -1: could not be written */
void failure_show(struct cli *);
bool confirm(struct cli *, const char *format, ...) __attribute__((format(printf, 2, 3))); /* fails cli->failure on no */
/* From here until progress_end an interrupt says how to go on waiting for the task. */
void progress_begin(struct cli *, const char *task);
void progress_show(double done, const char *kind, void *cli);
void progress_end(struct cli *);

/* ---- the commands ---- */
int noun_run(struct cli *, const json_t *entity);                         /* noun.c: list, show */
int verb_command(struct cli *, const json_t *entity, const json_t *verb); /* verb.c */
/* Ends what a call began: waits for its task if there is one and shows the result. Gives up `result`. */
int result_show(struct cli *, const char *what, json_t *result);
/* results.c: the results of a survey, where a call answered such; shown in the form that is asked for. */
bool results_are_there(const json_t *result);
void results_show(struct cli *, json_t *result);
int command_today(struct cli *);
int command_status(struct cli *);
int command_whoami(struct cli *);
int command_describe(struct cli *);
int command_import(struct cli *);
int command_export(struct cli *);
int command_backup(struct cli *);
int command_verify_audit(struct cli *);
int command_resume(struct cli *);
int command_advance_clock(struct cli *);
int command_schedule(struct cli *);
int command_changes(struct cli *);
int command_watch(struct cli *);
int command_reload(struct cli *);
int command_task(struct cli *);
int command_config(struct cli *);
int command_completion(struct cli *);
int command_complete(struct cli *);
int command_help(struct cli *);
int help_about(struct cli *, const char *noun, const char *word); /* either may be NULL */
int command_call_many(struct cli *);

/* ---- remote.c: over ssh ---- */
int remote_call(int argc, char **argv, const char *host, const struct terminal *); /* the near side; exit status */
int remote_serve(void);                                                            /* the far side; exit status */

#endif
