/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of a survey, which the daemon answers as a table (CSV: item, question, answer, text, who, answers, of, mean, statistic, note):
 * as it is, as JSON, or to be read: each question with its answers, how many gave them, of how many, and a bar; each scale with its
 * statistics; and what is left out and why, once for each reason.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
	WIDTH = 80, /* where there is no terminal */
	WIDTH_MOST = 110,
	LABEL = 36, /* columns of an answer's text; longer ones go on in a line of their own */
	NUMBERS = 16,
	REASONS = 8
};

/* ---- reading the table ---- */

static const char *cell_read(const char *at, struct buffer *out)
{
	bool quoted = *at == '"';

	if (quoted)
		at++;
	for (; *at; at++) {
		if (quoted && at[0] == '"' && at[1] == '"')
			at++;
		else if (quoted ? *at == '"' : *at == ',' || *at == '\r' || *at == '\n')
			break;
		buffer_char(out, *at);
	}
	return quoted && *at ? at + 1 : at;
}

static const char *row_read(const char *at, json_t *row)
{
	while (*at && *at != '\n') {
		struct buffer cell = { 0 };

		at = cell_read(at, &cell);
		json_array_append_new(row, json_string(buffer_string(&cell)));
		buffer_free(&cell);
		at += *at == ',';
		at += *at == '\r';
	}
	return *at ? at + 1 : at;
}

static json_t *value_of(const char *name, const char *text)
{
	if (!*text)
		return json_null();
	if (!strcmp(name, "answers") || !strcmp(name, "of"))
		return json_integer(strtoll(text, NULL, 10));
	return strcmp(name, "mean") && strcmp(name, "statistic") ? json_string(text) : json_real(strtod(text, NULL));
}

/* An object for each row, by the names in the first. */
static json_t *table_read(const char *text)
{
	json_t *names = json_array(), *rows = json_array();

	text = row_read(text, names);
	while (*text) {
		json_t *cells = json_array(), *row = json_object();

		text = row_read(text, cells);
		for (size_t i = 0; i < json_array_size(names); i++)
			json_object_set_new(row, text_at(names, i), value_of(text_at(names, i), text_at(cells, i)));
		json_array_append_new(rows, row);
		json_decref(cells);
	}
	json_decref(names);
	return rows;
}

/* ---- to be read ---- */

struct reading {
	struct cli *cli;
	int width;
	const char *reasons[REASONS]; /* of answers that are left out, shown as '-' */
	size_t count;
};

static bool same_block(const json_t *row, const json_t *other)
{
	return !strcmp(text_of(row, "item"), text_of(other, "item"));
}

static int columns_of(const char *text)
{
	int columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

/* Padded to `width`, or with a line of its own where it is longer. */
static void print_label(const char *text, int width)
{
	struct buffer out = { 0 };
	int columns;

	encode_terminal(&out, text);
	columns = columns_of(buffer_string(&out));
	printf("  %s", buffer_string(&out));
	if (columns > width)
		printf("\n  %*s", width, "");
	else
		printf("%*s", width - columns, "");
	buffer_free(&out);
}

static void remember(struct reading *r, const char *reason)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->reasons[i], reason))
			return;
	if (r->count < REASONS && *reason)
		r->reasons[r->count++] = reason;
}

static void print_bar(struct reading *r, int64_t count, int64_t of)
{
	int room = r->width - LABEL - NUMBERS - 2, full = of > 0 ? (int)((count * room + of / 2) / of) : 0;

	printf("  ");
	for (int i = 0; i < full; i++)
		putchar('#');
}

static void print_choice(struct reading *r, const json_t *row)
{
	const char *who = text_of(row, "who"), *text = text_of(row, "text");
	int64_t count = json_integer_value(json_object_get(row, "answers")), of = json_integer_value(json_object_get(row, "of"));
	struct buffer label = { 0 };

	buffer_print(&label, "%s%s%s%s%s", text_of(row, "answer"), *text ? "  " : "", text, strcmp(who, "all") ? ", " : "",
		strcmp(who, "all") ? who : "");
	print_label(buffer_string(&label), LABEL);
	if (json_is_null(json_object_get(row, "answers"))) {
		printf("%5s", "-");
		remember(r, text_of(row, "note"));
	} else {
		printf("%5lld %4.0f %%", (long long)count, of > 0 ? 100. * (double)count / (double)of : 0);
		print_bar(r, count, of);
	}
	putchar('\n');
	buffer_free(&label);
}

