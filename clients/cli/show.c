/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values and tables as a reader sees them. Every cell is encoded as it enters a table; libsmartcols lays the table out, shortened to
 * the width of a terminal, never elsewhere.
 */
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli.h"

/* ---- values ---- */

void words_text(const json_t *array, struct buffer *out)
{
	const json_t *word;
	size_t i;

	json_array_foreach (array, i, word)
		buffer_print(out, "%s%s", i ? ", " : "", json_is_string(word) ? json_string_value(word) : "?");
}

void path_text(struct cli *cli, const char *path, struct buffer *out)
{
	const json_t *entity = entity_of_path(cli, path);
	char noun[64];

	if (!strcmp(path, "/"))
		return;
	if (entity)
		buffer_print(out, "%s %s", dashed(text_of(entity, "name"), noun, sizeof noun), strrchr(path, '/') + 1);
	else
		buffer_text(out, path);
}

const char *label_known(struct cli *cli, const char *path)
{
	return json_string_value(json_object_get(cli->labels, path));
}

static void link_text(struct cli *cli, const char *path, struct buffer *out)
{
	const char *label = label_known(cli, path);

	if (!strcmp(path, "/"))
		return;
	buffer_text(out, strrchr(path, '/') + 1);
	if (label)
		buffer_print(out, " %s", label);
}

static void instant_text(struct cli *cli, const json_t *value, struct buffer *out)
{
	char printed[DATE_TEXT];

	if (json_is_integer(value))
		buffer_text(out, instant_show(json_integer_value(value), cli->zone, printed));
}

/* For cells: 2026-03-29 03:00 CEST, which tells the two hours of an autumn night apart as well. */
static void instant_short(struct cli *cli, const json_t *value, struct buffer *out)
{
	char printed[DATE_TEXT];
	int64_t instant = json_integer_value(value);

	if (!json_is_integer(value))
		return;
	local_print(zone_local(cli->zone, instant), printed);
	if (!*printed)
		return;
	printed[10] = ' ';
	printed[!strcmp(printed + 16, ":00") ? 16 : 19] = 0;
	buffer_print(out, "%s %s", printed, zone_abbreviation(cli->zone, instant));
}

/* Any value by the look of it; for results whose fields nobody described. */
static void plain_text(struct cli *cli, const json_t *value, struct buffer *out)
{
	if (json_is_string(value) && !strncmp(json_string_value(value), BUS_ROOT "/", strlen(BUS_ROOT "/")))
		path_text(cli, json_string_value(value), out);
	else if (json_is_string(value))
		buffer_text(out, json_string_value(value));
	else if (json_is_array(value) && json_is_string(json_array_get(value, 0)))
		words_text(value, out);
	else if (json_is_boolean(value))
		buffer_text(out, json_is_true(value) ? "yes" : "no");
	else if (!json_is_null(value) && !(json_is_array(value) && !json_array_size(value)))
		json_write(out, value, false);
}

void value_text(struct cli *cli, const json_t *field, const json_t *value, struct buffer *out)
{
	if (!value || json_is_null(value))
		return;
	if (field && is_kind(field, "link") && json_is_string(value))
		link_text(cli, json_string_value(value), out);
	else if (field && is_kind(field, "instant"))
		instant_text(cli, value, out);
	else if (field && is_clock(field) && json_is_integer(value))
		buffer_print(out, "%02d:%02d", (int)(json_integer_value(value) / 60), (int)(json_integer_value(value) % 60));
	else if (field && is_kind(field, "real") && json_is_number(value))
		buffer_print(out, "%.6g", json_number_value(value));
	else
		plain_text(cli, value, out);
}

json_t *value_json(const json_t *field, const json_t *value)
{
	char printed[DATE_TEXT];

	if (!value || (json_is_string(value) && !*json_string_value(value)))
		return json_null();
	if (is_kind(field, "link") && json_is_string(value) && !strcmp(json_string_value(value), "/"))
		return json_null();
	if (is_kind(field, "instant") && json_is_integer(value))
		return json_string(instant_print(json_integer_value(value), printed));
	return json_incref((json_t *)(uintptr_t)value);
}

