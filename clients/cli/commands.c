/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands that are no nouns: one row each.
 */
#include <string.h>

#include "cli.h"

enum {
	MANY = 1000
};

const struct command commands[] = { { "today", "", "what waits for you, since when", command_today, 0, 0, false, false, NULL },
	{ "status", "", "version, clock and state of the daemon", command_status, 0, 0, false, false, NULL },
	{ "whoami", "", "your account, person and roles, as the daemon sees them", command_whoami, 0, 0, false, false, NULL },
	{ "describe", "[NOUN]", "what there is: nouns, or fields and verbs of one", command_describe, 0, 1, false, false, NULL },
	{ "import",
		"--program PROGRAM [--format oneroster|form|csv|xlsform] [--role ROLE] [--mapping FILE] [--propose FILE] [--as KEY] [--leave-out] "
		"[--take] [NOUN] FILE|DIRECTORY",
		"bring in people, a table of NOUN, or a questionnaire: a preview, or with --take for good", command_import, 1, 2, false,
		true, NULL },
	{ "export", "NOUN [FILTER...] [--fields A,B] [--raw] [--out FILE] | NOUN OBJECT [--format xlsform] --out FILE",
		"a table as CSV, or one questionnaire as a spreadsheet", command_export, 1, MANY, false, false,
		"a file; 'mentorctl NOUN list --json' gives JSON" },
	{ "schedule", "preview [--until WHEN]", "what the scheduler would do until then", command_schedule, 1, 1, false, false, NULL },
	{ "changes", "[--after N] [--limit N]", "what changed since sequence number N", command_changes, 0, 0, false, false, NULL },
	{ "watch", "NOUN [ID|FILTER...]", "print changes as they happen", command_watch, 1, MANY, false, false, NULL },
	{ "task", "show|wait|cancel NUMBER", "long work that was started with --no-wait", command_task, 2, 2, false, false, NULL },
	{ "call-many", "FILE.json", "up to 100 verbs in one call", command_call_many, 1, 1, false, false, NULL },
	{ "backup", "", "make a backup now", command_backup, 0, 0, false, false, NULL },
	{ "verify-audit", "", "check the chain of audit records", command_verify_audit, 0, 0, false, false, NULL },
	{ "resume", "", "let mail and jobs go out again after a restore", command_resume, 0, 0, false, false, NULL },
	{ "reload", "", "have the daemon read its configuration again", command_reload, 0, 0, false, false, NULL },
	{ "advance-clock", "UNTIL", "move the clock of a simulated database", command_advance_clock, 1, 1, false, false, NULL },
	{ "config", "check|show [--origin] [--config FILE]", "check or show the configuration, without a running daemon", command_config, 1,
		1, false, false, "the text of configuration files" },
	{ "completion", "bash|zsh|fish", "print the completion script of a shell", command_completion, 1, 1, false, false, "a script" },
	{ "help", "[COMMAND | NOUN [VERB]]", "help", command_help, 0, 2, false, false, NULL },
	{ "complete", "-- WORDS", "words for the completion scripts", command_complete, 0, MANY, true, false, NULL },
	{ NULL, NULL, NULL, NULL, 0, 0, true, false, NULL } };

const struct command *command_named(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}