static void print_number(const json_t *row, const char *name, const json_t *value)
{
	const char *who = text_of(row, "who"), *of = text_of(row, "text");
	struct buffer label = { 0 };

	buffer_print(&label, "%s%s%s%s%s", name, *of ? " " : "", of, strcmp(who, "all") ? ", " : "", strcmp(who, "all") ? who : "");
	print_label(buffer_string(&label), LABEL);
	if (json_is_real(value))
		printf("%8.2f", json_real_value(value));
	else if (json_is_integer(value))
		printf("%5lld", (long long)json_integer_value(value));
	else
		printf("%5s", "-");
	putchar('\n');
	if (*text_of(row, "note")) {
		printf("    ");
		out_text(text_of(row, "note"));
		putchar('\n');
	}
	buffer_free(&label);
}

static const json_t *next_statistic(const json_t *rows, size_t i, const char *name)
{
	const json_t *row = json_array_get(rows, i);

	return row && !strcmp(text_of(row, "answer"), name) ? json_object_get(row, "statistic") : NULL;
}

/* Returns how many rows it took. */
static size_t print_alpha(const json_t *rows, size_t i)
{
	const json_t *row = json_array_get(rows, i), *low = next_statistic(rows, i + 1, "alpha low"),
		     *high = next_statistic(rows, i + 2, "alpha high");

	if (!low || !high) {
		print_number(row, "Cronbach's alpha", json_object_get(row, "statistic"));
		return 1;
	}
	print_label("Cronbach's alpha (95 % interval)", LABEL);
	printf("%8.2f  (%.2f to %.2f)\n", json_real_value(json_object_get(row, "statistic")), json_real_value(low), json_real_value(high));
	return 3;
}

static size_t print_row(struct reading *r, const json_t *rows, size_t i)
{
	const json_t *row = json_array_get(rows, i);
	const char *answer = text_of(row, "answer");

	if (!strcmp(answer, "mean") || !strcmp(answer, "sum"))
		print_number(row, answer, json_object_get(row, "mean"));
	else if (!strcmp(answer, "deviation"))
		print_number(row, "standard deviation", json_object_get(row, "statistic"));
	else if (!strcmp(answer, "alpha"))
		return print_alpha(rows, i);
	else if (!strcmp(answer, "item-total"))
		print_number(row, "with the rest:", json_object_get(row, "statistic"));
	else if (!strcmp(answer, "answered"))
		print_number(row, "answered", json_object_get(row, "answers"));
	else
		print_choice(r, row);
	return 1;
}

static void print_heading(struct reading *r, const json_t *row)
{
	const json_t *of = json_object_get(row, "of");
	const char *question = text_of(row, "question");
	struct buffer line = { 0 };

	buffer_print(&line, "%s%s%s", text_of(row, "item"), *question ? ": " : " (scale)", question);
	if (!json_is_null(of) && !strcmp(text_of(row, "who"), "all"))
		buffer_print(&line, " - %lld answers", (long long)json_integer_value(of));
	printf("\n%s", r->cli->color ? "\033[1m" : "");
	out_text(buffer_string(&line));
	printf("%s\n", r->cli->color ? "\033[0m" : "");
	buffer_free(&line);
}

static void print_all(struct cli *cli, const json_t *rows)
{
	struct reading r = { .cli = cli, .width = cli->terminal.out && cli->terminal.columns > 0 ? cli->terminal.columns : WIDTH };

	if (r.width > WIDTH_MOST)
		r.width = WIDTH_MOST;
	if (r.width < LABEL + NUMBERS + 4)
		r.width = LABEL + NUMBERS + 4;
	for (size_t i = 0; i < json_array_size(rows);) {
		if (!i || !same_block(json_array_get(rows, i), json_array_get(rows, i - 1)))
			print_heading(&r, json_array_get(rows, i));
		i += print_row(&r, rows, i);
	}
	if (r.count)
		putchar('\n');
	for (size_t i = 0; i < r.count; i++) {
		printf("-  ");
		out_text(r.reasons[i]);
		putchar('\n');
	}
	if (!json_array_size(rows))
		note(cli, "no result: fewer have answered than are ever shown ('wave show' says how many it takes)");
}

/* Lines end as the system's do; what would move a terminal is made harmless, as everywhere. */
static void print_csv(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\r\n");
		struct buffer line = { 0 };

		buffer_add(&line, text, length);
		out_text(buffer_string(&line));
		putchar('\n');
		buffer_free(&line);
		text += length;
		text += *text == '\r';
		text += *text == '\n';
	}
}

bool results_are_there(const json_t *result)
{
	return !strncmp(text_of(result, "results"), "item,question,", 14);
}

void results_show(struct cli *cli, json_t *result)
{
	const char *text = text_of(result, "results");
	json_t *rows;

	if (cli->options.csv) {
		print_csv(text);
		return;
	}
	rows = table_read(text);
	if (cli->json) {
		json_object_set(result, "results", rows);
		out_json(cli, result);
	} else {
		pager_open(cli);
		print_all(cli, rows);
	}
	json_decref(rows);
}