/* ---- labels of links ---- */

static void labels_take(struct cli *cli, const char *collection, const json_t *rows)
{
	const json_t *row;
	char path[256];
	size_t i;

	json_array_foreach (rows, i, row) {
		snprintf(path, sizeof path, BUS_ROOT "/%s/%lld", collection, (long long)json_integer_value(json_array_get(row, 0)));
		if (*text_at(row, 1))
			json_object_set(cli->labels, path, json_array_get(row, 1));
	}
}

/* Only decoration: what may not be seen, or fails otherwise, stays a number. */
static void labels_ask(struct cli *cli, const char *collection, const char *label, json_t *ids)
{
	struct failure kept = cli->failure;
	char *path;
	json_t *reply;

	if (asprintf(&path, BUS_ROOT "/%s", collection) < 0)
		abort();
	if (!cli_call(cli, BUS_REPEAT, path, BUS_COLLECTION, "List", "a(ssv)asssu",
		    json_pack("[[[s, s, o]], [s, s], s, s, i]", "id", "in", ids, "id", label, "", "", 0), &reply)) {
		labels_take(cli, collection, json_array_get(reply, 0));
		json_decref(reply);
	}
	cli->failure = kept;
	free(path);
}

void labels_learn(struct cli *cli, const char *collection, const json_t *paths)
{
	enum {
		AT_ONCE = 100
	};
	const json_t *entity = entity_of_collection(cli, collection), *label = label_field(entity), *path;
	json_t *ids = json_array();
	size_t i;

	if (!cli->labels)
		cli->labels = json_object();
	json_array_foreach (paths, i, path) {
		const char *text = json_string_value(path), *slash = text ? strrchr(text, '/') : NULL;

		if (!label || !slash || !slash[1] || json_object_get(cli->labels, text))
			continue;
		json_object_set_new(cli->labels, text, json_null());
		json_array_append_new(ids, json_string(slash + 1));
		if (json_array_size(ids) == AT_ONCE) {
			labels_ask(cli, collection, text_of(label, "name"), ids);
			ids = json_array();
		}
	}
	if (json_array_size(ids))
		labels_ask(cli, collection, text_of(label, "name"), ids);
	else
		json_decref(ids);
}

/* ---- tables ---- */

struct cell {
	char *text;
	bool alarm;
};
struct table {
	struct {
		char name[64];
		unsigned flags;
	} columns[64];
	size_t width, count, size; /* columns; cells; room for cells */
	struct cell *cells;
};

struct table *table_new(void)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table)
		abort();
	return table;
}

void table_column(struct table *table, const char *name, unsigned flags)
{
	size_t i = 0;

	if (table->width == sizeof table->columns / sizeof *table->columns)
		return;
	for (; name[i] && i + 1 < sizeof table->columns->name; i++)
		table->columns[table->width].name[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
	table->columns[table->width++].flags = flags;
}

static void cell_add(struct table *table, const char *text, bool alarm)
{
	struct buffer flat = { 0 }, shown = { 0 };

	if (table->count == table->size) {
		table->size = table->size ? 2 * table->size : 256;
		table->cells = realloc(table->cells, table->size * sizeof *table->cells);
		if (!table->cells)
			abort();
	}
	for (; text && *text; text++)
		buffer_char(&flat, *text == '\n' || *text == '\t' ? ' ' : *text);
	encode_terminal(&shown, flat.length ? buffer_string(&flat) : "-");
	buffer_free(&flat);
	table->cells[table->count++] = (struct cell){ shown.data, alarm };
}

void table_cell(struct table *table, const char *text)
{
	cell_add(table, text, false);
}

void table_cell_instant(struct cli *cli, struct table *table, const json_t *instant, int64_t before)
{
	struct buffer text = { 0 };

	instant_short(cli, instant, &text);
	cell_add(table, buffer_string(&text), json_is_integer(instant) && json_integer_value(instant) < before);
	buffer_free(&text);
}

bool value_alarms(const json_t *field, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text)
		return false;
	return is_kind(field, "choice") ? !strcmp(text, "failed") : *text && !strcmp(text_of(field, "name"), "last_error");
}

