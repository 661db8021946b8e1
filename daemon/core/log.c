/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One table of facts drives both outputs: its journal name, its short name on stderr, its member and how that is written.
 */
#include "log.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "error.h"
#include "settings.h"

/* The one state of this file: where to, how much, which names. */
static struct {
	int fd, level;
	bool opened, journal, prefix;
	bool (*known)(const char *name);
} out = { .fd = STDERR_FILENO, .level = 6 };

enum fact_kind {
	FACT_NAME,
	FACT_SETTING,
	FACT_PLUGIN,
	FACT_NUMBER,
	FACT_HASH,
	FACT_CODE,
	FACT_ERRNO
};

static const struct fact {
	const char *field; /* of the journal; on stderr in small letters, without the prefix */
	enum fact_kind kind;
	size_t offset;
	unsigned has;
} fact_rows[] = {
	{ "MENTORSHIP_ENTITY", FACT_NAME, offsetof(struct log_facts, entity), 0 },
	{ "MENTORSHIP_OBJECT", FACT_NUMBER, offsetof(struct log_facts, object), 0 },
	{ "MENTORSHIP_VERB", FACT_NAME, offsetof(struct log_facts, verb), 0 },
	{ "MENTORSHIP_FIELD", FACT_NAME, offsetof(struct log_facts, field), 0 },
	{ "MENTORSHIP_JOB", FACT_NAME, offsetof(struct log_facts, job), 0 },
	{ "MENTORSHIP_SETTING", FACT_SETTING, offsetof(struct log_facts, setting), 0 },
	{ "MENTORSHIP_PLUGIN", FACT_PLUGIN, offsetof(struct log_facts, plugin), 0 },
	{ "MENTORSHIP_PROGRAM", FACT_NUMBER, offsetof(struct log_facts, program), 0 },
	{ "MENTORSHIP_TASK", FACT_NUMBER, offsetof(struct log_facts, task), 0 },
	{ "MENTORSHIP_SEQUENCE", FACT_NUMBER, offsetof(struct log_facts, sequence), 0 },
	{ "MENTORSHIP_HASH", FACT_HASH, offsetof(struct log_facts, hash), 0 },
	{ "MENTORSHIP_UID", FACT_NUMBER, offsetof(struct log_facts, uid), LOG_HAS_UID },
	{ "MENTORSHIP_COUNT", FACT_NUMBER, offsetof(struct log_facts, count), LOG_HAS_COUNT },
	{ "MENTORSHIP_NUMBER", FACT_NUMBER, offsetof(struct log_facts, number), LOG_HAS_NUMBER },
	{ "MENTORSHIP_MILLISECONDS", FACT_NUMBER, offsetof(struct log_facts, milliseconds), 0 },
	{ "MENTORSHIP_CODE", FACT_CODE, offsetof(struct log_facts, code), 0 },
	{ "ERRNO", FACT_ERRNO, offsetof(struct log_facts, error), 0 },
};
enum {
	FACTS = sizeof fact_rows / sizeof *fact_rows,
	HASH_BYTES = 32,
	NAME_MAX_LENGTH = 64
};

