/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instance files: lines, words, names; what each kind of line says stands in instance_sides.c and instance_circles.c.
 *
 * Lines are sorted by kind first, as a name may be used before the line that
 * brings it in; within a kind they are read as they stand, and nothing depends on
 * that order but which of two errors is told.
 */
#include "match/instance.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "match/instance_inside.h"

static const char heading[] = "mentorship-match 1";

struct kind {
	const char *word;
	int (*read)(struct reader *, struct line *);
	int (*done)(struct reader *); /* when all lines of it are read */
};

static const struct kind kinds[] = {
	{ "mentee", read_mentee, NULL },
	{ "mentor", read_mentor, sides_known },
	{ "slot", read_slot, NULL },
	{ "person", read_person, people_known },
	{ "pair", read_pair, NULL },
	{ "prefers", read_prefers, NULL },
	{ "lock", read_lock, NULL },
	{ "kept", read_kept, NULL },
	{ "free", read_free, NULL },
	{ "together", read_together, NULL },
	{ "rule", read_rule, NULL },
	{ "size", read_size, NULL },
	{ "groups", read_groups, NULL },
};
enum {
	KINDS = sizeof kinds / sizeof *kinds
};

int wrong_at(struct reader *r, int32_t line, const char *format, ...)
{
	char text[sizeof r->problem->text];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return problem_set(r->problem, E_INVALID, NULL, "Line %d: %s", line, text);
}

void *add_item(struct list *list, size_t size)
{
	list->items = heap_grown(list->items, list->count, &list->room, size);
	return (char *)list->items + size * list->count++;
}

/* --- words -------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool next_word(struct line *line, struct word *ret)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	if (line->at == line->end)
		return false;
	ret->at = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	ret->length = (size_t)(line->at - ret->at);
	return true;
}

int read_number(struct reader *r, const struct line *line, struct word word, const char *what, int32_t least, int32_t most, int32_t *ret)
{
	int64_t number = 0;
	size_t i = 0;

	for (; i < word.length && i < 10 && word.at[i] >= '0' && word.at[i] <= '9'; i++)
		number = number * 10 + (word.at[i] - '0');
	if (i == 0 || i < word.length || number < least || number > most)
		return wrong_at(r, line->number, "'%.*s' is not %s, a whole number from %d to %d.",
			(int)(word.length < 40 ? word.length : 40), word.at, what, least, most);
	*ret = (int32_t)number;
	return 0;
}

/* --- names --------------------------------------------------------------------------------------------- */

static int compare_word(struct word word, const char *text)
{
	int order = strncmp(word.at, text, word.length);

	return order ? order : text[word.length] ? -1 : 0;
}

static size_t hash_of(struct word word)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < word.length; i++)
		hash = (hash ^ (unsigned char)word.at[i]) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

/* Pairs name people millions of times: halving the sorted list would wait for memory at each step. */
int32_t find_name(const struct names *names, struct word word)
{
	if (!names->table)
		return -1;
	for (size_t at = hash_of(word) & names->mask; names->table[at]; at = (at + 1) & names->mask)
		if (!compare_word(word, names->list[names->table[at] - 1].text))
			return names->table[at] - 1;
	return -1;
}

static void make_table(struct reader *r, struct names *names)
{
	size_t size = 16;

	while (size < 2 * names->count)
		size *= 2;
	names->table = arena_new(r->arena, size * sizeof *names->table);
	names->mask = size - 1;
	for (size_t i = 0; i < names->count; i++) {
		size_t at = hash_of((struct word){ names->list[i].text, strlen(names->list[i].text) }) & names->mask;

		while (names->table[at])
			at = (at + 1) & names->mask;
		names->table[at] = (int32_t)i + 1;
	}
}

/* The name of a line that brings one in. */
int add_name(struct reader *r, struct line *line, struct names *names, struct name **ret)
{
	struct word word;

	if (!next_word(line, &word))
		return wrong_at(r, line->number, "There is no name.");
	if (word.length > MATCH_NAME_MAX || memchr(word.at, '=', word.length))
		return wrong_at(r, line->number, "'%.*s' is no name: at most %d bytes, without '='.",
			word.length < 70 ? (int)word.length : 70, word.at, MATCH_NAME_MAX);
	names->list = heap_grown(names->list, names->count, &names->room, sizeof *names->list);
	*ret = &names->list[names->count++];
	**ret = (struct name){ .text = arena_copy_n(r->arena, word.at, word.length), .line = line->number };
	return 0;
}

static int by_text(const void *a, const void *b)
{
	const struct name *one = a, *other = b;
	int order = strcmp(one->text, other->text);

	return order ? order : (one->line > other->line) - (one->line < other->line);
}