void table_cell_value(struct cli *cli, struct table *table, const json_t *field, const json_t *value)
{
	struct buffer text = { 0 };

	if (is_kind(field, "instant"))
		instant_short(cli, value, &text);
	else
		value_text(cli, field, value, &text);
	cell_add(table, buffer_string(&text), value_alarms(field, value));
	buffer_free(&text);
}

static struct libscols_table *layout(struct cli *cli, const struct table *table)
{
	struct libscols_table *out = scols_new_table();

	if (!out)
		abort();
	scols_table_enable_noencoding(out, 1); /* encoded already; the library would look at the locale */
	scols_table_enable_noheadings(out, cli->options.no_legend);
	scols_table_enable_colors(out, cli->color);
	scols_table_set_column_separator(out, "  ");
	scols_table_set_termforce(out, cli->terminal.out && !cli->options.full ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (cli->terminal.out && !cli->options.full)
		scols_table_set_termwidth(out, (size_t)cli->terminal.columns);
	for (size_t i = 0; i < table->width; i++) {
		unsigned flags = table->columns[i].flags;
		struct libscols_column *column = scols_table_new_column(out, table->columns[i].name, flags & SHRINKS ? 0.1 : 1,
			(flags & RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & SHRINKS ? SCOLS_FL_TRUNC : 0));

		if (!column)
			abort();
		if (cli->color)
			scols_cell_set_color(scols_column_get_header(column), "bold");
	}
	return out;
}

/* Cuts an encoded text to so many terminal columns, the last of them an ellipsis. */
static char *cut(const char *text, size_t width)
{
	struct buffer out = { 0 };
	size_t used = 0, left = strlen(text);

	while (left) {
		uint32_t point;
		int n = text_decode(text, left, &point), columns = n ? wcwidth((wchar_t)point) : 1;

		if (used + (size_t)(columns > 0 ? columns : 0) > width - 1)
			break;
		used += (size_t)(columns > 0 ? columns : 0);
		buffer_add(&out, text, n ? (size_t)n : 1);
		text += n ? n : 1;
		left -= n ? (size_t)n : 1;
	}
	buffer_text(&out, "\xe2\x80\xa6");
	return out.data;
}

static size_t columns_of(const char *text)
{
	size_t used = 0, left = strlen(text);

	while (left) {
		uint32_t point;
		int n = text_decode(text, left, &point), columns = n ? wcwidth((wchar_t)point) : 1;

		used += (size_t)(columns > 0 ? columns : 0);
		text += n ? n : 1;
		left -= n ? (size_t)n : 1;
	}
	return used;
}

/* The library cuts without a mark: its first layout says how wide each column became, then what is wider gets an ellipsis. */
static void ellipsize(struct libscols_table *out, const struct table *table)
{
	char *ignored = NULL;

	if (scols_print_table_to_string(out, &ignored))
		abort();
	free(ignored);
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->width, width = scols_column_get_width(scols_table_get_column(out, column));
		char *shorter;

		if (!(table->columns[column].flags & SHRINKS) || !width || columns_of(table->cells[i].text) <= width)
			continue;
		shorter = cut(table->cells[i].text, width);
		if (scols_line_set_data(scols_table_get_line(out, i / table->width), column, shorter))
			abort();
		free(shorter);
	}
}

void table_print(struct cli *cli, struct table *table)
{
	struct libscols_table *out = layout(cli, table);

	for (size_t row = 0; table->width && row < table->count / table->width; row++) {
		struct libscols_line *line = scols_table_new_line(out, NULL);

		for (size_t i = 0; i < table->width; i++) {
			struct cell *cell = &table->cells[row * table->width + i];

			if (!line || scols_line_set_data(line, i, cell->text))
				abort();
			if (cell->alarm && cli->color)
				scols_cell_set_color(scols_line_get_cell(line, i), "red");
		}
	}
	if (cli->terminal.out && !cli->options.full && table->count)
		ellipsize(out, table);
	scols_print_table(out);
	scols_unref_table(out);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}