static const char *const level_names[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

/* Is stderr the journal's stream? systemd says which file that is; a redirected stderr is another one. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
		st.st_ino == inode;
}

void log_open(int fd)
{
	out.opened = true;
	out.fd = fd >= 0 ? fd : STDERR_FILENO;
	out.journal = fd < 0 && stderr_is_journal();
	out.prefix = !isatty(out.fd);
}

void log_level_set(int level)
{
	out.level = level < 0 ? 0 : level > 7 ? 7 : level;
}

int log_level(void)
{
	return out.level;
}

const char *log_level_name(int level)
{
	return level_names[level < 0 ? 0 : level > 7 ? 7 : level];
}

int log_level_named(const char *name)
{
	for (int level = 0; level <= 7; level++)
		if (!strcmp(level_names[level], name))
			return level;
	return strcmp(name, "error") ? -1 : 3;
}

void log_known_names(bool (*known)(const char *name))
{
	out.known = known;
}

static bool plain(const char *name, const char *signs)
{
	size_t length = strlen(name);

	if (!length || length > NAME_MAX_LENGTH)
		return false;
	for (; *name; name++)
		if (!(*name >= 'a' && *name <= 'z') && !(*name >= 'A' && *name <= 'Z') && !(*name >= '0' && *name <= '9') &&
			!strchr(signs, *name))
			return false;
	return true;
}

static bool is_setting(const char *name)
{
	for (const struct setting *row = settings_table; row->name; row++)
		if (!strcmp(row->name, name))
			return true;
	return false;
}

static bool may_be_said(enum fact_kind kind, const char *name)
{
	if (kind == FACT_SETTING)
		return is_setting(name);
	if (kind == FACT_PLUGIN)
		return plain(name, "-");
	return out.known ? plain(name, "_-. ") && out.known(name) : plain(name, "_-.");
}

/* Adds a fact as `name` = value and `end`; nothing if it is not said. */
static void add_fact(const struct fact *row, const struct log_facts *facts, const char *name, const char *end, struct buffer *text)
{
	const char *member = (const char *)facts + row->offset;
	const char *word = row->kind <= FACT_PLUGIN ? *(const char *const *)member : NULL;
	const unsigned char *hash = row->kind == FACT_HASH ? *(const unsigned char *const *)member : NULL;
	int64_t number = row->kind == FACT_NUMBER ? *(const int64_t *)member : row->kind > FACT_HASH ? *(const int *)member : 0;

	if (!word && !hash && !number && !(row->has & facts->has))
		return;
	buffer_print(text, "%s=", name);
	if (word)
		buffer_text(text, may_be_said(row->kind, word) ? word : "?");
	else if (hash)
		for (int i = 0; i < HASH_BYTES; i++)
			buffer_print(text, "%02x", hash[i]);
	else if (row->kind == FACT_CODE)
		buffer_text(text, error_name((int)number));
	else
		buffer_print(text, "%lld", (long long)number);
	buffer_text(text, end);
}

/* The sentence, and after it the facts in words. */
static void add_message(enum event_kind kind, const struct log_facts *facts, struct buffer *text)
{
	buffer_text(text, event_kinds[kind].message);
	for (int i = 0; facts && i < FACTS; i++) {
		const char *field = fact_rows[i].field, *line = strrchr(field, '_');
		char name[40] = " ";

		field = line ? line + 1 : field;
		for (size_t at = 0; field[at] && at + 2 < sizeof name; at++)
			name[at + 1] = (char)(field[at] | 0x20);
		add_fact(&fact_rows[i], facts, name, "", text);
	}
}

void log_fields(enum event_kind kind, const struct log_facts *facts, struct buffer *text)
{
	buffer_text(text, "MESSAGE=");
	add_message(kind, facts, text);
	buffer_print(text, "\nMESSAGE_ID=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=mentorshipd\nDOCUMENTATION=man:mentorshipd(8)\n",
		event_kinds[kind].id, event_kinds[kind].level);
	for (int i = 0; facts && i < FACTS; i++)
		add_fact(&fact_rows[i], facts, fact_rows[i].field, "\n", text);
}

static int to_journal(enum event_kind kind, const struct log_facts *facts)
{
	struct buffer text = { 0 };
	struct iovec fields[FACTS + 5];
	int count = 0, r;

	log_fields(kind, facts, &text);
	for (char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1)
		fields[count++] = (struct iovec){ line, (size_t)(end - line) };
	r = sd_journal_sendv(fields, count);
	buffer_free(&text);
	return r;
}

static void to_file(enum event_kind kind, const struct log_facts *facts)
{
	struct buffer text = { 0 };
	ssize_t written;

	if (out.prefix)
		buffer_print(&text, "<%d>", event_kinds[kind].level);
	add_message(kind, facts, &text);
	buffer_char(&text, '\n');
	written = write(out.fd, text.data, text.length);
	(void)written; /* a log that cannot be written has nowhere to say so */
	buffer_free(&text);
}

void log_event(enum event_kind kind, const struct log_facts *facts)
{
	int error = errno;

	if (event_kinds[kind].level > out.level)
		return;
	if (!out.opened)
		log_open(-1);
	if (!out.journal || to_journal(kind, facts) < 0)
		to_file(kind, facts);
	errno = error;
}