int sort_names(struct reader *r, struct names *names, const char *what)
{
	if (names->count > 1)
		qsort(names->list, names->count, sizeof *names->list, by_text);
	for (size_t i = 1; i < names->count; i++)
		if (!strcmp(names->list[i - 1].text, names->list[i].text))
			return wrong_at(r, names->list[i].line, "The %s '%s' stands in line %d already.", what, names->list[i].text,
				names->list[i - 1].line);
	make_table(r, names);
	return 0;
}

const char *const *texts_of(struct reader *r, const struct names *names)
{
	const char **texts = arena_new(r->arena, (names->count + 1) * sizeof *texts);

	for (size_t i = 0; i < names->count; i++)
		texts[i] = names->list[i].text;
	return texts;
}

/* --- lines ---------------------------------------------------------------------------------------------- */

static int sort_line(struct reader *r, struct line line, struct list *lines, bool *headed)
{
	const char *comment = memchr(line.at, '#', (size_t)(line.end - line.at)), *begin;
	struct problem inner;
	struct word word;
	struct line *kept;

	if (text_check(line.at, (size_t)(line.end - line.at), TEXT_LINES, &inner) < 0)
		return wrong_at(r, line.number, "%s", inner.text);
	if (comment)
		line.end = comment;
	begin = line.at;
	if (!next_word(&line, &word))
		return 0;
	if (!*headed) {
		struct word version;

		*headed = true;
		if (compare_word(word, "mentorship-match") || !next_word(&line, &version) || compare_word(version, "1") ||
			next_word(&line, &word))
			return wrong_at(r, line.number, "The first line must be '%s'; this begins with '%.20s'.", heading,
				arena_copy_n(r->arena, begin, (size_t)(line.end - begin)));
		return 0;
	}
	for (int i = 0; i < KINDS; i++)
		if (!compare_word(word, kinds[i].word)) {
			kept = add_item(&lines[i], sizeof *kept);
			*kept = line;
			return 0;
		}
	return wrong_at(r, line.number,
		"'%.*s' is no kind of line: mentee, mentor, pair, prefers, lock, kept, person, slot, free, together, rule, size or groups.",
		word.length < 40 ? (int)word.length : 40, word.at);
}

static int sort_lines(struct reader *r, const char *data, size_t size, struct list *lines)
{
	const char *at = data, *last = data + size;
	int32_t number = 0;
	bool headed = false;
	int e = 0;

	if (size > MATCH_INSTANCE_MAX)
		return problem_set(r->problem, E_INVALID, NULL, "An instance has at most %d bytes.", MATCH_INSTANCE_MAX);
	while (e == 0 && at < last) {
		const char *end = memchr(at, '\n', (size_t)(last - at));
		const char *next = end ? end + 1 : last;

		end = end ? end : last;
		if (end > at && end[-1] == '\r')
			end--;
		e = sort_line(r, (struct line){ at, end, ++number }, lines, &headed);
		at = next;
	}
	if (e == 0 && !headed)
		return wrong_at(r, number ? number : 1, "The file is empty; its first line must be '%s'.", heading);
	return e;
}

static int read_lines(struct reader *r, struct list *lines)
{
	int e = 0;

	for (int i = 0; i < KINDS && e == 0; i++) {
		for (size_t k = 0; k < lines[i].count && e == 0; k++) {
			struct line line = ((struct line *)lines[i].items)[k];
			struct word word;

			e = kinds[i].read(r, &line);
			if (e == 0 && next_word(&line, &word))
				e = wrong_at(
					r, line.number, "'%.*s' is one word too many.", word.length < 40 ? (int)word.length : 40, word.at);
		}
		if (e == 0 && kinds[i].done)
			e = kinds[i].done(r);
	}
	return e;
}

static void reader_free(struct reader *r)
{
	struct list *lists[] = { &r->pairs, &r->mentee_entries, &r->mentor_entries, &r->traits, &r->rules, &r->free, &r->together };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	free(r->mentees.list);
	free(r->mentors.list);
	free(r->people.list);
	free(r->slots.list);
}

int match_instance_read(const char *data, size_t size, struct match_instance *out, struct problem *problem)
{
	struct list lines[KINDS] = { { 0 } };
	struct reader r = { .problem = problem };
	int e;

	*out = (struct match_instance){ .arena = calloc(1, sizeof *out->arena) };
	if (!out->arena)
		abort();
	r.arena = out->arena;
	e = sort_lines(&r, data, size, lines);
	if (e == 0)
		e = read_lines(&r, lines);
	if (e == 0)
		e = make_sides(&r, out);
	if (e == 0)
		e = make_circles(&r, out);
	out->has = r.has;
	for (int i = 0; i < KINDS; i++)
		free(lines[i].items);
	reader_free(&r);
	if (e == 0)
		instance_hash(out);
	else
		match_instance_free(out);
	return e;
}

void match_instance_free(struct match_instance *in)
{
	if (in->arena)
		arena_free(in->arena);
	free(in->arena);
	*in = (struct match_instance){ 0 };
}
